// SPDX-License-Identifier: GPL-3.0-or-later
/* SYNs of 200 scanners, half of them sequential, half uniform, as frames of 60 bytes. */
#include "mkcap.h"

#include "base/rng.h"
#include "drill/frame.h"

#include <stdio.h>

enum {
	SCANNERS = 200,
	SYNS_PER_S = 10000,   /* all together: 50 a second each */
	START_S = 1060646400, /* 2003-08-12T00:00:00Z */
};

struct scanner {
	uint32_t ip, next;
	uint16_t port, sport, ip_id;
	int is_sequential;
};

static void make_scanners(struct scanner *scanners, struct ww_rng *rng)
{
	static const uint16_t ports[] = {135, 445, 80, 139, 1433, 22, 23, 3389};
	for (int i = 0; i < SCANNERS; i++) {
		/* One draw a statement: the order inside an expression is the compiler's. */
		scanners[i].ip =
			10u << 24 | (uint32_t)(i / 100) << 16 | (uint32_t)(i % 100 + 1) << 8 | 7;
		scanners[i].next = (uint32_t)ww_rng_u64(rng) & 0x00ffff00;
		scanners[i].port = ports[ww_rng_below(rng, WW_N(ports))];
		scanners[i].sport = (uint16_t)(1025 + ww_rng_below(rng, 3000));
		scanners[i].ip_id = (uint16_t)ww_rng_u64(rng);
		scanners[i].is_sequential = i % 2;
		scanners[i].next |= 172u << 24;
		printf("{\"type\":\"scanner\",\"ip\":\"10.%d.%d.7\",\"port\":%d,\"strategy\":\"%"
		       "s\"}\n",
			i / 100, i % 100 + 1, scanners[i].port, i % 2 ? "sequential" : "uniform");
	}
}

int mkcap_syn(struct ww_pcap_out *out, const struct mkcap_size *size)
{
	struct ww_rng rng = ww_rng_seeded(size->seed);
	struct scanner scanners[SCANNERS];
	uint8_t frame[WW_FRAME_MAX];
	make_scanners(scanners, &rng);
	for (uint64_t i = 0; i < size->packets; i++) {
		uint64_t drawn = ww_rng_u64(&rng);
		struct scanner *scanner = &scanners[(drawn >> 32) % SCANNERS];
		/* Uniform over what is nobody's own: 11.0.0.0 to 200.255.255.255. */
		uint32_t any =
			(uint32_t)(11 + (drawn & 0xff) % 190) << 24 | (drawn >> 8 & 0xffffff);
		if (++scanner->sport < 1025)
			scanner->sport = 1025;
		if (++scanner->ip_id == 0)
			scanner->ip_id = 1;
		struct ww_frame_ends ends = {
			.src = scanner->ip,
			.dst = scanner->is_sequential ? scanner->next++ : any,
			.sport = scanner->sport,
			.dport = scanner->port,
			.ip_id = scanner->ip_id,
			.ttl = 1,
		};
		struct ww_frame_segment segment = {.seq = (uint32_t)(drawn >> 16),
			.flags = WW_FRAME_SYN,
			.window = 16384,
			.is_bare = true};
		size_t len = ww_frame_encode_tcp(frame, &ends, &segment, NULL, 0);
		int64_t time_us =
			START_S * INT64_C(1000000) + (int64_t)(i * (1000000 / SYNS_PER_S));
		int rc = ww_pcap_out_write(out, time_us, frame, (uint32_t)len, (uint32_t)len);
		if (rc < 0)
			return rc;
	}
	return 0;
}
