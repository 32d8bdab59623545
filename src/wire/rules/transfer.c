// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * TFTP transfers that a rule alerted on: did the file come?
 *
 * The server answers a request from a new port (RFC 1350, 4): what it says is another conversation,
 * and one that no rule may look at. So a request that was alerted on is remembered for a minute by
 * its sender's address and port and the server's address, and the first datagram from that server
 * to that port that reads as an answer is one: a block of the file, an acknowledgement, an error.
 *
 * 1,024 requests are remembered, in buckets of 4 by a hash of the sender; beyond, the oldest of its
 * bucket goes, and is counted when it was still waiting. Nothing is looked up while none waits.
 *
 * Who can forge datagrams can forge an answer; the evidence shows the packet.
 */
#include "wire/proto/tftp.h"
#include "wire/rules/rules-private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 256, WAYS = 4 };

struct ww_transfers {
	struct transfer {
		struct ww_ip client, server;
		int64_t asked_us;
		uint16_t port; /* of the client */
		bool waits, writes;
	} slots[BUCKETS][WAYS];
	int64_t newest_us;
	bool any;
};

void ww_transfers_free(struct ww_transfers **transfers)
{
	free(*transfers);
	*transfers = NULL;
}

static struct transfer *bucket_of(
	const struct ww_rules *rules, const struct ww_ip *client, uint16_t port)
{
	uint64_t words[2];
	_Static_assert(sizeof(words) == sizeof(*client), "an address is two words");
	memcpy(words, client, sizeof(words));
	uint64_t hash = ww_hash_4(&rules->key, words[0], words[1], port, 0);
	return rules->transfers->slots[hash % BUCKETS];
}

static bool is_of(const struct transfer *transfer, const struct ww_ip *client, uint16_t port,
	const struct ww_ip *server)
{
	return transfer->waits && transfer->port == port &&
	       memcmp(&transfer->client, client, sizeof(*client)) == 0 &&
	       memcmp(&transfer->server, server, sizeof(*server)) == 0;
}

static bool is_stale(const struct transfer *transfer, int64_t time_us)
{
	return time_us - transfer->asked_us > WW_TRANSFER_WAIT_US;
}

static void remember(struct ww_rules *rules, const struct ww_packet *packet, bool writes)
{
	if (!rules->transfers)
		rules->transfers = calloc(1, sizeof(*rules->transfers));
	if (!rules->transfers)
		return;
	struct transfer *bucket = bucket_of(rules, &packet->src, packet->sport);
	struct transfer *place = &bucket[0];
	for (size_t i = 0; i < WAYS; i++) {
		if (is_of(&bucket[i], &packet->src, packet->sport, &packet->dst)) {
			place = &bucket[i];
			break;
		}
		if (place->waits && (!bucket[i].waits || bucket[i].asked_us < place->asked_us))
			place = &bucket[i];
	}
	bool known = is_of(place, &packet->src, packet->sport, &packet->dst);
	if (place->waits && !known && !is_stale(place, packet->time_us))
		rules->counts.transfers_dropped++;
	*place = (struct transfer){.client = packet->src,
		.server = packet->dst,
		.asked_us = packet->time_us,
		.port = packet->sport,
		.waits = true,
		.writes = writes};
	/* Frames may be out of order: an older request does not shorten the newer one's wait. */
	if (!rules->transfers->any || packet->time_us > rules->transfers->newest_us)
		rules->transfers->newest_us = packet->time_us;
	rules->transfers->any = true;
}

/* A name out of a packet, as far as it can be read; the rest is dots. */
static void describe(const struct ww_tftp_request *request, char *note, size_t size)
{
	enum { NAME = 40 };
	char name[NAME + 1];
	size_t n = request->name_len < NAME ? request->name_len : NAME;
	for (size_t i = 0; i < n; i++)
		name[i] =
			(char)(request->name[i] > ' ' && request->name[i] < 0x7f ? request->name[i]
										 : '.');
	name[n] = '\0';
	snprintf(note, size, "TFTP: asks to %s %s%s, %.*s", request->writes ? "write" : "read",
		name, n < request->name_len ? "..." : "", (int)request->mode_len,
		(const char *)request->mode);
}

static bool request_of(const struct ww_run *run, struct ww_tftp_request *ret)
{
	const struct ww_packet *packet = run->packet;
	return packet && packet->proto == WW_PROTO_UDP && run->dir == WW_DIR_TO_SERVER &&
	       ww_tftp_request_read(packet->payload, packet->payload_len, ret);
}

void ww_transfers_ask(const struct ww_run *run)
{
	struct ww_tftp_request request;
	/* Of a server that answers from its port, the first request was of no flow, too. */
	if (!run->flow && run->rules->answer && request_of(run, &request))
		remember(run->rules, run->packet, request.writes);
}

bool ww_transfers_note(const struct ww_run *run, char *note, size_t size)
{
	struct ww_tftp_request request;
	if (!request_of(run, &request))
		return false;
	describe(&request, note, size);
	return true;
}

bool ww_transfers_expect(const struct ww_rules *rules, const struct ww_flow *flow)
{
	if (!rules->transfers || !rules->transfers->any || flow->proto != WW_PROTO_UDP)
		return false;
	const struct transfer *bucket = bucket_of(rules, &flow->client, flow->client_port);
	for (size_t i = 0; i < WAYS; i++)
		if (is_of(&bucket[i], &flow->client, flow->client_port, &flow->server))
			return true;
	return false;
}

void ww_rules_transfer(struct ww_rules *rules, const struct ww_packet *packet, void *context)
{
	struct ww_transfers *transfers = rules->transfers;
	struct ww_fact fact;
	if (!transfers || !transfers->any || packet->proto != WW_PROTO_UDP)
		return;
	if (packet->time_us - transfers->newest_us > WW_TRANSFER_WAIT_US) {
		transfers->any = false;
		return;
	}
	struct transfer *bucket = bucket_of(rules, &packet->dst, packet->dport);
	for (size_t i = 0; i < WAYS; i++) {
		struct transfer *transfer = &bucket[i];
		if (!is_of(transfer, &packet->dst, packet->dport, &packet->src) ||
			is_stale(transfer, packet->time_us) ||
			!ww_tftp_answer_read(
				packet->payload, packet->payload_len, transfer->writes, &fact))
			continue;
		transfer->waits = false;
		const struct ww_rule_answer answer = {.packet = packet, .fact = &fact};
		rules->answer(context, &answer);
		return;
	}
}
