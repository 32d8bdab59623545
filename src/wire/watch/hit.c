// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * From what a rule said to what can be kept: everything that is borrowed during the callback is
 * copied. Nothing here depends on what was told before, so that any thread may do it.
 */
#include "wire/watch/watch-private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

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

void ww_match_fill(const struct ww_plan *plan, const struct ww_hit *hit, struct ww_match *ret)
{
	const struct ww_rule *rule = hit->rule;
	*ret = (struct ww_match){
		.rule = rule,
		.rule_index = hit->rule_index,
		.message_at = hit->message_at,
		.of_flow = hit->flow != NULL,
		.transfer = hit->transfer,
		.doubts = hit->flow ? hit->flow->trouble : 0,
		.detail = {.gid = rule->gid,
			.sid = rule->sid,
			.msg = rule->msg,
			.advisory = rule->owner,
			.stage = -1},
	};
	struct ww_detect_hit *detail = &ret->detail;
	place_hit(hit, detail);
	fill_evidence(hit, detail);
	if (rule->gid != WW_GID_STAGE)
		return;
	const struct ww_advisory *advisory = ww_plan_get(plan, stage_sid_advisory(rule->sid));
	detail->stage = (int)stage_sid_stage(rule->sid);
	detail->text = stage_sid_text(rule->sid);
	detail->has_address = address_between(hit, &detail->address);
	detail->evidence.at = advisory->stages[detail->stage].at;
}

void ww_reply_fill(const struct ww_rule_answer *answer, struct ww_reply *ret)
{
	const struct ww_fact *fact = answer->fact;
	const struct ww_flow *flow = answer->flow;
	const struct ww_packet *packet = answer->packet;
	*ret = (struct ww_reply){
		.transfer = flow == NULL,
		.flow_id = flow ? flow->id : 0,
		.message_at = answer->message_at,
		.frame = packet ? packet->frame : flow->last_frame,
		.time_us = packet ? packet->time_us : flow->last_us,
		.at = fact->at,
		.code = fact->code,
		.kind = fact->kind,
		.outcome = fact->outcome,
		.n_text = (uint16_t)(fact->text_len < WW_EVIDENCE_MAX ? fact->text_len
								      : WW_EVIDENCE_MAX),
	};
	memcpy(ret->text, fact->text, ret->n_text);
	if (flow)
		return;
	ret->src = packet->src;
	ret->dst = packet->dst;
	ret->sport = packet->sport;
	ret->dport = packet->dport;
}
