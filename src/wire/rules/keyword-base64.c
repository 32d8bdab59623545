// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * base64_decode and base64_data: contents in what is encoded (the Snort 2.9 manual on these two).
 *
 *	base64_decode[:bytes N][, offset N][, relative]; base64_data; content:"...";
 *
 * The first decodes from the payload's or the buffer's start, or from the last match, N bytes at
 * most (16 KiB; without N as many). It ends at a line end, as in Snort, unless a blank or a tab
 * follows: such a fold is passed over, and so are blanks. It ends at the first byte that is no
 * base64: RFC 4648 wants such a text rejected, Suricata decodes up to there, and so do we. It fails
 * where nothing can be decoded. What was decoded is looked at when all of it is there: a text that
 * still comes is waited for. base64_data is that buffer, for all that follows.
 */
#include "wire/rules/rules-private.h"

#include <string.h>

static int value_of(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Returns whether the text has ended: at a line end that is no fold, a byte that is no base64. */
static bool decode(const uint8_t *text, size_t len, struct ww_desk *desk)
{
	uint32_t bits = 0, n_bits = 0;
	uint8_t line_end = 0; /* CR or LF just before */
	desk->n_base64 = 0;
	for (size_t i = 0; i < len; i++) {
		uint8_t c = text[i];
		if (c == ' ' || c == '\t') {
			line_end = 0;
			continue;
		}
		if ((c == '\r' && !line_end) || (c == '\n' && line_end != '\n')) {
			line_end = c;
			continue;
		}
		int value = value_of(c);
		if (value < 0 || line_end)
			return true;
		bits = bits << 6 | (uint32_t)value;
		n_bits += 6;
		if (n_bits < 8)
			continue;
		n_bits -= 8;
		desk->base64[desk->n_base64++] = (uint8_t)(bits >> n_bits);
	}
	return false;
}

static enum ww_verdict match_decode(
	struct ww_verify *verify, const struct ww_step *step, struct ww_attempt *attempt)
{
	struct ww_window window = ww_verify_buffer(verify, step);
	int64_t from = (step->relative ? attempt->cursor : window.base) + step->base64.offset;
	attempt->end = attempt->cursor;
	attempt->value = from;
	verify->desk->n_base64 = 0;
	if (from < window.low)
		return WW_VERDICT_NO;
	int64_t len = from < window.len ? window.len - from : 0, most = step->base64.bytes;
	bool ended = len > 0 &&
		     decode(window.data + from, (size_t)(len < most ? len : most), verify->desk);
	if (len < most && !ended && !window.final) {
		attempt->need = (uint64_t)((int64_t)window.offset + window.len + 1);
		attempt->bounded = true;
		return WW_VERDICT_MORE;
	}
	return verify->desk->n_base64 > 0 ? WW_VERDICT_MATCH : WW_VERDICT_NO;
}

int ww_keyword_base64_decode(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	/* Where it decodes from is a variable: what follows depends on it. */
	const struct ww_span name = {"_base64", 7, option->name.pos};
	struct ww_step *step = ww_builder_step(builder, option, err);
	uint8_t variable = step ? ww_variable_make(builder, &name, err) : 0;
	if (!variable)
		return -EOPNOTSUPP;
	*step = (struct ww_step){.match = match_decode, .sets = variable};
	step->buffer = builder->last_content ? builder->last_content->buffer : builder->sticky;
	step->base64.bytes = WW_BASE64_TEXT;
	struct ww_span rest = option->value, word;
	while (option->value.text && ww_span_next(&rest, &word)) {
		int64_t number = 0;
		if (ww_span_is(&word, "relative"))
			step->relative = true;
		else if (ww_number_named(&word, "bytes", 1, 65535, &number))
			step->base64.bytes =
				number < WW_BASE64_TEXT ? (uint32_t)number : WW_BASE64_TEXT;
		else if (ww_number_named(&word, "offset", 0, 65535, &number))
			step->base64.offset = (uint32_t)number;
		else
			return ww_word_unknown(builder, option, &word, err);
	}
	step->absolute = !step->relative;
	return 0;
}

int ww_keyword_base64_data(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	bool decoded = false, outside = false;
	for (size_t i = 0; i < builder->item.n_steps; i++) {
		const struct ww_step *step = &builder->steps[i];
		decoded |= step->match == match_decode;
		outside |= step->kind == WW_STEP_CONTENT && !step->negated;
	}
	if (!decoded)
		return ww_option_fail(builder, &option->name, -EINVAL, err,
			"base64_data: there is no base64_decode before it");
	if (!outside)
		return ww_option_fail(builder, &option->name, -EOPNOTSUPP, err,
			"base64_data: without a content before base64_decode is not supported");
	builder->sticky = WW_BUFFER_BASE64_DATA;
	builder->last_content = NULL;
	return 0;
}
