// SPDX-License-Identifier: GPL-3.0-or-later
/* SSH's identification lines: RFC 4253, 4.2. */
#include "test.h"
#include "wire/proto/test-tape.h"

static struct tape tape;

static int open_tape(void **state)
{
	tape_open(&tape, 8, 0);
	return 0;
}

static int close_tape(void **state)
{
	tape_close(&tape);
	return 0;
}

static void test_identifications(void **state)
{
	tape_begin_flow(&tape, 22);
	tape_text(&tape, WW_DIR_TO_CLIENT, "SSH-2.0-OpenSSH_9.2 Debian\r\nSSH-2.0-again\r\n");
	tape_text(&tape, WW_DIR_TO_SERVER, "SSH-2.0-PuTTY\nbinary");
	tape_end(&tape);
	assert_string_equal(ww_buf_text(&tape.text),
		"ssh < begin 1 at 0\nssh < end 1 to 28\n  SSH_PROTO '2.0'\n  SSH_SOFTWARE "
		"'OpenSSH_9.2'\n"
		"ssh > begin 1 at 0\nssh > end 1 to 14\n  SSH_PROTO '2.0'\n  SSH_SOFTWARE "
		"'PuTTY'\n");
}

static void test_odd_ones(void **state)
{
	static const struct {
		const char *line, *want;
	} rows[] = {
		{"SSH-PUTTY\r\n", "  SSH_PROTO 'PUTTY'\n"},
		{"SSH-\r\n", "  SSH_PROTO ''\n"},
		{"SSH-1.99-\r\n", "  SSH_PROTO '1.99'\n  SSH_SOFTWARE ''\n"},
		{"SSH-2.0-a-b c\r\n", "  SSH_PROTO '2.0'\n  SSH_SOFTWARE 'a-b'\n"},
		{"SSH-2.0-cut off", "  SSH_PROTO '2.0'\n  SSH_SOFTWARE 'cut'\n"},
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		for (size_t step = 1; step < 20; step++) {
			tape_begin_flow(&tape, 22);
			tape_pieces(&tape, WW_DIR_TO_SERVER, rows[i].line, strlen(rows[i].line),
				step, step);
			tape_end(&tape);
			const char *buffers = strstr(ww_buf_text(&tape.text), "  SSH_PROTO");
			assert_non_null(buffers);
			assert_string_equal(buffers, rows[i].want);
		}
	}
	/* The longest, and one byte more. */
	char line[300] = "SSH-2.0-";
	uint64_t cut = ww_protos_counts(tape.protos)->cut_heads;
	memset(line + 8, 'x', 253 - 8);
	memcpy(line + 253, "\r\n", 2);
	tape_begin_flow(&tape, 22);
	tape_feed(&tape, WW_DIR_TO_SERVER, line, 255, false);
	assert_int_equal(ww_protos_counts(tape.protos)->cut_heads, cut);
	memcpy(line + 253, "x\r\n", 3);
	tape_begin_flow(&tape, 22);
	tape_feed(&tape, WW_DIR_TO_SERVER, line, 256, false);
	assert_int_equal(ww_protos_counts(tape.protos)->cut_heads, cut + 1);
	assert_non_null(strstr(ww_buf_text(&tape.text), "SSH_SOFTWARE cut '"));
	/* What is none. */
	tape_begin_flow(&tape, 22);
	tape_text(&tape, WW_DIR_TO_SERVER, "SSH2-0\r\n");
	assert_int_equal(tape.flow.state, WW_APP_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identifications),
		cmocka_unit_test(test_odd_ones),
	};
	return cmocka_run_group_tests(tests, open_tape, close_tape);
}
