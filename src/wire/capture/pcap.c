// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * pcap, draft-ietf-opsawg-pcap, read as libpcap 1.10 reads it (sf-pcap.c).
 *
 *   file    magic:4 major:2 minor:2 zone:4 sigfigs:4 snaplen:4 linktype:4
 *   record  seconds:4 micro- or nanoseconds:4 captured:4 length:4 data…
 *
 * The upper bits of the link type tell whether a frame check sequence stands behind each frame
 * and how long it is; the bits between are reserved. Alexey Kuznetzov's patched libpcap (magic
 * a1b2cd34) has eight more bytes in each record header. Some old writers had the two lengths the
 * other way round, which the version tells, or, in 2.3, their order of size.
 *
 * A record longer than the snap length of the file is cut to it, as libpcap does.
 */
#include "wire/capture/capture-private.h"

enum {
	FILE_HEADER = 24,
	RECORD_HEADER = 16,
	RECORD_HEADER_PATCHED = 24,
	LINKTYPE_ETHERNET = 1,
};

enum lengths {
	LENGTHS_IN_ORDER,
	LENGTHS_SWAPPED,
	LENGTHS_MAYBE_SWAPPED, /* swapped where captured > length */
};

int ww_pcap_begin(struct ww_capture *capture, struct ww_err *err)
{
	struct ww_pcap *pcap = &capture->pcap;
	if (!ww_capture_need(capture, FILE_HEADER))
		return ww_fail(err, WW_NOWHERE, -EINVAL, "the file ends inside the pcap header");
	const uint8_t *header = capture->at;
	uint32_t magic = ww_load_32(header, false);
	pcap->swapped = (magic & 0xffff0000) != 0xa1b20000;
	if (pcap->swapped)
		magic = __builtin_bswap32(magic);
	pcap->nanoseconds = magic == 0xa1b23c4d;
	bool patched = magic == 0xa1b2cd34;
	pcap->header = patched ? RECORD_HEADER_PATCHED : RECORD_HEADER;

	uint16_t major = ww_load_16(header + 4, pcap->swapped);
	uint16_t minor = ww_load_16(header + 6, pcap->swapped);
	/* 543.0 was written by DG/UX. */
	if (!(major == 2 && minor <= 4) && !(major == 543 && minor == 0))
		return ww_fail(
			err, WW_NOWHERE, -EINVAL, "unknown version %u.%u of pcap", major, minor);
	if (major == 543 || minor < 3)
		pcap->lengths = LENGTHS_SWAPPED;
	else
		pcap->lengths = minor == 3 ? LENGTHS_MAYBE_SWAPPED : LENGTHS_IN_ORDER;

	uint32_t link = ww_load_32(header + 20, pcap->swapped);
	if (link & 0x03ff0000)
		return ww_fail(err, WW_NOWHERE, -EINVAL,
			"reserved bits of the link type are set (0x%08x)", link);
	pcap->link_type = (uint16_t)link;
	pcap->snaplen_max = ww_capture_snaplen_max(pcap->link_type);
	uint32_t snaplen =
		ww_capture_snaplen(pcap->link_type, ww_load_32(header + 16, pcap->swapped));
	/* The patched libpcap may have added a link header to what it had cut. */
	if (patched && pcap->link_type == LINKTYPE_ETHERNET)
		snaplen += 14;
	pcap->keep = snaplen < WW_FRAME_MAX ? snaplen : WW_FRAME_MAX;
	capture->at += FILE_HEADER;
	return 0;
}

/* Reads a record header; false: it claims more than any record has. */
static inline __attribute__((always_inline)) bool load(const struct ww_pcap *pcap,
	const uint8_t *header, bool swapped, bool nanoseconds, bool plain, struct ww_frame *ret)
{
	uint32_t seconds = ww_load_32(header, swapped);
	uint32_t fraction = ww_load_32(header + 4, swapped);
	uint32_t captured = ww_load_32(header + 8, swapped);
	uint32_t length = ww_load_32(header + 12, swapped);
	if (!plain && (pcap->lengths == LENGTHS_SWAPPED ||
			      (pcap->lengths == LENGTHS_MAYBE_SWAPPED && captured > length))) {
		uint32_t other = captured;
		captured = length;
		length = other;
	}
	ret->captured = captured;
	ret->length = length < captured ? captured : length;
	ret->time_us = (int64_t)seconds * 1000000 + (nanoseconds ? fraction / 1000 : fraction);
	ret->link_type = pcap->link_type;
	ret->interface = 0;
	return captured <= pcap->snaplen_max;
}

/*
 * The records that lie whole in the window. Compiled once for each kind of file, so that the
 * loop of an ordinary one has no question in it that the file header has answered. Stops at a
 * record that is not whole or that cannot be true, which step() then looks at.
 */
static inline __attribute__((always_inline)) size_t walk(struct ww_capture *capture,
	struct ww_frame frames[WW_BATCH], bool swapped, bool nanoseconds, bool plain)
{
	const struct ww_pcap *pcap = &capture->pcap;
	const size_t header = plain ? RECORD_HEADER : pcap->header;
	uint8_t *at = capture->at;
	uint8_t *const end = capture->end;
	uint64_t number = capture->n_frames;
	size_t n = 0;
	for (; n < WW_BATCH && (size_t)(end - at) >= header; n++) {
		struct ww_frame *frame = &frames[n];
		if (!load(pcap, at, swapped, nanoseconds, plain, frame) ||
			(size_t)(end - at) - header < frame->captured)
			break;
		frame->data = at + header;
		frame->number = ++number;
		at += header + frame->captured;
		if (__builtin_expect(frame->captured > pcap->keep, 0))
			frame->captured = pcap->keep;
	}
	capture->at = at;
	capture->n_frames = number;
	return n;
}

static size_t walk_any(struct ww_capture *capture, struct ww_frame frames[WW_BATCH])
{
	const struct ww_pcap *pcap = &capture->pcap;
	if (pcap->header != RECORD_HEADER || pcap->lengths != LENGTHS_IN_ORDER)
		return walk(capture, frames, pcap->swapped, pcap->nanoseconds, false);
	if (!pcap->swapped)
		return pcap->nanoseconds ? walk(capture, frames, false, true, true)
					 : walk(capture, frames, false, false, true);
	return pcap->nanoseconds ? walk(capture, frames, true, true, true)
				 : walk(capture, frames, true, false, true);
}

/* The record at `at` is not whole in the window, and no frame is lent out: gets it there. */
static enum ww_capture_state step(
	struct ww_capture *capture, struct ww_frame frames[WW_BATCH], size_t *ret_n)
{
	const struct ww_pcap *pcap = &capture->pcap;
	if (!ww_capture_need(capture, pcap->header))
		return ww_capture_ended(capture);
	struct ww_frame *frame = &frames[0];
	if (!load(pcap, capture->at, pcap->swapped, pcap->nanoseconds, false, frame))
		return ww_capture_broken(capture, "the record claims %u bytes, the most is %u",
			frame->captured, pcap->snaplen_max);
	if (frame->captured <= WW_FRAME_MAX) {
		if (!ww_capture_need(capture, pcap->header + frame->captured))
			return ww_capture_ended(capture);
		*ret_n = walk_any(capture, frames);
		return WW_CAPTURE_MORE;
	}
	/* Longer than a frame may be, on a link type that allows it: its head is handed out. */
	size_t keep = pcap->header + (size_t)pcap->keep;
	const uint8_t *record = NULL;
	if (ww_capture_need(capture, keep))
		record = ww_capture_keep(capture, keep, frame->captured - pcap->keep);
	if (!record) {
		capture->source.cut = capture->source.code == 0;
		return ww_capture_ended(capture);
	}
	frame->data = record + pcap->header;
	frame->captured = pcap->keep;
	frame->number = ++capture->n_frames;
	*ret_n = 1;
	return WW_CAPTURE_MORE;
}

enum ww_capture_state ww_pcap_read(
	struct ww_capture *capture, struct ww_frame frames[WW_BATCH], size_t *ret_n)
{
	*ret_n = walk_any(capture, frames);
	return *ret_n > 0 ? WW_CAPTURE_MORE : step(capture, frames, ret_n);
}
