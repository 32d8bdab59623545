/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Where advisories are: folders that hold one folder for each advisory. The caller gives them in
 * the order of search; the first that has an ID wins, and the others of that ID are listed as
 * hidden. Folders that do not exist, and what is no advisory in them, are passed over.
 */
#include "base/buf.h"
#include "base/err.h"

/* A folder to search, and what to call it. Borrowed; must outlive the catalogue. */
struct ww_place {
	const char *dir;
	const char *origin; /* "system", "build tree" */
};

struct ww_catalogue_entry {
	char *id;           /* name of its folder; the file may say another, which `check` tells */
	char *path;         /* DIR/ID/advisory.yaml */
	const char *origin; /* borrowed from the place */
	bool hidden;        /* an earlier place has the ID too */
};

/* At most so many; more are counted in n_dropped. */
enum { WW_CATALOGUE_MAX = 4096 };

struct ww_catalogue {
	struct ww_catalogue_entry *items; /* by ID; the shown one first, then hidden ones by path */
	size_t n_items;
	size_t n_dropped;
};

/*
 * Looks into places[0..n). Returns 0; -ENOMEM; or -errno of a folder that exists and cannot be
 * read. End with ww_catalogue_done in any case.
 */
int ww_catalogue_find(const struct ww_place *places, size_t n, struct ww_catalogue *catalogue);
void ww_catalogue_done(struct ww_catalogue *catalogue);
/* The entry with that ID that is not hidden, or NULL. */
const struct ww_catalogue_entry *ww_catalogue_get(
	const struct ww_catalogue *catalogue, const char *id);
