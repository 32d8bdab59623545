// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The expression of a user as a program of the kernel's classic filter, compiled by libpcap.
 *
 * The kernel runs it over what the socket sees: the whole frame of an Ethernet interface without
 * its outer VLAN tag, which the network card or the kernel has taken off by then; the IP packet of
 * every other. libpcap's own capture works round the tag, a program compiled for a file does not:
 * `vlan` would match nothing and say nothing, so it is refused.
 *
 * libpcap does not say where an expression stops making sense. A prefix that some continuation
 * completes is not wrong yet; so the place is the first word behind which none does.
 */
#include "wire/capture/live-private.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef WW_HAVE_PCAP
#include <dlfcn.h>
#include <pcap/pcap.h>
#endif

enum { EXPRESSION_MAX = 2048, NESTING_MAX = 64, CONTINUED_MAX = EXPRESSION_MAX + 160 };

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || strchr(".:/_-", c) != NULL;
}

/* The end of the word, or of the sign, that begins at or behind `at`. */
static size_t word_end(const char *text, size_t at)
{
	while (isspace((unsigned char)text[at]))
		at++;
	if (text[at] && !is_word(text[at]))
		return at + 1;
	while (text[at] && is_word(text[at]))
		at++;
	return at;
}

/* What closes the brackets that `text` leaves open, innermost first. False: too many of them. */
static bool open_brackets(const char *text, size_t len, char closers[NESTING_MAX + 1])
{
	char open[NESTING_MAX];
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '(' || text[i] == '[') {
			if (n == NESTING_MAX)
				return false;
			open[n++] = text[i] == '(' ? ')' : ']';
		} else if ((text[i] == ')' || text[i] == ']') && n > 0) {
			n--;
		}
	}
	for (size_t i = 0; i < n; i++)
		closers[i] = open[n - 1 - i];
	closers[n] = '\0';
	return true;
}

/* Some continuation of text[0..len) is valid. */
static bool may_go_on(const char *text, size_t len,
	bool (*valid)(void *context, const char *expression), void *context)
{
	static const char *const words[] = {"", " 80", " tcp", " 10.0.0.1", " host 10.0.0.1",
		" port 80", " proto 6", " = 0", " 10.0.0.0/8", " 1-2", " 00:00:00:00:00:00",
		" host 00:00:00:00:00:00", " 255.0.0.0", "= 0"};
	static const char *const tails[] = {"", " = 0"};
	char closers[NESTING_MAX + 1], whole[CONTINUED_MAX];
	if (!open_brackets(text, len, closers))
		return false;
	for (size_t i = 0; i < WW_N(words); i++) {
		for (size_t j = 0; j < WW_N(tails); j++) {
			snprintf(whole, sizeof(whole), "%.*s%s%s%s", (int)len, text, words[i],
				closers, tails[j]);
			if (valid(context, whole))
				return true;
		}
	}
	return false;
}

uint32_t ww_live_filter_column(
	const char *expression, bool (*valid)(void *context, const char *expression), void *context)
{
	size_t len = strlen(expression);
	for (size_t at = 0; at < len && len <= EXPRESSION_MAX;) {
		size_t end = word_end(expression, at);
		if (end == at)
			break;
		if (!may_go_on(expression, end, valid, context)) {
			while (isspace((unsigned char)expression[at]))
				at++;
			return (uint32_t)at + 1;
		}
		at = end;
	}
	return (uint32_t)len + 1; /* it stops too soon */
}

#ifdef WW_HAVE_PCAP

/*
 * Loaded when a live capture has a filter, and not before: libpcap brings five libraries with it,
 * which would cost every other command more time to start than all the rest of it.
 */
static struct {
	void *library;
	__typeof__(pcap_open_dead) *open_dead;
	__typeof__(pcap_compile) *compile;
	__typeof__(pcap_freecode) *freecode;
	__typeof__(pcap_geterr) *geterr;
	__typeof__(pcap_close) *close;
} lib;

static bool find(const char *name, void *ret_function)
{
	void *found = dlsym(lib.library, name);
	memcpy(ret_function, &found, sizeof(found));
	return found != NULL;
}

int ww_live_load_filter(struct ww_err *err)
{
	static const char *const names[] = {"libpcap.so.0.8", "libpcap.so.1"};
	for (size_t i = 0; i < WW_N(names) && !lib.library; i++)
		lib.library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	if (!lib.library)
		return ww_fail(err, WW_NOWHERE, -EOPNOTSUPP,
			"filters are compiled by libpcap, which is not installed");
	if (!find("pcap_open_dead", &lib.open_dead) || !find("pcap_compile", &lib.compile) ||
		!find("pcap_freecode", &lib.freecode) || !find("pcap_geterr", &lib.geterr) ||
		!find("pcap_close", &lib.close))
		return ww_fail(err, WW_NOWHERE, -EOPNOTSUPP, "this libpcap is not understood");
	return 0;
}

struct compiler {
	pcap_t *dead;
	struct bpf_program program;
};

static bool compile(void *context, const char *expression)
{
	struct compiler *compiler = context;
	if (lib.compile(compiler->dead, &compiler->program, expression, 1, PCAP_NETMASK_UNKNOWN) !=
		0)
		return false;
	lib.freecode(&compiler->program);
	return true;
}

/* The column of a word that libpcap would take and that cannot work here; 0: none. */
static uint32_t vlan_column(const char *expression)
{
	for (size_t at = 0; expression[at];) {
		size_t end = word_end(expression, at);
		while (isspace((unsigned char)expression[at]))
			at++;
		if (end <= at)
			return 0;
		if (end - at == 4 && strncmp(expression + at, "vlan", 4) == 0)
			return (uint32_t)at + 1;
		at = end;
	}
	return 0;
}

static int take_program(const struct bpf_program *program, struct sock_fprog *ret)
{
	_Static_assert(sizeof(struct bpf_insn) == sizeof(struct sock_filter), "the same machine");
	struct sock_filter *copy = calloc(program->bf_len, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	memcpy(copy, program->bf_insns, program->bf_len * sizeof(*copy));
	*ret = (struct sock_fprog){.len = (unsigned short)program->bf_len, .filter = copy};
	return 0;
}

static int compile_or_say(struct compiler *compiler, const char *expression, struct sock_fprog *ret,
	struct ww_err *err)
{
	char why[160];
	if (lib.compile(compiler->dead, &compiler->program, expression, 1, PCAP_NETMASK_UNKNOWN) ==
		0) {
		int status = compiler->program.bf_len > BPF_MAXINSNS
				     ? ww_fail(err, WW_NOWHERE, -EINVAL,
					       "the filter is too long for the kernel")
				     : take_program(&compiler->program, ret);
		lib.freecode(&compiler->program);
		return status;
	}
	snprintf(why, sizeof(why), "%s", lib.geterr(compiler->dead));
	for (char *c = why; *c; c++)
		*c = isprint((unsigned char)*c) ? *c : '?';
	struct ww_at at = {1, ww_live_filter_column(expression, compile, compiler)};
	return ww_fail(err, at, -EINVAL, "%s", why);
}

int ww_live_filter(const struct ww_live *live, const char *expression, struct sock_fprog *ret,
	struct ww_err *err)
{
	size_t len = strlen(expression);
	if (len > EXPRESSION_MAX)
		return ww_fail(err, WW_NOWHERE, -EINVAL, "the filter is longer than %d bytes",
			EXPRESSION_MAX);
	uint32_t column = vlan_column(expression);
	if (column)
		return ww_fail(err, ((struct ww_at){1, column}), -EINVAL,
			"'vlan' matches nothing here: tags are taken off before the filter");
	int status = ww_live_load_filter(err);
	if (status != 0)
		return status;
	bool ethernet = live->link_type == WW_LIVE_LINK_ETHERNET;
	struct compiler compiler = {
		.dead = lib.open_dead(ethernet ? DLT_EN10MB : DLT_RAW, (int)live->snaplen)};
	if (!compiler.dead)
		return -ENOMEM;
	status = compile_or_say(&compiler, expression, ret, err);
	lib.close(compiler.dead);
	return status;
}

#else

int ww_live_load_filter(struct ww_err *err)
{
	return ww_fail(
		err, WW_NOWHERE, -EOPNOTSUPP, "this build has no libpcap, which compiles filters");
}

int ww_live_filter(const struct ww_live *live, const char *expression, struct sock_fprog *ret,
	struct ww_err *err)
{
	(void)live;
	(void)expression;
	(void)ret;
	return ww_fail(
		err, WW_NOWHERE, -EOPNOTSUPP, "this build has no libpcap, which compiles filters");
}

#endif
