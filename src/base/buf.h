/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * A growing run of bytes, always followed by a NUL that is not counted.
 *
 * Appending never returns an error: when memory is short (or the limit of 1 GiB is reached) the
 * buffer becomes `failed`, keeps what it had, and ignores further appends; the caller looks once,
 * at the end. One thread at a time.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ww_buf {
	char *data; /* owned; never NULL after the first append; end with ww_buf_done */
	size_t len; /* bytes, without the NUL */
	size_t cap;
	bool failed;
};

#define WW_BUF_INIT {NULL, 0, 0, false}

/* Safe on a zeroed or already ended buffer. */
void ww_buf_done(struct ww_buf *buf);
/* Empties, keeps the memory. */
void ww_buf_reset(struct ww_buf *buf);
void ww_buf_add(struct ww_buf *buf, const void *bytes, size_t len);
void ww_buf_adds(struct ww_buf *buf, const char *text);
void ww_buf_addc(struct ww_buf *buf, char c);
void ww_buf_addf(struct ww_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void ww_buf_addv(struct ww_buf *buf, const char *format, va_list args);
/* Appends `n` times `c`; n <= 0 appends nothing. */
void ww_buf_pad(struct ww_buf *buf, char c, int n);
/* The text so far; "" for an empty buffer. Borrowed until the next append. */
const char *ww_buf_text(const struct ww_buf *buf);
/* Takes the bytes out as a heap string (free with free()); NULL when failed. Leaves buf empty. */
char *ww_buf_take(struct ww_buf *buf);
