// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Keys of a packet: one pass over the addresses gives every table's hash, so that all of them can
 * be prefetched before the first is needed.
 *
 * The duplicate hash covers what a second capture of the same IP packet leaves unchanged. TTL and
 * checksums differ between two sides of a router, or where offload fills them in later, and are
 * left out. A retransmission by a host has a new IP identification (445_scan-like SYN repeats), or
 * another timestamp option, which the first bytes of the options show; where it has neither, it
 * brings nothing new either.
 */
#include "wire/flow/flow-private.h"

#include <stdlib.h>

enum {
	TCP_HEADER = 20,
	HEAD = 16,
};

int ww_duplicates_init(struct ww_duplicates *duplicates)
{
	duplicates->tags = calloc(WW_DUPLICATE_SLOTS, sizeof(*duplicates->tags));
	return duplicates->tags ? 0 : -ENOMEM;
}

void ww_duplicates_done(struct ww_duplicates *duplicates)
{
	free(duplicates->tags);
	duplicates->tags = NULL;
}

static inline uint64_t mix_bytes(uint64_t hash, uint64_t secret, const uint8_t *bytes, uint32_t len)
{
	uint64_t a = 0;
	uint64_t b = 0;
	if (len >= HEAD) {
		memcpy(&a, bytes, 8);
		memcpy(&b, bytes + 8, 8);
	} else if (len >= 8) {
		memcpy(&a, bytes, 8);
		memcpy(&b, bytes + len - 8, 8);
	} else if (len) {
		memcpy(&a, bytes, len);
	}
	return ww_hash_mum(a ^ hash, b ^ secret ^ (uint64_t)len << 32);
}

static inline uint64_t mix_options(uint64_t hash, uint64_t secret, const struct ww_packet *p)
{
	if (p->tcp_header_len <= TCP_HEADER || !p->transport)
		return hash;
	size_t before = (size_t)(p->transport - p->network);
	if (before + p->tcp_header_len > p->network_len)
		return hash;
	return mix_bytes(
		hash, secret, p->transport + TCP_HEADER, (uint32_t)p->tcp_header_len - TCP_HEADER);
}

static inline uint64_t duplicate_hash(
	const struct ww_hash_key *key, const struct ww_packet *p, const struct ww_keys *keys)
{
	bool tcp = p->proto == WW_PROTO_TCP && p->has_transport;
	if (p->ip_id == 0 && !tcp)
		return 0;
	uint64_t hash;
	if (tcp) {
		uint64_t numbers = (uint64_t)p->seq << 32 | p->ack;
		uint64_t rest = (uint64_t)p->tcp_flags << 56 ^ (uint64_t)p->window << 40 ^
				(uint64_t)p->ip_id << 24 ^ p->payload_wire;
		hash = ww_hash_mum(keys->src_end ^ numbers, (keys->dst_end ^ key->k[1]) + rest);
		hash = mix_options(hash, key->k[0], p);
	} else {
		/* Of ICMP: type and code. */
		uint64_t kind = p->has_transport ? (uint64_t)p->sport << 8 ^ p->dport : 0;
		uint64_t about = (uint64_t)p->ip_id << 24 ^ p->fragment_offset;
		hash = ww_hash_mum(keys->src_end ^ about, (keys->dst_end ^ key->k[1]) + kind);
	}
	if (p->payload_len)
		hash = mix_bytes(hash, key->k[3] ^ p->payload_wire, p->payload, p->payload_len);
	return hash + !hash;
}

static inline uint8_t kind_of(const struct ww_packet *packet)
{
	if (packet->ip_version == 0)
		return WW_KIND_NONE;
	if (packet->is_fragment)
		return WW_KIND_FRAGMENT;
	if (!packet->has_transport)
		return WW_KIND_OTHER;
	if (packet->proto == WW_PROTO_UDP)
		return WW_KIND_UDP;
	if (packet->proto != WW_PROTO_TCP)
		return WW_KIND_OTHER;
	/* ECN's ECE and CWR, and a scanner's FIN or URG beside it, leave a SYN a SYN. */
	uint8_t flags = packet->tcp_flags & (WW_TCP_SYN | WW_TCP_ACK | WW_TCP_RST);
	return flags == WW_TCP_SYN ? WW_KIND_SYN : WW_KIND_TCP;
}

void ww_keys_make(
	const struct ww_hash_key *key, const struct ww_packet *packet, struct ww_keys *ret)
{
	ret->kind = kind_of(packet);
	ret->entry = UINT32_MAX;
	if (ret->kind == WW_KIND_NONE) {
		ret->duplicate = 0;
		return;
	}
	bool ports = ret->kind >= WW_KIND_SYN;
	ret->src_host = ww_host_hash(key, &packet->src);
	ret->dst_host = ww_host_hash(key, &packet->dst);
	ret->src_end = ww_end_hash(key, ret->src_host, packet->proto, ports ? packet->sport : 0);
	ret->dst_end = ww_end_hash(key, ret->dst_host, packet->proto, ports ? packet->dport : 0);
	if (ret->kind == WW_KIND_SYN)
		ret->flow = ww_attempt_hash(key, ret->src_host, ret->dst_end);
	else if (ports)
		ret->flow = ww_hash_mum((ret->src_end + ret->dst_end) ^ key->k[0],
			(ret->src_end ^ ret->dst_end) ^ key->k[1]);
	ret->duplicate = duplicate_hash(key, packet, ret);
}
