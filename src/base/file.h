/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Whole small files, and the folders where a user's data lives.
 */
#include "base/buf.h"

/*
 * Reads a regular file whole into *ret (which the caller ends with ww_buf_done).
 * Returns 0, -EFBIG beyond `limit` bytes, -EISDIR, -ENOMEM, or the errno of open and read.
 */
int ww_file_load(const char *path, size_t limit, struct ww_buf *ret);

/* Appends `dir/name` with exactly one slash between. */
void ww_path_join(struct ww_buf *out, const char *dir, const char *name);
/* The last component of a path; borrowed from it. */
const char *ww_path_base(const char *path);
/* Makes a folder and its parents, mode 0700 where new. Returns 0 or a negative errno. */
int ww_path_make(const char *dir);

/*
 * $XDG_DATA_HOME or ~/.local/share, and $XDG_STATE_HOME or ~/.local/state, each with /wormwood.
 * Appends nothing and returns -ENOENT when neither the variable nor $HOME is set.
 */
int ww_path_data(struct ww_buf *out);
int ww_path_state(struct ww_buf *out);
