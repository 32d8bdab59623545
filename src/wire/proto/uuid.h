/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Universally unique identifiers (RFC 4122), as DCE/RPC names its interfaces by them.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WW_UUID_BYTES = 16, WW_UUID_TEXT_MAX = 37 };

/* The bytes of the text form in their order, from those of a packet; `little`: the first three
 * fields (4, 2 and 2 bytes) are little-endian there. */
void ww_uuid_decode(const uint8_t bytes[WW_UUID_BYTES], bool little, uint8_t ret[WW_UUID_BYTES]);
/* "4d9f4ab8-7d1c-11cf-861e-0020af6e7c57", lower case. Returns `text`. */
const char *ww_uuid_print(const uint8_t uuid[WW_UUID_BYTES], char text[WW_UUID_TEXT_MAX]);
/* Exactly that form, either case, `len` bytes. 0 or -EINVAL; ret untouched then. */
int ww_uuid_parse(const char *text, size_t len, uint8_t ret[WW_UUID_BYTES]);
