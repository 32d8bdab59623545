// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The flow table: set-associative, eight ways, one cache line of tags and stamps a bucket in front
 * of entries of two lines each. A look-up that finds nothing touches the tag line only.
 *
 * When a bucket is full the one to go is, in this order: a closed flow, one that the client never
 * confirmed (what a SYN flood with an answering victim leaves), the least recently used.
 */
#include "wire/flow/flow-private.h"

#include <stdlib.h>

int ww_table_init(struct ww_table *table, uint32_t flows)
{
	uint32_t n = 1;
	while (n * WW_WAYS < flows)
		n *= 2;
	size_t n_entries = (size_t)n * WW_WAYS;
	table->mask = n - 1;
	table->ways = aligned_alloc(64, n * sizeof(*table->ways));
	table->entries = aligned_alloc(64, n_entries * sizeof(*table->entries));
	table->rule_states = calloc(n_entries, sizeof(*table->rule_states));
	if (!table->ways || !table->entries || !table->rule_states)
		return -ENOMEM;
	memset(table->ways, 0, n * sizeof(*table->ways));
	return 0;
}

void ww_table_done(struct ww_table *table)
{
	free(table->ways);
	free(table->entries);
	free(table->rule_states);
	table->ways = NULL;
	table->entries = NULL;
	table->rule_states = NULL;
}

struct ww_entry *ww_table_search(struct ww_flows *flows, const struct ww_keys *keys,
	const struct ww_packet *packet, enum ww_dir *ret_dir)
{
	struct ww_table *table = &flows->table;
	uint32_t bucket = (uint32_t)keys->flow & table->mask;
	uint32_t tag = ww_table_tag(keys->flow);
	struct ww_ways *ways = &table->ways[bucket];
	for (uint32_t way = 0; way < WW_WAYS; way++) {
		struct ww_entry *entry = &table->entries[(size_t)bucket * WW_WAYS + way];
		if (ways->tag[way] == tag && ww_flow_matches(&entry->flow, packet, ret_dir)) {
			ways->stamp[way] = ++table->stamp;
			return entry;
		}
	}
	return NULL;
}

/* The way to use: a free one, else the one to evict. */
static uint32_t choose_way(const struct ww_table *table, uint32_t bucket)
{
	const struct ww_ways *ways = &table->ways[bucket];
	uint32_t best = 0;
	uint64_t best_rank = 0;
	for (uint32_t way = 0; way < WW_WAYS; way++) {
		if (!ways->tag[way])
			return way;
		const struct ww_entry *entry = &table->entries[(size_t)bucket * WW_WAYS + way];
		uint64_t rank = 1 + (uint64_t)(table->stamp - ways->stamp[way]);
		if (entry->flow.table & WW_ENTRY_ENDED)
			rank |= (uint64_t)2 << 40;
		else if (!(entry->flow.table & WW_ENTRY_CONFIRMED))
			rank |= (uint64_t)1 << 40;
		if (rank > best_rank) {
			best = way;
			best_rank = rank;
		}
	}
	return best;
}

static void fill_entry(struct ww_flows *flows, uint32_t index, const struct ww_packet *packet,
	const struct ww_flow_begin *begin)
{
	struct ww_table *table = &flows->table;
	struct ww_entry *entry = &table->entries[index];
	bool to_server = begin->dir == WW_DIR_TO_SERVER;
	int64_t time = ww_clock_clamp(packet->time_us);
	table->rule_states[index] = NULL;
	*entry = (struct ww_entry){
		.flow =
			{
				.client = to_server ? packet->src : packet->dst,
				.server = to_server ? packet->dst : packet->src,
				.client_port = to_server ? packet->sport : packet->dport,
				.server_port = to_server ? packet->dport : packet->sport,
				.proto = packet->proto,
				.start_seen = begin->start_seen,
				.established = true,
				.id = ++table->next_id,
				.first_us = begin->start_seen ? begin->start.sent_us : time,
				.last_us = time,
				.first_frame =
					begin->start_seen ? begin->start.sent_frame : packet->frame,
				.last_frame = packet->frame,
				.rule_state = &table->rule_states[index],
			},
		.stream = {WW_NO_STREAM, WW_NO_STREAM},
	};
}

/* Nothing more is expected of it: giving it up takes no evidence away. */
static bool is_over(const struct ww_entry *entry, int64_t now_us)
{
	int64_t idle_us = entry->flow.proto == WW_PROTO_UDP ? WW_UDP_IDLE_US : WW_TCP_IDLE_US;
	return entry->flow.table & WW_ENTRY_ENDED || now_us - entry->flow.last_us >= idle_us;
}

struct ww_entry *ww_table_begin(struct ww_flows *flows, const struct ww_keys *keys,
	const struct ww_packet *packet, const struct ww_flow_begin *begin)
{
	struct ww_table *table = &flows->table;
	uint32_t bucket = (uint32_t)keys->flow & table->mask;
	uint32_t way = choose_way(table, bucket);
	uint32_t index = bucket * WW_WAYS + way;
	struct ww_entry *entry = &table->entries[index];
	if (table->ways[bucket].tag[way]) {
		flows->counts.evicted_flows += !is_over(entry, ww_clock_clamp(packet->time_us));
		ww_table_remove(flows, entry, NULL);
	}
	fill_entry(flows, index, packet, begin);
	table->ways[bucket].tag[way] = ww_table_tag(keys->flow);
	table->ways[bucket].stamp[way] = ++table->stamp;
	flows->counts.flows++;
	flows->counts.midstream += !begin->start_seen;
	if (flows->sink.wanted)
		flows->sink.wanted(flows->sink.context, &entry->flow);
	if (flows->sink.begin)
		flows->sink.begin(flows->sink.context, &entry->flow, packet);
	return entry;
}

void ww_table_close(struct ww_flows *flows, struct ww_entry *entry, const struct ww_packet *packet)
{
	struct ww_flow *flow = &entry->flow;
	ww_stream_end(flows, entry, WW_DIR_TO_SERVER, packet);
	ww_stream_end(flows, entry, WW_DIR_TO_CLIENT, packet);
	entry->flow.table |= WW_ENTRY_ENDED;
	if (flows->sink.end)
		flows->sink.end(flows->sink.context, flow);
	if (*flow->rule_state && flows->sink.forget)
		flows->sink.forget(flows->sink.context, flow->rule_state);
	*flow->rule_state = NULL;
}

void ww_table_remove(struct ww_flows *flows, struct ww_entry *entry, const struct ww_packet *packet)
{
	struct ww_table *table = &flows->table;
	size_t index = (size_t)(entry - table->entries);
	if (!(entry->flow.table & WW_ENTRY_ENDED))
		ww_table_close(flows, entry, packet);
	table->ways[index / WW_WAYS].tag[index % WW_WAYS] = 0;
}

void ww_table_finish(struct ww_flows *flows)
{
	struct ww_table *table = &flows->table;
	for (size_t bucket = 0; bucket <= table->mask; bucket++)
		for (size_t way = 0; way < WW_WAYS; way++)
			if (table->ways[bucket].tag[way])
				ww_table_remove(
					flows, &table->entries[bucket * WW_WAYS + way], NULL);
}
