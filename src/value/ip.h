/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * An IP address of either version in 16 bytes: IPv4 as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2), so
 * that every table and comparison has one form. Bytes are in network order.
 */
#include "base/buf.h"

#include <string.h>

struct ww_ip {
	uint8_t b[16];
};

enum { WW_IP_TEXT_MAX = 46 };

static inline uint64_t ww_ip_word(const struct ww_ip *ip, int which)
{
	uint64_t word;
	memcpy(&word, ip->b + 8 * which, 8);
	return word;
}

static inline bool ww_ip_equal(const struct ww_ip *a, const struct ww_ip *b)
{
	return ww_ip_word(a, 0) == ww_ip_word(b, 0) && ww_ip_word(a, 1) == ww_ip_word(b, 1);
}

/* -1, 0, 1 in numeric order; IPv4 sorts as its mapped form. */
int ww_ip_compare(const struct ww_ip *a, const struct ww_ip *b);

static inline bool ww_ip_is_v4(const struct ww_ip *ip)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	return memcmp(ip->b, mapped, 12) == 0;
}

static inline struct ww_ip ww_ip_from_v4(uint32_t host_order)
{
	struct ww_ip ip = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, (uint8_t)(host_order >> 24),
		(uint8_t)(host_order >> 16), (uint8_t)(host_order >> 8), (uint8_t)host_order}};
	return ip;
}

/* The address as a number in host order; only for ww_ip_is_v4. */
static inline uint32_t ww_ip_v4(const struct ww_ip *ip)
{
	return (uint32_t)ip->b[12] << 24 | (uint32_t)ip->b[13] << 16 | (uint32_t)ip->b[14] << 8 |
		ip->b[15];
}

/* Group addresses of either version, and the IPv4 broadcast address 255.255.255.255. */
bool ww_ip_is_multicast(const struct ww_ip *ip);

/* Dotted quad or RFC 5952 text, NUL included, at most WW_IP_TEXT_MAX bytes. Returns `text`. */
const char *ww_ip_print(const struct ww_ip *ip, char text[WW_IP_TEXT_MAX]);
/* Either version; nothing before or after. Returns 0 or -EINVAL; *ret untouched then. */
int ww_ip_parse(const char *text, struct ww_ip *ret);

/* A CIDR block. `bits` counts from the 128-bit form: 10.0.0.0/8 has 96 + 8. */
struct ww_prefix {
	struct ww_ip ip; /* bits beyond the length are zero */
	uint8_t bits;
};

/* "10.0.0.0/8", "2001:db8::/32", or one address. Host bits set are an error. 0 or -EINVAL. */
int ww_prefix_parse(const char *text, struct ww_prefix *ret);
bool ww_prefix_contains(const struct ww_prefix *prefix, const struct ww_ip *ip);
