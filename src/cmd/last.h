/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* What the last run of `watch` left in the store, for the commands that answer from it. */
#include "cmd/cmd.h"
#include "finding/store.h"

struct ww_last {
	struct ww_store *store;
	struct ww_run
		run; /* of the finding, else the newest; strings are borrowed from the store */
	uint64_t n_findings;       /* of the whole command, which may have read several captures */
	struct ww_finding finding; /* the one asked for; id 0: none was asked for */
};

/*
 * Opens the store and finds the last run and, unless `number` is NULL, that finding.
 * Returns WW_EXIT_NOTHING, or, having complained, WW_EXIT_USAGE (no store, no run, no such finding)
 * or WW_EXIT_FAILED (the store cannot be read). End with ww_last_close in either case.
 */
enum ww_exit ww_last_open(struct ww_call *call, const char *number, struct ww_last *ret);
/* Reads finding `id`, and makes `run` the run that it is of. Returns as ww_store_find does. */
int ww_last_find(struct ww_last *last, uint64_t id, struct ww_finding *ret);
void ww_last_close(struct ww_last *last);
/* "10.0.0.1:445", "[2001:db8::1]:445"; without a port where it is 0; "many" for no address. */
void ww_endpoint(struct ww_buf *out, const struct ww_ip *ip, uint16_t port);
