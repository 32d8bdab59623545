// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What is parsed, by which document, what is told, the limits, how it is fooled: an essay of a few
 * sentences stands here. This one knows lines "ASK name" and "YES" or "NO": it shows the shape of a
 * parser, is compiled, and is not registered.
 *
 * To add one: copy this file to NAME.c, name it in meson.build, a row in protocols.def, its buffers
 * as provided in buffers.def, unit tests from the document in test-NAME.c, and seeds in
 * tests/corpus/proto: the property that cutting changes nothing and the fuzzer hold for every row.
 *
 *	state       of fixed size, zeroed; both directions of the flow
 *	recognise   a pure function of the first bytes: it must not change its mind
 *	stream      any pieces; what must be kept goes into struct ww_kept, up to a limit
 *	gap, end    bytes are missing; no more will come
 *	done        gives back what is kept
 */
#include "wire/proto/line.h"

#include <string.h>

enum { LINE_MAX_BYTES = 512 };

struct template_state {
	struct ww_app_lines lines[2];
	uint64_t asked_at;
	bool asked;
};

static int recognise(enum ww_dir dir, const uint8_t *data, size_t len)
{
	static const char word[] = "ASK ";
	size_t n = len < 4 ? len : 4;
	if (dir != WW_DIR_TO_SERVER || memcmp(data, word, n) != 0)
		return -1;
	return n == 4 ? 4 : 0;
}

static void tell_line(struct ww_parsing *parsing, const struct ww_app_line *line)
{
	struct template_state *self = parsing->state;
	bool asks = parsing->dir == WW_DIR_TO_SERVER;
	struct ww_fact fact = ww_parsing_fact(parsing, WW_FACT_FTP_COMMAND, line->at);
	fact.text = line->text;
	fact.text_len = line->len;
	fact.outcome = WW_FACT_ASKED;
	if (asks) {
		self->asked = true;
		self->asked_at = line->at;
	} else if (self->asked) {
		fact.asked_at = self->asked_at;
		bool yes = line->len == 3 && memcmp(line->text, "YES", 3) == 0;
		fact.outcome = yes ? WW_FACT_GRANTED : WW_FACT_REFUSED;
		self->asked = false;
	}
	ww_parsing_tell_fact(parsing, &fact);
	if (!asks || !ww_parsing_wants(parsing, WW_BUFFER_BIT(WW_BUFFER_FTP_COMMAND)))
		return;
	struct ww_message *message = ww_parsing_message(parsing);
	message->begins = message->ends = true;
	message->at = line->at;
	message->end = line->end;
	message->settled = ~(uint64_t)0;
	ww_message_set(message, WW_BUFFER_FTP_COMMAND, line->text, line->len, line->at);
	if (line->cut)
		message->cut = WW_BUFFER_BIT(WW_BUFFER_FTP_COMMAND);
	ww_parsing_tell(parsing, message);
}

static void stream(struct ww_parsing *parsing, const uint8_t *data, uint32_t len, uint64_t at)
{
	struct template_state *self = parsing->state;
	struct ww_app_line line;
	uint32_t pos = 0;
	while (ww_lines_next(
		parsing, &self->lines[parsing->dir], data, len, at, LINE_MAX_BYTES, &pos, &line))
		tell_line(parsing, &line);
}

static void gap(struct ww_parsing *parsing, uint64_t at)
{
	struct template_state *self = parsing->state;
	self->asked = false;
	ww_lines_gap(&self->lines[parsing->dir], true);
}

static void end(struct ww_parsing *parsing)
{
	struct template_state *self = parsing->state;
	struct ww_app_line line;
	if (ww_lines_rest(&self->lines[parsing->dir], &line))
		tell_line(parsing, &line);
}

static void done(struct ww_parsing *parsing)
{
	struct template_state *self = parsing->state;
	ww_kept_drop(parsing, &self->lines[0].kept);
	ww_kept_drop(parsing, &self->lines[1].kept);
}

extern const struct ww_parser ww_parser_template;
const struct ww_parser ww_parser_template = {
	.state_bytes = sizeof(struct template_state),
	.recognise = recognise,
	.stream = stream,
	.gap = gap,
	.end = end,
	.done = done,
};
