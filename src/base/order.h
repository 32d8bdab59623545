/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What several workers make of a row of jobs, told in the order of the jobs, so that the number of
 * workers and their speed show nowhere in what is told.
 *
 * One thread, the giver, puts jobs and facts into the row. A job goes to one worker, which answers
 * with any number of results; a fact needs nobody and is told as it is. Jobs of one worker are done
 * in the order they were given, so that what must stay in order among itself (the packets of a
 * flow) is given to one worker. The giver tells the row: each fact and the results of each job, in
 * the order in which facts and jobs were given; it stops before the first job that is not done.
 *
 *   giver    job, fact: hash -> worker 0 [job job job]      worker 1 [job job]
 *            row: f 0 1 f f 1 0 0 f                          each: job -> results
 *   giver    tell: f, results of 0's first, results of 1's first, f, f, ...
 *
 * The giver may do jobs too: what it works out itself it puts in as facts, as long as nothing of
 * the same flow is with a worker.
 *
 * Memory: fixed. A ring of jobs and one of results for each worker, and the row. When the jobs or
 * the row are full, ww_order_job and ww_order_fact return NULL and the giver tells, and waits if
 * nothing could be told. A worker waits when its results are full; the giver collects results while
 * it waits, of whatever job, into memory that grows: what all outstanding jobs may say. That alone
 * is allocated while running, and kept.
 *
 * Threads: giver functions by one thread, each worker's functions by that worker's.
 */
#include "base/buf.h"
#include "base/ring.h"

enum { WW_ORDER_WORKERS_MAX = 64 };

struct ww_order_limits {
	unsigned workers;    /* 1 to WW_ORDER_WORKERS_MAX */
	size_t job_bytes;    /* of each worker's ring of jobs */
	size_t result_bytes; /* of each worker's ring of results */
	size_t row_bytes;    /* of the row: 32 bytes a job, 32 and its size a fact */
};

struct ww_order;

/* 0, -ENOMEM, -EINVAL or what ww_event_init gives. End with ww_order_free, after the workers. */
int ww_order_new(const struct ww_order_limits *limits, struct ww_order **ret);
void ww_order_free(struct ww_order **order);

/* ---- the giver ---- */

/*
 * Room for a job of `len` bytes at most, NULL: see ww_order_wait. ww_order_job_done says that it is
 * written; the worker sees it at the next ww_order_publish.
 */
void *ww_order_job(struct ww_order *order, unsigned worker, size_t len);
void ww_order_job_done(struct ww_order *order, size_t len);
/* The same for a fact. */
void *ww_order_fact(struct ww_order *order, size_t len);
void ww_order_fact_done(struct ww_order *order, size_t len);
void ww_order_publish(struct ww_order *order);

/* A fact (worker -1), or a result. */
typedef void ww_order_told_fn(void *context, int worker, const void *bytes, size_t len);
/* Tells what can be told; returns how many facts and jobs that was. */
size_t ww_order_tell(struct ww_order *order, ww_order_told_fn *told, void *context);
/* Tells at least one, waiting for it; 0 only when the row is empty. Publishes. */
size_t ww_order_wait(struct ww_order *order, ww_order_told_fn *told, void *context);
/* Bytes of jobs that a worker has not taken yet: who has least is to be given the next flow. */
uint64_t ww_order_backlog(const struct ww_order *order, unsigned worker);
/* Results that were not told because memory for waiting ones was short. */
uint64_t ww_order_lost(const struct ww_order *order);
/* No more jobs: the workers end when theirs are done. Tell until the row is empty afterwards. */
void ww_order_close(struct ww_order *order);

/* ---- a worker ---- */

/* The next job, waited for; NULL when there will be none. It stays until ww_order_finish. */
const void *ww_order_next(struct ww_order *order, unsigned worker, size_t *ret_len);
/* Adds a result to the job; waits for room. len <= half of result_bytes - 32. */
void ww_order_result(struct ww_order *order, unsigned worker, const void *bytes, size_t len);
/* The job is done. */
void ww_order_finish(struct ww_order *order, unsigned worker);
