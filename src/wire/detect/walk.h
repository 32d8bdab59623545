/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The arithmetic of a sequential test on failures and successes.
 *
 * TRW (Jung, Paxson, Berger, Balakrishnan, IEEE S&P 2004) adds up the log-likelihood ratio of
 * 'scanner' against 'benign': a failed first contact adds ln(Ps/Pb), an answered one adds
 * ln((1-Ps)/(1-Pb)), which is negative. Reflected at 0 it never forgets that a host may turn
 * (Schechter, Jung, Berger, RAID 2004), and is then Page's CUSUM (Biometrika, 1954).
 *
 * Here the two steps are whole numbers, in units of a fraction of a nat, whose ratio is within 1 %
 * of the true one. The walk then lives on a lattice with few states, and its mean time to a false
 * alarm is the exact solution of a small system of linear equations instead of Wald's
 * approximation, which is wrong by a factor of 1.5 and more at such short lengths.
 *
 * Pure functions; nothing here is touched per packet.
 */
#include <stdint.h>

struct ww_walk {
	uint16_t up;   /* added for a failed first contact, 1-32 units */
	uint16_t down; /* taken away for an answered one, >= 1 unit */
	double unit;   /* of the score, in nats (natural-log likelihood ratio) */
};

enum {
	WW_WALK_UP_MAX = 32,
	WW_WALK_STATES_MAX = 4096, /* the longest lattice that is solved */
};

/*
 * The walk for P(failure | benign) and P(failure | scanner), 0 < benign < scanner < 1.
 */
struct ww_walk ww_walk_between(double fail_benign, double fail_scanner);

/* The score after a step from `score`, reflected at 0. */
static inline uint32_t ww_walk_fail(const struct ww_walk *walk, uint32_t score)
{
	return score + walk->up;
}

static inline uint32_t ww_walk_answer(const struct ww_walk *walk, uint32_t score)
{
	return score > walk->down ? score - walk->down : 0;
}

/*
 * Mean number of first contacts until the reflected walk, begun at 0, stands at `threshold` units
 * or above, when each fails with probability `fail` (0 < fail <= 1).
 * Returns 0; -EINVAL for a threshold of 0 or beyond WW_WALK_STATES_MAX; -ENOMEM.
 * Cost: threshold * up * down additions (about 60,000 at the defaults).
 */
int ww_walk_run_length(
	const struct ww_walk *walk, uint32_t threshold, double fail, double *ret_contacts);

/*
 * The unreflected test with two barriers: from 0, until `high` units above or `low` units below.
 * *ret_alarm: the probability that it ends above. Same returns as ww_walk_run_length.
 */
int ww_walk_two_barriers(const struct ww_walk *walk, uint32_t low, uint32_t high, double fail,
	double *ret_alarm, double *ret_contacts);

/*
 * The lowest threshold, in units, at which a host that fails with probability `fail_benign` gives
 * at most `false_alarm_rate` false alarms per first contact. Returns 0, -EINVAL when the rate is
 * not in (0, 1) or asks for a lattice beyond WW_WALK_STATES_MAX, -ENOMEM.
 */
int ww_walk_threshold(const struct ww_walk *walk, double fail_benign, double false_alarm_rate,
	uint32_t *ret_threshold);
