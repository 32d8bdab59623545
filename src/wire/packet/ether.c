// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What may stand behind an Ethernet type and before IP: tags of bridges, LLC, PPPoE and PPP, MPLS
 * labels, a service function's header, another Ethernet frame. Each takes its header off and tells
 * the next type; ww_ether_decode goes on until there is none of these.
 */
#include "wire/packet/packet-private.h"

enum {
	PPP_IPV4 = 0x0021,
	PPP_IPV6 = 0x0057,
	PPP_MPLS = 0x0281,
	PPP_MPLS_MULTICAST = 0x0283,

	/* RFC 3032, 2.1; RFC 5586 */
	LABEL_IPV4 = 0,
	LABEL_IPV6 = 2,
	LABEL_ASSOCIATED_CHANNEL = 13,
};

static uint16_t unsupported(struct ww_packet *packet, enum ww_numbering numbering, uint16_t number)
{
	ww_packet_name(packet, numbering, number);
	return WW_ETHER_UNSUPPORTED;
}

uint16_t ww_ether_type(struct ww_cursor *cursor, struct ww_be16 type)
{
	uint16_t number = ww_be16_get(type);
	if (number >= WW_ETHER_LEAST)
		return number;
	/* What lies behind the length is padding. */
	if (number < cursor->wire)
		ww_cursor_limit(cursor, number);
	return WW_ETHER_LLC;
}

static bool decode_frame(struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	const struct ww_wire_ethernet *header = ww_cursor_take(cursor, sizeof(*header), packet);
	if (!header)
		return false;
	*ret_type = ww_ether_type(cursor, header->type);
	return true;
}

/*
 * A tag of `len` bytes, of which the last two are the type of what follows. 802.1Q: 4 with what
 * stands before the type; VN-Tag (Cisco): 6; E-Tag (802.1BR): 8.
 */
static bool decode_tag(struct ww_cursor *cursor, uint32_t len, enum ww_encapsulation encapsulation,
	uint16_t *ret_type, struct ww_packet *packet)
{
	if (!ww_packet_enter(packet, encapsulation))
		return false;
	const uint8_t *tag = ww_cursor_take(cursor, len, packet);
	if (!tag)
		return false;
	*ret_type = ww_ether_type(cursor, (struct ww_be16){{tag[len - 2], tag[len - 1]}});
	return true;
}

/*
 * Cisco's security group tag: version 1, length of the options in words, the options, the type.
 * Inside GRE the type comes first, which is not decoded.
 */
static bool decode_trustsec(struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	const uint8_t *header = ww_cursor_peek(cursor, 2);
	if (header && header[0] != 1) {
		*ret_type = unsupported(packet, WW_NUMBERING_ETHER, WW_ETHER_TRUSTSEC);
		return true;
	}
	uint32_t words = header ? header[1] : 0;
	return decode_tag(cursor, 4 + 4 * words, WW_ENCAPSULATION_BRIDGE_TAG, ret_type, packet);
}

/* 802.1ah: four bytes of service tag, then the customer's frame. */
static bool decode_mac_in_mac(
	struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	if (!ww_packet_enter(packet, WW_ENCAPSULATION_MAC_IN_MAC) ||
		!ww_cursor_take(cursor, 4, packet))
		return false;
	*ret_type = WW_ETHER_FRAME;
	return true;
}

/* RFC 1042 */
static bool decode_llc(struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	const struct ww_wire_llc *llc = ww_cursor_take(cursor, sizeof(*llc), packet);
	if (!llc)
		return false;
	if (llc->dst != 0xaa || llc->src != 0xaa || llc->control != 3) {
		*ret_type = unsupported(packet, WW_NUMBERING_LLC, llc->dst);
		return true;
	}
	const struct ww_wire_snap *snap = ww_cursor_take(cursor, sizeof(*snap), packet);
	if (!snap)
		return false;
	const uint8_t *organisation = snap->organisation;
	uint16_t type = ww_be16_get(snap->type);
	/* 0000f8 is 802.1H's, for types that must not be turned into Ethernet's own; 00000c
	 * Cisco's. */
	if (organisation[0] == 0 && organisation[1] == 0 && organisation[2] == 0x0c)
		*ret_type = unsupported(packet, WW_NUMBERING_ETHER, type);
	else if (organisation[0] || organisation[1] || (organisation[2] && organisation[2] != 0xf8))
		*ret_type = unsupported(packet, WW_NUMBERING_LLC, llc->dst);
	else if (type < WW_ETHER_LEAST)
		*ret_type = unsupported(packet, WW_NUMBERING_ETHER, type);
	else if (ww_packet_enter(packet, WW_ENCAPSULATION_LLC))
		*ret_type = type;
	else
		return false;
	return true;
}

/*
 * RFC 1661, 1662: ff 03 may stand in front; the protocol may be compressed to one byte, which is
 * then odd.
 */
static bool decode_ppp(struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	const uint8_t *framing = ww_cursor_peek(cursor, 1);
	if (framing && *framing == 0xff && !ww_cursor_take(cursor, 2, packet))
		return false;
	const uint8_t *first = ww_cursor_peek(cursor, 1);
	uint32_t n = first && (*first & 1) ? 1 : 2;
	const uint8_t *header = ww_cursor_take(cursor, n, packet);
	if (!header)
		return false;
	uint16_t protocol = (uint16_t)(n == 1 ? header[0] : header[0] << 8 | header[1]);
	switch (protocol) {
	case PPP_IPV4: *ret_type = WW_ETHER_IPV4; break;
	case PPP_IPV6: *ret_type = WW_ETHER_IPV6; break;
	case PPP_MPLS:
	case PPP_MPLS_MULTICAST: *ret_type = WW_ETHER_MPLS; break;
	default: *ret_type = unsupported(packet, WW_NUMBERING_PPP, protocol); break;
	}
	return true;
}

static bool decode_pppoe(struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	if (!ww_packet_enter(packet, WW_ENCAPSULATION_PPPOE))
		return false;
	const struct ww_wire_pppoe *header = ww_cursor_take(cursor, sizeof(*header), packet);
	if (!header)
		return false;
	if (header->version_type != 0x11) {
		ww_packet_stop(packet, WW_LAYER_LINK, WW_OUTCOME_MALFORMED);
		return false;
	}
	/* Codes other than 0 are discovery. A length beyond the frame is left to IP to notice. */
	uint16_t len = ww_be16_get(header->len);
	if (header->code != 0 || len < 2) {
		*ret_type = unsupported(packet, WW_NUMBERING_ETHER, WW_ETHER_PPPOE);
		return true;
	}
	if (len < cursor->wire)
		ww_cursor_limit(cursor, len);
	*ret_type = WW_ETHER_PPP;
	return true;
}

/* ---- MPLS ---- */

/* Whether an Ethernet frame may begin `at` bytes on: its type is one that networks carry. */
static bool is_frame(const struct ww_cursor *cursor, uint32_t at)
{
	const struct ww_wire_ethernet *ethernet;
	if (cursor->captured < at + sizeof(*ethernet) + sizeof(struct ww_wire_llc))
		return false;
	ethernet = (const void *)(cursor->at + at);
	const struct ww_wire_llc *llc = (const void *)(ethernet + 1);
	uint16_t type = ww_be16_get(ethernet->type);
	switch (type) {
	case WW_ETHER_IPV4:
	case WW_ETHER_ARP:
	case WW_ETHER_VLAN:
	case WW_ETHER_IPV6:
	case WW_ETHER_MPLS:
	case WW_ETHER_MPLS_MULTICAST:
	case WW_ETHER_PPPOE:
	case WW_ETHER_QINQ:
	case WW_ETHER_MAC_IN_MAC: return true;
	default: return type < WW_ETHER_LEAST && llc->dst == llc->src && llc->control == 3;
	}
}

/* Whether it looks like IP throughout. A header that is not all there does not. */
static bool is_ipv4(const struct ww_cursor *cursor)
{
	const struct ww_wire_ipv4 *ip = ww_cursor_peek(cursor, sizeof(*ip));
	if (!ip)
		return false;
	uint32_t total = ww_be16_get(ip->total_len);
	uint32_t header_len = (ip->version_len & 15u) * 4;
	return header_len >= sizeof(*ip) && (total == 0 || total >= header_len) &&
	       total <= cursor->wire;
}

static bool is_ipv6(const struct ww_cursor *cursor)
{
	const struct ww_wire_ipv6 *ip = ww_cursor_peek(cursor, sizeof(*ip));
	return ip && sizeof(*ip) + ww_be16_get(ip->payload_len) <= cursor->wire;
}

/*
 * Nothing in the packet says what is behind the labels; whoever gave them out knows. Routers that
 * must guess take the first nibble for an IP version (RFC 4928); 0 begins a pseudowire's control
 * word (RFC 4385), before an Ethernet frame if anything known, 1 a channel of operators (the same).
 * A frame without that word may begin with any nibble.
 *
 *    0                   1                   2                   3
 *   |0 0 0 0| flags |FRG|  length   |        sequence number        |
 */
static bool decode_behind_labels(
	struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	enum { LEAST = 4 + sizeof(struct ww_wire_ethernet) + sizeof(struct ww_wire_llc) };
	const uint8_t *first = ww_cursor_peek(cursor, 1);
	if (!first) {
		ww_packet_stop_short(packet, WW_LAYER_LINK, cursor, 1);
		return false;
	}
	uint8_t nibble = *first >> 4;
	bool frame = is_frame(cursor, 0);
	bool ip = nibble == 4 || nibble == 6;
	uint32_t ip_len = nibble == 4 ? sizeof(struct ww_wire_ipv4) : sizeof(struct ww_wire_ipv6);
	bool unseen = cursor->captured < LEAST && (!ip || cursor->wire < ip_len);
	bool sound = nibble == 4 ? is_ipv4(cursor) : is_ipv6(cursor);
	if (ip && (sound || (!frame && !unseen))) {
		*ret_type = nibble == 4 ? WW_ETHER_IPV4 : WW_ETHER_IPV6;
	} else if (nibble == 0 && is_frame(cursor, 4)) {
		ww_cursor_skip(cursor, 4);
		*ret_type = WW_ETHER_FRAME;
	} else if (frame) {
		*ret_type = WW_ETHER_FRAME;
	} else if (nibble != 1 && unseen) {
		ww_packet_stop_short(packet, WW_LAYER_LINK, cursor, LEAST);
		return false;
	} else {
		*ret_type = unsupported(packet, WW_NUMBERING_MPLS, 0);
	}
	return true;
}

/* RFC 3032. A stack of labels is one layer. */
static bool decode_mpls(struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	uint32_t word = 0;
	if (!ww_packet_enter(packet, WW_ENCAPSULATION_MPLS))
		return false;
	for (int n = 0; !(word & 0x100); n++) {
		if (n == WW_LABELS_MAX) {
			ww_packet_name(packet, WW_NUMBERING_LAYERS, 0);
			ww_packet_stop(packet, WW_LAYER_LINK, WW_OUTCOME_UNSUPPORTED);
			return false;
		}
		const struct ww_wire_label *label = ww_cursor_take(cursor, sizeof(*label), packet);
		if (!label)
			return false;
		word = ww_be32_get(label->word);
	}
	switch (word >> 12) {
	case LABEL_IPV4: *ret_type = WW_ETHER_IPV4; return true;
	case LABEL_IPV6: *ret_type = WW_ETHER_IPV6; return true;
	case LABEL_ASSOCIATED_CHANNEL:
		*ret_type = unsupported(packet, WW_NUMBERING_MPLS, 0);
		return true;
	default: return decode_behind_labels(cursor, ret_type, packet);
	}
}

/* ---- ---- */

/* RFC 8300; the next protocols are also those of VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe). */
static bool decode_nsh(struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	static const uint16_t types[] = {WW_ETHER_UNSUPPORTED, WW_ETHER_IPV4, WW_ETHER_IPV6,
		WW_ETHER_FRAME, WW_ETHER_NSH, WW_ETHER_MPLS};
	if (!ww_packet_enter(packet, WW_ENCAPSULATION_NSH))
		return false;
	const struct ww_wire_nsh *header = ww_cursor_peek(cursor, sizeof(*header));
	uint32_t len = header ? (ww_be16_get(header->first) & 0x3fu) * 4 : sizeof(*header);
	if (header && (ww_be16_get(header->first) >> 14 != 0 || len < sizeof(*header))) {
		ww_packet_stop(packet, WW_LAYER_LINK, WW_OUTCOME_MALFORMED);
		return false;
	}
	if (!ww_cursor_take(cursor, len, packet))
		return false;
	*ret_type = header->next < WW_N(types) ? types[header->next] : types[0];
	if (*ret_type == WW_ETHER_UNSUPPORTED)
		ww_packet_name(packet, WW_NUMBERING_ETHER, WW_ETHER_NSH);
	return true;
}

bool ww_ether_decode(
	struct ww_cursor *cursor, uint16_t type, uint16_t *ret_type, struct ww_packet *packet)
{
	for (bool more = true; more;) {
		switch (type) {
		case WW_ETHER_VLAN:
		case WW_ETHER_QINQ:
		case WW_ETHER_QINQ_OLD:
		case WW_ETHER_QINQ_OLDER:
			more = decode_tag(cursor, sizeof(struct ww_wire_vlan),
				WW_ENCAPSULATION_VLAN, &type, packet);
			break;
		case WW_ETHER_VNTAG:
			more = decode_tag(cursor, 6, WW_ENCAPSULATION_BRIDGE_TAG, &type, packet);
			break;
		case WW_ETHER_ETAG:
			more = decode_tag(cursor, 8, WW_ENCAPSULATION_BRIDGE_TAG, &type, packet);
			break;
		case WW_ETHER_TRUSTSEC: more = decode_trustsec(cursor, &type, packet); break;
		case WW_ETHER_FRAME: more = decode_frame(cursor, &type, packet); break;
		case WW_ETHER_MAC_IN_MAC: more = decode_mac_in_mac(cursor, &type, packet); break;
		case WW_ETHER_LLC: more = decode_llc(cursor, &type, packet); break;
		case WW_ETHER_PPP: more = decode_ppp(cursor, &type, packet); break;
		case WW_ETHER_PPPOE: more = decode_pppoe(cursor, &type, packet); break;
		case WW_ETHER_MPLS:
		case WW_ETHER_MPLS_MULTICAST: more = decode_mpls(cursor, &type, packet); break;
		case WW_ETHER_NSH: more = decode_nsh(cursor, &type, packet); break;
		default: *ret_type = type; return true;
		}
	}
	return false;
}
