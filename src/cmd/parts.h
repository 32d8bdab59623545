/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* The captures that a run read, in their order: one, or the files of a live capture. */
#include "finding/evidence.h"

#include <stdbool.h>
#include <stddef.h>

struct ww_parts {
	char *paths[WW_EVIDENCE_FILES + 1];     /* owned */
	uint64_t before[WW_EVIDENCE_FILES + 1]; /* frames that came before the first of it */
	size_t n;
};

/* Does the input of a run, "DIR/wormwood-RUN-*.pcap", stand for such files? */
bool ww_parts_is_evidence(const char *input);
/* None where no file is left. A path may be NULL: out of memory. */
void ww_parts_find(struct ww_parts *parts, const char *input);
void ww_parts_done(struct ww_parts *parts);
