/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * TFTP's datagrams (RFC 1350, options RFC 2347), by themselves: the server answers a request from a
 * new port (RFC 1350, 4), so no flow holds both. Whoever knows of a request asks what a datagram to
 * its sender says of it. Reads only; the pointers are into `data`.
 */
#include "wire/proto/proto.h"

struct ww_tftp_request {
	bool writes;                 /* to the server; else it reads from it */
	const uint8_t *name, *mode;  /* without their NULs */
	uint32_t name_len, mode_len; /* neither is 0 */
};

/* Whether it is a request: a name and a mode that exist, each ended by a NUL. */
bool ww_tftp_request_read(const uint8_t *data, size_t len, struct ww_tftp_request *ret);
/*
 * Whether it answers a request. *ret: a block of the file, or an acknowledgement (of the writing,
 * or of options): GRANTED; an error: REFUSED, with its code and text. asked_at is unknown.
 */
bool ww_tftp_answer_read(const uint8_t *data, size_t len, bool writes, struct ww_fact *ret);
