// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * rpc:PROGRAM, VERSION|*, PROCEDURE|*: a call of ONC RPC at the start of the payload (RFC 5531,
 * section 9; over TCP behind a record mark of four bytes).
 *
 *	| xid | 0: call | 2 | program | version | procedure |    32 bits each, big-endian
 */
#include "wire/rules/rules-private.h"

#include <string.h>

enum { CALL = 0, RPC_VERSION = 2, HEADER = 24, RECORD_MARK = 4 };

static uint32_t word_at(const uint8_t *data, size_t i)
{
	const uint8_t *at = data + i * 4;
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static enum ww_verdict match_rpc(
	struct ww_verify *verify, const struct ww_step *step, struct ww_attempt *attempt)
{
	struct ww_window window = ww_verify_buffer(verify, step);
	int64_t place = window.base + (verify->item->proto == WW_PROTO_TCP ? RECORD_MARK : 0);
	attempt->end = attempt->cursor;
	if (place < window.low)
		return WW_VERDICT_NO;
	if (place + HEADER > window.len) {
		attempt->need = (uint64_t)((int64_t)window.offset + place + HEADER);
		attempt->bounded = true;
		return window.final ? WW_VERDICT_NO : WW_VERDICT_MORE;
	}
	const uint8_t *data = window.data + place;
	bool call = word_at(data, 1) == CALL && word_at(data, 2) == RPC_VERSION;
	for (size_t i = 0; i < 3; i++)
		call = call && (step->rpc.any[i] || word_at(data, 3 + i) == step->rpc.want[i]);
	return call ? WW_VERDICT_MATCH : WW_VERDICT_NO;
}

int ww_keyword_rpc(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	struct ww_step *step = ww_builder_step(builder, option, err);
	if (!step)
		return -EOPNOTSUPP;
	*step = (struct ww_step){.match = match_rpc, .absolute = true};
	struct ww_span rest = option->value, word;
	size_t n = 0;
	for (; n < 3 && ww_span_next(&rest, &word); n++) {
		int64_t number = 0;
		step->rpc.any[n] = n > 0 && ww_span_is(&word, "*");
		if (!step->rpc.any[n] && ww_span_number(&word, 0, UINT32_MAX, &number) < 0)
			break;
		step->rpc.want[n] = (uint32_t)number;
	}
	if (n == 0 || rest.text)
		return ww_option_fail(builder, &option->value, -EINVAL, err,
			"PROGRAM, VERSION, PROCEDURE are expected, each a number, the last two or "
			"'*'");
	for (; n < 3; n++)
		step->rpc.any[n] = true;
	return 0;
}
