// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/flow/test-flow.h"

#define SECOND ((int64_t)1000000)
#define SYN    WW_TCP_SYN
#define ACK    WW_TCP_ACK

static const uint32_t CLIENT = 0x0a000001, SERVER = 0x0a000002;

static struct ww_packet syn(uint32_t dst, uint16_t sport, uint16_t port, int64_t time_us)
{
	return tcp_of(v4(CLIENT), sport, v4(dst), port, time_us, SYN, 100, 0);
}

static struct ww_packet reply(
	uint32_t src, uint16_t sport, uint16_t port, int64_t time_us, uint8_t flags)
{
	return tcp_of(v4(src), port, v4(CLIENT), sport, time_us, flags, 500, 101);
}

static void assert_outcomes(const struct recorder *r, size_t n, const uint8_t *outcomes)
{
	assert_int_equal(r->n_contacts, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(r->contacts[i].outcome, outcomes[i]);
}

static void syn_ack_answers(void **state)
{
	struct recorder *r = recorder_new(NULL, false);
	feed(r, syn(SERVER, 1025, 80, 5 * SECOND));
	assert_int_equal(r->n_begun, 0);
	feed(r, reply(SERVER, 1025, 80, 5 * SECOND + 700, SYN | ACK));
	assert_outcomes(
		r, 3, (uint8_t[]){WW_CONTACT_SENT, WW_CONTACT_REACHED, WW_CONTACT_ANSWERED});
	const struct ww_contact *contact = &r->contacts[2];
	assert_int_equal(contact->sent_us, 5 * SECOND);
	assert_int_equal(contact->judged_us, 5 * SECOND + 700);
	assert_int_equal(contact->sent_frame, 1);
	assert_int_equal(contact->judged_frame, 2);
	assert_int_equal(contact->port, 80);
	assert_int_equal(ww_ip_v4(&contact->src), CLIENT);
	assert_int_equal(ww_ip_v4(&contact->dst), SERVER);
	assert_int_equal(r->n_begun, 1);
	const struct ww_flow *flow = &r->begun[0];
	assert_int_equal(ww_ip_v4(&flow->client), CLIENT);
	assert_int_equal(flow->client_port, 1025);
	assert_int_equal(flow->server_port, 80);
	assert_true(flow->start_seen && flow->established && !flow->closed);
	assert_int_equal(flow->first_us, 5 * SECOND);
	assert_int_equal(flow->first_frame, 1);
	ww_flows_finish(r->flows);
	assert_int_equal(r->n_ended, 1);
	assert_int_equal(r->n_forgotten, 1);
	recorder_free(r);
}

static void rst_and_icmp_refuse(void **state)
{
	struct recorder *r = recorder_new(NULL, false);
	feed(r, syn(SERVER, 1025, 80, 0));
	feed(r, reply(SERVER, 1025, 80, 100, WW_TCP_RST | ACK));
	/* An ICMP host unreachable of a router that quotes the SYN to port 81. */
	feed(r, syn(SERVER, 1026, 81, 200));
	uint8_t bytes[20 + 8 + 20 + 8] = {0x45};
	uint8_t *quoted = bytes + 28;
	quoted[0] = 0x45;
	quoted[9] = WW_PROTO_TCP;
	memcpy(quoted + 12, (uint8_t[]){10, 0, 0, 1, 10, 0, 0, 2, 1026 >> 8, 1026 & 255, 0, 81},
		12);
	struct ww_packet icmp = packet_of(WW_PROTO_ICMP, v4(0x0a0000fe), 3, v4(CLIENT), 1, 300);
	icmp.network = bytes;
	icmp.transport = bytes + 20;
	for (uint32_t len = 0; len < 28 + 20 + 4; len++) {
		icmp.network_len = len < 20 ? 20 : len; /* cut: no answer */
		feed(r, icmp);
		icmp.ip_id++;
	}
	assert_int_equal(counts_of(r)->refused, 1);
	icmp.network_len = sizeof(bytes);
	icmp.dport = 4; /* fragmentation needed: the host is there */
	feed(r, icmp);
	icmp.dport = 1;
	icmp.ip_id++;
	icmp.dst = v4(0x0a000009); /* not the sender of what it quotes */
	feed(r, icmp);
	assert_int_equal(counts_of(r)->refused, 1);
	icmp.dst = v4(CLIENT);
	icmp.ip_id++;
	feed(r, icmp);
	assert_outcomes(r, 4,
		(uint8_t[]){
			WW_CONTACT_SENT, WW_CONTACT_REFUSED, WW_CONTACT_SENT, WW_CONTACT_REFUSED});
	assert_int_equal(counts_of(r)->refused, 2);
	ww_flows_finish(r->flows);
	assert_int_equal(r->n_begun, 0);
	assert_int_equal(counts_of(r)->unanswered, 0);
	recorder_free(r);
}

static void silence_is_judged_after_the_wait(void **state)
{
	struct recorder *r = recorder_new(NULL, false);
	feed(r, syn(SERVER, 1025, 80, 0));
	feed(r, syn(SERVER + 1, 1026, 80, SECOND - 1));
	assert_int_equal(counts_of(r)->unanswered, 0);
	feed(r, syn(SERVER + 2, 1027, 80, SECOND));
	assert_outcomes(r, 4,
		(uint8_t[]){
			WW_CONTACT_SENT, WW_CONTACT_SENT, WW_CONTACT_UNANSWERED, WW_CONTACT_SENT});
	assert_int_equal(r->contacts[2].judged_us, SECOND);
	assert_int_equal(r->contacts[2].judged_frame, 0);
	feed(r, syn(SERVER + 3, 1028, 80, 3 * SECOND));
	ww_flows_finish(r->flows);
	assert_int_equal(counts_of(r)->unanswered, 3);
	assert_int_equal(counts_of(r)->undecided, 1); /* the last: cut short by the end */
	/* in the order they were sent */
	assert_int_equal(r->contacts[4].sent_frame, 2);
	assert_int_equal(r->contacts[5].sent_frame, 3);
	recorder_free(r);
}

static void late_answer_takes_back(void **state)
{
	struct recorder *r = recorder_new(NULL, false);
	feed(r, syn(SERVER, 1025, 80, 0));
	feed(r, syn(SERVER + 1, 1026, 80, 2 * SECOND));
	feed(r, reply(SERVER, 1025, 80, 2 * SECOND + 1, SYN | ACK));
	assert_outcomes(r, 5,
		(uint8_t[]){WW_CONTACT_SENT, WW_CONTACT_UNANSWERED, WW_CONTACT_SENT,
			WW_CONTACT_REACHED, WW_CONTACT_ANSWERED});
	assert_int_equal(r->contacts[4].sent_frame, 1);
	assert_int_equal(counts_of(r)->taken_back, 1);
	assert_int_equal(counts_of(r)->unanswered, 0);
	assert_int_equal(r->n_begun, 1);
	assert_true(r->begun[0].start_seen);
	recorder_free(r);
}

static void repeated_syns_are_one_contact(void **state)
{
	struct recorder *r = recorder_new(NULL, false);
	feed(r, syn(SERVER, 1025, 445, 0));
	feed(r, syn(SERVER, 1025, 445, 3 * SECOND));
	feed(r, syn(SERVER, 1025, 445, 9 * SECOND));
	feed(r, syn(SERVER, 1026, 445, 10 * SECOND)); /* another connection, the same endpoint */
	struct ww_packet ecn = syn(SERVER, 1027, 446, 11 * SECOND);
	ecn.tcp_flags |= WW_TCP_ECE | WW_TCP_CWR;
	feed(r, ecn);
	assert_int_equal(counts_of(r)->contacts, 2);
	assert_int_equal(counts_of(r)->duplicates, 0);
	feed(r, syn(SERVER, 1028, 447, 20 * SECOND));
	ww_flows_finish(r->flows);
	assert_int_equal(counts_of(r)->unanswered, 2);
	assert_int_equal(counts_of(r)->undecided, 1);
	recorder_free(r);
}

static void wait_follows_answer_times(void **state)
{
	struct recorder *r = recorder_new(NULL, false);
	int64_t now = 0;
	for (uint16_t i = 0; i < 200; i++, now += SECOND / 100) {
		feed(r, syn(SERVER, (uint16_t)(2000 + i), 80, now));
		feed(r, reply(SERVER, (uint16_t)(2000 + i), 80, now + 1000, SYN | ACK));
	}
	assert_int_equal(r->flows->attempts.wait_us, 500000);
	for (uint16_t i = 0; i < 200; i++, now += 2 * SECOND) {
		feed(r, syn(SERVER, (uint16_t)(3000 + i), 80, now));
		feed(r, reply(SERVER, (uint16_t)(3000 + i), 80, now + 800000, SYN | ACK));
	}
	assert_in_range(r->flows->attempts.wait_us, 2400000, 3000000);
	recorder_free(r);
}

/* A browser that opens fifty connections at once to hosts that answer within 300 ms. */
static void fifty_at_once_are_answered(void **state)
{
	struct recorder *r = recorder_new(NULL, false);
	for (uint16_t i = 0; i < 50; i++)
		feed(r, syn(SERVER + i, (uint16_t)(2000 + i), 443, i));
	for (uint16_t i = 0; i < 50; i++)
		feed(r, reply(SERVER + i, (uint16_t)(2000 + i), 443, 300000 + i, SYN | ACK));
	assert_int_equal(counts_of(r)->answered, 50);
	assert_int_equal(counts_of(r)->unanswered, 0);
	recorder_free(r);
}

enum { BURST = 50 };

/* The judgements that a burst gets, answered after so many ms; 0: never. */
static void burst(const int64_t delay_ms[BURST], uint8_t ret[BURST])
{
	struct recorder *r = recorder_new(NULL, false);
	for (uint16_t i = 0; i < BURST; i++)
		feed(r, syn(SERVER + i, (uint16_t)(2000 + i), 443, i));
	for (int64_t now = 1; now < 400; now++)
		for (uint16_t i = 0; i < BURST; i++)
			if (delay_ms[i] == now)
				feed(r, reply(SERVER + i, (uint16_t)(2000 + i), 443, now * 1000,
						i % 9 ? SYN | ACK : WW_TCP_RST));
	feed(r, syn(SERVER, 9000, 443, 10 * SECOND));
	ww_flows_finish(r->flows);
	uint64_t next = 1;
	for (size_t i = 0; i < r->n_contacts; i++) {
		const struct ww_contact *contact = &r->contacts[i];
		if (contact->outcome == WW_CONTACT_SENT || contact->outcome == WW_CONTACT_REACHED)
			continue;
		assert_int_equal(contact->sent_frame, next);
		ret[next++ - 1] = contact->outcome;
		if (contact->outcome != WW_CONTACT_UNANSWERED)
			assert_int_equal(
				contact->judged_us, delay_ms[contact->sent_frame - 1] * 1000);
	}
	assert_int_equal(next, BURST + 1);
	recorder_free(r);
}

/* However the answers are permuted, judgements come in the order of sending, the same ones. */
static void judgements_come_in_order_of_sending(void **state)
{
	struct ww_rng rng = ww_rng_seeded(3);
	for (int round = 0; round < 40; round++) {
		int64_t delay_ms[BURST];
		uint8_t judged[BURST], again[BURST];
		for (int i = 0; i < BURST; i++)
			delay_ms[i] =
				ww_rng_below(&rng, 5) ? 1 + (int64_t)ww_rng_below(&rng, 333) : 0;
		burst(delay_ms, judged);
		for (int i = 0; i < BURST; i++) {
			assert_int_equal(judged[i], !delay_ms[i] ? WW_CONTACT_UNANSWERED
						    : i % 9      ? WW_CONTACT_ANSWERED
								 : WW_CONTACT_REFUSED);
			if (delay_ms[i])
				delay_ms[i] = 1 + (int64_t)ww_rng_below(&rng, 333);
		}
		burst(delay_ms, again);
		assert_memory_equal(judged, again, BURST);
	}
}

/* A cut of a busy link shorter than the wait accuses nobody; a scan alone in one is judged. */
static void a_short_capture_is_judged_only_where_nobody_answers(void **state)
{
	for (int busy = 0; busy < 3; busy++) {
		struct recorder *r = recorder_new(NULL, false);
		for (uint16_t i = 0; i < 10; i++)
			feed(r, syn(SERVER + i, (uint16_t)(2000 + i), 443, i));
		if (busy == 1)
			feed(r, reply(SERVER, 2000, 443, 100, SYN | ACK));
		if (busy == 2)
			feed(r, with_bytes(tcp_of(v4(7), 80, v4(8), 2000, 100, ACK, 1, 1), "x", 1));
		ww_flows_finish(r->flows);
		assert_int_equal(counts_of(r)->unanswered, busy ? 0 : 10);
		assert_int_equal(counts_of(r)->undecided, busy == 1 ? 9 : busy ? 10 : 0);
		for (size_t i = 0; i < r->n_contacts; i++) /* nothing is later than the capture */
			assert_true(r->contacts[i].judged_us <= 100);
		recorder_free(r);
	}
}

static void backscatter_makes_nothing(void **state)
{
	struct recorder *r = recorder_new(NULL, false);
	for (uint16_t i = 0; i < 100; i++) {
		feed(r, reply(SERVER, (uint16_t)(2000 + i), 80, i, SYN | ACK));
		feed(r, reply(SERVER, (uint16_t)(4000 + i), 80, i, WW_TCP_RST | ACK));
		feed(r, reply(SERVER, (uint16_t)(6000 + i), 80, i, ACK));
		feed(r, reply(SERVER, (uint16_t)(7000 + i), 80, i, 0));
		feed(r, reply(SERVER, (uint16_t)(8000 + i), 80, i,
				WW_TCP_FIN | WW_TCP_PSH | WW_TCP_URG));
	}
	ww_flows_finish(r->flows);
	assert_int_equal(r->n_contacts, 0);
	assert_int_equal(r->n_begun, 0);
	assert_int_equal(counts_of(r)->backscatter, 200);
	assert_int_equal(counts_of(r)->unmatched, 300);
	assert_int_equal(r->n_lone, 500);
	recorder_free(r);
}

static void lone_syn_ack_tells_the_server_later(void **state)
{
	struct recorder *r = recorder_new(NULL, false);
	/* Neither port says who serves; the SYN was before the capture. */
	feed(r, reply(SERVER, 2000, 40000, 0, SYN | ACK));
	assert_int_equal(r->n_begun, 0);
	feed(r, tcp_of(v4(CLIENT), 2000, v4(SERVER), 40000, 100, ACK, 101, 501));
	assert_int_equal(r->n_begun, 1);
	assert_int_equal(ww_ip_v4(&r->begun[0].client), CLIENT);
	assert_false(r->begun[0].start_seen);
	assert_int_equal(counts_of(r)->midstream, 1);
	assert_int_equal(r->n_contacts, 0);
	recorder_free(r);
}

static void one_direction_only_is_no_scan(void **state)
{
	struct recorder *r = recorder_new(NULL, false);
	for (uint16_t i = 0; i < 20; i++) {
		feed(r, syn(SERVER + i, 2000, 80, i * SECOND));
		feed(r, tcp_of(v4(CLIENT), 2000, v4(SERVER + i), 80, i * SECOND + 10, ACK, 101,
				501));
	}
	assert_int_equal(counts_of(r)->answered, 20);
	assert_int_equal(r->n_begun, 20);
	/* Where answers are seen, an ACK of one's own proves nothing. */
	feed(r, syn(SERVER, 3000, 81, 30 * SECOND));
	feed(r, reply(SERVER, 3000, 81, 30 * SECOND + 1, SYN | ACK));
	feed(r, syn(SERVER, 3001, 82, 30 * SECOND + 2));
	feed(r, tcp_of(v4(CLIENT), 3001, v4(SERVER), 82, 30 * SECOND + 3, ACK, 101, 501));
	feed(r, syn(SERVER, 3002, 83, 40 * SECOND));
	ww_flows_finish(r->flows);
	assert_int_equal(counts_of(r)->unanswered, 1);
	recorder_free(r);
}

static void udp_contacts(void **state)
{
	struct recorder *r = recorder_new(NULL, true);
	r->one_stream = false;
	feed(r, udp_of(v4(CLIENT), 3000, v4(SERVER), 69, 0, "ask"));
	feed(r, udp_of(v4(CLIENT), 3000, v4(SERVER), 69, 10, "ask again"));
	feed(r, udp_of(v4(SERVER), 69, v4(CLIENT), 3000, 20, "answer"));
	feed(r, udp_of(v4(CLIENT), 3000, v4(SERVER), 69, 30, "thanks"));
	assert_outcomes(
		r, 3, (uint8_t[]){WW_CONTACT_SENT, WW_CONTACT_REACHED, WW_CONTACT_ANSWERED});
	assert_int_equal(r->contacts[2].proto, WW_PROTO_UDP);
	assert_int_equal(r->n_begun, 1);
	assert_int_equal(r->begun[0].server_port, 69);
	assert_int_equal(r->n_lone, 2);
	assert_int_equal(r->n_packets[0], 1);
	assert_int_equal(r->n_packets[1], 1);
	/* groups, broadcasts and answers to what we did not see are no contacts */
	feed(r, udp_of(v4(CLIENT), 3000, v4(0xe00000fb), 5353, 40, "m"));
	feed(r, udp_of(v4(CLIENT), 3000, v4(0xffffffff), 67, 40, "b"));
	feed(r, udp_of(v4(SERVER), 53, v4(CLIENT), 3333, 40, "reply"));
	assert_int_equal(r->n_contacts, 3);
	/* quiet for long: a new conversation, to an endpoint that is known */
	feed(r, udp_of(v4(CLIENT), 3000, v4(SERVER), 69, 400 * SECOND, "hello"));
	assert_int_equal(r->n_ended, 1);
	assert_int_equal(counts_of(r)->contacts, 1);
	recorder_free(r);
}

static void one_way_udp_is_no_failure(void **state)
{
	struct recorder *r = recorder_new(NULL, false);
	/* A media stream, a flow export, a worm's single datagrams, a retry. */
	for (uint16_t i = 0; i < 5; i++)
		feed(r, udp_of(v4(CLIENT), 4000, v4(SERVER), 5004, i, "rtp"));
	feed(r, udp_of(v4(CLIENT), 4000, v4(SERVER), 2055, 10, "netflow"));
	feed(r, udp_of(v4(CLIENT), 4000, v4(SERVER), 1434, 20, "probe"));
	for (uint16_t i = 0; i < 2; i++)
		feed(r, udp_of(v4(CLIENT), 4000, v4(SERVER), 53, 30 + i, "query"));
	feed(r, udp_of(v4(CLIENT), 4000, v4(SERVER), 9999, 5 * SECOND, "slow"));
	feed(r, udp_of(v4(CLIENT), 4000, v4(SERVER), 9999, 10 * SECOND, "slow"));
	assert_int_equal(counts_of(r)->one_way, 2);
	assert_int_equal(counts_of(r)->unanswered, 3);
	assert_int_equal(counts_of(r)->taken_back, 0);
	feed(r, udp_of(v4(CLIENT), 4000, v4(SERVER), 9999, 15 * SECOND, "slow"));
	feed(r, udp_of(v4(CLIENT), 4000, v4(SERVER), 9999, 20 * SECOND, "slow"));
	assert_int_equal(counts_of(r)->one_way, 3);
	assert_int_equal(counts_of(r)->unanswered, 2);
	assert_int_equal(counts_of(r)->taken_back, 1);
	const struct ww_contact *last = &r->contacts[r->n_contacts - 1];
	assert_int_equal(last->outcome, WW_CONTACT_ONE_WAY);
	assert_true(last->late);
	ww_flows_finish(r->flows);
	recorder_free(r);
}

/* A port that an advisory names is judged, one-way by design or not. */
static void an_advisory_port_is_judged(void **state)
{
	struct ww_flow_services services = {0};
	ww_flow_service_add(&services, WW_PROTO_UDP, 514);
	struct ww_flow_limits limits = {.services = &services};
	struct recorder *r = recorder_new(&limits, false);
	feed(r, udp_of(v4(CLIENT), 53, v4(SERVER), 514, 0, "x"));
	feed(r, udp_of(v4(CLIENT), 53, v4(SERVER), 515, 5 * SECOND, "x"));
	assert_int_equal(counts_of(r)->unanswered, 1);
	assert_int_equal(counts_of(r)->one_way, 0);
	recorder_free(r);
}

static void low_source_ports_are_seen(void **state)
{
	static const struct {
		uint16_t from, to;
		bool contact;
	} rows[] = {
		{1000, 1434, true},
		{17, 1434, true},
		{53, 1434, false},
		{53, 53, true},
		{53, 111, true},
		{500, 1434, false},
		{443, 50000, false},
		{67, 68, false},
		{68, 67, true},
		{547, 546, false},
		{123, 123, true},
		{1023, 40000, true},
		{1024, 40000, true},
	};
	struct recorder *r = recorder_new(NULL, false);
	uint64_t contacts = 0, unsolicited = 0;
	for (uint32_t i = 0; i < WW_N(rows); i++) {
		feed(r, udp_of(v4(CLIENT), rows[i].from, v4(SERVER + i), rows[i].to, i, "x"));
		contacts += rows[i].contact;
		unsolicited += !rows[i].contact;
		assert_int_equal(counts_of(r)->contacts, contacts);
		assert_int_equal(counts_of(r)->unsolicited, unsolicited);
	}
	recorder_free(r);
}

static void ipv6_is_exact(void **state)
{
	struct recorder *r = recorder_new(NULL, false);
	struct ww_ip a, b, c;
	assert_int_equal(ww_ip_parse("2001:db8::1", &a), 0);
	assert_int_equal(ww_ip_parse("2001:db8::2", &b), 0);
	assert_int_equal(ww_ip_parse("2001:db8:0:1::2", &c), 0);
	feed(r, tcp_of(a, 1025, b, 80, 0, SYN, 1, 0));
	feed(r, tcp_of(a, 1025, c, 80, 0, SYN, 1, 0));
	feed(r, tcp_of(c, 80, a, 1025, 50, SYN | ACK, 9, 2));
	assert_int_equal(r->n_contacts, 3);
	assert_true(ww_ip_equal(&r->contacts[2].dst, &c));
	ww_flows_finish(r->flows);
	assert_int_equal(r->n_contacts, 4); /* the rest of so short a capture is not judged */
	assert_int_equal(counts_of(r)->undecided, 1);
	recorder_free(r);
}

static void full_ring_judges_the_oldest(void **state)
{
	enum { PLACES = WW_BUCKET_SHARE };
	struct ww_flow_limits limits = {.attempts = PLACES}; /* one bucket */
	struct recorder *r = recorder_new(&limits, false);
	for (uint16_t i = 0; i < PLACES + 2; i++)
		feed(r, syn(SERVER + i, (uint16_t)(2000 + i), 80, i));
	assert_int_equal(counts_of(r)->evicted_attempts, 2);
	assert_int_equal(counts_of(r)->unanswered, 2);
	assert_int_equal(r->contacts[PLACES].sent_frame, 1);
	assert_int_equal(r->contacts[PLACES].outcome, WW_CONTACT_UNANSWERED);
	for (uint16_t i = PLACES + 2; i < 20; i++)
		feed(r, syn(SERVER + i, (uint16_t)(2000 + i), 80, i));
	assert_int_equal(counts_of(r)->evicted_contacts, 20 - WW_BUCKET_KNOWN);
	ww_flows_finish(r->flows);
	assert_int_equal(counts_of(r)->unanswered, 20);
	assert_int_equal(counts_of(r)->contacts, 20);
	recorder_free(r);
}

/* Who counts silence by itself is told of everything else. */
static void silence_is_not_told_where_nobody_asks(void **state)
{
	struct recorder *r = recorder_new(NULL, false);
	r->quiet = true;
	for (uint16_t i = 0; i < 5; i++)
		feed(r, syn(SERVER + i, (uint16_t)(2000 + i), 80, i));
	feed(r, tcp_of(v4(SERVER + 1), 80, v4(CLIENT), 2001, 100, SYN | ACK, 1, 2));
	feed(r, tcp_of(v4(SERVER + 2), 80, v4(CLIENT), 2002, 101, WW_TCP_RST | ACK, 0, 2));
	feed(r, syn(SERVER + 9, 2009, 80, 4000000));
	/* Late: it takes back what was not told. */
	feed(r, tcp_of(v4(SERVER + 3), 80, v4(CLIENT), 2003, 4000001, SYN | ACK, 1, 2));
	ww_flows_finish(r->flows);
	static const struct {
		uint64_t frame;
		uint8_t outcome;
		bool late;
	} expected[] = {
		{2, WW_CONTACT_REACHED, false},
		{2, WW_CONTACT_ANSWERED, false},
		{3, WW_CONTACT_REFUSED, false},
		{8, WW_CONTACT_SENT, false},
		{4, WW_CONTACT_REACHED, true},
		{4, WW_CONTACT_ANSWERED, true},
		{8, WW_CONTACT_UNDECIDED, false},
	};
	assert_int_equal(r->n_contacts, 5 + WW_N(expected));
	/* ANSWERED and REFUSED wait for frame 1 to be judged, which is when frame 8 comes. */
	for (size_t i = 0; i < WW_N(expected); i++) {
		const struct ww_contact *contact = &r->contacts[5 + i];
		assert_int_equal(contact->outcome, expected[i].outcome);
		assert_int_equal(contact->sent_frame, expected[i].frame);
		assert_true(contact->late == expected[i].late);
		assert_true(contact->quiet);
	}
	assert_int_equal(counts_of(r)->unanswered, 2);
	assert_int_equal(counts_of(r)->answered, 2);
	assert_int_equal(counts_of(r)->undecided, 1);
	recorder_free(r);
}

/* Many connections of one client to one endpoint share a bucket: the newest are kept. */
static void full_bucket_judges_the_oldest(void **state)
{
	struct recorder *r = recorder_new(NULL, false);
	for (uint16_t i = 0; i < WW_BUCKET_SLOTS + 2; i++)
		feed(r, syn(SERVER, (uint16_t)(2000 + i), 80, i));
	assert_int_equal(counts_of(r)->contacts, 1);
	assert_int_equal(counts_of(r)->evicted_attempts, 2);
	assert_int_equal(r->n_contacts, 2);
	assert_int_equal(r->contacts[1].outcome, WW_CONTACT_UNANSWERED);
	assert_int_equal(r->contacts[1].sent_frame, 1);
	/* Those in the bucket are found by their answers, the two that left it are not. */
	for (uint16_t i = 0; i < WW_BUCKET_SLOTS + 2; i++)
		feed(r, tcp_of(v4(SERVER), 80, v4(CLIENT), (uint16_t)(2000 + i), 100 + i, SYN | ACK,
				1, 2));
	assert_int_equal(counts_of(r)->flows, WW_BUCKET_SLOTS);
	assert_int_equal(counts_of(r)->backscatter, 2);
	recorder_free(r);
}

/* The ring comes round: a late answer finds another's attempt in the place, and leaves it alone. */
static void a_place_taken_again_is_not_mistaken(void **state)
{
	struct ww_flow_limits limits = {.attempts = 8};
	struct recorder *r = recorder_new(&limits, false);
	feed(r, syn(SERVER, 2000, 80, 0));
	for (uint16_t i = 1; i <= 8; i++)
		feed(r, syn(SERVER + i, (uint16_t)(2000 + i), 80, 4000000 + i));
	assert_int_equal(counts_of(r)->unanswered, 1);
	feed(r, tcp_of(v4(SERVER), 80, v4(CLIENT), 2000, 4000100, SYN | ACK, 1, 2));
	assert_int_equal(counts_of(r)->flows, 0);
	assert_int_equal(counts_of(r)->backscatter, 1);
	assert_int_equal(counts_of(r)->taken_back, 0);
	feed(r, tcp_of(v4(SERVER + 8), 80, v4(CLIENT), 2008, 4000200, SYN | ACK, 1, 2));
	assert_int_equal(counts_of(r)->flows, 1);
	assert_int_equal(counts_of(r)->answered, 1);
	recorder_free(r);
}

/*
 * Attempts against a slow model: a list of everything that was sent, judged by looking at all of
 * it. The table is large enough that nothing is evicted.
 */
enum { MODEL_MAX = 4096 };
struct model {
	uint32_t server;
	uint16_t sport;
	int64_t sent_us;
	uint8_t outcome;
	bool first;
};

static void model_expire(struct model *sent, size_t n, int64_t now, uint32_t wait, size_t *judged)
{
	for (size_t i = 0; i < n; i++) {
		if (sent[i].outcome == WW_CONTACT_SENT && now - sent[i].sent_us >= wait) {
			sent[i].outcome = WW_CONTACT_UNANSWERED;
			*judged += sent[i].first;
		}
	}
}

static void attempts_agree_with_a_slow_model(void **state)
{
	struct recorder *r = recorder_new(NULL, false);
	struct ww_rng rng = ww_rng_seeded(7);
	struct model *sent = calloc(MODEL_MAX, sizeof(*sent));
	size_t n = 0, unanswered = 0, answered = 0, refused = 0, firsts = 0;
	int64_t now = 0;
	for (int step = 0; step < 6000; step++) {
		now += (int64_t)ww_rng_below(&rng, 40000);
		uint32_t wait = r->flows->attempts.wait_us;
		model_expire(sent, n, now, wait, &unanswered);
		if (ww_rng_below(&rng, 2) && n < MODEL_MAX) {
			struct model *m = &sent[n];
			*m = (struct model){SERVER + (uint32_t)ww_rng_below(&rng, 100000),
				(uint16_t)(1024 + n), now, WW_CONTACT_SENT, true};
			for (size_t i = 0; i < n; i++)
				m->first &= sent[i].server != m->server;
			firsts += m->first;
			n++;
			feed(r, syn(m->server, m->sport, 80, now));
			continue;
		}
		struct model *m =
			n ? &sent[ww_rng_below(&rng, n < 40 ? n : 40) + (n < 40 ? 0 : n - 40)]
			  : NULL;
		if (!m || (m->outcome != WW_CONTACT_SENT && m->outcome != WW_CONTACT_UNANSWERED))
			continue;
		bool yes = ww_rng_below(&rng, 2);
		feed(r, reply(m->server, m->sport, 80, now, yes ? SYN | ACK : WW_TCP_RST));
		bool late = m->outcome == WW_CONTACT_UNANSWERED;
		answered += m->first && yes;
		unanswered -= m->first && yes && late;
		refused += m->first && !yes && !late;
		m->outcome = yes ? WW_CONTACT_ANSWERED : WW_CONTACT_REFUSED;
	}
	assert_int_equal(counts_of(r)->evicted_attempts, 0);
	assert_int_equal(counts_of(r)->contacts, firsts);
	assert_int_equal(counts_of(r)->answered, answered);
	assert_int_equal(counts_of(r)->refused, refused);
	assert_int_equal(counts_of(r)->unanswered, unanswered);
	ww_flows_finish(r->flows);
	assert_int_equal(counts_of(r)->answered + counts_of(r)->refused + counts_of(r)->unanswered +
				 counts_of(r)->undecided,
		firsts);
	free(sent);
	recorder_free(r);
}

static void time_steps_do_not_age_the_table(void **state)
{
	struct recorder *r = recorder_new(NULL, false);
	const int64_t year = 365 * (int64_t)86400 * SECOND;
	feed(r, syn(SERVER, 1000, 80, year));
	feed(r, reply(SERVER, 1000, 80, year + 1, SYN | ACK));
	feed(r, syn(SERVER, 1001, 81, 31 * year)); /* one bad time */
	assert_true(r->flows->clock.now_us <= 300 * SECOND + 1);
	feed(r, syn(SERVER, 1002, 82, year + 2));
	assert_int_equal(counts_of(r)->time_back, 1);
	int64_t before = r->flows->clock.now_us;
	feed(r, syn(SERVER, 1003, 83, year + SECOND));
	assert_in_range(r->flows->clock.now_us - before, 1, SECOND); /* the clock runs on at once */
	feed(r, syn(SERVER, 1004, 84, INT64_MIN));
	feed(r, syn(SERVER, 1005, 85, INT64_MAX));
	feed(r, syn(SERVER, 1006, 86, INT64_MIN));
	ww_flows_finish(r->flows);
	assert_int_equal(counts_of(r)->unanswered + counts_of(r)->undecided, 6);
	recorder_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(syn_ack_answers),
		cmocka_unit_test(rst_and_icmp_refuse),
		cmocka_unit_test(silence_is_judged_after_the_wait),
		cmocka_unit_test(late_answer_takes_back),
		cmocka_unit_test(repeated_syns_are_one_contact),
		cmocka_unit_test(wait_follows_answer_times),
		cmocka_unit_test(fifty_at_once_are_answered),
		cmocka_unit_test(judgements_come_in_order_of_sending),
		cmocka_unit_test(a_short_capture_is_judged_only_where_nobody_answers),
		cmocka_unit_test(backscatter_makes_nothing),
		cmocka_unit_test(lone_syn_ack_tells_the_server_later),
		cmocka_unit_test(one_direction_only_is_no_scan),
		cmocka_unit_test(udp_contacts),
		cmocka_unit_test(one_way_udp_is_no_failure),
		cmocka_unit_test(an_advisory_port_is_judged),
		cmocka_unit_test(low_source_ports_are_seen),
		cmocka_unit_test(ipv6_is_exact),
		cmocka_unit_test(full_ring_judges_the_oldest),
		cmocka_unit_test(silence_is_not_told_where_nobody_asks),
		cmocka_unit_test(full_bucket_judges_the_oldest),
		cmocka_unit_test(a_place_taken_again_is_not_mistaken),
		cmocka_unit_test(attempts_agree_with_a_slow_model),
		cmocka_unit_test(time_steps_do_not_age_the_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
