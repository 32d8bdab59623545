// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * $VARIABLES of rule files, and what the usual ones are when nobody defines them.
 *
 * Undefined *_NET and *_SERVERS are `any`. Ports: etc/snort.conf of Snort 2.9, but ORACLE_PORTS
 * 1521 as before 2.9 (its 1024: would send every high port through the database rules).
 */
#include "wire/rules/rules-private.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name, *value;
} defaults[] = {
	{"HTTP_PORTS",
		"[80,81,311,383,591,593,901,1220,1414,1741,1830,2301,2381,2809,3037,3128,3702,"
		"4343,4848,5250,6988,7000,7001,7144,7145,7510,7777,7779,8000,8008,8014,8028,8080,"
		"8085,8088,8090,8118,8123,8180,8181,8243,8280,8300,8800,8888,8899,9000,9060,9080,"
		"9090,9091,9443,9999,11371,34443,34444,41080,50002,55555]"},
	{"SHELLCODE_PORTS", "!80"},
	{"ORACLE_PORTS", "1521"},
	{"SSH_PORTS", "22"},
	{"FTP_PORTS", "[21,2100,3535]"},
	{"SIP_PORTS", "[5060,5061,5600]"},
	{"FILE_DATA_PORTS", "[$HTTP_PORTS,110,143]"},
	{"GTP_PORTS", "[2123,2152,3386]"},
	{"DNP3_PORTS", "20000"},
	{"MODBUS_PORTS", "502"},
};

static bool ends_in(const char *name, size_t len, const char *end)
{
	size_t n = strlen(end);
	return len > n && memcmp(name + len - n, end, n) == 0;
}

static struct ww_var *find(const struct ww_rules *rules, const char *name, size_t len)
{
	for (size_t i = 0; i < rules->n_vars; i++)
		if (strlen(rules->vars[i].name) == len &&
			memcmp(rules->vars[i].name, name, len) == 0)
			return &rules->vars[i];
	return NULL;
}

int ww_var_set(struct ww_rules *rules, const char *name, size_t name_len, const char *value,
	size_t value_len, bool fixed)
{
	if (name_len == 0 || value_len == 0 || memchr(value, '\0', value_len))
		return -EINVAL;
	for (size_t i = 0; i < name_len; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '_')
			return -EINVAL;
	struct ww_var *var = find(rules, name, name_len);
	if (var && var->fixed && !fixed)
		return 0;
	if (!var && rules->n_vars == WW_RULE_VARS_MAX)
		return -E2BIG;
	char *copy = strndup(value, value_len);
	if (!copy)
		return -ENOMEM;
	if (var) {
		free(var->value);
		var->value = copy;
		var->fixed = fixed;
		return 0;
	}
	char *own_name = strndup(name, name_len);
	if (!own_name || ww_rules_grow((void **)&rules->vars, &rules->cap_vars, rules->n_vars,
				 sizeof(*rules->vars)) < 0) {
		free(own_name);
		free(copy);
		return -ENOMEM;
	}
	rules->vars[rules->n_vars++] = (struct ww_var){own_name, copy, fixed};
	return 0;
}

static const char *default_of(const char *name, size_t len)
{
	if (ends_in(name, len, "_NET") || ends_in(name, len, "_SERVERS"))
		return "any";
	for (size_t i = 0; i < WW_N(defaults); i++)
		if (strlen(defaults[i].name) == len && memcmp(defaults[i].name, name, len) == 0)
			return defaults[i].value;
	return NULL;
}

/* So that a report can say it. Short memory only makes the report shorter. */
static void remember(struct ww_rules *rules, const char *name, size_t len, const char *value)
{
	for (size_t i = 0; i < rules->n_defaults; i++)
		if (strlen(rules->defaults[i].name) == len &&
			memcmp(rules->defaults[i].name, name, len) == 0)
			return;
	if (rules->n_defaults == WW_RULE_VARS_MAX ||
		ww_rules_grow((void **)&rules->defaults, &rules->cap_defaults, rules->n_defaults,
			sizeof(*rules->defaults)) < 0)
		return;
	struct ww_rule_default made = {strndup(name, len), strdup(value)};
	if (!made.name || !made.value) {
		free(made.name);
		free(made.value);
		return;
	}
	rules->defaults[rules->n_defaults++] = made;
}

const char *ww_var_get(struct ww_rules *rules, const char *name, size_t len, bool *by_default)
{
	const struct ww_var *var = find(rules, name, len);
	*by_default = var == NULL;
	const char *value = var ? var->value : default_of(name, len);
	if (value && !var)
		remember(rules, name, len, value);
	return value;
}
