/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Giving up what a decoder of hostile bytes does not need, before it reads the first one.
 *
 * In this order: no new privileges (prctl(2)); capabilities (capabilities(7)); Landlock
 * (landlock(7)) rules that leave the named files to be read and the named folders to be written to,
 * and forbid TCP and signals to others where the kernel can; a seccomp(2) filter that knows the
 * system calls of reading, writing, memory, time and threads, and answers EPERM to every other: no
 * new program or process, no socket, no tracing, no mounts, no io_uring. Calls that do several
 * things are let through for one: fcntl(2) does not duplicate descriptors, ioctl(2) asks for
 * interfaces and the size of the terminal, setsockopt(2) sets a socket's filter. All of it is
 * inherited by threads and cannot be undone.
 *
 * What an adversary who took over the decoder can still do: spend CPU time and memory, read the
 * named files, write to the named folders and to what is open already, except to packet sockets:
 * those cannot be written to, so that nothing is sent.
 *
 * A kernel without one of them is no error: it is reported, so that `-v` can say so.
 */
#include <stdbool.h>
#include <stddef.h>

struct ww_sandbox_wish {
	const char *const *read_paths; /* files or folders that may be opened for reading */
	size_t n_read_paths;
	const char *const *write_folders; /* where files may be made, changed and removed */
	size_t n_write_folders;
	/* Descriptors from this number on can be read and not be written to; 0: there are none. */
	unsigned read_only_from;
	/* root keeps the capabilities to read and write the files of others, where it has them. */
	bool keep_file_capabilities;
};

struct ww_sandbox_state {
	int landlock; /* ABI version of the kernel, 0: not there, or left out at build time */
	bool seccomp;
	bool capabilities;
};

/*
 * Paths that do not exist are passed over: the trouble comes when they are opened. Returns 0 with
 * what holds in *ret, also when some of it is not to be had; a negative errno when the kernel has
 * a part and refuses to switch it on, or a path cannot be opened.
 */
int ww_sandbox_enter(const struct ww_sandbox_wish *wish, struct ww_sandbox_state *ret);
