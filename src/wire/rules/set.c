// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A set of rules: its life, its problems, loading text into it.
 */
#include "wire/rules/rules-private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ww_arena_block {
	struct ww_arena_block *next;
	size_t used, size;
	_Alignas(max_align_t) unsigned char data[];
};

void ww_arena_done(struct ww_arena *arena)
{
	while (arena->block) {
		struct ww_arena_block *block = arena->block;
		arena->block = block->next;
		free(block);
	}
}

void *ww_arena_take(struct ww_arena *arena, size_t size)
{
	size = (size + 15) & ~(size_t)15;
	struct ww_arena_block *block = arena->block;
	if (!block || block->size - block->used < size) {
		size_t room = size > 32768 ? size : 32768;
		block = calloc(1, sizeof(*block) + room);
		if (!block)
			return NULL;
		block->size = room;
		block->next = arena->block;
		arena->block = block;
	}
	void *taken = block->data + block->used;
	block->used += size;
	return taken;
}

char *ww_arena_text(struct ww_arena *arena, const char *text, size_t len)
{
	char *copy = ww_arena_take(arena, len + 1);
	if (copy && len)
		memcpy(copy, text, len);
	return copy;
}

int ww_rules_grow(void **array, size_t *cap, size_t n, size_t size)
{
	if (n < *cap)
		return 0;
	size_t more = *cap ? *cap * 2 : 8;
	void *grown = reallocarray(*array, more, size);
	if (!grown)
		return -ENOMEM;
	*array = grown;
	*cap = more;
	return 0;
}

void ww_rules_note(struct ww_rules *rules, const char *file, struct ww_at at, bool severe,
	const char *format, ...)
{
	if (rules->n_problems == WW_RULE_PROBLEMS_MAX ||
		ww_rules_grow((void **)&rules->problems, &rules->cap_problems, rules->n_problems,
			sizeof(*rules->problems)) < 0)
		return;
	struct ww_rule_problem *problem = &rules->problems[rules->n_problems];
	*problem = (struct ww_rule_problem){.file = file, .at = at, .severe = severe};
	va_list args;
	va_start(args, format);
	vsnprintf(problem->text, sizeof(problem->text), format, args);
	va_end(args);
	/* A note that is true of many rules is said once a file. */
	if (strncmp(problem->text, "note:", 5) == 0)
		for (size_t i = 0; i < rules->n_problems; i++)
			if (rules->problems[i].file == file &&
				strcmp(rules->problems[i].text, problem->text) == 0)
				return;
	rules->n_problems++;
}

static int set_home(struct ww_rules *rules, const struct ww_prefix *home, size_t n)
{
	struct ww_buf text = WW_BUF_INIT;
	ww_buf_addc(&text, '[');
	for (size_t i = 0; i < n; i++) {
		char ip[WW_IP_TEXT_MAX];
		int bits = home[i].bits - (ww_ip_is_v4(&home[i].ip) ? 96 : 0);
		ww_buf_addf(&text, "%s%s/%d", i ? "," : "", ww_ip_print(&home[i].ip, ip), bits);
	}
	ww_buf_addc(&text, ']');
	int r = text.failed ? -ENOMEM : ww_var_set(rules, "HOME_NET", 8, text.data, text.len, true);
	ww_buf_done(&text);
	return r;
}

int ww_rules_new(const struct ww_prefix *home, size_t n_home, struct ww_rules **ret)
{
	struct ww_rules *rules = calloc(1, sizeof(*rules));
	if (!rules)
		return -ENOMEM;
	rules->key = ww_hash_key_fixed(0);
	rules->next_sid = 1000000001;
	pthread_mutex_init(&rules->jit_lock, NULL);
	int r = n_home ? set_home(rules, home, n_home) : 0;
	if (r < 0)
		ww_rules_free(&rules);
	else
		*ret = rules;
	return r;
}

void ww_rules_free(struct ww_rules **rules_)
{
	struct ww_rules *rules = *rules_;
	if (!rules)
		return;
	ww_groups_done(rules);
	ww_scanners_done(rules);
	ww_messages_done(rules);
	ww_desks_done(rules);
	pthread_mutex_destroy(&rules->jit_lock);
	ww_transfers_free(&rules->transfers);
	for (size_t i = 0; i < rules->n_codes; i++)
		pcre2_code_free(rules->codes[i]->code);
	free(rules->codes);
	for (size_t i = 0; i < rules->n_vars; i++) {
		free(rules->vars[i].name);
		free(rules->vars[i].value);
	}
	free(rules->vars);
	free(rules->items);
	free(rules->by_sid);
	free(rules->problems);
	free(rules->addresses);
	ww_address_classes_done(rules);
	free(rules->filters);
	free(rules->files);
	for (size_t i = 0; i < rules->n_defaults; i++) {
		free(rules->defaults[i].name);
		free(rules->defaults[i].value);
	}
	free(rules->defaults);
	free(rules->ports);
	ww_arena_done(&rules->arena);
	free(rules);
	*rules_ = NULL;
}

int ww_rules_set(struct ww_rules *rules, const char *name_value, struct ww_err *err)
{
	const char *equals = strchr(name_value, '=');
	if (!equals)
		return ww_fail(err, WW_NOWHERE, -EINVAL, "NAME=VALUE is expected");
	size_t name_len = (size_t)(equals - name_value);
	int r = ww_var_set(rules, name_value, name_len, equals + 1, strlen(equals + 1), true);
	if (r < 0)
		return ww_fail(err, WW_NOWHERE, r, "'%.60s' is not NAME=VALUE", name_value);
	return 0;
}

/* "var NAME VALUE", "include FILE": lines that are no rules. Returns 1 when it was one. */
static int load_directive(struct ww_rules *rules, const struct ww_line *line, const char *file)
{
	static const char *const unread[] = {"include", "config", "preprocessor", "output",
		"ruletype", "dynamicpreprocessor", "dynamicengine", "dynamicdetection"};
	struct ww_span rest = {line->text.data, line->text.len, 0}, word, name;
	if (!ww_span_word(&rest, &word))
		return 1;
	for (size_t i = 0; i < WW_N(unread); i++) {
		if (!ww_span_is(&word, unread[i]))
			continue;
		ww_rules_note(rules, file, ww_line_at(line, word.pos), false,
			"'%s' is not supported in a rule file", unread[i]);
		rules->counts.refused++;
		rules->files[rules->here].refused++;
		return 1;
	}
	if (!ww_span_is(&word, "var") && !ww_span_is(&word, "ipvar") &&
		!ww_span_is(&word, "portvar"))
		return 0;
	int r = -EINVAL;
	if (ww_span_word(&rest, &name)) {
		ww_span_trim(&rest);
		r = ww_var_set(rules, name.text, name.len, rest.text, rest.len, false);
	}
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		ww_rules_note(rules, file, ww_line_at(line, name.pos), true,
			r == -E2BIG ? "too many variables" : "a name and a value are expected");
	return 1;
}

struct ww_rule_file *ww_rules_file_of(struct ww_rules *rules, const char *file)
{
	for (size_t i = rules->n_files; i > 0; i--)
		if (rules->files[i - 1].file == file)
			return &rules->files[i - 1];
	return NULL;
}

void ww_rules_take_disabled(struct ww_rules *rules)
{
	rules->take_disabled = true;
}

static int load_line(
	struct ww_rules *rules, const struct ww_line *line, const char *file, const char *owner)
{
	struct ww_err err = {0};
	struct ww_rule_file *here = &rules->files[rules->here];
	int r = -EINVAL;
	snprintf(rules->about, sizeof(rules->about), "the line");
	if (line->disabled && !rules->take_disabled) {
		rules->counts.disabled++;
		here->disabled++;
		return 0;
	}
	if (line->too_long)
		ww_err_set(&err, ww_line_at(line, 0), r, "the line is longer than %d bytes",
			WW_RULE_LINE_MAX);
	else if (memchr(line->text.data, '\0', line->text.len))
		ww_err_set(&err, ww_line_at(line, 0), r, "a NUL byte in the line");
	else {
		r = load_directive(rules, line, file);
		if (r == 0)
			r = ww_filter_parse(rules, line, file, &err);
		if (r > 0 || r == -ENOMEM)
			return r < 0 ? r : 0;
		if (r == 0)
			r = ww_rule_parse(rules, line, file, owner, &err);
	}
	if (r == -ENOMEM || r == 0)
		return r;
	/* Prose that begins like a rule: "# alert on ...". */
	if (line->disabled && !memmem(line->text.data, line->text.len, "sid", 3)) {
		rules->counts.disabled++;
		here->disabled++;
		return 0;
	}
	rules->counts.refused++;
	here->refused++;
	size_t before = rules->n_problems;
	ww_rules_note(rules, file, err.at, r != -EOPNOTSUPP, "%s", err.text);
	if (rules->n_problems > before)
		memcpy(rules->problems[before].about, rules->about, sizeof(rules->about));
	return 0;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Makes the file the one that is being loaded. A file may come in parts, as the texts of an
 * advisory's stages do. */
static int open_file(struct ww_rules *rules, const char *name, const char *owner)
{
	if (rules->compiled)
		return -EINVAL;
	for (size_t i = 0; i < rules->n_files; i++) {
		if (strcmp(rules->files[i].file, name) == 0 &&
			same_text(rules->files[i].owner, owner)) {
			rules->here = i;
			return 0;
		}
	}
	struct ww_rule_file made = {.file = ww_arena_text(&rules->arena, name, strlen(name)),
		.owner = owner ? ww_arena_text(&rules->arena, owner, strlen(owner)) : NULL};
	if (!made.file || (owner && !made.owner) ||
		ww_rules_grow((void **)&rules->files, &rules->cap_files, rules->n_files,
			sizeof(*rules->files)) < 0)
		return -ENOMEM;
	rules->here = rules->n_files;
	rules->files[rules->n_files++] = made;
	return 0;
}

int ww_rules_load(
	struct ww_rules *rules, const char *file_, const char *owner_, const char *text, size_t len)
{
	int r = open_file(rules, file_, owner_);
	if (r < 0)
		return r;
	const char *file = rules->files[rules->here].file;
	const char *owner = rules->files[rules->here].owner;
	struct ww_lexer lexer = {.text = text, .len = len, .line = 1};
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		lexer.pos = 3; /* a byte order mark */
	struct ww_line line = {0};
	while (r == 0 && ww_lex_line(&lexer, &line))
		r = load_line(rules, &line, file, owner);
	ww_line_done(&line);
	return lexer.failed ? -ENOMEM : r;
}

size_t ww_rules_problems(const struct ww_rules *rules)
{
	return rules->n_problems;
}

const struct ww_rule_problem *ww_rules_problem(const struct ww_rules *rules, size_t i)
{
	ww_assert(i < rules->n_problems);
	return &rules->problems[i];
}

size_t ww_rules_files(const struct ww_rules *rules)
{
	return rules->n_files;
}

const struct ww_rule_file *ww_rules_file(const struct ww_rules *rules, size_t i)
{
	ww_assert(i < rules->n_files);
	return &rules->files[i];
}

size_t ww_rules_defaults(const struct ww_rules *rules)
{
	return rules->n_defaults;
}

const struct ww_rule_default *ww_rules_default(const struct ww_rules *rules, size_t i)
{
	ww_assert(i < rules->n_defaults);
	return &rules->defaults[i];
}

size_t ww_rules_n(const struct ww_rules *rules)
{
	return rules->n_items;
}

const struct ww_rule *ww_rules_get(const struct ww_rules *rules, size_t i)
{
	ww_assert(i < rules->n_items);
	return &rules->items[i].rule;
}
