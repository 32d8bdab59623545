// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/quote.h"

#include "base/text.h"

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

/*
 * One character of text that others wrote; `special` are those that the language wants escaped by a
 * backslash. Control characters (C1 too) and bytes that are no UTF-8 become \xNN, so that nothing
 * ends a line early.
 */
static size_t put_character(struct ww_buf *out, const char *text, size_t len, const char *special)
{
	size_t n = ww_utf8_length(text, len);
	uint32_t code = n ? ww_utf8_decode(text, n) : 0;
	if (n == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0)) {
		for (size_t i = 0; i < (n ? n : 1); i++)
			ww_buf_addf(out, "%s\\x%02x", strchr(special, '\\') ? "\\" : "",
				(unsigned char)text[i]);
		return n ? n : 1;
	}
	if (n == 1 && strchr(special, text[0]))
		ww_buf_addc(out, '\\');
	ww_buf_add(out, text, n);
	return n;
}

static void put_text(struct ww_buf *out, const char *text, const char *special)
{
	size_t len = strlen(text);
	for (size_t i = 0; i < len;)
		i += put_character(out, text + i, len - i, special);
}

void ww_quote_line(struct ww_buf *out, const char *text)
{
	put_text(out, text, "");
}

void ww_quote_syslog(struct ww_buf *out, const char *text)
{
	put_text(out, text, "\"\\]");
}

void ww_quote_cef_header(struct ww_buf *out, const char *text)
{
	put_text(out, text, "\\|");
}

void ww_quote_cef(struct ww_buf *out, const char *text)
{
	put_text(out, text, "\\=");
}
