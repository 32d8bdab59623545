/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The pipeline: how a packet travels.
 *
 *   capture → packet → flow → rules | scan test → chain → finding → sink
 *
 * One ww_watch is one run over one capture (the packet clock, the tables and the numbers of
 * findings begin anew). Rules are compiled once and shared by runs one after the other. Nothing is
 * printed here, no file is opened, and the only clock is that of the packets, so the same input
 * gives the same findings.
 *
 * Memory: the tables of wire/flow and wire/detect, about 16 MiB at the default sizes, and the
 * compiled rules. One thread at a time.
 */
#include "wire/detect/detect.h"
#include "wire/rules/rules.h"

/*
 * The generator of findings of kind rule that reassembly makes, once for a conversation or a
 * datagram: two copies of the same bytes differ, and hosts read one or the other. Who knows the
 * host hides a payload so; a middlebox that rewrites looks the same.
 */
enum {
	WW_GID_REASSEMBLY = 8701,
	WW_SID_SEGMENTS = 8701001,
	WW_SID_FRAGMENTS = 8701002,
};

/* Rules and advisories made ready for runs. Immutable after ww_plan_ready; end with ww_plan_free.
 */
struct ww_plan;

/* The generator of the rules that are made from an advisory's stage texts. Snort gives out 1-2 and
 * preprocessor numbers up to about 150; this one is ours. */
enum { WW_GID_STAGE = 8700 };

/* `home` are the user's networks (n 0: any), borrowed for the call. Returns 0 or -ENOMEM. */
int ww_plan_new(const struct ww_prefix *home, size_t n_home, struct ww_plan **ret);
void ww_plan_free(struct ww_plan **plan);
/*
 * Adds an advisory: its rule files, and a rule for each text of its stages. Borrowed until the
 * plan ends. 0, -ENOMEM, or -EINVAL with *err for a stage text that is not content notation.
 */
int ww_plan_advisory(struct ww_plan *plan, const struct ww_advisory *advisory, struct ww_err *err);
/* Adds a user's rule file, already read. 0 or -ENOMEM; refused lines: ww_rules_problem. */
int ww_plan_rules(struct ww_plan *plan, const char *file, const char *text, size_t len);
/* "NAME=VALUE" of a rule variable; before the first rule. 0 or -EINVAL with *err. */
int ww_plan_variable(struct ww_plan *plan, const char *name_value, struct ww_err *err);
/* Disabled rules ("# alert ...") are taken like others; before the first rule. */
void ww_plan_take_disabled(struct ww_plan *plan);
/* Compiles. 0, or what ww_rules_compile returns. */
int ww_plan_ready(struct ww_plan *plan, struct ww_err *err);
const struct ww_rules *ww_plan_ruleset(const struct ww_plan *plan);
size_t ww_plan_n_advisories(const struct ww_plan *plan);
const struct ww_advisory *ww_plan_get(const struct ww_plan *plan, size_t i);
/* Rules that people wrote, without those made from stage texts. */
size_t ww_plan_n_rules(const struct ww_plan *plan);

enum { WW_WATCH_THREADS = WW_LANES };

struct ww_watch_options {
	double false_alarm_rate; /* of the scan test, per first contact; 0: the default, 1e-5 */
	uint64_t hash_seed;      /* varies the key of the tables; findings do not depend on it while
				    no table is full */
	uint64_t findings_before;  /* numbers of findings begin behind this one */
	const struct ww_policies *policies; /* of receivers; NULL: windows for all; borrowed for the
					       call */
	uint64_t memory_bytes; /* of the tables of wire/flow together; 0: the default */
	unsigned threads; /* that work, the caller's among them; 0 and 1: no others. What is found
			     is the same. At most WW_WATCH_THREADS */
};

/* Where a run's findings go. Borrowed structs; each may be NULL. */
struct ww_watch_sink {
	void *context;
	/* A finding, once. A scan is given when it alarms and again, by `update`, when it is over.
	 */
	void (*finding)(void *context, const struct ww_finding *finding);
	void (*update)(void *context, const struct ww_finding *finding);
	/* More evidence of a finding that was given: how the server answered. For the store. */
	void (*evidence)(void *context, const struct ww_finding *finding);
};

struct ww_watch;

/* Returns 0 or -ENOMEM, or what pthread_create returns. `plan` is borrowed until the watch ends. End with ww_watch_free. */
int ww_watch_new(struct ww_plan *plan, const struct ww_watch_options *options,
	const struct ww_watch_sink *sink, struct ww_watch **ret);
void ww_watch_free(struct ww_watch **watch);

/* Frames in file order, at most WW_BATCH at a time. */
void ww_watch_feed(struct ww_watch *watch, const struct ww_frame *frames, size_t n);
/* With threads findings come late: tells those of all that was fed. */
void ww_watch_settle(struct ww_watch *watch);
/* A live capture in which nothing comes: see ww_flows_tick. */
void ww_watch_tick(struct ww_watch *watch, int64_t time_us);
/* The capture is over: what is pending is judged, updates are given. Once. 0 or -ENOMEM. */
int ww_watch_finish(struct ww_watch *watch);

/* What a run looked at, and what it lost. */
struct ww_watch_summary {
	const struct ww_packet_counts *packets;
	const struct ww_flow_counts *flows;
	struct ww_rules_counts rules;
	struct ww_app_counts apps; /* of protocols that rules look into */
	uint64_t sids_given; /* loaded rules whose text has no sid */
	uint64_t hosts;
	bool hosts_exact;
	bool any_packet;
	int64_t first_us, last_us; /* smallest and largest packet time */
	uint64_t findings;
	uint64_t findings_by_kind[WW_FINDING_KIND_COUNT];
	double scan_threshold;     /* of the test, natural logarithm */
	double scan_run_length;    /* first contacts between false alarms, expected */
	double false_alarms_a_day; /* at this capture's rate of first contacts; NaN: too short */
	uint64_t evicted_evidence; /* of the detectors: some table was full */
	uint64_t one_sided;        /* success stages of which one direction only was seen */
};
/* What was fed is settled or finished. */
void ww_watch_summarize(const struct ww_watch *watch, struct ww_watch_summary *ret);
/* Packets that were wrapped in it, fragments put together among them. */
uint64_t ww_watch_encapsulated(
	const struct ww_watch_summary *summary, enum ww_encapsulation encapsulation);
/* The i-th host of an outbreak and the i-th incident, NULL behind the last. After finish. */
const struct ww_host *ww_watch_host(const struct ww_watch *watch, size_t i);
const struct ww_incident *ww_watch_incident(const struct ww_watch *watch, size_t i);
/* True when a table, a limit or the capture itself took evidence away (exit code 3). */
bool ww_watch_lost(const struct ww_watch_summary *summary);

/* Calls `each` for every rule that alerted in this run, with its count, in rule order. */
void ww_watch_each_rule(const struct ww_watch *watch,
	void (*each)(void *context, const struct ww_rule *rule, uint64_t alerts), void *context);

/* What the kernel says of a live capture. */
struct ww_watch_live {
	uint64_t received, dropped; /* frames */
	uint64_t downs;             /* times an interface went down */
};

/* How the reading of the capture went; fills the rest of the summary. */
struct ww_watch_input {
	const char *file;   /* as the user named it */
	const char *format; /* ww_capture_format */
	enum ww_capture_state state;
	const char *note; /* ww_capture_note */
	uint64_t incidents;
	const struct ww_watch_live *live; /* NULL: a file */
	uint64_t advisories_left_out; /* found, and not used because they have errors */
};

/* The summary object of wormwood-json(5), without a newline. */
void ww_watch_summary_json(struct ww_buf *out, const struct ww_watch_summary *summary,
	const struct ww_watch_input *input);
