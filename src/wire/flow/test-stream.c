// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/flow/test-flow.h"
#include "wire/flow/test-model.h"

#define SYN WW_TCP_SYN
#define ACK WW_TCP_ACK
#define FIN WW_TCP_FIN

static const uint32_t CLIENT = 0x0a000001, SERVER = 0x0a000002;
static const uint32_t CLIENT_ISN = 0xfffffe00, SERVER_ISN = 0x7fffff00; /* both wrap a sign soon */

static void handshake(struct recorder *r)
{
	feed(r, tcp_of(v4(CLIENT), 2000, v4(SERVER), 80, 0, SYN, CLIENT_ISN, 0));
	feed(r, tcp_of(v4(SERVER), 80, v4(CLIENT), 2000, 10, SYN | ACK, SERVER_ISN,
			CLIENT_ISN + 1));
	feed(r, tcp_of(v4(CLIENT), 2000, v4(SERVER), 80, 20, ACK, CLIENT_ISN + 1, SERVER_ISN + 1));
}

static struct ww_packet from_client(uint32_t offset, const void *bytes, size_t len, uint8_t flags)
{
	return with_bytes(tcp_of(v4(CLIENT), 2000, v4(SERVER), 80, 100, ACK | flags,
				  CLIENT_ISN + 1 + offset, SERVER_ISN + 1),
		bytes, len);
}

static struct ww_packet ack_of_client(uint32_t offset)
{
	return tcp_of(v4(SERVER), 80, v4(CLIENT), 2000, 100, ACK, SERVER_ISN + 1,
		CLIENT_ISN + 1 + offset);
}

static void assert_bytes(const struct recorder *r, const char *text)
{
	assert_int_equal(r->n_bytes[0], strlen(text));
	assert_memory_equal(r->bytes[0], text, strlen(text));
}

static void in_order_until_fin(void **state)
{
	struct recorder *r = recorder_new(NULL, true);
	handshake(r);
	feed(r, from_client(0, "worm", 4, 0));
	feed(r, from_client(4, "wood", 4, FIN));
	assert_bytes(r, "wormwood");
	assert_int_equal(r->n_ends[0], 1);
	assert_int_equal(r->n_ended, 0);
	feed(r, tcp_of(v4(SERVER), 80, v4(CLIENT), 2000, 200, ACK | FIN, SERVER_ISN + 1,
			CLIENT_ISN + 10));
	assert_int_equal(r->n_ended, 1);
	assert_true(r->last_ended.closed);
	/* A tombstone absorbs what comes late. */
	feed(r, from_client(8, "more", 4, 0));
	feed(r, from_client(0, "worm", 4, 0));
	assert_bytes(r, "wormwood");
	assert_int_equal(r->n_begun, 1);
	ww_flows_finish(r->flows);
	assert_int_equal(r->n_ended, 1);
	assert_int_equal(r->n_forgotten, 1);
	recorder_free(r);
}

/* A recorder whose receivers all have one policy. */
static struct recorder *recorder_of(const char *policy)
{
	struct ww_policies policies = {0};
	struct ww_flow_limits limits = {.policies = &policies};
	assert_int_equal(ww_policies_add(&policies, policy), 0);
	return recorder_new(&limits, true);
}

/* Early bytes by the receiver's policy; what was in order once is never taken back. */
static void the_receivers_copy_wins(void **state)
{
	static const struct {
		const char *policy, *early, *all;
	} rows[] = {
		{"first", "abcXefg", "abcXefgQQ"},
		{"vista", "abcXefg", "abcXefgQQ"},
		{"windows", "abcXYZg", "abcXYZgQQ"},
		{"last", "abcXYZg", "abcXYZgQQ"},
		{"10.0.0.2=first", "abcXefg", "abcXefgQQ"}, /* the server receives */
		{"10.0.0.1=first", "abcXYZg", "abcXYZgQQ"},
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		struct recorder *r = recorder_of(rows[i].policy);
		handshake(r);
		feed(r, from_client(4, "ef", 2, 0));
		feed(r, from_client(3, "XYZg", 4, 0));
		assert_bytes(r, "");
		feed(r, from_client(0, "abc", 3, 0));
		assert_bytes(r, rows[i].early);
		feed(r, from_client(2, "QQQQQQQ", 7, 0));
		assert_bytes(r, rows[i].all);
		assert_int_equal(r->n_gaps[0], 0);
		assert_int_equal(counts_of(r)->overlaps_conflicting, 2);
		assert_int_equal(r->n_conflicts, 1);
		ww_flows_finish(r->flows);
		assert_int_equal(r->last_ended.trouble, WW_TROUBLE_CONFLICT);
		recorder_free(r);
	}
}

/* A segment that fills the gap and reaches into what is early: the table holds there as well. */
static void filling_a_gap_obeys_the_policy(void **state)
{
	static const struct {
		const char *policy, *want;
	} rows[] = {{"first", "abcdEFGH"}, {"windows", "abcdefGH"}, {"linux", "abcdefGH"},
		{"solaris", "abcdEFGH"}, {"bsd", "abcdefGH"}};
	for (size_t i = 0; i < WW_N(rows); i++) {
		struct recorder *r = recorder_of(rows[i].policy);
		handshake(r);
		feed(r, from_client(4, "EFGH", 4, 0));
		feed(r, from_client(0, "abcdef", 6, 0));
		assert_bytes(r, rows[i].want);
		recorder_free(r);
	}
}

/* Other bytes for what was there: counted once a segment, wherever the first copy is kept. */
static void conflicting_overlaps_are_counted(void **state)
{
	struct recorder *r = recorder_new(NULL, true);
	handshake(r);
	const uint64_t *n = &ww_flows_counts(r->flows)->overlaps_conflicting;
	feed(r, from_client(0, "JUNKJUNK", 8, 0));
	feed(r, from_client(0, "JUNKJUNK", 8, 0)); /* a retransmission */
	feed(r, from_client(4, "JUNKwood", 8, 0)); /* one that goes on */
	feed(r, from_client(11, "?", 1, 0));       /* a keep-alive */
	assert_int_equal(*n, 0);
	feed(r, from_client(0, "wormwood", 8, 0));
	assert_int_equal(*n, 1);
	feed(r, from_client(11, "?!", 2, 0)); /* its first byte only */
	assert_int_equal(*n, 2);
	feed(r, from_client(20, "early", 5, 0));
	feed(r, from_client(18, "..eaRLy..", 9, 0));
	assert_int_equal(*n, 3);
	feed(r, from_client(25, "beside", 6, 0));
	assert_int_equal(*n, 4); /* ".." was queued behind the early bytes */
	feed(r, from_client(40, "beside", 6, 0));
	assert_int_equal(*n, 4);
	ww_flows_finish(r->flows);
	recorder_free(r);
}

/* The last conversation's sides, after one that began in the middle with the client's bytes. */
static unsigned heard_after(const struct ww_packet *second)
{
	struct recorder *r = recorder_new(NULL, true);
	feed(r, from_client(0, "worm", 4, 0));
	if (second)
		feed(r, *second);
	ww_flows_finish(r->flows);
	unsigned heard = r->last_ended.heard;
	recorder_free(r);
	return heard;
}

static void one_side_is_not_both(void **state)
{
	struct ww_packet fits = ack_of_client(4), elsewhere = ack_of_client(0x7000000);
	struct ww_packet reset = tcp_of(v4(SERVER), 80, v4(CLIENT), 2000, 100, WW_TCP_RST | ACK,
		SERVER_ISN + 1, CLIENT_ISN + 5);
	struct ww_packet again = from_client(4, "wood", 4, 0);
	assert_int_equal(heard_after(NULL), 1);
	assert_int_equal(heard_after(&fits), WW_HEARD_BOTH);
	assert_int_equal(heard_after(&elsewhere), 1);
	assert_int_equal(heard_after(&reset), 1);
	assert_int_equal(heard_after(&again), 1);
}

static void acknowledged_gap_is_skipped(void **state)
{
	struct recorder *r = recorder_new(NULL, true);
	handshake(r);
	feed(r, from_client(0, "ab", 2, 0));
	feed(r, from_client(6, "gh", 2, 0));
	assert_bytes(r, "ab");
	feed(r, ack_of_client(4));
	assert_bytes(r, "ab");
	feed(r, ack_of_client(8));
	assert_bytes(r, "abgh");
	assert_int_equal(r->n_gaps[0], 1);
	assert_int_equal(counts_of(r)->reassembly_gaps, 1);
	recorder_free(r);
}

/* The rules may want a direction when other bytes have gone by: its stream begins there. */
static void wanted_later(void **state)
{
	struct recorder *r = recorder_new(NULL, true);
	r->groups[0] = 0;
	r->late = WW_DIR_TO_SERVER;
	handshake(r);
	feed(r, from_client(0, "first ", 6, 0));
	assert_bytes(r, "");
	feed(r, with_bytes(tcp_of(v4(SERVER), 80, v4(CLIENT), 2000, 100, ACK, SERVER_ISN + 1,
				   CLIENT_ISN + 7),
			"!", 1));
	r->next_offset[0] = 6;
	feed(r, from_client(6, "worm", 4, 0));
	feed(r, from_client(10, "wood", 4, FIN));
	assert_bytes(r, "wormwood");
	assert_int_equal(counts_of(r)->reassembly_gaps, 0);
	recorder_free(r);
}

/* Not yet used, the direction begins where the handshake says, whatever comes first. */
static void wanted_before_its_bytes(void **state)
{
	struct recorder *r = recorder_new(NULL, true);
	r->groups[0] = 0;
	r->late = WW_DIR_TO_SERVER;
	handshake(r);
	feed(r, with_bytes(tcp_of(v4(SERVER), 80, v4(CLIENT), 2000, 100, ACK, SERVER_ISN + 1,
				   CLIENT_ISN + 1),
			"!", 1));
	feed(r, from_client(4, "wood", 4, 0));
	assert_bytes(r, "");
	feed(r, from_client(0, "worm", 4, 0));
	assert_bytes(r, "wormwood");
	recorder_free(r);
}

/* A byte in every second page, until the patchwork has no room: the first gap is given up then. */
static void full_queue_skips_the_gap(void **state)
{
	struct recorder *r = recorder_new(NULL, true);
	handshake(r);
	for (uint32_t i = 0; i < WW_PATCHWORK_PAGES; i++)
		feed(r, from_client(10 + 2 * WW_PAGE_BYTES * i, "x", 1, 0));
	assert_bytes(r, "");
	feed(r, from_client(WW_PAGE_BYTES * 3, "y", 1, 0));
	assert_int_equal(r->n_bytes[0], 1);
	assert_int_equal(r->n_gaps[0], 1);
	ww_flows_finish(r->flows);
	assert_int_equal(r->n_bytes[0], WW_PATCHWORK_PAGES + 1);
	assert_int_equal(counts_of(r)->reassembly_gaps, WW_PATCHWORK_PAGES + 1);
	assert_int_equal(r->last_ended.trouble, WW_TROUBLE_GAP | WW_TROUBLE_LIMIT);
	assert_int_equal(counts_of(r)->evicted_early, 1);
	assert_int_equal(r->n_ends[0], 1);
	recorder_free(r);
}

/* Segments of one byte in any order need no more room than their bytes do. */
static void tiny_segments_in_reverse(void **state)
{
	struct recorder *r = recorder_new(NULL, true);
	uint8_t truth[20000];
	handshake(r);
	for (uint32_t i = 0; i < sizeof(truth); i++)
		truth[i] = (uint8_t)(i * 7 + i / 256);
	for (uint32_t i = sizeof(truth); i-- > 0;)
		feed(r, from_client(i, truth + i, 1, 0));
	assert_int_equal(r->n_bytes[0], sizeof(truth));
	assert_memory_equal(r->bytes[0], truth, sizeof(truth));
	assert_int_equal(counts_of(r)->reassembly_gaps, 0);
	assert_int_equal(r->flows->streams.pages.n_used, 0);
	recorder_free(r);
}

static void snapped_payload_is_a_gap(void **state)
{
	struct recorder *r = recorder_new(NULL, true);
	handshake(r);
	struct ww_packet packet = from_client(0, "abc", 3, 0);
	packet.payload_wire = 10;
	feed(r, packet);
	feed(r, from_client(10, "k", 1, 0));
	assert_bytes(r, "abck");
	assert_int_equal(r->n_gaps[0], 1);
	recorder_free(r);
}

static void forged_segments_do_not_blind(void **state)
{
	struct recorder *r = recorder_new(NULL, true);
	handshake(r);
	feed(r, from_client(0, "ab", 2, 0));
	feed(r, from_client(0x20000000, "forged", 6, 0));
	feed(r, tcp_of(v4(CLIENT), 2000, v4(SERVER), 80, 100, WW_TCP_RST, CLIENT_ISN + 0x30000000,
			0));
	assert_int_equal(r->n_ended, 0);
	feed(r, from_client(2, "cd", 2, 0));
	assert_bytes(r, "abcd");
	/* but a capture that lost much is followed */
	for (uint32_t i = 0; i < WW_STREAM_FAR + 2; i++)
		feed(r, from_client(0x20000000 + i, "z", 1, 0));
	assert_int_equal(r->n_bytes[0], 4 + 3);
	feed(r, tcp_of(v4(CLIENT), 2000, v4(SERVER), 80, 100, WW_TCP_RST,
			CLIENT_ISN + 1 + 0x20000000 + WW_STREAM_FAR + 2, 0));
	assert_int_equal(r->n_ended, 1);
	assert_true(r->last_ended.closed);
	recorder_free(r);
}

static void no_rules_no_bytes(void **state)
{
	struct recorder *r = recorder_new(NULL, true);
	r->groups[1] = 0;
	handshake(r);
	feed(r, from_client(0, "ab", 2, 0));
	feed(r, with_bytes(tcp_of(v4(SERVER), 80, v4(CLIENT), 2000, 100, ACK, SERVER_ISN + 1,
				   CLIENT_ISN + 3),
			"secret", 6));
	assert_int_equal(r->n_bytes[0], 2);
	assert_int_equal(r->n_bytes[1], 0);
	assert_int_equal(r->n_packets[1], 0);
	ww_flows_finish(r->flows);
	assert_int_equal(r->last_ended.bytes[1], 0); /* nobody looks, nobody counts */
	recorder_free(r);
}

static void exhausted_pool_is_counted(void **state)
{
	struct ww_flow_limits limits = {.streams = 2};
	struct recorder *r = recorder_new(&limits, true);
	r->one_stream = false;
	for (uint16_t i = 0; i < 3; i++)
		feed(r, with_bytes(tcp_of(v4(CLIENT), (uint16_t)(2000 + i), v4(SERVER), 80, 0, ACK,
					   5, 0),
				"x", 1));
	assert_int_equal(counts_of(r)->evicted_streams, 1);
	assert_int_equal(r->n_ends[0], 1);
	feed(r, with_bytes(tcp_of(v4(CLIENT), 2000, v4(SERVER), 80, 1, ACK, 6, 0), "y", 1));
	assert_int_equal(r->n_bytes[0], 3); /* the first flow is looked at by packet only */
	assert_int_equal(r->n_packets[0], 4);
	recorder_free(r);
}

/* What is in order is read in the packet, and as much comes again as the reader wants. */
static void in_order_is_not_copied(void **state)
{
	struct recorder *r = recorder_new(NULL, true);
	char text[2000];
	memset(text, 'x', sizeof(text));
	r->keep = 3;
	handshake(r);
	feed(r, from_client(0, text, 1000, 0));
	assert_ptr_equal(r->last.data, text);
	assert_int_equal(r->last.len, 1000);
	feed(r, from_client(1000, text, 1000, 0));
	assert_int_equal(r->last.fresh, 3);
	assert_int_equal(r->last.len, 1003);
	assert_int_equal(r->last.offset, 997);
	r->keep = 500;
	feed(r, from_client(2000, text, 1000, 0));
	assert_int_equal(r->last.fresh, 3);
	feed(r, from_client(3000, text, 10, 0));
	assert_int_equal(r->last.fresh, 500);
	assert_int_equal(r->flows->streams.n_windows_used, 1);
	r->keep = 0;
	feed(r, from_client(3010, text, 1000, 0));
	assert_true(r->last.fresh >= 500);
	feed(r, from_client(4010, text, 1000, 0));
	assert_ptr_equal(r->last.data, text);
	assert_int_equal(r->last.fresh, 0);
	assert_int_equal(r->flows->streams.n_windows_used, 0);
	recorder_free(r);
}

/* Fewer windows than streams: who was silent longest is shortened, told, and goes on. */
static void windows_are_few(void **state)
{
	struct ww_flow_limits limits = {.windows = 1};
	struct recorder *r = recorder_new(&limits, true);
	char text[1000];
	memset(text, 'x', sizeof(text));
	r->one_stream = false;
	for (uint32_t turn = 0; turn < 4; turn++)
		for (uint16_t i = 0; i < 3; i++)
			feed(r, with_bytes(tcp_of(v4(CLIENT), (uint16_t)(2000 + i), v4(SERVER), 80,
						   0, ACK, 5 + 1000 * turn, 0),
					text, sizeof(text)));
	assert_int_equal(r->n_bytes[0], 12 * sizeof(text));
	assert_int_equal(r->last.fresh, WW_STREAM_TAIL);
	assert_int_equal(counts_of(r)->evicted_windows, 3);
	assert_int_equal(counts_of(r)->evicted_streams, 0);
	assert_int_equal(counts_of(r)->reassembly_gaps, 0);
	ww_flows_finish(r->flows);
	assert_int_equal(r->last_ended.trouble, WW_TROUBLE_LIMIT);
	recorder_free(r);
}

struct piece {
	uint32_t offset, len;
};

/* Cuts [0, total) into pieces that may overlap, shuffled by groups, some twice. */
static size_t cut_up(
	struct ww_rng *rng, uint32_t total, uint32_t largest, size_t shuffled, struct piece *pieces)
{
	size_t n = 0;
	for (uint32_t at = 0; at < total;) {
		uint32_t len = 1 + (uint32_t)ww_rng_below(rng, largest);
		uint32_t back = (uint32_t)ww_rng_below(rng, 4) == 0
					? (uint32_t)ww_rng_below(rng, at < 50 ? at + 1 : 50)
					: 0;
		len = len < total - at ? len : total - at;
		pieces[n++] = (struct piece){at - back, len + back};
		if (ww_rng_below(rng, 5) == 0)
			pieces[n++] = (struct piece){at, len};
		at += len;
	}
	for (size_t i = 0; i < n; i++) {
		size_t group = i - i % shuffled;
		size_t size = n - group < shuffled ? n - group : shuffled;
		size_t j = group + ww_rng_below(rng, size);
		struct piece swap = pieces[i];
		pieces[i] = pieces[j];
		pieces[j] = swap;
	}
	return n;
}

enum { TOTAL = 30000, PIECES_MAX = 4 * TOTAL };

static void fill_random(struct ww_rng *rng, uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)ww_rng_u64(rng);
}

/* Every policy, any cut, any order, repetitions, any number of bytes kept. */
static void any_order_gives_the_bytes(void **state)
{
	uint8_t *truth = malloc(TOTAL);
	struct piece *pieces = calloc(PIECES_MAX, sizeof(*pieces));
	for (uint64_t seed = 1; seed <= 96; seed++) {
		struct ww_rng rng = ww_rng_seeded(seed);
		struct ww_policies policies = {.usual = (enum ww_policy)(seed % WW_POLICY_COUNT)};
		struct ww_flow_limits limits = {
			.stream_bytes = seed % 2 ? 64 : 8192, .policies = &policies};
		struct recorder *r = recorder_new(&limits, true);
		if (seed % 3)
			r->keep = (int64_t)ww_rng_below(&rng, 3000);
		fill_random(&rng, truth, TOTAL);
		size_t n = cut_up(
			&rng, TOTAL, seed % 3 ? 1500 : 40, seed % 4 ? 8 : PIECES_MAX, pieces);
		handshake(r);
		for (size_t i = 0; i < n; i++)
			feed(r, from_client(pieces[i].offset, truth + pieces[i].offset,
					pieces[i].len, 0));
		assert_int_equal(counts_of(r)->reassembly_gaps, 0);
		assert_int_equal(counts_of(r)->overlaps_conflicting, 0);
		assert_int_equal(r->n_bytes[0], TOTAL);
		assert_memory_equal(r->bytes[0], truth, TOTAL);
		assert_int_equal(r->flows->streams.pages.n_used, 0);
		feed(r, from_client(TOTAL, "", 0, FIN));
		assert_int_equal(r->n_ends[0], 1);
		recorder_free(r);
	}
	free(pieces);
	free(truth);
}

/* Copies that disagree, for each policy: the same bytes as the slow model, one segment at a time.
 */
static void the_slow_reassembler_agrees(void **state)
{
	struct model *model = calloc(1, sizeof(*model));
	for (uint64_t seed = 1; seed <= 240; seed++) {
		struct ww_rng rng = ww_rng_seeded(9000 + seed);
		enum ww_policy policy = (enum ww_policy)(seed % WW_POLICY_COUNT);
		struct ww_policies policies = {.usual = policy};
		struct ww_flow_limits limits = {.policies = &policies};
		struct recorder *r = recorder_new(&limits, true);
		uint8_t expected[SPACE];
		uint32_t next = 0, space = seed % 3 ? 300 : SPACE;
		memset(model, 0, sizeof(*model));
		handshake(r);
		for (int i = 0; i < 60; i++) {
			uint8_t bytes[SPACE];
			uint32_t at = (uint32_t)ww_rng_below(&rng, space);
			uint32_t len = 1 + (uint32_t)ww_rng_below(&rng, seed % 2 ? 30 : 1460);
			len = len < space - at ? len : space - at;
			memset(bytes, 'a' + i % 26, len);
			feed(r, from_client(at, bytes, len, 0));
			uint32_t old = next > at ? next - at : 0;
			if (old < len)
				model_add(model, policy, WW_OVERLAP_SEGMENTS, at + old, at + len,
					bytes + old);
			for (; next < space && model->held[next]; next++)
				expected[next] = model->bytes[next];
			model_drop(model, next);
			assert_int_equal(r->n_bytes[0], next);
			assert_memory_equal(r->bytes[0], expected, next);
		}
		recorder_free(r);
	}
	free(model);
}

/* With losses, forged copies and cuts: whatever is shown must be what was sent, in its place. */
static void losses_never_show_false_bytes(void **state)
{
	uint8_t *truth = malloc(TOTAL);
	struct piece *pieces = calloc(PIECES_MAX, sizeof(*pieces));
	uint64_t gaps = 0;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct ww_rng rng = ww_rng_seeded(1000 + seed);
		struct ww_flow_limits limits = {.stream_bytes = 256, .streams = seed % 2 ? 1 : 8};
		struct recorder *r = recorder_new(&limits, true);
		fill_random(&rng, truth, TOTAL);
		r->truth[0] = truth;
		size_t n = cut_up(&rng, TOTAL, seed % 3 ? 3000 : 60, 8, pieces);
		handshake(r);
		for (size_t i = 0; i < n; i++) {
			if (ww_rng_below(&rng, 20) == 0)
				continue;
			struct ww_packet packet = from_client(
				pieces[i].offset, truth + pieces[i].offset, pieces[i].len, 0);
			if (ww_rng_below(&rng, 10) == 0)
				packet.payload_len =
					(uint32_t)ww_rng_below(&rng, pieces[i].len + 1);
			feed(r, packet);
			if (ww_rng_below(&rng, 8) == 0)
				feed(r, ack_of_client(pieces[i].offset));
		}
		ww_flows_finish(r->flows);
		assert_int_equal(r->n_ends[0], 1);
		assert_true(r->n_bytes[0] > 0);
		gaps += counts_of(r)->reassembly_gaps;
		assert_int_equal(r->flows->streams.pages.n_used, 0);
		recorder_free(r);
	}
	assert_true(gaps > 60);
	free(pieces);
	free(truth);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order_until_fin),
		cmocka_unit_test(the_receivers_copy_wins),
		cmocka_unit_test(filling_a_gap_obeys_the_policy),
		cmocka_unit_test(conflicting_overlaps_are_counted),
		cmocka_unit_test(one_side_is_not_both),
		cmocka_unit_test(acknowledged_gap_is_skipped),
		cmocka_unit_test(wanted_later),
		cmocka_unit_test(wanted_before_its_bytes),
		cmocka_unit_test(full_queue_skips_the_gap),
		cmocka_unit_test(tiny_segments_in_reverse),
		cmocka_unit_test(snapped_payload_is_a_gap),
		cmocka_unit_test(forged_segments_do_not_blind),
		cmocka_unit_test(no_rules_no_bytes),
		cmocka_unit_test(exhausted_pool_is_counted),
		cmocka_unit_test(in_order_is_not_copied),
		cmocka_unit_test(windows_are_few),
		cmocka_unit_test(any_order_gives_the_bytes),
		cmocka_unit_test(the_slow_reassembler_agrees),
		cmocka_unit_test(losses_never_show_false_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
