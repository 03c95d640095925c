/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account.h"

G_BEGIN_DECLS

/* The service of `jxs probe`: what arrives is sent back. */
#define TOOL_PROBE_SERVICE "org.gnome.Jxs.Probe"

/* Answers a probe in the background until its peer has enough, or too much. Takes the connection;
 * ended is called once. */
void tool_probe_answer (JxsConnection *connection, GSourceOnceFunc ended, gpointer user_data);

G_END_DECLS
