// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/detect/distinct.h"

#include "base/err.h"

#include <math.h>
#include <stdlib.h>

#include "test.h"

static struct ww_distinct *make(uint32_t owners, uint32_t tables)
{
	struct ww_distinct *distinct = NULL;
	assert_int_equal(ww_distinct_new(ww_hash_key_fixed(0), owners, tables, &distinct), 0);
	return distinct;
}

static void exact_at_every_size_up_to_the_limit(void **state)
{
	struct ww_distinct *distinct = make(2, 1);
	for (uint32_t n = 1; n < WW_DISTINCT_EXACT; n++) {
		struct ww_ip ip = ww_ip_from_v4(0x0a000000 + n / 3);
		for (int again = 0; again < 2; again++)
			ww_distinct_add(distinct, 1, &ip, (uint16_t)(n % 3 + 1));
		struct ww_distinct_counts counts = ww_distinct_count(distinct, 1);
		assert_true(counts.exact);
		assert_int_equal(counts.endpoints, n);
		assert_int_equal(counts.hosts, n / 3 + 1);
		assert_int_equal(counts.ports, n < 3 ? n : 3);
	}
	assert_int_equal(ww_distinct_count(distinct, 0).endpoints, 0);
	ww_distinct_free(&distinct);
}

static void sketches_stay_within_their_error(void **state)
{
	struct ww_distinct *distinct = make(1, 1);
	uint32_t n = 0;
	for (uint32_t want = 2000; want <= 2000000; want *= 10) {
		for (; n < want; n++) {
			struct ww_ip ip = ww_ip_from_v4(0x0a000000 + n);
			ww_distinct_add(distinct, 0, &ip, 445);
		}
		struct ww_distinct_counts counts = ww_distinct_count(distinct, 0);
		assert_false(counts.exact);
		assert_true(fabs((double)counts.endpoints / want - 1) < 4 * 0.0325);
		assert_true(fabs((double)counts.hosts / want - 1) < 4 * 0.0325);
		assert_int_equal(counts.ports, 1);
		assert_int_equal(counts.endpoints, counts.hosts);
	}
	ww_distinct_free(&distinct);
}

/* The second port comes late, and the first again: endpoints are more than hosts from then on. */
static void a_second_port_splits_the_sketches(void **state)
{
	struct ww_distinct *distinct = make(1, 1);
	static const uint16_t ports[] = {445, 139, 445, 139, 80};
	static const double endpoints[] = {20000, 40000, 40000, 40000, 60000};
	for (size_t turn = 0; turn < WW_N(ports); turn++) {
		for (uint32_t n = 0; n < 20000; n++) {
			struct ww_ip ip = ww_ip_from_v4(0x0a000000 + n);
			ww_distinct_add(distinct, 0, &ip, ports[turn]);
		}
		struct ww_distinct_counts counts = ww_distinct_count(distinct, 0);
		assert_true(fabs((double)counts.endpoints / endpoints[turn] - 1) < 4 * 0.0325);
		assert_true(fabs((double)counts.hosts / 20000 - 1) < 4 * 0.0325);
		assert_int_equal(counts.ports, turn == 0 ? 1 : turn < 4 ? 2 : 3);
	}
	/* Forgotten, it begins with one port again. */
	ww_distinct_reset(distinct, 0);
	for (uint32_t n = 0; n < 20000; n++) {
		struct ww_ip ip = ww_ip_from_v4(0x0b000000 + n);
		ww_distinct_add(distinct, 0, &ip, 22);
	}
	struct ww_distinct_counts counts = ww_distinct_count(distinct, 0);
	assert_int_equal(counts.endpoints, counts.hosts);
	ww_distinct_free(&distinct);
}

/* Without a table to be had an owner is sketched early, and tables come back. */
static void tables_are_shared_and_returned(void **state)
{
	struct ww_distinct *distinct = make(3, 1);
	for (uint32_t owner = 0; owner < 2; owner++)
		for (uint32_t n = 0; n < 100; n++) {
			struct ww_ip ip = ww_ip_from_v4(n);
			ww_distinct_add(distinct, owner, &ip, 80);
		}
	assert_true(ww_distinct_count(distinct, 0).exact);
	assert_false(ww_distinct_count(distinct, 1).exact);
	assert_true(fabs((double)ww_distinct_count(distinct, 1).hosts - 100) < 13);
	ww_distinct_reset(distinct, 0);
	ww_distinct_reset(distinct, 1);
	assert_int_equal(ww_distinct_count(distinct, 1).endpoints, 0);
	for (uint32_t n = 0; n < 100; n++) {
		struct ww_ip ip = ww_ip_from_v4(n);
		ww_distinct_add(distinct, 1, &ip, 80);
	}
	struct ww_distinct_counts counts = ww_distinct_count(distinct, 1);
	assert_true(counts.exact);
	assert_int_equal(counts.endpoints, 100);
	ww_distinct_free(&distinct);
	ww_distinct_free(&distinct);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact_at_every_size_up_to_the_limit),
		cmocka_unit_test(sketches_stay_within_their_error),
		cmocka_unit_test(a_second_port_splits_the_sketches),
		cmocka_unit_test(tables_are_shared_and_returned),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
