/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* What trw.c (the test) and trw-report.c (what is said of a scanner) share. */
#include "wire/detect/distinct.h"
#include "wire/detect/trw.h"

/* One step of a walk. */
struct step {
	int64_t sent_us;
	uint64_t frame; /* of the first packet */
	struct ww_ip dst;
	uint16_t port;
	uint16_t score; /* after it */
	uint8_t outcome;
};

/* The last steps of one source; steps[0] is the oldest kept. */
struct walk {
	struct step steps[WW_TRW_STEPS];
	uint32_t owner; /* index of the source + 1; 0: free */
	uint8_t n;
};

/* The first step after the last that stands at 0: where the evidence begins. */
static inline uint8_t ww_trw_walk_start(const struct walk *walk)
{
	uint8_t start = walk->n;
	while (start > 0 && walk->steps[start - 1].score > 0)
		start--;
	return start;
}

/* What a source is known as. */
enum source_kind {
	SOURCE_TESTED,  /* `slot` is its walk's, or 0 */
	SOURCE_ALARMED, /* `slot` is its scanner's, and what it sent before the alarm is under way
			 */
	SOURCE_SCANNER, /* likewise, and that is judged. Its contacts are quiet: see `quiet` */
	SOURCE_COUNTED, /* its scanner was given up for a newer one: it is counted, no more */
};

/* 32 bytes, two to a cache line. All zero: empty. */
struct source {
	struct ww_ip ip;
	uint32_t last;     /* of the last contact sent, in TICK_BITS of the trace's time */
	uint16_t sent;     /* since the score stood at 0, and those under way then */
	uint16_t pending;  /* of them not yet judged */
	uint16_t consumed; /* judged since the score stood at 0 */
	uint16_t score;
	uint16_t slot; /* 1-based */
	uint8_t proto; /* 0: the entry is empty; IPPROTO_HOPOPTS is no transport */
	uint8_t kind;  /* enum source_kind */
};
_Static_assert(sizeof(struct source) == 32, "two sources to a cache line");

/* 2^20 us are about a second. */
enum { TICK_BITS = 20 };

/*
 * What is known of one scanner. The finding is made once and kept up to date. `source` and the
 * source's `slot` name each other, or neither does.
 */
struct scanner {
	/* What every contact sent touches: two cache lines of what is many. */
	_Alignas(64) struct ww_ip ip;
	struct ww_ip last_dst;
	uint64_t sent;
	int64_t last_us;
	uint64_t latest_frame; /* the last of frames[], where it is full; else 0 */
	uint16_t last_port;
	uint16_t main_port;
	uint16_t n_frames;
	uint8_t proto; /* 0: free */

	uint64_t live_frame; /* the first packet after the alarm; 0: none yet */
	uint64_t first_frame;
	/* Deltas between the destinations of one port in the order sent. */
	uint32_t deltas, deltas_one;
	/* Majority vote (Boyer and Moore, 1981): of `votes` ports, main_port leads by `lead`. */
	uint64_t lead, votes;
	/*
	 * Quiet contacts that were sent, and those of them of which anything was heard: the
	 * others are failures that `failed` and `score` hold once ww_trw_settle was called.
	 */
	uint64_t quiet, heard;

	uint64_t failed, refused, answered;
	uint64_t frames[WW_FINDING_FRAMES];
	uint64_t id; /* of the finding */
	int64_t alarm_us, first_us;
	uint64_t consumed_to_alarm, sent_to_alarm;
	double confidence;
	int64_t score; /* of the walk, went it on without answers in time; late ones correct it */
	uint64_t late; /* contacts that were taken back */
	struct ww_ip first_dst; /* of the earliest packet kept */
	uint32_t source;        /* index + 1; 0: its entry was given up */
	uint16_t first_port;
};

struct ww_trw {
	struct ww_walk walk;
	uint32_t threshold;
	double run_length;
	struct ww_hash_key key;
	bool hears_all;
	struct ww_detect_sink sink;

	struct source *sources; /* in sources_memory, at a cache line */
	uint32_t n_sources;
	struct walk *walks;
	uint32_t n_walks, next_walk; /* next_walk: the hand of the clock */
	uint16_t *free_walks;        /* 0-based, a stack */
	uint32_t n_free_walks;
	struct scanner *scanners; /* likewise */
	uint32_t *scanner_tags;   /* hashes of their addresses, side by side for a quick search */
	uint32_t n_scanners, next_scanner;
	struct ww_distinct *distinct;
	void *sources_memory, *scanners_memory; /* owned */

	bool started;
	int64_t now_us, elapsed_us;
	/* Of all scanners: quiet contacts sent, heard of, and left undecided. */
	uint64_t quiet, heard, undecided;
	struct ww_trw_counts counts; /* without what is quiet */
};

/* Makes a scanner of the source that stands at the threshold, and says so. Returns its slot. */
uint32_t ww_trw_scanner_new(struct ww_trw *trw, const struct source *source,
	const struct walk *walk, const struct ww_contact *contact);
/* A known scanner sent a first contact. */
void ww_trw_scanner_sent(struct ww_trw *trw, uint32_t slot, const struct ww_contact *contact);
/* What became of a contact of a known scanner. */
void ww_trw_scanner_judged(struct ww_trw *trw, uint32_t slot, const struct ww_contact *contact);
/* Something was heard of a quiet contact of a known scanner. */
void ww_trw_scanner_heard(struct ww_trw *trw, uint32_t slot, const struct ww_contact *contact);
/* Counts the silence of quiet contacts; what is still under way as well. */
void ww_trw_settle(const struct ww_trw *trw, struct scanner *scanner);
/* Whether all that was under way at the alarm is judged. */
bool ww_trw_scanner_is_live(const struct scanner *scanner, const struct ww_contact *contact);
/* The final counts through sink.update. */
void ww_trw_scanner_update(struct ww_trw *trw, uint32_t slot);
/* The scanner kept for this source, or 0. Looked up at an alarm only. */
uint32_t ww_trw_scanner_find(const struct ww_trw *trw, const struct ww_ip *ip, uint8_t proto);
