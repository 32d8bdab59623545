// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Tunnels: packets inside IP packets, by IP protocol (certain) or by UDP port (a hint that the
 * header must confirm). Checksums, keys and sequence numbers are skipped, not judged: whoever
 * receives the tunnel does that, and a capture may well begin in the middle.
 */
#include "wire/packet/packet-private.h"

#include <string.h>

enum {
	PROTO_IPV4 = 4,
	PROTO_IPV6 = 41,
	PROTO_GRE = 47,
	PROTO_AUTHENTICATION = 51,
	PROTO_ETHERIP = 97,
	PROTO_MPLS = 137,
	PROTO_ETHERNET = 143,

	GRE_CHECKSUM = 0x8000,
	GRE_ROUTING = 0x4000,
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	GRE_ACKNOWLEDGE = 0x0080, /* of version 1 */
	GRE_VERSION = 7,
	GRE_ROUTES_MAX = 16,

	TYPE_ERSPAN = 0x88be, /* I and II */
	TYPE_ERSPAN_3 = 0x22eb,
	TYPE_WCCP = 0x883e,
};

/* What a tunnel's header says. */
struct tunnel {
	enum ww_encapsulation encapsulation;
	uint16_t type; /* of what is inside, WW_ETHER_* */
};

static bool is_malformed(struct ww_packet *packet)
{
	ww_packet_stop(packet, WW_LAYER_LINK, WW_OUTCOME_MALFORMED);
	return false;
}

/* ---- GRE ---- */

/*
 * ERSPAN (draft-foschiano-erspan), a mirrored frame behind GRE. Type I has no header of its own
 * and no GRE sequence number; type II and III, in words:
 *
 *   |version:4 VLAN:12|CoS:3 En:2 T:1 session:10|  reserved:12  index:20 |
 *   |version:4 VLAN:12|CoS:3 BSO:2 T:1 session:10| timestamp |SGT:16|P:1 FT:5 HW:6 D:1 Gra:2 O:1|
 *
 * and eight bytes more when O is set.
 */
static bool decode_erspan(struct ww_cursor *cursor, uint16_t type, bool has_sequence,
	struct tunnel *ret, struct ww_packet *packet)
{
	enum { VERSION_2 = 1, VERSION_3 = 2, FRAME_ETHERNET = 0, FRAME_IP = 2 };
	ret->encapsulation = WW_ENCAPSULATION_ERSPAN;
	ret->type = WW_ETHER_FRAME;
	if (type == TYPE_ERSPAN && !has_sequence)
		return true;
	const uint8_t *header = ww_cursor_take(cursor, type == TYPE_ERSPAN ? 8 : 12, packet);
	if (!header)
		return false;
	if (header[0] >> 4 != (type == TYPE_ERSPAN ? VERSION_2 : VERSION_3))
		return is_malformed(packet);
	if (type == TYPE_ERSPAN)
		return true;
	uint8_t frame = header[10] >> 2 & 0x1f;
	if (frame == FRAME_IP) {
		ret->type = WW_ETHER_SOME_IP;
	} else if (frame != FRAME_ETHERNET) {
		ret->type = WW_ETHER_UNSUPPORTED;
		ww_packet_name(packet, WW_NUMBERING_ERSPAN, frame);
	}
	return !(header[11] & 1) || ww_cursor_take(cursor, 8, packet);
}

/* RFC 1701: {family:2 offset:1 length:1 addresses}, up to one that is 0 and empty. */
static bool skip_routes(struct ww_cursor *cursor, struct ww_packet *packet)
{
	for (int n = 0; n < GRE_ROUTES_MAX; n++) {
		const uint8_t *route = ww_cursor_take(cursor, 4, packet);
		if (!route)
			return false;
		if (route[0] == 0 && route[1] == 0 && route[3] == 0)
			return true;
		if (!ww_cursor_take(cursor, route[3], packet))
			return false;
	}
	return is_malformed(packet);
}

/* RFC 2637, 4.1: key (length of the payload, call), sequence and acknowledgment; PPP inside. */
static bool decode_pptp(struct ww_cursor *cursor, uint16_t flags, uint16_t type, struct tunnel *ret,
	struct ww_packet *packet)
{
	uint32_t len = 4 + (flags & GRE_SEQUENCE ? 4 : 0) + (flags & GRE_ACKNOWLEDGE ? 4 : 0);
	ret->encapsulation = WW_ENCAPSULATION_PPTP;
	ret->type = WW_ETHER_PPP;
	if (type != WW_ETHER_PPP || !(flags & GRE_KEY) || flags & (GRE_CHECKSUM | GRE_ROUTING))
		return is_malformed(packet);
	const uint8_t *key = ww_cursor_take(cursor, len, packet);
	if (!key)
		return false;
	uint32_t payload = (uint32_t)key[0] << 8 | key[1];
	if (payload < cursor->wire)
		ww_cursor_limit(cursor, payload);
	return true;
}

/* RFC 2784, 2890; NVGRE (RFC 7637) is bridged Ethernet with a key. */
static bool decode_gre(struct ww_cursor *cursor, struct tunnel *ret, struct ww_packet *packet)
{
	const struct ww_wire_gre *header = ww_cursor_take(cursor, sizeof(*header), packet);
	if (!header)
		return false;
	uint16_t flags = ww_be16_get(header->flags);
	uint16_t type = ww_be16_get(header->type);
	if ((flags & GRE_VERSION) == 1)
		return decode_pptp(cursor, flags, type, ret, packet);
	if ((flags & GRE_VERSION) != 0)
		return is_malformed(packet);
	uint32_t len = (flags & (GRE_CHECKSUM | GRE_ROUTING) ? 4 : 0) + (flags & GRE_KEY ? 4 : 0) +
		       (flags & GRE_SEQUENCE ? 4 : 0);
	if (!ww_cursor_take(cursor, len, packet) ||
		(flags & GRE_ROUTING && !skip_routes(cursor, packet)))
		return false;
	if (type == TYPE_ERSPAN || type == TYPE_ERSPAN_3)
		return decode_erspan(cursor, type, flags & GRE_SEQUENCE, ret, packet);
	ret->encapsulation = WW_ENCAPSULATION_GRE;
	ret->type = type;
	if (type == TYPE_WCCP) {
		/* Version 2 has four bytes of its own, whose first nibble is not 4. */
		const uint8_t *first = ww_cursor_peek(cursor, 1);
		ret->type = WW_ETHER_IPV4;
		return (first && *first >> 4 == 4) || ww_cursor_take(cursor, 4, packet);
	}
	if (type < WW_ETHER_LEAST) {
		ret->type = WW_ETHER_UNSUPPORTED;
		ww_packet_name(packet, WW_NUMBERING_ETHER, type);
	}
	return true;
}

/* ---- by IP protocol ---- */

/* RFC 3378: version 3, twelve bits of 0. */
static bool decode_etherip(struct ww_cursor *cursor, struct ww_packet *packet)
{
	const uint8_t *header = ww_cursor_take(cursor, 2, packet);
	if (!header)
		return false;
	return (header[0] == 0x30 && header[1] == 0) || is_malformed(packet);
}

/* RFC 4302: an IPv4 packet's goes on behind it; in IPv6 it is an extension header. */
static void skip_authentication(struct ww_cursor cursor, struct ww_packet *packet)
{
	const uint8_t *header = ww_cursor_peek(&cursor, 8);
	uint32_t len = header ? (header[1] + 2u) * 4 : 8;
	if (!header || cursor.captured < len) {
		ww_packet_stop_short(packet, WW_LAYER_NETWORK, &cursor, len);
		return;
	}
	ww_cursor_skip(&cursor, len);
	packet->proto = header[0];
	if (packet->proto == PROTO_AUTHENTICATION) {
		ww_packet_name(packet, WW_NUMBERING_IP, PROTO_AUTHENTICATION);
		ww_packet_stop(packet, WW_LAYER_TRANSPORT, WW_OUTCOME_UNSUPPORTED);
		return;
	}
	ww_packet_decode_transport(cursor, packet);
}

void ww_tunnel_ip(struct ww_cursor cursor, struct ww_packet *packet)
{
	struct tunnel tunnel = {WW_ENCAPSULATION_ETHERIP, WW_ETHER_FRAME};
	bool ok = true;
	switch (packet->proto) {
	case PROTO_IPV4:
		tunnel = (struct tunnel){WW_ENCAPSULATION_IPV4_IN_IP, WW_ETHER_IPV4}; /* RFC 2003 */
		break;
	case PROTO_IPV6:
		tunnel = (struct tunnel){WW_ENCAPSULATION_IPV6_IN_IP, WW_ETHER_IPV6}; /* RFC 4213 */
		break;
	case PROTO_GRE: ok = decode_gre(&cursor, &tunnel, packet); break;
	case PROTO_ETHERIP: ok = decode_etherip(&cursor, packet); break;
	case PROTO_ETHERNET: break; /* RFC 8986 */
	case PROTO_MPLS:
		tunnel = (struct tunnel){WW_ENCAPSULATION_MPLS, WW_ETHER_MPLS}; /* RFC 4023 */
		break;
	case PROTO_AUTHENTICATION:
		if (packet->ip_version == 4) {
			skip_authentication(cursor, packet);
			return;
		}
		/* fall through */
	default:
		ww_packet_name(packet, WW_NUMBERING_IP, packet->proto);
		ww_packet_stop(packet, WW_LAYER_TRANSPORT, WW_OUTCOME_UNSUPPORTED);
		return;
	}
	/* Labels count themselves. An empty PPTP packet acknowledges, and carries nothing. */
	if (!ok || (tunnel.encapsulation != WW_ENCAPSULATION_MPLS &&
			   !ww_packet_enter(packet, tunnel.encapsulation)))
		return;
	if (tunnel.encapsulation != WW_ENCAPSULATION_PPTP || cursor.wire != 0)
		ww_packet_decode_inner(cursor, tunnel.type, packet);
}

/* ---- by UDP port ---- */

/*
 * RFC 7348: 08, and 0 wherever nothing stands. The group policy extension sets 80 in the first
 * byte, and 40 or 08 in the second, before a group.
 *
 *   |flags|policy| group |  network id  |0|
 */
static bool is_vxlan(struct ww_cursor *cursor, struct tunnel *ret)
{
	const struct ww_wire_vxlan *header = ww_cursor_peek(cursor, sizeof(*header));
	if (!header || header->reserved != 0)
		return false;
	if (header->flags == 0x88 ? (header->policy & ~0x48) != 0
				  : header->flags != 0x08 || header->policy || header->group[0] ||
					    header->group[1])
		return false;
	*ret = (struct tunnel){WW_ENCAPSULATION_VXLAN, WW_ETHER_FRAME};
	ww_cursor_skip(cursor, sizeof(*header));
	return true;
}

/* draft-ietf-nvo3-vxlan-gpe: flags 0x0c (a network, a next protocol), perhaps 2 and 1. */
static bool is_vxlan_gpe(struct ww_cursor *cursor, struct tunnel *ret)
{
	static const uint16_t types[] = {WW_ETHER_UNSUPPORTED, WW_ETHER_IPV4, WW_ETHER_IPV6,
		WW_ETHER_FRAME, WW_ETHER_NSH, WW_ETHER_MPLS};
	const struct ww_wire_vxlan *header = ww_cursor_peek(cursor, sizeof(*header));
	if (!header || (header->flags & 0xfc) != 0x0c || header->policy || header->group[0] ||
		header->reserved || header->group[1] == 0 || header->group[1] >= WW_N(types))
		return false;
	*ret = (struct tunnel){WW_ENCAPSULATION_VXLAN, types[header->group[1]]};
	ww_cursor_skip(cursor, sizeof(*header));
	return true;
}

/* RFC 8926, 3.4 */
static bool is_geneve(struct ww_cursor *cursor, struct tunnel *ret)
{
	const struct ww_wire_geneve *header = ww_cursor_peek(cursor, sizeof(*header));
	if (!header || header->version_len >> 6 != 0 || header->flags & 0x3f || header->reserved)
		return false;
	uint32_t len = sizeof(*header) + (header->version_len & 0x3fu) * 4;
	uint16_t type = ww_be16_get(header->type);
	if (cursor->captured < len || type < WW_ETHER_LEAST)
		return false;
	*ret = (struct tunnel){WW_ENCAPSULATION_GENEVE, type};
	ww_cursor_skip(cursor, len);
	return true;
}

/*
 * RFC 4380, 5.1.1: an IPv6 packet, behind an authentication (00 01, lengths of client and value,
 * nonce:8 confirmation:1) and an origin indication (00 00 port:2 address:4), or neither. Of its
 * addresses one is Teredo's (2001:0::/32) or, when a client asks its server, link-local.
 */
static bool is_teredo(struct ww_cursor *cursor, struct tunnel *ret)
{
	enum { AUTHENTICATION = 13, ORIGIN = 8 };
	static const uint8_t prefix[4] = {0x20, 0x01};
	const uint8_t *head = ww_cursor_peek(cursor, 4);
	if (head && head[0] == 0 && head[1] == 1) {
		uint32_t len = AUTHENTICATION + (uint32_t)head[2] + head[3];
		if (!ww_cursor_peek(cursor, len))
			return false;
		ww_cursor_skip(cursor, len);
		head = ww_cursor_peek(cursor, 4);
	}
	if (head && head[0] == 0 && head[1] == 0) {
		if (!ww_cursor_peek(cursor, ORIGIN))
			return false;
		ww_cursor_skip(cursor, ORIGIN);
	}
	const struct ww_wire_ipv6 *ip = ww_cursor_peek(cursor, sizeof(*ip));
	if (!ip || ww_be32_get(ip->version_class_flow) >> 28 != 6 ||
		sizeof(*ip) + ww_be16_get(ip->payload_len) > cursor->wire)
		return false;
	bool link_local = ip->src[0] == 0xfe && (ip->src[1] & 0xc0) == 0x80;
	if (!link_local && memcmp(ip->src, prefix, sizeof(prefix)) != 0 &&
		memcmp(ip->dst, prefix, sizeof(prefix)) != 0)
		return false;
	*ret = (struct tunnel){WW_ENCAPSULATION_TEREDO, WW_ETHER_IPV6};
	return true;
}

static bool is_tunnel(
	struct ww_cursor *cursor, uint16_t port, struct tunnel *ret, struct ww_packet *packet)
{
	switch (port) {
	case WW_PORT_VXLAN:
	case WW_PORT_VXLAN_OLD: return is_vxlan(cursor, ret);
	case WW_PORT_VXLAN_GPE: return is_vxlan_gpe(cursor, ret);
	case WW_PORT_GENEVE: return is_geneve(cursor, ret);
	case WW_PORT_GRE: return decode_gre(cursor, ret, packet); /* RFC 8086 */
	case WW_PORT_MPLS:
		/* RFC 7510 */
		*ret = (struct tunnel){WW_ENCAPSULATION_MPLS, WW_ETHER_MPLS};
		return true;
	default: return is_teredo(cursor, ret);
	}
}

void ww_tunnel_udp(struct ww_cursor cursor, struct ww_packet *packet)
{
	struct tunnel tunnel;
	const struct ww_packet udp = *packet;
	if (is_tunnel(&cursor, packet->dport, &tunnel, packet) &&
		(tunnel.encapsulation == WW_ENCAPSULATION_MPLS ||
			ww_packet_enter(packet, tunnel.encapsulation)) &&
		ww_packet_decode_inner(cursor, tunnel.type, packet))
		return;
	/* Not a tunnel after all; but that there were too many is worth saying. */
	bool too_many = packet->unsupported_in == WW_NUMBERING_LAYERS;
	*packet = udp;
	if (too_many) {
		ww_packet_name(packet, WW_NUMBERING_LAYERS, 0);
		ww_packet_stop(packet, WW_LAYER_LINK, WW_OUTCOME_UNSUPPORTED);
	}
}
