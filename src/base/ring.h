/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Records from one thread to another, in order, in fixed memory.
 *
 * A ring has two ends. The producer's thread calls reserve, commit, publish and close; the
 * consumer's peek and release; nobody else either. Between them nothing is shared but two counters
 * (Lamport's queue, 1983), each of which its owner alone writes and on a cache line of its own;
 * each end keeps the last value that it saw of the other's, so that in steady state neither reads
 * the other's line (FastForward, MCRingBuffer). A record lies in one piece and is written and read
 * in place.
 *
 *   producer   reserve -> write -> commit ... publish     (publish once a batch: it has the fence)
 *   consumer   peek -> read -> release
 *
 * Neither end blocks by itself. Who must wait does so on an event, which may stand for several
 * rings: a thread that feeds one ring and drains another must not sleep on only one of the two, or
 * both threads wait for each other.
 *
 * Threads: as said, a third kind beside "one at a time" and "immutable": two, each at its end.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WW_CACHE_LINE = 64 };

/*
 * Somebody may wait for something to become true:
 *
 *   waiter     ww_event_prepare; look again; ww_event_wait or ww_event_cancel
 *   others     make it true; ww_event_notify
 *
 * One waiter at a time. notify costs a fence and a load while nobody waits.
 */
struct ww_event {
	_Atomic uint32_t waiting;
	uint32_t generation; /* under the lock */
	pthread_mutex_t lock;
	pthread_cond_t changed;
};

/* 0 or a negative errno. */
int ww_event_init(struct ww_event *event);
void ww_event_done(struct ww_event *event);
/* From here on whatever is made true wakes ww_event_wait. */
void ww_event_prepare(struct ww_event *event);
void ww_event_cancel(struct ww_event *event);
/* Returns after a notify that came after prepare. May return without a reason: look again. */
void ww_event_wait(struct ww_event *event);
void ww_event_notify(struct ww_event *event);

struct ww_ring;

/*
 * `bytes` is rounded up to a power of two, at least 1024 and at most 2^30; a record may take half
 * of them at most. `records` is notified at publish and close, `room` at release; both are
 * borrowed until the ring ends and may be NULL. 0, -ENOMEM or -EINVAL.
 */
int ww_ring_new(
	size_t bytes, struct ww_event *records, struct ww_event *room, struct ww_ring **ret);
void ww_ring_free(struct ww_ring **ring);
/* The largest record that fits. */
size_t ww_ring_record_max(const struct ww_ring *ring);

/*
 * Room for a record of at most `len` bytes, aligned to 16; NULL when there is none now. What was
 * committed is published then, so that the consumer can make room. len <= ww_ring_record_max.
 */
void *ww_ring_reserve(struct ww_ring *ring, size_t len);
/* The record is written, `len` bytes of it (no more than reserved). */
void ww_ring_commit(struct ww_ring *ring, size_t len);
/* Lets the consumer see all that was committed. */
void ww_ring_publish(struct ww_ring *ring);
/* No more will come. Publishes. */
void ww_ring_close(struct ww_ring *ring);

/*
 * The next record, NULL when none is published. It stays until release. The producer learns of
 * released room when it is an eighth of the ring, or when peek finds nothing.
 */
const void *ww_ring_peek(struct ww_ring *ring, size_t *ret_len);
void ww_ring_release(struct ww_ring *ring);
/* Nothing is left, and nothing will come. For the consumer. */
bool ww_ring_is_over(struct ww_ring *ring);
