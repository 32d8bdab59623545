// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * FTP's control connection (RFC 959): commands and replies.
 *
 *	client  NAME [SP argument] CRLF               USER anonymous
 *	server  CODE SP text CRLF                     331 Password required
 *	        CODE - text CRLF  ...  CODE SP text   a reply of several lines: the last one counts
 *
 * Both sides are Telnet (RFC 854): IAC sequences in a line are taken out as Snort's ftp_telnet
 *does, with the two that erase (EC a character, EL the line), so that "U<IAC NOP>SER" is USER.
 *Lines end at LF, with or without CR.
 *
 * A reply answers the oldest command that has none; 1yz is only preliminary. At most 16 commands
 * wait, beyond that their replies are told without a request. The data connection is not followed.
 * POP3 and IRC begin alike: a flow whose first server line has no number is given up.
 */
#include "wire/proto/line.h"

#include <ctype.h>
#include <string.h>

enum {
	COMMAND_MAX = 2048, /* bytes of a line */
	WAITING_MAX = 16,
};

enum { IAC = 255, DONT = 254, WILL = 251, SB = 250, EL = 248, EC = 247, SE = 240 };

struct ftp {
	struct ww_app_lines lines[2];
	struct ww_kept plain; /* a line without Telnet in it */
	uint64_t waiting[WAITING_MAX];
	uint64_t commands;
	uint8_t n_waiting, first_waiting;
	uint16_t multiline; /* code of the reply that goes on; 0: none */
	bool replied, lost;
};

/* What a client begins with; RFC 959, 2228, 2389, and CLNT of many clients. */
static int recognise(enum ww_dir dir, const uint8_t *data, size_t len)
{
	static const char words[][5] = {"USER", "AUTH", "FEAT", "SYST", "OPTS", "CLNT", "ACCT"};
	char head[5] = "";
	size_t n = 0;
	if (dir != WW_DIR_TO_SERVER)
		return -1;
	while (n < len && n < 4 && isalpha(data[n])) {
		head[n] = (char)toupper(data[n]);
		n++;
	}
	bool cut = n == len && n < 4;
	for (size_t i = 0; i < WW_N(words); i++) {
		if (memcmp(head, words[i], n) != 0 || (n < 4 && !cut))
			continue;
		if (n < 4 || len == 4)
			return 0;
		return data[4] == ' ' || data[4] == '\r' || data[4] == '\n' ? 5 : -1;
	}
	return -1;
}

/* The line without Telnet's sequences; what is erased goes too. */
static void take_telnet_out(struct ww_parsing *parsing, struct ww_app_line *line)
{
	struct ftp *self = parsing->state;
	if (!memchr(line->text, IAC, line->len) ||
		!ww_kept_reserve(parsing, &self->plain, line->len))
		return;
	uint8_t *out = self->plain.data;
	uint32_t n = 0;
	for (uint32_t i = 0; i < line->len; i++) {
		uint8_t c = line->text[i];
		if (c != IAC) {
			out[n++] = c;
			continue;
		}
		uint8_t command = ++i < line->len ? line->text[i] : SE;
		if (command == IAC)
			out[n++] = IAC;
		else if (command == EC)
			n -= n > 0;
		else if (command == EL)
			n = 0;
		else if (command >= WILL && command <= DONT)
			i++;
		else if (command == SB)
			while (i < line->len && line->text[i] != SE)
				i++;
	}
	line->text = out;
	line->len = n;
}

static void tell_message(
	struct ww_parsing *parsing, const struct ww_app_line *line, uint32_t name_len)
{
	struct ftp *self = parsing->state;
	const uint64_t ours =
		WW_BUFFER_BIT(WW_BUFFER_FTP_COMMAND) | WW_BUFFER_BIT(WW_BUFFER_FTP_COMMAND_DATA);
	self->commands++;
	if (!ww_parsing_wants(parsing, ours))
		return;
	struct ww_message *message = ww_parsing_message(parsing);
	message->begins = message->ends = true;
	message->number = self->commands;
	message->at = line->at;
	message->end = line->end;
	message->settled = ~(uint64_t)0;
	message->cut = line->cut ? ours : 0;
	ww_message_set(message, WW_BUFFER_FTP_COMMAND, line->text, name_len, line->at);
	if (name_len < line->len)
		ww_message_set(message, WW_BUFFER_FTP_COMMAND_DATA, line->text + name_len + 1,
			line->len - name_len - 1, line->at);
	ww_parsing_tell(parsing, message);
}

static void command(struct ww_parsing *parsing, const struct ww_app_line *line)
{
	struct ftp *self = parsing->state;
	uint32_t name_len = 0;
	while (name_len < line->len && line->text[name_len] != ' ')
		name_len++;
	if (line->len == 0)
		return;
	if (self->n_waiting < WAITING_MAX)
		self->waiting[(self->first_waiting + self->n_waiting++) % WAITING_MAX] = line->at;
	else
		self->lost = true;
	tell_message(parsing, line, name_len);
	struct ww_fact fact = ww_parsing_fact(parsing, WW_FACT_FTP_COMMAND, line->at);
	fact.outcome = WW_FACT_ASKED;
	fact.text = line->text;
	fact.text_len = line->len;
	ww_parsing_tell_fact(parsing, &fact);
}

static void reply(struct ww_parsing *parsing, const struct ww_app_line *line)
{
	struct ftp *self = parsing->state;
	unsigned code = ww_line_code(line);
	bool goes_on = code && line->len > 3 && line->text[3] == '-';
	if (!self->replied && code < 100) {
		ww_parsing_give_up(parsing);
		return;
	}
	self->replied = true;
	if (code < 100 || (self->multiline && (code != self->multiline || goes_on)))
		return;
	self->multiline = goes_on ? (uint16_t)code : 0;
	if (goes_on)
		return;
	struct ww_fact fact = ww_parsing_fact(parsing, WW_FACT_FTP_REPLY, line->at);
	fact.code = code;
	fact.text = line->text;
	fact.text_len = line->len;
	fact.outcome = code < 200 ? WW_FACT_TOLD : code < 400 ? WW_FACT_GRANTED : WW_FACT_REFUSED;
	if (self->n_waiting && !self->lost)
		fact.asked_at = self->waiting[self->first_waiting];
	if (self->n_waiting && code >= 200) {
		self->first_waiting = (uint8_t)((self->first_waiting + 1) % WAITING_MAX);
		self->n_waiting--;
		self->lost &= self->n_waiting > 0;
	}
	ww_parsing_tell_fact(parsing, &fact);
}

static void line_of(struct ww_parsing *parsing, struct ww_app_line *line)
{
	ww_parsing_counts(parsing)->cut_heads += line->cut;
	take_telnet_out(parsing, line);
	if (parsing->dir == WW_DIR_TO_SERVER)
		command(parsing, line);
	else
		reply(parsing, line);
}

static void stream(struct ww_parsing *parsing, const uint8_t *data, uint32_t len, uint64_t at)
{
	struct ftp *self = parsing->state;
	struct ww_app_line line;
	uint32_t pos = 0;
	while (!ww_parsing_given_up(parsing) && ww_lines_next(parsing, &self->lines[parsing->dir],
							data, len, at, COMMAND_MAX, &pos, &line))
		line_of(parsing, &line);
}

static void gap(struct ww_parsing *parsing, uint64_t at)
{
	struct ftp *self = parsing->state;
	ww_parsing_counts(parsing)->gaps++;
	ww_lines_gap(&self->lines[parsing->dir], false);
	self->n_waiting = 0;
	self->multiline = 0;
	self->lost = false;
}

static void end(struct ww_parsing *parsing)
{
	struct ftp *self = parsing->state;
	struct ww_app_line line;
	if (ww_lines_rest(&self->lines[parsing->dir], &line))
		line_of(parsing, &line);
}

static void done(struct ww_parsing *parsing)
{
	struct ftp *self = parsing->state;
	ww_kept_drop(parsing, &self->lines[0].kept);
	ww_kept_drop(parsing, &self->lines[1].kept);
	ww_kept_drop(parsing, &self->plain);
}

const struct ww_parser ww_parser_ftp = {
	.state_bytes = sizeof(struct ftp),
	.recognise = recognise,
	.stream = stream,
	.gap = gap,
	.end = end,
	.done = done,
};
