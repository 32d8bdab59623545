/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * What the files of this room share: the compiled rule, the set, and the seams between the steps
 * of the work:
 *
 *   lex.c        text -> logical lines and options, each byte with its line and column
 *   var.c header.c   $VARIABLES, addresses, ports
 *   parse.c keyword-*.c  a line -> struct ww_item
 *   fast.c       which bytes of a rule the pattern matcher looks for
 *   matcher.c    many patterns at once
 *   scanner.c    bytes -> the rules whose fast pattern is there
 *   compile.c    which rules can apply to a flow: groups
 *   verify.c     does one rule match these bytes
 *   stream.c     packets and stream views -> candidates -> verify -> hits
 *   message.c    messages of application protocols -> the same
 *   state.c counters.c   what is remembered on a flow, and across flows
 */
#include "base/buf.h"
#include "base/hash.h"
#include "wire/proto/proto.h"
#include "wire/rules/rules.h"

#include <stddef.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum {
	WW_RULE_STEPS = 64,    /* payload options of one rule */
	WW_RULE_BUFFERS = 12,  /* buffers that one rule looks at */
	WW_RULE_VARIABLES = 8, /* of byte_extract and byte_math */
	WW_RULE_STATE = WW_RULE_BUFFERS + WW_RULE_VARIABLES,
	WW_RULE_CHECKS = 32, /* header options of one rule */
	WW_BIT_GROUPS = 64,
	WW_RULE_BIT_OPS = 16, /* flowbits options of one rule */
	WW_RULE_REFERENCES = 64,
	WW_RULE_LINE_MAX = 1 << 20, /* bytes of a logical line */
	WW_RULE_CONTENT_MAX = 2048,
	WW_RULE_LIST_MAX = 65536, /* elements of an address or port list, variables expanded */
	WW_RULE_VARS_MAX = 1024,
	WW_FILTERS_MAX = 100000,       /* event_filter, rate_filter, suppress */
	WW_RULE_PROBLEMS_MAX = 100000, /* kept texts; the counters go on */
	WW_ADDRESS_CLASSES = 8192,
	WW_RULES_MAX = 1000000,
	WW_GROUPS_MAX = 4096,
	WW_GROUP_LISTEN = 1,      /* no rules: the other direction's parser wants these bytes */
	WW_GROUP_LONE = 65535,    /* no group: the rules that ww_lone_each names */
	WW_LONE_RULES = 256,      /* see lone.c */
	WW_HEAD_MAX = 8,     /* bytes of ww_item.head */
	WW_OWN_RULES = 512,       /* a group\'s own scanner has so many rules at most */
	WW_OWN_BYTES = 8 << 20,   /* of the scanners that groups have of their own */
	WW_GROUP_CACHE = 16384,   /* entries of the memory of (ports, addresses) -> group */
	WW_VERIFY_TRIES = 100000, /* steps tried in one verification */
	WW_VERIFY_MEMO = 512,
	WW_PENDING_MAX = 8, /* rules that wait for bytes, a flow */
	WW_TOLD_MAX = 16,   /* rules whose last alert is remembered, a flow */
	WW_FAST_MAX = 24,   /* bytes of a fast pattern; 12 and 8 let verification explode */
};

/* ---- memory that lives as long as the set ---- */

struct ww_arena {
	struct ww_arena_block *block; /* newest first */
};

void ww_arena_done(struct ww_arena *arena);
/* Zeroed, aligned for any object. NULL when memory is short. */
void *ww_arena_take(struct ww_arena *arena, size_t size);
/* A NUL-terminated copy. */
char *ww_arena_text(struct ww_arena *arena, const char *text, size_t len);

/* ---- lex.c ---- */

/* A logical line: continuation lines joined, comments gone. */
struct ww_line {
	struct ww_buf text;
	struct ww_line_join {
		uint32_t pos;    /* from this byte of the text on ... */
		struct ww_at at; /* ... the file's place counts from here */
	} * joins;
	size_t n_joins, cap_joins;
	bool disabled; /* "# alert ...": the text is without the marks */
	bool too_long;
};

struct ww_lexer {
	const char *text;
	size_t len, pos;
	uint32_t line; /* of text[pos], 1-based */
	uint32_t col;  /* of text[pos], 0-based; not 0 only behind a comment */
	bool failed;   /* memory was short */
};

void ww_line_done(struct ww_line *line);
/* The next line that is neither empty nor a mere comment; false at the end. */
bool ww_lex_line(struct ww_lexer *lexer, struct ww_line *line);
struct ww_at ww_line_at(const struct ww_line *line, size_t pos);

/* A run of the line's bytes. */
struct ww_span {
	const char *text; /* borrowed from the line; not terminated */
	size_t len;
	size_t pos; /* in the line */
};

/* `name:value;`. No value: value.text is NULL. Blanks around both are cut. */
struct ww_option {
	struct ww_span name, value;
};

/*
 * The option that begins at *pos. 1: *ret is filled and *pos behind its ';'. 0: the closing ')'
 * was read, *pos behind it. -EINVAL: *err.
 */
int ww_lex_option(
	const struct ww_line *line, size_t *pos, struct ww_option *ret, struct ww_err *err);
/* The next comma-separated argument of *rest, blanks cut; false when there is none. */
bool ww_span_next(struct ww_span *rest, struct ww_span *ret);
void ww_span_trim(struct ww_span *span);
/* The next blank-separated word; false when there is none. */
bool ww_span_word(struct ww_span *rest, struct ww_span *ret);
bool ww_span_is(const struct ww_span *span, const char *word);
/* Decimal or 0x hexadecimal with a sign, in [low, high]. 0 or -EINVAL. */
int ww_span_number(const struct ww_span *span, int64_t low, int64_t high, int64_t *ret);
/*
 * The bytes of a quoted text at the start of *rest, which moves behind it: escapes undone, and
 * |hex| where `hex`. *negated tells of a '!' before it. 0 or -EINVAL.
 */
int ww_lex_quoted(const struct ww_line *line, struct ww_span *rest, bool hex, bool *negated,
	struct ww_buf *out, struct ww_err *err);

/* ---- var.c, header.c: addresses and ports ---- */

/* In `yes` (all when n_yes is 0) and not in `no`. Interned: equal sets have one index. */
struct ww_addresses {
	struct ww_prefix *prefixes; /* yes, then no */
	uint32_t n_yes, n_no;
};

/* Disjoint, ascending, inclusive. All 65,536 ports: one range. */
struct ww_port_set {
	struct ww_port_range {
		uint16_t low, high;
	} * ranges;
	uint32_t n;
};

struct ww_var {
	char *name, *value;
	bool fixed; /* set from outside: a file's line does not change it */
};

/* ---- address.c ---- */

/* From this address on, up to the next interval, one class. */
struct ww_interval {
	struct ww_ip from;
	uint16_t class;
};

/* Of an address that is in no class: there are too many of them. */
#define WW_ADDRESS_NO_CLASS UINT16_MAX

/* Cuts all addresses into classes by the sets they are in. 0 or -ENOMEM. */
int ww_address_classes_make(struct ww_rules *rules);
void ww_address_classes_done(struct ww_rules *rules);
/* O(log of all networks); 0 where there is no set but `any`. */
uint16_t ww_address_class(const struct ww_rules *rules, const struct ww_ip *ip);
/* Whether an address of this class is in a set, by its index. */
bool ww_address_in(
	const struct ww_rules *rules, uint32_t set, uint16_t class, const struct ww_ip *ip);
/* The same by comparing it with each network: the tests' oracle, and where there is no class. */
bool ww_addresses_contain(const struct ww_addresses *set, const struct ww_ip *ip);
bool ww_port_set_contains(const struct ww_port_set *set, uint16_t port);
/* Sets $name; names are [A-Za-z0-9_]. 0, -EINVAL, -ENOMEM, -E2BIG. */
int ww_var_set(struct ww_rules *rules, const char *name, size_t name_len, const char *value,
	size_t value_len, bool fixed);
/* Its value, a default by Snort's configuration, or NULL. *by_default: the file has none. */
const char *ww_var_get(struct ww_rules *rules, const char *name, size_t len, bool *by_default);

struct ww_rule_builder;
/* Reads "alert tcp SRC PORTS -> DST PORTS" (without the bracket) into the item being built. */
int ww_header_parse(struct ww_rule_builder *builder, struct ww_span header, struct ww_err *err);

/* A list of addresses, as in a header. 0, -EINVAL with *err, -ENOMEM. */
int ww_header_addresses(struct ww_rule_builder *builder, const struct ww_span *word, uint32_t *ret,
	struct ww_err *err);
/* Where a header names a protocol with ports and leaves them open: "alert http", and no option
 * looks at a buffer of its parser. After all options. */
int ww_header_narrow(struct ww_rule_builder *builder, struct ww_err *err);

/* ---- one rule ---- */

/* Whose parser offers a buffer. */
enum ww_provider {
	WW_PROVIDER_NONE,
	WW_PROVIDER_HTTP,
	WW_PROVIDER_DCERPC,
	WW_PROVIDER_DNS,
	WW_PROVIDER_TLS,
	WW_PROVIDER_SSH,
	WW_PROVIDER_SIP,
	WW_PROVIDER_FTP,
	WW_PROVIDER_SMB,
	WW_PROVIDER_SMTP,
	WW_PROVIDER_TFTP,
	WW_PROVIDER_OTHER, /* no parser is planned: known by its ports */
};

enum ww_buffer_direction { WW_BUFFER_TO_SERVER = 1, WW_BUFFER_TO_CLIENT = 2, WW_BUFFER_BOTH = 3 };

/* One row of buffers.def. */
struct ww_buffer_row {
	const char *name;
	uint8_t provider;  /* enum ww_provider */
	uint8_t direction; /* enum ww_buffer_direction */
	bool provided;
	const char *behind, *snort3, *before; /* blank-separated names; see there */
	const char *help;
};

enum ww_verdict {
	WW_VERDICT_NO,
	WW_VERDICT_MATCH,
	WW_VERDICT_MORE, /* not decided by the bytes that came so far */
};

/* The bytes that a rule is tried on. Indexes below count from data[0]. */
struct ww_window {
	const uint8_t *data;
	int64_t len;
	uint64_t offset; /* of data[0] in the stream; 0 for a packet */
	int64_t base; /* index of the payload's start: what offset and depth count from; may be < 0
		       */
	int64_t low;  /* no match begins before */
	bool final;   /* no bytes will follow: nothing is MORE */
	bool patient; /* of a message: what is negated waits for its end */
	const struct ww_message *message; /* whose buffers steps look at; NULL: there is none */
};

/* One try of one step. */
struct ww_attempt {
	int64_t cursor;           /* end of the last match in the step's buffer */
	int64_t from;             /* no match begins before (a retry) */
	uint64_t floor;           /* stream positions: a match of the anchor ends at or behind it */
	const int64_t *variables; /* of the rule, by their numbers */
	int64_t start, end;       /* result: what matched, and the new cursor */
	uint64_t need;            /* with MORE: the stream position whose coming may decide */
	bool bounded;             /* with MORE: nothing behind `need` matters */
	int64_t value;            /* result of a step that sets a variable; a number's 64 bits */
};

struct ww_verify;
struct ww_step;
typedef enum ww_verdict ww_step_fn(
	struct ww_verify *verify, const struct ww_step *step, struct ww_attempt *attempt);

/* A number of a rule: written there, or the value of a variable. */
struct ww_operand {
	int32_t value;
	uint8_t variable; /* its number + 1; 0: it is `value` */
};

struct ww_content {
	const uint8_t *bytes; /* lower case when nocase */
	uint32_t len;
	bool nocase, fast, only, positioned; /* positioned: offset or depth given */
	bool has_depth, has_distance, has_within, has_offset;
	bool ends; /* endswith */
	struct ww_operand offset, depth, distance, within;
	uint16_t fast_offset, fast_len; /* fast_pattern:offset,length; len 0: not given */
};

struct ww_dce_test;

struct ww_bytes {  /* byte_test, byte_jump, byte_extract, byte_math */
	uint8_t n; /* bytes to read; 0: digits to the end of the buffer */
	bool little, string, align, from_beginning, from_end;
	bool dce; /* byte order as the DCE/RPC call says */
	uint8_t radix;
	char op; /* < > = & ^ l (<=) g (>=) */
	bool op_not;
	uint64_t value, mask;
	uint8_t value_variable; /* its number + 1; 0: `value` */
	struct ww_operand offset, post_offset;
	uint32_t multiplier;
	uint8_t align_to; /* byte_extract: 0, 2 or 4 */
};

struct ww_pcre {
	pcre2_code *code; /* owned by the set, see ww_rules.codes */
	bool anchored, jit_tried;
};

enum ww_step_kind {
	WW_STEP_OTHER, /* a keyword that nothing else needs to know */
	WW_STEP_CONTENT,
	WW_STEP_PCRE,
};

/* A payload option. Steps are tried in the order of the text. */
struct ww_step {
	ww_step_fn *match;
	uint8_t kind;   /* enum ww_step_kind */
	uint8_t buffer; /* enum ww_buffer */
	uint8_t slot;   /* settled: of the buffer, in ww_item.slots */
	bool negated, relative;
	bool moves;   /* a match moves the cursor */
	uint8_t sets; /* number + 1 of the variable that a match sets; 0: none */
	bool anchor;  /* its occurrence is what alerts once; see ww_attempt.floor */
	bool retry;   /* built: may occur several times; settled: and a later step is relative to it
		       */
	bool waits;   /* not found yet: it may come, with bytes behind */
	bool absolute; /* depends on where the payload begins */
	union {
		struct ww_content content;
		struct ww_bytes bytes;
		struct ww_pcre *pcre;
		const struct ww_dce_test *dce; /* dce_iface, dce_opnum */
		struct ww_operand at; /* isdataat */
		struct {
			uint32_t low, high; /* inclusive */
		} size;                     /* bsize, urilen */
		struct {
			uint32_t want[3]; /* program, version, procedure */
			bool any[3];
		} rpc;
		struct {
			bool bitstring, real;
			uint32_t oversize; /* 0: not looked at */
			int32_t offset;
		} asn1;
	};
};

/* A header option: one of two functions, and operands. */
struct ww_check {
	bool (*match)(const struct ww_check *check, const struct ww_packet *packet);
	bool (*match_flow)(const struct ww_check *check, const struct ww_flow *flow);
	uint32_t a, b;
	uint8_t op;
	bool negated;
};

enum ww_bit_op {
	WW_BIT_SET,
	WW_BIT_UNSET,
	WW_BIT_TOGGLE,
	WW_BIT_RESET,
	WW_BIT_ISSET,
	WW_BIT_ISNOTSET,
};

struct ww_bits {
	uint8_t op;       /* enum ww_bit_op */
	bool any;         /* 'a|b': one of them is enough */
	bool exclusive;   /* of SET: the others of the group are unset */
	bool whole_group; /* all bits of the group are meant */
	uint8_t group;    /* number + 1; 0: none */
	uint8_t n;
	uint16_t ids[8];
};

enum ww_limit_kind {
	WW_LIMIT_NONE,
	WW_LIMIT_LIMIT,
	WW_LIMIT_THRESHOLD,
	WW_LIMIT_BOTH,
	WW_LIMIT_DETECTION,
	WW_LIMIT_RATE,
};

/* In the order of the words in keyword-threshold.c, as enum ww_limit_kind up to BOTH. */
enum ww_track {
	WW_TRACK_NONE,
	WW_TRACK_SRC,
	WW_TRACK_DST,
	WW_TRACK_RULE,
	WW_TRACK_BOTH,
	WW_TRACK_EITHER, /* of suppress only */
};

/* A rule's limits, by what they are. */
enum { WW_LIMITS_EVENT, WW_LIMITS_DETECTION, WW_LIMITS_RATE, WW_LIMITS_COUNT };

struct ww_limit {
	uint8_t kind;  /* enum ww_limit_kind */
	uint8_t track; /* enum ww_track */
	bool off;      /* count -1: there is no limit */
	bool silences; /* of a rate: new_action pass or log */
	uint32_t count, seconds, timeout;
	uint32_t addresses; /* of a rate: index of the set it is applied to, + 1; 0: all */
};

/* A line that speaks of rules by number; see filter.c. */
struct ww_filter {
	uint32_t gid, sid; /* 0: every one */
	uint32_t order;    /* of the lines */
	bool suppress, has_addresses;
	uint32_t addresses;
	struct ww_limit limit; /* of suppress: its track */
	const char *file;
	struct ww_at at;
};

/* The flow option. */
struct ww_flow_option {
	bool to_server, to_client; /* both false: either direction */
	bool established, not_established, stateless, no_stream, only_stream;
};

struct ww_item {
	struct ww_rule rule;
	uint8_t proto; /* WW_PROTO_..., 0: ip */
	uint8_t app;   /* enum ww_provider: what the header names, as in "alert http" */
	bool both_ways;
	uint32_t src, dst;     /* index of address sets */
	uint32_t sport, dport; /* index of port sets */
	uint32_t service;      /* the same, + 1, of the server's port, whichever way; 0: any */
	struct ww_flow_option flow;
	uint16_t n_steps, n_checks, n_bits;
	uint16_t n_packet_checks; /* of the checks, those that look at a packet */
	struct ww_step *steps;
	struct ww_check *checks;
	struct ww_bits *bits;
	struct ww_limit limits[WW_LIMITS_COUNT];
	uint32_t suppress, n_suppress; /* filters that name this rule: the first, how many */
	uint64_t buffers;              /* bit of each enum ww_buffer but RAW that a step looks at */
	uint8_t slots[WW_RULE_BUFFERS]; /* the buffers that steps look at, RAW first */
	uint8_t n_slots;
	uint8_t n_variables;
	bool absolute;    /* a step depends on where the payload begins */
	bool packet_only; /* looks at a packet's header, size, or has no positive content */
	bool needs_payload;
	bool asks_interface; /* dce_iface: of a DCE/RPC call whose context was accepted */
	int16_t anchor;   /* step, -1 none */
	uint8_t order;    /* 0 sets bits, 1 sets and asks, 2 asks or has none: the order of work */
	uint8_t fast_len; /* 0: always verified */
	bool fast_nocase;
	uint8_t fast_buffer; /* enum ww_buffer: where the fast pattern is looked for */
	uint8_t fast[WW_FAST_MAX];
	/* Bytes that must stand at this index of the payload, whatever else; head_len 0: none. */
	uint8_t head_len, head[WW_HEAD_MAX];
	uint16_t head_at;
};

/* What parse.c and the keywords build; copied into the arena when the rule is good. */
struct ww_rule_builder {
	struct ww_rules *rules;
	const struct ww_line *line;
	struct ww_item item;
	struct ww_step steps[WW_RULE_STEPS];
	struct ww_check checks[WW_RULE_CHECKS];
	struct ww_bits bits[WW_RULE_BIT_OPS];
	const char *references[WW_RULE_REFERENCES];
	struct ww_step *last_content; /* what nocase and so on belong to; NULL before the first */
	uint8_t sticky;   /* enum ww_buffer: where contents and so on look that say nothing else */
	bool has_content; /* any so far */
	struct ww_span variables[WW_RULE_VARIABLES]; /* their names; item.n_variables of them */
	bool snort3; /* ambiguous spellings are meant as Snort 3 means them; see buffer.c */
	bool has_sid, has_priority;
	bool *seen;               /* by keyword */
	const char *app_ports;    /* of the protocol that the header names; NULL: of none */
	struct ww_span app_place; /* of its name */
};

typedef int ww_keyword_fn(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err);

/* One row of keywords.def. */
struct ww_keyword {
	const char *name;
	ww_keyword_fn *parse;
	bool takes_value, needs_value, once;
	const char *help;
};

size_t ww_keywords(const struct ww_keyword **ret);
/* The rows of buffers.def, by enum ww_buffer. */
size_t ww_buffers(const struct ww_buffer_row **ret);
/* One option, by the table of keywords and that of buffers. 0, -EINVAL, -EOPNOTSUPP, -ENOMEM. */
int ww_rule_option(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err);
/* 1: the option names a buffer and was taken; 0: it is none; -EINVAL, -EOPNOTSUPP with *err. */
int ww_buffer_option(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err);
/* 0, or -EOPNOTSUPP with *err: nothing offers this buffer. */
int ww_buffer_take(struct ww_rule_builder *builder, enum ww_buffer buffer,
	const struct ww_option *option, struct ww_err *err);
#define WW_KEYWORD(name, function, value, count, help)                                             \
	int function(struct ww_rule_builder *builder, const struct ww_option *option,              \
		struct ww_err *err);
#include "wire/rules/keywords.def"
#undef WW_KEYWORD
ww_keyword_fn ww_keyword_template;

/* `return ww_option_fail(builder, span, -EINVAL, err, "...")`: placed at the span. */
#define ww_option_fail(builder, span, code, err, ...)                                              \
	ww_fail((err), ww_line_at((builder)->line, (span)->pos), (code), __VA_ARGS__)
/* A new zeroed step or check at the end; NULL with *err when there are too many. */
struct ww_step *ww_builder_step(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err);
struct ww_check *ww_builder_check(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err);

/* What a check looks at, where compile steps want to know. */
enum ww_check_kind { WW_CHECK_OTHER, WW_CHECK_FLAGS, WW_CHECK_WINDOW };
enum ww_check_kind ww_check_kind(const struct ww_check *check);

/* ---- number.c ---- */

static inline int64_t ww_operand_value(const struct ww_operand *operand, const int64_t *variables)
{
	if (!operand->variable)
		return operand->value;
	uint64_t value = (uint64_t)variables[operand->variable - 1];
	/* Nothing is as long: one step further is out of everything. */
	return value > INT32_MAX ? INT32_MAX : (int64_t)value;
}

/* A number in [low, high], or the name of a variable. 0 or -EINVAL with *err. */
int ww_operand_parse(struct ww_rule_builder *builder, const struct ww_span *word, int64_t low,
	int64_t high, struct ww_operand *ret, struct ww_err *err);
/* The number + 1 of a variable's name; 0: there is none of that name. */
uint8_t ww_variable_find(const struct ww_rule_builder *builder, const struct ww_span *name);
/* The same, made if it is new. 0: -EINVAL or -EOPNOTSUPP is in *err. */
uint8_t ww_variable_make(
	struct ww_rule_builder *builder, const struct ww_span *name, struct ww_err *err);
/*
 * The number at `place` of the window: NO when it is not there, MORE when it may come (then
 * attempt->need and bounded are set). *ret_used: bytes of it.
 */
enum ww_verdict ww_number_read(const struct ww_bytes *bytes, const struct ww_window *window,
	int64_t place, struct ww_attempt *attempt, uint64_t *ret, int64_t *ret_used);
/* Words that byte_test, byte_jump and byte_extract share: relative, little, big, string, hex, dec,
 * oct, bitmask. 1: read; 0: not one of these; -EINVAL with *err. */
int ww_number_word(struct ww_rule_builder *builder, struct ww_step *step,
	const struct ww_span *word, struct ww_err *err);
/* "name NUMBER". */
bool ww_number_named(
	const struct ww_span *word, const char *name, int64_t low, int64_t high, int64_t *ret);
/* What is true of all of these, when all words are read. 0 or -EINVAL with *err. */
int ww_number_end(struct ww_rule_builder *builder, const struct ww_option *option,
	struct ww_step *step, struct ww_err *err);
/* `keyword: 'word' is not supported` */
int ww_word_unknown(struct ww_rule_builder *builder, const struct ww_option *option,
	const struct ww_span *word, struct ww_err *err);

/* ---- verify.c ---- */

struct ww_verify {
	struct ww_rules *rules;
	const struct ww_item *item;
	const struct ww_window *window;
	uint64_t floor; /* for the anchor */
	uint64_t need;  /* result with MORE: the least */
	bool bounded;   /* result with MORE: one of the waits is */
	uint32_t tries;
	size_t n_state; /* cursors and variables of the rule */
	struct {
		int64_t start, end;
	} spans[WW_RULE_STEPS]; /* of positive content and pcre steps; start -1: none */
};

/* verify->rules, item, window, floor are set by the caller. */
enum ww_verdict ww_verify_run(struct ww_verify *verify);
/* The buffer that a step looks at: its bytes, length, base, low, and whether more may come. */
struct ww_window ww_verify_buffer(const struct ww_verify *verify, const struct ww_step *step);

/* ---- fast.c, classtype.c ---- */

void ww_fast_choose(struct ww_item *item);
/* 1-4, or 0 for a class that Snort's classification.config does not have. */
int ww_classtype_priority(const char *name);

/* ---- search.c ---- */

/* The first place of a literal (lower case when nocase) in the text, or NULL. */
const uint8_t *ww_search(
	const uint8_t *text, size_t len, const uint8_t *literal, size_t literal_len, bool nocase);

/* ---- matcher.c ---- */

enum { WW_PATTERN_MIN = 2 }; /* bytes; shorter ones are found everywhere */

struct ww_pattern {
	const uint8_t *bytes;
	uint32_t len; /* WW_PATTERN_MIN to UINT16_MAX */
	bool nocase;
};

enum ww_matcher_kind {
	WW_MATCHER_RUNS,  /* two tables of hashed runs; what is used */
	WW_MATCHER_PLAIN, /* slow and plain: the tests' oracle */
};

/* Immutable: threads may share one. */
struct ww_matcher;
typedef void ww_matcher_fn(void *context, uint32_t pattern, size_t end);

/* Patterns are copied. 0 or -ENOMEM. End with ww_matcher_free. */
int ww_matcher_new(enum ww_matcher_kind kind, const struct ww_pattern *patterns, size_t n,
	struct ww_matcher **ret);
void ww_matcher_free(struct ww_matcher **matcher);
size_t ww_matcher_bytes(const struct ww_matcher *matcher);
/* Calls `found` once for each occurrence of each pattern; the ends ascend roughly. */
void ww_matcher_scan(const struct ww_matcher *matcher, const uint8_t *data, size_t len,
	ww_matcher_fn *found, void *context);

/* How common a byte is in traffic: 0 (most), 2, 4, 5, 7 (least); case does not count. */
int ww_byte_score(uint8_t byte);

/* ---- nibbles.c: a quick look for few runs ---- */

enum { WW_NIBBLE_RUN = 4 };

struct ww_nibble_run {
	uint8_t bytes[WW_NIBBLE_RUN]; /* lower case when nocase */
	uint8_t len;                  /* 2 to 4 */
	bool nocase;
};

struct ww_nibbles {
	uint8_t low[WW_NIBBLE_RUN][16], high[WW_NIBBLE_RUN][16];
};

/*
 * NULL where it does not pay: too many runs, or too common ones, or a processor without AVX2.
 * Sorts the runs. End with free.
 */
struct ww_nibbles *ww_nibbles_new(struct ww_nibble_run *runs, size_t n);
/*
 * The first place at or behind `from` where a run of four bytes may begin, or the place up to which
 * there is none: len - 3, where the text has 35 bytes at least; else `from`.
 */
size_t ww_nibbles_next(
	const struct ww_nibbles *nibbles, const uint8_t *data, size_t from, size_t len);

/* ---- the set ---- */

enum ww_section {
	WW_SECTION_STREAM,  /* over stream views */
	WW_SECTION_PACKET,  /* over packets */
	WW_SECTION_MESSAGE, /* over the buffers of messages */
	WW_SECTION_COUNT,
};

/* Protocols with rules of their own, and when: the direction of a flow, or no flow at all. */
enum { WW_CLASS_TCP, WW_CLASS_UDP, WW_CLASS_ICMP, WW_CLASS_OTHER, WW_CLASSES };
enum { WW_KIND_TO_SERVER, WW_KIND_TO_CLIENT, WW_KIND_LONE, WW_KINDS };

/* All rules of a class, kind, section and buffer that have a fast pattern. */
struct ww_scanner {
	struct ww_matcher *matcher;
	uint32_t *rules;         /* by pattern */
	uint32_t *pattern_first; /* of pattern p: rules[pattern_first[p]..pattern_first[p + 1]) */
	uint32_t n_rules;
	size_t cap_rules;
	uint32_t longest; /* pattern */
};

/* The rules of a group that look at one kind of bytes. */
struct ww_section_rules {
	uint32_t *always; /* verified each time; in the order of work */
	uint32_t n_always;
	uint32_t n_fast;        /* verified where their pattern was found */
	struct ww_scanner *own; /* of those whose pattern is in RAW, when they are few; or NULL */
};

/* What the rules of a group want of parsers; made at the first need, see message.c. */
struct ww_group_wants {
	bool known;
	uint32_t apps;          /* bits of enum ww_app */
	uint64_t buffers, fast; /* that are looked at; that fast patterns are looked for in */
};

struct ww_group {
	uint64_t *member; /* a bit for each rule of the set */
	uint32_t n_rules;
	uint64_t hash;
	uint8_t class, kind; /* of its protocol: WW_CLASS_..., WW_KIND_... */
	bool superset; /* shared when there are too many groups: check addresses and ports again */
	bool gated;    /* every rule asks for a flowbit: nothing to do before one is set */
	bool listens;  /* the other direction is wanted where the flow speaks DCE/RPC */
	struct ww_section_rules sections[WW_SECTION_COUNT];
	struct ww_group_wants wants;
};

/* A direction of a TCP connection: there are packets and a stream. */
static inline bool ww_group_is_joint(const struct ww_group *group)
{
	return group->class == WW_CLASS_TCP && group->kind != WW_KIND_LONE;
}

/* What a group was looked up by: two words, because comparing field by field stalls on the stores. */
struct ww_group_key {
	uint64_t classes; /* of source and destination address and port, 16 bits each */
	uint16_t about;   /* protocol class << 8 | kind */
	uint16_t group;   /* value */
	bool used;
};

/* A threshold's count for one address, or two. */
struct ww_counter {
	struct ww_ip ip, other; /* zero where the rule does not track them */
	uint32_t rule;          /* index + 1; 0: free */
	uint8_t which;          /* of the item's limits */
	uint32_t count;
	int64_t start_us, used_us;
	int64_t until_us; /* of a rate: its new action holds until then */
};

enum { WW_COUNTERS = 4096, WW_COUNTER_WAYS = 8 };

struct ww_candidate {
	uint32_t rule;
	uint32_t end; /* index behind the last fresh occurrence of its fast pattern */
};

struct ww_rules {
	struct ww_hash_key key;
	struct ww_arena arena;
	enum ww_matcher_kind matcher_kind;
	struct ww_rules_counts counts;

	struct ww_item *items;
	size_t n_items, cap_items;
	uint32_t *by_sid; /* open addressing: item index + 1 */
	size_t cap_by_sid;
	uint32_t next_sid;

	struct ww_rule_problem *problems;
	size_t n_problems, cap_problems;

	struct ww_var *vars;
	size_t n_vars, cap_vars;

	struct ww_addresses *addresses;
	uint32_t n_addresses, cap_addresses;
	struct ww_port_set *ports;
	uint32_t n_ports, cap_ports;
	struct ww_pcre **codes;
	size_t n_codes, cap_codes;
	char *bit_names[WW_FLOWBITS];
	uint32_t n_bits;
	struct ww_bit_group {
		char *name;
		uint8_t bits[WW_FLOWBITS / 8];
	} bit_groups[WW_BIT_GROUPS];
	uint32_t n_bit_groups;

	struct ww_filter *filters;
	size_t n_filters, cap_filters;
	uint32_t n_suppress_all; /* of them, the first ones: they suppress every rule */

	bool take_disabled;
	char about[48]; /* what the option being read is, for the problem it may be */
	struct ww_rule_file *files;
	size_t n_files, cap_files;
	size_t here; /* the file that is being loaded */
	struct ww_rule_default *defaults;
	size_t n_defaults, cap_defaults;

	bool compiled;
	struct ww_interval *intervals; /* ascending, the first from :: on */
	uint32_t n_intervals;
	uint32_t *v4_from; /* the same for IPv4 alone, the first from 0.0.0.0 on */
	uint16_t *v4_class;
	uint32_t n_v4;
	uint8_t *address_class_bits; /* address_stride bytes a class: a bit each set */
	uint32_t address_stride, n_address_classes;
	uint16_t *port_class; /* by port: ports that are in the same sets are one class */
	uint16_t *class_port; /* a port of each class */
	uint32_t n_classes;
	uint8_t *address_bits[2], *port_bits[2]; /* while a group is built: of src and dst */
	uint32_t *by_work;                       /* all rules, in the order of work */
	uint64_t *list;                          /* while a group is built: its members */
	struct ww_group *groups;                 /* [0] is empty */
	uint32_t n_groups;
	struct ww_scanner *scanners[WW_CLASSES][WW_KINDS][WW_SECTION_COUNT][WW_BUFFER_COUNT];
	uint16_t superset[WW_CLASSES][WW_KINDS]; /* 0: not made yet */
	bool has_rules[WW_CLASSES];              /* any rule for a flow of this protocol class */
	/* Any rule for a packet of no flow; one without payload. */
	bool lone[WW_CLASSES], lone_empty[WW_CLASSES];
	struct ww_lone *lone_tcp; /* NULL: too many rules for it */
	struct ww_group_key *cache;
	uint32_t n_cache;
	size_t own_bytes; /* of the groups\' own scanners */
	struct ww_counter *counters;

	/* Scratch of the one thread. */
	uint32_t *marks; /* by rule: its candidate + 1 during a scan */
	struct ww_candidate *candidates;
	struct ww_rule_cost *costs; /* by rule */
	uint32_t n_candidates;
	/* Of the stream, found in the last packet of a connection; kept_frame 0: none was scanned.
	 */
	struct ww_candidate *kept;
	uint32_t n_kept;
	uint64_t kept_frame;
	const struct ww_group *kept_group;
	struct ww_protos *protos; /* NULL: no rule looks at a buffer */
	uint32_t *message_list;   /* rules to be tried on a message; as many as there are */
	ww_answer_fn *answer;     /* NULL: not wanted */
	uint16_t answer_group;    /* of no rules: a direction that only answers are wanted of */
	struct {
		uint64_t stamp;
		int64_t cursors[WW_RULE_STATE];
		uint32_t step;
	} memo[WW_VERIFY_MEMO];
	uint64_t memo_stamp;
	pcre2_match_data *match_data;
	pcre2_match_context *match_context;
	pcre2_jit_stack *jit_stack;
};

/* The file a rule came from, for its counts; NULL: it is not of this set. */
struct ww_rule_file *ww_rules_file_of(struct ww_rules *rules, const char *file);
/* Adds a problem; never fails. */
void ww_rules_note(struct ww_rules *rules, const char *file, struct ww_at at, bool severe,
	const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Grows an array of `size`-byte elements so that one more fits. 0 or -ENOMEM. */
int ww_rules_grow(void **array, size_t *cap, size_t n, size_t size);
/* One logical line that is a rule. 0, -EINVAL or -EOPNOTSUPP with *err, -ENOMEM. */
int ww_rule_parse(struct ww_rules *rules, const struct ww_line *line, const char *file,
	const char *owner, struct ww_err *err);
/* Does the header (addresses, ports) fit a packet from src to dst? ports -1: there are none. */
bool ww_rule_header_fits(const struct ww_rules *rules, const struct ww_item *item,
	const struct ww_ip *src, const struct ww_ip *dst, int sport, int dport);

/* ---- state.c ---- */

/* A rule that waits on a flow for more bytes. */
struct ww_pending {
	uint32_t rule;
	uint8_t dir;
	bool by_segment; /* base counts from a segment's start, not from the stream's */
	bool bounded; /* waits for a known position (a negated window), not for a content to come */
	uint64_t base; /* stream position */
	uint64_t at;   /* stream position of its fast pattern: waiting ends when it left the view */
	uint64_t need; /* stream position to wait for */
};

/* TLS records of one direction, see encrypted.c. */
struct ww_tls_walk {
	uint64_t next; /* stream position of the next record's header */
	uint8_t phase;
};

enum {
	WW_MESSAGE_WAITS = 32, /* rules that a message is not decided for */
	WW_MESSAGE_TOLD = 32,  /* rules that alerted on it */
};

/* Of the message of one direction that is not ended. */
struct ww_message_state {
	uint64_t tried_end; /* how far it was when waiting rules were tried last */
	uint64_t scanned;   /* buffers that need not be looked at again */
	uint32_t tries;
	uint8_t n_waits, n_told;
	bool always_wait; /* so does one of those without a fast pattern: all are tried again */
	uint32_t waits[WW_MESSAGE_WAITS], told[WW_MESSAGE_TOLD];
};

enum { WW_ASKED_MAX = 4 }; /* messages of a flow whose answer is waited for; the last ones */

struct ww_rule_state {
	struct ww_app_flow app;
	uint64_t asked[WW_ASKED_MAX]; /* their stream positions */
	uint8_t n_asked;
	struct ww_message_state messages[2]; /* by direction */
	struct ww_tls_walk tls[2];
	uint8_t bits[WW_FLOWBITS / 8];
	struct ww_pending pending[WW_PENDING_MAX];
	uint32_t n_pending, n_told;
	struct ww_told {
		uint32_t rule;
		uint8_t dir;
		uint64_t floor; /* anchors that end before were alerted on */
	} told[WW_TOLD_MAX];
};

/* NULL when there is none and `make` is false, or memory is short. */
struct ww_rule_state *ww_state_get(struct ww_flow *flow, bool make);
uint64_t ww_state_floor(const struct ww_flow *flow, uint32_t rule, enum ww_dir dir);
void ww_state_tell(struct ww_flow *flow, uint32_t rule, enum ww_dir dir, uint64_t floor);
bool ww_state_bits_fit(
	const struct ww_rules *rules, const struct ww_item *item, struct ww_flow *flow);
/* Returns whether the rule may have set a bit. */
bool ww_state_bits_act(
	const struct ww_rules *rules, const struct ww_item *item, struct ww_flow *flow);

/* ---- encrypted.c ---- */

/*
 * Whether this view shows that the direction is unreadable from now on; *ret is the index in it
 * where that begins. Once: not again for what comes behind.
 */
bool ww_encrypted_from(
	struct ww_flow *flow, enum ww_dir dir, const struct ww_stream_view *view, uint32_t *ret);
/* Whether that was so before. */
bool ww_encrypted_is(struct ww_flow *flow, enum ww_dir dir);

/* ---- scanner.c ---- */

/* Adds a rule; makes the scanner if it is NULL. 0 or -ENOMEM. */
int ww_scanner_add(struct ww_scanner **scanner, uint32_t rule);
/* Makes its matcher. 0 or -ENOMEM. */
int ww_scanner_build(struct ww_rules *rules, struct ww_scanner *scanner);
void ww_scanner_free(struct ww_scanner **scanner);
/* Makes the matchers of rules->scanners. 0 or -ENOMEM. */
int ww_scanners_build(struct ww_rules *rules);
void ww_scanners_done(struct ww_rules *rules);
/*
 * Fills rules->candidates with the group's rules whose fast pattern ends in data[fresh..len), in
 * the order of work.
 */
void ww_scan(struct ww_rules *rules, const struct ww_group *group, enum ww_section section,
	enum ww_buffer buffer, const uint8_t *data, size_t len, size_t fresh);
/*
 * The same for a packet's payload, and for the bytes that its stream gained; on a connection
 * (WW_SECTION_PACKET and WW_SECTION_STREAM share a scanner) bytes are read once for both.
 */
void ww_scan_packet(
	struct ww_rules *rules, const struct ww_group *group, const struct ww_packet *packet);
void ww_scan_stream(struct ww_rules *rules, const struct ww_group *group,
	const struct ww_packet *packet, const struct ww_stream_view *view);
/* Of struct ww_candidate; context: the set. Rules that set bits come before those that ask. */
int ww_by_work(const void *a, const void *b, void *context);

/* ---- lone.c: TCP packets of no flow, without payload ---- */

/* Fills rules->lone_tcp. 0 or -ENOMEM. */
int ww_lone_build(struct ww_rules *rules);
/* Whether a rule may apply to such a packet. rules->lone_tcp is not NULL. A few loads. */
bool ww_lone_any(const struct ww_rules *rules, const struct ww_packet *packet);
/* The rules that may, in the order of work; addresses and ports are not looked at yet. */
void ww_lone_each(const struct ww_rules *rules, const struct ww_packet *packet,
	void (*each)(void *context, uint32_t rule), void *context);

/* ---- stream.c ---- */

/* What is looked at, and where hits go. */
struct ww_run {
	struct ww_rules *rules;
	const struct ww_group *group;
	struct ww_flow *flow; /* may be NULL */
	enum ww_dir dir;
	const struct ww_packet *packet;    /* may be NULL with a flow */
	const struct ww_stream_view *view; /* NULL: a packet */
	bool in_stream;
	uint64_t stream_end;
	uint64_t floor; /* anchors that end before were tried when their bytes were fresh */
	ww_hit_fn *hit;
	void *context;
};

/* Tries a rule on a window. A match has its consequences before this returns. */
enum ww_verdict ww_run_try(const struct ww_run *run, uint32_t rule, const struct ww_window *window,
	struct ww_verify *verify);

/* ---- message.c ---- */

/* After the groups' memory is made. 0 or -ENOMEM. */
int ww_messages_init(struct ww_rules *rules);
void ww_messages_done(struct ww_rules *rules);
/* What parsers make of new bytes, or of a datagram, against the rules that want it. */
void ww_messages_stream(const struct ww_run *run, const struct ww_stream_view *view);
void ww_messages_packet(const struct ww_run *run);
/* A rule alerted on a message: its answer is wanted. */
void ww_messages_ask(const struct ww_run *run, const struct ww_message *message);

/* ---- compile.c ---- */

/* Whether the rule speaks of this WW_CLASS_ and WW_KIND_. */
bool ww_kind_fits(const struct ww_item *item, unsigned class, unsigned kind);
void ww_groups_done(struct ww_rules *rules);

/* A flowbit was set: the flow is looked at in the directions whose rules waited for one. */
void ww_rules_open_gates(struct ww_rules *rules, struct ww_flow *flow);

/* ---- filter.c, keyword-threshold.c ---- */

/* 1: the line was a filter; 0: it is none; -EINVAL, -EOPNOTSUPP with *err, -ENOMEM. */
int ww_filter_parse(
	struct ww_rules *rules, const struct ww_line *line, const char *file, struct ww_err *err);
/* Gives the filters to the rules they speak of. Once, before the first packet. */
void ww_filters_apply(struct ww_rules *rules);
/* Whether a line suppresses this rule's alerts between these two. */
bool ww_filters_suppress(const struct ww_rules *rules, const struct ww_item *item,
	const struct ww_ip *src, const struct ww_ip *dst);
/* "count 5" and the like, of `what`. 0, -EINVAL, -EOPNOTSUPP with *err. */
int ww_limit_word(struct ww_rule_builder *builder, const char *what, const struct ww_span *name,
	const struct ww_span *value, struct ww_limit *limit, struct ww_err *err);

/* ---- counters.c ---- */

/* Whether the rule's thresholds let this match through. */
bool ww_limits_pass(struct ww_rules *rules, uint32_t rule, const struct ww_ip *src,
	const struct ww_ip *dst, int64_t time_us);
