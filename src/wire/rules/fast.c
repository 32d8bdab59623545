// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The bytes of a rule that the pattern matcher looks for: long, and rare in traffic.
 *
 * A candidate scores by its bytes: NUL, blanks and 0xff count little, distinct bytes more; words
 * that every other request holds lose most of their worth. Cut at 24 bytes: measured, 8 makes
 * verification explode, 12 costs twice, more gains nothing. A content of one byte, or of
 * two common ones, is found so often that the rule is verified each time instead, cheap checks
 * first. Negated contents never
 * serve: their absence cannot be searched for.
 */
#include "wire/rules/rules-private.h"

#include <ctype.h>
#include <string.h>

static const char *const common[] = {"get ", "post ", "http/1.", "host:", "user-agent", "content-",
	"accept", "mozilla", "cookie", "referer", ".php", ".asp", ".html", "www.", "\r\n\r\n",
	"/cgi-bin/", "login", "user ", "pass ", "server", "windows", "index"};

/* The bytes of a text, thirty-two kinds of them: what one lacks the other cannot hold. */
static uint32_t kinds_of(const char *text, size_t len)
{
	uint32_t kinds = 0;
	for (size_t i = 0; i < len; i++)
		kinds |= 1u << (text[i] & 31);
	return kinds;
}

struct common {
	size_t len;
	uint32_t kinds;
};

static void know_common(struct common ret[WW_N(common)])
{
	for (size_t i = 0; i < WW_N(common); i++) {
		ret[i].len = strlen(common[i]);
		ret[i].kinds = kinds_of(common[i], ret[i].len);
	}
}

/* Does the pattern lie inside a common word, or hold little else? Returns bytes to discount. */
static int common_part(const struct common *words, const uint8_t *bytes, size_t len)
{
	char lower[WW_FAST_MAX + 1];
	for (size_t i = 0; i < len; i++)
		lower[i] = (char)tolower(bytes[i]);
	uint32_t kinds = kinds_of(lower, len);
	int worst = 0;
	for (size_t i = 0; i < WW_N(common); i++) {
		size_t n = words[i].len;
		if (!(kinds & ~words[i].kinds) && memmem(common[i], n, lower, len))
			return (int)len;
		if (!(words[i].kinds & ~kinds) && memmem(lower, len, common[i], n) &&
			(int)n > worst)
			worst = (int)n;
	}
	return worst;
}

static int score(const struct common *words, const uint8_t *bytes, size_t len)
{
	bool seen[256] = {false};
	int sum = 0;
	for (size_t i = 0; i < len; i++) {
		uint8_t b = bytes[i];
		sum += b == 0                                                         ? 1
		       : b == ' ' || b == 0xff || b == 0x90 || b == '\r' || b == '\n' ? 3
										      : 8;
		sum += seen[b] || b == 0 ? 0 : 4;
		seen[b] = true;
	}
	return sum - 9 * common_part(words, bytes, len);
}

/* The best part of a content of at most WW_FAST_MAX bytes: its start. */
static size_t best_part(
	const struct common *words, const uint8_t *bytes, size_t len, size_t cut, int *ret_score)
{
	size_t best = 0;
	*ret_score = score(words, bytes, cut);
	for (size_t i = 1; i + cut <= len && i < 256; i++) {
		int here = score(words, bytes + i, cut);
		if (here > *ret_score) {
			*ret_score = here;
			best = i;
		}
	}
	return best;
}

/* Two bytes serve when neither is common: a blank, NUL, or what text is made of. */
static bool rare_pair(const uint8_t *bytes)
{
	return ww_byte_score(bytes[0]) + ww_byte_score(bytes[1]) > 10;
}

/*
 * A content that can stand in one place only, as protocol headers do: compared before anything else
 * is looked at.
 */
static void choose_head(struct ww_item *item)
{
	for (size_t i = 0; i < item->n_steps; i++) {
		const struct ww_step *step = &item->steps[i];
		const struct ww_content *content = &step->content;
		if (step->kind != WW_STEP_CONTENT || step->negated || step->relative ||
			step->buffer != WW_BUFFER_RAW || content->nocase || !content->has_depth ||
			content->len > WW_HEAD_MAX)
			continue;
		const struct ww_operand *offset = &content->offset, *depth = &content->depth;
		if (offset->variable || depth->variable || offset->value < 0 ||
			offset->value > UINT16_MAX || depth->value != (int32_t)content->len)
			continue;
		item->head_len = (uint8_t)content->len;
		item->head_at = (uint16_t)offset->value;
		memcpy(item->head, content->bytes, content->len);
		return;
	}
}

void ww_fast_choose(struct ww_item *item)
{
	choose_head(item);
	struct common words[WW_N(common)];
	know_common(words);
	struct ww_step *chosen = NULL;
	const uint8_t *bytes = NULL;
	size_t len = 0;
	int best = 0;
	for (size_t i = 0; i < item->n_steps; i++) {
		struct ww_step *step = &item->steps[i];
		const struct ww_content *content = &step->content;
		if (step->kind != WW_STEP_CONTENT || step->negated ||
			step->buffer == WW_BUFFER_BASE64_DATA)
			continue;
		/* Buffers are shorter than what they are parts of. */
		if (item->buffers && step->buffer == WW_BUFFER_RAW)
			continue;
		const uint8_t *part = content->bytes + content->fast_offset;
		size_t whole = content->fast_len ? content->fast_len : content->len;
		size_t cut = whole < WW_FAST_MAX ? whole : WW_FAST_MAX;
		int here;
		size_t from = best_part(words, part, whole, cut, &here);
		if (chosen && !content->fast && (chosen->content.fast || here <= best))
			continue;
		if (cut < WW_PATTERN_MIN || (cut == 2 && !rare_pair(part)))
			continue;
		chosen = step;
		bytes = part + from;
		len = cut;
		best = here;
	}
	if (!chosen)
		return;
	/* An 'only' content is found anywhere and moves nothing, but alerts once all the same. */
	chosen->anchor = true;
	item->fast_len = (uint8_t)len;
	item->fast_nocase = chosen->content.nocase;
	item->fast_buffer = chosen->buffer;
	memcpy(item->fast, bytes, len);
}
