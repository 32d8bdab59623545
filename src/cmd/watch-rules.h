/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The rules of `watch`: which files are read, what became of them, and the report that says so.
 *
 * A file is named by --rules or by an operand that ends in ".rules" (what a shell makes of
 * `--rules *.rules`); a folder means all files in it that end so, in the order of their names.
 */
#include "cmd/cmd.h"
#include "wire/watch/watch.h"

/* What the user asked for. Borrowed. */
struct ww_rules_wish {
	const struct ww_opt_list *rules, *variables; /* --rules, --var */
	const char *const *operands;                 /* those that end in ".rules" */
	size_t n_operands;
	bool all;    /* disabled rules too */
	bool strict; /* a refused rule is WW_EXIT_USAGE */
	bool report;
};

/* Takes the operands that are rule files out of args[0..*n) and to their end; how many. */
size_t ww_rules_operands(const char **args, size_t *n);
/*
 * Sets the variables and loads the files into the plan. 0, or a negative errno after the user was
 * told what is wrong.
 */
int ww_rules_read(struct ww_call *call, const struct ww_rules_wish *wish, struct ww_plan *plan);
/*
 * Says what was refused: a few, or all with -v and --strict; with `report`, file by file. Returns
 * WW_EXIT_USAGE with `strict` when there is any, else WW_EXIT_NOTHING.
 */
enum ww_exit ww_rules_told(
	struct ww_call *call, const struct ww_rules_wish *wish, const struct ww_plan *plan);
