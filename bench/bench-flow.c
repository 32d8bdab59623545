// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What the flow room costs a packet, without reading and decoding: decoded packets are made in
 * memory (batch by batch, which is timed apart), then fed.
 *
 *   bench-flow syn [packets [attempts]]  SYNs of 200 scanners to random addresses, 4,000 a second
 *   bench-flow sessions [packets]  2,500 concurrent TCP sessions of 765-byte packets, no rules
 *   bench-flow rules [packets]     the same, every direction looked at
 *
 * Prints nanoseconds a packet (CPU time), and what was counted.
 */
#include "base/rng.h"
#include "wire/flow/flow.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum { SCANNERS = 200, SESSIONS = 2500, SESSION_PACKETS = 60, PAYLOAD = 711 };

struct session {
	uint32_t client, server;
	uint16_t port;
	uint32_t seq[2];
	int step;
};

struct bench {
	struct ww_rng rng;
	uint64_t frame;
	int64_t time_us;
	struct session sessions[SESSIONS];
	uint64_t seen;
};

static const uint8_t payload[PAYLOAD] = "bench";

static void on_wanted(void *context, struct ww_flow *flow)
{
	flow->groups[0] = flow->groups[1] = 1;
}

static void on_contact(void *context, struct ww_contact *contact)
{
	*(uint64_t *)context += contact->outcome;
}

static void on_packet(
	void *context, struct ww_flow *flow, enum ww_dir dir, const struct ww_packet *packet)
{
	*(uint64_t *)context += packet->dport;
}

static void on_stream(void *context, struct ww_flow *flow, enum ww_dir dir,
	const struct ww_packet *packet, const struct ww_stream_view *view)
{
	*(uint64_t *)context += view->len;
}

static void make_syn(struct bench *bench, struct ww_packet *packet)
{
	uint64_t random = ww_rng_u64(&bench->rng);
	*packet = (struct ww_packet){
		.time_us = bench->time_us += 250,
		.frame = ++bench->frame,
		.ip_version = 4,
		.proto = WW_PROTO_TCP,
		.has_transport = true,
		.src = ww_ip_from_v4(0x0a000000 + (uint32_t)(random >> 32) % SCANNERS),
		.dst = ww_ip_from_v4((uint32_t)random),
		.sport = (uint16_t)(1024 + (random >> 48) % 60000),
		.dport = 445,
		.tcp_flags = WW_TCP_SYN,
		.ip_id = (uint16_t)bench->frame,
		.tcp_header_len = 20,
		.seq = (uint32_t)(random >> 16),
	};
}

/* SYN, SYN-ACK, ACK, data of either side, FIN, FIN. */
static void make_session_packet(struct bench *bench, struct ww_packet *packet)
{
	struct session *s = &bench->sessions[ww_rng_below(&bench->rng, SESSIONS)];
	if (s->step == 0) {
		uint64_t random = ww_rng_u64(&bench->rng);
		*s = (struct session){0x0a000000 + (uint32_t)random % 5000,
			0x0a100000 + (uint32_t)(random >> 32) % 500,
			(uint16_t)(1024 + (random >> 48) % 60000), {1, 1}, 0};
	}
	bool back = s->step == 1 || (s->step > 2 && s->step % 3);
	if (s->step == SESSION_PACKETS - 1)
		back = false; /* the client's FIN, after the server's */
	uint32_t len = s->step > 2 && s->step < SESSION_PACKETS - 2 ? PAYLOAD : 0;
	uint8_t flags = s->step == 0 ? WW_TCP_SYN : WW_TCP_ACK;
	flags |= s->step == 1 ? WW_TCP_SYN : 0;
	flags |= s->step >= SESSION_PACKETS - 2 ? WW_TCP_FIN : 0;
	*packet = (struct ww_packet){
		.time_us = bench->time_us += 10,
		.frame = ++bench->frame,
		.ip_version = 4,
		.proto = WW_PROTO_TCP,
		.has_transport = true,
		.src = ww_ip_from_v4(back ? s->server : s->client),
		.dst = ww_ip_from_v4(back ? s->client : s->server),
		.sport = back ? 80 : s->port,
		.dport = back ? s->port : 80,
		.tcp_flags = flags,
		.ip_id = (uint16_t)bench->frame,
		.tcp_header_len = 20,
		.seq = s->seq[back],
		.ack = s->seq[!back],
		.payload = payload,
		.payload_len = len,
		.payload_wire = len,
	};
	s->seq[back] += len + !!(flags & (WW_TCP_SYN | WW_TCP_FIN));
	s->step = (s->step + 1) % SESSION_PACKETS;
}

static double cpu_seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* CPU seconds over n packets; with `flows` NULL only of making them. */
static double run(struct bench *bench, bool syn, uint64_t n, struct ww_flows *flows)
{
	static struct ww_packet packets[WW_BATCH];
	bool skipped[WW_BATCH];
	double begin = cpu_seconds();
	for (uint64_t done = 0; done < n; done += WW_BATCH) {
		for (size_t i = 0; i < WW_BATCH; i++) {
			if (syn)
				make_syn(bench, &packets[i]);
			else
				make_session_packet(bench, &packets[i]);
		}
		if (flows)
			ww_flows_feed(flows, packets, WW_BATCH, skipped);
		else
			bench->seen += packets[n % WW_BATCH].sport;
	}
	return cpu_seconds() - begin;
}

int main(int argc, char **argv)
{
	bool syn = argc > 1 && strcmp(argv[1], "syn") == 0;
	bool rules = argc > 1 && strcmp(argv[1], "rules") == 0;
	if (argc < 2 || (!syn && !rules && strcmp(argv[1], "sessions") != 0)) {
		fprintf(stderr, "bench-flow: syn | sessions | rules [PACKETS]\n");
		return 2;
	}
	uint64_t n = argc > 2 ? strtoull(argv[2], NULL, 10) : syn ? 10000000 : 2000000;
	static struct bench bench;
	struct ww_flow_limits limits = {
		.attempts = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0};
	struct ww_flow_sink sink = {
		.context = &bench.seen,
		.contact = on_contact,
		.packet = on_packet,
		.stream = on_stream,
		.wanted = rules ? on_wanted : NULL,
	};
	struct ww_flows *flows;
	if (ww_flows_new(&limits, ww_hash_key_fixed(0), &sink, &flows) < 0)
		return 3;
	bench.rng = ww_rng_seeded(1);
	double making = run(&bench, syn, n, NULL);
	memset(&bench, 0, sizeof(bench));
	bench.rng = ww_rng_seeded(1);
	double all = run(&bench, syn, n, flows);
	ww_flows_finish(flows);
	const struct ww_flow_counts *counts = ww_flows_counts(flows);
	bool exact;
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	printf("%s: %.1f ns a packet (%.3f s; making %.3f s), peak %ld KiB\n", argv[1],
		(all - making) / (double)n * 1e9, all - making, making, usage.ru_maxrss);
	printf("contacts %" PRIu64 " unanswered %" PRIu64 " evicted %" PRIu64 " flows %" PRIu64
	       " evicted %" PRIu64 " duplicates %" PRIu64 " gaps %" PRIu64 " hosts %" PRIu64 "\n",
		counts->contacts, counts->unanswered, counts->evicted_attempts, counts->flows,
		counts->evicted_flows, counts->duplicates, counts->reassembly_gaps,
		ww_flows_hosts(flows, &exact));
	ww_flows_free(&flows);
	return 0;
}
