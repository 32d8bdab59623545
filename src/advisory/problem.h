/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What is wrong with an advisory: all of it, with places, in the order of the file.
 *
 * Errors keep an advisory from being loaded; warnings (WA001 …) and notes do not.
 */
#include "base/buf.h"
#include "base/err.h"

enum ww_severity {
	WW_SEVERITY_ERROR,
	WW_SEVERITY_WARNING,
	WW_SEVERITY_NOTE,
};

/* Beyond so many only the count goes on. */
enum { WW_PROBLEMS_MAX = 200 };

struct ww_problem {
	enum ww_severity severity;
	char code[8]; /* "WA003"; "" for errors and notes */
	struct ww_at at;
	char text[240]; /* one sentence, one line, UTF-8 */
};

struct ww_problems {
	struct ww_problem *items; /* owned */
	size_t n_items;
	size_t n_errors, n_warnings, n_notes; /* all that were found, the dropped ones too */
	size_t n_dropped;
	char *file;         /* owned: the name to print; NULL before a load */
	struct ww_buf text; /* the file's bytes, for the source lines */
};

#define WW_PROBLEMS_INIT                                                                           \
	{                                                                                          \
		.items = NULL                                                                      \
	}

/* Safe on a zeroed or already ended object. */
void ww_problems_done(struct ww_problems *problems);
/* `code` may be NULL. Text that is not UTF-8 or has control characters is made safe. */
void ww_problem_add(struct ww_problems *problems, enum ww_severity severity, const char *code,
	struct ww_at at, const char *format, ...) __attribute__((format(printf, 5, 6)));
/* By place, then in the order in which they were found. */
void ww_problems_sort(struct ww_problems *problems);
/* Appends the name of the file as a terminal may show it. */
void ww_problems_name(struct ww_buf *out, const struct ww_problems *problems);
/*
 * Appends problem `i` as people and editors read it: "FILE:LINE:COL: error: TEXT", then the
 * source line (a window of it, when it is long) and a caret below the column, but for notes.
 */
void ww_problem_print(struct ww_buf *out, const struct ww_problems *problems, size_t i);
