/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* cmocka with what it needs included before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
