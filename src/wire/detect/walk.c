// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/detect/walk.h"

#include "base/err.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/* How near the ratio of the whole steps must come to that of the real ones. */
static const double RATIO_TOLERANCE = 0.01;

struct ww_walk ww_walk_between(double fail_benign, double fail_scanner)
{
	ww_assert(fail_benign > 0 && fail_benign < fail_scanner && fail_scanner < 1);
	double up = log(fail_scanner / fail_benign);
	double ratio = log((1 - fail_benign) / (1 - fail_scanner)) / up;
	struct ww_walk best = {0};
	double best_error = INFINITY;
	for (uint16_t n = 1; n <= WW_WALK_UP_MAX && best_error > RATIO_TOLERANCE; n++) {
		double down = fmin(fmax(round(n * ratio), 1), UINT16_MAX);
		double error = fabs(down / n / ratio - 1);
		if (error < best_error) {
			best_error = error;
			best = (struct ww_walk){n, (uint16_t)down, up / n};
		}
	}
	return best;
}

/*
 * A banded system: row i holds the columns i - below .. i + above. The matrices here are I - P
 * of an absorbing chain, diagonally dominant by rows, so elimination needs no pivoting.
 */
struct band {
	size_t n, below, above;
	double *cells; /* n rows of below + 1 + above */
	double *right; /* the right side, then the solution */
};

static int band_init(struct band *band, size_t n, size_t below, size_t above)
{
	*band = (struct band){.n = n, .below = below, .above = above};
	band->cells = calloc(n * (below + 1 + above), sizeof *band->cells);
	band->right = calloc(n, sizeof *band->right);
	return band->cells && band->right ? 0 : -ENOMEM;
}

static void band_done(struct band *band)
{
	free(band->cells);
	free(band->right);
}

static double *band_at(struct band *band, size_t row, size_t col)
{
	return band->cells + row * (band->below + 1 + band->above) + (col + band->below - row);
}

static void band_eliminate(struct band *band, size_t pivot, size_t row)
{
	double factor = *band_at(band, row, pivot) / *band_at(band, pivot, pivot);
	if (factor == 0)
		return;
	for (size_t col = pivot; col < band->n && col <= pivot + band->above; col++)
		*band_at(band, row, col) -= factor * *band_at(band, pivot, col);
	band->right[row] -= factor * band->right[pivot];
}

static void band_solve(struct band *band)
{
	for (size_t pivot = 0; pivot < band->n; pivot++)
		for (size_t row = pivot + 1; row < band->n && row <= pivot + band->below; row++)
			band_eliminate(band, pivot, row);
	for (size_t row = band->n; row-- > 0;) {
		for (size_t col = row + 1; col < band->n && col <= row + band->above; col++)
			band->right[row] -= *band_at(band, row, col) * band->right[col];
		band->right[row] /= *band_at(band, row, row);
	}
}

/* L(x) = 1 + p L(x + up) + (1 - p) L(max(0, x - down)), L = 0 from the threshold on. */
int ww_walk_run_length(
	const struct ww_walk *walk, uint32_t threshold, double fail, double *ret_contacts)
{
	if (threshold == 0 || threshold > WW_WALK_STATES_MAX || !(fail > 0 && fail <= 1))
		return -EINVAL;
	struct band band;
	int r = band_init(&band, threshold, walk->down, walk->up);
	for (uint32_t x = 0; r == 0 && x < threshold; x++) {
		*band_at(&band, x, x) += 1;
		*band_at(&band, x, ww_walk_answer(walk, x)) -= 1 - fail;
		if (ww_walk_fail(walk, x) < threshold)
			*band_at(&band, x, ww_walk_fail(walk, x)) -= fail;
		band.right[x] = 1;
	}
	if (r == 0) {
		band_solve(&band);
		*ret_contacts = band.right[0];
	}
	band_done(&band);
	return r;
}

/* One of the two systems of the test with barriers at -low and high; state i stands for i - low
 * + 1. */
static int between_barriers(const struct ww_walk *walk, uint32_t low, uint32_t high, double fail,
	bool want_alarm, double *ret)
{
	uint32_t n = low + high - 1;
	struct band band;
	int r = band_init(&band, n, walk->down, walk->up);
	for (uint32_t i = 0; r == 0 && i < n; i++) {
		*band_at(&band, i, i) += 1;
		if (i >= walk->down)
			*band_at(&band, i, i - walk->down) -= 1 - fail;
		if (i + walk->up < n)
			*band_at(&band, i, i + walk->up) -= fail;
		bool can_alarm = i + walk->up >= n;
		band.right[i] = want_alarm ? (can_alarm ? fail : 0) : 1;
	}
	if (r == 0) {
		band_solve(&band);
		*ret = band.right[low - 1];
	}
	band_done(&band);
	return r;
}

int ww_walk_two_barriers(const struct ww_walk *walk, uint32_t low, uint32_t high, double fail,
	double *ret_alarm, double *ret_contacts)
{
	if (low == 0 || high == 0 || low > WW_WALK_STATES_MAX / 2 ||
		high > WW_WALK_STATES_MAX / 2 || !(fail > 0 && fail <= 1))
		return -EINVAL;
	double alarm, contacts;
	int r = between_barriers(walk, low, high, fail, true, &alarm);
	if (r == 0)
		r = between_barriers(walk, low, high, fail, false, &contacts);
	if (r == 0) {
		*ret_alarm = alarm;
		*ret_contacts = contacts;
	}
	return r;
}

int ww_walk_threshold(const struct ww_walk *walk, double fail_benign, double false_alarm_rate,
	uint32_t *ret_threshold)
{
	if (!(false_alarm_rate > 0 && false_alarm_rate < 1))
		return -EINVAL;
	double wanted = 1 / false_alarm_rate;
	/* The run length grows with the threshold: double until it suffices, then bisect. */
	uint32_t high = walk->up, low = 0;
	for (;;) {
		double length;
		int r = ww_walk_run_length(walk, high, fail_benign, &length);
		if (r < 0)
			return r;
		if (length >= wanted)
			break;
		low = high;
		high *= 2;
	}
	while (high - low > 1) {
		double length;
		uint32_t middle = low + (high - low) / 2;
		int r = ww_walk_run_length(walk, middle, fail_benign, &length);
		if (r < 0)
			return r;
		if (length >= wanted)
			high = middle;
		else
			low = middle;
	}
	*ret_threshold = high;
	return 0;
}
