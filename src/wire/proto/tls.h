/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What tls.c and tls-hello.c share: hellos read, and their fingerprints. For the files of this room
 * only. An adversary controls every byte; all lengths are checked against what encloses them.
 */
#include "wire/proto/parser.h"
#include "wire/proto/x509.h"

enum {
	WW_TLS_KEPT = 16384,     /* bytes of a hello or certificate */
	WW_JA3_TEXT = 65536,     /* bytes of its text */
	WW_JA3_HASH = 33,        /* 32 digits and a NUL */
	WW_TLS_FINGERPRINT = 60, /* 20 pairs, colons between, and a NUL */
};

struct ww_tls_run {
	const uint8_t *at;
	uint32_t len;
};

/* Points into the hello. */
struct ww_tls_hello {
	uint16_t version;
	struct ww_tls_run ciphers;    /* two bytes each; a ServerHello has one */
	struct ww_tls_run extensions; /* type 2, length 2, ... */
	struct ww_tls_run curves;     /* two bytes each */
	struct ww_tls_run formats;    /* a byte each */
	const uint8_t *name;          /* the server's, NULL: none */
	uint32_t name_len;
};

/* `data` begins behind the handshake's head. False when it is none; cut extensions are left out. */
bool ww_tls_client_hello(const uint8_t *data, uint32_t len, struct ww_tls_hello *ret);
bool ww_tls_server_hello(const uint8_t *data, uint32_t len, struct ww_tls_hello *ret);
/* Appends the text of JA3 or JA3S. False when memory or the limit cut it. */
bool ww_ja3_client(
	struct ww_parsing *parsing, const struct ww_tls_hello *hello, struct ww_kept *text);
bool ww_ja3_server(
	struct ww_parsing *parsing, const struct ww_tls_hello *hello, struct ww_kept *text);
/* MD5 in lower-case hexadecimal. False where libcrypto may not do MD5. */
bool ww_ja3_hash(const uint8_t *text, uint32_t len, char hash[WW_JA3_HASH]);
/* SHA-1 of a certificate, "0a:1b:..." in lower case, as Suricata has it. False likewise. */
bool ww_tls_fingerprint(const uint8_t *der, uint32_t len, char print[WW_TLS_FINGERPRINT]);
