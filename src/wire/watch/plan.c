// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Rules and advisories made ready. A stage's text becomes a rule like any other, so that one
 * matcher looks at each byte once; its number tells which stage it was (plan-private.h).
 */
#include "wire/watch/plan-private.h"

#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

static const char PLACEHOLDER[] = "{attacker}";

/* Shortest and longest dotted quad: 0.0.0.0 and 255.255.255.255. */
enum { QUAD_MIN = 7, QUAD_MAX = 15 };

int ww_plan_new(const struct ww_prefix *home, size_t n_home, struct ww_plan **ret)
{
	struct ww_plan *plan = calloc(1, sizeof(*plan));
	if (!plan)
		return -ENOMEM;
	int status = ww_rules_new(home, n_home, &plan->rules);
	if (status != 0) {
		free(plan);
		return status;
	}
	*ret = plan;
	return 0;
}

void ww_plan_free(struct ww_plan **plan)
{
	if (!*plan)
		return;
	ww_rules_free(&(*plan)->rules);
	free((*plan)->advisories);
	free(*plan);
	*plan = NULL;
}

/* Bytes that content notation stands for: |41 42| is two, \" is one. */
static size_t notation_length(const char *text, size_t len)
{
	size_t n = 0;
	bool hex = false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '|') {
			hex = !hex;
		} else if (hex) {
			if (text[i] != ' ') {
				n++;
				i++;
			}
		} else {
			n++;
			if (text[i] == '\\')
				i++;
		}
	}
	return n;
}

/* content:"…"; for text[0..len), which stays in its notation. */
static void add_content(struct ww_buf *out, const char *text, size_t len)
{
	ww_buf_adds(out, " content:\"");
	ww_buf_add(out, text, len);
	ww_buf_adds(out, "\"; nocase;");
}

static void add_text(struct ww_buf *out, const char *text)
{
	const char *hole = strstr(text, PLACEHOLDER);
	if (!hole) {
		add_content(out, text, strlen(text));
		return;
	}
	const char *behind = hole + strlen(PLACEHOLDER);
	add_content(out, text, (size_t)(hole - text));
	if (*behind) {
		size_t n = notation_length(behind, strlen(behind));
		add_content(out, behind, strlen(behind));
		ww_buf_addf(out, " distance:%d; within:%zu;", QUAD_MIN, n + QUAD_MAX - QUAD_MIN);
	}
}

/* One rule for text `t` of stage `s` of advisory `a`. */
static int add_stage_rule(struct ww_plan *plan, const struct ww_advisory *advisory, size_t s,
	size_t t, struct ww_err *err)
{
	const struct ww_stage *stage = &advisory->stages[s];
	struct ww_buf line = WW_BUF_INIT;
	ww_buf_addf(&line, "alert %s any any <> any %u:%u (msg:\"%s: %s\";",
		ww_proto_name(stage->port.proto), stage->port.low, stage->port.high, advisory->id,
		stage->id);
	add_text(&line, stage->texts[t]);
	ww_buf_addf(&line, " gid:%d; sid:%u; rev:1;)\n", WW_GID_STAGE,
		stage_sid(plan->n_advisories, s, t));
	size_t before = ww_rules_problems(plan->rules);
	int status = line.failed ? -ENOMEM
				 : ww_rules_load(plan->rules, advisory->path, advisory->id,
					   line.data, line.len);
	ww_buf_done(&line);
	if (status != 0)
		return status;
	plan->n_stage_rules++;
	if (ww_rules_problems(plan->rules) > before)
		return ww_fail(err, stage->at, -EINVAL, "stage '%s', text %zu: %s", stage->id,
			t + 1, ww_rules_problem(plan->rules, before)->text);
	return 0;
}

static int add_stages(struct ww_plan *plan, const struct ww_advisory *advisory, struct ww_err *err)
{
	for (size_t s = 0; s < advisory->n_stages; s++) {
		const struct ww_stage *stage = &advisory->stages[s];
		if (stage->event != WW_STAGE_TEXT)
			continue;
		if (stage->port.proto == 0)
			return ww_fail(err, stage->at, -EINVAL, "stage '%s' has a text but no port",
				stage->id);
		if (s >= STAGE_MAX || stage->n_texts > TEXT_MAX)
			return ww_fail(err, stage->at, -EINVAL,
				"more than %d stages, or %d texts of a stage", STAGE_MAX, TEXT_MAX);
		for (size_t t = 0; t < stage->n_texts; t++) {
			int status = add_stage_rule(plan, advisory, s, t, err);
			if (status != 0)
				return status;
		}
	}
	return 0;
}

int ww_plan_advisory(struct ww_plan *plan, const struct ww_advisory *advisory, struct ww_err *err)
{
	const struct ww_advisory **more =
		realloc(plan->advisories, (plan->n_advisories + 1) * sizeof(struct ww_advisory *));
	if (!more)
		return -ENOMEM;
	plan->advisories = more;
	plan->advisories[plan->n_advisories] = advisory;
	for (size_t i = 0; i < advisory->n_rules; i++) {
		const struct ww_rules_text *rules = &advisory->rules[i];
		int status = ww_rules_load(
			plan->rules, rules->path, advisory->id, rules->text, rules->len);
		if (status != 0)
			return status;
	}
	int status = add_stages(plan, advisory, err);
	plan->n_advisories++;
	return status;
}

int ww_plan_rules(struct ww_plan *plan, const char *file, const char *text, size_t len)
{
	return ww_rules_load(plan->rules, file, NULL, text, len);
}

int ww_plan_variable(struct ww_plan *plan, const char *name_value, struct ww_err *err)
{
	return ww_rules_set(plan->rules, name_value, err);
}

void ww_plan_take_disabled(struct ww_plan *plan)
{
	ww_rules_take_disabled(plan->rules);
}

int ww_plan_ready(struct ww_plan *plan, struct ww_err *err)
{
	return ww_rules_compile(plan->rules, err);
}

const struct ww_rules *ww_plan_ruleset(const struct ww_plan *plan)
{
	return plan->rules;
}

size_t ww_plan_n_advisories(const struct ww_plan *plan)
{
	return plan->n_advisories;
}

const struct ww_advisory *ww_plan_get(const struct ww_plan *plan, size_t i)
{
	ww_assert(i < plan->n_advisories);
	return plan->advisories[i];
}

size_t ww_plan_n_rules(const struct ww_plan *plan)
{
	return ww_rules_n(plan->rules) - plan->n_stage_rules;
}
