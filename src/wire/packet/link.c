// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Link layers. The table is link.def; each decoder takes its header off the cursor and tells what
 * follows in the numbers of Ethernet.
 */
#include "wire/packet/packet-private.h"

typedef bool link_decoder(struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet);

enum {
	PPP_IPV4 = 0x0021,
	PPP_IPV6 = 0x0057,
};

/* Takes n bytes off; NULL, and the outcome set, when they are not there. */
static const void *take(struct ww_cursor *cursor, uint32_t n, struct ww_packet *packet)
{
	const void *header = ww_cursor_peek(cursor, n);
	if (!header)
		ww_packet_stop_short(packet, WW_LAYER_LINK, cursor, n);
	else
		ww_cursor_skip(cursor, n);
	return header;
}

/* RFC 1661; the protocol may be compressed to one byte, which is then odd. */
static bool decode_ppp_protocol(
	struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	const uint8_t *first = ww_cursor_peek(cursor, 1);
	uint32_t n = first && (*first & 1) ? 1 : 2;
	const uint8_t *header = take(cursor, n, packet);
	if (!header)
		return false;
	switch (n == 1 ? header[0] : header[0] << 8 | header[1]) {
	case PPP_IPV4: *ret_type = WW_ETHER_IPV4; break;
	case PPP_IPV6: *ret_type = WW_ETHER_IPV6; break;
	default: *ret_type = WW_ETHER_UNSUPPORTED; break;
	}
	return true;
}

static bool decode_pppoe(struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	const struct ww_wire_pppoe *header = take(cursor, sizeof(*header), packet);
	if (!header)
		return false;
	if (header->version_type != 0x11) {
		ww_packet_stop(packet, WW_LAYER_LINK, WW_OUTCOME_MALFORMED);
		return false;
	}
	/* Codes other than 0 are discovery. A length beyond the frame is left to IP to notice. */
	uint16_t len = ww_be16_get(header->len);
	if (header->code != 0 || len < 2) {
		*ret_type = WW_ETHER_UNSUPPORTED;
		return true;
	}
	if (len < cursor->wire)
		ww_cursor_limit(cursor, len);
	return decode_ppp_protocol(cursor, ret_type, packet);
}

/* What stands behind an Ethernet type: tags, PPPoE. */
static bool decode_type(
	struct ww_cursor *cursor, uint16_t type, uint16_t *ret_type, struct ww_packet *packet)
{
	int n_tags = 0;
	while (type == WW_ETHER_VLAN || type == WW_ETHER_QINQ || type == WW_ETHER_QINQ_OLD) {
		if (++n_tags > WW_VLAN_MAX) {
			ww_packet_stop(packet, WW_LAYER_LINK, WW_OUTCOME_UNSUPPORTED);
			return false;
		}
		const struct ww_wire_vlan *vlan = take(cursor, sizeof(*vlan), packet);
		if (!vlan)
			return false;
		type = ww_be16_get(vlan->type);
	}
	if (type == WW_ETHER_PPPOE)
		return decode_pppoe(cursor, ret_type, packet);
	/* Below 1536 it is a length: 802.3 with LLC, which carries no IP that anybody sends. */
	*ret_type = type < 1536 ? WW_ETHER_UNSUPPORTED : type;
	return true;
}

static bool decode_ethernet(struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	const struct ww_wire_ethernet *header = take(cursor, sizeof(*header), packet);
	return header && decode_type(cursor, ww_be16_get(header->type), ret_type, packet);
}

static bool decode_raw(struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	*ret_type = WW_ETHER_SOME_IP;
	return true;
}

/*
 * Four bytes of address family, in the byte order of the machine that captured (LINKTYPE_NULL)
 * or of the network (LOOP). AF_INET is 2 everywhere; AF_INET6 is 10, 24, 28 or 30.
 */
static bool decode_null(struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	const struct ww_be32 *header = take(cursor, sizeof(*header), packet);
	if (!header)
		return false;
	uint32_t family = ww_be32_get(*header);
	if (family > 0xffff)
		family = __builtin_bswap32(family);
	switch (family) {
	case 2: *ret_type = WW_ETHER_IPV4; break;
	case 10:
	case 24:
	case 28:
	case 30: *ret_type = WW_ETHER_IPV6; break;
	default: *ret_type = WW_ETHER_UNSUPPORTED; break;
	}
	return true;
}

static bool decode_sll(struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	const struct ww_wire_sll *header = take(cursor, sizeof(*header), packet);
	return header && decode_type(cursor, ww_be16_get(header->type), ret_type, packet);
}

static bool decode_sll2(struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	const struct ww_wire_sll2 *header = take(cursor, sizeof(*header), packet);
	return header && decode_type(cursor, ww_be16_get(header->type), ret_type, packet);
}

/* Cisco HDLC: address 0f or 8f, control 0, then an Ethernet type. */
static bool decode_chdlc(struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	const uint8_t *header = take(cursor, 4, packet);
	return header &&
	       decode_type(cursor, (uint16_t)(header[2] << 8 | header[3]), ret_type, packet);
}

/* RFC 1662: address ff and control 03 may stand in front, or be compressed away. */
static bool decode_ppp(struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	const uint8_t *framing = ww_cursor_peek(cursor, 1);
	if (framing && (framing[0] == 0x0f || framing[0] == 0x8f))
		return decode_chdlc(cursor, ret_type, packet);
	if (framing && framing[0] == 0xff && !take(cursor, 2, packet))
		return false;
	return decode_ppp_protocol(cursor, ret_type, packet);
}

static const struct {
	uint16_t number;
	link_decoder *decode;
} links[] = {
#define WW_LINK(number_, name_, decode_) {number_, decode_},
#include "wire/packet/link.def"
#undef WW_LINK
};

bool ww_link_decode(
	uint16_t link_type, struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	for (size_t i = 0; i < WW_N(links); i++)
		if (links[i].number == link_type)
			return links[i].decode(cursor, ret_type, packet);
	ww_packet_stop(packet, WW_LAYER_LINK, WW_OUTCOME_UNSUPPORTED);
	return false;
}

const char *ww_link_name(uint16_t link_type)
{
	static const struct {
		uint16_t number;
		const char *name;
	} names[] = {
#define WW_LINK(number_, name_, decode_) {number_, name_},
#include "wire/packet/link.def"
#undef WW_LINK
	};
	for (size_t i = 0; i < WW_N(names); i++)
		if (names[i].number == link_type)
			return names[i].name;
	return NULL;
}
