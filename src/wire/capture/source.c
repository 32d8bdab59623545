// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/capture/source-private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#ifdef WW_HAVE_ZSTD
#include <zstd.h>
#endif

enum {
	RAW_SIZE = 65536,
	ZSTD_RAW_SIZE = 1 << 18, /* two of the largest blocks (RFC 8878, 3.1.1.2) */
	ZSTD_WINDOW_LOG = 27,    /* 128 MiB: what `zstd -d` accepts unless told otherwise */
};

static ssize_t fail(struct ww_source *source, int code, const char *what)
{
	source->code = code;
	source->what = what;
	return code;
}

/* The bytes of the file as they are. */
static ssize_t read_raw(struct ww_source *source, uint8_t *to, size_t room)
{
	if (source->chunk && room > source->chunk)
		room = source->chunk;
	if (source->magic_at < source->magic_len) {
		size_t left = source->magic_len - source->magic_at;
		size_t n = left < room ? left : room;
		memcpy(to, source->magic + source->magic_at, n);
		source->magic_at += n;
		return (ssize_t)n;
	}
	if (source->fd < 0) {
		size_t left = source->memory_len - source->memory_at;
		size_t n = left < room ? left : room;
		if (n)
			memcpy(to, source->memory + source->memory_at, n);
		source->memory_at += n;
		source->position += n;
		return (ssize_t)n;
	}
	ssize_t got;
	do {
		got = read(source->fd, to, room);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return fail(source, -errno, "reading the file failed");
	source->position += (uint64_t)got;
	return got;
}

/* Fills `raw` when it is empty; false at the end of the file or after a failure. */
static bool refill(struct ww_source *source)
{
	if (source->raw_at < source->raw_len)
		return true;
	if (source->raw_end)
		return false;
	ssize_t got = read_raw(source, source->raw, RAW_SIZE);
	source->raw_at = 0;
	source->raw_len = got > 0 ? (size_t)got : 0;
	source->raw_end = got <= 0;
	return got > 0;
}

/* What to answer when the compressed bytes are at their end. */
static ssize_t compressed_end(struct ww_source *source)
{
	source->cut = source->in_member;
	return source->code;
}

/*
 * Behind a member stands another one (its magic is 1f 8b), or padding, which gzip(1) ignores
 * too. A magic that is split over two reads is put together here.
 */
static bool next_member(struct ww_source *source)
{
	if (!refill(source))
		return false;
	uint8_t first = source->raw[source->raw_at];
	if (first == 0x1f && source->raw_len - source->raw_at == 1) {
		ssize_t got = read_raw(source, source->raw + 1, RAW_SIZE - 1);
		source->raw[0] = first;
		source->raw_at = 0;
		source->raw_len = 1 + (got > 0 ? (size_t)got : 0);
	}
	if (source->raw_len - source->raw_at >= 2 && first == 0x1f &&
		source->raw[source->raw_at + 1] == 0x8b)
		return true;
	if (first != 0)
		source->trailing = "bytes behind the compressed data were ignored";
	source->raw_end = true;
	source->raw_at = source->raw_len = 0;
	return false;
}

static ssize_t read_gzip(struct ww_source *source, uint8_t *to, size_t room)
{
	z_stream *z = source->codec;
	z->next_out = to;
	z->avail_out = (uInt)room;
	while (z->avail_out == room) {
		if (!source->in_member && z->total_in > 0) {
			if (!next_member(source))
				return compressed_end(source);
			inflateReset(z);
		}
		if (!refill(source))
			return compressed_end(source);
		source->in_member = true;
		z->next_in = source->raw + source->raw_at;
		z->avail_in = (uInt)(source->raw_len - source->raw_at);
		int rc = inflate(z, Z_NO_FLUSH);
		source->raw_at = source->raw_len - z->avail_in;
		if (rc == Z_STREAM_END) {
			source->in_member = false;
		} else if (rc != Z_OK && rc != Z_BUF_ERROR) {
			/* What was good before the damage goes out first. */
			fail(source, -EBADMSG, "the gzip data is damaged");
			if (z->avail_out == room)
				return source->code;
			break;
		}
	}
	return (ssize_t)(room - z->avail_out);
}

#ifdef WW_HAVE_ZSTD
/* As refill, until `want` bytes are there, as far as the buffer holds as many. */
static bool refill_to(struct ww_source *source, size_t want)
{
	size_t have = source->raw_len - source->raw_at;
	if (have >= want || source->raw_end)
		return have > 0;
	if (source->raw_at) {
		memmove(source->raw, source->raw + source->raw_at, have);
		source->raw_at = 0;
		source->raw_len = have;
	}
	while (source->raw_len < want && source->raw_len < ZSTD_RAW_SIZE && !source->raw_end) {
		ssize_t got = read_raw(
			source, source->raw + source->raw_len, ZSTD_RAW_SIZE - source->raw_len);
		source->raw_len += got > 0 ? (size_t)got : 0;
		source->raw_end = got <= 0;
	}
	return source->raw_len > 0;
}

/*
 * The decoder forgets what it has written in a call that then meets an error, decodes a small frame
 * in one call, and looks at a block that is stored as it comes. So it is fed one block or one
 * header at a time, whole (a frame begins with one byte), and nothing while it may still hold what
 * the last call had no room for: what was good before the damage is delivered, the same however the
 * file is read.
 */
static size_t zstd_want(const struct ww_source *source)
{
	enum { NEXT_HEADER = 3 }; /* the hint includes the header of the next block */
	if (!source->in_member)
		return 1;
	return source->hint > NEXT_HEADER ? source->hint - NEXT_HEADER : source->hint;
}

static ssize_t read_zstd(struct ww_source *source, uint8_t *to, size_t room)
{
	ZSTD_outBuffer out = {to, room, 0};
	while (out.pos == 0) {
		size_t want = zstd_want(source);
		/* Output may be pending inside the decoder even when the file has ended. */
		bool more = refill_to(source, want);
		if (!more && !source->in_member)
			return compressed_end(source);
		size_t left = source->raw_len - source->raw_at;
		ZSTD_inBuffer in = {source->raw + source->raw_at, left < want ? left : want, 0};
		if (source->was_full)
			in.size = 0;
		source->hint = ZSTD_decompressStream(source->codec, &out, &in);
		source->raw_at += in.pos;
		if (ZSTD_isError(source->hint))
			return fail(source, -EBADMSG,
				"the zstd data is damaged or asks for too much memory");
		source->was_full = out.pos == out.size;
		source->in_member = source->hint != 0;
		if (!more && out.pos == 0)
			return compressed_end(source);
	}
	return (ssize_t)out.pos;
}
#endif

ssize_t ww_source_read(struct ww_source *source, uint8_t *to, size_t room)
{
	if (source->code)
		return source->code;
	switch (source->kind) {
	case WW_SOURCE_GZIP: return read_gzip(source, to, room);
	case WW_SOURCE_ZSTD:
#ifdef WW_HAVE_ZSTD
		return read_zstd(source, to, room);
#endif
	case WW_SOURCE_PLAIN: break;
	}
	return read_raw(source, to, room);
}

static int begin_gzip(struct ww_source *source)
{
	z_stream *z = calloc(1, sizeof(*z));
	if (!z)
		return -ENOMEM;
	/* 16: a gzip wrapper, whose CRC is checked; 15: any window. */
	if (inflateInit2(z, 16 + 15) != Z_OK) {
		free(z);
		return -ENOMEM;
	}
	source->codec = z;
	source->kind = WW_SOURCE_GZIP;
	return 0;
}

static int begin_zstd(struct ww_source *source)
{
#ifdef WW_HAVE_ZSTD
	ZSTD_DCtx *zstd = ZSTD_createDCtx();
	if (!zstd)
		return -ENOMEM;
	ZSTD_DCtx_setParameter(zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
	source->codec = zstd;
	source->kind = WW_SOURCE_ZSTD;
	return 0;
#else
	return -EOPNOTSUPP;
#endif
}

/* A zstd frame, or one of the skippable frames 0x184d2a50-5f that may stand before it. */
static bool is_zstd(const uint8_t magic[WW_SOURCE_MAGIC])
{
	return memcmp(magic, "\x28\xb5\x2f\xfd", 4) == 0 ||
	       ((magic[0] & 0xf0) == 0x50 && memcmp(magic + 1, "\x2a\x4d\x18", 3) == 0);
}

static int begin(struct ww_source *source)
{
	uint8_t magic[WW_SOURCE_MAGIC] = {0};
	size_t n = 0;
	while (n < WW_SOURCE_MAGIC) {
		ssize_t got = read_raw(source, magic + n, WW_SOURCE_MAGIC - n);
		if (got < 0)
			return (int)got;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	memcpy(source->magic, magic, WW_SOURCE_MAGIC);
	source->magic_len = n;
	if (n < WW_SOURCE_MAGIC)
		return 0;
	int rc = 0;
	if (magic[0] == 0x1f && magic[1] == 0x8b)
		rc = begin_gzip(source);
	else if (is_zstd(magic))
		rc = begin_zstd(source);
	if (rc == 0 && source->kind != WW_SOURCE_PLAIN) {
		source->raw =
			malloc(source->kind == WW_SOURCE_ZSTD ? (size_t)ZSTD_RAW_SIZE : RAW_SIZE);
		if (!source->raw)
			return -ENOMEM;
	}
	return rc;
}

int ww_source_init_fd(struct ww_source *source, int fd, bool owns_fd)
{
	*source = (struct ww_source){.fd = fd, .owns_fd = owns_fd};
	struct stat st;
	if (fstat(fd, &st) != 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (S_ISREG(st.st_mode) && st.st_size > 0)
		source->size = (uint64_t)st.st_size;
	return begin(source);
}

int ww_source_init_memory(struct ww_source *source, const void *bytes, size_t len, size_t chunk)
{
	*source = (struct ww_source){
		.fd = -1, .memory = bytes, .memory_len = len, .size = len, .chunk = chunk};
	return begin(source);
}

void ww_source_done(struct ww_source *source)
{
	if (source->kind == WW_SOURCE_GZIP && source->codec)
		inflateEnd(source->codec);
	if (source->kind == WW_SOURCE_GZIP)
		free(source->codec);
#ifdef WW_HAVE_ZSTD
	if (source->kind == WW_SOURCE_ZSTD)
		ZSTD_freeDCtx(source->codec);
#endif
	free(source->raw);
	if (source->owns_fd && source->fd >= 0)
		close(source->fd);
	*source = (struct ww_source){.fd = -1};
}
