// SPDX-License-Identifier: GPL-3.0-or-later
#include "advisory/load-private.h"

#include <math.h>
#include <string.h>

static void refer_sources(struct loader *loader)
{
	const struct ww_facts *facts = loader->advisory->facts;
	for (size_t i = 0; i < loader->n_citations; i++) {
		const struct citation *citation = &loader->citations[i];
		bool known = false;
		for (size_t j = 0; j < facts->n_sources && !known; j++)
			known = facts->sources[j].id &&
				strcmp(facts->sources[j].id, citation->name) == 0;
		if (!known)
			fail(loader, citation->at, "'%s' is not among the sources of this file",
				citation->name);
	}
	for (size_t i = 1; i < facts->n_sources; i++)
		for (size_t j = 0; j < i; j++)
			if (facts->sources[i].id && facts->sources[j].id &&
				strcmp(facts->sources[i].id, facts->sources[j].id) == 0) {
				fail(loader, facts->sources[i].at,
					"the source '%s' is declared twice: first on line %u",
					facts->sources[i].id, facts->sources[j].at.line);
				break;
			}
}

static void refer_stage(struct loader *loader, const struct ww_stage *stage)
{
	const char *id = stage->id ? stage->id : "";
	if (stage->event == WW_STAGE_RULE && stage->n_sids == 0)
		fail(loader, stage->at, "stage '%s' waits for a rule, but names no sids", id);
	if (stage->event != WW_STAGE_RULE && stage->n_sids)
		fail(loader, stage->at, "stage '%s' has sids, but its event is not 'rule'", id);
	if (stage->event == WW_STAGE_TEXT && stage->n_texts == 0)
		fail(loader, stage->at, "stage '%s' waits for a text, but has no texts", id);
	if (stage->event != WW_STAGE_TEXT && stage->n_texts)
		fail(loader, stage->at, "stage '%s' has texts, but its event is not 'text'", id);
	if (stage->event != WW_STAGE_RULE && stage->port.proto == 0)
		fail(loader, stage->at, "stage '%s' needs a port", id);
	if (stage->sets == WW_HOST_ATTACKING)
		fail(loader, stage->at,
			"stage '%s' cannot set 'attacking': that is said of the attacker", id);
	if (stage->transfer_file &&
		(stage->port.proto != WW_PROTO_UDP || stage->transfer_bytes == 0))
		fail(loader, stage->at,
			"stage '%s' transfers a file: it needs a UDP port and transfer_bytes", id);
}

static void refer_stages(struct loader *loader)
{
	const struct ww_advisory *advisory = loader->advisory;
	for (size_t i = 0; i < advisory->n_stages; i++) {
		refer_stage(loader, &advisory->stages[i]);
		for (size_t j = 0; j < i; j++)
			if (advisory->stages[i].id && advisory->stages[j].id &&
				strcmp(advisory->stages[i].id, advisory->stages[j].id) == 0) {
				fail(loader, advisory->stages[i].at,
					"the stage '%s' is declared twice: first on line %u",
					advisory->stages[i].id, advisory->stages[j].at.line);
				break;
			}
	}
}

static void refer_addresses(struct loader *loader)
{
	struct ww_advisory *advisory = loader->advisory;
	const struct ww_facts *facts = advisory->facts;
	const struct ww_address_claim *used = NULL;
	for (size_t i = 0; i < facts->n_addresses; i++) {
		const struct ww_address_claim *claim = &facts->addresses[i];
		const struct ww_address_mix *mix = &claim->mix;
		double sum = mix->uniform + mix->same_8 + mix->same_16 + mix->same_24;
		if (claim->used && used)
			fail(loader, claim->at, "two claims are used: the other is on line %u",
				used->at.line);
		if (claim->used && fabs(sum - 1) > 1e-6)
			fail(loader, claim->at,
				"the weights of the claim that is used sum to %.6g, not to 1", sum);
		if (claim->used)
			used = claim;
	}
	if (used) {
		advisory->propagation.addresses = used->mix;
		advisory->propagation.addresses.is_given = true;
		advisory->propagation.addresses.at = used->at;
	} else if (facts->n_addresses) {
		fail(loader, facts->addresses[0].at,
			"none of the claims is used: one needs 'used: true'");
	}
}

static void refer_trend(struct loader *loader)
{
	const struct ww_facts *facts = loader->advisory->facts;
	for (size_t i = 0; i < facts->n_trend; i++) {
		const struct ww_trend *trend = &facts->trend[i];
		if (trend->high && trend->high < trend->low)
			fail(loader, trend->at, "'high' is below 'low'");
		if (trend->from && trend->until && strcmp(trend->from, trend->until) > 0)
			fail(loader, trend->at, "'from' is after 'until'");
	}
}

void ww_refer(struct loader *loader)
{
	refer_sources(loader);
	refer_stages(loader);
	refer_addresses(loader);
	refer_trend(loader);
}
