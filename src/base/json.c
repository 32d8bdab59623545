// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.h"

#include "base/err.h"
#include "base/text.h"

#include <math.h>
#include <string.h>

struct ww_json ww_json_to(struct ww_buf *out)
{
	return (struct ww_json){.out = out};
}

static void begin_value(struct ww_json *json, const char *key)
{
	uint32_t bit = 1u << json->depth;
	if (json->has_member & bit)
		ww_buf_addc(json->out, ',');
	json->has_member |= bit;
	if (key) {
		ww_buf_addc(json->out, '"');
		ww_buf_adds(json->out, key);
		ww_buf_add(json->out, "\":", 2);
	}
}

static void open_level(struct ww_json *json, const char *key, char opener)
{
	begin_value(json, key);
	ww_buf_addc(json->out, opener);
	json->depth++;
	ww_assert(json->depth < 32);
	json->has_member &= ~(1u << json->depth);
}

void ww_json_object(struct ww_json *json, const char *key)
{
	open_level(json, key, '{');
}

void ww_json_array(struct ww_json *json, const char *key)
{
	open_level(json, key, '[');
}

void ww_json_end(struct ww_json *json, char closer)
{
	ww_assert(json->depth > 0);
	json->depth--;
	ww_buf_addc(json->out, closer);
}

/* How many of the first bytes are characters of one byte that stand for themselves. */
static size_t plain_length(const uint8_t *p, size_t len)
{
	size_t n = 0;
	while (n < len && p[n] >= 0x20 && p[n] < 0x7f && p[n] != '"' && p[n] != '\\')
		n++;
	return n;
}

void ww_json_bytes(struct ww_json *json, const char *key, const void *bytes, size_t len)
{
	begin_value(json, key);
	struct ww_buf *out = json->out;
	const uint8_t *p = bytes;
	ww_buf_addc(out, '"');
	while (len > 0) {
		size_t plain = plain_length(p, len);
		if (plain > 0) {
			ww_buf_add(out, p, plain);
			p += plain;
			len -= plain;
			continue;
		}
		size_t n = ww_utf8_length(p, len);
		if (n == 0) {
			ww_buf_adds(out, "\xef\xbf\xbd");
			n = 1;
		} else if (n > 1) {
			ww_buf_add(out, p, n);
		} else if (*p == '"' || *p == '\\') {
			ww_buf_addc(out, '\\');
			ww_buf_addc(out, (char)*p);
		} else if (*p == '\n') {
			ww_buf_adds(out, "\\n");
		} else if (*p < 0x20 || *p == 0x7f) {
			ww_buf_addf(out, "\\u%04x", *p);
		}
		p += n;
		len -= n;
	}
	ww_buf_addc(out, '"');
}

void ww_json_string(struct ww_json *json, const char *key, const char *text)
{
	ww_json_bytes(json, key, text, strlen(text));
}

void ww_json_int(struct ww_json *json, const char *key, int64_t number)
{
	char text[24], *digit = text + sizeof(text);
	/* Of the least number the negative is not one. */
	uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
	do {
		*--digit = (char)('0' + left % 10);
		left /= 10;
	} while (left);
	if (number < 0)
		*--digit = '-';
	begin_value(json, key);
	ww_buf_add(json->out, digit, (size_t)(text + sizeof(text) - digit));
}

void ww_json_real(struct ww_json *json, const char *key, double number, int decimals)
{
	if (!isfinite(number)) {
		ww_json_null(json, key);
		return;
	}
	begin_value(json, key);
	ww_buf_addf(json->out, "%.*f", decimals, number);
}

void ww_json_bool(struct ww_json *json, const char *key, bool value)
{
	begin_value(json, key);
	ww_buf_adds(json->out, value ? "true" : "false");
}

void ww_json_null(struct ww_json *json, const char *key)
{
	begin_value(json, key);
	ww_buf_adds(json->out, "null");
}
