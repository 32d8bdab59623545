// SPDX-License-Identifier: GPL-3.0-or-later
#include "drill/frame.h"

#include "base/err.h"

#include <string.h>

enum {
	ETHERNET = 14,
	IPV4 = 20,
	TCP = 20,
	UDP = 8,
	ICMP = 8,
	LEAST = 60, /* Ethernet without its check sequence */
};

static void put_16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put_32(uint8_t *at, uint32_t value)
{
	put_16(at, value >> 16);
	put_16(at + 2, value & 0xffff);
}

/*
 * RFC 1071: the sum does not depend on the byte order in which words are read, so words are read
 * as the machine has them and the folded sum is stored the same way.
 */
static uint64_t sum_bytes(uint64_t sum, const uint8_t *bytes, size_t len)
{
	for (; len >= 4; bytes += 4, len -= 4) {
		uint32_t word;
		memcpy(&word, bytes, 4);
		sum += word;
	}
	if (len) {
		uint8_t rest[4] = {0, 0, 0, 0};
		uint32_t word;
		memcpy(rest, bytes, len);
		memcpy(&word, rest, 4);
		sum += word;
	}
	return sum;
}

static void put_checksum(uint8_t *at, uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	uint16_t folded = (uint16_t)~sum;
	memcpy(at, &folded, 2);
}

/* Ethernet and IPv4 headers for `len` bytes of what follows. Returns where that goes. */
static uint8_t *encode_ip(
	uint8_t *frame, const struct ww_frame_ends *ends, uint8_t proto, size_t len)
{
	put_16(frame, 0x0200);
	put_32(frame + 2, ends->dst);
	put_16(frame + 6, 0x0200);
	put_32(frame + 8, ends->src);
	put_16(frame + 12, 0x0800);
	uint8_t *ip = frame + ETHERNET;
	put_16(ip, 0x4500);
	put_16(ip + 2, (uint32_t)(IPV4 + len));
	put_16(ip + 4, ends->ip_id);
	put_16(ip + 6, 0);
	ip[8] = ends->ttl;
	ip[9] = proto;
	put_16(ip + 10, 0);
	put_32(ip + 12, ends->src);
	put_32(ip + 16, ends->dst);
	put_checksum(ip + 10, sum_bytes(0, ip, IPV4));
	return ip + IPV4;
}

/* The pseudo header of RFC 793, 3.1, and what is summed with it. */
static uint64_t sum_transport(const uint8_t *transport, uint8_t proto, size_t len)
{
	uint8_t pseudo[4] = {0, proto, (uint8_t)(len >> 8), (uint8_t)len};
	uint64_t sum = sum_bytes(0, transport - 8, 8); /* both addresses end the IP header */
	return sum_bytes(sum_bytes(sum, pseudo, 4), transport, len);
}

static size_t pad(uint8_t *frame, size_t len)
{
	if (len < LEAST)
		memset(frame + len, 0, LEAST - len);
	return len < LEAST ? LEAST : len;
}

size_t ww_frame_encode_tcp(uint8_t frame[WW_FRAME_MAX], const struct ww_frame_ends *ends,
	const struct ww_frame_segment *segment, const void *payload, size_t len)
{
	static const uint8_t syn_options[8] = {
		2, 4, WW_FRAME_MSS >> 8, WW_FRAME_MSS & 255, 1, 1, 4, 2};
	size_t options =
		segment->flags & WW_FRAME_SYN && !segment->is_bare ? sizeof(syn_options) : 0;
	ww_assert(len + options <= WW_FRAME_MSS);
	size_t header = TCP + options;
	uint8_t *tcp = encode_ip(frame, ends, 6, header + len);
	put_16(tcp, ends->sport);
	put_16(tcp + 2, ends->dport);
	put_32(tcp + 4, segment->seq);
	put_32(tcp + 8, segment->ack);
	tcp[12] = (uint8_t)(header / 4 << 4);
	tcp[13] = segment->flags;
	put_16(tcp + 14, segment->window);
	put_32(tcp + 16, 0);
	if (options)
		memcpy(tcp + TCP, syn_options, sizeof(syn_options));
	if (len)
		memcpy(tcp + header, payload, len);
	put_checksum(tcp + 16, sum_transport(tcp, 6, header + len));
	return pad(frame, ETHERNET + IPV4 + header + len);
}

size_t ww_frame_encode_udp(uint8_t frame[WW_FRAME_MAX], const struct ww_frame_ends *ends,
	const void *payload, size_t len)
{
	ww_assert(len <= WW_FRAME_UDP_MAX);
	uint8_t *udp = encode_ip(frame, ends, 17, UDP + len);
	put_16(udp, ends->sport);
	put_16(udp + 2, ends->dport);
	put_16(udp + 4, (uint32_t)(UDP + len));
	put_16(udp + 6, 0);
	if (len)
		memcpy(udp + UDP, payload, len);
	put_checksum(udp + 6, sum_transport(udp, 17, UDP + len));
	if (udp[6] == 0 && udp[7] == 0)
		put_16(udp + 6, 0xffff); /* RFC 768: zero means 'no checksum' */
	return pad(frame, ETHERNET + IPV4 + UDP + len);
}

size_t ww_frame_encode_unreachable(uint8_t frame[WW_FRAME_MAX], const struct ww_frame_ends *ends,
	const uint8_t about[WW_FRAME_MAX])
{
	enum { QUOTED = IPV4 + 8 }; /* RFC 792: the IP header and 64 bits of its data */
	uint8_t *icmp = encode_ip(frame, ends, 1, ICMP + QUOTED);
	put_32(icmp, 0x03030000);
	put_32(icmp + 4, 0);
	memcpy(icmp + ICMP, about + ETHERNET, QUOTED);
	put_checksum(icmp + 2, sum_bytes(0, icmp, ICMP + QUOTED));
	return pad(frame, ETHERNET + IPV4 + ICMP + QUOTED);
}
