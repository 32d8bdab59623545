// SPDX-License-Identifier: GPL-3.0-or-later
#include "cmd/held.h"

#include <stdlib.h>
#include <string.h>

struct ww_held_frame {
	struct ww_held_frame *next;
	struct ww_held_group group; /* while it is undecided */
	bool decided;
	struct ww_frame frame; /* its data lies behind */
	uint8_t data[];
};

struct ww_held_group ww_held_group(const struct ww_packet *fragment)
{
	return (struct ww_held_group){
		.src = fragment->src,
		.dst = fragment->dst,
		.ip_id = fragment->ip_id,
		.ip_version = fragment->ip_version,
		.proto = fragment->ip_version == 6 ? 0 : fragment->proto,
	};
}

static bool is_of(const struct ww_held_frame *frame, const struct ww_held_group *group)
{
	return !frame->decided && frame->group.ip_id == group->ip_id &&
	       frame->group.ip_version == group->ip_version && frame->group.proto == group->proto &&
	       ww_ip_equal(&frame->group.src, &group->src) &&
	       ww_ip_equal(&frame->group.dst, &group->dst);
}

/* Unlinks the frame behind `before` (NULL: the first). */
static void drop(struct ww_held *held, struct ww_held_frame *before)
{
	struct ww_held_frame *frame = before ? before->next : held->first;
	if (before)
		before->next = frame->next;
	else
		held->first = frame->next;
	if (held->last == frame)
		held->last = before;
	held->n_frames--;
	held->bytes -= frame->frame.captured;
	free(frame);
}

/* Only what is undecided holds others up: the oldest such frame goes. */
static void make_room(struct ww_held *held, uint32_t bytes)
{
	while (held->n_frames >= WW_HELD_FRAMES || held->bytes + bytes > WW_HELD_BYTES) {
		struct ww_held_frame *before = NULL, *frame = held->first;
		for (; frame && frame->decided; frame = frame->next)
			before = frame;
		if (!frame)
			return;
		drop(held, before);
		held->lost++;
	}
}

int ww_held_add(struct ww_held *held, const struct ww_frame *frame, bool decided,
	const struct ww_held_group *group)
{
	make_room(held, frame->captured);
	struct ww_held_frame *copy = malloc(sizeof(*copy) + frame->captured);
	if (!copy)
		return -ENOMEM;
	*copy = (struct ww_held_frame){.decided = decided, .frame = *frame};
	if (!decided)
		copy->group = *group;
	if (frame->captured)
		memcpy(copy->data, frame->data, frame->captured);
	copy->frame.data = copy->data;
	if (held->last)
		held->last->next = copy;
	else
		held->first = copy;
	held->last = copy;
	held->n_frames++;
	held->bytes += frame->captured;
	return 0;
}

void ww_held_move(
	struct ww_held *held, const struct ww_held_group *from, const struct ww_held_group *to)
{
	for (struct ww_held_frame *frame = held->first; frame; frame = frame->next)
		if (is_of(frame, from))
			frame->group = *to;
}

void ww_held_decide(struct ww_held *held, const struct ww_held_group *group, bool belongs)
{
	struct ww_held_frame *before = NULL, *frame = held->first;
	while (frame) {
		struct ww_held_frame *next = frame->next;
		if (is_of(frame, group) && !belongs) {
			drop(held, before);
		} else {
			frame->decided |= is_of(frame, group);
			before = frame;
		}
		frame = next;
	}
}

bool ww_held_next(struct ww_held *held, int64_t now_us, struct ww_frame *ret)
{
	/* The one that was given last. */
	if (held->first && held->first->frame.number == 0)
		drop(held, NULL);
	while (held->first && !held->first->decided) {
		int64_t time_us = held->first->frame.time_us;
		if (now_us < time_us || (uint64_t)now_us - (uint64_t)time_us <= WW_HELD_US)
			return false;
		drop(held, NULL);
	}
	if (!held->first)
		return false;
	*ret = held->first->frame;
	held->first->frame.number = 0; /* frames count from 1 */
	return true;
}

void ww_held_done(struct ww_held *held)
{
	while (held->first)
		drop(held, NULL);
}
