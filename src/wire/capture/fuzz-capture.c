// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Any bytes as a capture, read whole and read in small pieces: both ways must give the same
 * frames and end the same. The output of decompression is bounded, because time is.
 */
#include "wire/capture/capture-private.h"


enum {
	CHUNK = 13,
	FRAMES_MAX = 20000,
};

struct seen {
	uint64_t frames, sum;
	enum ww_capture_state end;
};

static struct seen read_all(const uint8_t *data, size_t size, size_t chunk)
{
	struct seen seen = {.end = WW_CAPTURE_FAILED};
	struct ww_capture *capture = NULL;
	struct ww_frame frames[WW_BATCH];
	struct ww_err err;
	size_t n;
	if (ww_capture_open_chunks(data, size, chunk, &capture, &err) != 0)
		return seen;
	while ((seen.end = ww_capture_read(capture, frames, &n)) == WW_CAPTURE_MORE) {
		ww_assert(n > 0 && n <= WW_BATCH);
		for (size_t i = 0; i < n; i++) {
			const struct ww_frame *frame = &frames[i];
			ww_assert(frame->captured <= frame->length);
			ww_assert(frame->captured <= WW_FRAME_MAX);
			ww_assert(frame->number == ++seen.frames);
			for (uint32_t k = 0; k < frame->captured; k++)
				seen.sum = seen.sum * 31 + frame->data[k];
			seen.sum = seen.sum * 31 + (uint64_t)frame->time_us + frame->link_type;
			/* The two ways batch differently; both stop at the same frame. */
			if (seen.frames == FRAMES_MAX)
				goto out;
		}
	}
	ww_assert(ww_capture_read(capture, frames, &n) == seen.end && n == 0);
out:
	ww_capture_close(&capture);
	return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen whole = read_all(data, size, 0);
	struct seen pieces = read_all(data, size, CHUNK);
	ww_assert(whole.frames == pieces.frames && whole.sum == pieces.sum);
	ww_assert(whole.end == pieces.end);
	return 0;
}
