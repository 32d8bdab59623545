// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Where a text can hold the start of one of a few runs of four bytes, 32 places at once.
 *
 * The runs are put into eight buckets, a bit each. For each of the four bytes two tables of 16 say
 * which buckets take its low and its high half; the instruction PSHUFB looks 32 bytes up at once.
 * The AND of the eight answers is 0 where no bucket fits. This is Teddy of Hyperscan (Wang et al.,
 * NSDI 2019). It pays while the runs are few and rare, which is estimated when it is built: with
 * hundreds of them most places of a text fit some bucket.
 */
#include "wire/rules/matcher-private.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 8, BLOCK = 32, MOST = 512 };

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct ww_nibble_run));
}

static void take(struct ww_nibbles *nibbles, size_t at, uint8_t byte, uint8_t bucket)
{
	nibbles->low[at][byte & 15] |= bucket;
	nibbles->high[at][byte >> 4] |= bucket;
}

/* Tells how often a byte of traffic is this one, in parts of some sum: see telling() there. */
static double weight(uint8_t byte)
{
	static const double by_score[] = {40, 0, 20, 0, 8, 6, 0, 1};
	return by_score[ww_byte_score(byte)];
}

/* The part of all places in ordinary traffic where some bucket fits. */
static double density(const struct ww_nibbles *nibbles)
{
	double all = 0, sum = 0;
	for (unsigned byte = 0; byte < 256; byte++)
		all += weight((uint8_t)byte);
	for (unsigned bucket = 0; bucket < BUCKETS; bucket++) {
		double fits = 1;
		for (size_t at = 0; at < WW_NIBBLE_RUN; at++) {
			double here = 0;
			for (unsigned byte = 0; byte < 256; byte++)
				if (nibbles->low[at][byte & 15] & nibbles->high[at][byte >> 4] &
					1u << bucket)
					here += weight((uint8_t)byte);
			fits *= here / all;
		}
		sum += fits;
	}
	return sum;
}

struct ww_nibbles *ww_nibbles_new(struct ww_nibble_run *runs, size_t n)
{
	if (n == 0 || n > MOST || !__builtin_cpu_supports("avx2"))
		return NULL;
	struct ww_nibbles *nibbles = calloc(1, sizeof(*nibbles));
	if (!nibbles)
		return NULL;
	/* Neighbours in order are alike: a bucket of them takes few other bytes. */
	qsort(runs, n, sizeof(*runs), by_bytes);
	for (size_t i = 0; i < n; i++) {
		uint8_t bucket = (uint8_t)(1u << i * BUCKETS / n);
		for (size_t at = 0; at < WW_NIBBLE_RUN; at++) {
			uint8_t byte = runs[i].bytes[at];
			if (at >= runs[i].len) {
				for (unsigned any = 0; any < 256; any++)
					take(nibbles, at, (uint8_t)any, bucket);
				continue;
			}
			take(nibbles, at, byte, bucket);
			if (runs[i].nocase && byte >= 'a' && byte <= 'z')
				take(nibbles, at, byte - 0x20, bucket);
		}
	}
	if (density(nibbles) > 1.0 / 64) {
		free(nibbles);
		return NULL;
	}
	return nibbles;
}

__attribute__((target("avx2"))) static __m256i table(const uint8_t bytes[16])
{
	return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)bytes));
}

__attribute__((target("avx2"))) size_t ww_nibbles_next(
	const struct ww_nibbles *nibbles, const uint8_t *data, size_t from, size_t len)
{
	const __m256i half = _mm256_set1_epi8(15);
	__m256i low[WW_NIBBLE_RUN], high[WW_NIBBLE_RUN];
	if (len < BLOCK + WW_NIBBLE_RUN - 1)
		return from;
	for (size_t at = 0; at < WW_NIBBLE_RUN; at++) {
		low[at] = table(nibbles->low[at]);
		high[at] = table(nibbles->high[at]);
	}
	size_t last = len - (BLOCK + WW_NIBBLE_RUN - 1); /* a block begins here at the latest */
	while (from < last + BLOCK) {
		size_t i = from < last ? from : last;
		__m256i fits = _mm256_set1_epi8(-1);
		for (size_t at = 0; at < WW_NIBBLE_RUN; at++) {
			__m256i text =
				_mm256_loadu_si256((const __m256i *)(const void *)(data + i + at));
			__m256i top = _mm256_and_si256(_mm256_srli_epi16(text, 4), half);
			fits = _mm256_and_si256(fits,
				_mm256_and_si256(
					_mm256_shuffle_epi8(low[at], _mm256_and_si256(text, half)),
					_mm256_shuffle_epi8(high[at], top)));
		}
		__m256i none = _mm256_cmpeq_epi8(fits, _mm256_setzero_si256());
		uint32_t places = ~(uint32_t)_mm256_movemask_epi8(none);
		places = places >> (from - i) << (from - i);
		if (places)
			return i + (size_t)__builtin_ctz(places);
		from = i + BLOCK;
	}
	return from;
}

#else

struct ww_nibbles *ww_nibbles_new(struct ww_nibble_run *runs, size_t n)
{
	(void)runs;
	(void)n;
	return NULL;
}

size_t ww_nibbles_next(
	const struct ww_nibbles *nibbles, const uint8_t *data, size_t from, size_t len)
{
	(void)nibbles;
	(void)data;
	(void)len;
	return from;
}

#endif
