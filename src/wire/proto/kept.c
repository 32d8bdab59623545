// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Bytes that parsers keep, and the budget they come out of.
 *
 * Blocks have sizes of powers of two. One that is given back waits in a list of its size, so that
 * a busy sensor allocates only until it has seen its busiest moment. What waits counts as used: it
 * is freed first when another size is short, then flows are given up, the oldest first.
 */
#include "wire/proto/proto-private.h"

#include <stdlib.h>
#include <string.h>

/* A block that waits. */
struct ww_block {
	struct ww_block *next;
};

static uint32_t size_of(unsigned class)
{
	return (uint32_t)WW_BLOCK_MIN << class;
}

static unsigned class_of(uint32_t size)
{
	unsigned class = 0;
	while (class < WW_BLOCK_CLASSES && size_of(class) < size)
		class ++;
	return class;
}

/* Frees one block that waits; false when there is none. */
static bool free_one(struct ww_protos *protos)
{
	for (unsigned class = WW_BLOCK_CLASSES; class -- > 0;) {
		struct ww_block *block = protos->waiting[class];
		if (!block)
			continue;
		protos->waiting[class] = block->next;
		protos->bytes -= size_of(class);
		free(block);
		return true;
	}
	return false;
}

static void *block_take(struct ww_protos *protos, unsigned class)
{
	for (;;) {
		struct ww_block *block = protos->waiting[class];
		if (block) {
			protos->waiting[class] = block->next;
			return block;
		}
		if (protos->bytes + size_of(class) <= protos->bytes_max)
			break;
		if (!free_one(protos) && !ww_protos_evict(protos))
			return NULL;
	}
	void *bytes = malloc(size_of(class));
	if (bytes)
		protos->bytes += size_of(class);
	return bytes;
}

static void block_give(struct ww_protos *protos, void *bytes, unsigned class)
{
	struct ww_block *block = bytes;
	block->next = protos->waiting[class];
	protos->waiting[class] = block;
}

void ww_blocks_done(struct ww_protos *protos)
{
	while (free_one(protos))
		;
}

bool ww_kept_reserve(struct ww_parsing *parsing, struct ww_kept *kept, uint32_t size)
{
	if (size <= kept->cap)
		return true;
	unsigned class = class_of(size);
	if (class == WW_BLOCK_CLASSES)
		return false;
	uint8_t *data = block_take(parsing->protos, class);
	if (!data)
		return false;
	if (kept->len)
		memcpy(data, kept->data, kept->len);
	if (kept->data)
		block_give(parsing->protos, kept->data, class_of(kept->cap));
	kept->data = data;
	kept->cap = size_of(class);
	return true;
}

uint32_t ww_kept_add(struct ww_parsing *parsing, struct ww_kept *kept, const uint8_t *data,
	uint32_t len, uint32_t limit)
{
	uint32_t room = kept->len < limit ? limit - kept->len : 0;
	uint32_t n = len < room ? len : room;
	if (!ww_kept_reserve(parsing, kept, kept->len + n))
		n = kept->cap - kept->len < n ? kept->cap - kept->len : n;
	if (n)
		memcpy(kept->data + kept->len, data, n);
	kept->len += n;
	return n;
}

void ww_kept_reset(struct ww_kept *kept)
{
	kept->len = 0;
}

void ww_kept_drop(struct ww_parsing *parsing, struct ww_kept *kept)
{
	if (kept->data)
		block_give(parsing->protos, kept->data, class_of(kept->cap));
	*kept = (struct ww_kept){0};
}
