// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The state of an HTTP connection (RFC 9112): where each message begins and ends, and which request
 * an answer belongs to.
 *
 *	IDLE -> HEAD -> LENGTH ---------------------> IDLE
 *	           \--> CHUNK_SIZE <-> CHUNK -> TRAILER -> IDLE
 *	           \--> TO_CLOSE        \--> TUNNEL (CONNECT, 101)
 *
 * A line that is no first line is skipped: so garbage before or between requests hides nothing that
 * follows. A head of more than 16 KiB is told as cut, with what there is. Bodies are followed by
 * their framing, and kept only where a rule wants them.
 *
 * Answers go to requests in order; 16 requests may wait, of those beyond it is only known how many
 * there are. Where requests are not seen, answers to HEAD are told apart by nothing: the next
 * answer is then taken for a body, until a gap or the end.
 */
#include "wire/proto/http.h"

#include <ctype.h>
#include <string.h>

enum phase {
	IDLE,
	HEAD,
	SKIP_LINE, /* what is no first line */
	SKIP_HEAD, /* beyond the limit of a head */
	LENGTH,
	CHUNK_SIZE,
	CHUNK,
	CHUNK_END,
	TRAILER,
	TO_CLOSE,
	TUNNEL,
};

enum { IN_LINE, BEHIND_LF, BEHIND_LF_CR }; /* where a head's end is looked for */

enum { CHUNK_LINE_MAX = 4096, CHUNK_DIGITS_MAX = 15 };

enum kind { KIND_OTHER, KIND_HEAD, KIND_CONNECT, KIND_OLD, KIND_UNKNOWN };

struct side {
	uint8_t phase, newline, digits;
	bool plain;      /* the body is the stream's bytes, in one piece */
	bool first_line; /* of the head: it is complete */
	bool open;       /* its message was told as begun, and not as ended */
	bool body_cut;   /* bytes of the body were lost */
	uint32_t line_bytes;
	uint32_t told; /* bytes of the body */
	uint64_t number, at, next, left, body_at;
	uint64_t present, cut;
	struct ww_kept head, parts, table;
	struct ww_http_body body;
};

struct http {
	struct side sides[2];
	struct {
		uint64_t at;
		uint8_t kind;
	} waiting[WW_HTTP_WAITING];
	uint8_t n_waiting, first_waiting;
	uint32_t beyond; /* requests that wait behind those */
};

/* ---- recognition ---- */

/* Methods of RFC 9110, WebDAV (RFC 4918, 3253, 5323) and of IIS. Those of SIP and RTSP too want a
 * path behind them. */
static const struct method {
	const char *name;
	bool wants_path;
} methods[] = {
	{"GET", false},
	{"POST", false},
	{"HEAD", false},
	{"PUT", false},
	{"DELETE", false},
	{"TRACE", false},
	{"CONNECT", false},
	{"PATCH", false},
	{"OPTIONS", true},
	{"PROPFIND", false},
	{"PROPPATCH", false},
	{"MKCOL", false},
	{"COPY", true},
	{"MOVE", true},
	{"LOCK", false},
	{"UNLOCK", false},
	{"SEARCH", true},
	{"TRACK", false},
	{"DEBUG", true},
	{"REPORT", true},
	{"CHECKOUT", false},
	{"CHECKIN", false},
	{"MERGE", true},
	{"LINK", true},
	{"UNLINK", true},
	{"SUBSCRIBE", true},
	{"NOTIFY", true},
	{"POLL", true},
	{"BPROPFIND", false},
};

static const struct method *find_method(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < WW_N(methods); i++)
		if (strlen(methods[i].name) == len && memcmp(methods[i].name, data, len) == 0)
			return &methods[i];
	return NULL;
}

static bool blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* A method that is not known: what is behind it must show HTTP/ within the prefix. */
static int recognise_version(const uint8_t *data, size_t len)
{
	const uint8_t *newline = memchr(data, '\n', len);
	const uint8_t *version =
		memmem(data, newline ? (size_t)(newline - data) : len, " HTTP/", 6);
	if (version)
		return (int)(version - data) + 6;
	return newline ? -1 : 0;
}

static int recognise(enum ww_dir dir, const uint8_t *data, size_t len)
{
	size_t i = 0;
	while (i < len && (data[i] == '\r' || data[i] == '\n'))
		i++;
	if (dir == WW_DIR_TO_CLIENT) {
		size_t n = len - i < 5 ? len - i : 5;
		if (memcmp(data + i, "HTTP/", n) != 0)
			return -1;
		return n == 5 ? (int)(i + 5) : 0;
	}
	size_t start = i;
	while (i < len && i - start < 20 && (isalpha(data[i]) || data[i] == '_' || data[i] == '-'))
		i++;
	if (i == len)
		return 0;
	if (i == start || !blank(data[i]))
		return -1;
	const struct method *method = find_method(data + start, i - start);
	if (!method)
		return recognise_version(data, len);
	while (i < len && blank(data[i]))
		i++;
	if (!method->wants_path)
		return (int)i < (int)len ? (int)i + 1 : 0;
	if (i == len)
		return 0;
	return strchr("/*h%\\", data[i]) && data[i] ? (int)i + 1 : recognise_version(data, len);
}

/* ---- telling ---- */

static const uint64_t BODIES = WW_BUFFER_BIT(WW_BUFFER_HTTP_REQUEST_BODY) |
			       WW_BUFFER_BIT(WW_BUFFER_HTTP_RESPONSE_BODY) |
			       WW_BUFFER_BIT(WW_BUFFER_FILE_DATA);
static const uint64_t HEADERS =
	WW_BUFFER_BIT(WW_BUFFER_HTTP_HEADER) | WW_BUFFER_BIT(WW_BUFFER_HTTP_HEADER_RAW) |
	WW_BUFFER_BIT(WW_BUFFER_HTTP_HEADER_NAMES) | WW_BUFFER_BIT(WW_BUFFER_HTTP_START);

static struct side *side_of(const struct ww_parsing *parsing)
{
	struct http *self = parsing->state;
	return &self->sides[parsing->dir];
}

static uint64_t bodies_of(const struct ww_parsing *parsing)
{
	return WW_BUFFER_BIT(WW_BUFFER_FILE_DATA) |
	       WW_BUFFER_BIT(parsing->dir == WW_DIR_TO_SERVER ? WW_BUFFER_HTTP_REQUEST_BODY
							      : WW_BUFFER_HTTP_RESPONSE_BODY);
}

static void drop_kept(struct ww_parsing *parsing, struct side *side)
{
	ww_kept_drop(parsing, &side->head);
	ww_kept_drop(parsing, &side->parts);
	ww_kept_drop(parsing, &side->table);
	ww_http_body_drop(parsing, &side->body);
}

/* The blocks go back, the state is that between messages. */
static void clear(struct ww_parsing *parsing, struct side *side)
{
	drop_kept(parsing, side);
	side->phase = IDLE;
	side->open = side->first_line = side->body_cut = false;
	side->newline = IN_LINE;
	side->told = 0;
}

/* The message again, with what its body has become. */
static void tell_again(struct ww_parsing *parsing, struct side *side, uint64_t end, bool ends)
{
	struct ww_message *message = ww_parsing_message(parsing);
	uint64_t bodies = bodies_of(parsing);
	const struct ww_kept *bytes = &side->body.bytes;
	const struct ww_message_buffer *table = (const void *)side->table.data;
	for (uint64_t left = side->present; left; left &= left - 1)
		message->buffers[__builtin_ctzll(left)] = table[__builtin_ctzll(left)];
	message->number = side->number;
	message->at = side->at;
	message->end = end;
	message->present = side->present;
	message->cut = side->cut;
	message->settled = ~BODIES;
	message->ends = ends;
	for (unsigned b = 0; bytes->len && b < WW_BUFFER_COUNT; b++) {
		if (!(bodies & WW_BUFFER_BIT(b)))
			continue;
		ww_message_set(message, (enum ww_buffer)b, bytes->data, bytes->len, side->body_at);
		message->buffers[b].fresh = side->told;
	}
	if (side->plain)
		message->plain = bodies;
	bool cut = side->body.cut || side->body_cut;
	if (cut)
		message->cut |= bodies;
	if (ends || cut || side->body.ended)
		message->settled |= BODIES;
	if (ends)
		message->settled = ~(uint64_t)0;
	side->told = bytes->len;
	side->open = !ends;
	ww_parsing_tell(parsing, message);
}

static void end_message(struct ww_parsing *parsing, struct side *side, uint64_t end)
{
	if (side->open)
		tell_again(parsing, side, end, true);
	clear(parsing, side);
}

/* ---- who answers whom ---- */

static void ask(struct http *self, uint64_t at, enum kind kind)
{
	if (self->beyond || self->n_waiting == WW_HTTP_WAITING) {
		self->beyond += self->beyond < UINT32_MAX;
		return;
	}
	unsigned place = (self->first_waiting + self->n_waiting++) % WW_HTTP_WAITING;
	self->waiting[place].at = at;
	self->waiting[place].kind = (uint8_t)kind;
}

static enum kind next_kind(const struct http *self)
{
	return self->n_waiting ? (enum kind)self->waiting[self->first_waiting].kind : KIND_UNKNOWN;
}

/* The request that is answered now; where it began. */
static enum kind answer(struct http *self, uint64_t *ret_at)
{
	enum kind kind = next_kind(self);
	*ret_at = WW_FACT_UNKNOWN;
	if (self->n_waiting) {
		*ret_at = self->waiting[self->first_waiting].at;
		self->first_waiting = (uint8_t)((self->first_waiting + 1) % WW_HTTP_WAITING);
		self->n_waiting--;
	} else if (self->beyond) {
		self->beyond--;
	}
	return kind;
}

static enum kind kind_of(const uint8_t *line, const struct ww_http_head *head)
{
	if (head->old)
		return KIND_OLD;
	if (head->method.len == 4 && memcmp(line, "HEAD", 4) == 0)
		return KIND_HEAD;
	return head->method.len == 7 && memcmp(line, "CONNECT", 7) == 0 ? KIND_CONNECT : KIND_OTHER;
}

static enum ww_fact_outcome outcome_of(unsigned status)
{
	if (status >= 200 && status < 300)
		return WW_FACT_GRANTED;
	/* A redirect asks to come again; a 5xx may be an attack that worked. */
	return status >= 400 && status < 500 ? WW_FACT_REFUSED : WW_FACT_TOLD;
}

/* Pairs the head with its request or answer: the fact. Returns how its body is framed. */
static enum ww_http_framing pair(struct ww_parsing *parsing, const struct side *side,
	const struct ww_http_head *head, struct ww_fact *ret)
{
	struct http *self = parsing->state;
	bool asks = parsing->dir == WW_DIR_TO_SERVER;
	struct ww_fact fact = ww_parsing_fact(
		parsing, asks ? WW_FACT_HTTP_REQUEST : WW_FACT_HTTP_STATUS, side->at);
	fact.text = side->head.data;
	fact.text_len = head->line.len;
	fact.code = head->status;
	fact.outcome = asks ? WW_FACT_ASKED : outcome_of(head->status);
	enum ww_http_framing framing = head->framing;
	if (asks) {
		ask(self, side->at, kind_of(side->head.data, head));
	} else {
		bool between = head->status >= 100 && head->status < 200 && head->status != 101;
		enum kind kind = between ? KIND_OTHER : answer(self, &fact.asked_at);
		bool tunnel = head->status == 101 ||
			      (kind == KIND_CONNECT && fact.outcome == WW_FACT_GRANTED);
		if (framing == WW_HTTP_NO_BODY)
			framing = WW_HTTP_TO_CLOSE;
		if (kind == KIND_HEAD || tunnel || head->status < 200 || head->status == 204 ||
			head->status == 304)
			framing = WW_HTTP_NO_BODY;
		if (tunnel)
			self->sides[0].phase = self->sides[1].phase = TUNNEL;
	}
	*ret = fact;
	return framing;
}

/* ---- heads ---- */

static void begin_body(struct side *side, enum ww_http_framing framing, uint64_t length,
	enum ww_http_coding coding, uint64_t at)
{
	static const uint8_t phases[] = {IDLE, LENGTH, CHUNK_SIZE, TO_CLOSE};
	side->phase = phases[framing];
	side->left = framing == WW_HTTP_LENGTH ? length : 0;
	side->digits = 0;
	side->line_bytes = 0;
	side->body_at = at;
	side->plain =
		framing != WW_HTTP_CHUNKED && coding != WW_HTTP_GZIP && coding != WW_HTTP_DEFLATE;
	/* What a client sends compressed, few servers inflate: as it is. */
	ww_http_body_begin(&side->body, coding);
}

/* The message's buffers, until its body has come. */
static bool keep_table(
	struct ww_parsing *parsing, struct side *side, const struct ww_message *message)
{
	if (!ww_kept_reserve(parsing, &side->table, sizeof(message->buffers)))
		return false;
	memcpy(side->table.data, message->buffers, sizeof(message->buffers));
	side->present = message->present;
	side->cut = message->cut;
	return true;
}

/*
 * The head is there, or as much of it as there will be (`cut`). `end`: behind its last byte. False
 * when it is none.
 */
static bool begin_message(struct ww_parsing *parsing, struct side *side, uint64_t end, bool cut)
{
	struct ww_http_head head;
	struct ww_kept *bytes = &side->head;
	struct ww_app_counts *counts = ww_parsing_counts(parsing);
	uint64_t wanted_buffers = parsing->call->buffers;
	if (!side->first_line && !ww_http_first_line(parsing->dir, bytes->data, bytes->len, &head))
		return false;
	if (!ww_kept_reserve(
		    parsing, &side->parts, ww_http_parts_size(bytes->len, wanted_buffers))) {
		counts->cut_heads++;
		return false;
	}
	struct ww_message *message = ww_parsing_message(parsing);
	ww_http_head_read(parsing->dir, bytes->data, bytes->len, side->at, wanted_buffers,
		side->parts.data, &head, message);
	side->number++;
	message->number = side->number;
	message->at = side->at;
	message->end = end;
	message->begins = true;
	message->settled = ~BODIES;
	if (cut)
		message->cut = side->first_line ? HEADERS : ~(uint64_t)0;
	struct ww_fact fact;
	enum ww_http_framing framing = pair(parsing, side, &head, &fact);
	enum ww_http_coding coding =
		parsing->dir == WW_DIR_TO_CLIENT ? head.coding : WW_HTTP_IDENTITY;
	bool none = framing == WW_HTTP_NO_BODY || (framing == WW_HTTP_LENGTH && head.length == 0);
	bool wanted = ww_parsing_wants(parsing, bodies_of(parsing) | WW_BUFFER_BIT(WW_BUFFER_RAW));
	side->open = !none && wanted && keep_table(parsing, side, message);
	if (side->open) {
		begin_body(side, framing, head.length, coding, end);
	} else {
		message->ends = true;
		message->settled = ~(uint64_t)0;
	}
	ww_parsing_tell(parsing, message);
	ww_parsing_tell_fact(parsing, &fact);
	if (!side->open) {
		bool tunnel = side->phase == TUNNEL;
		clear(parsing, side);
		if (tunnel)
			side->phase = TUNNEL;
		else if (!none)
			begin_body(side, framing, head.length, WW_HTTP_IDENTITY, end);
	}
	return true;
}

/* At the head's first LF. False when the line is none of HTTP. */
static bool check_first_line(struct ww_parsing *parsing, struct side *side, bool *ret_old)
{
	struct ww_http_head head;
	uint32_t len = side->head.len - 1;
	if (len && side->head.data[len - 1] == '\r')
		len--;
	side->first_line = ww_http_first_line(parsing->dir, side->head.data, len, &head);
	*ret_old = head.old;
	return side->first_line;
}

/* Bytes of the data that belong to the line that is begun, or to the look for an empty one. */
static uint32_t scan_line(struct side *side, const uint8_t *data, uint32_t len, bool *ret_empty)
{
	*ret_empty = false;
	if (side->newline != IN_LINE) {
		bool cr = data[0] == '\r' && side->newline == BEHIND_LF;
		*ret_empty = data[0] == '\n';
		side->newline = *ret_empty ? BEHIND_LF : cr ? BEHIND_LF_CR : IN_LINE;
		return 1;
	}
	const uint8_t *newline = memchr(data, '\n', len);
	if (!newline)
		return len;
	side->newline = BEHIND_LF;
	return (uint32_t)(newline - data) + 1;
}

static uint32_t take_head(struct ww_parsing *parsing, struct side *side, const uint8_t *data,
	uint32_t len, uint64_t at)
{
	bool empty, old = false;
	uint8_t before = side->newline;
	uint32_t n = scan_line(side, data, len, &empty);
	uint32_t taken = ww_kept_add(parsing, &side->head, data, n, WW_HTTP_HEAD_MAX);
	if (taken < n) {
		ww_parsing_counts(parsing)->cut_heads++;
		bool begun = begin_message(parsing, side, at + taken, true);
		if (!begun)
			clear(parsing, side);
		/* Where its body begins is not known; a new head is looked for behind the empty
		   line. */
		if (begun && side->open)
			end_message(parsing, side, at + taken);
		clear(parsing, side);
		side->phase = begun ? SKIP_HEAD : SKIP_LINE;
		side->newline = taken ? IN_LINE : before;
		return taken;
	}
	bool line = side->newline == BEHIND_LF && !empty && !side->first_line;
	if (line && !check_first_line(parsing, side, &old)) {
		clear(parsing, side);
		return n;
	}
	if ((empty || old) && !begin_message(parsing, side, at + n, false))
		clear(parsing, side);
	return n;
}

/* ---- bodies ---- */

static uint32_t take_body(struct ww_parsing *parsing, struct side *side, const uint8_t *data,
	uint32_t len, uint64_t at)
{
	uint32_t n = side->phase == TO_CLOSE || side->left > len ? len : (uint32_t)side->left;
	if (side->open && !side->body_cut && ww_parsing_wants(parsing, bodies_of(parsing)))
		ww_http_body_add(parsing, &side->body, data, n);
	if (side->phase == TO_CLOSE)
		return n;
	side->left -= n;
	if (side->left)
		return n;
	if (side->phase == LENGTH)
		end_message(parsing, side, at + n);
	else
		side->phase = CHUNK_END;
	return n;
}

static int hex(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return isxdigit(c) ? (c | 0x20) - 'a' + 10 : -1;
}

/* RFC 9112, 7.1: chunk-size [ chunk-ext ] CRLF. What is no size ends the framing. */
static uint32_t take_chunk_size(struct ww_parsing *parsing, struct side *side, uint8_t c)
{
	enum { SIZE_OVER = 0x80 };
	side->line_bytes++;
	unsigned digits = side->digits & ~SIZE_OVER;
	if (c == '\n' && digits) {
		side->phase = side->left ? CHUNK : TRAILER;
		side->newline = BEHIND_LF;
		return 1;
	}
	bool bad = side->line_bytes > CHUNK_LINE_MAX;
	if (!(side->digits & SIZE_OVER) && hex(c) >= 0) {
		side->left = side->left << 4 | (unsigned)hex(c);
		side->digits++;
		bad |= digits + 1 > CHUNK_DIGITS_MAX;
	} else if (digits) {
		side->digits |= SIZE_OVER;
	} else {
		bad |= !blank(c);
	}
	if (!bad)
		return 1;
	ww_parsing_counts(parsing)->cut_bodies++;
	side->body_cut = true;
	side->phase = TO_CLOSE;
	return 1;
}

static uint32_t take_chunk_end(struct side *side, uint8_t c)
{
	if (c == '\r')
		return 1;
	side->phase = CHUNK_SIZE;
	side->left = 0;
	side->digits = 0;
	side->line_bytes = 0;
	return c == '\n';
}

/* ---- the machine ---- */

/* An answer to HTTP/0.9 is a body alone. */
static void begin_bare_body(struct ww_parsing *parsing, struct side *side, uint64_t at)
{
	uint64_t asked_at; /* no fact: it says nothing of success */
	(void)answer(parsing->state, &asked_at);
	struct ww_message *message = ww_parsing_message(parsing);
	message->begins = true;
	message->number = ++side->number;
	message->at = side->at = at;
	message->end = at;
	message->settled = ~BODIES;
	bool wanted = ww_parsing_wants(parsing, bodies_of(parsing) | WW_BUFFER_BIT(WW_BUFFER_RAW));
	side->open = wanted && keep_table(parsing, side, message);
	begin_body(side, WW_HTTP_TO_CLOSE, 0, WW_HTTP_IDENTITY, at);
	message->ends = !side->open;
	ww_parsing_tell(parsing, message);
}

static uint32_t take_idle(
	struct ww_parsing *parsing, struct side *side, const uint8_t *data, uint64_t at)
{
	if (data[0] == '\r' || data[0] == '\n')
		return 1;
	if (parsing->dir == WW_DIR_TO_CLIENT && data[0] != 'H' &&
		next_kind(parsing->state) == KIND_OLD) {
		begin_bare_body(parsing, side, at);
		return 0;
	}
	side->phase = HEAD;
	side->at = at;
	return 0;
}

/* Lines up to an empty one (of a trailer, of a head that is too long), or one line. */
static uint32_t skip_lines(struct ww_parsing *parsing, struct side *side, const uint8_t *data,
	uint32_t len, uint64_t at)
{
	bool empty;
	uint32_t n = scan_line(side, data, len, &empty);
	if (side->phase == TRAILER && empty)
		end_message(parsing, side, at + n);
	else if (empty || (side->phase == SKIP_LINE && side->newline == BEHIND_LF))
		clear(parsing, side);
	return n;
}

static uint32_t take(struct ww_parsing *parsing, struct side *side, const uint8_t *data,
	uint32_t len, uint64_t at)
{
	switch ((enum phase)side->phase) {
	case IDLE: return take_idle(parsing, side, data, at);
	case HEAD: return take_head(parsing, side, data, len, at);
	case SKIP_LINE:
	case SKIP_HEAD:
	case TRAILER: return skip_lines(parsing, side, data, len, at);
	case LENGTH:
	case CHUNK:
	case TO_CLOSE: return take_body(parsing, side, data, len, at);
	case CHUNK_SIZE: return take_chunk_size(parsing, side, data[0]);
	case CHUNK_END: return take_chunk_end(side, data[0]);
	case TUNNEL: break;
	}
	return len;
}

static void stream(struct ww_parsing *parsing, const uint8_t *data, uint32_t len, uint64_t at)
{
	struct side *side = side_of(parsing);
	uint32_t pos = 0;
	while (pos < len)
		pos += take(parsing, side, data + pos, len - pos, at + pos);
	side->next = at + len;
	/* Nothing more of it will be looked at: what it takes is given back now. */
	if (side->open && side->body.bytes.len == WW_HTTP_BODY_MAX && side->body.cut) {
		tell_again(parsing, side, at + len, true);
		drop_kept(parsing, side);
	}
	if (side->open && (side->body.bytes.len > side->told ||
				  ww_parsing_wants(parsing, WW_BUFFER_BIT(WW_BUFFER_RAW))))
		tell_again(parsing, side, at + len, false);
}

/* What is left of a head becomes a message; a body ends. */
static void close_message(struct ww_parsing *parsing, struct side *side)
{
	if (side->phase == HEAD && side->head.len &&
		begin_message(parsing, side, side->at + side->head.len, true) && !side->open)
		return;
	if (side->open) {
		side->body_cut |= side->phase != TO_CLOSE;
		end_message(parsing, side, side->next);
	}
	clear(parsing, side);
}

static void gap(struct ww_parsing *parsing, uint64_t at)
{
	struct side *side = side_of(parsing);
	uint64_t lost = at > side->next ? at - side->next : 0;
	bool in_body = side->phase == LENGTH || side->phase == CHUNK || side->phase == TO_CLOSE;
	side->next = at;
	if (side->phase == TUNNEL)
		return;
	ww_parsing_counts(parsing)->gaps++;
	if (in_body && (side->phase == TO_CLOSE || lost < side->left)) {
		side->left -= side->phase == TO_CLOSE ? 0 : lost;
		side->body_cut = true;
		return;
	}
	close_message(parsing, side);
}

static void end(struct ww_parsing *parsing)
{
	struct side *side = side_of(parsing);
	if (side->phase != TUNNEL)
		close_message(parsing, side);
}

static void done(struct ww_parsing *parsing)
{
	struct http *self = parsing->state;
	clear(parsing, &self->sides[0]);
	clear(parsing, &self->sides[1]);
}

_Static_assert(sizeof(struct http) <= WW_PARSER_STATE_MAX, "the state of a flow");

const struct ww_parser ww_parser_http = {
	.state_bytes = sizeof(struct http),
	.recognise = recognise,
	.stream = stream,
	.gap = gap,
	.end = end,
	.done = done,
};
