// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Printing the report: one screen, the answer first. Every list is cut at a number of lines and
 * says how many more there are.
 */
#include "cmd/report-private.h"

#include "base/file.h"
#include "base/quote.h"
#include "base/text.h"
#include "value/when.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *ww_page_number(uint64_t n, char text[WW_NUMBER_MAX])
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);
	int at = 0;
	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			text[at++] = ',';
		text[at++] = digits[i];
	}
	text[at] = '\0';
	return text;
}

const struct ww_advisory *ww_page_advisory(const struct ww_page *page, const char *id)
{
	for (size_t a = 0; id[0] && a < ww_plan_n_advisories(page->report->plan); a++)
		if (strcmp(ww_plan_get(page->report->plan, a)->id, id) == 0)
			return ww_plan_get(page->report->plan, a);
	return NULL;
}

const char *ww_page_worm(const struct ww_page *page, const char *id)
{
	const struct ww_advisory *advisory = ww_page_advisory(page, id);
	if (advisory)
		return ww_text_in(&advisory->title, page->screen->ja ? "ja" : "en");
	return ww_page_word(page, "an unknown worm", "未知のワーム");
}

/* ---- the answer ---- */

static uint64_t count_hosts(const struct ww_page *page, bool taken_over)
{
	uint64_t n = 0;
	for (size_t i = 0; i < page->report->n_hosts; i++)
		n += taken_over ? page->report->hosts[i].taken_over
				: page->report->hosts[i].suspected;
	return n;
}

static void answer_one(const struct ww_page *page)
{
	const struct ww_host *host = &page->report->first;
	char ip[WW_IP_TEXT_MAX], parent[WW_IP_TEXT_MAX], when[WW_SCREEN_TIME_MAX];
	ww_ip_print(&host->ip, ip);
	ww_ip_print(&host->parent.ip, parent);
	ww_screen_time(page->screen, host->infected_us, when);
	struct ww_buf *out = page->out;
	struct ww_buf head = WW_BUF_INIT;
	ww_buf_addf(&head, ww_page_word(page, "%s WAS TAKEN OVER", "%s が乗っ取られました"), ip);
	ww_paint(out, page->screen, WW_PAINT_BAD, ww_buf_text(&head), 0);
	ww_buf_done(&head);
	if (page->screen->ja)
		ww_buf_addf(out, "（%s%s%s、%s、%s から、確度 %.2f）。\n",
			host->has_parent ? "侵入元 " : "", host->has_parent ? parent : "侵入元不明",
			"", ww_page_worm(page, host->advisory), when, host->confidence);
	else
		ww_buf_addf(out, " by %s: %s, since %s %s, confidence %.2f.\n",
			host->has_parent ? parent : "a host not seen",
			ww_page_worm(page, host->advisory), when, page->screen->tz,
			host->confidence);
}

static void answer_many(const struct ww_page *page, uint64_t n)
{
	const struct ww_host *host = &page->report->first;
	const struct ww_incident *incident = NULL;
	for (size_t i = 0; i < page->report->n_incidents && !incident; i++)
		if (page->report->incidents[i].id == host->incident)
			incident = &page->report->incidents[i];
	struct ww_buf head = WW_BUF_INIT;
	ww_buf_addf(&head,
		ww_page_word(page, "OUTBREAK: %" PRIu64 " HOSTS WERE TAKEN OVER",
			"感染拡大：%" PRIu64 " 台が乗っ取られました"),
		n);
	ww_paint(page->out, page->screen, WW_PAINT_BAD, ww_buf_text(&head), 0);
	ww_buf_done(&head);
	struct ww_buf *out = page->out;
	ww_buf_addf(
		out, ww_page_word(page, " by %s", "（%s）"), ww_page_worm(page, host->advisory));
	if (!incident) {
		ww_buf_addf(out, "%s\n", ww_page_word(page, ".", "。"));
		return;
	}
	char span[WW_WHEN_TEXT_MAX], zero[WW_IP_TEXT_MAX];
	ww_when_print_span(incident->last_us - incident->first_us, span);
	ww_ip_print(&incident->patient_zero.ip, zero);
	ww_buf_addf(out,
		ww_page_word(page, ", %u generation%s deep, within %s", "。%u 世代%s、%s の間"),
		incident->generations, ww_page_plural(page, incident->generations), span);
	if (incident->has_patient_zero)
		ww_buf_addf(out,
			ww_page_word(
				page, "; it began with %s (%.2f)", "。最初の感染源は %s（%.2f）"),
			zero, incident->patient_zero.p);
	ww_buf_addf(out, "%s\n", ww_page_word(page, ".", "。"));
}

static void answer_scan(const struct ww_page *page)
{
	const struct ww_report *report = page->report;
	const struct ww_finding *scan = &report->scans[0];
	char src[WW_IP_TEXT_MAX];
	struct ww_buf head = WW_BUF_INIT;
	if (report->n_scans == 1)
		ww_buf_addf(&head, ww_page_word(page, "%s IS SCANNING", "%s がスキャンしています"),
			ww_ip_print(&scan->src, src));
	else
		ww_buf_addf(&head,
			ww_page_word(page, "%zu HOSTS ARE SCANNING", "%zu 台がスキャンしています"),
			report->n_scans);
	ww_paint(page->out, page->screen, WW_PAINT_DOUBT, ww_buf_text(&head), 0);
	ww_buf_done(&head);
	if (report->n_scans == 1) {
		ww_buf_adds(page->out, ww_page_word(page, ": ", "："));
		ww_page_scan_words(page, page->out, scan);
	}
	ww_buf_addf(page->out, "%s\n",
		ww_page_word(page, "; nobody is known to be taken over.",
			"。乗っ取られたホストは確認されていません。"));
}

static void answer_attempt(const struct ww_page *page)
{
	uint64_t attempted = 0;
	for (size_t i = 0; i < page->report->n_incidents; i++)
		attempted += page->report->incidents[i].attempted;
	const struct ww_incident *incident = &page->report->incidents[0];
	ww_paint(page->out, page->screen, WW_PAINT_DOUBT,
		ww_page_word(page, "NOBODY IS KNOWN TO BE TAKEN OVER",
			"乗っ取られたホストは確認されていません"),
		0);
	ww_buf_addf(page->out,
		ww_page_word(page,
			": %" PRIu64 " host%s attacked by %s, without visible success.\n",
			"：攻撃を受けたホスト %" PRIu64 " 台%s（%s）、成功の形跡はありません。\n"),
		attempted,
		page->screen->ja ? ""
		: attempted == 1 ? " was"
				 : "s were",
		ww_page_worm(page, incident->advisory));
}

static void print_answer(const struct ww_page *page)
{
	uint64_t taken = count_hosts(page, true), suspected = count_hosts(page, false);
	uint64_t alerts = page->summary->findings_by_kind[WW_FINDING_RULE];
	if (taken == 1 && page->report->has_first) {
		answer_one(page);
	} else if (taken > 1) {
		answer_many(page, taken);
	} else if (suspected > 0) {
		struct ww_buf head = WW_BUF_INIT;
		ww_buf_addf(&head,
			ww_page_word(page, "%" PRIu64 " HOST%s SUSPECTED",
				"感染の疑い：%" PRIu64 " 台%s"),
			suspected,
			page->screen->ja ? ""
			: suspected == 1 ? " IS"
					 : "S ARE");
		ww_paint(page->out, page->screen, WW_PAINT_DOUBT, ww_buf_text(&head), 0);
		ww_buf_done(&head);
		ww_buf_addf(page->out, "%s\n",
			ww_page_word(page,
				" to carry an unknown worm: scanned on a port, then scanning that "
				"port.",
				"（あるポートをスキャンされた後、同じポートをスキャンし始めました）"
				"。"));
	} else if (page->report->n_incidents > 0 && page->report->incidents[0].attempted > 0) {
		answer_attempt(page);
	} else if (page->report->n_scans > 0) {
		answer_scan(page);
	} else if (alerts > 0) {
		struct ww_buf head = WW_BUF_INIT;
		ww_buf_addf(&head,
			ww_page_word(page, "%" PRIu64 " ALERT%s", "ルール検知 %" PRIu64 " 件%s"),
			alerts, page->screen->ja || alerts == 1 ? "" : "S");
		ww_paint(page->out, page->screen, WW_PAINT_DOUBT, ww_buf_text(&head), 0);
		ww_buf_done(&head);
		ww_buf_addf(page->out, "%s\n",
			ww_page_word(page, " by rules; nobody is known to be taken over.",
				"。乗っ取られたホストは確認されていません。"));
	} else if (page->summary->findings > 0) {
		ww_buf_addf(page->out,
			ww_page_word(page, "%" PRIu64 " finding%s.\n", "検出 %" PRIu64 " 件%s。\n"),
			page->summary->findings, ww_page_plural(page, page->summary->findings));
	} else {
		ww_paint(page->out, page->screen, WW_PAINT_GOOD,
			ww_page_word(page, "NOTHING FOUND", "何も見つかりませんでした"), 0);
		ww_buf_addf(page->out, "%s\n",
			ww_page_word(page, ": no scan, no attack, no rule alert.",
				"：スキャン、攻撃、ルール検知はありません。"));
	}
}

/* "2003-08-12 00:29:17 .. 00:29:22": the day once when it is the same. */
static void add_range(const struct ww_page *page, struct ww_buf *out)
{
	char first[WW_SCREEN_TIME_MAX], last[WW_SCREEN_TIME_MAX];
	ww_screen_time(page->screen, page->summary->first_us, first);
	ww_screen_time(page->screen, page->summary->last_us, last);
	bool same_day = strlen(first) > 11 && strncmp(first, last, 11) == 0;
	ww_buf_addf(out, "  %s .. %s %s", first, same_day ? last + 11 : last, page->screen->tz);
}

static void print_file(const struct ww_page *page)
{
	const struct ww_watch_summary *summary = page->summary;
	const char *name = ww_path_base(page->input->file);
	uint64_t n_same = summary->flows->duplicates;
	uint64_t n = summary->packets->packets - n_same;
	char number[WW_NUMBER_MAX];
	struct ww_buf line = WW_BUF_INIT;
	ww_text_safe(&line, name, strlen(name));
	ww_buf_addf(&line, ww_page_word(page, "  %s packet%s", "  %s パケット%s"),
		ww_page_number(n, number), ww_page_plural(page, n));
	if (n_same)
		ww_buf_addf(&line,
			ww_page_word(page, " (+%s duplicate frame%s ignored)",
				"（重複フレーム %s は除外%s）"),
			ww_page_number(n_same, number), ww_page_plural(page, n_same));
	if (summary->any_packet)
		add_range(page, &line);
	ww_paint(page->out, page->screen, WW_PAINT_FAINT, ww_buf_text(&line), 0);
	ww_buf_addc(page->out, '\n');
	ww_buf_done(&line);
}

void ww_report_print(struct ww_report *report, struct ww_buf *out, const struct ww_watch *watch,
	const struct ww_watch_summary *summary, const struct ww_watch_input *input)
{
	struct ww_page page = {out, report->call->screen, report, watch, summary, input};
	ww_page_count_children(report);
	print_answer(&page);
	print_file(&page);
	for (size_t i = 0; i < report->n_incidents && i < 3; i++)
		ww_page_incident(&page, &report->incidents[i]);
	ww_page_scans(&page);
	ww_page_alerts(&page);
	ww_page_notes(&page);
	ww_page_looked_at(&page);
	ww_page_next(&page);
}
