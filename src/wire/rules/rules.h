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
	uint64_t transfers_dropped;    /* answers to requests for files that are not waited for */
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
/* Of all desks. While none is at work. */
struct ww_rules_counts ww_rules_counts(const struct ww_rules *rules);

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
		*packet;  /* the one that completed the match; NULL at a stream's end */
	bool in_stream;   /* matched in reassembled bytes, not in one packet */
	const char *note; /* what the bytes are, one short sentence; NULL: nothing more is known */
	uint64_t message_at; /* stream position of the message that matched; UINT64_MAX: none */
	bool transfer;       /* the packet asks for a file by TFTP: see ww_rules_transfer */
	struct ww_hit_span spans[WW_HIT_SPANS];
	size_t n_spans;
};

/*
 * What the server said to a message on which a rule alerted: the attempt succeeded or failed, as
 * far as a status tells. Valid during the callback.
 */
struct ww_rule_answer {
	const struct ww_flow *flow;     /* NULL: of a transfer; the packet's ends tell of which */
	uint64_t message_at;            /* as in struct ww_hit */
	const struct ww_packet *packet; /* NULL at a stream's end */
	const struct ww_fact *fact;
};

typedef void ww_answer_fn(void *context, const struct ww_rule_answer *answer);
/*
 * Before the first packet: answers are told, with the context of ww_rules_stream. The other
 * direction of a flow is then looked at from such an alert on, also when no rule asks for it.
 */
void ww_rules_want_answers(struct ww_rules *rules, ww_answer_fn *answer);

enum { WW_TRANSFER_WAIT_US = 60000000 }; /* an answer comes within that time */
/*
 * Each datagram, before ww_rules_packet: one that answers a request for a file on which a rule
 * alerted (struct ww_hit.transfer) is told as its answer. TFTP answers from another port.
 */
void ww_rules_transfer(struct ww_rules *rules, const struct ww_packet *packet, void *context);
/* What parsers counted; false when no rule looks at a buffer. */
bool ww_rules_app_counts(const struct ww_rules *rules, struct ww_app_counts *ret);

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

/* ---- several threads ---- */

/*
 * What one thread works with: scratch, and its counts. The set has one of its own, at which
 * ww_rules_packet and ww_rules_stream work. Others may work at the same time as that one, each on
 * flows of other lanes (ww_rules_lane): flows of one lane share a parsers' table. The lanes are so
 * many however many threads there are: nothing that is found depends on that.
 *
 * To work on a flow elsewhere and later, it must be settled: then rules ask for no more of it while
 * they work, and what they need of it is a copy of struct ww_flow, and where its rule_state hangs.
 * The two things that they do ask are told before: see ww_rules_ahead and ww_rules_pass.
 */
struct ww_desk;
enum { WW_LANES = 16 };

/* 0 or -ENOMEM. After ww_rules_compile. End with ww_desk_free, or with the set. */
int ww_desk_new(struct ww_rules *rules, struct ww_desk **ret);
/* What it counted stays with the set. */
void ww_desk_free(struct ww_desk **desk);
/* 0: flows that are not settled, and packets of no flow; else 1 to WW_LANES. */
unsigned ww_rules_lane(const struct ww_flow *flow);
/* Makes what would be made at the first need. False: memory is short. */
bool ww_rules_remember(struct ww_flow *flow);
/* The lane of what ww_rules_forget frees. */
unsigned ww_rules_state_lane(const void *rule_state);

/* As ww_rules_packet, but hits are told that a threshold may keep back: ask ww_rules_pass. */
void ww_desk_packet(struct ww_desk *desk, uint16_t group, struct ww_flow *flow, enum ww_dir dir,
	const struct ww_packet *packet, ww_hit_fn *hit, void *context);
/*
 * ww_rules_stream in three: ahead; ww_desk_stream; where ahead did not say WW_READABLE, set the
 * direction's group to 0. What it says is the index in the view up to which there is text.
 */
#define WW_READABLE UINT32_MAX
uint32_t ww_rules_ahead(struct ww_rules *rules, struct ww_flow *flow, enum ww_dir dir,
	const struct ww_stream_view *view);
void ww_desk_stream(struct ww_desk *desk, struct ww_flow *flow, enum ww_dir dir,
	const struct ww_packet *packet, const struct ww_stream_view *view, uint32_t readable,
	ww_hit_fn *hit, void *context);
/*
 * Whether thresholds and suppressions let a match of this rule alert; counts it. In the order of
 * packets. `time_us` of the packet, or of the flow's last one at a stream's end.
 */
bool ww_rules_pass(struct ww_rules *rules, size_t rule_index, const struct ww_ip *src,
	const struct ww_ip *dst, int64_t time_us);
