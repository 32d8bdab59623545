// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Priorities of the classes in Snort's classification.config (2.9).
 */
#include "wire/rules/rules-private.h"

#include <string.h>

int ww_classtype_priority(const char *name)
{
	static const struct {
		const char *name;
		int priority;
	} classes[] = {
		{"attempted-user", 1},
		{"unsuccessful-user", 1},
		{"successful-user", 1},
		{"attempted-admin", 1},
		{"successful-admin", 1},
		{"shellcode-detect", 1},
		{"trojan-activity", 1},
		{"web-application-attack", 1},
		{"policy-violation", 1},
		{"inappropriate-content", 1},
		{"malware-cnc", 1},
		{"file-format", 1},
		{"client-side-exploit", 1},
		{"kickass-porn", 1},
		{"bad-unknown", 2},
		{"attempted-recon", 2},
		{"successful-recon-limited", 2},
		{"successful-recon-largescale", 2},
		{"attempted-dos", 2},
		{"successful-dos", 2},
		{"rpc-portmap-decode", 2},
		{"suspicious-filename-detect", 2},
		{"suspicious-login", 2},
		{"system-call-detect", 2},
		{"unusual-client-port-connection", 2},
		{"denial-of-service", 2},
		{"non-standard-protocol", 2},
		{"web-application-activity", 2},
		{"misc-attack", 2},
		{"default-login-attempt", 2},
		{"sdf", 2},
		{"not-suspicious", 3},
		{"unknown", 3},
		{"string-detect", 3},
		{"network-scan", 3},
		{"protocol-command-decode", 3},
		{"misc-activity", 3},
		{"icmp-event", 3},
		{"tcp-connection", 4},
	};
	for (size_t i = 0; i < WW_N(classes); i++)
		if (strcmp(classes[i].name, name) == 0)
			return classes[i].priority;
	return 0;
}
