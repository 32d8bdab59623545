// SPDX-License-Identifier: GPL-3.0-or-later
#include "advisory/fields.h"
#include "advisory/facts.h"

#include <string.h>

/*
 * A row's place in memory depends on its kind; INHERIT and flags are written without prefix in
 * the table, which is to be read by people.
 */
#define REQUIRED WW_FIELD_REQUIRED
#define HEAD     WW_FIELD_HEAD
#define WATCH    WW_ACTOR_WATCH
#define DRILL    WW_ACTOR_DRILL
#define SHOW     WW_ACTOR_SHOW
#define INHERIT  WW_ACTOR_INHERIT

#define MEMBER_TYPE(c, m) __typeof__(((struct c *)0)->m)
#define ITEM_TYPE(c, m)   __typeof__(*((struct c *)0)->m)
#define ONE(c, m)         .offset = offsetof(struct c, m)
#define MANY(c, m)        .offset = offsetof(struct c, m), .n_offset = offsetof(struct c, n_##m)

#define PLACE_GROUP(c, m)   .offset = 0
#define PLACE_VERSION(c, m) .offset = 0
#define PLACE_STRUCT(c, m)                                                                         \
	.offset = offsetof(struct c, m), .at_offset = offsetof(struct c, m.at),                    \
	.given_offset = offsetof(struct c, m.is_given)
#define PLACE_LIST(c, m)                                                                           \
	MANY(c, m), .item_size = sizeof(ITEM_TYPE(c, m)), .at_offset = offsetof(ITEM_TYPE(c, m), at)
#define PLACE_LINE(c, m)       ONE(c, m)
#define PLACE_WORD(c, m)       ONE(c, m)
#define PLACE_TEXT(c, m)       ONE(c, m)
#define PLACE_PROSE(c, m)      ONE(c, m)
#define PLACE_URL(c, m)        ONE(c, m)
#define PLACE_DATE(c, m)       ONE(c, m)
#define PLACE_CVE(c, m)        ONE(c, m)
#define PLACE_TECHNIQUE(c, m)  ONE(c, m)
#define PLACE_MD5(c, m)        ONE(c, m)
#define PLACE_SHA1(c, m)       ONE(c, m)
#define PLACE_SHA256(c, m)     ONE(c, m)
#define PLACE_TLP(c, m)        ONE(c, m)
#define PLACE_PORT(c, m)       ONE(c, m)
#define PLACE_PORTS(c, m)      MANY(c, m)
#define PLACE_U32(c, m)        ONE(c, m)
#define PLACE_U64(c, m)        ONE(c, m)
#define PLACE_SECONDS(c, m)    ONE(c, m)
#define PLACE_FRACTION(c, m)   ONE(c, m)
#define PLACE_RATE(c, m)       ONE(c, m)
#define PLACE_DAYS(c, m)       ONE(c, m)
#define PLACE_MONTHS(c, m)     ONE(c, m)
#define PLACE_BOOL(c, m)       ONE(c, m)
#define PLACE_TRI(c, m)        ONE(c, m)
#define PLACE_ROLE(c, m)       ONE(c, m)
#define PLACE_EVENT(c, m)      ONE(c, m)
#define PLACE_STATE(c, m)      ONE(c, m)
#define PLACE_CONFIDENCE(c, m) ONE(c, m)
#define PLACE_DIRECTION(c, m)  ONE(c, m)
#define PLACE_CONTENT(c, m)    ONE(c, m)
#define PLACE_CONTENTS(c, m)   MANY(c, m)
#define PLACE_LINES(c, m)      MANY(c, m)
#define PLACE_SIDS(c, m)       MANY(c, m)
#define PLACE_RULES(c, m)      MANY(c, m)
#define PLACE_YARA(c, m)       MANY(c, m)
#define PLACE_SOURCE(c, m)     ONE(c, m)

static const struct ww_field rows[] = {
#define WW_FIELD(path_, kind_, struct_, member_, flags_, actors_, planned_, help_)                 \
	{.path = (path_),                                                                          \
		.path_len = sizeof(path_) - 1,                                                     \
		.kind = WW_KIND_##kind_,                                                           \
		.container = #struct_,                                                             \
		PLACE_##kind_(struct_, member_),                                                   \
		.flags = (flags_),                                                                 \
		.actors = (actors_),                                                               \
		.planned = (planned_),                                                             \
		.help = (help_)},
#include "advisory/fields.def"
#undef WW_FIELD
};

/* The compiler checks that each member has the type that its kind writes to. */
#define TYPE_GROUP      char *
#define TYPE_VERSION    char *
#define TYPE_LINE       char *
#define TYPE_WORD       char *
#define TYPE_TEXT       struct ww_text
#define TYPE_PROSE      struct ww_text
#define TYPE_URL        char *
#define TYPE_DATE       char *
#define TYPE_CVE        char *
#define TYPE_TECHNIQUE  char *
#define TYPE_MD5        char *
#define TYPE_SHA1       char *
#define TYPE_SHA256     char *
#define TYPE_TLP        char *
#define TYPE_PORT       struct ww_ports
#define TYPE_PORTS      struct ww_ports *
#define TYPE_U32        uint32_t
#define TYPE_U64        uint64_t
#define TYPE_SECONDS    int64_t
#define TYPE_FRACTION   double
#define TYPE_RATE       double
#define TYPE_DAYS       struct ww_range
#define TYPE_MONTHS     struct ww_range
#define TYPE_BOOL       bool
#define TYPE_TRI        enum ww_tri
#define TYPE_ROLE       enum ww_role
#define TYPE_EVENT      enum ww_stage_event
#define TYPE_STATE      enum ww_host_state
#define TYPE_CONFIDENCE enum ww_confidence
#define TYPE_DIRECTION  enum ww_direction
#define TYPE_CONTENT    char *
#define TYPE_CONTENTS   char **
#define TYPE_LINES      char **
#define TYPE_SIDS       uint32_t *
#define TYPE_RULES      struct ww_rules_text *
#define TYPE_YARA       struct ww_rules_text *
#define TYPE_SOURCE     char *
#define TYPE_LIST       void
#define TYPE_STRUCT     void
#define WW_FIELD(path_, kind_, struct_, member_, flags_, actors_, planned_, help_)                 \
	_Static_assert(                                                                            \
		WW_KIND_##kind_ == WW_KIND_LIST || WW_KIND_##kind_ == WW_KIND_STRUCT ||            \
			__builtin_types_compatible_p(MEMBER_TYPE(struct_, member_), TYPE_##kind_), \
		path_ " has a member of another type than its kind");
#include "advisory/fields.def"
#undef WW_FIELD

const struct ww_field *ww_field_get(size_t i)
{
	ww_assert(i < WW_N(rows));
	return &rows[i];
}

size_t ww_field_index(const struct ww_field *field)
{
	return (size_t)(field - rows);
}

const struct ww_field *ww_field_find(const char *path)
{
	for (size_t i = 0; i < WW_N(rows); i++)
		if (strcmp(rows[i].path, path) == 0)
			return &rows[i];
	return NULL;
}

const char *ww_field_key(const struct ww_field *field)
{
	const char *dot = strrchr(field->path, '.');
	return dot ? dot + 1 : field->path;
}

/* The length of what stands between a parent's path and a child's key: "." or "[].". */
static size_t dots(const struct ww_field *parent)
{
	return parent->kind == WW_KIND_LIST ? 3 : 1;
}

static bool has_parent(const struct ww_field *field, const struct ww_field *parent)
{
	const char *rest = field->path;
	if (parent) {
		size_t len = parent->path_len, n = dots(parent);
		if (field->path_len <= len + n || memcmp(rest, parent->path, len) != 0 ||
			memcmp(rest + len, &"[]."[3 - n], n) != 0)
			return false;
		rest += len + n;
	}
	return !strchr(rest, '.');
}

bool ww_field_is_child(const struct ww_field *field, const struct ww_field *parent)
{
	return has_parent(field, parent);
}

const struct ww_field *ww_field_child(
	const struct ww_field *parent, const char *key, size_t key_len)
{
	/* This is asked for every key of a file: the lengths spare nearly every comparison. */
	size_t before = parent ? parent->path_len + dots(parent) : 0;
	for (size_t i = 0; i < WW_N(rows); i++)
		if (rows[i].path_len == before + key_len &&
			memcmp(rows[i].path + before, key, key_len) == 0 &&
			has_parent(&rows[i], parent))
			return &rows[i];
	return NULL;
}

const struct ww_field *ww_field_parent(const struct ww_field *field)
{
	for (size_t i = 0; i < WW_N(rows); i++)
		if (has_parent(field, &rows[i]))
			return &rows[i];
	return NULL;
}

/* The nearest row outwards that has actors of its own. */
static const struct ww_field *acting(const struct ww_field *field)
{
	while (field && (field->actors & WW_ACTOR_INHERIT))
		field = ww_field_parent(field);
	ww_assert(field); /* every section of the table names its actors */
	return field;
}

unsigned ww_field_actors(const struct ww_field *field)
{
	return acting(field)->actors;
}

const char *ww_field_planned(const struct ww_field *field)
{
	return acting(field)->planned;
}

static bool is_in(const struct ww_field *field, const char *container)
{
	return strcmp(field->container, container) == 0;
}

void *ww_field_in(const struct ww_field *field, struct ww_advisory *advisory, void *base)
{
	if (is_in(field, "ww_advisory"))
		base = advisory;
	else if (is_in(field, "ww_facts"))
		base = advisory->facts;
	return (char *)base + field->offset;
}

size_t *ww_field_n_in(const struct ww_field *field, struct ww_advisory *advisory, void *base)
{
	char *member = ww_field_in(field, advisory, base);
	/* An array of size_t lies at n_offset of the same struct, aligned as the struct is. */
	return (size_t *)(void *)(member - field->offset + field->n_offset);
}

const void *ww_field_of(
	const struct ww_field *field, const struct ww_advisory *advisory, const void *base)
{
	if (is_in(field, "ww_advisory"))
		base = advisory;
	else if (is_in(field, "ww_facts"))
		base = advisory->facts;
	return (const char *)base + field->offset;
}

size_t ww_field_n(
	const struct ww_field *field, const struct ww_advisory *advisory, const void *base)
{
	const char *member = ww_field_of(field, advisory, base);
	size_t n;
	memcpy(&n, member - field->offset + field->n_offset, sizeof(n));
	return n;
}

const char *const *ww_kind_words(enum ww_kind kind)
{
	static const char *const tlp[] = {"CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED", NULL};
	static const char *const role[] = {"attacker", "victim", NULL};
	static const char *const event[] = {"contact", "connection", "rule", "text", "scan", NULL};
	static const char *const state[] = {"", "attacking", "targeted", "attacked", "taken_over",
		"fetched", "spreading", NULL};
	static const char *const confidence[] = {
		"", "verified", "reported", "computed", "memory", NULL};
	static const char *const direction[] = {"", "in", "out", "both", NULL};
	switch (kind) {
	case WW_KIND_TLP: return tlp;
	case WW_KIND_ROLE: return role;
	case WW_KIND_EVENT: return event;
	case WW_KIND_STATE: return state;
	case WW_KIND_CONFIDENCE: return confidence;
	case WW_KIND_DIRECTION: return direction;
	default: return NULL;
	}
}

const char *ww_kind_name(enum ww_kind kind)
{
	static const char *const names[WW_KIND_COUNT] = {
		[WW_KIND_GROUP] = "section",
		[WW_KIND_STRUCT] = "section",
		[WW_KIND_LIST] = "list of sections",
		[WW_KIND_LINE] = "one line",
		[WW_KIND_WORD] = "word",
		[WW_KIND_TEXT] = "one line, or {en, ja}",
		[WW_KIND_PROSE] = "text, or {en, ja}",
		[WW_KIND_URL] = "URL",
		[WW_KIND_DATE] = "date",
		[WW_KIND_CVE] = "CVE ID",
		[WW_KIND_TECHNIQUE] = "ATT&CK ID",
		[WW_KIND_MD5] = "32 hex digits",
		[WW_KIND_SHA1] = "40 hex digits",
		[WW_KIND_SHA256] = "64 hex digits",
		[WW_KIND_TLP] = "CLEAR, GREEN, AMBER, AMBER+STRICT or RED",
		[WW_KIND_PORT] = "port/protocol",
		[WW_KIND_PORTS] = "list of port/protocol",
		[WW_KIND_U32] = "number",
		[WW_KIND_U64] = "number",
		[WW_KIND_SECONDS] = "seconds",
		[WW_KIND_FRACTION] = "number from 0 to 1",
		[WW_KIND_RATE] = "number above 0",
		[WW_KIND_DAYS] = "days",
		[WW_KIND_MONTHS] = "months",
		[WW_KIND_BOOL] = "true or false",
		[WW_KIND_TRI] = "true or false",
		[WW_KIND_ROLE] = "attacker or victim",
		[WW_KIND_EVENT] = "event",
		[WW_KIND_STATE] = "state",
		[WW_KIND_CONFIDENCE] = "confidence",
		[WW_KIND_DIRECTION] = "in, out or both",
		[WW_KIND_CONTENT] = "content",
		[WW_KIND_CONTENTS] = "content, or list",
		[WW_KIND_LINES] = "one line, or list",
		[WW_KIND_SIDS] = "sid, or list",
		[WW_KIND_RULES] = "file, or list",
		[WW_KIND_YARA] = "file, or list",
		[WW_KIND_SOURCE] = "ID of a source, or list",
		[WW_KIND_VERSION] = "1",
	};
	return names[kind];
}
