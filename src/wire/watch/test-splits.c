// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * However a stream is cut into segments, and those into fragments, in whatever order they come,
 * once or twice, and whoever receives: the same rules alert as over the whole in one piece.
 *
 * Compared is which rules alerted. How often is not the same by design (an alert covers all that
 * came so far), and rules that count from the payload's start are left out: a segment's start is
 * one of them (see wormwood-rules(7)).
 */
#include "base/rng.h"
#include "wire/watch/watch.h"

#include "test.h"

#include <stdlib.h>
#include <string.h>

enum {
	LINK_ETHERNET = 1,
	LINK = 14,
	IP4 = 20,
	TCP = 20,
	TEXT_MAX = 1900, /* within what is kept for rules that reach back */
	PIECES_MAX = 4 * TEXT_MAX,
	FRAME_MAX = LINK + IP4 + TCP + TEXT_MAX,
	FIRST_SID = 501,
	SIDS = 10,
};

static const char RULES[] =
	"alert tcp any any -> any 80 (content:\"ALPHA-ONE\"; sid:501;)\n"
	"alert tcp any any -> any 80 (content:\"alpha\"; nocase; content:\"OMEGA\"; distance:0; "
	"within:300; sid:502;)\n"
	"alert tcp any any -> any 80 (content:\"BETA\"; content:\"GAMMA\"; distance:4; within:40; "
	"sid:503;)\n"
	"alert tcp any any -> any 80 (content:\"BETA\"; content:!\"GAMMA\"; distance:0; within:30; "
	"sid:504;)\n"
	"alert tcp any any -> any 80 (content:\"DELTA\"; pcre:\"/DELTA[0-9]{3}x/\"; sid:505;)\n"
	"alert tcp any any -> any 80 (content:\"|00 01 02|\"; content:\"ZETA\"; distance:-30; "
	"within:60; sid:506;)\n"
	"alert tcp any any -> any 80 (content:\"EPSILON\"; byte_test:2,>,24930,1,relative; "
	"sid:507;)\n"
	"alert tcp any any -> any 80 (content:\"OMEGA\"; content:\"ZETA\"; sid:508;)\n"
	"alert tcp any any -> any 80 (content:\"EPSILON\"; isdataat:20,relative; sid:509;)\n"
	"alert tcp any any -> any 80 (content:\"GAMMA\"; byte_jump:1,0,relative; content:\"BETA\"; "
	"distance:0; sid:510;)\n";

static const char *const WORDS[] = {"ALPHA-ONE", "Alpha", "OMEGA", "BETA", "GAMMA", "DELTA",
	"DELTA042x", "ZETA", "EPSILON", "BETA....GAMMA", "OMEGAZETA"};

/* ---- one conversation ---- */

struct run {
	struct ww_watch *watch;
	struct ww_rng *rng; /* NULL: frames are not fragmented */
	uint64_t frame;
	uint16_t ip_id;
	uint32_t alerted; /* bit sid - FIRST_SID */
};

static void on_finding(void *context, const struct ww_finding *finding)
{
	struct run *run = context;
	assert_int_equal(finding->kind, WW_FINDING_RULE);
	assert_int_equal(finding->gid, 1);
	assert_int_equal(finding->doubts, 0);
	run->alerted |= 1u << (finding->sid - FIRST_SID);
}

static void put16(uint8_t *to, unsigned value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

static void put32(uint8_t *to, uint32_t value)
{
	put16(to, value >> 16);
	put16(to + 2, value & 0xffff);
}

/* The IP payload from `at` on, as a fragment or (the whole of it) as a packet. */
static void send_ip(
	struct run *run, bool up, const uint8_t *payload, uint32_t at, uint32_t len, bool more)
{
	uint8_t bytes[FRAME_MAX] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45};
	put16(bytes + LINK + 2, IP4 + len);
	put16(bytes + LINK + 4, run->ip_id);
	put16(bytes + LINK + 6, (unsigned)more << 13 | at / 8);
	bytes[LINK + 8] = 64;
	bytes[LINK + 9] = WW_PROTO_TCP;
	put32(bytes + LINK + 12, up ? 0x0a000001 : 0x0a000002);
	put32(bytes + LINK + 16, up ? 0x0a000002 : 0x0a000001);
	memcpy(bytes + LINK + IP4, payload + at, len);
	const struct ww_frame frame = {
		.data = bytes,
		.captured = LINK + IP4 + len,
		.length = LINK + IP4 + len,
		.time_us = 1060000000000000 + (int64_t)run->frame,
		.number = ++run->frame,
		.link_type = LINK_ETHERNET,
	};
	ww_watch_feed(run->watch, &frame, 1);
}

static void send_fragments(struct run *run, const uint8_t *payload, uint32_t len)
{
	uint32_t starts[64], n = 0;
	uint32_t size = 8 * (1 + len / 8 / 20 + (uint32_t)ww_rng_below(run->rng, 20));
	for (uint32_t at = 0; at < len; at += size)
		starts[n++] = at;
	for (uint32_t i = n; i > 0; i--) {
		uint32_t pick = (uint32_t)ww_rng_below(run->rng, i);
		uint32_t at = starts[pick];
		uint32_t end = at + size < len ? at + size : len;
		starts[pick] = starts[i - 1];
		send_ip(run, true, payload, at, end - at, end < len);
	}
}

static void send_tcp(struct run *run, bool up, uint8_t flags, uint32_t seq, uint32_t ack,
	const char *text, uint32_t n)
{
	uint8_t segment[TCP + TEXT_MAX] = {0};
	put16(segment, up ? 2000 : 80);
	put16(segment + 2, up ? 80 : 2000);
	put32(segment + 4, seq);
	put32(segment + 8, ack);
	segment[12] = 0x50;
	segment[13] = flags;
	memcpy(segment + TCP, text, n);
	run->ip_id++;
	if (run->rng && n && ww_rng_below(run->rng, 4) == 0)
		send_fragments(run, segment, TCP + n);
	else
		send_ip(run, up, segment, 0, TCP + n, false);
}

struct piece {
	uint32_t at, len;
};

static uint32_t alerts_of(struct ww_plan *plan, enum ww_policy policy, struct ww_rng *rng,
	const char *text, uint32_t len, const struct piece *pieces, size_t n)
{
	struct run run = {.rng = rng};
	struct ww_policies policies = {.usual = policy};
	/* Small tables for one conversation: they are made hundreds of times. */
	struct ww_watch_options options = {.policies = &policies, .memory_bytes = 4 << 20};
	const struct ww_watch_sink sink = {&run, on_finding, NULL};
	uint32_t isn = 100;
	if (rng) /* mostly so that the numbers wrap on the way */
		isn = ww_rng_below(rng, 4) ? 0u - 1 - (uint32_t)ww_rng_below(rng, len + 1)
					   : (uint32_t)ww_rng_u64(rng);
	assert_int_equal(ww_watch_new(plan, &options, &sink, &run.watch), 0);
	send_tcp(&run, true, WW_TCP_SYN, isn, 0, "", 0);
	send_tcp(&run, false, WW_TCP_SYN | WW_TCP_ACK, 7000, isn + 1, "", 0);
	send_tcp(&run, true, WW_TCP_ACK, isn + 1, 7001, "", 0);
	for (size_t i = 0; i < n; i++)
		send_tcp(&run, true, WW_TCP_ACK, isn + 1 + pieces[i].at, 7001, text + pieces[i].at,
			pieces[i].len);
	send_tcp(&run, false, WW_TCP_ACK, 7001, isn + 1 + len, "", 0);
	send_tcp(&run, true, WW_TCP_ACK | WW_TCP_FIN, isn + 1 + len, 7001, "", 0);
	assert_int_equal(ww_watch_finish(run.watch), 0);
	struct ww_watch_summary summary;
	ww_watch_summarize(run.watch, &summary);
	assert_false(ww_watch_lost(&summary));
	assert_int_equal(summary.flows->reassembly_gaps, 0);
	assert_int_equal(summary.flows->fragments_dropped, 0);
	ww_watch_free(&run.watch);
	return run.alerted;
}

/* ---- texts and cuts ---- */

static uint32_t make_text(struct ww_rng *rng, char *text)
{
	uint32_t len = 0, want = 1 + (uint32_t)ww_rng_below(rng, TEXT_MAX);
	while (len < want) {
		const char *word = WORDS[ww_rng_below(rng, WW_N(WORDS))];
		uint32_t gap = (uint32_t)ww_rng_below(rng, ww_rng_below(rng, 3) ? 40 : 400);
		for (; gap && len < want; gap--)
			text[len++] = (char)('a' + ww_rng_below(rng, 26));
		for (; *word && len < want; word++)
			text[len++] = *word;
		for (char byte = 0; byte < 3 && ww_rng_below(rng, 6) && len < want; byte++)
			text[len++] = byte;
	}
	return len;
}

static size_t cut_up(struct ww_rng *rng, uint32_t total, struct piece *pieces)
{
	static const uint32_t LARGEST[] = {1, 2, 7, 40, 300, 1460};
	uint32_t largest = LARGEST[ww_rng_below(rng, WW_N(LARGEST))];
	bool in_order = ww_rng_below(rng, 4) == 0;
	size_t n = 0;
	for (uint32_t at = 0, len; at < total; at += len) {
		uint32_t back = ww_rng_below(rng, 5) ? 0 : (uint32_t)ww_rng_below(rng, 30);
		len = 1 + (uint32_t)ww_rng_below(rng, largest);
		len = len < total - at ? len : total - at;
		back = back < at ? back : at;
		pieces[n++] = (struct piece){at - back, len + back};
		if (ww_rng_below(rng, 6) == 0)
			pieces[n++] = (struct piece){at, len};
	}
	for (size_t i = n; i > 1 && !in_order; i--) {
		size_t j = ww_rng_below(rng, i);
		struct piece swap = pieces[i - 1];
		pieces[i - 1] = pieces[j];
		pieces[j] = swap;
	}
	return n;
}

enum { CASES = 320, CUTS = 8 }; /* cuts of each text: one for each policy */

static void any_cut_gives_the_alerts(void **state)
{
	struct ww_plan *plan = NULL;
	struct ww_err err = {0};
	struct piece *pieces = calloc(PIECES_MAX, sizeof(*pieces));
	uint32_t seen = 0, n_silent = 0;
	assert_int_equal(ww_plan_new(NULL, 0, &plan), 0);
	assert_int_equal(ww_plan_rules(plan, "splits.rules", RULES, strlen(RULES)), 0);
	assert_int_equal(ww_plan_ready(plan, &err), 0);
	assert_int_equal(ww_plan_n_rules(plan), SIDS);
	for (uint64_t seed = 1; seed <= CASES / CUTS; seed++) {
		struct ww_rng rng = ww_rng_seeded(seed);
		char text[TEXT_MAX];
		uint32_t len = make_text(&rng, text);
		const struct piece whole = {0, len};
		uint32_t expected = alerts_of(plan, WW_POLICY_WINDOWS, NULL, text, len, &whole, 1);
		seen |= expected;
		n_silent += expected == 0;
		for (int cut = 0; cut < CUTS; cut++) {
			size_t n = cut_up(&rng, len, pieces);
			uint32_t alerted = alerts_of(plan, (enum ww_policy)(cut % WW_POLICY_COUNT),
				&rng, text, len, pieces, n);
			if (alerted != expected)
				print_message("seed %d cut %d: %#x, not %#x\n", (int)seed, cut,
					alerted, expected);
			assert_int_equal(alerted, expected);
		}
	}
	/* Every rule had its say, and not always. */
	assert_int_equal(seen, (1u << SIDS) - 1);
	assert_true(n_silent > 0 && n_silent < CASES / CUTS / 2);
	ww_plan_free(&plan);
	free(pieces);
}

/* Alerts in one segment must not silence the rules that are tried after them. */
static void decoys_hide_nothing(void **state)
{
	enum { MANY = 30 };
	struct ww_plan *plan = NULL;
	struct ww_err err = {0};
	struct ww_buf rules = WW_BUF_INIT, text = WW_BUF_INIT;
	for (int i = 0; i < MANY; i++) {
		ww_buf_addf(&rules,
			"alert tcp any any -> any 80 (content:\"WORD-%02d\"; sid:%d;)\n", i,
			FIRST_SID + i);
		ww_buf_addf(&text, "WORD-%02d ", i);
	}
	assert_int_equal(ww_plan_new(NULL, 0, &plan), 0);
	assert_int_equal(ww_plan_rules(plan, "decoys.rules", rules.data, rules.len), 0);
	assert_int_equal(ww_plan_ready(plan, &err), 0);
	const struct piece whole = {0, (uint32_t)text.len};
	assert_int_equal(
		alerts_of(plan, WW_POLICY_WINDOWS, NULL, text.data, (uint32_t)text.len, &whole, 1),
		(1u << MANY) - 1);
	ww_plan_free(&plan);
	ww_buf_done(&rules);
	ww_buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_cut_gives_the_alerts),
		cmocka_unit_test(decoys_hide_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
