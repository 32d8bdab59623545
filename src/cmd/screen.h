/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The screen: what people see. Colour only for meaning, never as the only sign of it; line art
 * only where the locale says UTF-8; columns that align for wide characters; times in one zone.
 *
 * Commands build text in a struct ww_buf and show it with ww_show; JSON Lines go to ww_emit.
 * With --json, standard output holds JSON Lines only and people's text goes to standard error.
 */
#include "base/buf.h"
#include "base/err.h"

#include <stdio.h>

struct ww_screen {
	FILE *out;    /* machine output, and people's without --json */
	FILE *people; /* out, or err with --json */
	FILE *err;
	bool color, utf8, quiet, verbose, json;
	bool ja;      /* language: Japanese, else English */
	int width;    /* columns, 40-200 */
	char tz[48];  /* as shown behind a time: "UTC", "+09:00", "Asia/Tokyo" */
	bool tz_named; /* the C library's zone, set by TZ */
	int64_t tz_offset_us; /* else: a fixed shift */
};

enum ww_paint {
	WW_PAINT_PLAIN,
	WW_PAINT_BAD,    /* taken over, alarm */
	WW_PAINT_DOUBT,  /* attempted, suspected, a caveat */
	WW_PAINT_GOOD,   /* seen, fixed, passed */
	WW_PAINT_STRONG, /* what the sentence is about */
	WW_PAINT_FAINT,  /* what may be skipped */
};

enum ww_glyph {
	WW_GLYPH_RIGHT,  /* ──▶  or  --> */
	WW_GLYPH_LEFT,   /* ◀──  or  <-- */
	WW_GLYPH_BRANCH, /* ├─   or  |-  */
	WW_GLYPH_LAST,   /* └─   or  `-  */
	WW_GLYPH_TRUNK,  /* │    or  |   */
	WW_GLYPH_DOTS,   /* …    or  ... */
	WW_GLYPH_DASH,   /* –    or  -   */
	WW_GLYPH_ABOUT,  /* ≈    or  ~   */
	WW_GLYPH_COUNT,
};

/* What the environment says: read once, by ww_screen_init, through `get` (getenv, or a test's). */
typedef const char *ww_env_fn(const char *name);

struct ww_screen_wish {
	const char *color, *lang, *tz; /* of the options; NULL where not given */
	bool json, quiet, verbose;
};

/*
 * Returns 0, or -EINVAL with *err when color, lang or tz is none that we know.
 * NO_COLOR (no-color.org) counts unless --color says always.
 */
int ww_screen_init(struct ww_screen *screen, FILE *out, FILE *err, const struct ww_screen_wish *wish,
	ww_env_fn *get, struct ww_err *ret_err);

/* Text for people; borrowed. --quiet does not hide it: it is the answer. */
void ww_show(const struct ww_screen *screen, const struct ww_buf *text);
void ww_say(const struct ww_screen *screen, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* One JSON object and a newline to standard output; empties `line`. */
void ww_emit(const struct ww_screen *screen, struct ww_buf *line);
/* Pushes everything out. Returns 0, or -EIO when something could not be written (a full disk). */
int ww_screen_flush(const struct ww_screen *screen);

/* Appends `text` in the paint's colour, padded with blanks to `columns` (0: as long as it is). */
void ww_paint(struct ww_buf *out, const struct ww_screen *screen, enum ww_paint paint,
	const char *text, int columns);
/* Appends text that others wrote: UTF-8 stays, control characters (C1 too) become \\xNN. */
void ww_clean(struct ww_buf *out, const char *text);
const char *ww_glyph(const struct ww_screen *screen, enum ww_glyph glyph);
/* English or Japanese by the screen's language. */
const char *ww_lang(const struct ww_screen *screen, const char *en, const char *ja)
	__attribute__((format_arg(2), format_arg(3)));

/*
 * Appends one character a value, by height from 0 to `top`; ▁▂▃▄▅▆▇█, or .:-=+*#@ without UTF-8.
 */
void ww_sparkline(struct ww_buf *out, const struct ww_screen *screen, const double *values, size_t n,
	double top);

/* Times in the screen's zone. clock: "00:29:18.824"; full: "2003-08-12 00:29:18". */
enum { WW_SCREEN_TIME_MAX = 48 };
const char *ww_screen_clock(
	const struct ww_screen *screen, int64_t time_us, char text[WW_SCREEN_TIME_MAX]);
const char *ww_screen_time(
	const struct ww_screen *screen, int64_t time_us, char text[WW_SCREEN_TIME_MAX]);
