/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Literals in bytes: one (search.c), thousands at once (matcher.c), and the quick look before that
 * (nibbles.c). Nothing here knows of rules.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- search.c ---- */

/* The first place of a literal (lower case when nocase) in the text, or NULL. */
const uint8_t *ww_search(
	const uint8_t *text, size_t len, const uint8_t *literal, size_t literal_len, bool nocase);

/* ---- matcher.c ---- */

enum {
	WW_PATTERN_MIN = 2, /* bytes; shorter ones are found everywhere */
	WW_FAST_MAX = 24,   /* bytes of a fast pattern; 12 and 8 let verification explode */
};

struct ww_pattern {
	const uint8_t *bytes;
	uint32_t len; /* WW_PATTERN_MIN to UINT16_MAX */
	bool nocase;
};

enum ww_matcher_kind {
	WW_MATCHER_RUNS,  /* two tables of hashed runs; what is used */
	WW_MATCHER_PLAIN, /* slow and plain: the tests' oracle */
};

/* Immutable: threads may share one. */
struct ww_matcher;
typedef void ww_matcher_fn(void *context, uint32_t pattern, size_t end);

/* Patterns are copied. 0 or -ENOMEM. End with ww_matcher_free. */
int ww_matcher_new(enum ww_matcher_kind kind, const struct ww_pattern *patterns, size_t n,
	struct ww_matcher **ret);
void ww_matcher_free(struct ww_matcher **matcher);
size_t ww_matcher_bytes(const struct ww_matcher *matcher);
/* Calls `found` once for each occurrence of each pattern; the ends ascend roughly. */
void ww_matcher_scan(const struct ww_matcher *matcher, const uint8_t *data, size_t len,
	ww_matcher_fn *found, void *context);

/* How common a byte is in traffic: 0 (most), 2, 4, 5, 7 (least); case does not count. */
int ww_byte_score(uint8_t byte);

/* ---- nibbles.c: a quick look for few runs ---- */

enum { WW_NIBBLE_RUN = 4 };

struct ww_nibble_run {
	uint8_t bytes[WW_NIBBLE_RUN]; /* lower case when nocase */
	uint8_t len;                  /* 2 to 4 */
	bool nocase;
};

struct ww_nibbles {
	uint8_t low[WW_NIBBLE_RUN][16], high[WW_NIBBLE_RUN][16];
};

/*
 * NULL where it does not pay: too many runs, or too common ones, or a processor without AVX2.
 * Sorts the runs. End with free.
 */
struct ww_nibbles *ww_nibbles_new(struct ww_nibble_run *runs, size_t n);
/*
 * The first place at or behind `from` where a run of four bytes may begin, or the place up to which
 * there is none: len - 3, where the text has 35 bytes at least; else `from`.
 */
size_t ww_nibbles_next(
	const struct ww_nibbles *nibbles, const uint8_t *data, size_t from, size_t len);
