// SPDX-License-Identifier: GPL-3.0-or-later
/* The parts of a drill one by one: frames, heap, content notation, talks. */
#include "test.h"

#include "drill/content.h"
#include "drill/frame.h"
#include "drill/heap.h"
#include "drill/talk.h"
#include "value/port.h"

#include <stdlib.h>
#include <string.h>

/* RFC 1071 the slow way: a sum over correct data, its checksum included, folds to 0xffff. */
static uint32_t slow_sum(uint32_t sum, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void assert_checksums(const uint8_t *frame)
{
	const uint8_t *ip = frame + 14;
	size_t len = (size_t)(ip[2] << 8 | ip[3]) - 20;
	assert_int_equal(slow_sum(0, ip, 20), 0xffff);
	uint32_t pseudo = ip[9] == 1 ? 0 : slow_sum(ip[9] + (uint32_t)len, ip + 12, 8);
	assert_int_equal(slow_sum(pseudo, ip + 20, len), 0xffff);
}

static void frames_have_right_checksums(void **state)
{
	(void)state;
	struct ww_rng rng = ww_rng_seeded(7);
	uint8_t payload[WW_FRAME_UDP_MAX], frame[WW_FRAME_MAX], error[WW_FRAME_MAX];
	for (size_t len = 0; len <= WW_FRAME_UDP_MAX; len++) {
		payload[len ? len - 1 : 0] = (uint8_t)ww_rng_u64(&rng);
		struct ww_frame_ends ends = {
			.src = (uint32_t)ww_rng_u64(&rng),
			.dst = (uint32_t)ww_rng_u64(&rng),
			.sport = (uint16_t)ww_rng_u64(&rng),
			.dport = (uint16_t)ww_rng_u64(&rng),
			.ip_id = (uint16_t)ww_rng_u64(&rng),
			.ttl = 1,
		};
		size_t got = ww_frame_encode_udp(frame, &ends, payload, len);
		assert_int_equal(got, len + 42 < 60 ? 60 : len + 42);
		assert_checksums(frame);
		ww_frame_encode_unreachable(error, &ends, frame);
		assert_checksums(error);
		if (len > WW_FRAME_MSS)
			continue;
		struct ww_frame_segment segment = {
			.seq = (uint32_t)ww_rng_u64(&rng), .flags = WW_FRAME_ACK, .window = 512};
		got = ww_frame_encode_tcp(frame, &ends, &segment, payload, len);
		assert_int_equal(got, len + 54 < 60 ? 60 : len + 54);
		assert_checksums(frame);
		assert_memory_equal(frame + 54, payload, len);
	}
}

/* The sum of this datagram is zero, which UDP sends as 0xffff (RFC 768). */
static void udp_checksum_is_never_zero(void **state)
{
	(void)state;
	uint8_t frame[WW_FRAME_MAX], payload[2] = {0, 0};
	struct ww_frame_ends ends = {.src = 1, .dst = 2, .sport = 3, .dport = 4, .ttl = 1};
	ww_frame_encode_udp(frame, &ends, payload, 2);
	memcpy(payload, frame + 40, 2); /* adding the checksum to the data makes the sum 0xffff */
	ww_frame_encode_udp(frame, &ends, payload, 2);
	assert_int_equal(frame[40], 0xff);
	assert_int_equal(frame[41], 0xff);
}

static int by_time(const void *a, const void *b)
{
	const struct ww_drill_event *x = a, *y = b;
	if (x->at_us != y->at_us)
		return x->at_us < y->at_us ? -1 : 1;
	return x->id < y->id ? -1 : 1;
}

static void heap_takes_by_time_then_order(void **state)
{
	(void)state;
	enum { N = 5000 };
	struct ww_rng rng = ww_rng_seeded(3);
	struct ww_drill_heap heap = ww_drill_heap_init(N);
	static struct ww_drill_event events[N];
	struct ww_drill_event got;
	for (uint32_t i = 0; i < N; i++) {
		events[i] =
			(struct ww_drill_event){.at_us = (int64_t)ww_rng_below(&rng, 700), .id = i};
		assert_int_equal(ww_drill_heap_push(&heap, events[i]), 0);
	}
	assert_int_equal(ww_drill_heap_push(&heap, events[0]), -ENOSPC);
	qsort(events, N, sizeof(events[0]), by_time);
	for (uint32_t i = 0; i < N; i++) {
		assert_true(ww_drill_heap_take(&heap, &got));
		assert_int_equal(got.id, events[i].id);
	}
	assert_false(ww_drill_heap_take(&heap, &got));
	ww_drill_heap_done(&heap);
}

static void content_notation(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int rc;
		const char *bytes;
		size_t len;
	} cases[] = {
		{"abc", 0, "abc", 3},
		{"|00 5C 00 5C|", 0, "\0\\\0\\", 4},
		{"a|0d0A|b", 0, "a\r\nb", 4},
		{"||", 0, "", 0},
		{"C\\:\\\\x\\\"\\;", 0, "C:\\x\";", 6},
		{"-i {attacker} {victim}", 0, "-i 10.1.2.3 10.4.5.6", 20},
		{"{attacke}{", 0, "{attacke}{", 10},
		{"|5|", -EINVAL, "", 0},
		{"|5C", -EINVAL, "", 0},
		{"|5 C|", -EINVAL, "", 0},
		{"|5G|", -EINVAL, "", 0},
		{"abc\\", -EINVAL, "", 0},
		{"", 0, "", 0},
	};
	struct ww_content_names names = {.attacker = 0x0a010203, .victim = 0x0a040506};
	for (size_t i = 0; i < WW_N(cases); i++) {
		struct ww_buf out = WW_BUF_INIT;
		int rc = ww_content_expand(&out, cases[i].text, strlen(cases[i].text), &names);
		assert_int_equal(rc, cases[i].rc);
		if (rc == 0) {
			assert_int_equal(out.len, cases[i].len);
			assert_memory_equal(ww_buf_text(&out), cases[i].bytes, out.len);
		}
		ww_buf_done(&out);
	}
}

static void collect(void *context, const void *bytes, size_t len)
{
	ww_buf_add(context, bytes, len);
	ww_buf_addc(context, '/');
}

static void marks_are_what_rules_look_for(void **state)
{
	(void)state;
	struct ww_buf got = WW_BUF_INIT;
	ww_content_each_mark(
		"alert (content: \"ab|63|\"; content:!\"no\"; content:\"q\\\"\"; content:\"x",
		collect, &got);
	assert_string_equal(ww_buf_text(&got), "abc/q\"/x/");
	ww_buf_done(&got);
}

/* Reassembles both sides of a talk and checks that the numbers fit. */
static void assert_talk(const struct ww_talk *talk, const char *said[2])
{
	uint32_t base[2] = {0, 0}, sent[2] = {0, 0};
	char bytes[2][8192] = {{0}};
	for (size_t i = 0; i < talk->n_packets; i++) {
		const struct ww_talk_packet *packet = &talk->packets[i];
		int from = packet->from;
		assert_true(i == 0 || packet->at_us >= talk->packets[i - 1].at_us);
		if (packet->flags & WW_FRAME_SYN) {
			base[from] = packet->seq + 1;
			continue;
		}
		uint32_t at = packet->seq - base[from];
		assert_true(at + packet->len < sizeof(bytes[0]));
		memcpy(bytes[from] + at, talk->bytes.data + packet->offset, packet->len);
		sent[from] = at + packet->len > sent[from] ? at + packet->len : sent[from];
		if (packet->flags & WW_FRAME_ACK) /* never of what was not sent; + 1 for a FIN */
			assert_true(packet->ack - base[!from] <= sent[!from] + 1);
	}
	for (int side = 0; side < 2; side++)
		assert_string_equal(bytes[side], said[side]);
}

static void talks_reassemble(void **state)
{
	(void)state;
	struct ww_rng rng = ww_rng_seeded(5);
	static char word[4001];
	memset(word, 'w', 4000);
	for (size_t first = 0; first < 40; first++) {
		struct ww_talk *talk = ww_talk_new(
			WW_PROTO_TCP, (uint32_t[2]){1, 2}, (uint16_t[2]){3, 4}, 1000, 50, &rng);
		struct ww_talk_cuts cuts = {.at = {first, first + first % 7}, .n_at = 2};
		cuts.is_swapped = first % 2;
		ww_talk_connect(talk);
		ww_talk_say(talk, 0, "0123456789abcdefghijklmnopqrst", 30, &cuts);
		ww_talk_say(talk, 1, word, 4000, NULL);
		ww_talk_close(talk, 0);
		assert_false(talk->failed);
		assert_talk(talk, (const char *[2]){"0123456789abcdefghijklmnopqrst", word});
		ww_talk_free(&talk);
		assert_null(talk);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_have_right_checksums),
		cmocka_unit_test(udp_checksum_is_never_zero),
		cmocka_unit_test(heap_takes_by_time_then_order),
		cmocka_unit_test(content_notation),
		cmocka_unit_test(marks_are_what_rules_look_for),
		cmocka_unit_test(talks_reassemble),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
