// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What things are called that are counted: layers, outcomes, encapsulations, and the protocols
 * that are met often and not decoded.
 */
#include "wire/packet/packet.h"

#include <stdio.h>

const char *ww_layer_name(enum ww_layer layer)
{
	static const char *const names[] = {"link", "network", "transport"};
	return (unsigned)layer < WW_N(names) ? names[layer] : "?";
}

const char *ww_outcome_name(enum ww_outcome outcome)
{
	static const char *const names[] = {"ok", "truncated", "malformed", "unsupported"};
	return (unsigned)outcome < WW_N(names) ? names[outcome] : "?";
}

static const struct {
	const char *key, *name;
	bool tunnel;
} encapsulations[] = {
#define WW_ENCAPSULATION(name_, key_, text_, tunnel_) {key_, text_, tunnel_},
#include "wire/packet/encapsulation.def"
#undef WW_ENCAPSULATION
};

_Static_assert(WW_N(encapsulations) == WW_ENCAPSULATION_COUNT, "a row each");
_Static_assert(WW_ENCAPSULATION_COUNT <= 16, "a bit each of ww_packet.encapsulations");

const char *ww_encapsulation_key(enum ww_encapsulation encapsulation)
{
	return (unsigned)encapsulation < WW_N(encapsulations) ? encapsulations[encapsulation].key
							      : "?";
}

const char *ww_encapsulation_name(enum ww_encapsulation encapsulation)
{
	return (unsigned)encapsulation < WW_N(encapsulations) ? encapsulations[encapsulation].name
							      : "?";
}

bool ww_encapsulation_is_tunnel(enum ww_encapsulation encapsulation)
{
	return (unsigned)encapsulation < WW_N(encapsulations) &&
	       encapsulations[encapsulation].tunnel;
}

const char *ww_numbering_name(enum ww_numbering numbering)
{
	static const char *const names[] = {
		"none", "link", "ethernet", "llc", "ppp", "ip", "mpls", "erspan", "layers"};
	_Static_assert(WW_N(names) == WW_NUMBERING_COUNT, "a name each");
	return (unsigned)numbering < WW_N(names) ? names[numbering] : "?";
}

/* From IANA's and IEEE's lists and pcap-linktype(7), what captures of networks hold. */
static const struct {
	uint8_t in;
	uint16_t number;
	const char *name;
} unsupported[] = {
	{WW_NUMBERING_LINK, 6, "Token Ring"},
	{WW_NUMBERING_LINK, 7, "ARCNET"},
	{WW_NUMBERING_LINK, 8, "SLIP"},
	{WW_NUMBERING_LINK, 10, "FDDI"},
	{WW_NUMBERING_LINK, 105, "802.11"},
	{WW_NUMBERING_LINK, 107, "Frame Relay"},
	{WW_NUMBERING_LINK, 109, "OpenBSD enc"},
	{WW_NUMBERING_LINK, 119, "802.11 with Prism header"},
	{WW_NUMBERING_LINK, 122, "IP over Fibre Channel"},
	{WW_NUMBERING_LINK, 123, "SunATM"},
	{WW_NUMBERING_LINK, 127, "802.11 with radiotap"},
	{WW_NUMBERING_LINK, 129, "ARCNET on Linux"},
	{WW_NUMBERING_LINK, 138, "IP over FireWire"},
	{WW_NUMBERING_LINK, 143, "DOCSIS"},
	{WW_NUMBERING_LINK, 147, "private use"},
	{WW_NUMBERING_LINK, 149, "private use"},
	{WW_NUMBERING_LINK, 163, "802.11 with AVS header"},
	{WW_NUMBERING_LINK, 165, "BACnet MS/TP"},
	{WW_NUMBERING_LINK, 166, "PPP with direction"},
	{WW_NUMBERING_LINK, 178, "Juniper"},
	{WW_NUMBERING_LINK, 182, "Juniper"},
	{WW_NUMBERING_LINK, 187, "Bluetooth HCI"},
	{WW_NUMBERING_LINK, 189, "USB on Linux"},
	{WW_NUMBERING_LINK, 192, "PPI"},
	{WW_NUMBERING_LINK, 195, "802.15.4"},
	{WW_NUMBERING_LINK, 197, "ERF"},
	{WW_NUMBERING_LINK, 201, "Bluetooth HCI"},
	{WW_NUMBERING_LINK, 203, "LAPD"},
	{WW_NUMBERING_LINK, 204, "PPP with direction"},
	{WW_NUMBERING_LINK, 220, "USB on Linux"},
	{WW_NUMBERING_LINK, 226, "Solaris IPNET"},
	{WW_NUMBERING_LINK, 227, "CAN"},
	{WW_NUMBERING_LINK, 230, "802.15.4"},
	{WW_NUMBERING_LINK, 231, "D-Bus"},
	{WW_NUMBERING_LINK, 239, "netfilter log without a packet"},
	{WW_NUMBERING_LINK, 242, "IP over InfiniBand"},
	{WW_NUMBERING_LINK, 247, "InfiniBand"},
	{WW_NUMBERING_LINK, 249, "USBPcap"},
	{WW_NUMBERING_LINK, 253, "netlink"},
	{WW_NUMBERING_LINK, 258, "PKTAP without a packet"},
	{WW_NUMBERING_LINK, 281, "Broadcom switch tag"},
	{WW_NUMBERING_LINK, 282, "Broadcom switch tag"},
	{WW_NUMBERING_LINK, 284, "Marvell switch tag"},
	{WW_NUMBERING_LINK, 285, "Marvell switch tag"},
	{WW_NUMBERING_ETHER, 0x0000, "no protocol (keepalive, other family)"},
	{WW_NUMBERING_ETHER, 0x0001, "802.3 without LLC"},
	{WW_NUMBERING_ETHER, 0x000c, "CAN"},
	{WW_NUMBERING_ETHER, 0x00fe, "OSI"},
	{WW_NUMBERING_ETHER, 0x010b, "Cisco PVST+"},
	{WW_NUMBERING_ETHER, 0x0600, "XNS"},
	{WW_NUMBERING_ETHER, 0x2000, "CDP"},
	{WW_NUMBERING_ETHER, 0x2003, "VTP"},
	{WW_NUMBERING_ETHER, 0x2004, "DTP"},
	{WW_NUMBERING_ETHER, 0x22ea, "SRP"},
	{WW_NUMBERING_ETHER, 0x22f0, "AVTP"},
	{WW_NUMBERING_ETHER, 0x22f3, "TRILL"},
	{WW_NUMBERING_ETHER, 0x6002, "DEC MOP"},
	{WW_NUMBERING_ETHER, 0x6003, "DECnet"},
	{WW_NUMBERING_ETHER, 0x8035, "RARP"},
	{WW_NUMBERING_ETHER, 0x809b, "AppleTalk"},
	{WW_NUMBERING_ETHER, 0x80f3, "AppleTalk ARP"},
	{WW_NUMBERING_ETHER, 0x8137, "IPX"},
	{WW_NUMBERING_ETHER, 0x8809, "slow protocols (LACP)"},
	{WW_NUMBERING_ETHER, 0x8863, "PPPoE discovery"},
	{WW_NUMBERING_ETHER, 0x8864, "PPPoE without PPP"},
	{WW_NUMBERING_ETHER, 0x886c, "HomePNA"},
	{WW_NUMBERING_ETHER, 0x887b, "HomePlug"},
	{WW_NUMBERING_ETHER, 0x888e, "802.1X"},
	{WW_NUMBERING_ETHER, 0x8892, "PROFINET"},
	{WW_NUMBERING_ETHER, 0x889a, "HyperSCSI"},
	{WW_NUMBERING_ETHER, 0x88a2, "ATA over Ethernet"},
	{WW_NUMBERING_ETHER, 0x88a4, "EtherCAT"},
	{WW_NUMBERING_ETHER, 0x88b5, "experimental"},
	{WW_NUMBERING_ETHER, 0x88b8, "GOOSE"},
	{WW_NUMBERING_ETHER, 0x88cc, "LLDP"},
	{WW_NUMBERING_ETHER, 0x88e1, "HomePlug"},
	{WW_NUMBERING_ETHER, 0x88e5, "MACsec"},
	{WW_NUMBERING_ETHER, 0x88f7, "PTP"},
	{WW_NUMBERING_ETHER, 0x8902, "802.1ag"},
	{WW_NUMBERING_ETHER, 0x8903, "FabricPath"},
	{WW_NUMBERING_ETHER, 0x8906, "FCoE"},
	{WW_NUMBERING_ETHER, 0x8909, "Cisco TrustSec"},
	{WW_NUMBERING_ETHER, 0x8914, "FCoE initialisation"},
	{WW_NUMBERING_ETHER, 0x8915, "RoCE"},
	{WW_NUMBERING_ETHER, 0x893a, "1905.1"},
	{WW_NUMBERING_ETHER, 0x894f, "NSH"},
	{WW_NUMBERING_ETHER, 0x9000, "loopback test"},
	{WW_NUMBERING_LLC, 0x00, "LLC null"},
	{WW_NUMBERING_LLC, 0x06, "IP over LLC"},
	{WW_NUMBERING_LLC, 0x42, "spanning tree"},
	{WW_NUMBERING_LLC, 0xaa, "SNAP of a vendor"},
	{WW_NUMBERING_LLC, 0xe0, "IPX"},
	{WW_NUMBERING_LLC, 0xf0, "NetBIOS frames"},
	{WW_NUMBERING_LLC, 0xfe, "OSI (IS-IS)"},
	{WW_NUMBERING_LLC, 0xff, "IPX"},
	{WW_NUMBERING_PPP, 0x002b, "IPX"},
	{WW_NUMBERING_PPP, 0x002d, "compressed TCP"},
	{WW_NUMBERING_PPP, 0x002f, "uncompressed TCP"},
	{WW_NUMBERING_PPP, 0x0031, "bridging"},
	{WW_NUMBERING_PPP, 0x003d, "multilink"},
	{WW_NUMBERING_PPP, 0x00fb, "compressed link"},
	{WW_NUMBERING_PPP, 0x00fd, "compressed or encrypted"},
	{WW_NUMBERING_PPP, 0x8021, "IPCP"},
	{WW_NUMBERING_PPP, 0x8057, "IPV6CP"},
	{WW_NUMBERING_PPP, 0x80fd, "CCP"},
	{WW_NUMBERING_PPP, 0xc021, "LCP"},
	{WW_NUMBERING_PPP, 0xc023, "PAP"},
	{WW_NUMBERING_PPP, 0xc025, "link quality"},
	{WW_NUMBERING_PPP, 0xc223, "CHAP"},
	{WW_NUMBERING_PPP, 0xc227, "EAP"},
	{WW_NUMBERING_IP, 0, "hop-by-hop options in IPv4"},
	{WW_NUMBERING_IP, 1, "ICMP in IPv6"},
	{WW_NUMBERING_IP, 2, "IGMP"},
	{WW_NUMBERING_IP, 8, "EGP"},
	{WW_NUMBERING_IP, 9, "IGRP"},
	{WW_NUMBERING_IP, 33, "DCCP"},
	{WW_NUMBERING_IP, 46, "RSVP"},
	{WW_NUMBERING_IP, 50, "ESP"},
	{WW_NUMBERING_IP, 51, "AH in AH"},
	{WW_NUMBERING_IP, 55, "minimal encapsulation"},
	{WW_NUMBERING_IP, 58, "ICMPv6 in IPv4"},
	{WW_NUMBERING_IP, 59, "no next header"},
	{WW_NUMBERING_IP, 88, "EIGRP"},
	{WW_NUMBERING_IP, 89, "OSPF"},
	{WW_NUMBERING_IP, 94, "IPIP of KA9Q"},
	{WW_NUMBERING_IP, 103, "PIM"},
	{WW_NUMBERING_IP, 108, "IPComp"},
	{WW_NUMBERING_IP, 112, "VRRP or CARP"},
	{WW_NUMBERING_IP, 113, "PGM"},
	{WW_NUMBERING_IP, 115, "L2TPv3"},
	{WW_NUMBERING_IP, 124, "IS-IS over IPv4"},
	{WW_NUMBERING_IP, 136, "UDP-Lite"},
	{WW_NUMBERING_IP, 240, "pfsync"},
	{WW_NUMBERING_MPLS, 0, "MPLS with neither IP nor Ethernet"},
	{WW_NUMBERING_ERSPAN, 1, "802.11 in ERSPAN"},
	{WW_NUMBERING_LAYERS, 0, "too many layers"},
};

const char *ww_unsupported_print(
	enum ww_numbering numbering, uint16_t number, char text[WW_UNSUPPORTED_TEXT_MAX])
{
	static const struct {
		const char *what;
		bool decimal;
	} kinds[] = {{"number", true}, {"link type", true}, {"Ethernet type", false},
		{"LLC", false}, {"PPP protocol", false}, {"IP protocol", true}, {"MPLS", true},
		{"ERSPAN frame", true}, {"layers", true}};
	_Static_assert(WW_N(kinds) == WW_NUMBERING_COUNT, "a row each");
	for (size_t i = 0; i < WW_N(unsupported); i++) {
		if (unsupported[i].in != numbering || unsupported[i].number != number)
			continue;
		snprintf(text, WW_UNSUPPORTED_TEXT_MAX, "%s", unsupported[i].name);
		return text;
	}
	size_t kind = (unsigned)numbering < WW_N(kinds) ? (size_t)numbering : 0;
	if (kinds[kind].decimal)
		snprintf(text, WW_UNSUPPORTED_TEXT_MAX, "%s %u", kinds[kind].what, number);
	else
		snprintf(text, WW_UNSUPPORTED_TEXT_MAX, "%s 0x%04x", kinds[kind].what, number);
	return text;
}
