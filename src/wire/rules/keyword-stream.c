// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * stream_size:client|server|both|either, OP, N: how much a side has sent.
 *
 * As Snort and Suricata count, a SYN is one byte, so "server,=,1" is a server that has said
 * nothing yet. They subtract sequence numbers; we count bytes as they came, so what was sent twice
 * counts twice.
 */
#include "wire/rules/rules-private.h"

#include <string.h>

enum { CLIENT = 1, SERVER = 2, BOTH = 3, EITHER = 4 };

static bool compare(uint8_t op, uint64_t size, uint64_t want)
{
	switch (op) {
	case '<': return size < want;
	case '>': return size > want;
	case '=': return size == want;
	case '!': return size != want;
	case 'l': return size <= want;
	default: return size >= want;
	}
}

static bool match_stream_size(const struct ww_check *check, const struct ww_flow *flow)
{
	bool client = compare(check->op, flow->bytes[WW_DIR_TO_SERVER] + 1, check->a);
	bool server = compare(check->op, flow->bytes[WW_DIR_TO_CLIENT] + 1, check->a);
	switch (check->b) {
	case CLIENT: return client;
	case SERVER: return server;
	case BOTH: return client && server;
	default: return client || server;
	}
}

int ww_keyword_stream_size(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	static const char *const sides[] = {"client", "server", "both", "either"};
	/* Snort 2.9 and Suricata write both "client,<,5" and "client,<5". */
	static const char *const ops[] = {"<=", ">=", "!=", "<", ">", "=", "!"};
	struct ww_check *check = ww_builder_check(builder, option, err);
	if (!check)
		return -EOPNOTSUPP;
	*check = (struct ww_check){.match_flow = match_stream_size};
	struct ww_span rest = option->value, word;
	ww_span_next(&rest, &word);
	for (uint32_t i = 0; i < WW_N(sides); i++)
		if (ww_span_is(&word, sides[i]))
			check->b = i + 1;
	if (check->b == 0)
		return ww_option_fail(
			builder, &word, -EINVAL, err, "client, server, both or either is expected");
	word.len = 0;
	ww_span_next(&rest, &word);
	for (size_t i = 0; i < WW_N(ops) && !check->op; i++) {
		size_t n = strlen(ops[i]);
		if (word.len < n || memcmp(word.text, ops[i], n) != 0)
			continue;
		check->op = (uint8_t) "lg!<>=!"[i];
		word.text += n;
		word.pos += n;
		word.len -= n;
	}
	ww_span_trim(&word);
	if (word.len == 0 && rest.text)
		ww_span_next(&rest, &word);
	int64_t number = 0;
	if (!check->op || ww_span_number(&word, 0, UINT32_MAX, &number) < 0)
		return ww_option_fail(builder, &option->value, -EINVAL, err,
			"SIDE, OPERATOR, NUMBER are expected");
	check->a = (uint32_t)number;
	return 0;
}
