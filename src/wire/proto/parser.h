/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What a parser is, and what it may call. For the files of this room only.
 *
 * A parser sees bytes once, in order, in pieces of any size, and keeps what it needs: a few numbers
 * in its state, bytes in struct ww_kept. template.c is the smallest one.
 */
#include "wire/proto/proto.h"

enum {
	WW_APP_PREFIX = 64, /* bytes of a direction after which its protocol must be told */
	WW_PARSER_STATE_MAX = 1024,
};

/* A direction that begins so may speak the protocol, and others too; see ww_parser.recognise. */
#define WW_APP_HALF (-2)

/*
 * Bytes that a parser keeps: contiguous, growing by doubling to a limit, in blocks of the arena.
 * Zeroed is empty. A parser's done() drops each.
 */
struct ww_kept {
	uint8_t *data;
	uint32_t len, cap;
};

/* A parser at work. */
struct ww_parsing {
	struct ww_protos *protos;
	const struct ww_app_call *call;
	enum ww_app app;
	enum ww_dir dir;
	void *state;
};

/* Appends as much as `limit` bytes in all allow; returns how many were taken. */
uint32_t ww_kept_add(struct ww_parsing *parsing, struct ww_kept *kept, const uint8_t *data,
	uint32_t len, uint32_t limit);
/* Room for `size` bytes in all, contents kept. False when the arena has none. */
bool ww_kept_reserve(struct ww_parsing *parsing, struct ww_kept *kept, uint32_t size);
/* Empties; the block stays. */
void ww_kept_reset(struct ww_kept *kept);
/* Gives the block back. */
void ww_kept_drop(struct ww_parsing *parsing, struct ww_kept *kept);

static inline bool ww_parsing_wants(const struct ww_parsing *parsing, uint64_t buffers)
{
	return (parsing->call->buffers & buffers) != 0;
}

/*
 * The message to be filled: one of each struct ww_protos, emptied by this call (the sets of
 * buffers are empty, the buffers are left as they were), with app and dir set. Its memory holds
 * until the next ww_parsing_message.
 */
struct ww_message *ww_parsing_message(struct ww_parsing *parsing);
static inline void ww_message_set(struct ww_message *message, enum ww_buffer buffer,
	const uint8_t *data, uint32_t len, uint64_t at)
{
	message->present |= WW_BUFFER_BIT(buffer);
	message->buffers[buffer] =
		(struct ww_message_buffer){data ? data : (const uint8_t *)"", len, 0, at};
}
void ww_parsing_tell(struct ww_parsing *parsing, const struct ww_message *message);
/* A fact with app, dir and asked_at (unknown) set. Ask call->facts first where it costs. */
struct ww_fact ww_parsing_fact(
	const struct ww_parsing *parsing, enum ww_fact_kind kind, uint64_t at);
void ww_parsing_tell_fact(struct ww_parsing *parsing, const struct ww_fact *fact);
struct ww_app_counts *ww_parsing_counts(struct ww_parsing *parsing);
/* It is not the protocol (any more): counted as malformed, not fed again. */
void ww_parsing_give_up(struct ww_parsing *parsing);
/* True after that: the parser returns as soon as it can. */
bool ww_parsing_given_up(const struct ww_parsing *parsing);

struct ww_parser {
	/* Of the state of one flow, both directions; at most WW_PARSER_STATE_MAX. Zeroed at begin.
	 */
	uint32_t state_bytes;
	bool remembers; /* the state of a flow of datagrams is kept from one to the next */
	/*
	 * Does a direction that begins with these bytes (at least one) speak the protocol?
	 * Positive: yes, as the first N bytes show; 0: too few to tell; -1: no. WW_APP_HALF: it
	 * fits, and so it does others; it is the protocol when the other direction fits, too, and
	 * where that one was not heard, when it is the protocol's port. The answer for longer bytes
	 * must be the same once it was -1 or positive, so that cutting does not matter. For TCP at
	 * most WW_APP_PREFIX bytes are shown; for a datagram all.
	 */
	int (*recognise)(enum ww_dir dir, const uint8_t *data, size_t len);
	/* The same for a datagram, where it looks otherwise. NULL: it does not. */
	int (*recognise_datagram)(enum ww_dir dir, const uint8_t *data, size_t len);
	/* The next bytes of parsing->dir; data[0] is at stream position `at`. */
	void (*stream)(struct ww_parsing *parsing, const uint8_t *data, uint32_t len, uint64_t at);
	/* Bytes are missing: the next ones are at `at`, and begin a segment. */
	void (*gap)(struct ww_parsing *parsing, uint64_t at);
	/* The direction ended. A message that was begun is told as ended. */
	void (*end)(struct ww_parsing *parsing);
	/* NULL for a parser of streams. The state is zeroed each time unless `remembers`. */
	void (*datagram)(struct ww_parsing *parsing, const uint8_t *data, uint32_t len);
	/* Drops what is kept. Also when the flow is given up. Tells nothing. NULL: nothing is kept.
	 */
	void (*done)(struct ww_parsing *parsing);
};

#define WW_PROTOCOL(name, text, transports, symbol, ports, help)                                   \
	extern const struct ww_parser ww_parser_##symbol;
#include "wire/proto/protocols.def"
#undef WW_PROTOCOL
