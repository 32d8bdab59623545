/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * The format of advisories for others, made from fields.def: a JSON Schema for editors, and the
 * tables of wormwood-advisory(5).
 */
#include "base/buf.h"

/* Appends a JSON Schema (draft 2020-12), with a newline at the end. */
void ww_advisory_schema(struct ww_buf *out);
/* Appends the fields as JSON Lines, of type "field". */
void ww_advisory_fields_json(struct ww_buf *out);
/* Appends the fields as a section of scdoc: path, kind, who acts, help. */
void ww_advisory_man(struct ww_buf *out);
