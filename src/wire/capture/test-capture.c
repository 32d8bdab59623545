// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * One set of frames, written by this file in every format that is read, must come out the same;
 * cut anywhere, and read in pieces of any size, too.
 */
#include "base/buf.h"
#include "base/rng.h"
#include "wire/capture/capture-private.h"

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>
#ifdef WW_HAVE_ZSTD
#include <zstd.h>
#endif

enum { N_FRAMES = 70, LINK = 1 };

/* How a capture is written. */
struct form {
	const char *name;
	uint32_t magic; /* 0: pcapng */
	bool big;
	bool nano;       /* time stamps with nanoseconds */
	uint16_t minor;  /* of pcap; 4 but for the oldest */
	uint8_t tsresol; /* of pcapng; 6 is the default and not written */
	int64_t tsoffset;
	uint8_t block; /* of pcapng: 6, 2 */
};

static const struct form forms[] = {
	{"pcap", 0xa1b2c3d4, false, false, 4, 0, 0, 0},
	{"pcap, big-endian", 0xa1b2c3d4, true, false, 4, 0, 0, 0},
	{"pcap, ns", 0xa1b23c4d, false, true, 4, 0, 0, 0},
	{"pcap, ns, big-endian", 0xa1b23c4d, true, true, 4, 0, 0, 0},
	{"pcap, patched", 0xa1b2cd34, false, false, 4, 0, 0, 0},
	{"pcap, patched, big-endian", 0xa1b2cd34, true, false, 4, 0, 0, 0},
	{"pcap 2.2, lengths swapped", 0xa1b2c3d4, false, false, 2, 0, 0, 0},
	{"pcapng", 0, false, false, 0, 6, 0, 6},
	{"pcapng, big-endian", 0, true, false, 0, 6, 0, 6},
	{"pcapng, ns", 0, false, true, 0, 9, 0, 6},
	{"pcapng, ns, offset, big-endian", 0, true, true, 0, 9, 1000, 6},
	{"pcapng, packet blocks", 0, false, false, 0, 6, 0, 2},
	{"pcapng, packet blocks, offset", 0, true, false, 0, 6, -5, 2},
};

static void put16(struct ww_buf *out, bool big, uint16_t value)
{
	uint8_t b[2] = {(uint8_t)value, (uint8_t)(value >> 8)};
	ww_buf_addc(out, (char)b[big]);
	ww_buf_addc(out, (char)b[!big]);
}

static void put32(struct ww_buf *out, bool big, uint32_t value)
{
	put16(out, big, (uint16_t)(big ? value >> 16 : value));
	put16(out, big, (uint16_t)(big ? value : value >> 16));
}

/* Frame i of the set: lengths 0, 1, …, some of them cut; times go back now and then. */
static uint32_t frame_captured(int i)
{
	return (uint32_t)(i * i * 7 % 1600);
}

static uint32_t frame_length(int i)
{
	return frame_captured(i) + (i % 5 == 0 ? 100 : 0);
}

static int64_t frame_time(int i)
{
	return 1060648157 * (int64_t)1000000 + 999990 + (i % 9 == 8 ? -3000000 : i * 7);
}

static void put_data(struct ww_buf *out, int i)
{
	for (uint32_t k = 0; k < frame_captured(i); k++)
		ww_buf_addc(out, (char)(i * 31 + (int)k));
}

static void put_pcap_header(
	struct ww_buf *out, const struct form *form, uint32_t snaplen, uint32_t link)
{
	put32(out, form->big, form->magic);
	put16(out, form->big, 2);
	put16(out, form->big, form->minor);
	put32(out, form->big, 0);
	put32(out, form->big, 0);
	put32(out, form->big, snaplen);
	put32(out, form->big, link);
}

static void put_record(struct ww_buf *out, const struct form *form, int i)
{
	int64_t us = frame_time(i);
	bool reversed = form->minor < 3;
	put32(out, form->big, (uint32_t)(us / 1000000));
	put32(out, form->big,
		(uint32_t)(us % 1000000) * (form->nano ? 1000 : 1) + (form->nano ? 999 : 0));
	put32(out, form->big, reversed ? frame_length(i) : frame_captured(i));
	put32(out, form->big, reversed ? frame_captured(i) : frame_length(i));
	if (form->magic == 0xa1b2cd34)
		ww_buf_add(out, "\1\2\3\4\5\6\7", 8);
	put_data(out, i);
}

/* Ends a pcapng block that began at `start` with its type and four bytes for the length. */
static void end_block(struct ww_buf *out, bool big, size_t start)
{
	while ((out->len - start) % 4 != 0)
		ww_buf_addc(out, 0);
	uint32_t total = (uint32_t)(out->len - start) + 4;
	put32(out, big, total);
	memcpy(out->data + start + 4, out->data + out->len - 4, 4);
}

static size_t begin_block(struct ww_buf *out, bool big, uint32_t type)
{
	size_t start = out->len;
	put32(out, big, type);
	put32(out, big, 0);
	return start;
}

static void put_section(struct ww_buf *out, bool big)
{
	size_t start = begin_block(out, big, 0x0a0d0d0a);
	put32(out, big, 0x1a2b3c4d);
	put16(out, big, 1);
	put16(out, big, 0);
	put32(out, big, 0xffffffff);
	put32(out, big, 0xffffffff);
	end_block(out, big, start);
}

static void put_interface(struct ww_buf *out, bool big, uint16_t link, uint32_t snaplen,
	uint8_t tsresol, int64_t tsoffset)
{
	size_t start = begin_block(out, big, 1);
	put16(out, big, link);
	put16(out, big, 0);
	put32(out, big, snaplen);
	put16(out, big, 2); /* if_name */
	put16(out, big, 5);
	ww_buf_add(out, "eth0\0\0\0", 8);
	if (tsresol != 6) {
		put16(out, big, 9);
		put16(out, big, 1);
		ww_buf_add(out, (char[4]){(char)tsresol}, 4);
	}
	if (tsoffset) {
		put16(out, big, 14);
		put16(out, big, 8);
		put32(out, big, (uint32_t)((uint64_t)tsoffset >> (big ? 32 : 0)));
		put32(out, big, (uint32_t)((uint64_t)tsoffset >> (big ? 0 : 32)));
	}
	put32(out, big, 0);
	end_block(out, big, start);
}

static void put_packet(struct ww_buf *out, const struct form *form, int i)
{
	int64_t us = frame_time(i) - form->tsoffset * 1000000;
	uint64_t ticks = (uint64_t)us * (form->nano ? 1000 : 1) + (form->nano ? 999 : 0);
	size_t start = begin_block(out, form->big, form->block);
	if (form->block == 2) {
		put16(out, form->big, 0);
		put16(out, form->big, 7);
	} else {
		put32(out, form->big, 0);
	}
	put32(out, form->big, (uint32_t)(ticks >> 32));
	put32(out, form->big, (uint32_t)ticks);
	put32(out, form->big, frame_captured(i));
	put32(out, form->big, frame_length(i));
	put_data(out, i);
	end_block(out, form->big, start);
	/* Something unknown in between. */
	if (i % 10 == 3) {
		start = begin_block(out, form->big, 0x0bad);
		ww_buf_pad(out, 'x', i * 4);
		end_block(out, form->big, start);
	}
}

static struct ww_buf write_form(const struct form *form)
{
	struct ww_buf out = WW_BUF_INIT;
	if (form->magic) {
		put_pcap_header(&out, form, 65535, LINK);
	} else {
		put_section(&out, form->big);
		put_interface(&out, form->big, LINK, 65535, form->tsresol, form->tsoffset);
	}
	for (int i = 0; i < N_FRAMES; i++)
		(form->magic ? put_record : put_packet)(&out, form, i);
	assert_false(out.failed);
	return out;
}

static void check_frame(const struct ww_frame *frame, int i)
{
	assert_int_equal(frame->captured, frame_captured(i));
	assert_int_equal(frame->length, frame_length(i));
	assert_true(frame->time_us == frame_time(i));
	assert_int_equal(frame->number, i + 1);
	assert_int_equal(frame->link_type, LINK);
	for (uint32_t k = 0; k < frame->captured; k++)
		assert_int_equal(frame->data[k], (uint8_t)(i * 31 + (int)k));
}

/* Reads to the end, checks each frame against the set, and returns how it ended. */
static enum ww_capture_state check_all(struct ww_capture *capture, int *ret_n)
{
	struct ww_frame frames[WW_BATCH];
	size_t n;
	*ret_n = 0;
	for (;;) {
		enum ww_capture_state state = ww_capture_read(capture, frames, &n);
		if (state != WW_CAPTURE_MORE) {
			assert_int_equal(n, 0);
			assert_int_equal(ww_capture_read(capture, frames, &n), state);
			return state;
		}
		assert_in_range(n, 1, WW_BATCH);
		for (size_t i = 0; i < n; i++)
			check_frame(&frames[i], (*ret_n)++);
	}
}

static struct ww_capture *open_bytes(const struct ww_buf *bytes, size_t len, size_t chunk)
{
	struct ww_capture *capture = NULL;
	struct ww_err err = {0};
	int rc = ww_capture_open_chunks(bytes->data, len, chunk, &capture, &err);
	if (rc != 0)
		print_message("%s\n", err.text);
	assert_int_equal(rc, 0);
	return capture;
}

static void check_bytes(const struct ww_buf *bytes, size_t chunk, const char *format)
{
	int n;
	struct ww_capture *capture = open_bytes(bytes, bytes->len, chunk);
	assert_string_equal(ww_capture_format(capture), format);
	assert_int_equal(check_all(capture, &n), WW_CAPTURE_END);
	assert_int_equal(n, N_FRAMES);
	assert_string_equal(ww_capture_note(capture), "");
	uint64_t size;
	assert_true(ww_capture_position(capture, &size) == bytes->len && size == bytes->len);
	ww_capture_close(&capture);
	assert_null(capture);
	ww_capture_close(&capture);
}

static void every_form_gives_the_same_frames(void **state)
{
	static const size_t chunks[] = {0, 1, 3, 17, 1000, 65536};
	for (size_t i = 0; i < WW_N(forms); i++) {
		struct ww_buf bytes = write_form(&forms[i]);
		for (size_t k = 0; k < WW_N(chunks); k++)
			check_bytes(&bytes, chunks[k], forms[i].magic ? "pcap" : "pcapng");
		ww_buf_done(&bytes);
	}
}

/* The frames that lie whole in the first `len` bytes, and whether one is begun behind them. */
static void every_cut_keeps_the_frames_before_it(void **state)
{
	for (size_t i = 0; i < WW_N(forms); i++) {
		struct ww_buf bytes = write_form(&forms[i]);
		int before = 0;
		for (size_t len = 0; len < bytes.len; len += len < 4000 ? 1 : 977) {
			struct ww_capture *capture = NULL;
			int n;
			/* A copy of just that size, so that a sanitizer sees a read past it. */
			char *copy = malloc(len ? len : 1);
			assert_non_null(copy);
			memcpy(copy, bytes.data, len);
			int rc = ww_capture_open_memory(copy, len, &capture, NULL);
			if (rc != 0) {
				assert_int_equal(rc, -EINVAL);
				assert_in_range(len, 0, 27);
				free(copy);
				continue;
			}
			enum ww_capture_state end = check_all(capture, &n);
			assert_true(end == WW_CAPTURE_CUT || end == WW_CAPTURE_END);
			if (end == WW_CAPTURE_CUT)
				assert_non_null(strstr(ww_capture_note(capture), "ends inside"));
			assert_in_range(n, before, before + (len < 4000 ? 1 : N_FRAMES));
			before = n;
			ww_capture_close(&capture);
			free(copy);
		}
		assert_in_range(before, N_FRAMES - 2, N_FRAMES);
		ww_buf_done(&bytes);
	}
}

static void add_gzip(struct ww_buf *out, const char *bytes, size_t len)
{
	z_stream z = {0};
	uint8_t room[4096];
	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)bytes;
	z.avail_in = (uInt)len;
	int rc;
	do {
		z.next_out = room;
		z.avail_out = sizeof(room);
		rc = deflate(&z, Z_FINISH);
		ww_buf_add(out, room, sizeof(room) - z.avail_out);
	} while (rc == Z_OK);
	deflateEnd(&z);
}

static void gzip_of_one_and_of_many_members(void **state)
{
	for (size_t i = 0; i < WW_N(forms); i++) {
		struct ww_buf plain = write_form(&forms[i]);
		const char *format = forms[i].magic ? "pcap, gzip" : "pcapng, gzip";
		struct ww_buf one = WW_BUF_INIT, many = WW_BUF_INIT;
		add_gzip(&one, plain.data, plain.len);
		for (size_t at = 0; at < plain.len; at += 1001)
			add_gzip(&many, plain.data + at,
				plain.len - at < 1001 ? plain.len - at : 1001);
		check_bytes(&one, 0, format);
		check_bytes(&many, 0, format);
		check_bytes(&many, 1, format);
		check_bytes(&many, 7, format);
		ww_buf_done(&one);
		ww_buf_done(&many);
		ww_buf_done(&plain);
	}
}

/* `bytes` with len bytes kept, or byte `at` changed, must neither invent nor lose a frame before.
 */
static void check_damaged(const struct ww_buf *bytes, size_t len, enum ww_capture_state expect)
{
	struct ww_capture *capture = NULL;
	int n;
	if (ww_capture_open_memory(bytes->data, len, &capture, NULL) != 0)
		return;
	assert_int_equal(check_all(capture, &n), expect);
	assert_true(n < N_FRAMES || expect == WW_CAPTURE_CUT || expect == WW_CAPTURE_FAILED);
	assert_string_not_equal(ww_capture_note(capture), "");
	ww_capture_close(&capture);
}

static void damaged_gzip_ends_with_a_reason(void **state)
{
	struct ww_buf plain = write_form(&forms[0]), gzip = WW_BUF_INIT;
	add_gzip(&gzip, plain.data, plain.len);
	for (size_t len = 0; len < gzip.len; len += 13)
		check_damaged(&gzip, len, WW_CAPTURE_CUT);
	check_damaged(&gzip, gzip.len - 1, WW_CAPTURE_CUT);
	/* The CRC at the end is wrong: every frame came, and the doubt is told. */
	gzip.data[gzip.len - 8] ^= 1;
	check_damaged(&gzip, gzip.len, WW_CAPTURE_FAILED);
	gzip.data[gzip.len - 8] ^= 1;
	/* What stands behind is no member. */
	ww_buf_adds(&gzip, "tail");
	struct ww_capture *capture = open_bytes(&gzip, gzip.len, 0);
	int n;
	assert_int_equal(check_all(capture, &n), WW_CAPTURE_END);
	assert_int_equal(n, N_FRAMES);
	assert_non_null(strstr(ww_capture_note(capture), "ignored"));
	ww_capture_close(&capture);
	ww_buf_done(&plain);
	ww_buf_done(&gzip);
}

#ifdef WW_HAVE_ZSTD
static void add_zstd(struct ww_buf *out, const char *bytes, size_t len)
{
	size_t room = ZSTD_compressBound(len);
	char *packed = malloc(room);
	assert_non_null(packed);
	size_t n = ZSTD_compress(packed, room, bytes, len, 3);
	assert_false(ZSTD_isError(n));
	ww_buf_add(out, packed, n);
	free(packed);
}

static void zstd_of_one_and_of_many_frames(void **state)
{
	for (size_t i = 0; i < WW_N(forms); i++) {
		struct ww_buf plain = write_form(&forms[i]);
		const char *format = forms[i].magic ? "pcap, zstd" : "pcapng, zstd";
		struct ww_buf one = WW_BUF_INIT, many = WW_BUF_INIT;
		add_zstd(&one, plain.data, plain.len);
		ww_buf_add(&many, "\x50\x2a\x4d\x18\3\0\0\0abc", 11); /* skippable */
		for (size_t at = 0; at < plain.len; at += 1001)
			add_zstd(&many, plain.data + at,
				plain.len - at < 1001 ? plain.len - at : 1001);
		check_bytes(&one, 0, format);
		check_bytes(&many, 0, format);
		check_bytes(&many, 1, format);
		check_bytes(&many, 7, format);
		for (size_t len = 0; len < one.len; len += 13)
			check_damaged(&one, len, WW_CAPTURE_CUT);
		ww_buf_adds(&one, "tail");
		check_damaged(&one, one.len, WW_CAPTURE_FAILED);
		ww_buf_done(&one);
		ww_buf_done(&many);
		ww_buf_done(&plain);
	}
}
#endif

/* A writer of one byte at a time, through a real pipe. */
static void a_slow_pipe_gives_the_same_frames(void **state)
{
	struct ww_buf bytes = write_form(&forms[9]);
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(ends[0]);
		for (size_t i = 0; i < bytes.len; i++)
			if (write(ends[1], bytes.data + i, 1) != 1)
				_exit(1);
		_exit(0);
	}
	close(ends[1]);
	char path[32];
	snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
	struct ww_capture *capture = NULL;
	assert_int_equal(ww_capture_open(path, &capture, NULL), 0);
	int n, status;
	assert_int_equal(check_all(capture, &n), WW_CAPTURE_END);
	assert_int_equal(n, N_FRAMES);
	ww_capture_close(&capture);
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	ww_buf_done(&bytes);
}

static void pcapng_of_several_interfaces_and_sections(void **state)
{
	struct ww_buf out = WW_BUF_INIT;
	static const struct form packet = {.block = 6};
	put_section(&out, false);
	put_interface(&out, false, 1, 65535, 6, 0);
	put_interface(&out, false, 101, 0, 0x80 | 20, 0); /* 2^-20 s */
	put_interface(&out, false, 113, 65535, 3, 0);     /* milliseconds */
	size_t start = begin_block(&out, false, 6);
	put32(&out, false, 1);
	put32(&out, false, 5);
	put32(&out, false, 0x00180000);
	put32(&out, false, 3);
	put32(&out, false, 1); /* shorter than captured: cannot be */
	ww_buf_add(&out, "abc", 3);
	end_block(&out, false, start);
	start = begin_block(&out, false, 3);
	put32(&out, false, 4);
	ww_buf_add(&out, "abcd", 4);
	end_block(&out, false, start);
	/* The other byte order; its interface 0 is the file's fourth. */
	put_section(&out, true);
	put_interface(&out, true, 12, 2, 0, 0);
	start = begin_block(&out, true, 3);
	put32(&out, true, 9);
	ww_buf_add(&out, "ab", 2);
	end_block(&out, true, start);
	struct form big = packet;
	big.big = true;
	put_packet(&out, &big, 1);
	start = begin_block(&out, true, 6);
	put32(&out, true, 1); /* was described in the section before, not in this one */
	ww_buf_pad(&out, 0, 16);
	end_block(&out, true, start);

	struct ww_capture *capture = open_bytes(&out, out.len, 0);
	struct ww_frame frames[WW_BATCH];
	size_t n;
	assert_int_equal(ww_capture_read(capture, frames, &n), WW_CAPTURE_MORE);
	assert_int_equal(n, 4);
	assert_int_equal(frames[0].interface, 1);
	assert_int_equal(frames[0].link_type, 101);
	assert_int_equal(frames[0].length, 3);
	assert_true(frames[0].time_us ==
		    (((int64_t)5 << 32) + 0x00180000) / 1048576 * 1000000 + 500000);
	assert_int_equal(frames[1].captured, 4);
	assert_int_equal(frames[1].interface, 0);
	assert_true(frames[1].time_us == 0);
	assert_int_equal(frames[2].link_type, 12);
	assert_int_equal(frames[2].interface, 3);
	assert_int_equal(frames[2].captured, 2);
	assert_int_equal(frames[2].length, 9);
	assert_int_equal(frames[3].captured, frame_captured(1));
	assert_int_equal(ww_capture_read(capture, frames, &n), WW_CAPTURE_BROKEN);
	assert_string_equal(ww_capture_note(capture), "frame 5: interface 1 was not described");
	ww_capture_close(&capture);
	ww_buf_done(&out);
}

/* Times that no calendar has stay inside years 1-9999. */
static void pcapng_times_are_clamped(void **state)
{
	static const struct {
		uint8_t tsresol;
		int64_t offset;
		uint32_t high, low;
		int64_t expect;
	} rows[] = {
		{0, 0, 0xffffffff, 0xffffffff, 253402300799000000},
		{6, INT64_MAX, 0, 1, 253402300799000000},
		{6, INT64_MIN, 0, 1, -62135596800000000},
		{6, -2, 0, 1000001, -999999},
		{19, 0, 0x8ac72304, 0x89e80000, 1000000},
		{9, 0, 0, 1999999, 1999},
		{0x80, 0, 0, 3, 3000000},
		{0x80 | 63, 0, 0x80000000, 0, 1000000},
		{0x80 | 1, 0, 0, 3, 1500000},
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		struct ww_buf out = WW_BUF_INIT;
		put_section(&out, i & 1);
		put_interface(&out, i & 1, 1, 0, rows[i].tsresol, rows[i].offset);
		size_t start = begin_block(&out, i & 1, 6);
		put32(&out, i & 1, 0);
		put32(&out, i & 1, rows[i].high);
		put32(&out, i & 1, rows[i].low);
		put32(&out, i & 1, 0);
		put32(&out, i & 1, 0);
		end_block(&out, i & 1, start);
		struct ww_capture *capture = open_bytes(&out, out.len, 0);
		struct ww_frame frames[WW_BATCH];
		size_t n;
		assert_int_equal(ww_capture_read(capture, frames, &n), WW_CAPTURE_MORE);
		assert_true(frames[0].time_us == rows[i].expect);
		ww_capture_close(&capture);
		ww_buf_done(&out);
	}
}

static void long_records_and_blocks(void **state)
{
	static const struct {
		uint32_t link, captured, expect;
		enum ww_capture_state end;
	} rows[] = {
		{1, 262143, 262143, WW_CAPTURE_END},
		{1, 262144, 262144, WW_CAPTURE_END},
		{1, 262145, 0, WW_CAPTURE_BROKEN},
		{1, 0xffffffff, 0, WW_CAPTURE_BROKEN},
		{0x24000001, 1000, 1000, WW_CAPTURE_END}, /* with frame check sequence */
		{279, WW_FRAME_MAX, WW_FRAME_MAX, WW_CAPTURE_END},
		{279, WW_FRAME_MAX + 1, WW_FRAME_MAX, WW_CAPTURE_END},
		{279, 5000000, WW_FRAME_MAX, WW_CAPTURE_END},
		{279, 8 * 1024 * 1024 + 1, 0, WW_CAPTURE_BROKEN},
	};
	for (size_t i = 0; i < 2 * WW_N(rows); i++) {
		struct ww_buf out = WW_BUF_INIT;
		bool ng = i >= WW_N(rows);
		size_t row = i % WW_N(rows), start = 0;
		uint32_t captured = rows[row].captured;
		if (ng) {
			put_section(&out, false);
			put_interface(&out, false, (uint16_t)rows[row].link, 0, 6, 0);
			start = begin_block(&out, false, 6);
			ww_buf_pad(&out, 0, 12);
		} else {
			put_pcap_header(&out, &forms[0], 0, rows[row].link);
			ww_buf_pad(&out, 0, 8);
		}
		put32(&out, false, captured);
		put32(&out, false, captured);
		for (uint32_t k = 0; k < captured && k < 9000000; k++)
			ww_buf_addc(&out, (char)(k ^ k >> 8));
		if (ng) {
			end_block(&out, false, start);
			put_packet(&out, &(struct form){.block = 6}, 4);
		} else {
			put_record(&out, &forms[0], 4);
		}
		struct ww_capture *capture = open_bytes(&out, out.len, i % 3 ? 100000 : 0);
		struct ww_frame frames[WW_BATCH];
		size_t n, seen = 0;
		enum ww_capture_state end;
		while ((end = ww_capture_read(capture, frames, &n)) == WW_CAPTURE_MORE)
			for (size_t f = 0; f < n; f++) {
				bool first = seen++ == 0;
				assert_int_equal(frames[f].captured,
					first ? rows[row].expect : frame_captured(4));
				for (uint32_t k = 0; first && k < frames[f].captured; k++)
					assert_true(frames[f].data[k] == (uint8_t)(k ^ k >> 8));
			}
		assert_int_equal(end, rows[row].end);
		assert_int_equal(seen, end == WW_CAPTURE_END ? 2 : 0);
		ww_capture_close(&capture);
		ww_buf_done(&out);
	}
}

static void blocks_that_cannot_be_are_broken(void **state)
{
	/* A section, an interface, one packet; then this block. */
	static const struct {
		uint32_t type, total, trailer, len; /* len: bytes that follow the header */
		enum ww_capture_state end;
	} rows[] = {
		{6, 0, 0, 100, WW_CAPTURE_BROKEN},
		{6, 8, 8, 100, WW_CAPTURE_BROKEN},
		{6, 31, 31, 100, WW_CAPTURE_BROKEN},
		{6, 12, 12, 0, WW_CAPTURE_BROKEN}, /* too short for a packet */
		{6, 28, 28, 16, WW_CAPTURE_BROKEN},
		{6, 32, 36, 20, WW_CAPTURE_BROKEN}, /* the lengths differ */
		{6, 32, 32, 20, WW_CAPTURE_END},
		{3, 12, 12, 0, WW_CAPTURE_BROKEN},
		{3, 16, 16, 4, WW_CAPTURE_END},
		{2, 28, 28, 16, WW_CAPTURE_BROKEN},
		{1, 12, 12, 0, WW_CAPTURE_BROKEN},
		{1, 20, 20, 8, WW_CAPTURE_END},
		{0x0a0d0d0a, 28, 28, 16, WW_CAPTURE_BROKEN}, /* no byte order */
		{77, 12, 12, 0, WW_CAPTURE_END},
		{77, 393220, 393220, 393208, WW_CAPTURE_END}, /* longer than the window */
		{77, 1000000, 1000000, 999988, WW_CAPTURE_END},
		{77, 1000000, 1000004, 999988, WW_CAPTURE_BROKEN},
		{77, 1000000, 0, 500000, WW_CAPTURE_CUT},
		{77, 16777220, 0, 0, WW_CAPTURE_BROKEN}, /* above 16 MiB */
		{77, 0xfffffffc, 0, 0, WW_CAPTURE_BROKEN},
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		struct ww_buf out = WW_BUF_INIT;
		put_section(&out, false);
		put_interface(&out, false, 1, 0, 6, 0);
		put_packet(&out, &(struct form){.block = 6}, 1);
		put32(&out, false, rows[i].type);
		put32(&out, false, rows[i].total);
		ww_buf_pad(&out, 0, (int)rows[i].len);
		if (rows[i].end != WW_CAPTURE_CUT)
			put32(&out, false, rows[i].trailer);
		for (size_t chunk = 0; chunk <= 50000; chunk += 50000) {
			struct ww_capture *capture = open_bytes(&out, out.len, chunk);
			struct ww_frame frames[WW_BATCH];
			size_t n, seen = 0;
			enum ww_capture_state end;
			while ((end = ww_capture_read(capture, frames, &n)) == WW_CAPTURE_MORE)
				seen += n;
			assert_int_equal(end, rows[i].end);
			bool packet =
				end == WW_CAPTURE_END && rows[i].type <= 6 && rows[i].type != 1;
			assert_int_equal(seen, packet ? 2 : 1);
			ww_capture_close(&capture);
		}
		ww_buf_done(&out);
	}
}

static void the_snap_length_cuts_as_libpcap_does(void **state)
{
	static const struct {
		uint32_t magic, snaplen, expect;
	} rows[] = {
		{0xa1b2c3d4, 10, 10},
		{0xa1b2c3d4, 0, 175},
		{0xa1b2c3d4, 0x80000000, 175},
		{0xa1b2cd34, 10, 24},
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		struct ww_buf out = WW_BUF_INIT;
		struct form form = {.magic = rows[i].magic, .minor = 4};
		put_pcap_header(&out, &form, rows[i].snaplen, 1);
		put_record(&out, &form, 5);
		put_record(&out, &form, 1);
		struct ww_capture *capture = open_bytes(&out, out.len, 0);
		struct ww_frame frames[WW_BATCH];
		size_t n;
		assert_int_equal(ww_capture_read(capture, frames, &n), WW_CAPTURE_MORE);
		assert_int_equal(n, 2);
		assert_int_equal(frames[0].captured, rows[i].expect);
		assert_int_equal(frames[0].length, frame_length(5));
		assert_int_equal(frames[1].captured, 7 < rows[i].expect ? 7 : rows[i].expect);
		ww_capture_close(&capture);
		ww_buf_done(&out);
	}
}

static void what_is_no_capture_is_named(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *text;
	} rows[] = {
		{"", 0, "empty"},
		{"abc", 3, "too short"},
		{"hello, world", 12, "no capture"},
		{"\xfd"
		 "7zXZ\0",
			6, "xz"},
		{"BZh9abcd", 8, "bzip2"},
		{"snoop\0\0\0", 8, "editcap"},
		{"\xd4\xc3\xb2\xa1\2\0\5\0aaaabbbbccccdddd", 24, "version 2.5"},
		{"\xa1\xb2\xc3\xd4\0\1\0\0aaaabbbbccccdddd", 24, "version 1.0"},
		{"\xd4\xc3\xb2\xa1\2\0\4\0aaaabbbbcccc\1\0\1\0", 24, "reserved"},
		{"\xd4\xc3\xb2\xa1\2\0\4\0aaaabbbbcccc\1\0\0", 23, "ends inside"},
		{"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\2\0\0\0aaaaaaaa\x1c\0\0\0", 28, "2.0"},
		{"\x0a\x0d\x0d\x0a\x1c\0\0\0....\1\0\0\0aaaaaaaa\x1c\0\0\0", 28, "byte order"},
		{"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\1\0", 14, "ends inside"},
		{"\x1f\x8b\x08\0\0\0\0\0\0\3\xff\xff", 12, "damaged"},
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		struct ww_capture *capture = NULL;
		struct ww_err err = {0};
		assert_int_equal(ww_capture_open_memory(rows[i].bytes, rows[i].len, &capture, &err),
			-EINVAL);
		assert_null(capture);
		if (!strstr(err.text, rows[i].text))
			fail_msg("row %zu says '%s', not '%s'", i, err.text, rows[i].text);
	}
	struct ww_capture *capture = NULL;
	assert_int_equal(ww_capture_open("/nonexistent/x", &capture, NULL), -ENOENT);
	assert_int_equal(ww_capture_open("/", &capture, NULL), -EISDIR);
}

/* Any two ways to cut the same bytes into reads give the same answer, for damaged bytes too. */
static void mutations_read_alike_in_any_pieces(void **state)
{
	struct ww_rng rng = ww_rng_seeded(20030811);
	for (size_t round = 0; round < 1500; round++) {
		struct ww_buf bytes = write_form(&forms[round % WW_N(forms)]);
		size_t changes = 1 + ww_rng_below(&rng, 4);
		for (size_t k = 0; k < changes; k++) {
			size_t at = 24 + ww_rng_below(&rng, bytes.len - 24);
			bytes.data[at] = (char)ww_rng_below(&rng, 256);
		}
		uint64_t seen[2] = {0}, sums[2] = {0};
		enum ww_capture_state ends[2];
		for (int way = 0; way < 2; way++) {
			struct ww_capture *capture = NULL;
			struct ww_frame frames[WW_BATCH];
			size_t n;
			ends[way] = WW_CAPTURE_END;
			if (ww_capture_open_chunks(
				    bytes.data, bytes.len, way ? 61 : 0, &capture, NULL) != 0)
				continue;
			while ((ends[way] = ww_capture_read(capture, frames, &n)) ==
				WW_CAPTURE_MORE)
				for (size_t f = 0; f < n; f++) {
					seen[way]++;
					sums[way] += crc32((uLong)frames[f].number, frames[f].data,
						frames[f].captured);
					sums[way] += (uint64_t)frames[f].time_us;
				}
			ww_capture_close(&capture);
		}
		assert_true(seen[0] == seen[1] && sums[0] == sums[1]);
		assert_int_equal(ends[0], ends[1]);
		ww_buf_done(&bytes);
	}
}

static void check_pieces(const struct ww_buf *bytes, size_t piece)
{
	int n[2] = {0, 0};
	enum ww_capture_state ends[2] = {WW_CAPTURE_FAILED, WW_CAPTURE_FAILED};
	for (int way = 0; way < 2; way++) {
		struct ww_capture *capture = NULL;
		struct ww_frame frames[WW_BATCH];
		size_t got;
		if (ww_capture_open_chunks(
			    bytes->data, bytes->len, way ? piece : 0, &capture, NULL) != 0)
			continue;
		while ((ends[way] = ww_capture_read(capture, frames, &got)) == WW_CAPTURE_MORE)
			n[way] += (int)got;
		ww_capture_close(&capture);
	}
	assert_int_equal(n[0], n[1]);
	assert_int_equal(ends[0], ends[1]);
}

/* So do damaged gzip and zstd: what was good before the damage is delivered either way. */
static void check_damage_in_pieces(const struct ww_buf *packed)
{
	struct ww_buf copy = WW_BUF_INIT;
	for (size_t at = 10; at < packed->len; at += 3) {
		ww_buf_reset(&copy);
		ww_buf_add(&copy, packed->data, packed->len - at % 5);
		if (at < copy.len)
			copy.data[at] ^= (char)(1 << at % 8);
		check_pieces(&copy, 7);
	}
	ww_buf_done(&copy);
}

#ifdef WW_HAVE_ZSTD
/*
 * Blocks that are stored, of which libzstd gives out what a call brings, in a frame that says how
 * long it is (RFC 8878, 3.1.1): `claimed` is true, or less than what the blocks hold.
 */
static void check_stored(const struct ww_buf *plain, size_t claimed)
{
	enum { BLOCK = 700, SINGLE_SEGMENT_SIZE_4 = 0xa0, LAST = 1, STORED = 0 };
	struct ww_buf packed = WW_BUF_INIT;
	ww_buf_add(&packed, "\x28\xb5\x2f\xfd", 4);
	ww_buf_addc(&packed, (char)SINGLE_SEGMENT_SIZE_4);
	for (int i = 0; i < 4; i++)
		ww_buf_addc(&packed, (char)(claimed >> (8 * i)));
	for (size_t at = 0; at < plain->len; at += BLOCK) {
		size_t len = plain->len - at < BLOCK ? plain->len - at : BLOCK;
		size_t header = (at + len == plain->len ? LAST : 0) | STORED << 1 | len << 3;
		for (int i = 0; i < 3; i++)
			ww_buf_addc(&packed, (char)(header >> (8 * i)));
		ww_buf_add(&packed, plain->data + at, len);
	}
	for (size_t piece = 1; piece < 40; piece += 6)
		check_pieces(&packed, piece);
	ww_buf_done(&packed);
}
#endif

static void damaged_compression_reads_alike_in_any_pieces(void **state)
{
	struct ww_buf plain = write_form(&forms[0]), gzip = WW_BUF_INIT, zstd = WW_BUF_INIT;
	add_gzip(&gzip, plain.data, plain.len);
	check_damage_in_pieces(&gzip);
#ifdef WW_HAVE_ZSTD
	add_zstd(&zstd, plain.data, plain.len);
	check_damage_in_pieces(&zstd);
	for (size_t missing = 0; missing < plain.len; missing += 97)
		check_stored(&plain, plain.len - missing);
#endif
	ww_buf_done(&plain);
	ww_buf_done(&gzip);
	ww_buf_done(&zstd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_gives_the_same_frames),
		cmocka_unit_test(every_cut_keeps_the_frames_before_it),
		cmocka_unit_test(gzip_of_one_and_of_many_members),
		cmocka_unit_test(damaged_gzip_ends_with_a_reason),
#ifdef WW_HAVE_ZSTD
		cmocka_unit_test(zstd_of_one_and_of_many_frames),
#endif
		cmocka_unit_test(a_slow_pipe_gives_the_same_frames),
		cmocka_unit_test(pcapng_of_several_interfaces_and_sections),
		cmocka_unit_test(pcapng_times_are_clamped),
		cmocka_unit_test(long_records_and_blocks),
		cmocka_unit_test(blocks_that_cannot_be_are_broken),
		cmocka_unit_test(the_snap_length_cuts_as_libpcap_does),
		cmocka_unit_test(what_is_no_capture_is_named),
		cmocka_unit_test(mutations_read_alike_in_any_pieces),
		cmocka_unit_test(damaged_compression_reads_alike_in_any_pieces),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
