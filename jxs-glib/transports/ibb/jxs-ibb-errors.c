/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-ibb-errors-private.h"

#include <glib/gi18n-lib.h>

GError *
jxs_ibb_failure_to_error (JxsIbbFailure failure, const GError *reason)
{
  const char *text = reason == NULL ? "?" : reason->message;

  switch (failure)
    {
    case JXS_IBB_FAILURE_REFUSED:
      return g_error_new (JXS_ERROR,
                          JXS_ERROR_CONNECTIVITY,
                          _ ("The in-band bytestream could not be opened: %s"),
                          text);
    case JXS_IBB_FAILURE_REJECTED:
      return g_error_new (JXS_ERROR,
                          JXS_ERROR_CONNECTIVITY,
                          _ ("The in-band bytestream broke, data were not accepted: %s"),
                          text);
    case JXS_IBB_FAILURE_GAP:
      return g_error_new (JXS_ERROR,
                          JXS_ERROR_CONNECTIVITY,
                          _ ("The in-band bytestream broke, data were lost on the way: %s"),
                          text);
    case JXS_IBB_FAILURE_RETRIES:
      return g_error_new (
          JXS_ERROR,
          JXS_ERROR_CONNECTIVITY,
          _ ("The in-band bytestream broke, data could not be delivered after %d attempts: %s"),
          JXS_IBB_RETRY_LIMIT + 1,
          text);
    case JXS_IBB_FAILURE_SEQUENCE:
      return g_error_new_literal (JXS_ERROR,
                                  JXS_ERROR_CONNECTIVITY,
                                  _ ("The in-band bytestream broke, data are missing"));
    case JXS_IBB_FAILURE_MALFORMED:
      return g_error_new_literal (JXS_ERROR,
                                  JXS_ERROR_PROTOCOL,
                                  _ ("The peer sent malformed in-band data"));
    case JXS_IBB_FAILURE_OVERFLOW:
      return g_error_new_literal (JXS_ERROR,
                                  JXS_ERROR_LIMIT,
                                  _ ("The peer sent more in-band data than can be kept"));
    case JXS_IBB_FAILURE_STALLED:
      return g_error_new (JXS_ERROR,
                          JXS_ERROR_TIMED_OUT,
                          _ ("The peer of the in-band bytestream does not answer: %s"),
                          text);
    case JXS_IBB_FAILURE_NONE:
    case JXS_IBB_FAILURE_ABORTED:
    default:
      return g_error_new_literal (JXS_ERROR, JXS_ERROR_CLOSED, _ ("The session ended"));
    }
}

void
jxs_ibb_reply (JxsRouter *router, JxsElement *iq, JxsIbbReply reply)
{
  static const struct
  {
    JxsStanzaError code;
    const char *what;
  } errors[] = {
    [JXS_IBB_REPLY_BAD_REQUEST] = { JXS_STANZA_ERROR_BAD_REQUEST,
                                    "Not base64, or more than the block size" },
    [JXS_IBB_REPLY_ITEM_NOT_FOUND] = { JXS_STANZA_ERROR_ITEM_NOT_FOUND, "No such bytestream" },
    [JXS_IBB_REPLY_NOT_ACCEPTABLE] = { JXS_STANZA_ERROR_NOT_ACCEPTABLE,
                                       "The bytestream cannot be opened now" },
    [JXS_IBB_REPLY_RESOURCE_CONSTRAINT] = { JXS_STANZA_ERROR_RESOURCE_CONSTRAINT,
                                            "More than what was agreed" },
    [JXS_IBB_REPLY_UNEXPECTED_REQUEST] = { JXS_STANZA_ERROR_UNEXPECTED_REQUEST,
                                           "Not the next packet" },
  };

  g_autoptr (GError) error = NULL;

  if (iq == NULL)
    return;
  if (reply == JXS_IBB_REPLY_RESULT)
    {
      jxs_router_reply_result (router, iq, NULL);
      return;
    }

  error = g_error_new_literal (JXS_STANZA_ERROR, (int) errors[reply].code, errors[reply].what);
  jxs_router_reply_error (router, iq, error, NULL);
}

/* Of type wait: it did not arrive, but may later (XEP-0047 §2.2). The three errors by which a
 * recipient refuses a packet are final whatever their type. */
JxsIbbFault
jxs_ibb_answer_to_fault (const GError *error, JxsElement *answer)
{
  JxsElement *element;

  if (answer == NULL || error->domain != JXS_STANZA_ERROR ||
      error->code == JXS_STANZA_ERROR_ITEM_NOT_FOUND ||
      error->code == JXS_STANZA_ERROR_UNEXPECTED_REQUEST ||
      error->code == JXS_STANZA_ERROR_BAD_REQUEST)
    return JXS_IBB_FAULT_REFUSED;

  element = jxs_element_find_child (answer, "error", NULL);
  if (element != NULL && g_strcmp0 (jxs_element_get_attribute (element, "type"), "wait") == 0)
    return JXS_IBB_FAULT_WAIT;

  return JXS_IBB_FAULT_REFUSED;
}
