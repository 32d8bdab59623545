// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The shipped advisories hold every fact of facts.txt, in two languages, each with its source; and
 * what a drill plays of them is text without an exploit in it.
 *
 * The facts are looked for in the loaded structs by the table of fields, so that a fact counts only
 * where a command can find it. Run with PRINT_FACTS=1 to see the list.
 */
#include "advisory/facts.h"
#include "advisory/fields.h"
#include "advisory/load.h"
#include "base/file.h"

#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

enum { PATH = 256, VALUE = 32768, CONDITIONS = 8 };

static struct ww_advisory *shipped[2];
static const char *const ids[] = {"blaster", "code-red-ii"};

/* One line of a fact, cut into its parts. */
struct asked {
	char section[PATH];
	struct condition {
		char member[PATH];
		bool japanese, exact;
		char text[PATH * 4];
	} conditions[CONDITIONS];
	size_t n;
};

/* ---- values as text ---- */

static void add_many(char *out, const struct ww_field *field, const struct ww_advisory *advisory,
	const void *base)
{
	const void *array;
	memcpy(&array, ww_field_of(field, advisory, base), sizeof(array));
	size_t n = ww_field_n(field, advisory, base), len = 0;
	for (size_t i = 0; i < n && len < VALUE; i++) {
		char ports[WW_PORTS_TEXT_MAX], number[16];
		const char *one;
		switch (field->kind) {
		case WW_KIND_PORTS:
			one = ww_ports_print((const struct ww_ports *)array + i, ports);
			break;
		case WW_KIND_SIDS:
			snprintf(number, sizeof(number), "%u", ((const uint32_t *)array)[i]);
			one = number;
			break;
		case WW_KIND_RULES: one = ((const struct ww_rules_text *)array)[i].text; break;
		default: one = ((const char *const *)array)[i];
		}
		len += (size_t)snprintf(out + len, VALUE - len, "%s%s", i ? ", " : "", one);
	}
}

static void print_number(char *out, enum ww_kind kind, const void *member)
{
	uint32_t small;
	uint64_t large;
	double real;
	switch (kind) {
	case WW_KIND_U32: memcpy(&small, member, 4), snprintf(out, VALUE, "%u", small); break;
	case WW_KIND_U64:
	case WW_KIND_SECONDS:
		memcpy(&large, member, 8);
		snprintf(out, VALUE, "%llu", (unsigned long long)large);
		break;
	default: memcpy(&real, member, 8); snprintf(out, VALUE, "%g", real);
	}
}

/* A value of any kind as text; "" when it was not given. */
static void print_value(char *out, const struct ww_field *field, bool japanese,
	const struct ww_advisory *advisory, const void *base)
{
	const void *member = ww_field_of(field, advisory, base);
	const struct ww_text *text = member;
	const struct ww_range *range = member;
	const char *string;
	char ports[WW_PORTS_TEXT_MAX];
	unsigned word;
	out[0] = '\0';
	switch (field->kind) {
	case WW_KIND_TEXT:
	case WW_KIND_PROSE:
		string = japanese ? text->ja : text->en;
		snprintf(out, VALUE, "%s", string ? string : "");
		return;
	case WW_KIND_PORT: snprintf(out, VALUE, "%s", ww_ports_print(member, ports)); return;
	case WW_KIND_DAYS:
	case WW_KIND_MONTHS: snprintf(out, VALUE, "%u-%u", range->low, range->high); return;
	case WW_KIND_BOOL:
		snprintf(out, VALUE, "%s", *(const bool *)member ? "true" : "false");
		return;
	case WW_KIND_TRI:
		memcpy(&word, member, sizeof(word));
		snprintf(out, VALUE, "%s", word == WW_TRI_YES ? "true" : word ? "false" : "");
		return;
	case WW_KIND_ROLE:
	case WW_KIND_EVENT:
	case WW_KIND_STATE:
	case WW_KIND_CONFIDENCE:
	case WW_KIND_DIRECTION:
		memcpy(&word, member, sizeof(word));
		snprintf(out, VALUE, "%s", ww_kind_words(field->kind)[word]);
		return;
	case WW_KIND_PORTS:
	case WW_KIND_SIDS:
	case WW_KIND_LINES:
	case WW_KIND_CONTENTS:
	case WW_KIND_RULES:
	case WW_KIND_YARA: add_many(out, field, advisory, base); return;
	case WW_KIND_U32:
	case WW_KIND_U64:
	case WW_KIND_SECONDS:
	case WW_KIND_FRACTION:
	case WW_KIND_RATE: print_number(out, field->kind, member); return;
	default:
		memcpy(&string, member, sizeof(string));
		snprintf(out, VALUE, "%s", string ? string : "");
	}
}

/* ---- items of sections ---- */

typedef bool item_fn(
	const struct ww_advisory *advisory, const char *section, const void *base, void *context);

/*
 * Calls `each` for every item of a section, "host.files" or "filters[].caveats", until it returns
 * true; for a section that is no list, and for '.', once. `done` is how much of the path is behind.
 */
static bool each_item(const struct ww_advisory *advisory, const char *section, size_t done,
	const void *base, item_fn *each, void *context)
{
	char path[PATH];
	const char *cut = strstr(section + done, "[]");
	snprintf(path, sizeof(path), "%.*s", cut ? (int)(cut - section) : (int)strlen(section),
		section);
	const struct ww_field *field = ww_field_find(path);
	if (!field && strcmp(section, ".") != 0)
		fail_msg("there is no section '%s'", path);
	if (!field || field->kind != WW_KIND_LIST)
		return each(advisory, section,
			field && field->kind == WW_KIND_STRUCT ? ww_field_of(field, advisory, base)
							       : base,
			context);
	const char *items;
	memcpy(&items, ww_field_of(field, advisory, base), sizeof(items));
	size_t n = ww_field_n(field, advisory, base);
	for (size_t i = 0; i < n; i++) {
		const char *item = items + i * field->item_size;
		bool stop = cut ? each_item(advisory, section, (size_t)(cut - section) + 2, item,
					  each, context)
				: each(advisory, section, item, context);
		if (stop)
			return true;
	}
	return false;
}

static const struct ww_field *member_of(const char *section, const char *member)
{
	char path[PATH * 2];
	const struct ww_field *list = ww_field_find(section);
	bool top = strcmp(section, ".") == 0;
	snprintf(path, sizeof(path), "%s%s%s", top ? "" : section,
		top                                  ? ""
		: list && list->kind == WW_KIND_LIST ? "[]."
						     : ".",
		member);
	const struct ww_field *field = ww_field_find(path);
	if (!field)
		fail_msg("there is no field '%s'", path);
	return field;
}

static bool matches(const char *value, const struct condition *condition)
{
	if (condition->exact)
		return strcmp(value, condition->text) == 0;
	regex_t regex;
	if (regcomp(&regex, condition->text, REG_EXTENDED | REG_NOSUB) != 0)
		fail_msg("not a regular expression: %s", condition->text);
	bool found = regexec(&regex, value, 0, NULL, 0) == 0;
	regfree(&regex);
	return found;
}

static bool item_meets(
	const struct ww_advisory *advisory, const char *section, const void *base, void *context)
{
	static char value[VALUE];
	const struct asked *asked = context;
	for (size_t i = 0; i < asked->n; i++) {
		const struct condition *condition = &asked->conditions[i];
		const struct ww_field *field = member_of(section, condition->member);
		print_value(value, field, condition->japanese, advisory, base);
		if (!matches(value, condition))
			return false;
	}
	return true;
}

static bool holds(const struct ww_advisory *advisory, struct asked *asked)
{
	return each_item(advisory, asked->section, 0, advisory, item_meets, asked);
}

/* ---- the list of facts ---- */

static void copy(char *to, size_t size, const char *text, size_t len)
{
	if (len >= size)
		fail_msg("too long: %.*s", (int)len, text);
	memcpy(to, text, len);
	to[len] = '\0';
}

/* "aliases: name = Lovsan && by ~ CIAC" */
static void parse_asked(const char *line, size_t len, struct asked *ret)
{
	char text[PATH * 8];
	copy(text, sizeof(text), line, len);
	char *colon = strstr(text, ": ");
	if (!colon)
		fail_msg("no section: %s", text);
	copy(ret->section, sizeof(ret->section), text, (size_t)(colon - text));
	ret->n = 0;
	for (char *p = colon + 2; p;) {
		char *next = strstr(p, " && ");
		if (next)
			*next = '\0';
		char *blank = strchr(p, ' ');
		if (!blank || !strchr("=~", blank[1]) || blank[2] != ' ' || ret->n == CONDITIONS)
			fail_msg("not a condition: %s", p);
		struct condition *condition = &ret->conditions[ret->n++];
		condition->exact = blank[1] == '=';
		condition->japanese = blank - p > 3 && strncmp(blank - 3, ".ja", 3) == 0;
		copy(condition->member, sizeof(condition->member), p,
			(size_t)(blank - p) - (condition->japanese ? 3 : 0));
		copy(condition->text, sizeof(condition->text), blank + 3, strlen(blank + 3));
		p = next ? next + 4 : NULL;
	}
}

static const struct ww_advisory *advisory_of(const char *line, const char *colon)
{
	for (size_t i = 0; i < WW_N(ids); i++)
		if (strlen(ids[i]) == (size_t)(colon - line - 5) &&
			strncmp(line + 5, ids[i], strlen(ids[i])) == 0)
			return shipped[i];
	fail_msg("of no advisory: %.*s", (int)(colon - line), line);
	return NULL;
}

static void every_fact_is_held(void **state)
{
	(void)state;
	struct ww_buf text = WW_BUF_INIT;
	assert_int_equal(ww_file_load(FACTS, 1 << 20, &text), 0);
	const struct ww_advisory *advisory = NULL;
	size_t n_facts = 0, n_lines = 0, n_missing = 0, of_fact = 1;
	const char *fact = "";
	int fact_len = 0;
	for (const char *p = ww_buf_text(&text), *end; *p; p = end + (*end == '\n')) {
		end = p + strcspn(p, "\n");
		if (*p == '#' || end == p)
			continue;
		if (strncmp(p, "fact ", 5) == 0) {
			assert_true(of_fact > 0);
			advisory = advisory_of(p, p + strcspn(p, ":"));
			fact = p, fact_len = (int)(end - p), of_fact = 0, n_facts++;
			if (getenv("PRINT_FACTS"))
				print_message("%.*s\n", fact_len, fact);
			continue;
		}
		assert_true(*p == '\t' && advisory);
		struct asked asked;
		parse_asked(p + 1, (size_t)(end - p - 1), &asked);
		of_fact++, n_lines++;
		if (!holds(advisory, &asked)) {
			n_missing++;
			print_error("missing: %.*s\n  %.*s\n", fact_len, fact, (int)(end - p), p);
		}
	}
	ww_buf_done(&text);
	print_message("%zu facts, %zu lines\n", n_facts, n_lines);
	assert_int_equal(n_missing, 0);
	assert_true(n_facts > 90 && n_lines > 130);
}

/* The test can fail: what is not so is not found, each with one condition off. */
static void what_is_not_so_is_not_found(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"aliases: name = Nimda",
		"host.files: name = msblast.exe && bytes = 6177",
		"host.files: md5 ~ ^5ae700c1dffb00cef492844a4db6cd68$",
		"network.stages: id = shell && port = 4444/udp",
		"network.flood[].dates: days = 16-30",
		"filters: id = jpcert && direction = in",
		"filters[].caveats: port = 4444/tcp && text.ja ~ FTP",
		"propagation: threads = 300",
		"affected.products: name = Microsoft Windows Server 2003 && spreads = true",
		".: number = JPCERT-AT-2003-0004",
	};
	for (size_t i = 0; i < WW_N(wrong); i++) {
		struct asked asked;
		parse_asked(wrong[i], strlen(wrong[i]), &asked);
		if (holds(shipped[0], &asked))
			fail_msg("found: %s", wrong[i]);
	}
}

/* ---- languages and sources ---- */

static bool is_japanese(const char *text)
{
	/* Hiragana, katakana and most kanji are three bytes from E3 to E9. */
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if (*p >= 0xe3 && *p <= 0xe9)
			return true;
	return false;
}

struct tally {
	const struct ww_field *field;
	size_t texts, cited;
};

static bool text_is_in_both(
	const struct ww_advisory *advisory, const char *section, const void *base, void *context)
{
	struct tally *tally = context;
	const struct ww_text *text = ww_field_of(tally->field, advisory, base);
	if (!text->en)
		return false;
	tally->texts++;
	bool is_name = strstr(tally->field->path, ".breaks") != NULL;
	if (!text->ja || is_japanese(text->en) || !(is_name || is_japanese(text->ja)))
		fail_msg("%s:%u: '%s' is not in both languages", advisory->id, text->at.line,
			tally->field->path);
	return false;
}

static bool item_cites(
	const struct ww_advisory *advisory, const char *section, const void *base, void *context)
{
	struct tally *tally = context;
	const char *source;
	memcpy(&source, ww_field_of(tally->field, advisory, base), sizeof(source));
	if (!source)
		fail_msg("%s: an item of '%s' has no source", advisory->id, section);
	tally->cited++;
	return false;
}

/* "host.files" of "host.files[].note"; "." of "title". */
static void section_of(const struct ww_field *field, char section[PATH])
{
	const struct ww_field *parent = ww_field_parent(field);
	snprintf(section, PATH, "%s", parent ? parent->path : ".");
}

static void every_text_is_in_both_languages(void **state)
{
	(void)state;
	for (size_t a = 0; a < WW_N(ids); a++) {
		struct tally tally = {.texts = 0};
		for (size_t i = 0; i < WW_FIELDS; i++) {
			char section[PATH];
			tally.field = ww_field_get(i);
			if (tally.field->kind != WW_KIND_TEXT && tally.field->kind != WW_KIND_PROSE)
				continue;
			section_of(tally.field, section);
			each_item(shipped[a], section, 0, shipped[a], text_is_in_both, &tally);
		}
		print_message("%s: %zu texts\n", ids[a], tally.texts);
		assert_true(tally.texts > 80);
	}
}

static void every_fact_has_a_source(void **state)
{
	(void)state;
	for (size_t a = 0; a < WW_N(ids); a++) {
		struct tally tally = {.texts = 0};
		for (size_t i = 0; i < WW_FIELDS; i++) {
			char section[PATH];
			tally.field = ww_field_get(i);
			if (tally.field->kind != WW_KIND_SOURCE)
				continue;
			section_of(tally.field, section);
			each_item(shipped[a], section, 0, shipped[a], item_cites, &tally);
		}
		assert_true(tally.cited > 80);
	}
}

/* ---- what a drill plays ---- */

static size_t decode(const char *notation, unsigned char *out, size_t size)
{
	size_t n = 0;
	bool hex = false;
	for (const char *p = notation; *p && n < size; p++) {
		if (*p == '|') {
			hex = !hex;
		} else if (!hex) {
			p += *p == '\\';
			out[n++] = (unsigned char)*p;
		} else if (*p != ' ') {
			const char pair[3] = {p[0], p[1], '\0'};
			out[n++] = (unsigned char)strtoul(pair, NULL, 16);
			p++;
		}
	}
	return n;
}

/* Text, line breaks, and the bytes that a rule or a protocol asks for: nothing that could run. */
static void is_inert(const struct ww_dialog *line)
{
	unsigned char bytes[4096];
	size_t n = decode(line->send, bytes, sizeof(bytes)), binary = 0;
	assert_true(n > 0 && n < 512);
	for (size_t i = 0; i < n; i++) {
		bool text = (bytes[i] >= 0x20 && bytes[i] < 0x7f) || bytes[i] == '\r' ||
			    bytes[i] == '\n';
		if (bytes[i] > 0x7f)
			fail_msg("line %u: a drill says 0x%02x", line->at.line, bytes[i]);
		binary += !text;
	}
	assert_true(binary <= 4);
}

static void what_a_drill_says_is_inert(void **state)
{
	(void)state;
	size_t lines = 0, decoys = 0;
	for (size_t a = 0; a < WW_N(ids); a++)
		for (size_t i = 0; i < shipped[a]->n_stages; i++) {
			const struct ww_stage *stage = &shipped[a]->stages[i];
			for (size_t j = 0; j < stage->n_dialog; j++, lines++)
				is_inert(&stage->dialog[j]);
			for (size_t j = 0; j < stage->n_decoys; j++, decoys++)
				is_inert(&stage->decoys[j]);
		}
	assert_true(lines >= 10 && decoys >= 6);
}

/* How many bytes without 5C follow the first 00 5C 00 5C; -1 when it is not there. */
static int clear_run(const struct ww_dialog *line)
{
	unsigned char bytes[4096];
	size_t n = decode(line->send, bytes, sizeof(bytes));
	const unsigned char *at = memmem(bytes, n, "\0\\\0\\", 4);
	if (!at)
		return -1;
	size_t from = (size_t)(at - bytes) + 4, i = from;
	while (i < n && bytes[i] != 0x5c)
		i++;
	return (int)(i - from);
}

/* Symantec's rule wants 32 bytes without 5C; the decoys stop short of it, one by a single byte. */
static void blaster_markers_lie_on_both_sides_of_the_window(void **state)
{
	(void)state;
	const struct ww_stage *stage = &shipped[0]->stages[1];
	assert_string_equal(stage->id, "exploit");
	assert_int_equal(stage->n_dialog, 1);
	assert_true(clear_run(&stage->dialog[0]) >= 32);
	int longest = 0;
	for (size_t i = 0; i < stage->n_decoys; i++) {
		int run = clear_run(&stage->decoys[i]);
		assert_true(run >= 0 && run < 32);
		longest = run > longest ? run : longest;
	}
	assert_int_equal(longest, 31);
}

/* ---- the rule as printed ---- */

static void symantecs_rule_is_as_printed(void **state)
{
	(void)state;
	const char *shared = getenv("WORMWOOD_SHARED");
	char path[4096];
	snprintf(path, sizeof(path), "%s/seeds/000_f2627d2b9c47fe6a.txt", shared ? shared : SHARED);
	struct ww_buf text = WW_BUF_INIT;
	if (ww_file_load(path, 1 << 20, &text) != 0) {
		print_message("the article is not here (WORMWOOD_SHARED): not compared\n");
		ww_buf_done(&text);
		skip();
	}
	const char *from = strstr(ww_buf_text(&text), "alert tcp");
	const char *end = from ? strstr(from, "rev: 1; )") : NULL;
	assert_non_null(end);
	char rule[1024];
	copy(rule, sizeof(rule), from, (size_t)(end - from) + strlen("rev: 1; "));
	size_t len = strlen(rule);
	snprintf(rule + len, sizeof(rule) - len, "sid:1000001; )\n");
	assert_non_null(strstr(shipped[0]->rules[0].text, rule));
	ww_buf_done(&text);
}

static int load_both(void **state)
{
	(void)state;
	for (size_t i = 0; i < WW_N(ids); i++) {
		char path[4096];
		snprintf(path, sizeof(path), "%s/%s", ADVISORIES, ids[i]);
		struct ww_problems problems = WW_PROBLEMS_INIT;
		int rc = ww_advisory_load(path, &shipped[i], &problems);
		for (size_t j = 0; j < problems.n_items; j++) {
			struct ww_buf out = WW_BUF_INIT;
			ww_problem_print(&out, &problems, j);
			print_error("%s", ww_buf_text(&out));
			ww_buf_done(&out);
		}
		bool clean = rc == 0 && problems.n_warnings == 0;
		ww_problems_done(&problems);
		if (!clean)
			return -1;
	}
	return 0;
}

static int free_both(void **state)
{
	(void)state;
	for (size_t i = 0; i < WW_N(ids); i++)
		ww_advisory_free(&shipped[i]);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fact_is_held),
		cmocka_unit_test(what_is_not_so_is_not_found),
		cmocka_unit_test(every_text_is_in_both_languages),
		cmocka_unit_test(every_fact_has_a_source),
		cmocka_unit_test(what_a_drill_says_is_inert),
		cmocka_unit_test(blaster_markers_lie_on_both_sides_of_the_window),
		cmocka_unit_test(symantecs_rule_is_as_printed),
	};
	return cmocka_run_group_tests(tests, load_both, free_both);
}
