// SPDX-License-Identifier: GPL-3.0-or-later
/* What was looked at and what was lost, so that 'nothing found' means something; what to do next.
 */
#include "cmd/report-private.h"

#include "base/file.h"
#include "base/quote.h"
#include "base/text.h"
#include "value/when.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void add_note(const struct ww_page *page, const char *text)
{
	ww_paint(page->out, page->screen, WW_PAINT_DOUBT, ww_page_word(page, "note", "注意"), 0);
	ww_buf_addf(page->out, "  %s\n", text);
}

/* Something counted: what one of it is, what several are, and both in Japanese. */
struct counted {
	uint64_t n;
	const char *one, *many, *ja;
};

static void note_count(const struct ww_page *page, const struct counted *counted)
{
	char number[WW_NUMBER_MAX];
	struct ww_buf text = WW_BUF_INIT;
	if (counted->n == 0)
		return;
	ww_page_number(counted->n, number);
	if (page->screen->ja)
		ww_buf_addf(&text, "%s %s", number, counted->ja);
	else
		ww_buf_addf(&text, "%s %s", number, counted->n == 1 ? counted->one : counted->many);
	add_note(page, ww_buf_text(&text));
	ww_buf_done(&text);
}

static void note_undecoded(const struct ww_page *page)
{
	static const char *const layers_ja[WW_LAYER_COUNT] = {
		"リンク層", "ネットワーク層", "トランスポート層"};
	static const char *const outcomes_ja[WW_OUTCOME_COUNT] = {
		"", "途中で切れています", "壊れています", "未対応です"};
	const uint64_t(*rows)[WW_OUTCOME_COUNT] = page->summary->packets->outcomes;
	for (int layer = 0; layer < WW_LAYER_COUNT; layer++) {
		for (int outcome = WW_OUTCOME_OK + 1; outcome < WW_OUTCOME_COUNT; outcome++) {
			char one[96], many[96], ja[96];
			const char *what = ww_outcome_name((enum ww_outcome)outcome);
			const char *where = ww_layer_name((enum ww_layer)layer);
			snprintf(one, sizeof(one), "packet is %s at the %s layer", what, where);
			snprintf(many, sizeof(many), "packets are %s at the %s layer", what, where);
			snprintf(ja, sizeof(ja), "パケットは%sで%s", layers_ja[layer],
				outcomes_ja[outcome]);
			note_count(page, &(struct counted){rows[layer][outcome], one, many, ja});
		}
	}
}

/* "LLDP 12, spanning tree 3", the most frequent first. */
static void add_most(const struct ww_page *page, struct ww_buf *text)
{
	enum { SHOWN = 6 };
	const struct ww_packet_counts *counts = page->summary->packets;
	bool taken[WW_UNSUPPORTED_MAX] = {false};
	for (int n = 0; n < SHOWN; n++) {
		const struct ww_unsupported *most = NULL;
		for (uint32_t i = 0; i < counts->n_unsupported; i++)
			if (!taken[i] && (!most || counts->unsupported[i].packets > most->packets))
				most = &counts->unsupported[i];
		if (!most)
			return;
		char what[WW_UNSUPPORTED_TEXT_MAX], number[WW_NUMBER_MAX];
		taken[most - counts->unsupported] = true;
		ww_page_number(most->packets, number);
		ww_buf_addf(text, "%s%s %s", n ? ", " : "",
			ww_unsupported_print((enum ww_numbering)most->in, most->number, what),
			number);
	}
	if (counts->n_unsupported > SHOWN)
		ww_buf_adds(text, ww_page_word(page, " and others", " など"));
}

/* What it was that is not supported, and the tunnels that were. */
static void note_protocols(const struct ww_page *page)
{
	struct ww_buf text = WW_BUF_INIT;
	if (page->summary->packets->n_unsupported > 0) {
		ww_buf_adds(&text, ww_page_word(page, "not decoded: ", "未対応の内訳："));
		add_most(page, &text);
		add_note(page, ww_buf_text(&text));
	}
	ww_buf_reset(&text);
	for (unsigned i = 0; i < WW_ENCAPSULATION_COUNT; i++) {
		enum ww_encapsulation which = (enum ww_encapsulation)i;
		uint64_t n = ww_watch_encapsulated(page->summary, which);
		char number[WW_NUMBER_MAX];
		if (n == 0 || !ww_encapsulation_is_tunnel(which))
			continue;
		ww_page_number(n, number);
		ww_buf_addf(&text, "%s%s %s", text.len ? ", " : "", ww_encapsulation_name(which),
			number);
	}
	if (text.len) {
		struct ww_buf note = WW_BUF_INIT;
		ww_buf_addf(&note,
			ww_page_word(page,
				"packets came in tunnels (%s): addresses are those inside",
				"トンネル内のパケット（%s）：アドレスは内側のものです"),
			ww_buf_text(&text));
		add_note(page, ww_buf_text(&note));
		ww_buf_done(&note);
	}
	ww_buf_done(&text);
}

/* What the capture itself is like. */
static void note_capture(const struct ww_page *page)
{
	const struct ww_watch_summary *summary = page->summary;
	const struct ww_flow_counts *flows = summary->flows;
	const struct counted rows[] = {
		{flows->midstream,
			"conversation began before the capture: who began it is inferred",
			"conversations began before the capture: who began them is inferred",
			"件の通信はキャプチャ開始前からのもので、接続方向は推定です"},
		{flows->time_back, "packet steps back in time", "packets step back in time",
			"パケットで時刻が逆行しています"},
		{summary->packets->snapped,
			"payload is cut by the snap length: the rest was not seen",
			"payloads are cut by the snap length: the rest was not seen",
			"件のペイロードはスナップ長で切れています"},
		{flows->fragments_dropped, "fragment was given up: its datagram is not complete",
			"fragments were given up: their datagrams are not complete",
			"個のフラグメントは再構成できませんでした"},
		{flows->fragment_conflicts,
			"datagram has fragments that disagree: what its receiver takes was taken",
			"datagrams have fragments that disagree: what their receivers take was "
			"taken",
			"個のデータグラムでフラグメントの内容が食い違います（受信側と同じ方を採用"
			"）"},
		{flows->reassembly_gaps, "gap in a stream: the bytes there were not seen",
			"gaps in streams: the bytes there were not seen",
			"か所のストリームに欠落があります"},
		{flows->overlaps_conflicting,
			"segment says other bytes than were sent before: what its receiver takes "
			"was taken",
			"segments say other bytes than were sent before: what their receivers take "
			"was taken",
			"個のセグメントは送信済みの範囲と内容が異なります（受信側と同じ方を採用）"},
		{flows->urgent, "urgent byte was left out of a stream, as its receiver does",
			"urgent bytes were left out of streams, as their receivers do",
			"個の緊急データは受信側と同様にストリームから除きました"},
		{flows->stale, "segment has an old timestamp: its receiver drops it (PAWS)",
			"segments have old timestamps: their receivers drop them (PAWS)",
			"個のセグメントはタイムスタンプが古く、受信側は破棄します（PAWS）"},
		{flows->forged_ends, "FIN or RST was forged: its sender went on behind it",
			"FINs or RSTs were forged: their senders went on behind them",
			"個のFINまたはRSTは偽装です（送信側は通信を続けています）"},
		{flows->resets_refused, "RST has a number that its receiver does not take",
			"RSTs have numbers that their receivers do not take",
			"個のRSTは受信側が受け付けない番号です"},
	};
	for (size_t i = 0; i < WW_N(rows); i++)
		note_count(page, &rows[i]);
}

/* What limits made of it, and what no detector takes. */
static void note_limits(const struct ww_page *page)
{
	const struct ww_watch_summary *summary = page->summary;
	const struct ww_flow_counts *flows = summary->flows;
	const struct counted rows[] = {
		{flows->evicted_flows, "conversation given up because the table was full",
			"conversations given up because the table was full",
			"件の通信は表が一杯のため追跡を中止しました"},
		{flows->evicted_streams, "direction not inspected any more: too many at once",
			"directions not inspected any more: too many at once",
			"件のストリームは同時数の上限のため検査を中止しました"},
		{flows->evicted_windows,
			"direction of which less was kept than rules may need: too many at once",
			"directions of which less was kept than rules may need: too many at once",
			"件のストリームは同時数の上限のため保持量を減らしました"},
		{flows->evicted_early,
			"gap in a stream skipped: no room for more segments that come early",
			"gaps in streams skipped: no room for more segments that come early",
			"か所の欠落は、先着セグメントの保持領域不足のため読み飛ばしました"},
		{flows->evicted_fragments, "fragment given up early: no room for more datagrams",
			"fragments given up early: no room for more datagrams",
			"個のフラグメントは保持領域不足のため早期に破棄しました"},
		{flows->evicted_attempts, "connection attempt judged early: too many at once",
			"connection attempts judged early: too many at once",
			"件の接続試行は同時数の上限のため早期に判定しました"},
		{flows->evicted_contacts,
			"endpoint forgotten: if it is contacted again, that counts as the first "
			"time",
			"endpoints forgotten: those contacted again count as contacted for the "
			"first time",
			"件の接続先の記録を忘却しました（再接触は初回として数えます）"},
		{summary->rules.encrypted,
			"direction of a TLS connection was not searched for rules beyond its "
			"handshake",
			"directions of TLS connections were not searched for rules beyond their "
			"handshakes",
			"件のTLS通信方向は、ハンドシェイク以降のルール検査を行っていません"},
		{flows->undecided,
			"first contact still waited for an answer at the end: not judged",
			"first contacts still waited for an answer at the end: not judged",
			"件の初回接触は終了時に応答待ちのため判定していません"},
		{page->report->more_scans,
			"scan more than the list holds: it is in the store, not in this report",
			"scans more than the list holds: they are in the store, not in this report",
			"件のスキャンは一覧の上限を超えたため、保存のみで表示していません"},
		{page->report->withdrawn,
			"scan alarm was withdrawn: the answers came late (explain shows it)",
			"scan alarms were withdrawn: the answers came late (explain shows them)",
			"件のスキャン警報は、応答が遅れて届いたため取り消しました"},
		{flows->unsolicited,
			"datagram looks like an answer to what was not seen: not counted as a "
			"contact",
			"datagrams look like answers to what was not seen: not counted as contacts",
			"個のデータグラムは未観測の要求への応答とみなし、接触に数えていません"},
		{summary->one_sided,
			"sign of success was seen in one direction only: success not proven",
			"signs of success were seen in one direction only: success not proven",
			"件の成功の兆候は片方向のみの記録のため、成功とは断定できません"},
		{flows->backscatter,
			"SYN-ACK or RST answers nothing that was seen: backscatter, or one "
			"direction "
			"only",
			"SYN-ACKs and RSTs answer nothing that was seen: backscatter, or one "
			"direction only",
			"個の SYN-ACK・RST "
			"は対応する要求がありません（後方散乱または片方向の記録）"},
		{flows->unmatched,
			"TCP packet belonged to no conversation: FIN, NULL, XMAS and ACK scans are "
			"not "
			"detected yet",
			"TCP packets belonged to no conversation: FIN, NULL, XMAS and ACK scans "
			"are "
			"not detected yet",
			"個の TCP パケットはどの通信にも属しません（FIN・NULL・XMAS・ACK "
			"スキャンの検知は未対応）"},
		{summary->evicted_evidence,
			"host or source forgotten because a detector's table was full",
			"hosts or sources forgotten because a detector's table was full",
			"件のホスト記録は検知器の表が一杯のため忘却しました"},
		{summary->rules.evicted_counters, "rule counter forgotten: too many at once",
			"rule counters forgotten: too many at once",
			"件のルール計数は同時数の上限のため忘却しました"},
		{summary->rules.pending_dropped, "rule gave up waiting for more bytes",
			"rules gave up waiting for more bytes",
			"件のルールは後続データの待機を中止しました"},
		{summary->rules.transfers_dropped,
			"file transfer's answer was not waited for: too many at once",
			"file transfers' answers were not waited for: too many at once",
			"件のファイル転送は同時数の上限のため応答を待ちませんでした"},
		{summary->apps.evicted + summary->apps.dropped,
			"connection's protocol was not followed to its end: a table was full",
			"connections' protocols were not followed to their end: a table was full",
			"件の接続は表が一杯のためプロトコル解析を中止しました"},
		{summary->apps.cut_heads + summary->apps.cut_bodies + summary->apps.cut_compressed,
			"message was longer than what rules look at",
			"messages were longer than what rules look at",
			"件のメッセージは上限を超えた部分を検査していません"},
		{summary->rules.pcre_limits,
			"regular expression ran into its limit: taken as no match",
			"regular expressions ran into their limit: taken as no match",
			"件の正規表現は上限に達し、不一致としました"},
		{summary->rules.verify_limits,
			"rule was given up after 100,000 tries: taken as no match",
			"rules were given up after 100,000 tries: taken as no match",
			"件のルールは 100,000 回の試行で打ち切り、不一致としました"},
		{summary->rules.refused, "rule refused: -v says which, and why",
			"rules refused: -v says which, and why",
			"件のルールは読み込めませんでした（-v で詳細）"},
		{summary->sids_given, "rule has no sid and was given one: -v says which",
			"rules have no sid and were given one: -v says which",
			"件のルールには sid がなく、番号を割り当てました（-v で詳細）"},
	};
	for (size_t i = 0; i < WW_N(rows); i++)
		note_count(page, &rows[i]);
}

static void note_live(const struct ww_page *page)
{
	const struct ww_watch_live *live = page->input->live;
	const struct counted rows[] = {
		{live->dropped, "packet was dropped by the kernel: the ring was full",
			"packets were dropped by the kernel: the ring was full",
			"個のパケットはリングが一杯のためカーネルが破棄しました"},
		{live->downs, "time the interface went down", "times an interface went down",
			"回、インターフェースが停止しました"},
	};
	for (size_t i = 0; i < WW_N(rows); i++)
		note_count(page, &rows[i]);
}

void ww_page_notes(const struct ww_page *page)
{
	ww_buf_addc(page->out, '\n');
	if (page->input->note[0])
		add_note(page, page->input->note);
	if (page->input->live)
		note_live(page);
	note_undecoded(page);
	note_protocols(page);
	note_capture(page);
	note_limits(page);
	if (page->report->failed)
		add_note(page, ww_page_word(page, "memory was short: this report is not complete",
				       "メモリ不足のため、この報告は不完全です"));
}

/* "18 packets, 2 hosts, 1 conversation, 0 first contacts (0 failed)". */
static void add_amounts(const struct ww_page *page)
{
	const struct ww_watch_summary *summary = page->summary;
	const struct ww_flow_counts *flows = summary->flows;
	uint64_t failed = flows->refused + flows->unanswered;
	char packets[WW_NUMBER_MAX], hosts[WW_NUMBER_MAX], talks[WW_NUMBER_MAX];
	char contacts[WW_NUMBER_MAX], vain[WW_NUMBER_MAX];
	ww_page_number(summary->packets->packets, packets);
	ww_page_number(summary->hosts, hosts);
	ww_page_number(flows->flows, talks);
	ww_page_number(flows->contacts, contacts);
	ww_page_number(failed, vain);
	const char *about = summary->hosts_exact ? "" : ww_glyph(page->screen, WW_GLYPH_ABOUT);
	if (page->screen->ja)
		ww_buf_addf(page->out,
			"調査対象：%s パケット、%s%s ホスト、%s 通信、初回接触 %s（失敗 %s）\n",
			packets, about, hosts, talks, contacts, vain);
	else
		ww_buf_addf(page->out,
			"looked at %s packet%s, %s%s host%s, %s conversation%s, %s first contact%s "
			"(%s failed)\n",
			packets, ww_page_plural(page, summary->packets->packets), about, hosts,
			ww_page_plural(page, summary->hosts), talks,
			ww_page_plural(page, flows->flows), contacts,
			ww_page_plural(page, flows->contacts), vain);
}

static void add_detectors(const struct ww_page *page)
{
	size_t n_rules = ww_plan_n_rules(page->report->plan);
	size_t n = ww_plan_n_advisories(page->report->plan);
	ww_buf_addf(page->out,
		ww_page_word(page, "looked for %zu rule%s; the stages of",
			"検知対象：ルール %zu 件%s、段階"),
		n_rules, ww_page_plural(page, n_rules));
	for (size_t a = 0; a < n && a < 6; a++)
		ww_buf_addf(
			page->out, "%s %s", a ? "," : "", ww_plan_get(page->report->plan, a)->id);
	if (n == 0)
		ww_buf_adds(page->out, ww_page_word(page, " no advisory", "なし"));
	if (n > 6)
		ww_buf_addf(page->out, " +%zu", n - 6);
	if (page->report->left_out && page->report->left_out[0])
		ww_buf_addf(page->out,
			ww_page_word(page, " (not of %s: errors)", "（%s は誤りがあり対象外）"),
			page->report->left_out);
	ww_buf_addf(page->out, "%s\n",
		ww_page_word(page, "; scanning and spreading on any port",
			"、全ポートのスキャンと拡散"));
}

void ww_page_looked_at(const struct ww_page *page)
{
	const struct ww_watch_summary *summary = page->summary;
	char length[WW_NUMBER_MAX];
	ww_page_number((uint64_t)summary->scan_run_length, length);
	add_amounts(page);
	add_detectors(page);
	ww_buf_addf(page->out,
		ww_page_word(page,
			"scan test alarms at %.2f: one false alarm in %s first contacts expected",
			"スキャン判定の閾値 %.2f：誤警報は初回接触 %s 件に 1 回の見込み"),
		summary->scan_threshold, length);
	double a_day = summary->false_alarms_a_day;
	if (isfinite(a_day))
		ww_buf_addf(page->out,
			ww_page_word(
				page, ", %.*f a day at this rate", "、この流量で 1 日 %.*f 回"),
			a_day >= 10    ? 0
			: a_day >= 0.1 ? 1
				       : 4,
			a_day);
	ww_buf_addc(page->out, '\n');
}

/*
 * Commands to type next, each with what it is for; the reasons stand in one column, as comments of
 * the shell, so that a whole line can be pasted.
 */
enum { NEXT_MAX = 3 };

struct next {
	struct ww_buf commands[NEXT_MAX];
	const char *reasons[NEXT_MAX];
	size_t n;
};

/* A new row, begun with the program's name. The caller appends the rest. */
static struct ww_buf *next_row(const struct ww_page *page, struct next *next, const char *reason)
{
	struct ww_buf *command = &next->commands[next->n];
	next->reasons[next->n++] = reason;
	ww_buf_addf(command, "  %s ", page->report->call->program);
	return command;
}

static void show_next(const struct ww_page *page, struct next *next)
{
	int columns = 44;
	for (size_t i = 0; i < next->n; i++) {
		int width = ww_text_width(ww_buf_text(&next->commands[i]));
		columns = width > columns ? width : columns;
	}
	if (next->n)
		ww_buf_addf(page->out, "\n%s\n", ww_page_word(page, "do next", "次のコマンド"));
	for (size_t i = 0; i < next->n; i++) {
		ww_text_left(page->out, ww_buf_text(&next->commands[i]), columns);
		ww_buf_addf(page->out, "  # %s\n", next->reasons[i]);
		ww_buf_done(&next->commands[i]);
	}
}

void ww_page_next(const struct ww_page *page)
{
	const struct ww_report *report = page->report;
	const char *store = report->call->common->db;
	uint64_t id = report->n_proofs  ? report->proofs[0].id
		      : report->n_scans ? report->scans[0].id
					: report->first_id;
	struct next next = {.n = 0};
	struct ww_buf db = WW_BUF_INIT;
	if (page->summary->findings == 0)
		return;
	if (store) {
		ww_buf_adds(&db, " --db ");
		ww_quote_shell(&db, store);
	}
	if (report->has_store) {
		const char *why =
			ww_page_word(page, "why, packet by packet", "根拠をパケット単位で");
		ww_buf_addf(
			next_row(page, &next, why), "explain %" PRIu64 "%s", id, ww_buf_text(&db));
	}
	if (report->has_store && report->has_packets) {
		const char *why = ww_page_word(
			page, "its packets, for Wireshark", "該当パケット（Wireshark 用）");
		ww_buf_addf(next_row(page, &next, why),
			"slice %" PRIu64 " -w finding%" PRIu64 ".pcap%s", id, id, ww_buf_text(&db));
	}
	if (report->n_incidents && report->incidents[0].advisory[0]) {
		const char *why =
			ww_page_word(page, "what it is, and what to do about it", "概要と対処方法");
		struct ww_buf *row = next_row(page, &next, why);
		ww_buf_adds(row, "advisory show ");
		ww_quote_shell(row, report->incidents[0].advisory);
	}
	show_next(page, &next);
	ww_buf_done(&db);
}
