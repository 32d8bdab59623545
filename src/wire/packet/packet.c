// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * From a frame to its transport header. What nearly every packet is (IPv4 and TCP or UDP straight
 * behind Ethernet) runs through inline code of this file without a call; the rest branches off.
 */
#include "wire/packet/packet-private.h"

enum {
	IPV6_HOP_BY_HOP = 0,
	IPV6_ROUTING = 43,
	IPV6_FRAGMENT = 44,
	IPV6_AUTHENTICATION = 51,
	IPV6_DESTINATION = 60,
	IPV6_MOBILITY = 135,
	IPV6_HIP = 139,
	IPV6_SHIM6 = 140,
};

_Static_assert(sizeof(struct ww_packet) == 128, "begin() clears it in two halves");

static inline void begin(struct ww_packet *packet, int64_t time_us, uint64_t frame)
{
	/* For 64 bytes gcc writes four stores; for 128 `rep stos`, which alone takes 10 ns. */
	memset(packet, 0, 64);
	memset((uint8_t *)packet + 64, 0, 64);
	packet->time_us = time_us;
	packet->frame = frame;
	packet->outcome_layer = WW_LAYER_TRANSPORT;
}

static inline void set_v4(struct ww_ip *ip, struct ww_be32 address)
{
	*ip = (struct ww_ip){.b = {[10] = 0xff, [11] = 0xff}};
	memcpy(ip->b + 12, address.b, 4);
}

static inline void set_payload(struct ww_packet *packet, const struct ww_cursor *cursor)
{
	packet->payload = cursor->at;
	packet->payload_len = cursor->captured;
	packet->payload_wire = cursor->wire;
}

static inline void decode_tcp(struct ww_cursor cursor, struct ww_packet *packet)
{
	const struct ww_wire_tcp *tcp = ww_cursor_peek(&cursor, sizeof(*tcp));
	if (!tcp) {
		ww_packet_stop_short(packet, WW_LAYER_TRANSPORT, &cursor, sizeof(*tcp));
		return;
	}
	uint32_t header_len = (uint32_t)(tcp->offset >> 4) * 4;
	if (header_len < sizeof(*tcp) || header_len > cursor.wire) {
		ww_packet_stop(packet, WW_LAYER_TRANSPORT, WW_OUTCOME_MALFORMED);
		return;
	}
	packet->has_transport = true;
	packet->sport = ww_be16_get(tcp->sport);
	packet->dport = ww_be16_get(tcp->dport);
	packet->seq = ww_be32_get(tcp->seq);
	packet->ack = ww_be32_get(tcp->ack);
	packet->tcp_flags = tcp->flags;
	packet->window = ww_be16_get(tcp->window);
	packet->tcp_header_len = (uint8_t)header_len;
	/* A snap length inside the options leaves all that is asked of the header. */
	if (cursor.captured < header_len) {
		ww_packet_stop(packet, WW_LAYER_TRANSPORT, WW_OUTCOME_TRUNCATED);
		cursor.wire -= header_len;
		cursor.at += cursor.captured;
		cursor.captured = 0;
	} else {
		ww_cursor_skip(&cursor, header_len);
	}
	set_payload(packet, &cursor);
}

/* A length that cannot be, or a tunnel's port. */
static __attribute__((noinline)) void decode_rare_udp(
	struct ww_cursor cursor, uint32_t len, struct ww_packet *packet)
{
	if (len < sizeof(struct ww_wire_udp) || len > cursor.wire) {
		ww_packet_stop(packet, WW_LAYER_TRANSPORT, WW_OUTCOME_MALFORMED);
		return;
	}
	const struct ww_wire_udp *udp = (const void *)cursor.at;
	packet->has_transport = true;
	packet->sport = ww_be16_get(udp->sport);
	packet->dport = ww_be16_get(udp->dport);
	ww_cursor_limit(&cursor, len);
	ww_cursor_skip(&cursor, sizeof(*udp));
	set_payload(packet, &cursor);
	ww_tunnel_udp(cursor, packet);
}

static inline void decode_udp(struct ww_cursor cursor, struct ww_packet *packet)
{
	const struct ww_wire_udp *udp = ww_cursor_peek(&cursor, sizeof(*udp));
	if (!udp) {
		ww_packet_stop_short(packet, WW_LAYER_TRANSPORT, &cursor, sizeof(*udp));
		return;
	}
	/* 0 with more than 64 KiB behind it is a jumbogram (RFC 2675, 4). */
	uint32_t len = ww_be16_get(udp->len);
	if (len == 0 && cursor.wire > 65535)
		len = cursor.wire;
	uint16_t sport = ww_be16_get(udp->sport), dport = ww_be16_get(udp->dport);
	/* One branch for all that is rare. */
	bool rare = (len < sizeof(*udp)) | (len > cursor.wire) | ww_tunnel_port(sport, dport);
	if (__builtin_expect(rare, 0)) {
		decode_rare_udp(cursor, len, packet);
		return;
	}
	packet->has_transport = true;
	packet->sport = sport;
	packet->dport = dport;
	ww_cursor_limit(&cursor, len);
	ww_cursor_skip(&cursor, sizeof(*udp));
	set_payload(packet, &cursor);
}

static void decode_icmp(struct ww_cursor cursor, struct ww_packet *packet)
{
	const struct ww_wire_icmp *icmp = ww_cursor_peek(&cursor, sizeof(*icmp));
	if (!icmp) {
		ww_packet_stop_short(packet, WW_LAYER_TRANSPORT, &cursor, sizeof(*icmp));
		return;
	}
	packet->has_transport = true;
	packet->sport = icmp->type;
	packet->dport = icmp->code;
	ww_cursor_skip(&cursor, sizeof(*icmp));
	set_payload(packet, &cursor);
}

/* Packet by packet: what is behind the header are chunks, which nobody puts together. */
static void decode_sctp(struct ww_cursor cursor, struct ww_packet *packet)
{
	const struct ww_wire_sctp *sctp = ww_cursor_peek(&cursor, sizeof(*sctp));
	if (!sctp) {
		ww_packet_stop_short(packet, WW_LAYER_TRANSPORT, &cursor, sizeof(*sctp));
		return;
	}
	packet->has_transport = true;
	packet->sport = ww_be16_get(sctp->sport);
	packet->dport = ww_be16_get(sctp->dport);
	ww_cursor_skip(&cursor, sizeof(*sctp));
	set_payload(packet, &cursor);
}

static inline void decode_transport(struct ww_cursor cursor, struct ww_packet *packet)
{
	packet->outcome_layer = WW_LAYER_TRANSPORT;
	if (packet->is_fragment) {
		set_payload(packet, &cursor);
		return;
	}
	packet->transport = cursor.at;
	if (__builtin_expect(packet->proto == WW_PROTO_TCP, 1)) {
		decode_tcp(cursor, packet);
		return;
	}
	switch (packet->proto) {
	case WW_PROTO_UDP: decode_udp(cursor, packet); return;
	case WW_PROTO_ICMP:
		if (packet->ip_version != 4)
			break;
		decode_icmp(cursor, packet);
		return;
	case WW_PROTO_ICMPV6:
		if (packet->ip_version != 6)
			break;
		decode_icmp(cursor, packet);
		return;
	case WW_PROTO_SCTP: decode_sctp(cursor, packet); return;
	default: break;
	}
	ww_tunnel_ip(cursor, packet);
}

void ww_packet_decode_transport(struct ww_cursor cursor, struct ww_packet *packet)
{
	decode_transport(cursor, packet);
}

static inline void decode_ipv4(struct ww_cursor cursor, struct ww_packet *packet)
{
	const struct ww_wire_ipv4 *ip = ww_cursor_peek(&cursor, sizeof(*ip));
	if (!ip) {
		ww_packet_stop_short(packet, WW_LAYER_NETWORK, &cursor, sizeof(*ip));
		return;
	}
	uint32_t header_len = (ip->version_len & 15u) * 4;
	uint32_t total = ww_be16_get(ip->total_len);
	/* 0: segmentation was left to the network card; the frame's length is the packet's. */
	if (total == 0)
		total = cursor.wire;
	if (ip->version_len >> 4 != 4 || header_len < sizeof(*ip) || total < header_len) {
		ww_packet_stop(packet, WW_LAYER_NETWORK, WW_OUTCOME_MALFORMED);
		return;
	}
	/* A total beyond the frame: a tool that cut the packet and its length. Goes as cut. */
	ww_cursor_limit(&cursor, total);
	uint16_t fragment = ww_be16_get(ip->fragment);
	packet->ip_version = 4;
	packet->proto = ip->proto;
	set_v4(&packet->src, ip->src);
	set_v4(&packet->dst, ip->dst);
	packet->ttl = ip->ttl;
	packet->tos = ip->tos;
	packet->ip_header_len = (uint8_t)header_len;
	packet->ip_id = ww_be16_get(ip->id);
	packet->fragment_offset = (fragment & 0x1fffu) * 8;
	packet->more_fragments = (fragment & 0x2000) != 0;
	packet->is_fragment = (fragment & 0x3fff) != 0;
	packet->network = cursor.at;
	packet->network_len = cursor.captured;
	if (!ww_cursor_peek(&cursor, header_len)) {
		ww_packet_stop_short(packet, WW_LAYER_NETWORK, &cursor, header_len);
		return;
	}
	ww_cursor_skip(&cursor, header_len);
	decode_transport(cursor, packet);
}

/* The length of the extension header at the cursor, 0 when `next` is none. */
static uint32_t extension_len(uint8_t next, const uint8_t *header)
{
	switch (next) {
	case IPV6_HOP_BY_HOP:
	case IPV6_ROUTING:
	case IPV6_DESTINATION:
	case IPV6_MOBILITY:
	case IPV6_HIP:
	case IPV6_SHIM6: return (header[1] + 1u) * 8;
	case IPV6_AUTHENTICATION: return (header[1] + 2u) * 4; /* RFC 4302, 2.2 */
	case IPV6_FRAGMENT: return sizeof(struct ww_wire_ipv6_fragment);
	default: return 0;
	}
}

static void note_fragment(const struct ww_wire_ipv6_fragment *header, struct ww_packet *packet)
{
	uint16_t fragment = ww_be16_get(header->fragment);
	packet->ip_id = ww_be32_get(header->id);
	packet->fragment_offset = fragment & 0xfff8u;
	packet->more_fragments = fragment & 1;
	/* Offset 0 and no more: an atomic fragment is a whole packet (RFC 6946). */
	packet->is_fragment = (fragment & 0xfff9) != 0;
}

/* Walks the extension headers; false after ww_packet_stop. */
static bool skip_extensions(struct ww_cursor *cursor, struct ww_packet *packet)
{
	static const uint8_t any[8];
	for (int n = 0; extension_len(packet->proto, any) != 0 && !packet->is_fragment; n++) {
		if (n == WW_EXTENSIONS_MAX) {
			ww_packet_name(packet, WW_NUMBERING_LAYERS, 0);
			ww_packet_stop(packet, WW_LAYER_NETWORK, WW_OUTCOME_UNSUPPORTED);
			return false;
		}
		const uint8_t *header = ww_cursor_peek(cursor, 8);
		uint32_t len = header ? extension_len(packet->proto, header) : 8;
		if (!header || cursor->captured < len) {
			ww_packet_stop_short(packet, WW_LAYER_NETWORK, cursor, len);
			return false;
		}
		if (packet->proto == IPV6_FRAGMENT)
			note_fragment((const struct ww_wire_ipv6_fragment *)header, packet);
		packet->proto = header[0];
		ww_cursor_skip(cursor, len);
	}
	return true;
}

static void decode_ipv6(struct ww_cursor cursor, struct ww_packet *packet)
{
	const struct ww_wire_ipv6 *ip = ww_cursor_peek(&cursor, sizeof(*ip));
	if (!ip) {
		ww_packet_stop_short(packet, WW_LAYER_NETWORK, &cursor, sizeof(*ip));
		return;
	}
	uint32_t first = ww_be32_get(ip->version_class_flow);
	if (first >> 28 != 6) {
		ww_packet_stop(packet, WW_LAYER_NETWORK, WW_OUTCOME_MALFORMED);
		return;
	}
	/* 0: a jumbogram (RFC 2675) or segmentation left to the network card. */
	uint32_t payload_len = ww_be16_get(ip->payload_len);
	if (payload_len != 0)
		ww_cursor_limit(&cursor, sizeof(*ip) + payload_len);
	packet->ip_version = 6;
	packet->proto = ip->next;
	memcpy(packet->src.b, ip->src, 16);
	memcpy(packet->dst.b, ip->dst, 16);
	packet->ttl = ip->hop_limit;
	packet->tos = (uint8_t)(first >> 20);
	packet->ip_header_len = sizeof(*ip);
	packet->network = cursor.at;
	packet->network_len = cursor.captured;
	ww_cursor_skip(&cursor, sizeof(*ip));
	if (skip_extensions(&cursor, packet))
		decode_transport(cursor, packet);
}

static void decode_arp(struct ww_cursor cursor, struct ww_packet *packet)
{
	packet->is_arp = true;
	/* RFC 826: up to the lengths and the operation. */
	if (!ww_cursor_peek(&cursor, 8))
		ww_packet_stop_short(packet, WW_LAYER_NETWORK, &cursor, 8);
}

static void decode_network(struct ww_cursor cursor, uint16_t type, struct ww_packet *packet)
{
	if (type == WW_ETHER_SOME_IP) {
		const uint8_t *first = ww_cursor_peek(&cursor, 1);
		type = first && *first >> 4 == 6 ? WW_ETHER_IPV6 : WW_ETHER_IPV4;
	}
	switch (type) {
	case WW_ETHER_IPV4: decode_ipv4(cursor, packet); return;
	case WW_ETHER_IPV6: decode_ipv6(cursor, packet); return;
	case WW_ETHER_ARP: decode_arp(cursor, packet); return;
	case WW_ETHER_UNSUPPORTED: break;
	default: ww_packet_name(packet, WW_NUMBERING_ETHER, type); break;
	}
	ww_packet_stop(packet, WW_LAYER_NETWORK, WW_OUTCOME_UNSUPPORTED);
}

bool ww_packet_enter(struct ww_packet *packet, enum ww_encapsulation encapsulation)
{
	packet->encapsulations |= (uint16_t)(1u << encapsulation);
	if (packet->n_layers < WW_LAYERS_MAX) {
		packet->n_layers++;
		return true;
	}
	ww_packet_name(packet, WW_NUMBERING_LAYERS, 0);
	ww_packet_stop(packet, WW_LAYER_LINK, WW_OUTCOME_UNSUPPORTED);
	return false;
}

bool ww_packet_decode_inner(struct ww_cursor cursor, uint16_t type, struct ww_packet *packet)
{
	struct ww_packet outer = *packet;
	begin(packet, outer.time_us, outer.frame);
	packet->n_layers = outer.n_layers;
	packet->encapsulations = outer.encapsulations;
	/* Named already, when the tunnel's header said that it is none of ours. */
	packet->unsupported_in = outer.unsupported_in;
	packet->unsupported = outer.unsupported;
	if (ww_ether_decode(&cursor, type, &type, packet))
		decode_network(cursor, type, packet);
	if (packet->ip_version != 0) {
		/* Tunnels further in have set it for themselves, and it is set anew. */
		packet->outer_offset = (uint32_t)(packet->network - outer.network) & 0xffffff;
		return true;
	}
	if (packet->is_arp)
		return true;
	outer.n_layers = packet->n_layers;
	outer.encapsulations = packet->encapsulations;
	outer.unsupported_in = packet->unsupported_in;
	outer.unsupported = packet->unsupported;
	outer.outcome = packet->outcome;
	outer.outcome_layer = packet->outcome_layer;
	*packet = outer;
	return false;
}

/* Apart from the short cut, so that its cursor stays in registers. */
static __attribute__((noinline)) void decode_link(
	const struct ww_frame *frame, struct ww_packet *packet)
{
	struct ww_cursor cursor = {frame->data, frame->captured, frame->length};
	uint16_t type;
	if (ww_link_decode(frame->link_type, &cursor, &type, packet))
		decode_network(cursor, type, packet);
}

void ww_packet_decode(const struct ww_frame *frame, struct ww_packet *ret)
{
	begin(ret, frame->time_us, frame->number);
	const struct ww_wire_ethernet *ethernet = (const void *)frame->data;
	const uint32_t len = sizeof(*ethernet);
	if (__builtin_expect(frame->link_type == LINKTYPE_ETHERNET && frame->captured >= len, 1) &&
		__builtin_expect(ww_be16_get(ethernet->type) == WW_ETHER_IPV4, 1))
		decode_ipv4((struct ww_cursor){frame->data + len, frame->captured - len,
				    frame->length - len},
			ret);
	else
		decode_link(frame, ret);
}

void ww_packet_decode_ip(const uint8_t *data, uint32_t captured, uint32_t length, int64_t time_us,
	uint64_t frame, struct ww_packet *ret)
{
	begin(ret, time_us, frame);
	decode_network((struct ww_cursor){data, captured, length}, WW_ETHER_SOME_IP, ret);
}

static void count_unsupported(struct ww_packet_counts *counts, const struct ww_packet *packet)
{
	for (uint32_t i = 0; i < counts->n_unsupported; i++) {
		struct ww_unsupported *known = &counts->unsupported[i];
		if (known->number == packet->unsupported && known->in == packet->unsupported_in) {
			known->packets++;
			return;
		}
	}
	if (counts->n_unsupported < WW_UNSUPPORTED_MAX)
		counts->unsupported[counts->n_unsupported++] =
			(struct ww_unsupported){packet->unsupported_in, packet->unsupported, 1};
	else
		counts->unsupported_others++;
}

void ww_packet_count_encapsulations(
	uint64_t counts[WW_ENCAPSULATION_COUNT], const struct ww_packet *packet)
{
	for (unsigned bits = packet->encapsulations; bits; bits &= bits - 1)
		counts[__builtin_ctz(bits)]++;
}

static __attribute__((noinline)) void count_rare(
	struct ww_packet_counts *counts, const struct ww_packet *packet)
{
	if (packet->outcome != WW_OUTCOME_OK)
		counts->outcomes[packet->outcome_layer][packet->outcome]++;
	if (packet->outcome == WW_OUTCOME_UNSUPPORTED)
		count_unsupported(counts, packet);
	ww_packet_count_encapsulations(counts->encapsulations, packet);
}

void ww_packet_count_other(struct ww_packet_counts *counts, const struct ww_packet *packet)
{
	counts->arp += packet->is_arp;
	counts->ipv4 += packet->ip_version == 4;
	counts->ipv6 += packet->ip_version == 6;
	counts->fragments += packet->is_fragment;
	counts->snapped += packet->payload_wire > packet->payload_len;
	if (packet->has_transport) {
		counts->tcp += packet->proto == WW_PROTO_TCP;
		counts->udp += packet->proto == WW_PROTO_UDP;
		counts->icmp += packet->proto == WW_PROTO_ICMP || packet->proto == WW_PROTO_ICMPV6;
	}
	if (__builtin_expect((packet->outcome | packet->encapsulations) != 0, 0))
		count_rare(counts, packet);
}

bool ww_packet_outer(const struct ww_packet *packet, struct ww_ip *ret_src, struct ww_ip *ret_dst)
{
	if (packet->outer_offset == 0)
		return false;
	/* It was read on the way in, so it is there. */
	const uint8_t *outer = packet->network - packet->outer_offset;
	if (*outer >> 4 == 4) {
		const struct ww_wire_ipv4 *ip = (const void *)outer;
		set_v4(ret_src, ip->src);
		set_v4(ret_dst, ip->dst);
	} else {
		const struct ww_wire_ipv6 *ip = (const void *)outer;
		memcpy(ret_src->b, ip->src, sizeof(ret_src->b));
		memcpy(ret_dst->b, ip->dst, sizeof(ret_dst->b));
	}
	return true;
}
