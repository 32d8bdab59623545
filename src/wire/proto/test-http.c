// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * HTTP: heads and bodies (RFC 9112), URIs as IIS read them (MS00-078, MS01-026; RFC 3986), limits,
 * compressed bodies, answers paired with requests. Inert text only.
 */
#include "test.h"
#include "wire/proto/test-tape.h"
#include "wire/proto/http.h"

#include <stdio.h>

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

static const char *play(const char *request, const char *response)
{
	tape_begin_flow(&tape, 80);
	if (request)
		tape_text(&tape, WW_DIR_TO_SERVER, request);
	if (response)
		tape_text(&tape, WW_DIR_TO_CLIENT, response);
	tape_end(&tape);
	return ww_buf_text(&tape.text);
}

static void assert_told(const char *told, const char *what)
{
	if (!strstr(told, what))
		fail_msg("'%s' is not in:\n%s", what, told);
}

static void assert_not_told(const char *told, const char *what)
{
	if (strstr(told, what))
		fail_msg("'%s' is in:\n%s", what, told);
}

static void test_uri(void **state)
{
	static const char *const rows[][2] = {
		{"/", "/"},
		{"/a%20b?c%20d", "/a b?c d"},
		{"/scripts/root.exe?/c+dir", "/scripts/root.exe?/c+dir"},
		/* RFC 3986, 5.2.4 */
		{"/a/b/c/./../../g", "/a/g"},
		{"mid/content=5/../6", "mid/6"},
		{"/../../x", "/x"},
		{"/a/..", "/"},
		{"/a/.", "/a/"},
		{"/a/b/..", "/a/"},
		{"/a//b///c", "/a/b/c"},
		{"/a/...", "/a/..."},
		{"/a/.hidden", "/a/.hidden"},
		/* IIS: backslash, in the path only */
		{"/a\\..\\b?x\\y", "/b?x\\y"},
		{"/scripts/..%5c../winnt/x", "/winnt/x"},
		/* MS01-026: decoded twice, in every way to say it */
		{"/scripts/..%255c../winnt/x", "/winnt/x"},
		{"/scripts/..%%35%63../winnt/x", "/winnt/x"},
		{"/scripts/..%%35c../winnt/x", "/winnt/x"},
		{"/scripts/..%25%35%63../winnt/x", "/winnt/x"},
		{"/scripts/..%252f../winnt/x", "/winnt/x"},
		{"/%2541", "/A"},
		{"/%252541", "/%41"},
		{"/x?%2541", "/x?%41"},
		/* MS00-078: overlong UTF-8 */
		{"/scripts/..%c0%af../winnt/x", "/winnt/x"},
		{"/scripts/..%c1%9c../winnt/x", "/winnt/x"},
		{"/scripts/..%c1%1c../winnt/x", "/winnt/x"},
		{"/scripts/..%c0%2f../winnt/x", "/winnt/x"},
		{"/scripts/..%c1%8s../winnt/x", "/winnt/x"},
		{"/scripts/..%c1%pc../winnt/x", "/winnt/x"},
		{"/scripts/..%c0%9v../winnt/x", "/winnt/x"},
		{"/scripts/..%c0%qf../winnt/x", "/winnt/x"},
		{"/scripts/..%e0%80%af../winnt/x", "/winnt/x"},
		{"/scripts/..%f0%80%80%af../winnt/x", "/winnt/x"},
		{"/scripts/..%f8%80%80%80%af../winnt/x", "/winnt/x"},
		{"/scripts/..%fc%80%80%80%80%af../winnt/x", "/winnt/x"},
		{"/scripts/..%25c0%25af../winnt/x", "/winnt/x"},
		{"/%c3%a9", "/\xc3\xa9"},
		{"/%c1rea", "/\xc1rea"},
		{"/%e0%80", "/\xe0\x80"},
		{"/%c0", "/\xc0"},
		/* %u, and what stands for ASCII */
		{"/..%u005cx", "/x"},
		{"/a/..%u2215x", "/x"},
		{"/a/..%uff0fx", "/x"},
		{"/%u0041%U0042", "/AB"},
		{"/%uff21", "/A"},
		{"/%u9090", "/?"},
		{"/%ef%bc%a1", "/A"},
		/* what is no code */
		{"/%", "/%"},
		{"/%4", "/%4"},
		{"/%zz", "/%zz"},
		{"/%u00", "/%u00"},
		{"/a%3fb?c", "/a?b?c"},
		{"?a/../b", "?a/../b"},
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		size_t len = strlen(rows[i][0]);
		uint8_t *in = malloc(len);
		char out[64] = {0};
		assert_non_null(in);
		memcpy(in, rows[i][0], len);
		uint32_t n = ww_http_uri_normalise(in, (uint32_t)len, (uint8_t *)out);
		assert_true(n <= len);
		out[n] = '\0';
		if (strcmp(out, rows[i][1]) != 0)
			fail_msg("%s became %s", rows[i][0], out);
		free(in);
	}
}

static void test_request(void **state)
{
	const char *told = play("POST http://User@WWW.Example.com:8080/a/../b%41?q HTTP/1.1\r\n"
				"host: other:80\r\n"
				"User-Agent:  x y  \r\n"
				"Cookie : a=b\r\n"
				"X-Fold: one\r\n"
				"\t two\r\n"
				"Accept: text/html\n"
				"Accept: */*\r\n"
				"no colon\r\n"
				"Content-Length: 5\r\n"
				"\r\n"
				"hello",
		NULL);
	assert_string_equal(told,
		"http > begin 1 at 0\n"
		"http > fact 0 outcome 1 at 0 code 0 'POST "
		"http://User@WWW.Example.com:8080/a/../b%41?q HTTP/1.1'\n"
		"http > end 1 to 197\n"
		"  HTTP_URI '/bA?q'\n"
		"  HTTP_URI_RAW 'http://User@WWW.Example.com:8080/a/../b%41?q'\n"
		"  HTTP_METHOD 'POST'\n"
		"  HTTP_HEADER 'host: other:80\\x0d\\x0aUser-Agent: x y\\x0d\\x0aX-Fold: one "
		"two\\x0d\\x0aAccept: text/html\\x0d\\x0aAccept: */*\\x0d\\x0ano "
		"colon\\x0d\\x0aContent-Length: 5\\x0d\\x0a'\n"
		"  HTTP_HEADER_RAW 'host: other:80\\x0d\\x0aUser-Agent:  x y  \\x0d\\x0aCookie : "
		"a=b\\x0d\\x0aX-Fold: one\\x0d\\x0a\\x09 two\\x0d\\x0aAccept: "
		"text/html\\x0aAccept: */*\\x0d\\x0ano colon\\x0d\\x0aContent-Length: "
		"5\\x0d\\x0a\\x0d\\x0a'\n"
		"  HTTP_HEADER_NAMES "
		"'\\x0d\\x0ahost\\x0d\\x0aUser-Agent\\x0d\\x0aCookie\\x0d\\x0aX-"
		"Fold\\x0d\\x0aAccept\\x0d\\x0aAccept\\x0d\\x0ano "
		"colon\\x0d\\x0aContent-Length\\x0d\\x0a\\x0d\\x0a'\n"
		"  HTTP_COOKIE 'a=b'\n"
		"  HTTP_COOKIE_RAW 'a=b'\n"
		"  HTTP_USER_AGENT 'x y'\n"
		"  HTTP_HOST 'www.example.com'\n"
		"  HTTP_HOST_RAW 'other:80'\n"
		"  HTTP_ACCEPT 'text/html, */*'\n"
		"  HTTP_CONTENT_LEN '5'\n"
		"  HTTP_PROTOCOL 'HTTP/1.1'\n"
		"  HTTP_START 'POST http://User@WWW.Example.com:8080/a/../b%41?q "
		"HTTP/1.1\\x0d\\x0ahost: other:80\\x0d\\x0aUser-Agent: x y\\x0d\\x0aCookie: "
		"a=b\\x0d\\x0aX-Fold: one two\\x0d\\x0aAccept: text/html\\x0d\\x0aAccept: "
		"*/*\\x0d\\x0ano colon\\x0d\\x0aContent-Length: 5\\x0d\\x0a\\x0d\\x0a'\n"
		"  HTTP_REQUEST_LINE 'POST http://User@WWW.Example.com:8080/a/../b%41?q "
		"HTTP/1.1'\n"
		"  HTTP_REQUEST_BODY 'hello'\n"
		"  FILE_DATA 'hello'\n");
}

static void test_hosts(void **state)
{
	assert_told(play("GET / HTTP/1.1\r\nHost: WWW.A:81\r\n\r\n", NULL), "HTTP_HOST 'www.a'");
	assert_told(play("GET / HTTP/1.1\r\nHost: [FE80::1]:81\r\n\r\n", NULL),
		"HTTP_HOST '[fe80::1]'");
	assert_told(play("GET / HTTP/1.1\r\nHost:\r\n\r\n", NULL), "HTTP_HOST ''");
	assert_not_told(play("GET / HTTP/1.0\r\n\r\n", NULL), "HTTP_HOST");
	assert_told(play("GET http://h HTTP/1.0\r\n\r\n", NULL), "HTTP_URI '/'");
	assert_told(play("GET http://h?x HTTP/1.0\r\n\r\n", NULL), "HTTP_URI '/?x'");
}

static void test_first_lines(void **state)
{
	assert_told(play("GET /old\r\n", NULL), "HTTP_URI '/old'");
	assert_not_told(play("GET /old\r\n", NULL), "HTTP_PROTOCOL");
	assert_told(play("GET /cut", NULL), "HTTP_URI cut '/cut'");
	assert_told(play("GET  \t/a b  HTTP/1.0\n\n", NULL), "HTTP_URI '/a b'");
	assert_told(play("\r\n\r\nGET /x HTTP/1.0\r\n\r\n", NULL), "begin 1 at 4");
	assert_told(play("WIBBLE /x HTTP/1.0\r\n\r\n", NULL), "HTTP_METHOD 'WIBBLE'");
	assert_string_equal(play("POST /x\r\n", NULL), "");
	/* Garbage between requests hides nothing. */
	const char *told =
		play("GET /a HTTP/1.0\r\n\r\ngarbage here\r\nGET /b HTTP/1.0\r\n\r\n", NULL);
	assert_told(told, "HTTP_URI '/b'");
	assert_told(told, "begin 2 at 33");
	static const char *const others[] = {"OPTIONS sip:a@b SIP/2.0\r\n\r\n",
		"nothing at all\r\n", "\x16\x03\x01", "GETS /x\r\n", "SSH-2.0-x\r\n"};
	for (size_t i = 0; i < WW_N(others); i++) {
		tape_begin_flow(&tape, 80);
		tape.call.apps = WW_APP_BIT(WW_APP_HTTP);
		tape_text(&tape, WW_DIR_TO_SERVER, others[i]);
		tape_end(&tape);
		assert_int_equal(tape.flow.app, WW_APP_NONE);
	}
}

static void test_answers(void **state)
{
	const char *told =
		play("GET /a HTTP/1.1\r\n\r\nHEAD /b HTTP/1.1\r\n\r\nGET /c HTTP/1.1\r\n\r\n",
			"HTTP/1.1 100 Continue\r\n\r\n"
			"HTTP/1.1 404 Object Not Found\r\nServer: "
			"Microsoft-IIS/5.0\r\nContent-Length: 2\r\n"
			"Set-Cookie: a\r\nSet-Cookie: b\r\n\r\nno"
			"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
			"HTTP/1.0 302 Moved\r\nLocation: /d\r\n\r\nto the close");
	assert_told(told, "fact 1 outcome 0 at 0 code 100 'HTTP/1.1 100 Continue'");
	assert_told(
		told, "fact 1 outcome 3 at 25 asked 0 code 404 'HTTP/1.1 404 Object Not Found'");
	assert_told(told, "outcome 2 at 136 asked 19 code 200");
	assert_told(told, "outcome 0 at 177 asked 39 code 302");
	assert_told(told, "HTTP_STAT_CODE '404'");
	assert_told(told, "HTTP_STAT_MSG 'Object Not Found'");
	assert_told(told, "HTTP_SERVER 'Microsoft-IIS/5.0'");
	assert_told(told, "HTTP_COOKIE 'a, b'");
	assert_told(told, "HTTP_LOCATION '/d'");
	assert_told(told, "HTTP_RESPONSE_BODY 'no'");
	assert_told(told, "HTTP_RESPONSE_BODY 'to the close'");
	/* One fewer than the ring, then one more. */
	tape_begin_flow(&tape, 80);
	for (size_t i = 0; i < WW_HTTP_WAITING + 1; i++)
		tape_text(&tape, WW_DIR_TO_SERVER, "GET /a HTTP/1.1\r\n\r\n");
	for (size_t i = 0; i < WW_HTTP_WAITING; i++)
		tape_text(&tape, WW_DIR_TO_CLIENT, "HTTP/1.1 204 a\r\n\r\n");
	ww_buf_reset(&tape.text);
	tape_text(&tape, WW_DIR_TO_CLIENT, "HTTP/1.1 204 a\r\n\r\n");
	assert_not_told(ww_buf_text(&tape.text), "asked");
	tape_text(&tape, WW_DIR_TO_SERVER, "GET /z HTTP/1.1\r\n\r\n");
	tape_text(&tape, WW_DIR_TO_CLIENT, "HTTP/1.1 204 a\r\n\r\n");
	assert_told(ww_buf_text(&tape.text), "asked 323");
}

static void test_chunks(void **state)
{
	const char *told =
		play("POST /x HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: Chunked\r\n\r\n"
		     "5;name=\"x\"\r\nhello\r\n"
		     "00A \r\n, world...\n"
		     "0\r\nTrailer: x\r\n\r\n"
		     "GET /next HTTP/1.0\r\n\r\n",
			NULL);
	assert_told(told, "HTTP_REQUEST_BODY 'hello, world...'");
	assert_told(told, "HTTP_URI '/next'");
	told = play("POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloxyz", NULL);
	assert_told(told, "HTTP_REQUEST_BODY cut 'hello'");
	told = play("POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
		    "fffffffffffffffff\r\nhello",
		NULL);
	assert_told(told, "end 1");
	assert_not_told(told, "HTTP_REQUEST_BODY");
}

static void test_smuggled_length(void **state)
{
	const char *told = play("GET /x HTTP/1.1\r\nContent-Length: "
				"18446744073709551616\r\n\r\nGET /y HTTP/1.1\r\n\r\n",
		NULL);
	assert_told(told, "HTTP_URI '/x'");
	told = play("GET /x HTTP/1.1\r\nContent-Length: x\r\n\r\nGET /y HTTP/1.1\r\n\r\n", NULL);
	assert_told(told, "HTTP_URI '/y'");
}

static void test_limits(void **state)
{
	static char text[3 * WW_HTTP_BODY_MAX];
	const struct ww_app_counts *counts = ww_protos_counts(tape.protos);
	/* A head of just the limit, and one byte more. */
	for (size_t over = 0; over < 2; over++) {
		uint64_t before = counts->cut_heads;
		size_t len = WW_HTTP_HEAD_MAX + over;
		memset(text, 'a', len);
		memcpy(text, "GET /limit HTTP/1.0\r\nX: ", 24);
		memcpy(text + len - 4, "\r\n\r\n", 4);
		tape_begin_flow(&tape, 80);
		tape_feed(&tape, WW_DIR_TO_SERVER, text, len, false);
		tape_text(&tape, WW_DIR_TO_SERVER, "GET /next HTTP/1.0\r\n\r\n");
		assert_int_equal(counts->cut_heads, before + over);
		assert_told(ww_buf_text(&tape.text), "HTTP_URI '/limit'");
		assert_told(ww_buf_text(&tape.text), over ? "HTTP_HEADER cut '" : "HTTP_HEADER '");
		assert_told(ww_buf_text(&tape.text), "HTTP_URI '/next'");
	}
	/* A body likewise. */
	for (size_t over = 0; over < 2; over++) {
		uint64_t before = counts->cut_bodies;
		int n = snprintf(text, sizeof(text),
			"POST /x HTTP/1.0\r\nContent-Length: %zu\r\n\r\n", WW_HTTP_BODY_MAX + over);
		memset(text + n, 'b', WW_HTTP_BODY_MAX + over);
		tape_begin_flow(&tape, 80);
		tape_feed(
			&tape, WW_DIR_TO_SERVER, text, (size_t)n + WW_HTTP_BODY_MAX + over, false);
		assert_int_equal(counts->cut_bodies, before + over);
		assert_told(ww_buf_text(&tape.text),
			over ? "HTTP_REQUEST_BODY cut 'b" : "HTTP_REQUEST_BODY 'b");
	}
	/* A line without an end, and garbage of that length. */
	memset(text, 'a', sizeof(text));
	memcpy(text, "GET /", 5);
	tape_begin_flow(&tape, 80);
	tape_feed(&tape, WW_DIR_TO_SERVER, text, sizeof(text), false);
	assert_told(ww_buf_text(&tape.text), "HTTP_URI cut '/aaa");
	tape_text(&tape, WW_DIR_TO_SERVER, "\r\n\r\n");
	tape_feed(&tape, WW_DIR_TO_SERVER, text + 5, sizeof(text) - 5, false);
	tape_text(&tape, WW_DIR_TO_SERVER, "\nGET /next HTTP/1.0\r\n\r\n");
	assert_told(ww_buf_text(&tape.text), "HTTP_URI '/next'");
}

/* What gzip or deflate makes of `len` bytes. */
static size_t deflate_bytes(
	const void *data, size_t len, int window_bits, uint8_t *out, size_t size)
{
	z_stream stream = {.next_in = data, .avail_in = (uInt)len};
	assert_int_equal(
		deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
	stream.next_out = out;
	stream.avail_out = (uInt)size;
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	size_t n = size - stream.avail_out;
	deflateEnd(&stream);
	return n;
}

static const char *play_compressed(const char *coding, const uint8_t *body, size_t len)
{
	char head[128];
	snprintf(head, sizeof(head),
		"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %zu\r\n\r\n", coding,
		len);
	tape_begin_flow(&tape, 80);
	tape_text(&tape, WW_DIR_TO_CLIENT, head);
	tape_pieces(&tape, WW_DIR_TO_CLIENT, body, len, 1, 7);
	tape_end(&tape);
	return ww_buf_text(&tape.text);
}

static void test_compressed(void **state)
{
	static uint8_t out[8192], zeros[4 << 20];
	const struct ww_app_counts *counts = ww_protos_counts(tape.protos);
	size_t n = deflate_bytes("an inert text", 13, 31, out, sizeof(out));
	assert_told(play_compressed("gzip", out, n), "FILE_DATA 'an inert text'");
	assert_told(play_compressed("x-GZIP", out, n), "HTTP_RESPONSE_BODY 'an inert text'");
	n += deflate_bytes(" and more", 9, 31, out + n, sizeof(out) - n);
	assert_told(play_compressed("gzip", out, n), "FILE_DATA 'an inert text and more'");
	n = deflate_bytes("an inert text", 13, 15, out, sizeof(out));
	assert_told(play_compressed("deflate", out, n), "FILE_DATA 'an inert text'");
	n = deflate_bytes("an inert text", 13, -15, out, sizeof(out));
	assert_told(play_compressed("deflate", out, n), "FILE_DATA 'an inert text'");
	/* Damaged: what came out before stays. */
	uint64_t before = counts->cut_compressed;
	n = deflate_bytes("an inert text", 13, 31, out, sizeof(out));
	out[n - 3] ^= 1;
	assert_told(play_compressed("gzip", out, n), "FILE_DATA cut 'an inert text'");
	assert_int_equal(counts->cut_compressed, before + 1);
	assert_told(play_compressed("br", out, 3), "FILE_DATA cut '");
	/* A bomb costs the limit. */
	before = counts->cut_bodies;
	n = deflate_bytes(zeros, sizeof(zeros), 31, out, sizeof(out));
	tape_begin_flow(&tape, 80);
	char head[128];
	snprintf(head, sizeof(head),
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n", n);
	tape_text(&tape, WW_DIR_TO_CLIENT, head);
	tape_feed(&tape, WW_DIR_TO_CLIENT, out, n, false);
	assert_int_equal(counts->cut_bodies, before + 1);
	assert_told(ww_buf_text(&tape.text), "FILE_DATA cut '\\x00");
	tape_end(&tape);
}

static void test_tunnels(void **state)
{
	tape_begin_flow(&tape, 80);
	tape_text(&tape, WW_DIR_TO_SERVER, "CONNECT h:443 HTTP/1.1\r\n\r\n");
	tape_text(&tape, WW_DIR_TO_CLIENT, "HTTP/1.1 200 OK\r\n\r\n");
	ww_buf_reset(&tape.text);
	tape_text(&tape, WW_DIR_TO_SERVER, "GET /x HTTP/1.0\r\n\r\n");
	tape_end(&tape);
	assert_string_equal(ww_buf_text(&tape.text), "");
}

static void feed_after_gap(enum ww_dir dir, uint64_t lost, const char *text)
{
	tape.shown[dir] += lost;
	tape_text(&tape, dir, text);
}

static void test_gaps(void **state)
{
	tape_begin_flow(&tape, 80);
	tape_text(&tape, WW_DIR_TO_SERVER, "POST /x HTTP/1.0\r\nContent-Length: 20\r\n\r\n12345");
	feed_after_gap(WW_DIR_TO_SERVER, 10, "67890GET /y HTTP/1.0\r\nHos");
	feed_after_gap(WW_DIR_TO_SERVER, 10, "GET /z HTTP/1.0\r\n\r\n");
	const char *told = ww_buf_text(&tape.text);
	assert_told(told, "HTTP_REQUEST_BODY cut '12345'");
	assert_told(told, "HTTP_URI '/y'");
	assert_told(told, "HTTP_HEADER cut 'Hos");
	assert_told(told, "HTTP_URI '/z'");
	/* An answer whose request was HTTP/0.9. */
	told = play("GET /old\r\n", "<html>no head</html>");
	assert_told(told, "HTTP_RESPONSE_BODY '<html>no head</html>'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uri),
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_first_lines),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_chunks),
		cmocka_unit_test(test_smuggled_length),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_compressed),
		cmocka_unit_test(test_tunnels),
		cmocka_unit_test(test_gaps),
	};
	return cmocka_run_group_tests(tests, open_tape, close_tape);
}
