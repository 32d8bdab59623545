// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Link layers. The table is link.def; each decoder takes its header off the cursor and tells what
 * follows in the numbers of Ethernet. What may stand behind such a number is ether.c's business.
 */
#include "wire/packet/packet-private.h"

typedef bool link_decoder(struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet);

static const struct link {
	uint16_t number;
	link_decoder *decode;
} * find_link(uint16_t number);

/* Numbers of Ethernet where no length can stand: those below 1536 have other meanings there. */
static uint16_t type_without_length(struct ww_be16 wire, struct ww_packet *packet)
{
	uint16_t type = ww_be16_get(wire);
	if (type >= WW_ETHER_LEAST)
		return type;
	ww_packet_name(packet, WW_NUMBERING_ETHER, type);
	return WW_ETHER_UNSUPPORTED;
}

static bool decode_ethernet(struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	*ret_type = WW_ETHER_FRAME;
	return true;
}

static bool decode_raw(struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	*ret_type = WW_ETHER_SOME_IP;
	return true;
}

static bool decode_pppoe(struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	*ret_type = WW_ETHER_PPPOE;
	return true;
}

/* RFC 2684: ATM's packets begin with LLC. */
static bool decode_llc(struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	*ret_type = WW_ETHER_LLC;
	return true;
}

/* AF_INET is 2 everywhere; AF_INET6 is 10, 24, 28 or 30. */
static uint16_t type_of_family(uint32_t family, struct ww_packet *packet)
{
	switch (family) {
	case 2: return WW_ETHER_IPV4;
	case 10:
	case 24:
	case 28:
	case 30: return WW_ETHER_IPV6;
	default: ww_packet_name(packet, WW_NUMBERING_ETHER, 0); return WW_ETHER_UNSUPPORTED;
	}
}

/*
 * Four bytes of address family, in the byte order of the machine that captured (LINKTYPE_NULL)
 * or of the network (LOOP).
 */
static bool decode_null(struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	const struct ww_be32 *header = ww_cursor_take(cursor, sizeof(*header), packet);
	if (!header)
		return false;
	uint32_t family = ww_be32_get(*header);
	if (family > 0xffff)
		family = __builtin_bswap32(family);
	*ret_type = type_of_family(family, packet);
	return true;
}

/* In the place of the type 1 is IEEE 802.3 without LLC (IPX), 4 is LLC. */
static uint16_t cooked_type(struct ww_be16 type, struct ww_packet *packet)
{
	return ww_be16_get(type) == 4 ? WW_ETHER_LLC : type_without_length(type, packet);
}

static bool decode_sll(struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	const struct ww_wire_sll *header = ww_cursor_take(cursor, sizeof(*header), packet);
	if (!header)
		return false;
	*ret_type = cooked_type(header->type, packet);
	return true;
}

static bool decode_sll2(struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	const struct ww_wire_sll2 *header = ww_cursor_take(cursor, sizeof(*header), packet);
	if (!header)
		return false;
	*ret_type = cooked_type(header->type, packet);
	return true;
}

/* Cisco HDLC: address 0f or 8f, control 0, then an Ethernet type. */
static bool decode_chdlc(struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	const uint8_t *header = ww_cursor_take(cursor, 4, packet);
	if (!header)
		return false;
	*ret_type = type_without_length((struct ww_be16){{header[2], header[3]}}, packet);
	return true;
}

/* In `PPP' captures Cisco HDLC may stand as well. */
static bool decode_ppp(struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	const uint8_t *framing = ww_cursor_peek(cursor, 1);
	if (framing && (framing[0] == 0x0f || framing[0] == 0x8f))
		return decode_chdlc(cursor, ret_type, packet);
	*ret_type = WW_ETHER_PPP;
	return true;
}

/*
 * LINKTYPE_NFLOG, packets that a firewall rule logged: family, version 0, two bytes of group; then
 * fields of {length:2 type:2 value}, each padded to four bytes, length and type in the byte order
 * of the machine that captured. Type 9 is the packet.
 */
static bool decode_nflog(struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	enum { FIELD = 4, PACKET = 9 };
	const uint8_t *header = ww_cursor_take(cursor, 4, packet);
	if (!header)
		return false;
	*ret_type = type_of_family(header[0], packet);
	while (cursor->wire > 0) {
		const uint8_t *field = ww_cursor_take(cursor, FIELD, packet);
		if (!field)
			return false;
		/* Lengths below 256 and types have a byte that is 0 on one side. */
		bool little = field[3] == 0;
		uint32_t len = little ? (uint32_t)field[1] << 8 | field[0]
				      : (uint32_t)field[0] << 8 | field[1];
		uint8_t type = little ? field[2] : field[3];
		if (len < FIELD) {
			ww_packet_stop(packet, WW_LAYER_LINK, WW_OUTCOME_MALFORMED);
			return false;
		}
		len -= FIELD;
		if (type == PACKET) {
			if (len < cursor->wire)
				ww_cursor_limit(cursor, len);
			return true;
		}
		if (!ww_cursor_take(cursor, (len + 3) & ~3u, packet))
			return false;
	}
	ww_packet_name(packet, WW_NUMBERING_LINK, LINKTYPE_NFLOG);
	*ret_type = WW_ETHER_UNSUPPORTED;
	return true;
}

/* LINKTYPE_PFLOG: its length first, the address family; the header is padded to four bytes. */
static bool decode_pflog(struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	const uint8_t *header = ww_cursor_peek(cursor, 2);
	if (!header) {
		ww_packet_stop_short(packet, WW_LAYER_LINK, cursor, 2);
		return false;
	}
	if (header[0] < 4) {
		ww_packet_stop(packet, WW_LAYER_LINK, WW_OUTCOME_MALFORMED);
		return false;
	}
	if (!ww_cursor_take(cursor, (header[0] + 3u) & ~3u, packet))
		return false;
	*ret_type = type_of_family(header[1], packet);
	return true;
}

/*
 * LINKTYPE_PKTAP, what macOS captures on several interfaces: a header of the length that its first
 * word says (little-endian, as all of it), 1 for a packet, and the link type of what follows.
 */
static bool decode_pktap(struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	enum { LEAST = 12, PACKET = 1 };
	const uint8_t *header = ww_cursor_peek(cursor, LEAST);
	if (!header) {
		ww_packet_stop_short(packet, WW_LAYER_LINK, cursor, LEAST);
		return false;
	}
	uint32_t words[3];
	for (int i = 0; i < 3; i++)
		words[i] = (uint32_t)header[i * 4] | (uint32_t)header[i * 4 + 1] << 8 |
			   (uint32_t)header[i * 4 + 2] << 16 | (uint32_t)header[i * 4 + 3] << 24;
	if (words[0] < LEAST) {
		ww_packet_stop(packet, WW_LAYER_LINK, WW_OUTCOME_MALFORMED);
		return false;
	}
	const struct link *link = words[2] <= UINT16_MAX ? find_link((uint16_t)words[2]) : NULL;
	if (words[1] != PACKET || !link || link->decode == decode_pktap) {
		ww_packet_name(packet, WW_NUMBERING_LINK, (uint16_t)words[2]);
		*ret_type = WW_ETHER_UNSUPPORTED;
		return true;
	}
	return ww_cursor_take(cursor, words[0], packet) && link->decode(cursor, ret_type, packet);
}

static const struct link links[] = {
#define WW_LINK(number_, name_, decode_) {number_, decode_},
#include "wire/packet/link.def"
#undef WW_LINK
};

static const struct link *find_link(uint16_t number)
{
	for (size_t i = 0; i < WW_N(links); i++)
		if (links[i].number == number)
			return &links[i];
	return NULL;
}

bool ww_link_decode(
	uint16_t link_type, struct ww_cursor *cursor, uint16_t *ret_type, struct ww_packet *packet)
{
	const struct link *link = find_link(link_type);
	uint16_t type;
	if (link)
		return link->decode(cursor, &type, packet) &&
		       ww_ether_decode(cursor, type, ret_type, packet);
	ww_packet_name(packet, WW_NUMBERING_LINK, link_type);
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
