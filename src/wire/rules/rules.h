/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The Snort rule language: from the text of a rule file to alerts.
 *
 * The common core of Snort 2.9 (see wormwood-rules(7) for what is read, and where Snort and
 * Suricata differ, whom we follow). A rule with a keyword that is not read is refused by name with
 * file, line and column, and counted: never half-loaded.
 *
 * Bytes are searched for the fast patterns of all rules at once; a rule is verified only where its
 * fast pattern was found, or always when it has none, and only on flows that it can apply to (by
 * protocol, ports, addresses, direction).
 *
 * A set is immutable after ww_rules_compile. What rules remember of a flow hangs on the flow; what
 * they count across flows (threshold, detection_filter) is in a bounded table of this set.
 */
#include "value/ip.h"
#include "wire/flow/flow.h"
#include "wire/proto/proto.h"

struct ww_rules;

/* One rule as others may see it. Borrowed from the set. */
struct ww_rule {
	uint32_t gid, sid, rev;
	const char *msg;       /* UTF-8 or not, as in the file; "" when there is none */
	const char *classtype; /* "" when there is none */
	int priority;          /* 1 (high) to 4; 3 when nothing says */
	const char *file;      /* as given to ww_rules_load */
	struct ww_at at;
	const char *owner; /* as given to ww_rules_load, e.g. the ID of an advisory; or NULL */
	const char *const *references; /* "bugtraq,8205" */
	size_t n_references;
	bool sid_given; /* false: the text has none, and one was given to it (1,000,000,000 + n) */
	bool noalert;
};

/* What was wrong with a file's line. `severe` is false for a keyword we do not read. */
struct ww_rule_problem {
	const char *file;
	struct ww_at at;
	bool severe;    /* not the rule language at all (a syntax error) */
	char text[200]; /* "keyword 'asn1' is not supported" */
	char about[48]; /* what a refused rule was refused for, to group by: the name of the option,
			   "header", "sid"; "" in a note */
};

/* One file as it was loaded. */
struct ww_rule_file {
	const char *file, *owner; /* as given to ww_rules_load; owner may be NULL */
	uint64_t loaded, refused, disabled;
	uint64_t enabled; /* of those loaded, how many were disabled in the file */
};

/* A variable that nobody defined, and what was taken for it. */
struct ww_rule_default {
	char *name, *value;
};

struct ww_rules_counts {
	uint64_t loaded, refused, disabled; /* disabled: '# alert' lines */
	uint64_t enabled;                   /* of those loaded: disabled in their file */
	uint64_t groups;
	uint64_t candidates, verified; /* fast patterns found; rules that then matched */
	uint64_t evicted_counters;     /* threshold states given up: the table was full */
	uint64_t pcre_limits;          /* a pcre that hit its match limit: taken as no match */
	uint64_t verify_limits;        /* a rule given up after 100,000 tries of its options */
	uint64_t encrypted;            /* directions not looked at from TLS application data on */
	uint64_t pending_dropped;      /* rules that waited for more bytes than are kept */
};

/* An empty set. `home` are the networks of HOME_NET (n 0: any). End with ww_rules_free. */
int ww_rules_new(const struct ww_prefix *home, size_t n_home, struct ww_rules **ret);
void ww_rules_free(struct ww_rules **rules);
/* "NAME=VALUE" (without $). 0 or -EINVAL with *err. Before the first load. */
int ww_rules_set(struct ww_rules *rules, const char *name_value, struct ww_err *err);

/* Disabled rules ("# alert ...") are taken like others. Before the first load. */
void ww_rules_take_disabled(struct ww_rules *rules);

/*
 * Reads the text of a rule file; continuation lines, comments, variables in it. `file` and `owner`
 * are copied. Returns 0 also when lines are refused (see ww_rules_problem); -ENOMEM.
 */
int ww_rules_load(
	struct ww_rules *rules, const char *file, const char *owner, const char *text, size_t len);
/* In the order of loading. */
size_t ww_rules_files(const struct ww_rules *rules);
const struct ww_rule_file *ww_rules_file(const struct ww_rules *rules, size_t i);
/* In the order of their first use. */
size_t ww_rules_defaults(const struct ww_rules *rules);
const struct ww_rule_default *ww_rules_default(const struct ww_rules *rules, size_t i);
size_t ww_rules_problems(const struct ww_rules *rules);
const struct ww_rule_problem *ww_rules_problem(const struct ww_rules *rules, size_t i);

/* Builds the matchers, in milliseconds. 0, -ENOMEM, or -EINVAL with *err (compiled already). */
int ww_rules_compile(struct ww_rules *rules, struct ww_err *err);

size_t ww_rules_n(const struct ww_rules *rules);
const struct ww_rule *ww_rules_get(const struct ww_rules *rules, size_t i);
/*
 * What a rule cost so far: how often it was tried on bytes (its fast pattern was there, or it has
 * none, and its header options fit), and how often all of it was there. After ww_rules_compile.
 */
struct ww_rule_cost {
	uint64_t tried, matched;
};
struct ww_rule_cost ww_rules_cost(const struct ww_rules *rules, size_t i);
const struct ww_rules_counts *ww_rules_counts(const struct ww_rules *rules);

/*
 * Fills flow->groups for a flow that begins. O(groups of the protocol). A direction of which every
 * rule asks for a flowbit gets its group when a rule sets one (ww_rules_packet, ww_rules_stream):
 * until then nothing of it has to be looked at, nor put in order.
 */
void ww_rules_wanted(struct ww_rules *rules, struct ww_flow *flow);
/* Whether any rule can apply to a packet of no flow that carries no payload, such as a SYN. */
bool ww_rules_want_empty(const struct ww_rules *rules);
/* The group for a packet of no flow (first datagrams, ICMP, other IP); 0: none. */
uint16_t ww_rules_group(struct ww_rules *rules, const struct ww_packet *packet);

enum { WW_HIT_SPAN_MAX = 256, WW_HIT_SPANS = 8 };

/* Bytes that a content or pcre of the rule matched. */
struct ww_hit_span {
	uint64_t offset; /* in the packet's payload, or in the stream of that direction */
	uint32_t len;
	const uint8_t
		*data; /* borrowed during the callback; at most WW_HIT_SPAN_MAX of it is kept */
};

/* An alert. Valid during the callback. */
struct ww_hit {
	const struct ww_rule *rule;
	size_t rule_index;          /* for ww_rules_get */
	const struct ww_flow *flow; /* NULL: a packet of no flow */
	enum ww_dir dir;
	const struct ww_packet
		*packet; /* the one that completed the match; NULL at a stream's end */
	bool in_stream;  /* matched in reassembled bytes, not in one packet */
	const char *note; /* what the bytes are, one short sentence; NULL: nothing more is known */
	uint64_t message_at; /* stream position of the message that matched; UINT64_MAX: none */
	struct ww_hit_span spans[WW_HIT_SPANS];
	size_t n_spans;
};

/*
 * What the server said to a message on which a rule alerted: the attempt succeeded or failed, as far
 * as a status tells. Valid during the callback.
 */
struct ww_rule_answer {
	const struct ww_flow *flow;
	uint64_t message_at;            /* as in struct ww_hit */
	const struct ww_packet *packet; /* NULL at a stream's end */
	const struct ww_fact *fact;
};

typedef void ww_answer_fn(void *context, const struct ww_rule_answer *answer);
/*
 * Before the first packet: answers are told, with the context of ww_rules_stream. The other direction
 * of a flow is then looked at from such an alert on, also when no rule asks for it.
 */
void ww_rules_want_answers(struct ww_rules *rules, ww_answer_fn *answer);
/* What parsers counted; NULL when no rule looks at a buffer. */
const struct ww_app_counts *ww_rules_app_counts(const struct ww_rules *rules);

typedef void ww_hit_fn(void *context, const struct ww_hit *hit);

/* A packet of a flow with groups[dir] != 0, or of none (flow NULL, group from ww_rules_group). */
void ww_rules_packet(struct ww_rules *rules, uint16_t group, struct ww_flow *flow, enum ww_dir dir,
	const struct ww_packet *packet, ww_hit_fn *hit, void *context);
/*
 * New in-order bytes. A rule that needs bytes behind the last one (a negated content whose window
 * is not full, isdataat) waits on the flow until they came or the stream ended. Each occurrence
 * alerts once: what was alerted on as a packet is not alerted on again as a stream. Where TLS
 * application data begins, flow->groups[dir] becomes 0: nothing that follows could match.
 */
void ww_rules_stream(struct ww_rules *rules, struct ww_flow *flow, enum ww_dir dir,
	const struct ww_packet *packet, const struct ww_stream_view *view, ww_hit_fn *hit,
	void *context);
/* Frees what rules hung on a flow; for ww_flow_sink.forget. */
void ww_rules_forget(void *rules, void **rule_state);
