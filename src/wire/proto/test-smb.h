/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* For tests: SMB messages around the PDUs of test-pdu.h (MS-CIFS 2.2.4, MS-SMB2 2.2). */
#include "wire/proto/test-pdu.h"

enum { SMB_REPLY = 0x80, SMB_UNICODE = 0x8000 };

/* The frame of the session layer; its length is filled by smb_end(). */
static inline size_t smb_begin(struct ww_buf *out)
{
	size_t at = out->len;
	ww_buf_pad(out, 0, 4);
	return at;
}

static inline void smb_end(struct ww_buf *out, size_t at)
{
	size_t len = out->len - at - 4;
	out->data[at + 1] = (char)(len >> 16);
	out->data[at + 2] = (char)(len >> 8);
	out->data[at + 3] = (char)len;
}

static inline void smb1_header(struct ww_buf *out, uint8_t command, bool reply, unsigned flags2,
	uint32_t status, unsigned message)
{
	ww_buf_add(out, "\xffSMB", 4);
	ww_buf_addc(out, (char)command);
	dce_put32(out, status, true);
	ww_buf_addc(out, (char)(reply ? SMB_REPLY : 0));
	dce_put16(out, flags2, true);
	ww_buf_pad(out, 0, 12);
	dce_put16(out, 1, true);
	dce_put16(out, 2, true);
	dce_put16(out, 3, true);
	dce_put16(out, message, true);
}

static inline void smb_utf16(struct ww_buf *out, const char *text)
{
	for (; *text; text++)
		dce_put16(out, (unsigned char)*text, true);
	dce_put16(out, 0, true);
}

/* NT_CREATE_ANDX of a name, UTF-16. */
static inline void smb1_create(struct ww_buf *out, unsigned message, const char *name)
{
	size_t at = smb_begin(out);
	smb1_header(out, 0xa2, false, SMB_UNICODE, 0, message);
	ww_buf_add(out, "\x18\xff\0\0\0\0", 6);
	dce_put16(out, 2 * (unsigned)strlen(name), true);
	ww_buf_pad(out, 0, 41);
	dce_put16(out, 2 * (unsigned)strlen(name) + 3, true);
	ww_buf_addc(out, 0);
	smb_utf16(out, name);
	smb_end(out, at);
}

static inline void smb1_created(
	struct ww_buf *out, unsigned message, unsigned file, uint32_t status)
{
	size_t at = smb_begin(out);
	smb1_header(out, 0xa2, true, SMB_UNICODE, status, message);
	if (status == 0) {
		ww_buf_add(out, "\x22\xff\0\0\0\0", 6);
		dce_put16(out, file, true);
		ww_buf_pad(out, 0, 61);
	} else {
		ww_buf_addc(out, 0);
	}
	dce_put16(out, 0, true);
	smb_end(out, at);
}

/* WRITE_ANDX; mode 0x0c puts the length of the message before the data. */
static inline void smb1_write(struct ww_buf *out, unsigned message, unsigned file, unsigned mode,
	const void *data, size_t len)
{
	size_t at = smb_begin(out), before = mode == 0x0c ? 2 : 0;
	smb1_header(out, 0x2f, false, SMB_UNICODE, 0, message);
	ww_buf_add(out, "\x0e\xff\0\0\0", 5);
	dce_put16(out, file, true);
	ww_buf_pad(out, 0, 8);
	dce_put16(out, mode, true);
	dce_put16(out, 0, true);
	dce_put16(out, (unsigned)((len + before) >> 16), true);
	dce_put16(out, (unsigned)(len + before), true);
	dce_put16(out, 64, true);
	ww_buf_pad(out, 0, 4);
	dce_put16(out, (unsigned)(len + before) + 1, true);
	ww_buf_addc(out, 0);
	if (before)
		dce_put16(out, (unsigned)len, true);
	ww_buf_add(out, data, len);
	smb_end(out, at);
}

static inline void smb1_read(struct ww_buf *out, unsigned message, unsigned file)
{
	size_t at = smb_begin(out);
	smb1_header(out, 0x2e, false, SMB_UNICODE, 0, message);
	ww_buf_add(out, "\x0c\xff\0\0\0", 5);
	dce_put16(out, file, true);
	ww_buf_pad(out, 0, 18);
	dce_put16(out, 0, true);
	smb_end(out, at);
}

static inline void smb1_data(struct ww_buf *out, unsigned message, const void *data, size_t len)
{
	size_t at = smb_begin(out);
	smb1_header(out, 0x2e, true, SMB_UNICODE, 0, message);
	ww_buf_add(out, "\x0c\xff\0\0\0", 5);
	ww_buf_pad(out, 0, 6);
	dce_put16(out, (unsigned)len, true);
	dce_put16(out, 60, true);
	dce_put16(out, (unsigned)(len >> 16), true);
	ww_buf_pad(out, 0, 8);
	dce_put16(out, (unsigned)len + 1, true);
	ww_buf_addc(out, 0);
	ww_buf_add(out, data, len);
	smb_end(out, at);
}

/* TransactNmPipe; of `all` bytes of data the first `len`. */
static inline void smb1_transact(struct ww_buf *out, unsigned message, unsigned file,
	const void *data, size_t len, size_t all)
{
	size_t at = smb_begin(out);
	smb1_header(out, 0x25, false, SMB_UNICODE, 0, message);
	ww_buf_addc(out, 16);
	dce_put16(out, 0, true);
	dce_put16(out, (unsigned)all, true);
	ww_buf_pad(out, 0, 14);
	dce_put16(out, 0, true);
	dce_put16(out, 0, true);
	dce_put16(out, (unsigned)len, true);
	dce_put16(out, 84, true);
	ww_buf_add(out, "\2\0", 2);
	dce_put16(out, 0x26, true);
	dce_put16(out, file, true);
	dce_put16(out, (unsigned)len + 17, true);
	ww_buf_addc(out, 0);
	smb_utf16(out, "\\PIPE\\");
	ww_buf_pad(out, 0, (int)(at + 4 + 84 - out->len));
	ww_buf_add(out, data, len);
	smb_end(out, at);
}

static inline void smb1_transact_more(struct ww_buf *out, unsigned message, const void *data,
	size_t before, size_t len, size_t all)
{
	size_t at = smb_begin(out);
	smb1_header(out, 0x26, false, SMB_UNICODE, 0, message);
	ww_buf_addc(out, 8);
	dce_put16(out, 0, true);
	dce_put16(out, (unsigned)all, true);
	ww_buf_pad(out, 0, 6);
	dce_put16(out, (unsigned)len, true);
	dce_put16(out, 51, true);
	dce_put16(out, (unsigned)before, true);
	dce_put16(out, (unsigned)len, true);
	ww_buf_add(out, data, len);
	smb_end(out, at);
}

static inline void smb1_transacted(
	struct ww_buf *out, unsigned message, const void *data, size_t len)
{
	size_t at = smb_begin(out);
	smb1_header(out, 0x25, true, SMB_UNICODE, 0, message);
	ww_buf_addc(out, 10);
	dce_put16(out, 0, true);
	dce_put16(out, (unsigned)len, true);
	ww_buf_pad(out, 0, 8);
	dce_put16(out, (unsigned)len, true);
	dce_put16(out, 56, true);
	dce_put16(out, 0, true);
	dce_put16(out, 0, true);
	dce_put16(out, (unsigned)len + 1, true);
	ww_buf_addc(out, 0);
	ww_buf_add(out, data, len);
	smb_end(out, at);
}

/* ---- SMB 2 ---- */

static inline size_t smb2_header(
	struct ww_buf *out, unsigned command, bool reply, uint32_t status, uint32_t message)
{
	size_t at = out->len;
	ww_buf_add(out, "\xfeSMB\x40\0\0\0", 8);
	dce_put32(out, status, true);
	dce_put16(out, command, true);
	dce_put16(out, 1, true);
	dce_put32(out, reply ? 1 : 0, true);
	dce_put32(out, 0, true);
	dce_put32(out, message, true);
	ww_buf_pad(out, 0, 36);
	return at;
}

/* Ends a command of a chain: to eight bytes, and where the next one is. */
static inline void smb2_next(struct ww_buf *out, size_t at)
{
	ww_buf_pad(out, 0, (int)((8 - (out->len - at) % 8) % 8));
	dce_set16(out, at + 20, (unsigned)(out->len - at), true);
}

static inline void smb2_file(struct ww_buf *out, uint32_t file)
{
	for (int i = 0; i < 4; i++)
		dce_put32(out, file, true);
}

static inline void smb2_create(struct ww_buf *out, const char *name)
{
	ww_buf_add(out, "\x39\0", 2);
	ww_buf_pad(out, 0, 42);
	dce_put16(out, 120, true);
	dce_put16(out, 2 * (unsigned)strlen(name), true);
	ww_buf_pad(out, 0, 8);
	smb_utf16(out, name);
}

static inline void smb2_created(struct ww_buf *out, uint32_t file)
{
	ww_buf_add(out, "\x59\0", 2);
	ww_buf_pad(out, 0, 62);
	smb2_file(out, file);
	ww_buf_pad(out, 0, 9);
}

static inline void smb2_write(struct ww_buf *out, uint32_t file, const void *data, size_t len)
{
	ww_buf_add(out, "\x31\0", 2);
	dce_put16(out, 112, true);
	dce_put32(out, (uint32_t)len, true);
	ww_buf_pad(out, 0, 8);
	smb2_file(out, file);
	ww_buf_pad(out, 0, 16);
	ww_buf_add(out, data, len);
}

static inline void smb2_read(struct ww_buf *out, uint32_t file)
{
	ww_buf_add(out, "\x31\0\0\0", 4);
	dce_put32(out, 4096, true);
	ww_buf_pad(out, 0, 8);
	smb2_file(out, file);
	ww_buf_pad(out, 0, 17);
}

static inline void smb2_data(struct ww_buf *out, const void *data, size_t len)
{
	ww_buf_add(out, "\x11\0\x50\0", 4);
	dce_put32(out, (uint32_t)len, true);
	ww_buf_pad(out, 0, 8);
	ww_buf_add(out, data, len);
}

/* FSCTL_PIPE_TRANSCEIVE, request or response. */
static inline void smb2_transceive(
	struct ww_buf *out, bool reply, uint32_t file, const void *data, size_t len)
{
	unsigned at = reply ? 112 : 120;
	ww_buf_addc(out, reply ? 0x31 : 0x39);
	ww_buf_pad(out, 0, 3);
	dce_put32(out, 0x0011c017, true);
	smb2_file(out, file);
	dce_put32(out, reply ? 0 : at, true);
	dce_put32(out, reply ? 0 : (uint32_t)len, true);
	if (!reply)
		dce_put32(out, 0, true);
	dce_put32(out, reply ? at : 0, true);
	dce_put32(out, reply ? (uint32_t)len : 0, true);
	ww_buf_pad(out, 0, reply ? 8 : 12);
	ww_buf_add(out, data, len);
}
