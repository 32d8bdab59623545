/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/*
 * SMB 1 and 2 as far as named pipes need them: what is written to a pipe and read from it is fed to
 * DCE/RPC (dce.h); names of files that are opened, and whether they were, are facts. For the files
 * of this room only.
 *
 * From: RFC 1002, 4.3.1 (session framing); MS-CIFS 2.2 and MS-SMB 2.2 (SMB 1); MS-SMB2 2.2.
 *
 *   smb.c    framing, commands of one message, pipes, requests that wait for their answer
 *   smb1.c   the commands of SMB 1    smb2.c   those of SMB 2 and 3
 *
 * A command's first WW_SMB_HEAD bytes are kept until they are there (all that is not data is within
 * them); data behind goes to the pipe as it comes, however long the write is. What is written to a
 * file and begins as DCE/RPC does is taken for a pipe: it does not matter whether the pipe's
 * opening was seen. Encrypted and compressed messages (SMB 3) are passed over.
 *
 * Limits: WW_SMB_PIPES pipes of a flow, WW_SMB_WAITING requests without an answer; of more, the
 * least recently used goes. Names: WW_SMB_NAME bytes. Counted in ww_app_counts.dropped.
 */
#include "wire/proto/dce.h"

enum {
	WW_SMB_HEAD = 2048,
	WW_SMB_PIPES = 8,
	WW_SMB_WAITING = 12,
	WW_SMB_NAME = 512, /* bytes of a name in UTF-8 */
	WW_SMB_ID = 16,
	WW_SMB_NONE = 255,
};

/* A file of which the data speaks DCE/RPC. */
struct ww_smb_pipe {
	uint8_t id[WW_SMB_ID]; /* SMB 2's file id; of SMB 1 two bytes, then zeros */
	bool used;
	bool opening; /* the id is not known: the answer to request `opened` gives it */
	uint32_t age;
	uint64_t opened;
	struct ww_kept dce; /* one struct ww_dce */
};

/* A request that waits for its answer. */
struct ww_smb_waiting {
	uint64_t message; /* its id: SMB 1's multiplex id, SMB 2's message id */
	uint64_t at;
	uint32_t age; /* 0: free */
	uint8_t command, pipe;
};

struct ww_smb_side {
	uint8_t frame[4]; /* of the session layer */
	uint8_t have;
	bool heard;              /* the command's head was read: the rest is data */
	uint8_t pipe;            /* that the data goes to */
	uint32_t left;           /* bytes of the session message that did not come yet */
	uint32_t command;        /* bytes of the command; 0: not known yet */
	uint32_t pos;            /* bytes of it that came */
	uint32_t data, data_end; /* of the data, in the command */
	uint64_t at;             /* of the command */
	struct ww_kept head;
};

struct ww_smb {
	struct ww_smb_side sides[2];
	uint64_t numbers[2];
	uint64_t created; /* SMB 2: the last request that opened a file */
	uint32_t clock;   /* for the ages */
	struct ww_smb_pipe pipes[WW_SMB_PIPES];
	struct ww_smb_waiting waiting[WW_SMB_WAITING];
};
_Static_assert(sizeof(struct ww_smb) <= WW_PARSER_STATE_MAX, "a parser's state");

/* A command whose head is there. */
struct ww_smb_command {
	struct ww_parsing *parsing;
	struct ww_smb *smb;
	struct ww_smb_side *side;
	const uint8_t *bytes;
	uint32_t len;   /* kept */
	uint32_t total; /* with what is not kept */
	uint64_t at;
};

/* ---- smb1.c, smb2.c ---- */

/* A whole SMB 1 message (with its chain), or as much of it as is kept. */
void ww_smb1_message(struct ww_smb_command *command);
/* The same for one command of an SMB 2 message. */
void ww_smb2_command(struct ww_smb_command *command);

/* ---- smb.c, for these two ---- */

/* Are bytes [at, at + n) kept? */
static inline bool ww_smb_has(const struct ww_smb_command *command, uint32_t at, uint32_t n)
{
	return at <= command->len && n <= command->len - at;
}

/*
 * Data that is written to, or read from, `id`: bytes [at, at + n) of the command, of which what is
 * beyond its end does not exist. It is fed to the pipe. Returns the pipe's number, or WW_SMB_NONE
 * when it is none.
 */
uint8_t ww_smb_data(struct ww_smb_command *command, uint8_t pipe, uint32_t at, uint32_t n);
/* The pipe of that id; when it has none and the data at [at..] begins as DCE/RPC does, a new one.
 */
uint8_t ww_smb_pipe_get(
	struct ww_smb_command *command, const uint8_t id[WW_SMB_ID], uint32_t at, uint32_t n);
uint8_t ww_smb_pipe_find(const struct ww_smb *smb, const uint8_t id[WW_SMB_ID]);
/* The same for a file that was opened by request `opened` in this very message. */
uint8_t ww_smb_pipe_opening(
	struct ww_smb_command *command, uint64_t opened, uint32_t at, uint32_t n);
/* The answer to that request: the file's id is known now. */
void ww_smb_pipe_opened(struct ww_smb *smb, uint64_t opened, const uint8_t id[WW_SMB_ID]);
void ww_smb_pipe_close(struct ww_smb_command *command, const uint8_t id[WW_SMB_ID]);
/* Remembers a request; WW_SMB_NONE for `pipe` where there is none. */
void ww_smb_wait(struct ww_smb_command *command, uint64_t message, uint8_t code, uint8_t pipe);
/* The request that this answers, forgotten when `last`; NULL when it was not seen. */
const struct ww_smb_waiting *ww_smb_answer(
	struct ww_smb_command *command, uint64_t message, uint8_t code, bool last);
/* A fact: a name was asked for. UTF-16 (little-endian) or bytes, up to a NUL. */
void ww_smb_tell_open(struct ww_smb_command *command, uint32_t at, uint32_t n, bool unicode);
/* A fact: it was opened, or not. */
void ww_smb_tell_result(
	struct ww_smb_command *command, const struct ww_smb_waiting *waiting, uint32_t status);
