/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <glib.h>

#include <jxs-glib/base/jxs-version.h>

#ifndef _JXS_EXTERN
#define _JXS_EXTERN __attribute__ ((visibility ("default"))) extern
#endif

#define JXS_VERSION_1_0 (G_ENCODE_VERSION (1, 0))

#define JXS_VERSION_CUR_STABLE JXS_VERSION_1_0

/**
 * JXS_VERSION_MIN_REQUIRED:
 *
 * The oldest API an application wants to use without deprecation warnings.
 *
 * Since: 1.0
 */
#ifndef JXS_VERSION_MIN_REQUIRED
#define JXS_VERSION_MIN_REQUIRED (JXS_VERSION_CUR_STABLE)
#endif

/**
 * JXS_VERSION_MAX_ALLOWED:
 *
 * The newest API an application wants to use without warnings that it is not available.
 *
 * Since: 1.0
 */
#ifndef JXS_VERSION_MAX_ALLOWED
#define JXS_VERSION_MAX_ALLOWED (JXS_VERSION_CUR_STABLE)
#endif

#define JXS_AVAILABLE_IN_ALL _JXS_EXTERN

#if JXS_VERSION_MAX_ALLOWED < JXS_VERSION_1_0
#define JXS_AVAILABLE_IN_1_0 G_UNAVAILABLE (1, 0) _JXS_EXTERN
#else
#define JXS_AVAILABLE_IN_1_0 _JXS_EXTERN
#endif
