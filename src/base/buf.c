// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUF_LIMIT = 1 << 30 };

void ww_buf_done(struct ww_buf *buf)
{
	free(buf->data);
	*buf = (struct ww_buf)WW_BUF_INIT;
}

void ww_buf_reset(struct ww_buf *buf)
{
	buf->len = 0;
	buf->failed = false;
	if (buf->data)
		buf->data[0] = '\0';
}

/* Makes room for `more` bytes and the NUL. */
static bool reserve(struct ww_buf *buf, size_t more)
{
	if (buf->failed)
		return false;
	if (more < buf->cap - buf->len && buf->cap)
		return true;
	if (more > BUF_LIMIT - buf->len - 1) {
		buf->failed = true;
		return false;
	}
	size_t cap = buf->cap ? buf->cap : 64;
	while (cap <= buf->len + more)
		cap *= 2;
	char *data = realloc(buf->data, cap);
	if (!data) {
		buf->failed = true;
		return false;
	}
	buf->data = data;
	buf->cap = cap;
	return true;
}

void ww_buf_add(struct ww_buf *buf, const void *bytes, size_t len)
{
	if (!reserve(buf, len))
		return;
	if (len)
		memcpy(buf->data + buf->len, bytes, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void ww_buf_adds(struct ww_buf *buf, const char *text)
{
	ww_buf_add(buf, text, strlen(text));
}

void ww_buf_addc(struct ww_buf *buf, char c)
{
	ww_buf_add(buf, &c, 1);
}

void ww_buf_addv(struct ww_buf *buf, const char *format, va_list args)
{
	va_list again;
	va_copy(again, args);
	char small[256];
	int n = vsnprintf(small, sizeof(small), format, args);
	if (n < 0) {
		buf->failed = true;
	} else if ((size_t)n < sizeof(small)) {
		ww_buf_add(buf, small, (size_t)n);
	} else if (reserve(buf, (size_t)n)) {
		vsnprintf(buf->data + buf->len, (size_t)n + 1, format, again);
		buf->len += (size_t)n;
	}
	va_end(again);
}

void ww_buf_addf(struct ww_buf *buf, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	ww_buf_addv(buf, format, args);
	va_end(args);
}

void ww_buf_pad(struct ww_buf *buf, char c, int n)
{
	if (n <= 0 || !reserve(buf, (size_t)n))
		return;
	memset(buf->data + buf->len, c, (size_t)n);
	buf->len += (size_t)n;
	buf->data[buf->len] = '\0';
}

const char *ww_buf_text(const struct ww_buf *buf)
{
	return buf->data ? buf->data : "";
}

char *ww_buf_take(struct ww_buf *buf)
{
	char *text = NULL;
	if (!buf->failed)
		text = buf->data ? buf->data : calloc(1, 1);
	else
		free(buf->data);
	*buf = (struct ww_buf)WW_BUF_INIT;
	return text;
}
