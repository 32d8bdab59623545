// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * wormwood slice N -w OUT.pcap: the packets of finding N, out of the capture that was watched.
 *
 * The capture is read again from the start, through the same decoder and the same recognition of
 * duplicates. What belongs to a finding:
 *   rule, stage   the conversation with its community id, the ICMP errors that quote it, and
 *                 fragments between its two hosts (they carry no ports)
 *   scan          between the scanner and others on the ports it made first contacts to
 *   spread        of that host on that port, both as a victim and as a scanner
 * and in any case the frames that the finding names. Frames that only hold a fragment of it, as
 * those of a tunnel, are known when the datagram is whole; until then they are held (held.h).
 */
#include "cmd/held.h"
#include "cmd/last.h"
#include "cmd/lock.h"
#include "cmd/parts.h"

#include "base/json.h"
#include "base/quote.h"
#include "finding/pcap-out.h"
#include "value/port.h"
#include "wire/flow/flow.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct config {
	const char *out;
};

static const struct ww_opt opts[] = {
	WW_OPT(struct config, out, WW_OPT_TEXT, 'w', "write", "FILE",
		"the new capture; a file that exists is not touched"),
};

struct slice {
	const struct ww_finding *finding;
	struct ww_pcap_out *out;
	const char *path;
	uint64_t ports[65536 / 64]; /* that the scanner made first contacts to */
	uint16_t link_type;
	uint64_t read, written, duplicates;
	uint64_t other_link; /* left out: a pcap file has one link type */
	/* The conversation last asked for its community id, and the answer. */
	struct ww_ip last_src, last_dst;
	uint16_t last_sport, last_dport;
	uint8_t last_proto;
	bool last_answer;
	/* Of the first packet of the conversation, for the display filter. */
	uint16_t filter_ports[2];
	struct ww_held held;
	/* Of the fragment that is looked at: what its frame waits for, and what became of that. */
	struct ww_held_group group;
	bool is_whole, is_ours;
};

static bool is_set(const struct ww_ip *ip)
{
	return ww_ip_word(ip, 0) != 0 || ww_ip_word(ip, 1) != 0;
}

/* The two hosts of the finding, in either direction. */
static bool is_pair(const struct ww_finding *finding, const struct ww_packet *packet)
{
	return (ww_ip_equal(&packet->src, &finding->src) &&
		       ww_ip_equal(&packet->dst, &finding->dst)) ||
	       (ww_ip_equal(&packet->src, &finding->dst) &&
		       ww_ip_equal(&packet->dst, &finding->src));
}

static bool same_flow(struct slice *slice, const struct ww_packet *packet)
{
	char id[WW_COMMUNITY_ID_MAX];
	if (!is_pair(slice->finding, packet))
		return false;
	bool is_last = ww_ip_equal(&packet->src, &slice->last_src) &&
		       ww_ip_equal(&packet->dst, &slice->last_dst) &&
		       packet->sport == slice->last_sport && packet->dport == slice->last_dport &&
		       packet->proto == slice->last_proto;
	if (is_last)
		return slice->last_answer;
	ww_community_id(
		&packet->src, &packet->dst, packet->proto, packet->sport, packet->dport, id);
	slice->last_src = packet->src;
	slice->last_dst = packet->dst;
	slice->last_sport = packet->sport;
	slice->last_dport = packet->dport;
	slice->last_proto = packet->proto;
	slice->last_answer = strcmp(id, slice->finding->flow) == 0;
	if (slice->last_answer && !slice->filter_ports[0] && packet->proto != WW_PROTO_ICMP) {
		slice->filter_ports[0] = packet->sport;
		slice->filter_ports[1] = packet->dport;
	}
	return slice->last_answer;
}

static bool was_contacted(const struct slice *slice, uint16_t port)
{
	return slice->ports[port / 64] >> (port % 64) & 1;
}

/* Scanner to target port, or target port back to the scanner. */
static bool in_scan(const struct slice *slice, const struct ww_packet *packet)
{
	const struct ww_finding *finding = slice->finding;
	bool away = ww_ip_equal(&packet->src, &finding->src);
	const struct ww_ip *other = away ? &packet->dst : &packet->src;
	if (!away && !ww_ip_equal(&packet->dst, &finding->src))
		return false;
	if (finding->proto && packet->proto != finding->proto)
		return false;
	if (is_set(&finding->dst) && !ww_ip_equal(other, &finding->dst))
		return false;
	uint16_t port = away ? packet->dport : packet->sport;
	return finding->port ? port == finding->port : was_contacted(slice, port);
}

static bool in_spread(const struct slice *slice, const struct ww_packet *packet)
{
	const struct ww_finding *finding = slice->finding;
	if (!ww_ip_equal(&packet->src, &finding->src) &&
		!ww_ip_equal(&packet->dst, &finding->src) &&
		!(is_set(&finding->dst) && is_pair(finding, packet)))
		return false;
	return packet->proto == finding->proto &&
	       (packet->sport == finding->port || packet->dport == finding->port);
}

static bool in_conversation(struct slice *slice, const struct ww_packet *packet)
{
	switch (slice->finding->kind) {
	case WW_FINDING_SCAN: return packet->has_transport && in_scan(slice, packet);
	case WW_FINDING_SPREAD: return packet->has_transport && in_spread(slice, packet);
	case WW_FINDING_RULE:
	case WW_FINDING_STAGE:
		if (!slice->finding->flow[0])
			return false;
		if (packet->is_fragment)
			return is_pair(slice->finding, packet) &&
			       packet->proto == slice->finding->proto;
		return same_flow(slice, packet);
	case WW_FINDING_KIND_COUNT: break;
	}
	return false;
}

/* RFC 792 and RFC 4443: errors quote the head of the packet that they are about. */
static bool is_icmp_error(const struct ww_packet *packet)
{
	if (!packet->has_transport)
		return false;
	if (packet->proto == WW_PROTO_ICMPV6)
		return packet->sport < 128;
	return packet->proto == WW_PROTO_ICMP &&
	       (packet->sport == 3 || packet->sport == 4 || packet->sport == 5 ||
		       packet->sport == 11 || packet->sport == 12);
}

static bool is_named(const struct ww_finding *finding, uint64_t frame)
{
	for (size_t i = 0; i < finding->n_frames; i++)
		if (finding->frames[i] == frame)
			return true;
	for (size_t i = 0; i < finding->n_evidence; i++)
		if (finding->evidence[i].frame == frame)
			return true;
	return false;
}

static bool belongs(struct slice *slice, const struct ww_packet *packet)
{
	if (is_named(slice->finding, packet->frame))
		return true;
	if (packet->ip_version == 0)
		return false;
	if (in_conversation(slice, packet))
		return true;
	if (!is_icmp_error(packet) || packet->payload_len == 0)
		return false;
	struct ww_packet quoted;
	ww_packet_decode_ip(packet->payload, packet->payload_len, packet->payload_len,
		packet->time_us, packet->frame, &quoted);
	/* Eight bytes of a TCP header are cut, but hold the ports (RFC 792). */
	if (quoted.ip_version == 0 || !quoted.transport)
		return false;
	size_t room = packet->payload_len - (size_t)(quoted.transport - packet->payload);
	if (!quoted.has_transport && room >= 4) {
		const uint8_t *at = quoted.transport;
		quoted.sport = (uint16_t)(at[0] << 8 | at[1]);
		quoted.dport = (uint16_t)(at[2] << 8 | at[3]);
		quoted.has_transport = true;
	}
	return quoted.has_transport && in_conversation(slice, &quoted);
}

/* Returns 0 or a negative errno of the output. */
static int keep(struct slice *slice, const struct ww_frame *frame)
{
	if (!slice->out) {
		int status = ww_pcap_out_open(slice->path, frame->link_type, &slice->out);
		if (status != 0)
			return status;
		slice->link_type = frame->link_type;
	}
	if (frame->link_type != slice->link_type) {
		slice->other_link++;
		return 0;
	}
	slice->written++;
	return ww_pcap_out_write(
		slice->out, frame->time_us, frame->data, frame->captured, frame->length);
}

static void on_contact(void *context, struct ww_contact *contact)
{
	struct slice *slice = context;
	if (contact->outcome == WW_CONTACT_SENT &&
		ww_ip_equal(&contact->src, &slice->finding->src) &&
		contact->proto == slice->finding->proto)
		slice->ports[contact->port / 64] |= (uint64_t)1 << (contact->port % 64);
}

/* Inside a tunnel the whole may be a fragment again: its frames wait on, for that one. */
static void on_whole(void *context, const struct ww_packet *fragment, const struct ww_packet *whole)
{
	struct slice *slice = context;
	struct ww_held_group done = ww_held_group(fragment);
	if (whole->is_fragment) {
		slice->group = ww_held_group(whole);
		ww_held_move(&slice->held, &done, &slice->group);
		return;
	}
	slice->is_whole = true;
	slice->is_ours = belongs(slice, whole);
	ww_held_decide(&slice->held, &done, slice->is_ours);
}

/* Writes what waits for nothing any more. */
static int drain(struct slice *slice, int64_t now_us)
{
	struct ww_frame frame;
	int status = 0;
	while (status == 0 && ww_held_next(&slice->held, now_us, &frame))
		status = keep(slice, &frame);
	return status;
}

static int take(struct slice *slice, struct ww_flows *flows, const struct ww_frame *frame,
	const struct ww_packet *packet)
{
	bool skipped[WW_BATCH] = {false};
	slice->is_whole = slice->is_ours = false;
	if (packet->is_fragment)
		slice->group = ww_held_group(packet);
	ww_flows_feed(flows, packet, 1, skipped);
	slice->duplicates += skipped[0];
	int status = 0;
	if (!skipped[0]) {
		bool ours = slice->is_ours || belongs(slice, packet);
		if (ours || (packet->is_fragment && !slice->is_whole))
			status = ww_held_add(&slice->held, frame, ours, &slice->group);
	}
	return status == 0 ? drain(slice, frame->time_us) : status;
}

static int take_batch(
	struct slice *slice, struct ww_flows *flows, const struct ww_frame *frames, size_t n)
{
	struct ww_packet packets[WW_BATCH];
	bool skipped[WW_BATCH] = {false}, one_by_one = slice->held.first;
	for (size_t i = 0; i < n; i++) {
		ww_packet_decode(&frames[i], &packets[i]);
		one_by_one |= packets[i].is_fragment;
	}
	slice->read += n;
	int status = 0;
	for (size_t i = 0; one_by_one && status == 0 && i < n; i++)
		status = take(slice, flows, &frames[i], &packets[i]);
	if (one_by_one)
		return status;
	ww_flows_feed(flows, packets, n, skipped);
	for (size_t i = 0; status == 0 && i < n; i++) {
		slice->duplicates += skipped[i];
		if (!skipped[i] && belongs(slice, &packets[i]))
			status = keep(slice, &frames[i]);
	}
	return status;
}

/*
 * Reads the whole capture. *ret_state tells how the reading ended; returns an errno of writing.
 * `before`: frames that came before the first of this capture.
 */
static int take_all(struct slice *slice, struct ww_flows *flows, struct ww_capture *capture,
	uint64_t before, enum ww_capture_state *ret_state)
{
	struct ww_frame frames[WW_BATCH];
	size_t n = 0;
	int status = 0;
	while (status == 0 &&
		(*ret_state = ww_capture_read(capture, frames, &n)) == WW_CAPTURE_MORE) {
		for (size_t i = 0; i < n; i++)
			frames[i].number += before;
		status = take_batch(slice, flows, frames, n);
	}
	return status;
}

/* What to type into Wireshark to see the same packets in the whole capture. */
static void add_filter(struct ww_buf *out, const struct slice *slice)
{
	const struct ww_finding *finding = slice->finding;
	const char *ip = ww_ip_is_v4(&finding->src) ? "ip" : "ipv6";
	const char *proto = finding->proto ? ww_proto_name(finding->proto) : "ip";
	char text[WW_IP_TEXT_MAX];
	ww_buf_addf(out, "%s.addr == %s", ip, ww_ip_print(&finding->src, text));
	if (is_set(&finding->dst))
		ww_buf_addf(out, " && %s.addr == %s", ip, ww_ip_print(&finding->dst, text));
	if (finding->proto != WW_PROTO_TCP && finding->proto != WW_PROTO_UDP)
		return;
	if (slice->filter_ports[0] && finding->flow[0])
		ww_buf_addf(out, " && %s.port == %u && %s.port == %u", proto,
			slice->filter_ports[0], proto, slice->filter_ports[1]);
	else if (finding->port)
		ww_buf_addf(out, " && %s.port == %u", proto, finding->port);
	else
		ww_buf_addf(out, " && %s", proto);
}

static const char *plural(const struct ww_screen *screen, uint64_t n)
{
	return n == 1 || screen->ja ? "" : "s";
}

static void report(const struct ww_call *call, const struct slice *slice)
{
	const struct ww_screen *screen = call->screen;
	struct ww_buf filter = WW_BUF_INIT, out = WW_BUF_INIT, path = WW_BUF_INIT;
	add_filter(&filter, slice);
	if (screen->json) {
		struct ww_json json = ww_json_to(&out);
		ww_json_object(&json, NULL);
		ww_json_string(&json, "type", "slice");
		ww_json_int(&json, "finding", (int64_t)slice->finding->id);
		ww_json_string(&json, "file", slice->path);
		ww_json_int(&json, "packets", (int64_t)slice->written);
		ww_json_int(&json, "read", (int64_t)slice->read);
		ww_json_int(&json, "duplicates", (int64_t)slice->duplicates);
		ww_json_string(&json, "filter", ww_buf_text(&filter));
		ww_json_end(&json, '}');
		ww_emit(screen, &out);
	} else {
		ww_quote_shell(&path, slice->path);
		ww_buf_addf(&out,
			ww_lang(screen, "%" PRIu64 " packet%s of finding %" PRIu64 " written to ",
				"%" PRIu64 " パケット%s (検出 %" PRIu64 ") を書き出しました: "),
			slice->written, plural(screen, slice->written), slice->finding->id);
		ww_clean(&out, slice->path);
		ww_buf_addf(&out,
			ww_lang(screen,
				"\n  read: %" PRIu64 " packet%s; left out: %" PRIu64
				" duplicate frame%s\n",
				"\n  読んだパケット %" PRIu64 "%s、除いた重複フレーム %" PRIu64
				"%s\n"),
			slice->read, plural(screen, slice->read), slice->duplicates,
			plural(screen, slice->duplicates));
		ww_buf_addf(&out, "\n%s\n  wireshark %s\n  %s  %s\n",
			ww_lang(screen, "do next", "次の一手"), ww_buf_text(&path),
			ww_lang(screen,
				"in the whole capture, filter:", "元のキャプチャでの表示フィルタ:"),
			ww_buf_text(&filter));
		ww_show(screen, &out);
	}
	ww_buf_done(&filter);
	ww_buf_done(&out);
	ww_buf_done(&path);
}

/* Complains of how reading or writing ended, and closes the output. */
static enum ww_exit finish(const struct ww_call *call, struct slice *slice, const char *path,
	const char *note, enum ww_capture_state state, int status)
{
	enum ww_exit answer = WW_EXIT_NOTHING;
	int closed = ww_pcap_out_close(&slice->out);
	if (status == -EEXIST)
		return ww_usage(call, "%s exists already and was not touched: name a new file",
			slice->path);
	if (status == 0)
		status = closed;
	if (status != 0)
		return ww_failed(call, "%s: %s", slice->path, ww_errno_text(status));
	if (state == WW_CAPTURE_FAILED)
		answer = ww_failed(call, "%s: %s", path, note);
	else if (state != WW_CAPTURE_END)
		ww_remark(call, "%s: %s", path, note);
	if (slice->other_link)
		answer = ww_failed(call,
			"%" PRIu64 " packets of another link type could not go into the same file",
			slice->other_link);
	if (slice->held.lost)
		answer = ww_failed(call,
			"%" PRIu64 " fragments were left out before their datagrams were whole: "
			"too many wait at once",
			slice->held.lost);
	if (slice->written == 0)
		return ww_failed(call,
			"%s holds no packet of finding %" PRIu64 ": nothing was written", path,
			slice->finding->id);
	report(call, slice);
	return answer;
}

static enum ww_exit cut_part(const struct ww_call *call, struct slice *slice,
	struct ww_flows *flows, const struct ww_parts *parts, size_t i)
{
	struct ww_capture *capture = NULL;
	struct ww_err err = {0};
	const char *path = parts->paths[i];
	int status = path ? ww_capture_open(path, &capture, &err) : -ENOMEM;
	if (status == -EINVAL)
		return ww_usage(call, "%s: %s", path, err.text);
	if (status != 0)
		return ww_usage(call, "%s: %s", path ? path : "", ww_errno_text(status));
	enum ww_capture_state state = WW_CAPTURE_END;
	status = take_all(slice, flows, capture, parts->before[i], &state);
	enum ww_exit answer = WW_EXIT_NOTHING;
	if (status == 0 && i + 1 == parts->n)
		status = drain(slice, INT64_MAX);
	if (status != 0 || i + 1 == parts->n)
		answer = finish(call, slice, path, ww_capture_note(capture), state, status);
	ww_capture_close(&capture);
	return answer;
}

static enum ww_exit cut(const struct ww_call *call, struct slice *slice, const char *path)
{
	struct ww_flow_sink sink = {.context = slice, .contact = on_contact, .whole = on_whole};
	struct ww_flow_limits limits = {0};
	struct ww_flows *flows = NULL;
	struct ww_parts parts = {.n = 0};
	ww_parts_find(&parts, path);
	uint64_t wanted = slice->finding->n_frames ? slice->finding->frames[0] : 0;
	if (parts.n == 0)
		return ww_usage(call, "%s: none of these files is left", path);
	if (wanted && wanted <= parts.before[0])
		ww_remark(call,
			"the packets before frame %" PRIu64
			" are not kept any more: of this finding some are missing",
			parts.before[0] + 1);
	int status = ww_flows_new(&limits, ww_hash_key_fixed(0), &sink, &flows);
	enum ww_exit answer =
		status == 0 ? WW_EXIT_NOTHING : ww_failed(call, "%s", ww_errno_text(status));
	for (size_t i = 0; i < parts.n && answer == WW_EXIT_NOTHING; i++)
		answer = cut_part(call, slice, flows, &parts, i);
	ww_flows_free(&flows);
	ww_held_done(&slice->held);
	ww_parts_done(&parts);
	return answer;
}

/*
 * The capture of the run, or the copy of it that the user names; it must be the same bytes.
 * *ret borrows from the options, or from the store.
 */
static enum ww_exit find_capture(struct ww_call *call, const struct ww_run *run, const char **ret)
{
	const char *path = run->input, *copy = NULL;
	struct stat st;
	size_t n = ww_call_files(call, 1, &copy, 1);
	if (n)
		path = copy;
	else if (strcmp(path, "-") == 0)
		return ww_usage(call,
			"the last run read standard input, which cannot be read again: "
			"keep the capture in a file, or name a copy of it with -r");
	else if (strncmp(path, "live:", 5) == 0)
		return ww_usage(call,
			"the last run watched %s live and kept no packets: --evidence DIR does",
			path + 5);
	if (ww_parts_is_evidence(path)) {
		*ret = path;
		return WW_EXIT_NOTHING;
	}
	if (stat(path, &st) != 0)
		return ww_usage(
			call, "%s: %s; name where it is now with -r", path, ww_errno_text(-errno));
	int64_t mtime_us = (int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000;
	bool from_stdin = strcmp(run->input, "-") == 0;
	bool same = from_stdin || (uint64_t)st.st_size == run->input_size;
	if (!n)
		same = same && mtime_us == run->input_mtime_us;
	if (!same)
		return ww_usage(call,
			"%s has changed since it was watched: run 'wormwood watch' on it again",
			path);
	*ret = path;
	return WW_EXIT_NOTHING;
}

/* From here on the capture can be read and files be made beside the output, and no more. */
static enum ww_exit enter_sandbox(const struct ww_call *call, const char *capture, const char *out)
{
	struct ww_lock lock = {.n_read = 0};
	char id[WW_COMMUNITY_ID_MAX];
	struct ww_ip nobody = {{0}};
	/* libcrypto reads its configuration at the first digest: while it still can. */
	ww_community_id(&nobody, &nobody, WW_PROTO_TCP, 1, 1, id);
	if (ww_parts_is_evidence(capture))
		ww_lock_read_beside(&lock, capture);
	else
		ww_lock_read(&lock, capture);
	ww_lock_write_beside(&lock, out);
	return ww_lock_now(&lock, call);
}

/* Before the sandbox, whose own trouble would read like one of the program. */
static enum ww_exit check_folder(const struct ww_call *call, const char *out)
{
	struct stat st;
	char *folder = strdup(out);
	if (!folder)
		return ww_failed(call, "out of memory");
	char *slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	const char *name = slash ? folder : ".";
	enum ww_exit answer = WW_EXIT_NOTHING;
	if (stat(name, &st) != 0)
		answer = ww_usage(call, "-w %s: there is no folder %s", out, name);
	else if (!S_ISDIR(st.st_mode))
		answer = ww_usage(call, "-w %s: %s is not a folder", out, name);
	else if (access(name, W_OK | X_OK) != 0)
		answer = ww_usage(call, "-w %s: no file can be made in %s: %s", out, name,
			ww_errno_text(-errno));
	free(folder);
	return answer;
}

static enum ww_exit check_output(const struct ww_call *call, const char *out)
{
	struct stat st;
	if (!out)
		return ww_usage(call, "give -w FILE, the capture to write");
	if (strcmp(out, "-") == 0)
		return ww_usage(call, "-w takes the name of a new file");
	if (lstat(out, &st) == 0)
		return ww_usage(
			call, "%s exists already and was not touched: name a new file", out);
	return check_folder(call, out);
}

static enum ww_exit run(struct ww_call *call)
{
	const struct config *config = call->config;
	const char *found = NULL;
	struct ww_last last = {0};
	if (call->n_args == 0)
		return ww_usage(
			call, "which finding? They are listed by:  %s explain", call->program);
	enum ww_exit answer = check_output(call, config->out);
	if (answer == WW_EXIT_NOTHING)
		answer = ww_last_open(call, call->args[0], &last);
	if (answer == WW_EXIT_NOTHING)
		answer = find_capture(call, &last.run, &found);
	char *path = found ? strdup(found) : NULL;
	struct slice *slice = calloc(1, sizeof(*slice));
	if (answer == WW_EXIT_NOTHING && (!path || !slice))
		answer = ww_failed(call, "out of memory");
	ww_store_close(&last.store); /* SQLite tidies up, which the sandbox would not allow */
	if (answer == WW_EXIT_NOTHING)
		answer = enter_sandbox(call, path, config->out);
	if (answer == WW_EXIT_NOTHING) {
		slice->finding = &last.finding;
		slice->path = config->out;
		answer = cut(call, slice, path);
	}
	free(path);
	free(slice);
	ww_last_close(&last);
	return answer;
}

const struct ww_cmd ww_cmd_slice = {
	.name = "slice",
	.summary = "the packets of finding N as a new pcap file",
	.usage = "N -w FILE [options]",
	.details = "Reads the capture of the last watch again; -r names it where it was moved.\n",
	WW_CMD_OPTS(opts),
	.config_size = sizeof(struct config),
	.run = run,
};
