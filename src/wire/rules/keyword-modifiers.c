// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What belongs to the content before it: nocase, rawbytes, fast_pattern, offset, depth,
 * distance, within, startswith, endswith.
 */
#include "wire/rules/rules-private.h"

#include <ctype.h>
#include <string.h>

/* The content that the option modifies, or NULL with *err. */
static struct ww_step *modified(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	if (!builder->last_content)
		ww_err_set(err, ww_line_at(builder->line, option->name.pos), -EINVAL,
			"'%.*s' has no content before it", (int)option->name.len,
			option->name.text);
	return builder->last_content;
}

int ww_keyword_nocase(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	struct ww_step *step = modified(builder, option, err);
	if (!step)
		return -EINVAL;
	struct ww_content *content = &step->content;
	uint8_t *lower = (uint8_t *)ww_arena_text(
		&builder->rules->arena, (const char *)content->bytes, content->len);
	if (!lower)
		return -ENOMEM;
	for (uint32_t i = 0; i < content->len; i++)
		lower[i] = (uint8_t)tolower(lower[i]);
	content->bytes = lower;
	content->nocase = true;
	return 0;
}

/* We look at the payload as it is: nothing to do. */
int ww_keyword_rawbytes(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	return modified(builder, option, err) ? 0 : -EINVAL;
}

/* fast_pattern; fast_pattern:only; fast_pattern:OFFSET,LENGTH */
int ww_keyword_fast_pattern(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	struct ww_step *step = modified(builder, option, err);
	if (!step)
		return -EINVAL;
	struct ww_content *content = &step->content;
	if (step->negated)
		return ww_option_fail(builder, &option->name, -EINVAL, err,
			"a negated content cannot be the fast pattern");
	for (size_t i = 0; i < builder->item.n_steps; i++) {
		struct ww_step *other = &builder->steps[i];
		if (other != step && other->kind == WW_STEP_CONTENT && other->content.fast)
			return ww_option_fail(builder, &option->name, -EINVAL, err,
				"'fast_pattern' is given to two contents");
	}
	content->fast = true;
	if (!option->value.text)
		return 0;
	if (ww_span_is(&option->value, "only")) {
		if (step->relative || content->positioned)
			return ww_option_fail(builder, &option->value, -EINVAL, err,
				"fast_pattern:only with offset, depth, distance or within");
		/* Found anywhere is enough, and nothing is relative to it. */
		content->only = true;
		step->moves = false;
		return 0;
	}
	struct ww_span rest = option->value, word;
	int64_t numbers[2] = {0, 0};
	for (size_t i = 0; i < 2; i++)
		if (!ww_span_next(&rest, &word) ||
			ww_span_number(&word, 0, content->len, &numbers[i]) < 0)
			return ww_option_fail(builder, &option->value, -EINVAL, err,
				"'only' or OFFSET,LENGTH within the content is expected");
	if (rest.text || numbers[1] == 0 || numbers[0] + numbers[1] > content->len)
		return ww_option_fail(builder, &option->value, -EINVAL, err,
			"'only' or OFFSET,LENGTH within the content is expected");
	content->fast_offset = (uint16_t)numbers[0];
	content->fast_len = (uint16_t)numbers[1];
	return 0;
}

/* Snort 3 gives the two numbers of a fast pattern by name, one at a time. */
static int fast_number(struct ww_rule_builder *builder, const struct ww_option *option, bool length,
	struct ww_err *err)
{
	struct ww_step *step = modified(builder, option, err);
	if (!step)
		return -EINVAL;
	struct ww_content *content = &step->content;
	int64_t number, whole = content->len;
	if (ww_span_number(&option->value, length, whole - !length, &number) < 0)
		return ww_option_fail(builder, &option->value, -EINVAL, err,
			"a place within the content is expected");
	if (length)
		content->fast_len = (uint16_t)number;
	else
		content->fast_offset = (uint16_t)number;
	if (!length && content->fast_len == 0)
		content->fast_len = (uint16_t)(whole - number);
	/* In either order: what is behind the end is cut. */
	if (content->fast_offset + content->fast_len > whole)
		content->fast_len = (uint16_t)(whole - content->fast_offset);
	return 0;
}

int ww_keyword_fast_pattern_offset(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	return fast_number(builder, option, false, err);
}

int ww_keyword_fast_pattern_length(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	return fast_number(builder, option, true, err);
}

/* What kind of position the content before has already; two kinds do not go together. */
static int kind_of_position(struct ww_rule_builder *builder, const struct ww_option *option,
	bool relative, struct ww_err *err)
{
	struct ww_step *step = builder->last_content;
	struct ww_content *content = &step->content;
	if (content->only || (relative ? content->positioned : step->relative))
		return ww_option_fail(builder, &option->name, -EOPNOTSUPP, err,
			content->only ? "fast_pattern:only with a position"
				      : "offset or depth together with distance or within");
	if (relative)
		step->relative = true;
	else
		step->absolute = content->positioned = true;
	return 0;
}

/* A number or a variable for the content before. `room`: the content lies in so many bytes. */
static int position(struct ww_rule_builder *builder, const struct ww_option *option, int64_t low,
	bool relative, bool room, bool *has, struct ww_operand *operand, struct ww_err *err)
{
	uint32_t len = builder->last_content->content.len;
	if (*has)
		return ww_option_fail(builder, &option->name, -EINVAL, err,
			"'%.*s' is given twice for one content", (int)option->name.len,
			option->name.text);
	int r = ww_operand_parse(builder, &option->value, low, 65535, operand, err);
	if (r == 0)
		r = kind_of_position(builder, option, relative, err);
	if (r < 0)
		return r;
	*has = true;
	if (!room || operand->variable || (uint32_t)operand->value >= len)
		return 0;
	return ww_option_fail(builder, &option->value, -EINVAL, err,
		"the content is %u bytes long: it does not fit into %d", len, operand->value);
}

int ww_keyword_offset(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	struct ww_step *step = modified(builder, option, err);
	if (!step)
		return -EINVAL;
	return position(builder, option, -65535, false, false, &step->content.has_offset,
		&step->content.offset, err);
}

int ww_keyword_depth(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	struct ww_step *step = modified(builder, option, err);
	if (!step)
		return -EINVAL;
	return position(builder, option, 1, false, true, &step->content.has_depth,
		&step->content.depth, err);
}

int ww_keyword_distance(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	struct ww_step *step = modified(builder, option, err);
	if (!step)
		return -EINVAL;
	return position(builder, option, -65535, true, false, &step->content.has_distance,
		&step->content.distance, err);
}

int ww_keyword_within(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	struct ww_step *step = modified(builder, option, err);
	if (!step)
		return -EINVAL;
	return position(builder, option, 1, true, true, &step->content.has_within,
		&step->content.within, err);
}

/* The content is the first of its buffer: depth is its length. */
int ww_keyword_startswith(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	struct ww_step *step = modified(builder, option, err);
	if (!step)
		return -EINVAL;
	struct ww_content *content = &step->content;
	int r = kind_of_position(builder, option, false, err);
	if (r < 0)
		return r;
	if (content->has_offset || content->has_depth)
		return ww_option_fail(builder, &option->name, -EINVAL, err,
			"'startswith' together with offset or depth");
	content->has_offset = content->has_depth = true;
	content->depth = (struct ww_operand){.value = (int32_t)content->len};
	return 0;
}

/* The content is the last of its buffer; of a stream: of what came so far. */
int ww_keyword_endswith(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	struct ww_step *step = modified(builder, option, err);
	if (!step)
		return -EINVAL;
	if (step->content.only)
		return ww_option_fail(builder, &option->name, -EOPNOTSUPP, err,
			"fast_pattern:only with a position");
	step->content.ends = true;
	return 0;
}
