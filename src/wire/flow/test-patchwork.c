// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Whose copy wins: every case of policy.h by table, the published test patterns, and thousands of
 * random ones against a slow model that keeps a list of pieces.
 */
#include "base/rng.h"
#include "wire/flow/test-model.h"

static struct ww_pages pages_of(uint32_t n)
{
	struct ww_pages pages;
	assert_int_equal(ww_pages_init(&pages, n), 0);
	return pages;
}

static void add(struct ww_pages *pages, struct ww_patchwork *work, enum ww_policy policy,
	enum ww_overlap overlap, uint32_t at, const char *text)
{
	struct ww_fit fit;
	assert_true(ww_patchwork_add(pages, work, policy, overlap, at, (const uint8_t *)text,
		(uint32_t)strlen(text), &fit));
}

/* The bytes of [0, n), '.' where none is held. */
static const char *text_of(
	const struct ww_pages *pages, const struct ww_patchwork *work, uint32_t base, uint32_t n)
{
	static char text[256];
	for (uint32_t i = 0; i < n; i++) {
		uint32_t len = 0;
		const uint8_t *run = ww_patchwork_run(pages, work, base + i, &len);
		assert_true(!run || len > 0);
		text[i] = run ? (char)*run : '.';
	}
	text[n] = '\0';
	return text;
}

static void each_case_of_the_table(void **state)
{
	static const struct {
		int start, end;
	} news[] = {{12, 18}, {12, 20}, {12, 24}, {10, 18}, {10, 20}, {10, 24}, {6, 18}, {6, 20},
		{6, 24}};
	struct ww_pages pages = pages_of(4);
	for (int overlap = 0; overlap < 2; overlap++)
		for (int policy = 0; policy < WW_POLICY_COUNT; policy++)
			for (size_t i = 0; i < WW_N(news); i++) {
				struct ww_patchwork work = {0};
				char text[32] = "nnnnnnnnnnnnnnnnnnnnnnnn", want[32];
				bool wins = WINS[overlap][policy][i + i / 3] == 'n';
				text[news[i].end - news[i].start] = '\0';
				add(&pages, &work, policy, overlap, 10, "oooooooooo");
				add(&pages, &work, policy, overlap, (uint32_t)news[i].start, text);
				for (int at = 0; at < 30; at++) {
					bool old = at >= 10 && at < 20;
					bool new_piece = at >= news[i].start && at < news[i].end;
					want[at] = '.';
					if (old || new_piece)
						want[at] = !old || (new_piece && wins) ? 'n' : 'o';
				}
				want[30] = '\0';
				assert_string_equal(text_of(&pages, &work, 0, 30), want);
				ww_patchwork_clear(&pages, &work);
			}
	ww_pages_done(&pages);
}

struct put {
	char letter;
	uint8_t start, len;
};

static void lay_all(struct ww_pages *pages, struct ww_patchwork *work, int policy, int overlap,
	const struct put *puts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char text[64];
		memset(text, puts[i].letter, puts[i].len);
		text[puts[i].len] = '\0';
		add(pages, work, policy, overlap, puts[i].start, text);
	}
}

/*
 * The test pattern of Novak (2005), and what frag3 and Suricata take for each target's answer to
 * it; a letter is a unit of eight bytes there.
 */
static void novak_fragments(void **state)
{
	static const struct put puts[] = {{'A', 0, 3}, {'B', 4, 2}, {'C', 6, 3}, {'D', 10, 1},
		{'E', 13, 2}, {'F', 15, 3}, {'G', 18, 2}, {'H', 20, 2}, {'I', 22, 1}, {'J', 1, 4},
		{'K', 6, 3}, {'L', 9, 3}, {'M', 12, 3}, {'N', 16, 1}, {'O', 19, 1}, {'P', 20, 1},
		{'Q', 22, 2}};
	static const struct {
		enum ww_policy policy;
		const char *want;
	} rows[] = {
		{WW_POLICY_BSD, "AAAJJBCCCLLLMMMFFFGGHHIQ"},
		{WW_POLICY_LINUX, "AAAJJBKKKLLLMMMFFFGGPHQQ"},
		{WW_POLICY_WINDOWS, "AAAJBBCCCLLLMEEFFFGGHHIQ"},
		{WW_POLICY_VISTA, "AAAJBBCCCLLLMEEFFFGGHHIQ"},
		{WW_POLICY_SOLARIS, "AAAJBBCCCLLLMMMFFFGGHHIQ"},
		{WW_POLICY_FIRST, "AAAJBBCCCLDLMEEFFFGGHHIQ"},
		{WW_POLICY_LAST, "AJJJJBKKKLLLMMMFNFGOPHQQ"},
	};
	struct ww_pages pages = pages_of(4);
	for (size_t i = 0; i < WW_N(rows); i++) {
		struct ww_patchwork work = {0};
		lay_all(&pages, &work, rows[i].policy, WW_OVERLAP_FRAGMENTS, puts, WW_N(puts));
		assert_string_equal(text_of(&pages, &work, 0, 24), rows[i].want);
		ww_patchwork_clear(&pages, &work);
	}
	ww_pages_done(&pages);
}

/* Shankar and Paxson (2003), figure of the six fragments. */
static void shankar_paxson_fragments(void **state)
{
	static const struct put puts[] = {
		{'1', 0, 3}, {'2', 4, 2}, {'3', 6, 3}, {'4', 1, 4}, {'5', 6, 3}, {'6', 9, 3}};
	static const struct {
		enum ww_policy policy;
		const char *want;
	} rows[] = {
		{WW_POLICY_BSD, "111442333666"},
		{WW_POLICY_BSD_RIGHT, "144422555666"},
		{WW_POLICY_LINUX, "111442555666"},
		{WW_POLICY_FIRST, "111422333666"},
		{WW_POLICY_LAST, "144442555666"},
	};
	struct ww_pages pages = pages_of(4);
	for (size_t i = 0; i < WW_N(rows); i++) {
		struct ww_patchwork work = {0};
		lay_all(&pages, &work, rows[i].policy, WW_OVERLAP_FRAGMENTS, puts, WW_N(puts));
		assert_string_equal(text_of(&pages, &work, 0, 12), rows[i].want);
		ww_patchwork_clear(&pages, &work);
	}
	ww_pages_done(&pages);
}

/* The pattern of Novak and Sturges (2007), with Suricata's answers for the targets. */
static void novak_sturges_segments(void **state)
{
	static const struct put puts[] = {{'A', 1, 3}, {'B', 5, 2}, {'C', 7, 3}, {'D', 11, 1},
		{'E', 14, 2}, {'F', 16, 3}, {'G', 19, 2}, {'H', 21, 2}, {'I', 23, 1}, {'J', 2, 4},
		{'K', 7, 3}, {'L', 10, 3}, {'M', 13, 3}, {'N', 17, 1}, {'O', 20, 1}, {'P', 21, 1},
		{'Q', 23, 2}, {'0', 0, 1}};
	static const struct {
		enum ww_policy policy;
		const char *want;
	} rows[] = {
		{WW_POLICY_BSD, "0AAAJJBCCCLLLMMMFFFGGHHIQ"},
		{WW_POLICY_BSD_RIGHT, "0AAAJJBCCCLLLMMMFFFGGHHIQ"},
		{WW_POLICY_WINDOWS, "0AAAJJBCCCLLLMMMFFFGGHHIQ"},
		{WW_POLICY_VISTA, "0AAAJBBCCCLDLMEEFFFGGHHIQ"},
		{WW_POLICY_FIRST, "0AAAJBBCCCLDLMEEFFFGGHHIQ"},
		{WW_POLICY_LINUX, "0AAAJJBCCCLLLMMMFFFGGHHQQ"},
		{WW_POLICY_SOLARIS, "0AJJJBBKKKLLLMMMFFFGGHHQQ"},
		{WW_POLICY_LAST, "0AJJJJBKKKLLLMMMFNFGOPHQQ"},
	};
	struct ww_pages pages = pages_of(4);
	for (size_t i = 0; i < WW_N(rows); i++) {
		struct ww_patchwork work = {0};
		lay_all(&pages, &work, rows[i].policy, WW_OVERLAP_SEGMENTS, puts, WW_N(puts));
		assert_string_equal(text_of(&pages, &work, 0, 25), rows[i].want);
		ww_patchwork_clear(&pages, &work);
	}
	ww_pages_done(&pages);
}

/* ---- against the slow model ---- */

static void compare(const struct model *model, const struct ww_pages *pages,
	const struct ww_patchwork *work, uint32_t base)
{
	bool first = true;
	for (uint32_t i = 0; i < SPACE;) {
		uint32_t len = 1;
		const uint8_t *run = ww_patchwork_run(pages, work, base + i, &len);
		assert_int_equal(run != NULL, model->held[i]);
		if (run && first)
			assert_int_equal(ww_patchwork_first(pages, work), base + i);
		first &= !run;
		if (run)
			assert_memory_equal(run, model->bytes + i, len);
		for (uint32_t k = 0; run && k < len; k++)
			assert_true(model->held[i + k]);
		i += len;
	}
	if (first)
		assert_int_equal(work->n, 0);
}

static void one_run(uint64_t seed, int policy, int overlap, struct model *model)
{
	struct ww_rng rng = ww_rng_seeded(seed);
	struct ww_pages pages = pages_of(8);
	struct ww_patchwork work = {0};
	uint32_t base = seed % 2 ? 0xffffffffu - (uint32_t)ww_rng_below(&rng, SPACE)
				 : (uint32_t)ww_rng_u64(&rng);
	uint32_t from = 0;
	uint32_t largest = seed % 3 == 0 ? SPACE : 1 + (uint32_t)ww_rng_below(&rng, 300);
	uint32_t space = seed % 5 == 0 ? 64 : SPACE;
	memset(model, 0, sizeof(*model));
	for (int i = 0; i < 120; i++) {
		uint8_t bytes[SPACE];
		uint32_t start = from + (uint32_t)ww_rng_below(&rng, space - from);
		uint32_t len = 1 + (uint32_t)ww_rng_below(&rng, largest);
		len = len < space - start ? len : space - start;
		memset(bytes, 'a' + i % 2 * (int)ww_rng_below(&rng, 20), len);
		struct ww_fit fit = {0};
		assert_true(ww_patchwork_add(
			&pages, &work, policy, overlap, base + start, bytes, len, &fit));
		struct ww_fit want = model_add(model, policy, overlap, start, start + len, bytes);
		assert_int_equal(fit.added, want.added);
		assert_int_equal(fit.overlaps, want.overlaps);
		assert_int_equal(fit.conflicts, want.conflicts);
		assert_int_equal(fit.repeats, want.repeats);
		if (i % 40 == 39) {
			from += (uint32_t)ww_rng_below(&rng, (space - from) / 2);
			ww_patchwork_drop(&pages, &work, base + from);
			model_drop(model, from);
		}
		if (i % 8 == 7)
			compare(model, &pages, &work, base);
	}
	ww_patchwork_clear(&pages, &work);
	assert_int_equal(pages.n_used, 0);
	ww_pages_done(&pages);
}

/* Two overlaps, eight policies, 40 seeds of 120 pieces, with wrap-around and page boundaries. */
static void the_slow_model_agrees(void **state)
{
	struct model *model = calloc(1, sizeof(*model));
	for (int overlap = 0; overlap < 2; overlap++)
		for (int policy = 0; policy < WW_POLICY_COUNT; policy++)
			for (uint64_t seed = 1; seed <= 40; seed++)
				one_run(seed * 16 + (uint64_t)(policy * 2 + overlap), policy,
					overlap, model);
	free(model);
}

static void no_room_changes_nothing(void **state)
{
	struct ww_pages pages = pages_of(3);
	struct ww_patchwork one = {0}, two = {0};
	uint8_t bytes[3 * WW_PAGE_BYTES] = {'x'};
	struct ww_fit fit = {.added = 7};
	add(&pages, &one, WW_POLICY_LAST, WW_OVERLAP_SEGMENTS, 5000, "one");
	assert_false(ww_patchwork_add(&pages, &two, WW_POLICY_LAST, WW_OVERLAP_SEGMENTS, 100, bytes,
		sizeof(bytes), &fit));
	assert_int_equal(fit.added, 7);
	assert_int_equal(two.n, 0);
	assert_int_equal(pages.n_used, 1);
	assert_false(ww_patchwork_add(
		&pages, &two, WW_POLICY_LAST, WW_OVERLAP_SEGMENTS, 0, bytes, 0, &fit));
	/* Where the pages are there already, a full pool does not matter. */
	add(&pages, &two, WW_POLICY_LAST, WW_OVERLAP_SEGMENTS, 2047, "ab");
	assert_int_equal(pages.n_used, 3);
	add(&pages, &one, WW_POLICY_LAST, WW_OVERLAP_SEGMENTS, 5001, "NE!");
	assert_string_equal(text_of(&pages, &one, 4999, 7), ".oNE!..");
	assert_false(ww_patchwork_add(
		&pages, &one, WW_POLICY_LAST, WW_OVERLAP_SEGMENTS, 9000, bytes, 1, &fit));
	ww_patchwork_clear(&pages, &two);
	/* Pages by the patchwork are limited as well. */
	ww_pages_done(&pages);
	pages = pages_of(WW_PATCHWORK_PAGES + 1);
	one = (struct ww_patchwork){0};
	for (uint32_t i = 0; i < WW_PATCHWORK_PAGES; i++)
		add(&pages, &one, WW_POLICY_LAST, WW_OVERLAP_SEGMENTS, i * 4096, "z");
	assert_false(ww_patchwork_add(
		&pages, &one, WW_POLICY_LAST, WW_OVERLAP_SEGMENTS, 2048, bytes, 1, &fit));
	ww_patchwork_drop(&pages, &one, 1);
	assert_int_equal(ww_patchwork_first(&pages, &one), 4096);
	add(&pages, &one, WW_POLICY_LAST, WW_OVERLAP_SEGMENTS, 2048, "y");
	assert_int_equal(ww_patchwork_first(&pages, &one), 2048);
	ww_patchwork_clear(&pages, &one);
	assert_int_equal(pages.n_used, 0);
	ww_pages_done(&pages);
}

static void policies_by_prefix(void **state)
{
	struct ww_policies policies = {0};
	struct ww_ip a, b, c;
	assert_int_equal(ww_ip_parse("10.1.2.3", &a), 0);
	assert_int_equal(ww_ip_parse("192.0.2.1", &b), 0);
	assert_int_equal(ww_ip_parse("2001:db8::1", &c), 0);
	assert_int_equal(ww_policies_get(&policies, &a), WW_POLICY_WINDOWS);
	assert_int_equal(ww_policies_add(&policies, "10.1.0.0/16=linux"), 0);
	assert_int_equal(ww_policies_add(&policies, "10.0.0.0/8=bsd"), 0);
	assert_int_equal(ww_policies_add(&policies, "2001:db8::/32=solaris"), 0);
	assert_int_equal(ww_policies_add(&policies, "192.0.2.1=last"), 0);
	assert_int_equal(ww_policies_get(&policies, &a), WW_POLICY_LINUX);
	assert_int_equal(ww_policies_get(&policies, &b), WW_POLICY_LAST);
	assert_int_equal(ww_policies_get(&policies, &c), WW_POLICY_SOLARIS);
	assert_int_equal(ww_policies_add(&policies, "first"), 0);
	b.b[15] = 9;
	assert_int_equal(ww_policies_get(&policies, &b), WW_POLICY_FIRST);
	static const char *const bad[] = {"", "=", "10.0.0.0/8", "10.0.0.0/8=", "=linux",
		"10.0.0.1/8=linux", "Linux", "10.0.0.0/8=linux ", "10.0.0.0/8=linux=bsd",
		"10.0.0.0/33=bsd",
		"1111111111111111111111111111111111111111111111111111111111111111111111=bsd"};
	for (size_t i = 0; i < WW_N(bad); i++)
		assert_int_equal(ww_policies_add(&policies, bad[i]), -EINVAL);
	while (policies.n < WW_POLICIES_MAX)
		assert_int_equal(ww_policies_add(&policies, "10.0.0.0/8=bsd"), 0);
	assert_int_equal(ww_policies_add(&policies, "10.0.0.0/8=bsd"), -ENOSPC);
	for (int i = 0; i < WW_POLICY_COUNT; i++) {
		enum ww_policy policy = WW_POLICY_COUNT;
		assert_int_equal(ww_policy_parse(ww_policy_name(i), &policy), 0);
		assert_int_equal(policy, i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case_of_the_table),
		cmocka_unit_test(novak_fragments),
		cmocka_unit_test(shankar_paxson_fragments),
		cmocka_unit_test(novak_sturges_segments),
		cmocka_unit_test(the_slow_model_agrees),
		cmocka_unit_test(no_room_changes_nothing),
		cmocka_unit_test(policies_by_prefix),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
