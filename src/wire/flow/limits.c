// SPDX-License-Identifier: GPL-3.0-or-later
/* How large the tables are: as asked for, by default, or so that they fit into some memory. */
#include "wire/flow/flow-private.h"

enum {
	ATTEMPTS = 65536,
	ATTEMPTS_MAX = 1 << 23,
	FLOWS = 32768,
	FLOWS_MAX = 1 << 22,
	STREAMS = 16384,
	STREAMS_MAX = 32768,
	STREAM_BYTES = 4096,
	STREAM_BYTES_MIN = 64,
	STREAM_BYTES_MAX = 1 << 20,
	EARLY_PAGES = 1024,
	FRAGMENT_PAGES = 2048,
	PAGES_MAX = 32768,
};

static uint32_t limit_of(uint32_t given, uint32_t usual)
{
	uint32_t power = 1;
	while (power < (given ? given : usual))
		power *= 2;
	return power;
}

int ww_flow_sizes(const struct ww_flow_limits *limits, struct ww_flow_sizes *ret)
{
	if (limits->attempts > ATTEMPTS_MAX || limits->flows > FLOWS_MAX ||
		limits->streams > STREAMS_MAX || limits->windows > STREAMS_MAX ||
		limits->stream_bytes > STREAM_BYTES_MAX || limits->early_pages > PAGES_MAX ||
		limits->fragment_pages > PAGES_MAX)
		return -EINVAL;
	uint32_t bytes = limit_of(limits->stream_bytes, STREAM_BYTES);
	uint32_t streams = limit_of(limits->streams, STREAMS);
	*ret = (struct ww_flow_sizes){
		.attempts = limits->attempts ? limits->attempts : ATTEMPTS,
		.flows = limit_of(limits->flows, FLOWS),
		.streams =
			{
				.streams = streams,
				.windows = limits->windows ? limits->windows : (streams + 1) / 2,
				.window_bytes = bytes < STREAM_BYTES_MIN ? STREAM_BYTES_MIN : bytes,
				.early_pages =
					limits->early_pages ? limits->early_pages : EARLY_PAGES,
			},
		.fragment_pages = limits->fragment_pages ? limits->fragment_pages : FRAGMENT_PAGES,
	};
	return 0;
}

uint64_t ww_flow_limits_bytes(const struct ww_flow_limits *limits)
{
	struct ww_flow_sizes sizes;
	if (ww_flow_sizes(limits, &sizes) != 0)
		return 0;
	uint64_t pages = (uint64_t)sizes.streams.early_pages + sizes.fragment_pages;
	return (uint64_t)sizes.attempts *
		       (sizeof(struct ww_attempt) + sizeof(struct ww_bucket) / WW_BUCKET_SHARE) +
	       (uint64_t)sizes.flows * (sizeof(struct ww_entry) + sizeof(void *)) +
	       (uint64_t)sizes.flows / WW_WAYS * sizeof(struct ww_ways) +
	       (uint64_t)sizes.streams.streams * (sizeof(struct ww_stream) + WW_STREAM_TAIL) +
	       (uint64_t)sizes.streams.windows * (sizes.streams.window_bytes + sizeof(uint16_t)) +
	       pages * sizeof(struct ww_page);
}

/* The share `bytes` of `whole`, a power of two. */
static uint32_t share(uint32_t usual, uint64_t bytes, uint64_t whole, uint32_t most)
{
	uint32_t power = 1;
	while (power < most && (uint64_t)power * 2 * whole <= usual * bytes)
		power *= 2;
	return power;
}

void ww_flow_limits_within(struct ww_flow_limits *limits, uint64_t bytes)
{
	const struct ww_flow_limits usual = {0};
	uint64_t whole = ww_flow_limits_bytes(&usual);
	if (bytes > UINT32_MAX * (uint64_t)1024)
		bytes = UINT32_MAX * (uint64_t)1024;
	limits->attempts = share(ATTEMPTS, bytes, whole, ATTEMPTS_MAX);
	limits->flows = share(FLOWS, bytes, whole, FLOWS_MAX);
	limits->streams = share(STREAMS, bytes, whole, STREAMS_MAX);
	limits->windows = share(STREAMS / 2, bytes, whole, STREAMS_MAX);
	limits->stream_bytes = STREAM_BYTES;
	limits->early_pages = share(EARLY_PAGES, bytes, whole, PAGES_MAX);
	limits->fragment_pages = share(FRAGMENT_PAGES, bytes, whole, PAGES_MAX);
}
