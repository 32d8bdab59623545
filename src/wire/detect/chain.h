/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Chain and forest: what a worm did to each host, and which host it came from.
 *
 * With an advisory: its stages (struct ww_stage) are followed for each pair of attacker and victim.
 * RULE and TEXT stages are strong: each proves its state alone, since a capture may begin late.
 * CONTACT, CONNECTION and SCAN stages are weak: they count only for a host that a strong stage was
 * seen on before (CONTACT and CONNECTION: of the same pair, at most `within_s` ago), so that a
 * benign TFTP read or a busy port 4444 proves nothing. A host that was attacked and afterwards
 * itself carries out the attack, or is found to scan its port, is spreading: Code Red II shows no
 * other sign. Whoever attacked before it was attacked is a root, whatever is done to it later.
 *
 * Without one: a host that was reached on a port by a scanner of that port, and then scans that
 * port, is suspected (destination-source correlation: Gu and others, ACSAC 2004).
 *
 * Infected is a host (a) from a stage that sets taken_over, or from spreading on; (b) that is the
 * likeliest parent of an infected host. Attacking is what only attacks. A host that was merely
 * contacted is no part of an outbreak and is not listed.
 *
 * Parent: of the last 16 peers that acted on the host, the posterior of each is proportional to
 * the weight of what it did (named in the shell's text, took over, attacked, contacted) times
 * exp(-(onset - t) / 60 s), times 3 for each further stage that it came back for, against the
 * chance that the true parent was not captured. The first success wins; re-infections change
 * nothing. At most 0.99. The onset of a scan is the middle of the walk that led to its alarm: the
 * first steps may be a client's honest failures. A scan without an attack of its own makes no
 * root: who was attacked all the same has its attackers as parents, at most as likely as not.
 *
 * A stage finding stays open for more of the same stage between the same two hosts (the commands
 * typed into a shell), while it is among the last 64; sink.update then gives all of its evidence.
 *
 * confidence of a host: 1 - product of (1 - confidence of the stage), over the distinct stages seen
 * that set its kind of state (infected, or attacked), at most 0.99; a TEXT stage counts once for
 * each distinct text of it that was seen; of a root: the same over its
 * victims, each times its parent's p. patient_zero.p: the share of the infected that descend from
 * it times its confidence.
 *
 * Estimates: R is the mean number of victims of the hosts of all generations but the last two,
 * which may not be complete, with the exact 95 % interval of a Poisson count; doubling time from
 * the least-squares slope of ln(infected so far) over the first half of the infections, 8 or more.
 * NaN where there is too little.
 *
 * Memory (defaults): 65,536 cases (host and outbreak) of 1,352 bytes, touched as used; of a
 * full bucket of 8, the one of the lowest state, then the longest silent goes. 65,536 answered
 * contacts of 56 bytes in buckets of 8 for imitation; of a full bucket, contacts of sources that
 * are no scanners go first, then the oldest. 65,536 finding numbers of incidents. 12 stages of an
 * advisory. Everything given up is counted. One thread at a time.
 *
 * How it is fooled: texts and rule hits are what the sender wants them to be; who completes a TCP
 * handshake can play an infected host or name an innocent parent (which then shows as an
 * alternative of lower p, because it is not the peer).
 *
 * One packet is no proof: stages that set taken_over or more count when both sides of the
 * conversation were heard (struct ww_flow, heard). A hit before that waits, among the last 64; its
 * host is `attacked` meanwhile, and for good when the other side says nothing or resets: a finding
 * says "one direction only". A datagram counts also when the same two hosts had a stage in a
 * two-way conversation. A host that was attacked and attacks is spreading by what it does in
 * two-way conversations, or by scans. Who sees and forges both sides can still frame any host.
 */
#include "wire/detect/detect.h"

enum {
	WW_CHAIN_CASES = 65536,
	WW_CHAIN_CONTACTS = 65536,
	WW_CHAIN_CANDIDATES = 16,
	WW_CHAIN_FINDINGS = 65536,
	WW_CHAIN_ADVISORIES = 1024,
	WW_CHAIN_INCIDENTS = 1024, /* of them those of advisories first */
};

/* How fast a cause is expected to show: of the order of a worm's own start. */
#define WW_CHAIN_TAU_S 60.0
/* P(infected | attacked, then attacking), where no stage of the advisory says it. */
#define WW_CHAIN_SPREADING 0.9
/* P(the stage succeeded | one direction only). */
#define WW_CHAIN_ONE_SIDED 0.5
/* P(infected | reached by a scanner of a port, then scanning that port). */
#define WW_CHAIN_IMITATION 0.7
#define WW_CHAIN_P_MAX     0.99

struct ww_chain_config {
	const struct ww_advisory *const *advisories; /* borrowed; must outlive the chain */
	size_t n_advisories;
	uint32_t cases, contacts; /* rounded up to a power of two >= 8 */
	struct ww_hash_key key;
	struct ww_detect_sink sink;
};

struct ww_chain_counts {
	uint64_t cases, evicted_cases;
	uint64_t evicted_contacts;
	uint64_t unproven;          /* hits of a success stage of which one side was heard */
	uint64_t dropped_findings;  /* numbers beyond WW_CHAIN_FINDINGS */
	uint64_t dropped_incidents; /* beyond WW_CHAIN_INCIDENTS, with their hosts */
};

struct ww_chain;

struct ww_chain_config ww_chain_config_default(void);
/* Returns 0, -EINVAL with *err (too many advisories), -ENOMEM. End with ww_chain_free. */
int ww_chain_new(const struct ww_chain_config *config, struct ww_chain **ret, struct ww_err *err);
void ww_chain_free(struct ww_chain **chain);
void ww_chain_contact(struct ww_chain *chain, const struct ww_contact *contact);
void ww_chain_connection(struct ww_chain *chain, const struct ww_detect_connection *connection);
void ww_chain_hit(struct ww_chain *chain, const struct ww_detect_hit *hit);
/* Both sides of the flow were heard: its hits that wait become proof. */
void ww_chain_two_way(struct ww_chain *chain, uint32_t flow_id);
/* A finding of kind scan, at its alarm, with its walk as evidence. */
void ww_chain_scan(struct ww_chain *chain, const struct ww_finding *scan);
/* Builds hosts and incidents. Call once, after the last fact. Returns 0 or -ENOMEM. */
int ww_chain_finish(struct ww_chain *chain);
/*
 * After ww_chain_finish, borrowed until the chain ends. Hosts: those infected by time of
 * infection, then the suspected, then the others by first sight; equal times by address, then by
 * incident. Incidents: in the order of their advisories, then unknown ones by port.
 */
size_t ww_chain_n_hosts(const struct ww_chain *chain);
const struct ww_host *ww_chain_host(const struct ww_chain *chain, size_t i);
size_t ww_chain_n_incidents(const struct ww_chain *chain);
const struct ww_incident *ww_chain_incident(const struct ww_chain *chain, size_t i);
struct ww_chain_counts ww_chain_counts(const struct ww_chain *chain);
