// SPDX-License-Identifier: GPL-3.0-or-later
#include "cmd/live-private.h"

#include "base/hash.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	WAIT_MS = 200, /* a signal that comes just before the wait is answered after this */
	/* After the filter was shut, the block that was being filled comes within this. */
	DRAIN_MS = 100,
	DRAIN_ROUNDS = 1 << 20,
};

static volatile sig_atomic_t stop_wanted, reload_wanted;

static void on_stop(int signal_number)
{
	(void)signal_number;
	stop_wanted = 1;
}

static void on_hangup(int signal_number)
{
	(void)signal_number;
	reload_wanted = 1;
}

static void catch_signals(void)
{
	struct sigaction stop = {.sa_handler = on_stop, .sa_flags = SA_RESETHAND};
	struct sigaction hangup = {.sa_handler = on_hangup};
	/* A reader that went away shows as an error of writing: the run is still ended in order. */
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGHUP, &hangup, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

/* ---- counts ---- */

static void count(struct ww_live_watcher *watcher, uint64_t *ret_received, uint64_t *ret_dropped)
{
	*ret_received = *ret_dropped = 0;
	for (size_t i = 0; i < watcher->n_sources; i++) {
		struct source *source = &watcher->sources[i];
		ww_live_counts(source->live, &source->counts);
		*ret_received += source->counts.received;
		*ret_dropped += source->counts.dropped;
	}
	*ret_received -= watcher->received_before;
	*ret_dropped -= watcher->dropped_before;
}

static double seconds_since(const struct timespec *then, const struct timespec *now)
{
	return (double)(now->tv_sec - then->tv_sec) + (double)(now->tv_nsec - then->tv_nsec) / 1e9;
}

static void erase_status(struct ww_session *session)
{
	if (session->status_shown)
		fputs("\r\033[K", session->call->screen->err);
	session->status_shown = false;
}

/* Once, at the first trouble: from then on nothing is kept. */
static void evidence_is(struct ww_live_watcher *watcher, int status)
{
	if (status == 0 || watcher->evidence_status != 0)
		return;
	watcher->evidence_status = status;
	erase_status(watcher->session);
	ww_failed(watcher->session->call, "%s: %s: no more packets are kept; the watch goes on",
		watcher->config->evidence, ww_errno_text(status));
}

/*
 * What waits for an answer is judged by the clock of the machine where nothing came for a second;
 * packets that were kept grow old by it.
 */
static void tell_time(struct ww_live_watcher *watcher)
{
	struct timespec now;
	bool idle = watcher->number == watcher->number_shown;
	watcher->number_shown = watcher->number;
	clock_gettime(CLOCK_REALTIME, &now);
	if (idle) /* what the ring may still hold is younger than that */
		ww_watch_tick(watcher->run.watch, ((int64_t)now.tv_sec - 1) * 1000000);
	if (watcher->evidence) {
		evidence_is(watcher, ww_evidence_flush(watcher->evidence));
		evidence_is(watcher,
			ww_evidence_tick(watcher->evidence, (int64_t)now.tv_sec * 1000000));
	}
}

static void show_status(struct ww_live_watcher *watcher, double elapsed_s, uint64_t dropped)
{
	struct ww_session *session = watcher->session;
	FILE *err = session->call->screen->err;
	struct ww_watch_summary summary;
	char line[200];
	ww_watch_summarize(watcher->run.watch, &summary);
	double mbit_s = (double)(watcher->bytes - watcher->bytes_shown) * 8 / 1e6 / elapsed_s;
	snprintf(line, sizeof(line),
		"%s  %" PRIu64 " packets  %.1f Mbit/s  %" PRIu64 " hosts  %" PRIu64
		" findings  %" PRIu64 " dropped",
		watcher->names, summary.packets->packets, mbit_s, summary.hosts, summary.findings,
		dropped);
	fprintf(err, "\r\033[K%.*s", session->call->screen->width - 1, line);
	fflush(err);
	session->status_shown = true;
}

static void tell_of_interfaces(struct ww_live_watcher *watcher)
{
	for (size_t i = 0; i < watcher->n_sources; i++) {
		struct source *source = &watcher->sources[i];
		bool is_up = ww_live_is_up(source->live);
		const char *name = ww_live_name(source->live);
		if (source->told_down != is_up || source->ended)
			continue;
		erase_status(watcher->session);
		ww_remark(watcher->session->call,
			is_up ? "%s is up again" : "%s went down: waiting for it", name);
		source->told_down = !is_up;
	}
}

/* Once a second. False: the output cannot be written, so nobody hears us. */
static bool tick(struct ww_live_watcher *watcher, const struct timespec *now)
{
	uint64_t received, dropped;
	count(watcher, &received, &dropped);
	tell_of_interfaces(watcher);
	ww_watch_settle(watcher->run.watch);
	tell_time(watcher);
	ww_watch_settle(watcher->run.watch);
	if (watcher->wants_status)
		show_status(watcher, seconds_since(&watcher->shown, now), dropped);
	watcher->shown = *now;
	watcher->bytes_shown = watcher->bytes;
	ww_watch_run_save(&watcher->run);
	return fflush(watcher->session->call->screen->out) == 0 &&
	       !ferror(watcher->session->call->screen->out);
}

/* ---- reading ---- */

static void refill(struct ww_live_watcher *watcher, struct source *source)
{
	if (source->at < source->n || source->ended)
		return;
	source->at = 0;
	enum ww_capture_state state = ww_live_read(source->live, source->frames, &source->n);
	if (state != WW_CAPTURE_MORE) {
		source->ended = true;
		snprintf(watcher->note, sizeof(watcher->note), "%s", ww_live_note(source->live));
		watcher->failed = true;
	}
}

/* The source whose next frame is the oldest, and until when no other has one; NULL: none has any.
 */
static struct source *oldest(struct ww_live_watcher *watcher, int64_t *ret_until_us)
{
	struct source *first = NULL;
	*ret_until_us = INT64_MAX;
	for (size_t i = 0; i < watcher->n_sources; i++) {
		struct source *source = &watcher->sources[i];
		if (source->at == source->n)
			continue;
		int64_t time_us = source->frames[source->at].time_us;
		if (!first || time_us < first->frames[first->at].time_us) {
			*ret_until_us = first ? first->frames[first->at].time_us : INT64_MAX;
			first = source;
		} else if (time_us < *ret_until_us) {
			*ret_until_us = time_us;
		}
	}
	return first;
}

/* Written before it is looked at: what a finding names can be found. */
static void keep_frames(struct ww_live_watcher *watcher, const struct ww_frame *frames, size_t n)
{
	int status = watcher->evidence_status;
	for (size_t i = 0; status == 0 && i < n; i++)
		status = ww_evidence_write(watcher->evidence, frames[i].number, frames[i].time_us,
			frames[i].data, frames[i].captured, frames[i].length);
	evidence_is(watcher, status);
}

/* One batch in the order of time. False: there is nothing at the moment. */
static bool feed(struct ww_live_watcher *watcher)
{
	int64_t until_us;
	for (size_t i = 0; i < watcher->n_sources; i++)
		refill(watcher, &watcher->sources[i]);
	struct source *source = oldest(watcher, &until_us);
	if (!source)
		return false;
	size_t n = 0;
	struct ww_frame *frames = &source->frames[source->at];
	do {
		frames[n].number = ++watcher->number;
		frames[n].interface = (uint16_t)(source - watcher->sources);
		watcher->bytes += frames[n].length;
		n++;
	} while (source->at + n < source->n && frames[n].time_us <= until_us);
	source->at += n;
	if (watcher->evidence)
		keep_frames(watcher, frames, n);
	ww_watch_feed(watcher->run.watch, frames, n);
	return true;
}

static bool all_ended(const struct ww_live_watcher *watcher)
{
	for (size_t i = 0; i < watcher->n_sources; i++)
		if (!watcher->sources[i].ended)
			return false;
	return true;
}

static void wait_for_frames(const struct ww_live_watcher *watcher, int timeout_ms)
{
	struct ww_live *lives[WW_LIVE_INTERFACES];
	size_t n = 0;
	for (size_t i = 0; i < watcher->n_sources; i++)
		if (!watcher->sources[i].ended)
			lives[n++] = watcher->sources[i].live;
	ww_live_wait(lives, n, timeout_ms);
}

/* Nothing more comes in; what the kernel has taken is looked at. */
static void drain(struct ww_live_watcher *watcher)
{
	struct timespec pause = {.tv_nsec = DRAIN_MS * 1000000};
	for (size_t i = 0; i < watcher->n_sources; i++)
		ww_live_stop(watcher->sources[i].live);
	for (int round = 0; round < DRAIN_ROUNDS && feed(watcher); round++)
		;
	nanosleep(&pause, NULL);
	while (feed(watcher))
		;
}

/* ---- runs ---- */

static enum ww_exit end_run(struct ww_live_watcher *watcher)
{
	struct ww_watch_live live = {0};
	count(watcher, &live.received, &live.dropped);
	for (size_t i = 0; i < watcher->n_sources; i++)
		live.downs += watcher->sources[i].counts.downs;
	struct ww_watch_input input = {
		.file = watcher->names,
		.format = "live",
		.note = watcher->note,
		.state = watcher->failed ? WW_CAPTURE_FAILED : WW_CAPTURE_END,
		.live = &live,
	};
	watcher->received_before += live.received;
	watcher->dropped_before += live.dropped;
	erase_status(watcher->session);
	enum ww_exit answer = ww_watch_run_finish(&watcher->run, &input);
	ww_watch_run_done(&watcher->run);
	return answer;
}

static enum ww_exit begin_run(struct ww_live_watcher *watcher)
{
	struct ww_buf name = WW_BUF_INIT;
	if (watcher->evidence)
		ww_buf_addf(&name, "%s*.pcap", ww_evidence_prefix(watcher->evidence));
	else
		ww_buf_addf(&name, "live:%s", watcher->names);
	int status = ww_watch_run_begin(&watcher->run, watcher->session, ww_buf_text(&name));
	ww_buf_done(&name);
	if (status == 0)
		return WW_EXIT_NOTHING;
	ww_watch_run_done(&watcher->run);
	return ww_failed(watcher->session->call, "%s", ww_errno_text(status));
}

static void begin_reload(struct ww_live_watcher *watcher)
{
	reload_wanted = 0;
	erase_status(watcher->session);
	int status = ww_reloading_begin(watcher->reloading);
	if (status != 0)
		ww_failed(watcher->session->call, "nothing is loaded again: %s",
			ww_errno_text(status));
}

/* The run so far is told, and the next one begins with the new plan. */
static enum ww_exit end_reload(struct ww_live_watcher *watcher, bool loaded)
{
	struct ww_session *session = watcher->session;
	struct ww_advisories advisories = {.n = 0};
	struct ww_plan *plan = NULL;
	ww_reloading_take(watcher->reloading, &advisories, &plan);
	erase_status(session);
	if (!loaded) {
		ww_failed(session->call, "the advisories and rules from before stay in force");
		return WW_EXIT_NOTHING;
	}
	enum ww_exit answer = end_run(watcher);
	ww_plan_free(&session->plan);
	ww_advisories_done(&session->advisories);
	session->plan = plan;
	session->advisories = advisories;
	ww_remark(session->call, "%zu rules and %zu advisories are in force now",
		ww_plan_n_rules(plan), ww_plan_n_advisories(plan));
	return ww_exit_worse(answer, begin_run(watcher));
}

/* SIGHUP: loading goes on beside the capture; between two batches the new plan takes over. */
static enum ww_exit mind_reload(struct ww_live_watcher *watcher)
{
	switch (ww_reloading_state(watcher->reloading)) {
	case WW_RELOAD_IDLE:
		if (reload_wanted)
			begin_reload(watcher);
		return WW_EXIT_NOTHING;
	case WW_RELOAD_DONE: return end_reload(watcher, true);
	case WW_RELOAD_FAILED: return end_reload(watcher, false);
	default: return WW_EXIT_NOTHING;
	}
}

static enum ww_exit watch_on(struct ww_live_watcher *watcher)
{
	enum ww_exit answer = begin_run(watcher);
	clock_gettime(CLOCK_MONOTONIC_COARSE, &watcher->started);
	watcher->shown = watcher->started;
	while (!stop_wanted && watcher->run.watch) {
		struct timespec now;
		clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
		if (seconds_since(&watcher->shown, &now) >= 1 && !tick(watcher, &now))
			break;
		if (watcher->config->seconds &&
			seconds_since(&watcher->started, &now) >= (double)watcher->config->seconds)
			break;
		answer = ww_exit_worse(answer, mind_reload(watcher));
		if (!watcher->run.watch)
			break;
		if (feed(watcher))
			continue;
		if (all_ended(watcher))
			break;
		ww_watch_settle(watcher->run.watch);
		fflush(watcher->session->call->screen->out);
		wait_for_frames(watcher, WAIT_MS);
	}
	if (!watcher->run.watch)
		return answer;
	drain(watcher);
	answer = ww_exit_worse(answer, end_run(watcher));
	int status = ww_evidence_close(&watcher->evidence);
	evidence_is(watcher, status);
	return status == 0 ? answer : ww_exit_worse(answer, WW_EXIT_FAILED);
}

void ww_live_free(struct ww_live_watcher **watcher)
{
	if (!*watcher)
		return;
	for (size_t i = 0; i < (*watcher)->n_sources; i++)
		ww_live_close(&(*watcher)->sources[i].live);
	ww_reloading_free(&(*watcher)->reloading);
	ww_evidence_close(&(*watcher)->evidence);
	free((*watcher)->sources);
	free(*watcher);
	*watcher = NULL;
}

enum ww_exit ww_live_watch(struct ww_live_watcher *watcher)
{
	struct ww_session *session = watcher->session;
	const struct ww_screen *screen = session->call->screen;
	struct ww_hash_key key;
	enum ww_exit answer = ww_session_open_store(session);
	/* Who knows the key of the tables can fill one bucket: a sensor has its own. */
	if (session->hash_seed == 0 && ww_hash_key_random(&key) == 0)
		session->hash_seed = key.k[0];
	session->is_live = true;
	if (gethostname(session->host, sizeof(session->host)) != 0)
		session->host[0] = '\0';
	session->host[sizeof(session->host) - 1] = '\0';
	for (const char *c = session->host; *c; c++)
		if (*c <= ' ' || *c > '~') /* RFC 5424: printable ASCII */
			session->host[0] = '\0';
	watcher->wants_status = !screen->quiet && isatty(fileno(screen->err));
	catch_signals();
	if (answer == WW_EXIT_NOTHING)
		answer = ww_live_start_all(watcher);
	if (answer == WW_EXIT_NOTHING)
		answer = watch_on(watcher);
	else
		ww_buf_reset(&session->no_store); /* nothing was looked at */
	return ww_session_close(session, answer);
}
