// SPDX-License-Identifier: GPL-3.0-or-later
#include "cmd/parts.h"

#include "base/file.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

static void add_part(struct ww_parts *parts, const char *folder, const char *name, uint64_t first)
{
	struct ww_buf path = WW_BUF_INIT;
	size_t at = parts->n;
	if (parts->n > WW_EVIDENCE_FILES)
		return; /* more than a writer ever leaves */
	for (; at > 0 && parts->before[at - 1] >= first; at--) {
		parts->paths[at] = parts->paths[at - 1];
		parts->before[at] = parts->before[at - 1];
	}
	ww_path_join(&path, folder, name);
	parts->paths[at] = ww_buf_take(&path);
	parts->before[at] = first - 1;
	parts->n++;
}

/* The end of a run's input that stands for the files of a live capture. */
static const char FILES_OF_RUN[] = "*.pcap";

bool ww_parts_is_evidence(const char *input)
{
	size_t len = strlen(input), end = strlen(FILES_OF_RUN);
	return len > end && strcmp(input + len - end, FILES_OF_RUN) == 0 && strchr(input, '/');
}

void ww_parts_find(struct ww_parts *parts, const char *input)
{
	if (!ww_parts_is_evidence(input)) {
		parts->paths[parts->n++] = strdup(input);
		return;
	}
	char *folder = strdup(input);
	char *prefix = folder ? strrchr(folder, '/') : NULL;
	if (!prefix) {
		free(folder);
		return;
	}
	*prefix++ = '\0';
	prefix[strlen(prefix) - strlen(FILES_OF_RUN)] = '\0';
	DIR *dir = opendir(folder[0] ? folder : "/");
	struct dirent *entry;
	uint64_t first;
	while (dir && (entry = readdir(dir)))
		if (ww_evidence_name(entry->d_name, prefix, &first))
			add_part(parts, folder[0] ? folder : "/", entry->d_name, first);
	if (dir)
		closedir(dir);
	free(folder);
}

void ww_parts_done(struct ww_parts *parts)
{
	for (size_t i = 0; i < parts->n; i++)
		free(parts->paths[i]);
	parts->n = 0;
}
