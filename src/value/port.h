/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * A transport protocol and a range of its ports, written "4444/tcp" or "135-139/udp".
 */
#include "base/err.h"

#include <stdbool.h>

/* IANA protocol numbers that we name. */
enum {
	WW_PROTO_ICMP = 1,
	WW_PROTO_TCP = 6,
	WW_PROTO_UDP = 17,
	WW_PROTO_ICMPV6 = 58,
	WW_PROTO_SCTP = 132,
};

struct ww_ports {
	uint8_t proto; /* WW_PROTO_TCP or WW_PROTO_UDP; 0: none given */
	uint16_t low;  /* 1-65535, inclusive */
	uint16_t high; /* >= low, inclusive */
};

enum { WW_PORTS_TEXT_MAX = 20 };

/*
 * Returns 0 or -EINVAL, *err telling what is wrong with `text`, placed at `at`. Digits only, no
 * blanks; port 0 is refused.
 */
int ww_ports_parse(const char *text, struct ww_at at, struct ww_ports *ret, struct ww_err *err);
const char *ww_ports_print(const struct ww_ports *ports, char text[WW_PORTS_TEXT_MAX]);

static inline bool ww_ports_contain(const struct ww_ports *ports, uint8_t proto, uint16_t port)
{
	return ports->proto == proto && port >= ports->low && port <= ports->high;
}

/* "tcp", "udp", "icmp", "ipv6-icmp", "sctp", or "ip". */
const char *ww_proto_name(uint8_t proto);
