/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool.h"

G_BEGIN_DECLS

/* How peers are reached: the options for that, and what to say of the result. */
typedef struct
{
  char *transports; /* separated by commas */
  char **proxies;   /* JID[=HOST:PORT] */
  gboolean relay_only;
  gboolean allow_loopback;
  gboolean no_port_mapping;
} ToolNetwork;

void tool_network_add_options (ToolNetwork *self, GOptionContext *context);
/* Sets endpoint up; without one only looks whether all can be understood. */
gboolean tool_network_apply (ToolNetwork *self, JxsEndpoint *endpoint, GError **error);
void tool_network_clear (ToolNetwork *self);

/* HOST:PORT, an IPv6 address in brackets; fit for a terminal. (transfer full) */
char *tool_network_address (JxsCandidate *candidate);
/* “direct to 192.0.2.7:4711”: what the bytes of a session take. (transfer full) */
char *tool_network_path (JxsSession *session);
gboolean tool_network_is_in_band (JxsSession *session);

G_END_DECLS
