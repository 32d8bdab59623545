/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What `advisory check` needs a rule engine for: whether the rule files of an advisory load, and
 * whether what a drill would play is seen as what it is: each stage's dialog trips its rule or
 * holds its text, and no decoy does.
 */
#include "advisory/load.h"

/*
 * Adds to *problems what is wrong with the stages (WA010), and appends to *files one struct
 * ww_problems for each rule file that has any: *n of them, to be ended and freed by the caller.
 * Returns 0 or -ENOMEM.
 */
int ww_check_rules(const struct ww_advisory *advisory, struct ww_problems *problems,
	struct ww_problems **files, size_t *n);
