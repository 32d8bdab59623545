// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The chain by which Snort's rules of 2004 tell an attack on DCOM from an attempt: 2192 sees the
 * bind to ISystemActivator and sets a flowbit without an alert, 2350 sees that the server accepted
 * it, 2351 and 2352 (one for each byte order) then alert on a request with a long name. Sessions
 * are made here; names are inert letters.
 */
#include "wire/rules/test-rules.h"

#include "base/file.h"
#include "wire/proto/test-smb.h"

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

/* The same attack for a rule that knows DCE/RPC: the interface in any byte order, the stub joined.
 */
static const char by_interface[] =
	"alert tcp any any -> any any (msg:\"long name\"; flow:to_server,established; "
	"dce_iface:000001a0-0000-0000-c000-000000000046; dce_opnum:4; dce_stub_data; "
	"content:\"|5C 00 5C 00|\"; byte_test:4,>,256,-8,relative,dce; sid:1;)\n"
	"alert tcp any any -> any any (msg:\"no such interface\"; flow:to_server,established; "
	"dce_iface:4d9f4ab8-7d1c-11cf-861e-0020af6e7c57; sid:2;)\n"
	"alert tcp any any -> any any (msg:\"any call with a name\"; flow:to_server,established; "
	"dce_stub_data; content:\"|5C 00 5C 00|\"; sid:3;)\n";

enum way { WAY_TCP, WAY_SMB1_TRANSACT, WAY_SMB1_WRITE, WAY_SMB2, WAY_COUNT };

static void wrap(struct ww_buf *pdus, enum way way, unsigned message, bool answer)
{
	struct ww_buf out = WW_BUF_INIT;
	size_t frame;
	switch (way) {
	case WAY_SMB1_TRANSACT:
		if (answer)
			smb1_transacted(&out, message, pdus->data, pdus->len);
		else
			smb1_transact(&out, message, 9, pdus->data, pdus->len, pdus->len);
		break;
	case WAY_SMB1_WRITE:
		if (answer) {
			smb1_data(&out, message, pdus->data, pdus->len);
		} else {
			smb1_write(&out, message + 50, 9, 8, pdus->data, pdus->len);
			smb1_read(&out, message, 9);
		}
		break;
	case WAY_SMB2:
		frame = smb_begin(&out);
		(void)smb2_header(&out, 11, answer, 0, message);
		smb2_transceive(&out, answer, 9, pdus->data, pdus->len);
		smb_end(&out, frame);
		break;
	default: return;
	}
	ww_buf_done(pdus);
	*pdus = out;
}

static void session_by_interface(
	struct session *session, enum way way, bool little, bool accept, uint32_t name, size_t most)
{
	static const struct dce_offer offers[] = {
		{0, 1, 0, dce_remote_activation, 1}, {1, 0, 0, dce_activator, 1}};
	struct ww_buf stub = WW_BUF_INIT;
	*session = (struct session){WW_BUF_INIT, WW_BUF_INIT, WW_BUF_INIT};
	dce_bind(&session->bind, DCE_BIND, little, 1, offers, 2);
	dce_ack(&session->answer, DCE_BIND_ACK, little, 1, "135", (uint16_t[]){0, accept ? 0 : 2},
		2);
	ww_buf_pad(&stub, 'h', 52);
	put_name(&stub, little, name);
	dce_request(&session->request, little, 2, 1, 4, stub.data, stub.len, most);
	ww_buf_done(&stub);
	wrap(&session->bind, way, 1, false);
	wrap(&session->answer, way, 1, true);
	wrap(&session->request, way, 2, false);
}

static size_t count(const struct stage *stage, uint32_t sid)
{
	size_t n = 0;
	for (size_t i = 0; i < stage->hits; i++)
		n += stage->sids[i] == sid;
	return n;
}

static void test_by_interface(void **state)
{
	struct stage stage;
	stage_open(&stage, by_interface, WW_MATCHER_RUNS);
	for (int variant = 0; variant < 16 * WAY_COUNT; variant++) {
		bool accept = variant & 2, is_long = variant & 4;
		struct session session;
		session_by_interface(&session, (enum way)(variant / 16), variant & 1, accept,
			is_long ? NAME_LONG : NAME_SHORT, variant & 8 ? 30 : 4000);
		for (size_t first = 1; first <= session.request.len; first++) {
			(void)play(&stage, &session, first, first % 3 ? SIZE_MAX : first);
			if (count(&stage, 1) != (accept && is_long) || count(&stage, 2) != 0 ||
				count(&stage, 3) != 1)
				fail_msg("variant %d cut at %zu: %zu, %zu, %zu alerts", variant,
					first, count(&stage, 1), count(&stage, 2),
					count(&stage, 3));
			/* The evidence says whether the attack could succeed. */
			assert_non_null(
				strstr(stage.last.note, accept ? "had accepted" : "had refused"));
		}
		/* A client that does not wait for the answer to its bind. */
		stage_begin_flow(&stage, WW_PROTO_TCP, 135);
		play_turn(&stage, WW_DIR_TO_SERVER, &session.bind, SIZE_MAX, SIZE_MAX);
		play_turn(&stage, WW_DIR_TO_SERVER, &session.request, SIZE_MAX, SIZE_MAX);
		assert_int_equal(count(&stage, 1), 0);
		assert_int_equal(count(&stage, 3), 1);
		play_turn(&stage, WW_DIR_TO_CLIENT, &session.answer, SIZE_MAX, SIZE_MAX);
		assert_int_equal(count(&stage, 1), accept && is_long);
		assert_int_equal(count(&stage, 3), 1);
		session_done(&session);
	}
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
		cmocka_unit_test(test_by_interface),
		cmocka_unit_test(test_snort_2004),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
