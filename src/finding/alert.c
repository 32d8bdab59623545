// SPDX-License-Identifier: GPL-3.0-or-later
#include "finding/alert.h"

#include "base/quote.h"
#include "value/port.h"
#include "value/when.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What the three have in common, made ready. */
struct alert {
	const struct ww_finding *finding;
	char time[WW_WHEN_TEXT_MAX];
	char src[WW_IP_TEXT_MAX], dst[WW_IP_TEXT_MAX]; /* "" for many */
	bool src_is_v4, dst_is_v4;
	uint16_t sport, dport; /* 0: not known */
	char frames[WW_FINDING_FRAMES * 21 + 1];
};

/* A file of struct ww_finding, a colon, a line. */
enum { WHY_MAX = 160 + 12 };

static bool is_set(const struct ww_ip *ip)
{
	return ww_ip_word(ip, 0) != 0 || ww_ip_word(ip, 1) != 0;
}

static struct alert make_ready(const struct ww_finding *finding)
{
	struct alert alert = {.finding = finding, .dport = finding->port};
	ww_when_print(finding->time_us, alert.time);
	alert.src_is_v4 = ww_ip_is_v4(&finding->src);
	alert.dst_is_v4 = ww_ip_is_v4(&finding->dst);
	if (is_set(&finding->src))
		ww_ip_print(&finding->src, alert.src);
	if (is_set(&finding->dst))
		ww_ip_print(&finding->dst, alert.dst);
	/* The packet that a rule matched has both ports. */
	const struct ww_evidence *packet = finding->n_evidence ? &finding->evidence[0] : NULL;
	if (packet && packet->sport && finding->kind == WW_FINDING_RULE &&
		ww_ip_equal(&packet->src, &finding->src) &&
		ww_ip_equal(&packet->dst, &finding->dst)) {
		alert.sport = packet->sport;
		alert.dport = packet->dport;
	}
	size_t len = 0;
	for (size_t i = 0; i < finding->n_frames && i < WW_FINDING_FRAMES; i++)
		len += (size_t)snprintf(alert.frames + len, sizeof(alert.frames) - len,
			"%s%" PRIu64, i ? "," : "", finding->frames[i]);
	return alert;
}

/* ---- syslog ---- */

/*
 * RFC 5424:  <PRI>1 TIME HOST APP PROCID MSGID [SD-ID NAME="VALUE" ...] MESSAGE
 * Facility 4 is "security/authorization"; severities are 1 alert, 2 critical, 4 warning.
 */
enum { FACILITY_AUTH = 4, SEVERITY_CRITICAL = 2, SEVERITY_WARNING = 4 };

static int severity_of(const struct ww_finding *finding)
{
	bool is_proof = finding->kind == WW_FINDING_STAGE || finding->kind == WW_FINDING_SPREAD;
	return is_proof ? SEVERITY_CRITICAL : SEVERITY_WARNING;
}

static void put_parameter(struct ww_buf *out, const char *name, const char *value)
{
	if (!value[0])
		return;
	ww_buf_addf(out, " %s=\"", name);
	ww_quote_syslog(out, value);
	ww_buf_addc(out, '"');
}

static void put_count(struct ww_buf *out, const char *name, uint64_t count)
{
	if (count)
		ww_buf_addf(out, " %s=\"%" PRIu64 "\"", name, count);
}

static void put_structured(struct ww_buf *out, const struct alert *alert)
{
	const struct ww_finding *finding = alert->finding;
	ww_buf_addf(out, "[wormwood@32473 id=\"%" PRIu64 "\"", finding->id);
	put_parameter(out, "src", alert->src);
	put_count(out, "sport", alert->sport);
	put_parameter(out, "dst", alert->dst);
	put_count(out, "dport", alert->dport);
	put_parameter(out, "proto", finding->proto ? ww_proto_name(finding->proto) : "");
	put_count(out, "gid", finding->gid);
	put_count(out, "sid", finding->sid);
	put_parameter(out, "advisory", finding->advisory);
	put_parameter(out, "stage", finding->stage);
	put_parameter(out, "scan", finding->scan);
	put_count(out, "targets", finding->targets);
	put_count(out, "failed", finding->failed);
	ww_buf_addf(out, " confidence=\"%.3f\"", finding->confidence);
	put_parameter(out, "flow", finding->flow);
	put_parameter(out, "frames", alert->frames);
	if (finding->why_line) {
		put_parameter(out, "file", finding->why_file);
		put_count(out, "line", finding->why_line);
	}
	if (finding->is_open)
		put_parameter(out, "open", "true");
	ww_buf_addc(out, ']');
}

static void print_syslog(
	struct ww_buf *out, const struct alert *alert, const struct ww_alert_sender *sender)
{
	const struct ww_finding *finding = alert->finding;
	bool ascii = true;
	for (const char *c = finding->msg; *c; c++)
		ascii = ascii && (unsigned char)*c < 0x80;
	ww_buf_addf(out, "<%d>1 %s %s wormwood - %s ", FACILITY_AUTH * 8 + severity_of(finding),
		alert->time, sender->host[0] ? sender->host : "-",
		ww_finding_kind_name(finding->kind));
	put_structured(out, alert);
	ww_buf_addc(out, ' ');
	if (!ascii)
		ww_buf_adds(out, "\xef\xbb\xbf"); /* section 6.4: a message in UTF-8 begins so */
	ww_quote_line(out, finding->msg);
}

/* ---- CEF ---- */

/*
 *   CEF:0|VENDOR|PRODUCT|VERSION|SIGNATURE|NAME|SEVERITY|key=value key=value ...
 * Severity is 0 to 10: 9-10 very high, 7-8 high, 4-6 medium.
 */
static int cef_severity_of(const struct ww_finding *finding)
{
	switch (finding->kind) {
	case WW_FINDING_STAGE: return 9;
	case WW_FINDING_SPREAD: return 8;
	case WW_FINDING_SCAN: return 6;
	default: return finding->priority == 1 ? 7 : finding->priority == 2 ? 5 : 4;
	}
}

static void put_key(struct ww_buf *out, const char *key, const char *value)
{
	if (!value[0])
		return;
	ww_buf_addf(out, " %s=", key);
	ww_quote_cef(out, value);
}

/* One of the fields that are free for the sender, with what it is called. */
static void put_custom(struct ww_buf *out, const char *key, const char *label, const char *value)
{
	if (value[0])
		ww_buf_addf(out, " %sLabel=%s", key, label);
	put_key(out, key, value);
}

static void print_cef(
	struct ww_buf *out, const struct alert *alert, const struct ww_alert_sender *sender)
{
	const struct ww_finding *finding = alert->finding;
	char text[WHY_MAX];
	ww_buf_adds(out, "CEF:0|Wormwood|wormwood|");
	ww_quote_cef_header(out, sender->version);
	if (finding->sid)
		ww_buf_addf(out, "|%" PRIu32 ":%" PRIu32 "|", finding->gid, finding->sid);
	else
		ww_buf_addf(out, "|%s|", ww_finding_kind_name(finding->kind));
	ww_quote_cef_header(out, finding->msg);
	ww_buf_addf(out, "|%d|rt=%" PRId64 " externalId=%" PRIu64 " cat=%s",
		cef_severity_of(finding), finding->time_us / 1000, finding->id,
		ww_finding_kind_name(finding->kind));
	if (alert->src_is_v4)
		put_key(out, "src", alert->src);
	else
		put_custom(out, "c6a2", "source", alert->src);
	if (alert->sport)
		ww_buf_addf(out, " spt=%u", alert->sport);
	if (alert->dst_is_v4)
		put_key(out, "dst", alert->dst);
	else
		put_custom(out, "c6a3", "destination", alert->dst);
	if (alert->dport)
		ww_buf_addf(out, " dpt=%u", alert->dport);
	put_key(out, "proto", finding->proto ? ww_proto_name(finding->proto) : "");
	if (finding->targets)
		ww_buf_addf(out, " cnt=%" PRIu64, finding->targets);
	ww_buf_addf(out, " cfp1Label=confidence cfp1=%.3f", finding->confidence);
	put_custom(out, "cs1", "advisory", finding->advisory);
	put_custom(out, "cs2", "stage", finding->stage);
	put_custom(out, "cs3", "communityId", finding->flow);
	put_custom(out, "cs4", "frames", alert->frames);
	text[0] = '\0';
	if (finding->why_line)
		snprintf(text, sizeof(text), "%s:%" PRIu32, finding->why_file, finding->why_line);
	put_custom(out, "cs5", "why", text);
	put_custom(out, "cs6", "scan", finding->scan);
}

/* ---- EVE ---- */

/* The generator of what no rule said; wire/watch has the same for the stages of advisories. */
enum { GID_OWN = 8700 };

/* Suricata's form: 2003-08-12T00:29:18.824000+0000 */
static void put_eve_time(struct ww_json *json, const char *time)
{
	char text[WW_WHEN_TEXT_MAX + 8];
	size_t len = strlen(time);
	snprintf(text, sizeof(text), "%.*s+0000", (int)(len ? len - 1 : 0), time);
	ww_json_string(json, "timestamp", text);
}

/* Values of metadata are lists of texts. */
static void put_metadata(struct ww_json *json, const char *key, const char *value)
{
	if (!value[0])
		return;
	ww_json_array(json, key);
	ww_json_string(json, NULL, value);
	ww_json_end(json, ']');
}

static void put_metadata_count(struct ww_json *json, const char *key, uint64_t count)
{
	char text[24];
	snprintf(text, sizeof(text), "%" PRIu64, count);
	if (count)
		put_metadata(json, key, text);
}

static void put_eve_alert(struct ww_json *json, const struct alert *alert)
{
	const struct ww_finding *finding = alert->finding;
	char text[WHY_MAX];
	ww_json_object(json, "alert");
	ww_json_string(json, "action", "allowed");
	ww_json_int(json, "gid", finding->sid ? finding->gid : GID_OWN);
	ww_json_int(json, "signature_id", finding->sid ? finding->sid : (int64_t)finding->kind);
	ww_json_int(json, "rev", finding->rev);
	ww_json_string(json, "signature", finding->msg);
	ww_json_string(json, "category", finding->classtype);
	ww_json_int(json, "severity",
		finding->kind == WW_FINDING_RULE && finding->priority ? finding->priority : 1);
	ww_json_object(json, "metadata");
	put_metadata_count(json, "wormwood_id", finding->id);
	put_metadata(json, "wormwood_kind", ww_finding_kind_name(finding->kind));
	put_metadata(json, "wormwood_advisory", finding->advisory);
	put_metadata(json, "wormwood_stage", finding->stage);
	put_metadata(json, "wormwood_scan", finding->scan);
	put_metadata_count(json, "wormwood_targets", finding->targets);
	snprintf(text, sizeof(text), "%.3f", finding->confidence);
	put_metadata(json, "wormwood_confidence", text);
	put_metadata(json, "wormwood_frames", alert->frames);
	if (finding->why_line) {
		snprintf(text, sizeof(text), "%s:%" PRIu32, finding->why_file, finding->why_line);
		put_metadata(json, "wormwood_why", text);
	}
	if (finding->is_open)
		put_metadata(json, "wormwood_open", "true");
	ww_json_end(json, '}');
	ww_json_end(json, '}');
}

static void print_eve(struct ww_buf *out, const struct alert *alert)
{
	const struct ww_finding *finding = alert->finding;
	struct ww_json json = ww_json_to(out);
	char proto[16] = "";
	const char *name = finding->proto ? ww_proto_name(finding->proto) : "";
	for (size_t i = 0; name[i] && i + 1 < sizeof(proto); i++)
		proto[i] = (char)(name[i] >= 'a' && name[i] <= 'z' ? name[i] - 32 : name[i]);
	ww_json_object(&json, NULL);
	put_eve_time(&json, alert->time);
	if (finding->n_frames)
		ww_json_int(&json, "pcap_cnt", (int64_t)finding->frames[0]);
	ww_json_string(&json, "event_type", "alert");
	if (alert->src[0])
		ww_json_string(&json, "src_ip", alert->src);
	if (alert->sport)
		ww_json_int(&json, "src_port", alert->sport);
	if (alert->dst[0])
		ww_json_string(&json, "dest_ip", alert->dst);
	if (alert->dport)
		ww_json_int(&json, "dest_port", alert->dport);
	if (proto[0])
		ww_json_string(&json, "proto", proto);
	if (finding->flow[0])
		ww_json_string(&json, "community_id", finding->flow);
	put_eve_alert(&json, alert);
	ww_json_end(&json, '}');
}

void ww_alert_print(struct ww_buf *out, enum ww_alert_format format,
	const struct ww_finding *finding, const struct ww_alert_sender *sender)
{
	struct alert alert = make_ready(finding);
	switch (format) {
	case WW_ALERT_SYSLOG: print_syslog(out, &alert, sender); break;
	case WW_ALERT_CEF: print_cef(out, &alert, sender); break;
	default: print_eve(out, &alert); break;
	}
}

int ww_alert_format_parse(const char *text, enum ww_alert_format *ret)
{
	static const char *const names[WW_ALERT_COUNT] = {
		[WW_ALERT_SYSLOG] = "syslog",
		[WW_ALERT_CEF] = "cef",
		[WW_ALERT_EVE] = "eve",
	};
	for (int i = 0; i < WW_ALERT_COUNT; i++) {
		if (strcmp(text, names[i]) != 0)
			continue;
		*ret = (enum ww_alert_format)i;
		return 0;
	}
	return -EINVAL;
}
