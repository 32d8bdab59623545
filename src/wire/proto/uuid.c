// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/proto/uuid.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void ww_uuid_decode(const uint8_t bytes[WW_UUID_BYTES], bool little, uint8_t ret[WW_UUID_BYTES])
{
	static const uint8_t swapped[WW_UUID_BYTES] = {
		3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
	for (size_t i = 0; i < WW_UUID_BYTES; i++)
		ret[i] = bytes[little ? swapped[i] : i];
}

static bool hyphen_before(size_t i)
{
	return i == 4 || i == 6 || i == 8 || i == 10;
}

const char *ww_uuid_print(const uint8_t uuid[WW_UUID_BYTES], char text[WW_UUID_TEXT_MAX])
{
	size_t at = 0;
	for (size_t i = 0; i < WW_UUID_BYTES; i++) {
		if (hyphen_before(i))
			text[at++] = '-';
		snprintf(text + at, WW_UUID_TEXT_MAX - at, "%02x", uuid[i]);
		at += 2;
	}
	return text;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int ww_uuid_parse(const char *text, size_t len, uint8_t ret[WW_UUID_BYTES])
{
	uint8_t uuid[WW_UUID_BYTES];
	size_t at = 0;
	if (len != WW_UUID_TEXT_MAX - 1)
		return -EINVAL;
	for (size_t i = 0; i < WW_UUID_BYTES; i++) {
		if (hyphen_before(i) && text[at++] != '-')
			return -EINVAL;
		int high = digit_of(text[at]), low = digit_of(text[at + 1]);
		if (high < 0 || low < 0)
			return -EINVAL;
		uuid[i] = (uint8_t)(high << 4 | low);
		at += 2;
	}
	memcpy(ret, uuid, sizeof(uuid));
	return 0;
}
