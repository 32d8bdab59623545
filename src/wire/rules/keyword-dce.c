// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dce_iface, dce_opnum: which interface and operation a DCE/RPC call is for (Snort 2.9 manual;
 * Suricata: dcerpc.iface, dcerpc.opnum). With dce_stub_data, a buffer, they speak of one call.
 *
 *	dce_iface:UUID [, [<>=!]VERSION] [, any_frag]
 *	dce_iface:uuid UUID [, version [<>=!]VERSION] [, any_frag]          (Snort 3)
 *	dce_opnum:N[-M] [, N[-M] ...]
 *
 * The interface is one that the server accepted: a call after a rejected bind matches no dce_iface.
 * VERSION is the major one. A call of which the first fragment was not seen matches with any_frag
 * only. Both look at the call or its answer, whichever the rule's direction is.
 */
#include "wire/rules/rules-private.h"

#include "wire/proto/proto.h"
#include "wire/proto/uuid.h"

#include <string.h>

enum { RANGES_MAX = 32 };

struct ww_dce_test {
	uint8_t interface[WW_UUID_BYTES];
	char op; /* of the version; 0: any */
	bool any_fragment;
	uint16_t version;
	uint32_t n;
	struct {
		uint16_t low, high; /* inclusive */
	} ranges[RANGES_MAX];
};

static const struct ww_dce_call *call_of(const struct ww_verify *verify)
{
	return verify->window->message ? verify->window->message->dce : NULL;
}

static bool version_fits(const struct ww_dce_test *test, uint16_t version)
{
	switch (test->op) {
	case '<': return version < test->version;
	case '>': return version > test->version;
	case '=': return version == test->version;
	case '!': return version != test->version;
	default: return true;
	}
}

static enum ww_verdict match_interface(
	struct ww_verify *verify, const struct ww_step *step, struct ww_attempt *attempt)
{
	const struct ww_dce_call *call = call_of(verify);
	const struct ww_dce_test *test = step->dce;
	attempt->end = attempt->cursor;
	bool fits = call && call->accepted && (call->first_fragment || test->any_fragment) &&
		    memcmp(call->interface, test->interface, WW_UUID_BYTES) == 0 &&
		    version_fits(test, call->major);
	return fits ? WW_VERDICT_MATCH : WW_VERDICT_NO;
}

static enum ww_verdict match_operation(
	struct ww_verify *verify, const struct ww_step *step, struct ww_attempt *attempt)
{
	const struct ww_dce_call *call = call_of(verify);
	const struct ww_dce_test *test = step->dce;
	attempt->end = attempt->cursor;
	for (uint32_t i = 0; call && i < test->n; i++)
		if (call->opnum >= test->ranges[i].low && call->opnum <= test->ranges[i].high)
			return WW_VERDICT_MATCH;
	return WW_VERDICT_NO;
}

/* A step on the buffer of the stub, with its operands. NULL with *err. */
static struct ww_step *new_step(struct ww_rule_builder *builder, const struct ww_option *option,
	ww_step_fn *match, struct ww_dce_test **ret, struct ww_err *err)
{
	if (ww_buffer_take(builder, WW_BUFFER_DCE_STUB, option, err) < 0)
		return NULL;
	struct ww_step *step = ww_builder_step(builder, option, err);
	*ret = ww_arena_take(&builder->rules->arena, sizeof(**ret));
	if (!step || !*ret)
		return NULL;
	*step = (struct ww_step){.match = match, .buffer = WW_BUFFER_DCE_STUB, .dce = *ret};
	return step;
}

/* "name REST": takes the name off. */
static bool named(struct ww_span *word, const char *name)
{
	struct ww_span rest = *word, first;
	if (!ww_span_word(&rest, &first) || !ww_span_is(&first, name))
		return false;
	ww_span_trim(&rest);
	*word = rest;
	return true;
}

/* "<3", "=0x10", "3"; false when it is none. */
static bool read_version(struct ww_span word, struct ww_dce_test *test)
{
	int64_t version;
	test->op = '=';
	if (word.len > 0 && memchr("<>=!", word.text[0], 4)) {
		test->op = word.text[0];
		word.text++;
		word.pos++;
		word.len--;
		ww_span_trim(&word);
	}
	if (ww_span_number(&word, 0, 65535, &version) < 0)
		return false;
	test->version = (uint16_t)version;
	return true;
}

int ww_keyword_dce_iface(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	struct ww_dce_test *test;
	if (!new_step(builder, option, match_interface, &test, err))
		return -EOPNOTSUPP;
	builder->item.asks_interface = true;
	struct ww_span rest = option->value, word = option->value;
	bool there = ww_span_next(&rest, &word);
	if (there)
		(void)named(&word, "uuid");
	if (!there || ww_uuid_parse(word.text, word.len, test->interface) < 0)
		return ww_option_fail(builder, &word, -EINVAL, err,
			"dce_iface: a UUID such as 4b324fc8-1670-01d3-1278-5a47bf6ee188 is "
			"expected");
	while (ww_span_next(&rest, &word)) {
		if (ww_span_is(&word, "any_frag")) {
			test->any_fragment = true;
			continue;
		}
		(void)named(&word, "version");
		if (!read_version(word, test))
			return ww_option_fail(builder, &word, -EINVAL, err,
				"dce_iface: '%.*s' is neither a version from 0 to 65535 nor "
				"any_frag",
				(int)(word.len < 40 ? word.len : 40), word.text);
	}
	return 0;
}

int ww_keyword_dce_opnum(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	struct ww_dce_test *test;
	if (!new_step(builder, option, match_operation, &test, err))
		return -EOPNOTSUPP;
	struct ww_span rest = option->value, word;
	/* Snort 3 puts quotation marks around a list. */
	if (rest.len >= 2 && rest.text[0] == '"' && rest.text[rest.len - 1] == '"') {
		rest.text++;
		rest.pos++;
		rest.len -= 2;
	}
	while (ww_span_next(&rest, &word)) {
		struct ww_span low = word, high = word;
		const char *hyphen = memchr(word.text, '-', word.len);
		if (hyphen) {
			low.len = (size_t)(hyphen - word.text);
			high.text = hyphen + 1;
			high.pos = word.pos + low.len + 1;
			high.len = word.len - low.len - 1;
			ww_span_trim(&low);
			ww_span_trim(&high);
		}
		int64_t from, to;
		if (ww_span_number(&low, 0, 65535, &from) < 0 ||
			ww_span_number(&high, from, 65535, &to) < 0)
			return ww_option_fail(builder, &word, -EINVAL, err,
				"dce_opnum: '%.*s' is no number or range from 0 to 65535",
				(int)(word.len < 40 ? word.len : 40), word.text);
		if (test->n == RANGES_MAX)
			return ww_option_fail(builder, &word, -EOPNOTSUPP, err,
				"dce_opnum: more than %d numbers and ranges", RANGES_MAX);
		test->ranges[test->n].low = (uint16_t)from;
		test->ranges[test->n++].high = (uint16_t)to;
	}
	if (test->n == 0)
		return ww_option_fail(
			builder, &option->value, -EINVAL, err, "dce_opnum: a number is expected");
	return 0;
}
