/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Reproducible pseudo-random numbers: xoshiro256** (Blackman and Vigna, 2018), seeded by
 * splitmix64. The same seed gives the same numbers on every machine. Not for secrets.
 */
#include <stdint.h>

struct ww_rng {
	uint64_t s[4];
};

struct ww_rng ww_rng_seeded(uint64_t seed);
uint64_t ww_rng_u64(struct ww_rng *rng);
/* Uniform in [0, n); n of 0 gives 0. Unbiased (Lemire's rejection). */
uint64_t ww_rng_below(struct ww_rng *rng, uint64_t n);
/* Uniform in [0, 1), 53 bits. */
double ww_rng_unit(struct ww_rng *rng);
/* Exponential with this mean, > 0. */
double ww_rng_exponential(struct ww_rng *rng, double mean);
