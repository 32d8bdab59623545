// SPDX-License-Identifier: GPL-3.0-or-later
#include "test.h"

#include "base/file.h"
#include "base/rng.h"
#include "finding/store.h"
#include "value/port.h"

#include <math.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char folder[] = "/tmp/wormwood-store-XXXXXX";
static char path[80];

static int setup(void **state)
{
	return mkdtemp(folder) ? 0 : -1;
}

static void forget(void)
{
	static const char *const tails[] = {"", "-wal", "-shm", "-journal"};
	for (size_t i = 0; i < WW_N(tails); i++) {
		char name[120];
		snprintf(name, sizeof(name), "%s%s", path, tails[i]);
		unlink(name);
	}
}

static int begin(void **state)
{
	char sub[64];
	snprintf(sub, sizeof(sub), "%s/state", folder);
	mkdir(sub, 0700);
	snprintf(path, sizeof(path), "%s/state/w.db", folder);
	forget();
	return 0;
}

static int teardown(void **state)
{
	char sub[64];
	forget();
	snprintf(sub, sizeof(sub), "%s/state", folder);
	rmdir(sub);
	return rmdir(folder);
}

static struct ww_ip ip(const char *text)
{
	struct ww_ip ip;
	assert_int_equal(ww_ip_parse(text, &ip), 0);
	return ip;
}

static struct ww_store *open_store(bool create)
{
	struct ww_store *store = NULL;
	struct ww_err err = {0};
	int status = ww_store_open(path, create, &store, &err);
	if (status != 0)
		print_error("%s\n", err.text);
	assert_int_equal(status, 0);
	return store;
}

/* A store without runs, and the folder it lies in. */
static void make_store(void)
{
	struct ww_store *store = open_store(true);
	ww_store_close(&store);
}

static struct ww_run a_run(const char *input)
{
	return (struct ww_run){
		.input = input, .input_size = 1234, .input_mtime_us = -5, .version = "0.1.0"};
}

static struct ww_finding a_finding(uint64_t id)
{
	return (struct ww_finding){.id = id,
		.src = ip("10.0.0.1"),
		.proto = WW_PROTO_TCP,
		.msg = "x",
		.confidence = 0.5};
}

/* A run with `n` plain findings. */
static void write_run(struct ww_store *store, const char *input, uint64_t n)
{
	struct ww_run run = a_run(input);
	assert_int_equal(ww_store_begin(store, &run), 0);
	for (uint64_t id = 1; id <= n; id++) {
		struct ww_finding finding = a_finding(id);
		assert_int_equal(ww_store_finding(store, &finding), 0);
	}
	assert_int_equal(ww_store_commit(store, "{}"), 0);
}

static void test_round_trip(void **state)
{
	struct ww_evidence evidence[] = {
		{.frame = 2,
			.time_us = 1,
			.src = ip("10.234.2.116"),
			.dst = ip("2001:db8::1"),
			.sport = 4444,
			.dport = 65535,
			.proto = 6,
			.offset = 7,
			.bytes = {0, 1, 0xff, 'C', ':'},
			.n_bytes = 5,
			.note = "stream bytes",
			.score = NAN,
			.file = "blaster.rules",
			.at = {3, 9}},
		{.note = "unanswered", .score = 1.386},
	};
	struct ww_finding finding = {
		.id = 1,
		.kind = WW_FINDING_SCAN,
		.time_us = -1,
		.src = ip("10.234.2.116"),
		.proto = 17,
		.port = 69,
		.sid = UINT32_MAX,
		.gid = 3,
		.msg = "'; DROP TABLE run; --",
		.advisory = "blaster",
		.stage = "shell",
		.why_file = "a.yaml",
		.why_line = 42,
		.confidence = 0.97,
		.frames = {2, 4, UINT32_MAX},
		.n_frames = 3,
		.flow = "1:abc=",
		.scan = "horizontal",
		.targets = 20,
		.hosts = 19,
		.ports = 2,
		.failed = 18,
		.first_contacts_to_alarm = 6,
		.sent_to_alarm = 24,
		.threshold = 6.9,
		.strategy = {"sequential", 0.99, ip("10.3.0.0"), 11.2},
		.evidence = evidence,
		.n_evidence = 2,
	};
	begin(state);
	struct ww_store *store = open_store(true);
	struct ww_run run = a_run("/tmp/ü.pcap");
	assert_int_equal(ww_store_begin(store, &run), 0);
	assert_int_equal(ww_store_finding(store, &finding), 0);
	finding.targets = 21; /* it grew */
	assert_int_equal(ww_store_finding(store, &finding), 0);
	assert_int_equal(ww_store_commit(store, "{\"type\":\"summary\"}"), 0);
	ww_store_close(&store);
	assert_null(store);

	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);

	store = open_store(false);
	struct ww_run last = {0};
	assert_int_equal(ww_store_last_run(store, &last), 0);
	assert_int_equal(last.id, run.id);
	assert_string_equal(last.input, "/tmp/ü.pcap");
	assert_int_equal(last.input_size, 1234);
	assert_int_equal(last.input_mtime_us, -5);
	assert_string_equal(last.version, "0.1.0");
	assert_string_equal(last.summary, "{\"type\":\"summary\"}");
	uint64_t n = 0;
	assert_int_equal(ww_store_count(store, last.id, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(ww_store_count(store, last.id + 1, &n), -ENOENT);

	struct ww_finding got;
	assert_int_equal(ww_store_find(store, last.id, 2, &got), -ENOENT);
	assert_int_equal(ww_store_find(store, last.id, 1, &got), 0);
	assert_int_equal(got.n_evidence, 2);
	assert_true(isnan(got.evidence[0].score));
	got.evidence[0].score = evidence[0].score; /* the same NaN, for memcmp's sake */
	assert_memory_equal(&got.evidence[0], &evidence[0], sizeof(evidence[0]));
	assert_memory_equal(&got.evidence[1], &evidence[1], sizeof(evidence[1]));
	struct ww_buf a = WW_BUF_INIT, b = WW_BUF_INIT;
	ww_finding_json(&a, &finding);
	ww_finding_json(&b, &got);
	assert_string_equal(ww_buf_text(&a), ww_buf_text(&b));
	assert_string_equal(got.stage, "shell");
	ww_buf_done(&a);
	ww_buf_done(&b);
	ww_store_finding_done(&got);
	ww_store_finding_done(&got);
	ww_store_close(&store);
	ww_store_close(&store);
}

static int gather(void *context, const struct ww_host *host)
{
	ww_host_json(context, host);
	ww_buf_addc(context, '\n');
	return 0;
}

static int stop(void *context, const struct ww_host *host)
{
	++*(int *)context;
	return 7;
}

static void test_hosts(void **state)
{
	struct ww_host hosts[] = {
		{.ip = ip("10.0.0.3"), .state = "attacking"},
		{.ip = ip("10.0.0.2"),
			.state = "spreading",
			.infected = true,
			.infected_us = 200,
			.advisory = "blaster",
			.has_parent = true,
			.parent = {ip("10.0.0.1"), 0.9},
			.alternatives = {{ip("10.0.0.7"), 0.1}, {ip("::"), 0.0}},
			.n_alternatives = 2,
			.generation = 1,
			.stages = {{"shell", 200, 1}, {"start", 300, 2}},
			.n_stages = 2,
			.incident = 1,
			.confidence = 0.97},
		{.ip = ip("10.0.0.1"), .state = "spreading", .suspected = true, .infected_us = 100},
	};
	static const size_t order[] = {2, 1, 0}; /* of infection */
	uint64_t ids[] = {1, 2};
	struct ww_incident incident = {.id = 1,
		.title = "t",
		.has_patient_zero = true,
		.patient_zero = hosts[1].parent,
		.doubling_s = NAN,
		.r_mean = NAN,
		.r_low = NAN,
		.r_high = NAN,
		.findings = ids,
		.n_findings = 2};
	begin(state);
	struct ww_store *store = open_store(true);
	struct ww_run run = a_run("x");
	assert_int_equal(ww_store_begin(store, &run), 0);
	struct ww_buf want = WW_BUF_INIT, got = WW_BUF_INIT;
	for (size_t i = 0; i < WW_N(hosts); i++) {
		assert_int_equal(ww_store_host(store, &hosts[i]), 0);
		gather(&want, &hosts[order[i]]);
	}
	assert_int_equal(ww_store_incident(store, &incident), 0);
	assert_int_equal(ww_store_commit(store, "{}"), 0);
	assert_int_equal(ww_store_each_host(store, run.id, gather, &got), 0);
	assert_string_equal(ww_buf_text(&got), ww_buf_text(&want));
	int calls = 0;
	assert_int_equal(ww_store_each_host(store, run.id, stop, &calls), 7);
	assert_int_equal(calls, 1);
	assert_int_equal(ww_store_each_host(store, run.id + 1, stop, &calls), 0);
	assert_int_equal(calls, 1);
	ww_buf_done(&want);
	ww_buf_done(&got);
	ww_store_close(&store);
}

static void test_runs_are_pruned(void **state)
{
	begin(state);
	struct ww_store *store = open_store(true);
	struct ww_run last = {0};
	assert_int_equal(ww_store_last_run(store, &last), -ENOENT);
	for (int i = 0; i < WW_STORE_RUNS + 5; i++)
		write_run(store, "x", 2);
	assert_int_equal(ww_store_last_run(store, &last), 0);
	assert_int_equal(last.id, WW_STORE_RUNS + 5);
	struct ww_finding got;
	assert_int_equal(ww_store_find(store, 5, 1, &got), -ENOENT);
	assert_int_equal(ww_store_find(store, 6, 1, &got), 0);
	ww_store_finding_done(&got);
	ww_store_close(&store);
}

/* One capture of a command; its findings are numbered behind those of the ones before. */
static void write_part(struct ww_store *store, struct ww_run *run, const char *input, uint64_t n)
{
	run->input = input;
	run->version = "0.1.0";
	assert_int_equal(ww_store_begin(store, run), 0);
	for (uint64_t i = 1; i <= n; i++) {
		struct ww_finding finding = a_finding(run->before + i);
		assert_int_equal(ww_store_finding(store, &finding), 0);
	}
	assert_int_equal(ww_store_commit(store, "{}"), 0);
	run->before += n;
}

static void has(struct ww_store *store, int64_t batch, uint64_t id, const char *input)
{
	struct ww_run run = {0};
	struct ww_finding got;
	assert_int_equal(ww_store_run_of(store, batch, id, &run), 0);
	assert_string_equal(run.input, input);
	assert_int_equal(run.batch, batch);
	assert_int_equal(ww_store_find(store, run.id, id, &got), 0);
	assert_int_equal(got.id, id);
	ww_store_finding_done(&got);
}

/* Many captures in one command are one batch: kept whole, and found by running numbers. */
static void test_batches(void **state)
{
	begin(state);
	struct ww_store *store = open_store(true);
	write_run(store, "alone", 3);
	struct ww_run run = {0}, last = {0};
	write_part(store, &run, "first", 2);
	int64_t batch = run.batch;
	assert_int_equal(batch, run.id);
	write_part(store, &run, "empty", 0);
	for (int i = 0; i < WW_STORE_RUNS + 5; i++)
		write_part(store, &run, "middle", 1);
	write_part(store, &run, "last", 2);
	assert_int_equal(run.batch, batch);
	assert_int_equal(ww_store_last_run(store, &last), 0);
	assert_int_equal(last.batch, batch);
	uint64_t n = 0;
	assert_int_equal(ww_store_count(store, last.id, &n), 0);
	assert_int_equal(n, WW_STORE_RUNS + 9);
	has(store, batch, 1, "first");
	has(store, batch, 2, "first");
	has(store, batch, 3, "middle");
	has(store, batch, n - 2, "middle");
	has(store, batch, n - 1, "last");
	has(store, batch, n, "last");
	assert_int_equal(ww_store_run_of(store, batch, n + 1, &run), -ENOENT);
	has(store, 1, 3, "alone"); /* as one of two batches it is kept as well */
	for (int i = 0; i < WW_STORE_RUNS; i++)
		write_run(store, "x", 1);
	assert_int_equal(ww_store_run_of(store, batch, 1, &run), -ENOENT); /* goes as a whole */
	assert_int_equal(ww_store_run_of(store, batch, n, &run), -ENOENT);
	ww_store_close(&store);
}

/* A store of version 1 is brought up, with every run a batch of its own. */
static void test_version_1(void **state)
{
	begin(state);
	struct ww_store *store = open_store(true);
	write_run(store, "one", 2);
	write_run(store, "two", 1);
	ww_store_close(&store);
	sqlite3 *old = NULL;
	assert_int_equal(sqlite3_open(path, &old), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(old, "ALTER TABLE run DROP COLUMN batch; PRAGMA user_version=1;", NULL,
			NULL, NULL),
		SQLITE_OK);
	sqlite3_close(old);
	for (int i = 0; i < 2; i++) {
		store = open_store(false);
		has(store, 1, 2, "one");
		has(store, 2, 1, "two");
		ww_store_close(&store);
	}
}

/* The process dies in the middle of a run: the run before it is there, whole, and writable. */
static void test_kill(void **state)
{
	begin(state);
	struct ww_store *store = open_store(true);
	write_run(store, "before", 3);
	ww_store_close(&store);
	static const uint64_t after[] = {0, 1, 20000}; /* the last one spills the page cache */
	for (size_t i = 0; i < WW_N(after); i++) {
		fflush(NULL);
		pid_t child = fork();
		if (child == 0) {
			struct ww_run run = a_run("killed");
			if (ww_store_open(path, true, &store, NULL) != 0 ||
				ww_store_begin(store, &run) != 0)
				_exit(1);
			for (uint64_t id = 1; id <= after[i]; id++) {
				struct ww_finding finding = a_finding(id);
				if (ww_store_finding(store, &finding) != 0)
					_exit(2);
			}
			raise(SIGKILL);
		}
		int status;
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		store = open_store(false);
		struct ww_run last = {0};
		uint64_t n = 0;
		assert_int_equal(ww_store_last_run(store, &last), 0);
		assert_string_equal(last.input, "before");
		assert_int_equal(ww_store_count(store, last.id, &n), 0);
		assert_int_equal(n, 3);
		write_run(store, "before", 3);
		ww_store_close(&store);
	}
}

/* A reader sees the last whole run while a writer is in the middle of the next. */
static void test_reader_beside_writer(void **state)
{
	begin(state);
	struct ww_store *writer = open_store(true);
	write_run(writer, "first", 1);
	struct ww_run run = a_run("second"), last = {0};
	assert_int_equal(ww_store_begin(writer, &run), 0);
	struct ww_finding finding = a_finding(1);
	assert_int_equal(ww_store_finding(writer, &finding), 0);
	struct ww_store *reader = open_store(false);
	assert_int_equal(ww_store_last_run(reader, &last), 0);
	assert_string_equal(last.input, "first");
	assert_int_equal(ww_store_commit(writer, "{}"), 0);
	assert_int_equal(ww_store_last_run(reader, &last), 0);
	assert_string_equal(last.input, "second");
	ww_store_close(&reader);
	ww_store_close(&writer);
}

static void write_file(const void *bytes, size_t len)
{
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	fwrite(bytes, 1, len, file);
	fclose(file);
}

/* Opening must fail with `want`, say `word`, and leave every byte of the file. */
static void refused(int want, const char *word)
{
	struct ww_buf before = WW_BUF_INIT, after = WW_BUF_INIT;
	assert_int_equal(ww_file_load(path, 1 << 24, &before), 0);
	for (int create = 0; create < 2; create++) {
		struct ww_store *store = NULL;
		struct ww_err err = {0};
		assert_int_equal(ww_store_open(path, create, &store, &err), want);
		assert_null(store);
		assert_non_null(strstr(err.text, word));
	}
	assert_int_equal(ww_file_load(path, 1 << 24, &after), 0);
	assert_int_equal(before.len, after.len);
	assert_memory_equal(before.data, after.data, before.len);
	ww_buf_done(&before);
	ww_buf_done(&after);
}

static void test_foreign_files(void **state)
{
	uint8_t noise[4096];
	struct ww_rng rng = ww_rng_seeded(1);
	begin(state);
	make_store();
	forget();
	write_file("x", 1);
	refused(-EINVAL, "some other file");
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)ww_rng_u64(&rng);
	write_file(noise, sizeof(noise));
	refused(-EINVAL, "some other file");
	write_file("SQLite format 3\0", 16);
	refused(-EINVAL, "some other file");
	forget();
	sqlite3 *other = NULL;
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "CREATE TABLE t(x)", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
	refused(-EINVAL, "another program");
}

static void test_newer_version(void **state)
{
	begin(state);
	make_store();
	sqlite3 *other = NULL;
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(other, "PRAGMA user_version=99", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
	refused(-EINVAL, "version 99");
}

static void test_places(void **state)
{
	struct ww_store *store = NULL;
	struct ww_err err = {0};
	begin(state);
	assert_int_equal(ww_store_open(path, false, &store, &err), -ENOENT);
	assert_int_equal(access(path, F_OK), -1); /* and was not made */
	assert_int_equal(ww_store_open(folder, true, &store, &err), -EINVAL);
	assert_non_null(strstr(err.text, "not a file"));
	assert_int_equal(ww_store_open("/dev/null", true, &store, &err), -EINVAL);
	assert_int_equal(ww_store_open("/proc/nowhere/w.db", true, &store, &err), -ENOENT);
	assert_non_null(strstr(err.text, "no such folder"));
	char missing[80];
	snprintf(missing, sizeof(missing), "%s/missing", folder);
	snprintf(path, sizeof(path), "%s/missing/w.db", folder);
	assert_int_equal(ww_store_open(path, true, &store, &err), -ENOENT);
	assert_int_equal(access(missing, F_OK), -1); /* a folder is never made */
	begin(state);
	make_store();
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(ww_store_open(path, false, &store, &err), -ENOENT);
	if (geteuid() != 0) { /* root may read everything */
		chmod(path, 0);
		assert_int_equal(ww_store_open(path, true, &store, &err), -EACCES);
	}
	assert_int_equal(ww_store_open(":memory:", true, &store, &err), 0);
	write_run(store, "-", 1);
	ww_store_close(&store);
	assert_int_equal(access(":memory:", F_OK), -1);
}

static void read_everything(struct ww_store *store)
{
	struct ww_run last = {0};
	struct ww_finding got;
	struct ww_buf out = WW_BUF_INIT;
	if (ww_store_last_run(store, &last) == 0) {
		for (uint64_t id = 1; id <= 50; id++) {
			if (ww_store_find(store, last.id, id, &got) == 0) {
				ww_finding_json(&out, &got);
				ww_store_finding_done(&got);
			}
		}
		ww_store_each_host(store, last.id, gather, &out);
	}
	ww_buf_done(&out);
}

/* Bytes changed anywhere behind the first page's marks: errors or wrong values, no crash. */
static void test_damage(void **state)
{
	begin(state);
	struct ww_store *store = open_store(true);
	write_run(store, "x", 50);
	ww_store_close(&store);
	struct ww_buf whole = WW_BUF_INIT;
	assert_int_equal(ww_file_load(path, 1 << 24, &whole), 0);
	int errors = 0;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct ww_rng rng = ww_rng_seeded(seed);
		struct ww_buf bad = WW_BUF_INIT;
		ww_buf_add(&bad, whole.data, whole.len);
		uint64_t n = seed % 2 ? 1 + ww_rng_below(&rng, 10) : 2000;
		for (uint64_t i = 0; i < n; i++)
			bad.data[100 + ww_rng_below(&rng, bad.len - 100)] = (char)ww_rng_u64(&rng);
		if (seed % 5 == 0) /* cut */
			bad.len = 100 + ww_rng_below(&rng, bad.len - 100);
		forget();
		write_file(bad.data, bad.len);
		ww_buf_done(&bad);
		struct ww_err err = {0};
		if (ww_store_open(path, true, &store, &err) != 0) {
			assert_true(err.text[0] != '\0');
			errors++;
			continue;
		}
		read_everything(store);
		ww_store_close(&store);
	}
	assert_true(errors > 0);
	ww_buf_done(&whole);
}

/* Beyond the limit findings are counted and not kept. Prints what 100,000 cost. */
static void test_many(void **state)
{
	struct ww_evidence evidence[2] = {
		{.frame = 1, .src = ip("10.0.0.1"), .dst = ip("10.0.0.2"), .n_bytes = 200},
		{.frame = 2, .src = ip("10.0.0.1"), .dst = ip("10.0.0.2"), .n_bytes = 200},
	};
	begin(state);
	struct ww_store *store = open_store(true);
	struct ww_run run = a_run("x");
	clock_t start = clock();
	assert_int_equal(ww_store_begin(store, &run), 0);
	for (uint64_t id = 1; id <= WW_STORE_FINDINGS + 10; id++) {
		struct ww_finding finding = a_finding(id);
		finding.evidence = evidence;
		finding.n_evidence = 2;
		assert_int_equal(ww_store_finding(store, &finding), 0);
	}
	assert_int_equal(ww_store_commit(store, "{}"), 0);
	double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
	print_message(
		"%d findings with 2 evidences each: %.2f s CPU\n", WW_STORE_FINDINGS, seconds);
	uint64_t n = 0;
	struct ww_finding got;
	assert_int_equal(ww_store_count(store, run.id, &n), 0);
	assert_int_equal(n, WW_STORE_FINDINGS + 10);
	assert_int_equal(ww_store_find(store, run.id, WW_STORE_FINDINGS + 1, &got), -ENOENT);
	assert_int_equal(ww_store_find(store, run.id, WW_STORE_FINDINGS, &got), 0);
	/* Of the bytes of one finding 256 are kept. */
	assert_int_equal(got.evidence[0].n_bytes, 200);
	assert_int_equal(got.evidence[1].n_bytes, 56);
	ww_store_finding_done(&got);
	ww_store_close(&store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_runs_are_pruned),
		cmocka_unit_test(test_batches),
		cmocka_unit_test(test_version_1),
		cmocka_unit_test(test_kill),
		cmocka_unit_test(test_reader_beside_writer),
		cmocka_unit_test(test_foreign_files),
		cmocka_unit_test(test_newer_version),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_many),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
