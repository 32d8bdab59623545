// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * pcapng, draft-ietf-opsawg-pcapng.
 *
 *   block      type:4 total:4 body… total:4         total is a multiple of 4
 *   section    0a0d0d0a total byte-order:4 major:2 minor:2 section-length:8 options…
 *   interface  1  total linktype:2 reserved:2 snaplen:4 options…
 *   enhanced   6  total interface:4 time-high:4 time-low:4 captured:4 length:4 data… options…
 *   simple     3  total length:4 data…              the first interface of the section, no time
 *   packet     2  total interface:2 drops:2 time-high:4 …  obsolete, else as enhanced
 *   option     code:2 length:2 value… padded to 4
 *
 * Limits on lengths are libpcap's (sf-pcapng.c, 1.10), so that we and tcpdump agree on where a
 * file breaks. We read on where libpcap gives up for reasons of its own interface: interfaces of
 * different link types or snap lengths, sections of different byte orders, and frames longer
 * than the snap length their interface declares. What is of no use here is skipped, however long.
 */
#include "wire/capture/capture-private.h"

#include <stdlib.h>

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2,
	BLOCK_SIMPLE = 3,
	BLOCK_ENHANCED = 6,

	BLOCK_HEADER = 8,
	BLOCK_TRAILER = 4,
	BLOCK_MIN = BLOCK_HEADER + BLOCK_TRAILER,
	SECTION_MIN = BLOCK_MIN + 16,
	SECTION_MAX = 1024 * 1024,
	BLOCK_MAX = 16 * 1024 * 1024,
	PACKET_HEADER = 20, /* of enhanced and obsolete packets, behind the block header */

	OPTION_END = 0,
	OPTION_TSRESOL = 9,
	OPTION_TSOFFSET = 14,
};

/* Years 1 and 9999, in microseconds: no difference of two times overflows. */
static const int64_t time_min = -62135596800 * 1000000;
static const int64_t time_max = 253402300799 * 1000000;

struct block {
	uint32_t type;
	uint32_t total;
	const uint8_t *body; /* borrowed from the window */
	uint32_t body_len;
};

static int64_t time_of(const struct ww_pcapng_interface *interface, uint64_t ticks)
{
	__extension__ typedef __int128 i128;
	i128 us;
	if (interface->per_s == 1000000)
		us = ticks;
	else if (interface->per_s == 0)
		us = ((i128)ticks * 1000000) >> interface->shift;
	else if (interface->per_s > 1000000)
		us = ticks / (interface->per_s / 1000000);
	else
		us = (i128)ticks * (int64_t)(1000000 / interface->per_s);
	us += (i128)interface->offset_s * 1000000;
	if (us < time_min)
		return time_min;
	return us > time_max ? time_max : (int64_t)us;
}

/* 0, or -EINVAL: no such resolution can be (10^20 and 2^64 do not fit 64 bits). */
static int set_resolution(struct ww_pcapng_interface *interface, uint8_t tsresol)
{
	uint8_t exponent = tsresol & 0x7f;
	if (tsresol & 0x80) {
		if (exponent > 63)
			return -EINVAL;
		interface->per_s = 0;
		interface->shift = exponent;
		return 0;
	}
	if (exponent > 19)
		return -EINVAL;
	interface->per_s = 1;
	for (; exponent > 0; exponent--)
		interface->per_s *= 10;
	return 0;
}

static int read_options(
	struct ww_pcapng_interface *interface, const uint8_t *at, const uint8_t *end, bool swapped)
{
	while (end - at >= 4) {
		uint16_t code = ww_load_16(at, swapped);
		uint16_t len = ww_load_16(at + 2, swapped);
		size_t padded = ((size_t)len + 3) & ~(size_t)3;
		at += 4;
		if ((size_t)(end - at) < padded)
			return -EINVAL;
		if (code == OPTION_END)
			return len == 0 ? 0 : -EINVAL;
		if (code == OPTION_TSRESOL && (len != 1 || set_resolution(interface, at[0]) != 0))
			return -EINVAL;
		if (code == OPTION_TSOFFSET && len != 8)
			return -EINVAL;
		if (code == OPTION_TSOFFSET) {
			uint64_t first = ww_load_32(at, swapped);
			uint64_t second = ww_load_32(at + 4, swapped);
			bool low_first = swapped == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
			interface->offset_s =
				(int64_t)(low_first ? second << 32 | first : first << 32 | second);
		}
		at += padded;
	}
	return at == end ? 0 : -EINVAL;
}

/* Answers WW_CAPTURE_MORE, or the final state. */
static enum ww_capture_state add_interface(struct ww_capture *capture, const struct block *block)
{
	struct ww_pcapng *ng = &capture->pcapng;
	if (block->body_len < 8)
		return ww_capture_broken(capture, "an interface block is too short");
	if (ng->n_interfaces == WW_CAPTURE_INTERFACES)
		return ww_capture_broken(capture, "more than %d interfaces", WW_CAPTURE_INTERFACES);
	if (ng->n_interfaces == ng->cap_interfaces) {
		uint32_t cap = ng->cap_interfaces ? 2 * ng->cap_interfaces : 4;
		void *grown = realloc(ng->interfaces, cap * sizeof(*ng->interfaces));
		if (!grown) {
			capture->source.code = -ENOMEM;
			capture->source.what = "no memory for an interface";
			return ww_capture_ended(capture);
		}
		ng->interfaces = grown;
		ng->cap_interfaces = cap;
	}
	struct ww_pcapng_interface interface = {
		.per_s = 1000000,
		.link_type = ww_load_16(block->body, ng->swapped),
	};
	interface.snaplen =
		ww_capture_snaplen(interface.link_type, ww_load_32(block->body + 4, ng->swapped));
	if (read_options(&interface, block->body + 8, block->body + block->body_len, ng->swapped) !=
		0)
		return ww_capture_broken(capture,
			"the options of interface %u contradict themselves",
			ng->n_interfaces - ng->first);
	uint32_t longest =
		ww_capture_snaplen_max(interface.link_type) + 131072 + BLOCK_MIN + PACKET_HEADER;
	if (ng->block_max < longest)
		ng->block_max = longest;
	ng->interfaces[ng->n_interfaces++] = interface;
	return WW_CAPTURE_MORE;
}

static enum ww_capture_state begin_section(struct ww_capture *capture, const struct block *block)
{
	struct ww_pcapng *ng = &capture->pcapng;
	uint16_t major = ww_load_16(block->body + 4, ng->swapped);
	uint16_t minor = ww_load_16(block->body + 6, ng->swapped);
	/* 1.2 was written by some, and means 1.0 (the draft says so). */
	if (major != 1 || (minor != 0 && minor != 2))
		return ww_capture_broken(capture, "unknown version %u.%u of pcapng", major, minor);
	ng->first = ng->n_interfaces;
	return WW_CAPTURE_MORE;
}

/* The byte order of the section that begins at `at`; false when its magic is neither. */
static bool section_order(const uint8_t *at, bool *ret_swapped)
{
	uint32_t magic = ww_load_32(at + BLOCK_HEADER, false);
	if (magic != 0x1a2b3c4d && magic != 0x4d3c2b1a)
		return false;
	*ret_swapped = magic == 0x4d3c2b1a;
	return true;
}

/* Fills *ret from the header at `at` (BLOCK_MIN bytes, which every block has). */
static enum ww_capture_state block_header(struct ww_capture *capture, struct block *ret)
{
	struct ww_pcapng *ng = &capture->pcapng;
	const uint8_t *at = capture->at;
	ret->type = ww_load_32(at, ng->swapped);
	uint32_t least = BLOCK_MIN, most = ng->block_max;
	if (ret->type == BLOCK_SECTION) {
		if (!section_order(at, &ng->swapped))
			return ww_capture_broken(capture, "a section of no known byte order");
		least = SECTION_MIN;
		most = SECTION_MAX;
	}
	ret->total = ww_load_32(at + 4, ng->swapped);
	if (ret->total < least || ret->total > most || ret->total % 4 != 0)
		return ww_capture_broken(
			capture, "a block of type %u claims %u bytes", ret->type, ret->total);
	return WW_CAPTURE_MORE;
}

static enum ww_capture_state ended_inside(struct ww_capture *capture)
{
	capture->source.cut = capture->source.code == 0;
	return ww_capture_ended(capture);
}

/* A block longer than the window: only its head is kept. */
static enum ww_capture_state long_block(struct ww_capture *capture, struct block *block)
{
	bool skipped = block->type != BLOCK_INTERFACE && block->type != BLOCK_PACKET &&
		       block->type != BLOCK_SIMPLE && block->type != BLOCK_ENHANCED;
	uint32_t keep = skipped ? SECTION_MIN : WW_CAPTURE_HEADROOM - 4;
	const uint8_t *head = NULL;
	if (ww_capture_need(capture, keep))
		head = ww_capture_keep(capture, keep, block->total - keep - BLOCK_TRAILER);
	if (!head)
		return ended_inside(capture);
	/* The trailer may lie over two reads; `head` is at the buffer's start, out of its way. */
	if (!ww_capture_need(capture, BLOCK_TRAILER))
		return ended_inside(capture);
	if (capture->pcapng.began &&
		ww_load_32(capture->at, capture->pcapng.swapped) != block->total)
		return ww_capture_broken(capture, "the two lengths of a block differ");
	capture->at += BLOCK_TRAILER;
	block->body = head + BLOCK_HEADER;
	block->body_len = keep - BLOCK_HEADER;
	return WW_CAPTURE_MORE;
}

/*
 * Takes the next block off the window. *ret_wait is set instead when it does not lie there whole
 * and frames are lent out, so that the window must stay.
 */
static enum ww_capture_state next_block(
	struct ww_capture *capture, bool lent, struct block *ret, bool *ret_wait)
{
	*ret_wait = lent;
	if (lent && ww_capture_have(capture) < BLOCK_MIN)
		return WW_CAPTURE_MORE;
	if (!ww_capture_need(capture, BLOCK_MIN))
		return ww_capture_ended(capture);
	enum ww_capture_state state = block_header(capture, ret);
	if (state != WW_CAPTURE_MORE)
		return state;
	bool is_long = ret->total > WW_CAPTURE_HEADROOM;
	if (lent && (is_long || ret->total > ww_capture_have(capture)))
		return WW_CAPTURE_MORE;
	*ret_wait = false;
	if (is_long)
		return long_block(capture, ret);
	if (!ww_capture_need(capture, ret->total))
		return ww_capture_ended(capture);
	const uint8_t *at = capture->at;
	/* libpcap does not look at the trailer of the first section; neither do we. */
	if (capture->pcapng.began &&
		ww_load_32(at + ret->total - BLOCK_TRAILER, capture->pcapng.swapped) != ret->total)
		return ww_capture_broken(capture, "the two lengths of a block differ");
	ret->body = at + BLOCK_HEADER;
	ret->body_len = ret->total - BLOCK_MIN;
	capture->at += ret->total;
	return WW_CAPTURE_MORE;
}

/* The fields that the three kinds of packet block have, each in its place. */
static bool packet_fields(const struct ww_pcapng *ng, const struct block *block,
	struct ww_frame *frame, uint32_t *ret_interface, uint64_t *ret_ticks)
{
	const uint8_t *body = block->body;
	bool swapped = ng->swapped;
	*ret_ticks = 0;
	*ret_interface = 0;
	if (block->type == BLOCK_SIMPLE) {
		if (block->body_len < 4)
			return false;
		frame->length = frame->captured = ww_load_32(body, swapped);
		frame->data = body + 4;
		return true;
	}
	if (block->body_len < PACKET_HEADER)
		return false;
	*ret_interface = block->type == BLOCK_ENHANCED ? ww_load_32(body, swapped)
						       : ww_load_16(body, swapped);
	*ret_ticks = (uint64_t)ww_load_32(body + 4, swapped) << 32 | ww_load_32(body + 8, swapped);
	frame->captured = ww_load_32(body + 12, swapped);
	frame->length = ww_load_32(body + 16, swapped);
	frame->data = body + PACKET_HEADER;
	return true;
}

static enum ww_capture_state read_packet(
	struct ww_capture *capture, const struct block *block, struct ww_frame *frame)
{
	struct ww_pcapng *ng = &capture->pcapng;
	uint32_t index;
	uint64_t ticks;
	if (!packet_fields(ng, block, frame, &index, &ticks))
		return ww_capture_broken(capture, "a packet block is too short");
	if (index >= ng->n_interfaces - ng->first)
		return ww_capture_broken(capture, "interface %u was not described", index);
	const struct ww_pcapng_interface *interface = &ng->interfaces[ng->first + index];
	if (block->type == BLOCK_SIMPLE && frame->captured > interface->snaplen)
		frame->captured = interface->snaplen;
	uint32_t in_file = block->total - BLOCK_MIN - (uint32_t)(frame->data - block->body);
	if (frame->captured > in_file ||
		frame->captured > ww_capture_snaplen_max(interface->link_type))
		return ww_capture_broken(capture, "%u bytes are claimed, the block holds %u",
			frame->captured, in_file);
	if (frame->length < frame->captured)
		frame->length = frame->captured;
	if (frame->captured > WW_FRAME_MAX)
		frame->captured = WW_FRAME_MAX;
	frame->time_us = time_of(interface, ticks);
	frame->link_type = interface->link_type;
	frame->interface = (uint16_t)(ng->first + index);
	frame->number = ++capture->n_frames;
	return WW_CAPTURE_MORE;
}

enum ww_capture_state ww_pcapng_read(
	struct ww_capture *capture, struct ww_frame frames[WW_BATCH], size_t *ret_n)
{
	size_t n = 0;
	enum ww_capture_state state = WW_CAPTURE_MORE;
	while (state == WW_CAPTURE_MORE && n < WW_BATCH) {
		struct block block = {0};
		bool wait;
		state = next_block(capture, n > 0, &block, &wait);
		if (wait || state != WW_CAPTURE_MORE)
			break;
		switch (block.type) {
		case BLOCK_ENHANCED:
		case BLOCK_SIMPLE:
		case BLOCK_PACKET:
			state = read_packet(capture, &block, &frames[n]);
			n += state == WW_CAPTURE_MORE;
			break;
		case BLOCK_INTERFACE: state = add_interface(capture, &block); break;
		case BLOCK_SECTION: state = begin_section(capture, &block); break;
		default: break;
		}
	}
	*ret_n = n;
	/* Frames before the trouble go out first; the final state is kept for the next call. */
	return n > 0 ? WW_CAPTURE_MORE : state;
}

int ww_pcapng_begin(struct ww_capture *capture, struct ww_err *err)
{
	struct ww_pcapng *ng = &capture->pcapng;
	struct block block = {0};
	bool wait;
	ng->block_max = BLOCK_MAX;
	enum ww_capture_state state = next_block(capture, false, &block, &wait);
	if (state == WW_CAPTURE_MORE)
		state = begin_section(capture, &block);
	ng->began = true;
	if (state == WW_CAPTURE_MORE)
		return 0;
	if (capture->source.code && capture->source.code != -EBADMSG)
		return capture->source.code;
	return ww_fail(
		err, WW_NOWHERE, -EINVAL, "the pcapng header cannot be read: %s", capture->note);
}
