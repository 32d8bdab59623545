// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/opt.h"

#include "base/quote.h"
#include "base/text.h"

#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ROWS = 96, HELP_COLUMN = 30, HELP_WIDTH = 80 };

static int store(const struct ww_opt *row, void *config, const char *arg, struct ww_err *err)
{
	char *member = (char *)config + row->offset;
	char *end = NULL;
	switch (row->kind) {
	case WW_OPT_FLAG:
		*(bool *)(void *)member = true;
		return 0;
	case WW_OPT_TEXT:
		*(const char **)(void *)member = arg;
		return 0;
	case WW_OPT_LIST: {
		struct ww_opt_list *list = (void *)member;
		if (list->n_items == WW_OPT_LIST_MAX)
			return ww_fail(err, WW_NOWHERE, -EINVAL,
				"--%s is given more than %d times", row->name, WW_OPT_LIST_MAX);
		list->items[list->n_items++] = arg;
		return 0;
	}
	case WW_OPT_COUNT:
		errno = 0;
		*(uint64_t *)(void *)member = strtoull(arg, &end, 10);
		if (errno != 0 || end == arg || *end != '\0' || arg[0] == '-' || arg[0] == '+' ||
			arg[0] == ' ')
			return ww_fail(err, WW_NOWHERE, -EINVAL,
				"--%s takes a whole number, not '%s'", row->name, arg);
		return 0;
	case WW_OPT_REAL:
		*(double *)(void *)member = strtod(arg, &end);
		if (end == arg || *end != '\0' || !isfinite(*(double *)(void *)member))
			return ww_fail(err, WW_NOWHERE, -EINVAL, "--%s takes a number, not '%s'",
				row->name, arg);
		return 0;
	}
	ww_assert(!"unknown kind of option");
	return -EINVAL;
}

struct table {
	const struct ww_opt *rows[MAX_ROWS];
	void *configs[MAX_ROWS];
	size_t n;
	struct option longs[MAX_ROWS + 2];
	char letters[2 * MAX_ROWS + 4];
};

static void add_rows(struct table *table, const struct ww_opt *rows, size_t n, void *config)
{
	for (size_t i = 0; i < n; i++) {
		ww_assert(table->n < MAX_ROWS);
		int takes = rows[i].kind == WW_OPT_FLAG ? no_argument : required_argument;
		table->longs[table->n] = (struct option){rows[i].name, takes, NULL, 1000 + (int)table->n};
		if (rows[i].letter) {
			char one[3] = {rows[i].letter, takes == no_argument ? '\0' : ':', '\0'};
			strncat(table->letters, one, sizeof(table->letters) - strlen(table->letters) - 1);
		}
		table->rows[table->n] = &rows[i];
		table->configs[table->n] = config;
		table->n++;
	}
}

static size_t row_of(const struct table *table, int answer)
{
	if (answer >= 1000)
		return (size_t)answer - 1000;
	for (size_t i = 0; i < table->n; i++)
		if (table->rows[i]->letter == answer)
			return i;
	return table->n;
}

int ww_opt_parse(int argc, char **argv, const struct ww_opt *own, size_t n,
	const struct ww_opt *common, void *common_config, size_t m, void *config,
	const char **rest, size_t *ret_n_rest, struct ww_err *err)
{
	struct table table = {.letters = "-:h"}; /* '-': operands in order, ':' own messages */
	add_rows(&table, own, n, config);
	add_rows(&table, common, m, common_config);
	table.longs[table.n] = (struct option){"help", no_argument, NULL, 'h'};
	size_t n_rest = 0;
	optind = 0;
	opterr = 0;
	for (;;) {
		int before = optind ? optind : 1;
		int answer = getopt_long(argc, argv, table.letters, table.longs, NULL);
		if (answer == -1)
			break;
		if (answer == 1) {
			rest[n_rest++] = optarg;
			continue;
		}
		if (answer == 'h')
			return 1;
		const char *word = before < argc ? argv[before] : "";
		if (answer == '?')
			return ww_fail(err, WW_NOWHERE, -EINVAL, "unknown option '%.100s'", word);
		if (answer == ':')
			return ww_fail(err, WW_NOWHERE, -EINVAL, "'%.100s' needs an argument", word);
		size_t i = row_of(&table, answer);
		ww_assert(i < table.n);
		int status = store(table.rows[i], table.configs[i], optarg, err);
		if (status != 0)
			return status;
	}
	while (optind < argc)
		rest[n_rest++] = argv[optind++];
	*ret_n_rest = n_rest;
	return 0;
}

static void add_spelling(struct ww_buf *out, const struct ww_opt *row)
{
	if (row->letter)
		ww_buf_addf(out, "-%c, ", row->letter);
	else
		ww_buf_adds(out, "    ");
	ww_buf_addf(out, "--%s", row->name);
	if (row->meta)
		ww_buf_addf(out, " %s", row->meta);
}

/* Behind the spelling, broken between words into lines of a terminal of 80 columns. */
static void add_help(struct ww_buf *out, const char *text)
{
	size_t room = HELP_WIDTH - HELP_COLUMN;
	for (;;) {
		size_t n = strlen(text);
		if (n > room) {
			n = room;
			while (n > 0 && text[n] != ' ')
				n--;
			if (n == 0)
				n = strcspn(text, " ");
		}
		ww_buf_addf(out, " %.*s\n", (int)n, text);
		text += n + strspn(text + n, " ");
		if (!*text)
			return;
		ww_buf_pad(out, ' ', HELP_COLUMN - 1);
	}
}

void ww_opt_help(struct ww_buf *out, const struct ww_opt *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct ww_buf left = WW_BUF_INIT;
		ww_buf_adds(&left, "  ");
		add_spelling(&left, &rows[i]);
		ww_text_left(out, ww_buf_text(&left), HELP_COLUMN - 1);
		add_help(out, rows[i].help);
		ww_buf_done(&left);
	}
}

void ww_opt_man(struct ww_buf *out, const struct ww_opt *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		ww_buf_addc(out, '*');
		if (rows[i].letter)
			ww_buf_addf(out, "-%c*, *", rows[i].letter);
		ww_buf_addf(out, "--%s*", rows[i].name);
		if (rows[i].meta)
			ww_buf_addf(out, " _%s_", rows[i].meta);
		ww_buf_adds(out, "\n\t");
		ww_quote_scdoc(out, rows[i].help);
		ww_buf_adds(out, ".\n\n");
	}
}
