// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Stage findings that still grow: what else of the same stage passes between the same two hosts
 * (the next command typed into the shell) is evidence of the same finding, not another one.
 *
 * A ring of WW_PROOFS; the oldest is completed when a new one needs its place. Of each, at most
 * WW_PROOF_STEPS pieces of evidence are kept.
 */
#include "wire/detect/chain-private.h"

#include <math.h>
#include <stdlib.h>

struct chain_proof {
	struct ww_finding finding; /* id 0: free */
	struct ww_evidence evidence[WW_PROOF_STEPS];
	struct ww_ip attacker, victim;
	uint32_t topic, stage;
	uint16_t texts;
};

int ww_chain_proofs_new(struct ww_chain *chain)
{
	chain->proofs = calloc(WW_PROOFS, sizeof *chain->proofs);
	return chain->proofs ? 0 : -ENOMEM;
}

/* Several of a stage's texts say more than one: each alone would leave 1 - confidence of doubt. */
double ww_chain_stage_confidence(const struct ww_stage *stage, uint16_t texts)
{
	int n = __builtin_popcount(texts);
	return 1 - pow(1 - stage->confidence, n > 1 ? n : 1);
}

static void complete(struct ww_chain *chain, struct chain_proof *proof)
{
	if (proof->finding.id == 0)
		return;
	const struct ww_stage *stage = &chain->advisories[proof->topic]->stages[proof->stage];
	proof->finding.confidence =
		fmin(ww_chain_stage_confidence(stage, proof->texts), WW_CHAIN_P_MAX);
	proof->finding.evidence = proof->evidence;
	proof->finding.is_open = false;
	if (chain->sink.update)
		chain->sink.update(chain->sink.context, &proof->finding);
	proof->finding.id = 0;
}

static uint16_t text_bit(const struct ww_detect_hit *hit)
{
	return hit->stage >= 0 && hit->text < 16 ? (uint16_t)(1u << hit->text) : 0;
}

uint64_t ww_chain_proof_open(
	struct ww_chain *chain, struct ww_finding *finding, const struct deed *deed)
{
	struct chain_proof *proof = &chain->proofs[chain->next_proof++ % WW_PROOFS];
	complete(chain, proof);
	*proof = (struct chain_proof){.attacker = deed->attacker,
		.victim = deed->victim,
		.topic = deed->topic,
		.stage = deed->stage,
		.texts = deed->hit ? text_bit(deed->hit) : 0};
	finding->is_open = chain->sink.update != NULL;
	uint64_t id = ww_chain_emit(chain, deed->topic, finding);
	if (!finding->is_open || id == 0)
		return id;
	proof->finding = *finding;
	proof->finding.id = id;
	for (size_t i = 0; i < finding->n_evidence && i < WW_PROOF_STEPS; i++)
		proof->evidence[i] = finding->evidence[i];
	return id;
}

/*
 * Bytes that overlap or touch others of the same frame and direction make those longer: a text
 * within a text is not another piece of evidence.
 */
static bool widen(struct ww_evidence *old, const struct ww_evidence *add)
{
	uint64_t start = old->offset < add->offset ? old->offset : add->offset;
	uint64_t old_end = old->offset + old->n_bytes, add_end = add->offset + add->n_bytes;
	uint64_t end = old_end > add_end ? old_end : add_end;
	if (old->frame != add->frame || !ww_ip_equal(&old->src, &add->src) ||
		old->sport != add->sport || strcmp(old->note, add->note) != 0 ||
		old->offset > add_end || add->offset > old_end || end - start > WW_EVIDENCE_MAX)
		return false;
	uint8_t bytes[WW_EVIDENCE_MAX];
	memcpy(bytes + (add->offset - start), add->bytes, add->n_bytes);
	memcpy(bytes + (old->offset - start), old->bytes, old->n_bytes);
	memcpy(old->bytes, bytes, end - start);
	old->offset = start;
	old->n_bytes = (uint16_t)(end - start);
	return true;
}

static void add_evidence(struct chain_proof *proof, const struct ww_evidence *add)
{
	struct ww_finding *finding = &proof->finding;
	for (size_t i = 0; i < finding->n_evidence; i++)
		if (widen(&proof->evidence[i], add))
			return;
	if (finding->n_evidence < WW_PROOF_STEPS)
		proof->evidence[finding->n_evidence++] = *add;
}

uint16_t ww_chain_proof_add(struct ww_chain *chain, const struct deed *deed)
{
	for (size_t i = 0; i < WW_PROOFS; i++) {
		struct chain_proof *proof = &chain->proofs[i];
		struct ww_finding *finding = &proof->finding;
		if (finding->id == 0 || proof->topic != deed->topic ||
			proof->stage != deed->stage ||
			!ww_ip_equal(&proof->victim, &deed->victim) ||
			!ww_ip_equal(&proof->attacker, &deed->attacker))
			continue;
		proof->texts |= text_bit(deed->hit);
		add_evidence(proof, &deed->hit->evidence);
		if (deed->frame && finding->n_frames < WW_FINDING_FRAMES &&
			(finding->n_frames == 0 ||
				deed->frame > finding->frames[finding->n_frames - 1]))
			finding->frames[finding->n_frames++] = deed->frame;
		return proof->texts;
	}
	return 0;
}

void ww_chain_proofs_finish(struct ww_chain *chain)
{
	for (size_t i = 0; i < WW_PROOFS; i++)
		complete(chain, &chain->proofs[chain->next_proof++ % WW_PROOFS]);
}
