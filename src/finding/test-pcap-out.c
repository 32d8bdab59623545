// SPDX-License-Identifier: GPL-3.0-or-later
#include "test.h"

#include "base/file.h"
#include "finding/pcap-out.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/wormwood-pcap-XXXXXX";
static char path[64];

static int setup(void **state)
{
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/out.pcap", folder);
	return 0;
}

static int teardown(void **state)
{
	unlink(path);
	return rmdir(folder);
}

static uint32_t le32(const char *at)
{
	const uint8_t *p = (const uint8_t *)at;
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static struct ww_buf load(void)
{
	struct ww_buf bytes = WW_BUF_INIT;
	assert_int_equal(ww_file_load(path, 1 << 24, &bytes), 0);
	return bytes;
}

static void test_bytes(void **state)
{
	struct ww_pcap_out *out = NULL;
	unlink(path);
	assert_int_equal(ww_pcap_out_open(path, 113, &out), 0);
	assert_int_equal(ww_pcap_out_write(out, 1060648158824001, "abcd", 4, 60), 0);
	assert_int_equal(ww_pcap_out_write(out, -5, "", 0, 0), 0);
	assert_int_equal(ww_pcap_out_write(out, INT64_MAX, "x", 1, 1), 0);
	assert_int_equal(ww_pcap_out_close(&out), 0);
	assert_null(out);
	struct ww_buf bytes = load();
	assert_int_equal(bytes.len, 24 + 3 * 16 + 4 + 0 + 1);
	assert_memory_equal(bytes.data, "\xd4\xc3\xb2\xa1\x02\x00\x04\x00", 8);
	assert_int_equal(le32(bytes.data + 20), 113);
	assert_int_equal(le32(bytes.data + 24), 1060648158);
	assert_int_equal(le32(bytes.data + 28), 824001);
	assert_int_equal(le32(bytes.data + 32), 4);
	assert_int_equal(le32(bytes.data + 36), 60);
	assert_memory_equal(bytes.data + 40, "abcd", 4);
	assert_int_equal(le32(bytes.data + 44), 0);          /* before 1970 */
	assert_int_equal(le32(bytes.data + 60), UINT32_MAX); /* after 2106 */
	ww_buf_done(&bytes);
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_never_overwrites(void **state)
{
	struct ww_pcap_out *out = NULL;
	FILE *file = fopen(path, "w");
	fputs("precious", file);
	fclose(file);
	assert_int_equal(ww_pcap_out_open(path, 1, &out), -EEXIST);
	assert_null(out);
	struct ww_buf bytes = load();
	assert_string_equal(ww_buf_text(&bytes), "precious");
	ww_buf_done(&bytes);
	assert_int_equal(ww_pcap_out_open("/nowhere/at/all.pcap", 1, &out), -ENOENT);
	assert_int_equal(ww_pcap_out_close(&out), 0);
}

/* Records around the size of the buffer, and one that libpcap would refuse. */
static void test_long_records(void **state)
{
	static const uint32_t sizes[] = {65535, 65536, 65537, 262144, 262145, 300000};
	uint8_t *data = malloc(300000);
	for (size_t i = 0; i < 300000; i++)
		data[i] = (uint8_t)(i * 7);
	struct ww_pcap_out *out = NULL;
	unlink(path);
	assert_int_equal(ww_pcap_out_open(path, 1, &out), 0);
	for (size_t i = 0; i < WW_N(sizes); i++)
		assert_int_equal(ww_pcap_out_write(out, 0, data, sizes[i], sizes[i]), 0);
	assert_int_equal(ww_pcap_out_close(&out), 0);
	struct ww_buf bytes = load();
	size_t at = 24;
	for (size_t i = 0; i < WW_N(sizes); i++) {
		uint32_t kept = sizes[i] < 262144 ? sizes[i] : 262144;
		assert_int_equal(le32(bytes.data + at + 8), kept);
		assert_int_equal(le32(bytes.data + at + 12), sizes[i]);
		assert_memory_equal(bytes.data + at + 16, data, kept);
		at += 16 + kept;
	}
	assert_int_equal(at, bytes.len);
	ww_buf_done(&bytes);
	free(data);
}

/* A link to somewhere is not followed: only a file that was not there is made. */
static void test_link(void **state)
{
	struct ww_pcap_out *out = NULL;
	unlink(path);
	assert_int_equal(symlink("elsewhere", path), 0);
	assert_int_equal(ww_pcap_out_open(path, 1, &out), -EEXIST);
}

/* A write that fails (here: the limit on file size) is told, and told again at the end. */
static void test_write_fails(void **state)
{
	struct rlimit old, small = {1 << 17, RLIM_INFINITY};
	uint8_t *data = calloc(1, 100000);
	struct ww_pcap_out *out = NULL;
	unlink(path);
	assert_int_equal(ww_pcap_out_open(path, 1, &out), 0);
	getrlimit(RLIMIT_FSIZE, &old);
	small.rlim_max = old.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	int first = ww_pcap_out_write(out, 0, data, 100000, 100000);
	int second = ww_pcap_out_write(out, 0, data, 100000, 100000);
	int last = ww_pcap_out_close(&out);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(first, 0);
	assert_int_equal(second, -EFBIG);
	assert_int_equal(last, -EFBIG);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_never_overwrites),
		cmocka_unit_test(test_long_records),
		cmocka_unit_test(test_link),
		cmocka_unit_test(test_write_fails),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
