// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A record in the ring, at a multiple of 16:
 *
 *   | len:4 | kind:4 | unused:8 | len bytes | padding to 16 |
 *
 * A record that would not fit before the end of the memory begins at its start again; a header of
 * kind SKIP stands for the rest. Counters run on and never wrap (2^64 bytes).
 */
#include "base/ring.h"

#include "base/err.h"

#include <errno.h>
#include <stdlib.h>

enum { HEADER = 16, ALIGN = 16, BYTES_MIN = 1024, BYTES_MAX = 1 << 30 };
enum { KIND_RECORD, KIND_SKIP };

struct header {
	uint32_t len, kind;
	uint64_t unused;
};
_Static_assert(sizeof(struct header) == HEADER, "records stay aligned");

struct ww_ring {
	uint8_t *bytes; /* owned */
	uint64_t mask;
	struct ww_event *records, *room;

	/* The producer's: written is its own count, published what others may see of it. */
	_Alignas(WW_CACHE_LINE) _Atomic uint64_t published;
	_Atomic bool closed;
	uint64_t written;
	uint64_t seen_released; /* at least so much was released */

	/* The consumer's. */
	_Alignas(WW_CACHE_LINE) _Atomic uint64_t released;
	uint64_t read;
	uint64_t given_back; /* what `released` says */
	uint64_t seen_published;
};

/* ---- events ---- */

int ww_event_init(struct ww_event *event)
{
	atomic_init(&event->waiting, 0);
	event->generation = 0;
	int status = pthread_mutex_init(&event->lock, NULL);
	if (status != 0)
		return -status;
	status = pthread_cond_init(&event->changed, NULL);
	if (status != 0)
		pthread_mutex_destroy(&event->lock);
	return -status;
}

void ww_event_done(struct ww_event *event)
{
	pthread_cond_destroy(&event->changed);
	pthread_mutex_destroy(&event->lock);
}

/*
 * Dekker's: the waiter writes `waiting` and then looks at what it waits for; the other writes that
 * and then looks at `waiting`. With sequential consistency one of them sees the other.
 */
void ww_event_prepare(struct ww_event *event)
{
	atomic_store_explicit(&event->waiting, 1, memory_order_seq_cst);
	atomic_thread_fence(memory_order_seq_cst);
}

void ww_event_cancel(struct ww_event *event)
{
	atomic_store_explicit(&event->waiting, 0, memory_order_relaxed);
}

void ww_event_wait(struct ww_event *event)
{
	pthread_mutex_lock(&event->lock);
	/* A notify since prepare has set it back: then there is nothing to wait for. */
	uint32_t generation = event->generation;
	while (atomic_load_explicit(&event->waiting, memory_order_relaxed) &&
		event->generation == generation)
		pthread_cond_wait(&event->changed, &event->lock);
	atomic_store_explicit(&event->waiting, 0, memory_order_relaxed);
	pthread_mutex_unlock(&event->lock);
}

void ww_event_notify(struct ww_event *event)
{
	atomic_thread_fence(memory_order_seq_cst);
	if (!atomic_load_explicit(&event->waiting, memory_order_relaxed))
		return;
	pthread_mutex_lock(&event->lock);
	atomic_store_explicit(&event->waiting, 0, memory_order_relaxed);
	event->generation++;
	pthread_cond_signal(&event->changed);
	pthread_mutex_unlock(&event->lock);
}

/* ---- rings ---- */

int ww_ring_new(size_t bytes, struct ww_event *records, struct ww_event *room, struct ww_ring **ret)
{
	size_t size = BYTES_MIN;
	if (bytes > BYTES_MAX)
		return -EINVAL;
	while (size < bytes)
		size *= 2;
	struct ww_ring *ring = aligned_alloc(WW_CACHE_LINE, sizeof(*ring));
	if (!ring)
		return -ENOMEM;
	*ring = (struct ww_ring){
		.bytes = aligned_alloc(WW_CACHE_LINE, size),
		.mask = size - 1,
		.records = records,
		.room = room,
	};
	if (!ring->bytes) {
		free(ring);
		return -ENOMEM;
	}
	*ret = ring;
	return 0;
}

void ww_ring_free(struct ww_ring **ring)
{
	if (!*ring)
		return;
	free((*ring)->bytes);
	free(*ring);
	*ring = NULL;
}

size_t ww_ring_record_max(const struct ww_ring *ring)
{
	return (size_t)(ring->mask + 1) / 2 - HEADER;
}

static uint64_t space_of(size_t len)
{
	return HEADER + ((uint64_t)len + ALIGN - 1) / ALIGN * ALIGN;
}

static bool has_room(struct ww_ring *ring, uint64_t need)
{
	uint64_t size = ring->mask + 1;
	if (ring->written + need - ring->seen_released <= size)
		return true;
	ring->seen_released = atomic_load_explicit(&ring->released, memory_order_acquire);
	return ring->written + need - ring->seen_released <= size;
}

void *ww_ring_reserve(struct ww_ring *ring, size_t len)
{
	ww_assert(len <= ww_ring_record_max(ring));
	uint64_t need = space_of(len);
	uint64_t at = ring->written & ring->mask;
	uint64_t rest = ring->mask + 1 - at;
	uint64_t skip = need > rest ? rest : 0;
	if (!has_room(ring, skip + need)) {
		ww_ring_publish(ring);
		return NULL;
	}
	if (skip) {
		/* Headers lie at multiples of 16, so that one always fits. */
		struct header *header = (void *)(ring->bytes + at);
		*header = (struct header){.len = (uint32_t)(skip - HEADER), .kind = KIND_SKIP};
		ring->written += skip;
		at = 0;
	}
	return ring->bytes + at + HEADER;
}

void ww_ring_commit(struct ww_ring *ring, size_t len)
{
	struct header *header = (void *)(ring->bytes + (ring->written & ring->mask));
	*header = (struct header){.len = (uint32_t)len, .kind = KIND_RECORD};
	ring->written += space_of(len);
}

void ww_ring_publish(struct ww_ring *ring)
{
	if (atomic_load_explicit(&ring->published, memory_order_relaxed) == ring->written)
		return;
	atomic_store_explicit(&ring->published, ring->written, memory_order_release);
	if (ring->records)
		ww_event_notify(ring->records);
}

void ww_ring_close(struct ww_ring *ring)
{
	atomic_store_explicit(&ring->published, ring->written, memory_order_release);
	atomic_store_explicit(&ring->closed, true, memory_order_release);
	if (ring->records)
		ww_event_notify(ring->records);
}

static bool has_record(struct ww_ring *ring)
{
	if (ring->read != ring->seen_published)
		return true;
	ring->seen_published = atomic_load_explicit(&ring->published, memory_order_acquire);
	return ring->read != ring->seen_published;
}

/* Each costs a fence: so it is done for an eighth of the ring at a time, and when nothing is left.
 */
static void give_back(struct ww_ring *ring)
{
	if (ring->given_back == ring->read)
		return;
	ring->given_back = ring->read;
	atomic_store_explicit(&ring->released, ring->read, memory_order_release);
	if (ring->room)
		ww_event_notify(ring->room);
}

const void *ww_ring_peek(struct ww_ring *ring, size_t *ret_len)
{
	while (has_record(ring)) {
		const struct header *header = (void *)(ring->bytes + (ring->read & ring->mask));
		if (header->kind == KIND_RECORD) {
			*ret_len = header->len;
			return header + 1;
		}
		/* Given back with the record behind it. */
		ring->read += HEADER + header->len;
	}
	give_back(ring);
	return NULL;
}

void ww_ring_release(struct ww_ring *ring)
{
	const struct header *header = (void *)(ring->bytes + (ring->read & ring->mask));
	ring->read += space_of(header->len);
	if (ring->read - ring->given_back > ring->mask / 8)
		give_back(ring);
}

bool ww_ring_is_over(struct ww_ring *ring)
{
	bool closed = atomic_load_explicit(&ring->closed, memory_order_acquire);
	return closed && !has_record(ring);
}
