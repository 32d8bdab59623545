// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Options that look at a packet's headers. Most compare one number with a range; each is a getter
 * and one line. A packet that does not have the field does not match, negated or not.
 */
#include "wire/rules/rules-private.h"

#include <ctype.h>
#include <string.h>

typedef bool getter(const struct ww_packet *packet, uint32_t *ret);

enum range_kind { INCLUSIVE, EXCLUSIVE };

/* check->a and b: the range, inclusive; a > b: never. */
static bool in_range(const struct ww_check *check, uint32_t value)
{
	return (value >= check->a && value <= check->b) != check->negated;
}

/*
 * N  =N  !N  <N  >N  <=N  >=N  N-M  -M  N-  N<>M. Where N<>M leaves out its ends is Snort's custom:
 * itype and icode do, dsize and the others do not.
 */
static int read_range(struct ww_rule_builder *builder, const struct ww_option *option, int64_t most,
	enum range_kind kind, struct ww_check *check, struct ww_err *err)
{
	struct ww_span text = option->value;
	int64_t low = 0, high = most, number = 0;
	size_t between = 0;
	const char *arrow = memmem(text.text, text.len, "<>", 2);
	const char *dash = memchr(text.text, '-', text.len);
	size_t op = strspn(text.text, "<>=!") < text.len ? strspn(text.text, "<>=!") : 0;
	bool good;
	if (op == 0 && (arrow || dash)) {
		between = (size_t)((arrow ? arrow : dash) - text.text);
		struct ww_span from = {text.text, between, text.pos};
		size_t skip = between + (arrow ? 2 : 1);
		struct ww_span to = {text.text + skip, text.len - skip, text.pos};
		ww_span_trim(&from);
		ww_span_trim(&to);
		good = (from.len > 0 || to.len > 0) &&
		       (from.len == 0 || ww_span_number(&from, 0, most, &low) == 0) &&
		       (to.len == 0 || ww_span_number(&to, 0, most, &high) == 0) && low <= high;
		if (arrow && kind == EXCLUSIVE) {
			low++;
			high--;
		}
	} else {
		struct ww_span rest = {text.text + op, text.len - op, text.pos + op};
		ww_span_trim(&rest);
		good = ww_span_number(&rest, 0, most, &number) == 0;
		bool less = op > 0 && text.text[0] == '<', more = op > 0 && text.text[0] == '>';
		bool equal = op == 2 && text.text[1] == '=';
		good = good && (op < 2 || (op == 2 && equal && text.text[0] != '='));
		check->negated = op > 0 && text.text[0] == '!';
		low = less ? 0 : more ? number + !equal : number;
		high = more ? most : less ? number - !equal : number;
	}
	if (!good)
		return ww_option_fail(builder, &option->value, -EINVAL, err,
			"a number or a range from 0 to %lld is expected", (long long)most);
	if (low > high || low > most) { /* true of nothing, as in "<0" */
		low = 1;
		high = 0;
	}
	check->a = (uint32_t)low;
	check->b = (uint32_t)high;
	return 0;
}

/* `match` gets its field and compares it with in_range. */
static int add_range(struct ww_rule_builder *builder, const struct ww_option *option,
	bool (*match)(const struct ww_check *, const struct ww_packet *), int64_t most,
	enum range_kind kind, struct ww_err *err)
{
	struct ww_check *check = ww_builder_check(builder, option, err);
	if (!check)
		return -EOPNOTSUPP;
	*check = (struct ww_check){.match = match};
	return read_range(builder, option, most, kind, check, err);
}

static bool is_tcp(const struct ww_packet *packet)
{
	return packet->has_transport && packet->proto == WW_PROTO_TCP;
}

static bool is_icmp(const struct ww_packet *packet)
{
	return packet->has_transport &&
	       (packet->proto == WW_PROTO_ICMP || packet->proto == WW_PROTO_ICMPV6);
}

/* Bytes 4-7 of an echo: identification and sequence number (RFC 792, RFC 4443). */
static bool echo_word(const struct ww_packet *packet, size_t at, uint32_t *ret)
{
	bool echo = packet->proto == WW_PROTO_ICMP
			    ? packet->sport == 0 || packet->sport == 8 ||
				      (packet->sport >= 13 && packet->sport <= 18)
			    : packet->sport == 128 || packet->sport == 129;
	if (!is_icmp(packet) || !echo || !packet->transport || !packet->network)
		return false;
	size_t before = (size_t)(packet->transport - packet->network);
	if (before + at + 2 > packet->network_len)
		return false;
	*ret = (uint32_t)packet->transport[at] << 8 | packet->transport[at + 1];
	return true;
}

#define RANGE(name, condition, field, most, kind)                                                  \
	static bool match_##name(const struct ww_check *check, const struct ww_packet *packet)     \
	{                                                                                          \
		return (condition) && in_range(check, (field));                                    \
	}                                                                                          \
	int ww_keyword_##name(struct ww_rule_builder *builder, const struct ww_option *option,     \
		struct ww_err *err)                                                                \
	{                                                                                          \
		return add_range(builder, option, match_##name, (most), (kind), err);              \
	}

/* Of a fragment: what it carries of the datagram. */
RANGE(dsize, packet->has_transport || packet->is_fragment, packet->payload_wire, 65535, INCLUSIVE)
RANGE(ttl, packet->ip_version != 0, packet->ttl, 255, INCLUSIVE)
RANGE(tos, packet->ip_version != 0, packet->tos, 255, INCLUSIVE)
RANGE(id, packet->ip_version == 4, packet->ip_id, 65535, INCLUSIVE)
RANGE(seq, is_tcp(packet), packet->seq, UINT32_MAX, INCLUSIVE)
RANGE(ack, is_tcp(packet), packet->ack, UINT32_MAX, INCLUSIVE)
RANGE(window, is_tcp(packet), packet->window, 65535, INCLUSIVE)
RANGE(itype, is_icmp(packet), packet->sport, 255, EXCLUSIVE)
RANGE(icode, is_icmp(packet), packet->dport, 255, EXCLUSIVE)
/* In units of eight bytes, as in the header (RFC 791). */
RANGE(fragoffset, packet->ip_version != 0, packet->is_fragment ? packet->fragment_offset / 8 : 0,
	8191, INCLUSIVE)

static bool match_icmp_word(const struct ww_check *check, const struct ww_packet *packet)
{
	uint32_t word;
	return echo_word(packet, check->op, &word) && in_range(check, word);
}

static int add_icmp_word(struct ww_rule_builder *builder, const struct ww_option *option,
	uint8_t at, struct ww_err *err)
{
	int r = add_range(builder, option, match_icmp_word, 65535, INCLUSIVE, err);
	if (r == 0)
		builder->checks[builder->item.n_checks - 1].op = at;
	return r;
}

int ww_keyword_icmp_id(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	return add_icmp_word(builder, option, 4, err);
}

int ww_keyword_icmp_seq(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	return add_icmp_word(builder, option, 6, err);
}

static bool match_ip_proto(const struct ww_check *check, const struct ww_packet *packet)
{
	return packet->ip_version != 0 && in_range(check, packet->proto);
}

int ww_keyword_ip_proto(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	static const struct {
		const char *name;
		uint8_t proto;
	} names[] = {{"icmp", 1}, {"igmp", 2}, {"ipip", 4}, {"tcp", 6}, {"udp", 17}, {"ipv6", 41},
		{"gre", 47}, {"esp", 50}, {"ah", 51}, {"ipv6-icmp", 58}, {"pim", 103},
		{"sctp", 132}};
	struct ww_span name = option->value;
	bool negated = name.text[0] == '!';
	if (negated) {
		name.text++;
		name.len--;
		ww_span_trim(&name);
	}
	for (size_t i = 0; i < WW_N(names); i++) {
		if (!ww_span_is(&name, names[i].name))
			continue;
		struct ww_check *check = ww_builder_check(builder, option, err);
		if (!check)
			return -EOPNOTSUPP;
		*check = (struct ww_check){.match = match_ip_proto,
			.a = names[i].proto,
			.b = names[i].proto,
			.negated = negated};
		return 0;
	}
	return add_range(builder, option, match_ip_proto, 255, INCLUSIVE, err);
}

static bool match_sameip(const struct ww_check *check, const struct ww_packet *packet)
{
	(void)check;
	return packet->ip_version != 0 && ww_ip_equal(&packet->src, &packet->dst);
}

int ww_keyword_sameip(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	struct ww_check *check = ww_builder_check(builder, option, err);
	if (!check)
		return -EOPNOTSUPP;
	*check = (struct ww_check){.match = match_sameip};
	return 0;
}

/* check->a: wanted bits; b: bits that are looked at. */
static bool match_bits(const struct ww_check *check, uint32_t bits)
{
	bits &= check->b;
	switch (check->op) {
	case '+': return (bits & check->a) == check->a;
	case '*': return (bits & check->a) != 0;
	case '!': return (bits & check->a) == 0;
	default: return bits == check->a;
	}
}

/* Letters to bits, with '+', '*' or '!' before or behind. Returns 0 or -EINVAL. */
static int read_bits(const struct ww_span *text, const char *letters, const uint8_t *values,
	uint8_t *op, uint32_t *ret)
{
	uint32_t bits = 0;
	bool any = false;
	for (size_t i = 0; i < text->len; i++) {
		char c = text->text[i];
		const char *letter = c ? strchr(letters, toupper((unsigned char)c)) : NULL;
		if (letter) {
			bits |= values[letter - letters];
			any = true;
		} else if ((c == '+' || c == '*' || c == '!') && !*op &&
			   (i == 0 || i + 1 == text->len)) {
			*op = (uint8_t)c;
		} else {
			return -EINVAL;
		}
	}
	*ret = bits;
	return any ? 0 : -EINVAL;
}

static bool match_flags(const struct ww_check *check, const struct ww_packet *packet)
{
	return is_tcp(packet) && match_bits(check, packet->tcp_flags);
}

int ww_keyword_flags(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	static const char letters[] = "FSRPAUEC210";
	static const uint8_t values[] = {WW_TCP_FIN, WW_TCP_SYN, WW_TCP_RST, WW_TCP_PSH, WW_TCP_ACK,
		WW_TCP_URG, WW_TCP_ECE, WW_TCP_CWR, WW_TCP_ECE, WW_TCP_CWR, 0};
	struct ww_check *check = ww_builder_check(builder, option, err);
	if (!check)
		return -EOPNOTSUPP;
	*check = (struct ww_check){.match = match_flags, .b = 0xff};
	struct ww_span rest = option->value, word;
	uint8_t none = '+'; /* a mask has no operator */
	uint32_t mask = 0;
	ww_span_next(&rest, &word);
	if (read_bits(&word, letters, values, &check->op, &check->a) < 0)
		return ww_option_fail(builder, &word, -EINVAL, err,
			"flags: letters of FSRPAUEC120 and one of + * ! are expected");
	if (ww_span_next(&rest, &word) && read_bits(&word, letters, values, &none, &mask) < 0)
		return ww_option_fail(builder, &word, -EINVAL, err,
			"flags: letters of FSRPAUEC120 are expected behind the comma");
	check->b = ~mask & 0xff;
	check->a &= check->b;
	return 0;
}

/* Reserved, don't fragment, more fragments: the bits as Snort names them. */
static bool match_fragbits(const struct ww_check *check, const struct ww_packet *packet)
{
	if (packet->ip_version != 4 || !packet->network || packet->network_len < 8)
		return false;
	return match_bits(check, packet->network[6] & 0xe0u);
}

int ww_keyword_fragbits(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	static const char letters[] = "RDM";
	static const uint8_t values[] = {0x80, 0x40, 0x20};
	struct ww_check *check = ww_builder_check(builder, option, err);
	if (!check)
		return -EOPNOTSUPP;
	*check = (struct ww_check){.match = match_fragbits, .b = 0xe0};
	if (read_bits(&option->value, letters, values, &check->op, &check->a) < 0)
		return ww_option_fail(builder, &option->value, -EINVAL, err,
			"fragbits: letters of RDM and one of + * ! are expected");
	return 0;
}

enum ww_check_kind ww_check_kind(const struct ww_check *check)
{
	if (check->match == match_flags)
		return WW_CHECK_FLAGS;
	return check->match == match_window ? WW_CHECK_WINDOW : WW_CHECK_OTHER;
}
