// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Collecting for the report while the run goes on. Memory: 1.3 KiB a scan (the scan test bounds
 * how many there are), 1.4 KiB for each of REPORT_PROOFS stage findings, 72 bytes a host.
 */
#include "cmd/report.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

int ww_report_init(struct ww_report *report, const struct ww_call *call, const struct ww_plan *plan)
{
	*report = (struct ww_report){.call = call, .plan = plan};
	size_t n = ww_plan_n_advisories(plan);
	report->stage_hosts = calloc(n ? n : 1, sizeof(*report->stage_hosts));
	report->proofs = malloc(REPORT_PROOFS * sizeof(*report->proofs));
	report->excerpts = malloc(REPORT_PROOFS * sizeof(*report->excerpts));
	if (report->stage_hosts && report->proofs && report->excerpts)
		return 0;
	ww_report_done(report);
	return -ENOMEM;
}

void ww_report_done(struct ww_report *report)
{
	free(report->scans);
	free(report->proofs);
	free(report->excerpts);
	free(report->hosts);
	free(report->stage_hosts);
	free(report->incidents);
	*report = (struct ww_report){0};
}

/* Room for one more of `size` bytes behind *items[n]; grows by doubling. */
static void *grown(struct ww_report *report, void *items, size_t n, size_t size)
{
	if (n & (n - 1)) /* not a power of two: there is room */
		return items;
	void *more = realloc(items, (n ? 2 * n : 1) * size);
	if (!more)
		report->failed = true;
	return more;
}

/* Adds bytes as text between quotes, at most 28 columns of them. */
static void add_excerpt(struct ww_buf *out, const struct ww_evidence *evidence)
{
	struct ww_buf text = WW_BUF_INIT;
	size_t from = 0, to = evidence->n_bytes;
	while (from < to && (evidence->bytes[from] < 0x21 || evidence->bytes[from] > 0x7e))
		from++;
	while (to > from && (evidence->bytes[to - 1] < 0x21 || evidence->bytes[to - 1] > 0x7e))
		to--;
	for (size_t i = from; i < to && text.len < 28; i++) {
		if (evidence->bytes[i] == '\\')
			ww_buf_addc(&text, '\\'); /* safe on a screen, and as it was typed */
		else
			ww_text_safe(&text, evidence->bytes + i, 1);
	}
	if (text.len > 0 && !strstr(ww_buf_text(out), text.data))
		ww_buf_addf(out, "%s\"%s\"", out->len ? " " : "", text.data);
	ww_buf_done(&text);
}

/* What proved it, in the order it was seen: the first two texts that say something new. */
static void make_excerpt(char excerpt[REPORT_EXCERPT], const struct ww_finding *finding)
{
	struct ww_buf text = WW_BUF_INIT;
	int n = 0;
	for (size_t i = 0; i < finding->n_evidence && n < 2; i++) {
		size_t before = text.len;
		add_excerpt(&text, &finding->evidence[i]);
		n += text.len > before;
	}
	snprintf(excerpt, REPORT_EXCERPT, "%s", ww_buf_text(&text));
	ww_buf_done(&text);
}

static void keep_scan(struct ww_report *report, const struct ww_finding *finding)
{
	if (report->n_scans == REPORT_SCANS) {
		report->more_scans++;
		return;
	}
	void *more = grown(report, report->scans, report->n_scans, sizeof(*report->scans));
	if (!more)
		return;
	report->scans = more;
	report->scans[report->n_scans] = *finding;
	report->scans[report->n_scans].evidence = NULL;
	report->scans[report->n_scans].n_evidence = 0;
	report->n_scans++;
}

void ww_report_finding(struct ww_report *report, const struct ww_finding *finding)
{
	if (report->first_id == 0)
		report->first_id = finding->id;
	if (finding->kind == WW_FINDING_SCAN) {
		keep_scan(report, finding);
	} else if (finding->kind != WW_FINDING_RULE && report->n_proofs < REPORT_PROOFS) {
		make_excerpt(report->excerpts[report->n_proofs], finding);
		report->proofs[report->n_proofs] = *finding;
		report->proofs[report->n_proofs].evidence = NULL;
		report->proofs[report->n_proofs].n_evidence = 0;
		report->n_proofs++;
	}
}

/* The place of finding `id` among findings in ascending order, or n. */
static size_t place_of(const struct ww_finding *findings, size_t n, uint64_t id)
{
	size_t low = 0, high = n;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (findings[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && findings[low].id == id ? low : n;
}

void ww_report_update(struct ww_report *report, const struct ww_finding *finding)
{
	bool is_scan = finding->kind == WW_FINDING_SCAN;
	struct ww_finding *findings = is_scan ? report->scans : report->proofs;
	size_t n = is_scan ? report->n_scans : report->n_proofs;
	size_t at = place_of(findings, n, finding->id);
	if (at == n)
		return;
	if (!is_scan && finding->n_evidence)
		make_excerpt(report->excerpts[at], finding);
	/* Only late answers make it less sure than it was: they withdraw it (trw.h). */
	if (is_scan && finding->confidence < findings[at].confidence) {
		report->withdrawn++;
		report->n_scans--;
		memmove(findings + at, findings + at + 1, (n - at - 1) * sizeof(*findings));
		return;
	}
	findings[at] = *finding;
	findings[at].evidence = NULL;
	findings[at].n_evidence = 0;
}

static void count_stages(struct ww_report *report, const struct ww_host *host)
{
	for (size_t a = 0; a < ww_plan_n_advisories(report->plan); a++) {
		const struct ww_advisory *advisory = ww_plan_get(report->plan, a);
		if (strcmp(advisory->id, host->advisory) != 0)
			continue;
		for (size_t s = 0; s < advisory->n_stages && s < 64; s++)
			for (size_t i = 0; i < host->n_stages; i++)
				if (strcmp(host->stages[i].stage, advisory->stages[s].id) == 0)
					report->stage_hosts[a][s]++;
	}
}

void ww_report_host(struct ww_report *report, const struct ww_host *host)
{
	if (host->infected && host->has_parent)
		count_stages(report, host);
	if (!host->infected && !host->suspected)
		return;
	void *more = grown(report, report->hosts, report->n_hosts, sizeof(*report->hosts));
	if (!more)
		return;
	report->hosts = more;
	bool taken_over = host->infected && strcmp(host->state, "attacking") != 0;
	report->hosts[report->n_hosts++] = (struct ww_report_host){
		.ip = host->ip,
		.parent = host->parent.ip,
		.parent_p = host->parent.p,
		.has_parent = host->has_parent,
		.infected_us = host->infected_us,
		.confidence = host->confidence,
		.incident = host->incident,
		.generation = host->generation,
		.infected = host->infected,
		.suspected = host->suspected,
		.taken_over = taken_over,
	};
	if (taken_over && !report->has_first) {
		report->first = *host;
		report->has_first = true;
	}
}

void ww_report_incident(struct ww_report *report, const struct ww_incident *incident)
{
	void *more =
		grown(report, report->incidents, report->n_incidents, sizeof(*report->incidents));
	if (!more)
		return;
	report->incidents = more;
	report->incidents[report->n_incidents] = *incident;
	report->incidents[report->n_incidents].findings = NULL;
	report->incidents[report->n_incidents].n_findings = 0;
	report->n_incidents++;
}
