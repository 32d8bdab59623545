// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Any text as a rule file, tried on a few buffers, as packets and as a stream in pieces. The plain
 * matcher, because building databases would be most of the time. The text itself is one buffer, so
 * that what a rule looks for is often there.
 */
#include "wire/rules/rules-private.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_hit(void *context, const struct ww_hit *hit)
{
	uint64_t *sum = context;
	ww_assert(hit->rule && hit->n_spans <= WW_HIT_SPANS);
	for (size_t i = 0; i < hit->n_spans; i++)
		for (uint32_t b = 0; b < hit->spans[i].len; b++)
			*sum += hit->spans[i].data[b];
}

static void play(struct ww_rules *rules, uint8_t proto, const uint8_t *text, size_t len)
{
	void *state = NULL;
	uint64_t sum = 0;
	struct ww_flow flow = {.client = ww_ip_from_v4(1),
		.server = ww_ip_from_v4(2),
		.client_port = 1025,
		.server_port = 80,
		.proto = proto,
		.start_seen = true,
		.established = true,
		.rule_state = &state};
	struct ww_packet packet = {.ip_version = 4,
		.proto = proto,
		.has_transport = true,
		.src = flow.client,
		.dst = flow.server,
		.sport = 1025,
		.dport = 80,
		.ttl = 1,
		.tcp_flags = WW_TCP_ACK,
		.payload = text,
		.payload_len = (uint32_t)len,
		.payload_wire = (uint32_t)len};
	ww_rules_wanted(rules, &flow);
	ww_rules_packet(rules, ww_rules_group(rules, &packet), NULL, 0, &packet, on_hit, &sum);
	ww_rules_packet(rules, flow.groups[0], &flow, 0, &packet, on_hit, &sum);
	size_t shown = 0, step = 1 + len / 5;
	for (size_t to = step; proto == WW_PROTO_TCP && shown < len; to += step) {
		to = to < len ? to : len;
		struct ww_stream_view view = {.data = text,
			.len = (uint32_t)to,
			.fresh = (uint32_t)shown,
			.end = to == len,
			.after_gap = to == 3 * step};
		ww_rules_stream(rules, &flow, 0, &packet, &view, on_hit, &sum);
		shown = to;
	}
	ww_rules_forget(rules, &state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char request[] =
		"GET /a/%2e%2e/b?c=d HTTP/1.0\r\nHost: x\r\n\r\nPOST /y HTTP/1.1\r\n";
	struct ww_rules *rules = NULL;
	struct ww_err err;
	if (size > 4096 || ww_rules_new(NULL, 0, &rules) < 0)
		return 0;
	rules->matcher_kind = WW_MATCHER_PLAIN;
	if (size % 2)
		ww_rules_take_disabled(rules);
	int r = ww_rules_load(rules, "fuzz.rules", NULL, (const char *)data, size);
	if (r == 0)
		r = ww_rules_compile(rules, &err);
	ww_assert(r == 0 || r == -ENOMEM);
	for (size_t i = 0; i < ww_rules_problems(rules); i++)
		ww_assert(ww_rules_problem(rules, i)->text[0] != '\0');
	const struct ww_rules_counts counts = ww_rules_counts(rules);
	ww_assert(counts.loaded == ww_rules_n(rules) && counts.enabled <= counts.loaded);
	/* The classes of an address say what comparing it with each network says. */
	for (uint32_t k = 0; r == 0 && k < 64 && k < size; k++) {
		struct ww_ip ip = ww_ip_from_v4((uint32_t)data[k] << 24 | k);
		uint16_t class = ww_address_class(rules, &ip);
		for (uint32_t set = 0; set < rules->n_addresses; set++)
			ww_assert(ww_address_in(rules, set, class, &ip) ==
				  ww_addresses_contain(&rules->addresses[set], &ip));
	}
	if (r == 0) {
		play(rules, WW_PROTO_TCP, data, size < 1024 ? size : 1024);
		play(rules, WW_PROTO_UDP, data, size < 1024 ? size : 1024);
		play(rules, WW_PROTO_TCP, (const uint8_t *)request, sizeof(request) - 1);
	}
	ww_rules_free(&rules);
	return 0;
}
