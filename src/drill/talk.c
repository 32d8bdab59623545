// SPDX-License-Identifier: GPL-3.0-or-later
#include "drill/talk.h"

#include "drill/frame.h"
#include "value/port.h"

#include <stdlib.h>

struct ww_talk *ww_talk_new(uint8_t proto, const uint32_t ip[2], const uint16_t port[2],
	uint32_t rtt_us, int64_t start_us, struct ww_rng *rng)
{
	struct ww_talk *talk = calloc(1, sizeof(*talk));
	if (!talk)
		return NULL;
	talk->proto = proto;
	talk->rtt_us = rtt_us;
	talk->clock_us = start_us;
	for (int side = 0; side < 2; side++) {
		talk->ip[side] = ip[side];
		talk->port[side] = port[side];
		talk->seq[side] = (uint32_t)ww_rng_u64(rng);
	}
	return talk;
}

void ww_talk_free(struct ww_talk **talk)
{
	if (!*talk)
		return;
	ww_buf_done(&(*talk)->bytes);
	free((*talk)->packets);
	free(*talk);
	*talk = NULL;
}

void ww_talk_wait(struct ww_talk *talk, int64_t span_us)
{
	talk->clock_us += span_us;
}

static struct ww_talk_packet *add(struct ww_talk *talk, int from)
{
	if (!talk->failed && talk->n_packets == talk->cap) {
		size_t cap = talk->cap ? talk->cap * 2 : 4;
		struct ww_talk_packet *packets = realloc(talk->packets, cap * sizeof(*packets));
		talk->failed = packets == NULL;
		talk->packets = packets ? packets : talk->packets;
		talk->cap = packets ? cap : talk->cap;
	}
	if (talk->failed)
		return NULL;
	struct ww_talk_packet *packet = &talk->packets[talk->n_packets++];
	*packet = (struct ww_talk_packet){
		.at_us = talk->clock_us,
		.seq = talk->seq[from],
		.ack = talk->acked[from],
		.sport = talk->port[from],
		.dport = talk->port[!from],
		.from = (uint8_t)from,
	};
	return packet;
}

/* A segment without payload. SYN and FIN take one sequence number (RFC 793, 3.3). */
static void signal(struct ww_talk *talk, int from, uint8_t flags)
{
	struct ww_talk_packet *packet = add(talk, from);
	if (!packet)
		return;
	packet->flags = flags;
	if (!(flags & WW_FRAME_ACK))
		packet->ack = 0;
	if (flags & (WW_FRAME_SYN | WW_FRAME_FIN))
		talk->acked[!from] = ++talk->seq[from];
}

void ww_talk_connect(struct ww_talk *talk)
{
	signal(talk, 0, WW_FRAME_SYN);
	talk->clock_us += talk->rtt_us;
	signal(talk, 1, WW_FRAME_SYN | WW_FRAME_ACK);
	talk->clock_us += talk->rtt_us / 8 + 20;
	signal(talk, 0, WW_FRAME_ACK);
	talk->clock_us += 50;
}

void ww_talk_refuse(struct ww_talk *talk)
{
	signal(talk, 0, WW_FRAME_SYN);
	talk->clock_us += talk->rtt_us;
	talk->seq[1] = 0; /* RFC 793, 3.4: the reset of a SYN has sequence number zero */
	signal(talk, 1, WW_FRAME_RST | WW_FRAME_ACK);
}

void ww_talk_unanswered(struct ww_talk *talk, int n_sent)
{
	int64_t wait_us = 3000000;
	for (int i = 0; i < n_sent; i++, wait_us *= 2) {
		signal(talk, 0, WW_FRAME_SYN);
		talk->seq[0]--;
		talk->clock_us += wait_us;
	}
}

/* Appends one segment whose payload is bytes[offset..offset+len) of the talk's store. */
static void segment(
	struct ww_talk *talk, int from, uint32_t seq, uint32_t offset, size_t len, bool is_last)
{
	struct ww_talk_packet *packet = add(talk, from);
	if (!packet)
		return;
	packet->flags = WW_FRAME_ACK | (is_last ? WW_FRAME_PSH : 0);
	packet->seq = seq;
	packet->offset = offset;
	packet->len = (uint16_t)len;
	talk->clock_us += 12 + (int64_t)len / 12; /* 100 Mbit/s */
}

/* One run of segments of at most the MSS. */
static void run(
	struct ww_talk *talk, int from, uint32_t seq, uint32_t offset, size_t len, bool is_last)
{
	while (len > WW_FRAME_MSS) {
		segment(talk, from, seq, offset, WW_FRAME_MSS, false);
		seq += WW_FRAME_MSS;
		offset += WW_FRAME_MSS;
		len -= WW_FRAME_MSS;
	}
	segment(talk, from, seq, offset, len, is_last);
}

void ww_talk_say(struct ww_talk *talk, int from, const void *bytes, size_t len,
	const struct ww_talk_cuts *cuts)
{
	uint32_t base = talk->seq[from], offset = (uint32_t)talk->bytes.len;
	size_t ends[WW_TALK_CUTS + 1], starts[WW_TALK_CUTS + 1], n = 0, start = 0;
	for (size_t i = 0; cuts && i < cuts->n_at && i < WW_TALK_CUTS; i++) {
		if (cuts->at[i] <= start || cuts->at[i] >= len)
			continue;
		starts[n] = start;
		ends[n++] = start = cuts->at[i];
	}
	starts[n] = start;
	ends[n++] = len;
	if (len == 0)
		return;
	ww_buf_add(&talk->bytes, bytes, len);
	talk->failed |= talk->bytes.failed;
	for (size_t i = 0; i < n; i++) {
		size_t piece = cuts && cuts->is_swapped && n > 1 && i < 2 ? 1 - i : i;
		run(talk, from, base + (uint32_t)starts[piece], offset + (uint32_t)starts[piece],
			ends[piece] - starts[piece], piece == n - 1);
		if (n > 1)
			talk->clock_us += 300;
	}
	talk->seq[from] = base + (uint32_t)len;
	talk->acked[!from] = talk->seq[from];
	talk->clock_us += talk->rtt_us;
	signal(talk, !from, WW_FRAME_ACK);
	talk->clock_us += talk->rtt_us / 8 + 20;
}

void ww_talk_close(struct ww_talk *talk, int from)
{
	signal(talk, from, WW_FRAME_FIN | WW_FRAME_ACK);
	talk->clock_us += talk->rtt_us;
	signal(talk, !from, WW_FRAME_FIN | WW_FRAME_ACK);
	talk->clock_us += talk->rtt_us / 8 + 20;
	signal(talk, from, WW_FRAME_ACK);
}

void ww_talk_reset(struct ww_talk *talk, int from)
{
	signal(talk, from, WW_FRAME_RST | WW_FRAME_ACK);
}

void ww_talk_datagram(struct ww_talk *talk, int from, const void *bytes, size_t len)
{
	struct ww_talk_packet *packet = add(talk, from);
	if (!packet)
		return;
	len = len > WW_FRAME_UDP_MAX ? WW_FRAME_UDP_MAX : len;
	packet->offset = (uint32_t)talk->bytes.len;
	packet->len = (uint16_t)len;
	ww_buf_add(&talk->bytes, bytes, len);
	talk->failed |= talk->bytes.failed;
	talk->clock_us += talk->rtt_us / 2 + 40 + (int64_t)len / 12;
}

void ww_talk_unreachable(struct ww_talk *talk)
{
	struct ww_talk_packet *packet = add(talk, 1);
	if (packet)
		packet->is_unreachable = true;
}
