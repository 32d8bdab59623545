// SPDX-License-Identifier: GPL-3.0-or-later
#include "cmd/last.h"

#include <inttypes.h>

static enum ww_exit open_store(struct ww_call *call, struct ww_last *last)
{
	struct ww_buf path = WW_BUF_INIT;
	struct ww_err err = {0};
	enum ww_exit answer = WW_EXIT_NOTHING;
	if (ww_call_store(call, &path) != 0)
		return ww_usage(call, "neither $XDG_STATE_HOME nor $HOME says where the store is: "
				      "give --db FILE");
	int status = ww_store_open(ww_buf_text(&path), false, &last->store, &err);
	if (status == -ENOENT)
		answer = ww_usage(call, "there is no store at %s yet; first:  %s watch FILE",
			ww_buf_text(&path), call->program);
	else if (status == -EINVAL)
		answer = ww_usage(call, "%s: %s", ww_buf_text(&path), err.text);
	else if (status != 0)
		answer = ww_failed(call, "%s: %s", ww_buf_text(&path), err.text);
	ww_buf_done(&path);
	return answer;
}

int ww_last_find(struct ww_last *last, uint64_t id, struct ww_finding *ret)
{
	struct ww_run run = {0};
	int status = ww_store_run_of(last->store, last->run.batch, id, &run);
	if (status == -ENOENT)
		return status;
	last->run = run;
	return status == 0 ? ww_store_find(last->store, run.id, id, ret) : status;
}

static enum ww_exit find(struct ww_call *call, const char *number, struct ww_last *last)
{
	uint64_t id;
	if (ww_number_parse(number, &id) != 0)
		return ww_usage(call, "'%.40s' is not the number of a finding", number);
	int status = ww_last_find(last, id, &last->finding);
	if (status == 0)
		return WW_EXIT_NOTHING;
	if (status != -ENOENT)
		return ww_failed(call, "the store cannot be read: %s", ww_store_error(last->store));
	if (last->n_findings == 0)
		return ww_usage(
			call, "the last run found nothing, so there is no finding %" PRIu64, id);
	if (id <= last->n_findings)
		return ww_usage(call,
			"finding %" PRIu64
			" was counted but not kept: the store keeps the first %d of a run",
			id, WW_STORE_FINDINGS);
	if (last->n_findings == 1)
		return ww_usage(
			call, "there is no finding %" PRIu64 ": the last run has one, 1", id);
	return ww_usage(call,
		"there is no finding %" PRIu64 ": the last run has %" PRIu64 ", 1 to %" PRIu64, id,
		last->n_findings, last->n_findings);
}

enum ww_exit ww_last_open(struct ww_call *call, const char *number, struct ww_last *ret)
{
	*ret = (struct ww_last){0};
	enum ww_exit answer = open_store(call, ret);
	if (answer != WW_EXIT_NOTHING)
		return answer;
	int status = ww_store_last_run(ret->store, &ret->run);
	if (status == -ENOENT)
		return ww_usage(
			call, "the store holds no run yet; first:  %s watch FILE", call->program);
	if (status == 0)
		status = ww_store_count(ret->store, ret->run.id, &ret->n_findings);
	if (status != 0)
		return ww_failed(call, "the store cannot be read: %s", ww_store_error(ret->store));
	return number ? find(call, number, ret) : WW_EXIT_NOTHING;
}

void ww_last_close(struct ww_last *last)
{
	ww_store_finding_done(&last->finding);
	ww_store_close(&last->store);
}

void ww_endpoint(struct ww_buf *out, const struct ww_ip *ip, uint16_t port)
{
	char text[WW_IP_TEXT_MAX];
	if (ww_ip_word(ip, 0) == 0 && ww_ip_word(ip, 1) == 0) {
		ww_buf_adds(out, "many");
		return;
	}
	ww_ip_print(ip, text);
	if (!port)
		ww_buf_adds(out, text);
	else if (ww_ip_is_v4(ip))
		ww_buf_addf(out, "%s:%u", text, port);
	else
		ww_buf_addf(out, "[%s]:%u", text, port);
}
