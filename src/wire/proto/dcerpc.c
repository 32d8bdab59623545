// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DCE/RPC over TCP: nothing but PDUs, one behind the other. See dce.h.
 */
#include "wire/proto/dce.h"

struct state {
	struct ww_dce dce;
	uint64_t numbers[2];
};

static int recognise(enum ww_dir dir, const uint8_t *data, size_t len)
{
	(void)dir;
	return ww_dce_looks(data, len);
}

static void stream(struct ww_parsing *parsing, const uint8_t *data, uint32_t len, uint64_t at)
{
	struct state *state = parsing->state;
	const struct ww_dce_line line = {parsing, state->numbers};
	if (!ww_dce_feed(&state->dce, &line, parsing->dir, data, len, at))
		ww_parsing_give_up(parsing);
}

static void end(struct ww_parsing *parsing)
{
	struct state *state = parsing->state;
	const struct ww_dce_line line = {parsing, state->numbers};
	ww_dce_end(&state->dce, &line, parsing->dir);
}

static void gap(struct ww_parsing *parsing, uint64_t at)
{
	(void)at;
	end(parsing);
}

static void done(struct ww_parsing *parsing)
{
	struct state *state = parsing->state;
	ww_dce_done(&state->dce, parsing);
}

const struct ww_parser ww_parser_dcerpc = {
	.state_bytes = sizeof(struct state),
	.recognise = recognise,
	.stream = stream,
	.gap = gap,
	.end = end,
	.done = done,
};
