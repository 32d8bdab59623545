/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* What tests with random bytes and slow models share. */
#include "wire/rules/test-rules.h"

#include "base/rng.h"

#include <ctype.h>

enum { TEXT_MAX = 200 };

/* Of few letters, so that much is alike; a NUL is one of them. */
static inline void random_text(struct ww_rng *rng, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t) "abAB\x00"[ww_rng_below(rng, 5)];
}

static inline bool equal(const uint8_t *a, const uint8_t *b, size_t len, bool nocase)
{
	for (size_t i = 0; i < len; i++)
		if (nocase ? tolower(a[i]) != tolower(b[i]) : a[i] != b[i])
			return false;
	return true;
}
