// SPDX-License-Identifier: GPL-3.0-or-later
#include "advisory/facts.h"
#include "advisory/fields.h"
#include "advisory/load.h"

#include <stdlib.h>

const char *ww_text_in(const struct ww_text *text, const char *lang)
{
	if (text->ja && lang && lang[0] == 'j' && lang[1] == 'a')
		return text->ja;
	return text->en ? text->en : "";
}

const char *ww_host_state_name(enum ww_host_state state)
{
	return ww_kind_words(WW_KIND_STATE)[state];
}

const char *ww_confidence_name(enum ww_confidence confidence)
{
	return ww_kind_words(WW_KIND_CONFIDENCE)[confidence];
}

const char *ww_direction_name(enum ww_direction direction)
{
	return ww_kind_words(WW_KIND_DIRECTION)[direction];
}

static void free_rules(struct ww_rules_text *rules, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(rules[i].name);
		free(rules[i].path);
		free(rules[i].text);
	}
}

static void free_strings(char **strings, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(strings[i]);
}

static void free_children(const struct ww_field *parent, struct ww_advisory *advisory, void *base);

static void free_list(const struct ww_field *field, struct ww_advisory *advisory, void *base)
{
	void *array = *(void **)ww_field_in(field, advisory, base);
	size_t n = *ww_field_n_in(field, advisory, base);
	if (!array)
		return;
	if (field->kind == WW_KIND_LIST)
		for (size_t i = 0; i < n; i++)
			free_children(field, advisory, (char *)array + i * field->item_size);
	else if (field->kind == WW_KIND_RULES || field->kind == WW_KIND_YARA)
		free_rules(array, n);
	else if (field->kind == WW_KIND_LINES || field->kind == WW_KIND_CONTENTS)
		free_strings(array, n);
	free(array);
}

static void free_field(const struct ww_field *field, struct ww_advisory *advisory, void *base)
{
	void *member = ww_field_in(field, advisory, base);
	struct ww_text *text = member;
	switch (field->kind) {
	case WW_KIND_GROUP: free_children(field, advisory, base); break;
	case WW_KIND_STRUCT: free_children(field, advisory, member); break;
	case WW_KIND_LIST:
	case WW_KIND_RULES:
	case WW_KIND_YARA:
	case WW_KIND_LINES:
	case WW_KIND_CONTENTS:
	case WW_KIND_SIDS:
	case WW_KIND_PORTS: free_list(field, advisory, base); break;
	case WW_KIND_TEXT:
	case WW_KIND_PROSE:
		free(text->en);
		free(text->ja);
		break;
	case WW_KIND_LINE:
	case WW_KIND_WORD:
	case WW_KIND_URL:
	case WW_KIND_DATE:
	case WW_KIND_CVE:
	case WW_KIND_TECHNIQUE:
	case WW_KIND_MD5:
	case WW_KIND_SHA1:
	case WW_KIND_SHA256:
	case WW_KIND_TLP:
	case WW_KIND_CONTENT:
	case WW_KIND_SOURCE: free(*(char **)member); break;
	default: break;
	}
}

static void free_children(const struct ww_field *parent, struct ww_advisory *advisory, void *base)
{
	for (size_t i = 0; i < WW_FIELDS; i++)
		if (ww_field_is_child(ww_field_get(i), parent))
			free_field(ww_field_get(i), advisory, base);
}

void ww_advisory_free(struct ww_advisory **advisory)
{
	if (!*advisory)
		return;
	free_children(NULL, *advisory, *advisory);
	free((*advisory)->path);
	free((*advisory)->facts);
	free(*advisory);
	*advisory = NULL;
}
