// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/watch/watch-private.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* Two batches of these sizes. Large enough that handing one over costs nothing beside the work on
 * it, small enough that it is still in the cache when another thread reads it. */
enum {
	PACKETS = 2048,
	FRAME_BYTES = 2 << 20,
	COPY_BYTES = 4 << 20, /* more than any view, see ww_flow_limits.stream_bytes */
	ITEMS = 8192,
	ROW_BYTES = 4 << 20,    /* then it is told before more is put in */
	LANE_BYTES = 256 << 10, /* then the lane waits for its turn */
	ITEM_COST = 1024,       /* as much as searching so many bytes */
};

/* In front of each record, which is aligned to 8. */
struct told {
	uint32_t kind; /* enum ww_told_kind */
	uint32_t len;  /* ITEM: its index, and nothing follows */
};

enum item_kind { PACKET, STREAM, FORGET };

struct item {
	uint8_t kind, dir, lane;
	bool done;
	uint32_t next; /* of the lane */
	uint32_t readable;
	const struct ww_packet *packet; /* in the batch; NULL: none */
	struct ww_stream_view view;     /* its bytes too */
	void *state;                    /* of the flow; FORGET: what is to be freed */
	struct ww_flow flow;
	size_t told_from, told_to; /* in the lane's list */
};

struct lane {
	uint32_t first, last; /* of its items, when `cost` is not 0 */
	size_t cost;
	struct ww_told_list told;
};

struct batch {
	struct ww_packet packets[PACKETS];
	size_t n_packets, n_frame_bytes, n_copied;
	uint8_t *frames, *copies; /* owned */
	struct item items[ITEMS];
	uint32_t n_items;
	struct ww_told_list row;
	struct lane lanes[WW_LANES + 1];
	uint8_t order[WW_LANES]; /* lanes with work, the longest first */
	unsigned n_order;
};

struct worker {
	struct ww_row *row;
	struct ww_desk *desk;
	pthread_t thread;
};

struct ww_row {
	struct ww_watch *watch;
	struct ww_rules *rules;
	struct batch *now;    /* being filled; owned */
	struct batch *flight; /* being worked on, or NULL */
	struct batch *spare;  /* one of the two, or NULL; owned */
	/* The main thread has two desks: it may have to help while it works. */
	struct ww_desk *front, *help;
	struct ww_ear ear; /* of the front desk */
	uint64_t lost;

	struct worker *workers; /* owned */
	unsigned n_workers;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t work, over;
	unsigned next, n_done; /* of flight->order */
	bool stop;
	bool has_lock, has_work, has_over; /* were made */
};

/* ---- lists ---- */

static bool list_add(
	struct ww_told_list *list, enum ww_told_kind kind, const void *what, size_t size)
{
	size_t room = (size + 7) & ~(size_t)7;
	if (list->len + sizeof(struct told) + room > list->cap) {
		size_t cap = list->cap ? 2 * list->cap : 4096;
		while (cap < list->len + sizeof(struct told) + room)
			cap *= 2;
		uint8_t *bytes = realloc(list->bytes, cap);
		if (!bytes) {
			list->lost++;
			return false;
		}
		list->bytes = bytes;
		list->cap = cap;
	}
	const struct told head = {(uint32_t)kind, (uint32_t)size};
	memcpy(list->bytes + list->len, &head, sizeof(head));
	if (size)
		memcpy(list->bytes + list->len + sizeof(head), what, size);
	list->len += sizeof(head) + room;
	return true;
}

static size_t size_of(enum ww_told_kind kind)
{
	switch (kind) {
	case WW_TOLD_CONTACT: return sizeof(struct ww_contact);
	case WW_TOLD_CONNECTION: return sizeof(struct ww_detect_connection);
	case WW_TOLD_TWO_WAY: return sizeof(uint32_t);
	case WW_TOLD_REPLY: return sizeof(struct ww_reply);
	case WW_TOLD_ITEM: return 0;
	default: return sizeof(struct ww_match);
	}
}

/* ---- a desk is heard ---- */

static void hear(struct ww_ear *ear, enum ww_told_kind kind, const void *what)
{
	if (ear->list)
		list_add(ear->list, kind, what, size_of(kind));
	else
		ww_watch_take(ear->watch, kind, what);
}

void ww_ear_hit(void *context, const struct ww_hit *hit)
{
	struct ww_ear *ear = context;
	struct ww_match match;
	ww_match_fill(ear->watch->plan, hit, &match);
	hear(ear, ear->asks ? WW_TOLD_CANDIDATE : WW_TOLD_MATCH, &match);
}

void ww_ear_reply(void *context, const struct ww_rule_answer *answer)
{
	struct ww_reply reply;
	ww_reply_fill(answer, &reply);
	hear(context, WW_TOLD_REPLY, &reply);
}

/* ---- work ---- */

static void do_item(struct ww_desk *desk, struct ww_ear *ear, struct item *item)
{
	struct ww_flow *flow = &item->flow;
	enum ww_dir dir = (enum ww_dir)item->dir;
	flow->rule_state = &item->state;
	if (item->kind == FORGET)
		ww_rules_forget(ear->watch->plan->rules, &item->state);
	else if (item->kind == PACKET)
		ww_desk_packet(desk, flow->groups[dir], flow, dir, item->packet, ww_ear_hit, ear);
	else
		ww_desk_stream(desk, flow, dir, item->packet, &item->view, item->readable,
			ww_ear_hit, ear);
	item->done = true;
}

static void do_lane(
	struct ww_watch *watch, struct ww_desk *desk, struct batch *batch, struct lane *lane)
{
	struct ww_ear ear = {watch, &lane->told, true};
	for (uint32_t i = lane->first;; i = batch->items[i].next) {
		struct item *item = &batch->items[i];
		if (lane->told.len > LANE_BYTES)
			return;
		item->told_from = lane->told.len;
		do_item(desk, &ear, item);
		item->told_to = lane->told.len;
		if (i == lane->last)
			return;
	}
}

/* Takes lanes until none is left. Called and left with the lock held. */
static void do_lanes(struct ww_row *row, struct ww_desk *desk)
{
	while (row->flight && row->next < row->flight->n_order) {
		struct batch *batch = row->flight;
		struct lane *lane = &batch->lanes[batch->order[row->next++]];
		pthread_mutex_unlock(&row->lock);
		do_lane(row->watch, desk, batch, lane);
		pthread_mutex_lock(&row->lock);
		if (++row->n_done == batch->n_order)
			pthread_cond_signal(&row->over);
	}
}

static void *work(void *context)
{
	struct worker *worker = context;
	struct ww_row *row = worker->row;
	pthread_mutex_lock(&row->lock);
	while (!row->stop) {
		do_lanes(row, worker->desk);
		if (!row->stop)
			pthread_cond_wait(&row->work, &row->lock);
	}
	pthread_mutex_unlock(&row->lock);
	return NULL;
}

/* ---- telling ---- */

static void tell_list(
	struct ww_row *row, struct batch *batch, const uint8_t *bytes, size_t from, size_t to);

static void tell_item(struct ww_row *row, struct batch *batch, struct item *item)
{
	struct ww_ear ear = {.watch = row->watch, .asks = true};
	if (!item->done) {
		do_item(row->help, &ear, item);
		return;
	}
	const struct lane *lane = &batch->lanes[item->lane];
	if (item->told_from < item->told_to)
		tell_list(row, batch, lane->told.bytes, item->told_from, item->told_to);
}

static void tell_list(
	struct ww_row *row, struct batch *batch, const uint8_t *bytes, size_t from, size_t to)
{
	while (from < to) {
		struct told head;
		memcpy(&head, bytes + from, sizeof(head));
		from += sizeof(head);
		if (head.kind == WW_TOLD_ITEM) {
			tell_item(row, batch, &batch->items[head.len]);
			continue;
		}
		ww_watch_take(row->watch, (enum ww_told_kind)head.kind, bytes + from);
		from += (head.len + 7u) & ~7u;
	}
}

static void empty(struct ww_row *row, struct batch *batch, bool keep_packets)
{
	row->lost += batch->row.lost;
	batch->row.len = batch->row.lost = 0;
	for (unsigned i = 0; i <= WW_LANES; i++) {
		struct lane *lane = &batch->lanes[i];
		row->lost += lane->told.lost;
		if (lane->told.cap > 4 * LANE_BYTES) {
			free(lane->told.bytes);
			lane->told = (struct ww_told_list){0};
		}
		lane->told.len = lane->told.lost = 0;
		lane->cost = 0;
	}
	batch->n_items = batch->n_order = 0;
	batch->n_copied = 0;
	if (!keep_packets)
		batch->n_packets = batch->n_frame_bytes = 0;
}

/* Gives `now` to the workers. Nothing is in flight. */
static void launch(struct ww_row *row)
{
	struct batch *batch = row->now;
	for (unsigned i = 0; i <= WW_LANES; i++) {
		unsigned at = batch->n_order;
		if (!batch->lanes[i].cost)
			continue;
		for (; at > 0 && batch->lanes[batch->order[at - 1]].cost < batch->lanes[i].cost;
			at--)
			batch->order[at] = batch->order[at - 1];
		batch->order[at] = (uint8_t)i;
		batch->n_order++;
	}
	pthread_mutex_lock(&row->lock);
	row->flight = batch;
	row->next = row->n_done = 0;
	if (batch->n_order)
		pthread_cond_broadcast(&row->work);
	pthread_mutex_unlock(&row->lock);
}

/* Helps with what is in flight, waits for the rest, and tells it. */
static void land(struct ww_row *row, bool keep_packets)
{
	struct batch *batch = row->flight;
	if (!batch)
		return;
	pthread_mutex_lock(&row->lock);
	do_lanes(row, row->help);
	while (row->n_done < batch->n_order)
		pthread_cond_wait(&row->over, &row->lock);
	row->flight = NULL;
	pthread_mutex_unlock(&row->lock);
	tell_list(row, batch, batch->row.bytes, 0, batch->row.len);
	empty(row, batch, keep_packets);
	if (batch != row->now)
		row->spare = batch;
}

static bool is_busy(const struct ww_row *row)
{
	return row->now->n_items || row->now->row.len || row->flight;
}

/* The packets of `now` stay, as they may be being fed. */
void ww_row_settle(struct ww_row *row)
{
	land(row, false);
	if (!is_busy(row))
		return;
	launch(row);
	land(row, true);
}

/* ---- filling ---- */

/* The one that was filled goes to work, if there is any in it. */
static struct batch *next_batch(struct ww_row *row)
{
	if (!is_busy(row)) {
		empty(row, row->now, false);
		return row->now;
	}
	land(row, false);
	launch(row);
	row->now = row->spare;
	row->spare = NULL;
	return row->now;
}

size_t ww_row_read(struct ww_row *row, const struct ww_frame *frames, size_t n,
	const struct ww_packet **ret_packets)
{
	struct batch *batch = row->now;
	size_t bytes = 0, i = 0;
	for (; i < n; i++)
		bytes += frames[i].captured;
	if (batch->n_packets + n > PACKETS || batch->n_frame_bytes + bytes > FRAME_BYTES)
		batch = next_batch(row);
	struct ww_packet *packets = batch->packets + batch->n_packets;
	for (i = 0; i < n && batch->n_frame_bytes + frames[i].captured <= FRAME_BYTES; i++) {
		struct ww_frame copy = frames[i];
		uint8_t *to = batch->frames + batch->n_frame_bytes;
		if (copy.captured)
			memcpy(to, frames[i].data, copy.captured);
		copy.data = to;
		batch->n_frame_bytes += copy.captured;
		ww_packet_decode(&copy, &packets[i]);
	}
	batch->n_packets += i;
	*ret_packets = packets;
	return i;
}

bool ww_row_tell(struct ww_row *row, enum ww_told_kind kind, const void *what)
{
	if (row->now->row.len > ROW_BYTES)
		ww_row_settle(row);
	if (!is_busy(row))
		return false;
	list_add(&row->now->row, kind, what, size_of(kind));
	return true;
}

struct ww_desk *ww_row_desk(struct ww_row *row, struct ww_ear **ret_ear)
{
	if (row->now->row.len > ROW_BYTES)
		ww_row_settle(row);
	if (!is_busy(row))
		return NULL;
	row->ear = (struct ww_ear){row->watch, &row->now->row, true};
	*ret_ear = &row->ear;
	return row->front;
}

static void *copy(struct batch *batch, const void *bytes, size_t len)
{
	uint8_t *to = batch->copies + batch->n_copied;
	memcpy(to, bytes, len);
	batch->n_copied += (len + 15) & ~(size_t)15;
	return to;
}

/* A packet put together of fragments: it and its bytes stay no longer than the call. */
static const struct ww_packet *copy_packet(struct batch *batch, const struct ww_packet *packet)
{
	struct ww_packet *here = copy(batch, packet, sizeof(*packet));
	if (!packet->network)
		return here;
	const uint8_t *start = packet->network - packet->outer_offset;
	ptrdiff_t by =
		(uint8_t *)copy(batch, start, packet->outer_offset + packet->network_len) - start;
	here->network += by;
	here->transport += packet->transport ? by : 0;
	here->payload += packet->payload ? by : 0;
	return here;
}

/* An item at the end of the row and of its lane, with room for `bytes` that it copies. */
static struct item *add_item(
	struct ww_row *row, enum item_kind kind, unsigned lane_number, size_t bytes, size_t cost)
{
	struct batch *batch = row->now;
	if (batch->n_items == ITEMS || batch->n_copied + bytes > COPY_BYTES ||
		batch->row.len > ROW_BYTES)
		ww_row_settle(row);
	uint32_t index = batch->n_items;
	struct item *item = &batch->items[index];
	struct lane *lane = &batch->lanes[lane_number];
	/* A mark is a record without bytes; `len` is free for its number. */
	if (list_add(&batch->row, WW_TOLD_ITEM, NULL, 0))
		memcpy(batch->row.bytes + batch->row.len - sizeof(uint32_t), &index, sizeof(index));
	batch->n_items++;
	if (lane->cost)
		batch->items[lane->last].next = index;
	else
		lane->first = index;
	lane->last = index;
	lane->cost += cost + ITEM_COST;
	item->kind = (uint8_t)kind;
	item->lane = (uint8_t)lane_number;
	item->done = false;
	return item;
}

static bool is_here(const struct batch *batch, const struct ww_packet *packet)
{
	return packet >= batch->packets && packet < batch->packets + PACKETS;
}

/* Bytes that it takes to keep a packet. */
static size_t packet_bytes(const struct batch *batch, const struct ww_packet *packet)
{
	if (!packet || is_here(batch, packet))
		return 0;
	return sizeof(*packet) + packet->outer_offset + packet->network_len + 32;
}

static void fill_item(struct batch *batch, struct item *item, const struct ww_flow *flow,
	enum ww_dir dir, const struct ww_packet *packet)
{
	item->dir = (uint8_t)dir;
	item->flow = *flow;
	item->state = *flow->rule_state;
	item->packet = packet && !is_here(batch, packet) ? copy_packet(batch, packet) : packet;
}

void ww_row_packet(
	struct ww_row *row, struct ww_flow *flow, enum ww_dir dir, const struct ww_packet *packet)
{
	struct batch *batch = row->now;
	ww_rules_remember(flow);
	struct item *item = add_item(
		row, PACKET, ww_rules_lane(flow), packet_bytes(batch, packet), packet->payload_len);
	fill_item(batch, item, flow, dir, packet);
}

/* Whether the view shows nothing but bytes of the packet. */
static bool shows_packet(const struct ww_stream_view *view, const struct ww_packet *packet)
{
	uintptr_t data = (uintptr_t)view->data, payload = packet ? (uintptr_t)packet->payload : 0;
	return packet && data >= payload && data + view->len <= payload + packet->payload_len;
}

void ww_row_stream(struct ww_row *row, struct ww_flow *flow, enum ww_dir dir,
	const struct ww_packet *packet, const struct ww_stream_view *view)
{
	struct batch *batch = row->now;
	ww_rules_remember(flow);
	bool stays = shows_packet(view, packet) && is_here(batch, packet);
	struct item *item = add_item(row, STREAM, ww_rules_lane(flow),
		packet_bytes(batch, packet) + (stays ? 0 : view->len + 16),
		view->len - view->fresh);
	item->readable = ww_rules_ahead(row->rules, flow, dir, view);
	fill_item(batch, item, flow, dir, packet);
	item->view = *view;
	item->view.keep = NULL;
	if (!stays && view->len)
		item->view.data = copy(batch, view->data, view->len);
	if (item->readable != WW_READABLE)
		flow->groups[dir] = 0;
}

void ww_row_forget(struct ww_row *row, void **rule_state)
{
	unsigned lane = ww_rules_state_lane(*rule_state);
	if (lane == 0) {
		ww_rules_forget(row->rules, rule_state);
		return;
	}
	struct item *item = add_item(row, FORGET, lane, 0, 0);
	item->state = *rule_state;
	item->packet = NULL;
	*rule_state = NULL;
}

uint64_t ww_row_lost(const struct ww_row *row)
{
	return row->lost;
}

/* ---- life ---- */

static struct batch *batch_new(void)
{
	struct batch *batch = calloc(1, sizeof(*batch));
	if (!batch)
		return NULL;
	batch->frames = malloc(FRAME_BYTES);
	batch->copies = malloc(COPY_BYTES);
	if (batch->frames && batch->copies)
		return batch;
	free(batch->frames);
	free(batch->copies);
	free(batch);
	return NULL;
}

static void batch_free(struct ww_rules *rules, struct batch *batch)
{
	if (!batch)
		return;
	for (uint32_t i = 0; i < batch->n_items; i++)
		if (batch->items[i].kind == FORGET && !batch->items[i].done)
			ww_rules_forget(rules, &batch->items[i].state);
	for (unsigned i = 0; i <= WW_LANES; i++)
		free(batch->lanes[i].told.bytes);
	free(batch->row.bytes);
	free(batch->frames);
	free(batch->copies);
	free(batch);
}

/* Signals are the main thread's. */
static int start(struct ww_row *row, unsigned n)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int status = 0;
	while (status == 0 && row->n_workers < n) {
		struct worker *worker = &row->workers[row->n_workers];
		worker->row = row;
		status = ww_desk_new(row->rules, &worker->desk);
		if (status == 0)
			status = -pthread_create(&worker->thread, NULL, work, worker);
		if (status == 0)
			row->n_workers++;
		else
			ww_desk_free(&worker->desk);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return status;
}

int ww_row_new(struct ww_watch *watch, unsigned threads, struct ww_row **ret)
{
	ww_assert(threads >= 2);
	struct ww_row *row = calloc(1, sizeof(*row));
	if (!row)
		return -ENOMEM;
	row->watch = watch;
	row->rules = watch->plan->rules;
	row->workers = calloc(threads, sizeof(*row->workers));
	row->now = batch_new();
	row->spare = batch_new();
	row->has_lock = pthread_mutex_init(&row->lock, NULL) == 0;
	row->has_work = pthread_cond_init(&row->work, NULL) == 0;
	row->has_over = pthread_cond_init(&row->over, NULL) == 0;
	bool made = row->workers && row->now && row->spare && row->has_lock && row->has_work &&
		    row->has_over;
	int status = made ? ww_desk_new(row->rules, &row->front) : -ENOMEM;
	if (status == 0)
		status = ww_desk_new(row->rules, &row->help);
	if (status == 0)
		status = start(row, threads - 1);
	if (status != 0) {
		ww_row_free(&row);
		return status;
	}
	*ret = row;
	return 0;
}

void ww_row_free(struct ww_row **row_)
{
	struct ww_row *row = *row_;
	if (!row)
		return;
	if (row->n_workers) {
		pthread_mutex_lock(&row->lock);
		row->stop = true;
		pthread_cond_broadcast(&row->work);
		pthread_mutex_unlock(&row->lock);
	}
	for (unsigned i = 0; i < row->n_workers; i++) {
		pthread_join(row->workers[i].thread, NULL);
		ww_desk_free(&row->workers[i].desk);
	}
	if (row->has_lock)
		pthread_mutex_destroy(&row->lock);
	if (row->has_work)
		pthread_cond_destroy(&row->work);
	if (row->has_over)
		pthread_cond_destroy(&row->over);
	ww_desk_free(&row->front);
	ww_desk_free(&row->help);
	batch_free(row->rules, row->now);
	batch_free(row->rules, row->flight);
	batch_free(row->rules, row->spare);
	free(row->workers);
	free(row);
	*row_ = NULL;
}
