/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/base/jxs-error.h>

G_DEFINE_QUARK (jxs_error, jxs_error)
G_DEFINE_QUARK (jxs_stream_error, jxs_stream_error)
G_DEFINE_QUARK (jxs_stanza_error, jxs_stanza_error)
