/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Options as data: a row binds a name to a member of the command's config struct, so that the
 * parser, --help and the OPTIONS of the man page come from one table. getopt_long underneath.
 */
#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>

enum ww_opt_kind {
	WW_OPT_FLAG,   /* bool: set true */
	WW_OPT_TEXT,   /* const char *: the argument, borrowed from argv */
	WW_OPT_LIST,   /* struct ww_opt_list: repeatable */
	WW_OPT_COUNT,  /* uint64_t: a decimal number */
	WW_OPT_REAL,   /* double: a finite number */
};

enum { WW_OPT_LIST_MAX = 64 };

/* The arguments of a repeatable option, in order. Borrowed from argv. */
struct ww_opt_list {
	const char *items[WW_OPT_LIST_MAX];
	size_t n_items;
};

struct ww_opt {
	const char *name; /* long name without dashes */
	char letter;      /* 0: none */
	enum ww_opt_kind kind;
	const char *meta; /* what the argument is called; NULL for flags */
	size_t offset;    /* of the member in the config struct */
	const char *help; /* one line, lower case, no full stop */
};

#define WW_OPT(type, member, kind_, letter_, name_, meta_, help_) \
	{.name = (name_), .letter = (letter_), .kind = (kind_), .meta = (meta_), \
		.offset = offsetof(type, member), .help = (help_)}

/*
 * Reads argv[1..argc) (argv[0] is the command's name) into `config` by the rows of up to two
 * tables of n and m rows (the command's own and the common ones; either may be empty).
 * What is not an option is put, in order, into `rest`, whose capacity is argc.
 * Returns 0, or -EINVAL with *err telling which option is unknown, lacks its argument, or is
 * out of range. `--help` and `-h` give 1.
 */
int ww_opt_parse(int argc, char **argv, const struct ww_opt *own, size_t n,
	const struct ww_opt *common, void *common_config, size_t m, void *config,
	const char **rest, size_t *ret_n_rest, struct ww_err *err);

/* Appends the rows as aligned help text, 80 columns. */
void ww_opt_help(struct ww_buf *out, const struct ww_opt *rows, size_t n);
/* Appends the rows as scdoc, the OPTIONS section of a man page. */
void ww_opt_man(struct ww_buf *out, const struct ww_opt *rows, size_t n);
