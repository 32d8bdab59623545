// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Numbers: those that a payload holds, as byte_test, byte_jump, byte_extract and byte_math read
 * them, and those that a rule gives to its options: written there, or by the name of a variable
 * that byte_extract or byte_math set before.
 */
#include "wire/rules/rules-private.h"

#include <ctype.h>
#include <string.h>

/* Reads digits as strtoul does: blanks first, then a sign we refuse, then digits of the radix. */
static bool read_digits(const struct ww_bytes *bytes, const uint8_t *text, size_t n, uint64_t *ret,
	int64_t *ret_used)
{
	size_t i = 0;
	while (i < n && isspace(text[i]))
		i++;
	if (bytes->radix == 16 && i + 2 < n && text[i] == '0' && (text[i + 1] | 0x20) == 'x')
		i += 2;
	size_t first = i;
	uint64_t number = 0;
	for (; i < n; i++) {
		unsigned digit = 99;
		if (isdigit(text[i]))
			digit = (unsigned)(text[i] - '0');
		else if (isxdigit(text[i]))
			digit = (unsigned)((text[i] | 0x20) - 'a' + 10);
		if (digit >= bytes->radix)
			break;
		/* Too large a number stays at the largest. */
		if (__builtin_mul_overflow(number, bytes->radix, &number) ||
			__builtin_add_overflow(number, digit, &number))
			number = UINT64_MAX;
	}
	*ret = number;
	*ret_used = (int64_t)i;
	return i > first;
}

enum ww_verdict ww_number_read(const struct ww_bytes *bytes, const struct ww_window *window,
	int64_t place, struct ww_attempt *attempt, uint64_t *ret, int64_t *ret_used)
{
	attempt->bounded = true;
	if (place < window->low)
		return WW_VERDICT_NO;
	int64_t n = bytes->n;
	if (n == 0) {
		enum { DIGITS_MAX = 20 };
		n = window->len - place < DIGITS_MAX ? window->len - place : DIGITS_MAX;
	}
	if (n <= 0 || place + n > window->len) {
		attempt->need = (uint64_t)((int64_t)window->offset + place + (n > 0 ? n : 1));
		return window->final ? WW_VERDICT_NO : WW_VERDICT_MORE;
	}
	const uint8_t *data = window->data + place;
	*ret_used = n;
	uint64_t number = 0;
	if (bytes->string && !read_digits(bytes, data, (size_t)n, &number, ret_used))
		return WW_VERDICT_NO;
	const struct ww_dce_call *call = window->message ? window->message->dce : NULL;
	bool little = bytes->dce ? call && call->little : bytes->little;
	for (int64_t i = 0; !bytes->string && i < n; i++)
		number = number << 8 | data[little ? n - 1 - i : i];
	if (bytes->mask)
		number = (number & bytes->mask) >> __builtin_ctzll(bytes->mask);
	*ret = number;
	return WW_VERDICT_MATCH;
}

bool ww_number_named(
	const struct ww_span *word, const char *name, int64_t low, int64_t high, int64_t *ret)
{
	struct ww_span rest = *word, first;
	if (!ww_span_word(&rest, &first) || !ww_span_is(&first, name))
		return false;
	ww_span_trim(&rest);
	return ww_span_number(&rest, low, high, ret) == 0;
}

int ww_number_word(struct ww_rule_builder *builder, struct ww_step *step,
	const struct ww_span *word, struct ww_err *err)
{
	struct ww_bytes *bytes = &step->bytes;
	static const struct {
		const char *name;
		uint8_t radix;
	} radixes[] = {{"hex", 16}, {"dec", 10}, {"oct", 8}};
	(void)builder;
	(void)err;
	for (size_t i = 0; i < WW_N(radixes); i++) {
		if (ww_span_is(word, radixes[i].name)) {
			bytes->radix = radixes[i].radix;
			return 1;
		}
	}
	int64_t number;
	if (ww_span_is(word, "relative"))
		step->relative = true;
	else if (ww_span_is(word, "little"))
		bytes->little = true;
	else if (ww_span_is(word, "dce"))
		bytes->dce = true;
	else if (ww_span_is(word, "string"))
		bytes->string = true;
	else if (ww_number_named(word, "bitmask", 1, INT64_MAX, &number))
		bytes->mask = (uint64_t)number;
	else
		return ww_span_is(word, "big");
	return 1;
}

int ww_word_unknown(struct ww_rule_builder *builder, const struct ww_option *option,
	const struct ww_span *word, struct ww_err *err)
{
	return ww_option_fail(builder, word, -EOPNOTSUPP, err, "%.*s: '%.*s' is not supported",
		(int)option->name.len, option->name.text, (int)(word->len < 40 ? word->len : 40),
		word->text ? word->text : "");
}

int ww_number_end(struct ww_rule_builder *builder, const struct ww_option *option,
	struct ww_step *step, struct ww_err *err)
{
	struct ww_bytes *bytes = &step->bytes;
	if (bytes->radix && !bytes->string)
		return ww_option_fail(builder, &option->value, -EINVAL, err,
			"hex, dec and oct belong to 'string'");
	if (!bytes->radix)
		bytes->radix = 10;
	if (!bytes->string && (bytes->n > 8 || bytes->n == 0))
		return ww_option_fail(
			builder, &option->value, -EINVAL, err, "a binary number has 1 to 8 bytes");
	step->absolute = !step->relative;
	if (step->relative && builder->last_content)
		step->buffer = builder->last_content->buffer;
	/* Without a call there is no byte order. */
	if (bytes->dce && step->buffer != WW_BUFFER_DCE_STUB)
		return ww_option_fail(builder, &option->value, -EOPNOTSUPP, err,
			"'dce' outside dce_stub_data is not supported");
	return 0;
}

uint8_t ww_variable_find(const struct ww_rule_builder *builder, const struct ww_span *name)
{
	for (uint8_t i = 0; i < builder->item.n_variables; i++)
		if (builder->variables[i].len == name->len &&
			memcmp(builder->variables[i].text, name->text, name->len) == 0)
			return i + 1;
	return 0;
}

uint8_t ww_variable_make(
	struct ww_rule_builder *builder, const struct ww_span *name, struct ww_err *err)
{
	uint8_t known = name->len ? ww_variable_find(builder, name) : 0;
	if (known)
		return known;
	if (name->len == 0 || !(isalpha((unsigned char)name->text[0]) || name->text[0] == '_')) {
		(void)ww_option_fail(
			builder, name, -EINVAL, err, "the name of a variable is expected");
		return 0;
	}
	if (builder->item.n_variables == WW_RULE_VARIABLES) {
		(void)ww_option_fail(builder, name, -EOPNOTSUPP, err,
			"more than %d variables in one rule are not supported", WW_RULE_VARIABLES);
		return 0;
	}
	builder->variables[builder->item.n_variables++] = *name;
	return builder->item.n_variables;
}

int ww_operand_parse(struct ww_rule_builder *builder, const struct ww_span *word, int64_t low,
	int64_t high, struct ww_operand *ret, struct ww_err *err)
{
	int64_t number;
	if (ww_span_number(word, low, high, &number) == 0) {
		*ret = (struct ww_operand){.value = (int32_t)number};
		return 0;
	}
	uint8_t variable = word->len ? ww_variable_find(builder, word) : 0;
	if (variable) {
		*ret = (struct ww_operand){.variable = variable};
		return 0;
	}
	if (word->len && (isalpha((unsigned char)word->text[0]) || word->text[0] == '_'))
		return ww_option_fail(builder, word, -EINVAL, err,
			"no byte_extract or byte_math before sets '%.*s'",
			(int)(word->len < 40 ? word->len : 40), word->text);
	return ww_option_fail(builder, word, -EINVAL, err, "a number from %lld to %lld is expected",
		(long long)low, (long long)high);
}
