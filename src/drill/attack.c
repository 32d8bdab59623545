// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What happens when the worm finds somebody: the advisory's stages, played one after another.
 *
 * Nothing here knows a worm. The first packet goes to the port of the propagation; the stages that
 * are lines on that port ride on the same connection, the others open their own; a stage with a
 * file is a TFTP transfer (RFC 1350), and while a shell asks for that file it waits for it.
 */
#include "drill/world.h"

#include "base/hash.h"
#include "drill/content.h"

enum {
	CARRIER_SPLIT = 550, /* of 1,000 lines of an attack, in 2 or 3 segments */
	SPLIT_IN_MARK = 600, /* of those, inside what a rule looks for */
	SWAPPED = 60,        /* of those, with two segments out of order */
	EXPLOIT_WORKS = 900, /* of 1,000 attacks on a host with the hole */
	SYN_AGAIN_US = 3000000,
};

/* One attack under way. */
struct chain {
	struct ww_drill_world *world;
	uint32_t attacker, victim; /* hosts */
	uint32_t victim_case;
	struct ww_content_names names;
	int64_t clock_us;
	bool is_success;
	size_t n_played; /* stages dealt with */
};

uint32_t ww_drill_case_of(struct ww_drill_world *world, uint32_t host)
{
	if (world->hosts[host].of_case != WW_DRILL_NONE)
		return world->hosts[host].of_case;
	world->cases[world->n_cases] =
		(struct ww_drill_case){.host = host, .parent = WW_DRILL_NONE};
	world->hosts[host].of_case = world->n_cases;
	return world->n_cases++;
}

void ww_drill_infect(struct ww_drill_world *world, uint32_t of_case, uint32_t parent,
	int64_t infected_us, int64_t scan_us)
{
	struct ww_drill_case *victim = &world->cases[of_case];
	victim->infected = true;
	victim->parent = parent;
	victim->generation = parent == WW_DRILL_NONE ? 0 : world->cases[parent].generation + 1;
	victim->infected_us = infected_us;
	victim->scan_us = scan_us;
	world->n_infected++;
	ww_drill_put(world, scan_us, WW_DRILL_SCAN, of_case, 0);
	if (world->n_infected < world->plan.infected || world->is_over)
		return;
	world->is_over = true;
	int64_t last_us = 0;
	for (uint32_t i = 0; i < world->n_cases; i++)
		if (world->cases[i].infected && world->cases[i].scan_us > last_us)
			last_us = world->cases[i].scan_us;
	last_us += (int64_t)WW_DRILL_TAIL_S * 1000000;
	world->stop_us = last_us < world->stop_us ? last_us : world->stop_us;
}

/* A place inside a mark that occurs in the line, or 0. */
static size_t place_in_mark(struct ww_drill_world *world, const char *bytes, size_t len)
{
	if (!bytes || world->n_marks == 0)
		return 0;
	size_t first = ww_rng_below(&world->rng, world->n_marks);
	for (size_t i = 0; i < world->n_marks; i++) {
		const struct ww_drill_mark *mark = &world->marks[(first + i) % world->n_marks];
		const char *at = memmem(bytes, len, mark->bytes, mark->len);
		if (at)
			return (size_t)(at - bytes) + 1 + ww_rng_below(&world->rng, mark->len - 1);
	}
	return 0;
}

static struct ww_talk_cuts draw_cuts(
	struct ww_drill_world *world, const char *bytes, size_t len, uint32_t in_1000)
{
	struct ww_talk_cuts cuts = {.n_at = 0};
	if (len < 3 || !ww_drill_chance(world, in_1000))
		return cuts;
	size_t first = ww_drill_chance(world, SPLIT_IN_MARK) ? place_in_mark(world, bytes, len) : 0;
	if (first == 0)
		first = 1 + ww_rng_below(&world->rng, len - 1);
	cuts.at[cuts.n_at++] = first;
	if (ww_drill_chance(world, 300) && first + 1 < len)
		cuts.at[cuts.n_at++] = first + 1 + ww_rng_below(&world->rng, len - first - 1);
	cuts.is_swapped = ww_drill_chance(world, SWAPPED);
	return cuts;
}

/* One line of a dialog; `side` 0 is who opened the talk. The loader's notation was checked. */
static void say(struct ww_drill_world *world, struct ww_talk *talk, int side, const char *text,
	const struct ww_content_names *names, uint32_t split_in_1000)
{
	struct ww_buf line = WW_BUF_INIT;
	ww_content_expand(&line, text, strlen(text), names);
	if (line.failed) {
		talk->failed = true;
	} else if (talk->proto == WW_PROTO_UDP) {
		ww_talk_datagram(talk, side, line.data, line.len);
	} else {
		struct ww_talk_cuts cuts =
			draw_cuts(world, ww_buf_text(&line), line.len, split_in_1000);
		ww_talk_say(talk, side, ww_buf_text(&line), line.len, &cuts);
	}
	ww_buf_done(&line);
}

static int side_of(const struct ww_stage *stage, enum ww_role role)
{
	return role == stage->from ? 0 : 1;
}

static void reach(struct chain *chain, size_t stage, int64_t at_us)
{
	int64_t *known = &chain->world->cases[chain->victim_case].stage_us[stage];
	if (*known == 0)
		*known = at_us;
}

static struct ww_ports stage_port(const struct ww_drill_world *world, const struct ww_stage *stage)
{
	return stage->port.proto ? stage->port : world->port;
}

static struct ww_talk *stage_talk(struct chain *chain, const struct ww_stage *stage, int64_t at_us)
{
	struct ww_drill_world *world = chain->world;
	uint32_t client = stage->from == WW_ROLE_ATTACKER ? chain->attacker : chain->victim;
	uint32_t server = stage->from == WW_ROLE_ATTACKER ? chain->victim : chain->attacker;
	struct ww_ports port = stage_port(world, stage);
	return ww_drill_talk(
		world, client, server, world->hosts[server].ip, port.proto, port.low, at_us);
}

/*
 * TFTP (RFC 1350): the request goes to port 69, data come in blocks of 512 bytes, the last is
 * shorter. Most servers answer from a port of their own; Blaster's answered from 69.
 * Returns when the last acknowledgement was sent.
 */
static int64_t play_transfer(struct chain *chain, size_t which, int64_t at_us)
{
	enum { BLOCK = 512 };
	const struct ww_stage *stage = &chain->world->advisory->stages[which];
	struct ww_talk *talk = stage_talk(chain, stage, at_us);
	if (!talk)
		return at_us;
	struct ww_buf packet = WW_BUF_INIT;
	static const char filler[] = "inert filler of a Wormwood drill, no program ... ";
	ww_buf_add(&packet, "\0\1", 2);
	ww_buf_add(&packet, stage->transfer_file, strlen(stage->transfer_file) + 1);
	ww_buf_add(&packet, "octet", 6);
	ww_talk_datagram(talk, 0, packet.data, packet.len);
	if (ww_drill_chance(chain->world, 500))
		talk->port[1] = ww_drill_port(chain->world, talk->host[1]);
	uint32_t n_blocks = stage->transfer_bytes / BLOCK + 1;
	for (uint32_t block = 1; block <= n_blocks && !talk->failed; block++) {
		uint32_t len = block < n_blocks ? BLOCK : stage->transfer_bytes % BLOCK;
		uint8_t header[4] = {0, 3, (uint8_t)(block >> 8), (uint8_t)block};
		ww_buf_reset(&packet);
		ww_buf_add(&packet, header, 4);
		for (uint32_t i = 0; i < len; i++)
			ww_buf_addc(&packet, filler[i % (sizeof(filler) - 1)]);
		ww_talk_datagram(talk, 1, packet.data, packet.len);
		header[1] = 4;
		ww_talk_datagram(talk, 0, header, 4);
	}
	talk->failed |= packet.failed;
	ww_buf_done(&packet);
	int64_t end_us = talk->clock_us;
	reach(chain, which, at_us);
	ww_drill_play(chain->world, talk);
	return end_us;
}

/* The stage after `which`, when it is the transfer that the line `text` asks for. */
static bool asks_for_next(const struct ww_advisory *advisory, size_t which, const char *text)
{
	if (which + 1 >= advisory->n_stages || !advisory->stages[which + 1].transfer_file)
		return false;
	return strstr(text, advisory->stages[which + 1].transfer_file) != NULL;
}

/* Plays the lines of a stage on `talk`; the transfer that a line asks for happens meanwhile. */
static void play_lines(struct chain *chain, size_t which, struct ww_talk *talk, uint32_t split)
{
	struct ww_drill_world *world = chain->world;
	const struct ww_stage *stage = &world->advisory->stages[which];
	for (size_t i = 0; i < stage->n_dialog; i++) {
		const struct ww_dialog *line = &stage->dialog[i];
		if (i > 0 || talk->proto == WW_PROTO_TCP)
			ww_talk_wait(talk, ww_drill_span(world, 5000, 300000));
		if (i == 0)
			reach(chain, which, talk->clock_us);
		say(world, talk, side_of(stage, line->from), line->send, &chain->names, split);
		if (!chain->is_success || chain->n_played > which + 1 ||
			!asks_for_next(world->advisory, which, line->send))
			continue;
		int64_t begin_us = talk->clock_us + ww_drill_span(world, 20000, 400000);
		int64_t end_us = play_transfer(chain, which + 1, begin_us);
		chain->n_played = which + 2;
		talk->clock_us = end_us + ww_drill_span(world, 200000, 2000000);
	}
}

static bool has_conversation(const struct ww_stage *stage)
{
	return stage->n_dialog > 0 || stage->transfer_file || stage->event == WW_STAGE_CONNECTION;
}

/* Whether a stage is said on the connection that the scan opened. */
static bool rides_on_carrier(const struct ww_drill_world *world, const struct ww_stage *stage)
{
	struct ww_ports port = stage_port(world, stage);
	return stage->from == WW_ROLE_ATTACKER && stage->n_dialog > 0 && !stage->transfer_file &&
	       ww_ports_contain(&port, world->port.proto, world->port.low);
}

/* A stage with a connection of its own. */
static void play_stage(struct chain *chain, size_t which)
{
	struct ww_drill_world *world = chain->world;
	const struct ww_stage *stage = &world->advisory->stages[which];
	int64_t longest_us =
		stage->within_s > 0 && stage->within_s < 8 ? stage->within_s * 125000 : 1500000;
	chain->clock_us += ww_drill_span(world, longest_us / 5, longest_us);
	if (stage->transfer_file) {
		chain->clock_us = play_transfer(chain, which, chain->clock_us);
		return;
	}
	struct ww_talk *talk = stage_talk(chain, stage, chain->clock_us);
	if (!talk)
		return;
	if (stage->n_dialog == 0)
		reach(chain, which, chain->clock_us);
	if (talk->proto == WW_PROTO_TCP)
		ww_talk_connect(talk);
	play_lines(chain, which, talk, CARRIER_SPLIT / 4);
	if (talk->proto == WW_PROTO_TCP)
		ww_talk_close(talk, 0);
	else if (talk->n_packets == 0)
		ww_talk_datagram(talk, 0, "", 0);
	chain->clock_us = talk->clock_us;
	ww_drill_play(world, talk);
}

/* The stages after the first connection. Returns when the victim begins to scan. */
static int64_t play_rest(struct chain *chain)
{
	struct ww_drill_world *world = chain->world;
	const struct ww_advisory *advisory = world->advisory;
	int64_t scan_us = 0;
	while (chain->n_played < advisory->n_stages) {
		size_t which = chain->n_played++;
		const struct ww_stage *stage = &advisory->stages[which];
		if (stage->event == WW_STAGE_SCAN) {
			scan_us = chain->clock_us + ww_drill_span(world, 500000, 3000000);
			reach(chain, which, scan_us);
			continue;
		}
		/* What comes after the spread (a visit by the back door) comes late, and not to
		 * all. */
		if (scan_us && !ww_drill_chance(world, 500))
			continue;
		if (scan_us)
			chain->clock_us = scan_us + ww_drill_span(world, 5000000, 30000000);
		if (has_conversation(stage))
			play_stage(chain, which);
	}
	return scan_us ? scan_us : chain->clock_us + ww_drill_span(world, 500000, 3000000);
}

/* When the victim counts as infected: the first stage that says so, or its own first scan. */
static int64_t infected_at(const struct chain *chain, int64_t scan_us)
{
	const struct ww_advisory *advisory = chain->world->advisory;
	const struct ww_drill_case *victim = &chain->world->cases[chain->victim_case];
	for (size_t i = 0; i < advisory->n_stages; i++)
		if (advisory->stages[i].sets >= WW_HOST_TAKEN_OVER && victim->stage_us[i])
			return victim->stage_us[i];
	return scan_us;
}

/* The attack that does not work: reset, closed, or no shell where the worm looks for one. */
static void play_failure(struct chain *chain, struct ww_talk *talk)
{
	struct ww_drill_world *world = chain->world;
	const struct ww_advisory *advisory = world->advisory;
	if (talk->proto == WW_PROTO_UDP)
		return;
	uint64_t manner = ww_rng_below(&world->rng, 3);
	if (manner == 0)
		ww_talk_reset(talk, 1);
	else
		ww_talk_close(talk, manner == 1 ? 1 : 0);
	for (size_t i = chain->n_played; manner == 2 && i < advisory->n_stages; i++) {
		struct ww_ports port = stage_port(world, &advisory->stages[i]);
		bool is_knock = advisory->stages[i].from == WW_ROLE_ATTACKER &&
				port.proto == WW_PROTO_TCP && port.low != world->port.low;
		if (!is_knock)
			continue;
		int64_t at_us = talk->clock_us + ww_drill_span(world, 200000, 900000);
		struct ww_talk *knock = stage_talk(chain, &advisory->stages[i], at_us);
		if (knock)
			ww_talk_refuse(knock);
		ww_drill_play(world, knock);
		break;
	}
}

/* The first connection: what the scan opened, and the lines that ride on it. */
static void play_carrier(struct chain *chain, struct ww_talk *talk)
{
	struct ww_drill_world *world = chain->world;
	const struct ww_advisory *advisory = world->advisory;
	if (talk->proto == WW_PROTO_TCP)
		ww_talk_connect(talk);
	bool is_carried = false;
	while (chain->n_played < advisory->n_stages) {
		size_t which = chain->n_played;
		const struct ww_stage *stage = &advisory->stages[which];
		bool is_contact = stage->event == WW_STAGE_CONTACT;
		bool is_ours = stage->event != WW_STAGE_SCAN && rides_on_carrier(world, stage);
		if (!is_contact && (is_carried || !is_ours))
			break;
		chain->n_played++;
		if (is_contact)
			reach(chain, which, world->now_us);
		if (is_ours)
			play_lines(chain, which, talk, CARRIER_SPLIT);
		is_carried = is_carried || is_ours;
	}
	if (!chain->is_success)
		play_failure(chain, talk);
	else if (talk->proto == WW_PROTO_TCP)
		ww_talk_close(talk, 0);
	chain->clock_us = talk->clock_us;
}

/* An exploit that fails is sent all the same; the stage that it would have reached is not. */
static void forget_success(struct chain *chain)
{
	const struct ww_advisory *advisory = chain->world->advisory;
	for (size_t i = 0; i < advisory->n_stages; i++)
		if (advisory->stages[i].sets >= WW_HOST_TAKEN_OVER)
			chain->world->cases[chain->victim_case].stage_us[i] = 0;
}

static void attack_host(struct ww_drill_world *world, uint32_t of_case, uint32_t victim)
{
	struct ww_drill_host *host = &world->hosts[victim];
	uint32_t attacker = world->cases[of_case].host;
	struct ww_talk *talk = ww_drill_talk(world, attacker, victim, host->ip, world->port.proto,
		world->port.low, world->now_us);
	if (!talk)
		return;
	bool is_infected = host->of_case != WW_DRILL_NONE && world->cases[host->of_case].infected;
	bool is_closed =
		!(host->flags & WW_DRILL_OPEN) || (is_infected && ww_drill_chance(world, 500));
	if (is_closed && world->port.proto == WW_PROTO_TCP) {
		ww_talk_refuse(talk);
		ww_drill_play(world, talk);
		return;
	}
	struct chain chain = {
		.world = world,
		.attacker = attacker,
		.victim = victim,
		.victim_case = ww_drill_case_of(world, victim),
		.names = {.attacker = world->hosts[attacker].ip, .victim = host->ip},
		.clock_us = world->now_us,
	};
	if (world->cases[chain.victim_case].contact_us == 0)
		world->cases[chain.victim_case].contact_us = world->now_us;
	chain.is_success = (host->flags & WW_DRILL_VULNERABLE) && !is_infected && !is_closed &&
			   !world->is_over && ww_drill_chance(world, EXPLOIT_WORKS);
	play_carrier(&chain, talk);
	if (is_closed)
		ww_talk_unreachable(talk);
	if (!chain.is_success && !is_infected)
		forget_success(&chain);
	if (!ww_drill_play(world, talk))
		return;
	ww_drill_note(world, world->now_us, talk,
		chain.is_success ? WW_DRILL_TAKEN_OVER : WW_DRILL_FAILED);
	if (!chain.is_success)
		return;
	int64_t scan_us = play_rest(&chain);
	ww_drill_infect(world, chain.victim_case, of_case, infected_at(&chain, scan_us), scan_us);
}

/* A SYN is drawn from its addresses, so that its repetition is the same segment. */
static void write_syn(struct ww_drill_world *world, uint32_t host, uint32_t ip, uint16_t port)
{
	struct ww_hash_key key = ww_hash_key_fixed(world->plan.seed);
	struct ww_talk_packet packet = {
		.at_us = world->now_us,
		.seq = (uint32_t)ww_hash_2(&key, (uint64_t)host << 32 | ip, port),
		.sport = port,
		.dport = world->port.low,
		.flags = WW_FRAME_SYN,
	};
	struct ww_talk talk = {
		.ip = {world->hosts[host].ip, ip},
		.host = {host, WW_DRILL_NONE},
		.proto = WW_PROTO_TCP,
		.packets = &packet,
		.n_packets = 1,
		.bytes = WW_BUF_INIT,
	};
	ww_drill_write(world, &talk, 0);
}

/* Nobody lives there. */
static void attack_nobody(struct ww_drill_world *world, uint32_t of_case, uint32_t ip)
{
	uint32_t host = world->cases[of_case].host;
	if (world->port.proto == WW_PROTO_UDP) {
		struct ww_talk *talk = ww_drill_talk(world, host, WW_DRILL_NONE, ip, WW_PROTO_UDP,
			world->port.low, world->now_us);
		struct chain chain = {
			.world = world,
			.attacker = host,
			.victim_case = of_case,
			.names = {.attacker = world->hosts[host].ip, .victim = ip},
		};
		struct ww_drill_case before = world->cases[of_case];
		if (talk)
			play_carrier(&chain, talk);
		world->cases[of_case] = before; /* the stages are not the scanner's own */
		ww_drill_play(world, talk);
		return;
	}
	uint16_t port = ww_drill_port(world, host);
	write_syn(world, host, ip, port);
	/* A volley's sockets are closed before the stack would try again; other worms wait. */
	if (!world->advisory->propagation.addresses.sequential)
		ww_drill_put(world, world->now_us + SYN_AGAIN_US, WW_DRILL_AGAIN, of_case,
			(uint64_t)port << 32 | ip);
}

void ww_drill_repeat_syn(struct ww_drill_world *world, const struct ww_drill_event *event)
{
	write_syn(world, world->cases[event->id].host, (uint32_t)event->detail,
		(uint16_t)(event->detail >> 32));
}

void ww_drill_attack(struct ww_drill_world *world, uint32_t of_case, uint32_t ip)
{
	uint32_t victim = ww_drill_host_at(world, ip);
	if (victim == WW_DRILL_NONE || (world->hosts[victim].flags & WW_DRILL_OUTER))
		attack_nobody(world, of_case, ip);
	else
		attack_host(world, of_case, victim);
}

void ww_drill_decoy(struct ww_drill_world *world, uint32_t client)
{
	const struct ww_advisory *advisory = world->advisory;
	size_t n = 0;
	for (size_t i = 0; i < advisory->n_stages; i++)
		n += advisory->stages[i].n_decoys;
	if (n == 0)
		return;
	size_t wanted = ww_rng_below(&world->rng, n), which = 0;
	while (wanted >= advisory->stages[which].n_decoys)
		wanted -= advisory->stages[which++].n_decoys;
	const struct ww_stage *stage = &advisory->stages[which];
	struct ww_ports port = stage_port(world, stage);
	bool is_attacked_port = ww_ports_contain(&port, world->port.proto, world->port.low);
	uint32_t server = is_attacked_port && world->n_polled
				  ? world->polled[ww_rng_below(&world->rng, world->n_polled)]
				  : ww_drill_server(world, client);
	if (server == client)
		return;
	struct ww_content_names names = {world->hosts[client].ip, world->hosts[server].ip};
	struct ww_talk *talk = ww_drill_talk(
		world, client, server, names.victim, port.proto, port.low, world->now_us);
	if (!talk)
		return;
	if (port.proto == WW_PROTO_TCP)
		ww_talk_connect(talk);
	const struct ww_dialog *line = &stage->decoys[wanted];
	say(world, talk, side_of(stage, line->from), line->send, &names, CARRIER_SPLIT);
	if (port.proto == WW_PROTO_TCP) {
		ww_talk_wait(talk, ww_drill_span(world, 1000, 60000));
		ww_talk_say(talk, 1, "\5\0\2\3\x10\0\0\0\x18\0\0\0\1\0\0\0", 16, NULL);
		ww_talk_close(talk, 0);
	}
	if (ww_drill_play(world, talk))
		ww_drill_note(world, world->now_us, talk, WW_DRILL_DECOY);
}
