/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * How decoding moves through a frame: a cursor that knows how many bytes were captured and how
 * many there were on the wire. Every header is asked for by ww_cursor_peek, which gives it only
 * when all of it was captured.
 */
#include "wire/packet/packet.h"
#include "wire/packet/wire-types.h"

enum {
	WW_ETHER_IPV4 = 0x0800,
	WW_ETHER_ARP = 0x0806,
	WW_ETHER_VLAN = 0x8100,
	WW_ETHER_IPV6 = 0x86dd,
	WW_ETHER_PPPOE = 0x8864,
	WW_ETHER_QINQ = 0x88a8,
	WW_ETHER_QINQ_OLD = 0x9100,
	WW_ETHER_SOME_IP = 0,     /* not a type: the IP header's own version tells */
	WW_ETHER_UNSUPPORTED = 1, /* nor this: known to be something that is not decoded */

	WW_VLAN_MAX = 8,        /* tags one behind the other */
	WW_EXTENSIONS_MAX = 16, /* IPv6 extension headers one behind the other */
};

struct ww_cursor {
	const uint8_t *at;
	uint32_t captured; /* bytes at `at` */
	uint32_t wire;     /* bytes there were; >= captured */
};

/* The next n bytes, or NULL when they were not all captured. */
static inline const void *ww_cursor_peek(const struct ww_cursor *cursor, uint32_t n)
{
	return __builtin_expect(cursor->captured >= n, 1) ? cursor->at : NULL;
}

/* n must have been peeked. */
static inline void ww_cursor_skip(struct ww_cursor *cursor, uint32_t n)
{
	cursor->at += n;
	cursor->captured -= n;
	cursor->wire -= n;
}

/* What lies behind the first `wire` bytes is not ours (padding). */
static inline void ww_cursor_limit(struct ww_cursor *cursor, uint32_t wire)
{
	cursor->wire = wire;
	if (cursor->captured > wire)
		cursor->captured = wire;
}

static inline void ww_packet_stop(
	struct ww_packet *packet, enum ww_layer layer, enum ww_outcome outcome)
{
	packet->outcome_layer = (uint8_t)layer;
	packet->outcome = (uint8_t)outcome;
}

/* n bytes could not be peeked: they were on the wire and not captured, or never there. */
static inline void ww_packet_stop_short(
	struct ww_packet *packet, enum ww_layer layer, const struct ww_cursor *cursor, uint32_t n)
{
	ww_packet_stop(
		packet, layer, cursor->wire >= n ? WW_OUTCOME_TRUNCATED : WW_OUTCOME_MALFORMED);
}

/*
 * Takes the link header off. Gives the type of what follows (WW_ETHER_*), or false after
 * ww_packet_stop. The table of link.def.
 */
bool ww_link_decode(uint16_t link_type, struct ww_cursor *cursor, uint16_t *ret_type,
	struct ww_packet *packet);
