// SPDX-License-Identifier: GPL-3.0-or-later
#include "advisory/show.h"
#include "advisory/facts.h"
#include "advisory/fields.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* A page under way. */
struct page {
	struct ww_buf *out;
	const struct ww_advisory *advisory;
	const char *lang;
	bool ja;
	int width;
};

/* ---- lines ---- */

/* Characters that do not begin a line (JIS X 4051, the commonest). */
static bool sticks_to_the_left(const char *text, size_t n)
{
	static const char marks[] = "、。，．）」』】・：；？！ー";
	for (size_t i = 0; n == 3 && i + 3 < sizeof(marks); i += 3)
		if (memcmp(marks + i, text, 3) == 0)
			return true;
	return false;
}

/* Bytes of the next piece that must not be broken: a wide character, or a word. */
static size_t piece(const char *text)
{
	size_t len = strlen(text), used = 0;
	while (used < len && text[used] != ' ') {
		size_t n = ww_utf8_length(text + used, len - used);
		bool wide = n == 3;
		if (n == 0)
			n = 1;
		if (wide && used && !sticks_to_the_left(text + used, n))
			break;
		used += n;
		bool next_sticks = used < len && sticks_to_the_left(text + used,
							 ww_utf8_length(text + used, len - used));
		if (wide && !next_sticks)
			break;
	}
	return used;
}

static int columns(const char *text, size_t len)
{
	struct ww_buf part = WW_BUF_INIT;
	ww_buf_add(&part, text, len);
	int width = ww_text_width(ww_buf_text(&part));
	ww_buf_done(&part);
	return width;
}

/* `lead` at column `indent`, then `text`, broken into lines that hang by `hang` columns. */
static void wrap(struct page *page, int indent, const char *lead, int hang, const char *text)
{
	int col = indent + ww_text_width(lead);
	bool begun = false;
	ww_buf_pad(page->out, ' ', indent);
	ww_buf_adds(page->out, lead);
	while (*text) {
		int blanks = *text == ' ';
		text += strspn(text, " ");
		size_t len = piece(text);
		int wide = columns(text, len);
		if (begun && col + blanks + wide > page->width) {
			ww_buf_addc(page->out, '\n');
			ww_buf_pad(page->out, ' ', hang);
			col = hang;
		} else if (begun) {
			ww_buf_pad(page->out, ' ', blanks);
			col += blanks;
		}
		ww_buf_add(page->out, text, len);
		col += wide;
		text += len;
		begun = true;
	}
	ww_buf_addc(page->out, '\n');
}

static void rule_line(struct page *page, char c)
{
	ww_buf_pad(page->out, c, page->width < 72 ? page->width : 72);
	ww_buf_addc(page->out, '\n');
}

/* ---- words ---- */

struct label {
	const char *name, *en, *ja;
};

static const struct label labels[] = {
#define WW_LABEL(path, en, ja) {path, en, ja},
#define WW_KEY(key, en, ja)
#include "advisory/labels.def"
#undef WW_LABEL
#undef WW_KEY
};

static const struct label keys[] = {
#define WW_LABEL(path, en, ja)
#define WW_KEY(key, en, ja) {key, en, ja},
#include "advisory/labels.def"
#undef WW_LABEL
#undef WW_KEY
};

static const char *find_label(
	const struct page *page, const struct label *table, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(table[i].name, name) == 0)
			return page->ja ? table[i].ja : table[i].en;
	return name;
}

static const char *label_of(const struct page *page, const struct ww_field *field)
{
	if (field->kind == WW_KIND_LIST || field->kind == WW_KIND_STRUCT ||
		field->kind == WW_KIND_RULES || field->kind == WW_KIND_YARA)
		return find_label(page, labels, WW_N(labels), field->path);
	return find_label(page, keys, WW_N(keys), ww_field_key(field));
}

/* Words of the format in Japanese; what is not here stays as it is in the file. */
static const char *word(const struct page *page, const char *text)
{
	static const struct label words[] = {
		{"verified", "verified", "確認済み"},
		{"reported", "reported", "報告による"},
		{"computed", "computed", "計算による"},
		{"memory", "from memory, to be checked", "未確認"},
		{"in", "from outside to inside", "外部から内部"},
		{"out", "from inside to outside", "内部から外部"},
		{"both", "both ways", "双方向"},
		{"attacker", "the attacker", "攻撃元"},
		{"victim", "the victim", "攻撃先"},
		{"taken_over", "taken over", "乗っ取られた"},
		{"targeted", "targeted", "狙われた"},
		{"attacked", "attacked", "攻撃を受けた"},
		{"fetched", "it has fetched the worm", "ワームを取得した"},
		{"spreading", "spreading", "感染を広げている"},
	};
	return find_label(page, words, WW_N(words), text);
}

/* ---- values ---- */

static void add_item(struct ww_buf *out, const char *between, const char *text)
{
	ww_buf_addf(out, "%s%s", out->len ? between : "", text);
}

static void many_text(
	const struct page *page, const struct ww_field *field, const void *base, struct ww_buf *out)
{
	const void *array = *(const void *const *)ww_field_of(field, page->advisory, base);
	size_t n = ww_field_n(field, page->advisory, base);
	char text[WW_PORTS_TEXT_MAX];
	for (size_t i = 0; i < n; i++) {
		if (field->kind == WW_KIND_PORTS)
			add_item(out, ", ",
				ww_ports_print((const struct ww_ports *)array + i, text));
		else if (field->kind == WW_KIND_SIDS)
			ww_buf_addf(out, "%s%u", i ? ", " : "", ((const uint32_t *)array)[i]);
		else if (field->kind == WW_KIND_RULES || field->kind == WW_KIND_YARA)
			add_item(out, ", ", ((const struct ww_rules_text *)array)[i].name);
		else
			add_item(out, "; ", ((const char *const *)array)[i]);
	}
}

static void range_text(const struct page *page, const struct ww_field *field,
	const struct ww_range *range, struct ww_buf *out)
{
	const char *what = field->kind == WW_KIND_DAYS ? page->ja ? "日" : "days"
			   : page->ja                  ? "月"
						       : "months";
	if (range->low == 0)
		return;
	if (!page->ja)
		ww_buf_addf(out, "%s ", what);
	ww_buf_addf(out, "%u", range->low);
	if (range->high != range->low)
		ww_buf_addf(out, "-%u", range->high);
	if (page->ja)
		ww_buf_adds(out, what);
}

static void number_text(const struct ww_field *field, const void *member, struct ww_buf *out)
{
	uint64_t whole = 0;
	if (field->kind == WW_KIND_FRACTION || field->kind == WW_KIND_RATE) {
		double real = *(const double *)member;
		if (real > 0)
			ww_buf_addf(out, "%.10g", real);
		return;
	}
	if (field->kind == WW_KIND_U32)
		whole = *(const uint32_t *)member;
	else if (field->kind == WW_KIND_U64)
		whole = *(const uint64_t *)member;
	else
		whole = (uint64_t) * (const int64_t *)member;
	if (whole)
		ww_buf_addf(out, "%llu", (unsigned long long)whole);
}

/* The value of a field as text; nothing where the file said nothing. */
static void value_text(
	const struct page *page, const struct ww_field *field, const void *base, struct ww_buf *out)
{
	const void *member = ww_field_of(field, page->advisory, base);
	const char *text;
	char port[WW_PORTS_TEXT_MAX];
	unsigned index;
	switch (field->kind) {
	case WW_KIND_GROUP:
	case WW_KIND_STRUCT:
	case WW_KIND_LIST:
	case WW_KIND_VERSION: break;
	case WW_KIND_TEXT:
	case WW_KIND_PROSE: ww_buf_adds(out, ww_text_in(member, page->lang)); break;
	case WW_KIND_PORT:
		if (((const struct ww_ports *)member)->proto)
			ww_buf_adds(out, ww_ports_print(member, port));
		break;
	case WW_KIND_PORTS:
	case WW_KIND_LINES:
	case WW_KIND_CONTENTS:
	case WW_KIND_SIDS:
	case WW_KIND_RULES:
	case WW_KIND_YARA: many_text(page, field, base, out); break;
	case WW_KIND_DAYS:
	case WW_KIND_MONTHS: range_text(page, field, member, out); break;
	case WW_KIND_BOOL:
		if (*(const bool *)member)
			ww_buf_adds(out, page->ja ? "はい" : "yes");
		break;
	case WW_KIND_TRI:
		if (*(const enum ww_tri *)member == WW_TRI_YES)
			ww_buf_adds(out, page->ja ? "はい" : "yes");
		else if (*(const enum ww_tri *)member == WW_TRI_NO)
			ww_buf_adds(out, page->ja ? "いいえ" : "no");
		break;
	case WW_KIND_ROLE:
	case WW_KIND_EVENT:
	case WW_KIND_STATE:
	case WW_KIND_CONFIDENCE:
	case WW_KIND_DIRECTION:
		memcpy(&index, member, sizeof(index));
		ww_buf_adds(out, word(page, ww_kind_words(field->kind)[index]));
		break;
	case WW_KIND_U32:
	case WW_KIND_U64:
	case WW_KIND_SECONDS:
	case WW_KIND_FRACTION:
	case WW_KIND_RATE: number_text(field, member, out); break;
	default:
		text = *(const char *const *)member;
		ww_buf_adds(out, text ? text : "");
		break;
	}
}

/* ---- sections ---- */

static void show_list(struct page *page, const struct ww_field *list, const void *base, int indent,
	bool numbered);

/* "label: value" where there is one. */
static void show_member(
	struct page *page, const struct ww_field *field, const void *base, int indent)
{
	if (field->kind == WW_KIND_LIST) {
		if (ww_field_n(field, page->advisory, base) == 0)
			return;
		wrap(page, indent, "", indent, label_of(page, field));
		show_list(page, field, base, indent, false);
		return;
	}
	struct ww_buf line = WW_BUF_INIT, value = WW_BUF_INIT;
	value_text(page, field, base, &value);
	if (value.len) {
		ww_buf_addf(&line, "%s: %s", label_of(page, field), ww_buf_text(&value));
		wrap(page, indent, "", indent + 2, ww_buf_text(&line));
	}
	ww_buf_done(&line);
	ww_buf_done(&value);
}

/* Whether the field stands on the first line of its item. */
static bool is_head(const struct ww_field *field)
{
	return (field->flags & WW_FIELD_HEAD) || field->kind == WW_KIND_SOURCE;
}

static void show_item(struct page *page, const struct ww_field *list, const void *item, int indent,
	const char *lead)
{
	struct ww_buf head = WW_BUF_INIT, source = WW_BUF_INIT;
	for (size_t i = 0; i < WW_FIELDS; i++) {
		const struct ww_field *field = ww_field_get(i);
		if (!ww_field_is_child(field, list) || !is_head(field))
			continue;
		struct ww_buf value = WW_BUF_INIT;
		value_text(page, field, item, &value);
		if (field->kind == WW_KIND_SOURCE)
			ww_buf_adds(&source, ww_buf_text(&value));
		else if (value.len)
			ww_buf_addf(&head, "%s%s", head.len ? " · " : "", ww_buf_text(&value));
		ww_buf_done(&value);
	}
	if (source.len)
		ww_buf_addf(&head, " [%s]", ww_buf_text(&source));
	int inner = indent + (int)strlen(lead);
	wrap(page, indent, lead, inner, ww_buf_text(&head));
	for (size_t i = 0; i < WW_FIELDS; i++) {
		const struct ww_field *field = ww_field_get(i);
		if (ww_field_is_child(field, list) && !is_head(field))
			show_member(page, field, item, inner);
	}
	ww_buf_done(&head);
	ww_buf_done(&source);
}

static void show_list(
	struct page *page, const struct ww_field *list, const void *base, int indent, bool numbered)
{
	const char *items = *(const char *const *)ww_field_of(list, page->advisory, base);
	size_t n = ww_field_n(list, page->advisory, base);
	for (size_t i = 0; i < n; i++) {
		char lead[32] = "- ";
		if (numbered)
			snprintf(lead, sizeof(lead), "%zu. ", i + 1);
		show_item(page, list, items + i * list->item_size, indent, lead);
	}
}

/* The members of a section that is no list: those of `propagation` beside its lists. */
static void show_struct(struct page *page, const struct ww_field *section)
{
	const void *base = ww_field_of(section, page->advisory, NULL);
	for (size_t i = 0; i < WW_FIELDS; i++) {
		const struct ww_field *field = ww_field_get(i);
		if (ww_field_is_child(field, section) && field->kind != WW_KIND_LIST)
			show_member(page, field, base, 2);
	}
}

static bool is_given(const struct page *page, const struct ww_field *field)
{
	if (field->kind == WW_KIND_STRUCT)
		return ((const struct ww_propagation *)ww_field_of(field, page->advisory, NULL))
			->is_given;
	return ww_field_n(field, page->advisory, NULL) > 0;
}

/* Chapters of the page, and the sections of the file that each shows. */
struct part {
	const char *path;
	bool numbered;
};

struct chapter {
	const char *en, *ja;
	const struct part *parts;
	size_t n_parts;
};

static const struct part overview[] = {
	{"aliases", false},
	{"holes", false},
	{"history", false},
	{"trend", false},
	{"propagation", false},
	{"propagation.addresses", false},
	{"propagation.cases", false},
	{"propagation.notes", false},
	{"network.flood", false},
	{"variants", false},
	{"copycats", false},
	{"related", false},
};
static const struct part affected[] = {
	{"affected.products", false},
	{"affected.firmware", false},
	{"affected.bystanders", false},
};
static const struct part handling[] = {
	{"detection", false},
	{"network.ports", false},
	{"network.stages", true},
	{"network.rules", false},
	{"network.signs", false},
	{"host.files", false},
	{"host.registry", false},
	{"host.processes", false},
	{"host.services", false},
	{"host.mutexes", false},
	{"host.yara", false},
	{"host.persistence", false},
	{"host.removal.steps", true},
	{"host.removal.does_not_undo", false},
	{"host.removal.backup", false},
	{"co_infections", false},
};
static const struct part prevention[] = {
	{"prevention", false},
	{"fixes.patches", false},
	{"fixes.no_fix", false},
	{"fixes.workarounds", false},
	{"filters", false},
	{"tools", false},
};
static const struct part references[] = {
	{"references", false},
	{"sources", false},
	{"contact", false},
};

static const struct chapter chapters[] = {
	{"I. Overview", "I. 概要", overview, WW_N(overview)},
	{"II. Affected systems", "II. 対象", affected, WW_N(affected)},
	{"III. Confirming and handling an infection", "III. ワーム感染の確認および対処方法",
		handling, WW_N(handling)},
	{"IV. Prevention", "IV. 予防方法および再発防止策", prevention, WW_N(prevention)},
	{"V. References", "V. 参考文献", references, WW_N(references)},
};

static void show_part(struct page *page, const struct part *part)
{
	const struct ww_field *field = ww_field_find(part->path);
	ww_assert(field);
	if (!is_given(page, field))
		return;
	ww_buf_addc(page->out, '\n');
	wrap(page, 0, "", 0, label_of(page, field));
	if (field->kind == WW_KIND_LIST) {
		show_list(page, field, page->advisory, 2, part->numbered);
		return;
	}
	if (field->kind == WW_KIND_STRUCT) {
		show_struct(page, field);
		return;
	}
	struct ww_buf value = WW_BUF_INIT;
	value_text(page, field, page->advisory, &value);
	wrap(page, 2, "", 2, ww_buf_text(&value));
	ww_buf_done(&value);
}

static void show_top(struct page *page)
{
	const struct ww_advisory *advisory = page->advisory;
	struct ww_buf line = WW_BUF_INIT;
	ww_buf_addf(page->out, "TLP:%s\n", advisory->tlp);
	rule_line(page, '=');
	wrap(page, 0, "", 0, ww_text_in(&advisory->title, page->lang));
	ww_buf_adds(&line, advisory->id);
	if (advisory->number)
		ww_buf_addf(&line, " · %s", advisory->number);
	if (advisory->facts->published)
		ww_buf_addf(&line, " · %s%s", page->ja ? "公開 " : "published ",
			advisory->facts->published);
	if (advisory->facts->revised)
		ww_buf_addf(&line, " · %s%s", page->ja ? "更新 " : "revised ",
			advisory->facts->revised);
	wrap(page, 0, "", 0, ww_buf_text(&line));
	rule_line(page, '=');
	ww_buf_done(&line);
}

void ww_advisory_show(
	struct ww_buf *out, const struct ww_advisory *advisory, const char *lang, int width)
{
	struct page page = {
		.out = out,
		.advisory = advisory,
		.lang = lang,
		.ja = lang && strncmp(lang, "ja", 2) == 0,
		.width = width < 40    ? 40
			 : width > 200 ? 200
				       : width,
	};
	show_top(&page);
	for (size_t i = 0; i < WW_N(chapters); i++) {
		const struct chapter *chapter = &chapters[i];
		bool any = i == 0;
		for (size_t j = 0; j < chapter->n_parts; j++)
			any |= is_given(&page, ww_field_find(chapter->parts[j].path));
		if (!any)
			continue;
		ww_buf_addf(out, "\n%s\n", page.ja ? chapter->ja : chapter->en);
		rule_line(&page, '-');
		if (i == 0 && advisory->summary.en)
			wrap(&page, 0, "", 0, ww_text_in(&advisory->summary, lang));
		for (size_t j = 0; j < chapter->n_parts; j++)
			show_part(&page, &chapter->parts[j]);
	}
	ww_buf_addf(out, "\nTLP:%s\n", advisory->tlp);
}
