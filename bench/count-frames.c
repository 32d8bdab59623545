// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Counts packets with our own reader, and with --decode reads their headers as well: the floor
 * under which `watch` cannot come.
 */
#include "wire/packet/packet.h"

#include <stdio.h>
#include <string.h>

static void decode(
	const struct ww_frame *frames, size_t n, struct ww_packet_counts *counts)
{
	static struct ww_packet packets[WW_BATCH];
	for (size_t i = 0; i < n; i++)
		ww_packet_decode(&frames[i], &packets[i]);
	for (size_t i = 0; i < n; i++)
		ww_packet_count(counts, &packets[i], frames[i].length);
}

static void count(const struct ww_frame *frames, size_t n, struct ww_packet_counts *counts)
{
	counts->packets += n;
	for (size_t i = 0; i < n; i++)
		counts->bytes += frames[i].length;
}

static void print(const struct ww_packet_counts *counts)
{
	printf("%llu packets, %llu bytes\n", (unsigned long long)counts->packets,
		(unsigned long long)counts->bytes);
	printf("IPv4 %llu, IPv6 %llu, TCP %llu, UDP %llu, ICMP %llu, ARP %llu\n",
		(unsigned long long)counts->ipv4, (unsigned long long)counts->ipv6,
		(unsigned long long)counts->tcp, (unsigned long long)counts->udp,
		(unsigned long long)counts->icmp, (unsigned long long)counts->arp);
	for (int layer = 0; layer < WW_LAYER_COUNT; layer++)
		for (int outcome = WW_OUTCOME_OK + 1; outcome < WW_OUTCOME_COUNT; outcome++)
			if (counts->outcomes[layer][outcome])
				printf("%s %s: %llu\n", ww_layer_name(layer),
					ww_outcome_name(outcome),
					(unsigned long long)counts->outcomes[layer][outcome]);
}

int main(int argc, char **argv)
{
	bool with_headers = argc == 3 && strcmp(argv[1], "--decode") == 0;
	if (argc != 2 && !with_headers) {
		fprintf(stderr, "usage: count-frames [--decode] FILE\n");
		return 2;
	}
	struct ww_capture *capture = NULL;
	struct ww_err err = {0};
	int rc = ww_capture_open(argv[argc - 1], &capture, &err);
	if (rc != 0) {
		fprintf(stderr, "count-frames: %s: %s\n", argv[argc - 1],
			err.text[0] ? err.text : strerror(-rc));
		return 2;
	}
	struct ww_frame frames[WW_BATCH];
	struct ww_packet_counts counts = {0};
	size_t n;
	while (ww_capture_read(capture, frames, &n) == WW_CAPTURE_MORE)
		(with_headers ? decode : count)(frames, n, &counts);
	print(&counts);
	fputs(ww_capture_note(capture), stderr);
	ww_capture_close(&capture);
	return 0;
}
