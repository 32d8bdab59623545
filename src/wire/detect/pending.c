// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Hits of success stages of which only one side was heard: a capture that begins in the middle
 * shows the attacker's bytes before the victim's acknowledgement, a forger shows nothing else.
 *
 * A ring of WW_PENDING; the oldest is told as unproven when a new one needs its place.
 */
#include "wire/detect/chain-private.h"

#include <stdlib.h>

struct chain_pending {
	struct ww_detect_hit hit;
	uint32_t topic, stage;
	bool in_use;
};

int ww_chain_pending_new(struct ww_chain *chain)
{
	chain->pending = calloc(WW_PENDING, sizeof *chain->pending);
	return chain->pending ? 0 : -ENOMEM;
}

/* One finding a stage and victim: that the other direction is missing. */
static void give_up(struct ww_chain *chain, struct chain_pending *pending)
{
	const struct ww_detect_hit *hit = &pending->hit;
	const struct ww_stage *stage = &chain->advisories[pending->topic]->stages[pending->stage];
	struct deed deed = {
		.topic = pending->topic,
		.stage = pending->stage,
		.time_us = hit->time_us,
		.frame = hit->frame,
		.hit = hit,
		.one_sided = true,
	};
	pending->in_use = false;
	chain->n_pending--;
	chain->counts.unproven++;
	if (!ww_chain_roles(chain, stage, hit, &deed))
		return;
	uint32_t victim = ww_chain_find(chain, &deed.victim, deed.topic);
	uint32_t bit = 1u << deed.stage;
	if (victim == NO_CASE || (chain->cases[victim].stages | chain->cases[victim].told) & bit)
		return;
	chain->cases[victim].told |= bit;
	ww_chain_deed_finding(chain, &deed);
}

void ww_chain_pend(
	struct ww_chain *chain, uint32_t topic, uint32_t stage, const struct ww_detect_hit *hit)
{
	struct chain_pending *pending = &chain->pending[chain->next_pending++ % WW_PENDING];
	if (pending->in_use)
		give_up(chain, pending);
	*pending = (struct chain_pending){*hit, topic, stage, true};
	chain->n_pending++;
}

/* In the order in which they came. */
static struct chain_pending *nth(struct ww_chain *chain, size_t i)
{
	return &chain->pending[(chain->next_pending + i) % WW_PENDING];
}

static void prove(struct ww_chain *chain, struct chain_pending *pending)
{
	struct ww_detect_hit hit = pending->hit;
	hit.two_way = true;
	pending->in_use = false;
	chain->n_pending--;
	ww_chain_stage_hit(chain, pending->topic, pending->stage, &hit);
}

void ww_chain_two_way(struct ww_chain *chain, uint32_t flow_id)
{
	for (size_t i = 0; chain->n_pending && i < WW_PENDING; i++) {
		struct chain_pending *pending = nth(chain, i);
		if (pending->in_use && pending->hit.flow_id == flow_id && flow_id)
			prove(chain, pending);
	}
}

/* A datagram beside a stage that was seen both ways, which came later. */
static bool is_backed(struct ww_chain *chain, const struct chain_pending *pending)
{
	const struct ww_stage *stage = &chain->advisories[pending->topic]->stages[pending->stage];
	struct deed deed = {.topic = pending->topic};
	if (pending->hit.proto == WW_PROTO_TCP ||
		!ww_chain_roles(chain, stage, &pending->hit, &deed))
		return false;
	uint32_t victim = ww_chain_find(chain, &deed.victim, deed.topic);
	if (victim == NO_CASE)
		return false;
	const struct candidate *peer = ww_chain_peer(&chain->cases[victim], &deed.attacker);
	return peer && peer->two_way;
}

void ww_chain_pending_finish(struct ww_chain *chain)
{
	for (size_t i = 0; chain->n_pending && i < WW_PENDING; i++) {
		struct chain_pending *pending = nth(chain, i);
		if (!pending->in_use)
			continue;
		if (is_backed(chain, pending))
			prove(chain, pending);
		else
			give_up(chain, pending);
	}
}
