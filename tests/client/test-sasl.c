/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/client/jxs-sasl-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#define MECH(name) "<mechanism>" name "</mechanism>"
#define ALL                                                                                        \
  MECH ("PLAIN")                                                                                   \
  MECH ("SCRAM-SHA-1")                                                                             \
  MECH ("SCRAM-SHA-1-PLUS")                                                                        \
  MECH ("SCRAM-SHA-256")                                                                           \
  MECH ("SCRAM-SHA-256-"                                                                           \
        "PLUS")
#define BINDINGS(inner)                                                                            \
  "<sasl-channel-binding xmlns='" JXS_NS_SASL_CB "'>" inner "</sasl-channel-binding>"
#define BINDING(type) "<channel-binding type='" type "'/>"

static JxsElement *
make_element (const char *xml)
{
  g_autoptr (GError) error = NULL;
  JxsElement *element = jxs_element_new_from_string (xml, &error);

  g_assert_no_error (error);
  return element;
}

static const struct
{
  const char *mechanisms;
  const char *bindings;
  gboolean encrypted;
  JxsSaslBinding ours;
  const char *chosen;
  JxsSaslBinding use;
} choices[] = {
  /* The best we can. */
  { ALL,
    BINDINGS (BINDING ("tls-exporter")),
    TRUE,
    JXS_SASL_BINDING_TLS_EXPORTER,
    "SCRAM-SHA-256-PLUS",
    JXS_SASL_BINDING_TLS_EXPORTER },
  { MECH ("SCRAM-SHA-1-PLUS") MECH ("SCRAM-SHA-256"),
    BINDINGS (BINDING ("tls-server-end-point") BINDING ("tls-exporter")),
    TRUE,
    JXS_SASL_BINDING_TLS_EXPORTER,
    "SCRAM-SHA-1-PLUS",
    JXS_SASL_BINDING_TLS_EXPORTER },
  { ALL, "", TRUE, JXS_SASL_BINDING_TLS_UNIQUE, "SCRAM-SHA-256-PLUS", JXS_SASL_BINDING_TLS_UNIQUE },
  /* No kind of binding in common: an honest server takes no offence at that. */
  { ALL, "", TRUE, JXS_SASL_BINDING_TLS_EXPORTER, "SCRAM-SHA-256", JXS_SASL_BINDING_NONE },
  { ALL,
    BINDINGS (BINDING ("tls-server-end-point")),
    TRUE,
    JXS_SASL_BINDING_TLS_EXPORTER,
    "SCRAM-SHA-256",
    JXS_SASL_BINDING_NONE },
  { ALL,
    BINDINGS (BINDING ("tls-exporter")),
    TRUE,
    JXS_SASL_BINDING_TLS_UNIQUE,
    "SCRAM-SHA-256",
    JXS_SASL_BINDING_NONE },
  { ALL, "", FALSE, JXS_SASL_BINDING_NONE, "SCRAM-SHA-256", JXS_SASL_BINDING_NONE },
  /* The server binds nothing, it says, and we could (RFC 5802 §6). */
  { MECH ("SCRAM-SHA-1") MECH ("PLAIN"),
    "",
    TRUE,
    JXS_SASL_BINDING_TLS_EXPORTER,
    "SCRAM-SHA-1",
    JXS_SASL_BINDING_TLS_EXPORTER },
  /* The password itself: to nobody but a server that is known. */
  { MECH ("PLAIN"), "", TRUE, JXS_SASL_BINDING_TLS_EXPORTER, "PLAIN", JXS_SASL_BINDING_NONE },
  { MECH ("PLAIN"), "", FALSE, JXS_SASL_BINDING_NONE, NULL, JXS_SASL_BINDING_NONE },
  { MECH ("DIGEST-MD5") MECH ("EXTERNAL") MECH ("scram-sha-1"),
    "",
    TRUE,
    JXS_SASL_BINDING_NONE,
    NULL,
    JXS_SASL_BINDING_NONE },
  { "", "", TRUE, JXS_SASL_BINDING_NONE, NULL, JXS_SASL_BINDING_NONE },
};

static void
test_choose (void)
{
  g_autoptr (JxsElement) nothing = jxs_element_new ("features", JXS_NS_STREAMS);
  JxsSaslBinding use;

  for (gsize i = 0; i < G_N_ELEMENTS (choices); i++)
    {
      g_autofree char *xml =
          g_strdup_printf ("<features xmlns='" JXS_NS_STREAMS "'><mechanisms xmlns='" JXS_NS_SASL
                           "'>%s</mechanisms>%s</features>",
                           choices[i].mechanisms,
                           choices[i].bindings);
      g_autoptr (JxsElement) features = make_element (xml);

      g_test_message ("%" G_GSIZE_FORMAT, i);
      g_assert_cmpstr (jxs_sasl_choose (features, choices[i].encrypted, choices[i].ours, &use),
                       ==,
                       choices[i].chosen);
      g_assert_cmpint (use, ==, choices[i].use);
    }
  g_assert_null (jxs_sasl_choose (nothing, TRUE, JXS_SASL_BINDING_TLS_EXPORTER, &use));
}

static void
test_failure (void)
{
  static const struct
  {
    const char *inner;
    const char *part;
  } failures[] = {
    { "<not-authorized/>", "password" },
    { "<account-disabled/>", "disabled" },
    { "<credentials-expired/>", "expired" },
    { "<temporary-auth-failure/>", "now" },
    { "<aborted/>", "aborted" },
    { "<not-authorized/><text>Sorry\x7f, \xc2\x85no</text>", "Sorry" },
    { "", "refused" },
    { "<odd xmlns='urn:odd'/>", "refused" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (failures); i++)
    {
      g_autofree char *xml =
          g_strdup_printf ("<failure xmlns='" JXS_NS_SASL "'>%s</failure>", failures[i].inner);
      g_autoptr (JxsElement) element = make_element (xml);
      g_autoptr (GError) error = jxs_sasl_parse_failure (element, "romeo@example.test");

      g_test_message ("%s", error->message);
      g_assert_error (error, JXS_ERROR, JXS_ERROR_AUTHENTICATION);
      g_assert_nonnull (strstr (error->message, "romeo@example.test"));
      g_assert_nonnull (strstr (error->message, failures[i].part));
      g_assert_null (strchr (error->message, '\x7f'));
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/client/sasl/choose", test_choose);
  g_test_add_func ("/client/sasl/failure", test_failure);

  return g_test_run ();
}
