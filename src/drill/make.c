// SPDX-License-Identifier: GPL-3.0-or-later
#include "drill/drill.h"

#include "base/file.h"
#include "drill/content.h"
#include "drill/world.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum {
	LINKTYPE_ETHERNET = 1,
	HOSTS_MAX = 60000,
	LINE_MAX_BYTES = 1 << 16,
	TRANSFER_MAX = 4 << 20,
};

struct ww_drill_plan ww_drill_plan_default(void)
{
	return (struct ww_drill_plan){
		.seed = 1,
		.hosts = 500,
		.infected = 0,
		.duration_s = 3600,
		.background_per_s = 20,
		.max_packets = 20000000,
		.start_us = 1060646400000000, /* 2003-08-12T00:00:00Z */
	};
}

/* Also settles what the plan leaves open. */
static int check_plan(struct ww_drill_plan *plan, struct ww_err *err)
{
	if (plan->hosts < 2 || plan->hosts > HOSTS_MAX)
		return ww_fail(err, WW_NOWHERE, -EINVAL, "a drill has 2 to %d hosts", HOSTS_MAX);
	if (plan->infected == 0)
		plan->infected = plan->hosts / 2 < 2 ? 2 : plan->hosts / 2;
	if (plan->infected < 2 || plan->infected > plan->hosts)
		return ww_fail(err, WW_NOWHERE, -EINVAL,
			"2 to %u of %u hosts can be infected, patient zero included", plan->hosts,
			plan->hosts);
	if (!(plan->duration_s >= 1 && plan->duration_s <= 30 * 86400))
		return ww_fail(err, WW_NOWHERE, -EINVAL, "a drill lasts 1 second to 30 days");
	if (!(plan->background_per_s >= 0 && plan->background_per_s <= 100000))
		return ww_fail(err, WW_NOWHERE, -EINVAL,
			"background connections are 0 to 100,000 a second");
	if (plan->max_packets == 0)
		return ww_fail(err, WW_NOWHERE, -EINVAL, "a drill has at least one packet");
	if (plan->start_us < 1 || plan->start_us > INT64_C(4000000000000000))
		return ww_fail(err, WW_NOWHERE, -EINVAL, "a drill begins between 1970 and 2096");
	return 0;
}

static int check_line(const struct ww_dialog *line, struct ww_err *err)
{
	struct ww_buf bytes = WW_BUF_INIT;
	/* The longest addresses, so that no pair of hosts makes it longer. */
	struct ww_content_names names = {.attacker = 0xffffffff, .victim = 0xffffffff};
	int rc = ww_content_expand(&bytes, line->send, strlen(line->send), &names);
	size_t len = bytes.len;
	ww_buf_done(&bytes);
	if (rc < 0)
		return ww_fail(err, line->at, -EINVAL,
			"this line is not in content notation: an open '|', half a byte, or a '\\' "
			"at the end");
	if (len == 0 || len > LINE_MAX_BYTES)
		return ww_fail(err, line->at, -EINVAL, "a line has 1 to %d bytes", LINE_MAX_BYTES);
	return 0;
}

static int check_stage(const struct ww_stage *stage, struct ww_err *err)
{
	int rc = 0;
	if (stage->transfer_file && stage->transfer_bytes > TRANSFER_MAX)
		return ww_fail(err, stage->at, -EINVAL, "a drill transfers at most %d bytes",
			TRANSFER_MAX);
	if (stage->transfer_file && strlen(stage->transfer_file) > 255)
		return ww_fail(
			err, stage->at, -EINVAL, "the name of the file is longer than 255 bytes");
	for (size_t i = 0; i < stage->n_dialog && rc == 0; i++)
		rc = check_line(&stage->dialog[i], err);
	for (size_t i = 0; i < stage->n_decoys && rc == 0; i++)
		rc = check_line(&stage->decoys[i], err);
	return rc;
}

/* Names what the advisory lacks. */
static int check_advisory(const struct ww_advisory *advisory, struct ww_err *err)
{
	const struct ww_propagation *propagation = &advisory->propagation;
	const struct ww_address_mix *mix = &propagation->addresses;
	if (advisory->n_stages == 0)
		return ww_fail(err, WW_NOWHERE, -EINVAL,
			"the advisory has no network.stages: a drill has nothing to play");
	if (advisory->n_stages > WW_DRILL_STAGES)
		return ww_fail(err, advisory->stages[WW_DRILL_STAGES].at, -EINVAL,
			"a drill plays at most %d stages", WW_DRILL_STAGES);
	if (!propagation->is_given || !mix->is_given)
		return ww_fail(err, propagation->at, -EINVAL,
			"the advisory has no propagation: how the worm picks addresses is not "
			"known");
	if (propagation->port.proto != WW_PROTO_TCP && propagation->port.proto != WW_PROTO_UDP)
		return ww_fail(err, propagation->at, -EINVAL,
			"propagation has no port: where the first packet goes is not known");
	double sum = mix->uniform + mix->same_8 + mix->same_16 + mix->same_24;
	if (!(mix->uniform >= 0 && mix->same_8 >= 0 && mix->same_16 >= 0 && mix->same_24 >= 0 &&
		    sum > 0.999 && sum < 1.001))
		return ww_fail(
			err, mix->at, -EINVAL, "the weights of the addresses do not sum to 1");
	if (!(propagation->rate_per_s >= 0 && propagation->rate_per_s <= 1e6))
		return ww_fail(
			err, propagation->at, -EINVAL, "the rate is beyond 1,000,000 a second");
	bool has_lines = false;
	for (size_t i = 0; i < advisory->n_stages; i++) {
		int rc = check_stage(&advisory->stages[i], err);
		if (rc < 0)
			return rc;
		has_lines = has_lines || advisory->stages[i].n_dialog > 0;
	}
	if (!has_lines)
		return ww_fail(err, advisory->stages[0].at, -EINVAL,
			"no stage has a dialog: what the attack says is not known");
	return 0;
}

static int save(const char *path, const struct ww_buf *text)
{
	if (text->failed)
		return -ENOMEM;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	int rc = 0;
	for (size_t at = 0; at < text->len && rc == 0;) {
		ssize_t n = write(fd, text->data + at, text->len - at);
		if (n < 0 && errno != EINTR)
			rc = -errno;
		at += n > 0 ? (size_t)n : 0;
	}
	if (close(fd) != 0 && rc == 0)
		rc = -errno;
	return rc;
}

enum { CAPTURE, TRUTH, README, FILES };

static int make_files(struct ww_drill_world *world, struct ww_buf paths[FILES])
{
	int rc = ww_pcap_out_open(ww_buf_text(&paths[CAPTURE]), LINKTYPE_ETHERNET, &world->out);
	if (rc < 0)
		return rc;
	rc = ww_drill_run(world);
	int rc_close = ww_pcap_out_close(&world->out);
	rc = rc < 0 ? rc : rc_close;
	struct ww_buf text = WW_BUF_INIT;
	if (rc == 0) {
		ww_drill_truth(&text, world);
		rc = save(ww_buf_text(&paths[TRUTH]), &text);
	}
	ww_buf_reset(&text);
	if (rc == 0) {
		ww_drill_readme(&text, world);
		rc = save(ww_buf_text(&paths[README]), &text);
	}
	ww_buf_done(&text);
	return rc;
}

static struct ww_drill_result result_of(const struct ww_drill_world *world)
{
	struct ww_drill_result result = {.packets = world->packets, .infected = world->n_infected};
	result.attempted = world->n_cases - world->n_infected;
	for (size_t i = 0; i < world->n_sessions; i++)
		result.decoys += world->sessions[i].outcome == WW_DRILL_DECOY;
	return result;
}

int ww_drill_make(const struct ww_advisory *advisory, const struct ww_drill_plan *plan,
	const char *dir, struct ww_drill_result *ret, struct ww_err *err)
{
	static const char *const names[FILES] = {"capture.pcap", "truth.jsonl", "README.txt"};
	struct ww_drill_plan settled = *plan;
	int rc = check_plan(&settled, err);
	if (rc == 0)
		rc = check_advisory(advisory, err);
	if (rc == 0)
		rc = ww_path_make(dir);
	if (rc < 0)
		return rc;
	struct ww_buf paths[FILES] = {WW_BUF_INIT, WW_BUF_INIT, WW_BUF_INIT};
	for (int i = 0; i < FILES; i++) {
		ww_path_join(&paths[i], dir, names[i]);
		if (rc == 0 && paths[i].failed)
			rc = -ENOMEM;
		else if (rc == 0 && access(ww_buf_text(&paths[i]), F_OK) == 0)
			rc = ww_fail(err, WW_NOWHERE, -EEXIST, "%s is there already",
				ww_buf_text(&paths[i]));
	}
	struct ww_drill_world world = {0};
	if (rc == 0)
		rc = ww_drill_world_init(&world, advisory, &settled, err);
	if (rc == 0)
		rc = make_files(&world, paths);
	if (rc == 0)
		*ret = result_of(&world);
	ww_drill_world_done(&world);
	for (int i = 0; i < FILES; i++)
		ww_buf_done(&paths[i]);
	return rc;
}
