// SPDX-License-Identifier: GPL-3.0-or-later
#include "test.h"

#include "base/rng.h"
#include "value/ip.h"
#include "value/port.h"
#include "value/when.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static struct ww_ip ip(const char *text)
{
	struct ww_ip ip;
	assert_int_equal(ww_ip_parse(text, &ip), 0);
	return ip;
}

static void test_ip_text(void **state)
{
	static const struct {
		const char *in, *out; /* out NULL: refused */
	} rows[] = {
		{"0.0.0.0", "0.0.0.0"},
		{"255.255.255.255", "255.255.255.255"},
		{"10.234.0.239", "10.234.0.239"},
		{"2001:db8::1", "2001:db8::1"},
		{"2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
		{"::", "::"},
		{"::ffff:1.2.3.4", "1.2.3.4"},
		{"", NULL},
		{"1.2.3", NULL},
		{"1.2.3.256", NULL},
		{"1.2.3.4 ", NULL},
		{" 1.2.3.4", NULL},
		{"1.2.3.4.5", NULL},
		{"1::2::3", NULL},
		{"fe80::1%eth0", NULL},
		{"12345::", NULL},
	};
	char text[WW_IP_TEXT_MAX];
	for (size_t i = 0; i < WW_N(rows); i++) {
		struct ww_ip got = {{7}};
		int status = ww_ip_parse(rows[i].in, &got);
		assert_int_equal(status, rows[i].out ? 0 : -EINVAL);
		if (rows[i].out)
			assert_string_equal(ww_ip_print(&got, text), rows[i].out);
		else
			assert_int_equal(got.b[0], 7); /* untouched on failure */
	}
}

/* Printing and parsing are inverse, and print as the C library does. */
static void test_ip_round_trip(void **state)
{
	struct ww_rng rng = ww_rng_seeded(1);
	for (int i = 0; i < 5000; i++) {
		struct ww_ip in, out;
		char text[WW_IP_TEXT_MAX], theirs[INET6_ADDRSTRLEN];
		uint64_t words[2] = {ww_rng_u64(&rng), ww_rng_u64(&rng)};
		memcpy(in.b, words, 16);
		for (int zero = 0; zero < 8; zero++)
			if (ww_rng_below(&rng, 2))
				memset(in.b + 2 * zero, 0, 2);
		if (i % 3 == 0)
			in = ww_ip_from_v4((uint32_t)ww_rng_u64(&rng));
		assert_int_equal(ww_ip_parse(ww_ip_print(&in, text), &out), 0);
		assert_true(ww_ip_equal(&in, &out));
		if (ww_ip_is_v4(&in))
			inet_ntop(AF_INET, in.b + 12, theirs, sizeof(theirs));
		else
			inet_ntop(AF_INET6, in.b, theirs, sizeof(theirs));
		/* The C library writes ::a.b.c.d for compatible addresses; RFC 5952 leaves it open.
		 */
		if (!strchr(theirs, '.') || ww_ip_is_v4(&in))
			assert_string_equal(text, theirs);
	}
}

static bool is_group(const char *text)
{
	struct ww_ip group = ip(text);
	return ww_ip_is_multicast(&group);
}

static void test_ip_order(void **state)
{
	static const char *const order[] = {"::", "::1", "0.0.0.0", "9.0.0.0", "10.0.0.0",
		"10.0.0.1", "255.255.255.255", "2001:db8::", "ff02::1"};
	for (size_t i = 0; i < WW_N(order); i++) {
		for (size_t j = 0; j < WW_N(order); j++) {
			struct ww_ip a = ip(order[i]), b = ip(order[j]);
			int want = i < j ? -1 : i > j;
			assert_int_equal(ww_ip_compare(&a, &b), want);
		}
	}
	assert_true(ww_ip_is_multicast(&(struct ww_ip){{0xff, 2}}));
	static const char *const yes[] = {"224.0.0.1", "239.255.255.250", "255.255.255.255"};
	static const char *const no[] = {"223.255.255.255", "240.0.0.0", "10.0.0.255", "fe80::1"};
	for (size_t i = 0; i < WW_N(yes); i++)
		assert_true(is_group(yes[i]));
	for (size_t i = 0; i < WW_N(no); i++)
		assert_false(is_group(no[i]));
}

static void test_prefixes(void **state)
{
	static const struct {
		const char *prefix, *in, *out;
	} rows[] = {
		{"10.0.0.0/8", "10.255.255.255", "11.0.0.0"},
		{"10.0.0.0/8", "10.0.0.0", "9.255.255.255"},
		{"10.1.2.3", "10.1.2.3", "10.1.2.2"},
		{"10.1.2.2/31", "10.1.2.3", "10.1.2.4"},
		{"0.0.0.0/0", "255.255.255.255", "2001:db8::"},
		{"2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::"},
		{"::/0", "10.0.0.1", NULL},
	};
	static const char *const bad[] = {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.1/8",
		"10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8 ", "10.0.0.0/08x", "2001:db8::/129",
		"2001:db8::1/32", "10/8"};
	struct ww_prefix prefix;
	for (size_t i = 0; i < WW_N(rows); i++) {
		struct ww_ip in = ip(rows[i].in);
		assert_int_equal(ww_prefix_parse(rows[i].prefix, &prefix), 0);
		assert_true(ww_prefix_contains(&prefix, &in));
		struct ww_ip out = rows[i].out ? ip(rows[i].out) : in;
		assert_int_equal(ww_prefix_contains(&prefix, &out), rows[i].out == NULL);
	}
	for (size_t i = 0; i < WW_N(bad); i++)
		assert_int_equal(ww_prefix_parse(bad[i], &prefix), -EINVAL);
}

static void test_ports(void **state)
{
	static const struct {
		const char *in, *out; /* out NULL: refused */
	} rows[] = {
		{"4444/tcp", "4444/tcp"},
		{"135-139/udp", "135-139/udp"},
		{"1/tcp", "1/tcp"},
		{"65535/udp", "65535/udp"},
		{"0/tcp", NULL},
		{"65536/tcp", NULL},
		{"70000/tcp", NULL},
		{"44444444/tcp", NULL},
		{"139-135/tcp", NULL},
		{"4444/sctpx", NULL},
		{"4444/", NULL},
		{"/tcp", NULL},
		{"", NULL},
		{"4 444/tcp", NULL},
		{"+1/tcp", NULL},
		{"1-/tcp", NULL},
		{"-1/tcp", NULL},
		{"4444/tcp ", NULL},
		{"99999999999999999999/tcp", NULL},
	};
	char text[WW_PORTS_TEXT_MAX];
	for (size_t i = 0; i < WW_N(rows); i++) {
		struct ww_ports ports = {0};
		struct ww_err err = {0};
		int status = ww_ports_parse(rows[i].in, (struct ww_at){5, 14}, &ports, &err);
		assert_int_equal(status, rows[i].out ? 0 : -EINVAL);
		if (rows[i].out) {
			assert_string_equal(ww_ports_print(&ports, text), rows[i].out);
		} else {
			assert_int_equal(err.at.line, 5);
			assert_true(err.text[0] != '\0');
		}
	}
	struct ww_ports range = {WW_PROTO_TCP, 135, 139};
	assert_true(ww_ports_contain(&range, WW_PROTO_TCP, 135));
	assert_true(ww_ports_contain(&range, WW_PROTO_TCP, 139));
	assert_false(ww_ports_contain(&range, WW_PROTO_TCP, 140));
	assert_false(ww_ports_contain(&range, WW_PROTO_UDP, 135));
	assert_string_equal(ww_proto_name(WW_PROTO_SCTP), "sctp");
	assert_string_equal(ww_proto_name(47), "ip");
}

static void test_when(void **state)
{
	char text[WW_WHEN_TEXT_MAX];
	assert_string_equal(ww_when_print(1060648158824000, text), "2003-08-12T00:29:18.824000Z");
	assert_string_equal(ww_when_print(-1, text), "1969-12-31T23:59:59.999999Z");
	assert_string_equal(ww_when_print_clock(1060648158824999, text), "00:29:18.824");
	ww_when_print(INT64_MAX, text);
	ww_when_print(INT64_MIN, text);
	/* Against the C library's calendar, years 0 to 9999. */
	struct ww_rng rng = ww_rng_seeded(2);
	for (int i = 0; i < 5000; i++) {
		int64_t seconds = (int64_t)ww_rng_below(&rng, 315537897600) - 62135596800;
		time_t when = (time_t)seconds;
		struct tm civil;
		char want[WW_WHEN_TEXT_MAX];
		gmtime_r(&when, &civil);
		snprintf(want, sizeof(want), "%04d-%02d-%02d %02d:%02d:%02d", civil.tm_year + 1900,
			civil.tm_mon + 1, civil.tm_mday, civil.tm_hour, civil.tm_min, civil.tm_sec);
		assert_string_equal(ww_when_print_short(seconds * 1000000, text), want);
		int64_t midnight;
		want[10] = '\0';
		assert_int_equal(ww_when_parse_date(want, &midnight), 0);
		assert_true(midnight <= seconds * 1000000 &&
			    midnight + 86400000000 > seconds * 1000000);
	}
	static const char *const bad[] = {"", "2003-8-12", "2003-02-29", "2003-13-01", "2003-00-01",
		"2003-04-31", "2003-08-12 ", "2003/08/12", "x003-08-12"};
	int64_t us = 7;
	for (size_t i = 0; i < WW_N(bad); i++)
		assert_int_equal(ww_when_parse_date(bad[i], &us), -EINVAL);
	assert_int_equal(us, 7);
	assert_int_equal(ww_when_parse_date("2004-02-29", &us), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ip_text),
		cmocka_unit_test(test_ip_round_trip),
		cmocka_unit_test(test_ip_order),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_when),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
