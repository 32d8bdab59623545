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
