// SPDX-License-Identifier: GPL-3.0-or-later
/* dce_iface, dce_opnum, dce_stub_data and numbers in the call's byte order, on one call at a time.
 */
#include "wire/rules/test-rules.h"

#include "wire/proto/uuid.h"

#define SRVSVC "4b324fc8-1670-01d3-1278-5a47bf6ee188"
#define OTHER  "4d9f4ab8-7d1c-11cf-861e-0020af6e7c57"

static const struct ww_dce_call whole = {
	.interface = {0x4b, 0x32, 0x4f, 0xc8, 0x16, 0x70, 0x01, 0xd3, 0x12, 0x78, 0x5a, 0x47, 0xbf,
		0x6e, 0xe1, 0x88},
	.major = 3,
	.opnum = 15,
	.little = true,
	.accepted = true,
	.first_fragment = true,
};

/* The only rule of the stage on a call with this stub. */
static bool matches(
	const char *options, const struct ww_dce_call *call, const char *stub, size_t len)
{
	struct stage stage;
	char text[600];
	snprintf(text, sizeof(text), "alert tcp any any -> any any (%s sid:1;)\n", options);
	stage_open(&stage, text, WW_MATCHER_RUNS);
	static struct ww_message message = {.begins = true, .ends = true, .settled = ~(uint64_t)0};
	message.dce = call;
	message.present = WW_BUFFER_BIT(WW_BUFFER_DCE_STUB);
	message.buffers[WW_BUFFER_DCE_STUB] =
		(struct ww_message_buffer){(const uint8_t *)stub, (uint32_t)len, 0, 0};
	const struct ww_window window = {
		.data = (const uint8_t *)"", .final = true, .patient = true, .message = &message};
	struct ww_verify verify = {
		.desk = stage.rules->desk, .item = &stage.rules->items[0], .window = &window};
	bool yes = ww_verify_run(&verify) == WW_VERDICT_MATCH;
	stage_close(&stage);
	return yes;
}

static void test_options(void **state)
{
	static const struct {
		const char *options;
		bool yes;
	} rows[] = {
		{"dce_iface:" SRVSVC ";", true},
		{"dce_iface:4B324FC8-1670-01D3-1278-5A47BF6EE188;", true},
		{"dce_iface:" OTHER ";", false},
		{"dcerpc.iface:" SRVSVC ",=3;", true},
		{"dce_iface:" SRVSVC ",=0x03;", true},
		{"dce_iface:" SRVSVC ",3;", true},
		{"dce_iface:" SRVSVC ",=4;", false},
		{"dce_iface:" SRVSVC ",<4;", true},
		{"dce_iface:" SRVSVC ",<3;", false},
		{"dce_iface:" SRVSVC ",>2,any_frag;", true},
		{"dce_iface:" SRVSVC ",>3;", false},
		{"dce_iface:" SRVSVC ",!3;", false},
		{"dce_iface:" SRVSVC ",!2;", true},
		{"dce_iface:uuid " SRVSVC ", version <4, any_frag;", true},
		{"dce_iface:uuid " SRVSVC ", version >3;", false},
		{"dce_opnum:15;", true},
		{"dce_opnum:14;", false},
		{"dcerpc.opnum:0-14,16-20;", false},
		{"dce_opnum:1, 10-15;", true},
		{"dce_opnum:15-15;", true},
		{"dce_opnum:\"0-11,15-17\";", true},
		{"dce_iface:" SRVSVC "; dce_opnum:15; dce_stub_data; content:\"marker\";", true},
		{"dce_iface:" SRVSVC "; dce_opnum:16; dce_stub_data; content:\"marker\";", false},
		{"dcerpc.stub_data; content:\"marker\"; offset:8; depth:6;", true},
		{"dcerpc.stub_data; content:\"marker\"; offset:9;", false},
		/* The first four bytes are 0x00000102 in a little-endian call. */
		{"dce_stub_data; byte_test:4,=,0x102,0,dce;", true},
		{"dce_stub_data; byte_test:4,=,0x02010000,0,dce;", false},
		{"dce_stub_data; byte_test:4,=,0x02010000,0;", true},
		{"dce_stub_data; byte_jump:4,4,dce; content:\"marker\"; within:6;", true},
		{"dce_stub_data; content:\"|02 01|\"; byte_test:4,>,255,-2,relative,dce;", true},
	};
	static const char stub[] = "\x02\x01\0\0\0\0\0\0marker";
	for (size_t i = 0; i < WW_N(rows); i++)
		if (matches(rows[i].options, &whole, stub, sizeof(stub) - 1) != rows[i].yes)
			fail_msg("%s", rows[i].options);
	/* In a big-endian call the same number is another. */
	struct ww_dce_call big = whole;
	big.little = false;
	assert_true(matches("dce_stub_data; byte_test:4,=,0x02010000,0,dce;", &big, stub, 14));
	assert_false(matches("dce_stub_data; byte_test:4,=,0x102,0,dce;", &big, stub, 14));
}

static void test_accepted(void **state)
{
	static const char iface[] = "dce_iface:" SRVSVC ";",
			  any[] = "dce_iface:" SRVSVC ",any_frag;";
	struct ww_dce_call call = whole;
	/* A context that the server did not accept is none; its operation is one all the same. */
	call.accepted = false;
	assert_false(matches(iface, &call, "", 0));
	assert_false(matches(any, &call, "", 0));
	assert_true(matches("dce_opnum:15;", &call, "", 0));
	call.accepted = true;
	call.first_fragment = false;
	assert_false(matches(iface, &call, "", 0));
	assert_true(matches(any, &call, "", 0));
	/* No call at all. */
	assert_false(matches(iface, NULL, "", 0));
	assert_false(matches("dce_opnum:0-65535;", NULL, "", 0));
}

static void test_refused(void **state)
{
	static const struct {
		const char *options, *text;
	} rows[] = {
		{"dce_iface:4b324fc8;", "a UUID"},
		{"dce_iface:" SRVSVC ",<;", "neither a version"},
		{"dce_iface:" SRVSVC ",<65536;", "neither a version"},
		{"dce_iface:" SRVSVC ",some_frag;", "neither a version"},
		{"dce_opnum:;", ""},
		{"dce_opnum:65536;", "no number"},
		{"dce_opnum:5-4;", "no number"},
		{"dce_opnum:1-;", "no number"},
		{"dce_opnum:-1;", "no number"},
		{"dce_opnum:x;", "no number"},
		{"byte_test:4,>,1,0,dce;", "outside dce_stub_data"},
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		char text[300];
		struct ww_rules *rules;
		snprintf(text, sizeof(text), "alert tcp any any -> any any (%s sid:1;)\n",
			rows[i].options);
		assert_int_equal(ww_rules_new(NULL, 0, &rules), 0);
		assert_int_equal(ww_rules_load(rules, "t", NULL, text, strlen(text)), 0);
		assert_int_equal(ww_rules_n(rules), 0);
		assert_int_equal(ww_rules_problems(rules), 1);
		if (!strstr(ww_rules_problem(rules, 0)->text, rows[i].text))
			fail_msg("%s: %s", rows[i].options, ww_rules_problem(rules, 0)->text);
		ww_rules_free(&rules);
	}
	/* As many ranges as are kept, and one more. */
	for (int n = 32; n <= 33; n++) {
		struct ww_buf text = WW_BUF_INIT;
		struct ww_rules *rules;
		ww_buf_adds(&text, "alert tcp any any -> any any (dce_opnum:0");
		for (int i = 1; i < n; i++)
			ww_buf_addf(&text, ",%d", i);
		ww_buf_adds(&text, "; sid:1;)\n");
		assert_int_equal(ww_rules_new(NULL, 0, &rules), 0);
		assert_int_equal(ww_rules_load(rules, "t", NULL, text.data, text.len), 0);
		assert_int_equal(ww_rules_n(rules), n == 32);
		ww_rules_free(&rules);
		ww_buf_done(&text);
	}
}

/* Names in questions and hellos, through the whole path. */
static void test_names(void **state)
{
	static const char query[] = "\x12\x34\x01\0\0\1\0\0\0\0\0\0"
				    "\4Worm\7example\0\0\1\0\1";
	static const char hello[] = "\x16\3\1\0\x44\1\0\0\x40\3\3"
				    "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr"
				    "\0\0\2\0\x2f\1\0\0\x15\0\0\0\x11\0\x0f\0\0\x0c"
				    "worm.example";
	struct stage stage;
	stage_open(&stage,
		"alert udp any any -> any any (dns.query; content:\"Worm.example\"; "
		"isdataat:!1,relative; sid:1;)\n"
		"alert udp any any -> any any (dns_query; content:\"worm\"; sid:2;)\n"
		"alert tcp any any -> any any (tls.sni; content:\"worm\"; depth:4; sid:3;)\n"
		"alert tcp any any -> any any (ja3.string; content:\"771,47,0,,\"; sid:4;)\n"
		"alert tcp any any -> any any (tls.cert_subject; content:!\"x\"; sid:5;)\n",
		WW_MATCHER_RUNS);
	assert_int_equal(stage_datagram(&stage, 53, query, sizeof(query) - 1), 1);
	assert_int_equal(stage.sids[0], 1);
	assert_int_equal(stage_datagram(&stage, 53, query, sizeof(query) - 2), 0);
	for (size_t cut = 1; cut < sizeof(hello) - 1; cut++) {
		size_t hits = stage_play(&stage, 443, hello, sizeof(hello) - 1, &cut, 1);
		if (hits != 2 || stage.sids[0] + stage.sids[1] != 7)
			fail_msg("cut at %zu: %zu hits", cut, hits);
	}
	stage_close(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
