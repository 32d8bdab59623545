/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Frames that wait, in their order, until it is known whether they belong to what is cut out: of a
 * tunnel whose packets are fragments, the addresses inside are known when the datagram is whole,
 * and by then its first frames are past. Frames that belong wait behind them, so that the order
 * stays.
 *
 * Bounded: WW_HELD_FRAMES and WW_HELD_BYTES; beyond either, and after WW_HELD_US on the packet
 * clock (longer than fragments are waited for, wire/flow), the oldest that is undecided is left
 * out, and counted where a limit was the cause. Each call costs a walk through what is held.
 *
 * What an adversary controls: fragments that never become whole make frames wait for a minute, and
 * may push out those of others. One thread at a time.
 */
#include "wire/packet/packet.h"

enum {
	WW_HELD_FRAMES = 4096,
	WW_HELD_BYTES = 16 << 20,
	WW_HELD_US = 61 * 1000000,
};

/* The datagram of a fragment: what RFC 791 and RFC 8200 tell fragments by. */
struct ww_held_group {
	struct ww_ip src, dst;
	uint32_t ip_id;
	uint8_t ip_version, proto; /* proto: 0 for IPv6 */
};

struct ww_held_frame;

/* Zeroed at the beginning. */
struct ww_held {
	struct ww_held_frame *first, *last; /* owned */
	size_t n_frames;
	uint64_t bytes;
	uint64_t lost; /* frames that a limit left out before it was known whether they belong */
};

struct ww_held_group ww_held_group(const struct ww_packet *fragment);
/* Takes a copy of the frame to the end; decided, or of a group. Returns 0 or -ENOMEM. */
int ww_held_add(struct ww_held *held, const struct ww_frame *frame, bool decided,
	const struct ww_held_group *group);
/* The frames of `from` wait for `to` from now on: a whole that is itself a fragment. */
void ww_held_move(
	struct ww_held *held, const struct ww_held_group *from, const struct ww_held_group *to);
/* The frames of the group belong, or are forgotten. */
void ww_held_decide(struct ww_held *held, const struct ww_held_group *group, bool belongs);
/*
 * Gives what is decided and waits for nothing before it, oldest first, until *ret is filled: true
 * then, and the frame is valid until the next call. `now_us`: INT64_MAX at the end.
 */
bool ww_held_next(struct ww_held *held, int64_t now_us, struct ww_frame *ret);
void ww_held_done(struct ww_held *held);
