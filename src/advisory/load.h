/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * From advisory.yaml to a struct ww_advisory, by the table of fields.def.
 *
 * The text is YAML 1.2 read by libfyaml, one document, UTF-8. Anchors, aliases and tags are
 * refused: an advisory is to be read by people line by line, and a few aliases of aliases unfold
 * to gigabytes. Everything in the file may be under an adversary's control: its size, depth,
 * number of values and the length of each are bounded; files that it names must lie beside it.
 */
#include "advisory/advisory.h"
#include "advisory/problem.h"

enum {
	WW_ADVISORY_MAX = 4 << 20,      /* bytes of advisory.yaml */
	WW_ADVISORY_FILE_MAX = 8 << 20, /* bytes of a rule file */
	WW_ADVISORY_VALUES = 100000,    /* values in all */
	WW_ADVISORY_ITEMS = 4096,       /* items of a list */
	WW_ADVISORY_LINE = 4096,        /* bytes of a one-line value */
	WW_ADVISORY_PROSE = 65536,      /* bytes of a text that may have line breaks */
};

/*
 * Loads `path`, a file or a folder that holds advisory.yaml, and the rule files it names.
 * *problems, which the caller initialised and ends, gets everything that is wrong with it, and the
 * text for the source lines. Returns 0; -EINVAL when there were errors in the text; -ENOENT,
 * -EACCES, -EFBIG, … when the file could not be read (also told as a problem); -ENOMEM.
 * *ret is untouched on failure; end it with ww_advisory_free.
 */
int ww_advisory_load(const char *path, struct ww_advisory **ret, struct ww_problems *problems);

/*
 * The same from memory; `name` is for messages. `dir` is the folder of the files that the text
 * names; with NULL they are not opened, and the advisory has rules without text.
 */
int ww_advisory_load_text(const char *name, const char *text, size_t len, const char *dir,
	struct ww_advisory **ret, struct ww_problems *problems);

/* Accepts a pointer to NULL; leaves NULL. */
void ww_advisory_free(struct ww_advisory **advisory);
