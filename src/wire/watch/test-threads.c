// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * However many threads work: every finding, host and count is, byte for byte, what one thread says.
 */
#include "base/rng.h"
#include "wire/watch/watch.h"

#include "test.h"

#include <stdlib.h>
#include <string.h>

enum {
	LINK_ETHERNET = 1,
	LINK = 14,
	IP4 = 20,
	TCP = 20,
	UDP = 8,
	TALKS = 60,    /* conversations at a time */
	STEPS = 12000, /* packets, about */
	TEXT_MAX = 700,
};

static const char RULES[] =
	"alert tcp any any -> any any (content:\"ALPHA-ONE\"; sid:1;)\n"
	"alert tcp any any -> any any (content:\"OMEGA\"; flowbits:set,o; noalert; sid:2;)\n"
	"alert tcp any any -> any any (content:\"ZETA\"; flowbits:isset,o; sid:3;)\n"
	"alert tcp any any -> any any (content:\"BETA\"; threshold:type limit, track by_src, "
	"count 3, seconds 60; sid:4;)\n"
	"alert tcp any any -> any any (content:\"GAMMA\"; detection_filter:track by_dst, count 5, "
	"seconds 30; sid:5;)\n"
	"alert tcp any any -> any any (content:\"DELTA\"; pcre:\"/DELTA[0-9]{3}x/\"; sid:6;)\n"
	"alert tcp any any -> any any (content:\"/evil\"; http_uri; sid:7;)\n"
	"alert tcp any any -> any any (content:\"EPSILON\"; content:!\"OMEGA\"; distance:0; "
	"within:30; sid:8;)\n"
	"alert udp any any -> any 53 (content:\"BETA\"; sid:9;)\n"
	"alert ip any any -> any any (content:\"ZETA\"; threshold:type both, track by_src, count "
	"7, "
	"seconds 5; sid:10;)\n"
	"suppress gen_id 1, sig_id 6, track by_src, ip 10.0.1.0/28\n";

static const char *const WORDS[] = {"ALPHA-ONE", "OMEGA", "ZETA", "BETA", "GAMMA", "DELTA042x",
	"EPSILON", "GET /evil HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 404 No\r\n\r\n",
	"GET /a HTTP/1.1\r\nContent-Length: 9\r\n\r\n", "\x17\x03\x03\x01\x00"};

/* ---- a capture ---- */

struct tape {
	struct ww_buf bytes;
	struct ww_frame *frames; /* `data` is set when all is there */
	size_t n, cap;
	int64_t time_us;
	uint16_t ip_id;
};

struct talk {
	uint32_t client, server;
	uint16_t port, server_port;
	uint32_t seq[2];
	unsigned state; /* 0 not begun, 1 SYN sent, 2 open */
};

static void put16(uint8_t *to, unsigned value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

static void put32(uint8_t *to, uint32_t value)
{
	put16(to, value >> 16);
	put16(to + 2, value & 0xffff);
}

static void record(struct tape *tape, const struct talk *talk, bool up, uint8_t proto,
	const uint8_t *payload, size_t len)
{
	uint8_t head[LINK + IP4] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45};
	put16(head + LINK + 2, (unsigned)(IP4 + len));
	put16(head + LINK + 4, ++tape->ip_id);
	head[LINK + 8] = 64;
	head[LINK + 9] = proto;
	put32(head + LINK + 12, up ? talk->client : talk->server);
	put32(head + LINK + 16, up ? talk->server : talk->client);
	if (tape->n == tape->cap) {
		tape->cap = tape->cap ? 2 * tape->cap : 1024;
		tape->frames = reallocarray(tape->frames, tape->cap, sizeof(*tape->frames));
		assert_non_null(tape->frames);
	}
	tape->time_us += 1000;
	tape->frames[tape->n] = (struct ww_frame){.captured = (uint32_t)(sizeof(head) + len),
		.length = (uint32_t)(sizeof(head) + len),
		.time_us = tape->time_us,
		.number = tape->n + 1,
		.link_type = LINK_ETHERNET};
	tape->n++;
	ww_buf_add(&tape->bytes, (const char *)head, sizeof(head));
	ww_buf_add(&tape->bytes, (const char *)payload, len);
}

static void segment(struct tape *tape, const struct talk *talk, bool up, uint8_t flags,
	uint32_t seq, const char *text, size_t n)
{
	uint8_t bytes[TCP + TEXT_MAX] = {0};
	put16(bytes, up ? talk->port : talk->server_port);
	put16(bytes + 2, up ? talk->server_port : talk->port);
	put32(bytes + 4, seq);
	put32(bytes + 8, talk->seq[up]);
	bytes[12] = 0x50;
	bytes[13] = flags;
	memcpy(bytes + TCP, text, n);
	record(tape, talk, up, WW_PROTO_TCP, bytes, TCP + n);
}

static void datagram(
	struct tape *tape, const struct talk *talk, bool up, const char *text, size_t n)
{
	uint8_t bytes[UDP + TEXT_MAX] = {0};
	put16(bytes, up ? talk->port : 53);
	put16(bytes + 2, up ? 53 : talk->port);
	put16(bytes + 4, (unsigned)(UDP + n));
	memcpy(bytes + UDP, text, n);
	record(tape, talk, up, WW_PROTO_UDP, bytes, UDP + n);
}

static size_t make_text(struct ww_rng *rng, char *text)
{
	size_t want = 1 + (size_t)ww_rng_below(rng, TEXT_MAX), len = 0;
	while (len < want) {
		const char *word = WORDS[ww_rng_below(rng, WW_N(WORDS))];
		for (; *word && len < want; word++)
			text[len++] = *word;
		for (size_t gap = (size_t)ww_rng_below(rng, 60); gap && len < want; gap--)
			text[len++] = (char)('a' + ww_rng_below(rng, 26));
	}
	return len;
}

/* The next packet of a conversation: now and then lost, out of order, again, other, or the end. */
static void step(struct tape *tape, struct ww_rng *rng, struct talk *talk)
{
	char text[TEXT_MAX];
	size_t n = make_text(rng, text);
	bool up = ww_rng_below(rng, 2);
	if (talk->state == 0) {
		*talk = (struct talk){.client = 0x0a000100 + (uint32_t)ww_rng_below(rng, 40),
			.server = 0x0a000200 + (uint32_t)ww_rng_below(rng, 200),
			.port = (uint16_t)(1025 + ww_rng_below(rng, 60000)),
			.server_port = ww_rng_below(rng, 3) ? 80 : 4444,
			.seq = {(uint32_t)ww_rng_u64(rng), (uint32_t)ww_rng_u64(rng)}};
		talk->state = ww_rng_below(rng, 5) ? 1 : 2;
		if (talk->state == 1)
			segment(tape, talk, true, WW_TCP_SYN, talk->seq[0]++, "", 0);
		return;
	}
	if (talk->state == 1) {
		talk->state = ww_rng_below(rng, 6) ? 2 : 0;
		if (talk->state == 2)
			segment(tape, talk, false, WW_TCP_SYN | WW_TCP_ACK, talk->seq[1]++, "", 0);
		return;
	}
	uint32_t seq = talk->seq[!up];
	switch (ww_rng_below(rng, 24)) {
	case 0: segment(tape, talk, up, WW_TCP_RST | WW_TCP_ACK, seq, "", 0); break;
	case 1: segment(tape, talk, up, WW_TCP_FIN | WW_TCP_ACK, seq, "", 0); break;
	case 2: talk->seq[!up] += (uint32_t)n; break; /* lost */
	case 3: segment(tape, talk, up, WW_TCP_ACK, seq - 20, text, n); break;
	case 4: segment(tape, talk, up, WW_TCP_ACK, seq + 300, text, n); break;
	case 5: datagram(tape, talk, up, text, n); break;
	case 6: talk->state = 0; break;
	default: segment(tape, talk, up, WW_TCP_ACK, seq, text, n); talk->seq[!up] += (uint32_t)n;
	}
}

static void finish_tape(struct tape *tape)
{
	size_t at = 0;
	assert_false(tape->bytes.failed);
	for (size_t i = 0; i < tape->n; i++) {
		tape->frames[i].data = (const uint8_t *)tape->bytes.data + at;
		at += tape->frames[i].captured;
	}
}

static void make_tape(struct tape *tape, uint64_t seed)
{
	struct ww_rng rng = ww_rng_seeded(seed);
	struct talk talks[TALKS] = {0};
	*tape = (struct tape){.time_us = 1060000000000000};
	for (int i = 0; i < STEPS; i++)
		step(tape, &rng, &talks[ww_rng_below(&rng, TALKS)]);
	finish_tape(tape);
}

static void tape_done(struct tape *tape)
{
	ww_buf_done(&tape->bytes);
	free(tape->frames);
}

/* ---- what a run says ---- */

static void on_finding(void *context, const struct ww_finding *finding)
{
	ww_finding_json(context, finding);
	ww_buf_addc(context, '\n');
}

static void read_out(const struct ww_watch *watch, struct ww_buf *out)
{
	const struct ww_host *host;
	for (size_t i = 0; (host = ww_watch_host(watch, i)); i++)
		ww_host_json(out, host);
	struct ww_watch_summary summary;
	ww_watch_summarize(watch, &summary);
	const struct ww_watch_input input = {
		.file = "tape", .format = "pcap", .state = WW_CAPTURE_END, .note = ""};
	ww_watch_summary_json(out, &summary, &input);
	ww_buf_addf(out, "\n%llu", (unsigned long long)summary.rules.candidates);
}

static struct ww_plan *plan_of(const char *rules, size_t len)
{
	struct ww_plan *plan = NULL;
	struct ww_err err = {0};
	assert_int_equal(ww_plan_new(NULL, 0, &plan), 0);
	assert_int_equal(ww_plan_rules(plan, "threads.rules", rules, len), 0);
	assert_int_equal(ww_plan_ready(plan, &err), 0);
	assert_int_equal(ww_rules_problems(ww_plan_ruleset(plan)), 0);
	return plan;
}

/* `rest`: findings are asked for after so many packets, as a live capture does; 0: at the end. */
static char *run(const struct tape *tape, const char *rules, size_t rules_len, unsigned threads,
	size_t rest, uint64_t *ret_findings)
{
	struct ww_plan *plan = plan_of(rules, rules_len);
	struct ww_buf out = WW_BUF_INIT;
	const struct ww_watch_sink sink = {&out, on_finding, on_finding, on_finding};
	const struct ww_watch_options options = {.threads = threads};
	struct ww_watch *watch = NULL;
	assert_int_equal(ww_watch_new(plan, &options, &sink, &watch), 0);
	for (size_t i = 0; i < tape->n; i += WW_BATCH) {
		size_t n = tape->n - i < WW_BATCH ? tape->n - i : WW_BATCH;
		ww_watch_feed(watch, tape->frames + i, n);
		if (rest && i / WW_BATCH % rest == 0)
			ww_watch_settle(watch);
	}
	assert_int_equal(ww_watch_finish(watch), 0);
	struct ww_watch_summary summary;
	ww_watch_summarize(watch, &summary);
	*ret_findings = summary.findings;
	read_out(watch, &out);
	ww_watch_free(&watch);
	ww_plan_free(&plan);
	assert_false(out.failed);
	return ww_buf_take(&out);
}

static void assert_same(const struct tape *tape, const char *rules, size_t len, uint64_t least)
{
	static const struct {
		unsigned threads;
		size_t rest;
	} cases[] = {{2, 0}, {2, 3}, {4, 0}, {WW_WATCH_THREADS, 50}};
	uint64_t findings, others;
	char *one = run(tape, rules, len, 1, 0, &findings);
	assert_true(findings >= least);
	for (size_t i = 0; i < WW_N(cases); i++) {
		char *many = run(tape, rules, len, cases[i].threads, cases[i].rest, &others);
		assert_int_equal(findings, others);
		assert_true(strcmp(one, many) == 0);
		free(many);
	}
	free(one);
}

static void threads_show_nowhere(void **state)
{
	for (uint64_t seed = 1; seed <= 3; seed++) {
		struct tape tape;
		make_tape(&tape, seed);
		assert_same(&tape, RULES, strlen(RULES), 500);
		tape_done(&tape);
	}
}

/* More than fits into a lane's list, and into the row: what is left is done in its turn. */
static void alerts_may_be_many(void **state)
{
	enum { MANY = 200, PACKETS = 60 };
	struct ww_buf rules = WW_BUF_INIT;
	for (int i = 0; i < MANY; i++)
		ww_buf_addf(&rules, "alert %s any any -> any any (content:\"ZE\"; sid:%d;)\n",
			i % 2 ? "udp" : "tcp", 1000 + i);
	struct tape tape = {.time_us = 1060000000000000};
	struct talk talk = {.client = 0x0a000101, .server = 0x0a000201, .port = 2000};
	talk.server_port = 80;
	for (int i = 0; i < PACKETS; i++) {
		segment(&tape, &talk, i % 3, WW_TCP_ACK, 5 + 4 * (uint32_t)(i / 3), "ZETA", 4);
		talk.port = i % 40 ? talk.port : (uint16_t)(talk.port + 1);
		struct talk lone = {.client = 0x0a000300 + (uint32_t)i, .server = 0x0a000201};
		lone.port = 3000;
		datagram(&tape, &lone, true, "ZETA", 4);
	}
	finish_tape(&tape);
	assert_same(&tape, rules.data, rules.len, MANY / 2 * PACKETS);
	tape_done(&tape);
	ww_buf_done(&rules);
}

/* Given up before its end: nothing is left behind, and nobody waits. */
static void a_run_may_be_dropped(void **state)
{
	struct tape tape;
	make_tape(&tape, 9);
	for (size_t until = 0; until < tape.n; until += 1700) {
		struct ww_plan *plan = plan_of(RULES, strlen(RULES));
		const struct ww_watch_options options = {.threads = 3};
		const struct ww_watch_sink sink = {0};
		struct ww_watch *watch = NULL;
		assert_int_equal(ww_watch_new(plan, &options, &sink, &watch), 0);
		for (size_t i = 0; i + WW_BATCH < until; i += WW_BATCH)
			ww_watch_feed(watch, tape.frames + i, WW_BATCH);
		ww_watch_free(&watch);
		ww_plan_free(&plan);
	}
	tape_done(&tape);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_show_nowhere),
		cmocka_unit_test(alerts_may_be_many),
		cmocka_unit_test(a_run_may_be_dropped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
