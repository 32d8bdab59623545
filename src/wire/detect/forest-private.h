/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The inside of the chain's answers: forest.c decides who is infected, by whom, since when;
 * incidents.c writes hosts and incidents of what was decided.
 */
#include "wire/detect/chain-private.h"

#define NO_NODE UINT32_MAX
#define NOT_YET UINT32_MAX

/* A case on its way to a host. */
struct node {
	uint32_t number; /* of the case */
	uint32_t topic;  /* the outbreak it is listed in; NO_NODE: not listed */
	bool infected, suspected, by_success; /* by_success: a root by (b) only */
	int64_t infected_us, onset_us;        /* onset_us: before which its cause lies */
	bool has_parent;
	uint32_t parent; /* a node, or NO_NODE: its case was given up */
	struct ww_parent parents[1 + WW_HOST_ALTERNATIVES];
	size_t n_parents;
	uint32_t generation, root;
	double confidence, doubt; /* doubt: product over the victims, for by_success */
};

struct forest {
	struct ww_chain *chain;
	struct node *nodes;
	uint32_t n_nodes;
	uint32_t *node_of; /* by case number */
	uint32_t *listed;  /* nodes in the order of the answer */
	uint32_t n_listed;
};

static inline const struct chain_case *case_of(const struct forest *forest, const struct node *node)
{
	return &forest->chain->cases[node->number];
}

/* Fills the chain's hosts and incidents. Returns 0 or -ENOMEM. */
int ww_forest_write(struct forest *forest);
