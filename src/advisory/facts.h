/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The parts of an advisory that people read, and that later commands will act on: who calls the
 * worm what, whom it hits, what fixes it, what it leaves on a disk, how to get rid of it.
 *
 * One struct for each list of fields.def; the names of members are the keys of the file. Every
 * item has its place in the file and, nearly always, a `source`: the IDs of entries of `sources`,
 * joined by ", ". Strings are owned by the advisory and NULL where the file says nothing; dates are
 * "2003-08-13" and were checked; numbers that were not given are 0, reals NaN.
 * Immutable after load.
 */
#include "advisory/advisory.h"

/* How well an indicator is known. */
enum ww_confidence {
	WW_CONFIDENCE_NONE,     /* not said */
	WW_CONFIDENCE_VERIFIED, /* read in the source that is named */
	WW_CONFIDENCE_REPORTED, /* the source is named, but was not read again for this file */
	WW_CONFIDENCE_COMPUTED, /* follows from other facts by arithmetic */
	WW_CONFIDENCE_MEMORY,   /* general knowledge: check before acting on it */
	WW_CONFIDENCE_COUNT,
};

/* Whether something is so; files are written by people who often do not know. */
enum ww_tri {
	WW_TRI_UNKNOWN,
	WW_TRI_YES,
	WW_TRI_NO,
};

enum ww_direction {
	WW_DIRECTION_NONE,
	WW_DIRECTION_IN, /* from outside to inside */
	WW_DIRECTION_OUT,
	WW_DIRECTION_BOTH,
	WW_DIRECTION_COUNT,
};

/* Numbers from low to high, inclusive; 0-0: not given. "16-31" or "1". */
struct ww_range {
	uint32_t low, high;
};

struct ww_source {
	struct ww_at at;
	char *id, *title, *by, *url, *document, *date;
};

struct ww_alias {
	struct ww_at at;
	char *name, *by, *source;
	struct ww_text note;
};

struct ww_hole {
	struct ww_at at;
	char *cve, *date, *source;
	char **ids; /* "MS03-026", "bugtraq 8205" */
	size_t n_ids;
	struct ww_text title;
};

struct ww_event {
	struct ww_at at;
	char *date, *source;
	struct ww_text text;
};

struct ww_reference {
	struct ww_at at;
	char *id, *title, *by, *url, *date;
};

/* Another worm or program that belongs to the story; `advisory` is its ID where it has one. */
struct ww_related {
	struct ww_at at;
	char *name, *advisory, *source;
	struct ww_text text;
};

struct ww_product {
	struct ww_at at;
	char *name, *versions, *source;
	enum ww_tri spreads; /* the worm itself spreads there, not only the hole */
	struct ww_text condition, effect;
};

/* A branch of firmware: revisions compare within a branch only. */
struct ww_firmware {
	struct ww_at at;
	char *vendor, *model, *branch, *from, *to, *source;
	enum ww_tri all_revisions;
	struct ww_text effect, cure;
};

/* Not taken over, but hurt. */
struct ww_bystander {
	struct ww_at at;
	char *name, *source;
	struct ww_text effect, cure;
};

struct ww_patch {
	struct ww_at at;
	char *id, *bulletin, *title, *date, *url, *source;
	char **products, **supersedes, **superseded_by, **presence, **file_versions;
	size_t n_products, n_supersedes, n_superseded_by, n_presence, n_file_versions;
	enum ww_confidence confidence;
	struct ww_text note;
};

struct ww_no_fix {
	struct ww_at at;
	char *product, *source;
	struct ww_text text;
};

struct ww_failure {
	struct ww_at at;
	char *source;
	struct ww_text text;
};

struct ww_workaround {
	struct ww_at at;
	char *id, *source;
	struct ww_text text;
	struct ww_failure *fails; /* the cases in which it does not work */
	size_t n_fails;
};

/* A sign on the wire or in a log that is no stage. */
struct ww_sign {
	struct ww_at at;
	char *where, *content, *source;
	struct ww_text meaning;
};

struct ww_flood_dates {
	struct ww_at at;
	struct ww_range months, days; /* of the calendar; months not given: every month */
};

struct ww_flood {
	struct ww_at at;
	char *target, *kind, *source;
	struct ww_ports port;
	double rate_per_s;
	struct ww_flood_dates *dates;
	size_t n_dates;
	enum ww_confidence confidence;
	struct ww_text note;
};

/* What one source says of how the worm picks addresses. */
struct ww_address_claim {
	struct ww_at at;
	char *id, *source;
	bool used; /* the one that the detectors and the drill go by */
	struct ww_text text;
	struct ww_address_mix mix;
	enum ww_confidence confidence;
};

/* What holds only under a condition: 600 threads on Chinese-language systems. */
struct ww_propagation_case {
	struct ww_at at;
	uint32_t threads;
	double rate_per_s;
	char *source;
	struct ww_text when;
};

struct ww_caveat {
	struct ww_at at;
	struct ww_ports port;
	char *source;
	struct ww_text text, breaks;
};

/* One source's list of what to block. */
struct ww_filter {
	struct ww_at at;
	char *id, *source;
	struct ww_text title, exceptions;
	enum ww_direction direction;
	struct ww_ports *ports;
	size_t n_ports;
	struct ww_caveat *caveats;
	size_t n_caveats;
};

struct ww_host_file {
	struct ww_at at;
	char *name, *folder, *unpacked, *packer, *same_as, *md5, *sha1, *sha256, *source;
	char **also; /* other spellings and names of the same file */
	size_t n_also;
	uint64_t bytes, unpacked_bytes;
	enum ww_tri name_is_legitimate; /* an innocent file of this name exists elsewhere */
	enum ww_confidence confidence;
	struct ww_text note;
};

struct ww_host_registry {
	struct ww_at at;
	char *key, *value, *data, *pattern, *restore, *source;
	enum ww_confidence confidence;
	struct ww_text note;
};

/* A process, a service, a mutex: something that has a name while the worm lives. */
struct ww_host_name {
	struct ww_at at;
	char *name, *display, *source;
	enum ww_tri name_is_legitimate;
	enum ww_confidence confidence;
	struct ww_text note;
};

struct ww_persistence {
	struct ww_at at;
	char *source;
	enum ww_tri survives_reboot, survives_patch;
	struct ww_text text;
};

struct ww_removal_step {
	struct ww_at at;
	char *by, *source;
	enum ww_tri needs_live_system;
	struct ww_text text;
};

/* A sentence with a source. */
struct ww_note {
	struct ww_at at;
	char *source;
	struct ww_text text;
};

struct ww_variant {
	struct ww_at at;
	char *name, *by, *file, *registry_value, *md5, *source;
	uint64_t bytes;
	enum ww_confidence confidence;
	struct ww_text note;
};

/* Another infection to look for, and why. */
struct ww_co_infection {
	struct ww_at at;
	char *name, *source;
	struct ww_text why, look;
};

struct ww_copycat {
	struct ww_at at;
	char *name, *source;
	enum ww_tri spreads;
	struct ww_text text;
};

/* Systems scanned (or what `counts` says) on a port in a time. */
struct ww_trend {
	struct ww_at at;
	struct ww_ports port;
	char *counts, *from, *until, *source;
	uint64_t low, high; /* a day; high 0: 'over low' */
	struct ww_text note;
};

struct ww_tool {
	struct ww_at at;
	char *name, *by, *kind, *url, *source;
	uint64_t limit_hosts;
	struct ww_text does, does_not;
};

struct ww_contact {
	struct ww_at at;
	char *name, *telephone, *fax, *email, *url, *source;
	struct ww_text asks;
};

struct ww_facts {
	char *published, *revised;
	struct ww_source *sources;
	size_t n_sources;
	struct ww_alias *aliases;
	size_t n_aliases;
	struct ww_hole *holes;
	size_t n_holes;
	struct ww_event *history;
	size_t n_history;
	struct ww_reference *references;
	size_t n_references;
	struct ww_related *related;
	size_t n_related;

	struct ww_product *products;
	size_t n_products;
	struct ww_firmware *firmware;
	size_t n_firmware;
	struct ww_bystander *bystanders;
	size_t n_bystanders;

	struct ww_patch *patches;
	size_t n_patches;
	struct ww_no_fix *no_fix;
	size_t n_no_fix;
	struct ww_workaround *workarounds;
	size_t n_workarounds;
	struct ww_note *prevention;
	size_t n_prevention;

	struct ww_sign *signs;
	size_t n_signs;
	struct ww_flood *flood;
	size_t n_flood;
	struct ww_address_claim *addresses;
	size_t n_addresses;
	struct ww_propagation_case *cases;
	size_t n_cases;
	struct ww_note *propagation_notes;
	size_t n_propagation_notes;
	struct ww_filter *filters;
	size_t n_filters;
	struct ww_note *detection;
	size_t n_detection;

	struct ww_host_file *files;
	size_t n_files;
	struct ww_host_registry *registry;
	size_t n_registry;
	struct ww_host_name *processes, *services, *mutexes;
	size_t n_processes, n_services, n_mutexes;
	struct ww_rules_text *yara;
	size_t n_yara;
	struct ww_persistence *persistence;
	size_t n_persistence;
	struct ww_removal_step *steps;
	size_t n_steps;
	struct ww_note *does_not_undo;
	size_t n_does_not_undo;
	struct ww_note *backup;
	size_t n_backup;

	struct ww_variant *variants;
	size_t n_variants;
	struct ww_co_infection *co_infections;
	size_t n_co_infections;
	struct ww_copycat *copycats;
	size_t n_copycats;
	struct ww_trend *trend;
	size_t n_trend;
	struct ww_tool *tools;
	size_t n_tools;
	struct ww_contact *contact;
	size_t n_contact;
};

/* "verified", "in", …: as in the file; "" for 'not said'. */
const char *ww_confidence_name(enum ww_confidence confidence);
const char *ww_direction_name(enum ww_direction direction);
