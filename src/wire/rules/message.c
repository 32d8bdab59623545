// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Messages of application protocols to hits: the rules that look at a buffer other than the raw
 * bytes.
 *
 * A rule is tried on one message: all its buffers are those of that message, and what it says of
 * the raw bytes is said of the bytes of that message (in Snort of the packet or PDU, in Suricata of
 * the whole stream: neither is the same for every cutting of the stream, this is). It is a
 * candidate when its fast pattern ends in what is new of its buffer, or when it has none and the
 * message begins. Not decided, because a body still comes: it waits with the message, and is tried
 * again as the message has grown by an eighth, and at its end. It alerts once a message.
 *
 * A flow is parsed only when a rule of its groups looks at a buffer of that protocol.
 */
#include "wire/rules/rules-private.h"

#include <stdlib.h>
#include <string.h>

enum {
	GROWTH_LEAST = 256,   /* bytes of a message between two tries of what waits */
	TRIES_MAX = 256,      /* candidates tried at once while a message grows; then they wait */
	LANE_FLOWS = 1024,    /* parsed at a time in one lane of WW_LANES */
	LANE_BYTES = 2 << 20, /* of what their parsers keep */
};

/* ---- what is wanted ---- */

/* Of the rows of buffers.def: the protocols, by their names in protocols.def. */
static uint32_t apps_of(enum ww_buffer buffer)
{
	static const char *const names[] = {
#define WW_BUFFER(name, provider, ...) #provider,
#include "wire/proto/buffers.def"
#undef WW_BUFFER
	};
	char name[16] = "";
	size_t len = 0;
	while (names[buffer][len] && len < sizeof(name) - 1) {
		char c = names[buffer][len];
		name[len++] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
	}
	enum ww_app app = ww_app_find(name, len);
	uint32_t apps = app == WW_APP_NONE ? 0 : WW_APP_BIT(app);
	/* A call may come through a named pipe. */
	return buffer == WW_BUFFER_DCE_STUB ? apps | WW_APP_BIT(WW_APP_SMB) : apps;
}

static bool looks_at_raw(const struct ww_item *item)
{
	for (size_t i = 0; i < item->n_steps; i++)
		if (item->steps[i].buffer == WW_BUFFER_RAW)
			return true;
	return false;
}

void ww_messages_want(const struct ww_rules *rules, struct ww_group *group)
{
	struct ww_group_wants *wants = &group->wants;
	for (size_t i = 0; i < rules->n_items; i++) {
		const struct ww_item *item = &rules->items[i];
		if (!(group->member[i / 64] >> i % 64 & 1))
			continue;
		wants->know |= item->spoken ? WW_APP_BIT(item->spoken) : 0;
		/* Calls come through pipes, too. */
		if (item->spoken == WW_APP_DCERPC)
			wants->know |= WW_APP_BIT(WW_APP_SMB);
		if (!item->buffers)
			continue;
		wants->buffers |= item->buffers;
		if (looks_at_raw(item))
			wants->buffers |= WW_BUFFER_BIT(WW_BUFFER_RAW);
		if (item->fast_len)
			wants->fast |= WW_BUFFER_BIT(item->fast_buffer);
	}
	for (unsigned b = 0; b < WW_BUFFER_COUNT; b++)
		if (wants->buffers & WW_BUFFER_BIT(b))
			wants->apps |= apps_of((enum ww_buffer)b);
}

/* ---- one message ---- */

struct trying {
	const struct ww_run *run;
	const struct ww_message *message;
	struct ww_message_state *state; /* NULL: of no flow, and ended */
	bool shown; /* its bytes are in the view; else they came before, in the other direction */
	uint32_t n; /* of desk->message_list */
	uint32_t n_always; /* the first of them, which are in the order of work already */
};

static void add(struct trying *trying, uint32_t rule)
{
	struct ww_desk *desk = trying->run->desk;
	if (trying->n < desk->rules->n_items && !desk->marks[rule]) {
		desk->marks[rule] = 1;
		desk->message_list[trying->n++] = rule;
	}
}

static void wait_with(struct trying *trying, uint32_t rule)
{
	struct ww_message_state *state = trying->state;
	const struct ww_rules *rules = trying->run->rules;
	if (!state || trying->message->ends)
		return;
	if (!rules->items[rule].fast_len) {
		state->always_wait = true;
		return;
	}
	for (uint32_t i = 0; i < state->n_waits; i++)
		if (state->waits[i] == rule)
			return;
	if (state->n_waits == WW_MESSAGE_WAITS) {
		trying->run->desk->counts.pending_dropped++;
		memmove(state->waits, state->waits + 1, sizeof(state->waits) - sizeof(rule));
		state->n_waits--;
	}
	state->waits[state->n_waits++] = rule;
}

static bool was_told(const struct ww_message_state *state, uint32_t rule)
{
	for (uint32_t i = 0; state && i < state->n_told; i++)
		if (state->told[i] == rule)
			return true;
	return false;
}

/* The oldest is forgotten: at worst a rule alerts twice on a message on which 32 others did. */
static void remember_told(struct trying *trying, uint32_t rule)
{
	struct ww_message_state *state = trying->state;
	if (!state || trying->message->ends)
		return;
	if (state->n_told == WW_MESSAGE_TOLD) {
		memmove(state->told, state->told + 1, sizeof(state->told) - sizeof(rule));
		state->n_told--;
	}
	state->told[state->n_told++] = rule;
}

/* Rules whose fast pattern is in what is new. */
static void add_candidates(struct trying *trying)
{
	const struct ww_run *run = trying->run;
	const struct ww_message *message = trying->message;
	struct ww_message_state *state = trying->state;
	struct ww_desk *desk = run->desk;
	uint64_t look = message->present & run->group->wants.fast;
	if (state)
		look &= ~state->scanned;
	for (unsigned b = 0; look >> b; b++) {
		if (!(look >> b & 1))
			continue;
		ww_scan_message(desk, run->group, message, (enum ww_buffer)b);
		bool patience =
			state && !message->begins && !message->ends && state->tries > TRIES_MAX;
		for (uint32_t i = 0; i < desk->n_candidates; i++) {
			if (patience)
				wait_with(trying, desk->candidates[i].rule);
			else
				add(trying, desk->candidates[i].rule);
		}
	}
	if (state)
		state->scanned |= message->settled & message->present;
}

/* What waits, when the message has grown enough. */
static void add_waiting(struct trying *trying)
{
	struct ww_message_state *state = trying->state;
	const struct ww_message *message = trying->message;
	if (!state || message->begins || (state->n_waits == 0 && !state->always_wait))
		return;
	uint64_t grown = message->end - state->tried_end;
	uint64_t least = (state->tried_end - message->at) / 8 + GROWTH_LEAST;
	if (!message->ends && grown < least)
		return;
	state->tried_end = message->end;
	const struct ww_section_rules *section = &trying->run->group->sections[WW_SECTION_MESSAGE];
	for (uint32_t i = 0; state->always_wait && i < section->n_always; i++)
		add(trying, section->always[i]);
	state->always_wait = false;
	uint32_t n = state->n_waits;
	state->n_waits = 0;
	for (uint32_t i = 0; i < n; i++)
		add(trying, state->waits[i]);
}

static int by_work(const void *a, const void *b, void *rules)
{
	const struct ww_candidate x = {.rule = *(const uint32_t *)a};
	const struct ww_candidate y = {.rule = *(const uint32_t *)b};
	return ww_by_work(&x, &y, rules);
}

/* The bytes of the message, as far as they are still shown. */
static struct ww_window window_of(const struct trying *trying)
{
	const struct ww_run *run = trying->run;
	const struct ww_message *message = trying->message;
	struct ww_window window = {.message = message, .patient = true, .final = message->ends};
	if (!run->view && run->packet) {
		window.data = run->packet->payload;
		window.len = run->packet->payload_len;
		return window;
	}
	const struct ww_stream_view *view = run->view;
	uint64_t end = view->offset + view->len;
	if (!trying->shown || message->at > end || message->end < view->offset) {
		window.offset = message->at;
		return window;
	}
	window.data = view->data;
	window.offset = view->offset;
	window.len = (int64_t)((message->end < end ? message->end : end) - view->offset);
	window.base = (int64_t)(message->at - view->offset);
	window.low = window.base < 0 ? 0 : window.base;
	window.final |= message->at < view->offset;
	return window;
}

/* A buffer that it looks at is not there, and will not be: the usual case, told at once. */
static bool lacks_buffer(const struct ww_message *message, const struct ww_item *item)
{
	return (item->buffers & ~message->present & message->settled) != 0;
}

static void try_one(struct trying *trying, uint32_t rule, const struct ww_window *window,
	struct ww_verify *verify)
{
	const struct ww_item *item = &trying->run->rules->items[rule];
	const struct ww_message *message = trying->message;
	if (lacks_buffer(message, item) || was_told(trying->state, rule))
		return;
	/* A rule on nothing but what is repeated was tried when it was new. */
	if (message->repeated && !(item->buffers & ~message->repeated))
		return;
	/* Told before, when only what asks for an accepted context could not match. */
	if (message->dce && message->dce->late && !item->asks_interface)
		return;
	if (trying->state)
		trying->state->tries++;
	enum ww_verdict verdict = ww_run_try(trying->run, rule, window, verify);
	if (verdict == WW_VERDICT_MORE)
		wait_with(trying, rule);
	else if (verdict == WW_VERDICT_MATCH)
		remember_told(trying, rule);
}

/* In the order of work: the first ones are; the others are sorted, and both merged. */
static void try_all(struct trying *trying)
{
	const struct ww_run *run = trying->run;
	struct ww_desk *desk = run->desk;
	struct ww_verify verify;
	struct ww_window window = window_of(trying);
	uint32_t *list = desk->message_list, a = 0, c = trying->n_always;
	for (uint32_t i = 0; i < trying->n; i++)
		desk->marks[list[i]] = 0;
	if (trying->n > c + 1)
		qsort_r(list + c, trying->n - c, sizeof(*list), by_work, run->rules);
	while (a < trying->n_always || c < trying->n) {
		bool always = c == trying->n;
		if (a < trying->n_always && c < trying->n)
			always = by_work(&list[a], &list[c], run->rules) < 0;
		try_one(trying, always ? list[a++] : list[c++], &window, &verify);
	}
}

static void on_message(void *context, const struct ww_message *message)
{
	const struct ww_run *asked = context;
	struct ww_run run = *asked;
	struct ww_rules *rules = run.rules;
	struct trying trying = {
		.run = &run, .message = message, .shown = run.dir == (enum ww_dir)message->dir};
	run.dir = (enum ww_dir)message->dir;
	if (!trying.shown) {
		uint16_t index = run.flow->groups[run.dir];
		if (index == 0 || index >= WW_GROUPS_MAX)
			return;
		run.group = &rules->groups[index];
	}
	const struct ww_section_rules *section = &run.group->sections[WW_SECTION_MESSAGE];
	struct ww_rule_state *flow_state = ww_state_get(run.flow, false);
	if (flow_state)
		trying.state = &flow_state->messages[run.dir];
	if (message->begins && trying.state) {
		ww_message_state_reset(trying.state);
		trying.state->tried_end = message->end;
	}
	for (uint32_t i = 0; message->begins && i < section->n_always; i++)
		add(&trying, section->always[i]);
	trying.n_always = trying.n;
	add_candidates(&trying);
	add_waiting(&trying);
	try_all(&trying);
}

/* ---- answers ---- */

void ww_rules_want_answers(struct ww_rules *rules, ww_answer_fn *answer)
{
	rules->answer = answer;
}

void ww_messages_ask(const struct ww_run *run, const struct ww_message *message)
{
	struct ww_rules *rules = run->rules;
	struct ww_flow *flow = run->flow;
	struct ww_rule_state *state = ww_state_get(flow, false);
	if (!rules->answer || !state || run->dir != WW_DIR_TO_SERVER || !run->in_stream)
		return;
	for (uint32_t i = 0; i < state->n_asked; i++)
		if (state->asked[i] == message->at)
			return;
	if (state->n_asked == WW_ASKED_MAX) {
		memmove(state->asked, state->asked + 1,
			sizeof(state->asked) - sizeof(*state->asked));
		state->n_asked--;
	}
	state->asked[state->n_asked++] = message->at;
	if (!flow->settled && !flow->groups[WW_DIR_TO_CLIENT])
		flow->groups[WW_DIR_TO_CLIENT] = rules->answer_group;
}

/* 1yz: the answer is still to come. */
static bool is_preliminary(const struct ww_fact *fact)
{
	bool replies = fact->kind == WW_FACT_HTTP_STATUS || fact->kind == WW_FACT_FTP_REPLY ||
		       fact->kind == WW_FACT_SMTP_REPLY;
	return replies && fact->code < 200;
}

static void on_fact(void *context, const struct ww_fact *fact)
{
	const struct ww_run *run = context;
	struct ww_rule_state *state = ww_state_get(run->flow, false);
	if (!run->rules->answer || !state || fact->asked_at == WW_FACT_UNKNOWN ||
		is_preliminary(fact))
		return;
	for (uint32_t i = 0; i < state->n_asked; i++) {
		if (state->asked[i] != fact->asked_at)
			continue;
		const struct ww_rule_answer answer = {run->flow, fact->asked_at, run->packet, fact};
		run->rules->answer(run->context, &answer);
	}
}

/* ---- feeding ---- */

static struct ww_app_call call_of(const struct ww_run *run, struct ww_app_flow *app)
{
	struct ww_rules *rules = run->rules;
	const struct ww_flow *flow = run->flow;
	struct ww_app_call call = {.flow = app,
		.dir = run->dir,
		.apps = run->group->wants.apps,
		.know = run->group->wants.know,
		.buffers = run->group->wants.buffers,
		.context = (void *)(uintptr_t)run};
	if (!flow) {
		call.server_port = run->packet->dport;
		return call;
	}
	uint16_t other = flow->groups[!run->dir];
	if (other < WW_GROUPS_MAX) {
		call.apps |= rules->groups[other].wants.apps;
		call.know |= rules->groups[other].wants.know;
	}
	call.midstream = !flow->start_seen;
	call.server_port = flow->server_port;
	return call;
}

void ww_messages_stream(const struct ww_run *run, const struct ww_stream_view *view)
{
	struct ww_protos *protos = run->rules->lanes[ww_lane_of(run->flow)];
	if (!protos)
		return;
	struct ww_app_call call = call_of(run, NULL);
	if (!(call.apps | call.know))
		return;
	struct ww_rule_state *state = ww_state_get(run->flow, true);
	if (!state)
		return;
	if (state->app.state == WW_APP_NEW && !call.midstream && view->offset + view->fresh == 0)
		state->sought = call.apps | call.know;
	struct ww_run here = *run;
	here.view = view;
	here.stream_end = view->offset + view->len;
	call.flow = &state->app;
	call.facts = state->n_asked > 0;
	call.context = &here;
	ww_protos_stream(protos, &call, view);
	/* Whether a bind was accepted is said in the other direction, which may have no rules. */
	struct ww_flow *flow = run->flow;
	bool dce = state->app.app == WW_APP_DCERPC || state->app.app == WW_APP_SMB;
	if (dce && call.buffers & WW_BUFFER_BIT(WW_BUFFER_DCE_STUB) && !flow->settled &&
		!flow->groups[!run->dir])
		flow->groups[!run->dir] = WW_GROUP_LISTEN;
	/* The greeting has told what it could. */
	if (!flow->settled && flow->groups[WW_DIR_TO_CLIENT] == WW_GROUP_LISTEN && !dce &&
		state->n_asked == 0 && state->app.state != WW_APP_SEEKING &&
		state->app.app != WW_APP_FTP)
		flow->groups[WW_DIR_TO_CLIENT] = 0;
}

void ww_messages_packet(const struct ww_run *run)
{
	struct ww_protos *protos = run->rules->lanes[ww_lane_of(run->flow)];
	if (!protos || !run->packet)
		return;
	struct ww_app_call call = call_of(run, NULL);
	if (!call.apps)
		return;
	struct ww_rule_state *state = ww_state_get(run->flow, true);
	call.flow = state ? &state->app : NULL;
	ww_protos_datagram(protos, &call, run->packet->payload, run->packet->payload_len);
}

/* ---- which protocol ---- */

static enum ww_speaks by_ports(const struct ww_run *run, const struct ww_item *item)
{
	if (item->service == 0)
		return WW_SPEAKS_YES; /* the header has named its ports */
	const struct ww_port_set *ports = &run->rules->ports[item->service - 1];
	if (run->flow)
		return ww_port_set_contains(ports, run->flow->server_port);
	return ww_port_set_contains(ports, run->packet->sport) ||
	       ww_port_set_contains(ports, run->packet->dport);
}

enum ww_speaks ww_messages_speaks(const struct ww_run *run, const struct ww_item *item)
{
	const struct ww_rule_state *state = ww_state_get(run->flow, false);
	enum ww_app app = state ? (enum ww_app)state->app.app : WW_APP_NONE;
	const struct ww_packet *packet = run->packet;
	if (item->proto == WW_PROTO_UDP && app == WW_APP_NONE && packet)
		app = ww_app_of_datagram(run->group->wants.know | WW_APP_BIT(item->spoken),
			run->dir, packet->dport, packet->payload, packet->payload_len);
	if (app != WW_APP_NONE)
		return app == item->spoken || (app == WW_APP_SMB && item->spoken == WW_APP_DCERPC);
	bool none = state && state->app.state == WW_APP_UNKNOWN &&
		    state->sought & WW_APP_BIT(item->spoken);
	if (none || by_ports(run, item))
		return none ? WW_SPEAKS_NO : WW_SPEAKS_YES;
	bool later = run->in_stream && state && state->app.state <= WW_APP_SEEKING;
	return later ? WW_SPEAKS_LATER : WW_SPEAKS_NO;
}

/* ---- memory ---- */

int ww_messages_init(struct ww_rules *rules)
{
	static const struct ww_app_sink sink = {.message = on_message, .fact = on_fact};
	bool any = false;
	for (size_t i = 0; i < rules->n_items; i++)
		any |= rules->items[i].buffers != 0 || rules->items[i].spoken != WW_APP_NONE;
	if (!any)
		return 0;
	struct ww_group group = {.n_rules = 0, .class = WW_CLASS_TCP, .kind = WW_KIND_TO_CLIENT};
	group.member = calloc(rules->n_items / 64 + 1, sizeof(*group.member));
	if (!group.member)
		return -ENOMEM;
	rules->answer_group = (uint16_t)rules->n_groups;
	rules->groups[rules->n_groups++] = group;
	const struct ww_app_limits share = {LANE_FLOWS, LANE_BYTES};
	int r = 0;
	for (unsigned lane = 0; r == 0 && lane <= WW_LANES; lane++)
		r = ww_protos_new(lane ? &share : NULL, &sink, &rules->lanes[lane]);
	return r;
}

bool ww_rules_app_counts(const struct ww_rules *rules, struct ww_app_counts *ret)
{
	*ret = (struct ww_app_counts){0};
	if (!rules->lanes[0])
		return false;
	for (unsigned lane = 0; lane <= WW_LANES; lane++)
		ww_desk_sum(ret, ww_protos_counts(rules->lanes[lane]), sizeof(*ret));
	return true;
}

void ww_messages_done(struct ww_rules *rules)
{
	for (unsigned lane = 0; lane <= WW_LANES; lane++)
		ww_protos_free(&rules->lanes[lane]);
}
