/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
/* The rows of detectors.def as declarations. */
#include "wire/detect/detect.h"

#define WW_DETECTOR(name) extern const struct ww_detector ww_detector_##name;
#include "wire/detect/detectors.def"
#undef WW_DETECTOR
/* Compiled so that it cannot rot, never served. */
extern const struct ww_detector ww_detector_template;
