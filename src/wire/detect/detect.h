/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Detectors: facts in, findings out.
 *
 * A detector gets contacts, connections and rule hits, never packets; it speaks through the sink.
 * Detectors are listed in detectors.def; template.c shows one. One thread at a time.
 */
#include "advisory/advisory.h"
#include "finding/finding.h"
#include "wire/flow/flow.h"

/* A rule hit, freed of packets and rules: what a detector may know. */
struct ww_detect_hit {
	int64_t time_us;
	uint64_t frame;
	struct ww_ip client, server; /* of the flow; of a lone packet: source and destination */
	uint16_t client_port, server_port;
	uint8_t proto;
	enum ww_dir dir;  /* of the bytes that matched */
	bool start_seen;  /* false: who began was guessed */
	bool established; /* two-way */
	uint32_t gid, sid;
	const char *msg;
	const char *advisory; /* ID, or NULL: a rule of the user's */
	int stage;            /* index in the advisory's stages of a TEXT rule, or -1 */
	bool has_address;     /* the text named one: {attacker} */
	struct ww_ip address;
	struct ww_evidence evidence; /* the bytes */
	uint32_t flow_id;
	uint64_t finding; /* id of the finding this hit became, 0: none */
	char flow[WW_COMMUNITY_ID_MAX];
};

/* A connection was made (or first seen in the middle). */
struct ww_detect_connection {
	int64_t time_us;
	uint64_t frame;
	struct ww_ip client, server;
	uint16_t client_port, server_port;
	uint8_t proto;
	bool start_seen;
	uint32_t flow_id;
};

/* Where findings go. The sink gives the id and returns it; it copies what it keeps. */
struct ww_detect_sink {
	void *context;
	uint64_t (*finding)(void *context, struct ww_finding *finding);
	/* A finding that grew after it was given (a scan goes on): same id, new counts. */
	void (*update)(void *context, const struct ww_finding *finding);
};
