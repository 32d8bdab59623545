// SPDX-License-Identifier: GPL-3.0-or-later
/* Rules on the buffers of messages: whole, cut at every byte, in both directions, and answered. */
#include "wire/rules/test-rules.h"

static struct ww_fact answered;
static size_t answers;

static void on_answer(void *context, const struct ww_rule_answer *answer)
{
	answered = *answer->fact;
	answers++;
}

/* '>' to the server, '<' to the client; in pieces of `step`. */
static size_t play_at(
	struct stage *stage, uint16_t port, const char *const *turns, size_t n, size_t step)
{
	stage_begin_flow(stage, WW_PROTO_TCP, port);
	for (size_t i = 0; i < n && turns[i]; i++) {
		enum ww_dir dir = *turns[i] == '>' ? WW_DIR_TO_SERVER : WW_DIR_TO_CLIENT;
		const char *text = turns[i] + 1;
		for (size_t len = strlen(text); len;) {
			size_t piece = step < len ? step : len;
			stage_segment(stage, dir, text, piece, false);
			text += piece;
			len -= piece;
		}
	}
	stage_segment(stage, WW_DIR_TO_SERVER, "", 0, true);
	stage_segment(stage, WW_DIR_TO_CLIENT, "", 0, true);
	return stage->hits;
}

static size_t play(struct stage *stage, const char *const *turns, size_t n, size_t step)
{
	return play_at(stage, 80, turns, n, step);
}

#define POST                                                                                       \
	">POST /a%20b?q HTTP/1.1\r\nHost: X.y\r\nUser-Agent: worm\r\nContent-Length: 11\r\n\r\n"   \
	"hello world"
#define GET_LINES "GET /x HTTP/1.0\r\nCookie: c=1\r\n\r\n"
#define GET       ">" GET_LINES
#define NOT_FOUND "<HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope"
#define CHUNKED                                                                                    \
	"<HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nner\r\n3\r\nt t\r\n0\r\n\r\n"

#define ENVELOPE ">EHLO worm\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@d>\r\n"

static const struct {
	const char *options;
	const char *turns[4];
	size_t hits;
} rows[] = {
	/* Several buffers of one message. */
	{"content:\"POST\"; http_method; content:\"/a b\"; http_uri; content:\"worm\"; "
	 "http_header;",
		{POST}, 1},
	{"content:\"GET\"; http_method; content:\"/a b\"; http_uri;", {POST GET_LINES}, 0},
	{"content:\"GET\"; http_method; content:\"/x\"; http_uri;", {POST GET_LINES}, 1},
	{"content:\"GET\"; http_method; content:\"/x\"; http_uri;", {POST, GET}, 1},
	{"content:\"GET\"; http_method; content:\"/a\"; http_uri;", {POST, GET}, 0},
	/* A body is waited for; what is not there shows at its end. */
	{"content:\"/a b\"; http_uri; content:\"hello\"; http_client_body; content:\"world\"; "
	 "http_client_body; distance:1; within:5;",
		{POST}, 1},
	{"content:\"/a b\"; http_uri; content:!\"mars\"; http_client_body;", {POST}, 1},
	{"content:\"/a b\"; http_uri; content:!\"world\"; http_client_body;", {POST}, 0},
	{"content:\"hello\"; http_client_body; content:\"/x\"; http_uri;", {POST, GET}, 0},
	{"content:\"hello\"; http_client_body; isdataat:5,relative;", {POST}, 1},
	{"content:\"hello\"; http_client_body; isdataat:!6,relative;", {POST}, 1},
	/* In a buffer that is not there nothing matches. */
	{"content:\"/x\"; http_uri; content:!\"zzz\"; http_client_body;", {GET}, 0},
	{"content:\"/a\"; http_uri; content:!\"zzz\"; http_cookie;", {POST}, 0},
	{"content:\"/x\"; http_uri; content:!\"zzz\"; http_cookie;", {GET}, 1},
	/* Cookies are no part of http_header. */
	{"content:\"c=1\"; http_cookie;", {GET}, 1},
	{"content:\"c=1\"; http_header;", {GET}, 0},
	{"content:\"c=1\"; http_raw_header;", {GET}, 1},
	/* Raw bytes beside a buffer are those of the message. */
	{"content:\"/a\"; http_uri; content:\"hello\";", {POST}, 1},
	{"content:\"/a\"; http_uri; content:\"POST\"; depth:4;", {POST}, 1},
	{"content:\"/a\"; http_uri; content:\"GET\";", {POST, GET}, 0},
	{"content:\"/x\"; http_uri; content:\"GET\"; depth:3;", {POST, GET}, 1},
	{"content:\"/a\"; http_uri; content:!\"world\";", {POST}, 0},
	/* Once a message, and again for the next. */
	{"content:\"hello\"; http_client_body;", {POST, POST}, 2},
	{"content:\"o\"; http_client_body;", {POST}, 1},
	{"http.uri; content:\"b\"; http.host; content:\"x.y\";", {POST}, 1},
	/* The other direction. */
	{"content:\"404\"; http_stat_code;", {GET, NOT_FOUND}, 1},

	{"content:\"404\"; http_stat_code; file_data; content:\"nope\";", {GET, NOT_FOUND}, 1},
	{"file_data; content:\"inert\";", {GET, CHUNKED}, 0},
	{"file_data; content:\"nert t\";", {GET, CHUNKED}, 1},
	/* FTP, at any port. */
	{"ftp.command; content:\"RETR\"; ftp.command_data; content:\"a.exe\";",
		{">USER x\r\n", "<331 y\r\n", ">RETR a.exe\r\n"}, 1},
	/* An envelope: one recipient at a time, with the sender and the name before. */
	{"smtp.helo; content:\"worm\";", {ENVELOPE}, 1},
	{"smtp.mail_from; content:\"<a@b>\"; startswith; endswith;", {ENVELOPE}, 1},
	{"smtp.rcpt_to; content:\"@d\";", {ENVELOPE}, 2},
	{"smtp.rcpt_to; content:\"@d\"; smtp.helo; content:\"worm\"; smtp.mail_from; "
	 "content:!\"z\";",
		{ENVELOPE}, 2},
	{"smtp.helo; content:\"worm\"; smtp.rcpt_to; content:\"e\"; bsize:5;", {ENVELOPE}, 1},
	{"smtp.helo; bsize:4; smtp.mail_from; content:!\"z\";", {ENVELOPE}, 1},
	{"smtp.mail_from; content:\"@d\";", {ENVELOPE}, 0},
	{"smtp.rcpt_to; content:\"@d\"; content:\"RCPT\"; depth:4;", {ENVELOPE}, 0},
	{"smtp.rcpt_to; content:\"@d\"; pkt_data; content:\"RCPT\"; depth:4;", {ENVELOPE}, 2},
};

static void test_rows(void **state)
{
	for (size_t i = 0; i < WW_N(rows); i++) {
		struct stage stage;
		char text[400];
		snprintf(text, sizeof(text), "alert tcp any any -> any any (%s sid:1;)",
			rows[i].options);
		stage_open(&stage, text, WW_MATCHER_RUNS);
		for (size_t step = 1; step < 400; step += step < 40 ? 1 : 60)
			if (play(&stage, rows[i].turns, WW_N(rows[i].turns), step) != rows[i].hits)
				fail_msg("%s in pieces of %zu: %zu hits", text, step, stage.hits);
		stage_close(&stage);
	}
}

/* A rule on the answer sees what a rule on its request set. */
static void test_flowbits(void **state)
{
	static const char *const turns[] = {GET, NOT_FOUND};
	struct stage stage;
	stage_open(&stage,
		"alert tcp any any -> any any (flow:to_server; content:\"/x\"; http_uri; "
		"flowbits:set,x; flowbits:noalert; sid:1;)\n"
		"alert tcp any any -> any any (flow:to_client; flowbits:isset,x; content:\"404\"; "
		"http_stat_code; sid:2;)\n",
		WW_MATCHER_RUNS);
	for (size_t step = 1; step < 100; step++) {
		assert_int_equal(play(&stage, turns, 2, step), 1);
		assert_int_equal(stage.sids[0], 2);
	}
	stage_close(&stage);
}

static void test_answers(void **state)
{
	static const char *const failed[] = {POST, GET, NOT_FOUND, CHUNKED};
	static const char *const unanswered[] = {GET};
	struct stage stage;
	stage_open(&stage,
		"alert tcp any any -> any any (flow:to_server; content:\"/a b\"; http_uri; "
		"sid:1;)\n",
		WW_MATCHER_RUNS);
	ww_rules_want_answers(stage.rules, on_answer);
	for (size_t step = 1; step < 200; step += 7) {
		answers = 0;
		assert_int_equal(play(&stage, failed, 4, step), 1);
		assert_int_equal(answers, 1);
		assert_int_equal(answered.code, 404);
		assert_int_equal(answered.outcome, WW_FACT_REFUSED);
		assert_int_equal(answered.asked_at, 0);
		/* The answer to another request is not looked at. */
		answers = 0;
		assert_int_equal(play(&stage, unanswered, 1, step), 0);
		assert_int_equal(stage.flow.groups[WW_DIR_TO_CLIENT], 0);
		assert_int_equal(answers, 0);
	}
	stage_close(&stage);
}

/* The second recipient is refused: so is the attempt, whatever the first got. */
static void test_refused_recipient(void **state)
{
	static const char *const turns[] = {
		ENVELOPE, "<250 hello\r\n250 ok\r\n250 ok\r\n550 no\r\n"};
	static const struct {
		const char *who;
		unsigned code;
		enum ww_fact_outcome outcome;
	} wanted[] = {{"c@d", 250, WW_FACT_GRANTED}, {"e@d", 550, WW_FACT_REFUSED}};
	for (size_t i = 0; i < WW_N(wanted); i++) {
		struct stage stage;
		char text[200];
		snprintf(text, sizeof(text),
			"alert tcp any any -> any any (flow:to_server; smtp.rcpt_to; "
			"content:\"%s\"; "
			"sid:1;)\n",
			wanted[i].who);
		stage_open(&stage, text, WW_MATCHER_RUNS);
		ww_rules_want_answers(stage.rules, on_answer);
		for (size_t step = 1; step < 100; step += 7) {
			answers = 0;
			assert_int_equal(play(&stage, turns, 2, step), 1);
			assert_int_equal(answers, 1);
			assert_int_equal(answered.code, wanted[i].code);
			assert_int_equal(answered.outcome, wanted[i].outcome);
		}
		stage_close(&stage);
	}
}

/* A transfer that begins has not come to its end yet. */
static void test_preliminary_reply(void **state)
{
	static const struct {
		const char *turns[4];
		unsigned code;
	} cases[] = {
		{{"<220 ready\r\n", ">USER a\r\nRETR x.exe\r\n",
			 "<331 who\r\n150 here\r\n226 done\r\n"},
			226},
		{{"<220 ready\r\n", ">USER a\r\nRETR x.exe\r\n",
			 "<331 who\r\n150 here\r\n426 no\r\n"},
			426},
		{{"<220 ready\r\n", ">USER a\r\nRETR x.exe\r\n", "<331 who\r\n150 here\r\n"}, 0},
	};
	struct stage stage;
	stage_open(&stage,
		"alert tcp any any -> any any (flow:to_server; ftp.command; content:\"RETR\"; "
		"sid:1;)\n",
		WW_MATCHER_RUNS);
	ww_rules_want_answers(stage.rules, on_answer);
	for (size_t i = 0; i < WW_N(cases); i++) {
		for (size_t step = 1; step < 60; step += 3) {
			answers = 0;
			assert_int_equal(play_at(&stage, 5554, cases[i].turns, 4, step), 1);
			assert_int_equal(answers, cases[i].code != 0);
			if (answers)
				assert_int_equal(answered.code, cases[i].code);
		}
	}
	stage_close(&stage);
}

/* FTP's rules look at commands only; how the server greets is listened to all the same. */
static void test_greeting(void **state)
{
	static const char *const ftp[] = {"<220 OK\r\n", ">USER x\r\n"};
	static const char *const pop3[] = {"<+OK\r\n", ">USER x\r\n", "<+OK\r\n", ">PASS y\r\n"};
	struct stage stage;
	stage_open(&stage,
		"alert tcp any any -> any any (flow:to_server; ftp.command; content:\"USER\"; "
		"sid:1;)\n",
		WW_MATCHER_RUNS);
	for (size_t step = 1; step < 9; step++) {
		assert_int_equal(play(&stage, ftp, 2, step), 1);
		assert_int_equal(play(&stage, pop3, 4, step), 0);
	}
	/* Where it is something else, nobody listens any more. */
	static const char *const other[] = {"<hello\r\n", ">what is\r\n"};
	assert_int_equal(play(&stage, other, 2, 100), 0);
	assert_int_equal(stage.flow.groups[WW_DIR_TO_CLIENT], 0);
	stage_close(&stage);
}

/* "alert http" and no buffer: in which streams a content is looked for, whatever the port. */
static void test_spoken(void **state)
{
	static const struct {
		const char *app;
		uint16_t port;
		const char *turns[4];
		size_t hits;
	} cases[] = {
		{"http", 6, {">GET /marker HTTP/1.0\r\n\r\n"}, 1},
		{"http", 6, {">SSH-2.0-marker\r\n"}, 0},
		{"http", 80, {">SSH-2.0-marker\r\n"}, 0},
		{"http", 6, {">GET / HTTP/1.0\r\n\r\n", "<HTTP/1.0 200 marker\r\n\r\n"}, 1},
		{"ftp", 5554, {"<220 hi\r\n", ">USER marker\r\n"}, 1},
		{"ftp", 5554, {"<+OK\r\n", ">USER marker\r\n"}, 0},
		{"ftp", 21, {"<220 hi\r\n", ">GET /marker HTTP/1.0\r\n\r\n"}, 0},
		/* The first bytes wait until the protocol is told. */
		{"ftp", 5554, {">USER marker\r\n", ">TYPE I\r\n"}, 1},
		{"ftp", 5554, {">USER marker\r\n", ">TYP"}, 0},
		{"smtp", 26, {"<220 hi\r\n", ">EHLO a\r\nmarker\r\n"}, 1},
		{"smtp", 25, {"<220 hi\r\n", ">USER marker\r\n"}, 0},
		{"smtp", 6, {"<220 marker\r\n", ">EHLO a\r\n", "<250 ok\r\n"}, 1},
		/* One direction only: nothing is told, so by ports. */
		{"smtp", 25, {"<220 marker\r\n"}, 1},
		{"smtp", 6, {"<220 marker\r\n"}, 0},
	};
	for (size_t i = 0; i < WW_N(cases); i++) {
		for (size_t fast = 0; fast < 2; fast++) {
			struct stage stage;
			char text[200];
			snprintf(text, sizeof(text), "alert %s any any -> any any (%s sid:1;)",
				cases[i].app,
				fast ? "content:\"marker\";" : "pcre:\"/m[a]rker/\";");
			stage_open(&stage, text, WW_MATCHER_RUNS);
			for (size_t step = 1; step < 60; step++) {
				size_t hits =
					play_at(&stage, cases[i].port, cases[i].turns, 4, step);
				if (hits != cases[i].hits)
					fail_msg("case %zu, %s, in pieces of %zu: %zu hits", i,
						text, step, hits);
			}
			stage_close(&stage);
		}
	}
}

static void test_spoken_datagrams(void **state)
{
	static const char query[] = "\1\2\1\0\0\1\0\0\0\0\0\0\6marker\0\0\1\0\1";
	static const char read[] = "\0\1marker\0octet";
	static const struct {
		const char *app;
		uint16_t port;
		const char *bytes;
		size_t len, hits;
	} cases[] = {
		{"dns", 53, query, sizeof(query) - 1, 1},
		{"dns", 5353, query, sizeof(query) - 1, 1},
		{"dns", 5353, "marker", 6, 0},
		{"dns", 53, "marker", 6, 1}, /* not recognised: by ports */
		{"tftp", 69, read, sizeof(read), 1},
		{"tftp", 6969, read, sizeof(read), 1},
		{"tftp", 69, query, sizeof(query) - 1, 1},
		{"dns", 69, read, sizeof(read), 0},
	};
	for (size_t i = 0; i < WW_N(cases); i++) {
		struct stage stage;
		char text[200];
		snprintf(text, sizeof(text),
			"alert %s any any -> any any (content:\"marker\"; sid:1;)", cases[i].app);
		stage_open(&stage, text, WW_MATCHER_RUNS);
		size_t hits = stage_datagram(&stage, cases[i].port, cases[i].bytes, cases[i].len);
		stage.flow.server_port = cases[i].port;
		struct ww_packet packet =
			stage_packet(&stage, WW_DIR_TO_SERVER, cases[i].bytes, cases[i].len);
		stage_lone(&stage, &packet);
		if (hits != cases[i].hits || stage.hits != 2 * hits)
			fail_msg("case %zu: %zu hits, and %zu of no flow", i, hits,
				stage.hits - hits);
		stage_close(&stage);
	}
}

/* A flow that no rule with a buffer can apply to is not parsed. */
static void test_unwanted(void **state)
{
	static const char *const turns[] = {GET, NOT_FOUND};
	struct stage stage;
	stage_open(&stage,
		"alert tcp any any -> any 81 (content:\"/x\"; http_uri; sid:1;)\n"
		"alert tcp any any -> any 80 (content:\"/x\"; sid:2;)\n",
		WW_MATCHER_RUNS);
	assert_int_equal(play(&stage, turns, 2, 100), 1);
	struct ww_app_counts apps;
	assert_true(ww_rules_app_counts(stage.rules, &apps));
	assert_int_equal(apps.flows[WW_APP_HTTP], 0);
	stage_close(&stage);
}

/* Many rules that wait with one message: the oldest are given up, and counted. */
static void test_waiting_is_bounded(void **state)
{
	static const char *const turns[] = {POST};
	struct ww_buf text = WW_BUF_INIT;
	for (size_t i = 0; i < 60; i++)
		ww_buf_addf(&text,
			"alert tcp any any -> any any (content:\"/a b\"; http_uri; "
			"content:\"world\"; http_client_body; sid:%zu;)\n",
			i + 1);
	struct stage stage;
	stage_open(&stage, ww_buf_text(&text), WW_MATCHER_RUNS);
	size_t hits = play(&stage, turns, 1, 10);
	uint64_t dropped = ww_rules_counts(stage.rules).pending_dropped;
	assert_true(hits >= WW_MESSAGE_WAITS);
	assert_int_equal(hits + dropped, 60);
	stage_close(&stage);
	ww_buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_flowbits),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_refused_recipient),
		cmocka_unit_test(test_preliminary_reply),
		cmocka_unit_test(test_greeting),
		cmocka_unit_test(test_spoken),
		cmocka_unit_test(test_spoken_datagrams),
		cmocka_unit_test(test_unwanted),
		cmocka_unit_test(test_waiting_is_bounded),
	};
	return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
