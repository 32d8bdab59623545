// SPDX-License-Identifier: GPL-3.0-or-later
/* Named pipes over SMB 1 and SMB 2: every way of writing to one says the same to DCE/RPC. */
#include "test.h"
#include "wire/proto/smb.h"
#include "wire/proto/test-smb.h"
#include "wire/proto/test-tape.h"

static struct tape tape;
static struct ww_buf bind, ack, nak, call, reply;

static int open_tape(void **state)
{
	static const struct dce_offer offer = {1, 1, 0, dce_remote_activation, 1};
	tape_open(&tape, 8, 0);
	dce_bind(&bind, DCE_BIND, true, 1, &offer, 1);
	dce_ack(&ack, DCE_BIND_ACK, true, 1, "\\PIPE\\epmapper", (uint16_t[]){0}, 1);
	dce_ack(&nak, DCE_BIND_ACK, true, 1, "\\PIPE\\epmapper", (uint16_t[]){1}, 1);
	dce_request(&call, true, 2, 1, 4, "an inert marker", 15, 4);
	(void)dce_fragment(&reply, DCE_RESPONSE, DCE_WHOLE, true, 2, 1, 0, "answer", 6);
	return 0;
}

static int close_tape(void **state)
{
	tape_close(&tape);
	ww_buf_done(&bind);
	ww_buf_done(&ack);
	ww_buf_done(&nak);
	ww_buf_done(&call);
	ww_buf_done(&reply);
	return 0;
}

/* A conversation: what each side says in its turn, the client first. */
struct talk {
	struct ww_buf turns[12];
	size_t n;
};

static struct ww_buf *turn(struct talk *talk)
{
	return &talk->turns[talk->n++];
}

static void done(struct talk *talk)
{
	for (size_t i = 0; i < talk->n; i++)
		ww_buf_done(&talk->turns[i]);
	*talk = (struct talk){.n = 0};
}

static const char *play(const struct talk *talk, size_t first, size_t step)
{
	tape_begin_flow(&tape, 445);
	for (size_t i = 0; i < talk->n; i++)
		tape_pieces(&tape, i % 2 ? WW_DIR_TO_CLIENT : WW_DIR_TO_SERVER, talk->turns[i].data,
			talk->turns[i].len, first, step);
	tape_end(&tape);
	return ww_buf_text(&tape.text);
}

static void write1(struct talk *talk, bool accept)
{
	smb1_create(turn(talk), 1, "\\epmapper");
	smb1_created(turn(talk), 1, 0x4001, 0);
	smb1_write(turn(talk), 2, 0x4001, 8, bind.data, bind.len);
	(void)turn(talk);
	smb1_read(turn(talk), 3, 0x4001);
	const struct ww_buf *answer = accept ? &ack : &nak;
	smb1_data(turn(talk), 3, answer->data, answer->len);
	smb1_write(turn(talk), 4, 0x4001, 0x0c, call.data, call.len);
	(void)turn(talk);
	smb1_read(turn(talk), 5, 0x4001);
	smb1_data(turn(talk), 5, reply.data, reply.len);
}

static void transact1(struct talk *talk, bool accept)
{
	const struct ww_buf *answer = accept ? &ack : &nak;
	smb1_transact(turn(talk), 7, 0x4001, bind.data, bind.len, bind.len);
	smb1_transacted(turn(talk), 7, answer->data, answer->len);
	/* The call in two parts. */
	struct ww_buf *out = turn(talk);
	smb1_transact(out, 8, 0x4001, call.data, 30, call.len);
	smb1_transact_more(out, 8, call.data + 30, 30, call.len - 30, call.len);
	smb1_transacted(turn(talk), 8, reply.data, reply.len);
}

static void write2(struct talk *talk, bool accept)
{
	const struct ww_buf *answer = accept ? &ack : &nak;
	struct ww_buf *out = turn(talk);
	size_t frame = smb_begin(out);
	(void)smb2_header(out, 5, false, 0, 1);
	smb2_create(out, "epmapper");
	smb_end(out, frame);
	out = turn(talk);
	frame = smb_begin(out);
	(void)smb2_header(out, 5, true, 0, 1);
	smb2_created(out, 77);
	smb_end(out, frame);
	out = turn(talk);
	/* A write and a read in one chain. */
	frame = smb_begin(out);
	size_t at = smb2_header(out, 9, false, 0, 2);
	smb2_write(out, 77, bind.data, bind.len);
	smb2_next(out, at);
	(void)smb2_header(out, 8, false, 0, 3);
	smb2_read(out, 77);
	smb_end(out, frame);
	out = turn(talk);
	/* "Not yet", then the data. */
	frame = smb_begin(out);
	(void)smb2_header(out, 8, true, 0x103, 3);
	ww_buf_pad(out, 0, 9);
	smb_end(out, frame);
	frame = smb_begin(out);
	(void)smb2_header(out, 8, true, 0, 3);
	smb2_data(out, answer->data, answer->len);
	smb_end(out, frame);
	out = turn(talk);
	frame = smb_begin(out);
	(void)smb2_header(out, 11, false, 0, 4);
	smb2_transceive(out, false, 77, call.data, call.len);
	smb_end(out, frame);
	out = turn(talk);
	frame = smb_begin(out);
	(void)smb2_header(out, 11, true, 0, 4);
	smb2_transceive(out, true, 77, reply.data, reply.len);
	smb_end(out, frame);
}

/* Opening and writing in one chain: the write does not know the file's id. */
static void chain2(struct talk *talk, bool accept)
{
	const struct ww_buf *answer = accept ? &ack : &nak;
	struct ww_buf *out = turn(talk);
	size_t frame = smb_begin(out);
	size_t at = smb2_header(out, 5, false, 0, 1);
	smb2_create(out, "epmapper");
	smb2_next(out, at);
	at = smb2_header(out, 9, false, 0, 2);
	smb2_write(out, UINT32_MAX, bind.data, bind.len);
	smb_end(out, frame);
	out = turn(talk);
	frame = smb_begin(out);
	(void)smb2_header(out, 5, true, 0, 1);
	smb2_created(out, 78);
	smb_end(out, frame);
	out = turn(talk);
	frame = smb_begin(out);
	(void)smb2_header(out, 8, false, 0, 3);
	smb2_read(out, 78);
	smb_end(out, frame);
	out = turn(talk);
	frame = smb_begin(out);
	(void)smb2_header(out, 8, true, 0, 3);
	smb2_data(out, answer->data, answer->len);
	smb_end(out, frame);
	out = turn(talk);
	frame = smb_begin(out);
	(void)smb2_header(out, 11, false, 0, 4);
	smb2_transceive(out, false, 78, call.data, call.len);
	smb_end(out, frame);
	out = turn(talk);
	frame = smb_begin(out);
	(void)smb2_header(out, 11, true, 0, 4);
	smb2_transceive(out, true, 78, reply.data, reply.len);
	smb_end(out, frame);
}

static void (*const ways[])(struct talk *, bool) = {write1, transact1, write2, chain2};

static void test_ways(void **state)
{
	for (size_t way = 0; way < WW_N(ways); way++) {
		for (int accept = 0; accept < 2; accept++) {
			struct talk talk = {.n = 0};
			ways[way](&talk, accept);
			const char *text = play(&talk, SIZE_MAX, SIZE_MAX);
			assert_int_equal(tape.flow.app, WW_APP_SMB);
			assert_int_equal(strstr(text, "opnum 4 little accepted\n"
						      "  DCE_STUB 'an inert marker'\n") != NULL,
				accept);
			assert_int_equal(
				strstr(text, "opnum 4 little refused\n  DCE_STUB 'an inert marker'\n") !=
					NULL,
				!accept);
			assert_non_null(strstr(text, "  DCE_STUB 'answer'\n"));
			/* 10: a name asked for; 11: opened. */
			if (way != 1) {
				assert_non_null(strstr(text, "fact 10 outcome 1"));
				assert_non_null(strstr(text, "epmapper'"));
				assert_non_null(strstr(text, "fact 11 outcome 2"));
			}
			done(&talk);
		}
	}
}

static void test_any_cut(void **state)
{
	for (size_t way = 0; way < WW_N(ways); way++) {
		struct talk talk = {.n = 0};
		ways[way](&talk, true);
		char *whole = strdup(play(&talk, SIZE_MAX, SIZE_MAX));
		for (size_t first = 1; first < 600; first++)
			assert_string_equal(play(&talk, first, SIZE_MAX), whole);
		for (size_t step = 1; step < 90; step++)
			assert_string_equal(play(&talk, step, step), whole);
		free(whole);
		done(&talk);
	}
}

/* A write that is longer than what is kept of a command goes to its pipe all the same. */
static void test_long_write(void **state)
{
	static char stub[40000];
	struct ww_buf pdus = WW_BUF_INIT;
	memset(stub, 's', sizeof(stub));
	memcpy(stub + sizeof(stub) - 6, "marker", 6);
	ww_buf_add(&pdus, bind.data, bind.len);
	dce_request(&pdus, true, 2, 1, 4, stub, sizeof(stub), 4000);
	for (int version = 1; version <= 2; version++) {
		struct talk talk = {.n = 0};
		struct ww_buf *out = turn(&talk);
		if (version == 1) {
			smb1_write(out, 2, 9, 8, pdus.data, pdus.len);
		} else {
			size_t frame = smb_begin(out);
			size_t at = smb2_header(out, 9, false, 0, 2);
			smb2_write(out, 9, pdus.data, pdus.len);
			smb2_next(out, at);
			(void)smb2_header(out, 5, false, 0, 3);
			smb2_create(out, "behind");
			smb_end(out, frame);
		}
		const char *text = play(&talk, SIZE_MAX, SIZE_MAX);
		assert_non_null(strstr(text, "ssmarker'\n"));
		assert_null(strstr(text, "cut"));
		assert_int_equal(strstr(text, "'behind'") != NULL, version == 2);
		char *whole = strdup(text);
		for (size_t step = 1; step < 30000; step = step * 3 + 1)
			assert_string_equal(play(&talk, step, step), whole);
		free(whole);
		done(&talk);
	}
	ww_buf_done(&pdus);
}

static void test_refused_open(void **state)
{
	struct talk talk = {.n = 0};
	smb1_create(turn(&talk), 1, "\\wkssvc");
	smb1_created(turn(&talk), 1, 0, 0xc0000022);
	assert_string_equal(play(&talk, SIZE_MAX, SIZE_MAX),
		"smb > fact 10 outcome 1 at 4 code 0 '\\x5cwkssvc'\n"
		"smb < fact 11 outcome 3 at 4 asked 4 code 3221225506 ''\n");
	done(&talk);
}

/* More pipes than are kept: the one used least recently is told as it is. */
static void test_many_pipes(void **state)
{
	struct talk talk = {.n = 0};
	uint64_t dropped = ww_protos_counts(tape.protos)->dropped;
	struct ww_buf *out = turn(&talk), half = WW_BUF_INIT;
	(void)dce_fragment(&half, DCE_REQUEST, DCE_FIRST, true, 2, 1, 4, "half", 4);
	for (unsigned file = 0; file < WW_SMB_PIPES + 3; file++)
		smb1_write(out, file, 100 + file, 8, half.data, half.len);
	tape_begin_flow(&tape, 445);
	tape_feed(&tape, WW_DIR_TO_SERVER, out->data, out->len, false);
	assert_int_equal(ww_protos_counts(tape.protos)->dropped, dropped + 3);
	assert_non_null(strstr(ww_buf_text(&tape.text), "smb > begin 3 at"));
	assert_null(strstr(ww_buf_text(&tape.text), "smb > begin 4 at"));
	/* A file that is no pipe takes no place. */
	ww_buf_reset(out);
	smb1_write(out, 50, 999, 8, "MZ text", 7);
	ww_buf_reset(&tape.text);
	tape_feed(&tape, WW_DIR_TO_SERVER, out->data, out->len, false);
	assert_string_equal(ww_buf_text(&tape.text), "");
	tape_end(&tape);
	assert_non_null(strstr(ww_buf_text(&tape.text), "smb > begin 11 at"));
	ww_buf_done(&half);
	done(&talk);
}

static void test_session_layer(void **state)
{
	static const char request[] = "\x81\0\0\x44 CKFDENECFDEFFCFGEFFCCACACACACACA\0"
				      " EMEMEMEMEMEMEMEMEMEMEMEMEMEMEMEM";
	struct talk talk = {.n = 0};
	write1(&talk, true);
	tape_begin_flow(&tape, 139);
	tape_feed(&tape, WW_DIR_TO_SERVER, request, sizeof(request), false);
	tape_feed(&tape, WW_DIR_TO_CLIENT, "\x82\0\0\0", 4, false);
	assert_int_equal(tape.flow.app, WW_APP_SMB);
	for (size_t i = 0; i < talk.n; i++) {
		enum ww_dir dir = i % 2 ? WW_DIR_TO_CLIENT : WW_DIR_TO_SERVER;
		tape_feed(&tape, dir, "\x85\0\0\0", 4, false);
		tape_feed(&tape, dir, talk.turns[i].data, talk.turns[i].len, false);
	}
	assert_non_null(strstr(ww_buf_text(&tape.text), "accepted\n  DCE_STUB 'an inert marker'"));
	tape_feed(&tape, WW_DIR_TO_SERVER, "\x01\0\0\0", 4, false);
	assert_int_equal(tape.flow.state, WW_APP_GIVEN_UP);
	done(&talk);
}

/* Every truncation, and every byte wrong, of each way. */
static void test_malformed(void **state)
{
	for (size_t way = 0; way < WW_N(ways); way++) {
		struct talk talk = {.n = 0};
		ways[way](&talk, true);
		for (size_t i = 0; i < talk.n; i++) {
			struct ww_buf *out = &talk.turns[i];
			for (size_t at = 0; at < out->len; at++) {
				static const uint8_t values[] = {0, 1, 0x40, 0x7f, 0x80, 0xff};
				char before = out->data[at];
				out->data[at] = (char)values[at % WW_N(values)];
				(void)play(&talk, SIZE_MAX, SIZE_MAX);
				out->data[at] = before;
				size_t len = out->len;
				out->len = at;
				(void)play(&talk, SIZE_MAX, SIZE_MAX);
				out->len = len;
			}
		}
		done(&talk);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ways),
		cmocka_unit_test(test_any_cut),
		cmocka_unit_test(test_long_write),
		cmocka_unit_test(test_refused_open),
		cmocka_unit_test(test_many_pipes),
		cmocka_unit_test(test_session_layer),
		cmocka_unit_test(test_malformed),
	};
	return cmocka_run_group_tests(tests, open_tape, close_tape);
}
