/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Application protocols: from bytes in order, or datagrams, to messages and facts.
 *
 * A *message* is one direction's half of a transaction (a request, an answer, a call, a query):
 * named buffers that rules look at, with their place in the stream. A *fact* is what happened: a
 * request was answered with 404, a bind was rejected, a file was asked for. Attempt and success
 * are told apart by facts.
 *
 * A protocol is recognised by content, in either direction. Ports are a hint only (protocols.def).
 * A parser is a small state machine of each flow. It is fed in any pieces, and any cutting of the
 * same bytes gives the same messages and facts (test-proto and fuzz-proto hold it to that): it
 * never looks at where a segment ends.
 *
 * Only flows are fed that someone wants, see struct ww_app_call; a flow that no rule can use the
 * messages of costs nothing here.
 *
 * Memory: ww_protos_new takes a table of flows and one arena of blocks. A parser's state is of
 * fixed size; what it must keep of the bytes goes into struct ww_kept, which takes blocks. When
 * flows or blocks run out, the flow that was fed least recently is given up (`evicted`): it is not
 * parsed again, and the rest of its last message is not told. Blocks are kept for reuse, so nothing
 * is allocated per packet.
 *
 * An adversary controls every byte. He can have his flow given up by opening many others; the
 * counter shows it. He can make a body long: what lies beyond a limit is not in the buffer, and
 * `cut` says so.
 *
 * One thread at a time. Pointers in what is told are borrowed during the call.
 */
#include "wire/flow/flow.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ww_app {
	WW_APP_NONE,
#define WW_PROTOCOL(name, ...) WW_APP_##name,
#include "wire/proto/protocols.def"
#undef WW_PROTOCOL
	WW_APP_COUNT,
};

/* What a rule can look at. RAW is the payload or the stream itself, and never told by a parser. */
enum ww_buffer {
#define WW_BUFFER(name, ...) WW_BUFFER_##name,
#include "wire/proto/buffers.def"
#undef WW_BUFFER
	WW_BUFFER_COUNT,
};
_Static_assert(WW_BUFFER_COUNT <= 64, "a set of buffers is one word");
_Static_assert(WW_APP_COUNT <= 32, "a set of protocols is one word");

#define WW_BUFFER_BIT(buffer) ((uint64_t)1 << (buffer))
#define WW_APP_BIT(app)       ((uint32_t)1 << (app))

/* ---- what is told ---- */

/* A part of a message. */
struct ww_message_buffer {
	const uint8_t *data; /* not NULL where len is 0 */
	uint32_t len;
	uint32_t fresh; /* index of the first byte that was not told before; 0 but for bodies */
	uint64_t at;    /* stream position of what it was made of; in a datagram its offset */
};

/* A DCE/RPC call or its answer, see dce.h. */
struct ww_dce_call {
	uint8_t interface[16]; /* in the order of its text form, first byte first */
	uint16_t major, minor; /* of the interface */
	uint16_t opnum;
	uint8_t type;        /* of the PDU: 0 request, 2 response */
	bool little;         /* byte order of the stub, for byte_test:...,dce */
	bool accepted;       /* the context was accepted by the server */
	bool refused;        /* it was refused: the call fails, whatever it asks */
	bool late;           /* told before, when it was not accepted yet; same number */
	bool encrypted;      /* the stub is ciphertext */
	bool first_fragment; /* the message began with its first fragment */
};

/*
 * Told when all of the head is there (`begins`), again whenever a buffer grew, and when nothing
 * more will come (`ends`; it may be the same call). One that was told is ended, except when the
 * flow is forgotten or given up. Between, the buffers that were told before are there again.
 *
 * present  the buffers that there are, so far
 * settled  the buffers that will neither appear nor grow. At the end: all
 * cut      the buffers of which bytes are missing: beyond a limit, or lost
 * plain    the buffers whose bytes are the stream's, unchanged, from their place on
 * repeated the buffers that an earlier message had, too, and was looked at for: of an envelope
 */
struct ww_message {
	uint8_t app; /* enum ww_app */
	uint8_t dir; /* enum ww_dir */
	bool begins, ends;
	uint64_t number; /* in this direction of the flow, from 1 */
	uint64_t at;     /* stream position of its first byte */
	uint64_t end;    /* behind the last of its bytes that came so far */
	uint64_t present, settled, cut, plain, repeated;   /* bits of enum ww_buffer */
	const struct ww_dce_call *dce;                     /* NULL but for DCE/RPC */
	struct ww_message_buffer buffers[WW_BUFFER_COUNT]; /* those that are present */
};

enum ww_fact_kind {
	WW_FACT_HTTP_REQUEST, /* text: the request line */
	WW_FACT_HTTP_STATUS,  /* answers the request at `asked_at`; code: 100-599; text: its line */
	WW_FACT_FTP_COMMAND,  /* text: the command line */
	WW_FACT_FTP_REPLY,    /* answers the command at `asked_at`; code; text: the last line */
	WW_FACT_SMTP_COMMAND, /* text: the command line; MAIL and RCPT are the envelope */
	WW_FACT_SMTP_REPLY,
	WW_FACT_DCE_BIND,    /* uuid, version: what is asked for */
	WW_FACT_DCE_RESULT,  /* of it: GRANTED or REFUSED; code: the reason */
	WW_FACT_DCE_REQUEST, /* uuid, code: opnum */
	WW_FACT_DCE_FAULT,   /* code: the status */
	WW_FACT_SMB_OPEN,    /* text: the name asked for, UTF-8 */
	WW_FACT_SMB_RESULT,  /* code: the NT status */
	WW_FACT_TFTP_READ,   /* text: the file's name */
	WW_FACT_TFTP_WRITE,
	WW_FACT_TFTP_DATA,  /* a block of the file that was asked for; text: its bytes */
	WW_FACT_TFTP_ERROR, /* code; text */
	WW_FACT_DNS_QUERY,  /* text: the name; code: the type */
	WW_FACT_TLS_HELLO,  /* text: the server's name, may be empty */
	WW_FACT_DCE_ANSWER, /* the call was carried out, as far as the server says; code: opnum */
	WW_FACT_TFTP_ACK,   /* the server takes the file that was to be written, or options */
	WW_FACT_COUNT,
};

enum ww_fact_outcome {
	WW_FACT_TOLD,    /* says nothing of success */
	WW_FACT_ASKED,   /* an attempt */
	WW_FACT_GRANTED, /* it succeeded, as far as the answer says: a 2xx, an accepted bind */
	WW_FACT_REFUSED, /* it failed: a 4xx, a rejected bind */
};

#define WW_FACT_UNKNOWN UINT64_MAX

struct ww_fact {
	uint8_t app, dir, kind, outcome;
	uint64_t at;       /* stream position of what says so */
	uint64_t asked_at; /* of the request, in the other direction; WW_FACT_UNKNOWN */
	uint32_t code;
	uint16_t major, minor;
	uint8_t uuid[16];
	const uint8_t *text; /* not terminated, any bytes; not NULL */
	uint32_t text_len;
};

struct ww_app_sink {
	void (*message)(void *context, const struct ww_message *message); /* may be NULL */
	void (*fact)(void *context, const struct ww_fact *fact);          /* may be NULL */
};

/* ---- flows ---- */

/* What is remembered of a flow by the one who feeds it; zeroed when the flow begins. */
struct ww_app_flow {
	uint32_t slot, serial; /* its place in the table; serial 0: none */
	uint8_t app;           /* enum ww_app; NONE: not recognised (yet) */
	uint8_t state;         /* enum ww_app_state */
};

enum ww_app_state {
	WW_APP_NEW,     /* nothing was fed */
	WW_APP_SEEKING, /* too few bytes to tell the protocol */
	WW_APP_PARSING,
	WW_APP_KNOWN,    /* recognised; nobody wants more of it */
	WW_APP_UNKNOWN,  /* none of those asked for */
	WW_APP_GIVEN_UP, /* evicted, or not the protocol after all: not parsed again */
};

/* Who is fed, and what is wanted of it. */
struct ww_app_call {
	struct ww_app_flow *flow;
	enum ww_dir dir;
	uint32_t apps;        /* bits of enum ww_app: those to be recognised; others cost nothing */
	uint32_t know;        /* the same: those to be recognised, and no more */
	uint64_t buffers;     /* bits of enum ww_buffer: others need not be told */
	bool facts;           /* facts are wanted */
	bool midstream;       /* the flow's start was not seen: its protocol may begin later */
	uint16_t server_port; /* a hint */
	void *context;        /* for the sink */
};

struct ww_app_limits {
	uint32_t flows; /* in the table (default 16,384, of 1.2 KB, touched as used) */
	uint32_t bytes; /* of blocks (default 16 MiB; at least 256 KiB) */
};

struct ww_app_counts {
	uint64_t flows[WW_APP_COUNT];    /* recognised */
	uint64_t messages[WW_APP_COUNT]; /* begun */
	uint64_t malformed;              /* flows that left their protocol */
	uint64_t evicted;                /* flows given up: the table or the blocks were full */
	uint64_t cut_heads;              /* lines or headers longer than the limit */
	uint64_t cut_bodies;     /* bodies longer than the limit: what is beyond is not looked at */
	uint64_t cut_compressed; /* bodies that inflate beyond the limit, or do not inflate */
	uint64_t gaps;           /* messages with bytes missing */
	uint64_t dropped;        /* a parser's table was full: contexts, pipes, calls, questions */
};

struct ww_protos;

/* Zero limits are defaults. 0 or -ENOMEM, -EINVAL. End with ww_protos_free. */
int ww_protos_new(
	const struct ww_app_limits *limits, const struct ww_app_sink *sink, struct ww_protos **ret);
void ww_protos_free(struct ww_protos **protos);
/* The fresh bytes of a view of one direction of a TCP flow. */
void ww_protos_stream(struct ww_protos *protos, const struct ww_app_call *call,
	const struct ww_stream_view *view);
/* What a datagram is, by its bytes alone; NONE: none of `apps`. */
enum ww_app ww_app_of_datagram(
	uint32_t apps, enum ww_dir dir, uint16_t server_port, const uint8_t *data, size_t len);
/* A datagram of a flow; `call->flow` may be NULL for one of no flow. */
void ww_protos_datagram(
	struct ww_protos *protos, const struct ww_app_call *call, const uint8_t *data, size_t len);
/* The flow is gone. Safe on a zeroed one. Tells nothing. */
void ww_protos_forget(struct ww_protos *protos, struct ww_app_flow *flow);
const struct ww_app_counts *ww_protos_counts(const struct ww_protos *protos);

/* "http", or "" for NONE. */
const char *ww_app_name(enum ww_app app);
/* WW_APP_NONE for a name that is not in protocols.def. */
enum ww_app ww_app_find(const char *name, size_t len);
/* Is it one of the server's ports of old? */
bool ww_app_has_port(enum ww_app app, uint16_t port);
