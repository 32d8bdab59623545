// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A child enters the sandbox and then tries what an adversary in a decoder would: every attempt has
 * its name, and what it could do is compared with what it is allowed to.
 */
#include "priv/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

enum { HIGH = 200 }; /* descriptors from here on are read-only */

static char folder[64], inside[128], outside[64], missing[160];
static int udp = -1, high = -1, notes = -1;

/* ---- attempts: true when it worked ---- */

static bool reads_named(void)
{
	char byte;
	int fd = open(inside, O_RDONLY);
	return fd >= 0 && read(fd, &byte, 1) == 0;
}

static bool reads_other(void)
{
	return open(outside, O_RDONLY) >= 0;
}

static bool reads_passwords(void)
{
	return open("/etc/passwd", O_RDONLY) >= 0;
}

static bool lists_folder(void)
{
	return open("/etc", O_RDONLY | O_DIRECTORY) >= 0;
}

static bool writes_store(void)
{
	char path[160], new[160];
	snprintf(path, sizeof(path), "%s/store", folder);
	snprintf(new, sizeof(new), "%s/store2", folder);
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	return fd >= 0 && write(fd, "1", 1) == 1 && ftruncate(fd, 0) == 0 && fsync(fd) == 0 &&
	       rename(path, new) == 0 && unlink(new) == 0;
}

static bool locks_store(void)
{
	char path[160];
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
	snprintf(path, sizeof(path), "%s/locked", folder);
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	return fd >= 0 && fcntl(fd, F_SETLK, &lock) == 0 && unlink(path) == 0;
}

static bool makes_other(void)
{
	char path[160];
	snprintf(path, sizeof(path), "%s.new", outside);
	return open(path, O_RDWR | O_CREAT, 0600) >= 0;
}

static bool writes_other(void)
{
	return open(outside, O_WRONLY) >= 0;
}

static bool cuts_other(void)
{
	return truncate(outside, 0) == 0;
}

static bool removes_other(void)
{
	return unlink(outside) == 0;
}

static bool renames_other(void)
{
	char path[160];
	snprintf(path, sizeof(path), "%s/stolen", folder);
	return rename(outside, path) == 0 || link(outside, path) == 0;
}

static bool writes_named(void)
{
	return open(inside, O_WRONLY) >= 0 && strncmp(inside, folder, strlen(folder)) != 0;
}

static bool makes_link(void)
{
	char path[160];
	snprintf(path, sizeof(path), "%s/link", folder);
	return symlink("/etc/passwd", path) == 0;
}

static bool makes_socket(void)
{
	static const int families[] = {AF_INET, AF_INET6, AF_UNIX, AF_PACKET, AF_NETLINK};
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (socket(families[i], SOCK_DGRAM, 0) >= 0)
			return true;
	int pair[2];
	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0;
}

static struct sockaddr_in somewhere(void)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* Over a socket that was open before. */
static bool connects(void)
{
	struct sockaddr_in to = somewhere();
	return connect(udp, (const struct sockaddr *)&to, sizeof(to)) == 0;
}

static bool sends(void)
{
	struct sockaddr_in to = somewhere();
	char byte = 'x';
	struct iovec part = {&byte, 1};
	struct msghdr message = {
		.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &part, .msg_iovlen = 1};
	return sendto(udp, "x", 1, 0, (const struct sockaddr *)&to, sizeof(to)) == 1 ||
	       sendmsg(udp, &message, 0) == 1;
}

static bool binds(void)
{
	struct sockaddr_in to = somewhere();
	return bind(udp, (const struct sockaddr *)&to, sizeof(to)) == 0 || listen(udp, 1) == 0;
}

static bool reads_high(void)
{
	char byte;
	return read(high, &byte, 1) == 1;
}

static bool writes_high(void)
{
	char byte = 'x';
	struct iovec part = {&byte, 1};
	return write(high, "x", 1) == 1 || writev(high, &part, 1) == 1 ||
	       pwrite(high, "x", 1, 0) == 1 || pwritev(high, &part, 1, 0) == 1 ||
	       syscall(SYS_write, (1UL << 32) | (unsigned)high, "x", 1UL) == 1;
}

static bool renumbers(void)
{
	return dup(high) >= 0 || dup2(high, 20) >= 0 || dup3(high, 21, 0) >= 0 ||
	       fcntl(high, F_DUPFD, 0) >= 0 || fcntl(high, F_DUPFD_CLOEXEC, 0) >= 0;
}

static bool writes_low(void)
{
	return write(notes, "", 0) == 0;
}

static bool runs_program(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return false; /* else it ends with 0 here, which the parent notices */
}

static bool makes_process(void)
{
	pid_t child = fork();
	if (child < 0)
		child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (child == 0)
		_exit(0);
	return child > 0;
}

static bool traces(void)
{
	return ptrace(PTRACE_TRACEME, 0, 0, 0) == 0 || ptrace(PTRACE_ATTACH, getppid(), 0, 0) == 0;
}

static bool reads_memory_of_others(void)
{
	char byte;
	struct iovec mine = {&byte, 1}, theirs = {folder, 1};
	return process_vm_readv(getppid(), &mine, 1, &theirs, 1, 0) == 1;
}

static bool signals_others(void)
{
	return kill(getppid(), 0) == 0 || syscall(SYS_tgkill, getppid(), getppid(), 0) == 0;
}

static bool mounts(void)
{
	return mount("none", folder, "tmpfs", 0, NULL) == 0 || chroot(folder) == 0;
}

static bool leaves_namespace(void)
{
	return unshare(CLONE_NEWUSER) == 0 || unshare(CLONE_NEWNET) == 0;
}

static bool uses_io_uring(void)
{
	char parameters[256] = {0};
	return syscall(SYS_io_uring_setup, 1, parameters) >= 0;
}

static bool uses_bpf(void)
{
	char attributes[128] = {0};
	return syscall(SYS_bpf, 0, attributes, sizeof(attributes)) >= 0;
}

static bool takes_terminal_input(void)
{
	return ioctl(notes, TIOCSTI, "x") == 0 || errno != EPERM;
}

static bool raises_limits(void)
{
	struct rlimit limit = {1, 1};
	return setrlimit(RLIMIT_CORE, &limit) == 0;
}

static bool gains_rights(void)
{
	return setuid(0) == 0 || prctl(PR_SET_DUMPABLE, 1) == 0;
}

static void *count(void *number)
{
	++*(int *)number;
	return NULL;
}

static bool makes_thread(void)
{
	pthread_t thread;
	int number = 0;
	return pthread_create(&thread, NULL, count, &number) == 0 &&
	       pthread_join(thread, NULL) == 0 && number == 1;
}

/* PCRE2's compiler at the reloading of rules. */
static bool makes_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return page != MAP_FAILED && mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}

static bool takes_memory(void)
{
	char *memory = malloc(64 << 20);
	if (memory)
		memory[(64 << 20) - 1] = 1;
	bool worked = memory && memory[(64 << 20) - 1];
	free(memory);
	return worked;
}

static const struct attempt {
	const char *name;
	bool (*works)(void);
	bool allowed;
	bool by_landlock; /* else by seccomp */
	bool free;        /* works for everybody who is not in the sandbox */
} attempts[] = {
	{"read a named file", reads_named, true, true},
	{"write to the folder of the store", writes_store, true, true},
	{"lock a file in it", locks_store, true, true},
	{"write to what is open", writes_low, true, false},
	{"read a descriptor that must not be written to", reads_high, true, false},
	{"begin a thread", makes_thread, true, false},
	{"compile code", makes_code, true, false},
	{"take memory", takes_memory, true, false},
	{"read another file", reads_other, false, true, true},
	{"read /etc/passwd", reads_passwords, false, true, true},
	{"list a folder", lists_folder, false, true, true},
	{"make another file", makes_other, false, true},
	{"write to another file", writes_other, false, true, true},
	{"write to a named file", writes_named, false, true},
	{"cut another file", cuts_other, false, true, true},
	{"remove another file", removes_other, false, true},
	{"rename another file", renames_other, false, true},
	{"make a link", makes_link, false, false},
	{"make a socket", makes_socket, false, false, true},
	{"connect", connects, false, false, true},
	{"send", sends, false, false, true},
	{"bind or listen", binds, false, false},
	{"write where only reading is allowed", writes_high, false, false, true},
	{"give it another number", renumbers, false, false, true},
	{"run a program", runs_program, false, false},
	{"make a process", makes_process, false, false, true},
	{"trace", traces, false, false},
	{"read another's memory", reads_memory_of_others, false, false},
	{"signal others", signals_others, false, false, true},
	{"mount", mounts, false, false},
	{"leave the namespaces", leaves_namespace, false, false},
	{"use io_uring", uses_io_uring, false, false},
	{"use bpf", uses_bpf, false, false},
	{"type into a terminal", takes_terminal_input, false, false},
	{"set a limit", raises_limits, false, false, true},
	{"gain rights", gains_rights, false, false},
};

enum { N_ATTEMPTS = sizeof(attempts) / sizeof(attempts[0]) };

struct outcome {
	struct ww_sandbox_state state;
	int status;
	unsigned tried;
	bool worked[N_ATTEMPTS];
};

/* In the child: the answer goes through memory that both share. */
static void try_everything(struct outcome *outcome)
{
	const char *paths[] = {inside, missing};
	const char *folders[] = {folder};
	const struct ww_sandbox_wish wish = {.read_paths = paths,
		.n_read_paths = 2,
		.write_folders = folders,
		.n_write_folders = 1,
		.read_only_from = HIGH};
	outcome->status = ww_sandbox_enter(&wish, &outcome->state);
	for (size_t i = 0; outcome->status == 0 && i < N_ATTEMPTS; i++) {
		bool by = attempts[i].by_landlock ? outcome->state.landlock > 0
						  : outcome->state.seccomp;
		if (attempts[i].allowed || by)
			outcome->worked[i] = attempts[i].works();
		outcome->tried++;
	}
}

static void leaves_only_what_was_asked_for(void **unused)
{
	(void)unused;
	struct outcome *outcome = mmap(
		NULL, sizeof(*outcome), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(outcome != MAP_FAILED);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		try_everything(outcome);
		_exit(77);
	}
	int status = 0, wrong = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 77); /* no other program took its place */
	assert_int_equal(outcome->status, 0);
	assert_int_equal(outcome->tried, N_ATTEMPTS);
	for (size_t i = 0; i < N_ATTEMPTS; i++) {
		if (outcome->worked[i] == attempts[i].allowed)
			continue;
		print_error("%s: %s\n", attempts[i].name,
			attempts[i].allowed ? "did not work" : "worked");
		wrong++;
	}
	assert_int_equal(wrong, 0);
	bool whole = outcome->state.landlock && outcome->state.seccomp;
	if (!whole)
		print_message("landlock %d, seccomp %d: not all could be tried\n",
			outcome->state.landlock, outcome->state.seccomp);
	munmap(outcome, sizeof(*outcome));
	if (!whole)
		skip();
}

/* Else a refusal proves nothing. */
static void attempts_work_without_it(void **unused)
{
	(void)unused;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		int failed = 0;
		for (size_t i = 0; i < N_ATTEMPTS; i++) {
			if ((!attempts[i].allowed && !attempts[i].free) || attempts[i].works())
				continue;
			print_error("%s: does not work even so\n", attempts[i].name);
			failed++;
		}
		_exit(failed);
	}
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* What /proc says of the child: hexadecimal sets of capabilities, by the line's name. */
static unsigned long long status_set(const char *name)
{
	char line[200];
	unsigned long long value = ~0ULL;
	FILE *file = fopen("/proc/self/status", "r");
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
			value = strtoull(line + strlen(name) + 1, NULL, 16);
	if (file)
		fclose(file);
	return value;
}

static void capabilities_are_given_up(void **unused)
{
	(void)unused;
	for (int keep = 0; keep < 2; keep++) {
		pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			const char *paths[] = {"/proc"};
			const struct ww_sandbox_wish wish = {.read_paths = paths,
				.n_read_paths = 1,
				.keep_file_capabilities = keep};
			struct ww_sandbox_state state = {0};
			if (ww_sandbox_enter(&wish, &state) != 0)
				_exit(1);
			if (!state.capabilities)
				_exit(77);
			/* CAP_DAC_OVERRIDE is 1, CAP_DAC_READ_SEARCH is 2. */
			unsigned long long allowed = keep ? 1ULL << 1 | 1ULL << 2 : 0;
			_exit((status_set("CapEff") & ~allowed) != 0 ||
				(status_set("CapPrm") & ~allowed) != 0 ||
				status_set("CapInh") != 0 || status_set("CapAmb") != 0 ||
				status_set("NoNewPrivs") != 1);
		}
		int status = 0;
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status));
		if (WEXITSTATUS(status) == 77)
			skip();
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

static int make_files(void **unused)
{
	(void)unused;
	snprintf(folder, sizeof(folder), "/tmp/wormwood-sandbox-XXXXXX");
	snprintf(outside, sizeof(outside), "/tmp/wormwood-outside-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	int fd = mkstemp(outside);
	if (fd < 0)
		return -1;
	close(fd);
	snprintf(inside, sizeof(inside), "%s.capture", folder);
	snprintf(missing, sizeof(missing), "%s.missing/file", folder);
	fd = open(inside, O_WRONLY | O_CREAT, 0600);
	if (fd < 0)
		return -1;
	close(fd);
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || write(pair[1], "x", 1) != 1)
		return -1;
	udp = socket(AF_INET, SOCK_DGRAM, 0);
	notes = open("/dev/null", O_WRONLY);
	high = fcntl(pair[0], F_DUPFD, HIGH);
	return high >= HIGH && udp >= 0 && notes >= 0 ? 0 : -1;
}

static int remove_files(void **unused)
{
	(void)unused;
	unlink(inside);
	unlink(outside);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			leaves_only_what_was_asked_for, make_files, remove_files),
		cmocka_unit_test_setup_teardown(attempts_work_without_it, make_files, remove_files),
		cmocka_unit_test(capabilities_are_given_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
