/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * For tests and the fuzzer of this room: a flow played in pieces, and all that was told as text,
 * in such a form that cutting does not show: what a message holds is written at its end.
 */
#include "base/buf.h"
#include "base/err.h"
#include "wire/proto/proto.h"
#include "wire/proto/uuid.h"

#include <stdlib.h>
#include <string.h>

enum { TAPE_PIECES = 65536 };

struct tape {
	struct ww_protos *protos;
	struct ww_app_flow flow;
	struct ww_app_call call;
	struct ww_buf text;
	uint64_t shown[2];
	bool open[2]; /* a message of this direction was begun and not ended */
	uint64_t number[2];
	uint64_t at_begin[2]; /* what was settled when it began, and a sum of it */
	uint64_t sum[2];
};

static inline void tape_bytes(struct ww_buf *text, const uint8_t *data, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++) {
		if (data[i] >= ' ' && data[i] < 127 && data[i] != '\\' && data[i] != '\'')
			ww_buf_addc(text, (char)data[i]);
		else
			ww_buf_addf(text, "\\x%02x", data[i]);
	}
}

static inline const char *tape_buffer_name(unsigned buffer)
{
	static const char *const names[] = {
#define WW_BUFFER(name, ...) #name,
#include "wire/proto/buffers.def"
#undef WW_BUFFER
	};
	return names[buffer];
}

/* Touches every byte, so that a sanitizer sees a wrong length; fresh must lie within. */
static inline uint64_t tape_sum(const struct ww_message *message, uint64_t set)
{
	uint64_t sum = 0;
	for (unsigned b = 0; b < WW_BUFFER_COUNT; b++) {
		const struct ww_message_buffer *buffer = &message->buffers[b];
		if (!(message->present & set & WW_BUFFER_BIT(b)))
			continue;
		ww_assert(buffer->data && buffer->fresh <= buffer->len);
		for (uint32_t i = 0; i < buffer->len; i++)
			sum = sum * 31 + buffer->data[i] + 1;
		sum = sum * 31 + b;
	}
	return sum;
}

static inline void tape_dce(struct tape *tape, const struct ww_dce_call *call)
{
	char uuid[WW_UUID_TEXT_MAX];
	if (!call)
		return;
	ww_buf_addf(&tape->text, "  %s %s %u.%u opnum %u%s%s%s%s%s%s\n",
		call->type == 0 ? "call" : "answer", ww_uuid_print(call->interface, uuid),
		call->major, call->minor, call->opnum, call->little ? " little" : " big",
		call->accepted ? " accepted" : "", call->refused ? " refused" : "", call->late ? " late" : "",
		call->encrypted ? " encrypted" : "", call->first_fragment ? "" : " no-first");
}

static inline void tape_message(void *context, const struct ww_message *message)
{
	struct tape *tape = context;
	unsigned dir = message->dir;
	ww_assert(message->app && message->app < WW_APP_COUNT && dir < 2);
	ww_assert(message->at <= message->end);
	ww_assert(message->begins != tape->open[dir]);
	(void)tape_sum(message, ~(uint64_t)0);
	if (message->begins) {
		ww_buf_addf(&tape->text, "%s %c begin %llu at %llu\n",
			ww_app_name((enum ww_app)message->app), dir ? '<' : '>',
			(unsigned long long)message->number, (unsigned long long)message->at);
		tape->number[dir] = message->number;
		tape->at_begin[dir] = message->settled & message->present;
		tape->sum[dir] = tape_sum(message, tape->at_begin[dir]);
	}
	/* What is settled stays. */
	ww_assert(message->number == tape->number[dir]);
	ww_assert((message->present & tape->at_begin[dir]) == tape->at_begin[dir]);
	ww_assert(tape_sum(message, tape->at_begin[dir]) == tape->sum[dir]);
	tape->open[dir] = !message->ends;
	if (!message->ends)
		return;
	ww_buf_addf(&tape->text, "%s %c end %llu to %llu\n", ww_app_name((enum ww_app)message->app),
		dir ? '<' : '>', (unsigned long long)message->number,
		(unsigned long long)(message->cut ? 0 : message->end));
	tape_dce(tape, message->dce);
	for (unsigned b = 0; b < WW_BUFFER_COUNT; b++) {
		const struct ww_message_buffer *buffer = &message->buffers[b];
		if (!(message->present & WW_BUFFER_BIT(b)))
			continue;
		ww_buf_addf(&tape->text, "  %s%s '", tape_buffer_name(b),
			message->cut & WW_BUFFER_BIT(b) ? " cut" : "");
		tape_bytes(&tape->text, buffer->data, buffer->len);
		ww_buf_adds(&tape->text, "'\n");
	}
}

static inline void tape_fact(void *context, const struct ww_fact *fact)
{
	struct tape *tape = context;
	ww_assert(fact->kind < WW_FACT_COUNT && fact->text);
	ww_buf_addf(&tape->text, "%s %c fact %u outcome %u at %llu", ww_app_name(fact->app),
		fact->dir ? '<' : '>', fact->kind, fact->outcome, (unsigned long long)fact->at);
	if (fact->asked_at != WW_FACT_UNKNOWN)
		ww_buf_addf(&tape->text, " asked %llu", (unsigned long long)fact->asked_at);
	ww_buf_addf(&tape->text, " code %u '", fact->code);
	tape_bytes(&tape->text, fact->text, fact->text_len);
	ww_buf_adds(&tape->text, "'");
	static const uint8_t none[WW_UUID_BYTES];
	char uuid[WW_UUID_TEXT_MAX];
	if (memcmp(fact->uuid, none, sizeof(none)) != 0)
		ww_buf_addf(&tape->text, " %s %u.%u", ww_uuid_print(fact->uuid, uuid), fact->major,
			fact->minor);
	ww_buf_adds(&tape->text, "\n");
}

static inline void tape_begin_flow(struct tape *tape, uint16_t server_port)
{
	ww_protos_forget(tape->protos, &tape->flow);
	tape->flow = (struct ww_app_flow){0};
	memset(tape->shown, 0, sizeof(tape->shown));
	memset(tape->open, 0, sizeof(tape->open));
	ww_buf_reset(&tape->text);
	tape->call = (struct ww_app_call){.flow = &tape->flow,
		.apps = ~(uint32_t)0,
		.buffers = ~(uint64_t)0,
		.facts = true,
		.server_port = server_port,
		.context = tape};
}

static inline void tape_open(struct tape *tape, uint32_t flows, uint32_t bytes)
{
	const struct ww_app_sink sink = {tape_message, tape_fact};
	const struct ww_app_limits limits = {flows, bytes};
	*tape = (struct tape){0};
	ww_assert(ww_protos_new(&limits, &sink, &tape->protos) == 0);
	tape_begin_flow(tape, 0);
}

static inline void tape_close(struct tape *tape)
{
	ww_protos_forget(tape->protos, &tape->flow);
	ww_protos_free(&tape->protos);
	ww_buf_done(&tape->text);
}

/* A piece of a stream, in memory of exactly its size. */
static inline void tape_feed(
	struct tape *tape, enum ww_dir dir, const void *data, size_t len, bool end)
{
	uint8_t *copy = malloc(len ? len : 1);
	ww_assert(copy);
	if (len)
		memcpy(copy, data, len);
	struct ww_stream_view view = {
		.data = copy, .len = (uint32_t)len, .offset = tape->shown[dir], .end = end};
	tape->shown[dir] += len;
	tape->call.dir = dir;
	ww_protos_stream(tape->protos, &tape->call, &view);
	free(copy);
}

static inline void tape_text(struct tape *tape, enum ww_dir dir, const char *text)
{
	tape_feed(tape, dir, text, strlen(text), false);
}

static inline void tape_end(struct tape *tape)
{
	tape_feed(tape, WW_DIR_TO_SERVER, "", 0, true);
	tape_feed(tape, WW_DIR_TO_CLIENT, "", 0, true);
}

/* In pieces of `step` bytes, the first of `first`. */
static inline void tape_pieces(struct tape *tape, enum ww_dir dir, const void *data_, size_t len,
	size_t first, size_t step)
{
	const uint8_t *data = data_;
	size_t n = first;
	while (len) {
		n = n < len ? n : len;
		if (n)
			tape_feed(tape, dir, data, n, false);
		data += n;
		len -= n;
		n = step;
	}
}

static inline void tape_datagram(
	struct tape *tape, enum ww_dir dir, const void *data, size_t len, bool lone)
{
	uint8_t *copy = malloc(len ? len : 1);
	ww_assert(copy);
	if (len)
		memcpy(copy, data, len);
	tape->call.dir = dir;
	tape->call.flow = lone ? NULL : &tape->flow;
	ww_protos_datagram(tape->protos, &tape->call, copy, len);
	tape->call.flow = &tape->flow;
	free(copy);
}
