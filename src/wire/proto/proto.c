// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Which protocol a flow speaks, and its parser's food.
 *
 * Recognition is by the first bytes of a direction, at most 64 of them. They are kept while they
 * are too few, so that it does not matter how they were cut; of several protocols that say yes, the
 * one that needed the fewest bytes wins, then the one whose port it is, then the order of
 * protocols.def. What the client begins with decides alone when it fits nothing; a server's
 * greeting that fits nothing does not.
 *
 * FTP, POP3 and IRC begin alike, with USER, and FTP and SMTP greet alike, with 220: neither
 * direction tells alone. Such a direction fits by half (WW_APP_HALF), and the protocol is told when
 * both do, or one says what no other protocol does.
 */
#include "wire/proto/proto-private.h"

#include <stdlib.h>
#include <string.h>

struct row {
	const char *name;
	const struct ww_parser *parser;
	bool tcp, udp;
	const char *ports;
};

enum { TCP = 1, UDP = 2, TCP_UDP = 3 };

static const struct row rows[WW_APP_COUNT] = {
	{"", NULL, false, false, ""},
#define WW_PROTOCOL(name, text, transports, symbol, ports, help)                                   \
	{text, &ww_parser_##symbol, ((transports)&TCP) != 0, ((transports)&UDP) != 0, ports},
#include "wire/proto/protocols.def"
#undef WW_PROTOCOL
};

static const struct ww_parser *parser_of(unsigned app)
{
	return rows[app].parser;
}

const char *ww_app_name(enum ww_app app)
{
	return app < WW_APP_COUNT ? rows[app].name : "";
}

enum ww_app ww_app_find(const char *name, size_t len)
{
	for (unsigned app = 1; app < WW_APP_COUNT; app++)
		if (strlen(rows[app].name) == len && memcmp(rows[app].name, name, len) == 0)
			return (enum ww_app)app;
	return WW_APP_NONE;
}

bool ww_app_has_port(enum ww_app app, uint16_t port)
{
	uint32_t number = 0;
	for (const char *text = rows[app].ports;; text++) {
		if (*text >= '0' && *text <= '9') {
			number = number * 10 + (uint32_t)(*text - '0');
			continue;
		}
		if (number == port && number != 0)
			return true;
		if (*text == '\0')
			return false;
		number = 0;
	}
}

/* ---- the table ---- */

int ww_protos_new(
	const struct ww_app_limits *limits, const struct ww_app_sink *sink, struct ww_protos **ret)
{
	uint32_t n = limits && limits->flows ? limits->flows : WW_APP_FLOWS;
	uint32_t bytes = limits && limits->bytes ? limits->bytes : WW_APP_BYTES;
	if (bytes < WW_APP_BYTES_MIN || n == WW_NO_SLOT)
		return -EINVAL;
	struct ww_protos *protos = calloc(1, sizeof(*protos));
	if (!protos)
		return -ENOMEM;
	protos->sink = *sink;
	protos->slots = calloc(n, sizeof(*protos->slots));
	protos->n_slots = n;
	protos->bytes_max = bytes;
	protos->free_slot = protos->oldest = protos->newest = WW_NO_SLOT;
	if (!protos->slots) {
		free(protos);
		return -ENOMEM;
	}
	*ret = protos;
	return 0;
}

static void list_remove(struct ww_protos *protos, const struct ww_slot *slot)
{
	if (slot->older != WW_NO_SLOT)
		protos->slots[slot->older].newer = slot->newer;
	else
		protos->oldest = slot->newer;
	if (slot->newer != WW_NO_SLOT)
		protos->slots[slot->newer].older = slot->older;
	else
		protos->newest = slot->older;
}

static void list_append(struct ww_protos *protos, struct ww_slot *slot)
{
	uint32_t index = (uint32_t)(slot - protos->slots);
	slot->older = protos->newest;
	slot->newer = WW_NO_SLOT;
	if (protos->newest != WW_NO_SLOT)
		protos->slots[protos->newest].newer = index;
	else
		protos->oldest = index;
	protos->newest = index;
}

static void slot_release(struct ww_protos *protos, struct ww_slot *slot)
{
	const struct ww_parser *parser = parser_of(slot->app);
	struct ww_parsing parsing = {
		.protos = protos, .app = (enum ww_app)slot->app, .state = slot->state};
	if (parser && parser->done)
		parser->done(&parsing);
	list_remove(protos, slot);
	slot->serial = 0;
	slot->newer = protos->free_slot;
	protos->free_slot = (uint32_t)(slot - protos->slots);
}

bool ww_protos_evict(struct ww_protos *protos)
{
	if (protos->oldest == protos->newest)
		return false;
	slot_release(protos, &protos->slots[protos->oldest]);
	protos->counts.evicted++;
	return true;
}

void ww_protos_free(struct ww_protos **protos)
{
	if (!*protos)
		return;
	while ((*protos)->oldest != WW_NO_SLOT)
		slot_release(*protos, &(*protos)->slots[(*protos)->oldest]);
	ww_blocks_done(*protos);
	free((*protos)->slots);
	free(*protos);
	*protos = NULL;
}

static struct ww_slot *slot_take(struct ww_protos *protos, struct ww_app_flow *flow)
{
	if (protos->free_slot == WW_NO_SLOT && protos->fresh_slots == protos->n_slots) {
		slot_release(protos, &protos->slots[protos->oldest]);
		protos->counts.evicted++;
	}
	struct ww_slot *slot;
	if (protos->free_slot != WW_NO_SLOT) {
		slot = &protos->slots[protos->free_slot];
		protos->free_slot = slot->newer;
	} else {
		slot = &protos->slots[protos->fresh_slots++];
	}
	/* The parser's part of the state is zeroed when there is a parser. */
	memset(slot, 0, offsetof(struct ww_slot, state));
	if (++protos->serial == 0)
		protos->serial = 1;
	slot->serial = protos->serial;
	list_append(protos, slot);
	*flow = (struct ww_app_flow){.slot = (uint32_t)(slot - protos->slots),
		.serial = slot->serial,
		.state = WW_APP_SEEKING};
	return slot;
}

/* The flow's place, the newest now; NULL when it has none and shall have none. */
static struct ww_slot *slot_of(struct ww_protos *protos, struct ww_app_flow *flow)
{
	if (flow->state >= WW_APP_KNOWN)
		return NULL;
	if (flow->state == WW_APP_NEW)
		return slot_take(protos, flow);
	struct ww_slot *slot = &protos->slots[flow->slot];
	if (slot->serial != flow->serial) {
		flow->state = WW_APP_GIVEN_UP;
		return NULL;
	}
	if (protos->newest != flow->slot) {
		list_remove(protos, slot);
		list_append(protos, slot);
	}
	return slot;
}

static void leave(struct ww_protos *protos, struct ww_app_flow *flow, enum ww_app_state state)
{
	struct ww_slot *slot = &protos->slots[flow->slot];
	if (slot->serial == flow->serial && flow->serial != 0)
		slot_release(protos, slot);
	flow->serial = 0;
	flow->state = (uint8_t)state;
}

/* It did not speak the protocol after all. */
static void disown(struct ww_protos *protos, struct ww_app_flow *flow)
{
	leave(protos, flow, WW_APP_GIVEN_UP);
	flow->app = WW_APP_NONE;
}

void ww_protos_forget(struct ww_protos *protos, struct ww_app_flow *flow)
{
	if (protos && flow->serial != 0)
		leave(protos, flow, WW_APP_GIVEN_UP);
}

const struct ww_app_counts *ww_protos_counts(const struct ww_protos *protos)
{
	return &protos->counts;
}

/* ---- for parsers ---- */

struct ww_message *ww_parsing_message(struct ww_parsing *parsing)
{
	struct ww_message *message = &parsing->protos->message;
	message->app = (uint8_t)parsing->app;
	message->dir = (uint8_t)parsing->dir;
	message->begins = message->ends = false;
	message->number = message->at = message->end = 0;
	message->present = message->settled = message->cut = message->plain = message->repeated = 0;
	message->dce = NULL;
	return message;
}

void ww_parsing_tell(struct ww_parsing *parsing, const struct ww_message *message)
{
	struct ww_protos *protos = parsing->protos;
	protos->counts.messages[message->app] += message->begins;
	if (protos->sink.message)
		protos->sink.message(parsing->call->context, message);
}

struct ww_fact ww_parsing_fact(
	const struct ww_parsing *parsing, enum ww_fact_kind kind, uint64_t at)
{
	return (struct ww_fact){.app = (uint8_t)parsing->app,
		.dir = (uint8_t)parsing->dir,
		.kind = (uint8_t)kind,
		.at = at,
		.asked_at = WW_FACT_UNKNOWN,
		.text = (const uint8_t *)""};
}

void ww_parsing_tell_fact(struct ww_parsing *parsing, const struct ww_fact *fact)
{
	struct ww_protos *protos = parsing->protos;
	if (protos->sink.fact && parsing->call->facts)
		protos->sink.fact(parsing->call->context, fact);
}

struct ww_app_counts *ww_parsing_counts(struct ww_parsing *parsing)
{
	return &parsing->protos->counts;
}

void ww_parsing_give_up(struct ww_parsing *parsing)
{
	parsing->protos->counts.malformed += !parsing->protos->gave_up;
	parsing->protos->gave_up = true;
}

bool ww_parsing_given_up(const struct ww_parsing *parsing)
{
	return parsing->protos->gave_up;
}

/* ---- recognition ---- */

enum { NO = -1, MORE = 0 };

/* Whether a direction that fits by half is enough. */
static bool half_is_enough(
	const struct ww_app_call *call, const struct ww_slot *slot, enum ww_app app)
{
	if (slot->half[!call->dir] & WW_APP_BIT(app))
		return true;
	bool heard = slot->began[WW_DIR_TO_CLIENT] && !call->midstream;
	return call->dir == WW_DIR_TO_SERVER && !heard && ww_app_has_port(app, call->server_port);
}

/* What one parser says of a direction's beginning: as its recogniser, but no halves. */
static int ask(const struct ww_app_call *call, struct ww_slot *slot, enum ww_app app,
	const uint8_t *data, size_t len)
{
	uint32_t bit = WW_APP_BIT(app);
	int bytes = parser_of(app)->recognise(call->dir, data, len);
	if (bytes == NO && call->dir == WW_DIR_TO_CLIENT && !call->midstream)
		slot->never |= bit;
	slot->half[call->dir] &= ~bit;
	if (bytes != WW_APP_HALF)
		return bytes;
	slot->half[call->dir] |= bit;
	if (slot->never & bit)
		return MORE;
	/* It needed more than any that is sure. */
	return half_is_enough(call, slot, app) ? WW_APP_PREFIX : MORE;
}

/* The protocol that begins with these bytes, or MORE, or NO. Slot NULL: a datagram. */
static int recognise(
	const struct ww_app_call *call, struct ww_slot *slot, const uint8_t *data, size_t len)
{
	bool udp = !slot;
	int best = NO, best_bytes = 0;
	bool more = false;
	for (unsigned app = 1; app < WW_APP_COUNT; app++) {
		if (!((call->apps | call->know) & WW_APP_BIT(app)) ||
			!(udp ? rows[app].udp : rows[app].tcp))
			continue;
		const struct ww_parser *parser = parser_of(app);
		int bytes = slot ? ask(call, slot, (enum ww_app)app, data, len)
			    : parser->recognise_datagram
				    ? parser->recognise_datagram(call->dir, data, len)
				    : parser->recognise(call->dir, data, len);
		more |= bytes == 0;
		bool better =
			bytes > 0 &&
			(best == NO || bytes < best_bytes ||
				(bytes == best_bytes &&
					!ww_app_has_port((enum ww_app)best, call->server_port) &&
					ww_app_has_port((enum ww_app)app, call->server_port)));
		if (better) {
			best = (int)app;
			best_bytes = bytes;
		}
	}
	return best != NO ? best : more ? MORE : NO;
}

/* ---- streams ---- */

static struct ww_parsing parsing_of(
	struct ww_protos *protos, const struct ww_app_call *call, struct ww_slot *slot)
{
	protos->gave_up = false;
	return (struct ww_parsing){.protos = protos,
		.call = call,
		.app = (enum ww_app)slot->app,
		.dir = call->dir,
		.state = slot->state};
}

static void begin(
	struct ww_protos *protos, const struct ww_app_call *call, struct ww_slot *slot, int app)
{
	slot->app = (uint8_t)app;
	call->flow->app = (uint8_t)app;
	call->flow->state = WW_APP_PARSING;
	protos->counts.flows[app]++;
	ww_assert(parser_of(slot->app)->state_bytes <= WW_PARSER_STATE_MAX);
	memset(slot->state, 0, parser_of(slot->app)->state_bytes);
}

/* What was kept while the protocol was sought, first the other direction's. */
static void feed_prefixes(
	struct ww_protos *protos, const struct ww_app_call *call, struct ww_slot *slot)
{
	struct ww_parsing parsing = parsing_of(protos, call, slot);
	for (int turn = 0; turn < 2; turn++) {
		unsigned dir = turn ? (unsigned)call->dir : !call->dir;
		uint32_t len = slot->prefix_len[dir];
		slot->prefix_len[dir] = 0;
		parsing.dir = (enum ww_dir)dir;
		if (len && !protos->gave_up)
			parser_of(slot->app)->stream(
				&parsing, slot->prefix[dir], len, slot->prefix_at[dir]);
		if (slot->ended[dir] && !protos->gave_up)
			parser_of(slot->app)->end(&parsing);
	}
}

/* Returns how many of the bytes were fed to the parser it found (all when there is none). */
static uint32_t seek(struct ww_protos *protos, const struct ww_app_call *call, struct ww_slot *slot,
	const uint8_t *data, uint32_t len, uint64_t at)
{
	unsigned dir = call->dir;
	uint32_t had = slot->prefix_len[dir];
	uint32_t n = len < WW_APP_PREFIX - had ? len : WW_APP_PREFIX - had;
	if (had)
		memcpy(slot->prefix[dir] + had, data, n);
	int app = recognise(call, slot, had ? slot->prefix[dir] : data, had + n);
	if (app > 0) {
		if (!(call->apps & WW_APP_BIT(app))) {
			protos->counts.flows[app]++;
			call->flow->app = (uint8_t)app;
			leave(protos, call->flow, WW_APP_KNOWN);
			return len;
		}
		slot->prefix_len[dir] = (uint8_t)(had ? had + n : 0);
		begin(protos, call, slot, app);
		feed_prefixes(protos, call, slot);
		return had ? n : 0;
	}
	if (app == MORE && had + n < WW_APP_PREFIX) {
		if (!had) {
			slot->prefix_at[dir] = at;
			memcpy(slot->prefix[dir], data, n);
		}
		slot->prefix_len[dir] = (uint8_t)(had + n);
		return len;
	}
	slot->prefix_len[dir] = 0;
	if (call->midstream && slot->tries < WW_SEEK_TRIES) {
		slot->tries++;
		return len;
	}
	slot->not_here[dir] = true;
	if (dir == WW_DIR_TO_SERVER)
		leave(protos, call->flow, WW_APP_UNKNOWN);
	return len;
}

static void feed(struct ww_protos *protos, const struct ww_app_call *call, struct ww_slot *slot,
	const struct ww_stream_view *view, bool gap)
{
	uint64_t at = view->offset + view->fresh;
	const uint8_t *data = view->data + view->fresh;
	uint32_t len = view->len - view->fresh;
	if (call->flow->state == WW_APP_SEEKING) {
		if (gap)
			slot->prefix_len[call->dir] = 0;
		if (len == 0 || slot->not_here[call->dir])
			return;
		uint32_t n = seek(protos, call, slot, data, len, at);
		if (call->flow->state != WW_APP_PARSING || protos->gave_up)
			return;
		data += n;
		at += n;
		len -= n;
		gap = false;
	}
	struct ww_parsing parsing = parsing_of(protos, call, slot);
	if (gap)
		parser_of(slot->app)->gap(&parsing, at);
	if (len && !protos->gave_up)
		parser_of(slot->app)->stream(&parsing, data, len, at);
}

void ww_protos_stream(
	struct ww_protos *protos, const struct ww_app_call *call, const struct ww_stream_view *view)
{
	struct ww_app_flow *flow = call->flow;
	if (!(call->apps | call->know))
		return;
	struct ww_slot *slot = slot_of(protos, flow);
	if (!slot || slot->ended[call->dir])
		return;
	bool gap = view->after_gap ||
		   (slot->began[call->dir] && slot->next[call->dir] != view->offset + view->fresh);
	slot->began[call->dir] = true;
	slot->next[call->dir] = view->offset + view->len;
	protos->gave_up = false;
	feed(protos, call, slot, view, gap);
	if (view->end && flow->serial == slot->serial) {
		slot->ended[call->dir] = true;
		if (flow->state == WW_APP_PARSING && !protos->gave_up) {
			struct ww_parsing parsing = parsing_of(protos, call, slot);
			parser_of(slot->app)->end(&parsing);
		}
	}
	if (protos->gave_up)
		disown(protos, flow);
	else if (flow->serial == slot->serial && slot->ended[0] && slot->ended[1])
		leave(protos, flow, flow->app ? WW_APP_GIVEN_UP : WW_APP_UNKNOWN);
}

/* ---- datagrams ---- */

enum ww_app ww_app_of_datagram(
	uint32_t apps, enum ww_dir dir, uint16_t server_port, const uint8_t *data, size_t len)
{
	const struct ww_app_call call = {.dir = dir, .apps = apps, .server_port = server_port};
	int app = len ? recognise(&call, NULL, data, len) : NO;
	return app > 0 ? (enum ww_app)app : WW_APP_NONE;
}

static void parse_datagram(struct ww_protos *protos, const struct ww_app_call *call,
	enum ww_app app, void *state, const uint8_t *data, size_t len)
{
	struct ww_parsing parsing = {
		.protos = protos, .call = call, .app = app, .dir = call->dir, .state = state};
	protos->gave_up = false;
	parser_of(app)->datagram(&parsing, data, (uint32_t)len);
}

void ww_protos_datagram(
	struct ww_protos *protos, const struct ww_app_call *call, const uint8_t *data, size_t len)
{
	struct ww_app_flow *flow = call->flow;
	if (!call->apps || len == 0 || len > UINT32_MAX || (flow && flow->state >= WW_APP_KNOWN))
		return;
	int app = flow && flow->app ? flow->app : recognise(call, NULL, data, len);
	if (app <= 0) {
		/* A datagram is whole: what is too short for a protocol is not it. */
		if (flow && call->dir == WW_DIR_TO_SERVER)
			flow->state = WW_APP_UNKNOWN;
		return;
	}
	const struct ww_parser *parser = parser_of((unsigned)app);
	if (flow && !flow->app) {
		flow->app = (uint8_t)app;
		protos->counts.flows[app]++;
	} else if (!flow) {
		protos->counts.flows[app]++;
	}
	if (!flow || !parser->remembers) {
		memset(protos->state, 0, parser->state_bytes);
		if (flow)
			flow->state = WW_APP_PARSING;
		parse_datagram(protos, call, (enum ww_app)app, protos->state, data, len);
	} else {
		bool first = flow->state == WW_APP_NEW;
		struct ww_slot *slot = slot_of(protos, flow);
		if (!slot)
			return;
		if (first) {
			slot->app = flow->app = (uint8_t)app;
			flow->state = WW_APP_PARSING;
			memset(slot->state, 0, parser->state_bytes);
		}
		parse_datagram(protos, call, (enum ww_app)app, slot->state, data, len);
	}
	if (protos->gave_up && flow)
		disown(protos, flow);
}
