// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * How the worm picks the next address.
 *
 * The propagation of an advisory is about the Internet. A drill maps it onto its small world in
 * one place only: of the uniform picks (and of the uniform starts of a sequential worm) three in
 * four fall into the drill's own blocks, the fourth anywhere in unicast IPv4. Picks near the own
 * address are made as the worm makes them. Of patient zero, who is outside, a sensor inside sees
 * only what comes in, so all of its picks fall into the blocks.
 */
#include "drill/world.h"

enum { DEFAULT_THREADS = 20, DEFAULT_PER_S = 10, IN_BLOCKS = 750 /* of 1,000 uniform picks */ };

static uint32_t pick_in_blocks(struct ww_drill_world *world)
{
	uint32_t block = world->blocks[ww_rng_below(&world->rng, (uint64_t)world->n_blocks)];
	return block | (uint32_t)ww_rng_below(&world->rng, 65536);
}

/* Unicast addresses: not 0/8, 127/8, nor 224/3. */
static bool is_unicast(uint32_t ip)
{
	uint32_t first = ip >> 24;
	return first != 0 && first != 127 && first < 224;
}

static uint32_t pick_uniform(struct ww_drill_world *world)
{
	if (ww_drill_chance(world, IN_BLOCKS))
		return pick_in_blocks(world);
	for (;;) {
		uint32_t ip = (uint32_t)ww_rng_u64(&world->rng);
		if (is_unicast(ip))
			return ip;
	}
}

/* One draw of the mixture. What the weights leave over is uniform. */
static uint32_t pick(struct ww_drill_world *world, uint32_t own, bool *ret_is_near)
{
	const struct ww_address_mix *mix = &world->advisory->propagation.addresses;
	*ret_is_near = false;
	if (own == world->hosts[0].ip)
		return pick_in_blocks(world);
	double u = ww_rng_unit(&world->rng);
	uint32_t low = (uint32_t)ww_rng_u64(&world->rng);
	*ret_is_near = u < mix->same_24 + mix->same_16;
	if (u < mix->same_24)
		return (own & 0xffffff00) | (low & 0xff);
	if (u < mix->same_24 + mix->same_16)
		return (own & 0xffff0000) | (low & 0xffff);
	if (u < mix->same_24 + mix->same_16 + mix->same_8)
		return (own & 0xff000000) | (low & 0xffffff);
	return pick_uniform(world);
}

/*
 * Where a sequential worm begins: a /24 of the mixture; in the own /16 a little below the own /24,
 * so that the walk comes by its neighbours (for Blaster: C minus U{0..19} where C > 20, Symantec).
 */
static uint32_t pick_start(struct ww_drill_world *world, uint32_t own)
{
	bool is_near;
	uint32_t ip = pick(world, own, &is_near);
	uint32_t network = own >> 8 & 0xff;
	uint32_t back = (uint32_t)ww_rng_below(&world->rng, 20);
	if (is_near)
		ip = (own & 0xffff0000) | (network - (network > 20 ? back : 0)) << 8;
	return ip & 0xffffff00;
}

/* The next address of a walk. Patient zero's begins anew where it leaves the blocks. */
static uint32_t walk(struct ww_drill_world *world, struct ww_drill_case *scanner, uint32_t own)
{
	bool is_inside = false;
	for (int i = 0; i < world->n_blocks; i++)
		is_inside = is_inside || (scanner->next_ip & 0xffff0000) == world->blocks[i];
	if (scanner->scanned == 0)
		scanner->next_ip = scanner->start_ip = pick_start(world, own);
	else if ((scanner->host == 0 && !is_inside) || !is_unicast(scanner->next_ip))
		scanner->next_ip = pick_start(world, own);
	return scanner->next_ip++;
}

static double rate_per_s(const struct ww_drill_world *world)
{
	double rate = world->advisory->propagation.rate_per_s;
	return rate > 0 ? rate : DEFAULT_PER_S;
}

/* When the next attempt follows. A sequential worm makes its attempts in volleys of `threads`. */
static int64_t pause_us(struct ww_drill_world *world, struct ww_drill_case *scanner)
{
	const struct ww_propagation *propagation = &world->advisory->propagation;
	uint32_t threads = propagation->threads ? propagation->threads : DEFAULT_THREADS;
	int64_t mean_us = (int64_t)(1e6 / rate_per_s(world));
	mean_us = mean_us < 1 ? 1 : mean_us;
	if (!propagation->addresses.sequential)
		return ww_drill_span(world, 0, 2 * mean_us);
	int64_t gap_us = mean_us < 400 ? mean_us : 400;
	if (++scanner->burst < threads)
		return ww_drill_span(world, gap_us / 4, gap_us);
	scanner->burst = 0;
	int64_t volley_us = mean_us * threads;
	return ww_drill_span(world, volley_us * 9 / 10, volley_us * 11 / 10);
}

void ww_drill_scan(struct ww_drill_world *world, uint32_t of_case)
{
	struct ww_drill_case *scanner = &world->cases[of_case];
	uint32_t own = world->hosts[scanner->host].ip;
	bool is_sequential = world->advisory->propagation.addresses.sequential;
	bool is_near;
	uint32_t ip;
	do
		ip = is_sequential ? walk(world, scanner, own) : pick(world, own, &is_near);
	while (ip == own || !is_unicast(ip));
	scanner->scanned++;
	ww_drill_attack(world, of_case, ip);
	ww_drill_put(world, world->now_us + pause_us(world, scanner), WW_DRILL_SCAN, of_case, 0);
}

const char *ww_drill_strategy(const struct ww_advisory *advisory)
{
	const struct ww_address_mix *mix = &advisory->propagation.addresses;
	if (mix->sequential)
		return "sequential";
	return mix->same_8 + mix->same_16 + mix->same_24 > 0 ? "local-preference" : "uniform";
}
