// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * One logical line to one rule: header, options through the table of keywords, then what follows
 * from all options together. A rule is taken whole or refused at the first thing not understood.
 */
#include "wire/rules/rules-private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct ww_keyword keywords[] = {
#define VALUE_NO   0
#define VALUE_MAY  1
#define VALUE_MUST 2
#define ONCE       true
#define MANY       false
#define WW_KEYWORD(name_, function_, value_, once_, help_)                                         \
	{name_, function_, (value_) != VALUE_NO, (value_) == VALUE_MUST, once_, help_},
#include "wire/rules/keywords.def"
#undef WW_KEYWORD
};

size_t ww_keywords(const struct ww_keyword **ret)
{
	*ret = keywords;
	return WW_N(keywords);
}

struct ww_step *ww_builder_step(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	if (builder->item.n_steps == WW_RULE_STEPS) {
		ww_err_set(err, ww_line_at(builder->line, option->name.pos), -EOPNOTSUPP,
			"more than %d payload options", WW_RULE_STEPS);
		return NULL;
	}
	return &builder->steps[builder->item.n_steps++];
}

struct ww_check *ww_builder_check(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	if (builder->item.n_checks == WW_RULE_CHECKS) {
		ww_err_set(err, ww_line_at(builder->line, option->name.pos), -EOPNOTSUPP,
			"more than %d header options", WW_RULE_CHECKS);
		return NULL;
	}
	return &builder->checks[builder->item.n_checks++];
}

int ww_rule_option(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	int len = (int)(option->name.len < 60 ? option->name.len : 60);
	char *about = builder->rules->about;
	size_t n = option->name.len < sizeof(builder->rules->about)
			   ? option->name.len
			   : sizeof(builder->rules->about) - 1;
	memcpy(about, option->name.text, n);
	about[n] = '\0';
	for (size_t i = 0; i < WW_N(keywords); i++) {
		const struct ww_keyword *keyword = &keywords[i];
		if (!ww_span_is(&option->name, keyword->name))
			continue;
		if (keyword->once && builder->seen[i])
			return ww_option_fail(builder, &option->name, -EINVAL, err,
				"'%s' is given twice", keyword->name);
		builder->seen[i] = true;
		if (keyword->needs_value && option->value.len == 0)
			return ww_option_fail(builder, &option->name, -EINVAL, err,
				"'%s' needs a value", keyword->name);
		if (!keyword->takes_value && option->value.text)
			return ww_option_fail(builder, &option->value, -EINVAL, err,
				"'%s' takes no value", keyword->name);
		return keyword->parse(builder, option, err);
	}
	int r = ww_buffer_option(builder, option, err);
	if (r != 0)
		return r < 0 ? r : 0;
	return ww_option_fail(builder, &option->name, -EOPNOTSUPP, err,
		"keyword '%.*s' is not supported", len, option->name.text);
}

static int parse_options(struct ww_rule_builder *builder, size_t pos, struct ww_err *err)
{
	const struct ww_line *line = builder->line;
	bool seen[WW_N(keywords)] = {false};
	builder->seen = seen;
	for (;;) {
		struct ww_option option;
		int r = ww_lex_option(line, &pos, &option, err);
		if (r == 0)
			break;
		if (r > 0)
			r = ww_rule_option(builder, &option, err);
		if (r < 0)
			return r;
	}
	struct ww_span rest = {line->text.data + pos, line->text.len - pos, pos};
	ww_span_trim(&rest);
	if (rest.len > 0 && rest.text[0] != '#')
		return ww_option_fail(builder, &rest, -EINVAL, err, "text after the closing ')'");
	return 0;
}

/* Whether a later step of the same buffer counts from where this one matched. */
static bool has_follower(const struct ww_item *item, size_t i)
{
	for (size_t j = i + 1; j < item->n_steps; j++) {
		const struct ww_step *step = &item->steps[j];
		if (step->buffer != item->steps[i].buffer)
			continue;
		if (step->relative)
			return true;
		if (step->moves)
			return false;
	}
	return false;
}

static int anchor_of(const struct ww_item *item)
{
	int last = -1;
	for (size_t i = 0; i < item->n_steps; i++) {
		const struct ww_step *step = &item->steps[i];
		if (step->anchor)
			return (int)i;
		if (!step->negated && step->kind != WW_STEP_OTHER &&
			step->buffer != WW_BUFFER_BASE64_DATA)
			last = (int)i;
	}
	return last;
}

static bool leads_forward(const struct ww_step *step)
{
	if (!step->relative || step->buffer != WW_BUFFER_RAW)
		return false;
	return step->kind == WW_STEP_PCRE ||
	       (step->kind == WW_STEP_CONTENT && step->content.distance.value >= 0);
}

/*
 * A step in front of the anchor that leads to it by relative steps need not be waited for: what
 * comes later would lead to a later anchor, which is a candidate of its own (where the anchor is
 * the fast pattern). In a message all is waited for until it ends.
 */
static void settle_waiting(struct ww_item *item)
{
	bool chain = item->anchor >= 0 && item->fast_len > 0;
	for (int i = item->n_steps - 1; i >= 0; i--) {
		struct ww_step *step = &item->steps[i];
		bool before = i <= item->anchor;
		step->waits = !step->negated && (item->buffers || !(before && chain));
		if (before && chain && step->moves)
			chain = leads_forward(step);
	}
}

/* Numbers the buffers that the steps look at. -EOPNOTSUPP: too many of them. */
static int settle_slots(struct ww_item *item, struct ww_err *err)
{
	item->slots[0] = WW_BUFFER_RAW;
	item->n_slots = 1;
	for (size_t i = 0; i < item->n_steps; i++) {
		struct ww_step *step = &item->steps[i];
		uint8_t slot = 0;
		while (slot < item->n_slots && item->slots[slot] != step->buffer)
			slot++;
		if (slot == WW_RULE_BUFFERS)
			return ww_fail(err, item->rule.at, -EOPNOTSUPP,
				"more than %d buffers in one rule are not supported",
				WW_RULE_BUFFERS - 1);
		if (slot == item->n_slots)
			item->slots[item->n_slots++] = step->buffer;
		step->slot = slot;
		if (step->buffer != WW_BUFFER_RAW && step->buffer != WW_BUFFER_BASE64_DATA)
			item->buffers |= (uint64_t)1 << step->buffer;
	}
	return 0;
}

/* What follows from all steps together. `steps` are the item's own by now. */
static void settle(struct ww_item *item)
{
	bool positive = false, moved[WW_BUFFER_COUNT] = {false};
	for (size_t i = 0; i < item->n_steps; i++) {
		struct ww_step *step = &item->steps[i];
		/* Relative to nothing is relative to the payload's start. */
		if (step->relative && !moved[step->buffer])
			step->absolute = true;
		moved[step->buffer] |= step->moves;
		positive |= step->kind != WW_STEP_OTHER && !step->negated;
		item->absolute |= step->absolute && step->buffer == WW_BUFFER_RAW;
	}
	ww_fast_choose(item);
	item->anchor = (int16_t)anchor_of(item);
	for (size_t i = 0; i < item->n_steps; i++) {
		struct ww_step *step = &item->steps[i];
		step->anchor = (int)i == item->anchor;
		step->retry = step->retry && step->moves && has_follower(item, i);
	}
	settle_waiting(item);
	item->needs_payload = item->n_steps > 0;
	item->packet_only =
		!item->flow.only_stream && (item->flow.no_stream || item->n_packet_checks > 0 ||
						   (!positive && !item->buffers));
	bool asks = false, sets = false;
	for (size_t i = 0; i < item->n_bits; i++) {
		asks |= item->bits[i].op >= WW_BIT_ISSET;
		sets |= item->bits[i].op < WW_BIT_ISSET;
	}
	item->order = sets && !asks ? 0 : sets ? 1 : 2;
	/* A rule that only asks for bits is asked where rules with contents set them. */
	if (asks && item->n_steps == 0 && item->n_packet_checks == 0 && !item->flow.no_stream)
		item->packet_only = false;
}

/* ---- the table of gid:sid ---- */

static uint64_t sid_hash(const struct ww_rules *rules, uint32_t gid, uint32_t sid)
{
	return ww_hash_2(&rules->key, gid, sid);
}

/* The slot of gid:sid, or the free one where it belongs. */
static uint32_t *sid_slot(struct ww_rules *rules, uint32_t gid, uint32_t sid)
{
	size_t mask = rules->cap_by_sid - 1;
	for (size_t i = sid_hash(rules, gid, sid) & mask;; i = (i + 1) & mask) {
		uint32_t *slot = &rules->by_sid[i];
		if (!*slot)
			return slot;
		const struct ww_rule *rule = &rules->items[*slot - 1].rule;
		if (rule->gid == gid && rule->sid == sid)
			return slot;
	}
}

static int sid_room(struct ww_rules *rules)
{
	if (rules->n_items + 1 <= rules->cap_by_sid / 2)
		return 0;
	uint32_t *old = rules->by_sid;
	size_t cap = rules->cap_by_sid ? rules->cap_by_sid * 2 : 64;
	uint32_t *table = calloc(cap, sizeof(*table));
	if (!table)
		return -ENOMEM;
	rules->by_sid = table;
	rules->cap_by_sid = cap;
	for (size_t i = 0; i < rules->n_items; i++) {
		const struct ww_rule *rule = &rules->items[i].rule;
		*sid_slot(rules, rule->gid, rule->sid) = (uint32_t)i + 1;
	}
	free(old);
	return 0;
}

static void count(struct ww_rules *rules, const char *name, int loaded, int refused)
{
	struct ww_rule_file *file = ww_rules_file_of(rules, name);
	if (!file)
		return;
	file->loaded += (uint64_t)loaded;
	file->refused += (uint64_t)refused;
}

static int keep(struct ww_rules *rules, struct ww_rule_builder *builder, struct ww_err *err)
{
	struct ww_item *item = &builder->item;
	struct ww_at at = item->rule.at;
	snprintf(rules->about, sizeof(rules->about), "sid");
	if (rules->n_items == WW_RULES_MAX)
		return ww_fail(err, at, -EOPNOTSUPP, "more than %d rules", WW_RULES_MAX);
	if (sid_room(rules) < 0 || ww_rules_grow((void **)&rules->items, &rules->cap_items,
					   rules->n_items, sizeof(*rules->items)) < 0)
		return -ENOMEM;
	while (!builder->has_sid && *sid_slot(rules, item->rule.gid, rules->next_sid))
		rules->next_sid++;
	if (!builder->has_sid)
		item->rule.sid = rules->next_sid++;
	uint32_t *slot = sid_slot(rules, item->rule.gid, item->rule.sid);
	if (*slot) {
		struct ww_item *old = &rules->items[*slot - 1];
		if (old->rule.rev >= item->rule.rev)
			return ww_fail(err, at, -EINVAL, "%u:%u rev %u is here already, as rev %u",
				item->rule.gid, item->rule.sid, item->rule.rev, old->rule.rev);
		ww_rules_note(rules, old->rule.file, old->rule.at, false,
			"%u:%u rev %u is replaced by rev %u", old->rule.gid, old->rule.sid,
			old->rule.rev, item->rule.rev);
		rules->counts.refused++;
		count(rules, old->rule.file, -1, 1);
		count(rules, item->rule.file, 1, 0);
		*old = *item;
		return 0;
	}
	rules->items[rules->n_items++] = *item;
	*slot = (uint32_t)rules->n_items;
	rules->counts.loaded++;
	rules->counts.enabled += builder->line->disabled;
	count(rules, item->rule.file, 1, 0);
	struct ww_rule_file *file = ww_rules_file_of(rules, item->rule.file);
	if (file)
		file->enabled += builder->line->disabled;
	return 0;
}

static void *copied(struct ww_rules *rules, const void *from, size_t n, size_t size)
{
	void *to = ww_arena_take(&rules->arena, n * size + 1);
	if (to && n)
		memcpy(to, from, n * size);
	return to;
}

static int finish(struct ww_rules *rules, struct ww_rule_builder *builder, struct ww_err *err)
{
	struct ww_item *item = &builder->item;
	struct ww_rule *rule = &item->rule;
	for (size_t i = 0; i < item->n_checks; i++)
		item->n_packet_checks += builder->checks[i].match != NULL;
	if (item->flow.only_stream && (item->n_packet_checks || item->flow.no_stream))
		return ww_fail(err, rule->at, -EINVAL,
			"only_stream cannot be combined with options that look at one packet");
	item->steps = copied(rules, builder->steps, item->n_steps, sizeof(*item->steps));
	item->checks = copied(rules, builder->checks, item->n_checks, sizeof(*item->checks));
	item->bits = copied(rules, builder->bits, item->n_bits, sizeof(*item->bits));
	rule->references =
		copied(rules, builder->references, rule->n_references, sizeof(*rule->references));
	if (!item->steps || !item->checks || !item->bits || !rule->references)
		return -ENOMEM;
	if (!builder->has_priority) {
		rule->priority = ww_classtype_priority(rule->classtype);
		if (rule->priority == 0)
			rule->priority = 3;
	}
	int r = settle_slots(item, err);
	if (r == 0)
		r = ww_header_narrow(builder, err);
	if (r < 0)
		return r;
	settle(item);
	return keep(rules, builder, err);
}

int ww_rule_parse(struct ww_rules *rules, const struct ww_line *line, const char *file,
	const char *owner, struct ww_err *err)
{
	const char *text = line->text.data;
	const char *bracket = memchr(text, '(', line->text.len);
	size_t header_len = bracket ? (size_t)(bracket - text) : line->text.len;
	struct ww_span header = {text, header_len, 0};
	ww_span_trim(&header);
	struct ww_rule_builder *builder = calloc(1, sizeof(*builder));
	if (!builder)
		return -ENOMEM;
	*builder = (struct ww_rule_builder){.rules = rules, .line = line};
	builder->item.rule = (struct ww_rule){.gid = 1,
		.rev = 0,
		.msg = "",
		.classtype = "",
		.file = file,
		.owner = owner,
		.at = ww_line_at(line, header.pos)};
	size_t n_codes = rules->n_codes;
	snprintf(rules->about, sizeof(rules->about), "header");
	int r = ww_header_parse(builder, header, err);
	if (r == 0 && !bracket)
		r = ww_fail(err, ww_line_at(line, line->text.len), -EINVAL,
			"'(' and the rule's options are missing");
	if (r == 0)
		r = parse_options(builder, header_len + 1, err);
	if (r == 0)
		r = finish(rules, builder, err);
	/* Patterns of a rule that was refused after they were compiled. */
	while (r < 0 && rules->n_codes > n_codes)
		pcre2_code_free(rules->codes[--rules->n_codes]->code);
	free(builder);
	return r;
}
