// SPDX-License-Identifier: GPL-3.0-or-later
#include "finding/evidence.h"

#include "finding/pcap-out.h"
#include "value/when.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes of a file's and of a record's header (pcap-out.c). */
enum { FILE_HEADER = 24, RECORD_HEADER = 16 };

/* One that was written, or is being written (the last). */
struct file {
	uint64_t first; /* number of its first frame */
	uint64_t bytes;
	int64_t begun_us, newest_us; /* times of its first and its latest frame */
};

/* One of an earlier run. */
struct old {
	char *name; /* owned */
	uint64_t bytes;
	int64_t changed_us;
};

struct ww_evidence_files {
	char *folder;           /* owned */
	struct old *old;        /* owned, each name too; by name, which is by age */
	size_t n_old, next_old; /* those before next_old are gone */
	uint64_t old_bytes;     /* of those that are not */
	uint64_t bytes;         /* of all together */
	int64_t age_us;         /* 0: no limit */
	struct ww_buf prefix;   /* "DIR/wormwood-RUN-" */
	uint64_t file_bytes;
	int64_t file_us;
	uint16_t link_type;
	struct ww_pcap_out *out;                  /* of the last file; NULL: none is open */
	struct file files[WW_EVIDENCE_FILES + 1]; /* oldest first */
	size_t n_files;
	int error;
};

/* "wormwood-RUN-NUMBER.pcap" of any run. */
static bool is_ours(const char *name)
{
	static const char START[] = "wormwood-";
	char prefix[sizeof(START) + WW_EVIDENCE_RUN_MAX];
	size_t start = sizeof(START) - 1;
	uint64_t first;
	if (strncmp(name, START, start) != 0)
		return false;
	size_t run = strspn(name + start, "0123456789TZ");
	if (run == 0 || run >= WW_EVIDENCE_RUN_MAX || name[start + run] != '-')
		return false;
	memcpy(prefix, name, start + run + 1);
	prefix[start + run + 1] = '\0';
	return ww_evidence_name(name, prefix, &first);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct old *)a)->name, ((const struct old *)b)->name);
}

static int add_old(struct ww_evidence_files *files, int folder, const char *name)
{
	struct stat st;
	if (files->n_old == WW_EVIDENCE_OLD || !is_ours(name))
		return 0;
	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
		return 0;
	char *copy = strdup(name);
	struct old *more = realloc(files->old, (files->n_old + 1) * sizeof(*more));
	if (more)
		files->old = more;
	if (!copy || !more) {
		free(copy);
		return -ENOMEM;
	}
	int64_t changed_us = (int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000;
	more[files->n_old++] = (struct old){copy, (uint64_t)st.st_size, changed_us};
	files->old_bytes += (uint64_t)st.st_size;
	return 0;
}

static int find_old(struct ww_evidence_files *files)
{
	DIR *dir = opendir(files->folder);
	if (!dir)
		return -errno;
	int status = 0;
	struct dirent *entry;
	while (status == 0 && (entry = readdir(dir)))
		status = add_old(files, dirfd(dir), entry->d_name);
	closedir(dir);
	if (files->n_old)
		qsort(files->old, files->n_old, sizeof(*files->old), by_name);
	return status;
}

int ww_evidence_open(const struct ww_evidence_wish *wish, struct ww_evidence_files **ret)
{
	char run[WW_EVIDENCE_RUN_MAX];
	if (wish->bytes < WW_EVIDENCE_LEAST || wish->age_us < 0)
		return -EINVAL;
	struct ww_evidence_files *files = calloc(1, sizeof(*files));
	if (!files)
		return -ENOMEM;
	files->bytes = wish->bytes;
	files->age_us = wish->age_us;
	files->file_bytes = wish->bytes / WW_EVIDENCE_SHARES;
	files->file_us = wish->age_us / WW_EVIDENCE_SHARES;
	files->link_type = wish->link_type;
	ww_buf_addf(&files->prefix, "%s/wormwood-%s-", wish->folder,
		ww_evidence_run(wish->begun_us, run));
	files->folder = strdup(wish->folder);
	int status = files->prefix.failed || !files->folder ? -ENOMEM : find_old(files);
	if (status != 0) {
		ww_evidence_close(&files);
		return status;
	}
	*ret = files;
	return 0;
}

const char *ww_evidence_run(int64_t begun_us, char text[WW_EVIDENCE_RUN_MAX])
{
	char whole[WW_WHEN_TEXT_MAX];
	size_t n = 0;
	ww_when_print(begun_us, whole);
	/* 2003-08-12T00:29:18.824000Z without its signs: 20030812T002918824000Z */
	for (const char *c = whole; *c && n + 1 < WW_EVIDENCE_RUN_MAX; c++)
		if (!strchr("-:.", *c))
			text[n++] = *c;
	text[n] = '\0';
	return text;
}

static void name_of(const struct ww_evidence_files *files, uint64_t first, struct ww_buf *path)
{
	ww_buf_addf(path, "%s%012" PRIu64 ".pcap", ww_buf_text(&files->prefix), first);
}

/* The oldest file goes. One that somebody else removed is gone as well. */
static int drop_oldest(struct ww_evidence_files *files)
{
	struct ww_buf path = WW_BUF_INIT;
	name_of(files, files->files[0].first, &path);
	int status = path.failed ? -ENOMEM : 0;
	if (status == 0 && unlink(path.data) != 0 && errno != ENOENT)
		status = -errno;
	ww_buf_done(&path);
	files->n_files--;
	memmove(files->files, files->files + 1, files->n_files * sizeof(files->files[0]));
	return status;
}

/* The oldest file of earlier runs goes. */
static int drop_old(struct ww_evidence_files *files)
{
	struct ww_buf path = WW_BUF_INIT;
	const struct old *old = &files->old[files->next_old];
	ww_buf_addf(&path, "%s/%s", files->folder, old->name);
	int status = path.failed ? -ENOMEM : 0;
	if (status == 0 && unlink(path.data) != 0 && errno != ENOENT)
		status = -errno;
	ww_buf_done(&path);
	if (status == 0) {
		files->old_bytes -= old->bytes;
		files->next_old++;
	}
	return status;
}

/* For one more file: those of earlier runs go first, then the oldest of ours. */
static int make_room(struct ww_evidence_files *files)
{
	int status = 0;
	uint64_t own = files->file_bytes;
	for (size_t i = 0; i < files->n_files; i++)
		own += files->files[i].bytes;
	while (status == 0 && files->next_old < files->n_old &&
		files->old_bytes + own > files->bytes)
		status = drop_old(files);
	while (status == 0 && files->n_files &&
		(own > files->bytes || files->n_files >= WW_EVIDENCE_FILES)) {
		own -= files->files[0].bytes;
		status = drop_oldest(files);
	}
	return status;
}

static int begin_file(struct ww_evidence_files *files, uint64_t number, int64_t time_us)
{
	struct ww_buf path = WW_BUF_INIT;
	int status = ww_pcap_out_close(&files->out);
	if (status == 0)
		status = make_room(files);
	name_of(files, number, &path);
	if (status == 0 && path.failed)
		status = -ENOMEM;
	if (status == 0)
		status = ww_pcap_out_open(path.data, files->link_type, &files->out);
	ww_buf_done(&path);
	if (status == 0)
		files->files[files->n_files++] =
			(struct file){number, FILE_HEADER, time_us, time_us};
	return status;
}

/* A clock that jumps back that far begins a file, too: none covers more than its time. */
static bool is_full(const struct ww_evidence_files *files, int64_t time_us, uint64_t bytes)
{
	if (!files->out)
		return true;
	const struct file *last = &files->files[files->n_files - 1];
	uint64_t apart = time_us > last->begun_us ? (uint64_t)time_us - (uint64_t)last->begun_us
						  : (uint64_t)last->begun_us - (uint64_t)time_us;
	return last->bytes + bytes > files->file_bytes ||
	       (files->age_us && apart >= (uint64_t)files->file_us);
}

int ww_evidence_write(struct ww_evidence_files *files, uint64_t number, int64_t time_us,
	const void *data, uint32_t captured, uint32_t length)
{
	uint64_t bytes = RECORD_HEADER + captured;
	if (files->error)
		return files->error;
	if (is_full(files, time_us, bytes))
		files->error = begin_file(files, number, time_us);
	if (files->error == 0)
		files->error = ww_pcap_out_write(files->out, time_us, data, captured, length);
	if (files->error == 0) {
		struct file *last = &files->files[files->n_files - 1];
		last->bytes += bytes;
		last->newest_us = time_us > last->newest_us ? time_us : last->newest_us;
	}
	return files->error;
}

int ww_evidence_tick(struct ww_evidence_files *files, int64_t now_us)
{
	int64_t until_us = now_us - files->age_us;
	if (files->age_us == 0)
		return files->error;
	while (files->error == 0 && files->next_old < files->n_old &&
		files->old[files->next_old].changed_us < until_us)
		files->error = drop_old(files);
	while (files->error == 0 && files->n_files && files->files[0].newest_us < until_us) {
		if (files->n_files == 1) /* the one that is being written */
			files->error = ww_pcap_out_close(&files->out);
		if (files->error == 0)
			files->error = drop_oldest(files);
	}
	return files->error;
}

int ww_evidence_flush(struct ww_evidence_files *files)
{
	if (files->error == 0 && files->out)
		files->error = ww_pcap_out_flush(files->out);
	return files->error;
}

const char *ww_evidence_prefix(const struct ww_evidence_files *files)
{
	return ww_buf_text(&files->prefix);
}

uint64_t ww_evidence_first(const struct ww_evidence_files *files)
{
	return files->n_files ? files->files[0].first : 0;
}

int ww_evidence_close(struct ww_evidence_files **files)
{
	if (!*files)
		return 0;
	int status = ww_pcap_out_close(&(*files)->out);
	if ((*files)->error)
		status = (*files)->error;
	for (size_t i = 0; i < (*files)->n_old; i++)
		free((*files)->old[i].name);
	free((*files)->old);
	free((*files)->folder);
	ww_buf_done(&(*files)->prefix);
	free(*files);
	*files = NULL;
	return status;
}

/* ---- reading them again ---- */

bool ww_evidence_name(const char *name, const char *run_prefix, uint64_t *ret_first)
{
	enum { DIGITS = 12 };
	size_t len = strlen(run_prefix);
	if (strncmp(name, run_prefix, len) != 0)
		return false;
	uint64_t first = 0;
	const char *digit = name + len;
	for (; *digit >= '0' && *digit <= '9' && digit - name - (ptrdiff_t)len < 19; digit++)
		first = first * 10 + (uint64_t)(*digit - '0');
	if (digit - name - (ptrdiff_t)len < DIGITS || strcmp(digit, ".pcap") != 0 || first == 0)
		return false;
	*ret_first = first;
	return true;
}
