/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* What the files of the report share: one page, and the words on it. */
#include "cmd/report.h"

struct ww_page {
	struct ww_buf *out;
	const struct ww_screen *screen;
	struct ww_report *report;
	const struct ww_watch *watch;
	const struct ww_watch_summary *summary;
	const struct ww_watch_input *input;
};

enum { WW_NUMBER_MAX = 32 };

static inline const char *ww_page_word(const struct ww_page *page, const char *en, const char *ja)
{
	return ww_lang(page->screen, en, ja);
}

/* "s" behind a noun of which there are not one; never in Japanese. */
static inline const char *ww_page_plural(const struct ww_page *page, uint64_t n)
{
	return n == 1 || page->screen->ja ? "" : "s";
}

/* "1,234,567". Returns `text`. */
const char *ww_page_number(uint64_t n, char text[WW_NUMBER_MAX]);
/* The advisory with that ID, or NULL. */
const struct ww_advisory *ww_page_advisory(const struct ww_page *page, const char *id);
/* The title of the advisory, or words for an unknown worm. Borrowed. */
const char *ww_page_worm(const struct ww_page *page, const char *id);

/* report-outbreak.c: an incident's stages and its tree. */
void ww_page_incident(const struct ww_page *page, const struct ww_incident *incident);
/* Once, before the first incident. */
void ww_page_count_children(struct ww_report *report);
/* report-lists.c: scanners, rules that alerted. `scan`: what it did, in the screen's language. */
void ww_page_scan_words(
	const struct ww_page *page, struct ww_buf *out, const struct ww_finding *scan);
void ww_page_scans(const struct ww_page *page);
void ww_page_alerts(const struct ww_page *page);
/* report-notes.c: what was not understood or was lost, what was looked at, what to do next. */
void ww_page_notes(const struct ww_page *page);
void ww_page_looked_at(const struct ww_page *page);
void ww_page_next(const struct ww_page *page);
