// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What the chain answers, of what was decided: one host a node, one incident a topic, with its sums.
 */
#include "wire/detect/estimate.h"
#include "wire/detect/forest-private.h"

#include <stdio.h>
#include <stdlib.h>

static enum ww_host_state state_of(const struct chain_case *self, const struct node *node)
{
	bool taken = self->state >= WW_HOST_TAKEN_OVER;
	if (taken && self->flags & CASE_STRUCK)
		return WW_HOST_SPREADING;
	if (!taken && (self->flags & CASE_STRUCK || node->by_success || self->topic & TOPIC_PORT))
		return WW_HOST_ATTACKING;
	return (enum ww_host_state)(self->state ? self->state : WW_HOST_ATTACKING);
}

static void write_stages(
	const struct ww_advisory *advisory, const struct chain_case *self, struct ww_host *host)
{
	for (uint32_t i = 0; i < WW_HOST_STAGES && i < advisory->n_stages; i++) {
		if (!(self->stages & 1u << i))
			continue;
		struct ww_host_stage *stage = &host->stages[host->n_stages++];
		snprintf(stage->stage, sizeof stage->stage, "%s", advisory->stages[i].id);
		stage->time_us = self->stage_us[i];
		stage->finding = self->stage_finding[i];
	}
}

static void write_host(const struct forest *forest, const struct node *node, uint64_t incident,
	struct ww_host *host)
{
	const struct chain_case *self = case_of(forest, node);
	*host = (struct ww_host){
		.ip = self->ip,
		.state = ww_host_state_name(state_of(self, node)),
		.infected = node->infected,
		.suspected = node->suspected,
		.infected_us = node->infected_us,
		.has_parent = node->has_parent,
		.generation = node->generation,
		.incident = incident,
		.confidence = node->confidence,
	};
	if (!(node->topic & TOPIC_PORT))
		snprintf(host->advisory, sizeof host->advisory, "%s",
			forest->chain->advisories[node->topic]->id);
	if (node->has_parent) {
		host->parent = node->parents[0];
		host->n_alternatives = node->n_parents - 1;
		memcpy(host->alternatives, node->parents + 1,
			host->n_alternatives * sizeof host->alternatives[0]);
	}
	if (!(self->topic & TOPIC_PORT))
		write_stages(forest->chain->advisories[self->topic], self, host);
}

/* What is summed up of one outbreak on the way through its hosts, in their order. */
struct tally {
	struct ww_incident incident;
	uint64_t *generations;
	int64_t *times_us;
	size_t n_generations, n_infected;
	uint32_t first_root; /* a node, or NO_NODE */
	uint64_t descendants;
	bool has_time;
};

static void tally_node(const struct forest *forest, uint32_t at, struct tally *tally)
{
	const struct node *node = &forest->nodes[at];
	const struct chain_case *self = case_of(forest, node);
	struct ww_incident *incident = &tally->incident;
	bool ill = node->infected || node->suspected;
	bool is_unknown = node->topic & TOPIC_PORT;
	incident->infected += node->infected;
	incident->suspected += node->suspected;
	incident->attempted +=
		!ill && self->state == WW_HOST_ATTACKED && !(self->flags & CASE_STRUCK);
	incident->scanners += (self->flags & CASE_SCANNED) != 0;
	if (!tally->has_time || self->first_us < incident->first_us)
		incident->first_us = self->first_us;
	if (!tally->has_time || self->last_us > incident->last_us)
		incident->last_us = self->last_us;
	tally->has_time = true;
	if (tally->first_root == NO_NODE && !node->has_parent && (node->infected || is_unknown))
		tally->first_root = at;
	if (!node->infected && !(is_unknown && node->suspected))
		return;
	tally->times_us[tally->n_infected++] = node->infected_us;
	if (node->generation >= forest->n_nodes)
		return;
	tally->generations[node->generation]++;
	if (node->generation + 1 > tally->n_generations)
		tally->n_generations = node->generation + 1;
}

static void write_title(const struct forest *forest, uint32_t topic, struct ww_incident *incident)
{
	if (topic & TOPIC_PORT) {
		snprintf(incident->title, sizeof incident->title,
			"Something unknown that spreads on %u/%s", topic & 0xffff,
			ww_proto_name((uint8_t)(topic >> 16 & 0xff)));
		return;
	}
	const struct ww_advisory *advisory = forest->chain->advisories[topic];
	snprintf(incident->advisory, sizeof incident->advisory, "%s", advisory->id);
	snprintf(incident->title, sizeof incident->title, "%s", ww_text_in(&advisory->title, "en"));
}

static void write_patient_zero(const struct forest *forest, struct tally *tally, uint64_t ill)
{
	if (tally->first_root == NO_NODE || ill == 0)
		return;
	const struct node *root = &forest->nodes[tally->first_root];
	uint64_t n = 0, all = 0;
	for (uint32_t i = 0; i < forest->n_listed; i++) {
		const struct node *node = &forest->nodes[forest->listed[i]];
		if (node->topic != root->topic || !(node->infected || node->suspected))
			continue;
		all++;
		n += node->root == tally->first_root;
	}
	/* An unknown outbreak has no confidence in its root but that of imitation. */
	double confidence = root->infected ? root->confidence : WW_CHAIN_IMITATION;
	tally->incident.has_patient_zero = true;
	tally->incident.patient_zero.ip = case_of(forest, root)->ip;
	tally->incident.patient_zero.p = confidence * (double)n / (double)all;
}

static int compare_ids(const void *a, const void *b)
{
	uint64_t x, y;
	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return (x > y) - (x < y);
}

/* The numbers of the outbreak's findings, ascending and once each, behind those of the others. */
static size_t write_findings(const struct ww_chain *chain, uint32_t topic, uint64_t *ids)
{
	size_t n = 0, kept = 0;
	for (size_t i = 0; i < chain->n_findings; i++)
		if (chain->findings[i].topic == topic)
			ids[n++] = chain->findings[i].id;
	qsort(ids, n, sizeof *ids, compare_ids);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || ids[kept - 1] != ids[i])
			ids[kept++] = ids[i];
	return kept;
}

static int compare_times(const void *a, const void *b)
{
	int64_t x, y;
	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return (x > y) - (x < y);
}

/* The incident of one topic, appended when it deserves to be one. */
static void add_incident(
	struct forest *forest, uint32_t topic, struct tally *tally, size_t *n_findings)
{
	struct ww_chain *chain = forest->chain;
	memset(tally->generations, 0, (tally->n_generations + 1) * sizeof *tally->generations);
	*tally = (struct tally){.generations = tally->generations,
		.times_us = tally->times_us,
		.first_root = NO_NODE};
	for (uint32_t i = 0; i < forest->n_listed; i++)
		if (forest->nodes[forest->listed[i]].topic == topic)
			tally_node(forest, forest->listed[i], tally);
	struct ww_incident *incident = &tally->incident;
	uint64_t ill = incident->infected + incident->suspected;
	if (ill + incident->attempted == 0)
		return;
	incident->id = chain->n_incidents + 1;
	write_title(forest, topic, incident);
	write_patient_zero(forest, tally, ill);
	incident->generations = tally->n_generations ? (uint32_t)(tally->n_generations - 1) : 0;
	struct ww_reproduction r = ww_reproduction(tally->generations, tally->n_generations);
	incident->r_mean = r.mean;
	incident->r_low = r.low;
	incident->r_high = r.high;
	qsort(tally->times_us, tally->n_infected, sizeof *tally->times_us, compare_times);
	incident->doubling_s = ww_doubling_s(tally->times_us, tally->n_infected);
	uint64_t *ids = chain->incident_findings + *n_findings;
	incident->findings = ids;
	incident->n_findings = write_findings(chain, topic, ids);
	*n_findings += incident->n_findings;
	chain->incidents[chain->n_incidents++] = *incident;
}

static int compare_topics(const void *a, const void *b)
{
	uint32_t x, y;
	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return (x > y) - (x < y);
}

/* One incident a topic that hosts are listed in; TOPIC_PORT sorts behind the advisories. */
int ww_forest_write(struct forest *forest)
{
	struct ww_chain *chain = forest->chain;
	uint32_t *topics = calloc(forest->n_listed + 1, sizeof *topics);
	struct tally tally = {
		.generations = calloc(forest->n_nodes + 2, sizeof *tally.generations),
		.times_us = calloc(forest->n_nodes + 1, sizeof *tally.times_us),
	};
	chain->hosts = calloc(forest->n_listed + 1, sizeof *chain->hosts);
	chain->incidents = calloc(forest->n_listed + 1, sizeof *chain->incidents);
	chain->incident_findings = calloc(chain->n_findings + 1, sizeof *chain->incident_findings);
	int r = topics && tally.generations && tally.times_us && chain->hosts && chain->incidents &&
				chain->incident_findings
			? 0
			: -ENOMEM;
	if (r < 0)
		goto out;
	for (uint32_t i = 0; i < forest->n_listed; i++)
		topics[i] = forest->nodes[forest->listed[i]].topic;
	qsort(topics, forest->n_listed, sizeof *topics, compare_topics);
	size_t n_findings = 0;
	for (uint32_t i = 0; i < forest->n_listed; i++) {
		if (i > 0 && topics[i] == topics[i - 1])
			continue;
		if (chain->n_incidents == WW_CHAIN_INCIDENTS) {
			chain->counts.dropped_incidents++;
			continue;
		}
		size_t before = chain->n_incidents;
		add_incident(forest, topics[i], &tally, &n_findings);
		/* An attacker of nobody that is listed has no incident, and is not listed. */
		for (uint32_t j = 0; j < forest->n_listed && chain->n_incidents > before; j++) {
			struct node *node = &forest->nodes[forest->listed[j]];
			if (node->topic == topics[i])
				write_host(forest, node, chain->n_incidents, &chain->hosts[j]);
		}
	}
	for (uint32_t i = 0; i < forest->n_listed; i++)
		if (chain->hosts[i].incident)
			chain->hosts[chain->n_hosts++] = chain->hosts[i];
out:
	free(topics);
	free(tally.generations);
	free(tally.times_us);
	return r;
}
