/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/base/jxs-error.h>

/* clang-format off */
G_DEFINE_QUARK (jxs-error-quark, jxs_error)
G_DEFINE_QUARK (jxs-stream-error-quark, jxs_stream_error)
G_DEFINE_QUARK (jxs-stanza-error-quark, jxs_stanza_error)
/* clang-format on */
