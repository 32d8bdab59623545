// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Runs the whole pipeline over many captures in one process, and over seeded mutations of them:
 * nothing may crash, hang, leak or lack a summary, and a run repeated must say the same.
 *
 *   run-many [--mutations N] [--seed S] ADVISORY-FOLDER FILE|FOLDER...
 *
 * Made for sanitizer builds. Exit 0 when every run ended with a summary, else 1.
 */
#include "advisory/load.h"
#include "base/file.h"
#include "base/rng.h"
#include "finding/finding.h"
#include "wire/watch/watch.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILES_MAX = 8192, FILE_LIMIT = 64 << 20 };

struct totals {
	uint64_t runs, refused, packets, findings, failures;
};

/* All that a run says, hashed: two runs of the same bytes must be equal. */
struct record {
	struct ww_buf line;
	struct ww_hash_key key;
	uint64_t digest;
};

static void add(struct record *record)
{
	record->digest ^= ww_hash_bytes(&record->key, record->line.data, record->line.len);
	record->digest = record->digest * 31 + 7;
	ww_buf_reset(&record->line);
}

static void on_finding(void *context, const struct ww_finding *finding)
{
	struct record *record = context;
	ww_finding_json(&record->line, finding);
	add(record);
}

static void read_out(struct ww_watch *watch, struct record *record, enum ww_capture_state state,
	const struct ww_capture *capture, struct totals *totals)
{
	const struct ww_host *host;
	for (size_t i = 0; (host = ww_watch_host(watch, i)); i++) {
		ww_host_json(&record->line, host);
		add(record);
	}
	uint64_t incidents = 0;
	while (ww_watch_incident(watch, incidents))
		incidents++;
	struct ww_watch_summary summary;
	ww_watch_summarize(watch, &summary);
	const struct ww_watch_input input = {.file = "run-many",
		.format = ww_capture_format(capture),
		.state = state,
		.note = ww_capture_note(capture),
		.incidents = incidents};
	ww_watch_summary_json(&record->line, &summary, &input);
	if (!strstr(ww_buf_text(&record->line), "\"type\":\"summary\""))
		totals->failures++;
	add(record);
	totals->packets += summary.packets->packets;
	totals->findings += summary.findings;
}

/* Returns a digest of all that the run said; 0 when the bytes are no capture. */
static uint64_t run(struct ww_plan *plan, const uint8_t *bytes, size_t len, struct totals *totals)
{
	struct ww_capture *capture = NULL;
	struct ww_err err = {0};
	totals->runs++;
	if (ww_capture_open_memory(bytes, len, &capture, &err) != 0) {
		totals->refused++;
		return 0;
	}
	struct record record = {.key = ww_hash_key_fixed(7)};
	const struct ww_watch_sink sink = {&record, on_finding, on_finding};
	const struct ww_watch_options options = {0};
	struct ww_watch *watch = NULL;
	if (ww_watch_new(plan, &options, &sink, &watch) != 0) {
		totals->failures++;
		ww_capture_close(&capture);
		return 0;
	}
	enum ww_capture_state state = WW_CAPTURE_MORE;
	while (state == WW_CAPTURE_MORE) {
		struct ww_frame frames[WW_BATCH];
		size_t n = 0;
		state = ww_capture_read(capture, frames, &n);
		if (n > 0)
			ww_watch_feed(watch, frames, n);
	}
	if (ww_watch_finish(watch) != 0)
		totals->failures++;
	read_out(watch, &record, state, capture, totals);
	ww_watch_free(&watch);
	ww_capture_close(&capture);
	ww_buf_done(&record.line);
	return record.digest | 1;
}

static void mutate(struct ww_rng *rng, uint8_t *bytes, size_t *len)
{
	uint64_t edits = 1 + ww_rng_below(rng, 12);
	for (uint64_t i = 0; i<edits && * len> 0; i++) {
		size_t at = ww_rng_below(rng, *len);
		switch (ww_rng_below(rng, 5)) {
		case 0: bytes[at] ^= (uint8_t)(1 << ww_rng_below(rng, 8)); break;
		case 1: bytes[at] = (uint8_t)ww_rng_u64(rng); break;
		case 2: bytes[at] = ww_rng_below(rng, 2) ? 0xff : 0; break;
		case 3: *len = *len > 24 && ww_rng_below(rng, 4) == 0 ? at : *len; break;
		default: { /* copy a piece over another */
			size_t from = ww_rng_below(rng, *len);
			size_t n = ww_rng_below(rng, 64);
			if (from + n <= *len && at + n <= *len)
				memmove(bytes + at, bytes + from, n);
		}
		}
	}
}

static char *files[FILES_MAX];
static size_t n_files;

static void collect(const char *path)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return;
	if (!S_ISDIR(st.st_mode)) {
		if (n_files < FILES_MAX)
			files[n_files++] = strdup(path);
		return;
	}
	struct dirent **names;
	int n = scandir(path, &names, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		struct ww_buf child = WW_BUF_INIT;
		if (names[i]->d_name[0] != '.') {
			ww_path_join(&child, path, names[i]->d_name);
			collect(child.data);
		}
		ww_buf_done(&child);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

static void run_file(struct ww_plan *plan, const char *path, struct totals *totals)
{
	struct ww_buf bytes = WW_BUF_INIT;
	if (ww_file_load(path, FILE_LIMIT, &bytes) != 0)
		return;
	uint64_t first = run(plan, (const uint8_t *)bytes.data, bytes.len, totals);
	uint64_t again = run(plan, (const uint8_t *)bytes.data, bytes.len, totals);
	if (first != again) {
		printf("%s: two runs differ\n", path);
		totals->failures++;
	}
	ww_buf_done(&bytes);
}

static void run_mutation(struct ww_plan *plan, struct ww_rng *rng, struct totals *totals)
{
	struct ww_buf bytes = WW_BUF_INIT;
	if (ww_file_load(files[ww_rng_below(rng, n_files)], FILE_LIMIT, &bytes) != 0)
		return;
	size_t len = bytes.len;
	mutate(rng, (uint8_t *)bytes.data, &len);
	/* A copy of the exact size, so that a sanitizer sees a read past the end. */
	uint8_t *exact = malloc(len ? len : 1);
	if (exact) {
		memcpy(exact, bytes.data, len);
		run(plan, exact, len, totals);
	}
	free(exact);
	ww_buf_done(&bytes);
}

static struct ww_plan *make_plan(const char *folder, struct ww_advisory **advisories, size_t *n)
{
	struct ww_plan *plan = NULL;
	struct ww_err err = {0};
	struct dirent **names;
	if (ww_plan_new(NULL, 0, &plan) != 0)
		return NULL;
	int found = scandir(folder, &names, NULL, alphasort);
	for (int i = 0; i < found; i++) {
		struct ww_buf path = WW_BUF_INIT;
		struct ww_problems problems = WW_PROBLEMS_INIT;
		ww_path_join(&path, folder, names[i]->d_name);
		if (names[i]->d_name[0] != '.' && *n < 64 &&
			ww_advisory_load(path.data, &advisories[*n], &problems) == 0) {
			if (ww_plan_advisory(plan, advisories[*n], &err) != 0)
				printf("%s: %s\n", path.data, err.text);
			(*n)++;
		}
		ww_problems_done(&problems);
		ww_buf_done(&path);
		free(names[i]);
	}
	if (found >= 0)
		free(names);
	if (ww_plan_ready(plan, &err) != 0)
		ww_plan_free(&plan);
	return plan;
}

int main(int argc, char **argv)
{
	unsigned long long mutations = 0, seed = 1;
	int i = 1;
	for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
		unsigned long long *value = strcmp(argv[i], "--seed") == 0 ? &seed : &mutations;
		*value = strtoull(argv[i + 1], NULL, 10);
	}
	if (i + 1 >= argc)
		return 2;
	struct ww_advisory *advisories[64] = {NULL};
	size_t n_advisories = 0;
	struct ww_plan *plan = make_plan(argv[i], advisories, &n_advisories);
	for (i++; i < argc; i++)
		collect(argv[i]);
	struct totals totals = {0};
	for (size_t f = 0; plan && f < n_files; f++)
		run_file(plan, files[f], &totals);
	struct ww_rng rng = ww_rng_seeded(seed);
	for (unsigned long long m = 0; plan && n_files > 0 && m < mutations; m++)
		run_mutation(plan, &rng, &totals);
	printf("%zu captures (each twice), %llu mutations: %" PRIu64 " runs, %" PRIu64
	       " not captures, %" PRIu64 " packets, %" PRIu64 " findings, %" PRIu64 " failures\n",
		n_files, mutations, totals.runs, totals.refused, totals.packets, totals.findings,
		totals.failures);
	bool good = plan && n_files > 0 && n_advisories > 0 && totals.failures == 0;
	ww_plan_free(&plan);
	for (size_t a = 0; a < n_advisories; a++)
		ww_advisory_free(&advisories[a]);
	for (size_t f = 0; f < n_files; f++)
		free(files[f]);
	return good ? 0 : 1;
}
