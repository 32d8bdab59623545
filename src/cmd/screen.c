// SPDX-License-Identifier: GPL-3.0-or-later
#include "cmd/screen.h"

#include "base/text.h"
#include "value/when.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { WIDTH_DEFAULT = 80, WIDTH_MIN = 40, WIDTH_MAX = 200 };

static const char *first_of(ww_env_fn *get, const char *a, const char *b, const char *c)
{
	const char *names[] = {a, b, c};
	for (size_t i = 0; i < WW_N(names); i++) {
		const char *value = get(names[i]);
		if (value && value[0])
			return value;
	}
	return "";
}

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* The locale's name is believed, installed or not: C.UTF-8 with LANGUAGE=ja needs no package. */
static bool says_utf8(const char *locale)
{
	const char *dot = strchr(locale, '.');
	return dot &&
	       (strncasecmp(dot + 1, "utf-8", 5) == 0 || strncasecmp(dot + 1, "utf8", 4) == 0);
}

/* As gettext: LANGUAGE is a list that wins over the locale, unless the locale is C. */
static bool wants_japanese(ww_env_fn *get)
{
	const char *locale = first_of(get, "LC_ALL", "LC_MESSAGES", "LANG");
	if (!locale[0] || strcmp(locale, "C") == 0 || strcmp(locale, "POSIX") == 0)
		return false;
	const char *list = get("LANGUAGE");
	while (list && list[0]) {
		if (starts(list, "ja"))
			return true;
		if (starts(list, "en"))
			return false;
		list = strchr(list, ':');
		list = list ? list + 1 : NULL;
	}
	return starts(locale, "ja");
}

static int width_of(FILE *out, ww_env_fn *get)
{
	struct winsize size = {0};
	int width = 0;
	const char *columns = get("COLUMNS");
	if (columns)
		width = (int)strtol(columns, NULL, 10);
	else if (fileno(out) >= 0 && ioctl(fileno(out), TIOCGWINSZ, &size) == 0)
		width = size.ws_col;
	if (width <= 0)
		width = WIDTH_DEFAULT;
	return width < WIDTH_MIN ? WIDTH_MIN : width > WIDTH_MAX ? WIDTH_MAX : width;
}

static int set_color(struct ww_screen *screen, const char *wish, ww_env_fn *get, struct ww_err *err)
{
	if (!wish)
		wish = "auto";
	if (strcmp(wish, "always") == 0) {
		screen->color = true;
		return 0;
	}
	if (strcmp(wish, "never") == 0)
		return 0;
	if (strcmp(wish, "auto") != 0)
		return ww_fail(err, WW_NOWHERE, -EINVAL,
			"--color takes auto, always or never, not '%.60s'", wish);
	const char *no_color = get("NO_COLOR"), *term = get("TERM");
	if ((no_color && no_color[0]) || (term && strcmp(term, "dumb") == 0))
		return 0;
	int fd = fileno(screen->people);
	screen->color = fd >= 0 && isatty(fd);
	return 0;
}

/* "+09:00", "-0330", "+9": to microseconds. */
static bool parse_offset(const char *text, int64_t *ret_us)
{
	int sign = text[0] == '-' ? -1 : 1, hours = 0, minutes = 0, n = 0;
	if (text[0] != '+' && text[0] != '-')
		return false;
	const char *p = text + 1;
	for (; *p >= '0' && *p <= '9' && n < 2; p++, n++)
		hours = hours * 10 + (*p - '0');
	if (n == 0)
		return false;
	if (*p == ':')
		p++;
	if (*p) {
		if (p[0] < '0' || p[0] > '5' || p[1] < '0' || p[1] > '9' || p[2])
			return false;
		minutes = (p[0] - '0') * 10 + (p[1] - '0');
	}
	if (hours > 14)
		return false;
	*ret_us = (int64_t)sign * (hours * 3600 + minutes * 60) * 1000000;
	return true;
}

/* A name of the zone database: letters, digits and "_+-/", no way out of its folder. */
static bool zone_exists(const char *name)
{
	char path[128];
	if (!name[0] || name[0] == '/' || strstr(name, "..") || strlen(name) > 40)
		return false;
	for (const char *p = name; *p; p++)
		if (!strchr("_+-/", *p) && !(*p >= '0' && *p <= '9') && !(*p >= 'A' && *p <= 'Z') &&
			!(*p >= 'a' && *p <= 'z'))
			return false;
	snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
	return access(path, R_OK) == 0;
}

static int set_zone(struct ww_screen *screen, const char *wish, struct ww_err *err)
{
	if (!wish || strcasecmp(wish, "UTC") == 0 || strcasecmp(wish, "Z") == 0) {
		snprintf(screen->tz, sizeof(screen->tz), "UTC");
		return 0;
	}
	if (strcasecmp(wish, "JST") == 0) {
		snprintf(screen->tz, sizeof(screen->tz), "JST");
		screen->tz_offset_us = (int64_t)9 * 3600 * 1000000;
		return 0;
	}
	if (parse_offset(wish, &screen->tz_offset_us)) {
		snprintf(screen->tz, sizeof(screen->tz), "%.40s", wish);
		return 0;
	}
	if (strcmp(wish, "local") == 0) {
		tzset();
		screen->tz_named = true;
		snprintf(screen->tz, sizeof(screen->tz), "local time");
		return 0;
	}
	if (!zone_exists(wish))
		return ww_fail(err, WW_NOWHERE, -EINVAL,
			"--tz takes UTC, an offset (+09:00), local, or a zone that is installed "
			"(Asia/Tokyo), not '%.60s'",
			wish);
	setenv("TZ", wish, 1);
	tzset();
	screen->tz_named = true;
	snprintf(screen->tz, sizeof(screen->tz), "%.40s", wish);
	return 0;
}

int ww_screen_init(struct ww_screen *screen, FILE *out, FILE *err,
	const struct ww_screen_wish *wish, ww_env_fn *get, struct ww_err *ret_err)
{
	*screen = (struct ww_screen){
		.out = out,
		.err = err,
		.people = wish->json ? err : out,
		.json = wish->json,
		.quiet = wish->quiet,
		.verbose = wish->verbose,
		.tz = "UTC",
		.width = width_of(wish->json ? err : out, get),
		.utf8 = says_utf8(first_of(get, "LC_ALL", "LC_CTYPE", "LANG")),
		.ja = wants_japanese(get),
	};
	if (wish->lang) {
		screen->ja = strcmp(wish->lang, "ja") == 0;
		if (!screen->ja && strcmp(wish->lang, "en") != 0)
			return ww_fail(ret_err, WW_NOWHERE, -EINVAL,
				"--lang takes en or ja, not '%.60s'", wish->lang);
	}
	int status = set_color(screen, wish->color, get, ret_err);
	if (status == 0)
		status = set_zone(screen, wish->tz, ret_err);
	return status;
}

void ww_show(const struct ww_screen *screen, const struct ww_buf *text)
{
	fwrite(ww_buf_text(text), 1, text->len, screen->people);
}

void ww_say(const struct ww_screen *screen, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vfprintf(screen->people, format, args);
	va_end(args);
}

void ww_emit(const struct ww_screen *screen, struct ww_buf *line)
{
	ww_buf_addc(line, '\n');
	fwrite(ww_buf_text(line), 1, line->len, screen->out);
	ww_buf_reset(line);
}

int ww_screen_flush(const struct ww_screen *screen)
{
	bool bad = fflush(screen->out) != 0;
	bad |= ferror(screen->out) != 0;
	fflush(screen->err);
	return bad ? -EIO : 0;
}

void ww_paint(struct ww_buf *out, const struct ww_screen *screen, enum ww_paint paint,
	const char *text, int columns)
{
	static const char *const codes[] = {
		[WW_PAINT_PLAIN] = "",
		[WW_PAINT_BAD] = "\x1b[1;31m",
		[WW_PAINT_DOUBT] = "\x1b[33m",
		[WW_PAINT_GOOD] = "\x1b[32m",
		[WW_PAINT_STRONG] = "\x1b[1m",
		[WW_PAINT_FAINT] = "\x1b[2m",
	};
	bool colored = screen->color && paint != WW_PAINT_PLAIN && text[0];
	if (colored)
		ww_buf_adds(out, codes[paint]);
	ww_buf_adds(out, text);
	if (colored)
		ww_buf_adds(out, "\x1b[0m");
	ww_buf_pad(out, ' ', columns - ww_text_width(text));
}

void ww_clean(struct ww_buf *out, const char *text)
{
	size_t len = strlen(text);
	while (len > 0) {
		size_t n = ww_utf8_length(text, len);
		/* U+0080 to U+009F drive some terminals as ESC does. */
		bool is_control = n == 2 && ww_utf8_decode(text, n) < 0xa0;
		if (n > 1 && !is_control)
			ww_buf_add(out, text, n);
		else if (n == 1 && *text == '\\')
			ww_buf_addc(out, '\\');
		else
			ww_text_safe(out, text, n ? n : 1);
		text += n ? n : 1;
		len -= n ? n : 1;
	}
}

const char *ww_glyph(const struct ww_screen *screen, enum ww_glyph glyph)
{
	static const char *const glyphs[WW_GLYPH_COUNT][2] = {
		[WW_GLYPH_RIGHT] = {"-->", "──▶"},
		[WW_GLYPH_LEFT] = {"<--", "◀──"},
		[WW_GLYPH_BRANCH] = {"|-", "├─"},
		[WW_GLYPH_LAST] = {"`-", "└─"},
		[WW_GLYPH_TRUNK] = {"|", "│"},
		[WW_GLYPH_DOTS] = {"...", "…"},
		[WW_GLYPH_DASH] = {"-", "–"},
		[WW_GLYPH_ABOUT] = {"~", "≈"},
	};
	return glyphs[glyph][screen->utf8];
}

const char *ww_lang(const struct ww_screen *screen, const char *en, const char *ja)
{
	return screen->ja ? ja : en;
}

void ww_sparkline(struct ww_buf *out, const struct ww_screen *screen, const double *values,
	size_t n, double top)
{
	static const char *const blocks[8] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char marks[] = ".:-=+*#@";
	for (size_t i = 0; i < n; i++) {
		double part = top > 0 && isfinite(values[i]) ? values[i] / top : 0;
		int level = part <= 0 ? 0 : part >= 1 ? 7 : (int)(part * 7);
		if (screen->utf8)
			ww_buf_adds(out, blocks[level]);
		else
			ww_buf_addc(out, marks[level]);
	}
}

/* The time as if the zone were UTC, so that value/when prints it. */
static int64_t in_zone(const struct ww_screen *screen, int64_t time_us)
{
	int64_t shift = screen->tz_offset_us;
	if (screen->tz_named) {
		time_t seconds = (time_t)(time_us / 1000000);
		struct tm civil;
		if (localtime_r(&seconds, &civil))
			shift = (int64_t)civil.tm_gmtoff * 1000000;
	}
	int64_t shifted;
	return __builtin_add_overflow(time_us, shift, &shifted) ? time_us : shifted;
}

const char *ww_screen_clock(
	const struct ww_screen *screen, int64_t time_us, char text[WW_SCREEN_TIME_MAX])
{
	return ww_when_print_clock(in_zone(screen, time_us), text);
}

const char *ww_screen_time(
	const struct ww_screen *screen, int64_t time_us, char text[WW_SCREEN_TIME_MAX])
{
	return ww_when_print_short(in_zone(screen, time_us), text);
}
