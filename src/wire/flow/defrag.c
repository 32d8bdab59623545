// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * IP fragments (RFC 791, 3.2; RFC 8200, 4.5) put together, as the receiver would (policy.h).
 *
 * What every receiver refuses is refused: a fragment beyond 64 KiB, one that holds nothing, one
 * behind the end that the last fragment told. A fragment that is not the last ends with a whole
 * unit of eight bytes; what is more of it is cut off (Linux and BSD do so). Where two last
 * fragments tell other ends, the further one holds, but for Linux, which takes none after the
 * first; a last fragment that ends before bytes that are here already is dropped.
 *
 * IPv6 fragments that overlap discard their datagram, and what is still to come of it (RFC 5722);
 * exact repetitions are let pass (RFC 8200, 4.5). An atomic fragment is no fragment (RFC 6946): the
 * decoder does not give it here.
 *
 * Bounded: 1,024 datagrams in sets of eight, 2,048 pages of 2 KiB. A datagram is given up 30 s after
 * its first fragment for Linux (ipfrag_time) and BSD (IPFRAGTTL), 60 s for others and for IPv6 (RFC
 * 1122, 3.3.2; RFC 8200). When a set is full, or no page is left, the oldest goes (of the set; of
 * all). An adversary who fills the table makes us lose the datagrams of others: it is counted.
 */
#include "wire/flow/flow-private.h"

#include <stdlib.h>

enum {
	SETS = WW_DATAGRAMS / WW_DATAGRAM_WAYS,
	UNIT = 8, /* what fragment offsets count in */
	IP4_HEADER = 20,
	IP4_HEADER_MAX = 60,
	IP6_HEADER = 40,
	WHOLE_BYTES = IP4_HEADER_MAX + WW_DATAGRAM_MAX,
};

int ww_defrag_init(struct ww_defrag *defrag, struct ww_hash_key key, uint32_t n_pages)
{
	defrag->key = key;
	defrag->datagrams = calloc(WW_DATAGRAMS, sizeof(*defrag->datagrams));
	defrag->whole = malloc(WHOLE_BYTES);
	int bad = ww_pages_init(&defrag->pages, n_pages);
	return !bad && defrag->datagrams && defrag->whole ? 0 : -ENOMEM;
}

void ww_defrag_done(struct ww_defrag *defrag)
{
	free(defrag->datagrams);
	free(defrag->whole);
	ww_pages_done(&defrag->pages);
	defrag->datagrams = NULL;
	defrag->whole = NULL;
}

static void release(struct ww_defrag *defrag, struct ww_datagram *datagram)
{
	ww_patchwork_clear(&defrag->pages, &datagram->work);
	datagram->used = false;
}

static void drop(
	struct ww_defrag *defrag, struct ww_datagram *datagram, struct ww_flow_counts *counts)
{
	counts->fragments_dropped += datagram->n_fragments;
	release(defrag, datagram);
}

/* As drop, of what a limit takes. */
static void evict(
	struct ww_defrag *defrag, struct ww_datagram *datagram, struct ww_flow_counts *counts)
{
	counts->evicted_fragments += datagram->n_fragments;
	drop(defrag, datagram, counts);
}

static bool is_same(const struct ww_datagram *datagram, const struct ww_packet *packet)
{
	return datagram->used && datagram->ip_id == packet->ip_id &&
	       datagram->ip_version == packet->ip_version &&
	       (packet->ip_version == 6 || datagram->proto == packet->proto) &&
	       ww_ip_equal(&datagram->src, &packet->src) &&
	       ww_ip_equal(&datagram->dst, &packet->dst);
}

static int64_t wait_of(const struct ww_datagram *datagram)
{
	bool short_wait =
		datagram->ip_version == 4 &&
		(datagram->policy == WW_POLICY_LINUX || datagram->policy == WW_POLICY_BSD ||
			datagram->policy == WW_POLICY_BSD_RIGHT);
	return short_wait ? WW_FRAGMENT_WAIT_US : 2 * WW_FRAGMENT_WAIT_US;
}

/* The packet's datagram, new where it has to be. */
static struct ww_datagram *find_datagram(struct ww_defrag *defrag, const struct ww_packet *packet,
	int64_t clock_us, struct ww_flow_counts *counts)
{
	uint64_t hash = ww_hash_2(&defrag->key, ww_host_hash(&defrag->key, &packet->src),
		ww_host_hash(&defrag->key, &packet->dst) + packet->ip_id);
	struct ww_datagram *set = &defrag->datagrams[hash % SETS * WW_DATAGRAM_WAYS];
	struct ww_datagram *best = NULL;
	for (int i = 0; i < WW_DATAGRAM_WAYS; i++) {
		if (set[i].used && clock_us - set[i].clock_us > wait_of(&set[i]))
			drop(defrag, &set[i], counts);
		if (is_same(&set[i], packet))
			return &set[i];
		if (!best || (best->used && (!set[i].used || set[i].order < best->order)))
			best = &set[i];
	}
	if (best->used)
		evict(defrag, best, counts);
	*best = (struct ww_datagram){
		.used = true,
		.src = packet->src,
		.dst = packet->dst,
		.ip_id = packet->ip_id,
		.ip_version = packet->ip_version,
		.proto = packet->proto,
		.policy = (uint8_t)ww_policies_get(&defrag->policies, &packet->dst),
		.clock_us = clock_us,
		.order = ++defrag->order,
	};
	return best;
}

static bool evict_oldest(
	struct ww_defrag *defrag, const struct ww_datagram *keep, struct ww_flow_counts *counts)
{
	struct ww_datagram *oldest = NULL;
	for (int i = 0; i < WW_DATAGRAMS; i++) {
		struct ww_datagram *datagram = &defrag->datagrams[i];
		if (datagram->used && datagram != keep && datagram->work.n &&
			(!oldest || datagram->order < oldest->order))
			oldest = datagram;
	}
	if (!oldest)
		return false;
	evict(defrag, oldest, counts);
	return true;
}

/* How many bytes of the fragment can belong to a datagram at all; 0: it is of no use. */
static uint32_t usable_len(const struct ww_packet *packet)
{
	uint32_t len = packet->payload_len;
	if (packet->payload_len != packet->payload_wire ||
		packet->fragment_offset > WW_DATAGRAM_MAX || packet->fragment_offset % UNIT != 0 ||
		len > WW_DATAGRAM_MAX ||
		packet->fragment_offset + len > WW_DATAGRAM_MAX - IP4_HEADER)
		return 0;
	return packet->more_fragments ? len - len % UNIT : len;
}

/* Whether the fragment agrees with what is known of the datagram's end, or may change that. */
static bool fits_end(struct ww_datagram *datagram, const struct ww_packet *packet, uint32_t end)
{
	if (packet->more_fragments)
		return !datagram->total || end <= datagram->total;
	if (!datagram->total) {
		if (datagram->end > end)
			return false;
	} else if (datagram->total != end) {
		datagram->conflict = true;
		if (datagram->policy == WW_POLICY_LINUX)
			return false;
	}
	datagram->total = end > datagram->total ? end : datagram->total;
	return true;
}

static void keep_header(struct ww_datagram *datagram, const struct ww_packet *packet)
{
	uint32_t len = packet->ip_version == 6 ? IP6_HEADER : packet->ip_header_len;
	if (packet->fragment_offset != 0 || datagram->header_len || !packet->network ||
		len > IP4_HEADER_MAX || len > packet->network_len)
		return;
	memcpy(datagram->header, packet->network, len);
	datagram->header_len = (uint8_t)len;
	datagram->proto = packet->proto;
}

/* Lays the fragment. False when the datagram is lost with it. */
static bool lay(struct ww_defrag *defrag, struct ww_datagram *datagram,
	const struct ww_packet *packet, uint32_t len, struct ww_flow_counts *counts)
{
	struct ww_fit fit;
	while (!ww_patchwork_add(&defrag->pages, &datagram->work, (enum ww_policy)datagram->policy,
		WW_OVERLAP_FRAGMENTS, packet->fragment_offset, packet->payload, len, &fit)) {
		if (evict_oldest(defrag, datagram, counts))
			continue;
		/* The datagram alone holds all there are, of a pool that is small. */
		evict(defrag, datagram, counts);
		return false;
	}
	datagram->held += fit.added;
	datagram->conflict |= fit.conflicts;
	if (packet->ip_version != 6 || !fit.overlaps || fit.repeats)
		return true;
	ww_patchwork_clear(&defrag->pages, &datagram->work);
	counts->fragments_dropped += datagram->n_fragments;
	datagram->n_fragments = 0;
	datagram->discarded = true;
	return false;
}

static void put_be16(uint8_t *bytes, uint32_t value)
{
	bytes[0] = (uint8_t)(value >> 8);
	bytes[1] = (uint8_t)value;
}

/* Writes the datagram as one packet without fragment fields; returns its length. */
static uint32_t write_whole(const struct ww_defrag *defrag, const struct ww_datagram *datagram)
{
	uint8_t *out = defrag->whole;
	uint32_t header = datagram->header_len;
	memcpy(out, datagram->header, header);
	if (datagram->ip_version == 6) {
		put_be16(out + 4, datagram->total);
		out[6] = datagram->proto; /* the extension headers before the fragment's are left
					     out */
	} else {
		put_be16(out + 2, header + datagram->total);
		put_be16(out + 6, 0);
	}
	for (uint32_t done = 0; done < datagram->total;) {
		uint32_t n = 0;
		const uint8_t *run = ww_patchwork_run(&defrag->pages, &datagram->work, done, &n);
		ww_assert(run);
		memcpy(out + header + done, run, n);
		done += n;
	}
	return header + datagram->total;
}

/* Takes the fragment into its datagram; true when that is whole. */
static bool take(struct ww_defrag *defrag, struct ww_datagram *datagram,
	const struct ww_packet *packet, struct ww_flow_counts *counts)
{
	uint32_t len = datagram->discarded ? 0 : usable_len(packet);
	uint32_t end = packet->fragment_offset + len;
	if (!len || !fits_end(datagram, packet, end)) {
		counts->fragments_dropped++;
		if (!datagram->n_fragments && !datagram->discarded)
			release(defrag, datagram);
		return false;
	}
	datagram->n_fragments++;
	keep_header(datagram, packet);
	datagram->end = end > datagram->end ? end : datagram->end;
	if (!lay(defrag, datagram, packet, len, counts))
		return false;
	/* No byte lies beyond the end, so that their number says whether any is missing. */
	return datagram->total && datagram->header_len && datagram->held == datagram->total;
}

unsigned ww_defrag_feed(struct ww_defrag *defrag, const struct ww_packet *packet, int64_t clock_us,
	struct ww_flow_counts *counts, struct ww_packet *ret)
{
	struct ww_datagram *datagram = find_datagram(defrag, packet, clock_us, counts);
	bool conflict = datagram->conflict;
	bool whole = take(defrag, datagram, packet, counts);
	conflict = !conflict && datagram->conflict;
	counts->fragment_conflicts += conflict;
	unsigned answer = conflict ? WW_DEFRAG_CONFLICT : 0;
	if (!whole)
		return answer;
	uint32_t len = write_whole(defrag, datagram);
	counts->fragments_reassembled += datagram->n_fragments;
	release(defrag, datagram);
	ww_packet_decode_ip(defrag->whole, len, len, packet->time_us, packet->frame, ret);
	return answer | WW_DEFRAG_WHOLE;
}

void ww_defrag_finish(struct ww_defrag *defrag, struct ww_flow_counts *counts)
{
	for (int i = 0; i < WW_DATAGRAMS; i++)
		if (defrag->datagrams[i].used)
			drop(defrag, &defrag->datagrams[i], counts);
}
