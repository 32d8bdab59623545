// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/flow/test-flow.h"

#define SECOND ((int64_t)1000000)

static const uint32_t CLIENT = 0x0a000001, SERVER = 0x0a000002;
enum { UDP_HEADER = 8, IP4 = 20, IP6 = 40, DATA_MAX = 65000 };

/* A UDP datagram of n bytes behind its header, ports 3000 to 69. */
static uint32_t make_udp(struct ww_rng *rng, uint8_t *out, uint32_t n)
{
	uint32_t len = n + UDP_HEADER;
	memcpy(out, (uint8_t[]){3000 >> 8, 3000 & 255, 0, 69}, 4);
	out[4] = (uint8_t)(len >> 8);
	out[5] = (uint8_t)len;
	out[6] = out[7] = 0;
	for (uint32_t i = 0; i < n; i++)
		out[UDP_HEADER + i] = (uint8_t)ww_rng_u64(rng);
	return len;
}

/* A fragment as the decoder gives it. The header is static: feed before the next call. */
static struct ww_packet fragment_of(bool v6, uint32_t id, const uint8_t *datagram, uint32_t offset,
	uint32_t len, bool more, int64_t time_us)
{
	static uint8_t header[IP6];
	struct ww_ip six_a = {{0x20, 1}}, six_b = {{0x20, 2}};
	struct ww_packet p = packet_of(
		WW_PROTO_UDP, v6 ? six_a : v4(CLIENT), 0, v6 ? six_b : v4(SERVER), 0, time_us);
	memset(header, 0, sizeof(header));
	header[0] = v6 ? 0x60 : 0x45;
	if (v6) {
		header[6] = 44;
		memcpy(header + 8, p.src.b, 16);
		memcpy(header + 24, p.dst.b, 16);
	} else {
		header[8] = 64;
		header[9] = WW_PROTO_UDP;
		memcpy(header + 12, p.src.b + 12, 4);
		memcpy(header + 16, p.dst.b + 12, 4);
	}
	p.has_transport = false;
	p.is_fragment = true;
	p.more_fragments = more;
	p.fragment_offset = offset;
	p.ip_id = id;
	p.ip_header_len = v6 ? IP6 : IP4;
	p.network = header;
	p.network_len = p.ip_header_len;
	return with_bytes(p, datagram + offset, len);
}

/* Whole datagrams that reached the sink, beside the fragments themselves. */
struct whole {
	size_t n, n_conflicts;
	const uint8_t *truth;
	uint32_t len;
	uint16_t port; /* 0: 69 */
};

static void on_whole(
	void *context, struct ww_flow *flow, enum ww_dir dir, const struct ww_packet *packet)
{
	struct whole *whole = context;
	if (packet->is_fragment)
		return;
	assert_true(packet->has_transport);
	assert_int_equal(packet->sport, 3000);
	assert_int_equal(packet->dport, whole->port ? whole->port : 69);
	assert_int_equal(packet->payload_len, whole->len - UDP_HEADER);
	assert_memory_equal(packet->payload, whole->truth + UDP_HEADER, packet->payload_len);
	whole->n++;
}

static void on_contradiction(
	void *context, struct ww_flow *flow, enum ww_dir dir, const struct ww_packet *packet)
{
	struct whole *whole = context;
	assert_null(flow);
	assert_true(packet->is_fragment);
	whole->n_conflicts++;
}

static struct ww_flows *flows_for(struct whole *whole)
{
	struct ww_flow_limits limits = {0};
	struct ww_flow_sink sink = {.context = whole, .packet = on_whole};
	struct ww_flows *flows = NULL;
	assert_int_equal(ww_flows_new(&limits, ww_hash_key_fixed(0), &sink, &flows), 0);
	return flows;
}

static void feed_one(struct ww_flows *flows, struct ww_packet packet)
{
	bool skipped[WW_BATCH];
	static uint64_t frame;
	packet.frame = ++frame;
	ww_flows_feed(flows, &packet, 1, skipped);
}

struct part {
	uint32_t offset, len;
};

/* Parts that overlap, but for IPv6; some come twice. */
static size_t split(
	struct ww_rng *rng, bool six, uint32_t total, uint32_t largest, struct part *parts)
{
	size_t n = 0;
	for (uint32_t at = 0; at < total;) {
		uint32_t len = 8 * (1 + (uint32_t)ww_rng_below(rng, largest / 8));
		len = len < total - at ? len : total - at;
		parts[n++] = (struct part){at, len};
		/* an overlapping copy of the same bytes, not of the last part */
		if (at >= 8 && at + len < total && ww_rng_below(rng, 4) == 0)
			parts[n++] = six ? (struct part){at, len}
					 : (struct part){at - 8, (len + 8) / 8 * 8};
		at += len;
	}
	for (size_t i = n; i > 1; i--) {
		size_t j = ww_rng_below(rng, i);
		struct part swap = parts[i - 1];
		parts[i - 1] = parts[j];
		parts[j] = swap;
	}
	return n;
}

static void any_split_gives_the_datagram(void **state)
{
	uint8_t *bytes = malloc(DATA_MAX + UDP_HEADER);
	struct part *parts = calloc(20000, sizeof(*parts));
	for (uint64_t seed = 1; seed <= 80; seed++) {
		struct ww_rng rng = ww_rng_seeded(seed);
		bool six = seed % 2;
		uint32_t data = seed % 8 == 0 ? DATA_MAX : 1 + (uint32_t)ww_rng_below(&rng, 9000);
		struct whole whole = {.truth = bytes, .len = make_udp(&rng, bytes, data)};
		struct ww_flows *flows = flows_for(&whole);
		size_t n = split(&rng, six, whole.len, seed % 3 ? 1480 : 64, parts);
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(whole.n, 0);
			feed_one(
				flows, fragment_of(six, 7, bytes, parts[i].offset, parts[i].len,
					       parts[i].offset + parts[i].len < whole.len, SECOND));
			if (whole.n)
				break; /* overlaps may come after it is whole */
		}
		assert_int_equal(whole.n, 1);
		assert_int_equal(ww_flows_counts(flows)->fragment_conflicts, 0);
		assert_int_equal(ww_flows_counts(flows)->contacts, 1);
		ww_flows_free(&flows);
	}
	free(parts);
	free(bytes);
}

static struct ww_flows *flows_of(struct whole *whole, const char *policy)
{
	struct ww_policies policies = {0};
	struct ww_flow_limits limits = {.policies = &policies};
	struct ww_flow_sink sink = {
		.context = whole, .packet = on_whole, .conflict = on_contradiction};
	struct ww_flows *flows = NULL;
	assert_int_equal(ww_policies_add(&policies, policy), 0);
	assert_int_equal(ww_flows_new(&limits, ww_hash_key_fixed(0), &sink, &flows), 0);
	return flows;
}

/* The table itself is tested in test-patchwork.c: here that the receiver's row is asked. */
static void the_receivers_fragment_wins(void **state)
{
	static const struct {
		const char *policy;
		bool new_wins;
	} rows[] = {{"windows", false}, {"first", false}, {"linux", false}, {"last", true},
		{"bsd-right", true}, {"10.0.0.2=last", true}, {"10.0.0.1=last", false}};
	for (size_t i = 0; i < WW_N(rows); i++) {
		uint8_t bytes[64], other[64];
		struct ww_rng rng = ww_rng_seeded(1);
		struct whole whole = {.truth = bytes, .len = make_udp(&rng, bytes, 56)};
		struct ww_flows *flows = flows_of(&whole, rows[i].policy);
		memset(other, 0xee, sizeof(other));
		feed_one(flows, fragment_of(false, 7, bytes, 0, 32, true, 0));
		/* 24-31 disagree; 32-39 are new */
		feed_one(flows, fragment_of(false, 7, other, 24, 16, true, 0));
		memset(bytes + (rows[i].new_wins ? 24 : 32), 0xee, rows[i].new_wins ? 16 : 8);
		feed_one(flows, fragment_of(false, 7, bytes, 40, 24, false, 0));
		assert_int_equal(whole.n, 1);
		assert_int_equal(whole.n_conflicts, 1);
		assert_int_equal(ww_flows_counts(flows)->fragment_conflicts, 1);
		assert_int_equal(ww_flows_counts(flows)->fragments_reassembled, 3);
		ww_flows_free(&flows);
	}
}

/*
 * Header in the first fragment, then one that writes over it (RFC 1858, 4): 3000 -> 69 becomes
 * 3000 -> 7 for who lets the last win, and only for them.
 */
static void a_header_is_written_over(void **state)
{
	uint8_t bytes[32], other[32];
	struct ww_rng rng = ww_rng_seeded(1);
	struct whole whole = {.truth = bytes, .len = make_udp(&rng, bytes, 24)};
	memcpy(other, bytes, sizeof(other));
	other[3] = 7;
	struct ww_flows *flows = flows_of(&whole, "windows");
	feed_one(flows, fragment_of(false, 7, bytes, 0, 8, true, 0));
	feed_one(flows, fragment_of(false, 7, other, 0, 8, true, 0));
	feed_one(flows, fragment_of(false, 7, bytes, 8, 24, false, 0));
	assert_int_equal(whole.n, 1);
	assert_int_equal(whole.n_conflicts, 1);
	ww_flows_free(&flows);
	whole.port = 7;
	flows = flows_of(&whole, "linux");
	feed_one(flows, fragment_of(false, 7, bytes, 0, 8, true, 0));
	feed_one(flows, fragment_of(false, 7, other, 0, 8, true, 0));
	feed_one(flows, fragment_of(false, 7, bytes, 8, 24, false, 0));
	assert_int_equal(whole.n, 2);
	ww_flows_free(&flows);
}

/* RFC 5722: the datagram is discarded, and what comes of it later; repetitions pass (RFC 8200). */
static void ipv6_fragments_must_not_overlap(void **state)
{
	uint8_t bytes[64];
	struct ww_rng rng = ww_rng_seeded(1);
	struct whole whole = {.truth = bytes, .len = make_udp(&rng, bytes, 56)};
	struct ww_flows *flows = flows_for(&whole);
	const struct ww_flow_counts *counts = ww_flows_counts(flows);
	feed_one(flows, fragment_of(true, 7, bytes, 0, 32, true, 0));
	struct ww_packet again = fragment_of(true, 7, bytes, 0, 32, true, 0);
	again.ttl = 1; /* or the frame is a duplicate */
	again.tos = 8;
	feed_one(flows, again);
	feed_one(flows, fragment_of(true, 7, bytes, 32, 32, false, 0));
	assert_int_equal(whole.n, 1);
	feed_one(flows, fragment_of(true, 8, bytes, 0, 32, true, 0));
	feed_one(flows, fragment_of(true, 8, bytes, 24, 16, true, 0));
	feed_one(flows, fragment_of(true, 8, bytes, 24, 40, false, 0));
	feed_one(flows, fragment_of(true, 8, bytes, 0, 24, true, 0));
	assert_int_equal(whole.n, 1);
	assert_int_equal(counts->fragments_dropped, 4);
	assert_int_equal(counts->fragment_conflicts, 0);
	assert_int_equal(flows->defrag.pages.n_used, 0);
	ww_flows_finish(flows);
	assert_int_equal(counts->fragments_dropped, 4);
	ww_flows_free(&flows);
}

static void impossible_fragments_are_dropped(void **state)
{
	uint8_t bytes[128] = {0};
	struct ww_rng rng = ww_rng_seeded(1);
	struct whole whole = {.truth = bytes, .len = make_udp(&rng, bytes, 56)};
	struct ww_flows *flows = flows_of(&whole, "linux");
	const struct ww_flow_counts *counts = ww_flows_counts(flows);
	feed_one(flows, fragment_of(false, 7, bytes, 0, 0, true, 0)); /* empty */
	feed_one(flows, fragment_of(false, 7, bytes, 0, 7, true, 0)); /* no whole unit */
	struct ww_packet far = fragment_of(false, 7, bytes, 0, 64, false, 0);
	far.fragment_offset = 65528; /* beyond 64 KiB: the ping of death */
	feed_one(flows, far);
	far.fragment_offset = 0xfffffff8;
	feed_one(flows, far);
	struct ww_packet cut = fragment_of(false, 7, bytes, 0, 32, true, 0);
	cut.payload_wire = 64;
	feed_one(flows, cut);
	assert_int_equal(counts->fragments_dropped, 5);
	feed_one(flows, fragment_of(false, 7, bytes, 32, 32, false, 0));
	feed_one(flows, fragment_of(false, 7, bytes, 32, 40, false, 0)); /* another end */
	feed_one(flows, fragment_of(false, 7, bytes, 64, 8, true, 0));   /* beyond the end */
	assert_int_equal(counts->fragments_dropped, 7);
	feed_one(flows, fragment_of(false, 8, bytes, 64, 8, true, 0));
	feed_one(
		flows, fragment_of(false, 8, bytes, 0, 32, false, 0)); /* an end before what came */
	assert_int_equal(counts->fragments_dropped, 8);
	assert_int_equal(whole.n, 0);
	/* What is more than whole units is cut off. */
	feed_one(flows, fragment_of(false, 7, bytes, 0, 35, true, 0));
	assert_int_equal(whole.n, 1);
	ww_flows_finish(flows);
	assert_int_equal(counts->fragments_dropped, 9);
	ww_flows_free(&flows);
}

/* Two last fragments: the further end holds, but for Linux. */
static void the_further_end_holds(void **state)
{
	for (int later = 0; later < 2; later++) {
		uint8_t bytes[64];
		struct ww_rng rng = ww_rng_seeded(1);
		struct whole whole = {.truth = bytes, .len = make_udp(&rng, bytes, 56)};
		struct ww_flows *flows = flows_of(&whole, "windows");
		feed_one(flows, fragment_of(false, 7, bytes, 32, later ? 32 : 16, false, 0));
		feed_one(flows, fragment_of(false, 7, bytes, 32, later ? 16 : 32, false, 0));
		feed_one(flows, fragment_of(false, 7, bytes, 0, 32, true, 0));
		assert_int_equal(whole.n, 1);
		assert_int_equal(whole.n_conflicts, 1);
		ww_flows_free(&flows);
	}
}

/* Half a minute for Linux and BSD, a minute for others. */
static void fragments_wait_as_the_receiver_does(void **state)
{
	static const struct {
		const char *policy;
		int64_t wait_s;
	} rows[] = {{"linux", 30}, {"bsd", 30}, {"windows", 60}, {"solaris", 60}};
	for (size_t i = 0; i < WW_N(rows); i++) {
		uint8_t bytes[64];
		struct ww_rng rng = ww_rng_seeded(1);
		struct whole whole = {.truth = bytes, .len = make_udp(&rng, bytes, 56)};
		struct ww_flows *flows = flows_of(&whole, rows[i].policy);
		int64_t late = (rows[i].wait_s + 1) * SECOND, in_time = rows[i].wait_s * SECOND;
		feed_one(flows, fragment_of(false, 7, bytes, 0, 32, true, 0));
		feed_one(flows, fragment_of(false, 7, bytes, 32, 32, false, late));
		assert_int_equal(whole.n, 0);
		assert_int_equal(ww_flows_counts(flows)->fragments_dropped, 1);
		feed_one(flows, fragment_of(false, 7, bytes, 0, 24, true, late + SECOND));
		feed_one(flows, fragment_of(false, 7, bytes, 24, 8, true, late + in_time));
		assert_int_equal(whole.n, 1);
		ww_flows_free(&flows);
	}
}

/* More first fragments than can be kept, each large: all memory is bounded, all is counted. */
static void a_flood_of_fragments_is_bounded(void **state)
{
	uint8_t *bytes = calloc(1, 60000);
	struct whole whole = {0};
	struct ww_flows *flows = flows_for(&whole);
	const uint32_t n = 2000;
	for (uint32_t id = 0; id < n; id++) {
		for (uint32_t offset = 0; offset < 56000; offset += 8000) {
			bytes[offset] = (uint8_t)id; /* or it would be a duplicate frame */
			feed_one(flows, fragment_of(id % 2, id + 1, bytes, offset, 8000, true, 0));
		}
	}
	ww_flows_finish(flows);
	const struct ww_flow_counts *counts = ww_flows_counts(flows);
	assert_int_equal(counts->fragments_dropped, n * 7);
	assert_int_equal(flows->defrag.pages.n_used, 0);
	assert_int_equal(flows->defrag.pages.fresh, flows->defrag.pages.n);
	ww_flows_free(&flows);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_split_gives_the_datagram),
		cmocka_unit_test(the_receivers_fragment_wins),
		cmocka_unit_test(a_header_is_written_over),
		cmocka_unit_test(ipv6_fragments_must_not_overlap),
		cmocka_unit_test(impossible_fragments_are_dropped),
		cmocka_unit_test(the_further_end_holds),
		cmocka_unit_test(fragments_wait_as_the_receiver_does),
		cmocka_unit_test(a_flood_of_fragments_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
