// SPDX-License-Identifier: GPL-3.0-or-later
#include "cmd/watch-run.h"

#include "base/file.h"
#include "cmd/last.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void keep(struct ww_watch_run *run, int status)
{
	if (status != 0 && run->store_status == 0)
		run->store_status = status;
}

/* A finding as it comes, on one line. */
static void tell(struct ww_watch_run *run, const struct ww_finding *finding)
{
	const struct ww_screen *screen = run->session->call->screen;
	char when[WW_SCREEN_TIME_MAX];
	struct ww_buf *line = &run->line;
	if (run->session->status_shown)
		fputs("\r\033[K", screen->err);
	run->session->status_shown = false;
	ww_paint(line, screen, WW_PAINT_FAINT, ww_screen_time(screen, finding->time_us, when), 0);
	ww_buf_addf(line, "  %" PRIu64 "  ", finding->id);
	ww_paint(line, screen, finding->kind == WW_FINDING_RULE ? WW_PAINT_DOUBT : WW_PAINT_BAD,
		ww_finding_kind_name(finding->kind), 6);
	ww_buf_adds(line, "  ");
	ww_endpoint(line, &finding->src, 0);
	ww_buf_addf(line, " %s ", ww_glyph(screen, WW_GLYPH_RIGHT));
	ww_endpoint(line, &finding->dst, 0);
	if (finding->port)
		ww_buf_addf(line, "  %u/%s", finding->port, ww_proto_name(finding->proto));
	ww_buf_adds(line, "  ");
	ww_clean(line, finding->msg);
	ww_buf_addc(line, '\n');
	ww_show(screen, line);
	ww_buf_reset(line);
}

/* To machines; to people when it comes while they wait. An open one of a file is given once only.
 */
static void give(struct ww_watch_run *run, const struct ww_finding *finding, bool is_update)
{
	const struct ww_session *session = run->session;
	if (finding->is_open && !session->is_live)
		return;
	if (session->has_format) {
		const struct ww_alert_sender sender = {session->host, ww_version()};
		ww_alert_print(&run->line, session->format, finding, &sender);
		ww_emit(session->call->screen, &run->line);
		return;
	}
	if (!session->call->common->json) {
		if (session->is_live && !is_update)
			tell(run, finding);
		return;
	}
	ww_finding_json(&run->line, finding);
	ww_emit(session->call->screen, &run->line);
}

static void on_finding(void *context, const struct ww_finding *finding)
{
	struct ww_watch_run *run = context;
	ww_report_finding(&run->report, finding);
	if (run->session->store)
		keep(run, ww_store_finding(run->session->store, finding));
	give(run, finding, false);
}

/* What was open is complete: its numbers are the last ones now. */
static void on_update(void *context, const struct ww_finding *finding)
{
	struct ww_watch_run *run = context;
	ww_report_update(&run->report, finding);
	if (run->session->store)
		keep(run, ww_store_finding(run->session->store, finding));
	give(run, finding, true);
}

static void on_evidence(void *context, const struct ww_finding *finding)
{
	struct ww_watch_run *run = context;
	if (run->session->store)
		keep(run, ww_store_finding(run->session->store, finding));
}

static void give_outbreak(struct ww_watch_run *run)
{
	const struct ww_watch *watch = run->watch;
	uint64_t before = run->session->incidents;
	const struct ww_host *each_host;
	for (size_t i = 0; (each_host = ww_watch_host(watch, i)); i++) {
		struct ww_host host = *each_host;
		host.incident += host.incident ? before : 0;
		ww_report_host(&run->report, &host);
		if (run->session->store)
			keep(run, ww_store_host(run->session->store, &host));
		if (run->session->call->common->json) {
			ww_host_json(&run->line, &host);
			ww_emit(run->session->call->screen, &run->line);
		}
	}
	const struct ww_incident *each_incident;
	for (size_t i = 0; (each_incident = ww_watch_incident(watch, i)); i++) {
		struct ww_incident incident = *each_incident;
		incident.id += before;
		ww_report_incident(&run->report, &incident);
		if (run->session->store)
			keep(run, ww_store_incident(run->session->store, &incident));
		if (run->session->call->common->json) {
			ww_incident_json(&run->line, &incident);
			ww_emit(run->session->call->screen, &run->line);
		}
	}
}

/* ---- one capture ---- */

static enum ww_exit judge(const struct ww_session *session, const struct ww_watch_summary *summary,
	const struct ww_watch_input *input)
{
	enum ww_capture_state state = input->state;
	bool dropped = input->live && input->live->dropped > 0;
	enum ww_exit answer = summary->findings > 0 ? WW_EXIT_FOUND : WW_EXIT_NOTHING;
	if (ww_watch_lost(summary) || dropped || state == WW_CAPTURE_FAILED)
		answer = ww_exit_worse(answer, WW_EXIT_FAILED);
	bool cut = state == WW_CAPTURE_CUT || state == WW_CAPTURE_BROKEN;
	if (session->strict && (cut || summary->flows->midstream > 0))
		answer = ww_exit_worse(answer, WW_EXIT_FAILED);
	return answer;
}

/* The answer of the run, summed up: to the store, and to people or to machines. */
static void give_summary(struct ww_watch_run *run, const struct ww_watch_summary *summary,
	const struct ww_watch_input *input)
{
	struct ww_session *session = run->session;
	const struct ww_common *common = session->call->common;
	struct ww_buf json = WW_BUF_INIT;
	ww_watch_summary_json(&json, summary, input);
	if (session->store)
		keep(run, ww_store_commit(session->store, ww_buf_text(&json)));
	if (common->json) {
		ww_emit(session->call->screen, &json);
	} else {
		struct ww_buf text = WW_BUF_INIT;
		run->report.has_store = session->store && run->store_status == 0 &&
					(!common->db || strcmp(common->db, ":memory:") != 0);
		ww_report_print(&run->report, &text, run->watch, summary, input);
		ww_show(session->call->screen, &text);
		ww_buf_done(&text);
	}
	ww_buf_done(&json);
}

enum ww_exit ww_watch_run_finish(struct ww_watch_run *run, struct ww_watch_input *input)
{
	struct ww_session *session = run->session;
	struct ww_watch_summary summary;
	int status = ww_watch_finish(run->watch);
	give_outbreak(run);
	ww_watch_summarize(run->watch, &summary);
	input->incidents = run->report.n_incidents;
	input->advisories_left_out = session->advisories.n_left_out;
	give_summary(run, &summary, input);
	session->findings += summary.findings;
	session->incidents += input->incidents;
	enum ww_exit answer = judge(session, &summary, input);
	if (run->store_status != 0) {
		ww_failed(session->call,
			"the store could not be written (%s): explain and slice will not "
			"find this run",
			ww_store_error(session->store));
		answer = ww_exit_worse(answer, WW_EXIT_FAILED);
	}
	if (status != 0)
		answer = ww_exit_worse(
			answer, ww_failed(session->call, "%s", ww_errno_text(status)));
	return answer;
}

static void begin_store(struct ww_watch_run *run, const char *file)
{
	struct ww_session *session = run->session;
	if (!session->store)
		return;
	struct ww_run row = {.input = file,
		.version = ww_version(),
		.batch = session->batch,
		.before = session->findings};
	struct stat st;
	char absolute[4096] = "";
	bool is_file = strcmp(file, "-") != 0 && !session->is_live;
	if (is_file && stat(file, &st) == 0) {
		row.input_size = (uint64_t)st.st_size;
		row.input_mtime_us =
			(int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000;
		if (realpath(file, absolute))
			row.input = absolute;
	}
	keep(run, ww_store_begin(session->store, &row));
	session->batch = row.batch;
}

int ww_watch_run_begin(struct ww_watch_run *run, struct ww_session *session, const char *input)
{
	*run = (struct ww_watch_run){.session = session, .line = WW_BUF_INIT};
	const struct ww_watch_sink sink = {run, on_finding, on_update, on_evidence};
	const struct ww_watch_options options = {
		.false_alarm_rate = session->false_alarms,
		.hash_seed = session->hash_seed,
		.findings_before = session->findings,
		.policies = &session->policies,
		.memory_bytes = session->memory_bytes,
		.threads = session->threads,
	};
	int status = ww_report_init(&run->report, session->call, session->plan);
	run->report.has_packets =
		session->is_live ? strncmp(input, "live:", 5) != 0 : strcmp(input, "-") != 0;
	run->report.left_out = ww_buf_text(&session->advisories.left_out);
	if (status == 0)
		status = ww_watch_new(session->plan, &options, &sink, &run->watch);
	if (status == 0)
		begin_store(run, input);
	return status;
}

void ww_watch_run_save(struct ww_watch_run *run)
{
	if (run->session->store && run->store_status == 0)
		keep(run, ww_store_save(run->session->store));
}

void ww_watch_run_done(struct ww_watch_run *run)
{
	ww_watch_free(&run->watch);
	ww_report_done(&run->report);
	ww_buf_done(&run->line);
}

/* ---- the session ---- */

enum ww_exit ww_session_format(struct ww_session *session, const char *format)
{
	struct ww_call *call = session->call;
	if (!format || strcmp(format, "text") == 0)
		return WW_EXIT_NOTHING;
	if (call->common->json)
		return ww_usage(call, "--json and --format: one of them is enough");
	if (ww_alert_format_parse(format, &session->format) != 0)
		return ww_usage(call, "--format is text, syslog, cef or eve, not '%.20s'", format);
	session->has_format = true;
	call->screen->people = call->screen->err;
	return WW_EXIT_NOTHING;
}

enum ww_exit ww_session_policies(struct ww_session *session, const struct ww_opt_list *list)
{
	for (size_t i = 0; i < list->n_items; i++) {
		int status = ww_policies_add(&session->policies, list->items[i]);
		if (status == -ENOSPC)
			return ww_usage(session->call, "--policy is given for %d prefixes at most",
				WW_POLICIES_MAX);
		if (status == 0)
			continue;
		struct ww_buf names = WW_BUF_INIT;
		for (int name = 0; name < WW_POLICY_COUNT; name++)
			ww_buf_addf(&names, "%s%s", name ? ", " : "",
				ww_policy_name((enum ww_policy)name));
		enum ww_exit answer = ww_usage(session->call,
			"--policy %s: expected NAME or PREFIX=NAME (10.0.0.0/8=linux), NAME one of "
			"%s",
			list->items[i], ww_buf_text(&names));
		ww_buf_done(&names);
		return answer;
	}
	return WW_EXIT_NOTHING;
}

void ww_session_place_store(struct ww_session *session)
{
	if (ww_call_store(session->call, &session->store_path) != 0) {
		ww_buf_reset(&session->store_path);
		return;
	}
	char *folder = strdup(ww_buf_text(&session->store_path));
	char *slash = folder ? strrchr(folder, '/') : NULL;
	if (slash && slash != folder && !session->call->common->db) {
		*slash = '\0';
		session->store_folder_status = ww_path_make(folder);
	}
	free(folder);
}

enum ww_exit ww_session_open_store(struct ww_session *session)
{
	struct ww_call *call = session->call;
	const char *path = ww_buf_text(&session->store_path);
	struct ww_err err = {0};
	if (!path[0]) {
		ww_buf_adds(&session->no_store,
			"no store: neither $XDG_STATE_HOME nor $HOME says where it is");
		return WW_EXIT_NOTHING;
	}
	int status = session->store_folder_status;
	if (status == 0)
		status = ww_store_open(path, true, &session->store, &err);
	const char *why = err.text[0] ? err.text : ww_errno_text(status);
	if (status != 0 && call->common->db)
		return ww_usage(call, "%s: %s", call->common->db, why);
	if (status != 0)
		ww_buf_addf(&session->no_store, "no store at %s (%s)", path, why);
	return WW_EXIT_NOTHING;
}

enum ww_exit ww_session_close(struct ww_session *session, enum ww_exit answer)
{
	if (session->no_store.len)
		answer = ww_exit_worse(answer,
			ww_failed(session->call,
				"%s: explain and slice will not know this run; --db FILE names "
				"another, --db :memory: wants none",
				ww_buf_text(&session->no_store)));
	ww_buf_done(&session->no_store);
	ww_buf_done(&session->store_path);
	ww_store_close(&session->store);
	return answer;
}
