// SPDX-License-Identifier: GPL-3.0-or-later
/* The chain as a row of detectors.def. */
#include "wire/detect/chain-private.h"
#include "wire/detect/detectors.h"

static int detector_init(
	const struct ww_detect_config *config, void **ret_state, struct ww_err *err)
{
	struct ww_chain_config own = ww_chain_config_default();
	own.advisories = config->advisories;
	own.n_advisories = config->n_advisories;
	own.key = config->key;
	own.sink = config->sink;
	struct ww_chain *chain = NULL;
	int r = ww_chain_new(&own, &chain, err);
	*ret_state = chain;
	return r;
}

static void detector_done(void **state)
{
	struct ww_chain *chain = *state;
	ww_chain_free(&chain);
	*state = NULL;
}

static void detector_expect(
	void *state, const struct ww_ip *src, const struct ww_ip *dst, uint16_t port, uint8_t proto)
{
	ww_chain_expect(state, src, dst, proto, port);
}

static void detector_contact(void *state, struct ww_contact *contact)
{
	ww_chain_contact(state, contact);
}

static void detector_connection(void *state, const struct ww_detect_connection *connection)
{
	ww_chain_connection(state, connection);
}

static void detector_hit(void *state, const struct ww_detect_hit *hit)
{
	ww_chain_hit(state, hit);
}

static void detector_two_way(void *state, uint32_t flow_id)
{
	ww_chain_two_way(state, flow_id);
}

static void detector_finding(void *state, const struct ww_finding *finding)
{
	if (finding->kind == WW_FINDING_SCAN)
		ww_chain_scan(state, finding);
}

static int detector_finish(void *state)
{
	return ww_chain_finish(state);
}

static void detector_count(const void *state, struct ww_detect_counts *counts)
{
	struct ww_chain_counts own = ww_chain_counts(state);
	counts->evicted += own.evicted_cases + own.dropped_findings + own.dropped_incidents;
	counts->unproven += own.unproven;
}

static const struct ww_host *detector_host(const void *state, size_t i)
{
	return i < ww_chain_n_hosts(state) ? ww_chain_host(state, i) : NULL;
}

static const struct ww_incident *detector_incident(const void *state, size_t i)
{
	return i < ww_chain_n_incidents(state) ? ww_chain_incident(state, i) : NULL;
}

const struct ww_detector ww_detector_chain = {
	.name = "chain",
	.detects = "hosts that a worm attacked, took over and spreads from, who infected whom, and "
		   "outbreaks without an advisory by attack and imitation",
	.method = "the stages of the advisories per host and peer; parents by a posterior over the "
		  "last 16 peers; without an advisory, 'reached by a scanner of a port, then "
		  "scanning that port'",
	.paper = "Gu, Sharif, Qin, Dagon, Lee, Riley: Worm detection, early warning and response "
		 "based on local victim information, ACSAC 2004; Gu, Porras and others: BotHunter, "
		 "USENIX Security 2007",
	.limits = "Texts and rule hits are what the sender wants them to be: who forges "
		  "both sides of a conversation can play an infected host, or name an innocent "
		  "parent; of one direction only, no success is believed. Without a "
		  "shell stage a parent whose packets were not captured is missed.",
	.state_bytes = WW_CHAIN_CASES * (sizeof(struct chain_case) + 3 * sizeof(uint32_t)) +
		       WW_CHAIN_CONTACTS * sizeof(struct chain_contact) +
		       WW_CHAIN_FINDINGS * sizeof(struct chain_finding),
	.init = detector_init,
	.done = detector_done,
	.contact = {[WW_CONTACT_SENT] = detector_contact, [WW_CONTACT_REACHED] = detector_contact},
	.expect = {[WW_CONTACT_REACHED] = detector_expect},
	.connection = detector_connection,
	.hit = detector_hit,
	.two_way = detector_two_way,
	.finding = detector_finding,
	.finish = detector_finish,
	.count = detector_count,
	.host = detector_host,
	.incident = detector_incident,
};
