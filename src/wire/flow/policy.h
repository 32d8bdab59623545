/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * Whose copy wins, where two fragments or two segments bring the same bytes.
 *
 * The standards do not say (RFC 791, 3.2 lets the later fragment win "in this example"; RFC 9293,
 * 3.10.7.4 trims what was received before), and systems differ. Who knows the difference shows a
 * sensor other bytes than the receiver takes (Ptacek and Newsham, Insertion, Evasion and Denial of
 * Service, 1998), so reassembly follows the receiver: Shankar and Paxson, Active Mapping (2003);
 * Novak, Target-Based Fragmentation Reassembly (2005); Novak and Sturges, Target-Based TCP Stream
 * Reassembly (2007).
 *
 * Which copy of the bytes that both have is taken, of a piece that was held (old) and one that
 * comes (new). Positions are those of the pieces as they arrived, the old one as far as it is still
 * held: a piece that lost its head begins behind it.
 *
 *              fragments: the new copy wins when     segments: the new copy wins when
 *   first      never                                 never
 *   last       always                                always
 *   bsd        old begins behind new                 old begins behind new
 *   bsd-right  new reaches to the old end (beyond    as bsd
 *              it, where old begins before new)
 *   linux      old begins with new or behind it      old begins behind new; or they begin together
 *                                                    and new is longer
 *   windows    new begins before old and ends        as bsd
 *              behind it
 *   vista      as windows                            never
 *   solaris    new begins before old and ends with   new reaches to the old end (beyond it, where
 *              it or behind it                       old begins before new)
 *
 * Sources, beside the papers: FreeBSD's ip_reass and tcp_reass; Linux' ip_frag_queue (2.x; since
 * 4.19 it discards datagrams that overlap, CVE-2018-5391) and tcp_data_queue_ofo; the tables of
 * Snort's frag3 and stream5 and of Suricata's host-os-policy. windows stands for NT to 2003, vista
 * for Vista and later. Snort's Solaris case of a second last fragment (moved behind the first) is
 * not followed.
 *
 * What a receiver took in order it has given to its application: no policy changes that later.
 * Overlapping IPv6 fragments are no policy's business: RFC 5722 discards the datagram.
 */
#include "value/ip.h"

enum ww_policy {
	/* The default: the worms of the advisories hunt Windows hosts of those years. */
	WW_POLICY_WINDOWS,
	WW_POLICY_VISTA,
	WW_POLICY_LINUX,
	WW_POLICY_BSD,
	WW_POLICY_BSD_RIGHT,
	WW_POLICY_SOLARIS,
	WW_POLICY_FIRST,
	WW_POLICY_LAST,
	WW_POLICY_COUNT,
};

enum ww_overlap {
	WW_OVERLAP_FRAGMENTS,
	WW_OVERLAP_SEGMENTS,
};

/* Bytes [start, end) of a datagram or, counted from any fixed byte near, of a stream. */
struct ww_extent {
	int64_t start, end;
};

/* "windows" and so on; never NULL. */
const char *ww_policy_name(enum ww_policy policy);
/* Returns 0, or -EINVAL; *ret untouched then. */
int ww_policy_parse(const char *text, enum ww_policy *ret);

/* Whether `new` takes the bytes that it shares with `old`. */
bool ww_policy_takes(enum ww_policy policy, enum ww_overlap overlap, struct ww_extent new_piece,
	struct ww_extent old_piece);

/* Receivers whose policy is known. */
struct ww_policy_of {
	struct ww_prefix prefix;
	enum ww_policy policy;
};

enum { WW_POLICIES_MAX = 64 };

/* `usual` for whoever is in no prefix; of several the longest, of equals the last. */
struct ww_policies {
	enum ww_policy usual;
	uint32_t n;
	struct ww_policy_of of[WW_POLICIES_MAX];
};

/*
 * Adds "PREFIX=NAME", or "NAME" for all. Returns 0, -EINVAL (neither), or -ENOSPC (more than
 * WW_POLICIES_MAX); *policies untouched then.
 */
int ww_policies_add(struct ww_policies *policies, const char *text);
enum ww_policy ww_policies_get(const struct ww_policies *policies, const struct ww_ip *receiver);
