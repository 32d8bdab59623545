// SPDX-License-Identifier: GPL-3.0-or-later
/* Whole drills: what is in the capture is what the truth says, and nothing that could run. */
#include "test.h"

#include "base/file.h"
#include "drill/drill.h"
#include "drill/test-advisories.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct drill {
	char dir[64];
	struct ww_buf capture, truth;
	struct ww_drill_result result;
};

static void load(const char *dir, const char *name, struct ww_buf *ret)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(ww_file_load(path, 1 << 28, ret), 0);
}

static void remove_drill(const char *dir)
{
	static const char *const names[] = {"capture.pcap", "truth.jsonl", "README.txt"};
	for (size_t i = 0; i < WW_N(names); i++) {
		char path[128];
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	rmdir(dir);
}

static struct drill make(const struct ww_advisory *advisory, const struct ww_drill_plan *plan)
{
	struct drill drill = {.dir = "/tmp/wormwood-drill-XXXXXX"};
	struct ww_err err = {0};
	assert_non_null(mkdtemp(drill.dir));
	int rc = ww_drill_make(advisory, plan, drill.dir, &drill.result, &err);
	if (rc < 0)
		print_error("%d %s\n", rc, err.text);
	assert_int_equal(rc, 0);
	load(drill.dir, "capture.pcap", &drill.capture);
	load(drill.dir, "truth.jsonl", &drill.truth);
	return drill;
}

static void done(struct drill *drill)
{
	ww_buf_done(&drill->capture);
	ww_buf_done(&drill->truth);
	remove_drill(drill->dir);
}

static struct ww_drill_plan small_plan(uint64_t seed)
{
	struct ww_drill_plan plan = ww_drill_plan_default();
	plan.seed = seed;
	plan.hosts = 200;
	plan.infected = 30;
	plan.background_per_s = 10;
	return plan;
}

/* A packet of the capture, in host order. */
struct packet {
	int64_t time_us;
	uint32_t src, dst, seq;
	uint16_t sport, dport;
	uint8_t proto, flags;
	const uint8_t *payload;
	size_t len;
};

static uint32_t be(const uint8_t *at, int n)
{
	uint32_t value = 0;
	for (int i = 0; i < n; i++)
		value = value << 8 | at[i];
	return value;
}

static uint32_t le_32(const uint8_t *at)
{
	return (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

static bool next_packet(const struct ww_buf *capture, size_t *at, struct packet *ret)
{
	if (*at == capture->len)
		return false;
	const uint8_t *record = (const uint8_t *)capture->data + *at;
	assert_true(*at + 16 <= capture->len);
	uint32_t captured = le_32(record + 8);
	assert_int_equal(captured, le_32(record + 12));
	const uint8_t *ip = record + 16 + 14, *transport = ip + 20;
	/* Inert: every address locally administered, one hop, an identification. */
	assert_int_equal(record[16], 0x02);
	assert_int_equal(record[22], 0x02);
	assert_int_equal(ip[8], 1);
	assert_int_not_equal(be(ip + 4, 2), 0);
	size_t header = ip[9] == WW_PROTO_TCP ? (size_t)(transport[12] >> 4) * 4 : 8;
	*ret = (struct packet){
		.time_us = (int64_t)le_32(record) * 1000000 + le_32(record + 4),
		.src = be(ip + 12, 4),
		.dst = be(ip + 16, 4),
		.sport = (uint16_t)be(transport, 2),
		.dport = (uint16_t)be(transport + 2, 2),
		.seq = be(transport + 4, 4),
		.proto = ip[9],
		.flags = transport[13],
		.payload = transport + header,
		.len = be(ip + 2, 2) - 20 - header,
	};
	*at += 16 + captured;
	return true;
}

static json_t *next_line(const char **text)
{
	const char *end = strchr(*text, '\n');
	if (!end)
		return NULL;
	json_t *line = json_loadb(*text, (size_t)(end - *text), 0, NULL);
	assert_non_null(line);
	*text = end + 1;
	return line;
}

static const char *string_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	assert_non_null(text);
	return text;
}

static bool is_type(const json_t *line, const char *type)
{
	return strcmp(string_of(line, "type"), type) == 0;
}

static void same_seed_same_bytes(void **state)
{
	(void)state;
	struct ww_advisory advisory = blaster_advisory();
	struct ww_drill_plan plan = small_plan(11);
	struct drill a = make(&advisory, &plan), b = make(&advisory, &plan);
	plan.seed = 12;
	struct drill c = make(&advisory, &plan);
	assert_int_equal(a.capture.len, b.capture.len);
	assert_memory_equal(a.capture.data, b.capture.data, a.capture.len);
	assert_string_equal(a.truth.data, b.truth.data);
	assert_true(a.capture.len != c.capture.len ||
		    memcmp(a.capture.data, c.capture.data, a.capture.len) != 0);
	done(&a);
	done(&b);
	done(&c);
}

/* Packets in the order of time, as many as the truth says. */
static void capture_is_in_order(void **state)
{
	(void)state;
	struct ww_advisory advisory = code_red_advisory();
	struct ww_drill_plan plan = small_plan(5);
	struct drill drill = make(&advisory, &plan);
	struct packet packet;
	uint64_t n = 0;
	int64_t before_us = plan.start_us;
	for (size_t at = 24; next_packet(&drill.capture, &at, &packet); n++) {
		assert_true(packet.time_us >= before_us);
		before_us = packet.time_us;
	}
	assert_int_equal(n, drill.result.packets);
	assert_int_equal(drill.result.infected, plan.infected);
	done(&drill);
}

/* The attack's side of one session as a stream, from the packets of the capture. */
struct stream {
	uint32_t client, server;
	uint16_t client_port, server_port;
	uint32_t base;
	bool has_base;
	uint8_t bytes[4096];
	size_t len;
	int n_segments, n_disordered;
	bool is_attack, is_decoy;
};

enum { STREAMS = 4096 };

static size_t load_sessions(const struct ww_buf *truth, struct stream *streams)
{
	size_t n = 0;
	const char *text = truth->data;
	for (json_t *line; (line = next_line(&text)) != NULL; json_decref(line)) {
		struct ww_ip attacker, victim;
		if (!is_type(line, "session"))
			continue;
		assert_true(n < STREAMS);
		assert_int_equal(ww_ip_parse(string_of(line, "attacker"), &attacker), 0);
		assert_int_equal(ww_ip_parse(string_of(line, "victim"), &victim), 0);
		streams[n++] = (struct stream){
			.client = ww_ip_v4(&attacker),
			.server = ww_ip_v4(&victim),
			.client_port =
				(uint16_t)json_integer_value(json_object_get(line, "client_port")),
			.server_port =
				(uint16_t)json_integer_value(json_object_get(line, "server_port")),
			.is_decoy = strcmp(string_of(line, "outcome"), "decoy") == 0,
		};
		streams[n - 1].is_attack = !streams[n - 1].is_decoy;
	}
	return n;
}

static void feed(struct stream *streams, size_t n, const struct packet *packet)
{
	for (size_t i = 0; i < n; i++) {
		struct stream *stream = &streams[i];
		if (stream->client_port != packet->sport || stream->client != packet->src ||
			stream->server != packet->dst || stream->server_port != packet->dport)
			continue;
		if (packet->flags & 2) {
			stream->base = packet->seq + 1;
			stream->has_base = true;
		}
		if (packet->len == 0 || !stream->has_base)
			continue;
		size_t at = packet->seq - stream->base;
		assert_true(at + packet->len <= sizeof(stream->bytes));
		memcpy(stream->bytes + at, packet->payload, packet->len);
		stream->n_disordered += at != stream->len;
		stream->len = at + packet->len > stream->len ? at + packet->len : stream->len;
		stream->n_segments++;
	}
}

/* What Symantec's rule asks for: the pattern, and no 5C in the 32 bytes behind it. */
static bool is_hit(const struct stream *stream)
{
	const uint8_t *at = memmem(stream->bytes, stream->len, "\0\\\0\\", 4);
	assert_non_null(at);
	size_t left = stream->len - (size_t)(at + 4 - stream->bytes);
	return !memchr(at + 4, '\\', left < 32 ? left : 32);
}

static void attacks_hit_and_decoys_do_not(void **state)
{
	(void)state;
	struct ww_advisory advisory = blaster_advisory();
	struct ww_drill_plan plan = small_plan(21);
	plan.infected = 100;
	struct drill drill = make(&advisory, &plan);
	struct stream *streams = calloc(STREAMS, sizeof(*streams));
	assert_non_null(streams);
	size_t n = load_sessions(&drill.truth, streams);
	struct packet packet;
	for (size_t at = 24; next_packet(&drill.capture, &at, &packet);)
		if (packet.proto == WW_PROTO_TCP && packet.dport == 135 &&
			(packet.len || packet.flags & 2))
			feed(streams, n, &packet);
	size_t n_decoys = 0, n_split = 0, n_disordered = 0;
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(is_hit(&streams[i]), streams[i].is_attack);
		n_decoys += streams[i].is_decoy;
		n_split += streams[i].n_segments > 1;
		n_disordered += streams[i].n_disordered > 0;
	}
	assert_int_equal(n_decoys, drill.result.decoys);
	assert_true(n >= 99 && n_decoys >= 20);
	assert_true(n_split > n / 3 && n_split < n);
	assert_true(n_disordered > 0);
	free(streams);
	done(&drill);
}

/* Each host taken over fetched 6,176 bytes: 13 blocks, each acknowledged (RFC 1350). */
static void transfers_are_whole(void **state)
{
	(void)state;
	struct ww_advisory advisory = blaster_advisory();
	struct ww_drill_plan plan = small_plan(31);
	plan.background_per_s = 0;
	struct drill drill = make(&advisory, &plan);
	struct packet packet;
	size_t n_requests = 0, n_data = 0, n_acks = 0, n_bytes = 0;
	for (size_t at = 24; next_packet(&drill.capture, &at, &packet);) {
		if (packet.proto != WW_PROTO_UDP)
			continue;
		n_requests += packet.payload[1] == 1;
		n_acks += packet.payload[1] == 4;
		n_data += packet.payload[1] == 3;
		n_bytes += packet.payload[1] == 3 ? packet.len - 4 : 0;
	}
	size_t n_taken = plan.infected - 1;
	assert_int_equal(n_requests, n_taken);
	assert_int_equal(n_data, 13 * n_taken);
	assert_int_equal(n_acks, 13 * n_taken);
	assert_int_equal(n_bytes, 6176 * n_taken);
	done(&drill);
}

/* One root; a parent is infected, one generation older, and scanned before. */
static void truth_is_a_tree(void **state)
{
	(void)state;
	struct ww_advisory advisories[2] = {blaster_advisory(), code_red_advisory()};
	for (int which = 0; which < 2; which++) {
		struct ww_drill_plan plan = small_plan(41);
		struct drill drill = make(&advisories[which], &plan);
		json_t *hosts = json_object();
		const char *text = drill.truth.data;
		size_t n_infected = 0, n_roots = 0;
		for (json_t *line; (line = next_line(&text)) != NULL; json_decref(line))
			if (is_type(line, "host"))
				json_object_set(hosts, string_of(line, "ip"), line);
		const char *ip;
		json_t *host;
		json_object_foreach(hosts, ip, host)
		{
			if (!json_is_true(json_object_get(host, "infected")))
				continue;
			n_infected++;
			n_roots += json_is_null(json_object_get(host, "parent"));
			if (json_is_null(json_object_get(host, "parent")))
				continue;
			json_t *parent = json_object_get(hosts, string_of(host, "parent"));
			assert_true(json_is_true(json_object_get(parent, "infected")));
			assert_int_equal(
				json_integer_value(json_object_get(parent, "generation")) + 1,
				json_integer_value(json_object_get(host, "generation")));
			assert_true(strcmp(string_of(parent, "scan_from"),
					    string_of(host, "infected_at")) < 0);
			assert_true(strcmp(string_of(host, "first_contact_at"),
					    string_of(host, "infected_at")) < 0);
		}
		assert_int_equal(n_roots, 1);
		assert_int_equal(n_infected, plan.infected);
		json_decref(hosts);
		done(&drill);
	}
}

/* Every attempt is the whole attack; a closed port says so by ICMP (RFC 1122, 4.1.3.1). */
static void a_worm_of_one_datagram(void **state)
{
	(void)state;
	struct ww_advisory advisory = datagram_advisory();
	struct ww_drill_plan plan = small_plan(51);
	plan.background_per_s = 0;
	struct drill drill = make(&advisory, &plan);
	struct packet packet;
	uint64_t n_attacks = 0, n_unreachable = 0, n_scanned = 0;
	for (size_t at = 24; next_packet(&drill.capture, &at, &packet);) {
		n_unreachable += packet.proto == WW_PROTO_ICMP;
		if (packet.proto != WW_PROTO_UDP)
			continue;
		assert_int_equal(packet.dport, 1434);
		assert_int_equal(packet.len, 24);
		assert_memory_equal(packet.payload, "\4inert marker of a drill", 24);
		n_attacks++;
	}
	const char *text = drill.truth.data;
	for (json_t *line; (line = next_line(&text)) != NULL; json_decref(line))
		n_scanned += (uint64_t)json_integer_value(json_object_get(line, "scanned"));
	assert_int_equal(n_attacks, n_scanned);
	assert_int_equal(drill.result.infected, plan.infected);
	assert_true(n_unreachable > 0 && n_unreachable < n_attacks);
	done(&drill);
}

static void assert_refused(struct ww_advisory advisory, struct ww_drill_plan plan, const char *why)
{
	struct ww_drill_result result;
	struct ww_err err = {0};
	assert_int_equal(ww_drill_make(&advisory, &plan, "/nonexistent/x", &result, &err), -EINVAL);
	if (!strstr(err.text, why))
		print_error("'%s' lacks '%s'\n", err.text, why);
	assert_non_null(strstr(err.text, why));
}

static void what_is_missing_is_named(void **state)
{
	(void)state;
	struct ww_advisory good = blaster_advisory(), bad = good;
	struct ww_drill_plan plan = ww_drill_plan_default(), wrong = plan;
	bad.n_stages = 0;
	assert_refused(bad, plan, "stages");
	bad = good;
	bad.propagation.is_given = false;
	assert_refused(bad, plan, "propagation");
	bad = good;
	bad.propagation.port.proto = 0;
	assert_refused(bad, plan, "port");
	bad = good;
	bad.propagation.addresses.uniform = 0.5;
	assert_refused(bad, plan, "weights");
	bad = good;
	bad.n_stages = 1;
	assert_refused(bad, plan, "dialog");
	wrong.hosts = 1;
	assert_refused(good, wrong, "2 to 60000 hosts");
	wrong.hosts = 60001;
	assert_refused(good, wrong, "2 to 60000 hosts");
	wrong = plan;
	wrong.infected = 501;
	assert_refused(good, wrong, "infected");
	wrong = plan;
	wrong.duration_s = 0;
	assert_refused(good, wrong, "lasts");
	wrong = plan;
	wrong.max_packets = 0;
	assert_refused(good, wrong, "packet");
}

static void nothing_is_overwritten(void **state)
{
	(void)state;
	struct ww_advisory advisory = blaster_advisory();
	struct ww_drill_plan plan = small_plan(1);
	plan.duration_s = 5;
	struct drill drill = make(&advisory, &plan);
	struct ww_drill_result result;
	struct ww_err err = {0};
	assert_int_equal(ww_drill_make(&advisory, &plan, drill.dir, &result, &err), -EEXIST);
	done(&drill);
}

/* The smallest network, no background, and a limit that is soon reached: each ends. */
static void limits_are_kept(void **state)
{
	(void)state;
	struct ww_advisory advisory = blaster_advisory();
	struct ww_drill_plan plan = ww_drill_plan_default();
	plan.hosts = 2;
	plan.infected = 2;
	plan.duration_s = 60;
	plan.background_per_s = 1;
	struct drill drill = make(&advisory, &plan);
	done(&drill);
	plan = ww_drill_plan_default();
	plan.max_packets = 1000;
	drill = make(&advisory, &plan);
	/* What has begun is played to its end. */
	assert_true(drill.result.packets >= 1000 && drill.result.packets < 3000);
	done(&drill);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_seed_same_bytes),
		cmocka_unit_test(capture_is_in_order),
		cmocka_unit_test(attacks_hit_and_decoys_do_not),
		cmocka_unit_test(transfers_are_whole),
		cmocka_unit_test(truth_is_a_tree),
		cmocka_unit_test(a_worm_of_one_datagram),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(nothing_is_overwritten),
		cmocka_unit_test(limits_are_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
