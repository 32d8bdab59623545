// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/lines.h"
#include "wire/detect/chain-private.h"

#include <stdlib.h>

enum { WAYS = 8 };

static uint32_t power_of_two(uint32_t n)
{
	uint32_t power = WAYS;
	while (power < n && power < 1u << 30)
		power *= 2;
	return power;
}

int ww_chain_tables_new(struct ww_chain *chain, const struct ww_chain_config *config)
{
	chain->n_cases = power_of_two(config->cases);
	/* Twice as many places as cases: a bucket overflows before the cases do only by bad luck.
	 */
	chain->n_buckets = chain->n_cases * 2 / WAYS;
	chain->n_contact_buckets = power_of_two(config->contacts) / WAYS;
	chain->cases = calloc(chain->n_cases, sizeof *chain->cases);
	chain->index = calloc((size_t)chain->n_buckets * WAYS, sizeof *chain->index);
	chain->free_cases = calloc(chain->n_cases, sizeof *chain->free_cases);
	chain->contacts = calloc((size_t)chain->n_contact_buckets * WAYS, sizeof *chain->contacts);
	chain->findings = calloc(WW_CHAIN_FINDINGS, sizeof *chain->findings);
	return chain->cases && chain->index && chain->free_cases && chain->contacts &&
			       chain->findings
		       ? 0
		       : -ENOMEM;
}

void ww_chain_tables_free(struct ww_chain *chain)
{
	free(chain->cases);
	free(chain->index);
	free(chain->free_cases);
	free(chain->contacts);
	free(chain->findings);
}

static uint64_t hash_of(const struct ww_chain *chain, const struct ww_ip *ip, uint64_t what)
{
	return ww_hash_4(&chain->key, ww_ip_word(ip, 0), ww_ip_word(ip, 1), what, 0);
}

static uint32_t *bucket_of(const struct ww_chain *chain, const struct ww_ip *ip, uint32_t topic)
{
	return chain->index + (hash_of(chain, ip, topic) & (chain->n_buckets - 1)) * WAYS;
}

uint32_t ww_chain_find(const struct ww_chain *chain, const struct ww_ip *ip, uint32_t topic)
{
	const uint32_t *bucket = bucket_of(chain, ip, topic);
	for (int i = 0; i < WAYS; i++) {
		if (bucket[i] == 0)
			continue;
		const struct chain_case *self = &chain->cases[bucket[i] - 1];
		if (self->topic == topic && ww_ip_equal(&self->ip, ip))
			return bucket[i] - 1;
	}
	return NO_CASE;
}

/* How much would be lost: an infected host more than an attacker, that more than one attacked. */
static int worth(const struct chain_case *self)
{
	if (self->state >= WW_HOST_TAKEN_OVER || self->flags & CASE_SUSPECTED)
		return 3;
	return self->flags & CASE_STRUCK ? 2 : 1;
}

static bool gives_way(const struct chain_case *a, const struct chain_case *b)
{
	if (worth(a) != worth(b))
		return worth(a) < worth(b);
	return a->last_us < b->last_us;
}

/* The place in the bucket of the case to give up, or -1 when there is none but `keep`. */
static int pick_victim(const struct ww_chain *chain, const uint32_t *bucket, uint32_t keep)
{
	int victim = -1;
	for (int i = 0; i < WAYS; i++) {
		if (bucket[i] == 0 || bucket[i] - 1 == keep)
			continue;
		if (victim < 0 ||
			gives_way(&chain->cases[bucket[i] - 1], &chain->cases[bucket[victim] - 1]))
			victim = i;
	}
	return victim;
}

static void evict_from(struct ww_chain *chain, uint32_t *bucket, int place)
{
	uint32_t number = bucket[place] - 1;
	bucket[place] = 0;
	chain->cases[number].in_use = false;
	chain->free_cases[chain->n_free++] = number;
	chain->counts.evicted_cases++;
}

/* A free case; when there is none, the least of the nearest bucket that holds any makes room. */
static uint32_t take_case(struct ww_chain *chain, uint32_t *bucket, uint32_t keep)
{
	if (chain->n_free == 0 && chain->used_cases == chain->n_cases) {
		uint32_t at = (uint32_t)((bucket - chain->index) / WAYS);
		int place = -1;
		for (; place < 0; at = (at + 1) & (chain->n_buckets - 1)) {
			uint32_t *near = chain->index + (size_t)at * WAYS;
			place = pick_victim(chain, near, keep);
			if (place >= 0)
				evict_from(chain, near, place);
		}
	}
	return chain->n_free ? chain->free_cases[--chain->n_free] : chain->used_cases++;
}

static int free_place(const uint32_t *bucket)
{
	for (int i = 0; i < WAYS; i++)
		if (bucket[i] == 0)
			return i;
	return -1;
}

uint32_t ww_chain_case(struct ww_chain *chain, const struct ww_ip *ip, uint32_t topic,
	int64_t time_us, uint32_t keep)
{
	uint32_t number = ww_chain_find(chain, ip, topic);
	if (number == NO_CASE) {
		uint32_t *bucket = bucket_of(chain, ip, topic);
		if (free_place(bucket) < 0)
			evict_from(chain, bucket, pick_victim(chain, bucket, keep));
		number = take_case(chain, bucket, keep);
		bucket[free_place(bucket)] = number + 1;
		chain->cases[number] = (struct chain_case){.ip = *ip,
			.topic = topic,
			.in_use = true,
			.first_us = time_us,
			.last_us = time_us};
		chain->counts.cases++;
	}
	struct chain_case *self = &chain->cases[number];
	if (time_us < self->first_us)
		self->first_us = time_us;
	if (time_us > self->last_us)
		self->last_us = time_us;
	return number;
}

struct chain_contact *ww_chain_contacts_of(
	const struct ww_chain *chain, const struct ww_ip *dst, uint8_t proto, uint16_t port)
{
	uint64_t hash = hash_of(chain, dst, topic_of_port(proto, port));
	return chain->contacts + (hash & (chain->n_contact_buckets - 1)) * WAYS;
}

void ww_chain_expect(const struct ww_chain *chain, const struct ww_ip *src, const struct ww_ip *dst,
	uint8_t proto, uint16_t port)
{
	/* Most buckets are half full at most. */
	const char *bucket = (const char *)ww_chain_contacts_of(chain, dst, proto, port);
	for (size_t at = 0; at < WAYS / 2 * sizeof(struct chain_contact); at += WW_LINE)
		__builtin_prefetch(bucket + at, 1);
	__builtin_prefetch(bucket_of(chain, src, topic_of_port(proto, port)));
}

/* Contacts of scanners are worth more: one of them may be the cause. Then the oldest goes. */
static bool contact_gives_way(const struct chain_contact *a, const struct chain_contact *b)
{
	if (a->is_weak != b->is_weak)
		return a->is_weak;
	return (int32_t)(a->number - b->number) < 0;
}

void ww_chain_reached(struct ww_chain *chain, const struct ww_ip *src, const struct ww_ip *dst,
	uint8_t proto, uint16_t port, int64_t time_us, uint64_t frame)
{
	struct chain_contact *bucket = ww_chain_contacts_of(chain, dst, proto, port);
	struct chain_contact *place = NULL;
	for (struct chain_contact *at = bucket; at < bucket + WAYS; at++) {
		if (at->proto == proto && at->port == port && ww_ip_equal(&at->dst, dst) &&
			ww_ip_equal(&at->src, src))
			return;
		if (!place || !at->proto || contact_gives_way(at, place))
			place = at;
		/* Places are taken in order and never given back: behind a free one all are. */
		if (!at->proto)
			break;
	}
	bool is_scanner = ww_chain_find(chain, src, topic_of_port(proto, port)) != NO_CASE;
	if (place->proto) {
		chain->counts.evicted_contacts++;
		/* A benign newcomer does not push out a scanner. */
		if (!is_scanner && !place->is_weak)
			return;
	}
	*place = (struct chain_contact){
		.src = *src,
		.dst = *dst,
		.time_us = time_us,
		.frame = frame,
		.port = port,
		.proto = proto,
		.is_weak = !is_scanner,
		.number = chain->contact_number++,
	};
}

void ww_chain_note_finding(struct ww_chain *chain, uint32_t topic, uint64_t id)
{
	if (id == 0)
		return;
	if (chain->n_findings == WW_CHAIN_FINDINGS) {
		chain->counts.dropped_findings++;
		return;
	}
	chain->findings[chain->n_findings++] = (struct chain_finding){id, topic};
}

/*
 * Once the host is infected nobody new is a cause, and only who took it over can gain weight: what
 * others do to it now is a re-infection.
 */
static void strengthen(
	const struct chain_case *self, struct candidate *at, int64_t time_us, float weight)
{
	at->time_us = time_us;
	if (weight < at->weight)
		return;
	if (!case_is_infected(self)) {
		at->earlier_us = at->weight_us;
		at->earlier_weight = at->weight;
		at->weight_us = time_us;
	} else if (at->weight < WEIGHT_TAKEN) {
		return;
	}
	at->weight = weight;
}

struct candidate *ww_chain_peer(struct chain_case *self, const struct ww_ip *peer)
{
	for (int i = 0; i < self->n_candidates; i++)
		if (ww_ip_equal(&self->candidates[i].peer, peer))
			return &self->candidates[i];
	return NULL;
}

void ww_chain_candidate(struct chain_case *self, const struct ww_ip *peer, int64_t time_us,
	uint64_t frame, uint32_t stages, float weight)
{
	struct candidate *place = NULL;
	for (int i = 0; i < self->n_candidates; i++) {
		struct candidate *at = &self->candidates[i];
		if (ww_ip_equal(&at->peer, peer)) {
			at->stages |= stages;
			strengthen(self, at, time_us, weight);
			return;
		}
		if (!place || at->weight < place->weight ||
			(!(at->weight > place->weight) && at->time_us < place->time_us))
			place = at;
	}
	if (case_is_infected(self))
		return;
	if (self->n_candidates < WW_CHAIN_CANDIDATES)
		place = &self->candidates[self->n_candidates++];
	else if (weight < place->weight)
		return;
	*place = (struct candidate){.peer = *peer,
		.time_us = time_us,
		.weight_us = time_us,
		.frame = frame,
		.stages = stages,
		.weight = weight};
}
