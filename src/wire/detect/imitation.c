// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Scans as facts of the chain: a victim that begins to scan spreads; a host that was reached by a
 * scanner and then scans the same port imitates it.
 */
#include "wire/detect/chain-private.h"

#include <math.h>
#include <stdio.h>

/*
 * When scanning began, as near as can be said: the middle of the walk that led to the alarm. Its
 * first steps may be a client's honest failures of hours before, but they are not most of them.
 */
static int64_t onset_of(const struct ww_finding *scan)
{
	int64_t times_us[WW_FINDING_EVIDENCE];
	size_t n = 0;
	for (size_t i = 0; i < scan->n_evidence && n < WW_FINDING_EVIDENCE; i++, n++) {
		size_t at = n;
		for (; at > 0 && times_us[at - 1] > scan->evidence[i].time_us; at--)
			times_us[at] = times_us[at - 1];
		times_us[at] = scan->evidence[i].time_us;
	}
	int64_t onset_us = n ? times_us[n / 2] : scan->time_us;
	return onset_us < scan->time_us ? onset_us : scan->time_us;
}

/* The port of most of the walk, or 0: a scan of many ports imitates nobody. */
static uint16_t main_port(const struct ww_finding *scan)
{
	if (scan->port || scan->n_evidence == 0)
		return scan->port;
	uint16_t best = 0;
	size_t n_best = 0;
	for (size_t i = 0; i < scan->n_evidence; i++) {
		size_t n = 0;
		for (size_t j = 0; j < scan->n_evidence; j++)
			n += scan->evidence[j].dport == scan->evidence[i].dport;
		if (n > n_best) {
			n_best = n;
			best = scan->evidence[i].dport;
		}
	}
	return n_best * 2 > scan->n_evidence ? best : 0;
}

static bool uses_port(const struct ww_advisory *advisory, uint8_t proto, uint16_t port)
{
	for (size_t i = 0; i < n_stages(advisory); i++)
		if (ww_ports_contain(&advisory->stages[i].port, proto, port) &&
			(advisory->stages[i].from == WW_ROLE_ATTACKER ||
				advisory->stages[i].event == WW_STAGE_SCAN))
			return true;
	return ww_ports_contain(&advisory->propagation.port, proto, port);
}

static void scan_in_outbreak(struct ww_chain *chain, uint32_t topic, const struct ww_finding *scan,
	uint16_t port, int64_t onset_us)
{
	const struct ww_advisory *advisory = chain->advisories[topic];
	uint32_t number = ww_chain_find(chain, &scan->src, topic);
	if (number == NO_CASE || !uses_port(advisory, scan->proto, port))
		return;
	struct chain_case *self = &chain->cases[number];
	if (!(self->flags & CASE_SCANNED)) {
		self->flags |= CASE_SCANNED;
		self->scan_us = onset_us;
		self->alarm_us = scan->time_us;
		self->scan_finding = scan->id;
		ww_chain_note_finding(chain, topic, scan->id);
	}
	uint64_t frame = scan->n_frames ? scan->frames[0] : 0;
	uint32_t by = 0;
	while (by < n_stages(advisory) && !(self->stages & 1u << by))
		by++;
	ww_chain_spreading(chain, number,
		ww_chain_spreading_stage(advisory, by < n_stages(advisory) ? by : 0), onset_us,
		frame, scan);
}

void ww_chain_suspect(struct ww_chain *chain, uint32_t number)
{
	struct chain_case *self = &chain->cases[number];
	if (self->flags & CASE_SUSPECTED)
		return;
	const struct candidate *by = NULL;
	for (int i = 0; i < self->n_candidates; i++) {
		struct candidate *at = &self->candidates[i];
		uint32_t other = ww_chain_find(chain, &at->peer, self->topic);
		if (other == NO_CASE || chain->cases[other].scan_us >= self->scan_us)
			continue;
		if (!by || at->time_us > by->time_us)
			by = at;
	}
	if (!by)
		return;
	self->flags |= CASE_SUSPECTED;
	uint8_t proto = (uint8_t)(self->topic >> 16 & 0xff);
	uint16_t port = (uint16_t)(self->topic & 0xffff);
	char who[WW_IP_TEXT_MAX], whom[WW_IP_TEXT_MAX];
	ww_ip_print(&self->ip, whom);
	ww_ip_print(&by->peer, who);
	struct ww_finding finding = {
		.kind = WW_FINDING_SPREAD,
		.time_us = self->scan_us,
		.src = by->peer,
		.dst = self->ip,
		.proto = proto,
		.port = port,
		.confidence = WW_CHAIN_IMITATION,
	};
	snprintf(finding.msg, sizeof finding.msg,
		"%s scans %u/%s since %s, a scanner of it, reached it", whom, (unsigned)port,
		ww_proto_name(proto), who);
	struct ww_evidence evidence[2] = {
		{.frame = by->frame,
			.time_us = by->time_us,
			.src = by->peer,
			.dst = self->ip,
			.dport = port,
			.proto = proto,
			.score = NAN,
			.note = "reached"},
		{.frame = self->scan_frame,
			.time_us = self->scan_us,
			.src = self->ip,
			.dport = port,
			.proto = proto,
			.score = NAN,
			.note = "begins to scan"},
	};
	for (int i = 0; i < 2; i++)
		if (evidence[i].frame > (i ? evidence[0].frame : 0))
			finding.frames[finding.n_frames++] = evidence[i].frame;
	finding.evidence = evidence;
	finding.n_evidence = 2;
	ww_chain_emit(chain, self->topic, &finding);
}

/* The scanner joins those of its port; who had reached it there may be its cause. */
static void scan_as_imitation(
	struct ww_chain *chain, const struct ww_finding *scan, uint16_t port, int64_t onset_us)
{
	uint32_t number = ww_chain_case(
		chain, &scan->src, topic_of_port(scan->proto, port), onset_us, NO_CASE);
	struct chain_case *self = &chain->cases[number];
	if (self->flags & CASE_SCANNED)
		return;
	self->flags |= CASE_SCANNED;
	self->state = WW_HOST_ATTACKING;
	self->scan_us = onset_us;
	self->alarm_us = scan->time_us;
	self->scan_finding = scan->id;
	self->scan_frame = scan->n_frames ? scan->frames[0] : 0;
	ww_chain_note_finding(chain, self->topic, scan->id);
	const struct chain_contact *at = ww_chain_contacts_of(chain, &scan->src, scan->proto, port);
	for (int way = 0; way < 8; way++, at++)
		if (at->proto == scan->proto && at->port == port &&
			ww_ip_equal(&at->dst, &scan->src) && at->time_us < onset_us)
			ww_chain_candidate(
				self, &at->src, at->time_us, at->frame, 0, WEIGHT_CONTACTED);
	ww_chain_suspect(chain, number);
}

void ww_chain_scan(struct ww_chain *chain, const struct ww_finding *scan)
{
	uint16_t port = main_port(scan);
	if (port == 0 || scan->proto == 0)
		return;
	int64_t onset_us = onset_of(scan);
	for (uint32_t topic = 0; topic < chain->n_advisories; topic++)
		scan_in_outbreak(chain, topic, scan, port, onset_us);
	scan_as_imitation(chain, scan, port, onset_us);
}
