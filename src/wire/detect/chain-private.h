/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* What chain.c (facts in), chain-table.c (memory) and forest.c (answers out) share. */
#include "wire/detect/chain.h"

#define NO_CASE    UINT32_MAX
#define TOPIC_PORT 0x80000000u

/* Somebody who acted on a host. */
struct candidate {
	struct ww_ip peer;
	int64_t time_us;   /* of the latest thing it did: what `within_s` is measured from */
	int64_t weight_us; /* when it last did what gives it its weight */
	/* What it did before that, for a host that turns out to have been infected in between. */
	int64_t earlier_us;
	uint64_t frame;               /* of the contact, for imitation; else 0 */
	uint32_t stages;              /* bit i: stage i of the advisory */
	float weight, earlier_weight; /* earlier 0: nothing */
	bool two_way;                 /* some of it in a conversation of both sides */
	bool only_named;              /* all that is known is that a text names it */
};

enum case_flags {
	CASE_ATTACKED = 1,   /* attacked_us holds */
	CASE_TAKEN = 2,      /* taken_us holds */
	CASE_STRUCK = 4,     /* it attacked: struck_us holds */
	CASE_SCANNED = 8,    /* it scanned a port of the outbreak: scan_us holds */
	CASE_SPREADS = 16,   /* attacked first, attacking then */
	CASE_SUSPECTED = 32, /* imitation */
};

/*
 * One host in one outbreak. topic: the index of an advisory, or TOPIC_PORT | proto << 16 | port
 * for a behaviour without one.
 */
struct chain_case {
	struct ww_ip ip;
	uint32_t topic;
	uint8_t state; /* enum ww_host_state, as a victim */
	uint8_t flags;
	uint8_t n_candidates;
	bool in_use;
	uint32_t stages;      /* seen on it as the victim */
	uint32_t unproven;    /* success stages of which only one side was heard */
	uint32_t told;        /* of them, those that a finding tells */
	uint32_t stages_done; /* that it did to others */
	int64_t stage_us[WW_HOST_STAGES];
	uint64_t stage_finding[WW_HOST_STAGES];
	uint16_t stage_texts[WW_HOST_STAGES]; /* bit: text of a TEXT stage that was seen */
	int64_t first_us, last_us;
	int64_t attacked_us, taken_us, struck_us, scan_us; /* the first of each */
	int64_t alarm_us; /* when the scan was sure; scan_us is the middle of its walk */
	uint64_t scan_finding, scan_frame;
	struct candidate candidates[WW_CHAIN_CANDIDATES];
};

/* An answered contact: whom imitation may have learnt from. */
struct chain_contact {
	struct ww_ip src, dst;
	int64_t time_us;
	uint64_t frame;
	uint16_t port;
	uint8_t proto;   /* 0: empty */
	uint8_t is_weak; /* the source is not known as a scanner (of anything) */
	uint32_t number; /* in order of arrival, for the oldest */
};

struct chain_finding {
	uint64_t id;
	uint32_t topic;
};

struct ww_chain {
	const struct ww_advisory *const *advisories;
	size_t n_advisories;
	struct ww_hash_key key;
	struct ww_detect_sink sink;
	uint64_t weak_ports[2][1024];     /* bit: a weak stage of a victim waits for it; [udp] */
	struct ww_flow_services services; /* ports of the advisories */

	struct chain_case *cases;
	uint32_t n_cases, used_cases;
	uint32_t *index; /* buckets of 8 of case numbers + 1 */
	uint32_t n_buckets;
	uint32_t *free_cases;
	uint32_t n_free;

	struct chain_contact *contacts;
	uint32_t n_contact_buckets, contact_number;

	struct chain_proof *proofs; /* a ring */
	size_t next_proof;

	struct chain_pending *pending; /* a ring */
	size_t next_pending, n_pending;

	struct chain_finding *findings;
	size_t n_findings;
	struct ww_chain_counts counts;

	struct ww_host *hosts;
	size_t n_hosts;
	struct ww_incident *incidents;
	size_t n_incidents;
	uint64_t *incident_findings; /* all incidents' lists, one after the other */
};

/* One deed of an attacker on a victim, as the evidence says it. */
struct deed {
	uint32_t topic;
	uint32_t stage; /* index in the advisory, < WW_HOST_STAGES */
	struct ww_ip attacker, victim;
	int64_t time_us;
	uint64_t frame;
	const struct ww_detect_hit *hit; /* NULL: a weak stage */
	float weight;
	bool one_sided; /* a success stage that is no proof yet */
};

enum { WW_PROOFS = 64, WW_PROOF_STEPS = 8 };

int ww_chain_proofs_new(struct ww_chain *chain);
/* Emits the finding of a deed, and keeps it open for more of the same; returns its id. */
uint64_t ww_chain_proof_open(
	struct ww_chain *chain, struct ww_finding *finding, const struct deed *deed);
/* More of a stage that was seen: the texts seen so far, or 0 when its finding is complete. */
uint16_t ww_chain_proof_add(struct ww_chain *chain, const struct deed *deed);
void ww_chain_proofs_finish(struct ww_chain *chain);
/* That the stage is true, when these of its texts were seen. */
double ww_chain_stage_confidence(const struct ww_stage *stage, uint16_t texts);

enum { WW_PENDING = 64 };

int ww_chain_pending_new(struct ww_chain *chain);
/* A hit of a success stage waits for the other side to be heard. */
void ww_chain_pend(
	struct ww_chain *chain, uint32_t topic, uint32_t stage, const struct ww_detect_hit *hit);
/* What is still pending is told as what it is. */
void ww_chain_pending_finish(struct ww_chain *chain);
/* Whether the hit fits the stage, and who is who. */
bool ww_chain_roles(const struct ww_chain *chain, const struct ww_stage *stage,
	const struct ww_detect_hit *hit, struct deed *deed);
/* What the peer did to the host, or NULL. */
struct candidate *ww_chain_peer(struct chain_case *self, const struct ww_ip *peer);
/* A hit of one stage of one advisory. */
void ww_chain_stage_hit(
	struct ww_chain *chain, uint32_t topic, uint32_t index, const struct ww_detect_hit *hit);
/* The finding of a deed; returns its id. */
uint64_t ww_chain_deed_finding(struct ww_chain *chain, const struct deed *deed);

int ww_chain_tables_new(struct ww_chain *chain, const struct ww_chain_config *config);
void ww_chain_tables_free(struct ww_chain *chain);
/* The case, or NO_CASE. */
uint32_t ww_chain_find(const struct ww_chain *chain, const struct ww_ip *ip, uint32_t topic);
/* Finds or makes it; `keep` (or NO_CASE) is not evicted for it. */
uint32_t ww_chain_case(struct ww_chain *chain, const struct ww_ip *ip, uint32_t topic,
	int64_t time_us, uint32_t keep);
/* Remembers that src reached dst. */
void ww_chain_reached(struct ww_chain *chain, const struct ww_ip *src, const struct ww_ip *dst,
	uint8_t proto, uint16_t port, int64_t time_us, uint64_t frame);
/* Fetches what ww_chain_reached is going to look at. */
void ww_chain_expect(const struct ww_chain *chain, const struct ww_ip *src,
	const struct ww_ip *dst, uint8_t proto, uint16_t port);
/* The bucket of 8 in which all contacts to (dst, proto, port) are. */
struct chain_contact *ww_chain_contacts_of(
	const struct ww_chain *chain, const struct ww_ip *dst, uint8_t proto, uint16_t port);
void ww_chain_note_finding(struct ww_chain *chain, uint32_t topic, uint64_t id);

static inline uint32_t topic_of_port(uint8_t proto, uint16_t port)
{
	return TOPIC_PORT | (uint32_t)proto << 16 | port;
}

/* Candidate weights: the likelihood of each deed, when its doer is the parent, relative to others.
 */
#define WEIGHT_NAMED       100.0F /* took over, and the text names the peer itself */
#define WEIGHT_NAMED_OTHER 5.0F   /* the text names somebody who is not the peer */
#define WEIGHT_TAKEN       1.0F
#define WEIGHT_ONLY_NAMED  0.05F /* the same, and there is no other sign that it exists */
#define WEIGHT_ATTACKED    0.02F
#define WEIGHT_CONTACTED   0.001F
#define WEIGHT_UNSEEN      0.0005 /* that the true parent is in no packet */
/* Who comes back for another stage knew that the attack had worked: factor for each. */
#define WEIGHT_RETURNS 3.0

/* A peer did something to the host: into its ring. The least weight, then the oldest, gives way. */
void ww_chain_candidate(struct chain_case *self, const struct ww_ip *peer, int64_t time_us,
	uint64_t frame, uint32_t stages, float weight);
/* Imitation: when one that reached the host is a scanner of the port, it becomes suspected. */
void ww_chain_suspect(struct ww_chain *chain, uint32_t number);
/* In which the host is infected by its own evidence; roots (b) are found at the end. */
static inline bool case_is_infected(const struct chain_case *self)
{
	return self->flags & (CASE_TAKEN | CASE_SPREADS);
}
/* It attacked before anything was done to it. */
static inline bool case_is_root(const struct chain_case *self)
{
	bool was_hit = self->flags & (CASE_ATTACKED | CASE_TAKEN);
	int64_t hit_us = self->flags & CASE_ATTACKED ? self->attacked_us : self->taken_us;
	return self->flags & CASE_STRUCK && (!was_hit || self->struck_us <= hit_us);
}
/* The stages that are followed: the first WW_HOST_STAGES. */
static inline size_t n_stages(const struct ww_advisory *advisory)
{
	return advisory->n_stages < WW_HOST_STAGES ? advisory->n_stages : WW_HOST_STAGES;
}
/* The finding to the sink and into the topic's list; returns its id. */
uint64_t ww_chain_emit(struct ww_chain *chain, uint32_t topic, struct ww_finding *finding);
/* The stage that says that a victim spreads, or `otherwise`. */
uint32_t ww_chain_spreading_stage(const struct ww_advisory *advisory, uint32_t otherwise);
/* A host that was attacked now attacks, or scans (`scan`, else NULL): the proof of its infection.
 */
void ww_chain_spreading(struct ww_chain *chain, uint32_t number, uint32_t stage_index,
	int64_t time_us, uint64_t frame, const struct ww_finding *scan);
