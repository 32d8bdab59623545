/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Conversations: which packets belong together, who began, what was answered, and the bytes of
 * each direction in order.
 *
 * Three tables, each of fixed size, each with an eviction rule and a counter:
 *   attempts   half-open connections and first contacts. A SYN (or a first datagram) costs no
 *              flow, only a slot in a bucket of its endpoint (client, server, server port). When
 *              the bucket is full the oldest attempt is judged unanswered early.
 *   flows      two-way conversations: made on SYN-ACK, on a UDP answer, or on data in the middle
 *              of a connection whose start was not captured. Eviction: least recently used of its
 *              bucket.
 *   streams    in-order bytes of the directions that a rule may look at (ww_flow_wanted says so).
 *              Segments that arrive early wait in a bounded queue; when it is full, or a gap is
 *              not filled, the gap is skipped and counted.
 *
 * Duplicate frames (the same IP packet captured twice, TTL aside) are recognised by a hash of its
 * headers and the head of its payload among the last 65,536 packets, counted, and go no further.
 * Packets without an IP identification that are not TCP are never called duplicates.
 *
 * Time: a trace clock that only moves forward. A step back counts (time_back) and moves nothing;
 * a step ahead moves it by at most five minutes, so that one bad timestamp does not age the table.
 *
 * What an adversary controls: everything but the hash key. The cost per packet is bounded.
 * One thread at a time.
 */
#include "base/hash.h"
#include "wire/packet/packet.h"

/* What became of a first contact, the fact that the scan test lives on. */
enum ww_contact_outcome {
	WW_CONTACT_SENT,       /* just sent; exactly one of the others follows, unless evicted */
	WW_CONTACT_ANSWERED,   /* SYN-ACK, or a datagram back */
	WW_CONTACT_REFUSED,    /* RST, or an ICMP error that quotes it */
	WW_CONTACT_UNANSWERED, /* nothing came within the waiting time, or until the capture's end */
};

/*
 * A source's first packet to an endpoint (address, protocol, port) that it had not contacted
 * before, as far as the table remembers. A repeated SYN to the same endpoint is not a contact.
 */
struct ww_contact {
	struct ww_ip src, dst;
	uint16_t port; /* of dst; 0 for ICMP echo */
	uint8_t proto; /* WW_PROTO_TCP, WW_PROTO_UDP */
	uint8_t outcome;
	int64_t sent_us;     /* packet time of the first packet */
	int64_t judged_us;   /* packet time of the answer, or of the moment when waiting ended */
	uint64_t sent_frame; /* number of the first packet */
	uint64_t judged_frame; /* of the answer; 0 when unanswered */
};

enum ww_dir {
	WW_DIR_TO_SERVER = 0,
	WW_DIR_TO_CLIENT = 1,
};

/* What a rule may remember on a flow. */
enum { WW_FLOWBITS = 256 };

/* A conversation, as others may see it. Valid during the callback. */
struct ww_flow {
	struct ww_ip client, server; /* who began; guessed when start_seen is false */
	uint16_t client_port, server_port;
	uint8_t proto;
	bool start_seen;  /* the SYN (or first datagram) was captured */
	bool established; /* SYN and SYN-ACK seen; or data in a connection that began before */
	bool closed;      /* FIN both ways, or RST */
	uint16_t groups[2]; /* by direction: the set of rules that can apply, 0 for none */
	uint32_t id;        /* unique in the run, in order of creation, from 1 */
	int64_t first_us, last_us;
	uint64_t first_frame;
	uint64_t packets[2], bytes[2]; /* by direction; bytes of payload */
	void **rule_state;  /* one pointer that belongs to wire/rules; freed by ww_flow_sink.forget */
};

/*
 * Bytes of one direction of a TCP flow, in order: `data[0..len)` is what is kept, of which
 * data[fresh..len) was not shown before. `offset` is the position of data[0] in the stream (0:
 * the first byte seen in this direction). At `end` no more will come; fresh may equal len then.
 */
struct ww_stream_view {
	const uint8_t *data;
	uint32_t len, fresh;
	uint64_t offset;
	bool after_gap; /* bytes before data[fresh] are missing */
	bool end;
};

/*
 * Where the facts go. Every function may be NULL. The packet is the one being processed; NULL when
 * time, eviction or the end of the capture is the cause.
 */
struct ww_flow_sink {
	void *context;
	/* Asked once, when a flow begins: fill groups[] and say so. Default: no rule applies. */
	void (*wanted)(void *context, struct ww_flow *flow);
	void (*contact)(void *context, const struct ww_contact *contact);
	/* A connection was made, or first seen in the middle. */
	void (*begin)(void *context, struct ww_flow *flow, const struct ww_packet *packet);
	/* Each packet of a flow of which groups[dir] is not 0, and each packet of no flow (flow NULL). */
	void (*packet)(void *context, struct ww_flow *flow, enum ww_dir dir,
		const struct ww_packet *packet);
	/* New in-order bytes (TCP), where groups[dir] is not 0. */
	void (*stream)(void *context, struct ww_flow *flow, enum ww_dir dir,
		const struct ww_packet *packet, const struct ww_stream_view *view);
	void (*end)(void *context, struct ww_flow *flow);
	/* The flow goes; free *rule_state. */
	void (*forget)(void *context, void **rule_state);
};

/* Sizes, all rounded up to a power of two; the defaults take about 9 MiB. */
struct ww_flow_limits {
	uint32_t attempts; /* slots of half-open contacts (default 98,304) */
	uint32_t flows;    /* (default 32,768) */
	uint32_t streams;  /* directions under inspection (default 1,024) */
	uint32_t stream_bytes; /* kept of each (default 8,192) */
};

struct ww_flow_counts {
	uint64_t duplicates;
	uint64_t time_back;  /* packets whose time is before the last one's */
	uint64_t flows;      /* begun */
	uint64_t midstream;  /* of them, those whose start was not captured */
	uint64_t contacts;   /* first contacts */
	uint64_t answered, refused, unanswered;
	uint64_t evicted_attempts; /* judged early because a bucket was full */
	uint64_t evicted_contacts; /* first contacts forgotten: a later one counts as first again */
	uint64_t evicted_flows;
	uint64_t evicted_streams;  /* a direction that could not be, or is no longer, looked at */
	uint64_t reassembly_gaps;
	uint64_t fragments_reassembled, fragments_dropped;
};

struct ww_flows;

/* Allocates every table. Returns 0 or -ENOMEM. End with ww_flows_free. */
int ww_flows_new(const struct ww_flow_limits *limits, struct ww_hash_key key,
	const struct ww_flow_sink *sink, struct ww_flows **ret);
void ww_flows_free(struct ww_flows **flows);

/*
 * Processes a batch of decoded packets in order, in three passes (hash, prefetch, process) that
 * hide cache misses. skipped[i] is set when packet i was a duplicate.
 */
void ww_flows_feed(struct ww_flows *flows, const struct ww_packet *packets, size_t n,
	bool skipped[WW_BATCH]);
/* The end of the capture: judges what is pending, ends streams and flows, in table order. */
void ww_flows_finish(struct ww_flows *flows);
const struct ww_flow_counts *ww_flows_counts(const struct ww_flows *flows);
/* Distinct addresses seen: exact to 16,384, then an estimate (HyperLogLog, +-0.8 %). */
uint64_t ww_flows_hosts(const struct ww_flows *flows, bool *ret_exact);
