/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * A finding as one line of another program's format, for those who already collect alerts:
 *
 *   syslog  RFC 5424 with structured data; the SD-ID is wormwood@32473, where 32473 is the number
 *           that RFC 5612 keeps for documents: nobody else's data has it
 *   cef     ArcSight Common Event Format, version 0 (Implementation Standard, revision 25)
 *   eve     Suricata's EVE (suricata.readthedocs.io, "Eve JSON Format"): event_type alert, what
 *           is ours inside alert.metadata
 *
 * Nothing is sent. Text out of rules, advisories and packets crosses into each format through one
 * function of base/quote or base/json, so that no line can be broken, nor a field be forged.
 */
#include "finding/finding.h"

enum ww_alert_format {
	WW_ALERT_SYSLOG,
	WW_ALERT_CEF,
	WW_ALERT_EVE,
	WW_ALERT_COUNT,
};

/* Who says it. Borrowed. */
struct ww_alert_sender {
	const char *
		host; /* of syslog: printable ASCII without blanks; "" where it is not to be told */
	const char *version; /* of the program */
};

/* Appends one line, without its end. */
void ww_alert_print(struct ww_buf *out, enum ww_alert_format format,
	const struct ww_finding *finding, const struct ww_alert_sender *sender);
/* "syslog", "cef", "eve". Returns 0 or -EINVAL. */
int ww_alert_format_parse(const char *text, enum ww_alert_format *ret);
