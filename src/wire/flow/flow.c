// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What becomes of each packet. Three passes over a batch: keys and the first prefetch; look into
 * the tags that have arrived, prefetch what they point at; process.
 */
#include "wire/flow/flow-private.h"

#include <stdlib.h>

enum {
	PORT_SYSTEM_END = 1024, /* RFC 6335: system ports are below */
	PORT_DYNAMIC = 49152,   /* RFC 6335: nobody is assigned one from here */
};

static int init_tables(struct ww_flows *flows, const struct ww_flow_limits *limits)
{
	struct ww_flow_sizes sizes;
	int bad = ww_flow_sizes(limits, &sizes);
	if (!bad)
		bad = ww_duplicates_init(&flows->duplicates);
	if (!bad)
		bad = ww_hosts_init(&flows->hosts, flows->key);
	if (!bad)
		bad = ww_attempts_init(&flows->attempts, sizes.attempts);
	if (!bad)
		bad = ww_table_init(&flows->table, sizes.flows);
	if (!bad)
		bad = ww_streams_init(&flows->streams, &sizes.streams);
	if (!bad)
		bad = ww_defrag_init(&flows->defrag, flows->key, sizes.fragment_pages);
	return bad;
}

static void tell_nobody(void *state, struct ww_contact *contact)
{
}

int ww_flows_new(const struct ww_flow_limits *limits, struct ww_hash_key key,
	const struct ww_flow_sink *sink, struct ww_flows **ret)
{
	struct ww_flows *flows = calloc(1, sizeof(*flows));
	if (!flows)
		return -ENOMEM;
	flows->key = key;
	flows->sink = *sink;
	for (int outcome = 0; outcome < WW_CONTACT_COUNT; outcome++) {
		struct ww_contact_listener *listener = &flows->sink.listeners[outcome];
		if (listener->contact)
			continue;
		listener->contact = sink->contact ? sink->contact : tell_nobody;
		listener->contact_state = sink->context;
	}
	if (limits->services)
		flows->services = *limits->services;
	if (limits->policies)
		flows->defrag.policies = *limits->policies;
	int bad = init_tables(flows, limits);
	if (bad) {
		ww_flows_free(&flows);
		return bad;
	}
	*ret = flows;
	return 0;
}

static void forget_rest(struct ww_flows *flows)
{
	struct ww_table *table = &flows->table;
	if (!flows->sink.forget || !table->ways || !table->entries || !table->rule_states)
		return;
	for (size_t i = 0; i < ((size_t)table->mask + 1) * WW_WAYS; i++)
		if (table->rule_states[i])
			flows->sink.forget(flows->sink.context, &table->rule_states[i]);
}

void ww_flows_free(struct ww_flows **flows)
{
	struct ww_flows *all = *flows;
	if (!all)
		return;
	forget_rest(all);
	ww_duplicates_done(&all->duplicates);
	ww_hosts_done(&all->hosts);
	ww_attempts_done(&all->attempts);
	ww_table_done(&all->table);
	ww_streams_done(&all->streams);
	ww_defrag_done(&all->defrag);
	free(all);
	*flows = NULL;
}

const struct ww_flow_counts *ww_flows_counts(const struct ww_flows *flows)
{
	return &flows->counts;
}

uint64_t ww_flows_hosts(const struct ww_flows *flows, bool *ret_exact)
{
	return ww_hosts_count(&flows->hosts, ret_exact);
}

/* ---- packets of no flow ---- */

static inline void lone(struct ww_flows *flows, const struct ww_packet *packet)
{
	if (flows->sink.packet && (packet->payload_len || !flows->sink.skip_empty))
		flows->sink.packet(flows->sink.context, NULL, WW_DIR_TO_SERVER, packet);
}

static inline void count_hosts(
	struct ww_flows *flows, const struct ww_keys *keys, const struct ww_packet *packet)
{
	ww_hosts_add(&flows->hosts, &packet->src, keys->src_host);
	ww_hosts_add(&flows->hosts, &packet->dst, keys->dst_host);
}

/* Of the attempts that the packet's sender made at its receiver, and the other way round. */
static inline uint64_t sent_hash(const struct ww_flows *flows, const struct ww_keys *keys)
{
	return ww_attempt_hash(&flows->key, keys->src_host, keys->dst_end);
}

static inline uint64_t answered_hash(const struct ww_flows *flows, const struct ww_keys *keys)
{
	return ww_attempt_hash(&flows->key, keys->dst_host, keys->src_end);
}

/* The packet's sender is the client of an attempt / the server of one. */
static bool find_sent(struct ww_flows *flows, const struct ww_keys *keys, const struct ww_packet *p,
	struct ww_slot *ret)
{
	return ww_attempt_find(flows, sent_hash(flows, keys), &p->src, p->sport, &p->dst, p->dport,
		p->proto == WW_PROTO_UDP, ret);
}

static bool find_answered(struct ww_flows *flows, const struct ww_keys *keys,
	const struct ww_packet *p, struct ww_slot *ret)
{
	return ww_attempt_find(flows, answered_hash(flows, keys), &p->dst, p->dport, &p->src,
		p->sport, p->proto == WW_PROTO_UDP, ret);
}

/* Who is the server, where nobody saw the beginning: the direction of the packet. */
static enum ww_dir guess(const struct ww_flows *flows, const struct ww_packet *p)
{
	/* A client may well use a worm's port, which is nobody's otherwise, but not a system port.
	 */
	bool src = p->sport < PORT_SYSTEM_END;
	bool dst = p->dport < PORT_SYSTEM_END;
	if (src == dst) {
		src = ww_flow_service_has(&flows->services, p->proto, p->sport);
		dst = ww_flow_service_has(&flows->services, p->proto, p->dport);
	}
	if (src == dst) {
		src = p->sport < PORT_DYNAMIC;
		dst = p->dport < PORT_DYNAMIC;
	}
	return src && !dst ? WW_DIR_TO_CLIENT : WW_DIR_TO_SERVER;
}

/* ---- packets of a flow ---- */

static void reset(struct ww_flows *flows, struct ww_entry *entry, enum ww_dir dir,
	const struct ww_packet *packet)
{
	if (!ww_stream_resets(flows, entry, dir, packet->seq)) {
		flows->counts.resets_refused++;
		return;
	}
	entry->flow.closed = true;
	entry->flow.reset |= (unsigned char)(1 << dir);
	entry->seq[dir] = packet->seq;
}

static void tcp_state(struct ww_flows *flows, struct ww_entry *entry, enum ww_dir dir,
	const struct ww_packet *packet)
{
	struct ww_flow *flow = &entry->flow;
	uint8_t flags = packet->tcp_flags;
	if (flow->groups[!dir] && flags & WW_TCP_ACK && packet->ack != flow->acked[!dir]) {
		flow->acked[!dir] = packet->ack;
		ww_stream_ack(flows, entry, !dir, packet->ack, packet);
	}
	if (!flow->groups[dir]) {
		/* Not wanted any more: nothing is kept for it. (The bit lies in the first line.) */
		if (flow->streamed && entry->stream[dir] != WW_NO_STREAM)
			ww_stream_end(flows, entry, dir, packet);
		/* If it is wanted later, its stream begins there. */
		if (packet->payload_wire)
			entry->flow.table &= (uint8_t) ~(WW_ENTRY_SEQ << dir);
	} else if (!(flags & WW_TCP_RST)) {
		ww_stream_segment(flows, entry, dir, packet);
	}
	if (flags & WW_TCP_RST) {
		reset(flows, entry, dir, packet);
	} else if (flags & WW_TCP_FIN) {
		flow->table |= (uint8_t)(WW_ENTRY_FIN << dir);
	}
	if ((entry->flow.table & (3 * WW_ENTRY_FIN)) == 3 * WW_ENTRY_FIN &&
		ww_stream_over(flows, entry, 0) && ww_stream_over(flows, entry, 1))
		flow->closed = true;
	if (flow->closed)
		ww_table_close(flows, entry, packet);
}

/*
 * Who takes part in a conversation. One packet must not pass for one: a spoofed sender's victim
 * answers with an RST or not at all, and whoever does not see the other side's bytes does not know
 * what to acknowledge.
 */
static void hear(struct ww_flows *flows, struct ww_entry *entry, enum ww_dir dir,
	const struct ww_packet *packet)
{
	struct ww_flow *flow = &entry->flow;
	bool tcp = flow->proto == WW_PROTO_TCP;
	if (flow->heard >> dir & 1)
		return;
	if (tcp && (packet->tcp_flags & (WW_TCP_RST | WW_TCP_ACK)) != WW_TCP_ACK)
		return;
	if (tcp && !ww_stream_near(flows, entry, !dir, packet->ack))
		return;
	flow->heard |= (unsigned char)(1 << dir);
	if (!tcp && flow->start_seen)
		flow->heard = WW_HEARD_BOTH;
	if (flow->heard == WW_HEARD_BOTH && flows->sink.two_way)
		flows->sink.two_way(flows->sink.context, flow);
}

static void flow_packet(struct ww_flows *flows, struct ww_entry *entry, enum ww_dir dir,
	const struct ww_packet *packet)
{
	struct ww_flow *flow = &entry->flow;
	flow->last_us = ww_clock_clamp(packet->time_us);
	if (dir == WW_DIR_TO_SERVER)
		flow->table |= WW_ENTRY_CONFIRMED;
	if (flow->table & WW_ENTRY_ENDED)
		return;
	hear(flows, entry, dir, packet);
	if (packet->payload_wire && (flow->groups[dir] || flow->later >> dir & 1)) {
		flow->last_frame = packet->frame;
		flow->bytes[dir] += packet->payload_wire;
	}
	if (flow->groups[dir] && flows->sink.packet)
		flows->sink.packet(flows->sink.context, flow, dir, packet);
	if (flow->proto == WW_PROTO_TCP)
		tcp_state(flows, entry, dir, packet);
}

static void begin_flow(struct ww_flows *flows, const struct ww_keys *keys,
	const struct ww_packet *packet, const struct ww_flow_begin *begin)
{
	struct ww_entry *entry = ww_table_begin(flows, keys, packet, begin);
	flow_packet(flows, entry, begin->dir, packet);
}

/* ---- TCP ---- */

/* A SYN-ACK makes a connection of an attempt; without one it is backscatter, or a repetition. */
static void syn_ack(
	struct ww_flows *flows, const struct ww_keys *keys, const struct ww_packet *packet)
{
	enum ww_dir dir;
	struct ww_slot slot;
	struct ww_entry *entry = ww_table_find(flows, keys, packet, &dir);
	bool found = find_answered(flows, keys, packet, &slot);
	if (!found || ww_attempt_state(slot.attempt) == WW_ATTEMPT_REVERSED) {
		if (entry) {
			flow_packet(flows, entry, dir, packet);
			return;
		}
		flows->counts.backscatter++;
		if (!found)
			ww_attempt_reverse(flows, answered_hash(flows, keys), packet);
		count_hosts(flows, keys, packet);
		lone(flows, packet);
		return;
	}
	if (entry)
		ww_table_remove(flows, entry, packet); /* the ports are used again */
	flows->attempts.two_way = true;
	struct ww_flow_begin begin = {
		.dir = WW_DIR_TO_CLIENT,
		.start_seen = true,
		.start = ww_attempt_answer(flows, slot, packet),
	};
	entry = ww_table_begin(flows, keys, packet, &begin);
	entry->seq[WW_DIR_TO_SERVER] = packet->ack;
	entry->seq[WW_DIR_TO_CLIENT] = packet->seq + 1;
	entry->flow.table |= 3 * WW_ENTRY_SEQ;
	flow_packet(flows, entry, WW_DIR_TO_CLIENT, packet);
}

/* An RST that belongs to no open flow: whether it refuses an attempt. */
static bool refusal(
	struct ww_flows *flows, const struct ww_keys *keys, const struct ww_packet *packet)
{
	struct ww_slot slot;
	if (!find_answered(flows, keys, packet, &slot) ||
		ww_attempt_state(slot.attempt) == WW_ATTEMPT_REVERSED)
		return false;
	ww_attempt_refuse(flows, slot, packet);
	return true;
}

/*
 * A packet in the middle of a connection of which no flow is known. Begins one when it carries
 * data, or when it answers a SYN-ACK; the attempts tell who began, if they know.
 */
static bool midstream(
	struct ww_flows *flows, const struct ww_keys *keys, const struct ww_packet *packet)
{
	struct ww_slot slot;
	struct ww_flow_begin begin = {.dir = WW_DIR_TO_SERVER};
	bool data = packet->payload_wire != 0;
	bool ack = packet->tcp_flags & WW_TCP_ACK;
	if (ack && find_sent(flows, keys, packet, &slot)) {
		bool reversed = ww_attempt_state(slot.attempt) == WW_ATTEMPT_REVERSED;
		bool one_way = !reversed && !flows->attempts.two_way;
		if (!data && !reversed && !one_way)
			return false;
		begin.start_seen = !reversed;
		begin.start = ww_attempt_start(flows, slot);
		if (one_way)
			ww_attempt_answer(flows, slot, packet);
		else if (reversed)
			ww_attempt_free(slot);
	} else if (!data) {
		return false;
	} else if (find_answered(flows, keys, packet, &slot)) {
		begin.dir = WW_DIR_TO_CLIENT;
		begin.start_seen = ww_attempt_state(slot.attempt) != WW_ATTEMPT_REVERSED;
		if (begin.start_seen)
			begin.start = ww_attempt_answer(flows, slot, packet);
		else
			ww_attempt_free(slot);
	} else {
		begin.dir = guess(flows, packet);
	}
	begin_flow(flows, keys, packet, &begin);
	return true;
}

/* A host that goes on with what it sends has not sent the RST in its name. */
static bool outlives_reset(
	const struct ww_entry *entry, enum ww_dir dir, const struct ww_packet *packet)
{
	return entry->flow.reset >> dir & 1 && !(packet->tcp_flags & WW_TCP_RST) &&
	       (int32_t)(packet->seq - entry->seq[dir]) >= 0;
}

static void tcp(struct ww_flows *flows, const struct ww_keys *keys, const struct ww_packet *packet)
{
	enum ww_dir dir;
	uint8_t flags = packet->tcp_flags;
	if ((flags & (WW_TCP_SYN | WW_TCP_RST)) == WW_TCP_SYN) {
		syn_ack(flows, keys, packet);
		return;
	}
	struct ww_entry *entry = ww_table_find(flows, keys, packet, &dir);
	if (entry && entry->flow.table & WW_ENTRY_ENDED && packet->payload_wire &&
		ww_clock_clamp(packet->time_us) - entry->flow.last_us > WW_REUSE_US) {
		ww_table_remove(flows, entry, packet);
		entry = NULL;
	}
	if (entry && packet->payload_wire && outlives_reset(entry, dir, packet)) {
		struct ww_flow_begin begin = {.dir = dir};
		flows->counts.forged_ends++;
		ww_table_remove(flows, entry, packet);
		begin_flow(flows, keys, packet, &begin);
		return;
	}
	if (entry) {
		if (entry->flow.table & WW_ENTRY_ENDED && flags & WW_TCP_RST)
			refusal(flows, keys, packet); /* of a SYN that used the ports again */
		flow_packet(flows, entry, dir, packet);
		return;
	}
	count_hosts(flows, keys, packet);
	if (flags & WW_TCP_RST)
		flows->counts.backscatter += !refusal(flows, keys, packet);
	else if (midstream(flows, keys, packet))
		return;
	else
		flows->counts.unmatched++;
	lone(flows, packet);
}

static inline void syn(
	struct ww_flows *flows, const struct ww_keys *keys, const struct ww_packet *packet)
{
	count_hosts(flows, keys, packet);
	ww_attempt_send(flows, keys->flow, packet);
	lone(flows, packet);
}

/* ---- UDP ---- */

/* Services below 1024 that answer from their own port. */
static bool answers_from(uint16_t port)
{
	static const uint16_t PORTS[] = {
		53,  /* DNS */
		69,  /* TFTP, of the few servers that stay on it */
		88,  /* Kerberos */
		111, /* RPC portmapper */
		123, /* NTP */
		137, /* NetBIOS names */
		138, /* NetBIOS datagrams */
		161, /* SNMP */
		389, /* CLDAP */
		427, /* SLP */
		443, /* QUIC */
		464, /* Kerberos passwords */
		500, /* IKE */
		520, /* RIP */
		623, /* IPMI */
		853, /* DNS over QUIC */
	};
	for (size_t i = 0; i < WW_N(PORTS); i++)
		if (PORTS[i] == port)
			return true;
	return false;
}

/*
 * A datagram whose request was not captured looks like an answer: from the port of a service that
 * answers to one that none listens on, whatever its number (the spoofed requests of a reflection
 * come from any port); without this every reflector of a flood would be a contact. Who scans other
 * ports from such a port hides behind it: the datagrams are counted.
 */
static bool is_answer(const struct ww_packet *packet)
{
	uint16_t from = packet->sport, to = packet->dport;
	if ((from == 67 && to == 68) || (from == 547 && to == 546))
		return true; /* DHCP, whose clients have a system port */
	return answers_from(from) && !answers_from(to);
}

/* Groups and broadcasts are not endpoints that answer. */
static bool is_contact(struct ww_flows *flows, const struct ww_packet *packet)
{
	if (ww_ip_is_multicast(&packet->dst))
		return false;
	if (packet->sport >= PORT_SYSTEM_END || !is_answer(packet) ||
		ww_flow_service_has(&flows->services, WW_PROTO_UDP, packet->dport))
		return true;
	flows->counts.unsolicited++;
	return false;
}

static void udp(struct ww_flows *flows, const struct ww_keys *keys, const struct ww_packet *packet)
{
	enum ww_dir dir;
	struct ww_slot slot;
	struct ww_entry *entry = ww_table_find(flows, keys, packet, &dir);
	if (entry && ww_clock_clamp(packet->time_us) - entry->flow.last_us > WW_UDP_IDLE_US) {
		ww_table_remove(flows, entry, packet);
		entry = NULL;
	}
	if (entry) {
		flow_packet(flows, entry, dir, packet);
		return;
	}
	count_hosts(flows, keys, packet);
	if (find_answered(flows, keys, packet, &slot)) {
		struct ww_flow_begin begin = {
			.dir = WW_DIR_TO_CLIENT,
			.start_seen = true,
			.start = ww_attempt_answer(flows, slot, packet),
		};
		begin_flow(flows, keys, packet, &begin);
		return;
	}
	if (is_contact(flows, packet))
		ww_attempt_send(flows, sent_hash(flows, keys), packet);
	lone(flows, packet);
}

/* ---- the passes ---- */

static void process(
	struct ww_flows *flows, const struct ww_keys *keys, const struct ww_packet *packet)
{
	switch ((enum ww_kind)keys->kind) {
	case WW_KIND_SYN: syn(flows, keys, packet); break;
	case WW_KIND_TCP: tcp(flows, keys, packet); break;
	case WW_KIND_UDP: udp(flows, keys, packet); break;
	case WW_KIND_OTHER:
		count_hosts(flows, keys, packet);
		ww_attempt_icmp(flows, packet);
		lone(flows, packet);
		break;
	case WW_KIND_FRAGMENT:
	case WW_KIND_NONE: break;
	}
}

/*
 * A fragment, and what it completes. The whole may hold a tunnel with a fragment inside, which may
 * complete a datagram of the inner hosts, and so on: as often as tunnels may be nested.
 */
static void fragment(
	struct ww_flows *flows, const struct ww_keys *keys, const struct ww_packet *packet)
{
	struct ww_packet part = *packet, whole;
	struct ww_keys part_keys = *keys;
	for (int n = 0; n < WW_LAYERS_MAX; n++) {
		count_hosts(flows, &part_keys, &part);
		lone(flows, &part);
		unsigned answer = ww_defrag_feed(
			&flows->defrag, &part, flows->clock.now_us, &flows->counts, &whole);
		if (answer & WW_DEFRAG_CONFLICT && flows->sink.conflict)
			flows->sink.conflict(flows->sink.context, NULL, WW_DIR_TO_SERVER, &part);
		if (!(answer & WW_DEFRAG_WHOLE))
			return;
		ww_packet_count_encapsulations(flows->counts.encapsulations, &whole);
		if (flows->sink.whole)
			flows->sink.whole(flows->sink.context, &part, &whole);
		part = whole;
		ww_keys_make(&flows->key, &part, &part_keys);
		if (part_keys.kind != WW_KIND_FRAGMENT) {
			process(flows, &part_keys, &part);
			return;
		}
	}
}

WW_PREFETCHES void prefetch_first(const struct ww_flows *flows, const struct ww_keys *keys)
{
	if (keys->kind == WW_KIND_NONE)
		return;
	ww_duplicates_prefetch(&flows->duplicates, keys->duplicate);
	if (keys->kind == WW_KIND_SYN)
		ww_attempts_prefetch(&flows->attempts, keys->flow);
	else if (keys->kind >= WW_KIND_TCP)
		__builtin_prefetch(&flows->table.ways[(uint32_t)keys->flow & flows->table.mask], 1);
}

/* The tags are here: fetch the flow, or, where there is none, the attempts. */
WW_PREFETCHES void prefetch_second(const struct ww_flows *flows, struct ww_keys *keys)
{
	if (keys->kind < WW_KIND_TCP)
		return;
	const struct ww_table *table = &flows->table;
	uint32_t bucket = (uint32_t)keys->flow & table->mask;
	uint32_t tag = ww_table_tag(keys->flow);
	/* All ways without a branch: which one it is, nobody could predict. */
	uint32_t hits = 0;
	for (uint32_t way = 0; way < WW_WAYS; way++)
		hits |= (uint32_t)(table->ways[bucket].tag[way] == tag) << way;
	if (hits) {
		keys->entry = bucket * WW_WAYS + (uint32_t)__builtin_ctz(hits);
		const char *entry = (const char *)&table->entries[keys->entry];
		__builtin_prefetch(entry, 1);
		return;
	}
	ww_attempts_prefetch(&flows->attempts, answered_hash(flows, keys));
	ww_attempts_prefetch(&flows->attempts, sent_hash(flows, keys));
}

/* Whoever is going to be told of the contact fetches what it will look at. */
static inline void expect_sent(
	const struct ww_contact_listener *sent, ww_expect_fn *call, const struct ww_packet *packet)
{
	if (call)
		call(sent->expect_state, &packet->src, &packet->dst, packet->dport, packet->proto);
}

static inline void expect_reached(
	const struct ww_contact_listener *reached, const struct ww_packet *packet)
{
	if (packet->tcp_flags & WW_TCP_SYN && reached->expect)
		reached->expect(reached->expect_state, &packet->dst, &packet->src, packet->sport,
			packet->proto);
}

static void feed_batch(
	struct ww_flows *flows, const struct ww_packet *packets, size_t n, bool *skipped)
{
	struct ww_keys keys[WW_BATCH];
	const struct ww_contact_listener *sent = &flows->sink.listeners[WW_CONTACT_SENT];
	const struct ww_contact_listener *reached = &flows->sink.listeners[WW_CONTACT_REACHED];
	for (size_t i = 0; i < n; i++) {
		ww_keys_make(&flows->key, &packets[i], &keys[i]);
		prefetch_first(flows, &keys[i]);
		if (keys[i].kind == WW_KIND_SYN)
			expect_sent(sent, sent->expect, &packets[i]);
	}
	for (size_t i = 0; i < n; i++) {
		prefetch_second(flows, &keys[i]);
		if (keys[i].kind == WW_KIND_SYN)
			expect_sent(sent, sent->soon, &packets[i]);
		else if (keys[i].kind == WW_KIND_TCP)
			expect_reached(reached, &packets[i]);
	}
	for (size_t i = 0; i < n; i++) {
		flows->frame = packets[i].frame;
		flows->time_us = ww_clock_clamp(packets[i].time_us);
		flows->counts.time_back += ww_clock_feed(&flows->clock, packets[i].time_us);
		ww_attempts_expire(flows);
		skipped[i] = keys[i].kind != WW_KIND_NONE &&
			     ww_duplicates_feed(&flows->duplicates, keys[i].duplicate);
		if (skipped[i])
			flows->counts.duplicates++;
		else if (keys[i].kind == WW_KIND_TCP)
			tcp(flows, &keys[i], &packets[i]);
		else if (keys[i].kind == WW_KIND_SYN)
			syn(flows, &keys[i], &packets[i]);
		else if (keys[i].kind == WW_KIND_FRAGMENT)
			fragment(flows, &keys[i], &packets[i]);
		else
			process(flows, &keys[i], &packets[i]);
	}
}

void ww_flows_feed(
	struct ww_flows *flows, const struct ww_packet *packets, size_t n, bool skipped[WW_BATCH])
{
	ww_assert(n <= WW_BATCH);
	feed_batch(flows, packets, n, skipped);
}

void ww_flows_tick(struct ww_flows *flows, int64_t time_us)
{
	if (!flows->clock.started)
		return;
	ww_clock_feed(&flows->clock, time_us);
	ww_attempts_expire(flows);
}

void ww_flows_finish(struct ww_flows *flows)
{
	ww_attempts_finish(flows);
	ww_table_finish(flows);
	ww_defrag_finish(&flows->defrag, &flows->counts);
}
