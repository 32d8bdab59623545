// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Does one rule match these bytes?
 *
 * Steps are tried in the order of the text. When a later step that counts from an earlier one
 * fails, the earlier one's next occurrence is tried, as Snort does: `content:"a"; content:"b";
 * within:1` finds the ab in "aab". What follows step i depends only on i and the cursors, so
 * failures are remembered and a hostile text costs steps times length, not occurrences to the
 * power of steps; a limit of tries stands behind that.
 *
 * Three answers: MORE when no way matched but one of them could with bytes that have not come.
 */
#include "wire/rules/rules-private.h"

#include <string.h>

struct ww_window ww_verify_buffer(const struct ww_verify *verify, const struct ww_step *step)
{
	const struct ww_window *window = verify->window;
	if (step->buffer == WW_BUFFER_RAW)
		return *window;
	if (step->buffer == WW_BUFFER_BASE64_DATA)
		return (struct ww_window){.data = verify->desk->base64,
			.len = verify->desk->n_base64,
			.message = window->message,
			.final = true};
	const struct ww_message *message = window->message;
	const struct ww_message_buffer *bytes = &message->buffers[step->buffer];
	return (struct ww_window){.data = bytes->data,
		.len = bytes->len,
		.patient = true,
		.message = message,
		.final = (message->settled & WW_BUFFER_BIT(step->buffer)) != 0};
}

/* `cursors`: the end of the last match in each buffer of the rule, then the rule's variables. */
static size_t memo_slot(const struct ww_verify *verify, size_t i, const int64_t *cursors)
{
	uint64_t hash = i;
	for (size_t slot = 0; slot < verify->n_state; slot++)
		hash = ww_hash_2(&verify->desk->rules->key, hash, (uint64_t)cursors[slot]);
	return hash % WW_VERIFY_MEMO;
}

static bool known_no(const struct ww_verify *verify, size_t i, const int64_t *cursors)
{
	const struct ww_desk *desk = verify->desk;
	size_t slot = memo_slot(verify, i, cursors);
	return desk->memo[slot].stamp == desk->memo_stamp && desk->memo[slot].step == i &&
	       memcmp(desk->memo[slot].cursors, cursors, verify->n_state * sizeof(*cursors)) == 0;
}

static void remember_no(struct ww_verify *verify, size_t i, const int64_t *cursors)
{
	struct ww_desk *desk = verify->desk;
	size_t slot = memo_slot(verify, i, cursors);
	desk->memo[slot].stamp = desk->memo_stamp;
	desk->memo[slot].step = (uint32_t)i;
	memcpy(desk->memo[slot].cursors, cursors, verify->n_state * sizeof(*cursors));
}

/*
 * A buffer that grows decides only what is found in it: that something is not there, or how long it
 * is, shows at its end.
 */
static bool must_wait(
	const struct ww_verify *verify, const struct ww_step *step, enum ww_verdict verdict)
{
	struct ww_window window = ww_verify_buffer(verify, step);
	if (window.final || !window.patient || verdict == WW_VERDICT_MORE)
		return false;
	return step->negated ? verdict == WW_VERDICT_MATCH : step->kind == WW_STEP_OTHER;
}

/* Steps i and on. Recursion is as deep as the rule has steps (WW_RULE_STEPS). */
static enum ww_verdict walk(struct ww_verify *verify, size_t i, const int64_t *cursors)
{
	const struct ww_item *item = verify->item;
	if (i == item->n_steps)
		return WW_VERDICT_MATCH;
	if (i > 0 && known_no(verify, i, cursors))
		return WW_VERDICT_NO;
	const struct ww_step *step = &item->steps[i];
	struct ww_attempt attempt = {.cursor = cursors[step->slot],
		.from = INT64_MIN,
		.floor = verify->floor,
		.variables = cursors + item->n_slots};
	bool more = false;
	for (;;) {
		if (++verify->tries > WW_VERIFY_TRIES) {
			verify->desk->counts.verify_limits += verify->tries == WW_VERIFY_TRIES + 1;
			return WW_VERDICT_NO;
		}
		attempt.start = -1;
		enum ww_verdict verdict = step->match(verify, step, &attempt);
		if (verify->window->message && must_wait(verify, step, verdict)) {
			more = true;
			break;
		}
		if (verdict == WW_VERDICT_MORE) {
			more = true;
			verify->need = attempt.need < verify->need ? attempt.need : verify->need;
			verify->bounded |= attempt.bounded;
		}
		if (verdict != WW_VERDICT_MATCH)
			break;
		verify->spans[i].start =
			step->kind != WW_STEP_OTHER && !step->negated ? attempt.start : -1;
		verify->spans[i].end = attempt.end;
		int64_t next[WW_RULE_STATE];
		memcpy(next, cursors, verify->n_state * sizeof(*next));
		if (step->moves)
			next[step->slot] = attempt.end;
		if (step->sets)
			next[item->n_slots + step->sets - 1] = attempt.value;
		enum ww_verdict rest = walk(verify, i + 1, next);
		if (rest == WW_VERDICT_MATCH)
			return rest;
		more |= rest == WW_VERDICT_MORE;
		if (!step->retry)
			break;
		attempt.from = attempt.start + 1;
	}
	if (!more && i > 0)
		remember_no(verify, i, cursors);
	return more ? WW_VERDICT_MORE : WW_VERDICT_NO;
}

enum ww_verdict ww_verify_run(struct ww_verify *verify)
{
	const struct ww_item *item = verify->item;
	const struct ww_window *window = verify->window;
	verify->need = UINT64_MAX;
	uint64_t absent = item->buffers;
	if (window->message)
		absent &= ~window->message->present;
	/* In a buffer that is not there nothing matches, negated or not (as in Suricata). */
	if (absent)
		return window->message && !(absent & window->message->settled) ? WW_VERDICT_MORE
									       : WW_VERDICT_NO;
	verify->bounded = false;
	verify->tries = 0;
	verify->desk->memo_stamp++;
	int64_t cursors[WW_RULE_STATE] = {window->base, 0};
	verify->n_state = item->n_slots + (size_t)item->n_variables;
	return walk(verify, 0, cursors);
}
