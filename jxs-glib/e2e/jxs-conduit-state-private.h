/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/e2e/jxs-conduit-private.h>

G_BEGIN_DECLS

/* What the two streams of a conduit share. */

enum
{
  JXS_CONDUIT_READING,
  JXS_CONDUIT_WRITING,
};

struct _JxsConduit
{
  gatomicrefcount refs;
  GIOStream *stream;     /* (owned) */
  GInputStream *input;   /* (unowned): of stream */
  GOutputStream *output; /* (unowned): of stream */
  GMainContext *context; /* (owned) */
  GCancellable *over;    /* (owned): an event for all threads: no reason to wait any more */
  GCancellable *shut;    /* (owned): likewise: the connection is closed */
  gboolean half_close;   /* the peer can be told of the end of our direction alone */
  gboolean received;     /* a byte of the peer was read; the reader's thread only */

  GMutex lock;
  GSource *hold;       /* (owned) (nullable): running while an unexplained end waits */
  gboolean held[2];    /* of reading, of writing: which of them met that end */
  GError *reason;      /* (owned) (nullable): why the session is over */
  GError *failures[2]; /* (owned) (nullable): of reading, of writing: they stay */
  GError *shut_error;  /* (owned) (nullable) */
  gboolean session_over;
  gboolean broken; /* the transport below went away */
  gboolean peer_eof;
  gboolean peer_first; /* before our output was closed */
  gboolean output_closed;
};

/* Whether the direction is still in use; a failure stays. */
gboolean jxs_conduit_check_usable (JxsConduit *self, guint direction, GError **error);
/* An end of this direction waits for its reason; the other one goes on. */
gboolean jxs_conduit_is_holding (JxsConduit *self, guint direction);
/* Turns what the stream below said into what the application gets. problem: (transfer full)
 * (nullable): none is the end of file of a read. -1 with G_IO_ERROR_WOULD_BLOCK: once more later.
 */
gssize jxs_conduit_judge (JxsConduit *self,
                          guint direction,
                          GError *problem,
                          gboolean blocking,
                          GCancellable *cancellable,
                          GError **error);

G_END_DECLS
