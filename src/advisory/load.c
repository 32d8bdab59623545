// SPDX-License-Identifier: GPL-3.0-or-later
#include "advisory/load-private.h"
#include "base/file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void read_section(struct loader *loader, const struct value *value);

/*
 * Number of single changes (insert, delete, replace, swap of neighbours) from a to b, up to 2;
 * more is 3. Optimal string alignment, three rows.
 */
static unsigned distance(const char *a, size_t n, const char *b, size_t m)
{
	enum { LONGEST = 40 };
	unsigned char rows[3][LONGEST + 1];
	if (n > LONGEST || m > LONGEST || n + 2 < m || m + 2 < n)
		return 3;
	for (size_t j = 0; j <= m; j++)
		rows[0][j] = (unsigned char)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned char *row = rows[i % 3], *up = rows[(i + 2) % 3], *up2 = rows[(i + 1) % 3];
		row[0] = (unsigned char)i;
		for (size_t j = 1; j <= m; j++) {
			unsigned best = up[j - 1] + (a[i - 1] != b[j - 1]);
			if (up[j] + 1u < best)
				best = up[j] + 1u;
			if (row[j - 1] + 1u < best)
				best = row[j - 1] + 1u;
			bool swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
			if (swap && up2[j - 2] + 1u < best)
				best = up2[j - 2] + 1u;
			row[j] = (unsigned char)best;
		}
	}
	return rows[n % 3][m] > 2 ? 3 : rows[n % 3][m];
}

static void tell_unknown(struct loader *loader, const struct ww_field *parent, const char *key,
	size_t len, struct ww_at at)
{
	const char *nearest = NULL;
	unsigned least = 3;
	for (size_t i = 0; i < WW_FIELDS; i++) {
		const struct ww_field *field = ww_field_get(i);
		const char *have = ww_field_key(field);
		if (!ww_field_is_child(field, parent))
			continue;
		unsigned d = distance(key, len, have, strlen(have));
		if (d < least && d < len) {
			least = d;
			nearest = have;
		}
	}
	int shown = (int)(len < 60 ? len : 60);
	const char *where = parent ? parent->path : "advisory.yaml";
	if (nearest)
		fail(loader, at, "unknown field '%.*s' in %s: did you mean '%s'?", shown, key,
			where, nearest);
	else
		fail(loader, at, "unknown field '%.*s' in %s", shown, key, where);
}

static void read_list(struct loader *loader, const struct value *value)
{
	if (!fy_node_is_sequence(value->node)) {
		fail(loader, value->at, "'%s' must be a list: begin each item with '- '",
			value->field->path);
		return;
	}
	int count = fy_node_sequence_item_count(value->node);
	if (count <= 0 || count > WW_ADVISORY_ITEMS) {
		fail(loader, value->at,
			count <= 0 ? "'%s' is an empty list" : "'%s' has more than %d items",
			value->field->path, WW_ADVISORY_ITEMS);
		return;
	}
	char *items = calloc((size_t)count, value->field->item_size);
	if (!items) {
		loader->no_memory = true;
		return;
	}
	*(void **)ww_field_in(value->field, loader->advisory, value->base) = items;
	*ww_field_n_in(value->field, loader->advisory, value->base) = (size_t)count;
	void *iterator = NULL;
	for (size_t i = 0; i < (size_t)count; i++) {
		char *item = items + i * value->field->item_size;
		struct fy_node *node = fy_node_sequence_iterate(value->node, &iterator);
		struct value one = {value->field, node, ww_yaml_at(loader, node, value->at), item};
		memcpy(item + value->field->at_offset, &one.at, sizeof(one.at));
		if (ww_yaml_is_plain(loader, node, one.at))
			read_section(loader, &one);
	}
}

/* The value behind a known key. */
static void read_field(struct loader *loader, const struct value *value)
{
	enum ww_kind kind = value->field->kind;
	bool section = kind == WW_KIND_GROUP || kind == WW_KIND_STRUCT || kind == WW_KIND_LIST;
	if (++loader->n_values > WW_ADVISORY_VALUES) {
		if (!loader->stopped)
			fail(loader, value->at, "more than %d values: the rest is not read",
				WW_ADVISORY_VALUES);
		loader->stopped = true;
		return;
	}
	if (!section) {
		ww_read_value(loader, value);
		return;
	}
	if (!ww_yaml_is_plain(loader, value->node, value->at))
		return;
	if (ww_yaml_is_null(value->node)) {
		fail(loader, value->at, "'%s' has no value", value->field->path);
		return;
	}
	struct value inner = *value;
	char *container = ww_field_in(value->field, loader->advisory, value->base);
	container -= value->field->offset;
	if (kind == WW_KIND_STRUCT) {
		memcpy(container + value->field->at_offset, &value->at, sizeof(value->at));
		*(bool *)(container + value->field->given_offset) = true;
		inner.base = container + value->field->offset;
	}
	if (kind == WW_KIND_LIST)
		read_list(loader, &inner);
	else
		read_section(loader, &inner);
}

/* One key with its value. `seen` has the line on which each row was first met. */
static void read_pair(struct loader *loader, const struct value *section, struct fy_node_pair *pair,
	uint32_t seen[WW_FIELDS])
{
	struct fy_node *key_node = fy_node_pair_key(pair);
	struct ww_at at = ww_yaml_at(loader, key_node, section->at);
	size_t len = 0;
	const char *key = NULL;
	if (!ww_yaml_is_plain(loader, key_node, at))
		return;
	if (key_node && fy_node_is_scalar(key_node))
		key = fy_node_get_scalar(key_node, &len);
	if (!key) {
		fail(loader, at, "a key must be a word");
		return;
	}
	const struct ww_field *field = ww_field_child(section->field, key, len);
	if (!field) {
		tell_unknown(loader, section->field, key, len, at);
		ww_yaml_is_plain(loader, fy_node_pair_value(pair), at);
		return;
	}
	uint32_t *first = &seen[ww_field_index(field)];
	if (*first) {
		fail(loader, at, "'%s' is given twice: first on line %u", field->path, *first);
		return;
	}
	*first = at.line ? at.line : 1;
	struct fy_node *node = fy_node_pair_value(pair);
	/* A scalar stands where it stands; a section where its key does. */
	bool scalar = node && fy_node_is_scalar(node) && !ww_yaml_is_null(node);
	struct value value = {
		field, node, scalar ? ww_yaml_at(loader, node, at) : at, section->base};
	read_field(loader, &value);
}

/* A mapping: the top of the file (field NULL), a section, or an item of a list. */
static void read_section(struct loader *loader, const struct value *section)
{
	const char *name = section->field ? section->field->path : "the file";
	bool item = section->field && section->field->kind == WW_KIND_LIST;
	if (!section->node || !fy_node_is_mapping(section->node)) {
		fail(loader, section->at, "%s%s must be a section: lines of 'key: value'",
			item ? "an item of " : "", name);
		return;
	}
	uint32_t seen[WW_FIELDS] = {0};
	void *iterator = NULL;
	struct fy_node_pair *pair;
	while (!loader->stopped && !loader->no_memory &&
		(pair = fy_node_mapping_iterate(section->node, &iterator)) != NULL) {
		read_pair(loader, section, pair, seen);
		/* A file of garbage keys: what is wrong is clear by then. */
		loader->stopped |= loader->problems->n_errors > 4 * WW_PROBLEMS_MAX;
	}
	for (size_t i = 0; i < WW_FIELDS && !loader->stopped; i++) {
		const struct ww_field *field = ww_field_get(i);
		if ((field->flags & WW_FIELD_REQUIRED) && seen[i] == 0 &&
			ww_field_is_child(field, section->field))
			fail(loader, section->at, "%s%s needs '%s' (%s)", item ? "an item of " : "",
				name, ww_field_key(field), field->help);
	}
}

static int load(struct loader *loader)
{
	struct ww_advisory *advisory = calloc(1, sizeof(*advisory));
	struct ww_facts *facts = calloc(1, sizeof(*facts));
	if (!advisory || !facts) {
		free(advisory);
		free(facts);
		return -ENOMEM;
	}
	advisory->facts = facts;
	loader->advisory = advisory;
	advisory->path = strdup(loader->problems->file);
	loader->no_memory = !advisory->path;
	struct yaml yaml = {NULL, NULL, NULL};
	if (ww_yaml_is_text(loader) && ww_yaml_open(loader, &yaml)) {
		struct value top = {NULL, fy_document_root(yaml.doc), {1, 1}, advisory};
		if (ww_yaml_is_plain(loader, top.node, top.at))
			read_section(loader, &top);
		if (!loader->stopped)
			ww_refer(loader);
	}
	ww_yaml_close(&yaml);
	ww_problems_sort(loader->problems);
	return loader->no_memory ? -ENOMEM : loader->problems->n_errors ? -EINVAL : 0;
}

/* problems->file and ->text are set. */
static int load_kept(const char *dir, struct ww_advisory **ret, struct ww_problems *problems)
{
	struct loader loader = {
		.problems = problems,
		.text = problems->text.data,
		.len = problems->text.len,
		.dir = dir,
	};
	int status = load(&loader);
	free(loader.lines);
	free(loader.citations);
	if (status == 0)
		*ret = loader.advisory;
	else
		ww_advisory_free(&loader.advisory);
	return status;
}

static bool set_file(struct ww_problems *problems, const char *name)
{
	ww_problems_done(problems);
	problems->file = strdup(name);
	return problems->file != NULL;
}

int ww_advisory_load_text(const char *name, const char *text, size_t len, const char *dir,
	struct ww_advisory **ret, struct ww_problems *problems)
{
	if (!set_file(problems, name))
		return -ENOMEM;
	if (len > WW_ADVISORY_MAX) {
		ww_problem_add(problems, WW_SEVERITY_ERROR, NULL, WW_NOWHERE, "longer than %d MiB",
			WW_ADVISORY_MAX >> 20);
		return -EFBIG;
	}
	ww_buf_add(&problems->text, text, len);
	if (problems->text.failed)
		return -ENOMEM;
	return load_kept(dir, ret, problems);
}

static void tell_unreadable(struct ww_problems *problems, int code)
{
	char limit[48];
	snprintf(limit, sizeof(limit), "longer than %d MiB", WW_ADVISORY_MAX >> 20);
	const char *why = code == -ENOENT   ? "does not exist"
			  : code == -EFBIG  ? limit
			  : code == -EISDIR ? "is a folder"
					    : strerror(-code);
	ww_problem_add(problems, WW_SEVERITY_ERROR, NULL, WW_NOWHERE, "%s", why);
}

int ww_advisory_load(const char *path, struct ww_advisory **ret, struct ww_problems *problems)
{
	struct stat st;
	struct ww_buf file = WW_BUF_INIT, dir = WW_BUF_INIT;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		ww_path_join(&file, path, "advisory.yaml");
	else
		ww_buf_adds(&file, path);
	size_t folder = (size_t)(ww_path_base(ww_buf_text(&file)) - ww_buf_text(&file));
	if (folder)
		ww_buf_add(&dir, ww_buf_text(&file), folder);
	else
		ww_buf_adds(&dir, ".");
	int status = -ENOMEM;
	if (!file.failed && !dir.failed && set_file(problems, ww_buf_text(&file))) {
		status = ww_file_load(problems->file, WW_ADVISORY_MAX, &problems->text);
		if (status != 0)
			tell_unreadable(problems, status);
		else
			status = load_kept(ww_buf_text(&dir), ret, problems);
	}
	ww_buf_done(&file);
	ww_buf_done(&dir);
	return status;
}
