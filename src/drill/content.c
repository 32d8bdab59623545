// SPDX-License-Identifier: GPL-3.0-or-later
#include "drill/content.h"

#include "value/ip.h"

#include <errno.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* text[*at] follows a '|'; leaves *at behind the closing one. */
static int expand_hex(struct ww_buf *out, const char *text, size_t len, size_t *at)
{
	int high = -1;
	for (; *at < len; (*at)++) {
		char c = text[*at];
		if (c == '|') {
			(*at)++;
			return high < 0 ? 0 : -EINVAL;
		}
		if (c == ' ' && high < 0)
			continue;
		int digit = hex_digit(c);
		if (digit < 0)
			return -EINVAL;
		if (high >= 0)
			ww_buf_addc(out, (char)(high << 4 | digit));
		high = high >= 0 ? -1 : digit;
	}
	return -EINVAL;
}

/* Appends the address when text[at] begins one of the names. Returns the bytes of the name. */
static size_t expand_name(
	struct ww_buf *out, const char *text, size_t len, const struct ww_content_names *names)
{
	static const char attacker[] = "{attacker}", victim[] = "{victim}";
	char address[WW_IP_TEXT_MAX];
	bool is_attacker =
		len >= sizeof(attacker) - 1 && memcmp(text, attacker, sizeof(attacker) - 1) == 0;
	bool is_victim = len >= sizeof(victim) - 1 && memcmp(text, victim, sizeof(victim) - 1) == 0;
	if (!names || (!is_attacker && !is_victim))
		return 0;
	struct ww_ip ip = ww_ip_from_v4(is_attacker ? names->attacker : names->victim);
	ww_buf_adds(out, ww_ip_print(&ip, address));
	return is_attacker ? sizeof(attacker) - 1 : sizeof(victim) - 1;
}

int ww_content_expand(
	struct ww_buf *out, const char *text, size_t len, const struct ww_content_names *names)
{
	for (size_t at = 0; at < len;) {
		size_t skipped = text[at] == '{' ? expand_name(out, text + at, len - at, names) : 0;
		if (skipped) {
			at += skipped;
			continue;
		}
		if (text[at] == '|') {
			at++;
			int rc = expand_hex(out, text, len, &at);
			if (rc < 0)
				return rc;
			continue;
		}
		if (text[at] == '\\' && ++at == len)
			return -EINVAL;
		ww_buf_addc(out, text[at++]);
	}
	return 0;
}

void ww_content_each_mark(
	const char *text, void (*each)(void *context, const void *bytes, size_t len), void *context)
{
	static const char key[] = "content:";
	struct ww_buf bytes = WW_BUF_INIT;
	for (const char *at = text; (at = strstr(at, key)) != NULL;) {
		at += sizeof(key) - 1;
		while (*at == ' ')
			at++;
		if (*at != '"')
			continue;
		const char *end = ++at;
		while (*end && *end != '"')
			end += *end == '\\' && end[1] ? 2 : 1;
		ww_buf_reset(&bytes);
		if (ww_content_expand(&bytes, at, (size_t)(end - at), NULL) == 0 && !bytes.failed &&
			bytes.len)
			each(context, bytes.data, bytes.len);
		at = end;
	}
	ww_buf_done(&bytes);
}
