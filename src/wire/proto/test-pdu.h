/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * For tests: PDUs of DCE/RPC (C706, 12.6.4), and SMB around them. All payloads are inert markers.
 * Lengths that contradict each other are made on purpose by changing what these give.
 */
#include "base/buf.h"

#include <string.h>

enum {
	DCE_REQUEST = 0,
	DCE_RESPONSE = 2,
	DCE_FAULT = 3,
	DCE_BIND = 11,
	DCE_BIND_ACK = 12,
	DCE_BIND_NAK = 13,
	DCE_ALTER = 14,
	DCE_ALTER_RESP = 15,
	DCE_FIRST = 1,
	DCE_LAST = 2,
	DCE_WHOLE = 3,
};

/* ISystemActivator, as in the text form. */
static const uint8_t dce_activator[16] = {
	0x00, 0x00, 0x01, 0xa0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};
/* IRemoteActivation. */
static const uint8_t dce_remote_activation[16] = {0x4d, 0x9f, 0x4a, 0xb8, 0x7d, 0x1c, 0x11, 0xcf,
	0x86, 0x1e, 0x00, 0x20, 0xaf, 0x6e, 0x7c, 0x57};
/* The transfer syntax NDR, version 2. */
static const uint8_t dce_ndr[16] = {0x8a, 0x88, 0x5d, 0x04, 0x1c, 0xeb, 0x11, 0xc9, 0x9f, 0xe8,
	0x08, 0x00, 0x2b, 0x10, 0x48, 0x60};

static inline void dce_put16(struct ww_buf *out, unsigned value, bool little)
{
	uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};
	uint8_t turned[2] = {bytes[1], bytes[0]};
	ww_buf_add(out, little ? turned : bytes, 2);
}

static inline void dce_put32(struct ww_buf *out, uint32_t value, bool little)
{
	dce_put16(out, little ? value & 0xffff : value >> 16, little);
	dce_put16(out, little ? value >> 16 : value & 0xffff, little);
}

static inline void dce_put_uuid(struct ww_buf *out, const uint8_t uuid[16], bool little)
{
	static const uint8_t order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
	for (size_t i = 0; i < 16; i++)
		ww_buf_add(out, uuid + (little ? order[i] : i), 1);
}

/* Overwrites two bytes at `at`. */
static inline void dce_set16(struct ww_buf *out, size_t at, unsigned value, bool little)
{
	out->data[at] = (char)(little ? value : value >> 8);
	out->data[at + 1] = (char)(little ? value >> 8 : value);
}

/* A header without its length; returns where it begins. dce_end() fills the length. */
static inline size_t dce_begin(
	struct ww_buf *out, unsigned type, unsigned flags, bool little, uint32_t call)
{
	size_t at = out->len;
	uint8_t head[8] = {5, 0, (uint8_t)type, (uint8_t)flags, little ? 0x10 : 0, 0, 0, 0};
	ww_buf_add(out, head, sizeof(head));
	dce_put16(out, 0, little);
	dce_put16(out, 0, little);
	dce_put32(out, call, little);
	return at;
}

static inline void dce_end(struct ww_buf *out, size_t at, bool little)
{
	dce_set16(out, at + 8, (unsigned)(out->len - at), little);
}

/* A trailer (MS-RPCE 2.2.2.11) with `pad` bytes before it and `len` bytes of value. */
static inline void dce_auth(
	struct ww_buf *out, size_t at, bool little, unsigned level, unsigned pad, unsigned len)
{
	uint8_t trailer[8] = {10, (uint8_t)level, (uint8_t)pad, 0, 0, 0, 0, 0};
	ww_buf_pad(out, 'P', (int)pad);
	ww_buf_add(out, trailer, sizeof(trailer));
	ww_buf_pad(out, 'A', (int)len);
	dce_set16(out, at + 10, len, little);
	dce_end(out, at, little);
}

struct dce_offer {
	uint16_t id, major, minor;
	const uint8_t *uuid;
	unsigned syntaxes;
};

/* bind or alter_context. */
static inline void dce_bind(struct ww_buf *out, unsigned type, bool little, uint32_t call,
	const struct dce_offer *offers, size_t n)
{
	size_t at = dce_begin(out, type, DCE_WHOLE, little, call);
	dce_put16(out, 5840, little);
	dce_put16(out, 5840, little);
	dce_put32(out, 0, little);
	ww_buf_addc(out, (char)n);
	ww_buf_pad(out, 0, 3);
	for (size_t i = 0; i < n; i++) {
		dce_put16(out, offers[i].id, little);
		ww_buf_addc(out, (char)offers[i].syntaxes);
		ww_buf_addc(out, 0);
		dce_put_uuid(out, offers[i].uuid, little);
		dce_put16(out, little ? offers[i].major : offers[i].minor, little);
		dce_put16(out, little ? offers[i].minor : offers[i].major, little);
		for (unsigned s = 0; s < offers[i].syntaxes; s++) {
			dce_put_uuid(out, dce_ndr, little);
			dce_put32(out, 2, little);
		}
	}
	dce_end(out, at, little);
}

/* bind_ack or alter_context_resp: each result is 0 or a reason of a provider's rejection. */
static inline void dce_ack(struct ww_buf *out, unsigned type, bool little, uint32_t call,
	const char *address, const uint16_t *results, size_t n)
{
	static const uint8_t none[16];
	size_t at = dce_begin(out, type, DCE_WHOLE, little, call);
	dce_put16(out, 5840, little);
	dce_put16(out, 5840, little);
	dce_put32(out, 0x12345, little);
	size_t len = address ? strlen(address) + 1 : 0;
	dce_put16(out, (unsigned)len, little);
	ww_buf_add(out, address, len);
	ww_buf_pad(out, 0, (int)((4 - (out->len - at) % 4) % 4));
	ww_buf_addc(out, (char)n);
	ww_buf_pad(out, 0, 3);
	for (size_t i = 0; i < n; i++) {
		dce_put16(out, results[i] ? 2 : 0, little);
		dce_put16(out, results[i], little);
		dce_put_uuid(out, results[i] ? none : dce_ndr, little);
		dce_put32(out, results[i] ? 0 : 2, little);
	}
	dce_end(out, at, little);
}

static inline void dce_nak(struct ww_buf *out, bool little, uint32_t call, unsigned reason)
{
	size_t at = dce_begin(out, DCE_BIND_NAK, DCE_WHOLE, little, call);
	dce_put16(out, reason, little);
	ww_buf_pad(out, 0, 3);
	dce_end(out, at, little);
}

/* One fragment of a request (with `opnum`) or response (0); returns where it begins. */
static inline size_t dce_fragment(struct ww_buf *out, unsigned type, unsigned flags, bool little,
	uint32_t call, unsigned context, unsigned opnum, const void *stub, size_t len)
{
	size_t at = dce_begin(out, type, flags, little, call);
	dce_put32(out, (uint32_t)len, little);
	dce_put16(out, context, little);
	dce_put16(out, opnum, little);
	ww_buf_add(out, stub, len);
	dce_end(out, at, little);
	return at;
}

/* A call in fragments of at most `most` bytes of stub. */
static inline void dce_request(struct ww_buf *out, bool little, uint32_t call, unsigned context,
	unsigned opnum, const void *stub_, size_t len, size_t most)
{
	const char *stub = stub_;
	size_t done = 0;
	do {
		size_t n = len - done < most ? len - done : most;
		unsigned flags = (done == 0 ? DCE_FIRST : 0) | (done + n == len ? DCE_LAST : 0);
		(void)dce_fragment(
			out, DCE_REQUEST, flags, little, call, context, opnum, stub + done, n);
		done += n;
	} while (done < len);
}

static inline void dce_fault(
	struct ww_buf *out, bool little, uint32_t call, unsigned context, uint32_t status)
{
	size_t at = dce_begin(out, DCE_FAULT, DCE_WHOLE, little, call);
	dce_put32(out, 0, little);
	dce_put16(out, context, little);
	dce_put16(out, 0, little);
	dce_put32(out, status, little);
	dce_put32(out, 0, little);
	dce_end(out, at, little);
}
