// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The system calls that remain. What a decoder needs is listed; every other is refused with EPERM,
 * also those that a later kernel adds. A refusal is an error that the caller sees, not a kill: a
 * library that tries something new then works without it.
 */
#include "priv/sandbox-private.h"

#ifdef WW_HAVE_SECCOMP

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <linux/sockios.h>
#include <unistd.h>

#define N(array) (sizeof(array) / sizeof((array)[0]))

static const int allowed_calls[] = {
	/* memory */
	SCMP_SYS(brk),
	SCMP_SYS(mmap),
	SCMP_SYS(mmap2),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(mprotect),
	SCMP_SYS(madvise),
	SCMP_SYS(membarrier),
	/* files; which ones is Landlock's matter */
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(close),
	SCMP_SYS(close_range),
	SCMP_SYS(read),
	SCMP_SYS(readv),
	SCMP_SYS(pread64),
	SCMP_SYS(preadv),
	SCMP_SYS(lseek),
	SCMP_SYS(_llseek),
	SCMP_SYS(fstat),
	SCMP_SYS(fstat64),
	SCMP_SYS(stat),
	SCMP_SYS(stat64),
	SCMP_SYS(lstat),
	SCMP_SYS(lstat64),
	SCMP_SYS(newfstatat),
	SCMP_SYS(fstatat64),
	SCMP_SYS(statx),
	SCMP_SYS(fstatfs),
	SCMP_SYS(fstatfs64),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(getdents64),
	SCMP_SYS(getcwd),
	SCMP_SYS(flock),
	SCMP_SYS(ftruncate),
	SCMP_SYS(ftruncate64),
	SCMP_SYS(fsync),
	SCMP_SYS(fdatasync),
	SCMP_SYS(fallocate),
	SCMP_SYS(fadvise64),
	SCMP_SYS(fadvise64_64),
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),
	SCMP_SYS(rename),
	SCMP_SYS(renameat),
	SCMP_SYS(renameat2),
	SCMP_SYS(mkdir),
	SCMP_SYS(mkdirat),
	SCMP_SYS(rmdir),
	SCMP_SYS(umask),
	SCMP_SYS(fchmod),
	SCMP_SYS(fchown),
	SCMP_SYS(fchown32),
	/* waiting and time */
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(ppoll_time64),
	SCMP_SYS(select),
	SCMP_SYS(_newselect),
	SCMP_SYS(pselect6),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_gettime64),
	SCMP_SYS(clock_getres),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(clock_nanosleep_time64),
	SCMP_SYS(nanosleep),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(restart_syscall),
	/* signals to ourselves */
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigreturn),
	SCMP_SYS(sigaltstack),
	/* threads */
	SCMP_SYS(futex),
	SCMP_SYS(futex_time64),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(set_tid_address),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(arch_prctl),
	/* who we are, and the end */
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(getppid),
	SCMP_SYS(getuid),
	SCMP_SYS(getuid32),
	SCMP_SYS(geteuid),
	SCMP_SYS(geteuid32),
	SCMP_SYS(getgid),
	SCMP_SYS(getgid32),
	SCMP_SYS(getegid),
	SCMP_SYS(getegid32),
	SCMP_SYS(getrusage),
	SCMP_SYS(getrlimit),
	SCMP_SYS(ugetrlimit),
	SCMP_SYS(sysinfo),
	SCMP_SYS(uname),
	SCMP_SYS(getrandom),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

/* A call that is allowed where one of its arguments has a value. */
struct allowed_value {
	int call;
	unsigned argument;
	uint64_t value;
};

static const struct allowed_value allowed_values[] = {
	/* Locks and flags of descriptors; not F_DUPFD, which would give one another number. */
	{SCMP_SYS(fcntl), 1, F_GETFD},
	{SCMP_SYS(fcntl), 1, F_SETFD},
	{SCMP_SYS(fcntl), 1, F_GETFL},
	{SCMP_SYS(fcntl), 1, F_SETFL},
	{SCMP_SYS(fcntl), 1, F_GETLK},
	{SCMP_SYS(fcntl), 1, F_SETLK},
	{SCMP_SYS(fcntl), 1, F_SETLKW},
	{SCMP_SYS(fcntl64), 1, F_GETFD},
	{SCMP_SYS(fcntl64), 1, F_SETFD},
	{SCMP_SYS(fcntl64), 1, F_GETFL},
	{SCMP_SYS(fcntl64), 1, F_SETFL},
	{SCMP_SYS(fcntl64), 1, F_GETLK},
	{SCMP_SYS(fcntl64), 1, F_SETLK},
	{SCMP_SYS(fcntl64), 1, F_SETLKW},
	/* Is it a terminal, how wide is it; is an interface there, and up. */
	{SCMP_SYS(ioctl), 1, TCGETS},
	{SCMP_SYS(ioctl), 1, TIOCGWINSZ},
	{SCMP_SYS(ioctl), 1, SIOCGIFINDEX},
	{SCMP_SYS(ioctl), 1, SIOCGIFFLAGS},
	/* The filter of a packet socket; its statistics, its error. */
	{SCMP_SYS(setsockopt), 2, SO_ATTACH_FILTER},
	{SCMP_SYS(getsockopt), 2, SO_ERROR},
	{SCMP_SYS(getsockopt), 2, WW_PACKET_STATISTICS},
	/* Asking for a limit (a NULL new one), not setting it. */
	{SCMP_SYS(prlimit64), 2, 0},
};

/* Calls that write to the descriptor in their first argument. */
static const int writing_calls[] = {
	SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(pwrite64), SCMP_SYS(pwritev)};

/* Passes over what this architecture does not have. */
static int passable(int status)
{
	return status == -EDOM || status == -EFAULT ? 0 : status;
}

static int allow(scmp_filter_ctx filter, int call)
{
	return passable(seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0));
}

static int allow_where(scmp_filter_ctx filter, int call, struct scmp_arg_cmp where)
{
	return passable(seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &where));
}

static int add_values(scmp_filter_ctx filter)
{
	int status = 0;
	for (size_t i = 0; status == 0 && i < N(allowed_values); i++) {
		const struct allowed_value *row = &allowed_values[i];
		struct scmp_arg_cmp where = SCMP_CMP(row->argument, SCMP_CMP_EQ, row->value);
		status = allow_where(filter, row->call, where);
	}
	return status;
}

static int add_writing(scmp_filter_ctx filter, unsigned read_only_from)
{
	int status = 0;
	struct scmp_arg_cmp below = SCMP_CMP(0, SCMP_CMP_LT, read_only_from);
	for (size_t i = 0; status == 0 && i < N(writing_calls); i++)
		status = read_only_from ? allow_where(filter, writing_calls[i], below)
					: allow(filter, writing_calls[i]);
	return status;
}

/*
 * Threads, and no processes. The flags of clone3(2) lie in memory, where a filter cannot look;
 * without it glibc takes clone(2). abort(3) signals its own process.
 */
static int add_threads(scmp_filter_ctx filter)
{
	struct scmp_arg_cmp thread =
		SCMP_CMP(0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, (scmp_datum_t)CLONE_THREAD);
	struct scmp_arg_cmp self = SCMP_CMP(0, SCMP_CMP_EQ, (scmp_datum_t)getpid());
	int status = allow_where(filter, SCMP_SYS(clone), thread);
	if (status == 0)
		status = allow_where(filter, SCMP_SYS(tgkill), self);
	if (status == 0)
		status = passable(
			seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0));
	return status;
}

int ww_seccomp_enter(unsigned read_only_from, bool *ret_on)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (!filter)
		return -ENOMEM;
	/* A binary tree of calls in place of a list: one in ten of them is a read. */
	int status = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (status == -EOPNOTSUPP || status == -EINVAL || status == -EEXIST)
		status = 0;
	for (size_t i = 0; status == 0 && i < N(allowed_calls); i++)
		status = allow(filter, allowed_calls[i]);
	if (status == 0)
		status = add_values(filter);
	if (status == 0)
		status = add_writing(filter, read_only_from);
	if (status == 0)
		status = add_threads(filter);
	if (status == 0)
		status = seccomp_load(filter);
	seccomp_release(filter);
	if (status == -EINVAL || status == -ECANCELED) /* a kernel built without it */
		return 0;
	*ret_on = status == 0;
	return status;
}

#else

int ww_seccomp_enter(unsigned read_only_from, bool *ret_on)
{
	(void)read_only_from;
	(void)ret_on;
	return 0;
}

#endif
