/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* The table of flows that are parsed, and the blocks; proto.c and kept.c. */
#include "wire/proto/parser.h"

enum {
	WW_APP_FLOWS = 16384,
	WW_APP_BYTES = 16 << 20,
	WW_APP_BYTES_MIN = 256 << 10,
	WW_BLOCK_MIN = 256,
	WW_BLOCK_CLASSES = 11, /* 256 bytes to 256 KiB */
	WW_SEEK_TRIES = 16,    /* segments at which a flow without a start may begin its protocol */
};
#define WW_NO_SLOT UINT32_MAX

/* A flow that is parsed or sought. */
struct ww_slot {
	uint32_t serial;       /* 0: free */
	uint32_t older, newer; /* by last use; `newer` is the next free one of a free slot */
	uint8_t app;
	uint8_t prefix_len[2], tries;
	bool began[2], not_here[2], ended[2];
	uint32_t half[2]; /* bits of enum ww_app: those that a direction fits by half */
	uint32_t never;   /* those that the server greets otherwise in */
	uint64_t next[2];      /* stream position awaited */
	uint64_t prefix_at[2]; /* of the prefix */
	uint8_t prefix[2][WW_APP_PREFIX];
	_Alignas(16) uint8_t state[WW_PARSER_STATE_MAX];
};

struct ww_block;

struct ww_protos {
	struct ww_app_sink sink;
	struct ww_app_counts counts;
	struct ww_slot *slots;
	uint32_t n_slots, fresh_slots; /* those from fresh_slots on were never used */
	uint32_t free_slot, oldest, newest, serial;
	struct ww_block *waiting[WW_BLOCK_CLASSES];
	size_t bytes, bytes_max;
	bool gave_up; /* the parser at work */
	struct ww_message message;
	_Alignas(16) uint8_t state[WW_PARSER_STATE_MAX]; /* of a datagram */
};

/* Gives up the flow that was fed least recently, not the newest. False when there is none. */
bool ww_protos_evict(struct ww_protos *protos);
void ww_blocks_done(struct ww_protos *protos);
