/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Lines out of pieces: what FTP and SMTP have in common. A line ends at LF; a CR before it belongs
 * to the end (RFC 959 and 5321 want CRLF; servers take LF). A line within one piece is not copied.
 */
#include "wire/proto/parser.h"

struct ww_app_lines {
	struct ww_kept kept; /* the beginning of a line that has not ended */
	uint64_t at;         /* of its first byte */
	uint64_t seen;       /* bytes of it so far, those that were not kept too */
	bool skip;           /* to the next line: bytes were lost */
};

struct ww_app_line {
	const uint8_t *text; /* without the end; not NULL */
	uint32_t len;
	uint64_t at, end; /* stream positions, `end` behind the LF */
	bool cut;         /* longer than the limit */
	bool ended;       /* by LF; false for what was left at the stream's end */
};

/*
 * The next line that ends in data[*pos..len); *pos moves behind it. False when the rest of the data
 * is kept. Longer than `limit`: the line is that long, and cut. `at`: stream position of data[0].
 */
bool ww_lines_next(struct ww_parsing *parsing, struct ww_app_lines *lines, const uint8_t *data,
	uint32_t len, uint64_t at, uint32_t limit, uint32_t *pos, struct ww_app_line *ret);
/* What is left at the end of the stream; false when nothing is. */
bool ww_lines_rest(struct ww_app_lines *lines, struct ww_app_line *ret);
/* Bytes were lost: what is kept goes, and so does the rest of the line it stood in. */
void ww_lines_gap(struct ww_app_lines *lines, bool skip);
/* The number of a reply, which its line begins with: three digits. 0: there is none. */
unsigned ww_line_code(const struct ww_app_line *line);
