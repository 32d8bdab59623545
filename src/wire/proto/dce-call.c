// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DCE/RPC: which contexts the server accepted, calls put together from their fragments, and what is
 * told of both. dce.c steps through the PDUs.
 */
#include "wire/proto/dce-private.h"

#include "wire/proto/uuid.h"
#include "wire/proto/wire-read.h"

#include <string.h>

enum { LEVEL_PRIVACY = 6 };

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

static void count_dropped(const struct ww_dce_feed *feed)
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
static struct context *context_place(const struct ww_dce_feed *feed)
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

static void tell_context(const struct ww_dce_feed *feed, const struct context *context,
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

void ww_dce_offer(const struct ww_dce_feed *feed)
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

static void tell_message(const struct ww_dce_feed *feed, const struct telling *telling)
{
	struct ww_parsing *parsing = feed->line->parsing;
	const struct ww_dce_early *what = telling->what;
	const struct context *context = find_context(feed->dce, what->context);
	struct ww_dce_call call = {
		.opnum = what->opnum,
		.type = telling->dir == WW_DIR_TO_SERVER ? WW_DCE_REQUEST : WW_DCE_RESPONSE,
		.little = what->little,
		.accepted = context && context->state == CONTEXT_ACCEPTED,
		.refused = context && context->state == CONTEXT_REJECTED,
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
static void settle_early(const struct ww_dce_feed *feed, const struct context *context)
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

static void decide(
	const struct ww_dce_feed *feed, struct context *context, bool accepted, uint32_t reason)
{
	context->state = accepted ? CONTEXT_ACCEPTED : CONTEXT_REJECTED;
	tell_context(feed, context, WW_FACT_DCE_RESULT,
		accepted ? WW_FACT_GRANTED : WW_FACT_REFUSED, reason);
	settle_early(feed, context);
}

void ww_dce_result(const struct ww_dce_feed *feed)
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

void ww_dce_refuse(const struct ww_dce_feed *feed, uint16_t reason)
{
	struct ww_dce *dce = feed->dce;
	for (size_t i = 0; i < n_contexts(dce); i++)
		if (context_at(dce, i)->state == CONTEXT_OFFERED &&
			context_at(dce, i)->call == feed->side->pdu_call)
			decide(feed, context_at(dce, i), false, reason);
}

/* ---- calls ---- */

/* Keeps a whole call of a context that is not decided; it is told again if that is accepted. */
static void keep_early(const struct ww_dce_feed *feed, const struct ww_dce_early *call)
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

static void tell_request(const struct ww_dce_feed *feed, const struct ww_dce_early *call)
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

/* A response: what was asked was done. Faults are told apart, see ww_dce_fault. */
static void tell_answer(const struct ww_dce_feed *feed, const struct ww_dce_early *answer)
{
	struct ww_parsing *parsing = feed->line->parsing;
	const struct ww_dce_side *client = &feed->dce->sides[WW_DIR_TO_SERVER];
	if (!parsing->call->facts || client->call != feed->side->call)
		return;
	struct ww_fact fact = ww_parsing_fact(parsing, WW_FACT_DCE_ANSWER, answer->at);
	fact.dir = (uint8_t)feed->dir;
	fact.outcome = WW_FACT_GRANTED;
	fact.asked_at = client->at;
	fact.code = answer->opnum;
	ww_parsing_tell_fact(parsing, &fact);
}

static void tell_call(const struct ww_dce_feed *feed)
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
	} else {
		tell_answer(feed, &call);
	}
}

/* What has begun and was not told is told as it is. */
void ww_dce_unfinished(const struct ww_dce_feed *feed)
{
	struct ww_dce_side *side = feed->side;
	if (side->begun && !side->told) {
		side->cut = true;
		tell_call(feed);
	}
	side->begun = false;
}

static void begin_call(const struct ww_dce_feed *feed, uint16_t context, uint16_t opnum)
{
	struct ww_dce_side *side = feed->side;
	if (side->begun && !side->told)
		count_dropped(feed);
	ww_dce_unfinished(feed);
	if (feed->dir != WW_DIR_TO_SERVER || feed->dce->n_early == 0)
		ww_kept_reset(&side->stub);
	side->base = side->stub.len;
	side->begun = true;
	side->told = side->cut = side->encrypted = false;
	side->from_first = side->flags & WW_DCE_FLAG_FIRST;
	side->call_little = side->little;
	side->context = context;
	side->opnum = opnum;
	side->call = side->pdu_call;
	side->at = side->pdu_at;
}

/* The first bytes behind the header of a request or response. */
void ww_dce_begin(const struct ww_dce_feed *feed)
{
	struct ww_dce_side *side = feed->side;
	const struct ww_dce_side *client = &feed->dce->sides[WW_DIR_TO_SERVER];
	uint16_t context = ww_read16(side->small + 4, side->little), opnum = 0;
	if (side->type == WW_DCE_REQUEST)
		opnum = ww_read16(side->small + 6, side->little);
	else if (client->call == side->pdu_call)
		opnum = client->opnum;
	/*
	 * A fragment behind the first belongs to its call by the call id alone: servers do not look
	 * at its context and operation again, so what they say must not part it from its call.
	 */
	if (!side->begun || side->flags & WW_DCE_FLAG_FIRST || side->call != side->pdu_call)
		begin_call(feed, context, opnum);
	side->stub_before = side->stub.len;
}

void ww_dce_finish(const struct ww_dce_feed *feed)
{
	struct ww_dce_side *side = feed->side;
	if (!side->begun || (side->type != WW_DCE_REQUEST && side->type != WW_DCE_RESPONSE))
		return;
	bool last = side->flags & WW_DCE_FLAG_LAST;
	/* A call that is cut already need not wait for the rest. */
	if (!side->told && (last || side->cut))
		tell_call(feed);
	if (last)
		side->begun = false;
}

void ww_dce_keep(const struct ww_dce_feed *feed, const uint8_t *bytes, uint32_t n)
{
	struct ww_dce_side *side = feed->side;
	if (side->told || side->cut)
		return;
	if (ww_kept_add(feed->line->parsing, &side->stub, bytes, n, WW_DCE_STUB_MAX) < n)
		side->cut = true;
}

void ww_dce_trailer(struct ww_dce_side *side)
{
	uint8_t level = side->small[1], padding = side->small[2];
	uint32_t kept = side->stub.len - side->stub_before;
	side->encrypted |= level == LEVEL_PRIVACY;
	if (side->begun && !side->cut && !side->told)
		side->stub.len -= padding < kept ? padding : kept;
}

void ww_dce_fault(const struct ww_dce_feed *feed)
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

void ww_dce_done(struct ww_dce *dce, struct ww_parsing *parsing)
{
	ww_kept_drop(parsing, &dce->sides[0].stub);
	ww_kept_drop(parsing, &dce->sides[1].stub);
	ww_kept_drop(parsing, &dce->contexts);
}
