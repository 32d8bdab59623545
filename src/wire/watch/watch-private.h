/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The inside of a run: what is told of packets, at once or later, and who takes it.
 *
 *   hit.c    what a rule said -> what can be kept
 *   row.c    with several threads: what is told waits in the order of packets
 *   watch.c  takes it
 */
#include "base/buf.h"
#include "wire/watch/plan-private.h"

/* A hit, or a conflict, with all that was borrowed copied. */
struct ww_match {
	const struct ww_rule *rule;
	size_t rule_index;
	uint64_t message_at; /* as in struct ww_hit */
	bool of_flow, transfer;
	uint8_t doubts;
	struct ww_detect_hit detail;
};

/* What a server said to a message that matched. */
struct ww_reply {
	bool transfer; /* of a file, and so of no flow: the ends tell of which */
	struct ww_ip src, dst;
	uint16_t sport, dport;
	uint32_t flow_id;
	uint64_t message_at;
	uint64_t frame;
	int64_t time_us;
	uint64_t at; /* stream position */
	uint32_t code;
	uint8_t kind, outcome; /* of the fact */
	uint16_t n_text;
	uint8_t text[WW_EVIDENCE_MAX];
};

/* ---- hit.c ---- */

void ww_match_fill(const struct ww_plan *plan, const struct ww_hit *hit, struct ww_match *ret);
void ww_reply_fill(const struct ww_rule_answer *answer, struct ww_reply *ret);

/* ---- what is told ---- */

enum ww_told_kind {
	WW_TOLD_CONTACT,    /* struct ww_contact */
	WW_TOLD_CONNECTION, /* struct ww_detect_connection */
	WW_TOLD_TWO_WAY,    /* uint32_t, the flow's id */
	WW_TOLD_CONFLICT,   /* struct ww_match */
	WW_TOLD_MATCH,      /* struct ww_match; thresholds were asked */
	WW_TOLD_CANDIDATE,  /* the same; they are yet to be asked */
	WW_TOLD_REPLY,      /* struct ww_reply */
	WW_TOLD_ITEM,       /* row.c: the work on an item, whatever it says */
};

/* Records, one behind the other. */
struct ww_told_list {
	uint8_t *bytes; /* owned */
	size_t len, cap;
	uint64_t lost; /* memory was short */
};

/* Who hears a desk: the context of its hits and answers. */
struct ww_ear {
	struct ww_watch *watch;
	struct ww_told_list *list; /* where what is heard waits; NULL: it is taken at once */
	bool asks;                 /* thresholds are yet to be asked */
};

/* ww_hit_fn and ww_answer_fn; the context is a struct ww_ear. */
void ww_ear_hit(void *ear, const struct ww_hit *hit);
void ww_ear_reply(void *ear, const struct ww_rule_answer *answer);

/* ---- watch.c ---- */

/* A rule's finding whose request may be answered; the last ones are kept. */
enum { WW_ASKED = 64 };

struct ww_asked {
	bool waits, transfer; /* of a transfer: of no flow */
	uint32_t flow_id;
	uint64_t message_at;
	struct ww_finding finding;
	struct ww_evidence evidence[2]; /* the request, its answer */
};

enum { WW_CONFLICTS = 2 };

struct ww_watch {
	struct ww_asked *asked; /* a ring of WW_ASKED */
	size_t next_asked;
	struct ww_plan *plan;
	struct ww_watch_sink sink;
	struct ww_flows *flows;
	struct ww_detect *detect;
	struct ww_row *row;    /* NULL: there is one thread, and all is taken at once */
	struct ww_ear at_once; /* that of the set's own desk */
	struct ww_packet_counts packets;
	uint64_t before, findings, by_kind[WW_FINDING_KIND_COUNT];
	uint64_t *alerts; /* by rule index */
	uint64_t conflicts[WW_CONFLICTS];
	bool any_packet;
	int64_t first_us, last_us;
};

/* The end of the way: detectors, findings. In the order of packets. */
void ww_watch_take(struct ww_watch *watch, enum ww_told_kind kind, const void *what);

/* ---- row.c ---- */

/*
 * The order of work with several threads.
 *
 * The main thread reads, decodes, follows flows and detects. What rules and parsers have to do on
 * settled flows (wire/rules/rules.h), which is most of the work where there are many rules, becomes
 * items: a packet or a view, a copy of what the flow was then, and the bytes that will not stay.
 * Items of one lane are done in their order, by one thread at a time; lanes are done side by side.
 * What an item says waits in its lane, what the main thread has to tell waits in the row, where a
 * mark stands for each item. When all items of a batch are done the row is told from its beginning
 * to its end: every finding, count and number is that of one thread that does all in turn.
 *
 *   row     contact  ITEM 0  contact  ITEM 1  ITEM 2  match  ITEM 3 ...
 *   lanes   5: 0 3   9: 1   11: 2     each item: match match reply ...
 *
 * While the batch before is worked on, the next one is read. Whoever has nothing else to do takes
 * the next lane, the main thread as well.
 *
 * Nothing that is said comes back to wire/flow, so it may come late: the flows that rules may yet
 * ask more of are not settled, and worked on at once; where TLS begins, the main thread sees.
 * Thresholds count across flows: they are asked when the row is told.
 *
 * Memory is fixed but for what waits to be told, which is bounded: a lane whose list is long stops,
 * and what is left of it is done when its turn to be told comes. One item may say as much as there
 * are rules (a kilobyte each).
 */
struct ww_row;

/* `threads` in all, at least 2. 0 or a negative errno. */
int ww_row_new(struct ww_watch *watch, unsigned threads, struct ww_row **ret);
void ww_row_free(struct ww_row **row);
/* Copies and decodes as many of the frames as have room, at least one; how many. */
size_t ww_row_read(struct ww_row *row, const struct ww_frame *frames, size_t n,
	const struct ww_packet **ret_packets);
/* Something of the main thread's. False when nothing waits before it: it is to be taken at once. */
bool ww_row_tell(struct ww_row *row, enum ww_told_kind kind, const void *what);
/* Work on a settled flow. */
void ww_row_packet(
	struct ww_row *row, struct ww_flow *flow, enum ww_dir dir, const struct ww_packet *packet);
void ww_row_stream(struct ww_row *row, struct ww_flow *flow, enum ww_dir dir,
	const struct ww_packet *packet, const struct ww_stream_view *view);
void ww_row_forget(struct ww_row *row, void **rule_state);
/* Where the main thread works on what cannot wait; NULL: nothing waits, at the set's own desk. */
struct ww_desk *ww_row_desk(struct ww_row *row, struct ww_ear **ret_ear);
/* All is told. */
void ww_row_settle(struct ww_row *row);
/* What could not be told for want of memory. */
uint64_t ww_row_lost(const struct ww_row *row);
