/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Patchwork: bytes that came in pieces, some missing, some twice. Fragments of a datagram and early
 * segments of a stream are put together with it.
 *
 * The bytes lie in pages of 2 KiB from a pool. Beside each page are two bits a byte: whether it is
 * held, and whether a piece begins with it. So pieces of any size cost what their bytes cost, and
 * the extents of each, as far as it is still held, are known when another one overlaps it:
 *
 *   bytes   A A A . . B B C C C
 *   have    1 1 1 0 0 1 1 1 1 1
 *   starts  1 0 0 0 0 1 0 1 0 0      three pieces: [0, 3), [5, 7), [7, 10)
 *
 * Positions are 32 bits and wrap (sequence numbers); all that one patchwork holds lies within 2^30
 * of each other. An add costs time for its own bytes and for the length of the pieces that it
 * overlaps.
 */
#include "base/err.h"
#include "wire/flow/policy.h"

enum {
	WW_PAGE_BYTES = 2048,
	WW_PAGE_WORDS = WW_PAGE_BYTES / 64,
	WW_PATCHWORK_PAGES = 64, /* 128 KiB in a row; fewer bytes where they lie scattered */
	WW_NO_PAGE = 0xffff,
};

struct ww_page {
	uint8_t bytes[WW_PAGE_BYTES];
	uint64_t have[WW_PAGE_WORDS], starts[WW_PAGE_WORDS];
	uint16_t next_free;
};

struct ww_pages {
	struct ww_page *pages; /* owned; not touched before it is used */
	uint16_t n, n_used;
	uint16_t free, fresh; /* head of the free list; the first one that was never used */
};

struct ww_patchwork {
	uint8_t n;
	uint16_t page[WW_PATCHWORK_PAGES]; /* by position */
	uint32_t key[WW_PATCHWORK_PAGES];  /* position of the page's first byte */
};

/* n < WW_NO_PAGE. Returns 0 or -ENOMEM. */
int ww_pages_init(struct ww_pages *pages, uint32_t n);
void ww_pages_done(struct ww_pages *pages);

/* How a piece met those that were there. */
struct ww_fit {
	bool overlaps;  /* a byte was held already */
	bool conflicts; /* and was another one */
	bool repeats;   /* the piece is held as it is: same bytes, same extents */
	uint32_t added; /* bytes that were not held */
};

/*
 * Lays a piece at `at`. Returns false, with nothing changed, when there is no room for it: in the
 * pool or in this patchwork.
 */
bool ww_patchwork_add(struct ww_pages *pages, struct ww_patchwork *work, enum ww_policy policy,
	enum ww_overlap overlap, uint32_t at, const uint8_t *bytes, uint32_t len,
	struct ww_fit *ret);
/* The bytes held from `at` on, up to the end of their page at most. NULL when that one is not. */
const uint8_t *ww_patchwork_run(const struct ww_pages *pages, const struct ww_patchwork *work,
	uint32_t at, uint32_t *ret_len);
/* The first byte held; of a patchwork that is not empty. */
uint32_t ww_patchwork_first(const struct ww_pages *pages, const struct ww_patchwork *work);
/* Gives up what lies before `until`. */
void ww_patchwork_drop(struct ww_pages *pages, struct ww_patchwork *work, uint32_t until);
/* Gives up everything. */
void ww_patchwork_clear(struct ww_pages *pages, struct ww_patchwork *work);
