// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Opening the store. What is in the file is looked at before SQLite gets it, because SQLite may
 * write while it opens (a journal left by a crash), and a file that is not ours is never written
 * to. WAL, so that `explain` can read while a `watch` writes; synchronous=NORMAL loses at most the
 * last run in a power cut, and nothing when the program is killed.
 */
#include "finding/store-private.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADER = 100, USER_VERSION_AT = 60, APPLICATION_ID_AT = 68, BUSY_MS = 5000 };

static const char schema[] =
	"CREATE TABLE run(id INTEGER PRIMARY KEY AUTOINCREMENT, input TEXT NOT NULL,"
	" input_size INTEGER NOT NULL, input_mtime_us INTEGER NOT NULL, version TEXT NOT NULL,"
	" summary TEXT, findings INTEGER NOT NULL DEFAULT 0, batch INTEGER NOT NULL DEFAULT 0)"
	" STRICT;"
	"CREATE TABLE finding(run INTEGER NOT NULL, id INTEGER NOT NULL, kind INTEGER NOT NULL,"
	" time_us INTEGER NOT NULL, src TEXT, dst TEXT, proto INTEGER NOT NULL,"
	" port INTEGER NOT NULL, sid INTEGER NOT NULL, gid INTEGER NOT NULL, msg TEXT NOT NULL,"
	" advisory TEXT NOT NULL, stage TEXT NOT NULL, why_file TEXT NOT NULL,"
	" why_line INTEGER NOT NULL, confidence REAL, frames TEXT NOT NULL, flow TEXT NOT NULL,"
	" scan TEXT NOT NULL, targets INTEGER NOT NULL, hosts INTEGER NOT NULL,"
	" ports INTEGER NOT NULL, failed INTEGER NOT NULL, contacts_to_alarm INTEGER NOT NULL,"
	" sent_to_alarm INTEGER NOT NULL, threshold REAL, strategy TEXT NOT NULL, strategy_p REAL,"
	" strategy_start TEXT, strategy_per_s REAL, PRIMARY KEY(run, id)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE evidence(run INTEGER NOT NULL, finding INTEGER NOT NULL,"
	" step INTEGER NOT NULL, frame INTEGER NOT NULL, time_us INTEGER NOT NULL, src TEXT,"
	" dst TEXT, sport INTEGER NOT NULL, dport INTEGER NOT NULL, proto INTEGER NOT NULL,"
	" byte_offset INTEGER NOT NULL, bytes BLOB NOT NULL, note TEXT NOT NULL, score REAL,"
	" file TEXT NOT NULL, line INTEGER NOT NULL, col INTEGER NOT NULL,"
	" PRIMARY KEY(run, finding, step)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE host(run INTEGER NOT NULL, n INTEGER NOT NULL, ip TEXT NOT NULL, state TEXT,"
	" infected INTEGER NOT NULL, suspected INTEGER NOT NULL, advisory TEXT NOT NULL,"
	" infected_us INTEGER NOT NULL, generation INTEGER NOT NULL, incident INTEGER NOT NULL,"
	" confidence REAL, PRIMARY KEY(run, n)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE host_parent(run INTEGER NOT NULL, n INTEGER NOT NULL, rank INTEGER NOT NULL,"
	" ip TEXT NOT NULL, p REAL, PRIMARY KEY(run, n, rank)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE host_stage(run INTEGER NOT NULL, n INTEGER NOT NULL, step INTEGER NOT NULL,"
	" stage TEXT NOT NULL, time_us INTEGER NOT NULL, finding INTEGER NOT NULL,"
	" PRIMARY KEY(run, n, step)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE incident(run INTEGER NOT NULL, id INTEGER NOT NULL, advisory TEXT NOT NULL,"
	" title TEXT NOT NULL, scanners INTEGER NOT NULL, infected INTEGER NOT NULL,"
	" suspected INTEGER NOT NULL, attempted INTEGER NOT NULL, patient_zero TEXT,"
	" patient_zero_p REAL, generations INTEGER NOT NULL, doubling_s REAL, r_mean REAL,"
	" r_low REAL, r_high REAL, first_us INTEGER NOT NULL, last_us INTEGER NOT NULL,"
	" findings TEXT NOT NULL, PRIMARY KEY(run, id)) STRICT, WITHOUT ROWID;";

static const char *const texts[WW_SQL_COUNT] = {
	[WW_SQL_RUN_INSERT] = "INSERT INTO run(input, input_size, input_mtime_us, version)"
			      " VALUES(?, ?, ?, ?)",
	[WW_SQL_RUN_BATCH] = "UPDATE run SET batch = ?2 WHERE id = ?1",
	[WW_SQL_RUN_END] = "UPDATE run SET summary = ?2, findings = ?3 WHERE id = ?1",
	[WW_SQL_RUN_LAST] = "SELECT id, batch, input, input_size, input_mtime_us, version, summary"
			    " FROM run ORDER BY id DESC LIMIT 1",
	[WW_SQL_RUN_OF] = "SELECT id, batch, input, input_size, input_mtime_us, version, summary"
			  " FROM run WHERE batch = ? AND findings >= ? ORDER BY id LIMIT 1",
	[WW_SQL_RUN_OLDEST_KEPT] = "SELECT max(id) FROM run WHERE batch = (SELECT DISTINCT batch"
				   " FROM run ORDER BY batch DESC LIMIT 1 OFFSET ?)",
	[WW_SQL_FINDING_INSERT] = "INSERT OR REPLACE INTO finding VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?,"
				  " ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[WW_SQL_FINDING_FIND] = "SELECT * FROM finding WHERE run = ? AND id = ?",
	[WW_SQL_FINDING_COUNT] = "SELECT findings FROM run WHERE id = ?",
	[WW_SQL_EVIDENCE_INSERT] = "INSERT INTO evidence VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
				   " ?, ?, ?, ?, ?, ?)",
	[WW_SQL_EVIDENCE_DELETE] = "DELETE FROM evidence WHERE run = ? AND finding = ?",
	[WW_SQL_EVIDENCE_OF] = "SELECT * FROM evidence WHERE run = ? AND finding = ?"
			       " ORDER BY step LIMIT ?",
	[WW_SQL_HOST_INSERT] = "INSERT INTO host VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[WW_SQL_HOST_PARENT_INSERT] = "INSERT INTO host_parent VALUES(?, ?, ?, ?, ?)",
	[WW_SQL_HOST_STAGE_INSERT] = "INSERT INTO host_stage VALUES(?, ?, ?, ?, ?, ?)",
	[WW_SQL_HOST_EACH] = "SELECT * FROM host WHERE run = ?"
			     " ORDER BY infected = 0 AND suspected = 0, infected_us, n",
	[WW_SQL_HOST_PARENTS] = "SELECT rank, ip, p FROM host_parent WHERE run = ? AND n = ?"
				" ORDER BY rank LIMIT ?",
	[WW_SQL_HOST_STAGES] = "SELECT stage, time_us, finding FROM host_stage"
			       " WHERE run = ? AND n = ? ORDER BY step LIMIT ?",
	[WW_SQL_INCIDENT_INSERT] = "INSERT INTO incident VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
				   " ?, ?, ?, ?, ?, ?, ?)",
};

sqlite3_stmt *ww_store_prepare(struct ww_store *store, enum ww_store_sql which)
{
	sqlite3_stmt **slot = &store->statements[which];
	if (!*slot)
		sqlite3_prepare_v3(
			store->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT, slot, NULL);
	return *slot;
}

int ww_store_step(sqlite3_stmt *statement)
{
	int status = sqlite3_step(statement);
	int reset = sqlite3_reset(statement);
	sqlite3_clear_bindings(statement); /* they may be borrowed */
	return status == SQLITE_DONE && reset == SQLITE_OK ? 0 : -EIO;
}

int ww_store_exec(struct ww_store *store, const char *sql)
{
	return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : -EIO;
}

const char *ww_store_error(const struct ww_store *store)
{
	return sqlite3_errmsg(store->db);
}

static uint32_t be32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

enum file_is { FILE_MISSING, FILE_EMPTY, FILE_OLD, FILE_OURS };

/* Looks at the first page (sqlite.org/fileformat2.html, section 1.3) without SQLite. */
static int look(const char *path, enum file_is *ret, struct ww_err *err)
{
	uint8_t header[HEADER];
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT) {
		*ret = FILE_MISSING;
		return 0;
	}
	if (fd < 0) {
		int status = -errno;
		return ww_fail(err, WW_NOWHERE, status, "the store cannot be opened: %s",
			strerror(-status));
	}
	bool is_file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	ssize_t n = is_file ? pread(fd, header, sizeof(header), 0) : 0;
	close(fd);
	if (!is_file)
		return ww_fail(err, WW_NOWHERE, -EINVAL, "this is not a file, so not a store");
	if (n < 0)
		return ww_fail(err, WW_NOWHERE, -EIO, "the store cannot be read");
	*ret = FILE_EMPTY;
	if (n == 0)
		return 0;
	if (n < HEADER || memcmp(header, "SQLite format 3", 16) != 0)
		return ww_fail(err, WW_NOWHERE, -EINVAL,
			"this is not a store of wormwood but some other file; nothing was written "
			"to it");
	if (be32(header + APPLICATION_ID_AT) != WW_STORE_APPLICATION_ID)
		return ww_fail(err, WW_NOWHERE, -EINVAL,
			"this is an SQLite file of another program; nothing was written to it");
	*ret = FILE_OLD;
	if (be32(header + USER_VERSION_AT) == WW_STORE_VERSION - 1)
		return 0;
	if (be32(header + USER_VERSION_AT) != WW_STORE_VERSION)
		return ww_fail(err, WW_NOWHERE, -EINVAL,
			"this store has version %u, and this wormwood knows version %d: name "
			"another "
			"file with --db",
			be32(header + USER_VERSION_AT), WW_STORE_VERSION);
	*ret = FILE_OURS;
	return 0;
}

/* An empty file that only its owner can read: SQLite itself would make it 0644. */
static int make_file(const char *path, struct ww_err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		int status = -errno;
		return ww_fail(err, WW_NOWHERE, status, "the store cannot be made: %s",
			status == -ENOENT ? "there is no such folder" : strerror(-status));
	}
	close(fd);
	return 0;
}

/* Tables and marks in one transaction, in rollback mode: the marks are then in the first page. */
static int make_tables(struct ww_store *store)
{
	char marks[120];
	snprintf(marks, sizeof(marks), "PRAGMA application_id=%d; PRAGMA user_version=%d;",
		WW_STORE_APPLICATION_ID, WW_STORE_VERSION);
	int status = ww_store_exec(store, "BEGIN EXCLUSIVE");
	sqlite3_stmt *count = NULL;
	bool is_new = false;
	if (status == 0 && sqlite3_prepare_v2(store->db, "SELECT count(*) FROM sqlite_schema", -1,
				   &count, NULL) == SQLITE_OK)
		is_new = sqlite3_step(count) == SQLITE_ROW && sqlite3_column_int(count, 0) == 0;
	sqlite3_finalize(count);
	/* Another process may have been faster between our look and our lock. */
	if (status == 0 && is_new)
		status = ww_store_exec(store, marks);
	if (status == 0 && is_new)
		status = ww_store_exec(store, schema);
	return status == 0 ? ww_store_exec(store, "COMMIT") : status;
}

/* From version 1: every run was a command of its own. */
static int bring_up(struct ww_store *store)
{
	sqlite3_stmt *version = NULL;
	bool is_old = false;
	int status = ww_store_exec(store, "BEGIN EXCLUSIVE");
	/* The first page may be older than the log, or another process may have been faster. */
	if (status == 0 && sqlite3_prepare_v2(store->db, "PRAGMA user_version", -1, &version,
				   NULL) == SQLITE_OK)
		is_old = sqlite3_step(version) == SQLITE_ROW && sqlite3_column_int(version, 0) == 1;
	sqlite3_finalize(version);
	if (status == 0 && is_old)
		status = ww_store_exec(store,
			"ALTER TABLE run ADD COLUMN batch INTEGER NOT NULL DEFAULT 0;"
			"UPDATE run SET batch = id; PRAGMA user_version=2;");
	return status == 0 ? ww_store_exec(store, "COMMIT") : status;
}

/* What a hostile or broken database file could do to us is switched off. */
static int set_up(struct ww_store *store, bool writes)
{
	sqlite3_extended_result_codes(store->db, 1);
	sqlite3_busy_timeout(store->db, BUSY_MS);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_limit(store->db, SQLITE_LIMIT_LENGTH, 64 << 20);
	int status = ww_store_exec(store, "PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY;");
	if (status == 0 && writes)
		status = ww_store_exec(store, "PRAGMA synchronous=NORMAL;");
	return status;
}

/* Every statement must make sense to the tables that are there. */
static int check_tables(struct ww_store *store)
{
	for (int i = 0; i < WW_SQL_COUNT; i++)
		if (!ww_store_prepare(store, (enum ww_store_sql)i))
			return -EIO;
	return 0;
}

static int open_database(
	struct ww_store *store, const char *path, enum file_is is, struct ww_err *err)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
	if (strcmp(path, ":memory:") == 0)
		flags |= SQLITE_OPEN_MEMORY;
	int status = sqlite3_open_v2(path, &store->db, flags, NULL) == SQLITE_OK ? 0 : -EIO;
	if (!store->db)
		return -ENOMEM;
	/* A file without write permission is opened for reading only. */
	bool writes = status == 0 && sqlite3_db_readonly(store->db, "main") == 0;
	if (status == 0)
		status = set_up(store, writes);
	if (status == 0 && (is == FILE_MISSING || is == FILE_EMPTY))
		status = make_tables(store);
	if (status == 0 && is == FILE_OLD)
		status = bring_up(store);
	if (status == 0 && writes)
		status = ww_store_exec(store, "PRAGMA journal_mode=WAL;");
	if (status == 0)
		status = check_tables(store);
	if (status != 0)
		return ww_fail(err, WW_NOWHERE, -EIO,
			"the store is damaged or cannot be used (%.120s): move it away, or name "
			"another "
			"with --db",
			sqlite3_errmsg(store->db));
	return 0;
}

int ww_store_open(const char *path, bool create, struct ww_store **ret, struct ww_err *err)
{
	enum file_is is = FILE_EMPTY;
	bool in_memory = strcmp(path, ":memory:") == 0;
	int status = in_memory ? 0 : look(path, &is, err);
	if (status != 0)
		return status;
	bool is_there = is == FILE_OURS || is == FILE_OLD;
	if (!is_there && !create)
		return ww_fail(err, WW_NOWHERE, -ENOENT, "there is no store yet");
	if (!in_memory && is == FILE_MISSING)
		status = make_file(path, err);
	if (status != 0)
		return status;
	struct ww_store *store = calloc(1, sizeof(*store));
	if (!store)
		return ww_fail(err, WW_NOWHERE, -ENOMEM, "out of memory");
	status = open_database(store, path, is, err);
	if (status != 0) {
		ww_store_close(&store);
		return status;
	}
	*ret = store;
	return 0;
}

void ww_store_close(struct ww_store **store)
{
	struct ww_store *old = *store;
	if (!old)
		return;
	if (old->in_run)
		ww_store_exec(old, "ROLLBACK");
	for (int i = 0; i < WW_SQL_COUNT; i++)
		sqlite3_finalize(old->statements[i]);
	sqlite3_close(old->db);
	free(old->input);
	free(old->version);
	free(old->summary);
	free(old);
	*store = NULL;
}
