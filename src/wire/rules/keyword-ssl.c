// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * ssl_state, ssl_version: what the TLS records at the payload's start are (Snort 2.9 manual).
 *
 *	ssl_state:[!]client_hello | server_hello | client_keyx | server_keyx | unknown [, ...]
 *	ssl_version:[!]sslv2 | sslv3 | tls1.0 | tls1.1 | tls1.2 [, ...]
 *
 * One of those named is enough; with '!' none of them may be. The states are those of the handshake
 * messages in the records from the payload's start on, as far as they came: of the stream's start
 * or of the segment's, as with offset. Snort remembers a session's states and version; here nothing
 * is remembered, so that a rule means the same however many threads look. The version is that of
 * the record, or of the hello in SSLv2's framing. TLS 1.3 has the records of TLS 1.2 (RFC 8446,
 * 5.1), and is tls1.2 here. What begins with no record is in no state and of no version: neither
 * matches, negated or not; `unknown` is what does.
 */
#include "wire/rules/rules-private.h"

#include <string.h>

enum {
	RECORD = 5,
	HANDSHAKE = 22,
	FIRST_TYPE = 20,
	LAST_TYPE = 24,
	RECORD_MAX = 16384 + 2048,
	V2_HEAD = 5, /* length 2, type, version 2 */
	RECORDS = 8, /* looked at */
};

enum { CLIENT_HELLO = 1, SERVER_HELLO = 2, SERVER_KEYX = 12, CLIENT_KEYX = 16 };

static const char *const STATES[] = {
	"client_hello", "server_hello", "client_keyx", "server_keyx", "unknown"};
static const char *const VERSIONS[] = {"sslv2", "sslv3", "tls1.0", "tls1.1", "tls1.2"};
enum { STATE_UNKNOWN = 4 };

static uint32_t state_bit(uint8_t type)
{
	switch (type) {
	case CLIENT_HELLO: return 1 << 0;
	case SERVER_HELLO: return 1 << 1;
	case CLIENT_KEYX: return 1 << 2;
	case SERVER_KEYX: return 1 << 3;
	default: return 0;
	}
}

/* 3.0 to 3.3 and beyond; 0 of what has none. */
static uint32_t version_bit(uint8_t major, uint8_t minor)
{
	if (major == 0 && minor == 2)
		return 1 << 0;
	return major == 3 ? 2u << (minor < 3 ? minor : 3) : 0;
}

/* A hello in SSLv2's framing: 0x80 and 7 more bits of length, or 14 bits and the padding's size. */
static bool read_v2(const uint8_t *data, int64_t len, uint32_t *states, uint32_t *version)
{
	int64_t head = data[0] & 0x80 ? 2 : 3;
	if (len < head + 3 || (data[0] & 0xc0) == 0x40)
		return false;
	const uint8_t *hello = data + head;
	*version = version_bit(hello[1], hello[2]);
	*states = hello[0] == CLIENT_HELLO ? state_bit(CLIENT_HELLO)
		  : hello[0] == 4          ? state_bit(SERVER_HELLO)
					   : 0;
	/* A server's hello has its session and certificate types before the version. */
	if (hello[0] == 4 && len >= head + 5)
		*version = version_bit(hello[3], hello[4]);
	return *states && *version;
}

static bool is_record(const uint8_t *data)
{
	uint32_t len = (uint32_t)data[3] << 8 | data[4];
	return data[0] >= FIRST_TYPE && data[0] <= LAST_TYPE && data[1] == 3 && data[2] <= 4 &&
	       len > 0 && len <= RECORD_MAX;
}

/* The messages of a record of handshakes; one that goes on in the next record ends the look. */
static uint32_t messages_of(const uint8_t *data, int64_t len)
{
	uint32_t states = 0;
	for (int64_t at = 0; at < len;) {
		states |= state_bit(data[at]);
		if (len - at < 4)
			break;
		at += 4 + ((int64_t)data[at + 1] << 16 | data[at + 2] << 8 | data[at + 3]);
	}
	return states;
}

/* What begins at data[0]. False: nothing of SSL. */
static bool look(const uint8_t *data, int64_t len, uint32_t *states, uint32_t *version)
{
	*states = *version = 0;
	if (len < RECORD || !is_record(data))
		return len >= V2_HEAD && read_v2(data, len, states, version);
	*version = version_bit(data[1], data[2]);
	for (int n = 0; n < RECORDS && len >= RECORD && is_record(data); n++) {
		int64_t body = (int64_t)data[3] << 8 | data[4];
		int64_t here = len - RECORD < body ? len - RECORD : body;
		if (data[0] == HANDSHAKE)
			*states |= messages_of(data + RECORD, here);
		data += RECORD + here;
		len -= RECORD + here;
	}
	return true;
}

static enum ww_verdict match(struct ww_verify *verify, const struct ww_step *step,
	struct ww_attempt *attempt, bool of_state)
{
	struct ww_window window = ww_verify_buffer(verify, step);
	attempt->end = attempt->cursor;
	if (window.base < window.low || window.base > window.len)
		return WW_VERDICT_NO;
	int64_t len = window.len - window.base;
	if (len < RECORD && !window.final) {
		attempt->need = (uint64_t)((int64_t)window.offset + window.base + RECORD);
		attempt->bounded = true;
		return WW_VERDICT_MORE;
	}
	uint32_t states, version;
	bool any = look(window.data + window.base, len, &states, &version);
	if (!any) {
		bool unknown = of_state && !step->negated && step->flags >> STATE_UNKNOWN & 1;
		return unknown ? WW_VERDICT_MATCH : WW_VERDICT_NO;
	}
	bool in = ((of_state ? states : version) & step->flags) != 0;
	return in != step->negated ? WW_VERDICT_MATCH : WW_VERDICT_NO;
}

static enum ww_verdict match_state(
	struct ww_verify *verify, const struct ww_step *step, struct ww_attempt *attempt)
{
	return match(verify, step, attempt, true);
}

static enum ww_verdict match_version(
	struct ww_verify *verify, const struct ww_step *step, struct ww_attempt *attempt)
{
	return match(verify, step, attempt, false);
}

/* "a, b" or "!a, !b": all with '!' or none, because a mixture means nothing that is said anywhere.
 */
static int read_words(struct ww_rule_builder *builder, const struct ww_option *option,
	const char *const *names, size_t n_names, ww_step_fn *function, struct ww_err *err)
{
	struct ww_step *step = ww_builder_step(builder, option, err);
	if (!step)
		return -EOPNOTSUPP;
	*step = (struct ww_step){.match = function, .absolute = true};
	struct ww_span rest = option->value, word;
	for (size_t words = 0; ww_span_next(&rest, &word); words++) {
		bool negated = word.len > 0 && word.text[0] == '!';
		word.text += negated;
		word.pos += negated;
		word.len -= negated;
		if (words > 0 && negated != step->negated)
			return ww_option_fail(builder, &word, -EOPNOTSUPP, err,
				"%.*s: '!' before some words and not before others is not "
				"supported",
				(int)option->name.len, option->name.text);
		step->negated = negated;
		size_t i = 0;
		while (i < n_names && !ww_span_is(&word, names[i]))
			i++;
		if (i == n_names)
			return ww_word_unknown(builder, option, &word, err);
		step->flags |= (uint32_t)1 << i;
	}
	return 0;
}

int ww_keyword_ssl_state(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	return read_words(builder, option, STATES, WW_N(STATES), match_state, err);
}

int ww_keyword_ssl_version(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	return read_words(builder, option, VERSIONS, WW_N(VERSIONS), match_version, err);
}
