/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/channel/jxs-router-private.h>
#include <jxs-glib/transports/ibb/jxs-ibb-machine-private.h>

G_BEGIN_DECLS

/* Between the machine's terms and GErrors. */

/* reason (nullable): what the last bad answer said. */
GError *jxs_ibb_failure_to_error (JxsIbbFailure failure, const GError *reason);
/* iq (nullable): what came in a message is not answered. */
void jxs_ibb_reply (JxsRouter *router, JxsElement *iq, JxsIbbReply reply);
/* What a bad answer to a packet of ours amounts to. answer (nullable): the stanza, if there is
 * one. */
JxsIbbFault jxs_ibb_answer_to_fault (const GError *error, JxsElement *answer);

G_END_DECLS
