// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/flow/test-flow.h"

#define SECOND ((int64_t)1000000)
#define SYN    WW_TCP_SYN
#define ACK    WW_TCP_ACK

static const uint32_t CLIENT = 0x0a000001, SERVER = 0x0a000002;

static void connect_to(struct recorder *r, uint32_t server, uint16_t sport, int64_t time_us)
{
	feed(r, tcp_of(v4(CLIENT), sport, v4(server), 80, time_us, SYN, 1, 0));
	feed(r, tcp_of(v4(server), 80, v4(CLIENT), sport, time_us + 1, SYN | ACK, 9, 2));
}

static void confirm(struct recorder *r, uint32_t server, uint16_t sport, int64_t time_us)
{
	feed(r, tcp_of(v4(CLIENT), sport, v4(server), 80, time_us, ACK, 2, 10));
}

/*
 * What the published capture of Blaster's shell holds: no SYN, a bare ACK of the client first, then
 * data of the server on 4444; every frame twice, and the clock goes back for the second copies.
 */
static void shell_without_a_start(void **state)
{
	struct ww_flow_services services = {{0}, {0}};
	ww_flow_service_add(&services, WW_PROTO_TCP, 4444);
	assert_true(ww_flow_service_has(&services, WW_PROTO_TCP, 4444));
	assert_false(ww_flow_service_has(&services, WW_PROTO_UDP, 4444));
	struct ww_flow_limits limits = {.services = &services};
	struct recorder *r = recorder_new(&limits, true);
	struct ww_packet packets[4] = {
		tcp_of(v4(CLIENT), 1793, v4(SERVER), 4444, 10 * SECOND, ACK, 100, 200),
		with_bytes(tcp_of(v4(SERVER), 4444, v4(CLIENT), 1793, 11 * SECOND, ACK, 200, 100),
			"prompt>", 7),
		with_bytes(tcp_of(v4(CLIENT), 1793, v4(SERVER), 4444, 12 * SECOND, ACK, 100, 207),
			"command", 7),
		tcp_of(v4(CLIENT), 1793, v4(SERVER), 4444, 14 * SECOND, WW_TCP_RST, 107, 0),
	};
	for (int copy = 0; copy < 2; copy++) {
		for (int i = 0; i < 4; i++) {
			packets[i].ttl = (uint8_t)(64 - copy);
			assert_int_equal(feed(r, packets[i]), copy);
		}
	}
	assert_int_equal(counts_of(r)->duplicates, 4);
	assert_int_equal(counts_of(r)->time_back, 1);
	assert_int_equal(r->n_begun, 1);
	assert_int_equal(r->begun[0].server_port, 4444);
	assert_int_equal(ww_ip_v4(&r->begun[0].server), SERVER);
	assert_false(r->begun[0].start_seen);
	assert_true(r->begun[0].established);
	assert_int_equal(r->n_ended, 1);
	assert_true(r->last_ended.closed);
	assert_memory_equal(r->bytes[WW_DIR_TO_SERVER], "command", 7);
	assert_memory_equal(r->bytes[WW_DIR_TO_CLIENT], "prompt>", 7);
	assert_int_equal(r->n_contacts, 0);
	recorder_free(r);
}

static void guess_of(uint16_t sport, uint16_t dport, uint16_t server_port)
{
	struct recorder *r = recorder_new(NULL, false);
	feed(r, with_bytes(tcp_of(v4(CLIENT), sport, v4(SERVER), dport, 0, ACK, 1, 1), "x", 1));
	assert_int_equal(r->n_begun, 1);
	assert_int_equal(r->begun[0].server_port, server_port);
	recorder_free(r);
}

static void the_server_is_guessed(void **state)
{
	guess_of(50000, 80, 80);
	guess_of(80, 50000, 80);
	guess_of(5432, 50000, 5432);
	guess_of(2000, 3000, 3000); /* nothing tells: the receiver */
	guess_of(22, 80, 80);
}

static void duplicates_are_the_same_packet_only(void **state)
{
	struct recorder *r = recorder_new(NULL, false);
	struct ww_packet p = tcp_of(v4(CLIENT), 1, v4(SERVER), 2, 0, ACK, 1, 1);
	assert_false(feed(r, p));
	p.ttl--;
	assert_true(feed(r, p));
	p.ip_id += 1000; /* sent again by the host */
	assert_false(feed(r, p));
	p.seq++;
	assert_false(feed(r, p));
	p.window--;
	assert_false(feed(r, p));
	struct ww_packet q = udp_of(v4(CLIENT), 1, v4(SERVER), 2, 0, "same");
	assert_false(feed(r, q));
	assert_true(feed(r, q));
	assert_false(feed(r, with_bytes(q, "Same", 4)));
	assert_false(feed(r, with_bytes(q, "sixteen and more1", 17)));
	assert_false(feed(r, with_bytes(q, "sixteen and more2", 16)));
	q.ip_id = 0; /* nothing tells two of these apart */
	assert_false(feed(r, q));
	assert_false(feed(r, q));
	/* a repeated SYN of IPv6, which has no identification, with another timestamp option */
	uint8_t bytes[40 + 32] = {0};
	struct ww_ip a = {{0x20, 1}}, b = {{0x20, 2}};
	struct ww_packet s = tcp_of(a, 1, b, 2, 0, SYN, 1, 0);
	s.ip_id = 0;
	s.network = bytes;
	s.transport = bytes + 40;
	s.network_len = sizeof(bytes);
	s.tcp_header_len = 32;
	assert_false(feed(r, s));
	bytes[40 + 27] = 1;
	assert_false(feed(r, s));
	assert_true(feed(r, s));
	s.network_len = 60; /* options that were not captured are not read */
	assert_false(feed(r, s));
	assert_int_equal(counts_of(r)->duplicates, 3);
	recorder_free(r);
}

static void full_table_evicts_the_least_wanted(void **state)
{
	struct ww_flow_limits limits = {.flows = 8};
	struct recorder *r = recorder_new(&limits, false);
	for (uint16_t i = 0; i < 8; i++) {
		connect_to(r, SERVER + i, 2000, i);
		if (i != 5)
			confirm(r, SERVER + i, 2000, i + 2);
	}
	assert_int_equal(counts_of(r)->evicted_flows, 0);
	connect_to(r, SERVER + 100, 2000, 100);
	assert_int_equal(ww_ip_v4(&r->last_ended.server), SERVER + 5); /* never confirmed */
	confirm(r, SERVER + 100, 2000, 102);
	confirm(r, SERVER, 2000, 103); /* used again: SERVER + 1 is the oldest now */
	connect_to(r, SERVER + 101, 2000, 104);
	confirm(r, SERVER + 101, 2000, 105);
	assert_int_equal(ww_ip_v4(&r->last_ended.server), SERVER + 1);
	assert_false(r->last_ended.closed);
	assert_int_equal(counts_of(r)->evicted_flows, 2);
	feed(r, tcp_of(v4(SERVER + 101), 80, v4(CLIENT), 2000, 106, WW_TCP_RST, 10, 0));
	assert_int_equal(r->n_ended, 3);
	connect_to(r, SERVER + 102, 2000, 107); /* takes the place of the closed one */
	assert_int_equal(counts_of(r)->evicted_flows, 2);
	ww_flows_finish(r->flows);
	assert_int_equal(r->n_ended, r->n_begun);
	assert_int_equal(r->n_forgotten, r->n_begun);
	recorder_free(r);
}

static void ports_used_again_are_a_new_flow(void **state)
{
	struct recorder *r = recorder_new(NULL, false);
	connect_to(r, SERVER, 2000, 0);
	confirm(r, SERVER, 2000, 10);
	feed(r, tcp_of(v4(CLIENT), 2000, v4(SERVER), 80, 20, SYN, 7777, 0));
	assert_int_equal(r->n_ended, 0); /* a SYN alone, perhaps forged, ends nothing */
	feed(r, tcp_of(v4(SERVER), 80, v4(CLIENT), 2000, 30, SYN | ACK, 8888, 7778));
	assert_int_equal(r->n_ended, 1);
	assert_int_equal(r->n_begun, 2);
	assert_int_equal(counts_of(r)->contacts, 1);
	/* closed, and a later SYN refused: the same endpoint, no new contact */
	feed(r, tcp_of(v4(CLIENT), 2000, v4(SERVER), 80, 40, WW_TCP_RST, 7778, 0));
	assert_int_equal(r->n_ended, 2);
	/* data long after the end, with no SYN seen */
	struct ww_packet late = with_bytes(
		tcp_of(v4(CLIENT), 2000, v4(SERVER), 80, 100 * SECOND, ACK, 1, 1), "x", 1);
	feed(r, late);
	assert_int_equal(r->n_begun, 3);
	assert_int_equal(counts_of(r)->midstream, 1);
	recorder_free(r);
}

static void freed_without_finish_forgets(void **state)
{
	struct recorder *r = recorder_new(NULL, false);
	connect_to(r, SERVER, 2000, 0);
	ww_flows_free(&r->flows);
	assert_int_equal(r->n_forgotten, 1);
	recorder_free(r);
}

static void hosts_are_exact_then_estimated(void **state)
{
	struct ww_hosts hosts = {0};
	struct ww_hash_key key = ww_hash_key_fixed(0);
	bool exact;
	assert_int_equal(ww_hosts_init(&hosts, key), 0);
	struct ww_ip zero = {{0}};
	for (int again = 0; again < 2; again++)
		ww_hosts_add(&hosts, &zero, ww_host_hash(&key, &zero));
	uint64_t n = 1;
	for (; n < WW_HOSTS_EXACT; n++) {
		struct ww_ip ip = v4((uint32_t)n * 977);
		for (int again = 0; again < 2; again++)
			ww_hosts_add(&hosts, &ip, ww_host_hash(&key, &ip));
	}
	assert_int_equal(ww_hosts_count(&hosts, &exact), WW_HOSTS_EXACT);
	assert_true(exact);
	for (uint64_t size = WW_HOSTS_EXACT + 1; size < 4000000; size *= 3) {
		for (; n < size; n++) {
			struct ww_ip ip = v4((uint32_t)n * 977);
			ww_hosts_add(&hosts, &ip, ww_host_hash(&key, &ip));
		}
		double estimate = (double)ww_hosts_count(&hosts, &exact);
		assert_false(exact);
		double error = estimate / (double)size - 1;
		assert_true(error < 3 * 0.0081 && error > -3 * 0.0081); /* three standard errors */
	}
	ww_hosts_done(&hosts);
}

static void colliding_hosts_cost_no_time(void **state)
{
	struct ww_hosts hosts = {0};
	bool exact;
	assert_int_equal(ww_hosts_init(&hosts, ww_hash_key_fixed(0)), 0);
	for (uint32_t i = 1; i < 1000; i++) {
		struct ww_ip ip = v4(i);
		ww_hosts_add(&hosts, &ip, 42); /* who knows the key can do this */
	}
	ww_hosts_count(&hosts, &exact);
	assert_false(exact);
	ww_hosts_done(&hosts);
}

static void clock_only_moves_forward(void **state)
{
	struct ww_clock clock = {0};
	assert_false(ww_clock_feed(&clock, 1000 * SECOND));
	assert_false(ww_clock_feed(&clock, 1001 * SECOND));
	assert_int_equal(clock.now_us, SECOND);
	assert_true(ww_clock_feed(&clock, 1001 * SECOND - 500)); /* jitter */
	assert_int_equal(clock.now_us, SECOND);
	assert_false(ww_clock_feed(&clock, 1001 * SECOND));
	assert_int_equal(clock.now_us, SECOND); /* and back: no time has passed */
	assert_true(ww_clock_feed(&clock, 0));
	assert_int_equal(clock.now_us, SECOND);
	assert_false(ww_clock_feed(&clock, SECOND));
	assert_int_equal(clock.now_us, 2 * SECOND);
	assert_false(ww_clock_feed(&clock, INT64_MAX));
	assert_int_equal(clock.now_us, 302 * SECOND);
	assert_true(ww_clock_feed(&clock, INT64_MIN));
	assert_int_equal(clock.now_us, 302 * SECOND);
}

/* Batches of any size, and the same input again, give the same facts in the same order. */
static uint64_t digest_of_run(size_t batch)
{
	struct recorder *r = recorder_new(NULL, true);
	struct ww_rng rng = ww_rng_seeded(3);
	struct ww_packet packets[WW_BATCH];
	bool skipped[WW_BATCH];
	r->one_stream = false;
	for (uint64_t i = 0; i < 50000;) {
		size_t n = 0;
		for (; n < batch; n++, i++) {
			uint32_t a = CLIENT + (uint32_t)ww_rng_below(&rng, 30);
			uint32_t b = CLIENT + (uint32_t)ww_rng_below(&rng, 30);
			uint8_t flags = (uint8_t[]){SYN, SYN | ACK, ACK, ACK, WW_TCP_RST,
				ACK | WW_TCP_FIN}[ww_rng_below(&rng, 6)];
			packets[n] = tcp_of(v4(a), (uint16_t)ww_rng_below(&rng, 4), v4(b),
				(uint16_t)ww_rng_below(&rng, 4), (int64_t)i * 5000, flags,
				(uint32_t)ww_rng_below(&rng, 50), (uint32_t)ww_rng_below(&rng, 50));
			packets[n] = with_bytes(packets[n], "0123456789", ww_rng_below(&rng, 10));
			packets[n].ip_id = (uint32_t)i;
			packets[n].frame = i + 1;
		}
		ww_flows_feed(r->flows, packets, n, skipped);
	}
	ww_flows_finish(r->flows);
	const struct ww_flow_counts *counts = counts_of(r);
	assert_int_equal(counts->contacts,
		counts->answered + counts->refused + counts->unanswered + counts->undecided);
	assert_int_equal(r->n_begun, counts->flows);
	assert_int_equal(r->n_begun, r->n_ended);
	assert_true(counts->answered > 0 && counts->refused > 0);
	uint64_t digest = r->digest;
	recorder_free(r);
	return digest;
}

static void any_batch_gives_the_same(void **state)
{
	uint64_t digest = digest_of_run(1);
	assert_true(digest == digest_of_run(1));
	assert_true(digest == digest_of_run(20));
	assert_true(digest == digest_of_run(WW_BATCH - 7));
}

static void limits_are_checked(void **state)
{
	struct ww_flows *flows = NULL;
	struct ww_flow_sink sink = {0};
	struct ww_flow_limits limits = {.streams = 65536};
	assert_int_equal(ww_flows_new(&limits, ww_hash_key_fixed(0), &sink, &flows), -EINVAL);
	limits =
		(struct ww_flow_limits){.attempts = 1, .flows = 1, .streams = 1, .stream_bytes = 1};
	assert_int_equal(ww_flows_new(&limits, ww_hash_key_fixed(0), &sink, &flows), 0);
	/* no function is given: nothing is called */
	struct ww_packet p = tcp_of(v4(CLIENT), 1, v4(SERVER), 2, 0, SYN, 1, 0);
	bool skipped[WW_BATCH];
	ww_flows_feed(flows, &p, 1, skipped);
	ww_flows_finish(flows);
	ww_flows_free(&flows);
	ww_flows_free(&flows);
}

/* The sizes that fit into some memory do, and are no smaller than they must. */
static void tables_fit_into_what_is_given(void **state)
{
	const struct ww_flow_limits usual = {0};
	uint64_t whole = ww_flow_limits_bytes(&usual);
	assert_in_range(whole, 40 << 20, 64 << 20);
	for (uint64_t bytes = 1 << 18; bytes <= (uint64_t)1 << 42; bytes += bytes / 3) {
		struct ww_flow_limits limits = {0};
		ww_flow_limits_within(&limits, bytes);
		uint64_t taken = ww_flow_limits_bytes(&limits);
		assert_in_range(taken, 1, bytes);
		if (bytes < whole * 4)
			assert_true(taken > bytes / 4);
		if (bytes < (uint64_t)1 << 23) {
			struct recorder *r = recorder_new(&limits, true);
			connect_to(r, SERVER, 1000, SECOND);
			assert_int_equal(counts_of(r)->flows, 1);
			recorder_free(r);
		}
	}
	const struct ww_flow_limits wrong = {.flows = 1 << 23};
	assert_int_equal(ww_flow_limits_bytes(&wrong), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_fit_into_what_is_given),
		cmocka_unit_test(shell_without_a_start),
		cmocka_unit_test(the_server_is_guessed),
		cmocka_unit_test(duplicates_are_the_same_packet_only),
		cmocka_unit_test(full_table_evicts_the_least_wanted),
		cmocka_unit_test(ports_used_again_are_a_new_flow),
		cmocka_unit_test(freed_without_finish_forgets),
		cmocka_unit_test(hosts_are_exact_then_estimated),
		cmocka_unit_test(colliding_hosts_cost_no_time),
		cmocka_unit_test(clock_only_moves_forward),
		cmocka_unit_test(any_batch_gives_the_same),
		cmocka_unit_test(limits_are_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
