/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* Packets made by hand, and a sink that writes down what it is told: for the tests of this room. */
#include "base/rng.h"
#include "wire/flow/flow-private.h"

#include "test.h"

#include <stdio.h>
#include <stdlib.h>

enum { NOTES_MAX = 65536, BYTES_MAX = 1 << 20, FLOWS_MAX_SEEN = 4096 };

struct recorder {
	struct ww_contact *contacts;
	size_t n_contacts;
	struct ww_flow *begun; /* copies, as they were at `begin` */
	size_t n_begun, n_ended, n_forgotten;
	struct ww_flow last_ended;
	size_t n_lone, n_packets[2];
	uint8_t *bytes[2]; /* stream bytes by direction, of all flows */
	size_t n_bytes[2], n_gaps[2], n_ends[2], n_conflicts;
	uint64_t next_offset[2]; /* what the next view must begin with */
	uint16_t groups[2];      /* what `wanted` grants */
	int late;                /* direction that is wanted once the other was shown; -1: none */
	bool one_stream;         /* check offsets: there is one flow only */
	const uint8_t *truth[2]; /* what was sent, by direction: every view must agree */
	int64_t keep;            /* bytes to see again; -1: as usual */
	bool quiet;              /* silence is not to be told */
	struct ww_stream_view last; /* of the last view; its data is gone */
	uint64_t digest;            /* of everything, in order */
	struct ww_flows *flows;
	uint64_t next_frame;
};

static inline void mix(struct recorder *r, uint64_t value)
{
	r->digest = ww_hash_mum(r->digest ^ value ^ 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93);
}

static inline void on_wanted(void *context, struct ww_flow *flow)
{
	struct recorder *r = context;
	flow->groups[0] = r->groups[0];
	flow->groups[1] = r->groups[1];
	if (r->late >= 0)
		flow->later |= (unsigned char)(1 << r->late);
}

static inline void on_contact(void *context, struct ww_contact *contact)
{
	struct recorder *r = context;
	if (contact->outcome == WW_CONTACT_SENT)
		contact->quiet = r->quiet;
	mix(r, contact->sent_frame * 8 + contact->outcome);
	if (r->n_contacts < NOTES_MAX)
		r->contacts[r->n_contacts++] = *contact;
}

static inline void on_begin(void *context, struct ww_flow *flow, const struct ww_packet *packet)
{
	struct recorder *r = context;
	mix(r, flow->id);
	assert_non_null(packet);
	if (r->n_begun < FLOWS_MAX_SEEN)
		r->begun[r->n_begun] = *flow;
	r->n_begun++;
	*flow->rule_state = r;
}

static inline void on_packet(
	void *context, struct ww_flow *flow, enum ww_dir dir, const struct ww_packet *packet)
{
	struct recorder *r = context;
	mix(r, packet->frame);
	if (flow)
		r->n_packets[dir]++;
	else
		r->n_lone++;
}

static inline void on_stream(void *context, struct ww_flow *flow, enum ww_dir dir,
	const struct ww_packet *packet, const struct ww_stream_view *view)
{
	struct recorder *r = context;
	assert_true(view->fresh <= view->len);
	assert_true(flow->groups[dir] != 0);
	r->last = *view;
	if (r->keep >= 0)
		*view->keep = (uint32_t)r->keep;
	mix(r, view->offset + view->len);
	if (r->late >= 0 && dir != (enum ww_dir)r->late)
		flow->groups[r->late] = 1;
	if (r->truth[dir])
		assert_memory_equal(view->data, r->truth[dir] + view->offset, view->len);
	if (r->one_stream && !r->truth[dir]) {
		assert_true(view->after_gap || view->offset + view->fresh == r->next_offset[dir]);
		assert_true(view->offset + view->fresh >= r->next_offset[dir]);
		r->next_offset[dir] = view->offset + view->len;
		/* What is shown again must be what was shown before. */
		size_t old = view->fresh < r->n_bytes[dir] ? view->fresh : r->n_bytes[dir];
		assert_memory_equal(
			view->data + view->fresh - old, r->bytes[dir] + r->n_bytes[dir] - old, old);
	}
	size_t fresh = view->len - view->fresh;
	if (r->n_bytes[dir] + fresh <= BYTES_MAX) {
		memcpy(r->bytes[dir] + r->n_bytes[dir], view->data + view->fresh, fresh);
		r->n_bytes[dir] += fresh;
	}
	r->n_gaps[dir] += view->after_gap;
	r->n_ends[dir] += view->end;
}

static inline void on_end(void *context, struct ww_flow *flow)
{
	struct recorder *r = context;
	mix(r, flow->last_frame);
	r->last_ended = *flow;
	r->n_ended++;
}

static inline void on_forget(void *context, void **rule_state)
{
	struct recorder *r = context;
	assert_ptr_equal(*rule_state, r);
	*rule_state = NULL;
	r->n_forgotten++;
}

static inline void on_conflict(
	void *context, struct ww_flow *flow, enum ww_dir dir, const struct ww_packet *packet)
{
	struct recorder *r = context;
	assert_non_null(packet);
	r->n_conflicts++;
}

static inline struct recorder *recorder_new(const struct ww_flow_limits *limits, bool rules)
{
	struct recorder *r = calloc(1, sizeof(*r));
	r->contacts = calloc(NOTES_MAX, sizeof(*r->contacts));
	r->begun = calloc(FLOWS_MAX_SEEN, sizeof(*r->begun));
	r->bytes[0] = malloc(BYTES_MAX);
	r->bytes[1] = malloc(BYTES_MAX);
	r->groups[0] = r->groups[1] = rules;
	r->one_stream = rules;
	r->late = -1;
	r->keep = -1;
	r->next_frame = 1;
	struct ww_flow_sink sink = {
		.context = r,
		.wanted = on_wanted,
		.contact = on_contact,
		.begin = on_begin,
		.packet = on_packet,
		.stream = on_stream,
		.end = on_end,
		.forget = on_forget,
		.conflict = on_conflict,
	};
	struct ww_flow_limits usual = {0};
	assert_int_equal(
		ww_flows_new(limits ? limits : &usual, ww_hash_key_fixed(0), &sink, &r->flows), 0);
	return r;
}

static inline void recorder_free(struct recorder *r)
{
	ww_flows_free(&r->flows);
	assert_null(r->flows);
	free(r->contacts);
	free(r->begun);
	free(r->bytes[0]);
	free(r->bytes[1]);
	free(r);
}

/* Feeds one packet; gives it the next frame number. Returns whether it was a duplicate. */
static inline bool feed(struct recorder *r, struct ww_packet packet)
{
	bool skipped[WW_BATCH];
	packet.frame = r->next_frame++;
	ww_flows_feed(r->flows, &packet, 1, skipped);
	return skipped[0];
}

static inline struct ww_ip v4(uint32_t address)
{
	return ww_ip_from_v4(address);
}

static inline struct ww_packet packet_of(uint8_t proto, struct ww_ip src, uint16_t sport,
	struct ww_ip dst, uint16_t dport, int64_t time_us)
{
	static uint32_t ip_id;
	return (struct ww_packet){
		.time_us = time_us,
		.outcome_layer = WW_LAYER_TRANSPORT,
		.ip_version = ww_ip_is_v4(&src) ? 4 : 6,
		.proto = proto,
		.has_transport = true,
		.src = src,
		.dst = dst,
		.sport = sport,
		.dport = dport,
		.ttl = 64,
		.ip_header_len = 20,
		.tcp_header_len = 20,
		.ip_id = ++ip_id,
		.window = 8192,
	};
}

static inline struct ww_packet tcp_of(struct ww_ip src, uint16_t sport, struct ww_ip dst,
	uint16_t dport, int64_t time_us, uint8_t flags, uint32_t seq, uint32_t ack)
{
	struct ww_packet packet = packet_of(WW_PROTO_TCP, src, sport, dst, dport, time_us);
	packet.tcp_flags = flags;
	packet.seq = seq;
	packet.ack = ack;
	return packet;
}

static inline struct ww_packet with_bytes(struct ww_packet packet, const void *bytes, size_t len)
{
	packet.payload = bytes;
	packet.payload_len = packet.payload_wire = (uint32_t)len;
	return packet;
}

static inline struct ww_packet udp_of(struct ww_ip src, uint16_t sport, struct ww_ip dst,
	uint16_t dport, int64_t time_us, const char *text)
{
	return with_bytes(
		packet_of(WW_PROTO_UDP, src, sport, dst, dport, time_us), text, strlen(text));
}

static inline const struct ww_flow_counts *counts_of(const struct recorder *r)
{
	return ww_flows_counts(r->flows);
}
