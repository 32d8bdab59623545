// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A body as rules see it: chunks joined by http.c, here inflated (RFC 1950, 1951, 1952), the first
 * 16 KiB of what comes out. So a bomb costs as much as any body. zlib's own memory comes out of the
 * blocks of the room, 64 KiB while a compressed body is open.
 *
 * Servers send "deflate" with and without the zlib header; the first byte tells which.
 */
#include "wire/proto/http.h"

#include <string.h>

/* The memory of one inflate: a z_stream, and what zlib asks for behind it, never given back alone.
 */
struct inflater {
	z_stream stream;
	uint32_t used;
	_Alignas(16) uint8_t memory[WW_HTTP_INFLATE_BYTES];
};

static voidpf take(voidpf opaque, uInt items, uInt size)
{
	struct inflater *inflater = opaque;
	uint64_t bytes = ((uint64_t)items * size + 15) & ~(uint64_t)15;
	if (bytes > sizeof(inflater->memory) - inflater->used)
		return Z_NULL;
	void *memory = inflater->memory + inflater->used;
	inflater->used += (uint32_t)bytes;
	return memory;
}

static void give(voidpf opaque, voidpf address)
{
}

void ww_http_body_begin(struct ww_http_body *body, enum ww_http_coding coding)
{
	body->coding = (uint8_t)coding;
	body->cut = coding == WW_HTTP_UNKNOWN_CODING;
	body->ended = body->between = false;
	ww_kept_reset(&body->bytes);
}

static void add_plain(
	struct ww_parsing *parsing, struct ww_http_body *body, const uint8_t *data, uint32_t len)
{
	uint32_t n = ww_kept_add(parsing, &body->bytes, data, len, WW_HTTP_BODY_MAX);
	if (n == len)
		return;
	ww_parsing_counts(parsing)->cut_bodies += !body->cut;
	body->cut = true;
}

/* Nothing behind is looked at. */
static void stop(struct ww_parsing *parsing, struct ww_http_body *body, bool bad)
{
	body->ended = true;
	ww_parsing_counts(parsing)->cut_compressed += bad && !body->cut;
	body->cut |= bad;
	ww_kept_drop(parsing, &body->inflate);
}

/* The inflater, made at the first byte; NULL when there is no memory for it. */
static struct inflater *inflater_of(
	struct ww_parsing *parsing, struct ww_http_body *body, uint8_t first)
{
	if (body->inflate.data)
		return (void *)body->inflate.data;
	if (!ww_kept_reserve(parsing, &body->inflate, sizeof(struct inflater)))
		return NULL;
	struct inflater *inflater = (void *)body->inflate.data;
	inflater->stream = (z_stream){.zalloc = take, .zfree = give, .opaque = inflater};
	inflater->used = 0;
	bool raw = body->coding == WW_HTTP_DEFLATE && (first & 0x0f) != Z_DEFLATED;
	return inflateInit2(&inflater->stream, raw ? -MAX_WBITS : MAX_WBITS + 32) == Z_OK ? inflater
											  : NULL;
}

/* One call of inflate; false when it is over, well or badly. */
static bool inflate_some(
	struct ww_parsing *parsing, struct ww_http_body *body, struct inflater *inflater)
{
	uint8_t out[4096];
	z_stream *stream = &inflater->stream;
	stream->next_out = out;
	stream->avail_out = sizeof(out);
	int status = inflate(stream, Z_NO_FLUSH);
	add_plain(parsing, body, out, (uint32_t)(sizeof(out) - stream->avail_out));
	body->between = status == Z_STREAM_END;
	/* No progress is no error here: the input is used up. */
	bool bad = status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR;
	if (bad || body->cut)
		stop(parsing, body, bad);
	return !body->ended && !body->between && (stream->avail_in || stream->avail_out == 0);
}

static void add_compressed(
	struct ww_parsing *parsing, struct ww_http_body *body, const uint8_t *data, uint32_t len)
{
	if (body->ended || len == 0)
		return;
	struct inflater *inflater = inflater_of(parsing, body, data[0]);
	if (!inflater) {
		stop(parsing, body, true);
		return;
	}
	inflater->stream.next_in = data;
	inflater->stream.avail_in = len;
	while (!body->ended && inflater->stream.avail_in) {
		/* A file of gzip may have several members (RFC 1952, 2.2). */
		if (body->between && *inflater->stream.next_in != 0x1f)
			stop(parsing, body, false);
		else if (body->between)
			(void)inflateReset(&inflater->stream);
		body->between = false;
		while (!body->ended && inflate_some(parsing, body, inflater))
			;
	}
}

void ww_http_body_add(
	struct ww_parsing *parsing, struct ww_http_body *body, const uint8_t *data, uint32_t len)
{
	if (body->coding == WW_HTTP_GZIP || body->coding == WW_HTTP_DEFLATE)
		add_compressed(parsing, body, data, len);
	else
		add_plain(parsing, body, data, len);
}

void ww_http_body_end(struct ww_parsing *parsing, struct ww_http_body *body)
{
	ww_kept_drop(parsing, &body->inflate);
	ww_kept_reset(&body->bytes);
}

void ww_http_body_drop(struct ww_parsing *parsing, struct ww_http_body *body)
{
	ww_kept_drop(parsing, &body->inflate);
	ww_kept_drop(parsing, &body->bytes);
}
