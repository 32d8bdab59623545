// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * SMB 2 and 3 (MS-SMB2 2.2). Offsets count from the FE of the header, 64 bytes:
 *
 *   0       4      6        8        12        14        16      20     24           ...  64
 *   | magic | size | charge | status | command | credits | flags | next | message id | ... | body
 *
 * In a chain of related commands the file id of all ones is that of the file opened before.
 */
#include "wire/proto/smb.h"

#include "wire/proto/wire-read.h"

#include <string.h>

enum {
	CREATE = 5,
	CLOSE = 6,
	READ = 8,
	WRITE = 9,
	IOCTL = 11,
};

enum {
	STATUS_AT = 8,
	COMMAND_AT = 12,
	FLAGS_AT = 16,
	MESSAGE_AT = 24,
	BODY_AT = 64,
	FLAG_RESPONSE = 1,
};

static const uint32_t STATUS_PENDING = 0x00000103, FSCTL_PIPE_TRANSCEIVE = 0x0011c017;

static uint16_t half(const struct ww_smb_command *command, uint32_t at)
{
	return ww_read16(command->bytes + BODY_AT + at, true);
}

static uint32_t full(const struct ww_smb_command *command, uint32_t at)
{
	return ww_read32(command->bytes + BODY_AT + at, true);
}

static uint64_t message_of(const struct ww_smb_command *command)
{
	const uint8_t *p = command->bytes + MESSAGE_AT;
	return (uint64_t)ww_read32(p + 4, true) << 32 | ww_read32(p, true);
}

static bool has_body(const struct ww_smb_command *command, uint32_t n)
{
	return ww_smb_has(command, BODY_AT, n);
}

/* The pipe behind the file id at `at` of the body, for data that is written. */
static uint8_t pipe_of(struct ww_smb_command *command, uint32_t at, uint32_t data, uint32_t n)
{
	static const uint8_t related[WW_SMB_ID] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	const uint8_t *id = command->bytes + BODY_AT + at;
	if (memcmp(id, related, WW_SMB_ID) != 0)
		return ww_smb_pipe_get(command, id, data, n);
	return ww_smb_pipe_opening(command, command->smb->created, data, n);
}

static void create(struct ww_smb_command *command, bool response, uint32_t status)
{
	uint64_t message = message_of(command);
	if (!response) {
		if (!has_body(command, 48))
			return;
		command->smb->created = message;
		ww_smb_wait(command, message, CREATE, WW_SMB_NONE);
		ww_smb_tell_open(command, half(command, 44), half(command, 46), true);
		return;
	}
	ww_smb_tell_result(command, ww_smb_answer(command, message, CREATE, true), status);
	if (has_body(command, 80))
		ww_smb_pipe_opened(command->smb, message, command->bytes + BODY_AT + 64);
}

static void write(struct ww_smb_command *command)
{
	if (!has_body(command, 32))
		return;
	uint32_t at = half(command, 2), n = full(command, 4);
	(void)ww_smb_data(command, pipe_of(command, 16, at, n), at, n);
}

static void read(struct ww_smb_command *command, bool response)
{
	if (!response) {
		if (!has_body(command, 32))
			return;
		uint8_t pipe = pipe_of(command, 16, 0, 0);
		if (pipe != WW_SMB_NONE)
			ww_smb_wait(command, message_of(command), READ, pipe);
		return;
	}
	const struct ww_smb_waiting *waiting =
		ww_smb_answer(command, message_of(command), READ, true);
	if (waiting && has_body(command, 8))
		(void)ww_smb_data(
			command, waiting->pipe, command->bytes[BODY_AT + 2], full(command, 4));
}

static void control(struct ww_smb_command *command, bool response)
{
	if (!has_body(command, response ? 40 : 32) || full(command, 4) != FSCTL_PIPE_TRANSCEIVE)
		return;
	if (!response) {
		uint32_t at = full(command, 24), n = full(command, 28);
		uint8_t pipe = ww_smb_data(command, pipe_of(command, 8, at, n), at, n);
		if (pipe != WW_SMB_NONE)
			ww_smb_wait(command, message_of(command), IOCTL, pipe);
		return;
	}
	const struct ww_smb_waiting *waiting =
		ww_smb_answer(command, message_of(command), IOCTL, true);
	if (waiting)
		(void)ww_smb_data(command, waiting->pipe, full(command, 32), full(command, 36));
}

void ww_smb2_command(struct ww_smb_command *command)
{
	bool response = ww_read32(command->bytes + FLAGS_AT, true) & FLAG_RESPONSE;
	uint32_t status = ww_read32(command->bytes + STATUS_AT, true);
	if (response != (command->parsing->dir == WW_DIR_TO_CLIENT))
		return;
	/* "Not yet": the answer follows. */
	if (response && status == STATUS_PENDING)
		return;
	switch (ww_read16(command->bytes + COMMAND_AT, true)) {
	case CREATE: create(command, response, status); break;
	case WRITE:
		if (!response)
			write(command);
		break;
	case READ: read(command, response); break;
	case IOCTL: control(command, response); break;
	case CLOSE:
		if (!response && has_body(command, 24))
			ww_smb_pipe_close(command, command->bytes + BODY_AT + 8);
		break;
	}
}
