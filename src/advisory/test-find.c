// SPDX-License-Identifier: GPL-3.0-or-later
#include "advisory/find.h"

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Makes DIR/PLACE/ID/advisory.yaml, or takes it away again. */
static void make(const char *dir, const char *place, const char *id, bool make_it)
{
	char path[300];
	FILE *file;
	snprintf(path, sizeof(path), "%s/%s/%s/advisory.yaml", dir, place, id);
	if (!make_it)
		unlink(path);
	for (int level = 0; level < 2; level++) {
		snprintf(path, sizeof(path), "%s/%s%s%s", dir, place, level == make_it ? "/" : "",
			level == make_it ? id : "");
		if (make_it)
			mkdir(path, 0700);
		else
			rmdir(path);
	}
	snprintf(path, sizeof(path), "%s/%s/%s/advisory.yaml", dir, place, id);
	if (make_it && (file = fopen(path, "w")) != NULL)
		fclose(file);
}

static void the_first_place_wins(void **state)
{
	(void)state;
	char dir[] = "/tmp/ww-test-XXXXXX", one[64], two[64];
	assert_non_null(mkdtemp(dir));
	snprintf(one, sizeof(one), "%s/one", dir);
	snprintf(two, sizeof(two), "%s/two", dir);
	make(dir, "two", "nimda", true);
	make(dir, "two", "blaster", true);
	make(dir, "one", "nimda", true);
	const struct ww_place places[] = {
		{"/nonexistent/place", "nowhere"}, {one, "first"}, {two, "second"}};
	struct ww_catalogue catalogue;
	assert_int_equal(ww_catalogue_find(places, 3, &catalogue), 0);
	assert_int_equal(catalogue.n_items, 3);
	assert_string_equal(catalogue.items[0].id, "blaster");
	assert_string_equal(catalogue.items[1].id, "nimda");
	assert_string_equal(catalogue.items[1].origin, "first");
	assert_false(catalogue.items[1].hidden);
	assert_string_equal(catalogue.items[2].origin, "second");
	assert_true(catalogue.items[2].hidden);
	assert_ptr_equal(ww_catalogue_get(&catalogue, "nimda"), &catalogue.items[1]);
	assert_null(ww_catalogue_get(&catalogue, "nobody"));
	ww_catalogue_done(&catalogue);
	ww_catalogue_done(&catalogue);
	make(dir, "one", "nimda", false);
	make(dir, "two", "nimda", false);
	make(dir, "two", "blaster", false);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_place_wins),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
