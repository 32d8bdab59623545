// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/proto/line.h"

#include <ctype.h>
#include <string.h>

static void finish(struct ww_app_lines *lines, struct ww_app_line *line, bool whole)
{
	line->ended = whole;
	if (!line->text)
		line->text = (const uint8_t *)"";
	if (whole && !line->cut && line->len && line->text[line->len - 1] == '\r')
		line->len--;
	ww_kept_reset(&lines->kept);
	lines->seen = 0;
}

bool ww_lines_next(struct ww_parsing *parsing, struct ww_app_lines *lines, const uint8_t *data,
	uint32_t len, uint64_t at, uint32_t limit, uint32_t *pos, struct ww_app_line *ret)
{
	while (*pos < len) {
		const uint8_t *start = data + *pos;
		const uint8_t *newline = memchr(start, '\n', len - *pos);
		uint32_t n = newline ? (uint32_t)(newline - start) : len - *pos;
		if (lines->seen == 0)
			lines->at = at + *pos;
		bool fresh = lines->seen == 0;
		lines->seen += n;
		/* The CR of a line of just the limit is kept too: one more than the limit. */
		if (!lines->skip && !(fresh && newline))
			ww_kept_add(parsing, &lines->kept, start, n, limit + 1);
		*pos += n + (newline != NULL);
		if (!newline)
			return false;
		if (lines->skip) {
			ww_lines_gap(lines, false);
			continue;
		}
		*ret = (struct ww_app_line){.text = fresh ? start : lines->kept.data,
			.len = fresh ? n : lines->kept.len,
			.at = lines->at,
			.end = at + *pos};
		bool trimmed =
			ret->len && ret->len == lines->seen && ret->text[ret->len - 1] == '\r';
		ret->cut = ret->len < lines->seen || lines->seen - trimmed > limit;
		if (ret->cut)
			ret->len = ret->len < limit ? ret->len : limit;
		finish(lines, ret, true);
		return true;
	}
	return false;
}

bool ww_lines_rest(struct ww_app_lines *lines, struct ww_app_line *ret)
{
	if (lines->seen == 0 || lines->skip)
		return false;
	*ret = (struct ww_app_line){.text = lines->kept.data,
		.len = lines->kept.len,
		.at = lines->at,
		.end = lines->at + lines->seen,
		.cut = lines->kept.len < lines->seen};
	finish(lines, ret, false);
	return true;
}

void ww_lines_gap(struct ww_app_lines *lines, bool skip)
{
	ww_kept_reset(&lines->kept);
	lines->seen = 0;
	lines->skip = skip;
}

unsigned ww_line_code(const struct ww_app_line *line)
{
	unsigned code = 0;
	for (uint32_t i = 0; i < 3; i++) {
		if (i >= line->len || !isdigit(line->text[i]))
			return 0;
		code = code * 10 + (line->text[i] - '0');
	}
	return code;
}
