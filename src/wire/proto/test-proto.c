// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What holds for every parser: cutting changes nothing; flows and blocks are bounded; what nobody
 * wants is not parsed.
 */
#include "test.h"
#include "wire/proto/test-tape.h"
#include "wire/proto/proto-private.h"

/* Sessions, in turns: '>' to the server, '<' to the client. */
static const struct session {
	enum ww_app app;
	const char *turns[8];
} sessions[] = {
	{WW_APP_HTTP,
		{">GET /scripts/..%255c../winnt?x HTTP/1.1\r\nHost: A\r\nCookie: b\r\n c\r\n\r\n"
		 "POST /p HTTP/1.1\r\nContent-Length: 7\r\n\r\n1234567HEAD /h HTTP/1.1\nA: 1\nA: "
		 "2\n\n",
			"<HTTP/1.1 404 Not Found\r\nTransfer-Encoding: "
			"chunked\r\n\r\n3;x\r\nabc\r\n"
			"0010\r\n0123456789abcdef\r\n0\r\nT: x\r\n\r\nHTTP/1.0 200 OK\r\n"
			"Content-Length: 3\r\n\r\nyes",
			">GET /o", "<HTTP/1.1 204 No\r\nContent-Length: 3\r\n\r\n", ">ld\r\n\r\n",
			"<the end"}},
	{WW_APP_HTTP,
		{">\r\n\nSEARCH /%c0%af HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nrest",
			"<HTTP/1.1 200\r\n\r\nto the close", ">POST x\r\nGET"}},
	{WW_APP_FTP, {"<220-hello\r\n220 ready\r\n", ">USER anonymous\r\n", "<331 password\r\n",
			     ">PASS a@b\r\nSYST\r\nRETR \xff\xf1x.exe\n",
			     "<230 in\r\n215 UNIX\r\n550 no\r\n", ">QUIT"}},
	{WW_APP_SSH, {"<SSH-2.0-a b\r\n", ">SSH-1.99-c\n\1\2", "<\3"}},
	{WW_APP_SMTP,
		{"<220-hello\r\n220 ready\r\n", ">EHLO worm\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\n",
			"<250-mx\r\n250 AUTH\r\n250 ok\r\n550 no\r\n",
			">RCPT TO:<\"e f\"@g>\r\nDATA\r\n", "<250 ok\r\n354 go\r\n",
			">Subject: x\r\n\r\nHELO\r\n..\r\n.\r\nBDAT 9 LAST\r\n12\r\n.\r\n\r\nAUTH "
			"PLAIN\r\n",
			"<250 ok\r\n250 ok\r\n334 \r\n", ">MAIL FROM:<x>\r\nQUIT"}},
};

static const struct session *session_of(enum ww_app app)
{
	for (size_t i = 0; i < WW_N(sessions); i++)
		if (sessions[i].app == app)
			return &sessions[i];
	return NULL;
}

static void play(struct tape *tape, const struct session *session, size_t first, size_t step)
{
	tape_begin_flow(tape, 0);
	for (size_t i = 0; i < WW_N(session->turns) && session->turns[i]; i++) {
		const char *turn = session->turns[i];
		tape_pieces(tape, *turn == '>' ? WW_DIR_TO_SERVER : WW_DIR_TO_CLIENT, turn + 1,
			strlen(turn + 1), first, step);
	}
	tape_end(tape);
}

static void test_any_cut(void **state)
{
	struct tape tape;
	tape_open(&tape, 2, 0);
	for (size_t i = 0; i < WW_N(sessions); i++) {
		play(&tape, &sessions[i], 65536, 65536);
		assert_int_equal(tape.flow.app, sessions[i].app);
		char *whole = ww_buf_take(&tape.text);
		assert_true(strlen(whole) > 0);
		for (size_t first = 1; first < 400; first++) {
			play(&tape, &sessions[i], first, 65536);
			assert_string_equal(ww_buf_text(&tape.text), whole);
		}
		for (size_t step = 1; step < 80; step++) {
			play(&tape, &sessions[i], step, step);
			assert_string_equal(ww_buf_text(&tape.text), whole);
		}
		free(whole);
	}
	tape_close(&tape);
}

static void test_evicts_the_oldest(void **state)
{
	struct tape tape;
	struct ww_app_flow flows[5] = {0};
	tape_open(&tape, 4, 0);
	tape.call.server_port = 21;
	for (size_t i = 0; i < 5; i++) {
		tape.call.flow = &flows[i];
		tape.shown[0] = 0;
		tape_text(&tape, WW_DIR_TO_SERVER, "USER a\r\nPASS");
	}
	assert_int_equal(ww_protos_counts(tape.protos)->evicted, 1);
	ww_buf_reset(&tape.text);
	for (size_t i = 0; i < 5; i++) {
		tape.call.flow = &flows[i];
		tape.shown[0] = 12;
		tape_text(&tape, WW_DIR_TO_SERVER, " x\r\n");
		assert_int_equal(flows[i].state, i ? WW_APP_PARSING : WW_APP_GIVEN_UP);
		assert_int_equal(flows[i].app, WW_APP_FTP);
	}
	size_t n = 0;
	for (const char *at = ww_buf_text(&tape.text); (at = strstr(at, "'PASS'")); at++)
		n++;
	assert_int_equal(n, 4);
	for (size_t i = 0; i < 5; i++)
		ww_protos_forget(tape.protos, &flows[i]);
	assert_int_equal(tape.protos->oldest, WW_NO_SLOT);
	tape_close(&tape);
}

static void test_blocks_are_bounded(void **state)
{
	enum { FLOWS = 600 };
	static struct ww_app_flow flows[FLOWS];
	struct tape tape;
	char line[1500];
	memset(line, 'a', sizeof(line));
	memcpy(line, "USER ", 5);
	tape_open(&tape, FLOWS, 256 << 10);
	tape.call.server_port = 21;
	for (size_t i = 0; i < FLOWS; i++) {
		tape.call.flow = &flows[i];
		tape.shown[0] = 0;
		tape_feed(&tape, WW_DIR_TO_SERVER, line, sizeof(line), false);
		assert_true(tape.protos->bytes <= tape.protos->bytes_max);
	}
	/* 128 blocks of 2 KiB fit. */
	assert_int_equal(ww_protos_counts(tape.protos)->evicted, FLOWS - 128);
	for (size_t i = 0; i < FLOWS; i++)
		ww_protos_forget(tape.protos, &flows[i]);
	tape_close(&tape);
}

static void test_unwanted(void **state)
{
	struct tape tape;
	tape_open(&tape, 4, 0);
	const struct session *session = session_of(WW_APP_FTP);
	tape.call.apps = 0;
	tape_text(&tape, WW_DIR_TO_SERVER, session->turns[1] + 1);
	assert_int_equal(tape.flow.state, WW_APP_NEW);
	assert_int_equal(tape.protos->fresh_slots, 0);
	tape_begin_flow(&tape, 21);
	tape.call.buffers = 0;
	tape.call.facts = false;
	tape_text(&tape, WW_DIR_TO_SERVER, session->turns[1] + 1);
	assert_int_equal(tape.flow.app, WW_APP_FTP);
	assert_int_equal(tape.text.len, 0);
	tape_close(&tape);
}

static void test_midstream(void **state)
{
	struct tape tape;
	tape_open(&tape, 4, 0);
	tape_begin_flow(&tape, 21);
	tape.call.midstream = true;
	tape_text(&tape, WW_DIR_TO_SERVER, "e rest of a line\r\n");
	tape_text(&tape, WW_DIR_TO_SERVER, "USER x\r\n");
	assert_int_equal(tape.flow.app, WW_APP_FTP);
	assert_non_null(strstr(ww_buf_text(&tape.text), "ftp > begin 1 at 18"));
	tape_close(&tape);
}

static void test_names(void **state)
{
	for (unsigned app = 1; app < WW_APP_COUNT; app++) {
		const char *name = ww_app_name((enum ww_app)app);
		assert_int_equal(ww_app_find(name, strlen(name)), app);
	}
	assert_int_equal(ww_app_find("http2x", 6), WW_APP_NONE);
	assert_true(ww_app_has_port(WW_APP_FTP, 21) && ww_app_has_port(WW_APP_FTP, 3535));
	assert_false(ww_app_has_port(WW_APP_FTP, 2) || ww_app_has_port(WW_APP_FTP, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_cut),
		cmocka_unit_test(test_evicts_the_oldest),
		cmocka_unit_test(test_blocks_are_bounded),
		cmocka_unit_test(test_unwanted),
		cmocka_unit_test(test_midstream),
		cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
