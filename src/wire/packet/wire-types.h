/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Headers as they lie on the wire, made of bytes only: no alignment, no padding, no byte order of
 * the machine. A field wider than a byte is a struct, so the compiler refuses to use it without
 * the accessor that turns it into a number. (After tcpdump's nd_ types.)
 */
#include <stdint.h>

struct ww_be16 {
	uint8_t b[2];
};

struct ww_be32 {
	uint8_t b[4];
};

static inline uint16_t ww_be16_get(struct ww_be16 value)
{
	return (uint16_t)(value.b[0] << 8 | value.b[1]);
}

static inline uint32_t ww_be32_get(struct ww_be32 value)
{
	return (uint32_t)value.b[0] << 24 | (uint32_t)value.b[1] << 16 | (uint32_t)value.b[2] << 8 |
	       value.b[3];
}

/* Ethernet II. A type below 1536 is the length of an IEEE 802.3 frame. */
struct ww_wire_ethernet {
	uint8_t dst[6], src[6];
	struct ww_be16 type;
};

/* Behind the type of an 802.1Q tag: priority and VLAN, then the type of what follows. */
struct ww_wire_vlan {
	struct ww_be16 tag;
	struct ww_be16 type;
};

/* LINKTYPE_LINUX_SLL: `cooked` captures of the 'any' device. */
struct ww_wire_sll {
	struct ww_be16 packet_type;
	struct ww_be16 hardware;
	struct ww_be16 address_len;
	uint8_t address[8];
	struct ww_be16 type;
};

struct ww_wire_sll2 {
	struct ww_be16 type;
	struct ww_be16 reserved;
	struct ww_be32 interface;
	struct ww_be16 hardware;
	uint8_t packet_type;
	uint8_t address_len;
	uint8_t address[8];
};

/* RFC 2516; a PPP protocol number follows. */
struct ww_wire_pppoe {
	uint8_t version_type; /* 0x11 */
	uint8_t code;         /* 0: session data */
	struct ww_be16 session;
	struct ww_be16 len;
};

/* IEEE 802.2, and behind AA AA 03 SNAP (RFC 1042): an Ethernet type when the organisation is 0. */
struct ww_wire_llc {
	uint8_t dst, src; /* service access points */
	uint8_t control;
};

struct ww_wire_snap {
	uint8_t organisation[3];
	struct ww_be16 type;
};

/* RFC 3032 */
struct ww_wire_label {
	struct ww_be32 word; /* label:20 traffic class:3 bottom of the stack:1 TTL:8 */
};

/* RFC 8300, 2.2; a service path header of four bytes follows, and context. */
struct ww_wire_nsh {
	struct ww_be16 first; /* version:2 O:1 unassigned:1 TTL:6 length in words:6 */
	uint8_t metadata;
	uint8_t next;
	struct ww_be32 path;
};

/* RFC 2784; checksum, key and sequence follow where the flags say so (RFC 2890). */
struct ww_wire_gre {
	struct ww_be16 flags; /* C:1 R:1 K:1 S:1 strict:1 recursion:3 A:1 reserved:4 version:3 */
	struct ww_be16 type;
};

/* RFC 7348; with bit G of draft-smith-vxlan-group-policy; GPE has a next protocol. */
struct ww_wire_vxlan {
	uint8_t flags;
	uint8_t policy;
	uint8_t group[2]; /* GPE: the second is the next protocol */
	uint8_t network[3];
	uint8_t reserved;
};

/* RFC 8926; options follow. */
struct ww_wire_geneve {
	uint8_t version_len; /* version:2 length of the options in words:6 */
	uint8_t flags;       /* O:1 C:1 reserved:6 */
	struct ww_be16 type;
	uint8_t network[3];
	uint8_t reserved;
};

/* RFC 791 */
struct ww_wire_ipv4 {
	uint8_t version_len; /* version, and header length in words */
	uint8_t tos;
	struct ww_be16 total_len;
	struct ww_be16 id;
	struct ww_be16 fragment; /* flags:3 offset in 8 bytes:13 */
	uint8_t ttl;
	uint8_t proto;
	struct ww_be16 checksum;
	struct ww_be32 src, dst;
};

/* RFC 8200 */
struct ww_wire_ipv6 {
	struct ww_be32 version_class_flow;
	struct ww_be16 payload_len;
	uint8_t next;
	uint8_t hop_limit;
	uint8_t src[16], dst[16];
};

/* RFC 8200, 4.5; the other extension headers begin with `next` and their length, too. */
struct ww_wire_ipv6_fragment {
	uint8_t next;
	uint8_t len;             /* reserved here */
	struct ww_be16 fragment; /* offset in 8 bytes:13 reserved:2 more:1 */
	struct ww_be32 id;
};

/* RFC 9293 */
struct ww_wire_tcp {
	struct ww_be16 sport, dport;
	struct ww_be32 seq, ack;
	uint8_t offset; /* header length in words:4 reserved:4 */
	uint8_t flags;
	struct ww_be16 window;
	struct ww_be16 checksum;
	struct ww_be16 urgent;
};

/* RFC 768 */
struct ww_wire_udp {
	struct ww_be16 sport, dport;
	struct ww_be16 len;
	struct ww_be16 checksum;
};

/* RFC 792, RFC 4443: what all messages share; the last word is theirs. */
struct ww_wire_icmp {
	uint8_t type, code;
	struct ww_be16 checksum;
	uint8_t rest[4];
};

/* RFC 9260 */
struct ww_wire_sctp {
	struct ww_be16 sport, dport;
	struct ww_be32 tag;
	struct ww_be32 checksum;
};

_Static_assert(sizeof(struct ww_wire_ethernet) == 14, "as on the wire");
_Static_assert(sizeof(struct ww_wire_vlan) == 4, "as on the wire");
_Static_assert(sizeof(struct ww_wire_sll) == 16, "as on the wire");
_Static_assert(sizeof(struct ww_wire_sll2) == 20, "as on the wire");
_Static_assert(sizeof(struct ww_wire_pppoe) == 6, "as on the wire");
_Static_assert(sizeof(struct ww_wire_llc) == 3, "as on the wire");
_Static_assert(sizeof(struct ww_wire_snap) == 5, "as on the wire");
_Static_assert(sizeof(struct ww_wire_label) == 4, "as on the wire");
_Static_assert(sizeof(struct ww_wire_nsh) == 8, "as on the wire");
_Static_assert(sizeof(struct ww_wire_gre) == 4, "as on the wire");
_Static_assert(sizeof(struct ww_wire_vxlan) == 8, "as on the wire");
_Static_assert(sizeof(struct ww_wire_geneve) == 8, "as on the wire");
_Static_assert(sizeof(struct ww_wire_ipv4) == 20, "as on the wire");
_Static_assert(sizeof(struct ww_wire_ipv6) == 40, "as on the wire");
_Static_assert(sizeof(struct ww_wire_ipv6_fragment) == 8, "as on the wire");
_Static_assert(sizeof(struct ww_wire_tcp) == 20, "as on the wire");
_Static_assert(sizeof(struct ww_wire_udp) == 8, "as on the wire");
_Static_assert(sizeof(struct ww_wire_icmp) == 8, "as on the wire");
_Static_assert(sizeof(struct ww_wire_sctp) == 12, "as on the wire");
