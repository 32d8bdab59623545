// SPDX-License-Identifier: GPL-3.0-or-later
#include "cmd/reload.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

struct ww_reloading {
	const struct ww_reload *by;
	pthread_t thread;
	bool begun;        /* there is a thread to be joined */
	atomic_bool ended; /* what is below is the thread's until then */
	enum ww_exit answer;
	struct ww_advisories advisories;
	struct ww_plan *plan;
};

int ww_reloading_new(const struct ww_reload *by, struct ww_reloading **ret)
{
	struct ww_reloading *reloading = calloc(1, sizeof(*reloading));
	if (!reloading)
		return -ENOMEM;
	reloading->by = by;
	*ret = reloading;
	return 0;
}

static void *load(void *context)
{
	struct ww_reloading *reloading = context;
	reloading->answer = reloading->by->load(
		reloading->by->context, &reloading->advisories, &reloading->plan);
	atomic_store_explicit(&reloading->ended, true, memory_order_release);
	return NULL;
}

int ww_reloading_begin(struct ww_reloading *reloading)
{
	sigset_t all, before;
	ww_assert(!reloading->begun);
	reloading->advisories = (struct ww_advisories){.n = 0};
	reloading->plan = NULL;
	atomic_store(&reloading->ended, false);
	/* Signals are for the capture, whose wait they end. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int status = pthread_create(&reloading->thread, NULL, load, reloading);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	reloading->begun = status == 0;
	return -status;
}

enum ww_reload_state ww_reloading_state(const struct ww_reloading *reloading)
{
	if (!reloading->begun)
		return WW_RELOAD_IDLE;
	if (!atomic_load_explicit(&reloading->ended, memory_order_acquire))
		return WW_RELOAD_RUNS;
	return reloading->answer == WW_EXIT_NOTHING ? WW_RELOAD_DONE : WW_RELOAD_FAILED;
}

void ww_reloading_take(struct ww_reloading *reloading, struct ww_advisories *ret_advisories,
	struct ww_plan **ret_plan)
{
	ww_assert(reloading->begun);
	pthread_join(reloading->thread, NULL);
	reloading->begun = false;
	if (reloading->answer != WW_EXIT_NOTHING) {
		ww_plan_free(&reloading->plan);
		ww_advisories_done(&reloading->advisories);
		return;
	}
	*ret_advisories = reloading->advisories;
	*ret_plan = reloading->plan;
}

void ww_reloading_free(struct ww_reloading **reloading)
{
	struct ww_advisories advisories = {.n = 0};
	struct ww_plan *plan = NULL;
	if (!*reloading)
		return;
	if ((*reloading)->begun)
		ww_reloading_take(*reloading, &advisories, &plan);
	ww_plan_free(&plan);
	ww_advisories_done(&advisories);
	free(*reloading);
	*reloading = NULL;
}
