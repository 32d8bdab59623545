// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Half-open connections and first contacts.
 *
 * A bucket belongs to (client, server endpoint): the SYN, its SYN-ACK and its RST all hash to it,
 * so that an attempt costs two adjacent cache lines from birth to judgement, and no flow is made
 * for what nobody answers.
 *
 *   line 0   known[5] fingerprints | place[2] tag[2] state[2] next_known | slot 0 ...
 *   line 1   ... slot 0 | slot 1
 *
 * There are no timers: attempts wait in one queue in the order they were sent, and whatever the
 * trace clock has passed is judged before the next packet. A slot that was answered leaves its
 * place in the queue behind, which is recognised by its position and skipped.
 */
#include "wire/flow/flow-private.h"

#include <stdlib.h>

enum {
	WAIT_FIRST_US = 1000000,
	WAIT_MIN_US = 500000,
	WAIT_MAX_US = 3000000,
	PREFETCH_AHEAD = 12,
	WHERE_BITS = 24,
	WHERE_MASK = (1 << WHERE_BITS) - 1,
};

static uint32_t power_of_two(uint32_t n)
{
	uint32_t power = 1;
	while (power < n)
		power *= 2;
	return power;
}

int ww_attempts_init(struct ww_attempts *attempts, uint32_t slots)
{
	uint32_t n = power_of_two((slots + WW_BUCKET_SLOTS - 1) / WW_BUCKET_SLOTS);
	uint32_t places = power_of_two(n * WW_BUCKET_SLOTS);
	attempts->mask = n - 1;
	attempts->queue_mask = places - 1;
	attempts->wait_us = WAIT_FIRST_US;
	attempts->mean_us = -1;
	attempts->buckets = aligned_alloc(64, n * sizeof(*attempts->buckets));
	attempts->queue = calloc(places, sizeof(*attempts->queue));
	if (!attempts->buckets || !attempts->queue)
		return -ENOMEM;
	memset(attempts->buckets, 0, n * sizeof(*attempts->buckets));
	return 0;
}

void ww_attempts_done(struct ww_attempts *attempts)
{
	free(attempts->buckets);
	free(attempts->queue);
	attempts->buckets = NULL;
	attempts->queue = NULL;
}

static inline uint8_t state_of(const struct ww_bucket *bucket, int i)
{
	return bucket->state[i] & WW_ATTEMPT_STATE;
}

/* The bucket's hash knows all of the tuple but the client's port. */
static inline uint16_t tag_of(uint64_t hash, uint16_t client_port)
{
	return (uint16_t)((uint16_t)(hash >> 24) ^ client_port);
}

bool ww_attempt_find(struct ww_flows *flows, uint64_t hash, const struct ww_ip *client,
	uint16_t client_port, const struct ww_ip *server, uint16_t server_port, bool udp,
	struct ww_slot *ret)
{
	struct ww_bucket *bucket = &flows->attempts.buckets[hash & flows->attempts.mask];
	uint16_t tag = tag_of(hash, client_port);
	for (int i = 0; i < WW_BUCKET_SLOTS; i++) {
		if (!bucket->state[i] || bucket->tag[i] != tag)
			continue;
		const struct ww_attempt *slot = &bucket->slots[i];
		if (slot->client_port == client_port && slot->server_port == server_port &&
			!(bucket->state[i] & WW_ATTEMPT_UDP) == !udp &&
			ww_ip_equal(&slot->server, server) && ww_ip_equal(&slot->client, client)) {
			*ret = (struct ww_slot){bucket, i};
			return true;
		}
	}
	return false;
}

/* The frame of which the slot holds the low 32 bits. */
static uint64_t frame_of(const struct ww_flows *flows, const struct ww_attempt *attempt)
{
	return flows->frame - (uint32_t)((uint32_t)flows->frame - attempt->sent_frame);
}

struct ww_start ww_attempt_start(const struct ww_flows *flows, struct ww_slot slot)
{
	const struct ww_attempt *attempt = &slot.bucket->slots[slot.i];
	return (struct ww_start){attempt->sent_us, frame_of(flows, attempt)};
}

static void tell(struct ww_flows *flows, struct ww_slot slot, enum ww_contact_outcome outcome,
	int64_t judged_us, uint64_t judged_frame)
{
	const struct ww_attempt *attempt = &slot.bucket->slots[slot.i];
	if (!flows->sink.contact)
		return;
	struct ww_contact contact = {
		.src = attempt->client,
		.dst = attempt->server,
		.port = attempt->server_port,
		.proto = slot.bucket->state[slot.i] & WW_ATTEMPT_UDP ? WW_PROTO_UDP : WW_PROTO_TCP,
		.outcome = (uint8_t)outcome,
		.sent_us = attempt->sent_us,
		.judged_us = judged_us,
		.sent_frame = frame_of(flows, attempt),
		.judged_frame = judged_frame,
	};
	flows->sink.contact(flows->sink.context, &contact);
}

static void tell_by(struct ww_flows *flows, struct ww_slot slot, enum ww_contact_outcome outcome,
	const struct ww_packet *packet)
{
	tell(flows, slot, outcome, ww_clock_clamp(packet->time_us), packet->frame);
}

/* From the packet: the slot was just written, and reading it back at once would stall. */
static void tell_sent(struct ww_flows *flows, const struct ww_packet *packet)
{
	flows->counts.contacts++;
	if (!flows->sink.contact)
		return;
	struct ww_contact contact = {
		.src = packet->src,
		.dst = packet->dst,
		.port = packet->dport,
		.proto = packet->proto,
		.outcome = WW_CONTACT_SENT,
		.sent_us = ww_clock_clamp(packet->time_us),
		.sent_frame = packet->frame,
	};
	flows->sink.contact(flows->sink.context, &contact);
}

static void judge_unanswered(struct ww_flows *flows, struct ww_slot slot)
{
	uint8_t *state = &slot.bucket->state[slot.i];
	*state = (uint8_t)((*state & ~WW_ATTEMPT_STATE) | WW_ATTEMPT_JUDGED);
	if (*state & WW_ATTEMPT_FIRST) {
		flows->counts.unanswered++;
		tell(flows, slot, WW_CONTACT_UNANSWERED,
			slot.bucket->slots[slot.i].sent_us + flows->attempts.wait_us, 0);
	}
}

/* The attempt that waits at a position of the queue; bucket is NULL when it was settled before. */
static struct ww_slot slot_at(const struct ww_attempts *attempts, uint32_t position)
{
	uint32_t queued = attempts->queue[position & attempts->queue_mask].where;
	uint32_t where = queued & WHERE_MASK;
	struct ww_slot slot = {
		&attempts->buckets[where / WW_BUCKET_SLOTS], (int)(where % WW_BUCKET_SLOTS)};
	if (state_of(slot.bucket, slot.i) != WW_ATTEMPT_PENDING ||
		slot.bucket->place[slot.i] != (uint16_t)position ||
		(slot.bucket->tag[slot.i] ^ queued >> WHERE_BITS) & 0xff)
		slot.bucket = NULL;
	return slot;
}

/* Takes the head of the queue; judges it unless it was settled before. */
static bool pop(struct ww_flows *flows)
{
	struct ww_slot slot = slot_at(&flows->attempts, flows->attempts.head++);
	if (!slot.bucket)
		return false;
	judge_unanswered(flows, slot);
	return true;
}

static void prefetch_ahead(const struct ww_attempts *attempts)
{
	uint32_t position = attempts->head + PREFETCH_AHEAD;
	if ((int32_t)(attempts->tail - position) <= 0)
		return;
	uint32_t where = attempts->queue[position & attempts->queue_mask].where & WHERE_MASK;
	const struct ww_bucket *bucket = &attempts->buckets[where / WW_BUCKET_SLOTS];
	__builtin_prefetch(bucket, 1);
	__builtin_prefetch((const char *)bucket + 64);
}

void ww_attempts_judge(struct ww_flows *flows)
{
	struct ww_attempts *attempts = &flows->attempts;
	uint32_t now = (uint32_t)flows->clock.now_us;
	while (attempts->head != attempts->tail) {
		uint32_t sent = attempts->queue[attempts->head & attempts->queue_mask].sent_us;
		if (now - sent < attempts->wait_us)
			return;
		prefetch_ahead(attempts);
		pop(flows);
	}
}

/*
 * What the end of the capture cut short is not judged: who knows what the next packet would have
 * been. Only a capture that is shorter than the wait itself is judged whole, or it would show
 * nothing at all.
 */
void ww_attempts_finish(struct ww_flows *flows)
{
	struct ww_attempts *attempts = &flows->attempts;
	bool is_short = flows->clock.now_us < attempts->wait_us;
	ww_attempts_judge(flows);
	while (is_short && attempts->head != attempts->tail)
		pop(flows);
	for (; attempts->head != attempts->tail; attempts->head++) {
		const struct ww_slot slot = slot_at(attempts, attempts->head);
		if (slot.bucket && slot.bucket->state[slot.i] & WW_ATTEMPT_FIRST)
			flows->counts.undecided++;
	}
}

/* RFC 6298, section 2, in integers. */
static void learn_answer_time(struct ww_attempts *attempts, int64_t time_us)
{
	if (time_us < 0 || time_us > 60 * (int64_t)WAIT_MAX_US)
		return;
	if (attempts->mean_us < 0) {
		attempts->mean_us = time_us;
		attempts->deviation_us = time_us / 2;
	} else {
		int64_t error = time_us - attempts->mean_us;
		int64_t size = error < 0 ? -error : error;
		attempts->deviation_us += (size - attempts->deviation_us) / 4;
		attempts->mean_us += error / 8;
	}
	int64_t wait = 3 * (attempts->mean_us + 4 * attempts->deviation_us);
	if (wait < WAIT_MIN_US)
		wait = WAIT_MIN_US;
	attempts->wait_us = (uint32_t)(wait > WAIT_MAX_US ? WAIT_MAX_US : wait);
}

struct ww_start ww_attempt_answer(
	struct ww_flows *flows, struct ww_slot slot, const struct ww_packet *packet)
{
	struct ww_start start = ww_attempt_start(flows, slot);
	uint8_t state = slot.bucket->state[slot.i];
	if (!(state & (WW_ATTEMPT_AGAIN | WW_ATTEMPT_UDP)))
		learn_answer_time(
			&flows->attempts, ww_clock_clamp(packet->time_us) - start.sent_us);
	if (state & WW_ATTEMPT_FIRST) {
		bool late = (state & WW_ATTEMPT_STATE) == WW_ATTEMPT_JUDGED;
		flows->counts.taken_back += late;
		flows->counts.unanswered -= late;
		flows->counts.answered++;
		tell_by(flows, slot, WW_CONTACT_ANSWERED, packet);
	}
	slot.bucket->state[slot.i] = WW_ATTEMPT_FREE;
	return start;
}

void ww_attempt_refuse(struct ww_flows *flows, struct ww_slot slot, const struct ww_packet *packet)
{
	uint8_t state = slot.bucket->state[slot.i];
	if ((state & WW_ATTEMPT_STATE) == WW_ATTEMPT_PENDING && state & WW_ATTEMPT_FIRST) {
		flows->counts.refused++;
		tell_by(flows, slot, WW_CONTACT_REFUSED, packet);
	}
	slot.bucket->state[slot.i] = WW_ATTEMPT_FREE;
}

/* Of a bucket full of pending attempts the one that was sent first. */
static int oldest_slot(const struct ww_bucket *bucket, uint64_t frame)
{
	int best = 0;
	for (int i = 1; i < WW_BUCKET_SLOTS; i++)
		if ((uint32_t)frame - bucket->slots[i].sent_frame >
			(uint32_t)frame - bucket->slots[best].sent_frame)
			best = i;
	return best;
}

/*
 * The slot for a new attempt: a free one, else what was judged long ago, else -1: all are pending.
 * Reads the bucket's first line only.
 */
static inline int choose_slot(const struct ww_bucket *bucket, uint32_t tail)
{
	int best = -1;
	int32_t best_age = -1;
	for (int i = 0; i < WW_BUCKET_SLOTS; i++) {
		uint8_t state = state_of(bucket, i);
		int32_t age = (uint16_t)(tail - bucket->place[i]);
		if (state == WW_ATTEMPT_FREE)
			return i;
		if (state != WW_ATTEMPT_PENDING && age > best_age) {
			best = i;
			best_age = age;
		}
	}
	return best;
}

/* Whether the endpoint is new to the client; remembers it. */
static bool first_contact(struct ww_flows *flows, struct ww_bucket *bucket, uint64_t hash)
{
	uint32_t print = (uint32_t)(hash >> 32);
	print += !print;
	uint32_t same = 0;
	for (int i = 0; i < WW_BUCKET_KNOWN; i++)
		same |= bucket->known[i] == print;
	if (same)
		return false;
	uint32_t *place = &bucket->known[bucket->next_known++ % WW_BUCKET_KNOWN];
	flows->counts.evicted_contacts += *place != 0;
	*place = print;
	return true;
}

static void enqueue(struct ww_flows *flows, struct ww_slot slot)
{
	struct ww_attempts *attempts = &flows->attempts;
	/* First of all: what is popped below must not take the slot for what it held before. */
	slot.bucket->place[slot.i] = (uint16_t)attempts->tail;
	/* More than ever fits at once was sent and answered within the waiting time. */
	if (attempts->tail - attempts->head > attempts->queue_mask)
		flows->counts.evicted_attempts += pop(flows);
	uint32_t where = (uint32_t)(slot.bucket - attempts->buckets) * WW_BUCKET_SLOTS;
	attempts->queue[attempts->tail++ & attempts->queue_mask] = (struct ww_pending){
		.sent_us = (uint32_t)flows->clock.now_us,
		.where = (where + (uint32_t)slot.i) | (uint32_t)slot.bucket->tag[slot.i]
							      << WHERE_BITS,
	};
}

static void fill_slot(struct ww_slot slot, uint64_t hash, uint8_t state, const struct ww_ip *client,
	uint16_t client_port, const struct ww_ip *server, uint16_t server_port,
	const struct ww_packet *packet)
{
	slot.bucket->state[slot.i] = state;
	slot.bucket->tag[slot.i] = tag_of(hash, client_port);
	struct ww_attempt *attempt = &slot.bucket->slots[slot.i];
	attempt->client = *client;
	attempt->server = *server;
	attempt->client_port = client_port;
	attempt->server_port = server_port;
	attempt->sent_us = ww_clock_clamp(packet->time_us);
	attempt->sent_frame = (uint32_t)packet->frame;
}

/* The same tuple again: a retransmission, unless so much later that it is a new connection. */
static bool is_repeat(struct ww_slot slot, const struct ww_packet *packet)
{
	uint8_t *state = &slot.bucket->state[slot.i];
	if (state_of(slot.bucket, slot.i) == WW_ATTEMPT_REVERSED)
		return false;
	*state |= WW_ATTEMPT_AGAIN;
	if (state_of(slot.bucket, slot.i) == WW_ATTEMPT_PENDING)
		return true;
	int64_t age = ww_clock_clamp(packet->time_us) - slot.bucket->slots[slot.i].sent_us;
	return age < WW_REUSE_US;
}

void ww_attempt_send(struct ww_flows *flows, uint64_t hash, const struct ww_packet *packet)
{
	struct ww_attempts *attempts = &flows->attempts;
	bool udp = packet->proto == WW_PROTO_UDP;
	struct ww_slot slot;
	if (ww_attempt_find(flows, hash, &packet->src, packet->sport, &packet->dst, packet->dport,
		    udp, &slot)) {
		if (is_repeat(slot, packet))
			return;
	} else {
		slot.bucket = &attempts->buckets[hash & attempts->mask];
		slot.i = choose_slot(slot.bucket, attempts->tail);
		if (slot.i < 0) {
			slot.i = oldest_slot(slot.bucket, flows->frame);
			flows->counts.evicted_attempts++;
			judge_unanswered(flows, slot);
		}
	}
	bool first = first_contact(flows, slot.bucket, hash);
	uint8_t state = WW_ATTEMPT_PENDING;
	state |= first ? WW_ATTEMPT_FIRST : 0;
	state |= udp ? WW_ATTEMPT_UDP : 0;
	fill_slot(slot, hash, state, &packet->src, packet->sport, &packet->dst, packet->dport,
		packet);
	enqueue(flows, slot);
	if (first)
		tell_sent(flows, packet);
}

void ww_attempt_reverse(struct ww_flows *flows, uint64_t hash, const struct ww_packet *packet)
{
	struct ww_attempts *attempts = &flows->attempts;
	struct ww_slot slot;
	slot.bucket = &attempts->buckets[hash & attempts->mask];
	slot.i = choose_slot(slot.bucket, attempts->tail);
	if (slot.i < 0)
		return;
	slot.bucket->place[slot.i] = (uint16_t)attempts->tail;
	fill_slot(slot, hash, WW_ATTEMPT_REVERSED, &packet->dst, packet->dport, &packet->src,
		packet->sport, packet);
}
