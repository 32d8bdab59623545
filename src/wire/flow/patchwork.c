// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * See patchwork-private.h. The one invariant: the first byte of each run that is held has its start
 * bit set, so a piece's beginning is found by looking back for one.
 */
#include "wire/flow/patchwork-private.h"

#include <stdlib.h>
#include <string.h>

int ww_pages_init(struct ww_pages *pages, uint32_t n)
{
	ww_assert(n > 0 && n < WW_NO_PAGE);
	*pages = (struct ww_pages){.n = (uint16_t)n, .free = WW_NO_PAGE};
	pages->pages = calloc(n, sizeof(*pages->pages));
	return pages->pages ? 0 : -ENOMEM;
}

void ww_pages_done(struct ww_pages *pages)
{
	free(pages->pages);
	pages->pages = NULL;
}

static uint16_t take_page(struct ww_pages *pages)
{
	uint16_t index = pages->free;
	if (index != WW_NO_PAGE)
		pages->free = pages->pages[index].next_free;
	else
		index = pages->fresh++;
	memset(pages->pages[index].have, 0, sizeof(pages->pages[index].have));
	memset(pages->pages[index].starts, 0, sizeof(pages->pages[index].starts));
	pages->n_used++;
	return index;
}

static void give_back(struct ww_pages *pages, uint16_t index)
{
	pages->pages[index].next_free = pages->free;
	pages->free = index;
	pages->n_used--;
}

/* ---- bits ---- */

/* The first index from `from` on whose bit, xor `flip`, is set; WW_PAGE_BYTES when none is. */
static uint32_t find_bit(const uint64_t *words, uint64_t flip, uint32_t from)
{
	uint64_t mask = ~(uint64_t)0 << from % 64;
	for (uint32_t w = from / 64; w < WW_PAGE_WORDS; w++, mask = ~(uint64_t)0) {
		uint64_t word = (words[w] ^ flip) & mask;
		if (word)
			return w * 64 + (uint32_t)__builtin_ctzll(word);
	}
	return WW_PAGE_BYTES;
}

/* The last index up to `to` whose bit is set; WW_PAGE_BYTES when none is. */
static uint32_t find_bit_back(const uint64_t *words, uint32_t to)
{
	uint64_t mask = ~(uint64_t)0 >> (63 - to % 64);
	for (uint32_t w = to / 64 + 1; w-- > 0; mask = ~(uint64_t)0) {
		uint64_t word = words[w] & mask;
		if (word)
			return w * 64 + 63 - (uint32_t)__builtin_clzll(word);
	}
	return WW_PAGE_BYTES;
}

static void set_bits(uint64_t *words, uint32_t from, uint32_t to, bool value)
{
	for (uint32_t w = from / 64; w * 64 < to; w++) {
		uint64_t mask = ~(uint64_t)0;
		if (w == from / 64)
			mask <<= from % 64;
		if (to - w * 64 < 64)
			mask &= ((uint64_t)1 << (to - w * 64)) - 1;
		words[w] = value ? words[w] | mask : words[w] & ~mask;
	}
}

static bool get_bit(const uint64_t *words, uint32_t at)
{
	return words[at / 64] >> at % 64 & 1;
}

/* ---- pages ---- */

static uint32_t key_of(uint32_t at)
{
	return at & ~(uint32_t)(WW_PAGE_BYTES - 1);
}

static uint32_t in_page(uint32_t at)
{
	return at & (WW_PAGE_BYTES - 1);
}

/* Index of the first page that is not before `key`. */
static uint32_t place_of(const struct ww_patchwork *work, uint32_t key)
{
	uint32_t low = 0, high = work->n;
	while (low < high) {
		uint32_t middle = (low + high) / 2;
		if ((int32_t)(work->key[middle] - key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct ww_page *find_page(
	const struct ww_pages *pages, const struct ww_patchwork *work, uint32_t key)
{
	uint32_t i = place_of(work, key);
	return i < work->n && work->key[i] == key ? &pages->pages[work->page[i]] : NULL;
}

/* Makes every page of [at, at + len), or none. */
static bool make_pages(struct ww_pages *pages, struct ww_patchwork *work, uint32_t at, uint32_t len)
{
	uint32_t first = key_of(at);
	uint32_t n = (key_of(at + len - 1) - first) / WW_PAGE_BYTES + 1;
	uint32_t i = place_of(work, first);
	uint32_t n_there = 0;
	while (i + n_there < work->n && work->key[i + n_there] - first < n * WW_PAGE_BYTES)
		n_there++;
	uint32_t n_new = n - n_there;
	if (work->n + n_new > WW_PATCHWORK_PAGES || pages->n_used + n_new > pages->n)
		return false;
	for (uint32_t k = 0; k < n; k++, i++) {
		uint32_t key = first + k * WW_PAGE_BYTES;
		if (i < work->n && work->key[i] == key)
			continue;
		memmove(&work->key[i + 1], &work->key[i], (work->n - i) * sizeof(work->key[0]));
		memmove(&work->page[i + 1], &work->page[i], (work->n - i) * sizeof(work->page[0]));
		work->key[i] = key;
		work->page[i] = take_page(pages);
		work->n++;
	}
	return true;
}

static void remove_pages(struct ww_pages *pages, struct ww_patchwork *work, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		give_back(pages, work->page[i]);
	work->n = (uint8_t)(work->n - n);
	memmove(&work->key[0], &work->key[n], work->n * sizeof(work->key[0]));
	memmove(&work->page[0], &work->page[n], work->n * sizeof(work->page[0]));
}

/* ---- pieces ---- */

/* Where the piece begins that holds the byte at `at`. */
static uint32_t start_of(const struct ww_pages *pages, const struct ww_patchwork *work, uint32_t at)
{
	uint32_t key = key_of(at);
	uint32_t bit = in_page(at);
	for (;;) {
		const struct ww_page *page = find_page(pages, work, key);
		ww_assert(page);
		uint32_t start = find_bit_back(page->starts, bit);
		if (start != WW_PAGE_BYTES)
			return key + start;
		key -= WW_PAGE_BYTES;
		bit = WW_PAGE_BYTES - 1;
	}
}

/* Where it ends: the first byte behind `at` that is not held, or begins another piece. */
static uint32_t end_of(const struct ww_pages *pages, const struct ww_patchwork *work, uint32_t at)
{
	uint32_t key = key_of(at);
	uint32_t from = in_page(at) + 1;
	for (;;) {
		const struct ww_page *page = find_page(pages, work, key);
		if (!page)
			return key;
		uint32_t hole = find_bit(page->have, ~(uint64_t)0, from);
		uint32_t start = find_bit(page->starts, 0, from);
		uint32_t end = hole < start ? hole : start;
		if (end != WW_PAGE_BYTES)
			return key + end;
		key += WW_PAGE_BYTES;
		from = 0;
	}
}

/* One piece on its way in. */
struct laying {
	struct ww_pages *pages;
	struct ww_patchwork *work;
	const uint8_t *bytes;
	uint32_t at;
	bool joined; /* the byte before is the new piece's, too */
};

/* The new copy of [from, to) is held from now on; all of it lies in pages that are there. */
static void take(struct laying *laying, uint32_t from, uint32_t to)
{
	for (uint32_t at = from; at != to;) {
		struct ww_page *page = find_page(laying->pages, laying->work, key_of(at));
		uint32_t low = in_page(at);
		uint32_t n = WW_PAGE_BYTES - low;
		if (n > to - at)
			n = to - at;
		memcpy(page->bytes + low, laying->bytes + (at - laying->at), n);
		set_bits(page->have, low, low + n, true);
		set_bits(page->starts, low, low + n, false);
		if (!laying->joined)
			set_bits(page->starts, low, low + 1, true);
		laying->joined = true;
		at += n;
	}
}

/* Whether what is held of [from, to) is not what the new piece has. */
static bool differs(const struct laying *laying, uint32_t from, uint32_t to)
{
	for (uint32_t at = from; at != to;) {
		const struct ww_page *page = find_page(laying->pages, laying->work, key_of(at));
		uint32_t n = WW_PAGE_BYTES - in_page(at);
		if (n > to - at)
			n = to - at;
		if (memcmp(page->bytes + in_page(at), laying->bytes + (at - laying->at), n) != 0)
			return true;
		at += n;
	}
	return false;
}

/* How many bytes from `at` on, of `most`, are not held. */
static uint32_t hole_at(const struct laying *laying, uint32_t at, uint32_t most)
{
	uint32_t n = 0;
	while (n < most) {
		const struct ww_page *page = find_page(laying->pages, laying->work, key_of(at + n));
		uint32_t low = in_page(at + n);
		uint32_t held = find_bit(page->have, 0, low);
		n += held - low;
		if (held != WW_PAGE_BYTES)
			break;
	}
	return n < most ? n : most;
}

bool ww_patchwork_add(struct ww_pages *pages, struct ww_patchwork *work, enum ww_policy policy,
	enum ww_overlap overlap, uint32_t at, const uint8_t *bytes, uint32_t len,
	struct ww_fit *ret)
{
	struct laying laying = {pages, work, bytes, at, false};
	struct ww_extent whole = {0, len};
	struct ww_fit fit = {0};
	if (len == 0 || !make_pages(pages, work, at, len))
		return false;
	for (uint32_t done = 0; done != len;) {
		uint32_t hole = hole_at(&laying, at + done, len - done);
		if (hole) {
			take(&laying, at + done, at + done + hole);
			done += hole;
			fit.added += hole;
			continue;
		}
		uint32_t old_start = start_of(pages, work, at + done);
		uint32_t old_end = end_of(pages, work, at + done);
		struct ww_extent old = {(int32_t)(old_start - at), (int32_t)(old_end - at)};
		uint32_t until = old.end < whole.end ? (uint32_t)old.end : len;
		bool other = differs(&laying, at + done, at + until);
		fit.overlaps = true;
		fit.conflicts |= other;
		fit.repeats = !other && old.start == 0 && old.end == whole.end;
		if (!ww_policy_takes(policy, overlap, whole, old)) {
			laying.joined = false;
		} else {
			take(&laying, at + done, at + until);
			if (until != (uint32_t)old.end) {
				struct ww_page *page = find_page(pages, work, key_of(at + until));
				uint32_t bit = in_page(at + until);
				set_bits(page->starts, bit, bit + 1, true);
			}
		}
		done = until;
	}
	*ret = fit;
	return true;
}

const uint8_t *ww_patchwork_run(const struct ww_pages *pages, const struct ww_patchwork *work,
	uint32_t at, uint32_t *ret_len)
{
	const struct ww_page *page = find_page(pages, work, key_of(at));
	uint32_t low = in_page(at);
	if (!page || !get_bit(page->have, low))
		return NULL;
	*ret_len = find_bit(page->have, ~(uint64_t)0, low) - low;
	return page->bytes + low;
}

uint32_t ww_patchwork_first(const struct ww_pages *pages, const struct ww_patchwork *work)
{
	ww_assert(work->n > 0);
	return work->key[0] + find_bit(pages->pages[work->page[0]].have, 0, 0);
}

void ww_patchwork_drop(struct ww_pages *pages, struct ww_patchwork *work, uint32_t until)
{
	remove_pages(pages, work, place_of(work, key_of(until)));
	if (work->n == 0 || work->key[0] != key_of(until))
		return;
	struct ww_page *page = &pages->pages[work->page[0]];
	uint32_t low = in_page(until);
	set_bits(page->have, 0, low, false);
	set_bits(page->starts, 0, low, false);
	if (get_bit(page->have, low))
		set_bits(page->starts, low, low + 1, true);
	else if (find_bit(page->have, 0, low) == WW_PAGE_BYTES)
		remove_pages(pages, work, 1);
}

void ww_patchwork_clear(struct ww_pages *pages, struct ww_patchwork *work)
{
	remove_pages(pages, work, work->n);
}
