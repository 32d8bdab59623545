// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * IP fragments (RFC 791, 3.2; RFC 8200, 4.5) put together.
 *
 * A datagram is kept in pieces of 2 KiB, each with a bit for each of its 8-byte granules: the unit
 * that fragment offsets count in. The first copy of a granule wins; one that differs is counted.
 * RFC 5722 would have overlapping IPv6 fragments discarded whole; receivers differ, so an analyst
 * is better served by the bytes and the count.
 *
 * Bounded: 256 datagrams in sets of four, 4 MiB of pieces, 30 s of trace time. When a set is full,
 * or no piece is left, the oldest goes (of the set; of all).
 */
#include "wire/flow/flow-private.h"

#include <stdlib.h>

enum {
	SETS = WW_DATAGRAMS / WW_DATAGRAM_WAYS,
	GRANULE = 8,
	IP4_HEADER = 20,
	IP4_HEADER_MAX = 60,
	IP6_HEADER = 40,
	WHOLE_BYTES = IP4_HEADER_MAX + WW_DATAGRAM_MAX,
};

int ww_defrag_init(struct ww_defrag *defrag, struct ww_hash_key key)
{
	defrag->key = key;
	defrag->free_piece = WW_NO_PIECE;
	defrag->datagrams = calloc(WW_DATAGRAMS, sizeof(*defrag->datagrams));
	defrag->pieces = calloc(WW_PIECES, sizeof(*defrag->pieces));
	defrag->whole = calloc(1, WHOLE_BYTES);
	return defrag->datagrams && defrag->pieces && defrag->whole ? 0 : -ENOMEM;
}

void ww_defrag_done(struct ww_defrag *defrag)
{
	free(defrag->datagrams);
	free(defrag->pieces);
	free(defrag->whole);
	defrag->datagrams = NULL;
	defrag->pieces = NULL;
	defrag->whole = NULL;
}

static void release(struct ww_defrag *defrag, struct ww_datagram *datagram)
{
	for (int i = 0; i < WW_DATAGRAM_PIECES; i++) {
		uint16_t piece = datagram->pieces[i];
		if (piece == WW_NO_PIECE)
			continue;
		defrag->pieces[piece].next_free = defrag->free_piece;
		defrag->free_piece = piece;
	}
	datagram->used = false;
}

static void drop(
	struct ww_defrag *defrag, struct ww_datagram *datagram, struct ww_flow_counts *counts)
{
	counts->fragments_dropped += datagram->n_fragments;
	release(defrag, datagram);
}

static bool is_same(const struct ww_datagram *datagram, const struct ww_packet *packet)
{
	return datagram->used && datagram->ip_id == packet->ip_id &&
	       datagram->ip_version == packet->ip_version &&
	       (packet->ip_version == 6 || datagram->proto == packet->proto) &&
	       ww_ip_equal(&datagram->src, &packet->src) &&
	       ww_ip_equal(&datagram->dst, &packet->dst);
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
		if (set[i].used && clock_us - set[i].clock_us > WW_FRAGMENT_WAIT_US)
			drop(defrag, &set[i], counts);
		if (is_same(&set[i], packet))
			return &set[i];
		if (!best || (best->used && (!set[i].used || set[i].order < best->order)))
			best = &set[i];
	}
	if (best->used)
		drop(defrag, best, counts);
	*best = (struct ww_datagram){
		.used = true,
		.src = packet->src,
		.dst = packet->dst,
		.ip_id = packet->ip_id,
		.ip_version = packet->ip_version,
		.proto = packet->proto,
		.clock_us = clock_us,
		.order = ++defrag->order,
	};
	memset(best->pieces, 0xff, sizeof(best->pieces));
	return best;
}

static bool evict_oldest(
	struct ww_defrag *defrag, const struct ww_datagram *keep, struct ww_flow_counts *counts)
{
	struct ww_datagram *oldest = NULL;
	for (int i = 0; i < WW_DATAGRAMS; i++) {
		struct ww_datagram *datagram = &defrag->datagrams[i];
		if (datagram->used && datagram != keep && datagram->granules &&
			(!oldest || datagram->order < oldest->order))
			oldest = datagram;
	}
	if (!oldest)
		return false;
	drop(defrag, oldest, counts);
	return true;
}

/* Piece `i` of the datagram. NULL when the datagram alone holds all there are (it cannot). */
static struct ww_piece *get_piece(struct ww_defrag *defrag, struct ww_datagram *datagram,
	uint32_t i, struct ww_flow_counts *counts)
{
	if (datagram->pieces[i] != WW_NO_PIECE)
		return &defrag->pieces[datagram->pieces[i]];
	while (defrag->free_piece == WW_NO_PIECE && defrag->fresh_pieces == WW_PIECES)
		if (!evict_oldest(defrag, datagram, counts))
			return NULL;
	uint16_t index = defrag->free_piece;
	if (index != WW_NO_PIECE)
		defrag->free_piece = defrag->pieces[index].next_free;
	else
		index = defrag->fresh_pieces++;
	memset(defrag->pieces[index].have, 0, sizeof(defrag->pieces[index].have));
	datagram->pieces[i] = index;
	return &defrag->pieces[index];
}

static bool store(struct ww_defrag *defrag, struct ww_datagram *datagram,
	const struct ww_packet *packet, struct ww_flow_counts *counts)
{
	uint32_t len = packet->payload_len;
	for (uint32_t done = 0; done < len; done += GRANULE) {
		uint32_t offset = packet->fragment_offset + done;
		struct ww_piece *piece =
			get_piece(defrag, datagram, offset / WW_PIECE_BYTES, counts);
		if (!piece)
			return false;
		uint32_t at = offset % WW_PIECE_BYTES;
		uint32_t n = len - done < GRANULE ? len - done : GRANULE;
		uint64_t bit = (uint64_t)1 << (at / GRANULE % 64);
		uint64_t *word = &piece->have[at / GRANULE / 64];
		if (*word & bit) {
			datagram->conflict |=
				memcmp(piece->bytes + at, packet->payload + done, n) != 0;
			continue;
		}
		*word |= bit;
		memcpy(piece->bytes + at, packet->payload + done, n);
		datagram->granules++;
	}
	return true;
}

/*
 * Whether the fragment can belong to a datagram at all: within 64 KiB, whole granules before the
 * last, nothing cut off by the snap length, no disagreement on where the end is.
 */
static bool is_usable(const struct ww_datagram *datagram, const struct ww_packet *packet)
{
	uint32_t end = packet->fragment_offset + packet->payload_wire;
	if (packet->payload_len != packet->payload_wire || packet->payload_len == 0)
		return false;
	if (packet->fragment_offset > WW_DATAGRAM_MAX || packet->fragment_offset % GRANULE != 0 ||
		packet->payload_wire > WW_DATAGRAM_MAX || end > WW_DATAGRAM_MAX - IP4_HEADER)
		return false;
	if (packet->more_fragments)
		return packet->payload_len % GRANULE == 0 &&
		       (!datagram->total || end <= datagram->total);
	return datagram->total ? datagram->total == end : datagram->end <= end;
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
	for (uint32_t done = 0; done < datagram->total; done += WW_PIECE_BYTES) {
		uint32_t n = datagram->total - done;
		uint16_t piece = datagram->pieces[done / WW_PIECE_BYTES];
		memcpy(out + header + done, defrag->pieces[piece].bytes,
			n < WW_PIECE_BYTES ? n : WW_PIECE_BYTES);
	}
	return header + datagram->total;
}

bool ww_defrag_feed(struct ww_defrag *defrag, const struct ww_packet *packet, int64_t clock_us,
	struct ww_flow_counts *counts, struct ww_packet *ret)
{
	struct ww_datagram *datagram = find_datagram(defrag, packet, clock_us, counts);
	bool conflict = datagram->conflict;
	datagram->n_fragments++;
	if (!is_usable(datagram, packet)) {
		counts->fragments_dropped++;
		if (--datagram->n_fragments == 0)
			release(defrag, datagram);
		return false;
	}
	keep_header(datagram, packet);
	uint32_t end = packet->fragment_offset + packet->payload_wire;
	datagram->end = end > datagram->end ? end : datagram->end;
	if (!packet->more_fragments)
		datagram->total = end;
	if (!store(defrag, datagram, packet, counts)) {
		drop(defrag, datagram, counts);
		return false;
	}
	counts->fragment_conflicts += !conflict && datagram->conflict;
	if (!datagram->total || !datagram->header_len)
		return false;
	/* No granule lies beyond the end, so that their number says whether any is missing. */
	if (datagram->granules != (datagram->total + GRANULE - 1) / GRANULE)
		return false;
	uint32_t len = write_whole(defrag, datagram);
	counts->fragments_reassembled += datagram->n_fragments;
	release(defrag, datagram);
	ww_packet_decode_ip(defrag->whole, len, len, packet->time_us, packet->frame, ret);
	return true;
}

void ww_defrag_finish(struct ww_defrag *defrag, struct ww_flow_counts *counts)
{
	for (int i = 0; i < WW_DATAGRAMS; i++)
		if (defrag->datagrams[i].used)
			drop(defrag, &defrag->datagrams[i], counts);
}
