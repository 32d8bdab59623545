/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * One rule: its options as parse.c and the keywords build them, and as verify.c tries them.
 */
#include "wire/proto/proto.h"
#include "wire/rules/matcher-private.h"
#include "wire/rules/text-private.h"

#include <stdatomic.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum {
	WW_RULE_STEPS = 64,    /* payload options of one rule */
	WW_RULE_BUFFERS = 12,  /* buffers that one rule looks at */
	WW_RULE_VARIABLES = 8, /* of byte_extract and byte_math */
	WW_RULE_STATE = WW_RULE_BUFFERS + WW_RULE_VARIABLES,
	WW_RULE_CHECKS = 32,  /* header options of one rule */
	WW_RULE_BIT_OPS = 16, /* flowbits options of one rule */
	WW_RULE_REFERENCES = 64,
	WW_RULE_CONTENT_MAX = 2048,
	WW_BASE64_TEXT = 16384, /* bytes that base64_decode looks at */
	WW_HEAD_MAX = 8,          /* bytes of ww_item.head */
	WW_VERIFY_TRIES = 100000, /* steps tried in one verification */
};

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
	bool anchored;
	atomic_bool jit_tried; /* set under the set's jit_lock, before the first match */
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
		struct ww_operand at;          /* isdataat */
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
		struct {
			uint32_t bytes, offset;
		} base64;
		uint32_t flags; /* ssl_state, ssl_version */
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
	uint8_t proto;  /* WW_PROTO_..., 0: ip */
	uint8_t spoken; /* enum ww_app: what the header names and no buffer says; see speaks() */
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
	int16_t anchor;      /* step, -1 none */
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
	struct ww_desk *desk;
	const struct ww_item *item;
	const struct ww_window *window;
	const struct ww_ip *src; /* whose bytes they are; NULL: nobody's */
	uint64_t floor; /* for the anchor */
	uint64_t need;  /* result with MORE: the least */
	bool bounded;   /* result with MORE: one of the waits is */
	uint32_t tries;
	size_t n_state; /* cursors and variables of the rule */
	struct {
		int64_t start, end;
	} spans[WW_RULE_STEPS]; /* of positive content and pcre steps; start -1: none */
};

/* verify->desk, item, window, floor are set by the caller. */
enum ww_verdict ww_verify_run(struct ww_verify *verify);
/* The buffer that a step looks at: its bytes, length, base, low, and whether more may come. */
struct ww_window ww_verify_buffer(const struct ww_verify *verify, const struct ww_step *step);

/* ---- fast.c, classtype.c ---- */

void ww_fast_choose(struct ww_item *item);
/* 1-4, or 0 for a class that Snort's classification.config does not have. */
int ww_classtype_priority(const char *name);
