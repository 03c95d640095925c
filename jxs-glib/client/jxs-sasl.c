/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/client/jxs-sasl-private.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* Best first. */
static const struct
{
  const char *name;
  gboolean plus;
} mechanisms[] = {
  { "SCRAM-SHA-256-PLUS", TRUE },
  { "SCRAM-SHA-1-PLUS", TRUE },
  { "SCRAM-SHA-256", FALSE },
  { "SCRAM-SHA-1", FALSE },
};

static gboolean
is_offered (JxsElement *list, const char *name)
{
  for (JxsElement *child = jxs_element_get_first_child (list); child != NULL;
       child = jxs_element_get_next_sibling (child))
    if (jxs_element_is (child, "mechanism", JXS_NS_SASL) &&
        g_str_equal (jxs_element_get_text (child), name))
      return TRUE;
  return FALSE;
}

/* Whether the server binds channels as we can (XEP-0440). One that does not say how is asked for
 * what was meant before others existed. */
static gboolean
is_binding_offered (JxsElement *features, JxsSaslBinding binding)
{
  JxsElement *list = jxs_element_find_child (features, "sasl-channel-binding", JXS_NS_SASL_CB);
  const char *name = binding == JXS_SASL_BINDING_TLS_UNIQUE ? "tls-unique" : "tls-exporter";

  if (binding == JXS_SASL_BINDING_NONE)
    return FALSE;
  if (list == NULL)
    return binding == JXS_SASL_BINDING_TLS_UNIQUE;
  for (JxsElement *child = jxs_element_get_first_child (list); child != NULL;
       child = jxs_element_get_next_sibling (child))
    if (jxs_element_is (child, "channel-binding", JXS_NS_SASL_CB) &&
        g_strcmp0 (jxs_element_get_attribute (child, "type"), name) == 0)
      return TRUE;
  return FALSE;
}

const char *
jxs_sasl_choose (JxsElement *features,
                 gboolean encrypted,
                 JxsSaslBinding binding,
                 JxsSaslBinding *use)
{
  JxsElement *list = jxs_element_find_child (features, "mechanisms", JXS_NS_SASL);
  gboolean can_bind = is_binding_offered (features, binding);
  gboolean plus_offered = FALSE;

  *use = JXS_SASL_BINDING_NONE;
  if (list == NULL)
    return NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (mechanisms); i++)
    {
      if (!is_offered (list, mechanisms[i].name))
        continue;
      if (mechanisms[i].plus)
        plus_offered = TRUE;
      if (mechanisms[i].plus && !can_bind)
        continue;
      if (mechanisms[i].plus || !plus_offered)
        *use = binding;
      return mechanisms[i].name;
    }
  return encrypted && is_offered (list, "PLAIN") ? "PLAIN" : NULL;
}

GError *
jxs_sasl_parse_failure (JxsElement *failure, const char *jid)
{
  g_autofree char *said = NULL;
  g_autofree char *message = NULL;

  switch (jxs_sasl_failure_parse (failure, &said))
    {
    case JXS_SASL_ERROR_NOT_AUTHORIZED:
      message = g_strdup_printf (_ ("The password for “%s” was not accepted"), jid);
      break;
    case JXS_SASL_ERROR_ACCOUNT_DISABLED:
      message = g_strdup_printf (_ ("The account “%s” is disabled"), jid);
      break;
    case JXS_SASL_ERROR_CREDENTIALS_EXPIRED:
      message = g_strdup_printf (_ ("The password for “%s” has expired"), jid);
      break;
    case JXS_SASL_ERROR_TEMPORARY_AUTH_FAILURE:
      message = g_strdup_printf (_ ("The server cannot check the password for “%s” now"), jid);
      break;
    default:
      message = g_strdup_printf (_ ("The server refused to authenticate “%s”"), jid);
    }
  return g_error_new (JXS_ERROR, JXS_ERROR_AUTHENTICATION, "%s (%s)", message, said);
}
