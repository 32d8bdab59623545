// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/capture/capture-private.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool ww_capture_need(struct ww_capture *capture, size_t n)
{
	size_t have = ww_capture_have(capture);
	if (have >= n)
		return true;
	ww_assert(n <= WW_CAPTURE_HEADROOM);
	uint8_t *region = capture->buffer + WW_CAPTURE_HEADROOM;
	if (have)
		memmove(region - have, capture->at, have);
	capture->at = region - have;
	capture->end = region;
	while (ww_capture_have(capture) < n) {
		size_t room = (size_t)(region + WW_CAPTURE_REGION - capture->end);
		if (room == 0) {
			/* More than the headroom still wants: shift everything down. */
			size_t len = ww_capture_have(capture);
			uint8_t *lower = region + WW_CAPTURE_REGION - n;
			memmove(lower, capture->at, len);
			capture->at = lower;
			capture->end = lower + len;
			continue;
		}
		ssize_t got = ww_source_read(&capture->source, capture->end, room);
		if (got <= 0)
			return false;
		capture->end += got;
	}
	return true;
}

const uint8_t *ww_capture_keep(struct ww_capture *capture, size_t keep, uint64_t drop)
{
	ww_assert(ww_capture_have(capture) >= keep && keep <= WW_CAPTURE_HEADROOM);
	memmove(capture->buffer, capture->at, keep);
	capture->at += keep;
	for (;;) {
		size_t have = ww_capture_have(capture);
		size_t n = drop < have ? (size_t)drop : have;
		capture->at += n;
		drop -= n;
		if (drop == 0)
			return capture->buffer;
		if (!ww_capture_need(capture, 1))
			return NULL;
	}
}

enum ww_capture_state ww_capture_ended(struct ww_capture *capture)
{
	unsigned long long next = (unsigned long long)capture->n_frames + 1;
	if (capture->source.code) {
		bool of_system = capture->source.code != -EBADMSG;
		snprintf(capture->note, sizeof(capture->note), "before frame %llu: %s%s%s", next,
			capture->source.what, of_system ? ": " : "",
			of_system ? strerror(-capture->source.code) : "");
		return capture->state = WW_CAPTURE_FAILED;
	}
	if (capture->source.cut || ww_capture_have(capture) > 0) {
		bool packed = capture->source.cut && capture->source.kind != WW_SOURCE_PLAIN;
		snprintf(capture->note, sizeof(capture->note), "the file ends inside frame %llu%s",
			next, packed ? " (the compressed data is cut short)" : "");
		return capture->state = WW_CAPTURE_CUT;
	}
	if (capture->source.trailing)
		snprintf(capture->note, sizeof(capture->note), "%s", capture->source.trailing);
	return capture->state = WW_CAPTURE_END;
}

enum ww_capture_state ww_capture_broken(struct ww_capture *capture, const char *format, ...)
{
	int n = snprintf(capture->note, sizeof(capture->note),
		"frame %llu: ", (unsigned long long)capture->n_frames + 1);
	va_list args;
	va_start(args, format);
	vsnprintf(capture->note + n, sizeof(capture->note) - (size_t)n, format, args);
	va_end(args);
	return capture->state = WW_CAPTURE_BROKEN;
}

/* libpcap 1.10, pcap-common.c, max_snaplen_for_dlt(): three link types carry longer records. */
uint32_t ww_capture_snaplen_max(uint16_t link_type)
{
	switch (link_type) {
	case 231: /* D-Bus */
	case 249: /* USBPcap */ return 128 * 1024 * 1024;
	case 279: /* EBHSCR */ return 8 * 1024 * 1024;
	default: return WW_SNAPLEN_MAX;
	}
}

uint32_t ww_capture_snaplen(uint16_t link_type, uint32_t snaplen)
{
	if (snaplen == 0 || snaplen > INT32_MAX)
		return ww_capture_snaplen_max(link_type);
	return snaplen;
}

/* What a file is that is no capture, where its first bytes tell. */
static const char *what_else(const uint8_t *bytes, size_t len)
{
	static const struct {
		const char *magic;
		size_t len;
		const char *what;
	} known[] = {
		{"\xfd"
		 "7zXZ",
			5, "compressed with xz: unpack it first"},
		{"BZh", 3, "compressed with bzip2: unpack it first"},
		{"\x04\x22\x4d\x18", 4, "compressed with lz4: unpack it first"},
		{"PK\x03\x04", 4, "a zip archive: unpack it first"},
		{"\x1f\x8b", 2, "compressed twice"},
		{"snoop\0\0\0", 8, "a snoop capture: convert it with editcap"},
	};
	for (size_t i = 0; i < WW_N(known); i++)
		if (len >= known[i].len && memcmp(bytes, known[i].magic, known[i].len) == 0)
			return known[i].what;
	return "no capture that is understood (pcap or pcapng, plain, .gz or .zst)";
}

static int begin(struct ww_capture *capture, struct ww_err *err)
{
	/* Eight bytes tell apart all that we name; fewer may still be a pcap magic. */
	bool enough = ww_capture_need(capture, 8);
	if (!enough && capture->source.code == -EBADMSG)
		return ww_fail(err, WW_NOWHERE, -EINVAL, "%s", capture->source.what);
	if (!enough && capture->source.code)
		return capture->source.code;
	if (ww_capture_have(capture) == 0)
		return ww_fail(err, WW_NOWHERE, -EINVAL, "the file is empty");
	if (ww_capture_have(capture) < 4)
		return ww_fail(err, WW_NOWHERE, -EINVAL, "the file is too short for a capture");
	uint32_t magic = ww_load_32(capture->at, false);
	int rc;
	switch (magic) {
	case 0x0a0d0d0a: /* a palindrome: the same in both byte orders */
		capture->is_pcapng = true;
		rc = ww_pcapng_begin(capture, err);
		break;
	case 0xa1b2c3d4:
	case 0xd4c3b2a1:
	case 0xa1b23c4d:
	case 0x4d3cb2a1:
	case 0xa1b2cd34:
	case 0x34cdb2a1: rc = ww_pcap_begin(capture, err); break;
	default:
		return ww_fail(err, WW_NOWHERE, -EINVAL, "this is %s",
			what_else(capture->at, ww_capture_have(capture)));
	}
	static const char *const codecs[] = {"", ", gzip", ", zstd"};
	snprintf(capture->format, sizeof(capture->format), "%s%s",
		capture->is_pcapng ? "pcapng" : "pcap", codecs[capture->source.kind]);
	return rc;
}

/* Takes a source whose init returned rc. */
static int open_source(
	struct ww_source *source, int rc, struct ww_capture **ret, struct ww_err *err)
{
	struct ww_capture *capture = rc == 0 ? calloc(1, sizeof(*capture)) : NULL;
	if (!capture) {
		ww_source_done(source);
		if (rc == -EOPNOTSUPP)
			return ww_fail(err, WW_NOWHERE, -EINVAL,
				"this is compressed with zstd, which this build cannot read");
		return rc ? rc : -ENOMEM;
	}
	capture->source = *source;
	capture->buffer = aligned_alloc(4096, WW_CAPTURE_HEADROOM + WW_CAPTURE_REGION);
	rc = -ENOMEM;
	if (capture->buffer) {
		capture->at = capture->end = capture->buffer + WW_CAPTURE_HEADROOM;
		rc = begin(capture, err);
	}
	if (rc != 0) {
		ww_capture_close(&capture);
		return rc;
	}
	*ret = capture;
	return 0;
}

int ww_capture_open(const char *path, struct ww_capture **ret, struct ww_err *err)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	struct ww_source source;
	int rc = ww_source_init_fd(&source, fd, !is_stdin);
	return open_source(&source, rc, ret, err);
}

int ww_capture_open_chunks(
	const void *bytes, size_t len, size_t chunk, struct ww_capture **ret, struct ww_err *err)
{
	struct ww_source source;
	int rc = ww_source_init_memory(&source, bytes, len, chunk);
	return open_source(&source, rc, ret, err);
}

int ww_capture_open_memory(
	const void *bytes, size_t len, struct ww_capture **ret, struct ww_err *err)
{
	return ww_capture_open_chunks(bytes, len, 0, ret, err);
}

void ww_capture_close(struct ww_capture **capture)
{
	if (!*capture)
		return;
	ww_source_done(&(*capture)->source);
	free((*capture)->pcapng.interfaces);
	free((*capture)->buffer);
	free(*capture);
	*capture = NULL;
}

enum ww_capture_state ww_capture_read(
	struct ww_capture *capture, struct ww_frame frames[WW_BATCH], size_t *ret_n)
{
	*ret_n = 0;
	if (capture->state != WW_CAPTURE_MORE)
		return capture->state;
	return capture->is_pcapng ? ww_pcapng_read(capture, frames, ret_n)
				  : ww_pcap_read(capture, frames, ret_n);
}

const char *ww_capture_note(const struct ww_capture *capture)
{
	return capture->note;
}

const char *ww_capture_format(const struct ww_capture *capture)
{
	return capture->format;
}

uint64_t ww_capture_position(const struct ww_capture *capture, uint64_t *ret_size)
{
	*ret_size = capture->source.size;
	return capture->source.position;
}
