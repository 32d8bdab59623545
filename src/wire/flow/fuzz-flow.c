// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Bytes become packets, eight to an operation, between a few hosts and ports, so that they meet:
 *
 *   0        1      2       3     4       5      6        7
 *   | kind | ends | ports | flags | seq | len | time | misc |
 *
 * The tables are tiny, so that everything is evicted all the time. What must hold: every contact
 * ends in one outcome, every flow that begins ends and is forgotten, views follow each other, and
 * every block, stream and piece comes back.
 */
#include "wire/flow/flow-private.h"

#include <stdlib.h>

enum {
	OP_BYTES = 8,
	OPS_MAX = 4096,
	HOSTS = 8,
	BLOB = 4096,
	BLOB_SHIFTS = 32,
	IP4 = 20,
	QUOTE_AT = 28
};

struct fuzz {
	uint64_t sent, judged, answered_late;
	uint64_t begun, ended, forgotten, marked;
	uint64_t touched, conflicts;
	uint16_t groups;
};

static void on_wanted(void *context, struct ww_flow *flow)
{
	struct fuzz *fuzz = context;
	flow->groups[0] = fuzz->groups & 1;
	flow->groups[1] = fuzz->groups >> 1 & 1;
}

static void on_contact(void *context, struct ww_contact *contact)
{
	struct fuzz *fuzz = context;
	ww_assert(contact->outcome <= WW_CONTACT_ONE_WAY);
	ww_assert(contact->sent_frame != 0);
	ww_assert(contact->judged_frame == 0 || contact->judged_frame >= contact->sent_frame);
	fuzz->sent += contact->outcome == WW_CONTACT_SENT;
	fuzz->judged +=
		contact->outcome != WW_CONTACT_SENT && contact->outcome != WW_CONTACT_REACHED;
}

static void on_begin(void *context, struct ww_flow *flow, const struct ww_packet *packet)
{
	struct fuzz *fuzz = context;
	ww_assert(packet && flow->id == ++fuzz->begun);
	ww_assert(*flow->rule_state == NULL);
	if (flow->id % 2) {
		*flow->rule_state = fuzz;
		fuzz->marked++;
	}
}

static void on_packet(
	void *context, struct ww_flow *flow, enum ww_dir dir, const struct ww_packet *packet)
{
	ww_assert(!flow || flow->groups[dir]);
	ww_assert(!flow || !flow->closed);
	ww_assert(packet->ip_version);
}

static void on_stream(void *context, struct ww_flow *flow, enum ww_dir dir,
	const struct ww_packet *packet, const struct ww_stream_view *view)
{
	ww_assert(flow->groups[dir]);
	ww_assert(view->fresh <= view->len);
	ww_assert(view->end || view->fresh < view->len);
	ww_assert(!view->after_gap || view->end || view->fresh == 0);
	struct fuzz *fuzz = context;
	for (uint32_t i = 0; i < view->len; i++) /* every byte can be read */
		fuzz->touched += view->data[i];
	*view->keep = (uint32_t)(fuzz->touched + view->len) % 700;
}

static void on_end(void *context, struct ww_flow *flow)
{
	struct fuzz *fuzz = context;
	fuzz->ended++;
	ww_assert(flow->id <= fuzz->begun);
}

static void on_forget(void *context, void **rule_state)
{
	struct fuzz *fuzz = context;
	ww_assert(*rule_state == fuzz);
	fuzz->forgotten++;
}

static void on_conflict(
	void *context, struct ww_flow *flow, enum ww_dir dir, const struct ww_packet *packet)
{
	struct fuzz *fuzz = context;
	ww_assert(packet->is_fragment == !flow);
	ww_assert(!flow || flow->trouble & WW_TROUBLE_CONFLICT);
	fuzz->conflicts++;
}

static struct ww_ip host(uint8_t n, bool v6)
{
	struct ww_ip ip = {{0x20, 1, 0xd, 0xb8}};
	ip.b[15] = n;
	return v6 ? ip : ww_ip_from_v4(n == HOSTS - 1 ? 0xffffffff : 0x0a000000u + n);
}

static uint16_t port(uint8_t n)
{
	static const uint16_t ports[] = {0, 53, 80, 1024, 4444, 49152, 50000, 65535};
	return ports[n % WW_N(ports)];
}

/* Steps of time that matter: none, jitter, the waits, the idle times, years, the ends of the type.
 */
static int64_t step(uint8_t n)
{
	static const int64_t steps[] = {0, 1, 1000, 300000, 1000000, 3100000, 31000000, 70000000,
		200000000, 400000000, -1, -2000000, -100000000, (int64_t)1 << 50,
		-((int64_t)1 << 50), INT64_MAX};
	return steps[n % WW_N(steps)];
}

/* An ICMP error whose quoted bytes are the operation's own, addresses filled in. */
static void make_icmp(struct ww_packet *packet, uint8_t *frame, const uint8_t *op)
{
	packet->proto = packet->ip_version == 6 ? WW_PROTO_ICMPV6 : WW_PROTO_ICMP;
	packet->sport = packet->ip_version == 6 ? 1 : 3;
	packet->dport = op[7] % 5;
	memset(frame, 0, 128);
	frame[QUOTE_AT] = packet->ip_version == 6 ? 0x60 : (uint8_t)(0x40 | (op[3] & 15));
	frame[QUOTE_AT + 6] = packet->ip_version == 6 ? WW_PROTO_TCP : 0;
	frame[QUOTE_AT + 9] = op[4] & 1 ? WW_PROTO_UDP : WW_PROTO_TCP;
	memcpy(frame + QUOTE_AT + 12, packet->dst.b + 12, 4);
	memcpy(frame + QUOTE_AT + 16, packet->src.b + 12, 4);
	frame[QUOTE_AT + IP4] = (uint8_t)(port(op[2]) >> 8);
	frame[QUOTE_AT + IP4 + 1] = (uint8_t)port(op[2]);
	frame[QUOTE_AT + IP4 + 2] = (uint8_t)(port(op[2] >> 4) >> 8);
	frame[QUOTE_AT + IP4 + 3] = (uint8_t)port(op[2] >> 4);
	packet->network = frame;
	packet->transport = frame + IP4;
	packet->network_len = op[5] % 128 < IP4 ? IP4 : op[5] % 128;
}

static void make_fragment(struct ww_packet *packet, uint8_t *frame, const uint8_t *op)
{
	packet->proto = op[7] & 1 ? WW_PROTO_UDP : WW_PROTO_TCP;
	packet->is_fragment = true;
	packet->has_transport = false;
	packet->more_fragments = op[3] & 1;
	packet->fragment_offset = op[3] & 2 ? 65528 - 8u * op[4] : 8u * (op[4] % 32);
	packet->ip_id = op[7] % 8;
	packet->network = frame;
	packet->ip_header_len = IP4;
	packet->network_len = 60;
	frame[0] = packet->ip_version == 6 ? 0x60 : 0x45;
	frame[9] = packet->proto;
	packet->payload_len = packet->payload_wire = (op[3] & 4) ? op[5] * 8u : op[5];
}

/* An urgent pointer, and timestamps that go back and forth. */
static void make_header(struct ww_packet *packet, uint8_t *frame, const uint8_t *op)
{
	static const uint8_t stamps[] = {1, 1, 8, 10, 0, 0, 0};
	memset(frame, 0, 32);
	frame[19] = op[6];
	memcpy(frame + 20, stamps, sizeof(stamps));
	frame[27] = op[7] / 16;
	packet->transport = frame;
	packet->tcp_header_len = 32;
}

static struct ww_packet make_packet(const uint8_t *op, uint8_t *frame, const uint8_t *blob)
{
	bool v6 = op[0] & 0x80;
	struct ww_packet packet = {
		.ip_version = v6 ? 6 : 4,
		.proto = op[0] & 0x40 ? WW_PROTO_UDP : WW_PROTO_TCP,
		.has_transport = true,
		.src = host(op[1] % HOSTS, v6),
		.dst = host((op[1] >> 4) % HOSTS, v6),
		.sport = port(op[2]),
		.dport = port(op[2] >> 4),
		.tcp_flags = op[3],
		.tcp_header_len = 20,
		.ip_id = op[7],
		.seq = op[4] < 250 ? 0xffffff80 + op[4] * 4u : op[4] * 0x01000000u,
		.ack = 0xffffff80 + op[7] * 4u,
		.payload = blob + op[7] % BLOB_SHIFTS, /* copies that disagree */
		.payload_len = op[0] & 0x20 ? op[5] * 16u : op[5],
	};
	packet.payload_wire = packet.payload_len + (op[0] & 0x10 ? op[7] : 0);
	if (!(op[0] & 0x08))
		make_header(&packet, frame, op);
	switch (op[0] & 0x0f) {
	case 0: make_icmp(&packet, frame, op); break;
	case 1:
	case 2: make_fragment(&packet, frame, op); break;
	case 3: packet.has_transport = false; break;
	case 4: packet.ip_version = 0; break;
	default: break;
	}
	return packet;
}

static void check(const struct ww_flows *flows, const struct fuzz *fuzz)
{
	const struct ww_flow_counts *counts = &flows->counts;
	ww_assert(counts->contacts == fuzz->sent);
	ww_assert(fuzz->sent + counts->taken_back * 2 >= fuzz->judged);
	ww_assert(counts->answered + counts->refused + counts->unanswered + counts->one_way +
			  counts->undecided ==
		  counts->contacts);
	ww_assert(fuzz->judged + counts->undecided == counts->contacts + counts->taken_back);
	ww_assert(fuzz->begun == counts->flows && fuzz->ended == fuzz->begun);
	ww_assert(fuzz->forgotten == fuzz->marked);
	ww_assert(fuzz->conflicts <= counts->overlaps_conflicting + counts->fragment_conflicts);
	uint32_t n = 0;
	const struct ww_streams *streams = &flows->streams;
	ww_assert(streams->pages.n_used == 0 && flows->defrag.pages.n_used == 0);
	for (uint16_t i = streams->free_stream; i != WW_NO_STREAM; i = streams->streams[i].newer)
		n++;
	ww_assert(n == streams->fresh_stream && streams->oldest == WW_NO_STREAM);
	ww_assert(streams->n_used == 0 && streams->n_windows_used == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t blob[BLOB + BLOB_SHIFTS];
	static uint8_t frames[WW_BATCH][128];
	static struct ww_packet packets[WW_BATCH];
	if (size < 1)
		return 0;
	for (size_t i = 0; i < sizeof(blob); i++)
		blob[i] = (uint8_t)(i % 7);
	struct fuzz fuzz = {.groups = data[0] & 3};
	struct ww_policies policies = {.usual = data[0] >> 5};
	struct ww_flow_limits limits = {.attempts = data[0] & 4 ? 2 : 16,
		.flows = data[0] & 8 ? 8 : 16,
		.streams = data[0] & 16 ? 1 : 4,
		.windows = data[0] & 32 ? 1 : 3,
		.stream_bytes = 1024,
		.early_pages = 8,
		.fragment_pages = 16,
		.policies = &policies};
	struct ww_flow_sink sink = {
		.context = &fuzz,
		.wanted = on_wanted,
		.contact = on_contact,
		.begin = on_begin,
		.packet = on_packet,
		.stream = on_stream,
		.end = on_end,
		.forget = on_forget,
		.conflict = on_conflict,
	};
	struct ww_flows *flows;
	bool skipped[WW_BATCH];
	if (ww_flows_new(&limits, ww_hash_key_fixed(0), &sink, &flows) < 0)
		return 0;
	size_t batch = data[0] >> 5 ? data[0] >> 5 : WW_BATCH;
	size_t n_ops = (size - 1) / OP_BYTES < OPS_MAX ? (size - 1) / OP_BYTES : OPS_MAX;
	uint64_t time = 1000000;
	size_t n = 0;
	for (size_t i = 0; i < n_ops; i++) {
		const uint8_t *op = data + 1 + i * OP_BYTES;
		packets[n] = make_packet(op, frames[n], blob);
		time += (uint64_t)step(op[6]);
		packets[n].time_us = (int64_t)time;
		packets[n].frame = i + 1;
		if (++n == batch || i + 1 == n_ops) {
			ww_flows_feed(flows, packets, n, skipped);
			n = 0;
		}
	}
	ww_flows_finish(flows);
	check(flows, &fuzz);
	ww_flows_free(&flows);
	return 0;
}
