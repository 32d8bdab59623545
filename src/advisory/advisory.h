/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * An advisory: everything that is known of one outbreak, as a CERT wrote it in YAML.
 *
 * Made by ww_advisory_load (load.h) from one table of fields (fields.def), never changed after.
 * Every fact keeps its place in the file (`at`), so that a finding can quote the line that asked
 * for it. All strings are owned by the advisory, UTF-8, without control characters; a missing
 * optional string is NULL. Lists are arrays with a count, in the order of the file.
 */
#include "base/err.h"
#include "value/ip.h"
#include "value/port.h"

/* A text in the two languages of the project. `en` is never NULL where the text is given. */
struct ww_text {
	char *en, *ja; /* ja may be NULL: then en stands for it */
	struct ww_at at;
};

/* The stages of one host in one outbreak, in order; each implies the ones before. */
enum ww_host_state {
	WW_HOST_NONE,
	WW_HOST_ATTACKING,  /* it attacks others; nothing is known of its own infection */
	WW_HOST_TARGETED,   /* somebody tried to reach the hole */
	WW_HOST_ATTACKED,   /* the exploit arrived */
	WW_HOST_TAKEN_OVER, /* a shell, or what else proves success: infected from here on */
	WW_HOST_FETCHED,    /* it fetched the worm */
	WW_HOST_SPREADING,  /* it now attacks others */
	WW_HOST_STATE_COUNT,
};

enum ww_role {
	WW_ROLE_ATTACKER,
	WW_ROLE_VICTIM,
};

/* What has to be seen on the wire for a stage. */
enum ww_stage_event {
	WW_STAGE_CONTACT,    /* a first contact to `port`, answered or not */
	WW_STAGE_CONNECTION, /* a connection to `port` was made (or seen in the middle) */
	WW_STAGE_RULE,       /* one of `sids` alerted */
	WW_STAGE_TEXT,       /* one of `texts` was in a payload to or from `port` */
	WW_STAGE_SCAN,       /* it is found to scan `port` */
	WW_STAGE_EVENT_COUNT,
};

/* One line of the conversation that a drill plays for a stage. */
struct ww_dialog {
	struct ww_at at;
	enum ww_role from;
	char *send; /* Snort content notation, with {attacker} and {victim} for their addresses */
};

/* One step of the worm from host to host, as data. */
struct ww_stage {
	struct ww_at at;
	char *id;             /* "shell": [a-z][a-z0-9-]* */
	struct ww_text title; /* "remote shell" */
	enum ww_role from;    /* who acts: opens the connection, sends the first packet */
	enum ww_stage_event event;
	struct ww_ports port; /* the server side's; proto 0 where only sids say */
	uint32_t *sids;       /* for WW_STAGE_RULE */
	size_t n_sids;
	char **texts; /* for WW_STAGE_TEXT: Snort content notation; {attacker} in it
			 stands for an IPv4 literal that names the parent */
	size_t n_texts;
	enum ww_host_state sets;  /* what the victim is, once this is seen */
	double confidence;        /* 0-1: that the victim is in that state, from this stage alone */
	int64_t within_s;         /* at most so long after the stage before it; 0: no limit */
	char *technique;          /* ATT&CK id, or NULL */
	struct ww_dialog *dialog; /* what a drill plays; may be empty */
	size_t n_dialog;
	struct ww_dialog *decoys; /* what a drill sends that must not count as this stage */
	size_t n_decoys;
	char *transfer_file; /* a drill fetches this name over TFTP (port 69/udp), or NULL */
	uint32_t transfer_bytes;
	char *source;
};

/* A port the worm uses. */
struct ww_advisory_port {
	struct ww_at at;
	struct ww_ports port;
	char *role; /* exploit, shell, fetch, flood, … */
	struct ww_text caveat;
	char *source;
};

/* How the worm picks addresses: a mixture. The weights sum to 1. */
struct ww_address_mix {
	double uniform;
	double same_8, same_16, same_24;
	bool sequential; /* one after the other from the start drawn by the mixture */
	bool is_given;
	struct ww_at at;
};

struct ww_propagation {
	struct ww_at at;
	bool is_given;
	struct ww_address_mix addresses;
	struct ww_ports port; /* that the first packet goes to */
	uint32_t threads;     /* attempts under way at once; 0: not known */
	double rate_per_s;    /* addresses tried a second and host; 0: not known */
	uint64_t vulnerable;  /* hosts on the Internet; 0: not known */
	char *source;
};

struct ww_rules_text {
	char *name; /* "blaster.rules", relative to the advisory's folder */
	char *path; /* as opened */
	char *text;
	size_t len;
	struct ww_at at; /* in the advisory */
};

/* Everything that only people and later commands read. Defined in advisory/facts.h. */
struct ww_facts;

struct ww_advisory {
	char *path; /* of advisory.yaml, as opened */
	char *id;   /* "blaster": [a-z0-9][a-z0-9-]* */
	struct ww_text title, summary;
	char *tlp;    /* CLEAR, GREEN, AMBER, AMBER+STRICT, RED */
	char *number; /* of the CERT's advisory it renders, "JPCERT-AT-2003-0005", or NULL */

	struct ww_advisory_port *ports;
	size_t n_ports;
	struct ww_rules_text *rules;
	size_t n_rules;
	struct ww_stage *stages;
	size_t n_stages;
	struct ww_propagation propagation;

	struct ww_facts *facts;
};

/* The text for a language ("ja" or anything else), never NULL. */
const char *ww_text_in(const struct ww_text *text, const char *lang);
/* "attacking", "taken_over", …: as in --json and in advisories. */
const char *ww_host_state_name(enum ww_host_state state);
