// SPDX-License-Identifier: GPL-3.0-or-later
#include "finding/alert.h"

#include "test.h"

#include <jansson.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define AT ((int64_t)1060648158824000) /* 2003-08-12 00:29:18.824 UTC */

static const struct ww_alert_sender sender = {"sensor1", "1.2"};

static struct ww_ip ip(const char *text)
{
	struct ww_ip parsed;
	assert_int_equal(ww_ip_parse(text, &parsed), 0);
	return parsed;
}

static struct ww_finding rule(const char *msg, struct ww_evidence *packet)
{
	struct ww_finding finding = {
		.id = 7,
		.kind = WW_FINDING_RULE,
		.time_us = AT,
		.src = ip("10.0.0.1"),
		.dst = ip("10.0.1.2"),
		.proto = IPPROTO_TCP,
		.port = 80,
		.gid = 1,
		.sid = 2003,
		.rev = 3,
		.priority = 1,
		.confidence = 0.5,
		.frames = {4, 9},
		.n_frames = 2,
		.why_line = 12,
		.why_file = "a.rules",
		.flow = "1:abc=",
		.classtype = "misc-attack",
	};
	*packet = (struct ww_evidence){.src = finding.src,
		.dst = finding.dst,
		.sport = 4321,
		.dport = 80,
		.proto = IPPROTO_TCP};
	finding.evidence = packet;
	finding.n_evidence = 1;
	snprintf(finding.msg, sizeof(finding.msg), "%s", msg);
	return finding;
}

static struct ww_finding scan(void)
{
	struct ww_finding finding = {
		.id = 8,
		.kind = WW_FINDING_SCAN,
		.time_us = AT,
		.src = ip("2001:db8::1"),
		.proto = IPPROTO_TCP,
		.port = 445,
		.confidence = 0.99,
		.scan = "horizontal",
		.targets = 60,
		.failed = 59,
		.msg = "scans 445/tcp",
		.is_open = true,
	};
	return finding;
}

static void expect(
	enum ww_alert_format format, const struct ww_finding *finding, const char *expected)
{
	struct ww_buf line = WW_BUF_INIT;
	ww_alert_print(&line, format, finding, &sender);
	assert_string_equal(ww_buf_text(&line), expected);
	ww_buf_done(&line);
}

static void syslog_lines(void **unused)
{
	(void)unused;
	struct ww_evidence packet;
	struct ww_finding finding = rule("plain", &packet);
	expect(WW_ALERT_SYSLOG, &finding,
		"<36>1 2003-08-12T00:29:18.824000Z sensor1 wormwood - rule [wormwood@32473 "
		"id=\"7\" "
		"src=\"10.0.0.1\" sport=\"4321\" dst=\"10.0.1.2\" dport=\"80\" proto=\"tcp\" "
		"gid=\"1\" sid=\"2003\" confidence=\"0.500\" flow=\"1:abc=\" frames=\"4,9\" "
		"file=\"a.rules\" line=\"12\"] plain");
	finding = scan();
	expect(WW_ALERT_SYSLOG, &finding,
		"<36>1 2003-08-12T00:29:18.824000Z sensor1 wormwood - scan [wormwood@32473 "
		"id=\"8\" "
		"src=\"2001:db8::1\" dport=\"445\" proto=\"tcp\" scan=\"horizontal\" "
		"targets=\"60\" failed=\"59\" confidence=\"0.990\" open=\"true\"] scans 445/tcp");
	finding.kind = WW_FINDING_STAGE;
	struct ww_buf line = WW_BUF_INIT;
	ww_alert_print(&line, WW_ALERT_SYSLOG, &finding, &(struct ww_alert_sender){"", "1"});
	assert_int_equal(
		strncmp(line.data, "<34>1 2003-08-12T00:29:18.824000Z - wormwood - stage ", 53), 0);
	ww_buf_done(&line);
}

static void cef_lines(void **unused)
{
	(void)unused;
	struct ww_evidence packet;
	struct ww_finding finding = rule("plain", &packet);
	expect(WW_ALERT_CEF, &finding,
		"CEF:0|Wormwood|wormwood|1.2|1:2003|plain|7|rt=1060648158824 externalId=7 cat=rule "
		"src=10.0.0.1 spt=4321 dst=10.0.1.2 dpt=80 proto=tcp cfp1Label=confidence "
		"cfp1=0.500 cs3Label=communityId cs3=1:abc\\= cs4Label=frames cs4=4,9 "
		"cs5Label=why cs5=a.rules:12");
	finding = scan();
	expect(WW_ALERT_CEF, &finding,
		"CEF:0|Wormwood|wormwood|1.2|scan|scans 445/tcp|6|rt=1060648158824 externalId=8 "
		"cat=scan c6a2Label=source c6a2=2001:db8::1 dpt=445 proto=tcp cnt=60 "
		"cfp1Label=confidence cfp1=0.990 cs6Label=scan cs6=horizontal");
}

/* What a rule's author writes cannot end a field or a line, nor begin a field. */
static void nothing_is_forged(void **unused)
{
	(void)unused;
	static const struct {
		const char *msg, *syslog, *cef;
	} rows[] = {
		{"a|b=c\\d", "] a|b=c\\d", "|a\\|b=c\\\\d|"},
		{"x\n<34>1 forged", "] x\\x0a<34>1 forged", "|x\\\\x0a<34>1 forged|"},
		{"\r\x1b[31m\x7f", "] \\x0d\\x1b[31m\\x7f", "|\\\\x0d\\\\x1b[31m\\\\x7f|"},
		{"\xe6\xa4\x9c", "] \xef\xbb\xbf\xe6\xa4\x9c", "|\xe6\xa4\x9c|"},
		{"\xff\xc2\x85", "] \xef\xbb\xbf\\xff\\xc2\\x85", "|\\\\xff\\\\xc2\\\\x85|"},
		{"", "] ", "||"},
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		struct ww_evidence packet;
		struct ww_finding finding = rule(rows[i].msg, &packet);
		struct ww_buf line = WW_BUF_INIT;
		ww_alert_print(&line, WW_ALERT_SYSLOG, &finding, &sender);
		size_t len = strlen(rows[i].syslog);
		assert_true(line.len > len);
		assert_string_equal(line.data + line.len - len, rows[i].syslog);
		ww_buf_reset(&line);
		ww_alert_print(&line, WW_ALERT_CEF, &finding, &sender);
		assert_non_null(strstr(line.data, rows[i].cef));
		ww_buf_done(&line);
	}
	struct ww_evidence packet;
	struct ww_finding finding = rule("m", &packet);
	snprintf(finding.advisory, sizeof(finding.advisory), "%s", "a\"] forged=\"1\\");
	struct ww_buf line = WW_BUF_INIT;
	ww_alert_print(&line, WW_ALERT_SYSLOG, &finding, &sender);
	assert_non_null(strstr(line.data, " advisory=\"a\\\"\\] forged=\\\"1\\\\\" "));
	ww_buf_reset(&line);
	snprintf(finding.advisory, sizeof(finding.advisory), "%s", "a src=6.6.6.6");
	ww_alert_print(&line, WW_ALERT_CEF, &finding, &sender);
	assert_non_null(strstr(line.data, " cs1=a src\\=6.6.6.6 "));
	ww_buf_done(&line);
}

static json_t *eve(const struct ww_finding *finding)
{
	struct ww_buf line = WW_BUF_INIT;
	json_error_t error;
	ww_alert_print(&line, WW_ALERT_EVE, finding, &sender);
	assert_null(strchr(ww_buf_text(&line), '\n'));
	json_t *parsed = json_loads(ww_buf_text(&line), JSON_REJECT_DUPLICATES, &error);
	assert_non_null(parsed);
	ww_buf_done(&line);
	return parsed;
}

static const char *text_at(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void eve_objects(void **unused)
{
	(void)unused;
	struct ww_evidence packet;
	struct ww_finding finding = rule("quoted \" and \xff", &packet);
	json_t *row = eve(&finding), *alert = json_object_get(row, "alert");
	assert_string_equal(text_at(row, "timestamp"), "2003-08-12T00:29:18.824000+0000");
	assert_string_equal(text_at(row, "event_type"), "alert");
	assert_string_equal(text_at(row, "src_ip"), "10.0.0.1");
	assert_int_equal(json_integer_value(json_object_get(row, "src_port")), 4321);
	assert_int_equal(json_integer_value(json_object_get(row, "dest_port")), 80);
	assert_string_equal(text_at(row, "proto"), "TCP");
	assert_string_equal(text_at(row, "community_id"), "1:abc=");
	assert_int_equal(json_integer_value(json_object_get(alert, "signature_id")), 2003);
	assert_int_equal(json_integer_value(json_object_get(alert, "rev")), 3);
	assert_int_equal(json_integer_value(json_object_get(alert, "severity")), 1);
	assert_string_equal(text_at(alert, "signature"), "quoted \" and \xef\xbf\xbd");
	assert_string_equal(text_at(alert, "category"), "misc-attack");
	assert_string_equal(text_at(alert, "action"), "allowed");
	const char *key;
	json_t *value;
	json_object_foreach(json_object_get(alert, "metadata"), key, value)
	{
		assert_true(json_is_array(value) && json_array_size(value) == 1);
		assert_true(json_is_string(json_array_get(value, 0)));
	}
	json_decref(row);
	finding = scan();
	row = eve(&finding);
	alert = json_object_get(row, "alert");
	assert_null(json_object_get(row, "dest_ip"));
	assert_int_equal(json_integer_value(json_object_get(alert, "gid")), 8700);
	json_decref(row);
}

static void names(void **unused)
{
	(void)unused;
	enum ww_alert_format format = WW_ALERT_COUNT;
	assert_int_equal(ww_alert_format_parse("cef", &format), 0);
	assert_int_equal(format, WW_ALERT_CEF);
	assert_int_equal(ww_alert_format_parse("eve", &format), 0);
	assert_int_equal(ww_alert_format_parse("syslog", &format), 0);
	assert_int_equal(format, WW_ALERT_SYSLOG);
	assert_int_equal(ww_alert_format_parse("CEF", &format), -EINVAL);
	assert_int_equal(ww_alert_format_parse("", &format), -EINVAL);
	assert_int_equal(format, WW_ALERT_SYSLOG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(syslog_lines),
		cmocka_unit_test(cef_lines),
		cmocka_unit_test(nothing_is_forged),
		cmocka_unit_test(eve_objects),
		cmocka_unit_test(names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
