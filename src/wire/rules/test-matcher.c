// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Literals in random bytes, against slow models: the matchers against each other and against a
 * plain search, few patterns and hundreds of them; the quick look before; one literal.
 */
#include "wire/rules/test-random.h"

/* ---- matchers ---- */

struct ends {
	bool at[16][TEXT_MAX + 1];
};

static void mark(void *context, uint32_t pattern, size_t end)
{
	((struct ends *)context)->at[pattern][end] = true;
}

static void test_matchers(void **state)
{
	(void)state;
	struct ww_rng rng = ww_rng_seeded(1);
	for (int round = 0; round < 60; round++) {
		uint8_t bytes[16][40];
		struct ww_pattern patterns[16];
		size_t n = 1 + ww_rng_below(&rng, 16);
		for (size_t i = 0; i < n; i++) {
			size_t len = WW_PATTERN_MIN + ww_rng_below(&rng, round % 2 ? 4 : 30);
			random_text(&rng, bytes[i], len);
			for (size_t b = 0; round % 3 == 0 && b < len; b++)
				bytes[i][b] = (uint8_t)ww_rng_below(&rng, 256);
			patterns[i] = (struct ww_pattern){
				bytes[i], (uint32_t)len, ww_rng_below(&rng, 2) == 1};
		}
		struct ww_matcher *matchers[2];
		for (int kind = 0; kind < 2; kind++)
			assert_int_equal(ww_matcher_new((enum ww_matcher_kind)kind, patterns, n,
						 &matchers[kind]),
				0);
		for (int t = 0; t < 20; t++) {
			uint8_t text[TEXT_MAX];
			size_t len = ww_rng_below(&rng, TEXT_MAX);
			random_text(&rng, text, len);
			/* Long ones do not come by themselves; at both ends, too. */
			size_t k = ww_rng_below(&rng, n), to = ww_rng_below(&rng, TEXT_MAX);
			if (patterns[k].len <= len) {
				to = t % 3 == 0   ? 0
				     : t % 3 == 1 ? len - patterns[k].len
						  : to % (len - patterns[k].len + 1);
				memcpy(text + to, bytes[k], patterns[k].len);
			}
			static struct ends found[3];
			memset(found, 0, sizeof(found));
			for (size_t i = 0; i < n; i++)
				for (size_t at = 0; at + patterns[i].len <= len; at++)
					if (equal(text + at, bytes[i], patterns[i].len,
						    patterns[i].nocase))
						found[2].at[i][at + patterns[i].len] = true;
			for (int kind = 0; kind < 2; kind++) {
				ww_matcher_scan(matchers[kind], text, len, mark, &found[kind]);
				assert_memory_equal(&found[kind], &found[2], sizeof(found[0]));
			}
		}
		ww_matcher_free(&matchers[0]);
		ww_matcher_free(&matchers[1]);
	}
}

/* ---- hundreds of patterns ---- */

enum { MANY = 700 };

struct tally {
	uint32_t n, sum[MANY]; /* occurrences; the sum of their ends */
};

static void count(void *context, uint32_t pattern, size_t end)
{
	struct tally *tally = context;
	assert_true(pattern < MANY && end <= TEXT_MAX);
	tally->n++;
	tally->sum[pattern] += (uint32_t)end;
}

/* Long ones and short ones, so that each part of the matcher has some; each occurrence told once.
 */
static void test_many(void **state)
{
	(void)state;
	struct ww_rng rng = ww_rng_seeded(11);
	static uint8_t bytes[MANY][WW_FAST_MAX];
	size_t occurrences = 0;
	for (int round = 0; round < 12; round++) {
		struct ww_pattern patterns[MANY];
		size_t n = round % 3 == 0 ? MANY : 1 + ww_rng_below(&rng, MANY);
		for (size_t i = 0; i < n; i++) {
			size_t least = round % 4 == 1 ? WW_STRIDE_MIN : WW_PATTERN_MIN;
			size_t len = least + ww_rng_below(&rng, WW_FAST_MAX - least + 1);
			random_text(&rng, bytes[i], len);
			/* Neither all alike, nor all found by the quick look. */
			for (size_t b = 0; i % 4 && b < len; b++)
				bytes[i][b] = (uint8_t)ww_rng_below(&rng, 128);
			patterns[i] = (struct ww_pattern){
				bytes[i], (uint32_t)len, ww_rng_below(&rng, 2) == 1};
		}
		struct ww_matcher *matchers[2];
		for (int kind = 0; kind < 2; kind++)
			assert_int_equal(ww_matcher_new((enum ww_matcher_kind)kind, patterns, n,
						 &matchers[kind]),
				0);
		for (int t = 0; t < 400; t++) {
			static struct tally found[2];
			uint8_t text[TEXT_MAX];
			size_t len = ww_rng_below(&rng, t % 2 ? 40 : TEXT_MAX + 1);
			random_text(&rng, text, len);
			for (int k = 0; k < 4; k++) {
				const struct ww_pattern *pattern = &patterns[ww_rng_below(&rng, n)];
				if (pattern->len <= len)
					memcpy(text + ww_rng_below(&rng, len - pattern->len + 1),
						pattern->bytes, pattern->len);
			}
			memset(found, 0, sizeof(found));
			for (int kind = 0; kind < 2; kind++)
				ww_matcher_scan(matchers[kind], text, len, count, &found[kind]);
			assert_memory_equal(&found[0], &found[1], sizeof(found[0]));
			occurrences += found[0].n;
		}
		ww_matcher_free(&matchers[0]);
		ww_matcher_free(&matchers[1]);
	}
	assert_true(occurrences > 10000);
}

/* ---- the quick look ---- */

/* Whether one of the buckets' runs can begin here: no place of a run may be missed. */
static bool begins(const struct ww_nibble_run *run, const uint8_t *text, size_t left)
{
	return left >= WW_NIBBLE_RUN && equal(text, run->bytes, run->len, run->nocase);
}

struct places {
	size_t n, last;
	bool at[TEXT_MAX];
};

static void note_place(const void *context, size_t at)
{
	struct places *places = (struct places *)(uintptr_t)context;
	assert_true(at < TEXT_MAX && (places->n == 0 || at > places->last));
	places->at[at] = true;
	places->last = at;
	places->n++;
}

static void test_nibbles(void **state)
{
	(void)state;
	struct ww_rng rng = ww_rng_seeded(7);
	size_t built = 0, refused = 0, runs_found = 0, sets[WW_NIBBLE_SETS + 1] = {0};
	for (int round = 0; round < 300; round++) {
		struct ww_nibble_run runs[500];
		size_t n = 1 + ww_rng_below(&rng, round % 3 == 0 ? 500 : round % 3 == 1 ? 100 : 10);
		for (size_t i = 0; i < n; i++) {
			runs[i] = (struct ww_nibble_run){
				.len = (uint8_t)(ww_rng_below(&rng, 9) ? 3 + i % 2 : 2),
				.nocase = round % 5 == 0};
			for (size_t b = 0; b < WW_NIBBLE_RUN; b++)
				runs[i].bytes[b] = (uint8_t)tolower((int)ww_rng_below(&rng, 256));
		}
		struct ww_nibbles *nibbles = ww_nibbles_new(runs, n);
		refused += !nibbles;
		built += nibbles != NULL;
		sets[nibbles ? nibbles->sets : 0]++;
		for (int t = 0; nibbles && t < 50; t++) {
			uint8_t text[TEXT_MAX];
			size_t len = ww_rng_below(&rng, TEXT_MAX + 1);
			for (size_t i = 0; i < len; i++)
				text[i] = (uint8_t)ww_rng_below(&rng, 256);
			if (len > WW_NIBBLE_RUN)
				memcpy(text + ww_rng_below(&rng, len - WW_NIBBLE_RUN + 1),
					runs[ww_rng_below(&rng, n)].bytes, WW_NIBBLE_RUN);
			struct places places = {0};
			size_t end = ww_nibbles_scan(nibbles, text, len, note_place, &places);
			assert_int_equal(end, len < 35 ? 0 : len - 3);
			for (size_t at = 0; at < end; at++)
				for (size_t i = 0; i < n; i++) {
					if (!begins(&runs[i], text + at, len - at))
						continue;
					assert_true(places.at[at]);
					runs_found++;
				}
		}
		free(nibbles);
	}
	if (built == 0)
		skip(); /* a processor without AVX2 */
	assert_true(refused > 50 && runs_found > 1000);
	assert_true(sets[1] && sets[2] && sets[4]);
}

/* ---- one literal ---- */

static void test_search(void **state)
{
	(void)state;
	struct ww_rng rng = ww_rng_seeded(6);
	size_t found = 0, rounds = 40000;
	for (size_t round = 0; round < rounds; round++) {
		uint8_t text[TEXT_MAX], literal[80];
		size_t len = ww_rng_below(&rng, round % 2 ? 40 : TEXT_MAX);
		size_t n = 1 + ww_rng_below(&rng, round % 3 ? 4 : sizeof(literal));
		bool nocase = ww_rng_below(&rng, 2);
		random_text(&rng, text, len);
		random_text(&rng, literal, n);
		if (len >= n && ww_rng_below(&rng, 2))
			memcpy(text + ww_rng_below(&rng, len - n + 1), literal, n);
		for (size_t i = 0; nocase && i < n; i++)
			literal[i] = (uint8_t)tolower(literal[i]);
		const uint8_t *want = NULL;
		for (size_t at = 0; !want && at + n <= len; at++)
			if (equal(text + at, literal, n, nocase))
				want = text + at;
		assert_ptr_equal(ww_search(text, len, literal, n, nocase), want);
		found += want != NULL;
	}
	assert_true(found > rounds / 4 && found < rounds * 3 / 4);
	assert_null(ww_search((const uint8_t *)"", 0, (const uint8_t *)"a", 1, true));
	assert_null(ww_search((const uint8_t *)"a", 1, (const uint8_t *)"", 0, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matchers),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_nibbles),
		cmocka_unit_test(test_search),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
