// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void ww_err_set(struct ww_err *err, struct ww_at at, int code, const char *format, ...)
{
	if (!err)
		return;
	err->code = code;
	err->at = at;
	va_list args;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
}

void ww_assert_failed(const char *what, const char *file, int line)
{
	fprintf(stderr, "wormwood: internal error: %s (%s:%d)\n", what, file, line);
	abort();
}
