// SPDX-License-Identifier: GPL-3.0-or-later
#include "advisory/load-private.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Where byte `pos` of the text stands. */
static struct ww_at place(const struct loader *loader, size_t pos)
{
	size_t low = 0, high = loader->n_lines;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (loader->lines[middle] <= pos)
			low = middle;
		else
			high = middle;
	}
	return (struct ww_at){(uint32_t)low + 1, (uint32_t)(pos - loader->lines[low]) + 1};
}

static bool index_lines(struct loader *loader)
{
	size_t n = 1;
	for (size_t i = 0; i < loader->len; i++)
		n += loader->text[i] == '\n';
	loader->lines = calloc(n, sizeof(*loader->lines));
	if (!loader->lines) {
		loader->no_memory = true;
		return false;
	}
	loader->n_lines = 1;
	for (size_t i = 0; i < loader->len; i++)
		if (loader->text[i] == '\n')
			loader->lines[loader->n_lines++] = i + 1;
	return true;
}

bool ww_yaml_is_text(struct loader *loader)
{
	if (!index_lines(loader))
		return false;
	for (size_t i = 0; i < loader->len;) {
		size_t n = ww_utf8_length(loader->text + i, loader->len - i);
		unsigned char c = (unsigned char)loader->text[i];
		bool control = (c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f;
		if (n == 0 || control) {
			fail(loader, place(loader, i), "this is not text: byte 0x%02x %s", c,
				n == 0 ? "is not UTF-8" : "is a control character");
			return false;
		}
		i += n;
	}
	if (loader->len == 0)
		fail(loader, ((struct ww_at){1, 1}), "the file is empty");
	return loader->len > 0;
}

static void tell_errors(struct loader *loader, struct fy_diag *diag)
{
	void *at = NULL;
	const struct fy_diag_error *error;
	size_t told = 0;
	while ((error = fy_diag_errors_iterate(diag, &at)) != NULL) {
		struct ww_at where = {1, 1};
		if (error->line > 0 && error->column > 0)
			where = (struct ww_at){(uint32_t)error->line, (uint32_t)error->column};
		fail(loader, where, "not YAML: %s", error->msg ? error->msg : "it cannot be read");
		told++;
	}
	if (told == 0)
		fail(loader, ((struct ww_at){1, 1}), "not YAML");
}

/* A parser over the loader's text. False, with no_memory set, when there is none. */
static bool start(struct loader *loader, struct yaml *yaml)
{
	struct fy_diag_cfg diag_cfg;
	fy_diag_cfg_default(&diag_cfg);
	diag_cfg.fp = NULL;
	diag_cfg.level = FYET_ERROR;
	yaml->diag = fy_diag_create(&diag_cfg);
	if (yaml->diag) {
		fy_diag_set_collect_errors(yaml->diag, true);
		const struct fy_parse_cfg cfg = {
			.flags = FYPCF_ALLOW_DUPLICATE_KEYS | FYPCF_JSON_NONE |
				 FYPCF_DISABLE_RECYCLING,
			.diag = yaml->diag,
		};
		yaml->parser = fy_parser_create(&cfg);
	}
	bool ready =
		yaml->parser && fy_parser_set_string(yaml->parser, loader->text, loader->len) == 0;
	loader->no_memory |= !ready;
	return ready;
}

/*
 * What a document would cost, seen before it is built: the library keeps some 200 bytes a node,
 * and its search for anchors takes quadratic time (300,000 of them took minutes).
 */
enum { EVENTS_MAX = 2 * WW_ADVISORY_VALUES, ANCHORS_MAX = 16 };

/*
 * Whether the text itself shows that it is within these limits, which spares the pass over its
 * events: each byte makes at most a key, its absent value and the end of a collection, and an
 * anchor or alias stands behind a blank or an indicator.
 */
static bool is_plainly_bounded(const struct loader *loader)
{
	size_t n_marks = 0;
	if (loader->len > EVENTS_MAX / 3 - 16)
		return false;
	for (size_t i = 0; i < loader->len; i++) {
		if (loader->text[i] != '&' && loader->text[i] != '*')
			continue;
		unsigned char before = i ? (unsigned char)loader->text[i - 1] : ' ';
		n_marks += !isalnum(before);
	}
	return n_marks <= ANCHORS_MAX;
}

static bool is_bounded(struct loader *loader)
{
	if (is_plainly_bounded(loader))
		return true;
	struct yaml yaml = {NULL, NULL, NULL};
	struct ww_at at = {1, 1};
	size_t n_events = 0, n_anchors = 0;
	struct fy_event *event = NULL;
	bool ready = start(loader, &yaml);
	while (ready && n_events <= EVENTS_MAX && n_anchors <= ANCHORS_MAX &&
		(event = fy_parser_parse(yaml.parser)) != NULL) {
		const struct fy_mark *mark = fy_event_start_mark(event);
		n_events++;
		n_anchors += event->type == FYET_ALIAS || fy_event_get_anchor_token(event) != NULL;
		if (mark && mark->input_pos <= loader->len)
			at = place(loader, mark->input_pos);
		fy_parser_event_free(yaml.parser, event);
	}
	if (n_anchors > ANCHORS_MAX)
		fail(loader, at, "anchors and aliases are not read, and here are more than %d",
			ANCHORS_MAX);
	else if (n_events > EVENTS_MAX)
		fail(loader, at, "too much: more than %d keys and values", EVENTS_MAX);
	ww_yaml_close(&yaml);
	return ready && n_anchors <= ANCHORS_MAX && n_events <= EVENTS_MAX;
}

bool ww_yaml_open(struct loader *loader, struct yaml *yaml)
{
	if (!is_bounded(loader) || !start(loader, yaml))
		return false;
	yaml->doc = fy_parse_load_document(yaml->parser);
	struct fy_node *root = yaml->doc ? fy_document_root(yaml->doc) : NULL;
	if (!yaml->doc && fy_diag_got_error(yaml->diag)) {
		tell_errors(loader, yaml->diag);
		return false;
	}
	if (!root) {
		fail(loader, ((struct ww_at){1, 1}), "there is nothing in the file");
		return false;
	}
	struct fy_document *second = fy_parse_load_document(yaml->parser);
	if (second) {
		struct ww_at at =
			ww_yaml_at(loader, fy_document_root(second), (struct ww_at){1, 1});
		fail(loader, at, "a second document: an advisory is one YAML document");
		fy_parse_document_destroy(yaml->parser, second);
	} else if (fy_diag_got_error(yaml->diag)) {
		tell_errors(loader, yaml->diag);
	}
	return true;
}

void ww_yaml_close(struct yaml *yaml)
{
	if (yaml->doc)
		fy_parse_document_destroy(yaml->parser, yaml->doc);
	if (yaml->parser)
		fy_parser_destroy(yaml->parser);
	if (yaml->diag)
		fy_diag_destroy(yaml->diag);
	*yaml = (struct yaml){NULL, NULL, NULL};
}

struct ww_at ww_yaml_at(const struct loader *loader, struct fy_node *node, struct ww_at otherwise)
{
	/* A collection stands where its first value does; nothing nests deeper than the parser's
	 * limit, and each turn goes one level in. */
	while (node && !fy_node_is_scalar(node)) {
		if (fy_node_is_sequence(node)) {
			node = fy_node_sequence_get_by_index(node, 0);
			continue;
		}
		struct fy_node_pair *pair = fy_node_mapping_get_by_index(node, 0);
		node = pair ? fy_node_pair_key(pair) : NULL;
	}
	struct fy_token *token = node ? fy_node_get_scalar_token(node) : NULL;
	const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
	if (!mark || mark->input_pos > loader->len)
		return otherwise;
	/* The parser's mark of a quoted text is behind the quote. */
	size_t pos = mark->input_pos;
	enum fy_node_style style = fy_node_get_style(node);
	if (pos && (style == FYNS_DOUBLE_QUOTED || style == FYNS_SINGLE_QUOTED) &&
		(loader->text[pos - 1] == '"' || loader->text[pos - 1] == '\''))
		pos--;
	while ((style == FYNS_LITERAL || style == FYNS_FOLDED) && pos < loader->len &&
		loader->text[pos] == ' ')
		pos++;
	return place(loader, pos);
}

bool ww_yaml_is_null(struct fy_node *node)
{
	if (!node)
		return true;
	if (!fy_node_is_scalar(node) || fy_node_is_alias(node) ||
		fy_node_get_style(node) != FYNS_PLAIN)
		return false;
	size_t len = 0;
	const char *text = fy_node_get_scalar(node, &len);
	return !text || len == 0 || (len == 1 && text[0] == '~') ||
	       (len == 4 && memcmp(text, "null", 4) == 0);
}

bool ww_yaml_is_plain(struct loader *loader, struct fy_node *node, struct ww_at at)
{
	if (!node)
		return true;
	at = ww_yaml_at(loader, node, at);
	if (fy_node_is_alias(node)) {
		fail(loader, at, "aliases are not read: write the value out");
		return false;
	}
	if (fy_node_get_anchor(node)) {
		fail(loader, at, "anchors are not read: leave '&…' out");
		return false;
	}
	if (fy_node_get_tag_token(node)) {
		fail(loader, at, "tags are not read: leave '!…' out");
		return false;
	}
	return true;
}
