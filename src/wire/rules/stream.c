// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Packets and stream views to hits.
 *
 * On a TCP flow a rule looks either at packets (it has an option that speaks of one packet, or no
 * positive content) or at stream views, never at both: so each occurrence alerts once. Where a
 * rule counts from the payload's start, both the start of the stream and the start of the segment
 * (the fresh bytes) are such a start, because Snort's users write rules for packets.
 *
 * A rule is a candidate when its fast pattern ends among the fresh bytes, or always when it has
 * none. Not decided: it waits on the flow and is tried again when the bytes came, when the stream
 * ends. An alert covers everything that came so far: after it, the rule's
 * anchor must end behind.
 */
#include "wire/rules/rules-private.h"

#include <stdlib.h>
#include <string.h>

/* ---- one rule ---- */

static const struct ww_ip *end_of(const struct ww_run *run, bool src)
{
	if (!run->flow)
		return src ? &run->packet->src : &run->packet->dst;
	bool client = src == (run->dir == WW_DIR_TO_SERVER);
	return client ? &run->flow->client : &run->flow->server;
}

static int port_of(const struct ww_run *run, bool src)
{
	uint8_t proto = run->flow ? run->flow->proto : run->packet->proto;
	if ((proto != WW_PROTO_TCP && proto != WW_PROTO_UDP) ||
		(!run->flow && !run->packet->has_transport))
		return -1;
	if (!run->flow)
		return src ? run->packet->sport : run->packet->dport;
	bool client = src == (run->dir == WW_DIR_TO_SERVER);
	return client ? run->flow->client_port : run->flow->server_port;
}

/* Everything that is cheaper than looking at the payload. */
static bool fits(const struct ww_run *run, const struct ww_item *item)
{
	const struct ww_flow *flow = run->flow;
	if (item->flow.established && !(flow && flow->established))
		return false;
	if (item->flow.not_established && flow && flow->established)
		return false;
	for (size_t i = 0; i < item->n_checks; i++)
		if (item->checks[i].match_flow
				? !flow || !item->checks[i].match_flow(&item->checks[i], flow)
				: !run->packet ||
					  !item->checks[i].match(&item->checks[i], run->packet))
			return false;
	if (!ww_state_bits_fit(run->rules, item, run->flow))
		return false;
	return !run->group->superset ||
	       ww_rule_header_fits(run->rules, item, end_of(run, true), end_of(run, false),
		       port_of(run, true), port_of(run, false));
}

/* Whether an attack could succeed: the interface that it calls was accepted, or not. */
static const char *note_of(const struct ww_window *window)
{
	const struct ww_dce_call *call = window->message ? window->message->dce : NULL;
	if (!call)
		return NULL;
	if (call->refused)
		return "bytes of a call; the server had refused the interface";
	return call->accepted ? "bytes of a call; the server had accepted the interface"
			      : "bytes of a call; no answer to its bind was seen";
}

static void tell(const struct ww_run *run, uint32_t index, const struct ww_verify *verify)
{
	struct ww_rules *rules = run->rules;
	const struct ww_item *item = &rules->items[index];
	const struct ww_window *window = verify->window;
	struct ww_hit hit = {.rule = &item->rule,
		.rule_index = index,
		.flow = run->flow,
		.dir = run->dir,
		.packet = run->packet,
		.in_stream = run->in_stream,
		.note = note_of(window),
		.message_at = window->message ? window->message->at : UINT64_MAX};
	for (size_t i = 0; i < item->n_steps && hit.n_spans < WW_HIT_SPANS; i++) {
		int64_t start = verify->spans[i].start;
		if (start < 0 || item->steps[i].buffer == WW_BUFFER_BASE64_DATA)
			continue;
		uint8_t buffer = item->steps[i].buffer;
		bool raw = buffer == WW_BUFFER_RAW;
		const struct ww_message_buffer *bytes =
			raw ? NULL : &window->message->buffers[buffer];
		hit.spans[hit.n_spans++] = (struct ww_hit_span){
			.offset = (raw ? window->offset : bytes->at) + (uint64_t)start,
			.len = (uint32_t)(verify->spans[i].end - start),
			.data = (raw ? window->data : bytes->data) + start};
	}
	char note[96];
	hit.transfer = ww_transfers_note(run, note, sizeof(note));
	if (hit.transfer)
		hit.note = note;
	run->hit(run->context, &hit);
}

static int64_t time_of(const struct ww_run *run)
{
	return run->packet ? run->packet->time_us : run->flow->last_us;
}

/* Whether other bytes stand where the rule's head must be; false also while they have not come. */
static bool head_differs(const struct ww_item *item, const struct ww_window *window)
{
	int64_t at = window->base + item->head_at;
	if (at < 0 || at < window->low)
		return true;
	return at + item->head_len <= window->len &&
	       memcmp(window->data + at, item->head, item->head_len) != 0;
}

enum ww_verdict ww_run_try(const struct ww_run *run, uint32_t index, const struct ww_window *window,
	struct ww_verify *verify)
{
	struct ww_rules *rules = run->rules;
	struct ww_desk *desk = run->desk;
	const struct ww_item *item = &rules->items[index];
	if ((item->head_len && head_differs(item, window)) || !fits(run, item))
		return WW_VERDICT_NO;
	enum ww_speaks speaks = item->spoken ? ww_messages_speaks(run, item) : WW_SPEAKS_YES;
	if (speaks != WW_SPEAKS_YES) {
		verify->need = run->stream_end + 1;
		verify->bounded = true;
		return speaks == WW_SPEAKS_LATER && !window->final ? WW_VERDICT_MORE
								   : WW_VERDICT_NO;
	}
	verify->desk = desk;
	verify->item = item;
	verify->window = window;
	verify->src = end_of(run, true);
	/* A message has its own memory of what it was alerted on for. */
	bool floors = run->in_stream && !window->message;
	verify->floor = floors ? ww_state_floor(run->flow, index, run->dir) : 0;
	if (run->floor > verify->floor)
		verify->floor = run->floor;
	desk->costs[index].tried++;
	enum ww_verdict verdict = ww_verify_run(verify);
	if (verdict != WW_VERDICT_MATCH)
		return verdict;
	desk->counts.verified++;
	desk->costs[index].matched++;
	if (floors)
		ww_state_tell(run->flow, index, run->dir, run->stream_end + 1);
	if (ww_state_bits_act(rules, item, run->flow) && run->flow && !run->flow->settled)
		ww_rules_open_gates(rules, run->flow);
	if (item->rule.noalert)
		return verdict;
	/* Whether or not a threshold lets it pass: what is looked at does not hang on that. */
	if (window->message)
		ww_messages_ask(run, window->message);
	ww_transfers_ask(run);
	if (desk->counts_later ||
		ww_rules_pass(rules, index, end_of(run, true), end_of(run, false), time_of(run)))
		tell(run, index, verify);
	return verdict;
}

/* ---- packets ---- */

static void try_lone(void *context, uint32_t rule)
{
	const struct ww_run *run = context;
	struct ww_window window = {.data = run->packet->payload, .final = true};
	struct ww_verify verify;
	(void)ww_run_try(run, rule, &window, &verify);
}

/* A TCP packet of no flow and without payload; see lone.c. */
static void lone_packet(
	struct ww_desk *desk, const struct ww_packet *packet, ww_hit_fn *hit, void *context)
{
	static const struct ww_group any = {.superset = true}; /* headers are checked each time */
	struct ww_run run = {.rules = desk->rules,
		.desk = desk,
		.group = &any,
		.packet = packet,
		.hit = hit,
		.context = context};
	ww_lone_each(desk->rules, packet, try_lone, &run);
}

void ww_rules_packet(struct ww_rules *rules, uint16_t group, struct ww_flow *flow, enum ww_dir dir,
	const struct ww_packet *packet, ww_hit_fn *hit, void *context)
{
	ww_desk_packet(rules->desk, group, flow, dir, packet, hit, context);
}

void ww_desk_packet(struct ww_desk *desk, uint16_t group, struct ww_flow *flow, enum ww_dir dir,
	const struct ww_packet *packet, ww_hit_fn *hit, void *context)
{
	struct ww_rules *rules = desk->rules;
	if (group == WW_GROUP_LONE && rules->lone_tcp) {
		lone_packet(desk, packet, hit, context);
		return;
	}
	if (group == 0 || group >= WW_GROUPS_MAX)
		return;
	struct ww_group *here = &rules->groups[group];
	struct ww_section_rules *section = &here->sections[WW_SECTION_PACKET];
	struct ww_run run = {.rules = rules,
		.desk = desk,
		.group = here,
		.flow = flow,
		.dir = dir,
		.packet = packet,
		.hit = hit,
		.context = context};
	struct ww_window window = {
		.data = packet->payload, .len = packet->payload_len, .final = true};
	struct ww_verify verify;
	bool empty = packet->payload_len == 0;
	if (!empty && packet->proto == WW_PROTO_UDP)
		ww_messages_packet(&run);
	desk->n_candidates = 0;
	if (!empty)
		ww_scan_packet(desk, here, packet);
	/* Both lists are in the order of work; merged, so that bits are set before they are asked.
	 */
	uint32_t a = 0, c = 0;
	while (a < section->n_always || c < desk->n_candidates) {
		bool always = c == desk->n_candidates;
		if (a < section->n_always && c < desk->n_candidates) {
			struct ww_candidate one = {.rule = section->always[a]};
			always = ww_by_work(&one, &desk->candidates[c], rules) < 0;
		}
		uint32_t rule = always ? section->always[a++] : desk->candidates[c++].rule;
		if (!empty || !rules->items[rule].needs_payload)
			(void)ww_run_try(&run, rule, &window, &verify);
	}
}

/* ---- streams ---- */

/* Makes the rule wait. Waiting for the same place twice is one wait. */
static void wait_for(const struct ww_run *run, struct ww_pending pending)
{
	struct ww_rule_state *state = ww_state_get(run->flow, true);
	if (!state)
		return;
	uint32_t i = 0;
	while (i < state->n_pending &&
		(state->pending[i].rule != pending.rule || state->pending[i].dir != pending.dir ||
			state->pending[i].by_segment != pending.by_segment ||
			state->pending[i].base != pending.base))
		i++;
	if (i == WW_PENDING_MAX) {
		/* The one that waits longest goes. */
		run->desk->counts.pending_dropped += state->pending[0].bounded;
		memmove(state->pending, state->pending + 1,
			sizeof(state->pending) - sizeof(*state->pending));
		i--;
	} else if (i == state->n_pending) {
		state->n_pending++;
	}
	state->pending[i] = pending;
}

static struct ww_window window_of(const struct ww_stream_view *view, const struct ww_pending *wait)
{
	struct ww_window window = {.data = view->data,
		.len = view->len,
		.offset = view->offset,
		.final = view->end,
		.base = -(int64_t)view->offset};
	if (wait->by_segment) {
		window.base = (int64_t)(wait->base - view->offset);
		window.low = window.base < 0 ? 0 : window.base;
	}
	return window;
}

static void try_or_wait(const struct ww_run *run, const struct ww_stream_view *view,
	struct ww_pending wait, bool worth_waiting)
{
	struct ww_verify verify;
	struct ww_window window = window_of(view, &wait);
	if (ww_run_try(run, wait.rule, &window, &verify) != WW_VERDICT_MORE || !worth_waiting)
		return;
	wait.need = verify.need;
	wait.bounded = verify.bounded;
	wait_for(run, wait);
}

/* A rule on a view; `end`: index behind its fast pattern. */
static void try_stream(const struct ww_run *run, const struct ww_stream_view *view, uint32_t rule,
	uint32_t end, bool always)
{
	const struct ww_item *item = &run->rules->items[rule];
	/* One that asks for bits only is asked at bytes, not at their end. */
	if (item->n_steps == 0 && view->fresh == view->len)
		return;
	uint64_t at = view->offset + (end > item->fast_len ? end - item->fast_len : 0);
	struct ww_pending wait = {.rule = rule, .dir = (uint8_t)run->dir, .at = at};
	try_or_wait(run, view, wait, !always);
	if (!item->absolute || view->offset + view->fresh == 0)
		return;
	wait.by_segment = true;
	wait.base = view->offset + view->fresh;
	if (always)
		wait.at = wait.base;
	try_or_wait(run, view, wait, true);
}

/* Tries again what waits for bytes that came. */
static void try_pending(const struct ww_run *run, const struct ww_stream_view *view)
{
	struct ww_rule_state *state = ww_state_get(run->flow, false);
	if (!state || state->n_pending == 0)
		return;
	struct ww_pending waits[WW_PENDING_MAX];
	uint32_t n = state->n_pending;
	memcpy(waits, state->pending, sizeof(waits));
	state->n_pending = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct ww_pending *wait = &waits[i];
		bool ours = wait->dir == run->dir;
		if (!ours || (!view->end && view->offset + view->len < wait->need &&
				     wait->at >= view->offset)) {
			wait_for(run, *wait);
			continue;
		}
		if (wait->at < view->offset || wait->at > view->offset + view->len) {
			run->desk->counts.pending_dropped += wait->bounded;
			continue;
		}
		try_or_wait(run, view, *wait, true);
	}
}

static void stream_view(
	struct ww_run *run, struct ww_group *group, const struct ww_stream_view *view)
{
	struct ww_rules *rules = run->rules;
	struct ww_desk *desk = run->desk;
	struct ww_section_rules *section = &group->sections[WW_SECTION_STREAM];
	run->stream_end = view->offset + view->len;
	try_pending(run, view);
	ww_scan_stream(desk, group, view);
	uint32_t a = 0, c = 0;
	while (a < section->n_always || c < desk->n_candidates) {
		bool always = c == desk->n_candidates;
		if (a < section->n_always && c < desk->n_candidates) {
			struct ww_candidate one = {.rule = section->always[a]};
			always = ww_by_work(&one, &desk->candidates[c], rules) < 0;
		}
		if (always) {
			try_stream(run, view, section->always[a++], view->len, true);
		} else {
			run->floor = view->offset + view->fresh + 1;
			try_stream(run, view, desk->candidates[c].rule, desk->candidates[c].end,
				false);
			run->floor = 0;
		}
		c += !always;
	}
}

/* The view without what lies before its fresh bytes, which a gap cuts off. */
static struct ww_stream_view behind_gap(const struct ww_stream_view *view)
{
	struct ww_stream_view rest = *view;
	if (rest.data)
		rest.data += rest.fresh;
	rest.offset += rest.fresh;
	rest.len -= rest.fresh;
	rest.fresh = 0;
	return rest;
}

uint32_t ww_rules_ahead(struct ww_rules *rules, struct ww_flow *flow, enum ww_dir dir,
	const struct ww_stream_view *view)
{
	uint32_t readable, before = view->after_gap ? view->fresh : 0;
	struct ww_stream_view rest = view->after_gap ? behind_gap(view) : *view;
	ww_assert(view->fresh <= view->len);
	if (flow->groups[dir] == 0 || !ww_encrypted_from(flow, dir, &rest, &readable))
		return WW_READABLE;
	rules->counts.encrypted++;
	return before + (readable > rest.fresh ? readable : rest.fresh);
}

void ww_desk_stream(struct ww_desk *desk, struct ww_flow *flow, enum ww_dir dir,
	const struct ww_packet *packet, const struct ww_stream_view *view_, uint32_t readable,
	ww_hit_fn *hit, void *context)
{
	struct ww_rules *rules = desk->rules;
	uint16_t index = flow->groups[dir];
	if (index == 0 || index >= WW_GROUPS_MAX)
		return;
	struct ww_group *group = &rules->groups[index];
	struct ww_run run = {.rules = rules,
		.desk = desk,
		.group = group,
		.flow = flow,
		.dir = dir,
		.packet = packet,
		.in_stream = true,
		.hit = hit,
		.context = context};
	/* Read where it lies: a copy would wait for all that is being written. */
	const struct ww_stream_view *view = view_;
	struct ww_stream_view rest;
	ww_scan_fresh(desk, group, packet, view);
	ww_messages_stream(&run, view);
	if (view->after_gap) {
		/* What waited is decided by what came before the gap, where that is still shown;
		   else it is given up and counted. */
		struct ww_stream_view before = *view;
		before.len = view->fresh;
		before.end = true;
		run.stream_end = before.offset + before.len;
		try_pending(&run, &before);
		rest = behind_gap(view);
		view = &rest;
	}
	if (readable != WW_READABLE) {
		rest = *view;
		rest.len = readable - (uint32_t)(view->offset - view_->offset);
		rest.end = true;
		view = &rest;
	}
	stream_view(&run, group, view);
}

void ww_rules_stream(struct ww_rules *rules, struct ww_flow *flow, enum ww_dir dir,
	const struct ww_packet *packet, const struct ww_stream_view *view, ww_hit_fn *hit,
	void *context)
{
	uint32_t readable = ww_rules_ahead(rules, flow, dir, view);
	ww_desk_stream(rules->desk, flow, dir, packet, view, readable, hit, context);
	if (readable != WW_READABLE)
		flow->groups[dir] = 0;
}
