/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Text crosses into another language only here, by one function per language.
 */
#include "base/buf.h"

/* One word of a POSIX shell: as it is where that is safe, else in single quotes. */
void ww_quote_shell(struct ww_buf *out, const char *text);
/* A man page in scdoc: its markup characters escaped. */
void ww_quote_scdoc(struct ww_buf *out, const char *text);

/*
 * For lines of log formats. UTF-8 stays; control characters (C1 too) and bytes that are no UTF-8
 * become \xNN, so that a line cannot be ended, nor a terminal be driven.
 */
void ww_quote_line(struct ww_buf *out, const char *text);
/* A value in the structured data of syslog (RFC 5424, 6.3.3), without its quotes. */
void ww_quote_syslog(struct ww_buf *out, const char *text);
/* A field of the header of CEF, and the value of an extension. */
void ww_quote_cef_header(struct ww_buf *out, const char *text);
void ww_quote_cef(struct ww_buf *out, const char *text);
