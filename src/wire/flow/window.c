// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The memory of streams: where the bytes lie that a reader wants to see again.
 */
#include "wire/flow/flow-private.h"

#include <stdlib.h>

int ww_streams_init(struct ww_streams *streams, const struct ww_streams_sizes *sizes)
{
	uint32_t n = sizes->streams, n_windows = sizes->windows;
	streams->n = n;
	streams->n_windows = n_windows;
	streams->window_bytes = sizes->window_bytes;
	/* Nothing of this is touched before it is used. */
	streams->streams = calloc(n, sizeof(*streams->streams));
	streams->windows = calloc(n_windows, sizes->window_bytes);
	streams->next_window = calloc(n_windows, sizeof(*streams->next_window));
	streams->tails = calloc(n, WW_STREAM_TAIL);
	streams->joined = malloc(WW_STREAM_TAIL + WW_SEGMENT_MAX);
	streams->free_stream = streams->oldest = streams->newest = WW_NO_STREAM;
	streams->free_window = WW_NO_WINDOW;
	if (ww_pages_init(&streams->pages, sizes->early_pages) != 0 || !streams->streams ||
		!streams->windows || !streams->next_window || !streams->tails || !streams->joined)
		return -ENOMEM;
	return 0;
}

void ww_streams_done(struct ww_streams *streams)
{
	free(streams->streams);
	free(streams->windows);
	free(streams->next_window);
	free(streams->tails);
	free(streams->joined);
	ww_pages_done(&streams->pages);
	streams->streams = NULL;
	streams->windows = NULL;
	streams->next_window = NULL;
	streams->tails = NULL;
	streams->joined = NULL;
}

uint8_t *ww_window_of(const struct ww_streams *all, const struct ww_stream *stream)
{
	if (stream->window != WW_NO_WINDOW)
		return all->windows + (size_t)stream->window * all->window_bytes;
	return all->tails + (size_t)(stream - all->streams) * WW_STREAM_TAIL;
}

void ww_window_give(struct ww_streams *all, struct ww_stream *stream, uint32_t n)
{
	const uint8_t *kept = ww_window_of(all, stream);
	uint16_t window = stream->window;
	n = n < stream->len ? n : stream->len;
	stream->window = WW_NO_WINDOW;
	memcpy(ww_window_of(all, stream), kept + (stream->len - n), n);
	stream->offset += stream->len - n;
	stream->len = n;
	all->next_window[window] = all->free_window;
	all->free_window = window;
	all->n_windows_used--;
}

static void shorten(struct ww_flows *flows, struct ww_stream *stream)
{
	flows->counts.evicted_windows += !stream->shortened;
	flows->table.entries[stream->entry].flow.trouble |= WW_TROUBLE_LIMIT;
	stream->shortened = true;
}

/* The window of one of the directions that were silent longest. */
static bool take_away(struct ww_flows *flows, const struct ww_stream *keep)
{
	enum { LOOKED_AT = 16 };
	struct ww_streams *all = &flows->streams;
	uint16_t index = all->oldest;
	for (int i = 0; i < LOOKED_AT && index != WW_NO_STREAM; i++) {
		struct ww_stream *stream = &all->streams[index];
		if (stream != keep && stream->window != WW_NO_WINDOW) {
			if (!stream->ended)
				shorten(flows, stream);
			ww_window_give(all, stream, WW_STREAM_TAIL);
			return true;
		}
		index = stream->newer;
	}
	return false;
}

void ww_window_take(struct ww_flows *flows, struct ww_stream *stream)
{
	struct ww_streams *all = &flows->streams;
	if (all->n_windows_used == all->n_windows && !take_away(flows, stream)) {
		shorten(flows, stream);
		return;
	}
	stream->window = all->free_window;
	if (stream->window != WW_NO_WINDOW)
		all->free_window = all->next_window[stream->window];
	else
		stream->window = all->fresh_window++;
	all->n_windows_used++;
}
