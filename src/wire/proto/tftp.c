// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * TFTP (RFC 1350, options RFC 2347): which file is asked for, and whether it came.
 *
 *   | 1 read, 2 write | file name | 0 | mode | 0 | (option | 0 | value | 0)* |
 *   | 3 data | block | up to 512 bytes |   | 4 ack | block |   | 5 error | code | text | 0 |
 *   | 6 options taken | (option | 0 | value | 0)* |                  (RFC 2347)
 *
 * A request is a message without buffers (rules look at the datagram), and a fact. The server
 * answers from a new port, which is another flow: see tftp.h.
 */
#include "wire/proto/tftp.h"

#include "wire/proto/parser.h"
#include "wire/proto/wire-read.h"

#include <string.h>
#include <strings.h>

enum {
	READ = 1,
	WRITE = 2,
	DATA = 3,
	ACK = 4,
	ERROR = 5,
	OPTIONS = 6,
	HEADER_BYTES = 4,
	NAME_MAX_BYTES = 512, /* as in the RFC's datagram */
};

bool ww_tftp_request_read(const uint8_t *data, size_t len, struct ww_tftp_request *ret)
{
	static const char *const modes[] = {"octet", "netascii", "mail"};
	if (len < 2 + 2 || data[0] != 0 || (data[1] != READ && data[1] != WRITE))
		return false;
	size_t most = len - 2 < NAME_MAX_BYTES ? len - 2 : NAME_MAX_BYTES;
	const uint8_t *end = memchr(data + 2, 0, most);
	if (!end || end == data + 2)
		return false;
	const uint8_t *mode = end + 1;
	size_t left = len - (size_t)(mode - data);
	for (size_t i = 0; i < WW_N(modes); i++) {
		size_t n = strlen(modes[i]);
		if (left <= n || strncasecmp((const char *)mode, modes[i], n + 1) != 0)
			continue;
		*ret = (struct ww_tftp_request){.writes = data[1] == WRITE,
			.name = data + 2,
			.mode = mode,
			.name_len = (uint32_t)(end - data - 2),
			.mode_len = (uint32_t)n};
		return true;
	}
	return false;
}

bool ww_tftp_answer_read(const uint8_t *data, size_t len, bool writes, struct ww_fact *ret)
{
	if (len < 2 || data[0] != 0)
		return false;
	struct ww_fact fact = {.app = WW_APP_TFTP,
		.dir = WW_DIR_TO_CLIENT,
		.kind = WW_FACT_TFTP_ACK,
		.outcome = WW_FACT_GRANTED,
		.asked_at = WW_FACT_UNKNOWN,
		.text = data + 2,
		.text_len = (uint32_t)(len - 2)};
	bool whole = len >= HEADER_BYTES;
	if (data[1] == OPTIONS) {
		*ret = fact;
		return true;
	}
	if (!whole || (data[1] != ERROR && data[1] != (writes ? ACK : DATA)))
		return false;
	fact.text = data + HEADER_BYTES;
	fact.text_len = (uint32_t)(len - HEADER_BYTES);
	if (data[1] == DATA)
		fact.kind = WW_FACT_TFTP_DATA;
	if (data[1] == ERROR) {
		fact.kind = WW_FACT_TFTP_ERROR;
		fact.outcome = WW_FACT_REFUSED;
		fact.code = ww_read16(data + 2, false);
		const uint8_t *end = memchr(fact.text, 0, fact.text_len);
		fact.text_len = end ? (uint32_t)(end - fact.text) : fact.text_len;
	}
	*ret = fact;
	return true;
}

static int recognise(enum ww_dir dir, const uint8_t *data, size_t len)
{
	struct ww_tftp_request request;
	return dir == WW_DIR_TO_SERVER && ww_tftp_request_read(data, len, &request) ? (int)len : -1;
}

static void datagram(struct ww_parsing *parsing, const uint8_t *data, uint32_t len)
{
	struct ww_tftp_request request;
	struct ww_fact fact = {0};
	if (parsing->dir == WW_DIR_TO_CLIENT) {
		/* A server that stays on its port. */
		bool writes = data[0] == 0 && len > 1 && data[1] == ACK;
		if (ww_tftp_answer_read(data, len, writes, &fact))
			ww_parsing_tell_fact(parsing, &fact);
		return;
	}
	if (!ww_tftp_request_read(data, len, &request))
		return;
	fact = ww_parsing_fact(parsing, request.writes ? WW_FACT_TFTP_WRITE : WW_FACT_TFTP_READ, 0);
	fact.outcome = WW_FACT_ASKED;
	fact.text = request.name;
	fact.text_len = request.name_len;
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
