// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * SSH's identification (RFC 4253, 4.2): who speaks which version. What follows is looked at by
 * nobody.
 *
 *	SSH-protoversion-softwareversion [SP comments] CRLF        SSH-2.0-OpenSSH_9.2
 *
 * Each direction's is a message. A server may say other lines before, which is rare: then its
 * direction is not known for SSH, and the client's is. 255 bytes are looked at, as the RFC allows.
 */
#include "wire/proto/line.h"

#include <string.h>

enum { LINE_BYTES = 253, NAME_BYTES = 4 };

static const char NAME[] = "SSH-";

struct ssh {
	struct ww_app_lines lines[2];
	bool told[2];
};

static int recognise(enum ww_dir dir, const uint8_t *data, size_t len)
{
	(void)dir;
	if (memcmp(data, NAME, len < NAME_BYTES ? len : NAME_BYTES) != 0)
		return -1;
	return len < NAME_BYTES ? 0 : NAME_BYTES;
}

static void identification(struct ww_parsing *parsing, const struct ww_app_line *line)
{
	struct ssh *self = parsing->state;
	const uint64_t ours =
		WW_BUFFER_BIT(WW_BUFFER_SSH_PROTO) | WW_BUFFER_BIT(WW_BUFFER_SSH_SOFTWARE);
	self->told[parsing->dir] = true;
	ww_parsing_counts(parsing)->cut_heads += line->cut;
	const uint8_t *proto = line->text + NAME_BYTES;
	if (line->len < NAME_BYTES || memcmp(line->text, NAME, NAME_BYTES) != 0) {
		ww_parsing_give_up(parsing);
		return;
	}
	if (!ww_parsing_wants(parsing, ours))
		return;
	uint32_t left = line->len - NAME_BYTES;
	const uint8_t *dash = memchr(proto, '-', left);
	uint32_t proto_len = dash ? (uint32_t)(dash - proto) : left;
	struct ww_message *message = ww_parsing_message(parsing);
	message->begins = message->ends = true;
	message->number = 1;
	message->at = line->at;
	message->end = line->end;
	message->settled = ~(uint64_t)0;
	message->cut = line->cut ? ours : 0;
	ww_message_set(message, WW_BUFFER_SSH_PROTO, proto, proto_len, line->at + NAME_BYTES);
	if (dash) {
		const uint8_t *software = dash + 1;
		uint32_t len = left - proto_len - 1;
		const uint8_t *blank = memchr(software, ' ', len);
		ww_message_set(message, WW_BUFFER_SSH_SOFTWARE, software,
			blank ? (uint32_t)(blank - software) : len,
			line->at + NAME_BYTES + proto_len + 1);
	}
	ww_parsing_tell(parsing, message);
}

static void stream(struct ww_parsing *parsing, const uint8_t *data, uint32_t len, uint64_t at)
{
	struct ssh *self = parsing->state;
	struct ww_app_line line;
	uint32_t pos = 0;
	if (!self->told[parsing->dir] && ww_lines_next(parsing, &self->lines[parsing->dir], data,
						 len, at, LINE_BYTES, &pos, &line))
		identification(parsing, &line);
}

static void gap(struct ww_parsing *parsing, uint64_t at)
{
	struct ssh *self = parsing->state;
	(void)at;
	ww_parsing_counts(parsing)->gaps += !self->told[parsing->dir];
	ww_lines_gap(&self->lines[parsing->dir], true);
	self->told[parsing->dir] = true;
}

static void end(struct ww_parsing *parsing)
{
	struct ssh *self = parsing->state;
	struct ww_app_line line;
	if (!self->told[parsing->dir] && ww_lines_rest(&self->lines[parsing->dir], &line))
		identification(parsing, &line);
}

static void done(struct ww_parsing *parsing)
{
	struct ssh *self = parsing->state;
	ww_kept_drop(parsing, &self->lines[0].kept);
	ww_kept_drop(parsing, &self->lines[1].kept);
}

const struct ww_parser ww_parser_ssh = {
	.state_bytes = sizeof(struct ssh),
	.recognise = recognise,
	.stream = stream,
	.gap = gap,
	.end = end,
	.done = done,
};
