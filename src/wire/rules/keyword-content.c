// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * content, uricontent: bytes in a buffer.
 *
 * The window (Snort 2.9 manual), half open, in which the bytes lie whole:
 *
 *	offset, depth      [base + offset, base + offset + depth)
 *	distance, within   [cursor + distance, cursor + distance + within)
 *
 * A negated content whose window reaches beyond the bytes of a stream that goes on is not decided
 * yet. One without an end (no depth, no within) is decided by what is there, as Snort does with
 * the end of a packet: else it would wait for the end of every connection.
 */
#include "wire/rules/rules-private.h"

#include <string.h>

static const uint8_t *find(const struct ww_content *content, const uint8_t *text, int64_t len)
{
	if (len < content->len)
		return NULL;
	return ww_search(text, (size_t)len, content->bytes, content->len, content->nocase);
}

static enum ww_verdict match_content(
	struct ww_verify *verify, const struct ww_step *step, struct ww_attempt *attempt)
{
	const struct ww_content *content = &step->content;
	struct ww_window window = ww_verify_buffer(verify, step);
	int64_t start = window.low, end = INT64_MAX;
	const int64_t *variables = attempt->variables;
	if (step->relative) {
		start = attempt->cursor + ww_operand_value(&content->distance, variables);
		if (content->has_within)
			end = start + ww_operand_value(&content->within, variables);
	} else if (content->positioned) {
		start = window.base + ww_operand_value(&content->offset, variables);
		if (content->has_depth)
			end = start + ww_operand_value(&content->depth, variables);
	}
	if (content->ends && start < window.len - content->len)
		start = window.len - content->len;
	if (start < window.low)
		start = window.low;
	if (start < attempt->from)
		start = attempt->from;
	/* An anchor that ends before the floor was alerted on already. */
	if (step->anchor && step->buffer == WW_BUFFER_RAW && attempt->floor > window.offset) {
		int64_t least = (int64_t)(attempt->floor - window.offset) - content->len;
		start = start < least ? least : start;
	}
	int64_t limit = end < window.len ? end : window.len;
	const uint8_t *found =
		start < limit ? find(content, window.data + start, limit - start) : NULL;
	bool open = end > window.len && !window.final;
	if (found && step->negated)
		return WW_VERDICT_NO;
	if (found) {
		attempt->start = found - window.data;
		attempt->end = attempt->start + content->len;
		return WW_VERDICT_MATCH;
	}
	if (!step->negated) {
		attempt->need = window.offset + (uint64_t)window.len + 1;
		attempt->bounded = end != INT64_MAX;
		return open && step->waits ? WW_VERDICT_MORE : WW_VERDICT_NO;
	}
	if (open && end != INT64_MAX) {
		attempt->need = (uint64_t)((int64_t)window.offset + end);
		attempt->bounded = true;
		return WW_VERDICT_MORE;
	}
	attempt->end = attempt->cursor;
	return WW_VERDICT_MATCH;
}

/* Snort 3: content:"x",nocase,offset 3,depth 5: each is the option of that name. */
static int read_behind(struct ww_rule_builder *builder, struct ww_span rest, struct ww_err *err)
{
	static const char *const known[] = {"nocase", "fast_pattern", "fast_pattern_offset",
		"fast_pattern_length", "offset", "depth", "distance", "within"};
	struct ww_span word;
	builder->snort3 = true;
	ww_span_next(&rest, &word); /* what stands before the first comma: nothing */
	while (ww_span_next(&rest, &word)) {
		struct ww_option option = {.value = word};
		ww_span_word(&option.value, &option.name);
		ww_span_trim(&option.value);
		if (option.value.len == 0)
			option.value = (struct ww_span){0};
		size_t i = 0;
		while (i < WW_N(known) && !ww_span_is(&option.name, known[i]))
			i++;
		if (i == WW_N(known))
			return ww_option_fail(builder, &word, -EOPNOTSUPP, err,
				"content: '%.*s' is not supported",
				(int)(word.len < 40 ? word.len : 40), word.text);
		int r = ww_rule_option(builder, &option, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_content(struct ww_rule_builder *builder, const struct ww_option *option,
	enum ww_buffer buffer, struct ww_err *err)
{
	struct ww_span rest = option->value;
	struct ww_buf bytes = WW_BUF_INIT;
	bool negated;
	int r = ww_lex_quoted(builder->line, &rest, true, &negated, &bytes, err);
	if (r == 0 && rest.len > 0 && rest.text[0] != ',')
		r = ww_option_fail(builder, &rest, -EINVAL, err,
			"text behind the quotes of a content: ',' is expected");
	if (r == 0 && (bytes.len == 0 || bytes.len > WW_RULE_CONTENT_MAX))
		r = ww_option_fail(builder, &option->value, -EINVAL, err,
			"a content has 1 to %d bytes", WW_RULE_CONTENT_MAX);
	struct ww_step *step = r == 0 ? ww_builder_step(builder, option, err) : NULL;
	if (r == 0 && !step)
		r = -EOPNOTSUPP;
	uint8_t *copy = NULL;
	if (r == 0) {
		copy = (uint8_t *)ww_arena_text(&builder->rules->arena, bytes.data, bytes.len);
		r = copy ? 0 : -ENOMEM;
	}
	if (r == 0) {
		*step = (struct ww_step){.match = match_content,
			.kind = WW_STEP_CONTENT,
			.buffer = (uint8_t)buffer,
			.negated = negated,
			.moves = !negated,
			.retry = !negated,
			.content = {.bytes = copy, .len = (uint32_t)bytes.len}};
		builder->last_content = step;
		builder->has_content = true;
	}
	ww_buf_done(&bytes);
	return r == 0 && rest.len > 0 ? read_behind(builder, rest, err) : r;
}

int ww_keyword_content(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	return add_content(builder, option, (enum ww_buffer)builder->sticky, err);
}

int ww_keyword_uricontent(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	return add_content(builder, option, WW_BUFFER_HTTP_URI, err);
}
