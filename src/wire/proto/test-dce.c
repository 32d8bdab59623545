// SPDX-License-Identifier: GPL-3.0-or-later
/* DCE/RPC over TCP: binds and their answers, calls in fragments, both byte orders, any cut. */
#include "test.h"
#include "wire/proto/dce.h"
#include "wire/proto/test-pdu.h"
#include "wire/proto/test-tape.h"

#include <stdio.h>

static struct tape tape;
static struct ww_buf client, server;

static int open_tape(void **state)
{
	tape_open(&tape, 8, 0);
	return 0;
}

static int close_tape(void **state)
{
	tape_close(&tape);
	ww_buf_done(&client);
	ww_buf_done(&server);
	return 0;
}

static const struct dce_offer activator = {1, 0, 0, dce_activator, 1};

static void start(void)
{
	tape_begin_flow(&tape, 135);
	ww_buf_reset(&client);
	ww_buf_reset(&server);
}

/* Sends what was built, and empties it. */
static void say(enum ww_dir dir)
{
	struct ww_buf *buf = dir == WW_DIR_TO_SERVER ? &client : &server;
	tape_feed(&tape, dir, buf->data, buf->len, false);
	ww_buf_reset(buf);
}

static void test_uuid(void **state)
{
	char text[WW_UUID_TEXT_MAX];
	uint8_t uuid[16], again[16];
	assert_int_equal(ww_uuid_parse("4D9F4AB8-7d1c-11cf-861e-0020af6e7c57", 36, uuid), 0);
	assert_memory_equal(uuid, dce_remote_activation, 16);
	assert_string_equal(ww_uuid_print(uuid, text), "4d9f4ab8-7d1c-11cf-861e-0020af6e7c57");
	/* C706, appendix A: the first three fields are integers. */
	static const uint8_t wire[16] = {0xb8, 0x4a, 0x9f, 0x4d, 0x1c, 0x7d, 0xcf, 0x11, 0x86, 0x1e,
		0x00, 0x20, 0xaf, 0x6e, 0x7c, 0x57};
	ww_uuid_decode(wire, true, again);
	assert_memory_equal(again, uuid, 16);
	ww_uuid_decode(uuid, false, again);
	assert_memory_equal(again, uuid, 16);
	static const char *const bad[] = {"", "4d9f4ab8-7d1c-11cf-861e-0020af6e7c5",
		"4d9f4ab8-7d1c-11cf-861e-0020af6e7c577", "4d9f4ab8 7d1c-11cf-861e-0020af6e7c57",
		"4d9f4ab8-7d1c-11cf-861e-0020af6e7c5g", "{d9f4ab8-7d1c-11cf-861e-0020af6e7c57"};
	for (size_t i = 0; i < WW_N(bad); i++) {
		memset(again, 7, 16);
		assert_int_equal(ww_uuid_parse(bad[i], strlen(bad[i]), again), -EINVAL);
		assert_int_equal(again[15], 7);
	}
}

static void test_looks(void **state)
{
	ww_buf_reset(&client);
	dce_bind(&client, DCE_BIND, true, 1, &activator, 1);
	uint8_t *p = (uint8_t *)client.data;
	for (size_t n = 0; n < 12; n++)
		assert_int_equal(ww_dce_looks(p, n), 0);
	for (size_t n = 12; n < client.len; n++)
		assert_int_equal(ww_dce_looks(p, n), 12);
	static const struct {
		size_t at;
		uint8_t value;
		int looks;
	} rows[] = {{0, 4, -1}, {1, 1, 12}, {1, 2, -1}, {2, 1, -1}, {2, 10, -1}, {2, 16, 12},
		{2, 20, -1}, {4, 0x20, -1}, {4, 0x11, 12}, {5, 3, 12}, {5, 4, -1}, {6, 1, -1},
		{7, 1, -1}, {9, 1, 12}, {11, 1, -1}};
	for (size_t i = 0; i < WW_N(rows); i++) {
		uint8_t head[16];
		memcpy(head, p, 16);
		head[rows[i].at] = rows[i].value;
		assert_int_equal(ww_dce_looks(head, 16), rows[i].looks);
	}
	uint8_t head[16];
	memcpy(head, p, 16);
	for (unsigned length = 0; length < 32; length++) {
		head[8] = (uint8_t)length;
		head[9] = 0;
		assert_int_equal(ww_dce_looks(head, 16), length < 16 ? -1 : 12);
	}
}

static void test_accepted(void **state)
{
	for (int little = 0; little < 2; little++) {
		start();
		dce_bind(&client, DCE_BIND, little, 7, &activator, 1);
		say(WW_DIR_TO_SERVER);
		dce_ack(&server, DCE_BIND_ACK, little, 7, "135", (uint16_t[]){0}, 1);
		say(WW_DIR_TO_CLIENT);
		dce_request(&client, little, 8, 1, 4, "marker", 6, 100);
		say(WW_DIR_TO_SERVER);
		(void)dce_fragment(&server, DCE_RESPONSE, DCE_WHOLE, little, 8, 1, 0, "answer", 6);
		dce_fault(&server, little, 8, 1, 0x1c010003);
		say(WW_DIR_TO_CLIENT);
		tape_end(&tape);
		char expected[1200];
		const char *order = little ? "little" : "big";
		snprintf(expected, sizeof(expected),
			"dcerpc > fact 6 outcome 1 at 0 code 0 '' "
			"000001a0-0000-0000-c000-000000000046 0.0\n"
			"dcerpc < fact 7 outcome 2 at 0 asked 0 code 0 '' "
			"000001a0-0000-0000-c000-000000000046 0.0\n"
			"dcerpc > begin 1 at 72\n"
			"dcerpc > end 1 to 102\n"
			"  call 000001a0-0000-0000-c000-000000000046 0.0 opnum 4 %s accepted\n"
			"  DCE_STUB 'marker'\n"
			"dcerpc > fact 8 outcome 1 at 72 code 4 '' "
			"000001a0-0000-0000-c000-000000000046 0.0\n"
			"dcerpc < begin 1 at 60\n"
			"dcerpc < end 1 to 90\n"
			"  answer 000001a0-0000-0000-c000-000000000046 0.0 opnum 4 %s accepted\n"
			"  DCE_STUB 'answer'\n"
			"dcerpc < fact 18 outcome 2 at 60 asked 72 code 4 ''\n"
			"dcerpc < fact 9 outcome 3 at 90 asked 72 code 469827587 '' "
			"000001a0-0000-0000-c000-000000000046 0.0\n",
			order, order);
		assert_string_equal(ww_buf_text(&tape.text), expected);
	}
}

/* Several contexts in one bind: each has its own answer. */
static void test_results(void **state)
{
	static const struct dce_offer offers[] = {{0, 1, 0, dce_remote_activation, 2},
		{5, 3, 2, dce_activator, 0}, {9, 0, 0, dce_ndr, 1}};
	start();
	dce_bind(&client, DCE_BIND, true, 1, offers, 3);
	say(WW_DIR_TO_SERVER);
	dce_ack(&server, DCE_BIND_ACK, true, 1, NULL, (uint16_t[]){0, 1, 0}, 3);
	say(WW_DIR_TO_CLIENT);
	for (unsigned context = 0; context < 10; context++)
		dce_request(&client, true, 2, context, context, "x", 1, 9);
	ww_buf_reset(&tape.text);
	say(WW_DIR_TO_SERVER);
	const char *text = ww_buf_text(&tape.text);
	assert_non_null(strstr(
		text, "  call 4d9f4ab8-7d1c-11cf-861e-0020af6e7c57 1.0 opnum 0 little accepted\n"));
	assert_non_null(
		strstr(text, "  call 000001a0-0000-0000-c000-000000000046 3.2 opnum 5 little refused\n"));
	assert_non_null(strstr(text, " opnum 9 little accepted\n"));
	assert_non_null(
		strstr(text, "  call 00000000-0000-0000-0000-000000000000 0.0 opnum 1 little\n"));
	/* A third that is asked for later. */
	static const struct dce_offer more = {6, 1, 0, dce_remote_activation, 1};
	dce_bind(&client, DCE_ALTER, true, 3, &more, 1);
	say(WW_DIR_TO_SERVER);
	dce_ack(&server, DCE_ALTER_RESP, true, 3, NULL, (uint16_t[]){0}, 1);
	say(WW_DIR_TO_CLIENT);
	ww_buf_reset(&tape.text);
	dce_request(&client, true, 4, 6, 77, "x", 1, 9);
	say(WW_DIR_TO_SERVER);
	assert_non_null(strstr(ww_buf_text(&tape.text), " 1.0 opnum 77 little accepted\n"));
}

static void test_refused(void **state)
{
	for (int nak = 0; nak < 2; nak++) {
		start();
		dce_bind(&client, DCE_BIND, true, 1, &activator, 1);
		say(WW_DIR_TO_SERVER);
		if (nak)
			dce_nak(&server, true, 1, 4);
		else
			dce_ack(&server, DCE_BIND_ACK, true, 1, "135", (uint16_t[]){2}, 1);
		ww_buf_reset(&tape.text);
		say(WW_DIR_TO_CLIENT);
		char expected[200];
		snprintf(expected, sizeof(expected),
			"dcerpc < fact 7 outcome 3 at 0 asked 0 code %d '' "
			"000001a0-0000-0000-c000-000000000046 0.0\n",
			nak ? 4 : 2);
		assert_string_equal(ww_buf_text(&tape.text), expected);
		ww_buf_reset(&tape.text);
		dce_request(&client, true, 2, 1, 4, "x", 1, 9);
		say(WW_DIR_TO_SERVER);
		assert_null(strstr(ww_buf_text(&tape.text), "accepted"));
		assert_non_null(strstr(ww_buf_text(&tape.text), "opnum 4 little refused\n"));
	}
}

/* An answer to another bind, or one too few, accepts nothing. */
static void test_wrong_answer(void **state)
{
	static const struct dce_offer offers[] = {
		{0, 1, 0, dce_remote_activation, 1}, {1, 0, 0, dce_activator, 1}};
	start();
	dce_bind(&client, DCE_BIND, true, 1, offers, 2);
	say(WW_DIR_TO_SERVER);
	dce_ack(&server, DCE_BIND_ACK, true, 2, NULL, (uint16_t[]){0, 0}, 2);
	dce_ack(&server, DCE_BIND_ACK, true, 1, NULL, (uint16_t[]){0}, 1);
	/* And the client cannot answer itself. */
	dce_ack(&client, DCE_BIND_ACK, true, 1, NULL, (uint16_t[]){0, 0}, 2);
	say(WW_DIR_TO_CLIENT);
	say(WW_DIR_TO_SERVER);
	ww_buf_reset(&tape.text);
	dce_request(&client, true, 3, 1, 4, "x", 1, 9);
	say(WW_DIR_TO_SERVER);
	assert_null(strstr(ww_buf_text(&tape.text), "accepted"));
	dce_request(&client, true, 3, 0, 4, "x", 1, 9);
	say(WW_DIR_TO_SERVER);
	assert_non_null(strstr(ww_buf_text(&tape.text), "1.0 opnum 4 little accepted"));
}

/* A client that does not wait: its calls are told at once, and again when the server accepts. */
static void test_early(void **state)
{
	for (int accept = 0; accept < 2; accept++) {
		start();
		dce_bind(&client, DCE_BIND, true, 1, &activator, 1);
		dce_request(&client, true, 2, 1, 4, "first", 5, 2);
		dce_request(&client, true, 3, 1, 5, "second", 6, 2);
		dce_request(&client, true, 4, 2, 6, "third", 5, 2);
		say(WW_DIR_TO_SERVER);
		assert_null(strstr(ww_buf_text(&tape.text), "accepted"));
		assert_non_null(strstr(ww_buf_text(&tape.text), "'second'"));
		ww_buf_reset(&tape.text);
		dce_ack(&server, DCE_BIND_ACK, true, 1, "", (uint16_t[]){accept ? 0 : 1}, 1);
		say(WW_DIR_TO_CLIENT);
		const char *text = ww_buf_text(&tape.text);
		assert_int_equal(strstr(text, "dcerpc > begin 1 at 72\ndcerpc > end 1 to 149\n"
					      "  call 000001a0-0000-0000-c000-000000000046 0.0 "
					      "opnum 4 little accepted late\n"
					      "  DCE_STUB 'first'\n") != NULL,
			accept);
		assert_int_equal(strstr(text, "'second'") != NULL, accept);
		assert_null(strstr(text, "'third'"));
	}
	/* More than are kept. */
	start();
	uint64_t dropped = ww_protos_counts(tape.protos)->dropped;
	dce_bind(&client, DCE_BIND, true, 1, &activator, 1);
	for (unsigned i = 0; i < WW_DCE_EARLY + 2; i++)
		dce_request(&client, true, 2 + i, 1, 10 + i, "x", 1, 2);
	say(WW_DIR_TO_SERVER);
	ww_buf_reset(&tape.text);
	dce_ack(&server, DCE_BIND_ACK, true, 1, "", (uint16_t[]){0}, 1);
	say(WW_DIR_TO_CLIENT);
	assert_int_equal(ww_protos_counts(tape.protos)->dropped, dropped + 2);
	assert_non_null(strstr(ww_buf_text(&tape.text), "opnum 13 little accepted late"));
	assert_null(strstr(ww_buf_text(&tape.text), "opnum 14"));
}

static void test_trailer(void **state)
{
	start();
	size_t at = dce_fragment(&client, DCE_REQUEST, DCE_FIRST, true, 2, 0, 3, "abcd", 4);
	dce_auth(&client, at, true, 5, 3, 16);
	at = dce_fragment(&client, DCE_REQUEST, DCE_LAST, true, 2, 0, 3, "ef", 2);
	dce_auth(&client, at, true, 5, 2, 16);
	say(WW_DIR_TO_SERVER);
	assert_non_null(strstr(ww_buf_text(&tape.text), "  DCE_STUB 'abcdef'\n"));
	/* Padding that is longer than the fragment takes nothing of the one before. */
	at = dce_fragment(&client, DCE_REQUEST, DCE_FIRST, true, 3, 0, 3, "abcd", 4);
	at = dce_fragment(&client, DCE_REQUEST, DCE_LAST, true, 3, 0, 3, "ef", 2);
	dce_auth(&client, at, true, 6, 2, 0);
	client.data[at + 24 + 2 + 2 + 2] = (char)200;
	dce_set16(&client, at + 10, 1, true);
	ww_buf_addc(&client, 'A');
	dce_end(&client, at, true);
	ww_buf_reset(&tape.text);
	say(WW_DIR_TO_SERVER);
	assert_non_null(strstr(ww_buf_text(&tape.text), "little encrypted\n  DCE_STUB 'abcd'\n"));
	/* An object's UUID stands before the stub. */
	at = dce_begin(&client, DCE_REQUEST, DCE_WHOLE | 0x80, false, 9);
	dce_put32(&client, 3, false);
	dce_put16(&client, 0, false);
	dce_put16(&client, 4, false);
	dce_put_uuid(&client, dce_ndr, false);
	ww_buf_adds(&client, "obj");
	dce_end(&client, at, false);
	ww_buf_reset(&tape.text);
	say(WW_DIR_TO_SERVER);
	assert_non_null(strstr(ww_buf_text(&tape.text), "opnum 4 big\n  DCE_STUB 'obj'\n"));
}

static void test_fragments(void **state)
{
	/* Without the first one; and a second call before the first is whole. */
	start();
	uint64_t dropped = ww_protos_counts(tape.protos)->dropped;
	(void)dce_fragment(&client, DCE_REQUEST, DCE_LAST, true, 2, 0, 3, "tail", 4);
	(void)dce_fragment(&client, DCE_REQUEST, DCE_FIRST, true, 3, 0, 3, "half", 4);
	(void)dce_fragment(&client, DCE_REQUEST, DCE_WHOLE, true, 4, 0, 5, "whole", 5);
	say(WW_DIR_TO_SERVER);
	const char *text = ww_buf_text(&tape.text);
	assert_non_null(strstr(text, "opnum 3 little no-first\n  DCE_STUB 'tail'\n"));
	assert_non_null(strstr(text, "opnum 3 little\n  DCE_STUB cut 'half'\n"));
	assert_non_null(strstr(text, "opnum 5 little\n  DCE_STUB 'whole'\n"));
	assert_int_equal(ww_protos_counts(tape.protos)->dropped, dropped + 1);
	/* A later fragment that names another context and operation is part of its call. */
	(void)dce_fragment(&client, DCE_REQUEST, DCE_FIRST, true, 5, 0, 3, "one", 3);
	(void)dce_fragment(&client, DCE_REQUEST, DCE_LAST, true, 5, 9, 9, "two", 3);
	ww_buf_reset(&tape.text);
	say(WW_DIR_TO_SERVER);
	assert_non_null(strstr(ww_buf_text(&tape.text), "opnum 3 little\n  DCE_STUB 'onetwo'\n"));
	/* Unfinished at the end. */
	(void)dce_fragment(&client, DCE_REQUEST, DCE_FIRST, true, 6, 0, 3, "begun", 5);
	ww_buf_reset(&tape.text);
	say(WW_DIR_TO_SERVER);
	assert_string_equal(ww_buf_text(&tape.text), "");
	tape_end(&tape);
	assert_non_null(strstr(ww_buf_text(&tape.text), "  DCE_STUB cut 'begun'\n"));
}

static void test_limit(void **state)
{
	static char stub[WW_DCE_STUB_MAX + 5000];
	memset(stub, 's', sizeof(stub));
	start();
	uint64_t cut = ww_protos_counts(tape.protos)->cut_bodies;
	dce_request(&client, true, 2, 0, 1, stub, WW_DCE_STUB_MAX, 5000);
	say(WW_DIR_TO_SERVER);
	assert_int_equal(ww_protos_counts(tape.protos)->cut_bodies, cut);
	assert_null(strstr(ww_buf_text(&tape.text), "cut"));
	ww_buf_reset(&tape.text);
	dce_request(&client, true, 3, 0, 1, stub, sizeof(stub), 5000);
	dce_request(&client, true, 4, 0, 2, "after", 5, 5000);
	say(WW_DIR_TO_SERVER);
	assert_int_equal(ww_protos_counts(tape.protos)->cut_bodies, cut + 1);
	assert_non_null(strstr(ww_buf_text(&tape.text), "  DCE_STUB 'after'\n"));
	/* Told once. */
	const char *first = strstr(ww_buf_text(&tape.text), "DCE_STUB cut 's");
	assert_non_null(first);
	assert_null(strstr(first + 1, "DCE_STUB cut"));
}

/* More contexts than are kept: those that were accepted stay longest. */
static void test_many_contexts(void **state)
{
	start();
	uint64_t dropped = ww_protos_counts(tape.protos)->dropped;
	dce_bind(&client, DCE_BIND, true, 1, &activator, 1);
	say(WW_DIR_TO_SERVER);
	dce_ack(&server, DCE_BIND_ACK, true, 1, "", (uint16_t[]){0}, 1);
	say(WW_DIR_TO_CLIENT);
	for (uint16_t i = 0; i < 200; i++) {
		const struct dce_offer offer = {(uint16_t)(100 + i), i, 0, dce_ndr, 1};
		dce_bind(&client, DCE_ALTER, true, 2u + i, &offer, 1);
	}
	say(WW_DIR_TO_SERVER);
	assert_int_equal(ww_protos_counts(tape.protos)->dropped, dropped + 201 - WW_DCE_CONTEXTS);
	ww_buf_reset(&tape.text);
	dce_request(&client, true, 999, 1, 4, "x", 1, 9);
	dce_request(&client, true, 999, 299, 4, "x", 1, 9);
	dce_request(&client, true, 999, 100, 4, "x", 1, 9);
	say(WW_DIR_TO_SERVER);
	const char *text = ww_buf_text(&tape.text);
	assert_non_null(strstr(text, "c000-000000000046 0.0 opnum 4 little accepted\n"));
	assert_non_null(strstr(text, " 199.0 opnum 4 little\n"));
	assert_non_null(strstr(text, "000000000000 0.0 opnum 4 little\n"));
}

/* Each PDU cut short by its own length, and each length of a list that contradicts it. */
static void test_malformed(void **state)
{
	static const struct dce_offer offers[] = {
		{0, 1, 0, dce_remote_activation, 1}, {1, 0, 0, dce_activator, 1}};
	for (int type = 0; type < 3; type++) {
		struct ww_buf whole = WW_BUF_INIT;
		if (type == 0)
			dce_bind(&whole, DCE_BIND, true, 1, offers, 2);
		else if (type == 1)
			dce_request(&whole, true, 1, 0, 4, "payload", 7, 99);
		else
			dce_ack(&whole, DCE_BIND_ACK, true, 1, "135", (uint16_t[]){0, 0}, 2);
		enum ww_dir dir = type == 2 ? WW_DIR_TO_CLIENT : WW_DIR_TO_SERVER;
		for (size_t len = 16; len < whole.len; len++) {
			start();
			struct ww_buf *out = dir == WW_DIR_TO_SERVER ? &client : &server;
			ww_buf_add(out, whole.data, len);
			dce_set16(out, 8, (unsigned)len, true);
			say(dir);
			/* What follows is understood. */
			dce_request(&client, true, 9, 0, 4, "follows", 7, 99);
			say(WW_DIR_TO_SERVER);
			assert_non_null(strstr(ww_buf_text(&tape.text), "'follows'"));
			tape_end(&tape);
		}
		/* And cut by the end of the stream. */
		for (size_t len = 0; len < whole.len; len++) {
			start();
			tape_feed(&tape, dir, whole.data, len, false);
			tape_end(&tape);
			assert_null(strstr(ww_buf_text(&tape.text), "accepted"));
		}
		for (size_t at = 0; at < whole.len; at++) {
			for (int value = 0; value < 256; value += 51) {
				start();
				char before = whole.data[at];
				whole.data[at] = (char)value;
				tape_feed(&tape, dir, whole.data, whole.len, false);
				whole.data[at] = before;
				tape_end(&tape);
			}
		}
		ww_buf_done(&whole);
	}
	/* No PDU any more: given up, counted. */
	start();
	uint64_t malformed = ww_protos_counts(tape.protos)->malformed;
	dce_request(&client, true, 9, 0, 4, "x", 1, 99);
	ww_buf_adds(&client, "GET / HTTP/1.0\r\n\r\n");
	say(WW_DIR_TO_SERVER);
	assert_int_equal(tape.flow.state, WW_APP_GIVEN_UP);
	assert_true(ww_protos_counts(tape.protos)->malformed > malformed);
}

static void test_gap(void **state)
{
	start();
	dce_bind(&client, DCE_BIND, true, 1, &activator, 1);
	say(WW_DIR_TO_SERVER);
	dce_ack(&server, DCE_BIND_ACK, true, 1, "", (uint16_t[]){0}, 1);
	say(WW_DIR_TO_CLIENT);
	(void)dce_fragment(&client, DCE_REQUEST, DCE_FIRST, true, 2, 1, 4, "half", 4);
	say(WW_DIR_TO_SERVER);
	tape.shown[0] += 100;
	ww_buf_reset(&tape.text);
	dce_request(&client, true, 3, 1, 5, "next", 4, 99);
	say(WW_DIR_TO_SERVER);
	const char *text = ww_buf_text(&tape.text);
	assert_non_null(strstr(text, "opnum 4 little accepted\n  DCE_STUB cut 'half'\n"));
	assert_non_null(strstr(text, "opnum 5 little accepted\n  DCE_STUB 'next'\n"));
}

/* A long session says the same in any pieces. */
static void test_any_cut(void **state)
{
	static const struct dce_offer offers[] = {
		{0, 1, 0, dce_remote_activation, 2}, {1, 0, 0, dce_activator, 1}};
	struct ww_buf to[4] = {WW_BUF_INIT, WW_BUF_INIT, WW_BUF_INIT, WW_BUF_INIT};
	dce_bind(&to[0], DCE_BIND, true, 1, offers, 2);
	dce_ack(&to[1], DCE_BIND_ACK, true, 1, "\\PIPE\\epmapper", (uint16_t[]){0, 1}, 2);
	dce_request(&to[2], true, 2, 0, 4, "a call in several fragments", 27, 5);
	size_t at = dce_fragment(&to[2], DCE_REQUEST, DCE_WHOLE, false, 3, 1, 5, "other", 5);
	dce_auth(&to[2], at, false, 5, 3, 8);
	dce_fault(&to[3], true, 2, 0, 5);
	(void)dce_fragment(&to[3], DCE_RESPONSE, DCE_WHOLE, false, 3, 1, 0, "answer", 6);
	char *whole = NULL;
	for (size_t step = 200; step > 0; step--) {
		for (size_t first = 1; first <= (step == 200 ? 199 : step); first++) {
			tape_begin_flow(&tape, 135);
			for (size_t i = 0; i < 4; i++)
				tape_pieces(&tape, i % 2 ? WW_DIR_TO_CLIENT : WW_DIR_TO_SERVER,
					to[i].data, to[i].len, first, step);
			tape_end(&tape);
			if (!whole)
				whole = strdup(ww_buf_text(&tape.text));
			assert_string_equal(ww_buf_text(&tape.text), whole);
		}
	}
	assert_non_null(strstr(whole, "'a call in several fragments'"));
	assert_non_null(strstr(whole, "opnum 5 big refused\n  DCE_STUB 'other'\n"));
	free(whole);
	for (size_t i = 0; i < 4; i++)
		ww_buf_done(&to[i]);
}

/* Version 4, over UDP: no bind; every truncation; a fragment; what is not whole. */
static void test_datagram(void **state)
{
	struct ww_buf pdu = WW_BUF_INIT;
	for (int little = 0; little < 2; little++) {
		uint8_t head[8] = {4, 0, 0, 0, little ? 0x10 : 0, 0, 0, 0};
		ww_buf_reset(&pdu);
		ww_buf_add(&pdu, head, sizeof(head));
		ww_buf_pad(&pdu, 0, 16);
		dce_put_uuid(&pdu, dce_activator, little);
		ww_buf_pad(&pdu, 'a', 20);
		dce_put32(&pdu, 0x20001, little);
		dce_put32(&pdu, 9, little);
		dce_put16(&pdu, 4, little);
		dce_put32(&pdu, UINT32_MAX, little);
		dce_put16(&pdu, 6, little);
		dce_put32(&pdu, 0, little);
		assert_int_equal(pdu.len, 80);
		ww_buf_adds(&pdu, "marker");
		start();
		tape_datagram(&tape, WW_DIR_TO_SERVER, pdu.data, pdu.len, little);
		char expected[300];
		snprintf(expected, sizeof(expected),
			"dcerpc > begin 1 at 0\ndcerpc > end 1 to 86\n"
			"  call 000001a0-0000-0000-c000-000000000046 1.2 opnum 4 %s accepted\n"
			"  DCE_STUB 'marker'\n",
			little ? "little" : "big");
		assert_string_equal(ww_buf_text(&tape.text), expected);
		for (size_t len = 1; len < pdu.len; len++) {
			start();
			tape_datagram(&tape, WW_DIR_TO_SERVER, pdu.data, len, false);
			assert_string_equal(ww_buf_text(&tape.text), "");
			assert_int_equal(tape.flow.app, WW_APP_NONE);
		}
		/* An answer is not a call, and a later fragment not the first. */
		start();
		tape_datagram(&tape, WW_DIR_TO_CLIENT, pdu.data, pdu.len, false);
		assert_string_equal(ww_buf_text(&tape.text), "");
		pdu.data[2] = 4;
		dce_set16(&pdu, 76, 1, little);
		tape_datagram(&tape, WW_DIR_TO_SERVER, pdu.data, pdu.len, false);
		assert_non_null(strstr(
			ww_buf_text(&tape.text), "accepted no-first\n  DCE_STUB cut 'marker'\n"));
	}
	ww_buf_done(&pdu);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uuid),
		cmocka_unit_test(test_looks),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_wrong_answer),
		cmocka_unit_test(test_early),
		cmocka_unit_test(test_trailer),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_many_contexts),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_gap),
		cmocka_unit_test(test_any_cut),
		cmocka_unit_test(test_datagram),
	};
	return cmocka_run_group_tests(tests, open_tape, close_tape);
}
