// SPDX-License-Identifier: GPL-3.0-or-later
#include "cmd/check-rules.h"

#include "drill/content.h"
#include "wire/rules/rules.h"

#include <stdlib.h>
#include <string.h>

/* Documentation addresses (RFC 5737): nobody's. */
static const struct ww_content_names names = {0xcb007107, 0xc0000201};

enum { ALERTS = 64 };

/* One conversation that is played to the rules. */
struct talk {
	struct ww_rules *rules;
	struct ww_flow flow;
	void *rule_state;
	struct ww_buf bytes[2]; /* by direction */
	uint64_t clock_us;
	uint32_t sids[ALERTS]; /* that alerted since the last look */
	size_t n_sids;
};

static void hear(void *context, const struct ww_hit *hit)
{
	struct talk *talk = context;
	if (talk->n_sids < ALERTS)
		talk->sids[talk->n_sids++] = hit->rule->sid;
}

static void talk_begin(
	struct talk *talk, struct ww_rules *rules, const struct ww_stage *stage, uint16_t port)
{
	bool attacker = stage->from == WW_ROLE_ATTACKER;
	*talk = (struct talk){.rules = rules};
	talk->flow = (struct ww_flow){
		.client = ww_ip_from_v4(attacker ? names.attacker : names.victim),
		.server = ww_ip_from_v4(attacker ? names.victim : names.attacker),
		.client_port = 40000,
		.server_port = port,
		.proto = stage->port.proto ? stage->port.proto : WW_PROTO_TCP,
		.start_seen = true,
		.established = true,
		.id = 1,
		.rule_state = &talk->rule_state,
	};
	ww_rules_wanted(rules, &talk->flow);
}

static void talk_end(struct talk *talk)
{
	ww_rules_forget(talk->rules, &talk->rule_state);
	ww_buf_done(&talk->bytes[0]);
	ww_buf_done(&talk->bytes[1]);
}

/* Shows the rules a packet, and what it adds to the stream. */
static void talk_show(struct talk *talk, enum ww_dir dir, size_t before, bool end)
{
	const struct ww_flow *flow = &talk->flow;
	const struct ww_buf *bytes = &talk->bytes[dir];
	const uint8_t *data = (const uint8_t *)ww_buf_text(bytes);
	bool up = dir == WW_DIR_TO_SERVER;
	struct ww_packet packet = {
		.time_us = (int64_t)(talk->clock_us += 1000),
		.frame = 1,
		.outcome_layer = WW_LAYER_TRANSPORT,
		.ip_version = 4,
		.proto = flow->proto,
		.has_transport = true,
		.src = up ? flow->client : flow->server,
		.dst = up ? flow->server : flow->client,
		.sport = up ? flow->client_port : flow->server_port,
		.dport = up ? flow->server_port : flow->client_port,
		.ttl = 64,
		.tcp_flags = WW_TCP_ACK | WW_TCP_PSH,
		.ip_header_len = 20,
		.tcp_header_len = 20,
		.payload = data + before,
		.payload_len = (uint32_t)(bytes->len - before),
		.payload_wire = (uint32_t)(bytes->len - before),
	};
	struct ww_stream_view view = {
		.data = data,
		.len = (uint32_t)bytes->len,
		.fresh = (uint32_t)before,
		.end = end,
	};
	uint16_t group = flow->groups[dir];
	if (group && packet.payload_len)
		ww_rules_packet(talk->rules, group, &talk->flow, dir, &packet, hear, talk);
	if (group && flow->proto == WW_PROTO_TCP)
		ww_rules_stream(talk->rules, &talk->flow, dir, &packet, &view, hear, talk);
}

static void talk_say(struct talk *talk, const struct ww_stage *stage, const struct ww_dialog *line)
{
	enum ww_dir dir = line->from == stage->from ? WW_DIR_TO_SERVER : WW_DIR_TO_CLIENT;
	size_t before = talk->bytes[dir].len;
	ww_content_expand(&talk->bytes[dir], line->send, strlen(line->send), &names);
	talk_show(talk, dir, before, false);
}

static void talk_finish(struct talk *talk)
{
	for (int dir = 0; dir < 2; dir++)
		talk_show(talk, (enum ww_dir)dir, talk->bytes[dir].len, true);
}

static bool alerted(const struct talk *talk, const struct ww_stage *stage)
{
	for (size_t i = 0; i < talk->n_sids; i++)
		for (size_t j = 0; j < stage->n_sids; j++)
			if (talk->sids[i] == stage->sids[j])
				return true;
	return false;
}

static bool held(const struct talk *talk, const struct ww_stage *stage)
{
	bool found = false;
	for (size_t i = 0; i < stage->n_texts; i++) {
		struct ww_buf text = WW_BUF_INIT;
		ww_content_expand(&text, stage->texts[i], strlen(stage->texts[i]), &names);
		for (int dir = 0; dir < 2 && text.len; dir++)
			found |= talk->bytes[dir].len &&
				 memmem(talk->bytes[dir].data, talk->bytes[dir].len, text.data,
					 text.len) != NULL;
		ww_buf_done(&text);
	}
	return found;
}

static bool seen(const struct talk *talk, const struct ww_stage *stage)
{
	return stage->event == WW_STAGE_RULE ? alerted(talk, stage) : held(talk, stage);
}

/* The port of a rule stage that names none is that of the propagation. */
static uint16_t port_of(const struct ww_advisory *advisory, const struct ww_stage *stage)
{
	return stage->port.proto ? stage->port.low : advisory->propagation.port.low;
}

/* Stages on one port are one conversation, up to this one. */
static void check_dialog(struct ww_rules *rules, const struct ww_advisory *advisory, size_t which,
	struct ww_problems *problems)
{
	const struct ww_stage *stage = &advisory->stages[which];
	struct talk talk;
	talk_begin(&talk, rules, stage, port_of(advisory, stage));
	for (size_t i = 0; i <= which; i++) {
		const struct ww_stage *part = &advisory->stages[i];
		if (port_of(advisory, part) != talk.flow.server_port || part->from != stage->from)
			continue;
		if (i == which)
			talk.n_sids = 0;
		for (size_t j = 0; j < part->n_dialog; j++)
			talk_say(&talk, part, &part->dialog[j]);
	}
	talk_finish(&talk);
	if (!seen(&talk, stage))
		ww_problem_add(problems, WW_SEVERITY_WARNING, "WA010", stage->dialog[0].at,
			"the dialog of stage '%s' %s", stage->id,
			stage->event == WW_STAGE_RULE ? "does not trip its rule"
						      : "does not hold any of its texts");
	talk_end(&talk);
}

static void check_decoy(struct ww_rules *rules, const struct ww_advisory *advisory,
	const struct ww_stage *stage, const struct ww_dialog *decoy, struct ww_problems *problems)
{
	struct talk talk;
	talk_begin(&talk, rules, stage, port_of(advisory, stage));
	talk_say(&talk, stage, decoy);
	talk_finish(&talk);
	if (seen(&talk, stage))
		ww_problem_add(problems, WW_SEVERITY_WARNING, "WA010", decoy->at,
			"the decoy counts as stage '%s'", stage->id);
	talk_end(&talk);
}

static void check_stages(
	struct ww_rules *rules, const struct ww_advisory *advisory, struct ww_problems *problems)
{
	for (size_t i = 0; i < advisory->n_stages; i++) {
		const struct ww_stage *stage = &advisory->stages[i];
		if (stage->event != WW_STAGE_RULE && stage->event != WW_STAGE_TEXT)
			continue;
		if (stage->n_dialog)
			check_dialog(rules, advisory, i, problems);
		for (size_t j = 0; j < stage->n_decoys; j++)
			check_decoy(rules, advisory, stage, &stage->decoys[j], problems);
	}
}

/* A rule without a sid gets one that nobody can refer to, in a stage or in a report. */
static void tell_sids(const struct ww_rules *rules, const char *file, struct ww_problems *problems)
{
	for (size_t i = 0; i < ww_rules_n(rules); i++) {
		const struct ww_rule *rule = ww_rules_get(rules, i);
		if (!rule->sid_given && strcmp(rule->file, file) == 0)
			ww_problem_add(problems, WW_SEVERITY_NOTE, NULL, rule->at,
				"no sid: %u:%u is given", rule->gid, rule->sid);
	}
}

/* What the engine said of one file. A remark ("note: …") is none of our business here. */
static int tell_file(struct ww_rules *rules, const struct ww_rules_text *text,
	struct ww_problems **files, size_t *n)
{
	struct ww_problems problems = WW_PROBLEMS_INIT;
	for (size_t i = 0; i < ww_rules_problems(rules); i++) {
		const struct ww_rule_problem *problem = ww_rules_problem(rules, i);
		if (strcmp(problem->file, text->path) != 0 ||
			strncmp(problem->text, "note:", 5) == 0)
			continue;
		ww_problem_add(&problems, problem->severe ? WW_SEVERITY_ERROR : WW_SEVERITY_WARNING,
			NULL, problem->at, "%s", problem->text);
	}
	tell_sids(rules, text->path, &problems);
	ww_problems_sort(&problems);
	if (problems.n_items == 0)
		return 0;
	struct ww_problems *more = reallocarray(*files, *n + 1, sizeof(*more));
	problems.file = strdup(text->path);
	ww_buf_add(&problems.text, text->text, text->len);
	if (more)
		*files = more;
	if (!more || !problems.file) {
		ww_problems_done(&problems);
		return -ENOMEM;
	}
	more[(*n)++] = problems;
	return 0;
}

int ww_check_rules(const struct ww_advisory *advisory, struct ww_problems *problems,
	struct ww_problems **files, size_t *n)
{
	struct ww_rules *rules = NULL;
	struct ww_err err = {0};
	int status = ww_rules_new(NULL, 0, &rules);
	for (size_t i = 0; i < advisory->n_rules && status == 0; i++)
		if (advisory->rules[i].text)
			status = ww_rules_load(rules, advisory->rules[i].path, advisory->id,
				advisory->rules[i].text, advisory->rules[i].len);
	for (size_t i = 0; i < advisory->n_rules && status == 0; i++)
		if (advisory->rules[i].text)
			status = tell_file(rules, &advisory->rules[i], files, n);
	if (status == 0)
		status = ww_rules_compile(rules, &err);
	if (status == 0)
		check_stages(rules, advisory, problems);
	else if (status == -EIO)
		ww_problem_add(problems, WW_SEVERITY_ERROR, NULL, WW_NOWHERE,
			"the rules do not compile: %s", err.text);
	ww_rules_free(&rules);
	ww_problems_sort(problems);
	return status == -ENOMEM ? status : 0;
}
