// SPDX-License-Identifier: GPL-3.0-or-later
#include "value/port.h"

#include <stdio.h>
#include <string.h>

/* Reads digits; returns the text behind them, or NULL when there are none or too many. */
static const char *number(const char *text, unsigned long *ret)
{
	unsigned long value = 0;
	const char *p = text;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (p - text >= 9)
			return NULL;
		value = value * 10 + (unsigned long)(*p - '0');
	}
	*ret = value;
	return p == text ? NULL : p;
}

int ww_ports_parse(const char *text, struct ww_at at, struct ww_ports *ret, struct ww_err *err)
{
	unsigned long low = 0, high = 0;
	const char *p = number(text, &low);
	high = low;
	if (p && *p == '-')
		p = number(p + 1, &high);
	uint8_t proto = 0;
	if (p && strcmp(p, "/tcp") == 0)
		proto = WW_PROTO_TCP;
	else if (p && strcmp(p, "/udp") == 0)
		proto = WW_PROTO_UDP;
	bool digits_only = text[0] && strspn(text, "0123456789-") == strcspn(text, "/");
	if (proto == 0 && !(digits_only && strchr(text, '/')))
		return ww_fail(err, at, -EINVAL,
			"'%.60s' is not a port: write it as 4444/tcp or 135-139/udp", text);
	if (!p || proto == 0 || low < 1 || high > 65535 || low > high)
		return ww_fail(err, at, -EINVAL, "'%.60s' is outside 1-65535 or reversed", text);
	*ret = (struct ww_ports){proto, (uint16_t)low, (uint16_t)high};
	return 0;
}

const char *ww_ports_print(const struct ww_ports *ports, char text[WW_PORTS_TEXT_MAX])
{
	if (ports->low == ports->high)
		snprintf(text, WW_PORTS_TEXT_MAX, "%u/%s", ports->low, ww_proto_name(ports->proto));
	else
		snprintf(text, WW_PORTS_TEXT_MAX, "%u-%u/%s", ports->low, ports->high,
			ww_proto_name(ports->proto));
	return text;
}

const char *ww_proto_name(uint8_t proto)
{
	switch (proto) {
	case WW_PROTO_TCP: return "tcp";
	case WW_PROTO_UDP: return "udp";
	case WW_PROTO_ICMP: return "icmp";
	case WW_PROTO_ICMPV6: return "ipv6-icmp";
	case WW_PROTO_SCTP: return "sctp";
	default: return "ip";
	}
}
