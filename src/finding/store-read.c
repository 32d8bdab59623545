// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Reading back. The file may have been changed by others: every value is held to the range of its
 * member, and a text to its size.
 */
#include "finding/store-private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
	sqlite3_stmt *statement;
	int column;
};

static int64_t get_int(struct row *row)
{
	return sqlite3_column_int64(row->statement, row->column++);
}

/* Up to `max`, else 0. */
static uint64_t get_number(struct row *row, uint64_t max)
{
	int64_t value = get_int(row);
	return value >= 0 && (uint64_t)value <= max ? (uint64_t)value : 0;
}

/* NULL is NaN. */
static double get_real(struct row *row)
{
	int column = row->column++;
	if (sqlite3_column_type(row->statement, column) == SQLITE_NULL)
		return NAN;
	return sqlite3_column_double(row->statement, column);
}

static const char *get_text(struct row *row)
{
	const unsigned char *text = sqlite3_column_text(row->statement, row->column++);
	return text ? (const char *)text : "";
}

static void get_chars(struct row *row, char *to, size_t size)
{
	snprintf(to, size, "%s", get_text(row));
}

static struct ww_ip get_ip(struct row *row)
{
	struct ww_ip ip = {{0}};
	ww_ip_parse(get_text(row), &ip);
	return ip;
}

static void get_frames(struct row *row, struct ww_finding *finding)
{
	const char *p = get_text(row);
	while (*p && finding->n_frames < WW_FINDING_FRAMES) {
		char *end;
		p += strcspn(p, "0123456789");
		uint64_t frame = strtoull(p, &end, 10);
		if (end == p)
			return;
		finding->frames[finding->n_frames++] = frame;
		p = end;
	}
}

/* The one row of a bound statement that selects a run. */
static int read_run(struct ww_store *store, sqlite3_stmt *statement, struct ww_run *ret)
{
	struct row row = {statement, 0};
	int got = sqlite3_step(row.statement);
	if (got != SQLITE_ROW) {
		sqlite3_reset(row.statement);
		return got == SQLITE_DONE ? -ENOENT : -EIO;
	}
	free(store->input);
	free(store->version);
	free(store->summary);
	*ret = (struct ww_run){.id = get_int(&row)};
	ret->batch = get_int(&row);
	store->input = strdup(get_text(&row));
	ret->input_size = get_number(&row, INT64_MAX);
	ret->input_mtime_us = get_int(&row);
	store->version = strdup(get_text(&row));
	bool ended = sqlite3_column_type(row.statement, row.column) != SQLITE_NULL;
	store->summary = ended ? strdup(get_text(&row)) : NULL;
	sqlite3_reset(row.statement);
	ret->input = store->input;
	ret->version = store->version;
	ret->summary = store->summary;
	return store->input && store->version && (store->summary || !ended) ? 0 : -EIO;
}

int ww_store_last_run(struct ww_store *store, struct ww_run *ret)
{
	return read_run(store, ww_store_prepare(store, WW_SQL_RUN_LAST), ret);
}

int ww_store_run_of(struct ww_store *store, int64_t batch, uint64_t id, struct ww_run *ret)
{
	sqlite3_stmt *statement = ww_store_prepare(store, WW_SQL_RUN_OF);
	sqlite3_bind_int64(statement, 1, batch);
	sqlite3_bind_int64(statement, 2, (int64_t)id);
	return read_run(store, statement, ret);
}

static void read_finding(struct row *row, struct ww_finding *ret)
{
	row->column = 1; /* behind the run */
	ret->id = get_number(row, INT64_MAX);
	ret->kind = (enum ww_finding_kind)get_number(row, WW_FINDING_KIND_COUNT - 1);
	ret->time_us = get_int(row);
	ret->src = get_ip(row);
	ret->dst = get_ip(row);
	ret->proto = (uint8_t)get_number(row, UINT8_MAX);
	ret->port = (uint16_t)get_number(row, UINT16_MAX);
	ret->sid = (uint32_t)get_number(row, UINT32_MAX);
	ret->gid = (uint32_t)get_number(row, UINT32_MAX);
	get_chars(row, ret->msg, sizeof(ret->msg));
	get_chars(row, ret->advisory, sizeof(ret->advisory));
	get_chars(row, ret->stage, sizeof(ret->stage));
	get_chars(row, ret->why_file, sizeof(ret->why_file));
	ret->why_line = (uint32_t)get_number(row, UINT32_MAX);
	ret->confidence = get_real(row);
	get_frames(row, ret);
	get_chars(row, ret->flow, sizeof(ret->flow));
	get_chars(row, ret->scan, sizeof(ret->scan));
	ret->targets = get_number(row, INT64_MAX);
	ret->hosts = get_number(row, INT64_MAX);
	ret->ports = get_number(row, INT64_MAX);
	ret->failed = get_number(row, INT64_MAX);
	ret->first_contacts_to_alarm = get_number(row, INT64_MAX);
	ret->sent_to_alarm = get_number(row, INT64_MAX);
	ret->threshold = get_real(row);
	get_chars(row, ret->strategy.name, sizeof(ret->strategy.name));
	ret->strategy.p = get_real(row);
	ret->strategy.start = get_ip(row);
	ret->strategy.per_s = get_real(row);
}

static void read_evidence(struct row *row, struct ww_evidence *ret)
{
	row->column = 3; /* behind run, finding and step */
	ret->frame = get_number(row, INT64_MAX);
	ret->time_us = get_int(row);
	ret->src = get_ip(row);
	ret->dst = get_ip(row);
	ret->sport = (uint16_t)get_number(row, UINT16_MAX);
	ret->dport = (uint16_t)get_number(row, UINT16_MAX);
	ret->proto = (uint8_t)get_number(row, UINT8_MAX);
	ret->offset = get_number(row, INT64_MAX);
	const void *bytes = sqlite3_column_blob(row->statement, row->column);
	int n = sqlite3_column_bytes(row->statement, row->column++);
	if (bytes && n > 0) {
		ret->n_bytes = (uint16_t)(n < WW_EVIDENCE_MAX ? n : WW_EVIDENCE_MAX);
		memcpy(ret->bytes, bytes, ret->n_bytes);
	}
	get_chars(row, ret->note, sizeof(ret->note));
	ret->score = get_real(row);
	get_chars(row, ret->file, sizeof(ret->file));
	ret->at.line = (uint32_t)get_number(row, UINT32_MAX);
	ret->at.col = (uint32_t)get_number(row, UINT32_MAX);
}

static int read_evidences(struct ww_store *store, int64_t run, struct ww_finding *ret)
{
	struct row row = {ww_store_prepare(store, WW_SQL_EVIDENCE_OF), 0};
	sqlite3_bind_int64(row.statement, 1, run);
	sqlite3_bind_int64(row.statement, 2, (int64_t)ret->id);
	sqlite3_bind_int(row.statement, 3, WW_FINDING_EVIDENCE);
	int got;
	while ((got = sqlite3_step(row.statement)) == SQLITE_ROW &&
		ret->n_evidence < WW_FINDING_EVIDENCE)
		read_evidence(&row, &ret->evidence[ret->n_evidence++]);
	sqlite3_reset(row.statement);
	return got == SQLITE_DONE ? 0 : -EIO;
}

int ww_store_find(struct ww_store *store, int64_t run, uint64_t id, struct ww_finding *ret)
{
	struct ww_finding finding = {0};
	struct row row = {ww_store_prepare(store, WW_SQL_FINDING_FIND), 0};
	sqlite3_bind_int64(row.statement, 1, run);
	sqlite3_bind_int64(row.statement, 2, (int64_t)id);
	int got = sqlite3_step(row.statement);
	if (got == SQLITE_ROW)
		read_finding(&row, &finding);
	sqlite3_reset(row.statement);
	if (got != SQLITE_ROW)
		return got == SQLITE_DONE ? -ENOENT : -EIO;
	finding.evidence = calloc(WW_FINDING_EVIDENCE, sizeof(*finding.evidence));
	int status = finding.evidence ? read_evidences(store, run, &finding) : -EIO;
	if (status != 0) {
		ww_store_finding_done(&finding);
		return status;
	}
	*ret = finding;
	return 0;
}

void ww_store_finding_done(struct ww_finding *finding)
{
	free(finding->evidence);
	finding->evidence = NULL;
	finding->n_evidence = 0;
}

int ww_store_count(struct ww_store *store, int64_t run, uint64_t *ret)
{
	struct row row = {ww_store_prepare(store, WW_SQL_FINDING_COUNT), 0};
	sqlite3_bind_int64(row.statement, 1, run);
	int got = sqlite3_step(row.statement);
	if (got == SQLITE_ROW)
		*ret = get_number(&row, INT64_MAX);
	sqlite3_reset(row.statement);
	return got == SQLITE_ROW ? 0 : got == SQLITE_DONE ? -ENOENT : -EIO;
}

static int read_parents(struct ww_store *store, int64_t run, int64_t n, struct ww_host *ret)
{
	struct row row = {ww_store_prepare(store, WW_SQL_HOST_PARENTS), 0};
	sqlite3_bind_int64(row.statement, 1, run);
	sqlite3_bind_int64(row.statement, 2, n);
	sqlite3_bind_int(row.statement, 3, WW_HOST_ALTERNATIVES + 1);
	int got;
	while ((got = sqlite3_step(row.statement)) == SQLITE_ROW) {
		row.column = 0;
		bool is_parent = get_int(&row) == 0;
		struct ww_ip ip = get_ip(&row);
		struct ww_parent parent = {ip, get_real(&row)};
		if (is_parent) {
			ret->has_parent = true;
			ret->parent = parent;
		} else if (ret->n_alternatives < WW_HOST_ALTERNATIVES) {
			ret->alternatives[ret->n_alternatives++] = parent;
		}
	}
	sqlite3_reset(row.statement);
	return got == SQLITE_DONE ? 0 : -EIO;
}

static int read_stages(struct ww_store *store, int64_t run, int64_t n, struct ww_host *ret)
{
	struct row row = {ww_store_prepare(store, WW_SQL_HOST_STAGES), 0};
	sqlite3_bind_int64(row.statement, 1, run);
	sqlite3_bind_int64(row.statement, 2, n);
	sqlite3_bind_int(row.statement, 3, WW_HOST_STAGES);
	int got;
	while ((got = sqlite3_step(row.statement)) == SQLITE_ROW &&
		ret->n_stages < WW_HOST_STAGES) {
		struct ww_host_stage *stage = &ret->stages[ret->n_stages++];
		row.column = 0;
		get_chars(&row, stage->stage, sizeof(stage->stage));
		stage->time_us = get_int(&row);
		stage->finding = get_number(&row, INT64_MAX);
	}
	sqlite3_reset(row.statement);
	return got == SQLITE_DONE ? 0 : -EIO;
}

static int read_host(struct ww_store *store, int64_t run, struct row *row, struct ww_host *ret)
{
	row->column = 1; /* behind the run */
	int64_t n = get_int(row);
	ret->ip = get_ip(row);
	ret->state = get_text(row);
	ret->infected = get_int(row) == 1;
	ret->suspected = get_int(row) == 1;
	get_chars(row, ret->advisory, sizeof(ret->advisory));
	ret->infected_us = get_int(row);
	ret->generation = (uint32_t)get_number(row, UINT32_MAX);
	ret->incident = get_number(row, INT64_MAX);
	ret->confidence = get_real(row);
	int status = read_parents(store, run, n, ret);
	return status == 0 ? read_stages(store, run, n, ret) : status;
}

int ww_store_each_host(struct ww_store *store, int64_t run,
	int (*each)(void *context, const struct ww_host *host), void *context)
{
	struct row row = {ww_store_prepare(store, WW_SQL_HOST_EACH), 0};
	sqlite3_bind_int64(row.statement, 1, run);
	int got = SQLITE_DONE, status = 0;
	while (status == 0 && (got = sqlite3_step(row.statement)) == SQLITE_ROW) {
		struct ww_host host = {0};
		status = read_host(store, run, &row, &host);
		if (status == 0)
			status = each(context, &host);
	}
	sqlite3_reset(row.statement);
	if (status != 0)
		return status;
	return got == SQLITE_DONE ? 0 : -EIO;
}
