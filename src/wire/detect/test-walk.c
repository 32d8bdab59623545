// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/detect/walk.h"

#include "base/err.h"
#include "base/rng.h"
#include "wire/detect/trw.h"

#include <math.h>

#include "test.h"

static void close_to(double have, double want, double tolerance)
{
	if (!(fabs(have - want) <= tolerance * fabs(want)))
		fail_msg("%.6f is not %.6f (+-%g)", have, want, tolerance);
}

/* TRW with .8/.2 and the barriers of alpha .01, beta .99: the lattice at +-4. */
static void barriers_match_the_published_lattice(void **state)
{
	static const struct {
		double fail, alarm, contacts;
	} rows[] = {
		{.2, .003891, 6.6148},
		{.5, .5, 16},
		{.8, .996109, 6.6148},
		{.9, .999848, 4.9985},
		{.95, 1, 4.4444},
		{1, 1, 4},
	};
	struct ww_walk walk = ww_walk_between(.2, .8);
	assert_int_equal(walk.up, 1);
	assert_int_equal(walk.down, 1);
	close_to(walk.unit, log(4), 1e-12);
	for (size_t i = 0; i < WW_N(rows); i++) {
		double alarm, contacts;
		assert_int_equal(
			ww_walk_two_barriers(&walk, 4, 4, rows[i].fail, &alarm, &contacts), 0);
		close_to(alarm, rows[i].alarm, 2e-4);
		close_to(contacts, rows[i].contacts, 1e-4);
	}
}

static void reflected_run_lengths_match(void **state)
{
	static const struct {
		double fail, contacts;
	} rows[] = {{.1, 9220}, {.2, 560}, {.3, 115.3}, {.8, 6.113}, {.9, 4.844}, {1, 4}};
	struct ww_walk walk = ww_walk_between(.2, .8);
	for (size_t i = 0; i < WW_N(rows); i++) {
		double contacts;
		assert_int_equal(ww_walk_run_length(&walk, 4, rows[i].fail, &contacts), 0);
		close_to(contacts, rows[i].contacts, 1e-3);
	}
}

/* RHT (RAID 2004): .3/.9, threshold 19,800: ten failures in a row. */
static void reverse_hypothesis_testing_matches(void **state)
{
	static const struct {
		double fail, contacts, tolerance;
	} rows[] = {{1, 10, 1e-9}, {.99, 10.20, .002}, {.95, 11.16, .002}, {.9, 12.85, .002},
		{.8, 18.94, .01}, {.7, 34.3, .02}, {.5, 433, .05}, {.3, 7.6e4, .1}};
	struct ww_walk walk = ww_walk_between(.3, .9);
	uint32_t threshold = (uint32_t)ceil(log(19800) / walk.unit);
	for (size_t i = 0; i < WW_N(rows); i++) {
		double contacts;
		assert_int_equal(ww_walk_run_length(&walk, threshold, rows[i].fail, &contacts), 0);
		close_to(contacts, rows[i].contacts, rows[i].tolerance);
	}
}

static void the_default_needs_six_failures(void **state)
{
	struct ww_walk walk = ww_walk_between(WW_TRW_FAIL_BENIGN, WW_TRW_FAIL_SCANNER);
	uint32_t threshold;
	double at, below;
	assert_int_equal(
		ww_walk_threshold(&walk, WW_TRW_FAIL_BENIGN, WW_TRW_FALSE_ALARMS, &threshold), 0);
	assert_true(5u * walk.up < threshold && threshold <= 6u * walk.up);
	assert_int_equal(ww_walk_run_length(&walk, threshold, WW_TRW_FAIL_BENIGN, &at), 0);
	assert_int_equal(ww_walk_run_length(&walk, threshold - 1, WW_TRW_FAIL_BENIGN, &below), 0);
	assert_true(at >= 1e5 && below < 1e5);
	print_message("up %u down %u unit %.4f threshold %u (%.3f nats) run length %.0f\n", walk.up,
		walk.down, walk.unit, threshold, threshold * walk.unit, at);
	for (double p = .05; p < 1; p += .15) {
		double n;
		assert_int_equal(ww_walk_run_length(&walk, threshold, p, &n), 0);
		print_message("  fails %.2f: %.4g first contacts to the alarm\n", p, n);
	}
}

static uint64_t simulate(
	const struct ww_walk *walk, uint32_t threshold, double p, struct ww_rng *rng)
{
	uint64_t n = 0;
	for (uint32_t score = 0; score < threshold; n++)
		score = ww_rng_unit(rng) < p ? ww_walk_fail(walk, score)
					     : ww_walk_answer(walk, score);
	return n;
}

/* The solved mean lies within four standard errors of the simulated one. */
static void run_lengths_agree_with_monte_carlo(void **state)
{
	struct ww_walk walk = ww_walk_between(WW_TRW_FAIL_BENIGN, WW_TRW_FAIL_SCANNER);
	struct ww_rng rng = ww_rng_seeded(20030811);
	enum { RUNS = 4000 };
	for (double p = .3; p < 1; p += .1) {
		double exact, sum = 0, squares = 0;
		assert_int_equal(ww_walk_run_length(&walk, 5 * walk.up, p, &exact), 0);
		for (int i = 0; i < RUNS; i++) {
			double n = (double)simulate(&walk, 5 * walk.up, p, &rng);
			sum += n;
			squares += n * n;
		}
		double mean = sum / RUNS;
		double error = sqrt((squares / RUNS - mean * mean) / RUNS);
		if (fabs(mean - exact) > 4 * error + 1e-9)
			fail_msg("p %.1f: simulated %.3f +- %.3f, solved %.3f", p, mean, error,
				exact);
	}
}

static void what_cannot_be_solved_is_refused(void **state)
{
	struct ww_walk walk = ww_walk_between(.1, .8);
	double n, alarm;
	uint32_t threshold;
	assert_int_equal(ww_walk_run_length(&walk, 0, .5, &n), -EINVAL);
	assert_int_equal(ww_walk_run_length(&walk, WW_WALK_STATES_MAX + 1, .5, &n), -EINVAL);
	assert_int_equal(ww_walk_run_length(&walk, 10, 0, &n), -EINVAL);
	assert_int_equal(ww_walk_two_barriers(&walk, 0, 4, .5, &alarm, &n), -EINVAL);
	assert_int_equal(ww_walk_threshold(&walk, .1, 0, &threshold), -EINVAL);
	assert_int_equal(ww_walk_threshold(&walk, .1, 1, &threshold), -EINVAL);
	assert_int_equal(ww_walk_threshold(&walk, .1, NAN, &threshold), -EINVAL);
	assert_int_equal(ww_walk_threshold(&walk, .1, 1e-300, &threshold), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(barriers_match_the_published_lattice),
		cmocka_unit_test(reflected_run_lengths_match),
		cmocka_unit_test(reverse_hypothesis_testing_matches),
		cmocka_unit_test(the_default_needs_six_failures),
		cmocka_unit_test(run_lengths_agree_with_monte_carlo),
		cmocka_unit_test(what_cannot_be_solved_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
