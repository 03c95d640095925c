/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What is gathered whole or not at all: a TLS record and what comes with it. */
#define JXS_SOCKET_WHOLE (17 * 1024)

/* What the two streams of a JxsSocketStream share: the socket, the bytes read ahead and the bytes
 * gathered. Every function may be called from any thread; one reader and one writer at a time.
 * It knows nothing of stream classes: the sources it is given are those of whoever polls. */
typedef struct _JxsSocketCore JxsSocketCore;

JxsSocketCore *jxs_socket_core_new (GSocketConnection *connection);
JxsSocketCore *jxs_socket_core_ref (JxsSocketCore *self);
void jxs_socket_core_unref (JxsSocketCore *self);
GSocket *jxs_socket_core_get_socket (JxsSocketCore *self);

/* With blocking they wait, honouring the cancellable; else they fail with WOULD_BLOCK. */
gssize jxs_socket_core_read (JxsSocketCore *self,
                             void *buffer,
                             gsize count,
                             gboolean blocking,
                             GCancellable *cancellable,
                             GError **error);
gssize jxs_socket_core_write (JxsSocketCore *self,
                              const void *buffer,
                              gsize count,
                              gboolean blocking,
                              GCancellable *cancellable,
                              GError **error);
gboolean jxs_socket_core_flush (JxsSocketCore *self,
                                gboolean blocking,
                                GCancellable *cancellable,
                                GError **error);

/* While it gathers: whether a write of up to JXS_SOCKET_WHOLE bytes would be taken, whole. */
gboolean jxs_socket_core_has_room (JxsSocketCore *self);
/* The same, having sent what can be sent without waiting; always when it does not gather. FALSE:
 * would block, or the error. */
gboolean jxs_socket_core_make_room (JxsSocketCore *self, GError **error);

gboolean jxs_socket_core_is_ready (JxsSocketCore *self, GIOCondition condition);
/* The source of a pollable stream on this core; condition is G_IO_IN or G_IO_OUT. */
GSource *jxs_socket_core_create_source (JxsSocketCore *self,
                                        GObject *stream,
                                        GIOCondition condition,
                                        GCancellable *cancellable);

void jxs_socket_core_set_gathering (JxsSocketCore *self, gboolean gathering);
/* The end of each burst leaves byte by byte, from the thread-default context of the first call
 * (see JxsTailMachine). */
void jxs_socket_core_set_relayed (JxsSocketCore *self, gboolean relayed);
/* The end is near: nothing is kept back any more, as a FIN makes a relay read on too. */
void jxs_socket_core_finish (JxsSocketCore *self);
/* Why it is about to end: reported in place of the end of file and of a send that fails. */
void jxs_socket_core_set_reason (JxsSocketCore *self, const GError *reason);
/* Why nothing comes any more or can be sent: what failed, or that the other end closed it; NULL:
 * not known yet. (transfer full) */
GError *jxs_socket_core_dup_error (JxsSocketCore *self);
/* From now on nothing waits for the peer any more. */
void jxs_socket_core_abandon (JxsSocketCore *self);
void jxs_socket_core_forget_read_ahead (JxsSocketCore *self);
gboolean jxs_socket_core_shutdown_write (JxsSocketCore *self, GError **error);
/* Before closing: ends our direction and drops what has arrived; nothing can be read or written any
 * more. Returns whether nothing more will come. */
gboolean jxs_socket_core_drain (JxsSocketCore *self);
gboolean jxs_socket_core_close (JxsSocketCore *self, GError **error);

/* Bytes written that the other end has not acknowledged. */
gsize jxs_socket_core_get_pending (JxsSocketCore *self);
guint64 jxs_socket_core_get_bytes_read (JxsSocketCore *self);
guint64 jxs_socket_core_get_bytes_written (JxsSocketCore *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JxsSocketCore, jxs_socket_core_unref)

G_END_DECLS
