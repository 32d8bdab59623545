// SPDX-License-Identifier: GPL-3.0-or-later
#include "advisory/find.h"
#include "base/file.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void ww_catalogue_done(struct ww_catalogue *catalogue)
{
	for (size_t i = 0; i < catalogue->n_items; i++) {
		free(catalogue->items[i].id);
		free(catalogue->items[i].path);
	}
	free(catalogue->items);
	*catalogue = (struct ww_catalogue){NULL, 0, 0};
}

static int add(struct ww_catalogue *catalogue, const struct ww_place *place, const char *id)
{
	struct ww_buf path = WW_BUF_INIT;
	struct stat st;
	ww_path_join(&path, place->dir, id);
	ww_buf_adds(&path, "/advisory.yaml");
	if (path.failed || stat(ww_buf_text(&path), &st) != 0 || !S_ISREG(st.st_mode)) {
		int status = path.failed ? -ENOMEM : 0;
		ww_buf_done(&path);
		return status;
	}
	if (catalogue->n_items == WW_CATALOGUE_MAX) {
		catalogue->n_dropped++;
		ww_buf_done(&path);
		return 0;
	}
	struct ww_catalogue_entry *entry = &catalogue->items[catalogue->n_items];
	entry->id = strdup(id);
	entry->path = ww_buf_take(&path);
	entry->origin = place->origin;
	entry->hidden = ww_catalogue_get(catalogue, id) != NULL;
	catalogue->n_items++;
	return entry->id && entry->path ? 0 : -ENOMEM;
}

static int look_into(struct ww_catalogue *catalogue, const struct ww_place *place)
{
	DIR *dir = opendir(place->dir);
	if (!dir)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	int status = 0;
	const struct dirent *entry;
	while (status == 0 && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			status = add(catalogue, place, entry->d_name);
	closedir(dir);
	return status;
}

/* By ID; of one ID the shown one first, then the hidden ones by path. */
static int by_id(const void *a, const void *b)
{
	const struct ww_catalogue_entry *x = a, *y = b;
	int order = strcmp(x->id, y->id);
	if (order == 0)
		order = (int)x->hidden - (int)y->hidden;
	return order ? order : strcmp(x->path, y->path);
}

int ww_catalogue_find(const struct ww_place *places, size_t n, struct ww_catalogue *catalogue)
{
	*catalogue = (struct ww_catalogue){NULL, 0, 0};
	/* One block that is never moved: 128 KiB, of which only the used pages are touched. */
	catalogue->items = calloc(WW_CATALOGUE_MAX, sizeof(*catalogue->items));
	if (!catalogue->items)
		return -ENOMEM;
	int status = 0;
	for (size_t i = 0; i < n && status == 0; i++)
		status = look_into(catalogue, &places[i]);
	if (status == 0)
		qsort(catalogue->items, catalogue->n_items, sizeof(*catalogue->items), by_id);
	return status;
}

const struct ww_catalogue_entry *ww_catalogue_get(
	const struct ww_catalogue *catalogue, const char *id)
{
	for (size_t i = 0; i < catalogue->n_items; i++) {
		const struct ww_catalogue_entry *entry = &catalogue->items[i];
		if (!entry->hidden && strcmp(entry->id, id) == 0)
			return entry;
	}
	return NULL;
}
