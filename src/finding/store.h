/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The store: one SQLite file that remembers the last runs of `watch`, so that `explain`, `slice`
 * and later commands can answer from it.
 *
 * application_id 0x57574f44 ("WWOD") and user_version mark it; another file is refused, never
 * written to. A run is one transaction, so a killed watch leaves the runs before it. The runs of one
 * command are a batch, through which the numbers of findings run on. The newest WW_STORE_RUNS
 * batches are kept, of each the findings up to number WW_STORE_FINDINGS; the rest is counted.
 */
#include "finding/finding.h"
#include "base/err.h"

enum { WW_STORE_RUNS = 20, WW_STORE_FINDINGS = 100000 };

struct ww_store;

/* What a run looked at, to find the capture again. */
struct ww_run {
	int64_t id;          /* filled by the store */
	int64_t batch;       /* id of the first run of the same command; 0: this is the first */
	uint64_t before;     /* findings of the runs before it in the batch: numbers begin behind */
	const char *input;   /* absolute path, or "-" */
	uint64_t input_size; /* bytes, 0 for standard input */
	int64_t input_mtime_us;
	const char *version; /* of the program */
	const char *summary; /* the JSON of the summary; NULL until the end */
};

/*
 * Opens (and makes, mode 0600, when `create`) the store. ":memory:" is allowed. *err is filled with
 * every failure. Returns 0; -ENOENT when it does not exist (or is empty) and is not to be made;
 * -EINVAL when the file is something else or of another version; -EIO with SQLite's words;
 * -EACCES and other errnos of open; folders are not made. End with ww_store_close.
 */
int ww_store_open(const char *path, bool create, struct ww_store **ret, struct ww_err *err);
void ww_store_close(struct ww_store **store);

/* All return 0 or -EIO (-ENOENT for what is not there); ww_store_error has SQLite's words. */
/* Fills run->id and run->batch. From here to the commit another writer waits 5 s, then fails; readers do not. */
int ww_store_begin(struct ww_store *store, struct ww_run *run);
/* The same id again replaces what was there (a scan that went on); its evidence only when the new
 * one has some. */
int ww_store_finding(struct ww_store *store, const struct ww_finding *finding);
int ww_store_host(struct ww_store *store, const struct ww_host *host);
int ww_store_incident(struct ww_store *store, const struct ww_incident *incident);
/*
 * Makes what was given so far last, in the midst of a run that may go on for weeks; cheap when
 * nothing was. Until the commit the run has no summary. Lets other writers in.
 */
int ww_store_save(struct ww_store *store);
int ww_store_commit(struct ww_store *store, const char *summary_json);
const char *ww_store_error(const struct ww_store *store);

/* The newest run; its strings are borrowed until the next call on the store. */
int ww_store_last_run(struct ww_store *store, struct ww_run *ret);
/* The run of the batch that has finding `id`; strings as above. */
int ww_store_run_of(struct ww_store *store, int64_t batch, uint64_t id, struct ww_run *ret);
/*
 * Finding `id` of run `run`. ret->evidence is allocated: free with ww_store_finding_done.
 */
int ww_store_find(struct ww_store *store, int64_t run, uint64_t id, struct ww_finding *ret);
void ww_store_finding_done(struct ww_finding *finding);
/* The greatest number of a finding in the batch up to this run; those not kept are counted. */
int ww_store_count(struct ww_store *store, int64_t run, uint64_t *ret);
/* Calls `each` for every host of the run, in order of infection; a non-zero answer stops. */
int ww_store_each_host(struct ww_store *store, int64_t run,
	int (*each)(void *context, const struct ww_host *host), void *context);
