/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include <jxs-glib/xml/jxs-element.h>

G_BEGIN_DECLS

/* The application's side of a bytestream: a pipe, and what is owed to the peer for the bytes the
 * application has not read yet. */
typedef struct _JxsIbbPort JxsIbbPort;

/* Bytes received and not read by the application. Above the first bound acknowledgements are
 * withheld, which stops a sender whose window is bounded. The others stop one that does not wait
 * for acknowledgements from filling our memory: the bytes, and the number of blocks, as a block of
 * one byte costs a stanza. */
#define JXS_IBB_RECEIVE_SOFT (256 * 1024)
#define JXS_IBB_RECEIVE_HARD (2 * 1024 * 1024)
#define JXS_IBB_RECEIVE_MAX_BLOCKS 1024

typedef struct
{
  void (*readable) (gpointer user_data);                    /* jxs_ibb_port_read() may succeed */
  void (*acknowledge) (JxsElement *iq, gpointer user_data); /* this block was taken */
  void (*gone) (gpointer user_data); /* the application closed its end altogether */
} JxsIbbPortFuncs;

/* app_end (out) (transfer full): a JxsSocketStream. */
JxsIbbPort *jxs_ibb_port_new (const JxsIbbPortFuncs *funcs,
                              gpointer user_data,
                              GIOStream **app_end,
                              GError **error);
/* Whether a block of this size can still be kept. */
gboolean jxs_ibb_port_has_room (JxsIbbPort *self, gsize size);
/* iq (nullable): to be acknowledged, now or when the application has read enough. */
void jxs_ibb_port_deliver (JxsIbbPort *self, GBytes *bytes, JxsElement *iq);
/* As jxs_pump_read(). */
gssize jxs_ibb_port_read (JxsIbbPort *self, guint8 *buffer, gsize size);
/* After what was delivered the application reads the end of file; what comes is dropped. */
void jxs_ibb_port_end (JxsIbbPort *self);
/* The application's writes fail from now on, and what is owed is acknowledged. reason (nullable):
 * what its writes, and its reads after what was delivered, fail with. */
void jxs_ibb_port_shut (JxsIbbPort *self, const GError *reason);
void jxs_ibb_port_free (JxsIbbPort *self);

G_END_DECLS
