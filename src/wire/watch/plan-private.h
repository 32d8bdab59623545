/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* The inside of a plan, for watch.c. */
#include "wire/watch/watch.h"

struct ww_plan {
	struct ww_rules *rules;
	const struct ww_advisory **advisories; /* borrowed each, the array owned */
	size_t n_advisories;
	size_t n_stage_rules;
};

/* The sid of a stage's text: advisory, stage and text in one number, from 1. */
enum { TEXT_MAX = 64, STAGE_MAX = 64 };

static inline uint32_t stage_sid(size_t advisory, size_t stage, size_t text)
{
	return 1 + (uint32_t)((advisory * STAGE_MAX + stage) * TEXT_MAX + text);
}

static inline size_t stage_sid_advisory(uint32_t sid)
{
	return (sid - 1) / TEXT_MAX / STAGE_MAX;
}

static inline size_t stage_sid_stage(uint32_t sid)
{
	return (sid - 1) / TEXT_MAX % STAGE_MAX;
}

static inline unsigned stage_sid_text(uint32_t sid)
{
	return (sid - 1) % TEXT_MAX;
}
