// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/order.h"

#include "base/err.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A result in a worker's ring: the number of its job, then the bytes. */
struct result {
	uint64_t job;
	uint64_t unused; /* keeps what follows aligned to 16 */
};

/* In the row: a fact's bytes follow. */
struct step {
	int64_t worker; /* -1: a fact */
	uint64_t job;
};
_Static_assert(sizeof(struct result) == 16 && sizeof(struct step) == 16, "aligned to 16");

/* A result that was collected before its turn, in `held`. */
struct held {
	uint64_t job;
	uint64_t len; /* the bytes follow, padded to 16 */
};

struct worker {
	struct ww_ring *jobs, *results;
	struct ww_event wake; /* of the worker: jobs, or room for results */
	struct ww_buf held;   /* the giver's: struct held one behind the other */
	size_t held_at;       /* what lies before was told */
	uint64_t given;       /* the giver's: jobs so far */
	uint64_t given_bytes;

	_Alignas(WW_CACHE_LINE) _Atomic uint64_t done; /* jobs whose results are published */
	_Atomic uint64_t taken_bytes;
	uint64_t number; /* the worker's: of the job it has */
	size_t job_len;
};

struct ww_order {
	struct ww_event wake; /* of the giver: room for jobs, results, jobs done */
	struct ww_ring *row;  /* both ends are the giver's */
	struct worker *workers;
	unsigned n_workers;
	unsigned last; /* of ww_order_job */
	uint64_t lost;
};

/* ---- begin and end ---- */

static int open_worker(
	struct ww_order *order, struct worker *worker, const struct ww_order_limits *limits)
{
	int status = ww_event_init(&worker->wake);
	if (status != 0)
		return status;
	order->n_workers++;
	status = ww_ring_new(limits->job_bytes, &worker->wake, &order->wake, &worker->jobs);
	if (status == 0)
		status = ww_ring_new(limits->result_bytes, NULL, &worker->wake, &worker->results);
	return status;
}

int ww_order_new(const struct ww_order_limits *limits, struct ww_order **ret)
{
	if (limits->workers == 0 || limits->workers > WW_ORDER_WORKERS_MAX)
		return -EINVAL;
	struct ww_order *order = calloc(1, sizeof(*order));
	if (!order)
		return -ENOMEM;
	int status = ww_event_init(&order->wake);
	if (status != 0) {
		free(order);
		return status;
	}
	size_t bytes = limits->workers * sizeof(*order->workers);
	order->workers = aligned_alloc(WW_CACHE_LINE, bytes);
	if (order->workers)
		memset(order->workers, 0, bytes);
	else
		status = -ENOMEM;
	if (status == 0)
		status = ww_ring_new(limits->row_bytes, NULL, NULL, &order->row);
	for (unsigned i = 0; status == 0 && i < limits->workers; i++)
		status = open_worker(order, &order->workers[i], limits);
	if (status != 0) {
		ww_order_free(&order);
		return status;
	}
	*ret = order;
	return 0;
}

void ww_order_free(struct ww_order **order)
{
	if (!*order)
		return;
	for (unsigned i = 0; i < (*order)->n_workers; i++) {
		struct worker *worker = &(*order)->workers[i];
		ww_ring_free(&worker->jobs);
		ww_ring_free(&worker->results);
		ww_buf_done(&worker->held);
		ww_event_done(&worker->wake);
	}
	ww_ring_free(&(*order)->row);
	ww_event_done(&(*order)->wake);
	free((*order)->workers);
	free(*order);
	*order = NULL;
}

/* ---- the giver ---- */

void *ww_order_job(struct ww_order *order, unsigned worker, size_t len)
{
	ww_assert(worker < order->n_workers);
	/* Nothing is taken of the row before both have room: a job without a place is none. */
	if (!ww_ring_reserve(order->row, sizeof(struct step)))
		return NULL;
	order->last = worker;
	return ww_ring_reserve(order->workers[worker].jobs, len);
}

void ww_order_job_done(struct ww_order *order, size_t len)
{
	struct worker *worker = &order->workers[order->last];
	struct step *step = ww_ring_reserve(order->row, sizeof(*step));
	*step = (struct step){.worker = order->last, .job = worker->given++};
	ww_ring_commit(order->row, sizeof(*step));
	ww_ring_commit(worker->jobs, len);
	worker->given_bytes += len;
}

void *ww_order_fact(struct ww_order *order, size_t len)
{
	struct step *step = ww_ring_reserve(order->row, sizeof(*step) + len);
	if (!step)
		return NULL;
	*step = (struct step){.worker = -1};
	return step + 1;
}

void ww_order_fact_done(struct ww_order *order, size_t len)
{
	ww_ring_commit(order->row, sizeof(struct step) + len);
}

void ww_order_publish(struct ww_order *order)
{
	for (unsigned i = 0; i < order->n_workers; i++)
		ww_ring_publish(order->workers[i].jobs);
}

/* What was told goes from the front when it is most of it. */
static void compact(struct worker *worker)
{
	struct ww_buf *held = &worker->held;
	if (worker->held_at <= held->len / 2)
		return;
	held->len -= worker->held_at;
	memmove(held->data, held->data + worker->held_at, held->len);
	worker->held_at = 0;
}

/* Takes a worker's results out of its ring, so that it need not wait. */
static bool collect(struct ww_order *order, struct worker *worker)
{
	static const uint8_t padding[16];
	const struct result *result;
	size_t len;
	bool any = false;
	compact(worker);
	for (; (result = ww_ring_peek(worker->results, &len)); any = true) {
		struct held held = {.job = result->job, .len = len - sizeof(*result)};
		size_t before = worker->held.len;
		ww_buf_add(&worker->held, &held, sizeof(held));
		ww_buf_add(&worker->held, result + 1, held.len);
		ww_buf_add(&worker->held, padding, -held.len % sizeof(padding));
		if (worker->held.failed) {
			worker->held.len = before;
			order->lost++;
		}
		ww_ring_release(worker->results);
	}
	return any;
}

static void tell_held(
	struct worker *worker, unsigned index, uint64_t job, ww_order_told_fn *told, void *context)
{
	while (worker->held_at < worker->held.len) {
		const struct held *held = (const void *)(worker->held.data + worker->held_at);
		if (held->job != job)
			return;
		told(context, (int)index, held + 1, held->len);
		worker->held_at += sizeof(*held) + (held->len + 15) / 16 * 16;
	}
	worker->held_at = 0;
	ww_buf_reset(&worker->held);
}

/* Results come in the order of jobs: first those collected, then those in the ring. */
static void tell_results(
	struct ww_order *order, unsigned index, uint64_t job, ww_order_told_fn *told, void *context)
{
	struct worker *worker = &order->workers[index];
	size_t len;
	const struct result *result;
	if (worker->held.len) {
		tell_held(worker, index, job, told, context);
		if (worker->held.len)
			return;
	}
	while ((result = ww_ring_peek(worker->results, &len)) && result->job == job) {
		told(context, (int)index, result + 1, len - sizeof(*result));
		ww_ring_release(worker->results);
	}
}

size_t ww_order_tell(struct ww_order *order, ww_order_told_fn *told, void *context)
{
	size_t n = 0, len;
	const struct step *step;
	ww_ring_publish(order->row);
	for (; (step = ww_ring_peek(order->row, &len)); n++) {
		if (step->worker < 0) {
			told(context, -1, step + 1, len - sizeof(*step));
		} else {
			struct worker *worker = &order->workers[step->worker];
			uint64_t done = atomic_load_explicit(&worker->done, memory_order_acquire);
			if (step->job >= done)
				return n;
			tell_results(order, (unsigned)step->worker, step->job, told, context);
		}
		ww_ring_release(order->row);
	}
	return n;
}

size_t ww_order_wait(struct ww_order *order, ww_order_told_fn *told, void *context)
{
	size_t len;
	ww_order_publish(order);
	for (;;) {
		ww_event_prepare(&order->wake);
		bool any = false;
		for (unsigned i = 0; i < order->n_workers; i++)
			any |= collect(order, &order->workers[i]);
		size_t n = ww_order_tell(order, told, context);
		if (n > 0 || any || !ww_ring_peek(order->row, &len))
			ww_event_cancel(&order->wake);
		if (n > 0 || !ww_ring_peek(order->row, &len))
			return n;
		if (!any)
			ww_event_wait(&order->wake);
	}
}

uint64_t ww_order_backlog(const struct ww_order *order, unsigned worker)
{
	const struct worker *of = &order->workers[worker];
	return of->given_bytes - atomic_load_explicit(&of->taken_bytes, memory_order_relaxed);
}

uint64_t ww_order_lost(const struct ww_order *order)
{
	return order->lost;
}

void ww_order_close(struct ww_order *order)
{
	for (unsigned i = 0; i < order->n_workers; i++)
		ww_ring_close(order->workers[i].jobs);
}

/* ---- a worker ---- */

/*
 * A giver that waits is not woken for each job, which would cost both a switch of context a job,
 * but when an eighth of the jobs' ring is free (by ww_ring_release), the results are full, or the
 * worker has nothing left to do.
 */

const void *ww_order_next(struct ww_order *order, unsigned index, size_t *ret_len)
{
	struct worker *worker = &order->workers[index];
	for (;;) {
		const void *job = ww_ring_peek(worker->jobs, ret_len);
		if (!job) {
			ww_event_notify(&order->wake);
			ww_event_prepare(&worker->wake);
			/* Over is asked first: what was published before the close is seen then. */
			bool over = ww_ring_is_over(worker->jobs);
			job = ww_ring_peek(worker->jobs, ret_len);
			if (!job && !over) {
				ww_event_wait(&worker->wake);
				continue;
			}
			ww_event_cancel(&worker->wake);
		}
		worker->job_len = job ? *ret_len : 0;
		return job;
	}
}

void ww_order_result(struct ww_order *order, unsigned index, const void *bytes, size_t len)
{
	struct worker *worker = &order->workers[index];
	struct result *result;
	while (!(result = ww_ring_reserve(worker->results, sizeof(*result) + len))) {
		ww_event_notify(&order->wake);
		ww_event_prepare(&worker->wake);
		result = ww_ring_reserve(worker->results, sizeof(*result) + len);
		if (result) {
			ww_event_cancel(&worker->wake);
			break;
		}
		ww_event_wait(&worker->wake);
	}
	*result = (struct result){.job = worker->number};
	memcpy(result + 1, bytes, len);
	ww_ring_commit(worker->results, sizeof(*result) + len);
}

void ww_order_finish(struct ww_order *order, unsigned index)
{
	struct worker *worker = &order->workers[index];
	ww_ring_release(worker->jobs);
	atomic_store_explicit(&worker->taken_bytes,
		atomic_load_explicit(&worker->taken_bytes, memory_order_relaxed) + worker->job_len,
		memory_order_relaxed);
	/* Results before the number that says they are there. */
	ww_ring_publish(worker->results);
	atomic_store_explicit(&worker->done, ++worker->number, memory_order_release);
}
