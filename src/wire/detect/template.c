// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What it sees, by which method, from which paper, what it costs, how it is fooled: an essay of a
 * few sentences stands here. This one counts connections and says nothing: it shows the shape of
 * a detector, is compiled and tested, and is not registered.
 *
 * To add one: copy this file to NAME.c, add it to meson.build, and a line to detectors.def.
 * Parameters are named constants with a meaning; memory is taken in init; findings go to the sink.
 */
#include "wire/detect/detectors.h"

#include <stdlib.h>

struct template
{
	struct ww_detect_sink sink;
	uint64_t connections;
};

static int init(const struct ww_detect_config *config, void **ret_state, struct ww_err *err)
{
	struct template *self = calloc(1, sizeof *self);
	if (!self)
		return -ENOMEM;
	self->sink = config->sink;
	*ret_state = self;
	return 0;
}

static void done(void **state)
{
	free(*state);
	*state = NULL;
}

static void connection(void *state, const struct ww_detect_connection *connection)
{
	struct template *self = state;
	self->connections++;
}

const struct ww_detector ww_detector_template = {
	.name = "template",
	.detects = "nothing",
	.method = "counting connections",
	.paper = "none",
	.limits = "all of them",
	.state_bytes = sizeof(struct template),
	.init = init,
	.done = done,
	.connection = connection,
};
