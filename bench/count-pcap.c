// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The reference of every benchmark: a loop that only counts packets with libpcap. Its CPU time on
 * the same file in the same run is 1.
 */
#include <pcap/pcap.h>

#include <stdio.h>

struct sums {
	unsigned long long packets, bytes;
};

static void count(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct sums *sums = (struct sums *)user;
	sums->packets++;
	sums->bytes += header->len;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: count-pcap FILE\n");
		return 2;
	}
	char text[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_open_offline(argv[1], text);
	if (!pcap) {
		fprintf(stderr, "count-pcap: %s\n", text);
		return 2;
	}
	struct sums sums = {0};
	int rc = pcap_dispatch(pcap, -1, count, (u_char *)&sums);
	if (rc < 0)
		fprintf(stderr, "count-pcap: %s\n", pcap_geterr(pcap));
	printf("%llu packets, %llu bytes\n", sums.packets, sums.bytes);
	pcap_close(pcap);
	return rc < 0 ? 3 : 0;
}
