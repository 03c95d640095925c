/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Hands out a client's certificate when the server asks for it, and so knows whether it did. For
 * one connection, in the thread-default main context. */
#define JXS_TYPE_TLS_INTERACTION (jxs_tls_interaction_get_type ())
G_DECLARE_FINAL_TYPE (JxsTlsInteraction, jxs_tls_interaction, JXS, TLS_INTERACTION, GTlsInteraction)

JxsTlsInteraction *jxs_tls_interaction_new (GTlsCertificate *certificate);
/* Once the handshake is done. */
gboolean jxs_tls_interaction_was_asked (JxsTlsInteraction *self);

G_END_DECLS
