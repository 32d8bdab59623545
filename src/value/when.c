// SPDX-License-Identifier: GPL-3.0-or-later
#include "value/when.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct civil {
	int year, month, day, hour, minute, second, micro;
};

/* Days since 1970-01-01 of a civil date, and back: Howard Hinnant, chrono-Compatible Low-Level
 * Date Algorithms. */
static int64_t days_from_civil(int64_t y, int m, int d)
{
	y -= m <= 2;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + doe - 719468;
}

static struct civil civil_of(int64_t time_us)
{
	const int64_t first = days_from_civil(0, 1, 1) * 86400000000;
	const int64_t last = days_from_civil(10000, 1, 1) * 86400000000 - 1;
	if (time_us < first)
		time_us = first;
	if (time_us > last)
		time_us = last;
	int64_t days = time_us / 86400000000;
	int64_t rest = time_us % 86400000000;
	if (rest < 0) {
		rest += 86400000000;
		days--;
	}
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	struct civil c;
	c.day = (int)(doy - (153 * mp + 2) / 5 + 1);
	c.month = (int)(mp < 10 ? mp + 3 : mp - 9);
	c.year = (int)(yoe + era * 400 + (c.month <= 2));
	c.hour = (int)(rest / 3600000000);
	c.minute = (int)(rest / 60000000 % 60);
	c.second = (int)(rest / 1000000 % 60);
	c.micro = (int)(rest % 1000000);
	return c;
}

const char *ww_when_print(int64_t time_us, char text[WW_WHEN_TEXT_MAX])
{
	struct civil c = civil_of(time_us);
	snprintf(text, WW_WHEN_TEXT_MAX, "%04u-%02u-%02uT%02u:%02u:%02u.%06uZ",
		(unsigned)c.year % 10000, (unsigned)c.month % 100, (unsigned)c.day % 100,
		(unsigned)c.hour % 100, (unsigned)c.minute % 100, (unsigned)c.second % 100,
		(unsigned)c.micro % 1000000);
	return text;
}

const char *ww_when_print_clock(int64_t time_us, char text[WW_WHEN_TEXT_MAX])
{
	struct civil c = civil_of(time_us);
	snprintf(text, WW_WHEN_TEXT_MAX, "%02d:%02d:%02d.%03d", c.hour, c.minute, c.second,
		c.micro / 1000);
	return text;
}

const char *ww_when_print_short(int64_t time_us, char text[WW_WHEN_TEXT_MAX])
{
	struct civil c = civil_of(time_us);
	snprintf(text, WW_WHEN_TEXT_MAX, "%04d-%02d-%02d %02d:%02d:%02d", c.year % 10000, c.month,
		c.day, c.hour, c.minute, c.second);
	return text;
}

const char *ww_when_print_span(int64_t span_us, char text[WW_WHEN_TEXT_MAX])
{
	long long s = span_us / 1000000;
	if (span_us < 10000000)
		snprintf(text, WW_WHEN_TEXT_MAX, "%.1f s", (double)span_us / 1e6);
	else if (s < 120)
		snprintf(text, WW_WHEN_TEXT_MAX, "%lld s", s);
	else if (s < 7200)
		snprintf(text, WW_WHEN_TEXT_MAX, "%lld min", s / 60);
	else if (s < 172800)
		snprintf(text, WW_WHEN_TEXT_MAX, "%lld h %lld min", s / 3600, s / 60 % 60);
	else
		snprintf(text, WW_WHEN_TEXT_MAX, "%lld days", s / 86400);
	return text;
}

static int digits(const char *text, int n)
{
	int value = 0;
	for (int i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

int ww_when_parse_date(const char *text, int64_t *ret_us)
{
	if (strlen(text) != 10 || text[4] != '-' || text[7] != '-')
		return -EINVAL;
	int year = digits(text, 4), month = digits(text + 5, 2), day = digits(text + 8, 2);
	if (year < 0 || month < 1 || month > 12 || day < 1)
		return -EINVAL;
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int leap = month == 2 && (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
	if (day > lengths[month - 1] + leap)
		return -EINVAL;
	*ret_us = days_from_civil(year, month, day) * 86400000000;
	return 0;
}
