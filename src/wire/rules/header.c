// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The part of a rule before its bracket:
 *
 *	alert tcp $EXTERNAL_NET any -> [10.0.0.0/8,!10.1.0.0/16] 135:139
 *
 * Address and port lists become sets, interned: a rule keeps an index, and whether an address is
 * in a set is computed once for all rules that use it.
 */
#include "wire/rules/rules-private.h"

#include <stdlib.h>
#include <string.h>

/* Elements as they are read, positive and negative. */
struct list {
	struct ww_rule_builder *builder;
	struct ww_span place; /* of the header's word: where errors point */
	bool ports;
	bool any;
	size_t n_yes, n_no, n_read;
	struct ww_prefix *yes, *no;
	size_t cap_yes, cap_no;
	struct ww_port_range *yes_ports, *no_ports;
	struct ww_err *err;
};

#define list_fail(list, code, ...)                                                                 \
	ww_option_fail((list)->builder, &(list)->place, (code), (list)->err, __VA_ARGS__)

bool ww_port_set_contains(const struct ww_port_set *set, uint16_t port)
{
	uint32_t low = 0, high = set->n;
	while (low < high) {
		uint32_t middle = (low + high) / 2;
		if (set->ranges[middle].high < port)
			low = middle + 1;
		else
			high = middle;
	}
	return low < set->n && set->ranges[low].low <= port;
}

/* Host bits are cut: old rules hold 255.255.255.0/24 and the like. */
static int read_prefix(const struct ww_span *word, struct ww_prefix *ret)
{
	char text[64];
	if (word->len >= sizeof(text) || memchr(word->text, '\0', word->len))
		return -EINVAL;
	memcpy(text, word->text, word->len);
	text[word->len] = '\0';
	char *slash = strchr(text, '/');
	if (slash)
		*slash = '\0';
	if (ww_ip_parse(text, &ret->ip) < 0)
		return -EINVAL;
	int64_t most = ww_ip_is_v4(&ret->ip) ? 32 : 128, bits = most;
	if (slash) {
		struct ww_span number = {slash + 1, strlen(slash + 1), 0};
		if (ww_span_number(&number, 0, most, &bits) < 0)
			return -EINVAL;
	}
	ret->bits = (uint8_t)(bits + 128 - most);
	for (int bit = ret->bits; bit < 128; bit++)
		ret->ip.b[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	return 0;
}

static int read_range(const struct ww_span *word, struct ww_port_range *ret)
{
	struct ww_span low = *word, high = *word;
	const char *colon = memchr(word->text, ':', word->len);
	int64_t from = 0, to = 65535;
	if (colon) {
		low.len = (size_t)(colon - word->text);
		high.text = colon + 1;
		high.len = word->len - low.len - 1;
	}
	ww_span_trim(&low);
	ww_span_trim(&high);
	if (!colon && ww_span_number(&low, 0, 65535, &from) < 0)
		return -EINVAL;
	if (!colon)
		to = from;
	if (colon && ((low.len > 0 && ww_span_number(&low, 0, 65535, &from) < 0) ||
			     (high.len > 0 && ww_span_number(&high, 0, 65535, &to) < 0) ||
			     (low.len == 0 && high.len == 0) || from > to))
		return -EINVAL;
	*ret = (struct ww_port_range){(uint16_t)from, (uint16_t)to};
	return 0;
}

static int add_element(struct list *list, const struct ww_span *word, bool negated)
{
	struct ww_prefix prefix;
	struct ww_port_range range;
	int r = list->ports ? read_range(word, &range) : read_prefix(word, &prefix);
	if (r < 0)
		return list_fail(list, -EINVAL, "'%.*s' is not %s",
			(int)(word->len < 60 ? word->len : 60), word->text,
			list->ports ? "a port or a range of ports" : "an address or a network");
	size_t *n = negated ? &list->n_no : &list->n_yes;
	size_t *cap = negated ? &list->cap_no : &list->cap_yes;
	void **array = list->ports ? (void **)(negated ? &list->no_ports : &list->yes_ports)
				   : (void **)(negated ? &list->no : &list->yes);
	size_t size = list->ports ? sizeof(range) : sizeof(prefix);
	if (ww_rules_grow(array, cap, *n, size) < 0)
		return -ENOMEM;
	memcpy((char *)*array + *n * size, list->ports ? (void *)&range : (void *)&prefix, size);
	(*n)++;
	return 0;
}

/* One "not any" that comes from a variable nobody narrowed is taken as any, and said. */
static int add_any(struct list *list, bool negated, const struct ww_span *variable)
{
	if (negated && !variable)
		return list_fail(list, -EINVAL, "'!any' can never be true");
	if (negated) {
		struct ww_rules *rules = list->builder->rules;
		ww_rules_note(rules, list->builder->item.rule.file,
			ww_line_at(list->builder->line, list->place.pos), false,
			"note: '!$%.*s' is taken as any, because $%.*s is any",
			(int)(variable->len < 40 ? variable->len : 40), variable->text,
			(int)(variable->len < 40 ? variable->len : 40), variable->text);
	}
	list->any = true;
	return 0;
}

static int read_list(struct list *list, struct ww_span text, bool negated,
	const struct ww_span *variable, int depth);

static int read_variable(struct list *list, const struct ww_span *word, bool negated, int depth)
{
	struct ww_span name = {word->text + 1, word->len - 1, word->pos + 1};
	if (name.len > 1 && name.text[0] == '{' && name.text[name.len - 1] == '}') {
		name.text++;
		name.len -= 2;
	}
	bool by_default;
	const char *value = ww_var_get(list->builder->rules, name.text, name.len, &by_default);
	if (!value)
		return list_fail(list, -EINVAL, "the variable $%.*s is not defined",
			(int)(name.len < 60 ? name.len : 60), name.text);
	struct ww_span text = {value, strlen(value), list->place.pos};
	ww_span_trim(&text);
	return read_list(list, text, negated, &name, depth + 1);
}

/* Ends of the first element of a list's inside: the comma outside brackets, or the end. */
static int split(struct list *list, struct ww_span *rest, struct ww_span *element)
{
	int depth = 0;
	size_t i = 0;
	for (; i < rest->len && (depth > 0 || rest->text[i] != ','); i++) {
		depth += (rest->text[i] == '[') - (rest->text[i] == ']');
		if (depth < 0)
			return list_fail(list, -EINVAL, "a ']' too many");
	}
	*element = (struct ww_span){rest->text, i, rest->pos};
	ww_span_trim(element);
	if (i < rest->len)
		i++;
	rest->text += i;
	rest->len -= i;
	return 0;
}

/* What stands between the brackets of a list; rules in the wild leave the brackets out. */
static int read_elements(struct list *list, struct ww_span rest, bool negated,
	const struct ww_span *variable, int depth)
{
	do {
		struct ww_span element;
		int r = split(list, &rest, &element);
		if (r == 0)
			r = read_list(list, element, negated, variable, depth + 1);
		if (r < 0)
			return r;
	} while (rest.len > 0);
	return 0;
}

static int read_list(struct list *list, struct ww_span text, bool negated,
	const struct ww_span *variable, int depth)
{
	if (depth > 8)
		return list_fail(list, -EINVAL, "lists or variables are nested too deep");
	if (++list->n_read > WW_RULE_LIST_MAX)
		return list_fail(list, -EINVAL, "more than %d elements", WW_RULE_LIST_MAX);
	if (text.len > 0 && text.text[0] == '!') {
		if (negated)
			return list_fail(list, -EINVAL, "a negation inside a negation");
		text.text++;
		text.len--;
		ww_span_trim(&text);
		negated = true;
	}
	if (text.len == 0)
		return list_fail(list, -EINVAL, "an empty element");
	if (ww_span_is(&text, "any"))
		return add_any(list, negated, variable);
	if (text.text[0] == '$' && text.len > 1)
		return read_variable(list, &text, negated, depth);
	if (text.text[0] != '[')
		return add_element(list, &text, negated);
	if (text.text[text.len - 1] != ']')
		return list_fail(list, -EINVAL, "a '[' that is not closed");
	struct ww_span rest = {text.text + 1, text.len - 2, text.pos};
	return read_elements(list, rest, negated, variable, depth);
}

static int by_prefix(const void *a, const void *b)
{
	const struct ww_prefix *x = a, *y = b;
	int order = ww_ip_compare(&x->ip, &y->ip);
	return order ? order : x->bits - y->bits;
}

static int intern_addresses(struct list *list, uint32_t *ret)
{
	struct ww_rules *rules = list->builder->rules;
	if (list->any)
		list->n_yes = 0;
	if (list->n_yes)
		qsort(list->yes, list->n_yes, sizeof(*list->yes), by_prefix);
	if (list->n_no)
		qsort(list->no, list->n_no, sizeof(*list->no), by_prefix);
	size_t n = list->n_yes + list->n_no;
	for (uint32_t i = 0; i < rules->n_addresses; i++) {
		const struct ww_addresses *have = &rules->addresses[i];
		if (have->n_yes == list->n_yes && have->n_no == list->n_no &&
			(!list->n_yes || memcmp(have->prefixes, list->yes,
						 list->n_yes * sizeof(*list->yes)) == 0) &&
			(!list->n_no || memcmp(have->prefixes + list->n_yes, list->no,
						list->n_no * sizeof(*list->no)) == 0)) {
			*ret = i;
			return 0;
		}
	}
	struct ww_prefix *prefixes = ww_arena_take(&rules->arena, (n ? n : 1) * sizeof(*prefixes));
	size_t cap = rules->cap_addresses;
	if (!prefixes || ww_rules_grow((void **)&rules->addresses, &cap, rules->n_addresses,
				 sizeof(*rules->addresses)) < 0)
		return -ENOMEM;
	rules->cap_addresses = (uint32_t)cap;
	if (list->n_yes)
		memcpy(prefixes, list->yes, list->n_yes * sizeof(*prefixes));
	if (list->n_no)
		memcpy(prefixes + list->n_yes, list->no, list->n_no * sizeof(*prefixes));
	rules->addresses[rules->n_addresses] =
		(struct ww_addresses){prefixes, (uint32_t)list->n_yes, (uint32_t)list->n_no};
	*ret = rules->n_addresses++;
	return 0;
}

static int by_port(const void *a, const void *b)
{
	const struct ww_port_range *x = a, *y = b;
	return x->low != y->low ? x->low - y->low : x->high - y->high;
}

/* The least of the four places behind `port` where being in the set may change. */
static int64_t next_change(
	const struct list *list, size_t y, size_t x, int64_t yes_to, int64_t no_to, int64_t port)
{
	int64_t next = 65536;
	if (y < list->n_yes && list->yes_ports[y].low < next)
		next = list->yes_ports[y].low;
	if (x < list->n_no && list->no_ports[x].low < next)
		next = list->no_ports[x].low;
	if (yes_to >= port && yes_to + 1 < next)
		next = yes_to + 1;
	if (no_to >= port && no_to + 1 < next)
		next = no_to + 1;
	return next;
}

/* The ports of yes without those of no, as disjoint ranges, by a sweep over both. */
static size_t flatten_ports(struct list *list, struct ww_port_range *out)
{
	size_t n = 0, y = 0, x = 0;
	bool all = list->any || list->n_yes == 0;
	int64_t yes_to = -1, no_to = -1, open = -1;
	for (int64_t port = 0;; port = next_change(list, y, x, yes_to, no_to, port)) {
		for (; y < list->n_yes && list->yes_ports[y].low <= port; y++)
			if (list->yes_ports[y].high > yes_to)
				yes_to = list->yes_ports[y].high;
		for (; x < list->n_no && list->no_ports[x].low <= port; x++)
			if (list->no_ports[x].high > no_to)
				no_to = list->no_ports[x].high;
		bool in = port < 65536 && (all || port <= yes_to) && port > no_to;
		if (in && open < 0) {
			open = port;
		} else if (!in && open >= 0) {
			out[n++] = (struct ww_port_range){(uint16_t)open, (uint16_t)(port - 1)};
			open = -1;
		}
		if (port == 65536)
			return n;
	}
}

static int intern_ports(struct list *list, uint32_t *ret)
{
	struct ww_rules *rules = list->builder->rules;
	if (list->n_yes)
		qsort(list->yes_ports, list->n_yes, sizeof(*list->yes_ports), by_port);
	if (list->n_no)
		qsort(list->no_ports, list->n_no, sizeof(*list->no_ports), by_port);
	size_t most = list->n_yes + list->n_no + 2;
	struct ww_port_range *ranges = ww_arena_take(&rules->arena, most * sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	size_t n = 1;
	if ((list->any || list->n_yes == 0) && list->n_no == 0)
		ranges[0] = (struct ww_port_range){0, 65535};
	else
		n = flatten_ports(list, ranges);
	if (n == 0)
		return list_fail(list, -EINVAL, "no port is left in this list");
	for (uint32_t i = 0; i < rules->n_ports; i++) {
		if (rules->ports[i].n == n &&
			memcmp(rules->ports[i].ranges, ranges, n * sizeof(*ranges)) == 0) {
			*ret = i;
			return 0;
		}
	}
	size_t cap = rules->cap_ports;
	if (ww_rules_grow((void **)&rules->ports, &cap, rules->n_ports, sizeof(*rules->ports)) < 0)
		return -ENOMEM;
	rules->cap_ports = (uint32_t)cap;
	rules->ports[rules->n_ports] = (struct ww_port_set){ranges, (uint32_t)n};
	*ret = rules->n_ports++;
	return 0;
}

static int read_set(struct ww_rule_builder *builder, const struct ww_span *word, bool ports,
	uint32_t *ret, struct ww_err *err)
{
	struct list list = {.builder = builder, .place = *word, .ports = ports, .err = err};
	bool bare = memchr(word->text, ',', word->len) && word->text[word->len - 1] != ']';
	int r = bare ? read_elements(&list, *word, false, NULL, 0)
		     : read_list(&list, *word, false, NULL, 0);
	if (r == 0)
		r = ports ? intern_ports(&list, ret) : intern_addresses(&list, ret);
	free(list.yes);
	free(list.no);
	free(list.yes_ports);
	free(list.no_ports);
	return r;
}

int ww_header_addresses(struct ww_rule_builder *builder, const struct ww_span *word, uint32_t *ret,
	struct ww_err *err)
{
	return read_set(builder, word, false, ret, err);
}

/* The next word; one that begins with '[' or '![' goes to its closing bracket, blanks and all. */
static bool next_word(struct ww_span *rest, struct ww_span *ret)
{
	ww_span_trim(rest);
	size_t i = rest->len > 0 && rest->text[0] == '!';
	if (i >= rest->len || rest->text[i] != '[')
		return ww_span_word(rest, ret);
	int depth = 0;
	for (; i < rest->len; i++) {
		depth += (rest->text[i] == '[') - (rest->text[i] == ']');
		if (depth == 0) {
			i++;
			break;
		}
	}
	if (depth > 0)
		return ww_span_word(rest, ret);
	*ret = (struct ww_span){rest->text, i, rest->pos};
	rest->text += i;
	rest->pos += i;
	rest->len -= i;
	return true;
}

/* What may stand where a rule names its protocol. */
struct header_proto {
	const char *name;
	uint8_t proto, app;
	bool packets, stream; /* tcp-pkt, tcp-stream */
	/* Its ports, for a rule that looks at bytes of no parser: a protocol spoken elsewhere is
	   not looked for. */
	const char *ports;
};

static const struct header_proto protos[] = {
	{"tcp", WW_PROTO_TCP, 0, false, false, NULL},
	{"udp", WW_PROTO_UDP, 0, false, false, NULL},
	{"icmp", WW_PROTO_ICMP, 0, false, false, NULL},
	{"ip", 0, 0, false, false, NULL},
	{"tcp-pkt", WW_PROTO_TCP, 0, true, false, NULL},
	{"tcp-stream", WW_PROTO_TCP, 0, false, true, NULL},
	{"http", WW_PROTO_TCP, WW_PROVIDER_HTTP, false, false, "$HTTP_PORTS"},
	{"ftp", WW_PROTO_TCP, WW_PROVIDER_FTP, false, false, "$FTP_PORTS"},
	{"ftp-data", WW_PROTO_TCP, WW_PROVIDER_OTHER, false, false, "20"},
	{"smtp", WW_PROTO_TCP, WW_PROVIDER_SMTP, false, false, "[25,465,587]"},
	{"smb", WW_PROTO_TCP, WW_PROVIDER_SMB, false, false, "[139,445]"},
	{"dcerpc", WW_PROTO_TCP, WW_PROVIDER_DCERPC, false, false, "[135,139,445,593,1024:]"},
	{"tls", WW_PROTO_TCP, WW_PROVIDER_TLS, false, false, "[443,465,563,636,853,989:995,8443]"},
	{"ssl", WW_PROTO_TCP, WW_PROVIDER_TLS, false, false, "[443,465,563,636,853,989:995,8443]"},
	{"ssh", WW_PROTO_TCP, WW_PROVIDER_SSH, false, false, "$SSH_PORTS"},
	{"imap", WW_PROTO_TCP, WW_PROVIDER_OTHER, false, false, "143"},
	{"pop3", WW_PROTO_TCP, WW_PROVIDER_OTHER, false, false, "110"},
	{"telnet", WW_PROTO_TCP, WW_PROVIDER_OTHER, false, false, "23"},
	{"rdp", WW_PROTO_TCP, WW_PROVIDER_OTHER, false, false, "3389"},
	{"modbus", WW_PROTO_TCP, WW_PROVIDER_OTHER, false, false, "$MODBUS_PORTS"},
	{"dnp3", WW_PROTO_TCP, WW_PROVIDER_OTHER, false, false, "$DNP3_PORTS"},
	{"dns", WW_PROTO_UDP, WW_PROVIDER_DNS, false, false, "53"},
	{"tftp", WW_PROTO_UDP, WW_PROVIDER_TFTP, false, false, "69"},
	{"sip", WW_PROTO_UDP, WW_PROVIDER_SIP, false, false, "$SIP_PORTS"},
	{"snmp", WW_PROTO_UDP, WW_PROVIDER_OTHER, false, false, "[161,162]"},
	{"dhcp", WW_PROTO_UDP, WW_PROVIDER_OTHER, false, false, "[67,68]"},
	{"ntp", WW_PROTO_UDP, WW_PROVIDER_OTHER, false, false, "123"},
	{"ikev2", WW_PROTO_UDP, WW_PROVIDER_OTHER, false, false, "[500,4500]"},
	{"nfs", WW_PROTO_TCP, WW_PROVIDER_OTHER, false, false, "2049"},
	{"krb5", WW_PROTO_TCP, WW_PROVIDER_OTHER, false, false, "88"},
};

/* The protocol whose parser tells whether a flow speaks it. */
static uint8_t spoken_of(uint8_t provider)
{
	switch ((enum ww_provider)provider) {
	case WW_PROVIDER_HTTP: return WW_APP_HTTP;
	case WW_PROVIDER_DCERPC: return WW_APP_DCERPC;
	case WW_PROVIDER_DNS: return WW_APP_DNS;
	case WW_PROVIDER_TLS: return WW_APP_TLS;
	case WW_PROVIDER_FTP: return WW_APP_FTP;
	case WW_PROVIDER_SMB: return WW_APP_SMB;
	case WW_PROVIDER_SSH: return WW_APP_SSH;
	case WW_PROVIDER_SMTP: return WW_APP_SMTP;
	case WW_PROVIDER_TFTP: return WW_APP_TFTP;
	case WW_PROVIDER_NONE:
	case WW_PROVIDER_SIP:
	case WW_PROVIDER_OTHER: break;
	}
	return WW_APP_NONE;
}

static bool is_one_of(const struct ww_span *word, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ww_span_is(word, names[i]))
			return true;
	return false;
}

static int read_start(struct ww_rule_builder *builder, struct ww_span *header, struct ww_err *err)
{
	/* All but the first alert and stop the packet as well: here nothing is stopped. */
	static const char *const alerts[] = {"alert", "drop", "reject", "block", "react",
		"rejectsrc", "rejectdst", "rejectboth"};
	static const char *const others[] = {
		"log", "pass", "sdrop", "activate", "dynamic", "rewrite"};
	struct ww_span word;
	if (!ww_span_word(header, &word))
		return ww_option_fail(builder, header, -EINVAL, err, "an action is expected");
	if (!is_one_of(&word, alerts, WW_N(alerts))) {
		for (size_t i = 0; i < WW_N(others); i++)
			if (ww_span_is(&word, others[i]))
				return ww_option_fail(builder, &word, -EOPNOTSUPP, err,
					"action '%s' is not supported", others[i]);
		return ww_option_fail(builder, &word, -EINVAL, err, "'%.*s' is not an action",
			(int)(word.len < 40 ? word.len : 40), word.text);
	}
	if (!ww_span_word(header, &word))
		return ww_option_fail(builder, header, -EINVAL, err, "a protocol is expected");
	for (size_t i = 0; i < WW_N(protos); i++) {
		if (!ww_span_is(&word, protos[i].name))
			continue;
		builder->item.proto = protos[i].proto;
		builder->item.spoken = spoken_of(protos[i].app);
		builder->item.flow.no_stream = protos[i].packets;
		builder->item.flow.only_stream = protos[i].stream;
		builder->app_ports = protos[i].ports;
		builder->app_place = word;
		return 0;
	}
	return ww_option_fail(builder, &word, -EOPNOTSUPP, err, "protocol '%.*s' is not supported",
		(int)(word.len < 40 ? word.len : 40), word.text);
}

/* The set in both addresses and ports of a header that has only a protocol (Snort 3). */
static int read_any(struct ww_rule_builder *builder, struct ww_err *err)
{
	struct ww_item *item = &builder->item;
	struct ww_span any = {"any", 3, builder->app_place.pos};
	int r = read_set(builder, &any, false, &item->src, err);
	if (r == 0)
		r = read_set(builder, &any, true, &item->sport, err);
	item->dst = item->src;
	item->dport = item->sport;
	item->both_ways = true;
	return r;
}

static bool is_open(const struct ww_rules *rules, uint32_t ports)
{
	const struct ww_port_set *set = &rules->ports[ports];
	return set->n == 1 && set->ranges[0].low == 0 && set->ranges[0].high == 65535;
}

int ww_header_narrow(struct ww_rule_builder *builder, struct ww_err *err)
{
	struct ww_item *item = &builder->item;
	const struct ww_rules *rules = builder->rules;
	bool open = (item->flow.to_client || is_open(rules, item->dport)) &&
		    (item->flow.to_server || is_open(rules, item->sport));
	/* A buffer is there only where its protocol is spoken. */
	if (item->buffers)
		item->spoken = WW_APP_NONE;
	if (!builder->app_ports || item->buffers || !open)
		return 0;
	struct ww_span ports = {
		builder->app_ports, strlen(builder->app_ports), builder->app_place.pos};
	uint32_t set;
	int r = read_set(builder, &ports, true, &set, err);
	item->service = r == 0 ? set + 1 : 0;
	return r;
}

int ww_header_parse(struct ww_rule_builder *builder, struct ww_span header, struct ww_err *err)
{
	struct ww_item *item = &builder->item;
	int r = read_start(builder, &header, err);
	if (r < 0)
		return r;
	ww_span_trim(&header);
	if (header.len == 0)
		return read_any(builder, err);
	static const char *const what[] = {"source addresses", "source ports", "'->' or '<>'",
		"destination addresses", "destination ports"};
	struct ww_span words[5];
	size_t n = 0;
	while (n < 5 && next_word(&header, &words[n]))
		n++;
	/* Snort 3: addresses without ports. */
	if (n == 3 && (ww_span_is(&words[1], "->") || ww_span_is(&words[1], "<>"))) {
		words[3] = words[2];
		words[2] = words[1];
		words[1] = words[4] = (struct ww_span){"any", 3, words[2].pos};
		n = 5;
	}
	if (n < 5)
		return ww_option_fail(builder, &header, -EINVAL, err, "%s are expected", what[n]);
	ww_span_trim(&header);
	if (header.len > 0)
		return ww_option_fail(
			builder, &header, -EINVAL, err, "text between the header and '('");
	item->both_ways = ww_span_is(&words[2], "<>");
	if (!item->both_ways && !ww_span_is(&words[2], "->"))
		return ww_option_fail(builder, &words[2], -EINVAL, err, "'->' or '<>' is expected");
	r = read_set(builder, &words[0], false, &item->src, err);
	if (r == 0)
		r = read_set(builder, &words[1], true, &item->sport, err);
	if (r == 0)
		r = read_set(builder, &words[3], false, &item->dst, err);
	if (r == 0)
		r = read_set(builder, &words[4], true, &item->dport, err);
	return r;
}
