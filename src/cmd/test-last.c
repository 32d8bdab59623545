// SPDX-License-Identifier: GPL-3.0-or-later
/* explain and slice against a store made by hand. */
#include "test.h"

#include "base/file.h"
#include "cmd/last.h"
#include "finding/pcap-out.h"
#include "value/port.h"
#include "wire/packet/packet.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/wormwood-last-XXXXXX";
static char db[64], rules[64], capture[64], sliced[64];

struct ran {
	char *out, *err;
	size_t n_out, n_err;
	enum ww_exit answer;
};

static char *slurp(FILE *file, size_t *ret_n)
{
	struct ww_buf text = WW_BUF_INIT;
	int c;
	rewind(file);
	while ((c = fgetc(file)) != EOF)
		ww_buf_addc(&text, (char)c);
	fclose(file);
	*ret_n = text.len;
	ww_buf_add(&text, "", 0);
	return ww_buf_take(&text);
}

/* Arguments behind "wormwood", ended by NULL. In a child: slice gives up its rights for good. */
static struct ran call(const char *const *args)
{
	struct ran ran = {0};
	FILE *out = tmpfile(), *err = tmpfile();
	assert_true(out && err);
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		char *argv[16] = {strdup("wormwood")};
		int argc = 1;
		for (; args[argc - 1]; argc++)
			argv[argc] = strdup(args[argc - 1]);
		enum ww_exit answer = ww_main(argc, argv, out, err);
		fflush(out);
		fflush(err);
		exit((int)answer); /* not _exit: so that leaks are looked for */
	}
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	ran.answer = (enum ww_exit)WEXITSTATUS(status);
	ran.out = slurp(out, &ran.n_out);
	ran.err = slurp(err, &ran.n_err);
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
	expect(RUN("explain", "1", "--db", db), WW_EXIT_USAGE, "", "first:  wormwood watch FILE");
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
	expect(RUN("explain", "--db", db), WW_EXIT_NOTHING, "2 findings.", "");

	struct ran ran = RUN("explain", "1", "--db", db);
	static const char *const want[] = {
		"finding 1 of 2: a stage of the worm was seen  (blaster)",
		"10.234.0.239 ──▶ 10.234.2.116  4444/tcp   2003-08-12 00:29:18 UTC",
		"00:29:18 UTC   confidence 0.97", "  shell \\x1b[31m  [1:1000001]",
		"/captures/blaster.pcap",
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
		"10.0.0.24:445  unanswered     6.930\n", "");
	expect(RUN("explain", "2", "--db", db), WW_EXIT_NOTHING,
		"▂▃▅▆██  full height = threshold 6.900, reached at step 5\n", "");
	expect(RUN("explain", "2", "--db", db), WW_EXIT_NOTHING,
		"alarm after 5 first contacts judged, 21 sent", "");
	expect(RUN("explain", "2", "--db", db, "--lang", "ja"), WW_EXIT_NOTHING,
		"10.0.0.24:445  応答なし       6.930\n", "");
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

/* ---- slice ---- */

/* One TCP or UDP packet over raw IPv4 (LINKTYPE_RAW, 101); returns its length. */
static uint32_t build(uint8_t *p, uint32_t src, uint32_t dst, uint8_t proto, uint16_t sport,
	uint16_t dport, uint8_t flags, uint32_t seq)
{
	uint32_t len = proto == WW_PROTO_TCP ? 40 : 28;
	memset(p, 0, len);
	p[0] = 0x45;
	p[3] = (uint8_t)len;
	p[4] = (uint8_t)(seq >> 8); /* identification: no two packets are duplicates by accident */
	p[5] = (uint8_t)seq;
	p[8] = 64;
	p[9] = proto;
	for (int i = 0; i < 4; i++) {
		p[12 + i] = (uint8_t)(src >> (24 - 8 * i));
		p[16 + i] = (uint8_t)(dst >> (24 - 8 * i));
		p[24 + i] = proto == WW_PROTO_TCP ? (uint8_t)(seq >> (24 - 8 * i)) : 0;
	}
	p[20] = (uint8_t)(sport >> 8);
	p[21] = (uint8_t)sport;
	p[22] = (uint8_t)(dport >> 8);
	p[23] = (uint8_t)dport;
	if (proto == WW_PROTO_TCP) {
		p[32] = 0x50;
		p[33] = flags;
	} else {
		p[25] = 8;
	}
	return len;
}

/* An ICMP port unreachable about the packet at `about`. */
static uint32_t build_error(uint8_t *p, const uint8_t *about, uint32_t src, uint32_t dst)
{
	build(p, src, dst, WW_PROTO_UDP, 0, 0, 0, 999);
	p[9] = WW_PROTO_ICMP;
	p[3] = 20 + 8 + 28;
	p[20] = 3;
	p[21] = 3;
	memcpy(p + 28, about, 28);
	return 20 + 8 + 28;
}

enum { A = 0x0a000001, B = 0x0a000002, C = 0x0a000003, RAW = 101 };

/* Frames 1-12; what is in them is said in the tables of the tests below. */
static void make_capture(void)
{
	struct ww_pcap_out *out = NULL;
	uint8_t p[12][64];
	uint32_t len[12];
	unlink(capture);
	len[0] = build(p[0], A, B, 6, 1034, 4444, WW_TCP_SYN, 100);
	len[1] = build(p[1], B, A, 6, 4444, 1034, WW_TCP_SYN | WW_TCP_ACK, 200);
	len[2] = build(p[2], A, B, 6, 1034, 4444, WW_TCP_ACK, 101);
	memcpy(p[3], p[2], len[3] = len[2]);                        /* frame 4: frame 3 again */
	len[4] = build(p[4], A, B, 6, 1035, 4444, WW_TCP_SYN, 300); /* another conversation */
	len[5] = build(p[5], C, B, 6, 1034, 4444, WW_TCP_SYN, 400); /* another client */
	len[6] = build_error(p[6], p[2], B, A); /* about the first conversation */
	len[7] = build_error(p[7], p[4], B, A); /* about the other */
	len[8] = build(p[8], A, C, 6, 2000, 445, WW_TCP_SYN, 500);
	len[9] = build(p[9], C, A, 6, 445, 2000, WW_TCP_RST | WW_TCP_ACK, 600);
	len[10] = build(p[10], A, C, 6, 2001, 80, WW_TCP_ACK, 700); /* no first contact */
	len[11] = build(p[11], A, C, 17, 2002, 445, 0, 800);
	assert_int_equal(ww_pcap_out_open(capture, RAW, &out), 0);
	for (int i = 0; i < 12; i++)
		assert_int_equal(
			ww_pcap_out_write(out, 1000000 * (i + 1), p[i], len[i], len[i]), 0);
	assert_int_equal(ww_pcap_out_close(&out), 0);
}

/* The seconds of the packets in the slice are their frame numbers. Ends with 0. */
static void expect_slice(const uint32_t *frames)
{
	struct ww_buf bytes = WW_BUF_INIT;
	assert_int_equal(ww_file_load(sliced, 1 << 20, &bytes), 0);
	const uint8_t *p = (const uint8_t *)bytes.data;
	assert_int_equal(p[20], RAW);
	size_t at = 24;
	for (; *frames; frames++) {
		assert_true(at + 16 <= bytes.len);
		assert_int_equal(p[at] | p[at + 1] << 8, *frames);
		at += 16 + (size_t)p[at + 8];
	}
	assert_int_equal(at, bytes.len);
	ww_buf_done(&bytes);
	unlink(sliced);
}

#define FRAMES(...) expect_slice((const uint32_t[]){__VA_ARGS__, 0})

static void save_slice_findings(bool wrong_mtime)
{
	struct ww_store *store = NULL;
	struct stat st;
	assert_int_equal(stat(capture, &st), 0);
	struct ww_run run = {.input = capture,
		.input_size = (uint64_t)st.st_size,
		.version = "0",
		.input_mtime_us = (int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000 +
				  wrong_mtime};
	struct ww_ip a = ww_ip_from_v4(A), b = ww_ip_from_v4(B), c = ww_ip_from_v4(C);
	struct ww_finding rows[] = {
		{.kind = WW_FINDING_RULE, .src = a, .dst = b, .proto = 6, .port = 4444},
		{.kind = WW_FINDING_SCAN, .src = a, .proto = 6, .port = 445, .scan = "horizontal"},
		{.kind = WW_FINDING_SCAN, .src = a, .proto = 6, .scan = "block"},
		{.kind = WW_FINDING_SCAN, .src = a, .dst = c, .proto = 6, .scan = "vertical"},
		{.kind = WW_FINDING_SPREAD, .src = b, .proto = 6, .port = 4444},
		{.kind = WW_FINDING_STAGE,
			.src = a,
			.dst = b,
			.proto = 6,
			.port = 4444,
			.frames = {2, 6},
			.n_frames = 2},
		{.kind = WW_FINDING_RULE, .src = c, .dst = b, .proto = 6, .flow = "1:none="},
	};
	ww_community_id(&a, &b, 6, 1034, 4444, rows[0].flow);
	assert_int_equal(ww_store_open(db, true, &store, NULL), 0);
	assert_int_equal(ww_store_begin(store, &run), 0);
	for (size_t i = 0; i < WW_N(rows); i++) {
		rows[i].id = i + 1;
		assert_int_equal(ww_store_finding(store, &rows[i]), 0);
	}
	assert_int_equal(ww_store_commit(store, "{}"), 0);
	ww_store_close(&store);
}

static void test_slice(void **state)
{
	make_capture();
	save_slice_findings(false);
	expect(RUN("slice", "1", "-w", sliced, "--db", db), WW_EXIT_NOTHING,
		"4 packets of finding 1 written to ", "");
	FRAMES(1, 2, 3, 7);
	expect(RUN("slice", "1", "-w", sliced, "--db", db), WW_EXIT_NOTHING,
		"ip.addr == 10.0.0.1 && ip.addr == 10.0.0.2 && tcp.port == 1034 && tcp.port == "
		"4444\n",
		"");
	FRAMES(1, 2, 3, 7);
	expect(RUN("slice", "2", "-w", sliced, "--db", db), WW_EXIT_NOTHING,
		"read: 12 packets; left out: 1 duplicate frame\n", "");
	FRAMES(9, 10);
	expect(RUN("slice", "3", "-w", sliced, "--db", db), WW_EXIT_NOTHING, "", "");
	FRAMES(1, 2, 3, 5, 7, 8, 9, 10);
	expect(RUN("slice", "4", "-w", sliced, "--db", db), WW_EXIT_NOTHING, "", "");
	FRAMES(9, 10);
	expect(RUN("slice", "5", "-w", sliced, "--db", db), WW_EXIT_NOTHING, "", "");
	FRAMES(1, 2, 3, 5, 6, 7, 8);
	expect(RUN("slice", "6", "-w", sliced, "--db", db), WW_EXIT_NOTHING, "", "");
	FRAMES(2, 6);
	expect(RUN("slice", "1", "-w", sliced, "--db", db, "--json"), WW_EXIT_NOTHING,
		"\"packets\":4,\"read\":12,\"duplicates\":1,", "");
	FRAMES(1, 2, 3, 7);
}

static void test_slice_refuses(void **state)
{
	make_capture();
	save_slice_findings(false);
	expect(RUN("slice", "--db", db), WW_EXIT_USAGE, "", "which finding?");
	expect(RUN("slice", "1", "--db", db), WW_EXIT_USAGE, "", "give -w FILE");
	expect(RUN("slice", "1", "-w", "-", "--db", db), WW_EXIT_USAGE, "", "new file");
	expect(RUN("slice", "9", "-w", sliced, "--db", db), WW_EXIT_USAGE, "", "last run has 7");
	expect(RUN("slice", "1", "-w", capture, "--db", db), WW_EXIT_USAGE, "", "exists already");
	expect(RUN("slice", "7", "-w", sliced, "--db", db), WW_EXIT_FAILED, "", "no packet of");
	assert_int_equal(access(sliced, F_OK), -1);
	expect(RUN("slice", "1", "-w", "/proc/none/x.pcap", "--db", db), WW_EXIT_USAGE, "",
		"no folder");
	save_slice_findings(true);
	expect(RUN("slice", "1", "-w", sliced, "--db", db), WW_EXIT_USAGE, "", "has changed");
	/* A copy has another time; its size must be the same. */
	expect(RUN("slice", "1", "-w", sliced, "--db", db, "-r", capture), WW_EXIT_NOTHING, "", "");
	FRAMES(1, 2, 3, 7);
	expect(RUN("slice", "1", "-w", sliced, "--db", db, "-r", rules), WW_EXIT_USAGE, "",
		"has changed");
	unlink(capture);
	expect(RUN("slice", "1", "-w", sliced, "--db", db), WW_EXIT_USAGE, "", "with -r");
	save("-", 0, 0);
	expect(RUN("slice", "1", "-w", sliced, "--db", db), WW_EXIT_USAGE, "", "standard input");
	expect(RUN("slice", "1", "-w", sliced, "--db", db, "-r", rules), WW_EXIT_USAGE, "", rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_to_explain),
		cmocka_unit_test(test_explain),
		cmocka_unit_test(test_explain_scan),
		cmocka_unit_test(test_explain_json),
		cmocka_unit_test(test_slice),
		cmocka_unit_test(test_slice_refuses),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
