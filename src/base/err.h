/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Errors: five kinds of trouble, five channels.
 *
 *   our bug            ww_assert: aborts, never on input, kept in release builds
 *   environment        a negative errno, returned unchanged up to cmd/
 *   text of a person   a negative errno and a struct ww_err with a place in the text
 *   hostile bytes      an outcome enum and a counter; not an error at all
 *   an answer          positive values or an enum of that one function
 *
 * No function here allocates. A struct ww_err is plain memory; copy it freely.
 */
#include <errno.h>
#include <stdint.h>

/* A place in a text: 1-based line and column in bytes; 0 means 'the file as a whole'. */
struct ww_at {
	uint32_t line;
	uint32_t col;
};

struct ww_err {
	int code;        /* the negative errno that was returned */
	struct ww_at at; /* where in the text */
	char text[240];  /* one sentence, no newline, no file name */
};

/* Fills *err (which may be NULL) printf-like. Use the macro, whose value is the code. */
void ww_err_set(struct ww_err *err, struct ww_at at, int code, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#define ww_fail(err, at, code, ...) (ww_err_set((err), (at), (code), __VA_ARGS__), (code))

#define WW_NOWHERE ((struct ww_at){0, 0})

_Noreturn void ww_assert_failed(const char *what, const char *file, int line);

#define ww_assert(cond) \
	((cond) ? (void)0 : ww_assert_failed(#cond, __FILE__, __LINE__))

#define WW_N(array) (sizeof(array) / sizeof((array)[0]))
