// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The chain by which Snort's rules of 2004 tell an attack on DCOM from an attempt: 2192 sees the
 * bind to ISystemActivator and sets a flowbit without an alert, 2350 sees that the server accepted
 * it, 2351 and 2352 (one for each byte order) then alert on a request with a long name. Sessions
 * are made here; names are inert letters.
 */
#include "wire/rules/test-rules.h"

#include "base/file.h"
#include "wire/proto/test-pdu.h"

/* The same chain in words of our own, so that it is tested where Snort's rules are not at hand. */
static const char chain[] =
	"alert tcp any any -> any 135 (msg:\"bind\"; flow:to_server,established; content:\"|05|\"; "
	"within:1; content:\"|0B|\"; within:1; distance:1; byte_test:1,&,1,0,relative; "
	"content:\"|A0 01 00 00 00 00 00 00 C0 00 00 00 00 00 00|F\"; within:16; distance:29; "
	"flowbits:set,t.attempt; flowbits:noalert; sid:2192;)\n"
	"alert tcp any 135 -> any any (msg:\"accept\"; flow:from_server,established; "
	"content:\"|05|\"; within:1; content:\"|0C|\"; within:1; distance:1; "
	"byte_test:1,&,1,0,relative; content:\"|00 00|\"; within:2; distance:33; "
	"flowbits:isset,t.attempt; flowbits:set,t.bound; flowbits:noalert; sid:2350;)\n"
	"alert tcp any any -> any 135 (msg:\"long name, little\"; flow:to_server,established; "
	"content:\"|05|\"; within:1; byte_test:1,&,16,3,relative; content:\"|5C 00 5C 00|\"; "
	"byte_test:4,>,256,-8,little,relative; flowbits:isset,t.bound; sid:2351;)\n"
	"alert tcp any any -> any 135 (msg:\"long name, big\"; flow:to_server,established; "
	"content:\"|05|\"; within:1; byte_test:1,<,16,3,relative; content:\"|5C 00 5C 00|\"; "
	"byte_test:4,>,256,-8,relative; flowbits:isset,t.bound; sid:2352;)\n";

enum { NAME_LONG = 300, NAME_SHORT = 20 };

/* A conversation of three turns, as it goes over the wire. */
struct session {
	struct ww_buf bind, answer, request;
};

static void session_done(struct session *session)
{
	ww_buf_done(&session->bind);
	ww_buf_done(&session->answer);
	ww_buf_done(&session->request);
}

/* A conformant string of NDR: maximum, offset, count, UTF-16 in the order of the data. */
static void put_name(struct ww_buf *out, bool little, uint32_t count)
{
	dce_put32(out, count, little);
	dce_put32(out, 0, little);
	dce_put32(out, count, little);
	/* Rules look for the two backslashes as a little-endian machine writes them. */
	for (uint32_t i = 0; i < count; i++)
		dce_put16(out, i < 2 ? '\\' : 'a' + i % 26, true);
}

/*
 * 2192 knows the interface only as a little-endian machine writes it, whatever the byte order of
 * the PDU: a big-endian session that it can see has its numbers big-endian, and the UUID like that.
 */
static void session_make(
	struct session *session, bool little, bool accept, uint32_t name, size_t fragment)
{
	static const uint8_t turned[16] = {
		0xa0, 0x01, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};
	const struct dce_offer offer = {0, 0, 0, little ? dce_activator : turned, 1};
	struct ww_buf stub = WW_BUF_INIT;
	*session = (struct session){WW_BUF_INIT, WW_BUF_INIT, WW_BUF_INIT};
	dce_bind(&session->bind, DCE_BIND, little, 1, &offer, 1);
	dce_ack(&session->answer, DCE_BIND_ACK, little, 1, "135", (uint16_t[]){accept ? 0 : 2}, 1);
	ww_buf_pad(&stub, 'h', 52);
	put_name(&stub, little, name);
	ww_buf_pad(&stub, 't', 40);
	dce_request(&session->request, little, 2, 0, 4, stub.data, stub.len, fragment);
	ww_buf_done(&stub);
}

static void play_turn(
	struct stage *stage, enum ww_dir dir, const struct ww_buf *turn, size_t first, size_t step)
{
	size_t n = first;
	for (size_t at = 0; at < turn->len; at += n, n = step) {
		n = n < turn->len - at ? n : turn->len - at;
		if (stage->flow.groups[dir])
			stage_segment(stage, dir, turn->data + at, n, false);
	}
}

static size_t play(struct stage *stage, const struct session *session, size_t first, size_t step)
{
	stage_begin_flow(stage, WW_PROTO_TCP, 135);
	play_turn(stage, WW_DIR_TO_SERVER, &session->bind, first, step);
	play_turn(stage, WW_DIR_TO_CLIENT, &session->answer, first, step);
	play_turn(stage, WW_DIR_TO_SERVER, &session->request, first, step);
	return stage->hits;
}

static void check_all(struct stage *stage)
{
	/* Whole; every cut in two; pieces of equal size down to single bytes. */
	for (int variant = 0; variant < 16; variant++) {
		bool little = variant & 1, accept = variant & 2, is_long = variant & 4;
		struct session session;
		session_make(&session, little, accept, is_long ? NAME_LONG : NAME_SHORT,
			variant & 8 ? 100 : 4000);
		size_t expected = accept && is_long;
		size_t most = session.request.len;
		for (size_t first = 1; first <= most; first++) {
			size_t hits = play(stage, &session, first, SIZE_MAX);
			if (hits != expected)
				fail_msg("variant %d cut at %zu: %zu alerts, first %u", variant,
					first, hits, stage->sids[0]);
			if (hits)
				assert_int_equal(stage->sids[0], little ? 2351 : 2352);
		}
		for (size_t step = 1; step < 60; step++) {
			size_t hits = play(stage, &session, step, step);
			if (hits != expected)
				fail_msg("variant %d in pieces of %zu: %zu alerts", variant, step,
					hits);
		}
		session_done(&session);
	}
}

static void test_chain(void **state)
{
	struct stage stage;
	stage_open(&stage, chain, WW_MATCHER_RUNS);
	check_all(&stage);
	stage_close(&stage);
}

/* Snort's own rules of 2004, all of them: of the session's, these two alert, and no other. */
static void test_snort_2004(void **state)
{
	char path[512];
	struct ww_buf text = WW_BUF_INIT;
	struct stage stage = {.kept = STAGE_KEPT};
	struct ww_err err;
	snprintf(path, sizeof(path), "%s/rules/snort-2004/netbios.rules", stage_shared());
	if (ww_file_load(path, 1 << 22, &text) < 0) {
		print_message("no %s: skipped\n", path);
		skip();
	}
	assert_int_equal(ww_rules_new(NULL, 0, &stage.rules), 0);
	stage.rules->matcher_kind = WW_MATCHER_RUNS;
	assert_int_equal(ww_rules_load(stage.rules, path, NULL, text.data, text.len), 0);
	ww_buf_done(&text);
	assert_int_equal(ww_rules_compile(stage.rules, &err), 0);
	check_all(&stage);
	stage_close(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_snort_2004),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
