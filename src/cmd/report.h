/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What `watch` shows to people: the answer in one sentence, then the outbreak (stages, tree),
 * scanners, alerts, then what was looked at and what was lost, then the next commands.
 *
 * The report collects while the run goes on, in bounded memory: every scan and the first
 * REPORT_PROOFS stage findings are kept, alerts are counted by rule.
 */
#include "cmd/cmd.h"
#include "finding/finding.h"
#include "wire/watch/watch.h"

/* A live capture may go on for weeks: REPORT_SCANS of them are about 10 MB. */
enum { REPORT_PROOFS = 512, REPORT_SCANS = 8192, REPORT_EXCERPT = 72 };

/* A host as the tree needs it. */
struct ww_report_host {
	struct ww_ip ip, parent;
	int64_t infected_us;
	double confidence, parent_p;
	uint64_t incident;
	uint32_t generation;
	uint32_t n_children;
	bool infected, suspected, has_parent, taken_over;
	bool shown;
};

struct ww_report {
	const struct ww_call *call;
	const struct ww_plan *plan;
	struct ww_finding *scans; /* owned, in order of alarm; without evidence */
	size_t n_scans;
	uint64_t more_scans;       /* counted, and not kept: the list was full */
	uint64_t withdrawn;        /* scans that late answers left nothing of: not in scans[] */
	struct ww_finding *proofs; /* owned: stage and spread findings */
	size_t n_proofs;
	char (*excerpts)[REPORT_EXCERPT]; /* owned: of proofs[i] */
	struct ww_report_host *hosts;     /* owned, in the chain's order */
	size_t n_hosts;
	struct ww_host first; /* the first host that was taken over, whole */
	bool has_first;
	uint64_t (*stage_hosts)[64];   /* owned: by advisory, by stage: hosts that showed it */
	struct ww_incident *incidents; /* owned; their finding lists are not kept */
	size_t n_incidents;
	uint64_t first_id; /* of this run's findings; 0: none yet */
	const char *left_out; /* borrowed: advisories with errors, "" for none */
	bool has_store;       /* explain will know this run, */
	bool has_packets;     /* and slice: its capture can be read again */
	bool failed;          /* memory was short: the report is incomplete and says so */
};

int ww_report_init(
	struct ww_report *report, const struct ww_call *call, const struct ww_plan *plan);
void ww_report_done(struct ww_report *report);
void ww_report_finding(struct ww_report *report, const struct ww_finding *finding);
void ww_report_update(struct ww_report *report, const struct ww_finding *finding);
void ww_report_host(struct ww_report *report, const struct ww_host *host);
void ww_report_incident(struct ww_report *report, const struct ww_incident *incident);

/* Everything together; `alerts` were counted by ww_watch_each_rule of `watch`. */
void ww_report_print(struct ww_report *report, struct ww_buf *out, const struct ww_watch *watch,
	const struct ww_watch_summary *summary, const struct ww_watch_input *input);
