// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * TCP packets of no flow and without payload: SYNs of a scan, RSTs and SYN-ACKs of a flood.
 *
 * There may be ten million of them and a rule for none, so they must cost next to nothing. The
 * rules that can apply to one are few (no payload option, no established flow). Each is a bit; the
 * packet's flags, port and window name three words of bits, and the rules in all three are tried
 * with all they ask for. Where no bit is left, nothing is done at all: no address is looked up, no
 * group, no hash.
 *
 * Rules that fit everything by these three cost a try each packet. More than WW_LONE_RULES: this
 * shortcut is off, and such packets have groups like all others.
 */
#include "wire/rules/rules-private.h"

#include <stdlib.h>
#include <string.h>

struct mask {
	uint64_t words[WW_LONE_RULES / 64];
};

struct ww_lone {
	uint32_t n;
	uint32_t rules[WW_LONE_RULES]; /* in the order of work */
	struct mask by_flags[256], by_window[256];
	struct mask by_port[]; /* by the class of the destination's port */
};

/* Windows of scanners are few: 1024, 16384, 65535; neighbours need not be told apart. */
static size_t window_slot(uint16_t window)
{
	return (uint16_t)(window * 0x9e37u) >> 8;
}

static void set(struct mask *mask, uint32_t bit)
{
	mask->words[bit / 64] |= (uint64_t)1 << bit % 64;
}

/* Whether the rule's checks of this kind let a packet through that differs in nothing else. */
static bool checks_fit(
	const struct ww_item *item, enum ww_check_kind kind, const struct ww_packet *packet)
{
	for (size_t i = 0; i < item->n_checks; i++)
		if (ww_check_kind(&item->checks[i]) == kind &&
			!item->checks[i].match(&item->checks[i], packet))
			return false;
	return true;
}

static bool has_check(const struct ww_item *item, enum ww_check_kind kind)
{
	for (size_t i = 0; i < item->n_checks; i++)
		if (ww_check_kind(&item->checks[i]) == kind)
			return true;
	return false;
}

static void enter(const struct ww_rules *rules, struct ww_lone *lone, const struct ww_item *item,
	uint32_t bit)
{
	struct ww_packet packet = {.ip_version = 4, .proto = WW_PROTO_TCP, .has_transport = true};
	for (unsigned flags = 0; flags < 256; flags++) {
		packet.tcp_flags = (uint8_t)flags;
		if (checks_fit(item, WW_CHECK_FLAGS, &packet))
			set(&lone->by_flags[flags], bit);
	}
	bool any_window = !has_check(item, WW_CHECK_WINDOW);
	for (unsigned slot = 0; any_window && slot < WW_N(lone->by_window); slot++)
		set(&lone->by_window[slot], bit);
	for (unsigned window = 0; !any_window && window < 65536; window++) {
		packet.window = (uint16_t)window;
		if (checks_fit(item, WW_CHECK_WINDOW, &packet))
			set(&lone->by_window[window_slot((uint16_t)window)], bit);
	}
	for (uint32_t class = 0; class < rules->n_classes; class ++)
		if (item->both_ways ||
			ww_port_set_contains(&rules->ports[item->dport], rules->class_port[class]))
			set(&lone->by_port[class], bit);
}

/* A flowbit is never set where there is no flow. */
static bool can_apply(const struct ww_item *item)
{
	for (size_t i = 0; i < item->n_bits; i++)
		if (item->bits[i].op == WW_BIT_ISSET)
			return false;
	return !item->needs_payload && ww_kind_fits(item, WW_CLASS_TCP, WW_KIND_LONE);
}

int ww_lone_build(struct ww_rules *rules)
{
	struct ww_lone *lone =
		calloc(1, sizeof(*lone) + rules->n_classes * sizeof(lone->by_port[0]));
	if (!lone)
		return -ENOMEM;
	for (uint32_t k = 0; k < rules->n_items; k++) {
		uint32_t rule = rules->by_work[k];
		if (!can_apply(&rules->items[rule]))
			continue;
		if (lone->n == WW_LONE_RULES) {
			free(lone);
			return 0;
		}
		enter(rules, lone, &rules->items[rule], lone->n);
		lone->rules[lone->n++] = rule;
	}
	rules->lone_tcp = lone;
	return 0;
}

static uint64_t word_of(const struct ww_rules *rules, const struct ww_packet *packet, size_t word)
{
	const struct ww_lone *lone = rules->lone_tcp;
	return lone->by_flags[packet->tcp_flags].words[word] &
	       lone->by_window[window_slot(packet->window)].words[word] &
	       lone->by_port[rules->port_class[packet->dport]].words[word];
}

bool ww_lone_any(const struct ww_rules *rules, const struct ww_packet *packet)
{
	for (size_t word = 0; word * 64 < rules->lone_tcp->n; word++)
		if (word_of(rules, packet, word))
			return true;
	return false;
}

void ww_lone_each(const struct ww_rules *rules, const struct ww_packet *packet,
	void (*each)(void *context, uint32_t rule), void *context)
{
	for (size_t word = 0; word * 64 < rules->lone_tcp->n; word++)
		for (uint64_t bits = word_of(rules, packet, word); bits; bits &= bits - 1)
			each(context,
				rules->lone_tcp->rules[word * 64 + (size_t)__builtin_ctzll(bits)]);
}
