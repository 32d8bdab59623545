/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * HTTP/1 (RFC 9112) and 0.9, for the files http*.c: heads, URIs, bodies.
 *
 *	http.c       the state of a connection: where a message begins and ends, who answers whom
 *	http-head.c  a head to buffers
 *	http-uri.c   a URI as IIS understood it
 *	http-body.c  chunks and compression undone
 */
#include "wire/proto/parser.h"

#define ZLIB_CONST
#include <zlib.h>

enum {
	WW_HTTP_HEAD_MAX = 16384,      /* bytes of first line and header lines */
	WW_HTTP_BODY_MAX = 16384,      /* bytes of a body, decoded, that rules see */
	WW_HTTP_WAITING = 16,          /* requests without an answer that are remembered */
	WW_HTTP_INFLATE_BYTES = 49152, /* zlib 1.2.13 takes 7 KiB and a window of 32 */
};

struct ww_http_span {
	uint32_t at, len; /* in the head */
};

/* How the end of a body is told; RFC 9112, 6.3. */
enum ww_http_framing {
	WW_HTTP_NO_BODY,
	WW_HTTP_LENGTH,
	WW_HTTP_CHUNKED,
	WW_HTTP_TO_CLOSE,
};

enum ww_http_coding {
	WW_HTTP_IDENTITY,
	WW_HTTP_GZIP,
	WW_HTTP_DEFLATE,
	WW_HTTP_UNKNOWN_CODING,
};

/* What the head says, besides its buffers. */
struct ww_http_head {
	struct ww_http_span line; /* without its end */
	struct ww_http_span method, uri, version, code, reason;
	uint16_t status; /* 0: not an answer */
	bool old;        /* HTTP/0.9: no version */
	uint8_t framing; /* as the headers say; what the answer belongs to may overrule it */
	uint8_t coding;  /* enum ww_http_coding */
	uint64_t length; /* LENGTH: bytes of the body */
	bool upgrade;    /* an Upgrade header */
};

/*
 * Reads the first line at data[0..len): whether it is one of a request (or of an answer), and its
 * parts. `len` is without the line's end.
 */
bool ww_http_first_line(
	enum ww_dir dir, const uint8_t *data, uint32_t len, struct ww_http_head *ret);
/*
 * Reads a whole head, with its empty line or cut, into `head` and the message's buffers. Derived
 * bytes go to `parts`, which holds ww_http_parts_size(len, wanted) bytes; those that cost and that
 * are not in `wanted` are left out. `at`: stream position of data[0].
 */
void ww_http_head_read(enum ww_dir dir, const uint8_t *data, uint32_t len, uint64_t at,
	uint64_t wanted, uint8_t *parts, struct ww_http_head *head, struct ww_message *message);
uint32_t ww_http_parts_size(uint32_t len, uint64_t wanted);

/* Writes at most len bytes; returns how many. */
uint32_t ww_http_uri_normalise(const uint8_t *in, uint32_t len, uint8_t *out);
/* Bytes of "scheme://authority" at the start of a URI, 0 when there are none; and the host in it.
 */
uint32_t ww_http_uri_authority(const uint8_t *uri, uint32_t len, struct ww_http_span *ret_host);

/* A body, decoded as it comes. Zeroed: empty, of no coding. */
struct ww_http_body {
	struct ww_kept bytes;   /* decoded */
	struct ww_kept inflate; /* the z_stream, while there is one */
	uint8_t coding;
	bool between; /* a member of gzip ended: another may follow */
	bool cut;     /* beyond the limit, or not decoded to its end */
	bool ended;   /* the compressed data ended: what follows is not looked at */
};

void ww_http_body_begin(struct ww_http_body *body, enum ww_http_coding coding);
void ww_http_body_add(
	struct ww_parsing *parsing, struct ww_http_body *body, const uint8_t *data, uint32_t len);
/* Empties; blocks for bytes stay. */
void ww_http_body_end(struct ww_parsing *parsing, struct ww_http_body *body);
void ww_http_body_drop(struct ww_parsing *parsing, struct ww_http_body *body);
