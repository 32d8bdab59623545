// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * TFTP (RFC 1350, options RFC 2347): which file is asked for.
 *
 *   | 1 read, 2 write | file name | 0 | mode | 0 | (option | 0 | value | 0)* |
 *   | 3 data | block | up to 512 bytes |   | 4 ack | block |   | 5 error | code | text | 0 |
 *
 * A request is a message without buffers (rules look at the datagram), and a fact. The server
 * answers from a new port, which is another flow: nothing ties it to its request yet.
 */
#include "wire/proto/parser.h"

#include "wire/proto/wire-read.h"

#include <string.h>
#include <strings.h>

enum {
	READ = 1,
	WRITE = 2,
	ERROR = 5,
	NAME_MAX_BYTES = 512, /* as in the RFC's datagram */
};

/* A request: a name and a mode that exist, each ended by a NUL. Its name's length, or -1. */
static int request_name(const uint8_t *data, size_t len)
{
	static const char *const modes[] = {"octet", "netascii", "mail"};
	if (len < 2 + 2 || data[0] != 0 || (data[1] != READ && data[1] != WRITE))
		return -1;
	size_t most = len - 2 < NAME_MAX_BYTES ? len - 2 : NAME_MAX_BYTES;
	const uint8_t *end = memchr(data + 2, 0, most);
	if (!end || end == data + 2)
		return -1;
	const uint8_t *mode = end + 1;
	size_t left = len - (size_t)(mode - data);
	for (size_t i = 0; i < WW_N(modes); i++)
		if (left > strlen(modes[i]) &&
			strncasecmp((const char *)mode, modes[i], strlen(modes[i]) + 1) == 0)
			return (int)(end - data - 2);
	return -1;
}

static int recognise(enum ww_dir dir, const uint8_t *data, size_t len)
{
	return dir == WW_DIR_TO_SERVER && request_name(data, len) > 0 ? (int)len : -1;
}

static void datagram(struct ww_parsing *parsing, const uint8_t *data, uint32_t len)
{
	int name = request_name(data, len);
	bool error = len >= 4 && data[0] == 0 && data[1] == ERROR;
	if (name < 0 && !error)
		return;
	struct ww_fact fact = ww_parsing_fact(parsing,
		error             ? WW_FACT_TFTP_ERROR
		: data[1] == READ ? WW_FACT_TFTP_READ
				  : WW_FACT_TFTP_WRITE,
		0);
	if (error) {
		fact.outcome = WW_FACT_REFUSED;
		fact.code = ww_read16(data + 2, false);
		ww_parsing_tell_fact(parsing, &fact);
		return;
	}
	fact.outcome = WW_FACT_ASKED;
	fact.text = data + 2;
	fact.text_len = (uint32_t)name;
	ww_parsing_tell_fact(parsing, &fact);
	struct ww_message *message = ww_parsing_message(parsing);
	message->begins = message->ends = true;
	message->number = 1;
	message->end = len;
	message->settled = ~(uint64_t)0;
	ww_parsing_tell(parsing, message);
}

const struct ww_parser ww_parser_tftp = {
	.recognise = recognise,
	.datagram = datagram,
};
