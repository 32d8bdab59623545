// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * threshold and detection_filter: counts by rule and address (Snort 2.9 manual, 2.4.1 and 3.7).
 *
 *	limit             the first `count` matches of each interval alert
 *	threshold         every `count`-th match alerts
 *	both              one alert an interval, at its `count`-th match
 *	detection_filter  matches beyond `count` in an interval alert
 *
 * An interval begins with its first match and lasts `seconds` of packet time. One table of 4,096
 * counts in buckets of eight; when a bucket is full, the count used longest ago is given up and
 * counted: its rule starts to count again.
 */
#include "wire/rules/rules-private.h"

static struct ww_counter *counter_of(struct ww_rules *rules, uint32_t rule, uint8_t which,
	const struct ww_ip *ip, int64_t time_us)
{
	uint64_t hash = ww_hash_4(&rules->key, ww_ip_word(ip, 0), ww_ip_word(ip, 1), rule, which);
	struct ww_counter *bucket =
		&rules->counters[hash % (WW_COUNTERS / WW_COUNTER_WAYS) * WW_COUNTER_WAYS];
	struct ww_counter *victim = &bucket[0];
	for (size_t i = 0; i < WW_COUNTER_WAYS; i++) {
		struct ww_counter *counter = &bucket[i];
		if (counter->rule == rule + 1 && counter->which == which &&
			ww_ip_equal(&counter->ip, ip))
			return counter;
		if (victim->rule && (!counter->rule || counter->used_us < victim->used_us))
			victim = counter;
	}
	rules->counts.evicted_counters += victim->rule != 0;
	*victim = (struct ww_counter){.ip = *ip,
		.rule = rule + 1,
		.which = which,
		.start_us = time_us,
		.used_us = time_us};
	return victim;
}

static bool pass(struct ww_rules *rules, uint32_t rule, uint8_t which, const struct ww_limit *limit,
	const struct ww_ip *ip, int64_t time_us)
{
	struct ww_counter *counter = counter_of(rules, rule, which, ip, time_us);
	/* Times are hostile: the difference may wrap, and then the interval is over. */
	int64_t age = (int64_t)((uint64_t)time_us - (uint64_t)counter->start_us);
	if (age >= (int64_t)limit->seconds * 1000000) {
		counter->start_us = time_us;
		counter->count = 0;
	}
	if (time_us > counter->used_us)
		counter->used_us = time_us;
	if (counter->count < UINT32_MAX)
		counter->count++;
	switch (limit->kind) {
	case WW_LIMIT_LIMIT: return counter->count <= limit->count;
	case WW_LIMIT_BOTH: return counter->count == limit->count;
	case WW_LIMIT_DETECTION: return counter->count > limit->count;
	default:
		if (counter->count < limit->count)
			return false;
		counter->count = 0;
		return true;
	}
}

bool ww_limits_pass(struct ww_rules *rules, uint32_t rule, const struct ww_ip *src,
	const struct ww_ip *dst, int64_t time_us)
{
	const struct ww_item *item = &rules->items[rule];
	/* The filter is part of detection, so it is asked first. */
	for (int which = 1; which >= 0; which--) {
		const struct ww_limit *limit = &item->limits[which];
		if (limit->kind != WW_LIMIT_NONE && !pass(rules, rule, (uint8_t)which, limit,
							    limit->by_dst ? dst : src, time_us))
			return false;
	}
	return true;
}
