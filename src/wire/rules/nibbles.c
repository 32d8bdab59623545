// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Where a text can hold the start of one of some hundreds of runs of four bytes, 32 places at once.
 *
 * The runs are put into eight buckets, a bit each. For each of the four bytes two tables of 16 say
 * which buckets take its low and its high half; the instruction PSHUFB looks 32 bytes up at once.
 * The AND of the eight answers is 0 where no bucket fits. This is Teddy of Hyperscan (Wang et al.,
 * NSDI 2019). The more runs a bucket has, the more other bytes it takes: so there are up to four
 * sets of eight buckets, as many as make the sum of looking and of what is found in vain smallest.
 * Where that sum is too large it is not done at all.
 */
#include "wire/rules/matcher-private.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 8, BLOCK = 32, MOST = 512 };

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

/* Short ones apart: what they leave open every other run of their bucket leaves open, too. */
static int in_order(const void *a, const void *b)
{
	const struct ww_nibble_run *x = a, *y = b;
	return x->len != y->len ? x->len - y->len : memcmp(x, y, sizeof(*x));
}

static void take(struct ww_nibbles *nibbles, size_t at, uint8_t byte, unsigned bucket)
{
	uint8_t bit = (uint8_t)(1u << bucket % BUCKETS);
	nibbles->low[bucket / BUCKETS][at][byte & 15] |= bit;
	nibbles->high[bucket / BUCKETS][at][byte >> 4] |= bit;
}

static void take_any(struct ww_nibbles *nibbles, size_t at, unsigned bucket)
{
	for (uint8_t half = 0; half < 16; half++)
		take(nibbles, at, (uint8_t)(half << 4 | half), bucket);
}

/* How often each byte is met in traffic. */
static void weigh(double weights[256])
{
	static const double by_score[] = {40, 0, 20, 0, 8, 6, 0, 1};
	double sum = 0;
	for (unsigned byte = 0; byte < 256; byte++)
		sum += weights[byte] = by_score[ww_byte_score((uint8_t)byte)];
	for (unsigned byte = 0; byte < 256; byte++)
		weights[byte] /= sum;
}

/* The part of all places in ordinary traffic where a bucket fits. */
static double density(const struct ww_nibbles *nibbles, unsigned bucket, const double weights[256])
{
	const uint8_t(*low)[16] = nibbles->low[bucket / BUCKETS];
	const uint8_t(*high)[16] = nibbles->high[bucket / BUCKETS];
	double fits = 1;
	for (size_t at = 0; fits > 0 && at < WW_NIBBLE_RUN; at++) {
		double here = 0;
		for (unsigned byte = 0; byte < 256; byte++)
			if (low[at][byte & 15] & high[at][byte >> 4] & 1u << bucket % BUCKETS)
				here += weights[byte];
		fits *= here;
	}
	return fits;
}

static void fill(struct ww_nibbles *nibbles, const struct ww_nibble_run *runs, size_t n,
	const double weights[256])
{
	/* Where bytes are left open, a bucket of few runs takes as much as one of many that have
	 * all. */
	static const uint8_t shares[] = {0, 0, 8, 3, 1};
	unsigned buckets = nibbles->sets * BUCKETS;
	double found = 0;
	size_t all = 0, sum = 0;
	for (size_t i = 0; i < n; i++)
		all += shares[runs[i].len];
	for (size_t i = 0; i < n; i++) {
		unsigned bucket = (unsigned)(sum * buckets / all);
		sum += shares[runs[i].len];
		for (size_t at = 0; at < WW_NIBBLE_RUN; at++) {
			uint8_t byte = runs[i].bytes[at];
			if (at >= runs[i].len) {
				take_any(nibbles, at, bucket);
				continue;
			}
			take(nibbles, at, byte, bucket);
			if (runs[i].nocase && byte >= 'a' && byte <= 'z')
				take(nibbles, at, byte - 0x20, bucket);
		}
	}
	for (unsigned bucket = 0; bucket < buckets; bucket++)
		found += density(nibbles, bucket, weights);
	nibbles->cost = 0.3 + 0.5 * nibbles->sets + 20 * found;
}

struct ww_nibbles *ww_nibbles_new(struct ww_nibble_run *runs, size_t n)
{
	static const double too_much = 3; /* about what the tables of hashes take */
	if (n == 0 || n > MOST || !__builtin_cpu_supports("avx2"))
		return NULL;
	/* Neighbours in order are alike: a bucket of them takes few other bytes. */
	qsort(runs, n, sizeof(*runs), in_order);
	double weights[256];
	weigh(weights);
	struct ww_nibbles *best = NULL;
	for (unsigned sets = 1; sets <= WW_NIBBLE_SETS; sets *= 2) {
		struct ww_nibbles *nibbles = calloc(1, sizeof(*nibbles));
		if (!nibbles)
			break;
		nibbles->sets = sets;
		fill(nibbles, runs, n, weights);
		bool better = nibbles->cost < (best ? best->cost : too_much);
		free(better ? best : nibbles);
		best = better ? nibbles : best;
	}
	return best;
}

__attribute__((target("avx2"))) static __m256i table(const uint8_t bytes[16])
{
	return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)bytes));
}

/* A bit for each of the 32 places from data[0] on. The compiler makes one for each number of sets.
 */
__attribute__((target("avx2"), always_inline)) static inline uint32_t places_of(
	const struct ww_nibbles *nibbles, unsigned sets, const uint8_t *data)
{
	const __m256i half = _mm256_set1_epi8(15);
	__m256i fits[WW_NIBBLE_SETS];
	for (unsigned set = 0; set < sets; set++)
		fits[set] = _mm256_set1_epi8(-1);
	for (size_t at = 0; at < WW_NIBBLE_RUN; at++) {
		__m256i text = _mm256_loadu_si256((const __m256i *)(const void *)(data + at));
		__m256i top = _mm256_and_si256(_mm256_srli_epi16(text, 4), half);
		__m256i bottom = _mm256_and_si256(text, half);
		for (unsigned set = 0; set < sets; set++) {
			__m256i low = _mm256_shuffle_epi8(table(nibbles->low[set][at]), bottom);
			__m256i high = _mm256_shuffle_epi8(table(nibbles->high[set][at]), top);
			fits[set] = _mm256_and_si256(fits[set], _mm256_and_si256(low, high));
		}
	}
	__m256i any = fits[0];
	for (unsigned set = 1; set < sets; set++)
		any = _mm256_or_si256(any, fits[set]);
	return ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(any, _mm256_setzero_si256()));
}

__attribute__((target("avx2"), always_inline)) static inline void scan(
	const struct ww_nibbles *nibbles, unsigned sets, const uint8_t *data, size_t last,
	ww_nibbles_fn *place, const void *context)
{
	for (size_t next = 0; next < last + BLOCK; next += BLOCK) {
		size_t i = next < last ? next : last;
		uint32_t places = places_of(nibbles, sets, data + i);
		/* Those that the block before had already. */
		for (places = places >> (next - i) << (next - i); places; places &= places - 1)
			place(context, i + (size_t)__builtin_ctz(places));
	}
}

__attribute__((target("avx2"))) size_t ww_nibbles_scan(const struct ww_nibbles *nibbles,
	const uint8_t *data, size_t len, ww_nibbles_fn *place, const void *context)
{
	if (len < BLOCK + WW_NIBBLE_RUN - 1)
		return 0;
	size_t last = len - (BLOCK + WW_NIBBLE_RUN - 1); /* a block begins here at the latest */
	switch (nibbles->sets) {
	case 1: scan(nibbles, 1, data, last, place, context); break;
	case 2: scan(nibbles, 2, data, last, place, context); break;
	default: scan(nibbles, WW_NIBBLE_SETS, data, last, place, context); break;
	}
	return last + BLOCK;
}

#else

struct ww_nibbles *ww_nibbles_new(struct ww_nibble_run *runs, size_t n)
{
	(void)runs;
	(void)n;
	return NULL;
}

size_t ww_nibbles_scan(const struct ww_nibbles *nibbles, const uint8_t *data, size_t len,
	ww_nibbles_fn *place, const void *context)
{
	(void)nibbles;
	(void)data;
	(void)len;
	(void)place;
	(void)context;
	return 0;
}

#endif
