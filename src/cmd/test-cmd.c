// SPDX-License-Identifier: GPL-3.0-or-later
#include "test.h"

#include "cmd/cmd.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A program run in memory: what it said on either stream, and its answer. */
struct ran {
	char *out, *err;
	size_t n_out, n_err;
	enum ww_exit answer;
};

static struct ran run_as(const char *program, const char *a, const char *b, const char *c)
{
	const char *args[] = {program, a, b, c, NULL};
	int argc = a ? b ? c ? 4 : 3 : 2 : 1;
	struct ran ran = {0};
	FILE *out = open_memstream(&ran.out, &ran.n_out);
	FILE *err = open_memstream(&ran.err, &ran.n_err);
	char *argv[5] = {NULL};
	for (int i = 0; i < argc; i++)
		argv[i] = strdup(args[i]);
	ran.answer = ww_main(argc, argv, out, err);
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	fclose(out);
	fclose(err);
	return ran;
}

static struct ran run(const char *a, const char *b, const char *c)
{
	return run_as("wormwood", a, b, c);
}

static void done(struct ran *ran)
{
	free(ran->out);
	free(ran->err);
}

static void test_exit_codes(void **state)
{
	static const enum ww_exit order[] = {
		WW_EXIT_NOTHING, WW_EXIT_FOUND, WW_EXIT_FAILED, WW_EXIT_USAGE, WW_EXIT_REFUSED};
	for (size_t i = 0; i < WW_N(order); i++)
		for (size_t j = 0; j < WW_N(order); j++)
			assert_int_equal(ww_exit_worse(order[i], order[j]), order[i > j ? i : j]);
}

/* Whatever is printed for people to look options up fits a terminal of 80 columns. */
static void expect_narrow(const char *text)
{
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		if (len > 80)
			fail_msg("%zu columns: %.*s", len, (int)len, line);
		line += len + (line[len] == '\n');
	}
}

static void test_program(void **state)
{
	struct ran ran = run(NULL, NULL, NULL);
	assert_int_equal(ran.answer, WW_EXIT_USAGE);
	assert_string_equal(ran.out, "");
	assert_non_null(strstr(ran.err, "usage: wormwood COMMAND"));
	done(&ran);
	ran = run("--help", NULL, NULL);
	assert_int_equal(ran.answer, WW_EXIT_NOTHING);
	assert_string_equal(ran.err, "");
	assert_non_null(strstr(ran.out, "usage: wormwood COMMAND"));
	expect_narrow(ran.out);
	done(&ran);
	ran = run("--version", NULL, NULL);
	assert_int_equal(ran.answer, WW_EXIT_NOTHING);
	assert_memory_equal(ran.out, "wormwood ", 9);
	done(&ran);
	ran = run("no;such\x1b", NULL, NULL);
	assert_int_equal(ran.answer, WW_EXIT_USAGE);
	assert_string_equal(ran.out, "");
	assert_non_null(strstr(ran.err, "there is no command"));
	assert_null(strchr(ran.err, 0x1b)); /* an argument cannot drive the terminal */
	done(&ran);
	ran = run("--json", "x.pcap", NULL);
	assert_int_equal(ran.answer, WW_EXIT_USAGE);
	assert_non_null(strstr(ran.err, "options come behind the command"));
	done(&ran);
	ran = run("help", "nothing-like-it", NULL);
	assert_int_equal(ran.answer, WW_EXIT_USAGE);
	done(&ran);
	ran = run("--man-options", "common", NULL);
	assert_int_equal(ran.answer, WW_EXIT_NOTHING);
	assert_non_null(strstr(ran.out, "*-A*, *--advisory*"));
	done(&ran);
}

/* What holds for every command: help and its options work, and a wrong option is exit 2. */
static void test_every_command(void **state)
{
	size_t n;
	const struct ww_cmd *const *commands = ww_cmd_all(&n);
	for (size_t i = 0; i < n; i++) {
		const struct ww_cmd *cmd = commands[i];
		assert_true(strlen(cmd->name) <= 12);
		assert_ptr_equal(ww_cmd_find(cmd->name), cmd);
		assert_ptr_equal(ww_cmd_near(cmd->name), cmd);
		assert_true(cmd->n_opts == 0 || cmd->config_size > 0);
		char cut[16];
		snprintf(cut, sizeof(cut), "%s", cmd->name);
		cut[strlen(cut) - 1] = '\0';
		assert_ptr_equal(ww_cmd_near(cut), cmd);
		struct ran ran = run("help", cmd->name, NULL);
		assert_int_equal(ran.answer, WW_EXIT_NOTHING);
		assert_non_null(strstr(ran.out, cmd->summary));
		expect_narrow(ran.out);
		struct ran same = run(cmd->name, "--help", NULL);
		assert_string_equal(ran.out, same.out);
		done(&same);
		done(&ran);
		ran = run(cmd->name, "--no-such-option", NULL);
		assert_int_equal(ran.answer, WW_EXIT_USAGE);
		assert_non_null(strstr(ran.err, "--no-such-option"));
		done(&ran);
		ran = run(cmd->name, "--home", "10.0.0.1/8");
		assert_int_equal(ran.answer, WW_EXIT_USAGE);
		assert_non_null(strstr(ran.err, "10.0.0.1/8"));
		done(&ran);
	}
	assert_null(ww_cmd_near("zzzzzzzz"));
	assert_null(ww_cmd_near(""));
}

static const char *env[8][2];

static const char *fake_env(const char *name)
{
	for (size_t i = 0; i < WW_N(env) && env[i][0]; i++)
		if (strcmp(env[i][0], name) == 0)
			return env[i][1];
	return NULL;
}

static int screen_with(struct ww_screen *screen, struct ww_screen_wish wish)
{
	struct ww_err err;
	FILE *null = fopen("/dev/null", "w");
	int status = ww_screen_init(screen, null, null, &wish, fake_env, &err);
	fclose(null);
	return status;
}

static void test_language(void **state)
{
	static const struct {
		const char *all, *messages, *lang, *language;
		bool ja, utf8;
	} rows[] = {
		{NULL, NULL, NULL, NULL, false, false},
		{NULL, NULL, "ja_JP.UTF-8", NULL, true, true},
		{"C", NULL, "ja_JP.UTF-8", "ja", false, false},
		{"C.UTF-8", NULL, NULL, "ja", true, true},
		{"C.UTF-8", NULL, NULL, "de:ja:en", true, true},
		{"C.UTF-8", NULL, NULL, "en_GB:ja", false, true},
		{"C.UTF-8", NULL, "ja_JP.UTF-8", NULL, false, true},
		{NULL, "ja_JP.eucJP", "en_US.utf8", NULL, true, true},
		{"", "", "POSIX", "ja", false, false},
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		memset(env, 0, sizeof(env));
		env[0][0] = "LC_ALL", env[0][1] = rows[i].all;
		env[1][0] = "LC_MESSAGES", env[1][1] = rows[i].messages;
		env[2][0] = "LANG", env[2][1] = rows[i].lang;
		env[3][0] = "LANGUAGE", env[3][1] = rows[i].language;
		struct ww_screen screen;
		assert_int_equal(screen_with(&screen, (struct ww_screen_wish){0}), 0);
		assert_int_equal(screen.ja, rows[i].ja);
		assert_int_equal(screen.utf8, rows[i].utf8);
	}
	struct ww_screen screen;
	assert_int_equal(screen_with(&screen, (struct ww_screen_wish){.lang = "ja"}), 0);
	assert_true(screen.ja);
	assert_int_equal(screen_with(&screen, (struct ww_screen_wish){.lang = "de"}), -EINVAL);
}

static void test_color_and_width(void **state)
{
	struct ww_screen screen;
	memset(env, 0, sizeof(env));
	assert_int_equal(screen_with(&screen, (struct ww_screen_wish){0}), 0);
	assert_false(screen.color); /* not a terminal */
	assert_int_equal(screen.width, 80);
	assert_int_equal(screen_with(&screen, (struct ww_screen_wish){.color = "always"}), 0);
	assert_true(screen.color);
	assert_int_equal(screen_with(&screen, (struct ww_screen_wish){.color = "red"}), -EINVAL);
	static const struct {
		const char *columns;
		int width;
	} rows[] = {{"100", 100}, {"1", 40}, {"100000", 200}, {"x", 80}, {"-5", 80}};
	for (size_t i = 0; i < WW_N(rows); i++) {
		env[0][0] = "COLUMNS", env[0][1] = rows[i].columns;
		assert_int_equal(screen_with(&screen, (struct ww_screen_wish){0}), 0);
		assert_int_equal(screen.width, rows[i].width);
	}
}

/* What the user is told to type next begins with the program as it was called. */
static void test_program_name(void **state)
{
	static const struct {
		const char *program, *typed;
	} rows[] = {
		{"wormwood", ":  wormwood explain\n"},
		{"ww", ":  wormwood explain\n"}, /* found in the PATH, whatever it was called */
		{"build/wormwood", ":  build/wormwood explain\n"},
		{"./a b/wormwood", ":  './a b/wormwood' explain\n"},
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		struct ran ran = run_as(rows[i].program, "slice", NULL, NULL);
		assert_int_equal(ran.answer, WW_EXIT_USAGE);
		assert_non_null(strstr(ran.err, rows[i].typed));
		done(&ran);
	}
}

static void test_zones(void **state)
{
	static const struct {
		const char *tz, *clock, *time;
	} rows[] = {
		{NULL, "00:29:18.824", "2003-08-12 00:29:18"},
		{"utc", "00:29:18.824", "2003-08-12 00:29:18"},
		{"+09:00", "09:29:18.824", "2003-08-12 09:29:18"},
		{"JST", "09:29:18.824", "2003-08-12 09:29:18"},
		{"-0330", "20:59:18.824", "2003-08-11 20:59:18"},
		{"-5", "19:29:18.824", "2003-08-11 19:29:18"},
	};
	static const char *const bad[] = {"", "Mars", "../etc/passwd", "/etc/passwd", "+", "+15",
		"+9:60", "+09:0", "+09:000", "Asia/To kyo"};
	struct ww_screen screen;
	char text[WW_SCREEN_TIME_MAX];
	for (size_t i = 0; i < WW_N(rows); i++) {
		assert_int_equal(
			screen_with(&screen, (struct ww_screen_wish){.tz = rows[i].tz}), 0);
		assert_string_equal(
			ww_screen_clock(&screen, 1060648158824000, text), rows[i].clock);
		assert_string_equal(ww_screen_time(&screen, 1060648158824000, text), rows[i].time);
		ww_screen_time(&screen, INT64_MAX, text);
		ww_screen_time(&screen, INT64_MIN, text);
	}
	for (size_t i = 0; i < WW_N(bad); i++)
		assert_int_equal(
			screen_with(&screen, (struct ww_screen_wish){.tz = bad[i]}), -EINVAL);
}

static void test_line_art(void **state)
{
	static const double values[] = {0, 1, 4, 7, 8, 100, NAN, -1};
	struct ww_screen screen = {.utf8 = true};
	struct ww_buf text = WW_BUF_INIT;
	ww_sparkline(&text, &screen, values, WW_N(values), 8);
	assert_string_equal(ww_buf_text(&text), "▁▁▄▇██▁▁");
	ww_buf_reset(&text);
	screen.utf8 = false;
	ww_sparkline(&text, &screen, values, WW_N(values), 8);
	assert_string_equal(ww_buf_text(&text), "..=#@@..");
	ww_buf_reset(&text);
	ww_sparkline(&text, &screen, values, 2, 0);
	assert_string_equal(ww_buf_text(&text), "..");
	for (int glyph = 0; glyph < WW_GLYPH_COUNT; glyph++) {
		for (const char *p = ww_glyph(&screen, glyph); *p; p++)
			assert_true((unsigned char)*p < 0x80);
	}
	ww_buf_reset(&text);
	ww_paint(&text, &screen, WW_PAINT_BAD, "感染", 6);
	ww_buf_addc(&text, '|');
	assert_string_equal(ww_buf_text(&text), "感染  |");
	ww_buf_reset(&text);
	screen.color = true;
	ww_paint(&text, &screen, WW_PAINT_BAD, "x", 3);
	assert_string_equal(ww_buf_text(&text), "\x1b[1;31mx\x1b[0m  ");
	ww_buf_reset(&text);
	ww_clean(&text, "感\x1b[2J\xc2\x9b"
			"2J\xff C:\\x\n");
	assert_string_equal(ww_buf_text(&text), "感\\x1b[2J\\xc2\\x9b2J\\xff C:\\x\\n");
	ww_buf_done(&text);
}

static void test_numbers(void **state)
{
	uint64_t n = 0;
	assert_int_equal(ww_number_parse("7", &n), 0);
	assert_int_equal(n, 7);
	assert_int_equal(ww_number_parse("100000", &n), 0);
	static const char *const bad[] = {"", "0", "-1", "+1", "1x", " 1", "0x1",
		"99999999999999999999", "9223372036854775808"};
	for (size_t i = 0; i < WW_N(bad); i++)
		assert_int_equal(ww_number_parse(bad[i], &n), -EINVAL);
	assert_int_equal(n, 100000);
}

static void test_complain(void **state)
{
	char *said = NULL;
	size_t n = 0;
	FILE *err = open_memstream(&said, &n);
	struct ww_screen screen = {.out = err, .people = err, .err = err};
	struct ww_cmd cmd = {.name = "watch"};
	struct ww_call call = {.cmd = &cmd, .screen = &screen};
	char path[] = "/tmp/wormwood-cmd-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	FILE *file = fdopen(fd, "w");
	fputs("id: x\n\tポート: 70000\x1b[31m\n", file);
	fclose(file);
	struct ww_err error = {.code = -EINVAL, .at = {2, 13}, .text = "70000 is outside 1-65535"};
	ww_complain(&call, path, &error);
	error.at = (struct ww_at){9, 1}; /* behind the end: no line to quote */
	ww_complain(&call, path, &error);
	remove(path);
	ww_complain(&call, "gone.yaml", &error);
	fclose(err);
	char want[512];
	snprintf(want, sizeof(want),
		"wormwood watch: %s:2:13: 70000 is outside 1-65535\n"
		"     ポート: 70000\\x1b[31m\n"
		"             ^\n"
		"wormwood watch: %s:9:1: 70000 is outside 1-65535\n"
		"wormwood watch: gone.yaml:9:1: 70000 is outside 1-65535\n",
		path, path);
	assert_string_equal(said, want);
	free(said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exit_codes),
		cmocka_unit_test(test_program),
		cmocka_unit_test(test_every_command),
		cmocka_unit_test(test_program_name),
		cmocka_unit_test(test_language),
		cmocka_unit_test(test_color_and_width),
		cmocka_unit_test(test_zones),
		cmocka_unit_test(test_line_art),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_complain),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
