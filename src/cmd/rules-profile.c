// SPDX-License-Identifier: GPL-3.0-or-later
#include "cmd/rules-profile.h"

#include <inttypes.h>

enum { SHOWN = 20 };

void ww_rules_profile(const struct ww_call *call, const struct ww_rules *rules)
{
	size_t top[SHOWN + 1], n = 0;
	for (size_t i = 0; i < ww_rules_n(rules); i++) {
		uint64_t tried = ww_rules_cost(rules, i).tried;
		if (tried == 0)
			continue;
		size_t at = n;
		for (; at > 0 && ww_rules_cost(rules, top[at - 1]).tried < tried; at--)
			top[at] = top[at - 1];
		top[at] = i;
		n += n < SHOWN;
	}
	FILE *err = call->screen->err;
	fprintf(err, "%12s %12s  %s\n", "tried", "matched", "rule");
	struct ww_buf text = WW_BUF_INIT;
	for (size_t i = 0; i < n; i++) {
		const struct ww_rule *rule = ww_rules_get(rules, top[i]);
		struct ww_rule_cost cost = ww_rules_cost(rules, top[i]);
		ww_buf_reset(&text);
		ww_clean(&text, rule->msg);
		fprintf(err, "%12" PRIu64 " %12" PRIu64 "  %" PRIu32 ":%" PRIu32 " %s\n",
			cost.tried, cost.matched, rule->gid, rule->sid, ww_buf_text(&text));
	}
	ww_buf_done(&text);
}
