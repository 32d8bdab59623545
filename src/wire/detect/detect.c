// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/detect/detect.h"

#include "wire/detect/detectors.h"

#include <math.h>
#include <stdlib.h>

static const struct ww_detector *const registered[] = {
#define WW_DETECTOR(name) &ww_detector_##name,
#include "wire/detect/detectors.def"
#undef WW_DETECTOR
};

enum { N = WW_N(registered) };

/* A detector's own way out: it tells who speaks, so that the others listen. */
struct mouth {
	struct ww_detect *detect;
	size_t speaker;
};

struct ww_detect {
	struct ww_detect_sink sink;
	void *states[N];
	struct mouth mouths[N];
	/* By outcome; behind the last one `call` is NULL. */
	struct listener {
		ww_contact_fn *call;
		void *state;
	} contact[WW_CONTACT_COUNT][N + 2];
	/* Whose memory is fetched: of several who ask for it, the first. */
	struct {
		ww_expect_fn *call, *soon;
		void *state;
	} expect[WW_CONTACT_COUNT];
};

size_t ww_detectors(void)
{
	return N;
}

const struct ww_detector *ww_detector(size_t i)
{
	ww_assert(i < N);
	return registered[i];
}

static uint64_t speak(void *context, struct ww_finding *finding)
{
	const struct mouth *mouth = context;
	struct ww_detect *detect = mouth->detect;
	finding->id =
		detect->sink.finding ? detect->sink.finding(detect->sink.context, finding) : 0;
	for (size_t i = 0; i < N; i++)
		if (i != mouth->speaker && registered[i]->finding && detect->states[i])
			registered[i]->finding(detect->states[i], finding);
	return finding->id;
}

static void speak_again(void *context, const struct ww_finding *finding)
{
	const struct mouth *mouth = context;
	const struct ww_detect_sink *sink = &mouth->detect->sink;
	if (sink->update)
		sink->update(sink->context, finding);
}

static void list(struct ww_detect *detect, size_t i)
{
	const struct ww_detector *detector = registered[i];
	for (int outcome = 0; outcome < WW_CONTACT_COUNT; outcome++) {
		struct listener *last = detect->contact[outcome];
		while (last->call)
			last++;
		if (detector->contact[outcome])
			*last = (struct listener){detector->contact[outcome], detect->states[i]};
		if (detector->expect[outcome] && !detect->expect[outcome].call) {
			detect->expect[outcome].call = detector->expect[outcome];
			detect->expect[outcome].soon = detector->soon[outcome];
			detect->expect[outcome].state = detect->states[i];
		}
	}
}

static size_t takers_of(enum ww_contact_outcome outcome)
{
	size_t n = 0;
	for (size_t i = 0; i < N; i++)
		n += registered[i]->contact[outcome] != NULL;
	return n;
}

int ww_detect_new(const struct ww_detect_config *config, struct ww_detect **ret, struct ww_err *err)
{
	struct ww_detect *detect = calloc(1, sizeof *detect);
	if (!detect)
		return -ENOMEM;
	detect->sink = config->sink;
	for (size_t i = 0; i < N; i++) {
		struct ww_detect_config own = *config;
		own.hears_all = own.hears_all || takers_of(WW_CONTACT_UNANSWERED) > 1;
		detect->mouths[i] = (struct mouth){detect, i};
		own.sink = (struct ww_detect_sink){&detect->mouths[i], speak, speak_again};
		int r = registered[i]->init(&own, &detect->states[i], err);
		if (r < 0) {
			ww_detect_free(&detect);
			return r;
		}
		list(detect, i);
	}
	*ret = detect;
	return 0;
}

void ww_detect_free(struct ww_detect **detect)
{
	if (!*detect)
		return;
	for (size_t i = 0; i < N; i++)
		registered[i]->done(&(*detect)->states[i]);
	free(*detect);
	*detect = NULL;
}

void ww_detect_contact(struct ww_detect *detect, struct ww_contact *contact)
{
	ww_assert(contact->outcome < WW_CONTACT_COUNT);
	for (const struct listener *at = detect->contact[contact->outcome]; at->call; at++)
		at->call(at->state, contact);
}

static void contact_all(void *state, struct ww_contact *contact)
{
	ww_detect_contact(state, contact);
}

static void contact_both(void *state, struct ww_contact *contact)
{
	const struct listener *both = state;
	both[0].call(both[0].state, contact);
	both[1].call(both[1].state, contact);
}

struct ww_contact_listener ww_detect_listener(
	struct ww_detect *detect, enum ww_contact_outcome outcome)
{
	struct listener *first = detect->contact[outcome];
	struct ww_contact_listener listener = {
		.contact = contact_all,
		.contact_state = detect,
		.expect = detect->expect[outcome].call,
		.soon = detect->expect[outcome].soon,
		.expect_state = detect->expect[outcome].state,
	};
	if (first[0].call && !first[1].call) {
		listener.contact = first->call;
		listener.contact_state = first->state;
	} else if (first[0].call && !first[2].call) {
		listener.contact = contact_both;
		listener.contact_state = first;
	}
	return listener;
}

void ww_detect_connection(struct ww_detect *detect, const struct ww_detect_connection *connection)
{
	for (size_t i = 0; i < N; i++)
		if (registered[i]->connection)
			registered[i]->connection(detect->states[i], connection);
}

void ww_detect_hit(struct ww_detect *detect, const struct ww_detect_hit *hit)
{
	for (size_t i = 0; i < N; i++)
		if (registered[i]->hit)
			registered[i]->hit(detect->states[i], hit);
}

void ww_detect_two_way(struct ww_detect *detect, uint32_t flow_id)
{
	for (size_t i = 0; i < N; i++)
		if (registered[i]->two_way)
			registered[i]->two_way(detect->states[i], flow_id);
}

int ww_detect_finish(struct ww_detect *detect)
{
	for (size_t i = 0; i < N; i++) {
		int r = registered[i]->finish ? registered[i]->finish(detect->states[i]) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

const struct ww_host *ww_detect_host(const struct ww_detect *detect, size_t i)
{
	for (size_t k = 0; k < N; k++)
		if (registered[k]->host)
			return registered[k]->host(detect->states[k], i);
	return NULL;
}

const struct ww_incident *ww_detect_incident(const struct ww_detect *detect, size_t i)
{
	for (size_t k = 0; k < N; k++)
		if (registered[k]->incident)
			return registered[k]->incident(detect->states[k], i);
	return NULL;
}

struct ww_detect_counts ww_detect_counts(const struct ww_detect *detect)
{
	struct ww_detect_counts counts = {.false_alarms_per_day = NAN};
	for (size_t i = 0; i < N; i++)
		if (registered[i]->count)
			registered[i]->count(detect->states[i], &counts);
	return counts;
}
