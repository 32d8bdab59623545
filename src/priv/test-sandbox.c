// SPDX-License-Identifier: GPL-3.0-or-later
#include "priv/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

static char folder[64], inside[128], outside[64];

/* What the child could do, as bits of its exit code; 0x80: the sandbox could not be entered. */
enum { READ_NAMED = 1, READ_OTHER = 2, WROTE_STORE = 4, WROTE_OTHER = 8, SOCKET = 16, RAN = 32 };

static int try_everything(void)
{
	int did = 0;
	char store[160], other[160];
	snprintf(store, sizeof(store), "%s/store", folder);
	snprintf(other, sizeof(other), "%s.new", outside);
	did |= open(inside, O_RDONLY) >= 0 ? READ_NAMED : 0;
	did |= open(outside, O_RDONLY) >= 0 ? READ_OTHER : 0;
	did |= open(store, O_RDWR | O_CREAT, 0600) >= 0 ? WROTE_STORE : 0;
	did |= open(other, O_RDWR | O_CREAT, 0600) >= 0 ? WROTE_OTHER : 0;
	did |= socket(AF_INET, SOCK_STREAM, 0) >= 0 ? SOCKET : 0;
	execl("/bin/true", "true", (char *)NULL);
	return did; /* still here: no new program ran */
}

static void leaves_only_what_was_asked_for(void **unused)
{
	(void)unused;
	const char *paths[] = {inside, "/nonexistent/file"};
	const struct ww_sandbox_wish wish = {paths, 2, folder};
	int report[2];
	assert_int_equal(pipe(report), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct ww_sandbox_state state = {0};
		int answer = 0x80;
		if (ww_sandbox_enter(&wish, &state) == 0) {
			ssize_t n = write(report[1], &state, sizeof(state));
			answer = n == (ssize_t)sizeof(state) ? try_everything() : 0x81;
		}
		_exit(answer);
	}
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	struct ww_sandbox_state state;
	close(report[1]);
	assert_int_equal(read(report[0], &state, sizeof(state)), sizeof(state));
	close(report[0]);
	assert_true(WIFEXITED(status));
	int did = WEXITSTATUS(status);
	if (state.seccomp) {
		assert_int_equal(did & SOCKET, 0);
	}
	if (state.landlock && state.seccomp)
		assert_int_equal(did, READ_NAMED | WROTE_STORE);
	if (!state.landlock || !state.seccomp) {
		print_message("landlock %d, seccomp %d: not all could be tried\n", state.landlock,
			state.seccomp);
		skip();
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
	snprintf(inside, sizeof(inside), "%s/capture", folder);
	fd = open(inside, O_WRONLY | O_CREAT, 0600);
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static int remove_files(void **unused)
{
	(void)unused;
	char store[160];
	snprintf(store, sizeof(store), "%s/store", folder);
	unlink(store);
	unlink(inside);
	unlink(outside);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			leaves_only_what_was_asked_for, make_files, remove_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
