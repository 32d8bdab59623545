/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The sandbox of a command (priv/sandbox.h): the paths that it still needs are collected, then it
 * is entered, before the first byte of others is decoded.
 */
#include "cmd/advisories.h"
#include "cmd/cmd.h"

struct ww_lock {
	char **read_paths, **write_folders; /* owned, each and all */
	size_t n_read, n_write;
	unsigned read_only_from;       /* see struct ww_sandbox_wish */
	bool needs_no_files_of_others; /* root gives up its rights over other users' files too */
	bool failed;                   /* memory was short */
};

/* Copies; NULL is passed over. */
void ww_lock_read(struct ww_lock *lock, const char *path);
void ww_lock_write(struct ww_lock *lock, const char *folder);
/* The folder that `path` lies in: for a file that may be replaced, or that is not there yet. */
void ww_lock_read_beside(struct ww_lock *lock, const char *path);
void ww_lock_write_beside(struct ww_lock *lock, const char *path);
/* All that loading advisories reads: their places, and what -A names. */
void ww_lock_advisories(
	struct ww_lock *lock, const struct ww_call *call, const struct ww_shelf *shelf);
/* One that the user names, as a file or a folder; an ID is among the places already. */
void ww_lock_advisory(struct ww_lock *lock, const char *name);
/*
 * Enters, and ends the lock either way. Time zones stay readable. A kernel that has a part of it
 * and will not switch it on is trouble; one that lacks it is not: -v says what holds.
 */
enum ww_exit ww_lock_now(struct ww_lock *lock, const struct ww_call *call);
/* Safe on a zeroed object. */
void ww_lock_done(struct ww_lock *lock);
