// SPDX-License-Identifier: GPL-3.0-or-later
#include "advisory/facts.h"
#include "advisory/fields.h"
#include "advisory/load.h"

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Four lines that every case begins with: the case itself begins on line 5. */
#define HEAD "wormwood: 1\nid: x\ntitle: t\ntlp: CLEAR\n"

struct bad {
	const char *text; /* behind HEAD; or the whole when `whole` */
	uint32_t line, col;
	const char *says; /* part of the message at that place */
	bool whole;
};

static const struct bad bad[] = {
	{"network:\n  ports:\n  - port: 70000/tcp\n    role: exploit\n", 7, 11,
		"'70000/tcp' is outside 1-65535"},
	{"network:\n  ports:\n  - port: 44444444/tcp\n    role: x\n", 7, 11,
		"'44444444/tcp' is outside"},
	{"network:\n  ports:\n  - port: 139-135/tcp\n    role: x\n", 7, 11, "reversed"},
	{"network:\n  ports:\n  - port: 135\n    role: x\n", 7, 11, "is not a port"},
	{"network:\n  ports:\n  - port: 1/tcp\n    role: x\n    caveat: \"a\\nb\"\n", 9, 13,
		"must be one line"},
	{"network:\n  ports:\n  - port: 1/tcp\n    role: x\n    caveat: >\n      a\n", 10, 7,
		"write >- for >"},
	{"number: \"a\\u0007\"\n", 5, 9, "control character, U+0007"},
	{"summary: \"a\\u202eb\"\n", 5, 10, "control character, U+202E"},
	{"number: \" a\"\n", 5, 9, "begins or ends with a blank"},
	{"colour: red\n", 5, 1, "unknown field 'colour'"},
	{"aliasses: red\n", 5, 1, "did you mean 'aliases'?"},
	{"netwrok: red\n", 5, 1, "did you mean 'network'?"},
	{"network:\n  prots: []\n", 6, 3, "unknown field 'prots' in network: did you mean 'ports'"},
	{"title: again\n", 5, 1, "'title' is given twice: first on line 3"},
	{"summary: {en: a, en: b}\n", 5, 18, "'en' is given twice"},
	{"summary: {ja: a}\n", 5, 1, "'summary' needs 'en'"},
	{"summary: {en: a, fr: b}\n", 5, 18, "unknown language 'fr'"},
	{"published: 2003-02-30\n", 5, 12, "is not a date"},
	{"published: 2003-8-1\n", 5, 12, "is not a date"},
	{"number: [a]\n", 5, 1, "must be one line, not a list"},
	{"number: {a: b}\n", 5, 1, "must be one line, not a section"},
	{"number:\n", 5, 1, "'number' has no value"},
	{"number: ~\n", 5, 1, "'number' has no value"},
	{"number: ''\n", 5, 9, "'number' is empty"},
	{"aliases: {name: x}\n", 5, 1, "'aliases' must be a list"},
	{"aliases: []\n", 5, 1, "'aliases' is an empty list"},
	{"aliases:\n- by: me\n", 6, 3, "an item of aliases needs 'name'"},
	{"aliases:\n- me\n", 6, 3, "an item of aliases must be a section"},
	{"network: x\n", 5, 10, "network must be a section"},
	{"aliases:\n- name: a\n  source: nobody\n", 7, 11, "'nobody' is not among the sources"},
	{"aliases:\n- name: a\n  source: [s, nobody]\nsources:\n- id: s\n  title: t\n", 7, 15,
		"'nobody' is not among the sources"},
	{"sources:\n- {id: s, title: t}\n- {id: s, title: u}\n", 7, 4, "declared twice"},
	{"references:\n- title: a\n  url: javascript:alert(1)\n", 7, 8, "is not an http"},
	{"holes:\n- title: a\n  cve: CVE-03-1\n", 7, 8, "is not a CVE ID"},
	{"host:\n  files:\n  - name: a\n    md5: d41d8cd98f00b204e9800998ecf8427e\n", 8, 10,
		"digest of nothing"},
	{"host:\n  files:\n  - name: a\n    md5: 68B329DA9893E34099C7D8AD5CB9C940\n", 8, 10,
		"digest of nothing"},
	{"host:\n  files:\n  - name: a\n    md5: abcd\n", 8, 10, "has 4 digits, not 32"},
	{"host:\n  files:\n  - name: a\n    sha256: zz\n", 8, 13, "no hex digits"},
	{"host:\n  files:\n  - name: a\n    bytes: '12'\n", 8, 12, "without quotes"},
	{"host:\n  files:\n  - name: a\n    bytes: 1e3\n", 8, 12, "not a whole number"},
	{"host:\n  files:\n  - name: a\n    bytes: -1\n", 8, 12, "not a whole number"},
	{"host:\n  files:\n  - name: a\n    bytes: 99999999999999999999999999\n", 8, 12,
		"is too much"},
	{"host:\n  files:\n  - name: a\n    confidence: sure\n", 8, 17,
		"there are verified, reported, computed, memory"},
	{"network:\n  rules: ../x.rules\n", 6, 10, "may not leave"},
	{"network:\n  rules: [a.rules, /etc/passwd]\n", 6, 20, "may not leave"},
	{"network:\n  rules: [..]\n", 6, 11, "may not leave"},
	{"host:\n  yara: sub/x.yar\n", 6, 9, "may not leave"},
	{"network:\n  stages:\n  - {id: a, title: t, from: me, event: rule, sids: 1, sets: "
	 "attacked, "
	 "confidence: 1}\n",
		7, 29, "'me' is not a word"},
	{"network:\n  stages:\n  - {id: a, title: t, from: victim, event: rule, sets: attacked, "
	 "confidence: 1}\n",
		7, 6, "waits for a rule, but names no sids"},
	{"network:\n  stages:\n  - {id: a, title: t, from: victim, event: text, texts: x, "
	 "sets: attacked, confidence: 1}\n",
		7, 6, "stage 'a' needs a port"},
	{"network:\n  stages:\n  - {id: a, title: t, from: victim, event: scan, port: 1/tcp, "
	 "sets: attacked, confidence: 1.5}\n",
		7, 91, "1.5 is outside 0-1"},
	{"network:\n  stages:\n  - {id: a, title: t, from: victim, event: scan, port: 1/tcp, "
	 "sets: attacking, confidence: 1}\n",
		7, 6, "cannot set 'attacking'"},
	{"network:\n  signs:\n  - {where: a, content: 'x|0|'}\n", 7, 25, "pairs of hex digits"},
	{"network:\n  signs:\n  - {where: a, content: 'x|00'}\n", 7, 25, "not closed"},
	{"network:\n  signs:\n  - {where: a, content: 'x\\x'}\n", 7, 25, "has a '\\'"},
	{"network:\n  signs:\n  - {where: a, content: '{host}'}\n", 7, 25, "placeholder"},
	{"network:\n  flood:\n  - target: a\n    dates: [{days: 16-32}]\n", 8, 20,
		"no range of days"},
	{"network:\n  flood:\n  - target: a\n    dates: [{months: 0, days: 1}]\n", 8, 22,
		"no range of months"},
	{"propagation: {threads: 1}\n", 5, 1, "propagation needs 'port'"},
	{"propagation:\n  port: 1/tcp\n  rate_per_s: 0\n", 7, 15, "is outside"},
	{"propagation:\n  port: 1/tcp\n  rate_per_s: 1e5\n", 7, 15, "is not number above 0"},
	{"propagation:\n  port: 1/tcp\n  addresses:\n  - {id: a, uniform: 1}\n", 8, 6,
		"one needs 'used: true'"},
	{"propagation:\n  port: 1/tcp\n  addresses:\n  - {id: a, uniform: 0.5, used: true}\n", 8, 6,
		"sum to 0.5"},
	{"propagation:\n  port: 1/tcp\n  addresses:\n  - {id: a, uniform: 1, used: yes}\n", 8, 31,
		"must be true or false"},
	{"trend:\n- {port: 1/tcp, counts: x, low: 5, high: 4}\n", 6, 4, "'high' is below 'low'"},
	{"aliases: &a [1]\n", 5, 14, "anchors are not read"},
	{"number: *a\n", 5, 10, "aliases are not read"},
	{"number: !!str a\n", 5, 15, "tags are not read"},
	{"a: &a [x, x]\nb: &b [*a, *a]\nc: *b\n", 5, 8, "anchors are not read"},
	{"? [a]\n: b\n", 5, 4, "a key must be a word"},
	{"number: a\n  - b: [\n", 5, 9, "not YAML"},
	{"---\nid: y\n", 6, 1, "a second document"},
	{"wormwood: 2\nid: x\ntitle: t\ntlp: CLEAR\n", 1, 11, "version 2 of the format", true},
	{"wormwood: 1\nid: X\ntitle: t\ntlp: CLEAR\n", 2, 5, "small letters", true},
	{"wormwood: 1\nid: x\ntitle: t\ntlp: WHITE\n", 4, 6, "there are CLEAR, GREEN", true},
	{"wormwood: 1\nid: x\ntlp: CLEAR\n", 1, 1, "the file needs 'title'", true},
	{"", 1, 1, "the file is empty", true},
	{"# nothing\n", 1, 1, "nothing in the file", true},
	{"- a\n", 1, 1, "the file must be a section", true},
	{"id: \xff\n", 1, 5, "0xff is not UTF-8", true},
	{"id: a\n\x01", 2, 1, "0x01 is a control character", true},
	{"\x7f"
	 "ELF\x02\x01",
		1, 1, "is a control character", true},
};

static bool has_problem(const struct ww_problems *problems, const struct bad *want)
{
	for (size_t i = 0; i < problems->n_items; i++) {
		const struct ww_problem *have = &problems->items[i];
		if (have->severity == WW_SEVERITY_ERROR && have->at.line == want->line &&
			have->at.col == want->col && strstr(have->text, want->says))
			return true;
	}
	return false;
}

static void bad_text_is_told_with_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < WW_N(bad); i++) {
		struct ww_problems problems = WW_PROBLEMS_INIT;
		struct ww_advisory *advisory = NULL;
		struct ww_buf text = WW_BUF_INIT;
		ww_buf_adds(&text, bad[i].whole ? "" : HEAD);
		ww_buf_adds(&text, bad[i].text);
		int status = ww_advisory_load_text(
			"t.yaml", ww_buf_text(&text), text.len, NULL, &advisory, &problems);
		if (status != -EINVAL || !has_problem(&problems, &bad[i])) {
			struct ww_buf out = WW_BUF_INIT;
			for (size_t j = 0; j < problems.n_items; j++)
				ww_problem_print(&out, &problems, j);
			fail_msg("case %zu, status %d: want %u:%u %s, have\n%s", i, status,
				bad[i].line, bad[i].col, bad[i].says, ww_buf_text(&out));
		}
		assert_null(advisory);
		ww_buf_done(&text);
		ww_problems_done(&problems);
	}
}

static const char good[] = HEAD
	"summary:\n  en: >\n    one\n    two\n  ja: |\n    一\n    二\n"
	"sources:\n- {id: s, title: S}\n- {id: u, title: U}\n"
	"network:\n"
	"  ports:\n  - {port: 135-139/udp, role: exploit, source: [s, u]}\n"
	"  rules: a.rules\n"
	"  stages:\n"
	"  - id: shell\n    title: {en: shell, ja: シェル}\n    from: attacker\n    event: text\n"
	"    port: 4444/tcp\n    texts: ['tftp {attacker}', '|00 0a|\\|{x']\n    sets: taken_over\n"
	"    confidence: 0.97\n    within_s: 60\n    technique: T1059.003\n"
	"    dialog: [{from: victim, send: 'a|0D 0A|'}]\n"
	"propagation:\n  port: 135/tcp\n  rate_per_s: 11.25\n  threads: 20\n  vulnerable: 250000\n"
	"  addresses:\n  - {id: a, uniform: 1}\n"
	"  - {id: b, used: true, sequential: true, uniform: 0.6, same_16: 0.4}\n"
	"host:\n  files:\n  - name: x.exe\n    md5: 5AE700C1DFFB00CEF492844A4DB6CD69\n"
	"    confidence: reported\n    name_is_legitimate: false\n";

static void good_text_fills_the_struct(void **state)
{
	(void)state;
	struct ww_problems problems = WW_PROBLEMS_INIT;
	struct ww_advisory *a = NULL;
	assert_int_equal(
		ww_advisory_load_text("t.yaml", good, strlen(good), NULL, &a, &problems), 0);
	assert_int_equal(problems.n_items, 0);
	assert_string_equal(a->id, "x");
	assert_string_equal(a->summary.en, "one two");
	assert_string_equal(ww_text_in(&a->summary, "ja_JP"), "一二");
	assert_string_equal(ww_text_in(&a->title, "ja"), "t");
	assert_int_equal(a->title.at.line, 3);
	assert_int_equal(a->title.at.col, 8);
	assert_int_equal(a->n_ports, 1);
	assert_int_equal(a->ports[0].port.high, 139);
	assert_string_equal(a->ports[0].source, "s, u");
	assert_int_equal(a->n_rules, 1);
	assert_string_equal(a->rules[0].name, "a.rules");
	assert_null(a->rules[0].text);
	const struct ww_stage *stage = &a->stages[0];
	assert_int_equal(stage->event, WW_STAGE_TEXT);
	assert_int_equal(stage->from, WW_ROLE_ATTACKER);
	assert_int_equal(stage->sets, WW_HOST_TAKEN_OVER);
	assert_true(stage->confidence == 0.97);
	assert_int_equal(stage->within_s, 60);
	assert_int_equal(stage->n_texts, 2);
	assert_string_equal(stage->texts[0], "tftp {attacker}");
	assert_int_equal(stage->dialog[0].from, WW_ROLE_VICTIM);
	assert_int_equal(stage->at.line, 20);
	assert_int_equal(stage->at.col, 5);
	assert_true(a->propagation.is_given);
	assert_true(a->propagation.rate_per_s == 11.25);
	assert_true(a->propagation.addresses.is_given);
	assert_true(a->propagation.addresses.sequential);
	assert_true(a->propagation.addresses.same_16 == 0.4);
	assert_int_equal(a->facts->n_addresses, 2);
	const struct ww_host_file *file = &a->facts->files[0];
	assert_string_equal(file->md5, "5ae700c1dffb00cef492844a4db6cd69");
	assert_int_equal(file->confidence, WW_CONFIDENCE_REPORTED);
	assert_int_equal(file->name_is_legitimate, WW_TRI_NO);
	ww_advisory_free(&a);
	ww_advisory_free(&a);
	ww_problems_done(&problems);
}

/* Every prefix of a good file, and the file with each byte changed, ends without a crash. */
static void cut_and_changed_text_is_survived(void **state)
{
	(void)state;
	char text[sizeof(good)];
	for (size_t i = 0; i < 2 * strlen(good); i++) {
		struct ww_problems problems = WW_PROBLEMS_INIT;
		struct ww_advisory *a = NULL;
		size_t at = i / 2;
		memcpy(text, good, sizeof(good));
		if (i % 2)
			text[at] = (char)(text[at] ^ (1 << (at % 7)));
		int status = ww_advisory_load_text(
			"t.yaml", text, i % 2 ? strlen(good) : at, NULL, &a, &problems);
		assert_true(status == 0 ? a != NULL : problems.n_errors > 0);
		ww_advisory_free(&a);
		ww_problems_done(&problems);
	}
}

static void all_errors_are_told_up_to_the_limit(void **state)
{
	(void)state;
	struct ww_buf text = WW_BUF_INIT;
	ww_buf_adds(&text, HEAD);
	for (int i = 0; i < 300; i++)
		ww_buf_addf(&text, "k%d: v\n", i);
	struct ww_problems problems = WW_PROBLEMS_INIT;
	struct ww_advisory *a = NULL;
	assert_int_equal(
		ww_advisory_load_text("t", text.data, text.len, NULL, &a, &problems), -EINVAL);
	assert_int_equal(problems.n_errors, 300);
	assert_int_equal(problems.n_items, WW_PROBLEMS_MAX);
	assert_int_equal(problems.n_dropped, 100);
	assert_int_equal(problems.items[7].at.line, 12);
	ww_problems_done(&problems);
	ww_buf_done(&text);
}

/* What would take minutes or gigabytes is refused before a document is built. */
static void costly_text_is_refused_at_once(void **state)
{
	(void)state;
	static const struct {
		const char *item, *says;
	} cases[] = {
		{"&a x,", "here are more than 16"},
		{"*a ,", "here are more than 16"},
		{"a,", "too much: more than"},
	};
	for (size_t i = 0; i < WW_N(cases); i++) {
		struct ww_problems problems = WW_PROBLEMS_INIT;
		struct ww_advisory *a = NULL;
		struct ww_buf text = WW_BUF_INIT;
		ww_buf_adds(&text, HEAD "number: [");
		while (text.len < 2000000)
			ww_buf_adds(&text, cases[i].item);
		ww_buf_adds(&text, "]\n");
		assert_int_equal(
			ww_advisory_load_text("t", text.data, text.len, NULL, &a, &problems),
			-EINVAL);
		assert_int_equal(problems.n_errors, 1);
		assert_non_null(strstr(problems.items[0].text, cases[i].says));
		ww_problems_done(&problems);
		ww_buf_done(&text);
	}
	struct ww_problems problems = WW_PROBLEMS_INIT;
	struct ww_advisory *a = NULL;
	char *long_text = calloc(1, WW_ADVISORY_MAX + 1);
	assert_non_null(long_text);
	memset(long_text, '#', WW_ADVISORY_MAX + 1);
	assert_int_equal(
		ww_advisory_load_text("t", long_text, WW_ADVISORY_MAX + 1, NULL, &a, &problems),
		-EFBIG);
	assert_int_equal(
		ww_advisory_load_text("t", long_text, WW_ADVISORY_MAX, NULL, &a, &problems),
		-EINVAL);
	free(long_text);
	ww_problems_done(&problems);
}

static void a_problem_shows_its_line_and_a_caret(void **state)
{
	(void)state;
	static const char text[] = HEAD "summary: {en: \"日本\", jp: x}\n";
	struct ww_problems problems = WW_PROBLEMS_INIT;
	struct ww_advisory *a = NULL;
	struct ww_buf out = WW_BUF_INIT;
	ww_advisory_load_text("t.yaml", text, strlen(text), NULL, &a, &problems);
	assert_int_equal(problems.n_items, 1);
	ww_problem_print(&out, &problems, 0);
	assert_string_equal(ww_buf_text(&out),
		"t.yaml:5:25: error: unknown language 'jp' of 'summary': there are en and ja\n"
		"     5 | summary: {en: \"日本\", jp: x}\n"
		"       |                       ^\n");
	ww_buf_done(&out);
	ww_problems_done(&problems);
}

/* Neither a message nor a source line can drive a terminal. */
static void problems_are_safe_to_print(void **state)
{
	(void)state;
	static const char text[] = HEAD "\"k\xc2\x9b"
					"31m\u202e\": 1\n# \xe2\x80\xae\n"
					"\xc2\x9b: \xe2\x80\xae\n";
	struct ww_problems problems = WW_PROBLEMS_INIT;
	struct ww_advisory *a = NULL;
	struct ww_buf out = WW_BUF_INIT;
	ww_advisory_load_text("t\033[1m.yaml", text, strlen(text), NULL, &a, &problems);
	assert_true(problems.n_items > 0);
	for (size_t i = 0; i < problems.n_items; i++)
		ww_problem_print(&out, &problems, i);
	assert_null(strstr(ww_buf_text(&out), "\xc2\x9b"));
	assert_null(strstr(ww_buf_text(&out), "\xe2\x80\xae"));
	assert_null(strchr(ww_buf_text(&out), '\033'));
	ww_buf_done(&out);
	ww_problems_done(&problems);
}

static void write_file(const char *dir, const char *name, const char *text)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void files_beside_the_advisory_are_read(void **state)
{
	(void)state;
	char dir[] = "/tmp/ww-test-XXXXXX", path[256];
	assert_non_null(mkdtemp(dir));
	write_file(dir, "advisory.yaml", HEAD "network:\n  rules: [a.rules, b.rules]\n");
	write_file(dir, "a.rules", "# rules\n");
	struct ww_problems problems = WW_PROBLEMS_INIT;
	struct ww_advisory *a = NULL;
	assert_int_equal(ww_advisory_load(dir, &a, &problems), -EINVAL);
	assert_int_equal(problems.n_items, 1);
	assert_int_equal(problems.items[0].at.line, 6);
	assert_int_equal(problems.items[0].at.col, 20);
	assert_non_null(strstr(problems.items[0].text, "'b.rules' does not exist"));
	/* A link that leaves the folder. */
	snprintf(path, sizeof(path), "%s/b.rules", dir);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(ww_advisory_load(dir, &a, &problems), -EINVAL);
	assert_non_null(strstr(problems.items[0].text, "link that leaves"));
	unlink(path);
	assert_int_equal(symlink("a.rules", path), 0);
	assert_int_equal(ww_advisory_load(dir, &a, &problems), 0);
	assert_int_equal(a->n_rules, 2);
	assert_string_equal(a->rules[1].text, "# rules\n");
	ww_advisory_free(&a);
	unlink(path);
	snprintf(path, sizeof(path), "%s/a.rules", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/advisory.yaml", dir);
	unlink(path);
	assert_int_equal(ww_advisory_load(dir, &a, &problems), -ENOENT);
	assert_int_equal(problems.n_errors, 1);
	rmdir(dir);
	assert_int_equal(ww_advisory_load("/dev/zero", &a, &problems), -EFBIG);
	assert_null(a);
	ww_problems_done(&problems);
}

static void shipped_advisories_load(void **state)
{
	(void)state;
	static const char *const ids[] = {"blaster", "code-red-ii"};
	for (size_t i = 0; i < WW_N(ids); i++) {
		char path[512];
		snprintf(path, sizeof(path), "%s/%s", ADVISORIES, ids[i]);
		if (access(path, F_OK) != 0)
			continue;
		struct ww_problems problems = WW_PROBLEMS_INIT;
		struct ww_advisory *a = NULL;
		if (ww_advisory_load(path, &a, &problems) != 0) {
			struct ww_buf out = WW_BUF_INIT;
			for (size_t j = 0; j < problems.n_items; j++)
				ww_problem_print(&out, &problems, j);
			fail_msg("%s", ww_buf_text(&out));
		}
		assert_string_equal(a->id, ids[i]);
		assert_true(a->n_stages > 0 && a->propagation.addresses.is_given);
		ww_advisory_free(&a);
		ww_problems_done(&problems);
	}
}

/* The table itself: every row has a section to stand in, and its path names it once. */
static void the_table_is_sound(void **state)
{
	(void)state;
	for (size_t i = 0; i < WW_FIELDS; i++) {
		const struct ww_field *field = ww_field_get(i);
		const struct ww_field *parent = ww_field_parent(field);
		assert_ptr_equal(ww_field_find(field->path), field);
		assert_ptr_equal(
			ww_field_child(parent, ww_field_key(field), strlen(ww_field_key(field))),
			field);
		if (!parent && strchr(field->path, '.'))
			fail_msg("%s has no section", field->path);
		if (parent && parent->kind == WW_KIND_LIST)
			assert_ptr_not_equal(
				strcmp(field->container, "ww_facts") ? field : NULL, NULL);
		assert_true(ww_field_actors(field) != 0);
		assert_true(field->help[0] && field->planned);
		assert_non_null(ww_kind_name(field->kind));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_sound),
		cmocka_unit_test(bad_text_is_told_with_its_place),
		cmocka_unit_test(good_text_fills_the_struct),
		cmocka_unit_test(cut_and_changed_text_is_survived),
		cmocka_unit_test(all_errors_are_told_up_to_the_limit),
		cmocka_unit_test(costly_text_is_refused_at_once),
		cmocka_unit_test(a_problem_shows_its_line_and_a_caret),
		cmocka_unit_test(problems_are_safe_to_print),
		cmocka_unit_test(files_beside_the_advisory_are_read),
		cmocka_unit_test(shipped_advisories_load),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
