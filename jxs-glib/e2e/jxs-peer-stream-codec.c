/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/e2e/jxs-peer-stream-codec-private.h>

#include <jxs-glib/xml/jxs-namespaces-private.h>

JxsElement *
jxs_peer_stream_build_tls_features (JxsElement *offer)
{
  JxsElement *features = jxs_element_new ("features", JXS_NS_STREAMS);
  JxsElement *starttls = jxs_element_append (features, "starttls", JXS_NS_TLS);

  jxs_element_append (starttls, "required", NULL);
  if (offer != NULL)
    jxs_element_add_child (starttls, offer);
  return features;
}

JxsElement *
jxs_peer_stream_build_features (const char *mechanism)
{
  JxsElement *features = jxs_element_new ("features", JXS_NS_STREAMS);

  if (mechanism != NULL)
    {
      JxsElement *mechanisms = jxs_element_append (features, "mechanisms", JXS_NS_SASL);

      jxs_element_add_text (jxs_element_append (mechanisms, "mechanism", NULL), mechanism);
      if (g_str_has_suffix (mechanism, "-PLUS"))
        {
          JxsElement *bindings =
              jxs_element_append (features, "sasl-channel-binding", JXS_NS_SASL_CB);

          jxs_element_set_attribute (jxs_element_append (bindings, "channel-binding", NULL),
                                     "type",
                                     "tls-exporter");
        }
    }
  return features;
}

JxsElement *
jxs_peer_stream_build_tls (const char *name, JxsElement *offer)
{
  JxsElement *element = jxs_element_new (name, JXS_NS_TLS);

  if (offer != NULL)
    jxs_element_add_child (element, offer);
  return element;
}

JxsElement *
jxs_peer_stream_build_sasl (const char *name, const char *mechanism, const char *text)
{
  JxsElement *element = jxs_element_new (name, JXS_NS_SASL);

  if (mechanism != NULL)
    jxs_element_set_attribute (element, "mechanism", mechanism);
  if (text != NULL)
    jxs_element_add_text (element, text);
  return element;
}

void
jxs_peer_stream_parse_features (JxsElement *features, JxsPeerStreamFeatures *parsed)
{
  *parsed = (JxsPeerStreamFeatures){ NULL };
  for (JxsElement *child = jxs_element_get_first_child (features); child != NULL;
       child = jxs_element_get_next_sibling (child))
    if (jxs_element_is (child, "starttls", JXS_NS_TLS))
      parsed->starttls = child;
    else if (jxs_element_is (child, "mechanisms", JXS_NS_SASL))
      parsed->mechanisms = child;
    else if (parsed->required == NULL && jxs_element_find_child (child, "required", NULL) != NULL)
      parsed->required = child;
}

gboolean
jxs_peer_stream_has_mechanism (JxsElement *mechanisms, const char *mechanism)
{
  for (JxsElement *child = mechanisms != NULL ? jxs_element_get_first_child (mechanisms) : NULL;
       child != NULL;
       child = jxs_element_get_next_sibling (child))
    if (jxs_element_is (child, "mechanism", JXS_NS_SASL) &&
        g_str_equal (jxs_element_get_text (child), mechanism))
      return TRUE;
  return FALSE;
}

JxsElement *
jxs_peer_stream_get_offer (JxsElement *element)
{
  return jxs_element_find_child (element, "offer", JXS_NS_TMP_C2CTLS);
}

gboolean
jxs_peer_stream_is_weak_mechanism (const char *mechanism)
{
  static const char *const names[] = {
    "ANONYMOUS", "CRAM-MD5",    "DIGEST-MD5",    "EXTERNAL",         "LOGIN",
    "PLAIN",     "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", NULL,
  };

  return mechanism != NULL && g_strv_contains (names, mechanism);
}
