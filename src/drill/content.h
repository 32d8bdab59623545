/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Bytes written in Snort's content notation (Snort 2.9 manual, 3.5.1): text, `|0A 5C|` for bytes,
 * a backslash before `"`, `;`, `:`, `\`. In a dialog also {attacker} and {victim}, which stand
 * for the IPv4 addresses as text.
 */
#include "base/buf.h"

/* Addresses in host order. */
struct ww_content_names {
	uint32_t attacker, victim;
};

/*
 * Appends the bytes of text[0..len). `names` may be NULL: braces are then text like any other.
 * Returns 0; -EINVAL for an open `|`, a half byte, or a backslash at the end (what was appended
 * until then stays).
 */
int ww_content_expand(
	struct ww_buf *out, const char *text, size_t len, const struct ww_content_names *names);

/*
 * Calls each(context, bytes, len) for every content:"…" of the rules in `text` that is not
 * negated: the spans that a careless sensor misses when a segment ends inside them.
 */
void ww_content_each_mark(const char *text,
	void (*each)(void *context, const void *bytes, size_t len), void *context);
