/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The advisories that a command works by: where they are looked for, and which ones -A names.
 */
#include "advisory/find.h"
#include "advisory/load.h"
#include "cmd/cmd.h"

enum { WW_PLACES_MAX = WW_OPT_LIST_MAX + 4 };

/* Every advisory that is found, and the places that were searched. End with ..._done. */
struct ww_shelf {
	struct ww_catalogue catalogue;
	struct ww_place places[WW_PLACES_MAX];
	size_t n_places;
	struct ww_buf user; /* the path of a place */
};

/*
 * Looks into --advisories DIR, $WORMWOOD_ADVISORIES, the user's data folder, the system's, and the
 * folder of the source tree that this program was built from. Returns 0 or a negative errno.
 */
int ww_shelf_open(const struct ww_call *call, struct ww_shelf *shelf);
void ww_shelf_done(struct ww_shelf *shelf);
/*
 * Appends the path of the advisory that `name` means: an ID, or a file or folder (which has a '/',
 * or is not an ID that is found). False after saying that there is none.
 */
bool ww_shelf_path(const struct ww_call *call, const struct ww_shelf *shelf, const char *name,
	struct ww_buf *path);

struct ww_advisories {
	struct ww_advisory **items; /* owned, in the order of -A, else by ID */
	size_t n;
	struct ww_buf left_out; /* IDs of those that were found and have errors: "a, b" */
	size_t n_left_out;
};

/*
 * Loads what -A names, or every advisory that is found. Errors are told with their places. One
 * that the user named and that has errors gives WW_EXIT_USAGE; one that was merely found is left
 * out with a word. Else WW_EXIT_NOTHING, or WW_EXIT_FAILED from the environment.
 */
enum ww_exit ww_call_advisories(const struct ww_call *call, struct ww_advisories *ret);
/* Safe on a zeroed object. */
void ww_advisories_done(struct ww_advisories *advisories);

/* Prints all of them on the error stream. */
void ww_problems_tell(const struct ww_call *call, const struct ww_problems *problems);
