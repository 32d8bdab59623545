// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * byte_extract and byte_math: a number of the payload becomes a variable, which offset, depth,
 * distance, within, isdataat, byte_test and byte_jump behind can name (Snort 2.9 manual).
 *
 *	byte_extract:N, OFFSET, NAME [, relative] [, multiplier K] [, ENDIAN]
 *		[, string, RADIX] [, align K] [, bitmask M]
 *	byte_math:bytes N, offset OFFSET, oper OP, rvalue VALUE, result NAME [, relative]
 *		[, endian ENDIAN] [, string RADIX] [, bitmask M]
 *
 * OP is one of + - * / << >>. As in Suricata the number is behind the cursor afterwards: rules of
 * Emerging Threats read two numbers, one behind the other, by two byte_extract.
 */
#include "wire/rules/rules-private.h"

#include <string.h>

/* What has no value (a division by nothing, less than nothing) is no match. */
static bool calculate(uint8_t op, uint64_t left, uint64_t right, uint64_t *ret)
{
	switch (op) {
	case '+': return !__builtin_add_overflow(left, right, ret);
	case '-': return !__builtin_sub_overflow(left, right, ret);
	case '*': return !__builtin_mul_overflow(left, right, ret);
	case '/': *ret = right ? left / right : 0; return right != 0;
	case 'l': *ret = right < 64 ? left << right : 0; return true;
	default: *ret = right < 64 ? left >> right : 0; return true;
	}
}

static enum ww_verdict match_extract(
	struct ww_verify *verify, const struct ww_step *step, struct ww_attempt *attempt)
{
	const struct ww_bytes *bytes = &step->bytes;
	struct ww_window window = ww_verify_buffer(verify, step);
	int64_t place = (step->relative ? attempt->cursor : window.base) +
			ww_operand_value(&bytes->offset, attempt->variables);
	uint64_t number;
	int64_t used;
	enum ww_verdict verdict = ww_number_read(bytes, &window, place, attempt, &number, &used);
	if (verdict != WW_VERDICT_MATCH)
		return verdict;
	uint64_t value = bytes->value_variable
				 ? (uint64_t)attempt->variables[bytes->value_variable - 1]
				 : bytes->value;
	if (bytes->op && !calculate(bytes->op, number, value, &number))
		return WW_VERDICT_NO;
	if (!bytes->op && __builtin_mul_overflow(number, bytes->multiplier, &number))
		return WW_VERDICT_NO;
	uint64_t align = bytes->align_to;
	if (align && number <= UINT32_MAX)
		number = (number + align - 1) / align * align;
	attempt->start = place;
	attempt->end = place + used;
	attempt->value = (int64_t)number;
	return WW_VERDICT_MATCH;
}

static struct ww_step *new_step(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	struct ww_step *step = ww_builder_step(builder, option, err);
	if (step)
		*step = (struct ww_step){.match = match_extract,
			.buffer = builder->sticky,
			.moves = true,
			.bytes = {.multiplier = 1}};
	return step;
}

/* 1: read; 0: not one of these; -EINVAL with *err. */
static int extract_word(struct ww_rule_builder *builder, struct ww_step *step,
	const struct ww_span *word, struct ww_err *err)
{
	int64_t number;
	if (ww_number_named(word, "multiplier", 1, 65535, &number))
		step->bytes.multiplier = (uint32_t)number;
	else if (ww_number_named(word, "align", 2, 4, &number) && number != 3)
		step->bytes.align_to = (uint8_t)number;
	else
		return ww_number_word(builder, step, word, err);
	return 1;
}

int ww_keyword_byte_extract(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	struct ww_step *step = new_step(builder, option, err);
	if (!step)
		return -EOPNOTSUPP;
	struct ww_span rest = option->value, word[3];
	int64_t n;
	for (size_t i = 0; i < WW_N(word); i++)
		if (!ww_span_next(&rest, &word[i]))
			return ww_option_fail(builder, &option->value, -EINVAL, err,
				"a number of bytes, an offset and a name are expected");
	if (ww_span_number(&word[0], 1, 20, &n) < 0)
		return ww_option_fail(
			builder, &word[0], -EINVAL, err, "a number of bytes is expected");
	step->bytes.n = (uint8_t)n;
	int r = ww_operand_parse(builder, &word[1], -65535, 65535, &step->bytes.offset, err);
	while (r == 0 && ww_span_next(&rest, &word[0])) {
		r = extract_word(builder, step, &word[0], err);
		if (r == 0)
			r = ww_word_unknown(builder, option, &word[0], err);
		r = r > 0 ? 0 : r;
	}
	if (r < 0)
		return r;
	/* Behind the rest: it does not name itself. */
	step->sets = ww_variable_make(builder, &word[2], err);
	if (!step->sets)
		return err->code;
	return ww_number_end(builder, option, step, err);
}

static int read_operation(struct ww_rule_builder *builder, struct ww_step *step,
	const struct ww_span *name, const struct ww_span *value, struct ww_err *err)
{
	static const char *const names[] = {"+", "-", "*", "/", "<<", ">>"};
	struct ww_bytes *bytes = &step->bytes;
	int64_t number = 0;
	if (ww_span_is(name, "oper")) {
		for (size_t i = 0; i < WW_N(names); i++)
			if (ww_span_is(value, names[i]))
				bytes->op = (uint8_t) "+-*/lr"[i];
		if (bytes->op)
			return 0;
		return ww_option_fail(
			builder, value, -EINVAL, err, "one of + - * / << >> is expected");
	}
	if (ww_span_number(value, 0, UINT32_MAX, &number) == 0) {
		bytes->value = (uint64_t)number;
		return 0;
	}
	struct ww_operand operand = {0};
	int r = ww_operand_parse(builder, value, 0, INT32_MAX, &operand, err);
	bytes->value_variable = operand.variable;
	return r;
}

/* One "NAME VALUE" of byte_math. The result's name goes to *ret_result. */
static int read_math(struct ww_rule_builder *builder, const struct ww_option *option,
	struct ww_step *step, const struct ww_span *word, struct ww_span *ret_result,
	struct ww_err *err)
{
	struct ww_bytes *bytes = &step->bytes;
	struct ww_span value = *word, name;
	int64_t number;
	ww_span_word(&value, &name);
	ww_span_trim(&value);
	if (ww_span_is(&name, "bytes") && ww_span_number(&value, 1, 20, &number) == 0)
		bytes->n = (uint8_t)number;
	else if (ww_span_is(&name, "offset"))
		return ww_operand_parse(builder, &value, -65535, 65535, &bytes->offset, err);
	else if (ww_span_is(&name, "oper") || ww_span_is(&name, "rvalue"))
		return read_operation(builder, step, &name, &value, err);
	else if (ww_span_is(&name, "result"))
		*ret_result = value;
	else if (ww_span_is(&name, "endian") || ww_span_is(&name, "string")) {
		bytes->string |= ww_span_is(&name, "string");
		if (value.len && ww_number_word(builder, step, &value, err) <= 0)
			return ww_word_unknown(builder, option, word, err);
	} else if (ww_number_word(builder, step, word, err) <= 0) {
		return ww_word_unknown(builder, option, word, err);
	}
	return 0;
}

int ww_keyword_byte_math(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	struct ww_step *step = new_step(builder, option, err);
	if (!step)
		return -EOPNOTSUPP;
	struct ww_span rest = option->value, word, result = {0};
	while (ww_span_next(&rest, &word)) {
		int r = read_math(builder, option, step, &word, &result, err);
		if (r < 0)
			return r;
	}
	if (step->bytes.n == 0 || !step->bytes.op || result.len == 0)
		return ww_option_fail(builder, &option->value, -EINVAL, err,
			"'bytes', 'offset', 'oper', 'rvalue' and 'result' are needed");
	step->sets = ww_variable_make(builder, &result, err);
	if (!step->sets)
		return err->code;
	return ww_number_end(builder, option, step, err);
}
