// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The header of each PDU (C706, 12.6.3.1), and what follows it:
 *
 *   0       1       2       3         4        8            10          12
 *   | 5     | minor | type  | flags   | drep   | frag length| auth length| call id |
 *
 *   request:   alloc hint 4, context 2, opnum 2, [object 16], stub, [trailer]
 *   response:  alloc hint 4, context 2, cancels 1, 0, stub, [trailer]
 *   fault:     alloc hint 4, context 2, cancels 1, 0, status 4, 0 4
 *   bind, alter_context:   sizes 4, group 4, n 1, 0 3, then n times:
 *                 id 2, m 1, 0, abstract syntax 16 + 4, then m times transfer syntax 16 + 4
 *   bind_ack, alter_context_resp: sizes 4, group 4, length 2, that many bytes, to 4-byte alignment,
 *                 n 1, 0 3, then n times: result 2, reason 2, transfer syntax 16 + 4
 *   trailer:   auth type 1, level 1, padding 1, 0, id 4, then `auth length` bytes
 * (MS-RPCE 2.2.2.11)
 *
 * Nothing but stub data is kept beyond 32 bytes: lists are read element by element, so that a PDU
 * may have any length.
 */
#include "wire/proto/dce-private.h"

#include "wire/proto/wire-read.h"

#include <string.h>

enum state {
	STATE_HEADER,
	STATE_FIXED,    /* what follows the header, by type */
	STATE_STUB,     /* run: kept */
	STATE_TRAILER,  /* 8 bytes */
	STATE_ELEMENT,  /* of a bind's list, without its transfer syntaxes */
	STATE_SYNTAXES, /* run: passed */
	STATE_ADDRESS,  /* run: the secondary address of an ack, passed */
	STATE_COUNT,    /* of the results */
	STATE_RESULT,
	STATE_REST, /* run: to the end of the PDU */
	STATE_DEAD,
};

enum { HEADER_BYTES = 16, TRAILER_BYTES = 8, SYNTAX_BYTES = 20 };
enum { ELEMENT_BYTES = 24, RESULT_BYTES = 24 };

static bool known_type(uint8_t type)
{
	return type == WW_DCE_REQUEST || type == WW_DCE_RESPONSE || type == WW_DCE_FAULT ||
	       (type >= WW_DCE_BIND && type <= WW_DCE_ORPHANED);
}

int ww_dce_looks(const uint8_t *bytes, size_t n)
{
	if ((n > 0 && bytes[0] != 5) || (n > 1 && bytes[1] > 1) || (n > 2 && !known_type(bytes[2])))
		return -1;
	/* Integers big or little, characters ASCII or EBCDIC, four kinds of floats, two zeros. */
	if ((n > 4 && (bytes[4] & 0xee) != 0) || (n > 5 && bytes[5] > 3) ||
		(n > 6 && bytes[6] != 0) || (n > 7 && bytes[7] != 0))
		return -1;
	if (n < 12)
		return 0;
	bool little = bytes[4] >> 4;
	uint32_t length = ww_read16(bytes + 8, little), auth = ww_read16(bytes + 10, little);
	return length >= HEADER_BYTES + (auth ? auth + TRAILER_BYTES : 0) ? 12 : -1;
}

/* ---- the steps through a PDU ---- */

static void end_pdu(const struct ww_dce_feed *feed)
{
	ww_dce_finish(feed);
	feed->side->state = STATE_HEADER;
	feed->side->have = 0;
}

/* The next `run` bytes are kept or passed by `state`. */
static void go_run(const struct ww_dce_feed *feed, enum state state, uint32_t run)
{
	struct ww_dce_side *side = feed->side;
	if (run > side->left) {
		ww_parsing_counts(feed->line->parsing)->malformed++;
		state = STATE_REST;
		run = side->left;
	}
	side->state = (uint8_t)state;
	side->run = run;
}

static void go_rest(const struct ww_dce_feed *feed)
{
	go_run(feed, STATE_REST, feed->side->left);
}

/* The next `need` bytes are collected for `state`. */
static void go_collect(const struct ww_dce_feed *feed, enum state state, uint8_t need)
{
	struct ww_dce_side *side = feed->side;
	if (need > side->left) {
		ww_parsing_counts(feed->line->parsing)->malformed++;
		go_rest(feed);
		return;
	}
	side->state = (uint8_t)state;
	side->have = 0;
	side->need = need;
}

/* What follows the header, by type; 0 for what is passed over. */
static uint8_t fixed_bytes(const struct ww_dce_side *side, enum ww_dir dir)
{
	bool client = dir == WW_DIR_TO_SERVER;
	switch (side->type) {
	case WW_DCE_REQUEST: return client ? side->flags & WW_DCE_FLAG_OBJECT ? 24 : 8 : 0;
	case WW_DCE_BIND:
	case WW_DCE_ALTER: return client ? 12 : 0;
	case WW_DCE_RESPONSE: return client ? 0 : 8;
	case WW_DCE_FAULT: return client ? 0 : 12;
	case WW_DCE_BIND_ACK:
	case WW_DCE_ALTER_RESP: return client ? 0 : 10;
	case WW_DCE_BIND_NAK: return client ? 0 : 2;
	default: return 0;
	}
}

static void after_header(const struct ww_dce_feed *feed)
{
	struct ww_dce_side *side = feed->side;
	const uint8_t *p = side->small;
	if (ww_dce_looks(p, HEADER_BYTES) < 0) {
		ww_parsing_counts(feed->line->parsing)->malformed++;
		ww_dce_unfinished(feed);
		side->state = STATE_DEAD;
		return;
	}
	side->type = p[2];
	side->flags = p[3];
	side->little = p[4] >> 4;
	side->auth_len = ww_read16(p + 10, side->little);
	side->pdu_call = ww_read32(p + 12, side->little);
	side->left = (uint32_t)ww_read16(p + 8, side->little) - HEADER_BYTES;
	side->index = 0;
	uint8_t need = fixed_bytes(side, feed->dir);
	if (need)
		go_collect(feed, STATE_FIXED, need);
	else
		go_rest(feed);
}

static void after_fixed(const struct ww_dce_feed *feed)
{
	struct ww_dce_side *side = feed->side;
	const uint8_t *p = side->small;
	uint32_t trailing = side->auth_len ? side->auth_len + TRAILER_BYTES : 0, length;
	switch (side->type) {
	case WW_DCE_REQUEST:
	case WW_DCE_RESPONSE:
		ww_dce_begin(feed);
		go_run(feed, STATE_STUB,
			side->left < trailing ? side->left : side->left - trailing);
		return;
	case WW_DCE_FAULT: ww_dce_fault(feed); break;
	case WW_DCE_BIND:
	case WW_DCE_ALTER:
		side->n_elements = p[8];
		if (side->n_elements) {
			go_collect(feed, STATE_ELEMENT, ELEMENT_BYTES);
			return;
		}
		break;
	case WW_DCE_BIND_ACK:
	case WW_DCE_ALTER_RESP:
		length = ww_read16(p + 8, side->little);
		go_run(feed, STATE_ADDRESS, length + (4 - (HEADER_BYTES + 10 + length) % 4) % 4);
		return;
	case WW_DCE_BIND_NAK: ww_dce_refuse(feed, ww_read16(p, side->little)); break;
	}
	go_rest(feed);
}

/* What was collected is whole. */
static void collected(const struct ww_dce_feed *feed)
{
	struct ww_dce_side *side = feed->side;
	switch (side->state) {
	case STATE_HEADER: after_header(feed); return;
	case STATE_FIXED: after_fixed(feed); return;
	case STATE_ELEMENT:
		ww_dce_offer(feed);
		side->index++;
		go_run(feed, STATE_SYNTAXES, (uint32_t)side->small[2] * SYNTAX_BYTES);
		return;
	case STATE_COUNT: side->n_elements = side->small[0]; break;
	case STATE_RESULT:
		ww_dce_result(feed);
		side->index++;
		break;
	case STATE_TRAILER:
		ww_dce_trailer(side);
		go_rest(feed);
		return;
	}
	if (side->index < side->n_elements)
		go_collect(feed, STATE_RESULT, RESULT_BYTES);
	else
		go_rest(feed);
}

/* A run is over. */
static void ran(const struct ww_dce_feed *feed)
{
	struct ww_dce_side *side = feed->side;
	if (side->state == STATE_STUB && side->auth_len && side->left >= TRAILER_BYTES)
		go_collect(feed, STATE_TRAILER, TRAILER_BYTES);
	else if (side->state == STATE_SYNTAXES && side->index < side->n_elements)
		go_collect(feed, STATE_ELEMENT, ELEMENT_BYTES);
	else if (side->state == STATE_ADDRESS)
		go_collect(feed, STATE_COUNT, 4);
	else if (side->left > 0)
		go_rest(feed);
	else
		end_pdu(feed);
}

static bool collects(const struct ww_dce_side *side)
{
	return side->state == STATE_HEADER || side->state == STATE_FIXED ||
	       side->state == STATE_TRAILER || side->state == STATE_ELEMENT ||
	       side->state == STATE_COUNT || side->state == STATE_RESULT;
}

static uint32_t wanted(const struct ww_dce_side *side)
{
	if (!collects(side))
		return side->run;
	return (uint32_t)(side->state == STATE_HEADER ? HEADER_BYTES : side->need) - side->have;
}

/* Takes some of the bytes; returns how many. */
static uint32_t take(const struct ww_dce_feed *feed, const uint8_t *bytes, size_t n)
{
	struct ww_dce_side *side = feed->side;
	uint32_t want = wanted(side), count = n < want ? (uint32_t)n : want;
	if (side->state == STATE_HEADER && side->have == 0)
		side->pdu_at = feed->at;
	if (side->state != STATE_HEADER)
		side->left -= count;
	if (collects(side)) {
		memcpy(side->small + side->have, bytes, count);
		side->have = (uint8_t)(side->have + count);
		return count;
	}
	if (side->state == STATE_STUB)
		ww_dce_keep(feed, bytes, count);
	side->run -= count;
	return count;
}

bool ww_dce_feed(struct ww_dce *dce, const struct ww_dce_line *line, enum ww_dir dir,
	const uint8_t *bytes, size_t n, uint64_t at)
{
	struct ww_dce_feed feed = {dce, &dce->sides[dir], line, dir, at};
	while (n > 0 && feed.side->state != STATE_DEAD) {
		uint32_t taken = take(&feed, bytes, n);
		bytes += taken;
		n -= taken;
		feed.at += taken;
		/* Steps that need no more bytes: a run of none, the end of the PDU. */
		while (feed.side->state != STATE_DEAD && wanted(feed.side) == 0) {
			if (collects(feed.side))
				collected(&feed);
			else
				ran(&feed);
		}
	}
	return feed.side->state != STATE_DEAD;
}

void ww_dce_end(struct ww_dce *dce, const struct ww_dce_line *line, enum ww_dir dir)
{
	struct ww_dce_feed feed = {dce, &dce->sides[dir], line, dir, dce->sides[dir].pdu_at};
	struct ww_dce_side *side = feed.side;
	if (side->state == STATE_DEAD)
		return;
	ww_dce_unfinished(&feed);
	side->state = STATE_HEADER;
	side->have = 0;
}
