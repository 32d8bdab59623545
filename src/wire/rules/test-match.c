// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Random rules on random bytes, against slow models: chains of contents against a search of all ways; streams against one segment.
 */
#include "wire/rules/test-random.h"

/* ---- chains of contents ---- */

struct piece {
	uint8_t bytes[4];
	int len;
	bool nocase, negated, relative, has_depth, has_within;
	int offset, depth, distance, within;
};

/* Every way to place piece i and those behind it. `cursor`: end of the last positive match. */
static bool model(
	const struct piece *pieces, int n, int i, const uint8_t *text, int len, int cursor)
{
	if (i == n)
		return true;
	const struct piece *piece = &pieces[i];
	int low = piece->relative ? cursor + piece->distance : piece->offset;
	int high = INT32_MAX;
	if (piece->relative && piece->has_within)
		high = low + piece->within;
	if (!piece->relative && piece->has_depth)
		high = low + piece->depth;
	bool found = false;
	for (int at = low < 0 ? 0 : low; at + piece->len <= len && at + piece->len <= high; at++) {
		if (!equal(text + at, piece->bytes, (size_t)piece->len, piece->nocase))
			continue;
		found = true;
		if (!piece->negated && model(pieces, n, i + 1, text, len, at + piece->len))
			return true;
	}
	return piece->negated && !found && model(pieces, n, i + 1, text, len, cursor);
}

static void random_piece(struct ww_rng *rng, struct piece *piece, bool first)
{
	*piece = (struct piece){.len = 1 + (int)ww_rng_below(rng, 4)};
	random_text(rng, piece->bytes, 4);
	piece->nocase = ww_rng_below(rng, 3) == 0;
	piece->negated = !first && ww_rng_below(rng, 4) == 0;
	piece->relative = !first && ww_rng_below(rng, 3) > 0;
	if (piece->relative) {
		piece->distance = (int)ww_rng_below(rng, 9) - 3;
		piece->has_within = ww_rng_below(rng, 2) == 0;
		piece->within = piece->len + (int)ww_rng_below(rng, 8);
	} else {
		piece->offset = ww_rng_below(rng, 2) ? 0 : (int)ww_rng_below(rng, 8);
		piece->has_depth = ww_rng_below(rng, 3) == 0;
		piece->depth = piece->len + (int)ww_rng_below(rng, 20);
	}
}

static void write_piece(struct ww_buf *out, const struct piece *piece)
{
	ww_buf_adds(out, piece->negated ? "content:!\"|" : "content:\"|");
	for (int i = 0; i < piece->len; i++)
		ww_buf_addf(out, "%02x ", piece->bytes[i]);
	ww_buf_adds(out, "|\";");
	if (piece->nocase)
		ww_buf_adds(out, " nocase;");
	if (piece->relative)
		ww_buf_addf(out, " distance:%d;", piece->distance);
	if (piece->has_within)
		ww_buf_addf(out, " within:%d;", piece->within);
	if (piece->offset)
		ww_buf_addf(out, " offset:%d;", piece->offset);
	if (piece->has_depth)
		ww_buf_addf(out, " depth:%d;", piece->depth);
}

static void test_chains(void **state)
{
	(void)state;
	struct ww_rng rng = ww_rng_seeded(2);
	size_t matched = 0, all = 0;
	for (int round = 0; round < 400; round++) {
		struct piece pieces[4];
		int n = 1 + (int)ww_rng_below(&rng, 4);
		struct ww_buf text = WW_BUF_INIT;
		ww_buf_adds(&text, "alert udp any any -> any any (sid:1; ");
		for (int i = 0; i < n; i++) {
			random_piece(&rng, &pieces[i], i == 0);
			write_piece(&text, &pieces[i]);
		}
		ww_buf_adds(&text, ")");
		struct stage stage;
		stage_open(&stage, text.data, (enum ww_matcher_kind)(round % 2));
		for (int t = 0; t < 40; t++) {
			uint8_t bytes[TEXT_MAX];
			size_t len = 1 + ww_rng_below(&rng, 60);
			random_text(&rng, bytes, len);
			bool want = model(pieces, n, 0, bytes, (int)len, 0);
			matched += want;
			all++;
			if ((stage_datagram(&stage, 9, bytes, len) == 1) != want)
				fail_msg("%s: want %d", text.data, want);
		}
		stage_close(&stage);
		ww_buf_done(&text);
	}
	/* The test says something: both answers are common. */
	assert_true(matched > all / 10 && matched < all * 9 / 10);
}

/*
 * A rule that does not count from segment starts, and whose negated contents have windows, must
 * alert on a stream in random pieces exactly when it does on the whole.
 */
static void test_splits(void **state)
{
	(void)state;
	struct ww_rng rng = ww_rng_seeded(3);
	size_t matched = 0, all = 0;
	for (int round = 0; round < 300; round++) {
		struct piece pieces[3];
		int n = 1 + (int)ww_rng_below(&rng, 3);
		struct ww_buf text = WW_BUF_INIT;
		ww_buf_adds(&text, "alert tcp any any -> any any (sid:1; ");
		for (int i = 0; i < n; i++) {
			random_piece(&rng, &pieces[i], i == 0);
			pieces[i].offset = 0;
			pieces[i].has_depth = false;
			if (pieces[i].negated) {
				pieces[i].relative = pieces[i].has_within = true;
				pieces[i].within = pieces[i].len + (int)ww_rng_below(&rng, 8);
			}
			write_piece(&text, &pieces[i]);
		}
		ww_buf_adds(&text, ")");
		struct stage stage;
		stage_open(&stage, text.data, (enum ww_matcher_kind)(round % 2));
		for (int t = 0; t < 30; t++) {
			uint8_t bytes[TEXT_MAX];
			size_t len = 1 + ww_rng_below(&rng, 60), cuts[8], n_cuts = 0;
			random_text(&rng, bytes, len);
			for (size_t at = 0; at < len && n_cuts < 8; n_cuts++) {
				at += 1 + ww_rng_below(&rng, 12);
				cuts[n_cuts] = at < len ? at : len;
			}
			bool want = model(pieces, n, 0, bytes, (int)len, 0);
			matched += want;
			all++;
			bool whole = stage_stream(&stage, 9, bytes, len) > 0;
			bool split = stage_play(&stage, 9, bytes, len, cuts, n_cuts) > 0;
			if (whole != want || split != want)
				fail_msg("%s: want %d, whole %d, split %d", text.data, want, whole,
					split);
		}
		stage_close(&stage);
		ww_buf_done(&text);
	}
	assert_true(matched > all / 10 && matched < all * 9 / 10);
}

/* ---- groups ---- */

/* Many ports and addresses: the group holds exactly the rules whose headers fit. */
static void test_groups(void **state)
{
	(void)state;
	struct ww_rng rng = ww_rng_seeded(4);
	struct ww_rules *rules;
	struct ww_err err;
	assert_int_equal(ww_rules_new(NULL, 0, &rules), 0);
	for (unsigned i = 1; i <= 300; i++) {
		char line[256];
		static const char *const protos[] = {"tcp", "udp", "ip", "icmp"};
		static const char *const hosts[] = {
			"any", "10.0.0.0/8", "!10.1.0.0/16", "[10.1.2.3,10.2.0.0/16]"};
		static const char *const flows[] = {
			"", "flow:to_server;", "flow:to_client,established;"};
		uint64_t low = ww_rng_below(&rng, 200);
		int n = snprintf(line, sizeof(line),
			"alert %s %s %s %s %s [%u:%u,!%u] (%s content:\"x%u\"; sid:%u;)",
			protos[ww_rng_below(&rng, 4)], hosts[ww_rng_below(&rng, 4)],
			ww_rng_below(&rng, 3) ? "any" : "1024:",
			ww_rng_below(&rng, 4) ? "->" : "<>", hosts[ww_rng_below(&rng, 4)],
			(unsigned)low, (unsigned)(low + ww_rng_below(&rng, 60000)), 65535u,
			flows[ww_rng_below(&rng, 3)], i, i);
		assert_int_equal(ww_rules_load(rules, "f", NULL, line, (size_t)n), 0);
	}
	assert_int_equal(ww_rules_problems(rules), 0);
	assert_int_equal(ww_rules_n(rules), 300);
	assert_int_equal(ww_rules_compile(rules, &err), 0);
	size_t listed = 0;
	for (int t = 0; t < 3000; t++) {
		static const uint32_t ips[] = {0x0a010203, 0x0a020001, 0x0a000001, 0xc0000001};
		struct ww_flow flow = {.client = ww_ip_from_v4(ips[ww_rng_below(&rng, 4)]),
			.server = ww_ip_from_v4(ips[ww_rng_below(&rng, 4)]),
			.client_port = (uint16_t)ww_rng_below(&rng, 65536),
			.server_port = (uint16_t)ww_rng_below(&rng, 300),
			.proto = ww_rng_below(&rng, 2) ? WW_PROTO_TCP : WW_PROTO_UDP};
		ww_rules_wanted(rules, &flow);
		for (int d = 0; d < 2; d++) {
			const struct ww_group *group = &rules->groups[flow.groups[d]];
			bool in[300] = {false};
			for (uint32_t i = 0; i < 300 && group->n_rules; i++)
				in[i] = group->member[i / 64] >> i % 64 & 1;
			listed += group->n_rules;
			for (size_t i = 0; i < 300; i++) {
				const struct ww_item *item = &rules->items[i];
				bool want = (item->proto == 0 || item->proto == flow.proto) &&
					    !(d ? item->flow.to_server : item->flow.to_client) &&
					    ww_rule_header_fits(rules, item,
						    d ? &flow.server : &flow.client,
						    d ? &flow.client : &flow.server,
						    d ? flow.server_port : flow.client_port,
						    d ? flow.client_port : flow.server_port);
				assert_true(in[i] == want || (group->superset && in[i]));
			}
		}
	}
	assert_true(listed > 3000);
	assert_true(rules->n_groups <= WW_GROUPS_MAX);
	ww_rules_free(&rules);
}

/* ---- whole sets ---- */

enum { SET_ALERTS = 4096 };

struct set_alerts {
	struct set_alert {
		uint32_t sid;
		bool in_stream;
		uint64_t at;
	} list[SET_ALERTS];
	size_t n;
};

static void keep_alert(void *context, const struct ww_hit *hit)
{
	struct set_alerts *alerts = context;
	assert_true(alerts->n < SET_ALERTS);
	alerts->list[alerts->n++] = (struct set_alert){
		hit->rule->sid, hit->in_stream, hit->n_spans ? hit->spans[0].offset : 0};
}

/* Rules of packets, of streams, of either direction, with patterns that share their starts. */
static void load_set(struct ww_rng *rng, struct ww_rules *sets[2], unsigned n)
{
	static const char *const options[] = {"", "", "dsize:>10;", "nocase;", "flow:to_server;",
		"flow:to_client;", "depth:40;", "flags:+A;"};
	static const char *const ports[] = {"any", "any", "80", "!80"};
	for (unsigned sid = 1; sid <= n; sid++) {
		char line[256], text[40];
		size_t len = 2 + ww_rng_below(rng, ww_rng_below(rng, 2) ? 4 : 30);
		for (size_t i = 0; i < len; i++)
			text[i] = "ae\xe9\x83QRz"[ww_rng_below(rng, 7)];
		text[len] = '\0';
		const char *option = options[ww_rng_below(rng, WW_N(options))];
		int size = snprintf(line, sizeof(line),
			"alert tcp any any -> any %s (content:\"%s\"; %s sid:%u;)",
			ports[ww_rng_below(rng, WW_N(ports))], text, option, sid);
		for (int k = 0; k < 2; k++)
			assert_int_equal(ww_rules_load(sets[k], "f", NULL, line, (size_t)size), 0);
	}
	for (int k = 0; k < 2; k++) {
		struct ww_err err;
		assert_int_equal(ww_rules_problems(sets[k]), 0);
		assert_int_equal(ww_rules_compile(sets[k], &err), 0);
	}
}

/* One segment of `n` bytes at stream[at..) as a packet and as a view of at most 300 bytes. */
static void feed_set(struct stage *stage, const uint8_t *stream, size_t at, size_t n,
	uint64_t frame, struct set_alerts *alerts)
{
	enum ww_dir dir = WW_DIR_TO_SERVER;
	struct ww_packet packet = stage_packet(stage, dir, stream + at, n);
	packet.frame = frame;
	size_t from = at + n > 300 ? at + n - 300 : 0;
	from = from > at ? at : from;
	struct ww_stream_view view = {.data = stream + from,
		.len = (uint32_t)(at + n - from),
		.fresh = (uint32_t)(at - from),
		.offset = from};
	uint16_t group = stage->flow.groups[dir];
	if (group)
		ww_rules_packet(
			stage->rules, group, &stage->flow, dir, &packet, keep_alert, alerts);
	/* Now and then the stream takes only a part, or something else, of what the packet had. */
	if (frame % 5 == 0)
		view.len -= view.len > view.fresh + 3 ? 3 : 0;
	/* The oracle searches the stream by itself. */
	if (stage->rules->matcher_kind == WW_MATCHER_PLAIN)
		stage->rules->desk->kept_frame = 0;
	if (group)
		ww_rules_stream(
			stage->rules, &stage->flow, dir, &packet, &view, keep_alert, alerts);
}

/*
 * The matcher in use and the plain one alert alike, whether a group has few rules (a scanner of its
 * own, AVX2), many, or too many for one of its own.
 */
static void test_sets(void **state)
{
	(void)state;
	static struct set_alerts alerts[2];
	static const unsigned sizes[] = {5, 20, 200, 900};
	struct ww_rng rng = ww_rng_seeded(8);
	size_t all = 0;
	for (int round = 0; round < 16; round++) {
		struct stage stages[2];
		for (int k = 0; k < 2; k++) {
			stages[k] = (struct stage){.kept = STAGE_KEPT};
			assert_int_equal(ww_rules_new(NULL, 0, &stages[k].rules), 0);
			stages[k].rules->matcher_kind = (enum ww_matcher_kind)k;
		}
		load_set(&rng, (struct ww_rules *[2]){stages[0].rules, stages[1].rules},
			sizes[round % 4]);
		for (int flow = 0; flow < 10; flow++) {
			uint8_t stream[2000];
			for (size_t i = 0; i < sizeof(stream); i++)
				stream[i] = (uint8_t) "ae\xe9\x83QRz"[ww_rng_below(&rng, 7)];
			memset(alerts, 0, sizeof(alerts));
			uint16_t port = ww_rng_below(&rng, 2) ? 80 : 81;
			for (int k = 0; k < 2; k++)
				stage_begin_flow(&stages[k], WW_PROTO_TCP, port);
			size_t at = 0;
			for (uint64_t frame = 1; at < sizeof(stream); frame++) {
				size_t n = 1 + ww_rng_below(&rng, 150);
				n = n < sizeof(stream) - at ? n : sizeof(stream) - at;
				for (int k = 0; k < 2; k++)
					feed_set(&stages[k], stream, at, n, frame, &alerts[k]);
				at += n;
			}
			assert_int_equal(alerts[0].n, alerts[1].n);
			assert_memory_equal(&alerts[0], &alerts[1], sizeof(alerts[0]));
			all += alerts[0].n;
		}
		for (int k = 0; k < 2; k++)
			stage_close(&stages[k]);
	}
	assert_true(all > 5000);
}

/* ---- TLS ---- */

/* A record: type, 3.3, length, and `n` bytes of which the first is a handshake's type. */
static size_t record(uint8_t *out, uint8_t type, uint8_t first, const char *text)
{
	size_t n = strlen(text) + 1;
	memcpy(out, (uint8_t[]){type, 3, 3, 0, (uint8_t)n, first}, 6);
	memcpy(out + 6, text, n - 1);
	return n + 5;
}

/* hello, key exchange with "mark", data with "mark", and behind it once more. */
static size_t tls_bytes(uint8_t *out, uint8_t hello, uint8_t data)
{
	size_t n = record(out, 22, hello, "abc");
	n += record(out + n, 22, 16, "mark one");
	n += record(out + n, data, 0, "mark two");
	return n + record(out + n, 23, 0, "mark three");
}

static void play_tls(
	struct stage *stage, enum ww_dir dir, const uint8_t *bytes, size_t n, size_t cut)
{
	stage_segment(stage, dir, bytes, cut, false);
	stage_segment(stage, dir, bytes + cut, n - cut, false);
}

/* Both directions must be TLS; then what comes from application data on is left alone. */
static void test_encrypted(void **state)
{
	(void)state;
	static const struct {
		uint8_t client_hello, server_hello, data;
		uint64_t encrypted;
	} cases[] = {
		{1, 2, 23, 2}, {1, 1, 23, 0}, /* the server says no hello */
		{2, 2, 23, 0}, {1, 2, 25, 0}, /* no record */
	};
	uint8_t client[128], server[128];
	for (size_t c = 0; c < WW_N(cases); c++) {
		size_t n = tls_bytes(client, cases[c].client_hello, cases[c].data);
		size_t m = tls_bytes(server, cases[c].server_hello, 23);
		for (size_t cut = 1; cut < n; cut++) {
			struct stage stage;
			stage_open(&stage,
				"alert tcp any any -> any 1000 (flow:to_server; content:\"mark\"; "
				"sid:1;)\n"
				"alert tcp any 1000 -> any any (flow:to_client; "
				"content:\"nowhere\"; sid:2;)",
				WW_MATCHER_RUNS);
			stage_begin_flow(&stage, WW_PROTO_TCP, 1000);
			play_tls(&stage, WW_DIR_TO_CLIENT, server, 9, 4);
			play_tls(&stage, WW_DIR_TO_SERVER, client, n, cut);
			play_tls(&stage, WW_DIR_TO_CLIENT, server + 9, m - 9, 1);
			/* Of one segment a rule tells once: what a cut parts is told twice. */
			if (cases[c].encrypted)
				assert_int_equal(stage.hits, 1);
			else
				assert_in_range(stage.hits, 1, 2);
			uint64_t encrypted = ww_rules_counts(stage.rules).encrypted;
			assert_int_equal(encrypted, cases[c].encrypted);
			assert_true(!stage.flow.groups[WW_DIR_TO_SERVER] == (encrypted > 0));
			stage_close(&stage);
		}
	}
}

/* ---- packets of no flow and without payload ---- */

struct told {
	uint32_t sids[64];
	size_t n;
};

static void tell_sid(void *context, const struct ww_hit *hit)
{
	struct told *told = context;
	assert_true(told->n < WW_N(told->sids));
	told->sids[told->n++] = hit->rule->sid;
}

static void load_lone(struct ww_rng *rng, struct ww_rules *both[2], unsigned sid)
{
	static const char *const options[] = {"flags:S;", "flags:S,12;", "flags:!A;", "flags:*SF;",
		"window:1024;", "window:!1024;", "window:1000<>3000;", "flags:SA; window:5;",
		"ack:0;", "content:\"x\";", "flow:stateless; flags:+R;", "flow:established;",
		"ttl:64;", "", "threshold: type threshold, track by_src, count 3, seconds 60;"};
	static const char *const ports[] = {"any", "80", "1024:", "!25", "[21,80]"};
	static const char *const protos[] = {"tcp", "tcp", "tcp", "ip", "udp"};
	const char *proto = protos[ww_rng_below(rng, WW_N(protos))];
	bool ip = proto[0] == 'i';
	char line[256];
	int n = snprintf(line, sizeof(line), "alert %s %s %s %s any %s (%s %s sid:%u;)", proto,
		ww_rng_below(rng, 3) ? "any" : "10.0.0.0/9",
		ip ? "any" : ports[ww_rng_below(rng, WW_N(ports))],
		ww_rng_below(rng, 5) ? "->" : "<>",
		ip ? "any" : ports[ww_rng_below(rng, WW_N(ports))],
		options[ww_rng_below(rng, WW_N(options))],
		ww_rng_below(rng, 3) ? "" : options[ww_rng_below(rng, WW_N(options))], sid);
	for (int k = 0; k < 2; k++)
		assert_int_equal(ww_rules_load(both[k], "f", NULL, line, (size_t)n), 0);
}

static struct ww_packet random_lone(struct ww_rng *rng, int64_t time_us)
{
	static const uint8_t flags[] = {
		WW_TCP_SYN, WW_TCP_SYN | WW_TCP_ACK, WW_TCP_RST, 0xff, 0, WW_TCP_SYN | WW_TCP_ECE};
	static const uint16_t numbers[] = {80, 25, 21, 1024, 1023, 40000, 0, 65535, 2000, 5};
	return (struct ww_packet){.ip_version = 4,
		.proto = WW_PROTO_TCP,
		.has_transport = true,
		.ttl = (uint8_t)(63 + ww_rng_below(rng, 2)),
		.src = ww_ip_from_v4(0x0a000000 | (uint32_t)ww_rng_below(rng, 2) << 23),
		.dst = ww_ip_from_v4(0x0a000001),
		.sport = numbers[ww_rng_below(rng, WW_N(numbers))],
		.dport = numbers[ww_rng_below(rng, WW_N(numbers))],
		.window = numbers[ww_rng_below(rng, WW_N(numbers))],
		.ack = (uint32_t)ww_rng_below(rng, 2),
		.tcp_flags = flags[ww_rng_below(rng, WW_N(flags))],
		.time_us = time_us};
}

/* The short way (lone.c) and the groups tell the same, in the same order. */
static void test_lone(void **state)
{
	(void)state;
	struct ww_rng rng = ww_rng_seeded(5);
	size_t alerts = 0, nothing = 0;
	for (int round = 0; round < 20; round++) {
		struct ww_rules *both[2];
		struct ww_err err;
		for (int k = 0; k < 2; k++)
			assert_int_equal(ww_rules_new(NULL, 0, &both[k]), 0);
		unsigned n_rules = round % 4 ? 12 : 300;
		for (unsigned i = 1; i <= n_rules; i++)
			load_lone(&rng, both, i);
		if (n_rules == 300) /* too many for the short way: nothing else changes */
			for (unsigned i = 1; i <= n_rules; i++)
				load_lone(&rng, both, 1000 + i);
		for (int k = 0; k < 2; k++)
			assert_int_equal(ww_rules_compile(both[k], &err), 0);
		assert_true(!both[0]->lone_tcp == (n_rules == 300));
		free(both[1]->lone_tcp);
		both[1]->lone_tcp = NULL;
		for (int t = 0; n_rules == 12 && t < 500; t++) {
			struct told told[2] = {0};
			struct ww_packet packet = random_lone(&rng, t * INT64_C(1000000));
			for (int k = 0; k < 2; k++)
				ww_rules_packet(both[k], ww_rules_group(both[k], &packet), NULL,
					WW_DIR_TO_SERVER, &packet, tell_sid, &told[k]);
			assert_int_equal(told[0].n, told[1].n);
			assert_memory_equal(told[0].sids, told[1].sids, sizeof(told[0].sids));
			alerts += told[0].n;
			nothing += ww_rules_group(both[0], &packet) == 0;
		}
		for (int k = 0; k < 2; k++)
			ww_rules_free(&both[k]);
	}
	assert_true(alerts > 1000 && nothing > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chains),
		cmocka_unit_test(test_splits),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_lone),
		cmocka_unit_test(test_encrypted),
	};
	return cmocka_run_group_tests_name("match", tests, NULL, NULL);
}
