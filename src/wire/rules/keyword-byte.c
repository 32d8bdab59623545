// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * byte_test and byte_jump: numbers in the payload (Snort 2.9 manual, 3.5.30 and 3.5.31).
 *
 *	byte_test:N, [!]OP, VALUE, OFFSET [, relative] [, ENDIAN] [, string, RADIX] [, bitmask M]
 *	byte_jump:N, OFFSET [, relative] [, multiplier K] [, ENDIAN] [, string, RADIX] [, align]
 *		[, from_beginning] [, from_end] [, post_offset P] [, bitmask M]
 */
#include "wire/rules/rules-private.h"

#include <ctype.h>
#include <string.h>

/* Reads digits as strtoul does: blanks first, then a sign we refuse, then digits of the radix. */
static bool read_string(
	const struct ww_bytes *bytes, const uint8_t *text, uint64_t *ret, int64_t *ret_used)
{
	size_t i = 0, n = bytes->n;
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

/* The number at `place`; NO when it is not there, MORE when it may come. */
static enum ww_verdict read_number(const struct ww_bytes *bytes, const struct ww_window *window,
	int64_t place, uint64_t *ret, int64_t *ret_used, uint64_t *need)
{
	if (place < window->low)
		return WW_VERDICT_NO;
	if (place + bytes->n > window->len) {
		*need = (uint64_t)((int64_t)window->offset + place + bytes->n);
		return window->final ? WW_VERDICT_NO : WW_VERDICT_MORE;
	}
	const uint8_t *data = window->data + place;
	*ret_used = bytes->n;
	if (bytes->string)
		return read_string(bytes, data, ret, ret_used) ? WW_VERDICT_MATCH : WW_VERDICT_NO;
	uint64_t number = 0;
	for (int i = 0; i < bytes->n; i++)
		number = number << 8 | data[bytes->little ? bytes->n - 1 - i : i];
	*ret = number;
	return WW_VERDICT_MATCH;
}

static uint64_t masked(const struct ww_bytes *bytes, uint64_t number)
{
	if (bytes->mask == 0)
		return number;
	return (number & bytes->mask) >> __builtin_ctzll(bytes->mask);
}

static bool holds(const struct ww_bytes *bytes, uint64_t number)
{
	switch (bytes->op) {
	case '<': return number < bytes->value;
	case '>': return number > bytes->value;
	case '=': return number == bytes->value;
	case '&': return (number & bytes->value) != 0;
	case '^': return (number ^ bytes->value) != 0;
	case 'l': return number <= bytes->value;
	default: return number >= bytes->value;
	}
}

static enum ww_verdict match_test(
	struct ww_verify *verify, const struct ww_step *step, struct ww_attempt *attempt)
{
	const struct ww_bytes *bytes = &step->bytes;
	struct ww_window window = ww_verify_buffer(verify, step);
	int64_t place = (step->relative ? attempt->cursor : window.base) + bytes->offset;
	uint64_t number;
	int64_t used;
	enum ww_verdict verdict =
		read_number(bytes, &window, place, &number, &used, &attempt->need);
	attempt->bounded = true;
	if (verdict != WW_VERDICT_MATCH)
		return verdict;
	attempt->end = attempt->cursor;
	bool yes = holds(bytes, masked(bytes, number)) != bytes->op_not;
	return yes ? WW_VERDICT_MATCH : WW_VERDICT_NO;
}

static enum ww_verdict match_jump(
	struct ww_verify *verify, const struct ww_step *step, struct ww_attempt *attempt)
{
	const struct ww_bytes *bytes = &step->bytes;
	struct ww_window window = ww_verify_buffer(verify, step);
	int64_t place = (step->relative ? attempt->cursor : window.base) + bytes->offset;
	uint64_t number;
	int64_t used;
	enum ww_verdict verdict =
		read_number(bytes, &window, place, &number, &used, &attempt->need);
	attempt->bounded = true;
	if (verdict != WW_VERDICT_MATCH)
		return verdict;
	number = masked(bytes, number);
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
	int64_t target = from + jump + bytes->post_offset;
	if (target < window.low || (target >= window.len && window.final))
		return WW_VERDICT_NO;
	if (target >= window.len) {
		attempt->need = (uint64_t)((int64_t)window.offset + target + 1);
		return WW_VERDICT_MORE;
	}
	attempt->start = attempt->end = target;
	return WW_VERDICT_MATCH;
}

/* The words that both know. 1: read; 0: not one of these; -EINVAL. */
static int common_word(struct ww_step *step, const struct ww_span *word)
{
	struct ww_bytes *bytes = &step->bytes;
	static const struct {
		const char *name;
		uint8_t radix;
	} radixes[] = {{"hex", 16}, {"dec", 10}, {"oct", 8}};
	for (size_t i = 0; i < WW_N(radixes); i++) {
		if (ww_span_is(word, radixes[i].name)) {
			bytes->radix = radixes[i].radix;
			return 1;
		}
	}
	if (ww_span_is(word, "relative"))
		step->relative = true;
	else if (ww_span_is(word, "little"))
		bytes->little = true;
	else if (ww_span_is(word, "string"))
		bytes->string = true;
	else
		return ww_span_is(word, "big");
	return 1;
}

/* "name NUMBER" */
static bool named_number(
	const struct ww_span *word, const char *name, int64_t low, int64_t high, int64_t *ret)
{
	struct ww_span rest = *word, first;
	if (!ww_span_word(&rest, &first) || !ww_span_is(&first, name))
		return false;
	ww_span_trim(&rest);
	return ww_span_number(&rest, low, high, ret) == 0;
}

static int unknown_word(struct ww_rule_builder *builder, const struct ww_option *option,
	const struct ww_span *word, struct ww_err *err)
{
	return ww_option_fail(builder, word, -EOPNOTSUPP, err, "%.*s: '%.*s' is not supported",
		(int)option->name.len, option->name.text, (int)(word->len < 40 ? word->len : 40),
		word->text);
}

static int common_end(struct ww_rule_builder *builder, const struct ww_option *option,
	struct ww_step *step, struct ww_err *err)
{
	struct ww_bytes *bytes = &step->bytes;
	if (bytes->radix && !bytes->string)
		return ww_option_fail(builder, &option->value, -EINVAL, err,
			"hex, dec and oct belong to 'string'");
	if (!bytes->radix)
		bytes->radix = 10;
	if (!bytes->string && bytes->n > 8)
		return ww_option_fail(
			builder, &option->value, -EINVAL, err, "a binary number has 1 to 8 bytes");
	step->absolute = !step->relative;
	if (step->relative && builder->last_content)
		step->buffer = builder->last_content->buffer;
	return 0;
}

static int read_count(struct ww_rule_builder *builder, struct ww_span *rest, struct ww_bytes *bytes,
	struct ww_err *err)
{
	struct ww_span word = *rest;
	int64_t n;
	if (!ww_span_next(rest, &word) || ww_span_number(&word, 1, 20, &n) < 0)
		return ww_option_fail(
			builder, &word, -EINVAL, err, "a number of bytes is expected");
	bytes->n = (uint8_t)n;
	return 0;
}

static int read_offset(struct ww_rule_builder *builder, struct ww_span *rest,
	struct ww_bytes *bytes, struct ww_err *err)
{
	struct ww_span word = *rest;
	int64_t offset;
	if (!ww_span_next(rest, &word) || ww_span_number(&word, -65535, 65535, &offset) < 0)
		return ww_option_fail(
			builder, &word, -EINVAL, err, "an offset from -65535 to 65535 is expected");
	bytes->offset = (int32_t)offset;
	return 0;
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
	if (!ww_span_next(rest, &value) || ww_span_number(&value, 0, INT64_MAX, &number) < 0)
		return ww_option_fail(builder, &value, -EOPNOTSUPP, err,
			"byte_test: '%.*s' is not a number", (int)(value.len < 40 ? value.len : 40),
			value.text ? value.text : "");
	bytes->value = (uint64_t)number;
	return 0;
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
		int64_t number;
		if (named_number(&word, "bitmask", 1, INT64_MAX, &number))
			step->bytes.mask = (uint64_t)number;
		else if (!common_word(step, &word))
			return unknown_word(builder, option, &word, err);
	}
	return common_end(builder, option, step, err);
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
		int64_t number;
		if (named_number(&word, "bitmask", 1, INT64_MAX, &number))
			bytes->mask = (uint64_t)number;
		else if (named_number(&word, "multiplier", 1, 65535, &number))
			bytes->multiplier = (uint32_t)number;
		else if (named_number(&word, "post_offset", -65535, 65535, &number))
			bytes->post_offset = (int32_t)number;
		else if (ww_span_is(&word, "align"))
			bytes->align = true;
		else if (ww_span_is(&word, "from_beginning"))
			bytes->from_beginning = true;
		else if (ww_span_is(&word, "from_end"))
			bytes->from_end = true;
		else if (!common_word(step, &word))
			return unknown_word(builder, option, &word, err);
	}
	if (bytes->from_beginning)
		step->absolute = true;
	r = common_end(builder, option, step, err);
	step->absolute |= bytes->from_beginning;
	return r;
}
