// SPDX-License-Identifier: GPL-3.0-or-later
#include "drill/world.h"

#include "base/json.h"
#include "value/when.h"

#include <stdio.h>

static void put_ip(struct ww_json *json, const char *key, uint32_t address)
{
	char text[WW_IP_TEXT_MAX];
	struct ww_ip ip = ww_ip_from_v4(address);
	ww_json_string(json, key, ww_ip_print(&ip, text));
}

static void put_time(struct ww_json *json, const char *key, int64_t time_us)
{
	char text[WW_WHEN_TEXT_MAX];
	if (time_us == 0)
		ww_json_null(json, key);
	else
		ww_json_string(json, key, ww_when_print(time_us, text));
}

static void end_line(struct ww_json *json, struct ww_buf *out)
{
	ww_json_end(json, '}');
	ww_buf_addc(out, '\n');
}

static void put_plan(struct ww_buf *out, const struct ww_drill_world *world)
{
	struct ww_json json = ww_json_to(out);
	char port[WW_PORTS_TEXT_MAX], seed[24];
	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)world->plan.seed);
	ww_json_object(&json, NULL);
	ww_json_string(&json, "type", "plan");
	ww_json_string(&json, "advisory", world->advisory->id);
	ww_json_string(&json, "seed", seed); /* text: 64 bits do not fit a JSON number everywhere */
	ww_json_int(&json, "hosts", world->plan.hosts);
	ww_json_int(&json, "infected", world->plan.infected);
	put_time(&json, "start", world->plan.start_us);
	ww_json_string(&json, "port", ww_ports_print(&world->port, port));
	ww_json_string(&json, "strategy", ww_drill_strategy(world->advisory));
	ww_json_array(&json, "blocks");
	for (int i = 0; i < world->n_blocks; i++) {
		char text[WW_IP_TEXT_MAX + 4], ip_text[WW_IP_TEXT_MAX];
		struct ww_ip ip = ww_ip_from_v4(world->blocks[i]);
		snprintf(text, sizeof(text), "%s/16", ww_ip_print(&ip, ip_text));
		ww_json_string(&json, NULL, text);
	}
	ww_json_end(&json, ']');
	end_line(&json, out);
}

static void put_case(
	struct ww_buf *out, const struct ww_drill_world *world, const struct ww_drill_case *host)
{
	const struct ww_advisory *advisory = world->advisory;
	struct ww_json json = ww_json_to(out);
	ww_json_object(&json, NULL);
	ww_json_string(&json, "type", "host");
	put_ip(&json, "ip", world->hosts[host->host].ip);
	ww_json_bool(&json, "infected", host->infected);
	put_time(&json, "infected_at", host->infected_us);
	if (host->parent == WW_DRILL_NONE)
		ww_json_null(&json, "parent");
	else
		put_ip(&json, "parent", world->hosts[world->cases[host->parent].host].ip);
	if (host->infected)
		ww_json_int(&json, "generation", host->generation);
	else
		ww_json_null(&json, "generation");
	put_time(&json, "first_contact_at", host->contact_us);
	ww_json_array(&json, "stages");
	for (size_t i = 0; i < advisory->n_stages; i++) {
		if (host->stage_us[i] == 0)
			continue;
		ww_json_object(&json, NULL);
		ww_json_string(&json, "stage", advisory->stages[i].id);
		put_time(&json, "time", host->stage_us[i]);
		ww_json_end(&json, '}');
	}
	ww_json_end(&json, ']');
	ww_json_int(&json, "scanned", (int64_t)host->scanned);
	if (host->scanned) {
		put_time(&json, "scan_from", host->scan_us);
		if (advisory->propagation.addresses.sequential)
			put_ip(&json, "scan_start", host->start_ip);
	}
	end_line(&json, out);
}

static void put_session(struct ww_buf *out, const struct ww_drill_world *world,
	const struct ww_drill_session *session)
{
	static const char *const outcomes[] = {"taken_over", "failed", "decoy"};
	struct ww_json json = ww_json_to(out);
	ww_json_object(&json, NULL);
	ww_json_string(&json, "type", "session");
	put_ip(&json, "attacker", world->hosts[session->attacker].ip);
	put_ip(&json, "victim", world->hosts[session->victim].ip);
	put_time(&json, "time", session->time_us);
	ww_json_string(&json, "outcome", outcomes[session->outcome]);
	ww_json_string(&json, "proto", ww_proto_name(session->proto));
	ww_json_int(&json, "client_port", session->client_port);
	ww_json_int(&json, "server_port", session->server_port);
	end_line(&json, out);
}

void ww_drill_truth(struct ww_buf *out, const struct ww_drill_world *world)
{
	uint64_t n_outcomes[3] = {0, 0, 0};
	put_plan(out, world);
	for (uint32_t i = 0; i < world->n_cases; i++)
		put_case(out, world, &world->cases[i]);
	for (size_t i = 0; i < world->n_sessions; i++) {
		put_session(out, world, &world->sessions[i]);
		n_outcomes[world->sessions[i].outcome]++;
	}
	struct ww_json json = ww_json_to(out);
	ww_json_object(&json, NULL);
	ww_json_string(&json, "type", "summary");
	ww_json_int(&json, "packets", (int64_t)world->packets);
	ww_json_int(&json, "bytes", (int64_t)world->bytes);
	ww_json_int(&json, "infected", world->n_infected);
	ww_json_int(&json, "attacked", world->n_cases);
	ww_json_int(&json, "taken_over", (int64_t)n_outcomes[WW_DRILL_TAKEN_OVER]);
	ww_json_int(&json, "failed", (int64_t)n_outcomes[WW_DRILL_FAILED]);
	ww_json_int(&json, "decoys", (int64_t)n_outcomes[WW_DRILL_DECOY]);
	ww_json_int(&json, "dropped", (int64_t)world->dropped);
	put_time(&json, "first", world->plan.start_us);
	put_time(&json, "last", world->last_us);
	end_line(&json, out);
}

void ww_drill_readme(struct ww_buf *out, const struct ww_drill_world *world)
{
	const struct ww_drill_plan *plan = &world->plan;
	ww_buf_addf(out,
		"Wormwood drill: a rehearsal of '%s', seed %llu\n"
		"\n"
		"FOR AN ISOLATED LAB ONLY. Nothing in here has happened and nothing in here can "
		"run:\n"
		"the payloads are the inert markers of the advisory and lines of filler text. "
		"Every\n"
		"packet has a TTL of 1 and a locally administered MAC address (02:00:...), so that "
		"a\n"
		"replay by mistake ends at the first router. Do not replay it into a network in "
		"use:\n"
		"sensors there will, rightly, raise the alarm.\n"
		"\n",
		world->advisory->id, (unsigned long long)plan->seed);
	ww_buf_addf(out,
		"capture.pcap   %llu packets, as a sensor that sees every packet of the drill's\n"
		"               network has them\n"
		"truth.jsonl    what really happened, one JSON object a line: the plan, each host "
		"of\n"
		"               the outbreak (infected or attacked in vain), each attacked session "
		"and\n"
		"               each decoy, a summary\n"
		"\n",
		(unsigned long long)world->packets);
	ww_buf_addf(out,
		"The network: %u hosts in /16 blocks of 10.0.0.0/8, in about one /24 for every six "
		"of\n"
		"them; servers outside are in 198.51.100.0/24; patient zero is outside.\n"
		"The worm: its propagation is the advisory's, mapped onto this small world: of "
		"its\n"
		"uniform picks (or uniform starting points) three in four fall into the drill's "
		"blocks\n"
		"and one anywhere in unicast IPv4; picks near the own address are the worm's own. "
		"All\n"
		"picks of patient zero fall into the blocks: a sensor inside sees only what comes "
		"in.\n"
		"Once %u hosts are infected (patient zero included) every further attack fails; "
		"the\n"
		"capture ends %d s after the last one began to scan.\n"
		"\n"
		"What must not alarm: the decoys, 5 %% failed connections, the client of a dead "
		"server,\n"
		"a monitor that asks up to 40 hosts in one breath, clients that open up to 50\n"
		"connections at once, ordinary use of the worm's ports.\n",
		plan->hosts, plan->infected, WW_DRILL_TAIL_S);
}
