// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What rules remember of a flow: flowbits, rules that wait for bytes, what was alerted on.
 *
 * Made at the first need, of fixed size; the flow table bounds how many there are.
 */
#include "wire/rules/rules-private.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

void ww_message_state_reset(struct ww_message_state *message)
{
	memset(message, 0, offsetof(struct ww_message_state, waits));
}

/*
 * Its lists are left as they are, behind their numbers of 0: of most flows they are never used, and
 * zeroing them would touch eighteen lines of memory that is new to the cache.
 */
static struct ww_rule_state *new_state(const struct ww_flow *flow)
{
	struct ww_rule_state *state = malloc(sizeof(*state));
	if (!state)
		return NULL;
	memset(state, 0, offsetof(struct ww_rule_state, messages));
	for (size_t dir = 0; dir < 2; dir++)
		ww_message_state_reset(&state->messages[dir]);
	state->lane = (uint8_t)ww_lane_of(flow);
	return state;
}

struct ww_rule_state *ww_state_get(struct ww_flow *flow, bool make)
{
	if (!flow || !flow->rule_state)
		return NULL;
	if (!*flow->rule_state && make)
		*flow->rule_state = new_state(flow);
	return *flow->rule_state;
}

bool ww_rules_remember(struct ww_flow *flow)
{
	return ww_state_get(flow, true) != NULL;
}

unsigned ww_rules_state_lane(const void *rule_state)
{
	const struct ww_rule_state *state = rule_state;
	return state->lane;
}

void ww_rules_forget(void *rules_, void **rule_state)
{
	struct ww_rules *rules = rules_;
	struct ww_rule_state *state = *rule_state;
	if (state)
		ww_protos_forget(rules->lanes[state->lane], &state->app);
	free(state);
	*rule_state = NULL;
}

uint64_t ww_state_floor(const struct ww_flow *flow, uint32_t rule, enum ww_dir dir)
{
	const struct ww_rule_state *state = flow && flow->rule_state ? *flow->rule_state : NULL;
	if (!state)
		return 0;
	for (uint32_t i = 0; i < state->n_told; i++)
		if (state->told[i].rule == rule && state->told[i].dir == dir)
			return state->told[i].floor;
	return 0;
}

void ww_state_tell(struct ww_flow *flow, uint32_t rule, enum ww_dir dir, uint64_t floor)
{
	struct ww_rule_state *state = ww_state_get(flow, true);
	if (!state)
		return;
	uint32_t i = 0;
	while (i < state->n_told && (state->told[i].rule != rule || state->told[i].dir != dir))
		i++;
	if (i == WW_TOLD_MAX) {
		/* The oldest goes: it may alert twice. To cover for all rules what it covered would
		   silence those that have not alerted: decoys could hide an attack. */
		memmove(state->told, state->told + 1, sizeof(state->told) - sizeof(*state->told));
		i--;
	} else if (i == state->n_told) {
		state->n_told++;
	}
	state->told[i] = (struct ww_told){rule, (uint8_t)dir, floor};
}

/* The bits that an option means. */
static void mask_of(
	const struct ww_rules *rules, const struct ww_bits *bits, uint8_t mask[WW_FLOWBITS / 8])
{
	if (bits->whole_group) {
		memcpy(mask, rules->bit_groups[bits->group - 1].bits, WW_FLOWBITS / 8);
		return;
	}
	memset(mask, 0, WW_FLOWBITS / 8);
	for (size_t k = 0; k < bits->n; k++)
		mask[bits->ids[k] / 8] |= (uint8_t)(1 << bits->ids[k] % 8);
}

static bool bit(const struct ww_rule_state *state, uint16_t id)
{
	return state && (state->bits[id / 8] >> id % 8 & 1);
}

static bool bits_hold(
	const struct ww_rules *rules, const struct ww_bits *bits, const struct ww_rule_state *state)
{
	bool wanted = bits->op == WW_BIT_ISSET;
	size_t fit = 0, n = bits->n;
	for (size_t k = 0; k < bits->n; k++)
		fit += bit(state, bits->ids[k]) == wanted;
	const uint8_t *group = bits->whole_group ? rules->bit_groups[bits->group - 1].bits : NULL;
	for (uint16_t id = 0; group && id < rules->n_bits; id++) {
		bool member = group[id / 8] >> id % 8 & 1;
		n += member;
		fit += member && bit(state, id) == wanted;
	}
	return bits->any ? fit > 0 : fit == n;
}

bool ww_state_bits_fit(
	const struct ww_rules *rules, const struct ww_item *item, struct ww_flow *flow)
{
	const struct ww_rule_state *state = item->n_bits ? ww_state_get(flow, false) : NULL;
	for (size_t i = 0; i < item->n_bits; i++) {
		const struct ww_bits *bits = &item->bits[i];
		bool asks = bits->op == WW_BIT_ISSET || bits->op == WW_BIT_ISNOTSET;
		if (asks && !bits_hold(rules, bits, state))
			return false;
	}
	return true;
}

static void act(
	const struct ww_rules *rules, const struct ww_bits *bits, struct ww_rule_state *state)
{
	uint8_t mask[WW_FLOWBITS / 8];
	const uint8_t *group = bits->group ? rules->bit_groups[bits->group - 1].bits : NULL;
	mask_of(rules, bits, mask);
	for (size_t i = 0; i < sizeof(mask); i++) {
		uint8_t *byte = &state->bits[i];
		if (bits->op == WW_BIT_RESET)
			*byte &= group ? (uint8_t)~group[i] : 0;
		if (bits->exclusive)
			*byte &= (uint8_t)~group[i];
		if (bits->op == WW_BIT_SET)
			*byte |= mask[i];
		else if (bits->op == WW_BIT_UNSET)
			*byte &= (uint8_t)~mask[i];
		else if (bits->op == WW_BIT_TOGGLE)
			*byte ^= mask[i];
	}
}

bool ww_state_bits_act(
	const struct ww_rules *rules, const struct ww_item *item, struct ww_flow *flow)
{
	bool acts = false, sets = false;
	for (size_t i = 0; i < item->n_bits; i++) {
		acts |= item->bits[i].op < WW_BIT_ISSET;
		sets |= item->bits[i].op == WW_BIT_SET || item->bits[i].op == WW_BIT_TOGGLE;
	}
	struct ww_rule_state *state = acts ? ww_state_get(flow, true) : NULL;
	for (size_t i = 0; state && i < item->n_bits; i++)
		if (item->bits[i].op < WW_BIT_ISSET)
			act(rules, &item->bits[i], state);
	return sets;
}
