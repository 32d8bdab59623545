// SPDX-License-Identifier: GPL-3.0-or-later
#include "cmd/held.h"

#include "test.h"

#include <string.h>

static struct ww_held held;
static uint64_t number;

static struct ww_held_group group(uint32_t ip_id)
{
	return (struct ww_held_group){.ip_id = ip_id, .ip_version = 4, .proto = 17};
}

/* A frame of the datagram `ip_id`, 0: one that belongs. */
static void add(uint32_t ip_id, int64_t time_us, uint32_t len)
{
	static uint8_t bytes[WW_HELD_BYTES];
	memset(bytes, (int)ip_id, len < 4 ? len : 4);
	const struct ww_held_group of = group(ip_id);
	const struct ww_frame frame = {.number = ++number,
		.time_us = time_us,
		.data = bytes,
		.captured = len,
		.length = len};
	assert_int_equal(ww_held_add(&held, &frame, ip_id == 0, &of), 0);
}

static void decide(uint32_t ip_id, bool belongs)
{
	const struct ww_held_group of = group(ip_id);
	ww_held_decide(&held, &of, belongs);
}

/* The next frames are these, and then nothing; ended by 0. */
static void expect(int64_t now_us, const uint64_t *numbers)
{
	struct ww_frame frame;
	for (; *numbers; numbers++) {
		assert_true(ww_held_next(&held, now_us, &frame));
		assert_int_equal(frame.number, *numbers);
	}
	assert_false(ww_held_next(&held, now_us, &frame));
}

#define EXPECT(now_us_, ...) expect(now_us_, (const uint64_t[]){__VA_ARGS__})

static void what_belongs_waits_behind_what_may(void **unused)
{
	(void)unused;
	add(0, 1, 4);
	EXPECT(1, 1, 0);
	add(7, 2, 4);
	add(8, 3, 4);
	add(0, 4, 4);
	add(7, 5, 4);
	EXPECT(5, 0);
	decide(8, false);
	EXPECT(5, 0);
	decide(7, true);
	EXPECT(5, 2, 4, 5, 0);
	assert_int_equal(held.n_frames, 0);
	assert_int_equal(held.bytes, 0);
	assert_null(held.last);
}

static void a_copy_is_kept(void **unused)
{
	(void)unused;
	struct ww_frame frame;
	add(7, 1, 4);
	add(8, 2, 4); /* in the same bytes */
	decide(7, true);
	assert_true(ww_held_next(&held, 2, &frame));
	assert_memory_equal(frame.data, "\7\7\7\7", 4);
}

/* Fragments of a tunnel whose insides are fragments of 9. */
static void a_whole_may_be_a_fragment(void **unused)
{
	(void)unused;
	const struct ww_held_group seven = group(7), eight = group(8), nine = group(9);
	add(7, 1, 4);
	add(7, 2, 4);
	ww_held_move(&held, &seven, &nine);
	add(8, 3, 4);
	ww_held_move(&held, &eight, &nine);
	decide(7, false);
	decide(8, false);
	decide(9, true);
	EXPECT(3, 1, 2, 3, 0);
}

static void nobody_is_waited_for_for_ever(void **unused)
{
	(void)unused;
	add(7, 1000, 4);
	add(0, 2000, 4);
	EXPECT(1000 + (int64_t)WW_HELD_US, 0);
	EXPECT(0, 0); /* time goes back */
	EXPECT(1001 + (int64_t)WW_HELD_US, 2, 0);
	add(7, INT64_MIN, 0);
	add(0, INT64_MAX, 4);
	EXPECT(INT64_MAX, 4, 0);
	assert_int_equal(held.lost, 0);
}

static void the_oldest_that_is_undecided_makes_room(void **unused)
{
	(void)unused;
	for (uint32_t i = 0; i < WW_HELD_FRAMES; i++)
		add(i == 1 ? 0 : i + 1, 1, 4);
	assert_int_equal(held.lost, 0);
	add(0, 1, 4);
	assert_int_equal(held.lost, 1);
	assert_int_equal(held.n_frames, WW_HELD_FRAMES);
	EXPECT(1, 2, 0); /* the first went */
	add(5, 1, WW_HELD_BYTES - 100);
	assert_in_range(held.bytes, WW_HELD_BYTES - 100, WW_HELD_BYTES);
	assert_true(held.lost > WW_HELD_FRAMES - 100);
	add(0, 1, WW_HELD_BYTES); /* the one that belongs is not given up */
	EXPECT(1, WW_HELD_FRAMES + 1, WW_HELD_FRAMES + 3, 0);
}

static int begin(void **unused)
{
	(void)unused;
	number = 0;
	held = (struct ww_held){.first = NULL};
	return 0;
}

static int end(void **unused)
{
	(void)unused;
	ww_held_done(&held);
	assert_int_equal(held.n_frames, 0);
	assert_int_equal(held.bytes, 0);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_belongs_waits_behind_what_may, begin, end),
		cmocka_unit_test_setup_teardown(a_copy_is_kept, begin, end),
		cmocka_unit_test_setup_teardown(a_whole_may_be_a_fragment, begin, end),
		cmocka_unit_test_setup_teardown(nobody_is_waited_for_for_ever, begin, end),
		cmocka_unit_test_setup_teardown(
			the_oldest_that_is_undecided_makes_room, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
