/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * A rehearsal: from one advisory, a capture of an outbreak that never was, and the truth about it.
 *
 * Inert by construction: the payloads are the markers that the advisory lists under
 * network.stages[].dialog, TTL is 1, MAC addresses are locally administered, and no packet is
 * sent. Deterministic: the same advisory, plan and seed give the same bytes on every machine.
 *
 * The network: `hosts` addresses in use of 10.<n>.0.0/16 blocks, of them `vulnerable` can be taken;
 * one outside host is patient zero. The epidemic runs by the advisory's propagation (addresses,
 * threads, rate) until `until_infected` hosts are infected or `duration_s` passed; clients and
 * servers talk in the background, some connections fail, as they do.
 */
#include "advisory/advisory.h"

#include <stdint.h>

struct ww_drill_plan {
	uint64_t seed;
	uint32_t hosts;          /* addresses in use, 2-60,000 (default 500) */
	uint32_t infected;       /* stop when so many are infected (default: half of hosts) */
	double duration_s;       /* at most so long (default 3,600) */
	double background_per_s; /* background connections a second, all hosts together */
	uint64_t max_packets;    /* stop beyond (default 20 M) */
	int64_t start_us;        /* packet clock of the first packet */
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
 *  "first_contact_at":…,"stages":[…]}, for each attacked session
 * {"type":"session","attacker":…,"victim":…,"time":…,"outcome":"taken_over|failed|decoy",
 *  "client_port":n}, and {"type":"summary",…}.
 */
int ww_drill_make(const struct ww_advisory *advisory, const struct ww_drill_plan *plan,
	const char *dir, struct ww_drill_result *ret, struct ww_err *err);
