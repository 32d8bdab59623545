// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * isdataat:[!]N[,relative][,rawbytes]: there is a byte at place N (0 is the first).
 *
 * In a stream, bytes that are not there yet may come, so the rule waits. The negated form asks
 * for an end of the message; a stream has none, so the end of what came so far counts, as in
 * Snort and Suricata.
 */
#include "wire/rules/rules-private.h"

static enum ww_verdict match_isdataat(
	struct ww_verify *verify, const struct ww_step *step, struct ww_attempt *attempt)
{
	struct ww_window window = ww_verify_buffer(verify, step);
	int64_t place = (step->relative ? attempt->cursor : window.base) +
			ww_operand_value(&step->at, attempt->variables);
	bool there = place >= window.low && place < window.len;
	attempt->end = attempt->cursor;
	if (there != step->negated)
		return WW_VERDICT_MATCH;
	if (step->negated || window.final || place < window.low)
		return WW_VERDICT_NO;
	attempt->need = (uint64_t)((int64_t)window.offset + place + 1);
	attempt->bounded = true;
	return WW_VERDICT_MORE;
}

int ww_keyword_isdataat(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	struct ww_span rest = option->value, word;
	struct ww_operand place;
	bool negated = rest.text[0] == '!';
	if (negated) {
		rest.text++;
		rest.pos++;
		rest.len--;
	}
	ww_span_next(&rest, &word);
	int r = ww_operand_parse(builder, &word, 0, 65535, &place, err);
	if (r < 0)
		return r;
	struct ww_step *step = ww_builder_step(builder, option, err);
	if (!step)
		return -EOPNOTSUPP;
	*step = (struct ww_step){.match = match_isdataat,
		.buffer = builder->sticky,
		.negated = negated,
		.at = place};
	while (ww_span_next(&rest, &word)) {
		if (ww_span_is(&word, "relative"))
			step->relative = true;
		else if (!ww_span_is(&word, "rawbytes"))
			return ww_option_fail(builder, &word, -EOPNOTSUPP, err,
				"isdataat: '%.*s' is not supported",
				(int)(word.len < 40 ? word.len : 40), word.text);
	}
	step->absolute = !step->relative;
	if (step->relative && builder->last_content)
		step->buffer = builder->last_content->buffer;
	return 0;
}
