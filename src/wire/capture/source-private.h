/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Where the bytes of a capture come from: a descriptor or memory, as they are or through gzip
 * (RFC 1952, several members) or zstd (RFC 8878, several frames). Which of them is told by the
 * first four bytes, never by the name.
 *
 * Memory: nothing for plain input; 64 KiB and the decompressor's state for gzip; for zstd 256 KiB and
 * up to the window the frame asks for, refused above 128 MiB as the zstd tool does.
 * One thread at a time.
 */
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum ww_source_kind {
	WW_SOURCE_PLAIN,
	WW_SOURCE_GZIP,
	WW_SOURCE_ZSTD,
};

enum { WW_SOURCE_MAGIC = 4 };

struct ww_source {
	enum ww_source_kind kind;
	int fd; /* -1: memory */
	bool owns_fd;
	const uint8_t *memory; /* borrowed */
	size_t memory_len, memory_at;
	size_t chunk; /* most bytes one read may deliver, 0: no limit; for tests of split reads */

	uint8_t magic[WW_SOURCE_MAGIC]; /* the first bytes, handed out before anything is read */
	size_t magic_len, magic_at;

	uint64_t position, size; /* bytes of the file as it is on disk; size 0: unknown */

	void *codec;  /* z_stream or ZSTD_DCtx, owned */
	uint8_t *raw; /* compressed bytes, owned */
	size_t raw_at, raw_len;
	bool in_member; /* between the head and the end of a gzip member or zstd frame */
	size_t hint;    /* of zstd: bytes that it wants next */
	bool was_full;  /* of zstd: the last call used all the room it had */
	bool raw_end;   /* no more compressed bytes will come */

	bool cut; /* the compressed stream stopped in the middle */
	int code; /* negative errno once reading has failed, -EBADMSG: decompressing; else 0 */
	const char *what;     /* which of them, a static text */
	const char *trailing; /* what was ignored at the end, a static text or NULL */
};

/*
 * Take an open descriptor (closed by ww_source_done where `owns_fd`) or borrow memory, and read
 * the magic. Return 0, -ENOMEM, the errno of read, or -EOPNOTSUPP: zstd, and built without it.
 */
int ww_source_init_fd(struct ww_source *source, int fd, bool owns_fd);
int ww_source_init_memory(struct ww_source *source, const void *bytes, size_t len, size_t chunk);
void ww_source_done(struct ww_source *source);

/*
 * Delivers at least one and at most `room` (> 0) bytes. 0 is the end (look at `cut`), and a
 * negative errno a failure, which stays.
 */
ssize_t ww_source_read(struct ww_source *source, uint8_t *to, size_t room);
