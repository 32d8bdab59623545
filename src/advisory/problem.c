// SPDX-License-Identifier: GPL-3.0-or-later
#include "advisory/problem.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ww_problems_done(struct ww_problems *problems)
{
	free(problems->items);
	free(problems->file);
	ww_buf_done(&problems->text);
	*problems = (struct ww_problems)WW_PROBLEMS_INIT;
}

/*
 * What may not reach a terminal: bytes that are not UTF-8 (n 0), C0 and C1 controls, and the marks
 * that turn the writing direction, which make a line look like what it is not.
 */
static bool is_unsafe(const char *text, size_t n)
{
	uint32_t c = n ? ww_utf8_decode(text, n) : 0;
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

/* Copies text into a problem: hostile bytes quoted, never cut inside a character. */
static void set_text(struct ww_problem *problem, const char *text)
{
	struct ww_buf safe = WW_BUF_INIT;
	size_t len = strlen(text);
	for (size_t i = 0; i < len;) {
		size_t n = ww_utf8_length(text + i, len - i);
		size_t before = safe.len;
		if (is_unsafe(text + i, n))
			ww_text_safe(&safe, text + i, n ? n : 1);
		else
			ww_buf_add(&safe, text + i, n);
		if (safe.len >= sizeof(problem->text)) {
			safe.len = before;
			break;
		}
		i += n ? n : 1;
	}
	if (safe.data) {
		memcpy(problem->text, safe.data, safe.len);
		problem->text[safe.len] = '\0';
	}
	ww_buf_done(&safe);
}

void ww_problem_add(struct ww_problems *problems, enum ww_severity severity, const char *code,
	struct ww_at at, const char *format, ...)
{
	if (severity == WW_SEVERITY_ERROR)
		problems->n_errors++;
	else if (severity == WW_SEVERITY_WARNING)
		problems->n_warnings++;
	else
		problems->n_notes++;
	if (!problems->items)
		problems->items = calloc(WW_PROBLEMS_MAX, sizeof(*problems->items));
	if (!problems->items || problems->n_items == WW_PROBLEMS_MAX) {
		problems->n_dropped++;
		return;
	}
	struct ww_problem *problem = &problems->items[problems->n_items++];
	char text[sizeof(problem->text)];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	problem->severity = severity;
	snprintf(problem->code, sizeof(problem->code), "%s", code ? code : "");
	problem->at = at;
	set_text(problem, text);
}

void ww_problems_sort(struct ww_problems *problems)
{
	/* Insertion: at most 200, mostly in order, and it must be stable. */
	for (size_t i = 1; i < problems->n_items; i++) {
		struct ww_problem one = problems->items[i];
		size_t j = i;
		for (; j > 0; j--) {
			const struct ww_at *before = &problems->items[j - 1].at;
			if (before->line < one.at.line ||
				(before->line == one.at.line && before->col <= one.at.col))
				break;
			problems->items[j] = problems->items[j - 1];
		}
		problems->items[j] = one;
	}
}

/* The bytes of a line, without its break. Returns false when there is no such line. */
static bool line_of(const struct ww_buf *text, uint32_t line, const char **ret, size_t *ret_len)
{
	const char *p = text->data, *end = p ? p + text->len : NULL;
	for (uint32_t at = 1; p && at < line; at++) {
		p = memchr(p, '\n', (size_t)(end - p));
		p = p ? p + 1 : NULL;
	}
	if (!p || line == 0)
		return false;
	const char *newline = memchr(p, '\n', (size_t)(end - p));
	*ret = p;
	*ret_len = (size_t)((newline ? newline : end) - p);
	if (*ret_len && p[*ret_len - 1] == '\r')
		--*ret_len;
	return true;
}

/* One line as it can be shown: tabs are blanks, what cannot be printed is a question mark. */
static void show_bytes(struct ww_buf *out, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t n = ww_utf8_length(bytes + i, len - i);
		if (bytes[i] == '\t')
			ww_buf_addc(out, ' ');
		else if (is_unsafe(bytes + i, n))
			ww_buf_addc(out, '?');
		else
			ww_buf_add(out, bytes + i, n);
		i += n ? n : 1;
	}
}

enum { BEFORE_CARET = 60, AFTER_CARET = 36 };

static void print_source(struct ww_buf *out, const struct ww_buf *text, struct ww_at at)
{
	const char *line;
	size_t len;
	if (at.col == 0 || !line_of(text, at.line, &line, &len) || at.col > len + 1)
		return;
	size_t caret = at.col - 1, from = caret > BEFORE_CARET ? caret - BEFORE_CARET : 0;
	size_t to = len - caret > AFTER_CARET ? caret + AFTER_CARET : len;
	/* Not in the middle of a character. */
	while (from > 0 && ((unsigned char)line[from] & 0xc0) == 0x80)
		from--;
	while (to < len && ((unsigned char)line[to] & 0xc0) == 0x80)
		to++;
	struct ww_buf head = WW_BUF_INIT;
	show_bytes(&head, line + from, caret - from);
	char gutter[32];
	snprintf(gutter, sizeof(gutter), "%6u | ", at.line);
	ww_buf_addf(out, "%s%s%s", gutter, from ? "…" : "", ww_buf_text(&head));
	show_bytes(out, line + caret, to - caret);
	ww_buf_adds(out, to < len ? "…\n" : "\n");
	ww_buf_pad(out, ' ', (int)strlen(gutter) - 2);
	ww_buf_adds(out, "| ");
	ww_buf_pad(out, ' ', (from ? 1 : 0) + ww_text_width(ww_buf_text(&head)));
	ww_buf_adds(out, "^\n");
	ww_buf_done(&head);
}

void ww_problems_name(struct ww_buf *out, const struct ww_problems *problems)
{
	const char *file = problems->file ? problems->file : "advisory";
	show_bytes(out, file, strlen(file));
}

void ww_problem_print(struct ww_buf *out, const struct ww_problems *problems, size_t i)
{
	static const char *const words[] = {"error", "warning", "note"};
	const struct ww_problem *problem = &problems->items[i];
	ww_problems_name(out, problems);
	if (problem->at.line)
		ww_buf_addf(out, ":%u:%u", problem->at.line, problem->at.col);
	ww_buf_addf(out, ": %s: %s", words[problem->severity], problem->text);
	if (problem->code[0])
		ww_buf_addf(out, " [%s]", problem->code);
	ww_buf_addc(out, '\n');
	/* A note is about the file as a whole; its line alone would say nothing. */
	if (problem->severity != WW_SEVERITY_NOTE)
		print_source(out, &problems->text, problem->at);
}
