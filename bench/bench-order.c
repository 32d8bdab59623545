// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What it costs to give packets to workers and to tell their results in order (base/order).
 *
 *   bench-order [workers [nanoseconds of work a packet [bytes a packet]]]
 *
 * The giver copies each packet into a worker's ring, by flow; every hundredth gives one result.
 * With 0 workers it does the work itself. Prints wall and CPU time a packet, and what part of the
 * CPU time is the giver's.
 */
#include "base/order.h"

#include "base/err.h"
#include "base/rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PACKETS = 2000000, FLOWS = 4096, BATCH = 32, BYTES_MAX = 1500 };

struct crew {
	struct ww_order *order;
	unsigned n_workers;
	uint64_t steps; /* of work a packet */
	size_t n_bytes;
	uint64_t told, sum;
};

struct hand {
	struct crew *crew;
	unsigned index;
	uint64_t sum;
};

static double seconds(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint64_t work(uint64_t steps, const uint8_t *bytes)
{
	uint64_t sum = bytes[0];
	for (uint64_t i = 0; i < steps; i++)
		sum = sum * 6364136223846793005u + 1442695040888963407u;
	return sum;
}

static void *work_on(void *context)
{
	struct hand *hand = context;
	struct ww_order *order = hand->crew->order;
	const uint8_t *job;
	size_t len;
	uint64_t n = 0;
	while ((job = ww_order_next(order, hand->index, &len))) {
		hand->sum += work(hand->crew->steps, job);
		if (++n % 100 == 0)
			ww_order_result(order, hand->index, &n, sizeof(n));
		ww_order_finish(order, hand->index);
	}
	return NULL;
}

static void on_told(void *context, int worker, const void *bytes, size_t len)
{
	struct crew *crew = context;
	(void)worker;
	(void)bytes;
	crew->told += len != 0;
}

static void run(struct crew *crew, const uint8_t *bytes)
{
	for (uint64_t n = 0; n < PACKETS; n++) {
		unsigned flow = (unsigned)(n * 2654435761u % FLOWS);
		if (crew->n_workers == 0) {
			crew->sum += work(crew->steps, bytes);
			continue;
		}
		void *room;
		while (!(room = ww_order_job(crew->order, flow % crew->n_workers, crew->n_bytes)))
			ww_order_wait(crew->order, on_told, crew);
		memcpy(room, bytes, crew->n_bytes);
		ww_order_job_done(crew->order, crew->n_bytes);
		if (n % BATCH == BATCH - 1) {
			ww_order_publish(crew->order);
			ww_order_tell(crew->order, on_told, crew);
		}
	}
	if (crew->n_workers == 0)
		return;
	ww_order_close(crew->order);
	while (ww_order_wait(crew->order, on_told, crew) > 0)
		;
}

static uint64_t argument(int argc, char **argv, int i, uint64_t otherwise, uint64_t most)
{
	uint64_t value = argc > i ? strtoull(argv[i], NULL, 10) : otherwise;
	return value < most ? value : most;
}

int main(int argc, char **argv)
{
	static uint8_t bytes[BYTES_MAX];
	static struct hand hands[WW_ORDER_WORKERS_MAX];
	pthread_t threads[WW_ORDER_WORKERS_MAX];
	struct crew crew = {
		.n_workers = (unsigned)argument(argc, argv, 1, 1, WW_ORDER_WORKERS_MAX),
		.n_bytes = (size_t)argument(argc, argv, 3, 765, BYTES_MAX),
	};
	uint64_t work_ns = argument(argc, argv, 2, 1000, 1000000);
	double before = seconds(CLOCK_PROCESS_CPUTIME_ID);
	crew.sum = work(100000000, bytes);
	double step_ns = (seconds(CLOCK_PROCESS_CPUTIME_ID) - before) * 10;
	crew.steps = (uint64_t)((double)work_ns / step_ns);
	const struct ww_order_limits limits = {
		.workers = crew.n_workers,
		.job_bytes = 1 << 20,
		.result_bytes = 1 << 16,
		.row_bytes = 1 << 20,
	};
	if (crew.n_workers && ww_order_new(&limits, &crew.order) != 0)
		return 1;
	for (unsigned i = 0; i < crew.n_workers; i++) {
		hands[i] = (struct hand){.crew = &crew, .index = i};
		if (pthread_create(&threads[i], NULL, work_on, &hands[i]) != 0)
			return 1;
	}
	double wall = seconds(CLOCK_MONOTONIC);
	double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	double giver = seconds(CLOCK_THREAD_CPUTIME_ID);
	run(&crew, bytes);
	wall = seconds(CLOCK_MONOTONIC) - wall;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	giver = seconds(CLOCK_THREAD_CPUTIME_ID) - giver;
	for (unsigned i = 0; i < crew.n_workers; i++) {
		pthread_join(threads[i], NULL);
		crew.sum += hands[i].sum;
	}
	printf("%u workers, %llu ns of work, %zu bytes: %.0f ns a packet (wall), %.0f (CPU), "
	       "the giver %.0f; %llu results, sum %llx\n",
		crew.n_workers, (unsigned long long)work_ns, crew.n_bytes, wall * 1e9 / PACKETS,
		cpu * 1e9 / PACKETS, giver * 1e9 / PACKETS, (unsigned long long)crew.told,
		(unsigned long long)crew.sum);
	ww_order_free(&crew.order);
	return 0;
}
