/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* The parts of the sandbox. */
#include <stdbool.h>

enum { WW_PACKET_STATISTICS = 6 }; /* linux/if_packet.h: PACKET_STATISTICS */

/* Refuses every system call that is not listed. Sets *ret_on where the kernel has it. */
int ww_seccomp_enter(unsigned read_only_from, bool *ret_on);
