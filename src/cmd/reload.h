/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Loading advisories and rules again while a live capture goes on: in a thread of its own, beside
 * the plan that is in force, so that no packet waits for thousands of rules to be compiled. The
 * thread shares nothing with the capture but what is never changed (the call and its options), and
 * the error stream, to which it complains.
 *
 * One thread at a time calls these; begin and take come in turn.
 */
#include "cmd/advisories.h"
#include "cmd/cmd.h"
#include "wire/watch/watch.h"

/* How they are loaded; the caller owns what it gives. */
struct ww_reload {
	void *context;
	enum ww_exit (*load)(
		void *context, struct ww_advisories *ret_advisories, struct ww_plan **ret_plan);
};

enum ww_reload_state {
	WW_RELOAD_IDLE,
	WW_RELOAD_RUNS,
	WW_RELOAD_DONE,   /* take it */
	WW_RELOAD_FAILED, /* it has said why; nothing is to be taken */
};

struct ww_reloading;

/* `by` is borrowed until the end. Returns 0 or -ENOMEM. End with ww_reloading_free. */
int ww_reloading_new(const struct ww_reload *by, struct ww_reloading **ret);
/* Waits for the thread where one runs. Accepts a pointer to NULL; leaves NULL. */
void ww_reloading_free(struct ww_reloading **reloading);
/* From idle. Returns 0 or a negative errno of pthread_create. */
int ww_reloading_begin(struct ww_reloading *reloading);
/* Never waits. DONE and FAILED are told until it is taken. */
enum ww_reload_state ww_reloading_state(const struct ww_reloading *reloading);
/* Ends DONE (what was loaded is the caller's then) or FAILED; idle again. */
void ww_reloading_take(struct ww_reloading *reloading, struct ww_advisories *ret_advisories,
	struct ww_plan **ret_plan);
