/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Messages of ordinary protocols, well-formed as far as a dissector looks: a drill is read in
 * other people's tools too, and a quiet day has no malformed packets. What is free in a message is
 * filler in words, so that no pattern is in it by accident.
 */
#include "base/buf.h"
#include "base/rng.h"

enum ww_benign {
	WW_BENIGN_HTTP,
	WW_BENIGN_SMTP,
	WW_BENIGN_DNS, /* RFC 1035: a query for an address, and its answer */
	WW_BENIGN_NTP, /* RFC 1305 */
	WW_BENIGN_TLS, /* RFC 2246: hellos first, then application data */
	WW_BENIGN_SMB, /* NetBIOS session (RFC 1002) with SMB echoes */
	WW_BENIGN_RPC, /* DCE 1.1 RPC (C706, 12.6): bind, then requests */
	WW_BENIGN_OTHER,
};

/*
 * Appends message number `turn` (0 is the first) of a side (0 is the client) with about `room`
 * free bytes, at most 16,000. `id` is the conversation's own number.
 */
void ww_benign_message(struct ww_buf *out, enum ww_benign kind, uint64_t turn, int side,
	size_t room, uint16_t id, struct ww_rng *rng);
