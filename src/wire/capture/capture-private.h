/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What the two formats share: the window of bytes over a source, and how a reading ends.
 *
 *   buffer  [ headroom 384 KiB | region 256 KiB ]
 *                       ^at ......... ^end
 *
 * Each read() fills the region from its page-aligned start (measured: 256 KiB is the best size,
 * 64 KiB and 1 MiB cost a tenth more); the partial record that was left at the end is moved in
 * front of it first. A page that is never used is never touched, so a capture of ordinary frames
 * takes the region and little more.
 */
#include "wire/capture/capture.h"
#include "wire/capture/source-private.h"

#include <string.h>

enum {
	WW_CAPTURE_REGION = 256 * 1024,
	WW_CAPTURE_HEADROOM = WW_FRAME_MAX + 65536, /* the most that ww_capture_need can give */
	WW_SNAPLEN_MAX = 262144,                    /* libpcap's limit for most link types */
};

struct ww_pcap {
	bool swapped, nanoseconds;
	uint8_t header;  /* bytes of a record header */
	uint8_t lengths; /* enum lengths of pcap.c */
	uint16_t link_type;
	uint32_t keep;        /* frames are cut to this */
	uint32_t snaplen_max; /* a record that claims more is broken */
};

/* 24 bytes; a file has at most WW_CAPTURE_INTERFACES. */
struct ww_pcapng_interface {
	int64_t offset_s; /* if_tsoffset */
	uint64_t per_s;   /* ticks a second; 0: 2^shift */
	uint32_t snaplen; /* as libpcap adjusts it */
	uint16_t link_type;
	uint8_t shift;
};

struct ww_pcapng {
	bool swapped;
	bool began; /* behind the first section's header */
	struct ww_pcapng_interface *interfaces; /* owned */
	uint32_t n_interfaces, cap_interfaces;
	uint32_t first; /* of the current section */
	uint32_t block_max;
};

struct ww_capture {
	struct ww_source source;
	uint8_t *buffer; /* owned; page-aligned */
	uint8_t *at, *end;
	uint64_t n_frames;
	enum ww_capture_state state;
	bool is_pcapng;
	struct ww_pcap pcap;
	struct ww_pcapng pcapng;
	char note[160];
	char format[24];
};

static inline size_t ww_capture_have(const struct ww_capture *capture)
{
	return (size_t)(capture->end - capture->at);
}

/*
 * Makes at least n <= WW_CAPTURE_HEADROOM bytes available at `at`; moves what is there, so no
 * frame may be lent out. False: the source has fewer.
 */
bool ww_capture_need(struct ww_capture *capture, size_t n);
/*
 * Takes `keep` bytes (which must be available) off the window to a place where they stay until
 * the next ww_capture_need, and throws `drop` bytes after them away. NULL: the source ended
 * before that. For records that no frame of ours may hold whole.
 */
const uint8_t *ww_capture_keep(struct ww_capture *capture, size_t keep, uint64_t drop);
/* The source ended: sets the final state from how, and from what is left in the window. */
enum ww_capture_state ww_capture_ended(struct ww_capture *capture);
/* A record contradicts itself: sets the final state and the note "frame N …". */
enum ww_capture_state ww_capture_broken(struct ww_capture *capture, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The longest record that libpcap 1.10 believes for a link type. */
uint32_t ww_capture_snaplen_max(uint16_t link_type);
/* A snap length as libpcap adjusts it: 0 and what is above INT32_MAX are 'no limit'. */
uint32_t ww_capture_snaplen(uint16_t link_type, uint32_t snaplen);

/* As ww_capture_open_memory, with at most `chunk` bytes a read. */
int ww_capture_open_chunks(
	const void *bytes, size_t len, size_t chunk, struct ww_capture **ret, struct ww_err *err);

/* Reads the file header behind the magic, which is still in the window. 0, or -EINVAL and *err. */
int ww_pcap_begin(struct ww_capture *capture, struct ww_err *err);
int ww_pcapng_begin(struct ww_capture *capture, struct ww_err *err);
/* Frames of what is in the window; *ret_n of 0 with WW_CAPTURE_MORE cannot happen. */
enum ww_capture_state ww_pcap_read(
	struct ww_capture *capture, struct ww_frame frames[WW_BATCH], size_t *ret_n);
enum ww_capture_state ww_pcapng_read(
	struct ww_capture *capture, struct ww_frame frames[WW_BATCH], size_t *ret_n);

static inline uint16_t ww_load_16(const uint8_t *from, bool swapped)
{
	uint16_t value;
	memcpy(&value, from, sizeof(value));
	return swapped ? __builtin_bswap16(value) : value;
}

static inline uint32_t ww_load_32(const uint8_t *from, bool swapped)
{
	uint32_t value;
	memcpy(&value, from, sizeof(value));
	return swapped ? __builtin_bswap32(value) : value;
}
