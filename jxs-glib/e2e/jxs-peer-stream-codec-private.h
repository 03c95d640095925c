/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/xml/jxs-element.h>

G_BEGIN_DECLS

/* The elements by which a stream is negotiated (RFC 6120 §5, §6; XEP-0250 §3.3). */

/* The receiver's features: TLS, which is required, with our offer (nullable); or one mechanism of
 * SASL (nullable); or nothing. All (transfer full). */
JxsElement *jxs_peer_stream_build_tls_features (JxsElement *offer);
JxsElement *jxs_peer_stream_build_features (const char *mechanism);
/* <starttls/>, <proceed/>; offer: (nullable) */
JxsElement *jxs_peer_stream_build_tls (const char *name, JxsElement *offer);
/* <auth/>, <challenge/>, <response/>, <success/>, <abort/>; mechanism, text: (nullable) */
JxsElement *jxs_peer_stream_build_sasl (const char *name, const char *mechanism, const char *text);

/* Elements are those of the features, nullable. */
typedef struct
{
  JxsElement *starttls;
  JxsElement *mechanisms;
  JxsElement *required; /* of anything else that has to be negotiated */
} JxsPeerStreamFeatures;

void jxs_peer_stream_parse_features (JxsElement *features, JxsPeerStreamFeatures *parsed);
gboolean jxs_peer_stream_has_mechanism (JxsElement *mechanisms, const char *mechanism);
/* Of the TLS elements. (transfer none) (nullable) */
JxsElement *jxs_peer_stream_get_offer (JxsElement *element);
/* Of <auth/>: one that is known, and weaker than any that we take. */
gboolean jxs_peer_stream_is_weak_mechanism (const char *mechanism);

G_END_DECLS
