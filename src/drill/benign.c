// SPDX-License-Identifier: GPL-3.0-or-later
#include "drill/benign.h"

static void fill(struct ww_buf *out, size_t len, struct ww_rng *rng)
{
	static const char words[] =
		"lorem ipsum dolor sit amet consectetur adipiscing elit sed do ";
	size_t at = ww_rng_below(rng, sizeof(words) - 1);
	while (len > 0) {
		size_t n = sizeof(words) - 1 - at;
		n = n < len ? n : len;
		ww_buf_add(out, words + at, n);
		len -= n;
		at = 0;
	}
}

static void add_be_16(struct ww_buf *out, size_t value)
{
	ww_buf_addc(out, (char)(value >> 8));
	ww_buf_addc(out, (char)value);
}

static void add_le_16(struct ww_buf *out, size_t value)
{
	ww_buf_addc(out, (char)value);
	ww_buf_addc(out, (char)(value >> 8));
}

#define ADD(out, literal) ww_buf_add((out), (literal), sizeof(literal) - 1)

static void add_http(struct ww_buf *out, int side, size_t room, struct ww_rng *rng)
{
	if (side == 0) {
		ADD(out, "GET /news/index.html HTTP/1.0\r\nHost: www.example.net\r\nUser-Agent: ");
		fill(out, room / 4, rng);
		ADD(out, "\r\n\r\n");
		return;
	}
	ww_buf_addf(out,
		"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\nContent-Length: %zu\r\n\r\n<html>",
		room + 6);
	fill(out, room, rng);
}

static void add_smtp(struct ww_buf *out, uint64_t turn, int side, size_t room, struct ww_rng *rng)
{
	if (side == 1) {
		ADD(out, "250 ok\r\n");
		return;
	}
	ww_buf_adds(out, turn == 0 ? "HELO client.example.net\r\n" : "NOOP ");
	if (turn > 0) {
		fill(out, room, rng);
		ADD(out, "\r\n");
	}
}

/*
 * id 16 | flags 16 | questions, answers, authorities, additionals 16 each | name, type, class |
 * answer: pointer to the name, type A, class IN, TTL 32, length 16, address
 */
static void add_dns(struct ww_buf *out, int side, size_t room, uint16_t id, struct ww_rng *rng)
{
	add_be_16(out, id);
	add_be_16(out, side ? 0x8180 : 0x0100);
	add_be_16(out, 1);
	add_be_16(out, side ? 1 : 0);
	add_be_16(out, 0);
	add_be_16(out, 0);
	size_t label = 3 + id % 20;
	ww_buf_addc(out, (char)label);
	for (size_t i = 0; i < label; i++)
		ww_buf_addc(out, (char)('a' + (id + 7 * i) % 26));
	ADD(out, "\7example\3net\0\0\1\0\1");
	if (side == 0)
		return;
	(void)room;
	ADD(out, "\xc0\x0c\0\1\0\1\0\0\x0e\x10\0\4\xc6\x33\x64");
	ww_buf_addc(out, (char)(1 + ww_rng_below(rng, 64)));
}

/* record: type 8 | version 16 | length 16; hellos with 32 random bytes, no session, one cipher */
static void add_tls(struct ww_buf *out, uint64_t turn, int side, size_t room, struct ww_rng *rng)
{
	if (turn == 0 && side == 0)
		ADD(out, "\x16\3\1\0\x2d\1\0\0\x29\3\1");
	else if (turn == 0)
		ADD(out, "\x16\3\1\0\x2a\2\0\0\x26\3\1");
	if (turn == 0) {
		fill(out, 32, rng);
		ww_buf_addc(out, '\0');
		if (side == 0)
			ADD(out, "\0\2\0\x2f\1\0");
		else
			ADD(out, "\0\x2f\0");
		return;
	}
	ADD(out, "\x17\3\1");
	add_be_16(out, room + 16);
	fill(out, room + 16, rng);
}

/* NetBIOS: 0 | 0 | length 16. SMB header 32; echo: word count 1, count or number, byte count. */
static void add_smb(struct ww_buf *out, int side, size_t room, uint16_t id, struct ww_rng *rng)
{
	room = 1 + room % 1200;
	ADD(out, "\0\0");
	add_be_16(out, 32 + 1 + 2 + 2 + room);
	ADD(out, "\xffSMB\x2b\0\0\0\0");
	ww_buf_addc(out, (char)(side ? 0x98 : 0x18));
	ADD(out, "\3\xc8\0\0\0\0\0\0\0\0\0\0\0\0");
	add_le_16(out, 0x0800); /* tree */
	add_le_16(out, 0x0a2c); /* process */
	add_le_16(out, 0x0800); /* user */
	add_le_16(out, id);
	ADD(out, "\1\1\0");
	add_le_16(out, room);
	fill(out, room, rng);
}

/*
 * version 5.0 | type | flags | data representation 32 | fragment length 16 | authentication 16 |
 * call 32. Bind names one interface (ISystemActivator) in NDR, as activation does.
 */
static void add_rpc(struct ww_buf *out, uint64_t turn, int side, size_t room, struct ww_rng *rng)
{
	static const char ndr[] =
		"\x04\x5d\x88\x8a\xeb\x1c\xc9\x11\x9f\xe8\x08\0\x2b\x10\x48\x60\2\0\0";
	if (turn == 0 && side == 0) {
		ADD(out, "\5\0\x0b\3\x10\0\0\0\x48\0\0\0\1\0\0\0\xd0\x16\xd0\x16\0\0\0\0");
		ADD(out, "\1\0\0\0\0\0\1\0\xa0\1\0\0\0\0\0\0\xc0\0\0\0\0\0\0\x46\0\0\0\0");
		ww_buf_add(out, ndr, sizeof(ndr));
		return;
	}
	if (turn == 0) {
		ADD(out, "\5\0\x0c\3\x10\0\0\0\x3c\0\0\0\1\0\0\0\xd0\x16\xd0\x16\0\x10\0\0");
		ADD(out, "\4\0\x31\x33\x35\0\0\0\1\0\0\0\0\0\0\0");
		ww_buf_add(out, ndr, sizeof(ndr));
		return;
	}
	ww_buf_add(out, "\5\0", 2);
	ww_buf_addc(out, (char)(side ? 2 : 0));
	ADD(out, "\3\x10\0\0\0");
	add_le_16(out, 24 + room);
	ADD(out, "\0\0");
	add_le_16(out, (size_t)turn + 1);
	ADD(out, "\0\0");
	add_le_16(out, room);
	ADD(out, "\0\0\0\0\0\0");
	fill(out, room, rng);
}

void ww_benign_message(struct ww_buf *out, enum ww_benign kind, uint64_t turn, int side,
	size_t room, uint16_t id, struct ww_rng *rng)
{
	switch (kind) {
	case WW_BENIGN_HTTP: add_http(out, side, room, rng); break;
	case WW_BENIGN_SMTP: add_smtp(out, turn, side, room, rng); break;
	case WW_BENIGN_DNS: add_dns(out, side, room, id, rng); break;
	case WW_BENIGN_NTP:
		ww_buf_add(out, side ? "\x1c\2\4\xfa" : "\x1b\0\4\xfa", 4);
		ww_buf_pad(out, 0, 44);
		break;
	case WW_BENIGN_TLS: add_tls(out, turn, side, room, rng); break;
	case WW_BENIGN_SMB: add_smb(out, side, room, id, rng); break;
	case WW_BENIGN_RPC: add_rpc(out, turn, side, room, rng); break;
	case WW_BENIGN_OTHER: fill(out, room + 1, rng); break;
	}
}
