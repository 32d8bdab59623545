/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * One frame decoded down to its transport header.
 *
 * ww_packet_decode never fails: hostile bytes give an outcome, and whatever was read before the
 * trouble is kept. Outcomes are counted by layer (struct ww_packet_counts), so nothing is lost
 * without a number on the screen. Nothing is allocated; all pointers borrow the frame.
 * Checksums are not verified: captures taken on the sending host hold unfinished ones (offload).
 */
#include "value/ip.h"
#include "value/port.h"
#include "wire/capture/capture.h"

enum ww_layer {
	WW_LAYER_LINK,      /* Ethernet, VLAN, SLL, loopback, raw */
	WW_LAYER_NETWORK,   /* IPv4, IPv6 and its extension headers, ARP */
	WW_LAYER_TRANSPORT, /* TCP, UDP, ICMP, ICMPv6 */
	WW_LAYER_COUNT,
};

enum ww_outcome {
	WW_OUTCOME_OK,
	WW_OUTCOME_TRUNCATED,   /* the capture holds fewer bytes than the header needs (snap length) */
	WW_OUTCOME_MALFORMED,   /* lengths or versions contradict each other */
	WW_OUTCOME_UNSUPPORTED, /* a protocol that we do not decode: not an error of the packet */
	WW_OUTCOME_COUNT,
};

/* TCP flags as on the wire (RFC 9293, RFC 3168). */
enum {
	WW_TCP_FIN = 0x01,
	WW_TCP_SYN = 0x02,
	WW_TCP_RST = 0x04,
	WW_TCP_PSH = 0x08,
	WW_TCP_ACK = 0x10,
	WW_TCP_URG = 0x20,
	WW_TCP_ECE = 0x40,
	WW_TCP_CWR = 0x80,
};

struct ww_packet {
	int64_t time_us;
	uint64_t frame; /* number of the frame, 1-based */

	uint8_t outcome;       /* enum ww_outcome */
	uint8_t outcome_layer; /* enum ww_layer at which decoding stopped; TRANSPORT when OK */
	uint8_t ip_version;    /* 4, 6, or 0: no IP header was decoded (ARP, unsupported) */
	uint8_t proto;         /* IP protocol behind the extension headers */
	bool is_arp;
	bool is_fragment;      /* any fragment; src, dst, proto and the frag_ fields are valid */
	bool more_fragments;
	bool has_transport;    /* sport.. payload are valid (TCP, UDP, ICMP, ICMPv6); true as well
	                          when a snap length cut TCP's options: outcome TRUNCATED then */

	struct ww_ip src, dst; /* valid when ip_version is not 0 */
	uint16_t sport, dport; /* TCP and UDP; for ICMP: type in sport, code in dport; SCTP's are
	                          set too, though it is UNSUPPORTED and has_transport false */
	uint8_t ttl;           /* or hop limit */
	uint8_t tos;           /* or traffic class */
	uint8_t tcp_flags;
	uint8_t ip_header_len; /* bytes, IPv4 with options; 40 for IPv6 */
	uint32_t ip_id;        /* IPv4 identification; IPv6: of the fragment header, else 0 */
	uint32_t fragment_offset; /* bytes */
	uint32_t seq, ack;
	uint16_t window;
	uint8_t tcp_header_len;

	const uint8_t *network;   /* the IP header, or NULL */
	const uint8_t *transport; /* the transport header, or NULL */
	uint32_t network_len;     /* captured bytes from `network` that belong to the IP packet */
	const uint8_t *payload;   /* behind the transport header (for a fragment: the IP payload);
	                             behind eight bytes of ICMP: the packet that an error quotes */
	uint32_t payload_len;     /* captured bytes */
	uint32_t payload_wire;    /* bytes on the wire; more than payload_len under a snap length */
};

/* Counts of outcomes, by layer; [layer][WW_OUTCOME_OK] is not used. */
struct ww_packet_counts {
	uint64_t packets;
	uint64_t bytes; /* on the wire */
	uint64_t arp;
	uint64_t ipv4, ipv6, tcp, udp, icmp;
	uint64_t fragments;
	uint64_t snapped; /* payload cut by the snap length */
	uint64_t outcomes[WW_LAYER_COUNT][WW_OUTCOME_COUNT];
};

/* Decodes; fills every member of *ret that its flags declare valid. ~10 ns for TCP over Ethernet. */
void ww_packet_decode(const struct ww_frame *frame, struct ww_packet *ret);
/* Decodes an IP packet that begins at data (a reassembled one): as above, without a link layer. */
void ww_packet_decode_ip(const uint8_t *data, uint32_t captured, uint32_t length, int64_t time_us,
	uint64_t frame, struct ww_packet *ret);
/* Adds one decoded packet to the counts. */
void ww_packet_count(
	struct ww_packet_counts *counts, const struct ww_packet *packet, uint32_t length);

/* "Ethernet", "raw IP"…; NULL for a LINKTYPE_ value that is not decoded. See link.def. */
const char *ww_link_name(uint16_t link_type);
/* "link", "network", "transport"; "truncated", "malformed", "unsupported". */
const char *ww_layer_name(enum ww_layer layer);
const char *ww_outcome_name(enum ww_outcome outcome);

/*
 * Community ID v1 (github.com/corelight/community-id-spec), seed 0: "1:" and the base64 of a
 * SHA-1 over the ordered endpoints. For TCP, UDP, SCTP, ICMP and ICMPv6 (with the type-pair
 * mapping of the specification), and other protocols without ports. Returns `text`, "" when
 * there is no memory or libcrypto may not do SHA-1.
 */
enum { WW_COMMUNITY_ID_MAX = 32 };
const char *ww_community_id(const struct ww_ip *src, const struct ww_ip *dst, uint8_t proto,
	uint16_t sport, uint16_t dport, char text[WW_COMMUNITY_ID_MAX]);
