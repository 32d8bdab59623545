// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The table of policy.h, as code.
 */
#include "wire/flow/policy.h"

#include "base/err.h"

static const char *const NAMES[WW_POLICY_COUNT] = {
	[WW_POLICY_WINDOWS] = "windows",
	[WW_POLICY_VISTA] = "vista",
	[WW_POLICY_LINUX] = "linux",
	[WW_POLICY_BSD] = "bsd",
	[WW_POLICY_BSD_RIGHT] = "bsd-right",
	[WW_POLICY_SOLARIS] = "solaris",
	[WW_POLICY_FIRST] = "first",
	[WW_POLICY_LAST] = "last",
};

const char *ww_policy_name(enum ww_policy policy)
{
	return NAMES[policy];
}

int ww_policy_parse(const char *text, enum ww_policy *ret)
{
	for (int i = 0; i < WW_POLICY_COUNT; i++) {
		if (strcmp(text, NAMES[i]) != 0)
			continue;
		*ret = (enum ww_policy)i;
		return 0;
	}
	return -EINVAL;
}

/* HP's printers for fragments, Solaris for segments: trims the old from behind, never its tail. */
static bool reaches(struct ww_extent new_piece, struct ww_extent old_piece)
{
	if (old_piece.start < new_piece.start)
		return new_piece.end > old_piece.end;
	return new_piece.end >= old_piece.end;
}

static bool fragment_takes(enum ww_policy policy, struct ww_extent new_piece, struct ww_extent old)
{
	switch (policy) {
	case WW_POLICY_LAST: return true;
	case WW_POLICY_BSD: return old.start > new_piece.start;
	case WW_POLICY_BSD_RIGHT: return reaches(new_piece, old);
	case WW_POLICY_LINUX: return old.start >= new_piece.start;
	case WW_POLICY_WINDOWS:
	case WW_POLICY_VISTA: return new_piece.start < old.start && new_piece.end > old.end;
	case WW_POLICY_SOLARIS: return new_piece.start < old.start && new_piece.end >= old.end;
	case WW_POLICY_FIRST:
	case WW_POLICY_COUNT: break;
	}
	return false;
}

static bool segment_takes(enum ww_policy policy, struct ww_extent new_piece, struct ww_extent old)
{
	switch (policy) {
	case WW_POLICY_LAST: return true;
	case WW_POLICY_WINDOWS:
	case WW_POLICY_BSD:
	case WW_POLICY_BSD_RIGHT: return old.start > new_piece.start;
	case WW_POLICY_LINUX:
		return old.start > new_piece.start ||
		       (old.start == new_piece.start && new_piece.end > old.end);
	case WW_POLICY_SOLARIS: return reaches(new_piece, old);
	case WW_POLICY_VISTA:
	case WW_POLICY_FIRST:
	case WW_POLICY_COUNT: break;
	}
	return false;
}

bool ww_policy_takes(enum ww_policy policy, enum ww_overlap overlap, struct ww_extent new_piece,
	struct ww_extent old_piece)
{
	if (overlap == WW_OVERLAP_FRAGMENTS)
		return fragment_takes(policy, new_piece, old_piece);
	return segment_takes(policy, new_piece, old_piece);
}

enum { PREFIX_TEXT = 64 };

int ww_policies_add(struct ww_policies *policies, const char *text)
{
	const char *equals = strchr(text, '=');
	if (!equals)
		return ww_policy_parse(text, &policies->usual);
	char prefix[PREFIX_TEXT];
	size_t len = (size_t)(equals - text);
	struct ww_policy_of of;
	if (len >= sizeof(prefix))
		return -EINVAL;
	memcpy(prefix, text, len);
	prefix[len] = '\0';
	if (ww_prefix_parse(prefix, &of.prefix) != 0 || ww_policy_parse(equals + 1, &of.policy))
		return -EINVAL;
	if (policies->n == WW_POLICIES_MAX)
		return -ENOSPC;
	policies->of[policies->n++] = of;
	return 0;
}

enum ww_policy ww_policies_get(const struct ww_policies *policies, const struct ww_ip *receiver)
{
	const struct ww_policy_of *best = NULL;
	for (uint32_t i = 0; i < policies->n; i++) {
		const struct ww_policy_of *of = &policies->of[i];
		if (ww_prefix_contains(&of->prefix, receiver) &&
			(!best || of->prefix.bits >= best->prefix.bits))
			best = of;
	}
	return best ? best->policy : policies->usual;
}
