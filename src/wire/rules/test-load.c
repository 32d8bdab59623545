// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Loading: what is refused, by which words and where; real rule files where they are at hand.
 */
#include "wire/rules/test-rules.h"

#include "base/file.h"

static struct ww_rules *load(const char *text)
{
	struct ww_rules *rules;
	assert_int_equal(ww_rules_new(NULL, 0, &rules), 0);
	assert_int_equal(ww_rules_load(rules, "f.rules", "owner", text, strlen(text)), 0);
	return rules;
}

#define HEAD "alert tcp any any -> any any "

static void test_refusals(void **state)
{
	(void)state;
	/* '@' marks the place; it is taken out. */
	static const struct {
		const char *text;
		bool severe;
		const char *says;
	} rows[] = {
		{HEAD "(msg:\"x\"; @cvs:invalid-entry; sid:1;)", false,
			"keyword 'cvs' is not supported"},
		{HEAD "(asn1:@print; sid:1;)", false, "asn1: 'print' is not supported"},
		{HEAD "(asn1:@relative_offset 1; sid:1;)", true,
			"bitstring_overflow, double_overflow or oversize_length N is expected"},
		{"# c\n\n  " HEAD "(msg:\"x\"; \\\n   @sip_method; sid:1;)", false,
			"keyword 'sip_method' is not supported: nothing offers that buffer"},
		{"@log tcp any any -> any any (sid:1;)", false, "action 'log' is not supported"},
		{"@sdrop tcp any any -> any any (sid:1;)", false,
			"action 'sdrop' is not supported"},
		{"@frob tcp any any -> any any (sid:1;)", true, "'frob' is not an action"},
		{"alert @gopher any any -> any any (sid:1;)", false,
			"protocol 'gopher' is not supported"},
		{HEAD "(@file_id:1; sid:1;)", false, "keyword 'file_id' is not supported"},
		{"@include foo.rules", false, "'include' is not supported in a rule file"},
		{HEAD "(msg:\"x\"; sid:1;@", true, "the closing ')' is missing"},
		{HEAD "(msg:\"x\"; @sid:1", true,
			"the option does not end: ';' and the closing ')' are missing"},
		{HEAD "(msg:@\"x; sid:1;)", true, "a quote that is not closed"},
		{HEAD "(sid:1;) @foo", true, "text after the closing ')'"},
		{"alert tcp any any -> any any@ ", true, "'(' and the rule's options are missing"},
		{"alert tcp any any -> any@ (sid:1;)", true, "destination ports are expected"},
		{"alert tcp any any @=> any any (sid:1;)", true, "'->' or '<>' is expected"},
		{"alert tcp @$NOPE any -> any any (sid:1;)", true,
			"the variable $NOPE is not defined"},
		{"alert tcp @!any any -> any any (sid:1;)", true, "'!any' can never be true"},
		{"alert tcp any @70000 -> any any (sid:1;)", true,
			"'70000' is not a port or a range of ports"},
		{"alert tcp any @5:3 -> any any (sid:1;)", true,
			"'5:3' is not a port or a range of ports"},
		{"alert tcp @10.0.0.300 any -> any any (sid:1;)", true,
			"'10.0.0.300' is not an address or a network"},
		{"alert tcp @[10.0.0.1 any -> any any (sid:1;)", true, "a '[' that is not closed"},
		{HEAD "(content:\"|4@|\"; sid:1;)", true, "an odd number of hexadecimal digits"},
		{HEAD "(content:\"|4@g|\"; sid:1;)", true,
			"not a hexadecimal digit between '|' and '|'"},
		{HEAD "(content:\"@|41 42\"; sid:1;)", true, "a '|' that is not closed"},
		{HEAD "(content:@\"\"; sid:1;)", true, "a content has 1 to 2048 bytes"},
		{HEAD "(@nocase; sid:1;)", true, "'nocase' has no content before it"},
		{HEAD "(content:\"abc\"; within:@2; sid:1;)", true,
			"the content is 3 bytes long: it does not fit into 2"},
		{HEAD "(content:\"abc\"; depth:5; @within:5; sid:1;)", false,
			"offset or depth together with distance or within"},
		{HEAD "(content:!\"abc\"; @fast_pattern; sid:1;)", true,
			"a negated content cannot be the fast pattern"},
		{HEAD "(pcre:\"/a(@/\"; sid:1;)", true, "pcre: missing closing parenthesis"},
		{HEAD "(pcre:\"/a/i@N\"; sid:1;)", false, "pcre flag 'N' is not supported"},
		{HEAD "(content:\"a\",@frob; sid:1;)", false, "content: 'frob' is not supported"},
		{HEAD "(content:\"a\" @b; sid:1;)", true,
			"text behind the quotes of a content: ',' is expected"},
		{HEAD "(content:\"abc\",within @2; sid:1;)", true,
			"the content is 3 bytes long: it does not fit into 2"},
		{HEAD "(content:\"a\"; offset:@x; sid:1;)", true,
			"no byte_extract or byte_math before sets 'x'"},
		{HEAD "(byte_extract:1,0,@9a; sid:1;)", true, "the name of a variable is expected"},
		{HEAD "(byte_extract:1,0,a,@frob; sid:1;)", false,
			"byte_extract: 'frob' is not supported"},
		{HEAD "(byte_math:@bytes 1,offset 0,oper +,rvalue 1; sid:1;)", true,
			"'bytes', 'offset', 'oper', 'rvalue' and 'result' are needed"},
		{HEAD "(byte_math:bytes 1,offset 0,oper @%,rvalue 1,result a; sid:1;)", true,
			"one of + - * / << >> is expected"},
		{HEAD "(content:\"a\"; depth:5; @startswith; sid:1;)", true,
			"'startswith' together with offset or depth"},
		{HEAD "(@bsize:5; sid:1;)", false,
			"'bsize' of the payload is not supported: use dsize"},
		{HEAD "(urilen:@5<>3; sid:1;)", true, "a size or a range of sizes is expected"},
		{HEAD "(urilen:5,@odd; sid:1;)", false, "urilen: 'odd' is not supported"},
		{HEAD "(content:\"a\"; @base64_data; sid:1;)", true,
			"base64_data: there is no base64_decode before it"},
		{HEAD "(base64_decode; @base64_data; sid:1;)", false,
			"base64_data: without a content before base64_decode is not supported"},
		{HEAD "(content:\"a\"; base64_decode:bytes 5,@odd; sid:1;)", false,
			"base64_decode: 'odd' is not supported"},
		{HEAD "(ssl_state:client_hello,@odd; sid:1;)", false,
			"ssl_state: 'odd' is not supported"},
		{HEAD "(ssl_version:sslv3,!@tls1.0; sid:1;)", false,
			"ssl_version: '!' before some words and not before others is not supported"},
		{HEAD "(rpc:@1,a,2; sid:1;)", true,
			"PROGRAM, VERSION, PROCEDURE are expected, each a number, the last two or "
			"'*'"},
		{HEAD "(stream_size:@middle,<,5; sid:1;)", true,
			"client, server, both or either is expected"},
		{HEAD "(stream_size:@client,5; sid:1;)", true,
			"SIDE, OPERATOR, NUMBER are expected"},
		{HEAD "(ipopts:@xx; sid:1;)", true,
			"rr, eol, nop, ts, sec, esec, lsrr, lsrre, ssrr, satid or any is expected"},
		{HEAD "(tag:@frob,5,packets; sid:1;)", false, "tag: 'frob' is not supported"},
		{HEAD "(threshold:type limit, @track by_moon, count 1, seconds 1; sid:1;)", false,
			"threshold: 'track by_moon' is not supported"},
		{"event_filter @gen_id 1, type limit, track by_src, count 1, seconds 1", true,
			"'gen_id' and 'sig_id' are needed"},
		{"suppress @gen_id 1, sig_id 2, track by_src", true,
			"'track' and 'ip' are needed together"},
		{"suppress gen_id 1, sig_id 2, track by_src, ip @10.0.0.300", true,
			"'10.0.0.300' is not an address or a network"},
		{"rate_filter @gen_id 1, sig_id 2, track by_src, count 3", true,
			"'track', 'count' and 'seconds' are needed"},
		{HEAD "(byte_test:4,@?,1,0; sid:1;)", true, "'?' is not an operator"},
		{HEAD "(byte_test:@4,>,1,0,dce; sid:1;)", false,
			"'dce' outside dce_stub_data is not supported"},
		{HEAD "(byte_jump:4,0,@banana; sid:1;)", false,
			"byte_jump: 'banana' is not supported"},
		{HEAD "(flow:@sideways; sid:1;)", false, "flow: 'sideways' is not supported"},
		{HEAD "(flow:@to_server,to_client; sid:1;)", true,
			"flow: words that exclude each other"},
		{HEAD "(flags:@XYZ; sid:1;)", true,
			"flags: letters of FSRPAUEC120 and one of + * ! are expected"},
		{HEAD "(dsize:@abc; sid:1;)", true,
			"a number or a range from 0 to 65535 is expected"},
		{HEAD "(sid:1; @sid:2;)", true, "'sid' is given twice"},
		{HEAD "(sid:@0;)", true, "a number from 1 to 4294967295 is expected"},
		{HEAD "(@sid;)", true, "'sid' needs a value"},
		{HEAD "(content:\"a\"; nocase:@1; sid:1;)", true, "'nocase' takes no value"},
		{HEAD "(threshold:@type limit, track by_src, count 1; sid:1;)", true,
			"'type', 'track', 'count' and 'seconds' are needed"},
		{HEAD "(flowbits:isset,a,group,@more; sid:1;)", true, "text behind the group"},
		{HEAD "(flowbits:@setx,a; sid:1;)", true, "setx needs a group"},
		{"var@\n", true, "a name and a value are expected"},
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		char text[256];
		struct ww_at want = {1, 1};
		size_t n = 0;
		bool before = true;
		for (const char *c = rows[i].text; *c; c++) {
			before = before && *c != '@';
			if (*c != '@')
				text[n++] = *c;
			if (before)
				want = *c == '\n' ? (struct ww_at){want.line + 1, 1}
						  : (struct ww_at){want.line, want.col + 1};
		}
		text[n] = '\0';
		assert_false(before);
		struct ww_rules *rules = load(text);
		if (ww_rules_problems(rules) != 1 || ww_rules_n(rules) != 0)
			fail_msg("'%s': %zu problems, %zu rules", text, ww_rules_problems(rules),
				ww_rules_n(rules));
		const struct ww_rule_problem *problem = ww_rules_problem(rules, 0);
		if (problem->at.line != want.line || problem->at.col != want.col ||
			problem->severe != rows[i].severe ||
			strcmp(problem->text, rows[i].says) != 0)
			fail_msg("'%s': %u:%u %s", text, problem->at.line, problem->at.col,
				problem->text);
		assert_string_equal(problem->file, "f.rules");
		ww_rules_free(&rules);
	}
}

static void test_good_lines(void **state)
{
	(void)state;
	static const char *const rows[] = {
		HEAD "(sid:1;)",
		HEAD "(msg:\"a\\\"b\\;c\"; sid:1; rev: 2 ; )   ",
		HEAD "(sid:1;) # why",
		"alert tcp [10.0.0.0/8, !10.1.0.0/16] [80,8080:8090,!8085] <> !192.168.0.1 !22 "
		"(sid:1;)",
		"alert tcp $HOME_NET $HTTP_PORTS -> $SQL_SERVERS :1023 (sid:1;)",
		"alert udp 255.255.255.0/24 any -> 2001:db8::/32 1024: (sid:1;)",
		"var X [1.2.3.4,$Y]\n",
		"ipvar A 10.0.0.0/8\nportvar P [80,443]\nalert tcp $A $P -> ![$A] any (sid:1;)",
		"alert tcp ${HOME_NET} any -> any any (sid:1;)",
		"alert ip any any -> any any (ip_proto:!6; sameip; fragbits:MD+; fragoffset:>0; "
		"sid:1;)",
		"alert icmp any any -> any any (itype:3<>9; icode:>1; icmp_id:7; icmp_seq:9; "
		"sid:1;)",
		HEAD "(content:\"a|3a 3B|b\\:\"; rawbytes; metadata:a b, c d; priority:99; sid:1;)",
		HEAD "(pcre:!\"m|a/b|smiR\"; flowbits:set,a&b; flowbits:isset,c|d; gid:3; sid:1;)",
		"drop tcp any any -> any any (sid:1;)\nreject udp any any -> any any (sid:2;)\n"
		"block http (sid:3;)\nrejectboth tcp any any -> any any \\\n (sid:4;)",
		"\xef\xbb\xbf# a comment behind a byte order mark\n" HEAD "(sid:1;)",
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		struct ww_rules *rules = load(rows[i]);
		if (ww_rules_problems(rules) != 0)
			fail_msg("'%s': %u:%u %s", rows[i], ww_rules_problem(rules, 0)->at.line,
				ww_rules_problem(rules, 0)->at.col,
				ww_rules_problem(rules, 0)->text);
		ww_rules_free(&rules);
	}
}

/* A rule that stops packets elsewhere is an alert here; a disabled one is counted. */
static void test_actions(void **state)
{
	(void)state;
	struct ww_rules *rules = load(
		"drop tcp any any -> any any (sid:1;)\n"
		"# reject tcp any any -> any any (sid:2;)\n"
		"block tcp any any -> any any (sid:3;)\nsdrop tcp any any -> any any (sid:4;)");
	const struct ww_rules_counts counts = ww_rules_counts(rules);
	assert_int_equal(counts.loaded, 2);
	assert_int_equal(counts.disabled, 1);
	assert_int_equal(counts.refused, 1);
	assert_int_equal(ww_rules_get(rules, 1)->sid, 3);
	ww_rules_free(&rules);
}

static void test_counts_and_sids(void **state)
{
	(void)state;
	struct ww_rules *rules =
		load("# alert tcp any any -> any any (sid:9;)\n"
		     "#alert udp any any -> any any \\\n  (sid:10;)\n"
		     "# alert the press when this happens\n"
		     "# prose that ends in a backslash \\\n" HEAD
		     "(msg:\"one\"; sid:5; rev:1;)\n" HEAD "(msg:\"none\";)\n" HEAD
		     "(msg:\"two\"; sid:5; rev:2;)\n" HEAD "(msg:\"old\"; sid:5; rev:1;)\n" HEAD
		     "(msg:\"none again\";)\n" HEAD "(msg:\"taken\"; sid:1000000003;)\n");
	const struct ww_rules_counts counts = ww_rules_counts(rules);
	assert_int_equal(counts.disabled, 2);
	assert_int_equal(counts.loaded, 4);
	assert_int_equal(counts.refused, 2);
	assert_int_equal(ww_rules_n(rules), 4);
	assert_string_equal(ww_rules_get(rules, 0)->msg, "two");
	assert_string_equal(ww_rules_get(rules, 0)->owner, "owner");
	assert_int_equal(ww_rules_get(rules, 1)->sid, 1000000001);
	assert_int_equal(ww_rules_get(rules, 2)->sid, 1000000002);
	assert_int_equal(ww_rules_problems(rules), 2);
	assert_string_equal(ww_rules_problem(rules, 0)->text, "1:5 rev 1 is replaced by rev 2");
	assert_string_equal(
		ww_rules_problem(rules, 1)->text, "1:5 rev 1 is here already, as rev 2");
	assert_int_equal(ww_rules_problem(rules, 1)->at.line, 9);
	ww_rules_free(&rules);
}

/* Disabled rules, when they are wanted; rules on many lines, as Snort 3 writes them. */
static void test_disabled_and_long(void **state)
{
	(void)state;
	static const char text[] =
		"/* a comment\n" HEAD "(sid:1;)\n  its end */ " HEAD "(sid:2;)\n"
		"# alert tcp any any -> any any (sid:9;)\n"
		"#alert udp any any -> any any \\\n#  (sid:10;)\n"
		"# alert the press (when this happens)\n"
		"# alert tcp any any -> any any (frob; sid:11;)\n"
		"alert http\n(\n\tmsg:\"one /* not a comment */ );\"; /* a comment */\n"
		"\tcontent:\"x\",nocase,depth 5;\n\tsid:3;\n)\n"
		"#alert tcp any any -> any any (\n#\tsid:4;\n#\t)\n"
		"alert tcp any any -> any any (msg:\"broken\";\n" HEAD "(sid:5;)\n";
	for (int all = 0; all < 2; all++) {
		struct ww_rules *rules;
		assert_int_equal(ww_rules_new(NULL, 0, &rules), 0);
		if (all)
			ww_rules_take_disabled(rules);
		assert_int_equal(ww_rules_load(rules, "f", NULL, text, strlen(text)), 0);
		static const uint32_t usual[] = {2, 3, 5}, with_all[] = {2, 9, 10, 3, 4, 5};
		const uint32_t *sids = all ? with_all : usual;
		assert_int_equal(ww_rules_n(rules), all ? WW_N(with_all) : WW_N(usual));
		for (size_t i = 0; i < ww_rules_n(rules); i++)
			assert_int_equal(ww_rules_get(rules, i)->sid, sids[i]);
		const struct ww_rules_counts counts = ww_rules_counts(rules);
		assert_int_equal(counts.disabled, all ? 1 : 5);
		assert_int_equal(counts.enabled, all ? 3 : 0);
		assert_int_equal(counts.refused, all ? 2 : 1);
		const struct ww_rule_file *file = ww_rules_file(rules, 0);
		assert_int_equal(ww_rules_files(rules), 1);
		assert_int_equal(file->loaded, counts.loaded);
		assert_int_equal(file->refused, counts.refused);
		assert_int_equal(file->disabled, counts.disabled);
		assert_int_equal(file->enabled, counts.enabled);
		assert_string_equal(
			ww_rules_get(rules, all ? 3 : 1)->msg, "one /* not a comment */ );");
		/* Places count behind comments and joined lines. */
		assert_int_equal(ww_rules_get(rules, 0)->at.line, 3);
		assert_int_equal(ww_rules_get(rules, 0)->at.col, 14);
		const struct ww_rule_problem *problem = ww_rules_problem(rules, all);
		assert_string_equal(problem->text, "the closing ')' is missing");
		assert_string_equal(problem->about, "msg");
		ww_rules_free(&rules);
	}
}

/* What nobody defined is told, each once. */
static void test_defaults(void **state)
{
	(void)state;
	struct ww_rules *rules =
		load("alert tcp $HOME_NET any -> $EXTERNAL_NET $HTTP_PORTS (sid:1;)\n"
		     "alert tcp $HOME_NET any -> any $SSH_PORTS (sid:2;)\n"
		     "var DNS_SERVERS 10.0.0.1\nalert udp any any -> $DNS_SERVERS 53 (sid:3;)\n");
	static const char *const names[] = {"HOME_NET", "EXTERNAL_NET", "HTTP_PORTS", "SSH_PORTS"};
	assert_int_equal(ww_rules_defaults(rules), WW_N(names));
	for (size_t i = 0; i < WW_N(names); i++)
		assert_string_equal(ww_rules_default(rules, i)->name, names[i]);
	assert_string_equal(ww_rules_default(rules, 0)->value, "any");
	assert_string_equal(ww_rules_default(rules, 3)->value, "22");
	ww_rules_free(&rules);
}

static void test_variables(void **state)
{
	(void)state;
	struct ww_rules *rules;
	struct ww_prefix home;
	struct ww_err err;
	assert_int_equal(ww_prefix_parse("10.0.0.0/8", &home), 0);
	assert_int_equal(ww_rules_new(&home, 1, &rules), 0);
	assert_int_equal(ww_rules_set(rules, "WEB=[8000:8001]", &err), 0);
	assert_int_equal(ww_rules_set(rules, "no equals", &err), -EINVAL);
	assert_int_equal(ww_rules_set(rules, "=x", &err), -EINVAL);
	/* From outside wins over the file. */
	const char *text = "var HOME_NET any\nportvar WEB 1\n"
			   "alert tcp !$HOME_NET any -> $HOME_NET $WEB (sid:1;)\n"
			   "var LOOP $LOOP\nalert tcp $LOOP any -> any any (sid:2;)\n";
	assert_int_equal(ww_rules_load(rules, "f", NULL, text, strlen(text)), 0);
	assert_int_equal(ww_rules_n(rules), 1);
	assert_string_equal(
		ww_rules_problem(rules, 0)->text, "lists or variables are nested too deep");
	struct ww_ip inside = ww_ip_from_v4(0x0a000001), outside = ww_ip_from_v4(0x0b000001);
	const struct ww_item *item = &rules->items[0];
	assert_true(ww_rule_header_fits(rules, item, &outside, &inside, 5, 8001));
	assert_false(ww_rule_header_fits(rules, item, &inside, &inside, 5, 8001));
	assert_false(ww_rule_header_fits(rules, item, &outside, &inside, 5, 8002));
	assert_false(ww_rule_header_fits(rules, item, &outside, &outside, 5, 8000));
	ww_rules_free(&rules);
	/* '!any' by default is any, and said once. */
	rules = load("alert tcp !$HOME_NET any -> any any (sid:1;)\n"
		     "alert tcp !$HOME_NET any -> any any (sid:2;)\n");
	assert_int_equal(ww_rules_n(rules), 2);
	assert_int_equal(ww_rules_problems(rules), 1);
	assert_false(ww_rules_problem(rules, 0)->severe);
	ww_rules_free(&rules);
}

/* A list that doubles with each variable ends at a limit, soon. */
static void test_bomb(void **state)
{
	(void)state;
	struct ww_rules *rules = load(
		"var A [1.1.1.1,1.1.1.2,1.1.1.3,1.1.1.4,1.1.1.5,1.1.1.6]\n"
		"var B [$A,$A,$A,$A,$A,$A]\nvar C [$B,$B,$B,$B,$B,$B]\nvar D [$C,$C,$C,$C,$C,$C]\n"
		"var E [$D,$D,$D,$D,$D,$D]\nalert tcp $E any -> any any (sid:1;)\n");
	assert_int_equal(ww_rules_n(rules), 0);
	assert_int_equal(ww_rules_problems(rules), 1);
	ww_rules_free(&rules);
}

/* Ports as sets, against a slow model. */
static void test_port_sets(void **state)
{
	(void)state;
	struct ww_rules *rules =
		load("alert tcp any [1:10,5:20,!7,!15:17,40000:] -> any !80 (sid:1;)");
	assert_int_equal(ww_rules_n(rules), 1);
	const struct ww_item *item = &rules->items[0];
	for (int port = 0; port < 65536; port++) {
		bool want = ((port >= 1 && port <= 20) || port >= 40000) && port != 7 &&
			    !(port >= 15 && port <= 17);
		assert_int_equal(
			ww_port_set_contains(&rules->ports[item->sport], (uint16_t)port), want);
		assert_int_equal(ww_port_set_contains(&rules->ports[item->dport], (uint16_t)port),
			port != 80);
	}
	ww_rules_free(&rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_good_lines),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_counts_and_sids),
		cmocka_unit_test(test_disabled_and_long),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_port_sets),
	};
	return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
