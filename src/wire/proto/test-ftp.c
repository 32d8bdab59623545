// SPDX-License-Identifier: GPL-3.0-or-later
/* FTP's control connection: RFC 959, and Telnet's sequences in it. */
#include "test.h"
#include "wire/proto/test-tape.h"

static struct tape tape;

static int open_tape(void **state)
{
	tape_open(&tape, 8, 0);
	return 0;
}

static int close_tape(void **state)
{
	tape_close(&tape);
	return 0;
}

static void test_session(void **state)
{
	tape_begin_flow(&tape, 21);
	tape_text(&tape, WW_DIR_TO_CLIENT, "220 ready\r\n");
	tape_text(&tape, WW_DIR_TO_SERVER, "USER anonymous\r\n");
	tape_text(&tape, WW_DIR_TO_CLIENT, "331-who\r\n331 password\r\n");
	tape_text(&tape, WW_DIR_TO_SERVER, "PASS x\nRETR a.exe\r\n");
	tape_text(&tape, WW_DIR_TO_CLIENT, "230 in\r\n150 here\r\n550 no\r\n");
	tape_end(&tape);
	assert_string_equal(ww_buf_text(&tape.text),
		"ftp < fact 3 outcome 0 at 0 code 220 '220 ready'\n"
		"ftp > begin 1 at 0\n"
		"ftp > end 1 to 16\n"
		"  FTP_COMMAND 'USER'\n"
		"  FTP_COMMAND_DATA 'anonymous'\n"
		"ftp > fact 2 outcome 1 at 0 code 0 'USER anonymous'\n"
		"ftp < fact 3 outcome 2 at 20 asked 0 code 331 '331 password'\n"
		"ftp > begin 2 at 16\n"
		"ftp > end 2 to 23\n"
		"  FTP_COMMAND 'PASS'\n"
		"  FTP_COMMAND_DATA 'x'\n"
		"ftp > fact 2 outcome 1 at 16 code 0 'PASS x'\n"
		"ftp > begin 3 at 23\n"
		"ftp > end 3 to 35\n"
		"  FTP_COMMAND 'RETR'\n"
		"  FTP_COMMAND_DATA 'a.exe'\n"
		"ftp > fact 2 outcome 1 at 23 code 0 'RETR a.exe'\n"
		"ftp < fact 3 outcome 2 at 34 asked 16 code 230 '230 in'\n"
		"ftp < fact 3 outcome 0 at 42 asked 23 code 150 '150 here'\n"
		"ftp < fact 3 outcome 3 at 52 asked 23 code 550 '550 no'\n");
}

static void test_telnet(void **state)
{
	static const char text[] = "US\xff\xf1"
				   "ER a\xff\xff"
				   "\xff\xfd\x01"
				   "bX\xff\xf7\r\n"
				   "junk\xff\xf8"
				   "QUIT\r\n";
	/* Telnet in the very first word hides it from recognition: say it plainly first. */
	tape_begin_flow(&tape, 21);
	tape_text(&tape, WW_DIR_TO_SERVER, "SYST\r\n");
	ww_buf_reset(&tape.text);
	tape_feed(&tape, WW_DIR_TO_SERVER, text, sizeof(text) - 1, false);
	assert_non_null(strstr(ww_buf_text(&tape.text), "'USER a\\xffb'"));
	assert_non_null(strstr(ww_buf_text(&tape.text), "'QUIT'"));
	assert_null(strstr(ww_buf_text(&tape.text), "junk"));
}

static void test_limits(void **state)
{
	static char line[5000];
	uint64_t cut = ww_protos_counts(tape.protos)->cut_heads;
	memset(line, 'a', sizeof(line));
	memcpy(line, "USER ", 5);
	line[2048] = '\r';
	line[2049] = '\n';
	tape_begin_flow(&tape, 21);
	tape_feed(&tape, WW_DIR_TO_SERVER, line, 2050, false);
	assert_int_equal(ww_protos_counts(tape.protos)->cut_heads, cut);
	line[2048] = 'a';
	line[2049] = '\r';
	line[2050] = '\n';
	tape_feed(&tape, WW_DIR_TO_SERVER, line, 2051, false);
	assert_int_equal(ww_protos_counts(tape.protos)->cut_heads, cut + 1);
	assert_non_null(strstr(ww_buf_text(&tape.text), "FTP_COMMAND_DATA cut '"));
}

/* Who begins like FTP and is it, or is not: by what both say, at any port but FTP's own. */
static void test_who_is_ftp(void **state)
{
	static const struct {
		uint16_t port;
		bool is_ftp;
		const char *turns[5];
	} rows[] = {
		/* The server greets as FTP does. */
		{5554, true, {"<220 OK\r\n", ">USER anonymous\r\n"}},
		{5554, true,
			{"<220-a long greeting\r\n220-of several lines of many words\r\n220 ok\r\n",
				">user x\r\n"}},
		{5554, true, {"<120 wait\r\n", ">PASS x\r\n"}},
		{5554, true, {">USER x\r\n", "<331 who\r\n"}},
		/* Of one direction only: by what no other protocol has. */
		{5554, true, {">USER x\r\nPASS y\r\nTYPE I\r\n"}},
		{5554, true, {">NOOP\r\n", ">CWD /\r\n"}},
		{21, true, {">USER x\r\n"}},
		/* POP3, at FTP's port too. */
		{110, false, {">USER x\r\n", "<+OK\r\n", ">PASS y\r\nSTAT\r\nRETR 1\r\n"}},
		{110, false, {"<+OK\r\n", ">USER x\r\n", "<+OK\r\n", ">PASS y\r\nLIST\r\n"}},
		{21, false, {"<+OK\r\n", ">USER x\r\nPASS y\r\nLIST\r\n"}},
		{110, false, {">USER x\r\nPASS y\r\nLIST\r\nQUIT\r\n"}},
		/* IRC. */
		{6667, false, {">PASS x\r\nNICK a\r\nUSER a 0 * :b\r\n", "<:irc 001 a :hi\r\n"}},
		{6667, false, {"<:irc NOTICE AUTH :hello\r\n", ">USER a 0 * :b\r\nNICK a\r\n"}},
		/* SMTP greets alike; NNTP has MODE and LIST. */
		{26, false, {"<220 mx ESMTP\r\n", ">EHLO a\r\n"}},
		{26, false, {"<220 mx ESMTP\r\n", ">QUIT\r\n", "<221 bye\r\n"}},
		{119, false, {"<200 news\r\n", ">MODE READER\r\nLIST\r\nGROUP x\r\n"}},
		{5554, false, {">USERS\r\n"}},
		{5554, false, {">GET / HTTP/1.0\r\n"}},
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		for (size_t step = 1; step < 200; step += step < 70 ? 1 : 64) {
			tape_begin_flow(&tape, rows[i].port);
			for (size_t t = 0; t < WW_N(rows[i].turns) && rows[i].turns[t]; t++) {
				const char *turn = rows[i].turns[t];
				tape_pieces(&tape,
					*turn == '>' ? WW_DIR_TO_SERVER : WW_DIR_TO_CLIENT,
					turn + 1, strlen(turn + 1), step, step);
			}
			if ((tape.flow.app == WW_APP_FTP) != rows[i].is_ftp)
				fail_msg("row %zu in pieces of %zu: %s", i, step,
					ww_app_name(tape.flow.app));
			assert_int_equal(strstr(ww_buf_text(&tape.text), "ftp > begin") != NULL,
				rows[i].is_ftp);
		}
	}
}

static void test_not_ftp(void **state)
{
	uint64_t malformed = ww_protos_counts(tape.protos)->malformed;
	tape_begin_flow(&tape, 21);
	tape_text(&tape, WW_DIR_TO_SERVER, "USER someone\r\n");
	assert_int_equal(tape.flow.app, WW_APP_FTP);
	tape_text(&tape, WW_DIR_TO_CLIENT, "+OK\r\n");
	assert_int_equal(tape.flow.state, WW_APP_GIVEN_UP);
	assert_int_equal(tape.flow.app, WW_APP_NONE);
	assert_int_equal(ww_protos_counts(tape.protos)->malformed, malformed + 1);
	static const char *const others[] = {"USERS\r\n", "GET / HTTP/1.0\r\n", "\xff\xf1", "12"};
	for (size_t i = 0; i < WW_N(others); i++) {
		tape_begin_flow(&tape, 21);
		tape.call.apps = WW_APP_BIT(WW_APP_FTP);
		tape_text(&tape, WW_DIR_TO_SERVER, others[i]);
		assert_int_equal(tape.flow.state, WW_APP_UNKNOWN);
	}
}

/* A client that does not wait for the greeting: its first command is answered by what follows. */
static void test_early_client(void **state)
{
	tape_begin_flow(&tape, 21);
	tape_text(&tape, WW_DIR_TO_SERVER, "USER x\r\n");
	ww_buf_reset(&tape.text);
	tape_text(&tape, WW_DIR_TO_CLIENT, "120 wait\r\n220 ready\r\n530 no\r\n");
	assert_string_equal(ww_buf_text(&tape.text),
		"ftp < fact 3 outcome 0 at 0 code 120 '120 wait'\n"
		"ftp < fact 3 outcome 0 at 10 code 220 '220 ready'\n"
		"ftp < fact 3 outcome 3 at 21 asked 0 code 530 '530 no'\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_session),
		cmocka_unit_test(test_telnet),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_who_is_ftp),
		cmocka_unit_test(test_not_ftp),
		cmocka_unit_test(test_early_client),
	};
	return cmocka_run_group_tests(tests, open_tape, close_tape);
}
