// SPDX-License-Identifier: GPL-3.0-or-later
#include "advisory/load-private.h"
#include "base/text.h"
#include "value/when.h"

#include <stdlib.h>
#include <string.h>

#define path_of(value) ((value)->field->path)

static const char *shape(struct fy_node *node)
{
	return fy_node_is_mapping(node) ? "a section" : "a list";
}

/*
 * Characters that may not stand in a line: controls, line and paragraph separators, and the marks
 * that turn the writing direction, which make a text look like what it is not.
 */
static bool is_refused(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 ||
	       (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

static char *keep(struct loader *loader, const char *text, size_t len)
{
	char *copy = strndup(text, len);
	if (!copy)
		loader->no_memory = true;
	return copy;
}

const char *ww_read_scalar(struct loader *loader, const struct ww_field *field,
	struct fy_node *node, struct ww_at at, size_t *ret_len)
{
	if (!ww_yaml_is_plain(loader, node, at))
		return NULL;
	if (ww_yaml_is_null(node)) {
		fail(loader, at, "'%s' has no value", field->path);
		return NULL;
	}
	if (!fy_node_is_scalar(node)) {
		fail(loader, at, "'%s' must be %s, not %s", field->path, ww_kind_name(field->kind),
			shape(node));
		return NULL;
	}
	const char *text = fy_node_get_scalar(node, ret_len);
	if (!text || *ret_len == 0) {
		fail(loader, at, "'%s' is empty", field->path);
		return NULL;
	}
	return text;
}

static char *read_line(
	struct loader *loader, const struct ww_field *field, struct fy_node *node, struct ww_at at)
{
	size_t len = 0;
	const char *text = ww_read_scalar(loader, field, node, at, &len);
	if (!text)
		return NULL;
	if (len > WW_ADVISORY_LINE) {
		fail(loader, at, "'%s' is longer than %d bytes", field->path, WW_ADVISORY_LINE);
		return NULL;
	}
	for (size_t i = 0; i < len;) {
		size_t n = ww_utf8_length(text + i, len - i);
		uint32_t c = n ? ww_utf8_decode(text + i, n) : 0;
		if (c == '\n' || c == '\r')
			fail(loader, at, "'%s' must be one line, but has a line break%s",
				field->path, i + 1 == len ? " at its end: write >- for >" : "");
		else if (n == 0 || is_refused(c))
			fail(loader, at, "'%s' has a control character, U+%04X", field->path, c);
		if (n == 0 || is_refused(c))
			return NULL;
		i += n;
	}
	if (text[0] == ' ' || text[len - 1] == ' ') {
		fail(loader, at, "'%s' begins or ends with a blank", field->path);
		return NULL;
	}
	return keep(loader, text, len);
}

/* A text of several lines as one: breaks become blanks, or nothing between wide characters. */
static char *read_prose(
	struct loader *loader, const struct ww_field *field, struct fy_node *node, struct ww_at at)
{
	size_t len = 0;
	const char *text = ww_read_scalar(loader, field, node, at, &len);
	if (!text)
		return NULL;
	if (len > WW_ADVISORY_PROSE) {
		fail(loader, at, "'%s' is longer than %d bytes", field->path, WW_ADVISORY_PROSE);
		return NULL;
	}
	struct ww_buf out = WW_BUF_INIT;
	bool broken = false;
	for (size_t i = 0; i < len;) {
		size_t n = ww_utf8_length(text + i, len - i);
		uint32_t c = n ? ww_utf8_decode(text + i, n) : 0;
		bool blank = c == '\n' || c == '\r' || c == '\t' || c == ' ';
		if (!blank && is_refused(c)) {
			fail(loader, at, "'%s' has a control character, U+%04X", field->path, c);
			ww_buf_done(&out);
			return NULL;
		}
		bool wide = n == 3 && out.len && (unsigned char)out.data[out.len - 1] >= 0x80;
		if (!blank && broken && out.len && !wide)
			ww_buf_addc(&out, ' ');
		if (!blank)
			ww_buf_add(&out, text + i, n);
		broken = blank;
		i += n;
	}
	if (out.len == 0)
		fail(loader, at, "'%s' is empty", field->path);
	char *line = out.len ? ww_buf_take(&out) : NULL;
	loader->no_memory |= out.len && !line;
	ww_buf_done(&out);
	return line;
}

static char *read_text_part(
	struct loader *loader, const struct ww_field *field, struct fy_node *node, struct ww_at at)
{
	return field->kind == WW_KIND_PROSE ? read_prose(loader, field, node, at)
					    : read_line(loader, field, node, at);
}

/* "text" or {en: text, ja: text}. */
void ww_read_text(struct loader *loader, const struct value *value, struct ww_text *ret)
{
	ret->at = value->at;
	if (!value->node || !fy_node_is_mapping(value->node)) {
		ret->en = read_text_part(loader, value->field, value->node, value->at);
		return;
	}
	if (!ww_yaml_is_plain(loader, value->node, value->at))
		return;
	void *iterator = NULL;
	struct fy_node_pair *pair;
	bool told = false;
	while ((pair = fy_node_mapping_iterate(value->node, &iterator)) != NULL) {
		struct ww_at at = ww_yaml_at(loader, fy_node_pair_key(pair), value->at);
		size_t len = 0;
		const char *key = fy_node_get_scalar(fy_node_pair_key(pair), &len);
		bool en = key && len == 2 && memcmp(key, "en", 2) == 0;
		bool ja = key && len == 2 && memcmp(key, "ja", 2) == 0;
		if (!en && !ja) {
			fail(loader, at, "unknown language '%.*s' of '%s': there are en and ja",
				(int)(len < 40 ? len : 40), key ? key : "", path_of(value));
			told = true;
			continue;
		}
		char **to = en ? &ret->en : &ret->ja;
		if (*to) {
			fail(loader, at, "'%s' is given twice for '%s'", en ? "en" : "ja",
				path_of(value));
			continue;
		}
		struct fy_node *node = fy_node_pair_value(pair);
		*to = read_text_part(loader, value->field, node, ww_yaml_at(loader, node, at));
		told |= !*to;
	}
	if (!ret->en && !told)
		fail(loader, value->at, "'%s' needs 'en'", path_of(value));
}

/* Letters, digits and inner hyphens, as file names and anchors of a page take them. */
static bool is_word(const char *text)
{
	size_t len = strlen(text);
	return len <= 63 && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len &&
	       text[0] != '-' && text[len - 1] != '-';
}

static bool is_url(const char *text)
{
	static const char *const schemes[] = {"http://", "https://", "ftp://"};
	for (size_t i = 0; i < WW_N(schemes); i++)
		if (strncmp(text, schemes[i], strlen(schemes[i])) == 0)
			return text[strlen(schemes[i])] && !strpbrk(text, " <>\"\\^`{|}");
	return false;
}

static size_t span_digits(const char *text)
{
	return strspn(text, "0123456789");
}

static bool is_cve(const char *text)
{
	return strncmp(text, "CVE-", 4) == 0 && span_digits(text + 4) == 4 && text[8] == '-' &&
	       span_digits(text + 9) >= 4 && text[9 + span_digits(text + 9)] == '\0' &&
	       strlen(text) <= 20;
}

static bool is_technique(const char *text)
{
	return text[0] == 'T' && span_digits(text + 1) == 4 &&
	       (text[5] == '\0' ||
		       (text[5] == '.' && span_digits(text + 6) == 3 && text[9] == '\0'));
}

/*
 * Digests that say nothing: of the empty file and of a file with one newline, which turn up in
 * lists of indicators because somebody's script hashed a missing file.
 */
static bool is_trivial(const char *digest)
{
	static const char *const trivial[] = {"d41d8cd98f00b204e9800998ecf8427e",
		"68b329da9893e34099c7d8ad5cb9c940", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
		"adc83b19e793491b1c6ea0fd8b46cd9f32e592fc",
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b"};
	for (size_t i = 0; i < WW_N(trivial); i++)
		if (strcmp(digest, trivial[i]) == 0)
			return true;
	return strspn(digest, "0") == strlen(digest);
}

static bool digest_is_good(struct loader *loader, const struct value *value, char *text)
{
	size_t want = value->field->kind == WW_KIND_MD5    ? 32
		      : value->field->kind == WW_KIND_SHA1 ? 40
							   : 64;
	size_t len = strlen(text);
	if (strspn(text, "0123456789abcdefABCDEF") != len) {
		fail(loader, value->at, "'%s' has characters that are no hex digits",
			path_of(value));
		return false;
	}
	if (len != want) {
		fail(loader, value->at, "'%s' has %zu digits, not %zu", path_of(value), len, want);
		return false;
	}
	for (char *p = text; *p; p++)
		if (*p >= 'A' && *p <= 'F')
			*p = (char)(*p - 'A' + 'a');
	if (is_trivial(text)) {
		fail(loader, value->at,
			"'%s' is the digest of nothing: of an empty file or of one newline",
			path_of(value));
		return false;
	}
	return true;
}

/* Checks what follows the braces of a placeholder; `p` is behind the opening one. */
static bool placeholder_is_known(const char *p, enum ww_kind kind)
{
	size_t word = strspn(p, "abcdefghijklmnopqrstuvwxyz_");
	if (word == 0 || p[word] != '}')
		return true; /* no placeholder: a brace of the text */
	return (word == 8 && memcmp(p, "attacker", 8) == 0) ||
	       (kind == WW_KIND_CONTENT && word == 6 && memcmp(p, "victim", 6) == 0);
}

/* Snort content notation: text, \ before " ; : \ |, and bytes in hex between bars. */
static const char *content_fault(const char *text, enum ww_kind kind)
{
	const char *p = text;
	if (p[0] == '\0')
		return "is empty";
	while (*p) {
		if (*p == '\\' && (p[1] == '\0' || !strchr("\":;\\|", p[1])))
			return "has a '\\' before what is not one of \" : ; \\ |";
		if (*p == '{' && !placeholder_is_known(p + 1, kind))
			return kind == WW_KIND_CONTENT
				       ? "has a placeholder that is neither {attacker} nor {victim}"
				       : "has a placeholder that is not {attacker}";
		if (*p != '|') {
			p += *p == '\\' ? 2 : 1;
			continue;
		}
		for (p++; *p && *p != '|';) {
			if (*p == ' ') {
				p++;
				continue;
			}
			if (strspn(p, "0123456789abcdefABCDEF") < 2)
				return "has something else than pairs of hex digits between bars";
			p += 2;
		}
		if (*p != '|')
			return "has a bar that is not closed";
		p++;
	}
	return NULL;
}

/* The kinds that are one checked string. False when a problem was told. */
static bool string_is_good(struct loader *loader, const struct value *value, char *text)
{
	const char *path = path_of(value);
	int64_t day;
	const char *fault;
	switch (value->field->kind) {
	case WW_KIND_WORD:
		if (is_word(text))
			return true;
		fail(loader, value->at,
			"'%s' may hold small letters, digits and inner hyphens only, 63 at most",
			path);
		return false;
	case WW_KIND_URL:
		if (is_url(text))
			return true;
		fail(loader, value->at, "'%s' is not an http, https or ftp URL", path);
		return false;
	case WW_KIND_DATE:
		if (ww_when_parse_date(text, &day) == 0)
			return true;
		fail(loader, value->at, "'%.40s' is not a date: write it as 2003-08-13", text);
		return false;
	case WW_KIND_CVE:
		if (is_cve(text))
			return true;
		fail(loader, value->at, "'%.40s' is not a CVE ID, as CVE-2003-0352", text);
		return false;
	case WW_KIND_TECHNIQUE:
		if (is_technique(text))
			return true;
		fail(loader, value->at, "'%.40s' is not an ATT&CK technique, as T1059.003", text);
		return false;
	case WW_KIND_MD5:
	case WW_KIND_SHA1:
	case WW_KIND_SHA256: return digest_is_good(loader, value, text);
	case WW_KIND_CONTENT:
	case WW_KIND_CONTENTS:
		fault = content_fault(text, value->field->kind);
		if (fault)
			fail(loader, value->at, "'%s' %s", path, fault);
		return !fault;
	default: return true;
	}
}

char *ww_read_string(struct loader *loader, const struct value *value)
{
	char *text = read_line(loader, value->field, value->node, value->at);
	if (text && !string_is_good(loader, value, text)) {
		free(text);
		return NULL;
	}
	return text;
}
