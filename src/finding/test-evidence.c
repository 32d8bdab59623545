// SPDX-License-Identifier: GPL-3.0-or-later
#include "finding/evidence.h"

#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BEGUN  ((int64_t)1060648158824000) /* 2003-08-12 00:29:18.824 UTC */
#define PREFIX "wormwood-20030812T002918824000Z-"

static char folder[64];

struct sum {
	size_t files;
	uint64_t bytes, least, most; /* first numbers */
};

static struct sum look(void)
{
	struct sum sum = {.least = UINT64_MAX};
	DIR *dir = opendir(folder);
	struct dirent *entry;
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		char path[512];
		struct stat st;
		uint64_t first;
		if (!ww_evidence_name(entry->d_name, PREFIX, &first))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
		sum.files++;
		sum.bytes += (uint64_t)st.st_size;
		sum.least = first < sum.least ? first : sum.least;
		sum.most = first > sum.most ? first : sum.most;
	}
	closedir(dir);
	return sum;
}

static struct ww_evidence_files *begin_aged(uint64_t bytes, int64_t age_us)
{
	struct ww_evidence_files *files = NULL;
	const struct ww_evidence_wish wish = {.folder = folder,
		.bytes = bytes,
		.age_us = age_us,
		.begun_us = BEGUN,
		.link_type = 1};
	assert_int_equal(ww_evidence_open(&wish, &files), 0);
	return files;
}

static struct ww_evidence_files *begin(uint64_t bytes)
{
	return begin_aged(bytes, 0);
}

static void the_disk_is_bounded(void **unused)
{
	(void)unused;
	enum { LEN = 60000, N = 1000 };
	static uint8_t frame[LEN];
	struct ww_evidence_files *files = begin(WW_EVIDENCE_LEAST);
	assert_int_equal(ww_evidence_first(files), 0);
	for (uint64_t i = 1; i <= N; i++) {
		assert_int_equal(ww_evidence_write(files, i, BEGUN, frame, LEN, LEN), 0);
		if (i % 50 == 0) {
			assert_int_equal(ww_evidence_flush(files), 0);
			assert_in_range(look().bytes, 1, WW_EVIDENCE_LEAST);
		}
	}
	assert_int_equal(ww_evidence_flush(files), 0);
	struct sum sum = look();
	assert_in_range(sum.files, WW_EVIDENCE_SHARES, WW_EVIDENCE_SHARES + 1);
	assert_in_range(sum.bytes, WW_EVIDENCE_LEAST / 4 * 3, WW_EVIDENCE_LEAST);
	assert_int_equal(sum.least, ww_evidence_first(files));
	assert_true(sum.least > 1);
	assert_int_equal(ww_evidence_close(&files), 0);
	assert_null(files);
	assert_int_equal(look().bytes, sum.bytes);
}

/*
 * Slow traffic: files end by their time, each second has its frame as long as it is young enough,
 * and no more. Then nothing comes any more, and all of it goes.
 */
static void the_age_is_bounded(void **unused)
{
	(void)unused;
	enum { AGE_S = 160, N = 1000 };
	const int64_t second = 1000000;
	struct ww_evidence_files *files = begin_aged(WW_EVIDENCE_LEAST, AGE_S * second);
	for (uint64_t i = 1; i <= N; i++) {
		int64_t now_us = BEGUN + (int64_t)i * second;
		assert_int_equal(ww_evidence_write(files, i, now_us, "x", 1, 1), 0);
		assert_int_equal(ww_evidence_tick(files, now_us), 0);
		uint64_t kept = i - ww_evidence_first(files) + 1;
		assert_in_range(kept, i < AGE_S ? i : AGE_S, AGE_S + AGE_S / WW_EVIDENCE_SHARES);
	}
	assert_int_equal(ww_evidence_flush(files), 0);
	struct sum sum = look();
	assert_in_range(sum.files, WW_EVIDENCE_SHARES, WW_EVIDENCE_SHARES + 1);
	assert_int_equal(sum.most, N / (AGE_S / WW_EVIDENCE_SHARES) * 10 - 9);
	assert_int_equal(ww_evidence_tick(files, BEGUN + (N + AGE_S) * second), 0);
	assert_int_equal(look().files, 1);
	assert_int_equal(ww_evidence_tick(files, BEGUN + (N + AGE_S) * second + 1), 0);
	assert_int_equal(look().files, 0);
	assert_int_equal(ww_evidence_first(files), 0);
	assert_int_equal(ww_evidence_write(files, N + 1, BEGUN, "x", 1, 1), 0);
	assert_int_equal(ww_evidence_first(files), N + 1);
	assert_int_equal(ww_evidence_close(&files), 0);
}

/* Bursts and silence in turn: neither bound is passed, nor is the number of files. */
static void both_are_bounded(void **unused)
{
	(void)unused;
	enum { AGE_S = 16, LEN = 60000, N = 3000 };
	static uint8_t frame[LEN];
	struct ww_evidence_files *files = begin_aged(WW_EVIDENCE_LEAST, AGE_S * (int64_t)1000000);
	int64_t now_us = BEGUN;
	uint64_t x = 12345;
	for (uint64_t i = 1; i <= N; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		/* Seldom a step of up to four seconds, also back in time. */
		if ((x >> 33) % 8 == 0)
			now_us += (int64_t)(x >> 40) % 4000000 - 500000;
		uint32_t len = (x >> 35) % 2 ? LEN : 10;
		assert_int_equal(ww_evidence_write(files, i, now_us, frame, len, len), 0);
		assert_int_equal(ww_evidence_tick(files, now_us), 0);
		if (i % 10 == 0) {
			assert_int_equal(ww_evidence_flush(files), 0);
			struct sum sum = look();
			assert_in_range(sum.bytes, 1, WW_EVIDENCE_LEAST);
			assert_in_range(sum.files, 1, WW_EVIDENCE_FILES);
			assert_int_equal(sum.least, ww_evidence_first(files));
		}
	}
	assert_int_equal(ww_evidence_close(&files), 0);
}

/* The longest frame fits into a file; a file that somebody removed is no trouble. */
static void odd_frames(void **unused)
{
	(void)unused;
	enum { MOST = 262144 + 65536 };
	static uint8_t frame[MOST];
	struct ww_evidence_files *files = begin(WW_EVIDENCE_LEAST);
	assert_int_equal(ww_evidence_write(files, 1, -1, frame, 0, 0), 0);
	assert_int_equal(ww_evidence_write(files, 2, INT64_MAX, frame, MOST, MOST), 0);
	char path[512];
	snprintf(path, sizeof(path), "%s/" PREFIX "000000000001.pcap", folder);
	assert_int_equal(unlink(path), 0);
	for (uint64_t i = 3; i < 60; i++)
		assert_int_equal(ww_evidence_write(files, i, 0, frame, MOST, MOST), 0);
	assert_int_equal(ww_evidence_close(&files), 0);
	assert_in_range(look().bytes, 1, WW_EVIDENCE_LEAST);
}

static void what_is_there_is_not_touched(void **unused)
{
	(void)unused;
	char path[512];
	struct stat st;
	snprintf(path, sizeof(path), "%s/" PREFIX "000000000001.pcap", folder);
	int fd = open(path, O_WRONLY | O_CREAT, 0644);
	assert_true(fd >= 0);
	close(fd);
	struct ww_evidence_files *files = begin(WW_EVIDENCE_LEAST);
	assert_int_equal(ww_evidence_write(files, 1, BEGUN, "x", 1, 1), -EEXIST);
	assert_int_equal(ww_evidence_write(files, 2, BEGUN, "x", 1, 1), -EEXIST);
	assert_int_equal(ww_evidence_flush(files), -EEXIST);
	assert_int_equal(ww_evidence_close(&files), -EEXIST);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0);
}

/* Earlier runs count, and go first, the oldest before the others; what has another name stays. */
static void earlier_runs_make_room(void **unused)
{
	(void)unused;
	enum { LEN = 60000, MIB = 1 << 20 };
	static const char *const names[] = {
		"wormwood-20030811T000000000000Z-000000000001.pcap",
		"wormwood-20030811T000000000000Z-000000000777.pcap",
		"wormwood-20030812T000000000000Z-000000000001.pcap",
		"wormwood-20030810T000000000000Z-000000000001.pcap.keep",
		"wormwood-notes-000000000001.pcap",
		"other.pcap",
	};
	static uint8_t frame[LEN];
	char path[512];
	for (size_t i = 0; i < WW_N(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		int fd = open(path, O_WRONLY | O_CREAT, 0600);
		assert_true(fd >= 0);
		assert_int_equal(ftruncate(fd, 3 * MIB), 0);
		close(fd);
	}
	static const bool left[][6] = {
		{false, true, true, true, true, true},   /* 9 MiB, and the first of ours */
		{false, false, true, true, true, true},  /* 3 MiB of ours */
		{false, false, false, true, true, true}, /* 6 MiB */
	};
	struct ww_evidence_files *files = begin(WW_EVIDENCE_LEAST);
	uint64_t number = 1;
	for (size_t step = 0; step < WW_N(left); step++) {
		uint64_t until = (uint64_t)step * 3 * MIB / LEN + 1;
		for (; number <= until; number++)
			assert_int_equal(
				ww_evidence_write(files, number, BEGUN, frame, LEN, LEN), 0);
		for (size_t i = 0; i < WW_N(names); i++) {
			snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
			assert_int_equal(access(path, F_OK) == 0, left[step][i]);
		}
	}
	assert_int_equal(ww_evidence_close(&files), 0);
}

/* The age of files of earlier runs is that of their last change. */
static void earlier_runs_grow_old(void **unused)
{
	(void)unused;
	static const char *const names[] = {
		"wormwood-20030811T000000000000Z-000000000001.pcap",
		"wormwood-20030812T000000000000Z-000000000001.pcap",
		"other.pcap",
	};
	static const int64_t changed_s[] = {BEGUN / 1000000 - 200, BEGUN / 1000000 - 20, 1};
	char path[512];
	for (size_t i = 0; i < WW_N(names); i++) {
		const struct timespec times[2] = {
			{.tv_sec = changed_s[i]}, {.tv_sec = changed_s[i]}};
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		int fd = open(path, O_WRONLY | O_CREAT, 0600);
		assert_true(fd >= 0);
		assert_int_equal(futimens(fd, times), 0);
		close(fd);
	}
	static const bool left[][3] = {{false, true, true}, {false, false, true}};
	struct ww_evidence_files *files = begin_aged(WW_EVIDENCE_LEAST, 100 * (int64_t)1000000);
	for (size_t step = 0; step < WW_N(left); step++) {
		int64_t now_us = BEGUN + (int64_t)step * 90 * 1000000;
		assert_int_equal(ww_evidence_tick(files, now_us), 0);
		for (size_t i = 0; i < WW_N(names); i++) {
			snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
			assert_int_equal(access(path, F_OK) == 0, left[step][i]);
		}
	}
	assert_int_equal(ww_evidence_close(&files), 0);
}

static void wishes_and_names(void **unused)
{
	(void)unused;
	struct ww_evidence_files *files = NULL;
	const struct ww_evidence_wish small = {.folder = folder, .bytes = WW_EVIDENCE_LEAST - 1};
	assert_int_equal(ww_evidence_open(&small, &files), -EINVAL);
	const struct ww_evidence_wish backwards = {
		.folder = folder, .bytes = WW_EVIDENCE_LEAST, .age_us = -1};
	assert_int_equal(ww_evidence_open(&backwards, &files), -EINVAL);
	const struct ww_evidence_wish missing = {
		.folder = "/nonexistent", .bytes = WW_EVIDENCE_LEAST, .begun_us = BEGUN};
	assert_int_equal(ww_evidence_open(&missing, &files), -ENOENT);
	assert_null(files);
	static const struct {
		const char *name;
		uint64_t first; /* 0: none of ours */
	} rows[] = {
		{PREFIX "000000000001.pcap", 1},
		{PREFIX "123456789012.pcap", 123456789012},
		{PREFIX "1234567890123.pcap", 1234567890123},
		{PREFIX "000000000000.pcap", 0},
		{PREFIX "00000000001.pcap", 0},
		{PREFIX "000000000001.pcap2", 0},
		{PREFIX "000000000001", 0},
		{PREFIX "00000000000x.pcap", 0},
		{PREFIX "99999999999999999999.pcap", 0},
		{"wormwood-20030812T002918824001Z-000000000001.pcap", 0},
		{PREFIX, 0},
		{"", 0},
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		uint64_t first = 0;
		assert_int_equal(ww_evidence_name(rows[i].name, PREFIX, &first), rows[i].first > 0);
		assert_int_equal(first, rows[i].first);
	}
}

static int make_folder(void **unused)
{
	(void)unused;
	snprintf(folder, sizeof(folder), "/tmp/wormwood-evidence-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **unused)
{
	(void)unused;
	DIR *dir = opendir(folder);
	struct dirent *entry;
	while (dir && (entry = readdir(dir)))
		unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_disk_is_bounded, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(the_age_is_bounded, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(both_are_bounded, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(odd_frames, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			what_is_there_is_not_touched, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(earlier_runs_make_room, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(earlier_runs_grow_old, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(wishes_and_names, make_folder, remove_folder),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
