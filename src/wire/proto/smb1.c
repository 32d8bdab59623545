// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * SMB 1 (MS-CIFS 2.2.3, 2.2.4). Offsets count from the FF of the header:
 *
 *   0        4         5        9       10       24    26    28    30      32      33
 *   | magic | command | status | flags | flags2 | tid | pid | uid | mid | words n | words | bytes n
 * |
 *
 * A command of the AndX kind begins its words with the next command of the chain and its offset.
 * What follows in a chain speaks of the file that was opened in it, whatever id it names.
 */
#include "wire/proto/smb.h"

#include "wire/proto/wire-read.h"

#include <string.h>

enum {
	CLOSE = 0x04,
	READ = 0x0a,
	WRITE = 0x0b,
	TRANSACTION = 0x25,
	TRANSACTION_SECONDARY = 0x26,
	LOCKING_ANDX = 0x24,
	OPEN_ANDX = 0x2d,
	READ_ANDX = 0x2e,
	WRITE_ANDX = 0x2f,
	SESSION_SETUP_ANDX = 0x73,
	LOGOFF_ANDX = 0x74,
	TREE_CONNECT_ANDX = 0x75,
	NT_CREATE_ANDX = 0xa2,
	NO_ANDX = 0xff,
};

enum {
	STATUS_AT = 5,
	FLAGS_AT = 9,
	FLAGS2_AT = 10,
	MESSAGE_AT = 30,
	WORDS_AT = 32,
	FLAG_REPLY = 0x80,
	FLAG2_UNICODE = 0x8000,
	CHAIN_MAX = 16,
	/* Write modes: to a pipe as it is, and the start of a message, whose length comes first. */
	WRITE_RAW_START = 0x0c,
	TRANSACT = 0x26, /* on named pipes: write, then read */
	RAW_WRITE = 0x31,
	PIPE_WRITE = 0x37,
};

/* One command of the chain. */
struct words {
	struct ww_smb_command *message;
	uint64_t id;                  /* of the message */
	uint32_t at, n;               /* of the words, bytes */
	uint32_t bytes_at;            /* behind the count of bytes */
	bool reply, unicode, opening; /* opening: a file was opened earlier in the chain */
	uint32_t status;
};

static uint16_t word(const struct words *words, uint32_t at)
{
	return ww_read16(words->message->bytes + words->at + at, true);
}

static void file_id(uint16_t number, uint8_t ret[WW_SMB_ID])
{
	memset(ret, 0, WW_SMB_ID);
	ret[0] = (uint8_t)number;
	ret[1] = (uint8_t)(number >> 8);
}

/* The pipe that a request's data is written to. */
static uint8_t written(const struct words *words, uint16_t number, uint32_t at, uint32_t n)
{
	uint8_t id[WW_SMB_ID], pipe;
	if (words->opening) {
		pipe = ww_smb_pipe_opening(words->message, words->id, at, n);
	} else {
		file_id(number, id);
		pipe = ww_smb_pipe_get(words->message, id, at, n);
	}
	return ww_smb_data(words->message, pipe, at, n);
}

static void open_request(const struct words *words, uint8_t code)
{
	uint32_t at = words->bytes_at, n = UINT32_MAX;
	if (code == NT_CREATE_ANDX) {
		if (words->n < 48)
			return;
		n = ww_read16(words->message->bytes + words->at + 5, true);
	}
	/* UTF-16 begins at an even offset. */
	if (words->unicode)
		at += at % 2;
	ww_smb_wait(words->message, words->id, code, WW_SMB_NONE);
	ww_smb_tell_open(words->message, at, n, words->unicode);
}

static void open_answer(const struct words *words, uint8_t code)
{
	uint32_t at = code == NT_CREATE_ANDX ? 5 : 4;
	uint8_t id[WW_SMB_ID];
	ww_smb_tell_result(words->message, ww_smb_answer(words->message, words->id, code, true),
		words->status);
	if (words->n < at + 2)
		return;
	file_id(ww_read16(words->message->bytes + words->at + at, true), id);
	ww_smb_pipe_opened(words->message->smb, words->id, id);
}

static void write_andx(const struct words *words)
{
	if (words->reply || words->n < 24)
		return;
	uint32_t n = (uint32_t)word(words, 18) << 16 | word(words, 20), at = word(words, 22);
	if ((word(words, 14) & WRITE_RAW_START) == WRITE_RAW_START && n >= 2) {
		at += 2;
		n -= 2;
	}
	(void)written(words, word(words, 4), at, n);
}

static void plain_write(const struct words *words)
{
	/* Buffer format 1, length 2, data. */
	if (words->reply || words->n < 10 || !ww_smb_has(words->message, words->bytes_at, 3))
		return;
	uint32_t n = ww_read16(words->message->bytes + words->bytes_at + 1, true);
	(void)written(words, word(words, 0), words->bytes_at + 3, n);
}

static void read_request(const struct words *words, uint8_t code)
{
	uint8_t id[WW_SMB_ID];
	uint32_t at = code == READ_ANDX ? 4 : 0;
	if (words->n < at + 2)
		return;
	file_id(word(words, at), id);
	uint8_t pipe = ww_smb_pipe_find(words->message->smb, id);
	if (pipe != WW_SMB_NONE)
		ww_smb_wait(words->message, words->id, code, pipe);
}

static void read_answer(const struct words *words, uint8_t code)
{
	const struct ww_smb_waiting *waiting = ww_smb_answer(words->message, words->id, code, true);
	if (!waiting || waiting->pipe == WW_SMB_NONE)
		return;
	uint32_t at, n;
	if (code == READ_ANDX) {
		if (words->n < 16)
			return;
		n = (uint32_t)word(words, 14) << 16 | word(words, 10);
		at = word(words, 12);
	} else {
		if (!ww_smb_has(words->message, words->bytes_at, 3))
			return;
		n = ww_read16(words->message->bytes + words->bytes_at + 1, true);
		at = words->bytes_at + 3;
	}
	(void)ww_smb_data(words->message, waiting->pipe, at, n);
}

static void transaction_request(const struct words *words)
{
	/* The words before the setup are 28 bytes; subcommand and file id are the setup. */
	if (words->n < 32)
		return;
	uint16_t what = word(words, 28);
	if (what != TRANSACT && what != RAW_WRITE && what != PIPE_WRITE)
		return;
	uint8_t pipe = written(words, word(words, 30), word(words, 24), word(words, 22));
	if (pipe != WW_SMB_NONE)
		ww_smb_wait(words->message, words->id, TRANSACTION, pipe);
}

static void transaction_more(const struct words *words)
{
	if (words->reply || words->n < 16)
		return;
	const struct ww_smb_waiting *waiting =
		ww_smb_answer(words->message, words->id, TRANSACTION, false);
	if (waiting)
		(void)ww_smb_data(words->message, waiting->pipe, word(words, 12), word(words, 10));
}

static void transaction_answer(const struct words *words)
{
	/* The first, empty answer only asks for the secondary requests. */
	if (words->n < 20)
		return;
	uint32_t all = word(words, 2), n = word(words, 12), before = word(words, 16);
	const struct ww_smb_waiting *waiting =
		ww_smb_answer(words->message, words->id, TRANSACTION, before + n >= all);
	if (waiting)
		(void)ww_smb_data(words->message, waiting->pipe, word(words, 14), n);
}

static void one_command(struct words *words, uint8_t code)
{
	uint8_t id[WW_SMB_ID];
	switch (code) {
	case NT_CREATE_ANDX:
	case OPEN_ANDX:
		if (words->reply)
			open_answer(words, code);
		else
			open_request(words, code);
		words->opening = !words->reply;
		break;
	case WRITE_ANDX: write_andx(words); break;
	case WRITE: plain_write(words); break;
	case READ_ANDX:
	case READ:
		if (words->reply)
			read_answer(words, code);
		else
			read_request(words, code);
		break;
	case TRANSACTION:
		if (words->reply)
			transaction_answer(words);
		else
			transaction_request(words);
		break;
	case TRANSACTION_SECONDARY: transaction_more(words); break;
	case CLOSE:
		if (words->reply || words->n < 2)
			break;
		file_id(word(words, 0), id);
		ww_smb_pipe_close(words->message, id);
		break;
	}
}

static bool is_andx(uint8_t code)
{
	return code == LOCKING_ANDX || code == OPEN_ANDX || code == READ_ANDX ||
	       code == WRITE_ANDX || code == SESSION_SETUP_ANDX || code == LOGOFF_ANDX ||
	       code == TREE_CONNECT_ANDX || code == NT_CREATE_ANDX;
}

void ww_smb1_message(struct ww_smb_command *message)
{
	const uint8_t *p = message->bytes;
	struct words words = {
		.message = message,
		.id = ww_read16(p + MESSAGE_AT, true),
		.reply = p[FLAGS_AT] & FLAG_REPLY,
		.unicode = ww_read16(p + FLAGS2_AT, true) & FLAG2_UNICODE,
		.status = ww_read32(p + STATUS_AT, true),
	};
	uint8_t code = p[4];
	uint32_t at = WORDS_AT;
	if (words.reply != (message->parsing->dir == WW_DIR_TO_CLIENT))
		return;
	for (int i = 0; i < CHAIN_MAX && code != NO_ANDX; i++) {
		if (!ww_smb_has(message, at, 1))
			return;
		words.at = at + 1;
		words.n = p[at] * 2u;
		words.bytes_at = words.at + words.n + 2;
		if (!ww_smb_has(message, words.at, words.n))
			return;
		one_command(&words, code);
		if (!is_andx(code) || words.n < 4)
			return;
		code = p[words.at];
		uint32_t next = word(&words, 2);
		/* A chain goes forward. */
		if (next <= at)
			return;
		at = next;
	}
}
