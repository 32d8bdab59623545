// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The pipeline. Packets come in batches; wire/flow turns them into facts (contacts, connections,
 * bytes in order), which go to the rules and the detectors; what those find is numbered here and
 * handed on. What a rule hit means for a host is the chain's business.
 */
#include "wire/watch/plan-private.h"

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

/* A rule's finding whose request may be answered; the last ones are kept. */
enum { ASKED_MAX = 64 };

struct asked {
	bool waits, transfer; /* of a transfer: of no flow */
	uint32_t flow_id;
	uint64_t message_at;
	struct ww_finding finding;
	struct ww_evidence evidence[2]; /* the request, its answer */
};

struct ww_watch {
	struct asked *asked; /* a ring of ASKED_MAX */
	size_t next_asked;
	struct ww_plan *plan;
	struct ww_watch_sink sink;
	struct ww_flows *flows;
	struct ww_detect *detect;
	struct ww_packet_counts packets;
	uint64_t before, findings, by_kind[WW_FINDING_KIND_COUNT];
	uint64_t *alerts; /* by rule index */
	uint64_t conflicts[WW_N(CONFLICTS)];
	bool any_packet;
	int64_t first_us, last_us;
};

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

/* An IPv4 literal between the end of one matched span and the start of the next. */
static bool address_between(const struct ww_hit *hit, struct ww_ip *ret)
{
	if (hit->n_spans == 0)
		return false;
	const struct ww_hit_span *before = &hit->spans[0];
	char text[16];
	size_t n = 0;
	const uint8_t *p = before->data + before->len;
	const uint8_t *end = hit->n_spans > 1 ? hit->spans[1].data : p;
	while (p < end && n < sizeof(text) - 1)
		text[n++] = (char)*p++;
	text[n] = '\0';
	return p == end && ww_ip_parse(text, ret) == 0 && ww_ip_is_v4(ret);
}

/* The bytes from the first span to the end of the last, as far as one evidence holds. */
static void copy_spans(struct ww_evidence *evidence, const struct ww_hit *hit)
{
	for (size_t i = 0; i < hit->n_spans; i++) {
		const struct ww_hit_span *span = &hit->spans[i];
		if (i == 0)
			evidence->offset = span->offset;
		size_t at = span->offset >= evidence->offset ? span->offset - evidence->offset : 0;
		if (at > evidence->n_bytes && at < WW_EVIDENCE_MAX &&
			span->data - hit->spans[0].data == (ptrdiff_t)at) {
			/* What lies between two spans belongs to the evidence as well. */
			memcpy(evidence->bytes + evidence->n_bytes,
				hit->spans[0].data + evidence->n_bytes, at - evidence->n_bytes);
			evidence->n_bytes = (uint16_t)at;
		}
		if (at > evidence->n_bytes || at >= WW_EVIDENCE_MAX)
			continue;
		size_t n = span->len < WW_EVIDENCE_MAX - at ? span->len : WW_EVIDENCE_MAX - at;
		memcpy(evidence->bytes + at, span->data, n);
		if (at + n > evidence->n_bytes)
			evidence->n_bytes = (uint16_t)(at + n);
	}
}

static void set_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

/* Where and when: from the packet, or at a stream's end from the flow's last one. */
static void place_hit(const struct ww_hit *hit, struct ww_detect_hit *ret)
{
	const struct ww_flow *flow = hit->flow;
	const struct ww_packet *packet = hit->packet;
	if (packet) {
		ret->time_us = packet->time_us;
		ret->frame = packet->frame;
	} else {
		ret->time_us = flow->last_us;
		ret->frame = flow->last_frame;
	}
	if (flow) {
		ret->client = flow->client;
		ret->server = flow->server;
		ret->client_port = flow->client_port;
		ret->server_port = flow->server_port;
		ret->proto = flow->proto;
		ret->start_seen = flow->start_seen;
		ret->established = flow->established;
		ret->two_way = flow->heard == WW_HEARD_BOTH;
		ret->flow_id = flow->id;
		ret->dir = hit->dir;
	} else {
		ret->client = packet->src;
		ret->server = packet->dst;
		ret->client_port = packet->sport;
		ret->server_port = packet->dport;
		ret->proto = packet->proto;
		ret->start_seen = true;
		ret->dir = WW_DIR_TO_SERVER;
	}
	ww_community_id(&ret->client, &ret->server, ret->proto, ret->client_port, ret->server_port,
		ret->flow);
}

/* "VXLAN 192.0.2.1 > 192.0.2.2": the tunnel around the packet, as far as there is room. */
static void add_tunnel(struct ww_evidence *evidence, const struct ww_packet *packet)
{
	struct ww_ip src, dst;
	char from[WW_IP_TEXT_MAX], to[WW_IP_TEXT_MAX];
	size_t len = strlen(evidence->note);
	if (!packet || !ww_packet_outer(packet, &src, &dst))
		return;
	const char *before = ", in ";
	for (unsigned i = 0; i < WW_ENCAPSULATION_COUNT && len < sizeof(evidence->note); i++) {
		if (!(packet->encapsulations >> i & 1))
			continue;
		snprintf(evidence->note + len, sizeof(evidence->note) - len, "%s%s", before,
			ww_encapsulation_name((enum ww_encapsulation)i));
		len = strlen(evidence->note);
		before = "+";
	}
	/* Addresses whole or not at all. */
	char ends[2 * WW_IP_TEXT_MAX + 8];
	snprintf(ends, sizeof(ends), " %s > %s", ww_ip_print(&src, from), ww_ip_print(&dst, to));
	if (strlen(ends) < sizeof(evidence->note) - len)
		set_text(evidence->note + len, sizeof(evidence->note) - len, ends);
}

/* What may be missing of the conversation's bytes: a word, or nothing where there is no room. */
static void add_doubts(struct ww_evidence *evidence, const struct ww_flow *flow)
{
	const char *before = "; its stream has: ";
	for (int bit = 0; flow && bit < WW_DOUBT_BITS; bit++) {
		size_t len = strlen(evidence->note);
		if (!(flow->trouble >> bit & 1) ||
			len + strlen(before) + strlen(ww_doubt_name(bit)) >= sizeof(evidence->note))
			continue;
		snprintf(evidence->note + len, sizeof(evidence->note) - len, "%s%s", before,
			ww_doubt_name(bit));
		before = ", ";
	}
}

static void fill_evidence(const struct ww_hit *hit, struct ww_detect_hit *ret)
{
	struct ww_evidence *evidence = &ret->evidence;
	bool to_server = ret->dir == WW_DIR_TO_SERVER;
	evidence->frame = ret->frame;
	evidence->time_us = ret->time_us;
	evidence->src = to_server ? ret->client : ret->server;
	evidence->dst = to_server ? ret->server : ret->client;
	evidence->sport = to_server ? ret->client_port : ret->server_port;
	evidence->dport = to_server ? ret->server_port : ret->client_port;
	evidence->proto = ret->proto;
	evidence->score = NAN;
	set_text(evidence->note, sizeof(evidence->note),
		hit->note        ? hit->note
		: hit->in_stream ? "bytes of the stream"
				 : "bytes of the packet");
	add_tunnel(evidence, hit->packet);
	add_doubts(evidence, hit->flow);
	copy_spans(evidence, hit);
	set_text(evidence->file, sizeof(evidence->file), hit->rule->file);
	evidence->at = hit->rule->at;
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
static struct ww_finding finding_of(
	const struct ww_hit *hit, const struct ww_detect_hit *detail, struct ww_evidence *evidence)
{
	const struct ww_rule *rule = hit->rule;
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
		.doubts = hit->flow ? hit->flow->trouble : 0,
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

static uint64_t emit_rule(
	struct ww_watch *watch, const struct ww_hit *hit, const struct ww_detect_hit *detail)
{
	struct ww_evidence evidence = detail->evidence;
	struct ww_finding finding = finding_of(hit, detail, &evidence);
	const struct ww_advisory *advisory = NULL;
	const struct ww_stage *stage = stage_of_rule(watch->plan, hit->rule, &advisory);
	if (stage) {
		set_text(finding.stage, sizeof(finding.stage), stage->id);
		set_text(finding.why_file, sizeof(finding.why_file), advisory->path);
		finding.why_line = stage->at.line;
		finding.confidence = stage->confidence;
	}
	uint64_t id = emit(watch, &finding);
	bool asks = hit->flow && hit->message_at != UINT64_MAX && hit->dir == WW_DIR_TO_SERVER;
	if (asks || hit->transfer) {
		struct asked *asked = &watch->asked[watch->next_asked++ % ASKED_MAX];
		*asked = (struct asked){.waits = true,
			.transfer = hit->transfer,
			.flow_id = hit->flow ? hit->flow->id : 0,
			.message_at = hit->message_at,
			.finding = finding,
			.evidence = {evidence}};
	}
	return id;
}

/* ---- what the server said ---- */

static const char *meaning_of(const struct ww_fact *fact)
{
	if (fact->outcome == WW_FACT_REFUSED)
		return "the attempt failed";
	return fact->outcome == WW_FACT_GRANTED ? "the attempt may have succeeded"
						: "it says nothing of success";
}

static void add_answer(
	struct ww_watch *watch, struct asked *asked, const struct ww_rule_answer *answer)
{
	const struct ww_evidence *request = &asked->evidence[0];
	struct ww_evidence *evidence = &asked->evidence[1];
	const struct ww_fact *fact = answer->fact;
	const struct ww_flow *flow = answer->flow;
	*evidence = (struct ww_evidence){
		.frame = answer->packet ? answer->packet->frame : flow->last_frame,
		.time_us = answer->packet ? answer->packet->time_us : flow->last_us,
		.src = request->dst,
		.dst = request->src,
		.sport = asked->transfer ? answer->packet->sport : request->dport,
		.dport = request->sport,
		.proto = request->proto,
		.offset = fact->at,
		.score = NAN};
	size_t room = WW_EVIDENCE_MAX - request->n_bytes;
	evidence->n_bytes = (uint16_t)(fact->text_len < room ? fact->text_len : room);
	memcpy(evidence->bytes, fact->text, evidence->n_bytes);
	char what[24];
	snprintf(what, sizeof(what), fact->kind == WW_FACT_TFTP_ERROR ? "error %u" : "%u", fact->code);
	snprintf(evidence->note, sizeof(evidence->note), "the server answers %s: %s",
		fact->kind == WW_FACT_TFTP_DATA  ? "with data"
		: fact->kind == WW_FACT_TFTP_ACK ? "that it takes it"
						 : what,
		meaning_of(fact));
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

static bool is_answer(const struct asked *asked, const struct ww_rule_answer *answer)
{
	if (!asked->waits || asked->transfer != !answer->flow)
		return false;
	if (answer->flow)
		return asked->flow_id == answer->flow->id && asked->message_at == answer->message_at;
	const struct ww_packet *packet = answer->packet;
	const struct ww_evidence *request = &asked->evidence[0];
	return request->sport == packet->dport && ww_ip_equal(&request->src, &packet->dst) &&
	       ww_ip_equal(&request->dst, &packet->src) &&
	       packet->time_us - request->time_us <= WW_TRANSFER_WAIT_US;
}

static void on_answer(void *context, const struct ww_rule_answer *answer)
{
	struct ww_watch *watch = context;
	for (size_t i = 0; i < ASKED_MAX; i++)
		if (answer->fact->outcome != WW_FACT_ASKED && is_answer(&watch->asked[i], answer))
			add_answer(watch, &watch->asked[i], answer);
}

static void on_hit(void *context, const struct ww_hit *hit)
{
	struct ww_watch *watch = context;
	const struct ww_rule *rule = hit->rule;
	struct ww_detect_hit detail = {.gid = rule->gid,
		.sid = rule->sid,
		.msg = rule->msg,
		.advisory = rule->owner,
		.stage = -1};
	place_hit(hit, &detail);
	fill_evidence(hit, &detail);
	if (rule->gid == WW_GID_STAGE) {
		const struct ww_advisory *advisory =
			ww_plan_get(watch->plan, stage_sid_advisory(rule->sid));
		detail.stage = (int)stage_sid_stage(rule->sid);
		detail.text = stage_sid_text(rule->sid);
		detail.has_address = address_between(hit, &detail.address);
		detail.evidence.at = advisory->stages[detail.stage].at;
	} else {
		watch->alerts[hit->rule_index]++;
		detail.finding = emit_rule(watch, hit, &detail);
	}
	ww_detect_hit(watch->detect, &detail);
}

/* Copies that differ. The evidence is the one that came now. */
static void on_conflict(
	void *context, struct ww_flow *flow, enum ww_dir dir, const struct ww_packet *packet)
{
	struct ww_watch *watch = context;
	size_t which = flow ? 0 : 1;
	const struct ww_hit hit = {
		.rule = &CONFLICTS[which], .flow = flow, .dir = dir, .packet = packet};
	struct ww_detect_hit detail = {.stage = -1};
	if (!packet)
		return;
	place_hit(&hit, &detail);
	fill_evidence(&hit, &detail);
	struct ww_evidence *evidence = &detail.evidence;
	evidence->n_bytes = (uint16_t)(packet->payload_len < WW_EVIDENCE_MAX ? packet->payload_len
									     : WW_EVIDENCE_MAX);
	if (evidence->n_bytes)
		memcpy(evidence->bytes, packet->payload, evidence->n_bytes);
	watch->conflicts[which]++;
	struct ww_finding finding = finding_of(&hit, &detail, evidence);
	finding.confidence = CONFLICT_CONFIDENCE;
	emit(watch, &finding);
}

/* ---- facts of wire/flow ---- */

static void on_wanted(void *context, struct ww_flow *flow)
{
	struct ww_watch *watch = context;
	ww_rules_wanted(watch->plan->rules, flow);
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
	ww_detect_connection(watch->detect, &connection);
}

static void on_two_way(void *context, const struct ww_flow *flow)
{
	struct ww_watch *watch = context;
	ww_detect_two_way(watch->detect, flow->id);
}

static void on_packet(
	void *context, struct ww_flow *flow, enum ww_dir dir, const struct ww_packet *packet)
{
	struct ww_watch *watch = context;
	struct ww_rules *rules = watch->plan->rules;
	ww_rules_transfer(rules, packet, watch);
	uint16_t group = flow ? flow->groups[dir] : ww_rules_group(rules, packet);
	if (group != 0)
		ww_rules_packet(rules, group, flow, dir, packet, on_hit, watch);
}

static void on_stream(void *context, struct ww_flow *flow, enum ww_dir dir,
	const struct ww_packet *packet, const struct ww_stream_view *view)
{
	struct ww_watch *watch = context;
	ww_rules_stream(watch->plan->rules, flow, dir, packet, view, on_hit, watch);
}

static void on_forget(void *context, void **rule_state)
{
	struct ww_watch *watch = context;
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
	watch->asked = calloc(ASKED_MAX, sizeof(*watch->asked));
	ww_rules_want_answers(plan->rules, on_answer);
	int status = watch->alerts && watch->asked ? make_rooms(watch, options) : -ENOMEM;
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
	ww_flows_free(&(*watch)->flows);
	ww_detect_free(&(*watch)->detect);
	free((*watch)->alerts);
	free((*watch)->asked);
	free(*watch);
	*watch = NULL;
}

void ww_watch_feed(struct ww_watch *watch, const struct ww_frame *frames, size_t n)
{
	struct ww_packet packets[WW_BATCH];
	bool skipped[WW_BATCH];
	ww_assert(n <= WW_BATCH);
	for (size_t i = 0; i < n; i++)
		ww_packet_decode(&frames[i], &packets[i]);
	if (n == 0)
		return;
	int64_t first_us = watch->any_packet ? watch->first_us : frames[0].time_us;
	int64_t last_us = watch->any_packet ? watch->last_us : frames[0].time_us;
	/* Apart: what was just written in small pieces is not yet there to be read in large ones.
	 */
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

void ww_watch_tick(struct ww_watch *watch, int64_t time_us)
{
	if (watch->any_packet && time_us > watch->last_us)
		ww_flows_tick(watch->flows, time_us);
}

int ww_watch_finish(struct ww_watch *watch)
{
	ww_flows_finish(watch->flows);
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
		.evicted_evidence = detect.evicted,
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
