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
#include "wire/proto/dce.h"

#include "wire/proto/uuid.h"
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

enum type {
	TYPE_REQUEST = 0,
	TYPE_RESPONSE = 2,
	TYPE_FAULT = 3,
	TYPE_BIND = 11,
	TYPE_BIND_ACK = 12,
	TYPE_BIND_NAK = 13,
	TYPE_ALTER = 14,
	TYPE_ALTER_RESP = 15,
	TYPE_ORPHANED = 19,
};

enum { FLAG_FIRST = 0x01, FLAG_LAST = 0x02, FLAG_OBJECT = 0x80 };
enum { HEADER_BYTES = 16, TRAILER_BYTES = 8, SYNTAX_BYTES = 20, LEVEL_PRIVACY = 6 };
enum { ELEMENT_BYTES = 24, RESULT_BYTES = 24 };

enum context_state {
	CONTEXT_FREE,
	CONTEXT_OFFERED,
	CONTEXT_REJECTED,
	CONTEXT_ACCEPTED,
};

/* An interface that the client asked for. */
struct context {
	uint64_t at;   /* of the bind */
	uint32_t call; /* its id */
	uint32_t age;
	uint16_t id, index, major, minor; /* index: in the list of that bind */
	uint8_t state;                    /* enum context_state */
	uint8_t interface[WW_UUID_BYTES];
};

struct feed {
	struct ww_dce *dce;
	struct ww_dce_side *side;
	const struct ww_dce_line *line;
	enum ww_dir dir;
	uint64_t at; /* stream position behind what was taken */
};

static bool known_type(uint8_t type)
{
	return type == TYPE_REQUEST || type == TYPE_RESPONSE || type == TYPE_FAULT ||
	       (type >= TYPE_BIND && type <= TYPE_ORPHANED);
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

static void count_dropped(const struct feed *feed)
{
	ww_parsing_counts(feed->line->parsing)->dropped++;
}

/* ---- contexts ---- */

static size_t n_contexts(const struct ww_dce *dce)
{
	return dce->contexts.len / sizeof(struct context);
}

static struct context *context_at(const struct ww_dce *dce, size_t i)
{
	return (struct context *)(void *)dce->contexts.data + i;
}

static struct context *find_context(const struct ww_dce *dce, uint16_t id)
{
	for (size_t i = 0; i < n_contexts(dce); i++)
		if (context_at(dce, i)->id == id)
			return context_at(dce, i);
	return NULL;
}

/* A place for a new one; of a full table the oldest that is not accepted, else the oldest. */
static struct context *context_place(const struct feed *feed)
{
	static const struct context none = {.state = CONTEXT_FREE};
	struct ww_dce *dce = feed->dce;
	uint32_t limit = WW_DCE_CONTEXTS * sizeof(none);
	size_t n = n_contexts(dce);
	if (n < WW_DCE_CONTEXTS &&
		ww_kept_reserve(
			feed->line->parsing, &dce->contexts, (uint32_t)((n + 1) * sizeof(none))) &&
		ww_kept_add(feed->line->parsing, &dce->contexts, (const uint8_t *)&none,
			sizeof(none), limit) == sizeof(none))
		return context_at(dce, n);
	count_dropped(feed);
	struct context *best = NULL;
	for (size_t i = 0; i < n; i++) {
		struct context *other = context_at(dce, i);
		bool accepted = other->state == CONTEXT_ACCEPTED;
		bool best_accepted = best && best->state == CONTEXT_ACCEPTED;
		if (!best || (accepted != best_accepted ? best_accepted : other->age < best->age))
			best = other;
	}
	return best;
}

static void tell_context(const struct feed *feed, const struct context *context,
	enum ww_fact_kind kind, enum ww_fact_outcome outcome, uint32_t reason)
{
	if (!feed->line->parsing->call->facts)
		return;
	struct ww_fact fact = ww_parsing_fact(feed->line->parsing, kind, feed->side->pdu_at);
	fact.dir = (uint8_t)feed->dir;
	fact.outcome = (uint8_t)outcome;
	fact.code = reason;
	fact.major = context->major;
	fact.minor = context->minor;
	if (kind == WW_FACT_DCE_RESULT)
		fact.asked_at = context->at;
	memcpy(fact.uuid, context->interface, sizeof(fact.uuid));
	ww_parsing_tell_fact(feed->line->parsing, &fact);
}

static void offer(const struct feed *feed)
{
	struct ww_dce *dce = feed->dce;
	const struct ww_dce_side *side = feed->side;
	const uint8_t *p = side->small;
	uint16_t id = ww_read16(p, side->little);
	struct context *context = find_context(dce, id);
	if (!context)
		context = context_place(feed);
	if (!context)
		return;
	uint32_t version = ww_read32(p + 20, side->little);
	*context = (struct context){
		.at = side->pdu_at,
		.call = side->pdu_call,
		.age = dce->n_offers++,
		.id = id,
		.index = side->index,
		.major = (uint16_t)version,
		.minor = (uint16_t)(version >> 16),
		.state = CONTEXT_OFFERED,
	};
	ww_uuid_decode(p + 4, side->little, context->interface);
	tell_context(feed, context, WW_FACT_DCE_BIND, WW_FACT_ASKED, 0);
}

/* ---- messages ---- */

/* What is known of a call when it is told. */
struct telling {
	const struct ww_dce_early *what;
	enum ww_dir dir;
	bool late;
	const struct ww_kept *stub;
};

static void tell_message(const struct feed *feed, const struct telling *telling)
{
	struct ww_parsing *parsing = feed->line->parsing;
	const struct ww_dce_early *what = telling->what;
	const struct context *context = find_context(feed->dce, what->context);
	struct ww_dce_call call = {
		.opnum = what->opnum,
		.type = telling->dir == WW_DIR_TO_SERVER ? TYPE_REQUEST : TYPE_RESPONSE,
		.little = what->little,
		.accepted = context && context->state == CONTEXT_ACCEPTED,
		.late = telling->late,
		.encrypted = what->encrypted,
		.first_fragment = what->from_first,
	};
	if (context) {
		call.major = context->major;
		call.minor = context->minor;
		memcpy(call.interface, context->interface, sizeof(call.interface));
	}
	struct ww_message *message = ww_parsing_message(parsing);
	message->dir = (uint8_t)telling->dir;
	message->begins = message->ends = true;
	message->number = what->number;
	message->at = what->at;
	message->end = what->end;
	message->dce = &call;
	ww_message_set(message, WW_BUFFER_DCE_STUB,
		telling->stub->data ? telling->stub->data + what->stub_at : NULL, what->stub_len,
		what->at);
	message->settled = ~(uint64_t)0;
	message->cut = what->cut ? WW_BUFFER_BIT(WW_BUFFER_DCE_STUB) : 0;
	ww_parsing_tell(parsing, message);
}

/* Calls that came before their context was decided: those of an accepted one are told again. */
static void settle_early(const struct feed *feed, const struct context *context)
{
	struct ww_dce *dce = feed->dce;
	uint32_t kept = 0;
	for (uint32_t i = 0; i < dce->n_early; i++) {
		const struct ww_dce_early early = dce->early[i];
		if (early.context != context->id)
			dce->early[kept++] = early;
		else if (context->state == CONTEXT_ACCEPTED)
			tell_message(feed, &(struct telling){&early, WW_DIR_TO_SERVER, true,
						   &dce->sides[WW_DIR_TO_SERVER].stub});
	}
	dce->n_early = kept;
}

static void decide(const struct feed *feed, struct context *context, bool accepted, uint32_t reason)
{
	context->state = accepted ? CONTEXT_ACCEPTED : CONTEXT_REJECTED;
	tell_context(feed, context, WW_FACT_DCE_RESULT,
		accepted ? WW_FACT_GRANTED : WW_FACT_REFUSED, reason);
	settle_early(feed, context);
}

static void one_result(const struct feed *feed)
{
	struct ww_dce *dce = feed->dce;
	const struct ww_dce_side *side = feed->side;
	uint16_t result = ww_read16(side->small, side->little);
	uint16_t reason = ww_read16(side->small + 2, side->little);
	for (size_t i = 0; i < n_contexts(dce); i++) {
		struct context *context = context_at(dce, i);
		if (context->state == CONTEXT_OFFERED && context->call == side->pdu_call &&
			context->index == side->index) {
			/* 0 acceptance, 1 user rejection, 2 provider rejection, 3 negotiated. */
			decide(feed, context, result == 0, reason);
			return;
		}
	}
}

static void refuse_all(const struct feed *feed, uint16_t reason)
{
	struct ww_dce *dce = feed->dce;
	for (size_t i = 0; i < n_contexts(dce); i++)
		if (context_at(dce, i)->state == CONTEXT_OFFERED &&
			context_at(dce, i)->call == feed->side->pdu_call)
			decide(feed, context_at(dce, i), false, reason);
}

/* ---- calls ---- */

/* Keeps a whole call of a context that is not decided; it is told again if that is accepted. */
static void keep_early(const struct feed *feed, const struct ww_dce_early *call)
{
	struct ww_dce *dce = feed->dce;
	const struct context *context = find_context(dce, call->context);
	if (!context || context->state != CONTEXT_OFFERED)
		return;
	if (dce->n_early == WW_DCE_EARLY) {
		count_dropped(feed);
		return;
	}
	dce->early[dce->n_early++] = *call;
	feed->side->base = feed->side->stub.len;
}

static void tell_request(const struct feed *feed, const struct ww_dce_early *call)
{
	struct ww_parsing *parsing = feed->line->parsing;
	if (!parsing->call->facts)
		return;
	struct ww_fact fact = ww_parsing_fact(parsing, WW_FACT_DCE_REQUEST, call->at);
	fact.dir = (uint8_t)feed->dir;
	fact.outcome = WW_FACT_ASKED;
	fact.code = call->opnum;
	const struct context *context = find_context(feed->dce, call->context);
	if (context) {
		fact.major = context->major;
		fact.minor = context->minor;
		memcpy(fact.uuid, context->interface, sizeof(fact.uuid));
	}
	ww_parsing_tell_fact(parsing, &fact);
}

static void tell_call(const struct feed *feed)
{
	struct ww_dce_side *side = feed->side;
	const struct ww_dce_early call = {
		.number = ++feed->line->numbers[feed->dir],
		.at = side->at,
		.end = feed->at,
		.stub_at = side->base,
		.stub_len = side->stub.len - side->base,
		.context = side->context,
		.opnum = side->opnum,
		.little = side->call_little,
		.from_first = side->from_first,
		.cut = side->cut,
		.encrypted = side->encrypted,
	};
	side->told = true;
	ww_parsing_counts(feed->line->parsing)->cut_bodies += side->cut;
	tell_message(feed, &(struct telling){&call, feed->dir, false, &side->stub});
	if (feed->dir == WW_DIR_TO_SERVER) {
		tell_request(feed, &call);
		keep_early(feed, &call);
	}
}

/* What has begun and was not told is told as it is. */
static void tell_unfinished(const struct feed *feed)
{
	struct ww_dce_side *side = feed->side;
	if (side->begun && !side->told) {
		side->cut = true;
		tell_call(feed);
	}
	side->begun = false;
}

static void begin_call(const struct feed *feed, uint16_t context, uint16_t opnum)
{
	struct ww_dce_side *side = feed->side;
	if (side->begun && !side->told)
		count_dropped(feed);
	tell_unfinished(feed);
	if (feed->dir != WW_DIR_TO_SERVER || feed->dce->n_early == 0)
		ww_kept_reset(&side->stub);
	side->base = side->stub.len;
	side->begun = true;
	side->told = side->cut = side->encrypted = false;
	side->from_first = side->flags & FLAG_FIRST;
	side->call_little = side->little;
	side->context = context;
	side->opnum = opnum;
	side->call = side->pdu_call;
	side->at = side->pdu_at;
}

/* The first bytes behind the header of a request or response. */
static void begin_fragment(const struct feed *feed)
{
	struct ww_dce_side *side = feed->side;
	const struct ww_dce_side *client = &feed->dce->sides[WW_DIR_TO_SERVER];
	uint16_t context = ww_read16(side->small + 4, side->little), opnum = 0;
	if (side->type == TYPE_REQUEST)
		opnum = ww_read16(side->small + 6, side->little);
	else if (client->call == side->pdu_call)
		opnum = client->opnum;
	/*
	 * A fragment behind the first belongs to its call by the call id alone: servers do not look
	 * at its context and operation again, so what they say must not part it from its call.
	 */
	if (!side->begun || side->flags & FLAG_FIRST || side->call != side->pdu_call)
		begin_call(feed, context, opnum);
	side->stub_before = side->stub.len;
}

static void end_fragment(const struct feed *feed)
{
	struct ww_dce_side *side = feed->side;
	if (!side->begun || (side->type != TYPE_REQUEST && side->type != TYPE_RESPONSE))
		return;
	bool last = side->flags & FLAG_LAST;
	/* A call that is cut already need not wait for the rest. */
	if (!side->told && (last || side->cut))
		tell_call(feed);
	if (last)
		side->begun = false;
}

static void keep_stub(const struct feed *feed, const uint8_t *bytes, uint32_t n)
{
	struct ww_dce_side *side = feed->side;
	if (side->told || side->cut)
		return;
	if (ww_kept_add(feed->line->parsing, &side->stub, bytes, n, WW_DCE_STUB_MAX) < n)
		side->cut = true;
}

static void trailer(struct ww_dce_side *side)
{
	uint8_t level = side->small[1], padding = side->small[2];
	uint32_t kept = side->stub.len - side->stub_before;
	side->encrypted |= level == LEVEL_PRIVACY;
	if (side->begun && !side->cut && !side->told)
		side->stub.len -= padding < kept ? padding : kept;
}

static void fault(const struct feed *feed)
{
	const struct ww_dce_side *side = feed->side;
	const struct ww_dce_side *client = &feed->dce->sides[WW_DIR_TO_SERVER];
	if (!feed->line->parsing->call->facts)
		return;
	struct ww_fact fact = ww_parsing_fact(feed->line->parsing, WW_FACT_DCE_FAULT, side->pdu_at);
	fact.dir = (uint8_t)feed->dir;
	fact.outcome = WW_FACT_REFUSED;
	fact.code = ww_read32(side->small + 8, side->little);
	if (client->call == side->pdu_call)
		fact.asked_at = client->at;
	const struct context *context =
		find_context(feed->dce, ww_read16(side->small + 4, side->little));
	if (context) {
		fact.major = context->major;
		fact.minor = context->minor;
		memcpy(fact.uuid, context->interface, sizeof(fact.uuid));
	}
	ww_parsing_tell_fact(feed->line->parsing, &fact);
}

/* ---- the steps through a PDU ---- */

static void end_pdu(const struct feed *feed)
{
	end_fragment(feed);
	feed->side->state = STATE_HEADER;
	feed->side->have = 0;
}

/* The next `run` bytes are kept or passed by `state`. */
static void go_run(const struct feed *feed, enum state state, uint32_t run)
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

static void go_rest(const struct feed *feed)
{
	go_run(feed, STATE_REST, feed->side->left);
}

/* The next `need` bytes are collected for `state`. */
static void go_collect(const struct feed *feed, enum state state, uint8_t need)
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
	case TYPE_REQUEST: return client ? side->flags & FLAG_OBJECT ? 24 : 8 : 0;
	case TYPE_BIND:
	case TYPE_ALTER: return client ? 12 : 0;
	case TYPE_RESPONSE: return client ? 0 : 8;
	case TYPE_FAULT: return client ? 0 : 12;
	case TYPE_BIND_ACK:
	case TYPE_ALTER_RESP: return client ? 0 : 10;
	case TYPE_BIND_NAK: return client ? 0 : 2;
	default: return 0;
	}
}

static void after_header(const struct feed *feed)
{
	struct ww_dce_side *side = feed->side;
	const uint8_t *p = side->small;
	if (ww_dce_looks(p, HEADER_BYTES) < 0) {
		ww_parsing_counts(feed->line->parsing)->malformed++;
		tell_unfinished(feed);
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

static void after_fixed(const struct feed *feed)
{
	struct ww_dce_side *side = feed->side;
	const uint8_t *p = side->small;
	uint32_t trailing = side->auth_len ? side->auth_len + TRAILER_BYTES : 0, length;
	switch (side->type) {
	case TYPE_REQUEST:
	case TYPE_RESPONSE:
		begin_fragment(feed);
		go_run(feed, STATE_STUB,
			side->left < trailing ? side->left : side->left - trailing);
		return;
	case TYPE_FAULT: fault(feed); break;
	case TYPE_BIND:
	case TYPE_ALTER:
		side->n_elements = p[8];
		if (side->n_elements) {
			go_collect(feed, STATE_ELEMENT, ELEMENT_BYTES);
			return;
		}
		break;
	case TYPE_BIND_ACK:
	case TYPE_ALTER_RESP:
		length = ww_read16(p + 8, side->little);
		go_run(feed, STATE_ADDRESS, length + (4 - (HEADER_BYTES + 10 + length) % 4) % 4);
		return;
	case TYPE_BIND_NAK: refuse_all(feed, ww_read16(p, side->little)); break;
	}
	go_rest(feed);
}

/* What was collected is whole. */
static void collected(const struct feed *feed)
{
	struct ww_dce_side *side = feed->side;
	switch (side->state) {
	case STATE_HEADER: after_header(feed); return;
	case STATE_FIXED: after_fixed(feed); return;
	case STATE_ELEMENT:
		offer(feed);
		side->index++;
		go_run(feed, STATE_SYNTAXES, (uint32_t)side->small[2] * SYNTAX_BYTES);
		return;
	case STATE_COUNT: side->n_elements = side->small[0]; break;
	case STATE_RESULT:
		one_result(feed);
		side->index++;
		break;
	case STATE_TRAILER:
		trailer(side);
		go_rest(feed);
		return;
	}
	if (side->index < side->n_elements)
		go_collect(feed, STATE_RESULT, RESULT_BYTES);
	else
		go_rest(feed);
}

/* A run is over. */
static void ran(const struct feed *feed)
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
static uint32_t take(const struct feed *feed, const uint8_t *bytes, size_t n)
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
		keep_stub(feed, bytes, count);
	side->run -= count;
	return count;
}

bool ww_dce_feed(struct ww_dce *dce, const struct ww_dce_line *line, enum ww_dir dir,
	const uint8_t *bytes, size_t n, uint64_t at)
{
	struct feed feed = {dce, &dce->sides[dir], line, dir, at};
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
	struct feed feed = {dce, &dce->sides[dir], line, dir, dce->sides[dir].pdu_at};
	struct ww_dce_side *side = feed.side;
	if (side->state == STATE_DEAD)
		return;
	tell_unfinished(&feed);
	side->state = STATE_HEADER;
	side->have = 0;
}

void ww_dce_done(struct ww_dce *dce, struct ww_parsing *parsing)
{
	ww_kept_drop(parsing, &dce->sides[0].stub);
	ww_kept_drop(parsing, &dce->sides[1].stub);
	ww_kept_drop(parsing, &dce->contexts);
}
