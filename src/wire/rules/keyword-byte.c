// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * byte_test and byte_jump: numbers in the payload (Snort 2.9 manual).
 *
 *	byte_test:N, [!]OP, VALUE, OFFSET [, relative] [, ENDIAN] [, string, RADIX] [, bitmask M]
 *	byte_jump:N, OFFSET [, relative] [, multiplier K] [, ENDIAN] [, string, RADIX] [, align]
 *		[, from_beginning] [, from_end] [, post_offset P] [, bitmask M]
 *
 * VALUE, OFFSET and P are numbers or variables.
 */
#include "wire/rules/rules-private.h"

#include <string.h>

static bool holds(const struct ww_bytes *bytes, uint64_t number, uint64_t value)
{
	switch (bytes->op) {
	case '<': return number < value;
	case '>': return number > value;
	case '=': return number == value;
	case '&': return (number & value) != 0;
	case '^': return (number ^ value) != 0;
	case 'l': return number <= value;
	default: return number >= value;
	}
}

/* Where the number stands. */
static int64_t place_of(const struct ww_step *step, const struct ww_window *window,
	const struct ww_attempt *attempt)
{
	return (step->relative ? attempt->cursor : window->base) +
	       ww_operand_value(&step->bytes.offset, attempt->variables);
}

static enum ww_verdict match_test(
	struct ww_verify *verify, const struct ww_step *step, struct ww_attempt *attempt)
{
	const struct ww_bytes *bytes = &step->bytes;
	struct ww_window window = ww_verify_buffer(verify, step);
	uint64_t number, value = bytes->value;
	int64_t used;
	enum ww_verdict verdict = ww_number_read(
		bytes, &window, place_of(step, &window, attempt), attempt, &number, &used);
	if (verdict != WW_VERDICT_MATCH)
		return verdict;
	if (bytes->value_variable)
		value = (uint64_t)attempt->variables[bytes->value_variable - 1];
	attempt->end = attempt->cursor;
	bool yes = holds(bytes, number, value) != bytes->op_not;
	return yes ? WW_VERDICT_MATCH : WW_VERDICT_NO;
}

static enum ww_verdict match_jump(
	struct ww_verify *verify, const struct ww_step *step, struct ww_attempt *attempt)
{
	const struct ww_bytes *bytes = &step->bytes;
	struct ww_window window = ww_verify_buffer(verify, step);
	int64_t place = place_of(step, &window, attempt);
	uint64_t number;
	int64_t used;
	enum ww_verdict verdict = ww_number_read(bytes, &window, place, attempt, &number, &used);
	if (verdict != WW_VERDICT_MATCH)
		return verdict;
	/* No buffer is longer than 2^32: beyond it the target is out, whatever the rest adds. */
	if (number > UINT32_MAX)
		return WW_VERDICT_NO;
	int64_t jump = (int64_t)number * bytes->multiplier;
	if (bytes->align)
		jump = (jump + 3) & ~(int64_t)3;
	int64_t from = place + used;
	if (bytes->from_beginning)
		from = window.base;
	if (bytes->from_end)
		from = window.len;
	int64_t target = from + jump + ww_operand_value(&bytes->post_offset, attempt->variables);
	if (target < window.low || (target >= window.len && window.final))
		return WW_VERDICT_NO;
	if (target >= window.len) {
		attempt->need = (uint64_t)((int64_t)window.offset + target + 1);
		return WW_VERDICT_MORE;
	}
	attempt->start = attempt->end = target;
	return WW_VERDICT_MATCH;
}

static int read_count(struct ww_rule_builder *builder, struct ww_span *rest, struct ww_bytes *bytes,
	struct ww_err *err)
{
	struct ww_span word = *rest;
	int64_t n;
	if (!ww_span_next(rest, &word) || ww_span_number(&word, 0, 20, &n) < 0)
		return ww_option_fail(
			builder, &word, -EINVAL, err, "a number of bytes is expected");
	bytes->n = (uint8_t)n;
	return 0;
}

static int read_offset(struct ww_rule_builder *builder, struct ww_span *rest,
	struct ww_bytes *bytes, struct ww_err *err)
{
	struct ww_span word = *rest;
	if (!ww_span_next(rest, &word))
		return ww_option_fail(builder, &word, -EINVAL, err, "an offset is expected");
	return ww_operand_parse(builder, &word, -65535, 65535, &bytes->offset, err);
}

static int read_operator(struct ww_rule_builder *builder, struct ww_span *rest,
	struct ww_bytes *bytes, struct ww_err *err)
{
	static const char *const names[] = {"<", ">", "=", "&", "^", "<=", ">="};
	struct ww_span word = *rest;
	if (!ww_span_next(rest, &word) || word.len == 0)
		return ww_option_fail(builder, &word, -EINVAL, err, "an operator is expected");
	struct ww_span bare = word;
	if (bare.text[0] == '!') {
		bytes->op_not = true;
		bare.text++;
		bare.len--;
		ww_span_trim(&bare);
	}
	if (bare.len == 0 && bytes->op_not)
		bytes->op = '=';
	for (size_t i = 0; i < WW_N(names); i++)
		if (ww_span_is(&bare, names[i]))
			bytes->op = "<>=&^lg"[i];
	if (!bytes->op)
		return ww_option_fail(builder, &word, -EINVAL, err, "'%.*s' is not an operator",
			(int)(word.len < 20 ? word.len : 20), word.text);
	struct ww_span value = *rest;
	int64_t number;
	bool there = ww_span_next(rest, &value);
	if (there && ww_span_number(&value, 0, INT64_MAX, &number) == 0) {
		bytes->value = (uint64_t)number;
		return 0;
	}
	struct ww_operand variable = {0};
	if (!there)
		return ww_option_fail(builder, &value, -EINVAL, err, "a value is expected");
	int r = ww_operand_parse(builder, &value, 0, INT32_MAX, &variable, err);
	bytes->value_variable = variable.variable;
	return r;
}

int ww_keyword_byte_test(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	struct ww_step *step = ww_builder_step(builder, option, err);
	if (!step)
		return -EOPNOTSUPP;
	*step = (struct ww_step){.match = match_test, .buffer = builder->sticky};
	struct ww_span rest = option->value, word;
	int r = read_count(builder, &rest, &step->bytes, err);
	if (r == 0)
		r = read_operator(builder, &rest, &step->bytes, err);
	if (r == 0)
		r = read_offset(builder, &rest, &step->bytes, err);
	if (r < 0)
		return r;
	while (ww_span_next(&rest, &word)) {
		r = ww_number_word(builder, step, &word, err);
		if (r <= 0)
			return r < 0 ? r : ww_word_unknown(builder, option, &word, err);
	}
	return ww_number_end(builder, option, step, err);
}

/* "post_offset P", P a number or a variable, or a word that others share. As jump_word. */
static int read_post_offset(struct ww_rule_builder *builder, struct ww_step *step,
	const struct ww_span *word, struct ww_err *err)
{
	struct ww_span rest = *word, first;
	if (!ww_span_word(&rest, &first) || !ww_span_is(&first, "post_offset"))
		return ww_number_word(builder, step, word, err);
	ww_span_trim(&rest);
	int r = ww_operand_parse(builder, &rest, -65535, 65535, &step->bytes.post_offset, err);
	return r < 0 ? r : 1;
}

/* 1: read; 0: not one of these; -EINVAL with *err. */
static int jump_word(struct ww_rule_builder *builder, struct ww_step *step,
	const struct ww_span *word, struct ww_err *err)
{
	struct ww_bytes *bytes = &step->bytes;
	int64_t number;
	if (ww_number_named(word, "multiplier", 1, 65535, &number))
		bytes->multiplier = (uint32_t)number;
	else if (ww_span_is(word, "align"))
		bytes->align = true;
	else if (ww_span_is(word, "from_beginning"))
		bytes->from_beginning = true;
	else if (ww_span_is(word, "from_end"))
		bytes->from_end = true;
	else
		return read_post_offset(builder, step, word, err);
	return 1;
}

int ww_keyword_byte_jump(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	struct ww_step *step = ww_builder_step(builder, option, err);
	if (!step)
		return -EOPNOTSUPP;
	*step = (struct ww_step){.match = match_jump,
		.buffer = builder->sticky,
		.moves = true,
		.bytes = {.multiplier = 1}};
	struct ww_bytes *bytes = &step->bytes;
	struct ww_span rest = option->value, word;
	int r = read_count(builder, &rest, bytes, err);
	if (r == 0)
		r = read_offset(builder, &rest, bytes, err);
	if (r < 0)
		return r;
	while (ww_span_next(&rest, &word)) {
		r = jump_word(builder, step, &word, err);
		if (r <= 0)
			return r < 0 ? r : ww_word_unknown(builder, option, &word, err);
	}
	r = ww_number_end(builder, option, step, err);
	step->absolute |= bytes->from_beginning;
	return r;
}
