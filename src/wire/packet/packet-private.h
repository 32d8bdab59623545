/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * How decoding moves through a frame: a cursor that knows how many bytes were captured and how
 * many there were on the wire. Every header is asked for by ww_cursor_peek, which gives it only
 * when all of it was captured.
 */
#include "wire/packet/packet.h"
#include "wire/packet/wire-types.h"

/*
 * What follows, in the numbers of Ethernet types. Those below 1536 are lengths on the wire and are
 * ours here.
 */
enum {
	WW_ETHER_IPV4 = 0x0800,
	WW_ETHER_ARP = 0x0806,
	WW_ETHER_FRAME = 0x6558, /* transparent Ethernet bridging: an Ethernet frame */
	WW_ETHER_VLAN = 0x8100,
	WW_ETHER_IPV6 = 0x86dd,
	WW_ETHER_PPP = 0x880b,
	WW_ETHER_MPLS = 0x8847,
	WW_ETHER_MPLS_MULTICAST = 0x8848,
	WW_ETHER_PPPOE = 0x8864,
	WW_ETHER_QINQ = 0x88a8,
	WW_ETHER_MAC_IN_MAC = 0x88e7,
	WW_ETHER_TRUSTSEC = 0x8909,
	WW_ETHER_VNTAG = 0x8926,
	WW_ETHER_ETAG = 0x893f,
	WW_ETHER_NSH = 0x894f,
	WW_ETHER_QINQ_OLD = 0x9100,
	WW_ETHER_QINQ_OLDER = 0x9200,
	WW_ETHER_SOME_IP = 0,     /* the IP header's own version tells */
	WW_ETHER_UNSUPPORTED = 1, /* known to be something that is not decoded, and named already */
	WW_ETHER_LLC = 2,         /* IEEE 802.2 */
	WW_ETHER_LEAST = 1536,

	LINKTYPE_ETHERNET = 1,
	LINKTYPE_NFLOG = 239,

	WW_LABELS_MAX = 32,     /* MPLS labels one behind the other */
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

/* Takes n bytes off; NULL, and the outcome set for the link layer, when they are not there. */
static inline const void *ww_cursor_take(
	struct ww_cursor *cursor, uint32_t n, struct ww_packet *packet)
{
	const void *header = ww_cursor_peek(cursor, n);
	if (!header)
		ww_packet_stop_short(packet, WW_LAYER_LINK, cursor, n);
	else
		ww_cursor_skip(cursor, n);
	return header;
}

/* Names what is not decoded; whoever stops says at which layer. */
static inline void ww_packet_name(
	struct ww_packet *packet, enum ww_numbering numbering, uint16_t number)
{
	packet->unsupported_in = (uint8_t)numbering;
	packet->unsupported = number;
}

/* One layer more; false after ww_packet_stop when there are too many. */
bool ww_packet_enter(struct ww_packet *packet, enum ww_encapsulation encapsulation);

/*
 * Takes the link header off. Gives the type of what follows (WW_ETHER_*), or false after
 * ww_packet_stop. The table of link.def.
 */
bool ww_link_decode(
	uint16_t link_type, struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet);

/*
 * Takes off whatever stands behind an Ethernet type (tags, labels, PPP, frames in frames), until
 * *ret_type is IP, ARP or something not decoded. False after ww_packet_stop.
 */
bool ww_ether_decode(
	struct ww_cursor *cursor, uint16_t type, uint16_t *ret_type, struct ww_packet *packet);

/* The type on the wire of Ethernet or a tag: below 1536 it is the length of an LLC frame. */
uint16_t ww_ether_type(struct ww_cursor *cursor, struct ww_be16 type);

/*
 * What is inside an IP packet, from its first byte on: decodes it in place of the packet. When no
 * IP header and no ARP could be read there, the packet is what it was but for its outcome, its
 * encapsulations and their number, and false is returned.
 */
bool ww_packet_decode_inner(struct ww_cursor cursor, uint16_t type, struct ww_packet *packet);

/* What follows an IP header, by packet->proto. */
void ww_packet_decode_transport(struct ww_cursor cursor, struct ww_packet *packet);

/* An IP packet that is neither TCP, UDP, ICMP nor SCTP: a tunnel, or UNSUPPORTED. */
void ww_tunnel_ip(struct ww_cursor cursor, struct ww_packet *packet);
/* The payload of a UDP packet for which ww_tunnel_port holds. All of the packet is filled in. */
void ww_tunnel_udp(struct ww_cursor cursor, struct ww_packet *packet);

enum {
	WW_PORT_TEREDO = 3544,
	WW_PORT_GRE = 4754,
	WW_PORT_VXLAN = 4789,
	WW_PORT_VXLAN_GPE = 4790,
	WW_PORT_GENEVE = 6081,
	WW_PORT_MPLS = 6635,
	WW_PORT_VXLAN_OLD = 8472, /* of Linux, from before the number was given out */
};

/* Whether a tunnel may be inside: one look at a table, where all ports have a place of their own.
 */
static inline bool ww_tunnel_port(uint16_t sport, uint16_t dport)
{
	static const uint16_t ports[128] = {
		[0] = 1, /* which port 0 is not */
		[WW_PORT_TEREDO % 128] = WW_PORT_TEREDO,
		[WW_PORT_GRE % 128] = WW_PORT_GRE,
		[WW_PORT_VXLAN % 128] = WW_PORT_VXLAN,
		[WW_PORT_VXLAN_GPE % 128] = WW_PORT_VXLAN_GPE,
		[WW_PORT_GENEVE % 128] = WW_PORT_GENEVE,
		[WW_PORT_MPLS % 128] = WW_PORT_MPLS,
		[WW_PORT_VXLAN_OLD % 128] = WW_PORT_VXLAN_OLD,
	};
	return (ports[dport % 128] == dport) | (sport == WW_PORT_TEREDO);
}
