// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * ICMP errors: who says that a packet did not arrive quotes it.
 *
 *   0         4          8                              (RFC 792, RFC 4443)
 *   | type code checksum | unused | IP header and at least 8 bytes of what was sent ...
 *
 * Only 'destination unreachable' is an answer to a contact; 'fragmentation needed' is not one.
 */
#include "wire/flow/flow-private.h"

enum {
	ICMP_HEADER = 8,
	ICMP4_UNREACHABLE = 3,
	ICMP4_FRAGMENTATION_NEEDED = 4,
	ICMP6_UNREACHABLE = 1,
	IP4_HEADER = 20,
	IP6_HEADER = 40,
	PORTS = 4,
};

struct quoted {
	struct ww_ip src, dst;
	uint8_t proto;
	uint16_t sport, dport;
};

static uint16_t be16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static uint32_t be32(const uint8_t *bytes)
{
	return (uint32_t)be16(bytes) << 16 | be16(bytes + 2);
}

/* Reads the quoted headers; false where they are cut, contradictory, or a later fragment. */
static bool read_quoted(const uint8_t *bytes, size_t len, bool v6, struct quoted *ret)
{
	size_t header = IP6_HEADER;
	if (len < (size_t)(v6 ? IP6_HEADER : IP4_HEADER) || bytes[0] >> 4 != (v6 ? 6 : 4))
		return false;
	if (v6) {
		memcpy(ret->src.b, bytes + 8, 16);
		memcpy(ret->dst.b, bytes + 24, 16);
		ret->proto = bytes[6];
	} else {
		header = (size_t)(bytes[0] & 15) * 4;
		if (header < IP4_HEADER || (be16(bytes + 6) & 0x1fff) != 0)
			return false;
		ret->src = ww_ip_from_v4(be32(bytes + 12));
		ret->dst = ww_ip_from_v4(be32(bytes + 16));
		ret->proto = bytes[9];
	}
	if (len < header + PORTS)
		return false;
	ret->sport = be16(bytes + header);
	ret->dport = be16(bytes + header + 2);
	return ret->proto == WW_PROTO_TCP || ret->proto == WW_PROTO_UDP;
}

static bool is_unreachable(const struct ww_packet *packet)
{
	if (packet->ip_version == 6)
		return packet->proto == WW_PROTO_ICMPV6 && packet->sport == ICMP6_UNREACHABLE;
	return packet->proto == WW_PROTO_ICMP && packet->sport == ICMP4_UNREACHABLE &&
	       packet->dport != ICMP4_FRAGMENTATION_NEEDED;
}

void ww_attempt_icmp(struct ww_flows *flows, const struct ww_packet *packet)
{
	if (!packet->has_transport || !packet->transport || !is_unreachable(packet))
		return;
	size_t before = (size_t)(packet->transport - packet->network) + ICMP_HEADER;
	if (before > packet->network_len)
		return;
	struct quoted quoted;
	if (!read_quoted(packet->network + before, packet->network_len - before,
		    packet->ip_version == 6, &quoted))
		return;
	/* An error goes to the sender of what it quotes; anything else is made up. */
	if (!ww_ip_equal(&quoted.src, &packet->dst))
		return;
	uint64_t server = ww_host_hash(&flows->key, &quoted.dst);
	uint64_t hash = ww_attempt_hash(&flows->key, ww_host_hash(&flows->key, &quoted.src),
		ww_end_hash(&flows->key, server, quoted.proto, quoted.dport));
	struct ww_slot slot;
	if (ww_attempt_find(flows, hash, &quoted.src, quoted.sport, &quoted.dst, quoted.dport,
		    quoted.proto == WW_PROTO_UDP, &slot) &&
		ww_attempt_state(slot.attempt) == WW_ATTEMPT_PENDING)
		ww_attempt_refuse(flows, slot, packet);
}
