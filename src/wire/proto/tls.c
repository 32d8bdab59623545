// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * TLS until it is encrypted (RFC 8446, RFC 5246; RFC 6101 for SSL 3): the ClientHello's server name
 * and JA3, the ServerHello's JA3S, the first certificate's names.
 *
 *   record     | type | version 2 | length 2 |  type 22 handshake, 20 change of cipher, 21 alert,
 *                                               23 data
 *   handshake  | type | length 3 | ...          in records, cut anywhere; 1 ClientHello,
 *                                               2 ServerHello, 11 Certificate
 *
 * Each direction is one message: the client's when its hello is whole; the server's when its first
 * certificate is there or will not come (a change of cipher, data, the end). Behind a change of
 * cipher or the first data nothing of that direction is looked at. In TLS 1.3 certificates are
 * encrypted, and there are none. Of a hello or certificate WW_TLS_KEPT bytes are kept; what is
 * beyond is not read, and the buffers that stand there are missing or `cut`.
 *
 * JA3 (Althouse, Atkinson, Atkins, 2017): version, ciphers, extensions, curves, point formats in
 * decimal, values of GREASE (RFC 8701) left out; its MD5. JA3S: version, cipher, extensions.
 *
 * An SSL 2 ClientHello (RFC 5246, E.2) is passed over; the server's answer in TLS is read.
 */
#include "wire/proto/tls.h"

#include "wire/proto/wire-read.h"

#include <string.h>

enum {
	RECORD_CIPHER = 20,
	RECORD_ALERT = 21,
	RECORD_HANDSHAKE = 22,
	RECORD_DATA = 23,
	RECORD_HEAD = 5,
	HANDSHAKE_HEAD = 4,
	CLIENT_HELLO = 1,
	SERVER_HELLO = 2,
	CERTIFICATE = 11,
	RECORD_MAX = 16384 + 2048,
};

struct tls_side {
	uint8_t head[RECORD_HEAD], have;
	uint8_t type;          /* of the record */
	bool over, begun, old; /* nothing more is looked at; a record came; SSL 2's hello */
	uint8_t handshake[HANDSHAKE_HEAD], handshake_have;
	uint32_t left;           /* of the record */
	uint32_t handshake_left; /* of the handshake message */
	uint64_t at;             /* of the handshake message */
	struct ww_kept kept;
};

struct tls_state {
	struct tls_side sides[2];
	bool answered;                /* the server's message was told */
	uint64_t hello_at, hello_end; /* of the ServerHello */
	struct ww_kept ja3s;          /* its text; empty: there was none */
};

/* ---- messages ---- */

static void set(struct ww_message *message, enum ww_buffer buffer, const void *bytes, uint32_t len,
	uint64_t at)
{
	ww_message_set(message, buffer, bytes, len, at);
}

/* The text and its MD5, whose hexadecimal form goes to `hash`, which outlives the message. */
static void set_ja3(struct ww_message *message, const struct ww_kept *text, bool client,
	uint64_t at, char hash[WW_JA3_HASH])
{
	set(message, client ? WW_BUFFER_JA3_STRING : WW_BUFFER_JA3S_STRING, text->data, text->len,
		at);
	if (ww_ja3_hash(text->data, text->len, hash))
		set(message, client ? WW_BUFFER_JA3_HASH : WW_BUFFER_JA3S_HASH, hash,
			WW_JA3_HASH - 1, at);
}

static void client_hello(struct ww_parsing *parsing, const struct tls_side *side, uint64_t end)
{
	struct ww_tls_hello hello;
	struct ww_kept text = {0};
	char hash[WW_JA3_HASH];
	if (!ww_tls_client_hello(side->kept.data, side->kept.len, &hello)) {
		ww_parsing_counts(parsing)->malformed++;
		return;
	}
	struct ww_message *message = ww_parsing_message(parsing);
	message->begins = message->ends = true;
	message->number = 1;
	message->at = side->at;
	message->end = end;
	message->settled = ~(uint64_t)0;
	uint64_t ja3 = WW_BUFFER_BIT(WW_BUFFER_JA3_STRING) | WW_BUFFER_BIT(WW_BUFFER_JA3_HASH);
	if (ww_parsing_wants(parsing, ja3)) {
		bool whole = ww_ja3_client(parsing, &hello, &text);
		set_ja3(message, &text, true, side->at, hash);
		message->cut |= whole ? 0 : ja3;
	}
	if (hello.name)
		set(message, WW_BUFFER_TLS_SNI, hello.name, hello.name_len,
			side->at + HANDSHAKE_HEAD + (uint64_t)(hello.name - side->kept.data));
	ww_parsing_tell(parsing, message);
	ww_kept_drop(parsing, &text);
	if (!parsing->call->facts)
		return;
	struct ww_fact fact = ww_parsing_fact(parsing, WW_FACT_TLS_HELLO, side->at);
	fact.outcome = WW_FACT_ASKED;
	fact.text = hello.name ? hello.name : (const uint8_t *)"";
	fact.text_len = hello.name_len;
	ww_parsing_tell_fact(parsing, &fact);
}

static void server_hello(struct ww_parsing *parsing, const struct tls_side *side, uint64_t end)
{
	struct tls_state *state = parsing->state;
	struct ww_tls_hello hello;
	if (state->answered || state->ja3s.len)
		return;
	if (!ww_tls_server_hello(side->kept.data, side->kept.len, &hello)) {
		ww_parsing_counts(parsing)->malformed++;
		return;
	}
	(void)ww_ja3_server(parsing, &hello, &state->ja3s);
	state->hello_at = side->at;
	state->hello_end = end;
}

static void set_name(struct ww_message *message, enum ww_buffer buffer,
	const struct ww_x509_text *text, uint64_t at)
{
	set(message, buffer, text->bytes, text->len, at);
	if (text->cut)
		message->cut |= WW_BUFFER_BIT(buffer);
}

/* The server's message. `certificate` is NULL when there is none. */
static void tell_answer(struct ww_parsing *parsing, const uint8_t *certificate, uint32_t len,
	bool whole, uint64_t at, uint64_t end)
{
	struct tls_state *state = parsing->state;
	struct ww_x509 x509;
	char hash[WW_JA3_HASH], print[WW_TLS_FINGERPRINT];
	if (state->answered || (!certificate && state->ja3s.len == 0))
		return;
	state->answered = true;
	struct ww_message *message = ww_parsing_message(parsing);
	message->begins = message->ends = true;
	message->number = 1;
	message->at = state->ja3s.len ? state->hello_at : at;
	message->end = end;
	message->settled = ~(uint64_t)0;
	if (state->ja3s.len)
		set_ja3(message, &state->ja3s, false, state->hello_at, hash);
	if (certificate && ww_x509_read(certificate, len, &x509)) {
		set_name(message, WW_BUFFER_TLS_CERT_SUBJECT, &x509.subject, at);
		set_name(message, WW_BUFFER_TLS_CERT_ISSUER, &x509.issuer, at);
		set_name(message, WW_BUFFER_TLS_CERT_SERIAL, &x509.serial, at);
	} else if (certificate) {
		ww_parsing_counts(parsing)->malformed++;
	}
	if (certificate && whole && ww_tls_fingerprint(certificate, len, print))
		set(message, WW_BUFFER_TLS_CERT_FINGERPRINT, print, WW_TLS_FINGERPRINT - 1, at);
	ww_parsing_tell(parsing, message);
	ww_kept_drop(parsing, &state->ja3s);
}

/* | length of the list 3 | length of the first 3 | first | ... */
static void certificates(struct ww_parsing *parsing, const struct tls_side *side, uint64_t end)
{
	const struct ww_kept *kept = &side->kept;
	if (kept->len < 6) {
		ww_parsing_counts(parsing)->malformed += kept->len != 3;
		tell_answer(parsing, NULL, 0, false, side->at, end);
		return;
	}
	uint32_t len = ww_read24(kept->data + 3), there = kept->len - 6;
	tell_answer(
		parsing, kept->data + 6, len < there ? len : there, len <= there, side->at, end);
}

/* ---- framing ---- */

/* Nothing of this direction is looked at any more. */
static void leave(struct ww_parsing *parsing, struct tls_side *side, uint64_t at)
{
	struct tls_state *state = parsing->state;
	side->over = true;
	if (parsing->dir == WW_DIR_TO_CLIENT)
		tell_answer(parsing, NULL, 0, false, at, state->ja3s.len ? state->hello_end : at);
	ww_kept_drop(parsing, &side->kept);
}

static bool is_read(const struct tls_side *side, enum ww_dir dir)
{
	uint8_t type = side->handshake[0];
	return dir == WW_DIR_TO_SERVER ? type == CLIENT_HELLO
				       : type == SERVER_HELLO || type == CERTIFICATE;
}

static void end_handshake(struct ww_parsing *parsing, struct tls_side *side, uint64_t end)
{
	if (is_read(side, parsing->dir)) {
		if (side->handshake[0] == CLIENT_HELLO)
			client_hello(parsing, side, end);
		else if (side->handshake[0] == SERVER_HELLO)
			server_hello(parsing, side, end);
		else
			certificates(parsing, side, end);
	}
	side->handshake_have = 0;
	ww_kept_reset(&side->kept);
}

/* Bytes of handshake messages; `at` is the stream position of the first. */
static void handshake(struct ww_parsing *parsing, struct tls_side *side, const uint8_t *data,
	uint32_t len, uint64_t at)
{
	while (len > 0) {
		uint32_t n = 1;
		if (side->handshake_have < HANDSHAKE_HEAD) {
			if (side->handshake_have == 0)
				side->at = at;
			side->handshake[side->handshake_have++] = *data;
			side->handshake_left = ww_read24(side->handshake + 1);
		} else {
			n = len < side->handshake_left ? len : side->handshake_left;
			if (is_read(side, parsing->dir))
				(void)ww_kept_add(parsing, &side->kept, data, n, WW_TLS_KEPT);
			side->handshake_left -= n;
		}
		data += n;
		at += n;
		len -= n;
		if (side->handshake_have == HANDSHAKE_HEAD && side->handshake_left == 0)
			end_handshake(parsing, side, at);
	}
}

/* The five bytes of a record's head are there. */
static void read_record(struct ww_parsing *parsing, struct tls_side *side, uint64_t at)
{
	side->type = side->head[0];
	side->left = ww_read16(side->head + 3, false);
	bool sound = side->type >= RECORD_CIPHER && side->type <= RECORD_DATA + 1 &&
		     side->head[1] == 3 && side->left <= RECORD_MAX;
	if (!sound) {
		leave(parsing, side, at);
		ww_parsing_give_up(parsing);
		return;
	}
	if (side->type == RECORD_CIPHER || side->type == RECORD_DATA) {
		leave(parsing, side, at);
		return;
	}
	if (side->left == 0)
		side->have = 0;
}

/* An SSL 2 hello: its record has two bytes of head, of which the upper bit is set. */
static void read_old_record(struct tls_side *side)
{
	side->type = RECORD_ALERT;
	side->left = ((uint32_t)side->head[0] & 0x7f) << 8 | side->head[1];
	side->old = true;
	/* Three bytes of it are in the head already. */
	side->left = side->left > 3 ? side->left - 3 : 0;
	if (side->left == 0)
		side->have = 0;
}

static void take_head(struct ww_parsing *parsing, struct tls_side *side, uint8_t byte, uint64_t at)
{
	side->head[side->have++] = byte;
	if (side->have < RECORD_HEAD)
		return;
	if (!side->begun && side->head[0] & 0x80)
		read_old_record(side);
	else
		read_record(parsing, side, at);
	side->begun = true;
}

static void stream(struct ww_parsing *parsing, const uint8_t *data, uint32_t len, uint64_t at)
{
	struct tls_state *state = parsing->state;
	struct tls_side *side = &state->sides[parsing->dir];
	while (len > 0 && !side->over) {
		uint32_t n = 1;
		if (side->have < RECORD_HEAD) {
			take_head(parsing, side, *data, at + 1);
		} else {
			n = len < side->left ? len : side->left;
			if (side->type == RECORD_HANDSHAKE)
				handshake(parsing, side, data, n, at);
			side->left -= n;
			if (side->left == 0)
				side->have = 0;
		}
		data += n;
		at += n;
		len -= n;
	}
}

static int recognise(enum ww_dir dir, const uint8_t *data, size_t len)
{
	bool client = dir == WW_DIR_TO_SERVER;
	if (client && data[0] & 0x80) {
		/* | 0x80 and length 2 | 1 | version 2: 0.2 or 3.n | */
		bool sound = (len < 3 || data[2] == CLIENT_HELLO) &&
			     (len < 4 || data[3] == 0 || data[3] == 3) &&
			     (len < 5 || data[4] == 2 || (data[3] == 3 && data[4] <= 4));
		return !sound ? -1 : len < 5 ? 0 : 5;
	}
	uint8_t type = client ? CLIENT_HELLO : SERVER_HELLO;
	bool sound = data[0] == RECORD_HANDSHAKE && (len < 2 || data[1] == 3) &&
		     (len < 3 || data[2] <= 4) && (len < 4 || data[3] <= RECORD_MAX >> 8) &&
		     (len < 6 || data[5] == type);
	return !sound ? -1 : len < 6 ? 0 : 6;
}

static void end(struct ww_parsing *parsing)
{
	struct tls_state *state = parsing->state;
	struct tls_side *side = &state->sides[parsing->dir];
	if (side->over)
		return;
	/* What came of an unfinished message is read. */
	uint64_t at = side->at + HANDSHAKE_HEAD + side->kept.len;
	if (side->handshake_have == HANDSHAKE_HEAD && side->kept.len > 0)
		end_handshake(parsing, side, at);
	leave(parsing, side, at);
}

/* Where a record begins behind it, nobody can tell. */
static void gap(struct ww_parsing *parsing, uint64_t at)
{
	(void)at;
	end(parsing);
}

static void done(struct ww_parsing *parsing)
{
	struct tls_state *state = parsing->state;
	ww_kept_drop(parsing, &state->sides[0].kept);
	ww_kept_drop(parsing, &state->sides[1].kept);
	ww_kept_drop(parsing, &state->ja3s);
}

const struct ww_parser ww_parser_tls = {
	.state_bytes = sizeof(struct tls_state),
	.recognise = recognise,
	.stream = stream,
	.gap = gap,
	.end = end,
	.done = done,
};
