// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Half-open connections and first contacts.
 *
 * Attempts lie in a ring in the order they were sent, a cache line each: sending, waiting and
 * judging go through memory in order. Who looks for one (a SYN-ACK, an RST, the SYN again) finds
 * its place in a bucket of one line, which belongs to (client, server endpoint):
 *
 *   known[5] fingerprints | place[6] in the ring | tag[6] | next_known next_slot
 *
 * So an attempt that nobody answers costs one line of random access from birth to judgement, and
 * no flow is made for it. There are no timers: whatever the trace clock has passed is judged, from
 * the ring's head, before the next packet. What was judged stays for a late answer until the ring
 * comes round or its bucket needs the slot.
 *
 * Judgements leave the ring in the order of sending. Of fifty connections opened at once the
 * answers come within a round trip and the silences all together when the wait ends; told in that
 * order, seven dead servers among forty-three live ones look like seven failures in a row. So an
 * outcome that is known waits in its place until all that was sent before it is decided, at most
 * the waiting time: the sequence of judgements is the same for every permutation of answer times
 * within the wait.
 */
#include "base/lines.h"
#include "wire/flow/flow-private.h"

#include <stdlib.h>

enum {
	WAIT_FIRST_US = 1000000,
	WAIT_MIN_US = 500000,
	WAIT_MAX_US = 3000000,
	PREFETCH_AHEAD = 4,
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
	uint32_t places = power_of_two(slots < WW_BUCKET_SHARE ? WW_BUCKET_SHARE : slots);
	attempts->mask = places / WW_BUCKET_SHARE - 1;
	attempts->ring_mask = places - 1;
	attempts->wait_us = WAIT_FIRST_US;
	attempts->mean_us = -1;
	attempts->buckets = ww_lines_new(
		places / WW_BUCKET_SHARE * sizeof(*attempts->buckets), &attempts->memory[0]);
	attempts->ring = ww_lines_new(places * sizeof(*attempts->ring), &attempts->memory[1]);
	return attempts->buckets && attempts->ring ? 0 : -ENOMEM;
}

void ww_attempts_done(struct ww_attempts *attempts)
{
	for (int i = 0; i < 2; i++) {
		free(attempts->memory[i]);
		attempts->memory[i] = NULL;
	}
	attempts->buckets = NULL;
	attempts->ring = NULL;
}

static inline struct ww_attempt *attempt_at(const struct ww_attempts *attempts, uint32_t position)
{
	return &attempts->ring[position & attempts->ring_mask];
}

/* The bucket's hash knows all of the tuple but the client's port. */
static inline uint16_t tag_of(uint64_t hash, uint16_t client_port)
{
	uint16_t tag = (uint16_t)((uint16_t)(hash >> 24) ^ client_port);
	return tag ? tag : 1;
}

/* Neither free nor answered or refused before. */
static inline bool is_found(const struct ww_attempt *attempt)
{
	uint8_t state = ww_attempt_state(attempt);
	return state >= WW_ATTEMPT_PENDING && state <= WW_ATTEMPT_REVERSED;
}

/*
 * The slots whose tag this may be, a bit at the top of 16 for each: four at once, by the borrow of
 * a lane that is zero. A lane above such a one may be named falsely; the tuple tells.
 */
static inline uint64_t slots_tagged(const uint16_t *tags, uint16_t tag)
{
	static const uint64_t ones = 0x0001000100010001, tops = 0x8000800080008000;
	uint64_t four;
	memcpy(&four, tags, sizeof(four));
	four ^= tag * ones;
	return (four - ones) & ~four & tops;
}

struct endpoints {
	const struct ww_ip *client, *server;
	uint16_t client_port, server_port;
	bool udp;
};

/* Another may have the place by now: the tuple tells. */
static bool is_of(const struct ww_attempt *attempt, const struct endpoints *ends)
{
	return is_found(attempt) && attempt->client_port == ends->client_port &&
	       attempt->server_port == ends->server_port &&
	       !(attempt->state & WW_ATTEMPT_UDP) == !ends->udp &&
	       ww_ip_equal(&attempt->server, ends->server) &&
	       ww_ip_equal(&attempt->client, ends->client);
}

static __attribute__((noinline)) int find_tagged(const struct ww_attempts *attempts,
	const struct ww_bucket *bucket, uint16_t tag, const struct endpoints *ends)
{
	for (int i = 0; i < WW_BUCKET_SLOTS; i++)
		if (bucket->tag[i] == tag && is_of(attempt_at(attempts, bucket->place[i]), ends))
			return i;
	return -1;
}

/* Mostly there is none. */
static inline bool any_tagged(const struct ww_bucket *bucket, uint16_t tag)
{
	return (slots_tagged(bucket->tag, tag) | slots_tagged(bucket->tag + 4, tag)) != 0;
}

bool ww_attempt_find(struct ww_flows *flows, uint64_t hash, const struct ww_ip *client,
	uint16_t client_port, const struct ww_ip *server, uint16_t server_port, bool udp,
	struct ww_slot *ret)
{
	struct ww_bucket *bucket = &flows->attempts.buckets[hash & flows->attempts.mask];
	uint16_t tag = tag_of(hash, client_port);
	if (!any_tagged(bucket, tag))
		return false;
	const struct endpoints ends = {client, server, client_port, server_port, udp};
	int i = find_tagged(&flows->attempts, bucket, tag, &ends);
	if (i < 0)
		return false;
	*ret = (struct ww_slot){attempt_at(&flows->attempts, bucket->place[i]), bucket, i};
	return true;
}

/* The frame of which these are the low 32 bits. */
static uint64_t frame_of(const struct ww_flows *flows, uint32_t low)
{
	return flows->frame - (uint32_t)((uint32_t)flows->frame - low);
}

struct ww_start ww_attempt_start(const struct ww_flows *flows, struct ww_slot slot)
{
	return (struct ww_start){slot.attempt->sent_us, frame_of(flows, slot.attempt->sent_frame)};
}

static inline void hand_over(struct ww_flows *flows)
{
	const struct ww_contact_listener *listener = &flows->sink.listeners[flows->contact.outcome];
	listener->contact(listener->contact_state, &flows->contact);
}

static inline void tell(struct ww_flows *flows, const struct ww_attempt *attempt,
	enum ww_contact_outcome outcome, int64_t judged_us, uint64_t judged_frame, bool late)
{
	flows->contact = (struct ww_contact){
		.src = attempt->client,
		.dst = attempt->server,
		.port = attempt->server_port,
		.proto = attempt->state & WW_ATTEMPT_UDP ? WW_PROTO_UDP : WW_PROTO_TCP,
		.outcome = (uint8_t)outcome,
		.late = late,
		.quiet = attempt->state & WW_ATTEMPT_QUIET,
		.sent_us = attempt->sent_us,
		.judged_us = judged_us,
		.sent_frame = frame_of(flows, attempt->sent_frame),
		.judged_frame = judged_frame,
	};
	hand_over(flows);
}

static void tell_by(struct ww_flows *flows, const struct ww_attempt *attempt,
	enum ww_contact_outcome outcome, const struct ww_packet *packet, bool late)
{
	tell(flows, attempt, outcome, ww_clock_clamp(packet->time_us), packet->frame, late);
}

/* Before the attempt is written: what was just written in pieces is not yet there to be read. */
static inline bool tell_sent(struct ww_flows *flows, const struct ww_packet *packet)
{
	flows->counts.contacts++;
	flows->contact = (struct ww_contact){
		.src = packet->src,
		.dst = packet->dst,
		.port = packet->dport,
		.proto = packet->proto,
		.outcome = WW_CONTACT_SENT,
		.sent_us = flows->time_us,
		.sent_frame = packet->frame,
	};
	hand_over(flows);
	return flows->contact.quiet;
}

static void set_state(struct ww_attempt *attempt, enum ww_attempt_state state)
{
	attempt->state = (uint8_t)((attempt->state & ~WW_ATTEMPT_STATE) | state);
}

/*
 * UDP services that are only ever sent to: from these ports silence says nothing. One that an
 * advisory or a rule names is judged like any other.
 */
static bool is_one_way_port(const struct ww_flows *flows, uint16_t port)
{
	switch (port) {
	case 162:  /* SNMP traps, RFC 3413 */
	case 514:  /* syslog, RFC 5426 */
	case 2055: /* NetFlow */
	case 4739: /* IPFIX, RFC 7011 */
	case 6343: /* sFlow */
	case 9995: /* NetFlow */
	case 9996: /* NetFlow */ return !ww_flow_service_has(&flows->services, WW_PROTO_UDP, port);
	default: return false;
	}
}

/*
 * Datagrams that go one way by design are neither answered nor failed: those to such a port, and
 * three and more of one tuple, which no scan sends to an endpoint that is silent.
 */
static bool is_one_way(const struct ww_flows *flows, const struct ww_attempt *attempt)
{
	return attempt->state & WW_ATTEMPT_UDP &&
	       (attempt->state & WW_ATTEMPT_MANY || is_one_way_port(flows, attempt->server_port));
}

/* The end of the wait, but not after the last packet: a capture knows nothing of that. */
static inline int64_t unanswered_since(
	const struct ww_flows *flows, const struct ww_attempt *attempt)
{
	int64_t end_us = attempt->sent_us + flows->attempts.wait_us;
	if (end_us <= flows->clock.last_us)
		return end_us;
	return flows->clock.last_us > attempt->sent_us ? flows->clock.last_us : attempt->sent_us;
}

static inline void judge_unanswered(struct ww_flows *flows, struct ww_attempt *attempt)
{
	set_state(attempt, WW_ATTEMPT_JUDGED);
	if (!(attempt->state & WW_ATTEMPT_FIRST))
		return;
	enum ww_contact_outcome outcome = WW_CONTACT_UNANSWERED;
	if (__builtin_expect(is_one_way(flows, attempt), 0)) {
		flows->counts.one_way++;
		attempt->state &= (uint8_t)~WW_ATTEMPT_FIRST;
		outcome = WW_CONTACT_ONE_WAY;
	} else {
		flows->counts.unanswered++;
		if (attempt->state & WW_ATTEMPT_QUIET)
			return;
	}
	tell(flows, attempt, outcome, unanswered_since(flows, attempt), 0, false);
}

/* Keeps what was decided until its turn comes; nothing finds the attempt any more. */
static void keep_outcome(struct ww_slot slot, enum ww_attempt_state state, int64_t judged_us,
	const struct ww_packet *packet)
{
	struct ww_attempt *attempt = slot.attempt;
	int64_t after_us = judged_us - attempt->sent_us;
	attempt->judged_after_us = (int32_t)(after_us < INT32_MIN   ? INT32_MIN
					     : after_us > INT32_MAX ? INT32_MAX
								    : after_us);
	attempt->judged_frame = (uint32_t)packet->frame;
	set_state(attempt, state);
	slot.bucket->tag[slot.i] = 0;
}

static void tell_kept(
	struct ww_flows *flows, struct ww_attempt *attempt, enum ww_contact_outcome outcome)
{
	tell(flows, attempt, outcome, attempt->sent_us + attempt->judged_after_us,
		frame_of(flows, attempt->judged_frame), false);
	attempt->state = WW_ATTEMPT_FREE;
}

/* Takes the head of the ring and tells what became of it. Whether it still waited. */
static __attribute__((noinline)) bool pop(struct ww_flows *flows)
{
	struct ww_attempt *attempt = attempt_at(&flows->attempts, flows->attempts.head++);
	switch (ww_attempt_state(attempt)) {
	case WW_ATTEMPT_PENDING: judge_unanswered(flows, attempt); return true;
	case WW_ATTEMPT_EVICTED: judge_unanswered(flows, attempt); break;
	case WW_ATTEMPT_ANSWERED: tell_kept(flows, attempt, WW_CONTACT_ANSWERED); break;
	case WW_ATTEMPT_REFUSED: tell_kept(flows, attempt, WW_CONTACT_REFUSED); break;
	default: break;
	}
	return false;
}

/* Tells what is decided and has nothing undecided before it. */
static void tell_decided(struct ww_flows *flows)
{
	struct ww_attempts *attempts = &flows->attempts;
	while (attempts->head != attempts->tail &&
		ww_attempt_state(attempt_at(attempts, attempts->head)) != WW_ATTEMPT_PENDING)
		pop(flows);
}

void ww_attempts_judge(struct ww_flows *flows)
{
	struct ww_attempts *attempts = &flows->attempts;
	uint32_t now = (uint32_t)flows->clock.now_us;
	while (attempts->head != attempts->tail) {
		struct ww_attempt *attempt = attempt_at(attempts, attempts->head);
		__builtin_prefetch(attempt_at(attempts, attempts->head + PREFETCH_AHEAD), 1);
		if (ww_attempt_state(attempt) != WW_ATTEMPT_PENDING) {
			pop(flows);
			continue;
		}
		if (now - attempt->clock_us < attempts->wait_us)
			return;
		attempts->head++;
		judge_unanswered(flows, attempt);
	}
}

/*
 * What the end of the capture cut short is not judged: who knows what the next packet would have
 * been. Only a capture that is shorter than the wait itself and shows nobody answering anybody is
 * judged whole: there a scan is all there is. Where anything was answered or under way, the young
 * attempts of such a cut are a busy link's.
 */
void ww_attempts_finish(struct ww_flows *flows)
{
	struct ww_attempts *attempts = &flows->attempts;
	bool is_whole = flows->clock.now_us < attempts->wait_us && flows->counts.flows == 0 &&
			flows->counts.answered == 0;
	ww_attempts_judge(flows);
	while (attempts->head != attempts->tail) {
		const struct ww_attempt *attempt = attempt_at(attempts, attempts->head);
		if (is_whole || ww_attempt_state(attempt) != WW_ATTEMPT_PENDING) {
			pop(flows);
			continue;
		}
		flows->counts.undecided += (attempt->state & WW_ATTEMPT_FIRST) != 0;
		if (attempt->state & WW_ATTEMPT_QUIET)
			tell(flows, attempt, WW_CONTACT_UNDECIDED, 0, 0, false);
		attempts->head++;
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
	uint8_t state = slot.attempt->state;
	if (!(state & (WW_ATTEMPT_AGAIN | WW_ATTEMPT_UDP)))
		learn_answer_time(
			&flows->attempts, ww_clock_clamp(packet->time_us) - start.sent_us);
	if (state & WW_ATTEMPT_FIRST) {
		bool late = (state & WW_ATTEMPT_STATE) == WW_ATTEMPT_JUDGED;
		flows->counts.taken_back += late;
		flows->counts.unanswered -= late;
		flows->counts.answered++;
		tell_by(flows, slot.attempt, WW_CONTACT_REACHED, packet, late);
		if (!late) {
			keep_outcome(
				slot, WW_ATTEMPT_ANSWERED, ww_clock_clamp(packet->time_us), packet);
			tell_decided(flows);
			return start;
		}
		tell_by(flows, slot.attempt, WW_CONTACT_ANSWERED, packet, true);
	}
	ww_attempt_free(slot);
	tell_decided(flows);
	return start;
}

void ww_attempt_refuse(struct ww_flows *flows, struct ww_slot slot, const struct ww_packet *packet)
{
	uint8_t state = slot.attempt->state;
	if ((state & WW_ATTEMPT_STATE) == WW_ATTEMPT_PENDING && state & WW_ATTEMPT_FIRST) {
		flows->counts.refused++;
		keep_outcome(slot, WW_ATTEMPT_REFUSED, ww_clock_clamp(packet->time_us), packet);
	} else {
		ww_attempt_free(slot);
	}
	tell_decided(flows);
}

/* The attempt that a slot names, while it waits; else NULL. */
static inline struct ww_attempt *waiting_in(
	const struct ww_attempts *attempts, const struct ww_bucket *bucket, int i)
{
	uint32_t age = attempts->tail - bucket->place[i];
	if (!bucket->tag[i] || age > attempts->tail - attempts->head)
		return NULL;
	struct ww_attempt *attempt = attempt_at(attempts, bucket->place[i]);
	return ww_attempt_state(attempt) == WW_ATTEMPT_PENDING ? attempt : NULL;
}

/*
 * Slots are used in turn, so the next one is the oldest; where that still waits, another that does
 * not. *ret_waiting: the attempt that has to go for it, or NULL.
 */
static __attribute__((noinline)) int choose_slot(const struct ww_attempts *attempts,
	const struct ww_bucket *bucket, struct ww_attempt **ret_waiting)
{
	int next = bucket->next_slot;
	*ret_waiting = waiting_in(attempts, bucket, next);
	for (int i = 0; *ret_waiting && i < WW_BUCKET_SLOTS; i++) {
		if (waiting_in(attempts, bucket, i))
			continue;
		*ret_waiting = NULL;
		return i;
	}
	return next;
}

/* Whether the endpoint is new to the client; remembers it. */
static inline bool first_contact(struct ww_flows *flows, struct ww_bucket *bucket, uint64_t hash)
{
	uint32_t print = (uint32_t)(hash >> 32);
	print += !print;
	uint32_t same = 0;
	for (int i = 0; i < WW_BUCKET_KNOWN; i++)
		same |= bucket->known[i] == print;
	if (same)
		return false;
	uint32_t next = bucket->next_known;
	uint32_t *place = &bucket->known[next];
	bucket->next_known = (uint8_t)(next + 1 < WW_BUCKET_KNOWN ? next + 1 : 0);
	flows->counts.evicted_contacts += *place != 0;
	*place = print;
	return true;
}

/* The next place of the ring, named in the bucket. What it held is forgotten. */
static inline struct ww_attempt *take_place(
	struct ww_flows *flows, struct ww_bucket *bucket, int i, uint16_t tag)
{
	struct ww_attempts *attempts = &flows->attempts;
	/* More than ever fits at once was sent within the waiting time. */
	if (attempts->tail - attempts->head > attempts->ring_mask)
		flows->counts.evicted_attempts += pop(flows);
	bucket->place[i] = attempts->tail;
	bucket->tag[i] = tag;
	bucket->next_slot = (uint8_t)(i + 1 < WW_BUCKET_SLOTS ? i + 1 : 0);
	__builtin_prefetch(attempt_at(attempts, attempts->tail + PREFETCH_AHEAD), 1);
	return attempt_at(attempts, attempts->tail++);
}

/* The same tuple again: a retransmission, unless so much later that it is a new connection. */
static bool is_repeat(struct ww_attempt *attempt, const struct ww_packet *packet)
{
	if (ww_attempt_state(attempt) == WW_ATTEMPT_REVERSED)
		return false;
	if (attempt->state & WW_ATTEMPT_AGAIN)
		attempt->state |= WW_ATTEMPT_MANY;
	attempt->state |= WW_ATTEMPT_AGAIN;
	if (ww_attempt_state(attempt) == WW_ATTEMPT_PENDING)
		return true;
	return ww_clock_clamp(packet->time_us) - attempt->sent_us < WW_REUSE_US;
}

/* It was judged unanswered, and turns out to be the beginning of a stream. */
static void take_back_stream(
	struct ww_flows *flows, struct ww_attempt *attempt, const struct ww_packet *packet)
{
	if (ww_attempt_state(attempt) != WW_ATTEMPT_JUDGED ||
		!(attempt->state & WW_ATTEMPT_FIRST) || !is_one_way(flows, attempt))
		return;
	attempt->state &= (uint8_t)~WW_ATTEMPT_FIRST;
	flows->counts.taken_back++;
	flows->counts.unanswered--;
	flows->counts.one_way++;
	tell_by(flows, attempt, WW_CONTACT_ONE_WAY, packet, true);
}

/* Perhaps the same tuple was sent before. Whether this is no new attempt. */
static __attribute__((noinline)) bool sent_before(
	struct ww_flows *flows, uint64_t hash, const struct ww_packet *packet)
{
	struct ww_slot slot;
	if (!ww_attempt_find(flows, hash, &packet->src, packet->sport, &packet->dst, packet->dport,
		    packet->proto == WW_PROTO_UDP, &slot))
		return false;
	if (is_repeat(slot.attempt, packet)) {
		take_back_stream(flows, slot.attempt, packet);
		return true;
	}
	ww_attempt_free(slot);
	return false;
}

/* Nothing is free: the oldest attempt of the bucket has to go. */
static __attribute__((noinline)) void evict(struct ww_flows *flows, struct ww_attempt *waiting)
{
	flows->counts.evicted_attempts++;
	set_state(waiting, WW_ATTEMPT_EVICTED);
	tell_decided(flows);
}

void ww_attempt_send(struct ww_flows *flows, uint64_t hash, const struct ww_packet *packet)
{
	struct ww_attempts *attempts = &flows->attempts;
	struct ww_bucket *bucket = &attempts->buckets[hash & attempts->mask];
	uint16_t tag = tag_of(hash, packet->sport);
	if (any_tagged(bucket, tag) && sent_before(flows, hash, packet))
		return;
	int i = bucket->next_slot;
	struct ww_attempt *waiting = waiting_in(attempts, bucket, i);
	if (__builtin_expect(waiting != NULL, 0)) {
		i = choose_slot(attempts, bucket, &waiting);
		if (waiting)
			evict(flows, waiting);
	}
	bool first = first_contact(flows, bucket, hash);
	bool udp = packet->proto == WW_PROTO_UDP;
	uint8_t state = WW_ATTEMPT_PENDING;
	struct ww_attempt *attempt = take_place(flows, bucket, i, tag);
	if (__builtin_expect(first, 1))
		state |= tell_sent(flows, packet) ? WW_ATTEMPT_FIRST | WW_ATTEMPT_QUIET
						  : WW_ATTEMPT_FIRST;
	state |= udp ? WW_ATTEMPT_UDP : 0;
	*attempt = (struct ww_attempt){
		.client = packet->src,
		.server = packet->dst,
		.sent_us = flows->time_us,
		.clock_us = (uint32_t)flows->clock.now_us,
		.sent_frame = (uint32_t)packet->frame,
		.client_port = packet->sport,
		.server_port = packet->dport,
		.state = state,
	};
}

void ww_attempt_reverse(struct ww_flows *flows, uint64_t hash, const struct ww_packet *packet)
{
	struct ww_attempts *attempts = &flows->attempts;
	struct ww_bucket *bucket = &attempts->buckets[hash & attempts->mask];
	struct ww_attempt *waiting;
	int i = choose_slot(attempts, bucket, &waiting);
	/* What waits is worth more, here and at the head of a full ring. */
	if (waiting || attempts->tail - attempts->head > attempts->ring_mask)
		return;
	*take_place(flows, bucket, i, tag_of(hash, packet->dport)) = (struct ww_attempt){
		.client = packet->dst,
		.server = packet->src,
		.sent_us = ww_clock_clamp(packet->time_us),
		.clock_us = (uint32_t)flows->clock.now_us,
		.sent_frame = (uint32_t)packet->frame,
		.client_port = packet->dport,
		.server_port = packet->sport,
		.state = WW_ATTEMPT_REVERSED,
	};
}
