// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * threshold:type limit|threshold|both, track by_src|by_dst, count N, seconds S
 * detection_filter:track by_src|by_dst, count N, seconds S
 *
 * See counters.c for what they mean.
 */
#include "wire/rules/rules-private.h"

static int read_limit(struct ww_rule_builder *builder, const struct ww_option *option, bool typed,
	struct ww_limit *ret, struct ww_err *err)
{
	static const char *const kinds[] = {"", "limit", "threshold", "both"};
	struct ww_limit limit = {.kind = typed ? WW_LIMIT_NONE : WW_LIMIT_DETECTION};
	bool track = false;
	int64_t count = 0, seconds = 0;
	struct ww_span rest = option->value, word;
	while (ww_span_next(&rest, &word)) {
		struct ww_span value = word, name;
		ww_span_word(&value, &name);
		ww_span_trim(&value);
		bool known = true;
		if (ww_span_is(&name, "type") && typed) {
			for (uint8_t i = 1; i < WW_N(kinds); i++)
				if (ww_span_is(&value, kinds[i]))
					limit.kind = i;
		} else if (ww_span_is(&name, "track")) {
			limit.by_dst = ww_span_is(&value, "by_dst");
			track = limit.by_dst || ww_span_is(&value, "by_src");
			known = track;
		} else if (ww_span_is(&name, "count")) {
			known = ww_span_number(&value, 1, INT32_MAX, &count) == 0;
		} else if (ww_span_is(&name, "seconds")) {
			known = ww_span_number(&value, 1, INT32_MAX, &seconds) == 0;
		} else {
			known = false;
		}
		if (!known)
			return ww_option_fail(builder, &word, -EOPNOTSUPP, err,
				"%.*s: '%.*s' is not supported", (int)option->name.len,
				option->name.text, (int)(word.len < 40 ? word.len : 40), word.text);
	}
	if (limit.kind == WW_LIMIT_NONE || !track || count == 0 || seconds == 0)
		return ww_option_fail(builder, &option->value, -EINVAL, err,
			"%s'track', 'count' and 'seconds' are needed", typed ? "'type', " : "");
	limit.count = (uint32_t)count;
	limit.seconds = (uint32_t)seconds;
	*ret = limit;
	return 0;
}

int ww_keyword_threshold(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	return read_limit(builder, option, true, &builder->item.limits[0], err);
}

int ww_keyword_detection_filter(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	return read_limit(builder, option, false, &builder->item.limits[1], err);
}
