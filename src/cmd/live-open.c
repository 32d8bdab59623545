// SPDX-License-Identifier: GPL-3.0-or-later
/* What a live capture opens before it is locked in, and what it says where it cannot. */
#include "cmd/live-private.h"

#include "base/file.h"
#include "base/text.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	SNAPLEN_MOST = 262144,
	RING_MB_MOST = 4096,
	EVIDENCE_MB = 1024,
	EVIDENCE_MB_MOST = 1 << 24,
	/* A sixteenth of it is a file, and ages are looked at once a second. */
	EVIDENCE_S_LEAST = 10,
	EVIDENCE_S_MOST = 1000000000,
};

static void name_interfaces(const struct ww_call *call)
{
	struct ww_buf text = WW_BUF_INIT;
	DIR *folder = opendir("/sys/class/net");
	struct dirent *entry;
	while (folder && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		ww_buf_addc(&text, ' ');
		ww_text_safe(&text, entry->d_name, strlen(entry->d_name));
	}
	if (folder)
		closedir(folder);
	fprintf(call->screen->err, "there are:%s any\n", ww_buf_text(&text));
	ww_buf_done(&text);
}

/* The way out of a missing permission, ready to paste where the program has a path. */
static void hint_permission(const struct ww_call *call)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	fprintf(call->screen->err,
		"give it to the program, for every user who may run it:\n"
		"  sudo setcap cap_net_raw+ep %s\n"
		"or to this run only: sudo, or a service (contrib/wormwood-watch.service)\n",
		n > 0 ? path : "/usr/local/bin/wormwood");
}

static enum ww_exit open_one(struct ww_live_watcher *watcher, const char *name)
{
	const struct ww_call *call = watcher->session->call;
	const struct ww_live_config *config = watcher->config;
	const struct ww_live_wish wish = {
		.interface = name,
		.snaplen = (uint32_t)config->snaplen,
		.ring_bytes = config->ring_mb << 20,
		.promiscuous = config->promiscuous,
	};
	struct source *source = &watcher->sources[watcher->n_sources];
	struct ww_err err = {0};
	int status = ww_live_open(&wish, &source->live, &err);
	if (status != 0) {
		struct ww_buf safe = WW_BUF_INIT;
		ww_text_safe(&safe, err.text, strlen(err.text));
		enum ww_exit answer =
			status == -ENODEV || status == -EINVAL ? WW_EXIT_USAGE : WW_EXIT_FAILED;
		ww_failed(call, "%s", err.text[0] ? ww_buf_text(&safe) : ww_errno_text(status));
		ww_buf_done(&safe);
		if (status == -ENODEV)
			name_interfaces(call);
		if (status == -EPERM)
			hint_permission(call);
		return answer;
	}
	watcher->n_sources++;
	uint64_t wanted = config->ring_mb ? config->ring_mb << 20 : WW_LIVE_RING_BYTES;
	if (ww_live_ring_bytes(source->live) < wanted)
		ww_remark(call, "%s: memory for a ring of %" PRIu64 " MiB only", name,
			ww_live_ring_bytes(source->live) >> 20);
	if (!ww_live_is_up(source->live)) {
		ww_remark(call, "%s is down: waiting for it", name);
		source->told_down = true;
	}
	return WW_EXIT_NOTHING;
}

static enum ww_exit open_all(struct ww_live_watcher *watcher)
{
	const struct ww_opt_list *interfaces = &watcher->config->interfaces;
	enum ww_exit answer = WW_EXIT_NOTHING;
	watcher->sources = calloc(interfaces->n_items, sizeof(*watcher->sources));
	if (!watcher->sources)
		return ww_failed(watcher->session->call, "%s", ww_errno_text(-ENOMEM));
	for (size_t i = 0; answer == WW_EXIT_NOTHING && i < interfaces->n_items; i++) {
		answer = open_one(watcher, interfaces->items[i]);
		size_t len = strlen(watcher->names);
		if (answer == WW_EXIT_NOTHING)
			snprintf(watcher->names + len, sizeof(watcher->names) - len, "%s%s",
				i ? "," : "", interfaces->items[i]);
	}
	struct ww_err err = {0};
	if (answer == WW_EXIT_NOTHING && watcher->config->filter && ww_live_load_filter(&err) != 0)
		answer = ww_failed(watcher->session->call, "%s", err.text);
	return answer;
}

static enum ww_exit open_evidence(struct ww_live_watcher *watcher)
{
	const struct ww_live_config *config = watcher->config;
	const struct ww_call *call = watcher->session->call;
	char folder[4096];
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	int status = ww_path_make(config->evidence);
	if (status == 0 && !realpath(config->evidence, folder))
		status = -errno;
	if (status == 0 && access(folder, W_OK | X_OK) != 0)
		status = -errno;
	if (status != 0)
		return ww_usage(call, "--evidence %s: %s", config->evidence, ww_errno_text(status));
	struct ww_evidence_wish wish = {
		.folder = folder,
		.bytes = (config->evidence_mb ? config->evidence_mb : EVIDENCE_MB) << 20,
		.age_us = (int64_t)config->evidence_s * 1000000,
		.begun_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000,
		.link_type = ww_live_link_type(watcher->sources[0].live),
	};
	for (size_t i = 1; i < watcher->n_sources; i++)
		if (ww_live_link_type(watcher->sources[i].live) != wish.link_type)
			return ww_usage(call,
				"--evidence: %s and %s have different link layers, which one file "
				"cannot hold",
				ww_live_name(watcher->sources[0].live),
				ww_live_name(watcher->sources[i].live));
	status = ww_evidence_open(&wish, &watcher->evidence);
	return status == 0 ? WW_EXIT_NOTHING : ww_failed(call, "%s", ww_errno_text(status));
}

/* The expression and a caret below what was not understood. */
static void show_filter(const struct ww_call *call, const char *filter, uint32_t column)
{
	struct ww_buf text = WW_BUF_INIT, before = WW_BUF_INIT;
	ww_text_safe(&text, filter, strlen(filter));
	ww_text_safe(&before, filter, column > 0 ? column - 1 : 0);
	fprintf(call->screen->err, "    %s\n", ww_buf_text(&text));
	if (column > 0)
		fprintf(call->screen->err, "    %*s^\n", ww_text_width(ww_buf_text(&before)), "");
	ww_buf_done(&text);
	ww_buf_done(&before);
}

/* The filter opens: packets come from here on. */
enum ww_exit ww_live_start_all(struct ww_live_watcher *watcher)
{
	const struct ww_call *call = watcher->session->call;
	for (size_t i = 0; i < watcher->n_sources; i++) {
		struct ww_live *live = watcher->sources[i].live;
		struct ww_err err = {0};
		int status = ww_live_start(live, watcher->config->filter, &err);
		if (status == 0) {
			ww_remark(call, "watching %s (%s), ring of %" PRIu64 " MiB",
				ww_live_name(live), ww_link_name(ww_live_link_type(live)),
				ww_live_ring_bytes(live) >> 20);
			continue;
		}
		const char *why = err.text[0] ? err.text : ww_errno_text(status);
		if (status != -EINVAL)
			return ww_failed(call, "%s", why);
		ww_usage(call, "the filter: %s", why);
		show_filter(call, watcher->config->filter, err.at.col);
		return WW_EXIT_USAGE;
	}
	return WW_EXIT_NOTHING;
}

void ww_live_needs(const struct ww_live_watcher *watcher, struct ww_lock *lock)
{
	/* Names of ports and protocols in filters are looked up here. */
	static const char *const names[] = {
		"/etc/services", "/etc/protocols", "/etc/nsswitch.conf"};
	for (size_t i = 0; i < WW_N(names) && watcher->config->filter; i++)
		ww_lock_read(lock, names[i]);
	ww_lock_write(lock, watcher->config->evidence);
	lock->read_only_from = WW_LIVE_DESCRIPTORS;
	lock->needs_no_files_of_others = true;
}

static enum ww_exit check(const struct ww_session *session, const struct ww_live_config *config)
{
	const struct ww_call *call = session->call;
	if (config->interfaces.n_items > WW_LIVE_INTERFACES)
		return ww_usage(call, "-i names at most %d interfaces", WW_LIVE_INTERFACES);
	if (config->snaplen > SNAPLEN_MOST)
		return ww_usage(call, "--snaplen is at most %d", SNAPLEN_MOST);
	if (config->ring_mb > RING_MB_MOST)
		return ww_usage(call, "--ring is at most %d (MiB)", RING_MB_MOST);
	uint64_t most = config->evidence_mb;
	if (most && (most < WW_EVIDENCE_LEAST >> 20 || most > EVIDENCE_MB_MOST))
		return ww_usage(call, "--evidence-size is %d to %d (MiB)", WW_EVIDENCE_LEAST >> 20,
			EVIDENCE_MB_MOST);
	uint64_t age = config->evidence_s;
	if (age && (age < EVIDENCE_S_LEAST || age > EVIDENCE_S_MOST))
		return ww_usage(call, "--evidence-age is %d to %d (seconds)", EVIDENCE_S_LEAST,
			EVIDENCE_S_MOST);
	if ((most || age) && !config->evidence)
		return ww_usage(call, "--evidence-%s is for --evidence DIR", most ? "size" : "age");
	return WW_EXIT_NOTHING;
}

enum ww_exit ww_live_new(struct ww_session *session, const struct ww_live_config *config,
	const struct ww_reload *reload_by, struct ww_live_watcher **ret)
{
	enum ww_exit answer = check(session, config);
	if (answer != WW_EXIT_NOTHING)
		return answer;
	struct ww_live_watcher *watcher = calloc(1, sizeof(*watcher));
	if (!watcher)
		return ww_failed(session->call, "%s", ww_errno_text(-ENOMEM));
	watcher->session = session;
	watcher->config = config;
	*ret = watcher;
	if (ww_reloading_new(reload_by, &watcher->reloading) != 0)
		return ww_failed(session->call, "%s", ww_errno_text(-ENOMEM));
	answer = open_all(watcher);
	if (answer == WW_EXIT_NOTHING && config->evidence)
		answer = open_evidence(watcher);
	return answer;
}
