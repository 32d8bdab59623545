/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What may be wrong with an advisory that loads: `wormwood advisory check`.
 *
 *   WA001  a text without Japanese
 *   WA002  a fact without a source
 *   WA003  a name that innocent files or processes have too, and nothing else to tell them apart
 *   WA004  an indicator that nobody verified
 *   WA005  a stage that can never be reached, or that says nothing new
 *   WA006  weights of a claim that do not sum to 1
 *   WA007  what a drill cannot play
 *   WA008  a folder that is not called as the advisory
 *   WA009  a statement that contradicts another in the same item
 *   WA011  a stage on a port that network.ports does not list
 *
 * A stage that waits for a rule which its rule files do not hold is an error. Whether rules
 * compile, and whether a dialog trips its rule, is for who has a rule engine.
 * A port that is listed again is a note. Notes list the facts on which no command acts yet.
 */
#include "advisory/advisory.h"
#include "advisory/problem.h"

/* Adds to *problems, which has the file's text, and sorts it. */
void ww_advisory_lint(const struct ww_advisory *advisory, struct ww_problems *problems);
