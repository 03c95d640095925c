/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/jingle/jxs-transport-private.h>

G_BEGIN_DECLS

/* In-band bytestreams (XEP-0261, XEP-0047). */
#define JXS_TYPE_IBB_TRANSPORT (jxs_ibb_transport_get_type ())
G_DECLARE_FINAL_TYPE (JxsIbbTransport, jxs_ibb_transport, JXS, IBB_TRANSPORT, JxsTransport)

/* namespaces urn:xmpp:jingle:transports:ibb:1 (and older ones accepted), preference 0. */
extern const JxsTransportFactory jxs_ibb_transport_factory;

typedef struct
{
  guint block_size;    /* negotiated maximum, bytes before base64 */
  guint window;        /* blocks in flight allowed now */
  guint current_block; /* bytes per block chosen now */
  guint in_flight;     /* blocks without an answer */
  gint64 rtt_us;       /* smoothed */
  guint64 bytes_sent;  /* acknowledged */
  guint64 bytes_received;
} JxsIbbStats;

void jxs_ibb_transport_get_stats (JxsIbbTransport *self, JxsIbbStats *stats);
/* Benches and tests: fixed window and block size, 0 for adaptive. */
void jxs_ibb_transport_set_fixed (JxsIbbTransport *self, guint window, guint block_size);

G_END_DECLS
