// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/detect/chain.h"

#include "base/rng.h"
#include "wire/detect/detectors.h"
#include "wire/detect/estimate.h"

#include <math.h>
#include <stdlib.h>

#include "test.h"

/* Strings of an advisory are not const: these are never written to. */
static char id_blaster[] = "blaster", id_red[] = "code-red-ii", path_yaml[] = "a/advisory.yaml";
static char s_scan[] = "scan", s_exploit[] = "exploit", s_shell[] = "shell", s_fetch[] = "fetch",
	    s_spread[] = "spread", t_title[] = "Blaster", t_red[] = "Code Red II";
static uint32_t sids_dcom[] = {1000001}, sids_ida[] = {1243};

static struct ww_stage blaster_stages[] = {
	{.at = {10, 1},
		.id = s_scan,
		.title = {s_scan},
		.event = WW_STAGE_CONTACT,
		.port = {WW_PROTO_TCP, 135, 135},
		.sets = WW_HOST_TARGETED,
		.confidence = .05},
	{.at = {20, 1},
		.id = s_exploit,
		.title = {s_exploit},
		.event = WW_STAGE_RULE,
		.port = {WW_PROTO_TCP, 135, 135},
		.sids = sids_dcom,
		.n_sids = 1,
		.sets = WW_HOST_ATTACKED,
		.confidence = .6,
		.within_s = 120},
	{.at = {30, 1},
		.id = s_shell,
		.title = {s_shell},
		.event = WW_STAGE_TEXT,
		.port = {WW_PROTO_TCP, 4444, 4444},
		.sets = WW_HOST_TAKEN_OVER,
		.confidence = .97,
		.within_s = 60},
	{.at = {40, 1},
		.id = s_fetch,
		.title = {s_fetch},
		.from = WW_ROLE_VICTIM,
		.event = WW_STAGE_CONNECTION,
		.port = {WW_PROTO_UDP, 69, 69},
		.sets = WW_HOST_FETCHED,
		.confidence = .9,
		.within_s = 60},
	{.at = {50, 1},
		.id = s_spread,
		.title = {s_spread},
		.from = WW_ROLE_VICTIM,
		.event = WW_STAGE_SCAN,
		.port = {WW_PROTO_TCP, 135, 135},
		.sets = WW_HOST_SPREADING,
		.confidence = .9},
};
static struct ww_stage red_stages[] = {
	{.at = {10, 1},
		.id = s_exploit,
		.title = {s_exploit},
		.event = WW_STAGE_RULE,
		.port = {WW_PROTO_TCP, 80, 80},
		.sids = sids_ida,
		.n_sids = 1,
		.sets = WW_HOST_ATTACKED,
		.confidence = .6},
};
static const struct ww_advisory blaster = {.path = path_yaml,
	.id = id_blaster,
	.title = {t_title},
	.stages = blaster_stages,
	.n_stages = 5};
static const struct ww_advisory red = {
	.path = path_yaml, .id = id_red, .title = {t_red}, .stages = red_stages, .n_stages = 1};
/* As the advisory of Blaster has it: the request for the file is told by its text. */
static char id_fetch[] = "fetch-by-text";
static struct ww_stage fetch_stages[] = {
	{.at = {10, 1},
		.id = s_fetch,
		.title = {s_fetch},
		.from = WW_ROLE_VICTIM,
		.event = WW_STAGE_TEXT,
		.port = {WW_PROTO_UDP, 69, 69},
		.sets = WW_HOST_FETCHED,
		.confidence = .9},
	{.at = {20, 1},
		.id = s_shell,
		.title = {s_shell},
		.event = WW_STAGE_TEXT,
		.port = {WW_PROTO_TCP, 4444, 4444},
		.sets = WW_HOST_TAKEN_OVER,
		.confidence = .7},
};
static const struct ww_advisory fetch_by_text = {.path = path_yaml,
	.id = id_fetch,
	.title = {t_title},
	.stages = fetch_stages,
	.n_stages = 2};
static const struct ww_advisory *const advisories[] = {&blaster, &red, &fetch_by_text};

enum { KEPT = 20000, SHELL = 2, FETCH_TEXT = 0 };

struct world {
	struct ww_detect *detect;
	struct ww_finding *findings;
	uint64_t n_findings, n_kind[WW_FINDING_KIND_COUNT];
	int64_t now_us;
	uint64_t frame;
};

static uint64_t on_finding(void *context, struct ww_finding *finding)
{
	struct world *world = context;
	if (world->n_findings < KEPT)
		world->findings[world->n_findings] = *finding;
	world->n_kind[finding->kind]++;
	return ++world->n_findings;
}

static void world_init(struct world *world)
{
	*world = (struct world){.now_us = INT64_C(1060646400000000),
		.findings = calloc(KEPT, sizeof(struct ww_finding))};
	assert_non_null(world->findings);
	struct ww_detect_config config = {
		.advisories = advisories,
		.n_advisories = WW_N(advisories),
		.key = ww_hash_key_fixed(0),
		.sink = {world, on_finding, NULL},
	};
	assert_int_equal(ww_detect_new(&config, &world->detect, NULL), 0);
}

static void world_done(struct world *world)
{
	ww_detect_free(&world->detect);
	free(world->findings);
}

static void contact(struct world *world, uint32_t src, uint32_t dst, uint8_t proto, uint16_t port,
	uint8_t outcome)
{
	struct ww_contact contact = {.src = ww_ip_from_v4(src),
		.dst = ww_ip_from_v4(dst),
		.port = port,
		.proto = proto,
		.sent_us = world->now_us,
		.judged_us = world->now_us,
		.sent_frame = ++world->frame,
		.outcome = WW_CONTACT_SENT};
	ww_detect_contact(world->detect, &contact);
	if (outcome == WW_CONTACT_ANSWERED) {
		contact.outcome = WW_CONTACT_REACHED;
		ww_detect_contact(world->detect, &contact);
	}
	contact.outcome = outcome;
	if (!contact.quiet || outcome != WW_CONTACT_UNANSWERED)
		ww_detect_contact(world->detect, &contact);
	world->now_us += 1000;
}

static void scan(struct world *world, uint32_t src, uint32_t from, uint16_t port)
{
	for (uint32_t i = 0; i < 8; i++)
		contact(world, src, 0xc0000000 + from + i * 7, WW_PROTO_TCP, port,
			WW_CONTACT_UNANSWERED);
}

/* A hit of a rule of the advisory; stage -1: RULE by sid. `named` 0: the text names nobody. */
static struct ww_detect_hit hit_of(struct world *world, const char *advisory, uint32_t client,
	uint32_t server, uint16_t port, int stage, uint32_t sid, uint32_t named)
{
	world->now_us += 1000;
	struct ww_detect_hit hit = {.time_us = world->now_us,
		.frame = ++world->frame,
		.client = ww_ip_from_v4(client),
		.server = ww_ip_from_v4(server),
		.client_port = 1793,
		.server_port = port,
		.proto = WW_PROTO_TCP,
		.start_seen = true,
		.established = true,
		.two_way = true,
		.flow_id = (uint32_t)world->frame,
		.gid = 1,
		.sid = sid,
		.msg = "x",
		.advisory = advisory,
		.stage = stage,
		.has_address = named != 0,
		.address = ww_ip_from_v4(named)};
	hit.evidence.frame = hit.frame;
	return hit;
}

static void exploit(struct world *world, uint32_t attacker, uint32_t victim)
{
	struct ww_detect_hit hit = hit_of(world, id_blaster, attacker, victim, 135, -1, 1000001, 0);
	ww_detect_hit(world->detect, &hit);
}

static void shell(struct world *world, uint32_t attacker, uint32_t victim, uint32_t named)
{
	struct ww_detect_hit hit =
		hit_of(world, id_blaster, attacker, victim, 4444, SHELL, 0, named);
	ww_detect_hit(world->detect, &hit);
}

static void ida(struct world *world, uint32_t attacker, uint32_t victim)
{
	struct ww_detect_hit hit = hit_of(world, id_red, attacker, victim, 80, -1, 1243, 0);
	ww_detect_hit(world->detect, &hit);
}

static const struct ww_host *find(const struct world *world, uint32_t ip)
{
	struct ww_ip wanted = ww_ip_from_v4(ip);
	const struct ww_host *host;
	for (size_t i = 0; (host = ww_detect_host(world->detect, i)); i++)
		if (ww_ip_equal(&host->ip, &wanted))
			return host;
	return NULL;
}

static void finish(struct world *world)
{
	assert_int_equal(ww_detect_finish(world->detect), 0);
}

static void parent_is(const struct world *world, uint32_t child, uint32_t parent)
{
	const struct ww_host *host = find(world, child);
	struct ww_ip wanted = ww_ip_from_v4(parent);
	assert_non_null(host);
	assert_true(host->has_parent);
	assert_true(ww_ip_equal(&host->parent.ip, &wanted));
}

/* blaster.pcap: the capture begins inside the shell. */
static void a_shell_alone_proves_it(void **state)
{
	struct world world;
	world_init(&world);
	for (int again = 0; again < 2; again++) {
		struct ww_detect_hit hit = hit_of(&world, id_blaster, 1, 2, 4444, SHELL, 0, 0);
		hit.start_seen = false;
		ww_detect_hit(world.detect, &hit);
		/* The same conversation, its beginner guessed wrong. */
		struct ww_detect_hit turned = hit;
		turned.client = hit.server;
		turned.server = hit.client;
		turned.client_port = 4444;
		turned.server_port = 1793;
		ww_detect_hit(world.detect, &turned);
		world.now_us -= 5000000;
	}
	finish(&world);
	const struct ww_host *victim = find(&world, 2), *attacker = find(&world, 1);
	parent_is(&world, 2, 1);
	assert_string_equal(victim->state, "taken_over");
	assert_true(victim->infected && !victim->suspected);
	assert_true(fabs(victim->confidence - .97) < 1e-9);
	assert_true(fabs(victim->parent.p - .99) < 1e-9);
	assert_int_equal(victim->generation, 1);
	assert_int_equal(victim->n_stages, 1);
	assert_string_equal(victim->stages[0].stage, "shell");
	assert_int_equal(victim->stages[0].finding, 1);
	assert_string_equal(attacker->state, "attacking");
	assert_true(attacker->infected && !attacker->has_parent);
	assert_int_equal(attacker->generation, 0);
	assert_int_equal(world.n_findings, 1);
	assert_int_equal(world.findings[0].kind, WW_FINDING_STAGE);
	assert_string_equal(world.findings[0].msg, "shell: 0.0.0.2 by 0.0.0.1");
	assert_int_equal(world.findings[0].why_line, 30);
	const struct ww_incident *incident = ww_detect_incident(world.detect, 0);
	assert_non_null(incident);
	assert_null(ww_detect_incident(world.detect, 1));
	assert_string_equal(incident->advisory, "blaster");
	assert_int_equal(incident->infected, 2);
	assert_int_equal(incident->attempted, 0);
	assert_int_equal(incident->generations, 1);
	assert_true(incident->has_patient_zero);
	assert_true(isnan(incident->doubling_s) && isnan(incident->r_mean));
	assert_int_equal(incident->n_findings, 1);
	world_done(&world);
}

static void the_whole_chain(void **state)
{
	struct world world;
	world_init(&world);
	contact(&world, 1, 2, WW_PROTO_TCP, 135, WW_CONTACT_ANSWERED);
	exploit(&world, 1, 2);
	shell(&world, 1, 2, 1);
	contact(&world, 2, 1, WW_PROTO_UDP, 69, WW_CONTACT_UNANSWERED);
	scan(&world, 2, 0, 135);
	exploit(&world, 2, 3);
	shell(&world, 9, 2, 9); /* a re-infection */
	finish(&world);
	const struct ww_host *host = find(&world, 2);
	static const char *const stages[] = {"scan", "exploit", "shell", "fetch", "spread"};
	assert_int_equal(host->n_stages, 5);
	for (size_t i = 0; i < 5; i++)
		assert_string_equal(host->stages[i].stage, stages[i]);
	assert_string_equal(host->state, "spreading");
	assert_true(host->infected);
	parent_is(&world, 2, 1);
	assert_true(host->parent.p >= .99);
	assert_string_equal(find(&world, 3)->state, "attacked");
	assert_false(find(&world, 3)->infected);
	const struct ww_incident *incident = ww_detect_incident(world.detect, 0);
	assert_int_equal(incident->infected, 2);
	assert_int_equal(incident->attempted, 1);
	assert_int_equal(incident->scanners, 1);
	assert_null(ww_detect_incident(world.detect, 1));
	world_done(&world);
}

/* Attacks that fail: nobody is infected, the attacker least of all. */
static void attempts_are_told_apart(void **state)
{
	struct world world;
	world_init(&world);
	for (uint32_t victim = 10; victim < 15; victim++)
		exploit(&world, 1, victim);
	finish(&world);
	assert_string_equal(find(&world, 1)->state, "attacking");
	assert_false(find(&world, 1)->infected);
	const struct ww_incident *incident = ww_detect_incident(world.detect, 0);
	assert_int_equal(incident->infected, 0);
	assert_int_equal(incident->attempted, 5);
	assert_false(incident->has_patient_zero);
	assert_int_equal(world.n_kind[WW_FINDING_STAGE], 0);
	world_done(&world);
}

/* A scanner on 135 is not yet a Blaster host (JVNCA-2003-19); a TFTP read is nothing. */
static void weak_signs_alone_prove_nothing(void **state)
{
	struct world world;
	world_init(&world);
	scan(&world, 1, 0, 135);
	contact(&world, 1, 2, WW_PROTO_TCP, 135, WW_CONTACT_ANSWERED);
	contact(&world, 4, 5, WW_PROTO_UDP, 69, WW_CONTACT_UNANSWERED);
	struct ww_detect_connection tftp = {.time_us = world.now_us,
		.frame = 1,
		.client = ww_ip_from_v4(4),
		.server = ww_ip_from_v4(5),
		.client_port = 1024,
		.server_port = 69,
		.proto = WW_PROTO_UDP,
		.start_seen = true};
	ww_detect_connection(world.detect, &tftp);
	struct ww_detect_hit spoofed = hit_of(&world, id_blaster, 6, 7, 4444, SHELL, 0, 6);
	spoofed.established = false;
	ww_detect_hit(world.detect, &spoofed);
	struct ww_detect_hit other = hit_of(&world, id_blaster, 6, 7, 5555, SHELL, 0, 6);
	ww_detect_hit(world.detect, &other);
	struct ww_detect_hit users = hit_of(&world, NULL, 6, 7, 135, -1, 1000001, 0);
	ww_detect_hit(world.detect, &users);
	finish(&world);
	assert_int_equal(world.n_kind[WW_FINDING_SCAN], 1);
	assert_int_equal(world.n_findings, 1);
	assert_null(ww_detect_host(world.detect, 0));
	assert_null(ww_detect_incident(world.detect, 0));
	assert_int_equal(ww_detect_counts(world.detect).unproven, 1);
	world_done(&world);
}

/* Too late for `within_s`: the TFTP read an hour later is another matter. */
static void weak_signs_keep_their_time(void **state)
{
	struct world world;
	world_init(&world);
	exploit(&world, 1, 2);
	world.now_us += INT64_C(3600000000);
	contact(&world, 2, 1, WW_PROTO_UDP, 69, WW_CONTACT_UNANSWERED);
	exploit(&world, 1, 3);
	contact(&world, 3, 1, WW_PROTO_UDP, 69, WW_CONTACT_UNANSWERED);
	finish(&world);
	assert_string_equal(find(&world, 2)->state, "attacked");
	assert_string_equal(find(&world, 3)->state, "fetched");
	assert_true(find(&world, 3)->infected);
	world_done(&world);
}

/* Code Red II has no shell: attacked first and attacking then is what there is. */
static void order_tells_a_victim_from_a_root(void **state)
{
	struct world world;
	world_init(&world);
	ida(&world, 1, 2);
	ida(&world, 1, 9);
	ida(&world, 2, 3);
	ida(&world, 3, 1); /* the root is attacked in its turn */
	ida(&world, 1, 4);
	finish(&world);
	assert_true(find(&world, 1)->infected && !find(&world, 1)->has_parent);
	assert_string_equal(find(&world, 1)->state, "attacking");
	parent_is(&world, 2, 1);
	parent_is(&world, 3, 2);
	assert_int_equal(find(&world, 3)->generation, 2);
	assert_string_equal(find(&world, 3)->state, "spreading");
	assert_false(find(&world, 4)->infected);
	assert_true(fabs(find(&world, 2)->confidence - WW_CHAIN_SPREADING) < 1e-9);
	const struct ww_incident *incident = ww_detect_incident(world.detect, 0);
	assert_int_equal(incident->infected, 3);
	assert_int_equal(incident->attempted, 2);
	assert_int_equal(incident->generations, 2);
	world_done(&world);
}

/* Code Red II on a client's machine: honest failures, the exploit, the worm's scan; a walk of all.
 */
static void honest_failures_hide_no_infection(void **state)
{
	struct world world;
	world_init(&world);
	scan(&world, 1, 0, 80);
	ida(&world, 7, 2); /* long before: it failed */
	world.now_us += INT64_C(600000000);
	for (uint32_t i = 0; i < 2; i++) {
		contact(&world, 2, 0xd1000000 + i, WW_PROTO_TCP, 80, WW_CONTACT_UNANSWERED);
		world.now_us += 5000000;
	}
	ida(&world, 1, 2);
	scan(&world, 2, 1000, 80);
	ida(&world, 9, 2); /* a re-infection */
	ida(&world, 1, 2);
	finish(&world);
	const struct ww_host *host = find(&world, 2);
	assert_true(host->infected);
	assert_string_equal(host->state, "spreading");
	parent_is(&world, 2, 1);
	assert_true(host->parent.p > .9);
	assert_false(find(&world, 7)->infected);
	assert_false(find(&world, 9)->infected);
	world_done(&world);
}

/* Of two who attacked within a second, the one that uses the back door knows that it worked. */
static void who_comes_back_is_the_parent(void **state)
{
	struct world world;
	world_init(&world);
	exploit(&world, 1, 2);
	world.now_us += 1000000;
	exploit(&world, 3, 2);
	exploit(&world, 2, 4);
	contact(&world, 2, 1, WW_PROTO_UDP, 69, WW_CONTACT_UNANSWERED);
	finish(&world);
	parent_is(&world, 2, 1);
	assert_int_equal(find(&world, 2)->n_alternatives, 1);
	world_done(&world);
}

/* Its alarm came before anybody attacked it, its own attack after: no root by the scan alone. */
static void a_scan_alone_makes_no_root(void **state)
{
	struct world world;
	world_init(&world);
	scan(&world, 2, 0, 80);
	ida(&world, 1, 2);
	ida(&world, 2, 3);
	finish(&world);
	parent_is(&world, 2, 1);
	assert_true(find(&world, 2)->infected);
	assert_true(find(&world, 2)->parent.p <= .5);
	world_done(&world);
}

/* What one packet of anybody's making can say, for each stage: that there was an attack. */
static void one_packet_frames_nobody(void **state)
{
	static const struct {
		int stage; /* -1: the exploit */
		uint8_t proto;
		uint16_t port;
		bool answered; /* the other side is heard later */
		const char *victim;
	} rows[] = {
		{-1, WW_PROTO_TCP, 135, false, "attacked"},
		{-1, WW_PROTO_TCP, 135, true, "attacked"},
		{SHELL, WW_PROTO_TCP, 4444, false, "attacked"},
		{SHELL, WW_PROTO_TCP, 4444, true, "taken_over"},
		{FETCH_TEXT, WW_PROTO_UDP, 69, false, "attacked"},
		{FETCH_TEXT, WW_PROTO_UDP, 69, true, "fetched"},
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		struct world world;
		world_init(&world);
		bool asks = rows[i].proto == WW_PROTO_UDP;
		struct ww_detect_hit hit = hit_of(&world, asks ? id_fetch : id_blaster,
			asks ? 2 : 1, asks ? 1 : 2, rows[i].port, asks ? 0 : rows[i].stage,
			rows[i].stage < 0 ? 1000001 : 0, 0);
		hit.start_seen = hit.two_way = false;
		hit.proto = rows[i].proto;
		ww_detect_hit(world.detect, &hit);
		ww_detect_two_way(world.detect, hit.flow_id + 1); /* another's */
		if (rows[i].answered)
			ww_detect_two_way(world.detect, hit.flow_id);
		finish(&world);
		bool taken = strcmp(rows[i].victim, "attacked") != 0;
		const struct ww_host *victim = find(&world, 2);
		assert_string_equal(victim->state, rows[i].victim);
		assert_int_equal(victim->infected, taken);
		assert_int_equal(find(&world, 1)->infected, taken);
		assert_true(victim->confidence > 0);
		bool waited = rows[i].stage >= 0 && !taken;
		assert_int_equal(ww_detect_counts(world.detect).unproven, waited);
		assert_int_equal(world.n_kind[WW_FINDING_STAGE], rows[i].stage >= 0);
		assert_int_equal(
			waited, world.n_findings && strstr(world.findings[0].msg, "one direction"));
		world_done(&world);
	}
}

/* A forged attack by an attacked host does not make it spread. */
static void one_packet_spreads_nothing(void **state)
{
	struct world world;
	world_init(&world);
	ida(&world, 1, 2);
	struct ww_detect_hit hit = hit_of(&world, id_red, 2, 3, 80, -1, 1243, 0);
	hit.two_way = false;
	ww_detect_hit(world.detect, &hit);
	finish(&world);
	assert_false(find(&world, 2)->infected);
	world_done(&world);
}

/* The victim's request is one datagram, but both sides were heard in the shell. */
static void a_datagram_counts_beside_a_shell(void **state)
{
	for (int order = 0; order < 2; order++) {
		struct world world;
		world_init(&world);
		struct ww_detect_hit fetch = hit_of(&world, id_fetch, 2, 1, 69, 0, 0, 0);
		fetch.proto = WW_PROTO_UDP;
		fetch.two_way = false;
		struct ww_detect_hit open = hit_of(&world, id_fetch, 1, 2, 4444, 1, 0, 0);
		ww_detect_hit(world.detect, order ? &open : &fetch);
		ww_detect_hit(world.detect, order ? &fetch : &open);
		finish(&world);
		assert_string_equal(find(&world, 2)->state, "fetched");
		assert_int_equal(find(&world, 2)->n_stages, 2);
		assert_int_equal(ww_detect_counts(world.detect).unproven, 0);
		world_done(&world);
	}
}

/* A flood of one-sided hits: the oldest are told and counted, none is believed. */
static void one_sided_hits_are_bounded(void **state)
{
	struct world world;
	world_init(&world);
	for (uint32_t i = 0; i < 200; i++) {
		struct ww_detect_hit hit =
			hit_of(&world, id_blaster, 1, 100 + i, 4444, SHELL, 0, 0);
		hit.two_way = false;
		ww_detect_hit(world.detect, &hit);
	}
	finish(&world);
	assert_int_equal(ww_detect_counts(world.detect).unproven, 200);
	assert_int_equal(world.n_kind[WW_FINDING_STAGE], 200);
	assert_int_equal(ww_detect_incident(world.detect, 0)->infected, 0);
	assert_int_equal(ww_detect_incident(world.detect, 0)->attempted, 200);
	world_done(&world);
}

/* A page that quotes the worm, to a browser whose port happens to be the shell's. */
static void a_web_page_is_no_shell(void **state)
{
	static const struct {
		uint16_t server_port;
		bool swapped;
	} rows[] = {{80, false}, {135, false}, {1793, true}, {8080, true}};
	for (size_t i = 0; i < WW_N(rows); i++) {
		struct world world;
		world_init(&world);
		struct ww_detect_hit hit =
			hit_of(&world, id_blaster, 2, 1, rows[i].server_port, SHELL, 0, 0x01020304);
		hit.client_port = 4444;
		hit.start_seen = false;
		ww_detect_hit(world.detect, &hit);
		finish(&world);
		assert_int_equal(find(&world, 2) != NULL, rows[i].swapped);
		assert_null(find(&world, 0x01020304));
		if (rows[i].swapped)
			assert_int_equal(world.findings[0].port, 4444);
		world_done(&world);
	}
}

static void keep_last(void *context, const struct ww_finding *finding)
{
	struct ww_evidence *kept = context;
	for (size_t i = 0; i < 8; i++)
		kept[i] = i < finding->n_evidence ? finding->evidence[i] : (struct ww_evidence){0};
}

static uint64_t number_1(void *context, struct ww_finding *finding)
{
	return 1;
}

/* "start msblast.exe" and "msblast.exe\n" in one frame are one piece of evidence. */
static void evidence_of_a_frame_is_merged(void **state)
{
	static const struct {
		uint64_t frame, offset;
		const char *text;
	} hits[] = {{4, 0, "start x.exe"}, {4, 6, "x.exe!"}, {4, 12, "?"}, {4, 20, "far"},
		{5, 6, "x.exe"}, {5, 0, "start "}};
	static const char *const merged[] = {"start x.exe!?", "far", "start x.exe", ""};
	struct ww_evidence kept[8];
	struct ww_chain_config config = ww_chain_config_default();
	config.advisories = advisories;
	config.n_advisories = WW_N(advisories);
	config.sink = (struct ww_detect_sink){kept, number_1, keep_last};
	struct ww_chain *chain = NULL;
	struct world world = {0};
	assert_int_equal(ww_chain_new(&config, &chain, NULL), 0);
	for (size_t i = 0; i < WW_N(hits); i++) {
		struct ww_detect_hit hit = hit_of(&world, id_blaster, 1, 2, 4444, SHELL, 0, 0);
		hit.evidence.frame = hit.frame = hits[i].frame;
		hit.evidence.offset = hits[i].offset;
		hit.evidence.n_bytes = (uint16_t)strlen(hits[i].text);
		memcpy(hit.evidence.bytes, hits[i].text, hit.evidence.n_bytes);
		ww_chain_hit(chain, &hit);
	}
	assert_int_equal(ww_chain_finish(chain), 0);
	for (size_t i = 0; i < WW_N(merged); i++) {
		assert_int_equal(kept[i].n_bytes, strlen(merged[i]));
		assert_memory_equal(kept[i].bytes, merged[i], kept[i].n_bytes);
	}
	ww_chain_free(&chain);
}

/* The text names another than the peer: both are kept; first the named one if it exists. */
static void a_named_stranger_is_an_alternative(void **state)
{
	struct world world;
	world_init(&world);
	shell(&world, 1, 2, 77);
	shell(&world, 1, 3, 3);
	exploit(&world, 88, 5); /* seen doing something itself */
	shell(&world, 1, 4, 88);
	finish(&world);
	parent_is(&world, 2, 1);
	assert_true(find(&world, 2)->parent.p > .9);
	assert_int_equal(find(&world, 2)->n_alternatives, 1);
	assert_true(find(&world, 2)->alternatives[0].p < .1);
	assert_null(find(&world, 77)); /* but for a name in a text it is in no packet */
	parent_is(&world, 3, 1);
	parent_is(&world, 4, 88);
	assert_true(find(&world, 4)->parent.p < .9);
	world_done(&world);
}

static void imitation_without_an_advisory(void **state)
{
	struct world world;
	world_init(&world);
	scan(&world, 1, 0, 5000);
	contact(&world, 7, 2, WW_PROTO_TCP, 5000, WW_CONTACT_ANSWERED); /* a client */
	contact(&world, 1, 2, WW_PROTO_TCP, 5000, WW_CONTACT_ANSWERED);
	contact(&world, 1, 3, WW_PROTO_TCP, 5000, WW_CONTACT_ANSWERED);
	scan(&world, 2, 1000, 5000);
	scan(&world, 3, 2000, 6000); /* another port: no imitation */
	finish(&world);
	assert_int_equal(world.n_kind[WW_FINDING_SPREAD], 1);
	const struct ww_host *host = find(&world, 2);
	parent_is(&world, 2, 1);
	assert_true(host->suspected && !host->infected);
	assert_string_equal(host->state, "attacking");
	assert_string_equal(host->advisory, "");
	assert_false(find(&world, 1)->suspected);
	assert_null(find(&world, 3));
	const struct ww_incident *incident = ww_detect_incident(world.detect, 0);
	assert_string_equal(incident->advisory, "");
	assert_int_equal(incident->suspected, 1);
	assert_int_equal(incident->infected, 0);
	struct ww_ip root = ww_ip_from_v4(1);
	assert_true(incident->has_patient_zero && ww_ip_equal(&incident->patient_zero.ip, &root));
	assert_null(ww_detect_incident(world.detect, 1));
	world_done(&world);
}

/* An outbreak whose truth is known: parents by the order in which hosts fell. */
enum { HOSTS = 500 };

struct truth {
	uint32_t parent[HOSTS];
	uint32_t n_infected;
};

static uint32_t address(uint32_t host)
{
	return 0x0a000000 + host * 3 + 1;
}

static void outbreak(struct world *world, struct truth *truth, uint64_t seed, bool has_shell)
{
	struct ww_rng rng = ww_rng_seeded(seed);
	bool infected[HOSTS] = {true};
	*truth = (struct truth){.n_infected = 1};
	while (truth->n_infected < HOSTS / 2) {
		uint32_t from = (uint32_t)ww_rng_below(&rng, HOSTS);
		uint32_t to = (uint32_t)ww_rng_below(&rng, HOSTS);
		bool resists = to % 5 == 4;
		world->now_us += 300000;
		if (!infected[from] || from == to)
			continue;
		uint16_t port = has_shell ? 135 : 80;
		contact(world, address(from), 0xd0000000 + (uint32_t)world->frame, WW_PROTO_TCP,
			port, WW_CONTACT_UNANSWERED);
		contact(world, address(from), address(to), WW_PROTO_TCP, port, WW_CONTACT_ANSWERED);
		if (!has_shell) {
			ida(world, address(from), address(to));
		} else {
			exploit(world, address(from), address(to));
			if (!resists)
				shell(world, address(from), address(to), address(from));
		}
		if (infected[to] || resists)
			continue;
		infected[to] = true;
		truth->parent[to] = from + 1;
		truth->n_infected++;
		/* A fresh copy begins at once. */
		contact(world, address(to), 0xd0000000 + (uint32_t)world->frame, WW_PROTO_TCP, port,
			WW_CONTACT_UNANSWERED);
		if (!has_shell)
			ida(world, address(to), address((to + 1) % HOSTS));
	}
}

static void score(struct world *world, const struct truth *truth, double least)
{
	uint32_t right = 0, found = 0, wrong = 0;
	const struct ww_host *host;
	for (size_t i = 0; (host = ww_detect_host(world->detect, i)); i++) {
		if (!host->infected)
			continue;
		uint32_t number = (ww_ip_v4(&host->ip) - 0x0a000000 - 1) / 3;
		assert_true(number < HOSTS);
		if (number == 0) {
			assert_false(host->has_parent);
			continue;
		}
		if (truth->parent[number] == 0) {
			wrong++;
			continue;
		}
		found++;
		struct ww_ip parent = ww_ip_from_v4(address(truth->parent[number] - 1));
		right += host->has_parent && ww_ip_equal(&host->parent.ip, &parent);
	}
	print_message("infected %u of %u found, %u false, %u parents right\n", found,
		truth->n_infected - 1, wrong, right);
	assert_int_equal(wrong, 0);
	assert_int_equal(found, truth->n_infected - 1);
	assert_true(right >= least * found);
	const struct ww_incident *incident = ww_detect_incident(world->detect, 0);
	struct ww_ip root = ww_ip_from_v4(address(0));
	assert_int_equal(incident->infected, truth->n_infected);
	assert_true(ww_ip_equal(&incident->patient_zero.ip, &root));
	assert_true(incident->patient_zero.p > .9);
	assert_true(incident->doubling_s > 0);
	assert_true(incident->r_low <= incident->r_mean && incident->r_mean <= incident->r_high);
}

static void an_outbreak_with_shells(void **state)
{
	struct world world;
	struct truth truth;
	world_init(&world);
	outbreak(&world, &truth, 1, true);
	finish(&world);
	score(&world, &truth, .99);
	world_done(&world);
}

/* Hosts that resist are attacked too, and one may look infected only if it attacks: none does. */
static void an_outbreak_without_shells(void **state)
{
	struct world world;
	struct truth truth;
	world_init(&world);
	outbreak(&world, &truth, 2, false);
	finish(&world);
	score(&world, &truth, .97);
	world_done(&world);
}

static void the_same_facts_give_the_same_answer(void **state)
{
	struct world a, b;
	struct truth truth;
	world_init(&a);
	world_init(&b);
	outbreak(&a, &truth, 3, true);
	outbreak(&b, &truth, 3, true);
	finish(&a);
	finish(&b);
	const struct ww_host *host;
	struct ww_buf x = WW_BUF_INIT, y = WW_BUF_INIT;
	size_t n = 0;
	for (; (host = ww_detect_host(a.detect, n)); n++) {
		ww_buf_add(&x, &host->infected_us, sizeof host->infected_us);
		ww_buf_add(&x, &host->ip, sizeof host->ip);
		ww_buf_add(&x, &host->parent, sizeof host->parent);
		host = ww_detect_host(b.detect, n);
		ww_buf_add(&y, &host->infected_us, sizeof host->infected_us);
		ww_buf_add(&y, &host->ip, sizeof host->ip);
		ww_buf_add(&y, &host->parent, sizeof host->parent);
	}
	assert_null(ww_detect_host(b.detect, n));
	assert_true(n >= HOSTS / 2);
	assert_int_equal(x.len, y.len);
	assert_memory_equal(x.data, y.data, x.len);
	for (size_t i = 1; i < n && ww_detect_host(a.detect, i)->infected; i++)
		assert_true(ww_detect_host(a.detect, i - 1)->infected_us <=
			    ww_detect_host(a.detect, i)->infected_us);
	ww_buf_done(&x);
	ww_buf_done(&y);
	world_done(&a);
	world_done(&b);
}

/* Any order of any facts at any time, in tables that are far too small. */
static void hostile_facts_in_small_tables(void **state)
{
	for (uint64_t seed = 0; seed < 30; seed++) {
		struct ww_rng rng = ww_rng_seeded(seed);
		struct ww_chain_config config = ww_chain_config_default();
		config.advisories = advisories;
		config.n_advisories = WW_N(advisories);
		config.cases = 16;
		config.contacts = 16;
		struct ww_chain *chain = NULL;
		assert_int_equal(ww_chain_new(&config, &chain, NULL), 0);
		struct world world = {0};
		for (int i = 0; i < 3000; i++) {
			uint32_t a = (uint32_t)ww_rng_below(&rng, seed % 2 ? 8 : 60);
			uint32_t b = (uint32_t)ww_rng_below(&rng, seed % 2 ? 8 : 60);
			struct ww_detect_hit hit =
				hit_of(&world, ww_rng_below(&rng, 2) ? id_red : id_blaster, a, b,
					(uint16_t[]){80, 135, 4444, 0}[ww_rng_below(&rng, 4)],
					(int)ww_rng_below(&rng, 8) - 1,
					ww_rng_below(&rng, 2) ? 1243 : 1000001,
					(uint32_t)ww_rng_below(&rng, 8));
			hit.start_seen = ww_rng_below(&rng, 2);
			hit.two_way = ww_rng_below(&rng, 2);
			hit.flow_id = (uint32_t)ww_rng_below(&rng, 9);
			hit.time_us = (int64_t)ww_rng_below(&rng, 50) - 25;
			if (ww_rng_below(&rng, 50) == 0)
				hit.time_us = ww_rng_below(&rng, 2) ? INT64_MAX : INT64_MIN;
			struct ww_contact contact = {.src = hit.client,
				.dst = hit.server,
				.port = (uint16_t[]){69, 135}[ww_rng_below(&rng, 2)],
				.proto = ww_rng_below(&rng, 2) ? WW_PROTO_UDP : WW_PROTO_TCP,
				.outcome = (uint8_t)ww_rng_below(&rng, 4),
				.sent_us = hit.time_us};
			struct ww_finding finding = {.kind = WW_FINDING_SCAN,
				.id = 1 + (uint64_t)i,
				.src = hit.client,
				.proto = WW_PROTO_TCP,
				.port = 135,
				.time_us = hit.time_us};
			ww_chain_hit(chain, &hit);
			ww_chain_contact(chain, &contact);
			ww_chain_two_way(chain, (uint32_t)ww_rng_below(&rng, 9));
			if (ww_rng_below(&rng, 4) == 0)
				ww_chain_scan(chain, &finding);
		}
		assert_int_equal(ww_chain_finish(chain), 0);
		assert_true(ww_chain_n_hosts(chain) <= 16);
		assert_true(seed % 2 || ww_chain_counts(chain).evicted_cases > 0);
		for (size_t i = 0; i < ww_chain_n_hosts(chain); i++) {
			const struct ww_host *host = ww_chain_host(chain, i);
			assert_true(host->confidence >= 0 && host->confidence <= .99);
			assert_true(host->generation <= 16);
			assert_true(host->incident >= 1 &&
				    host->incident <= ww_chain_n_incidents(chain));
			double sum = host->has_parent ? host->parent.p : 0;
			for (size_t k = 0; k < host->n_alternatives; k++)
				sum += host->alternatives[k].p;
			assert_true(sum <= 1 + 1e-9);
		}
		ww_chain_free(&chain);
	}
}

/* What is infected stays, what was only attacked goes. */
static void the_infected_are_kept_longest(void **state)
{
	struct ww_chain_config config = ww_chain_config_default();
	config.advisories = advisories;
	config.n_advisories = WW_N(advisories);
	config.cases = 64;
	struct ww_chain *chain = NULL;
	struct world world = {0};
	assert_int_equal(ww_chain_new(&config, &chain, NULL), 0);
	for (uint32_t i = 0; i < 10; i++) {
		struct ww_detect_hit hit =
			hit_of(&world, id_blaster, 1, 100 + i, 4444, SHELL, 0, 1);
		ww_chain_hit(chain, &hit);
	}
	for (uint32_t i = 0; i < 5000; i++) {
		struct ww_detect_hit hit =
			hit_of(&world, id_blaster, 1, 1000 + i, 135, -1, 1000001, 0);
		ww_chain_hit(chain, &hit);
	}
	assert_int_equal(ww_chain_finish(chain), 0);
	assert_true(ww_chain_counts(chain).evicted_cases > 4900);
	assert_int_equal(ww_chain_incident(chain, 0)->infected, 11);
	ww_chain_free(&chain);
}

static void the_estimates_are_right(void **state)
{
	static const struct {
		uint64_t count;
		double low, high;
	} rows[] = {{0, 0, 3.6889}, {1, .0253, 5.5716}, {10, 4.7954, 18.3904},
		{100, 81.3639, 121.6265}};
	for (size_t i = 0; i < WW_N(rows); i++) {
		double low, high;
		ww_poisson_interval(rows[i].count, &low, &high);
		assert_true(fabs(low - rows[i].low) < 1e-3);
		assert_true(fabs(high - rows[i].high) < 1e-3);
	}
	static const uint64_t generations[] = {1, 3, 9, 27, 40};
	struct ww_reproduction r = ww_reproduction(generations, 5);
	assert_true(fabs(r.mean - 3) < 1e-12 && r.low < 3 && r.high > 3);
	assert_true(isnan(ww_reproduction(generations, 3).mean));
	int64_t times_us[64];
	for (int i = 0; i < 64; i++)
		times_us[i] = (int64_t)(100e6 * log2(i + 1));
	assert_true(fabs(ww_doubling_s(times_us, 64) - 100) < 1e-3);
	assert_true(isnan(ww_doubling_s(times_us, 7)));
	memset(times_us, 0, sizeof times_us);
	assert_true(isnan(ww_doubling_s(times_us, 64)));
}

static void the_template_is_a_detector(void **state)
{
	const struct ww_detector *detector = &ww_detector_template;
	struct ww_detect_config config = {0};
	struct ww_detect_connection connection = {0};
	void *own = NULL;
	assert_int_equal(detector->init(&config, &own, NULL), 0);
	detector->connection(own, &connection);
	detector->done(&own);
	assert_null(own);
	for (size_t i = 0; i < ww_detectors(); i++)
		assert_ptr_not_equal(ww_detector(i), detector);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_shell_alone_proves_it),
		cmocka_unit_test(the_whole_chain),
		cmocka_unit_test(attempts_are_told_apart),
		cmocka_unit_test(weak_signs_alone_prove_nothing),
		cmocka_unit_test(weak_signs_keep_their_time),
		cmocka_unit_test(order_tells_a_victim_from_a_root),
		cmocka_unit_test(honest_failures_hide_no_infection),
		cmocka_unit_test(who_comes_back_is_the_parent),
		cmocka_unit_test(a_scan_alone_makes_no_root),
		cmocka_unit_test(one_packet_frames_nobody),
		cmocka_unit_test(one_packet_spreads_nothing),
		cmocka_unit_test(a_datagram_counts_beside_a_shell),
		cmocka_unit_test(one_sided_hits_are_bounded),
		cmocka_unit_test(a_web_page_is_no_shell),
		cmocka_unit_test(evidence_of_a_frame_is_merged),
		cmocka_unit_test(a_named_stranger_is_an_alternative),
		cmocka_unit_test(imitation_without_an_advisory),
		cmocka_unit_test(an_outbreak_with_shells),
		cmocka_unit_test(an_outbreak_without_shells),
		cmocka_unit_test(the_same_facts_give_the_same_answer),
		cmocka_unit_test(hostile_facts_in_small_tables),
		cmocka_unit_test(the_infected_are_kept_longest),
		cmocka_unit_test(the_estimates_are_right),
		cmocka_unit_test(the_template_is_a_detector),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
