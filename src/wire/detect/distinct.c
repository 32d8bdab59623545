// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/detect/distinct.h"

#include "base/err.h"
#include "base/lines.h"

#include <math.h>
#include <stdlib.h>

enum { PRECISION = 10 };
enum sketch { ENDPOINTS, HOSTS, PORTS, SKETCHES };
_Static_assert(1 << PRECISION == WW_DISTINCT_REGISTERS, "registers are 2^precision");

/* An endpoint: 48 bits of the address's hash, never 0, and the port. 0 marks an empty slot. */
struct owner {
	uint32_t n;          /* endpoints, while exact */
	uint32_t table;      /* 1-based; 0: none */
	uint32_t first_port; /* + 1; 0: none is in the sketches */
	uint32_t last_port;  /* + 1, that is in the sketch of ports */
	bool sketched;
	bool one_port;     /* no other than first_port: endpoints are as many as hosts */
	uint8_t floor;     /* the least register of the hosts' sketch, while one_port */
	uint16_t at_floor; /* how many registers are it */
	uint64_t few[WW_DISTINCT_FEW];
	uint64_t unused[5];
};
_Static_assert(sizeof(struct owner) == 3 * WW_LINE, "what is asked first lies in the first line");

/* An endpoint on its way into a table: the slot is being fetched meanwhile. */
struct waiting {
	uint64_t endpoint;
	uint32_t owner;
};
enum { WAITING = 8 };

struct ww_distinct {
	struct ww_hash_key key;
	struct owner *owners; /* in owners_memory, at a cache line */
	void *owners_memory;  /* owned */
	uint64_t *tables;
	uint32_t *free_tables; /* 1-based, a stack */
	uint32_t n_free, n_owners;
	uint8_t *sketches;               /* [owner][endpoints, hosts, ports][register] */
	struct waiting waiting[WAITING]; /* a ring; endpoint 0: none */
	uint32_t next_waiting;
};

int ww_distinct_new(
	struct ww_hash_key key, uint32_t n_owners, uint32_t n_tables, struct ww_distinct **ret)
{
	struct ww_distinct *distinct = calloc(1, sizeof *distinct);
	if (!distinct)
		return -ENOMEM;
	distinct->key = key;
	distinct->n_owners = n_owners;
	/* calloc of this size maps pages that cost nothing until they are written. */
	distinct->owners =
		ww_lines_new(n_owners * sizeof *distinct->owners, &distinct->owners_memory);
	distinct->tables = calloc(n_tables, WW_DISTINCT_SLOTS * sizeof *distinct->tables);
	distinct->free_tables = calloc(n_tables, sizeof *distinct->free_tables);
	distinct->sketches = calloc(n_owners, SKETCHES * WW_DISTINCT_REGISTERS);
	if (!distinct->owners || !distinct->tables || !distinct->free_tables ||
		!distinct->sketches) {
		ww_distinct_free(&distinct);
		return -ENOMEM;
	}
	for (uint32_t i = n_tables; i > 0; i--)
		distinct->free_tables[distinct->n_free++] = i;
	*ret = distinct;
	return 0;
}

void ww_distinct_free(struct ww_distinct **distinct)
{
	if (!*distinct)
		return;
	free((*distinct)->owners_memory);
	free((*distinct)->tables);
	free((*distinct)->free_tables);
	free((*distinct)->sketches);
	free(*distinct);
	*distinct = NULL;
}

static uint8_t *sketch_of(const struct ww_distinct *distinct, uint32_t owner, enum sketch which)
{
	return distinct->sketches +
	       ((size_t)owner * SKETCHES + (size_t)which) * WW_DISTINCT_REGISTERS;
}

static inline uint8_t rank_of(uint64_t hash)
{
	/* All zero: a bit behind the last. */
	uint64_t rest = hash << PRECISION | (uint64_t)1 << (PRECISION - 1);
	return (uint8_t)(__builtin_clzll(rest) + 1);
}

static void sketch_add(uint8_t *registers, uint64_t hash)
{
	uint8_t rank = rank_of(hash);
	uint8_t *place = &registers[hash >> (64 - PRECISION)];
	if (rank > *place)
		*place = rank;
}

/*
 * The hosts of a one-port scan. Once every register stands at `floor` or above, a lower rank can
 * change none of them, and seven of eight contacts of a long scan touch no register at all.
 */
static __attribute__((noinline)) void sketch_host(
	struct owner *self, uint8_t *registers, uint64_t hash)
{
	uint8_t rank = rank_of(hash);
	uint8_t *place = &registers[hash >> (64 - PRECISION)];
	if (rank <= *place)
		return;
	bool was_least = *place == self->floor;
	*place = rank;
	if (!was_least || --self->at_floor > 0)
		return;
	self->floor = UINT8_MAX;
	for (int i = 0; i < WW_DISTINCT_REGISTERS; i++) {
		if (registers[i] < self->floor) {
			self->floor = registers[i];
			self->at_floor = 0;
		}
		self->at_floor += registers[i] == self->floor;
	}
}

/*
 * The address's hash for the sketches. It is mixed once already, of which 48 bits are left; once
 * alone is not enough: the products of addresses in a row lie too evenly.
 */
static inline uint64_t host_of(const struct ww_distinct *distinct, uint64_t endpoint)
{
	return ww_hash_mum((endpoint >> 16) ^ distinct->key.k[0], distinct->key.k[1]);
}

/*
 * Most scans are of one port, and then every contact would go into two sketches that say the same.
 * So an endpoint of the first port has its host's hash, and the endpoints' sketch begins as a copy
 * of the hosts' when a second port comes.
 */
static void sketch_endpoint(struct ww_distinct *distinct, uint32_t owner, uint64_t endpoint)
{
	struct owner *self = &distinct->owners[owner];
	uint32_t port = (uint32_t)(endpoint & 0xffff);
	uint64_t host_hash = host_of(distinct, endpoint);
	if (self->first_port == 0) {
		self->first_port = port + 1;
		self->one_port = true;
		self->at_floor = WW_DISTINCT_REGISTERS;
	}
	bool first = self->first_port == port + 1;
	if (self->one_port && !first) {
		self->one_port = false;
		memcpy(sketch_of(distinct, owner, ENDPOINTS), sketch_of(distinct, owner, HOSTS),
			WW_DISTINCT_REGISTERS);
	}
	if (self->one_port && rank_of(host_hash) > self->floor)
		sketch_host(self, sketch_of(distinct, owner, HOSTS), host_hash);
	else if (!self->one_port)
		sketch_add(sketch_of(distinct, owner, HOSTS), host_hash);
	if (!self->one_port)
		sketch_add(sketch_of(distinct, owner, ENDPOINTS),
			first ? host_hash : ww_hash_2(&distinct->key, endpoint, 1));
	if (self->last_port == port + 1)
		return;
	sketch_add(sketch_of(distinct, owner, PORTS), ww_hash_2(&distinct->key, port, 3));
	self->last_port = port + 1;
}

static uint64_t *table_of(const struct ww_distinct *distinct, uint32_t table)
{
	return distinct->tables + (size_t)(table - 1) * WW_DISTINCT_SLOTS;
}

static uint64_t place_of(const struct ww_distinct *distinct, uint64_t endpoint)
{
	return ww_hash_mum(endpoint ^ distinct->key.k[0], distinct->key.k[1]);
}

/* True when it is new. The table is never full: see WW_DISTINCT_EXACT. */
static bool table_add(struct ww_distinct *distinct, uint32_t table, uint64_t endpoint)
{
	uint64_t *slots = table_of(distinct, table);
	uint64_t at = place_of(distinct, endpoint);
	for (;; at++) {
		uint64_t *slot = &slots[at % WW_DISTINCT_SLOTS];
		if (*slot == endpoint)
			return false;
		if (*slot == 0) {
			*slot = endpoint;
			return true;
		}
	}
}

static void table_release(struct ww_distinct *distinct, struct owner *self)
{
	if (self->table == 0)
		return;
	memset(table_of(distinct, self->table), 0, WW_DISTINCT_SLOTS * sizeof(uint64_t));
	distinct->free_tables[distinct->n_free++] = self->table;
	self->table = 0;
}

static void become_sketch(struct ww_distinct *distinct, uint32_t owner)
{
	struct owner *self = &distinct->owners[owner];
	const uint64_t *slots = self->table ? table_of(distinct, self->table) : self->few;
	uint32_t n_slots = self->table ? WW_DISTINCT_SLOTS : WW_DISTINCT_FEW;
	for (uint32_t i = 0; i < n_slots; i++)
		if (slots[i])
			sketch_endpoint(distinct, owner, slots[i]);
	table_release(distinct, self);
	self->sketched = true;
}

static void grow(struct ww_distinct *distinct, uint32_t owner)
{
	struct owner *self = &distinct->owners[owner];
	if (self->table || distinct->n_free == 0) {
		become_sketch(distinct, owner);
		return;
	}
	self->table = distinct->free_tables[--distinct->n_free];
	for (uint32_t i = 0; i < WW_DISTINCT_FEW; i++)
		table_add(distinct, self->table, self->few[i]);
}

static void add_few(struct ww_distinct *distinct, uint32_t owner, uint64_t endpoint)
{
	struct owner *self = &distinct->owners[owner];
	for (uint32_t i = 0; i < self->n; i++)
		if (self->few[i] == endpoint)
			return;
	if (self->n < WW_DISTINCT_FEW) {
		self->few[self->n++] = endpoint;
		return;
	}
	grow(distinct, owner);
	if (self->table)
		self->n += table_add(distinct, self->table, endpoint);
	else
		sketch_endpoint(distinct, owner, endpoint);
}

/* What waited its turn, and was of a table then. */
static void settle(struct ww_distinct *distinct, struct waiting *waiting)
{
	struct owner *self = &distinct->owners[waiting->owner];
	uint64_t endpoint = waiting->endpoint;
	waiting->endpoint = 0;
	if (!endpoint)
		return;
	if (!self->table) {
		sketch_endpoint(distinct, waiting->owner, endpoint);
		return;
	}
	self->n += table_add(distinct, self->table, endpoint);
	if (self->n >= WW_DISTINCT_EXACT)
		grow(distinct, waiting->owner);
}

static void settle_all(struct ww_distinct *distinct)
{
	for (uint32_t i = 0; i < WAITING; i++)
		settle(distinct, &distinct->waiting[i]);
}

void ww_distinct_expect(const struct ww_distinct *distinct, uint32_t owner)
{
	__builtin_prefetch(&distinct->owners[owner], 1);
}

void ww_distinct_add(
	struct ww_distinct *distinct, uint32_t owner, const struct ww_ip *ip, uint16_t port)
{
	ww_assert(owner < distinct->n_owners);
	struct owner *self = &distinct->owners[owner];
	uint64_t host = ww_hash_mum(
		ww_ip_word(ip, 0) ^ distinct->key.k[2], ww_ip_word(ip, 1) ^ distinct->key.k[3]);
	uint64_t endpoint = (host & ~(uint64_t)0xffff) | port;
	endpoint += (uint64_t)(host < 0x10000) << 16; /* 0 marks an empty slot */
	/* The tables and sketches of many scanners are more than the cache holds: the place is
	   fetched now, and looked at when the ring comes round. Nobody can tell: it is a set. */
	if (__builtin_expect(self->sketched, 1)) {
		uint64_t hash = host_of(distinct, endpoint);
		/* Nearly always: more of a long scan of one port, which changes nothing. */
		if (self->one_port && self->first_port == port + 1u && rank_of(hash) <= self->floor)
			return;
		__builtin_prefetch(
			&sketch_of(distinct, owner, HOSTS)[hash >> (64 - PRECISION)], 1);
	} else if (self->table) {
		uint64_t place = place_of(distinct, endpoint) % WW_DISTINCT_SLOTS;
		__builtin_prefetch(&table_of(distinct, self->table)[place], 1);
	} else {
		add_few(distinct, owner, endpoint);
		return;
	}
	struct waiting *waiting = &distinct->waiting[distinct->next_waiting++ % WAITING];
	settle(distinct, waiting);
	*waiting = (struct waiting){endpoint, owner};
}

void ww_distinct_reset(struct ww_distinct *distinct, uint32_t owner)
{
	ww_assert(owner < distinct->n_owners);
	struct owner *self = &distinct->owners[owner];
	settle_all(distinct);
	table_release(distinct, self);
	if (self->sketched)
		memset(sketch_of(distinct, owner, ENDPOINTS), 0, SKETCHES * WW_DISTINCT_REGISTERS);
	memset(self, 0, sizeof *self);
}

/* Ertl's sigma and tau: the corrections at the empty and at the saturated end. */
static double ertl_sigma(double x)
{
	if (x == 1)
		return INFINITY;
	double y = 1, z = x, before;
	do {
		x *= x;
		before = z;
		z += x * y;
		y += y;
	} while (before != z);
	return z;
}

static double ertl_tau(double x)
{
	if (x == 0 || x == 1)
		return 0;
	double y = 1, z = 1 - x, before;
	do {
		x = sqrt(x);
		before = z;
		y *= 0.5;
		z -= (1 - x) * (1 - x) * y;
	} while (before != z);
	return z / 3;
}

static uint64_t sketch_count(const uint8_t *registers)
{
	enum { TOP = 64 - PRECISION };
	uint32_t histogram[TOP + 2] = {0};
	for (int i = 0; i < WW_DISTINCT_REGISTERS; i++)
		histogram[registers[i]]++;
	double m = WW_DISTINCT_REGISTERS;
	double z = m * ertl_tau(1 - histogram[TOP + 1] / m);
	for (int k = TOP; k > 0; k--)
		z = (z + histogram[k]) * 0.5;
	z += m * ertl_sigma(histogram[0] / m);
	return (uint64_t)llround(m * m / (2 * log(2)) / z);
}

static int compare_words(const void *a, const void *b)
{
	uint64_t x, y;
	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return (x > y) - (x < y);
}

static uint64_t count_sorted(uint64_t *words, size_t n)
{
	uint64_t distinct = 0;
	qsort(words, n, sizeof *words, compare_words);
	for (size_t i = 0; i < n; i++)
		distinct += i == 0 || words[i] != words[i - 1];
	return distinct;
}

struct ww_distinct_counts ww_distinct_count(struct ww_distinct *distinct, uint32_t owner)
{
	ww_assert(owner < distinct->n_owners);
	settle_all(distinct);
	const struct owner *self = &distinct->owners[owner];
	if (self->sketched)
		return (struct ww_distinct_counts){
			.endpoints = sketch_count(
				sketch_of(distinct, owner, self->one_port ? HOSTS : ENDPOINTS)),
			.hosts = sketch_count(sketch_of(distinct, owner, HOSTS)),
			.ports = sketch_count(sketch_of(distinct, owner, PORTS)),
		};
	uint64_t hosts[WW_DISTINCT_EXACT], ports[WW_DISTINCT_EXACT];
	const uint64_t *slots = self->table ? table_of(distinct, self->table) : self->few;
	uint32_t n_slots = self->table ? WW_DISTINCT_SLOTS : self->n;
	size_t n = 0;
	for (uint32_t i = 0; i < n_slots; i++) {
		if (slots[i] == 0)
			continue;
		hosts[n] = slots[i] >> 16;
		ports[n++] = slots[i] & 0xffff;
	}
	return (struct ww_distinct_counts){
		.endpoints = n,
		.hosts = count_sorted(hosts, n),
		.ports = count_sorted(ports, n),
		.exact = true,
	};
}
