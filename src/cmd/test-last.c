// SPDX-License-Identifier: GPL-3.0-or-later
/* explain and slice against a store made by hand. */
#include "test.h"

#include "base/file.h"
#include "cmd/last.h"
#include "value/port.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/wormwood-last-XXXXXX";
static char db[64], rules[64], capture[64], sliced[64];

struct ran {
	char *out, *err;
	size_t n_out, n_err;
	enum ww_exit answer;
};

/* Arguments behind "wormwood", ended by NULL. */
static struct ran call(const char *const *args)
{
	struct ran ran = {0};
	char *argv[16] = {strdup("wormwood")};
	int argc = 1;
	for (; args[argc - 1]; argc++)
		argv[argc] = strdup(args[argc - 1]);
	FILE *out = open_memstream(&ran.out, &ran.n_out);
	FILE *err = open_memstream(&ran.err, &ran.n_err);
	ran.answer = ww_main(argc, argv, out, err);
	fclose(out);
	fclose(err);
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	return ran;
}

#define RUN(...) call((const char *const[]){__VA_ARGS__, NULL})

static void done(struct ran *ran)
{
	free(ran->out);
	free(ran->err);
}

static void expect(struct ran ran, enum ww_exit answer, const char *in_out, const char *in_err)
{
	if (ran.answer != answer || !strstr(ran.out, in_out) || !strstr(ran.err, in_err))
		print_error("--- out\n%s--- err\n%s---\n", ran.out, ran.err);
	assert_int_equal(ran.answer, answer);
	assert_non_null(strstr(ran.out, in_out));
	assert_non_null(strstr(ran.err, in_err));
	done(&ran);
}

static struct ww_ip ip(const char *text)
{
	struct ww_ip ip;
	assert_int_equal(ww_ip_parse(text, &ip), 0);
	return ip;
}

static void save_findings(struct ww_store *store)
{
	struct ww_evidence bytes[] = {
		{.frame = 2,
			.time_us = 1060648158824000,
			.src = ip("10.234.2.116"),
			.dst = ip("10.234.0.239"),
			.sport = 4444,
			.dport = 1034,
			.proto = 6,
			.offset = 39,
			.note = "stream bytes",
			.score = NAN,
			.at = {2, 1}},
	};
	struct ww_finding stage = {
		.id = 1,
		.kind = WW_FINDING_STAGE,
		.time_us = 1060648158824000,
		.src = ip("10.234.0.239"),
		.dst = ip("10.234.2.116"),
		.proto = WW_PROTO_TCP,
		.port = 4444,
		.sid = 1000001,
		.gid = 1,
		.msg = "shell \x1b[31m",
		.advisory = "blaster",
		.stage = "shell",
		.why_line = 1,
		.confidence = 0.97,
		.frames = {2},
		.n_frames = 1,
		.evidence = bytes,
		.n_evidence = 1,
	};
	snprintf(bytes[0].file, sizeof(bytes[0].file), "%s", rules);
	snprintf(stage.why_file, sizeof(stage.why_file), "%s", rules);
	memcpy(bytes[0].bytes, "C:\\WINNT\\system32>\x1b", 19);
	bytes[0].n_bytes = 19;
	struct ww_evidence walk[6];
	memset(walk, 0, sizeof(walk));
	for (int i = 0; i < 6; i++) {
		walk[i] = (struct ww_evidence){.frame = 10 + (uint64_t)i,
			.time_us = 1000000 * i,
			.src = ip("10.0.0.1"),
			.dst = ip("10.0.0.9"),
			.dport = 445,
			.proto = 6,
			.note = "unanswered",
			.score = 1.386 * (i + 1)};
		walk[i].dst.b[15] = (uint8_t)(20 + i);
	}
	struct ww_finding scan = {
		.id = 2,
		.kind = WW_FINDING_SCAN,
		.src = ip("10.0.0.1"),
		.proto = WW_PROTO_TCP,
		.port = 445,
		.msg = "horizontal scan",
		.confidence = 0.99,
		.scan = "horizontal",
		.targets = 30,
		.hosts = 30,
		.ports = 1,
		.failed = 29,
		.first_contacts_to_alarm = 5,
		.sent_to_alarm = 21,
		.threshold = 6.9,
		.strategy = {"sequential", 0.99, ip("10.0.0.20"), 11.2},
		.evidence = walk,
		.n_evidence = 6,
	};
	assert_int_equal(ww_store_finding(store, &stage), 0);
	assert_int_equal(ww_store_finding(store, &scan), 0);
}

static int setup(void **state)
{
	if (!mkdtemp(folder))
		return -1;
	setenv("LC_ALL", "C.UTF-8", 1);
	unsetenv("LANGUAGE");
	unsetenv("COLUMNS");
	snprintf(db, sizeof(db), "%s/w.db", folder);
	snprintf(rules, sizeof(rules), "%s/x.rules", folder);
	snprintf(capture, sizeof(capture), "%s/in.pcap", folder);
	snprintf(sliced, sizeof(sliced), "%s/out.pcap", folder);
	FILE *file = fopen(rules, "w");
	fputs("# \x1b]0;title\x07 first\n  alert tcp any any -> any 4444 (msg:\"x\";)\n", file);
	return fclose(file);
}

static int teardown(void **state)
{
	unlink(db);
	unlink(rules);
	unlink(capture);
	unlink(sliced);
	return rmdir(folder);
}

static void test_nothing_to_explain(void **state)
{
	expect(RUN("explain", "1", "--db", db), WW_EXIT_USAGE, "", "wormwood watch FILE");
	expect(RUN("explain", "1", "--db", rules), WW_EXIT_USAGE, "", "some other file");
	expect(RUN("explain", "1", "--db", folder), WW_EXIT_USAGE, "", "not a file");
	assert_int_equal(access(db, F_OK), -1);
	struct ww_store *store = NULL;
	assert_int_equal(ww_store_open(db, true, &store, NULL), 0);
	ww_store_close(&store);
	expect(RUN("explain", "1", "--db", db), WW_EXIT_USAGE, "", "no run yet");
	assert_int_equal(ww_store_open(db, true, &store, NULL), 0);
	struct ww_run run = {.input = "x", .version = "0"};
	assert_int_equal(ww_store_begin(store, &run), 0);
	assert_int_equal(ww_store_commit(store, "{}"), 0);
	ww_store_close(&store);
	expect(RUN("explain", "1", "--db", db), WW_EXIT_USAGE, "", "found nothing");
	expect(RUN("explain", "--db", db), WW_EXIT_NOTHING, "found nothing", "");
}

static void save(const char *input, uint64_t size, int64_t mtime_us)
{
	struct ww_store *store = NULL;
	struct ww_run run = {
		.input = input, .input_size = size, .input_mtime_us = mtime_us, .version = "0"};
	assert_int_equal(ww_store_open(db, true, &store, NULL), 0);
	assert_int_equal(ww_store_begin(store, &run), 0);
	save_findings(store);
	assert_int_equal(ww_store_commit(store, "{}"), 0);
	ww_store_close(&store);
}

static void test_explain(void **state)
{
	save("/captures/blaster.pcap", 0, 0);
	expect(RUN("explain", "3", "--db", db), WW_EXIT_USAGE, "", "the last run has 2, 1 to 2");
	expect(RUN("explain", "0", "--db", db), WW_EXIT_USAGE, "", "not the number");
	expect(RUN("explain", "1;x", "--db", db), WW_EXIT_USAGE, "", "not the number");
	expect(RUN("explain", "1", "2", "--db", db), WW_EXIT_USAGE, "", "one finding at a time");
	expect(RUN("explain", "--db", db), WW_EXIT_NOTHING, "2 findings", "");

	struct ran ran = RUN("explain", "1", "--db", db);
	static const char *const want[] = {
		"finding 1 of 2: a stage of the worm was seen  (blaster)",
		"10.234.0.239 ──▶ 10.234.2.116  4444/tcp   2003-08-12 00:29:18 UTC   confidence "
		"0.97",
		"  shell \\x1b[31m  [1:1000001]", "/captures/blaster.pcap",
		"# \\x1b]0;title\\x07 first", /* the line that asked for it */
		"frame 2  00:29:18.824  10.234.2.116:4444 ──▶ 10.234.0.239:1034   stream bytes",
		"      39  43 3a 5c 57 49 4e 4e 54  5c 73 79 73 74 65 6d 33  C:\\WINNT\\system3",
		"      55  32 3e 1b ", "2>.\n", "alert tcp any any -> any 4444 (msg:\"x\";)",
		"what would change our mind", "wormwood slice 1 -w finding1.pcap --db ",
		"wormwood explain 2 --db "};
	for (size_t i = 0; i < WW_N(want); i++) {
		if (!strstr(ran.out, want[i]))
			print_error("missing: %s\n%s", want[i], ran.out);
		assert_non_null(strstr(ran.out, want[i]));
	}
	assert_null(
		strchr(ran.out, 0x1b)); /* nothing of the capture or of files drives a terminal */
	assert_string_equal(ran.err, "");
	done(&ran);
	expect(RUN("explain", "1", "--db", db, "--lang", "ja", "--tz", "JST"), WW_EXIT_NOTHING,
		"2003-08-12 09:29:18 JST   確度 0.97", "");
}

static void test_explain_scan(void **state)
{
	save("-", 0, 0);
	expect(RUN("explain", "2", "--db", db), WW_EXIT_NOTHING,
		"10.0.0.24:445          unanswered      6.930\n", "");
	expect(RUN("explain", "2", "--db", db), WW_EXIT_NOTHING,
		"▂▃▅▆██  full height = threshold 6.900, reached at step 5\n", "");
	expect(RUN("explain", "2", "--db", db), WW_EXIT_NOTHING,
		"alarm after 5 first contacts judged, 21 sent", "");
	struct ran ran = RUN("explain", "2", "--db", db);
	assert_null(strstr(ran.out, "wormwood slice")); /* standard input cannot be read again */
	done(&ran);
}

static void test_explain_json(void **state)
{
	save("/captures/blaster.pcap", 0, 0);
	struct ran ran = RUN("explain", "2", "--json", "--db", db);
	assert_int_equal(ran.answer, WW_EXIT_NOTHING);
	assert_string_equal(ran.err, "");
	int n = 0;
	char *rest = NULL;
	for (char *line = strtok_r(ran.out, "\n", &rest); line;
		line = strtok_r(NULL, "\n", &rest), n++) {
		json_t *root = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(root);
		const char *type = json_string_value(json_object_get(root, "type"));
		assert_string_equal(type, n == 0 ? "finding" : "evidence");
		json_decref(root);
	}
	assert_int_equal(n, 7);
	done(&ran);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_to_explain),
		cmocka_unit_test(test_explain),
		cmocka_unit_test(test_explain_scan),
		cmocka_unit_test(test_explain_json),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
