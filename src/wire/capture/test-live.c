// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What of live capture needs no interface: frames out of the ring's headers, and where a filter
 * stops making sense. tests/netns has the rest.
 */
#include "wire/capture/live-private.h"

#include "test.h"

#include <linux/if_arp.h>
#include <stdlib.h>
#include <string.h>

enum { LEN = 60, SLOT = 512 };

/* A frame as the kernel puts it into a block: header, address, free bytes, frame. */
struct slot {
	_Alignas(16) uint8_t bytes[SLOT];
};

static struct tpacket3_hdr *put(struct slot *slot, uint16_t hardware, uint8_t kind)
{
	enum { AT = TPACKET_ALIGN(sizeof(struct tpacket3_hdr)) };
	struct tpacket3_hdr *header = (struct tpacket3_hdr *)slot->bytes;
	struct sockaddr_ll from = {.sll_family = AF_PACKET,
		.sll_protocol = __builtin_bswap16(0x0800),
		.sll_hatype = hardware,
		.sll_pkttype = kind,
		.sll_halen = 6,
		.sll_addr = {2, 0, 0, 0, 0, 9}};
	memset(slot, 0xee, sizeof(*slot));
	memset(header, 0, sizeof(*header));
	memcpy(slot->bytes + AT, &from, sizeof(from));
	header->tp_mac = header->tp_net = AT + sizeof(from) + WW_LIVE_RESERVE;
	header->tp_snaplen = header->tp_len = LEN;
	header->tp_sec = 7;
	header->tp_nsec = 1999;
	for (int i = 0; i < LEN; i++)
		slot->bytes[header->tp_mac + i] = (uint8_t)i;
	return header;
}

static void ethernet_is_handed_out_in_place(void **unused)
{
	(void)unused;
	struct ww_live live = {.link_type = WW_LIVE_LINK_ETHERNET};
	struct slot slot;
	struct ww_frame frame;
	struct tpacket3_hdr *header = put(&slot, ARPHRD_ETHER, PACKET_HOST);
	header->tp_len = 1500;
	assert_true(ww_live_frame(&live, header, &frame));
	assert_ptr_equal(frame.data, slot.bytes + header->tp_mac);
	assert_int_equal(frame.captured, LEN);
	assert_int_equal(frame.length, 1500);
	assert_int_equal(frame.time_us, 7000001);
	assert_int_equal(frame.number, 1);
	assert_int_equal(frame.link_type, 1);
}

static void a_tag_stands_in_the_frame_again(void **unused)
{
	(void)unused;
	static const struct {
		uint32_t status;
		uint16_t tci, type;
		uint8_t expected[4];
		bool tagged;
	} rows[] = {
		{TP_STATUS_VLAN_VALID, 7, 0, {0x81, 0x00, 0, 7}, true},
		{TP_STATUS_VLAN_VALID, 0, 0, {0x81, 0x00, 0, 0}, true}, /* priority tag */
		{TP_STATUS_VLAN_VALID | TP_STATUS_VLAN_TPID_VALID, 0xe123, 0x88a8,
			{0x88, 0xa8, 0xe1, 0x23}, true},
		{0, 0, 0, {0}, false},
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		struct ww_live live = {.link_type = WW_LIVE_LINK_ETHERNET};
		struct slot slot;
		struct ww_frame frame;
		struct tpacket3_hdr *header = put(&slot, ARPHRD_ETHER, PACKET_HOST);
		header->tp_status = rows[i].status;
		header->hv1.tp_vlan_tci = rows[i].tci;
		header->hv1.tp_vlan_tpid = rows[i].type;
		assert_true(ww_live_frame(&live, header, &frame));
		uint32_t more = rows[i].tagged ? 4 : 0;
		assert_int_equal(frame.captured, LEN + more);
		assert_int_equal(frame.length, LEN + more);
		for (int j = 0; j < 12; j++)
			assert_int_equal(frame.data[j], j);
		if (rows[i].tagged)
			assert_memory_equal(frame.data + 12, rows[i].expected, 4);
		assert_int_equal(frame.data[12 + more], 12);
		assert_int_equal(frame.data[LEN - 1 + more], LEN - 1);
	}
}

/* Shorter than two addresses: there is no place for a tag. */
static void a_stub_of_a_frame_gets_no_tag(void **unused)
{
	(void)unused;
	struct ww_live live = {.link_type = WW_LIVE_LINK_ETHERNET};
	for (uint32_t len = 0; len <= 12; len++) {
		struct slot slot;
		struct ww_frame frame;
		struct tpacket3_hdr *header = put(&slot, ARPHRD_ETHER, PACKET_HOST);
		header->tp_status = TP_STATUS_VLAN_VALID;
		header->tp_snaplen = len;
		assert_true(ww_live_frame(&live, header, &frame));
		assert_int_equal(frame.captured, len == 12 ? 16 : len);
	}
}

static void cooked_frames_have_a_header(void **unused)
{
	(void)unused;
	static const uint8_t plain[16] = {0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 9, 0, 0, 8, 0};
	static const uint8_t tagged[20] = {
		0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 9, 0, 0, 0x81, 0, 0, 5, 8, 0};
	struct ww_live live = {.link_type = WW_LIVE_LINK_COOKED};
	struct slot slot;
	struct ww_frame frame;
	struct tpacket3_hdr *header = put(&slot, ARPHRD_ETHER, PACKET_HOST);
	assert_true(ww_live_frame(&live, header, &frame));
	assert_int_equal(frame.captured, LEN + 16);
	assert_memory_equal(frame.data, plain, 16);
	assert_int_equal(frame.data[16], 0);
	assert_int_equal(frame.link_type, 113);
	header = put(&slot, ARPHRD_ETHER, PACKET_HOST);
	header->tp_status = TP_STATUS_VLAN_VALID;
	header->hv1.tp_vlan_tci = 5;
	assert_true(ww_live_frame(&live, header, &frame));
	assert_int_equal(frame.captured, LEN + 20);
	assert_memory_equal(frame.data, tagged, 20);
	assert_int_equal(frame.number, 2);
}

static void loopback_is_seen_once(void **unused)
{
	(void)unused;
	struct ww_live live = {.link_type = WW_LIVE_LINK_ETHERNET};
	struct slot slot;
	struct ww_frame frame;
	assert_false(ww_live_frame(&live, put(&slot, ARPHRD_LOOPBACK, PACKET_OUTGOING), &frame));
	assert_int_equal(live.counts.read, 0);
	assert_true(ww_live_frame(&live, put(&slot, ARPHRD_LOOPBACK, PACKET_HOST), &frame));
	assert_true(ww_live_frame(&live, put(&slot, ARPHRD_ETHER, PACKET_OUTGOING), &frame));
	assert_int_equal(frame.number, 2);
}

/* A little language: tcp, or port and a number, joined by `and`; in round brackets or not. */
static const char *term(const char *at)
{
	at += strspn(at, " ");
	if (*at == '(') {
		at = term(at + 1);
		at = at ? at + strspn(at, " ") : NULL;
		return at && *at == ')' ? at + 1 : NULL;
	}
	if (strncmp(at, "tcp", 3) == 0)
		return at + 3;
	if (strncmp(at, "port ", 5) != 0)
		return NULL;
	size_t digits = strspn(at + 5, "0123456789");
	return digits ? at + 5 + digits : NULL;
}

static bool little(void *context, const char *expression)
{
	unsigned *n = context;
	++*n;
	const char *at = term(expression);
	while (at && at[strspn(at, " ")]) {
		at += strspn(at, " ");
		at = strncmp(at, "and ", 4) == 0 ? term(at + 4) : NULL;
	}
	return at != NULL;
}

static void the_column_is_where_no_way_leads_on(void **unused)
{
	(void)unused;
	static const struct {
		const char *expression;
		uint32_t column;
	} rows[] = {
		{"tcp and and port 80", 9},
		{"xyz", 1},
		{"  xyz", 3},
		{"tcp xyz", 5},
		{"tcp and", 8}, /* it stops too soon */
		{"tcp and port", 13},
		{"tcp and port x", 14},
		{"(port 80", 9},
		{"(tcp and port 80", 6}, /* brackets hold one term */
		{"(tcp))", 6},
		{"((((tcp", 8},
		{"", 1},
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		unsigned n = 0;
		uint32_t column = ww_live_filter_column(rows[i].expression, little, &n);
		assert_int_equal(column, rows[i].column);
		assert_true(n < 500);
	}
	char deep[200];
	unsigned n = 0;
	memset(deep, '(', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	assert_in_range(ww_live_filter_column(deep, little, &n), 1, sizeof(deep));
}

static void a_wish_is_checked_before_anything_is_opened(void **unused)
{
	(void)unused;
	static const struct ww_live_wish rows[] = {
		{.interface = ""},
		{.interface = "sixteen-letters-"},
		{.interface = "lo", .snaplen = 63},
		{.interface = "any", .promiscuous = true},
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		struct ww_live *live = NULL;
		struct ww_err err = {0};
		int status = ww_live_open(&rows[i], &live, &err);
		assert_true(status == -EINVAL || status == -ENODEV);
		assert_null(live);
		assert_true(err.text[0] != '\0');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ethernet_is_handed_out_in_place),
		cmocka_unit_test(a_tag_stands_in_the_frame_again),
		cmocka_unit_test(a_stub_of_a_frame_gets_no_tag),
		cmocka_unit_test(cooked_frames_have_a_header),
		cmocka_unit_test(loopback_is_seen_once),
		cmocka_unit_test(the_column_is_where_no_way_leads_on),
		cmocka_unit_test(a_wish_is_checked_before_anything_is_opened),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
