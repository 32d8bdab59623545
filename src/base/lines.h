/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Zeroed memory that begins at a cache line, for tables whose buckets are laid out by the line.
 * Pages that nobody writes to cost nothing, which aligned_alloc and memset would undo.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

enum { WW_LINE = 64 };

/* `size` bytes. *ret_memory is what to free(), and NULL when this returns NULL: no memory. */
static inline void *ww_lines_new(size_t size, void **ret_memory)
{
	*ret_memory = size > SIZE_MAX - WW_LINE ? NULL : calloc(1, size + WW_LINE);
	uintptr_t start = (uintptr_t)*ret_memory;
	return *ret_memory ? (char *)*ret_memory + (WW_LINE - start % WW_LINE) % WW_LINE : NULL;
}
