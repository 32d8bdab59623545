// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/quote.h"

#include <string.h>

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		(c != '\0' && strchr("_-./,:@%+=", c));
}

void ww_quote_shell(struct ww_buf *out, const char *text)
{
	bool plain = text[0] != '\0';
	for (const char *p = text; *p && plain; p++)
		plain = is_plain(*p);
	if (plain) {
		ww_buf_adds(out, text);
		return;
	}
	ww_buf_addc(out, '\'');
	for (const char *p = text; *p; p++) {
		if (*p == '\'')
			ww_buf_adds(out, "'\\''");
		else
			ww_buf_addc(out, *p);
	}
	ww_buf_addc(out, '\'');
}

void ww_quote_scdoc(struct ww_buf *out, const char *text)
{
	for (const char *p = text; *p; p++) {
		if (strchr("\\_*#[]|<>", *p))
			ww_buf_addc(out, '\\');
		ww_buf_addc(out, *p);
	}
}
