// SPDX-License-Identifier: GPL-3.0-or-later
#include "drill/world.h"

#include "drill/content.h"

#include <stdlib.h>

/* TEST-NET-3 and TEST-NET-2 (RFC 5737): 203.0.113.77; 198.51.100.1 and up. */
#define PATIENT_ZERO    UINT32_C(0xcb00714d)
#define OUTSIDE_SERVERS UINT32_C(0xc6336401)

enum { NETWORKS = 200 /* /24s in use in a block at most */ };

int64_t ww_drill_span(struct ww_drill_world *world, int64_t low_us, int64_t high_us)
{
	return low_us + (int64_t)ww_rng_below(&world->rng, (uint64_t)(high_us - low_us) + 1);
}

bool ww_drill_chance(struct ww_drill_world *world, uint32_t in_1000)
{
	return ww_rng_below(&world->rng, 1000) < in_1000;
}

uint32_t ww_drill_host_at(const struct ww_drill_world *world, uint32_t ip)
{
	for (int i = 0; i < world->n_blocks; i++)
		if ((ip & 0xffff0000) == world->blocks[i])
			return world->lookup[i][ip & 0xffff] ? world->lookup[i][ip & 0xffff]
							     : WW_DRILL_NONE;
	for (uint32_t i = world->n_inside + 1; i < world->n_hosts; i++)
		if (world->hosts[i].ip == ip)
			return i;
	return ip == PATIENT_ZERO ? 0 : WW_DRILL_NONE;
}

uint16_t ww_drill_port(struct ww_drill_world *world, uint32_t host)
{
	struct ww_drill_host *entry = &world->hosts[host];
	if (entry->next_port < 1025)
		entry->next_port = 1025;
	return entry->next_port++;
}

uint32_t ww_drill_server(struct ww_drill_world *world, uint32_t host)
{
	for (;;) {
		uint32_t server = world->servers[ww_rng_below(&world->rng, world->n_servers)];
		if (server != host)
			return server;
	}
}

static void add_host(struct ww_drill_world *world, uint32_t ip, uint8_t flags)
{
	/* One draw a statement: the order inside an expression is the compiler's. */
	uint16_t next_port = (uint16_t)(1025 + ww_rng_below(&world->rng, 3000));
	uint16_t ip_id = (uint16_t)ww_rng_u64(&world->rng);
	world->hosts[world->n_hosts++] = (struct ww_drill_host){
		.ip = ip,
		.of_case = WW_DRILL_NONE,
		.next_port = next_port,
		.ip_id = ip_id,
		.flags = flags,
	};
}

/* Distinct 10.<n>.0.0/16, ascending in no order but the seed's. */
static int make_blocks(struct ww_drill_world *world)
{
	uint32_t wanted = 1 + (world->plan.hosts - 1) / WW_DRILL_PER_BLOCK;
	while (world->n_blocks < (int)wanted && world->n_blocks < WW_DRILL_BLOCKS) {
		uint32_t block = 10u << 24 | (uint32_t)(1 + ww_rng_below(&world->rng, 254)) << 16;
		bool is_new = true;
		for (int i = 0; i < world->n_blocks; i++)
			is_new = is_new && world->blocks[i] != block;
		if (!is_new)
			continue;
		world->lookup[world->n_blocks] = calloc(65536, sizeof(uint16_t));
		if (!world->lookup[world->n_blocks])
			return -ENOMEM;
		world->blocks[world->n_blocks++] = block;
	}
	return 0;
}

/* Hosts live in about one /24 for every six, spread over the blocks: what a worm can find. */
static void make_hosts(struct ww_drill_world *world)
{
	uint32_t per_block = world->plan.hosts / (uint32_t)world->n_blocks + 1;
	uint32_t n_networks = per_block / 6 + 2 > NETWORKS ? NETWORKS : per_block / 6 + 2;
	uint8_t networks[WW_DRILL_BLOCKS][NETWORKS];
	for (int i = 0; i < world->n_blocks; i++) {
		uint8_t all[256];
		for (int k = 0; k < 256; k++)
			all[k] = (uint8_t)k;
		for (uint32_t k = 0; k < n_networks; k++) {
			uint32_t other = k + (uint32_t)ww_rng_below(&world->rng, 256 - k);
			networks[i][k] = all[other];
			all[other] = all[k];
		}
	}
	add_host(world, PATIENT_ZERO, WW_DRILL_OUTER | WW_DRILL_VULNERABLE);
	for (uint32_t i = 0; i < world->plan.hosts;) {
		uint32_t block = i % (uint32_t)world->n_blocks;
		uint32_t network = networks[block][ww_rng_below(&world->rng, n_networks)];
		uint32_t low = network << 8 | (uint32_t)(1 + ww_rng_below(&world->rng, 254));
		if (world->lookup[block][low])
			continue;
		world->lookup[block][low] = (uint16_t)world->n_hosts;
		add_host(world, world->blocks[block] | low, 0);
		i++;
	}
	world->n_inside = world->plan.hosts;
	for (uint32_t i = 0; i < WW_DRILL_OUTSIDE; i++)
		add_host(world, OUTSIDE_SERVERS + i, WW_DRILL_OUTER | WW_DRILL_SERVER);
}

/* Who is vulnerable, who serves, who watches over the others, who calls a dead server. */
static int give_parts(struct ww_drill_world *world)
{
	uint32_t n = world->n_inside, n_servers = n / 10 + 1;
	uint32_t needed = world->plan.infected + world->plan.infected / 4;
	uint32_t n_vulnerable = (uint32_t)((uint64_t)n * 7 / 10);
	n_vulnerable = n_vulnerable < needed ? needed : n_vulnerable;
	n_vulnerable = n_vulnerable > n ? n : n_vulnerable;
	uint32_t *order = calloc(n, sizeof(*order));
	world->servers = calloc(n_servers + WW_DRILL_OUTSIDE, sizeof(*world->servers));
	if (!order || !world->servers) {
		free(order);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t other = (uint32_t)ww_rng_below(&world->rng, i + 1);
		order[i] = order[other];
		order[other] = i + 1;
	}
	for (uint32_t i = 0; i < n; i++) {
		struct ww_drill_host *host = &world->hosts[order[i]];
		bool is_open = i < n_vulnerable || ww_drill_chance(world, 400);
		host->flags |= i < n_vulnerable ? WW_DRILL_VULNERABLE : 0;
		host->flags |= is_open && n - i > 2 ? WW_DRILL_OPEN : 0;
	}
	if (n_vulnerable + 2 <= n) {
		world->monitor = order[n - 1];
		world->dead_client = order[n - 2];
	}
	for (uint32_t i = 0; i < n && world->n_polled < WW_N(world->polled); i++)
		if (world->hosts[order[i]].flags & WW_DRILL_OPEN)
			world->polled[world->n_polled++] = order[i];
	free(order);
	for (uint32_t i = 0; i < n_servers; i++) {
		uint32_t server = (uint32_t)(1 + ww_rng_below(&world->rng, n));
		world->hosts[server].flags |= WW_DRILL_SERVER;
		world->servers[world->n_servers++] = server;
	}
	for (uint32_t i = n + 1; i < world->n_hosts; i++)
		world->servers[world->n_servers++] = i;
	do
		world->dead_ip = world->blocks[0] | (uint32_t)ww_rng_below(&world->rng, 65536);
	while (ww_drill_host_at(world, world->dead_ip) != WW_DRILL_NONE);
	return 0;
}

static void add_mark(void *context, const void *bytes, size_t len)
{
	struct ww_drill_world *world = context;
	if (world->n_marks == WW_DRILL_MARKS || len < 2 || len > sizeof(world->marks[0].bytes))
		return;
	memcpy(world->marks[world->n_marks].bytes, bytes, len);
	world->marks[world->n_marks++].len = len;
}

int ww_drill_world_init(struct ww_drill_world *world, const struct ww_advisory *advisory,
	const struct ww_drill_plan *plan, struct ww_err *err)
{
	*world = (struct ww_drill_world){
		.advisory = advisory,
		.plan = *plan,
		.rng = ww_rng_seeded(plan->seed),
		.monitor = WW_DRILL_NONE,
		.dead_client = WW_DRILL_NONE,
		.port = advisory->propagation.port,
		.heap = ww_drill_heap_init(WW_DRILL_EVENTS),
		.now_us = plan->start_us,
		.stop_us = plan->start_us + (int64_t)(plan->duration_s * 1e6),
	};
	size_t n_hosts = (size_t)plan->hosts + 1 + WW_DRILL_OUTSIDE;
	world->hosts = calloc(n_hosts, sizeof(*world->hosts));
	world->cases = calloc((size_t)plan->hosts + 1, sizeof(*world->cases));
	world->talks = calloc(WW_DRILL_TALKS, sizeof(struct ww_talk *));
	world->free_talks = calloc(WW_DRILL_TALKS, sizeof(*world->free_talks));
	if (!world->hosts || !world->cases || !world->talks || !world->free_talks)
		return -ENOMEM;
	int rc = make_blocks(world);
	if (rc < 0)
		return rc;
	make_hosts(world);
	rc = give_parts(world);
	for (size_t i = 0; i < advisory->n_rules; i++)
		if (advisory->rules[i].text)
			ww_content_each_mark(advisory->rules[i].text, add_mark, world);
	return rc;
}

void ww_drill_world_done(struct ww_drill_world *world)
{
	for (uint32_t i = 0; i < world->n_talks; i++)
		ww_talk_free(&world->talks[i]);
	for (int i = 0; i < world->n_blocks; i++)
		free(world->lookup[i]);
	ww_drill_heap_done(&world->heap);
	free(world->hosts);
	free(world->servers);
	free(world->talks);
	free(world->free_talks);
	free(world->cases);
	free(world->sessions);
	*world = (struct ww_drill_world){0};
}
