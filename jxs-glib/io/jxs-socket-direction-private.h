/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "jxs-byte-buffer-private.h"

G_BEGIN_DECLS

/* One direction of a JxsSocketCore: its buffer, and the sources of those who poll it. */
typedef struct
{
  GMutex mutex;
  JxsByteBuffer buffer;
  GSList *waiters; /* of each source; not owned */
  gboolean ready;  /* the buffer alone makes the sources ready */
  gboolean closed;
  gboolean at_end; /* the other end has said that no more will come */
  guint64 bytes;
  GError *reason; /* (owned) (nullable): what its end is reported as */
} JxsSocketDirection;

void jxs_socket_direction_init (JxsSocketDirection *self);
void jxs_socket_direction_clear (JxsSocketDirection *self);
/* Both are called with the mutex held. */
void jxs_socket_direction_set_ready (JxsSocketDirection *self, gboolean ready);
void jxs_socket_direction_close (JxsSocketDirection *self);
/* Neither is called with the mutex held. The first reason counts; the end: why there is one, NULL
 * if none was noticed. (transfer full) */
void jxs_socket_direction_set_reason (JxsSocketDirection *self, const GError *reason);
GError *jxs_socket_direction_dup_end (JxsSocketDirection *self);
/* The source of the pollable stream, which keeps the direction alive. */
GSource *jxs_socket_direction_create_source (JxsSocketDirection *self,
                                             GSocket *socket,
                                             GObject *stream,
                                             GIOCondition condition,
                                             GCancellable *cancellable);

G_END_DECLS
