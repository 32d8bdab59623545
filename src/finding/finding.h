/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What the program has to say: findings, hosts, incidents and the summary of a run, as in
 * wormwood-json(5). Plain structs; who fills one owns its strings, a sink borrows them.
 */
#include "base/err.h"
#include "base/json.h"
#include "value/ip.h"

enum ww_finding_kind {
	WW_FINDING_RULE,   /* a rule alerted */
	WW_FINDING_SCAN,   /* a host contacts addresses or ports that do not answer */
	WW_FINDING_STAGE,  /* a stage of an advisory that proves more than an attempt */
	WW_FINDING_SPREAD, /* was hit on a port, then scanned that port: suspected, without advisory
			    */
	WW_FINDING_KIND_COUNT,
};

enum { WW_FINDING_FRAMES = 32, WW_EVIDENCE_MAX = 256, WW_FINDING_EVIDENCE = 24 };

/* One step of the evidence: a packet, or a step of a test. */
struct ww_evidence {
	uint64_t frame; /* 0: no packet */
	int64_t time_us;
	struct ww_ip src, dst; /* of that packet */
	uint16_t sport, dport;
	uint8_t proto;
	uint64_t offset; /* of the bytes in the payload or stream */
	uint8_t bytes[WW_EVIDENCE_MAX];
	uint16_t n_bytes; /* of the finding's evidences together at most WW_EVIDENCE_MAX */
	char note[96];    /* "stream bytes", "unanswered", … in English */
	double score;     /* of the scan test after this step; NaN where there is none */
	char file[160];   /* what asked for it: advisory or rule file, "" for none */
	struct ww_at at;
};

struct ww_strategy {
	char name[32]; /* sequential, uniform, vertical, …; "" where it is not known */
	double p;
	struct ww_ip start;
	double per_s;
};

/* What happened to the bytes of the conversation before: there may have been more, or others. */
enum {
	WW_DOUBT_GAP = 1,      /* bytes are missing */
	WW_DOUBT_CONFLICT = 2, /* segments brought other bytes for the same place */
	WW_DOUBT_LIMIT = 4,    /* a limit of ours took bytes away */
	WW_DOUBT_STALE = 8,    /* segments with an old timestamp were left out */
	WW_DOUBT_FORGED = 16,  /* a FIN or an RST was forged */
	WW_DOUBT_BITS = 5,
};

/* "gap", "conflict", "limit", "stale", "forged": of bit 0 to WW_DOUBT_BITS - 1. */
const char *ww_doubt_name(int bit);

struct ww_finding {
	uint64_t id; /* 1-based, in order */
	enum ww_finding_kind kind;
	int64_t time_us;
	struct ww_ip src, dst; /* dst: all zero bytes where there are many */
	uint8_t proto;
	uint16_t port;     /* 0 where there are many */
	uint32_t sid, gid; /* 0 where no rule */
	uint32_t rev;      /* of the rule; this and the next two are not kept in the store */
	int priority;      /* of the rule, 1 (high) to 4; 0: no rule */
	char classtype[64];
	char msg[200];     /* one line, UTF-8 */
	char advisory[64]; /* "" for none */
	char stage[32];    /* "" for none */
	char why_file[160];
	uint32_t why_line; /* 0: nothing to quote */
	double confidence;
	uint64_t frames[WW_FINDING_FRAMES]; /* 1-based, ascending */
	size_t n_frames;
	char flow[32]; /* community id, or "" */
	uint8_t doubts; /* WW_DOUBT_ bits */

	/* kind scan */
	char scan[12];         /* horizontal, vertical, block */
	uint64_t targets;      /* distinct endpoints (address and port) contacted */
	uint64_t hosts, ports; /* distinct addresses, distinct ports */
	uint64_t failed;       /* of the first contacts, those refused or unanswered */
	uint64_t first_contacts_to_alarm;
	uint64_t sent_to_alarm; /* SYNs sent before the alarm, judged or not */
	double threshold;       /* of the test */
	struct ww_strategy strategy;

	struct ww_evidence *evidence; /* borrowed */
	size_t n_evidence;
	bool is_open; /* it is given once more, with the same id, when it is complete */
};

struct ww_parent {
	struct ww_ip ip;
	double p;
};

enum { WW_HOST_ALTERNATIVES = 4, WW_HOST_STAGES = 12 };

struct ww_host_stage {
	char stage[32];
	int64_t time_us;
	uint64_t finding; /* id, 0: none */
};

/* One host of an outbreak. */
struct ww_host {
	struct ww_ip ip;
	const char *state;   /* ww_host_state_name */
	bool infected;       /* by the definition of DESIGN section 3 */
	bool suspected;      /* by behaviour alone */
	char advisory[64];   /* "" for unknown */
	int64_t infected_us; /* valid when infected or suspected */
	bool has_parent;
	struct ww_parent parent;
	struct ww_parent alternatives[WW_HOST_ALTERNATIVES];
	size_t n_alternatives;
	uint32_t generation; /* 0 for a root */
	struct ww_host_stage stages[WW_HOST_STAGES];
	size_t n_stages;
	uint64_t incident;
	double confidence;
};

struct ww_incident {
	uint64_t id;
	char advisory[64]; /* "" for unknown */
	char title[160];
	uint64_t scanners, infected, suspected, attempted;
	bool has_patient_zero;
	struct ww_parent patient_zero;
	uint32_t generations;
	double doubling_s;            /* NaN: too few infections to say */
	double r_mean, r_low, r_high; /* NaN: too few */
	int64_t first_us, last_us;
	const uint64_t *findings; /* ids, ascending */
	size_t n_findings;
};

/* One JSON object, without a newline, by wormwood-json(5). */
void ww_finding_json(struct ww_buf *out, const struct ww_finding *finding);
void ww_host_json(struct ww_buf *out, const struct ww_host *host);
void ww_incident_json(struct ww_buf *out, const struct ww_incident *incident);

const char *ww_finding_kind_name(enum ww_finding_kind kind);
