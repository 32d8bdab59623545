// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * In-order bytes of one direction, for rules.
 *
 * Only directions that a rule may look at come here, and a stream is taken from the pool when the
 * first payload does. What is in order is shown at once, where it lies, and never changes again:
 * the receiver has given it to its application. What is early waits in a patchwork, where the copy
 * wins that the receiver takes (policy.h).
 *
 * Of what was shown the reader's `keep` stays. A few bytes, which is what finding a pattern across
 * two segments needs, lie in a tail of their own, and the segment is read in the packet (or behind
 * its tail in one buffer that all streams share, and that the cache holds); many lie in a window
 * that slides. There are fewer windows than streams: when none is free, the direction that was
 * silent longest gives up its own and keeps its tail.
 *
 * A gap is skipped when the receiver acknowledged what lies beyond it (the capture lost the
 * segment), when there is no room for more that is early, and at the end. A view never holds bytes
 * from both sides of a gap, so that no pattern can match across one.
 *
 * What one forged packet could do:
 *   far away       Segments more than 1 MiB from the awaited byte are not believed; they are
 *                  followed when the receiver acknowledged them, or when eight come in a row.
 *   FIN            The end is shown, but the stream stays until the receiver acknowledged it. A
 *                  sender that goes on behind its FIN has sent none: the stream goes on.
 *   RST            See ww_stream_resets; flow.c follows a sender that goes on behind its RST.
 *   old timestamp  See ww_segment_is_stale.
 */
#include "wire/flow/flow-private.h"

struct place {
	struct ww_flows *flows;
	struct ww_entry *entry;
	struct ww_stream *stream;
	const struct ww_packet *packet;
};

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

/* ---- what is shown, and what is kept of it ---- */

static void show(const struct place *at, const uint8_t *data, uint32_t fresh, bool end)
{
	struct ww_flow_sink *sink = &at->flows->sink;
	struct ww_stream *stream = at->stream;
	struct ww_stream_view view = {
		.data = data,
		.len = stream->len,
		.fresh = fresh,
		.offset = stream->offset,
		.after_gap = stream->gap,
		.end = end,
		.keep = &stream->keep,
	};
	stream->gap = false;
	if (sink->stream)
		sink->stream(sink->context, &at->entry->flow, stream->dir, at->packet, &view);
}

/* Keeps as much of the bytes shown as the reader wants, where that much belongs. */
static void keep_end(const struct place *at, const uint8_t *data)
{
	struct ww_streams *all = &at->flows->streams;
	struct ww_stream *stream = at->stream;
	uint32_t most = all->window_bytes / 2;
	uint32_t keep = stream->keep < most ? stream->keep : most;
	if (keep <= WW_STREAM_TAIL && stream->window != WW_NO_WINDOW) {
		ww_window_give(all, stream, keep);
		return;
	}
	/* A stream that is no longer than its tail needs no window yet. */
	if (keep > WW_STREAM_TAIL && stream->len > WW_STREAM_TAIL && stream->window == WW_NO_WINDOW)
		ww_window_take(at->flows, stream);
	if (stream->window == WW_NO_WINDOW && keep > WW_STREAM_TAIL)
		keep = WW_STREAM_TAIL;
	uint32_t n = stream->len < keep ? stream->len : keep;
	memmove(ww_window_of(all, stream), data + (stream->len - n), n);
	stream->offset += stream->len - n;
	stream->len = n;
}

/* Bytes behind a short tail, or none; WW_SEGMENT_MAX at most. */
static void show_narrow(const struct place *at, const uint8_t *bytes, uint32_t len)
{
	struct ww_stream *stream = at->stream;
	uint32_t old = stream->len;
	const uint8_t *data = bytes;
	if (old) {
		uint8_t *joined = at->flows->streams.joined;
		memcpy(joined, ww_window_of(&at->flows->streams, stream), old);
		memcpy(joined + old, bytes, len);
		data = joined;
	}
	stream->len += len;
	show(at, data, old, false);
	keep_end(at, data);
}

/* Bytes behind a window; it slides when it is full. */
static void show_wide(const struct place *at, const uint8_t *bytes, uint32_t len)
{
	struct ww_stream *stream = at->stream;
	uint32_t cap = at->flows->streams.window_bytes;
	while (len && stream->window != WW_NO_WINDOW) {
		uint8_t *window = ww_window_of(&at->flows->streams, stream);
		if (stream->len + len > cap && stream->len > cap / 2) {
			keep_end(at, window);
			continue;
		}
		uint32_t room = cap - stream->len;
		uint32_t n = len < room ? len : room;
		memcpy(window + stream->len, bytes, n);
		stream->len += n;
		bytes += n;
		len -= n;
		show(at, window, stream->len - n, false);
		if (stream->keep <= WW_STREAM_TAIL)
			keep_end(at, window);
	}
	if (len)
		show_narrow(at, bytes, len);
}

/* How many of the next `len` bytes lie before an urgent one, and can be shown at once. */
static uint32_t before_urgent(const struct ww_stream *stream, uint32_t len)
{
	uint32_t least = len < WW_SEGMENT_MAX ? len : WW_SEGMENT_MAX;
	for (int i = 0; i < stream->n_urgent; i++) {
		uint32_t ahead = stream->urgent[i] - stream->next;
		least = ahead < least ? ahead : least;
	}
	return least;
}

/* Forgets urgent bytes that are not ahead any more. */
static void prune_urgent(struct ww_stream *stream)
{
	uint8_t n = 0;
	for (int i = 0; i < stream->n_urgent; i++)
		if ((int32_t)(stream->urgent[i] - stream->next) >= 0)
			stream->urgent[n++] = stream->urgent[i];
	stream->n_urgent = n;
}

/* Bytes that are next in order. */
static void append(const struct place *at, const uint8_t *bytes, uint32_t len)
{
	struct ww_stream *stream = at->stream;
	while (len) {
		uint32_t n = before_urgent(stream, len);
		if (n == 0) {
			stream->next++;
			prune_urgent(stream);
			at->flows->counts.urgent++;
			bytes++;
			len--;
			continue;
		}
		stream->next += n;
		if (stream->window != WW_NO_WINDOW)
			show_wide(at, bytes, n);
		else
			show_narrow(at, bytes, n);
		bytes += n;
		len -= n;
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
	prune_urgent(stream);
	at->flows->counts.reassembly_gaps++;
	at->entry->flow.trouble |= WW_TROUBLE_GAP;
}

/* ---- early segments ---- */

/* Shows what the patchwork holds of the bytes that are next. */
static void drain(const struct place *at)
{
	struct ww_stream *stream = at->stream;
	struct ww_pages *pages = &at->flows->streams.pages;
	while (stream->early.n) {
		ww_patchwork_drop(pages, &stream->early, stream->next);
		uint32_t len = 0;
		const uint8_t *run = ww_patchwork_run(pages, &stream->early, stream->next, &len);
		if (!run)
			return;
		append(at, run, len);
	}
}

/* Goes on with the first byte that is there. */
static void skip_gap(const struct place *at)
{
	struct ww_stream *stream = at->stream;
	if (!stream->early.n)
		return;
	gap(at, ww_patchwork_first(&at->flows->streams.pages, &stream->early) - stream->next);
	drain(at);
}

/*
 * The same sequence numbers with other bytes: somebody shows us what the receiver does not take, or
 * hides what it takes (Ptacek and Newsham 1998).
 */
static void conflict(const struct place *at)
{
	struct ww_flow *flow = &at->entry->flow;
	struct ww_flow_sink *sink = &at->flows->sink;
	bool first = !(flow->trouble & WW_TROUBLE_CONFLICT);
	at->flows->counts.overlaps_conflicting++;
	flow->trouble |= WW_TROUBLE_CONFLICT;
	if (first && sink->conflict)
		sink->conflict(sink->context, flow, at->stream->dir, at->packet);
}

/*
 * Whether bytes that were shown before differ from what is still kept of them. The one garbage byte
 * that a keep-alive may carry does not count (RFC 1122, 4.2.3.6).
 */
static bool differs_from_kept(
	const struct place *at, uint32_t seq, const uint8_t *bytes, uint32_t len)
{
	const struct ww_stream *stream = at->stream;
	if (len == 1 && seq + 1 == stream->next)
		return false;
	int64_t ahead = (int32_t)(seq - (stream->next - stream->len));
	int64_t from = ahead > 0 ? ahead : 0;
	int64_t until = ahead + len < stream->len ? ahead + len : stream->len;
	return from < until && memcmp(ww_window_of(&at->flows->streams, stream) + from,
				       bytes + (from - ahead), (size_t)(until - from)) != 0;
}

static bool meets_early(const struct place *at, uint32_t end)
{
	const struct ww_stream *stream = at->stream;
	return stream->early.n &&
	       (int32_t)(end - ww_patchwork_first(&at->flows->streams.pages, &stream->early)) > 0;
}

/* A segment whose first byte is not before the awaited one. False: it did not fit beside others. */
static bool place_segment(const struct place *at, uint32_t seq, const uint8_t *bytes, uint32_t len)
{
	struct ww_stream *stream = at->stream;
	struct ww_fit fit;
	if (seq == stream->next && !meets_early(at, seq + len)) {
		append(at, bytes, len);
		return true;
	}
	if (!ww_patchwork_add(&at->flows->streams.pages, &stream->early,
		    (enum ww_policy)stream->policy, WW_OVERLAP_SEGMENTS, seq, bytes, len, &fit))
		return false;
	if (fit.conflicts)
		conflict(at);
	return true;
}

static void add_captured(const struct place *at, uint32_t seq, const uint8_t *bytes, uint32_t len)
{
	struct ww_stream *stream = at->stream;
	/* Each turn skips a gap and takes bytes out of the patchwork, or is the last. */
	for (;;) {
		int32_t old = (int32_t)(stream->next - seq);
		if (old > 0) {
			if ((uint32_t)old >= len)
				return;
			bytes += old;
			len -= (uint32_t)old;
			seq = stream->next;
		}
		if (len == 0 || place_segment(at, seq, bytes, len))
			break;
		at->flows->counts.evicted_early += seq != stream->next;
		at->entry->flow.trouble |= WW_TROUBLE_LIMIT;
		if (seq != stream->next && stream->early.n) {
			skip_gap(at);
			continue;
		}
		/* Others hold all the room: follow the segment. */
		if (seq != stream->next)
			gap(at, seq - stream->next);
		append(at, bytes, len);
		break;
	}
	drain(at);
}

static void add_bytes(
	const struct place *at, uint32_t seq, const uint8_t *bytes, uint32_t len, uint32_t wire_len)
{
	struct ww_stream *stream = at->stream;
	if (seq != stream->next && differs_from_kept(at, seq, bytes, len))
		conflict(at);
	add_captured(at, seq, bytes, len);
	/* What the snap length cut off, up to what else is known; of an early segment it is a hole
	 * that is skipped in its turn. */
	uint32_t missing = seq + wire_len - stream->next;
	if (len == wire_len || (int32_t)missing <= 0 ||
		(int32_t)(stream->next - seq) < (int32_t)len)
		return;
	if (stream->early.n) {
		uint32_t first = ww_patchwork_first(&at->flows->streams.pages, &stream->early);
		missing = first - stream->next < missing ? first - stream->next : missing;
	}
	gap(at, missing);
	drain(at);
}

/* ---- streams ---- */

static struct place place_of(struct ww_flows *flows, struct ww_entry *entry, enum ww_dir dir,
	const struct ww_packet *packet)
{
	uint16_t index = entry->stream[dir];
	return (struct place){flows, entry,
		index == WW_NO_STREAM ? NULL : &flows->streams.streams[index], packet};
}

static void show_end(const struct place *at)
{
	while (at->stream->early.n)
		skip_gap(at);
	if (!at->stream->ended)
		show(at, ww_window_of(&at->flows->streams, at->stream), at->stream->len, true);
	at->stream->ended = true;
}

void ww_stream_end(struct ww_flows *flows, struct ww_entry *entry, enum ww_dir dir,
	const struct ww_packet *packet)
{
	struct ww_streams *all = &flows->streams;
	struct place at = place_of(flows, entry, dir, packet);
	if (!at.stream)
		return;
	show_end(&at);
	if (at.stream->window != WW_NO_WINDOW)
		ww_window_give(all, at.stream, 0);
	list_remove(all, at.stream);
	at.stream->newer = all->free_stream;
	all->free_stream = entry->stream[dir];
	all->n_used--;
	entry->stream[dir] = WW_NO_STREAM;
	entry->flow.table |= (uint8_t)(WW_ENTRY_UNSEEN << dir);
}

static void evict_oldest(struct ww_flows *flows)
{
	struct ww_stream *oldest = &flows->streams.streams[flows->streams.oldest];
	struct ww_entry *entry = &flows->table.entries[oldest->entry];
	if (!oldest->ended) {
		flows->counts.evicted_streams++;
		entry->flow.trouble |= WW_TROUBLE_LIMIT;
	}
	ww_stream_end(flows, entry, oldest->dir, NULL);
}

static struct ww_stream *take_stream(struct ww_flows *flows, struct ww_entry *entry,
	enum ww_dir dir, const struct ww_packet *packet, uint32_t seq)
{
	struct ww_streams *all = &flows->streams;
	if (all->n_used == all->n)
		evict_oldest(flows);
	uint16_t index = all->free_stream;
	if (index != WW_NO_STREAM)
		all->free_stream = all->streams[index].newer;
	else
		index = all->fresh_stream++;
	all->n_used++;
	struct ww_stream *stream = &all->streams[index];
	const struct ww_ip *receiver =
		dir == WW_DIR_TO_SERVER ? &entry->flow.server : &entry->flow.client;
	bool known = entry->flow.table & (WW_ENTRY_SEQ << dir);
	*stream = (struct ww_stream){
		.offset = known ? 0 : entry->flow.bytes[dir] - packet->payload_wire,
		.next = known ? entry->seq[dir] : seq,
		.keep = all->window_bytes / 2,
		.window = WW_NO_WINDOW,
		.policy = (uint8_t)ww_policies_get(&flows->defrag.policies, receiver),
		.entry = (uint32_t)(entry - flows->table.entries),
		.dir = (uint8_t)dir,
	};
	list_append(all, stream);
	entry->stream[dir] = index;
	entry->flow.streamed = true;
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
	while (at->stream->early.n)
		skip_gap(at);
	gap(at, 0);
	at->stream->next = seq;
	at->stream->n_urgent = 0;
	at->stream->fin = false;
	at->stream->has_acked = false;
}

/* Its sender goes on behind the FIN, and so has not sent it. */
static void forget_fin(const struct place *at)
{
	at->flows->counts.forged_ends++;
	at->entry->flow.trouble |= WW_TROUBLE_FORGED;
	at->stream->fin = at->stream->ended = false;
}

/* Whether the segment is to be looked at; where need be, the stream is moved to it first. */
static bool follow(
	const struct place *at, uint32_t seq, uint32_t wire_len, const struct ww_packet *packet)
{
	struct ww_stream *stream = at->stream;
	int32_t ahead = (int32_t)(seq - stream->next);
	if (ahead > WW_STREAM_WINDOW || ahead < -WW_STREAM_WINDOW) {
		if (!believe(stream, seq))
			return false;
		move_to(at, seq);
	}
	stream->n_far = 0;
	if (ww_segment_is_stale(stream, packet)) {
		at->flows->counts.stale++;
		at->entry->flow.trouble |= WW_TROUBLE_STALE;
		return false;
	}
	if (stream->fin && (int32_t)(seq + wire_len - stream->fin_seq) > 0)
		forget_fin(at);
	return true;
}

void ww_stream_segment(struct ww_flows *flows, struct ww_entry *entry, enum ww_dir dir,
	const struct ww_packet *packet)
{
	bool fin = packet->tcp_flags & WW_TCP_FIN;
	uint32_t wire_len = packet->payload_wire;
	uint32_t seq = packet->seq + !!(packet->tcp_flags & WW_TCP_SYN);
	if (entry->flow.table & (WW_ENTRY_UNSEEN << dir) || (!wire_len && !fin))
		return;
	struct place at = place_of(flows, entry, dir, packet);
	if (!at.stream && !wire_len)
		return;
	if (!at.stream) {
		at.stream = take_stream(flows, entry, dir, packet, seq);
	} else if (flows->streams.newest != entry->stream[dir]) {
		list_remove(&flows->streams, at.stream);
		list_append(&flows->streams, at.stream);
	}
	struct ww_stream *stream = at.stream;
	if (!follow(&at, seq, wire_len, packet))
		return;
	if (fin && !stream->fin) {
		stream->fin = true;
		stream->fin_seq = seq + wire_len;
	}
	if (packet->tcp_flags & WW_TCP_URG)
		ww_segment_urgent(stream, packet);
	if (wire_len)
		add_bytes(&at, seq, packet->payload, packet->payload_len, wire_len);
	if (!stream->fin || (int32_t)(stream->next - stream->fin_seq) < 0)
		return;
	if (stream->next != stream->fin_seq || stream->early.n)
		forget_fin(&at);
	else if (!stream->ended)
		show_end(&at);
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
	while (stream->early.n) {
		int32_t beyond =
			(int32_t)(ack - ww_patchwork_first(&flows->streams.pages, &stream->early));
		if (beyond < 0 || beyond > WW_STREAM_WINDOW)
			break;
		skip_gap(&at);
	}
	if (!stream->fin || ack != stream->fin_seq + 1)
		return;
	/* The FIN itself was acknowledged: nothing before it will be sent again. */
	int32_t missing = (int32_t)(stream->fin_seq - stream->next);
	if (missing > 0)
		gap(&at, (uint32_t)missing);
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

bool ww_stream_over(const struct ww_flows *flows, const struct ww_entry *entry, enum ww_dir dir)
{
	uint16_t index = entry->stream[dir];
	return index == WW_NO_STREAM || flows->streams.streams[index].ended;
}

/*
 * RFC 5961, 3.2: an RST counts when it has exactly the number that the receiver awaits. So did
 * Windows before; BSD, Linux and Solaris took any within the window (RFC 793), by Snort's stream5.
 * Where the capture misses bytes the number may be what the receiver acknowledged.
 */
bool ww_stream_resets(
	const struct ww_flows *flows, const struct ww_entry *entry, enum ww_dir dir, uint32_t seq)
{
	uint16_t index = entry->stream[dir];
	if (index == WW_NO_STREAM)
		return true;
	const struct ww_stream *stream = &flows->streams.streams[index];
	int32_t ahead = (int32_t)(seq - stream->next);
	if (ahead == 0 || (stream->has_acked && seq == stream->acked) ||
		(stream->fin && seq == stream->fin_seq + 1))
		return true;
	switch ((enum ww_policy)stream->policy) {
	case WW_POLICY_BSD:
	case WW_POLICY_BSD_RIGHT:
	case WW_POLICY_LINUX:
	case WW_POLICY_SOLARIS: return ahead > 0 && ahead <= WW_STREAM_WINDOW;
	default: break;
	}
	/* Behind what came early: the receiver may have what the capture has not. */
	return stream->early.n && ahead > 0 && ahead <= WW_STREAM_WINDOW;
}
