/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The text of rules: what lex.c makes of it, and the variables, addresses and ports that its
 * headers name. Memory that lives as long as the set is here, too, because texts are the first to
 * want it.
 */
#include "base/buf.h"
#include "wire/rules/rules.h"

#include <stddef.h>

enum {
	WW_RULE_LINE_MAX = 1 << 20, /* bytes of a logical line */
	WW_RULE_LIST_MAX = 65536,   /* elements of an address or port list, variables expanded */
	WW_RULE_VARS_MAX = 1024,
	WW_ADDRESS_CLASSES = 8192,
};

/* ---- memory that lives as long as the set ---- */

struct ww_arena {
	struct ww_arena_block *block; /* newest first */
};

void ww_arena_done(struct ww_arena *arena);
/* Zeroed, aligned for any object. NULL when memory is short. */
void *ww_arena_take(struct ww_arena *arena, size_t size);
/* A NUL-terminated copy. */
char *ww_arena_text(struct ww_arena *arena, const char *text, size_t len);

/* ---- lex.c ---- */

/* A logical line: continuation lines joined, comments gone. */
struct ww_line {
	struct ww_buf text;
	struct ww_line_join {
		uint32_t pos;    /* from this byte of the text on ... */
		struct ww_at at; /* ... the file's place counts from here */
	} * joins;
	size_t n_joins, cap_joins;
	bool disabled; /* "# alert ...": the text is without the marks */
	bool too_long;
};

struct ww_lexer {
	const char *text;
	size_t len, pos;
	uint32_t line; /* of text[pos], 1-based */
	uint32_t col;  /* of text[pos], 0-based; not 0 only behind a comment */
	bool failed;   /* memory was short */
};

void ww_line_done(struct ww_line *line);
/* The next line that is neither empty nor a mere comment; false at the end. */
bool ww_lex_line(struct ww_lexer *lexer, struct ww_line *line);
struct ww_at ww_line_at(const struct ww_line *line, size_t pos);

/* A run of the line's bytes. */
struct ww_span {
	const char *text; /* borrowed from the line; not terminated */
	size_t len;
	size_t pos; /* in the line */
};

/* `name:value;`. No value: value.text is NULL. Blanks around both are cut. */
struct ww_option {
	struct ww_span name, value;
};

/*
 * The option that begins at *pos. 1: *ret is filled and *pos behind its ';'. 0: the closing ')'
 * was read, *pos behind it. -EINVAL: *err.
 */
int ww_lex_option(
	const struct ww_line *line, size_t *pos, struct ww_option *ret, struct ww_err *err);
/* The next comma-separated argument of *rest, blanks cut; false when there is none. */
bool ww_span_next(struct ww_span *rest, struct ww_span *ret);
void ww_span_trim(struct ww_span *span);
/* The next blank-separated word; false when there is none. */
bool ww_span_word(struct ww_span *rest, struct ww_span *ret);
bool ww_span_is(const struct ww_span *span, const char *word);
/* Decimal or 0x hexadecimal with a sign, in [low, high]. 0 or -EINVAL. */
int ww_span_number(const struct ww_span *span, int64_t low, int64_t high, int64_t *ret);
/*
 * The bytes of a quoted text at the start of *rest, which moves behind it: escapes undone, and
 * |hex| where `hex`. *negated tells of a '!' before it. 0 or -EINVAL.
 */
int ww_lex_quoted(const struct ww_line *line, struct ww_span *rest, bool hex, bool *negated,
	struct ww_buf *out, struct ww_err *err);

/* ---- var.c, header.c: addresses and ports ---- */

/* In `yes` (all when n_yes is 0) and not in `no`. Interned: equal sets have one index. */
struct ww_addresses {
	struct ww_prefix *prefixes; /* yes, then no */
	uint32_t n_yes, n_no;
};

/* Disjoint, ascending, inclusive. All 65,536 ports: one range. */
struct ww_port_set {
	struct ww_port_range {
		uint16_t low, high;
	} * ranges;
	uint32_t n;
};

struct ww_var {
	char *name, *value;
	bool fixed; /* set from outside: a file's line does not change it */
};

/* ---- address.c ---- */

/* From this address on, up to the next interval, one class. */
struct ww_interval {
	struct ww_ip from;
	uint16_t class;
};

/* Of an address that is in no class: there are too many of them. */
#define WW_ADDRESS_NO_CLASS UINT16_MAX

/* Cuts all addresses into classes by the sets they are in. 0 or -ENOMEM. */
int ww_address_classes_make(struct ww_rules *rules);
void ww_address_classes_done(struct ww_rules *rules);
/* O(log of all networks); 0 where there is no set but `any`. */
uint16_t ww_address_class(const struct ww_rules *rules, const struct ww_ip *ip);
/* Whether an address of this class is in a set, by its index. */
bool ww_address_in(
	const struct ww_rules *rules, uint32_t set, uint16_t class, const struct ww_ip *ip);
/* The same by comparing it with each network: the tests' oracle, and where there is no class. */
bool ww_addresses_contain(const struct ww_addresses *set, const struct ww_ip *ip);
bool ww_port_set_contains(const struct ww_port_set *set, uint16_t port);
/* Sets $name; names are [A-Za-z0-9_]. 0, -EINVAL, -ENOMEM, -E2BIG. */
int ww_var_set(struct ww_rules *rules, const char *name, size_t name_len, const char *value,
	size_t value_len, bool fixed);
/* Its value, a default by Snort's configuration, or NULL. *by_default: the file has none. */
const char *ww_var_get(struct ww_rules *rules, const char *name, size_t len, bool *by_default);

struct ww_rule_builder;
/* Reads "alert tcp SRC PORTS -> DST PORTS" (without the bracket) into the item being built. */
int ww_header_parse(struct ww_rule_builder *builder, struct ww_span header, struct ww_err *err);

/* A list of addresses, as in a header. 0, -EINVAL with *err, -ENOMEM. */
int ww_header_addresses(struct ww_rule_builder *builder, const struct ww_span *word, uint32_t *ret,
	struct ww_err *err);
/* Where a header names a protocol with ports and leaves them open: "alert http", and no option
 * looks at a buffer of its parser. After all options. */
int ww_header_narrow(struct ww_rule_builder *builder, struct ww_err *err);
