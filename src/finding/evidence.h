/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The packets of a live capture, kept in a folder of classic pcap files that together are never
 * larger than was said: before the file that would go beyond it is begun, the oldest is removed.
 * With an age a file holds a sixteenth of that time at most, and is removed when its last packet is
 * that old: what a site may not keep longer is gone, also when no packet comes any more.
 * So `slice` finds the packets of a finding later, as long as they are among the last.
 *
 *   DIR/wormwood-RUN-000000000001.pcap   the number of the first frame in it, counted in its run
 *   DIR/wormwood-RUN-000000052345.pcap   RUN: when the run began, 20030812T002918824000Z
 *
 * Files of earlier runs in the folder, known by such names, count and go first, the oldest before
 * the others (their age is that of their last change); nothing else is touched. A file is made new,
 * mode 0600; one that is there is not written to.
 *
 * Memory: 64 KiB, the numbers of WW_EVIDENCE_FILES files, and the names of at most WW_EVIDENCE_OLD
 * earlier ones (with more than that in the folder, the rest waits for the next run). One thread at
 * a time.
 */
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>

enum {
	WW_EVIDENCE_SHARES = 16, /* a file holds so much of the bytes, or of the age */
	/* Most files of one run: some are ended by their size, some by their age. */
	WW_EVIDENCE_FILES = 40,
	/* So that a file, a sixteenth of it, holds the longest frame there is (320 KiB). */
	WW_EVIDENCE_LEAST = 8 << 20,
	WW_EVIDENCE_RUN_MAX = 32,
	WW_EVIDENCE_OLD = 4096,
};

struct ww_evidence_wish {
	const char *folder; /* must be there; borrowed for the call */
	uint64_t bytes;     /* of all files together, at least WW_EVIDENCE_LEAST */
	int64_t age_us;     /* no file whose last packet is older; 0: by size only */
	int64_t begun_us;   /* names the run */
	uint16_t link_type; /* of all frames */
};

struct ww_evidence_files;

/*
 * Makes nothing yet. Returns 0, -EINVAL (too few bytes), -ENOMEM, or -errno of reading the folder.
 * End with ww_evidence_close.
 */
int ww_evidence_open(const struct ww_evidence_wish *wish, struct ww_evidence_files **ret);
/*
 * Frames come in ascending numbers from 1. Returns 0, or the negative errno of making, writing or
 * removing a file; behind the first of them nothing is written any more, and it is returned again.
 */
int ww_evidence_write(struct ww_evidence_files *files, uint64_t number, int64_t time_us,
	const void *data, uint32_t captured, uint32_t length);
/*
 * It is `now_us`, on the clock of the packets: what has become too old is removed. To be called now
 * and then, whether packets come or not. Returns as ww_evidence_write.
 */
int ww_evidence_tick(struct ww_evidence_files *files, int64_t now_us);
/* Writes out what is buffered. Returns as ww_evidence_write. */
int ww_evidence_flush(struct ww_evidence_files *files);
/* "DIR/wormwood-RUN-", with which the names of all its files begin. Borrowed. */
const char *ww_evidence_prefix(const struct ww_evidence_files *files);
/* The number of the first frame that is still kept; 0: none is. */
uint64_t ww_evidence_first(const struct ww_evidence_files *files);
/* Leaves NULL; accepts a pointer to NULL. Returns 0, or the first trouble there was. */
int ww_evidence_close(struct ww_evidence_files **files);

/* The part of the names that tells the run. Returns `text`. */
const char *ww_evidence_run(int64_t begun_us, char text[WW_EVIDENCE_RUN_MAX]);
/*
 * Is `name` (without a folder) of a file that begins with `run_prefix`, "wormwood-RUN-"? Then
 * *ret_first is the number of its first frame, above 0.
 */
bool ww_evidence_name(const char *name, const char *run_prefix, uint64_t *ret_first);
