/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Overlaps the slow way: the table of policy.h as a table, and pieces in a list. What the room does
 * with bits must come to the same.
 */
#include "wire/flow/patchwork-private.h"

#include "test.h"

#include <stdlib.h>
#include <string.h>

/*
 * Of two pieces that overlap, who has the shared bytes: n(ew), o(ld). Nine cases: the old one
 * begins before the new, with it, behind it; in each the old one ends behind the new, with it,
 * before it.
 */
static const char *const WINS[2][WW_POLICY_COUNT] = {
	[WW_OVERLAP_FRAGMENTS] =
		{
			[WW_POLICY_FIRST] = "ooo ooo ooo",
			[WW_POLICY_LAST] = "nnn nnn nnn",
			[WW_POLICY_BSD] = "ooo ooo nnn",
			[WW_POLICY_BSD_RIGHT] = "oon onn onn",
			[WW_POLICY_LINUX] = "ooo nnn nnn",
			[WW_POLICY_WINDOWS] = "ooo ooo oon",
			[WW_POLICY_VISTA] = "ooo ooo oon",
			[WW_POLICY_SOLARIS] = "ooo ooo onn",
		},
	[WW_OVERLAP_SEGMENTS] =
		{
			[WW_POLICY_FIRST] = "ooo ooo ooo",
			[WW_POLICY_LAST] = "nnn nnn nnn",
			[WW_POLICY_BSD] = "ooo ooo nnn",
			[WW_POLICY_BSD_RIGHT] = "ooo ooo nnn",
			[WW_POLICY_LINUX] = "ooo oon nnn",
			[WW_POLICY_WINDOWS] = "ooo ooo nnn",
			[WW_POLICY_VISTA] = "ooo ooo ooo",
			[WW_POLICY_SOLARIS] = "oon onn onn",
		},
};

static inline int sign(int64_t n)
{
	return (n > 0) - (n < 0);
}

static inline bool new_wins(enum ww_policy policy, enum ww_overlap overlap, int64_t new_start,
	int64_t new_end, int64_t old_start, int64_t old_end)
{
	int row = 1 + sign(old_start - new_start);
	int column = 1 + sign(new_end - old_end);
	return WINS[overlap][policy][4 * row + column] == 'n';
}

/* ---- the slow model: pieces in a list, each with its bytes ---- */

enum { SPACE = 3 * WW_PAGE_BYTES, MODEL_PIECES = 4096 };

struct model {
	struct {
		uint32_t start, end;
	} pieces[MODEL_PIECES];
	size_t n;
	uint8_t bytes[SPACE];
	bool held[SPACE];
};

static inline void model_put(struct model *model, uint32_t start, uint32_t end)
{
	if (start == end)
		return;
	assert_true(model->n < MODEL_PIECES);
	model->pieces[model->n].start = start;
	model->pieces[model->n++].end = end;
}

static inline struct ww_fit model_add(struct model *model, enum ww_policy policy,
	enum ww_overlap overlap, uint32_t start, uint32_t end, const uint8_t *bytes)
{
	struct ww_fit fit = {0};
	bool mine[SPACE] = {false};
	size_t n = model->n;
	for (uint32_t i = start; i < end; i++) {
		mine[i] = !model->held[i];
		fit.added += mine[i];
		fit.overlaps |= !mine[i];
		fit.conflicts |= !mine[i] && model->bytes[i] != bytes[i - start];
	}
	for (size_t i = 0; i < n; i++) {
		uint32_t old_start = model->pieces[i].start, old_end = model->pieces[i].end;
		if (old_start >= end || old_end <= start)
			continue;
		fit.repeats |= old_start == start && old_end == end && !fit.conflicts;
		if (!new_wins(policy, overlap, start, end, old_start, old_end))
			continue;
		for (uint32_t k = start; k < end; k++)
			mine[k] |= k >= old_start && k < old_end;
		/* What is left of it: its head, and its tail as a piece of its own. */
		model->pieces[i].end = old_start < start ? start : old_start;
		if (old_end > end)
			model_put(model, end, old_end);
	}
	for (uint32_t i = start, k; i < end; i = k) {
		for (k = i; k < end && mine[k] == mine[i]; k++) {
			if (!mine[i])
				continue;
			model->held[k] = true;
			model->bytes[k] = bytes[k - start];
		}
		if (mine[i])
			model_put(model, i, k);
	}
	return fit;
}

static inline void model_drop(struct model *model, uint32_t until)
{
	memset(model->held, 0, until);
	for (size_t i = 0; i < model->n; i++) {
		if (model->pieces[i].start < until)
			model->pieces[i].start = until;
		if (model->pieces[i].end < until)
			model->pieces[i].end = until;
	}
}
