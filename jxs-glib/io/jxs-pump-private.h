/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Joins one end of a pipe with callbacks, on the thread-default context of construction, both ways
 * bounded:
 *  - outbound (what the application wrote into the other end): pulled with jxs_pump_read(); while
 *    nobody pulls, nothing is read and the application's writes block;
 *  - inbound (towards the application): pushed with jxs_pump_write(); jxs_pump_get_queued() tells
 *    how much the application has not taken yet, `drained` when it falls.
 * End of file travels in both directions on its own. A plain refcount-less struct owned by one
 * shell. */
typedef struct _JxsPump JxsPump;

/* Each may be NULL, and may free the pump. None is called from inside a function of the pump. */
typedef struct
{
  /* Outbound bytes or the end of file can be pulled now (edge: called again only after a pull came
   * up short). */
  void (*readable) (JxsPump *pump, gpointer user_data);
  /* The inbound queue became smaller; also because the application is gone and it was dropped. */
  void (*drained) (JxsPump *pump, gpointer user_data);
  /* The application's end is gone (closed whole, or each direction for itself), and everything it
   * had written before was pulled, or it broke. error is NULL when it was closed, with or without
   * inbound bytes left. Once. */
  void (*closed) (JxsPump *pump, const GError *error, gpointer user_data);
} JxsPumpFuncs;

JxsPump *jxs_pump_new (GIOStream *end, const JxsPumpFuncs *funcs, gpointer user_data);
/* Non-blocking; > 0 bytes, 0 end of file (the application closed its output), -1 nothing now; or
 * broken, then `closed` follows. */
gssize jxs_pump_read (JxsPump *self, guint8 *buffer, gsize size);
/* Queues without limit: whoever pushes looks at jxs_pump_get_queued() and holds the peer back.
 * Dropped at once when the application is gone. */
void jxs_pump_write (JxsPump *self, GBytes *bytes);
gsize jxs_pump_get_queued (JxsPump *self);
/* After what is queued, the application reads the end of file. */
void jxs_pump_write_eof (JxsPump *self);
/* Delivers what is queued as far as it goes without waiting, then closes the end. */
void jxs_pump_free (JxsPump *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JxsPump, jxs_pump_free)

G_END_DECLS
