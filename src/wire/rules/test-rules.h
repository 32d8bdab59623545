/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * A small stage for tests of rules: loads text, plays a packet or a stream in pieces, counts hits.
 */
#include "test.h"

#include "wire/rules/rules-private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STAGE_KEPT = 8192 };

struct stage {
	struct ww_rules *rules;
	struct ww_flow flow;
	void *rule_state;
	struct ww_buf stream[2];
	uint64_t shown[2];
	size_t hits;
	uint32_t sids[64]; /* of the first hits */
	struct ww_hit last;
	size_t kept;
};

static inline void stage_hit(void *context, const struct ww_hit *hit)
{
	struct stage *stage = context;
	if (stage->hits < WW_N(stage->sids))
		stage->sids[stage->hits] = hit->rule->sid;
	stage->hits++;
	stage->last = *hit;
	/* The spans are there to be read. */
	volatile uint8_t sum = 0;
	for (size_t i = 0; i < hit->n_spans; i++)
		for (uint32_t b = 0; b < hit->spans[i].len; b++)
			sum = (uint8_t)(sum + hit->spans[i].data[b]);
}

static inline void stage_begin_flow(struct stage *stage, uint8_t proto, uint16_t port)
{
	for (size_t d = 0; d < 2; d++) {
		ww_buf_reset(&stage->stream[d]);
		stage->shown[d] = 0;
	}
	ww_rules_forget(stage->rules, &stage->rule_state);
	stage->flow = (struct ww_flow){.client = ww_ip_from_v4(0x0a000001),
		.server = ww_ip_from_v4(0x0a000002),
		.client_port = 40000,
		.server_port = port,
		.proto = proto,
		.start_seen = true,
		.established = true,
		.id = 1,
		.rule_state = &stage->rule_state};
	ww_rules_wanted(stage->rules, &stage->flow);
	stage->hits = 0;
}

/* Loads and compiles; every line must be taken. */
static inline void stage_open(struct stage *stage, const char *text, enum ww_matcher_kind kind)
{
	*stage = (struct stage){.kept = STAGE_KEPT};
	struct ww_err err;
	assert_int_equal(ww_rules_new(NULL, 0, &stage->rules), 0);
	stage->rules->matcher_kind = kind;
	assert_int_equal(ww_rules_load(stage->rules, "test.rules", NULL, text, strlen(text)), 0);
	for (size_t i = 0; i < ww_rules_problems(stage->rules); i++) {
		const struct ww_rule_problem *problem = ww_rules_problem(stage->rules, i);
		if (strncmp(problem->text, "note:", 5) != 0)
			fail_msg("%u:%u: %s in: %s", problem->at.line, problem->at.col,
				problem->text, text);
	}
	assert_int_equal(ww_rules_compile(stage->rules, &err), 0);
}

static inline void stage_close(struct stage *stage)
{
	ww_rules_forget(stage->rules, &stage->rule_state);
	ww_buf_done(&stage->stream[0]);
	ww_buf_done(&stage->stream[1]);
	ww_rules_free(&stage->rules);
}

static inline struct ww_packet stage_packet(
	const struct stage *stage, enum ww_dir dir, const void *payload, size_t len)
{
	const struct ww_flow *flow = &stage->flow;
	bool up = dir == WW_DIR_TO_SERVER;
	return (struct ww_packet){.time_us = 1000000,
		.frame = 1,
		.outcome_layer = WW_LAYER_TRANSPORT,
		.ip_version = 4,
		.proto = flow->proto,
		.has_transport = true,
		.src = up ? flow->client : flow->server,
		.dst = up ? flow->server : flow->client,
		.sport = up ? flow->client_port : flow->server_port,
		.dport = up ? flow->server_port : flow->client_port,
		.ttl = 64,
		.tcp_flags = WW_TCP_ACK | WW_TCP_PSH,
		.ip_header_len = 20,
		.tcp_header_len = 20,
		.payload = payload,
		.payload_len = (uint32_t)len,
		.payload_wire = (uint32_t)len};
}

/* One packet of the flow. */
static inline void stage_send(struct stage *stage, enum ww_dir dir, const void *payload, size_t len)
{
	struct ww_packet packet = stage_packet(stage, dir, payload, len);
	if (stage->flow.groups[dir])
		ww_rules_packet(stage->rules, stage->flow.groups[dir], &stage->flow, dir, &packet,
			stage_hit, stage);
}

/* One packet that belongs to no flow. */
static inline void stage_lone(struct stage *stage, const struct ww_packet *packet)
{
	uint16_t group = ww_rules_group(stage->rules, packet);
	if (group)
		ww_rules_packet(
			stage->rules, group, NULL, WW_DIR_TO_SERVER, packet, stage_hit, stage);
}

/* One segment: the packet, then the stream's view. The view is a copy of exactly its size. */
static inline void stage_segment(
	struct stage *stage, enum ww_dir dir, const void *payload, size_t len, bool end)
{
	if (len > 0)
		stage_send(stage, dir, payload, len);
	struct ww_buf *stream = &stage->stream[dir];
	ww_buf_add(stream, payload, len);
	size_t keep = stream->len - len < stage->kept - len ? stream->len : stage->kept;
	if (keep < len)
		keep = len;
	uint8_t *copy = malloc(keep ? keep : 1);
	assert_non_null(copy);
	if (keep)
		memcpy(copy, stream->data + stream->len - keep, keep);
	struct ww_packet packet = stage_packet(stage, dir, payload, len);
	struct ww_stream_view view = {.data = copy,
		.len = (uint32_t)keep,
		.fresh = (uint32_t)(keep - len),
		.offset = stream->len - keep,
		.end = end};
	if (stage->flow.groups[dir])
		ww_rules_stream(stage->rules, &stage->flow, dir, end ? NULL : &packet, &view,
			stage_hit, stage);
	free(copy);
}

/* The whole text in pieces that end at cuts[0..n), to the server, then the stream's end. */
static inline size_t stage_play(struct stage *stage, uint16_t port, const void *text, size_t len,
	const size_t *cuts, size_t n)
{
	stage_begin_flow(stage, WW_PROTO_TCP, port);
	size_t from = 0;
	for (size_t i = 0; i <= n; i++) {
		size_t to = i < n ? cuts[i] : len;
		if (to > from)
			stage_segment(stage, WW_DIR_TO_SERVER, (const uint8_t *)text + from,
				to - from, false);
		from = to;
	}
	stage_segment(stage, WW_DIR_TO_SERVER, "", 0, true);
	return stage->hits;
}

/* Hits of a text to this port as one segment of a stream. */
static inline size_t stage_stream(struct stage *stage, uint16_t port, const void *text, size_t len)
{
	return stage_play(stage, port, text, len, NULL, 0);
}

/* Hits of one datagram to this port. */
static inline size_t stage_datagram(
	struct stage *stage, uint16_t port, const void *text, size_t len)
{
	stage_begin_flow(stage, WW_PROTO_UDP, port);
	stage_send(stage, WW_DIR_TO_SERVER, text, len);
	return stage->hits;
}

static inline const char *stage_shared(void)
{
	const char *path = getenv("WORMWOOD_SHARED");
	return path ? path : "../shared";
}
