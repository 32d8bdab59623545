// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DNS (RFC 1035): the names that are asked for, over UDP and TCP.
 *
 *   0    2       4         6         8           10          12
 *   | id | flags | questions | answers | authorities | additional | questions ... |
 *
 * Over TCP each message has its length before it, two bytes (4.2.2). Each question of a query is a
 * message of its own with DNS_QUERY, because a rule speaks of one name. The name is as in the
 * packet, upper and lower case kept as Suricata keeps them, labels joined by dots, no dot at the
 * end; the root is empty. A dot or NUL inside a label is not marked.
 *
 * A compression pointer must point before the place where the name, or the last pointer's target,
 * began, as BIND has it; so a name ends, whatever the packet says. Names end at WW_DNS_NAME bytes
 * of text: the rest of a longer one is not in the buffer, and `cut` says so. At most
 * WW_DNS_QUESTIONS questions of a message are told. Over TCP the first WW_DNS_KEPT bytes of a
 * message are looked at. A message that contradicts itself is counted, and what was told before
 * stands.
 */
#include "wire/proto/parser.h"

#include "wire/proto/wire-read.h"

enum {
	WW_DNS_NAME = 1024,
	WW_DNS_QUESTIONS = 16,
	WW_DNS_KEPT = 4096,
	HEADER_BYTES = 12,
	FLAG_RESPONSE = 0x80, /* in the third byte */
	OPCODES = 7,          /* 0 to 6 are given out */
	LOOK_BYTES = 40,      /* of a message, to know it by */
};

struct dns_side {
	uint8_t length[2], have;
	uint32_t left; /* bytes of the message that did not come yet */
	uint64_t at;   /* of the message */
	struct ww_kept kept;
};

struct dns_state {
	struct dns_side sides[2];
	uint64_t number;
};

struct name {
	uint8_t text[WW_DNS_NAME];
	uint32_t len;
	bool cut;
};

static void add(struct name *name, const uint8_t *bytes, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (name->len < sizeof(name->text))
			name->text[name->len++] = bytes[i];
		else
			name->cut = true;
	}
}

/* Reads the name at `at`. Returns the index behind it, or 0 when it is none. */
static uint32_t read_name(const uint8_t *data, uint32_t len, uint32_t at, struct name *name)
{
	uint32_t behind = 0, began = at;
	name->len = 0;
	name->cut = false;
	while (at < len) {
		uint8_t n = data[at];
		if (n == 0)
			return behind ? behind : at + 1;
		if (n >= 0xc0) {
			if (len - at < 2)
				return 0;
			uint32_t target = (n & 0x3fu) << 8 | data[at + 1];
			if (target >= began || target < HEADER_BYTES)
				return 0;
			behind = behind ? behind : at + 2;
			at = began = target;
			continue;
		}
		if (n >= 0x40 || len - at - 1 < n)
			return 0;
		if (name->len > 0)
			add(name, (const uint8_t *)".", 1);
		add(name, data + at + 1, n);
		at += 1u + n;
	}
	return 0;
}

static void tell(struct ww_parsing *parsing, struct dns_state *state, const struct name *name,
	uint16_t type, uint64_t at, uint64_t end)
{
	struct ww_message *message = ww_parsing_message(parsing);
	message->begins = message->ends = true;
	message->number = ++state->number;
	message->at = at;
	message->end = end;
	message->settled = ~(uint64_t)0;
	ww_message_set(message, WW_BUFFER_DNS_QUERY, name->text, name->len, at);
	if (name->cut) {
		message->cut = WW_BUFFER_BIT(WW_BUFFER_DNS_QUERY);
		ww_parsing_counts(parsing)->cut_heads++;
	}
	ww_parsing_tell(parsing, message);
	if (!parsing->call->facts)
		return;
	struct ww_fact fact = ww_parsing_fact(parsing, WW_FACT_DNS_QUERY, at);
	fact.outcome = WW_FACT_ASKED;
	fact.code = type;
	fact.text = name->text;
	fact.text_len = name->len;
	ww_parsing_tell_fact(parsing, &fact);
}

/* A message of which data[0..len) is there; `at` is the stream position of data[0]. */
static void message(
	struct ww_parsing *parsing, const uint8_t *data, uint32_t len, uint64_t at, bool whole)
{
	struct name name;
	if (len < HEADER_BYTES) {
		ww_parsing_counts(parsing)->malformed++;
		return;
	}
	if (data[2] & FLAG_RESPONSE)
		return;
	uint32_t n = ww_read16(data + 4, false), pos = HEADER_BYTES;
	for (uint32_t i = 0; i < n && i < WW_DNS_QUESTIONS; i++) {
		uint32_t behind = read_name(data, len, pos, &name);
		if (behind == 0 || len - behind < 4) {
			ww_parsing_counts(parsing)->malformed += whole;
			return;
		}
		tell(parsing, parsing->state, &name, ww_read16(data + behind, false), at + pos,
			at + behind + 4);
		pos = behind + 4;
	}
	ww_parsing_counts(parsing)->dropped += n > WW_DNS_QUESTIONS ? n - WW_DNS_QUESTIONS : 0;
}

/*
 * The header and the first question, within LOOK_BYTES: a name that is longer is taken as it
 * begins. A message without a question is not taken for DNS: there would be nothing but a few bits
 * to know it by.
 */
static int looks(const uint8_t *data, size_t len, size_t skip)
{
	struct name name;
	if (len <= skip + 2)
		return 0;
	data += skip;
	uint32_t n = (uint32_t)(len - skip < LOOK_BYTES ? len - skip : LOOK_BYTES);
	if ((data[2] >> 3 & 0xf) >= OPCODES)
		return -1;
	/* The bit that must be zero; a query has no answer code. */
	if (n > 3 && ((data[3] & 0x40) || (!(data[2] & FLAG_RESPONSE) && (data[3] & 0xf))))
		return -1;
	if ((n > 4 && data[4] != 0) || (n > 5 && (data[5] == 0 || data[5] > WW_DNS_QUESTIONS)))
		return -1;
	uint32_t label = HEADER_BYTES;
	while (label < n && data[label] != 0) {
		if (data[label] >= 0x40)
			return -1;
		label += 1u + data[label];
	}
	uint32_t behind = read_name(data, n, HEADER_BYTES, &name);
	if (behind == 0 || n - behind < 4)
		return n == LOOK_BYTES ? (int)(skip + n) : 0;
	/* The class is IN, CH, HS, NONE or ANY; multicast DNS uses the upper bit. */
	uint16_t class = ww_read16(data + behind + 2, false) & 0x7fff;
	bool known = class == 1 || class == 3 || class == 4 || class == 254 || class == 255;
	return known ? (int)(skip + behind + 4) : -1;
}

static int recognise(enum ww_dir dir, const uint8_t *data, size_t len)
{
	(void)dir;
	if (len >= 2 && ww_read16(data, false) < HEADER_BYTES + 5)
		return -1;
	return looks(data, len, 2);
}

static int recognise_datagram(enum ww_dir dir, const uint8_t *data, size_t len)
{
	(void)dir;
	return looks(data, len, 0);
}

static void take(struct ww_parsing *parsing, struct dns_side *side, const uint8_t *data, uint32_t n)
{
	(void)ww_kept_add(parsing, &side->kept, data, n, WW_DNS_KEPT);
	side->left -= n;
	if (side->left > 0)
		return;
	bool whole = side->kept.len < WW_DNS_KEPT;
	ww_parsing_counts(parsing)->cut_heads += !whole;
	message(parsing, side->kept.data, side->kept.len, side->at, whole);
	ww_kept_reset(&side->kept);
	side->have = 0;
}

static void stream(struct ww_parsing *parsing, const uint8_t *data, uint32_t len, uint64_t at)
{
	struct dns_state *state = parsing->state;
	struct dns_side *side = &state->sides[parsing->dir];
	while (len > 0) {
		uint32_t n = 1;
		if (side->have < 2) {
			side->length[side->have++] = *data;
			side->left = ww_read16(side->length, false);
			side->at = at + 1;
			if (side->have == 2 && side->left == 0)
				side->have = 0;
		} else {
			n = len < side->left ? len : side->left;
			take(parsing, side, data, n);
		}
		data += n;
		at += n;
		len -= n;
	}
}

static void datagram(struct ww_parsing *parsing, const uint8_t *data, uint32_t len)
{
	message(parsing, data, len, 0, true);
}

/* What is unfinished is looked at as far as it came. */
static void end(struct ww_parsing *parsing)
{
	struct dns_state *state = parsing->state;
	struct dns_side *side = &state->sides[parsing->dir];
	if (side->have == 2 && side->kept.len >= HEADER_BYTES)
		message(parsing, side->kept.data, side->kept.len, side->at, false);
	ww_kept_reset(&side->kept);
	side->have = 0;
	side->left = 0;
}

static void gap(struct ww_parsing *parsing, uint64_t at)
{
	(void)at;
	end(parsing);
}

static void done(struct ww_parsing *parsing)
{
	struct dns_state *state = parsing->state;
	ww_kept_drop(parsing, &state->sides[0].kept);
	ww_kept_drop(parsing, &state->sides[1].kept);
}

const struct ww_parser ww_parser_dns = {
	.state_bytes = sizeof(struct dns_state),
	.recognise = recognise,
	.recognise_datagram = recognise_datagram,
	.stream = stream,
	.gap = gap,
	.end = end,
	.datagram = datagram,
	.done = done,
};
