// SPDX-License-Identifier: GPL-3.0-or-later
/* What commands share: complaints, operands, the store's place. */
#include "cmd/cmd.h"

#include "base/file.h"
#include "base/text.h"

#include <string.h>

enum { SOURCE_MAX = 4 << 20, SOURCE_LINE_MAX = 200 };

enum ww_exit ww_exit_worse(enum ww_exit a, enum ww_exit b)
{
	static const int rank[] = {
		[WW_EXIT_NOTHING] = 0,
		[WW_EXIT_FOUND] = 1,
		[WW_EXIT_FAILED] = 2,
		[WW_EXIT_USAGE] = 3,
		[WW_EXIT_REFUSED] = 4,
	};
	return rank[a] >= rank[b] ? a : b;
}

static void say_to_err(const struct ww_call *call, const char *format, va_list args)
{
	struct ww_buf text = WW_BUF_INIT;
	ww_buf_addf(&text, "wormwood %s: ", call->cmd->name);
	ww_buf_addv(&text, format, args);
	ww_buf_addc(&text, '\n');
	fflush(call->screen->out);
	fputs(ww_buf_text(&text), call->screen->err);
	ww_buf_done(&text);
}

enum ww_exit ww_usage(const struct ww_call *call, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	say_to_err(call, format, args);
	va_end(args);
	return WW_EXIT_USAGE;
}

enum ww_exit ww_failed(const struct ww_call *call, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	say_to_err(call, format, args);
	va_end(args);
	return WW_EXIT_FAILED;
}

void ww_remark(const struct ww_call *call, const char *format, ...)
{
	if (call->screen->quiet)
		return;
	va_list args;
	va_start(args, format);
	say_to_err(call, format, args);
	va_end(args);
}

/* The source line, safe to print, and a caret below column `col` (in bytes). */
static void add_source(struct ww_buf *out, const char *line, size_t len, uint32_t col)
{
	struct ww_buf before = WW_BUF_INIT;
	size_t caret = col > 0 ? col - 1 : 0;
	if (len > SOURCE_LINE_MAX)
		len = SOURCE_LINE_MAX;
	for (size_t i = 0; i < len;) {
		size_t n = ww_utf8_length(line + i, len - i);
		struct ww_buf *to = out;
		size_t start = to->len;
		if (n > 1)
			ww_buf_add(to, line + i, n);
		else if (n == 1 && line[i] == '\t')
			ww_buf_addc(to, ' ');
		else
			ww_text_safe(to, line + i, n ? n : 1);
		if (i < caret)
			ww_buf_add(&before, to->data + start, to->len - start);
		i += n ? n : 1;
	}
	ww_buf_addc(out, '\n');
	if (col > 0 && caret <= len) {
		ww_buf_pad(out, ' ', 4 + ww_text_width(ww_buf_text(&before)));
		ww_buf_adds(out, "^\n");
	}
	ww_buf_done(&before);
}

void ww_complain(const struct ww_call *call, const char *file, const struct ww_err *err)
{
	struct ww_buf text = WW_BUF_INIT, source = WW_BUF_INIT;
	ww_buf_addf(&text, "wormwood %s: %s:", call->cmd->name, file);
	if (err->at.line)
		ww_buf_addf(&text, "%u:", err->at.line);
	if (err->at.line && err->at.col)
		ww_buf_addf(&text, "%u:", err->at.col);
	ww_buf_addf(&text, " %s\n", err->text);
	if (err->at.line && ww_file_load(file, SOURCE_MAX, &source) == 0) {
		const char *line = ww_buf_text(&source);
		for (uint32_t n = 1; line && n < err->at.line; n++) {
			line = strchr(line, '\n');
			line = line ? line + 1 : NULL;
		}
		if (line && line[0]) {
			ww_buf_adds(&text, "    ");
			add_source(&text, line, strcspn(line, "\r\n"), err->at.col);
		}
	}
	fflush(call->screen->out);
	fputs(ww_buf_text(&text), call->screen->err);
	ww_buf_done(&source);
	ww_buf_done(&text);
}

const char *ww_errno_text(int status)
{
	return strerror(status < 0 ? -status : status);
}

size_t ww_call_files(const struct ww_call *call, size_t first, const char **files, size_t max)
{
	size_t n = 0;
	for (size_t i = 0; i < call->common->files.n_items && n < max; i++)
		files[n++] = call->common->files.items[i];
	for (size_t i = first; i < call->n_args && n < max; i++)
		files[n++] = call->args[i];
	return n;
}

int ww_call_store(const struct ww_call *call, struct ww_buf *out)
{
	if (call->common->db) {
		ww_buf_adds(out, call->common->db);
		return 0;
	}
	int status = ww_path_state(out);
	if (status == 0)
		ww_buf_adds(out, "/wormwood.db");
	return status;
}

int ww_number_parse(const char *text, uint64_t *ret)
{
	uint64_t value = 0;
	if (!text[0])
		return -EINVAL;
	for (const char *p = text; *p; p++) {
		if (*p < '0' || *p > '9' || value > (INT64_MAX - 9) / 10)
			return -EINVAL;
		value = value * 10 + (uint64_t)(*p - '0');
	}
	if (value == 0)
		return -EINVAL;
	*ret = value;
	return 0;
}
