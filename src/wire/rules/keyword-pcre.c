// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * pcre:[!]"/regex/flags": a Perl-compatible regular expression (libpcre2).
 *
 * Flags: i s m x A E G as in Perl and Snort; R relative to the last match; letters that name a
 * buffer (U the normalised URI, B the payload); O (Snort: no limit) is taken without lifting
 * ours. Compiled when loaded, so that an error has its place; JIT at the first use. A match that
 * costs more than MATCH_LIMIT is given up, counted, and taken as no match: a regular expression
 * must not be a way to stop the sensor.
 */
#include "wire/rules/rules-private.h"

#include <string.h>

enum { MATCH_LIMIT = 100000, DEPTH_LIMIT = 2000, HEAP_LIMIT_KIB = 4096, JIT_STACK_MAX = 262144 };

static bool ready(struct ww_desk *desk)
{
	if (desk->match_data)
		return true;
	desk->match_context = pcre2_match_context_create(NULL);
	if (!desk->match_context)
		return false;
	pcre2_set_match_limit(desk->match_context, MATCH_LIMIT);
	pcre2_set_depth_limit(desk->match_context, DEPTH_LIMIT);
	pcre2_set_heap_limit(desk->match_context, HEAP_LIMIT_KIB);
	desk->jit_stack = pcre2_jit_stack_create(32768, JIT_STACK_MAX, NULL);
	if (desk->jit_stack)
		pcre2_jit_stack_assign(desk->match_context, NULL, desk->jit_stack);
	desk->match_data = pcre2_match_data_create(1, NULL);
	return desk->match_data != NULL;
}

/* Into code, at the first use; before any thread matches with it. */
static void translate(struct ww_rules *rules, struct ww_pcre *pcre)
{
	pthread_mutex_lock(&rules->jit_lock);
	if (!atomic_load_explicit(&pcre->jit_tried, memory_order_relaxed))
		pcre2_jit_compile(pcre->code, PCRE2_JIT_COMPLETE);
	atomic_store_explicit(&pcre->jit_tried, true, memory_order_release);
	pthread_mutex_unlock(&rules->jit_lock);
}

/* The first match that begins at or behind `from`; -1: none. */
static int run(struct ww_desk *desk, struct ww_pcre *pcre, const struct ww_window *window,
	int64_t subject, int64_t from, uint32_t options)
{
	if (!ready(desk))
		return PCRE2_ERROR_NOMEMORY;
	if (!atomic_load_explicit(&pcre->jit_tried, memory_order_acquire))
		translate(desk->rules, pcre);
	static const uint8_t none[1];
	const uint8_t *text = window->data ? window->data + subject : none;
	int r = pcre2_match(pcre->code, text, (size_t)(window->len - subject),
		(size_t)(from - subject), options, desk->match_data, desk->match_context);
	if (r < 0 && r != PCRE2_ERROR_NOMATCH)
		desk->counts.pcre_limits++;
	return r;
}

static enum ww_verdict match_pcre(
	struct ww_verify *verify, const struct ww_step *step, struct ww_attempt *attempt)
{
	struct ww_window window = ww_verify_buffer(verify, step);
	int64_t subject = step->relative ? attempt->cursor : window.low;
	if (subject < window.low)
		subject = window.low;
	/* The payload's start is not in the window: '^' is not where the window begins. */
	bool cut = !step->relative && window.base < window.low;
	int64_t from = attempt->from > subject ? attempt->from : subject;
	bool found = false;
	while (from <= window.len && !(cut && step->pcre->anchored)) {
		int r = run(
			verify->desk, step->pcre, &window, subject, from, cut ? PCRE2_NOTBOL : 0);
		if (r < 0)
			break;
		const size_t *ends = pcre2_get_ovector_pointer(verify->desk->match_data);
		attempt->start = subject + (int64_t)ends[0];
		attempt->end = subject + (int64_t)ends[1];
		/* \K in a look-behind can put the start behind the end. */
		if (attempt->start > attempt->end)
			attempt->start = attempt->end;
		found = !step->anchor || step->buffer != WW_BUFFER_RAW ||
			window.offset + (uint64_t)attempt->end >= attempt->floor;
		if (found)
			break;
		from = (attempt->start > from ? attempt->start : from) + 1;
	}
	if (step->negated) {
		attempt->end = attempt->cursor;
		return found ? WW_VERDICT_NO : WW_VERDICT_MATCH;
	}
	if (found)
		return WW_VERDICT_MATCH;
	attempt->need = window.offset + (uint64_t)window.len + 1;
	attempt->bounded = false;
	return step->waits && !window.final ? WW_VERDICT_MORE : WW_VERDICT_NO;
}

/* The letters that name a buffer, of Snort 2.9 and (V W Z Q) of Suricata. */
static bool buffer_flag(char letter, struct ww_step *step)
{
	static const struct {
		char letter;
		uint8_t buffer;
	} table[] = {{'B', WW_BUFFER_RAW}, {'U', WW_BUFFER_HTTP_URI}, {'I', WW_BUFFER_HTTP_URI_RAW},
		{'P', WW_BUFFER_HTTP_REQUEST_BODY}, {'H', WW_BUFFER_HTTP_HEADER},
		{'D', WW_BUFFER_HTTP_HEADER_RAW}, {'M', WW_BUFFER_HTTP_METHOD},
		{'C', WW_BUFFER_HTTP_COOKIE}, {'K', WW_BUFFER_HTTP_COOKIE_RAW},
		{'S', WW_BUFFER_HTTP_STAT_CODE}, {'Y', WW_BUFFER_HTTP_STAT_MSG},
		{'V', WW_BUFFER_HTTP_USER_AGENT}, {'W', WW_BUFFER_HTTP_HOST},
		{'Z', WW_BUFFER_HTTP_HOST_RAW}, {'Q', WW_BUFFER_HTTP_RESPONSE_BODY}};
	for (size_t i = 0; i < WW_N(table); i++) {
		if (table[i].letter != letter)
			continue;
		step->buffer = table[i].buffer;
		return true;
	}
	return false;
}

/* Letters behind the closing delimiter; returns the first that is not read, or NULL. */
static const char *read_flags(
	const char *flags, size_t len, struct ww_step *step, uint32_t *options)
{
	static const struct {
		char letter;
		uint32_t option;
	} table[] = {{'i', PCRE2_CASELESS}, {'s', PCRE2_DOTALL}, {'m', PCRE2_MULTILINE},
		{'x', PCRE2_EXTENDED}, {'A', PCRE2_ANCHORED}, {'E', PCRE2_DOLLAR_ENDONLY},
		{'G', PCRE2_UNGREEDY}, {'O', 0}};
	for (size_t i = 0; i < len; i++) {
		size_t row = 0;
		while (row < WW_N(table) && table[row].letter != flags[i])
			row++;
		if (row < WW_N(table))
			*options |= table[row].option;
		else if (flags[i] == 'R')
			step->relative = true;
		else if (!buffer_flag(flags[i], step))
			return flags + i;
	}
	return NULL;
}

static pcre2_code *compile(struct ww_rule_builder *builder, const struct ww_span *regex,
	uint32_t options, struct ww_err *err)
{
	int code;
	size_t at;
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	if (!context) {
		err->code = -ENOMEM;
		return NULL;
	}
	/* Snort's libpcre takes \ before any letter it has no meaning for as that letter. */
	pcre2_set_compile_extra_options(context, PCRE2_EXTRA_BAD_ESCAPE_IS_LITERAL);
	pcre2_set_parens_nest_limit(context, 100);
	pcre2_code *compiled =
		pcre2_compile((PCRE2_SPTR)regex->text, regex->len, options, &code, &at, context);
	pcre2_compile_context_free(context);
	if (!compiled) {
		char text[120];
		pcre2_get_error_message(code, (PCRE2_UCHAR *)text, sizeof(text));
		struct ww_span place = {NULL, 0, regex->pos + at};
		(void)ww_option_fail(builder, &place, -EINVAL, err, "pcre: %s", text);
	}
	return compiled;
}

/* Splits [!]"/regex/flags" or [!]"m|regex|flags". 0 or -EINVAL. */
static int split(struct ww_rule_builder *builder, const struct ww_option *option, bool *negated,
	struct ww_span *regex, struct ww_span *flags, struct ww_err *err)
{
	struct ww_span rest = option->value;
	*negated = rest.text[0] == '!';
	if (*negated) {
		rest.text++;
		rest.pos++;
		rest.len--;
		ww_span_trim(&rest);
	}
	if (rest.len < 4 || rest.text[0] != '"' || rest.text[rest.len - 1] != '"')
		return ww_option_fail(
			builder, &rest, -EINVAL, err, "\"/REGEX/FLAGS\" in quotes is expected");
	rest.text++;
	rest.pos++;
	rest.len -= 2;
	size_t skip = rest.text[0] == 'm';
	char delimiter = rest.text[skip];
	const char *end = memrchr(rest.text + skip + 1, delimiter, rest.len - skip - 1);
	if ((!skip && delimiter != '/') || !end)
		return ww_option_fail(
			builder, &rest, -EINVAL, err, "\"/REGEX/FLAGS\" in quotes is expected");
	size_t len = (size_t)(end - rest.text);
	*regex = (struct ww_span){rest.text + skip + 1, len - skip - 1, rest.pos + skip + 1};
	*flags = (struct ww_span){end + 1, rest.len - len - 1, rest.pos + len + 1};
	return 0;
}

int ww_keyword_pcre(
	struct ww_rule_builder *builder, const struct ww_option *option, struct ww_err *err)
{
	struct ww_rules *rules = builder->rules;
	struct ww_span regex, flags;
	bool negated;
	int r = split(builder, option, &negated, &regex, &flags, err);
	if (r < 0)
		return r;
	struct ww_step *step = ww_builder_step(builder, option, err);
	if (!step)
		return -EOPNOTSUPP;
	*step = (struct ww_step){.match = match_pcre,
		.kind = WW_STEP_PCRE,
		.buffer = builder->sticky,
		.negated = negated,
		.moves = !negated,
		.retry = !negated};
	uint32_t options = 0;
	const char *bad = read_flags(flags.text, flags.len, step, &options);
	if (bad) {
		struct ww_span place = {bad, 1, flags.pos + (size_t)(bad - flags.text)};
		return ww_option_fail(
			builder, &place, -EOPNOTSUPP, err, "pcre flag '%c' is not supported", *bad);
	}
	r = ww_buffer_take(builder, (enum ww_buffer)step->buffer, option, err);
	if (r < 0)
		return ww_option_fail(builder, &flags, -EOPNOTSUPP, err,
			"pcre flags '%.*s' are not supported: nothing offers that buffer",
			(int)(flags.len < 40 ? flags.len : 40), flags.text);
	struct ww_pcre *pcre = ww_arena_take(&rules->arena, sizeof(*pcre));
	if (!pcre || ww_rules_grow((void **)&rules->codes, &rules->cap_codes, rules->n_codes,
			     sizeof(*rules->codes)) < 0)
		return -ENOMEM;
	pcre->code = compile(builder, &regex, options, err);
	if (!pcre->code)
		return err->code;
	rules->codes[rules->n_codes++] = pcre;
	uint32_t all = 0;
	pcre2_pattern_info(pcre->code, PCRE2_INFO_ALLOPTIONS, &all);
	pcre->anchored = (all & PCRE2_ANCHORED) != 0;
	step->pcre = pcre;
	step->absolute =
		!step->relative && (pcre->anchored || (regex.len > 0 && regex.text[0] == '^' &&
							      !(options & PCRE2_MULTILINE)));
	return 0;
}
