/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * One frame decoded down to its transport header, through whatever stands in front of it: tags,
 * labels, PPP, and tunnels one inside the other.
 *
 * Addresses. A packet's src, dst and everything behind them are those of the innermost IP header
 * that could be read, because a worm travels inside: flows, rules, the scan test and the community
 * ID never see the outer ones, which ww_packet_outer gives for evidence. Where nothing readable is
 * inside, the packet is that of the last sound IP header, with the trouble as its outcome. So the
 * same packet seen outside and inside of a tunnel is one packet twice, a duplicate. VLAN, label and
 * network identifiers (VNI, VSID, keys) are not part of anything: networks that use the same
 * addresses in several VLANs look like one (Suricata's vlan.use-for-tracking: no), for a routed or
 * mirrored packet often shows in two VLANs, and an answer in another than the question.
 *
 * A tunnel inside UDP has only a port to show for itself, which is a hint, no more: it is one when
 * its header is valid to the last reserved bit and a sound IP header or ARP is inside; else the
 * packet stays the UDP packet that it is.
 *
 * Fragments of an outer packet are put together by wire/flow, which has the whole decoded again.
 *
 * What an adversary controls: all of it. At most WW_LAYERS_MAX tags and tunnels are taken off, each
 * of which takes bytes off the frame, so that the work is bounded by the frame's length. Somebody
 * may dress a UDP payload up as a tunnel: then its inside is inspected, and its outside is not.
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
	WW_LAYER_LINK,      /* Ethernet, tags, labels, PPP, SLL, loopback, raw; tunnels' headers */
	WW_LAYER_NETWORK,   /* IPv4, IPv6 and its extension headers, ARP */
	WW_LAYER_TRANSPORT, /* TCP, UDP, ICMP, ICMPv6, SCTP */
	WW_LAYER_COUNT,
};

enum ww_outcome {
	WW_OUTCOME_OK,
	WW_OUTCOME_TRUNCATED,   /* the capture holds fewer bytes than the header needs (snap length)
				 */
	WW_OUTCOME_MALFORMED,   /* lengths or versions contradict each other */
	WW_OUTCOME_UNSUPPORTED, /* a protocol that we do not decode: not an error of the packet */
	WW_OUTCOME_COUNT,
};

/* Tags and tunnels taken off one packet. What has more is given up as UNSUPPORTED. */
enum { WW_LAYERS_MAX = 16 };

/* What a packet was wrapped in: the table of encapsulation.def. */
enum ww_encapsulation {
#define WW_ENCAPSULATION(name_, key_, text_, tunnel_) WW_ENCAPSULATION_##name_,
#include "wire/packet/encapsulation.def"
#undef WW_ENCAPSULATION
	WW_ENCAPSULATION_COUNT,
};

/* In which numbering `unsupported` names what was met. */
enum ww_numbering {
	WW_NUMBERING_NONE,
	WW_NUMBERING_LINK,   /* LINKTYPE_ of the capture */
	WW_NUMBERING_ETHER,  /* Ethernet types; also GRE's and SNAP's, Cisco's too */
	WW_NUMBERING_LLC,    /* destination service access point of IEEE 802.2 */
	WW_NUMBERING_PPP,    /* PPP protocols */
	WW_NUMBERING_IP,     /* IP protocols */
	WW_NUMBERING_MPLS,   /* neither IP nor Ethernet behind the labels; the number is 0 */
	WW_NUMBERING_ERSPAN, /* frame type of ERSPAN III */
	WW_NUMBERING_LAYERS, /* more than WW_LAYERS_MAX layers; the number is 0 */
	WW_NUMBERING_COUNT,
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
	bool is_fragment; /* any fragment; src, dst, proto and the frag_ fields are valid */
	bool more_fragments;
	bool has_transport; /* sport.. payload are valid (TCP, UDP, ICMP, ICMPv6, SCTP); true as
			       well when a snap length cut TCP's options: outcome TRUNCATED then;
			       or when too many layers are inside UDP: UNSUPPORTED */

	struct ww_ip src, dst; /* valid when ip_version is not 0 */
	uint16_t sport, dport; /* TCP, UDP, SCTP; for ICMP: type in sport, code in dport */
	uint8_t ttl;           /* or hop limit */
	uint8_t tos;           /* or traffic class */
	uint8_t tcp_flags;
	uint8_t ip_header_len;    /* bytes, IPv4 with options; 40 for IPv6 */
	uint32_t ip_id;           /* IPv4 identification; IPv6: of the fragment header, else 0 */
	uint32_t fragment_offset; /* bytes */
	uint32_t seq, ack;
	uint16_t window;
	uint8_t tcp_header_len;
	uint8_t unsupported_in;  /* enum ww_numbering; not NONE when the outcome is UNSUPPORTED */
	uint16_t encapsulations; /* bit 1 << enum ww_encapsulation: what it was wrapped in */
	uint16_t unsupported;    /* the number of what was not decoded */

	const uint8_t *network;     /* the IP header, or NULL */
	const uint8_t *transport;   /* the transport header, or NULL */
	uint32_t network_len;       /* captured bytes from `network` that belong to the IP packet */
	uint32_t outer_offset : 24; /* bytes that `network` lies behind the outermost IP header; 0:
				       it is the only one. See ww_packet_outer */
	uint32_t n_layers : 8;      /* tags and tunnels taken off */
	const uint8_t *payload;     /* behind the transport header (for a fragment: the IP payload);
				       behind eight bytes of ICMP: the packet that an error quotes */
	uint32_t payload_len;       /* captured bytes */
	uint32_t payload_wire; /* bytes on the wire; more than payload_len under a snap length */
};

/* One thing that is not decoded, and how often it was met. */
struct ww_unsupported {
	uint8_t in; /* enum ww_numbering */
	uint16_t number;
	uint64_t packets;
};

/* Different ones that are remembered by name: the first; what comes later is counted together. */
enum { WW_UNSUPPORTED_MAX = 32 };

/* Counts of outcomes, by layer; [layer][WW_OUTCOME_OK] is not used. */
struct ww_packet_counts {
	uint64_t packets;
	uint64_t bytes; /* on the wire */
	uint64_t arp;
	uint64_t ipv4, ipv6, tcp, udp, icmp;
	uint64_t fragments;
	uint64_t snapped; /* payload cut by the snap length */
	uint64_t outcomes[WW_LAYER_COUNT][WW_OUTCOME_COUNT];
	uint64_t encapsulations[WW_ENCAPSULATION_COUNT]; /* packets, each once a kind */
	struct ww_unsupported unsupported[WW_UNSUPPORTED_MAX];
	uint32_t n_unsupported;
	uint64_t unsupported_others; /* packets beyond the table */
};

/* Decodes; fills every member of *ret that its flags declare valid. ~10 ns for TCP over Ethernet.
 */
void ww_packet_decode(const struct ww_frame *frame, struct ww_packet *ret);
/* Decodes an IP packet that begins at data (a reassembled one): as above, without a link layer. */
void ww_packet_decode_ip(const uint8_t *data, uint32_t captured, uint32_t length, int64_t time_us,
	uint64_t frame, struct ww_packet *ret);
/* For ww_packet_count: all that is not whole TCP over IPv4. */
void ww_packet_count_other(struct ww_packet_counts *counts, const struct ww_packet *packet);

/* Adds one decoded packet to the counts; `length` is the frame's on the wire. */
static inline void ww_packet_count(
	struct ww_packet_counts *counts, const struct ww_packet *packet, uint32_t length)
{
	counts->packets++;
	counts->bytes += length;
	/* Nearly all: nothing cut, nothing in pieces. */
	if (__builtin_expect(packet->ip_version == 4 && packet->proto == WW_PROTO_TCP &&
				     packet->has_transport &&
				     (packet->outcome | packet->encapsulations) == 0 &&
				     packet->payload_wire == packet->payload_len,
		    1)) {
		counts->ipv4++;
		counts->tcp++;
	} else {
		ww_packet_count_other(counts, packet);
	}
}

/* Adds 1 for each kind of the packet's encapsulations. */
void ww_packet_count_encapsulations(
	uint64_t counts[WW_ENCAPSULATION_COUNT], const struct ww_packet *packet);

/* The addresses of the outermost IP header; false, and untouched, when there is but one. */
bool ww_packet_outer(const struct ww_packet *packet, struct ww_ip *ret_src, struct ww_ip *ret_dst);

/* "vxlan", as in JSON; "VXLAN", for people. */
const char *ww_encapsulation_key(enum ww_encapsulation encapsulation);
const char *ww_encapsulation_name(enum ww_encapsulation encapsulation);
/* Whether it carries packets between two IP addresses (GRE, VXLAN) or on one link (VLAN, MPLS). */
bool ww_encapsulation_is_tunnel(enum ww_encapsulation encapsulation);
/* "link", "ethernet", "llc", "ppp", "ip", "mpls", "erspan", "layers". */
const char *ww_numbering_name(enum ww_numbering numbering);
/* "LLDP", "802.11 with radiotap", "Ethernet type 0x1234"…: writes into `text` and returns it. */
enum { WW_UNSUPPORTED_TEXT_MAX = 48 };
const char *ww_unsupported_print(
	enum ww_numbering numbering, uint16_t number, char text[WW_UNSUPPORTED_TEXT_MAX]);

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
