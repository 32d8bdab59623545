// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * asn1:WHAT...: BER that some decoder overflows at (X.690, section 8; Snort 2.9 manual).
 *
 *	bitstring_overflow     a BIT STRING with more unused bits than it has
 *	double_overflow        a REAL in decimal digits of more than 256 bytes
 *	oversize_length N      any length of N or more
 *	absolute_offset N, relative_offset N    where the BER begins
 *
 *	| class, constructed, tag number | length | contents ... |
 *
 * The walk is flat: of a constructed value the contents come next, of a primitive one what is
 * behind them. So it is linear whatever the nesting says, and ends with the bytes that are there.
 */
#include "wire/rules/rules-private.h"

#include <string.h>

enum { BIT_STRING = 3, REAL = 9, CONSTRUCTED = 0x20, INDEFINITE = 0x80, REAL_MAX = 256 };

/* One header. */
struct value {
	bool universal, constructed;
	uint64_t tag, len;
	int64_t at; /* of the contents */
};

/* False: it is not whole, or is no BER. */
static bool read_header(const uint8_t *data, int64_t len, int64_t at, struct value *ret)
{
	if (at >= len)
		return false;
	uint8_t first = data[at++];
	*ret = (struct value){.universal = (first & 0xc0) == 0,
		.constructed = first & CONSTRUCTED,
		.tag = first & 0x1f};
	for (bool more = ret->tag == 0x1f; more;) {
		if (at >= len)
			return false;
		more = data[at++] & 0x80;
	}
	if (at >= len)
		return false;
	uint8_t size = data[at++];
	ret->len = size;
	if (size > INDEFINITE) {
		uint8_t n = size & 0x7f;
		if (n > 8 || len - at < n)
			return false;
		for (ret->len = 0; n > 0; n--)
			ret->len = ret->len << 8 | data[at++];
	} else if (size == INDEFINITE) {
		ret->len = 0;
	}
	ret->at = at;
	return true;
}

static bool overflows(
	const struct ww_step *step, const struct value *value, const uint8_t *data, int64_t len)
{
	if (step->asn1.oversize && value->len >= step->asn1.oversize)
		return true;
	if (!value->universal || value->constructed || value->len == 0 || value->at >= len)
		return false;
	uint8_t first = data[value->at];
	if (step->asn1.bitstring && value->tag == BIT_STRING)
		return value->len - 1 <= first / 8 && (value->len - 1) * 8 < first;
	return step->asn1.real && value->tag == REAL && value->len - 1 > REAL_MAX &&
	       (first & 0xc0) == 0;
}

static enum ww_verdict match_asn1(
	struct ww_verify *verify, const struct ww_step *step, struct ww_attempt *attempt)
{
	struct ww_window window = ww_verify_buffer(verify, step);
	int64_t at = (step->relative ? attempt->cursor : window.base) + step->asn1.offset;
	attempt->end = attempt->cursor;
	if (at < window.low)
		return WW_VERDICT_NO;
	struct value value;
	while (read_header(window.data, window.len, at, &value)) {
		if (overflows(step, &value, window.data, window.len))
			return WW_VERDICT_MATCH;
		at = value.at;
		if (!value.constructed && value.len > (uint64_t)(window.len - at))
			break;
		if (!value.constructed)
			at += (int64_t)value.len;
	}
	/* What is broken or cut ends the walk; as Snort, nothing is waited for. */
	return WW_VERDICT_NO;
}

int ww_keyword_asn1(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	struct ww_step *step = ww_builder_step(builder, option, err);
	if (!step)
		return -EOPNOTSUPP;
	*step = (struct ww_step){.match = match_asn1, .buffer = builder->sticky};
	struct ww_span rest = option->value, word;
	while (ww_span_next(&rest, &word)) {
		int64_t number;
		if (ww_span_is(&word, "bitstring_overflow"))
			step->asn1.bitstring = true;
		else if (ww_span_is(&word, "double_overflow"))
			step->asn1.real = true;
		else if (ww_number_named(&word, "oversize_length", 1, UINT32_MAX, &number))
			step->asn1.oversize = (uint32_t)number;
		else if (ww_number_named(&word, "relative_offset", -65535, 65535, &number))
			step->relative = true;
		else if (!ww_number_named(&word, "absolute_offset", 0, 65535, &number))
			return ww_word_unknown(builder, option, &word, err);
		bool offset = ww_number_named(&word, "relative_offset", -65535, 65535, &number) ||
			      ww_number_named(&word, "absolute_offset", 0, 65535, &number);
		if (offset)
			step->asn1.offset = (int32_t)number;
	}
	if (!step->asn1.bitstring && !step->asn1.real && !step->asn1.oversize)
		return ww_option_fail(builder, &option->value, -EINVAL, err,
			"bitstring_overflow, double_overflow or oversize_length N is expected");
	step->absolute = !step->relative;
	if (step->relative && builder->last_content)
		step->buffer = builder->last_content->buffer;
	return 0;
}
