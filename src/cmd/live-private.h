/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* The inside of a live capture: live-open.c opens, live.c watches. */
#include "cmd/live.h"

#include "finding/evidence.h"
#include "wire/capture/live.h"

#include <time.h>

/* One interface, and the frames of it that were read and not yet fed. */
struct source {
	struct ww_live *live;
	struct ww_frame frames[WW_BATCH];
	size_t at, n;
	struct ww_live_counts counts;
	bool told_down, ended;
};

struct ww_live_watcher {
	struct ww_session *session;
	const struct ww_live_config *config;
	struct ww_reloading *reloading;
	struct source *sources; /* owned, n_sources */
	size_t n_sources;
	struct ww_watch_run run;
	struct ww_evidence_files *evidence; /* NULL: not wanted */
	int evidence_status;                /* the first trouble with it */
	uint64_t number;                    /* of the last frame, through all interfaces and runs */
	uint64_t number_shown;              /* it, at the last tick */
	uint64_t received_before, dropped_before; /* in the runs before this */
	uint64_t bytes, bytes_shown;
	struct timespec started, shown;
	char names[WW_LIVE_INTERFACES * (WW_LIVE_NAME_MAX + 1)];
	char note[160];
	bool wants_status, failed;
};

/* The filters open: packets come from here on. Complains. */
enum ww_exit ww_live_start_all(struct ww_live_watcher *watcher);
