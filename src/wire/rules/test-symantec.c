// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The rule that came with the Blaster advisory of August 2003, exactly as it was printed: no sid,
 * continuation lines, a blank before the bracket, and a negated content with a window.
 */
#include "wire/rules/test-rules.h"

#include "base/file.h"

static const char rule_text[] = "alert tcp $EXTERNAL_NET any -> $HOME_NET 135 \\\n"
				"(msg:\"DCE RPC Interface Buffer Overflow Exploit\"; \\\n"
				"content:\"|00 5C 00 5C|\"; \\\n"
				"content:!\"|5C|\"; within:32; \\\n"
				"flow:to_server,established; \\\n"
				"reference:bugtraq,8205; rev: 1; )\n";

/* 16 bytes, the pattern, then `before` other bytes, then one byte `last`, then `after` others. */
static size_t build(uint8_t *out, size_t before, uint8_t last, size_t after)
{
	size_t n = 0;
	for (size_t i = 0; i < 16; i++)
		out[n++] = (uint8_t)('a' + i);
	memcpy(out + n, "\x00\x5c\x00\x5c", 4);
	n += 4;
	for (size_t i = 0; i < before; i++)
		out[n++] = (uint8_t)('A' + i % 20);
	out[n++] = last;
	for (size_t i = 0; i < after; i++)
		out[n++] = (uint8_t)('0' + i % 10);
	return n;
}

static void test_loads(void **state)
{
	(void)state;
	struct stage stage;
	stage_open(&stage, rule_text, WW_MATCHER_RUNS);
	assert_int_equal(ww_rules_n(stage.rules), 1);
	assert_int_equal(ww_rules_problems(stage.rules), 0);
	const struct ww_rule *rule = ww_rules_get(stage.rules, 0);
	assert_false(rule->sid_given);
	assert_int_equal(rule->sid, 1000000001);
	assert_int_equal(rule->rev, 1);
	assert_int_equal(rule->gid, 1);
	assert_int_equal(rule->priority, 3);
	assert_string_equal(rule->msg, "DCE RPC Interface Buffer Overflow Exploit");
	assert_int_equal(rule->n_references, 1);
	assert_string_equal(rule->references[0], "bugtraq,8205");
	assert_int_equal(rule->at.line, 1);
	assert_int_equal(rule->at.col, 1);
	stage_close(&stage);
}

/* Cut in one, two and three places, everywhere: an attack alerts once, a decoy never. */
static void test_every_split(void **state)
{
	(void)state;
	static const struct {
		size_t before;
		uint8_t last;
		size_t after;
		size_t hits;
	} rows[] = {
		{40, 'x', 5, 1},  /* no 5C at all */
		{31, 'x', 0, 1},  /* exactly 32 bytes behind */
		{31, 0x5c, 4, 0}, /* 5C is the 32nd byte: still inside */
		{32, 0x5c, 4, 1}, /* the 33rd: outside */
		{0, 0x5c, 40, 0}, /* directly behind */
		{15, 0x5c, 30, 0},
		{10, 'x', 0, 1}, /* the stream ends before 32 bytes: decided by its end */
		{10, 0x5c, 0, 0},
	};
	for (int kind = 0; kind < 2; kind++) {
		struct stage stage;
		stage_open(&stage, rule_text, (enum ww_matcher_kind)kind);
		for (size_t r = 0; r < WW_N(rows); r++) {
			uint8_t text[128];
			size_t len = build(text, rows[r].before, rows[r].last, rows[r].after);
			assert_int_equal(stage_stream(&stage, 135, text, len), rows[r].hits);
			for (size_t a = 1; a < len; a++)
				for (size_t b = a; b < len; b++) {
					size_t cuts[2] = {a, b};
					if (stage_play(&stage, 135, text, len, cuts, 2) !=
						rows[r].hits)
						fail_msg("row %zu cut at %zu and %zu: %zu hits", r,
							a, b, stage.hits);
				}
			/* Byte by byte. */
			size_t cuts[128];
			for (size_t i = 0; i < len; i++)
				cuts[i] = i;
			assert_int_equal(
				stage_play(&stage, 135, text, len, cuts, len), rows[r].hits);
		}
		stage_close(&stage);
	}
}

static void test_where_it_applies(void **state)
{
	(void)state;
	struct stage stage;
	uint8_t text[128];
	size_t len = build(text, 40, 'x', 5);
	stage_open(&stage, rule_text, WW_MATCHER_RUNS);
	assert_int_equal(stage_stream(&stage, 136, text, len), 0);
	assert_int_equal(stage.flow.groups[0], 0);
	assert_int_equal(stage_datagram(&stage, 135, text, len), 0);
	/* Server to client costs nothing: there is no group. */
	stage_begin_flow(&stage, WW_PROTO_TCP, 135);
	assert_int_not_equal(stage.flow.groups[WW_DIR_TO_SERVER], 0);
	assert_int_equal(stage.flow.groups[WW_DIR_TO_CLIENT], 0);
	/* Not established. */
	stage.flow.established = false;
	stage_segment(&stage, WW_DIR_TO_SERVER, text, len, false);
	stage_segment(&stage, WW_DIR_TO_SERVER, "", 0, true);
	assert_int_equal(stage.hits, 0);
	/* The hit says where it was. */
	assert_int_equal(stage_stream(&stage, 135, text, len), 1);
	assert_true(stage.last.in_stream);
	assert_int_equal(stage.last.n_spans, 1);
	assert_int_equal(stage.last.spans[0].offset, 16);
	assert_int_equal(stage.last.spans[0].len, 4);
	stage_close(&stage);
}

/* A connection that is attacked twice, far apart, alerts twice; a long one does not forget. */
static void test_long_stream(void **state)
{
	(void)state;
	struct stage stage;
	stage_open(&stage, rule_text, WW_MATCHER_RUNS);
	uint8_t attack[128], filler[1000];
	size_t len = build(attack, 40, 'x', 5);
	memset(filler, 'f', sizeof(filler));
	stage_begin_flow(&stage, WW_PROTO_TCP, 135);
	for (int i = 0; i < 30; i++) {
		if (i == 5 || i == 25)
			stage_segment(&stage, WW_DIR_TO_SERVER, attack, len, false);
		stage_segment(&stage, WW_DIR_TO_SERVER, filler, sizeof(filler), false);
	}
	assert_int_equal(stage.hits, 2);
	stage_close(&stage);
}

/* A gap decides what waited by what came before it. */
static void test_gap(void **state)
{
	(void)state;
	struct stage stage;
	stage_open(&stage, rule_text, WW_MATCHER_RUNS);
	stage_begin_flow(&stage, WW_PROTO_TCP, 135);
	static const uint8_t data[] = "\x00\x5c\x00\x5c"
				      "abcdXXXX\x5c";
	struct ww_stream_view view = {.data = data, .len = 8};
	ww_rules_stream(stage.rules, &stage.flow, 0, NULL, &view, stage_hit, &stage);
	assert_int_equal(stage.hits, 0);
	view = (struct ww_stream_view){.data = data, .len = 13, .fresh = 8, .after_gap = true};
	ww_rules_stream(stage.rules, &stage.flow, 0, NULL, &view, stage_hit, &stage);
	assert_int_equal(stage.hits, 1);
	stage_close(&stage);
}

/* The article itself, where it is at hand: its lines are the rule's. */
static void test_as_printed(void **state)
{
	(void)state;
	char path[512];
	struct ww_buf text = WW_BUF_INIT;
	snprintf(path, sizeof(path), "%s/seeds/000_f2627d2b9c47fe6a.txt", stage_shared());
	if (ww_file_load(path, 1 << 20, &text) < 0) {
		ww_buf_done(&text);
		print_message("skipped: %s is not here\n", path);
		skip();
	}
	const char *from = strstr(text.data, "alert tcp");
	assert_non_null(from);
	const char *end = strstr(from, "rev: 1; )");
	assert_non_null(end);
	struct stage stage;
	char *rule = strndup(from, (size_t)(end - from) + 9);
	stage_open(&stage, rule, WW_MATCHER_RUNS);
	assert_int_equal(ww_rules_n(stage.rules), 1);
	stage_close(&stage);
	free(rule);
	ww_buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loads),
		cmocka_unit_test(test_every_split),
		cmocka_unit_test(test_where_it_applies),
		cmocka_unit_test(test_long_stream),
		cmocka_unit_test(test_gap),
		cmocka_unit_test(test_as_printed),
	};
	return cmocka_run_group_tests_name("symantec", tests, NULL, NULL);
}
