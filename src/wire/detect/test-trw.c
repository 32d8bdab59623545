// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/detect/trw.h"

#include "base/err.h"
#include "base/rng.h"

#include <math.h>
#include <stdlib.h>

#include "test.h"

enum { KEPT = 512 };

/* A sink that keeps what it is told. */
struct told {
	struct ww_finding findings[KEPT];
	struct ww_evidence evidence[KEPT][WW_TRW_STEPS];
	uint64_t n, updates;
};

static uint64_t on_finding(void *context, struct ww_finding *finding)
{
	struct told *told = context;
	finding->id = told->n + 1;
	if (told->n < KEPT) {
		told->findings[told->n] = *finding;
		assert_true(finding->n_evidence <= WW_TRW_STEPS);
		memcpy(told->evidence[told->n], finding->evidence,
			finding->n_evidence * sizeof *finding->evidence);
	}
	return ++told->n;
}

static void on_update(void *context, const struct ww_finding *finding)
{
	struct told *told = context;
	assert_true(finding->id >= 1 && finding->id <= told->n);
	if (finding->id <= KEPT)
		told->findings[finding->id - 1] = *finding;
	told->updates++;
}

struct bench {
	struct told *told;
	struct ww_trw *trw;
	uint64_t frame;
	int64_t now_us;
};

static struct bench begin_with(struct ww_trw_config config)
{
	struct bench bench = {.told = calloc(1, sizeof(struct told)), .now_us = 1060646400000000};
	assert_non_null(bench.told);
	config.sink = (struct ww_detect_sink){bench.told, on_finding, on_update};
	assert_int_equal(ww_trw_new(&config, &bench.trw, NULL), 0);
	return bench;
}

static struct bench begin(void)
{
	return begin_with(ww_trw_config_default());
}

static void end(struct bench *bench)
{
	ww_trw_free(&bench->trw);
	ww_trw_free(&bench->trw);
	free(bench->told);
}

static struct ww_contact send_from(
	struct bench *bench, uint32_t src, uint32_t dst, uint16_t port, uint8_t proto)
{
	bench->now_us += 1000;
	struct ww_contact contact = {
		.src = ww_ip_from_v4(src),
		.dst = ww_ip_from_v4(dst),
		.port = port,
		.proto = proto,
		.outcome = WW_CONTACT_SENT,
		.sent_us = bench->now_us,
		.sent_frame = ++bench->frame,
	};
	ww_trw_contact(bench->trw, &contact);
	return contact;
}

static struct ww_contact send(struct bench *bench, uint32_t src, uint32_t dst, uint16_t port)
{
	return send_from(bench, src, dst, port, WW_PROTO_TCP);
}

static void judge(struct bench *bench, struct ww_contact contact, uint8_t outcome)
{
	if (contact.quiet && outcome == WW_CONTACT_UNANSWERED)
		return;
	contact.outcome = outcome;
	contact.judged_us = bench->now_us;
	contact.judged_frame = outcome == WW_CONTACT_UNANSWERED ? 0 : ++bench->frame;
	ww_trw_contact(bench->trw, &contact);
}

static void take_back(struct bench *bench, struct ww_contact contact, uint8_t outcome)
{
	contact.late = true;
	judge(bench, contact, outcome);
}

static void try(struct bench *bench, uint32_t src, uint32_t dst, uint16_t port, uint8_t outcome)
{
	judge(bench, send(bench, src, dst, port), outcome);
}

/* As in 445_scan.pcap: nine hosts on one port, nobody answers; all sent before any is judged. */
static void a_sweep_of_nine_hosts(void **state)
{
	struct bench bench = begin();
	struct ww_contact sent[9];
	for (uint32_t i = 0; i < 9; i++)
		sent[i] = send(&bench, 0xb0c09603, 0x8d8e0000 + i * 517, 445);
	for (uint32_t i = 0; i < 9; i++)
		judge(&bench, sent[i], WW_CONTACT_UNANSWERED);
	assert_int_equal(bench.told->n, 1);
	assert_int_equal(bench.told->findings[0].n_evidence, 6);
	assert_string_equal(bench.told->evidence[0][5].note, "unanswered");
	assert_int_equal(bench.told->evidence[0][0].frame, 1);
	double last = 0;
	for (int i = 0; i < 6; i++) {
		assert_true(bench.told->evidence[0][i].score > last);
		last = bench.told->evidence[0][i].score;
	}
	assert_true(last >= bench.told->findings[0].threshold);
	ww_trw_finish(bench.trw);
	const struct ww_finding *finding = &bench.told->findings[0];
	assert_int_equal(bench.told->updates, 1);
	assert_int_equal(finding->kind, WW_FINDING_SCAN);
	assert_string_equal(finding->scan, "horizontal");
	assert_string_equal(finding->msg, "scans 445/tcp: 9 addresses tried, 9 did not answer");
	assert_int_equal(finding->targets, 9);
	assert_int_equal(finding->hosts, 9);
	assert_int_equal(finding->ports, 1);
	assert_int_equal(finding->port, 445);
	assert_int_equal(finding->failed, 9);
	assert_int_equal(finding->first_contacts_to_alarm, 6);
	assert_int_equal(finding->sent_to_alarm, 9);
	assert_int_equal(finding->n_frames, 9);
	for (size_t i = 0; i < 9; i++)
		assert_int_equal(finding->frames[i], i + 1);
	assert_string_equal(finding->strategy.name, "");
	assert_string_equal(finding->advisory, "");
	assert_true(finding->confidence > .99 && finding->confidence <= .999);
	end(&bench);
}

static void port_scans(void **state)
{
	static const struct {
		uint16_t ports;
		uint8_t outcome;
		const char *msg;
	} rows[] = {
		{29, WW_CONTACT_UNANSWERED,
			"scans 10.100.18.12: 29 tcp ports tried, 29 did not answer"},
		{1000, WW_CONTACT_UNANSWERED,
			"scans 10.100.18.12: 1000 tcp ports tried, 1000 did not answer"},
		{1000, WW_CONTACT_REFUSED,
			"scans 10.100.18.12: 1000 tcp ports tried, "
			"0 did not answer, 1000 refused"},
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		struct bench bench = begin();
		for (uint16_t port = 1; port <= rows[i].ports; port++)
			try(&bench, 0x0a64190e, 0x0a64120c, port, rows[i].outcome);
		ww_trw_finish(bench.trw);
		const struct ww_finding *finding = &bench.told->findings[0];
		assert_int_equal(bench.told->n, 1);
		assert_string_equal(finding->scan, "vertical");
		assert_string_equal(finding->msg, rows[i].msg);
		assert_int_equal(finding->ports, rows[i].ports);
		assert_int_equal(finding->hosts, 1);
		assert_int_equal(finding->port, 0);
		assert_int_equal(finding->failed, rows[i].ports);
		assert_int_equal(finding->first_contacts_to_alarm, 6);
		struct ww_ip victim = ww_ip_from_v4(0x0a64120c);
		assert_true(ww_ip_equal(&finding->dst, &victim));
		end(&bench);
	}
}

/* As in nmap-synscan.pcapng: the ports that answer do so before the first silence is judged. */
static void open_ports_count_as_targets(void **state)
{
	struct bench bench = begin();
	struct ww_contact sent[1000];
	for (uint16_t i = 0; i < 1000; i++) {
		sent[i] = send(&bench, 1, 0x40000000, (uint16_t)(i + 1));
		if (i == 8 || i == 20 || i == 700)
			judge(&bench, sent[i], WW_CONTACT_ANSWERED);
		if (i == 12)
			judge(&bench, sent[i], WW_CONTACT_REFUSED);
		if (i >= 30 && i != 30 + 8 && i != 30 + 12 && i != 30 + 20 && i != 730)
			judge(&bench, sent[i - 30], WW_CONTACT_UNANSWERED);
	}
	for (uint16_t i = 970; i < 1000; i++)
		judge(&bench, sent[i], WW_CONTACT_UNANSWERED);
	ww_trw_finish(bench.trw);
	assert_int_equal(bench.told->n, 1);
	assert_int_equal(bench.told->findings[0].targets, 1000);
	assert_int_equal(bench.told->findings[0].ports, 1000);
	assert_int_equal(bench.told->findings[0].failed, 997);
	assert_true(bench.told->findings[0].first_contacts_to_alarm <= 7);
	end(&bench);
}

static void a_block_and_its_neighbours(void **state)
{
	static const struct {
		uint32_t hosts, ports;
		const char *scan;
	} rows[] = {{4, 4, "block"}, {20, 4, "horizontal"}, {4, 20, "vertical"}, {19, 4, "block"},
		{1, 20, "vertical"}, {20, 1, "horizontal"}};
	for (size_t i = 0; i < WW_N(rows); i++) {
		struct bench bench = begin();
		for (uint32_t host = 0; host < rows[i].hosts; host++)
			for (uint32_t port = 1; port <= rows[i].ports; port++)
				try(&bench, 1, 0x0a000000 + host, (uint16_t)port,
					WW_CONTACT_UNANSWERED);
		ww_trw_finish(bench.trw);
		assert_int_equal(bench.told->n, 1);
		assert_string_equal(bench.told->findings[0].scan, rows[i].scan);
		assert_int_equal(bench.told->findings[0].targets, rows[i].hosts * rows[i].ports);
		end(&bench);
	}
}

/* Fifty connections at once, five of them to dead servers: SENT alone is no evidence. */
static void a_busy_client_is_no_scanner(void **state)
{
	struct bench bench = begin();
	for (int round = 0; round < 20; round++) {
		struct ww_contact sent[50];
		for (uint32_t i = 0; i < 50; i++)
			sent[i] = send(&bench, 7, 0x0a000000 + (uint32_t)round * 50 + i, 443);
		for (uint32_t i = 0; i < 50; i++)
			if (i % 10)
				judge(&bench, sent[i], WW_CONTACT_ANSWERED);
		for (uint32_t i = 0; i < 50; i += 10)
			judge(&bench, sent[i], WW_CONTACT_UNANSWERED);
	}
	ww_trw_finish(bench.trw);
	assert_int_equal(bench.told->n, 0);
	assert_int_equal(ww_trw_counts(bench.trw).judged, 1000);
	end(&bench);
}

static void a_dead_server_counts_once(void **state)
{
	struct bench bench = begin();
	for (int i = 0; i < 100; i++)
		try(&bench, 7, 0x0a000001, 25, WW_CONTACT_UNANSWERED);
	assert_int_equal(bench.told->n, 0);
	end(&bench);
}

/* Six taken for unanswered would alarm; the answers come late and take them back. */
static void late_answers_are_taken_back(void **state)
{
	struct bench bench = begin();
	struct ww_contact sent[64];
	for (uint32_t i = 0; i < 64; i++) {
		sent[i] = send(&bench, 7, 0x0a000000 + i, 443);
		judge(&bench, sent[i], WW_CONTACT_UNANSWERED);
		if (i % 4 == 3)
			for (uint32_t late = i - 3; late <= i; late++)
				take_back(&bench, sent[late], WW_CONTACT_ANSWERED);
	}
	assert_int_equal(bench.told->n, 0);
	assert_int_equal(ww_trw_counts(bench.trw).taken_back, 64);
	assert_int_equal(ww_trw_counts(bench.trw).failed, 0);
	/* And the walk is where it would be without them: six more are needed. */
	for (uint32_t i = 0; i < 6; i++) {
		assert_int_equal(bench.told->n, 0);
		try(&bench, 7, 0x0b000000 + i, 443, WW_CONTACT_REFUSED);
	}
	assert_int_equal(bench.told->n, 1);
	assert_int_equal(bench.told->findings[0].first_contacts_to_alarm, 6);
	end(&bench);
}

/* Most of what raised the alarm answers late: the last word on it has the true counts. */
static void an_alarm_is_withdrawn(void **state)
{
	static const struct {
		uint32_t late;
		uint8_t outcome;
		uint64_t failed;
		bool withdrawn;
		const char *msg;
	} rows[] = {
		{42, WW_CONTACT_ANSWERED, 8, true,
			"scans 443/tcp: 50 addresses tried, 8 did not answer, 42 answered late: no "
			"scan after all"},
		{50, WW_CONTACT_ONE_WAY, 0, true, NULL},
		{10, WW_CONTACT_ANSWERED, 40, false,
			"scans 443/tcp: 50 addresses tried, 40 did not answer, 10 answered late"},
	};
	for (size_t row = 0; row < WW_N(rows); row++) {
		struct bench bench = begin();
		struct ww_contact sent[50];
		for (uint32_t i = 0; i < 50; i++)
			sent[i] = send(&bench, 7, 0x0a000000 + i * 3, 443);
		for (uint32_t i = 0; i < 50; i++)
			judge(&bench, sent[i], WW_CONTACT_UNANSWERED);
		assert_int_equal(bench.told->n, 1);
		assert_true(bench.told->findings[0].confidence > .9);
		for (uint32_t i = 0; i < rows[row].late; i++)
			take_back(&bench, sent[i], rows[row].outcome);
		ww_trw_finish(bench.trw);
		const struct ww_finding *finding = &bench.told->findings[0];
		assert_int_equal(finding->failed, rows[row].failed);
		assert_int_equal(finding->targets, 50);
		assert_true((finding->confidence < .5) == rows[row].withdrawn);
		if (rows[row].msg)
			assert_string_equal(finding->msg, rows[row].msg);
		assert_int_equal(ww_trw_counts(bench.trw).judged, 50);
		assert_int_equal(ww_trw_counts(bench.trw).failed, rows[row].failed);
		end(&bench);
	}
}

/* Of a known scanner silence is not told: what the counts say is what was sent and not heard of. */
static void the_silence_of_a_scanner_is_counted_untold(void **state)
{
	enum { MORE = 1000 };
	struct bench bench = begin();
	for (uint32_t i = 0; i < 6; i++)
		try(&bench, 7, 0x0a000000 + i * 3, 443, WW_CONTACT_UNANSWERED);
	assert_int_equal(bench.told->n, 1);
	/* The first one behind the alarm says that all before it is judged. */
	struct ww_contact first = send(&bench, 7, 0x0a100000, 443);
	assert_false(first.quiet);
	judge(&bench, first, WW_CONTACT_UNANSWERED);
	struct ww_contact sent[MORE];
	for (uint32_t i = 0; i < MORE; i++) {
		sent[i] = send(&bench, 7, 0x0b000000 + i * 3, 443);
		assert_true(sent[i].quiet);
	}
	for (uint32_t i = 0; i < 10; i++)
		judge(&bench, sent[i], WW_CONTACT_ANSWERED);
	for (uint32_t i = 10; i < 30; i++)
		judge(&bench, sent[i], WW_CONTACT_REFUSED);
	for (uint32_t i = 30; i < 35; i++)
		judge(&bench, sent[i], WW_CONTACT_UNDECIDED);
	for (uint32_t i = 35; i < 40; i++)
		take_back(&bench, sent[i], WW_CONTACT_ANSWERED);
	ww_trw_finish(bench.trw);
	const struct ww_finding *finding = &bench.told->findings[0];
	assert_int_equal(finding->targets, 7 + MORE);
	assert_int_equal(finding->failed, 7 + MORE - 10 - 5 - 5);
	assert_string_equal(finding->msg,
		"scans 443/tcp: 1007 addresses tried, 967 did not answer, "
		"20 refused, 5 answered late");
	struct ww_trw_counts counts = ww_trw_counts(bench.trw);
	assert_int_equal(counts.judged, 7 + MORE - 5);
	assert_int_equal(counts.failed, finding->failed);
	assert_int_equal(counts.by_scanners, 1 + MORE - 5);
	assert_int_equal(counts.taken_back, 5);
	end(&bench);
}

static void streams_are_neither_answered_nor_failed(void **state)
{
	struct bench bench = begin();
	for (uint32_t i = 0; i < 40; i++) {
		struct ww_contact sent = send_from(&bench, 7, 100 + i, 5004, WW_PROTO_UDP);
		if (i % 2)
			judge(&bench, sent, WW_CONTACT_UNANSWERED);
		if (i % 2)
			take_back(&bench, sent, WW_CONTACT_ONE_WAY);
		else
			judge(&bench, sent, WW_CONTACT_ONE_WAY);
	}
	assert_int_equal(bench.told->n, 0);
	for (uint32_t i = 0; i < 6; i++) {
		assert_int_equal(bench.told->n, 0);
		judge(&bench, send_from(&bench, 7, 200 + i, 1434, WW_PROTO_UDP),
			WW_CONTACT_UNANSWERED);
	}
	assert_int_equal(bench.told->n, 1);
	end(&bench);
}

static void a_worm_that_counts_upwards(void **state)
{
	struct bench bench = begin();
	for (uint32_t base = 0x0a030000; base < 0x0a030000 + 100; base += 20) {
		struct ww_contact sent[20];
		for (uint32_t i = 0; i < 20; i++)
			sent[i] = send(&bench, 99, base + i, 135);
		for (uint32_t i = 0; i < 20; i++)
			judge(&bench, sent[i], i % 7 ? WW_CONTACT_UNANSWERED : WW_CONTACT_ANSWERED);
	}
	ww_trw_finish(bench.trw);
	const struct ww_finding *finding = &bench.told->findings[0];
	struct ww_ip start = ww_ip_from_v4(0x0a030000);
	assert_int_equal(bench.told->n, 1);
	assert_string_equal(finding->strategy.name, "sequential");
	assert_true(ww_ip_equal(&finding->strategy.start, &start));
	assert_true(fabs(finding->strategy.per_s - 1000) < 100);
	assert_true(finding->first_contacts_to_alarm <= 15);
	assert_true(finding->sent_to_alarm <= 30);
	end(&bench);
}

/* IPv6 as well; and one that jumps between two networks does not. */
static void an_ipv6_sweep_counts_upwards(void **state)
{
	for (int jumps = 0; jumps < 2; jumps++) {
		struct bench bench = begin();
		for (uint32_t i = 0; i < 40; i++) {
			bench.now_us += 1000;
			struct ww_contact sent = {.port = 22,
				.proto = WW_PROTO_TCP,
				.outcome = WW_CONTACT_SENT,
				.sent_us = bench.now_us,
				.sent_frame = ++bench.frame,
				.src = {{0x20, 1, [15] = 7}},
				.dst = {{0x20, 1, [14] = 1, [15] = (uint8_t)(0xf0 + i)}}};
			sent.dst.b[14] = (uint8_t)(1 + (0xf0 + i) / 256);
			sent.dst.b[3] = (uint8_t)(jumps ? i % 2 : 0);
			ww_trw_contact(bench.trw, &sent);
			judge(&bench, sent, WW_CONTACT_UNANSWERED);
		}
		ww_trw_finish(bench.trw);
		assert_int_equal(bench.told->n, 1);
		assert_string_equal(
			bench.told->findings[0].strategy.name, jumps ? "" : "sequential");
		end(&bench);
	}
}

static void protocols_walk_apart(void **state)
{
	struct bench bench = begin();
	for (uint32_t i = 0; i < 5; i++) {
		try(&bench, 7, 100 + i, 53, WW_CONTACT_UNANSWERED);
		judge(&bench, send_from(&bench, 7, 100 + i, 53, WW_PROTO_UDP),
			WW_CONTACT_UNANSWERED);
	}
	assert_int_equal(bench.told->n, 0);
	judge(&bench, send_from(&bench, 7, 200, 53, WW_PROTO_UDP), WW_CONTACT_UNANSWERED);
	assert_int_equal(bench.told->n, 1);
	assert_int_equal(bench.told->findings[0].proto, WW_PROTO_UDP);
	end(&bench);
}

static void hostile_values_do_no_harm(void **state)
{
	struct bench bench = begin();
	static const int64_t times[] = {INT64_MIN, INT64_MAX, 0, -1, 1};
	struct ww_rng rng = ww_rng_seeded(1);
	for (int i = 0; i < 20000; i++) {
		struct ww_contact contact = {
			.port = (uint16_t)ww_rng_u64(&rng),
			.proto = (uint8_t)ww_rng_below(&rng, 3),
			.outcome = (uint8_t)ww_rng_below(&rng, 8),
			.late = ww_rng_below(&rng, 8) == 0,
			.sent_us = times[ww_rng_below(&rng, 5)],
			.judged_us = times[ww_rng_below(&rng, 5)],
			.sent_frame = ww_rng_below(&rng, 4),
		};
		contact.src.b[15] = (uint8_t)ww_rng_below(&rng, 4);
		contact.dst.b[0] = (uint8_t)ww_rng_u64(&rng);
		ww_trw_contact(bench.trw, &contact);
	}
	ww_trw_finish(bench.trw);
	assert_true(bench.told->n >= 1);
	end(&bench);
}

/* The plain walk of one source, from the formula: a model without tables. */
struct model {
	int score, consumed;
	bool alarmed;
};

static bool model_step(struct model *model, bool failed)
{
	struct ww_walk walk = ww_walk_between(WW_TRW_FAIL_BENIGN, WW_TRW_FAIL_SCANNER);
	if (model->alarmed || (!failed && model->score == 0))
		return false;
	model->score += failed ? walk.up : -walk.down;
	model->consumed++;
	if (model->score <= 0)
		*model = (struct model){0};
	model->alarmed = model->score * walk.unit >= 10.5;
	return model->alarmed;
}

static void sources_walk_as_the_model_does(void **state)
{
	enum { SOURCES = 200, CONTACTS = 40000 };
	struct bench bench = begin();
	struct ww_rng rng = ww_rng_seeded(4);
	struct model models[SOURCES] = {0};
	uint64_t alarms = 0;
	for (uint32_t i = 0; i < CONTACTS; i++) {
		uint32_t src = (uint32_t)ww_rng_below(&rng, SOURCES);
		bool failed = ww_rng_unit(&rng) < .1 + .4 * src / SOURCES;
		bool alarm = model_step(&models[src], failed);
		try(&bench, src, i, 80, failed ? WW_CONTACT_UNANSWERED : WW_CONTACT_ANSWERED);
		alarms += alarm;
		assert_int_equal(bench.told->n, alarms);
		if (alarm) {
			const struct ww_finding *finding = &bench.told->findings[alarms - 1];
			struct ww_ip ip = ww_ip_from_v4(src);
			assert_true(ww_ip_equal(&finding->src, &ip));
			assert_int_equal(finding->first_contacts_to_alarm, models[src].consumed);
		}
	}
	assert_true(alarms > 50 && alarms < SOURCES);
	end(&bench);
}

/* Benign sources at the assumed failure rate: false alarms as often as the exact run length says.
 */
static void false_alarms_come_as_computed(void **state)
{
	struct ww_trw_config config = ww_trw_config_default();
	config.false_alarm_rate = 1e-3;
	struct bench bench = begin_with(config);
	struct ww_rng rng = ww_rng_seeded(11);
	enum { CONTACTS = 300000 };
	/* A source that alarmed goes, and the next takes its place: the walk is renewed. */
	uint32_t src = 0;
	for (uint32_t i = 0; i < CONTACTS; i++) {
		bool failed = ww_rng_unit(&rng) < WW_TRW_FAIL_BENIGN;
		try(&bench, src, i, 80, failed ? WW_CONTACT_UNANSWERED : WW_CONTACT_ANSWERED);
		src = (uint32_t)bench.told->n;
	}
	struct ww_trw_counts counts = ww_trw_counts(bench.trw);
	double expected = CONTACTS / counts.run_length;
	assert_true(counts.run_length >= 1000);
	assert_true(fabs(counts.false_alarms - expected) < 1e-6);
	assert_true(fabs((double)bench.told->n - expected) < 4 * sqrt(expected));
	assert_true(fabs(counts.false_alarms_per_day - expected * 86400 / (CONTACTS / 1e3)) <
		    .01 * counts.false_alarms_per_day);
	end(&bench);
}

/* Judgements are told with the time when their wait ended, between packets that are younger. */
static void time_counts_once(void **state)
{
	enum { PENDING = 500 };
	struct bench bench = begin();
	struct ww_contact pending[PENDING];
	uint64_t judged = 0;
	for (uint32_t i = 0; i < 100 * PENDING; i++) {
		struct ww_contact *contact = &pending[i % PENDING];
		if (i >= PENDING) {
			contact->outcome = WW_CONTACT_ANSWERED;
			contact->judged_us = contact->sent_us + 20000;
			contact->judged_frame = bench.frame;
			ww_trw_contact(bench.trw, contact);
			judged++;
		}
		*contact = send(&bench, 0x0a000000 + i % 97, 0xc0a80000 + i % 1009, 80);
	}
	struct ww_trw_counts counts = ww_trw_counts(bench.trw);
	double days = 100 * PENDING / 1e3 / 86400; /* a contact each millisecond */
	double expected = (double)judged / counts.run_length / days;
	assert_true(fabs(counts.false_alarms_per_day / expected - 1) < .01);
	end(&bench);
}

/* Little evidence goes first, a scanner last; its record survives its entry. */
static void the_least_evidence_is_evicted(void **state)
{
	struct ww_trw_config config = ww_trw_config_default();
	config.sources = 4;
	struct bench bench = begin_with(config);
	for (uint32_t i = 0; i < 6; i++)
		try(&bench, 1, 1000 + i, 445, WW_CONTACT_UNANSWERED);
	for (uint32_t i = 0; i < 5; i++)
		try(&bench, 2, 1000 + i, 445, WW_CONTACT_UNANSWERED);
	for (uint32_t src = 100; src < 1000; src++)
		try(&bench, src, 5, 80, WW_CONTACT_ANSWERED);
	assert_int_equal(ww_trw_counts(bench.trw).evicted_sources, 0);
	assert_int_equal(ww_trw_counts(bench.trw).forgotten_sources, 898);
	try(&bench, 2, 2000, 445, WW_CONTACT_UNANSWERED);
	assert_int_equal(bench.told->n, 2);
	for (uint32_t i = 0; i < 10; i++)
		try(&bench, 1, 3000 + i, 445, WW_CONTACT_UNANSWERED);
	for (uint32_t src = 100; src < 110; src++)
		for (uint32_t i = 0; i < 6; i++)
			try(&bench, src, 1000 + i, 445, WW_CONTACT_UNANSWERED);
	assert_true(ww_trw_counts(bench.trw).evicted_sources > 0);
	uint64_t before = bench.told->n;
	for (uint32_t i = 0; i < 10; i++)
		try(&bench, 1, 4000 + i, 445, WW_CONTACT_UNANSWERED);
	assert_int_equal(bench.told->n, before);
	ww_trw_finish(bench.trw);
	assert_true(bench.told->findings[0].targets >= 17);
	end(&bench);
}

static void scanners_and_walks_are_bounded(void **state)
{
	struct ww_trw_config config = ww_trw_config_default();
	config.scanners = 8;
	config.walks = 4;
	struct bench bench = begin_with(config);
	for (uint32_t i = 0; i < 6; i++)
		for (uint32_t src = 1; src <= 20; src++)
			try(&bench, src, 1000 * src + i, 445, WW_CONTACT_UNANSWERED);
	struct ww_trw_counts counts = ww_trw_counts(bench.trw);
	assert_int_equal(bench.told->n, 20);
	assert_int_equal(counts.evicted_scanners, 12);
	assert_true(counts.evicted_walks > 0);
	for (size_t i = 0; i < 20; i++)
		assert_int_equal(bench.told->findings[i].first_contacts_to_alarm, 6);
	ww_trw_finish(bench.trw);
	assert_int_equal(bench.told->updates, 20);
	end(&bench);
}

static void bad_parameters_are_refused(void **state)
{
	struct ww_trw *trw = NULL;
	struct ww_err err;
	for (int i = 0; i < 5; i++) {
		struct ww_trw_config config = ww_trw_config_default();
		switch (i) {
		case 0: config.fail_benign = config.fail_scanner; break;
		case 1: config.fail_scanner = 1; break;
		case 2: config.false_alarm_rate = 0; break;
		case 3: config.scanners = 0; break;
		case 4: config.fail_benign = NAN; break;
		}
		err.text[0] = 0;
		assert_int_equal(ww_trw_new(&config, &trw, &err), -EINVAL);
		assert_true(err.text[0] != 0);
		assert_null(trw);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sweep_of_nine_hosts),
		cmocka_unit_test(port_scans),
		cmocka_unit_test(open_ports_count_as_targets),
		cmocka_unit_test(a_block_and_its_neighbours),
		cmocka_unit_test(a_busy_client_is_no_scanner),
		cmocka_unit_test(a_dead_server_counts_once),
		cmocka_unit_test(late_answers_are_taken_back),
		cmocka_unit_test(an_alarm_is_withdrawn),
		cmocka_unit_test(the_silence_of_a_scanner_is_counted_untold),
		cmocka_unit_test(streams_are_neither_answered_nor_failed),
		cmocka_unit_test(a_worm_that_counts_upwards),
		cmocka_unit_test(an_ipv6_sweep_counts_upwards),
		cmocka_unit_test(protocols_walk_apart),
		cmocka_unit_test(hostile_values_do_no_harm),
		cmocka_unit_test(sources_walk_as_the_model_does),
		cmocka_unit_test(false_alarms_come_as_computed),
		cmocka_unit_test(time_counts_once),
		cmocka_unit_test(the_least_evidence_is_evicted),
		cmocka_unit_test(scanners_and_walks_are_bounded),
		cmocka_unit_test(bad_parameters_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
