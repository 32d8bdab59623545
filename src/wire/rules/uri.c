// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Request lines of HTTP (RFC 9112, section 3) and their URIs, normalised.
 *
 *	GET /scripts/..%5c../winnt HTTP/1.0\r\n
 *	    \________ URI _______/
 *
 * No state is kept: a request line is handled when its newline is among the fresh bytes, and it
 * begins at the start of the payload or behind a newline. So a line split over segments is found
 * once, at its end. A line without HTTP/ at its end (HTTP/0.9) counts only at the start of the
 * payload. A line that grows beyond LINE_PATIENCE is handled unfinished, once, so that a long URI
 * is no hiding place. Limit: a body that holds a line like a request line is taken for one.
 */
#include "wire/rules/rules-private.h"

#include <ctype.h>
#include <string.h>

enum { LINE_PATIENCE = 4096, METHOD_MAX = 20 };

static int digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return isxdigit(c) ? (c | 0x20) - 'a' + 10 : -1;
}

/* One character of the URI at in[*i], percent-decoded (RFC 3986, 2.1; %uNNNN as IIS reads it). */
static uint8_t decode(const uint8_t *in, size_t len, size_t *i)
{
	size_t at = *i;
	*i = at + 1;
	if (in[at] != '%')
		return in[at];
	if (at + 2 < len && digit(in[at + 1]) >= 0 && digit(in[at + 2]) >= 0) {
		*i = at + 3;
		return (uint8_t)(digit(in[at + 1]) << 4 | digit(in[at + 2]));
	}
	if (at + 5 >= len || (in[at + 1] | 0x20) != 'u')
		return '%';
	unsigned value = 0;
	for (size_t k = at + 2; k < at + 6; k++) {
		if (digit(in[k]) < 0)
			return '%';
		value = value << 4 | (unsigned)digit(in[k]);
	}
	/* Fullwidth forms stand for ASCII (U+FF01 is '!'). */
	if (value >= 0xff01 && value <= 0xff5e)
		value -= 0xfee0;
	*i = at + 6;
	return value < 256 ? (uint8_t)value : '?';
}

/* Drops "/." and "/.." at the end of what was written, before a '/' or the path's end. */
static size_t fold_dots(uint8_t *out, size_t n)
{
	if (n >= 2 && out[n - 1] == '.' && out[n - 2] == '/')
		return n - 2;
	if (n < 3 || out[n - 1] != '.' || out[n - 2] != '.' || out[n - 3] != '/')
		return n;
	n -= 3;
	while (n > 0 && out[n - 1] != '/')
		n--;
	return n > 0 ? n - 1 : 0;
}

size_t ww_uri_normalise(const uint8_t *in, size_t len, uint8_t *out)
{
	size_t n = 0, i = 0;
	bool path = true;
	while (i < len) {
		bool raw_mark = in[i] == '?';
		uint8_t c = decode(in, len, &i);
		if (path && c == '\\')
			c = '/';
		if (path && raw_mark) {
			n = fold_dots(out, n);
			path = false;
		}
		if (path && c == '/') {
			n = fold_dots(out, n);
			if (n > 0 && out[n - 1] == '/')
				continue;
		}
		out[n++] = c;
	}
	if (path) {
		size_t folded = fold_dots(out, n);
		if (folded < n)
			out[folded++] = '/';
		n = folded;
	}
	return n;
}

/* The URI of a request line, or false. `strict`: it must end in HTTP/... */
static bool split_line(
	const uint8_t *line, size_t len, bool strict, size_t *ret_at, size_t *ret_len)
{
	while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == ' '))
		len--;
	size_t i = 0;
	while (i < len && i < METHOD_MAX && line[i] >= 'A' && line[i] <= 'Z')
		i++;
	if (i < 3 || i == len || (line[i] != ' ' && line[i] != '\t'))
		return false;
	while (i < len && (line[i] == ' ' || line[i] == '\t'))
		i++;
	size_t end = len;
	const uint8_t *version = memrchr(line + i, ' ', len - i);
	bool versioned = version && len - (size_t)(version - line) > 5 &&
			 memcmp(version + 1, "HTTP/", 5) == 0;
	if (versioned)
		end = (size_t)(version - line);
	else if (strict)
		return false;
	*ret_at = i;
	*ret_len = end - i;
	return end > i;
}

static bool add(struct ww_buf *out, struct ww_uri *uri, const uint8_t *data, size_t at, size_t len)
{
	uint8_t normal[WW_URI_MAX];
	if (len > WW_URI_MAX)
		len = WW_URI_MAX;
	size_t n = ww_uri_normalise(data, len, normal);
	*uri = (struct ww_uri){(uint32_t)at, (uint32_t)out->len, (uint32_t)n};
	ww_buf_add(out, normal, n);
	return !out->failed;
}

size_t ww_uri_find(const uint8_t *data, size_t len, size_t fresh, bool begins, bool final,
	struct ww_buf *out, struct ww_uri uris[WW_URIS_MAX])
{
	size_t n = 0, uri_at, uri_len;
	size_t start = fresh;
	const uint8_t *before = fresh ? memrchr(data, '\n', fresh) : NULL;
	start = before ? (size_t)(before - data) + 1 : 0;
	/* A segment may begin a request where the body before it had no newline. */
	bool again = start < fresh;
	while (start < len && n < WW_URIS_MAX) {
		const uint8_t *newline = memchr(data + (start > fresh ? start : fresh), '\n',
			len - (start > fresh ? start : fresh));
		size_t end = newline ? (size_t)(newline - data) : len;
		bool whole = newline || final ||
			     (end - start >= LINE_PATIENCE &&
				     (fresh < start || fresh - start < LINE_PATIENCE));
		bool strict = (start != 0 || !begins) && start != fresh;
		if (whole && split_line(data + start, end - start, strict && newline, &uri_at,
				     &uri_len)) {
			if (!add(out, &uris[n], data + start + uri_at, start, uri_len))
				return n;
			n++;
			again = false;
		}
		if (again) {
			again = false;
			start = fresh;
			continue;
		}
		start = end + 1;
	}
	return n;
}
