/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Captures to measure with, made on the spot and never committed: the same arguments give the same
 * bytes. Payloads are filler and inert markers; nothing is sent. What is in a capture is told on
 * standard output, one JSON object a line: the scanners, and who infected whom.
 */
#include "finding/pcap-out.h"

#include <stdint.h>

struct mkcap_size {
	uint64_t bytes;   /* of the file, about; mixed */
	uint64_t packets; /* syn */
	uint64_t seed;
};

/* Each returns 0 or a negative errno. */
int mkcap_mixed(struct ww_pcap_out *out, const struct mkcap_size *size);
int mkcap_syn(struct ww_pcap_out *out, const struct mkcap_size *size);
