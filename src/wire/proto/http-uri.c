// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A URI as IIS 4 and 5 understood it, which Code Red and Nimda attacked; a strict server's reading
 * is the same for what is no trick.
 *
 *	/scripts/..%255c..%c0%af..%u005cwinnt?a=%41        /winnt?a=A
 *
 * The path is decoded twice (MS01-026): percent signs (RFC 3986, 2.1) and %uNNNN; overlong UTF-8,
 * whose continuation bytes need not be such: %c1%1c is a backslash as %c1%9c is (MS00-078), and
 * letters beyond f count on as digits: %c1%8s. Fullwidth forms and the other slashes of Unicode
 * become ASCII. Then \ is /, // is /, and dot segments go (RFC 3986, 5.2.4); ".." above the root
 * stays at the root. The query is decoded once, and nothing else is done to it.
 *
 * Snort 2.9 does this in its profile "iis" (double_decode, iis_unicode, iis_backslash, directory,
 * multi_slash); Suricata only with double-decode-path and the personality IIS_5_1: its default
 * decodes once.
 */
#include "wire/proto/http.h"

#include <ctype.h>
#include <string.h>

/* -1: no digit. `loose`: any letter counts on from a = 10. */
static int digit(uint8_t c, bool loose)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (isxdigit(c) || (loose && isalpha(c)))
		return (c | 0x20) - 'a' + 10;
	return -1;
}

struct character {
	unsigned value; /* may be above 255 for %u */
	bool encoded;
	size_t next; /* index behind it */
};

static struct character read_one(const uint8_t *in, size_t len, size_t i, bool loose)
{
	struct character one = {.value = in[i], .next = i + 1};
	if (in[i] != '%')
		return one;
	if (i + 2 < len && digit(in[i + 1], loose) >= 0 && digit(in[i + 2], loose) >= 0) {
		int value = digit(in[i + 1], loose) * 16 + digit(in[i + 2], loose);
		return (struct character){(unsigned)value & 0xff, true, i + 3};
	}
	if (i + 5 >= len || (in[i + 1] | 0x20) != 'u')
		return one;
	unsigned value = 0;
	for (size_t k = i + 2; k < i + 6; k++) {
		if (digit(in[k], false) < 0)
			return one;
		value = value << 4 | (unsigned)digit(in[k], false);
	}
	return (struct character){value, true, i + 6};
}

/* What a character of Unicode becomes where one byte is wanted. */
static uint8_t best_fit(unsigned value)
{
	if (value >= 0xff01 && value <= 0xff5e)
		return (uint8_t)(value - 0xfee0);
	if (value == 0x2044 || value == 0x2215)
		return '/';
	if (value == 0x2216)
		return '\\';
	return value < 256 ? (uint8_t)value : '?';
}

/*
 * The sequence of UTF-8 that begins with `lead`: true when it stands for ASCII, by being overlong
 * or by best fit; *lead is that then. RFC 3629 forbids what is overlong; five and six bytes are of
 * RFC 2279.
 */
static bool fold_utf8(const uint8_t *in, size_t len, struct character *lead)
{
	unsigned first = lead->value;
	unsigned more = first < 0xe0   ? 1
			: first < 0xf0 ? 2
			: first < 0xf8 ? 3
			: first < 0xfc ? 4
				       : 5;
	unsigned code = first & (0x3fu >> more);
	size_t i = lead->next;
	for (unsigned k = 0; k < more; k++) {
		if (i >= len)
			return false;
		struct character next = read_one(in, len, i, lead->encoded);
		bool strict = next.value >= 0x80 && next.value <= 0xbf;
		if (next.value > 255 || (!strict && (more > 1 || !next.encoded)))
			return false;
		code = code << 6 | (next.value & 0x3f);
		i = next.next;
	}
	bool wide = code >= 0xff01 && code <= 0xff5e;
	if (code >= 0x80 && !wide)
		return false;
	lead->value = wide ? code - 0xfee0 : code;
	lead->next = i;
	return true;
}

/* Writes at most len bytes; `out` may be `in`. */
static size_t decode(const uint8_t *in, size_t len, uint8_t *out, bool fold)
{
	size_t n = 0;
	for (size_t i = 0; i < len;) {
		struct character one = read_one(in, len, i, false);
		if (fold && one.value >= 0xc0 && one.value <= 0xfd)
			(void)fold_utf8(in, len, &one);
		out[n++] = best_fit(one.value);
		i = one.next;
	}
	return n;
}

/* Drops "/." and "/.." at the end of what was written, before a '/' or the path's end. */
static size_t fold_dots(const uint8_t *out, size_t n)
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

/* Slashes and dot segments of out[0..len), in place. */
static size_t fold_path(uint8_t *out, size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		uint8_t c = out[i] == '\\' ? '/' : out[i];
		if (c == '/') {
			n = fold_dots(out, n);
			if (n > 0 && out[n - 1] == '/')
				continue;
		}
		out[n++] = c;
	}
	size_t folded = fold_dots(out, n);
	if (folded < n)
		out[folded++] = '/';
	return folded;
}

/* Nothing to decode, as in nearly every URI. No early end: the compiler does 16 bytes at once. */
static bool is_plain(const uint8_t *in, size_t len)
{
	unsigned special = 0;
	for (size_t i = 0; i < len; i++)
		special |= (unsigned)(in[i] == '%') | (unsigned)(in[i] >= 0xc0);
	return !special;
}

/* Nothing to fold: no backslash, and no '/' before another or before a '.'. */
static bool is_folded(const uint8_t *in, size_t len)
{
	unsigned special = len > 0 && in[len - 1] == '\\';
	for (size_t i = 0; i + 1 < len; i++)
		special |= (unsigned)(in[i] == '\\') |
			   ((unsigned)(in[i] == '/') &
				   ((unsigned)(in[i + 1] == '/') | (unsigned)(in[i + 1] == '.')));
	return !special;
}

uint32_t ww_http_uri_normalise(const uint8_t *in, uint32_t len, uint8_t *out)
{
	const uint8_t *mark = memchr(in, '?', len);
	size_t path = mark ? (size_t)(mark - in) : len;
	if (is_plain(in, len) && is_folded(in, path)) {
		memmove(out, in, len);
		return len;
	}
	size_t n = decode(in, path, out, true);
	n = decode(out, n, out, true);
	n = fold_path(out, n);
	n += decode(in + path, len - path, out + n, false);
	return (uint32_t)n;
}

/* scheme "://" authority, RFC 9112 3.2.2. */
uint32_t ww_http_uri_authority(const uint8_t *uri, uint32_t len, struct ww_http_span *ret_host)
{
	uint32_t i = 0;
	while (i < len && i < 16 && isalpha(uri[i]))
		i++;
	if (i == 0 || len - i < 3 || memcmp(uri + i, "://", 3) != 0)
		return 0;
	i += 3;
	uint32_t start = i;
	while (i < len && uri[i] != '/' && uri[i] != '?' && uri[i] != '\\')
		i++;
	const uint8_t *at = memrchr(uri + start, '@', i - start);
	if (at)
		start = (uint32_t)(at - uri) + 1;
	*ret_host = (struct ww_http_span){start, i - start};
	return i;
}
