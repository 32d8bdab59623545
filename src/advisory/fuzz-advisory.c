// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Any text as an advisory: it loads, and can be checked and shown, or every problem is printed.
 */
#include "advisory/lint.h"
#include "advisory/load.h"
#include "advisory/show.h"

/*
 * libfyaml 0.7.12 loses 4 KiB when it formats a quoted text of more than a hundred escapes
 * (fy_atom_format_text). Its frames have no names here, so the library is named as a whole; what we
 * forget to free of it, test-load finds under the same sanitizer.
 */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml\n";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ww_problems problems = WW_PROBLEMS_INIT;
	struct ww_advisory *advisory = NULL;
	struct ww_buf out = WW_BUF_INIT;
	int status = ww_advisory_load_text(
		"fuzz.yaml", (const char *)data, size, NULL, &advisory, &problems);
	ww_assert((status == 0) == (advisory != NULL));
	ww_assert(status == 0 || problems.n_errors > 0);
	if (status == 0) {
		ww_advisory_lint(advisory, &problems);
		ww_advisory_show(&out, advisory, size % 2 ? "ja" : "en", 40 + (int)(size % 61));
	}
	for (size_t i = 0; i < problems.n_items; i++)
		ww_problem_print(&out, &problems, i);
	ww_advisory_free(&advisory);
	ww_buf_done(&out);
	ww_problems_done(&problems);
	return 0;
}
