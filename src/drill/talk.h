/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * One conversation of two hosts as the packets that a sensor between them sees.
 *
 * A talk is composed whole (handshake, lines, close) and played packet by packet. Composing moves
 * the talk's clock forward, so packets are in the order of time as they stand; sequence and
 * acknowledgement numbers are those of a receiver that acknowledges what it has in order
 * (RFC 793, 3.3). Side 0 is the client, who begins.
 *
 * When memory is short the talk becomes `failed` and takes no more; look once, at the end.
 */
#include "base/buf.h"
#include "base/rng.h"

struct ww_talk_packet {
	int64_t at_us;
	uint32_t seq, ack;
	uint32_t offset; /* of the payload in bytes */
	uint16_t len;
	uint16_t sport, dport;
	uint8_t from; /* side */
	uint8_t flags;
	bool is_unreachable; /* ICMP port unreachable about the packet before */
};

struct ww_talk {
	uint32_t ip[2];
	uint32_t host[2]; /* what the maker calls them; not used here */
	uint16_t port[2];
	uint8_t proto; /* WW_PROTO_TCP or WW_PROTO_UDP */
	bool failed;
	uint32_t rtt_us;
	int64_t clock_us;
	uint32_t seq[2];                /* the next byte of each side */
	uint32_t acked[2];              /* what the side has of the other, in order */
	struct ww_talk_packet *packets; /* in the order of time */
	size_t n_packets, cap;
	size_t next; /* the player's place */
	struct ww_buf bytes;
};

enum { WW_TALK_CUTS = 3 };

/* How the segments of one line are laid. */
struct ww_talk_cuts {
	size_t at[WW_TALK_CUTS]; /* ascending, inside the line: a segment ends before each */
	size_t n_at;
	bool is_swapped; /* the first two segments arrive the other way round */
};

/* NULL when memory is short; end with ww_talk_free. Initial sequence numbers come from `rng`. */
struct ww_talk *ww_talk_new(uint8_t proto, const uint32_t ip[2], const uint16_t port[2],
	uint32_t rtt_us, int64_t start_us, struct ww_rng *rng);
void ww_talk_free(struct ww_talk **talk);

void ww_talk_wait(struct ww_talk *talk, int64_t span_us);
/* SYN, SYN-ACK, ACK. */
void ww_talk_connect(struct ww_talk *talk);
/* SYN, and what a closed port answers. */
void ww_talk_refuse(struct ww_talk *talk);
/* SYNs without answer: again after 3 s, 9 s, … (RFC 1122, 4.2.3.1), `n_sent` in all. */
void ww_talk_unanswered(struct ww_talk *talk, int n_sent);
/* A line in segments of at most the MSS, acknowledged by the other side. `cuts` may be NULL. */
void ww_talk_say(struct ww_talk *talk, int from, const void *bytes, size_t len,
	const struct ww_talk_cuts *cuts);
/* Both sides end, `from` first. */
void ww_talk_close(struct ww_talk *talk, int from);
void ww_talk_reset(struct ww_talk *talk, int from);
/* One datagram (up to 1,472 bytes are sent); the talk's clock moves half a round trip. */
void ww_talk_datagram(struct ww_talk *talk, int from, const void *bytes, size_t len);
/* The server's host says that nobody listens. */
void ww_talk_unreachable(struct ww_talk *talk);
