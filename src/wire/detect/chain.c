// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/detect/chain-private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct ww_chain_config ww_chain_config_default(void)
{
	return (struct ww_chain_config){
		.cases = WW_CHAIN_CASES,
		.contacts = WW_CHAIN_CONTACTS,
		.key = ww_hash_key_fixed(0),
	};
}

/* Ports that are somebody's service: no client's, where who began was guessed. */
static void note_services(struct ww_chain *chain, const struct ww_advisory *advisory)
{
	for (size_t i = 0; i < advisory->n_ports + n_stages(advisory); i++) {
		const struct ww_ports *ports =
			i < advisory->n_ports ? &advisory->ports[i].port
					      : &advisory->stages[i - advisory->n_ports].port;
		for (uint32_t port = ports->low; ports->proto && port <= ports->high; port++)
			ww_flow_service_add(&chain->services, ports->proto, (uint16_t)port);
	}
}

/* Contacts are many and few are at a port that a stage waits for: one bit each. */
static void note_weak_ports(struct ww_chain *chain, const struct ww_advisory *advisory)
{
	for (size_t i = 0; i < n_stages(advisory); i++) {
		const struct ww_stage *stage = &advisory->stages[i];
		bool is_udp = stage->port.proto == WW_PROTO_UDP;
		if ((stage->event != WW_STAGE_CONTACT && stage->event != WW_STAGE_CONNECTION) ||
			stage->sets < WW_HOST_ATTACKED || stage->port.proto == 0)
			continue;
		for (uint32_t port = stage->port.low; port <= stage->port.high; port++)
			chain->weak_ports[is_udp][port / 64] |= UINT64_C(1) << port % 64;
	}
}

int ww_chain_new(const struct ww_chain_config *config, struct ww_chain **ret, struct ww_err *err)
{
	if (config->n_advisories > WW_CHAIN_ADVISORIES)
		return ww_fail(err, WW_NOWHERE, -EINVAL, "more than %d advisories at once",
			WW_CHAIN_ADVISORIES);
	struct ww_chain *chain = calloc(1, sizeof *chain);
	if (!chain)
		return -ENOMEM;
	chain->advisories = config->advisories;
	chain->n_advisories = config->n_advisories;
	chain->key = config->key;
	chain->sink = config->sink;
	int r = ww_chain_tables_new(chain, config);
	if (r == 0)
		r = ww_chain_proofs_new(chain);
	if (r == 0)
		r = ww_chain_pending_new(chain);
	if (r < 0) {
		ww_chain_free(&chain);
		return r;
	}
	for (size_t i = 0; i < chain->n_advisories; i++)
		note_weak_ports(chain, chain->advisories[i]);
	for (size_t i = 0; i < chain->n_advisories; i++)
		note_services(chain, chain->advisories[i]);
	*ret = chain;
	return 0;
}

void ww_chain_free(struct ww_chain **chain)
{
	if (!*chain)
		return;
	ww_chain_tables_free(*chain);
	free((*chain)->proofs);
	free((*chain)->pending);
	free((*chain)->hosts);
	free((*chain)->incidents);
	free((*chain)->incident_findings);
	free(*chain);
	*chain = NULL;
}

static void copy_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

static struct ww_finding stage_finding(
	const struct ww_chain *chain, uint32_t topic, uint32_t stage_index, int64_t time_us)
{
	const struct ww_advisory *advisory = chain->advisories[topic];
	const struct ww_stage *stage = &advisory->stages[stage_index];
	struct ww_finding finding = {
		.kind = WW_FINDING_STAGE,
		.time_us = time_us,
		.proto = stage->port.proto,
		.port = stage->port.proto ? stage->port.low : 0,
		.why_line = stage->at.line,
		.confidence = stage->confidence,
	};
	copy_text(finding.advisory, sizeof finding.advisory, advisory->id);
	copy_text(finding.stage, sizeof finding.stage, stage->id);
	copy_text(finding.why_file, sizeof finding.why_file, advisory->path);
	return finding;
}

uint64_t ww_chain_emit(struct ww_chain *chain, uint32_t topic, struct ww_finding *finding)
{
	if (!chain->sink.finding)
		return 0;
	uint64_t id = chain->sink.finding(chain->sink.context, finding);
	ww_chain_note_finding(chain, topic, id);
	return id;
}

uint64_t ww_chain_deed_finding(struct ww_chain *chain, const struct deed *deed)
{
	const struct ww_stage *stage = &chain->advisories[deed->topic]->stages[deed->stage];
	struct ww_finding finding = stage_finding(chain, deed->topic, deed->stage, deed->time_us);
	bool victim_acts = stage->from == WW_ROLE_VICTIM;
	finding.src = victim_acts ? deed->victim : deed->attacker;
	finding.dst = victim_acts ? deed->attacker : deed->victim;
	struct ww_evidence evidence = {
		.frame = deed->frame,
		.time_us = deed->time_us,
		.src = finding.src,
		.dst = finding.dst,
		.dport = finding.port,
		.proto = finding.proto,
		.score = NAN,
	};
	if (deed->hit) {
		evidence = deed->hit->evidence;
		finding.proto = deed->hit->proto;
		/* Of the stage: on the client's side, where who began was guessed wrong. */
		bool at_server =
			!stage->port.proto ||
			ww_ports_contain(&stage->port, deed->hit->proto, deed->hit->server_port);
		finding.port = at_server ? deed->hit->server_port : deed->hit->client_port;
		finding.sid = deed->hit->sid;
		finding.gid = deed->hit->gid;
		copy_text(finding.flow, sizeof finding.flow, deed->hit->flow);
	}
	char attacker[WW_IP_TEXT_MAX], victim[WW_IP_TEXT_MAX];
	ww_ip_print(&deed->attacker, attacker);
	ww_ip_print(&deed->victim, victim);
	snprintf(finding.msg, sizeof finding.msg, "%s: %s by %s%s", ww_text_in(&stage->title, "en"),
		victim, attacker,
		deed->one_sided ? " (one direction only: success not proven)" : "");
	if (deed->one_sided)
		finding.confidence = fmin(finding.confidence, WW_CHAIN_ONE_SIDED);
	if (deed->frame) {
		finding.frames[0] = deed->frame;
		finding.n_frames = 1;
	}
	finding.evidence = &evidence;
	finding.n_evidence = 1;
	if (deed->one_sided)
		return ww_chain_emit(chain, deed->topic, &finding);
	return ww_chain_proof_open(chain, &finding, deed);
}

/* The stage is now seen on the victim; the first time it may be a finding. */
static void see_stage(struct ww_chain *chain, struct chain_case *victim, const struct deed *deed)
{
	const struct ww_stage *stage = &chain->advisories[deed->topic]->stages[deed->stage];
	uint32_t bit = 1u << deed->stage;
	enum ww_host_state sets = deed->one_sided ? WW_HOST_ATTACKED : stage->sets;
	if (sets > victim->state)
		victim->state = (uint8_t)sets;
	if (stage->sets >= WW_HOST_ATTACKED && !(victim->flags & CASE_ATTACKED)) {
		victim->flags |= CASE_ATTACKED;
		victim->attacked_us = deed->time_us;
	}
	ww_chain_candidate(victim, &deed->attacker, deed->time_us, deed->frame, bit, deed->weight);
	struct candidate *peer = ww_chain_peer(victim, &deed->attacker);
	if (peer) {
		peer->only_named = false;
		peer->two_way |= deed->hit && deed->hit->two_way;
	}
	if (deed->one_sided) {
		victim->unproven |= bit;
		return;
	}
	if (stage->sets >= WW_HOST_TAKEN_OVER && !(victim->flags & CASE_TAKEN)) {
		victim->flags |= CASE_TAKEN;
		victim->taken_us = deed->time_us;
	}
	if (victim->stages & bit) {
		if (deed->hit && stage->sets >= WW_HOST_TAKEN_OVER)
			victim->stage_texts[deed->stage] |= ww_chain_proof_add(chain, deed);
		return;
	}
	victim->stages |= bit;
	if (deed->hit && deed->hit->stage >= 0 && deed->hit->text < 16)
		victim->stage_texts[deed->stage] = (uint16_t)(1u << deed->hit->text);
	victim->stage_us[deed->stage] = deed->time_us;
	victim->stage_finding[deed->stage] = deed->hit ? deed->hit->finding : 0;
	if (stage->sets >= WW_HOST_TAKEN_OVER)
		victim->stage_finding[deed->stage] = ww_chain_deed_finding(chain, deed);
}

/* The contacts that came before the first strong stage of the pair: the stage 'targeted'. */
static void see_contacts_before(
	struct ww_chain *chain, struct chain_case *victim, const struct deed *deed)
{
	const struct ww_advisory *advisory = chain->advisories[deed->topic];
	for (uint32_t i = 0; i < n_stages(advisory); i++) {
		const struct ww_stage *stage = &advisory->stages[i];
		if (stage->from != WW_ROLE_ATTACKER || stage->sets > WW_HOST_TARGETED ||
			victim->stages & 1u << i || stage->port.proto == 0 ||
			(stage->event != WW_STAGE_CONTACT && stage->event != WW_STAGE_CONNECTION))
			continue;
		const struct chain_contact *at = ww_chain_contacts_of(
			chain, &deed->victim, stage->port.proto, stage->port.low);
		for (int way = 0; way < 8; way++, at++) {
			if (!ww_ports_contain(&stage->port, at->proto, at->port) ||
				!ww_ip_equal(&at->dst, &deed->victim) ||
				!ww_ip_equal(&at->src, &deed->attacker))
				continue;
			victim->stages |= 1u << i;
			victim->stage_us[i] = at->time_us;
		}
	}
}

/* The stage that says that a victim spreads, or the one it was attacked with. */
uint32_t ww_chain_spreading_stage(const struct ww_advisory *advisory, uint32_t otherwise)
{
	for (uint32_t i = 0; i < n_stages(advisory); i++)
		if (advisory->stages[i].sets == WW_HOST_SPREADING)
			return i;
	return otherwise;
}

/* A host that was attacked now attacks: the proof of its infection. */
void ww_chain_spreading(struct ww_chain *chain, uint32_t number, uint32_t stage_index,
	int64_t time_us, uint64_t frame, const struct ww_finding *scan)
{
	struct chain_case *self = &chain->cases[number];
	if (self->flags & CASE_SPREADS || self->state < WW_HOST_ATTACKED || case_is_root(self) ||
		!(self->flags & CASE_ATTACKED) || self->attacked_us >= time_us)
		return;
	self->flags |= CASE_SPREADS;
	self->state = WW_HOST_SPREADING;
	const struct ww_advisory *advisory = chain->advisories[self->topic];
	const struct ww_stage *stage = &advisory->stages[stage_index];
	struct ww_finding finding = stage_finding(chain, self->topic, stage_index, time_us);
	if (stage->sets != WW_HOST_SPREADING)
		finding.confidence = WW_CHAIN_SPREADING;
	finding.src = self->ip;
	snprintf(finding.msg, sizeof finding.msg,
		scan ? "attacked first, it now scans for others: %s"
		     : "attacked first, it now attacks others: %s",
		ww_text_in(&advisory->title, "en"));
	struct ww_evidence evidence = {
		.frame = frame, .time_us = time_us, .src = self->ip, .score = NAN};
	finding.evidence = &evidence;
	finding.n_evidence = 1;
	if (scan) {
		finding.proto = scan->proto;
		finding.port = scan->port;
		finding.n_frames = scan->n_frames;
		memcpy(finding.frames, scan->frames, sizeof finding.frames);
		finding.evidence = scan->evidence;
		finding.n_evidence = scan->n_evidence;
	} else if (frame) {
		finding.frames[0] = frame;
		finding.n_frames = 1;
	}
	uint64_t id = ww_chain_emit(chain, self->topic, &finding);
	if (stage->sets == WW_HOST_SPREADING && !(self->stages & 1u << stage_index)) {
		self->stages |= 1u << stage_index;
		self->stage_us[stage_index] = time_us;
		self->stage_finding[stage_index] = id;
	}
}

/* The attacker's side of a strong stage. */
static void see_attacker(struct ww_chain *chain, uint32_t number, const struct deed *deed)
{
	struct chain_case *self = &chain->cases[number];
	const struct ww_advisory *advisory = chain->advisories[deed->topic];
	self->stages_done |= 1u << deed->stage;
	if (advisory->stages[deed->stage].sets < WW_HOST_ATTACKED)
		return;
	if (!(self->flags & CASE_STRUCK)) {
		self->flags |= CASE_STRUCK;
		self->struck_us = deed->time_us;
	}
	/* One packet of a forged sender must not make it look infected. */
	if (deed->hit && deed->hit->proto == WW_PROTO_TCP && !deed->hit->two_way)
		return;
	ww_chain_spreading(chain, number, ww_chain_spreading_stage(advisory, deed->stage),
		deed->time_us, deed->frame, NULL);
}

/* A scan alarm came before the host's first deed: its case takes it over. */
static void inherit_scan(struct ww_chain *chain, uint32_t number)
{
	struct chain_case *self = &chain->cases[number];
	const struct ww_advisory *advisory = chain->advisories[self->topic];
	for (size_t i = 0; i < n_stages(advisory) && !(self->flags & CASE_SCANNED); i++) {
		const struct ww_ports *port = &advisory->stages[i].port;
		uint32_t other = port->proto == 0 ? NO_CASE
						  : ww_chain_find(chain, &self->ip,
							    topic_of_port(port->proto, port->low));
		if (other == NO_CASE)
			continue;
		self->flags |= CASE_SCANNED;
		self->scan_us = chain->cases[other].scan_us;
		self->alarm_us = chain->cases[other].alarm_us;
		self->scan_finding = chain->cases[other].scan_finding;
		ww_chain_note_finding(chain, self->topic, self->scan_finding);
	}
}

static void apply(struct ww_chain *chain, const struct deed *deed)
{
	if (ww_ip_equal(&deed->attacker, &deed->victim))
		return;
	uint32_t attacker =
		ww_chain_case(chain, &deed->attacker, deed->topic, deed->time_us, NO_CASE);
	uint32_t victim = ww_chain_case(chain, &deed->victim, deed->topic, deed->time_us, attacker);
	inherit_scan(chain, attacker);
	see_attacker(chain, attacker, deed);
	see_contacts_before(chain, &chain->cases[victim], deed);
	see_stage(chain, &chain->cases[victim], deed);
}

enum { PORT_SYSTEM_END = 1024 }; /* RFC 6335 */

static bool is_service(const struct ww_chain *chain, uint8_t proto, uint16_t port)
{
	return port < PORT_SYSTEM_END || ww_flow_service_has(&chain->services, proto, port);
}

bool ww_chain_roles(const struct ww_chain *chain, const struct ww_stage *stage,
	const struct ww_detect_hit *hit, struct deed *deed)
{
	bool swap = false;
	if (stage->port.proto) {
		bool at_server = ww_ports_contain(&stage->port, hit->proto, hit->server_port);
		bool at_client = ww_ports_contain(&stage->port, hit->proto, hit->client_port);
		/*
		 * Who began was guessed wrong where the stage's port is on the other side, unless
		 * there was a reason for the guess: a client of a web server may have that port.
		 */
		swap = !at_server && at_client && !hit->start_seen &&
		       !is_service(chain, hit->proto, hit->server_port);
		if (!at_server && !swap)
			return false;
	}
	bool client_attacks = (stage->from == WW_ROLE_ATTACKER) != swap;
	deed->attacker = client_attacks ? hit->client : hit->server;
	deed->victim = client_attacks ? hit->server : hit->client;
	return true;
}

/* A success is seen when both sides took part, or, of a datagram, did in another stage. */
static bool is_proven(
	struct ww_chain *chain, const struct deed *deed, const struct ww_detect_hit *hit)
{
	if (hit->two_way)
		return true;
	uint32_t victim = ww_chain_find(chain, &deed->victim, deed->topic);
	if (hit->proto == WW_PROTO_TCP || victim == NO_CASE)
		return false;
	const struct candidate *peer = ww_chain_peer(&chain->cases[victim], &deed->attacker);
	return peer && peer->two_way;
}

/* The text names another than the peer: address translation, or a lie. Both are kept. */
static void name_other(
	struct ww_chain *chain, const struct deed *deed, const struct ww_detect_hit *hit)
{
	uint32_t victim = ww_chain_find(chain, &deed->victim, deed->topic);
	struct chain_case *self = &chain->cases[victim];
	if (self->taken_us != hit->time_us || self->n_candidates == WW_CHAIN_CANDIDATES ||
		ww_chain_peer(self, &hit->address))
		return;
	self->candidates[self->n_candidates++] = (struct candidate){.peer = hit->address,
		.time_us = hit->time_us,
		.weight_us = hit->time_us,
		.frame = hit->frame,
		.stages = 1u << deed->stage,
		.weight = WEIGHT_NAMED_OTHER,
		.only_named = true};
}

void ww_chain_stage_hit(
	struct ww_chain *chain, uint32_t topic, uint32_t index, const struct ww_detect_hit *hit)
{
	const struct ww_stage *stage = &chain->advisories[topic]->stages[index];
	struct deed deed = {
		.topic = topic,
		.stage = index,
		.time_us = hit->time_us,
		.frame = hit->frame,
		.hit = hit,
		.weight = WEIGHT_ATTACKED,
	};
	if (!ww_chain_roles(chain, stage, hit, &deed))
		return;
	if (stage->sets < WW_HOST_ATTACKED)
		deed.weight = WEIGHT_CONTACTED;
	if (stage->sets < WW_HOST_TAKEN_OVER) {
		apply(chain, &deed);
		return;
	}
	if (hit->proto == WW_PROTO_TCP && !hit->established) {
		chain->counts.unproven++;
		return;
	}
	if (!is_proven(chain, &deed, hit)) {
		deed.one_sided = true;
		apply(chain, &deed);
		ww_chain_pend(chain, topic, index, hit);
		return;
	}
	bool names_peer = hit->has_address && ww_ip_equal(&hit->address, &deed.attacker);
	deed.weight = names_peer ? WEIGHT_NAMED : WEIGHT_TAKEN;
	apply(chain, &deed);
	if (hit->has_address && !names_peer && !ww_ip_equal(&hit->address, &deed.victim) &&
		!ww_ip_equal(&deed.attacker, &deed.victim))
		name_other(chain, &deed, hit);
}

static bool has_sid(const struct ww_stage *stage, uint32_t sid)
{
	for (size_t i = 0; i < stage->n_sids; i++)
		if (stage->sids[i] == sid)
			return true;
	return false;
}

void ww_chain_hit(struct ww_chain *chain, const struct ww_detect_hit *hit)
{
	for (uint32_t topic = 0; hit->advisory && topic < chain->n_advisories; topic++) {
		const struct ww_advisory *advisory = chain->advisories[topic];
		if (strcmp(advisory->id, hit->advisory) != 0)
			continue;
		ww_chain_note_finding(chain, topic, hit->finding);
		for (uint32_t i = 0; i < n_stages(advisory); i++) {
			const struct ww_stage *stage = &advisory->stages[i];
			if (hit->stage >= 0
					? stage->event == WW_STAGE_TEXT && i == (uint32_t)hit->stage
					: stage->event == WW_STAGE_RULE && has_sid(stage, hit->sid))
				ww_chain_stage_hit(chain, topic, i, hit);
		}
		return;
	}
}

/*
 * The last strong stage between the two, before stage `index`, lies within the time allowed; and
 * where this one would prove a success, both sides took part in one of them.
 */
static bool in_order(struct chain_case *victim, const struct ww_stage *stages,
	const struct deed *deed, bool two_way)
{
	const struct ww_stage *stage = &stages[deed->stage];
	const struct candidate *at = ww_chain_peer(victim, &deed->attacker);
	if (!at || !(at->stages & ((1u << deed->stage) - 1)))
		return false;
	if (stage->sets >= WW_HOST_TAKEN_OVER && !two_way && !at->two_way)
		return false;
	double after_s = ((double)deed->time_us - (double)at->time_us) / 1e6;
	return stage->within_s == 0 || fabs(after_s) <= (double)stage->within_s;
}

static inline bool waits_for(const struct ww_chain *chain, uint8_t proto, uint16_t port)
{
	return chain->weak_ports[proto == WW_PROTO_UDP][port / 64] >> port % 64 & 1;
}

/* A weak stage: somebody reached a port, and that fits what was seen between the two before. */
static void weak_stage(struct ww_chain *chain, const struct ww_ip *client,
	const struct ww_ip *server, uint8_t proto, uint16_t port, int64_t time_us, uint64_t frame,
	bool is_connection, bool two_way)
{
	bool is_udp = proto == WW_PROTO_UDP;
	if (!waits_for(chain, proto, port))
		return;
	for (uint32_t topic = 0; topic < chain->n_advisories; topic++) {
		const struct ww_advisory *advisory = chain->advisories[topic];
		for (uint32_t i = 0; i < n_stages(advisory); i++) {
			const struct ww_stage *stage = &advisory->stages[i];
			/* A UDP server may answer from another port: TFTP does (RFC 1350, 4). */
			bool fits =
				stage->event == WW_STAGE_CONTACT ||
				(stage->event == WW_STAGE_CONNECTION && (is_connection || is_udp));
			if (!fits || stage->sets < WW_HOST_ATTACKED ||
				!ww_ports_contain(&stage->port, proto, port))
				continue;
			bool client_attacks = stage->from == WW_ROLE_ATTACKER;
			struct deed deed = {
				.topic = topic,
				.stage = i,
				.attacker = client_attacks ? *client : *server,
				.victim = client_attacks ? *server : *client,
				.time_us = time_us,
				.frame = frame,
				.weight = WEIGHT_ATTACKED,
			};
			uint32_t victim = ww_chain_find(chain, &deed.victim, topic);
			if (victim != NO_CASE &&
				in_order(&chain->cases[victim], advisory->stages, &deed, two_way))
				apply(chain, &deed);
		}
	}
}

void ww_chain_contact(struct ww_chain *chain, const struct ww_contact *contact)
{
	if (contact->outcome == WW_CONTACT_SENT && waits_for(chain, contact->proto, contact->port))
		weak_stage(chain, &contact->src, &contact->dst, contact->proto, contact->port,
			contact->sent_us, contact->sent_frame, false, false);
	else if (contact->outcome == WW_CONTACT_REACHED && contact->proto)
		ww_chain_reached(chain, &contact->src, &contact->dst, contact->proto, contact->port,
			contact->sent_us, contact->sent_frame);
}

void ww_chain_connection(struct ww_chain *chain, const struct ww_detect_connection *connection)
{
	weak_stage(chain, &connection->client, &connection->server, connection->proto,
		connection->server_port, connection->time_us, connection->frame, true,
		connection->start_seen);
	if (connection->proto)
		ww_chain_reached(chain, &connection->client, &connection->server, connection->proto,
			connection->server_port, connection->time_us, connection->frame);
}

size_t ww_chain_n_hosts(const struct ww_chain *chain)
{
	return chain->n_hosts;
}

const struct ww_host *ww_chain_host(const struct ww_chain *chain, size_t i)
{
	ww_assert(i < chain->n_hosts);
	return &chain->hosts[i];
}

size_t ww_chain_n_incidents(const struct ww_chain *chain)
{
	return chain->n_incidents;
}

const struct ww_incident *ww_chain_incident(const struct ww_chain *chain, size_t i)
{
	ww_assert(i < chain->n_incidents);
	return &chain->incidents[i];
}

struct ww_chain_counts ww_chain_counts(const struct ww_chain *chain)
{
	return chain->counts;
}
