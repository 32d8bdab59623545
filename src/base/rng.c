// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/rng.h"

#include <math.h>

__extension__ typedef unsigned __int128 u128;

static uint64_t splitmix64(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

struct ww_rng ww_rng_seeded(uint64_t seed)
{
	struct ww_rng rng;
	for (int i = 0; i < 4; i++)
		rng.s[i] = splitmix64(&seed);
	return rng;
}

static uint64_t rotate_left(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

uint64_t ww_rng_u64(struct ww_rng *rng)
{
	uint64_t *s = rng->s;
	uint64_t result = rotate_left(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;
	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate_left(s[3], 45);
	return result;
}

uint64_t ww_rng_below(struct ww_rng *rng, uint64_t n)
{
	if (n == 0)
		return 0;
	uint64_t floor = -n % n;
	for (;;) {
		u128 product = (u128)ww_rng_u64(rng) * n;
		if ((uint64_t)product >= floor)
			return (uint64_t)(product >> 64);
	}
}

double ww_rng_unit(struct ww_rng *rng)
{
	return (double)(ww_rng_u64(rng) >> 11) * 0x1p-53;
}

double ww_rng_exponential(struct ww_rng *rng, double mean)
{
	return -mean * log1p(-ww_rng_unit(rng));
}
