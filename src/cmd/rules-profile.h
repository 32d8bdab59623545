/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Which rules cost most: how often each was tried on bytes, and how often all of it was there. A
 * rule that is tried a million times for nothing has a fast pattern that every message holds.
 */
#include "cmd/cmd.h"
#include "wire/rules/rules.h"

/* The rules that were tried most, at most 20, as a table on the error stream. */
void ww_rules_profile(const struct ww_call *call, const struct ww_rules *rules);
