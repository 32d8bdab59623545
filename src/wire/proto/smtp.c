// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * SMTP (RFC 5321): the envelope, and what the server said to each part of it.
 *
 *	client  EHLO name CRLF                        who it says it is
 *	        MAIL FROM:<a@b> SIZE=9 CRLF           whom the mail is from
 *	        RCPT TO:<c@d> CRLF                    whom it is for; once for each
 *	        DATA CRLF  lines ...  . CRLF          or BDAT n [LAST] CRLF and n bytes (RFC 3030)
 *	server  CODE SP text CRLF                     250 OK
 *	        CODE - text CRLF  ...  CODE SP text   a reply of several lines: the last one counts
 *
 * EHLO, MAIL and RCPT are messages. One repeats what was said before in its envelope, so that a
 * rule may ask for a name, a sender and a recipient together; see struct ww_message. Every command
 * is a fact. The reply to a command answers it: a recipient that is refused is an attack that
 * failed. Commands may be pipelined (RFC 2920): the oldest that has no reply is the one answered,
 * 64 wait, beyond that replies are told without a request.
 *
 * What follows DATA is the mail unless the server has refused it by then; it is not looked at, so
 * that nothing in a mail is taken for a command. A line that answers a 334 (RFC 4954) is no command
 * either. A 220 to STARTTLS ends what can be read (RFC 3207).
 *
 * Lines end at LF, with or without CR, as servers take them. An adversary can so hide a command in
 * a mail from us, or a mail in a command from a server, where server and we disagree on what a line
 * "." is.
 */
#include "wire/proto/line.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum {
	COMMAND_MAX = 2048, /* bytes of a line; RFC 5321, 4.5.3.1 wants 512 and extensions more */
	KEPT_MAX = 512,     /* of a name or a sender that is repeated; a path has 256 there */
	WAITING_MAX = 64,
};

enum verb { OTHER, HELO, MAIL, RCPT, DATA, BDAT, RSET, STARTTLS, CONTENT };

enum phase {
	COMMANDS,
	MAIL_LINES, /* to the line of one dot */
	CHUNK,      /* `left` bytes */
	OVER,       /* ciphertext */
};

struct smtp {
	struct ww_app_lines lines[2];
	struct ww_kept helo, mail;
	uint64_t waiting[WAITING_MAX]; /* places of commands without a reply */
	uint8_t verbs[WAITING_MAX];
	uint64_t data_at; /* of the last DATA */
	uint64_t number;
	uint64_t left;
	uint8_t n_waiting, first_waiting, phase;
	bool has_helo, has_mail, cut_helo, cut_mail;
	bool challenged; /* 334: the client's next line is no command */
	bool replied, greeted, lost;
};

static const struct command {
	const char *name;
	enum verb verb;
} COMMANDS_KNOWN[] = {{"EHLO", HELO}, {"HELO", HELO}, {"MAIL FROM", MAIL}, {"RCPT TO", RCPT},
	{"DATA", DATA}, {"BDAT", BDAT}, {"RSET", RSET}, {"STARTTLS", STARTTLS}};

/* What a client begins with, and no client of FTP, POP3 or HTTP does. */
static int recognise(enum ww_dir dir, const uint8_t *data, size_t len)
{
	static const char *const words[] = {"EHLO ", "HELO ", "MAIL FROM:", "RCPT TO:"};
	bool more = false;
	if (dir != WW_DIR_TO_SERVER)
		return -1;
	for (size_t i = 0; i < WW_N(words); i++) {
		size_t n = strlen(words[i]);
		if (strncasecmp((const char *)data, words[i], len < n ? len : n) != 0)
			continue;
		if (len >= n)
			return (int)n;
		more = true;
	}
	return more ? 0 : -1;
}

/* ---- commands ---- */

/* Which it is, and how long its name: "MAIL FROM" may have blanks before its colon. */
static enum verb verb_of(const struct ww_app_line *line, uint32_t *ret_len)
{
	for (size_t i = 0; i < WW_N(COMMANDS_KNOWN); i++) {
		uint32_t n = (uint32_t)strlen(COMMANDS_KNOWN[i].name);
		enum verb verb = COMMANDS_KNOWN[i].verb;
		if (line->len < n ||
			strncasecmp((const char *)line->text, COMMANDS_KNOWN[i].name, n) != 0)
			continue;
		bool colon = verb == MAIL || verb == RCPT;
		uint32_t at = n;
		while (at < line->len && line->text[at] == ' ')
			at++;
		if (colon ? at == line->len || line->text[at] != ':' : at == n && n < line->len)
			continue;
		*ret_len = at + colon;
		return verb;
	}
	*ret_len = line->len;
	return OTHER;
}

/* A word, or a path up to the bracket that ends it: blanks may stand in its quotes. */
static uint32_t value_len(const uint8_t *text, uint32_t len)
{
	bool path = len > 0 && text[0] == '<', quoted = false;
	for (uint32_t i = 0; i < len; i++) {
		if (path && text[i] == '\\' && quoted)
			i++;
		else if (path && text[i] == '"')
			quoted = !quoted;
		else if (path && text[i] == '>' && !quoted)
			return i + 1;
		else if (!path && text[i] == ' ')
			return i;
	}
	return len;
}

static void keep(struct ww_parsing *parsing, struct ww_kept *kept, bool *cut, const uint8_t *value,
	uint32_t len)
{
	ww_kept_reset(kept);
	*cut = ww_kept_add(parsing, kept, value, len, KEPT_MAX) < len;
}

static void repeat(
	struct ww_message *message, enum ww_buffer buffer, const struct ww_kept *kept, bool cut)
{
	ww_message_set(message, buffer, kept->data, kept->len, message->at);
	message->repeated |= WW_BUFFER_BIT(buffer);
	message->cut |= cut ? WW_BUFFER_BIT(buffer) : 0;
}

static void tell_message(struct ww_parsing *parsing, const struct ww_app_line *line, enum verb verb,
	const uint8_t *value, uint32_t len)
{
	struct smtp *self = parsing->state;
	enum ww_buffer buffer = verb == HELO   ? WW_BUFFER_SMTP_HELO
				: verb == MAIL ? WW_BUFFER_SMTP_MAIL_FROM
					       : WW_BUFFER_SMTP_RCPT_TO;
	self->number++;
	if (!ww_parsing_wants(parsing, WW_BUFFER_BIT(buffer)))
		return;
	struct ww_message *message = ww_parsing_message(parsing);
	message->begins = message->ends = true;
	message->number = self->number;
	message->at = line->at;
	message->end = line->end;
	message->settled = ~(uint64_t)0;
	if (verb != HELO && self->has_helo)
		repeat(message, WW_BUFFER_SMTP_HELO, &self->helo, self->cut_helo);
	if (verb == RCPT && self->has_mail)
		repeat(message, WW_BUFFER_SMTP_MAIL_FROM, &self->mail, self->cut_mail);
	ww_message_set(message, buffer, value, len, line->at + (uint64_t)(value - line->text));
	message->cut |= line->cut ? WW_BUFFER_BIT(buffer) : 0;
	ww_parsing_tell(parsing, message);
}

static void wait_for_reply(struct smtp *self, enum verb verb, uint64_t at)
{
	if (self->n_waiting == WAITING_MAX) {
		self->lost = true;
		return;
	}
	unsigned place = (unsigned)(self->first_waiting + self->n_waiting++) % WAITING_MAX;
	self->waiting[place] = at;
	self->verbs[place] = (uint8_t)verb;
}

static void begin_chunk(struct smtp *self, const struct ww_app_line *line, uint32_t at)
{
	uint64_t size = 0;
	while (at < line->len && isdigit(line->text[at]) && size < UINT32_MAX)
		size = size * 10 + (uint64_t)(line->text[at++] - '0');
	self->left = size;
	self->phase = size ? CHUNK : COMMANDS;
}

static void command(struct ww_parsing *parsing, const struct ww_app_line *line)
{
	struct smtp *self = parsing->state;
	uint32_t at;
	enum verb verb = verb_of(line, &at);
	while (at < line->len && line->text[at] == ' ')
		at++;
	const uint8_t *value = line->text + at;
	uint32_t len = value_len(value, line->len - at);
	wait_for_reply(self, verb, line->at);
	if (verb == HELO || verb == MAIL || verb == RCPT)
		tell_message(parsing, line, verb, value, len);
	if (verb == HELO) {
		keep(parsing, &self->helo, &self->cut_helo, value, len);
		self->cut_helo |= line->cut;
		self->has_helo = true;
	} else if (verb == MAIL) {
		keep(parsing, &self->mail, &self->cut_mail, value, len);
		self->cut_mail |= line->cut;
		self->has_mail = true;
	} else if (verb == DATA) {
		self->data_at = line->at;
		self->phase = MAIL_LINES;
	} else if (verb == BDAT) {
		begin_chunk(self, line, at);
	}
	if (verb == HELO || verb == RSET)
		self->has_mail = false;
	struct ww_fact fact = ww_parsing_fact(parsing, WW_FACT_SMTP_COMMAND, line->at);
	fact.outcome = WW_FACT_ASKED;
	fact.text = line->text;
	fact.text_len = line->len;
	ww_parsing_tell_fact(parsing, &fact);
}

static void client_line(struct ww_parsing *parsing, const struct ww_app_line *line)
{
	struct smtp *self = parsing->state;
	if (self->phase == MAIL_LINES) {
		if (line->len != 1 || line->text[0] != '.')
			return;
		self->phase = COMMANDS;
		self->has_mail = false;
		wait_for_reply(self, CONTENT, self->data_at);
	} else if (self->challenged) {
		self->challenged = false;
	} else if (line->len > 0) {
		ww_parsing_counts(parsing)->cut_heads += line->cut;
		command(parsing, line);
	}
}

/* ---- replies ---- */

static void reply(struct ww_parsing *parsing, const struct ww_app_line *line)
{
	struct smtp *self = parsing->state;
	unsigned code = ww_line_code(line);
	if (!self->replied && code < 100 && line->at == 0) {
		ww_parsing_give_up(parsing);
		return;
	}
	/* Its greeting answers nothing, also when the client did not wait for it. */
	bool greets = !self->greeted && code == 220;
	self->replied = true;
	if (code < 100 || (line->len > 3 && line->text[3] == '-'))
		return;
	struct ww_fact fact = ww_parsing_fact(parsing, WW_FACT_SMTP_REPLY, line->at);
	fact.code = code;
	fact.text = line->text;
	fact.text_len = line->len;
	bool goes_on = code < 200 || code == 334 || greets;
	fact.outcome = goes_on ? WW_FACT_TOLD : code < 400 ? WW_FACT_GRANTED : WW_FACT_REFUSED;
	self->challenged = code == 334;
	self->greeted = true;
	if (self->n_waiting && !self->lost && !greets)
		fact.asked_at = self->waiting[self->first_waiting];
	if (self->n_waiting && !goes_on) {
		enum verb verb = (enum verb)self->verbs[self->first_waiting];
		self->first_waiting = (uint8_t)((self->first_waiting + 1) % WAITING_MAX);
		self->n_waiting--;
		self->lost &= self->n_waiting > 0;
		if (verb == DATA && code >= 400 && self->phase == MAIL_LINES)
			self->phase = COMMANDS;
		if (verb == STARTTLS && code < 300)
			self->phase = OVER;
	}
	ww_parsing_tell_fact(parsing, &fact);
}

/* ---- bytes ---- */

static void stream(struct ww_parsing *parsing, const uint8_t *data, uint32_t len, uint64_t at)
{
	struct smtp *self = parsing->state;
	bool up = parsing->dir == WW_DIR_TO_SERVER;
	struct ww_app_line line;
	uint32_t pos = 0;
	while (pos < len && self->phase != OVER && !ww_parsing_given_up(parsing)) {
		if (up && self->phase == CHUNK) {
			uint32_t n = len - pos < self->left ? len - pos : (uint32_t)self->left;
			self->left -= n;
			pos += n;
			self->phase = self->left ? CHUNK : COMMANDS;
			continue;
		}
		if (!ww_lines_next(parsing, &self->lines[parsing->dir], data, len, at, COMMAND_MAX,
			    &pos, &line))
			return;
		if (up)
			client_line(parsing, &line);
		else
			reply(parsing, &line);
	}
}

static void gap(struct ww_parsing *parsing, uint64_t at)
{
	struct smtp *self = parsing->state;
	(void)at;
	ww_parsing_counts(parsing)->gaps++;
	ww_lines_gap(&self->lines[parsing->dir], false);
	self->n_waiting = 0;
	self->lost = false;
	self->challenged = false;
	/* How much of the chunk was lost is not known: what follows is most likely a command. */
	if (parsing->dir == WW_DIR_TO_SERVER && self->phase == CHUNK)
		self->phase = COMMANDS;
}

static void end(struct ww_parsing *parsing)
{
	struct smtp *self = parsing->state;
	struct ww_app_line line;
	if (self->phase == OVER || !ww_lines_rest(&self->lines[parsing->dir], &line))
		return;
	if (parsing->dir == WW_DIR_TO_SERVER)
		client_line(parsing, &line);
	else
		reply(parsing, &line);
}

static void done(struct ww_parsing *parsing)
{
	struct smtp *self = parsing->state;
	ww_kept_drop(parsing, &self->lines[0].kept);
	ww_kept_drop(parsing, &self->lines[1].kept);
	ww_kept_drop(parsing, &self->helo);
	ww_kept_drop(parsing, &self->mail);
}

const struct ww_parser ww_parser_smtp = {
	.state_bytes = sizeof(struct smtp),
	.recognise = recognise,
	.stream = stream,
	.gap = gap,
	.end = end,
	.done = done,
};
