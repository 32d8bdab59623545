// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Many literal patterns at once.
 *
 * Patterns of seven bytes and more go to strides.c, which looks at every fourth place of a text.
 * The others are found by runs of three bytes, the rarest of each pattern by a table of how common
 * bytes are in traffic. A hash of a run marks a place in the table `first`, a hash of the run
 * behind it one in `second`; both hold a bit for the pattern's class, one of six. A text is read
 * once, and at each position i
 *
 *	first[hash(text[i..i+3))] & second[hash(text[i+3..i+6))]
 *
 * is 0 nearly everywhere. Where it is not, the patterns of that pair of hashes are compared.
 * Patterns of three to five bytes have no second run: they are the seventh class, whose bit all of
 * `second` holds; those of two are the eighth, there with every third byte that may follow. The
 * idea is that of FDR (Wang et al., "Hyperscan: A Fast Multi-pattern Regex Matcher for Modern
 * CPUs", NSDI 2019), a shift-or filter with hashed buckets, cut down to two look-ups, in portable
 * C. Where the patterns are some hundreds, nibbles.c says faster where to look at all; when it is
 * quick enough to do that for all of them, none goes to strides.c.
 *
 * Why not Hyperscan 5.4 itself: on 892 MB of payload with 3,000 patterns of real rules a prototype
 * of this took half its time (0.9 s and 1.8 s), and it is built in a millisecond, where Hyperscan
 * needs 70: no cache of databases on disk, no compiling while packets wait, no demands on the
 * processor, no library of 5 MB.
 *
 * A hostile text can make every position a candidate, and costs the comparison of one chain a byte
 * then; it cannot make chains longer, the rules decide that.
 *
 * The plain matcher keeps patterns in 4,096 buckets by a hash of their first two bytes, case
 * folded, and compares. It is the oracle that tests compare with.
 */
#include "wire/rules/matcher-private.h"
#include "base/err.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	BUCKETS = 4096, /* of the plain matcher */
	RUN = 3,        /* bytes of a run */
	PAIR = 2 * RUN,
	PAIR_CLASSES = 6,
	SINGLE = 64,  /* the class of patterns of three to five bytes */
	TWO = 128,    /* and that of two */
	BITS_MIN = 9, /* of the tables' sizes */
	BITS_MAX = 16,
	STEP = 8, /* positions looked at together */
};

/* A pattern as it is looked for by runs. */
struct candidate {
	struct ww_literal literal;
	uint16_t before; /* bytes of it before the chosen run */
};

struct ww_matcher {
	enum ww_matcher_kind kind;
	size_t n;
	uint8_t *bytes;             /* of the patterns, folded where nocase */
	struct ww_strides *strides; /* NULL: of no pattern */
	/* runs, of the others */
	size_t n_runs;
	uint8_t *first, *second;
	uint32_t shift; /* of a hash of 32 bits to an index of the tables */
	uint32_t chain_shift;
	uint32_t *chains; /* chain c: candidates[chains[c]..chains[c + 1]) */
	struct candidate *candidates;
	struct ww_nibbles *nibbles; /* NULL: does not pay */
	struct candidate *pairs;    /* patterns of two bytes, by their first, folded */
	uint32_t pair_first[257];
	/* plain */
	struct ww_pattern *patterns;
	uint32_t *next;    /* by pattern: the next of its bucket, + 1 */
	uint32_t *buckets; /* first pattern + 1 */
};

/* ASCII only, whatever the locale says. */
static uint8_t fold(uint8_t byte)
{
	return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
}

static int copy_bytes(struct ww_matcher *matcher, const struct ww_pattern *patterns)
{
	size_t total = 1;
	for (size_t i = 0; i < matcher->n; i++)
		total += patterns[i].len;
	matcher->bytes = malloc(total);
	if (!matcher->bytes)
		return -ENOMEM;
	uint8_t *to = matcher->bytes;
	for (size_t i = 0; i < matcher->n; i++)
		for (uint32_t b = 0; b < patterns[i].len; b++) {
			uint8_t byte = patterns[i].bytes[b];
			*to++ = patterns[i].nocase ? fold(byte) : byte;
		}
	return 0;
}

static bool rest_equal(const uint8_t *bytes, bool nocase, const uint8_t *text, size_t len)
{
	if (!nocase)
		return memcmp(text, bytes, len) == 0;
	for (size_t i = 0; i < len; i++)
		if (fold(text[i]) != bytes[i])
			return false;
	return true;
}

bool ww_literal_rest_is_at(const struct ww_literal *literal, const uint8_t *text)
{
	return rest_equal(literal->bytes + 8, literal->nocase, text + 8, literal->len - 8u);
}

struct ww_literal ww_literal_of(
	const uint8_t *bytes, const struct ww_pattern *pattern, uint32_t number)
{
	struct ww_literal literal = {.bytes = bytes,
		.pattern = number,
		.len = (uint16_t)pattern->len,
		.nocase = pattern->nocase};
	uint8_t value[8] = {0}, mask[8] = {0};
	for (uint32_t i = 0; i < 8 && i < pattern->len; i++) {
		bool letter = pattern->nocase && bytes[i] >= 'a' && bytes[i] <= 'z';
		mask[i] = letter ? 0xdf : 0xff;
		value[i] = bytes[i] & mask[i];
	}
	memcpy(&literal.value, value, 8);
	memcpy(&literal.mask, mask, 8);
	return literal;
}

/* ---- runs ---- */

/* A hash of three bytes, case folded roughly: the comparison decides. */
static inline uint32_t hash_run(uint64_t bytes)
{
	return (uint32_t)((bytes | 0x202020) << 8) * 0x9e3779b1u;
}

static uint32_t hash_at(const uint8_t *bytes)
{
	return hash_run((uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16);
}

/*
 * How telling a byte is: rare ones most. Blank and NUL 0; the letters of "etaoinsrhld" 2; other
 * letters, what markup is made of, line ends and 0xff 4; digits 5; all else 7.
 */
int ww_byte_score(uint8_t byte)
{
	/* clang-format off */
	static const uint8_t scores[256] = {
		0, 7, 7, 7, 7, 7, 7, 7, 7, 7, 4, 7, 7, 4, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
		0, 7, 4, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 4, 4, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 4, 7, 4, 4, 4, 7,
		7, 2, 4, 4, 2, 2, 4, 4, 2, 2, 4, 4, 2, 4, 2, 2, 4, 4, 2, 2, 2, 4, 4, 4, 4, 4, 4, 7, 7, 7, 7, 7,
		7, 2, 4, 4, 2, 2, 4, 4, 2, 2, 4, 4, 2, 4, 2, 2, 4, 4, 2, 2, 2, 4, 4, 4, 4, 4, 4, 7, 7, 7, 7, 7,
		7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
		7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
		7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
		7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 4,
	};
	/* clang-format on */
	return scores[byte];
}

static int run_score(const uint8_t *bytes)
{
	int score = ww_byte_score(bytes[0]) + ww_byte_score(bytes[1]) + ww_byte_score(bytes[2]);
	score -= 2 * (fold(bytes[0]) == fold(bytes[1]));
	return score - 2 * (fold(bytes[1]) == fold(bytes[2]) || fold(bytes[0]) == fold(bytes[2]));
}

/* Where the run or the pair of runs begins in the pattern. */
static uint16_t best_run(const uint8_t *bytes, uint32_t len)
{
	bool pair = len >= PAIR;
	if (len < RUN)
		return 0;
	uint32_t need = pair ? PAIR : RUN, best = 0;
	int best_score = INT32_MIN;
	for (uint32_t i = 0; i + need <= len; i++) {
		int score = run_score(bytes + i) + (pair ? run_score(bytes + i + RUN) : 0);
		if (score > best_score) {
			best_score = score;
			best = i;
		}
	}
	return (uint16_t)best;
}

static inline uint32_t chain_of(const struct ww_matcher *matcher, uint32_t one, uint32_t two)
{
	return ((one ^ two >> 15) * 0x85ebca6bu) >> matcher->chain_shift;
}

/* Marks a pattern of two bytes, whatever follows it. */
static void enter_pair(struct ww_matcher *matcher, const struct ww_literal *literal)
{
	for (unsigned third = 0; third < 256; third++) {
		uint8_t run[RUN] = {literal->bytes[0], literal->bytes[1], (uint8_t)third};
		matcher->first[hash_at(run) >> matcher->shift] |= TWO;
	}
	matcher->pair_first[fold(literal->bytes[0]) + 1]++;
}

/* The chain of a candidate; marks its class in the tables. */
static uint32_t enter(struct ww_matcher *matcher, const struct candidate *candidate)
{
	const uint8_t *run = candidate->literal.bytes + candidate->before;
	uint32_t one = hash_at(run);
	if (candidate->literal.len < PAIR) {
		matcher->first[one >> matcher->shift] |= SINGLE;
		return chain_of(matcher, one, 0);
	}
	uint32_t two = hash_at(run + RUN);
	uint8_t class = (uint8_t)(1u << (one ^ two) % PAIR_CLASSES);
	matcher->first[one >> matcher->shift] |= class;
	matcher->second[two >> matcher->shift] |= class;
	return chain_of(matcher, one, two);
}

static uint32_t bits_for(size_t n, uint32_t low, uint32_t high)
{
	uint32_t bits = low;
	while (bits < high && (size_t)1 << bits < n)
		bits++;
	return bits;
}

/* NULL also when memory is short: it is a shortcut. */
static struct ww_nibbles *nibbles_of(const struct candidate *candidates, size_t n)
{
	struct ww_nibble_run *runs = calloc(n + 1, sizeof(*runs));
	for (size_t i = 0; runs && i < n; i++) {
		const struct candidate *candidate = &candidates[i];
		size_t left = (size_t)candidate->literal.len - candidate->before;
		runs[i].len = left < WW_NIBBLE_RUN ? (uint8_t)left : WW_NIBBLE_RUN;
		runs[i].nocase = candidate->literal.nocase;
		memcpy(runs[i].bytes, candidate->literal.bytes + candidate->before, runs[i].len);
	}
	struct ww_nibbles *nibbles = runs ? ww_nibbles_new(runs, n) : NULL;
	free(runs);
	return nibbles;
}

/* The pairs stand behind the other candidates, by their first byte. */
static void sort_pairs(struct ww_matcher *matcher, const struct candidate *unsorted)
{
	uint32_t next[256];
	for (size_t byte = 0; byte < 256; byte++) {
		matcher->pair_first[byte + 1] += matcher->pair_first[byte];
		next[byte] = matcher->pair_first[byte];
	}
	matcher->pairs = matcher->candidates + (matcher->n_runs - matcher->pair_first[256]);
	for (size_t i = 0; i < matcher->n_runs; i++)
		if (unsorted[i].literal.len < RUN)
			matcher->pairs[next[fold(unsorted[i].literal.bytes[0])]++] = unsorted[i];
}

static int allocate_runs(struct ww_matcher *matcher, const struct candidate *unsorted)
{
	size_t n = matcher->n_runs, n_pairs = 0;
	for (size_t i = 0; i < n; i++)
		n_pairs += unsorted[i].literal.len < RUN;
	/* A pair marks 128 places, as cases are folded. */
	uint32_t bits = bits_for(32 * (n + 128 * n_pairs), BITS_MIN, BITS_MAX);
	uint32_t chain_bits = bits_for(2 * n, 4, 20);
	matcher->shift = 32 - bits;
	matcher->chain_shift = 32 - chain_bits;
	matcher->first = calloc(2, (size_t)1 << bits);
	matcher->chains = calloc(((size_t)1 << chain_bits) + 2, sizeof(*matcher->chains));
	matcher->candidates = calloc(n + 1, sizeof(*matcher->candidates));
	if (!matcher->first || !matcher->chains || !matcher->candidates)
		return -ENOMEM;
	matcher->second = matcher->first + ((size_t)1 << bits);
	memset(matcher->second, SINGLE | TWO, (size_t)1 << bits);
	return 0;
}

static int runs_build(struct ww_matcher *matcher, const struct candidate *unsorted)
{
	size_t n = matcher->n_runs;
	uint32_t *chain = calloc(n + 1, sizeof(*chain));
	int r = chain ? allocate_runs(matcher, unsorted) : -ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (unsorted[i].literal.len < RUN) {
			enter_pair(matcher, &unsorted[i].literal);
			continue;
		}
		chain[i] = enter(matcher, &unsorted[i]);
		matcher->chains[chain[i] + 2]++;
	}
	size_t n_chains = r == 0 ? (size_t)1 << (32 - matcher->chain_shift) : 0;
	/* Counted one place ahead: filling moves each start to its end, the next one's start. */
	for (size_t c = 2; r == 0 && c < n_chains + 2; c++)
		matcher->chains[c] += matcher->chains[c - 1];
	for (size_t i = 0; r == 0 && i < n; i++)
		if (unsorted[i].literal.len >= RUN)
			matcher->candidates[matcher->chains[chain[i] + 1]++] = unsorted[i];
	if (r == 0)
		sort_pairs(matcher, unsorted);
	free(chain);
	return r;
}

/* The longer ones go to strides.c; *n is how many are left in front. */
static int take_long(struct ww_matcher *matcher, struct candidate *candidates, size_t *n)
{
	struct ww_literal *literals = calloc(*n + 1, sizeof(*literals));
	if (!literals)
		return -ENOMEM;
	size_t n_long = 0, n_short = 0;
	for (size_t i = 0; i < *n; i++) {
		if (candidates[i].literal.len >= WW_STRIDE_MIN)
			literals[n_long++] = candidates[i].literal;
		else
			candidates[n_short++] = candidates[i];
	}
	int r = n_long ? ww_strides_new(literals, n_long, &matcher->strides) : 0;
	free(literals);
	*n = n_short;
	return r;
}

static int fast_build(struct ww_matcher *matcher, const struct ww_pattern *patterns)
{
	static const double stride_cost = 1.5; /* cycles a byte */
	size_t n = matcher->n;
	struct candidate *all = calloc(n + 1, sizeof(*all));
	const uint8_t *bytes = matcher->bytes;
	for (size_t i = 0; all && i < n; i++) {
		all[i].literal = ww_literal_of(bytes, &patterns[i], (uint32_t)i);
		all[i].before = best_run(bytes, patterns[i].len);
		bytes += patterns[i].len;
	}
	int r = all ? 0 : -ENOMEM;
	struct ww_nibbles *nibbles = r == 0 ? nibbles_of(all, n) : NULL;
	if (r == 0 && (!nibbles || nibbles->cost > stride_cost)) {
		free(nibbles);
		r = take_long(matcher, all, &n);
		nibbles = r == 0 ? nibbles_of(all, n) : NULL;
	}
	matcher->nibbles = nibbles;
	matcher->n_runs = n;
	if (r == 0 && n > 0)
		r = runs_build(matcher, all);
	free(all);
	return r;
}

static void compare_chain(const struct ww_matcher *matcher, uint32_t chain, const uint8_t *data,
	size_t at, size_t len, ww_matcher_fn *found, void *context)
{
	const struct candidate *end = matcher->candidates + matcher->chains[chain + 1];
	for (const struct candidate *c = matcher->candidates + matcher->chains[chain]; c < end; c++)
		if (at >= c->before && ww_literal_is_at(&c->literal, data, at - c->before, len))
			found(context, c->literal.pattern, at - c->before + c->literal.len);
}

static void compare_pairs(const struct ww_matcher *matcher, const uint8_t *data, size_t at,
	ww_matcher_fn *found, void *context)
{
	uint8_t byte = fold(data[at]);
	for (uint32_t i = matcher->pair_first[byte]; i < matcher->pair_first[byte + 1]; i++) {
		const struct ww_literal *pair = &matcher->pairs[i].literal;
		if (rest_equal(pair->bytes, pair->nocase, data + at, 2))
			found(context, pair->pattern, at + 2);
	}
}

/* Position `at` holds a run of some pattern, or two of them. */
static void look(const struct ww_matcher *matcher, uint32_t classes, const uint8_t *data, size_t at,
	size_t len, ww_matcher_fn *found, void *context)
{
	uint32_t one = hash_at(data + at);
	if (classes & TWO)
		compare_pairs(matcher, data, at, found, context);
	if (classes & SINGLE)
		compare_chain(matcher, chain_of(matcher, one, 0), data, at, len, found, context);
	if (classes & (SINGLE - 1u))
		compare_chain(matcher, chain_of(matcher, one, hash_at(data + at + RUN)), data, at,
			len, found, context);
}

/* The eight positions from `at`, of which one is a candidate at least. */
static __attribute__((noinline)) void look_around(const struct ww_matcher *matcher,
	const uint8_t *data, size_t at, size_t len, ww_matcher_fn *found, void *context)
{
	for (size_t i = at; i < at + STEP; i++) {
		uint32_t classes = matcher->first[hash_at(data + i) >> matcher->shift] &
				   matcher->second[hash_at(data + i + RUN) >> matcher->shift];
		if (classes)
			look(matcher, classes, data, i, len, found, context);
	}
}

struct place {
	const struct ww_matcher *matcher;
	const uint8_t *data;
	size_t len;
	ww_matcher_fn *found;
	void *context;
};

/* Looks where the quick look points. */
static void on_place(const void *context, size_t at)
{
	const struct place *place = context;
	const struct ww_matcher *matcher = place->matcher;
	uint32_t classes = matcher->first[hash_at(place->data + at) >> matcher->shift];
	if (at + PAIR <= place->len)
		classes &= matcher->second[hash_at(place->data + at + RUN) >> matcher->shift];
	else
		classes &= SINGLE | TWO;
	if (classes)
		look(matcher, classes, place->data, at, place->len, place->found, place->context);
}

static inline uint64_t load(const uint8_t *bytes)
{
	uint64_t word;
	memcpy(&word, bytes, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

static void runs_scan(const struct ww_matcher *matcher, const uint8_t *data, size_t len,
	ww_matcher_fn *found, void *context)
{
	const uint8_t *first = matcher->first, *second = matcher->second;
	uint32_t shift = matcher->shift;
	const struct place place = {matcher, data, len, found, context};
	size_t i = matcher->nibbles ? ww_nibbles_scan(matcher->nibbles, data, len, on_place, &place)
				    : 0;
#define PLACE(word, n) (hash_run((word) >> 8 * (n)) >> shift)
	/* The hash of position i + 3 serves twice: as a second run, and three steps later as first.
	 */
	for (; len >= 16 && i <= len - 16; i += STEP) {
		uint64_t low = load(data + i), high = load(data + i + 6);
		uint32_t p0 = PLACE(low, 0), p1 = PLACE(low, 1), p2 = PLACE(low, 2);
		uint32_t p3 = PLACE(low, 3), p4 = PLACE(low, 4), p5 = PLACE(low, 5);
		uint32_t p6 = PLACE(high, 0), p7 = PLACE(high, 1), p8 = PLACE(high, 2);
		uint32_t p9 = PLACE(high, 3), p10 = PLACE(high, 4);
		uint32_t any = (first[p0] & second[p3]) | (first[p1] & second[p4]) |
			       (first[p2] & second[p5]) | (first[p3] & second[p6]) |
			       (first[p4] & second[p7]) | (first[p5] & second[p8]) |
			       (first[p6] & second[p9]) | (first[p7] & second[p10]);
		if (__builtin_expect(any, 0))
			look_around(matcher, data, i, len, found, context);
	}
#undef PLACE
	for (; i + RUN <= len; i++) {
		uint32_t classes = first[hash_at(data + i) >> shift];
		if (i + PAIR <= len)
			classes &= second[hash_at(data + i + RUN) >> shift];
		else
			classes &= SINGLE | TWO;
		if (classes)
			look(matcher, classes, data, i, len, found, context);
	}
	if (len >= 2 && matcher->pair_first[256])
		compare_pairs(matcher, data, len - 2, found, context);
}

/* ---- plain ---- */

static uint32_t bucket_of(const uint8_t *text)
{
	uint32_t pair = (uint32_t)fold(text[0]) << 8 | (uint32_t)fold(text[1]);
	return (pair * 40503u >> 4) % BUCKETS;
}

static int plain_build(struct ww_matcher *matcher, const struct ww_pattern *patterns)
{
	size_t n = matcher->n;
	matcher->patterns = calloc(n + 1, sizeof(*matcher->patterns));
	matcher->next = calloc(n + 1, sizeof(*matcher->next));
	matcher->buckets = calloc(BUCKETS, sizeof(*matcher->buckets));
	if (!matcher->patterns || !matcher->next || !matcher->buckets)
		return -ENOMEM;
	const uint8_t *bytes = matcher->bytes;
	for (size_t i = 0; i < n; i++) {
		matcher->patterns[i] = patterns[i];
		matcher->patterns[i].bytes = bytes;
		uint32_t *head = &matcher->buckets[bucket_of(bytes)];
		matcher->next[i] = *head;
		*head = (uint32_t)i + 1;
		bytes += patterns[i].len;
	}
	return 0;
}

static void plain_scan(const struct ww_matcher *matcher, const uint8_t *data, size_t len,
	ww_matcher_fn *found, void *context)
{
	for (size_t i = 0; i + 1 < len; i++)
		for (uint32_t link = matcher->buckets[bucket_of(data + i)]; link;
			link = matcher->next[link - 1]) {
			const struct ww_pattern *pattern = &matcher->patterns[link - 1];
			if (len - i >= pattern->len &&
				rest_equal(pattern->bytes, pattern->nocase, data + i, pattern->len))
				found(context, link - 1, i + pattern->len);
		}
}

/* ---- either ---- */

int ww_matcher_new(enum ww_matcher_kind kind, const struct ww_pattern *patterns, size_t n,
	struct ww_matcher **ret)
{
	struct ww_matcher *matcher = calloc(1, sizeof(*matcher));
	if (!matcher)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		ww_assert(patterns[i].len >= WW_PATTERN_MIN && patterns[i].len <= UINT16_MAX);
	matcher->n = n;
	matcher->kind = kind;
	int r = copy_bytes(matcher, patterns);
	if (r == 0)
		r = kind == WW_MATCHER_PLAIN ? plain_build(matcher, patterns)
					     : fast_build(matcher, patterns);
	if (r < 0)
		ww_matcher_free(&matcher);
	else
		*ret = matcher;
	return r;
}

void ww_matcher_free(struct ww_matcher **matcher_)
{
	struct ww_matcher *matcher = *matcher_;
	if (!matcher)
		return;
	free(matcher->bytes);
	ww_strides_free(&matcher->strides);
	free(matcher->first);
	free(matcher->nibbles);
	free(matcher->chains);
	free(matcher->candidates);
	free(matcher->patterns);
	free(matcher->next);
	free(matcher->buckets);
	free(matcher);
	*matcher_ = NULL;
}

size_t ww_matcher_bytes(const struct ww_matcher *matcher)
{
	size_t tables = matcher->first ? (size_t)2 << (32 - matcher->shift) : 0;
	size_t chains = matcher->chains    ? (size_t)1 << (32 - matcher->chain_shift)
			: matcher->buckets ? BUCKETS
					   : 0;
	return sizeof(*matcher) + tables + chains * sizeof(*matcher->chains) +
	       matcher->n_runs * sizeof(*matcher->candidates) + matcher->n * WW_FAST_MAX +
	       (matcher->nibbles ? sizeof(*matcher->nibbles) : 0) +
	       (matcher->strides ? ww_strides_bytes(matcher->strides) : 0);
}

void ww_matcher_scan(const struct ww_matcher *matcher, const uint8_t *data, size_t len,
	ww_matcher_fn *found, void *context)
{
	if (matcher->kind == WW_MATCHER_PLAIN)
		plain_scan(matcher, data, len, found, context);
	if (matcher->strides)
		ww_strides_scan(matcher->strides, data, len, found, context);
	if (matcher->n_runs)
		runs_scan(matcher, data, len, found, context);
}
