// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Every packet of test-packet.h in every tunnel, in every tunnel inside every other, cut at each
 * length, damaged, and nested until it must stop. What only looks like a tunnel stays what it is.
 */
#include "wire/packet/test-packet.h"

/* The outer addresses: of the documentation, so that no row has them. */
#define V4(proto) "4500 +2 0000 0000 40" proto "0000 c0000201 c0000202"
#define V6(next)                                                                                   \
	"60000000 -36 " next "40 20010db8ffff00000000000000000001 "                                \
	"20010db8ffff00000000000000000002"
#define UDP(port) "c000" port "+4 0000"
#define BIT(name) (1u << WW_ENCAPSULATION_##name)

/* What stands between the outer IP header and the inner IPv4 (first) or IPv6 (second). */
static const struct wrap {
	const char *name;
	const char *proto; /* of the outer header, two digits */
	const char *v4, *v6;
	unsigned encapsulations;
	int n_layers;
} wraps[] = {
	{"IP in IP", NULL, "", "", 0, 1}, /* its protocol is the inner version's */
	{"GRE", "2f", "0000 0800", "0000 86dd", BIT(GRE), 1},
	{"GRE, checksum, key, sequence", "2f", "b000 0800 12340000 00000001 00000002",
		"b000 86dd 12340000 00000001 00000002", BIT(GRE), 1},
	{"GRE, routes", "2f", "4000 0800 00000000 08000004 c0000201 00000000",
		"4000 86dd 00000000 08000004 c0000201 00000000", BIT(GRE), 1},
	{"bridged GRE", "2f", "0000 6558" MACS "0800", "0000 6558" MACS "86dd", BIT(GRE), 1},
	{"NVGRE", "2f", "2000 6558 00123401" MACS "0800", "2000 6558 00123401" MACS "86dd",
		BIT(GRE), 1},
	{"GRE, VLAN", "2f", "0000 8100 0064 0800", "0000 8100 0064 86dd", BIT(GRE) | BIT(VLAN), 2},
	{"GRE, MPLS", "2f", "0000 8847 00010140", "0000 8848 00010140", BIT(GRE) | BIT(MPLS), 2},
	{"GRE, PPP", "2f", "0000 880b ff03 0021", "0000 880b 0057", BIT(GRE), 1},
	{"WCCP", "2f", "0000 883e", NULL, BIT(GRE), 1},
	{"WCCP 2", "2f", "0000 883e 00010203", NULL, BIT(GRE), 1},
	{"PPTP", "2f", "3001 880b -4 0001 00000001 ff03 0021",
		"3001 880b -4 0001 00000001 ff03 0057", BIT(PPTP), 1},
	{"PPTP, acknowledging", "2f", "3081 880b -4 0001 00000001 00000001 21",
		"3081 880b -4 0001 00000001 00000001 57", BIT(PPTP), 1},
	{"ERSPAN I", "2f", "0000 88be" MACS "0800", "0000 88be" MACS "86dd", BIT(ERSPAN), 1},
	{"ERSPAN II", "2f", "1000 88be 00000001 10640000 00000001" MACS "0800",
		"1000 88be 00000001 10640000 00000001" MACS "8100 0064 86dd", BIT(ERSPAN), 0},
	{"ERSPAN III", "2f", "1000 22eb 00000001 20640000 00000000 00000000" MACS "0800",
		"1000 22eb 00000001 20640000 00000000 00000000" MACS "86dd", BIT(ERSPAN), 1},
	{"ERSPAN III, with a platform's header", "2f",
		"1000 22eb 00000001 20640000 00000000 00000001 0000000000000000" MACS "0800",
		"1000 22eb 00000001 20640000 00000000 00000001 0000000000000000" MACS "86dd",
		BIT(ERSPAN), 1},
	{"ERSPAN III, IP", "2f", "1000 22eb 00000001 20640000 00000000 00000800",
		"1000 22eb 00000001 20640000 00000000 00000800", BIT(ERSPAN), 1},
	{"EtherIP", "61", "3000" MACS "0800", "3000" MACS "86dd", BIT(ETHERIP), 1},
	{"Ethernet", "8f", MACS "0800", MACS "86dd", BIT(ETHERIP), 1},
	{"MPLS", "89", "00010140", "00010140", BIT(MPLS), 1},
	{"VXLAN", "11", UDP("12b5") "08000000 00123400" MACS "0800",
		UDP("12b5") "08000000 00123400" MACS "86dd", BIT(VXLAN), 1},
	{"VXLAN, Linux", "11", UDP("2118") "08000000 00123400" MACS "0800",
		UDP("2118") "08000000 00123400" MACS "86dd", BIT(VXLAN), 1},
	{"VXLAN, group policy", "11", UDP("12b5") "88081234 00123400" MACS "0800",
		UDP("12b5") "88400001 00123400" MACS "86dd", BIT(VXLAN), 1},
	{"VXLAN-GPE", "11", UDP("12b6") "0c000001 00123400", UDP("12b6") "0c000002 00123400",
		BIT(VXLAN), 1},
	{"VXLAN-GPE, NSH", "11", UDP("12b6") "0c000004 00123400 0fc20203 00000103" MACS "0800",
		UDP("12b6") "0c000004 00123400 0fc20203 00000103" MACS "86dd",
		BIT(VXLAN) | BIT(NSH), 2},
	{"Geneve", "11", UDP("17c1") "0000 6558 00123400" MACS "0800",
		UDP("17c1") "0000 6558 00123400" MACS "86dd", BIT(GENEVE), 1},
	{"Geneve, options, IP", "11", UDP("17c1") "0240 0800 00123400 0102030400000000",
		UDP("17c1") "02c0 86dd 00123400 0102030400000000", BIT(GENEVE), 1},
	{"GRE in UDP", "11", UDP("1292") "2000 0800 00000001", UDP("1292") "2000 86dd 00000001",
		BIT(GRE), 1},
	{"MPLS in UDP", "11", UDP("19eb") "00010140", UDP("19eb") "00010140", BIT(MPLS), 1},
};

static bool has_udp(const struct wrap *wrap)
{
	return wrap->proto && strcmp(wrap->proto, "11") == 0;
}

/* The wrap's front for an inner packet of a version; NULL where there is none. */
static const char *front_of(const struct wrap *wrap, int version)
{
	return version == 4 ? wrap->v4 : wrap->v6;
}

static void add_outer(struct bytes *out, const struct wrap *wrap, int outer, int inner,
	struct gap *gaps, size_t *n_gaps)
{
	char hex[512];
	const char *proto = wrap->proto ? wrap->proto : inner == 4 ? "04" : "29";
	if (outer == 4)
		snprintf(hex, sizeof(hex), V4("%s"), proto);
	else
		snprintf(hex, sizeof(hex), V6("%s"), proto);
	add_gaps(out, hex, gaps, n_gaps);
	add_gaps(out, front_of(wrap, inner), gaps, n_gaps);
}

static void check_outer(const struct ww_packet *packet, int outer)
{
	struct ww_ip src, dst, want;
	assert_true(ww_packet_outer(packet, &src, &dst));
	ww_ip_parse(outer == 4 ? "192.0.2.1" : "2001:db8:ffff::1", &want);
	assert_true(ww_ip_equal(&src, &want));
	ww_ip_parse(outer == 4 ? "192.0.2.2" : "2001:db8:ffff::2", &want);
	assert_true(ww_ip_equal(&dst, &want));
}

static unsigned bits_of(const struct wrap *wrap, int inner)
{
	if (wrap->encapsulations == BIT(ERSPAN) && wrap->n_layers == 0)
		return BIT(ERSPAN) | (inner == 6 ? BIT(VLAN) : 0);
	if (wrap->encapsulations)
		return wrap->encapsulations;
	return inner == 4 ? BIT(IPV4_IN_IP) : BIT(IPV6_IN_IP);
}

/* Ethernet, the outer IP header, the wrap, the row. Returns false where there is no such thing. */
static bool build(struct bytes *out, const struct wrap *wrap, int outer, const struct row *row,
	uint32_t *ret_at)
{
	struct gap gaps[GAPS_MAX];
	size_t n_gaps = 0;
	out->len = 0;
	out->name = wrap->name;
	if (!front_of(wrap, row->version))
		return false;
	add(out, outer == 4 ? MACS "0800" : MACS "86dd");
	add_outer(out, wrap, outer, row->version, gaps, &n_gaps);
	*ret_at = out->len;
	add(out, row->hex);
	fill(out, gaps, n_gaps);
	return true;
}

static void every_packet_in_every_tunnel(void **state)
{
	for (size_t w = 0; w < WW_N(wraps); w++)
		for (size_t r = 0; r < WW_N(rows); r++)
			for (int outer = 4; outer <= 6; outer += 2) {
				struct bytes in;
				struct ww_packet packet;
				uint32_t at;
				if (!build(&in, &wraps[w], outer, &rows[r], &at))
					continue;
				decode(&in, in.len, in.len, 1, &packet);
				check_row(&rows[r], &packet, &in, at, in.len - at);
				check_outer(&packet, outer);
				assert_int_equal(
					packet.encapsulations, bits_of(&wraps[w], rows[r].version));
				assert_int_equal(
					packet.n_layers, __builtin_popcount(packet.encapsulations));
				/* Padding of the outer frame is nobody's payload. */
				uint32_t len = in.len;
				add(&in, "eeeeeeeeeeee");
				decode(&in, in.len, in.len, 1, &packet);
				check_row(&rows[r], &packet, &in, at, len - at);
			}
}

static void every_tunnel_in_every_other(void **state)
{
	const struct row *row = &rows[0];
	for (size_t a = 0; a < WW_N(wraps); a++)
		for (size_t b = 0; b < WW_N(wraps); b++)
			for (int outer = 4; outer <= 6; outer += 2) {
				struct bytes in = {.name = wraps[b].name};
				struct gap gaps[GAPS_MAX];
				size_t n_gaps = 0;
				struct ww_packet packet;
				int inner = outer == 4 && wraps[a].v6 ? 6 : 4;
				add(&in, outer == 4 ? MACS "0800" : MACS "86dd");
				add_outer(&in, &wraps[a], outer, inner, gaps, &n_gaps);
				add_outer(&in, &wraps[b], inner, row->version, gaps, &n_gaps);
				uint32_t at = in.len;
				add(&in, row->hex);
				fill(&in, gaps, n_gaps);
				decode(&in, in.len, in.len, 1, &packet);
				check_row(row, &packet, &in, at, in.len - at);
				check_outer(&packet, outer);
				assert_int_equal(packet.encapsulations,
					bits_of(&wraps[a], inner) |
						bits_of(&wraps[b], row->version));
			}
}

/* The innermost header that was captured gives the addresses, whatever comes behind. */
static void every_snap_length(void **state)
{
	for (size_t w = 0; w < WW_N(wraps); w++)
		for (size_t r = 0; r < WW_N(rows); r++)
			for (int outer = 4; outer <= 6; outer += 2) {
				struct bytes in;
				struct ww_packet packet;
				uint32_t at;
				if (!build(&in, &wraps[w], outer, &rows[r], &at))
					continue;
				uint32_t first = 14 + (outer == 4 ? 20 : 40);
				uint32_t second = at + (rows[r].version == 4 ? 20 : 40);
				for (uint32_t cut = 0; cut < in.len; cut++) {
					decode(&in, cut, in.len, 1, &packet);
					if (packet.outcome == WW_OUTCOME_MALFORMED)
						fail_msg("%s in %s, %u bytes: malformed",
							rows[r].name, in.name, cut);
					int want = cut >= second  ? rows[r].version
						   : cut >= first ? outer
								  : 0;
					assert_int_equal(packet.ip_version, want);
					assert_int_equal(packet.outer_offset != 0, cut >= second);
					if (cut < first || cut >= second)
						continue;
					assert_ptr_equal(packet.network, in.b + 14);
					assert_int_equal(packet.has_transport,
						has_udp(&wraps[w]) && cut >= first + 8);
				}
			}
}

/* Cut on the wire, and lengths that lie: decoded as far as it goes, never beyond. */
static void every_length_on_the_wire(void **state)
{
	for (size_t w = 0; w < WW_N(wraps); w++)
		for (size_t r = 0; r < WW_N(rows); r++) {
			struct bytes in;
			struct ww_packet packet;
			uint32_t at;
			if (!build(&in, &wraps[w], 4, &rows[r], &at))
				continue;
			for (uint32_t cut = 0; cut < in.len; cut++) {
				decode(&in, cut, cut, 1, &packet);
				if (cut < at + (rows[r].version == 4 ? 20 : 40))
					assert_int_equal(packet.outer_offset, 0);
			}
		}
}

static void any_bytes_keep_the_promises(void **state)
{
	struct ww_rng rng = ww_rng_seeded(4789);
	for (int round = 0; round < 200000; round++) {
		struct bytes in;
		struct ww_packet packet;
		uint32_t at;
		int outer = ww_rng_below(&rng, 2) ? 4 : 6;
		if (!build(&in, &wraps[ww_rng_below(&rng, WW_N(wraps))], outer,
			    &rows[ww_rng_below(&rng, WW_N(rows))], &at))
			continue;
		for (uint64_t k = ww_rng_below(&rng, 4); k > 0; k--)
			in.b[ww_rng_below(&rng, in.len)] = (uint8_t)ww_rng_u64(&rng);
		uint32_t captured = (uint32_t)ww_rng_below(&rng, in.len + 1);
		uint32_t length = captured + (uint32_t)ww_rng_below(&rng, 3) * 40;
		decode(&in, captured, length, 1, &packet);
	}
}

/* Layers up to the limit are taken off; one more is an outcome; 9 KB of them as well. */
static void nesting_has_a_limit(void **state)
{
	static const struct {
		const char *name, *first, *layer, *last;
		int per_layer;
		bool is_udp;
	} bombs[] = {
		{"VLAN", MACS "8100", "0064 8100", "0064 0800", 1, false},
		{"SNAP", MACS "05dc aaaa03 000000", "8100 0064 05dc aaaa03 000000", "0800", 2,
			false},
		{"Ethernet in MPLS", MACS, "8847 00010100 00000000" MACS,
			"8847 00010100 00000000" MACS "0800", 1, false},
		{"802.1ah", MACS, "88e7 00000001" MACS, "88e7 00000001" MACS "0800", 1, false},
		{"NSH", MACS "894f", "0fc2 02 04 00000103", "0fc2 02 01 00000103", 1, false},
		{"IP in IP", MACS "0800", V4("04"), V4("04"), 1, false},
		{"6 in 4 in 6", MACS "0800", V4("29") V6("04"), V4("04"), 2, false},
		{"GRE", MACS "0800", V4("2f") "0000 0800", V4("2f") "0000 0800", 1, false},
		{"ERSPAN", MACS "0800", V4("2f") "0000 88be" MACS "0800", V4("04"), 1, false},
		{"VXLAN", MACS "0800", V4("11") UDP("12b5") "08000000 00000000" MACS "0800",
			V4("04"), 1, true},
		{"Geneve", MACS "0800", V4("11") UDP("17c1") "0000 0800 00000000", V4("04"), 1,
			true},
	};
	for (size_t i = 0; i < WW_N(bombs); i++)
		for (int n = 1; n <= 40; n++) {
			struct bytes in = {.name = bombs[i].name};
			struct gap gaps[GAPS_MAX];
			size_t n_gaps = 0;
			struct ww_packet packet;
			int layers = (n - 1) * bombs[i].per_layer + 1;
			add_gaps(&in, bombs[i].first, gaps, &n_gaps);
			for (int k = 1; k < n; k++)
				add_gaps(&in, bombs[i].layer, gaps, &n_gaps);
			add_gaps(&in, bombs[i].last, gaps, &n_gaps);
			uint32_t at = in.len;
			add(&in, rows[0].hex);
			fill(&in, gaps, n_gaps);
			decode(&in, in.len, in.len, 1, &packet);
			if (layers <= WW_LAYERS_MAX) {
				check_row(&rows[0], &packet, &in, at, in.len - at);
				assert_int_equal(packet.n_layers, layers);
				continue;
			}
			if (packet.unsupported_in != WW_NUMBERING_LAYERS ||
				packet.outcome != WW_OUTCOME_UNSUPPORTED ||
				packet.outcome_layer != WW_LAYER_LINK)
				fail_msg("%s %d: %s in %s", in.name, n,
					ww_outcome_name(packet.outcome),
					ww_numbering_name(packet.unsupported_in));
		}
}

/* What of UDP is no tunnel stays UDP, with all its payload; the others stop at the outer IP. */
static void what_is_no_tunnel(void **state)
{
	static const struct {
		const char *name, *hex;
		bool stays_udp;
		enum ww_layer layer;
		enum ww_outcome outcome;
	} cases[] = {
#define INNER     "45000014 0000 0000 4006 0000 0a010203 c0a80001"
#define UNTOUCHED true, WW_LAYER_TRANSPORT, WW_OUTCOME_OK
		{"VXLAN without I", V4("11") UDP("12b5") "00000000 00000000" MACS "0800" INNER,
			UNTOUCHED},
		{"VXLAN, reserved flag", V4("11") UDP("12b5") "18000000 00000000" MACS "0800" INNER,
			UNTOUCHED},
		{"VXLAN, reserved byte 1",
			V4("11") UDP("12b5") "08010000 00000000" MACS "0800" INNER, UNTOUCHED},
		{"VXLAN, reserved byte 3",
			V4("11") UDP("12b5") "08000001 00000000" MACS "0800" INNER, UNTOUCHED},
		{"VXLAN, reserved byte 7",
			V4("11") UDP("12b5") "08000000 00000001" MACS "0800" INNER, UNTOUCHED},
		{"VXLAN, group policy's reserved bits",
			V4("11") UDP("12b5") "88800000 00000000" MACS "0800" INNER, UNTOUCHED},
		{"VXLAN, LLDP inside", V4("11") UDP("12b5") "08000000 00000000" MACS "88cc 0000",
			UNTOUCHED},
		{"VXLAN, IPv5 inside",
			V4("11") UDP("12b5") "08000000 00000000" MACS "0800 55000014" INNER,
			UNTOUCHED},
		{"VXLAN, nothing inside", V4("11") UDP("12b5") "08000000 00000000", UNTOUCHED},
		{"VXLAN, 7 bytes", V4("11") UDP("12b5") "08000000 000000", UNTOUCHED},
		{"no payload", V4("11") UDP("12b5"), UNTOUCHED},
		{"the port as source",
			V4("11") "12b5 c000 +4 0000 08000000 00000000" MACS "0800" INNER,
			UNTOUCHED},
		{"GPE without P", V4("11") UDP("12b6") "08000001 00000000" INNER, UNTOUCHED},
		{"GPE, next 6", V4("11") UDP("12b6") "0c000006 00000000" INNER, UNTOUCHED},
		{"GPE, next 0", V4("11") UDP("12b6") "0c000000 00000000" INNER, UNTOUCHED},
		{"Geneve, version 1", V4("11") UDP("17c1") "4000 0800 00000000" INNER, UNTOUCHED},
		{"Geneve, reserved", V4("11") UDP("17c1") "0001 0800 00000000" INNER, UNTOUCHED},
		{"Geneve, last byte", V4("11") UDP("17c1") "0000 0800 00000001" INNER, UNTOUCHED},
		{"Geneve, options beyond", V4("11") UDP("17c1") "3f00 0800 00000000" INNER,
			UNTOUCHED},
		{"Geneve, a length for type", V4("11") UDP("17c1") "0000 0400 00000000" INNER,
			UNTOUCHED},
		{"GRE in UDP, version 2", V4("11") UDP("1292") "0002 0800" INNER, UNTOUCHED},
		{"MPLS in UDP, no bottom", V4("11") UDP("19eb") "00010040" INNER, UNTOUCHED},
		{"Teredo, IPv4", V4("11") UDP("0dd8") INNER, UNTOUCHED},
		{"Teredo, no such prefix", V4("11") UDP("0dd8") V6("3b"), UNTOUCHED},
		{"Teredo, cut", V4("11") UDP("0dd8") "60000000 0000 3b40 20010000", UNTOUCHED},
		{"Teredo, longer than UDP",
			V4("11") UDP("0dd8") "60000000 0001 3b40 20010000000000000000000000000001"
					     "20010db8000000000000000000000002",
			UNTOUCHED},
		{"Teredo, lengths beyond", V4("11") UDP("0dd8") "0001 ffff 00", UNTOUCHED},
		{"Teredo, only an origin", V4("11") UDP("0dd8") "0000 1234 01020304", UNTOUCHED},
#define STOPS(layer_, outcome_) false, WW_LAYER_##layer_, WW_OUTCOME_##outcome_
		{"GRE, version 2", V4("2f") "0002 0800" INNER, STOPS(LINK, MALFORMED)},
		{"GRE in 3 bytes", V4("2f") "000008", STOPS(LINK, MALFORMED)},
		{"GRE, no key", V4("2f") "2000 0800 000000", STOPS(LINK, MALFORMED)},
		{"GRE keepalive", V4("2f") "0000 0000", STOPS(NETWORK, UNSUPPORTED)},
		{"GRE, IPv4 of 19", V4("2f") "0000 0800 45000013 00000000 4006 0000 0a01020304",
			STOPS(NETWORK, MALFORMED)},
		{"GRE, unknown", V4("2f") "0000 88cc 0000", STOPS(NETWORK, UNSUPPORTED)},
		{"GRE, 17 routes",
			V4("2f") "4000 0800 00000000 00010000 00010000 00010000 00010000 00010000"
				 "00010000 00010000 00010000 00010000 00010000 00010000 00010000"
				 "00010000 00010000 00010000 00010000 00010000" INNER,
			STOPS(LINK, MALFORMED)},
		{"GRE, route beyond", V4("2f") "4000 0800 00000000 080000ff c0000201",
			STOPS(LINK, MALFORMED)},
		{"PPTP without key", V4("2f") "1001 880b 00000001", STOPS(LINK, MALFORMED)},
		{"PPTP, IP", V4("2f") "3001 0800 00140001 00000001" INNER, STOPS(LINK, MALFORMED)},
		{"PPTP, LCP", V4("2f") "3001 880b 00060001 00000001 ff03 c021 0101",
			STOPS(NETWORK, UNSUPPORTED)},
		{"PPTP, encrypted", V4("2f") "3001 880b 00060001 00000001 00fd 9001 0000",
			STOPS(NETWORK, UNSUPPORTED)},
		{"PPTP, only acknowledges", V4("2f") "2081 880b 00000001 00000001",
			STOPS(TRANSPORT, OK)},
		{"ERSPAN II, version 2",
			V4("2f") "1000 88be 00000001 20640000 00000001" MACS "0800",
			STOPS(LINK, MALFORMED)},
		{"ERSPAN III, version 1",
			V4("2f") "1000 22eb 00000001 10640000 00000000 00000000" MACS "0800",
			STOPS(LINK, MALFORMED)},
		{"ERSPAN III, 802.11",
			V4("2f") "1000 22eb 00000001 20640000 00000000 00000400" MACS "0800",
			STOPS(NETWORK, UNSUPPORTED)},
		{"EtherIP, version 2", V4("61") "2000" MACS "0800" INNER, STOPS(LINK, MALFORMED)},
		{"IPv6 in protocol 4", V4("04") V6("3b"), STOPS(NETWORK, MALFORMED)},
		{"IPv4 in protocol 41", V4("29") INNER "0000000000000000000000000000000000000000",
			STOPS(NETWORK, MALFORMED)},
		{"nothing in IP", V4("04"), STOPS(NETWORK, MALFORMED)},
	};
	for (size_t i = 0; i < WW_N(cases); i++) {
		struct bytes in = {.name = cases[i].name};
		struct gap gaps[GAPS_MAX];
		size_t n_gaps = 0;
		struct ww_packet packet;
		struct ww_ip src, dst, want;
		add(&in, MACS "0800");
		add_gaps(&in, cases[i].hex, gaps, &n_gaps);
		fill(&in, gaps, n_gaps);
		decode(&in, in.len, in.len, 1, &packet);
		if (packet.outcome != cases[i].outcome || packet.outcome_layer != cases[i].layer ||
			packet.has_transport != cases[i].stays_udp)
			fail_msg("%s: %s at %s", in.name, ww_outcome_name(packet.outcome),
				ww_layer_name(packet.outcome_layer));
		ww_ip_parse("192.0.2.1", &want);
		assert_true(ww_ip_equal(&packet.src, &want));
		assert_false(ww_packet_outer(&packet, &src, &dst));
		assert_ptr_equal(packet.network, in.b + 14);
		assert_int_equal(packet.network_len, in.len - 14);
		if (!cases[i].stays_udp)
			continue;
		assert_int_equal(packet.proto, WW_PROTO_UDP);
		assert_int_equal(packet.encapsulations, 0);
		assert_int_equal(packet.payload_len, in.len - 14 - 28);
	}
}

/* RFC 4380: with what may stand in front, asked of a server, answered by one. */
static void teredo(void **state)
{
#define CLIENT "20010000c0000201 0000 1234 3fff fdfe"
#define HOST   "20010db8000000000000000000000002"
#define LOCAL  "fe800000000000000000000000000001"
#define INSIDE "0045 0046 000c 0000 61626364"
	static const char *const cases[] = {
		UDP("0dd8") "60000000 000c 1140" CLIENT HOST INSIDE,
		UDP("0dd8") "60000000 000c 1140" HOST CLIENT INSIDE,
		UDP("0dd8") "60000000 000c 1140" LOCAL HOST INSIDE,
		"0dd8 c000 +4 0000 0000 1234 01020304 60000000 000c 1140" HOST CLIENT INSIDE,
		"0dd8 c000 +4 0000 0001 0000 0102030405060708 00 0000 1234 01020304"
		"60000000 000c 1140" HOST CLIENT INSIDE,
		UDP("0dd8") "0001 0402 61626364 6162 0102030405060708 00"
			    "60000000 000c 1140" CLIENT HOST INSIDE,
	};
	for (size_t i = 0; i < WW_N(cases); i++) {
		struct bytes in = {.name = "Teredo"};
		struct gap gaps[GAPS_MAX];
		size_t n_gaps = 0;
		struct ww_packet packet;
		add(&in, MACS "0800");
		add_gaps(&in, V4("11"), gaps, &n_gaps);
		add_gaps(&in, cases[i], gaps, &n_gaps);
		fill(&in, gaps, n_gaps);
		decode(&in, in.len, in.len, 1, &packet);
		assert_int_equal(packet.outcome, WW_OUTCOME_OK);
		assert_int_equal(packet.ip_version, 6);
		assert_int_equal(packet.dport, 70);
		assert_int_equal(packet.payload_len, 4);
		assert_int_equal(packet.encapsulations, BIT(TEREDO));
		check_outer(&packet, 4);
	}
}

/* Fragments and ARP of the inside are the inside's. */
static void fragments_and_arp_inside(void **state)
{
	struct bytes in = {.name = "ARP"};
	struct gap gaps[GAPS_MAX];
	size_t n_gaps = 0;
	struct ww_packet packet;
	add(&in, MACS "0800");
	add_gaps(&in, V4("11") UDP("12b5") "08000000 00000000" MACS, gaps, &n_gaps);
	add(&in, "0806 0001 0800 06 04 0001");
	fill(&in, gaps, n_gaps);
	decode(&in, in.len, in.len, 1, &packet);
	assert_true(packet.is_arp);
	assert_int_equal(packet.ip_version, 0);
	assert_int_equal(packet.outcome, WW_OUTCOME_OK);
	assert_false(packet.has_transport);

	/* A fragment of the outer packet is not looked into: its whole will be. */
	in.len = 0;
	n_gaps = 0;
	add(&in, MACS "0800");
	add_gaps(&in, "4500 +2 0001 2000 4004 0000 c0000201 c0000202", gaps, &n_gaps);
	add(&in, rows[0].hex);
	fill(&in, gaps, n_gaps);
	decode(&in, in.len, in.len, 1, &packet);
	assert_true(packet.is_fragment);
	assert_int_equal(packet.proto, 4);
	assert_int_equal(packet.encapsulations, 0);
	uint32_t whole = in.len - 14;
	in.b[14 + 6] = 0;
	ww_packet_decode_ip(in.b + 14, whole, whole, 9, 3, &packet);
	check_row(&rows[0], &packet, &in, 34, in.len - 34);
	check_outer(&packet, 4);
}

/* A packet that does not say how long it is ends where its wrapping says. */
static void the_length_of_the_wrapping_counts(void **state)
{
	static const struct {
		const char *name;
		uint16_t link;
		const char *front;
	} cases[] = {
		{"802.3", 1, MACS "0033 aaaa03 000000 0800"},
		{"PPPoE", 1, MACS "8864 1100 0001 002d 0021"},
		{"netfilter log", 239, "02 00 0001 2f00 0900"},
		{"PPTP", 1, MACS "0800" V4("2f") "3001 880b 002f 0001 00000001 ff03 0021"},
		{"UDP", 1, MACS "0800" V4("11") "c000 12b6 003b 0000 0c000001 00000000"},
	};
	const struct row *row = NULL;
	for (size_t r = 0; r < WW_N(rows); r++)
		if (strcmp(rows[r].name, "TCP, length left to the card") == 0)
			row = &rows[r];
	assert_non_null(row);
	for (size_t i = 0; i < WW_N(cases); i++) {
		struct bytes in = {.name = cases[i].name};
		struct gap gaps[GAPS_MAX];
		size_t n_gaps = 0;
		struct ww_packet packet;
		add_gaps(&in, cases[i].front, gaps, &n_gaps);
		uint32_t at = in.len;
		add(&in, row->hex);
		uint32_t len = in.len - at;
		add(&in, "eeeeeeeeeeee");
		fill(&in, gaps, n_gaps);
		decode(&in, in.len, in.len, cases[i].link, &packet);
		check_row(row, &packet, &in, at, len);
	}
}

static void counts(void **state)
{
	struct ww_packet_counts counts = {0};
	struct bytes in;
	struct ww_packet packet;
	uint32_t at;
	for (size_t w = 0; w < WW_N(wraps); w++)
		if (build(&in, &wraps[w], 4, &rows[0], &at)) {
			decode(&in, in.len, in.len, 1, &packet);
			ww_packet_count(&counts, &packet, in.len);
		}
	assert_int_equal(counts.packets, WW_N(wraps));
	assert_int_equal(counts.encapsulations[WW_ENCAPSULATION_IPV4_IN_IP], 1);
	assert_int_equal(counts.encapsulations[WW_ENCAPSULATION_GRE], 11);
	assert_int_equal(counts.encapsulations[WW_ENCAPSULATION_PPTP], 2);
	assert_int_equal(counts.encapsulations[WW_ENCAPSULATION_ERSPAN], 5);
	assert_int_equal(counts.encapsulations[WW_ENCAPSULATION_VXLAN], 5);
	assert_int_equal(counts.encapsulations[WW_ENCAPSULATION_GENEVE], 2);
	assert_int_equal(counts.encapsulations[WW_ENCAPSULATION_MPLS], 3);
	assert_int_equal(counts.encapsulations[WW_ENCAPSULATION_VLAN], 1);
	assert_int_equal(counts.n_unsupported, 0);

	/* 40 different ones, twice: 32 are named. */
	for (int n = 0; n < 80; n++) {
		char hex[64];
		snprintf(hex, sizeof(hex), MACS "%04x 0000", 0x8870 + n % 40);
		in.len = 0;
		add(&in, hex);
		decode(&in, in.len, in.len, 1, &packet);
		assert_int_equal(packet.unsupported_in, WW_NUMBERING_ETHER);
		assert_int_equal(packet.unsupported, 0x8870 + n % 40);
		ww_packet_count(&counts, &packet, in.len);
	}
	assert_int_equal(counts.n_unsupported, WW_UNSUPPORTED_MAX);
	assert_int_equal(counts.unsupported[31].packets, 2);
	assert_int_equal(counts.unsupported_others, 16);
	char text[WW_UNSUPPORTED_TEXT_MAX];
	assert_string_equal(ww_unsupported_print(WW_NUMBERING_ETHER, 0x88cc, text), "LLDP");
	assert_string_equal(
		ww_unsupported_print(WW_NUMBERING_ETHER, 0x1234, text), "Ethernet type 0x1234");
	assert_string_equal(ww_unsupported_print(WW_NUMBERING_IP, 200, text), "IP protocol 200");
	/* The names fit. */
	for (unsigned kind = 0; kind < WW_NUMBERING_COUNT; kind++)
		for (unsigned number = 0; number < 65536; number++)
			assert_true(strlen(ww_unsupported_print((enum ww_numbering)kind,
					    (uint16_t)number, text)) < WW_UNSUPPORTED_TEXT_MAX - 1);
	assert_string_equal(ww_encapsulation_key(WW_ENCAPSULATION_MPLS), "mpls");
	assert_false(ww_encapsulation_is_tunnel(WW_ENCAPSULATION_VLAN));
	assert_true(ww_encapsulation_is_tunnel(WW_ENCAPSULATION_VXLAN));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_packet_in_every_tunnel),
		cmocka_unit_test(every_tunnel_in_every_other),
		cmocka_unit_test(every_snap_length),
		cmocka_unit_test(every_length_on_the_wire),
		cmocka_unit_test(any_bytes_keep_the_promises),
		cmocka_unit_test(nesting_has_a_limit),
		cmocka_unit_test(what_is_no_tunnel),
		cmocka_unit_test(teredo),
		cmocka_unit_test(fragments_and_arp_inside),
		cmocka_unit_test(the_length_of_the_wrapping_counts),
		cmocka_unit_test(counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
