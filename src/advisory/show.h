/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * An advisory as people read it: the sections of a JPCERT/CC alert (overview, affected systems,
 * confirming and handling an infection, prevention, references) in English or Japanese. Everything
 * that the file says is shown, each fact with its source.
 */
#include "advisory/advisory.h"

/*
 * Appends the text to `out`, in lines of at most `width` columns (40-200; words that are longer
 * stand alone). `lang` is "ja" or anything else for English; texts without Japanese stay English.
 */
void ww_advisory_show(
	struct ww_buf *out, const struct ww_advisory *advisory, const char *lang, int width);
