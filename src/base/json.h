/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * A JSON writer into a ww_buf: one value after another, commas and quoting taken care of.
 *
 * Keys are written as given (they are ours). String values may be any bytes: what is not valid
 * UTF-8 becomes U+FFFD, control characters are escaped (RFC 8259). Numbers are written in the C
 * locale. Nesting to 32 levels; deeper is our bug (asserted). Reading JSON is jansson's work.
 */
#include "base/buf.h"

struct ww_json {
	struct ww_buf *out; /* borrowed */
	int depth;
	uint32_t has_member; /* bit d: level d already holds a value */
};

struct ww_json ww_json_to(struct ww_buf *out);
/* `key` is NULL inside an array and at the top. */
void ww_json_object(struct ww_json *json, const char *key);
void ww_json_array(struct ww_json *json, const char *key);
/* Ends the innermost object ('}') or array (']'). */
void ww_json_end(struct ww_json *json, char closer);
void ww_json_string(struct ww_json *json, const char *key, const char *text);
void ww_json_bytes(struct ww_json *json, const char *key, const void *bytes, size_t len);
void ww_json_int(struct ww_json *json, const char *key, int64_t number);
/* With `decimals` digits after the point; NaN and infinities are written as null. */
void ww_json_real(struct ww_json *json, const char *key, double number, int decimals);
void ww_json_bool(struct ww_json *json, const char *key, bool value);
void ww_json_null(struct ww_json *json, const char *key);
