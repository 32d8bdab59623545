// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * threshold, detection_filter, rate_filter: counts by rule and what it tracks (Snort 2.9 manual,
 * 2.4 and 3.7): source, destination, both, or the rule alone.
 *
 *	limit             the first `count` matches of each interval alert
 *	threshold         every `count`-th match alerts
 *	both              one alert an interval, at its `count`-th match
 *	detection_filter  matches beyond `count` in an interval alert
 *	rate_filter       beyond `count` in an interval its action holds for `timeout` seconds (0:
 *	                  to the interval's end): pass and log silence the rule, the others stop
 *	                  packets elsewhere and change nothing here
 *
 * An interval begins with its first match and lasts `seconds` of packet time. One table of 4,096
 * counts in buckets of eight; when a bucket is full, a count whose interval is over gives way, as
 * it begins anew whenever it comes. Is there none, the count used longest ago is given up and
 * counted: its rule starts to count again.
 */
#include "wire/rules/rules-private.h"

/* What it counted means nothing any more. */
static bool is_over(const struct ww_rules *rules, const struct ww_counter *counter, int64_t time_us)
{
	const struct ww_limit *limit = &rules->items[counter->rule - 1].limits[counter->which];
	int64_t age = (int64_t)((uint64_t)time_us - (uint64_t)counter->start_us);
	return age >= (int64_t)limit->seconds * 1000000 && time_us >= counter->until_us;
}

static struct ww_counter *counter_of(struct ww_rules *rules, uint32_t rule, uint8_t which,
	const struct ww_ip *ip, const struct ww_ip *other, int64_t time_us)
{
	uint64_t hash = ww_hash_4(&rules->key, ww_ip_word(ip, 0), ww_ip_word(ip, 1),
		ww_ip_word(other, 0) ^ rule, ww_ip_word(other, 1) ^ (uint64_t)which << 48);
	struct ww_counter *bucket =
		&rules->counters[hash % (WW_COUNTERS / WW_COUNTER_WAYS) * WW_COUNTER_WAYS];
	struct ww_counter *victim = &bucket[0];
	for (size_t i = 0; i < WW_COUNTER_WAYS; i++) {
		struct ww_counter *counter = &bucket[i];
		if (counter->rule == rule + 1 && counter->which == which &&
			ww_ip_equal(&counter->ip, ip) && ww_ip_equal(&counter->other, other))
			return counter;
		if (victim->rule && (!counter->rule || counter->used_us < victim->used_us))
			victim = counter;
	}
	for (size_t i = 0; victim->rule && i < WW_COUNTER_WAYS; i++)
		if (is_over(rules, &bucket[i], time_us))
			victim = &bucket[i];
	rules->counts.evicted_counters += victim->rule && !is_over(rules, victim, time_us);
	*victim = (struct ww_counter){.ip = *ip,
		.other = *other,
		.rule = rule + 1,
		.which = which,
		.start_us = time_us,
		.used_us = time_us,
		.until_us = INT64_MIN};
	return victim;
}

/* Whether the rate's action leaves the alert. */
static bool pass_rate(struct ww_counter *counter, const struct ww_limit *limit, int64_t time_us)
{
	if (counter->count > limit->count && limit->timeout &&
		__builtin_add_overflow(
			time_us, (int64_t)limit->timeout * 1000000, &counter->until_us))
		counter->until_us = INT64_MAX;
	bool holds = counter->count > limit->count || time_us < counter->until_us;
	return !holds || !limit->silences;
}

static bool pass(struct ww_rules *rules, uint32_t rule, uint8_t which, const struct ww_limit *limit,
	const struct ww_ip *src, const struct ww_ip *dst, int64_t time_us)
{
	static const struct ww_ip none;
	bool by_rule = limit->track == WW_TRACK_RULE, both = limit->track == WW_TRACK_BOTH;
	const struct ww_ip *ip = by_rule ? &none : limit->track == WW_TRACK_DST ? dst : src;
	if (limit->addresses && !by_rule &&
		!ww_address_in(rules, limit->addresses - 1, ww_address_class(rules, ip), ip))
		return true;
	struct ww_counter *counter =
		counter_of(rules, rule, which, ip, both ? dst : &none, time_us);
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
	case WW_LIMIT_RATE: return pass_rate(counter, limit, time_us);
	default:
		if (counter->count < limit->count)
			return false;
		counter->count = 0;
		return true;
	}
}

bool ww_rules_pass(struct ww_rules *rules, size_t index, const struct ww_ip *src,
	const struct ww_ip *dst, int64_t time_us)
{
	uint32_t rule = (uint32_t)index;
	/* The filter is part of detection, so it is asked first; what only silences comes last. */
	static const uint8_t order[] = {WW_LIMITS_DETECTION, WW_LIMITS_RATE, WW_LIMITS_EVENT};
	const struct ww_item *item = &rules->items[rule];
	if (rules->n_filters && ww_filters_suppress(rules, item, src, dst))
		return false;
	for (size_t i = 0; i < WW_N(order); i++) {
		const struct ww_limit *limit = &item->limits[order[i]];
		if (limit->kind != WW_LIMIT_NONE &&
			!pass(rules, rule, order[i], limit, src, dst, time_us))
			return false;
	}
	return true;
}
