// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * One literal in a text, as verification does it hundreds of thousands of times a second.
 *
 * The first and the last byte of the literal are compared at 16 places at once; the bytes between
 * only where both fit. The C library's memmem takes 2 to 6 cycles a byte for the literals of two
 * bytes that rules like, and knows no case. Long literals are left to it: its cost is linear, ours
 * length times length on a hostile text.
 */
#include "wire/rules/matcher-private.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { LONG = 64 };

static bool is_letter(uint8_t lower)
{
	return lower >= 'a' && lower <= 'z';
}

static bool equal(const uint8_t *text, const uint8_t *literal, size_t len, bool nocase)
{
	if (!nocase)
		return memcmp(text, literal, len) == 0;
	for (size_t i = 0; i < len; i++) {
		uint8_t bit = is_letter(literal[i]) ? 0x20 : 0;
		if ((text[i] | bit) != literal[i])
			return false;
	}
	return true;
}

const uint8_t *ww_search(
	const uint8_t *text, size_t len, const uint8_t *literal, size_t literal_len, bool nocase)
{
	if (literal_len == 0 || len < literal_len)
		return NULL;
	if (!nocase && literal_len == 1)
		return memchr(text, literal[0], len);
	if (!nocase && literal_len > LONG)
		return memmem(text, len, literal, literal_len);
	size_t last = literal_len - 1, i = 0;
#ifdef __SSE2__
	const __m128i a = _mm_set1_epi8((char)literal[0]);
	const __m128i b = _mm_set1_epi8((char)literal[last]);
	const __m128i a_bit = _mm_set1_epi8(nocase && is_letter(literal[0]) ? 0x20 : 0);
	const __m128i b_bit = _mm_set1_epi8(nocase && is_letter(literal[last]) ? 0x20 : 0);
	for (; len - i >= last + 16; i += 16) {
		__m128i x = _mm_loadu_si128((const __m128i *)(const void *)(text + i));
		__m128i y = _mm_loadu_si128((const __m128i *)(const void *)(text + i + last));
		x = _mm_cmpeq_epi8(_mm_or_si128(x, a_bit), a);
		y = _mm_cmpeq_epi8(_mm_or_si128(y, b_bit), b);
		for (unsigned hits = (unsigned)_mm_movemask_epi8(_mm_and_si128(x, y)); hits;
			hits &= hits - 1) {
			const uint8_t *at = text + i + __builtin_ctz(hits);
			if (equal(at, literal, literal_len, nocase))
				return at;
		}
	}
#endif
	for (; len - i >= literal_len; i++)
		if (equal(text + i, literal, literal_len, nocase))
			return text + i;
	return NULL;
}
