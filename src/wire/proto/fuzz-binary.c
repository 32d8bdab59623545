// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Bytes become a conversation of a binary protocol:
 *
 *	| protocol | step | then turns: | direction 1 bit, length 15 bits | bytes |
 *
 * What must hold: no read beyond a piece (each is in memory of its size); the conversation in
 * pieces of `step` bytes tells the same as whole; in tables of their least size too, nothing leaks.
 * Datagrams go in whole.
 */
#include "wire/proto/test-tape.h"

enum { HEAD = 2, TURN_HEAD = 2, LENGTH = 0x7fff };

static const enum ww_app apps[] = {
	WW_APP_DCERPC, WW_APP_SMB, WW_APP_DNS, WW_APP_TLS, WW_APP_TFTP, WW_APP_DNS, WW_APP_DCERPC};

static void play(struct tape *tape, const uint8_t *data, size_t size, unsigned which, size_t step)
{
	bool datagrams = which >= 4;
	tape_begin_flow(tape, 0);
	tape->call.apps = WW_APP_BIT(apps[which]);
	while (size >= TURN_HEAD) {
		enum ww_dir dir = data[0] & 0x80 ? WW_DIR_TO_CLIENT : WW_DIR_TO_SERVER;
		size_t len = ((size_t)data[0] << 8 | data[1]) & LENGTH;
		data += TURN_HEAD;
		size -= TURN_HEAD;
		len = len < size ? len : size;
		if (datagrams)
			tape_datagram(tape, dir, data, len, len % 2);
		else
			tape_pieces(tape, dir, data, len, step, step);
		data += len;
		size -= len;
	}
	if (!datagrams)
		tape_end(tape);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tape small;
	struct tape tape;
	if (size < HEAD)
		return 0;
	unsigned which = data[0] % WW_N(apps);
	size_t step = data[1] ? data[1] : 1;
	tape_open(&tape, 4, 0);
	play(&tape, data + HEAD, size - HEAD, which, SIZE_MAX);
	char *whole = ww_buf_take(&tape.text);
	play(&tape, data + HEAD, size - HEAD, which, step);
	ww_assert(strcmp(whole ? whole : "", ww_buf_text(&tape.text)) == 0);
	free(whole);
	tape_close(&tape);
	/* Blocks of one run are used again by the next ones. */
	if (!small.protos)
		tape_open(&small, 2, 256 << 10);
	play(&small, data + HEAD, size - HEAD, which, step);
	return 0;
}
