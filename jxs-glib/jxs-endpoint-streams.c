/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/jxs-endpoint-private.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-error.h>

enum
{
  VERIFICATION,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

void
jxs_endpoint_install_streams (GObjectClass *object_class)
{
  /**
   * JxsEndpoint::verification:
   * @self: the endpoint
   * @verification: what the peer began
   *
   * A peer's person wants to compare a short string with ours, to make sure that a stream leads to
   * the right one: show it when it is there. While no handler is connected the peer is told that
   * nobody is here.
   *
   * Since: 1.0
   */
  signals[VERIFICATION] = g_signal_new ("verification",
                                        G_OBJECT_CLASS_TYPE (object_class),
                                        G_SIGNAL_RUN_LAST,
                                        0,
                                        NULL,
                                        NULL,
                                        NULL,
                                        G_TYPE_NONE,
                                        1,
                                        JXS_TYPE_VERIFICATION);
}

void
jxs_endpoint_attend_stream (JxsEndpoint *self, JxsXmlStream *stream, JxsConnection *connection)
{
}

/**
 * jxs_endpoint_verify_stream:
 * @self: an endpoint
 * @stream: an open stream of this endpoint
 * @error: return location for an error
 *
 * Begins to verify the peer of @stream: both persons get the same short string to compare. Call it
 * when our person asks for it.
 *
 * When both sides begin at the same moment it is one verification for both: the begin of who opened
 * @stream counts, and the object of the other one goes on with it.
 *
 * Fails with %JXS_ERROR_INVALID_ARGUMENT if @stream is none of this endpoint's, %JXS_ERROR_CLOSED
 * if it is not open any more, %JXS_ERROR_NOT_SUPPORTED if it is not encrypted with a certificate on
 * both sides (after a password there is nothing left to verify), %JXS_ERROR_BUSY if a verification
 * runs on it, %JXS_ERROR_LIMIT after three on @stream.
 *
 * Returns: (transfer full): the verification
 *
 * Since: 1.0
 */
JxsVerification *
jxs_endpoint_verify_stream (JxsEndpoint *self, JxsXmlStream *stream, GError **error)
{
  g_return_val_if_fail (JXS_IS_ENDPOINT (self), NULL);
  g_return_val_if_fail (JXS_IS_XML_STREAM (stream), NULL);

  g_set_error_literal (error,
                       JXS_ERROR,
                       JXS_ERROR_NOT_SUPPORTED,
                       _ ("The stream is not encrypted with a certificate on both sides"));
  return NULL;
}
