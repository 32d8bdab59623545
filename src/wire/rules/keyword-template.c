// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * template:N: how a keyword is written. Compiled so that it stays true, not registered.
 *
 * 1. Copy this file to keyword-NAME.c and name it in meson.build.
 * 2. One line in keywords.def; one row in the table of wormwood-rules(7).
 * 3. One row in the table of test-keywords.c for what matches, one for what does not, one for each
 *    error with its place.
 *
 * A payload option is a step: it sees the window, its own operands and the cursor, and answers NO,
 * MATCH (with start and end set; the cursor goes to `end` if the step `moves`), or MORE when bytes
 * that have not come yet decide. A header option is a check, see keyword-packet.c. This one is
 * true when the payload has at least N bytes behind the cursor.
 */
#include "wire/rules/rules-private.h"

static enum ww_verdict match_template(
	struct ww_verify *verify, const struct ww_step *step, struct ww_attempt *attempt)
{
	struct ww_window window = ww_verify_buffer(verify, step);
	attempt->end = attempt->cursor;
	if (attempt->cursor + step->at.value <= window.len)
		return WW_VERDICT_MATCH;
	attempt->need = (uint64_t)((int64_t)window.offset + attempt->cursor + step->at.value);
	attempt->bounded = true;
	return window.final ? WW_VERDICT_NO : WW_VERDICT_MORE;
}

int ww_keyword_template(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	int64_t n;
	if (ww_span_number(&option->value, 0, 65535, &n) < 0)
		return ww_option_fail(builder, &option->value, -EINVAL, err,
			"a number from 0 to 65535 is expected");
	struct ww_step *step = ww_builder_step(builder, option, err);
	if (!step)
		return -EOPNOTSUPP;
	*step = (struct ww_step){.match = match_template, .relative = true, .at = {(int32_t)n, 0}};
	return 0;
}
