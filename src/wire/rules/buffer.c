// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The table of inspection buffers, and the keywords that name them.
 *
 *	content:"/a"; http_uri;                    Snort 2.9, old Suricata: behind, of one content
 *	http.uri; content:"/a"; content:"b";       Suricata: before, of all that follow
 *	http_uri; content:"/a"; content:"b";       Snort 3: before, of all that follow
 *
 * The first and the third are spelled alike. A rule is of the third kind when such a name comes
 * before any content, which means nothing in the first, or when one of its contents has options
 * behind a comma, which only Snort 3 reads.
 */
#include "wire/rules/rules-private.h"

#include <string.h>
#include <strings.h>

#define NO  false
#define YES true
static const struct ww_buffer_row buffers[] = {
#define WW_BUFFER(name_, provider_, direction_, provided_, behind_, snort3_, before_, help_)       \
	{#name_, WW_PROVIDER_##provider_, WW_BUFFER_##direction_, provided_, behind_, snort3_,     \
		before_, help_},
#include "wire/proto/buffers.def"
#undef WW_BUFFER
};

_Static_assert(WW_BUFFER_COUNT <= 64, "a rule has a bit for each");
_Static_assert(WW_BUFFER_RAW == 0, "where nothing is said");

size_t ww_buffers(const struct ww_buffer_row **ret)
{
	*ret = buffers;
	return WW_N(buffers);
}

static bool named(const char *names, const struct ww_span *name)
{
	struct ww_span rest = {names, strlen(names), 0}, word;
	while (ww_span_word(&rest, &word))
		if (word.len == name->len && strncasecmp(word.text, name->text, name->len) == 0)
			return true;
	return false;
}

int ww_buffer_take(struct ww_rule_builder *builder, enum ww_buffer buffer,
	const struct ww_option *option, struct ww_err *err)
{
	if (!buffers[buffer].provided)
		return ww_option_fail(builder, &option->name, -EOPNOTSUPP, err,
			"keyword '%.*s' is not supported: nothing offers that buffer",
			(int)(option->name.len < 40 ? option->name.len : 40), option->name.text);
	return 0;
}

/* Snort 3: http_header:field user-agent */
static int field_of(struct ww_rule_builder *builder, const struct ww_option *option,
	enum ww_buffer *buffer, struct ww_err *err)
{
	static const struct {
		const char *name;
		enum ww_buffer buffer;
	} fields[] = {{"user-agent", WW_BUFFER_HTTP_USER_AGENT}, {"host", WW_BUFFER_HTTP_HOST_RAW},
		{"referer", WW_BUFFER_HTTP_REFERER}, {"accept", WW_BUFFER_HTTP_ACCEPT},
		{"accept-language", WW_BUFFER_HTTP_ACCEPT_LANG},
		{"accept-encoding", WW_BUFFER_HTTP_ACCEPT_ENC},
		{"connection", WW_BUFFER_HTTP_CONNECTION},
		{"content-type", WW_BUFFER_HTTP_CONTENT_TYPE},
		{"content-length", WW_BUFFER_HTTP_CONTENT_LEN},
		{"location", WW_BUFFER_HTTP_LOCATION}, {"server", WW_BUFFER_HTTP_SERVER}};
	struct ww_span rest = option->value, word;
	bool field = ww_span_word(&rest, &word) && ww_span_is(&word, "field");
	ww_span_trim(&rest);
	for (size_t i = 0; field && *buffer == WW_BUFFER_HTTP_HEADER && i < WW_N(fields); i++) {
		if (ww_span_is(&rest, fields[i].name)) {
			*buffer = fields[i].buffer;
			return 0;
		}
	}
	return ww_option_fail(builder, &option->value, -EOPNOTSUPP, err,
		"'%.*s:%.*s' is not supported",
		(int)(option->name.len < 40 ? option->name.len : 40), option->name.text,
		(int)(option->value.len < 40 ? option->value.len : 40), option->value.text);
}

static int take_sticky(struct ww_rule_builder *builder, const struct ww_option *option,
	enum ww_buffer buffer, struct ww_err *err)
{
	int r = option->value.text ? field_of(builder, option, &buffer, err) : 0;
	if (r == 0)
		r = ww_buffer_take(builder, buffer, option, err);
	if (r == 0) {
		builder->sticky = (uint8_t)buffer;
		builder->last_content = NULL;
	}
	return r;
}

int ww_buffer_option(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	for (size_t i = 0; i < WW_N(buffers); i++) {
		bool before = named(buffers[i].before, &option->name);
		bool behind = named(buffers[i].behind, &option->name);
		bool snort3 = named(buffers[i].snort3, &option->name);
		if (!before && !behind && !snort3)
			continue;
		if (snort3 && !builder->has_content)
			builder->snort3 = true;
		if (before || (snort3 && (builder->snort3 || !behind))) {
			int r = take_sticky(builder, option, (enum ww_buffer)i, err);
			return r < 0 ? r : 1;
		}
		if (option->value.text)
			return ww_option_fail(builder, &option->value, -EINVAL, err,
				"'%.*s' takes no value", (int)option->name.len, option->name.text);
		if (!builder->last_content)
			return ww_option_fail(builder, &option->name, -EINVAL, err,
				"'%.*s' has no content before it", (int)option->name.len,
				option->name.text);
		int r = ww_buffer_take(builder, (enum ww_buffer)i, option, err);
		builder->last_content->buffer = (uint8_t)i;
		return r < 0 ? r : 1;
	}
	return 0;
}
