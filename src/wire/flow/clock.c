// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/flow/flow-private.h"

#define STEP_MAX_US ((int64_t)300 * 1000000)

bool ww_clock_step(struct ww_clock *clock, int64_t time_us)
{
	int64_t time = ww_clock_clamp(time_us);
	if (!clock->started) {
		clock->started = true;
		clock->origin_us = clock->last_us = time;
		return false;
	}
	bool back = time < clock->last_us;
	clock->last_us = time;
	int64_t step = time - clock->origin_us - clock->now_us;
	if (step > STEP_MAX_US) {
		clock->origin_us += step - STEP_MAX_US;
		step = STEP_MAX_US;
	}
	if (step > 0)
		clock->now_us += step;
	else if (step < -WW_CLOCK_REORDER_US)
		clock->origin_us = time - clock->now_us;
	return back;
}
