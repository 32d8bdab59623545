/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * A command of the program, as data: how it is called, its options, the facts it acts on, and the
 * function that does it. `--help`, the man page and the dispatcher all read the same struct.
 *
 * To add one: cmd/NAME.c with `const struct ww_cmd ww_cmd_NAME`, a line in commands.def, a line in
 * cmd/meson.build, man/wormwood-NAME.1.scd.
 *
 * cmd is the only room that prints. Everything goes through struct ww_screen (cmd/screen.h), which
 * knows colour, width, language and time zone.
 */
#include "base/err.h"
#include "base/opt.h"
#include "value/ip.h"
#include "cmd/screen.h"

/* The program's answer to its caller (DESIGN section 1). */
enum ww_exit {
	WW_EXIT_NOTHING = 0, /* done, nothing found */
	WW_EXIT_FOUND = 1,
	WW_EXIT_USAGE = 2,   /* wrong usage, or an input the user named could not be used at all */
	WW_EXIT_FAILED = 3,  /* the environment failed, or a loss removed evidence */
	WW_EXIT_REFUSED = 4, /* refused by a safety rule */
};

/* Of two answers the one that counts: 4 > 2 > 3 > 1 > 0. */
enum ww_exit ww_exit_worse(enum ww_exit a, enum ww_exit b);

/* Options that every command takes. */
struct ww_common {
	bool json, quiet, verbose;
	const char *color;             /* auto, always, never */
	const char *lang;              /* en, ja; NULL: from the locale */
	const char *tz;                /* NULL: UTC */
	const char *db;                /* NULL: the user's state folder; see ww_call_store */
	struct ww_opt_list folders;    /* --advisories */
	struct ww_opt_list home;       /* --home */
	struct ww_opt_list advisories; /* -A */
	struct ww_opt_list files;      /* -r */
};

enum { WW_HOME_MAX = WW_OPT_LIST_MAX };

/* One call of a command. Everything is borrowed from the dispatcher. */
struct ww_call {
	const struct ww_cmd *cmd;
	const char *program; /* as it was called, for the shell: "wormwood", "build/wormwood" */
	const struct ww_common *common;
	const void *config; /* the command's own struct, config_size bytes */
	const char **args;  /* operands, in order; those of -r are not among them */
	size_t n_args;
	struct ww_prefix home[WW_HOME_MAX]; /* --home, parsed */
	size_t n_home;
	struct ww_screen *screen;
};

struct ww_cmd {
	const char *name;
	const char *summary;         /* one line, lower case, no full stop */
	const char *usage;           /* behind "wormwood NAME": "[options] FILE..." */
	const char *details;         /* more lines for --help, each ended; or NULL */
	const struct ww_opt *opts;
	size_t n_opts;
	size_t config_size;          /* bytes; 0: no options of its own */
	const void *defaults;        /* config_size bytes, or NULL: all zero */
	const char *const *needs;    /* paths of advisory/fields.def that it acts on */
	size_t n_needs;
	enum ww_exit (*run)(struct ww_call *call);
};

#define WW_CMD_OPTS(rows) .opts = (rows), .n_opts = WW_N(rows)
#define WW_CMD_NEEDS(facts) .needs = (facts), .n_needs = WW_N(facts)

/* commands.def as an array of ret_n; for tests and for documents. */
const struct ww_cmd *const *ww_cmd_all(size_t *ret_n);
const struct ww_cmd *ww_cmd_find(const char *name);
/* The command that a mistyped name most likely meant, or NULL. */
const struct ww_cmd *ww_cmd_near(const char *name);

/* The whole program: argv as main has it; out and err are stdout and stderr. */
enum ww_exit ww_main(int argc, char **argv, FILE *out, FILE *err);

const char *ww_version(void);

/* ---- for commands ---- */

/* "wormwood NAME: MESSAGE" on the error stream, with a newline; returns WW_EXIT_USAGE. */
enum ww_exit ww_usage(const struct ww_call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same for trouble of the environment; returns WW_EXIT_FAILED. */
enum ww_exit ww_failed(const struct ww_call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* A remark on the error stream, unless --quiet. */
void ww_remark(const struct ww_call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* "wormwood NAME: FILE:LINE:COL: TEXT", then the source line and a caret where FILE can be read. */
void ww_complain(const struct ww_call *call, const char *file, const struct ww_err *err);

/* Words for a negative errno: "No such file or directory". */
const char *ww_errno_text(int status);

/*
 * The files that the user named: those of -r and the operands from args[first], in that order.
 * Fills files[0..returned), at most `max`.
 */
size_t ww_call_files(const struct ww_call *call, size_t first, const char **files, size_t max);
/*
 * Appends the path of the store: --db, or wormwood.db in the user's state folder. Returns 0 or
 * -ENOENT when neither --db, nor $XDG_STATE_HOME, nor $HOME says where.
 */
int ww_call_store(const struct ww_call *call, struct ww_buf *out);
/* Reads "7" as a number > 0. Returns 0 or -EINVAL. */
int ww_number_parse(const char *text, uint64_t *ret);
