/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Keyed hashing for the tables that hostile packets fill.
 *
 * The mixing step is the 64x64->128 bit multiply-and-fold of wyhash (Wang Yi, public domain).
 * It is fast, not cryptographic: who knows the key can make buckets collide. Every table here is
 * therefore set-associative with a fixed bucket, so that a collision costs an eviction, which is
 * counted and shown, and never time. For captures the key is a constant, because the same input
 * must give the same output; a live sensor draws its own (ww_hash_key_random).
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct ww_hash_key {
	uint64_t k[4];
};

/* The fixed key of offline runs, varied by a seed (0 is the default). */
struct ww_hash_key ww_hash_key_fixed(uint64_t seed);
/* A key from the kernel's generator. Returns 0 or a negative errno. */
int ww_hash_key_random(struct ww_hash_key *ret_key);

static inline uint64_t ww_hash_mum(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 u128;
	u128 product = (u128)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Two 64-bit words; the building block of the others. */
static inline uint64_t ww_hash_2(const struct ww_hash_key *key, uint64_t a, uint64_t b)
{
	return ww_hash_mum(ww_hash_mum(a ^ key->k[0], b ^ key->k[1]) ^ key->k[2], key->k[3] ^ 16);
}

static inline uint64_t ww_hash_4(
	const struct ww_hash_key *key, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	uint64_t low = ww_hash_mum(a ^ key->k[0], b ^ key->k[1]);
	uint64_t high = ww_hash_mum(c ^ key->k[2], d ^ key->k[3]);
	return ww_hash_mum(low ^ key->k[1], high ^ key->k[2]);
}

/* Any run of bytes. About 1 ns per 8 bytes. */
uint64_t ww_hash_bytes(const struct ww_hash_key *key, const void *bytes, size_t len);
