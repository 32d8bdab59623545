// SPDX-License-Identifier: GPL-3.0-or-later
#include "cmd/reload.h"

#include "test.h"

#include <sched.h>
#include <stdatomic.h>

struct loader {
	atomic_bool may_end;
	atomic_int calls;
	enum ww_exit answer;
};

static enum ww_exit load(
	void *context, struct ww_advisories *ret_advisories, struct ww_plan **ret_plan)
{
	struct loader *loader = context;
	atomic_fetch_add(&loader->calls, 1);
	while (!atomic_load(&loader->may_end))
		sched_yield();
	ret_advisories->n_left_out = 3;
	assert_int_equal(ww_plan_new(NULL, 0, ret_plan), 0);
	return loader->answer;
}

static enum ww_reload_state wait_for_end(const struct ww_reloading *reloading)
{
	while (ww_reloading_state(reloading) == WW_RELOAD_RUNS)
		sched_yield();
	return ww_reloading_state(reloading);
}

static void loads_beside(void **unused)
{
	(void)unused;
	struct loader loader = {.answer = WW_EXIT_NOTHING};
	const struct ww_reload by = {&loader, load};
	struct ww_reloading *reloading = NULL;
	struct ww_advisories advisories = {.n = 0};
	struct ww_plan *plan = NULL;
	assert_int_equal(ww_reloading_new(&by, &reloading), 0);
	assert_int_equal(ww_reloading_state(reloading), WW_RELOAD_IDLE);
	for (int round = 1; round <= 3; round++) {
		atomic_store(&loader.may_end, false);
		assert_int_equal(ww_reloading_begin(reloading), 0);
		for (int i = 0; i < 100; i++)
			assert_int_equal(ww_reloading_state(reloading), WW_RELOAD_RUNS);
		atomic_store(&loader.may_end, true);
		assert_int_equal(wait_for_end(reloading), WW_RELOAD_DONE);
		assert_int_equal(ww_reloading_state(reloading), WW_RELOAD_DONE);
		ww_reloading_take(reloading, &advisories, &plan);
		assert_non_null(plan);
		assert_int_equal(advisories.n_left_out, 3);
		assert_int_equal(loader.calls, round);
		ww_plan_free(&plan);
		assert_int_equal(ww_reloading_state(reloading), WW_RELOAD_IDLE);
	}
	ww_reloading_free(&reloading);
	assert_null(reloading);
}

static void trouble_leaves_nothing(void **unused)
{
	(void)unused;
	struct loader loader = {.answer = WW_EXIT_USAGE};
	const struct ww_reload by = {&loader, load};
	struct ww_reloading *reloading = NULL;
	struct ww_advisories advisories = {.n = 0};
	struct ww_plan *plan = NULL;
	assert_int_equal(ww_reloading_new(&by, &reloading), 0);
	atomic_store(&loader.may_end, true);
	assert_int_equal(ww_reloading_begin(reloading), 0);
	assert_int_equal(wait_for_end(reloading), WW_RELOAD_FAILED);
	ww_reloading_take(reloading, &advisories, &plan);
	assert_null(plan);
	assert_int_equal(advisories.n_left_out, 0);
	ww_reloading_free(&reloading);
}

/* What was loaded and is not wanted any more is ended with it. */
static void ends_what_runs(void **unused)
{
	(void)unused;
	struct loader loader = {.answer = WW_EXIT_NOTHING};
	const struct ww_reload by = {&loader, load};
	struct ww_reloading *reloading = NULL;
	assert_int_equal(ww_reloading_new(&by, &reloading), 0);
	assert_int_equal(ww_reloading_begin(reloading), 0);
	atomic_store(&loader.may_end, true);
	ww_reloading_free(&reloading);
	assert_null(reloading);
	assert_int_equal(loader.calls, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loads_beside),
		cmocka_unit_test(trouble_leaves_nothing),
		cmocka_unit_test(ends_what_runs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
