// SPDX-License-Identifier: GPL-3.0-or-later
/* wormwood advisory: the catalogue, as prose, as a lint report, as a schema. */
#include "cmd/advisories.h"
#include "cmd/check-rules.h"
#include "cmd/lock.h"

#include "advisory/lint.h"
#include "advisory/schema.h"
#include "advisory/show.h"
#include "base/json.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* What `show` reads of an advisory: everything. The tables of the format do the rest. */
static const char *const needs[] = {"id", "title", "summary", "tlp"};

/* ---- list ---- */

static void list_json(const struct ww_call *call, const struct ww_catalogue_entry *entry,
	const struct ww_advisory *advisory)
{
	struct ww_buf line = WW_BUF_INIT;
	struct ww_json json = ww_json_to(&line);
	ww_json_object(&json, NULL);
	ww_json_string(&json, "type", "advisory");
	ww_json_string(&json, "id", entry->id);
	if (advisory) {
		ww_json_string(&json, "title", advisory->title.en);
		if (advisory->title.ja)
			ww_json_string(&json, "title_ja", advisory->title.ja);
		ww_json_string(&json, "tlp", advisory->tlp);
		ww_json_int(&json, "stages", (int64_t)advisory->n_stages);
	}
	ww_json_bool(&json, "loads", advisory != NULL);
	ww_json_string(&json, "origin", entry->origin);
	ww_json_string(&json, "path", entry->path);
	ww_json_bool(&json, "hidden", entry->hidden);
	ww_json_end(&json, '}');
	ww_emit(call->screen, &line);
	ww_buf_done(&line);
}

static void list_row(const struct ww_call *call, const struct ww_catalogue_entry *entry,
	const struct ww_advisory *advisory, int id_width, struct ww_buf *out)
{
	const char *lang = call->screen->ja ? "ja" : "en";
	struct ww_buf id = WW_BUF_INIT;
	ww_text_safe(&id, entry->id, strlen(entry->id));
	ww_text_left(out, ww_buf_text(&id), id_width + 2);
	ww_text_left(out, entry->origin, 22);
	if (entry->hidden)
		ww_buf_adds(out,
			ww_lang(call->screen, "(hidden by the one above)", "(上のものが優先)"));
	else if (advisory)
		ww_buf_adds(out, ww_text_in(&advisory->title, lang));
	else
		ww_buf_adds(out, ww_lang(call->screen, "has errors: see wormwood advisory check",
					 "誤りがあります: wormwood advisory check"));
	ww_buf_addc(out, '\n');
	ww_buf_done(&id);
}

static enum ww_exit list(struct ww_call *call, const struct ww_shelf *shelf)
{
	const struct ww_catalogue *catalogue = &shelf->catalogue;
	struct ww_buf out = WW_BUF_INIT;
	int id_width = 10;
	for (size_t i = 0; i < catalogue->n_items; i++)
		if ((int)strlen(catalogue->items[i].id) > id_width)
			id_width = (int)strlen(catalogue->items[i].id);
	for (size_t i = 0; i < catalogue->n_items; i++) {
		const struct ww_catalogue_entry *entry = &catalogue->items[i];
		struct ww_problems problems = WW_PROBLEMS_INIT;
		struct ww_advisory *advisory = NULL;
		ww_advisory_load(entry->path, &advisory, &problems);
		if (call->screen->json)
			list_json(call, entry, advisory);
		else
			list_row(call, entry, advisory, id_width, &out);
		ww_problems_done(&problems);
		ww_advisory_free(&advisory);
	}
	if (catalogue->n_items == 0) {
		ww_buf_adds(&out, "no advisories; looked in\n");
		for (size_t i = 0; i < shelf->n_places; i++)
			ww_buf_addf(
				&out, "  %s (%s)\n", shelf->places[i].dir, shelf->places[i].origin);
	}
	ww_show(call->screen, &out);
	ww_buf_done(&out);
	return WW_EXIT_NOTHING;
}

/* ---- show ---- */

static enum ww_exit show_one(struct ww_call *call, const char *path)
{
	struct ww_problems problems = WW_PROBLEMS_INIT;
	struct ww_advisory *advisory = NULL;
	int status = ww_advisory_load(path, &advisory, &problems);
	if (status == 0) {
		struct ww_buf out = WW_BUF_INIT;
		ww_advisory_show(&out, advisory, call->screen->ja ? "ja" : "en",
			call->screen->width < 100 ? call->screen->width : 100);
		ww_show(call->screen, &out);
		ww_buf_done(&out);
	} else {
		ww_problems_tell(call, &problems);
	}
	ww_problems_done(&problems);
	ww_advisory_free(&advisory);
	return status == 0 ? WW_EXIT_NOTHING : WW_EXIT_USAGE;
}

/* ---- check ---- */

static void problem_json(const struct ww_call *call, const struct ww_problems *problems, size_t i)
{
	static const char *const words[] = {"error", "warning", "note"};
	const struct ww_problem *problem = &problems->items[i];
	struct ww_buf line = WW_BUF_INIT;
	struct ww_json json = ww_json_to(&line);
	ww_json_object(&json, NULL);
	ww_json_string(&json, "type", "problem");
	ww_json_string(&json, "severity", words[problem->severity]);
	if (problem->code[0])
		ww_json_string(&json, "code", problem->code);
	ww_json_string(&json, "file", problems->file);
	ww_json_int(&json, "line", problem->at.line);
	ww_json_int(&json, "column", problem->at.col);
	ww_json_string(&json, "text", problem->text);
	ww_json_end(&json, '}');
	ww_emit(call->screen, &line);
	ww_buf_done(&line);
}

static void add_count(struct ww_buf *out, size_t n, const char *what, const char *behind)
{
	ww_buf_addf(out, "%zu %s%s%s", n, what, n == 1 ? "" : "s", behind);
}

/* Shows all of them, and ends them. Returns how many errors there were. */
static size_t show_problems(struct ww_call *call, struct ww_problems *problems, struct ww_buf *out)
{
	for (size_t i = 0; i < problems->n_items; i++) {
		if (call->screen->json)
			problem_json(call, problems, i);
		else
			ww_problem_print(out, problems, i);
	}
	if (problems->n_dropped)
		ww_buf_addf(out, "%zu more are not shown\n", problems->n_dropped);
	size_t errors = problems->n_errors;
	ww_problems_name(out, problems);
	ww_buf_adds(out, ": ");
	add_count(out, errors, "error", ", ");
	add_count(out, problems->n_warnings, "warning", ", ");
	add_count(out, problems->n_notes, "note", "\n");
	ww_problems_done(problems);
	return errors;
}

static enum ww_exit check_one(struct ww_call *call, const char *path)
{
	struct ww_problems problems = WW_PROBLEMS_INIT, *files = NULL;
	struct ww_advisory *advisory = NULL;
	struct ww_buf out = WW_BUF_INIT;
	size_t n_files = 0, errors = 0;
	int status = ww_advisory_load(path, &advisory, &problems);
	if (status == 0) {
		ww_advisory_lint(advisory, &problems);
		status = ww_check_rules(advisory, &problems, &files, &n_files);
	}
	for (size_t i = 0; i < n_files; i++)
		errors += show_problems(call, &files[i], &out);
	errors += show_problems(call, &problems, &out);
	ww_show(call->screen, &out);
	free(files);
	ww_buf_done(&out);
	ww_advisory_free(&advisory);
	if (status == -ENOMEM)
		return ww_failed(call, "%s", ww_errno_text(status));
	return errors ? WW_EXIT_USAGE : WW_EXIT_NOTHING;
}

/* ---- the command ---- */

typedef enum ww_exit one_fn(struct ww_call *call, const char *path);

/* For each advisory that is named, by -A or as an operand; for all of them when none is. */
static enum ww_exit each(struct ww_call *call, const struct ww_shelf *shelf, one_fn *one)
{
	enum ww_exit answer = WW_EXIT_NOTHING;
	const struct ww_opt_list *named = &call->common->advisories;
	size_t n_args = call->n_args - 1, n = named->n_items + n_args;
	for (size_t i = 0; i < n; i++) {
		const char *name =
			i < named->n_items ? named->items[i] : call->args[1 + i - named->n_items];
		struct ww_buf path = WW_BUF_INIT;
		enum ww_exit this = WW_EXIT_USAGE;
		if (ww_shelf_path(call, shelf, name, &path))
			this = one(call, ww_buf_text(&path));
		answer = ww_exit_worse(answer, this);
		ww_buf_done(&path);
	}
	for (size_t i = 0; i < shelf->catalogue.n_items && n == 0; i++)
		if (!shelf->catalogue.items[i].hidden)
			answer = ww_exit_worse(answer, one(call, shelf->catalogue.items[i].path));
	return answer;
}

/* Texts that are made from the table of fields alone. */
static bool print_format(const struct ww_call *call, const char *verb)
{
	struct ww_buf out = WW_BUF_INIT;
	if (strcmp(verb, "schema") == 0)
		ww_advisory_schema(&out);
	else if (strcmp(verb, "fields") == 0 && call->common->json)
		ww_advisory_fields_json(&out);
	else if (strcmp(verb, "fields") == 0)
		ww_advisory_man(&out);
	else
		return false;
	fputs(ww_buf_text(&out), call->screen->out);
	ww_buf_done(&out);
	return true;
}

/* Advisories are written by others: what they and their rules lie in is all that is read now. */
static enum ww_exit lock(const struct ww_call *call, const struct ww_shelf *shelf)
{
	struct ww_lock lock = {.n_read = 0};
	ww_lock_advisories(&lock, call, shelf);
	for (size_t i = 1; i < call->n_args; i++)
		ww_lock_advisory(&lock, call->args[i]);
	return ww_lock_now(&lock, call);
}

static enum ww_exit run(struct ww_call *call)
{
	const char *verb = call->n_args ? call->args[0] : "list";
	struct ww_shelf shelf;
	enum ww_exit answer;
	if (print_format(call, verb))
		return WW_EXIT_NOTHING;
	int status = ww_shelf_open(call, &shelf);
	size_t n_named = call->common->advisories.n_items + (call->n_args ? call->n_args - 1 : 0);
	if (status == 0 && lock(call, &shelf) != WW_EXIT_NOTHING) {
		ww_shelf_done(&shelf);
		return WW_EXIT_FAILED;
	}
	if (status != 0)
		answer = ww_failed(call, "the advisories: %s", ww_errno_text(status));
	else if (strcmp(verb, "list") == 0 && n_named == 0)
		answer = list(call, &shelf);
	else if (strcmp(verb, "show") == 0 && n_named == 0)
		answer = ww_usage(call, "which one? wormwood advisory show ID; see wormwood "
					"advisory list");
	else if (strcmp(verb, "show") == 0)
		answer = each(call, &shelf, show_one);
	else if (strcmp(verb, "check") == 0)
		answer = each(call, &shelf, check_one);
	else
		answer =
			ww_usage(call, "it is: wormwood advisory list, show ID, check [FILE...] or "
				       "schema");
	ww_shelf_done(&shelf);
	return answer;
}

const struct ww_cmd ww_cmd_advisory = {
	.name = "advisory",
	.summary = "list, read and check advisories",
	.usage = "list | show ID... | check [NAME...] | schema | fields",
	.details = "  list     the advisories that are found, and where\n"
		   "  show     one as text, in English or Japanese (--lang)\n"
		   "  check    errors, warnings, and facts that no command acts on yet\n"
		   "  schema   the format as a JSON Schema\n"
		   "  fields   the format as a table, in scdoc\n",
	WW_CMD_NEEDS(needs),
	.run = run,
};
