// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * threshold:type limit|threshold|both, track TRACK, count N, seconds S
 * detection_filter:track TRACK, count N, seconds S
 *
 * TRACK is by_src or by_dst, and, as Suricata has them, by_rule and by_both. counters.c says what
 * they mean; filter.c has the same as lines of their own.
 */
#include "wire/rules/rules-private.h"

/* `type limit`, `track by_src`: a word out of a list. Its index from 1; 0 and *err. */
static uint8_t choice(struct ww_rule_builder *builder, const char *what, const struct ww_span *name,
	const struct ww_span *value, const char *const *words, size_t n, struct ww_err *err)
{
	for (size_t i = 0; i < n; i++)
		if (ww_span_is(value, words[i]))
			return (uint8_t)(i + 1);
	(void)ww_option_fail(builder, name, -EOPNOTSUPP, err, "%s: '%.*s %.*s' is not supported",
		what, (int)(name->len < 40 ? name->len : 40), name->text,
		(int)(value->len < 40 ? value->len : 40), value->text);
	return 0;
}

int ww_limit_word(struct ww_rule_builder *builder, const char *what, const struct ww_span *name,
	const struct ww_span *value, struct ww_limit *limit, struct ww_err *err)
{
	static const char *const kinds[] = {"limit", "threshold", "both"};
	static const char *const tracks[] = {"by_src", "by_dst", "by_rule", "by_both", "by_either"};
	/* A filter that would stop packets only lets alerts go on here: nothing is stopped. */
	static const char *const actions[] = {"pass", "log", "alert", "drop", "sdrop", "reject"};
	int64_t number = 0;
	if (ww_span_is(name, "type")) {
		limit->kind = choice(builder, what, name, value, kinds, WW_N(kinds), err);
		return limit->kind ? 0 : err->code;
	}
	if (ww_span_is(name, "track")) {
		limit->track = choice(builder, what, name, value, tracks, WW_N(tracks), err);
		return limit->track ? 0 : err->code;
	}
	if (ww_span_is(name, "new_action")) {
		uint8_t action = choice(builder, what, name, value, actions, WW_N(actions), err);
		limit->silences = action == 1 || action == 2;
		return action ? 0 : err->code;
	}
	bool count = ww_span_is(name, "count"), seconds = ww_span_is(name, "seconds");
	if ((!count && !seconds && !ww_span_is(name, "timeout")) ||
		ww_span_number(value, count ? -1 : 0, INT32_MAX, &number) < 0)
		return ww_option_fail(builder, name, -EOPNOTSUPP, err,
			"%s: '%.*s %.*s' is not supported", what,
			(int)(name->len < 40 ? name->len : 40), name->text,
			(int)(value->len < 40 ? value->len : 40), value->text);
	if (count)
		limit->off = number < 0;
	if (count)
		limit->count = number < 0 ? 0 : (uint32_t)number;
	else
		*(seconds ? &limit->seconds : &limit->timeout) = (uint32_t)number;
	return 0;
}

static int read_limit(struct ww_rule_builder *builder, const struct ww_option *option, bool typed,
	struct ww_limit *ret, struct ww_err *err)
{
	const char *what = typed ? "threshold" : "detection_filter";
	struct ww_limit limit = {0};
	struct ww_span rest = option->value, word;
	while (ww_span_next(&rest, &word)) {
		struct ww_span value = word, name;
		ww_span_word(&value, &name);
		ww_span_trim(&value);
		if (ww_span_is(&name, "new_action") || ww_span_is(&name, "timeout") ||
			(!typed && ww_span_is(&name, "type")))
			return ww_word_unknown(builder, option, &word, err);
		int r = ww_limit_word(builder, what, &name, &value, &limit, err);
		if (r < 0)
			return r;
	}
	if (!typed)
		limit.kind = WW_LIMIT_DETECTION;
	if (limit.kind == WW_LIMIT_NONE || limit.track == WW_TRACK_NONE ||
		limit.track == WW_TRACK_EITHER || limit.count == 0 || limit.seconds == 0)
		return ww_option_fail(builder, &option->value, -EINVAL, err,
			"%s'track', 'count' and 'seconds' are needed", typed ? "'type', " : "");
	*ret = limit;
	return 0;
}

int ww_keyword_threshold(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	return read_limit(builder, option, true, &builder->item.limits[WW_LIMITS_EVENT], err);
}

int ww_keyword_detection_filter(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	return read_limit(builder, option, false, &builder->item.limits[WW_LIMITS_DETECTION], err);
}
