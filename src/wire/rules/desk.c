// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What one thread works with, and the sums of what all of them counted.
 */
#include "wire/rules/rules-private.h"

#include <stdlib.h>

void ww_desk_sum(void *sum, const void *counts, size_t size)
{
	uint64_t *to = sum;
	const uint64_t *from = counts;
	for (size_t i = 0; i < size / sizeof(*to); i++)
		to[i] += from[i];
}

static void desk_free(struct ww_desk *desk)
{
	free(desk->marks);
	free(desk->candidates);
	free(desk->kept);
	free(desk->costs);
	free(desk->message_list);
	pcre2_match_data_free(desk->match_data);
	pcre2_match_context_free(desk->match_context);
	pcre2_jit_stack_free(desk->jit_stack);
	free(desk);
}

int ww_desk_new(struct ww_rules *rules, struct ww_desk **ret)
{
	struct ww_desk *desk = calloc(1, sizeof(*desk));
	size_t n = rules->n_items + 1;
	if (!desk)
		return -ENOMEM;
	desk->rules = rules;
	desk->counts_later = rules->desks != NULL;
	desk->marks = calloc(n, sizeof(*desk->marks));
	desk->candidates = calloc(n, sizeof(*desk->candidates));
	desk->kept = calloc(n, sizeof(*desk->kept));
	desk->costs = calloc(n, sizeof(*desk->costs));
	desk->message_list = calloc(n, sizeof(*desk->message_list));
	if (!desk->marks || !desk->candidates || !desk->kept || !desk->costs ||
		!desk->message_list) {
		desk_free(desk);
		return -ENOMEM;
	}
	desk->next = rules->desks;
	rules->desks = desk;
	*ret = desk;
	return 0;
}

void ww_desk_free(struct ww_desk **desk_)
{
	struct ww_desk *desk = *desk_;
	if (!desk)
		return;
	struct ww_rules *rules = desk->rules;
	struct ww_desk **at = &rules->desks;
	while (*at != desk)
		at = &(*at)->next;
	*at = desk->next;
	ww_desk_sum(&rules->counts, &desk->counts, sizeof(rules->counts));
	for (size_t i = 0; i < rules->n_items; i++)
		ww_desk_sum(&rules->desk->costs[i], &desk->costs[i], sizeof(desk->costs[i]));
	desk_free(desk);
	*desk_ = NULL;
}

void ww_desks_done(struct ww_rules *rules)
{
	while (rules->desks) {
		struct ww_desk *desk = rules->desks;
		rules->desks = desk->next;
		desk_free(desk);
	}
}

unsigned ww_rules_lane(const struct ww_flow *flow)
{
	return ww_lane_of(flow);
}

struct ww_rules_counts ww_rules_counts(const struct ww_rules *rules)
{
	struct ww_rules_counts sum = rules->counts;
	for (const struct ww_desk *desk = rules->desks; desk; desk = desk->next)
		ww_desk_sum(&sum, &desk->counts, sizeof(sum));
	return sum;
}

struct ww_rule_cost ww_rules_cost(const struct ww_rules *rules, size_t i)
{
	ww_assert(i < rules->n_items && rules->compiled);
	struct ww_rule_cost sum = {0};
	for (const struct ww_desk *desk = rules->desks; desk; desk = desk->next)
		ww_desk_sum(&sum, &desk->costs[i], sizeof(sum));
	return sum;
}
