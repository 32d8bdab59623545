// SPDX-License-Identifier: GPL-3.0-or-later
#include "value/ip.h"

#include <arpa/inet.h>
#include <errno.h>

int ww_ip_compare(const struct ww_ip *a, const struct ww_ip *b)
{
	int order = memcmp(a->b, b->b, 16);
	return (order > 0) - (order < 0);
}

bool ww_ip_is_multicast(const struct ww_ip *ip)
{
	if (!ww_ip_is_v4(ip))
		return ip->b[0] == 0xff;
	return (ip->b[12] & 0xf0) == 0xe0 || ww_ip_v4(ip) == 0xffffffff;
}

/* By hand: the C library prints it with sprintf, and there may be hundreds of thousands. */
static void print_v4(const uint8_t bytes[4], char *text)
{
	for (int i = 0; i < 4; i++) {
		unsigned byte = bytes[i];
		if (i > 0)
			*text++ = '.';
		if (byte >= 100)
			*text++ = (char)('0' + byte / 100);
		if (byte >= 10)
			*text++ = (char)('0' + byte / 10 % 10);
		*text++ = (char)('0' + byte % 10);
	}
	*text = '\0';
}

const char *ww_ip_print(const struct ww_ip *ip, char text[WW_IP_TEXT_MAX])
{
	if (ww_ip_is_v4(ip))
		print_v4(ip->b + 12, text);
	else
		inet_ntop(AF_INET6, ip->b, text, WW_IP_TEXT_MAX);
	return text;
}

int ww_ip_parse(const char *text, struct ww_ip *ret)
{
	uint8_t bytes[16];
	if (inet_pton(AF_INET, text, bytes) == 1) {
		*ret = ww_ip_from_v4((uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
				     (uint32_t)bytes[2] << 8 | bytes[3]);
		return 0;
	}
	if (inet_pton(AF_INET6, text, bytes) == 1) {
		memcpy(ret->b, bytes, 16);
		return 0;
	}
	return -EINVAL;
}

/* The address with every bit from `bits` on cleared. */
static struct ww_ip masked(const struct ww_ip *ip, unsigned bits)
{
	struct ww_ip out = {{0}};
	for (unsigned i = 0; i < 16 && bits > 0; i++) {
		unsigned here = bits < 8 ? bits : 8;
		out.b[i] = ip->b[i] & (uint8_t)(0xff << (8 - here));
		bits -= here;
	}
	return out;
}

int ww_prefix_parse(const char *text, struct ww_prefix *ret)
{
	char address[WW_IP_TEXT_MAX];
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	if (len >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, len);
	address[len] = '\0';
	struct ww_ip ip;
	if (ww_ip_parse(address, &ip) != 0)
		return -EINVAL;
	unsigned most = ww_ip_is_v4(&ip) && !strchr(address, ':') ? 32 : 128;
	unsigned bits = most;
	if (slash) {
		bits = 0;
		const char *p = slash + 1;
		if (*p == '\0')
			return -EINVAL;
		for (; *p; p++) {
			if (*p < '0' || *p > '9')
				return -EINVAL;
			bits = bits * 10 + (unsigned)(*p - '0');
			if (bits > most)
				return -EINVAL;
		}
	}
	bits += 128 - most;
	struct ww_ip network = masked(&ip, bits);
	if (!ww_ip_equal(&network, &ip))
		return -EINVAL;
	*ret = (struct ww_prefix){network, (uint8_t)bits};
	return 0;
}

bool ww_prefix_contains(const struct ww_prefix *prefix, const struct ww_ip *ip)
{
	size_t whole = prefix->bits / 8, rest = prefix->bits % 8;
	if (memcmp(prefix->ip.b, ip->b, whole) != 0)
		return false;
	return rest == 0 || (prefix->ip.b[whole] ^ ip->b[whole]) >> (8 - rest) == 0;
}
