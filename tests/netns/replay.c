// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Sends the frames of a capture out of an interface, for tests in a network namespace of their own.
 *
 *   replay INTERFACE CAPTURE [PER_SECOND [TIMES]]
 *
 * PER_SECOND 0: as fast as it goes. Prints "sent N frames in S s" with what the kernel accepted.
 */
#include "wire/capture/capture.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { AT_ONCE = 64, FRAME_LIMIT = 65536 };

struct frame {
	uint8_t *bytes;
	uint32_t len;
};

struct sender {
	int fd;
	struct frame *frames;
	size_t n_frames, cap;
	uint64_t sent;
	double per_s;
	struct timespec began;
};

static int die(const char *what)
{
	perror(what);
	return 2;
}

static int keep(struct sender *sender, const struct ww_frame *frame)
{
	if (sender->n_frames == sender->cap) {
		sender->cap = sender->cap ? sender->cap * 2 : 1024;
		struct frame *more = realloc(sender->frames, sender->cap * sizeof(*more));
		if (!more)
			return -1;
		sender->frames = more;
	}
	uint8_t *bytes = malloc(frame->captured ? frame->captured : 1);
	if (!bytes)
		return -1;
	memcpy(bytes, frame->data, frame->captured);
	sender->frames[sender->n_frames++] = (struct frame){bytes, frame->captured};
	return 0;
}

static int load(struct sender *sender, const char *path)
{
	struct ww_capture *capture = NULL;
	struct ww_err err = {0};
	if (ww_capture_open(path, &capture, &err) != 0)
		return die(path);
	enum ww_capture_state state = WW_CAPTURE_MORE;
	while (state == WW_CAPTURE_MORE) {
		struct ww_frame frames[WW_BATCH];
		size_t n = 0;
		state = ww_capture_read(capture, frames, &n);
		for (size_t i = 0; i < n; i++)
			if (frames[i].captured <= FRAME_LIMIT && keep(sender, &frames[i]) != 0)
				return die("memory");
	}
	ww_capture_close(&capture);
	return 0;
}

static int open_interface(struct sender *sender, const char *name)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(name)};
	int bypass = 1;
	sender->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (sender->fd < 0 || address.sll_ifindex == 0)
		return die(name);
	if (bind(sender->fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
		return die(name);
	if (setsockopt(sender->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &bypass, sizeof(bypass)) != 0)
		return die("PACKET_QDISC_BYPASS");
	return 0;
}

static double elapsed(const struct sender *sender)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - sender->began.tv_sec) +
	       (double)(now.tv_nsec - sender->began.tv_nsec) / 1e9;
}

/* Waits until the next frames are due. */
static void pace(const struct sender *sender)
{
	for (;;) {
		double ahead = (double)sender->sent / sender->per_s - elapsed(sender);
		if (ahead <= 0)
			return;
		struct timespec pause = {.tv_nsec = ahead > 0.5 ? 500000000 : (long)(ahead * 1e9)};
		if (ahead > 0.0001)
			nanosleep(&pause, NULL);
	}
}

static int send_all(struct sender *sender)
{
	for (size_t at = 0; at < sender->n_frames;) {
		struct mmsghdr messages[AT_ONCE] = {0};
		struct iovec parts[AT_ONCE];
		unsigned n = 0;
		for (; n < AT_ONCE && at + n < sender->n_frames; n++) {
			parts[n] = (struct iovec){
				sender->frames[at + n].bytes, sender->frames[at + n].len};
			messages[n].msg_hdr.msg_iov = &parts[n];
			messages[n].msg_hdr.msg_iovlen = 1;
		}
		if (sender->per_s > 0)
			pace(sender);
		int done = sendmmsg(sender->fd, messages, n, 0);
		if (done < 0 && errno != ENOBUFS && errno != EAGAIN)
			return die("send");
		if (done > 0) {
			at += (size_t)done;
			sender->sent += (uint64_t)done;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct sender sender = {.fd = -1};
	if (argc < 3) {
		fprintf(stderr, "usage: replay INTERFACE CAPTURE [PER_SECOND [TIMES]]\n");
		return 2;
	}
	sender.per_s = argc > 3 ? strtod(argv[3], NULL) : 0;
	long times = argc > 4 ? strtol(argv[4], NULL, 10) : 1;
	int status = load(&sender, argv[2]);
	if (status == 0)
		status = open_interface(&sender, argv[1]);
	clock_gettime(CLOCK_MONOTONIC, &sender.began);
	for (long i = 0; status == 0 && i < times; i++)
		status = send_all(&sender);
	printf("sent %llu frames in %.3f s\n", (unsigned long long)sender.sent, elapsed(&sender));
	for (size_t i = 0; i < sender.n_frames; i++)
		free(sender.frames[i].bytes);
	free(sender.frames);
	return status;
}
