/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The small world in which a drill plays: addresses, hosts, conversations under way, and the
 * outbreak. Private to the room. What happens is drawn from one generator in the order of events,
 * with whole numbers and exact fractions only, so that a seed gives the same bytes everywhere.
 */
#include "advisory/advisory.h"
#include "drill/drill.h"
#include "drill/frame.h"
#include "drill/heap.h"
#include "drill/talk.h"
#include "finding/pcap-out.h"
#include "base/rng.h"

enum {
	WW_DRILL_BLOCKS = 16,     /* /16 networks at most */
	WW_DRILL_PER_BLOCK = 250, /* hosts for which a further block is opened */
	WW_DRILL_OUTSIDE = 64,    /* servers beyond the border */
	WW_DRILL_STAGES = 12,
	WW_DRILL_MARKS = 32,
	WW_DRILL_TALKS = 65536,    /* under way at once; beyond, a new one is dropped and counted */
	WW_DRILL_EVENTS = 1 << 20, /* waiting at once; beyond, likewise */
	WW_DRILL_SESSIONS = 1 << 22,
	WW_DRILL_TAIL_S = 45, /* the last one infected scans for so long */
};

/* No host, no case. */
#define WW_DRILL_NONE UINT32_MAX

enum {
	WW_DRILL_OPEN = 1,       /* the port that the worm attacks is open */
	WW_DRILL_VULNERABLE = 2, /* and the hole with it */
	WW_DRILL_SERVER = 4,     /* offers the everyday services */
	WW_DRILL_OUTER = 8,      /* lives beyond the border */
};

struct ww_drill_host {
	uint32_t ip;
	uint32_t of_case; /* index of its case, WW_DRILL_NONE while it has none */
	uint16_t next_port, ip_id;
	uint8_t flags;
};

/* A host in the outbreak. */
struct ww_drill_case {
	uint32_t host;
	uint32_t parent; /* case, WW_DRILL_NONE for patient zero */
	uint32_t generation;
	bool infected;
	int64_t contact_us, infected_us, scan_us;
	int64_t stage_us[WW_DRILL_STAGES]; /* 0: never */
	uint32_t start_ip, next_ip;
	uint32_t burst; /* of a sequential worm: attempts made of the threads under way */
	uint64_t scanned;
};

enum ww_drill_outcome {
	WW_DRILL_TAKEN_OVER,
	WW_DRILL_FAILED,
	WW_DRILL_DECOY,
};

struct ww_drill_session {
	int64_t time_us;
	uint32_t attacker, victim; /* hosts */
	uint16_t client_port, server_port;
	uint8_t proto;
	uint8_t outcome;
};

/* A span of bytes that a rule looks for. */
struct ww_drill_mark {
	uint8_t bytes[32];
	size_t len;
};

enum ww_drill_event_kind {
	WW_DRILL_PACKET,     /* id: talk */
	WW_DRILL_SCAN,       /* id: case */
	WW_DRILL_AGAIN,      /* id: case; detail: port and address of a SYN to repeat */
	WW_DRILL_BACKGROUND, /* the next ordinary connection */
	WW_DRILL_DEAD,       /* the client of a dead server tries again */
	WW_DRILL_MONITOR,    /* the monitor's round */
	WW_DRILL_BROWSER,    /* somebody opens many connections at once */
};

struct ww_drill_world {
	const struct ww_advisory *advisory;
	struct ww_drill_plan plan;
	struct ww_rng rng;
	struct ww_pcap_out *out;
	int error; /* the first errno; nothing happens after it */

	int n_blocks;
	uint32_t blocks[WW_DRILL_BLOCKS];  /* the first address of each */
	uint16_t *lookup[WW_DRILL_BLOCKS]; /* 65,536 host indexes each; 0: nobody */
	struct ww_drill_host *hosts;       /* 0 is patient zero */
	uint32_t n_hosts, n_inside;        /* inside: hosts[1..n_inside] */
	uint32_t *servers;
	uint32_t n_servers;
	uint32_t monitor, dead_client, dead_ip;
	uint32_t polled[40];
	uint32_t n_polled;

	struct ww_ports port; /* that the worm attacks; one port */
	struct ww_drill_mark marks[WW_DRILL_MARKS];
	size_t n_marks;

	struct ww_drill_heap heap;
	struct ww_talk **talks;
	uint32_t *free_talks;
	uint32_t n_talks, n_free_talks;

	struct ww_drill_case *cases;
	uint32_t n_cases, n_infected;
	struct ww_drill_session *sessions;
	size_t n_sessions, cap_sessions;
	int64_t now_us, stop_us; /* nothing new begins from stop_us on */
	bool is_over;            /* as many are infected as planned: every further attack fails */

	uint64_t packets, bytes, dropped;
	int64_t last_us;
};

/* world.c */
int ww_drill_world_init(struct ww_drill_world *world, const struct ww_advisory *advisory,
	const struct ww_drill_plan *plan, struct ww_err *err);
void ww_drill_world_done(struct ww_drill_world *world);
/* The host that lives at an address, or WW_DRILL_NONE. */
uint32_t ww_drill_host_at(const struct ww_drill_world *world, uint32_t ip);
/* The next client port of a host: ascending, as hosts of that time gave them. */
uint16_t ww_drill_port(struct ww_drill_world *world, uint32_t host);
/* Uniform in [low, high] microseconds. */
int64_t ww_drill_span(struct ww_drill_world *world, int64_t low_us, int64_t high_us);
bool ww_drill_chance(struct ww_drill_world *world, uint32_t in_1000);
/* A server other than `host`. */
uint32_t ww_drill_server(struct ww_drill_world *world, uint32_t host);

/* play.c */
/* Puts an event; one that does not fit is dropped and counted. */
bool ww_drill_put(
	struct ww_drill_world *world, int64_t at_us, uint32_t kind, uint32_t id, uint64_t detail);
/* A talk from `client` to the address `ip` (of `server`, or of nobody: WW_DRILL_NONE). */
struct ww_talk *ww_drill_talk(struct ww_drill_world *world, uint32_t client, uint32_t server,
	uint32_t ip, uint8_t proto, uint16_t server_port, int64_t start_us);
/* Takes a composed talk and plays it. False, and counted, when it had to be dropped. */
bool ww_drill_play(struct ww_drill_world *world, struct ww_talk *talk);
/* Writes one packet of `talk` now. */
void ww_drill_write(struct ww_drill_world *world, const struct ww_talk *talk, size_t which);
void ww_drill_note(struct ww_drill_world *world, int64_t time_us, const struct ww_talk *talk,
	enum ww_drill_outcome outcome);
/* Runs the whole drill. */
int ww_drill_run(struct ww_drill_world *world);

/* attack.c */
/* The worm on `of_case` tries an address now. */
void ww_drill_attack(struct ww_drill_world *world, uint32_t of_case, uint32_t ip);
void ww_drill_decoy(struct ww_drill_world *world, uint32_t client);
void ww_drill_repeat_syn(struct ww_drill_world *world, const struct ww_drill_event *event);
/* A new case for a host, or its case. WW_DRILL_NONE when memory is short. */
uint32_t ww_drill_case_of(struct ww_drill_world *world, uint32_t host);
void ww_drill_infect(struct ww_drill_world *world, uint32_t of_case, uint32_t parent,
	int64_t infected_us, int64_t scan_us);

/* scan.c */
void ww_drill_scan(struct ww_drill_world *world, uint32_t of_case);
const char *ww_drill_strategy(const struct ww_advisory *advisory);

/* background.c */
void ww_drill_background_begin(struct ww_drill_world *world);
void ww_drill_background(struct ww_drill_world *world, const struct ww_drill_event *event);

/* truth.c */
void ww_drill_truth(struct ww_buf *out, const struct ww_drill_world *world);
void ww_drill_readme(struct ww_buf *out, const struct ww_drill_world *world);
