// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Where a connection becomes unreadable: TLS application data (RFC 8446, 5.1; RFC 5246, 6.2.1).
 *
 *	 0      1      2      3      4
 *	+------+------+------+------+------+
 *	| type | version 3.x | length      |  20 change cipher, 21 alert, 22 handshake, 23 data,
 *	+------+------+------+------+------+  24 heartbeat
 *
 * Half of what an office sends is that, and no rule can match in it but by chance. From the first
 * record of type 23 on a direction is not looked at any more, as Suricata does by default
 * (encryption-handling), and the summary says how many were left.
 *
 * One end cannot bring that about by itself, or an attacker would send a record first and the
 * exploit behind it: both directions must begin with a hello and be whole records up to there. A
 * direction that no rule looks at shows no hello; then the other one is looked at to its end.
 */
#include "wire/rules/rules-private.h"

enum {
	HEADER = 5,
	CHANGE_CIPHER = 20,
	HANDSHAKE = 22,
	APPLICATION_DATA = 23,
	HEARTBEAT = 24,
	CLIENT_HELLO = 1,
	SERVER_HELLO = 2,
	RECORD_MAX = 16384 + 2048,
};

/* ww_tls_walk.phase */
enum { UNKNOWN, RECORDS, PLAIN, UNREADABLE };

static bool is_header(const uint8_t *bytes, uint32_t *ret_len)
{
	*ret_len = (uint32_t)bytes[3] << 8 | bytes[4];
	return bytes[0] >= CHANGE_CIPHER && bytes[0] <= HEARTBEAT && bytes[1] == 3 &&
	       bytes[2] <= 4 && *ret_len > 0 && *ret_len <= RECORD_MAX;
}

static bool begins_with_hello(const struct ww_stream_view *view, enum ww_dir dir)
{
	uint32_t len;
	return view->offset == 0 && view->len > HEADER && view->data[0] == HANDSHAKE &&
	       is_header(view->data, &len) &&
	       view->data[HEADER] == (dir == WW_DIR_TO_SERVER ? CLIENT_HELLO : SERVER_HELLO);
}

bool ww_encrypted_from(
	struct ww_flow *flow, enum ww_dir dir, const struct ww_stream_view *view, uint32_t *ret)
{
	struct ww_rule_state *state = ww_state_get(flow, false);
	if (!state || state->tls[dir].phase == UNKNOWN) {
		if (!begins_with_hello(view, dir))
			return false;
		state = ww_state_get(flow, true);
		if (!state)
			return false;
		state->tls[dir].phase = RECORDS;
	}
	struct ww_tls_walk *walk = &state->tls[dir];
	if (walk->phase != RECORDS)
		return false;
	if (view->after_gap || walk->next < view->offset)
		walk->phase = PLAIN;
	while (walk->phase == RECORDS && walk->next + HEADER <= view->offset + view->len) {
		uint32_t at = (uint32_t)(walk->next - view->offset), len;
		if (!is_header(view->data + at, &len)) {
			walk->phase = PLAIN;
		} else if (view->data[at] == APPLICATION_DATA) {
			bool both = state->tls[!dir].phase == RECORDS ||
				    state->tls[!dir].phase == UNREADABLE;
			walk->phase = both ? UNREADABLE : PLAIN;
			*ret = at;
			return both;
		} else {
			walk->next += HEADER + len;
		}
	}
	return false;
}

bool ww_encrypted_is(struct ww_flow *flow, enum ww_dir dir)
{
	const struct ww_rule_state *state = ww_state_get(flow, false);
	return state && state->tls[dir].phase == UNREADABLE;
}
