// SPDX-License-Identifier: GPL-3.0-or-later
#include "cmd/advisories.h"

#include "base/file.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void add_place(struct ww_shelf *shelf, const char *dir, const char *origin)
{
	if (dir && dir[0] && shelf->n_places < WW_PLACES_MAX)
		shelf->places[shelf->n_places++] = (struct ww_place){dir, origin};
}

/* One that nobody named: closed to this user (a service, another's home), it is none of his. */
static void add_usual_place(struct ww_shelf *shelf, const char *dir, const char *origin)
{
	if (access(dir, R_OK | X_OK) == 0 || errno != EACCES)
		add_place(shelf, dir, origin);
}

int ww_shelf_open(const struct ww_call *call, struct ww_shelf *shelf)
{
	*shelf = (struct ww_shelf){.user = WW_BUF_INIT};
	for (size_t i = 0; i < call->common->folders.n_items; i++)
		add_place(shelf, call->common->folders.items[i], "--advisories");
	add_place(shelf, getenv("WORMWOOD_ADVISORIES"), "$WORMWOOD_ADVISORIES");
	if (ww_path_data(&shelf->user) == 0) {
		ww_buf_adds(&shelf->user, "/advisories");
		add_usual_place(shelf, ww_buf_text(&shelf->user), "user");
	}
	add_usual_place(shelf, WW_SYSTEM_ADVISORIES, "system");
	add_usual_place(shelf, WW_SOURCE_ADVISORIES, "source tree");
	return ww_catalogue_find(shelf->places, shelf->n_places, &shelf->catalogue);
}

void ww_shelf_done(struct ww_shelf *shelf)
{
	ww_catalogue_done(&shelf->catalogue);
	ww_buf_done(&shelf->user);
}

static void tell_missing(const struct ww_call *call, const struct ww_shelf *shelf, const char *name)
{
	struct ww_buf text = WW_BUF_INIT;
	ww_text_safe(&text, name, strlen(name));
	ww_usage(call, "there is no advisory '%s'", ww_buf_text(&text));
	ww_buf_reset(&text);
	for (size_t i = 0; i < shelf->catalogue.n_items && i < 20; i++)
		if (!shelf->catalogue.items[i].hidden)
			ww_buf_addf(&text, " %s", shelf->catalogue.items[i].id);
	if (text.len)
		fprintf(call->screen->err, "there are:%s\n", ww_buf_text(&text));
	for (size_t i = 0; i < shelf->n_places && text.len == 0; i++)
		fprintf(call->screen->err, "looked in %s (%s)\n", shelf->places[i].dir,
			shelf->places[i].origin);
	ww_buf_done(&text);
}

bool ww_shelf_path(const struct ww_call *call, const struct ww_shelf *shelf, const char *name,
	struct ww_buf *path)
{
	struct stat st;
	const struct ww_catalogue_entry *entry =
		strchr(name, '/') ? NULL : ww_catalogue_get(&shelf->catalogue, name);
	if (entry)
		ww_buf_adds(path, entry->path);
	else if (strchr(name, '/') || stat(name, &st) == 0)
		ww_buf_adds(path, name);
	else
		tell_missing(call, shelf, name);
	return path->len > 0;
}

void ww_problems_tell(const struct ww_call *call, const struct ww_problems *problems)
{
	struct ww_buf text = WW_BUF_INIT;
	for (size_t i = 0; i < problems->n_items; i++)
		ww_problem_print(&text, problems, i);
	if (problems->n_dropped)
		ww_buf_addf(
			&text, "%s: %zu more are not shown\n", problems->file, problems->n_dropped);
	fflush(call->screen->out);
	fputs(ww_buf_text(&text), call->screen->err);
	ww_buf_done(&text);
}

/* Loads one. `found`: its ID where it was merely found; NULL: the user named it, so that an error
 * in it is the end. */
static enum ww_exit load_one(
	const struct ww_call *call, const char *path, const char *found, struct ww_advisories *ret)
{
	struct ww_problems problems = WW_PROBLEMS_INIT;
	struct ww_advisory *advisory = NULL;
	int status = ww_advisory_load(path, &advisory, &problems);
	if (problems.n_errors)
		ww_problems_tell(call, &problems);
	ww_problems_done(&problems);
	if (status == 0) {
		ret->items[ret->n++] = advisory;
		return WW_EXIT_NOTHING;
	}
	if (status == -ENOMEM)
		return ww_failed(call, "%s", ww_errno_text(status));
	if (!found)
		return WW_EXIT_USAGE;
	ww_buf_adds(&ret->left_out, ret->n_left_out++ ? ", " : "");
	ww_text_safe(&ret->left_out, found, strlen(found));
	ww_remark(call, "%s is left out", path);
	return WW_EXIT_NOTHING;
}

static enum ww_exit load_all(
	const struct ww_call *call, const struct ww_shelf *shelf, struct ww_advisories *ret)
{
	const struct ww_opt_list *named = &call->common->advisories;
	enum ww_exit answer = WW_EXIT_NOTHING;
	for (size_t i = 0; i < named->n_items; i++) {
		struct ww_buf path = WW_BUF_INIT;
		enum ww_exit one = WW_EXIT_USAGE;
		if (ww_shelf_path(call, shelf, named->items[i], &path))
			one = load_one(call, ww_buf_text(&path), NULL, ret);
		answer = ww_exit_worse(answer, one);
		ww_buf_done(&path);
	}
	for (size_t i = 0; i < shelf->catalogue.n_items && named->n_items == 0; i++)
		if (!shelf->catalogue.items[i].hidden)
			answer =
				ww_exit_worse(answer, load_one(call, shelf->catalogue.items[i].path,
							      shelf->catalogue.items[i].id, ret));
	return answer;
}

enum ww_exit ww_call_advisories(const struct ww_call *call, struct ww_advisories *ret)
{
	struct ww_shelf shelf;
	struct ww_advisories loaded = {.n = 0};
	enum ww_exit answer = WW_EXIT_NOTHING;
	int status = ww_shelf_open(call, &shelf);
	if (status == 0) {
		size_t most = shelf.catalogue.n_items + call->common->advisories.n_items;
		loaded.items = calloc(most + 1, sizeof(struct ww_advisory *));
		status = loaded.items ? 0 : -ENOMEM;
	}
	if (status != 0)
		answer = ww_failed(call, "the advisories: %s", ww_errno_text(status));
	else
		answer = load_all(call, &shelf, &loaded);
	ww_shelf_done(&shelf);
	if (answer == WW_EXIT_NOTHING)
		*ret = loaded;
	else
		ww_advisories_done(&loaded);
	return answer;
}

void ww_advisories_done(struct ww_advisories *advisories)
{
	for (size_t i = 0; i < advisories->n; i++)
		ww_advisory_free(&advisories->items[i]);
	free(advisories->items);
	ww_buf_done(&advisories->left_out);
	*advisories = (struct ww_advisories){.n = 0};
}
