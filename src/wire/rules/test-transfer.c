// SPDX-License-Identifier: GPL-3.0-or-later
/* Files asked for by TFTP: the answer comes from another port, and is that request's. */
#include "wire/rules/test-rules.h"

static struct stage stage;
static struct ww_fact answered;
static size_t answers;
static char note[100], said[100];

static void on_answer(void *context, const struct ww_rule_answer *answer)
{
	assert_null(answer->flow);
	answered = *answer->fact;
	snprintf(said, sizeof(said), "%.*s", (int)answer->fact->text_len,
		(const char *)answer->fact->text);
	answers++;
}

static void on_hit(void *context, const struct ww_hit *hit)
{
	stage_hit(context, hit);
	snprintf(note, sizeof(note), "%s", hit->note ? hit->note : "");
}

static int open_stage(void **state)
{
	stage_open(&stage,
		"alert udp any any -> any 69 (content:\"|00|\"; depth:1; sid:1;)\n"
		"alert udp any any -> any any (content:\"not in any datagram\"; sid:2;)\n",
		WW_MATCHER_RUNS);
	ww_rules_want_answers(stage.rules, on_answer);
	return 0;
}

static int close_stage(void **state)
{
	stage_close(&stage);
	return 0;
}

/* A datagram of no flow between 10.0.0.`from` and 10.0.0.`to`, at this second. */
static void send_datagram(unsigned from, uint16_t sport, unsigned to, uint16_t dport,
	const void *payload, size_t len, int64_t second)
{
	uint8_t *copy = malloc(len ? len : 1);
	assert_non_null(copy);
	memcpy(copy, payload, len);
	stage.flow.proto = WW_PROTO_UDP;
	struct ww_packet packet = stage_packet(&stage, WW_DIR_TO_SERVER, copy, len);
	packet.time_us = second * 1000000;
	packet.src = ww_ip_from_v4(0x0a000000 + from);
	packet.dst = ww_ip_from_v4(0x0a000000 + to);
	packet.sport = sport;
	packet.dport = dport;
	ww_rules_transfer(stage.rules, &packet, &stage);
	uint16_t group = ww_rules_group(stage.rules, &packet);
	if (group)
		ww_rules_packet(
			stage.rules, group, NULL, WW_DIR_TO_SERVER, &packet, on_hit, &stage);
	free(copy);
}

static const char READ[] = "\0\1worm.exe\0octet", WRITE[] = "\0\2a b\0octet";
static const char DATA[] = "\0\3\0\1MZmarker", ACK[] = "\0\4\0\0", OPTIONS[] = "\0\6blksize\0009";
static const char ERROR[] = "\0\5\0\1File not found";

static void test_answers(void **state)
{
	static const struct {
		const char *request, *answer;
		size_t request_len, answer_len;
		enum ww_fact_kind kind; /* COUNT: it is no answer */
		enum ww_fact_outcome outcome;
		uint32_t code;
		const char *text;
	} rows[] = {
#define ROW(request, answer, ...)                                                                  \
	{request, answer, sizeof(request), sizeof(answer) - 1, __VA_ARGS__}
		ROW(READ, DATA, WW_FACT_TFTP_DATA, WW_FACT_GRANTED, 0, "MZmarker"),
		ROW(READ, ERROR, WW_FACT_TFTP_ERROR, WW_FACT_REFUSED, 1, "File not found"),
		ROW(READ, OPTIONS, WW_FACT_TFTP_ACK, WW_FACT_GRANTED, 0, "blksize"),
		ROW(READ, ACK, WW_FACT_COUNT),
		ROW(READ, "\0\3\0", WW_FACT_COUNT),
		ROW(READ, "\1\3\0\1", WW_FACT_COUNT),
		ROW(READ, "", WW_FACT_COUNT),
		ROW(READ, "\0\3\0\1", WW_FACT_TFTP_DATA, WW_FACT_GRANTED, 0, ""),
		ROW(WRITE, ACK, WW_FACT_TFTP_ACK, WW_FACT_GRANTED, 0, ""),
		ROW(WRITE, DATA, WW_FACT_COUNT),
		ROW(WRITE, ERROR, WW_FACT_TFTP_ERROR, WW_FACT_REFUSED, 1, "File not found"),
#undef ROW
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		answers = 0;
		uint16_t port = (uint16_t)(1000 + i);
		send_datagram(1, port, 2, 69, rows[i].request, rows[i].request_len, 10);
		assert_int_equal(answers, 0);
		send_datagram(2, 3000, 1, port, rows[i].answer, rows[i].answer_len, 11);
		if (rows[i].kind == WW_FACT_COUNT) {
			assert_int_equal(answers, 0);
			continue;
		}
		assert_int_equal(answers, 1);
		assert_int_equal(answered.kind, rows[i].kind);
		assert_int_equal(answered.outcome, rows[i].outcome);
		assert_int_equal(answered.code, rows[i].code);
		assert_string_equal(said, rows[i].text);
		/* What follows is not the answer. */
		send_datagram(2, 3000, 1, port, rows[i].answer, rows[i].answer_len, 11);
		assert_int_equal(answers, 1);
	}
}

static void test_whose(void **state)
{
	answers = 0;
	send_datagram(1, 2000, 2, 69, READ, sizeof(READ), 10);
	assert_string_equal(note, "TFTP: asks to read worm.exe, octet");
	send_datagram(3, 3000, 1, 2000, DATA, sizeof(DATA) - 1, 11); /* another server */
	send_datagram(2, 3000, 1, 2001, DATA, sizeof(DATA) - 1, 11); /* another port */
	send_datagram(2, 3000, 4, 2000, DATA, sizeof(DATA) - 1, 11); /* another client */
	assert_int_equal(answers, 0);
	send_datagram(2, 3000, 1, 2000, DATA, sizeof(DATA) - 1, 70);
	assert_int_equal(answers, 1);
	/* Too late. */
	send_datagram(1, 2000, 2, 69, WRITE, sizeof(WRITE), 100);
	assert_string_equal(note, "TFTP: asks to write a.b, octet");
	send_datagram(2, 3000, 1, 2000, ACK, 4, 161);
	assert_int_equal(answers, 1);
	/* A request that is out of order takes nothing from the wait of another. */
	send_datagram(1, 2000, 2, 69, READ, sizeof(READ), 180);
	send_datagram(5, 2000, 2, 69, READ, sizeof(READ), 130);
	send_datagram(2, 3000, 1, 2000, DATA, sizeof(DATA) - 1, 195);
	assert_int_equal(answers, 2);
	answers = 1;
	/* What no rule alerted on is not waited for. */
	send_datagram(1, 2000, 2, 70, READ, sizeof(READ), 200);
	send_datagram(2, 3000, 1, 2000, DATA, sizeof(DATA) - 1, 201);
	assert_int_equal(answers, 1);
	/* A long name is cut where it is shown. */
	char request[400] = "\0\1";
	memset(request + 2, 'n', 300);
	memcpy(request + 303, "octet", 6);
	send_datagram(1, 2000, 2, 69, request, 309, 300);
	assert_non_null(strstr(note, "nnnn..., octet"));
}

static void test_bounded(void **state)
{
	enum { MANY = 3000 };
	answers = 0;
	for (unsigned i = 0; i < MANY; i++)
		send_datagram(1, (uint16_t)(i + 1), 2, 69, READ, sizeof(READ), 1000);
	uint64_t dropped = ww_rules_counts(stage.rules).transfers_dropped;
	assert_true(dropped >= MANY - 1024 && dropped < MANY);
	for (unsigned i = 0; i < MANY; i++)
		send_datagram(2, 3000, 1, (uint16_t)(i + 1), DATA, sizeof(DATA) - 1, 1001);
	assert_int_equal(answers + dropped, MANY);
	/* Those that are stale make room, uncounted. */
	for (unsigned i = 0; i < MANY; i++)
		send_datagram(1, (uint16_t)(i + 1), 2, 69, READ, sizeof(READ), 2000 + 100 * i);
	assert_int_equal(ww_rules_counts(stage.rules).transfers_dropped, dropped);
}

/* A server that stays on its port: the flow that begins is looked at, also when no rule wants it.
 */
static void test_same_port(void **state)
{
	struct ww_flow flow = {.client = ww_ip_from_v4(0x0a000009),
		.server = ww_ip_from_v4(0x0a000002),
		.client_port = 2000,
		.server_port = 7,
		.proto = WW_PROTO_UDP};
	struct stage lonely;
	stage_open(&lonely,
		"alert udp any any -> any 7 (flow:to_server; content:\"|00|\"; sid:1;)\n",
		WW_MATCHER_RUNS);
	ww_rules_want_answers(lonely.rules, on_answer);
	ww_rules_wanted(lonely.rules, &flow);
	assert_int_equal(flow.groups[WW_DIR_TO_CLIENT], 0);
	struct ww_packet packet = stage_packet(&lonely, WW_DIR_TO_SERVER, READ, sizeof(READ));
	packet.proto = WW_PROTO_UDP;
	packet.src = flow.client;
	packet.dst = flow.server;
	packet.sport = flow.client_port;
	packet.dport = flow.server_port;
	stage_lone(&lonely, &packet);
	assert_int_equal(lonely.hits, 1);
	ww_rules_wanted(lonely.rules, &flow);
	assert_int_not_equal(flow.groups[WW_DIR_TO_CLIENT], 0);
	stage_close(&lonely);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_whose),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_same_port),
	};
	return cmocka_run_group_tests_name("transfer", tests, open_stage, close_stage);
}
