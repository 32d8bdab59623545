/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Detectors: facts in, findings out.
 *
 * A detector gets contacts, connections and rule hits, never packets; it speaks through the sink.
 * Detectors are listed in detectors.def; template.c shows one. One thread at a time.
 */
#include "advisory/advisory.h"
#include "finding/finding.h"
#include "wire/flow/flow.h"

/* A rule hit, freed of packets and rules: what a detector may know. */
struct ww_detect_hit {
	int64_t time_us;
	uint64_t frame;
	struct ww_ip client, server; /* of the flow; of a lone packet: source and destination */
	uint16_t client_port, server_port;
	uint8_t proto;
	enum ww_dir dir;  /* of the bytes that matched */
	bool start_seen;  /* false: who began was guessed */
	bool established; /* of a flow, not of a lone packet */
	bool two_way;     /* both sides were heard by then (struct ww_flow) */
	uint32_t gid, sid;
	const char *msg;
	const char *advisory; /* ID, or NULL: a rule of the user's */
	int stage;            /* index in the advisory's stages of a TEXT rule, or -1 */
	unsigned text;        /* index in the stage's texts */
	bool has_address;     /* the text named one: {attacker} */
	struct ww_ip address;
	struct ww_evidence evidence; /* the bytes */
	uint32_t flow_id;
	uint64_t finding; /* id of the finding this hit became, 0: none */
	char flow[WW_COMMUNITY_ID_MAX];
};

/* A connection was made (or first seen in the middle). */
struct ww_detect_connection {
	int64_t time_us;
	uint64_t frame;
	struct ww_ip client, server;
	uint16_t client_port, server_port;
	uint8_t proto;
	bool start_seen;
	uint32_t flow_id;
};

/* Where findings go. The sink gives the id and returns it; it copies what it keeps. */
struct ww_detect_sink {
	void *context;
	uint64_t (*finding)(void *context, struct ww_finding *finding);
	/*
	 * A finding that was given `is_open` is complete: same id, the last counts. Its evidence is
	 * all of it, or none when what was given at first still holds.
	 */
	void (*update)(void *context, const struct ww_finding *finding);
};

/* What the detectors are given at the start. */
struct ww_detect_config {
	const struct ww_advisory *const *advisories; /* borrowed; must outlive the detectors */
	size_t n_advisories;
	double false_alarm_rate; /* of the scan test, per first contact; 0: the default, 1e-5 */
	struct ww_hash_key key;
	/* No contact may be quiet: they are told late, or another detector hears of silence, too. */
	bool hears_all;
	struct ww_detect_sink sink;
};

/* What the summary of a run says of the detectors. */
struct ww_detect_counts {
	uint64_t contacts, failed_contacts; /* judged first contacts */
	uint64_t scanners;
	double scan_threshold;       /* nats */
	double scan_run_length;      /* first contacts of a benign source per false alarm */
	double false_alarms;         /* expected among the contacts of this run, at most */
	double false_alarms_per_day; /* at its rate of contacts; NaN for less than a second */
	uint64_t evicted;            /* evidence given up: some table was full */
	uint64_t unproven;           /* success stages of which one side only was heard */
};

/*
 * One kind of detector; a row of detectors.def. Every function but init and done may be NULL.
 * `findings` of others (never its own) come after the sink gave them their id.
 */
struct ww_detector {
	const char *name;    /* "trw" */
	const char *detects; /* one sentence */
	const char *method;  /* one sentence */
	const char *paper;   /* where the method is from */
	const char *limits;  /* what it cannot see, and how it is fooled: one or two sentences */
	size_t state_bytes;  /* at the default sizes, when all of it is in use */
	int (*init)(const struct ww_detect_config *config, void **ret_state, struct ww_err *err);
	void (*done)(void **state); /* safe on NULL */
	/* By outcome; NULL where it does not matter. See flow.h. */
	ww_contact_fn *contact[WW_CONTACT_COUNT];
	ww_expect_fn *expect[WW_CONTACT_COUNT], *soon[WW_CONTACT_COUNT];
	void (*connection)(void *state, const struct ww_detect_connection *connection);
	void (*hit)(void *state, const struct ww_detect_hit *hit);
	/* Both sides of the flow were heard now; hits of it before said that they were not. */
	void (*two_way)(void *state, uint32_t flow_id);
	void (*finding)(void *state, const struct ww_finding *finding);
	int (*finish)(void *state); /* after the last fact; 0 or -ENOMEM */
	void (*count)(const void *state, struct ww_detect_counts *counts);
	/* The answers of a detector that makes hosts and incidents; valid after finish. */
	const struct ww_host *(*host)(const void *state, size_t i); /* NULL behind the last */
	const struct ww_incident *(*incident)(
		const void *state, size_t i); /* NULL behind the last */
};

/* The registered detectors, in the order in which they are served. */
size_t ww_detectors(void);
const struct ww_detector *ww_detector(size_t i);

struct ww_detect;

/* All registered detectors. 0, -EINVAL with *err, -ENOMEM. End with ww_detect_free. */
int ww_detect_new(
	const struct ww_detect_config *config, struct ww_detect **ret, struct ww_err *err);
void ww_detect_free(struct ww_detect **detect);
void ww_detect_contact(struct ww_detect *detect, struct ww_contact *contact);
/*
 * Whom contacts of this outcome go to: the one detector that takes them, or all of `detect`. The
 * most frequent of all facts are told without a detour. Valid as long as `detect`.
 */
struct ww_contact_listener ww_detect_listener(
	struct ww_detect *detect, enum ww_contact_outcome outcome);
void ww_detect_connection(struct ww_detect *detect, const struct ww_detect_connection *connection);
void ww_detect_hit(struct ww_detect *detect, const struct ww_detect_hit *hit);
void ww_detect_two_way(struct ww_detect *detect, uint32_t flow_id);
/* Once, after the last fact (ww_flows_finish comes before). 0 or -ENOMEM. */
int ww_detect_finish(struct ww_detect *detect);
/* The i-th host and incident, or NULL behind the last; in the order of chain.h. After finish. */
const struct ww_host *ww_detect_host(const struct ww_detect *detect, size_t i);
const struct ww_incident *ww_detect_incident(const struct ww_detect *detect, size_t i);
struct ww_detect_counts ww_detect_counts(const struct ww_detect *detect);
