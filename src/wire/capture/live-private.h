/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* What the parts of the live source share. */
#include "wire/capture/live.h"

#include <linux/filter.h>
#include <linux/if_packet.h>

enum {
	/* Kept free in front of every frame: a cooked header and a VLAN tag go there. */
	WW_LIVE_RESERVE = 32,
	WW_LIVE_LINK_ETHERNET = 1,
	WW_LIVE_LINK_RAW = 101,
	WW_LIVE_LINK_COOKED = 113,
};

struct ww_live {
	int fd;
	int index;         /* of the interface; 0: any */
	uint16_t hardware; /* ARPHRD_ value */
	uint16_t link_type;
	uint32_t snaplen;
	bool up;
	char name[WW_LIVE_NAME_MAX];

	uint8_t *ring; /* mapped */
	uint32_t n_blocks;
	uint32_t block; /* the next to be read, or the one being read */
	uint32_t left;  /* frames of it that were not handed out */
	uint8_t *next;  /* the header of the next of them */
	bool holds;     /* a block is ours and must be given back */
	enum ww_capture_state state;
	struct ww_live_counts counts;
	char note[160];
};

/* Compiles for frames as the kernel's filter sees them. See ww_live_start. */
int ww_live_filter(const struct ww_live *live, const char *expression, struct sock_fprog *ret,
	struct ww_err *err);
/*
 * The column (1-based) of the word of `expression` behind which no continuation is valid. `valid`
 * says whether a whole expression is; pure, for tests.
 */
uint32_t ww_live_filter_column(const char *expression,
	bool (*valid)(void *context, const char *expression), void *context);
/* One frame out of its header in the ring; false: one that is left out. Writes in front of it. */
bool ww_live_frame(struct ww_live *live, struct tpacket3_hdr *header, struct ww_frame *ret);
