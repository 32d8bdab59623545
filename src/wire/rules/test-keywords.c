// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Each keyword: what matches and what does not. And the man page names them all.
 */
#include "wire/rules/test-rules.h"

#include "base/file.h"

/* Payload options on one datagram: options, payload (NUL-terminated), hits. */
static void test_payload(void **state)
{
	(void)state;
	static const struct {
		const char *options, *payload;
		size_t hits;
	} rows[] = {
		{"content:\"abc\";", "xxabcx", 1},
		{"content:\"abc\";", "xxaBcx", 0},
		{"content:\"aBc\"; nocase;", "xxAbCx", 1},
		{"content:!\"abc\";", "xyz", 1},
		{"content:!\"abc\";", "xabcz", 0},
		{"content:\"|61 62|c\";", "xabcz", 1},
		{"content:\"ab\"; offset:2;", "abxx", 0},
		{"content:\"ab\"; offset:2;", "xxab", 1},
		{"content:\"ab\"; depth:3;", "xabx", 1},
		{"content:\"ab\"; depth:3;", "xxab", 0},
		{"content:\"ab\"; offset:1; depth:2;", "xab", 1},
		{"content:\"ab\"; offset:1; depth:2;", "xxab", 0},
		{"content:\"ab\"; content:\"cd\"; distance:1;", "abxcd", 1},
		{"content:\"ab\"; content:\"cd\"; distance:1;", "abcd", 0},
		{"content:\"ab\"; content:\"cd\"; distance:1; within:2;", "abxcd", 1},
		{"content:\"ab\"; content:\"cd\"; distance:1; within:2;", "abxxcd", 0},
		{"content:\"ab\"; content:\"ab\"; distance:-2; within:2;", "ab", 1},
		/* Backtracking: the first ab is not the one. */
		{"content:\"ab\"; content:\"cd\"; within:2;", "abxxabcd", 1},
		{"content:\"a\"; content:\"b\"; within:1; content:\"c\"; within:1;", "aababc", 1},
		{"content:\"ab\"; content:!\"cd\"; within:2;", "abcdabxx", 1},
		{"content:\"ab\"; content:!\"cd\"; within:2;", "abcdabcd", 0},
		/* A later content that is not relative stands alone. */
		{"content:\"ab\"; content:\"cd\";", "cdab", 1},
		{"content:\"long pattern\"; fast_pattern; content:\"x\";", "x long pattern", 1},
		{"content:\"long pattern\"; fast_pattern:only; content:\"x\"; depth:1;",
			"xlong pattern", 1},
		{"content:\"abcdef\"; fast_pattern:1,3;", "abcdef", 1},
		{"content:\"abcdef\"; fast_pattern:1,3;", "abcdex", 0},
		{"isdataat:3;", "abcd", 1},
		{"isdataat:3;", "abc", 0},
		{"isdataat:!3;", "abc", 1},
		{"content:\"a\"; isdataat:1,relative;", "xaYZ", 1},
		{"content:\"a\"; isdataat:1,relative;", "xaY", 0},
		{"content:\"a\"; isdataat:!1,relative;", "xaY", 1},
		{"pcre:\"/a.c/\";", "xabc", 1},
		{"pcre:\"/A.C/i\";", "xabc", 1},
		{"pcre:\"/a.c/\";", "xa\nc", 0},
		{"pcre:\"/a.c/s\";", "xa\nc", 1},
		{"pcre:\"/^b/\";", "a\nb", 0},
		{"pcre:\"/^b/m\";", "a\nb", 1},
		{"pcre:\"/a b/x\";", "ab", 1},
		{"pcre:\"/b/A\";", "ab", 0},
		{"pcre:\"/b$/E\";", "b\n", 0},
		{"pcre:\"/b$/\";", "b\n", 1},
		{"pcre:!\"/a/\";", "bcd", 1},
		{"pcre:!\"/a/\";", "bad", 0},
		{"content:\"a\"; pcre:\"/^b/R\";", "xab", 1},
		{"content:\"a\"; pcre:\"/^b/R\";", "xacb", 0},
		{"content:\"a\"; pcre:\"/^b/R\";", "acab", 1},
		{"pcre:\"/a+/\"; content:\"b\"; within:1;", "aac ab", 1},
		{"byte_test:2,>,256,0;", "\x01\x01", 1},
		{"byte_test:2,>,257,0;", "\x01\x01", 0},
		{"byte_test:2,=,513,0,little;", "\x01\x02", 1},
		{"byte_test:2,=,0x0102,0,big;", "\x01\x02", 1},
		{"byte_test:2,!=,513,0;", "\x01\x02", 1},
		{"byte_test:1,!,2,0;", "\x01", 1},
		{"byte_test:1,&,6,0;", "\x02", 1},
		{"byte_test:1,!&,6,0;", "\x01", 1},
		{"byte_test:1,^,1,0;", "\x01", 0},
		{"byte_test:1,<=,1,0;", "\x01", 1},
		{"byte_test:1,>=,2,0;", "\x01", 0},
		{"byte_test:4,>,1,0;", "\x01\x01", 0},
		{"byte_test:4,=,1234,0,string,dec;", "1234", 1},
		{"byte_test:4,=,0x12ab,0,string,hex;", "12aB", 1},
		{"byte_test:4,=,8,0,string,oct;", " 10x", 1},
		{"byte_test:3,=,1,0,string;", "abc", 0},
		{"content:\"a\"; byte_test:1,=,2,1,relative;", "xa\x01\x02", 1},
		{"content:\"a\"; byte_test:1,=,97,-1,relative;", "xa", 1},
		{"byte_test:1,=,3,0,bitmask 0x0c;", "\x0f", 1},
		{"byte_jump:1,0; content:\"c\"; within:1;", "\x02xxc", 1},
		{"byte_jump:1,0; content:\"c\"; within:1;", "\x01xxc", 0},
		{"byte_jump:1,0,multiplier 2; content:\"c\"; within:1;", "\x01xxc", 1},
		{"byte_jump:1,0,align; content:\"c\"; within:1;", "\x01xxxxc", 1},
		{"byte_jump:1,0,from_beginning; content:\"c\"; within:1;", "\x03xxc", 1},
		{"byte_jump:1,0,post_offset -1; content:\"c\"; within:1;", "\x03xxc", 1},
		{"byte_jump:1,0;", "\x09xx", 0},
		{"content:\"a\"; byte_jump:2,0,relative,little; content:\"c\"; within:1;",
			"a\x01\x01", 0},
		{"content:\"a\"; byte_jump:1,0,relative,string,dec; content:\"c\"; within:1;",
			"xa2..c", 1},
		{"dsize:3;", "abc", 1},
		{"dsize:<3;", "abc", 0},
		{"dsize:>2;", "abc", 1},
		{"dsize:3<>5;", "abc", 1},
		{"dsize:4<>5;", "abc", 0},
		{"dsize:!3;", "abcd", 1},
	};
	for (int kind = 0; kind < 2; kind++) {
		for (size_t i = 0; i < WW_N(rows); i++) {
			char text[512];
			snprintf(text, sizeof(text), "alert udp any any -> any 53 (%s sid:1;)",
				rows[i].options);
			struct stage stage;
			stage_open(&stage, text, (enum ww_matcher_kind)kind);
			/* Exactly as long as it is, so that a sanitizer sees a read past it. */
			size_t len = strlen(rows[i].payload);
			char *payload = malloc(len);
			assert_non_null(payload);
			memcpy(payload, rows[i].payload, len);
			if (stage_datagram(&stage, 53, payload, len) != rows[i].hits)
				fail_msg("'%s' on '%s': %zu hits", rows[i].options, rows[i].payload,
					stage.hits);
			assert_int_equal(stage_datagram(&stage, 54, payload, len), 0);
			free(payload);
			stage_close(&stage);
		}
	}
}

/* Header options, on packets of no flow. */
static void test_packet(void **state)
{
	(void)state;
	uint8_t ip[28] = {0x45, 0, 0, 28, 0, 7, 0x20, 0, 64, 1, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 8,
		0, 0, 0, 0x12, 0x34, 0, 9};
	const struct ww_packet tcp = {.ip_version = 4,
		.proto = WW_PROTO_TCP,
		.has_transport = true,
		.src = ww_ip_from_v4(1),
		.dst = ww_ip_from_v4(2),
		.sport = 5,
		.dport = 80,
		.ttl = 64,
		.tos = 8,
		.ip_id = 7,
		.tcp_flags = WW_TCP_SYN | WW_TCP_ECE,
		.seq = 9,
		.ack = 0,
		.window = 55808};
	struct ww_packet icmp = {.ip_version = 4,
		.proto = WW_PROTO_ICMP,
		.has_transport = true,
		.src = ww_ip_from_v4(3),
		.dst = ww_ip_from_v4(3),
		.sport = 8,
		.dport = 0,
		.network = ip,
		.network_len = 28,
		.transport = ip + 20};
	static const struct {
		const char *proto, *options;
		bool tcp, icmp;
	} rows[] = {
		{"tcp", "flags:S,12;", true, false},
		{"tcp", "flags:S;", false, false},
		{"tcp", "flags:S+;", true, false},
		{"tcp", "flags:SE;", true, false},
		{"tcp", "flags:*SF;", true, false},
		{"tcp", "flags:!A;", true, false},
		{"tcp", "flags:!S;", false, false},
		{"tcp", "flags:0;", false, false},
		{"tcp", "flags:SA+;", false, false},
		{"tcp", "seq:9;", true, false},
		{"tcp", "ack:0;", true, false},
		{"tcp", "ack:1;", false, false},
		{"tcp", "window:55808;", true, false},
		{"tcp", "window:!55808;", false, false},
		{"ip", "ttl:>63;", true, false},
		{"ip", "ttl:60-64;", true, false},
		{"ip", "ttl:<64;", false, true},
		{"ip", "tos:8;", true, false},
		{"ip", "id:7;", true, false},
		{"ip", "ip_proto:1;", false, true},
		{"ip", "ip_proto:!tcp;", false, true},
		{"ip", "ip_proto:>1;", true, false},
		{"ip", "sameip;", false, true},
		{"ip", "fragbits:M;", false, true},
		{"ip", "fragbits:M+;", false, true},
		{"ip", "fragbits:!D;", false, true},
		{"ip", "fragoffset:0;", true, true},
		{"ip", "fragoffset:>0;", false, false},
		{"icmp", "itype:8;", false, true},
		{"icmp", "itype:8; icode:0;", false, true},
		{"icmp", "itype:8<>10;", false, false},
		{"icmp", "itype:7<>9;", false, true},
		{"icmp", "icode:>0;", false, false},
		{"icmp", "icmp_id:4660;", false, true},
		{"icmp", "icmp_seq:9;", false, true},
		{"icmp", "icmp_seq:8;", false, false},
		{"tcp", "flow:stateless; flags:S+;", true, false},
		{"tcp", "flow:established; flags:S+;", false, false},
		{"tcp", "flow:not_established; flags:S+;", true, false},
		{"tcp", "flow:to_server; flags:S+;", true, false},
		{"tcp", "flow:to_client; flags:S+;", false, false},
		{"tcp", "content:\"a\";", false, false},
		{"tcp", "flowbits:isset,x;", false, false},
		{"tcp", "flowbits:isnotset,x;", true, false},
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		char text[256];
		snprintf(text, sizeof(text), "alert %s any any -> any any (%s sid:1;)",
			rows[i].proto, rows[i].options);
		struct stage stage;
		stage_open(&stage, text, WW_MATCHER_PLAIN);
		stage_lone(&stage, &tcp);
		if ((stage.hits == 1) != rows[i].tcp)
			fail_msg("tcp: %s: %zu hits", text, stage.hits);
		stage.hits = 0;
		stage_lone(&stage, &icmp);
		if ((stage.hits == 1) != rows[i].icmp)
			fail_msg("icmp: %s: %zu hits", text, stage.hits);
		stage_close(&stage);
	}
}

static void test_uri(void **state)
{
	(void)state;
	static const struct {
		const char *options, *text;
		size_t hits;
	} rows[] = {
		{"uricontent:\"/cmd.exe\";", "GET /scripts/%63md.exe HTTP/1.0\r\n\r\n", 1},
		{"content:\"/cmd.exe\"; http_uri;", "GET /a/../scripts/./cmd.exe?x HTTP/1.1\r\n",
			1},
		{"uricontent:\"/scripts/cmd\";", "GET /a/../scripts/./cmd.exe HTTP/1.1\r\n", 1},
		{"uricontent:\"/b\";", "GET /a\\\\//b HTTP/1.1\r\n", 1},
		{"uricontent:\"/b\";", "GET /a HTTP/1.1\r\nX: /b\r\n\r\n", 0},
		{"uricontent:\"ab\"; nocase; pcre:\"/c{3}/U\";", "GET /ABccc HTTP/1.1\r\n", 1},
		{"uricontent:\"/default.ida?\"; nocase;",
			"GET /default.ida?XXXX%u9090%u6858 HTTP/1.0\r\n", 1},
		{"uricontent:\"/x\"; content:\"needle\";",
			"POST /x HTTP/1.0\r\nContent-Length: 6\r\n\r\nneedle", 1},
		{"uricontent:\"/x\"; content:\"needle\";", "GET /x HTTP/1.0\r\n\r\nneedle", 0},
		{"uricontent:\"/x\"; content:\"POST\"; depth:4;", "POST /x HTTP/1.0\r\n\r\n", 1},
		{"uricontent:\"second\";",
			"GET /1 HTTP/1.1\r\nA: b\r\n\r\nGET /second HTTP/1.1\r\n", 1},
		{"uricontent:\"/old\";", "GET /old", 1},
		{"uricontent:\"/x\"; content:!\"Host\";", "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", 0},
		{"uricontent:\"/x\";", "METHOD /x HTTP/1.1\r\n", 1},
		{"uricontent:\"/x\";", "nothing /x\r\n", 0},
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		char text[256];
		snprintf(text, sizeof(text),
			"alert tcp any any -> any $HTTP_PORTS (flow:to_server; %s sid:1;)",
			rows[i].options);
		struct stage stage;
		stage_open(&stage, text, WW_MATCHER_RUNS);
		size_t len = strlen(rows[i].text);
		if (stage_stream(&stage, 80, rows[i].text, len) != rows[i].hits)
			fail_msg("%s on %s: %zu hits", text, rows[i].text, stage.hits);
		for (size_t cut = 1; cut < len; cut++)
			if (stage_play(&stage, 80, rows[i].text, len, &cut, 1) != rows[i].hits)
				fail_msg("%s on %s cut at %zu: %zu hits", text, rows[i].text, cut,
					stage.hits);
		stage_close(&stage);
	}
}

static void test_flow(void **state)
{
	(void)state;
	static const struct {
		const char *header, *options;
		size_t up, down; /* hits of "attack" to the server at port 21, and to the client */
	} rows[] = {
		{"any any -> any 21", "", 1, 0},
		{"any 21 -> any any", "", 0, 1},
		{"any any <> any 21", "", 1, 1},
		{"any 21 <> any any", "", 1, 1},
		{"any any -> any any", "", 1, 1},
		{"any any -> any any", "flow:to_server;", 1, 0},
		{"any any -> any any", "flow:from_server;", 0, 1},
		{"any any -> any any", "flow:to_client,established;", 0, 1},
		{"any 21 -> any any", "flow:to_server;", 0, 0},
		{"10.0.0.1 any -> any any", "", 1, 0},
		{"any any -> 10.0.0.0/30 !21", "", 0, 1},
		{"!10.0.0.1 any -> any any", "", 0, 1},
		{"any any -> any any", "flow:not_established;", 0, 0},
		{"any any -> any any", "flow:only_stream;", 1, 1},
		{"any any -> any any", "flow:no_stream;", 1, 1},
		{"any any -> any any", "dsize:6;", 1, 1},
		{"any any -> any any", "dsize:7;", 0, 0},
		{"any any -> any any", "flags:PA;", 1, 1},
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		char text[256];
		snprintf(text, sizeof(text), "alert tcp %s (%s content:\"attack\"; sid:1;)",
			rows[i].header, rows[i].options);
		struct stage stage;
		stage_open(&stage, text, WW_MATCHER_RUNS);
		for (int d = 0; d < 2; d++) {
			stage_begin_flow(&stage, WW_PROTO_TCP, 21);
			stage_segment(&stage, (enum ww_dir)d, "attack", 6, false);
			stage_segment(&stage, (enum ww_dir)d, "", 0, true);
			if (stage.hits != (d ? rows[i].down : rows[i].up))
				fail_msg("%s dir %d: %zu hits", text, d, stage.hits);
		}
		stage_close(&stage);
	}
}

static void test_flowbits(void **state)
{
	(void)state;
	struct stage stage;
	/* The rule that asks stands first: the one that sets is tried before it all the same. */
	stage_open(&stage,
		"alert tcp any any -> any any (content:\"PASS\"; flowbits:isset,user; sid:2;)\n"
		"alert tcp any any -> any any (content:\"USER\"; flowbits:set,user&seen; "
		"flowbits:noalert; sid:1;)\n"
		"alert tcp any any -> any any (content:\"QUIT\"; flowbits:unset,user; sid:3;)\n"
		"alert tcp any any -> any any (content:\"OTHER\"; flowbits:isset,none|seen; "
		"sid:4;)\n"
		"alert tcp any any -> any any (content:\"CLEAR\"; flowbits:reset; sid:5;)\n",
		WW_MATCHER_RUNS);
	static const char *const lines[] = {"PASS", "OTHER", "USER", "PASS", "OTHER", "QUIT",
		"PASS", "OTHER", "CLEAR", "OTHER", "USER PASS"};
	static const size_t hits[] = {0, 0, 0, 1, 2, 3, 3, 4, 5, 5, 6};
	stage_begin_flow(&stage, WW_PROTO_TCP, 21);
	for (size_t i = 0; i < WW_N(lines); i++) {
		stage_segment(&stage, WW_DIR_TO_SERVER, lines[i], strlen(lines[i]), false);
		if (stage.hits != hits[i])
			fail_msg("line %zu: %zu hits", i, stage.hits);
	}
	stage_close(&stage);
}

/* Where every rule asks for a bit, the direction is not looked at before one is set. */
static void test_gates(void **state)
{
	(void)state;
	struct stage stage;
	stage_open(&stage,
		"alert tcp any any -> any 80 (flow:to_server; content:\"/root.exe\"; "
		"flowbits:set,asked; sid:1;)\n"
		"alert tcp any 80 -> any any (flow:to_client; flowbits:isset,asked; "
		"content:\"HTTP/1.\"; depth:7; content:\" 200 \"; sid:2;)\n"
		"alert tcp any 80 -> any any (flow:to_client; flowbits:isset,asked; dsize:3; "
		"sid:3;)\n",
		WW_MATCHER_RUNS);
	stage_begin_flow(&stage, WW_PROTO_TCP, 80);
	assert_int_not_equal(stage.flow.groups[WW_DIR_TO_SERVER], 0);
	assert_int_equal(stage.flow.groups[WW_DIR_TO_CLIENT], 0);
	stage_segment(&stage, WW_DIR_TO_SERVER, "GET /root", 9, false);
	assert_int_equal(stage.flow.groups[WW_DIR_TO_CLIENT], 0);
	stage_segment(&stage, WW_DIR_TO_SERVER, ".exe", 4, false);
	assert_int_equal(stage.hits, 1);
	assert_int_not_equal(stage.flow.groups[WW_DIR_TO_CLIENT], 0);
	stage_segment(&stage, WW_DIR_TO_CLIENT, "HTTP/1.0", 8, false);
	stage_segment(&stage, WW_DIR_TO_CLIENT, " 200 OK", 7, false);
	assert_int_equal(stage.hits, 2);
	stage_segment(&stage, WW_DIR_TO_CLIENT, "abc", 3, false);
	assert_int_equal(stage.hits, 3);
	/* The next flow begins without bits. */
	stage_begin_flow(&stage, WW_PROTO_TCP, 80);
	assert_int_equal(stage.flow.groups[WW_DIR_TO_CLIENT], 0);
	stage_close(&stage);
	/* One rule that asks for none is enough. */
	stage_open(&stage,
		"alert tcp any 80 -> any any (flow:to_client; flowbits:isset,x; sid:2;)\n"
		"alert tcp any 80 -> any any (flow:to_client; flowbits:isnotset,x; sid:3;)\n",
		WW_MATCHER_RUNS);
	stage_begin_flow(&stage, WW_PROTO_TCP, 80);
	assert_int_not_equal(stage.flow.groups[WW_DIR_TO_CLIENT], 0);
	stage_close(&stage);
}

static void test_thresholds(void **state)
{
	(void)state;
	static const struct {
		const char *option;
		size_t hits[8]; /* after each of seven matches a second apart, and one 100 s later
				 */
	} rows[] = {
		{"threshold:type limit, track by_src, count 2, seconds 60",
			{1, 2, 2, 2, 2, 2, 2, 3}},
		{"threshold:type threshold, track by_dst, count 3, seconds 60",
			{0, 0, 1, 1, 1, 2, 2, 2}},
		{"threshold:type both, track by_src, count 3, seconds 60",
			{0, 0, 1, 1, 1, 1, 1, 1}},
		{"detection_filter:track by_src, count 3, seconds 60", {0, 0, 0, 1, 2, 3, 4, 4}},
		{"threshold:type limit, track by_src, count 1, seconds 3",
			{1, 1, 1, 2, 2, 2, 3, 4}},
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		char text[256];
		snprintf(text, sizeof(text), "alert udp any any -> any any (%s; sid:1;)",
			rows[i].option);
		struct stage stage;
		stage_open(&stage, text, WW_MATCHER_PLAIN);
		stage_begin_flow(&stage, WW_PROTO_UDP, 9);
		struct ww_packet packet = stage_packet(&stage, WW_DIR_TO_SERVER, "x", 1);
		for (size_t k = 0; k < 8; k++) {
			packet.time_us = (int64_t)(k < 7 ? k : 107) * 1000000;
			stage_lone(&stage, &packet);
			if (stage.hits != rows[i].hits[k])
				fail_msg("%s: match %zu: %zu hits", rows[i].option, k, stage.hits);
		}
		/* Another source counts for itself; many of them are bounded and counted. */
		for (uint32_t ip = 0; ip < 20000; ip++) {
			packet.src = packet.dst = ww_ip_from_v4(0xc0000000 + ip);
			stage_lone(&stage, &packet);
		}
		uint64_t evicted = ww_rules_counts(stage.rules).evicted_counters;
		assert_true(evicted >= 20000 - WW_COUNTERS);
		/* Where the intervals are over nothing is lost. */
		packet.time_us += 61 * 1000000;
		for (uint32_t ip = 0; ip < 500; ip++) {
			packet.src = packet.dst = ww_ip_from_v4(0xd0000000 + ip);
			stage_lone(&stage, &packet);
		}
		assert_int_equal(ww_rules_counts(stage.rules).evicted_counters, evicted);
		stage_close(&stage);
	}
}

/* An occurrence alerts once, also when the view shows it again; new ones alert again. */
static void test_once(void **state)
{
	(void)state;
	static const char *const options[] = {"content:\"attack\";", "pcre:\"/att+ack/\";",
		"content:\"at\";", "content:\"t\"; content:\"attack\"; distance:-20;",
		"content:\"attack\"; fast_pattern:only; content:\"at\";"};
	for (size_t i = 0; i < WW_N(options); i++) {
		char text[256];
		snprintf(
			text, sizeof(text), "alert tcp any any -> any any (%s sid:1;)", options[i]);
		struct stage stage;
		stage_open(&stage, text, WW_MATCHER_RUNS);
		stage_begin_flow(&stage, WW_PROTO_TCP, 7);
		static const char *const pieces[] = {"..att", "ack..", "....", "..attack..", ".."};
		for (size_t p = 0; p < WW_N(pieces); p++)
			stage_segment(
				&stage, WW_DIR_TO_SERVER, pieces[p], strlen(pieces[p]), false);
		stage_segment(&stage, WW_DIR_TO_SERVER, "", 0, true);
		if (stage.hits != 2)
			fail_msg("%s: %zu hits", text, stage.hits);
		stage_close(&stage);
	}
}

/* offset and depth count from the stream's start and from each segment's. */
static void test_positions_in_streams(void **state)
{
	(void)state;
	struct stage stage;
	stage_open(&stage,
		"alert tcp any any -> any any (content:\"USER\"; depth:4; "
		"content:\"root\"; distance:1; within:4; sid:1;)",
		WW_MATCHER_RUNS);
	size_t cut = 2;
	assert_int_equal(stage_play(&stage, 21, "USER root", 9, &cut, 1), 1);
	cut = 5;
	assert_int_equal(stage_play(&stage, 21, "HELO\nUSER root", 14, &cut, 1), 1);
	/* The segment is the one in which the fast pattern (here: root) ends. */
	size_t cuts[] = {5, 11};
	assert_int_equal(stage_play(&stage, 21, "HELO\nUSER root", 14, cuts, 2), 0);
	assert_int_equal(stage_stream(&stage, 21, "HELO\nUSER root", 14), 0);
	stage_close(&stage);
}

/* A pattern that makes backtracking explode is given up, or answered at once; never hangs. */
static void test_hostile(void **state)
{
	(void)state;
	struct stage stage;
	char text[2048] = "alert udp any any -> any any (";
	for (int i = 0; i < 30; i++)
		strncat(text, "content:\"a\"; distance:0; ", sizeof(text) - strlen(text) - 1);
	strncat(text,
		"content:\"b\"; within:1; sid:1;)\n"
		"alert udp any any -> any any (pcre:\"/(a+)+$/\"; sid:2;)",
		sizeof(text) - strlen(text) - 1);
	stage_open(&stage, text, WW_MATCHER_RUNS);
	char payload[1400];
	memset(payload, 'a', sizeof(payload));
	payload[sizeof(payload) - 1] = '!';
	assert_int_equal(stage_datagram(&stage, 9, payload, sizeof(payload)), 0);
	const struct ww_rules_counts counts = ww_rules_counts(stage.rules);
	assert_true(counts.pcre_limits == 1 || counts.pcre_limits == 0);
	payload[sizeof(payload) - 1] = 'b';
	(void)stage_datagram(&stage, 9, payload, sizeof(payload));
	stage_close(&stage);
}

/* Where the names of a buffer stand in a rule, and what refuses one. */
static void test_buffers(void **state)
{
	(void)state;
	static const struct {
		const char *options;
		size_t hits;         /* of the request below */
		const char *problem; /* part of it; NULL: loads */
	} rows[] = {
		{"content:\"/a/b\"; http_uri; content:\"GET\";", 1, NULL},
		{"content:\"GET\"; http_uri;", 0, NULL},
		{"content:\"GET\"; content:\"/a/b\"; http_uri;", 1, NULL},
		{"http.uri; content:\"/a\"; content:\"/b\"; distance:0;", 1, NULL},
		{"http.uri; content:\"/a\"; content:\"GET\";", 0, NULL},
		{"http.uri; content:\"/a\"; pkt_data; content:\"GET\";", 1, NULL},
		{"http.uri; pcre:\"/^.a/\";", 1, NULL},
		{"http.uri; pcre:\"/^GET/B\";", 1, NULL},
		{"http_uri; content:\"/a\"; content:\"/b\";", 1, NULL},
		{"http_uri; content:\"/a\"; content:\"GET\";", 0, NULL},
		{"http_uri; content:\"/a\"; raw_data; content:\"GET\";", 1, NULL},
		{"http.uri; content:!\"/c\"; content:\"b\";", 1, NULL},
		{"http.uri; content:\"b\"; isdataat:!1,relative;", 1, NULL},
		{"http.uri; content:\"b\"; isdataat:0,relative;", 0, NULL},
		{"http.uri; byte_test:1,=,0x2f,0; content:\"b\";", 1, NULL},
		{"content:\"/\"; http_uri; byte_test:1,=,0x61,0,relative;", 1, NULL},
		{"http.uri; nocase;", 0, "'nocase' has no content before it"},
		{"content:\"x\"; http_uri:3;", 0, "'http_uri' takes no value"},
		{"content:\"x\"; sip_stat_code:180;", 0, "'sip_stat_code:180' is not supported"},
		{"content:\"x\"; http.uri:3;", 0, "'http.uri:3' is not supported"},
		{"sip_method; content:\"x\";", 0,
			"keyword 'sip_method' is not supported: nothing offers that buffer"},
	};
	static const char request[] = "GET /a/%62 HTTP/1.0\r\n\r\n";
	for (size_t i = 0; i < WW_N(rows); i++) {
		char text[256];
		snprintf(text, sizeof(text), "alert tcp any any -> any any (%s sid:1;)",
			rows[i].options);
		if (rows[i].problem) {
			struct ww_rules *rules;
			assert_int_equal(ww_rules_new(NULL, 0, &rules), 0);
			assert_int_equal(ww_rules_load(rules, "x", NULL, text, strlen(text)), 0);
			assert_int_equal(ww_rules_n(rules), 0);
			assert_int_equal(ww_rules_problems(rules), 1);
			if (!strstr(ww_rules_problem(rules, 0)->text, rows[i].problem))
				fail_msg("%s: %s", text, ww_rules_problem(rules, 0)->text);
			ww_rules_free(&rules);
			continue;
		}
		struct stage stage;
		stage_open(&stage, text, WW_MATCHER_RUNS);
		size_t hits = stage_stream(&stage, 80, request, strlen(request));
		if (hits != rows[i].hits)
			fail_msg("%s: %zu hits", text, hits);
		stage_close(&stage);
	}
}

/* The names and the meaning of a buffer as wormwood-rules(7) has them. */
static void buffer_row(const struct ww_buffer_row *row, char *out, size_t size)
{
	snprintf(out, size, "|  %s\n:  %s\n:  %s\n:  %s%s\n", *row->behind ? row->behind : "-",
		*row->snort3 ? row->snort3 : "-", *row->before ? row->before : "-", row->help,
		row->provided ? "" : " (refused)");
}

static void test_man_page(void **state)
{
	(void)state;
	struct ww_buf text = WW_BUF_INIT;
	const struct ww_keyword *keywords;
	if (ww_file_load(MAN_PAGE, 1 << 20, &text) < 0)
		fail_msg("%s cannot be read", MAN_PAGE);
	for (size_t i = 0, n = ww_keywords(&keywords); i < n; i++) {
		char row[160];
		ww_buf_addc(&text, '\0');
		snprintf(row, sizeof(row), "|  *%s*\n:  %s\n", keywords[i].name, keywords[i].help);
		if (!strstr(text.data, row))
			fail_msg("wormwood-rules(7) lacks the row: %s", row);
	}
	const struct ww_buffer_row *buffers;
	for (size_t i = 0, n = ww_buffers(&buffers); i < n; i++) {
		char row[400];
		buffer_row(&buffers[i], row, sizeof(row));
		if (!strstr(text.data, row))
			fail_msg("wormwood-rules(7) lacks the row: %s", row);
	}
	ww_buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_payload),
		cmocka_unit_test(test_packet),
		cmocka_unit_test(test_uri),
		cmocka_unit_test(test_flow),
		cmocka_unit_test(test_flowbits),
		cmocka_unit_test(test_gates),
		cmocka_unit_test(test_thresholds),
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_positions_in_streams),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_buffers),
		cmocka_unit_test(test_man_page),
	};
	return cmocka_run_group_tests_name("keywords", tests, NULL, NULL);
}
