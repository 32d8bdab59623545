// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The pipeline. Packets come in batches; wire/flow turns them into facts (contacts, connections,
 * bytes in order), which go to the rules and the detectors; what those find is numbered here and
 * handed on. What a rule hit means for a host is the chain's business.
 */
#include "wire/watch/watch-private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of a user's rule nothing is known but that it alerted. */
static const double RULE_CONFIDENCE = 0.5;
/* Most often somebody's middlebox. */
static const double CONFLICT_CONFIDENCE = 0.3;

static const struct ww_rule CONFLICTS[] = {
	{.gid = WW_GID_REASSEMBLY,
		.sid = WW_SID_SEGMENTS,
		.rev = 1,
		.priority = 2,
		.msg = "TCP segments bring other bytes for the same place",
		.classtype = "bad-unknown"},
	{.gid = WW_GID_REASSEMBLY,
		.sid = WW_SID_FRAGMENTS,
		.rev = 1,
		.priority = 2,
		.msg = "IP fragments bring other bytes for the same place",
		.classtype = "bad-unknown"},
};

_Static_assert((int)WW_DOUBT_GAP == WW_TROUBLE_GAP &&
		       (int)WW_DOUBT_CONFLICT == WW_TROUBLE_CONFLICT &&
		       (int)WW_DOUBT_LIMIT == WW_TROUBLE_LIMIT &&
		       (int)WW_DOUBT_STALE == WW_TROUBLE_STALE &&
		       (int)WW_DOUBT_FORGED == WW_TROUBLE_FORGED,
	"wire/flow says it, a finding carries it");

static uint64_t emit(void *context, struct ww_finding *finding)
{
	struct ww_watch *watch = context;
	finding->id = watch->before + ++watch->findings;
	watch->by_kind[finding->kind]++;
	if (watch->sink.finding)
		watch->sink.finding(watch->sink.context, finding);
	return finding->id;
}

static void update(void *context, const struct ww_finding *finding)
{
	struct ww_watch *watch = context;
	if (watch->sink.update)
		watch->sink.update(watch->sink.context, finding);
}

/* ---- rule hits ---- */

static void set_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

/* The stage of an advisory that asks for a rule, or NULL. */
static const struct ww_stage *stage_of_rule(
	const struct ww_plan *plan, const struct ww_rule *rule, const struct ww_advisory **ret)
{
	for (size_t a = 0; rule->owner && a < plan->n_advisories; a++) {
		const struct ww_advisory *advisory = plan->advisories[a];
		if (strcmp(advisory->id, rule->owner) != 0)
			continue;
		*ret = advisory;
		for (size_t s = 0; s < advisory->n_stages; s++)
			for (size_t i = 0; i < advisory->stages[s].n_sids; i++)
				if (advisory->stages[s].sids[i] == rule->sid && rule->gid == 1)
					return &advisory->stages[s];
	}
	return NULL;
}

/* A finding that borrows `evidence`. */
static struct ww_finding finding_of(const struct ww_match *match, struct ww_evidence *evidence)
{
	const struct ww_rule *rule = match->rule;
	const struct ww_detect_hit *detail = &match->detail;
	struct ww_finding finding = {
		.kind = WW_FINDING_RULE,
		.time_us = detail->time_us,
		.src = evidence->src,
		.dst = evidence->dst,
		.proto = detail->proto,
		.port = detail->server_port,
		.sid = rule->sid,
		.gid = rule->gid,
		.rev = rule->rev,
		.priority = rule->priority,
		.confidence = RULE_CONFIDENCE,
		.frames = {detail->frame},
		.n_frames = 1,
		.doubts = match->doubts,
		.strategy = {.p = NAN, .per_s = NAN},
		.evidence = evidence,
		.n_evidence = 1,
	};
	set_text(finding.msg, sizeof(finding.msg), rule->msg);
	set_text(finding.classtype, sizeof(finding.classtype), rule->classtype);
	set_text(finding.flow, sizeof(finding.flow), detail->flow);
	set_text(finding.advisory, sizeof(finding.advisory), rule->owner);
	set_text(finding.why_file, sizeof(finding.why_file), rule->file);
	finding.why_line = rule->at.line;
	return finding;
}

static uint64_t emit_rule(struct ww_watch *watch, const struct ww_match *match)
{
	struct ww_evidence evidence = match->detail.evidence;
	struct ww_finding finding = finding_of(match, &evidence);
	const struct ww_advisory *advisory = NULL;
	const struct ww_stage *stage = stage_of_rule(watch->plan, match->rule, &advisory);
	if (stage) {
		set_text(finding.stage, sizeof(finding.stage), stage->id);
		set_text(finding.why_file, sizeof(finding.why_file), advisory->path);
		finding.why_line = stage->at.line;
		finding.confidence = stage->confidence;
	}
	uint64_t id = emit(watch, &finding);
	bool asks = match->of_flow && match->message_at != UINT64_MAX &&
		    match->detail.dir == WW_DIR_TO_SERVER;
	if (asks || match->transfer) {
		struct ww_asked *asked = &watch->asked[watch->next_asked++ % WW_ASKED];
		*asked = (struct ww_asked){.waits = true,
			.transfer = match->transfer,
			.flow_id = match->detail.flow_id,
			.message_at = match->message_at,
			.finding = finding,
			.evidence = {evidence}};
	}
	return id;
}

static void take_contact(struct ww_watch *watch, const struct ww_contact *contact)
{
	struct ww_contact copy = *contact;
	ww_detect_contact(watch->detect, &copy);
}

static void take_match(struct ww_watch *watch, const struct ww_match *match)
{
	struct ww_detect_hit detail = match->detail;
	if (match->rule->gid != WW_GID_STAGE) {
		watch->alerts[match->rule_index]++;
		detail.finding = emit_rule(watch, match);
	}
	ww_detect_hit(watch->detect, &detail);
}

/* A match of which nobody asked yet whether it may alert. */
static void take_candidate(struct ww_watch *watch, const struct ww_match *match)
{
	const struct ww_evidence *evidence = &match->detail.evidence;
	if (ww_rules_pass(watch->plan->rules, match->rule_index, &evidence->src, &evidence->dst,
		    match->detail.time_us))
		take_match(watch, match);
}

/* ---- what the server said ---- */

static const char *meaning_of(const struct ww_reply *reply)
{
	if (reply->outcome == WW_FACT_REFUSED)
		return "the attempt failed";
	return reply->outcome == WW_FACT_GRANTED ? "the attempt may have succeeded"
						 : "it says nothing of success";
}

static void add_answer(struct ww_watch *watch, struct ww_asked *asked, const struct ww_reply *reply)
{
	const struct ww_evidence *request = &asked->evidence[0];
	struct ww_evidence *evidence = &asked->evidence[1];
	*evidence = (struct ww_evidence){.frame = reply->frame,
		.time_us = reply->time_us,
		.src = request->dst,
		.dst = request->src,
		.sport = asked->transfer ? reply->sport : request->dport,
		.dport = request->sport,
		.proto = request->proto,
		.offset = reply->at,
		.score = NAN};
	uint16_t room = (uint16_t)(WW_EVIDENCE_MAX - request->n_bytes);
	evidence->n_bytes = reply->n_text < room ? reply->n_text : room;
	memcpy(evidence->bytes, reply->text, evidence->n_bytes);
	char what[24];
	snprintf(what, sizeof(what), reply->kind == WW_FACT_TFTP_ERROR ? "error %u" : "%u",
		reply->code);
	snprintf(evidence->note, sizeof(evidence->note), "the server answers %s: %s",
		reply->kind == WW_FACT_TFTP_DATA  ? "with data"
		: reply->kind == WW_FACT_TFTP_ACK ? "that it takes it"
						  : what,
		meaning_of(reply));
	asked->finding.evidence = asked->evidence;
	asked->finding.n_evidence = 2;
	if (evidence->frame > asked->finding.frames[0]) {
		asked->finding.frames[1] = evidence->frame;
		asked->finding.n_frames = 2;
	}
	if (watch->sink.evidence)
		watch->sink.evidence(watch->sink.context, &asked->finding);
	asked->waits = false;
}

static bool is_answer(const struct ww_asked *asked, const struct ww_reply *reply)
{
	if (!asked->waits || asked->transfer != reply->transfer)
		return false;
	if (!reply->transfer)
		return asked->flow_id == reply->flow_id && asked->message_at == reply->message_at;
	const struct ww_evidence *request = &asked->evidence[0];
	return request->sport == reply->dport && ww_ip_equal(&request->src, &reply->dst) &&
	       ww_ip_equal(&request->dst, &reply->src) &&
	       reply->time_us - request->time_us <= WW_TRANSFER_WAIT_US;
}

static void take_reply(struct ww_watch *watch, const struct ww_reply *reply)
{
	for (size_t i = 0; i < WW_ASKED; i++)
		if (reply->outcome != WW_FACT_ASKED && is_answer(&watch->asked[i], reply))
			add_answer(watch, &watch->asked[i], reply);
}

static void take_conflict(struct ww_watch *watch, const struct ww_match *match)
{
	struct ww_evidence evidence = match->detail.evidence;
	struct ww_finding finding = finding_of(match, &evidence);
	finding.confidence = CONFLICT_CONFIDENCE;
	watch->conflicts[match->rule - CONFLICTS]++;
	emit(watch, &finding);
}

void ww_watch_take(struct ww_watch *watch, enum ww_told_kind kind, const void *what)
{
	switch (kind) {
	case WW_TOLD_CONTACT: take_contact(watch, what); break;
	case WW_TOLD_CONNECTION: ww_detect_connection(watch->detect, what); break;
	case WW_TOLD_TWO_WAY: ww_detect_two_way(watch->detect, *(const uint32_t *)what); break;
	case WW_TOLD_CONFLICT: take_conflict(watch, what); break;
	case WW_TOLD_MATCH: take_match(watch, what); break;
	case WW_TOLD_CANDIDATE: take_candidate(watch, what); break;
	case WW_TOLD_REPLY: take_reply(watch, what); break;
	case WW_TOLD_ITEM: break;
	}
}

/* Behind all that waits, or at once. */
static void tell(struct ww_watch *watch, enum ww_told_kind kind, const void *what)
{
	if (!watch->row || !ww_row_tell(watch->row, kind, what))
		ww_watch_take(watch, kind, what);
}

/* ---- facts of wire/flow ---- */

/* Copies that differ. The evidence is the one that came now. */
static void on_conflict(
	void *context, struct ww_flow *flow, enum ww_dir dir, const struct ww_packet *packet)
{
	struct ww_watch *watch = context;
	const struct ww_hit hit = {
		.rule = &CONFLICTS[flow ? 0 : 1], .flow = flow, .dir = dir, .packet = packet};
	struct ww_match match;
	if (!packet)
		return;
	ww_match_fill(watch->plan, &hit, &match);
	struct ww_evidence *evidence = &match.detail.evidence;
	evidence->n_bytes = (uint16_t)(packet->payload_len < WW_EVIDENCE_MAX ? packet->payload_len
									     : WW_EVIDENCE_MAX);
	if (evidence->n_bytes)
		memcpy(evidence->bytes, packet->payload, evidence->n_bytes);
	tell(watch, WW_TOLD_CONFLICT, &match);
}

static void on_wanted(void *context, struct ww_flow *flow)
{
	struct ww_watch *watch = context;
	ww_rules_wanted(watch->plan->rules, flow);
}

/* With threads: what detectors hear late cannot be answered, so that no contact is quiet. */
static void on_contact(void *context, struct ww_contact *contact)
{
	struct ww_watch *watch = context;
	tell(watch, WW_TOLD_CONTACT, contact);
}

static void on_begin(void *context, struct ww_flow *flow, const struct ww_packet *packet)
{
	struct ww_watch *watch = context;
	const struct ww_detect_connection connection = {
		.time_us = packet ? packet->time_us : flow->first_us,
		.frame = packet ? packet->frame : flow->first_frame,
		.client = flow->client,
		.server = flow->server,
		.client_port = flow->client_port,
		.server_port = flow->server_port,
		.proto = flow->proto,
		.start_seen = flow->start_seen,
		.flow_id = flow->id,
	};
	tell(watch, WW_TOLD_CONNECTION, &connection);
}

static void on_two_way(void *context, const struct ww_flow *flow)
{
	struct ww_watch *watch = context;
	tell(watch, WW_TOLD_TWO_WAY, &flow->id);
}

/* Where what cannot wait is worked on: NULL at the set's own desk. */
static struct ww_desk *desk_of(struct ww_watch *watch, struct ww_ear **ret_ear)
{
	*ret_ear = &watch->at_once;
	return watch->row ? ww_row_desk(watch->row, ret_ear) : NULL;
}

static void on_packet(
	void *context, struct ww_flow *flow, enum ww_dir dir, const struct ww_packet *packet)
{
	struct ww_watch *watch = context;
	struct ww_rules *rules = watch->plan->rules;
	uint16_t group = flow ? flow->groups[dir] : ww_rules_group(rules, packet);
	struct ww_ear *ear;
	if (packet->proto == WW_PROTO_UDP) {
		(void)desk_of(watch, &ear);
		ww_rules_transfer(rules, packet, ear);
	}
	if (group == 0)
		return;
	if (watch->row && flow && flow->settled) {
		ww_row_packet(watch->row, flow, dir, packet);
		return;
	}
	struct ww_desk *desk = desk_of(watch, &ear);
	if (desk)
		ww_desk_packet(desk, group, flow, dir, packet, ww_ear_hit, ear);
	else
		ww_rules_packet(rules, group, flow, dir, packet, ww_ear_hit, ear);
}

static void on_stream(void *context, struct ww_flow *flow, enum ww_dir dir,
	const struct ww_packet *packet, const struct ww_stream_view *view)
{
	struct ww_watch *watch = context;
	struct ww_rules *rules = watch->plan->rules;
	struct ww_ear *ear;
	if (watch->row && flow->settled && flow->groups[dir]) {
		ww_row_stream(watch->row, flow, dir, packet, view);
		return;
	}
	struct ww_desk *desk = desk_of(watch, &ear);
	if (!desk) {
		ww_rules_stream(rules, flow, dir, packet, view, ww_ear_hit, ear);
		return;
	}
	uint32_t readable = ww_rules_ahead(rules, flow, dir, view);
	ww_desk_stream(desk, flow, dir, packet, view, readable, ww_ear_hit, ear);
	if (readable != WW_READABLE)
		flow->groups[dir] = 0;
}

static void on_forget(void *context, void **rule_state)
{
	struct ww_watch *watch = context;
	if (watch->row)
		ww_row_forget(watch->row, rule_state);
	else
		ww_rules_forget(watch->plan->rules, rule_state);
}

/* ---- the run ---- */

/* The ports of the advisories tell who the server is where a connection's start was not captured.
 */
static void name_services(const struct ww_plan *plan, struct ww_flow_services *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (size_t a = 0; a < plan->n_advisories; a++) {
		const struct ww_advisory *advisory = plan->advisories[a];
		for (size_t i = 0; i < advisory->n_ports; i++) {
			const struct ww_ports *ports = &advisory->ports[i].port;
			for (uint32_t p = ports->low; p <= ports->high; p++)
				ww_flow_service_add(ret, ports->proto, (uint16_t)p);
		}
	}
}

static int make_detectors(
	struct ww_watch *watch, const struct ww_watch_options *options, struct ww_hash_key key)
{
	const struct ww_detect_config config = {
		.advisories = watch->plan->advisories,
		.n_advisories = watch->plan->n_advisories,
		.false_alarm_rate = options->false_alarm_rate,
		.key = key,
		.hears_all = options->threads > 1,
		.sink = {watch, emit, update},
	};
	return ww_detect_new(&config, &watch->detect, NULL);
}

static int make_rooms(struct ww_watch *watch, const struct ww_watch_options *options)
{
	struct ww_hash_key key = ww_hash_key_fixed(options->hash_seed);
	struct ww_flow_sink flow_sink = {
		.context = watch,
		.wanted = on_wanted,
		.two_way = on_two_way,
		.begin = on_begin,
		.packet = on_packet,
		.skip_empty = !ww_rules_want_empty(watch->plan->rules),
		.stream = on_stream,
		.forget = on_forget,
		.conflict = on_conflict,
	};
	struct ww_flow_services services;
	name_services(watch->plan, &services);
	struct ww_flow_limits limits = {.services = &services, .policies = options->policies};
	if (options->memory_bytes)
		ww_flow_limits_within(&limits, options->memory_bytes);
	int status = make_detectors(watch, options, key);
	for (int outcome = 0; status == 0 && outcome < WW_CONTACT_COUNT; outcome++)
		flow_sink.listeners[outcome] =
			ww_detect_listener(watch->detect, (enum ww_contact_outcome)outcome);
	for (int outcome = 0; options->threads > 1 && outcome < WW_CONTACT_COUNT; outcome++) {
		flow_sink.listeners[outcome].contact = on_contact;
		flow_sink.listeners[outcome].contact_state = watch;
	}
	if (status == 0)
		status = ww_flows_new(&limits, key, &flow_sink, &watch->flows);
	return status;
}

int ww_watch_new(struct ww_plan *plan, const struct ww_watch_options *options,
	const struct ww_watch_sink *sink, struct ww_watch **ret)
{
	struct ww_watch *watch = calloc(1, sizeof(*watch));
	if (!watch)
		return -ENOMEM;
	watch->plan = plan;
	watch->sink = *sink;
	watch->before = options->findings_before;
	watch->alerts = calloc(ww_rules_n(plan->rules) + 1, sizeof(*watch->alerts));
	watch->asked = calloc(WW_ASKED, sizeof(*watch->asked));
	watch->at_once.watch = watch;
	ww_rules_want_answers(plan->rules, ww_ear_reply);
	int status = watch->alerts && watch->asked ? make_rooms(watch, options) : -ENOMEM;
	if (status == 0 && options->threads > 1)
		status = ww_row_new(watch, options->threads, &watch->row);
	if (status != 0) {
		ww_watch_free(&watch);
		return status;
	}
	*ret = watch;
	return 0;
}

void ww_watch_free(struct ww_watch **watch)
{
	if (!*watch)
		return;
	ww_row_free(&(*watch)->row);
	ww_flows_free(&(*watch)->flows);
	ww_detect_free(&(*watch)->detect);
	free((*watch)->alerts);
	free((*watch)->asked);
	free(*watch);
	*watch = NULL;
}

/* Decoded packets: their frames tell how long they were on the wire. */
static void feed(struct ww_watch *watch, const struct ww_frame *frames,
	const struct ww_packet *packets, size_t n)
{
	bool skipped[WW_BATCH];
	if (n == 0)
		return;
	int64_t first_us = watch->any_packet ? watch->first_us : frames[0].time_us;
	int64_t last_us = watch->any_packet ? watch->last_us : frames[0].time_us;
	for (size_t i = 0; i < n; i++) {
		int64_t time_us = frames[i].time_us;
		ww_packet_count(&watch->packets, &packets[i], frames[i].length);
		first_us = time_us < first_us ? time_us : first_us;
		last_us = time_us > last_us ? time_us : last_us;
	}
	watch->first_us = first_us;
	watch->last_us = last_us;
	watch->any_packet = true;
	ww_flows_feed(watch->flows, packets, n, skipped);
}

void ww_watch_feed(struct ww_watch *watch, const struct ww_frame *frames, size_t n)
{
	ww_assert(n <= WW_BATCH);
	if (watch->row) {
		while (n > 0) {
			const struct ww_packet *packets;
			size_t taken = ww_row_read(watch->row, frames, n, &packets);
			feed(watch, frames, packets, taken);
			frames += taken;
			n -= taken;
		}
		return;
	}
	struct ww_packet packets[WW_BATCH];
	for (size_t i = 0; i < n; i++)
		ww_packet_decode(&frames[i], &packets[i]);
	/* Apart: what was just written in small pieces is not yet there to be read in large ones.
	 */
	feed(watch, frames, packets, n);
}

void ww_watch_settle(struct ww_watch *watch)
{
	if (watch->row)
		ww_row_settle(watch->row);
}

void ww_watch_tick(struct ww_watch *watch, int64_t time_us)
{
	if (watch->any_packet && time_us > watch->last_us)
		ww_flows_tick(watch->flows, time_us);
}

int ww_watch_finish(struct ww_watch *watch)
{
	ww_flows_finish(watch->flows);
	ww_watch_settle(watch);
	return ww_detect_finish(watch->detect);
}

static uint64_t count_sids_given(const struct ww_rules *rules)
{
	uint64_t n = 0;
	for (size_t i = 0; i < ww_rules_n(rules); i++) {
		const struct ww_rule *rule = ww_rules_get(rules, i);
		n += rule->gid != WW_GID_STAGE && !rule->sid_given;
	}
	return n;
}

void ww_watch_summarize(const struct ww_watch *watch, struct ww_watch_summary *ret)
{
	const struct ww_detect_counts detect = ww_detect_counts(watch->detect);
	*ret = (struct ww_watch_summary){
		.packets = &watch->packets,
		.flows = ww_flows_counts(watch->flows),
		.rules = ww_rules_counts(watch->plan->rules),
		.sids_given = count_sids_given(watch->plan->rules),
		.any_packet = watch->any_packet,
		.first_us = watch->first_us,
		.last_us = watch->last_us,
		.findings = watch->findings,
		.scan_threshold = detect.scan_threshold,
		.scan_run_length = detect.scan_run_length,
		.false_alarms_a_day = detect.false_alarms_per_day,
		.evicted_evidence = detect.evicted + (watch->row ? ww_row_lost(watch->row) : 0),
		.one_sided = detect.unproven,
	};
	(void)ww_rules_app_counts(watch->plan->rules, &ret->apps);
	ret->hosts = ww_flows_hosts(watch->flows, &ret->hosts_exact);
	ret->rules.loaded -= watch->plan->n_stage_rules;
	memcpy(ret->findings_by_kind, watch->by_kind, sizeof(ret->findings_by_kind));
}

const struct ww_host *ww_watch_host(const struct ww_watch *watch, size_t i)
{
	return ww_detect_host(watch->detect, i);
}

const struct ww_incident *ww_watch_incident(const struct ww_watch *watch, size_t i)
{
	return ww_detect_incident(watch->detect, i);
}

void ww_watch_each_rule(const struct ww_watch *watch,
	void (*each)(void *context, const struct ww_rule *rule, uint64_t alerts), void *context)
{
	for (size_t i = 0; i < WW_N(CONFLICTS); i++)
		if (watch->conflicts[i])
			each(context, &CONFLICTS[i], watch->conflicts[i]);
	for (size_t i = 0; i < ww_rules_n(watch->plan->rules); i++)
		if (watch->alerts[i])
			each(context, ww_rules_get(watch->plan->rules, i), watch->alerts[i]);
}
