// SPDX-License-Identifier: GPL-3.0-or-later
#include "finding/store-private.h"

#include <stdio.h>
#include <string.h>

/* Binds one column after another; a failure to bind (memory) shows when the statement is run. */
struct row {
	sqlite3_stmt *statement;
	int column;
};

static void put_int(struct row *row, int64_t value)
{
	sqlite3_bind_int64(row->statement, ++row->column, value);
}

/* NaN is stored as NULL, by SQLite itself. */
static void put_real(struct row *row, double value)
{
	sqlite3_bind_double(row->statement, ++row->column, value);
}

/* Of a text that lives until the statement is run. */
static void put_text(struct row *row, const char *text)
{
	sqlite3_bind_text(row->statement, ++row->column, text, -1, SQLITE_STATIC);
}

static void put_copy(struct row *row, const char *text)
{
	sqlite3_bind_text(row->statement, ++row->column, text, -1, SQLITE_TRANSIENT);
}

/* The address of all zero bytes, 'many' or 'unknown', is NULL. */
static void put_ip(struct row *row, const struct ww_ip *ip)
{
	char text[WW_IP_TEXT_MAX];
	if (ww_ip_word(ip, 0) == 0 && ww_ip_word(ip, 1) == 0)
		sqlite3_bind_null(row->statement, ++row->column);
	else
		put_copy(row, ww_ip_print(ip, text));
}

static void put_ip_always(struct row *row, const struct ww_ip *ip)
{
	char text[WW_IP_TEXT_MAX];
	put_copy(row, ww_ip_print(ip, text));
}

/* "[2,4,7]": what SQLite's json_each reads. */
static void put_numbers(struct row *row, const uint64_t *numbers, size_t n)
{
	struct ww_buf text = WW_BUF_INIT;
	struct ww_json json = ww_json_to(&text);
	ww_json_array(&json, NULL);
	for (size_t i = 0; i < n; i++)
		ww_json_int(&json, NULL, (int64_t)numbers[i]);
	ww_json_end(&json, ']');
	put_copy(row, ww_buf_text(&text));
	ww_buf_done(&text);
}

int ww_store_begin(struct ww_store *store, struct ww_run *run)
{
	ww_assert(!store->in_run);
	if (ww_store_exec(store, "BEGIN IMMEDIATE") != 0)
		return -EIO;
	struct row row = {ww_store_prepare(store, WW_SQL_RUN_INSERT), 0};
	put_text(&row, run->input);
	put_int(&row, (int64_t)run->input_size);
	put_int(&row, run->input_mtime_us);
	put_text(&row, run->version);
	store->in_run = true;
	if (ww_store_step(row.statement) != 0)
		return -EIO;
	run->id = store->run = sqlite3_last_insert_rowid(store->db);
	if (run->batch == 0)
		run->batch = run->id;
	store->findings = run->before;
	store->hosts = 0;
	row = (struct row){ww_store_prepare(store, WW_SQL_RUN_BATCH), 0};
	put_int(&row, run->id);
	put_int(&row, run->batch);
	return ww_store_step(row.statement);
}

/* Between two saves of a run that wrote nothing there is no transaction: others may write. */
static int resume(struct ww_store *store)
{
	ww_assert(store->in_run);
	return sqlite3_get_autocommit(store->db) ? ww_store_exec(store, "BEGIN IMMEDIATE") : 0;
}

int ww_store_save(struct ww_store *store)
{
	char sql[120];
	ww_assert(store->in_run);
	if (sqlite3_get_autocommit(store->db) || sqlite3_total_changes(store->db) == store->saved)
		return 0;
	snprintf(sql, sizeof(sql), "UPDATE run SET findings = %llu WHERE id = %lld",
		(unsigned long long)store->findings, (long long)store->run);
	if (ww_store_exec(store, sql) != 0 || ww_store_exec(store, "COMMIT") != 0)
		return -EIO;
	store->saved = sqlite3_total_changes(store->db);
	return 0;
}

static int put_evidence(struct ww_store *store, uint64_t finding, int step,
	const struct ww_evidence *evidence, size_t n_bytes)
{
	struct row row = {ww_store_prepare(store, WW_SQL_EVIDENCE_INSERT), 0};
	put_int(&row, store->run);
	put_int(&row, (int64_t)finding);
	put_int(&row, step);
	put_int(&row, (int64_t)evidence->frame);
	put_int(&row, evidence->time_us);
	put_ip(&row, &evidence->src);
	put_ip(&row, &evidence->dst);
	put_int(&row, evidence->sport);
	put_int(&row, evidence->dport);
	put_int(&row, evidence->proto);
	put_int(&row, (int64_t)evidence->offset);
	sqlite3_bind_blob64(row.statement, ++row.column, evidence->bytes, n_bytes, SQLITE_STATIC);
	put_text(&row, evidence->note);
	put_real(&row, evidence->score);
	put_text(&row, evidence->file);
	put_int(&row, evidence->at.line);
	put_int(&row, evidence->at.col);
	return ww_store_step(row.statement);
}

/* At most WW_FINDING_EVIDENCE steps, and of their bytes WW_EVIDENCE_MAX together. */
static int put_evidences(struct ww_store *store, const struct ww_finding *finding)
{
	size_t room = WW_EVIDENCE_MAX;
	for (size_t i = 0; i < finding->n_evidence && i < WW_FINDING_EVIDENCE; i++) {
		const struct ww_evidence *evidence = &finding->evidence[i];
		size_t n = evidence->n_bytes < room ? evidence->n_bytes : room;
		room -= n;
		if (put_evidence(store, finding->id, (int)i + 1, evidence, n) != 0)
			return -EIO;
	}
	return 0;
}

static void put_finding_scan(struct row *row, const struct ww_finding *finding)
{
	put_text(row, finding->scan);
	put_int(row, (int64_t)finding->targets);
	put_int(row, (int64_t)finding->hosts);
	put_int(row, (int64_t)finding->ports);
	put_int(row, (int64_t)finding->failed);
	put_int(row, (int64_t)finding->first_contacts_to_alarm);
	put_int(row, (int64_t)finding->sent_to_alarm);
	put_real(row, finding->threshold);
	put_text(row, finding->strategy.name);
	put_real(row, finding->strategy.p);
	put_ip(row, &finding->strategy.start);
	put_real(row, finding->strategy.per_s);
}

int ww_store_finding(struct ww_store *store, const struct ww_finding *finding)
{
	if (resume(store) != 0)
		return -EIO;
	bool again = finding->id <= store->findings;
	if (!again)
		store->findings = finding->id;
	if (finding->id > WW_STORE_FINDINGS)
		return 0;
	if (again && finding->n_evidence > 0) {
		struct row old = {ww_store_prepare(store, WW_SQL_EVIDENCE_DELETE), 0};
		put_int(&old, store->run);
		put_int(&old, (int64_t)finding->id);
		if (ww_store_step(old.statement) != 0)
			return -EIO;
	}
	struct row row = {ww_store_prepare(store, WW_SQL_FINDING_INSERT), 0};
	put_int(&row, store->run);
	put_int(&row, (int64_t)finding->id);
	put_int(&row, finding->kind);
	put_int(&row, finding->time_us);
	put_ip(&row, &finding->src);
	put_ip(&row, &finding->dst);
	put_int(&row, finding->proto);
	put_int(&row, finding->port);
	put_int(&row, finding->sid);
	put_int(&row, finding->gid);
	put_text(&row, finding->msg);
	put_text(&row, finding->advisory);
	put_text(&row, finding->stage);
	put_text(&row, finding->why_file);
	put_int(&row, finding->why_line);
	put_real(&row, finding->confidence);
	put_numbers(&row, finding->frames, finding->n_frames);
	put_text(&row, finding->flow);
	put_finding_scan(&row, finding);
	if (ww_store_step(row.statement) != 0)
		return -EIO;
	return put_evidences(store, finding);
}

static int put_host_parent(
	struct ww_store *store, uint64_t n, int rank, const struct ww_parent *parent)
{
	struct row row = {ww_store_prepare(store, WW_SQL_HOST_PARENT_INSERT), 0};
	put_int(&row, store->run);
	put_int(&row, (int64_t)n);
	put_int(&row, rank);
	put_ip_always(&row, &parent->ip);
	put_real(&row, parent->p);
	return ww_store_step(row.statement);
}

static int put_host_stage(
	struct ww_store *store, uint64_t n, int step, const struct ww_host_stage *stage)
{
	struct row row = {ww_store_prepare(store, WW_SQL_HOST_STAGE_INSERT), 0};
	put_int(&row, store->run);
	put_int(&row, (int64_t)n);
	put_int(&row, step);
	put_text(&row, stage->stage);
	put_int(&row, stage->time_us);
	put_int(&row, (int64_t)stage->finding);
	return ww_store_step(row.statement);
}

int ww_store_host(struct ww_store *store, const struct ww_host *host)
{
	if (resume(store) != 0)
		return -EIO;
	uint64_t n = ++store->hosts;
	struct row row = {ww_store_prepare(store, WW_SQL_HOST_INSERT), 0};
	put_int(&row, store->run);
	put_int(&row, (int64_t)n);
	put_ip_always(&row, &host->ip);
	put_text(&row, host->state);
	put_int(&row, host->infected);
	put_int(&row, host->suspected);
	put_text(&row, host->advisory);
	put_int(&row, host->infected_us);
	put_int(&row, host->generation);
	put_int(&row, (int64_t)host->incident);
	put_real(&row, host->confidence);
	int status = ww_store_step(row.statement);
	if (status == 0 && host->has_parent)
		status = put_host_parent(store, n, 0, &host->parent);
	for (size_t i = 0; status == 0 && i < host->n_alternatives; i++)
		status = put_host_parent(store, n, (int)i + 1, &host->alternatives[i]);
	for (size_t i = 0; status == 0 && i < host->n_stages; i++)
		status = put_host_stage(store, n, (int)i + 1, &host->stages[i]);
	return status;
}

int ww_store_incident(struct ww_store *store, const struct ww_incident *incident)
{
	static const struct ww_ip nobody;
	if (resume(store) != 0)
		return -EIO;
	struct row row = {ww_store_prepare(store, WW_SQL_INCIDENT_INSERT), 0};
	size_t n = incident->n_findings;
	put_int(&row, store->run);
	put_int(&row, (int64_t)incident->id);
	put_text(&row, incident->advisory);
	put_text(&row, incident->title);
	put_int(&row, (int64_t)incident->scanners);
	put_int(&row, (int64_t)incident->infected);
	put_int(&row, (int64_t)incident->suspected);
	put_int(&row, (int64_t)incident->attempted);
	put_ip(&row, incident->has_patient_zero ? &incident->patient_zero.ip : &nobody);
	put_real(&row, incident->patient_zero.p);
	put_int(&row, incident->generations);
	put_real(&row, incident->doubling_s);
	put_real(&row, incident->r_mean);
	put_real(&row, incident->r_low);
	put_real(&row, incident->r_high);
	put_int(&row, incident->first_us);
	put_int(&row, incident->last_us);
	put_numbers(&row, incident->findings, n < WW_STORE_FINDINGS ? n : WW_STORE_FINDINGS);
	return ww_store_step(row.statement);
}

/* Batches beyond the newest WW_STORE_RUNS go, in the same transaction. */
static int prune(struct ww_store *store)
{
	static const char *const tables[][2] = {
		{"finding", "run"},
		{"evidence", "run"},
		{"host", "run"},
		{"host_parent", "run"},
		{"host_stage", "run"},
		{"incident", "run"},
		{"run", "id"},
	};
	sqlite3_stmt *oldest = ww_store_prepare(store, WW_SQL_RUN_OLDEST_KEPT);
	sqlite3_bind_int(oldest, 1, WW_STORE_RUNS);
	int got = sqlite3_step(oldest);
	int64_t last_to_go = got == SQLITE_ROW ? sqlite3_column_int64(oldest, 0) : 0;
	if (sqlite3_reset(oldest) != SQLITE_OK)
		return -EIO;
	for (size_t i = 0; last_to_go > 0 && i < WW_N(tables); i++) {
		char sql[80];
		snprintf(sql, sizeof(sql), "DELETE FROM %s WHERE %s <= %lld", tables[i][0],
			tables[i][1], (long long)last_to_go);
		if (ww_store_exec(store, sql) != 0)
			return -EIO;
	}
	return 0;
}

int ww_store_commit(struct ww_store *store, const char *summary_json)
{
	if (resume(store) != 0)
		return -EIO;
	struct row row = {ww_store_prepare(store, WW_SQL_RUN_END), 0};
	put_int(&row, store->run);
	put_text(&row, summary_json);
	put_int(&row, (int64_t)store->findings);
	if (ww_store_step(row.statement) != 0 || prune(store) != 0 ||
		ww_store_exec(store, "COMMIT") != 0)
		return -EIO; /* ww_store_close rolls back */
	store->in_run = false;
	return 0;
}
