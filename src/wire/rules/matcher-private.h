/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Literals in bytes: one (search.c), thousands at once (matcher.c), and the quick look before that
 * (nibbles.c). Nothing here knows of rules.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

/* ---- literals, as the matchers compare them ---- */

/* Eight bytes at once, then the rest. */
struct ww_literal {
	uint64_t value, mask; /* of its first bytes in memory order, folded where the mask says */
	const uint8_t *bytes; /* borrowed; lower case where nocase */
	uint32_t pattern;
	uint16_t len;
	bool nocase;
};

struct ww_literal ww_literal_of(
	const uint8_t *bytes, const struct ww_pattern *pattern, uint32_t number);
bool ww_literal_rest_is_at(const struct ww_literal *literal, const uint8_t *text);

/* Whether the literal stands at data[start]. */
static inline bool ww_literal_is_at(
	const struct ww_literal *literal, const uint8_t *data, size_t start, size_t len)
{
	uint64_t word = 0;
	if (len - start < literal->len)
		return false;
	memcpy(&word, data + start, len - start < 8 ? len - start : 8);
	return (word & literal->mask) == literal->value &&
	       (literal->len <= 8 || ww_literal_rest_is_at(literal, data + start));
}

/* ---- strides.c: literals of some length, thousands of them ---- */

enum { WW_STRIDE_MIN = 7 }; /* bytes of a literal */

struct ww_strides;
/* Of one literal at least; their bytes are borrowed. 0 or -ENOMEM. End with ww_strides_free. */
int ww_strides_new(const struct ww_literal *literals, size_t n, struct ww_strides **ret);
void ww_strides_free(struct ww_strides **strides);
size_t ww_strides_bytes(const struct ww_strides *strides);
void ww_strides_scan(const struct ww_strides *strides, const uint8_t *data, size_t len,
	ww_matcher_fn *found, void *context);

/* ---- nibbles.c: a quick look for some hundreds of runs ---- */

enum {
	WW_NIBBLE_RUN = 4,
	WW_NIBBLE_SETS = 4, /* of eight buckets, at most */
};

struct ww_nibble_run {
	uint8_t bytes[WW_NIBBLE_RUN]; /* lower case when nocase */
	uint8_t len;                  /* 2 to 4 */
	bool nocase;
};

struct ww_nibbles {
	double cost; /* about how many cycles it takes a byte, with what follows it */
	unsigned sets;
	uint8_t low[WW_NIBBLE_SETS][WW_NIBBLE_RUN][16], high[WW_NIBBLE_SETS][WW_NIBBLE_RUN][16];
};

/*
 * NULL where it does not pay: too many runs, or too common ones, or a processor without AVX2.
 * Sorts the runs. End with free.
 */
struct ww_nibbles *ww_nibbles_new(struct ww_nibble_run *runs, size_t n);
typedef void ww_nibbles_fn(const void *context, size_t at);
/*
 * Calls `place` for each place where a run of four bytes may begin, in ascending order; returns the
 * one from which on nothing was looked at: len - 3, where the text has 35 bytes at least; else 0.
 */
size_t ww_nibbles_scan(const struct ww_nibbles *nibbles, const uint8_t *data, size_t len,
	ww_nibbles_fn *place, const void *context);
