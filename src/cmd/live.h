/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * `watch -i`: a run over network interfaces, until a signal, a time or the loss of the interface
 * ends it. First everything is opened, then every privilege is given up, then packets are taken.
 *
 * SIGINT and SIGTERM end it with the full report; a second SIGINT ends it at once. SIGHUP loads
 * advisories and rules again.
 */
#include "base/opt.h"
#include "cmd/lock.h"
#include "cmd/reload.h"
#include "cmd/watch-run.h"

enum { WW_LIVE_INTERFACES = 8 };

/* The options of live capture: a part of watch's own. */
struct ww_live_config {
	struct ww_opt_list interfaces;
	const char *filter;
	uint64_t snaplen, ring_mb; /* 0: the defaults */
	uint64_t seconds;          /* 0: until a signal */
	bool promiscuous;
	const char *evidence; /* folder for all packets; NULL: none are kept */
	uint64_t evidence_mb, evidence_s; /* bounds of it; 0: the default, none */
};

struct ww_live_watcher;

/*
 * Opens the rings, for which CAP_NET_RAW is needed; nothing is captured yet. Complains where it
 * cannot. What is given is borrowed until ww_live_free.
 */
enum ww_exit ww_live_new(struct ww_session *session, const struct ww_live_config *config,
	const struct ww_reload *reload, struct ww_live_watcher **ret);
void ww_live_free(struct ww_live_watcher **watcher);
/* What it still needs when it is locked in. */
void ww_live_needs(const struct ww_live_watcher *watcher, struct ww_lock *lock);
/* Watches until the end; session->plan is ready. */
enum ww_exit ww_live_watch(struct ww_live_watcher *watcher);
