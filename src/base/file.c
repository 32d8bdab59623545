// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_all(int fd, size_t limit, struct ww_buf *ret)
{
	char chunk[16384];
	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return ret->failed ? -ENOMEM : 0;
		if ((size_t)n > limit - ret->len)
			return -EFBIG;
		ww_buf_add(ret, chunk, (size_t)n);
	}
}

int ww_file_load(const char *path, size_t limit, struct ww_buf *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	struct stat st;
	int status = 0;
	if (fstat(fd, &st) != 0)
		status = -errno;
	else if (S_ISDIR(st.st_mode))
		status = -EISDIR;
	struct ww_buf buf = WW_BUF_INIT;
	if (status == 0)
		status = read_all(fd, limit, &buf);
	close(fd);
	if (status != 0) {
		ww_buf_done(&buf);
		return status;
	}
	ww_buf_add(&buf, "", 0); /* so that data is never NULL */
	*ret = buf;
	return 0;
}

void ww_path_join(struct ww_buf *out, const char *dir, const char *name)
{
	ww_buf_adds(out, dir);
	if (out->len && out->data[out->len - 1] != '/')
		ww_buf_addc(out, '/');
	ww_buf_adds(out, name);
}

const char *ww_path_base(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

int ww_path_make(const char *dir)
{
	char path[4096];
	size_t len = strlen(dir);
	if (len == 0 || len >= sizeof(path))
		return -ENAMETOOLONG;
	memcpy(path, dir, len + 1);
	for (char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
		if (slash)
			*slash = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST)
			return -errno;
		if (!slash)
			return 0;
		*slash = '/';
	}
}

static int home_folder(struct ww_buf *out, const char *variable, const char *below_home)
{
	const char *folder = getenv(variable);
	if (folder && folder[0] == '/') {
		ww_path_join(out, folder, "wormwood");
		return 0;
	}
	const char *home = getenv("HOME");
	if (!home || home[0] != '/')
		return -ENOENT;
	ww_path_join(out, home, below_home);
	return 0;
}

int ww_path_data(struct ww_buf *out)
{
	return home_folder(out, "XDG_DATA_HOME", ".local/share/wormwood");
}

int ww_path_state(struct ww_buf *out)
{
	return home_folder(out, "XDG_STATE_HOME", ".local/state/wormwood");
}
