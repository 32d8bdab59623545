// SPDX-License-Identifier: GPL-3.0-or-later
#include "priv/sandbox.h"

#include "priv/sandbox-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef WW_HAVE_LANDLOCK
#include <linux/landlock.h>
#endif
#ifdef WW_HAVE_CAP_NG
#include <cap-ng.h>
#endif

static int drop_capabilities(const struct ww_sandbox_wish *wish, struct ww_sandbox_state *state)
{
#ifdef WW_HAVE_CAP_NG
	/* root reads the captures of others: those two stay, where they were held at all. */
	bool keep = wish->keep_file_capabilities;
	bool read_search = keep && capng_have_capability(CAPNG_EFFECTIVE, CAP_DAC_READ_SEARCH) == 1;
	bool override = keep && capng_have_capability(CAPNG_EFFECTIVE, CAP_DAC_OVERRIDE) == 1;
	bool may_bound = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) == 1;
	capng_clear(CAPNG_SELECT_ALL);
	const capng_type_t sets = (capng_type_t)(CAPNG_EFFECTIVE | CAPNG_PERMITTED);
	if (read_search)
		capng_update(CAPNG_ADD, sets, CAP_DAC_READ_SEARCH);
	if (override)
		capng_update(CAPNG_ADD, sets, CAP_DAC_OVERRIDE);
	/* The bounding set is for new programs, of which there are none: dropped where it can be.
	 */
	if (may_bound)
		capng_apply(CAPNG_SELECT_BOUNDS);
	if (capng_apply(CAPNG_SELECT_CAPS) != 0)
		return -EPERM;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	state->capabilities = true;
#else
	(void)wish;
	(void)state;
#endif
	return 0;
}

#ifdef WW_HAVE_LANDLOCK

/* What kernels know that are newer than the headers this was built with. */
enum {
	ABI_REFER = 2,
	ABI_TRUNCATE = 3,
	ABI_NET = 4,
	ABI_DEVICES = 5,
	ABI_SCOPES = 6,
};

static const uint64_t READING = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
static const uint64_t ALL_OF_ABI_1 = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
static const uint64_t REFER = 1ULL << 13, TRUNCATE = 1ULL << 14, DEVICES = 1ULL << 15;
static const uint64_t BIND_TCP = 1, CONNECT_TCP = 2;
static const uint64_t ABSTRACT_SOCKETS = 1, SIGNALS = 2;

/* struct landlock_ruleset_attr as of ABI 6; a kernel is given the part that it knows. */
struct ruleset {
	uint64_t files, net, scopes;
};

static int open_ruleset(long abi, struct ruleset *ret)
{
	size_t size = sizeof(ret->files);
	ret->files = ALL_OF_ABI_1 | (abi >= ABI_REFER ? REFER : 0) |
		     (abi >= ABI_TRUNCATE ? TRUNCATE : 0) | (abi >= ABI_DEVICES ? DEVICES : 0);
	if (abi >= ABI_NET) {
		ret->net = BIND_TCP | CONNECT_TCP;
		size += sizeof(ret->net);
	}
	if (abi >= ABI_SCOPES) {
		ret->scopes = ABSTRACT_SOCKETS | SIGNALS;
		size += sizeof(ret->scopes);
	}
	return (int)syscall(SYS_landlock_create_ruleset, ret, size, 0);
}

static int allow(int ruleset, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = access};
	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return -errno;
	struct stat st;
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed_access &=
			LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | TRUNCATE;
	long status = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	int result = status == 0 ? 0 : -errno;
	close(rule.parent_fd);
	return result;
}

static int allow_all(int ruleset, const char *const *paths, size_t n, uint64_t access)
{
	int status = 0;
	for (size_t i = 0; status == 0 && i < n; i++) {
		status = allow(ruleset, paths[i], access);
		if (status == -ENOENT || status == -ENOTDIR) /* it says so when it is opened */
			status = 0;
		if (status ==
			-EBADFD) /* a pipe of a shell's <(...), which Landlock lets be opened */
			status = 0;
	}
	return status;
}

static int restrict_files(const struct ww_sandbox_wish *wish, struct ww_sandbox_state *state)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 1)
		return 0;
	struct ruleset attributes = {0};
	int ruleset = open_ruleset(abi, &attributes);
	if (ruleset < 0)
		return -errno;
	uint64_t writing = READING | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
			   LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
			   (attributes.files & TRUNCATE);
	int status = allow_all(ruleset, wish->read_paths, wish->n_read_paths, READING);
	if (status == 0)
		status = allow_all(ruleset, wish->write_folders, wish->n_write_folders, writing);
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
	int status = drop_capabilities(wish, &state);
	if (status == 0)
		status = restrict_files(wish, &state);
	if (status == 0)
		status = ww_seccomp_enter(wish->read_only_from, &state.seccomp);
	if (status == 0)
		*ret = state;
	return status;
}
