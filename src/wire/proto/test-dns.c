// SPDX-License-Identifier: GPL-3.0-or-later
/* DNS (RFC 1035) over UDP and TCP, and TFTP's requests (RFC 1350). */
#include "test.h"
#include "wire/proto/test-pdu.h"
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

/* A query of `n` questions that follow. */
static void header(struct ww_buf *out, uint16_t flags, uint16_t n)
{
	ww_buf_reset(out);
	dce_put16(out, 0x1234, false);
	dce_put16(out, flags, false);
	dce_put16(out, n, false);
	ww_buf_pad(out, 0, 6);
}

/* "a.b": labels, the root at the end; then the type, IN. */
static void question(struct ww_buf *out, const char *name, uint16_t type)
{
	while (*name) {
		size_t n = strcspn(name, ".");
		ww_buf_addc(out, (char)n);
		ww_buf_add(out, name, n);
		name += n + (name[n] == '.');
	}
	ww_buf_addc(out, 0);
	dce_put16(out, type, false);
	dce_put16(out, 1, false);
}

static const char *play(const struct ww_buf *query)
{
	tape_begin_flow(&tape, 53);
	tape_datagram(&tape, WW_DIR_TO_SERVER, query->data, query->len, false);
	return ww_buf_text(&tape.text);
}

static void test_query(void **state)
{
	struct ww_buf query = WW_BUF_INIT;
	header(&query, 0x0100, 1);
	question(&query, "Worm.Example", 28);
	assert_string_equal(play(&query), "dns > begin 1 at 12\n"
					  "dns > end 1 to 30\n"
					  "  DNS_QUERY 'Worm.Example'\n"
					  "dns > fact 16 outcome 1 at 12 code 28 'Worm.Example'\n");
	assert_int_equal(tape.flow.app, WW_APP_DNS);
	/* The root; several questions; a pointer to the first of them. */
	header(&query, 0, 3);
	question(&query, "", 2);
	question(&query, "a.b.c", 1);
	ww_buf_add(&query, "\001x\xc0\x13\0\x01\0\x01", 8);
	assert_non_null(strstr(play(&query), "  DNS_QUERY ''\n"));
	assert_non_null(strstr(ww_buf_text(&tape.text), "  DNS_QUERY 'a.b.c'\n"));
	assert_non_null(strstr(ww_buf_text(&tape.text), "  DNS_QUERY 'x.b.c'\n"));
	/* An answer is DNS, and no query. */
	header(&query, 0x8180, 1);
	question(&query, "worm.example", 1);
	assert_string_equal(play(&query), "");
	assert_int_equal(tape.flow.app, WW_APP_DNS);
	ww_buf_done(&query);
}

static void test_not_dns(void **state)
{
	struct ww_buf query = WW_BUF_INIT;
	static const struct {
		size_t at;
		uint8_t value;
	} rows[] = {{2, 0x38}, {3, 0x40}, {3, 0x03}, {4, 1}, {5, 0}, {5, 17}, {12, 0x40},
		{12, 0xc0}, {29, 9}};
	for (size_t i = 0; i < WW_N(rows); i++) {
		header(&query, 0x0100, 1);
		question(&query, "worm.example", 1);
		query.data[rows[i].at] = (char)rows[i].value;
		assert_string_equal(play(&query), "");
		assert_int_equal(tape.flow.app, WW_APP_NONE);
	}
	/* Every truncation. */
	header(&query, 0x0100, 1);
	question(&query, "worm.example", 1);
	for (size_t len = 1; len < query.len; len++) {
		tape_begin_flow(&tape, 53);
		tape_datagram(&tape, WW_DIR_TO_SERVER, query.data, len, len % 2);
		assert_string_equal(ww_buf_text(&tape.text), "");
	}
	ww_buf_done(&query);
}

static void test_malformed(void **state)
{
	struct ww_buf query = WW_BUF_INIT;
	uint64_t malformed = ww_protos_counts(tape.protos)->malformed;
	static const char *const seconds[] = {
		/* to itself, forward, into the header, a reserved kind, past the end */
		"\xc0\x1e\0\1\0\1", "\xc0\x30\0\1\0\1", "\xc0\x04\0\1\0\1", "\x80\x0c\0\1\0\1",
		"\077aaaaa"};
	for (size_t i = 0; i < WW_N(seconds); i++) {
		header(&query, 0x0100, 2);
		question(&query, "worm.example", 1);
		assert_int_equal(query.len, 30);
		ww_buf_add(&query, seconds[i], 6);
		/* What came before stands. */
		assert_non_null(strstr(play(&query), "'worm.example'"));
		assert_null(strstr(ww_buf_text(&tape.text), "begin 2"));
		assert_int_equal(ww_protos_counts(tape.protos)->malformed, malformed + i + 1);
	}
	ww_buf_done(&query);
}

static void test_limits(void **state)
{
	struct ww_buf query = WW_BUF_INIT;
	const struct ww_app_counts *counts = ww_protos_counts(tape.protos);
	static const char label[] =
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde";
	uint64_t cut = counts->cut_heads, dropped = counts->dropped;
	for (int labels = 15; labels <= 17; labels++) {
		header(&query, 0x0100, 1);
		for (int i = 0; i < labels; i++) {
			ww_buf_addc(&query, 63);
			ww_buf_adds(&query, label);
		}
		ww_buf_add(&query, "\0\0\1\0\1", 5);
		const char *text = play(&query);
		/* 16 labels of 63 and 15 dots are 1,023 bytes. */
		assert_int_equal(strstr(text, "DNS_QUERY cut") != NULL, labels > 16);
		assert_non_null(strstr(text, label));
	}
	assert_int_equal(counts->cut_heads, cut + 1);
	header(&query, 0x0100, 16);
	for (int i = 0; i < 16; i++)
		question(&query, "a", 1);
	assert_non_null(strstr(play(&query), "begin 16"));
	assert_int_equal(counts->dropped, dropped);
	/* Seventeen are not begun as DNS by themselves; in a flow of it they are counted. */
	query.data[5] = 17;
	question(&query, "b", 1);
	tape_datagram(&tape, WW_DIR_TO_SERVER, query.data, query.len, false);
	assert_int_equal(counts->dropped, dropped + 1);
	ww_buf_done(&query);
}

/* Two queries and an answer over TCP, in any pieces. */
static void test_tcp(void **state)
{
	struct ww_buf query = WW_BUF_INIT, to[2] = {WW_BUF_INIT, WW_BUF_INIT};
	static const char *const names[] = {"worm.example",
		"a.name.of.many.labels.that.is.longer.than.sixty-four.bytes.in.all.example"};
	for (int i = 0; i < 2; i++) {
		header(&query, 0x0100, 1);
		question(&query, names[i], 1);
		dce_put16(&to[0], (unsigned)query.len, false);
		ww_buf_add(&to[0], query.data, query.len);
		query.data[2] = (char)0x81;
		dce_put16(&to[1], (unsigned)query.len, false);
		ww_buf_add(&to[1], query.data, query.len);
	}
	/* An empty one between, and one that ends too soon. */
	dce_put16(&to[0], 0, false);
	dce_put16(&to[0], 500, false);
	header(&query, 0x0100, 1);
	question(&query, "cut.example", 1);
	ww_buf_add(&to[0], query.data, query.len);
	char *whole = NULL;
	for (size_t step = to[0].len; step > 0; step--) {
		tape_begin_flow(&tape, 53);
		tape_pieces(&tape, WW_DIR_TO_SERVER, to[0].data, to[0].len, step, step);
		tape_pieces(&tape, WW_DIR_TO_CLIENT, to[1].data, to[1].len, step, step);
		tape_end(&tape);
		if (!whole)
			whole = strdup(ww_buf_text(&tape.text));
		assert_string_equal(ww_buf_text(&tape.text), whole);
	}
	assert_non_null(strstr(whole, names[0]));
	assert_non_null(strstr(whole, names[1]));
	assert_non_null(strstr(whole, "dns > begin 3 at"));
	assert_non_null(strstr(whole, "cut.example"));
	/* The longer name first: recognised by what it begins with. */
	for (size_t step = 1; step < 100; step++) {
		tape_begin_flow(&tape, 53);
		size_t at = 2u + 12 + 18;
		tape_pieces(&tape, WW_DIR_TO_SERVER, to[0].data + at, to[0].len - at, step, 7);
		assert_int_equal(tape.flow.app, WW_APP_DNS);
		assert_non_null(strstr(ww_buf_text(&tape.text), names[1]));
	}
	free(whole);
	ww_buf_done(&query);
	ww_buf_done(&to[0]);
	ww_buf_done(&to[1]);
}

static void test_tcp_limit(void **state)
{
	static uint8_t padding[65535 - 12 - 18];
	struct ww_buf query = WW_BUF_INIT;
	uint64_t cut = ww_protos_counts(tape.protos)->cut_heads;
	tape_begin_flow(&tape, 53);
	for (int i = 0; i < 2; i++) {
		header(&query, 0x0100, 1);
		question(&query, "worm.example", 1);
		tape_feed(&tape, WW_DIR_TO_SERVER, "\xff\xff", 2, false);
		tape_feed(&tape, WW_DIR_TO_SERVER, query.data, query.len, false);
		tape_feed(&tape, WW_DIR_TO_SERVER, padding, sizeof(padding), false);
	}
	assert_non_null(strstr(ww_buf_text(&tape.text), "begin 2 at 65551"));
	assert_int_equal(ww_protos_counts(tape.protos)->cut_heads, cut + 2);
	ww_buf_done(&query);
}

static void test_tftp(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *text;
	} rows[] = {
		{"\0\1marker.exe\0octet", 18,
			"tftp > fact 12 outcome 1 at 0 code 0 'marker.exe'\n"
			"tftp > begin 1 at 0\ntftp > end 1 to 19\n"},
		{"\0\2m\0NetASCII", 12,
			"tftp > fact 13 outcome 1 at 0 code 0 'm'\n"
			"tftp > begin 1 at 0\ntftp > end 1 to 13\n"},
		{"\0\1m\0octet\0blksize\0001024", 22,
			"tftp > fact 12 outcome 1 at 0 code 0 'm'\n"
			"tftp > begin 1 at 0\ntftp > end 1 to 23\n"},
		{"\0\1m\0octets", 10, ""},
		{"\0\1m\0octe", 8, ""},
		{"\0\1\0octet", 8, ""},
		{"\0\3\0\1data\0octet", 13, ""},
		{"\1\1m\0octet", 9, ""},
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		for (int lone = 0; lone < 2; lone++) {
			tape_begin_flow(&tape, 69);
			tape_datagram(
				&tape, WW_DIR_TO_SERVER, rows[i].bytes, rows[i].len + 1, lone);
			assert_string_equal(ww_buf_text(&tape.text), rows[i].text);
		}
		tape_begin_flow(&tape, 69);
		tape_datagram(&tape, WW_DIR_TO_CLIENT, rows[i].bytes, rows[i].len + 1, false);
		assert_string_equal(ww_buf_text(&tape.text), "");
		/* Every truncation: what is not ended by its NUL is no request. */
		for (size_t len = 1; len <= rows[i].len; len++) {
			tape_begin_flow(&tape, 69);
			tape_datagram(&tape, WW_DIR_TO_SERVER, rows[i].bytes, len, false);
			if (i < 2)
				assert_string_equal(ww_buf_text(&tape.text), "");
		}
	}
	/* A name as long as a datagram, and one longer. */
	char name[600] = "\0\1";
	for (size_t len = 510; len <= 512; len++) {
		memset(name + 2, 'n', len);
		memcpy(name + 2 + len, "\0octet", 7);
		tape_begin_flow(&tape, 69);
		tape_datagram(&tape, WW_DIR_TO_SERVER, name, len + 9, false);
		assert_int_equal(ww_buf_text(&tape.text)[0] != '\0', len < 512);
	}
	/* "File not found" ends the attempt. */
	tape_begin_flow(&tape, 69);
	tape_datagram(&tape, WW_DIR_TO_SERVER, rows[0].bytes, rows[0].len + 1, false);
	ww_buf_reset(&tape.text);
	tape_datagram(&tape, WW_DIR_TO_CLIENT, "\0\5\0\1no\0", 7, false);
	assert_string_equal(ww_buf_text(&tape.text), "tftp < fact 15 outcome 3 at 0 code 1 'no'\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_not_dns),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_tcp_limit),
		cmocka_unit_test(test_tftp),
	};
	return cmocka_run_group_tests(tests, open_tape, close_tape);
}
