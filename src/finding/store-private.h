/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* The store's connection, shared by store.c (opening), store-write.c and store-read.c. */
#include "finding/store.h"

#include <sqlite3.h>

enum {
	WW_STORE_APPLICATION_ID = 0x57574f44, /* "WWOD" */
	WW_STORE_VERSION = 2, /* 1 had no batches; it is brought up when it is opened */
};

/* Prepared once, on first use; reset after each. */
enum ww_store_sql {
	WW_SQL_RUN_INSERT,
	WW_SQL_RUN_END,
	WW_SQL_RUN_BATCH,
	WW_SQL_RUN_LAST,
	WW_SQL_RUN_OF,
	WW_SQL_RUN_OLDEST_KEPT,
	WW_SQL_FINDING_INSERT,
	WW_SQL_FINDING_FIND,
	WW_SQL_FINDING_COUNT,
	WW_SQL_EVIDENCE_INSERT,
	WW_SQL_EVIDENCE_DELETE,
	WW_SQL_EVIDENCE_OF,
	WW_SQL_HOST_INSERT,
	WW_SQL_HOST_PARENT_INSERT,
	WW_SQL_HOST_STAGE_INSERT,
	WW_SQL_HOST_EACH,
	WW_SQL_HOST_PARENTS,
	WW_SQL_HOST_STAGES,
	WW_SQL_INCIDENT_INSERT,
	WW_SQL_COUNT,
};

struct ww_store {
	sqlite3 *db;
	sqlite3_stmt *statements[WW_SQL_COUNT];
	bool in_run;
	int saved;          /* sqlite3_total_changes at the last save of the run */
	int64_t run;        /* the one being written */
	uint64_t findings;  /* of it: the greatest id so far, kept or not */
	uint64_t hosts;     /* of it: written so far */
	char *input, *version, *summary; /* of ww_store_last_run */
};

/* The statement, ready to be bound; NULL when SQLite refused it. End with sqlite3_reset. */
sqlite3_stmt *ww_store_prepare(struct ww_store *store, enum ww_store_sql which);
/* Runs a bound statement that gives no rows. Returns 0 or -EIO. */
int ww_store_step(sqlite3_stmt *statement);
/* Runs SQL of ours without parameters. Returns 0 or -EIO. */
int ww_store_exec(struct ww_store *store, const char *sql);
