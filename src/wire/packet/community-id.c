// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Community ID v1 (github.com/corelight/community-id-spec):
 *
 *   "1:" base64(SHA-1(seed:2 lower-address upper-address protocol:1 0:1 lower-port upper-port))
 *
 * Both directions of a flow have one ID, because the smaller end (address, then port) goes first.
 * ICMP messages that come in pairs have the type and its counterpart for ports; the others have
 * type and code, and are not turned round.
 */
#include "wire/packet/packet.h"

#include <openssl/evp.h>

struct pair {
	uint8_t type, answer;
};

static const struct pair icmp_pairs[] = {
	{8, 0},   /* echo */
	{13, 14}, /* timestamp */
	{15, 16}, /* information */
	{10, 9},  /* router solicitation, advertisement */
	{17, 18}, /* address mask */
};

static const struct pair icmpv6_pairs[] = {
	{128, 129}, /* echo */
	{130, 131}, /* multicast listener query, report */
	{133, 134}, /* router solicitation, advertisement */
	{135, 136}, /* neighbour solicitation, advertisement */
	{139, 140}, /* who are you */
	{144, 145}, /* home agent discovery */
};

/* The counterpart of an ICMP type in *port; false when it has none. */
static bool counterpart(const struct pair *pairs, size_t n, uint16_t type, uint16_t *port)
{
	for (size_t i = 0; i < n; i++) {
		if (pairs[i].type == type) {
			*port = pairs[i].answer;
			return true;
		}
		if (pairs[i].answer == type) {
			*port = pairs[i].type;
			return true;
		}
	}
	return false;
}

static bool has_ports(uint8_t proto)
{
	return proto == WW_PROTO_TCP || proto == WW_PROTO_UDP || proto == WW_PROTO_SCTP ||
	       proto == WW_PROTO_ICMP || proto == WW_PROTO_ICMPV6;
}

static void base64(const uint8_t *bytes, size_t len, char *to)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < len; i += 3) {
		uint32_t three = (uint32_t)bytes[i] << 16;
		if (i + 1 < len)
			three |= (uint32_t)bytes[i + 1] << 8;
		if (i + 2 < len)
			three |= bytes[i + 2];
		*to++ = digits[three >> 18];
		*to++ = digits[three >> 12 & 63];
		*to++ = i + 1 < len ? digits[three >> 6 & 63] : '=';
		*to++ = i + 2 < len ? digits[three & 63] : '=';
	}
	*to = '\0';
}

const char *ww_community_id(const struct ww_ip *src, const struct ww_ip *dst, uint8_t proto,
	uint16_t sport, uint16_t dport, char text[WW_COMMUNITY_ID_MAX])
{
	bool one_way = false;
	if (proto == WW_PROTO_ICMP)
		one_way = !counterpart(icmp_pairs, WW_N(icmp_pairs), sport, &dport);
	else if (proto == WW_PROTO_ICMPV6)
		one_way = !counterpart(icmpv6_pairs, WW_N(icmpv6_pairs), sport, &dport);

	int order = ww_ip_compare(src, dst);
	if (!one_way && (order > 0 || (order == 0 && sport > dport))) {
		const struct ww_ip *ip = src;
		uint16_t port = sport;
		src = dst;
		dst = ip;
		sport = dport;
		dport = port;
	}

	struct ww_buf input = WW_BUF_INIT;
	size_t skip = ww_ip_is_v4(src) && ww_ip_is_v4(dst) ? 12 : 0;
	ww_buf_add(&input, "\0\0", 2);
	ww_buf_add(&input, src->b + skip, 16 - skip);
	ww_buf_add(&input, dst->b + skip, 16 - skip);
	ww_buf_addc(&input, (char)proto);
	ww_buf_addc(&input, 0);
	if (has_ports(proto)) {
		uint8_t ports[4] = {(uint8_t)(sport >> 8), (uint8_t)sport, (uint8_t)(dport >> 8),
			(uint8_t)dport};
		ww_buf_add(&input, ports, 4);
	}
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	text[0] = '\0';
	/* Without memory, or where a policy forbids SHA-1, there is no ID: an empty text. */
	if (!input.failed && EVP_Digest(input.data, input.len, digest, &len, EVP_sha1(), NULL) &&
		len == 20) {
		text[0] = '1';
		text[1] = ':';
		base64(digest, len, text + 2);
	}
	ww_buf_done(&input);
	return text;
}
