// SPDX-License-Identifier: GPL-3.0-or-later
#include "finding/pcap-out.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * draft-ietf-opsawg-pcap, little-endian:
 *   file    magic a1b2c3d4 | major 2, minor 4 | 0 | 0 | snap length | link type
 *   record  seconds | microseconds | captured | length | bytes
 * libpcap refuses records above its MAXIMUM_SNAPLEN, so a longer one is cut to it; its length on
 * the wire is kept.
 */
enum { SNAP_LENGTH = 262144, FILE_HEADER = 24, RECORD_HEADER = 16, BUFFER = 1 << 16 };

struct ww_pcap_out {
	int fd;
	int error; /* the first -errno of write: nothing is written behind it */
	size_t n;
	uint8_t bytes[BUFFER];
};

static void put_le32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

static int write_all(int fd, const uint8_t *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

static void flush(struct ww_pcap_out *out)
{
	if (out->error == 0)
		out->error = write_all(out->fd, out->bytes, out->n);
	out->n = 0;
}

static void put(struct ww_pcap_out *out, const void *bytes, size_t len)
{
	if (len > BUFFER - out->n)
		flush(out);
	if (len > BUFFER) {
		if (out->error == 0)
			out->error = write_all(out->fd, bytes, len);
		return;
	}
	memcpy(out->bytes + out->n, bytes, len);
	out->n += len;
}

int ww_pcap_out_open(const char *path, uint16_t link_type, struct ww_pcap_out **ret)
{
	struct ww_pcap_out *out = calloc(1, sizeof(*out));
	if (!out)
		return -ENOMEM;
	out->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out->fd < 0) {
		int status = -errno;
		free(out);
		return status;
	}
	uint8_t header[FILE_HEADER] = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0};
	put_le32(header + 16, SNAP_LENGTH);
	put_le32(header + 20, link_type);
	put(out, header, sizeof(header));
	*ret = out;
	return 0;
}

int ww_pcap_out_write(struct ww_pcap_out *out, int64_t time_us, const void *data, uint32_t captured,
	uint32_t length)
{
	ww_assert(captured <= length);
	/* The format has unsigned seconds: times outside 1970-2106 go to the nearest it can say. */
	int64_t seconds = time_us / 1000000, rest = time_us % 1000000;
	if (time_us < 0)
		seconds = rest = 0;
	if (seconds > UINT32_MAX) {
		seconds = UINT32_MAX;
		rest = 999999;
	}
	if (captured > SNAP_LENGTH)
		captured = SNAP_LENGTH;
	uint8_t header[RECORD_HEADER];
	put_le32(header, (uint32_t)seconds);
	put_le32(header + 4, (uint32_t)rest);
	put_le32(header + 8, captured);
	put_le32(header + 12, length);
	put(out, header, sizeof(header));
	put(out, data, captured);
	return out->error;
}

int ww_pcap_out_flush(struct ww_pcap_out *out)
{
	flush(out);
	return out->error;
}

int ww_pcap_out_close(struct ww_pcap_out **out)
{
	if (!*out)
		return 0;
	flush(*out);
	int status = (*out)->error;
	if (close((*out)->fd) != 0 && status == 0)
		status = -errno;
	free(*out);
	*out = NULL;
	return status;
}
