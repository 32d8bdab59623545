// SPDX-License-Identifier: GPL-3.0-or-later
#include "drill/world.h"

#include <stdlib.h>

enum {
	TTL = 1, /* a drill that is replayed by mistake ends at the first router */
	WINDOW = 64240,
};

bool ww_drill_put(
	struct ww_drill_world *world, int64_t at_us, uint32_t kind, uint32_t id, uint64_t detail)
{
	struct ww_drill_event event = {.at_us = at_us, .kind = kind, .id = id, .detail = detail};
	int rc = ww_drill_heap_push(&world->heap, event);
	if (rc == -ENOMEM && world->error == 0)
		world->error = rc;
	world->dropped += rc < 0;
	return rc == 0;
}

struct ww_talk *ww_drill_talk(struct ww_drill_world *world, uint32_t client, uint32_t server,
	uint32_t ip, uint8_t proto, uint16_t server_port, int64_t start_us)
{
	uint32_t rtt_us = (uint32_t)ww_drill_span(world, 1000, 40000);
	struct ww_talk *talk = ww_talk_new(proto, (uint32_t[2]){world->hosts[client].ip, ip},
		(uint16_t[2]){ww_drill_port(world, client), server_port}, rtt_us, start_us,
		&world->rng);
	if (!talk) {
		world->error = world->error ? world->error : -ENOMEM;
		return NULL;
	}
	talk->host[0] = client;
	talk->host[1] = server;
	return talk;
}

static uint32_t take_slot(struct ww_drill_world *world)
{
	if (world->n_free_talks > 0)
		return world->free_talks[--world->n_free_talks];
	return world->n_talks < WW_DRILL_TALKS ? world->n_talks++ : WW_DRILL_NONE;
}

bool ww_drill_play(struct ww_drill_world *world, struct ww_talk *talk)
{
	if (!talk)
		return false;
	if (talk->failed)
		world->error = world->error ? world->error : -ENOMEM;
	uint32_t slot = talk->failed || talk->n_packets == 0 ? WW_DRILL_NONE : take_slot(world);
	if (slot == WW_DRILL_NONE) {
		world->dropped++;
		ww_talk_free(&talk);
		return false;
	}
	world->talks[slot] = talk;
	if (ww_drill_put(world, talk->packets[0].at_us, WW_DRILL_PACKET, slot, 0))
		return true;
	ww_talk_free(&world->talks[slot]);
	world->free_talks[world->n_free_talks++] = slot;
	return false;
}

static size_t encode(struct ww_drill_world *world, const struct ww_talk *talk,
	const struct ww_talk_packet *packet, uint8_t frame[WW_FRAME_MAX])
{
	struct ww_drill_host *from = &world->hosts[talk->host[packet->from]];
	from->ip_id = from->ip_id == 0xffff ? 1 : from->ip_id + 1; /* never zero */
	struct ww_frame_ends ends = {
		.src = talk->ip[packet->from],
		.dst = talk->ip[!packet->from],
		.sport = packet->sport,
		.dport = packet->dport,
		.ip_id = from->ip_id,
		.ttl = TTL,
	};
	const char *payload = ww_buf_text(&talk->bytes) + packet->offset;
	if (packet->is_unreachable) {
		uint8_t about[WW_FRAME_MAX];
		struct ww_talk_packet before = packet[-1];
		encode(world, talk, &before, about);
		return ww_frame_encode_unreachable(frame, &ends, about);
	}
	if (talk->proto == WW_PROTO_UDP)
		return ww_frame_encode_udp(frame, &ends, packet->len ? payload : NULL, packet->len);
	struct ww_frame_segment segment = {
		.seq = packet->seq,
		.ack = packet->ack,
		.flags = packet->flags,
		.window = packet->flags & WW_FRAME_RST ? 0 : WINDOW,
	};
	return ww_frame_encode_tcp(
		frame, &ends, &segment, packet->len ? payload : NULL, packet->len);
}

void ww_drill_write(struct ww_drill_world *world, const struct ww_talk *talk, size_t which)
{
	uint8_t frame[WW_FRAME_MAX];
	const struct ww_talk_packet *packet = &talk->packets[which];
	size_t len = encode(world, talk, packet, frame);
	int rc = ww_pcap_out_write(world->out, packet->at_us, frame, (uint32_t)len, (uint32_t)len);
	if (rc < 0 && world->error == 0)
		world->error = rc;
	world->packets++;
	world->bytes += len;
	world->last_us = packet->at_us;
	if (world->packets >= world->plan.max_packets && world->stop_us > packet->at_us)
		world->stop_us = packet->at_us;
}

void ww_drill_note(struct ww_drill_world *world, int64_t time_us, const struct ww_talk *talk,
	enum ww_drill_outcome outcome)
{
	if (world->n_sessions == world->cap_sessions) {
		size_t cap = world->cap_sessions ? world->cap_sessions * 2 : 1024;
		struct ww_drill_session *sessions =
			cap > WW_DRILL_SESSIONS ? NULL
						: realloc(world->sessions, cap * sizeof(*sessions));
		if (!sessions) {
			world->error = world->error ? world->error : -ENOMEM;
			return;
		}
		world->sessions = sessions;
		world->cap_sessions = cap;
	}
	world->sessions[world->n_sessions++] = (struct ww_drill_session){
		.time_us = time_us,
		.attacker = talk->host[0],
		.victim = talk->host[1],
		.client_port = talk->port[0],
		.server_port = talk->port[1],
		.proto = talk->proto,
		.outcome = (uint8_t)outcome,
	};
}

static void play_packet(struct ww_drill_world *world, uint32_t slot)
{
	struct ww_talk *talk = world->talks[slot];
	ww_drill_write(world, talk, talk->next++);
	if (talk->next < talk->n_packets) {
		/* The slot of the event just taken is free, so this always fits. */
		ww_drill_put(world, talk->packets[talk->next].at_us, WW_DRILL_PACKET, slot, 0);
		return;
	}
	ww_talk_free(&world->talks[slot]);
	world->free_talks[world->n_free_talks++] = slot;
}

int ww_drill_run(struct ww_drill_world *world)
{
	struct ww_drill_event event;
	ww_drill_background_begin(world);
	uint32_t zero = ww_drill_case_of(world, 0);
	world->cases[zero].contact_us = world->now_us;
	ww_drill_infect(world, zero, WW_DRILL_NONE, world->now_us,
		world->now_us + ww_drill_span(world, 2000000, 6000000));
	while (world->error == 0 && ww_drill_heap_take(&world->heap, &event)) {
		/* What has begun is played to its end, so that the truth is all in the capture. */
		if (event.kind != WW_DRILL_PACKET && event.at_us >= world->stop_us)
			continue;
		world->now_us = event.at_us;
		switch (event.kind) {
		case WW_DRILL_PACKET: play_packet(world, event.id); break;
		case WW_DRILL_SCAN: ww_drill_scan(world, event.id); break;
		case WW_DRILL_AGAIN: ww_drill_repeat_syn(world, &event); break;
		default: ww_drill_background(world, &event); break;
		}
	}
	return world->error;
}
