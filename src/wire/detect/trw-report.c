// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/detect/trw-private.h"

#include <endian.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* A kind needs this many times more of one than of the other; between, it is a block. */
enum { LOPSIDED = 5 };
/* 'sequential' wants so many deltas, of which so many percent are +1. */
enum { SEQUENTIAL_DELTAS = 5, SEQUENTIAL_PERCENT = 80 };

/* Contacts so shortly before the walk are counted with the scan. */
static const double SAME_SCAN_US = 60e6;

static const double CONFIDENCE_MAX = 0.999;

/* The frame into the ascending list; of more than 32 the earliest stay. */
static void keep_frame(struct scanner *scanner, uint64_t frame)
{
	uint32_t at = scanner->n_frames;
	if (frame == 0 || (scanner->latest_frame && frame >= scanner->latest_frame))
		return;
	while (at > 0 && scanner->frames[at - 1] > frame)
		at--;
	if (at > 0 && scanner->frames[at - 1] == frame)
		return;
	if (scanner->n_frames < WW_FINDING_FRAMES)
		scanner->n_frames++;
	memmove(scanner->frames + at + 1, scanner->frames + at,
		(scanner->n_frames - at - 1) * sizeof scanner->frames[0]);
	scanner->frames[at] = frame;
	if (scanner->n_frames == WW_FINDING_FRAMES)
		scanner->latest_frame = scanner->frames[WW_FINDING_FRAMES - 1];
}

static void vote(struct scanner *scanner, uint16_t port)
{
	scanner->votes++;
	if (scanner->lead == 0)
		scanner->main_port = port;
	scanner->lead += scanner->main_port == port ? 1 : UINT64_MAX;
}

/* The port that at least three in four of its contacts went to, or 0. */
static uint16_t main_port_of(const struct scanner *scanner)
{
	return scanner->lead * 2 >= scanner->votes ? scanner->main_port : 0;
}

/* One destination in the order sent. */
static inline void keep_delta(struct scanner *scanner, const struct ww_ip *dst, uint16_t port)
{
	uint64_t high = ww_ip_word(dst, 1), last = ww_ip_word(&scanner->last_dst, 1);
	bool same = ww_ip_word(dst, 0) == ww_ip_word(&scanner->last_dst, 0);
	if (scanner->last_port == port && (!same || high != last)) {
		scanner->deltas++;
		scanner->deltas_one += same && be64toh(high) == be64toh(last) + 1;
	}
	scanner->last_dst = *dst;
	scanner->last_port = port;
	vote(scanner, port);
}

static void keep_first(struct scanner *scanner, int64_t sent_us, uint64_t frame,
	const struct ww_ip *dst, uint16_t port)
{
	if (scanner->first_frame && scanner->first_frame <= frame)
		return;
	scanner->first_frame = frame;
	scanner->first_dst = *dst;
	scanner->first_port = port;
	scanner->first_us = sent_us;
}

static void keep_outcome(struct scanner *scanner, uint8_t outcome)
{
	switch (outcome) {
	case WW_CONTACT_REFUSED: scanner->refused++; /* fall through */
	case WW_CONTACT_UNANSWERED: scanner->failed++; break;
	case WW_CONTACT_ANSWERED: scanner->answered++; break;
	default: break;
	}
}

static int compare_frames(const void *a, const void *b)
{
	const struct step *x = a, *y = b;
	return (x->frame > y->frame) - (x->frame < y->frame);
}

/*
 * The walk that led to the alarm: its facts, and its destinations in the order sent. What was sent
 * shortly before it and answered belongs to the same scan.
 */
static void keep_walk(struct ww_trw *trw, uint32_t slot, const struct walk *walk)
{
	struct scanner *scanner = &trw->scanners[slot - 1];
	struct step sent[WW_TRW_STEPS];
	uint8_t start = ww_trw_walk_start(walk);
	size_t n = 0;
	for (uint8_t i = 0; i < walk->n; i++) {
		double before_us =
			(double)walk->steps[start].sent_us - (double)walk->steps[i].sent_us;
		if (i >= start || fabs(before_us) <= SAME_SCAN_US)
			sent[n++] = walk->steps[i];
	}
	qsort(sent, n, sizeof sent[0], compare_frames);
	for (size_t i = 0; i < n; i++) {
		const struct step *step = &sent[i];
		keep_frame(scanner, step->frame);
		keep_first(scanner, step->sent_us, step->frame, &step->dst, step->port);
		keep_delta(scanner, &step->dst, step->port);
		keep_outcome(scanner, step->outcome);
		ww_distinct_add(trw->distinct, slot - 1, &step->dst, step->port);
		if (step->sent_us > scanner->last_us)
			scanner->last_us = step->sent_us;
	}
}

static const char *kind_of(const struct ww_distinct_counts *counts)
{
	if (counts->hosts <= 1)
		return "vertical";
	if (counts->ports <= 1 || counts->hosts >= LOPSIDED * counts->ports)
		return "horizontal";
	return counts->ports >= LOPSIDED * counts->hosts ? "vertical" : "block";
}

static double posterior(const struct ww_trw *trw, double score)
{
	double odds = exp(score * trw->walk.unit) * WW_TRW_PRIOR / (1 - WW_TRW_PRIOR);
	return fmin(odds / (1 + odds), CONFIDENCE_MAX);
}

/* So much of what failed was taken back that the walk would not stand at the threshold. */
static bool is_withdrawn(const struct ww_trw *trw, const struct scanner *scanner)
{
	return scanner->late && scanner->score < (int64_t)trw->threshold;
}

static void write_message(const struct ww_trw *trw, struct ww_finding *finding,
	const struct scanner *scanner, const struct ww_distinct_counts *counts)
{
	const char *proto = ww_proto_name(scanner->proto);
	const char *about = counts->exact ? "" : "about ";
	char what[96], host[WW_IP_TEXT_MAX], refused[48] = "", late[48] = "";
	if (counts->hosts <= 1)
		snprintf(what, sizeof what, "%s: %s%" PRIu64 " %s ports tried",
			ww_ip_print(&scanner->first_dst, host), about, counts->ports, proto);
	else if (counts->ports <= 1 || main_port_of(scanner))
		snprintf(what, sizeof what, "%u/%s: %s%" PRIu64 " addresses tried",
			counts->ports <= 1 ? (unsigned)scanner->first_port : main_port_of(scanner),
			proto, about, counts->hosts);
	else
		snprintf(what, sizeof what,
			"%s%" PRIu64 " addresses, %" PRIu64 " %s ports: %" PRIu64
			" endpoints tried",
			about, counts->hosts, counts->ports, proto, counts->endpoints);
	if (!counts->exact) {
		/* A sketch of the targets and an exact number of failures would not add up. */
		uint64_t judged = scanner->failed + scanner->answered;
		snprintf(finding->msg, sizeof finding->msg, "scans %s, %.0f %% in vain%s", what,
			judged ? 100.0 * (double)scanner->failed / (double)judged : 0,
			is_withdrawn(trw, scanner) ? ": no scan after all" : "");
		return;
	}
	if (scanner->refused)
		snprintf(refused, sizeof refused, ", %" PRIu64 " refused", scanner->refused);
	if (scanner->late)
		snprintf(late, sizeof late, ", %" PRIu64 " answered late", scanner->late);
	snprintf(finding->msg, sizeof finding->msg, "scans %s, %" PRIu64 " did not answer%s%s%s",
		what, scanner->failed - scanner->refused, refused, late,
		is_withdrawn(trw, scanner) ? ": no scan after all" : "");
}

static void write_strategy(struct ww_finding *finding, const struct scanner *scanner)
{
	double span_us = (double)scanner->last_us - (double)scanner->first_us;
	struct ww_strategy *strategy = &finding->strategy;
	if (span_us > 0 && scanner->sent > 1)
		strategy->per_s = (double)(scanner->sent - 1) * 1e6 / span_us;
	if (scanner->deltas < SEQUENTIAL_DELTAS ||
		(uint64_t)scanner->deltas_one * 100 <
			(uint64_t)scanner->deltas * SEQUENTIAL_PERCENT)
		return;
	/* Against a uniform choice each +1 weighs 32 ln 2 nats: nothing is left of the doubt. */
	snprintf(strategy->name, sizeof strategy->name, "sequential");
	strategy->p = 0.99;
	strategy->start = scanner->first_dst;
}

static void write_finding(const struct ww_trw *trw, uint32_t slot, struct ww_finding *finding)
{
	const struct scanner *scanner = &trw->scanners[slot - 1];
	struct ww_distinct_counts counts = ww_distinct_count(trw->distinct, slot - 1);
	*finding = (struct ww_finding){
		.id = scanner->id,
		.kind = WW_FINDING_SCAN,
		.time_us = scanner->alarm_us,
		.src = scanner->ip,
		.proto = scanner->proto,
		.confidence = scanner->confidence,
		.n_frames = scanner->n_frames,
		.targets = counts.endpoints,
		.hosts = counts.hosts,
		.ports = counts.ports,
		.failed = scanner->failed,
		.first_contacts_to_alarm = scanner->consumed_to_alarm,
		.sent_to_alarm = scanner->sent_to_alarm,
		.threshold = trw->threshold * trw->walk.unit,
	};
	if (counts.hosts == 1)
		finding->dst = scanner->first_dst;
	finding->port = counts.ports == 1 ? scanner->first_port : main_port_of(scanner);
	memcpy(finding->frames, scanner->frames, scanner->n_frames * sizeof finding->frames[0]);
	snprintf(finding->scan, sizeof finding->scan, "%s", kind_of(&counts));
	if (is_withdrawn(trw, scanner))
		finding->confidence = fmin(scanner->confidence,
			posterior(trw, scanner->score > 0 ? (double)scanner->score : 0));
	write_message(trw, finding, scanner, &counts);
	write_strategy(finding, scanner);
}

static const char *outcome_name(uint8_t outcome)
{
	return outcome == WW_CONTACT_ANSWERED  ? "answered"
	       : outcome == WW_CONTACT_REFUSED ? "refused"
					       : "unanswered";
}

static size_t write_evidence(const struct ww_trw *trw, const struct source *source,
	const struct walk *walk, struct ww_evidence *evidence)
{
	size_t n = 0;
	for (uint8_t i = ww_trw_walk_start(walk); i < walk->n; i++, n++) {
		const struct step *step = &walk->steps[i];
		evidence[n] = (struct ww_evidence){
			.frame = step->frame,
			.time_us = step->sent_us,
			.src = source->ip,
			.dst = step->dst,
			.dport = step->port,
			.proto = source->proto,
			.score = step->score * trw->walk.unit,
		};
		snprintf(evidence[n].note, sizeof evidence[n].note, "%s",
			outcome_name(step->outcome));
	}
	return n;
}

static uint32_t tag_of(const struct ww_trw *trw, const struct ww_ip *ip, uint8_t proto)
{
	return (uint32_t)ww_hash_4(&trw->key, ww_ip_word(ip, 0), ww_ip_word(ip, 1), proto, 0);
}

/* The next slot in turn; who had it is told a last time. */
static uint32_t take_slot(struct ww_trw *trw)
{
	uint32_t slot = trw->next_scanner + 1;
	trw->next_scanner = slot % trw->n_scanners;
	struct scanner *scanner = &trw->scanners[slot - 1];
	if (scanner->proto) {
		ww_trw_scanner_update(trw, slot);
		if (scanner->source)
			trw->sources[scanner->source - 1].kind = SOURCE_COUNTED;
		ww_distinct_reset(trw->distinct, slot - 1);
		trw->counts.evicted_scanners++;
	}
	return slot;
}

uint32_t ww_trw_scanner_new(struct ww_trw *trw, const struct source *source,
	const struct walk *walk, const struct ww_contact *contact)
{
	uint32_t slot = take_slot(trw);
	struct scanner *scanner = &trw->scanners[slot - 1];
	*scanner = (struct scanner){
		.ip = source->ip,
		.proto = source->proto,
		.alarm_us = contact->judged_us,
		.first_us = contact->sent_us,
		.last_us = contact->sent_us,
		.sent = source->sent > source->consumed ? source->sent : source->consumed,
		.consumed_to_alarm = source->consumed,
		.sent_to_alarm = source->sent > source->consumed ? source->sent : source->consumed,
		.score = source->score,
		.confidence = posterior(trw, source->score),
	};
	trw->scanner_tags[slot - 1] = tag_of(trw, &source->ip, source->proto);
	keep_walk(trw, slot, walk);
	trw->counts.alarms++;
	if (!trw->sink.finding)
		return slot;
	struct ww_finding finding;
	struct ww_evidence evidence[WW_TRW_STEPS];
	write_finding(trw, slot, &finding);
	finding.is_open = true;
	finding.evidence = evidence;
	finding.n_evidence = write_evidence(trw, source, walk, evidence);
	scanner->id = trw->sink.finding(trw->sink.context, &finding);
	return slot;
}

/* Counted as failed before. Of what was sent before the walk that is kept, nothing was. */
static void take_back(struct ww_trw *trw, struct scanner *scanner, const struct ww_contact *contact)
{
	if (contact->sent_frame < scanner->first_frame || scanner->failed == scanner->refused)
		return;
	scanner->failed--;
	scanner->late++;
	scanner->score -= trw->walk.up;
	if (contact->outcome != WW_CONTACT_ANSWERED)
		return;
	scanner->answered++;
	scanner->score -= trw->walk.down;
}

static inline void keep_contact(
	struct ww_trw *trw, struct scanner *scanner, const struct ww_contact *contact)
{
	ww_distinct_add(
		trw->distinct, (uint32_t)(scanner - trw->scanners), &contact->dst, contact->port);
	if (__builtin_expect(
		    scanner->latest_frame == 0 || contact->sent_frame < scanner->latest_frame, 0))
		keep_frame(scanner, contact->sent_frame);
	if (__builtin_expect(
		    contact->sent_frame < scanner->first_frame || !scanner->first_frame, 0))
		keep_first(scanner, contact->sent_us, contact->sent_frame, &contact->dst,
			contact->port);
	if (contact->sent_us > scanner->last_us)
		scanner->last_us = contact->sent_us;
}

void ww_trw_scanner_sent(struct ww_trw *trw, uint32_t slot, const struct ww_contact *contact)
{
	struct scanner *scanner = &trw->scanners[slot - 1];
	scanner->sent++;
	scanner->quiet += contact->quiet;
	if (scanner->live_frame == 0)
		scanner->live_frame = contact->sent_frame;
	keep_delta(scanner, &contact->dst, contact->port);
	keep_contact(trw, scanner, contact);
}

bool ww_trw_scanner_is_live(const struct scanner *scanner, const struct ww_contact *contact)
{
	return scanner->live_frame && contact->sent_frame >= scanner->live_frame;
}

void ww_trw_scanner_judged(struct ww_trw *trw, uint32_t slot, const struct ww_contact *contact)
{
	struct scanner *scanner = &trw->scanners[slot - 1];
	if (contact->late) {
		ww_trw_settle(trw, scanner);
		take_back(trw, scanner, contact);
		return;
	}
	if (contact->outcome == WW_CONTACT_UNANSWERED || contact->outcome == WW_CONTACT_REFUSED)
		scanner->score += trw->walk.up;
	keep_outcome(scanner, contact->outcome);
	/* What was sent after the alarm was counted then; what was under way is not yet. */
	if (!ww_trw_scanner_is_live(scanner, contact))
		keep_contact(trw, scanner, contact);
}

void ww_trw_scanner_heard(struct ww_trw *trw, uint32_t slot, const struct ww_contact *contact)
{
	struct scanner *scanner = &trw->scanners[slot - 1];
	scanner->heard++;
	if (contact->outcome == WW_CONTACT_REFUSED)
		scanner->score += trw->walk.up;
	keep_outcome(scanner, contact->outcome);
}

void ww_trw_settle(const struct ww_trw *trw, struct scanner *scanner)
{
	/* Of what was under way the last time, something may have been heard. */
	int64_t silent = (int64_t)(scanner->quiet - scanner->heard);
	scanner->failed += (uint64_t)silent;
	scanner->score += silent * trw->walk.up;
	scanner->quiet = scanner->heard = 0;
}

void ww_trw_scanner_update(struct ww_trw *trw, uint32_t slot)
{
	ww_trw_settle(trw, &trw->scanners[slot - 1]);
	if (!trw->sink.update || trw->scanners[slot - 1].id == 0)
		return;
	struct ww_finding finding;
	write_finding(trw, slot, &finding);
	trw->sink.update(trw->sink.context, &finding);
}

uint32_t ww_trw_scanner_find(const struct ww_trw *trw, const struct ww_ip *ip, uint8_t proto)
{
	uint32_t tag = tag_of(trw, ip, proto);
	for (uint32_t i = 0; i < trw->n_scanners; i++) {
		const struct scanner *scanner = &trw->scanners[i];
		if (trw->scanner_tags[i] == tag && scanner->proto == proto &&
			ww_ip_equal(&scanner->ip, ip))
			return i + 1;
	}
	return 0;
}
