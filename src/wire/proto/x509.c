// SPDX-License-Identifier: GPL-3.0-or-later
/*
 *   Certificate ::= SEQUENCE { TBSCertificate, ... }
 *   TBSCertificate ::= SEQUENCE { [0] version OPTIONAL, serial INTEGER, algorithm SEQUENCE,
 *       issuer Name, validity SEQUENCE, subject Name, ... }
 *   Name ::= SEQUENCE OF SET OF SEQUENCE { type OBJECT IDENTIFIER, value ANY }
 */
#include "wire/proto/x509.h"

#include "base/err.h"

#include <stdio.h>
#include <string.h>

enum {
	DER_INTEGER = 0x02,
	DER_OID = 0x06,
	DER_BMP_STRING = 0x1e,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_VERSION = 0xa0,
};

/* A run of DER. */
struct der {
	const uint8_t *at;
	size_t len;
};

/* Takes the next element off `rest`: its tag, and its contents. False when it does not fit. */
static bool next(struct der *rest, uint8_t *tag, struct der *ret)
{
	if (rest->len < 2 || (rest->at[0] & 0x1f) == 0x1f)
		return false;
	size_t head = 2, len = rest->at[1];
	if (len >= 0x80) {
		size_t n = len & 0x7f;
		/* No certificate in a handshake is longer than three bytes of length can say. */
		if (n == 0 || n > 3 || rest->len < 2 + n)
			return false;
		len = 0;
		for (size_t i = 0; i < n; i++)
			len = len << 8 | rest->at[2 + i];
		head += n;
	}
	if (len > rest->len - head)
		return false;
	*tag = rest->at[0];
	*ret = (struct der){rest->at + head, len};
	rest->at += head + len;
	rest->len -= head + len;
	return true;
}

static bool expect(struct der *rest, uint8_t tag, struct der *ret)
{
	uint8_t found;
	return next(rest, &found, ret) && found == tag;
}

/* Enters a sequence of which the end may not be kept: what is there of it is read. */
static bool enter(struct der *rest, struct der *ret)
{
	if (rest->len < 2 || rest->at[0] != DER_SEQUENCE)
		return false;
	size_t n = rest->at[1] < 0x80 ? 0 : rest->at[1] & 0x7fu;
	if (rest->at[1] == 0x80 || n > 3 || rest->len < 2 + n)
		return false;
	*ret = (struct der){rest->at + 2 + n, rest->len - 2 - n};
	return true;
}

static void put(struct ww_x509_text *text, const void *bytes, size_t n)
{
	size_t room = sizeof(text->bytes) - text->len;
	if (n > room) {
		n = room;
		text->cut = true;
	}
	memcpy(text->bytes + text->len, bytes, n);
	text->len += (uint32_t)n;
}

static void put_text(struct ww_x509_text *text, const char *words)
{
	put(text, words, strlen(words));
}

/* Types with a short name: RFC 4519, RFC 2985, as in Suricata's X.509 library. */
static const struct {
	const char *oid; /* DER contents */
	uint8_t len;
	const char *name;
} types[] = {
	{"\x55\x04\x03", 3, "CN"},
	{"\x55\x04\x04", 3, "SN"},
	{"\x55\x04\x05", 3, "serialNumber"},
	{"\x55\x04\x06", 3, "C"},
	{"\x55\x04\x07", 3, "L"},
	{"\x55\x04\x08", 3, "ST"},
	{"\x55\x04\x09", 3, "street"},
	{"\x55\x04\x0a", 3, "O"},
	{"\x55\x04\x0b", 3, "OU"},
	{"\x55\x04\x0c", 3, "title"},
	{"\x55\x04\x0d", 3, "description"},
	{"\x55\x04\x0f", 3, "businessCategory"},
	{"\x55\x04\x11", 3, "postalCode"},
	{"\x55\x04\x14", 3, "telephoneNumber"},
	{"\x55\x04\x29", 3, "name"},
	{"\x55\x04\x2a", 3, "GN"},
	{"\x55\x04\x2b", 3, "initials"},
	{"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", 9, "emailAddress"},
	{"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x02", 9, "unstructuredName"},
	{"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", 10, "UID"},
	{"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", 10, "DC"},
	{"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x01", 11, "jurisdictionL"},
	{"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x02", 11, "jurisdictionST"},
	{"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x03", 11, "jurisdictionC"},
};

/* Base 128, most significant first, all but the last byte with the upper bit (X.690, 8.19). */
static void put_oid(struct ww_x509_text *text, const struct der *oid)
{
	char number[24];
	uint64_t value = 0;
	bool first = true;
	for (size_t i = 0; i < oid->len; i++) {
		value = value << 7 | (oid->at[i] & 0x7f);
		if (oid->at[i] & 0x80)
			continue;
		if (first) {
			uint64_t top = value < 80 ? value / 40 : 2;
			snprintf(number, sizeof(number), "%u.", (unsigned)top);
			put_text(text, number);
			value -= top * 40;
		}
		snprintf(number, sizeof(number), first ? "%llu" : ".%llu",
			(unsigned long long)value);
		put_text(text, number);
		first = false;
		value = 0;
	}
}

static void put_type(struct ww_x509_text *text, const struct der *oid)
{
	for (size_t i = 0; i < WW_N(types); i++) {
		if (oid->len == types[i].len && memcmp(oid->at, types[i].oid, oid->len) == 0) {
			put_text(text, types[i].name);
			return;
		}
	}
	put_oid(text, oid);
}

static void put_bmp(struct ww_x509_text *text, const struct der *value)
{
	for (size_t i = 0; i + 2 <= value->len; i += 2) {
		unsigned code = (unsigned)value->at[i] << 8 | value->at[i + 1];
		uint8_t out[3] = {(uint8_t)(0xe0 | code >> 12),
			(uint8_t)(0x80 | (code >> 6 & 0x3f)), (uint8_t)(0x80 | (code & 0x3f))};
		if (code < 0x80) {
			out[0] = (uint8_t)code;
			put(text, out, 1);
		} else if (code < 0x800) {
			out[1] = out[2];
			out[0] = (uint8_t)(0xc0 | code >> 6);
			put(text, out, 2);
		} else {
			put(text, out, 3);
		}
	}
}

/* One level of a name: the parts of a SET. */
static bool put_level(struct ww_x509_text *text, struct der set)
{
	for (bool first = true; set.len > 0; first = false) {
		struct der pair, oid, value;
		uint8_t tag;
		if (!expect(&set, DER_SEQUENCE, &pair) || !expect(&pair, DER_OID, &oid) ||
			!next(&pair, &tag, &value))
			return false;
		if (!first)
			put_text(text, " + ");
		put_type(text, &oid);
		put_text(text, "=");
		if (tag == DER_BMP_STRING)
			put_bmp(text, &value);
		else
			put(text, value.at, value.len);
	}
	return true;
}

static bool read_name(struct der *rest, struct ww_x509_text *text)
{
	struct der name, set;
	if (!expect(rest, DER_SEQUENCE, &name))
		return false;
	for (bool first = true; name.len > 0; first = false) {
		if (!expect(&name, DER_SET, &set))
			return false;
		if (!first)
			put_text(text, ", ");
		if (!put_level(text, set))
			return false;
	}
	return true;
}

static void put_serial(struct ww_x509_text *text, const struct der *serial)
{
	char pair[4];
	for (size_t i = 0; i < serial->len; i++) {
		if (text->len + 3 > WW_X509_SERIAL) {
			text->cut = true;
			return;
		}
		snprintf(pair, sizeof(pair), i ? ":%02X" : "%02X", serial->at[i]);
		put_text(text, pair);
	}
}

bool ww_x509_read(const uint8_t *der, size_t len, struct ww_x509 *ret)
{
	struct der rest = {der, len}, certificate, body, item;
	uint8_t tag;
	ret->subject.len = ret->issuer.len = ret->serial.len = 0;
	ret->subject.cut = ret->issuer.cut = ret->serial.cut = false;
	if (!enter(&rest, &certificate) || !enter(&certificate, &body) || !next(&body, &tag, &item))
		return false;
	if (tag == DER_VERSION && !next(&body, &tag, &item))
		return false;
	if (tag != DER_INTEGER)
		return false;
	put_serial(&ret->serial, &item);
	return expect(&body, DER_SEQUENCE, &item) && read_name(&body, &ret->issuer) &&
	       expect(&body, DER_SEQUENCE, &item) && read_name(&body, &ret->subject);
}
