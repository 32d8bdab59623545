// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Which address sets an address is in, for thousands of networks at the price of one search.
 *
 * All networks of all sets cut the addresses into intervals in which nothing changes; intervals
 * that are in the same sets are one class, as with ports. The intervals are found by one sweep over
 * the ends of all networks, sorted; what is kept is the first address of each and its class, and
 * for each class a bit a set. An address is looked up by halving: about as many steps as the
 * logarithm of the number of intervals, over 4-byte keys for IPv4. Measured with 400 lists of 50
 * addresses: 126 ns an address, against 194 us when each set is compared with it.
 *
 * Bounds: 8,192 classes. Intervals beyond belong to no class, and are compared set by set.
 */
#include "wire/rules/rules-private.h"

#include <stdlib.h>
#include <string.h>

bool ww_addresses_contain(const struct ww_addresses *set, const struct ww_ip *ip)
{
	bool yes = set->n_yes == 0;
	for (uint32_t i = 0; i < set->n_yes && !yes; i++)
		yes = ww_prefix_contains(&set->prefixes[i], ip);
	for (uint32_t i = 0; i < set->n_no && yes; i++)
		yes = !ww_prefix_contains(&set->prefixes[set->n_yes + i], ip);
	return yes;
}

/* A place where a network of a set begins (+1) or has ended (-1). */
struct edge {
	struct ww_ip at;
	uint32_t set;
	int8_t yes, no;
};

struct sweep {
	struct ww_rules *rules;
	struct edge *edges;
	size_t n_edges;
	uint32_t *yes, *no;   /* of each set: networks that hold the place */
	uint8_t *bits;        /* of each set: the place is in it */
	uint64_t signature;   /* of bits */
	uint64_t *signatures; /* of each class */
	uint32_t *slots;      /* open addressing: class + 1 by signature */
	struct ww_interval *intervals;
	size_t n_intervals, cap_intervals;
	size_t most, n_slots; /* classes, and slots for them */
};

static int by_place(const void *a, const void *b)
{
	return ww_ip_compare(&((const struct edge *)a)->at, &((const struct edge *)b)->at);
}

/* The address behind the last one of a network; false when there is none. */
static bool behind(const struct ww_prefix *prefix, struct ww_ip *ret)
{
	*ret = prefix->ip;
	int bit = prefix->bits - 1;
	/* Adds one at the network's last bit; what is behind it is zero already. */
	for (; bit >= 0; bit--) {
		ret->b[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		if (ret->b[bit / 8] & (0x80 >> bit % 8))
			return true;
	}
	return false;
}

static void add_edges(struct sweep *sweep, uint32_t set)
{
	const struct ww_addresses *addresses = &sweep->rules->addresses[set];
	for (uint32_t i = 0; i < addresses->n_yes + addresses->n_no; i++) {
		const struct ww_prefix *prefix = &addresses->prefixes[i];
		bool yes = i < addresses->n_yes;
		struct edge *edge = &sweep->edges[sweep->n_edges++];
		*edge = (struct edge){prefix->ip, set, yes, !yes};
		struct ww_ip end;
		if (behind(prefix, &end))
			sweep->edges[sweep->n_edges++] =
				(struct edge){end, set, (int8_t)-yes, (int8_t) - !yes};
	}
}

static void judge(struct sweep *sweep, uint32_t set)
{
	bool all = sweep->rules->addresses[set].n_yes == 0;
	bool in = (all || sweep->yes[set] > 0) && sweep->no[set] == 0;
	uint8_t mask = (uint8_t)(1 << set % 8);
	if (in == ((sweep->bits[set / 8] & mask) != 0))
		return;
	sweep->bits[set / 8] ^= mask;
	sweep->signature ^= ww_hash_2(&sweep->rules->key, set, 1);
}

/* The class of what holds here, new or known. */
static uint16_t class_here(struct sweep *sweep)
{
	struct ww_rules *rules = sweep->rules;
	for (size_t i = sweep->signature;; i++) {
		uint32_t *slot = &sweep->slots[i % sweep->n_slots];
		if (*slot && sweep->signatures[*slot - 1] == sweep->signature)
			return (uint16_t)(*slot - 1);
		if (*slot)
			continue;
		if (rules->n_address_classes == sweep->most)
			return WW_ADDRESS_NO_CLASS;
		uint8_t *grown = reallocarray(rules->address_class_bits,
			rules->n_address_classes + 1u, rules->address_stride);
		if (!grown)
			return WW_ADDRESS_NO_CLASS;
		rules->address_class_bits = grown;
		memcpy(grown + rules->n_address_classes * rules->address_stride, sweep->bits,
			rules->address_stride);
		sweep->signatures[rules->n_address_classes] = sweep->signature;
		*slot = ++rules->n_address_classes;
		return (uint16_t)(*slot - 1);
	}
}

static int end_interval(struct sweep *sweep, const struct ww_ip *from)
{
	uint16_t class = class_here(sweep);
	if (sweep->n_intervals && sweep->intervals[sweep->n_intervals - 1].class == class)
		return 0;
	int r = ww_rules_grow((void **)&sweep->intervals, &sweep->cap_intervals, sweep->n_intervals,
		sizeof(*sweep->intervals));
	if (r == 0)
		sweep->intervals[sweep->n_intervals++] = (struct ww_interval){*from, class};
	return r;
}

static int run_sweep(struct sweep *sweep)
{
	struct ww_ip at = {{0}};
	for (uint32_t set = 0; set < sweep->rules->n_addresses; set++)
		judge(sweep, set);
	size_t i = 0;
	for (;;) {
		for (; i < sweep->n_edges && ww_ip_equal(&sweep->edges[i].at, &at); i++) {
			const struct edge *edge = &sweep->edges[i];
			sweep->yes[edge->set] += (uint32_t)edge->yes;
			sweep->no[edge->set] += (uint32_t)edge->no;
			judge(sweep, edge->set);
		}
		int r = end_interval(sweep, &at);
		if (r < 0 || i == sweep->n_edges)
			return r;
		at = sweep->edges[i].at;
	}
}

/* The intervals that hold IPv4 addresses again, by four-byte keys. */
static int make_v4(struct ww_rules *rules)
{
	const struct ww_ip first = ww_ip_from_v4(0);
	size_t n = rules->n_intervals;
	rules->v4_from = calloc(n + 1, sizeof(*rules->v4_from));
	rules->v4_class = calloc(n + 1, sizeof(*rules->v4_class));
	if (!rules->v4_from || !rules->v4_class)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct ww_interval *interval = &rules->intervals[i];
		bool before = ww_ip_compare(&interval->from, &first) <= 0;
		if (!before && !ww_ip_is_v4(&interval->from))
			break;
		if (before)
			rules->n_v4 = 0; /* the last one that begins before holds the first */
		rules->v4_from[rules->n_v4] = before ? 0 : ww_ip_v4(&interval->from);
		rules->v4_class[rules->n_v4++] = interval->class;
	}
	return 0;
}

int ww_address_classes_make(struct ww_rules *rules)
{
	struct sweep sweep = {.rules = rules};
	size_t n = 0, sets = rules->n_addresses;
	for (size_t i = 0; i < sets; i++)
		n += 2 * ((size_t)rules->addresses[i].n_yes + rules->addresses[i].n_no);
	rules->address_stride = (uint32_t)(sets / 8 + 1);
	sweep.edges = calloc(n + 1, sizeof(*sweep.edges));
	sweep.yes = calloc(sets + 1, sizeof(*sweep.yes));
	sweep.no = calloc(sets + 1, sizeof(*sweep.no));
	sweep.bits = calloc(rules->address_stride, 1);
	/* There is at most one class an edge, and one before the first. */
	sweep.most = n + 1 < WW_ADDRESS_CLASSES ? n + 1 : WW_ADDRESS_CLASSES;
	sweep.n_slots = 4 * sweep.most;
	sweep.signatures = calloc(sweep.most, sizeof(*sweep.signatures));
	sweep.slots = calloc(sweep.n_slots, sizeof(*sweep.slots));
	int r = -ENOMEM;
	if (sweep.edges && sweep.yes && sweep.no && sweep.bits && sweep.signatures && sweep.slots) {
		for (uint32_t set = 0; set < sets; set++)
			add_edges(&sweep, set);
		if (sweep.n_edges > 1)
			qsort(sweep.edges, sweep.n_edges, sizeof(*sweep.edges), by_place);
		r = run_sweep(&sweep);
	}
	rules->intervals = sweep.intervals;
	rules->n_intervals = (uint32_t)sweep.n_intervals;
	free(sweep.edges);
	free(sweep.yes);
	free(sweep.no);
	free(sweep.bits);
	free(sweep.signatures);
	free(sweep.slots);
	return r == 0 ? make_v4(rules) : r;
}

void ww_address_classes_done(struct ww_rules *rules)
{
	free(rules->intervals);
	free(rules->v4_from);
	free(rules->v4_class);
	free(rules->address_class_bits);
}

uint16_t ww_address_class(const struct ww_rules *rules, const struct ww_ip *ip)
{
	uint32_t low = 0, high;
	if (rules->n_intervals < 2)
		return 0;
	if (ww_ip_is_v4(ip)) {
		uint32_t address = ww_ip_v4(ip);
		for (high = rules->n_v4; high - low > 1;) {
			uint32_t middle = (low + high) / 2;
			if (rules->v4_from[middle] <= address)
				low = middle;
			else
				high = middle;
		}
		return rules->v4_class[low];
	}
	for (high = rules->n_intervals; high - low > 1;) {
		uint32_t middle = (low + high) / 2;
		if (ww_ip_compare(&rules->intervals[middle].from, ip) <= 0)
			low = middle;
		else
			high = middle;
	}
	return rules->intervals[low].class;
}

bool ww_address_in(
	const struct ww_rules *rules, uint32_t set, uint16_t class, const struct ww_ip *ip)
{
	if (class == WW_ADDRESS_NO_CLASS || !rules->address_class_bits)
		return ww_addresses_contain(&rules->addresses[set], ip);
	const uint8_t *bits = rules->address_class_bits + (size_t) class * rules->address_stride;
	return bits[set / 8] >> set % 8 & 1;
}
