// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A head to buffers (RFC 9112, 3 to 5; names and contents of the buffers as Suricata documents
 * them, see wormwood-rules(7)).
 *
 *	GET /scripts/root.exe?/c+dir HTTP/1.0 CRLF
 *	Host: www CRLF
 *	Cookie : a=b CRLF
 *	 folded CRLF
 *	CRLF
 *
 * Taken as servers of the time took it: LF alone ends a line, blanks may stand before the colon, a
 * line that begins with a blank goes on (obs-fold, one blank is put between). A header that is
 * repeated is one value, ", " between (RFC 9110, 5.3).
 */
#include "wire/proto/http.h"

#include <ctype.h>
#include <string.h>

enum { KNOWN_MAX = 16 };

/* What is looked for among the headers. */
static const struct known {
	const char *name; /* lower case */
	uint8_t buffer;
	bool from_client, from_server;
} known[] = {
	{"cookie", WW_BUFFER_HTTP_COOKIE, true, false},
	{"set-cookie", WW_BUFFER_HTTP_COOKIE, false, true},
	{"user-agent", WW_BUFFER_HTTP_USER_AGENT, true, false},
	{"host", WW_BUFFER_HTTP_HOST_RAW, true, false},
	{"referer", WW_BUFFER_HTTP_REFERER, true, false},
	{"accept", WW_BUFFER_HTTP_ACCEPT, true, false},
	{"accept-language", WW_BUFFER_HTTP_ACCEPT_LANG, true, false},
	{"accept-encoding", WW_BUFFER_HTTP_ACCEPT_ENC, true, false},
	{"connection", WW_BUFFER_HTTP_CONNECTION, true, true},
	{"content-type", WW_BUFFER_HTTP_CONTENT_TYPE, true, true},
	{"content-length", WW_BUFFER_HTTP_CONTENT_LEN, true, true},
	{"location", WW_BUFFER_HTTP_LOCATION, false, true},
	{"server", WW_BUFFER_HTTP_SERVER, false, true},
};
_Static_assert(WW_N(known) <= KNOWN_MAX, "the counts of read_headers");

struct header {
	struct ww_http_span name, value; /* value: blanks around cut; folds are still in it */
	bool folded, has_colon;
};

struct walk {
	const uint8_t *data;
	uint32_t len, pos;
};

static bool blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* The line at `pos` without its end, and where the next one begins. */
static struct ww_http_span line_at(const struct walk *walk, uint32_t pos, uint32_t *ret_next)
{
	const uint8_t *newline = memchr(walk->data + pos, '\n', walk->len - pos);
	uint32_t end = newline ? (uint32_t)(newline - walk->data) : walk->len;
	*ret_next = newline ? end + 1 : end;
	if (newline && end > pos && walk->data[end - 1] == '\r')
		end--;
	return (struct ww_http_span){pos, end - pos};
}

static struct ww_http_span trim(const uint8_t *data, struct ww_http_span span)
{
	while (span.len && (blank(data[span.at]) || data[span.at] == '\r')) {
		span.at++;
		span.len--;
	}
	while (span.len &&
		(blank(data[span.at + span.len - 1]) || data[span.at + span.len - 1] == '\r' ||
			data[span.at + span.len - 1] == '\n'))
		span.len--;
	return span;
}

/* The next header with its folds; false at the empty line or the end. */
static bool next_header(struct walk *walk, struct header *ret)
{
	uint32_t next;
	if (walk->pos >= walk->len)
		return false;
	struct ww_http_span line = line_at(walk, walk->pos, &next);
	if (line.len == 0)
		return false;
	*ret = (struct header){0};
	while (next < walk->len && blank(walk->data[next])) {
		struct ww_http_span more = line_at(walk, next, &next);
		line.len = more.at + more.len - line.at;
		ret->folded = true;
	}
	walk->pos = next;
	const uint8_t *colon = memchr(walk->data + line.at, ':', line.len);
	uint32_t split = colon ? (uint32_t)(colon - walk->data) : line.at + line.len;
	ret->has_colon = colon != NULL;
	ret->name = trim(walk->data, (struct ww_http_span){line.at, split - line.at});
	if (colon)
		ret->value = trim(walk->data,
			(struct ww_http_span){split + 1, line.at + line.len - split - 1});
	return true;
}

/* ---- derived bytes ---- */

struct writer {
	uint8_t *out;
	uint32_t n;
};

static void put(struct writer *to, const void *bytes, uint32_t len)
{
	memcpy(to->out + to->n, bytes, len);
	to->n += len;
}

/* A span of the head, each fold one blank. */
static void put_unfolded(struct writer *to, const uint8_t *data, struct ww_http_span span)
{
	uint32_t end = span.at + span.len;
	for (uint32_t i = span.at; i < end; i++) {
		if (data[i] != '\n' && !(data[i] == '\r' && i + 1 < end && data[i + 1] == '\n')) {
			to->out[to->n++] = data[i];
			continue;
		}
		while (i + 1 < end && (isspace(data[i + 1])))
			i++;
		to->out[to->n++] = ' ';
	}
}

static void put_header(struct writer *to, const uint8_t *data, const struct header *header)
{
	put_unfolded(to, data, header->name);
	if (header->has_colon) {
		put(to, ": ", 2);
		put_unfolded(to, data, header->value);
	}
	put(to, "\r\n", 2);
}

/* Header lines of which something is derived. */
static const uint64_t DERIVED =
	WW_BUFFER_BIT(WW_BUFFER_HTTP_HEADER) | WW_BUFFER_BIT(WW_BUFFER_HTTP_HEADER_NAMES) |
	WW_BUFFER_BIT(WW_BUFFER_HTTP_START) | WW_BUFFER_BIT(WW_BUFFER_HTTP_COOKIE) |
	WW_BUFFER_BIT(WW_BUFFER_HTTP_COOKIE_RAW) | WW_BUFFER_BIT(WW_BUFFER_HTTP_USER_AGENT) |
	WW_BUFFER_BIT(WW_BUFFER_HTTP_HOST) | WW_BUFFER_BIT(WW_BUFFER_HTTP_HOST_RAW) |
	WW_BUFFER_BIT(WW_BUFFER_HTTP_REFERER) | WW_BUFFER_BIT(WW_BUFFER_HTTP_ACCEPT) |
	WW_BUFFER_BIT(WW_BUFFER_HTTP_ACCEPT_LANG) | WW_BUFFER_BIT(WW_BUFFER_HTTP_ACCEPT_ENC) |
	WW_BUFFER_BIT(WW_BUFFER_HTTP_CONNECTION) | WW_BUFFER_BIT(WW_BUFFER_HTTP_CONTENT_TYPE) |
	WW_BUFFER_BIT(WW_BUFFER_HTTP_CONTENT_LEN) | WW_BUFFER_BIT(WW_BUFFER_HTTP_LOCATION) |
	WW_BUFFER_BIT(WW_BUFFER_HTTP_SERVER);

/* The URI, or five times what a line can become: three bytes more than it was. */
uint32_t ww_http_parts_size(uint32_t len, uint64_t wanted)
{
	if (!(wanted & DERIVED))
		return 2 * len + 64;
	return 5 * (len + 3 * (len / 2)) + 64;
}

/* ---- the first line ---- */

static bool method_char(uint8_t c)
{
	return isalnum(c) || c == '-' || c == '_';
}

static bool answer_line(const uint8_t *data, uint32_t len, struct ww_http_head *ret)
{
	uint32_t i = 0;
	if (len < 5 || memcmp(data, "HTTP/", 5) != 0)
		return false;
	while (i < len && !blank(data[i]))
		i++;
	ret->version = (struct ww_http_span){0, i};
	while (i < len && blank(data[i]))
		i++;
	uint32_t start = i;
	while (i < len && i - start < 3 && isdigit(data[i]))
		ret->status = (uint16_t)(ret->status * 10 + (data[i++] - '0'));
	ret->code = (struct ww_http_span){start, i - start};
	while (i < len && blank(data[i]))
		i++;
	ret->reason = trim(data, (struct ww_http_span){i, len - i});
	return true;
}

bool ww_http_first_line(
	enum ww_dir dir, const uint8_t *data, uint32_t len, struct ww_http_head *ret)
{
	*ret = (struct ww_http_head){.line = {0, len}};
	if (dir == WW_DIR_TO_CLIENT)
		return answer_line(data, len, ret);
	uint32_t i = 0;
	while (i < len && i < 32 && method_char(data[i]))
		i++;
	ret->method = (struct ww_http_span){0, i};
	if (i == 0 || i == len || !blank(data[i]))
		return false;
	while (len > i && (blank(data[len - 1]) || data[len - 1] == '\r'))
		len--;
	while (i < len && blank(data[i]))
		i++;
	uint32_t end = len;
	while (end > i && !blank(data[end - 1]))
		end--;
	if (len - end >= 5 && memcmp(data + end, "HTTP/", 5) == 0) {
		ret->version = (struct ww_http_span){end, len - end};
		while (end > i && blank(data[end - 1]))
			end--;
		ret->uri = (struct ww_http_span){i, end - i};
		return true;
	}
	/* HTTP/0.9 (RFC 1945, 4.1) has one method. */
	ret->old = true;
	ret->uri = (struct ww_http_span){i, len - i};
	return len > i && ret->method.len == 3 && memcmp(data, "GET", 3) == 0;
}

/* ---- headers ---- */

static bool name_is(const uint8_t *data, struct ww_http_span name, const char *word)
{
	return strlen(word) == name.len &&
	       strncasecmp((const char *)data + name.at, word, name.len) == 0;
}

static bool value_has(const uint8_t *data, struct ww_http_span value, const char *word)
{
	size_t n = strlen(word);
	for (uint32_t i = 0; i + n <= value.len; i++)
		if (strncasecmp((const char *)data + value.at + i, word, n) == 0)
			return true;
	return false;
}

/* RFC 9112, 6.1 to 6.3: chunked wins over a length; of two lengths the first counts. */
static void read_framing(
	const uint8_t *data, const struct header *header, struct ww_http_head *head)
{
	const struct ww_http_span value = header->value;
	if (name_is(data, header->name, "transfer-encoding") && value_has(data, value, "chunked"))
		head->framing = WW_HTTP_CHUNKED;
	if (name_is(data, header->name, "upgrade"))
		head->upgrade = true;
	if (name_is(data, header->name, "content-encoding")) {
		head->coding = WW_HTTP_UNKNOWN_CODING;
		if (name_is(data, value, "gzip") || name_is(data, value, "x-gzip"))
			head->coding = WW_HTTP_GZIP;
		else if (name_is(data, value, "deflate"))
			head->coding = WW_HTTP_DEFLATE;
		else if (value.len == 0 || name_is(data, value, "identity"))
			head->coding = WW_HTTP_IDENTITY;
	}
	if (!name_is(data, header->name, "content-length") || head->framing != WW_HTTP_NO_BODY)
		return;
	uint64_t length = 0;
	uint32_t i = 0;
	while (i < value.len && isdigit(data[value.at + i]) && length < UINT64_MAX / 20)
		length = length * 10 + (uint64_t)(data[value.at + i++] - '0');
	if (i == 0)
		return;
	head->framing = WW_HTTP_LENGTH;
	head->length = length;
}

struct counts {
	uint16_t n[KNOWN_MAX];
	bool folded[KNOWN_MAX];
};

static size_t find_known(enum ww_dir dir, const uint8_t *data, struct ww_http_span name)
{
	for (size_t k = 0; k < WW_N(known); k++)
		if ((dir == WW_DIR_TO_SERVER ? known[k].from_client : known[k].from_server) &&
			name_is(data, name, known[k].name))
			return k;
	return WW_N(known);
}

/* The values of a header that is repeated or folded, as one. */
static void join_values(
	struct walk walk, size_t k, struct writer *to, uint64_t at, struct ww_message *message)
{
	struct header header;
	uint32_t start = to->n;
	while (next_header(&walk, &header)) {
		if (!name_is(walk.data, header.name, known[k].name))
			continue;
		if (to->n > start)
			put(to, ", ", 2);
		put_unfolded(to, walk.data, header.value);
	}
	ww_message_set(message, known[k].buffer, to->out + start, to->n - start, at);
}

static void read_headers(enum ww_dir dir, struct walk walk, uint64_t at, uint64_t wanted,
	struct writer *to, struct ww_http_head *head, struct ww_message *message)
{
	const uint8_t *data = walk.data;
	struct walk again = walk;
	struct counts counts = {0};
	struct header header;
	uint32_t start = to->n;
	uint64_t wanted_known = wanted;
	if (wanted & WW_BUFFER_BIT(WW_BUFFER_HTTP_HOST))
		wanted_known |= WW_BUFFER_BIT(WW_BUFFER_HTTP_HOST_RAW);
	if (wanted & WW_BUFFER_BIT(WW_BUFFER_HTTP_COOKIE_RAW))
		wanted_known |= WW_BUFFER_BIT(WW_BUFFER_HTTP_COOKIE);
	while (next_header(&walk, &header)) {
		read_framing(data, &header, head);
		size_t k = find_known(dir, data, header.name);
		bool cookie = k < WW_N(known) && known[k].buffer == WW_BUFFER_HTTP_COOKIE;
		if (!cookie && (wanted & WW_BUFFER_BIT(WW_BUFFER_HTTP_HEADER)))
			put_header(to, data, &header);
		if (k == WW_N(known) || !(wanted_known & WW_BUFFER_BIT(known[k].buffer)))
			continue;
		counts.folded[k] |= header.folded;
		if (counts.n[k]++ == 0)
			ww_message_set(message, known[k].buffer, data + header.value.at,
				header.value.len, at + header.value.at);
	}
	if (wanted & WW_BUFFER_BIT(WW_BUFFER_HTTP_HEADER))
		ww_message_set(message, WW_BUFFER_HTTP_HEADER, to->out + start, to->n - start,
			at + again.pos);
	for (size_t k = 0; k < WW_N(known); k++)
		if (counts.n[k] > 1 || counts.folded[k])
			join_values(again, k, to, at + again.pos, message);
	if (message->present & WW_BUFFER_BIT(WW_BUFFER_HTTP_COOKIE)) {
		message->buffers[WW_BUFFER_HTTP_COOKIE_RAW] =
			message->buffers[WW_BUFFER_HTTP_COOKIE];
		message->present |= WW_BUFFER_BIT(WW_BUFFER_HTTP_COOKIE_RAW);
	}
}

/* http.header_names and http.start. */
static void write_names(struct walk walk, struct ww_http_span line, uint64_t at, struct writer *to,
	struct ww_message *message)
{
	struct walk again = walk;
	struct header header;
	uint32_t start = to->n;
	put(to, "\r\n", 2);
	while (next_header(&walk, &header)) {
		put_unfolded(to, walk.data, header.name);
		put(to, "\r\n", 2);
	}
	put(to, "\r\n", 2);
	ww_message_set(message, WW_BUFFER_HTTP_HEADER_NAMES, to->out + start, to->n - start,
		at + again.pos);
	start = to->n;
	put(to, again.data + line.at, line.len);
	put(to, "\r\n", 2);
	while (next_header(&again, &header))
		put_header(to, again.data, &header);
	put(to, "\r\n", 2);
	ww_message_set(message, WW_BUFFER_HTTP_START, to->out + start, to->n - start, at);
}

/* ---- parts of a request ---- */

/* In lower case, without port; RFC 9110, 7.2. */
static void write_host(const uint8_t *host, uint32_t len, uint64_t at, struct writer *to,
	struct ww_message *message)
{
	uint32_t start = to->n;
	uint32_t from = 0;
	if (len && host[0] == '[') {
		const uint8_t *close = memchr(host, ']', len);
		from = close ? (uint32_t)(close - host) : len;
	}
	const uint8_t *colon = memchr(host + from, ':', len - from);
	if (colon)
		len = (uint32_t)(colon - host);
	for (uint32_t i = 0; i < len; i++)
		to->out[to->n++] = (uint8_t)tolower(host[i]);
	ww_message_set(message, WW_BUFFER_HTTP_HOST, to->out + start, len, at);
}

static void write_uri(const uint8_t *data, const struct ww_http_head *head, uint64_t at,
	struct writer *to, struct ww_message *message)
{
	const uint8_t *uri = data + head->uri.at;
	struct ww_http_span host = {0};
	uint32_t skip = ww_http_uri_authority(uri, head->uri.len, &host);
	uint32_t start = to->n;
	ww_message_set(message, WW_BUFFER_HTTP_URI_RAW, uri, head->uri.len, at + head->uri.at);
	if (skip && (skip == head->uri.len || uri[skip] == '?'))
		put(to, "/", 1);
	to->n += ww_http_uri_normalise(uri + skip, head->uri.len - skip, to->out + to->n);
	ww_message_set(
		message, WW_BUFFER_HTTP_URI, to->out + start, to->n - start, at + head->uri.at);
	const struct ww_message_buffer *raw = &message->buffers[WW_BUFFER_HTTP_HOST_RAW];
	if (skip)
		write_host(uri + host.at, host.len, at + head->uri.at + host.at, to, message);
	else if (message->present & WW_BUFFER_BIT(WW_BUFFER_HTTP_HOST_RAW))
		write_host(raw->data, raw->len, raw->at, to, message);
}

static void set_span(struct ww_message *message, enum ww_buffer buffer, const uint8_t *data,
	struct ww_http_span span, uint64_t at)
{
	if (span.len)
		ww_message_set(message, buffer, data + span.at, span.len, at + span.at);
}

void ww_http_head_read(enum ww_dir dir, const uint8_t *data, uint32_t len, uint64_t at,
	uint64_t wanted, uint8_t *parts, struct ww_http_head *head, struct ww_message *message)
{
	struct walk walk = {data, len, 0};
	struct writer to = {parts, 0};
	struct ww_http_span line = line_at(&walk, 0, &walk.pos);
	(void)ww_http_first_line(dir, data, line.len, head);
	set_span(message, WW_BUFFER_HTTP_PROTOCOL, data, head->version, at);
	if (!head->old) {
		read_headers(dir, walk, at, wanted, &to, head, message);
		if (wanted & (WW_BUFFER_BIT(WW_BUFFER_HTTP_HEADER_NAMES) |
				     WW_BUFFER_BIT(WW_BUFFER_HTTP_START)))
			write_names(walk, line, at, &to, message);
		ww_message_set(message, WW_BUFFER_HTTP_HEADER_RAW, data + walk.pos, len - walk.pos,
			at + walk.pos);
	}
	if (dir == WW_DIR_TO_SERVER) {
		set_span(message, WW_BUFFER_HTTP_METHOD, data, head->method, at);
		ww_message_set(message, WW_BUFFER_HTTP_REQUEST_LINE, data, line.len, at);
		write_uri(data, head, at, &to, message);
		return;
	}
	set_span(message, WW_BUFFER_HTTP_STAT_CODE, data, head->code, at);
	set_span(message, WW_BUFFER_HTTP_STAT_MSG, data, head->reason, at);
	ww_message_set(message, WW_BUFFER_HTTP_RESPONSE_LINE, data, line.len, at);
}
