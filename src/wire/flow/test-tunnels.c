// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What tunnels mean for conversations: the inner hosts' packets, also where a fragment of one
 * travels inside of fragments of another; and the same packet seen on both sides of a tunnel.
 */
#include "wire/flow/test-flow.h"

enum { IP4 = 20, LARGEST = 2048, LEVELS = 4, PROTO_IP_IN_IP = 4 };

struct network {
	struct ww_flows *flows;
	uint64_t frame;
	bool backwards; /* fragments are sent last first */
	size_t n_whole; /* datagrams that came out */
	size_t n_fragments[LEVELS];
	uint32_t len; /* of the payload */
};

static void put16(uint8_t *bytes, uint32_t value)
{
	bytes[0] = (uint8_t)(value >> 8);
	bytes[1] = (uint8_t)value;
}

/* Hosts 10.level.0.1 and 10.level.0.2, so that each tunnel has ends of its own. */
static void put_ipv4(uint8_t *out, int level, uint8_t proto, uint32_t id, uint32_t fragment,
	uint32_t payload_len)
{
	memset(out, 0, IP4);
	out[0] = 0x45;
	put16(out + 2, IP4 + payload_len);
	put16(out + 4, id);
	put16(out + 6, fragment);
	out[8] = 64;
	out[9] = proto;
	memcpy(out + 12, (uint8_t[]){10, (uint8_t)level, 0, 1, 10, (uint8_t)level, 0, 2}, 8);
}

static void feed_bytes(struct network *network, const uint8_t *bytes, uint32_t len)
{
	struct ww_packet packet;
	bool skipped[WW_BATCH];
	network->frame++;
	ww_packet_decode_ip(
		bytes, len, len, (int64_t)network->frame * 1000, network->frame, &packet);
	ww_flows_feed(network->flows, &packet, 1, skipped);
}

/* Sends a datagram's payload in fragments between a level's hosts, each in a tunnel of the next. */
static void send_level(struct network *network, int level, int levels, uint8_t proto, uint32_t id,
	const uint8_t *payload, uint32_t len)
{
	uint32_t most = (uint32_t)512 >> level;
	uint32_t n = (len + most - 1) / most;
	for (uint32_t i = 0; i < n; i++) {
		uint8_t packet[LARGEST];
		uint32_t part = network->backwards ? n - 1 - i : i;
		uint32_t at = part * most;
		uint32_t part_len = len - at < most ? len - at : most;
		uint32_t more = part + 1 < n ? 0x2000 : 0;
		put_ipv4(packet, level, proto, id, more | at / 8, part_len);
		memcpy(packet + IP4, payload + at, part_len);
		if (level + 1 < levels)
			send_level(network, level + 1, levels, PROTO_IP_IN_IP, id * 16 + part,
				packet, IP4 + part_len);
		else
			feed_bytes(network, packet, IP4 + part_len);
	}
}

static void on_packet_inside(
	void *context, struct ww_flow *flow, enum ww_dir dir, const struct ww_packet *packet)
{
	struct network *network = context;
	int level = packet->src.b[13];
	if (packet->is_fragment) {
		assert_in_range(level, 0, LEVELS - 1);
		network->n_fragments[level]++;
		return;
	}
	assert_int_equal(level, 0);
	assert_true(packet->has_transport);
	assert_int_equal(packet->dport, 69);
	assert_int_equal(packet->payload_len, network->len);
	network->n_whole++;
}

static struct ww_flows *flows_of(struct network *network)
{
	struct ww_flow_limits limits = {0};
	struct ww_flow_sink sink = {.context = network, .packet = on_packet_inside};
	struct ww_flows *flows = NULL;
	assert_int_equal(ww_flows_new(&limits, ww_hash_key_fixed(0), &sink, &flows), 0);
	return flows;
}

static void fragments_in_fragments(void **state)
{
	uint8_t datagram[LARGEST] = {3000 >> 8, 3000 & 255, 0, 69};
	for (int levels = 1; levels <= LEVELS; levels++)
		for (int backwards = 0; backwards <= 1; backwards++) {
			struct network network = {.backwards = backwards, .len = 1400 - 8};
			network.flows = flows_of(&network);
			put16(datagram + 4, 1400);
			send_level(&network, 0, levels, WW_PROTO_UDP, 1, datagram, 1400);
			const struct ww_flow_counts *counts = ww_flows_counts(network.flows);
			assert_int_equal(network.n_whole, 1);
			assert_int_equal(network.n_fragments[0], 3);
			assert_int_equal(counts->contacts, 1);
			for (int level = 1; level < LEVELS; level++)
				assert_int_equal(network.n_fragments[level] != 0, level < levels);
			assert_int_equal(counts->encapsulations[WW_ENCAPSULATION_IPV4_IN_IP] != 0,
				levels > 1);
			ww_flows_finish(network.flows);
			assert_int_equal(counts->fragments_dropped, 0);
			ww_flows_free(&network.flows);
		}
}

/* A bomb of first fragments: only the outermost is looked at, and it is counted. */
static void a_fragment_that_is_never_whole(void **state)
{
	uint8_t packet[LARGEST];
	struct network network = {.len = 0};
	network.flows = flows_of(&network);
	/* 64 headers, each a first fragment of 8 bytes of the next that nothing completes. */
	uint32_t len = 64 * IP4;
	for (uint32_t i = 0; i < 64; i++)
		put_ipv4(packet + i * IP4, 0, PROTO_IP_IN_IP, i, 0x2000, len - (i + 1) * IP4);
	feed_bytes(&network, packet, len);
	assert_int_equal(network.n_whole, 0);
	ww_flows_finish(network.flows);
	assert_int_equal(ww_flows_counts(network.flows)->fragments_dropped, 1);
	ww_flows_free(&network.flows);
}

/* One capture point inside, one outside: the packet is the same, and counts once. */
static void both_sides_of_a_tunnel(void **state)
{
	uint8_t packet[LARGEST] = {0};
	struct network network = {.len = 4};
	network.flows = flows_of(&network);
	uint8_t *inner = packet + IP4;
	put_ipv4(packet, 1, PROTO_IP_IN_IP, 99, 0, IP4 + 12);
	put_ipv4(inner, 0, WW_PROTO_UDP, 7, 0, 12);
	put16(inner + IP4, 3000);
	put16(inner + IP4 + 2, 69);
	put16(inner + IP4 + 4, 12);
	feed_bytes(&network, inner, IP4 + 12);
	inner[8]--; /* a router on the way */
	feed_bytes(&network, packet, 2 * IP4 + 12);
	assert_int_equal(ww_flows_counts(network.flows)->duplicates, 1);
	assert_int_equal(ww_flows_counts(network.flows)->contacts, 1);
	assert_int_equal(network.n_whole, 1);
	ww_flows_free(&network.flows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fragments_in_fragments),
		cmocka_unit_test(a_fragment_that_is_never_whole),
		cmocka_unit_test(both_sides_of_a_tunnel),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
