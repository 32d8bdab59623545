// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/opt.h"
#include "base/quote.h"
#include "base/rng.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

/* ---- buf, json ---- */

static void a_buffer_grows_and_is_taken(void **state)
{
	(void)state;
	struct ww_buf buf = WW_BUF_INIT;
	assert_string_equal(ww_buf_text(&buf), "");
	for (int i = 0; i < 1000; i++)
		ww_buf_addf(&buf, "%d,", i);
	assert_int_equal(buf.len, 10 * 2 + 90 * 3 + 900 * 4);
	assert_memory_equal(buf.data + buf.len - 4, "999,", 5);
	ww_buf_reset(&buf);
	char wide[400];
	memset(wide, 'x', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = '\0';
	ww_buf_addf(&buf, "[%s]", wide); /* longer than the room on the stack */
	assert_int_equal(buf.len, sizeof(wide) + 1);
	ww_buf_pad(&buf, ' ', -3);
	ww_buf_pad(&buf, '.', 2);
	char *text = ww_buf_take(&buf);
	assert_string_equal(text + strlen(text) - 3, "]..");
	assert_null(buf.data);
	free(text);
	text = ww_buf_take(&buf);
	assert_string_equal(text, "");
	free(text);
	ww_buf_done(&buf);
	ww_buf_done(&buf);
}

static void json_escapes_hostile_bytes(void **state)
{
	(void)state;
	struct ww_buf out = WW_BUF_INIT;
	struct ww_json json = ww_json_to(&out);
	ww_json_object(&json, NULL);
	ww_json_bytes(&json, "a", "\x00\"\\\n\xff\xe3\x81\x82", 8);
	ww_json_array(&json, "b");
	ww_json_int(&json, NULL, -1);
	ww_json_real(&json, NULL, 0.5, 2);
	ww_json_real(&json, NULL, 0.0 / 0.0, 2);
	ww_json_object(&json, NULL);
	ww_json_end(&json, '}');
	ww_json_bool(&json, NULL, true);
	ww_json_end(&json, ']');
	ww_json_string(&json, "c", "");
	ww_json_end(&json, '}');
	assert_string_equal(ww_buf_text(&out),
		"{\"a\":\"\\u0000\\\"\\\\\\n\xef\xbf\xbd\xe3\x81\x82\","
		"\"b\":[-1,0.50,null,{},true],\"c\":\"\"}");
	ww_buf_done(&out);
}

static void json_prints_every_number_and_byte(void **state)
{
	(void)state;
	static const int64_t numbers[] = {
		0, 9, 10, -10, 4294967296, INT64_MAX, INT64_MIN, INT64_MIN + 1};
	for (size_t i = 0; i < WW_N(numbers); i++) {
		struct ww_buf out = WW_BUF_INIT;
		struct ww_json json = ww_json_to(&out);
		char want[32];
		snprintf(want, sizeof(want), "%" PRId64, numbers[i]);
		ww_json_int(&json, NULL, numbers[i]);
		assert_string_equal(ww_buf_text(&out), want);
		ww_buf_done(&out);
	}
	/* One byte between plain ones: itself, escaped, or replaced. */
	for (unsigned byte = 0; byte < 256; byte++) {
		struct ww_buf out = WW_BUF_INIT;
		struct ww_json json = ww_json_to(&out);
		const char bytes[4] = {'a', 'b', (char)byte, 'c'};
		char want[16];
		const char *format = byte >= 0x80                  ? "\"ab\xef\xbf\xbd\x63\""
				     : byte == '\n'                ? "\"ab\\nc\""
				     : byte == '"' || byte == '\\' ? "\"ab\\%cc\""
				     : byte < 0x20 || byte == 0x7f ? "\"ab\\u%04xc\""
								   : "\"ab%cc\"";
		snprintf(want, sizeof(want), format, byte);
		ww_json_bytes(&json, NULL, bytes, sizeof(bytes));
		assert_string_equal(ww_buf_text(&out), want);
		ww_buf_done(&out);
	}
}

/* ---- text ---- */

static void only_well_formed_utf8_is_taken(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t len, want;
	} cases[] = {
		{"a", 1, 1},
		{"\x7f", 1, 1},
		{"\x80", 1, 0},
		{"\xc1\x81", 2, 0}, /* overlong */
		{"\xc3\xa9", 2, 2},
		{"\xc3", 1, 0},
		{"\xe0\x80\x80", 3, 0},
		{"\xe3\x81\x82", 3, 3},
		{"\xed\xa0\x80", 3, 0}, /* a surrogate */
		{"\xf0\x9f\x90\x9b", 4, 4},
		{"\xf0\x8f\xbf\xbf", 4, 0},
		{"\xf4\x90\x80\x80", 4, 0}, /* beyond U+10FFFF */
		{"\xf5\x80\x80\x80", 4, 0},
		{"\xe3\x81", 2, 0},
	};
	for (size_t i = 0; i < WW_N(cases); i++)
		if (ww_utf8_length(cases[i].bytes, cases[i].len) != cases[i].want)
			fail_msg("case %zu", i);
	assert_int_equal(ww_utf8_decode("\xe3\x81\x82", 3), 0x3042);
	assert_int_equal(ww_utf8_decode("\xf0\x9f\x90\x9b", 4), 0x1f41b);
}

static void columns_align_for_wide_characters(void **state)
{
	(void)state;
	assert_int_equal(ww_text_width("abc"), 3);
	assert_int_equal(ww_text_width("感染"), 4);
	assert_int_equal(ww_text_width("ｱ"), 1);         /* halfwidth */
	assert_int_equal(ww_text_width("e\xcc\x81"), 1); /* combining */
	assert_int_equal(ww_text_width("\xff"), 1);
	struct ww_buf out = WW_BUF_INIT;
	ww_text_left(&out, "感染", 6);
	ww_text_left(&out, "toolong", 3);
	assert_string_equal(ww_buf_text(&out), "感染  toolong");
	ww_buf_done(&out);
}

static void a_terminal_cannot_be_driven(void **state)
{
	(void)state;
	struct ww_buf out = WW_BUF_INIT;
	ww_text_safe(&out, "\x1b[2J\r\n\t\\ok\x00\x7f\x9b", 13);
	assert_string_equal(ww_buf_text(&out), "\\x1b[2J\\r\\n\\t\\\\ok\\x00\\x7f\\x9b");
	ww_buf_done(&out);
}

static void a_shell_word_is_one_word(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"a-b_c/d.pcap", "a-b_c/d.pcap"},
		{"", "''"},
		{"two words", "'two words'"},
		{"it's; rm -rf *", "'it'\\''s; rm -rf *'"},
		{"$(x)`y`\n", "'$(x)`y`\n'"},
	};
	for (size_t i = 0; i < WW_N(cases); i++) {
		struct ww_buf out = WW_BUF_INIT;
		ww_quote_shell(&out, cases[i][0]);
		assert_string_equal(ww_buf_text(&out), cases[i][1]);
		ww_buf_done(&out);
	}
}

/* ---- opt ---- */

struct config {
	bool flag;
	const char *text;
	struct ww_opt_list list;
	uint64_t count;
	double real;
};

static const struct ww_opt rows[] = {
	WW_OPT(struct config, flag, WW_OPT_FLAG, 'f', "flag", NULL, "a flag"),
	WW_OPT(struct config, text, WW_OPT_TEXT, 't', "text", "TEXT", "a text"),
	WW_OPT(struct config, list, WW_OPT_LIST, 'l', "list", "ITEM", "a list"),
	WW_OPT(struct config, count, WW_OPT_COUNT, 0, "count", "N", "a number"),
	WW_OPT(struct config, real, WW_OPT_REAL, 0, "real", "X", "a real number"),
};

/* Parses up to 6 words; the operands go to rest. */
static int parse(const char *const *words, struct config *config, const char **rest, size_t *n_rest,
	struct ww_err *err)
{
	char *argv[8] = {NULL};
	char storage[8][32];
	int argc = 0;
	snprintf(storage[0], sizeof(storage[0]), "cmd");
	argv[argc++] = storage[0];
	for (; *words; words++, argc++) {
		snprintf(storage[argc], sizeof(storage[argc]), "%s", *words);
		argv[argc] = storage[argc];
	}
	*err = (struct ww_err){0};
	int status = ww_opt_parse(
		argc, argv, rows, WW_N(rows), NULL, NULL, 0, config, rest, n_rest, err);
	if (status == 0 && *n_rest > 0)
		*n_rest = strcmp(rest[0], "operand") == 0 ? *n_rest : 99;
	return status;
}

static void options_fill_the_struct(void **state)
{
	(void)state;
	struct config config = {0};
	const char *rest[8];
	size_t n_rest = 0;
	struct ww_err err;
	const char *const words[] = {
		"-l", "one", "operand", "--list=two", "--count", "18446744073709551615", NULL};
	assert_int_equal(parse(words, &config, rest, &n_rest, &err), 0);
	assert_int_equal(config.list.n_items, 2);
	assert_true(config.count == UINT64_MAX);
	assert_false(config.flag);
	assert_int_equal(n_rest, 1);
	const char *const after[] = {"--flag", "--real", "-2.5", "--", "operand", "-x", NULL};
	assert_int_equal(parse(after, &config, rest, &n_rest, &err), 0);
	assert_true(config.flag);
	assert_true(config.real < -2.4 && config.real > -2.6);
	assert_int_equal(n_rest, 2);
	const char *const help[] = {"-h", NULL};
	assert_int_equal(parse(help, &config, rest, &n_rest, &err), 1);
}

static void bad_options_are_named(void **state)
{
	(void)state;
	static const struct {
		const char *words[4], *says;
	} cases[] = {
		{{"--nothing", NULL}, "unknown option '--nothing'"},
		{{"-z", NULL}, "unknown option '-z'"},
		{{"--text", NULL}, "'--text' needs an argument"},
		{{"--count", "-1", NULL}, "--count takes a whole number, not '-1'"},
		{{"--count", "1x", NULL}, "--count takes a whole number, not '1x'"},
		{{"--count", "18446744073709551616", NULL}, "--count takes a whole number"},
		{{"--real", "nan", NULL}, "--real takes a number, not 'nan'"},
	};
	for (size_t i = 0; i < WW_N(cases); i++) {
		struct config config = {0};
		const char *rest[8];
		size_t n_rest = 0;
		struct ww_err err;
		assert_int_equal(parse(cases[i].words, &config, rest, &n_rest, &err), -EINVAL);
		if (!strstr(err.text, cases[i].says))
			fail_msg("'%s', not '%s'", err.text, cases[i].says);
	}
}

/* ---- hash, rng ---- */

static void a_hash_depends_on_every_byte_and_on_the_key(void **state)
{
	(void)state;
	struct ww_hash_key key = ww_hash_key_fixed(0), same = ww_hash_key_fixed(0);
	struct ww_hash_key other = ww_hash_key_fixed(1);
	uint8_t bytes[40] = {0};
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		uint64_t hash = ww_hash_bytes(&key, bytes, len);
		assert_true(hash == ww_hash_bytes(&same, bytes, len));
		assert_true(hash != ww_hash_bytes(&other, bytes, len));
		if (len < sizeof(bytes)) /* a zero more is another text */
			assert_true(hash != ww_hash_bytes(&key, bytes, len + 1));
		for (size_t i = 0; i < len; i++) {
			bytes[i] ^= 1;
			assert_true(hash != ww_hash_bytes(&key, bytes, len));
			bytes[i] ^= 1;
		}
	}
}

static void random_numbers_are_the_same_everywhere(void **state)
{
	(void)state;
	/* xoshiro256** from splitmix64(0): computed from the published reference code. */
	struct ww_rng rng = ww_rng_seeded(0);
	assert_true(ww_rng_u64(&rng) == 0x99ec5f36cb75f2b4);
	assert_true(ww_rng_u64(&rng) == 0xbf6e1f784956452a);
	unsigned seen[7] = {0};
	for (int i = 0; i < 7000; i++)
		seen[ww_rng_below(&rng, 7)]++;
	for (int i = 0; i < 7; i++)
		assert_in_range(seen[i], 850, 1150);
	assert_int_equal(ww_rng_below(&rng, 0), 0);
	assert_int_equal(ww_rng_below(&rng, 1), 0);
	double sum = 0;
	for (int i = 0; i < 20000; i++) {
		double unit = ww_rng_unit(&rng);
		assert_true(unit >= 0 && unit < 1);
		sum += ww_rng_exponential(&rng, 3);
	}
	assert_true(sum / 20000 > 2.9 && sum / 20000 < 3.1);
}

/* ---- file ---- */

static void files_are_loaded_up_to_a_limit(void **state)
{
	(void)state;
	char path[] = "/tmp/wormwood-base-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "0123456789", 10), 10);
	close(fd);
	struct ww_buf buf = WW_BUF_INIT;
	assert_int_equal(ww_file_load(path, 10, &buf), 0);
	assert_int_equal(buf.len, 10);
	ww_buf_done(&buf);
	assert_int_equal(ww_file_load(path, 9, &buf), -EFBIG);
	unlink(path);
	assert_int_equal(ww_file_load(path, 10, &buf), -ENOENT);
	assert_int_equal(ww_file_load("/tmp", 10, &buf), -EISDIR);
	ww_path_join(&buf, "a/", "b");
	ww_buf_addc(&buf, ' ');
	ww_path_join(&buf, "c", "d");
	assert_string_equal(ww_buf_text(&buf), "a/b c/d");
	ww_buf_done(&buf);
	assert_string_equal(ww_path_base("x/y"), "y");
	assert_string_equal(ww_path_base("y"), "y");
	assert_string_equal(ww_path_base("y/"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_buffer_grows_and_is_taken),
		cmocka_unit_test(json_escapes_hostile_bytes),
		cmocka_unit_test(json_prints_every_number_and_byte),
		cmocka_unit_test(only_well_formed_utf8_is_taken),
		cmocka_unit_test(columns_align_for_wide_characters),
		cmocka_unit_test(a_terminal_cannot_be_driven),
		cmocka_unit_test(a_shell_word_is_one_word),
		cmocka_unit_test(options_fill_the_struct),
		cmocka_unit_test(bad_options_are_named),
		cmocka_unit_test(a_hash_depends_on_every_byte_and_on_the_key),
		cmocka_unit_test(random_numbers_are_the_same_everywhere),
		cmocka_unit_test(files_are_loaded_up_to_a_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
