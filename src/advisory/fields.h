/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The table of facts (fields.def) as data: what can stand in advisory.yaml, which member holds it,
 * and which command acts on it. Everything here is constant.
 */
#include "advisory/advisory.h"

#include <stddef.h>

/* How a value is written, and the type of the member that holds it. */
enum ww_kind {
	WW_KIND_GROUP,     /* mapping without memory of its own; its members are its parent's */
	WW_KIND_STRUCT,    /* mapping; an embedded struct with `at` and `is_given` */
	WW_KIND_LIST,      /* sequence of mappings; an array of structs with `at`, and n_MEMBER */
	WW_KIND_LINE,      /* one line of text; char * */
	WW_KIND_WORD,      /* [a-z0-9][a-z0-9-]*; char * */
	WW_KIND_TEXT,      /* one line, or {en, ja}; struct ww_text */
	WW_KIND_PROSE,     /* as TEXT, but its line breaks become blanks */
	WW_KIND_URL,       /* http, https, ftp; char * */
	WW_KIND_DATE,      /* 2003-08-13; char * */
	WW_KIND_CVE,       /* CVE-2003-0352; char * */
	WW_KIND_TECHNIQUE, /* T1059 or T1059.003; char * */
	WW_KIND_MD5,       /* hex digits; char *, lower case */
	WW_KIND_SHA1,
	WW_KIND_SHA256,
	WW_KIND_TLP,   /* char * */
	WW_KIND_PORT,  /* 4444/tcp, 135-139/udp; struct ww_ports */
	WW_KIND_PORTS, /* sequence of them; struct ww_ports *, and n_MEMBER */
	WW_KIND_U32,
	WW_KIND_U64,      /* at most 10^15 */
	WW_KIND_SECONDS,  /* int64_t, 0 to 10^9 */
	WW_KIND_FRACTION, /* double, 0-1 */
	WW_KIND_RATE,     /* double, above 0, at most 10^9 */
	WW_KIND_DAYS,     /* "16-31"; struct ww_range */
	WW_KIND_MONTHS,
	WW_KIND_BOOL,
	WW_KIND_TRI, /* true or false; enum ww_tri */
	WW_KIND_ROLE,
	WW_KIND_EVENT,
	WW_KIND_STATE,
	WW_KIND_CONFIDENCE,
	WW_KIND_DIRECTION,
	WW_KIND_CONTENT,  /* Snort content notation; char * */
	WW_KIND_CONTENTS, /* one or a sequence of them; char **, and n_MEMBER */
	WW_KIND_LINES,    /* one or a sequence of LINE; char **, and n_MEMBER */
	WW_KIND_SIDS,     /* one or a sequence; uint32_t *, and n_MEMBER */
	WW_KIND_RULES,    /* one or a sequence of names of files; struct ww_rules_text * */
	WW_KIND_YARA,
	WW_KIND_SOURCE,  /* one or a sequence of IDs of `sources`; char *, joined by ", " */
	WW_KIND_VERSION, /* the number 1; no memory */
	WW_KIND_COUNT,
};

enum ww_field_flags {
	WW_FIELD_REQUIRED = 1, /* must stand where its section stands */
	WW_FIELD_HEAD = 2,     /* `show` puts it on an item's first line */
};

/* Commands that act on facts. */
enum ww_actor {
	WW_ACTOR_WATCH = 1,
	WW_ACTOR_DRILL = 2,
	WW_ACTOR_SHOW = 4,
	WW_ACTOR_INHERIT = 0x80, /* those of the section around it */
};

struct ww_field {
	const char *path; /* "network.ports[].port" */
	size_t path_len;
	enum ww_kind kind;
	const char *container; /* the struct that has the member */
	size_t offset;         /* of the member */
	size_t n_offset;       /* of n_MEMBER, for kinds with a count */
	size_t item_size;      /* of an item of a LIST */
	size_t at_offset;      /* LIST: of `at` in an item; STRUCT: of it in the container */
	size_t given_offset;   /* STRUCT: of `is_given` in the container */
	unsigned flags;        /* WW_FIELD_ */
	unsigned actors;       /* WW_ACTOR_ */
	const char *planned;   /* "filter, probe" or "" */
	const char *help;
};

/* How many rows the table has; a row's index is its number in it. */
enum {
	WW_FIELDS = 0
#define WW_FIELD(...) +1
#include "advisory/fields.def"
#undef WW_FIELD
};

/* i < WW_FIELDS. */
const struct ww_field *ww_field_get(size_t i);
size_t ww_field_index(const struct ww_field *field);
/* The row with that path, or NULL. */
const struct ww_field *ww_field_find(const char *path);
/* The row of `key` in the section `parent` (NULL: the top of the file), or NULL. */
const struct ww_field *ww_field_child(
	const struct ww_field *parent, const char *key, size_t key_len);
/* Whether `field` stands directly in `parent` (NULL: the top). */
bool ww_field_is_child(const struct ww_field *field, const struct ww_field *parent);
/* The section around a row, or NULL at the top. */
const struct ww_field *ww_field_parent(const struct ww_field *field);
/* The last part of the path: "port". Borrowed from the row. */
const char *ww_field_key(const struct ww_field *field);
/* Actors and planned commands, inherited where the row says so. */
unsigned ww_field_actors(const struct ww_field *field);
const char *ww_field_planned(const struct ww_field *field);

/*
 * The memory of a field: `base` is the struct of the section around it. Rows of ww_advisory and of
 * ww_facts are found from the advisory, wherever in the file they stand.
 */
void *ww_field_in(const struct ww_field *field, struct ww_advisory *advisory, void *base);
const void *ww_field_of(
	const struct ww_field *field, const struct ww_advisory *advisory, const void *base);
/* The count of a kind that has one. */
size_t *ww_field_n_in(const struct ww_field *field, struct ww_advisory *advisory, void *base);
size_t ww_field_n(
	const struct ww_field *field, const struct ww_advisory *advisory, const void *base);

/* The words of an enum kind, NULL at the end; a word is "" where nothing is said. Else NULL. */
const char *const *ww_kind_words(enum ww_kind kind);
/* "one line of text", "port/protocol": for messages and the man page. */
const char *ww_kind_name(enum ww_kind kind);
