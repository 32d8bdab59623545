// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * From the text of a rule file to logical lines, and from a line to options.
 *
 * Snort joins lines that end in a backslash before it looks at them. Each byte of the joined text
 * keeps its place in the file through `joins`. A comment is not continued, or prose that ends in a
 * backslash would swallow a rule; only a disabled rule ("# alert ...") is. Snort 3 needs no
 * backslash (its rules end where the bracket does) and has comments between slashes and stars.
 */
#include "wire/rules/rules-private.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void ww_line_done(struct ww_line *line)
{
	ww_buf_done(&line->text);
	free(line->joins);
	*line = (struct ww_line){0};
}

struct ww_at ww_line_at(const struct ww_line *line, size_t pos)
{
	struct ww_at at = {1, 1};
	size_t from = 0;
	for (size_t i = 0; i < line->n_joins && line->joins[i].pos <= pos; i++) {
		at = line->joins[i].at;
		from = line->joins[i].pos;
	}
	at.col += (uint32_t)(pos - from);
	return at;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

/* Length of the physical line at lexer->pos, without its newline and trailing blanks. */
static size_t physical(const struct ww_lexer *lexer, size_t *ret_next)
{
	const char *from = lexer->text + lexer->pos;
	const char *newline = memchr(from, '\n', lexer->len - lexer->pos);
	size_t len = newline ? (size_t)(newline - from) : lexer->len - lexer->pos;
	*ret_next = lexer->pos + len + (newline ? 1 : 0);
	while (len > 0 && blank(from[len - 1]))
		len--;
	return len;
}

static void next_line(struct ww_lexer *lexer, size_t next)
{
	lexer->pos = next;
	lexer->line++;
	lexer->col = 0;
}

static bool starts_rule(const char *text, size_t len)
{
	static const char *const actions[] = {"alert", "log", "pass", "drop", "sdrop", "reject",
		"activate", "dynamic", "block", "react", "rejectsrc", "rejectdst", "rejectboth"};
	for (size_t i = 0; i < WW_N(actions); i++) {
		size_t n = strlen(actions[i]);
		if (len > n && strncasecmp(text, actions[i], n) == 0 && blank(text[n]))
			return true;
	}
	return false;
}

/* Blanks and '#' that stand before the text of a line. */
static size_t lead(const char *from, size_t len, bool marks)
{
	size_t skip = 0;
	while (skip < len && (blank(from[skip]) || (marks && from[skip] == '#')))
		skip++;
	return skip;
}

/* "# alert tcp ... (" : a rule that somebody switched off, not prose. */
static bool disabled_rule(const char *text, size_t len)
{
	size_t i = lead(text, len, true);
	if (!starts_rule(text + i, len - i))
		return false;
	size_t rest = len - i;
	return memchr(text + i, '(', rest) != NULL || text[len - 1] == '\\';
}

static bool join(
	struct ww_lexer *lexer, struct ww_line *line, size_t skip, const char *from, size_t len)
{
	if (line->text.len + len > WW_RULE_LINE_MAX) {
		line->too_long = true;
		return true;
	}
	if (ww_rules_grow((void **)&line->joins, &line->cap_joins, line->n_joins,
		    sizeof(*line->joins)) < 0)
		return false;
	line->joins[line->n_joins++] = (struct ww_line_join){
		(uint32_t)line->text.len, {lexer->line, lexer->col + (uint32_t)skip + 1}};
	ww_buf_add(&line->text, from, len);
	return !line->text.failed;
}

/* Where a quoted text, from[0] being its quote, ends; len when it does not. */
static size_t quote_end(const char *from, size_t len)
{
	size_t i = 1;
	while (i < len && from[i] != '"')
		i += from[i] == '\\' ? 2 : 1;
	return i < len ? i : len;
}

/* Puts blanks in the place of comments outside quotes. */
static void blank_comments(struct ww_buf *text)
{
	for (size_t i = 0; i + 1 < text->len; i++) {
		if (text->data[i] == '"')
			i += quote_end(text->data + i, text->len - i);
		if (i + 1 >= text->len || text->data[i] != '/' || text->data[i + 1] != '*')
			continue;
		const char *end = memmem(text->data + i + 2, text->len - i - 2, "*/", 2);
		if (!end)
			return;
		size_t n = (size_t)(end - text->data) + 2 - i;
		memset(text->data + i, ' ', n);
		i += n - 1;
	}
}

/* Has the rule in these bytes its bracket closed: a ')' outside quotes behind ';' or '('? */
static enum closing { CLOSED, OPEN, NO_BRACKET } closing_of(const char *text, size_t len)
{
	const char *bracket = memchr(text, '(', len);
	if (!bracket)
		return NO_BRACKET;
	char last = '(';
	for (size_t i = (size_t)(bracket - text) + 1; i < len; i++) {
		if (text[i] == ')' && (last == ';' || last == '('))
			return CLOSED;
		if (!blank(text[i]))
			last = text[i];
		if (text[i] == '"')
			i += quote_end(text + i, len - i);
	}
	return OPEN;
}

/*
 * Whether the next physical line belongs to a rule without a backslash between them, as Snort 3
 * writes rules. A line that is broken must not swallow the next rule: what is empty, a comment or
 * the start of a rule ends it.
 */
static bool runs_on(const struct ww_lexer *lexer, const struct ww_line *line)
{
	if (lexer->pos >= lexer->len || line->text.len == 0 || line->too_long ||
		!starts_rule(line->text.data, line->text.len))
		return false;
	enum closing closing = closing_of(line->text.data, line->text.len);
	size_t next;
	size_t len = physical(lexer, &next);
	const char *from = lexer->text + lexer->pos;
	size_t skip = lead(from, len, line->disabled);
	bool comment = skip < len && from[skip] == '#';
	if (closing == CLOSED || skip == len || comment || starts_rule(from + skip, len - skip))
		return false;
	if (line->disabled && !memchr(from, '#', skip))
		return false;
	return closing == OPEN || from[skip] == '(';
}

/* Takes the physical line at pos and those that continue it. */
static bool gather(struct ww_lexer *lexer, struct ww_line *line)
{
	for (;;) {
		size_t next;
		size_t len = physical(lexer, &next);
		const char *from = lexer->text + lexer->pos;
		bool more = len > 0 && from[len - 1] == '\\' && next < lexer->len;
		if (len > 0 && from[len - 1] == '\\')
			len--;
		size_t skip = line->disabled ? lead(from, len, true) : 0;
		if (!join(lexer, line, skip, from + skip, len - skip)) {
			lexer->failed = true;
			return false;
		}
		next_line(lexer, next);
		if (!more && !runs_on(lexer, line))
			break;
		if (!more)
			ww_buf_addc(&line->text, ' ');
	}
	blank_comments(&line->text);
	return true;
}

/* Goes behind a comment that stands where a line begins; to the end if it is not closed. */
static void skip_comment(struct ww_lexer *lexer, size_t skip)
{
	const char *from = lexer->text + lexer->pos + skip;
	const char *end = memmem(from + 2, lexer->len - lexer->pos - skip - 2, "*/", 2);
	const char *to = end ? end + 2 : lexer->text + lexer->len;
	lexer->col += (uint32_t)skip;
	for (const char *c = from; c < to; c++) {
		lexer->line += *c == '\n';
		lexer->col = *c == '\n' ? 0 : lexer->col + 1;
	}
	lexer->pos = (size_t)(to - lexer->text);
}

bool ww_lex_line(struct ww_lexer *lexer, struct ww_line *line)
{
	while (lexer->pos < lexer->len) {
		size_t next;
		size_t len = physical(lexer, &next);
		const char *from = lexer->text + lexer->pos;
		size_t skip = lead(from, len, false);
		bool comment = skip < len && from[skip] == '#';
		if (len - skip >= 2 && from[skip] == '/' && from[skip + 1] == '*') {
			skip_comment(lexer, skip);
			continue;
		}
		if (skip == len || (comment && !disabled_rule(from, len))) {
			next_line(lexer, next);
			continue;
		}
		ww_buf_reset(&line->text);
		line->n_joins = 0;
		line->too_long = false;
		line->disabled = comment;
		return gather(lexer, line);
	}
	return false;
}

void ww_span_trim(struct ww_span *span)
{
	while (span->len > 0 && blank(span->text[0])) {
		span->text++;
		span->pos++;
		span->len--;
	}
	while (span->len > 0 && blank(span->text[span->len - 1]))
		span->len--;
}

static struct ww_span span_of(const struct ww_line *line, size_t from, size_t to)
{
	struct ww_span span = {line->text.data + from, to - from, from};
	ww_span_trim(&span);
	return span;
}

/* The ';' that ends the option at `from`, outside quotes; (size_t)-1 and *err when there is none.
 */
static size_t option_end(const struct ww_line *line, size_t from, struct ww_err *err)
{
	const char *text = line->text.data;
	size_t quote = 0;
	bool quoted = false;
	for (size_t i = from; i < line->text.len; i++) {
		if (text[i] == '\\' && i + 1 < line->text.len) {
			i++;
		} else if (text[i] == '"') {
			quoted = !quoted;
			quote = i;
		} else if (text[i] == ';' && !quoted) {
			return i;
		}
	}
	if (quoted)
		ww_err_set(err, ww_line_at(line, quote), -EINVAL, "a quote that is not closed");
	else
		ww_err_set(err, ww_line_at(line, from), -EINVAL,
			"the option does not end: ';' and the closing ')' are missing");
	return (size_t)-1;
}

int ww_lex_option(
	const struct ww_line *line, size_t *pos, struct ww_option *ret, struct ww_err *err)
{
	const char *text = line->text.data;
	size_t i = *pos;
	while (i < line->text.len && (blank(text[i]) || text[i] == ';'))
		i++;
	if (i == line->text.len)
		return ww_fail(err, ww_line_at(line, i), -EINVAL, "the closing ')' is missing");
	if (text[i] == ')') {
		*pos = i + 1;
		return 0;
	}
	size_t end = option_end(line, i, err);
	if (end == (size_t)-1)
		return -EINVAL;
	size_t colon = i;
	while (colon < end && text[colon] != ':' && text[colon] != '"')
		colon++;
	ret->name = span_of(line, i, colon);
	ret->value = (struct ww_span){0};
	if (colon < end && text[colon] == ':')
		ret->value = span_of(line, colon + 1, end);
	if (ret->name.len == 0 || (colon < end && text[colon] == '"'))
		return ww_fail(err, ww_line_at(line, i), -EINVAL, "a keyword is expected");
	*pos = end + 1;
	return 1;
}

bool ww_span_next(struct ww_span *rest, struct ww_span *ret)
{
	if (!rest->text)
		return false;
	const char *comma = memchr(rest->text, ',', rest->len);
	size_t len = comma ? (size_t)(comma - rest->text) : rest->len;
	*ret = (struct ww_span){rest->text, len, rest->pos};
	ww_span_trim(ret);
	if (comma)
		*rest = (struct ww_span){comma + 1, rest->len - len - 1, rest->pos + len + 1};
	else
		rest->text = NULL;
	return true;
}

bool ww_span_word(struct ww_span *rest, struct ww_span *ret)
{
	ww_span_trim(rest);
	size_t len = 0;
	while (len < rest->len && !blank(rest->text[len]))
		len++;
	*ret = (struct ww_span){rest->text, len, rest->pos};
	rest->text += len;
	rest->pos += len;
	rest->len -= len;
	return len > 0;
}

bool ww_span_is(const struct ww_span *span, const char *word)
{
	return span->len == strlen(word) && strncasecmp(span->text, word, span->len) == 0;
}

int ww_span_number(const struct ww_span *span, int64_t low, int64_t high, int64_t *ret)
{
	size_t i = 0;
	bool minus = false;
	if (span->len > 0 && (span->text[0] == '-' || span->text[0] == '+'))
		minus = span->text[i++] == '-';
	int radix = 10;
	if (span->len > i + 2 && span->text[i] == '0' && (span->text[i + 1] | 0x20) == 'x') {
		radix = 16;
		i += 2;
	}
	if (i == span->len)
		return -EINVAL;
	int64_t number = 0;
	for (; i < span->len; i++) {
		char c = span->text[i];
		int digit = c >= '0' && c <= '9'         ? c - '0'
			    : isxdigit((unsigned char)c) ? (c | 0x20) - 'a' + 10
							 : 99;
		if (digit >= radix || number > (INT64_MAX - digit) / radix)
			return -EINVAL;
		number = number * radix + digit;
	}
	if (minus)
		number = -number;
	if (number < low || number > high)
		return -EINVAL;
	*ret = number;
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (isxdigit((unsigned char)c))
		return (c | 0x20) - 'a' + 10;
	return -1;
}

/* The bytes between two '|', from[0] being behind the first. Returns how many were read, or 0. */
static size_t lex_hex(
	const struct ww_line *line, size_t pos, size_t end, struct ww_buf *out, struct ww_err *err)
{
	const char *text = line->text.data;
	int high = -1;
	size_t i = pos;
	for (; i < end && text[i] != '|' && text[i] != '"'; i++) {
		if (blank(text[i]))
			continue;
		int digit = hex_digit(text[i]);
		if (digit < 0) {
			ww_err_set(err, ww_line_at(line, i), -EINVAL,
				"not a hexadecimal digit between '|' and '|'");
			return 0;
		}
		if (high >= 0)
			ww_buf_addc(out, (char)(high << 4 | digit));
		high = high >= 0 ? -1 : digit;
	}
	bool open = i == end || text[i] == '"';
	if (open || high >= 0) {
		ww_err_set(err, ww_line_at(line, open ? pos - 1 : i), -EINVAL,
			open ? "a '|' that is not closed" : "an odd number of hexadecimal digits");
		return 0;
	}
	return i - pos + 1;
}

int ww_lex_quoted(const struct ww_line *line, struct ww_span *rest, bool hex, bool *negated,
	struct ww_buf *out, struct ww_err *err)
{
	ww_span_trim(rest);
	size_t i = rest->pos;
	size_t end = rest->pos + rest->len;
	const char *text = line->text.data;
	*negated = i < end && text[i] == '!';
	if (*negated)
		i++;
	while (i < end && blank(text[i]))
		i++;
	if (i == end || text[i] != '"')
		return ww_fail(err, ww_line_at(line, i), -EINVAL, "text in quotes is expected");
	size_t quote = i++;
	for (; i < end && text[i] != '"'; i++) {
		if (text[i] == '|' && hex) {
			size_t n = lex_hex(line, i + 1, end, out, err);
			if (n == 0)
				return -EINVAL;
			i += n;
		} else {
			if (text[i] == '\\' && i + 1 < end)
				i++;
			ww_buf_addc(out, text[i]);
		}
	}
	if (i == end)
		return ww_fail(err, ww_line_at(line, quote), -EINVAL, "a quote that is not closed");
	i++;
	*rest = (struct ww_span){text + i, end - i, i};
	ww_span_trim(rest);
	return out->failed ? -ENOMEM : 0;
}
