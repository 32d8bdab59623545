// SPDX-License-Identifier: GPL-3.0-or-later
/* wormwood drill ID: a rehearsal of an outbreak, with the truth about it. */
#include "cmd/advisories.h"
#include "cmd/lock.h"

#include "base/json.h"
#include "base/quote.h"
#include "drill/drill.h"
#include "value/when.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>
#include <string.h>

struct config {
	const char *dir;
	const char *start; /* a date */
	uint64_t seed, hosts, infected, max_packets;
	double duration_s, background_per_s;
};

static const struct config defaults = {
	.seed = 1,
	.hosts = 500,
	.max_packets = 20000000,
	.duration_s = 3600,
	.background_per_s = 20,
};

static const struct ww_opt options[] = {
	WW_OPT(struct config, dir, WW_OPT_TEXT, 'o', "output", "DIR",
		"folder for the drill (needed); files in it are never overwritten"),
	WW_OPT(struct config, seed, WW_OPT_COUNT, 0, "seed", "N",
		"the same seed gives the same bytes (default 1)"),
	WW_OPT(struct config, hosts, WW_OPT_COUNT, 0, "hosts", "N",
		"hosts in the network, 2-60000 (default 500)"),
	WW_OPT(struct config, infected, WW_OPT_COUNT, 0, "infected", "N",
		"stop when so many are infected (default half of the hosts)"),
	WW_OPT(struct config, start, WW_OPT_TEXT, 0, "start", "DATE",
		"when it begins, as 2003-08-12 (the default), midnight UTC"),
	WW_OPT(struct config, duration_s, WW_OPT_REAL, 0, "duration", "SECONDS",
		"at most so long on the packet clock (default 3600)"),
	WW_OPT(struct config, background_per_s, WW_OPT_REAL, 0, "background", "N",
		"ordinary connections a second (default 20)"),
	WW_OPT(struct config, max_packets, WW_OPT_COUNT, 0, "max-packets", "N",
		"stop beyond so many packets (default 20000000)"),
};

static const char *const needs[] = {
	"id",
	"title",
	"network.stages",
	"propagation",
	"propagation.addresses",
};

/* The nearest folder above `path` that is there: what is missing is made in it. Freed by the
 * caller. */
static char *folder_above(const char *path)
{
	char *folder = strdup(path);
	while (folder && access(folder, F_OK) != 0) {
		char *slash = strrchr(folder, '/');
		if (!slash || slash == folder) {
			free(folder);
			return strdup(slash ? "/" : ".");
		}
		*slash = '\0';
	}
	return folder;
}

/* From here on advisories can be read, and files made below the folder of the drill. */
static enum ww_exit lock(
	const struct ww_call *call, const struct ww_shelf *shelf, const char *advisory)
{
	const struct config *config = call->config;
	struct ww_lock lock = {.n_read = 0};
	char *folder = folder_above(config->dir);
	lock.failed = !folder;
	ww_lock_advisories(&lock, call, shelf);
	ww_lock_read(&lock, advisory);
	ww_lock_read_beside(&lock, advisory);
	ww_lock_write(&lock, folder);
	free(folder);
	return ww_lock_now(&lock, call);
}

/* The advisory at `path`. Errors in it are told with their places. */
static enum ww_exit load_from(
	const struct ww_call *call, const char *path, struct ww_advisory **ret)
{
	struct ww_problems problems = WW_PROBLEMS_INIT;
	int status = ww_advisory_load(path, ret, &problems);
	if (status < 0)
		ww_problems_tell(call, &problems);
	ww_problems_done(&problems);
	return status == 0 ? WW_EXIT_NOTHING : WW_EXIT_USAGE;
}

/* The one advisory that is named. */
static enum ww_exit load(const struct ww_call *call, const char *name, struct ww_advisory **ret)
{
	struct ww_shelf shelf;
	struct ww_buf path = WW_BUF_INIT;
	enum ww_exit answer = WW_EXIT_USAGE;
	int status = ww_shelf_open(call, &shelf);
	if (status < 0)
		answer = ww_failed(
			call, "advisories cannot be looked for: %s", ww_errno_text(status));
	else if (ww_shelf_path(call, &shelf, name, &path))
		answer = lock(call, &shelf, ww_buf_text(&path));
	if (answer == WW_EXIT_NOTHING)
		answer = load_from(call, ww_buf_text(&path), ret);
	ww_shelf_done(&shelf);
	ww_buf_done(&path);
	return answer;
}

static int read_plan(const struct ww_call *call, struct ww_drill_plan *plan)
{
	const struct config *config = call->config;
	*plan = ww_drill_plan_default();
	plan->seed = config->seed;
	plan->hosts = config->hosts > UINT32_MAX ? UINT32_MAX : (uint32_t)config->hosts;
	plan->infected = config->infected > UINT32_MAX ? UINT32_MAX : (uint32_t)config->infected;
	plan->duration_s = config->duration_s;
	plan->background_per_s = config->background_per_s;
	plan->max_packets = config->max_packets;
	return config->start ? ww_when_parse_date(config->start, &plan->start_us) : 0;
}

static void show(const struct ww_call *call, const struct ww_advisory *advisory,
	const struct ww_drill_result *result, const char *dir)
{
	struct ww_buf text = WW_BUF_INIT, quoted = WW_BUF_INIT, title = WW_BUF_INIT;
	ww_quote_shell(&quoted, dir);
	ww_clean(&title, advisory->title.en ? advisory->title.en : advisory->id);
	ww_buf_addf(&text,
		"A drill of %s: %" PRIu32 " hosts infected, %" PRIu32 " attacked in vain, %" PRIu64
		" packets.\n",
		ww_buf_text(&title), result->infected, result->attempted, result->packets);
	ww_buf_addf(&text,
		"Inert: markers and filler, TTL 1. For an isolated lab only; see README.txt.\n\n"
		"  %s/capture.pcap   what a sensor would have seen\n"
		"  %s/truth.jsonl    who infected whom, when; %" PRIu32 " decoys\n\n"
		"  do next   %s watch %s/capture.pcap\n",
		ww_buf_text(&quoted), ww_buf_text(&quoted), result->decoys, call->program,
		ww_buf_text(&quoted));
	ww_show(call->screen, &text);
	ww_buf_done(&text);
	ww_buf_done(&quoted);
	ww_buf_done(&title);
}

static void emit(const struct ww_call *call, const struct ww_advisory *advisory,
	const struct ww_drill_result *result, const char *dir)
{
	struct ww_buf line = WW_BUF_INIT;
	struct ww_json json = ww_json_to(&line);
	ww_json_object(&json, NULL);
	ww_json_string(&json, "type", "drill");
	ww_json_string(&json, "advisory", advisory->id);
	ww_json_string(&json, "dir", dir);
	ww_json_int(&json, "packets", (int64_t)result->packets);
	ww_json_int(&json, "infected", result->infected);
	ww_json_int(&json, "attempted", result->attempted);
	ww_json_int(&json, "decoys", result->decoys);
	ww_json_end(&json, '}');
	ww_emit(call->screen, &line);
	ww_buf_done(&line);
}

static enum ww_exit play(
	struct ww_call *call, const struct ww_advisory *advisory, const struct ww_drill_plan *plan)
{
	const struct config *config = call->config;
	struct ww_drill_result result = {0};
	struct ww_err err = {0};
	int rc = ww_drill_make(advisory, plan, config->dir, &result, &err);
	if (rc == -EINVAL && err.at.line) {
		ww_complain(call, advisory->path, &err);
		return WW_EXIT_USAGE;
	}
	if (rc == -EINVAL)
		return ww_usage(call, "%s: %s", advisory->id, err.text);
	if (rc == -EEXIST)
		return ww_usage(call, "%s; a drill overwrites nothing: name a new folder",
			err.text[0] ? err.text : config->dir);
	if (rc < 0)
		return ww_failed(call, "%s: %s", config->dir, ww_errno_text(rc));
	if (call->common->json)
		emit(call, advisory, &result, config->dir);
	show(call, advisory, &result, config->dir);
	return WW_EXIT_NOTHING;
}

static enum ww_exit run(struct ww_call *call)
{
	const struct config *config = call->config;
	const char *name = call->n_args ? call->args[0] : NULL;
	if (!name && call->common->advisories.n_items == 1)
		name = call->common->advisories.items[0];
	if (!name || call->n_args > 1)
		return ww_usage(call, "name one advisory: wormwood drill ID -o DIR");
	if (!config->dir)
		return ww_usage(call, "where to? wormwood drill %s -o DIR", name);
	struct ww_drill_plan plan;
	if (read_plan(call, &plan) < 0)
		return ww_usage(
			call, "--start takes a date as 2003-08-12, not '%s'", config->start);
	struct ww_advisory *advisory = NULL;
	enum ww_exit answer = load(call, name, &advisory);
	if (answer == WW_EXIT_NOTHING)
		answer = play(call, advisory, &plan);
	ww_advisory_free(&advisory);
	return answer;
}

const struct ww_cmd ww_cmd_drill = {
	.name = "drill",
	.summary = "make a labelled rehearsal of an outbreak: a capture, and the truth",
	.usage = "ID -o DIR [options]",
	.details = "The capture is inert: markers and filler, TTL 1. For an isolated lab only.\n",
	WW_CMD_OPTS(options),
	.config_size = sizeof(struct config),
	.defaults = &defaults,
	WW_CMD_NEEDS(needs),
	.run = run,
};
