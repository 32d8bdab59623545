/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Scanning: who contacts endpoints that do not answer.
 *
 * The reflected sequential test of walk.h over the first contacts of each source, per transport
 * protocol; an endpoint is an address and a port, so sweeps, port scans and blocks of both walk
 * the same way. Jung and others (S&P 2004); reflection: Schechter and others (RAID 2004), which is
 * Page's CUSUM.
 *
 * What counts. A contact that is SENT changes no score. REFUSED and UNANSWERED step up, ANSWERED
 * steps down. They come in the order in which the contacts of a source were sent (flow.h), so a
 * client that opens fifty connections at once, of which some are dead, walks as if it had opened
 * them one after another: what the run length of walk.h assumes. An endpoint that already failed
 * within the walk kept does not count a second time. ONE_WAY does not count.
 *
 * What is `late` takes an UNANSWERED back: within the walk kept that step becomes one down (or
 * none), and the later ones are walked again. After the alarm it corrects the counts of the finding
 * and the score that the walk would have come to without answers in time; where that is below the
 * threshold at the end, the last update says 'no scan after all' and has the posterior of that
 * score for its confidence.
 *
 * Of a known scanner silence is what is expected: once all that was under way at its alarm is
 * judged, its contacts are quiet (flow.h), and those of which nothing was heard are its failures.
 *
 * The numbers of a finding of kind scan:
 *
 * - first_contacts_to_alarm: judged first contacts since the score last stood at 0, the one that
 *   raised the alarm included
 * - sent_to_alarm: first contacts sent before the alarm, judged or not, since the score last stood
 *   at 0, and those under way then
 * - targets, hosts, ports: distinct, of the walk kept at the alarm (with what was answered in the
 *   same burst, up to 60 s before) and all first contacts after it; exact to 1,536 endpoints where
 *   a table is free, else +-3.25 %
 * - failed: of those, refused or unanswered
 * - confidence: the posterior after the walk, when one source in a thousand scans (WW_TRW_PRIOR);
 *   at most 0.999
 * - frames: of the first packets, the 32 earliest
 *
 * Memory, taken at ww_trw_new, touched as it is used (defaults): 65,536 sources of 32 bytes in
 * sets of 4; eviction of the set's least score, then longest silent, scanners last. 4,096 walks of
 * 16 steps (2.7 MB), only for sources above 0; the oldest is taken away when all are in use, and
 * its source goes on with its score alone. 4,096 scanners; the oldest is given up, its last counts
 * go out as an update; what was under way then counts as failed. Each eviction is counted. A
 * contact sent takes about 65 instructions, one of a known scanner 250 more while its sketches fill
 * (callgrind, 200 scanners).
 *
 * How it is fooled: by alternating with endpoints that answer (11 answered undo 8 failed); by more
 * sources of a few contacts each; by so many sources that a slow one is evicted between contacts.
 * An adversary who spoofs another's address in SYNs can make that other a scanner: a finding of
 * kind scan is no proof of two-way contact. One thread at a time.
 */
#include "wire/detect/detect.h"
#include "wire/detect/walk.h"

/* P(a first contact fails | benign): above what networks show, so the run length is a bound. */
#define WW_TRW_FAIL_BENIGN 0.1
/* P(a first contact fails | scanner): a scanner that finds one host in five still drifts up. */
#define WW_TRW_FAIL_SCANNER 0.8
/* False alarms per first contact of a benign source. */
#define WW_TRW_FALSE_ALARMS 1e-5
/* Of the sources seen, how many scan: the prior behind `confidence`. */
#define WW_TRW_PRIOR 0.001

enum {
	WW_TRW_SOURCES = 65536,
	WW_TRW_WAYS = 4,
	WW_TRW_STEPS = 16,
	WW_TRW_WALKS = 4096,
	WW_TRW_SCANNERS = 4096,
	WW_TRW_TABLES = 256, /* exact tables of endpoints, see distinct.h */
};

struct ww_trw_config {
	double fail_benign, fail_scanner, false_alarm_rate;
	uint32_t sources;                 /* rounded up to a power of two, >= WW_TRW_WAYS */
	uint32_t walks, scanners, tables; /* 1-65,535 */
	struct ww_hash_key key;
	bool hears_all; /* no contact is quiet, see flow.h */
	struct ww_detect_sink sink;
};

struct ww_trw_counts {
	uint64_t judged, failed; /* first contacts that the test saw */
	uint64_t by_scanners;    /* of those judged, by sources that had alarmed before */
	uint64_t alarms;
	uint64_t evicted_sources;   /* with a score above 0, or scanners */
	uint64_t forgotten_sources; /* at 0, scanners not: no evidence was lost */
	uint64_t evicted_walks, evicted_scanners;
	uint64_t taken_back; /* late answers */
	double threshold;    /* nats */
	double run_length;   /* first contacts of a benign source per false alarm, exact */
	double false_alarms; /* expected, if all contacts of others than scanners were benign */
	double false_alarms_per_day; /* at this capture's rate of first contacts; NaN: under 1 s */
};

struct ww_trw;

struct ww_trw_config ww_trw_config_default(void);
/*
 * Returns 0, -EINVAL with *err (probabilities out of order, a rate that no threshold reaches,
 * sizes of 0), -ENOMEM. End with ww_trw_free.
 */
int ww_trw_new(const struct ww_trw_config *config, struct ww_trw **ret, struct ww_err *err);
void ww_trw_free(struct ww_trw **trw);
/* A contact of this source is about to come: fetches what will be looked at. No other effect. */
void ww_trw_expect(const struct ww_trw *trw, const struct ww_ip *src, uint8_t proto);
/*
 * Some packets later: most contacts by far are of scanners, once there are any, and their records
 * are fetched as well.
 */
void ww_trw_soon(const struct ww_trw *trw, const struct ww_ip *src, uint8_t proto);
/* At an alarm calls sink.finding. */
void ww_trw_contact(struct ww_trw *trw, struct ww_contact *contact);
/* Gives the last counts of every scanner to sink.update, in order of their alarms. */
void ww_trw_finish(struct ww_trw *trw);
struct ww_trw_counts ww_trw_counts(const struct ww_trw *trw);
