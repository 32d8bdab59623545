// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/hash.h"

#include "base/rng.h"

#include <errno.h>
#include <sys/random.h>

struct ww_hash_key ww_hash_key_fixed(uint64_t seed)
{
	struct ww_rng rng = ww_rng_seeded(seed ^ 0x776f726d776f6f64); /* "wormwood" */
	struct ww_hash_key key;
	for (int i = 0; i < 4; i++)
		key.k[i] = ww_rng_u64(&rng) | 1;
	return key;
}

int ww_hash_key_random(struct ww_hash_key *ret_key)
{
	struct ww_hash_key key;
	ssize_t got = getrandom(&key, sizeof(key), 0);
	if (got != (ssize_t)sizeof(key))
		return got < 0 ? -errno : -EIO;
	for (int i = 0; i < 4; i++)
		key.k[i] |= 1;
	*ret_key = key;
	return 0;
}

uint64_t ww_hash_bytes(const struct ww_hash_key *key, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	uint64_t hash = key->k[0] ^ len;
	uint64_t a, b;
	for (; len >= 16; len -= 16, p += 16) {
		memcpy(&a, p, 8);
		memcpy(&b, p + 8, 8);
		hash = ww_hash_mum(a ^ key->k[1], b ^ hash);
	}
	uint8_t tail[16] = {0};
	if (len)
		memcpy(tail, p, len);
	memcpy(&a, tail, 8);
	memcpy(&b, tail + 8, 8);
	return ww_hash_mum(ww_hash_mum(a ^ key->k[2], b ^ hash), key->k[3]);
}
