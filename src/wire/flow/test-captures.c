// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Published captures, read in place where they are present: what each of them is known to hold.
 */
#include "wire/flow/test-flow.h"

static char folder[4096];

static struct recorder *run(const char *name, const struct ww_flow_services *services)
{
	char path[5000];
	struct ww_err err;
	struct ww_capture *capture;
	struct ww_flow_limits limits = {.services = services};
	struct recorder *r = recorder_new(&limits, true);
	r->one_stream = false;
	snprintf(path, sizeof(path), "%s/captures/%s", folder, name);
	assert_int_equal(ww_capture_open(path, &capture, &err), 0);
	static struct ww_frame frames[WW_BATCH];
	static struct ww_packet packets[WW_BATCH];
	bool skipped[WW_BATCH];
	size_t n = 0;
	while (ww_capture_read(capture, frames, &n) == WW_CAPTURE_MORE) {
		for (size_t i = 0; i < n; i++)
			ww_packet_decode(&frames[i], &packets[i]);
		ww_flows_feed(r->flows, packets, n, skipped);
		r->next_frame += n;
	}
	ww_capture_close(&capture);
	ww_flows_finish(r->flows);
	const struct ww_flow_counts *counts = counts_of(r);
	assert_int_equal(counts->contacts,
		counts->answered + counts->refused + counts->unanswered + counts->undecided +
			counts->one_way);
	assert_int_equal(r->n_begun, r->n_ended);
	assert_int_equal(r->n_forgotten, r->n_begun);
	return r;
}

static void need_captures(void)
{
	if (!folder[0])
		skip();
}

static void blaster(void **state)
{
	need_captures();
	struct ww_flow_services services = {{0}, {0}};
	ww_flow_service_add(&services, WW_PROTO_TCP, 4444);
	struct recorder *r = run("worm/blaster.pcap", &services);
	assert_int_equal(counts_of(r)->duplicates, 9);
	assert_int_equal(counts_of(r)->time_back, 1);
	assert_int_equal(r->n_contacts, 0);
	assert_int_equal(r->n_begun, 1);
	const struct ww_flow *flow = &r->begun[0];
	assert_int_equal(ww_ip_v4(&flow->client), 0x0aea00ef); /* 10.234.0.239 */
	assert_int_equal(ww_ip_v4(&flow->server), 0x0aea0274); /* 10.234.2.116 */
	assert_int_equal(flow->client_port, 1793);
	assert_int_equal(flow->server_port, 4444);
	assert_true(r->last_ended.closed);
	assert_int_equal(r->n_bytes[WW_DIR_TO_SERVER], 18 + 12);
	assert_int_equal(r->n_bytes[WW_DIR_TO_CLIENT], 20 + 18);
	assert_int_equal(counts_of(r)->reassembly_gaps, 0);
	recorder_free(r);
}

/* Repeated SYNs have new IP identifications: contacts once each, none a duplicate frame. */
static void scan_of_445(void **state)
{
	need_captures();
	struct recorder *r = run("scan/445_scan.pcap", NULL);
	assert_int_equal(r->next_frame - 1, 21);
	assert_int_equal(counts_of(r)->duplicates, 0);
	assert_int_equal(counts_of(r)->contacts, 9);
	assert_int_equal(counts_of(r)->unanswered, 9);
	bool exact;
	assert_int_equal(ww_flows_hosts(r->flows, &exact), 10);
	assert_true(exact);
	recorder_free(r);
}

static void ssh_with_every_segment_more_than_once(void **state)
{
	need_captures();
	struct recorder *r = run("tcp/ssh-dups.pcap", NULL);
	assert_true(counts_of(r)->duplicates > 0);
	assert_int_equal(r->n_begun, 1);
	assert_int_equal(r->begun[0].server_port, 22);
	assert_true(r->begun[0].start_seen);
	assert_int_equal(counts_of(r)->reassembly_gaps, 0);
	assert_memory_equal(r->bytes[0], "SSH-2.0-OpenSSH_7.9\r\n", 21);
	assert_memory_equal(r->bytes[1], "SSH-2.0-OpenSSH_7.6p1 ", 22);
	recorder_free(r);
}

static void fragments(void **state)
{
	need_captures();
	struct recorder *r = run("fragments/dns-rrsig-fragmented.pcap", NULL);
	assert_int_equal(counts_of(r)->fragments_reassembled, 1014); /* tshark agrees */
	assert_int_equal(counts_of(r)->fragments_dropped, 195);
	/* Answers of reflectors, not all of whose fragments were captured: no contacts. */
	for (size_t i = 0; i < r->n_contacts; i++)
		assert_false(r->contacts[i].proto == WW_PROTO_UDP && r->contacts[i].port == 22);
	assert_int_equal(counts_of(r)->fragment_conflicts, 0);
	recorder_free(r);
}

static void a_sweep_of_acks_is_no_contact(void **state)
{
	need_captures();
	struct recorder *r = run("maltrail-corpus/ack_sweep_no_fp.pcap", NULL);
	/* Behind the ACKs stands one datagram, which is somebody's first contact. */
	for (size_t i = 0; i < r->n_contacts; i++)
		assert_int_equal(r->contacts[i].proto, WW_PROTO_UDP);
	assert_int_equal(counts_of(r)->contacts, 1);
	assert_int_equal(counts_of(r)->unmatched, 20);
	assert_int_equal(r->n_begun, 0);
	recorder_free(r);
}

int main(void)
{
	const char *shared = getenv("WORMWOOD_SHARED");
	snprintf(folder, sizeof(folder), "%s", shared ? shared : SOURCE_ROOT "/../shared");
	char path[5000];
	snprintf(path, sizeof(path), "%s/captures/worm/blaster.pcap", folder);
	FILE *file = fopen(path, "rb");
	if (file)
		fclose(file);
	else
		folder[0] = 0;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blaster),
		cmocka_unit_test(scan_of_445),
		cmocka_unit_test(ssh_with_every_segment_more_than_once),
		cmocka_unit_test(fragments),
		cmocka_unit_test(a_sweep_of_acks_is_no_contact),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	if (!failed && !folder[0]) {
		printf("skipped: the published captures are not beside the source\n");
		return 77;
	}
	return failed;
}
