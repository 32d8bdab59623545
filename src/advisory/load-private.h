/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What the parts of the loader share: yaml.c parses, read.c reads one value, load.c walks the
 * sections, refer.c checks what facts say of each other.
 */
#include "advisory/facts.h"
#include "advisory/fields.h"
#include "advisory/load.h"

#include <libfyaml.h>

/* The name of a source that a fact cites, to be looked up when the whole file is read. */
struct citation {
	struct ww_at at;
	char name[72];
};

struct loader {
	struct ww_advisory *advisory;
	struct ww_problems *problems;
	const char *text;
	size_t len;
	size_t *lines; /* offset at which line i begins */
	size_t n_lines;
	const char *dir; /* of the files it names, or NULL */
	size_t n_values;
	struct citation *citations;
	size_t n_citations, citations_cap;
	bool no_memory;
	bool stopped; /* too much: the rest is not read */
};

/* One value on its way: what it should be, and where it stands. */
struct value {
	const struct ww_field *field;
	struct fy_node *node;
	struct ww_at at;
	void *base; /* of the section around it */
};

#define fail(loader, at, ...)                                                                      \
	ww_problem_add((loader)->problems, WW_SEVERITY_ERROR, NULL, (at), __VA_ARGS__)

/* A parsed stream; `doc` is NULL when there is none. */
struct yaml {
	struct fy_parser *parser;
	struct fy_document *doc;
	struct fy_diag *diag;
};

/* Whether the bytes are text at all; tells the first byte that is not. */
bool ww_yaml_is_text(struct loader *loader);
/* Parses loader->text. False when there is no document to read; problems say why. */
bool ww_yaml_open(struct loader *loader, struct yaml *yaml);
void ww_yaml_close(struct yaml *yaml);
/* Place of a node, or `otherwise` where it has none (an empty mapping). */
struct ww_at ww_yaml_at(const struct loader *loader, struct fy_node *node, struct ww_at otherwise);
/* Whether the node is nothing: absent, empty, ~ or null. */
bool ww_yaml_is_null(struct fy_node *node);
/* Refuses anchors, aliases and tags on a node. True when it may be read. */
bool ww_yaml_is_plain(struct loader *loader, struct fy_node *node, struct ww_at at);

/* The bytes of a scalar, borrowed; NULL when a problem was told. */
const char *ww_read_scalar(struct loader *loader, const struct ww_field *field,
	struct fy_node *node, struct ww_at at, size_t *ret_len);
/* A checked one-line string of the value's kind, owned by the caller; NULL when a problem was told.
 */
char *ww_read_string(struct loader *loader, const struct value *value);
/* "text" or {en: text, ja: text}. */
void ww_read_text(struct loader *loader, const struct value *value, struct ww_text *ret);
/* Reads one value of any kind but GROUP, STRUCT and LIST into its member. */
void ww_read_value(struct loader *loader, const struct value *value);

/* What no single value shows: dead references, contradictions. */
void ww_refer(struct loader *loader);
