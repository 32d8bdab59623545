// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Printing the report: one screen, the answer first. Every list is cut at a number of lines and
 * says how many more there are.
 */
#include "cmd/report.h"

#include "base/file.h"
#include "base/quote.h"
#include "base/text.h"
#include "value/when.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_SCANS = 8, SHOWN_TREE = 14, SHOWN_RULES = 6, INDENT = 4 };

struct page {
	struct ww_buf *out;
	const struct ww_screen *screen;
	struct ww_report *report;
	const struct ww_watch *watch;
	const struct ww_watch_summary *summary;
	const struct ww_watch_input *input;
};

static const char *word(const struct page *page, const char *en, const char *ja)
{
	return ww_lang(page->screen, en, ja);
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static const struct ww_advisory *advisory_of(const struct page *page, const char *id)
{
	for (size_t a = 0; id[0] && a < ww_plan_n_advisories(page->report->plan); a++)
		if (strcmp(ww_plan_get(page->report->plan, a)->id, id) == 0)
			return ww_plan_get(page->report->plan, a);
	return NULL;
}

static const char *worm_name(const struct page *page, const char *id)
{
	const struct ww_advisory *advisory = advisory_of(page, id);
	if (advisory)
		return ww_text_in(&advisory->title, page->screen->ja ? "ja" : "en");
	return word(page, "an unknown worm", "未知のワーム");
}

/* ---- the answer ---- */

static uint64_t count_hosts(const struct page *page, bool taken_over)
{
	uint64_t n = 0;
	for (size_t i = 0; i < page->report->n_hosts; i++)
		n += taken_over ? page->report->hosts[i].taken_over
				: page->report->hosts[i].suspected;
	return n;
}

static void answer_one(const struct page *page)
{
	const struct ww_host *host = &page->report->first;
	char ip[WW_IP_TEXT_MAX], parent[WW_IP_TEXT_MAX], when[WW_SCREEN_TIME_MAX];
	ww_ip_print(&host->ip, ip);
	ww_ip_print(&host->parent.ip, parent);
	ww_screen_time(page->screen, host->infected_us, when);
	struct ww_buf *out = page->out;
	struct ww_buf head = WW_BUF_INIT;
	ww_buf_addf(&head, word(page, "%s WAS TAKEN OVER", "%s が乗っ取られました"), ip);
	ww_paint(out, page->screen, WW_PAINT_BAD, ww_buf_text(&head), 0);
	ww_buf_done(&head);
	if (page->screen->ja)
		ww_buf_addf(out, "（%s%s%s、%s %s から、確度 %.2f）。\n",
			host->has_parent ? "侵入元 " : "", host->has_parent ? parent : "侵入元不明",
			"", worm_name(page, host->advisory), when, host->confidence);
	else
		ww_buf_addf(out, " by %s: %s, since %s %s, confidence %.2f.\n",
			host->has_parent ? parent : "a host not seen",
			worm_name(page, host->advisory), when, page->screen->tz, host->confidence);
}

static void answer_many(const struct page *page, uint64_t n)
{
	const struct ww_host *host = &page->report->first;
	const struct ww_incident *incident = NULL;
	for (size_t i = 0; i < page->report->n_incidents && !incident; i++)
		if (page->report->incidents[i].id == host->incident)
			incident = &page->report->incidents[i];
	struct ww_buf head = WW_BUF_INIT;
	ww_buf_addf(&head,
		word(page, "OUTBREAK: %" PRIu64 " HOSTS WERE TAKEN OVER",
			"感染拡大：%" PRIu64 " 台が乗っ取られました"),
		n);
	ww_paint(page->out, page->screen, WW_PAINT_BAD, ww_buf_text(&head), 0);
	ww_buf_done(&head);
	struct ww_buf *out = page->out;
	ww_buf_addf(out, word(page, " by %s", "（%s）"), worm_name(page, host->advisory));
	if (!incident) {
		ww_buf_addf(out, "%s\n", word(page, ".", "。"));
		return;
	}
	char span[WW_WHEN_TEXT_MAX], zero[WW_IP_TEXT_MAX];
	ww_when_print_span(incident->last_us - incident->first_us, span);
	ww_ip_print(&incident->patient_zero.ip, zero);
	ww_buf_addf(out, word(page, ", %u generation%s deep, within %s", "。%u 世代%s、%s の間"),
		incident->generations, page->screen->ja ? "" : plural(incident->generations), span);
	if (incident->has_patient_zero)
		ww_buf_addf(out,
			word(page, "; it began with %s (%.2f)", "。最初の感染源は %s（%.2f）"),
			zero, incident->patient_zero.p);
	ww_buf_addf(out, "%s\n", word(page, ".", "。"));
}

static void answer_scan(const struct page *page)
{
	const struct ww_report *report = page->report;
	const struct ww_finding *scan = &report->scans[0];
	char src[WW_IP_TEXT_MAX];
	struct ww_buf head = WW_BUF_INIT;
	if (report->n_scans == 1)
		ww_buf_addf(&head, word(page, "%s IS SCANNING", "%s がスキャンしています"),
			ww_ip_print(&scan->src, src));
	else
		ww_buf_addf(&head,
			word(page, "%zu HOSTS ARE SCANNING", "%zu 台がスキャンしています"),
			report->n_scans);
	ww_paint(page->out, page->screen, WW_PAINT_DOUBT, ww_buf_text(&head), 0);
	ww_buf_done(&head);
	if (report->n_scans == 1)
		ww_buf_addf(page->out, ": %s", scan->msg);
	ww_buf_addf(page->out, "%s\n",
		word(page, "; nobody is known to be taken over.",
			"。乗っ取られたホストは確認されていません。"));
}

static void answer_attempt(const struct page *page)
{
	uint64_t attempted = 0;
	for (size_t i = 0; i < page->report->n_incidents; i++)
		attempted += page->report->incidents[i].attempted;
	const struct ww_incident *incident = &page->report->incidents[0];
	ww_paint(page->out, page->screen, WW_PAINT_DOUBT,
		word(page, "NOBODY IS KNOWN TO BE TAKEN OVER",
			"乗っ取られたホストは確認されていません"),
		0);
	ww_buf_addf(page->out,
		word(page, ": %" PRIu64 " host%s attacked by %s, without visible success.\n",
			"：攻撃を受けたホスト %" PRIu64 " 台%s（%s）、成功の形跡はありません。\n"),
		attempted,
		page->screen->ja ? ""
		: attempted == 1 ? " was"
				 : "s were",
		worm_name(page, incident->advisory));
}

static void print_answer(const struct page *page)
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
			word(page, "%" PRIu64 " HOST%s SUSPECTED", "感染の疑い：%" PRIu64 " 台%s"),
			suspected,
			page->screen->ja ? ""
			: suspected == 1 ? " IS"
					 : "S ARE");
		ww_paint(page->out, page->screen, WW_PAINT_DOUBT, ww_buf_text(&head), 0);
		ww_buf_done(&head);
		ww_buf_addf(page->out, "%s\n",
			word(page,
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
		ww_buf_addf(&head, word(page, "%" PRIu64 " ALERT%s", "ルール検知 %" PRIu64 " 件%s"),
			alerts, page->screen->ja || alerts == 1 ? "" : "S");
		ww_paint(page->out, page->screen, WW_PAINT_DOUBT, ww_buf_text(&head), 0);
		ww_buf_done(&head);
		ww_buf_addf(page->out, "%s\n",
			word(page, " by rules; nobody is known to be taken over.",
				"。乗っ取られたホストは確認されていません。"));
	} else if (page->summary->findings > 0) {
		ww_buf_addf(page->out,
			word(page, "%" PRIu64 " finding%s.\n", "検出 %" PRIu64 " 件%s。\n"),
			page->summary->findings,
			page->screen->ja ? "" : plural(page->summary->findings));
	} else {
		ww_paint(page->out, page->screen, WW_PAINT_GOOD,
			word(page, "NOTHING FOUND", "何も見つかりませんでした"), 0);
		ww_buf_addf(page->out, "%s\n",
			word(page, ": no scan, no attack, no rule alert.",
				"：スキャン、攻撃、ルール検知はありません。"));
	}
}

static void print_file(const struct page *page)
{
	char first[WW_SCREEN_TIME_MAX], last[WW_SCREEN_TIME_MAX];
	const struct ww_watch_summary *summary = page->summary;
	struct ww_buf line = WW_BUF_INIT;
	ww_text_safe(
		&line, ww_path_base(page->input->file), strlen(ww_path_base(page->input->file)));
	ww_buf_addf(&line, word(page, "  %" PRIu64 " packet%s", "  %" PRIu64 " パケット%s"),
		summary->packets->packets - summary->flows->duplicates,
		page->screen->ja ? ""
				 : plural(summary->packets->packets - summary->flows->duplicates));
	if (summary->flows->duplicates)
		ww_buf_addf(&line,
			word(page, " (+%" PRIu64 " duplicate frame%s ignored)",
				"（重複フレーム %" PRIu64 " は除外%s）"),
			summary->flows->duplicates,
			page->screen->ja ? "" : plural(summary->flows->duplicates));
	if (summary->any_packet)
		ww_buf_addf(&line, "  %s .. %s %s",
			ww_screen_time(page->screen, summary->first_us, first),
			ww_screen_time(page->screen, summary->last_us, last), page->screen->tz);
	ww_paint(page->out, page->screen, WW_PAINT_FAINT, ww_buf_text(&line), 0);
	ww_buf_addc(page->out, '\n');
	ww_buf_done(&line);
}

/* ---- the outbreak ---- */

static void add_frames(
	struct ww_buf *out, const struct page *page, const struct ww_finding *finding)
{
	if (finding->n_frames == 0)
		return;
	ww_buf_addf(out, word(page, "  frame%s ", "  フレーム%s "),
		page->screen->ja || finding->n_frames == 1 ? "" : "s");
	for (size_t i = 0; i < finding->n_frames && i < 6; i++)
		ww_buf_addf(out, "%s%" PRIu64, i ? ", " : "", finding->frames[i]);
	if (finding->n_frames > 6)
		ww_buf_addf(out, ", %s", ww_glyph(page->screen, WW_GLYPH_DOTS));
}

/* How a stage showed on the one host, or on how many of them. */
static void add_stage_sight(
	const struct page *page, const struct ww_stage *stage, uint64_t seen, uint64_t infected)
{
	struct ww_buf *out = page->out;
	if (seen == 0) {
		ww_paint(out, page->screen, WW_PAINT_FAINT,
			word(page, "not in this capture", "このキャプチャにはなし"), 0);
		return;
	}
	if (infected > 1) {
		struct ww_buf text = WW_BUF_INIT;
		ww_buf_addf(&text,
			word(page, "seen at %" PRIu64 " of %" PRIu64,
				"%" PRIu64 " / %" PRIu64 " 台で確認"),
			seen, infected);
		ww_paint(out, page->screen, WW_PAINT_GOOD, ww_buf_text(&text), 0);
		ww_buf_done(&text);
		return;
	}
	ww_paint(out, page->screen, WW_PAINT_GOOD, word(page, "seen", "確認"), 0);
	const struct ww_report *report = page->report;
	for (size_t i = 0; i < report->n_proofs; i++) {
		if (strcmp(report->proofs[i].stage, stage->id) != 0)
			continue;
		ww_buf_addf(out, "  %s", report->excerpts[i]);
		add_frames(out, page, &report->proofs[i]);
		return;
	}
}

static void print_stages(const struct page *page, const struct ww_incident *incident)
{
	const struct ww_report *report = page->report;
	uint64_t infected = 0;
	for (size_t i = 0; i < report->n_hosts; i++)
		infected += report->hosts[i].infected && report->hosts[i].has_parent &&
			    report->hosts[i].incident == incident->id;
	for (size_t a = 0; a < ww_plan_n_advisories(report->plan); a++) {
		const struct ww_advisory *advisory = ww_plan_get(report->plan, a);
		if (strcmp(advisory->id, incident->advisory) != 0)
			continue;
		for (size_t s = 0; s < advisory->n_stages && s < 64; s++) {
			const struct ww_stage *stage = &advisory->stages[s];
			char port[WW_PORTS_TEXT_MAX] = "";
			if (stage->port.proto)
				ww_ports_print(&stage->port, port);
			ww_buf_addf(page->out, "  %zu ", s + 1);
			ww_text_left(page->out,
				ww_text_in(&stage->title, page->screen->ja ? "ja" : "en"), 26);
			ww_buf_addc(page->out, ' ');
			ww_text_left(page->out, port, 10);
			ww_buf_addc(page->out, ' ');
			add_stage_sight(page, stage, report->stage_hosts[a][s], infected);
			ww_buf_addc(page->out, '\n');
		}
	}
}

struct tree {
	const struct page *page;
	uint64_t incident;
	unsigned lines;
	uint64_t hidden;
};

static void tree_line(struct tree *tree, const struct ww_report_host *host, const char *prefix,
	enum ww_glyph glyph)
{
	const struct page *page = tree->page;
	char ip[WW_IP_TEXT_MAX], when[WW_SCREEN_TIME_MAX];
	struct ww_buf left = WW_BUF_INIT;
	ww_buf_addf(&left, "  %s%s", prefix,
		glyph == WW_GLYPH_COUNT ? "" : ww_glyph(page->screen, glyph));
	ww_buf_adds(&left, ww_ip_print(&host->ip, ip));
	ww_text_left(page->out, ww_buf_text(&left), 36);
	ww_buf_done(&left);
	ww_buf_addf(page->out, " %s", ww_screen_clock(page->screen, host->infected_us, when));
	if (host->has_parent)
		ww_buf_addf(page->out, "  %.2f", host->parent_p);
	if (host->suspected && !host->infected)
		ww_buf_addf(page->out, "  %s", word(page, "suspected", "疑い"));
	if (host->n_children)
		ww_buf_addf(page->out, word(page, "  took over %u", "  %u 台を乗っ取り"),
			host->n_children);
	ww_buf_addc(page->out, '\n');
	tree->lines++;
}

static bool is_child(
	const struct tree *tree, const struct ww_report_host *host, const struct ww_ip *parent)
{
	return host->incident == tree->incident && host->has_parent && !host->shown &&
	       ww_ip_equal(&host->parent, parent);
}

/* Depth first, at most SHOWN_TREE lines and four levels; what does not fit is counted. */
static void tree_below(struct tree *tree, const struct ww_ip *parent, const char *prefix, int depth)
{
	struct ww_report *report = tree->page->report;
	uint32_t left = 0;
	for (size_t i = 0; i < report->n_hosts; i++)
		left += is_child(tree, &report->hosts[i], parent);
	for (size_t i = 0; i < report->n_hosts && left > 0; i++) {
		struct ww_report_host *host = &report->hosts[i];
		if (!is_child(tree, host, parent))
			continue;
		if (tree->lines >= SHOWN_TREE || depth > 4)
			return;
		host->shown = true;
		left--;
		bool last = left == 0;
		tree_line(tree, host, prefix, last ? WW_GLYPH_LAST : WW_GLYPH_BRANCH);
		struct ww_buf deeper = WW_BUF_INIT;
		ww_buf_adds(&deeper, prefix);
		ww_buf_adds(&deeper, last ? "   " : ww_glyph(tree->page->screen, WW_GLYPH_TRUNK));
		tree_below(tree, &host->ip, ww_buf_text(&deeper), depth + 1);
		ww_buf_done(&deeper);
	}
}

static int by_address(const void *a, const void *b)
{
	const struct ww_report_host *left = *(struct ww_report_host *const *)a;
	const struct ww_report_host *right = *(struct ww_report_host *const *)b;
	if (left->incident != right->incident)
		return left->incident < right->incident ? -1 : 1;
	return ww_ip_compare(&left->ip, &right->ip);
}

static void count_children(struct ww_report *report)
{
	struct ww_report_host **order = malloc((report->n_hosts + 1) * sizeof(*order));
	if (!order) {
		report->failed = true;
		return;
	}
	for (size_t i = 0; i < report->n_hosts; i++)
		order[i] = &report->hosts[i];
	qsort(order, report->n_hosts, sizeof(*order), by_address);
	for (size_t i = 0; i < report->n_hosts; i++) {
		struct ww_report_host wanted = {
			.ip = report->hosts[i].parent, .incident = report->hosts[i].incident};
		struct ww_report_host *key = &wanted;
		struct ww_report_host **found = NULL;
		if (report->hosts[i].has_parent)
			found = bsearch(&key, order, report->n_hosts, sizeof(*order), by_address);
		if (found)
			(*found)->n_children++;
	}
	free(order);
}

static void print_tree(const struct page *page, const struct ww_incident *incident)
{
	struct ww_report *report = page->report;
	struct tree tree = {.page = page, .incident = incident->id};
	uint64_t of_incident = 0;
	for (size_t i = 0; i < report->n_hosts; i++)
		of_incident += report->hosts[i].incident == incident->id;
	for (size_t i = 0; i < report->n_hosts && tree.lines < SHOWN_TREE; i++) {
		struct ww_report_host *host = &report->hosts[i];
		if (host->incident != incident->id || host->has_parent || host->shown)
			continue;
		host->shown = true;
		tree_line(&tree, host, "", WW_GLYPH_COUNT);
		tree_below(&tree, &host->ip, "", 0);
	}
	uint64_t shown = 0;
	for (size_t i = 0; i < report->n_hosts; i++)
		shown += report->hosts[i].incident == incident->id && report->hosts[i].shown;
	if (of_incident > shown)
		ww_buf_addf(page->out,
			word(page, "  %s %" PRIu64 " more hosts: wormwood watch --json\n",
				"  %s ほか %" PRIu64 " 台：wormwood watch --json\n"),
			ww_glyph(page->screen, WW_GLYPH_DOTS), of_incident - shown);
}

static void print_incident(const struct page *page, const struct ww_incident *incident)
{
	const struct ww_advisory *advisory = advisory_of(page, incident->advisory);
	ww_buf_adds(page->out, "\n");
	struct ww_buf head = WW_BUF_INIT;
	ww_buf_adds(&head, worm_name(page, incident->advisory));
	if (advisory && advisory->number)
		ww_buf_addf(&head, "  %s", advisory->number);
	ww_paint(page->out, page->screen, WW_PAINT_STRONG, ww_buf_text(&head), 0);
	ww_buf_done(&head);
	ww_buf_addf(page->out,
		word(page,
			"  incident %" PRIu64 ": %" PRIu64 " infected, %" PRIu64
			" suspected, %" PRIu64 " attempted, %" PRIu64 " scanning",
			"  インシデント %" PRIu64 "：感染 %" PRIu64 "、疑い %" PRIu64
			"、未遂 %" PRIu64 "、スキャン中 %" PRIu64),
		incident->id, incident->infected, incident->suspected, incident->attempted,
		incident->scanners);
	if (isfinite(incident->r_mean))
		ww_buf_addf(page->out, "  R %s %.1f (%.1f-%.1f)",
			ww_glyph(page->screen, WW_GLYPH_ABOUT), incident->r_mean, incident->r_low,
			incident->r_high);
	if (isfinite(incident->doubling_s)) {
		char span[WW_WHEN_TEXT_MAX];
		ww_buf_addf(page->out, word(page, "  doubling in %s", "  倍加時間 %s"),
			ww_when_print_span((int64_t)(incident->doubling_s * 1e6), span));
	}
	ww_buf_addc(page->out, '\n');
	if (advisory)
		print_stages(page, incident);
	print_tree(page, incident);
}

/* ---- scanners and alerts ---- */

static int by_targets(const void *a, const void *b)
{
	const struct ww_finding *left = *(const struct ww_finding *const *)a;
	const struct ww_finding *right = *(const struct ww_finding *const *)b;
	if (left->targets != right->targets)
		return left->targets < right->targets ? 1 : -1;
	return left->id < right->id ? -1 : 1;
}

static void print_scan(const struct page *page, const struct ww_finding *scan)
{
	char src[WW_IP_TEXT_MAX], when[WW_SCREEN_TIME_MAX];
	struct ww_buf row = WW_BUF_INIT;
	ww_buf_addf(&row, "  %-4" PRIu64 " ", scan->id);
	ww_text_left(&row, ww_ip_print(&scan->src, src), 16);
	ww_buf_addf(
		&row, " %s  %s  ", ww_screen_clock(page->screen, scan->time_us, when), scan->msg);
	ww_buf_addf(&row,
		word(page, "(alarm at %" PRIu64 ", p %.2f)",
			"（%" PRIu64 " 件目で警報、確度 %.2f）"),
		scan->first_contacts_to_alarm, scan->confidence);
	ww_buf_addc(&row, '\n');
	ww_buf_adds(page->out, ww_buf_text(&row));
	ww_buf_done(&row);
}

static void print_scans(const struct page *page)
{
	const struct ww_report *report = page->report;
	if (report->n_scans == 0)
		return;
	const struct ww_finding **order = malloc(report->n_scans * sizeof(struct ww_finding *));
	if (!order)
		return;
	for (size_t i = 0; i < report->n_scans; i++)
		order[i] = &report->scans[i];
	qsort(order, report->n_scans, sizeof(struct ww_finding *), by_targets);
	ww_buf_addc(page->out, '\n');
	struct ww_buf head = WW_BUF_INIT;
	ww_buf_addf(&head, word(page, "%zu scanner%s", "スキャン元 %zu 台%s"), report->n_scans,
		page->screen->ja ? "" : plural(report->n_scans));
	ww_paint(page->out, page->screen, WW_PAINT_STRONG, ww_buf_text(&head), 0);
	ww_buf_done(&head);
	ww_buf_addc(page->out, '\n');
	for (size_t i = 0; i < report->n_scans && i < SHOWN_SCANS; i++)
		print_scan(page, order[i]);
	if (report->n_scans > SHOWN_SCANS)
		ww_buf_addf(page->out, word(page, "  %s %zu more\n", "  %s ほか %zu 台\n"),
			ww_glyph(page->screen, WW_GLYPH_DOTS), report->n_scans - SHOWN_SCANS);
	free(order);
}

struct alerts {
	const struct page *page;
	size_t n_rules;
};

static void print_rule(void *context, const struct ww_rule *rule, uint64_t n)
{
	struct alerts *alerts = context;
	const struct page *page = alerts->page;
	if (alerts->n_rules++ == 0) {
		ww_buf_addc(page->out, '\n');
		ww_paint(page->out, page->screen, WW_PAINT_STRONG,
			word(page, "rule alerts", "ルール検知"), 0);
		ww_buf_addc(page->out, '\n');
	}
	if (alerts->n_rules > SHOWN_RULES)
		return;
	ww_buf_addf(page->out, "  %6" PRIu64 " x  [%u:%u] ", n, rule->gid, rule->sid);
	ww_text_safe(page->out, rule->msg, strlen(rule->msg));
	if (rule->owner)
		ww_buf_addf(page->out, "  (%s)", rule->owner);
	ww_buf_addc(page->out, '\n');
}

static void print_alerts(const struct page *page)
{
	struct alerts alerts = {.page = page};
	ww_watch_each_rule(page->watch, print_rule, &alerts);
	if (alerts.n_rules > SHOWN_RULES)
		ww_buf_addf(page->out,
			word(page, "  %s %zu more rules\n", "  %s ほか %zu ルール\n"),
			ww_glyph(page->screen, WW_GLYPH_DOTS), alerts.n_rules - SHOWN_RULES);
}

/* ---- what was looked at, what to do ---- */

static void add_note(const struct page *page, const char *text)
{
	ww_paint(page->out, page->screen, WW_PAINT_DOUBT, word(page, "note", "注意"), 0);
	ww_buf_addf(page->out, "  %s\n", text);
}

static void note_count(const struct page *page, uint64_t n, const char *en, const char *ja)
{
	if (n == 0)
		return;
	char text[256];
	snprintf(text, sizeof(text), "%" PRIu64 " %s", n, word(page, en, ja));
	add_note(page, text);
}

static void print_notes(const struct page *page)
{
	const struct ww_watch_summary *summary = page->summary;
	const struct ww_flow_counts *flows = summary->flows;
	ww_buf_addc(page->out, '\n');
	if (page->input->note[0])
		add_note(page, page->input->note);
	note_count(page, flows->midstream,
		"conversation(s) begin before the capture: who began was inferred",
		"件の通信はキャプチャ開始前から続いており、接続方向は推定です");
	note_count(page, flows->time_back, "packet(s) step back in time",
		"パケットで時刻が逆行しています");
	const uint64_t(*rows)[WW_OUTCOME_COUNT] = summary->packets->outcomes;
	for (int layer = 0; layer < WW_LAYER_COUNT; layer++) {
		for (int outcome = WW_OUTCOME_OK + 1; outcome < WW_OUTCOME_COUNT; outcome++) {
			if (rows[layer][outcome] == 0)
				continue;
			char text[128];
			snprintf(text, sizeof(text), "%" PRIu64 " packet%s %s at the %s layer",
				rows[layer][outcome], plural(rows[layer][outcome]),
				ww_outcome_name((enum ww_outcome)outcome),
				ww_layer_name((enum ww_layer)layer));
			add_note(page, text);
		}
	}
	note_count(page, summary->packets->snapped,
		"payload(s) cut by the snap length: not all bytes were looked at",
		"件のペイロードはスナップ長で切れています");
	note_count(page, flows->reassembly_gaps, "gap(s) in streams: bytes there were not seen",
		"件のストリームに欠落があります");
	note_count(page, flows->evicted_flows + flows->evicted_streams,
		"conversation(s) given up because a table was full: evidence may be missing",
		"件の通信は表が一杯のため追跡を中止しました");
	note_count(page, flows->evicted_attempts + flows->evicted_contacts,
		"connection attempt(s) judged or forgotten early because a table was full",
		"件の接続試行は表が一杯のため早期に判定または忘却されました");
	note_count(page, summary->evicted_evidence,
		"piece(s) of evidence given up because a detector's table was full",
		"件の証拠は検知器の表が一杯のため破棄されました");
	note_count(page, summary->rules.refused,
		"rule(s) refused: wormwood watch -v says which and why",
		"件のルールは読み込めませんでした（-v で詳細）");
}

static void print_looked_at(const struct page *page)
{
	const struct ww_watch_summary *summary = page->summary;
	const struct ww_flow_counts *flows = summary->flows;
	ww_buf_addf(page->out,
		word(page,
			"looked at %" PRIu64 " packets, %s%" PRIu64 " hosts, %" PRIu64
			" conversations, %" PRIu64 " first contacts (%" PRIu64
			" failed); %zu rules and",
			"調査対象：%" PRIu64 " パケット、%s%" PRIu64 " ホスト、%" PRIu64
			" 通信、初回接触 %" PRIu64 "（失敗 %" PRIu64 "）、ルール %zu 件、"),
		summary->packets->packets,
		summary->hosts_exact ? "" : ww_glyph(page->screen, WW_GLYPH_ABOUT), summary->hosts,
		flows->flows, flows->contacts, flows->refused + flows->unanswered,
		ww_plan_n_rules(page->report->plan));
	size_t n = ww_plan_n_advisories(page->report->plan);
	ww_buf_adds(page->out, word(page, " the stages of", "段階検知："));
	for (size_t a = 0; a < n && a < 6; a++)
		ww_buf_addf(
			page->out, "%s %s", a ? "," : "", ww_plan_get(page->report->plan, a)->id);
	if (n == 0)
		ww_buf_adds(page->out, word(page, " no advisory", "なし"));
	if (n > 6)
		ww_buf_addf(page->out, " +%zu", n - 6);
	ww_buf_addf(page->out,
		word(page,
			"; scanning and spreading on any port\n"
			"scan test: alarm at %.2f, at most one false alarm in %.0f first contacts "
			"expected",
			"、全ポートのスキャンと拡散\nスキャン判定：閾値 %.2f、誤警報は初回接触 "
			"%.0f 件に 1 回以下"),
		summary->scan_threshold, summary->scan_run_length);
	if (isfinite(summary->false_alarms_a_day))
		ww_buf_addf(page->out,
			word(page, ", %.2g a day at this rate", "、この流量で 1 日 %.2g 回"),
			summary->false_alarms_a_day);
	ww_buf_addc(page->out, '\n');
}

/* Commands to type next, each with what it is for; the reasons stand in one column. */
enum { NEXT_MAX = 3 };

struct next {
	struct ww_buf commands[NEXT_MAX];
	const char *reasons[NEXT_MAX];
	size_t n;
};

/* A new row, begun with the program's name. The caller appends the rest. */
static struct ww_buf *next_row(const struct page *page, struct next *next, const char *reason)
{
	struct ww_buf *command = &next->commands[next->n];
	next->reasons[next->n++] = reason;
	ww_buf_addf(command, "  %s ", page->report->call->program);
	return command;
}

static void show_next(const struct page *page, struct next *next)
{
	int columns = 44;
	for (size_t i = 0; i < next->n; i++) {
		int width = ww_text_width(ww_buf_text(&next->commands[i]));
		columns = width > columns ? width : columns;
	}
	if (next->n)
		ww_buf_addf(page->out, "\n%s\n", word(page, "do next", "次のコマンド"));
	for (size_t i = 0; i < next->n; i++) {
		ww_text_left(page->out, ww_buf_text(&next->commands[i]), columns);
		ww_buf_addf(page->out, " %s\n", next->reasons[i]);
		ww_buf_done(&next->commands[i]);
	}
}

static void print_next(const struct page *page)
{
	const struct ww_report *report = page->report;
	const char *store = report->call->common->db;
	uint64_t id = report->n_proofs  ? report->proofs[0].id
		      : report->n_scans ? report->scans[0].id
					: 1;
	struct next next = {.n = 0};
	struct ww_buf db = WW_BUF_INIT;
	if (page->summary->findings == 0)
		return;
	if (store) {
		ww_buf_adds(&db, " --db ");
		ww_quote_shell(&db, store);
	}
	if (!store || strcmp(store, ":memory:") != 0) { /* which leaves nothing to explain */
		const char *why = word(page, "why, packet by packet", "根拠をパケット単位で");
		ww_buf_addf(
			next_row(page, &next, why), "explain %" PRIu64 "%s", id, ww_buf_text(&db));
		why = word(page, "its packets, for Wireshark", "該当パケット（Wireshark 用）");
		ww_buf_addf(next_row(page, &next, why),
			"slice %" PRIu64 " -w finding%" PRIu64 ".pcap%s", id, id, ww_buf_text(&db));
	}
	if (report->n_incidents && report->incidents[0].advisory[0]) {
		const char *why =
			word(page, "what it is, and what to do about it", "概要と対処方法");
		struct ww_buf *row = next_row(page, &next, why);
		ww_buf_adds(row, "advisory show ");
		ww_quote_shell(row, report->incidents[0].advisory);
	}
	show_next(page, &next);
	ww_buf_done(&db);
}

void ww_report_print(struct ww_report *report, struct ww_buf *out, const struct ww_watch *watch,
	const struct ww_watch_summary *summary, const struct ww_watch_input *input)
{
	struct page page = {out, report->call->screen, report, watch, summary, input};
	count_children(report);
	print_answer(&page);
	print_file(&page);
	for (size_t i = 0; i < report->n_incidents && i < 3; i++)
		print_incident(&page, &report->incidents[i]);
	print_scans(&page);
	print_alerts(&page);
	print_notes(&page);
	print_looked_at(&page);
	print_next(&page);
	if (report->failed)
		add_note(&page, "memory was short: this report is not complete");
}
