/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Points in time: int64_t microseconds since 1970-01-01T00:00:00Z on the packet clock, without
 * leap seconds; proleptic Gregorian calendar. Nothing here asks the machine what time it is.
 */
#include <stdint.h>

enum { WW_WHEN_TEXT_MAX = 40 };

/* "2003-08-12T00:29:18.824000Z" (RFC 3339). Years outside 0-9999 are clamped. Returns `text`. */
const char *ww_when_print(int64_t time_us, char text[WW_WHEN_TEXT_MAX]);
/* "00:29:18.824" for people: milliseconds, no date. */
const char *ww_when_print_clock(int64_t time_us, char text[WW_WHEN_TEXT_MAX]);
/* "2003-08-12 00:29:18". */
const char *ww_when_print_short(int64_t time_us, char text[WW_WHEN_TEXT_MAX]);
/* "45 s", "11 min", "3 h 20 min", "4 days": a duration >= 0 for people. */
const char *ww_when_print_span(int64_t span_us, char text[WW_WHEN_TEXT_MAX]);
/* A calendar date "2003-08-12". Returns 0 with the midnight (UTC) it begins, or -EINVAL. */
int ww_when_parse_date(const char *text, int64_t *ret_us);
