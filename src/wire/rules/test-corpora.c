// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Rule files of others, disabled rules and all: every rule loads, or is refused for something that
 * the refusal names; how many of each; and what loaded can be compiled and tried.
 *
 * Read in place, from $WORMWOOD_SHARED or ../shared; skipped without them.
 */
#include "wire/rules/test-rules.h"

#include "base/file.h"

#include <ctype.h>
#include <dirent.h>

struct corpus {
	const char *folder;
	double most_refused; /* percent */
};

static const struct corpus corpora[] = {
	{"snort-2004", 1}, {"snort-community-2016", 1}, {"et-open-2020", 5}};

/* Lines that are rules, switched on or off, by other means than the lexer's. */
static size_t count_rules(const struct ww_buf *text)
{
	size_t n = 0;
	for (size_t i = 0; i < text->len;) {
		const char *line = text->data + i;
		const char *end = memchr(line, '\n', text->len - i);
		size_t len = end ? (size_t)(end - line) : text->len - i;
		i += len + 1;
		while (len > 0 && (*line == '#' || isblank((unsigned char)*line))) {
			line++;
			len--;
		}
		n += len > 6 && memcmp(line, "alert ", 6) == 0 &&
		     (memmem(line, len, "sid:", 4) || memmem(line, len, "(msg:", 5));
	}
	return n;
}

/* The number of rules in the folder's files, all loaded; 0: it is not there. */
static size_t load_folder(const char *folder, struct ww_rules *rules)
{
	char path[1024];
	struct dirent **names;
	size_t rules_there = 0;
	snprintf(path, sizeof(path), "%s/rules/%s", stage_shared(), folder);
	int n = scandir(path, &names, NULL, alphasort);
	if (n < 0)
		return 0;
	for (int i = 0; i < n; i++) {
		struct ww_buf text = WW_BUF_INIT;
		snprintf(path, sizeof(path), "%s/rules/%s/%s", stage_shared(), folder,
			names[i]->d_name);
		if (strstr(names[i]->d_name, ".rules") && ww_file_load(path, 1 << 26, &text) == 0) {
			assert_int_equal(
				ww_rules_load(rules, names[i]->d_name, NULL, text.data, text.len),
				0);
			rules_there += count_rules(&text);
		}
		ww_buf_done(&text);
		free(names[i]);
	}
	free(names);
	return rules_there;
}

static bool is_note(const struct ww_rule_problem *problem)
{
	return strncmp(problem->text, "note:", 5) == 0;
}

/* Checks each problem; counts those for want of a parser. */
static uint64_t check_problems(const struct ww_rules *rules)
{
	uint64_t waiting = 0, refused = 0;
	for (size_t i = 0; i < ww_rules_problems(rules); i++) {
		const struct ww_rule_problem *problem = ww_rules_problem(rules, i);
		assert_true(problem->at.line > 0 && problem->text[0] != '\0');
		bool replaced = strstr(problem->text, "is replaced by") != NULL;
		refused += !is_note(problem);
		if (!is_note(problem) && !replaced && problem->about[0] == '\0')
			fail_msg("%s:%u: refused for nothing: %s", problem->file, problem->at.line,
				problem->text);
		waiting += strstr(problem->text, "nothing offers that buffer") != NULL;
		if (getenv("RULES_VERBOSE"))
			print_message("%s:%u:%u: %s\n", problem->file, problem->at.line,
				problem->at.col, problem->text);
	}
	assert_int_equal(refused, ww_rules_counts(rules).refused);
	return waiting;
}

/* Every rule is whole: it has what its text says. */
static void check_loaded(const struct ww_rules *rules)
{
	for (size_t i = 0; i < ww_rules_n(rules); i++) {
		const struct ww_item *item = &rules->items[i];
		assert_true(item->rule.msg[0] != '\0' && item->rule.sid != 0);
		assert_true(item->src < rules->n_addresses && item->dst < rules->n_addresses);
		assert_true(item->sport < rules->n_ports && item->dport < rules->n_ports);
		for (size_t k = 0; k < item->n_steps; k++)
			assert_non_null(item->steps[k].match);
		for (size_t k = 0; k < item->n_checks; k++)
			assert_true(item->checks[k].match || item->checks[k].match_flow);
	}
}

/* Bytes that look a little like everything, at the ports that rules speak of. */
static void play(struct ww_rules *rules)
{
	static const char request[] = "GET /scripts/..%5c../winnt/system32/cmd.exe?/c+dir "
				      "HTTP/1.0\r\nHost: a\r\nCookie: c=d\r\n\r\n";
	static const char *const texts[] = {
		request,
		"USER anonymous\r\nPASS x\r\nSITE EXEC %p\r\n",
		"\x05\x00\x0b\x03\x10\x00\x00\x00\x48\x00\x00\x00\x01\x00\x00\x00",
		"\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x01 and so on and on and on and on",
	};
	static const uint16_t ports[] = {21, 25, 53, 69, 80, 111, 135, 139, 443, 445, 1434, 8080};
	struct stage stage = {.rules = rules, .kept = STAGE_KEPT};
	for (size_t p = 0; p < WW_N(ports); p++) {
		for (size_t t = 0; t < WW_N(texts); t++) {
			for (int d = 0; d < 2; d++) {
				stage_begin_flow(&stage, WW_PROTO_TCP, ports[p]);
				stage_segment(
					&stage, (enum ww_dir)d, texts[t], strlen(texts[t]), false);
				stage_segment(&stage, (enum ww_dir)d, "", 0, true);
				stage_begin_flow(&stage, WW_PROTO_UDP, ports[p]);
				stage_send(&stage, (enum ww_dir)d, texts[t], strlen(texts[t]));
			}
		}
	}
	ww_rules_forget(rules, &stage.rule_state);
	ww_buf_done(&stage.stream[0]);
	ww_buf_done(&stage.stream[1]);
}

static void test_corpora(void **state)
{
	(void)state;
	for (size_t i = 0; i < WW_N(corpora); i++) {
		struct ww_rules *rules;
		struct ww_err err;
		assert_int_equal(ww_rules_new(NULL, 0, &rules), 0);
		ww_rules_take_disabled(rules);
		size_t there = load_folder(corpora[i].folder, rules);
		if (there == 0) {
			ww_rules_free(&rules);
			print_message("skipped: %s is not here\n", corpora[i].folder);
			skip();
		}
		const struct ww_rules_counts counts = ww_rules_counts(rules);
		uint64_t waiting = check_problems(rules);
		check_loaded(rules);
		double refused = 100.0 * (double)counts.refused / (double)there;
		print_message("%s: %zu rules: %llu loaded, %llu refused (%.2f %%; %llu for a "
			      "buffer that no parser offers), %llu disabled\n",
			corpora[i].folder, there, (unsigned long long)counts.loaded,
			(unsigned long long)counts.refused, refused, (unsigned long long)waiting,
			(unsigned long long)counts.disabled);
		assert_int_equal(counts.loaded + counts.refused + counts.disabled, there);
		assert_int_equal(counts.loaded, ww_rules_n(rules));
		assert_true(refused <= corpora[i].most_refused);
		assert_int_equal(ww_rules_compile(rules, &err), 0);
		play(rules);
		ww_rules_free(&rules);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_corpora),
	};
	return cmocka_run_group_tests_name("corpora", tests, NULL, NULL);
}
