// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * No fact is decoration: what fields.def says a command acts on is what the command says, and the
 * reverse. Compared are the sections, not their members.
 */
#include "test.h"

#include "advisory/fields.h"
#include "cmd/cmd.h"

#include <string.h>

static bool says_it_needs(const struct ww_cmd *cmd, const char *path)
{
	for (size_t i = 0; i < cmd->n_needs; i++)
		if (strcmp(cmd->needs[i], path) == 0)
			return true;
	return false;
}

static void compare(const struct ww_cmd *cmd, unsigned actor)
{
	for (size_t i = 0; i < cmd->n_needs; i++) {
		const struct ww_field *field = ww_field_find(cmd->needs[i]);
		if (!field)
			fail_msg("%s needs '%s', which is no field", cmd->name, cmd->needs[i]);
		if (!(ww_field_actors(field) & actor))
			fail_msg("%s needs '%s', but fields.def does not say that it acts on it",
				cmd->name, cmd->needs[i]);
	}
	for (size_t i = 0; i < WW_FIELDS; i++) {
		const struct ww_field *field = ww_field_get(i);
		/* Names that every command prints are nobody's need in particular. */
		if ((field->flags & WW_FIELD_REQUIRED) || (field->actors & WW_ACTOR_INHERIT))
			continue;
		if ((field->actors & actor) && !says_it_needs(cmd, field->path))
			fail_msg("fields.def says that %s acts on '%s', but it does not need it",
				cmd->name, field->path);
	}
}

static void commands_act_on_what_the_table_says(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		unsigned actor;
	} actors[] = {{"watch", WW_ACTOR_WATCH}, {"drill", WW_ACTOR_DRILL}};
	size_t compared = 0;
	for (size_t i = 0; i < WW_N(actors); i++) {
		const struct ww_cmd *cmd = ww_cmd_find(actors[i].name);
		if (cmd)
			compare(cmd, actors[i].actor);
		compared += cmd != NULL;
	}
	assert_true(compared > 0);
}

/* Every command that names needs is one that the table knows. */
static void every_need_is_a_field(void **state)
{
	(void)state;
	size_t n;
	const struct ww_cmd *const *all = ww_cmd_all(&n);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < all[i]->n_needs; j++)
			if (!ww_field_find(all[i]->needs[j]))
				fail_msg("%s needs '%s', which is no field", all[i]->name,
					all[i]->needs[j]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_act_on_what_the_table_says),
		cmocka_unit_test(every_need_is_a_field),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
