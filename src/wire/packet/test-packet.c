// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Packets built here byte by byte, in every link layer, decoded whole, cut at each length (by the
 * snap length and on the wire) and damaged.
 */
#include "base/rng.h"
#include "wire/packet/packet.h"

#include "test.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX = 512 };

struct bytes {
	uint8_t b[MAX];
	uint32_t len;
};

/* Appends hexadecimal digits; blanks are for the reader. */
static void add(struct bytes *out, const char *hex)
{
	int half = -1;
	for (; *hex; hex++) {
		if (*hex == ' ')
			continue;
		int digit = *hex <= '9' ? *hex - '0' : *hex - 'a' + 10;
		assert_in_range(digit, 0, 15);
		if (half < 0) {
			half = digit;
			continue;
		}
		assert_in_range(out->len, 0, MAX - 1);
		out->b[out->len++] = (uint8_t)(half << 4 | digit);
		half = -1;
	}
	assert_int_equal(half, -1);
}

static void decode(const struct bytes *in, uint32_t captured, uint32_t length, uint16_t link,
	struct ww_packet *ret)
{
	/* A copy of the very size, so that a sanitizer sees a read past it. */
	uint8_t *copy = malloc(captured ? captured : 1);
	assert_non_null(copy);
	memcpy(copy, in->b, captured);
	struct ww_frame frame = {.data = copy,
		.captured = captured,
		.length = length,
		.time_us = 77,
		.number = 5,
		.link_type = link};
	ww_packet_decode(&frame, ret);
	assert_true(ret->time_us == 77 && ret->frame == 5);

	/* What holds for any bytes whatever. */
	const uint8_t *end = copy + captured;
	assert_in_range(ret->outcome, 0, WW_OUTCOME_COUNT - 1);
	assert_in_range(ret->outcome_layer, 0, WW_LAYER_COUNT - 1);
	if (ret->outcome == WW_OUTCOME_OK)
		assert_int_equal(ret->outcome_layer, WW_LAYER_TRANSPORT);
	if (ret->network)
		assert_true(ret->network >= copy && ret->network + ret->network_len <= end);
	if (ret->transport)
		assert_true(ret->transport >= ret->network && ret->transport <= end);
	if (ret->payload)
		assert_true(ret->payload >= copy && ret->payload + ret->payload_len <= end);
	assert_true(ret->payload_wire >= ret->payload_len);
	assert_true(!ret->has_transport || (ret->payload && ret->transport && ret->ip_version));
	assert_false(ret->is_fragment && ret->has_transport);
	/* Rebase, because the copy goes. */
	if (ret->network)
		ret->network = in->b + (ret->network - copy);
	if (ret->transport)
		ret->transport = in->b + (ret->transport - copy);
	if (ret->payload)
		ret->payload = in->b + (ret->payload - copy);
	free(copy);
}

#define MACS "0200000000aa 0200000000bb "

/* What may stand in front of IPv4 (first) and of IPv6 (second). */
static const struct {
	const char *name;
	uint16_t link;
	const char *v4, *v6;
} links[] = {
	{"Ethernet", 1, MACS "0800", MACS "86dd"},
	{"VLAN", 1, MACS "8100 0064 0800", MACS "8100 0064 86dd"},
	{"QinQ", 1, MACS "88a8 0064 8100 0065 0800", MACS "88a8 0064 8100 0065 86dd"},
	{"9100", 1, MACS "9100 0064 9100 0065 0800", MACS "9100 0064 9100 0065 86dd"},
	{"eight tags", 1,
		MACS
		"8100 0001 8100 0002 8100 0003 8100 0004 8100 0005 8100 0006 8100 0007 8100 0008 "
		"0800",
		MACS
		"8100 0001 8100 0002 8100 0003 8100 0004 8100 0005 8100 0006 8100 0007 8100 0008 "
		"86dd"},
	{"PPPoE", 1, MACS "8864 1100 0001 0100 0021", MACS "8864 1100 0001 0100 0057"},
	{"raw", 101, "", ""},
	{"raw 12", 12, "", ""},
	{"raw 14", 14, "", ""},
	{"raw IPv4", 228, "", ""},
	{"raw IPv6", 229, "", ""},
	{"null, little-endian", 0, "02000000", "1e000000"},
	{"null, big-endian", 0, "00000002", "0000001c"},
	{"loop", 108, "00000002", "00000018"},
	{"SLL", 113, "0000 0001 0006 0200000000aa0000 0800",
		"0000 0001 0006 0200000000aa0000 86dd"},
	{"SLL, VLAN", 113, "0000 0001 0006 0200000000aa0000 8100 0064 0800",
		"0000 0001 0006 0200000000aa0000 8100 0064 86dd"},
	{"SLL2", 276, "0800 0000 00000002 0001 00 06 0200000000aa0000",
		"86dd 0000 00000002 0001 00 06 0200000000aa0000"},
	{"PPP", 9, "ff03 0021", "ff03 0057"},
	{"PPP, compressed", 9, "21", "57"},
	{"PPP in HDLC", 50, "ff03 0021", "ff03 0057"},
	{"PPPoE alone", 51, "1100 0001 0100 0021", "1100 0001 0100 0057"},
	{"Cisco HDLC", 104, "0f00 0800", "0f00 86dd"},
	{"Cisco HDLC as PPP", 50, "0f00 0800", "0f00 86dd"},
};

/* IP packets, and what must be read out of them. */
static const struct row {
	const char *name;
	int version;
	const char *hex;
	struct ww_packet expect; /* without addresses and pointers */
	uint32_t transport_at;   /* offset from the IP header */
} rows[] = {
	{"TCP", 4,
		"45100031 1234 4000 4006 0000 0a010203 c0a80001"
		"0701 115c 00000064 000000c8 5018 2000 0000 0000 737461727420782e65",
		{.proto = 6,
			.has_transport = true,
			.sport = 1793,
			.dport = 4444,
			.ttl = 64,
			.tos = 0x10,
			.tcp_flags = WW_TCP_PSH | WW_TCP_ACK,
			.ip_header_len = 20,
			.ip_id = 0x1234,
			.seq = 100,
			.ack = 200,
			.window = 8192,
			.tcp_header_len = 20,
			.payload_len = 9,
			.payload_wire = 9},
		20},
	{"TCP with options in both headers", 4,
		"47000038 0001 0000 8006 0000 0a010203 c0a80001 0101010101010100"
		"0001 0002 ffffffff 00000000 70c2 0001 0000 0000 020405b401010402",
		{.proto = 6,
			.has_transport = true,
			.sport = 1,
			.dport = 2,
			.ttl = 128,
			.tcp_flags = 0xc2,
			.ip_header_len = 28,
			.ip_id = 1,
			.seq = 0xffffffff,
			.window = 1,
			.tcp_header_len = 28},
		28},
	{"TCP, length left to the card", 4,
		"45000000 0001 0000 8006 0000 0a010203 c0a80001"
		"0001 0002 00000000 00000000 5010 0001 0000 0000 aabbcc",
		{.proto = 6,
			.has_transport = true,
			.sport = 1,
			.dport = 2,
			.ttl = 128,
			.tcp_flags = WW_TCP_ACK,
			.ip_header_len = 20,
			.ip_id = 1,
			.window = 1,
			.tcp_header_len = 20,
			.payload_len = 3,
			.payload_wire = 3},
		20},
	{"UDP", 4, "45000020 0000 0000 4011 0000 0a010203 c0a80001 0045 0046 000c 0000 61626364",
		{.proto = 17,
			.has_transport = true,
			.sport = 69,
			.dport = 70,
			.ttl = 64,
			.ip_header_len = 20,
			.payload_len = 4,
			.payload_wire = 4},
		20},
	{"UDP shorter than IP", 4,
		"45000020 0000 0000 4011 0000 0a010203 c0a80001 0045 0046 0009 0000 61626364",
		{.proto = 17,
			.has_transport = true,
			.sport = 69,
			.dport = 70,
			.ttl = 64,
			.ip_header_len = 20,
			.payload_len = 1,
			.payload_wire = 1},
		20},
	{"ICMP", 4, "4500001f 0000 0000 4001 0000 0a010203 c0a80001 0803 0000 00010002 616263",
		{.proto = 1,
			.has_transport = true,
			.sport = 8,
			.dport = 3,
			.ttl = 64,
			.ip_header_len = 20,
			.payload_len = 3,
			.payload_wire = 3},
		20},
	{"first fragment", 4,
		"45000024 abcd 2000 4011 0000 0a010203 c0a80001 0045 0046 00ff 0000 "
		"6162636465666768",
		{.proto = 17,
			.is_fragment = true,
			.more_fragments = true,
			.ttl = 64,
			.ip_header_len = 20,
			.ip_id = 0xabcd,
			.payload_len = 16,
			.payload_wire = 16},
		0},
	{"last fragment", 4, "45000016 abcd 1fff 4006 0000 0a010203 c0a80001 6162",
		{.proto = 6,
			.is_fragment = true,
			.ttl = 64,
			.ip_header_len = 20,
			.ip_id = 0xabcd,
			.fragment_offset = 65528,
			.payload_len = 2,
			.payload_wire = 2},
		0},
	{"ESP", 4, "4500001c 0000 0000 4032 0000 0a010203 c0a80001 0000000100000002",
		{.proto = 50,
			.ttl = 64,
			.ip_header_len = 20,
			.outcome = WW_OUTCOME_UNSUPPORTED,
			.outcome_layer = WW_LAYER_TRANSPORT},
		20},
	{"SCTP", 4, "45000020 0000 0000 4084 0000 0a010203 c0a80001 0007 0008 00000001 00000000",
		{.proto = 132,
			.sport = 7,
			.dport = 8,
			.ttl = 64,
			.ip_header_len = 20,
			.outcome = WW_OUTCOME_UNSUPPORTED,
			.outcome_layer = WW_LAYER_TRANSPORT},
		20},
	{"TCP", 6,
		"6fb00000 0017 06 40 20010db8000000000000000000000001"
		"20010db8000000000000000000000002"
		"0701 115c 00000064 000000c8 5002 2000 0000 0000 616263",
		{.proto = 6,
			.has_transport = true,
			.sport = 1793,
			.dport = 4444,
			.ttl = 64,
			.tos = 0xfb,
			.tcp_flags = WW_TCP_SYN,
			.ip_header_len = 40,
			.seq = 100,
			.ack = 200,
			.window = 8192,
			.tcp_header_len = 20,
			.payload_len = 3,
			.payload_wire = 3},
		40},
	{"BIG TCP: length 0", 6,
		"60000000 0000 06 40 20010db8000000000000000000000001"
		"20010db8000000000000000000000002"
		"0701 115c 00000064 000000c8 5002 2000 0000 0000 616263",
		{.proto = 6,
			.has_transport = true,
			.sport = 1793,
			.dport = 4444,
			.ttl = 64,
			.tcp_flags = WW_TCP_SYN,
			.ip_header_len = 40,
			.seq = 100,
			.ack = 200,
			.window = 8192,
			.tcp_header_len = 20,
			.payload_len = 3,
			.payload_wire = 3},
		40},
	{"UDP behind hop-by-hop, routing, authentication, destination", 6,
		"60000000 0030 00 01 20010db8000000000000000000000001"
		"20010db8000000000000000000000002"
		"2b00 010400000000 3300 000000000000 3c01 0000 0000000100000002"
		"1100 010400000000 0045 0046 000c 0000 61626364",
		{.proto = 17,
			.has_transport = true,
			.sport = 69,
			.dport = 70,
			.ttl = 1,
			.ip_header_len = 40,
			.payload_len = 4,
			.payload_wire = 4},
		76},
	{"ICMPv6", 6,
		"60000000 0009 3a ff 20010db8000000000000000000000001"
		"20010db8000000000000000000000002 8000 0000 00010002 61",
		{.proto = 58,
			.has_transport = true,
			.sport = 128,
			.ttl = 255,
			.ip_header_len = 40,
			.payload_len = 1,
			.payload_wire = 1},
		40},
	{"atomic fragment", 6,
		"60000000 0014 2c 40 20010db8000000000000000000000001"
		"20010db8000000000000000000000002 11000000 deadbeef 0045 0046 000c 0000 61626364",
		{.proto = 17,
			.has_transport = true,
			.sport = 69,
			.dport = 70,
			.ttl = 64,
			.ip_header_len = 40,
			.ip_id = 0xdeadbeef,
			.payload_len = 4,
			.payload_wire = 4},
		48},
	{"fragment", 6,
		"60000000 000c 2c 40 20010db8000000000000000000000001"
		"20010db8000000000000000000000002 06000101 deadbeef 61626364",
		{.proto = 6,
			.is_fragment = true,
			.more_fragments = true,
			.fragment_offset = 256,
			.ttl = 64,
			.ip_header_len = 40,
			.ip_id = 0xdeadbeef,
			.payload_len = 4,
			.payload_wire = 4},
		0},
	{"nothing follows", 6,
		"60000000 0008 00 40 20010db8000000000000000000000001"
		"20010db8000000000000000000000002 3b00010400000000",
		{.proto = 59,
			.ttl = 64,
			.ip_header_len = 40,
			.outcome = WW_OUTCOME_UNSUPPORTED,
			.outcome_layer = WW_LAYER_TRANSPORT},
		48},
	{"ICMP of the other version", 6,
		"60000000 0008 01 40 20010db8000000000000000000000001"
		"20010db8000000000000000000000002 0000000000000000",
		{.proto = 1,
			.ttl = 64,
			.ip_header_len = 40,
			.outcome = WW_OUTCOME_UNSUPPORTED,
			.outcome_layer = WW_LAYER_TRANSPORT},
		40},
};

static void check_row(const struct row *row, const struct ww_packet *got, const struct bytes *in,
	uint32_t at, uint32_t ip_len)
{
	const struct ww_packet *want = &row->expect;
	struct ww_ip src, dst;
	ww_ip_parse(row->version == 4 ? "10.1.2.3" : "2001:db8::1", &src);
	ww_ip_parse(row->version == 4 ? "192.168.0.1" : "2001:db8::2", &dst);
	assert_int_equal(got->outcome, want->outcome);
	assert_int_equal(got->outcome_layer, WW_LAYER_TRANSPORT);
	assert_int_equal(got->ip_version, row->version);
	assert_int_equal(got->proto, want->proto);
	assert_false(got->is_arp);
	assert_int_equal(got->is_fragment, want->is_fragment);
	assert_int_equal(got->more_fragments, want->more_fragments);
	assert_int_equal(got->has_transport, want->has_transport);
	assert_true(ww_ip_equal(&got->src, &src) && ww_ip_equal(&got->dst, &dst));
	assert_int_equal(got->sport, want->sport);
	assert_int_equal(got->dport, want->dport);
	assert_int_equal(got->ttl, want->ttl);
	assert_int_equal(got->tos, want->tos);
	assert_int_equal(got->tcp_flags, want->tcp_flags);
	assert_int_equal(got->ip_header_len, want->ip_header_len);
	assert_int_equal(got->ip_id, want->ip_id);
	assert_int_equal(got->fragment_offset, want->fragment_offset);
	assert_int_equal(got->seq, want->seq);
	assert_int_equal(got->ack, want->ack);
	assert_int_equal(got->window, want->window);
	assert_int_equal(got->tcp_header_len, want->tcp_header_len);
	assert_ptr_equal(got->network, in->b + at);
	assert_int_equal(got->network_len, ip_len);
	assert_ptr_equal(got->transport, row->transport_at ? in->b + at + row->transport_at : NULL);
	assert_int_equal(got->payload_len, want->payload_len);
	assert_int_equal(got->payload_wire, want->payload_wire);
	/* The payload ends the packet in all rows but that of the short UDP length. */
	if (want->payload_len > 1)
		assert_ptr_equal(got->payload + got->payload_len, in->b + at + ip_len);
}

static void build(struct bytes *out, size_t link, const struct row *row, uint32_t *ret_at)
{
	out->len = 0;
	add(out, row->version == 4 ? links[link].v4 : links[link].v6);
	*ret_at = out->len;
	add(out, row->hex);
}

static void every_packet_in_every_link_layer(void **state)
{
	for (size_t l = 0; l < WW_N(links); l++)
		for (size_t r = 0; r < WW_N(rows); r++) {
			struct bytes in;
			struct ww_packet packet;
			uint32_t at;
			build(&in, l, &rows[r], &at);
			decode(&in, in.len, in.len, links[l].link, &packet);
			check_row(&rows[r], &packet, &in, at, in.len - at);
			assert_non_null(ww_link_name(links[l].link));
			/* Padding behind the packet is nobody's payload. */
			if (strstr(rows[r].name, "length"))
				continue;
			uint32_t ip_len = in.len - at;
			add(&in, "eeeeeeeeeeee");
			decode(&in, in.len, in.len, links[l].link, &packet);
			check_row(&rows[r], &packet, &in, at, ip_len);
		}
	assert_null(ww_link_name(9999));
}

/* Cut by the snap length: what was captured is read, and never called malformed. */
static void every_snap_length(void **state)
{
	for (size_t l = 0; l < WW_N(links); l++)
		for (size_t r = 0; r < WW_N(rows); r++) {
			struct bytes in;
			struct ww_packet packet;
			uint32_t at;
			build(&in, l, &rows[r], &at);
			const struct ww_packet *want = &rows[r].expect;
			for (uint32_t cut = 0; cut < in.len; cut++) {
				decode(&in, cut, in.len, links[l].link, &packet);
				assert_int_not_equal(packet.outcome, WW_OUTCOME_MALFORMED);
				uint32_t fixed = at + (rows[r].version == 4 ? 20 : 40);
				assert_int_equal(
					packet.ip_version, cut >= fixed ? rows[r].version : 0);
				if (cut < fixed && want->outcome == WW_OUTCOME_OK)
					assert_int_equal(packet.outcome, WW_OUTCOME_TRUNCATED);
				if (packet.has_transport || packet.is_fragment)
					assert_int_equal(packet.payload_wire, want->payload_wire);
				uint32_t need = rows[r].transport_at +
						(want->proto == WW_PROTO_TCP ? 20 : 8);
				if (want->has_transport)
					assert_int_equal(packet.has_transport, cut >= at + need);
				if (packet.has_transport)
					assert_int_equal(packet.dport, want->dport);
			}
		}
}

/* Cut on the wire, lengths and all: decoded as far as it goes. */
static void every_length_on_the_wire(void **state)
{
	for (size_t l = 0; l < WW_N(links); l++)
		for (size_t r = 0; r < WW_N(rows); r++) {
			struct bytes in;
			struct ww_packet packet;
			uint32_t at;
			build(&in, l, &rows[r], &at);
			for (uint32_t cut = 0; cut < in.len; cut++) {
				decode(&in, cut, cut, links[l].link, &packet);
				if (cut < at + (rows[r].version == 4 ? 20 : 40))
					assert_int_equal(packet.outcome, WW_OUTCOME_MALFORMED);
			}
		}
}

static void damage_is_an_outcome(void **state)
{
	static const struct {
		const char *name;
		uint16_t link;
		const char *hex;
		enum ww_layer layer;
		enum ww_outcome outcome;
	} cases[] = {
		{"unknown link type", 147, "00", WW_LAYER_LINK, WW_OUTCOME_UNSUPPORTED},
		{"nine tags", 1,
			MACS "8100 0001 8100 0002 8100 0003 8100 0004 8100 0005 8100 0006 8100 0007"
			     "8100 0008 8100 0009 0800",
			WW_LAYER_LINK, WW_OUTCOME_UNSUPPORTED},
		{"802.3", 1, MACS "0026 424203", WW_LAYER_NETWORK, WW_OUTCOME_UNSUPPORTED},
		{"MPLS", 1, MACS "8847 00000000", WW_LAYER_NETWORK, WW_OUTCOME_UNSUPPORTED},
		{"PPPoE discovery", 1, MACS "8863 1109 0000 0000", WW_LAYER_NETWORK,
			WW_OUTCOME_UNSUPPORTED},
		{"PPPoE version", 1, MACS "8864 2100 0000 0010 0021", WW_LAYER_LINK,
			WW_OUTCOME_MALFORMED},
		{"PPP LCP", 9, "ff03 c021 0101", WW_LAYER_NETWORK, WW_OUTCOME_UNSUPPORTED},
		{"null, AppleTalk", 0, "10000000", WW_LAYER_NETWORK, WW_OUTCOME_UNSUPPORTED},
		{"raw, version 5", 101, "55000014 0000 0000 4006 0000 0a010203 c0a80001",
			WW_LAYER_NETWORK, WW_OUTCOME_MALFORMED},
		{"IPv4 in IPv6's type", 1,
			MACS "86dd 45000014 0000 0000 4006 0000 0a010203 c0a80001"
			     "0000000000000000000000000000000000000000",
			WW_LAYER_NETWORK, WW_OUTCOME_MALFORMED},
		{"header of 16 bytes", 101, "44000014 0000 0000 4006 0000 0a010203 c0a80001",
			WW_LAYER_NETWORK, WW_OUTCOME_MALFORMED},
		{"total below header", 101, "45000013 0000 0000 4006 0000 0a010203 c0a80001",
			WW_LAYER_NETWORK, WW_OUTCOME_MALFORMED},
		{"TCP in 19 bytes", 101,
			"45000027 0000 0000 4006 0000 0a010203 c0a80001"
			"0001 0002 00000000 00000000 5010 0001 0000 00",
			WW_LAYER_TRANSPORT, WW_OUTCOME_MALFORMED},
		{"TCP header of 16", 101,
			"45000028 0000 0000 4006 0000 0a010203 c0a80001"
			"0001 0002 00000000 00000000 4010 0001 0000 0000",
			WW_LAYER_TRANSPORT, WW_OUTCOME_MALFORMED},
		{"TCP header beyond the packet", 101,
			"45000028 0000 0000 4006 0000 0a010203 c0a80001"
			"0001 0002 00000000 00000000 6010 0001 0000 0000",
			WW_LAYER_TRANSPORT, WW_OUTCOME_MALFORMED},
		{"UDP of 7", 101,
			"4500001c 0000 0000 4011 0000 0a010203 c0a80001 0045 0046 0007 0000",
			WW_LAYER_TRANSPORT, WW_OUTCOME_MALFORMED},
		{"UDP beyond IP", 101,
			"4500001c 0000 0000 4011 0000 0a010203 c0a80001 0045 0046 0009 0000",
			WW_LAYER_TRANSPORT, WW_OUTCOME_MALFORMED},
		{"UDP of 0", 101,
			"4500001c 0000 0000 4011 0000 0a010203 c0a80001 0045 0046 0000 0000",
			WW_LAYER_TRANSPORT, WW_OUTCOME_MALFORMED},
		{"extension header beyond the packet", 101,
			"60000000 0008 00 40 20010db8000000000000000000000001"
			"20010db8000000000000000000000002 0601010400000000",
			WW_LAYER_NETWORK, WW_OUTCOME_MALFORMED},
		{"ARP in 7 bytes", 1, MACS "0806 0001 0800 06 04 00", WW_LAYER_NETWORK,
			WW_OUTCOME_MALFORMED},
		{"ARP", 1, MACS "0806 0001 0800 06 04 0001", WW_LAYER_TRANSPORT, WW_OUTCOME_OK},
	};
	for (size_t i = 0; i < WW_N(cases); i++) {
		struct bytes in = {.len = 0};
		struct ww_packet packet;
		add(&in, cases[i].hex);
		decode(&in, in.len, in.len, cases[i].link, &packet);
		if (packet.outcome != cases[i].outcome || packet.outcome_layer != cases[i].layer)
			fail_msg("%s: %s at %s", cases[i].name, ww_outcome_name(packet.outcome),
				ww_layer_name(packet.outcome_layer));
		assert_false(packet.has_transport);
		assert_int_equal(packet.is_arp, strncmp(cases[i].name, "ARP", 3) == 0);
	}
}

static void extension_headers_have_a_limit(void **state)
{
	for (int n = 15; n <= 17; n++) {
		struct bytes in = {.len = 0};
		struct ww_packet packet;
		char head[16];
		snprintf(head, sizeof(head), "60000000 %04x", (unsigned)n * 8 + 8);
		add(&in, head);
		add(&in, "3c 40 20010db8000000000000000000000001 20010db8000000000000000000000002");
		for (int i = 1; i <= n; i++)
			add(&in, i < n ? "3c00010400000000" : "1100010400000000");
		add(&in, "0045 0046 0008 0000");
		decode(&in, in.len, in.len, 101, &packet);
		assert_int_equal(packet.outcome, n <= 16 ? WW_OUTCOME_OK : WW_OUTCOME_UNSUPPORTED);
		assert_int_equal(packet.has_transport, n <= 16);
	}
}

static void any_bytes_keep_the_promises(void **state)
{
	struct ww_rng rng = ww_rng_seeded(4444);
	for (int round = 0; round < 200000; round++) {
		struct bytes in;
		struct ww_packet packet;
		uint32_t at;
		size_t link = ww_rng_below(&rng, WW_N(links));
		build(&in, link, &rows[ww_rng_below(&rng, WW_N(rows))], &at);
		for (uint64_t k = ww_rng_below(&rng, 4); k > 0; k--)
			in.b[ww_rng_below(&rng, in.len)] = (uint8_t)ww_rng_u64(&rng);
		uint32_t captured = (uint32_t)ww_rng_below(&rng, in.len + 1);
		uint32_t length = captured + (uint32_t)ww_rng_below(&rng, 3) * 40;
		decode(&in, captured, length, links[link].link, &packet);
	}
}

static void a_reassembled_packet_is_decoded(void **state)
{
	for (size_t r = 0; r < WW_N(rows); r++) {
		struct bytes in = {.len = 0};
		struct ww_packet packet;
		add(&in, rows[r].hex);
		ww_packet_decode_ip(in.b, in.len, in.len, 9, 3, &packet);
		assert_true(packet.time_us == 9 && packet.frame == 3);
		check_row(&rows[r], &packet, &in, 0, in.len);
	}
}

static void counts_add_up(void **state)
{
	struct ww_packet_counts counts = {0};
	uint64_t outcomes = 0;
	for (size_t r = 0; r < WW_N(rows); r++) {
		struct bytes in;
		struct ww_packet packet;
		uint32_t at;
		build(&in, 0, &rows[r], &at);
		decode(&in, in.len, in.len, 1, &packet);
		ww_packet_count(&counts, &packet, in.len);
		decode(&in, in.len - 1, in.len, 1, &packet);
		ww_packet_count(&counts, &packet, in.len);
	}
	for (int l = 0; l < WW_LAYER_COUNT; l++)
		for (int o = 0; o < WW_OUTCOME_COUNT; o++)
			outcomes += counts.outcomes[l][o];
	assert_int_equal(counts.packets, 2 * WW_N(rows));
	assert_int_equal(counts.ipv4, 20);
	assert_int_equal(counts.ipv6, 16);
	assert_int_equal(counts.fragments, 6);
	assert_int_equal(counts.tcp, 10); /* five, and each without its last byte */
	assert_int_equal(counts.udp, 8);
	assert_int_equal(counts.icmp, 4);
	assert_int_equal(counts.outcomes[WW_LAYER_TRANSPORT][WW_OUTCOME_TRUNCATED], 1 + 1);
	assert_true(outcomes >= 8);
	struct ww_packet arp = {.is_arp = true};
	ww_packet_count(&counts, &arp, 60);
	assert_int_equal(counts.arp, 1);
}

/* From the specification's README. */
static void community_ids_of_the_specification(void **state)
{
	static const struct {
		const char *src, *dst;
		uint8_t proto;
		uint16_t sport, dport;
		const char *id;
	} known[] = {
		{"128.232.110.120", "66.35.250.204", 6, 34855, 80,
			"1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{"66.35.250.204", "128.232.110.120", 6, 80, 34855,
			"1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{"192.168.1.52", "8.8.8.8", 17, 54585, 53, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
	};
	char text[WW_COMMUNITY_ID_MAX];
	for (size_t i = 0; i < WW_N(known); i++) {
		struct ww_ip src, dst;
		assert_int_equal(ww_ip_parse(known[i].src, &src), 0);
		assert_int_equal(ww_ip_parse(known[i].dst, &dst), 0);
		assert_string_equal(ww_community_id(&src, &dst, known[i].proto, known[i].sport,
					    known[i].dport, text),
			known[i].id);
	}
}

static const char *shared_dir(void)
{
	const char *dir = getenv("WORMWOOD_SHARED");
	return dir ? dir : SOURCE_ROOT "/../shared";
}

/* Whether a row of the baseline is this packet's; its ID is then compared. */
static bool matches(json_t *row, const struct ww_packet *packet)
{
	char src[WW_IP_TEXT_MAX], dst[WW_IP_TEXT_MAX], id[WW_COMMUNITY_ID_MAX];
	const char *saddr = NULL, *daddr = NULL, *want = NULL;
	int proto = 0, sport = 0, dport = 0;
	assert_int_equal(json_unpack(row, "{s:s,s:s,s:s,s:i}", "saddr", &saddr, "daddr", &daddr,
				 "communityid", &want, "proto", &proto),
		0);
	/* Absent, or null, where the protocol has no ports. */
	sport = (int)json_integer_value(json_object_get(row, "sport"));
	dport = (int)json_integer_value(json_object_get(row, "dport"));
	bool icmp = proto == WW_PROTO_ICMP || proto == WW_PROTO_ICMPV6;
	if (proto != packet->proto || sport != packet->sport || (!icmp && dport != packet->dport) ||
		strcmp(ww_ip_print(&packet->src, src), saddr) != 0 ||
		strcmp(ww_ip_print(&packet->dst, dst), daddr) != 0)
		return false;
	assert_string_equal(ww_community_id(&packet->src, &packet->dst, packet->proto,
				    packet->sport, packet->dport, id),
		want);
	return true;
}

static void community_ids_of_the_baseline(void **state)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/captures/community-id/baseline_deflt.json", shared_dir());
	json_t *baseline = json_load_file(path, 0, NULL);
	if (!baseline) {
		print_message("skipped: %s is absent\n", path);
		skip();
	}
	size_t n_rows = json_array_size(baseline);
	bool *seen = calloc(n_rows, sizeof(*seen));
	assert_true(n_rows > 0 && seen != NULL);
	snprintf(path, sizeof(path), "%s/captures/community-id/combined.pcap.gz", shared_dir());
	struct ww_capture *capture = NULL;
	assert_int_equal(ww_capture_open(path, &capture, NULL), 0);
	struct ww_frame frames[WW_BATCH];
	size_t n;
	while (ww_capture_read(capture, frames, &n) == WW_CAPTURE_MORE)
		for (size_t i = 0; i < n; i++) {
			struct ww_packet packet;
			bool found = false;
			ww_packet_decode(&frames[i], &packet);
			for (size_t k = 0; k < n_rows; k++)
				if (matches(json_array_get(baseline, k), &packet))
					seen[k] = found = true;
			if (packet.ip_version != 0 && !found)
				fail_msg("frame %d is in no row", (int)packet.frame);
		}
	for (size_t k = 0; k < n_rows; k++)
		if (!seen[k])
			fail_msg("row %zu has no packet", k);
	print_message("%zu rows\n", n_rows);
	ww_capture_close(&capture);
	json_decref(baseline);
	free(seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_packet_in_every_link_layer),
		cmocka_unit_test(every_snap_length),
		cmocka_unit_test(every_length_on_the_wire),
		cmocka_unit_test(damage_is_an_outcome),
		cmocka_unit_test(extension_headers_have_a_limit),
		cmocka_unit_test(any_bytes_keep_the_promises),
		cmocka_unit_test(a_reassembled_packet_is_decoded),
		cmocka_unit_test(counts_add_up),
		cmocka_unit_test(community_ids_of_the_specification),
		cmocka_unit_test(community_ids_of_the_baseline),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
