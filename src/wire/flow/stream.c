// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * In-order bytes of one direction, for rules.
 *
 * Only directions that a rule may look at come here, and a stream is taken from the pool when the
 * first payload does. What is in order goes into a window that slides; what is early waits in
 * blocks. The first copy of a byte wins, wherever it was.
 *
 * A gap is skipped when the receiver acknowledged what lies beyond it (the capture lost the
 * segment), when the queue is full, and at the end. The window never holds bytes from both sides
 * of a gap, so that no pattern can match across one.
 *
 * Segments more than 1 MiB from the awaited one are not believed, or one forged segment could blind
 * us; they are followed when the receiver acknowledged them, or when eight come in a row.
 */
#include "wire/flow/flow-private.h"

#include <stdlib.h>

enum { BLOCKS_MIN = 64 };

struct place {
	struct ww_flows *flows;
	struct ww_entry *entry;
	struct ww_stream *stream;
	const struct ww_packet *packet;
};

int ww_streams_init(struct ww_streams *streams, uint32_t n, uint32_t window_bytes)
{
	streams->n = n;
	streams->n_blocks = n / 2 < BLOCKS_MIN ? BLOCKS_MIN : n / 2;
	streams->window_bytes = window_bytes;
	streams->streams = calloc(n, sizeof(*streams->streams));
	streams->windows = calloc(n, window_bytes);
	streams->blocks = calloc(streams->n_blocks, sizeof(*streams->blocks));
	if (!streams->streams || !streams->windows || !streams->blocks)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		streams->streams[i].newer = (uint16_t)(i + 1 < n ? i + 1 : WW_NO_STREAM);
	for (uint32_t i = 0; i < streams->n_blocks; i++)
		streams->blocks[i].next_free =
			(uint16_t)(i + 1 < streams->n_blocks ? i + 1 : WW_NO_STREAM);
	streams->oldest = streams->newest = WW_NO_STREAM;
	return 0;
}

void ww_streams_done(struct ww_streams *streams)
{
	free(streams->streams);
	free(streams->windows);
	free(streams->blocks);
	streams->streams = NULL;
	streams->windows = NULL;
	streams->blocks = NULL;
}

/* ---- the list by last use ---- */

static void list_remove(struct ww_streams *all, struct ww_stream *stream)
{
	if (stream->older != WW_NO_STREAM)
		all->streams[stream->older].newer = stream->newer;
	else
		all->oldest = stream->newer;
	if (stream->newer != WW_NO_STREAM)
		all->streams[stream->newer].older = stream->older;
	else
		all->newest = stream->older;
}

static void list_append(struct ww_streams *all, struct ww_stream *stream)
{
	uint16_t index = (uint16_t)(stream - all->streams);
	stream->older = all->newest;
	stream->newer = WW_NO_STREAM;
	if (all->newest != WW_NO_STREAM)
		all->streams[all->newest].newer = index;
	else
		all->oldest = index;
	all->newest = index;
}

/* ---- the window ---- */

static uint8_t *window_of(const struct place *at)
{
	const struct ww_streams *all = &at->flows->streams;
	return all->windows + (size_t)(at->stream - all->streams) * all->window_bytes;
}

static void show(const struct place *at, uint32_t fresh, bool end)
{
	struct ww_flow_sink *sink = &at->flows->sink;
	struct ww_stream *stream = at->stream;
	struct ww_stream_view view = {
		.data = window_of(at),
		.len = stream->len,
		.fresh = fresh,
		.offset = stream->offset,
		.after_gap = stream->gap,
		.end = end,
	};
	stream->gap = false;
	if (sink->stream)
		sink->stream(sink->context, &at->entry->flow, stream->dir, at->packet, &view);
}

/* Bytes that are next in order. */
static void append(const struct place *at, const uint8_t *bytes, uint32_t len)
{
	struct ww_stream *stream = at->stream;
	uint8_t *window = window_of(at);
	uint32_t cap = at->flows->streams.window_bytes;
	stream->next += len;
	while (len) {
		if (stream->len + len > cap && stream->len > cap / 2) {
			uint32_t drop = stream->len - cap / 2;
			memmove(window, window + drop, cap / 2);
			stream->len -= drop;
			stream->offset += drop;
		}
		uint32_t room = cap - stream->len;
		uint32_t n = len < room ? len : room;
		memcpy(window + stream->len, bytes, n);
		stream->len += n;
		bytes += n;
		len -= n;
		show(at, stream->len - n, false);
	}
}

/* `len` bytes are missing; what follows must not be joined to what came before. */
static void gap(const struct place *at, uint32_t len)
{
	struct ww_stream *stream = at->stream;
	stream->offset += (uint64_t)stream->len + len;
	stream->len = 0;
	stream->next += len;
	stream->gap = true;
	at->flows->counts.reassembly_gaps++;
}

/* ---- early segments ---- */

static void free_block(struct ww_streams *all, uint16_t index)
{
	all->blocks[index].next_free = all->free_block;
	all->free_block = index;
}

static void remove_first(const struct place *at)
{
	struct ww_stream *stream = at->stream;
	free_block(&at->flows->streams, stream->blocks[0]);
	stream->n_blocks--;
	memmove(stream->blocks, stream->blocks + 1, stream->n_blocks * sizeof(stream->blocks[0]));
}

/* Takes what the queue holds of the bytes that are next. */
static void drain(const struct place *at)
{
	struct ww_stream *stream = at->stream;
	while (stream->n_blocks) {
		const struct ww_block *block = &at->flows->streams.blocks[stream->blocks[0]];
		uint32_t old = stream->next - block->seq;
		if ((int32_t)old < 0)
			return;
		if (old < block->len)
			append(at, block->bytes + old, block->len - old);
		remove_first(at);
	}
}

static void skip_gap(const struct place *at)
{
	struct ww_stream *stream = at->stream;
	if (!stream->n_blocks)
		return;
	gap(at, at->flows->streams.blocks[stream->blocks[0]].seq - stream->next);
	drain(at);
}

/* Puts one run of bytes that overlaps nothing before block `i`; false when there is no room. */
static bool insert(const struct place *at, int i, uint32_t seq, const uint8_t *bytes, uint32_t len)
{
	struct ww_streams *all = &at->flows->streams;
	struct ww_stream *stream = at->stream;
	if (stream->n_blocks >= WW_STREAM_BLOCKS || all->free_block == WW_NO_STREAM)
		return false;
	uint16_t index = all->free_block;
	struct ww_block *block = &all->blocks[index];
	all->free_block = block->next_free;
	block->seq = seq;
	block->len = (uint16_t)len;
	memcpy(block->bytes, bytes, len);
	memmove(&stream->blocks[i + 1], &stream->blocks[i],
		(size_t)(stream->n_blocks - i) * sizeof(stream->blocks[0]));
	stream->blocks[i] = index;
	stream->n_blocks++;
	return true;
}

/*
 * Queues those of the bytes that no block has, in pieces of a block. False when the room ended
 * before the bytes did.
 */
static bool queue(const struct place *at, uint32_t seq, const uint8_t *bytes, uint32_t len)
{
	const struct ww_streams *all = &at->flows->streams;
	struct ww_stream *stream = at->stream;
	uint32_t start = seq;
	uint32_t end = seq + len;
	for (int i = 0; seq != end;) {
		uint32_t run = end - seq;
		if (i < stream->n_blocks) {
			const struct ww_block *block = &all->blocks[stream->blocks[i]];
			int32_t before = (int32_t)(block->seq - seq);
			if (before <= 0) {
				/* what the block has is taken: first copy wins */
				int32_t covered = before + block->len;
				if (covered > 0)
					seq += (uint32_t)covered < run ? (uint32_t)covered : run;
				i++;
				continue;
			}
			run = (uint32_t)before < run ? (uint32_t)before : run;
		}
		run = run < WW_BLOCK_BYTES ? run : WW_BLOCK_BYTES;
		if (!insert(at, i, seq, bytes + (seq - start), run))
			return false;
		seq += run;
		i++;
	}
	return true;
}

/* ---- streams ---- */

static struct place place_of(struct ww_flows *flows, struct ww_entry *entry, enum ww_dir dir,
	const struct ww_packet *packet)
{
	uint16_t index = entry->stream[dir];
	return (struct place){flows, entry,
		index == WW_NO_STREAM ? NULL : &flows->streams.streams[index], packet};
}

void ww_stream_end(struct ww_flows *flows, struct ww_entry *entry, enum ww_dir dir,
	const struct ww_packet *packet)
{
	struct ww_streams *all = &flows->streams;
	struct place at = place_of(flows, entry, dir, packet);
	if (!at.stream)
		return;
	while (at.stream->n_blocks)
		skip_gap(&at);
	show(&at, at.stream->len, true);
	list_remove(all, at.stream);
	at.stream->newer = all->free_stream;
	all->free_stream = entry->stream[dir];
	entry->stream[dir] = WW_NO_STREAM;
	entry->flags |= (uint8_t)(WW_ENTRY_UNSEEN << dir);
}

static struct ww_stream *take_stream(struct ww_flows *flows, struct ww_entry *entry,
	enum ww_dir dir, const struct ww_packet *packet)
{
	struct ww_streams *all = &flows->streams;
	if (all->free_stream == WW_NO_STREAM) {
		struct ww_stream *oldest = &all->streams[all->oldest];
		flows->counts.evicted_streams++;
		ww_stream_end(flows, &flows->table.entries[oldest->entry], oldest->dir, NULL);
	}
	uint16_t index = all->free_stream;
	struct ww_stream *stream = &all->streams[index];
	all->free_stream = stream->newer;
	bool known = entry->flags & (WW_ENTRY_SEQ << dir);
	*stream = (struct ww_stream){
		.offset = known ? 0 : entry->flow.bytes[dir] - packet->payload_wire,
		.next = known ? entry->seq[dir] : packet->seq,
		.entry = (uint32_t)(entry - flows->table.entries),
		.dir = (uint8_t)dir,
	};
	list_append(all, stream);
	entry->stream[dir] = index;
	return stream;
}

/* A segment far from the awaited one: whether to follow it. */
static bool believe(struct ww_stream *stream, uint32_t seq)
{
	int32_t ahead = (int32_t)(stream->acked - seq);
	if (stream->has_acked && ahead >= 0 && ahead < WW_STREAM_WINDOW &&
		(int32_t)(seq - stream->next) > 0)
		return true;
	return ++stream->n_far >= WW_STREAM_FAR;
}

static void move_to(const struct place *at, uint32_t seq)
{
	while (at->stream->n_blocks)
		skip_gap(at);
	gap(at, 0);
	at->stream->next = seq;
	at->stream->fin = false;
	at->stream->has_acked = false;
}

/* Whether what both have is not the same. */
static bool differs(uint32_t held_seq, const uint8_t *held, uint32_t held_len, uint32_t seq,
	const uint8_t *bytes, uint32_t len)
{
	int64_t ahead = (int32_t)(seq - held_seq);
	int64_t from = ahead > 0 ? ahead : 0;
	int64_t until = ahead + len < held_len ? ahead + len : held_len;
	return from < until &&
	       memcmp(held + from, bytes + (from - ahead), (size_t)(until - from)) != 0;
}

/*
 * The same sequence numbers with other bytes: somebody shows us what the receiver does not take, or
 * hides what it takes (Ptacek and Newsham 1998). The one garbage byte that a keep-alive may carry
 * is none (RFC 1122, 4.2.3.6).
 */
static bool conflicts(const struct place *at, uint32_t seq, const uint8_t *bytes, uint32_t len)
{
	const struct ww_stream *stream = at->stream;
	if (len == 1 && seq + 1 == stream->next)
		return false;
	bool bad = differs(stream->next - stream->len, window_of(at), stream->len, seq, bytes, len);
	for (int i = 0; i < stream->n_blocks && !bad; i++) {
		const struct ww_block *block = &at->flows->streams.blocks[stream->blocks[i]];
		bad = differs(block->seq, block->bytes, block->len, seq, bytes, len);
	}
	return bad;
}

static void add_bytes(
	const struct place *at, uint32_t seq, const uint8_t *bytes, uint32_t len, uint32_t wire_len)
{
	struct ww_stream *stream = at->stream;
	if (seq != stream->next || stream->n_blocks)
		at->flows->counts.overlaps_conflicting += conflicts(at, seq, bytes, len);
	/* Each failure of queue() skips a gap and so empties a block: at most WW_STREAM_BLOCKS
	 * turns. */
	while ((int32_t)(seq - stream->next) > 0) {
		if (queue(at, seq, bytes, len))
			return;
		if (!stream->n_blocks) {
			/* no block is left in the pool: follow the segment */
			gap(at, seq - stream->next);
			break;
		}
		skip_gap(at);
	}
	uint32_t old = stream->next - seq;
	if (old >= wire_len)
		return;
	if (old < len)
		append(at, bytes + old, len - old);
	drain(at);
	/* What the snap length cut off, up to what else is known. */
	uint32_t missing = seq + wire_len - stream->next;
	if ((int32_t)missing <= 0)
		return;
	if (stream->n_blocks) {
		uint32_t until = at->flows->streams.blocks[stream->blocks[0]].seq - stream->next;
		missing = until < missing ? until : missing;
	}
	gap(at, missing);
	drain(at);
}

void ww_stream_segment(struct ww_flows *flows, struct ww_entry *entry, enum ww_dir dir,
	const struct ww_packet *packet)
{
	bool fin = packet->tcp_flags & WW_TCP_FIN;
	if (entry->flags & (WW_ENTRY_UNSEEN << dir) || (!packet->payload_wire && !fin))
		return;
	struct place at = place_of(flows, entry, dir, packet);
	if (!at.stream && !packet->payload_wire)
		return;
	if (!at.stream) {
		at.stream = take_stream(flows, entry, dir, packet);
	} else if (flows->streams.newest != entry->stream[dir]) {
		list_remove(&flows->streams, at.stream);
		list_append(&flows->streams, at.stream);
	}
	struct ww_stream *stream = at.stream;
	uint32_t wire_len = packet->payload_wire;
	int32_t ahead = (int32_t)(packet->seq - stream->next);
	if (ahead > WW_STREAM_WINDOW || ahead < -WW_STREAM_WINDOW) {
		if (!believe(stream, packet->seq))
			return;
		move_to(&at, packet->seq);
	}
	stream->n_far = 0;
	if (fin && !stream->fin) {
		stream->fin = true;
		stream->fin_seq = packet->seq + wire_len;
	}
	if (wire_len)
		add_bytes(&at, packet->seq, packet->payload, packet->payload_len, wire_len);
	if (stream->fin && (int32_t)(stream->next - stream->fin_seq) >= 0)
		ww_stream_end(flows, entry, dir, packet);
}

void ww_stream_ack(struct ww_flows *flows, struct ww_entry *entry, enum ww_dir dir, uint32_t ack,
	const struct ww_packet *packet)
{
	struct place at = place_of(flows, entry, dir, packet);
	struct ww_stream *stream = at.stream;
	if (!stream || (stream->has_acked && (int32_t)(ack - stream->acked) <= 0))
		return;
	stream->has_acked = true;
	stream->acked = ack;
	while (stream->n_blocks) {
		uint32_t seq = flows->streams.blocks[stream->blocks[0]].seq;
		int32_t beyond = (int32_t)(ack - seq);
		if (beyond < 0 || beyond > WW_STREAM_WINDOW)
			break;
		skip_gap(&at);
	}
	if (!stream->fin)
		return;
	/* The FIN itself was acknowledged: nothing before it will be sent again. */
	int32_t missing = (int32_t)(stream->fin_seq - stream->next);
	if (missing > 0 && ack == stream->fin_seq + 1)
		gap(&at, (uint32_t)missing);
	if ((int32_t)(stream->next - stream->fin_seq) >= 0)
		ww_stream_end(flows, entry, dir, packet);
}

bool ww_stream_near(
	const struct ww_flows *flows, const struct ww_entry *entry, enum ww_dir dir, uint32_t seq)
{
	uint16_t index = entry->stream[dir];
	if (index == WW_NO_STREAM)
		return true;
	int32_t ahead = (int32_t)(seq - flows->streams.streams[index].next);
	return ahead >= -WW_STREAM_WINDOW && ahead <= WW_STREAM_WINDOW;
}
