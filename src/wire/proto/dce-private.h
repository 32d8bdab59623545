/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What dce.c (the steps through a PDU) and dce-call.c (contexts, calls, what is told) share.
 */
#include "wire/proto/dce.h"

enum ww_dce_type {
	WW_DCE_REQUEST = 0,
	WW_DCE_RESPONSE = 2,
	WW_DCE_FAULT = 3,
	WW_DCE_BIND = 11,
	WW_DCE_BIND_ACK = 12,
	WW_DCE_BIND_NAK = 13,
	WW_DCE_ALTER = 14,
	WW_DCE_ALTER_RESP = 15,
	WW_DCE_ORPHANED = 19,
};

enum { WW_DCE_FLAG_FIRST = 0x01, WW_DCE_FLAG_LAST = 0x02, WW_DCE_FLAG_OBJECT = 0x80 };

/* Bytes of one direction at work. */
struct ww_dce_feed {
	struct ww_dce *dce;
	struct ww_dce_side *side;
	const struct ww_dce_line *line;
	enum ww_dir dir;
	uint64_t at; /* stream position behind what was taken */
};

/* ---- dce-call.c; side->small holds what the PDU says ---- */

/* An element of a bind's list: an interface is asked for. */
void ww_dce_offer(const struct ww_dce_feed *feed);
/* One of an ack's results. */
void ww_dce_result(const struct ww_dce_feed *feed);
/* bind_nak: all of that bind. */
void ww_dce_refuse(const struct ww_dce_feed *feed, uint16_t reason);
/* A fragment of a request or response: its first bytes, its stub, its trailer, its end. */
void ww_dce_begin(const struct ww_dce_feed *feed);
void ww_dce_keep(const struct ww_dce_feed *feed, const uint8_t *bytes, uint32_t n);
void ww_dce_trailer(struct ww_dce_side *side);
void ww_dce_finish(const struct ww_dce_feed *feed);
void ww_dce_fault(const struct ww_dce_feed *feed);
/* What has begun and was not told is told as it is. */
void ww_dce_unfinished(const struct ww_dce_feed *feed);
