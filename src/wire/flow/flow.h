/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Conversations: which packets belong together, who began, what was answered, and the bytes of
 * each direction in order.
 *
 * Three tables, each of fixed size, each with an eviction rule and a counter:
 *   attempts   half-open connections and first contacts. A SYN (or a first datagram) costs no
 *              flow, only the next place of a ring, and a slot that names it in the bucket of its
 *              endpoint (client, server, server port). When the ring is full, or the bucket, the
 *              oldest attempt there is judged unanswered early.
 *   flows      two-way conversations: made on SYN-ACK, on a UDP answer, or on data in the middle
 *              of a connection whose start was not captured. Eviction: least recently used of its
 *              bucket.
 *   streams    in-order bytes of the directions that a rule may look at (ww_flow_wanted says so).
 *              Segments that arrive early wait in bounded memory; when it is full, or a gap is not
 *              filled, the gap is skipped and counted. Where segments or fragments overlap, the
 *              copy that the receiver takes is shown (policy.h).
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
#include "wire/flow/policy.h"
#include "wire/packet/packet.h"

/* What became of a first contact, the fact that the scan test lives on. */
enum ww_contact_outcome {
	WW_CONTACT_SENT,       /* just sent; one of the others follows, but for `undecided` ones */
	WW_CONTACT_ANSWERED,   /* SYN-ACK, or a datagram back */
	WW_CONTACT_REFUSED,    /* RST, or an ICMP error that quotes it */
	WW_CONTACT_UNANSWERED, /* nothing came within the waiting time */
	/* The answer came just now; ANSWERED follows, in the order of sending. */
	WW_CONTACT_REACHED,
	/* UDP that goes one way by design (syslog, a media stream): neither answered nor failed. */
	WW_CONTACT_ONE_WAY,
	/* Of quiet contacts only: the capture ended before it was decided. */
	WW_CONTACT_UNDECIDED,
	WW_CONTACT_COUNT,
};

/*
 * How long an answer is waited for follows the answer times of this capture: three times (mean + 4
 * deviations, RFC 6298) of SYN to SYN-ACK, within 0.5 s and 3 s, 1 s to begin with. An answer that
 * comes later than that takes the judgement back: ANSWERED then follows UNANSWERED, once, for the
 * same source, endpoint and sent_frame. ONE_WAY may follow it likewise. No other outcome follows a
 * judgement.
 *
 * The judgements ANSWERED, REFUSED and UNANSWERED are told in the order in which the contacts were
 * sent (late answers aside), whatever the answer times: an outcome waits until all that was sent
 * before it is decided. Whoever needs the moment of the answer takes REACHED.
 *
 * Where the capture holds no answer at all so far (one direction only), a client's ACK stands for
 * the answer it acknowledges. As soon as one SYN-ACK was seen, only real answers count.
 */
/*
 * A source's first packet to an endpoint (address, protocol, port) that it had not contacted
 * before, as far as the table remembers. A repeated SYN to the same endpoint is not a contact.
 */
struct ww_contact {
	struct ww_ip src, dst;
	uint16_t port; /* of dst */
	uint8_t proto; /* WW_PROTO_TCP, WW_PROTO_UDP */
	uint8_t outcome;
	bool late; /* takes an UNANSWERED of the same contact back */
	/*
	 * In SENT, for the listener to set: silence is what it expects of this source and counts
	 * by itself. UNANSWERED is then not told, UNDECIDED is; both say whether it was set. Of a
	 * scan silence is nearly all there is to tell.
	 */
	bool quiet;
	int64_t sent_us;       /* packet time of the first packet */
	int64_t judged_us;     /* packet time of the answer, or of the moment when waiting ended; 0:
				  SENT */
	uint64_t sent_frame;   /* number of the first packet */
	uint64_t judged_frame; /* of the answer; 0 when unanswered */
};

enum ww_dir {
	WW_DIR_TO_SERVER = 0,
	WW_DIR_TO_CLIENT = 1,
};

/* Both sides took part: more than one forged packet could show. */
#define WW_HEARD_BOTH 3

/* What happened to the bytes of a flow; findings of it carry this. */
enum {
	WW_TROUBLE_GAP = 1,      /* bytes are missing */
	WW_TROUBLE_CONFLICT = 2, /* segments brought other bytes for the same place */
	WW_TROUBLE_LIMIT = 4,    /* a limit took bytes: too many streams, or too many early ones */
	WW_TROUBLE_STALE = 8,    /* segments with an old timestamp were left out (PAWS) */
	WW_TROUBLE_FORGED = 16,  /* its sender went on behind a FIN or an RST */
};

/* What a rule may remember on a flow. */
enum { WW_FLOWBITS = 1024 };

/*
 * A conversation, as others may see it. Valid during the callback. What most packets touch lies in
 * the first 64 bytes: a packet of a flow that no rule looks at costs one cache line of it.
 */
struct ww_flow {
	struct ww_ip client, server; /* who began; guessed when start_seen is false */
	uint16_t client_port, server_port;
	uint8_t proto;
	uint8_t table;        /* belongs to wire/flow */
	bool start_seen : 1;  /* the SYN (or first datagram) was captured */
	bool established : 1; /* SYN and SYN-ACK seen; or data in a connection that began before */
	bool closed : 1;      /* FIN both ways, or RST */
	/*
	 * Bit: a direction that took part in the conversation: a datagram, or a TCP segment that
	 * is no RST and acknowledges what fits the other direction's bytes, where those are known.
	 */
	unsigned char heard : 2;
	unsigned char reset : 2;   /* bit: whose sender sent an RST that was believed */
	bool streamed : 1;         /* belongs to wire/flow: a direction has or had a stream */
	unsigned char trouble : 5; /* WW_TROUBLE_ bits: what was shown of it may not be all */
	unsigned char later : 2; /* bit: a direction whose group may be set later */
	/* Both groups are set: neither becomes another than 0 later. Set with them. */
	bool settled : 1;
	uint16_t groups[2];      /* by direction: the set of rules that can apply, 0 for none */
	uint32_t id;             /* unique in the run, in order of creation, from 1 */
	uint32_t acked[2];       /* by direction: its bytes that the other side last acknowledged */
	int64_t last_us;

	int64_t first_us;
	uint64_t first_frame;
	uint64_t last_frame; /* with payload that is or may be looked at; else the first */
	/* Likewise: payload on the wire, without that of the packets before the answer. */
	uint64_t bytes[2];
	void **rule_state; /* one pointer that belongs to wire/rules; freed by ww_flow_sink.forget
			    */
};

/*
 * Bytes of one direction of a TCP flow, in order: `data[0..len)` is what is kept, of which
 * data[fresh..len) was not shown before. `offset` is the position of data[0] in the stream (0:
 * the first byte seen in this direction; urgent bytes, which the application does not read in line,
 * do not count). At `end` no more will come; fresh may equal len then. (Of a forged end more
 * comes.)
 *
 * The next view begins with what is kept of this one. *keep is how many bytes that is at least, as
 * far as there are so many: half of ww_flow_limits.stream_bytes unless the reader writes another
 * number, which holds until it is written again. Up to 256 bytes segments that are in order are not
 * copied, but for what is kept: data[] is the packet, or both put together in one place.
 */
struct ww_stream_view {
	const uint8_t *data;
	uint32_t len, fresh;
	uint64_t offset;
	bool after_gap; /* bytes before data[fresh] are missing */
	bool end;
	uint32_t *keep; /* never NULL in a view of this room */
};

/* The contact is valid during the call; of it only `quiet` may be written. */
typedef void ww_contact_fn(void *state, struct ww_contact *contact);
/*
 * A contact of this outcome (SENT or REACHED) is probably told within the next packets: the moment
 * to fetch memory, and no other effect.
 */
typedef void ww_expect_fn(void *state, const struct ww_ip *src, const struct ww_ip *dst,
	uint16_t port, uint8_t proto);

/*
 * Who is told of contacts of one outcome; `contact` NULL: whoever is told of the rest. `expect` and
 * `soon` may be NULL. Of SENT `soon` comes some packets behind `expect`, when what that fetched has
 * arrived and says what else to fetch.
 */
struct ww_contact_listener {
	ww_contact_fn *contact;
	void *contact_state;
	ww_expect_fn *expect, *soon;
	void *expect_state;
};

/*
 * Where the facts go. Every function may be NULL. The packet is the one being processed; NULL when
 * time, eviction or the end of the capture is the cause.
 */
struct ww_flow_sink {
	void *context;
	/*
	 * Asked once, when a flow begins: fill groups[] and `later`. Default: no rule applies. A
	 * group of which `later` said so may be set in `packet` or `stream`. It holds from the next
	 * packet on: the stream of that direction begins with the first segment that finds it set.
	 * One that is set to 0 ends the stream of that direction for good.
	 */
	void (*wanted)(void *context, struct ww_flow *flow);
	ww_contact_fn *contact;
	/* By outcome, for who wants these without the way through `context`. */
	struct ww_contact_listener listeners[WW_CONTACT_COUNT];
	/* Once: both directions were heard. Before the packet that shows it is given. */
	void (*two_way)(void *context, const struct ww_flow *flow);
	/* A connection was made, or first seen in the middle. */
	void (*begin)(void *context, struct ww_flow *flow, const struct ww_packet *packet);
	/*
	 * Each packet of an open flow of which groups[dir] is not 0, and each packet of no flow
	 * (flow NULL, dir TO_SERVER): SYNs, first datagrams, ICMP, other protocols, fragments
	 * before they are whole (has_transport is false), what is malformed behind a sound IP
	 * header. A packet comes before the stream bytes that it brings.
	 */
	void (*packet)(void *context, struct ww_flow *flow, enum ww_dir dir,
		const struct ww_packet *packet);
	bool skip_empty; /* `packet` does without packets of no flow that carry no payload */
	/* New in-order bytes (TCP), where groups[dir] is not 0. */
	void (*stream)(void *context, struct ww_flow *flow, enum ww_dir dir,
		const struct ww_packet *packet, const struct ww_stream_view *view);
	/* Once for each flow that began: closed, evicted, or the capture ended. */
	void (*end)(void *context, struct ww_flow *flow);
	/* After `end`, when *rule_state is not NULL: free it. */
	void (*forget)(void *context, void **rule_state);
	/*
	 * Two copies of the same bytes differ: the first time in a flow, or in a datagram (flow
	 * NULL then). Somebody tries to show us what the receiver does not take, or a middlebox
	 * rewrites.
	 */
	void (*conflict)(void *context, struct ww_flow *flow, enum ww_dir dir,
		const struct ww_packet *packet);
	/*
	 * A datagram was put together: `fragment` completed it, and `whole` is its packet, which may
	 * be a fragment again, of hosts inside a tunnel. Told before `whole` is looked at.
	 */
	void (*whole)(void *context, const struct ww_packet *fragment,
		const struct ww_packet *whole);
};

/* Ports that are known to be a service's (from advisories and rules): they tell who the server is.
 */
struct ww_flow_services {
	uint64_t tcp[1024], udp[1024]; /* bit p % 64 of word p / 64 is port p */
};

static inline void ww_flow_service_add(
	struct ww_flow_services *services, uint8_t proto, uint16_t port)
{
	uint64_t *words = proto == WW_PROTO_UDP ? services->udp : services->tcp;
	words[port / 64] |= (uint64_t)1 << (port % 64);
}

static inline bool ww_flow_service_has(
	const struct ww_flow_services *services, uint8_t proto, uint16_t port)
{
	const uint64_t *words = proto == WW_PROTO_UDP ? services->udp : services->tcp;
	return words[port / 64] >> (port % 64) & 1;
}

/* Sizes; 0 means the default. All are rounded up to a power of two. */
struct ww_flow_limits {
	uint32_t attempts;       /* slots of half-open contacts (default 65,536, at most 2^23) */
	uint32_t flows;          /* (default 32,768, at most 2^22) */
	uint32_t streams;        /* directions under inspection (default 16,384, at most 32,768) */
	uint32_t windows;        /* of them, those of which more than 256 bytes are kept (default: a
				    half of streams, at most 32,768) */
	uint32_t stream_bytes;   /* kept of such a one at most (default 4,096; 64 to 2^20) */
	uint32_t early_pages;    /* of 2 KiB, for segments that come early (default 1,024; at most
				    32,768) */
	uint32_t fragment_pages; /* of 2 KiB, for fragments (default 2,048; at most 32,768) */
	const struct ww_policies *policies;      /* NULL: windows for all; copied */
	const struct ww_flow_services *services; /* NULL: none; copied */
};

/*
 * What the tables of these limits take at most, when all of each is in use; 0: a limit is too high.
 * Beside them the room has 1.5 MiB for duplicates, hosts and datagrams, whatever the limits.
 */
uint64_t ww_flow_limits_bytes(const struct ww_flow_limits *limits);
/* Sets the sizes so that the tables take at most so much, each its usual share of it. */
void ww_flow_limits_within(struct ww_flow_limits *limits, uint64_t bytes);

struct ww_flow_counts {
	uint64_t duplicates;
	uint64_t time_back; /* packets whose time is before the last one's */
	uint64_t flows;     /* begun */
	uint64_t midstream; /* of them, those whose start was not captured */
	uint64_t contacts;  /* first contacts */
	uint64_t answered, refused, unanswered;
	uint64_t
		undecided; /* still waiting when a capture longer than the wait ended: not judged */
	uint64_t evicted_attempts; /* judged early: too many wait, or too many of one bucket */
	uint64_t evicted_contacts; /* first contacts forgotten: a later one counts as first again */
	uint64_t evicted_flows;    /* that were neither closed nor silent for 10 minutes (UDP: 3) */
	uint64_t evicted_streams;  /* a direction that could not be, or is no longer, looked at */
	/* Directions of which less was kept than the reader wants: no window was left. */
	uint64_t evicted_windows;
	uint64_t evicted_early;     /* gaps skipped for want of room for early segments */
	uint64_t evicted_fragments; /* given up for want of room, before their time */
	uint64_t reassembly_gaps;
	/* Segments that say other bytes than were there already, as far as these are still kept. */
	uint64_t overlaps_conflicting;
	uint64_t urgent;         /* bytes left out of streams because they are out of band */
	uint64_t stale;          /* segments left out because their timestamp is old (PAWS) */
	uint64_t forged_ends;    /* FINs and RSTs whose sender went on behind them */
	uint64_t resets_refused; /* RSTs that the receiver does not take */
	uint64_t fragments_reassembled, fragments_dropped;
	uint64_t fragment_conflicts; /* datagrams of which two fragments disagreed */
	/* Of packets put together of fragments; the others' are in ww_packet_counts. */
	uint64_t encapsulations[WW_ENCAPSULATION_COUNT];
	uint64_t taken_back; /* answers that came after their contact was judged unanswered */
	uint64_t one_way; /* first contacts that are UDP streams, or go to a port that never answers
			   */
	uint64_t unsolicited; /* datagrams that look like answers to what we did not see */
	uint64_t backscatter; /* SYN-ACKs and RSTs that answer nothing we saw */
	uint64_t unmatched;   /* other TCP packets without payload that belong to no flow */
};

struct ww_flows;

/* Allocates every table. Returns 0, -ENOMEM or -EINVAL (a limit). End with ww_flows_free. */
int ww_flows_new(const struct ww_flow_limits *limits, struct ww_hash_key key,
	const struct ww_flow_sink *sink, struct ww_flows **ret);
void ww_flows_free(struct ww_flows **flows);

/*
 * Processes a batch of decoded packets in order, in three passes (hash, prefetch, process) that
 * hide cache misses. skipped[i] is set when packet i was a duplicate.
 */
void ww_flows_feed(
	struct ww_flows *flows, const struct ww_packet *packets, size_t n, bool skipped[WW_BATCH]);
/*
 * No packet came for a while, and it is `time_us` now on the clock that they come with: attempts
 * that waited for an answer are judged as if one had. For live capture; packets that come later
 * must not be older than that.
 */
void ww_flows_tick(struct ww_flows *flows, int64_t time_us);
/*
 * The end of the capture: judges what is pending in the order it was sent, ends streams and flows
 * in table order. Call once; ww_flows_feed must not follow.
 */
void ww_flows_finish(struct ww_flows *flows);
const struct ww_flow_counts *ww_flows_counts(const struct ww_flows *flows);
/* Distinct addresses seen: exact to 16,384, then an estimate (HyperLogLog, +-0.8 %). */
uint64_t ww_flows_hosts(const struct ww_flows *flows, bool *ret_exact);
