/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * A rehearsal: from one advisory, a capture of an outbreak that never was, and the truth about it.
 *
 * Inert by construction: the payloads are the markers that the advisory lists under
 * network.stages[].dialog, TTL is 1, MAC addresses are locally administered, and no packet is
 * sent. Deterministic: the same advisory, plan and seed give the same bytes on every machine.
 *
 * The network: `hosts` addresses in use in 1-16 blocks 10.<n>.0.0/16 (one more for every 250), of
 * which seven in ten, or more where `infected` needs it, can be taken; 64 servers and patient zero
 * are outside. The epidemic runs by the advisory's propagation (addresses, threads, rate) until
 * `infected` hosts are infected, then 45 s more in which every further attack fails, or until
 * `duration_s` passed; what has begun is played to its end. Clients and servers talk in the
 * background, 5 % of connections fail, decoys look like the attack and are none.
 *
 * The one thing that is not as on the Internet: of the uniform picks (and of the uniform starts of
 * a sequential worm) three in four fall into the drill's blocks and one anywhere in unicast IPv4,
 * so that an outbreak reaches its size in minutes of packet time. Picks near the own address are
 * the worm's own. All picks of patient zero fall into the blocks: a sensor inside sees only those.
 *
 * Cost: under 1 us a packet; 60,000 hosts and 20 M packets took 15 CPU seconds and 145 MB, most of
 * it the truth, which is composed in memory. At most 65,536 conversations and 1 M events are under
 * way; what does not fit is dropped and counted in the truth's summary. Beyond 4 M attacked
 * sessions the drill fails with -ENOMEM. Takes the advisory as loaded: who writes one controls
 * payloads, which are at most 64 KB a line, and nothing else. One thread at a time.
 */
#include "advisory/advisory.h"

#include <stdint.h>

struct ww_drill_plan {
	uint64_t seed;
	uint32_t hosts;          /* addresses in use, 2-60,000 (default 500) */
	uint32_t infected;       /* stop when so many are infected (0: half of hosts) */
	double duration_s;       /* at most so long, up to 30 days (default 3,600) */
	double background_per_s; /* connections a second, all hosts together (default 20) */
	uint64_t max_packets;    /* stop beyond (default 20 M) */
	int64_t start_us;        /* packet clock of the first packet (default 2003-08-12) */
};

struct ww_drill_result {
	uint64_t packets;
	uint32_t infected;  /* patient zero included */
	uint32_t attempted; /* hosts that were attacked in vain */
	uint32_t decoys;    /* conversations that look like the attack and are none */
};

struct ww_drill_plan ww_drill_plan_default(void);

/*
 * Writes DIR/capture.pcap, DIR/truth.jsonl and DIR/README.txt; DIR is made and must not hold them
 * already. Returns 0; -EEXIST; -EINVAL with *err when the advisory lacks what a drill needs (named)
 * or the plan is out of range; another negative errno.
 *
 * truth.jsonl has one object a line: {"type":"plan",…}, then for each host of the outbreak
 * {"type":"host","ip":…,"infected":true,"infected_at":…,"parent":…|null,"generation":n,
 *  "first_contact_at":…,"stages":[{"stage":…,"time":…}],"scanned":n,"scan_from":…} ("scanned" are
 * the addresses it tried; a host that was attacked in vain has "infected":false), for each
 * attacked session
 * {"type":"session","attacker":…,"victim":…,"time":…,"outcome":"taken_over|failed|decoy",
 *  "proto":…,"client_port":n,"server_port":n}, and {"type":"summary",…}.
 */
int ww_drill_make(const struct ww_advisory *advisory, const struct ww_drill_plan *plan,
	const char *dir, struct ww_drill_result *ret, struct ww_err *err);
