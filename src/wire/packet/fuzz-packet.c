// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Any bytes as a frame. The input begins with three bytes: which link type (its place in
 * link.def), and how many bytes beyond the captured ones were on the wire.
 */
#include "wire/packet/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct ww_packet *packet, const uint8_t *data, size_t size)
{
	const uint8_t *end = data + size;
	ww_assert(packet->outcome < WW_OUTCOME_COUNT && packet->outcome_layer < WW_LAYER_COUNT);
	ww_assert(!packet->network ||
		  (packet->network >= data &&
			  packet->network_len <= (size_t)(end - packet->network)));
	ww_assert(!packet->transport || (packet->transport >= data && packet->transport <= end));
	ww_assert(!packet->payload ||
		  (packet->payload >= data &&
			  packet->payload_len <= (size_t)(end - packet->payload)));
	ww_assert(packet->payload_wire >= packet->payload_len);
	ww_assert(!packet->has_transport ||
		  (packet->transport && packet->payload && packet->ip_version));
	ww_assert(!packet->is_fragment || !packet->has_transport);
	ww_assert(packet->n_layers <= WW_LAYERS_MAX);
	ww_assert(packet->outcome != WW_OUTCOME_UNSUPPORTED || packet->unsupported_in);
	struct ww_ip outer_src, outer_dst;
	if (ww_packet_outer(packet, &outer_src, &outer_dst))
		ww_assert(packet->network - packet->outer_offset >= data);
	char id[WW_COMMUNITY_ID_MAX];
	if (packet->ip_version)
		ww_community_id(&packet->src, &packet->dst, packet->proto, packet->sport,
			packet->dport, id);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t links[] = {
#define WW_LINK(number_, name_, decode_) number_,
#include "wire/packet/link.def"
#undef WW_LINK
	};
	if (size < 3)
		return 0;
	struct ww_frame frame = {
		.data = data + 3,
		.captured = (uint32_t)size - 3,
		.length = (uint32_t)size - 3 + (uint32_t)(data[1] << 8 | data[2]),
		.link_type = links[data[0] % WW_N(links)],
	};
	struct ww_packet packet;
	struct ww_packet_counts counts = {0};
	ww_packet_decode(&frame, &packet);
	check(&packet, frame.data, frame.captured);
	ww_packet_count(&counts, &packet, frame.length);
	ww_packet_decode_ip(frame.data, frame.captured, frame.length, 0, 1, &packet);
	check(&packet, frame.data, frame.captured);
	return 0;
}
