/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What happens next: a binary heap of events by time, then by the order in which they were put,
 * so that a run never depends on how the heap is laid out. Bounded. One thread at a time.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ww_drill_event {
	int64_t at_us;
	uint64_t order; /* given by push */
	uint32_t kind;
	uint32_t id;
	uint64_t detail;
};

struct ww_drill_heap {
	struct ww_drill_event *events;
	size_t n_events, cap, limit;
	uint64_t n_pushed;
};

struct ww_drill_heap ww_drill_heap_init(size_t limit);
void ww_drill_heap_done(struct ww_drill_heap *heap);
/* Returns 0, -ENOSPC at the limit, or -ENOMEM; the event is not taken then. O(log n). */
int ww_drill_heap_push(struct ww_drill_heap *heap, struct ww_drill_event event);
/* Takes the earliest; false when there is none. O(log n). */
bool ww_drill_heap_take(struct ww_drill_heap *heap, struct ww_drill_event *ret);
