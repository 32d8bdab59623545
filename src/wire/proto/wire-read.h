/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* Numbers of either byte order, read where they lie. The caller has checked that they are there. */
#include <stdbool.h>
#include <stdint.h>

static inline uint16_t ww_read16(const uint8_t *p, bool little)
{
	return (uint16_t)(little ? p[1] << 8 | p[0] : p[0] << 8 | p[1]);
}

static inline uint32_t ww_read32(const uint8_t *p, bool little)
{
	uint32_t high = ww_read16(p + (little ? 2 : 0), little);
	return high << 16 | ww_read16(p + (little ? 0 : 2), little);
}

static inline uint32_t ww_read24(const uint8_t *p)
{
	return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}
