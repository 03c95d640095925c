/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/jingle/jxs-transport-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-service-private.h>

G_BEGIN_DECLS

/* Of the peer, in all bytestreams of a session together; stops one that replaces them to make us
 * dial more. */
#define JXS_S5B_MAX_CANDIDATES_IN_SESSION 64

/* SOCKS5 bytestreams (XEP-0260): the shell of JxsS5bMachine. Preference 100.
 *
 * Events for the time line, layer "s5b", all with peer, stream (its sid), duration-us (-1: of no
 * interest) and error; those about a candidate also with local (whether it is ours), kind, host,
 * port, priority:
 * "candidate-offered", "candidate-received", "skipped" (the address policy, or there are too many);
 * "dialling", then "open" or "dial-failed" (duration); "incoming" and "incoming-lost" (at our
 * listener); "lost" (an open one); "used-sent", "used-received", "error-sent", "error-received";
 * "nominated"; "proxy-dialling", then "proxy-open" or "proxy-failed", "activating", "activated",
 * "activated-sent", "activated-received", "proxy-error-sent", "proxy-error-received"; at the end
 * "ready" or "failed" (duration from the acceptance on).
 *
 * Nothing is dialled before connect_async(). Under JXS_ADDRESS_POLICY_RELAY_ONLY only proxies are
 * dialled that we know ourselves. A bytestream with another sid is not known: item-not-found. */
#define JXS_TYPE_S5B_TRANSPORT (jxs_s5b_transport_get_type ())
G_DECLARE_FINAL_TYPE (JxsS5bTransport, jxs_s5b_transport, JXS, S5B_TRANSPORT, JxsTransport)

JxsTransport *jxs_s5b_transport_create (JxsRouter *router,
                                        JxsJid *peer,
                                        gboolean initiator,
                                        const char *namespace_uri,
                                        gpointer service);

G_END_DECLS
