// SPDX-License-Identifier: GPL-3.0-or-later
/* SMTP's envelope: RFC 5321, pipelining (RFC 2920), chunks (RFC 3030), AUTH (RFC 4954). */
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

static const char *told(void)
{
	return ww_buf_text(&tape.text);
}

static size_t count(const char *what)
{
	size_t n = 0;
	for (const char *at = told(); (at = strstr(at, what)); at++)
		n++;
	return n;
}

static void test_session(void **state)
{
	tape_begin_flow(&tape, 25);
	tape_text(&tape, WW_DIR_TO_CLIENT, "220 mx\r\n");
	tape_text(&tape, WW_DIR_TO_SERVER, "EHLO worm\r\n");
	tape_text(&tape, WW_DIR_TO_CLIENT, "250-mx\r\n250 SIZE\r\n");
	tape_text(&tape, WW_DIR_TO_SERVER,
		"MAIL FROM:<a@b> SIZE=9\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\n");
	tape_text(&tape, WW_DIR_TO_CLIENT, "250 ok\r\n550 who\r\n250 ok\r\n");
	tape_text(&tape, WW_DIR_TO_SERVER, "DATA\r\n");
	tape_text(&tape, WW_DIR_TO_CLIENT, "354 go\r\n");
	tape_text(&tape, WW_DIR_TO_SERVER, "RCPT TO:<x@y>\r\n..\r\n.\r\n");
	tape_text(&tape, WW_DIR_TO_CLIENT, "451 later\r\n");
	tape_end(&tape);
	assert_string_equal(told(),
		"smtp < fact 5 outcome 0 at 0 code 220 '220 mx'\n"
		"smtp > begin 1 at 0\n"
		"smtp > end 1 to 11\n"
		"  SMTP_HELO 'worm'\n"
		"smtp > fact 4 outcome 1 at 0 code 0 'EHLO worm'\n"
		"smtp < fact 5 outcome 2 at 16 asked 0 code 250 '250 SIZE'\n"
		"smtp > begin 2 at 11\n"
		"smtp > end 2 to 35\n"
		"  SMTP_HELO 'worm'\n"
		"  SMTP_MAIL_FROM '<a@b>'\n"
		"smtp > fact 4 outcome 1 at 11 code 0 'MAIL FROM:<a@b> SIZE=9'\n"
		"smtp > begin 3 at 35\n"
		"smtp > end 3 to 50\n"
		"  SMTP_HELO 'worm'\n"
		"  SMTP_MAIL_FROM '<a@b>'\n"
		"  SMTP_RCPT_TO '<c@d>'\n"
		"smtp > fact 4 outcome 1 at 35 code 0 'RCPT TO:<c@d>'\n"
		"smtp > begin 4 at 50\n"
		"smtp > end 4 to 65\n"
		"  SMTP_HELO 'worm'\n"
		"  SMTP_MAIL_FROM '<a@b>'\n"
		"  SMTP_RCPT_TO '<e@f>'\n"
		"smtp > fact 4 outcome 1 at 50 code 0 'RCPT TO:<e@f>'\n"
		"smtp < fact 5 outcome 2 at 26 asked 11 code 250 '250 ok'\n"
		"smtp < fact 5 outcome 3 at 34 asked 35 code 550 '550 who'\n"
		"smtp < fact 5 outcome 2 at 43 asked 50 code 250 '250 ok'\n"
		"smtp > fact 4 outcome 1 at 65 code 0 'DATA'\n"
		"smtp < fact 5 outcome 2 at 51 asked 65 code 354 '354 go'\n"
		"smtp < fact 5 outcome 3 at 59 asked 65 code 451 '451 later'\n");
}

static void test_values(void **state)
{
	static const struct {
		const char *line, *want;
	} rows[] = {
		{"HELO a b\r\n", "SMTP_HELO 'a'\n"},
		{"ehlo \r\n", "SMTP_HELO ''\n"},
		{"EHLO  [10.0.0.1]\n", "SMTP_HELO '[10.0.0.1]'\n"},
		{"mail from: <>\r\n", "SMTP_MAIL_FROM '<>'\n"},
		{"MAIL FROM : a@b BODY=8BITMIME\r\n", "SMTP_MAIL_FROM 'a@b'\n"},
		{"RCPT TO:<\"a >b\"@c> X=1\r\n", "SMTP_RCPT_TO '<\"a >b\"@c>'\n"},
		{"RCPT TO:<\"a\\\">\"@c> X=1\r\n", "SMTP_RCPT_TO '<\"a\\x5c\">\"@c>'\n"},
		{"RCPT TO:<|/bin/sh -c x>\r\n", "SMTP_RCPT_TO '<|/bin/sh -c x>'\n"},
		{"RCPT TO:<open end\r\n", "SMTP_RCPT_TO '<open end'\n"},
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		tape_begin_flow(&tape, 25);
		tape_text(&tape, WW_DIR_TO_SERVER, "HELO x\r\n");
		tape_text(&tape, WW_DIR_TO_SERVER, rows[i].line);
		if (!strstr(told(), rows[i].want))
			fail_msg("no %s in %s", rows[i].want, told());
	}
	static const char *const none[] = {"HELOX a\r\n", "MAIL FROM<a>\r\n", "RCPT <a>\r\n"};
	for (size_t i = 0; i < WW_N(none); i++) {
		tape_begin_flow(&tape, 25);
		tape_text(&tape, WW_DIR_TO_SERVER, "HELO x\r\n");
		tape_text(&tape, WW_DIR_TO_SERVER, none[i]);
		assert_int_equal(count("begin"), 1);
	}
}

/* A client that does not wait for the greeting; it may have several lines. */
static void test_early_client(void **state)
{
	tape_begin_flow(&tape, 25);
	tape_text(&tape, WW_DIR_TO_SERVER, "EHLO a\r\nSTARTTLS\r\n");
	ww_buf_reset(&tape.text);
	tape_text(&tape, WW_DIR_TO_CLIENT, "220-mx\r\n220 ready\r\n250 hello\r\n220 go\r\n");
	assert_string_equal(told(), "smtp < fact 5 outcome 0 at 8 code 220 '220 ready'\n"
				    "smtp < fact 5 outcome 2 at 19 asked 0 code 250 '250 hello'\n"
				    "smtp < fact 5 outcome 2 at 30 asked 8 code 220 '220 go'\n");
}

/* An envelope ends with its mail, with RSET, and with a new EHLO. */
static void test_envelopes(void **state)
{
	static const char *const ends[] = {"DATA\r\nx\r\n.\r\n", "RSET\r\n", "EHLO b\r\n"};
	for (size_t i = 0; i < WW_N(ends); i++) {
		tape_begin_flow(&tape, 25);
		tape_text(&tape, WW_DIR_TO_SERVER, "EHLO a\r\nMAIL FROM:<m@n>\r\n");
		tape_text(&tape, WW_DIR_TO_SERVER, ends[i]);
		ww_buf_reset(&tape.text);
		tape_text(&tape, WW_DIR_TO_SERVER, "RCPT TO:<c@d>\r\n");
		assert_non_null(strstr(told(), "SMTP_RCPT_TO '<c@d>'"));
		assert_null(strstr(told(), "SMTP_MAIL_FROM"));
		assert_non_null(strstr(told(), i == 2 ? "SMTP_HELO 'b'" : "SMTP_HELO 'a'"));
	}
}

static void test_what_is_no_command(void **state)
{
	/* A chunk of 17 bytes, pipelined; the command behind it is one. */
	tape_begin_flow(&tape, 25);
	tape_text(&tape, WW_DIR_TO_SERVER,
		"EHLO a\r\nBDAT 17 LAST\r\nRCPT TO:<x@y>\r\n.\r\nRCPT TO:<c@d>\r\n");
	assert_null(strstr(told(), "x@y"));
	assert_non_null(strstr(told(), "SMTP_RCPT_TO '<c@d>'"));
	/* DATA was refused: what follows is a command. */
	tape_begin_flow(&tape, 25);
	tape_text(&tape, WW_DIR_TO_SERVER, "EHLO a\r\nDATA\r\n");
	tape_text(&tape, WW_DIR_TO_CLIENT, "250 ok\r\n503 no\r\n");
	tape_text(&tape, WW_DIR_TO_SERVER, "RCPT TO:<c@d>\r\n");
	assert_non_null(strstr(told(), "SMTP_RCPT_TO '<c@d>'"));
	/* The answer to a challenge. */
	tape_begin_flow(&tape, 25);
	tape_text(&tape, WW_DIR_TO_SERVER, "EHLO a\r\nAUTH LOGIN\r\n");
	tape_text(&tape, WW_DIR_TO_CLIENT, "250 ok\r\n334 VXNlcg==\r\n");
	tape_text(&tape, WW_DIR_TO_SERVER, "EHLO base64\r\nEHLO b\r\n");
	assert_null(strstr(told(), "base64"));
	assert_non_null(strstr(told(), "SMTP_HELO 'b'"));
	/* Ciphertext, and a server that has none. */
	for (size_t refused = 0; refused < 2; refused++) {
		tape_begin_flow(&tape, 25);
		tape_text(&tape, WW_DIR_TO_SERVER, "EHLO a\r\nSTARTTLS\r\n");
		tape_text(&tape, WW_DIR_TO_CLIENT,
			refused ? "250 ok\r\n454 no\r\n" : "250 ok\r\n220 go\r\n");
		tape_text(&tape, WW_DIR_TO_SERVER, "EHLO b\r\n");
		assert_int_equal(count("begin"), 1 + refused);
		assert_int_equal(tape.flow.state, WW_APP_PARSING);
	}
}

static void test_limits(void **state)
{
	static char line[5000];
	uint64_t cut = ww_protos_counts(tape.protos)->cut_heads;
	memset(line, 'a', sizeof(line));
	memcpy(line, "EHLO ", 5);
	memcpy(line + 2048, "\r\n", 2);
	tape_begin_flow(&tape, 25);
	tape_feed(&tape, WW_DIR_TO_SERVER, line, 2050, false);
	assert_int_equal(ww_protos_counts(tape.protos)->cut_heads, cut);
	/* A name that long is repeated as far as 512 bytes go. */
	ww_buf_reset(&tape.text);
	tape_text(&tape, WW_DIR_TO_SERVER, "MAIL FROM:<a>\r\n");
	assert_non_null(strstr(told(), "SMTP_HELO cut '"));
	assert_true(tape.text.len < 700);
	memcpy(line + 2048, "a\r\n", 3);
	tape_feed(&tape, WW_DIR_TO_SERVER, line, 2051, false);
	assert_int_equal(ww_protos_counts(tape.protos)->cut_heads, cut + 1);
	/* Of 70 commands 64 wait: the replies say so until the oldest ones have theirs. */
	tape_begin_flow(&tape, 25);
	for (size_t i = 0; i < 70; i++)
		tape_text(&tape, WW_DIR_TO_SERVER, "EHLO a\r\n");
	ww_buf_reset(&tape.text);
	for (size_t i = 0; i < 64; i++)
		tape_text(&tape, WW_DIR_TO_CLIENT, "250 ok\r\n");
	assert_int_equal(count("asked"), 0);
	tape_text(&tape, WW_DIR_TO_SERVER, "EHLO a\r\n");
	tape_text(&tape, WW_DIR_TO_CLIENT, "250 ok\r\n");
	assert_int_equal(count("asked 560"), 1);
}

static void test_gap(void **state)
{
	tape_begin_flow(&tape, 25);
	tape_text(&tape, WW_DIR_TO_SERVER, "EHLO a\r\nBDAT 1000\r\nxx");
	uint64_t gaps = ww_protos_counts(tape.protos)->gaps;
	tape.shown[WW_DIR_TO_SERVER] += 998;
	tape_text(&tape, WW_DIR_TO_SERVER, "RCPT TO:<c@d>\r\n");
	assert_non_null(strstr(told(), "SMTP_RCPT_TO '<c@d>'"));
	assert_int_equal(ww_protos_counts(tape.protos)->gaps, gaps + 1);
	ww_buf_reset(&tape.text);
	tape_text(&tape, WW_DIR_TO_CLIENT, "250 whose\r\n");
	assert_non_null(strstr(told(), "asked"));
}

static void test_not_smtp(void **state)
{
	uint64_t malformed = ww_protos_counts(tape.protos)->malformed;
	tape_begin_flow(&tape, 25);
	tape_text(&tape, WW_DIR_TO_SERVER, "HELO \r\n");
	tape_text(&tape, WW_DIR_TO_CLIENT, "what?\r\n");
	assert_int_equal(tape.flow.app, WW_APP_NONE);
	assert_int_equal(ww_protos_counts(tape.protos)->malformed, malformed + 1);
	static const char *const others[] = {
		"HELOX", "GET / HTTP/1.0\r\n", "MAIL TO", "\xff", "USER"};
	for (size_t i = 0; i < WW_N(others); i++) {
		tape_begin_flow(&tape, 25);
		tape.call.apps = WW_APP_BIT(WW_APP_SMTP);
		tape_text(&tape, WW_DIR_TO_SERVER, others[i]);
		assert_int_equal(tape.flow.state, WW_APP_UNKNOWN);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_session),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_early_client),
		cmocka_unit_test(test_envelopes),
		cmocka_unit_test(test_what_is_no_command),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_gap),
		cmocka_unit_test(test_not_smtp),
	};
	return cmocka_run_group_tests(tests, open_tape, close_tape);
}
