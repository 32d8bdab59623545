/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Frames out of a capture file: pcap (draft-ietf-opsawg-pcap; both byte orders, micro- and
 * nanoseconds) and pcapng (draft-ietf-opsawg-pcapng; several interfaces and sections, enhanced,
 * simple and obsolete packet blocks), plain, gzip or zstd, from a file or from standard input.
 *
 * Our own reader, because hostile files are what we exist for and because it is three times as
 * fast as libpcap's: large read()s into one reused buffer, frames handed out in place, in batches.
 *
 * Everything in the file is under an adversary's control. A record that cannot be true (longer
 * than WW_FRAME_MAX, or than its block) ends the capture as `broken`; a file that ends inside a
 * record is `cut`. Frames before that are good. Limits are those of libpcap 1.10, so that tcpdump
 * and we agree on how many frames a file has. Memory: a buffer of 640 KiB, of which 256 KiB are
 * touched unless a record is long; 24 bytes an interface, at most WW_CAPTURE_INTERFACES of them;
 * and what a decompressor takes (gzip 0.1 MiB; zstd its window, refused above 128 MiB).
 */
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	WW_FRAME_MAX = 262144 + 65536, /* the longest frame handed out; D-Bus, USB and EBHSCR records
	                                  may be longer in the file and are cut to it */
	WW_CAPTURE_INTERFACES = 1024,
	WW_BATCH = 32, /* frames a batch: deep enough to hide a cache miss behind a prefetch */
};

/* One captured frame. `data` is borrowed until the next ww_capture_read. */
struct ww_frame {
	const uint8_t *data;
	uint32_t captured;  /* bytes at data */
	uint32_t length;    /* bytes on the wire; >= captured, else the record was malformed and this
	                       is set to captured */
	int64_t time_us;    /* since 1970 UTC; nanoseconds are cut; within years 1 to 9999 */
	uint64_t number;    /* 1-based in the file, counting every frame: as tcpdump and Wireshark do */
	uint16_t link_type; /* LINKTYPE_ value, see packet/link.def */
	uint16_t interface; /* pcapng interface, 0-based over the file; 0 in pcap */
};

enum ww_capture_state {
	WW_CAPTURE_MORE,   /* frames were read */
	WW_CAPTURE_END,    /* the end, cleanly */
	WW_CAPTURE_CUT,    /* the file ends inside a record */
	WW_CAPTURE_BROKEN, /* a record contradicts itself: nothing behind it can be found */
	WW_CAPTURE_FAILED, /* read() or the decompressor failed; see ww_capture_note */
};

struct ww_capture;

/*
 * Opens `path` ("-" is standard input) and reads its header.
 * Returns 0; -ENOENT, -EACCES and other errnos of open and read; -EINVAL with *err naming what
 * the file is not (no capture, an unknown version, zstd without support for it).
 * End with ww_capture_close.
 */
int ww_capture_open(const char *path, struct ww_capture **ret, struct ww_err *err);
/* The same over bytes in memory (tests, fuzzers), borrowed until close. */
int ww_capture_open_memory(
	const void *bytes, size_t len, struct ww_capture **ret, struct ww_err *err);
/* Accepts a pointer to NULL; leaves NULL. */
void ww_capture_close(struct ww_capture **capture);

/*
 * Reads up to WW_BATCH frames into frames[0..*ret_n). *ret_n may be > 0 only with WW_CAPTURE_MORE;
 * every other state is final and is returned again by further calls.
 */
enum ww_capture_state ww_capture_read(
	struct ww_capture *capture, struct ww_frame frames[WW_BATCH], size_t *ret_n);

/* One sentence on how the reading ended, "" where there is nothing to say. Borrowed. */
const char *ww_capture_note(const struct ww_capture *capture);
/* "pcap", "pcapng", with ", gzip" or ", zstd". Borrowed. */
const char *ww_capture_format(const struct ww_capture *capture);
/* Bytes read so far from the file as it is on disk (for progress), and its size (0: unknown). */
uint64_t ww_capture_position(const struct ww_capture *capture, uint64_t *ret_size);
