// SPDX-License-Identifier: GPL-3.0-or-later
/*
 *   ClientHello  | version 2 | random 32 | n 1, session | n 2, ciphers | n 1, methods | n 2,
 * extensions | ServerHello  | version 2 | random 32 | n 1, session | cipher 2 | method 1 | n 2,
 * extensions | extension    | type 2 | n 2 | ... |    server_name (RFC 6066): | n 2 | kind 1 | n 2
 * | name | curves (RFC 8422): | n 2 | 2 each |   formats: | n 1 | 1 each |
 */
#include "wire/proto/tls.h"

#include "wire/proto/wire-read.h"

#include <openssl/evp.h>

#include <stdio.h>
#include <string.h>

enum { RANDOM_BYTES = 32, EXTENSION_NAME = 0, EXTENSION_CURVES = 10, EXTENSION_FORMATS = 11 };

/* Takes `n` bytes off the front; false when there are fewer. */
static bool cut_off(struct ww_tls_run *rest, uint32_t n, struct ww_tls_run *ret)
{
	if (n > rest->len)
		return false;
	*ret = (struct ww_tls_run){rest->at, n};
	rest->at += n;
	rest->len -= n;
	return true;
}

/* Takes a run with its length in `width` bytes before it. */
static bool counted(struct ww_tls_run *rest, uint32_t width, struct ww_tls_run *ret)
{
	struct ww_tls_run head;
	if (!cut_off(rest, width, &head))
		return false;
	return cut_off(rest, width == 1 ? head.at[0] : ww_read16(head.at, false), ret);
}

static void read_extension(struct ww_tls_hello *hello, uint16_t type, struct ww_tls_run body)
{
	struct ww_tls_run list, head, name;
	if (type == EXTENSION_CURVES && counted(&body, 2, &list)) {
		hello->curves = list;
	} else if (type == EXTENSION_FORMATS && counted(&body, 1, &list)) {
		hello->formats = list;
	} else if (type == EXTENSION_NAME && counted(&body, 2, &list) && cut_off(&list, 1, &head) &&
		   head.at[0] == 0 && counted(&list, 2, &name)) {
		hello->name = name.at;
		hello->name_len = name.len;
	}
}

static void read_extensions(struct ww_tls_hello *hello, struct ww_tls_run rest)
{
	struct ww_tls_run head, list;
	if (!cut_off(&rest, 2, &head))
		return;
	uint32_t said = ww_read16(head.at, false);
	/* Of what was cut, the part that is there. */
	if (said < rest.len)
		rest.len = said;
	list = rest;
	for (;;) {
		struct ww_tls_run type, body;
		if (!cut_off(&rest, 2, &type) || !counted(&rest, 2, &body))
			break;
		read_extension(hello, ww_read16(type.at, false), body);
		hello->extensions = (struct ww_tls_run){list.at, list.len - rest.len};
	}
}

bool ww_tls_client_hello(const uint8_t *data, uint32_t len, struct ww_tls_hello *ret)
{
	struct ww_tls_run rest = {data, len}, item;
	*ret = (struct ww_tls_hello){0};
	if (!cut_off(&rest, 2, &item))
		return false;
	ret->version = ww_read16(item.at, false);
	if (!cut_off(&rest, RANDOM_BYTES, &item) || !counted(&rest, 1, &item) ||
		!counted(&rest, 2, &ret->ciphers) || !counted(&rest, 1, &item))
		return false;
	read_extensions(ret, rest);
	return true;
}

bool ww_tls_server_hello(const uint8_t *data, uint32_t len, struct ww_tls_hello *ret)
{
	struct ww_tls_run rest = {data, len}, item;
	*ret = (struct ww_tls_hello){0};
	if (!cut_off(&rest, 2, &item))
		return false;
	ret->version = ww_read16(item.at, false);
	if (!cut_off(&rest, RANDOM_BYTES, &item) || !counted(&rest, 1, &item) ||
		!cut_off(&rest, 2, &ret->ciphers) || !cut_off(&rest, 1, &item))
		return false;
	read_extensions(ret, rest);
	return true;
}

/* ---- JA3 ---- */

/* RFC 8701: 0x0a0a, 0x1a1a, ... 0xfafa. */
static bool is_grease(uint16_t value)
{
	return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

struct writer {
	struct ww_parsing *parsing;
	struct ww_kept *text;
	bool first, whole;
};

static void write_text(struct writer *writer, const char *text, uint32_t n)
{
	if (ww_kept_add(writer->parsing, writer->text, (const uint8_t *)text, n, WW_JA3_TEXT) < n)
		writer->whole = false;
}

static void write_number(struct writer *writer, uint16_t value)
{
	char number[8];
	int n = snprintf(number, sizeof(number), writer->first ? "%u" : "-%u", value);
	write_text(writer, number, (uint32_t)n);
	writer->first = false;
}

static void write_list(struct writer *writer, struct ww_tls_run list, uint32_t width)
{
	write_text(writer, ",", 1);
	writer->first = true;
	for (uint32_t i = 0; i + width <= list.len; i += width) {
		uint16_t value = width == 1 ? list.at[i] : ww_read16(list.at + i, false);
		if (width == 1 || !is_grease(value))
			write_number(writer, value);
	}
}

static void write_extensions(struct writer *writer, struct ww_tls_run list)
{
	struct ww_tls_run type, body;
	write_text(writer, ",", 1);
	writer->first = true;
	while (cut_off(&list, 2, &type) && counted(&list, 2, &body))
		if (!is_grease(ww_read16(type.at, false)))
			write_number(writer, ww_read16(type.at, false));
}

bool ww_ja3_client(
	struct ww_parsing *parsing, const struct ww_tls_hello *hello, struct ww_kept *text)
{
	struct writer writer = {parsing, text, true, true};
	write_number(&writer, hello->version);
	write_list(&writer, hello->ciphers, 2);
	write_extensions(&writer, hello->extensions);
	write_list(&writer, hello->curves, 2);
	write_list(&writer, hello->formats, 1);
	return writer.whole;
}

bool ww_ja3_server(
	struct ww_parsing *parsing, const struct ww_tls_hello *hello, struct ww_kept *text)
{
	struct writer writer = {parsing, text, true, true};
	write_number(&writer, hello->version);
	write_list(&writer, hello->ciphers, 2);
	write_extensions(&writer, hello->extensions);
	return writer.whole;
}

/* ---- digests ---- */

static char *put_hex(char *to, uint8_t byte)
{
	static const char digits[] = "0123456789abcdef";
	*to++ = digits[byte >> 4];
	*to++ = digits[byte & 15];
	return to;
}

bool ww_ja3_hash(const uint8_t *text, uint32_t len, char hash[WW_JA3_HASH])
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	if (!EVP_Digest(text, len, digest, &n, EVP_md5(), NULL) || n != 16)
		return false;
	for (unsigned i = 0; i < n; i++)
		hash = put_hex(hash, digest[i]);
	*hash = '\0';
	return true;
}

bool ww_tls_fingerprint(const uint8_t *der, uint32_t len, char print[WW_TLS_FINGERPRINT])
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	if (!EVP_Digest(der, len, digest, &n, EVP_sha1(), NULL) || n != 20)
		return false;
	for (unsigned i = 0; i < n; i++) {
		if (i)
			*print++ = ':';
		print = put_hex(print, digest[i]);
	}
	*print = '\0';
	return true;
}
