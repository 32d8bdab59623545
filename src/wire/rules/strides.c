// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Many literals of seven bytes and more, at one look in four bytes of text.
 *
 * Wherever such a literal lies in a text, one of four neighbouring runs of four of its bytes begins
 * at a place that four divides. So all four runs are entered into the tables, and the text is
 * looked at only in such places (Wu and Manber, "A fast algorithm for multi-pattern searching",
 *1994, skip in a like manner):
 *
 *	text      . . . . | . . . . | . . . . | . . . .        first[hash of this run] &
 *	literal         a b c d e f g h i j k                  second[hash of the next]
 *	runs                cdef  ghij
 *
 * Both tables hold a bit for the pair's class, one of seven; where the AND is not 0, the literals
 * of that pair of hashes are compared. A literal of fewer than eleven bytes has no second run in
 * every place: it is of the eighth class, whose bit all of `second` holds. Which part of a longer
 * literal is taken is decided by how rare its bytes are in traffic.
 *
 * What a hostile text costs: one chain of comparisons each four bytes. Chains are as long as the
 * rules make them.
 */
#include "wire/rules/matcher-private.h"

#include "base/err.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	RUN = 4,
	STRIDE = 4,
	PAIR = 2 * RUN + STRIDE - 1, /* bytes of a literal that has a second run in every place */
	PAIR_CLASSES = 7,
	ALONE = 128,  /* the class of shorter ones */
	BITS_MIN = 9, /* of the tables' sizes */
	BITS_MAX = 16,
	BLOCK = 4 * STRIDE, /* bytes of text looked at together */
};

_Static_assert(WW_STRIDE_MIN == RUN + STRIDE - 1, "one run begins in a place that counts");

/* A run of a literal. */
struct entry {
	uint32_t run; /* folded as they are hashed */
	uint32_t literal;
	uint16_t before; /* bytes of the literal before it */
};

struct ww_strides {
	uint8_t *first, *second;
	uint32_t shift, chain_shift; /* of a hash of 32 bits to an index */
	uint32_t *chains;            /* chain c: entries[chains[c]..chains[c + 1]) */
	struct entry *entries;
	struct ww_literal *literals;
	size_t n;
};

static inline uint32_t load(const uint8_t *bytes)
{
	uint32_t word;
	memcpy(&word, bytes, sizeof(word));
	return word | 0x20202020; /* cases are folded roughly: the comparison decides */
}

static inline uint32_t hash(uint32_t run)
{
	return run * 0x9e3779b1u;
}

static inline uint32_t chain_of(const struct ww_strides *strides, uint32_t one, uint32_t two)
{
	return ((one ^ two >> 15) * 0x85ebca6bu) >> strides->chain_shift;
}

/* ---- building ---- */

/* About how often a run is met in traffic. */
static double frequency(const uint8_t *bytes)
{
	static const double by_score[] = {0.03, 0, 0.015, 0, 0.006, 0.005, 0, 0.0008};
	double product = 1;
	for (int i = 0; i < RUN; i++)
		product *= by_score[ww_byte_score(bytes[i])];
	/* Padding and ruled lines. */
	return load(bytes) == load(bytes + 1) ? product + 0.001 : product;
}

/* Where the runs of a literal begin. */
static uint16_t best_place(const struct ww_literal *literal)
{
	size_t need = literal->len >= PAIR ? PAIR : WW_STRIDE_MIN, best = 0;
	double least = 0;
	for (size_t i = 0; i + need <= literal->len; i++) {
		double sum = 0;
		for (size_t r = i; r < i + STRIDE; r++)
			sum += frequency(literal->bytes + r) *
			       (need == PAIR ? frequency(literal->bytes + r + RUN) : 1);
		if (i == 0 || sum < least) {
			least = sum;
			best = i;
		}
	}
	return (uint16_t)best;
}

/* Marks a run in the tables; returns its chain. */
static uint32_t enter(struct ww_strides *strides, const struct ww_literal *literal, uint16_t before)
{
	uint32_t one = hash(load(literal->bytes + before));
	if (literal->len < PAIR) {
		strides->first[one >> strides->shift] |= ALONE;
		return chain_of(strides, one, 0);
	}
	uint32_t two = hash(load(literal->bytes + before + RUN));
	uint8_t class = (uint8_t)(1u << ((one ^ two) >> 8) % PAIR_CLASSES);
	strides->first[one >> strides->shift] |= class;
	strides->second[two >> strides->shift] |= class;
	return chain_of(strides, one, two);
}

static uint32_t bits_for(size_t n, uint32_t low, uint32_t high)
{
	uint32_t bits = low;
	while (bits < high && (size_t)1 << bits < n)
		bits++;
	return bits;
}

static size_t n_chains(const struct ww_strides *strides)
{
	return (size_t)1 << (32 - strides->chain_shift);
}

static int allocate(struct ww_strides *strides)
{
	uint32_t bits = bits_for(16 * STRIDE * strides->n, BITS_MIN, BITS_MAX);
	strides->shift = 32 - bits;
	strides->chain_shift = 32 - bits_for(2 * STRIDE * strides->n, 4, 20);
	strides->first = calloc(2, (size_t)1 << bits);
	strides->chains = calloc(n_chains(strides) + 2, sizeof(*strides->chains));
	strides->entries = calloc(STRIDE * strides->n, sizeof(*strides->entries));
	if (!strides->first || !strides->chains || !strides->entries)
		return -ENOMEM;
	strides->second = strides->first + ((size_t)1 << bits);
	memset(strides->second, ALONE, (size_t)1 << bits);
	return 0;
}

/* Fills tables, chains and entries. 0 or -ENOMEM. */
static int fill(struct ww_strides *strides)
{
	size_t n = STRIDE * strides->n;
	struct entry *unsorted = calloc(n, sizeof(*unsorted));
	uint32_t *chain = calloc(n, sizeof(*chain));
	int r = unsorted && chain ? allocate(strides) : -ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i += STRIDE) {
		const struct ww_literal *literal = &strides->literals[i / STRIDE];
		uint16_t place = best_place(literal);
		for (size_t k = i; k < i + STRIDE; k++) {
			uint16_t before = (uint16_t)(place + (k - i));
			unsorted[k] = (struct entry){
				load(literal->bytes + before), (uint32_t)(i / STRIDE), before};
			chain[k] = enter(strides, literal, before);
			strides->chains[chain[k] + 2]++;
		}
	}
	/* Counted one place ahead: filling moves each start to its end, the next one's start. */
	for (size_t c = 2; r == 0 && c < n_chains(strides) + 2; c++)
		strides->chains[c] += strides->chains[c - 1];
	for (size_t k = 0; r == 0 && k < n; k++)
		strides->entries[strides->chains[chain[k] + 1]++] = unsorted[k];
	free(unsorted);
	free(chain);
	return r;
}

int ww_strides_new(const struct ww_literal *literals, size_t n, struct ww_strides **ret)
{
	struct ww_strides *strides = calloc(1, sizeof(*strides));
	ww_assert(n > 0);
	if (!strides)
		return -ENOMEM;
	strides->n = n;
	strides->literals = calloc(n, sizeof(*literals));
	int r = strides->literals ? 0 : -ENOMEM;
	if (r == 0) {
		memcpy(strides->literals, literals, n * sizeof(*literals));
		r = fill(strides);
	}
	if (r < 0)
		ww_strides_free(&strides);
	else
		*ret = strides;
	return r;
}

void ww_strides_free(struct ww_strides **strides_)
{
	struct ww_strides *strides = *strides_;
	if (!strides)
		return;
	free(strides->first);
	free(strides->chains);
	free(strides->entries);
	free(strides->literals);
	free(strides);
	*strides_ = NULL;
}

size_t ww_strides_bytes(const struct ww_strides *strides)
{
	return sizeof(*strides) + ((size_t)2 << (32 - strides->shift)) +
	       n_chains(strides) * sizeof(*strides->chains) +
	       strides->n * (STRIDE * sizeof(*strides->entries) + sizeof(*strides->literals));
}

/* ---- scanning ---- */

static void compare(const struct ww_strides *strides, uint32_t chain, const uint8_t *data,
	size_t at, size_t len, ww_matcher_fn *found, void *context)
{
	uint32_t run = load(data + at);
	const struct entry *end = strides->entries + strides->chains[chain + 1];
	for (const struct entry *e = strides->entries + strides->chains[chain]; e < end; e++) {
		if (e->run != run || at < e->before)
			continue;
		const struct ww_literal *literal = &strides->literals[e->literal];
		if (ww_literal_is_at(literal, data, at - e->before, len))
			found(context, literal->pattern, at - e->before + literal->len);
	}
}

/* The run at this place is one of a literal's, by its hash. */
static __attribute__((noinline)) void look(const struct ww_strides *strides, const uint8_t *data,
	size_t at, size_t len, ww_matcher_fn *found, void *context)
{
	uint32_t one = hash(load(data + at)), classes = strides->first[one >> strides->shift],
		 two = 0;
	if (at + 2 * RUN <= len) {
		two = hash(load(data + at + RUN));
		classes &= strides->second[two >> strides->shift];
	} else {
		classes &= ALONE;
	}
	if (classes & ALONE)
		compare(strides, chain_of(strides, one, 0), data, at, len, found, context);
	if (classes & (ALONE - 1u))
		compare(strides, chain_of(strides, one, two), data, at, len, found, context);
}

void ww_strides_scan(const struct ww_strides *strides, const uint8_t *data, size_t len,
	ww_matcher_fn *found, void *context)
{
	const uint8_t *first = strides->first, *second = strides->second;
	uint32_t shift = strides->shift;
	size_t i = 0;
	if (len >= BLOCK + RUN) {
		uint32_t p0 = hash(load(data)) >> shift;
		for (; i + BLOCK + RUN <= len; i += BLOCK) {
			const uint8_t *text = data + i;
			uint32_t p1 = hash(load(text + 4)) >> shift;
			uint32_t p2 = hash(load(text + 8)) >> shift;
			uint32_t p3 = hash(load(text + 12)) >> shift;
			uint32_t p4 = hash(load(text + 16)) >> shift;
			uint32_t a = first[p0] & second[p1], b = first[p1] & second[p2];
			uint32_t c = first[p2] & second[p3], d = first[p3] & second[p4];
			p0 = p4;
			if (__builtin_expect(!(a | b | c | d), 1))
				continue;
			if (a)
				look(strides, data, i, len, found, context);
			if (b)
				look(strides, data, i + 4, len, found, context);
			if (c)
				look(strides, data, i + 8, len, found, context);
			if (d)
				look(strides, data, i + 12, len, found, context);
		}
	}
	for (; i + RUN <= len; i += STRIDE)
		look(strides, data, i, len, found, context);
}
