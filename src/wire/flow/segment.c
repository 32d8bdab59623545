// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What a receiver makes of a segment's options and flags before it looks at the bytes: stale
 * timestamps, urgent data.
 */
#include "wire/flow/flow-private.h"

enum {
	TCP_HEADER = 20,
	URGENT_AT = 18, /* of the urgent pointer in the header */
	OPTION_END = 0,
	OPTION_NOP = 1,
	OPTION_TIMESTAMPS = 8,
	TIMESTAMPS_LEN = 10,
};

static uint32_t be32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

/*
 * RFC 7323, 3.2:  | kind 8 | len 10 | TSval, 4 bytes | TSecr, 4 bytes |, most often behind two NOPs
 * (appendix A).
 */
static bool timestamp_of(const struct ww_packet *packet, uint32_t *ret)
{
	const uint8_t *at = packet->transport;
	if (!at || packet->tcp_header_len < TCP_HEADER + TIMESTAMPS_LEN ||
		packet->outcome != WW_OUTCOME_OK)
		return false;
	const uint8_t *end = at + packet->tcp_header_len;
	at += TCP_HEADER;
	while (at < end && *at != OPTION_END) {
		if (*at == OPTION_NOP) {
			at++;
			continue;
		}
		if (end - at < 2 || at[1] < 2 || at[1] > end - at)
			return false;
		if (at[0] == OPTION_TIMESTAMPS && at[1] == TIMESTAMPS_LEN) {
			*ret = be32(at + 2);
			return true;
		}
		at += at[1];
	}
	return false;
}

/*
 * RFC 7323, 5.3, R1 and R3. That timestamps are in use is taken from the segments: what was agreed
 * on in the SYNs may not have been captured. Linux lets pass what is older by one tick; Windows and
 * Solaris let pass a timestamp of 0 (both after Snort's stream5). Eight stale segments in a row
 * are believed: one forged timestamp must not blind us for longer than its sender.
 */
bool ww_segment_is_stale(struct ww_stream *stream, const struct ww_packet *packet)
{
	uint32_t value;
	if (!timestamp_of(packet, &value))
		return false;
	enum ww_policy policy = (enum ww_policy)stream->policy;
	bool zero_passes = policy == WW_POLICY_WINDOWS || policy == WW_POLICY_VISTA ||
			   policy == WW_POLICY_SOLARIS;
	if (value == 0 && zero_passes)
		return false;
	int32_t behind = (int32_t)(stream->recent - value);
	if (stream->has_recent && behind > (policy == WW_POLICY_LINUX)) {
		if (++stream->n_stale < WW_STREAM_FAR)
			return true;
		stream->has_recent = false;
	}
	stream->n_stale = 0;
	if ((int32_t)(packet->seq - stream->next) <= 0) {
		stream->recent = value;
		stream->has_recent = true;
	}
	return false;
}

/*
 * Systems take the byte before the one that the urgent pointer names out of the stream (RFC 6093,
 * 3.1 and 3.2), unless the application asks for it in line, as telnet servers do. A byte that is
 * out of band splits a pattern for a sensor that leaves it in, and for nobody else. BSD and Windows
 * take it where it lies in the segment that has the pointer; Linux wherever it comes later
 * (tcp_urg), and reads a pointer of 0 as 1.
 */
bool ww_segment_urgent(struct ww_stream *stream, const struct ww_packet *packet)
{
	if (!(packet->tcp_flags & WW_TCP_URG) || !packet->transport ||
		packet->tcp_header_len < TCP_HEADER)
		return false;
	uint32_t pointer =
		(uint32_t)packet->transport[URGENT_AT] << 8 | packet->transport[URGENT_AT + 1];
	bool is_linux = stream->policy == WW_POLICY_LINUX;
	if (pointer == 0 && is_linux)
		pointer = 1;
	if (pointer == 0 || (!is_linux && pointer > packet->payload_wire))
		return false;
	uint32_t seq = packet->seq + pointer - 1;
	if ((int32_t)(seq - stream->next) < 0 || stream->n_urgent == WW_STREAM_URGENT)
		return false;
	for (int i = 0; i < stream->n_urgent; i++)
		if (stream->urgent[i] == seq)
			return false;
	stream->urgent[stream->n_urgent++] = seq;
	return true;
}
