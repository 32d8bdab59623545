// SPDX-License-Identifier: GPL-3.0-or-later
#include "cmd/watch-rules.h"

#include "base/file.h"
#include "base/json.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	RULE_FILE_MAX = 64 << 20,
	RULE_FILES_MAX = 4096, /* of one folder */
	REFUSED_TOLD = 3,      /* without -v, so that a slip in a file of rules is found at once */
	REASONS_MAX = 256,     /* of one file; the rest is counted together */
};

static const char SUFFIX[] = ".rules";

static bool is_rule_file(const char *name)
{
	size_t len = strlen(name), n = strlen(SUFFIX);
	return len > n && strcmp(name + len - n, SUFFIX) == 0;
}

size_t ww_rules_operands(const char **args, size_t *n)
{
	size_t kept = 0, taken = 0;
	const char **others = calloc(*n + 1, sizeof(*others));
	if (!others)
		return 0;
	for (size_t i = 0; i < *n; i++) {
		if (is_rule_file(args[i]))
			others[taken++] = args[i];
		else
			args[kept++] = args[i];
	}
	for (size_t i = 0; i < taken; i++)
		args[kept + i] = others[i];
	free(others);
	*n = kept;
	return taken;
}

/* ---- reading ---- */

static int load_file(struct ww_call *call, struct ww_plan *plan, const char *file)
{
	struct ww_buf text = WW_BUF_INIT;
	int status = ww_file_load(file, RULE_FILE_MAX, &text);
	if (status == 0)
		status = ww_plan_rules(plan, file, ww_buf_text(&text), text.len);
	ww_buf_done(&text);
	if (status != 0)
		ww_usage(call, "%s: %s", file, ww_errno_text(status));
	return status;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names of the rule files in a folder, sorted. How many, or a negative errno. */
static int list_folder(const char *path, char **names)
{
	DIR *folder = opendir(path);
	if (!folder)
		return -errno;
	int n = 0;
	const struct dirent *entry;
	while (n >= 0 && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.' || !is_rule_file(entry->d_name))
			continue;
		if (n == RULE_FILES_MAX || !(names[n] = strdup(entry->d_name))) {
			while (n > 0)
				free(names[--n]);
			n = n == RULE_FILES_MAX ? -E2BIG : -ENOMEM;
			break;
		}
		n++;
	}
	closedir(folder);
	if (n > 1)
		qsort(names, (size_t)n, sizeof(*names), by_name);
	return n;
}

static int load_folder(struct ww_call *call, struct ww_plan *plan, const char *path)
{
	char **names = calloc(RULE_FILES_MAX, sizeof(*names));
	int n = names ? list_folder(path, names) : -ENOMEM;
	int status = n < 0 ? n : 0;
	if (n < 0)
		ww_usage(call, "%s: %s", path, ww_errno_text(n));
	if (n == 0) {
		ww_usage(call, "%s: no file in it ends in %s", path, SUFFIX);
		status = -ENOENT;
	}
	for (int i = 0; i < n; i++) {
		struct ww_buf file = WW_BUF_INIT;
		ww_path_join(&file, path, names[i]);
		if (status == 0)
			status = file.failed ? -ENOMEM : load_file(call, plan, file.data);
		ww_buf_done(&file);
		free(names[i]);
	}
	free(names);
	return status;
}

static int load_path(struct ww_call *call, struct ww_plan *plan, const char *path)
{
	struct stat st;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return load_folder(call, plan, path);
	return load_file(call, plan, path);
}

int ww_rules_read(struct ww_call *call, const struct ww_rules_wish *wish, struct ww_plan *plan)
{
	struct ww_err err = {0};
	int status = 0;
	for (size_t i = 0; i < wish->variables->n_items; i++) {
		if (ww_plan_variable(plan, wish->variables->items[i], &err) != 0) {
			ww_usage(call, "%s", err.text);
			return -EINVAL;
		}
	}
	if (wish->all)
		ww_plan_take_disabled(plan);
	for (size_t i = 0; i < wish->rules->n_items && status == 0; i++)
		status = load_path(call, plan, wish->rules->items[i]);
	for (size_t i = 0; i < wish->n_operands && status == 0; i++)
		status = load_path(call, plan, wish->operands[i]);
	return status;
}

/* ---- telling ---- */

/* Text of a rule file may be anybody's: it does not reach the terminal as it is. */
static void add_problem(struct ww_buf *out, const struct ww_rule_problem *problem)
{
	ww_clean(out, problem->file);
	ww_buf_addf(out, ":%u:%u: ", problem->at.line, problem->at.col);
	ww_clean(out, problem->text);
}

static void tell_sids(const struct ww_call *call, const struct ww_rules *rules)
{
	for (size_t i = 0; i < ww_rules_n(rules); i++) {
		const struct ww_rule *rule = ww_rules_get(rules, i);
		if (rule->gid != WW_GID_STAGE && !rule->sid_given)
			fprintf(call->screen->err, "%s:%u: no sid: %u:%u is given\n", rule->file,
				rule->at.line, rule->gid, rule->sid);
	}
}

static void tell_problems(struct ww_call *call, const struct ww_rules *rules, bool all)
{
	size_t n = ww_rules_problems(rules);
	size_t n_told = all ? n : call->common->quiet ? 0 : n < REFUSED_TOLD ? n : REFUSED_TOLD;
	for (size_t i = 0; i < n_told; i++) {
		struct ww_buf line = WW_BUF_INIT;
		add_problem(&line, ww_rules_problem(rules, i));
		fprintf(call->screen->err, "%s\n", ww_buf_text(&line));
		ww_buf_done(&line);
	}
	if (n > n_told)
		ww_remark(call, "and %zu more like that: -v names them", n - n_told);
}

/* ---- the report ---- */

/* Why rules of one file were refused: what for, how many, one place. */
struct reason {
	const struct ww_rule_problem *first;
	uint64_t count;
};

static int by_count(const void *a, const void *b)
{
	const struct reason *x = a, *y = b;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return strcmp(x->first->about, y->first->about);
}

static size_t collect(const struct ww_rules *rules, const char *file, struct reason *reasons)
{
	size_t n = 0;
	for (size_t i = 0; i < ww_rules_problems(rules); i++) {
		const struct ww_rule_problem *problem = ww_rules_problem(rules, i);
		if (problem->file != file || !problem->about[0])
			continue;
		size_t k = 0;
		while (k < n && strcmp(reasons[k].first->about, problem->about) != 0)
			k++;
		if (k == n && n == REASONS_MAX)
			k = n - 1;
		else if (k == n)
			reasons[n++] = (struct reason){problem, 0};
		reasons[k].count++;
	}
	if (n > 1)
		qsort(reasons, n, sizeof(*reasons), by_count);
	return n;
}

static void report_file(struct ww_call *call, const struct ww_rules *rules,
	const struct ww_rule_file *file, struct reason *reasons, struct ww_buf *out)
{
	size_t n = collect(rules, file->file, reasons);
	ww_buf_addf(out, "%8ju %8ju %8ju  ", (uintmax_t)file->loaded, (uintmax_t)file->refused,
		(uintmax_t)file->disabled);
	ww_clean(out, file->file);
	if (file->owner)
		ww_buf_addf(out, " (%s)", file->owner);
	if (file->enabled)
		ww_buf_addf(out,
			ww_lang(call->screen, "; %ju of them disabled in it",
				" うち %ju はファイルで無効"),
			(uintmax_t)file->enabled);
	ww_buf_addc(out, '\n');
	for (size_t i = 0; i < n; i++) {
		ww_buf_addf(out, "%17ju           ", (uintmax_t)reasons[i].count);
		ww_clean(out, reasons[i].first->about);
		ww_buf_addf(out, ": %u:%u: ", reasons[i].first->at.line, reasons[i].first->at.col);
		ww_clean(out, reasons[i].first->text);
		ww_buf_addc(out, '\n');
	}
}

static void json_file(const struct ww_rules *rules, const struct ww_rule_file *file,
	struct reason *reasons, struct ww_buf *out)
{
	size_t n = collect(rules, file->file, reasons);
	struct ww_json json = ww_json_to(out);
	ww_json_object(&json, NULL);
	ww_json_string(&json, "type", "rules");
	ww_json_string(&json, "file", file->file);
	if (file->owner)
		ww_json_string(&json, "advisory", file->owner);
	ww_json_int(&json, "loaded", (int64_t)file->loaded);
	ww_json_int(&json, "refused", (int64_t)file->refused);
	ww_json_int(&json, "disabled", (int64_t)file->disabled);
	if (file->enabled)
		ww_json_int(&json, "enabled", (int64_t)file->enabled);
	if (n > 0)
		ww_json_array(&json, "reasons");
	for (size_t i = 0; i < n; i++) {
		ww_json_object(&json, NULL);
		ww_json_string(&json, "about", reasons[i].first->about);
		ww_json_int(&json, "count", (int64_t)reasons[i].count);
		ww_json_int(&json, "line", reasons[i].first->at.line);
		ww_json_int(&json, "column", reasons[i].first->at.col);
		ww_json_string(&json, "text", reasons[i].first->text);
		ww_json_end(&json, '}');
	}
	if (n > 0)
		ww_json_end(&json, ']');
	ww_json_end(&json, '}');
}

static void report_defaults(struct ww_call *call, const struct ww_rules *rules, struct ww_buf *out)
{
	size_t n = ww_rules_defaults(rules);
	if (n == 0)
		return;
	ww_buf_adds(out, ww_lang(call->screen, "Nobody defined these; taken for them:\n",
				 "定義されていない変数と、代わりの値:\n"));
	for (size_t i = 0; i < n; i++) {
		const struct ww_rule_default *row = ww_rules_default(rules, i);
		ww_buf_addf(out, "  %s = %s\n", row->name, row->value);
	}
}

static void json_defaults(const struct ww_rules *rules, struct ww_buf *out)
{
	struct ww_json json = ww_json_to(out);
	ww_json_object(&json, NULL);
	ww_json_string(&json, "type", "rule-variables");
	ww_json_object(&json, "defaults");
	for (size_t i = 0; i < ww_rules_defaults(rules); i++) {
		const struct ww_rule_default *row = ww_rules_default(rules, i);
		ww_json_string(&json, row->name, row->value);
	}
	ww_json_end(&json, '}');
	ww_json_end(&json, '}');
}

static void report(struct ww_call *call, const struct ww_rules *rules)
{
	struct reason *reasons = calloc(REASONS_MAX, sizeof(*reasons));
	struct ww_buf out = WW_BUF_INIT;
	struct ww_rule_file all = {0};
	if (!reasons)
		return;
	if (!call->common->json)
		ww_buf_adds(&out, ww_lang(call->screen, "  loaded  refused disabled  file\n",
					  "    読込     拒否     無効  ファイル\n"));
	for (size_t i = 0; i < ww_rules_files(rules); i++) {
		const struct ww_rule_file *file = ww_rules_file(rules, i);
		all.loaded += file->loaded;
		all.refused += file->refused;
		all.disabled += file->disabled;
		if (!call->common->json) {
			report_file(call, rules, file, reasons, &out);
			continue;
		}
		json_file(rules, file, reasons, &out);
		ww_emit(call->screen, &out);
	}
	if (call->common->json) {
		json_defaults(rules, &out);
		ww_emit(call->screen, &out);
	} else {
		ww_buf_addf(&out, "%8ju %8ju %8ju  %s\n", (uintmax_t)all.loaded,
			(uintmax_t)all.refused, (uintmax_t)all.disabled,
			ww_lang(call->screen, "in all", "合計"));
		report_defaults(call, rules, &out);
		ww_buf_addc(&out, '\n');
		ww_show(call->screen, &out);
	}
	ww_buf_done(&out);
	free(reasons);
}

enum ww_exit ww_rules_told(
	struct ww_call *call, const struct ww_rules_wish *wish, const struct ww_plan *plan)
{
	const struct ww_rules *rules = ww_plan_ruleset(plan);
	if (wish->report)
		report(call, rules);
	if (!wish->report || call->common->verbose)
		tell_problems(call, rules, wish->strict || call->common->verbose);
	if (call->common->verbose)
		tell_sids(call, rules);
	bool refused = ww_rules_counts(rules).refused > 0;
	return wish->strict && refused ? WW_EXIT_USAGE : WW_EXIT_NOTHING;
}
