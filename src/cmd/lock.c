// SPDX-License-Identifier: GPL-3.0-or-later
#include "cmd/lock.h"

#include "priv/sandbox.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Takes `path`, which is on the heap. */
static void add(struct ww_lock *lock, char ***paths, size_t *n, char *path)
{
	char **more = path ? realloc(*paths, (*n + 1) * sizeof(char *)) : NULL;
	if (!more) {
		lock->failed = true;
		free(path);
		return;
	}
	*paths = more;
	more[(*n)++] = path;
}

static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;
	return slash ? strndup(path, len ? len : 1) : strdup(".");
}

void ww_lock_read(struct ww_lock *lock, const char *path)
{
	if (path)
		add(lock, &lock->read_paths, &lock->n_read, strdup(path));
}

void ww_lock_write(struct ww_lock *lock, const char *folder)
{
	if (folder)
		add(lock, &lock->write_folders, &lock->n_write, strdup(folder));
}

void ww_lock_read_beside(struct ww_lock *lock, const char *path)
{
	if (path)
		add(lock, &lock->read_paths, &lock->n_read, folder_of(path));
}

void ww_lock_write_beside(struct ww_lock *lock, const char *path)
{
	if (path)
		add(lock, &lock->write_folders, &lock->n_write, folder_of(path));
}

void ww_lock_advisory(struct ww_lock *lock, const char *name)
{
	if (!strchr(name, '/') && access(name, F_OK) != 0)
		return;
	ww_lock_read(lock, name); /* a folder; or a file, with its rules: */
	ww_lock_read_beside(lock, name);
}

void ww_lock_advisories(
	struct ww_lock *lock, const struct ww_call *call, const struct ww_shelf *shelf)
{
	const struct ww_opt_list *named = &call->common->advisories;
	for (size_t i = 0; i < shelf->n_places; i++)
		ww_lock_read(lock, shelf->places[i].dir);
	/* What is found may be a link that leads to another place. */
	for (size_t i = 0; i < shelf->catalogue.n_items; i++) {
		char *real = realpath(shelf->catalogue.items[i].path, NULL);
		ww_lock_read_beside(lock, real);
		free(real);
	}
	for (size_t i = 0; i < named->n_items; i++)
		ww_lock_advisory(lock, named->items[i]);
}

enum ww_exit ww_lock_now(struct ww_lock *lock, const struct ww_call *call)
{
	ww_lock_read(lock, "/usr/share/zoneinfo");
	ww_lock_read(lock, "/etc/localtime");
	const struct ww_sandbox_wish wish = {
		.read_paths = (const char *const *)lock->read_paths,
		.n_read_paths = lock->n_read,
		.write_folders = (const char *const *)lock->write_folders,
		.n_write_folders = lock->n_write,
		.read_only_from = lock->read_only_from,
		.keep_file_capabilities = !lock->needs_no_files_of_others,
	};
	struct ww_sandbox_state state = {0};
	int status = lock->failed ? -ENOMEM : ww_sandbox_enter(&wish, &state);
	ww_lock_done(lock);
	if (status != 0)
		return ww_failed(
			call, "the sandbox could not be entered: %s", ww_errno_text(status));
	if (call->common->verbose)
		ww_remark(call, "sandbox: Landlock %s, seccomp %s, capabilities %s",
			state.landlock ? "on" : "not to be had",
			state.seccomp ? "on" : "not to be had",
			state.capabilities ? "dropped" : "kept");
	return WW_EXIT_NOTHING;
}

static void free_all(char ***paths, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		free((*paths)[i]);
	free(*paths);
	*paths = NULL;
	*n = 0;
}

void ww_lock_done(struct ww_lock *lock)
{
	free_all(&lock->read_paths, &lock->n_read);
	free_all(&lock->write_folders, &lock->n_write);
}
