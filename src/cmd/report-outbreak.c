// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * An incident on the screen: how many, the stages of the advisory and where they were seen, the
 * tree of who took over whom.
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

enum { SHOWN_TREE = 14 };

static void add_frames(
	struct ww_buf *out, const struct ww_page *page, const struct ww_finding *finding)
{
	if (finding->n_frames == 0)
		return;
	ww_buf_addf(out, ww_page_word(page, "  frame%s ", "  フレーム%s "),
		page->screen->ja || finding->n_frames == 1 ? "" : "s");
	for (size_t i = 0; i < finding->n_frames && i < 6; i++)
		ww_buf_addf(out, "%s%" PRIu64, i ? ", " : "", finding->frames[i]);
	if (finding->n_frames > 6)
		ww_buf_addf(out, ", %s", ww_glyph(page->screen, WW_GLYPH_DOTS));
}

/* How a stage showed on the one host, or on how many of them. */
static void add_stage_sight(
	const struct ww_page *page, const struct ww_stage *stage, uint64_t seen, uint64_t infected)
{
	struct ww_buf *out = page->out;
	if (seen == 0) {
		ww_paint(out, page->screen, WW_PAINT_FAINT,
			ww_page_word(page, "not in this capture", "このキャプチャにはなし"), 0);
		return;
	}
	if (infected > 1) {
		struct ww_buf text = WW_BUF_INIT;
		ww_buf_addf(&text,
			ww_page_word(page, "seen at %" PRIu64 " of %" PRIu64,
				"%" PRIu64 " / %" PRIu64 " 台で確認"),
			seen, infected);
		ww_paint(out, page->screen, WW_PAINT_GOOD, ww_buf_text(&text), 0);
		ww_buf_done(&text);
		return;
	}
	ww_paint(out, page->screen, WW_PAINT_GOOD, ww_page_word(page, "seen", "確認"), 0);
	const struct ww_report *report = page->report;
	for (size_t i = 0; i < report->n_proofs; i++) {
		if (strcmp(report->proofs[i].stage, stage->id) != 0)
			continue;
		ww_buf_addf(out, "  %s", report->excerpts[i]);
		add_frames(out, page, &report->proofs[i]);
		return;
	}
}

static void print_stages(const struct ww_page *page, const struct ww_incident *incident)
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
	const struct ww_page *page;
	uint64_t incident;
	unsigned lines;
	uint64_t hidden;
};

static void tree_line(struct tree *tree, const struct ww_report_host *host, const char *prefix,
	enum ww_glyph glyph)
{
	const struct ww_page *page = tree->page;
	char ip[WW_IP_TEXT_MAX], when[WW_SCREEN_TIME_MAX];
	struct ww_buf left = WW_BUF_INIT;
	ww_buf_addf(&left, "  %s%s%s", prefix,
		glyph == WW_GLYPH_COUNT ? "" : ww_glyph(page->screen, glyph),
		glyph == WW_GLYPH_COUNT ? "" : " ");
	ww_buf_adds(&left, ww_ip_print(&host->ip, ip));
	ww_text_left(page->out, ww_buf_text(&left), 36);
	ww_buf_done(&left);
	ww_buf_addf(page->out, " %s", ww_screen_clock(page->screen, host->infected_us, when));
	if (host->has_parent)
		ww_buf_addf(page->out, "  %.2f", host->parent_p);
	if (host->suspected && !host->infected)
		ww_buf_addf(page->out, "  %s", ww_page_word(page, "suspected", "疑い"));
	if (host->n_children)
		ww_buf_addf(page->out, ww_page_word(page, "  took over %u", "  %u 台を乗っ取り"),
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
		ww_text_left(&deeper, last ? "" : ww_glyph(tree->page->screen, WW_GLYPH_TRUNK), 3);
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

void ww_page_count_children(struct ww_report *report)
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

static void print_tree(const struct ww_page *page, const struct ww_incident *incident)
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
			ww_page_word(page, "  %s %" PRIu64 " more hosts: --json lists all\n",
				"  %s ほか %" PRIu64 " 台：--json ですべて表示\n"),
			ww_glyph(page->screen, WW_GLYPH_DOTS), of_incident - shown);
}

/* "249 taken over, 92 attacked in vain, 3 suspected", without what there is none of. */
static void add_incident_counts(const struct ww_page *page, const struct ww_incident *incident)
{
	const struct {
		uint64_t n;
		const char *en, *ja;
	} counts[] = {
		{incident->infected, "infected", "感染"},
		{incident->suspected, "suspected", "疑い"},
		{incident->attempted, "attacked in vain", "未遂"},
		{incident->scanners, "scanning", "スキャン中"},
	};
	const char *between = "  ";
	for (size_t i = 0; i < WW_N(counts); i++) {
		char number[WW_NUMBER_MAX];
		if (counts[i].n == 0)
			continue;
		ww_page_number(counts[i].n, number);
		if (page->screen->ja)
			ww_buf_addf(page->out, "%s%s %s", between, counts[i].ja, number);
		else
			ww_buf_addf(page->out, "%s%s %s", between, number, counts[i].en);
		between = ww_page_word(page, ", ", "、");
	}
}

static void add_growth(const struct ww_page *page, const struct ww_incident *incident)
{
	char span[WW_WHEN_TEXT_MAX];
	if (isfinite(incident->r_mean))
		ww_buf_addf(page->out, "  R %s %.1f (%.1f-%.1f)",
			ww_glyph(page->screen, WW_GLYPH_ABOUT), incident->r_mean, incident->r_low,
			incident->r_high);
	if (isfinite(incident->doubling_s))
		ww_buf_addf(page->out, ww_page_word(page, "  doubling in %s", "  倍加時間 %s"),
			ww_when_print_span((int64_t)(incident->doubling_s * 1e6), span));
}

void ww_page_incident(const struct ww_page *page, const struct ww_incident *incident)
{
	const struct ww_advisory *advisory = ww_page_advisory(page, incident->advisory);
	struct ww_buf head = WW_BUF_INIT;
	ww_buf_adds(&head, ww_page_worm(page, incident->advisory));
	if (advisory && advisory->number)
		ww_buf_addf(&head, "  %s", advisory->number);
	ww_buf_addc(page->out, '\n');
	ww_paint(page->out, page->screen, WW_PAINT_STRONG, ww_buf_text(&head), 0);
	ww_buf_done(&head);
	add_incident_counts(page, incident);
	add_growth(page, incident);
	ww_buf_addc(page->out, '\n');
	if (advisory)
		print_stages(page, incident);
	print_tree(page, incident);
}
