// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * FTP's control connection (RFC 959): commands and replies.
 *
 *	client  NAME [SP argument] CRLF               USER anonymous
 *	server  CODE SP text CRLF                     331 Password required
 *	        CODE - text CRLF  ...  CODE SP text   a reply of several lines: the last one counts
 *
 * Both sides are Telnet (RFC 854): IAC sequences in a line are taken out as Snort's ftp_telnet
 * does, with the two that erase (EC a character, EL the line), so that "U<IAC NOP>SER" is USER.
 * Lines end at LF, with or without CR.
 *
 * A reply answers the oldest command that has none; 1yz is only preliminary. At most 16 commands
 * wait, beyond that their replies are told without a request. The data connection is not followed.
 * POP3 and IRC begin alike: a flow is FTP when the server greets as FTP does, or when the client
 * says what only FTP has. One whose first server line has no number is given up.
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
	bool replied, greeted, lost;
};

enum { NONE, ONLY, SHARED, EITHER };

/*
 * What a client says: commands that only FTP has (RFC 959, 2228, 2389, 2428, 3659, and CLNT of many
 * clients), those by which POP3 and IRC begin too, and those of which nothing can be told.
 */
static int whose(const char word[5])
{
	static const char only[][5] = {"ABOR", "ACCT", "ADAT", "ALLO", "APPE", "CDUP", "CLNT",
		"CWD", "EPRT", "EPSV", "FEAT", "MDTM", "MKD", "MLSD", "MLST", "NLST", "OPTS",
		"PASV", "PBSZ", "PORT", "PROT", "PWD", "REIN", "REST", "RMD", "RNFR", "RNTO",
		"SITE", "SIZE", "SMNT", "STOR", "STOU", "STRU", "SYST", "TYPE", "XCWD", "XMKD",
		"XPWD", "XRMD"};
	static const char either[][5] = {
		"AUTH", "DELE", "HELP", "LIST", "MODE", "NOOP", "QUIT", "RETR", "STAT"};
	if (strcmp(word, "USER") == 0 || strcmp(word, "PASS") == 0)
		return SHARED;
	for (size_t i = 0; i < WW_N(only); i++)
		if (strcmp(word, only[i]) == 0)
			return ONLY;
	for (size_t i = 0; i < WW_N(either); i++)
		if (strcmp(word, either[i]) == 0)
			return EITHER;
	return NONE;
}

/* Lines of commands: the first one that only FTP has decides, or the first one that is none. */
static int recognise_client(const uint8_t *data, size_t len)
{
	bool half = false;
	for (size_t at = 0; at < len;) {
		char word[5] = "";
		size_t n = 0;
		while (at + n < len && n < 4 && isalpha(data[at + n])) {
			word[n] = (char)toupper(data[at + n]);
			n++;
		}
		if (at + n == len)
			return half ? WW_APP_HALF : 0;
		uint8_t behind = data[at + n];
		bool ends = behind == ' ' || behind == '\r' || behind == '\n';
		int says = ends ? whose(word) : NONE;
		if (says == ONLY)
			return (int)(at + n + 1);
		/* What only half fits stays so: the other direction may have decided by then. */
		if (says == NONE)
			return half ? WW_APP_HALF : -1;
		half |= says == SHARED;
		const uint8_t *newline = memchr(data + at, '\n', len - at);
		if (!newline)
			break;
		at = (size_t)(newline - data) + 1;
	}
	return half ? WW_APP_HALF : 0;
}

/* Replies that come first, or to USER and PASS. SMTP has some of them, NNTP and POP3 none. */
static int recognise_server(const uint8_t *data, size_t len)
{
	static const char codes[][4] = {"120", "220", "230", "331", "332", "421", "530"};
	for (size_t i = 0; i < WW_N(codes); i++) {
		if (memcmp(data, codes[i], len < 3 ? len : 3) != 0)
			continue;
		if (len <= 3)
			return 0;
		bool ends = data[3] == ' ' || data[3] == '-' || data[3] == '\r' || data[3] == '\n';
		return ends ? WW_APP_HALF : -1;
	}
	return -1;
}

static int recognise(enum ww_dir dir, const uint8_t *data, size_t len)
{
	return dir == WW_DIR_TO_SERVER ? recognise_client(data, len) : recognise_server(data, len);
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
	if (!self->replied && code < 100 && line->at == 0) {
		ww_parsing_give_up(parsing);
		return;
	}
	/* A greeting answers nothing, also when the client did not wait for it. */
	bool greets = !self->greeted && (code == 220 || code == 120);
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
	self->greeted |= code != 120;
	fact.outcome = code < 200 || greets ? WW_FACT_TOLD
		       : code < 400         ? WW_FACT_GRANTED
					    : WW_FACT_REFUSED;
	if (self->n_waiting && !self->lost && !greets)
		fact.asked_at = self->waiting[self->first_waiting];
	if (self->n_waiting && code >= 200 && !greets) {
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
