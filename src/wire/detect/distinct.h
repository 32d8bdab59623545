/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * How many different endpoints, addresses and ports somebody contacted, for many at once, in
 * bounded memory.
 *
 * An owner passes through three forms. Up to WW_DISTINCT_FEW endpoints are kept in place; beyond,
 * up to WW_DISTINCT_EXACT in a table of the shared pool; beyond that, or when the pool is used up,
 * in HyperLogLog sketches of 2^10 registers (Flajolet and others 2007; standard error 3.25 %) read
 * by Ertl's improved raw estimator (arXiv:1702.01284, algorithm 6), which needs no bias table.
 * The first two forms are exact but for collisions of 48-bit keyed hashes of addresses.
 *
 * Memory: at most 3,072 bytes a sketched owner and 16 KiB a pool table; pages that no owner
 * reached are not touched. One thread at a time.
 */
#include "base/hash.h"
#include "value/ip.h"

enum {
	WW_DISTINCT_FEW = 16,
	WW_DISTINCT_SLOTS = 2048,
	WW_DISTINCT_EXACT = 1536, /* three quarters of the slots */
	WW_DISTINCT_REGISTERS = 1024,
};

struct ww_distinct_counts {
	uint64_t endpoints, hosts, ports;
	bool exact;
};

struct ww_distinct;

/* For owners 0 .. n_owners-1, with n_tables exact tables. 0 or -ENOMEM. End with _free. */
int ww_distinct_new(
	struct ww_hash_key key, uint32_t n_owners, uint32_t n_tables, struct ww_distinct **ret);
void ww_distinct_free(struct ww_distinct **distinct);
/* Counts one endpoint of `owner`; again is no change. */
void ww_distinct_add(
	struct ww_distinct *distinct, uint32_t owner, const struct ww_ip *ip, uint16_t port);
/* Fetches what ww_distinct_add is going to look at. No other effect. */
void ww_distinct_expect(const struct ww_distinct *distinct, uint32_t owner);
/* Forgets all of `owner`. */
void ww_distinct_reset(struct ww_distinct *distinct, uint32_t owner);
struct ww_distinct_counts ww_distinct_count(struct ww_distinct *distinct, uint32_t owner);
