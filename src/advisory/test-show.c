// SPDX-License-Identifier: GPL-3.0-or-later
/* What is made of a loaded advisory: the prose, the lint report, the schema, the man page. */
#include "advisory/facts.h"
#include "advisory/fields.h"
#include "advisory/lint.h"
#include "advisory/load.h"
#include "advisory/schema.h"
#include "advisory/show.h"
#include "base/text.h"

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct ww_advisory *load_shipped(const char *id)
{
	char path[512];
	struct ww_problems problems = WW_PROBLEMS_INIT;
	struct ww_advisory *advisory = NULL;
	snprintf(path, sizeof(path), "%s/%s", ADVISORIES, id);
	if (ww_advisory_load(path, &advisory, &problems) != 0)
		fail_msg("%s does not load", path);
	ww_problems_done(&problems);
	return advisory;
}

static struct ww_buf without_blanks(const char *text)
{
	struct ww_buf out = WW_BUF_INIT;
	for (; *text; text++)
		if (*text != ' ' && *text != '\n')
			ww_buf_addc(&out, *text);
	return out;
}

struct search {
	const struct ww_advisory *advisory;
	const char *lang;
	const char *page; /* without blanks */
	size_t n_found;
};

static void must_be_there(struct search *search, const struct ww_field *field, const char *text)
{
	if (!text)
		return;
	struct ww_buf want = without_blanks(text);
	if (!strstr(search->page, ww_buf_text(&want)))
		fail_msg("'%s' of %s is not shown", text, field->path);
	search->n_found++;
	ww_buf_done(&want);
}

static void search_section(struct search *search, const struct ww_field *section, const void *base);

static void search_field(struct search *search, const struct ww_field *field, const void *base)
{
	const void *member = ww_field_of(field, search->advisory, base);
	char text[WW_PORTS_TEXT_MAX];
	size_t n;
	switch (field->kind) {
	case WW_KIND_GROUP: search_section(search, field, base); break;
	case WW_KIND_STRUCT: search_section(search, field, member); break;
	case WW_KIND_LIST:
		n = ww_field_n(field, search->advisory, base);
		for (size_t i = 0; i < n; i++)
			search_section(
				search, field, *(const char *const *)member + i * field->item_size);
		break;
	case WW_KIND_TEXT:
	case WW_KIND_PROSE:
		if (((const struct ww_text *)member)->en)
			must_be_there(search, field, ww_text_in(member, search->lang));
		break;
	case WW_KIND_PORT:
		if (((const struct ww_ports *)member)->proto)
			must_be_there(search, field, ww_ports_print(member, text));
		break;
	case WW_KIND_PORTS:
		n = ww_field_n(field, search->advisory, base);
		for (size_t i = 0; i < n; i++)
			must_be_there(search, field,
				ww_ports_print(*(const struct ww_ports *const *)member + i, text));
		break;
	case WW_KIND_LINES:
	case WW_KIND_CONTENTS:
		n = ww_field_n(field, search->advisory, base);
		for (size_t i = 0; i < n; i++)
			must_be_there(search, field, (*(char *const *const *)member)[i]);
		break;
	case WW_KIND_U64:
		snprintf(text, sizeof(text), "%llu", (unsigned long long)*(const uint64_t *)member);
		if (*(const uint64_t *)member)
			must_be_there(search, field, text);
		break;
	case WW_KIND_LINE:
	case WW_KIND_WORD:
	case WW_KIND_URL:
	case WW_KIND_DATE:
	case WW_KIND_CVE:
	case WW_KIND_TECHNIQUE:
	case WW_KIND_MD5:
	case WW_KIND_SHA1:
	case WW_KIND_SHA256:
	case WW_KIND_TLP:
	case WW_KIND_CONTENT:
	case WW_KIND_SOURCE: must_be_there(search, field, *(const char *const *)member); break;
	default: break;
	}
}

static void search_section(struct search *search, const struct ww_field *section, const void *base)
{
	for (size_t i = 0; i < WW_FIELDS; i++)
		if (ww_field_is_child(ww_field_get(i), section))
			search_field(search, ww_field_get(i), base);
}

/* Everything that the file says is on the page, in both languages and at every width. */
static void everything_is_shown(void **state)
{
	(void)state;
	static const char *const ids[] = {"blaster", "code-red-ii"};
	static const char *const langs[] = {"en", "ja"};
	static const int widths[] = {40, 80, 100};
	for (size_t i = 0; i < 2 * 2 * 3; i++) {
		struct ww_advisory *advisory = load_shipped(ids[i % 2]);
		struct ww_buf out = WW_BUF_INIT;
		ww_advisory_show(&out, advisory, langs[i / 2 % 2], widths[i / 4]);
		struct ww_buf page = without_blanks(ww_buf_text(&out));
		struct search search = {advisory, langs[i / 2 % 2], ww_buf_text(&page), 0};
		search_section(&search, NULL, advisory);
		assert_true(search.n_found > 100);
		assert_non_null(strstr(ww_buf_text(&out), i / 2 % 2 ? "II. 対象" : "II. Affected"));
		ww_buf_done(&page);
		ww_buf_done(&out);
		ww_advisory_free(&advisory);
	}
}

/* No line is wider than the page, unless it is one word that cannot be broken. */
static void lines_keep_to_the_width(void **state)
{
	(void)state;
	for (int width = 40; width <= 100; width += 20) {
		struct ww_advisory *advisory = load_shipped("blaster");
		struct ww_buf out = WW_BUF_INIT;
		ww_advisory_show(&out, advisory, "ja", width);
		char *save = NULL, *text = ww_buf_take(&out);
		for (char *line = strtok_r(text, "\n", &save); line;
			line = strtok_r(NULL, "\n", &save)) {
			char *word = line + strspn(line, " -0123456789.");
			if (ww_text_width(line) > width && strchr(word, ' '))
				fail_msg("wider than %d: '%s'", width, line);
		}
		free(text);
		ww_advisory_free(&advisory);
	}
}

/* ---- lint ---- */

#define TOP "wormwood: 1\nid: x\ntitle: {en: t, ja: t}\ntlp: CLEAR\nsources: [{id: s, title: S}]\n"
#define STAGE                                                                                      \
	"network:\n  stages:\n"                                                                    \
	"  - {id: a, title: {en: t, ja: t}, from: attacker, port: 1/tcp, source: s, "

struct smell {
	const char *text; /* behind TOP, from line 6 */
	const char *code;
	uint32_t line;
	const char *says;
	enum ww_severity severity;
};

static const struct smell smells[] = {
	{"summary: a\n", "WA001", 6, "'summary' has no Japanese", WW_SEVERITY_WARNING},
	{"aliases: [{name: a}]\n", "WA002", 6, "aliases has no source", WW_SEVERITY_WARNING},
	{"host:\n  files: [{name: svchost.exe, source: s}]\n", "WA003", 7, "Windows has one",
		WW_SEVERITY_WARNING},
	{"host:\n  files: [{name: Explorer.EXE, source: s, name_is_legitimate: true}]\n", "WA003",
		7, "nothing here tells them apart", WW_SEVERITY_WARNING},
	{"host:\n  mutexes: [{name: a, source: s, confidence: memory}]\n", "WA004", 7,
		"host.mutexes: memory", WW_SEVERITY_WARNING},
	{STAGE "event: contact, sets: targeted, confidence: 0}\n", "WA005", 8, "confidence 0",
		WW_SEVERITY_WARNING},
	{STAGE "event: scan, sets: targeted, confidence: 1}\n", "WA005", 8, "scan by the attacker",
		WW_SEVERITY_WARNING},
	{STAGE "event: rule, sids: 7, sets: attacked, confidence: 1}\n", "", 8,
		"rule 7, which is not in any file", WW_SEVERITY_ERROR},
	{"propagation:\n  port: 1/tcp\n  source: s\n  addresses:\n"
	 "  - {id: a, source: s, used: true, uniform: 1}\n  - {id: b, source: s, uniform: 0.2}\n",
		"WA006", 11, "'b' sum to 0.2", WW_SEVERITY_WARNING},
	{"number: a\n", "WA007", 3, "needs network.stages", WW_SEVERITY_WARNING},
	{"affected:\n  firmware: [{model: m, source: s, all_revisions: true, from: a}]\n", "WA009",
		7, "all revisions, and yet", WW_SEVERITY_WARNING},
	{STAGE "event: contact, sets: targeted, confidence: 1}\n", "WA011", 8,
		"stage 'a' uses 1/tcp, which network.ports does not list", WW_SEVERITY_WARNING},
	{STAGE "event: contact, sets: targeted, confidence: 1}\n"
	       "  ports: [{port: 2-9/tcp, role: r, source: s}, {port: 1/udp, role: r, source: "
	       "s}]\n",
		"WA011", 8, "stage 'a' uses 1/tcp", WW_SEVERITY_WARNING},
	{"network:\n  ports:\n  - {port: 1-5/tcp, role: exploit, source: s}\n"
	 "  - {port: 5/udp, role: x, source: s}\n  - {port: 5/tcp, role: shell, source: s}\n",
		"", 10, "5/tcp is listed in line 8 already, as 'exploit'", WW_SEVERITY_NOTE},
	{"host:\n  mutexes: [{name: a, source: s}]\n", "", 7,
		"no command acts on host.mutexes yet; planned: inspect", WW_SEVERITY_NOTE},
};

static void lint_tells_what_smells(void **state)
{
	(void)state;
	for (size_t i = 0; i < WW_N(smells); i++) {
		const struct smell *want = &smells[i];
		struct ww_problems problems = WW_PROBLEMS_INIT;
		struct ww_advisory *advisory = NULL;
		struct ww_buf text = WW_BUF_INIT, all = WW_BUF_INIT;
		bool found = false;
		ww_buf_addf(&text, TOP "%s", want->text);
		int status = ww_advisory_load_text(
			"t.yaml", text.data, text.len, NULL, &advisory, &problems);
		if (status == 0)
			ww_advisory_lint(advisory, &problems);
		for (size_t j = 0; j < problems.n_items; j++) {
			const struct ww_problem *have = &problems.items[j];
			found |= have->severity == want->severity &&
				 strcmp(have->code, want->code) == 0 &&
				 have->at.line == want->line && strstr(have->text, want->says);
			ww_problem_print(&all, &problems, j);
		}
		if (status != 0 || !found)
			fail_msg("case %zu: no '%s' on line %u in\n%s", i, want->says, want->line,
				ww_buf_text(&all));
		ww_buf_done(&text);
		ww_buf_done(&all);
		ww_problems_done(&problems);
		ww_advisory_free(&advisory);
	}
}

/* Ports side by side, of another protocol, or listed in parts are no smell. */
static void lint_is_silent_on_listed_ports(void **state)
{
	(void)state;
	static const char text[] =
		TOP STAGE "event: contact, sets: targeted, confidence: 1}\n"
			  "  - {id: b, title: {en: t, ja: t}, from: attacker, port: 1-4/tcp, "
			  "source: s, event: contact, sets: targeted, confidence: 1}\n"
			  "  ports: [{port: 1-2/tcp, role: r, source: s}, {port: 3-4/tcp, role: r, "
			  "source: s}, {port: 1-4/udp, role: r, source: s}]\n";
	struct ww_problems problems = WW_PROBLEMS_INIT;
	struct ww_advisory *advisory = NULL;
	assert_int_equal(
		ww_advisory_load_text("t.yaml", text, sizeof(text) - 1, NULL, &advisory, &problems),
		0);
	assert_int_equal(advisory->n_ports, 3);
	ww_advisory_lint(advisory, &problems);
	for (size_t i = 0; i < problems.n_items; i++) {
		assert_string_not_equal(problems.items[i].code, "WA011");
		assert_null(strstr(problems.items[i].text, "is listed in line"));
	}
	ww_problems_done(&problems);
	ww_advisory_free(&advisory);
}

/* A sid in a comment, in quotes or as part of a number is none. */
static void lint_finds_sids_in_rules(void **state)
{
	(void)state;
	static const struct {
		const char *rules;
		bool has;
	} cases[] = {
		{"alert tcp any any -> any 1 (sid:77;)\n", true},
		{"alert tcp any any -> any 1 (msg:\"a\"; \\\n sid : 77 ; rev:1;)\n", true},
		{"# alert tcp any any -> any 1 (sid:77;)\n", false},
		{"alert tcp any any -> any 1 (msg:\"; sid:77;\"; sid:78;)\n", false},
		{"alert tcp any any -> any 1 (sid:770;)\n", false},
		{"alert tcp any any -> any 1 (xsid:77;)\n", false},
	};
	struct ww_problems problems = WW_PROBLEMS_INIT;
	struct ww_advisory *advisory = load_shipped("blaster");
	const struct ww_advisory was = *advisory;
	uint32_t sid = 77;
	char id[] = "a";
	for (size_t i = 0; i < WW_N(cases); i++) {
		char *copy = strdup(cases[i].rules);
		struct ww_rules_text rules = {.text = copy, .len = strlen(copy)};
		struct ww_stage stage = {.id = id, .sids = &sid, .n_sids = 1, .confidence = 1};
		advisory->rules = &rules;
		advisory->n_rules = 1;
		advisory->stages = &stage;
		advisory->n_stages = 1;
		ww_problems_done(&problems);
		ww_advisory_lint(advisory, &problems);
		if ((problems.n_errors == 0) != cases[i].has)
			fail_msg("%s", cases[i].rules);
		*advisory = was;
		free(copy);
	}
	ww_problems_done(&problems);
	ww_advisory_free(&advisory);
}

/* The shipped ones have no errors, and Japanese everywhere. */
static void shipped_advisories_pass_the_lint(void **state)
{
	(void)state;
	static const char *const ids[] = {"blaster", "code-red-ii"};
	for (size_t i = 0; i < WW_N(ids); i++) {
		struct ww_problems problems = WW_PROBLEMS_INIT;
		struct ww_advisory *advisory = load_shipped(ids[i]);
		ww_advisory_lint(advisory, &problems);
		for (size_t j = 0; j < problems.n_items; j++) {
			const char *code = problems.items[j].code;
			if (problems.items[j].severity == WW_SEVERITY_ERROR ||
				strcmp(code, "WA001") == 0)
				fail_msg("%s:%u: %s", ids[i], problems.items[j].at.line,
					problems.items[j].text);
		}
		assert_true(problems.n_notes > 5);
		ww_problems_done(&problems);
		ww_advisory_free(&advisory);
	}
}

/* Every row of the table is in the schema and in the man page. */
static void the_table_is_published(void **state)
{
	(void)state;
	struct ww_buf schema = WW_BUF_INIT, man = WW_BUF_INIT;
	ww_advisory_schema(&schema);
	ww_advisory_man(&man);
	for (size_t i = 0; i < WW_FIELDS; i++) {
		const struct ww_field *field = ww_field_get(i);
		assert_non_null(strstr(ww_buf_text(&schema), field->help));
	}
	size_t entries = 0;
	for (const char *p = ww_buf_text(&man); (p = strstr(p, "\n\t")) != NULL; p++)
		entries++;
	assert_int_equal(entries, WW_FIELDS);
	ww_buf_done(&schema);
	ww_buf_done(&man);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_shown),
		cmocka_unit_test(lines_keep_to_the_width),
		cmocka_unit_test(lint_tells_what_smells),
		cmocka_unit_test(lint_is_silent_on_listed_ports),
		cmocka_unit_test(lint_finds_sids_in_rules),
		cmocka_unit_test(shipped_advisories_pass_the_lint),
		cmocka_unit_test(the_table_is_published),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
