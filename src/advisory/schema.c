// SPDX-License-Identifier: GPL-3.0-or-later
#include "advisory/schema.h"
#include "advisory/fields.h"
#include "base/json.h"
#include "base/quote.h"

#include <string.h>

/*
 * Text: one line. Editors read a bare 823980 as a number, which the loader takes as the text it
 * is, so that both are allowed.
 */
static void text_types(struct ww_json *json)
{
	ww_json_array(json, "type");
	ww_json_string(json, NULL, "string");
	ww_json_string(json, NULL, "number");
	ww_json_end(json, ']');
}

static void pattern(struct ww_json *json, const char *regex)
{
	ww_json_string(json, "type", "string");
	ww_json_string(json, "pattern", regex);
}

static void whole(struct ww_json *json, int64_t most)
{
	ww_json_string(json, "type", "integer");
	ww_json_int(json, "minimum", 0);
	ww_json_int(json, "maximum", most);
}

static void languages(struct ww_json *json)
{
	ww_json_array(json, "oneOf");
	ww_json_object(json, NULL);
	text_types(json);
	ww_json_end(json, '}');
	ww_json_object(json, NULL);
	ww_json_string(json, "type", "object");
	ww_json_object(json, "properties");
	for (int i = 0; i < 2; i++) {
		ww_json_object(json, i ? "ja" : "en");
		text_types(json);
		ww_json_end(json, '}');
	}
	ww_json_end(json, '}');
	ww_json_array(json, "required");
	ww_json_string(json, NULL, "en");
	ww_json_end(json, ']');
	ww_json_bool(json, "additionalProperties", false);
	ww_json_end(json, '}');
	ww_json_end(json, ']');
}

static void words(struct ww_json *json, enum ww_kind kind)
{
	const char *const *list = ww_kind_words(kind);
	ww_json_array(json, "enum");
	for (size_t i = 0; list[i]; i++)
		if (list[i][0])
			ww_json_string(json, NULL, list[i]);
	ww_json_end(json, ']');
}

#define WORD_REGEX "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"
#define PORT_REGEX "^[0-9]{1,5}(-[0-9]{1,5})?/(tcp|udp)$"
#define FILE_REGEX "^[^./\\\\][^/\\\\]*$"

/* What one value of the kind looks like. */
static void one(struct ww_json *json, enum ww_kind kind)
{
	switch (kind) {
	case WW_KIND_LINE:
	case WW_KIND_LINES: text_types(json); break;
	case WW_KIND_TEXT:
	case WW_KIND_PROSE: languages(json); break;
	case WW_KIND_WORD:
	case WW_KIND_SOURCE: pattern(json, WORD_REGEX); break;
	case WW_KIND_URL: pattern(json, "^(https?|ftp)://"); break;
	case WW_KIND_DATE: pattern(json, "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"); break;
	case WW_KIND_CVE: pattern(json, "^CVE-[0-9]{4}-[0-9]{4,}$"); break;
	case WW_KIND_TECHNIQUE: pattern(json, "^T[0-9]{4}(\\.[0-9]{3})?$"); break;
	case WW_KIND_MD5: pattern(json, "^[0-9A-Fa-f]{32}$"); break;
	case WW_KIND_SHA1: pattern(json, "^[0-9A-Fa-f]{40}$"); break;
	case WW_KIND_SHA256: pattern(json, "^[0-9A-Fa-f]{64}$"); break;
	case WW_KIND_PORT:
	case WW_KIND_PORTS: pattern(json, PORT_REGEX); break;
	case WW_KIND_U32:
	case WW_KIND_SIDS: whole(json, UINT32_MAX); break;
	case WW_KIND_U64: whole(json, 1000000000000000); break;
	case WW_KIND_SECONDS: whole(json, 1000000000); break;
	case WW_KIND_FRACTION:
		ww_json_string(json, "type", "number");
		ww_json_int(json, "minimum", 0);
		ww_json_int(json, "maximum", 1);
		break;
	case WW_KIND_RATE:
		ww_json_string(json, "type", "number");
		ww_json_int(json, "exclusiveMinimum", 0);
		ww_json_int(json, "maximum", 1000000000);
		break;
	case WW_KIND_DAYS:
	case WW_KIND_MONTHS:
		ww_json_array(json, "type");
		ww_json_string(json, NULL, "string");
		ww_json_string(json, NULL, "integer");
		ww_json_end(json, ']');
		ww_json_string(json, "pattern", "^[0-9]{1,2}(-[0-9]{1,2})?$");
		break;
	case WW_KIND_BOOL:
	case WW_KIND_TRI: ww_json_string(json, "type", "boolean"); break;
	case WW_KIND_CONTENT:
	case WW_KIND_CONTENTS: ww_json_string(json, "type", "string"); break;
	case WW_KIND_RULES:
	case WW_KIND_YARA: pattern(json, FILE_REGEX); break;
	case WW_KIND_VERSION: ww_json_int(json, "const", 1); break;
	default: words(json, kind); break;
	}
}

static bool takes_many(enum ww_kind kind)
{
	return kind == WW_KIND_PORTS || kind == WW_KIND_CONTENTS || kind == WW_KIND_LINES ||
	       kind == WW_KIND_SIDS || kind == WW_KIND_RULES || kind == WW_KIND_YARA ||
	       kind == WW_KIND_SOURCE;
}

static void section(struct ww_json *json, const struct ww_field *parent);

static void field_schema(struct ww_json *json, const struct ww_field *field)
{
	ww_json_object(json, ww_field_key(field));
	ww_json_string(json, "description", field->help);
	if (field->kind == WW_KIND_GROUP || field->kind == WW_KIND_STRUCT) {
		section(json, field);
	} else if (field->kind == WW_KIND_LIST) {
		ww_json_string(json, "type", "array");
		ww_json_int(json, "minItems", 1);
		ww_json_object(json, "items");
		section(json, field);
		ww_json_end(json, '}');
	} else if (takes_many(field->kind)) {
		ww_json_array(json, "oneOf");
		ww_json_object(json, NULL);
		one(json, field->kind);
		ww_json_end(json, '}');
		ww_json_object(json, NULL);
		ww_json_string(json, "type", "array");
		ww_json_int(json, "minItems", 1);
		ww_json_object(json, "items");
		one(json, field->kind);
		ww_json_end(json, '}');
		ww_json_end(json, '}');
		ww_json_end(json, ']');
	} else {
		one(json, field->kind);
	}
	ww_json_end(json, '}');
}

static void section(struct ww_json *json, const struct ww_field *parent)
{
	bool required = false;
	ww_json_string(json, "type", "object");
	ww_json_object(json, "properties");
	for (size_t i = 0; i < WW_FIELDS; i++) {
		const struct ww_field *field = ww_field_get(i);
		if (!ww_field_is_child(field, parent))
			continue;
		field_schema(json, field);
		required |= field->flags & WW_FIELD_REQUIRED;
	}
	ww_json_end(json, '}');
	if (required) {
		ww_json_array(json, "required");
		for (size_t i = 0; i < WW_FIELDS; i++) {
			const struct ww_field *field = ww_field_get(i);
			if ((field->flags & WW_FIELD_REQUIRED) && ww_field_is_child(field, parent))
				ww_json_string(json, NULL, ww_field_key(field));
		}
		ww_json_end(json, ']');
	}
	ww_json_bool(json, "additionalProperties", false);
}

void ww_advisory_schema(struct ww_buf *out)
{
	struct ww_json json = ww_json_to(out);
	ww_json_object(&json, NULL);
	ww_json_string(&json, "$schema", "https://json-schema.org/draft/2020-12/schema");
	ww_json_string(&json, "title", "Wormwood advisory, version 1");
	section(&json, NULL);
	ww_json_end(&json, '}');
	ww_buf_addc(out, '\n');
}

static const struct {
	unsigned actor;
	const char *name;
} actors[] = {{WW_ACTOR_WATCH, "watch"}, {WW_ACTOR_DRILL, "drill"}, {WW_ACTOR_SHOW, "advisory"}};

static void who_acts(struct ww_buf *out, const struct ww_field *field)
{
	const char *between = "";
	for (size_t i = 0; i < WW_N(actors); i++) {
		if (!(field->actors & actors[i].actor))
			continue;
		ww_buf_addf(out, "%s%s", between, actors[i].name);
		between = ", ";
	}
	if (field->planned[0])
		ww_buf_addf(out, "; planned: %s", field->planned);
}

void ww_advisory_man(struct ww_buf *out)
{
	for (size_t i = 0; i < WW_FIELDS; i++) {
		const struct ww_field *field = ww_field_get(i);
		ww_buf_adds(out, "*");
		ww_quote_scdoc(out, field->path);
		ww_buf_addf(out, "*%s", field->kind == WW_KIND_LIST ? "\\[\\]" : "");
		ww_buf_adds(out, " (");
		ww_quote_scdoc(out, ww_kind_name(field->kind));
		ww_buf_addf(out, "%s)\n\t", field->flags & WW_FIELD_REQUIRED ? "; required" : "");
		ww_quote_scdoc(out, field->help);
		ww_buf_adds(out, ".");
		if (!(field->actors & WW_ACTOR_INHERIT)) {
			ww_buf_adds(out, " Acted on by ");
			who_acts(out, field);
			ww_buf_adds(out, ".");
		}
		ww_buf_adds(out, "\n\n");
	}
}

void ww_advisory_fields_json(struct ww_buf *out)
{
	for (size_t i = 0; i < WW_FIELDS; i++) {
		const struct ww_field *field = ww_field_get(i);
		unsigned acting = ww_field_actors(field);
		struct ww_json json = ww_json_to(out);
		ww_json_object(&json, NULL);
		ww_json_string(&json, "type", "field");
		ww_json_string(&json, "path", field->path);
		ww_json_string(&json, "kind", ww_kind_name(field->kind));
		ww_json_bool(&json, "required", field->flags & WW_FIELD_REQUIRED);
		ww_json_string(&json, "help", field->help);
		ww_json_array(&json, "actors");
		for (size_t k = 0; k < WW_N(actors); k++)
			if (acting & actors[k].actor)
				ww_json_string(&json, NULL, actors[k].name);
		ww_json_end(&json, ']');
		ww_json_string(&json, "planned", ww_field_planned(field));
		ww_json_end(&json, '}');
		ww_buf_addc(out, '\n');
	}
}
