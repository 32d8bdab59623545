/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Giving up what a decoder of hostile bytes does not need, before it reads the first one.
 *
 * In this order: no new privileges (prctl(2)); every capability but those that read other users'
 * files; a seccomp(2) filter that answers EPERM to new programs, sockets, tracing, mounts and
 * modules; Landlock (landlock(7)) rules that leave the named files to be read and one folder to be
 * written to. All of it is inherited and cannot be undone.
 *
 * What an adversary who took over the decoder can still do: spend CPU time and memory, read the
 * named files, write to the folder of the store and to what is open already.
 *
 * A kernel without one of them is no error: it is reported, so that `-v` can say so.
 */
#include <stdbool.h>
#include <stddef.h>

struct ww_sandbox_wish {
	const char *const *read_paths; /* files or folders that may be opened for reading */
	size_t n_read_paths;
	const char *write_folder; /* where files may be made, changed and removed; or NULL */
};

struct ww_sandbox_state {
	int landlock; /* ABI version of the kernel, 0: not there, or left out at build time */
	bool seccomp;
	bool capabilities;
};

/*
 * Returns 0 with what holds in *ret, also when some of it is not to be had; a negative errno when
 * the kernel has a part and refuses to switch it on, or a path cannot be opened.
 */
int ww_sandbox_enter(const struct ww_sandbox_wish *wish, struct ww_sandbox_state *ret);
