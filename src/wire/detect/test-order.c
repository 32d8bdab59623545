// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * From packets to alarms, against a slow oracle: each source's contacts walked one after another in
 * the order of sending, with the outcome that each has in the end. However the answers are delayed
 * within the wait, the same sources must alarm.
 */
#include "wire/detect/trw.h"

#include "base/rng.h"

#include <stdlib.h>

#include "test.h"

enum { SOURCES = 24, SENT = 1200, ROUNDS = 30, WAIT_US = 400000, GAP_US = 2000 };

struct
try {
	uint32_t source, i; /* of all that are sent: the server */
	bool is_answer;
	uint8_t outcome;
	int64_t time_us;
};

struct world {
	struct ww_flows *flows;
	struct ww_trw *trw;
	bool alarmed[SOURCES];
	uint64_t frame;
};

static uint64_t on_finding(void *context, struct ww_finding *finding)
{
	struct world *world = context;
	world->alarmed[ww_ip_v4(&finding->src) - 1] = true;
	return ++world->frame;
}

static void on_contact(void *context, struct ww_contact *contact)
{
	struct world *world = context;
	ww_trw_contact(world->trw, contact);
}

static int compare(const void *a, const void *b)
{
	const struct try *x = a, *y = b;
	if (x->time_us != y->time_us)
		return x->time_us < y->time_us ? -1 : 1;
	return x->is_answer != y->is_answer ? x->is_answer - y->is_answer
					    : (x->i > y->i) - (x->i < y->i);
}

static void feed(struct world *world, const struct try *try)
{
	bool back = try->is_answer;
	struct ww_ip client = ww_ip_from_v4(1 + try->source);
	struct ww_ip server = ww_ip_from_v4(0x0a000000 + try->i);
	bool refused = try->outcome == WW_CONTACT_REFUSED;
	struct ww_packet packet = {
		.time_us = try->time_us,
		.frame = ++world->frame,
		.outcome_layer = WW_LAYER_TRANSPORT,
		.ip_version = 4,
		.proto = WW_PROTO_TCP,
		.has_transport = true,
		.src = back ? server : client,
		.dst = back ? client : server,
		.sport = back ? 443 : 2000,
		.dport = back ? 2000 : 443,
		.ttl = 64,
		.ip_header_len = 20,
		.tcp_header_len = 20,
		.ip_id = (uint32_t)world->frame,
		.tcp_flags = !back     ? WW_TCP_SYN
			     : refused ? WW_TCP_RST | WW_TCP_ACK
				       : WW_TCP_SYN | WW_TCP_ACK,
		.seq = 100,
		.ack = back ? 101 : 0,
	};
	bool skipped[WW_BATCH];
	ww_flows_feed(world->flows, &packet, 1, skipped);
}

/* The sources that alarm when the answers come at these delays. */
static void watch(const struct try sent[SENT], struct ww_rng *rng, bool ret[SOURCES])
{
	struct world world = {0};
	struct try *all = calloc(2 * SENT, sizeof(*all));
	struct ww_trw_config config = ww_trw_config_default();
	struct ww_flow_limits limits = {0};
	struct ww_flow_sink sink = {.context = &world, .contact = on_contact};
	config.sink = (struct ww_detect_sink){&world, on_finding, NULL};
	assert_int_equal(ww_trw_new(&config, &world.trw, NULL), 0);
	assert_int_equal(ww_flows_new(&limits, ww_hash_key_fixed(0), &sink, &world.flows), 0);
	size_t n = 0;
	for (size_t i = 0; i < SENT; i++) {
		all[n++] = sent[i];
		if (sent[i].outcome == WW_CONTACT_UNANSWERED)
			continue;
		all[n] = sent[i];
		all[n].is_answer = true;
		all[n++].time_us += 1 + (int64_t)ww_rng_below(rng, WAIT_US);
	}
	qsort(all, n, sizeof(*all), compare);
	for (size_t i = 0; i < n; i++)
		feed(&world, &all[i]);
	struct try last = {.i = SENT, .time_us = all[n - 1].time_us + 10000000};
	feed(&world, &last);
	ww_flows_finish(world.flows);
	assert_int_equal(ww_flows_counts(world.flows)->taken_back, 0);
	memcpy(ret, world.alarmed, sizeof(world.alarmed));
	ww_flows_free(&world.flows);
	ww_trw_free(&world.trw);
	free(all);
}

static void oracle(const struct try sent[SENT], bool ret[SOURCES])
{
	struct ww_walk walk = ww_walk_between(WW_TRW_FAIL_BENIGN, WW_TRW_FAIL_SCANNER);
	uint32_t threshold, score[SOURCES] = {0};
	assert_int_equal(
		ww_walk_threshold(&walk, WW_TRW_FAIL_BENIGN, WW_TRW_FALSE_ALARMS, &threshold), 0);
	memset(ret, 0, SOURCES * sizeof(*ret));
	for (size_t i = 0; i < SENT; i++) {
		uint32_t *at = &score[sent[i].source];
		*at = sent[i].outcome == WW_CONTACT_ANSWERED ? ww_walk_answer(&walk, *at)
							     : ww_walk_fail(&walk, *at);
		ret[sent[i].source] = ret[sent[i].source] || *at >= threshold;
	}
}

/* Bursts of sources that fail from never to always; the order of answers is drawn three times. */
static void answer_times_change_no_alarm(void **state)
{
	struct ww_rng rng = ww_rng_seeded(9);
	size_t alarms = 0, quiet = 0;
	for (int round = 0; round < ROUNDS; round++) {
		static struct try sent[SENT];
		int64_t now = 1000000;
		for (uint32_t i = 0; i < SENT; i++) {
			uint32_t source = (uint32_t)ww_rng_below(&rng, SOURCES);
			bool fails = ww_rng_below(&rng, SOURCES) < source;
			bool refused = ww_rng_below(&rng, 3) == 0;
			now += (int64_t)ww_rng_below(&rng, i % 100 ? GAP_US : 200 * GAP_US);
			sent[i] = (struct try){
				.source = source,
				.i = i,
				.time_us = now,
				.outcome = !fails    ? WW_CONTACT_ANSWERED
					   : refused ? WW_CONTACT_REFUSED
						     : WW_CONTACT_UNANSWERED,
			};
		}
		bool expected[SOURCES], found[SOURCES];
		oracle(sent, expected);
		for (int again = 0; again < 3; again++) {
			watch(sent, &rng, found);
			assert_memory_equal(found, expected, sizeof(found));
		}
		for (size_t i = 0; i < SOURCES; i++) {
			alarms += expected[i];
			quiet += !expected[i];
		}
	}
	assert_true(alarms > 5 * ROUNDS && quiet > 5 * ROUNDS);
}

/* Fifty at once, so many of them dead, spread evenly: the browser, and a scanner. */
static void a_burst_mostly_answered_is_no_scan(void **state)
{
	static const struct {
		uint32_t dead, of;
		bool alarms;
	} rows[] = {{0, 50, false}, {5, 50, false}, {7, 50, false}, {10, 50, false}, {40, 50, true},
		{50, 50, true}, {6, 6, true}, {5, 5, false}};
	struct ww_rng rng = ww_rng_seeded(10);
	for (size_t row = 0; row < WW_N(rows); row++) {
		static struct try sent[SENT];
		for (uint32_t i = 0; i < SENT; i++) {
			/* What is not of the burst is of another host, answered. */
			bool fails =
				i < rows[row].of && i * rows[row].dead / rows[row].of !=
							    (i + 1) * rows[row].dead / rows[row].of;
			sent[i] = (struct try){
				.source = i < rows[row].of ? 0 : 1,
				.i = i,
				.time_us = i,
				.outcome = fails ? WW_CONTACT_UNANSWERED : WW_CONTACT_ANSWERED,
			};
		}
		bool found[SOURCES];
		watch(sent, &rng, found);
		assert_int_equal(found[0], rows[row].alarms);
		assert_false(found[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answer_times_change_no_alarm),
		cmocka_unit_test(a_burst_mostly_answered_is_no_scan),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
