/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Writes packets as a classic pcap file (little-endian, microseconds): what `slice` hands on and
 * what `drill` makes. The file is made new, mode 0600, and an existing one is not overwritten.
 */
#include "base/err.h"

struct ww_pcap_out;

/* link_type: LINKTYPE_ value. Returns 0, -EEXIST, or another errno. End with ww_pcap_out_close. */
int ww_pcap_out_open(const char *path, uint16_t link_type, struct ww_pcap_out **ret);
/* Returns 0 or -errno of write. `captured` <= `length`. */
int ww_pcap_out_write(struct ww_pcap_out *out, int64_t time_us, const void *data, uint32_t captured,
	uint32_t length);
/* Writes out what is buffered. Returns 0 or -errno of write. */
int ww_pcap_out_flush(struct ww_pcap_out *out);
/* Flushes; returns 0 or -errno; leaves NULL. */
int ww_pcap_out_close(struct ww_pcap_out **out);
