// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Options that inform: msg, sid, gid, rev, reference, classtype, priority, metadata.
 */
#include "wire/rules/rules-private.h"

#include <string.h>

int ww_keyword_msg(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	struct ww_span rest = option->value;
	struct ww_buf text = WW_BUF_INIT;
	bool negated;
	int r = ww_lex_quoted(builder->line, &rest, false, &negated, &text, err);
	if (r == 0 && (negated || rest.len > 0))
		r = ww_option_fail(
			builder, &option->value, -EINVAL, err, "one text in quotes is expected");
	if (r == 0) {
		builder->item.rule.msg =
			ww_arena_text(&builder->rules->arena, text.data ? text.data : "", text.len);
		r = builder->item.rule.msg ? 0 : -ENOMEM;
	}
	ww_buf_done(&text);
	return r;
}

static int number(struct ww_rule_builder *builder, const struct ww_option *option, int64_t low,
	int64_t high, int64_t *ret, struct ww_err *err)
{
	if (ww_span_number(&option->value, low, high, ret) == 0)
		return 0;
	return ww_option_fail(builder, &option->value, -EINVAL, err,
		"a number from %lld to %lld is expected", (long long)low, (long long)high);
}

int ww_keyword_sid(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	int64_t sid;
	int r = number(builder, option, 1, UINT32_MAX, &sid, err);
	if (r < 0)
		return r;
	builder->item.rule.sid = (uint32_t)sid;
	builder->item.rule.sid_given = builder->has_sid = true;
	return 0;
}

int ww_keyword_gid(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	int64_t gid;
	int r = number(builder, option, 1, UINT32_MAX, &gid, err);
	if (r == 0)
		builder->item.rule.gid = (uint32_t)gid;
	return r;
}

int ww_keyword_rev(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	int64_t rev;
	int r = number(builder, option, 0, UINT32_MAX, &rev, err);
	if (r == 0)
		builder->item.rule.rev = (uint32_t)rev;
	return r;
}

int ww_keyword_priority(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	int64_t priority;
	int r = number(builder, option, 1, 255, &priority, err);
	if (r < 0)
		return r;
	builder->item.rule.priority = priority < 4 ? (int)priority : 4;
	builder->has_priority = true;
	return 0;
}

/* "bugtraq,8205": blanks around the comma go. */
int ww_keyword_reference(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	struct ww_rule *rule = &builder->item.rule;
	struct ww_span rest = option->value, system;
	if (rule->n_references == WW_RULE_REFERENCES)
		return ww_option_fail(builder, &option->name, -EOPNOTSUPP, err,
			"more than %d references", WW_RULE_REFERENCES);
	ww_span_next(&rest, &system);
	if (!rest.text || system.len == 0)
		return ww_option_fail(
			builder, &option->value, -EINVAL, err, "SYSTEM,ID is expected");
	ww_span_trim(&rest);
	struct ww_buf text = WW_BUF_INIT;
	ww_buf_add(&text, system.text, system.len);
	ww_buf_addc(&text, ',');
	ww_buf_add(&text, rest.text, rest.len);
	const char *copy =
		text.failed ? NULL : ww_arena_text(&builder->rules->arena, text.data, text.len);
	ww_buf_done(&text);
	if (!copy)
		return -ENOMEM;
	builder->references[rule->n_references++] = copy;
	return 0;
}

int ww_keyword_classtype(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	(void)err;
	builder->item.rule.classtype =
		ww_arena_text(&builder->rules->arena, option->value.text, option->value.len);
	return builder->item.rule.classtype ? 0 : -ENOMEM;
}

/* tag:session|host, N, packets|seconds|bytes [, src|dst] */
int ww_keyword_tag(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	static const char *const words[] = {
		"session", "host", "packets", "seconds", "bytes", "src", "dst"};
	struct ww_span rest = option->value, word;
	while (ww_span_next(&rest, &word)) {
		struct ww_span part, count = word; /* "packets", or "packets 20" */
		int64_t number;
		ww_span_word(&count, &part);
		ww_span_trim(&count);
		bool known = ww_span_number(&part, 0, UINT32_MAX, &number) == 0;
		for (size_t i = 0; i < WW_N(words); i++)
			known |= ww_span_is(&part, words[i]);
		known &= count.len == 0 || ww_span_number(&count, 0, UINT32_MAX, &number) == 0;
		if (!known)
			return ww_word_unknown(builder, option, &part, err);
	}
	return 0;
}

/* Read, not acted on: metadata and the like. */
int ww_keyword_inform(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	(void)builder;
	(void)option;
	(void)err;
	return 0;
}
