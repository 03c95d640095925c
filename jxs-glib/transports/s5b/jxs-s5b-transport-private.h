/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/jingle/jxs-transport-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-service-private.h>

G_BEGIN_DECLS

/* SOCKS5 bytestreams (XEP-0260): the shell of JxsS5bMachine. Preference 100. */
#define JXS_TYPE_S5B_TRANSPORT (jxs_s5b_transport_get_type ())
G_DECLARE_FINAL_TYPE (JxsS5bTransport, jxs_s5b_transport, JXS, S5B_TRANSPORT, JxsTransport)

JxsTransport *jxs_s5b_transport_create (JxsRouter *router,
                                        JxsJid *peer,
                                        gboolean initiator,
                                        const char *namespace_uri,
                                        gpointer service);

G_END_DECLS
