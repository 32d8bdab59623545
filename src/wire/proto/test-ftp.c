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

static void test_not_ftp(void **state)
{
	uint64_t malformed = ww_protos_counts(tape.protos)->malformed;
	tape_begin_flow(&tape, 110);
	tape_text(&tape, WW_DIR_TO_SERVER, "USER someone\r\n");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_session),
		cmocka_unit_test(test_telnet),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_not_ftp),
	};
	return cmocka_run_group_tests(tests, open_tape, close_tape);
}
