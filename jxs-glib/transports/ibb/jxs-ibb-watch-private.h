/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/channel/jxs-router-private.h>

G_BEGIN_DECLS

/* Watches a peer that owes answers. When none has come for JXS_IBB_STALL_MS it is asked whether it
 * is still there, as it may well be that its application just does not read: silence alone ends
 * nothing. */
typedef struct _JxsIbbWatch JxsIbbWatch;

#define JXS_IBB_STALL_MS 60000
#define JXS_IBB_PROBE_MS 30000

typedef struct
{
  gboolean (*is_waiting) (gpointer user_data); /* whether the peer owes answers */
  void (*stalled) (gpointer user_data);        /* no answer for long; the peer is asked now */
  void (*gone) (const GError *error, gpointer user_data); /* and did not say that it is there */
} JxsIbbWatchFuncs;

JxsIbbWatch *jxs_ibb_watch_new (JxsRouter *router,
                                JxsJid *peer,
                                const JxsIbbWatchFuncs *funcs,
                                gpointer user_data);
/* The peer owes an answer from now on. */
void jxs_ibb_watch_start (JxsIbbWatch *self);
/* An answer came. */
void jxs_ibb_watch_progress (JxsIbbWatch *self);
/* funcs are not called any more, until started again. */
void jxs_ibb_watch_stop (JxsIbbWatch *self);
void jxs_ibb_watch_free (JxsIbbWatch *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JxsIbbWatch, jxs_ibb_watch_free)

G_END_DECLS
