// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What a network does on a quiet day, and what makes scan detectors err: failed connections, the
 * client of a dead server, a monitor that asks forty hosts in one breath, a browser that opens
 * fifty connections at once, and ordinary use of the very ports that the worm uses.
 */
#include "drill/benign.h"
#include "drill/world.h"

enum {
	FAILED = 50,           /* of 1,000 TCP connections */
	MONITOR_US = 30000000, /* between two rounds */
	DEAD_US = 20000000,
	BROWSER_US = 40000000,
};

/* A kind of conversation. */
struct manner {
	uint32_t weight;
	enum ww_benign kind;
	uint8_t proto;
	uint16_t port;
	uint8_t n_turns;      /* at most */
	uint16_t ask, answer; /* free bytes, at most */
};

static const struct manner manners[] = {
	{300, WW_BENIGN_HTTP, WW_PROTO_TCP, 80, 3, 300, 9000},
	{260, WW_BENIGN_DNS, WW_PROTO_UDP, 53, 1, 0, 0},
	{120, WW_BENIGN_SMB, WW_PROTO_TCP, 445, 8, 180, 900},
	{140, WW_BENIGN_TLS, WW_PROTO_TCP, 443, 5, 500, 6000},
	{70, WW_BENIGN_SMTP, WW_PROTO_TCP, 25, 4, 200, 0},
	{30, WW_BENIGN_OTHER, WW_PROTO_UDP, 4444, 1, 220, 280}, /* Kerberos' old port */
	{25, WW_BENIGN_NTP, WW_PROTO_UDP, 123, 1, 0, 0},
};

/* Ordinary use of the worm's own ports. */
static const struct manner on_port_80 = {0, WW_BENIGN_HTTP, WW_PROTO_TCP, 80, 3, 300, 4000};
static const struct manner on_port_135 = {0, WW_BENIGN_RPC, WW_PROTO_TCP, 135, 3, 90, 200};
static const struct manner on_any = {0, WW_BENIGN_OTHER, 0, 0, 3, 200, 400};

static void converse(
	struct ww_drill_world *world, struct ww_talk *talk, const struct manner *manner)
{
	struct ww_buf line = WW_BUF_INIT;
	uint64_t n_turns = 1 + ww_rng_below(&world->rng, manner->n_turns);
	uint16_t id = (uint16_t)ww_rng_u64(&world->rng);
	for (uint64_t turn = 0; turn < n_turns; turn++) {
		for (int side = 0; side < 2; side++) {
			size_t room = ww_rng_below(
				&world->rng, (side ? manner->answer : manner->ask) + 1u);
			ww_buf_reset(&line);
			ww_benign_message(&line, manner->kind, turn, side, room, id, &world->rng);
			ww_talk_wait(talk, ww_drill_span(world, 500, 80000));
			if (line.failed)
				talk->failed = true;
			else if (talk->proto == WW_PROTO_UDP)
				ww_talk_datagram(talk, side, line.data, line.len);
			else
				ww_talk_say(talk, side, line.data, line.len, NULL);
		}
	}
	ww_buf_done(&line);
}

static void play(struct ww_drill_world *world, uint32_t client, uint32_t server,
	const struct manner *manner, uint8_t proto, uint16_t port)
{
	struct ww_talk *talk = ww_drill_talk(
		world, client, server, world->hosts[server].ip, proto, port, world->now_us);
	if (!talk)
		return;
	bool is_tcp = proto == WW_PROTO_TCP;
	if (is_tcp && ww_drill_chance(world, FAILED)) {
		if (ww_drill_chance(world, 500))
			ww_talk_refuse(talk);
		else
			ww_talk_unanswered(talk, 3);
		ww_drill_play(world, talk);
		return;
	}
	if (is_tcp)
		ww_talk_connect(talk);
	converse(world, talk, manner);
	if (is_tcp && ww_drill_chance(world, 100))
		ww_talk_reset(talk, 0);
	else if (is_tcp)
		ww_talk_close(talk, (int)ww_rng_below(&world->rng, 2));
	ww_drill_play(world, talk);
}

/* A router fetches its configuration, as routers do (RFC 1350). */
static void play_tftp(struct ww_drill_world *world, uint32_t client)
{
	uint32_t server = ww_drill_server(world, client);
	struct ww_talk *talk = ww_drill_talk(
		world, client, server, world->hosts[server].ip, WW_PROTO_UDP, 69, world->now_us);
	if (!talk)
		return;
	ww_talk_datagram(talk, 0, "\0\1router-confg\0octet", 21);
	talk->port[1] = ww_drill_port(world, server);
	struct ww_buf packet = WW_BUF_INIT;
	uint64_t n_blocks = 1 + ww_rng_below(&world->rng, 9);
	for (uint64_t block = 1; block <= n_blocks; block++) {
		uint8_t header[4] = {0, 3, 0, (uint8_t)block};
		ww_buf_reset(&packet);
		ww_buf_add(&packet, header, 4);
		size_t room = block < n_blocks ? 511 : ww_rng_below(&world->rng, 511);
		ww_benign_message(&packet, WW_BENIGN_OTHER, 0, 1, room, 0, &world->rng);
		ww_talk_datagram(talk, 1, packet.data, packet.len);
		header[1] = 4;
		ww_talk_datagram(talk, 0, header, 4);
	}
	talk->failed |= packet.failed;
	ww_buf_done(&packet);
	ww_drill_play(world, talk);
}

/* The ports of the advisory, used as they are meant to be. */
static void play_worm_port(struct ww_drill_world *world, uint32_t client)
{
	const struct ww_advisory *advisory = world->advisory;
	size_t which = ww_rng_below(&world->rng, advisory->n_stages + 1);
	struct ww_ports port = which < advisory->n_stages && advisory->stages[which].port.proto
				       ? advisory->stages[which].port
				       : world->port;
	bool is_attacked = port.proto == world->port.proto && port.low == world->port.low;
	if (port.proto == WW_PROTO_UDP && port.low == 69) {
		play_tftp(world, client);
		return;
	}
	uint32_t server = is_attacked && world->n_polled
				  ? world->polled[ww_rng_below(&world->rng, world->n_polled)]
				  : ww_drill_server(world, client);
	const struct manner *manner = port.low == 80    ? &on_port_80
				      : port.low == 135 ? &on_port_135
							: &on_any;
	if (server != client)
		play(world, client, server, manner, port.proto, port.low);
}

static void play_ordinary(struct ww_drill_world *world)
{
	uint32_t client = (uint32_t)(1 + ww_rng_below(&world->rng, world->n_inside));
	uint64_t kind = ww_rng_below(&world->rng, 1000);
	if (kind < 30) {
		ww_drill_decoy(world, client);
		return;
	}
	if (kind < 80) {
		play_worm_port(world, client);
		return;
	}
	uint32_t total = 0;
	for (size_t i = 0; i < WW_N(manners); i++)
		total += manners[i].weight;
	uint64_t wanted = ww_rng_below(&world->rng, total);
	size_t which = 0;
	while (wanted >= manners[which].weight)
		wanted -= manners[which++].weight;
	const struct manner *manner = &manners[which];
	play(world, client, ww_drill_server(world, client), manner, manner->proto, manner->port);
}

/* The monitor asks each of its hosts whether the port answers, all within a moment. */
static void play_monitor(struct ww_drill_world *world)
{
	int64_t at_us = world->now_us;
	for (uint32_t i = 0; i < world->n_polled; i++) {
		uint32_t server = world->polled[i];
		bool is_udp = world->port.proto == WW_PROTO_UDP;
		struct ww_talk *talk =
			ww_drill_talk(world, world->monitor, server, world->hosts[server].ip,
				WW_PROTO_TCP, is_udp ? 80 : world->port.low, at_us);
		if (talk) {
			ww_talk_connect(talk);
			ww_talk_close(talk, 0);
		}
		ww_drill_play(world, talk);
		at_us += ww_drill_span(world, 200, 4000);
	}
}

/* Somebody opens a page: many servers at once, before the first of them answers. */
static void play_browser(struct ww_drill_world *world)
{
	uint32_t client = (uint32_t)(1 + ww_rng_below(&world->rng, world->n_inside));
	uint32_t n = 30 + (uint32_t)ww_rng_below(&world->rng, 21);
	int64_t now_us = world->now_us;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t server = world->n_inside + 1 + i; /* outside, one after the other */
		play(world, client, server, &manners[0], WW_PROTO_TCP, 80);
		world->now_us += ww_drill_span(world, 50, 400);
	}
	world->now_us = now_us;
}

static void play_dead(struct ww_drill_world *world)
{
	struct ww_talk *talk = ww_drill_talk(world, world->dead_client, WW_DRILL_NONE,
		world->dead_ip, WW_PROTO_TCP, 445, world->now_us);
	if (talk)
		ww_talk_unanswered(talk, 3);
	ww_drill_play(world, talk);
}

static void again(struct ww_drill_world *world, uint32_t kind, int64_t mean_us)
{
	ww_drill_put(world, world->now_us + ww_drill_span(world, mean_us / 2, mean_us * 3 / 2),
		kind, 0, 0);
}

void ww_drill_background_begin(struct ww_drill_world *world)
{
	if (world->plan.background_per_s <= 0)
		return;
	ww_drill_put(world, world->now_us, WW_DRILL_BACKGROUND, 0, 0);
	again(world, WW_DRILL_BROWSER, BROWSER_US);
	if (world->monitor != WW_DRILL_NONE)
		again(world, WW_DRILL_MONITOR, MONITOR_US);
	if (world->dead_client != WW_DRILL_NONE)
		again(world, WW_DRILL_DEAD, DEAD_US);
}

void ww_drill_background(struct ww_drill_world *world, const struct ww_drill_event *event)
{
	switch (event->kind) {
	case WW_DRILL_MONITOR:
		play_monitor(world);
		again(world, event->kind, MONITOR_US);
		break;
	case WW_DRILL_DEAD:
		play_dead(world);
		again(world, event->kind, DEAD_US);
		break;
	case WW_DRILL_BROWSER:
		play_browser(world);
		again(world, event->kind, BROWSER_US);
		break;
	default: {
		play_ordinary(world);
		int64_t mean_us = (int64_t)(1e6 / world->plan.background_per_s);
		ww_drill_put(world, world->now_us + ww_drill_span(world, 0, 2 * mean_us),
			WW_DRILL_BACKGROUND, 0, 0);
		break;
	}
	}
}
