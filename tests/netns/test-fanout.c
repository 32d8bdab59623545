// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Two rings of one interface share its packets by pairs of hosts: each packet reaches one of them,
 * and all that two hosts say to each other the same. Called by test-live in its namespace.
 *
 *   test-fanout INTERFACE PACKETS     (after "ready" the packets may be sent)
 */
#include "wire/capture/live.h"
#include "wire/packet/packet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RINGS = 2, PAIRS = 4096, ROUNDS = 300 };

struct pair {
	struct ww_ip low, high;
	int ring;
};

static struct pair pairs[PAIRS];
static size_t n_pairs;

static int fail(const char *what)
{
	fprintf(stderr, "test-fanout: %s\n", what);
	return 1;
}

/* False: these two were seen at the other ring. */
static bool same_ring(const struct ww_packet *packet, int ring)
{
	bool up = memcmp(&packet->src, &packet->dst, sizeof(packet->src)) < 0;
	const struct ww_ip *low = up ? &packet->src : &packet->dst;
	const struct ww_ip *high = up ? &packet->dst : &packet->src;
	for (size_t i = 0; i < n_pairs; i++)
		if (ww_ip_equal(&pairs[i].low, low) && ww_ip_equal(&pairs[i].high, high))
			return pairs[i].ring == ring;
	if (n_pairs < PAIRS)
		pairs[n_pairs++] = (struct pair){*low, *high, ring};
	return true;
}

int main(int argc, char **argv)
{
	struct ww_live *lives[RINGS] = {NULL};
	unsigned long wanted = argc > 2 ? strtoul(argv[2], NULL, 10) : 0, got[RINGS] = {0};
	struct ww_err err = {0};
	if (argc < 3)
		return fail("usage: test-fanout INTERFACE PACKETS");
	for (int i = 0; i < RINGS; i++) {
		const struct ww_live_wish wish = {
			.interface = argv[1], .ring_bytes = 4 << 20, .fanout = 77};
		if (ww_live_open(&wish, &lives[i], &err) != 0)
			return fail(err.text);
	}
	for (int i = 0; i < RINGS; i++)
		if (ww_live_start(lives[i], NULL, &err) != 0)
			return fail(err.text);
	puts("ready");
	fflush(stdout);
	for (int round = 0; round < ROUNDS && got[0] + got[1] < wanted; round++) {
		ww_live_wait(lives, RINGS, 100);
		for (int i = 0; i < RINGS; i++) {
			struct ww_frame frames[WW_BATCH];
			size_t n = 0;
			while (ww_live_read(lives[i], frames, &n) == WW_CAPTURE_MORE && n > 0) {
				for (size_t j = 0; j < n; j++) {
					struct ww_packet packet;
					ww_packet_decode(&frames[j], &packet);
					if (!same_ring(&packet, i))
						return fail("a pair of hosts is at both rings");
				}
				got[i] += n;
			}
		}
	}
	printf("%lu %lu of %lu, %zu pairs\n", got[0], got[1], wanted, n_pairs);
	for (int i = 0; i < RINGS; i++)
		ww_live_close(&lives[i]);
	if (got[0] + got[1] != wanted)
		return fail("not each packet reached one ring");
	return got[0] && got[1] ? 0 : fail("one ring had nothing");
}
