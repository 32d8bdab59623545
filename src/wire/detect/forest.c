// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The answers of the chain: who is infected, by whom, since when. incidents.c writes them.
 */
#include "wire/detect/forest-private.h"

#include <math.h>
#include <stdlib.h>

/* A parent is taken for certain enough to be called a success of it from here on. */
static const double PARENT_ENOUGH = 0.5;
/* An alternative below this is not worth a line. */
static const double ALTERNATIVE_LEAST = 0.005;

/* What a candidate did, and when: its claim to be the parent. */
struct cause {
	int64_t time_us;
	double weight;
};

static uint32_t find_node(const struct forest *forest, const struct ww_ip *ip, uint32_t topic)
{
	uint32_t number = ww_chain_find(forest->chain, ip, topic);
	return number == NO_CASE ? NO_NODE : forest->node_of[number];
}

/* The moment before which its cause must lie. */
static int64_t onset_of(const struct chain_case *self)
{
	int64_t onset_us = INT64_MAX;
	if (self->flags & CASE_TAKEN)
		onset_us = self->taken_us;
	if (self->flags & (CASE_SPREADS | CASE_SUSPECTED)) {
		if (self->flags & CASE_STRUCK && self->struck_us < onset_us)
			onset_us = self->struck_us;
		/*
		 * Against proof of the very moment only a scan that was sure before it says that
		 * the host had it earlier.
		 */
		int64_t scan_us = self->flags & CASE_TAKEN ? self->alarm_us : self->scan_us;
		if (self->flags & CASE_SCANNED && scan_us < onset_us)
			onset_us = scan_us;
	}
	return onset_us;
}

/* The onset without the scan, which may have been somebody's honest failures: see find_parents. */
static int64_t deed_onset_of(const struct chain_case *self)
{
	int64_t onset_us = self->flags & CASE_TAKEN ? self->taken_us : INT64_MAX;
	if (self->flags & CASE_STRUCK && self->struck_us < onset_us)
		onset_us = self->struck_us;
	return onset_us;
}

/* The last thing the peer did up to the onset; false: nothing. */
static bool deed_before(const struct candidate *at, int64_t onset_us, struct cause *ret)
{
	if (at->weight_us <= onset_us)
		*ret = (struct cause){at->weight_us, (double)at->weight};
	else if (at->earlier_weight > 0 && at->earlier_us <= onset_us)
		*ret = (struct cause){at->earlier_us, (double)at->earlier_weight};
	else
		return false;
	return true;
}

static bool can_be_parent(const struct forest *forest, const struct chain_case *self,
	const struct candidate *at, int64_t onset_us, struct cause *ret)
{
	if (!deed_before(at, onset_us, ret))
		return false;
	if (!(self->topic & TOPIC_PORT))
		return true;
	/* Imitation: the peer scanned that port before the host did. */
	uint32_t peer = ww_chain_find(forest->chain, &at->peer, self->topic);
	return peer != NO_CASE && forest->chain->cases[peer].scan_us < self->scan_us;
}

/* The host did something itself, or had something done to it: it is more than a name in a text. */
static bool was_seen(const struct forest *forest, const struct ww_ip *ip, uint32_t topic)
{
	const struct ww_chain *chain = forest->chain;
	uint32_t number = ww_chain_find(chain, ip, topic);
	return number != NO_CASE && chain->cases[number].flags & (CASE_ATTACKED | CASE_STRUCK);
}

static void insert_parent(struct node *node, struct ww_parent parent)
{
	size_t at = node->n_parents;
	while (at > 0 && node->parents[at - 1].p < parent.p)
		at--;
	if (at == WW_N(node->parents))
		return;
	if (node->n_parents < WW_N(node->parents))
		node->n_parents++;
	memmove(node->parents + at + 1, node->parents + at,
		(node->n_parents - at - 1) * sizeof node->parents[0]);
	node->parents[at] = parent;
}

/* The posterior over the candidates, against a parent that is in no packet. */
static void weigh_parents(
	const struct forest *forest, struct node *node, int64_t onset_us, double unseen)
{
	const struct chain_case *self = case_of(forest, node);
	double likelihoods[WW_CHAIN_CANDIDATES] = {0};
	double sum = 0, nearest = 0;
	for (int i = 0; i < self->n_candidates; i++) {
		const struct candidate *at = &self->candidates[i];
		struct cause cause;
		if (!can_be_parent(forest, self, at, onset_us, &cause))
			continue;
		if (at->only_named && !was_seen(forest, &at->peer, self->topic))
			cause.weight = (double)WEIGHT_ONLY_NAMED;
		double age_s = ((double)onset_us - (double)cause.time_us) / 1e6;
		/* An age of hours would vanish in a double; the ratios matter, not the values. */
		double decay = exp(-fmin(age_s / WW_CHAIN_TAU_S, 600));
		int returns = __builtin_popcount(at->stages) - 1;
		likelihoods[i] = cause.weight * decay * pow(WEIGHT_RETURNS, fmax(returns, 0));
		sum += likelihoods[i];
		nearest = fmax(nearest, decay);
	}
	sum += unseen * nearest;
	for (int i = 0; i < self->n_candidates; i++) {
		double p = fmin(likelihoods[i] / sum, WW_CHAIN_P_MAX);
		if (likelihoods[i] > 0 && (p >= ALTERNATIVE_LEAST || node->n_parents == 0))
			insert_parent(node, (struct ww_parent){self->candidates[i].peer, p});
	}
}

static void find_parents(const struct forest *forest, struct node *node)
{
	const struct chain_case *self = case_of(forest, node);
	node->onset_us = onset_of(self);
	weigh_parents(forest, node, node->onset_us, WEIGHT_UNSEEN);
	/*
	 * A scan alone makes no root: who was attacked, then took part, has its attackers as
	 * candidates, as likely as that it had it before from somebody unseen.
	 */
	if (node->n_parents == 0 && !(self->topic & TOPIC_PORT)) {
		node->onset_us = deed_onset_of(self);
		weigh_parents(forest, node, node->onset_us, (double)WEIGHT_ATTACKED);
	}
	if (node->n_parents == 0)
		return;
	node->has_parent = true;
	node->parent = find_node(forest, &node->parents[0].ip, self->topic);
}

/* When the likeliest parent did it, where nothing shows the moment itself. */
static int64_t attack_time(const struct chain_case *self, const struct node *node)
{
	struct cause cause;
	for (int i = 0; node->n_parents && i < self->n_candidates; i++)
		if (ww_ip_equal(&self->candidates[i].peer, &node->parents[0].ip) &&
			deed_before(&self->candidates[i], node->onset_us, &cause))
			return cause.time_us;
	return self->flags & CASE_ATTACKED ? self->attacked_us : self->first_us;
}

static double stages_confidence(const struct forest *forest, const struct chain_case *self,
	uint32_t stages, enum ww_host_state least)
{
	const struct ww_advisory *advisory = forest->chain->advisories[self->topic];
	double doubt = 1;
	for (uint32_t i = 0; i < WW_HOST_STAGES && i < advisory->n_stages; i++)
		if (stages & 1u << i && advisory->stages[i].sets >= least)
			doubt *= 1 - ww_chain_stage_confidence(
					     &advisory->stages[i], self->stage_texts[i]);
	return fmin(fmax(1 - doubt, 0), WW_CHAIN_P_MAX);
}

static double confidence_of(const struct forest *forest, const struct node *node)
{
	const struct chain_case *self = case_of(forest, node);
	if (self->topic & TOPIC_PORT)
		return node->suspected ? WW_CHAIN_IMITATION : 0;
	if (!node->infected)
		return self->flags & CASE_STRUCK
			       ? stages_confidence(
					 forest, self, self->stages_done, WW_HOST_ATTACKED)
			       : stages_confidence(forest, self, self->stages | self->unproven,
					 WW_HOST_ATTACKED);
	double own = stages_confidence(forest, self, self->stages, WW_HOST_TAKEN_OVER);
	bool shown = own > 0;
	if (self->flags & CASE_SPREADS && !shown)
		own = WW_CHAIN_SPREADING;
	return own;
}

/* What each case says by itself. */
static void judge(struct forest *forest, struct node *node)
{
	const struct chain_case *self = case_of(forest, node);
	if (self->topic & TOPIC_PORT) {
		node->suspected = self->flags & CASE_SUSPECTED;
		if (node->suspected) {
			find_parents(forest, node);
			node->infected_us = attack_time(self, node);
		}
	} else if (case_is_infected(self)) {
		node->infected = true;
		if (case_is_root(self)) {
			node->infected_us = self->struck_us;
		} else {
			find_parents(forest, node);
			bool moment_known =
				self->flags & CASE_TAKEN && node->onset_us >= self->taken_us;
			node->infected_us = moment_known ? self->taken_us : attack_time(self, node);
		}
	}
	node->confidence = confidence_of(forest, node);
}

/* (b): who took others over is infected, though nothing else shows it. */
static void credit_parent(struct forest *forest, const struct node *child)
{
	if (!child->infected || child->n_parents == 0 || child->parent == NO_NODE ||
		child->parents[0].p < PARENT_ENOUGH)
		return;
	struct node *parent = &forest->nodes[child->parent];
	const struct chain_case *self = case_of(forest, parent);
	if (!parent->infected) {
		parent->infected = parent->by_success = true;
		parent->infected_us = self->flags & CASE_STRUCK ? self->struck_us : self->first_us;
	}
	if (parent->by_success)
		parent->doubt *= 1 - child->confidence * child->parents[0].p;
}

static bool stage_ports(const struct ww_advisory *advisory, uint32_t topic_port)
{
	uint8_t proto = (uint8_t)(topic_port >> 16 & 0xff);
	uint16_t port = (uint16_t)(topic_port & 0xffff);
	for (size_t i = 0; i < advisory->n_stages; i++)
		if (ww_ports_contain(&advisory->stages[i].port, proto, port))
			return true;
	return false;
}

/*
 * Where an imitation belongs: nowhere when an advisory explains the host, to the advisory whose
 * infected host reached it, else to the unknown outbreak of its port.
 */
static uint32_t topic_of_suspect(const struct forest *forest, const struct node *node)
{
	const struct chain_case *self = case_of(forest, node);
	for (uint32_t topic = 0; topic < forest->chain->n_advisories; topic++) {
		if (!stage_ports(forest->chain->advisories[topic], self->topic))
			continue;
		if (find_node(forest, &self->ip, topic) != NO_NODE)
			return NO_NODE;
		uint32_t parent = find_node(forest, &node->parents[0].ip, topic);
		if (node->n_parents && parent != NO_NODE && forest->nodes[parent].infected)
			return topic;
	}
	return self->topic;
}

static void place(struct forest *forest, struct node *node)
{
	const struct chain_case *self = case_of(forest, node);
	if (!(self->topic & TOPIC_PORT)) {
		node->topic = self->topic;
		return;
	}
	if (!node->suspected)
		return;
	node->topic = topic_of_suspect(forest, node);
	if (node->topic == NO_NODE || node->n_parents == 0)
		return;
	if (node->topic == self->topic) {
		/* Its likeliest infector is part of the story. */
		if (node->parent != NO_NODE && forest->nodes[node->parent].topic == NO_NODE)
			forest->nodes[node->parent].topic = self->topic;
		return;
	}
	node->parent = find_node(forest, &node->parents[0].ip, node->topic);
}

/*
 * Follows parents up to one whose generation is known, and back down the same path. A ring, which
 * only hostile clocks can make, is cut where it closes. `path` holds n_nodes.
 */
static void climb(struct forest *forest, uint32_t start, uint32_t *path)
{
	struct node *nodes = forest->nodes;
	uint32_t n = 0, at = start;
	while (nodes[at].generation == NOT_YET) {
		path[n++] = at;
		if (!nodes[at].has_parent || nodes[at].parent == NO_NODE)
			break;
		if (n == forest->n_nodes && nodes[nodes[at].parent].generation == NOT_YET) {
			nodes[at].has_parent = false;
			break;
		}
		at = nodes[at].parent;
	}
	while (n-- > 0) {
		struct node *node = &nodes[path[n]];
		bool has_node = node->has_parent && node->parent != NO_NODE;
		if (node->generation != NOT_YET)
			continue; /* a second time round a ring */
		/* Without its parent's case it is still a child of somebody. */
		node->generation = has_node ? nodes[node->parent].generation + 1 : node->has_parent;
		node->root = has_node ? nodes[node->parent].root : path[n];
	}
}

static int rank_of(const struct node *node)
{
	return node->infected ? 0 : node->suspected ? 1 : 2;
}

static int64_t time_of(const struct forest *forest, const struct node *node)
{
	return rank_of(node) < 2 ? node->infected_us : case_of(forest, node)->first_us;
}

static int compare_nodes(const void *a, const void *b, void *context)
{
	const struct forest *forest = context;
	uint32_t i, j;
	memcpy(&i, a, sizeof i);
	memcpy(&j, b, sizeof j);
	const struct node *x = &forest->nodes[i], *y = &forest->nodes[j];
	if (rank_of(x) != rank_of(y))
		return rank_of(x) < rank_of(y) ? -1 : 1;
	int64_t t = time_of(forest, x), u = time_of(forest, y);
	if (t != u)
		return t < u ? -1 : 1;
	int order = ww_ip_compare(&case_of(forest, x)->ip, &case_of(forest, y)->ip);
	if (order)
		return order;
	return (x->topic > y->topic) - (x->topic < y->topic);
}

static int grow(struct forest *forest)
{
	struct ww_chain *chain = forest->chain;
	forest->nodes = calloc(chain->used_cases + 1, sizeof *forest->nodes);
	forest->node_of = calloc(chain->used_cases + 1, sizeof *forest->node_of);
	forest->listed = calloc(chain->used_cases + 1, sizeof *forest->listed);
	if (!forest->nodes || !forest->node_of || !forest->listed)
		return -ENOMEM;
	for (uint32_t i = 0; i < chain->used_cases; i++) {
		if (!chain->cases[i].in_use)
			continue;
		if (chain->cases[i].topic & TOPIC_PORT)
			ww_chain_suspect(chain, i);
		forest->node_of[i] = forest->n_nodes;
		forest->nodes[forest->n_nodes++] = (struct node){.number = i,
			.topic = NO_NODE,
			.parent = NO_NODE,
			.generation = NOT_YET,
			.root = NO_NODE,
			.doubt = 1};
	}
	return 0;
}

static void decide(struct forest *forest)
{
	for (uint32_t i = 0; i < forest->n_nodes; i++)
		judge(forest, &forest->nodes[i]);
	for (uint32_t i = 0; i < forest->n_nodes; i++)
		credit_parent(forest, &forest->nodes[i]);
	for (uint32_t i = 0; i < forest->n_nodes; i++) {
		struct node *node = &forest->nodes[i];
		if (node->by_success || (node->infected && !node->has_parent))
			node->confidence =
				fmin(fmax(node->confidence, 1 - node->doubt), WW_CHAIN_P_MAX);
		place(forest, node);
	}
	for (uint32_t i = 0; i < forest->n_nodes; i++)
		climb(forest, i, forest->listed); /* not in use yet */
	for (uint32_t i = 0; i < forest->n_nodes; i++)
		if (forest->nodes[i].topic != NO_NODE)
			forest->listed[forest->n_listed++] = i;
	qsort_r(forest->listed, forest->n_listed, sizeof *forest->listed, compare_nodes, forest);
}

int ww_chain_finish(struct ww_chain *chain)
{
	ww_assert(!chain->hosts);
	ww_chain_pending_finish(chain);
	ww_chain_proofs_finish(chain);
	struct forest forest = {.chain = chain};
	int r = grow(&forest);
	if (r == 0) {
		decide(&forest);
		r = ww_forest_write(&forest);
	}
	free(forest.nodes);
	free(forest.node_of);
	free(forest.listed);
	return r;
}
