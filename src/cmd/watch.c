// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * wormwood watch: packets in, the outbreak out. Each capture is a run of its own.
 */
#include "cmd/cmd.h"

#include "base/file.h"
#include "cmd/advisories.h"
#include "cmd/report.h"
#include "finding/store.h"
#include "priv/sandbox.h"
#include "wire/watch/watch.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { RULE_FILE_MAX = 64 << 20, FILES_MAX = 4096 };

struct config {
	struct ww_opt_list rules, variables;
	double false_alarms;
	uint64_t hash_seed;
	bool strict;
};

static const struct config defaults = {.false_alarms = 1e-5};

static const struct ww_opt opts[] = {
	WW_OPT(struct config, rules, WW_OPT_LIST, 0, "rules", "FILE",
		"load a Snort rule file too (repeatable)"),
	WW_OPT(struct config, variables, WW_OPT_LIST, 0, "var", "NAME=VALUE",
		"set a rule variable (repeatable)"),
	WW_OPT(struct config, false_alarms, WW_OPT_REAL, 0, "false-alarms", "RATE",
		"of the scan test, per first contact (1e-5)"),
	WW_OPT(struct config, hash_seed, WW_OPT_COUNT, 0, "hash-seed", "N",
		"vary the key of the tables"),
	WW_OPT(struct config, strict, WW_OPT_FLAG, 0, "strict", NULL,
		"refused rules are exit 2, a capture cut short is 3"),
};

static const char *const needs[] = {"network.rules", "network.stages", "network.ports"};

/* What all captures of one command share. */
struct session {
	struct ww_call *call;
	const struct config *config;
	struct ww_advisories advisories;
	struct ww_plan *plan;
	struct ww_store *store;       /* NULL: none could be had */
	struct ww_buf no_store;       /* why */
	int64_t batch;                /* the first run's id in the store */
	uint64_t findings, incidents; /* of the captures before: numbers run on */
};

/* One run: what its callbacks need. */
struct run {
	struct session *session;
	struct ww_call *call;
	struct ww_store *store; /* of the session */
	struct ww_report report;
	struct ww_buf line;
	int store_status;
	uint64_t last_incident;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number)
{
	(void)signal_number;
	interrupted = 1;
}

static void keep(struct run *run, int status)
{
	if (status != 0 && run->store_status == 0)
		run->store_status = status;
}

static void on_finding(void *context, const struct ww_finding *finding)
{
	struct run *run = context;
	ww_report_finding(&run->report, finding);
	if (run->store)
		keep(run, ww_store_finding(run->store, finding));
	if (run->call->common->json && !finding->is_open) {
		ww_finding_json(&run->line, finding);
		ww_emit(run->call->screen, &run->line);
	}
}

/* What was open is complete: its numbers are the last ones now. */
static void on_update(void *context, const struct ww_finding *finding)
{
	struct run *run = context;
	ww_report_update(&run->report, finding);
	if (run->store)
		keep(run, ww_store_finding(run->store, finding));
	if (run->call->common->json) {
		ww_finding_json(&run->line, finding);
		ww_emit(run->call->screen, &run->line);
	}
}

static void give_outbreak(struct run *run, const struct ww_watch *watch)
{
	uint64_t before = run->session->incidents;
	const struct ww_host *each_host;
	for (size_t i = 0; (each_host = ww_watch_host(watch, i)); i++) {
		struct ww_host host = *each_host;
		host.incident += host.incident ? before : 0;
		ww_report_host(&run->report, &host);
		if (run->store)
			keep(run, ww_store_host(run->store, &host));
		if (run->call->common->json) {
			ww_host_json(&run->line, &host);
			ww_emit(run->call->screen, &run->line);
		}
	}
	const struct ww_incident *each_incident;
	for (size_t i = 0; (each_incident = ww_watch_incident(watch, i)); i++) {
		struct ww_incident incident = *each_incident;
		incident.id += before;
		ww_report_incident(&run->report, &incident);
		if (run->store)
			keep(run, ww_store_incident(run->store, &incident));
		if (run->call->common->json) {
			ww_incident_json(&run->line, &incident);
			ww_emit(run->call->screen, &run->line);
		}
	}
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
	struct run *run, struct ww_watch *watch, struct ww_capture *capture)
{
	FILE *err = run->call->screen->err;
	struct progress progress = {
		.wanted = !run->call->screen->quiet && isatty(fileno(err)), .started = time(NULL)};
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

static enum ww_exit judge(const struct config *config, const struct ww_watch_summary *summary,
	enum ww_capture_state state)
{
	enum ww_exit answer = summary->findings > 0 ? WW_EXIT_FOUND : WW_EXIT_NOTHING;
	if (ww_watch_lost(summary) || state == WW_CAPTURE_FAILED)
		answer = ww_exit_worse(answer, WW_EXIT_FAILED);
	bool cut = state == WW_CAPTURE_CUT || state == WW_CAPTURE_BROKEN;
	if (config->strict && (cut || summary->flows->midstream > 0))
		answer = ww_exit_worse(answer, WW_EXIT_FAILED);
	return answer;
}

static enum ww_exit finish_run(struct run *run, const struct config *config, struct ww_watch *watch,
	struct ww_watch_input *input)
{
	struct ww_watch_summary summary;
	give_outbreak(run, watch);
	ww_watch_summarize(watch, &summary);
	input->incidents = run->report.n_incidents;
	struct ww_buf json = WW_BUF_INIT;
	ww_watch_summary_json(&json, &summary, input);
	if (run->store)
		keep(run, ww_store_commit(run->store, ww_buf_text(&json)));
	if (run->call->common->json) {
		ww_emit(run->call->screen, &json);
	} else {
		struct ww_buf text = WW_BUF_INIT;
		run->report.has_store =
			run->store && run->store_status == 0 &&
			(!run->call->common->db || strcmp(run->call->common->db, ":memory:") != 0);
		ww_report_print(&run->report, &text, watch, &summary, input);
		ww_show(run->call->screen, &text);
		ww_buf_done(&text);
	}
	ww_buf_done(&json);
	run->session->findings += summary.findings;
	run->session->incidents += input->incidents;
	enum ww_exit answer = judge(config, &summary, input->state);
	if (run->store_status != 0) {
		ww_failed(run->call,
			"the store could not be written (%s): explain and slice will not "
			"find this run",
			ww_store_error(run->store));
		answer = ww_exit_worse(answer, WW_EXIT_FAILED);
	}
	return answer;
}

static void begin_store(struct run *run, const char *file)
{
	if (!run->store)
		return;
	struct session *session = run->session;
	struct ww_run row = {.input = file,
		.version = ww_version(),
		.batch = session->batch,
		.before = session->findings};
	struct stat st;
	char absolute[4096] = "";
	if (strcmp(file, "-") != 0 && stat(file, &st) == 0) {
		row.input_size = (uint64_t)st.st_size;
		row.input_mtime_us =
			(int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000;
		if (realpath(file, absolute))
			row.input = absolute;
	}
	keep(run, ww_store_begin(run->store, &row));
	session->batch = row.batch;
}

static enum ww_exit watch_one(struct session *session, const char *file)
{
	struct ww_call *call = session->call;
	const struct config *config = session->config;
	struct ww_capture *capture = NULL;
	struct ww_err err = {0};
	int status = ww_capture_open(file, &capture, &err);
	if (status != 0)
		return ww_usage(call, "%s: %s", strcmp(file, "-") == 0 ? "standard input" : file,
			err.text[0] ? err.text : ww_errno_text(status));
	struct run run = {
		.session = session, .call = call, .store = session->store, .line = WW_BUF_INIT};
	struct ww_watch *watch = NULL;
	const struct ww_watch_sink sink = {&run, on_finding, on_update};
	const struct ww_watch_options options = {
		config->false_alarms, config->hash_seed, session->findings};
	status = ww_report_init(&run.report, call, session->plan);
	run.report.left_out = ww_buf_text(&session->advisories.left_out);
	if (status == 0)
		status = ww_watch_new(session->plan, &options, &sink, &watch);
	enum ww_exit answer = WW_EXIT_FAILED;
	if (status == 0) {
		begin_store(&run, file);
		struct ww_watch_input input = {.file = file, .format = ww_capture_format(capture)};
		input.advisories_left_out = session->advisories.n_left_out;
		input.state = read_all(&run, watch, capture);
		input.note = ww_capture_note(capture);
		if (interrupted)
			input.note = "interrupted: the rest of the capture was not looked at";
		status = ww_watch_finish(watch);
		answer = finish_run(&run, config, watch, &input);
		if (status != 0)
			answer =
				ww_exit_worse(answer, ww_failed(call, "%s", ww_errno_text(status)));
	} else {
		ww_failed(call, "%s", ww_errno_text(status));
	}
	ww_watch_free(&watch);
	ww_report_done(&run.report);
	ww_buf_done(&run.line);
	ww_capture_close(&capture);
	return answer;
}

/* ---- rules, advisories, store ---- */

static int load_rules(struct ww_call *call, const struct config *config, struct ww_plan *plan)
{
	struct ww_err err = {0};
	for (size_t i = 0; i < config->variables.n_items; i++) {
		if (ww_plan_variable(plan, config->variables.items[i], &err) != 0) {
			ww_usage(call, "%s", err.text);
			return -EINVAL;
		}
	}
	for (size_t i = 0; i < config->rules.n_items; i++) {
		const char *file = config->rules.items[i];
		struct ww_buf text = WW_BUF_INIT;
		int status = ww_file_load(file, RULE_FILE_MAX, &text);
		if (status == 0)
			status = ww_plan_rules(plan, file, text.data, text.len);
		ww_buf_done(&text);
		if (status != 0) {
			ww_usage(call, "%s: %s", file, ww_errno_text(status));
			return status;
		}
	}
	return 0;
}

/* Without -v so many refused rules are named, so that a slip in a file of rules is found at once.
 */
enum { REFUSED_TOLD = 3 };

static void tell_sids(const struct ww_call *call, const struct ww_rules *rules)
{
	for (size_t i = 0; i < ww_rules_n(rules); i++) {
		const struct ww_rule *rule = ww_rules_get(rules, i);
		if (rule->gid != WW_GID_STAGE && !rule->sid_given)
			fprintf(call->screen->err, "%s:%u: no sid: %u:%u is given\n", rule->file,
				rule->at.line, rule->gid, rule->sid);
	}
}

/* Rules that were not understood: all named with -v and --strict, counted in every report. */
static enum ww_exit report_problems(
	struct ww_call *call, const struct config *config, const struct ww_plan *plan)
{
	const struct ww_rules *rules = ww_plan_ruleset(plan);
	size_t n = ww_rules_problems(rules);
	bool all = config->strict || call->common->verbose;
	size_t n_told = all ? n : call->common->quiet ? 0 : n < REFUSED_TOLD ? n : REFUSED_TOLD;
	for (size_t i = 0; i < n_told; i++) {
		const struct ww_rule_problem *problem = ww_rules_problem(rules, i);
		fprintf(call->screen->err, "%s:%u:%u: %s\n", problem->file, problem->at.line,
			problem->at.col, problem->text);
	}
	if (n > n_told)
		ww_remark(call, "and %zu more like that: -v names them", n - n_told);
	if (call->common->verbose)
		tell_sids(call, rules);
	bool refused = ww_rules_counts(rules)->refused > 0;
	return config->strict && refused ? WW_EXIT_USAGE : WW_EXIT_NOTHING;
}

static enum ww_exit make_plan(struct ww_call *call, const struct config *config,
	const struct ww_advisories *advisories, struct ww_plan **ret)
{
	struct ww_err err = {0};
	int status = ww_plan_new(call->home, call->n_home, ret);
	if (status == 0 && load_rules(call, config, *ret) != 0)
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
	return report_problems(call, config, *ret);
}

/*
 * Opens the store. One that the user named must work. The usual one may fail: the answer matters
 * more than the memory of it, so it is given first, and then *no_store, with exit code 3.
 */
static enum ww_exit open_store(
	struct ww_call *call, struct ww_store **ret, struct ww_buf *folder, struct ww_buf *no_store)
{
	struct ww_buf path = WW_BUF_INIT;
	struct ww_err err = {0};
	int status = ww_call_store(call, &path);
	bool has_place = status == 0;
	const char *slash = status == 0 ? strrchr(path.data, '/') : NULL;
	if (slash)
		ww_buf_add(folder, path.data, slash == path.data ? 1 : (size_t)(slash - path.data));
	else
		ww_buf_adds(folder, ".");
	if (status == 0 && !call->common->db)
		status = ww_path_make(folder->data);
	if (status == 0)
		status = ww_store_open(path.data, true, ret, &err);
	enum ww_exit answer = WW_EXIT_NOTHING;
	const char *why = err.text[0] ? err.text : ww_errno_text(status);
	if (status != 0 && call->common->db)
		answer = ww_usage(call, "%s: %s", call->common->db, why);
	else if (status != 0 && has_place)
		ww_buf_addf(no_store, "no store at %s (%s)", ww_buf_text(&path), why);
	else if (status != 0)
		ww_buf_adds(
			no_store, "no store: neither $XDG_STATE_HOME nor $HOME says where it is");
	ww_buf_done(&path);
	return answer;
}

/*
 * Nothing is decoded before this. `folder` is that of the store. A kernel that has a part and will
 * not switch it on is trouble; one that lacks it is not.
 */
static enum ww_exit enter_sandbox(
	struct ww_call *call, const char *const *files, size_t n, const char *folder)
{
	const char **paths = calloc(n + 2, sizeof(*paths));
	if (!paths)
		return ww_failed(call, "%s", ww_errno_text(-ENOMEM));
	memcpy(paths, files, n * sizeof(*paths));
	paths[n] = "/usr/share/zoneinfo";
	paths[n + 1] = "/etc/localtime";
	const struct ww_sandbox_wish wish = {paths, n + 2, folder};
	struct ww_sandbox_state state = {0};
	int status = ww_sandbox_enter(&wish, &state);
	free(paths);
	if (status != 0)
		return ww_failed(
			call, "the sandbox could not be entered: %s", ww_errno_text(status));
	if (call->common->verbose)
		ww_remark(call, "sandbox: Landlock %s, seccomp %s, capabilities %s",
			state.landlock ? "on" : "not to be had",
			state.seccomp ? "on" : "not to be had",
			state.capabilities ? "dropped" : "kept");
	return WW_EXIT_NOTHING;
}

static enum ww_exit watch_files(struct session *session, const char *const *files, size_t n)
{
	struct ww_call *call = session->call;
	struct ww_buf folder = WW_BUF_INIT;
	enum ww_exit answer = open_store(call, &session->store, &folder, &session->no_store);
	if (answer == WW_EXIT_NOTHING)
		answer =
			enter_sandbox(call, files, n, session->store ? ww_buf_text(&folder) : NULL);
	ww_buf_done(&folder);
	struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_RESETHAND};
	sigaction(SIGINT, &action, NULL);
	bool ready = answer == WW_EXIT_NOTHING;
	for (size_t i = 0; ready && i < n && !interrupted; i++) {
		if (i > 0 && !call->common->json)
			ww_say(call->screen, "\n");
		answer = ww_exit_worse(answer, watch_one(session, files[i]));
	}
	if (ready && session->no_store.len)
		answer = ww_exit_worse(answer,
			ww_failed(call,
				"%s: explain and slice will not know this run; --db FILE names "
				"another, --db :memory: wants none",
				ww_buf_text(&session->no_store)));
	ww_buf_done(&session->no_store);
	ww_store_close(&session->store);
	return answer;
}

static enum ww_exit run_watch(struct ww_call *call)
{
	const struct config *config = call->config;
	const char **files = calloc(FILES_MAX, sizeof(*files));
	if (!files)
		return ww_failed(call, "%s", ww_errno_text(-ENOMEM));
	size_t n = ww_call_files(call, 0, files, FILES_MAX);
	if (n == 0) {
		free(files);
		return ww_usage(call, "which capture? wormwood watch FILE (- is standard input)");
	}
	if (!(config->false_alarms > 0 && config->false_alarms <= 0.1)) {
		free(files);
		return ww_usage(call, "--false-alarms is above 0 and at most 0.1");
	}
	struct session session = {.call = call, .config = config};
	enum ww_exit answer = ww_call_advisories(call, &session.advisories);
	if (answer == WW_EXIT_NOTHING)
		answer = make_plan(call, config, &session.advisories, &session.plan);
	if (answer == WW_EXIT_NOTHING)
		answer = watch_files(&session, files, n);
	ww_plan_free(&session.plan);
	ww_advisories_done(&session.advisories);
	free(files);
	return answer;
}

const struct ww_cmd ww_cmd_watch = {
	.name = "watch",
	.summary = "find the worm in a capture and rebuild who infected whom",
	.usage = "[options] CAPTURE...",
	WW_CMD_OPTS(opts),
	WW_CMD_NEEDS(needs),
	.config_size = sizeof(struct config),
	.defaults = &defaults,
	.run = run_watch,
};
