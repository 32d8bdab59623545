// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * From bytes to candidates: the rules whose fast pattern is there.
 *
 * One matcher holds the patterns of all rules of a protocol class, a direction and a kind of bytes,
 * whatever their ports and addresses; what is found is kept when the flow's group has the rule, one
 * bit each. So a byte is read once, a group costs a bit a rule, and everything is built before the
 * first packet, in milliseconds.
 *
 * On a connection the rules of packets, those of the stream and those of HTTP's bodies share one,
 * too: what the packet's payload showed is kept, and where the stream's next bytes are that
 * payload, or a body's next bytes are the stream's, only the seam to those before is scanned again.
 * So a page that three kinds of rules look at is read once.
 *
 * A group with few rules has a matcher of its own besides, made when the group is (some ten
 * microseconds): few patterns are found several times faster than thousands.
 */
#include "wire/rules/rules-private.h"

#include <stdlib.h>
#include <string.h>

/* ---- building ---- */

static int by_pattern(const void *a, const void *b, void *context)
{
	const struct ww_rules *rules = context;
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
	const struct ww_item *x = &rules->items[i], *y = &rules->items[k];
	if (x->fast_len != y->fast_len)
		return x->fast_len - y->fast_len;
	if (x->fast_nocase != y->fast_nocase)
		return x->fast_nocase - y->fast_nocase;
	int order = memcmp(x->fast, y->fast, x->fast_len);
	return order ? order : i < k ? -1 : i > k;
}

static bool same_pattern(const struct ww_item *x, const struct ww_item *y)
{
	return x->fast_len == y->fast_len && x->fast_nocase == y->fast_nocase &&
	       memcmp(x->fast, y->fast, x->fast_len) == 0;
}

int ww_scanner_build(struct ww_rules *rules, struct ww_scanner *scanner)
{
	uint32_t n = scanner->n_rules, n_patterns = 0;
	qsort_r(scanner->rules, n, sizeof(*scanner->rules), by_pattern, rules);
	struct ww_pattern *patterns = calloc(n, sizeof(*patterns));
	scanner->pattern_first = calloc(n + 1u, sizeof(*scanner->pattern_first));
	int r = patterns && scanner->pattern_first ? 0 : -ENOMEM;
	for (uint32_t i = 0; r == 0 && i < n; i++) {
		const struct ww_item *item = &rules->items[scanner->rules[i]];
		if (i > 0 && same_pattern(item, &rules->items[scanner->rules[i - 1]]))
			continue;
		scanner->pattern_first[n_patterns] = i;
		patterns[n_patterns++] =
			(struct ww_pattern){item->fast, item->fast_len, item->fast_nocase};
		if (item->fast_len > scanner->longest)
			scanner->longest = item->fast_len;
	}
	if (r == 0) {
		scanner->pattern_first[n_patterns] = n;
		r = ww_matcher_new(rules->matcher_kind, patterns, n_patterns, &scanner->matcher);
	}
	free(patterns);
	return r;
}

int ww_scanner_add(struct ww_scanner **scanner_, uint32_t rule)
{
	if (!*scanner_)
		*scanner_ = calloc(1, sizeof(**scanner_));
	struct ww_scanner *scanner = *scanner_;
	if (!scanner || ww_rules_grow((void **)&scanner->rules, &scanner->cap_rules,
				scanner->n_rules, sizeof(*scanner->rules)) < 0)
		return -ENOMEM;
	scanner->rules[scanner->n_rules++] = rule;
	return 0;
}

int ww_scanners_build(struct ww_rules *rules)
{
	struct ww_scanner **all = &rules->scanners[0][0][0][0];
	for (size_t i = 0; i < sizeof(rules->scanners) / sizeof(*all); i++) {
		int r = all[i] ? ww_scanner_build(rules, all[i]) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

void ww_scanner_free(struct ww_scanner **scanner_)
{
	struct ww_scanner *scanner = *scanner_;
	if (!scanner)
		return;
	ww_matcher_free(&scanner->matcher);
	free(scanner->rules);
	free(scanner->pattern_first);
	free(scanner);
	*scanner_ = NULL;
}

void ww_scanners_done(struct ww_rules *rules)
{
	struct ww_scanner **all = &rules->scanners[0][0][0][0];
	for (size_t i = 0; i < sizeof(rules->scanners) / sizeof(*all); i++)
		ww_scanner_free(&all[i]);
}

/* ---- scanning ---- */

struct scan {
	struct ww_desk *desk;
	const struct ww_scanner *scanner;
	const uint64_t *member; /* the group's rules */
	uint64_t buffers;       /* whose rules are meant */
	size_t old;             /* patterns that end here or before were seen in the last view */
	size_t from;            /* of the scan, in the data */
};

static void add(struct ww_desk *desk, uint32_t rule, uint32_t end)
{
	uint32_t *mark = &desk->marks[rule];
	if (*mark == 0) {
		*mark = desk->n_candidates + 1;
		desk->candidates[desk->n_candidates++] = (struct ww_candidate){.rule = rule};
	}
	struct ww_candidate *candidate = &desk->candidates[*mark - 1];
	if (end > candidate->end)
		candidate->end = end;
}

static void found(void *context, uint32_t pattern, size_t end)
{
	struct scan *scan = context;
	const struct ww_item *items = scan->desk->rules->items;
	if (end <= scan->old)
		return;
	uint32_t last = scan->scanner->pattern_first[pattern + 1];
	for (uint32_t i = scan->scanner->pattern_first[pattern]; i < last; i++) {
		uint32_t rule = scan->scanner->rules[i];
		if (scan->member[rule / 64] >> rule % 64 & 1 &&
			scan->buffers & WW_BUFFER_BIT(items[rule].fast_buffer))
			add(scan->desk, rule, (uint32_t)(scan->from + end));
	}
}

/* Adds the rules whose pattern ends in data[fresh..len) to desk->candidates. */
static void collect(struct ww_desk *desk, const struct ww_group *group,
	const struct ww_scanner *scanner, uint64_t buffers, const uint8_t *data, size_t len,
	size_t fresh)
{
	size_t back = scanner->longest - 1;
	size_t from = fresh > back ? fresh - back : 0;
	struct scan scan = {desk, scanner, group->member, buffers, fresh - from, from};
	if (len > fresh)
		ww_matcher_scan(scanner->matcher, data + from, len - from, found, &scan);
}

int ww_by_work(const void *a, const void *b, void *context)
{
	const struct ww_rules *rules = context;
	uint32_t x = ((const struct ww_candidate *)a)->rule;
	uint32_t y = ((const struct ww_candidate *)b)->rule;
	int order = rules->items[x].order - rules->items[y].order;
	return order ? order : x < y ? -1 : x > y;
}

static void finish(struct ww_desk *desk)
{
	for (uint32_t i = 0; i < desk->n_candidates; i++)
		desk->marks[desk->candidates[i].rule] = 0;
	desk->counts.candidates += desk->n_candidates;
	if (desk->n_candidates > 1)
		qsort_r(desk->candidates, desk->n_candidates, sizeof(*desk->candidates), ww_by_work,
			desk->rules);
}

static const struct ww_scanner *scanner_of(const struct ww_rules *rules,
	const struct ww_group *group, enum ww_section section, enum ww_buffer buffer)
{
	if (buffer == WW_BUFFER_RAW && group->sections[section].own)
		return group->sections[section].own;
	return rules->scanners[group->class][group->kind][section][buffer];
}

/* ---- a connection's bytes: of packets, of the stream, of bodies ---- */

static const struct ww_scanner *joint_scanner(
	const struct ww_desk *desk, const struct ww_group *group)
{
	return group->n_joint ? scanner_of(desk->rules, group, WW_SECTION_STREAM, WW_BUFFER_RAW)
			      : NULL;
}

/* Moves the candidates that look at the stream or at a body to `kept`; those of packets stay. */
static void part(struct ww_desk *desk)
{
	const struct ww_item *items = desk->rules->items;
	uint32_t n = 0;
	for (uint32_t i = 0; i < desk->n_candidates; i++) {
		struct ww_candidate candidate = desk->candidates[i];
		const struct ww_item *item = &items[candidate.rule];
		desk->marks[candidate.rule] = 0;
		if (item->packet_only && item->fast_buffer == WW_BUFFER_RAW)
			desk->candidates[n++] = candidate;
		else
			desk->kept[desk->n_kept++] = candidate;
	}
	desk->n_candidates = n;
}

void ww_scan_packet(
	struct ww_desk *desk, const struct ww_group *group, const struct ww_packet *packet)
{
	const uint64_t raw = WW_BUFFER_BIT(WW_BUFFER_RAW);
	bool joint = ww_group_is_joint(group);
	const struct ww_scanner *scanner =
		joint ? joint_scanner(desk, group)
		      : scanner_of(desk->rules, group, WW_SECTION_PACKET, WW_BUFFER_RAW);
	desk->n_candidates = desk->n_kept = desk->kept_len = 0;
	desk->kept_frame = 0;
	if (!scanner || group->sections[WW_SECTION_PACKET].n_fast == 0)
		return;
	collect(desk, group, scanner, joint ? raw | WW_BODIES : raw, packet->payload,
		packet->payload_len, 0);
	if (joint) {
		part(desk);
		desk->kept_frame = packet->frame;
		desk->kept_group = group;
	}
	finish(desk);
}

/* Whether the fresh bytes are what ww_scan_packet saw last. */
static bool is_kept(const struct ww_desk *desk, const struct ww_group *group,
	const struct ww_packet *packet, const struct ww_stream_view *view)
{
	const uint8_t *fresh = view->data + view->fresh;
	return packet && desk->kept_frame && desk->kept_frame == packet->frame &&
	       desk->kept_group == group && view->len - view->fresh == packet->payload_len &&
	       (fresh == packet->payload ||
		       memcmp(fresh, packet->payload, packet->payload_len) == 0);
}

void ww_scan_fresh(struct ww_desk *desk, const struct ww_group *group,
	const struct ww_packet *packet, const struct ww_stream_view *view)
{
	const struct ww_scanner *scanner = joint_scanner(desk, group);
	desk->n_candidates = desk->kept_len = 0;
	if (!scanner || view->len == view->fresh)
		return;
	if (!is_kept(desk, group, packet, view)) {
		desk->n_kept = 0;
		desk->kept_frame = 0;
		collect(desk, group, scanner, WW_BUFFER_BIT(WW_BUFFER_RAW) | WW_BODIES,
			view->data + view->fresh, view->len - view->fresh, 0);
		part(desk);
		desk->n_candidates = 0;
	}
	desk->kept_group = group;
	desk->kept_at = view->offset + view->fresh;
	desk->kept_len = view->len - view->fresh;
}

/* What ends in data[fresh..len), bytes of the stream from `at` on, of rules that look at `buffer`.
 */
static void scan_joint(struct ww_desk *desk, const struct ww_group *group, enum ww_buffer buffer,
	const uint8_t *data, size_t len, size_t fresh, uint64_t at)
{
	const struct ww_scanner *scanner = joint_scanner(desk, group);
	uint64_t from = at + fresh;
	if (!scanner || len <= fresh)
		return;
	bool whole = from == desk->kept_at && len - fresh == desk->kept_len;
	/* Of a body more may be found than is in it, which costs a try; of the stream, where it
	   ends matters. */
	bool part_of = from >= desk->kept_at && at + len <= desk->kept_at + desk->kept_len;
	if (desk->kept_group == group && (buffer == WW_BUFFER_RAW ? whole : part_of)) {
		for (uint32_t i = 0; i < desk->n_kept; i++)
			if (desk->rules->items[desk->kept[i].rule].fast_buffer == buffer)
				add(desk, desk->kept[i].rule, (uint32_t)fresh + desk->kept[i].end);
		/* What is left: patterns that began before. */
		size_t seam = fresh ? fresh + scanner->longest - 1 : 0;
		len = len < seam ? len : seam;
	}
	collect(desk, group, scanner, WW_BUFFER_BIT(buffer), data, len, fresh);
}

void ww_scan_message(struct ww_desk *desk, const struct ww_group *group,
	const struct ww_message *message, enum ww_buffer buffer)
{
	const struct ww_message_buffer *bytes = &message->buffers[buffer];
	bool body = ww_group_is_joint(group) && WW_BODIES & WW_BUFFER_BIT(buffer);
	const struct ww_scanner *scanner =
		body ? joint_scanner(desk, group)
		     : scanner_of(desk->rules, group, WW_SECTION_MESSAGE, buffer);
	desk->n_candidates = 0;
	if (!scanner || group->sections[WW_SECTION_MESSAGE].n_fast == 0)
		return;
	if (body && message->plain & WW_BUFFER_BIT(buffer))
		scan_joint(desk, group, buffer, bytes->data, bytes->len, bytes->fresh, bytes->at);
	else
		collect(desk, group, scanner, WW_BUFFER_BIT(buffer), bytes->data, bytes->len,
			bytes->fresh);
	finish(desk);
}

void ww_scan_stream(
	struct ww_desk *desk, const struct ww_group *group, const struct ww_stream_view *view)
{
	desk->n_candidates = 0;
	if (group->sections[WW_SECTION_STREAM].n_fast == 0)
		return;
	scan_joint(desk, group, WW_BUFFER_RAW, view->data, view->len, view->fresh, view->offset);
	uint32_t n = 0;
	for (uint32_t i = 0; i < desk->n_candidates; i++) {
		desk->marks[desk->candidates[i].rule] = 0;
		if (!desk->rules->items[desk->candidates[i].rule].packet_only)
			desk->candidates[n++] = desk->candidates[i];
	}
	desk->n_candidates = n;
	finish(desk);
}
