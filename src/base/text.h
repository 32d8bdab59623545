/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Text as people see it: UTF-8 that is checked, columns that align, bytes made safe to print.
 */
#include "base/buf.h"

/*
 * Bytes (1-4) of the well-formed UTF-8 character at `bytes`, or 0 when it is not one (RFC 3629:
 * overlong forms, surrogates and cut characters are not). `len` >= 1.
 */
size_t ww_utf8_length(const void *bytes, size_t len);
/* The code point of a character that ww_utf8_length accepted. */
uint32_t ww_utf8_decode(const void *bytes, size_t n);

/*
 * Terminal columns that `text` takes: East Asian wide and fullwidth characters (UAX #11) are two,
 * combining marks none. Invalid bytes count as one.
 */
int ww_text_width(const char *text);

/* Appends `text`, then blanks up to `columns`; a longer text is not cut. */
void ww_text_left(struct ww_buf *out, const char *text, int columns);

/*
 * Appends hostile bytes as printable ASCII: \r \n \t as such escapes, what else is not 0x20-0x7e
 * as \xNN, backslash doubled. A terminal cannot be driven through it.
 */
void ww_text_safe(struct ww_buf *out, const void *bytes, size_t len);
