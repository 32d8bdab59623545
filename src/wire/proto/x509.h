/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Who a certificate names: RFC 5280, 4.1, in DER (X.690). Nothing is verified.
 *
 * Names read as Suricata prints them: "C=US, O=Example, CN=host", in the order of the certificate,
 * " + " between the parts of one level, types that have no short name as dotted numbers. Strings of
 * 16-bit characters become UTF-8, other bytes stay as they are, controls included. Serial numbers:
 * "0A:1B", every byte. What does not fit is left out, and `cut` says so.
 *
 * What an adversary controls: every byte. All lengths are checked against what encloses them; no
 * recursion; the cost is linear in the certificate.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WW_X509_NAME = 1024, WW_X509_SERIAL = 192 };

struct ww_x509_text {
	uint8_t bytes[WW_X509_NAME];
	uint32_t len;
	bool cut;
};

struct ww_x509 {
	struct ww_x509_text subject, issuer, serial;
};

/* Reads what a certificate begins with; false when that is none. What was read before stands. */
bool ww_x509_read(const uint8_t *der, size_t len, struct ww_x509 *ret);
