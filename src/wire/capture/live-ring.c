// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * From blocks of the ring to frames.
 *
 *   block   | descriptor | header, address, free, frame | header, address, free, frame | ...
 *                          tpacket3_hdr | sockaddr_ll | WW_LIVE_RESERVE and padding | bytes
 *
 * tp_mac and tp_net are offsets from the header to the link and the network layer; a cooked socket
 * gives no link layer (tp_mac == tp_net), so one is written in front of the bytes.
 */
#include "wire/capture/live-private.h"

#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <string.h>

enum { ADDRESSES = 2 * ETH_ALEN, TAG = 4, COOKED = 16 };

static void put_be16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static bool has_tag(const struct tpacket3_hdr *header)
{
	return (header->tp_status & TP_STATUS_VLAN_VALID) != 0 || header->hv1.tp_vlan_tci != 0;
}

static uint16_t tag_type(const struct tpacket3_hdr *header)
{
	if ((header->tp_status & TP_STATUS_VLAN_TPID_VALID) && header->hv1.tp_vlan_tpid != 0)
		return header->hv1.tp_vlan_tpid;
	return ETH_P_8021Q;
}

/* IEEE 802.1Q: type and tag stand between the addresses and the type. Returns the new start. */
static uint8_t *put_tag(uint8_t *frame, const struct tpacket3_hdr *header)
{
	uint8_t *start = frame - TAG;
	memmove(start, frame, ADDRESSES);
	put_be16(start + ADDRESSES, tag_type(header));
	put_be16(start + ADDRESSES + 2, (uint16_t)header->hv1.tp_vlan_tci);
	return start;
}

/*
 * LINKTYPE_LINUX_SLL: packet type, ARPHRD_, address length, address (8), protocol; all of two
 * bytes but the address. Returns the new start.
 */
static uint8_t *put_cooked(
	uint8_t *frame, const struct tpacket3_hdr *header, const struct sockaddr_ll *from)
{
	uint16_t protocol = __builtin_bswap16(from->sll_protocol);
	uint8_t *start = frame;
	if (has_tag(header)) {
		start -= TAG;
		put_be16(start, (uint16_t)header->hv1.tp_vlan_tci);
		put_be16(start + 2, protocol);
		protocol = tag_type(header);
	}
	start -= COOKED;
	put_be16(start, from->sll_pkttype);
	put_be16(start + 2, from->sll_hatype);
	put_be16(start + 4, from->sll_halen);
	memcpy(start + 6, from->sll_addr, sizeof(from->sll_addr));
	put_be16(start + 14, protocol);
	return start;
}

bool ww_live_frame(struct ww_live *live, struct tpacket3_hdr *header, struct ww_frame *ret)
{
	const struct sockaddr_ll *from =
		(const struct sockaddr_ll *)((const uint8_t *)header +
					     TPACKET_ALIGN(sizeof(struct tpacket3_hdr)));
	/* What a loopback sends it receives as well: once is enough. */
	if (from->sll_pkttype == PACKET_OUTGOING && from->sll_hatype == ARPHRD_LOOPBACK)
		return false;
	uint8_t *data = (uint8_t *)header + header->tp_mac, *start = data;
	if (live->link_type == WW_LIVE_LINK_COOKED)
		start = put_cooked(data, header, from);
	else if (live->link_type == WW_LIVE_LINK_ETHERNET && has_tag(header) &&
		 header->tp_snaplen >= ADDRESSES)
		start = put_tag(data, header);
	uint32_t more = (uint32_t)(data - start);
	*ret = (struct ww_frame){
		.data = start,
		.captured = header->tp_snaplen + more,
		.length = header->tp_len + more,
		.time_us = (int64_t)header->tp_sec * 1000000 + header->tp_nsec / 1000,
		.number = ++live->counts.read,
		.link_type = live->link_type,
	};
	if (ret->length < ret->captured)
		ret->length = ret->captured;
	return true;
}

static struct tpacket_hdr_v1 *block_at(const struct ww_live *live, uint32_t i)
{
	struct tpacket_block_desc *block =
		(struct tpacket_block_desc *)(live->ring + (size_t)i * WW_LIVE_BLOCK_BYTES);
	return &block->hdr.bh1;
}

static void give_back(struct ww_live *live)
{
	struct tpacket_hdr_v1 *block = block_at(live, live->block);
	__atomic_store_n(&block->block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	live->block = (live->block + 1) % live->n_blocks;
	live->holds = false;
}

/* True: there is a block with frames. */
static bool take(struct ww_live *live)
{
	struct tpacket_hdr_v1 *block = block_at(live, live->block);
	if (!(__atomic_load_n(&block->block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
		return false;
	live->left = block->num_pkts;
	live->next = (uint8_t *)block - offsetof(struct tpacket_block_desc, hdr) +
		     block->offset_to_first_pkt;
	live->holds = true;
	return true;
}

enum ww_capture_state ww_live_read(
	struct ww_live *live, struct ww_frame frames[WW_BATCH], size_t *ret_n)
{
	size_t n = 0;
	*ret_n = 0;
	if (live->holds && live->left == 0) /* its frames were lent until now */
		give_back(live);
	if (!live->holds && !take(live))
		return live->state;
	while (live->left > 0 && n < WW_BATCH) {
		struct tpacket3_hdr *header = (struct tpacket3_hdr *)live->next;
		live->next += header->tp_next_offset;
		live->left--;
		__builtin_prefetch(live->next);
		n += ww_live_frame(live, header, &frames[n]);
	}
	*ret_n = n;
	return n > 0 ? WW_CAPTURE_MORE : live->state;
}
