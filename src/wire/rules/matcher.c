// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Many literal patterns at once.
 *
 * Hyperscan (or Vectorscan, same interface) in block mode. Patterns go through hs_compile_multi
 * with \xNN for every byte: the pure-literal interface cannot hold a leading NUL.
 *
 * The plain matcher keeps patterns in 65,536 / 16 buckets by a hash of their first two bytes (one
 * byte patterns by the first), case folded, and compares. It is the fallback where the processor
 * is too old for Hyperscan, and the oracle that tests compare with.
 */
#include "wire/rules/rules-private.h"

#include <hs.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 4096 };

struct ww_matcher {
	hs_database_t *database; /* NULL: the plain one */
	struct ww_pattern *patterns;
	uint8_t *bytes;       /* of the patterns, folded where nocase */
	uint32_t *next;       /* by pattern: the next of its bucket, + 1 */
	uint32_t *buckets;    /* first pattern + 1 */
	uint32_t single[256]; /* chains of the one-byte patterns, by folded byte */
	size_t n;
};

static uint32_t bucket_of(const uint8_t *text)
{
	uint32_t pair = (uint32_t)tolower(text[0]) << 8 | (uint32_t)tolower(text[1]);
	return (pair * 40503u >> 4) % BUCKETS;
}

static int plain_build(struct ww_matcher *matcher, const struct ww_pattern *patterns)
{
	size_t total = 1, n = matcher->n;
	for (size_t i = 0; i < n; i++)
		total += patterns[i].len;
	matcher->bytes = malloc(total);
	matcher->patterns = calloc(n, sizeof(*matcher->patterns));
	matcher->next = calloc(n, sizeof(*matcher->next));
	matcher->buckets = calloc(BUCKETS, sizeof(*matcher->buckets));
	if (!matcher->bytes || !matcher->patterns || !matcher->next || !matcher->buckets)
		return -ENOMEM;
	uint8_t *to = matcher->bytes;
	for (size_t i = 0; i < n; i++) {
		for (uint32_t b = 0; b < patterns[i].len; b++) {
			uint8_t byte = patterns[i].bytes[b];
			to[b] = patterns[i].nocase ? (uint8_t)tolower(byte) : byte;
		}
		matcher->patterns[i] = patterns[i];
		matcher->patterns[i].bytes = to;
		uint32_t *head = patterns[i].len > 1 ? &matcher->buckets[bucket_of(to)]
						     : &matcher->single[tolower(to[0])];
		matcher->next[i] = *head;
		*head = (uint32_t)i + 1;
		to += patterns[i].len;
	}
	return 0;
}

static bool plain_equal(const struct ww_pattern *pattern, const uint8_t *text, size_t left)
{
	if (left < pattern->len)
		return false;
	if (!pattern->nocase)
		return memcmp(text, pattern->bytes, pattern->len) == 0;
	for (uint32_t i = 0; i < pattern->len; i++)
		if (tolower(text[i]) != pattern->bytes[i])
			return false;
	return true;
}

static void plain_chain(const struct ww_matcher *matcher, uint32_t link, const uint8_t *data,
	size_t at, size_t len, ww_matcher_fn *found, void *context)
{
	for (; link; link = matcher->next[link - 1]) {
		const struct ww_pattern *pattern = &matcher->patterns[link - 1];
		if (plain_equal(pattern, data + at, len - at))
			found(context, link - 1, at + pattern->len);
	}
}

static void plain_scan(const struct ww_matcher *matcher, const uint8_t *data, size_t len,
	ww_matcher_fn *found, void *context)
{
	for (size_t i = 0; i < len; i++) {
		plain_chain(
			matcher, matcher->single[tolower(data[i])], data, i, len, found, context);
		if (i + 1 < len)
			plain_chain(matcher, matcher->buckets[bucket_of(data + i)], data, i, len,
				found, context);
	}
}

/* The patterns as regular expressions of \xNN, one after another in `text`. */
static int hs_build(struct ww_matcher *matcher, const struct ww_pattern *patterns, size_t n,
	hs_scratch_t **scratch, struct ww_err *err)
{
	struct ww_buf text = WW_BUF_INIT;
	size_t *starts = calloc(n, sizeof(*starts));
	const char **expressions = calloc(n, sizeof(*expressions));
	unsigned *flags = calloc(n, sizeof(*flags)), *ids = calloc(n, sizeof(*ids));
	int r = -ENOMEM;
	for (size_t i = 0; starts && expressions && flags && ids && i < n; i++) {
		starts[i] = text.len;
		for (uint32_t b = 0; b < patterns[i].len; b++)
			ww_buf_addf(&text, "\\x%02x", patterns[i].bytes[b]);
		ww_buf_addc(&text, '\0');
		flags[i] = HS_FLAG_DOTALL | (patterns[i].nocase ? HS_FLAG_CASELESS : 0u);
		ids[i] = (unsigned)i;
		r = 0;
	}
	for (size_t i = 0; r == 0 && i < n; i++)
		expressions[i] = text.data + starts[i];
	hs_compile_error_t *error = NULL;
	if (r == 0 && !text.failed &&
		hs_compile_multi(expressions, flags, ids, (unsigned)n, HS_MODE_BLOCK, NULL,
			&matcher->database, &error) != HS_SUCCESS) {
		r = ww_fail(err, WW_NOWHERE, -EIO, "the pattern matcher: %s",
			error ? error->message : "no database");
		hs_free_compile_error(error);
	}
	if (r == 0 && (text.failed || hs_alloc_scratch(matcher->database, scratch) != HS_SUCCESS))
		r = -ENOMEM;
	ww_buf_done(&text);
	free(starts);
	free(expressions);
	free(flags);
	free(ids);
	return r;
}

int ww_matcher_new(enum ww_matcher_kind kind, const struct ww_pattern *patterns, size_t n,
	void **scratch, struct ww_matcher **ret, struct ww_err *err)
{
	struct ww_matcher *matcher = calloc(1, sizeof(*matcher));
	if (!matcher)
		return -ENOMEM;
	matcher->n = n;
	if (hs_valid_platform() != HS_SUCCESS)
		kind = WW_MATCHER_PLAIN;
	int r = kind == WW_MATCHER_PLAIN
			? plain_build(matcher, patterns)
			: hs_build(matcher, patterns, n, (hs_scratch_t **)scratch, err);
	if (r < 0)
		ww_matcher_free(&matcher);
	else
		*ret = matcher;
	return r;
}

void ww_matcher_free(struct ww_matcher **matcher_)
{
	struct ww_matcher *matcher = *matcher_;
	if (!matcher)
		return;
	hs_free_database(matcher->database);
	free(matcher->bytes);
	free(matcher->patterns);
	free(matcher->next);
	free(matcher->buckets);
	free(matcher);
	*matcher_ = NULL;
}

void ww_matcher_scratch_free(void **scratch)
{
	hs_free_scratch(*scratch);
	*scratch = NULL;
}

struct relay {
	ww_matcher_fn *found;
	void *context;
};

static int on_match(
	unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
	(void)from;
	(void)flags;
	struct relay *relay = context;
	relay->found(relay->context, id, (size_t)to);
	return 0;
}

void ww_matcher_scan(const struct ww_matcher *matcher, void *scratch, const uint8_t *data,
	size_t len, ww_matcher_fn *found, void *context)
{
	if (!matcher->database) {
		plain_scan(matcher, data, len, found, context);
		return;
	}
	struct relay relay = {found, context};
	(void)hs_scan(
		matcher->database, (const char *)data, (unsigned)len, 0, scratch, on_match, &relay);
}
