/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * DCE/RPC, connection-oriented, version 5: calls on Windows' interfaces, over TCP (dcerpc.c) or a
 * named pipe (smb.c). For the files of this room only.
 *
 * From: C706 (The Open Group, DCE 1.1: Remote Procedure Call), chapter 12; MS-RPCE 2.2.2.
 *
 * Bytes of both directions are fed as they come, in any pieces. What is told:
 *
 *   messages  a call or an answer when its last fragment is whole: DCE_STUB is the stub data of
 *             all fragments, without padding and authentication trailer; struct ww_dce_call says
 *             which interface and operation
 *   facts     DCE_BIND for each context that is asked for, DCE_RESULT when the server took or
 *             refused it (bind_ack's list, or bind_nak for all), DCE_REQUEST, DCE_FAULT
 *
 * A context counts as accepted only when the server said so for it. A call that is whole before
 * that (a client need not wait for the answer to its bind) is told at once as one of a context not
 * accepted, and once more, `late`, when its context was accepted: who asks for an accepted context
 * sees it once, and so does who does not ask.
 *
 * Limits: WW_DCE_STUB_MAX bytes of stub; beyond, the message is told at once, DCE_STUB `cut`.
 * WW_DCE_CONTEXTS contexts; of more, the oldest that is not accepted goes, else the oldest.
 * WW_DCE_EARLY calls before their bind's answer; of more, the newest is not told again. Calls of
 * which fragments are mixed: only the one begun last is put together, the other told cut. Each is
 * counted in ww_app_counts.dropped. Bytes beyond the state itself are ww_kept.
 *
 * What an adversary controls: everything. Who controls both sides can make us believe any bind.
 */
#include "wire/proto/parser.h"

enum {
	WW_DCE_CONTEXTS = 64,
	WW_DCE_EARLY = 4,
	WW_DCE_STUB_MAX = 65536,
};

/* One direction. */
struct ww_dce_side {
	uint8_t state; /* enum state in dce.c; 0: nothing came yet */
	uint8_t have, need;
	uint8_t small[32];  /* what is collected: a header, an element of a list */
	uint32_t left, run; /* bytes left of the PDU; of the run in it that is passed or kept */

	/* the PDU */
	uint8_t type, flags, n_elements;
	bool little;
	uint16_t auth_len, index;
	uint32_t pdu_call, stub_before; /* bytes kept of the stub when the PDU began */
	uint64_t pdu_at;

	/* the call that is being put together, behind stub.data[base] */
	bool begun, call_little, from_first, cut, told, encrypted;
	uint16_t context, opnum;
	uint32_t call, base;
	uint64_t at;
	struct ww_kept stub;
};

/* A whole call of which the context is not decided; its stub is kept by the client's side. */
struct ww_dce_early {
	uint64_t number, at, end;
	uint32_t stub_at, stub_len;
	uint16_t context, opnum;
	bool little, from_first, cut, encrypted;
};

struct ww_dce {
	struct ww_dce_side sides[2];
	struct ww_dce_early early[WW_DCE_EARLY];
	uint32_t n_offers, n_early;
	struct ww_kept contexts; /* struct context of dce.c */
};

/* Where a connection's messages go. */
struct ww_dce_line {
	struct ww_parsing *parsing;
	uint64_t *numbers; /* [2]: messages told of the flow, by direction; they number the next */
};

/*
 * Do these bytes begin a PDU? Positive: yes, as the first N bytes show; 0: too few to tell;
 * negative: no.
 */
int ww_dce_looks(const uint8_t *bytes, size_t n);
/*
 * The next bytes of a direction; bytes[0] is at stream position `at` (positions may jump where
 * other things lie between). Returns false when this direction is not (or no longer) DCE/RPC:
 * nothing more need be fed.
 */
bool ww_dce_feed(struct ww_dce *dce, const struct ww_dce_line *line, enum ww_dir dir,
	const uint8_t *bytes, size_t n, uint64_t at);
/* The direction ended, or bytes are missing: an unfinished call is told, cut; then begin anew. */
void ww_dce_end(struct ww_dce *dce, const struct ww_dce_line *line, enum ww_dir dir);
/* Drops what is kept. Safe on a zeroed one. */
void ww_dce_done(struct ww_dce *dce, struct ww_parsing *parsing);
