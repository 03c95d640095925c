/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-security-policy-private.h>

static void
notify_cb (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  g_string_append_printf (user_data, "%s ", pspec->name);
}

/* What doc/security.md says. */
static void
test_defaults (void)
{
  g_autoptr (JxsSecurityPolicy) policy = jxs_security_policy_new ();

  g_assert_true (jxs_security_policy_get_require_encryption (policy));
  g_assert_cmpint (jxs_security_policy_get_minimum_trust_opening (policy),
                   ==,
                   JXS_TRUST_LEVEL_FIRST_USE);
  g_assert_cmpint (jxs_security_policy_get_minimum_trust_accepting (policy),
                   ==,
                   JXS_TRUST_LEVEL_FIRST_USE);
  g_assert_cmpint (jxs_security_policy_get_methods (policy), ==, JXS_SECURITY_METHODS_ALL);
  g_assert_null (jxs_security_policy_get_authorities (policy));
}

static void
test_properties (void)
{
  g_autoptr (JxsSecurityPolicy) policy = jxs_security_policy_new ();
  g_autoptr (GTlsDatabase) database =
      g_tls_backend_get_default_database (g_tls_backend_get_default ());
  g_autoptr (GTlsDatabase) got = NULL;
  g_autoptr (GString) told = g_string_new (NULL);
  gboolean require = TRUE;
  JxsTrustLevel opening = JXS_TRUST_LEVEL_DISTRUSTED;
  JxsTrustLevel accepting = JXS_TRUST_LEVEL_DISTRUSTED;
  JxsSecurityMethods methods = JXS_SECURITY_METHODS_ALL;

  g_signal_connect (policy, "notify", G_CALLBACK (notify_cb), told);
  for (guint i = 0; i < 2; i++) /* the second time nothing changes */
    {
      g_object_set (policy, "require-encryption", FALSE, NULL);
      g_object_set (policy, "minimum-trust-opening", JXS_TRUST_LEVEL_PINNED, NULL);
      g_object_set (policy, "minimum-trust-accepting", JXS_TRUST_LEVEL_VERIFIED, NULL);
      g_object_set (policy, "methods", JXS_SECURITY_METHODS_SRP, NULL);
      g_object_set (policy, "authorities", database, NULL);
    }
  g_assert_cmpstr (told->str,
                   ==,
                   "require-encryption minimum-trust-opening minimum-trust-accepting methods "
                   "authorities ");
  g_object_get (policy,
                "require-encryption",
                &require,
                "minimum-trust-opening",
                &opening,
                "minimum-trust-accepting",
                &accepting,
                "methods",
                &methods,
                "authorities",
                &got,
                NULL);
  g_assert_false (require);
  g_assert_cmpint (opening, ==, JXS_TRUST_LEVEL_PINNED);
  g_assert_cmpint (accepting, ==, JXS_TRUST_LEVEL_VERIFIED);
  g_assert_cmpint (methods, ==, JXS_SECURITY_METHODS_SRP);
  g_assert_true (got == database);
}

/* A session keeps what held when it began. */
static void
test_copy (void)
{
  g_autoptr (JxsSecurityPolicy) policy = jxs_security_policy_new ();
  g_autoptr (JxsSecurityPolicy) copy = NULL;

  jxs_security_policy_set_minimum_trust_opening (policy, JXS_TRUST_LEVEL_VERIFIED);
  copy = jxs_security_policy_copy (policy);
  jxs_security_policy_set_minimum_trust_opening (policy, JXS_TRUST_LEVEL_FIRST_USE);
  jxs_security_policy_set_require_encryption (policy, FALSE);
  jxs_security_policy_set_methods (policy, JXS_SECURITY_METHODS_NONE);
  g_assert_cmpint (jxs_security_policy_get_minimum_trust (copy, TRUE),
                   ==,
                   JXS_TRUST_LEVEL_VERIFIED);
  g_assert_cmpint (jxs_security_policy_get_minimum_trust (copy, FALSE),
                   ==,
                   JXS_TRUST_LEVEL_FIRST_USE);
  g_assert_true (jxs_security_policy_get_require_encryption (copy));
  g_assert_cmpint (jxs_security_policy_get_methods (copy), ==, JXS_SECURITY_METHODS_ALL);
}

/* A minimum below FIRST_USE would mean no authentication at all: a mistake of the application. */
static void
test_no_minimum (void)
{
  if (g_test_subprocess ())
    {
      g_autoptr (JxsSecurityPolicy) policy = jxs_security_policy_new ();

      jxs_security_policy_set_minimum_trust_accepting (policy, JXS_TRUST_LEVEL_UNKNOWN);
      return;
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*is_minimum*");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/security/security-policy/defaults", test_defaults);
  g_test_add_func ("/security/security-policy/properties", test_properties);
  g_test_add_func ("/security/security-policy/copy", test_copy);
  g_test_add_func ("/security/security-policy/no-minimum", test_no_minimum);
  return g_test_run ();
}
