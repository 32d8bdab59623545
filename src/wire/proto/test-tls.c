// SPDX-License-Identifier: GPL-3.0-or-later
/* TLS: hellos in records of any size, JA3 of its paper, certificates in DER made here. */
#include "test.h"
#include "wire/proto/test-pdu.h"
#include "wire/proto/test-tape.h"
#include "wire/proto/tls.h"

#include <stdio.h>

static struct tape tape;
static struct ww_buf hello, answer, body;

static int open_tape(void **state)
{
	tape_open(&tape, 8, 0);
	return 0;
}

static int close_tape(void **state)
{
	tape_close(&tape);
	ww_buf_done(&hello);
	ww_buf_done(&answer);
	ww_buf_done(&body);
	return 0;
}

/* Adds `from` with its length before it. */
static void counted(struct ww_buf *out, int width, const void *from, size_t len)
{
	for (int i = width; i-- > 0;)
		ww_buf_addc(out, (char)(len >> 8 * i));
	ww_buf_add(out, from, len);
}

static void numbers(struct ww_buf *out, const uint16_t *list)
{
	ww_buf_reset(out);
	for (; *list; list++)
		dce_put16(out, *list, false);
}

/* A handshake message of `body` in records of at most `most` bytes. */
static void handshake(struct ww_buf *out, uint8_t type, size_t most)
{
	struct ww_buf message = WW_BUF_INIT;
	ww_buf_addc(&message, (char)type);
	counted(&message, 3, body.data, body.len);
	for (size_t done = 0; done < message.len;) {
		size_t n = message.len - done < most ? message.len - done : most;
		ww_buf_add(out, "\x16\x03\x01", 3);
		counted(out, 2, message.data + done, n);
		done += n;
	}
	ww_buf_done(&message);
}

struct hello {
	uint16_t version;
	const uint16_t *ciphers, *extensions,
		*curves; /* ended by 0; extension 0 is last if `name` */
	const char *name, *formats;
};

static void client_hello(const struct hello *what)
{
	struct ww_buf list = WW_BUF_INIT, extensions = WW_BUF_INIT, inner = WW_BUF_INIT;
	ww_buf_reset(&body);
	dce_put16(&body, what->version, false);
	ww_buf_pad(&body, 'r', 32);
	counted(&body, 1, "session", 7);
	numbers(&list, what->ciphers);
	counted(&body, 2, list.data, list.len);
	counted(&body, 1, "\0", 1);
	for (const uint16_t *type = what->extensions; type && *type != 0xffff; type++) {
		ww_buf_reset(&inner);
		if (*type == 0 && what->name) {
			dce_put16(&inner, (unsigned)strlen(what->name) + 3, false);
			ww_buf_addc(&inner, 0);
			counted(&inner, 2, what->name, strlen(what->name));
		} else if (*type == 10) {
			numbers(&list, what->curves);
			counted(&inner, 2, list.data, list.len);
		} else if (*type == 11) {
			counted(&inner, 1, what->formats, 1);
		}
		dce_put16(&extensions, *type, false);
		counted(&extensions, 2, inner.data, inner.len);
	}
	if (what->extensions)
		counted(&body, 2, extensions.data, extensions.len);
	ww_buf_done(&list);
	ww_buf_done(&extensions);
	ww_buf_done(&inner);
}

/* The examples of the paper (JA3's README), and one with GREASE that says the same. */
static const uint16_t ciphers1[] = {47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4, 0};
static const uint16_t ciphers2[] = {4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99, 0};
static const uint16_t greased[] = {
	0x0a0a, 47, 53, 5, 10, 49161, 0xfafa, 49162, 49171, 49172, 50, 56, 19, 4, 0};
static const uint16_t extensions1[] = {0, 10, 11, 0xffff};
static const uint16_t extensions_greased[] = {0x1a1a, 0, 10, 11, 0xdada, 0xffff};
static const uint16_t curves1[] = {23, 24, 25, 0}, curves_greased[] = {0x2a2a, 23, 24, 25, 0};

static const struct hello hellos[] = {
	{769, ciphers1, extensions1, curves1, "www.worm.example", "\0"},
	{769, greased, extensions_greased, curves_greased, "www.worm.example", "\0"},
	{769, ciphers2, NULL, NULL, NULL, NULL},
};

static void test_ja3(void **state)
{
	static const char *const expected[] = {
		"tls > begin 1 at 5\n"
		"tls > end 1 to 124\n"
		"  TLS_SNI 'www.worm.example'\n"
		"  JA3_HASH 'ada70206e40642a3e4461f35503241d5'\n"
		"  JA3_STRING "
		"'769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0'\n"
		"tls > fact 17 outcome 1 at 5 code 0 'www.worm.example'\n",
		"ada70206e40642a3e4461f35503241d5",
		"  JA3_HASH 'de350869b8c85de67a350c8d186f11e6'\n"
		"  JA3_STRING '769,4-5-10-9-100-98-3-6-19-18-99,,,'\n"
		"tls > fact 17 outcome 1 at 5 code 0 ''\n",
	};
	for (size_t i = 0; i < WW_N(hellos); i++) {
		client_hello(&hellos[i]);
		ww_buf_reset(&hello);
		handshake(&hello, 1, 16384);
		tape_begin_flow(&tape, 443);
		tape_feed(&tape, WW_DIR_TO_SERVER, hello.data, hello.len, false);
		const char *text = ww_buf_text(&tape.text);
		assert_int_equal(tape.flow.app, WW_APP_TLS);
		if (i == 0)
			assert_string_equal(text, expected[i]);
		else
			assert_non_null(strstr(text, expected[i]));
	}
}

/* ---- certificates ---- */

static void der(struct ww_buf *out, uint8_t tag, const void *bytes, size_t len)
{
	ww_buf_addc(out, (char)tag);
	if (len < 0x80) {
		ww_buf_addc(out, (char)len);
	} else {
		ww_buf_addc(out, (char)0x82);
		ww_buf_addc(out, (char)(len >> 8));
		ww_buf_addc(out, (char)len);
	}
	ww_buf_add(out, bytes, len);
}

struct part {
	const char *oid;
	size_t oid_len;
	uint8_t tag;
	const char *value;
	size_t value_len;
	bool same_level; /* as the part before */
};

static void put_name(struct ww_buf *out, const struct part *parts, size_t n)
{
	struct ww_buf name = WW_BUF_INIT, set = WW_BUF_INIT, pair = WW_BUF_INIT;
	for (size_t i = 0; i < n; i++) {
		struct ww_buf both = WW_BUF_INIT;
		if (!parts[i].same_level)
			ww_buf_reset(&set);
		der(&both, 0x06, parts[i].oid, parts[i].oid_len);
		der(&both, parts[i].tag, parts[i].value, parts[i].value_len);
		ww_buf_reset(&pair);
		der(&pair, 0x30, both.data, both.len);
		ww_buf_add(&set, pair.data, pair.len);
		if (i + 1 == n || !parts[i + 1].same_level)
			der(&name, 0x31, set.data, set.len);
		ww_buf_done(&both);
	}
	der(out, 0x30, name.data, name.len);
	ww_buf_done(&name);
	ww_buf_done(&set);
	ww_buf_done(&pair);
}

#define PART(oid, tag, value, same)                                                                \
	{                                                                                          \
		oid, sizeof(oid) - 1, tag, value, sizeof(value) - 1, same                          \
	}
static const struct part issuer[] = {PART("\x55\x04\x06", 0x13, "US", false),
	PART("\x55\x04\x0a", 0x0c, "Let's Encrypt", false),
	PART("\x55\x04\x03", 0x0c, "Let's Encrypt Authority X3", false)};
static const struct part subject[] = {PART("\x55\x04\x06", 0x13, "XX", false),
	PART("\x55\x04\x0b", 0x0c, "a", false), PART("\x55\x04\x0b", 0x0c, "b", true),
	PART("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", 0x16, "x@worm.example", false),
	PART("\x2b\x06\x01\x04\x01\x83\x8c\x1b", 0x0c, "odd", false),
	PART("\x55\x04\x03", 0x1e, "\0w\0\xf6\x65\xe5", false)};

static void put_certificate(struct ww_buf *out, bool version)
{
	struct ww_buf inner = WW_BUF_INIT, outer = WW_BUF_INIT;
	if (version)
		der(&inner, 0xa0, "\x02\x01\x02", 3);
	der(&inner, 0x02, "\x00\xfe\x1c", 3);
	der(&inner, 0x30, "\x06\x01\x2a", 3);
	put_name(&inner, issuer, WW_N(issuer));
	der(&inner, 0x30, "", 0);
	put_name(&inner, subject, WW_N(subject));
	der(&inner, 0x30, "public key", 10);
	der(&outer, 0x30, inner.data, inner.len);
	ww_buf_adds(&outer, "signature");
	der(out, 0x30, outer.data, outer.len);
	ww_buf_done(&inner);
	ww_buf_done(&outer);
}

static const char subject_text[] = "C=XX, OU=a + OU=b, emailAddress=x@worm.example, "
				   "1.3.6.1.4.1.50715=odd, CN=w\xc3\xb6\xe6\x97\xa5";

static void test_x509(void **state)
{
	struct ww_buf certificate = WW_BUF_INIT;
	struct ww_x509 x509;
	for (int version = 0; version < 2; version++) {
		ww_buf_reset(&certificate);
		put_certificate(&certificate, version);
		const uint8_t *p = (const uint8_t *)certificate.data;
		assert_true(ww_x509_read(p, certificate.len, &x509));
		assert_int_equal(x509.subject.len, sizeof(subject_text) - 1);
		assert_memory_equal(x509.subject.bytes, subject_text, x509.subject.len);
		static const char issuer_text[] =
			"C=US, O=Let's Encrypt, CN=Let's Encrypt Authority X3";
		assert_int_equal(x509.issuer.len, sizeof(issuer_text) - 1);
		assert_memory_equal(x509.issuer.bytes, issuer_text, x509.issuer.len);
		assert_int_equal(x509.serial.len, 8);
		assert_memory_equal(x509.serial.bytes, "00:FE:1C", 8);
		/* Every truncation in memory of its size; what is whole by then is right. */
		for (size_t len = 0; len < certificate.len; len++) {
			uint8_t *copy = malloc(len ? len : 1);
			assert_non_null(copy);
			memcpy(copy, p, len);
			bool whole = ww_x509_read(copy, len, &x509);
			assert_true(!whole || x509.subject.len == sizeof(subject_text) - 1);
			free(copy);
		}
		/* Every byte wrong. */
		for (size_t at = 0; at < certificate.len; at++) {
			for (int value = 0; value < 256; value += 15) {
				char before = certificate.data[at];
				certificate.data[at] = (char)value;
				(void)ww_x509_read(p, certificate.len, &x509);
				assert_true(x509.subject.len <= WW_X509_NAME);
				assert_true(x509.serial.len <= WW_X509_SERIAL);
				certificate.data[at] = before;
			}
		}
	}
	ww_buf_done(&certificate);
}

static void test_x509_limits(void **state)
{
	static char value[2000];
	static struct ww_x509 x509;
	memset(value, 'n', sizeof(value));
	for (int which = 0; which < 2; which++) {
		struct ww_buf inner = WW_BUF_INIT, outer = WW_BUF_INIT, whole = WW_BUF_INIT;
		/* 64 bytes are 191 characters; "CN=" and 1,021 bytes are a whole name. */
		struct part name = {"\x55\x04\x03", 3, 0x0c, value, 1021u + which, false};
		der(&inner, 0x02, value, 64u + which);
		der(&inner, 0x30, "", 0);
		put_name(&inner, &name, 1);
		der(&inner, 0x30, "", 0);
		put_name(&inner, &name, 1);
		der(&outer, 0x30, inner.data, inner.len);
		der(&whole, 0x30, outer.data, outer.len);
		assert_true(ww_x509_read((const uint8_t *)whole.data, whole.len, &x509));
		assert_int_equal(x509.subject.cut, which);
		assert_int_equal(x509.subject.len, WW_X509_NAME);
		assert_int_equal(x509.serial.cut, which);
		assert_int_equal(x509.serial.len, 191);
		ww_buf_done(&inner);
		ww_buf_done(&outer);
		ww_buf_done(&whole);
	}
}

/* ---- the server's message ---- */

static void server_flight(size_t most, bool with_certificate)
{
	struct ww_buf certificate = WW_BUF_INIT, list = WW_BUF_INIT;
	ww_buf_reset(&answer);
	ww_buf_reset(&body);
	dce_put16(&body, 771, false);
	ww_buf_pad(&body, 'R', 32);
	counted(&body, 1, "", 0);
	dce_put16(&body, 49199, false);
	ww_buf_addc(&body, 0);
	counted(&body, 2, "\xff\x01\x00\x01\x00\x00\x0b\x00\x00", 9);
	handshake(&answer, 2, most);
	if (with_certificate) {
		put_certificate(&certificate, true);
		counted(&list, 3, certificate.data, certificate.len);
		counted(&list, 3, "another", 7);
		ww_buf_reset(&body);
		counted(&body, 3, list.data, list.len);
		handshake(&answer, 11, most);
	}
	ww_buf_add(&answer, "\x14\x03\x03\x00\x01\x01", 6);
	ww_buf_add(&answer,
		"\x16\x03\x03\x00\x05"
		"xxxxx\x17",
		11);
	ww_buf_done(&certificate);
	ww_buf_done(&list);
}

static void test_any_cut(void **state)
{
	char *whole = NULL;
	client_hello(&hellos[0]);
	for (size_t most = 16384; most > 0; most = most > 200 ? 200 : most > 39 ? most - 39 : 0) {
		client_hello(&hellos[0]);
		ww_buf_reset(&hello);
		handshake(&hello, 1, 16384);
		server_flight(most, true);
		free(whole);
		whole = NULL;
		for (size_t step = answer.len; step > 0; step = step > 100 ? step - 37 : step - 1) {
			tape_begin_flow(&tape, 443);
			tape_pieces(&tape, WW_DIR_TO_SERVER, hello.data, hello.len, step, step);
			tape_pieces(&tape, WW_DIR_TO_CLIENT, answer.data, answer.len, step, step);
			tape_end(&tape);
			if (!whole)
				whole = strdup(ww_buf_text(&tape.text));
			assert_string_equal(ww_buf_text(&tape.text), whole);
		}
		assert_non_null(strstr(whole,
			"  TLS_CERT_SUBJECT 'C=XX, OU=a + OU=b, emailAddress=x@worm.example, "
			"1.3.6.1.4.1.50715=odd, CN=w\\xc3\\xb6\\xe6\\x97\\xa5'\n"
			"  TLS_CERT_ISSUER 'C=US, O=Let\\x27s Encrypt, CN=Let\\x27s Encrypt "
			"Authority X3'\n"
			"  TLS_CERT_SERIAL '00:FE:1C'\n"));
		assert_non_null(strstr(whole, "  JA3S_STRING '771,49199,65281-11'\n"));
		assert_non_null(strstr(whole, "  TLS_CERT_FINGERPRINT '"));
		assert_null(strstr(whole, "begin 2"));
	}
	free(whole);
}

/* A resumed session, and TLS 1.3: the ServerHello alone, told when the rest is hidden. */
static void test_no_certificate(void **state)
{
	server_flight(16384, false);
	tape_begin_flow(&tape, 443);
	tape_feed(&tape, WW_DIR_TO_CLIENT, answer.data, answer.len - 17, false);
	assert_string_equal(ww_buf_text(&tape.text), "");
	tape_feed(&tape, WW_DIR_TO_CLIENT, answer.data + answer.len - 17, 17, false);
	assert_non_null(strstr(ww_buf_text(&tape.text), "  JA3S_STRING '771,49199,65281-11'\n"));
	/* Nothing is looked at behind. */
	ww_buf_reset(&tape.text);
	server_flight(16384, true);
	tape_feed(&tape, WW_DIR_TO_CLIENT, answer.data, answer.len, false);
	tape_end(&tape);
	assert_string_equal(ww_buf_text(&tape.text), "");
	/* Bytes are missing in the certificate: what came of it is told, what is not there is not.
	 */
	tape_begin_flow(&tape, 443);
	tape_feed(&tape, WW_DIR_TO_CLIENT, answer.data, answer.len - 45, false);
	tape.shown[1] += 10;
	tape_feed(&tape, WW_DIR_TO_CLIENT, answer.data + answer.len - 20, 20, false);
	assert_non_null(strstr(ww_buf_text(&tape.text), "TLS_CERT_ISSUER"));
	assert_null(strstr(ww_buf_text(&tape.text), "FINGERPRINT"));
}

/* An SSL 2 hello before a TLS answer. */
static void test_old_hello(void **state)
{
	static const char old[] = "\x80\x16\x01\x03\x01\x00\x03\x00\x00\x00\x10"
				  "\x01\x00\x80 0123456789";
	tape_begin_flow(&tape, 443);
	for (size_t i = 0; i < 24; i++)
		tape_feed(&tape, WW_DIR_TO_SERVER, old + i, 1, false);
	assert_int_equal(tape.flow.app, WW_APP_TLS);
	client_hello(&hellos[0]);
	ww_buf_reset(&hello);
	handshake(&hello, 1, 16384);
	tape_feed(&tape, WW_DIR_TO_SERVER, hello.data, hello.len, false);
	assert_non_null(strstr(ww_buf_text(&tape.text), "www.worm.example"));
	server_flight(16384, true);
	tape_feed(&tape, WW_DIR_TO_CLIENT, answer.data, answer.len, false);
	assert_non_null(strstr(ww_buf_text(&tape.text), "TLS_CERT_SUBJECT"));
}

static void test_malformed(void **state)
{
	client_hello(&hellos[0]);
	ww_buf_reset(&hello);
	handshake(&hello, 1, 16384);
	/* Each length byte, and all others, wrong; each truncation. */
	for (size_t at = 0; at < hello.len; at++) {
		for (int value = 0; value < 256; value += 17) {
			char before = hello.data[at];
			hello.data[at] = (char)value;
			tape_begin_flow(&tape, 443);
			tape_feed(&tape, WW_DIR_TO_SERVER, hello.data, hello.len, false);
			tape_end(&tape);
			hello.data[at] = before;
		}
		tape_begin_flow(&tape, 443);
		tape_feed(&tape, WW_DIR_TO_SERVER, hello.data, at, false);
		tape_end(&tape);
	}
	/* A record of another kind, longer than any, of another version: given up. */
	static const char *const records[] = {
		"\x19\x03\x01\x00\x04", "\x16\x03\x01\x48\x01", "\x16\x04\x01\x00\x04", "GET /"};
	for (size_t i = 0; i < WW_N(records); i++) {
		uint64_t malformed = ww_protos_counts(tape.protos)->malformed;
		tape_begin_flow(&tape, 443);
		tape_feed(&tape, WW_DIR_TO_SERVER, hello.data, hello.len, false);
		tape_feed(&tape, WW_DIR_TO_SERVER, records[i], 5, false);
		assert_int_equal(tape.flow.state, WW_APP_GIVEN_UP);
		assert_int_equal(ww_protos_counts(tape.protos)->malformed, malformed + 1);
	}
}

/* A hello longer than what is kept: its beginning is read. */
static void test_limit(void **state)
{
	static uint16_t many[12000];
	for (size_t i = 0; i + 1 < WW_N(many); i++)
		many[i] = (uint16_t)(i + 1) | 1;
	const struct hello what[] = {{771, ciphers1, extensions1, many, "first.example", "\0"},
		{771, many, extensions1, curves1, "lost.example", "\0"}};
	for (size_t i = 0; i < 2; i++) {
		client_hello(&what[i]);
		ww_buf_reset(&hello);
		handshake(&hello, 1, 16000);
		tape_begin_flow(&tape, 443);
		tape_feed(&tape, WW_DIR_TO_SERVER, hello.data, hello.len, false);
		const char *text = ww_buf_text(&tape.text);
		assert_int_equal(strstr(text, "first.example") != NULL, i == 0);
		assert_null(strstr(text, "lost.example"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ja3),
		cmocka_unit_test(test_x509),
		cmocka_unit_test(test_x509_limits),
		cmocka_unit_test(test_any_cut),
		cmocka_unit_test(test_no_certificate),
		cmocka_unit_test(test_old_hello),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_limit),
	};
	return cmocka_run_group_tests(tests, open_tape, close_tape);
}
