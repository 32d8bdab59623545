// SPDX-License-Identifier: GPL-3.0-or-later
#include "test.h"

#include "finding/finding.h"
#include "value/port.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

static struct ww_ip ip(const char *text)
{
	struct ww_ip ip;
	assert_int_equal(ww_ip_parse(text, &ip), 0);
	return ip;
}

/* The text must be exactly this, and JSON to a parser that is not ours. */
static void expect(struct ww_buf *out, const char *want)
{
	assert_false(out->failed);
	assert_string_equal(ww_buf_text(out), want);
	json_t *root = json_loads(ww_buf_text(out), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	json_decref(root);
	ww_buf_done(out);
}

static void test_rule(void **state)
{
	struct ww_finding finding = {
		.id = 7,
		.kind = WW_FINDING_RULE,
		.time_us = 1060648158824000,
		.src = ip("10.234.0.239"),
		.dst = ip("10.234.2.116"),
		.proto = WW_PROTO_TCP,
		.port = 4444,
		.sid = 1000001,
		.gid = 1,
		.msg = "W32.Blaster shell",
		.advisory = "blaster",
		.why_file = "advisories/blaster/advisory.yaml",
		.why_line = 42,
		.confidence = 0.97,
		.frames = {2, 4, 7},
		.n_frames = 3,
		.flow = "1:Pc2rJAeqTzwWYzH5T4QFZAVv53I=",
	};
	struct ww_buf out = WW_BUF_INIT;
	ww_finding_json(&out, &finding);
	expect(&out, "{\"type\":\"finding\",\"id\":7,\"kind\":\"rule\","
		     "\"time\":\"2003-08-12T00:29:18.824000Z\",\"src\":\"10.234.0.239\","
		     "\"dst\":\"10.234.2.116\",\"proto\":\"tcp\",\"port\":4444,\"sid\":1000001,"
		     "\"gid\":1,"
		     "\"msg\":\"W32.Blaster shell\",\"advisory\":\"blaster\","
		     "\"why\":{\"file\":\"advisories/blaster/advisory.yaml\",\"line\":42},"
		     "\"confidence\":0.970,\"frames\":[2,4,7],"
		     "\"flow\":\"1:Pc2rJAeqTzwWYzH5T4QFZAVv53I=\"}");
}

static void test_doubts(void **state)
{
	struct ww_finding finding = {
		.id = 1, .doubts = WW_DOUBT_GAP | WW_DOUBT_LIMIT | WW_DOUBT_FORGED};
	struct ww_buf out = WW_BUF_INIT;
	ww_finding_json(&out, &finding);
	assert_non_null(strstr(
		ww_buf_text(&out), "\"flow\":null,\"doubts\":[\"gap\",\"limit\",\"forged\"]}"));
	ww_buf_done(&out);
	finding.doubts = WW_DOUBT_CONFLICT | WW_DOUBT_STALE;
	ww_finding_json(&out, &finding);
	assert_non_null(strstr(ww_buf_text(&out), "\"doubts\":[\"conflict\",\"stale\"]}"));
	ww_buf_done(&out);
}

static void test_scan(void **state)
{
	struct ww_finding finding = {
		.id = 1,
		.kind = WW_FINDING_SCAN,
		.src = ip("2001:db8::1"),
		.proto = WW_PROTO_UDP,
		.msg = "scan \"1434/udp\"\n\xff",
		.confidence = 1.0,
		.scan = "horizontal",
		.targets = 20,
		.hosts = 20,
		.ports = 1,
		.failed = 19,
		.first_contacts_to_alarm = 6,
		.sent_to_alarm = 24,
		.threshold = 6.907755,
		.strategy = {.name = "sequential",
			.p = 0.9999,
			.start = ip("10.3.0.0"),
			.per_s = 11.2},
	};
	struct ww_buf out = WW_BUF_INIT;
	ww_finding_json(&out, &finding);
	expect(&out,
		"{\"type\":\"finding\",\"id\":1,\"kind\":\"scan\","
		"\"time\":\"1970-01-01T00:00:00.000000Z\",\"src\":\"2001:db8::1\",\"dst\":null,"
		"\"proto\":\"udp\",\"port\":null,\"sid\":null,\"gid\":null,"
		"\"msg\":\"scan \\\"1434/udp\\\"\\n\xef\xbf\xbd\",\"advisory\":null,\"why\":null,"
		"\"confidence\":1.000,\"frames\":[],\"flow\":null,\"scan\":\"horizontal\","
		"\"targets\":20,\"failed\":19,\"first_contacts_to_alarm\":6,"
		"\"strategy\":{\"name\":\"sequential\",\"p\":1.000,\"start\":\"10.3.0.0\","
		"\"per_s\":11.20},\"hosts\":20,\"ports\":1,\"sent_to_alarm\":24,\"threshold\":6."
		"908}");
}

static void test_host(void **state)
{
	struct ww_host host = {
		.ip = ip("192.168.0.77"),
		.state = "taken_over",
		.infected = true,
		.advisory = "blaster",
		.infected_us = 1000000,
		.has_parent = true,
		.parent = {ip("203.0.113.77"), 0.98},
		.alternatives = {{ip("203.0.113.78"), 0.01}},
		.n_alternatives = 1,
		.generation = 1,
		.stages = {{"shell", 1000000, 7}, {"fetch", 2000000, 0}},
		.n_stages = 2,
		.incident = 1,
		.confidence = 0.97,
	};
	struct ww_buf out = WW_BUF_INIT;
	ww_host_json(&out, &host);
	expect(&out, "{\"type\":\"host\",\"ip\":\"192.168.0.77\",\"state\":\"taken_over\","
		     "\"infected\":true,\"advisory\":\"blaster\","
		     "\"infected_at\":\"1970-01-01T00:00:01.000000Z\","
		     "\"parent\":{\"ip\":\"203.0.113.77\",\"p\":0.980},"
		     "\"alternatives\":[{\"ip\":\"203.0.113.78\",\"p\":0.010}],\"generation\":1,"
		     "\"stages\":[{\"stage\":\"shell\",\"time\":\"1970-01-01T00:00:01.000000Z\","
		     "\"finding\":7},{\"stage\":\"fetch\",\"time\":\"1970-01-01T00:00:02.000000Z\","
		     "\"finding\":null}],\"suspected\":false,\"confidence\":0.970,\"incident\":1}");

	struct ww_host root = {.ip = ip("10.0.0.1"), .state = "attacking", .infected_us = 5};
	ww_host_json(&out, &root);
	expect(&out, "{\"type\":\"host\",\"ip\":\"10.0.0.1\",\"state\":\"attacking\","
		     "\"infected\":false,\"advisory\":null,\"infected_at\":null,\"parent\":null,"
		     "\"alternatives\":[],\"generation\":0,\"stages\":[],\"suspected\":false,"
		     "\"confidence\":0.000,\"incident\":null}");
}

static void test_incident(void **state)
{
	uint64_t ids[] = {7, 8};
	struct ww_incident incident = {
		.id = 1,
		.advisory = "blaster",
		.title = "W32/Blaster",
		.scanners = 142,
		.infected = 37,
		.attempted = 210,
		.has_patient_zero = true,
		.patient_zero = {ip("10.3.4.17"), 0.93},
		.generations = 5,
		.doubling_s = 130,
		.r_mean = 2.6,
		.r_low = 2.1,
		.r_high = 3.2,
		.last_us = 1000000,
		.findings = ids,
		.n_findings = 2,
	};
	struct ww_buf out = WW_BUF_INIT;
	ww_incident_json(&out, &incident);
	expect(&out, "{\"type\":\"incident\",\"id\":1,\"advisory\":\"blaster\","
		     "\"title\":\"W32/Blaster\",\"scanners\":142,\"infected\":37,\"attempted\":210,"
		     "\"patient_zero\":{\"ip\":\"10.3.4.17\",\"p\":0.930},\"generations\":5,"
		     "\"doubling_s\":130.0,\"r\":{\"mean\":2.60,\"low\":2.10,\"high\":3.20},"
		     "\"first\":\"1970-01-01T00:00:00.000000Z\",\"last\":\"1970-01-01T00:00:01."
		     "000000Z\","
		     "\"findings\":[7,8],\"suspected\":0}");

	struct ww_incident few = {
		.id = 2, .title = "unknown", .doubling_s = NAN, .r_mean = NAN, .suspected = 1};
	ww_incident_json(&out, &few);
	expect(&out, "{\"type\":\"incident\",\"id\":2,\"advisory\":null,\"title\":\"unknown\","
		     "\"scanners\":0,\"infected\":0,\"attempted\":0,\"patient_zero\":null,"
		     "\"generations\":0,\"doubling_s\":null,\"r\":null,"
		     "\"first\":\"1970-01-01T00:00:00.000000Z\",\"last\":\"1970-01-01T00:00:00."
		     "000000Z\","
		     "\"findings\":[],\"suspected\":1}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rule),
		cmocka_unit_test(test_doubts),
		cmocka_unit_test(test_scan),
		cmocka_unit_test(test_host),
		cmocka_unit_test(test_incident),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
