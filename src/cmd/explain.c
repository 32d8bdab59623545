// SPDX-License-Identifier: GPL-3.0-or-later
/* wormwood explain N: why we say so, packet by packet. */
#include "cmd/last.h"
#include "cmd/lock.h"

#include "base/file.h"
#include "base/json.h"
#include "base/quote.h"
#include "base/text.h"
#include "value/port.h"
#include "value/when.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { SOURCE_MAX = 8 << 20, QUOTE_MAX = 400, HEX_COLUMNS = 16, LIST_MAX = 40 };

/* ---- the header ---- */

static const char *kind_title(const struct ww_screen *screen, enum ww_finding_kind kind)
{
	switch (kind) {
	case WW_FINDING_RULE: return ww_lang(screen, "a rule alerted", "ルールが一致しました");
	case WW_FINDING_SCAN: return ww_lang(screen, "a host scans", "ホストがスキャンしています");
	case WW_FINDING_STAGE:
		return ww_lang(
			screen, "a stage of the worm was seen", "ワームの段階が観測されました");
	case WW_FINDING_SPREAD:
		return ww_lang(screen, "a host was hit, then did the same",
			"攻撃を受けたホストが同じ攻撃を始めました");
	case WW_FINDING_KIND_COUNT: break;
	}
	return "";
}

/* "4444/tcp", "tcp", or nothing. */
static void add_service(struct ww_buf *out, const struct ww_finding *finding)
{
	if (finding->port)
		ww_buf_addf(out, "  %u/%s", finding->port, ww_proto_name(finding->proto));
	else if (finding->proto)
		ww_buf_addf(out, "  %s", ww_proto_name(finding->proto));
}

static void add_header(
	struct ww_buf *out, const struct ww_screen *screen, const struct ww_last *last)
{
	const struct ww_finding *finding = &last->finding;
	struct ww_buf line = WW_BUF_INIT;
	char when[WW_SCREEN_TIME_MAX];
	ww_buf_addf(out,
		ww_lang(screen, "finding %" PRIu64 " of %" PRIu64 ": ",
			"検出 %" PRIu64 " / %" PRIu64 ": "),
		finding->id, last->n_findings);
	ww_paint(out, screen, WW_PAINT_STRONG, kind_title(screen, finding->kind), 0);
	if (finding->advisory[0]) {
		ww_clean(&line, finding->advisory);
		ww_buf_addf(out, "  (%s)", ww_buf_text(&line));
		ww_buf_reset(&line);
	}
	ww_endpoint(&line, &finding->src, 0);
	ww_buf_addf(&line, " %s ", ww_glyph(screen, WW_GLYPH_RIGHT));
	ww_endpoint(&line, &finding->dst, 0);
	ww_buf_adds(out, "\n  ");
	ww_paint(out, screen, WW_PAINT_BAD, ww_buf_text(&line), 0);
	add_service(out, finding);
	/* What is not certain is not shown as 1.00. */
	bool nearly = finding->confidence < 1 && finding->confidence >= 0.995;
	ww_buf_addf(out, "   %s %s   %s %s%.2f\n  ", ww_screen_time(screen, finding->time_us, when),
		screen->tz, ww_lang(screen, "confidence", "確度"), nearly ? ">" : "",
		nearly ? 0.99 : finding->confidence);
	ww_clean(out, finding->msg);
	if (finding->sid)
		ww_buf_addf(out, "  [%u:%u]", finding->gid, finding->sid);
	ww_buf_adds(out, "\n  ");
	ww_buf_reset(&line);
	ww_clean(&line, last->run.input);
	ww_paint(out, screen, WW_PAINT_FAINT, ww_buf_text(&line), 0);
	if (finding->flow[0]) {
		ww_buf_adds(out, "   ");
		ww_clean(out, finding->flow);
	}
	ww_buf_addc(out, '\n');
	ww_buf_done(&line);
}

/* ---- what asked for it ---- */

/* The line of a file as it is now, cut and made safe to print. */
static void add_source_line(
	struct ww_buf *out, const struct ww_screen *screen, const char *file, uint32_t line)
{
	struct ww_buf source = WW_BUF_INIT, quoted = WW_BUF_INIT;
	if (line == 0 || ww_file_load(file, SOURCE_MAX, &source) != 0)
		return;
	char *at = source.data;
	for (uint32_t n = 1; at && n < line; n++) {
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	if (at && *at) {
		at[strcspn(at, "\r\n")] = '\0';
		at += strspn(at, " \t");
		bool is_long = strlen(at) > QUOTE_MAX;
		if (is_long)
			at[QUOTE_MAX] = '\0';
		ww_clean(&quoted, at);
		if (is_long)
			ww_buf_adds(&quoted, ww_glyph(screen, WW_GLYPH_DOTS));
		ww_buf_adds(out, "      ");
		ww_paint(out, screen, WW_PAINT_FAINT, ww_buf_text(&quoted), 0);
		ww_buf_addc(out, '\n');
	}
	ww_buf_done(&quoted);
	ww_buf_done(&source);
}

static void add_why(
	struct ww_buf *out, const struct ww_screen *screen, const char *file, uint32_t line)
{
	if (!file[0])
		return;
	ww_buf_addf(out, "    %s ", ww_lang(screen, "asked for by", "根拠:"));
	ww_clean(out, file);
	if (line)
		ww_buf_addf(out, ":%u", line);
	ww_buf_addc(out, '\n');
	add_source_line(out, screen, file, line);
}

/* ---- the evidence ---- */

static void add_hex(struct ww_buf *out, const struct ww_evidence *evidence)
{
	for (size_t at = 0; at < evidence->n_bytes; at += HEX_COLUMNS) {
		size_t n = evidence->n_bytes - at;
		if (n > HEX_COLUMNS)
			n = HEX_COLUMNS;
		ww_buf_addf(out, "    %6" PRIu64 "  ", evidence->offset + at);
		for (size_t i = 0; i < HEX_COLUMNS; i++) {
			if (i < n)
				ww_buf_addf(out, "%02x ", evidence->bytes[at + i]);
			else
				ww_buf_adds(out, "   ");
			if (i == HEX_COLUMNS / 2 - 1)
				ww_buf_addc(out, ' ');
		}
		ww_buf_addc(out, ' ');
		for (size_t i = 0; i < n; i++) {
			uint8_t c = evidence->bytes[at + i];
			ww_buf_addc(out, c >= 0x20 && c < 0x7f ? (char)c : '.');
		}
		ww_buf_addc(out, '\n');
	}
}

static void add_packet(struct ww_buf *out, const struct ww_screen *screen,
	const struct ww_finding *finding, const struct ww_evidence *evidence)
{
	char clock[WW_SCREEN_TIME_MAX];
	ww_buf_adds(out, "\n  ");
	if (evidence->frame)
		ww_buf_addf(out, ww_lang(screen, "frame %" PRIu64, "フレーム %" PRIu64),
			evidence->frame);
	else
		ww_buf_adds(out, ww_lang(screen, "no packet", "パケットなし"));
	ww_buf_addf(out, "  %s  ", ww_screen_clock(screen, evidence->time_us, clock));
	ww_endpoint(out, &evidence->src, evidence->sport);
	ww_buf_addf(out, " %s ", ww_glyph(screen, WW_GLYPH_RIGHT));
	ww_endpoint(out, &evidence->dst, evidence->dport);
	if (evidence->note[0]) {
		ww_buf_adds(out, "   ");
		ww_clean(out, evidence->note);
	}
	ww_buf_addc(out, '\n');
	add_hex(out, evidence);
	/* What the header has quoted is not quoted again. */
	if (strcmp(evidence->file, finding->why_file) != 0 ||
		evidence->at.line != finding->why_line)
		add_why(out, screen, evidence->file, evidence->at.line);
}

/* ---- the walk of a test ---- */

/* A cell of a table: padded on the left where `columns` < 0, and two blanks behind. */
static void add_cell(struct ww_buf *out, const char *text, int columns)
{
	if (columns < 0)
		ww_buf_pad(out, ' ', -columns - ww_text_width(text));
	ww_text_left(out, text, columns > 0 ? columns : 0);
	ww_buf_adds(out, "  ");
}

/* The outcome of a first contact in the screen's language; other notes stay as they are. */
static const char *outcome_word(const struct ww_screen *screen, const char *note)
{
	static const char *const words[][2] = {
		{"answered", "応答あり"}, {"refused", "拒否"}, {"unanswered", "応答なし"}};
	for (size_t i = 0; screen->ja && i < WW_N(words); i++)
		if (strcmp(note, words[i][0]) == 0)
			return words[i][1];
	return note;
}

static void add_walk_step(struct ww_buf *out, const struct ww_screen *screen, size_t step,
	const struct ww_evidence *evidence, double threshold, int width)
{
	struct ww_buf cell = WW_BUF_INIT;
	char clock[WW_SCREEN_TIME_MAX];
	ww_buf_addf(out, "  %4zu  %8" PRIu64 "  %s  ", step, evidence->frame,
		ww_screen_clock(screen, evidence->time_us, clock));
	ww_endpoint(&cell, &evidence->dst, evidence->dport);
	add_cell(out, ww_buf_text(&cell), width);
	ww_buf_reset(&cell);
	ww_clean(&cell, outcome_word(screen, evidence->note));
	add_cell(out, ww_buf_text(&cell), 10);
	ww_buf_reset(&cell);
	if (isfinite(evidence->score))
		ww_buf_addf(&cell, "%8.3f", evidence->score);
	ww_paint(out, screen, evidence->score >= threshold ? WW_PAINT_BAD : WW_PAINT_PLAIN,
		ww_buf_text(&cell), 0);
	ww_buf_addc(out, '\n');
	ww_buf_done(&cell);
}

/* Columns of the widest endpoint. */
static int endpoint_width(const struct ww_finding *finding)
{
	struct ww_buf cell = WW_BUF_INIT;
	int width = 0;
	for (size_t i = 0; i < finding->n_evidence; i++) {
		ww_buf_reset(&cell);
		ww_endpoint(&cell, &finding->evidence[i].dst, finding->evidence[i].dport);
		width = (int)cell.len > width ? (int)cell.len : width;
	}
	ww_buf_done(&cell);
	return width;
}

static void add_walk(
	struct ww_buf *out, const struct ww_screen *screen, const struct ww_finding *finding)
{
	double scores[WW_FINDING_EVIDENCE];
	size_t n = finding->n_evidence < WW_FINDING_EVIDENCE ? finding->n_evidence
							     : WW_FINDING_EVIDENCE;
	size_t n_scores = 0, crossed = 0;
	int width = endpoint_width(finding);
	ww_buf_adds(out, "\n  ");
	add_cell(out, ww_lang(screen, "step", "手順"), -4);
	add_cell(out, ww_lang(screen, "frame", "フレーム"), -8);
	add_cell(out, ww_lang(screen, "time", "時刻"), 12);
	add_cell(out, ww_lang(screen, "to", "宛先"), width);
	add_cell(out, ww_lang(screen, "outcome", "結果"), 10);
	ww_buf_addf(out, "%s\n", ww_lang(screen, "   score", "    得点"));
	for (size_t i = 0; i < n; i++) {
		const struct ww_evidence *evidence = &finding->evidence[i];
		add_walk_step(out, screen, i + 1, evidence, finding->threshold, width);
		if (!isfinite(evidence->score))
			continue;
		scores[n_scores++] = evidence->score;
		if (!crossed && evidence->score >= finding->threshold)
			crossed = i + 1;
	}
	ww_buf_adds(out, "\n  ");
	ww_sparkline(out, screen, scores, n_scores, finding->threshold);
	ww_buf_addf(out,
		ww_lang(screen, "  full height = threshold %.3f", "  最大の高さ = しきい値 %.3f"),
		finding->threshold);
	if (crossed)
		ww_buf_addf(out, ww_lang(screen, ", reached at step %zu", "、手順 %zu で到達"),
			crossed);
	ww_buf_addc(out, '\n');
}

static void add_scan_counts(
	struct ww_buf *out, const struct ww_screen *screen, const struct ww_finding *finding)
{
	const struct ww_strategy *strategy = &finding->strategy;
	ww_buf_adds(out, "  ");
	ww_clean(out, finding->scan);
	ww_buf_addf(out,
		ww_lang(screen,
			": %" PRIu64 " targets on %" PRIu64 " hosts and %" PRIu64 " ports, %" PRIu64
			" of them refused or unanswered\n",
			": 対象 %" PRIu64 " (ホスト %" PRIu64 "、ポート %" PRIu64
			")、うち拒否または応答なし %" PRIu64 "\n"),
		finding->targets, finding->hosts, finding->ports, finding->failed);
	ww_buf_addf(out,
		ww_lang(screen,
			"  alarm after %" PRIu64 " first contacts judged, %" PRIu64 " sent\n",
			"  判定した初回接触 %" PRIu64 " 件 (送信 %" PRIu64 " 件) で警報\n"),
		finding->first_contacts_to_alarm, finding->sent_to_alarm);
	if (strategy->name[0]) {
		ww_buf_addf(
			out, "  %s ", ww_lang(screen, "addresses picked:", "アドレスの選び方:"));
		ww_clean(out, strategy->name);
		ww_buf_addf(out, " (%.2f)", strategy->p);
		if (isfinite(strategy->per_s))
			ww_buf_addf(out, ", %.1f/s", strategy->per_s);
		ww_buf_addc(out, '\n');
	}
}

/* ---- the end ---- */

static const char *other_mind(const struct ww_screen *screen, enum ww_finding_kind kind)
{
	switch (kind) {
	case WW_FINDING_RULE:
		return ww_lang(screen,
			"The bytes matched; that says somebody sent them, not that they worked. A "
			"harmless "
			"transfer that holds the same bytes (a copy of the rule, a malware sample, "
			"a test) "
			"looks the same here.",
			"バイト列の一致は送信の事実だけを示し、攻撃の成功は示しません。"
			"同じバイト列を含む無害な通信も同じに見えます。");
	case WW_FINDING_SCAN:
		return ww_lang(screen,
			"Had contacts in this walk been answered, each would have lowered the "
			"score, "
			"down to 0. Answers in time after the alarm change nothing; those that "
			"come "
			"late take failures back. If this host is a scanner of yours, or the "
			"answers "
			"went another way than past this sensor, this is no attack.",
			"この経過の中で応答があれば、得点はその都度 0 "
			"まで下がりました。警報後の通常の応答では変わらず、遅れた応答は失敗を"
			"取り消します。自組織の診断用ホストの場合や、"
			"応答がこのセンサーを通らない場合は攻撃ではありません。");
	case WW_FINDING_STAGE:
		return ww_lang(screen,
			"A rehearsal, a honeypot or a recorded session played again leaves the "
			"same "
			"packets. The disk of the host, or its own traffic afterwards, would "
			"settle it.",
			"演習、ハニーポット、通信の再生でも同じパケットが残ります。"
			"ホストのディスクか、その後の通信で確定できます。");
	case WW_FINDING_SPREAD:
		return ww_lang(screen,
			"The order of two events, not their cause, was seen: the host may scan for "
			"a "
			"reason of its own. Bytes of an exploit in the connection before would "
			"raise this, "
			"scanning before it would rule it out.",
			"観測したのは二つの出来事の順序であり、因果ではありません。"
			"接続前からスキャンしていたなら感染ではありません。");
	case WW_FINDING_KIND_COUNT: break;
	}
	return "";
}

/* Words at the screen's width; text without blanks (Japanese) is left to the terminal. */
static void add_wrapped(struct ww_buf *out, const struct ww_screen *screen, const char *text)
{
	int column = 2;
	ww_buf_adds(out, "  ");
	while (*text) {
		size_t n = strcspn(text, " ");
		if (column > 2 && column + 1 + (int)n > screen->width) {
			ww_buf_adds(out, "\n  ");
			column = 2;
		} else if (column > 2) {
			ww_buf_addc(out, ' ');
			column++;
		}
		ww_buf_add(out, text, n);
		column += (int)n;
		text += n;
		text += strspn(text, " ");
	}
	ww_buf_addc(out, '\n');
}

/* As it has to stand in a command that means the same store. */
static void add_store(struct ww_buf *out, const struct ww_call *call)
{
	if (!call->common->db)
		return;
	ww_buf_adds(out, " --db ");
	ww_quote_shell(out, call->common->db);
}

static void add_next(struct ww_buf *out, const struct ww_call *call, const struct ww_last *last)
{
	const struct ww_finding *finding = &last->finding;
	struct ww_buf db = WW_BUF_INIT;
	add_store(&db, call);
	ww_buf_addf(out, "\n%s\n", ww_lang(call->screen, "do next", "次の一手"));
	bool has_packets =
		strcmp(last->run.input, "-") != 0 && strncmp(last->run.input, "live:", 5) != 0;
	if (has_packets)
		ww_buf_addf(out, "  %s slice %" PRIu64 " -w finding%" PRIu64 ".pcap%s\n",
			call->program, finding->id, finding->id, ww_buf_text(&db));
	if (finding->id < last->n_findings)
		ww_buf_addf(out, "  %s explain %" PRIu64 "%s\n", call->program, finding->id + 1,
			ww_buf_text(&db));
	if (finding->advisory[0] && ww_cmd_find("advisory")) {
		ww_buf_addf(out, "  %s advisory show ", call->program);
		ww_quote_shell(out, finding->advisory);
		ww_buf_addc(out, '\n');
	}
	ww_buf_done(&db);
}

static void explain_people(const struct ww_call *call, const struct ww_last *last)
{
	const struct ww_finding *finding = &last->finding;
	const struct ww_screen *screen = call->screen;
	struct ww_buf out = WW_BUF_INIT;
	add_header(&out, screen, last);
	add_why(&out, screen, finding->why_file, finding->why_line);
	if (finding->kind == WW_FINDING_SCAN) {
		add_scan_counts(&out, screen, finding);
		add_walk(&out, screen, finding);
	} else {
		for (size_t i = 0; i < finding->n_evidence; i++)
			add_packet(&out, screen, finding, &finding->evidence[i]);
	}
	if (finding->n_evidence == 0)
		ww_buf_addf(&out, "\n  %s\n",
			ww_lang(screen, "No evidence was kept.", "証拠は保存されていません。"));
	ww_buf_addf(
		&out, "\n%s\n", ww_lang(screen, "what would change our mind", "判断が変わる条件"));
	add_wrapped(&out, screen, other_mind(screen, finding->kind));
	add_next(&out, call, last);
	ww_show(screen, &out);
	ww_buf_done(&out);
}

/* ---- for machines ---- */

static void put_ip(struct ww_json *json, const char *key, const struct ww_ip *ip)
{
	char text[WW_IP_TEXT_MAX];
	if (ww_ip_word(ip, 0) == 0 && ww_ip_word(ip, 1) == 0)
		ww_json_null(json, key);
	else
		ww_json_string(json, key, ww_ip_print(ip, text));
}

static void evidence_json(
	struct ww_buf *out, uint64_t finding, size_t step, const struct ww_evidence *evidence)
{
	struct ww_json json = ww_json_to(out);
	char text[WW_WHEN_TEXT_MAX], hex[2 * WW_EVIDENCE_MAX + 1] = "";
	for (size_t i = 0; i < evidence->n_bytes; i++)
		snprintf(hex + 2 * i, 3, "%02x", evidence->bytes[i]);
	ww_json_object(&json, NULL);
	ww_json_string(&json, "type", "evidence");
	ww_json_int(&json, "finding", (int64_t)finding);
	ww_json_int(&json, "step", (int64_t)step);
	ww_json_int(&json, "frame", (int64_t)evidence->frame);
	ww_json_string(&json, "time", ww_when_print(evidence->time_us, text));
	put_ip(&json, "src", &evidence->src);
	ww_json_int(&json, "sport", evidence->sport);
	put_ip(&json, "dst", &evidence->dst);
	ww_json_int(&json, "dport", evidence->dport);
	ww_json_string(&json, "proto", ww_proto_name(evidence->proto));
	ww_json_int(&json, "offset", (int64_t)evidence->offset);
	ww_json_string(&json, "hex", hex);
	ww_json_string(&json, "note", evidence->note);
	ww_json_real(&json, "score", evidence->score, 3);
	if (evidence->file[0]) {
		ww_json_object(&json, "why");
		ww_json_string(&json, "file", evidence->file);
		ww_json_int(&json, "line", evidence->at.line);
		ww_json_end(&json, '}');
	} else {
		ww_json_null(&json, "why");
	}
	ww_json_end(&json, '}');
}

static void explain_json(const struct ww_screen *screen, const struct ww_finding *finding)
{
	struct ww_buf line = WW_BUF_INIT;
	ww_finding_json(&line, finding);
	ww_emit(screen, &line);
	for (size_t i = 0; i < finding->n_evidence; i++) {
		evidence_json(&line, finding->id, i + 1, &finding->evidence[i]);
		ww_emit(screen, &line);
	}
	ww_buf_done(&line);
}

/* ---- without a number: what there is ---- */

static void add_row(
	struct ww_buf *out, const struct ww_screen *screen, const struct ww_finding *finding)
{
	char when[WW_SCREEN_TIME_MAX];
	struct ww_buf cell = WW_BUF_INIT;
	ww_buf_addf(out, "%6" PRIu64 "  %-6s  %s  ", finding->id,
		ww_finding_kind_name(finding->kind),
		ww_screen_time(screen, finding->time_us, when));
	ww_endpoint(&cell, &finding->src, 0);
	ww_buf_addf(&cell, " %s ", ww_glyph(screen, WW_GLYPH_RIGHT));
	ww_endpoint(&cell, &finding->dst, finding->port);
	ww_text_left(out, ww_buf_text(&cell), 38);
	ww_buf_addc(out, ' ');
	ww_clean(out, finding->msg);
	ww_buf_addc(out, '\n');
	ww_buf_done(&cell);
}

static enum ww_exit list(struct ww_call *call, struct ww_last *last)
{
	const struct ww_screen *screen = call->screen;
	struct ww_buf out = WW_BUF_INIT, store = WW_BUF_INIT;
	uint64_t most = screen->json ? WW_STORE_FINDINGS : LIST_MAX;
	uint64_t n = last->n_findings < most ? last->n_findings : most;
	int status = 0;
	for (uint64_t id = 1; id <= n && status == 0; id++) {
		struct ww_finding finding;
		status = ww_last_find(last, id, &finding);
		if (status != 0)
			break;
		if (screen->json) {
			ww_finding_json(&out, &finding);
			ww_emit(screen, &out);
		} else {
			add_row(&out, screen, &finding);
		}
		ww_store_finding_done(&finding);
	}
	if (!screen->json && n < last->n_findings)
		ww_buf_addf(&out, "        %s %" PRIu64 " %s\n", ww_glyph(screen, WW_GLYPH_DOTS),
			last->n_findings - n,
			ww_lang(screen, "more; --json lists all", "件は省略 (--json で全件)"));
	ww_show(screen, &out);
	ww_buf_done(&out);
	if (status != 0)
		return ww_failed(call, "the store cannot be read: %s", ww_store_error(last->store));
	if (last->n_findings == 0) {
		ww_say(screen, "%s\n",
			ww_lang(screen, "The last run found nothing.",
				"直近の実行では何も見つかっていません。"));
	} else if (!screen->json) {
		add_store(&store, call);
		ww_say(screen,
			ww_lang(screen, "\n%" PRIu64 " finding%s.  why:  %s explain N%s\n",
				"\n検出 %" PRIu64 " 件%s。  詳細:  %s explain N%s\n"),
			last->n_findings, screen->ja || last->n_findings == 1 ? "" : "s",
			call->program, ww_buf_text(&store));
	}
	ww_buf_done(&store);
	return WW_EXIT_NOTHING;
}

/* What the store says comes from packets: from here on it is read, and the files that it quotes. */
static enum ww_exit lock(struct ww_call *call, const struct ww_last *last)
{
	struct ww_lock lock = {.n_read = 0};
	struct ww_buf store = WW_BUF_INIT;
	if (ww_call_store(call, &store) == 0)
		ww_lock_write_beside(&lock, ww_buf_text(&store));
	ww_buf_done(&store);
	if (last->finding.id)
		ww_lock_read(&lock, last->finding.why_file);
	for (size_t i = 0; i < last->finding.n_evidence; i++)
		ww_lock_read(&lock, last->finding.evidence[i].file);
	return ww_lock_now(&lock, call);
}

static enum ww_exit run(struct ww_call *call)
{
	struct ww_last last;
	if (call->n_args > 1)
		return ww_usage(call, "one finding at a time:  %s explain N", call->program);
	enum ww_exit answer = ww_last_open(call, call->n_args ? call->args[0] : NULL, &last);
	if (answer == WW_EXIT_NOTHING)
		answer = lock(call, &last);
	if (answer == WW_EXIT_NOTHING && last.finding.id == 0)
		answer = list(call, &last);
	else if (answer == WW_EXIT_NOTHING && call->screen->json)
		explain_json(call->screen, &last.finding);
	else if (answer == WW_EXIT_NOTHING)
		explain_people(call, &last);
	ww_last_close(&last);
	return answer;
}

const struct ww_cmd ww_cmd_explain = {
	.name = "explain",
	.summary = "why: the evidence of finding N of the last watch, packet by packet",
	.usage = "[N] [options]",
	.details = "Without N: the findings there are. Nothing is read but the store.\n",
	.run = run,
};
