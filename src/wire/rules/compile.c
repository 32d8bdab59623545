// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Which rules can apply to a flow: groups.
 *
 * A group is the exact list of rules that fit a direction of a flow by protocol, addresses, ports
 * and direction. Equal lists are one group (interned). Lists are made when a flow needs them and
 * remembered by a key that is small although ports and addresses are many: all ports that are in
 * the same port sets are one class, and addresses count only by the sets they are in. So a flow
 * costs two searches of its ports, a test of each address set, and one probe.
 *
 * Bounds: 4,096 groups and 16,384 remembered keys. Beyond them flows share one group of each
 * protocol and direction that holds every rule, which then checks addresses and ports again.
 */
#include "wire/rules/rules-private.h"

#include <stdlib.h>
#include <string.h>

static unsigned class_of(uint8_t proto)
{
	if (proto == WW_PROTO_TCP)
		return WW_CLASS_TCP;
	if (proto == WW_PROTO_UDP)
		return WW_CLASS_UDP;
	return proto == WW_PROTO_ICMP || proto == WW_PROTO_ICMPV6 ? WW_CLASS_ICMP : WW_CLASS_OTHER;
}

static bool all_ports(const struct ww_port_set *set)
{
	return set->n == 1 && set->ranges[0].low == 0 && set->ranges[0].high == 65535;
}

static bool port_fits(const struct ww_port_set *set, int port)
{
	return port < 0 ? all_ports(set) : ww_port_set_contains(set, (uint16_t)port);
}

bool ww_rule_header_fits(const struct ww_rules *rules, const struct ww_item *item,
	const struct ww_ip *src, const struct ww_ip *dst, int sport, int dport)
{
	uint16_t from = ww_address_class(rules, src), to = ww_address_class(rules, dst);
	/* Who the server is is not known here: either end may be. */
	if (item->service && !item->spoken &&
		!port_fits(&rules->ports[item->service - 1], sport) &&
		!port_fits(&rules->ports[item->service - 1], dport))
		return false;
	for (int turn = 0; turn <= item->both_ways; turn++) {
		if (ww_address_in(rules, item->src, turn ? to : from, turn ? dst : src) &&
			ww_address_in(rules, item->dst, turn ? from : to, turn ? src : dst) &&
			port_fits(&rules->ports[item->sport], turn ? dport : sport) &&
			port_fits(&rules->ports[item->dport], turn ? sport : dport))
			return true;
	}
	return false;
}

/* ---- classes of ports ---- */

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

static uint64_t port_signature(const struct ww_rules *rules, uint16_t port)
{
	uint64_t hash = 0, bits = 0;
	for (uint32_t i = 0; i < rules->n_ports; i++) {
		bits = bits << 1 | ww_port_set_contains(&rules->ports[i], port);
		if (i % 64 == 63 || i + 1 == rules->n_ports) {
			hash = ww_hash_2(&rules->key, hash, bits);
			bits = 0;
		}
	}
	return hash;
}

/* Cuts 0-65535 where any set begins or ends; parts with the same sets are one class. */
static int make_classes(struct ww_rules *rules)
{
	size_t n = 1, k = 1;
	for (uint32_t i = 0; i < rules->n_ports; i++)
		n += 2 * (size_t)rules->ports[i].n;
	uint32_t *bounds = calloc(n, sizeof(*bounds));
	uint64_t *signatures = calloc(n, sizeof(*signatures));
	rules->port_class = calloc(65536, sizeof(*rules->port_class));
	rules->class_port = calloc(n, sizeof(*rules->class_port));
	int r = bounds && signatures && rules->port_class && rules->class_port ? 0 : -ENOMEM;
	for (uint32_t i = 0; r == 0 && i < rules->n_ports; i++) {
		for (uint32_t range = 0; range < rules->ports[i].n; range++) {
			bounds[k++] = rules->ports[i].ranges[range].low;
			bounds[k++] = rules->ports[i].ranges[range].high + 1u;
		}
	}
	if (r == 0)
		qsort(bounds, k, sizeof(*bounds), by_number);
	for (size_t i = 0; r == 0 && i < k && bounds[i] < 65536; i++) {
		uint32_t end = i + 1 < k && bounds[i + 1] < 65536 ? bounds[i + 1] : 65536;
		if (bounds[i] == end)
			continue;
		uint64_t signature = port_signature(rules, (uint16_t)bounds[i]);
		uint32_t class = 0;
		while (class < rules->n_classes && signatures[class] != signature)
			class ++;
		if (class == rules->n_classes) {
			signatures[class] = signature;
			rules->class_port[class] = (uint16_t)bounds[i];
			rules->n_classes++;
		}
		for (uint32_t port = bounds[i]; port < end; port++)
			rules->port_class[port] = (uint16_t) class;
	}
	free(bounds);
	free(signatures);
	return r;
}

/* UINT16_MAX: there is no port. */
static uint16_t port_class(const struct ww_rules *rules, int port)
{
	return port < 0 ? UINT16_MAX : rules->port_class[port];
}

/* ---- the list of a group ---- */

static size_t member_words(const struct ww_rules *rules)
{
	return rules->n_items / 64 + 1;
}

bool ww_kind_fits(const struct ww_item *item, unsigned class, unsigned kind)
{
	const struct ww_flow_option *flow = &item->flow;
	if (item->proto != 0 && class_of(item->proto) != class)
		return false;
	if (kind == WW_KIND_TO_CLIENT)
		return !flow->to_server;
	if (flow->to_client)
		return false;
	return kind != WW_KIND_LONE || (!flow->established && !flow->only_stream);
}

static void fill_bits(struct ww_rules *rules, unsigned end, const struct ww_ip *ip, uint16_t class)
{
	uint16_t address_class = ww_address_class(rules, ip);
	for (uint32_t i = 0; i < rules->n_addresses; i++)
		rules->address_bits[end][i] = ww_address_in(rules, i, address_class, ip);
	for (uint32_t i = 0; i < rules->n_ports; i++)
		rules->port_bits[end][i] = port_fits(
			&rules->ports[i], class == UINT16_MAX ? -1 : rules->class_port[class]);
}

static bool listed(const struct ww_rules *rules, const struct ww_item *item, unsigned kind)
{
	const uint8_t *server = rules->port_bits[kind != WW_KIND_TO_CLIENT];
	if (item->service && !item->spoken && !server[item->service - 1])
		return false;
	for (int turn = 0; turn <= item->both_ways; turn++)
		if (rules->address_bits[turn][item->src] && rules->address_bits[!turn][item->dst] &&
			rules->port_bits[turn][item->sport] && rules->port_bits[!turn][item->dport])
			return true;
	return false;
}

/* Rules that fit into rules->list; how many. */
static uint32_t make_list(struct ww_rules *rules, unsigned class, unsigned kind, bool every)
{
	uint32_t n = 0;
	memset(rules->list, 0, member_words(rules) * sizeof(*rules->list));
	for (uint32_t i = 0; i < rules->n_items; i++)
		if (ww_kind_fits(&rules->items[i], class, kind) &&
			(every || listed(rules, &rules->items[i], kind))) {
			rules->list[i / 64] |= (uint64_t)1 << i % 64;
			n++;
		}
	return n;
}

static bool is_member(const struct ww_group *group, uint32_t rule)
{
	return group->member[rule / 64] >> rule % 64 & 1;
}

static enum ww_section section_of(const struct ww_item *item, unsigned class, unsigned kind)
{
	bool stream = class == WW_CLASS_TCP && kind != WW_KIND_LONE && !item->packet_only;
	if (item->buffers)
		return WW_SECTION_MESSAGE;
	return stream ? WW_SECTION_STREAM : WW_SECTION_PACKET;
}

/* The section, and the buffer, whose scanner has the rule's pattern: see ww_scan_packet. */
static void scanned_with(const struct ww_item *item, unsigned class, unsigned kind,
	enum ww_section *section, enum ww_buffer *buffer)
{
	bool joint = class == WW_CLASS_TCP && kind != WW_KIND_LONE;
	*section = section_of(item, class, kind);
	*buffer = (enum ww_buffer)item->fast_buffer;
	if (!joint ||
		(*section == WW_SECTION_MESSAGE && !(WW_BODIES & WW_BUFFER_BIT(item->fast_buffer))))
		return;
	*section = WW_SECTION_STREAM;
	*buffer = WW_BUFFER_RAW;
}

static bool fill_sections(struct ww_rules *rules, struct ww_group *group)
{
	for (int turn = 0; turn < 2; turn++) {
		for (uint32_t k = 0; k < rules->n_items; k++) {
			uint32_t i = rules->by_work[k];
			const struct ww_item *item = &rules->items[i];
			if (!is_member(group, i))
				continue;
			struct ww_section_rules *section =
				&group->sections[section_of(item, group->class, group->kind)];
			if (turn == 0)
				*(item->fast_len ? &section->n_fast : &section->n_always) += 1;
			else if (!item->fast_len)
				section->always[section->n_always++] = i;
		}
		for (unsigned s = 0; s < WW_SECTION_COUNT && turn == 0; s++) {
			struct ww_section_rules *section = &group->sections[s];
			section->always = calloc(section->n_always + 1u, sizeof(*section->always));
			if (!section->always)
				return false;
			section->n_always = 0;
		}
	}
	return true;
}

static void group_done(struct ww_group *group)
{
	for (unsigned s = 0; s < WW_SECTION_COUNT; s++) {
		free(group->sections[s].always);
		ww_scanner_free(&group->sections[s].own);
	}
	free(group->member);
}

void ww_groups_done(struct ww_rules *rules)
{
	for (uint32_t i = 0; i < rules->n_groups; i++)
		group_done(&rules->groups[i]);
	free(rules->groups);
	free(rules->cache);
	for (size_t i = 0; i < 2; i++) {
		free(rules->address_bits[i]);
		free(rules->port_bits[i]);
	}
	free(rules->list);
	free(rules->by_work);
	free(rules->port_class);
	free(rules->lone_tcp);
	free(rules->class_port);
	free(rules->counters);
}

static bool is_scanned_raw(const struct ww_rules *rules, const struct ww_group *group,
	uint32_t rule, enum ww_section section)
{
	enum ww_section in;
	enum ww_buffer buffer;
	if (!is_member(group, rule) || !rules->items[rule].fast_len)
		return false;
	scanned_with(&rules->items[rule], group->class, group->kind, &in, &buffer);
	return in == section && buffer == WW_BUFFER_RAW;
}

/* Scanners of the group's own, as far as they are small and memory allows; all have the others. */
static void add_own(struct ww_rules *rules, struct ww_group *group)
{
	for (unsigned s = 0; s < WW_SECTION_COUNT; s++) {
		struct ww_section_rules *section = &group->sections[s];
		uint32_t n = 0;
		for (uint32_t i = 0; i < rules->n_items; i++)
			n += is_scanned_raw(rules, group, i, (enum ww_section)s);
		if (s == WW_SECTION_STREAM && ww_group_is_joint(group))
			group->n_joint = n;
		if (n == 0 || n > WW_OWN_RULES || rules->own_bytes > WW_OWN_BYTES)
			continue;
		int r = 0;
		for (uint32_t i = 0; r == 0 && i < rules->n_items; i++)
			if (is_scanned_raw(rules, group, i, (enum ww_section)s))
				r = ww_scanner_add(&section->own, i);
		if (r == 0 && section->own)
			r = ww_scanner_build(rules, section->own);
		if (r < 0)
			ww_scanner_free(&section->own);
		if (section->own)
			rules->own_bytes += ww_matcher_bytes(section->own->matcher);
	}
}

static bool asks_for_bit(const struct ww_item *item)
{
	for (size_t i = 0; i < item->n_bits; i++)
		if (item->bits[i].op == WW_BIT_ISSET)
			return true;
	return false;
}

static bool is_gated(const struct ww_rules *rules, const struct ww_group *group)
{
	for (uint32_t i = 0; i < rules->n_items; i++)
		if (is_member(group, i) && !asks_for_bit(&rules->items[i]))
			return false;
	return true;
}

/* Whether an interface was accepted is said in the other direction. */
static bool listens(const struct ww_rules *rules, const struct ww_group *group)
{
	for (uint32_t i = 0; i < rules->n_items; i++)
		if (is_member(group, i) &&
			rules->items[i].buffers & WW_BUFFER_BIT(WW_BUFFER_DCE_STUB))
			return true;
	return false;
}

static bool greeted(const struct ww_rules *rules, const struct ww_group *group)
{
	const uint64_t ftp =
		WW_BUFFER_BIT(WW_BUFFER_FTP_COMMAND) | WW_BUFFER_BIT(WW_BUFFER_FTP_COMMAND_DATA);
	for (uint32_t i = 0; i < rules->n_items; i++)
		if (is_member(group, i) && rules->items[i].buffers & ftp)
			return true;
	return false;
}

/* The group of rules->list, which has n rules, made if it is new. 0 when n is 0 or memory is short.
 */
static uint16_t intern(
	struct ww_rules *rules, uint32_t n, unsigned class, unsigned kind, bool superset)
{
	if (n == 0)
		return 0;
	size_t size = member_words(rules) * sizeof(*rules->list);
	uint64_t hash = ww_hash_bytes(&rules->key, rules->list, size);
	for (uint32_t g = 1; g < rules->n_groups && !superset; g++) {
		const struct ww_group *group = &rules->groups[g];
		if (group->hash == hash && group->class == class && group->kind == kind &&
			!group->superset && memcmp(group->member, rules->list, size) == 0)
			return (uint16_t)g;
	}
	struct ww_group group = {.n_rules = n,
		.hash = hash,
		.superset = superset,
		.class = (uint8_t) class,
		.kind = (uint8_t)kind};
	group.member = malloc(size);
	if (group.member)
		memcpy(group.member, rules->list, size);
	if (!group.member || !fill_sections(rules, &group)) {
		group_done(&group);
		return 0;
	}
	add_own(rules, &group);
	group.gated = is_gated(rules, &group);
	group.listens = listens(rules, &group);
	ww_messages_want(rules, &group);
	group.greeted = greeted(rules, &group);
	rules->groups[rules->n_groups] = group;
	rules->counts.groups++;
	return (uint16_t)rules->n_groups++;
}

static uint16_t superset_of(struct ww_rules *rules, unsigned class, unsigned kind)
{
	uint16_t *known = &rules->superset[class][kind];
	if (!*known)
		*known = intern(rules, make_list(rules, class, kind, true), class, kind, true);
	return *known;
}

/* ---- the memory of keys ---- */

static uint16_t find_group(struct ww_rules *rules, uint8_t proto, unsigned kind,
	const struct ww_ip *src, const struct ww_ip *dst, int sport, int dport)
{
	unsigned class = class_of(proto);
	uint16_t src_class = ww_address_class(rules, src), dst_class = ww_address_class(rules, dst);
	uint16_t sport_class = port_class(rules, sport), dport_class = port_class(rules, dport);
	if (src_class == WW_ADDRESS_NO_CLASS || dst_class == WW_ADDRESS_NO_CLASS)
		return superset_of(rules, class, kind);
	uint64_t classes = (uint64_t)src_class << 48 | (uint64_t)dst_class << 32 |
			   (uint64_t)sport_class << 16 | dport_class;
	uint16_t about = (uint16_t)(class << 8 | kind);
	uint64_t hash = ww_hash_2(&rules->key, classes, about);
	struct ww_group_key *slot;
	for (size_t i = hash;; i++) {
		slot = &rules->cache[i % WW_GROUP_CACHE];
		if (!slot->used)
			break;
		if (slot->classes == classes && slot->about == about)
			return slot->group;
	}
	if (rules->n_cache >= WW_GROUP_CACHE * 3 / 4 ||
		rules->n_groups + 4 * WW_KINDS >= WW_GROUPS_MAX)
		return superset_of(rules, class, kind);
	fill_bits(rules, 0, src, sport_class);
	fill_bits(rules, 1, dst, dport_class);
	uint16_t group = intern(rules, make_list(rules, class, kind, false), class, kind, false);
	*slot = (struct ww_group_key){classes, about, group, true};
	rules->n_cache++;
	return group;
}

static uint16_t group_of(struct ww_rules *rules, const struct ww_flow *flow, enum ww_dir dir)
{
	unsigned class = class_of(flow->proto);
	bool ports = class == WW_CLASS_TCP || class == WW_CLASS_UDP;
	int client_port = ports ? flow->client_port : -1;
	int server_port = ports ? flow->server_port : -1;
	if (!rules->has_rules[class])
		return 0;
	if (dir == WW_DIR_TO_SERVER)
		return find_group(rules, flow->proto, WW_KIND_TO_SERVER, &flow->client,
			&flow->server, client_port, server_port);
	return find_group(rules, flow->proto, WW_KIND_TO_CLIENT, &flow->server, &flow->client,
		server_port, client_port);
}

void ww_rules_wanted(struct ww_rules *rules, struct ww_flow *flow)
{
	for (int dir = 0; dir < 2; dir++) {
		uint16_t group = group_of(rules, flow, (enum ww_dir)dir);
		bool gated = rules->groups[group].gated;
		flow->groups[dir] = gated ? 0 : group;
		flow->later |= (unsigned char)(gated << dir);
		if (rules->groups[group].listens)
			flow->later |= (unsigned char)(1 << !dir);
	}
	/* What is looked at both ways from the beginning never asks for more. */
	flow->settled = flow->groups[0] && flow->groups[1];
	uint16_t *to_client = &flow->groups[WW_DIR_TO_CLIENT];
	if (*to_client == 0 && rules->groups[flow->groups[WW_DIR_TO_SERVER]].greeted)
		*to_client = WW_GROUP_LISTEN;
	if (*to_client == 0 && ww_transfers_expect(rules, flow))
		*to_client = WW_GROUP_LISTEN;
}

void ww_rules_open_gates(struct ww_rules *rules, struct ww_flow *flow)
{
	for (int dir = 0; dir < 2; dir++) {
		if (flow->groups[dir] > WW_GROUP_LISTEN || ww_encrypted_is(flow, (enum ww_dir)dir))
			continue;
		uint16_t group = group_of(rules, flow, (enum ww_dir)dir);
		if (group)
			flow->groups[dir] = group;
	}
}

bool ww_rules_want_empty(const struct ww_rules *rules)
{
	for (size_t class = 0; class < WW_N(rules->lone_empty); class ++)
		if (rules->lone_empty[class])
			return true;
	return false;
}

uint16_t ww_rules_group(struct ww_rules *rules, const struct ww_packet *packet)
{
	if (packet->ip_version == 0)
		return 0;
	unsigned class = class_of(packet->proto);
	bool whole = packet->has_transport;
	/* Without a transport header only rules of protocol ip can speak of it. */
	if (!whole)
		class = WW_CLASS_OTHER;
	if (!rules->lone[class] || (packet->payload_len == 0 && !rules->lone_empty[class]))
		return 0;
	if (class == WW_CLASS_TCP && packet->payload_len == 0 && rules->lone_tcp)
		return ww_lone_any(rules, packet) ? WW_GROUP_LONE : 0;
	bool ports = whole && (class == WW_CLASS_TCP || class == WW_CLASS_UDP);
	return find_group(rules, whole ? packet->proto : 255, WW_KIND_LONE, &packet->src,
		&packet->dst, ports ? packet->sport : -1, ports ? packet->dport : -1);
}

static int allocate(struct ww_rules *rules)
{
	size_t n = rules->n_items + 1;
	for (size_t i = 0; i < 2; i++) {
		rules->address_bits[i] = calloc(rules->n_addresses + 1u, 1);
		rules->port_bits[i] = calloc(rules->n_ports + 1u, 1);
		if (!rules->address_bits[i] || !rules->port_bits[i])
			return -ENOMEM;
	}
	rules->list = calloc(member_words(rules), sizeof(*rules->list));
	rules->by_work = calloc(n, sizeof(*rules->by_work));
	rules->groups = calloc(WW_GROUPS_MAX, sizeof(*rules->groups));
	rules->cache = calloc(WW_GROUP_CACHE, sizeof(*rules->cache));
	rules->counters = calloc(WW_COUNTERS, sizeof(*rules->counters));
	if (!rules->list || !rules->by_work || !rules->groups || !rules->cache || !rules->counters)
		return -ENOMEM;
	/* Who only listens has no rules. */
	rules->groups[WW_GROUP_LISTEN] = (struct ww_group){.superset = true,
		.member = calloc(member_words(rules), sizeof(*rules->groups->member))};
	rules->n_groups = WW_GROUP_LISTEN + 1;
	if (!rules->groups[WW_GROUP_LISTEN].member)
		return -ENOMEM;
	return 0;
}

static void sort_by_work(struct ww_rules *rules)
{
	uint32_t n = 0;
	for (uint8_t order = 0; order <= 2; order++)
		for (uint32_t i = 0; i < rules->n_items; i++)
			if (rules->items[i].order == order)
				rules->by_work[n++] = i;
}

/* Each rule with a fast pattern into the scanners of every class and kind that it fits. */
static int fill_scanners(struct ww_rules *rules)
{
	for (uint32_t i = 0; i < rules->n_items; i++) {
		const struct ww_item *item = &rules->items[i];
		for (unsigned at = 0; item->fast_len && at < WW_CLASSES * WW_KINDS; at++) {
			unsigned class = at / WW_KINDS, kind = at % WW_KINDS;
			enum ww_section section;
			enum ww_buffer buffer;
			scanned_with(item, class, kind, &section, &buffer);
			if (ww_kind_fits(item, class, kind) &&
				ww_scanner_add(&rules->scanners[class][kind][section][buffer], i) <
					0)
				return -ENOMEM;
		}
	}
	return ww_scanners_build(rules);
}

int ww_rules_compile(struct ww_rules *rules, struct ww_err *err)
{
	if (rules->compiled)
		return ww_fail(err, WW_NOWHERE, -EINVAL, "the rules are compiled already");
	rules->compiled = true;
	ww_filters_apply(rules);
	int r = allocate(rules);
	if (r == 0)
		r = make_classes(rules);
	if (r == 0)
		r = ww_address_classes_make(rules);
	if (r == 0)
		r = fill_scanners(rules);
	if (r == 0) {
		sort_by_work(rules);
		r = ww_lone_build(rules);
	}
	if (r == 0)
		r = ww_messages_init(rules);
	if (r == 0)
		r = ww_desk_new(rules, &rules->desk);
	if (r < 0)
		return ww_fail(err, WW_NOWHERE, r, "out of memory");
	for (size_t i = 0; i < rules->n_items; i++) {
		const struct ww_item *item = &rules->items[i];
		for (unsigned class = 0; class < WW_CLASSES; class ++) {
			rules->has_rules[class] |=
				item->proto == 0 || class_of(item->proto) == class;
			if (!ww_kind_fits(item, class, WW_KIND_LONE))
				continue;
			rules->lone[class] = true;
			rules->lone_empty[class] |= !item->needs_payload;
		}
	}
	return 0;
}
