// SPDX-License-Identifier: GPL-3.0-or-later
/* From argv to a command and back to an exit code. */
#include "cmd/cmd.h"

#include "base/quote.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define COMMAND(name) extern const struct ww_cmd ww_cmd_##name;
#include "cmd/commands.def"
#undef COMMAND

static const struct ww_cmd *const commands[] = {
#define COMMAND(name) &ww_cmd_##name,
#include "cmd/commands.def"
#undef COMMAND
	NULL,
};

static const struct ww_opt common_opts[] = {
	WW_OPT(struct ww_common, json, WW_OPT_FLAG, 0, "json", NULL,
		"JSON Lines on standard output; text for people goes to standard error"),
	WW_OPT(struct ww_common, advisories, WW_OPT_LIST, 'A', "advisory", "ADVISORY",
		"use this advisory (ID, file or folder; repeatable; default: all)"),
	WW_OPT(struct ww_common, files, WW_OPT_LIST, 'r', "read", "FILE",
		"read this file (repeatable; - is standard input)"),
	WW_OPT(struct ww_common, home, WW_OPT_LIST, 0, "home", "CIDR",
		"these addresses are mine (repeatable)"),
	WW_OPT(struct ww_common, folders, WW_OPT_LIST, 0, "advisories", "DIR",
		"look for advisories here first (repeatable)"),
	WW_OPT(struct ww_common, db, WW_OPT_TEXT, 0, "db", "FILE",
		"the store of findings (:memory: leaves no trace)"),
	WW_OPT(struct ww_common, lang, WW_OPT_TEXT, 0, "lang", "en|ja",
		"language (default: from the locale)"),
	WW_OPT(struct ww_common, tz, WW_OPT_TEXT, 0, "tz", "ZONE",
		"print times in this zone: UTC, +09:00, Asia/Tokyo, local"),
	WW_OPT(struct ww_common, color, WW_OPT_TEXT, 0, "color", "WHEN",
		"auto, always or never (default: auto; NO_COLOR is obeyed)"),
	WW_OPT(struct ww_common, quiet, WW_OPT_FLAG, 'q', "quiet", NULL, "no remarks"),
	WW_OPT(struct ww_common, verbose, WW_OPT_FLAG, 'v', "verbose", NULL, "more remarks"),
};

const char *ww_version(void)
{
	return WW_VERSION;
}

const struct ww_cmd *const *ww_cmd_all(size_t *ret_n)
{
	*ret_n = WW_N(commands) - 1;
	return commands;
}

const struct ww_cmd *ww_cmd_find(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

/* Insertions, deletions, replacements and swaps of neighbours from a to b; at most 24 letters. */
static unsigned distance(const char *a, const char *b)
{
	enum { LETTERS = 24 };
	unsigned cost[LETTERS + 1][LETTERS + 1];
	size_t n = strlen(a), m = strlen(b);
	if (n > LETTERS || m > LETTERS)
		return LETTERS;
	for (size_t i = 0; i <= n; i++)
		cost[i][0] = (unsigned)i;
	for (size_t j = 0; j <= m; j++)
		cost[0][j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		for (size_t j = 1; j <= m; j++) {
			unsigned best = cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			if (cost[i - 1][j] + 1 < best)
				best = cost[i - 1][j] + 1;
			if (cost[i][j - 1] + 1 < best)
				best = cost[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
				cost[i - 2][j - 2] + 1 < best)
				best = cost[i - 2][j - 2] + 1;
			cost[i][j] = best;
		}
	}
	return cost[n][m];
}

const struct ww_cmd *ww_cmd_near(const char *name)
{
	const struct ww_cmd *near = NULL;
	unsigned best = 3; /* more than two slips is another word */
	for (size_t i = 0; commands[i]; i++) {
		unsigned d = distance(name, commands[i]->name);
		if (strlen(name) >= 3 && strncmp(name, commands[i]->name, strlen(name)) == 0)
			d = 0;
		if (d < best) {
			best = d;
			near = commands[i];
		}
	}
	return near;
}

static void help_all(FILE *out)
{
	struct ww_buf text = WW_BUF_INIT;
	ww_buf_adds(&text,
		"usage: wormwood COMMAND [options] [FILE...]\n\n"
		"One machine-readable advisory about a worm; one program that acts on it.\n\n");
	for (size_t i = 0; commands[i]; i++)
		ww_buf_addf(&text, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	ww_buf_adds(&text, "\nwormwood help COMMAND   its options\n"
			   "wormwood --version\n");
	fputs(ww_buf_text(&text), out);
	ww_buf_done(&text);
}

static void help_one(const struct ww_cmd *cmd, FILE *out)
{
	struct ww_buf text = WW_BUF_INIT;
	ww_buf_addf(&text, "usage: wormwood %s %s\n\n%s\n", cmd->name, cmd->usage, cmd->summary);
	if (cmd->details)
		ww_buf_addf(&text, "\n%s", cmd->details);
	if (cmd->n_opts) {
		ww_buf_adds(&text, "\noptions\n");
		ww_opt_help(&text, cmd->opts, cmd->n_opts);
	}
	ww_buf_adds(&text, "\noptions of every command\n");
	ww_opt_help(&text, common_opts, WW_N(common_opts));
	fputs(ww_buf_text(&text), out);
	ww_buf_done(&text);
}

static void man_commands(struct ww_buf *out)
{
	for (size_t i = 0; commands[i]; i++) {
		ww_buf_addf(out, "*wormwood-%s*(1)\n\t", commands[i]->name);
		ww_quote_scdoc(out, commands[i]->summary);
		ww_buf_adds(out, ".\n\n");
	}
}

/*
 * What a man page takes from the tables: a command's own options; "common", those of every command;
 * "commands", the list of them.
 */
static enum ww_exit man_options(const char *name, FILE *out)
{
	const struct ww_cmd *cmd = ww_cmd_find(name);
	struct ww_buf text = WW_BUF_INIT;
	if (cmd)
		ww_opt_man(&text, cmd->opts, cmd->n_opts);
	else if (strcmp(name, "commands") == 0)
		man_commands(&text);
	else if (strcmp(name, "common") == 0)
		ww_opt_man(&text, common_opts, WW_N(common_opts));
	else
		return WW_EXIT_USAGE;
	fputs(ww_buf_text(&text), out);
	ww_buf_done(&text);
	return WW_EXIT_NOTHING;
}

static enum ww_exit unknown_command(const char *name, FILE *err)
{
	const struct ww_cmd *near = ww_cmd_near(name);
	struct ww_buf word = WW_BUF_INIT;
	ww_text_safe(&word, name, strlen(name));
	if (name[0] == '-')
		fprintf(err, "wormwood: unknown option '%s'; options come behind the command\n",
			ww_buf_text(&word));
	else
		fprintf(err, "wormwood: there is no command '%s'\n", ww_buf_text(&word));
	if (near)
		fprintf(err, "did you mean:  wormwood %s\n", near->name);
	else
		fprintf(err, "the commands:  wormwood --help\n");
	ww_buf_done(&word);
	return WW_EXIT_USAGE;
}

static const char *environment(const char *name)
{
	return getenv(name);
}

static int parse_home(struct ww_call *call, struct ww_err *err)
{
	const struct ww_opt_list *list = &call->common->home;
	for (size_t i = 0; i < list->n_items; i++)
		if (ww_prefix_parse(list->items[i], &call->home[call->n_home++]) != 0)
			return ww_fail(err, WW_NOWHERE, -EINVAL,
				"--home takes an address block like 10.0.0.0/8, not '%.60s'",
				list->items[i]);
	return 0;
}

static enum ww_exit complain(const struct ww_cmd *cmd, const struct ww_err *error, FILE *err)
{
	fprintf(err, "wormwood %s: %s\n", cmd->name, error->text);
	fprintf(err, "its options:  wormwood help %s\n", cmd->name);
	return WW_EXIT_USAGE;
}

/*
 * argv: as main has it, argv[1] is the command's name. config: zeroed or default config of the
 * command; rest: room for argc operands; program: see struct ww_call.
 */
static enum ww_exit call_command(const struct ww_cmd *cmd, int argc, char **argv, void *config,
	const char **rest, const char *program, FILE *out, FILE *err)
{
	struct ww_common common = {0};
	struct ww_screen screen = {0};
	struct ww_call call = {.cmd = cmd,
		.program = program,
		.common = &common,
		.config = config,
		.args = rest,
		.screen = &screen};
	struct ww_err error = {0};
	int status = ww_opt_parse(argc - 1, argv + 1, cmd->opts, cmd->n_opts, common_opts, &common,
		WW_N(common_opts), config, rest, &call.n_args, &error);
	if (status == 1) {
		help_one(cmd, out);
		return fflush(out) ? WW_EXIT_FAILED : WW_EXIT_NOTHING;
	}
	struct ww_screen_wish wish = {
		common.color, common.lang, common.tz, common.json, common.quiet, common.verbose};
	if (status == 0)
		status = ww_screen_init(&screen, out, err, &wish, environment, &error);
	if (status == 0)
		status = parse_home(&call, &error);
	if (status != 0)
		return complain(cmd, &error, err);
	enum ww_exit answer = cmd->run(&call);
	if (ww_screen_flush(&screen) != 0) {
		fprintf(err, "wormwood %s: the output could not be written\n", cmd->name);
		answer = ww_exit_worse(answer, WW_EXIT_FAILED);
	}
	return answer;
}

static enum ww_exit run_command(
	const struct ww_cmd *cmd, int argc, char **argv, FILE *out, FILE *err)
{
	enum ww_exit answer = WW_EXIT_FAILED;
	void *config = calloc(1, cmd->config_size ? cmd->config_size : 1);
	const char **rest = calloc((size_t)argc + 1, sizeof(*rest));
	/* A program that is not in the PATH is named as the user did: our hints can be pasted. */
	struct ww_buf program = WW_BUF_INIT;
	if (strchr(argv[0], '/'))
		ww_quote_shell(&program, argv[0]);
	else
		ww_buf_adds(&program, "wormwood");
	if (config && rest) {
		if (cmd->defaults)
			memcpy(config, cmd->defaults, cmd->config_size);
		answer = call_command(
			cmd, argc, argv, config, rest, ww_buf_text(&program), out, err);
	} else {
		fprintf(err, "wormwood: out of memory\n");
	}
	ww_buf_done(&program);
	free(rest);
	free(config);
	return answer;
}

enum ww_exit ww_main(int argc, char **argv, FILE *out, FILE *err)
{
	const char *word = argc > 1 ? argv[1] : "";
	const char *next = argc > 2 ? argv[2] : NULL;
	enum ww_exit answer = WW_EXIT_NOTHING;
	if (!word[0]) {
		help_all(err);
		return WW_EXIT_USAGE;
	}
	if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
		fprintf(out, "wormwood %s\n", ww_version());
	else if (strcmp(word, "--man-options") == 0 && next)
		answer = man_options(next, out);
	else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
		 (strcmp(word, "help") == 0 && !next))
		help_all(out);
	else if (strcmp(word, "help") == 0 && ww_cmd_find(next))
		help_one(ww_cmd_find(next), out);
	else if (strcmp(word, "help") == 0)
		return unknown_command(next, err);
	else if (ww_cmd_find(word))
		return run_command(ww_cmd_find(word), argc, argv, out, err);
	else
		return unknown_command(word, err);
	if (fflush(out) != 0)
		return WW_EXIT_FAILED;
	return answer;
}
