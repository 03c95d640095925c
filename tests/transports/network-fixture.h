/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Whether a process may have a network of its own: root may, with `ip` installed. */
gboolean network_is_available (void);
/* Moves this process, which has to have one thread, into a network without a link to any other. */
void network_enter (void);
/* A command that has to succeed. */
void network_run (const char *command);

G_END_DECLS
