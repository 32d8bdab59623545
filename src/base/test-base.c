// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/buf.h"
#include "base/json.h"

#include "test.h"

static void json_escapes_hostile_bytes(void **state)
{
	struct ww_buf out = WW_BUF_INIT;
	struct ww_json json = ww_json_to(&out);
	ww_json_object(&json, NULL);
	ww_json_bytes(&json, "a", "\x00\"\\\n\xff\xe3\x81\x82", 8);
	ww_json_array(&json, "b");
	ww_json_int(&json, NULL, -1);
	ww_json_real(&json, NULL, 0.5, 2);
	ww_json_end(&json, ']');
	ww_json_end(&json, '}');
	assert_string_equal(ww_buf_text(&out),
		"{\"a\":\"\\u0000\\\"\\\\\\n\xef\xbf\xbd\xe3\x81\x82\",\"b\":[-1,0.50]}");
	ww_buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_escapes_hostile_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
