// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Opening, starting and ending a packet ring. Before live-ring.c reads it, this is what the
 * kernel was told, in order: version 3, room in front of frames, the ring, a filter that refuses
 * all, the interface, its fanout group.
 */
#include "wire/capture/live-private.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_arp.h>
#include <linux/if.h>
#include <linux/if_ether.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	/* A block with frames is handed over after so many milliseconds, full or not. */
	RETIRE_MS = 20,
	SNAPLEN_ALL = WW_FRAME_MAX,
	/* Only for sums that the kernel checks: version 3 packs frames as they come. */
	FRAME_SIZE = 2048,
};

static int option(int fd, int name, const void *value, size_t len)
{
	return setsockopt(fd, SOL_PACKET, name, value, (socklen_t)len) == 0 ? 0 : -errno;
}

static int attach(int fd, const struct sock_fprog *program)
{
	int status = setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, program, sizeof(*program));
	return status == 0 ? 0 : -errno;
}

/* Keeps `bytes` of each frame; 0 keeps none: the frame is refused. */
static int attach_length(int fd, uint32_t bytes)
{
	struct sock_filter keep = BPF_STMT(BPF_RET | BPF_K, bytes);
	struct sock_fprog program = {.len = 1, .filter = &keep};
	return attach(fd, &program);
}

/* ---- which interface ---- */

static int ask(int fd, const char *name, unsigned long what, struct ifreq *ret)
{
	memset(ret, 0, sizeof(*ret));
	memcpy(ret->ifr_name, name, strnlen(name, sizeof(ret->ifr_name) - 1));
	return ioctl(fd, what, ret) == 0 ? 0 : -errno;
}

static int find_interface(struct ww_live *live, struct ww_err *err)
{
	struct ifreq request;
	live->up = true;
	if (strcmp(live->name, "any") == 0)
		return 0;
	int status = ask(live->fd, live->name, SIOCGIFINDEX, &request);
	if (status == -ENODEV)
		return ww_fail(err, WW_NOWHERE, status, "there is no interface '%s'", live->name);
	if (status != 0)
		return ww_fail(err, WW_NOWHERE, status, "%s: %s", live->name, strerror(-status));
	live->index = request.ifr_ifindex;
	status = ask(live->fd, live->name, SIOCGIFHWADDR, &request);
	if (status == 0) {
		live->hardware = request.ifr_hwaddr.sa_family;
		status = ask(live->fd, live->name, SIOCGIFFLAGS, &request);
	}
	if (status != 0)
		return ww_fail(err, WW_NOWHERE, status, "%s: %s", live->name, strerror(-status));
	live->up = (request.ifr_flags & IFF_UP) != 0;
	return 0;
}

/* Ethernet as it is, tunnels without a link header as raw IP, all else through the cooked socket.
 */
static uint16_t link_type_of(uint16_t hardware)
{
	switch (hardware) {
	case ARPHRD_ETHER:
	case ARPHRD_LOOPBACK: return WW_LIVE_LINK_ETHERNET;
	case ARPHRD_NONE:
	case ARPHRD_RAWIP: return WW_LIVE_LINK_RAW;
	default: return WW_LIVE_LINK_COOKED;
	}
}

static int new_socket(int type, struct ww_err *err)
{
	/* Protocol 0: nothing is received before bind. */
	int fd = socket(AF_PACKET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int status = -errno;
	if (fd >= 0) {
		int high = fcntl(fd, F_DUPFD_CLOEXEC, WW_LIVE_DESCRIPTORS);
		status = -errno;
		close(fd);
		if (high >= 0)
			return high;
	}
	if (status == -EPERM || status == -EACCES)
		return ww_fail(
			err, WW_NOWHERE, -EPERM, "capturing needs the capability CAP_NET_RAW");
	return ww_fail(err, WW_NOWHERE, status, "no packet socket: %s", strerror(-status));
}

/* ---- the ring ---- */

/* The kernel may be short of memory for the whole: half of it is better than nothing. */
static int make_ring(struct ww_live *live, uint64_t bytes, struct ww_err *err)
{
	if (bytes == 0)
		bytes = WW_LIVE_RING_BYTES;
	uint64_t blocks = bytes / WW_LIVE_BLOCK_BYTES;
	if (blocks < 2) /* one is being filled while the other is read */
		blocks = 2;
	if (blocks > 4096)
		blocks = 4096;
	int status = -ENOMEM;
	while (status == -ENOMEM && blocks >= 2) {
		struct tpacket_req3 request = {
			.tp_block_size = WW_LIVE_BLOCK_BYTES,
			.tp_block_nr = (unsigned)blocks,
			.tp_frame_size = FRAME_SIZE,
			.tp_frame_nr = (unsigned)blocks * (WW_LIVE_BLOCK_BYTES / FRAME_SIZE),
			.tp_retire_blk_tov = RETIRE_MS,
		};
		status = option(live->fd, PACKET_RX_RING, &request, sizeof(request));
		live->n_blocks = (uint32_t)blocks;
		blocks /= 2;
	}
	if (status != 0)
		return ww_fail(
			err, WW_NOWHERE, status, "no ring for packets: %s", strerror(-status));
	void *ring = mmap(NULL, (size_t)live->n_blocks * WW_LIVE_BLOCK_BYTES,
		PROT_READ | PROT_WRITE, MAP_SHARED, live->fd, 0);
	if (ring == MAP_FAILED)
		return ww_fail(err, WW_NOWHERE, -errno, "no ring for packets: %s", strerror(errno));
	live->ring = ring;
	return 0;
}

static int set_version(const struct ww_live *live, struct ww_err *err)
{
	int version = TPACKET_V3, reserve = WW_LIVE_RESERVE;
	int status = option(live->fd, PACKET_VERSION, &version, sizeof(version));
	if (status == 0)
		status = option(live->fd, PACKET_RESERVE, &reserve, sizeof(reserve));
	if (status != 0)
		return ww_fail(err, WW_NOWHERE, status, "this kernel has no TPACKET_V3: %s",
			strerror(-status));
	return 0;
}

/* ---- binding ---- */

static int bind_to(struct ww_live *live, struct ww_err *err)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = live->index,
	};
	int status = 0;
	if (bind(live->fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
		status = -errno;
	/* A socket may be bound to an interface that is down; it says so once. */
	if (status == -ENETDOWN)
		live->up = false;
	else if (status != 0)
		return ww_fail(err, WW_NOWHERE, status, "%s: %s", live->name, strerror(-status));
	return 0;
}

static int promise_all(const struct ww_live *live, struct ww_err *err)
{
	struct packet_mreq request = {.mr_ifindex = live->index, .mr_type = PACKET_MR_PROMISC};
	int status = option(live->fd, PACKET_ADD_MEMBERSHIP, &request, sizeof(request));
	if (status != 0)
		return ww_fail(err, WW_NOWHERE, status, "%s: not promiscuous: %s", live->name,
			strerror(-status));
	return 0;
}

/*
 * The ring of a frame, out of its addresses alone, the same in both directions: exclusive or, then
 * Fibonacci hashing (Knuth, volume 3, 6.4). What is no IP goes to the first.
 *
 *   A = first address ^ second;  A ^= A >> 16;  A *= 2654435769;  return A >> 16
 */
#define NETWORK(offset) ((uint32_t)(SKF_NET_OFF + (offset)))
#define LOAD(offset)    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NETWORK(offset))
#define MIX(offset)                                                                                \
	BPF_STMT(BPF_MISC | BPF_TAX, 0), LOAD(offset), BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0)

static int join_fanout(const struct ww_live *live, uint16_t group, struct ww_err *err)
{
	struct sock_filter pick[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, NETWORK(0)),
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 4, 0, 5),
		LOAD(12),
		MIX(16),
		BPF_STMT(BPF_JMP | BPF_JA, 24), /* to the end */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 6, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		LOAD(8),
		MIX(12),
		MIX(16),
		MIX(20),
		MIX(24),
		MIX(28),
		MIX(32),
		MIX(36),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16),
		BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
		BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 2654435769U),
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_fprog program = {.len = WW_N(pick), .filter = pick};
	int value = group | PACKET_FANOUT_CBPF << 16;
	int status = option(live->fd, PACKET_FANOUT, &value, sizeof(value));
	if (status == 0)
		status = option(live->fd, PACKET_FANOUT_DATA, &program, sizeof(program));
	if (status != 0)
		return ww_fail(err, WW_NOWHERE, status, "%s: no fanout: %s", live->name,
			strerror(-status));
	return 0;
}

static int check_wish(const struct ww_live_wish *wish, struct ww_err *err)
{
	size_t len = strlen(wish->interface);
	if (len == 0 || len >= WW_LIVE_NAME_MAX)
		return ww_fail(err, WW_NOWHERE, -ENODEV,
			"the name of an interface has 1 to %d bytes", WW_LIVE_NAME_MAX - 1);
	if (wish->snaplen != 0 && wish->snaplen < WW_LIVE_SNAPLEN_LEAST)
		return ww_fail(err, WW_NOWHERE, -EINVAL, "less than %d bytes of a frame are none",
			WW_LIVE_SNAPLEN_LEAST);
	if (wish->promiscuous && strcmp(wish->interface, "any") == 0)
		return ww_fail(err, WW_NOWHERE, -EINVAL, "'any' cannot be promiscuous");
	return 0;
}

static int set_up(struct ww_live *live, const struct ww_live_wish *wish, struct ww_err *err)
{
	int status = set_version(live, err);
	if (status == 0)
		status = make_ring(live, wish->ring_bytes, err);
	if (status == 0)
		status = attach_length(live->fd, 0);
	if (status == 0)
		status = bind_to(live, err);
	if (status == 0 && wish->promiscuous)
		status = promise_all(live, err);
	if (status == 0 && wish->fanout)
		status = join_fanout(live, wish->fanout, err);
	return status;
}

int ww_live_open(const struct ww_live_wish *wish, struct ww_live **ret, struct ww_err *err)
{
	int status = check_wish(wish, err);
	if (status != 0)
		return status;
	struct ww_live *live = calloc(1, sizeof(*live));
	if (!live)
		return -ENOMEM;
	memcpy(live->name, wish->interface, strlen(wish->interface));
	live->snaplen = wish->snaplen && wish->snaplen < SNAPLEN_ALL ? wish->snaplen : SNAPLEN_ALL;
	status = live->fd = new_socket(SOCK_RAW, err);
	if (status >= 0)
		status = find_interface(live, err);
	live->link_type = live->index ? link_type_of(live->hardware) : WW_LIVE_LINK_COOKED;
	if (status == 0 && live->link_type == WW_LIVE_LINK_COOKED) {
		close(live->fd);
		live->fd = new_socket(SOCK_DGRAM, err);
		status = live->fd < 0 ? live->fd : 0;
	}
	if (status == 0)
		status = set_up(live, wish, err);
	if (status != 0) {
		ww_live_close(&live);
		return status;
	}
	*ret = live;
	return 0;
}

void ww_live_close(struct ww_live **live)
{
	if (!*live)
		return;
	if ((*live)->ring)
		munmap((*live)->ring, (size_t)(*live)->n_blocks * WW_LIVE_BLOCK_BYTES);
	if ((*live)->fd >= 0)
		close((*live)->fd);
	free(*live);
	*live = NULL;
}

int ww_live_start(struct ww_live *live, const char *expression, struct ww_err *err)
{
	int status = 0;
	if (expression) {
		struct sock_fprog program = {0};
		status = ww_live_filter(live, expression, &program, err);
		if (status == 0)
			status = attach(live->fd, &program);
		free(program.filter);
	} else {
		status = attach_length(live->fd, live->snaplen);
	}
	if (status != 0 && (!err || !err->text[0]))
		return ww_fail(err, WW_NOWHERE, status, "the kernel refuses the filter: %s",
			strerror(-status));
	return status;
}

void ww_live_stop(struct ww_live *live)
{
	attach_length(live->fd, 0);
}

/* ---- while it runs ---- */

/* Is the interface still there, and up? */
static void look(struct ww_live *live)
{
	struct ifreq request;
	if (live->index == 0 || live->state != WW_CAPTURE_MORE)
		return;
	int status = ask(live->fd, live->name, SIOCGIFINDEX, &request);
	if (status == -ENODEV || (status == 0 && request.ifr_ifindex != live->index)) {
		live->state = WW_CAPTURE_FAILED;
		live->up = false;
		snprintf(live->note, sizeof(live->note), "the interface %s is gone", live->name);
		return;
	}
	if (status != 0 || ask(live->fd, live->name, SIOCGIFFLAGS, &request) != 0)
		return;
	bool up = (request.ifr_flags & IFF_UP) != 0;
	live->counts.downs += live->up && !up;
	live->up = up;
}

int ww_live_wait(struct ww_live *const *lives, size_t n, int timeout_ms)
{
	enum { MOST = 64 };
	struct pollfd polls[MOST];
	ww_assert(n <= MOST);
	for (size_t i = 0; i < n; i++)
		polls[i] = (struct pollfd){.fd = lives[i]->fd, .events = POLLIN};
	if (poll(polls, (nfds_t)n, timeout_ms) < 0)
		return errno == EINTR ? 0 : -errno;
	for (size_t i = 0; i < n; i++) {
		int error = 0;
		socklen_t len = sizeof(error);
		if (polls[i].revents & (POLLERR | POLLHUP)) {
			getsockopt(lives[i]->fd, SOL_SOCKET, SO_ERROR, &error, &len);
			look(lives[i]);
		}
	}
	return 0;
}

void ww_live_counts(struct ww_live *live, struct ww_live_counts *ret)
{
	struct tpacket_stats_v3 since = {0};
	socklen_t len = sizeof(since);
	look(live);
	/* The kernel begins at 0 again with every answer, and counts what it dropped in both. */
	if (getsockopt(live->fd, SOL_PACKET, PACKET_STATISTICS, &since, &len) == 0) {
		live->counts.received += since.tp_packets - since.tp_drops;
		live->counts.dropped += since.tp_drops;
	}
	*ret = live->counts;
}

const char *ww_live_name(const struct ww_live *live)
{
	return live->name;
}

uint16_t ww_live_link_type(const struct ww_live *live)
{
	return live->link_type;
}

uint64_t ww_live_ring_bytes(const struct ww_live *live)
{
	return (uint64_t)live->n_blocks * WW_LIVE_BLOCK_BYTES;
}

bool ww_live_is_up(const struct ww_live *live)
{
	return live->up;
}

const char *ww_live_note(const struct ww_live *live)
{
	return live->note;
}
