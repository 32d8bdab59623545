/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Frames from a network interface: packet(7), a memory-mapped ring of version 3 (TPACKET_V3,
 * Documentation/networking/packet_mmap.rst). The kernel fills blocks, we hand the frames out in
 * place and give a block back when its last frame was used; no system call a packet.
 *
 *   open (needs CAP_NET_RAW)  ->  give up privileges  ->  start (the filter)  ->  read, wait ...
 *
 * From open to start a filter refuses everything, so that the expression of a user is compiled
 * without privileges and no packet is taken before. One object is one ring; several rings of one
 * interface share its traffic through fanout, by pairs of addresses: both directions of all that
 * two hosts say reach the same ring.
 *
 * Who sends packets to the interface controls the frames and their rate. When we are slower than
 * the wire, the kernel drops and counts (ww_live_counts): nothing is lost silently.
 *
 * Memory: the ring (64 MiB unless the kernel has less), pinned. One thread at a time an object.
 */
#include "wire/capture/capture.h"

enum {
	WW_LIVE_RING_BYTES = 64 << 20,
	WW_LIVE_BLOCK_BYTES = 1 << 20, /* holds a frame of 64 KiB many times over */
	WW_LIVE_SNAPLEN_LEAST = 64,
	WW_LIVE_NAME_MAX = 16, /* IFNAMSIZ: the name and its NUL */
	/*
	 * Packet sockets have numbers from here on, so that a sandbox can forbid writing to them:
	 * what is written to one is sent.
	 */
	WW_LIVE_DESCRIPTORS = 512,
};

struct ww_live_wish {
	const char *interface; /* "eth0"; "any": all of them, without their link headers */
	uint32_t snaplen; /* bytes of a frame that are kept, from WW_LIVE_SNAPLEN_LEAST; 0: all */
	uint64_t ring_bytes; /* a multiple of the block is taken, at least one; 0: the default */
	bool promiscuous;    /* frames for other stations too; not with "any" */
	uint16_t fanout;     /* rings of one non-zero number share the traffic; 0: alone */
};

struct ww_live_counts {
	uint64_t received; /* frames that the kernel put into the ring */
	uint64_t dropped;  /* frames that it had no room for */
	uint64_t read;     /* frames that were handed out */
	uint64_t downs;    /* times the interface was taken down */
};

struct ww_live;

/*
 * Opens and maps the ring. Nothing is captured yet. Returns 0, or with *err in words: -EPERM
 * (no CAP_NET_RAW), -ENODEV (no such interface), -EINVAL (the wish), -ENOMEM, other errnos of
 * socket, bind, mmap. End with ww_live_close.
 */
int ww_live_open(const struct ww_live_wish *wish, struct ww_live **ret, struct ww_err *err);
/* Accepts a pointer to NULL; leaves NULL. */
void ww_live_close(struct ww_live **live);

/*
 * Loads the compiler of filters, for which files must be opened: before privileges are given up,
 * where ww_live_start will have an expression. Returns 0, or -EOPNOTSUPP with *err without libpcap.
 */
int ww_live_load_filter(struct ww_err *err);

/*
 * Begins: from now on frames that pass the filter arrive. `expression` is one of pcap-filter(7), or
 * NULL for all. Needs no privileges, and opens no file when the compiler was loaded. Returns 0;
 * -EINVAL with *err, whose at.col is the byte of the expression (1-based) where it stops making
 * sense; -EOPNOTSUPP with *err in a build without libpcap; other errnos of setsockopt. Host names
 * are not looked up: they are an error.
 */
int ww_live_start(struct ww_live *live, const char *expression, struct ww_err *err);

/* Ends: no more frames arrive; those in the ring can still be read, the last within 20 ms. */
void ww_live_stop(struct ww_live *live);

/*
 * Up to WW_BATCH frames into frames[0..*ret_n), borrowed until the next read. WW_CAPTURE_MORE with
 * 0 frames: none at the moment (wait). WW_CAPTURE_FAILED: the interface is gone for good; see
 * ww_live_note. Numbers count from 1; link_type is Ethernet (1), raw IP (101) or Linux cooked
 * (113). A VLAN tag that the card took off stands in the frame again.
 */
enum ww_capture_state ww_live_read(
	struct ww_live *live, struct ww_frame frames[WW_BATCH], size_t *ret_n);
/*
 * Waits until one of n rings has frames or trouble, at most timeout_ms. A signal ends it early.
 * Returns 0 or a negative errno of poll.
 */
int ww_live_wait(struct ww_live *const *lives, size_t n, int timeout_ms);

/* Asks the kernel: one system call. */
void ww_live_counts(struct ww_live *live, struct ww_live_counts *ret);

const char *ww_live_name(const struct ww_live *live);
uint16_t ww_live_link_type(const struct ww_live *live);
uint64_t ww_live_ring_bytes(const struct ww_live *live);
/* True when the interface is up, as far as the kernel last said. */
bool ww_live_is_up(const struct ww_live *live);
/* One sentence on trouble, "" where there was none. Borrowed. */
const char *ww_live_note(const struct ww_live *live);
