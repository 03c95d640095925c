/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "jxs-tls-session-private.h"

G_BEGIN_DECLS

/* The two streams of a JxsTlsConnection. Closing one closes that direction of base; the output says
 * close_notify before. */
GInputStream *jxs_tls_input_new (JxsTlsSession *session);
GOutputStream *jxs_tls_output_new (JxsTlsSession *session);

G_END_DECLS
