// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/lines.h"
#include "wire/detect/detectors.h"
#include "wire/detect/trw-private.h"

#include <math.h>
#include <stdlib.h>

/* So many contacts under way at once may be a scan whose first answers are not to be forgotten. */
enum { BURST = 4 };

struct ww_trw_config ww_trw_config_default(void)
{
	return (struct ww_trw_config){
		.fail_benign = WW_TRW_FAIL_BENIGN,
		.fail_scanner = WW_TRW_FAIL_SCANNER,
		.false_alarm_rate = WW_TRW_FALSE_ALARMS,
		.sources = WW_TRW_SOURCES,
		.walks = WW_TRW_WALKS,
		.scanners = WW_TRW_SCANNERS,
		.tables = WW_TRW_TABLES,
		.key = ww_hash_key_fixed(0),
	};
}

static int check(const struct ww_trw_config *config, struct ww_err *err)
{
	if (!(config->fail_benign > 0 && config->fail_benign < config->fail_scanner &&
		    config->fail_scanner < 1))
		return ww_fail(err, WW_NOWHERE, -EINVAL,
			"the scan test needs 0 < P(fail|benign) < P(fail|scanner) < 1");
	if (config->sources == 0 || config->sources > 1u << 26 || config->walks == 0 ||
		config->walks > UINT16_MAX || config->scanners == 0 ||
		config->scanners > UINT16_MAX || config->tables == 0 || config->tables > UINT16_MAX)
		return ww_fail(
			err, WW_NOWHERE, -EINVAL, "a table of the scan test is out of range");
	return 0;
}

static int solve(struct ww_trw *trw, const struct ww_trw_config *config, struct ww_err *err)
{
	trw->walk = ww_walk_between(config->fail_benign, config->fail_scanner);
	int r = ww_walk_threshold(
		&trw->walk, config->fail_benign, config->false_alarm_rate, &trw->threshold);
	if (r == -EINVAL)
		return ww_fail(err, WW_NOWHERE, r, "no threshold gives %g false alarms a contact",
			config->false_alarm_rate);
	if (r == 0)
		r = ww_walk_run_length(
			&trw->walk, trw->threshold, config->fail_benign, &trw->run_length);
	return r;
}

int ww_trw_new(const struct ww_trw_config *config, struct ww_trw **ret, struct ww_err *err)
{
	int r = check(config, err);
	if (r < 0)
		return r;
	struct ww_trw *trw = calloc(1, sizeof *trw);
	if (!trw)
		return -ENOMEM;
	trw->key = config->key;
	trw->hears_all = config->hears_all;
	trw->sink = config->sink;
	trw->n_sources = WW_TRW_WAYS;
	while (trw->n_sources < config->sources)
		trw->n_sources *= 2;
	trw->n_walks = config->walks;
	trw->n_scanners = config->scanners;
	r = solve(trw, config, err);
	if (r == 0)
		r = ww_distinct_new(config->key, trw->n_scanners, config->tables, &trw->distinct);
	if (r == 0) {
		trw->sources =
			ww_lines_new(trw->n_sources * sizeof *trw->sources, &trw->sources_memory);
		trw->walks = calloc(trw->n_walks, sizeof *trw->walks);
		trw->scanners = ww_lines_new(
			trw->n_scanners * sizeof *trw->scanners, &trw->scanners_memory);
		trw->scanner_tags = calloc(trw->n_scanners, sizeof *trw->scanner_tags);
		trw->free_walks = calloc(trw->n_walks, sizeof *trw->free_walks);
		if (!trw->sources || !trw->walks || !trw->scanners || !trw->scanner_tags ||
			!trw->free_walks)
			r = -ENOMEM;
	}
	if (r < 0) {
		ww_trw_free(&trw);
		return r;
	}
	while (trw->n_free_walks < trw->n_walks) {
		uint32_t n = trw->n_free_walks++;
		trw->free_walks[n] = (uint16_t)(trw->n_walks - 1 - n);
	}
	*ret = trw;
	return 0;
}

void ww_trw_free(struct ww_trw **trw)
{
	if (!*trw)
		return;
	ww_distinct_free(&(*trw)->distinct);
	free((*trw)->sources_memory);
	free((*trw)->walks);
	free((*trw)->scanners_memory);
	free((*trw)->scanner_tags);
	free((*trw)->free_walks);
	free(*trw);
	*trw = NULL;
}

static struct walk *walk_of(struct ww_trw *trw, const struct source *source)
{
	return source->kind != SOURCE_TESTED || source->slot == 0 ? NULL
								  : &trw->walks[source->slot - 1];
}

static void walk_release(struct ww_trw *trw, struct source *source)
{
	struct walk *walk = walk_of(trw, source);
	if (!walk)
		return;
	walk->owner = 0;
	walk->n = 0;
	trw->free_walks[trw->n_free_walks++] = (uint16_t)(source->slot - 1);
	source->slot = 0;
}

/*
 * A free walk; when all are in use one near the clock's hand, rather of a source that stands at 0,
 * else the one that was taken longest ago.
 */
static struct walk *walk_take(struct ww_trw *trw, struct source *source)
{
	enum { LOOK = 16 };
	uint32_t pick = trw->next_walk;
	if (trw->n_free_walks) {
		pick = trw->free_walks[--trw->n_free_walks];
	} else {
		for (uint32_t i = 0; i < LOOK; i++) {
			uint32_t at = (trw->next_walk + i) % trw->n_walks;
			if (trw->sources[trw->walks[at].owner - 1].score > 0)
				continue;
			pick = at;
			break;
		}
		trw->next_walk = (pick + 1) % trw->n_walks;
	}
	struct walk *walk = &trw->walks[pick];
	if (walk->owner) {
		struct source *loser = &trw->sources[walk->owner - 1];
		loser->slot = 0;
		trw->counts.evicted_walks += loser->score > 0;
	}
	walk->n = 0;
	walk->owner = (uint32_t)(source - trw->sources) + 1;
	source->slot = (uint16_t)(pick + 1);
	return walk;
}

/* True when `a` is the better one to give up. */
static bool gives_way(const struct source *a, const struct source *b)
{
	if (!a->kind != !b->kind)
		return b->kind != SOURCE_TESTED;
	if (!a->kind && a->score != b->score)
		return a->score < b->score;
	return a->last < b->last;
}

static inline bool has_scanner(const struct source *source)
{
	return source->kind == SOURCE_SCANNER || source->kind == SOURCE_ALARMED;
}

static void evict(struct ww_trw *trw, struct source *source)
{
	if (source->kind != SOURCE_TESTED || source->score > 0)
		trw->counts.evicted_sources++;
	else
		trw->counts.forgotten_sources++;
	walk_release(trw, source);
	if (has_scanner(source))
		trw->scanners[source->slot - 1].source = 0;
}

/* The way to use for a newcomer: a free one, else the one to give up. */
static struct source *choose_way(struct source *set)
{
	struct source *victim = set;
	for (struct source *way = set; way < set + WW_TRW_WAYS; way++)
		if (victim->proto && (!way->proto || gives_way(way, victim)))
			victim = way;
	return victim;
}

static inline struct source *set_of(const struct ww_trw *trw, const struct ww_ip *ip, uint8_t proto)
{
	uint64_t hash = ww_hash_mum(ww_ip_word(ip, 0) ^ trw->key.k[0] ^ (uint64_t)proto << 56,
		ww_ip_word(ip, 1) ^ trw->key.k[1]);
	return trw->sources + (hash & (trw->n_sources / WW_TRW_WAYS - 1)) * WW_TRW_WAYS;
}

void ww_trw_expect(const struct ww_trw *trw, const struct ww_ip *src, uint8_t proto)
{
	_Static_assert(WW_TRW_WAYS * sizeof(struct source) <= 128, "a set is two lines at most");
	const struct source *set = set_of(trw, src, proto);
	__builtin_prefetch(set, 1);
	__builtin_prefetch(set + 2, 1);
}

void ww_trw_soon(const struct ww_trw *trw, const struct ww_ip *src, uint8_t proto)
{
	const struct source *first = set_of(trw, src, proto);
	if (first->kind != SOURCE_SCANNER)
		return;
	__builtin_prefetch(&trw->scanners[first->slot - 1].ip, 1);
	__builtin_prefetch(&trw->scanners[first->slot - 1].live_frame, 1);
	ww_distinct_expect(trw->distinct, first->slot - 1u);
}

/* Inlined, what is rare would cost each contact the saving of registers. */
#define RARE __attribute__((noinline, cold)) static

RARE struct source *make(
	struct ww_trw *trw, struct source *set, const struct ww_ip *ip, uint8_t proto)
{
	struct source *victim = choose_way(set);
	if (victim->proto)
		evict(trw, victim);
	*victim = (struct source){.ip = *ip, .proto = proto};
	return victim;
}

static inline struct source *find_or_make(struct ww_trw *trw, const struct ww_ip *ip, uint8_t proto)
{
	struct source *set = set_of(trw, ip, proto);
	for (int way = 0; way < WW_TRW_WAYS; way++)
		if (ww_ip_word(&set[way].ip, 1) == ww_ip_word(ip, 1) && set[way].proto == proto &&
			ww_ip_word(&set[way].ip, 0) == ww_ip_word(ip, 0))
			return &set[way];
	return make(trw, set, ip, proto);
}

static uint16_t add_sat(uint16_t a, uint16_t b)
{
	return a > UINT16_MAX - b ? UINT16_MAX : (uint16_t)(a + b);
}

/*
 * The source stands at 0: what it did before is no evidence any more. While others of its contacts
 * are under way the walk is kept, for the count of targets: a port scan begins with the ports that
 * answer, since answers come sooner than silence.
 */
static void stand_at_zero(struct ww_trw *trw, struct source *source)
{
	if (source->pending == 0)
		walk_release(trw, source);
	source->score = 0;
	source->consumed = 0;
	source->sent = source->pending;
}

static void walk_push(struct ww_trw *trw, struct source *source, const struct ww_contact *contact)
{
	struct walk *walk = walk_of(trw, source);
	if (!walk)
		walk = walk_take(trw, source);
	if (walk->n == WW_TRW_STEPS) {
		memmove(walk->steps, walk->steps + 1, sizeof walk->steps - sizeof walk->steps[0]);
		walk->n--;
	}
	walk->steps[walk->n++] = (struct step){
		.sent_us = contact->sent_us,
		.frame = contact->sent_frame,
		.dst = contact->dst,
		.port = contact->port,
		.score = source->score,
		.outcome = contact->outcome,
	};
}

static struct step *walk_find(struct walk *walk, const struct ww_contact *contact)
{
	for (int i = 0; walk && i < walk->n; i++) {
		struct step *step = &walk->steps[i];
		if (step->port == contact->port && ww_ip_equal(&step->dst, &contact->dst))
			return step;
	}
	return NULL;
}

static uint16_t score_after(const struct ww_trw *trw, uint16_t score, uint8_t outcome)
{
	if (outcome == WW_CONTACT_ONE_WAY)
		return score;
	return (uint16_t)(outcome == WW_CONTACT_ANSWERED ? ww_walk_answer(&trw->walk, score)
							 : ww_walk_fail(&trw->walk, score));
}

/*
 * The contact was taken for unanswered and then answered: its step down instead of up (none for
 * what goes one way), and all steps after it again. Where the walk touches 0, it begins anew.
 */
static void take_back(struct ww_trw *trw, struct source *source, struct step *step, uint8_t outcome)
{
	struct walk *walk = walk_of(trw, source);
	uint16_t score = step->score > trw->walk.up ? (uint16_t)(step->score - trw->walk.up) : 0;
	uint8_t first = (uint8_t)(step - walk->steps);
	bool touched = false;
	step->outcome = outcome;
	for (uint8_t i = first; i < walk->n; i++) {
		score = score_after(trw, score, walk->steps[i].outcome);
		walk->steps[i].score = score;
		touched = touched || score == 0;
	}
	source->score = score;
	if (score == 0) {
		stand_at_zero(trw, source);
	} else if (touched) {
		source->consumed = (uint16_t)(walk->n - ww_trw_walk_start(walk));
		source->sent = add_sat(source->consumed, source->pending);
	}
}

static void alarm(struct ww_trw *trw, struct source *source, const struct ww_contact *contact)
{
	uint32_t slot = ww_trw_scanner_find(trw, &source->ip, source->proto);
	if (slot)
		ww_trw_scanner_judged(trw, slot, contact);
	else
		slot = ww_trw_scanner_new(trw, source, walk_of(trw, source), contact);
	walk_release(trw, source);
	source->kind = SOURCE_ALARMED;
	source->slot = (uint16_t)slot;
	trw->scanners[slot - 1].source = (uint32_t)(source - trw->sources) + 1;
}

RARE void judge_failed(struct ww_trw *trw, struct source *source, const struct ww_contact *contact)
{
	struct step *before = walk_find(walk_of(trw, source), contact);
	if (before && before->outcome != WW_CONTACT_ANSWERED &&
		before >= walk_of(trw, source)->steps + ww_trw_walk_start(walk_of(trw, source)))
		return;
	source->score = (uint16_t)ww_walk_fail(&trw->walk, source->score);
	source->consumed = add_sat(source->consumed, 1);
	walk_push(trw, source, contact);
	if (source->score >= trw->threshold)
		alarm(trw, source, contact);
}

RARE void judge_answered(
	struct ww_trw *trw, struct source *source, const struct ww_contact *contact)
{
	if (source->score == 0) {
		source->sent = source->pending;
		if (source->pending >= BURST && (source->slot || trw->n_free_walks))
			walk_push(trw, source, contact);
		return;
	}
	struct step *step = walk_find(walk_of(trw, source), contact);
	if (step)
		return;
	source->score = (uint16_t)ww_walk_answer(&trw->walk, source->score);
	source->consumed = add_sat(source->consumed, 1);
	walk_push(trw, source, contact);
	if (source->score == 0)
		stand_at_zero(trw, source);
}

RARE void judge_late(struct ww_trw *trw, struct source *source, const struct ww_contact *contact)
{
	struct step *step = walk_find(walk_of(trw, source), contact);
	if (step && step->outcome == WW_CONTACT_UNANSWERED)
		take_back(trw, source, step, contact->outcome);
}

/*
 * The trace's own clock, moved by what is sent: steps back of seconds move nothing, and larger ones
 * count nothing; steps ahead count at most five minutes, so that one bad timestamp neither ages the
 * table nor spoils the rates.
 */
static inline void keep_time(struct ww_trw *trw, int64_t now_us)
{
	static const uint64_t ahead_max_us = 300 * UINT64_C(1000000);
	static const uint64_t back_max_us = 10 * UINT64_C(1000000);
	/* Unsigned: hostile times may lie further apart than an int64_t can say. */
	uint64_t step_us = (uint64_t)now_us - (uint64_t)trw->now_us;
	if (__builtin_expect(trw->started && now_us >= trw->now_us, 1)) {
		trw->elapsed_us += (int64_t)(step_us > ahead_max_us ? ahead_max_us : step_us);
		trw->now_us = now_us;
	} else if (!trw->started || -step_us > back_max_us) {
		trw->started = true;
		trw->now_us = now_us;
	}
}

RARE void take_late(struct ww_trw *trw, struct source *source, const struct ww_contact *contact)
{
	trw->counts.taken_back++;
	if (contact->quiet)
		trw->heard++;
	else
		trw->counts.failed -= trw->counts.failed > 0;
	if (source->kind == SOURCE_TESTED)
		judge_late(trw, source, contact);
	else if (has_scanner(source))
		ww_trw_scanner_judged(trw, source->slot, contact);
}

RARE void judge_scanner(struct ww_trw *trw, struct source *source, const struct ww_contact *contact)
{
	struct scanner *scanner = &trw->scanners[source->slot - 1];
	ww_trw_scanner_judged(trw, source->slot, contact);
	if (source->kind == SOURCE_ALARMED && ww_trw_scanner_is_live(scanner, contact))
		source->kind = SOURCE_SCANNER;
}

RARE void judge_tested(
	struct ww_trw *trw, struct source *source, const struct ww_contact *contact, bool failed)
{
	source->pending -= source->pending > 0;
	if (failed)
		judge_failed(trw, source, contact);
	else if (contact->outcome == WW_CONTACT_ANSWERED)
		judge_answered(trw, source, contact);
}

static void sent(void *state, struct ww_contact *contact)
{
	struct ww_trw *trw = state;
	keep_time(trw, contact->sent_us);
	struct source *source = find_or_make(trw, &contact->src, contact->proto);
	source->last = (uint32_t)(trw->elapsed_us >> TICK_BITS);
	if (has_scanner(source)) {
		contact->quiet = source->kind == SOURCE_SCANNER && !trw->hears_all;
		trw->quiet += contact->quiet;
		ww_trw_scanner_sent(trw, source->slot, contact);
	} else if (source->kind == SOURCE_TESTED) {
		source->sent = add_sat(source->sent, 1);
		source->pending = add_sat(source->pending, 1);
	}
}

RARE void hear(struct ww_trw *trw, struct source *source, const struct ww_contact *contact)
{
	trw->heard++;
	trw->counts.failed += contact->outcome == WW_CONTACT_REFUSED;
	trw->undecided += contact->outcome == WW_CONTACT_UNDECIDED;
	/* The source may have been given up meanwhile, and its record. */
	uint32_t slot = has_scanner(source)
				? source->slot
				: ww_trw_scanner_find(trw, &contact->src, contact->proto);
	if (slot)
		ww_trw_scanner_heard(trw, slot, contact);
}

static void judged(void *state, struct ww_contact *contact)
{
	struct ww_trw *trw = state;
	struct source *source = find_or_make(trw, &contact->src, contact->proto);
	bool failed =
		contact->outcome == WW_CONTACT_REFUSED || contact->outcome == WW_CONTACT_UNANSWERED;
	if (contact->late || contact->quiet) {
		if (contact->late)
			take_late(trw, source, contact);
		else
			hear(trw, source, contact);
		return;
	}
	trw->counts.judged++;
	trw->counts.by_scanners += source->kind != SOURCE_TESTED;
	trw->counts.failed += failed;
	if (source->kind == SOURCE_TESTED)
		judge_tested(trw, source, contact, failed);
	else if (has_scanner(source))
		judge_scanner(trw, source, contact);
}

void ww_trw_contact(struct ww_trw *trw, struct ww_contact *contact)
{
	uint8_t outcome = contact->outcome;
	ww_contact_fn *take = outcome < WW_CONTACT_COUNT ? ww_detector_trw.contact[outcome] : NULL;
	if (contact->proto != 0 && take)
		take(trw, contact);
}

void ww_trw_finish(struct ww_trw *trw)
{
	/* Slots are given out in turn: beginning at the hand, they are in order of their alarms. */
	for (uint32_t i = 0; i < trw->n_scanners; i++) {
		uint32_t slot = (trw->next_scanner + i) % trw->n_scanners + 1;
		if (trw->scanners[slot - 1].proto)
			ww_trw_scanner_update(trw, slot);
	}
}

struct ww_trw_counts ww_trw_counts(const struct ww_trw *trw)
{
	struct ww_trw_counts counts = trw->counts;
	counts.judged += trw->quiet - trw->undecided;
	counts.by_scanners += trw->quiet - trw->undecided;
	counts.failed += trw->quiet - trw->heard;
	counts.threshold = trw->threshold * trw->walk.unit;
	counts.run_length = trw->run_length;
	counts.false_alarms = (double)(counts.judged - counts.by_scanners) / trw->run_length;
	counts.false_alarms_per_day =
		trw->elapsed_us >= 1000000 ? counts.false_alarms * 86400e6 / (double)trw->elapsed_us
					   : NAN;
	return counts;
}

static int detector_init(
	const struct ww_detect_config *config, void **ret_state, struct ww_err *err)
{
	struct ww_trw_config own = ww_trw_config_default();
	if (config->false_alarm_rate > 0)
		own.false_alarm_rate = config->false_alarm_rate;
	own.key = config->key;
	own.hears_all = config->hears_all;
	own.sink = config->sink;
	struct ww_trw *trw = NULL;
	int r = ww_trw_new(&own, &trw, err);
	*ret_state = trw;
	return r;
}

static void detector_done(void **state)
{
	struct ww_trw *trw = *state;
	ww_trw_free(&trw);
	*state = NULL;
}

static void detector_expect(
	void *state, const struct ww_ip *src, const struct ww_ip *dst, uint16_t port, uint8_t proto)
{
	ww_trw_expect(state, src, proto);
}

static void detector_soon(void *state, const struct ww_ip *src, const struct ww_ip *dst,
	uint16_t port, uint8_t proto)
{
	ww_trw_soon(state, src, proto);
}

static int detector_finish(void *state)
{
	ww_trw_finish(state);
	return 0;
}

static void detector_count(const void *state, struct ww_detect_counts *counts)
{
	struct ww_trw_counts own = ww_trw_counts(state);
	counts->contacts = own.judged;
	counts->failed_contacts = own.failed;
	counts->scanners = own.alarms;
	counts->scan_threshold = own.threshold;
	counts->scan_run_length = own.run_length;
	counts->false_alarms = own.false_alarms;
	counts->false_alarms_per_day = own.false_alarms_per_day;
	counts->evicted += own.evicted_sources + own.evicted_scanners;
}

const struct ww_detector ww_detector_trw = {
	.name = "trw",
	.detects = "hosts that contact addresses or ports which do not answer: horizontal, "
		   "vertical and block scans of any port",
	.method = "a sequential likelihood-ratio test on first contacts, reflected at 0; the "
		  "threshold follows from the accepted rate of false alarms by solving for the "
		  "exact mean run length",
	.paper = "Jung, Paxson, Berger, Balakrishnan: Fast portscan detection using sequential "
		 "hypothesis testing, IEEE S&P 2004; Schechter, Jung, Berger, RAID 2004",
	.limits = "A scanner that mixes in endpoints which answer (11 answers undo 8 failures), or "
		  "spreads its contacts over many sources, stays below the threshold. A forged "
		  "source address in a SYN accuses another host.",
	.state_bytes = WW_TRW_SOURCES * sizeof(struct source) + WW_TRW_WALKS * sizeof(struct walk) +
		       WW_TRW_SCANNERS * (sizeof(struct scanner) + 3 * WW_DISTINCT_REGISTERS) +
		       WW_TRW_TABLES * WW_DISTINCT_SLOTS * sizeof(uint64_t),
	.init = detector_init,
	.done = detector_done,
	.contact = {[WW_CONTACT_SENT] = sent,
		[WW_CONTACT_ANSWERED] = judged,
		[WW_CONTACT_REFUSED] = judged,
		[WW_CONTACT_UNANSWERED] = judged,
		[WW_CONTACT_ONE_WAY] = judged,
		[WW_CONTACT_UNDECIDED] = judged},
	.expect = {[WW_CONTACT_SENT] = detector_expect},
	.soon = {[WW_CONTACT_SENT] = detector_soon},
	.finish = detector_finish,
	.count = detector_count,
};
