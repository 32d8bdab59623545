// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/watch/watch.h"

#include "base/json.h"
#include "value/when.h"

#include <math.h>

static uint64_t outcomes(const struct ww_packet_counts *counts, enum ww_outcome outcome)
{
	uint64_t n = 0;
	for (int layer = 0; layer < WW_LAYER_COUNT; layer++)
		n += counts->outcomes[layer][outcome];
	return n;
}

/*
 * Not here: attempts that were judged early and endpoints that were forgotten. They change what a
 * later contact counts as and take no packet, byte or match away. wormwood-watch(1) has this list.
 */
bool ww_watch_lost(const struct ww_watch_summary *summary)
{
	const struct ww_flow_counts *flows = summary->flows;
	return flows->evicted_flows > 0 || flows->evicted_streams > 0 ||
	       flows->evicted_windows > 0 || flows->evicted_early > 0 ||
	       flows->evicted_fragments > 0 || summary->evicted_evidence > 0 ||
	       summary->rules.evicted_counters > 0 || summary->rules.pending_dropped > 0 ||
	       summary->rules.transfers_dropped > 0 || summary->rules.pcre_limits > 0 ||
	       summary->rules.verify_limits > 0 || summary->apps.evicted > 0 ||
	       summary->apps.dropped > 0;
}

static void add_time(struct ww_json *json, const char *key, bool known, int64_t time_us)
{
	char text[WW_WHEN_TEXT_MAX];
	if (known)
		ww_json_string(json, key, ww_when_print(time_us, text));
	else
		ww_json_null(json, key);
}

/* What was met and not understood, by layer: {"link":{"unsupported":3}, …}; empty layers left out.
 */
static void add_undecoded(struct ww_json *json, const struct ww_packet_counts *counts)
{
	ww_json_object(json, "undecoded");
	for (int layer = 0; layer < WW_LAYER_COUNT; layer++) {
		const uint64_t *row = counts->outcomes[layer];
		if (!row[WW_OUTCOME_TRUNCATED] && !row[WW_OUTCOME_MALFORMED] &&
			!row[WW_OUTCOME_UNSUPPORTED])
			continue;
		ww_json_object(json, ww_layer_name((enum ww_layer)layer));
		for (int outcome = WW_OUTCOME_OK + 1; outcome < WW_OUTCOME_COUNT; outcome++)
			if (row[outcome])
				ww_json_int(json, ww_outcome_name((enum ww_outcome)outcome),
					(int64_t)row[outcome]);
		ww_json_end(json, '}');
	}
	ww_json_end(json, '}');
}

/* The same by what it was: [{"numbering":"ethernet","number":35020,"name":"LLDP","packets":3}, …]
 */
static void add_unsupported(struct ww_json *json, const struct ww_packet_counts *counts)
{
	char text[WW_UNSUPPORTED_TEXT_MAX];
	if (counts->n_unsupported == 0)
		return;
	ww_json_array(json, "unsupported");
	for (uint32_t i = 0; i < counts->n_unsupported; i++) {
		const struct ww_unsupported *one = &counts->unsupported[i];
		enum ww_numbering in = (enum ww_numbering)one->in;
		ww_json_object(json, NULL);
		ww_json_string(json, "numbering", ww_numbering_name(in));
		ww_json_int(json, "number", one->number);
		ww_json_string(json, "name", ww_unsupported_print(in, one->number, text));
		ww_json_int(json, "packets", (int64_t)one->packets);
		ww_json_end(json, '}');
	}
	ww_json_end(json, ']');
	if (counts->unsupported_others)
		ww_json_int(json, "unsupported_others", (int64_t)counts->unsupported_others);
}

uint64_t ww_watch_encapsulated(const struct ww_watch_summary *summary, enum ww_encapsulation which)
{
	return summary->packets->encapsulations[which] + summary->flows->encapsulations[which];
}

/* What packets were wrapped in: {"vlan":12,"vxlan":3}; not there when in nothing. */
static void add_encapsulations(struct ww_json *json, const struct ww_watch_summary *summary)
{
	bool any = false;
	for (unsigned i = 0; i < WW_ENCAPSULATION_COUNT; i++) {
		enum ww_encapsulation which = (enum ww_encapsulation)i;
		uint64_t n = ww_watch_encapsulated(summary, which);
		if (n == 0)
			continue;
		if (!any)
			ww_json_object(json, "encapsulations");
		any = true;
		ww_json_int(json, ww_encapsulation_key(which), (int64_t)n);
	}
	if (any)
		ww_json_end(json, '}');
}

static void add_losses(struct ww_json *json, const struct ww_watch_summary *summary,
	const struct ww_watch_input *input)
{
	const struct ww_flow_counts *flows = summary->flows;
	bool cut = input->state == WW_CAPTURE_CUT || input->state == WW_CAPTURE_BROKEN ||
		   input->state == WW_CAPTURE_FAILED;
	const struct {
		const char *key;
		uint64_t n;
		bool always;
	} rows[] = {
		{"malformed", outcomes(summary->packets, WW_OUTCOME_MALFORMED), true},
		{"truncated", outcomes(summary->packets, WW_OUTCOME_TRUNCATED), true},
		{"evicted_flows", flows->evicted_flows, true},
		{"reassembly_gaps", flows->reassembly_gaps, true},
		{"capture_drops", input->live ? input->live->dropped : 0, true},
		{"evicted_streams", flows->evicted_streams, false},
		{"evicted_windows", flows->evicted_windows, false},
		{"evicted_early_segments", flows->evicted_early, false},
		{"evicted_fragments", flows->evicted_fragments, false},
		{"evicted_evidence", summary->evicted_evidence, false},
		{"evicted_rule_counters", summary->rules.evicted_counters, false},
		{"rule_waits_dropped", summary->rules.pending_dropped, false},
		{"evicted_transfers", summary->rules.transfers_dropped, false},
		{"pcre_limits", summary->rules.pcre_limits, false},
		{"rule_tries_limits", summary->rules.verify_limits, false},
		{"evicted_parsers", summary->apps.evicted, false},
		{"parser_tables_full", summary->apps.dropped, false},
		{"cut_heads", summary->apps.cut_heads, false},
		{"cut_bodies", summary->apps.cut_bodies, false},
		{"cut_compressed", summary->apps.cut_compressed, false},
		{"fragments_dropped", flows->fragments_dropped, false},
		{"fragment_conflicts", flows->fragment_conflicts, false},
		{"snapped", summary->packets->snapped, false},
		{"cut", cut, false},
	};
	ww_json_object(json, "losses");
	for (size_t i = 0; i < WW_N(rows); i++)
		if (rows[i].always || rows[i].n)
			ww_json_int(json, rows[i].key, (int64_t)rows[i].n);
	if (cut)
		ww_json_string(json, "capture", input->note);
	ww_json_end(json, '}');
}

static void add_scan_test(struct ww_json *json, const struct ww_watch_summary *summary)
{
	const struct ww_flow_counts *flows = summary->flows;
	ww_json_object(json, "scan_test");
	ww_json_int(json, "first_contacts", (int64_t)flows->contacts);
	ww_json_int(json, "answered", (int64_t)flows->answered);
	ww_json_int(json, "refused", (int64_t)flows->refused);
	ww_json_int(json, "unanswered", (int64_t)flows->unanswered);
	if (flows->undecided)
		ww_json_int(json, "undecided", (int64_t)flows->undecided);
	if (flows->one_way)
		ww_json_int(json, "one_way", (int64_t)flows->one_way);
	if (flows->unsolicited)
		ww_json_int(json, "unsolicited", (int64_t)flows->unsolicited);
	ww_json_real(json, "threshold", summary->scan_threshold, 4);
	ww_json_real(json, "first_contacts_per_false_alarm", summary->scan_run_length, 0);
	ww_json_real(json, "false_alarms_per_day", summary->false_alarms_a_day, 4);
	if (flows->evicted_contacts)
		ww_json_int(json, "forgotten", (int64_t)flows->evicted_contacts);
	if (flows->evicted_attempts)
		ww_json_int(json, "judged_early", (int64_t)flows->evicted_attempts);
	ww_json_end(json, '}');
}

void ww_watch_summary_json(struct ww_buf *out, const struct ww_watch_summary *summary,
	const struct ww_watch_input *input)
{
	struct ww_json json = ww_json_to(out);
	const struct ww_packet_counts *packets = summary->packets;
	const struct ww_flow_counts *flows = summary->flows;
	ww_json_object(&json, NULL);
	ww_json_string(&json, "type", "summary");
	ww_json_string(&json, "file", input->file);
	ww_json_string(&json, "format", input->format);
	ww_json_int(&json, "packets", (int64_t)packets->packets);
	ww_json_int(&json, "bytes", (int64_t)packets->bytes);
	ww_json_int(&json, "duplicates", (int64_t)flows->duplicates);
	ww_json_int(&json, "hosts", (int64_t)summary->hosts);
	if (!summary->hosts_exact)
		ww_json_bool(&json, "hosts_estimated", true);
	ww_json_int(&json, "flows", (int64_t)flows->flows);
	if (flows->midstream)
		ww_json_int(&json, "flows_midstream", (int64_t)flows->midstream);
	if (flows->overlaps_conflicting)
		ww_json_int(&json, "overlaps_conflicting", (int64_t)flows->overlaps_conflicting);
	if (flows->urgent)
		ww_json_int(&json, "urgent_bytes", (int64_t)flows->urgent);
	if (flows->stale)
		ww_json_int(&json, "stale_segments", (int64_t)flows->stale);
	if (flows->forged_ends)
		ww_json_int(&json, "forged_ends", (int64_t)flows->forged_ends);
	if (flows->resets_refused)
		ww_json_int(&json, "resets_refused", (int64_t)flows->resets_refused);
	if (flows->time_back)
		ww_json_int(&json, "time_back", (int64_t)flows->time_back);
	ww_json_object(&json, "rules");
	ww_json_int(&json, "loaded", (int64_t)summary->rules.loaded);
	ww_json_int(&json, "refused", (int64_t)summary->rules.refused);
	if (summary->rules.disabled)
		ww_json_int(&json, "disabled", (int64_t)summary->rules.disabled);
	if (summary->rules.encrypted)
		ww_json_int(&json, "encrypted", (int64_t)summary->rules.encrypted);
	if (summary->sids_given)
		ww_json_int(&json, "sids_given", (int64_t)summary->sids_given);
	if (summary->rules.enabled)
		ww_json_int(&json, "enabled", (int64_t)summary->rules.enabled);
	ww_json_end(&json, '}');
	add_time(&json, "first", summary->any_packet, summary->first_us);
	add_time(&json, "last", summary->any_packet, summary->last_us);
	add_encapsulations(&json, summary);
	add_undecoded(&json, packets);
	add_unsupported(&json, packets);
	add_losses(&json, summary, input);
	add_scan_test(&json, summary);
	ww_json_int(&json, "findings", (int64_t)summary->findings);
	ww_json_int(&json, "incidents", (int64_t)input->incidents);
	if (input->advisories_left_out)
		ww_json_int(&json, "advisories_left_out", (int64_t)input->advisories_left_out);
	if (summary->one_sided)
		ww_json_int(&json, "one_sided", (int64_t)summary->one_sided);
	if (flows->backscatter)
		ww_json_int(&json, "backscatter", (int64_t)flows->backscatter);
	if (flows->unmatched)
		ww_json_int(&json, "unmatched", (int64_t)flows->unmatched);
	if (input->live)
		ww_json_int(&json, "received", (int64_t)input->live->received);
	if (input->live && input->live->downs)
		ww_json_int(&json, "interface_downs", (int64_t)input->live->downs);
	ww_json_end(&json, '}');
}
