// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * ipopts:NAME: the IPv4 header has this option (RFC 791, section 3.1).
 *
 *	| 0: end | 1: nothing | type, length, ... |    behind the first 20 bytes
 */
#include "wire/rules/rules-private.h"

#include <string.h>

enum { FIXED = 20, END = 0, NOP = 1, ANY = 256 };

static bool match_ipopts(const struct ww_check *check, const struct ww_packet *packet)
{
	if (packet->ip_version != 4 || !packet->network || packet->network_len < FIXED)
		return false;
	size_t len = (size_t)(packet->network[0] & 0x0f) * 4;
	if (len > packet->network_len)
		len = packet->network_len;
	for (size_t i = FIXED; i < len;) {
		uint8_t type = packet->network[i];
		if (type == check->a || check->a == ANY)
			return true;
		if (type == END)
			return false;
		if (type != NOP && (i + 1 >= len || packet->network[i + 1] < 2))
			return false;
		i += type == NOP ? 1 : packet->network[i + 1];
	}
	return false;
}

int ww_keyword_ipopts(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	static const struct {
		const char *name;
		uint16_t type;
	} options[] = {{"eol", END}, {"nop", NOP}, {"rr", 7}, {"ts", 68}, {"sec", 130},
		{"lsrr", 131}, {"lsrre", 131}, {"esec", 133}, {"satid", 136}, {"ssrr", 137},
		{"any", ANY}};
	struct ww_check *check = ww_builder_check(builder, option, err);
	if (!check)
		return -EOPNOTSUPP;
	for (size_t i = 0; i < WW_N(options); i++) {
		if (!ww_span_is(&option->value, options[i].name))
			continue;
		*check = (struct ww_check){.match = match_ipopts, .a = options[i].type};
		return 0;
	}
	return ww_option_fail(builder, &option->value, -EINVAL, err,
		"rr, eol, nop, ts, sec, esec, lsrr, lsrre, ssrr, satid or any is expected");
}
