// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * wormwood watch: packets in, the outbreak out. Each capture is a run of its own.
 */
#include "cmd/live.h"
#include "cmd/rules-profile.h"
#include "cmd/lock.h"
#include "cmd/watch-rules.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FILES_MAX = 4096, MEMORY_MB_MOST = 4096 };

struct config {
	struct ww_opt_list rules, variables, policies;
	bool all_rules, rules_report;
	const char *const *rule_operands; /* operands that are rule files */
	size_t n_rule_operands;
	double false_alarms;
	uint64_t hash_seed, memory_mb, threads;
	bool strict, rules_profile;
	const char *format;
	struct ww_live_config live;
};

static const struct config defaults = {.false_alarms = 1e-5, .threads = 1};

static const struct ww_opt opts[] = {
	WW_OPT(struct config, rules, WW_OPT_LIST, 0, "rules", "FILE",
		"load a rule file, or a folder's *.rules (repeatable)"),
	WW_OPT(struct config, variables, WW_OPT_LIST, 0, "var", "NAME=VALUE",
		"set a rule variable (repeatable)"),
	WW_OPT(struct config, policies, WW_OPT_LIST, 0, "policy", "[PREFIX=]NAME",
		"whose copy wins where data overlaps (windows; repeatable)"),
	WW_OPT(struct config, all_rules, WW_OPT_FLAG, 0, "all-rules", NULL,
		"load the disabled rules too (\"# alert ...\")"),
	WW_OPT(struct config, rules_report, WW_OPT_FLAG, 0, "rules-report", NULL,
		"say what became of each rule file; needs no capture"),
	WW_OPT(struct config, false_alarms, WW_OPT_REAL, 0, "false-alarms", "RATE",
		"of the scan test, per first contact (1e-5)"),
	WW_OPT(struct config, memory_mb, WW_OPT_COUNT, 0, "memory", "MIB",
		"for conversations, streams and fragments (52)"),
	WW_OPT(struct config, hash_seed, WW_OPT_COUNT, 0, "hash-seed", "N",
		"vary the key of the tables"),
	WW_OPT(struct config, threads, WW_OPT_COUNT, 0, "threads", "N",
		"share the work on many rules among threads (1)"),
	WW_OPT(struct config, rules_profile, WW_OPT_FLAG, 0, "rules-profile", NULL,
		"list the rules that were tried most"),
	WW_OPT(struct config, strict, WW_OPT_FLAG, 0, "strict", NULL,
		"refused rules are exit 2, a capture cut short is 3"),
	WW_OPT(struct config, format, WW_OPT_TEXT, 0, "format", "FORMAT",
		"findings as lines of syslog, cef or eve"),
	WW_OPT(struct config, live.interfaces, WW_OPT_LIST, 'i', "interface", "NAME",
		"watch this interface live (repeatable; any: all)"),
	WW_OPT(struct config, live.filter, WW_OPT_TEXT, 0, "bpf", "EXPRESSION",
		"live: only what pcap-filter(7) lets pass"),
	WW_OPT(struct config, live.promiscuous, WW_OPT_FLAG, 0, "promisc", NULL,
		"live: frames for other stations too"),
	WW_OPT(struct config, live.snaplen, WW_OPT_COUNT, 0, "snaplen", "BYTES",
		"live: keep so many bytes of a frame (all)"),
	WW_OPT(struct config, live.ring_mb, WW_OPT_COUNT, 0, "ring", "MIB",
		"live: memory for packets that wait (64)"),
	WW_OPT(struct config, live.evidence, WW_OPT_TEXT, 0, "evidence", "DIR",
		"live: keep the last packets here, for slice"),
	WW_OPT(struct config, live.evidence_mb, WW_OPT_COUNT, 0, "evidence-size", "MIB",
		"live: and never more than this (1024)"),
	WW_OPT(struct config, live.evidence_s, WW_OPT_COUNT, 0, "evidence-age", "SECONDS",
		"live: and none that are older (no limit)"),
	WW_OPT(struct config, live.seconds, WW_OPT_COUNT, 0, "seconds", "N",
		"live: end after so long"),
};

static const char *const needs[] = {"network.rules", "network.stages", "network.ports"};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number)
{
	(void)signal_number;
	interrupted = 1;
}

/* ---- reading ---- */

struct progress {
	bool wanted, shown;
	time_t started, last;
	uint64_t batches;
};

static void show_progress(struct progress *progress, const struct ww_capture *capture, FILE *err)
{
	if (!progress->wanted || (++progress->batches & 0xfff) != 0)
		return;
	time_t now = time(NULL);
	if (now - progress->started < 1 || now == progress->last)
		return;
	progress->last = now;
	progress->shown = true;
	uint64_t size = 0, at = ww_capture_position(capture, &size);
	if (size > 0)
		fprintf(err, "\r  %3.0f %% of %.1f MB ", 100.0 * (double)at / (double)size,
			(double)size / 1e6);
	else
		fprintf(err, "\r  %.1f MB ", (double)at / 1e6);
	fflush(err);
}

static enum ww_capture_state read_all(
	const struct ww_call *call, struct ww_watch *watch, struct ww_capture *capture)
{
	FILE *err = call->screen->err;
	struct progress progress = {
		.wanted = !call->screen->quiet && isatty(fileno(err)), .started = time(NULL)};
	enum ww_capture_state state = WW_CAPTURE_MORE;
	while (state == WW_CAPTURE_MORE && !interrupted) {
		struct ww_frame frames[WW_BATCH];
		size_t n = 0;
		state = ww_capture_read(capture, frames, &n);
		if (n > 0)
			ww_watch_feed(watch, frames, n);
		show_progress(&progress, capture, err);
	}
	if (progress.shown)
		fputs("\r                              \r", err);
	return state;
}

/* ---- one capture ---- */

static enum ww_exit watch_one(struct ww_session *session, const char *file)
{
	struct ww_call *call = session->call;
	struct ww_capture *capture = NULL;
	struct ww_err err = {0};
	int status = ww_capture_open(file, &capture, &err);
	if (status != 0)
		return ww_usage(call, "%s: %s", strcmp(file, "-") == 0 ? "standard input" : file,
			err.text[0] ? err.text : ww_errno_text(status));
	struct ww_watch_run run;
	enum ww_exit answer = WW_EXIT_FAILED;
	status = ww_watch_run_begin(&run, session, file);
	if (status == 0) {
		struct ww_watch_input input = {.file = file, .format = ww_capture_format(capture)};
		input.state = read_all(call, run.watch, capture);
		input.note = ww_capture_note(capture);
		if (interrupted)
			input.note = "interrupted: the rest of the capture was not looked at";
		answer = ww_watch_run_finish(&run, &input);
	} else {
		ww_failed(call, "%s", ww_errno_text(status));
	}
	ww_watch_run_done(&run);
	ww_capture_close(&capture);
	return answer;
}

/* ---- rules, advisories ---- */

static struct ww_rules_wish wish_of(const struct config *config)
{
	return (struct ww_rules_wish){.rules = &config->rules,
		.variables = &config->variables,
		.operands = config->rule_operands,
		.n_operands = config->n_rule_operands,
		.all = config->all_rules,
		.strict = config->strict,
		.report = config->rules_report};
}

static enum ww_exit make_plan(struct ww_call *call, const struct config *config,
	const struct ww_advisories *advisories, struct ww_plan **ret)
{
	struct ww_err err = {0};
	int status = ww_plan_new(call->home, call->n_home, ret);
	const struct ww_rules_wish wish = wish_of(config);
	if (status == 0 && ww_rules_read(call, &wish, *ret) != 0)
		return WW_EXIT_USAGE;
	for (size_t i = 0; status == 0 && i < advisories->n; i++) {
		const struct ww_advisory *advisory = advisories->items[i];
		status = ww_plan_advisory(*ret, advisory, &err);
		if (status == -EINVAL) {
			ww_complain(call, advisory->path, &err);
			return WW_EXIT_USAGE;
		}
	}
	if (status == 0)
		status = ww_plan_ready(*ret, &err);
	if (status != 0)
		return ww_failed(call, "%s", err.text[0] ? err.text : ww_errno_text(status));
	return ww_rules_told(call, &wish, *ret);
}

static enum ww_exit watch_files(struct ww_session *session, const char *const *files, size_t n)
{
	struct ww_call *call = session->call;
	enum ww_exit answer = ww_session_open_store(session);
	struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_RESETHAND};
	sigaction(SIGINT, &action, NULL);
	if (answer != WW_EXIT_NOTHING) {
		ww_buf_reset(&session->no_store); /* nothing was looked at */
		return ww_session_close(session, answer);
	}
	for (size_t i = 0; i < n && !interrupted; i++) {
		if (i > 0 && !call->common->json)
			ww_say(call->screen, "\n");
		answer = ww_exit_worse(answer, watch_one(session, files[i]));
	}
	return ww_session_close(session, answer);
}

/* ---- the command ---- */

/* What makes the plan, at the start and at SIGHUP. */
struct again {
	struct ww_call *call;
	const struct config *config;
};

static enum ww_exit load_again(
	void *context, struct ww_advisories *ret_advisories, struct ww_plan **ret_plan)
{
	const struct again *again = context;
	enum ww_exit answer = ww_call_advisories(again->call, ret_advisories);
	if (answer == WW_EXIT_NOTHING)
		answer = make_plan(again->call, again->config, ret_advisories, ret_plan);
	return answer;
}

/* All that is read from here on, SIGHUP's loading included; nothing is decoded before. */
static enum ww_exit lock(struct ww_session *session, const struct config *config,
	const char *const *files, size_t n, struct ww_live_watcher *live)
{
	struct ww_lock lock = {.n_read = 0};
	struct ww_shelf shelf;
	int status = ww_shelf_open(session->call, &shelf);
	if (status == 0)
		ww_lock_advisories(&lock, session->call, &shelf);
	ww_shelf_done(&shelf);
	if (status != 0)
		return ww_failed(session->call, "the advisories: %s", ww_errno_text(status));
	for (size_t i = 0; i < n; i++)
		ww_lock_read(&lock, files[i]);
	for (size_t i = 0; i < config->rules.n_items; i++) {
		ww_lock_read(&lock, config->rules.items[i]);
		ww_lock_read_beside(&lock, config->rules.items[i]);
	}
	for (size_t i = 0; i < config->n_rule_operands; i++)
		ww_lock_read(&lock, config->rule_operands[i]);
	ww_session_place_store(session);
	const char *store = ww_buf_text(&session->store_path);
	if (store[0])
		ww_lock_write_beside(&lock, store);
	if (live)
		ww_live_needs(live, &lock);
	return ww_lock_now(&lock, session->call);
}

static enum ww_exit watch(
	struct ww_session *session, const struct config *config, const char *const *files, size_t n)
{
	struct ww_call *call = session->call;
	struct again again = {call, config};
	const struct ww_reload reload = {&again, load_again};
	struct ww_live_watcher *live = NULL;
	enum ww_exit answer = WW_EXIT_NOTHING;
	if (config->live.interfaces.n_items)
		answer = ww_live_new(session, &config->live, &reload, &live);
	if (answer == WW_EXIT_NOTHING)
		answer = lock(session, config, files, n, live);
	if (answer == WW_EXIT_NOTHING)
		answer = load_again(&again, &session->advisories, &session->plan);
	/* Without a capture there is only the report on the rules, and that was given. */
	if (answer == WW_EXIT_NOTHING && (live || n > 0))
		answer = live ? ww_live_watch(live) : watch_files(session, files, n);
	if (config->rules_profile && session->plan)
		ww_rules_profile(call, ww_plan_ruleset(session->plan));
	ww_live_free(&live);
	return answer;
}

/* Operands of a live capture are its filter, as with tcpdump. Freed by the caller. */
static enum ww_exit join_filter(struct ww_call *call, struct config *config, char **ret)
{
	struct ww_buf filter = WW_BUF_INIT;
	if (call->common->files.n_items)
		return ww_usage(call, "-i and -r: a run reads interfaces or files");
	if (call->n_args && config->live.filter)
		return ww_usage(call, "--bpf and '%.60s': one filter is enough", call->args[0]);
	for (size_t i = 0; i < call->n_args; i++)
		ww_buf_addf(&filter, "%s%s", i ? " " : "", call->args[i]);
	*ret = ww_buf_take(&filter);
	if (call->n_args)
		config->live.filter = *ret;
	return WW_EXIT_NOTHING;
}

static enum ww_exit run_watch(struct ww_call *call)
{
	struct config config = *(const struct config *)call->config;
	bool is_live = config.live.interfaces.n_items > 0;
	char *filter = NULL;
	const char **files = calloc(FILES_MAX, sizeof(*files));
	if (!files)
		return ww_failed(call, "%s", ww_errno_text(-ENOMEM));
	if (!is_live) {
		config.n_rule_operands = ww_rules_operands(call->args, &call->n_args);
		config.rule_operands = call->args + call->n_args;
	}
	size_t n = is_live ? 0 : ww_call_files(call, 0, files, FILES_MAX);
	enum ww_exit answer = WW_EXIT_NOTHING;
	if (is_live)
		answer = join_filter(call, &config, &filter);
	else if (n == 0 && !config.rules_report)
		answer = ww_usage(call, "which capture? wormwood watch FILE (- is standard input), "
					"or -i INTERFACE");
	if (!(config.false_alarms > 0 && config.false_alarms <= 0.1))
		answer = ww_usage(call, "--false-alarms is above 0 and at most 0.1");
	if (config.memory_mb > MEMORY_MB_MOST)
		answer = ww_usage(call, "--memory is at most %d (MiB)", MEMORY_MB_MOST);
	if (config.threads < 1 || config.threads > WW_WATCH_THREADS)
		answer = ww_usage(call, "--threads is 1 to %d", WW_WATCH_THREADS);
	struct ww_session session = {.call = call,
		.threads = (unsigned)config.threads,
		.false_alarms = config.false_alarms,
		.hash_seed = config.hash_seed,
		.memory_bytes = config.memory_mb << 20,
		.strict = config.strict};
	if (answer == WW_EXIT_NOTHING)
		answer = ww_session_policies(&session, &config.policies);
	if (answer == WW_EXIT_NOTHING)
		answer = ww_session_format(&session, config.format);
	if (answer == WW_EXIT_NOTHING)
		answer = watch(&session, &config, files, n);
	ww_buf_done(&session.store_path);
	ww_plan_free(&session.plan);
	ww_advisories_done(&session.advisories);
	free(files);
	free(filter);
	return answer;
}

const struct ww_cmd ww_cmd_watch = {
	.name = "watch",
	.summary = "find the worm in a capture and rebuild who infected whom",
	.usage = "[options] CAPTURE...  |  -i INTERFACE [options] [FILTER]",
	WW_CMD_OPTS(opts),
	WW_CMD_NEEDS(needs),
	.config_size = sizeof(struct config),
	.defaults = &defaults,
	.run = run_watch,
};
