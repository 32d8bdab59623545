/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What the files of this room share: the tables of struct ww_flows, each with its functions.
 */
#include "base/err.h"
#include "wire/flow/flow.h"
#include "wire/flow/patchwork-private.h"

#include <stddef.h>

/* 60 s, after which a tuple that comes again is somebody new. */
#define WW_REUSE_US ((int64_t)60 * 1000000)
/* A datagram after three quiet minutes begins a new conversation (RFC 4787 asks NATs for two). */
#define WW_UDP_IDLE_US ((int64_t)180 * 1000000)
/* A connection that said nothing for ten minutes may be given up without counting as a loss. */
#define WW_TCP_IDLE_US ((int64_t)600 * 1000000)

/*
 * The trace clock: `now_us` is 0 at the first packet and never falls. Small steps back (frames of
 * several queues out of order) leave it where it is; a large one shifts the origin, so that the
 * clock runs on at once with the new times.
 */
struct ww_clock {
	int64_t now_us;
	int64_t last_us;   /* time of the last packet */
	int64_t origin_us; /* packet time that is clock time 0 */
	bool started;
};

/* Packet times are kept within this, so that differences never overflow: 36,000 years. */
#define WW_TIME_LIMIT_US ((int64_t)1 << 60)

static inline int64_t ww_clock_clamp(int64_t time_us)
{
	if (time_us > WW_TIME_LIMIT_US)
		return WW_TIME_LIMIT_US;
	return time_us < -WW_TIME_LIMIT_US ? -WW_TIME_LIMIT_US : time_us;
}

/* Anything but a small step ahead. Returns whether time stepped back. */
bool ww_clock_step(struct ww_clock *clock, int64_t time_us);

/* Frames that several queues or interfaces captured are out of order by less than this. */
#define WW_CLOCK_REORDER_US ((int64_t)1000000)

/* Returns whether time stepped back. */
static inline bool ww_clock_feed(struct ww_clock *clock, int64_t time_us)
{
	/* As unsigned numbers, so that hostile times neither overflow nor pass for a small step. */
	uint64_t since = (uint64_t)time_us - (uint64_t)clock->last_us;
	uint64_t step = (uint64_t)time_us - (uint64_t)clock->origin_us - (uint64_t)clock->now_us;
	if (clock->started && since <= (uint64_t)WW_CLOCK_REORDER_US &&
		step <= (uint64_t)WW_CLOCK_REORDER_US) {
		clock->last_us = time_us;
		clock->now_us += (int64_t)step;
		return false;
	}
	return ww_clock_step(clock, time_us);
}

/* ---- keys: every table's hash of a packet, from one pass over its addresses ---- */

enum ww_kind {
	WW_KIND_NONE, /* no IP header */
	WW_KIND_FRAGMENT,
	WW_KIND_OTHER, /* ICMP, other protocols, transport headers that are cut */
	WW_KIND_SYN,
	WW_KIND_TCP,
	WW_KIND_UDP,
};

struct ww_keys {
	uint64_t src_host, dst_host; /* of the addresses */
	uint64_t src_end, dst_end;   /* of address, protocol and port */
	/* The same for both directions; of a SYN: of the attempt that it is. Kinds with ports only.
	 */
	uint64_t flow;
	uint64_t duplicate;
	uint32_t entry; /* the flow is probably this entry; UINT32_MAX: no idea */
	uint8_t kind;
};

void ww_keys_make(
	const struct ww_hash_key *key, const struct ww_packet *packet, struct ww_keys *ret);

static inline uint64_t ww_host_hash(const struct ww_hash_key *key, const struct ww_ip *ip)
{
	return ww_hash_mum(ww_ip_word(ip, 0) ^ key->k[0], ww_ip_word(ip, 1) ^ key->k[1]);
}

/* Only ever an ingredient of another hash: the multiplier is secret, the sum is not mixed. */
static inline uint64_t ww_end_hash(
	const struct ww_hash_key *key, uint64_t host, uint8_t proto, uint16_t port)
{
	return host + ((uint64_t)proto << 16 | port) * (key->k[2] | 1);
}

/* A client's attempts to one endpoint share a bucket, so that SYN, SYN-ACK and RST meet in it. */
static inline uint64_t ww_attempt_hash(
	const struct ww_hash_key *key, uint64_t client_host, uint64_t server_end)
{
	return ww_hash_mum(client_host ^ key->k[3], server_end ^ key->k[0]);
}

/*
 * A function that does nothing but prefetch. It must not remain a function: gcc 12 takes it for one
 * without effect, and drops its calls without a word.
 */
#define WW_PREFETCHES static inline __attribute__((always_inline))

/* ---- duplicates: a direct-mapped table of tags ---- */

enum { WW_DUPLICATE_SLOTS = 65536 };

struct ww_duplicates {
	uint32_t *tags; /* WW_DUPLICATE_SLOTS; owned */
};

int ww_duplicates_init(struct ww_duplicates *duplicates);
void ww_duplicates_done(struct ww_duplicates *duplicates);

WW_PREFETCHES void ww_duplicates_prefetch(const struct ww_duplicates *duplicates, uint64_t hash)
{
	__builtin_prefetch(&duplicates->tags[hash % WW_DUPLICATE_SLOTS], 1);
}

/* Whether the packet of this hash was seen lately; remembers it. A hash of 0 never was. */
static inline bool ww_duplicates_feed(struct ww_duplicates *duplicates, uint64_t hash)
{
	uint32_t *tag = &duplicates->tags[hash % WW_DUPLICATE_SLOTS];
	uint32_t want = (uint32_t)(hash >> 32);
	if (!hash)
		return false;
	if (*tag == want)
		return true;
	*tag = want;
	return false;
}

/* ---- hosts: how many distinct addresses ---- */

enum {
	WW_HOSTS_EXACT = 16384,
	WW_HOSTS_SLOTS = 2 * WW_HOSTS_EXACT,
	WW_HLL_BITS = 14,
	WW_HLL_REGISTERS = 1 << WW_HLL_BITS,
};

struct ww_hosts {
	struct ww_ip *set;  /* WW_HOSTS_SLOTS, all-zero where free; owned; NULL once estimated */
	uint8_t *registers; /* WW_HLL_REGISTERS; owned */
	uint32_t n;
	bool unspecified; /* the address :: was seen */
	struct ww_hash_key key;
};

int ww_hosts_init(struct ww_hosts *hosts, struct ww_hash_key key);
void ww_hosts_done(struct ww_hosts *hosts);
/* While the set is exact. */
void ww_hosts_add_exact(struct ww_hosts *hosts, const struct ww_ip *ip, uint64_t host_hash);

static inline void ww_hosts_estimate(struct ww_hosts *hosts, uint64_t hash)
{
	/* The rank of the first one bit behind those that choose the register; 51 where all are 0.
	 */
	uint64_t rest = hash << WW_HLL_BITS | (uint64_t)1 << (WW_HLL_BITS - 1);
	uint8_t rank = (uint8_t)(__builtin_clzll(rest) + 1);
	uint8_t *best = &hosts->registers[hash >> (64 - WW_HLL_BITS)];
	if (__builtin_expect(rank > *best, 0))
		*best = rank;
}

static inline void ww_hosts_add(struct ww_hosts *hosts, const struct ww_ip *ip, uint64_t host_hash)
{
	if (hosts->set)
		ww_hosts_add_exact(hosts, ip, host_hash);
	else
		ww_hosts_estimate(hosts, host_hash);
}

uint64_t ww_hosts_count(const struct ww_hosts *hosts, bool *ret_exact);

/* ---- attempts: half-open connections and first contacts ---- */

enum {
	WW_BUCKET_SLOTS = 6,
	WW_BUCKET_KNOWN = 5,
	WW_BUCKET_SHARE = 2, /* places of the ring for each bucket */
};

enum ww_attempt_state {
	WW_ATTEMPT_FREE,
	WW_ATTEMPT_PENDING,
	WW_ATTEMPT_JUDGED,   /* unanswered; kept for a late answer until its place is needed */
	WW_ATTEMPT_REVERSED, /* only the SYN-ACK was seen: says who is the server, nothing more */
	/* Decided, and told when all that was sent before is: nothing finds these any more. */
	WW_ATTEMPT_ANSWERED,
	WW_ATTEMPT_REFUSED,
	WW_ATTEMPT_EVICTED, /* unanswered so far, and its bucket had no slot left */
	WW_ATTEMPT_STATE = 7,
	WW_ATTEMPT_FIRST = 8,  /* a first contact: its outcome is told */
	WW_ATTEMPT_AGAIN = 16, /* the SYN was repeated: its answer time means nothing (Karn) */
	WW_ATTEMPT_UDP = 32,
	WW_ATTEMPT_MANY = 64,   /* a third datagram was sent: a stream */
	WW_ATTEMPT_QUIET = 128, /* struct ww_contact */
};

struct ww_attempt {
	struct ww_ip client, server;
	int64_t sent_us;
	uint32_t clock_us;   /* low bits of the clock: differences are below 71 minutes */
	uint32_t sent_frame; /* low 32 bits */
	uint16_t client_port, server_port;
	uint8_t state;
	int32_t judged_after_us; /* from sent_us to the answer; of decided ones */
	uint32_t judged_frame;   /* of the answer, low 32 bits */
};

/* One cache line: where in the ring the attempts of this hash are. */
struct ww_bucket {
	uint32_t known[WW_BUCKET_KNOWN]; /* fingerprints of endpoints contacted before; 0: none */
	uint32_t place[WW_BUCKET_SLOTS]; /* position in the ring */
	uint16_t tag[8]; /* by slot, of the tuple: whether it is worth a look; 0: free, or none */
	uint8_t next_known, next_slot; /* replaced in turn */
	uint8_t unused[2];
};
_Static_assert(sizeof(struct ww_attempt) == 64, "an attempt is a cache line");
_Static_assert(sizeof(struct ww_bucket) == 64, "a bucket is a cache line");

struct ww_attempts {
	struct ww_bucket *buckets; /* owned */
	struct ww_attempt *ring;   /* owned; in the order they were sent */
	void *memory[2];           /* what these two lie in */
	uint32_t mask;             /* of buckets */
	uint32_t ring_mask;
	uint32_t head, tail; /* positions; what waits is between them */
	uint32_t wait_us;
	int64_t mean_us, deviation_us; /* of answer times, RFC 6298; -1: none yet */
	bool two_way;                  /* an answer was seen: this capture holds both directions */
};

int ww_attempts_init(struct ww_attempts *attempts, uint32_t slots);
void ww_attempts_done(struct ww_attempts *attempts);

WW_PREFETCHES void ww_attempts_prefetch(const struct ww_attempts *attempts, uint64_t hash)
{
	__builtin_prefetch(&attempts->buckets[hash & attempts->mask], 1);
}

/* ---- the flow table ---- */

enum { WW_WAYS = 8 };

/* One cache line for a bucket of eight flows; flow w of bucket b is entries[8 b + w]. */
struct ww_ways {
	uint32_t tag[WW_WAYS];   /* 0: free */
	uint32_t stamp[WW_WAYS]; /* number of the packet that used it last */
};

enum { WW_NO_STREAM = 0xffff };

enum {
	WW_ENTRY_FIN = 1,        /* and 2: FIN seen, by direction */
	WW_ENTRY_SEQ = 4,        /* and 8: seq[] is the next byte's, by direction */
	WW_ENTRY_UNSEEN = 16,    /* and 32: this direction's stream was evicted, or has ended */
	WW_ENTRY_CONFIRMED = 64, /* the client has sent something after the answer */
	WW_ENTRY_ENDED = 128,    /* sink.end was called: a tombstone that absorbs what comes late */
};

/* Two cache lines. flow.table holds the flags above. */
struct ww_entry {
	struct ww_flow flow;
	/* Sequence number of the first byte, by direction; of its RST, once one was believed. */
	uint32_t seq[2];
	uint16_t stream[2]; /* or WW_NO_STREAM */
	uint8_t unused[4];
};
_Static_assert(sizeof(struct ww_entry) == 128, "a flow is two cache lines");
_Static_assert(
	offsetof(struct ww_flow, first_us) == 64, "what each packet touches is in the first");

struct ww_table {
	struct ww_ways *ways;     /* owned */
	struct ww_entry *entries; /* owned */
	void **rule_states;       /* owned array; what it points to belongs to the rules */
	uint32_t mask;            /* of buckets */
	uint32_t stamp;
	uint32_t next_id;
};

int ww_table_init(struct ww_table *table, uint32_t flows);
void ww_table_done(struct ww_table *table);

static inline uint32_t ww_table_tag(uint64_t hash)
{
	uint32_t tag = (uint32_t)(hash >> 32);
	return tag ? tag : 1;
}

/* ---- streams ---- */

enum {
	WW_NO_WINDOW = 0xffff,
	WW_STREAM_TAIL = 256, /* kept bytes that need no window */
	WW_SEGMENT_MAX = 65535,
	WW_STREAM_FAR = 8,    /* segments that are not believed, in a row, until they are */
	WW_STREAM_URGENT = 4, /* urgent bytes that are still to come */
};
/* A segment further ahead or behind than the largest usual window is not believed. */
#define WW_STREAM_WINDOW ((int32_t)1 << 20)

struct ww_stream {
	uint64_t offset; /* of the first byte kept */
	uint32_t len;    /* bytes kept */
	uint32_t keep;   /* bytes that the next view must begin with, where there are so many */
	uint32_t next;   /* sequence number awaited */
	uint32_t acked;  /* by the receiver */
	uint32_t fin_seq;
	uint32_t recent;       /* TS.Recent of RFC 7323 */
	uint32_t entry;        /* index of the flow */
	uint16_t older, newer; /* of the streams in use, by last use; `newer` links the free ones */
	uint8_t n_far, n_stale;
	uint8_t dir;
	uint8_t policy;   /* enum ww_policy of the receiver */
	uint8_t n_urgent; /* places in urgent[] */
	bool fin, has_acked, has_recent;
	bool gap;        /* bytes before the next view are missing */
	bool ended;      /* the end was shown; it waits for the receiver's acknowledgement */
	bool shortened;  /* no window was to be had, or it was taken away */
	uint16_t window; /* where the bytes kept lie; WW_NO_WINDOW: in the tail */
	uint32_t urgent[WW_STREAM_URGENT]; /* sequence numbers of bytes that are out of band */
	struct ww_patchwork early;         /* what came before its turn; all of it behind next */
};

struct ww_streams {
	struct ww_stream *streams; /* owned */
	uint8_t *windows;          /* owned; n_windows * window_bytes */
	uint16_t *next_window;     /* owned; n_windows: links the free ones */
	uint8_t *tails;            /* owned; n * WW_STREAM_TAIL */
	uint8_t *joined;           /* owned; a tail and the segment that follows it */
	struct ww_pages pages;     /* of all that came early */
	uint32_t n, n_windows, window_bytes;
	uint16_t free_stream, free_window;   /* heads of free lists */
	uint16_t fresh_stream, fresh_window; /* the first ones that were never used */
	uint16_t n_used, n_windows_used;
	uint16_t oldest, newest;
};

/* Sizes; none is 0, the first two are at most 65,534. */
struct ww_streams_sizes {
	uint32_t streams, windows, window_bytes, early_pages;
};

int ww_streams_init(struct ww_streams *streams, const struct ww_streams_sizes *sizes);
void ww_streams_done(struct ww_streams *streams);

/* ---- fragments ---- */

enum {
	WW_DATAGRAMS = 1024,
	WW_DATAGRAM_WAYS = 8,
	WW_DATAGRAM_MAX = 65535,
};
#define WW_FRAGMENT_WAIT_US ((int64_t)30 * 1000000)

struct ww_datagram {
	struct ww_ip src, dst;
	int64_t clock_us; /* of its first fragment */
	uint32_t ip_id;
	uint32_t held;  /* bytes received */
	uint32_t total; /* bytes of the IP payload; 0: the last fragment is not here yet */
	uint32_t end;   /* of the furthest fragment; <= total once that is known */
	uint32_t n_fragments;
	uint32_t order;     /* of creation */
	uint8_t header[60]; /* IP header of the fragment at offset 0 */
	uint8_t header_len; /* 0: not here yet */
	uint8_t proto, ip_version;
	uint8_t policy; /* enum ww_policy of the receiver */
	bool used, conflict;
	bool discarded; /* IPv6 fragments overlapped: takes no more */
	struct ww_patchwork work;
};

struct ww_defrag {
	struct ww_datagram *datagrams; /* WW_DATAGRAMS; owned */
	struct ww_pages pages;
	uint8_t *whole; /* the last datagram made whole; owned */
	uint32_t order;
	struct ww_hash_key key;
	struct ww_policies policies; /* of the receivers, for segments too */
};

int ww_defrag_init(struct ww_defrag *defrag, struct ww_hash_key key, uint32_t n_pages);
void ww_defrag_done(struct ww_defrag *defrag);

enum {
	WW_DEFRAG_WHOLE = 1, /* the datagram is whole: *ret is decoded, valid until the next call */
	WW_DEFRAG_CONFLICT = 2, /* the first fragment of its datagram that contradicts another */
};
/* Takes a fragment; returns WW_DEFRAG_ bits. */
unsigned ww_defrag_feed(struct ww_defrag *defrag, const struct ww_packet *packet, int64_t clock_us,
	struct ww_flow_counts *counts, struct ww_packet *ret);
/* Counts the fragments of what was never made whole. */
void ww_defrag_finish(struct ww_defrag *defrag, struct ww_flow_counts *counts);

/* ---- limits.c ---- */

/* The limits with their defaults filled in and rounded. */
struct ww_flow_sizes {
	uint32_t attempts, flows, fragment_pages;
	struct ww_streams_sizes streams;
};

/* Returns 0, or -EINVAL: a limit is above what the tables can number. */
int ww_flow_sizes(const struct ww_flow_limits *limits, struct ww_flow_sizes *ret);

/* ---- all of it ---- */

struct ww_flows {
	struct ww_hash_key key;
	struct ww_flow_sink sink;
	struct ww_flow_counts counts;
	struct ww_flow_services services;
	struct ww_clock clock;
	struct ww_duplicates duplicates;
	struct ww_hosts hosts;
	struct ww_attempts attempts;
	struct ww_table table;
	struct ww_streams streams;
	struct ww_defrag defrag;
	uint64_t frame;            /* of the packet being processed */
	int64_t time_us;           /* likewise, within WW_TIME_LIMIT_US */
	struct ww_contact contact; /* being told */
};

/* attempts.c */
/* An attempt and where its bucket names it. */
struct ww_slot {
	struct ww_attempt *attempt;
	struct ww_bucket *bucket;
	int i;
};
/* Whether an attempt of this tuple is known. */
bool ww_attempt_find(struct ww_flows *flows, uint64_t hash, const struct ww_ip *client,
	uint16_t client_port, const struct ww_ip *server, uint16_t server_port, bool udp,
	struct ww_slot *ret);

static inline uint8_t ww_attempt_state(const struct ww_attempt *attempt)
{
	return attempt->state & WW_ATTEMPT_STATE;
}

static inline void ww_attempt_free(struct ww_slot slot)
{
	slot.attempt->state = WW_ATTEMPT_FREE;
	slot.bucket->tag[slot.i] = 0;
}

/* A SYN or a first datagram. */
void ww_attempt_send(struct ww_flows *flows, uint64_t hash, const struct ww_packet *packet);
/* What a flow that comes of an attempt needs to know of it. */
struct ww_start {
	int64_t sent_us;
	uint64_t sent_frame;
};
/* An answer came: tells it, frees the slot; its judgement is told in turn. */
struct ww_start ww_attempt_answer(
	struct ww_flows *flows, struct ww_slot slot, const struct ww_packet *packet);
struct ww_start ww_attempt_start(const struct ww_flows *flows, struct ww_slot slot);
void ww_attempt_refuse(struct ww_flows *flows, struct ww_slot slot, const struct ww_packet *packet);
/* A SYN-ACK that answers nothing we saw: remembers the server. */
void ww_attempt_reverse(struct ww_flows *flows, uint64_t hash, const struct ww_packet *packet);
/* Judges what has waited long enough, of a queue that is not empty. */
void ww_attempts_judge(struct ww_flows *flows);

static inline void ww_attempts_expire(struct ww_flows *flows)
{
	struct ww_attempts *attempts = &flows->attempts;
	while (attempts->head != attempts->tail) {
		struct ww_attempt *attempt = &attempts->ring[attempts->head & attempts->ring_mask];
		if ((uint32_t)flows->clock.now_us - attempt->clock_us < attempts->wait_us)
			return;
		/* Of a scan nearly all are these: nobody wants to be told. */
		const uint8_t mask = WW_ATTEMPT_STATE | WW_ATTEMPT_QUIET | WW_ATTEMPT_UDP;
		if ((attempt->state & mask) != (WW_ATTEMPT_PENDING | WW_ATTEMPT_QUIET)) {
			ww_attempts_judge(flows);
			return;
		}
		attempt->state ^= WW_ATTEMPT_PENDING ^ WW_ATTEMPT_JUDGED;
		flows->counts.unanswered++;
		attempts->head++;
	}
}
void ww_attempts_finish(struct ww_flows *flows);
/* An ICMP error that says that the quoted packet did not arrive. */
void ww_attempt_icmp(struct ww_flows *flows, const struct ww_packet *packet);

/* table.c */
/* The entry of the packet's flow and the packet's direction, or NULL: in all ways of its bucket. */
struct ww_entry *ww_table_search(struct ww_flows *flows, const struct ww_keys *keys,
	const struct ww_packet *packet, enum ww_dir *ret_dir);

/* Whether the packet is the flow's; then its direction as well. */
static inline bool ww_flow_matches(
	const struct ww_flow *flow, const struct ww_packet *p, enum ww_dir *ret_dir)
{
	if (flow->proto != p->proto)
		return false;
	if (flow->client_port == p->sport && flow->server_port == p->dport &&
		ww_ip_equal(&flow->client, &p->src) && ww_ip_equal(&flow->server, &p->dst)) {
		*ret_dir = WW_DIR_TO_SERVER;
		return true;
	}
	if (flow->client_port == p->dport && flow->server_port == p->sport &&
		ww_ip_equal(&flow->client, &p->dst) && ww_ip_equal(&flow->server, &p->src)) {
		*ret_dir = WW_DIR_TO_CLIENT;
		return true;
	}
	return false;
}

/* The same, where it was seen when it was fetched first. */
static inline struct ww_entry *ww_table_find(struct ww_flows *flows, const struct ww_keys *keys,
	const struct ww_packet *packet, enum ww_dir *ret_dir)
{
	struct ww_table *table = &flows->table;
	struct ww_ways *ways = &table->ways[(uint32_t)keys->flow & table->mask];
	/* Since it was looked up another may have taken its place: the tag and the tuple tell. */
	if (keys->entry != UINT32_MAX &&
		ways->tag[keys->entry % WW_WAYS] == ww_table_tag(keys->flow) &&
		ww_flow_matches(&table->entries[keys->entry].flow, packet, ret_dir)) {
		ways->stamp[keys->entry % WW_WAYS] = ++table->stamp;
		return &table->entries[keys->entry];
	}
	return ww_table_search(flows, keys, packet, ret_dir);
}

struct ww_flow_begin {
	enum ww_dir dir; /* of the packet: who is the client */
	bool start_seen;
	struct ww_start start; /* when start_seen */
};
/* Makes a flow, evicting where needed, and tells of it. Never fails. */
struct ww_entry *ww_table_begin(struct ww_flows *flows, const struct ww_keys *keys,
	const struct ww_packet *packet, const struct ww_flow_begin *begin);
/* Ends streams, tells the end, forgets. The entry stays as a tombstone. */
void ww_table_close(struct ww_flows *flows, struct ww_entry *entry, const struct ww_packet *packet);
/* Closes (where open) and frees the entry. */
void ww_table_remove(
	struct ww_flows *flows, struct ww_entry *entry, const struct ww_packet *packet);
void ww_table_finish(struct ww_flows *flows);

/* stream.c */
/* A segment of a direction with rules: sequence numbers, bytes, FIN. */
void ww_stream_segment(struct ww_flows *flows, struct ww_entry *entry, enum ww_dir dir,
	const struct ww_packet *packet);
/* The receiver of `dir` acknowledged up to `ack`. */
void ww_stream_ack(struct ww_flows *flows, struct ww_entry *entry, enum ww_dir dir, uint32_t ack,
	const struct ww_packet *packet);
/* Whether a sequence number of this direction is near the bytes that are known of it. */
bool ww_stream_near(
	const struct ww_flows *flows, const struct ww_entry *entry, enum ww_dir dir, uint32_t seq);
/*
 * Whether the receiver would take an RST of this sequence number. Where no bytes were followed,
 * any is believed.
 */
bool ww_stream_resets(
	const struct ww_flows *flows, const struct ww_entry *entry, enum ww_dir dir, uint32_t seq);
/* Whether nothing more is awaited of this direction. */
bool ww_stream_over(const struct ww_flows *flows, const struct ww_entry *entry, enum ww_dir dir);

/* window.c */
/* Where the bytes kept of a stream lie. */
uint8_t *ww_window_of(const struct ww_streams *all, const struct ww_stream *stream);
/* Moves the last `n` of the bytes kept to the tail, and gives the window back. */
void ww_window_give(struct ww_streams *all, struct ww_stream *stream, uint32_t n);
/*
 * Gives the stream a window that holds nothing yet. Where none is free, one of the streams that
 * were silent longest loses its own; where that does not help either, nothing happens.
 */
void ww_window_take(struct ww_flows *flows, struct ww_stream *stream);

/* segment.c */
/* Whether the receiver drops the segment because its timestamp is old (PAWS, RFC 7323, 5). */
bool ww_segment_is_stale(struct ww_stream *stream, const struct ww_packet *packet);
/* Where the receiver takes the segment's urgent byte out of the stream: notes it. */
bool ww_segment_urgent(struct ww_stream *stream, const struct ww_packet *packet);
/* Shows what is queued, tells the end, frees the stream. Nothing where there is none. */
void ww_stream_end(struct ww_flows *flows, struct ww_entry *entry, enum ww_dir dir,
	const struct ww_packet *packet);
