/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Two numbers of an outbreak from its forest. Pure functions; NaN where the data say nothing.
 */
#include <stddef.h>
#include <stdint.h>

/*
 * The exact (Garwood, 1936) 95 % interval of the mean of a Poisson count: by bisection on the
 * regularised incomplete gamma function. For `count` 0 the lower end is 0.
 */
void ww_poisson_interval(uint64_t count, double *ret_low, double *ret_high);

struct ww_reproduction {
	double mean, low, high;
};

/*
 * R from the number of infected hosts of each generation, 0 .. n-1: victims per host over all
 * generations but the last two, whose own victims may not have been seen yet. NaN for fewer than
 * WW_REPRODUCTION_HOSTS such hosts.
 */
enum { WW_REPRODUCTION_HOSTS = 5, WW_DOUBLING_HOSTS = 8 };
struct ww_reproduction ww_reproduction(const uint64_t *generations, size_t n);

/*
 * Seconds in which the number of infected doubles: ln 2 over the least-squares slope of ln(i) over
 * the time of the i-th infection, from the first half of them (8 at the least), before the worm
 * runs out of victims. `times_us` ascending. NaN for fewer than 8, or without growth.
 */
double ww_doubling_s(const int64_t *times_us, size_t n);
