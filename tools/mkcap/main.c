// SPDX-License-Identifier: GPL-3.0-or-later
#include "mkcap.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "mkcap mixed FILE [--bytes N] [--seed N]\n"
			    "mkcap syn FILE [--packets N] [--seed N]\n";

static int read_number(const char *text, uint64_t *ret)
{
	char *end;
	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-')
		return -EINVAL;
	*ret = value;
	return 0;
}

static int read_options(int argc, char **argv, struct mkcap_size *size)
{
	for (int i = 3; i < argc; i += 2) {
		uint64_t *member = strcmp(argv[i], "--bytes") == 0     ? &size->bytes
				   : strcmp(argv[i], "--packets") == 0 ? &size->packets
				   : strcmp(argv[i], "--seed") == 0    ? &size->seed
								       : NULL;
		if (!member || i + 1 == argc || read_number(argv[i + 1], member) < 0)
			return -EINVAL;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct mkcap_size size = {.bytes = 1500000000, .packets = 10000000, .seed = 1};
	bool is_mixed = argc > 2 && strcmp(argv[1], "mixed") == 0;
	bool is_syn = argc > 2 && strcmp(argv[1], "syn") == 0;
	if ((!is_mixed && !is_syn) || read_options(argc, argv, &size) < 0) {
		fputs(usage, stderr);
		return 2;
	}
	struct ww_pcap_out *out = NULL;
	int rc = ww_pcap_out_open(argv[2], 1, &out); /* LINKTYPE_ETHERNET */
	if (rc == 0)
		rc = is_mixed ? mkcap_mixed(out, &size) : mkcap_syn(out, &size);
	int rc_close = out ? ww_pcap_out_close(&out) : 0;
	rc = rc < 0 ? rc : rc_close;
	if (rc < 0)
		fprintf(stderr, "mkcap: %s: %s\n", argv[2], strerror(-rc));
	return rc < 0 ? 3 : 0;
}
