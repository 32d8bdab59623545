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
 *   desk.c       what a thread works with: scratch and counts
 *
 * Text is in text-private.h, one rule in rule-private.h, literals in matcher-private.h.
 */
#include "base/buf.h"
#include "base/hash.h"
#include "wire/proto/proto.h"
#include "wire/rules/matcher-private.h"
#include "wire/rules/rule-private.h"
#include "wire/rules/rules.h"
#include "wire/rules/text-private.h"

#include <pthread.h>
#include <stddef.h>

enum {
	WW_BIT_GROUPS = 64,
	WW_FILTERS_MAX = 100000,       /* event_filter, rate_filter, suppress */
	WW_RULE_PROBLEMS_MAX = 100000, /* kept texts; the counters go on */
	WW_RULES_MAX = 1000000,
	WW_GROUPS_MAX = 4096,
	WW_GROUP_LISTEN = 1,    /* no rules: the other direction's parser wants these bytes */
	WW_GROUP_LONE = 65535,  /* no group: the rules that ww_lone_each names */
	WW_LONE_RULES = 256,    /* see lone.c */
	WW_OWN_RULES = 2048,    /* a group's own scanner has so many rules at most */
	WW_OWN_BYTES = 4 << 20, /* of the scanners that groups have of their own */
	WW_GROUP_CACHE = 16384, /* entries of the memory of (ports, addresses) -> group */
	WW_VERIFY_MEMO = 512,
	WW_PENDING_MAX = 8, /* rules that wait for bytes, a flow */
	WW_TOLD_MAX = 16,   /* rules whose last alert is remembered, a flow */
};

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
	uint32_t n_fast; /* verified where their pattern was found */
	struct ww_scanner
		*own; /* instead of the one for RAW of all groups, for few rules; or NULL */
};

/* What the rules of a group want of parsers, see message.c. */
struct ww_group_wants {
	uint32_t apps;          /* bits of enum ww_app */
	uint32_t know;          /* the same, of rules that look at no buffer: "alert tls" */
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
	uint32_t n_joint; /* fast patterns that are looked for in a connection's bytes */
	bool greeted;     /* to the server: how it greets decides what is spoken (FTP) */
	struct ww_section_rules sections[WW_SECTION_COUNT];
	struct ww_group_wants wants;
};

/* Buffers that are the stream's own bytes, most often: what was found there is not searched again.
 */
#define WW_BODIES                                                                                  \
	(WW_BUFFER_BIT(WW_BUFFER_HTTP_REQUEST_BODY) |                                              \
		WW_BUFFER_BIT(WW_BUFFER_HTTP_RESPONSE_BODY) | WW_BUFFER_BIT(WW_BUFFER_FILE_DATA))

/* A direction of a TCP connection: there are packets and a stream. */
static inline bool ww_group_is_joint(const struct ww_group *group)
{
	return group->class == WW_CLASS_TCP && group->kind != WW_KIND_LONE;
}

/* What a group was looked up by: two words, because comparing field by field stalls on the stores.
 */
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
	struct ww_protos *lanes[WW_LANES + 1]; /* all NULL: no rule looks at a buffer */
	ww_answer_fn *answer;                  /* NULL: not wanted */
	struct ww_transfers *transfers;        /* NULL: none was alerted on so far */
	uint16_t answer_group;    /* of no rules: a direction that only answers are wanted of */
	pthread_mutex_t jit_lock; /* one regular expression at a time becomes code */
	struct ww_desk *desks;    /* all of them; the first one that was made is the set's own */
	struct ww_desk *desk;
};

/* ---- desk.c ---- */

/* See rules.h. Of the set, a desk changes only the lane it works on. */
struct ww_desk {
	struct ww_rules *rules;
	struct ww_desk *next;          /* of the set */
	bool counts_later;             /* thresholds are asked by whoever takes the hits */
	struct ww_rules_counts counts; /* of what was done at this desk */
	struct ww_rule_cost *costs;    /* by rule */
	uint32_t *marks;               /* by rule: its candidate + 1 during a scan */
	struct ww_candidate *candidates;
	uint32_t n_candidates;
	/*
	 * Of the stream and of bodies, found in the newest bytes of a connection: in the packet
	 * kept_frame (0: none was scanned), which are kept_len bytes of its stream from kept_at on
	 * (0: not known).
	 */
	struct ww_candidate *kept;
	uint32_t n_kept, kept_len;
	uint64_t kept_frame, kept_at;
	const struct ww_group *kept_group;
	uint32_t *message_list; /* rules to be tried on a message; as many as there are */
	uint8_t base64[WW_BASE64_TEXT * 3 / 4 + 1]; /* what base64_decode decoded last */
	uint32_t n_base64;
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

void ww_desks_done(struct ww_rules *rules);
/* Adds counts that are all of uint64_t. */
void ww_desk_sum(void *sum, const void *counts, size_t size);

/*
 * The lane of a flow: the parsers' table and blocks that it shares with others. Settled flows are
 * spread over lanes, so that threads can take one each; how many lanes there are, and with them all
 * that a full table does, is the same however many threads there are.
 */
static inline unsigned ww_lane_of(const struct ww_flow *flow)
{
	return flow && flow->settled ? 1 + flow->id % WW_LANES : 0;
}

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
	uint32_t waits[WW_MESSAGE_WAITS], told[WW_MESSAGE_TOLD]; /* as many as are counted */
};

/* To nothing known of it; the lists are not touched. */
void ww_message_state_reset(struct ww_message_state *message);

enum { WW_ASKED_MAX = 4 }; /* messages of a flow whose answer is waited for; the last ones */

struct ww_rule_state {
	struct ww_app_flow app;
	uint32_t sought;              /* bits of enum ww_app: looked for from the first byte on */
	uint8_t lane;                 /* of the flow */
	uint64_t asked[WW_ASKED_MAX]; /* their stream positions */
	uint8_t n_asked;
	uint32_t n_pending, n_told;
	struct ww_tls_walk tls[2];
	uint8_t bits[WW_FLOWBITS / 8];
	/* From here on only what is counted is set. */
	struct ww_message_state messages[2]; /* by direction */
	struct ww_pending pending[WW_PENDING_MAX];
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
 * Each of these fills desk->candidates, in the order of work. On a connection bytes are read once
 * for packets, streams and bodies: ww_scan_packet if there is one, ww_scan_fresh, then the others.
 */
void ww_scan_packet(
	struct ww_desk *desk, const struct ww_group *group, const struct ww_packet *packet);
/* Of rules that look at that buffer, whose pattern ends in what is fresh of it. */
void ww_scan_message(struct ww_desk *desk, const struct ww_group *group,
	const struct ww_message *message, enum ww_buffer buffer);
void ww_scan_stream(
	struct ww_desk *desk, const struct ww_group *group, const struct ww_stream_view *view);
/* Searches what the view adds, if the packet that brought it was not; no candidates yet. */
void ww_scan_fresh(struct ww_desk *desk, const struct ww_group *group,
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
	struct ww_desk *desk;
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
/* Fills group->wants, of which the members are known. */
void ww_messages_want(const struct ww_rules *rules, struct ww_group *group);
void ww_messages_done(struct ww_rules *rules);
/* What parsers make of new bytes, or of a datagram, against the rules that want it. */
void ww_messages_stream(const struct ww_run *run, const struct ww_stream_view *view);
void ww_messages_packet(const struct ww_run *run);
/*
 * Whether what the rule's header names is spoken: as a parser has told, else by ports. LATER: bytes
 * to come may tell.
 */
enum ww_speaks { WW_SPEAKS_NO, WW_SPEAKS_YES, WW_SPEAKS_LATER };
enum ww_speaks ww_messages_speaks(const struct ww_run *run, const struct ww_item *item);
/* A rule alerted on a message: its answer is wanted. */
void ww_messages_ask(const struct ww_run *run, const struct ww_message *message);

/* ---- transfer.c ---- */

/* A rule alerted: when its packet asks for a file, the answer is wanted. */
void ww_transfers_ask(const struct ww_run *run);
/* Whether it does; `note` then says for which. */
bool ww_transfers_note(const struct ww_run *run, char *note, size_t size);
/* Whether a flow of datagrams that begins is one that asked; its server stays on its port. */
bool ww_transfers_expect(const struct ww_rules *rules, const struct ww_flow *flow);
void ww_transfers_free(struct ww_transfers **transfers);

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
