// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Address sets: that the classes say what comparing with each network says, for lists of any size,
 * nested, negated, of both versions; and what a list of thousands means in a rule.
 */
#include "wire/rules/test-rules.h"

static uint64_t draw(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

/* Few bits are free, so that networks nest and touch each other. */
static void add_network(struct ww_buf *text, uint64_t *seed, bool six)
{
	static const unsigned places[] = {0, 1, 127, 128, 254, 255};
	unsigned a = places[draw(seed) % WW_N(places)], b = places[draw(seed) % WW_N(places)];
	if (six)
		ww_buf_addf(text, "2001:%x:%x::/%u", a, b, (unsigned)(draw(seed) % 129));
	else
		ww_buf_addf(text, "%u.%u.%u.%u/%u", a, b, places[draw(seed) % WW_N(places)],
			places[draw(seed) % WW_N(places)], (unsigned)(draw(seed) % 33));
}

static void check_all(const struct ww_rules *rules, const struct ww_ip *ip)
{
	uint16_t class = ww_address_class(rules, ip);
	for (uint32_t set = 0; set < rules->n_addresses; set++) {
		bool want = ww_addresses_contain(&rules->addresses[set], ip);
		if (ww_address_in(rules, set, class, ip) != want) {
			char text[WW_IP_TEXT_MAX];
			fail_msg("%s, set %u: not %d", ww_ip_print(ip, text), set, want);
		}
	}
}

/* At both ends of every network, and one address further. */
static void check_edges(const struct ww_rules *rules)
{
	for (uint32_t set = 0; set < rules->n_addresses; set++) {
		const struct ww_addresses *addresses = &rules->addresses[set];
		for (uint32_t i = 0; i < addresses->n_yes + addresses->n_no; i++) {
			struct ww_ip first = addresses->prefixes[i].ip, last = first;
			for (int bit = addresses->prefixes[i].bits; bit < 128; bit++)
				last.b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
			check_all(rules, &first);
			check_all(rules, &last);
			for (int k = 15; k >= 0 && first.b[k]-- == 0; k--)
				;
			for (int k = 15; k >= 0 && ++last.b[k] == 0; k--)
				;
			check_all(rules, &first);
			check_all(rules, &last);
		}
	}
}

static void test_against_each(void **state)
{
	(void)state;
	uint64_t seed = 1;
	for (int round = 0; round < 60; round++) {
		struct ww_buf text = WW_BUF_INIT;
		size_t n_rules = 1 + draw(&seed) % 12;
		for (size_t r = 0; r < n_rules; r++) {
			ww_buf_adds(&text, "alert ip [");
			size_t n = 1 + draw(&seed) % 20;
			for (size_t i = 0; i < n; i++) {
				ww_buf_adds(&text, i ? "," : "");
				ww_buf_adds(&text, draw(&seed) % 4 == 0 ? "!" : "");
				add_network(&text, &seed, draw(&seed) % 3 == 0);
			}
			ww_buf_addf(&text, "] any -> any any (sid:%zu;)\n", r + 1);
		}
		struct stage stage;
		stage_open(&stage, ww_buf_text(&text), WW_MATCHER_PLAIN);
		check_edges(stage.rules);
		for (int k = 0; k < 200; k++) {
			struct ww_ip ip = ww_ip_from_v4((uint32_t)(draw(&seed) << 8 | k));
			check_all(stage.rules, &ip);
		}
		stage_close(&stage);
		ww_buf_done(&text);
	}
}

/* One address of each network; what is behind the last one. */
static void test_ends_of_the_world(void **state)
{
	(void)state;
	struct stage stage;
	stage_open(&stage,
		"alert ip [::/0] any -> any any (sid:1;)\n"
		"alert ip 0.0.0.0/0 any -> any any (sid:2;)\n"
		"alert ip 255.255.255.255 any -> any any (sid:3;)\n"
		"alert ip ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff any -> any any (sid:4;)\n"
		"alert ip ![0.0.0.0/1,8000::/1] any -> any any (sid:5;)\n",
		WW_MATCHER_PLAIN);
	check_edges(stage.rules);
	stage_close(&stage);
}

/* More classes than there is room for: what has none is compared, and says the same. */
static void test_too_many_classes(void **state)
{
	(void)state;
	struct ww_buf text = WW_BUF_INIT;
	for (unsigned i = 0; i < WW_ADDRESS_CLASSES + 200; i++)
		ww_buf_addf(&text, "alert udp 10.%u.%u.1 any -> any any (sid:%u;)\n", i / 256,
			i % 256, i + 1);
	struct stage stage;
	stage_open(&stage, ww_buf_text(&text), WW_MATCHER_PLAIN);
	size_t without = 0;
	for (unsigned i = 0; i < WW_ADDRESS_CLASSES + 200; i++) {
		struct ww_ip ip = ww_ip_from_v4(0x0a000001 + (i << 8));
		uint16_t class = ww_address_class(stage.rules, &ip);
		without += class == WW_ADDRESS_NO_CLASS;
		if (i % 61 == 0 || class == WW_ADDRESS_NO_CLASS)
			check_all(stage.rules, &ip);
	}
	assert_true(without >= 200);
	/* Such a source is found by its rule all the same, and by no other. */
	stage_begin_flow(&stage, WW_PROTO_UDP, 9);
	struct ww_packet packet = stage_packet(&stage, WW_DIR_TO_SERVER, "x", 1);
	unsigned last = WW_ADDRESS_CLASSES + 199;
	packet.src = ww_ip_from_v4(0x0a000001 + (last << 8));
	stage_lone(&stage, &packet);
	assert_int_equal(stage.hits, 1);
	assert_int_equal(stage.sids[0], last + 1);
	stage_close(&stage);
	ww_buf_done(&text);
}

/* A list of thousands, in a variable and in a header, with a hole. */
static void test_thousands(void **state)
{
	(void)state;
	struct ww_buf text = WW_BUF_INIT;
	ww_buf_adds(&text, "ipvar BAD [");
	for (unsigned i = 0; i < 20000; i++)
		ww_buf_addf(&text, "%s%u.%u.%u.0/24", i ? "," : "", 11 + i / 65536, i / 256 % 256,
			i % 256);
	ww_buf_adds(&text, "]\nalert udp [$BAD,!11.0.5.9] any -> any any (sid:1;)\n");
	struct stage stage;
	stage_open(&stage, ww_buf_text(&text), WW_MATCHER_PLAIN);
	stage_begin_flow(&stage, WW_PROTO_UDP, 9);
	static const struct {
		uint32_t ip;
		size_t hits; /* so far */
	} rows[] = {{0x0b000001, 1}, {0x0b000509, 1}, {0x0b00050a, 2}, {0x0b4e1fff, 3},
		{0x0b4e2000, 3}, {0x0a000001, 3}};
	struct ww_packet packet = stage_packet(&stage, WW_DIR_TO_SERVER, "x", 1);
	for (size_t i = 0; i < WW_N(rows); i++) {
		packet.src = ww_ip_from_v4(rows[i].ip);
		stage_lone(&stage, &packet);
		if (stage.hits != rows[i].hits)
			fail_msg("row %zu: %zu hits", i, stage.hits);
	}
	stage_close(&stage);
	ww_buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_each),
		cmocka_unit_test(test_ends_of_the_world),
		cmocka_unit_test(test_too_many_classes),
		cmocka_unit_test(test_thousands),
	};
	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
