/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Packets written in hexadecimal, what must be read out of them, and a decode that checks what
 * holds for any bytes whatever. For the tests of this room only.
 */
#include "base/rng.h"
#include "wire/packet/packet.h"

#include "test.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX = 9216, GAPS_MAX = 1024 };

struct bytes {
	const char *name; /* for messages */
	uint8_t b[MAX];
	uint32_t len;
};

/* Two bytes that hold a length, known when all is there. */
struct gap {
	uint32_t at;
	int plus;
};

/*
 * Appends hexadecimal digits; blanks are for the reader. `+n` and `-n` are two bytes in which
 * `fill` later writes the number of bytes from there to the end, plus n.
 */
static void add_gaps(struct bytes *out, const char *hex, struct gap *gaps, size_t *n_gaps)
{
	int half = -1;
	for (; *hex; hex++) {
		if (*hex == ' ')
			continue;
		if (*hex == '+' || *hex == '-') {
			assert_true(gaps && *n_gaps < GAPS_MAX);
			char *end;
			gaps[(*n_gaps)++] = (struct gap){out->len, (int)strtol(hex, &end, 10)};
			hex = end - 1;
			assert_in_range(out->len, 0, MAX - 2);
			out->b[out->len++] = 0;
			out->b[out->len++] = 0;
			continue;
		}
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

static void add(struct bytes *out, const char *hex)
{
	add_gaps(out, hex, NULL, NULL);
}

static inline void fill(struct bytes *out, const struct gap *gaps, size_t n_gaps)
{
	for (size_t i = 0; i < n_gaps; i++) {
		int value = (int)(out->len - gaps[i].at) + gaps[i].plus;
		assert_in_range(value, 0, 65535);
		out->b[gaps[i].at] = (uint8_t)(value >> 8);
		out->b[gaps[i].at + 1] = (uint8_t)value;
	}
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
	assert_in_range(ret->n_layers, 0, WW_LAYERS_MAX);
	assert_true(ret->outcome != WW_OUTCOME_UNSUPPORTED || ret->unsupported_in);
	struct ww_ip outer_src, outer_dst;
	if (ww_packet_outer(ret, &outer_src, &outer_dst))
		assert_true(ret->network - ret->outer_offset >= copy &&
			    ret->outer_offset >=
				    (*(ret->network - ret->outer_offset) >> 4 == 4 ? 20 : 40));
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
	{"SCTP", 4,
		"45000024 0000 0000 4084 0000 0a010203 c0a80001 0007 0008 00000001 00000000"
		"0b000004",
		{.proto = 132,
			.has_transport = true,
			.sport = 7,
			.dport = 8,
			.ttl = 64,
			.ip_header_len = 20,
			.payload_len = 4,
			.payload_wire = 4},
		20},
	{"TCP behind AH", 4,
		"45000040 0000 0000 4033 0000 0a010203 c0a80001"
		"0604 0000 00000001 00000002 000000000000000000000000"
		"0001 0002 00000000 00000000 5010 0001 0000 0000",
		{.proto = 6,
			.has_transport = true,
			.sport = 1,
			.dport = 2,
			.ttl = 64,
			.tcp_flags = WW_TCP_ACK,
			.ip_header_len = 20,
			.window = 1,
			.tcp_header_len = 20},
		44},
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
	if (got->outcome != want->outcome || got->outcome_layer != WW_LAYER_TRANSPORT)
		fail_msg("%s in %s: %s at %s", row->name, in->name, ww_outcome_name(got->outcome),
			ww_layer_name(got->outcome_layer));
	ww_ip_parse(row->version == 4 ? "10.1.2.3" : "2001:db8::1", &src);
	ww_ip_parse(row->version == 4 ? "192.168.0.1" : "2001:db8::2", &dst);
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
