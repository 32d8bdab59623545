// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/detect/detect.h"

#include "base/file.h"
#include "wire/detect/trw.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "test.h"

#ifndef MAN_PAGE
#error "MAN_PAGE must be the path of wormwood-detectors.7.scd"
#endif

/* Words with one blank between, whatever the line breaks and escapes of the page. */
static void flatten(struct ww_buf *out, const char *text)
{
	for (; *text; text++) {
		bool blank = isspace((unsigned char)*text);
		if (*text == '\\' || (blank && out->len && out->data[out->len - 1] == ' '))
			continue;
		ww_buf_addc(out, blank ? ' ' : *text);
	}
}

static void page_says(const struct ww_buf *page, const char *what)
{
	struct ww_buf flat = WW_BUF_INIT;
	flatten(&flat, what);
	if (!strstr(ww_buf_text(page), ww_buf_text(&flat)))
		fail_msg("the page does not say: %s", what);
	ww_buf_done(&flat);
}

/* wormwood-detectors(7) says of each registered detector what the detector says of itself. */
static void the_manual_knows_every_detector(void **state)
{
	struct ww_buf raw = WW_BUF_INIT, page = WW_BUF_INIT;
	assert_int_equal(ww_file_load(MAN_PAGE, 1 << 20, &raw), 0);
	flatten(&page, ww_buf_text(&raw));
	assert_true(ww_detectors() >= 2);
	for (size_t i = 0; i < ww_detectors(); i++) {
		const struct ww_detector *detector = ww_detector(i);
		char heading[64] = "# ";
		for (size_t k = 0; detector->name[k] && k < sizeof heading - 4; k++) {
			heading[k + 2] = (char)toupper((unsigned char)detector->name[k]);
			heading[k + 3] = 0;
		}
		page_says(&page, heading);
		page_says(&page, detector->detects);
		page_says(&page, detector->method);
		page_says(&page, detector->paper);
		page_says(&page, detector->limits);
		assert_true(detector->state_bytes > 0);
	}
	ww_buf_done(&raw);
	ww_buf_done(&page);
}

/* The figures on the page are those of the code. */
static void the_manual_has_the_right_figures(void **state)
{
	struct ww_buf raw = WW_BUF_INIT, page = WW_BUF_INIT;
	struct ww_detect_config config = {.key = ww_hash_key_fixed(0)};
	struct ww_detect *detect = NULL;
	assert_int_equal(ww_file_load(MAN_PAGE, 1 << 20, &raw), 0);
	flatten(&page, ww_buf_text(&raw));
	assert_int_equal(ww_detect_new(&config, &detect, NULL), 0);
	struct ww_detect_counts counts = ww_detect_counts(detect);
	char text[128];
	unsigned length = (unsigned)floor(counts.scan_run_length);
	snprintf(text, sizeof text, "once in %u,%03u first contacts", length / 1000, length % 1000);
	page_says(&page, text);
	snprintf(text, sizeof text, "the threshold is %.2f", counts.scan_threshold);
	page_says(&page, text);
	struct ww_walk walk = ww_walk_between(WW_TRW_FAIL_BENIGN, WW_TRW_FAIL_SCANNER);
	snprintf(text, sizeof text, "it adds %.2f to the score, an answered one takes %.2f",
		walk.up * walk.unit, walk.down * walk.unit);
	page_says(&page, text);
	snprintf(text, sizeof text, "(%u answers undo %u failures)", walk.up, walk.down);
	page_says(&page, text);
	ww_detect_free(&detect);
	ww_detect_free(&detect);
	ww_buf_done(&raw);
	ww_buf_done(&page);
}

static void bad_parameters_come_back(void **state)
{
	struct ww_detect_config config = {.false_alarm_rate = 2, .key = ww_hash_key_fixed(0)};
	struct ww_detect *detect = NULL;
	struct ww_err err = {0};
	assert_int_equal(ww_detect_new(&config, &detect, &err), -EINVAL);
	assert_null(detect);
	assert_true(err.text[0] != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_manual_knows_every_detector),
		cmocka_unit_test(the_manual_has_the_right_figures),
		cmocka_unit_test(bad_parameters_come_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
