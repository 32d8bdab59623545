// SPDX-License-Identifier: GPL-3.0-or-later
#include "advisory/load-private.h"
#include "base/file.h"

#include <stdlib.h>
#include <string.h>

#define path_of(value) ((value)->field->path)

/* The bytes of an unquoted scalar, for kinds that are no text; NULL when a problem was told. */
static const char *bare(struct loader *loader, const struct value *value, size_t *ret_len)
{
	const char *text = ww_read_scalar(loader, value->field, value->node, value->at, ret_len);
	if (text && fy_node_get_style(value->node) != FYNS_PLAIN) {
		fail(loader, value->at, "'%s' stands without quotes (%s)", path_of(value),
			ww_kind_name(value->field->kind));
		return NULL;
	}
	return text;
}

static bool read_whole(
	struct loader *loader, const struct value *value, uint64_t limit, uint64_t *ret)
{
	size_t len = 0;
	const char *text = bare(loader, value, &len);
	if (!text)
		return false;
	uint64_t number = 0;
	bool digits = true, fits = true;
	for (size_t i = 0; i < len && digits; i++) {
		digits = text[i] >= '0' && text[i] <= '9';
		if (fits)
			number = number * 10 + (uint64_t)(text[i] - '0');
		fits = fits && number <= limit;
	}
	if (!digits || (len > 1 && text[0] == '0')) {
		fail(loader, value->at, "'%.*s' is not a whole number (for '%s')",
			(int)(len < 40 ? len : 40), text, path_of(value));
		return false;
	}
	if (!fits) {
		fail(loader, value->at, "%.*s is too much for '%s': at most %llu",
			(int)(len < 40 ? len : 40), text, path_of(value),
			(unsigned long long)limit);
		return false;
	}
	*ret = number;
	return true;
}

/*
 * Digits, with at most one point; up to 15 of them are a double exactly, and so is the power of
 * ten below, so that one division rounds correctly, in every locale.
 */
static bool parse_real(const char *text, size_t len, double *ret)
{
	double number = 0, scale = 1;
	size_t digits = 0, points = 0;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '.' && points++ == 0)
			continue;
		if (text[i] < '0' || text[i] > '9' || ++digits > 15)
			return false;
		number = number * 10 + (text[i] - '0');
		scale *= points ? 10 : 1;
	}
	if (digits == 0 || text[0] == '.' || text[len - 1] == '.')
		return false;
	*ret = number / scale;
	return true;
}

static void read_real(struct loader *loader, const struct value *value, double *ret)
{
	bool fraction = value->field->kind == WW_KIND_FRACTION;
	size_t len = 0;
	const char *text = bare(loader, value, &len);
	double number;
	if (!text)
		return;
	if (!parse_real(text, len, &number))
		fail(loader, value->at, "'%.*s' is not %s (for '%s')", (int)(len < 40 ? len : 40),
			text, ww_kind_name(value->field->kind), path_of(value));
	else if (fraction ? number > 1 : !(number > 0 && number <= 1e9))
		fail(loader, value->at, "%.*s is outside %s of '%s'", (int)(len < 40 ? len : 40),
			text, fraction ? "0-1" : "0-1000000000 (0 not included)", path_of(value));
	else
		*ret = number;
}

static void read_bool(struct loader *loader, const struct value *value, void *member)
{
	size_t len = 0;
	const char *text = bare(loader, value, &len);
	if (!text)
		return;
	bool yes = len == 4 && memcmp(text, "true", 4) == 0;
	bool no = len == 5 && memcmp(text, "false", 5) == 0;
	if (!yes && !no)
		fail(loader, value->at, "'%s' must be true or false", path_of(value));
	else if (value->field->kind == WW_KIND_BOOL)
		*(bool *)member = yes;
	else
		*(enum ww_tri *)member = yes ? WW_TRI_YES : WW_TRI_NO;
}

static void tell_words(struct loader *loader, const struct value *value, const char *text)
{
	struct ww_buf list = WW_BUF_INIT;
	const char *const *words = ww_kind_words(value->field->kind);
	for (size_t i = 0; words[i]; i++)
		if (words[i][0])
			ww_buf_addf(&list, "%s%s", list.len ? ", " : "", words[i]);
	fail(loader, value->at, "'%.40s' is not a word of '%s': there are %s", text, path_of(value),
		ww_buf_text(&list));
	ww_buf_done(&list);
}

/* All enum kinds are stored as an int of the word's index; TLP keeps the word itself. */
static void read_word(struct loader *loader, const struct value *value, void *member)
{
	char *text = ww_read_string(loader, value);
	if (!text)
		return;
	const char *const *words = ww_kind_words(value->field->kind);
	unsigned i = 0;
	while (words[i] && (words[i][0] == '\0' || strcmp(words[i], text) != 0))
		i++;
	if (!words[i])
		tell_words(loader, value, text);
	if (words[i] && value->field->kind == WW_KIND_TLP) {
		*(char **)member = text;
		return;
	}
	if (words[i])
		memcpy(member, &i, sizeof(i));
	free(text);
}
_Static_assert(sizeof(enum ww_role) == sizeof(unsigned) &&
		       sizeof(enum ww_stage_event) == sizeof(unsigned) &&
		       sizeof(enum ww_host_state) == sizeof(unsigned) &&
		       sizeof(enum ww_confidence) == sizeof(unsigned) &&
		       sizeof(enum ww_direction) == sizeof(unsigned),
	"read_word writes enums as unsigned");

static void read_port(struct loader *loader, const struct value *value, struct ww_ports *ret)
{
	char *text = ww_read_string(loader, value);
	struct ww_err err;
	if (text && ww_ports_parse(text, value->at, ret, &err) != 0)
		fail(loader, value->at, "%s", err.text);
	free(text);
}

/* "16-31" or "16", within 1-31 or 1-12. */
static void read_range(struct loader *loader, const struct value *value, struct ww_range *ret)
{
	uint32_t limit = value->field->kind == WW_KIND_DAYS ? 31 : 12;
	char *text = ww_read_string(loader, value);
	if (!text)
		return;
	uint32_t numbers[2] = {0, 0};
	unsigned n = 0;
	const char *p = text;
	for (; n < 2; n++) {
		size_t digits = strspn(p, "0123456789");
		if (digits == 0 || digits > 2)
			break;
		for (size_t i = 0; i < digits; i++)
			numbers[n] = numbers[n] * 10 + (uint32_t)(p[i] - '0');
		p += digits;
		if (*p != '-' || n == 1) {
			n++;
			break;
		}
		p++;
	}
	if (n == 1)
		numbers[1] = numbers[0];
	if (n == 0 || *p || numbers[0] < 1 || numbers[1] > limit || numbers[0] > numbers[1])
		fail(loader, value->at, "'%.40s' is no range of %s: write it as %s, within 1-%u",
			text, ww_kind_name(value->field->kind), limit == 31 ? "16-31" : "1-8",
			limit);
	else
		*ret = (struct ww_range){numbers[0], numbers[1]};
	free(text);
}

static void tell_file(struct loader *loader, struct ww_at at, const char *name, int code)
{
	if (code == -ENOENT)
		fail(loader, at, "the file '%s' does not exist beside advisory.yaml", name);
	else if (code == -EFBIG)
		fail(loader, at, "the file '%s' is longer than %d MiB", name,
			WW_ADVISORY_FILE_MAX >> 20);
	else
		fail(loader, at, "the file '%s' cannot be read: %s", name, strerror(-code));
}

/* A link may point about, but not out of the advisory's folder. */
static bool lies_beside(const char *dir, const char *path)
{
	char *home = realpath(dir, NULL);
	char *real = realpath(path, NULL);
	size_t len = home ? strlen(home) : 0;
	bool beside = home && (!real || (strncmp(real, home, len) == 0 && real[len] == '/'));
	free(home);
	free(real);
	return beside;
}

static bool file_name_is_good(struct loader *loader, const struct value *value, const char *name)
{
	if (name[0] == '/' || strchr(name, '/') || strchr(name, '\\') || name[0] == '.') {
		fail(loader, value->at,
			"'%.80s' may not leave the advisory's folder: name a file beside "
			"advisory.yaml",
			name);
		return false;
	}
	return true;
}

static void read_file(struct loader *loader, const struct value *value, struct ww_rules_text *ret)
{
	ret->at = value->at;
	ret->name = ww_read_string(loader, value);
	if (!ret->name || !file_name_is_good(loader, value, ret->name) || !loader->dir)
		return;
	struct ww_buf path = WW_BUF_INIT, text = WW_BUF_INIT;
	ww_path_join(&path, loader->dir, ret->name);
	ret->path = ww_buf_take(&path);
	loader->no_memory |= !ret->path;
	if (ret->path && !lies_beside(loader->dir, ret->path)) {
		fail(loader, value->at, "'%s' is a link that leaves the advisory's folder",
			ret->name);
	} else if (ret->path) {
		int status = ww_file_load(ret->path, WW_ADVISORY_FILE_MAX, &text);
		if (status != 0)
			tell_file(loader, value->at, ret->name, status);
		ret->len = text.len;
		ret->text = ww_buf_take(&text);
	}
	ww_buf_done(&text);
	ww_buf_done(&path);
}

static void cite(struct loader *loader, const char *name, struct ww_at at)
{
	if (loader->n_citations == loader->citations_cap) {
		size_t cap = loader->citations_cap ? loader->citations_cap * 2 : 64;
		struct citation *more = reallocarray(loader->citations, cap, sizeof(*more));
		if (!more) {
			loader->no_memory = true;
			return;
		}
		loader->citations = more;
		loader->citations_cap = cap;
	}
	struct citation *citation = &loader->citations[loader->n_citations++];
	citation->at = at;
	strncpy(citation->name, name, sizeof(citation->name) - 1);
	citation->name[sizeof(citation->name) - 1] = '\0';
}

/* One of the values of a kind that takes one or many. `i` is its index. */
static void read_one(struct loader *loader, const struct value *value, void *array, size_t i)
{
	uint64_t number;
	switch (value->field->kind) {
	case WW_KIND_PORTS: read_port(loader, value, (struct ww_ports *)array + i); break;
	case WW_KIND_SIDS:
		if (read_whole(loader, value, UINT32_MAX, &number))
			((uint32_t *)array)[i] = (uint32_t)number;
		break;
	case WW_KIND_RULES:
	case WW_KIND_YARA: read_file(loader, value, (struct ww_rules_text *)array + i); break;
	default: ((char **)array)[i] = ww_read_string(loader, value); break;
	}
}

static size_t size_of_one(enum ww_kind kind)
{
	switch (kind) {
	case WW_KIND_PORTS: return sizeof(struct ww_ports);
	case WW_KIND_SIDS: return sizeof(uint32_t);
	case WW_KIND_RULES:
	case WW_KIND_YARA: return sizeof(struct ww_rules_text);
	default: return sizeof(char *);
	}
}

static void read_many(struct loader *loader, const struct value *value)
{
	bool list = value->node && fy_node_is_sequence(value->node);
	if (list && !ww_yaml_is_plain(loader, value->node, value->at))
		return;
	int count = list ? fy_node_sequence_item_count(value->node) : 1;
	if (count <= 0 || count > WW_ADVISORY_ITEMS) {
		fail(loader, value->at,
			count <= 0 ? "'%s' is an empty list" : "'%s' has more than %d items",
			path_of(value), WW_ADVISORY_ITEMS);
		return;
	}
	void *array = calloc((size_t)count, size_of_one(value->field->kind));
	if (!array) {
		loader->no_memory = true;
		return;
	}
	*(void **)ww_field_in(value->field, loader->advisory, value->base) = array;
	*ww_field_n_in(value->field, loader->advisory, value->base) = (size_t)count;
	void *iterator = NULL;
	for (size_t i = 0; i < (size_t)count; i++) {
		struct value one = *value;
		if (list)
			one.node = fy_node_sequence_iterate(value->node, &iterator);
		one.at = ww_yaml_at(loader, one.node, value->at);
		loader->n_values++;
		read_one(loader, &one, array, i);
	}
}

/* "a" or [a, b] as "a, b", each to be found among the sources at the end. */
static void read_source(struct loader *loader, const struct value *value, char **ret)
{
	bool list = value->node && fy_node_is_sequence(value->node);
	if (list && !ww_yaml_is_plain(loader, value->node, value->at))
		return;
	int count = list ? fy_node_sequence_item_count(value->node) : 1;
	if (count <= 0 || count > 64) {
		fail(loader, value->at, "'%s' has %s", path_of(value),
			count <= 0 ? "no items" : "more than 64 items");
		return;
	}
	struct ww_buf joined = WW_BUF_INIT;
	void *iterator = NULL;
	for (int i = 0; i < count; i++) {
		struct value one = *value;
		if (list)
			one.node = fy_node_sequence_iterate(value->node, &iterator);
		one.at = ww_yaml_at(loader, one.node, value->at);
		char *name = ww_read_string(loader, &one);
		if (name) {
			cite(loader, name, one.at);
			ww_buf_addf(&joined, "%s%s", joined.len ? ", " : "", name);
		}
		free(name);
	}
	if (joined.len)
		*ret = ww_buf_take(&joined);
	ww_buf_done(&joined);
}

static void read_version(struct loader *loader, const struct value *value)
{
	uint64_t version;
	if (read_whole(loader, value, 1000000, &version) && version != 1)
		fail(loader, value->at,
			"this is version %llu of the format; this program reads version 1",
			(unsigned long long)version);
}

static void read_number(struct loader *loader, const struct value *value, void *member)
{
	static const uint64_t u64_max = 1000000000000000, seconds_max = 1000000000;
	enum ww_kind kind = value->field->kind;
	uint64_t number;
	if (kind == WW_KIND_U32 && read_whole(loader, value, UINT32_MAX, &number))
		*(uint32_t *)member = (uint32_t)number;
	if (kind == WW_KIND_U64 && read_whole(loader, value, u64_max, &number))
		*(uint64_t *)member = number;
	if (kind == WW_KIND_SECONDS && read_whole(loader, value, seconds_max, &number))
		*(int64_t *)member = (int64_t)number;
}

void ww_read_value(struct loader *loader, const struct value *value)
{
	void *member = ww_field_in(value->field, loader->advisory, value->base);
	switch (value->field->kind) {
	case WW_KIND_VERSION: read_version(loader, value); break;
	case WW_KIND_TEXT:
	case WW_KIND_PROSE: ww_read_text(loader, value, member); break;
	case WW_KIND_TLP:
	case WW_KIND_ROLE:
	case WW_KIND_EVENT:
	case WW_KIND_STATE:
	case WW_KIND_CONFIDENCE:
	case WW_KIND_DIRECTION: read_word(loader, value, member); break;
	case WW_KIND_PORT: read_port(loader, value, member); break;
	case WW_KIND_U32:
	case WW_KIND_U64:
	case WW_KIND_SECONDS: read_number(loader, value, member); break;
	case WW_KIND_FRACTION:
	case WW_KIND_RATE: read_real(loader, value, member); break;
	case WW_KIND_DAYS:
	case WW_KIND_MONTHS: read_range(loader, value, member); break;
	case WW_KIND_BOOL:
	case WW_KIND_TRI: read_bool(loader, value, member); break;
	case WW_KIND_PORTS:
	case WW_KIND_CONTENTS:
	case WW_KIND_LINES:
	case WW_KIND_SIDS:
	case WW_KIND_RULES:
	case WW_KIND_YARA: read_many(loader, value); break;
	case WW_KIND_SOURCE: read_source(loader, value, member); break;
	default: *(char **)member = ww_read_string(loader, value); break;
	}
}
