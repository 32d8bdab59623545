// SPDX-License-Identifier: GPL-3.0-or-later
#include "advisory/lint.h"
#include "advisory/facts.h"
#include "advisory/fields.h"
#include "base/file.h"

#include <math.h>
#include <string.h>
#include <strings.h>

struct lint {
	const struct ww_advisory *advisory;
	struct ww_problems *problems;
};

#define warn(lint, code, at, ...)                                                                  \
	ww_problem_add((lint)->problems, WW_SEVERITY_WARNING, (code), (at), __VA_ARGS__)

/* ---- what holds for every fact ---- */

static void check_text(struct lint *lint, const struct ww_field *field, const struct ww_text *text)
{
	if (text->en && !text->ja)
		warn(lint, "WA001", text->at, "'%s' has no Japanese", field->path);
}

static void check_members(
	struct lint *lint, const struct ww_field *section, const void *base, struct ww_at at);

static void check_list(struct lint *lint, const struct ww_field *list, const void *base)
{
	const char *items = *(const char *const *)ww_field_of(list, lint->advisory, base);
	size_t n = ww_field_n(list, lint->advisory, base);
	for (size_t i = 0; i < n; i++) {
		const char *item = items + i * list->item_size;
		struct ww_at at;
		memcpy(&at, item + list->at_offset, sizeof(at));
		check_members(lint, list, item, at);
	}
}

static void check_confidence(struct lint *lint, const struct ww_field *field,
	enum ww_confidence confidence, struct ww_at at)
{
	if (confidence == WW_CONFIDENCE_REPORTED || confidence == WW_CONFIDENCE_MEMORY)
		warn(lint, "WA004", at, "%s: %s, not verified: check it before acting on it",
			ww_field_parent(field)->path, ww_confidence_name(confidence));
}

static void check_member(
	struct lint *lint, const struct ww_field *field, const void *base, struct ww_at at)
{
	const void *member = ww_field_of(field, lint->advisory, base);
	switch (field->kind) {
	case WW_KIND_GROUP: check_members(lint, field, base, at); break;
	case WW_KIND_STRUCT:
		if (*(const bool *)((const char *)member - field->offset + field->given_offset))
			check_members(lint, field, member, lint->advisory->propagation.at);
		break;
	case WW_KIND_LIST: check_list(lint, field, base); break;
	case WW_KIND_TEXT:
	case WW_KIND_PROSE: check_text(lint, field, member); break;
	case WW_KIND_SOURCE:
		if (!*(const char *const *)member)
			warn(lint, "WA002", at, "%s has no source", ww_field_parent(field)->path);
		break;
	case WW_KIND_CONFIDENCE:
		check_confidence(lint, field, *(const enum ww_confidence *)member, at);
		break;
	default: break;
	}
}

static void check_members(
	struct lint *lint, const struct ww_field *section, const void *base, struct ww_at at)
{
	for (size_t i = 0; i < WW_FIELDS; i++)
		if (ww_field_is_child(ww_field_get(i), section))
			check_member(lint, ww_field_get(i), base, at);
}

/* ---- names ---- */

/* Programs that Windows itself has: a worm's file of that name is told apart by its place only. */
static bool is_of_windows(const char *name)
{
	static const char *const names[] = {"cmd.exe", "csrss.exe", "dllhost.exe", "explorer.exe",
		"iexplore.exe", "lsass.exe", "mmc.exe", "notepad.exe", "regsvr32.exe",
		"riched20.dll", "rundll32.exe", "services.exe", "smss.exe", "spoolsv.exe",
		"svchost.exe", "taskmgr.exe", "tftp.exe", "tftpd.exe", "wininit.exe",
		"winlogon.exe", "wscript.exe"};
	for (size_t i = 0; i < WW_N(names); i++)
		if (strcasecmp(name, names[i]) == 0)
			return true;
	return false;
}

static void check_name(struct lint *lint, const char *what, const char *name, enum ww_tri innocent,
	bool told_apart, struct ww_at at)
{
	if (is_of_windows(name) && innocent != WW_TRI_YES)
		warn(lint, "WA003", at,
			"%s '%s': Windows has one of that name: say 'name_is_legitimate: true'",
			what, name);
	else if (innocent == WW_TRI_YES && !told_apart)
		warn(lint, "WA003", at,
			"%s '%s': innocent ones of that name exist, and nothing here tells them "
			"apart",
			what, name);
}

static void check_names(struct lint *lint)
{
	const struct ww_facts *facts = lint->advisory->facts;
	for (size_t i = 0; i < facts->n_files; i++) {
		const struct ww_host_file *file = &facts->files[i];
		bool told_apart =
			file->md5 || file->sha1 || file->sha256 || file->same_as || facts->n_yara;
		check_name(
			lint, "file", file->name, file->name_is_legitimate, told_apart, file->at);
	}
	for (size_t i = 0; i < facts->n_processes; i++)
		check_name(lint, "process", facts->processes[i].name,
			facts->processes[i].name_is_legitimate, facts->n_files > 0,
			facts->processes[i].at);
	for (size_t i = 0; i < facts->n_services; i++)
		check_name(lint, "service", facts->services[i].name,
			facts->services[i].name_is_legitimate, facts->n_files > 0,
			facts->services[i].at);
}

/* ---- stages ---- */

/*
 * Whether a rule text holds "sid:N". Reads options only as far as quotes and comment lines; the
 * rule engine does the rest.
 */
static bool text_has_sid(const struct ww_rules_text *rules, uint32_t sid)
{
	bool quoted = false, comment = false;
	for (size_t i = 0; i + 4 < rules->len; i++) {
		const char *p = rules->text + i;
		bool line = i == 0 || p[-1] == '\n';
		if (line)
			comment = *p == '#';
		quoted = !line && quoted != (*p == '"' && p[-1] != '\\');
		if (comment || quoted || strncmp(p, "sid", 3) != 0)
			continue;
		if (i > 0 && !strchr(" \t;(", p[-1]))
			continue;
		p += 3;
		p += strspn(p, " \t");
		if (*p != ':')
			continue;
		p++;
		p += strspn(p, " \t");
		uint64_t have = 0;
		for (; *p >= '0' && *p <= '9' && have <= UINT32_MAX; p++)
			have = have * 10 + (uint64_t)(*p - '0');
		if (have == sid)
			return true;
	}
	return false;
}

static void check_sids(struct lint *lint, const struct ww_stage *stage)
{
	const struct ww_advisory *advisory = lint->advisory;
	for (size_t i = 0; i < stage->n_sids; i++) {
		bool found = false, read = advisory->n_rules > 0;
		for (size_t j = 0; j < advisory->n_rules; j++) {
			read &= advisory->rules[j].text != NULL;
			found |= advisory->rules[j].text &&
				 text_has_sid(&advisory->rules[j], stage->sids[i]);
		}
		if (!found && (read || advisory->n_rules == 0))
			ww_problem_add(lint->problems, WW_SEVERITY_ERROR, NULL, stage->at,
				"stage '%s' waits for rule %u, which is not in %s", stage->id,
				stage->sids[i],
				advisory->n_rules ? "the rule files" : "any file of network.rules");
	}
}

static void check_stages(struct lint *lint)
{
	const struct ww_advisory *advisory = lint->advisory;
	for (size_t i = 0; i < advisory->n_stages; i++) {
		const struct ww_stage *stage = &advisory->stages[i];
		check_sids(lint, stage);
		/* The victim's own scan ends the chain; behind it, another visit may begin. */
		if (i > 0 && stage->sets < stage[-1].sets && stage[-1].event != WW_STAGE_SCAN)
			warn(lint, "WA005", stage->at,
				"stage '%s' sets '%s' behind '%s', which goes further", stage->id,
				ww_host_state_name(stage->sets), stage[-1].id);
		if (stage->confidence <= 0)
			warn(lint, "WA005", stage->at,
				"stage '%s' has confidence 0: it says nothing", stage->id);
		if (stage->event == WW_STAGE_SCAN && stage->from == WW_ROLE_ATTACKER)
			warn(lint, "WA005", stage->at,
				"stage '%s': a scan by the attacker says nothing of one victim: "
				"event contact does",
				stage->id);
	}
}

/* Whether a drill has something to send for a stage that needs bytes. */
static bool is_playable(const struct ww_stage *stage)
{
	bool needs_bytes = stage->event == WW_STAGE_RULE || stage->event == WW_STAGE_TEXT;
	return !needs_bytes || stage->n_dialog > 0 || stage->transfer_file;
}

static void check_drill(struct lint *lint)
{
	const struct ww_advisory *advisory = lint->advisory;
	struct ww_at top = advisory->title.at;
	if (advisory->n_stages == 0 || !advisory->propagation.addresses.is_given) {
		warn(lint, "WA007", top, "no drill can be made: it needs %s",
			advisory->n_stages ? "propagation.addresses" : "network.stages");
		return;
	}
	for (size_t i = 0; i < advisory->n_stages; i++)
		if (!is_playable(&advisory->stages[i]))
			warn(lint, "WA007", advisory->stages[i].at,
				"stage '%s' has no dialog: a drill cannot play it",
				advisory->stages[i].id);
	if (advisory->propagation.rate_per_s <= 0 || advisory->propagation.threads == 0)
		warn(lint, "WA007", advisory->propagation.at,
			"without threads and rate_per_s a drill uses its own");
}

/* ---- ports ---- */

static bool is_listed(const struct ww_advisory *advisory, uint8_t proto, uint16_t port)
{
	for (size_t i = 0; i < advisory->n_ports; i++)
		if (ww_ports_contain(&advisory->ports[i].port, proto, port))
			return true;
	return false;
}

/* The list tells watch who the server of a connection is whose start was not captured. */
static void check_stage_ports(struct lint *lint)
{
	const struct ww_advisory *advisory = lint->advisory;
	char text[WW_PORTS_TEXT_MAX];
	for (size_t i = 0; i < advisory->n_stages; i++) {
		const struct ww_stage *stage = &advisory->stages[i];
		uint32_t port = stage->port.low;
		if (stage->port.proto == 0)
			continue;
		while (port <= stage->port.high &&
			is_listed(advisory, stage->port.proto, (uint16_t)port))
			port++;
		if (port <= stage->port.high)
			warn(lint, "WA011", stage->at,
				"stage '%s' uses %s, which network.ports does not list", stage->id,
				ww_ports_print(&stage->port, text));
	}
}

static void note_ports_again(struct lint *lint)
{
	const struct ww_advisory *advisory = lint->advisory;
	char text[WW_PORTS_TEXT_MAX];
	for (size_t i = 1; i < advisory->n_ports; i++) {
		const struct ww_advisory_port *row = &advisory->ports[i];
		size_t j = 0;
		while (j < i && (advisory->ports[j].port.proto != row->port.proto ||
					advisory->ports[j].port.high < row->port.low ||
					advisory->ports[j].port.low > row->port.high))
			j++;
		if (j < i)
			ww_problem_add(lint->problems, WW_SEVERITY_NOTE, NULL, row->at,
				"%s is listed in line %u already, as '%.40s'",
				ww_ports_print(&row->port, text), advisory->ports[j].at.line,
				advisory->ports[j].role ? advisory->ports[j].role : "");
	}
}

/* ---- the rest ---- */

static void check_claims(struct lint *lint)
{
	const struct ww_facts *facts = lint->advisory->facts;
	for (size_t i = 0; i < facts->n_addresses; i++) {
		const struct ww_address_mix *mix = &facts->addresses[i].mix;
		double sum = mix->uniform + mix->same_8 + mix->same_16 + mix->same_24;
		if (sum > 0 && fabs(sum - 1) > 1e-6)
			warn(lint, "WA006", facts->addresses[i].at,
				"the weights of claim '%s' sum to %.6g, not to 1",
				facts->addresses[i].id, sum);
	}
}

static void check_items(struct lint *lint)
{
	const struct ww_facts *facts = lint->advisory->facts;
	for (size_t i = 0; i < facts->n_firmware; i++) {
		const struct ww_firmware *firmware = &facts->firmware[i];
		if (firmware->all_revisions == WW_TRI_YES && (firmware->from || firmware->to))
			warn(lint, "WA009", firmware->at,
				"%s: all revisions, and yet a range of them", firmware->model);
	}
	for (size_t i = 0; i < facts->n_files; i++) {
		const struct ww_host_file *file = &facts->files[i];
		if (file->bytes && file->unpacked_bytes && file->unpacked_bytes < file->bytes)
			warn(lint, "WA009", file->at, "file '%s' is smaller unpacked than packed",
				file->name);
	}
}

static void check_folder(struct lint *lint)
{
	const char *path = lint->advisory->path;
	const char *base = ww_path_base(path);
	if (strcmp(base, "advisory.yaml") != 0 || base == path)
		return;
	const char *end = base - 1, *begin = end;
	while (begin > path && begin[-1] != '/')
		begin--;
	size_t len = (size_t)(end - begin);
	bool named = len > 0 && !(len <= 2 && begin[0] == '.');
	if (named &&
		(strlen(lint->advisory->id) != len || strncmp(lint->advisory->id, begin, len) != 0))
		warn(lint, "WA008", WW_NOWHERE, "the folder is '%.*s', the advisory '%s'",
			(int)(len < 64 ? len : 64), begin, lint->advisory->id);
}

/* ---- who acts ---- */

static void note_idle(struct lint *lint)
{
	for (size_t i = 0; i < WW_FIELDS; i++) {
		const struct ww_field *field = ww_field_get(i);
		bool acted = field->actors & (WW_ACTOR_WATCH | WW_ACTOR_DRILL | WW_ACTOR_INHERIT);
		if (acted || !field->planned[0])
			continue;
		bool list = field->kind == WW_KIND_LIST || field->kind == WW_KIND_YARA;
		if (!list || ww_field_n(field, lint->advisory, NULL) == 0)
			continue;
		const char *items = *(const char *const *)ww_field_of(field, lint->advisory, NULL);
		struct ww_at at;
		size_t at_offset = field->kind == WW_KIND_YARA ? offsetof(struct ww_rules_text, at)
							       : field->at_offset;
		memcpy(&at, items + at_offset, sizeof(at));
		ww_problem_add(lint->problems, WW_SEVERITY_NOTE, NULL, at,
			"no command acts on %s yet; planned: %s", field->path, field->planned);
	}
}

void ww_advisory_lint(const struct ww_advisory *advisory, struct ww_problems *problems)
{
	struct lint lint = {advisory, problems};
	check_members(&lint, NULL, advisory, WW_NOWHERE);
	check_names(&lint);
	check_stages(&lint);
	check_stage_ports(&lint);
	note_ports_again(&lint);
	check_drill(&lint);
	check_claims(&lint);
	check_items(&lint);
	check_folder(&lint);
	note_idle(&lint);
	ww_problems_sort(problems);
}
