/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Two connected ends in this process (a socketpair), each a pollable GIOStream that may be used
 * blocking from any thread. Closing the output stream of an end is seen as end of file by the
 * other (shutdown); the input side stays open. Each direction holds at most some 200 KiB that its
 * reader has not taken. */
gboolean jxs_pipe_new (GIOStream **first, GIOStream **second, GError **error);

G_END_DECLS
