/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account.h"

G_BEGIN_DECLS

/* The service of the pipes of `jxs pipe` and `jxs listen --pipe`. */
#define TOOL_PIPE_SERVICE "org.gnome.Jxs.Pipe"

/* Connects standard input and output with a pipe until both directions have ended. */
int tool_pipe_run (ToolAccount *account, JxsConnection *connection);

G_END_DECLS
