// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * bsize, bufferlen: the size of the buffer that is looked at; urilen: that of the URI.
 *
 *	N  <N  >N  <=N  >=N  !N  N<>M  N<=>M
 *
 * N<>M leaves its ends out for bsize (Suricata) and bufferlen (Snort 3), and holds them for urilen
 * (Snort 2.9); N<=>M always holds them. urilen is of the normalised URI, or with `,raw` of the URI
 * as it came.
 */
#include "wire/rules/rules-private.h"

#include <string.h>

static enum ww_verdict match_size(
	struct ww_verify *verify, const struct ww_step *step, struct ww_attempt *attempt)
{
	struct ww_window window = ww_verify_buffer(verify, step);
	attempt->end = attempt->cursor;
	bool in = window.len >= step->size.low && window.len <= step->size.high;
	return in != step->negated ? WW_VERDICT_MATCH : WW_VERDICT_NO;
}

/* "N OP M": 1 when there is an OP of these inside. 0: there is none; -EINVAL. */
static int read_between(const struct ww_span *word, bool ends, int64_t *low, int64_t *high)
{
	const char *arrow = memmem(word->text, word->len, "<>", 2);
	const char *wide = memmem(word->text, word->len, "<=>", 3);
	if (!arrow && !wide)
		return 0;
	size_t before = (size_t)((wide ? wide : arrow) - word->text);
	size_t skip = before + (wide ? 3 : 2);
	struct ww_span from = {word->text, before, word->pos};
	struct ww_span to = {word->text + skip, word->len - skip, word->pos + skip};
	ww_span_trim(&from);
	ww_span_trim(&to);
	if (ww_span_number(&from, 0, UINT32_MAX, low) < 0 ||
		ww_span_number(&to, 0, UINT32_MAX, high) < 0 || *low > *high)
		return -EINVAL;
	if (!wide && !ends) {
		(*low)++;
		(*high)--;
	}
	return 1;
}

static int read_sizes(struct ww_rule_builder *builder, const struct ww_span *word, bool ends,
	struct ww_step *step, struct ww_err *err)
{
	int64_t low = 0, high = UINT32_MAX, number = 0;
	int r = read_between(word, ends, &low, &high);
	if (r == 0) {
		size_t op = 0;
		while (op < word->len && op < 2 && strchr("<>=!", word->text[op]))
			op++;
		struct ww_span rest = {word->text + op, word->len - op, word->pos + op};
		ww_span_trim(&rest);
		r = ww_span_number(&rest, 0, UINT32_MAX, &number);
		char first = op ? word->text[0] : '=';
		bool equal = op == 2 && word->text[1] == '=';
		if (op == 2 && !equal)
			r = -EINVAL;
		step->negated = first == '!';
		low = first == '<' ? 0 : first == '>' ? number + !equal : number;
		high = first == '>' ? UINT32_MAX : first == '<' ? number - !equal : number;
	}
	if (r < 0)
		return ww_option_fail(
			builder, word, -EINVAL, err, "a size or a range of sizes is expected");
	/* True of nothing, as in "<0". */
	step->size.low = low > high ? 1 : (uint32_t)low;
	step->size.high = low > high ? 0 : (uint32_t)high;
	return 0;
}

int ww_keyword_bsize(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	uint8_t buffer = builder->last_content ? builder->last_content->buffer : builder->sticky;
	if (buffer == WW_BUFFER_RAW)
		return ww_option_fail(builder, &option->name, -EOPNOTSUPP, err,
			"'%.*s' of the payload is not supported: use dsize", (int)option->name.len,
			option->name.text);
	struct ww_step *step = ww_builder_step(builder, option, err);
	if (!step)
		return -EOPNOTSUPP;
	*step = (struct ww_step){.match = match_size, .buffer = buffer};
	return read_sizes(builder, &option->value, false, step, err);
}

int ww_keyword_urilen(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	struct ww_span rest = option->value, word, mode;
	enum ww_buffer buffer = WW_BUFFER_HTTP_URI;
	ww_span_next(&rest, &word);
	if (ww_span_next(&rest, &mode)) {
		if (ww_span_is(&mode, "raw"))
			buffer = WW_BUFFER_HTTP_URI_RAW;
		else if (!ww_span_is(&mode, "norm"))
			return ww_word_unknown(builder, option, &mode, err);
	}
	int r = ww_buffer_take(builder, buffer, option, err);
	struct ww_step *step = r == 0 ? ww_builder_step(builder, option, err) : NULL;
	if (!step)
		return -EOPNOTSUPP;
	*step = (struct ww_step){.match = match_size, .buffer = (uint8_t)buffer};
	return read_sizes(builder, &word, true, step, err);
}
