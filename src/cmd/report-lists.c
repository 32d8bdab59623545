// SPDX-License-Identifier: GPL-3.0-or-later
/* Scanners and rules on the screen: the largest first, a few lines of each. */
#include "cmd/report-private.h"

#include "base/file.h"
#include "base/quote.h"
#include "base/text.h"
#include "value/when.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_SCANS = 8, SHOWN_RULES = 6 };

static int by_targets(const void *a, const void *b)
{
	const struct ww_finding *left = *(const struct ww_finding *const *)a;
	const struct ww_finding *right = *(const struct ww_finding *const *)b;
	if (left->targets != right->targets)
		return left->targets < right->targets ? 1 : -1;
	return left->id < right->id ? -1 : 1;
}

/* The same as the finding's message, which is English, from its numbers. */
static void scan_words_ja(struct ww_buf *out, const struct ww_finding *scan)
{
	char dst[WW_IP_TEXT_MAX], number[WW_NUMBER_MAX];
	const char *proto = ww_proto_name(scan->proto);
	if (scan->hosts <= 1)
		ww_buf_addf(out, "%s の %s ポート %s 個を試行", ww_ip_print(&scan->dst, dst), proto,
			ww_page_number(scan->ports, number));
	else if (scan->port)
		ww_buf_addf(out, "%u/%s を %s アドレスで試行", scan->port, proto,
			ww_page_number(scan->hosts, number));
	else
		ww_buf_addf(out, "%s アドレス、%" PRIu64 " ポート（%s）を試行",
			ww_page_number(scan->hosts, number), scan->ports, proto);
	ww_buf_addf(out, "、失敗 %s", ww_page_number(scan->failed, number));
}

void ww_page_scan_words(
	const struct ww_page *page, struct ww_buf *out, const struct ww_finding *scan)
{
	if (page->screen->ja)
		scan_words_ja(out, scan);
	else
		ww_buf_adds(out, scan->msg);
}

static void print_scan(const struct ww_page *page, const struct ww_finding *scan)
{
	char src[WW_IP_TEXT_MAX], when[WW_SCREEN_TIME_MAX], id[24];
	struct ww_buf row = WW_BUF_INIT;
	snprintf(id, sizeof(id), "%" PRIu64, scan->id);
	ww_buf_adds(&row, "  ");
	ww_text_left(&row, id, 5);
	ww_text_left(&row, ww_ip_print(&scan->src, src), 16);
	ww_buf_addf(&row, " %s  ", ww_screen_clock(page->screen, scan->time_us, when));
	ww_page_scan_words(page, &row, scan);
	ww_buf_addf(&row,
		ww_page_word(
			page, "  (alarm at contact %" PRIu64 ")", "（%" PRIu64 " 件目で警報）"),
		scan->first_contacts_to_alarm);
	ww_buf_addc(&row, '\n');
	ww_buf_adds(page->out, ww_buf_text(&row));
	ww_buf_done(&row);
}

void ww_page_scans(const struct ww_page *page)
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
	ww_buf_addf(&head, ww_page_word(page, "%zu scanner%s", "スキャン元 %zu 台%s"),
		report->n_scans, ww_page_plural(page, report->n_scans));
	ww_paint(page->out, page->screen, WW_PAINT_STRONG, ww_buf_text(&head), 0);
	ww_buf_done(&head);
	ww_buf_addc(page->out, '\n');
	for (size_t i = 0; i < report->n_scans && i < SHOWN_SCANS; i++)
		print_scan(page, order[i]);
	if (report->n_scans > SHOWN_SCANS)
		ww_buf_addf(page->out, ww_page_word(page, "  %s %zu more\n", "  %s ほか %zu 台\n"),
			ww_glyph(page->screen, WW_GLYPH_DOTS), report->n_scans - SHOWN_SCANS);
	free(order);
}

struct alerts {
	const struct ww_page *page;
	size_t n_rules;
};

static void print_rule(void *context, const struct ww_rule *rule, uint64_t n)
{
	struct alerts *alerts = context;
	const struct ww_page *page = alerts->page;
	if (alerts->n_rules++ == 0) {
		ww_buf_addc(page->out, '\n');
		ww_paint(page->out, page->screen, WW_PAINT_STRONG,
			ww_page_word(page, "rule alerts", "ルール検知"), 0);
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

void ww_page_alerts(const struct ww_page *page)
{
	struct alerts alerts = {.page = page};
	ww_watch_each_rule(page->watch, print_rule, &alerts);
	if (alerts.n_rules > SHOWN_RULES)
		ww_buf_addf(page->out,
			ww_page_word(page, "  %s %zu more rules\n", "  %s ほか %zu ルール\n"),
			ww_glyph(page->screen, WW_GLYPH_DOTS), alerts.n_rules - SHOWN_RULES);
}
