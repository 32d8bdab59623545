// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The session layer of NetBIOS (RFC 1002, 4.3.1), which port 445 keeps without its names:
 *
 *   | type | length, 24 bits (on port 139: 7 bits of flags, 17 of length) |
 *   type 0x00 a message, 0x81 request, 0x82 positive, 0x83 negative, 0x84 retarget, 0x85 keep alive
 *
 * A message is SMB 1 (FF 'SMB', one command or a chain) or SMB 2 (FE 'SMB', commands behind each
 * other, each with the offset of the next).
 */
#include "wire/proto/smb.h"

#include "wire/proto/wire-read.h"

#include <string.h>

enum {
	SESSION_MESSAGE = 0x00,
	SESSION_REQUEST = 0x81,
	SESSION_POSITIVE = 0x82,
	SESSION_KEEP_ALIVE = 0x85,
	SMB1_HEADER = 32,
	SMB2_HEADER = 64,
	SMB2_NEXT_AT = 20,
};

static const uint8_t magic1[4] = {0xff, 'S', 'M', 'B'}, magic2[4] = {0xfe, 'S', 'M', 'B'};

/* ---- pipes ---- */

uint8_t ww_smb_pipe_find(const struct ww_smb *smb, const uint8_t id[WW_SMB_ID])
{
	for (uint8_t i = 0; i < WW_SMB_PIPES; i++) {
		const struct ww_smb_pipe *pipe = &smb->pipes[i];
		if (pipe->used && !pipe->opening && memcmp(pipe->id, id, WW_SMB_ID) == 0)
			return i;
	}
	return WW_SMB_NONE;
}

static void pipe_drop(struct ww_smb *smb, struct ww_parsing *parsing, uint8_t index)
{
	struct ww_smb_pipe *pipe = &smb->pipes[index];
	if (pipe->dce.data)
		ww_dce_done((struct ww_dce *)(void *)pipe->dce.data, parsing);
	ww_kept_drop(parsing, &pipe->dce);
	*pipe = (struct ww_smb_pipe){.used = false};
	for (size_t i = 0; i < WW_SMB_WAITING; i++)
		if (smb->waiting[i].pipe == index)
			smb->waiting[i].pipe = WW_SMB_NONE;
	for (size_t i = 0; i < 2; i++)
		if (smb->sides[i].pipe == index)
			smb->sides[i].pipe = WW_SMB_NONE;
}

/* Tells what is unfinished in it, then drops it. */
static void pipe_end(struct ww_smb *smb, struct ww_parsing *parsing, uint8_t index)
{
	const struct ww_dce_line line = {parsing, smb->numbers};
	struct ww_dce *dce = (struct ww_dce *)(void *)smb->pipes[index].dce.data;
	for (int dir = 0; dce && dir < 2; dir++)
		ww_dce_end(dce, &line, (enum ww_dir)dir);
	pipe_drop(smb, parsing, index);
}

static uint8_t pipe_new(struct ww_smb_command *command)
{
	struct ww_smb *smb = command->smb;
	uint8_t best = 0;
	for (uint8_t i = 0; i < WW_SMB_PIPES; i++) {
		const struct ww_smb_pipe *pipe = &smb->pipes[i], *other = &smb->pipes[best];
		if (other->used && (!pipe->used || pipe->age < other->age))
			best = i;
	}
	struct ww_smb_pipe *pipe = &smb->pipes[best];
	if (pipe->used) {
		ww_parsing_counts(command->parsing)->dropped++;
		pipe_end(smb, command->parsing, best);
	}
	if (!ww_kept_reserve(command->parsing, &pipe->dce, sizeof(struct ww_dce)))
		return WW_SMB_NONE;
	memset(pipe->dce.data, 0, sizeof(struct ww_dce));
	pipe->dce.len = sizeof(struct ww_dce);
	pipe->used = true;
	pipe->age = ++smb->clock;
	return best;
}

/* Does the data begin as DCE/RPC does, as far as it is there? */
static bool begins_dce(const struct ww_smb_command *command, uint32_t at, uint32_t n)
{
	if (at >= command->len || n == 0)
		return false;
	uint32_t kept = command->len - at;
	return ww_dce_looks(command->bytes + at, kept < n ? kept : n) >= 0;
}

uint8_t ww_smb_pipe_get(
	struct ww_smb_command *command, const uint8_t id[WW_SMB_ID], uint32_t at, uint32_t n)
{
	uint8_t index = ww_smb_pipe_find(command->smb, id);
	if (index != WW_SMB_NONE || !begins_dce(command, at, n))
		return index;
	index = pipe_new(command);
	if (index != WW_SMB_NONE)
		memcpy(command->smb->pipes[index].id, id, WW_SMB_ID);
	return index;
}

uint8_t ww_smb_pipe_opening(
	struct ww_smb_command *command, uint64_t opened, uint32_t at, uint32_t n)
{
	for (uint8_t i = 0; i < WW_SMB_PIPES; i++) {
		const struct ww_smb_pipe *pipe = &command->smb->pipes[i];
		if (pipe->used && pipe->opening && pipe->opened == opened)
			return i;
	}
	if (!begins_dce(command, at, n))
		return WW_SMB_NONE;
	uint8_t index = pipe_new(command);
	if (index != WW_SMB_NONE) {
		command->smb->pipes[index].opening = true;
		command->smb->pipes[index].opened = opened;
	}
	return index;
}

void ww_smb_pipe_opened(struct ww_smb *smb, uint64_t opened, const uint8_t id[WW_SMB_ID])
{
	for (size_t i = 0; i < WW_SMB_PIPES; i++) {
		struct ww_smb_pipe *pipe = &smb->pipes[i];
		if (pipe->used && pipe->opening && pipe->opened == opened) {
			pipe->opening = false;
			memcpy(pipe->id, id, WW_SMB_ID);
		}
	}
}

void ww_smb_pipe_close(struct ww_smb_command *command, const uint8_t id[WW_SMB_ID])
{
	uint8_t index = ww_smb_pipe_find(command->smb, id);
	if (index != WW_SMB_NONE)
		pipe_end(command->smb, command->parsing, index);
}

static void feed_pipe(struct ww_smb *smb, struct ww_parsing *parsing, uint8_t index,
	const uint8_t *bytes, uint32_t n, uint64_t at)
{
	struct ww_smb_pipe *pipe = &smb->pipes[index];
	const struct ww_dce_line line = {parsing, smb->numbers};
	pipe->age = ++smb->clock;
	/* A direction that is no DCE/RPC is passed over from then on. */
	(void)ww_dce_feed(
		(struct ww_dce *)(void *)pipe->dce.data, &line, parsing->dir, bytes, n, at);
}

uint8_t ww_smb_data(struct ww_smb_command *command, uint8_t pipe, uint32_t at, uint32_t n)
{
	struct ww_smb_side *side = command->side;
	if (pipe == WW_SMB_NONE || at > command->total)
		return WW_SMB_NONE;
	uint32_t end = n < command->total - at ? at + n : command->total;
	if (at < command->len) {
		uint32_t kept = end < command->len ? end : command->len;
		feed_pipe(command->smb, command->parsing, pipe, command->bytes + at, kept - at,
			command->at + at);
	}
	/* What is not kept is fed as it comes. */
	if (end > command->len) {
		side->pipe = pipe;
		side->data = at > command->len ? at : command->len;
		side->data_end = end;
	}
	return pipe;
}

/* ---- requests and answers ---- */

void ww_smb_wait(struct ww_smb_command *command, uint64_t message, uint8_t code, uint8_t pipe)
{
	struct ww_smb *smb = command->smb;
	struct ww_smb_waiting *best = &smb->waiting[0];
	for (size_t i = 0; i < WW_SMB_WAITING; i++) {
		struct ww_smb_waiting *waiting = &smb->waiting[i];
		if (waiting->age && waiting->message == message && waiting->command == code) {
			best = waiting;
			break;
		}
		if (waiting->age < best->age)
			best = waiting;
	}
	bool same = best->message == message && best->command == code;
	if (best->age && !same)
		ww_parsing_counts(command->parsing)->dropped++;
	*best = (struct ww_smb_waiting){message, command->at, ++smb->clock, code, pipe};
}

const struct ww_smb_waiting *ww_smb_answer(
	struct ww_smb_command *command, uint64_t message, uint8_t code, bool last)
{
	for (size_t i = 0; i < WW_SMB_WAITING; i++) {
		struct ww_smb_waiting *waiting = &command->smb->waiting[i];
		if (!waiting->age || waiting->message != message || waiting->command != code)
			continue;
		if (last)
			waiting->age = 0;
		return waiting;
	}
	return NULL;
}

/* ---- facts ---- */

static uint32_t put_utf8(uint8_t *out, uint32_t code)
{
	if (code < 0x80) {
		out[0] = (uint8_t)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (uint8_t)(0xc0 | code >> 6);
		out[1] = (uint8_t)(0x80 | (code & 0x3f));
		return 2;
	}
	out[0] = (uint8_t)(0xe0 | code >> 12);
	out[1] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
	out[2] = (uint8_t)(0x80 | (code & 0x3f));
	return 3;
}

void ww_smb_tell_open(struct ww_smb_command *command, uint32_t at, uint32_t n, bool unicode)
{
	uint8_t name[WW_SMB_NAME];
	uint32_t len = 0, step = unicode ? 2 : 1;
	if (!command->parsing->call->facts)
		return;
	for (uint32_t i = 0; i + step <= n && ww_smb_has(command, at + i, step); i += step) {
		const uint8_t *p = command->bytes + at + i;
		uint32_t code = unicode ? ww_read16(p, true) : *p;
		/* Half of a pair, or no character at all: what Unicode has for it. */
		if (code >= 0xd800 && code < 0xe000)
			code = 0xfffd;
		if (code == 0 || len + 3 > sizeof(name))
			break;
		if (unicode)
			len += put_utf8(name + len, code);
		else
			name[len++] = (uint8_t)code;
	}
	struct ww_fact fact = ww_parsing_fact(command->parsing, WW_FACT_SMB_OPEN, command->at);
	fact.outcome = WW_FACT_ASKED;
	fact.text = name;
	fact.text_len = len;
	ww_parsing_tell_fact(command->parsing, &fact);
}

void ww_smb_tell_result(
	struct ww_smb_command *command, const struct ww_smb_waiting *waiting, uint32_t status)
{
	if (!command->parsing->call->facts)
		return;
	struct ww_fact fact = ww_parsing_fact(command->parsing, WW_FACT_SMB_RESULT, command->at);
	/* The two upper bits are the severity: 0 success, 1 information, 2 warning, 3 error. */
	fact.outcome = status >> 30 == 3 ? WW_FACT_REFUSED : WW_FACT_GRANTED;
	fact.code = status;
	if (waiting)
		fact.asked_at = waiting->at;
	ww_parsing_tell_fact(command->parsing, &fact);
}

/* ---- framing ---- */

static void begin_command(struct ww_smb_side *side, uint64_t at)
{
	side->command = side->pos = side->data = side->data_end = 0;
	side->heard = false;
	side->pipe = WW_SMB_NONE;
	side->at = at;
	ww_kept_reset(&side->head);
}

/* How long is the command that begins with what is kept? 0: more bytes tell. */
static uint32_t command_length(const struct ww_smb_side *side)
{
	const uint8_t *p = side->head.data;
	uint32_t rest = side->left + side->pos; /* of the message, from the command's start */
	if (side->head.len < 4)
		return side->left == 0 ? rest : 0;
	if (memcmp(p, magic2, 4) != 0)
		return rest;
	if (side->head.len < SMB2_HEADER)
		return side->left == 0 ? rest : 0;
	uint32_t next = ww_read32(p + SMB2_NEXT_AT, true);
	return next >= SMB2_HEADER && next < rest ? next : rest;
}

static void read_head(struct ww_parsing *parsing, struct ww_smb_side *side)
{
	struct ww_smb_command command = {
		.parsing = parsing,
		.smb = parsing->state,
		.side = side,
		.bytes = side->head.data,
		.len = side->head.len,
		.total = side->command,
		.at = side->at,
	};
	side->heard = true;
	if (command.len >= SMB1_HEADER && memcmp(command.bytes, magic1, 4) == 0)
		ww_smb1_message(&command);
	else if (command.len >= SMB2_HEADER && memcmp(command.bytes, magic2, 4) == 0)
		ww_smb2_command(&command);
}

/* Bytes of the head that are wanted before the next step; 0: it is read. */
static uint32_t head_wanted(const struct ww_smb_side *side)
{
	uint32_t want = SMB2_HEADER;
	if (side->heard)
		return 0;
	if (side->command)
		want = side->command < WW_SMB_HEAD ? side->command : WW_SMB_HEAD;
	return want > side->pos ? want - side->pos : 0;
}

/* The bytes of a session message; returns how many were taken. */
static uint32_t take_message(
	struct ww_parsing *parsing, struct ww_smb_side *side, const uint8_t *data, uint32_t len)
{
	uint32_t want = head_wanted(side);
	uint32_t n = len < side->left ? len : side->left;
	if (want > 0) {
		n = n < want ? n : want;
		if (ww_kept_add(parsing, &side->head, data, n, WW_SMB_HEAD) < n) {
			ww_parsing_give_up(parsing);
			return n;
		}
	} else {
		n = n < side->command - side->pos ? n : side->command - side->pos;
		uint32_t from = side->pos > side->data ? side->pos : side->data;
		uint32_t end = side->pos + n < side->data_end ? side->pos + n : side->data_end;
		if (side->pipe != WW_SMB_NONE && from < end)
			feed_pipe(parsing->state, parsing, side->pipe, data + (from - side->pos),
				end - from, side->at + from);
	}
	side->pos += n;
	side->left -= n;
	return n;
}

/* Steps that need no more bytes. */
static void settle_message(struct ww_parsing *parsing, struct ww_smb_side *side)
{
	if (!side->command)
		side->command = command_length(side);
	if (side->command && !side->heard && head_wanted(side) == 0)
		read_head(parsing, side);
	if (!side->heard || side->pos < side->command)
		return;
	uint64_t at = side->at + side->pos;
	begin_command(side, at);
	if (side->left == 0)
		side->have = 0;
}

/* The four bytes of the frame are there. */
static void read_frame(struct ww_parsing *parsing, struct ww_smb_side *side, uint64_t at)
{
	uint8_t type = side->frame[0];
	if (type != SESSION_MESSAGE && (type < SESSION_REQUEST || type > SESSION_KEEP_ALIVE)) {
		ww_parsing_give_up(parsing);
		return;
	}
	begin_command(side, at);
	side->left = ww_read24(side->frame + 1);
	/* Other frames are passed over as a message that says nothing. */
	side->heard = type != SESSION_MESSAGE;
	side->command = side->heard ? side->left : 0;
	if (side->left == 0)
		side->have = 0;
}

static void stream(struct ww_parsing *parsing, const uint8_t *data, uint32_t len, uint64_t at)
{
	struct ww_smb *smb = parsing->state;
	struct ww_smb_side *side = &smb->sides[parsing->dir];
	while (len > 0 && !ww_parsing_given_up(parsing)) {
		uint32_t n = 1;
		if (side->have < sizeof(side->frame)) {
			side->frame[side->have++] = *data;
			if (side->have == sizeof(side->frame))
				read_frame(parsing, side, at + 1);
		} else {
			n = take_message(parsing, side, data, len);
			if (!ww_parsing_given_up(parsing))
				settle_message(parsing, side);
		}
		data += n;
		at += n;
		len -= n;
	}
}

static int recognise(enum ww_dir dir, const uint8_t *data, size_t len)
{
	size_t n = len < 8 ? len : 8;
	if (data[0] == SESSION_REQUEST && dir == WW_DIR_TO_SERVER) {
		/* Two encoded names of 34 bytes; the first length byte is 32. */
		static const uint8_t begin[5] = {SESSION_REQUEST, 0, 0, 68, 32};
		return memcmp(data, begin, n < 5 ? n : 5) != 0 ? -1 : n < 5 ? 0 : 5;
	}
	if (data[0] == SESSION_POSITIVE && dir == WW_DIR_TO_CLIENT) {
		static const uint8_t begin[4] = {SESSION_POSITIVE, 0, 0, 0};
		return memcmp(data, begin, n < 4 ? n : 4) != 0 ? -1 : n < 4 ? 0 : 4;
	}
	if (data[0] != SESSION_MESSAGE)
		return -1;
	if (n <= 4)
		return 0;
	if (memcmp(data + 4, magic1, n - 4) != 0 && memcmp(data + 4, magic2, n - 4) != 0)
		return -1;
	return n < 8 ? 0 : 8;
}

static void end(struct ww_parsing *parsing)
{
	struct ww_smb *smb = parsing->state;
	const struct ww_dce_line line = {parsing, smb->numbers};
	for (size_t i = 0; i < WW_SMB_PIPES; i++)
		if (smb->pipes[i].used)
			ww_dce_end((struct ww_dce *)(void *)smb->pipes[i].dce.data, &line,
				parsing->dir);
}

static void gap(struct ww_parsing *parsing, uint64_t at)
{
	struct ww_smb *smb = parsing->state;
	struct ww_smb_side *side = &smb->sides[parsing->dir];
	end(parsing);
	begin_command(side, at);
	side->have = 0;
	side->left = 0;
}

static void done(struct ww_parsing *parsing)
{
	struct ww_smb *smb = parsing->state;
	for (uint8_t i = 0; i < WW_SMB_PIPES; i++)
		pipe_drop(smb, parsing, i);
	ww_kept_drop(parsing, &smb->sides[0].head);
	ww_kept_drop(parsing, &smb->sides[1].head);
}

const struct ww_parser ww_parser_smb = {
	.state_bytes = sizeof(struct ww_smb),
	.recognise = recognise,
	.stream = stream,
	.gap = gap,
	.end = end,
	.done = done,
};
