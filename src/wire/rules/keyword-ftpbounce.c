// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * ftpbounce: an FTP PORT command that names an address which is not its sender's (Snort 2.9
 * manual): the server is asked to connect to somebody else.
 *
 *	PORT h1,h2,h3,h4,p1,p2          content:"PORT"; nocase; ftpbounce;
 *
 * Six numbers are read behind the last match, blanks before them skipped; what is none has no
 * address, and does not match. As in Snort only IPv4 is compared: a sender with an IPv6 address
 * that says PORT bounces.
 */
#include "wire/rules/rules-private.h"

#include <string.h>

enum { LONGEST = 32 }; /* bytes that a blank or two and four numbers with commas have at most */

/* 1: the address; 0: it may go on; -1: there is none. */
static int read_address(const uint8_t *text, int64_t len, uint32_t *ret)
{
	int64_t at = 0;
	uint32_t address = 0;
	while (at < len && text[at] == ' ')
		at++;
	for (int part = 0; part < 4; part++) {
		uint32_t number = 0;
		int digits = 0;
		for (; at < len && text[at] >= '0' && text[at] <= '9'; at++) {
			number = number * 10 + (uint32_t)(text[at] - '0');
			if (++digits > 3 || number > 255)
				return -1;
		}
		if (at == len)
			return len < LONGEST ? 0 : -1;
		if (digits == 0 || text[at++] != ',')
			return -1;
		address = address << 8 | number;
	}
	*ret = address;
	return 1;
}

static enum ww_verdict match_ftpbounce(
	struct ww_verify *verify, const struct ww_step *step, struct ww_attempt *attempt)
{
	struct ww_window window = ww_verify_buffer(verify, step);
	int64_t at = attempt->cursor;
	uint32_t address = 0;
	attempt->end = at;
	if (at < window.low || at > window.len)
		return WW_VERDICT_NO;
	int64_t len = window.len - at < LONGEST ? window.len - at : LONGEST;
	int r = read_address(window.data + at, len, &address);
	if (r == 0 && !window.final) {
		attempt->need = (uint64_t)((int64_t)window.offset + window.len + 1);
		attempt->bounded = true;
		return WW_VERDICT_MORE;
	}
	struct ww_ip named = ww_ip_from_v4(address);
	bool other = r > 0 && verify->src && !ww_ip_equal(&named, verify->src);
	return other ? WW_VERDICT_MATCH : WW_VERDICT_NO;
}

int ww_keyword_ftpbounce(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	struct ww_step *step = ww_builder_step(builder, option, err);
	if (!step)
		return -EOPNOTSUPP;
	*step = (struct ww_step){.match = match_ftpbounce, .relative = true};
	if (builder->last_content)
		step->buffer = builder->last_content->buffer;
	return 0;
}
