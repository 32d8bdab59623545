// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * For tests: reads and decodes each capture it is given and prints one line for it,
 *   frames TAB how-it-ended TAB note
 * Every byte that was captured is touched, so that a sanitizer sees a frame that is not all there.
 */
#include "wire/packet/packet.h"

#include <stdio.h>
#include <string.h>

static unsigned touched;

static const char *count(struct ww_capture *capture, uint64_t *ret_frames)
{
	static const char *const states[] = {"more", "end", "cut", "broken", "failed"};
	struct ww_frame frames[WW_BATCH];
	enum ww_capture_state state;
	size_t n;
	*ret_frames = 0;
	while ((state = ww_capture_read(capture, frames, &n)) == WW_CAPTURE_MORE) {
		for (size_t i = 0; i < n; i++) {
			struct ww_packet packet;
			for (uint32_t k = 0; k < frames[i].captured; k++)
				touched += frames[i].data[k];
			ww_packet_decode(&frames[i], &packet);
			touched += packet.payload_len;
		}
		*ret_frames += n;
	}
	return states[state];
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct ww_capture *capture = NULL;
		struct ww_err err = {0};
		uint64_t frames;
		int rc = ww_capture_open(argv[i], &capture, &err);
		if (rc != 0) {
			printf("-\trefused\t%s\n", err.text[0] ? err.text : strerror(-rc));
			continue;
		}
		const char *state = count(capture, &frames);
		printf("%llu\t%s\t%s\n", (unsigned long long)frames, state,
			ww_capture_note(capture));
		ww_capture_close(&capture);
	}
	return touched == 1; /* never, in practice: keeps the reads */
}
