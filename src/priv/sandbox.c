// SPDX-License-Identifier: GPL-3.0-or-later
#include "priv/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef WW_HAVE_LANDLOCK
#include <linux/landlock.h>
#endif
#ifdef WW_HAVE_SECCOMP
#include <seccomp.h>
#endif
#ifdef WW_HAVE_CAP_NG
#include <cap-ng.h>
#endif

static int drop_capabilities(struct ww_sandbox_state *state)
{
#ifdef WW_HAVE_CAP_NG
	/* root reads the captures of others: those two stay, where they were held at all. */
	bool read_search = capng_have_capability(CAPNG_EFFECTIVE, CAP_DAC_READ_SEARCH) == 1;
	bool override = capng_have_capability(CAPNG_EFFECTIVE, CAP_DAC_OVERRIDE) == 1;
	capng_clear(CAPNG_SELECT_CAPS);
	const capng_type_t sets = (capng_type_t)(CAPNG_EFFECTIVE | CAPNG_PERMITTED);
	if (read_search)
		capng_update(CAPNG_ADD, sets, CAP_DAC_READ_SEARCH);
	if (override)
		capng_update(CAPNG_ADD, sets, CAP_DAC_OVERRIDE);
	if (capng_apply(CAPNG_SELECT_CAPS) != 0)
		return -EPERM;
	state->capabilities = true;
#else
	(void)state;
#endif
	return 0;
}

#ifdef WW_HAVE_SECCOMP
static const int refused_calls[] = {
	SCMP_SYS(execve),
	SCMP_SYS(execveat),
	SCMP_SYS(socket),
	SCMP_SYS(socketpair),
	SCMP_SYS(connect),
	SCMP_SYS(bind),
	SCMP_SYS(listen),
	SCMP_SYS(accept),
	SCMP_SYS(accept4),
	SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(mount),
	SCMP_SYS(umount2),
	SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),
	SCMP_SYS(setns),
	SCMP_SYS(unshare),
	SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(init_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(delete_module),
	SCMP_SYS(kexec_load),
	SCMP_SYS(reboot),
	SCMP_SYS(keyctl),
	SCMP_SYS(add_key),
	SCMP_SYS(request_key),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(fork),
	SCMP_SYS(vfork),
};
#endif

static int refuse_calls(struct ww_sandbox_state *state)
{
#ifdef WW_HAVE_SECCOMP
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	if (!filter)
		return -ENOMEM;
	int status = 0;
	for (size_t i = 0; status == 0 && i < sizeof(refused_calls) / sizeof(refused_calls[0]);
		i++) {
		status = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), refused_calls[i], 0);
		if (status == -EDOM || status == -EFAULT) /* no such call on this architecture */
			status = 0;
	}
	if (status == 0)
		status = seccomp_load(filter);
	seccomp_release(filter);
	if (status == -EINVAL || status == -ECANCELED) /* a kernel built without it */
		return 0;
	state->seccomp = status == 0;
	return status;
#else
	(void)state;
	return 0;
#endif
}

#ifdef WW_HAVE_LANDLOCK
static const unsigned long long READING =
	LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
static const unsigned long long ALL_OF_ABI_1 = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;

static int allow(int ruleset, const char *path, unsigned long long access)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = access};
	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return -errno;
	struct stat st;
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed_access &= LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE;
	long status = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	int result = status == 0 ? 0 : -errno;
	close(rule.parent_fd);
	return result;
}

static int restrict_files(const struct ww_sandbox_wish *wish, struct ww_sandbox_state *state)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 1)
		return 0;
	struct landlock_ruleset_attr attr = {.handled_access_fs = ALL_OF_ABI_1};
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (ruleset < 0)
		return -errno;
	int status = 0;
	for (size_t i = 0; status == 0 && i < wish->n_read_paths; i++) {
		status = allow(ruleset, wish->read_paths[i], READING);
		if (status == -ENOENT) /* its own error comes when it is opened */
			status = 0;
	}
	if (status == 0 && wish->write_folder)
		status = allow(ruleset, wish->write_folder,
			READING | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
				LANDLOCK_ACCESS_FS_REMOVE_FILE);
	if (status == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		status = -errno;
	close(ruleset);
	if (status == 0)
		state->landlock = (int)abi;
	return status;
}
#else
static int restrict_files(const struct ww_sandbox_wish *wish, struct ww_sandbox_state *state)
{
	(void)wish;
	(void)state;
	return 0;
}
#endif

int ww_sandbox_enter(const struct ww_sandbox_wish *wish, struct ww_sandbox_state *ret)
{
	struct ww_sandbox_state state = {0};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -errno;
	int status = drop_capabilities(&state);
	if (status == 0)
		status = restrict_files(wish, &state);
	if (status == 0)
		status = refuse_calls(&state);
	if (status == 0)
		*ret = state;
	return status;
}
