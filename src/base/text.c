// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/text.h"

#include "base/err.h"

#include <string.h>

size_t ww_utf8_length(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	uint8_t c = p[0];
	if (c < 0x80)
		return 1;
	size_t n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	if (c < 0xc2 || c > 0xf4 || len < n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f) || (c == 0xf0 && p[1] < 0x90) ||
		(c == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

uint32_t ww_utf8_decode(const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	if (n == 1)
		return p[0];
	uint32_t code = p[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++)
		code = code << 6 | (p[i] & 0x3f);
	return code;
}

/* Wide and fullwidth ranges of UAX #11 (Unicode 15), folded to what prose and tables use. */
static const struct {
	uint32_t first, last;
} wide[] = {
	{0x1100, 0x115f}, {0x2e80, 0x303e}, {0x3041, 0x33ff}, {0x3400, 0x4dbf}, {0x4e00, 0x9fff},
	{0xa000, 0xa4cf}, {0xa960, 0xa97f}, {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe10, 0xfe19},
	{0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1f64f},
	{0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
}, zero[] = {
	{0x0300, 0x036f}, {0x200b, 0x200f}, {0x202a, 0x202e}, {0x20d0, 0x20f0}, {0x3099, 0x309a},
	{0xfe00, 0xfe0f}, {0xfeff, 0xfeff},
};

static int code_width(uint32_t code)
{
	for (size_t i = 0; i < WW_N(zero); i++)
		if (code >= zero[i].first && code <= zero[i].last)
			return 0;
	for (size_t i = 0; i < WW_N(wide); i++)
		if (code >= wide[i].first && code <= wide[i].last)
			return 2;
	return 1;
}

int ww_text_width(const char *text)
{
	int width = 0;
	size_t len = strlen(text);
	while (len > 0) {
		size_t n = ww_utf8_length(text, len);
		width += n ? code_width(ww_utf8_decode(text, n)) : 1;
		text += n ? n : 1;
		len -= n ? n : 1;
	}
	return width;
}

void ww_text_left(struct ww_buf *out, const char *text, int columns)
{
	ww_buf_adds(out, text);
	ww_buf_pad(out, ' ', columns - ww_text_width(text));
}

void ww_text_safe(struct ww_buf *out, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	for (size_t i = 0; i < len; i++) {
		uint8_t c = p[i];
		if (c == '\\')
			ww_buf_adds(out, "\\\\");
		else if (c == '\n')
			ww_buf_adds(out, "\\n");
		else if (c == '\r')
			ww_buf_adds(out, "\\r");
		else if (c == '\t')
			ww_buf_adds(out, "\\t");
		else if (c >= 0x20 && c < 0x7f)
			ww_buf_addc(out, (char)c);
		else
			ww_buf_addf(out, "\\x%02x", c);
	}
}
