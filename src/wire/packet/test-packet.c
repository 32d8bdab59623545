// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Packets built here byte by byte, in every link layer, decoded whole, cut at each length (by the
 * snap length and on the wire) and damaged.
 */
#include "wire/packet/test-packet.h"

#include <jansson.h>

/* The rest of a header of 61 bytes, padded to 64. */
#define PFLOG                                                                                      \
	"000000000000000000000000000000000000000000000000000000000000"                             \
	"000000000000000000000000000000000000000000000000000000000000"

/* What may stand in front of IPv4 (first) and of IPv6 (second). */
static const struct {
	const char *name;
	uint16_t link;
	const char *v4, *v6;
} links[] = {
	{"Ethernet", 1, MACS "0800", MACS "86dd"},
	{"9200", 1, MACS "9200 0064 0800", MACS "9200 0064 86dd"},
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
	{"ATM, LLC", 100, "aaaa03 000000 0800", "aaaa03 000000 86dd"},
	{"802.1H", 1, MACS "05dc aaaa03 0000f8 0800", MACS "05dc aaaa03 0000f8 86dd"},
	{"SNAP", 1, MACS "05dc aaaa03 000000 0800", MACS "05dc aaaa03 000000 86dd"},
	{"SNAP in a VLAN", 1, MACS "8100 0064 05dc aaaa03 000000 0800",
		MACS "8100 0064 05dc aaaa03 000000 86dd"},
	{"SNAP in SLL", 113, "0000 0001 0006 0200000000aa0000 0004 aaaa03 000000 0800",
		"0000 0001 0006 0200000000aa0000 0004 aaaa03 000000 86dd"},
	{"802.1ah", 1, MACS "88e7 00000001" MACS "0800", MACS "88e7 00000001" MACS "86dd"},
	{"VN-Tag", 1, MACS "8926 00000001 0800", MACS "8926 00000001 8100 0064 86dd"},
	{"E-Tag", 1, MACS "893f 000000000001 0800", MACS "893f 000000000001 86dd"},
	{"TrustSec", 1, MACS "8909 01 01 0001 0002 0800",
		MACS "8909 01 02 0001 0002 00000000 86dd"},
	{"NSH", 1, MACS "894f 0006 01 01 00000103 00000000000000000000000000000000",
		MACS "894f 0fc2 02 02 00000103"},
	{"NSH in NSH, Ethernet", 1, MACS "894f 0fc2 02 04 00000103 0fc2 02 03 00000103" MACS "0800",
		MACS "894f 0fc2 02 04 00000103 0fc2 02 03 00000103" MACS "86dd"},
	{"MPLS", 1, MACS "8847 00010140", MACS "8847 00010140"},
	{"MPLS, three labels", 1, MACS "8848 00010040 00020040 00030140",
		MACS "8848 00010040 00020040 00030140"},
	{"MPLS, explicit null", 1, MACS "8847 00000140", MACS "8847 00002140"},
	{"MPLS, Ethernet behind a control word", 1, MACS "8847 00010140 00000000" MACS "0800",
		MACS "8847 00010140 00000000" MACS "8100 0064 86dd"},
	{"MPLS, Ethernet", 1, MACS "8847 00010140" MACS "0800", MACS "8847 00010140" MACS "86dd"},
	{"MPLS, Ethernet that begins like IPv4", 1,
		MACS "8847 00010140 4200000000aa 0200000000bb 0800",
		MACS "8847 00010140 4200000000aa 0200000000bb 86dd"},
	{"MPLS, Ethernet that begins like IPv6", 1,
		MACS "8847 00010140 6200000000aa ff00000000bb 0800",
		MACS "8847 00010140 6200000000aa ff00000000bb 86dd"},
	{"MPLS in PPP", 9, "ff03 0281 00010140", "0283 00010140"},
	{"PPPoE in a VLAN, compressed PPP", 1, MACS "8100 0064 8864 1100 0001 0100 21",
		MACS "8100 0064 8864 1100 0001 0100 57"},
	{"netfilter log", 239, "02 00 0001 0800 0100 08000300 0500 0a00 61000000 ffff 0900",
		"0a 00 0001 0800 0100 08000300 0500 0a00 61000000 ffff 0900"},
	{"netfilter log, big-endian", 239, "02 00 0001 0008 0001 08000300 ffff 0009",
		"0a 00 0001 0008 0001 08000300 ffff 0009"},
	{"pf log", 117, "3d 02 00 00" PFLOG, "3d 18 00 00" PFLOG},
	{"PKTAP, Ethernet", 258, "14000000 01000000 01000000 0000000000000000" MACS "0800",
		"14000000 01000000 01000000 0000000000000000" MACS "86dd"},
	{"PKTAP, raw", 258, "0c000000 01000000 0c000000", "0c000000 01000000 0c000000"},
	{"Cisco HDLC as PPP", 50, "0f00 0800", "0f00 86dd"},
};

static void build(struct bytes *out, size_t link, const struct row *row, uint32_t *ret_at)
{
	out->len = 0;
	out->name = links[link].name;
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
				if (packet.outcome == WW_OUTCOME_MALFORMED)
					fail_msg("%s in %s, %u bytes: malformed", rows[r].name,
						links[l].name, cut);
				uint32_t fixed = at + (rows[r].version == 4 ? 20 : 40);
				assert_int_equal(
					packet.ip_version, cut >= fixed ? rows[r].version : 0);
				if (cut < fixed && packet.outcome != WW_OUTCOME_TRUNCATED)
					fail_msg("%s in %s, %u bytes: %s", rows[r].name,
						links[l].name, cut,
						ww_outcome_name(packet.outcome));
				if (packet.has_transport || packet.is_fragment)
					assert_int_equal(packet.payload_wire, want->payload_wire);
				uint32_t need = rows[r].transport_at +
						(want->proto == WW_PROTO_TCP           ? 20
							: want->proto == WW_PROTO_SCTP ? 12
										       : 8);
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
				/* Without the field that is the packet a log holds none. */
				bool empty = links[l].link == 239 &&
					     packet.outcome == WW_OUTCOME_UNSUPPORTED;
				if (cut < at + (rows[r].version == 4 ? 20 : 40) && !empty &&
					packet.outcome != WW_OUTCOME_MALFORMED)
					fail_msg("%s in %s, %u bytes: %s", rows[r].name,
						links[l].name, cut,
						ww_outcome_name(packet.outcome));
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
		{"17 tags", 1,
			MACS "8100 0001 8100 0002 8100 0003 8100 0004 8100 0005 8100 0006 8100 0007"
			     "8100 0008 8100 0009 8100 000a 8100 000b 8100 000c 8100 000d 8100 000e"
			     "8100 000f 8100 0010 8100 0011 0800",
			WW_LAYER_LINK, WW_OUTCOME_UNSUPPORTED},
		{"spanning tree", 1, MACS "0026 424203", WW_LAYER_NETWORK, WW_OUTCOME_UNSUPPORTED},
		{"LLC in two bytes", 1, MACS "0002 4242", WW_LAYER_LINK, WW_OUTCOME_MALFORMED},
		{"802.3 of length 0", 1, MACS "0000 4242", WW_LAYER_LINK, WW_OUTCOME_MALFORMED},
		{"SNAP of Cisco", 1, MACS "0008 aaaa03 00000c 2000", WW_LAYER_NETWORK,
			WW_OUTCOME_UNSUPPORTED},
		{"SNAP with a length", 1, MACS "0008 aaaa03 000000 0008", WW_LAYER_NETWORK,
			WW_OUTCOME_UNSUPPORTED},
		{"no last label", 1, MACS "8847 00000000 00000000", WW_LAYER_LINK,
			WW_OUTCOME_MALFORMED},
		{"nothing behind the labels", 1, MACS "8847 00010100", WW_LAYER_LINK,
			WW_OUTCOME_MALFORMED},
		{"associated channel", 1, MACS "8847 0000d100 10000000", WW_LAYER_NETWORK,
			WW_OUTCOME_UNSUPPORTED},
		{"33 labels", 1,
			MACS "8847 00001000 00001000 00001000 00001000 00001000 00001000 00001000"
			     "00001000 00001000 00001000 00001000 00001000 00001000 00001000"
			     "00001000 00001000 00001000 00001000 00001000 00001000 00001000"
			     "00001000 00001000 00001000 00001000 00001000 00001000 00001000"
			     "00001000 00001000 00001000 00001000 00001100 45",
			WW_LAYER_LINK, WW_OUTCOME_UNSUPPORTED},
		{"a pseudowire of other things", 1,
			MACS "8847 00010100 00000000 0102030405060708090a0b0c0d0e0f1011",
			WW_LAYER_NETWORK, WW_OUTCOME_UNSUPPORTED},
		{"TrustSec, version 8", 1, MACS "8909 0800 0101", WW_LAYER_NETWORK,
			WW_OUTCOME_UNSUPPORTED},
		{"TrustSec beyond the frame", 1, MACS "8909 01ff 0001 0002 0800", WW_LAYER_LINK,
			WW_OUTCOME_MALFORMED},
		{"NSH, length 1", 1, MACS "894f 0001 01 01 00000103", WW_LAYER_LINK,
			WW_OUTCOME_MALFORMED},
		{"NSH, version 1", 1, MACS "894f 4002 01 01 00000103", WW_LAYER_LINK,
			WW_OUTCOME_MALFORMED},
		{"NSH, next 9", 1, MACS "894f 0002 01 09 00000103", WW_LAYER_NETWORK,
			WW_OUTCOME_UNSUPPORTED},
		{"nflog, length 3", 239, "02 00 0001 0300 0100", WW_LAYER_LINK,
			WW_OUTCOME_MALFORMED},
		{"nflog, field beyond the frame", 239, "02 00 0001 1000 0100 00", WW_LAYER_LINK,
			WW_OUTCOME_MALFORMED},
		{"nflog without a packet", 239, "02 00 0001 0800 0100 00000000", WW_LAYER_NETWORK,
			WW_OUTCOME_UNSUPPORTED},
		{"pflog, length 3", 117, "03 02 00 00", WW_LAYER_LINK, WW_OUTCOME_MALFORMED},
		{"pflog beyond the frame", 117, "3d 02 00 00", WW_LAYER_LINK, WW_OUTCOME_MALFORMED},
		{"PKTAP, length 11", 258, "0b000000 01000000 01000000", WW_LAYER_LINK,
			WW_OUTCOME_MALFORMED},
		{"PKTAP in PKTAP", 258, "0c000000 01000000 02010000", WW_LAYER_NETWORK,
			WW_OUTCOME_UNSUPPORTED},
		{"PKTAP, length of 4 GiB", 258, "ffffffff 01000000 01000000", WW_LAYER_LINK,
			WW_OUTCOME_MALFORMED},
		{"AH in AH", 101,
			"45000024 0000 0000 4033 0000 0a010203 c0a80001"
			"3300 0000 3300 0000 3300 0000 3300 0000",
			WW_LAYER_TRANSPORT, WW_OUTCOME_UNSUPPORTED},
		{"AH beyond the packet", 101,
			"4500001c 0000 0000 4033 0000 0a010203 c0a80001 06ff 0000 00000000",
			WW_LAYER_NETWORK, WW_OUTCOME_MALFORMED},
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
		struct bytes in = {.name = "nothing"};
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
		struct bytes in = {.name = "nothing"};
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
		struct bytes in = {.name = "nothing"};
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
	assert_int_equal(counts.ipv4, 22);
	assert_int_equal(counts.ipv6, 16);
	assert_int_equal(counts.fragments, 6);
	assert_int_equal(counts.tcp, 11); /* five, each without its last byte, that behind AH */
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
