// SPDX-License-Identifier: GPL-3.0-or-later
#include "finding/finding.h"

#include "value/port.h"
#include "value/when.h"

/* Digits behind the point, fixed so that the same run gives the same bytes. */
enum { DECIMALS_P = 3, DECIMALS_RATE = 2, DECIMALS_SECONDS = 1, DECIMALS_SCORE = 3 };

const char *ww_finding_kind_name(enum ww_finding_kind kind)
{
	static const char *const names[WW_FINDING_KIND_COUNT] = {
		[WW_FINDING_RULE] = "rule",
		[WW_FINDING_SCAN] = "scan",
		[WW_FINDING_STAGE] = "stage",
		[WW_FINDING_SPREAD] = "spread",
	};
	ww_assert((unsigned)kind < WW_FINDING_KIND_COUNT);
	return names[kind];
}

static void put_time(struct ww_json *json, const char *key, int64_t time_us)
{
	char text[WW_WHEN_TEXT_MAX];
	ww_json_string(json, key, ww_when_print(time_us, text));
}

/* null for the address of all zero bytes: 'many', or 'not known'. */
static void put_ip(struct ww_json *json, const char *key, const struct ww_ip *ip)
{
	char text[WW_IP_TEXT_MAX];
	if (ww_ip_word(ip, 0) == 0 && ww_ip_word(ip, 1) == 0)
		ww_json_null(json, key);
	else
		ww_json_string(json, key, ww_ip_print(ip, text));
}

static void put_text(struct ww_json *json, const char *key, const char *text)
{
	if (text && text[0])
		ww_json_string(json, key, text);
	else
		ww_json_null(json, key);
}

/* Numbers of which 0 means 'none'. */
static void put_number(struct ww_json *json, const char *key, uint64_t number)
{
	if (number)
		ww_json_int(json, key, (int64_t)number);
	else
		ww_json_null(json, key);
}

static void put_numbers(struct ww_json *json, const char *key, const uint64_t *numbers, size_t n)
{
	ww_json_array(json, key);
	for (size_t i = 0; i < n; i++)
		ww_json_int(json, NULL, (int64_t)numbers[i]);
	ww_json_end(json, ']');
}

static void put_scan(struct ww_json *json, const struct ww_finding *finding)
{
	const struct ww_strategy *strategy = &finding->strategy;
	put_text(json, "scan", finding->scan);
	ww_json_int(json, "targets", (int64_t)finding->targets);
	ww_json_int(json, "failed", (int64_t)finding->failed);
	ww_json_int(json, "first_contacts_to_alarm", (int64_t)finding->first_contacts_to_alarm);
	if (strategy->name[0]) {
		ww_json_object(json, "strategy");
		ww_json_string(json, "name", strategy->name);
		ww_json_real(json, "p", strategy->p, DECIMALS_P);
		put_ip(json, "start", &strategy->start);
		ww_json_real(json, "per_s", strategy->per_s, DECIMALS_RATE);
		ww_json_end(json, '}');
	} else {
		ww_json_null(json, "strategy");
	}
	ww_json_int(json, "hosts", (int64_t)finding->hosts);
	ww_json_int(json, "ports", (int64_t)finding->ports);
	ww_json_int(json, "sent_to_alarm", (int64_t)finding->sent_to_alarm);
	ww_json_real(json, "threshold", finding->threshold, DECIMALS_SCORE);
}

const char *ww_doubt_name(int bit)
{
	static const char *const NAMES[WW_DOUBT_BITS] = {
		"gap", "conflict", "limit", "stale", "forged"};
	return NAMES[bit];
}

static void put_doubts(struct ww_json *json, uint8_t doubts)
{
	ww_json_array(json, "doubts");
	for (int bit = 0; bit < WW_DOUBT_BITS; bit++)
		if (doubts >> bit & 1)
			ww_json_string(json, NULL, ww_doubt_name(bit));
	ww_json_end(json, ']');
}

void ww_finding_json(struct ww_buf *out, const struct ww_finding *finding)
{
	struct ww_json json = ww_json_to(out);
	ww_json_object(&json, NULL);
	ww_json_string(&json, "type", "finding");
	ww_json_int(&json, "id", (int64_t)finding->id);
	ww_json_string(&json, "kind", ww_finding_kind_name(finding->kind));
	put_time(&json, "time", finding->time_us);
	put_ip(&json, "src", &finding->src);
	put_ip(&json, "dst", &finding->dst);
	put_text(&json, "proto", finding->proto ? ww_proto_name(finding->proto) : NULL);
	put_number(&json, "port", finding->port);
	put_number(&json, "sid", finding->sid);
	put_number(&json, "gid", finding->gid);
	ww_json_string(&json, "msg", finding->msg);
	put_text(&json, "advisory", finding->advisory);
	if (finding->why_line) {
		ww_json_object(&json, "why");
		ww_json_string(&json, "file", finding->why_file);
		ww_json_int(&json, "line", finding->why_line);
		ww_json_end(&json, '}');
	} else {
		ww_json_null(&json, "why");
	}
	ww_json_real(&json, "confidence", finding->confidence, DECIMALS_P);
	put_numbers(&json, "frames", finding->frames, finding->n_frames);
	put_text(&json, "flow", finding->flow);
	if (finding->stage[0])
		ww_json_string(&json, "stage", finding->stage);
	if (finding->kind == WW_FINDING_SCAN)
		put_scan(&json, finding);
	if (finding->is_open)
		ww_json_bool(&json, "open", true);
	if (finding->doubts)
		put_doubts(&json, finding->doubts);
	ww_json_end(&json, '}');
}

static void put_parent(struct ww_json *json, const char *key, const struct ww_parent *parent)
{
	ww_json_object(json, key);
	put_ip(json, "ip", &parent->ip);
	ww_json_real(json, "p", parent->p, DECIMALS_P);
	ww_json_end(json, '}');
}

void ww_host_json(struct ww_buf *out, const struct ww_host *host)
{
	struct ww_json json = ww_json_to(out);
	ww_json_object(&json, NULL);
	ww_json_string(&json, "type", "host");
	put_ip(&json, "ip", &host->ip);
	put_text(&json, "state", host->state);
	ww_json_bool(&json, "infected", host->infected);
	put_text(&json, "advisory", host->advisory);
	if (host->infected || host->suspected)
		put_time(&json, "infected_at", host->infected_us);
	else
		ww_json_null(&json, "infected_at");
	if (host->has_parent)
		put_parent(&json, "parent", &host->parent);
	else
		ww_json_null(&json, "parent");
	ww_json_array(&json, "alternatives");
	for (size_t i = 0; i < host->n_alternatives; i++)
		put_parent(&json, NULL, &host->alternatives[i]);
	ww_json_end(&json, ']');
	ww_json_int(&json, "generation", host->generation);
	ww_json_array(&json, "stages");
	for (size_t i = 0; i < host->n_stages; i++) {
		ww_json_object(&json, NULL);
		ww_json_string(&json, "stage", host->stages[i].stage);
		put_time(&json, "time", host->stages[i].time_us);
		put_number(&json, "finding", host->stages[i].finding);
		ww_json_end(&json, '}');
	}
	ww_json_end(&json, ']');
	ww_json_bool(&json, "suspected", host->suspected);
	ww_json_real(&json, "confidence", host->confidence, DECIMALS_P);
	put_number(&json, "incident", host->incident);
	ww_json_end(&json, '}');
}

void ww_incident_json(struct ww_buf *out, const struct ww_incident *incident)
{
	struct ww_json json = ww_json_to(out);
	ww_json_object(&json, NULL);
	ww_json_string(&json, "type", "incident");
	ww_json_int(&json, "id", (int64_t)incident->id);
	put_text(&json, "advisory", incident->advisory);
	ww_json_string(&json, "title", incident->title);
	ww_json_int(&json, "scanners", (int64_t)incident->scanners);
	ww_json_int(&json, "infected", (int64_t)incident->infected);
	ww_json_int(&json, "attempted", (int64_t)incident->attempted);
	if (incident->has_patient_zero)
		put_parent(&json, "patient_zero", &incident->patient_zero);
	else
		ww_json_null(&json, "patient_zero");
	ww_json_int(&json, "generations", incident->generations);
	ww_json_real(&json, "doubling_s", incident->doubling_s, DECIMALS_SECONDS);
	if (incident->r_mean == incident->r_mean) { /* not NaN */
		ww_json_object(&json, "r");
		ww_json_real(&json, "mean", incident->r_mean, DECIMALS_RATE);
		ww_json_real(&json, "low", incident->r_low, DECIMALS_RATE);
		ww_json_real(&json, "high", incident->r_high, DECIMALS_RATE);
		ww_json_end(&json, '}');
	} else {
		ww_json_null(&json, "r");
	}
	put_time(&json, "first", incident->first_us);
	put_time(&json, "last", incident->last_us);
	put_numbers(&json, "findings", incident->findings, incident->n_findings);
	ww_json_int(&json, "suspected", (int64_t)incident->suspected);
	ww_json_end(&json, '}');
}
