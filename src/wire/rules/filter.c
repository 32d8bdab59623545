// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Lines that speak of rules by number (Snort 2.9 manual, 2.4; Suricata's threshold.config):
 *
 *	event_filter gen_id 1, sig_id 2192, type limit, track by_src, count 1, seconds 60
 *	threshold    the same, its older name
 *	rate_filter gen_id 1, sig_id 2192, track by_src, count 100, seconds 1, new_action pass,
 *		timeout 10 [, apply_to ADDRESSES]
 *	suppress gen_id 1, sig_id 2192 [, track by_src|by_dst|by_either, ip ADDRESSES]
 *
 * They may stand before the rules they speak of, in another file, so they are kept and given to
 * the rules when the set is compiled. sig_id 0 is every rule of that gen_id, gen_id 0 every rule
 * there is. One that names a rule goes before one that does not; an event_filter that names the
 * rule replaces the rule's own threshold, as in Suricata (Snort refuses the pair).
 */
#include "wire/rules/rules-private.h"

#include <stdlib.h>
#include <string.h>

enum kind { NOT_ONE, EVENT_FILTER, RATE_FILTER, SUPPRESS };

static enum kind kind_of(const struct ww_span *word)
{
	static const struct {
		const char *name;
		enum kind kind;
	} names[] = {{"event_filter", EVENT_FILTER}, {"threshold", EVENT_FILTER},
		{"rate_filter", RATE_FILTER}, {"suppress", SUPPRESS}};
	for (size_t i = 0; i < WW_N(names); i++)
		if (ww_span_is(word, names[i].name))
			return names[i].kind;
	return NOT_ONE;
}

/* Which lists a word's value names: an IP list may hold commas, inside brackets. */
static void take_list(struct ww_span *rest, struct ww_span *value)
{
	if (value->len == 0 || !memchr(value->text, '[', value->len) ||
		memchr(value->text, ']', value->len) || !rest->text)
		return;
	const char *end = memchr(rest->text, ']', rest->len);
	if (!end)
		return;
	size_t used = (size_t)(end + 1 - rest->text);
	value->len = (size_t)(end + 1 - value->text);
	*rest = (struct ww_span){end + 1, rest->len - used, rest->pos + used};
	ww_span_trim(rest);
	if (rest->len > 0 && rest->text[0] == ',')
		*rest = (struct ww_span){rest->text + 1, rest->len - 1, rest->pos + 1};
	else
		rest->text = NULL;
}

static int read_word(struct ww_rule_builder *builder, enum kind kind, const struct ww_span *name,
	const struct ww_span *value, struct ww_filter *filter, bool *has_gid, bool *has_sid,
	struct ww_err *err)
{
	int64_t number;
	if (ww_span_is(name, "gen_id") || ww_span_is(name, "sig_id")) {
		bool gid = ww_span_is(name, "gen_id");
		if (ww_span_number(value, 0, UINT32_MAX, &number) < 0)
			return ww_option_fail(
				builder, value, -EINVAL, err, "the number of a rule is expected");
		*(gid ? &filter->gid : &filter->sid) = (uint32_t)number;
		*(gid ? has_gid : has_sid) = true;
		return 0;
	}
	if ((kind == SUPPRESS && ww_span_is(name, "ip")) ||
		(kind == RATE_FILTER && ww_span_is(name, "apply_to"))) {
		filter->has_addresses = true;
		return ww_header_addresses(builder, value, &filter->addresses, err);
	}
	if (kind == SUPPRESS && !ww_span_is(name, "track"))
		return ww_option_fail(builder, name, -EOPNOTSUPP, err,
			"suppress: '%.*s' is not supported", (int)(name->len < 40 ? name->len : 40),
			name->text);
	return ww_limit_word(builder, "filter", name, value, &filter->limit, err);
}

static int check_filter(struct ww_rule_builder *builder, enum kind kind,
	const struct ww_span *place, struct ww_filter *filter, struct ww_err *err)
{
	struct ww_limit *limit = &filter->limit;
	if (kind == SUPPRESS) {
		if ((limit->track == WW_TRACK_NONE) != !filter->has_addresses)
			return ww_option_fail(builder, place, -EINVAL, err,
				"'track' and 'ip' are needed together");
		return 0;
	}
	if (kind == RATE_FILTER)
		limit->kind = WW_LIMIT_RATE;
	/* count -1: no limit, whatever the rule says. */
	bool off = limit->off && kind == EVENT_FILTER;
	if (limit->kind == WW_LIMIT_NONE || limit->track == WW_TRACK_NONE ||
		limit->track == WW_TRACK_EITHER || (!off && limit->count == 0) ||
		limit->seconds == 0)
		return ww_option_fail(builder, place, -EINVAL, err,
			"%s'track', 'count' and 'seconds' are needed",
			kind == EVENT_FILTER ? "'type', " : "");
	return 0;
}

static int parse(struct ww_rule_builder *builder, enum kind kind, struct ww_span rest,
	struct ww_filter *filter, struct ww_err *err)
{
	struct ww_span place = rest, word;
	bool has_gid = false, has_sid = false;
	while (ww_span_next(&rest, &word)) {
		struct ww_span value = word, name;
		ww_span_word(&value, &name);
		ww_span_trim(&value);
		take_list(&rest, &value);
		int r = read_word(builder, kind, &name, &value, filter, &has_gid, &has_sid, err);
		if (r < 0)
			return r;
	}
	if (!has_gid || !has_sid)
		return ww_option_fail(
			builder, &place, -EINVAL, err, "'gen_id' and 'sig_id' are needed");
	return check_filter(builder, kind, &place, filter, err);
}

int ww_filter_parse(
	struct ww_rules *rules, const struct ww_line *line, const char *file, struct ww_err *err)
{
	struct ww_span rest = {line->text.data, line->text.len, 0}, word;
	enum kind kind = ww_span_word(&rest, &word) ? kind_of(&word) : NOT_ONE;
	if (kind == NOT_ONE)
		return 0;
	if (rules->n_filters == WW_FILTERS_MAX)
		return ww_fail(err, ww_line_at(line, word.pos), -EOPNOTSUPP, "more than %d filters",
			WW_FILTERS_MAX);
	struct ww_rule_builder *builder = calloc(1, sizeof(*builder));
	if (!builder)
		return -ENOMEM;
	builder->rules = rules;
	builder->line = line;
	builder->item.rule.file = file;
	struct ww_filter filter = {
		.suppress = kind == SUPPRESS, .file = file, .at = ww_line_at(line, word.pos)};
	ww_span_trim(&rest);
	int r = parse(builder, kind, rest, &filter, err);
	free(builder);
	if (r == 0)
		r = ww_rules_grow((void **)&rules->filters, &rules->cap_filters, rules->n_filters,
			sizeof(*rules->filters));
	if (r < 0)
		return r;
	rules->filters[rules->n_filters++] = filter;
	return 1;
}

/* Those that suppress first, and of them those for every rule; then by gid and sid. */
static int by_rule(const void *a, const void *b)
{
	const struct ww_filter *x = a, *y = b;
	if (x->suppress != y->suppress)
		return x->suppress ? -1 : 1;
	if (x->sid != y->sid)
		return x->sid < y->sid ? -1 : 1;
	if (x->gid != y->gid)
		return x->gid < y->gid ? -1 : 1;
	/* Of two that are alike the later line is the last. */
	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return 0;
}

static bool names(const struct ww_filter *filter, const struct ww_rule *rule)
{
	return (filter->gid == 0 || filter->gid == rule->gid) &&
	       (filter->sid == 0 || filter->sid == rule->sid);
}

static void give(struct ww_item *item, const struct ww_filter *filter, size_t i)
{
	if (filter->suppress && filter->sid != 0) {
		if (item->n_suppress == 0)
			item->suppress = (uint32_t)i;
		item->n_suppress = (uint32_t)(i - item->suppress + 1);
	}
	if (filter->suppress)
		return;
	struct ww_limit *limit =
		&item->limits[filter->limit.kind == WW_LIMIT_RATE ? WW_LIMITS_RATE
								  : WW_LIMITS_EVENT];
	/* Sorted: one that names the rule comes behind one for all of them. */
	if (filter->sid != 0 || limit->kind == WW_LIMIT_NONE)
		*limit = filter->limit;
	if (limit->off)
		limit->kind = WW_LIMIT_NONE;
	if (filter->has_addresses)
		limit->addresses = filter->addresses + 1;
}

/* The first filter in the order of by_rule that is not before this one. */
static size_t first_of(const struct ww_rules *rules, bool suppress, uint32_t sid)
{
	size_t low = 0, high = rules->n_filters;
	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct ww_filter *filter = &rules->filters[middle];
		bool less = filter->suppress != suppress ? filter->suppress : filter->sid < sid;
		if (less)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void give_all(struct ww_rules *rules, struct ww_item *item, bool suppress, uint32_t sid)
{
	for (size_t i = first_of(rules, suppress, sid); i < rules->n_filters; i++) {
		const struct ww_filter *filter = &rules->filters[i];
		if (filter->suppress != suppress || filter->sid != sid)
			break;
		if (names(filter, &item->rule))
			give(item, filter, i);
	}
}

void ww_filters_apply(struct ww_rules *rules)
{
	for (size_t i = 0; i < rules->n_filters; i++)
		rules->filters[i].order = (uint32_t)i;
	if (rules->n_filters)
		qsort(rules->filters, rules->n_filters, sizeof(*rules->filters), by_rule);
	rules->n_suppress_all = (uint32_t)first_of(rules, true, 1);
	for (size_t i = 0; i < rules->n_items && rules->n_filters; i++) {
		struct ww_item *item = &rules->items[i];
		give_all(rules, item, false, 0);
		give_all(rules, item, false, item->rule.sid);
		give_all(rules, item, true, item->rule.sid);
	}
}

static bool suppresses(const struct ww_rules *rules, const struct ww_filter *filter,
	const struct ww_rule *rule, const struct ww_ip *src, const struct ww_ip *dst)
{
	if (!names(filter, rule))
		return false;
	if (!filter->has_addresses)
		return true;
	uint32_t set = filter->addresses;
	uint8_t track = filter->limit.track;
	return (track != WW_TRACK_DST &&
		       ww_address_in(rules, set, ww_address_class(rules, src), src)) ||
	       (track != WW_TRACK_SRC &&
		       ww_address_in(rules, set, ww_address_class(rules, dst), dst));
}

bool ww_filters_suppress(const struct ww_rules *rules, const struct ww_item *item,
	const struct ww_ip *src, const struct ww_ip *dst)
{
	for (uint32_t i = 0; i < rules->n_suppress_all; i++)
		if (suppresses(rules, &rules->filters[i], &item->rule, src, dst))
			return true;
	for (uint32_t i = 0; i < item->n_suppress; i++)
		if (suppresses(rules, &rules->filters[item->suppress + i], &item->rule, src, dst))
			return true;
	return false;
}
