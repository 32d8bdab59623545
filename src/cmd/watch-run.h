/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * One run of `watch`: its findings go to the screen or to the machine, into the report and into
 * the store; at its end it is summed up and judged. Each capture is a run of its own; the runs of
 * one command are a session, through which the numbers of findings and incidents run on.
 */
#include "cmd/advisories.h"
#include "cmd/cmd.h"
#include "cmd/report.h"
#include "finding/alert.h"
#include "finding/store.h"
#include "wire/watch/watch.h"

/* What all runs of one command share. */
struct ww_session {
	struct ww_call *call;
	double false_alarms; /* per first contact */
	uint64_t hash_seed;
	uint64_t memory_bytes; /* of the tables of conversations; 0: the default */
	unsigned threads;
	bool strict;     /* what was cut short is exit 3 */
	bool has_format; /* findings are lines of `format`, on standard output */
	enum ww_alert_format format;
	char host[256];              /* of syslog lines; "" where it is not to be told */
	bool is_live;                /* findings are told as they come */
	bool status_shown;           /* a line of progress stands on the error stream */
	struct ww_policies policies; /* of the hosts that receive data */
	struct ww_advisories advisories;
	struct ww_plan *plan;
	struct ww_store *store;       /* NULL: none could be had */
	struct ww_buf store_path;     /* "": nothing says where */
	int store_folder_status;      /* of making its folder */
	struct ww_buf no_store;       /* why there is none */
	int64_t batch;                /* the first run's id in the store */
	uint64_t findings, incidents; /* of the runs before: numbers run on */
};

struct ww_watch_run {
	struct ww_session *session; /* borrowed */
	struct ww_watch *watch;     /* owned; the caller feeds it */
	struct ww_report report;
	struct ww_buf line;
	int store_status; /* the first trouble with the store */
};

/* The systems of the receivers, as the user named them (--policy). WW_EXIT_USAGE after saying why.
 */
enum ww_exit ww_session_policies(struct ww_session *session, const struct ww_opt_list *list);
/* Finds out where the store is to be, and makes its folder in the usual place; for the lock. */
void ww_session_place_store(struct ww_session *session);
/*
 * Opens the store. One that the user named must work: WW_EXIT_USAGE after saying why not. The usual
 * one may fail: the answer matters more than the memory of it, so it is given first, and then
 * session->no_store, with exit code 3 (ww_session_close).
 */
enum ww_exit ww_session_open_store(struct ww_session *session);
/*
 * "text", "json" or one of finding/alert.h (NULL: nothing was said). People's text then goes to the
 * error stream. WW_EXIT_USAGE after saying why not.
 */
enum ww_exit ww_session_format(struct ww_session *session, const char *format);
/* Closes the store and says why there was none; the worse of `answer` and that. */
enum ww_exit ww_session_close(struct ww_session *session, enum ww_exit answer);

/*
 * Begins a run over `input`, a file's path, "-" or "live:NAME". Returns 0 or -ENOMEM; end with
 * ww_watch_run_done either way.
 */
int ww_watch_run_begin(struct ww_watch_run *run, struct ww_session *session, const char *input);
/* What was found so far is made to last, as far as there is a store. */
void ww_watch_run_save(struct ww_watch_run *run);
/* What is pending is judged, the report or the last JSON Lines are printed, the store is written.
 */
enum ww_exit ww_watch_run_finish(struct ww_watch_run *run, struct ww_watch_input *input);
/* Safe on a zeroed object. */
void ww_watch_run_done(struct ww_watch_run *run);
