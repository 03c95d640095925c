/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/channel/jxs-channel.h>

G_BEGIN_DECLS

/* One of two channels between which somebody sits who sees every stanza, and decides what becomes
 * of it. Without him they are what a server is: the sender's address is stamped on what it sends,
 * and everything arrives in order, from the main loop. */
#define HOSTILE_TYPE_CHANNEL (hostile_channel_get_type ())
G_DECLARE_FINAL_TYPE (HostileChannel, hostile_channel, HOSTILE, CHANNEL, GObject)

/* from sent stanza, its nth (from 0); it goes no further unless passed on. stanza is a copy that
 * may be changed and kept. */
typedef void (*HostileFunc) (HostileChannel *from, guint n, JxsElement *stanza, gpointer user_data);

void hostile_channel_new_pair (JxsJid *first_jid,
                               JxsJid *second_jid,
                               HostileFunc func,
                               gpointer user_data,
                               HostileChannel **first,
                               HostileChannel **second);
/* (transfer none) (nullable): NULL once it is gone */
HostileChannel *hostile_channel_get_other (HostileChannel *self);
/* Lets self receive stanza, whoever it is from. */
void hostile_channel_pass (HostileChannel *self, JxsElement *stanza);
/* A copy of stanza in which the parts that match are replaced, as by g_regex_replace(); NULL if
 * none matches. Attackers work on text. */
JxsElement *hostile_rewrite (JxsElement *stanza, const char *pattern, const char *replacement);

G_END_DECLS
