// SPDX-License-Identifier: GPL-3.0-or-later
#include "drill/heap.h"

#include <errno.h>
#include <stdlib.h>

static bool is_before(const struct ww_drill_event *a, const struct ww_drill_event *b)
{
	return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

struct ww_drill_heap ww_drill_heap_init(size_t limit)
{
	return (struct ww_drill_heap){.limit = limit};
}

void ww_drill_heap_done(struct ww_drill_heap *heap)
{
	free(heap->events);
	*heap = (struct ww_drill_heap){.limit = heap->limit};
}

static int make_room(struct ww_drill_heap *heap)
{
	if (heap->n_events >= heap->limit)
		return -ENOSPC;
	if (heap->n_events < heap->cap)
		return 0;
	size_t cap = heap->cap ? heap->cap * 2 : 256;
	struct ww_drill_event *events = realloc(heap->events, cap * sizeof(*events));
	if (!events)
		return -ENOMEM;
	heap->events = events;
	heap->cap = cap;
	return 0;
}

int ww_drill_heap_push(struct ww_drill_heap *heap, struct ww_drill_event event)
{
	int rc = make_room(heap);
	if (rc < 0)
		return rc;
	event.order = heap->n_pushed++;
	size_t at = heap->n_events++;
	while (at > 0 && is_before(&event, &heap->events[(at - 1) / 2])) {
		heap->events[at] = heap->events[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	heap->events[at] = event;
	return 0;
}

bool ww_drill_heap_take(struct ww_drill_heap *heap, struct ww_drill_event *ret)
{
	if (heap->n_events == 0)
		return false;
	*ret = heap->events[0];
	struct ww_drill_event last = heap->events[--heap->n_events];
	size_t at = 0;
	for (;;) {
		size_t child = 2 * at + 1;
		if (child >= heap->n_events)
			break;
		if (child + 1 < heap->n_events &&
			is_before(&heap->events[child + 1], &heap->events[child]))
			child++;
		if (!is_before(&heap->events[child], &last))
			break;
		heap->events[at] = heap->events[child];
		at = child;
	}
	if (heap->n_events > 0)
		heap->events[at] = last;
	return true;
}
