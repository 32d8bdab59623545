// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DCE/RPC over TCP: nothing but PDUs, one behind the other. See dce.h. And over UDP, where there is
 * no connection: each datagram is one PDU of version 4 (C706, 12.6.3.2) and names its interface
 * itself, which counts as accepted, since nobody is asked:
 *
 *   0   1      2       3       4      7        8        24          40         56     60
 *   | 4 | type | flags | flags | drep | serial | object | interface | activity | boot | version
 *   64         68      70      72      74      76         78     79       80
 *   | sequence | opnum | hints | hints | length | fragment | auth | serial | stub
 *
 * Fragments of datagrams are not joined: each is told as it came, all but the first without
 * `first_fragment`.
 */
#include "wire/proto/dce.h"

#include "wire/proto/uuid.h"
#include "wire/proto/wire-read.h"

enum {
	DATAGRAM_HEAD = 80,
	DATAGRAM_REQUEST = 0,
	DATAGRAM_RESPONSE = 2,
	DATAGRAM_TYPES = 11,
	FLAG_FRAGMENT = 0x04,
};

struct state {
	struct ww_dce dce;
	uint64_t numbers[2];
};

static int recognise(enum ww_dir dir, const uint8_t *data, size_t len)
{
	(void)dir;
	return ww_dce_looks(data, len);
}

static void stream(struct ww_parsing *parsing, const uint8_t *data, uint32_t len, uint64_t at)
{
	struct state *state = parsing->state;
	const struct ww_dce_line line = {parsing, state->numbers};
	if (!ww_dce_feed(&state->dce, &line, parsing->dir, data, len, at))
		ww_parsing_give_up(parsing);
}

static void end(struct ww_parsing *parsing)
{
	struct state *state = parsing->state;
	const struct ww_dce_line line = {parsing, state->numbers};
	ww_dce_end(&state->dce, &line, parsing->dir);
}

static void gap(struct ww_parsing *parsing, uint64_t at)
{
	(void)at;
	end(parsing);
}

/* The length of the stub, or -1 when it is no PDU of version 4. */
static int32_t datagram_stub(const uint8_t *data, size_t len)
{
	if (len < DATAGRAM_HEAD || data[0] != 4 || data[1] >= DATAGRAM_TYPES ||
		(data[4] & 0xee) != 0 || data[5] > 3 || data[6] != 0)
		return -1;
	uint16_t stub = ww_read16(data + 74, data[4] >> 4);
	return stub <= len - DATAGRAM_HEAD ? stub : -1;
}

static int recognise_datagram(enum ww_dir dir, const uint8_t *data, size_t len)
{
	(void)dir;
	return datagram_stub(data, len) < 0 ? -1 : DATAGRAM_HEAD;
}

static void datagram(struct ww_parsing *parsing, const uint8_t *data, uint32_t len)
{
	int32_t stub = datagram_stub(data, len);
	uint8_t type = len > 1 ? data[1] : DATAGRAM_TYPES;
	if (stub < 0) {
		ww_parsing_counts(parsing)->malformed++;
		return;
	}
	if (type != (parsing->dir == WW_DIR_TO_SERVER ? DATAGRAM_REQUEST : DATAGRAM_RESPONSE))
		return;
	bool little = data[4] >> 4, part = data[2] & FLAG_FRAGMENT;
	uint32_t version = ww_read32(data + 60, little);
	struct ww_dce_call call = {
		.major = (uint16_t)version,
		.minor = (uint16_t)(version >> 16),
		.opnum = ww_read16(data + 68, little),
		.type = type,
		.little = little,
		.accepted = true,
		.first_fragment = !part || ww_read16(data + 76, little) == 0,
	};
	ww_uuid_decode(data + 24, little, call.interface);
	struct ww_message *message = ww_parsing_message(parsing);
	message->begins = message->ends = true;
	message->number = 1;
	message->end = len;
	message->dce = &call;
	message->settled = ~(uint64_t)0;
	message->cut = part ? WW_BUFFER_BIT(WW_BUFFER_DCE_STUB) : 0;
	ww_message_set(
		message, WW_BUFFER_DCE_STUB, data + DATAGRAM_HEAD, (uint32_t)stub, DATAGRAM_HEAD);
	ww_parsing_tell(parsing, message);
}

static void done(struct ww_parsing *parsing)
{
	struct state *state = parsing->state;
	ww_dce_done(&state->dce, parsing);
}

const struct ww_parser ww_parser_dcerpc = {
	.state_bytes = sizeof(struct state),
	.recognise = recognise,
	.recognise_datagram = recognise_datagram,
	.stream = stream,
	.gap = gap,
	.end = end,
	.datagram = datagram,
	.done = done,
};
