// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Rings against a model in one thread, then between two; a row of jobs and facts, which must be
 * told alike whatever the number of workers, their speed and the sizes of the rings.
 */
#include "base/order.h"

#include "base/err.h"
#include "base/rng.h"
#include "test.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- rings ---- */

/* Bytes of record n that follow from its number. */
static size_t record_len(uint64_t n, size_t most)
{
	struct ww_rng rng = ww_rng_seeded(n);
	return (size_t)ww_rng_below(&rng, n % 16 == 0 ? most + 1 : 40);
}

static void write_record(uint8_t *to, size_t len, uint64_t n)
{
	for (size_t i = 0; i < len; i++)
		to[i] = (uint8_t)(n * 31 + i);
}

static bool is_record(const uint8_t *from, size_t len, uint64_t n, size_t most)
{
	if (len != record_len(n, most) || (uintptr_t)from % 16 != 0)
		return false;
	for (size_t i = 0; i < len; i++)
		if (from[i] != (uint8_t)(n * 31 + i))
			return false;
	return true;
}

static void sizes(void **state)
{
	struct ww_ring *ring = NULL;
	assert_int_equal(ww_ring_new(((size_t)1 << 30) + 1, NULL, NULL, &ring), -EINVAL);
	assert_int_equal(ww_ring_new(0, NULL, NULL, &ring), 0);
	assert_int_equal(ww_ring_record_max(ring), 512 - 16);
	ww_ring_free(&ring);
	assert_null(ring);
	ww_ring_free(&ring);
	assert_int_equal(ww_ring_new(1025, NULL, NULL, &ring), 0);
	assert_int_equal(ww_ring_record_max(ring), 1024 - 16);
	ww_ring_free(&ring);
}

static void a_record_is_seen_when_published(void **state)
{
	struct ww_ring *ring = NULL;
	size_t len;
	assert_int_equal(ww_ring_new(1024, NULL, NULL, &ring), 0);
	assert_null(ww_ring_peek(ring, &len));
	memcpy(ww_ring_reserve(ring, 10), "marker", 6);
	assert_null(ww_ring_peek(ring, &len));
	ww_ring_commit(ring, 6);
	assert_null(ww_ring_peek(ring, &len));
	ww_ring_publish(ring);
	assert_memory_equal(ww_ring_peek(ring, &len), "marker", 6);
	assert_int_equal(len, 6);
	assert_memory_equal(ww_ring_peek(ring, &len), "marker", 6);
	assert_non_null(ww_ring_reserve(ring, 0));
	ww_ring_commit(ring, 0); /* an empty one is one */
	ww_ring_close(ring);
	assert_false(ww_ring_is_over(ring));
	ww_ring_release(ring);
	assert_non_null(ww_ring_peek(ring, &len));
	assert_int_equal(len, 0);
	ww_ring_release(ring);
	assert_null(ww_ring_peek(ring, &len));
	assert_true(ww_ring_is_over(ring));
	ww_ring_free(&ring);
}

/* Any mix of both ends' calls: what comes out is what went in, and it never holds too much. */
static void like_the_model(void **state)
{
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct ww_rng rng = ww_rng_seeded(seed);
		struct ww_ring *ring = NULL;
		assert_int_equal(ww_ring_new(1024, NULL, NULL, &ring), 0);
		size_t most = ww_ring_record_max(ring);
		uint64_t committed = 0, published = 0, read = 0;
		size_t held = 0;
		for (int step = 0; step < 5000; step++) {
			size_t len;
			if (ww_rng_below(&rng, 2)) {
				size_t want = record_len(committed, most);
				uint8_t *room = ww_ring_reserve(ring, want);
				if (!room) {
					published = committed;
					assert_true(held > 0);
					continue;
				}
				write_record(room, want, committed++);
				ww_ring_commit(ring, want);
				held += want;
				assert_in_range(held, 0, 1024);
				if (ww_rng_below(&rng, 3) == 0) {
					ww_ring_publish(ring);
					published = committed;
				}
				continue;
			}
			const uint8_t *record = ww_ring_peek(ring, &len);
			assert_int_equal(record != NULL, read < published);
			if (!record)
				continue;
			assert_true(is_record(record, len, read++, most));
			ww_ring_release(ring);
			held -= len;
		}
		assert_true(read > 100);
		ww_ring_free(&ring);
	}
}

enum { RECORDS = 200000 };

struct pair {
	struct ww_ring *ring;
	struct ww_event records, room;
	bool naps;
};

static void *produce(void *context)
{
	struct pair *pair = context;
	size_t most = ww_ring_record_max(pair->ring);
	for (uint64_t n = 0; n < RECORDS; n++) {
		size_t len = record_len(n, most);
		uint8_t *room;
		while (!(room = ww_ring_reserve(pair->ring, len))) {
			ww_event_prepare(&pair->room);
			room = ww_ring_reserve(pair->ring, len);
			if (room) {
				ww_event_cancel(&pair->room);
				break;
			}
			ww_event_wait(&pair->room);
		}
		write_record(room, len, n);
		ww_ring_commit(pair->ring, len);
		if (n % 7 == 0)
			ww_ring_publish(pair->ring);
		if (pair->naps && n % 1000 == 0)
			sched_yield();
	}
	ww_ring_close(pair->ring);
	return NULL;
}

static const void *wait_record(struct pair *pair, size_t *ret_len)
{
	for (;;) {
		const void *record = ww_ring_peek(pair->ring, ret_len);
		if (record)
			return record;
		ww_event_prepare(&pair->records);
		bool over = ww_ring_is_over(pair->ring);
		record = ww_ring_peek(pair->ring, ret_len);
		if (!record && !over) {
			ww_event_wait(&pair->records);
			continue;
		}
		ww_event_cancel(&pair->records);
		return record;
	}
}

static void between_two_threads(void **state)
{
	for (int round = 0; round < 4; round++) {
		struct pair pair = {.naps = round & 1};
		pthread_t thread;
		assert_int_equal(ww_event_init(&pair.records), 0);
		assert_int_equal(ww_event_init(&pair.room), 0);
		assert_int_equal(ww_ring_new(round & 2 ? 65536 : 1024, &pair.records, &pair.room,
					 &pair.ring),
			0);
		size_t most = ww_ring_record_max(pair.ring), len;
		assert_int_equal(pthread_create(&thread, NULL, produce, &pair), 0);
		const void *record;
		uint64_t n = 0;
		for (; (record = wait_record(&pair, &len)); n++) {
			assert_true(is_record(record, len, n, most));
			ww_ring_release(pair.ring);
			if (round == 3 && n % 1000 == 0)
				sched_yield();
		}
		assert_int_equal(n, RECORDS);
		pthread_join(thread, NULL);
		ww_ring_free(&pair.ring);
		ww_event_done(&pair.records);
		ww_event_done(&pair.room);
	}
}

/* ---- the row ---- */

/*
 * A model of what watch does: packets of flows, some of which give facts, some hits; the answer of
 * a worker to a packet depends on what it was given of the same flow before.
 */
enum { PACKETS = 60000, FLOWS = 97, HITS_MAX = 3 };

struct job {
	uint32_t flow, packet;
	uint8_t bytes[200];
};

struct said {
	uint64_t packet, what;
};

struct crew {
	struct ww_order *order;
	struct ww_buf told; /* struct said one behind the other */
	uint64_t seed;
};

struct hand {
	struct crew *crew;
	unsigned index;
};

/* What is worked out of a packet: up to three hits, by the flow's state. */
static unsigned work(uint64_t *flow_state, const struct job *job, struct said hits[HITS_MAX])
{
	uint64_t sum = *flow_state * 6364136223846793005u + job->packet;
	for (size_t i = 0; i < sizeof(job->bytes); i++)
		sum = sum * 31 + job->bytes[i];
	*flow_state = sum;
	unsigned n = sum >> 60 < 3 ? (unsigned)(sum >> 60) + 1 : 0;
	for (unsigned i = 0; i < n; i++)
		hits[i] = (struct said){job->packet, sum + i};
	return n;
}

static void *work_on(void *context)
{
	struct hand *hand = context;
	struct ww_order *order = hand->crew->order;
	struct ww_rng rng = ww_rng_seeded(hand->crew->seed + hand->index);
	uint64_t flows[FLOWS] = {0};
	const struct job *job;
	size_t len;
	while ((job = ww_order_next(order, hand->index, &len))) {
		struct said hits[HITS_MAX];
		unsigned n = work(&flows[job->flow], job, hits);
		for (unsigned i = 0; i < n; i++)
			ww_order_result(order, hand->index, &hits[i], sizeof(hits[i]));
		/* Some workers are slow now and then. */
		if (ww_rng_below(&rng, 500) == 0)
			sched_yield();
		ww_order_finish(order, hand->index);
	}
	return NULL;
}

static void on_told(void *context, int worker, const void *bytes, size_t len)
{
	struct crew *crew = context;
	assert_int_equal(len, sizeof(struct said));
	ww_buf_add(&crew->told, bytes, len);
}

static void make_job(struct job *job, uint32_t packet)
{
	struct ww_rng rng = ww_rng_seeded(packet);
	job->packet = packet;
	job->flow = (uint32_t)ww_rng_below(&rng, FLOWS);
	memset(job->bytes, (int)packet, sizeof(job->bytes));
}

/* Without threads: the truth. */
static void run_alone(struct crew *crew)
{
	uint64_t flows[FLOWS] = {0};
	for (uint32_t packet = 0; packet < PACKETS; packet++) {
		struct job job;
		struct said hits[HITS_MAX], fact = {packet, 0};
		make_job(&job, packet);
		if (packet % 3 == 0)
			on_told(crew, -1, &fact, sizeof(fact));
		unsigned n = work(&flows[job.flow], &job, hits);
		for (unsigned i = 0; i < n; i++)
			on_told(crew, 0, &hits[i], sizeof(hits[i]));
	}
}

static void give(struct crew *crew, unsigned n_workers, uint32_t packet, uint64_t *own)
{
	struct ww_order *order = crew->order;
	struct job job;
	void *room;
	make_job(&job, packet);
	if (packet % 3 == 0) {
		struct said fact = {packet, 0};
		while (!(room = ww_order_fact(order, sizeof(fact))))
			assert_true(ww_order_wait(order, on_told, crew) > 0);
		memcpy(room, &fact, sizeof(fact));
		ww_order_fact_done(order, sizeof(fact));
	}
	/* A fifth of the flows are the giver's own. */
	if (own && job.flow % 5 == 0) {
		struct said hits[HITS_MAX];
		unsigned n = work(&own[job.flow], &job, hits);
		for (unsigned i = 0; i < n; i++) {
			while (!(room = ww_order_fact(order, sizeof(*hits))))
				assert_true(ww_order_wait(order, on_told, crew) > 0);
			memcpy(room, &hits[i], sizeof(hits[i]));
			ww_order_fact_done(order, sizeof(hits[i]));
		}
		return;
	}
	while (!(room = ww_order_job(order, job.flow % n_workers, sizeof(job))))
		assert_true(ww_order_wait(order, on_told, crew) > 0);
	memcpy(room, &job, sizeof(job));
	ww_order_job_done(order, sizeof(job));
}

static void run_crew(struct crew *crew, const struct ww_order_limits *limits, bool giver_works)
{
	pthread_t threads[WW_ORDER_WORKERS_MAX];
	struct hand hands[WW_ORDER_WORKERS_MAX];
	uint64_t own[FLOWS] = {0};
	assert_int_equal(ww_order_new(limits, &crew->order), 0);
	for (unsigned i = 0; i < limits->workers; i++) {
		hands[i] = (struct hand){crew, i};
		assert_int_equal(pthread_create(&threads[i], NULL, work_on, &hands[i]), 0);
	}
	for (uint32_t packet = 0; packet < PACKETS; packet++) {
		give(crew, limits->workers, packet, giver_works ? own : NULL);
		if (packet % 32 == 0) {
			ww_order_publish(crew->order);
			ww_order_tell(crew->order, on_told, crew);
		}
	}
	ww_order_close(crew->order);
	while (ww_order_wait(crew->order, on_told, crew) > 0)
		;
	for (unsigned i = 0; i < limits->workers; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(ww_order_backlog(crew->order, i), 0);
	}
	assert_int_equal(ww_order_lost(crew->order), 0);
	ww_order_free(&crew->order);
}

static void told_alike_by_any_number(void **state)
{
	struct crew alone = {.told = WW_BUF_INIT};
	run_alone(&alone);
	assert_true(alone.told.len / sizeof(struct said) > PACKETS / 2);
	for (unsigned round = 0; round < 10; round++) {
		static const unsigned workers[] = {1, 2, 3, 4, 8};
		/* Small rings, so that everybody must wait for everybody. */
		const struct ww_order_limits limits = {
			.workers = workers[round / 2],
			.job_bytes = round % 2 ? 1024 : 65536,
			.result_bytes = round % 2 ? 1024 : 4096,
			.row_bytes = round % 3 ? 65536 : 1024,
		};
		struct crew crew = {.told = WW_BUF_INIT, .seed = round};
		run_crew(&crew, &limits, round % 4 == 1);
		assert_int_equal(crew.told.len, alone.told.len);
		assert_memory_equal(crew.told.data, alone.told.data, alone.told.len);
		ww_buf_done(&crew.told);
	}
	ww_buf_done(&alone.told);
}

static void limits_are_checked(void **state)
{
	struct ww_order *order = NULL;
	struct ww_order_limits limits = {.workers = 0};
	assert_int_equal(ww_order_new(&limits, &order), -EINVAL);
	limits.workers = WW_ORDER_WORKERS_MAX + 1;
	assert_int_equal(ww_order_new(&limits, &order), -EINVAL);
	limits.workers = 1;
	limits.job_bytes = (size_t)2 << 30;
	assert_int_equal(ww_order_new(&limits, &order), -EINVAL);
	assert_null(order);
	limits.job_bytes = 0;
	assert_int_equal(ww_order_new(&limits, &order), 0);
	/* An empty row has nothing to wait for. */
	assert_int_equal(ww_order_wait(order, on_told, NULL), 0);
	ww_order_free(&order);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(a_record_is_seen_when_published),
		cmocka_unit_test(like_the_model),
		cmocka_unit_test(between_two_threads),
		cmocka_unit_test(told_alike_by_any_number),
		cmocka_unit_test(limits_are_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
