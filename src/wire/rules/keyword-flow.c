// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * flow: direction and state; flowbits: what rules remember on a flow (Snort 2.9 manual, 3.6.10):
 *
 *	set,a   set,a&b   set,a,GROUP   setx,a,GROUP (the others of the group are unset)
 *	unset,a   unset,all,GROUP   toggle,a   toggle,all,GROUP   reset   reset,GROUP
 *	isset,a   isset,a&b   isset,a|b   isset,any,GROUP   isset,all,GROUP   isnotset,...
 *
 * A bit is of a group from the first rule that names both, wherever it stands.
 */
#include "wire/rules/rules-private.h"

#include <string.h>

int ww_keyword_flow(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	struct ww_flow_option *flow = &builder->item.flow;
	const struct {
		const char *name;
		bool *flag;
	} words[] = {{"to_server", &flow->to_server}, {"from_client", &flow->to_server},
		{"to_client", &flow->to_client}, {"from_server", &flow->to_client},
		{"established", &flow->established}, {"not_established", &flow->not_established},
		{"stateless", &flow->stateless}, {"no_stream", &flow->no_stream},
		{"only_stream", &flow->only_stream}};
	struct ww_span rest = option->value, word;
	while (ww_span_next(&rest, &word)) {
		size_t i = 0;
		while (i < WW_N(words) && !ww_span_is(&word, words[i].name))
			i++;
		if (i == WW_N(words))
			return ww_option_fail(builder, &word, -EOPNOTSUPP, err,
				"flow: '%.*s' is not supported",
				(int)(word.len < 40 ? word.len : 40), word.text);
		*words[i].flag = true;
	}
	if ((flow->to_server && flow->to_client) || (flow->established && flow->not_established) ||
		(flow->stateless && (flow->established || flow->not_established)) ||
		(flow->no_stream && flow->only_stream))
		return ww_option_fail(builder, &option->value, -EINVAL, err,
			"flow: words that exclude each other");
	return 0;
}

/* The number of a name, new or known; -1 with *err. */
static int bit_id(struct ww_rule_builder *builder, const struct ww_span *name, struct ww_err *err)
{
	struct ww_rules *rules = builder->rules;
	for (uint32_t i = 0; i < rules->n_bits; i++)
		if (strlen(rules->bit_names[i]) == name->len &&
			memcmp(rules->bit_names[i], name->text, name->len) == 0)
			return (int)i;
	if (rules->n_bits == WW_FLOWBITS)
		return ww_option_fail(builder, name, -EOPNOTSUPP, err,
			"more than %d names of flowbits", WW_FLOWBITS);
	char *copy = ww_arena_text(&rules->arena, name->text, name->len);
	if (!copy)
		return -ENOMEM;
	rules->bit_names[rules->n_bits] = copy;
	return (int)rules->n_bits++;
}

/* "a", "a&b", "a|b" */
static int read_names(struct ww_rule_builder *builder, struct ww_span names, struct ww_bits *bits,
	struct ww_err *err)
{
	char separator = memchr(names.text, '|', names.len) ? '|' : '&';
	bits->any = separator == '|';
	while (names.text) {
		const char *end = memchr(names.text, separator, names.len);
		size_t len = end ? (size_t)(end - names.text) : names.len;
		struct ww_span name = {names.text, len, names.pos};
		ww_span_trim(&name);
		if (name.len == 0 || memchr(name.text, '&', name.len))
			return ww_option_fail(
				builder, &name, -EINVAL, err, "the name of a flowbit is expected");
		if (bits->n == WW_N(bits->ids))
			return ww_option_fail(builder, &name, -EOPNOTSUPP, err,
				"more than %zu flowbits in one group", WW_N(bits->ids));
		int id = bit_id(builder, &name, err);
		if (id < 0)
			return id;
		bits->ids[bits->n++] = (uint16_t)id;
		names = end ? (struct ww_span){end + 1, names.len - len - 1, names.pos + len + 1}
			    : (struct ww_span){0};
	}
	return 0;
}

int ww_keyword_noalert(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	(void)option;
	(void)err;
	builder->item.rule.noalert = true;
	return 0;
}

/* The number + 1 of a group's name, new or known; 0 with *err. */
static uint8_t group_number(
	struct ww_rule_builder *builder, const struct ww_span *name, struct ww_err *err)
{
	struct ww_rules *rules = builder->rules;
	for (uint32_t i = 0; i < rules->n_bit_groups; i++)
		if (strlen(rules->bit_groups[i].name) == name->len &&
			memcmp(rules->bit_groups[i].name, name->text, name->len) == 0)
			return (uint8_t)(i + 1);
	if (name->len == 0 || rules->n_bit_groups == WW_BIT_GROUPS) {
		(void)ww_option_fail(builder, name, name->len ? -EOPNOTSUPP : -EINVAL, err,
			name->len ? "more than %d groups of flowbits"
				  : "the name of a group of flowbits is expected",
			WW_BIT_GROUPS);
		return 0;
	}
	char *copy = ww_arena_text(&rules->arena, name->text, name->len);
	if (!copy) {
		err->code = -ENOMEM;
		return 0;
	}
	rules->bit_groups[rules->n_bit_groups++].name = copy;
	return (uint8_t)rules->n_bit_groups;
}

/* What stands behind the operation: NAMES, NAMES,GROUP, any|all,GROUP, or GROUP alone. */
static int read_operands(struct ww_rule_builder *builder, const struct ww_option *option,
	struct ww_span rest, struct ww_bits *bits, struct ww_err *err)
{
	struct ww_span names, group = {0};
	bool named = ww_span_next(&rest, &names);
	bool grouped = named && ww_span_next(&rest, &group);
	if (rest.text)
		return ww_option_fail(builder, &rest, -EINVAL, err, "text behind the group");
	if (bits->op == WW_BIT_RESET && !named)
		return 0;
	if (bits->op == WW_BIT_RESET) {
		bits->group = group_number(builder, &names, err);
		return bits->group ? 0 : err->code;
	}
	if (!named || names.len == 0)
		return ww_option_fail(
			builder, &option->value, -EINVAL, err, "the name of a flowbit is expected");
	if (grouped) {
		bits->group = group_number(builder, &group, err);
		if (!bits->group)
			return err->code;
	}
	bits->any = ww_span_is(&names, "any");
	if (grouped && (bits->any || ww_span_is(&names, "all"))) {
		bits->whole_group = true;
		return 0;
	}
	if (bits->exclusive && !grouped)
		return ww_option_fail(builder, &option->value, -EINVAL, err, "setx needs a group");
	int r = read_names(builder, names, bits, err);
	for (size_t i = 0; r == 0 && bits->group && i < bits->n; i++)
		builder->rules->bit_groups[bits->group - 1].bits[bits->ids[i] / 8] |=
			(uint8_t)(1 << bits->ids[i] % 8);
	return r;
}

int ww_keyword_flowbits(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	static const char *const ops[] = {
		"set", "unset", "toggle", "reset", "isset", "isnotset", "setx"};
	struct ww_span rest = option->value, word;
	ww_span_next(&rest, &word);
	if (ww_span_is(&word, "noalert") && !rest.text) {
		builder->item.rule.noalert = true;
		return 0;
	}
	size_t op = 0;
	while (op < WW_N(ops) && !ww_span_is(&word, ops[op]))
		op++;
	if (op == WW_N(ops))
		return ww_option_fail(builder, &word, -EOPNOTSUPP, err,
			"flowbits: '%.*s' is not supported", (int)(word.len < 40 ? word.len : 40),
			word.text);
	if (builder->item.n_bits == WW_RULE_BIT_OPS)
		return ww_option_fail(builder, &option->name, -EOPNOTSUPP, err,
			"more than %d flowbits options", WW_RULE_BIT_OPS);
	struct ww_bits *bits = &builder->bits[builder->item.n_bits++];
	bool exclusive = op == WW_N(ops) - 1;
	*bits = (struct ww_bits){
		.op = exclusive ? WW_BIT_SET : (uint8_t)op, .exclusive = exclusive};
	return read_operands(builder, option, rest, bits, err);
}
