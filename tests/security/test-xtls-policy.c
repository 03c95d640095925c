/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "make-certificate.h"
#include "xtls-sides.h"

#include <string.h>

#include <glib/gstdio.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/security/jxs-memory-trust.h>

/* What the policy makes of certificates and of what trust says about them. */

typedef void (*SetMinimum) (JxsSecurityPolicy *policy, JxsTrustLevel level);

static void
pin (Side *side, Side *other, gboolean verified)
{
  g_autofree char *fingerprint =
      jxs_identity_get_fingerprint (other->config.identity, G_CHECKSUM_SHA256);
  g_autoptr (GError) error = NULL;

  jxs_memory_trust_pin (JXS_MEMORY_TRUST (side->config.trust),
                        jxs_security_get_peer_jid (side->security),
                        fingerprint,
                        verified,
                        &error);
  g_assert_no_error (error);
}

/* Each side has a minimum of its own, and what is below is refused for that reason. */
static void
test_minimum (Fixture *f, gconstpointer data)
{
  static const struct
  {
    JxsTrustLevel minimum;
    gboolean known;
    gboolean verified;
    JxsTrustLevel level; /* DISTRUSTED: refused */
  } cases[] = {
    { JXS_TRUST_LEVEL_FIRST_USE, FALSE, FALSE, JXS_TRUST_LEVEL_FIRST_USE },
    { JXS_TRUST_LEVEL_PINNED, FALSE, FALSE, JXS_TRUST_LEVEL_DISTRUSTED },
    { JXS_TRUST_LEVEL_PINNED, TRUE, FALSE, JXS_TRUST_LEVEL_PINNED },
    { JXS_TRUST_LEVEL_PINNED, TRUE, TRUE, JXS_TRUST_LEVEL_VERIFIED },
    { JXS_TRUST_LEVEL_VERIFIED, FALSE, FALSE, JXS_TRUST_LEVEL_DISTRUSTED },
    { JXS_TRUST_LEVEL_VERIFIED, TRUE, FALSE, JXS_TRUST_LEVEL_DISTRUSTED },
    { JXS_TRUST_LEVEL_VERIFIED, TRUE, TRUE, JXS_TRUST_LEVEL_VERIFIED },
  };

  for (guint opening = 0; opening < 2; opening++)
    for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
      {
        SetMinimum set = opening ? jxs_security_policy_set_minimum_trust_opening
                                 : jxs_security_policy_set_minimum_trust_accepting;
        Fixture fresh = { 0 };
        Side *side;
        Side *other;

        sides_set_up (&fresh, NULL);
        side = opening ? &fresh.initiator : &fresh.responder;
        other = opening ? &fresh.responder : &fresh.initiator;
        set (side->config.policy, cases[i].minimum);
        side_use_methods (side, JXS_SECURITY_METHODS_ALL);
        if (cases[i].known)
          pin (side, other, cases[i].verified);
        sides_negotiate (&fresh);
        sides_secure_both (&fresh);
        if (cases[i].level != JXS_TRUST_LEVEL_DISTRUSTED)
          side_assert_secure (side, other, cases[i].level);
        else
          side_assert_failed (side, JXS_ERROR, JXS_ERROR_UNTRUSTED);
        sides_tear_down (&fresh, NULL);
      }
}

/* A session keeps the policy of when it began. */
static void
test_later (Fixture *f, gconstpointer data)
{
  jxs_security_policy_set_minimum_trust_opening (f->initiator.config.policy,
                                                 JXS_TRUST_LEVEL_VERIFIED);
  jxs_security_policy_set_methods (f->initiator.config.policy, JXS_SECURITY_METHODS_NONE);
  sides_negotiate (f);
  sides_secure_both (f);
  side_assert_secure (&f->initiator, &f->responder, JXS_TRUST_LEVEL_FIRST_USE);
}

/* A certificate of somebody else, rightly announced: refused inside the handshake, and nobody is
 * asked. */
static void
test_other_address (Fixture *f, gconstpointer data)
{
  TestTrust *trust = g_object_new (TEST_TYPE_TRUST, NULL);
  g_autoptr (JxsJid) nurse = jxs_jid_new ("nurse@capulet.lit", NULL);
  g_autoptr (GError) error = NULL;

  side_use_trust (&f->initiator, trust);
  side_use_identity (&f->responder, jxs_identity_generate (nurse, JXS_KEY_TYPE_ECDSA_P256, &error));
  g_assert_no_error (error);
  sides_negotiate (f);
  sides_secure_both (f);
  side_assert_failed (&f->initiator, JXS_ERROR, JXS_ERROR_SECURITY);
  g_assert_nonnull (strstr (f->initiator.error->message, "nurse@capulet.lit"));
  g_assert_null (trust->request);
}

/* ---- authorities ---- */

static GTlsDatabase *
new_authorities (TestCertificate *root)
{
  g_autofree char *pem = test_certificate_to_pem (root, FALSE);
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  GTlsDatabase *database;
  int fd = g_file_open_tmp ("jxs-anchors-XXXXXX.pem", &path, &error);

  g_assert_no_error (error);
  g_close (fd, NULL);
  g_assert_true (g_file_set_contents (path, pem, -1, &error));
  database = g_tls_file_database_new (path, &error);
  g_assert_no_error (error);
  g_unlink (path);
  return database;
}

/* Whether one that the policy names has certified the address is told to whoever decides, and with
 * it what is wanted. */
static void
test_authority (Fixture *f, gconstpointer data)
{
  static const TestSpec root_spec = { .authority = TRUE, .usage = GNUTLS_KEY_KEY_CERT_SIGN };
  static const TestSpec leaf_spec = { .names = { { TEST_NAME_ADDRESS, "juliet@capulet.lit" } } };
  const gboolean right = GPOINTER_TO_INT (data);
  g_autoptr (TestCertificate) root = test_certificate_new (&root_spec, NULL);
  g_autoptr (TestCertificate) other = test_certificate_new (&root_spec, NULL);
  g_autoptr (TestCertificate) leaf = test_certificate_new (&leaf_spec, root);
  g_autoptr (GTlsDatabase) authorities = new_authorities (right ? root : other);
  g_autofree char *pem = test_certificate_to_pem (leaf, TRUE);
  TestTrust *trust = g_object_new (TEST_TYPE_TRUST, NULL);
  const JxsTrustOrigin origin = right ? JXS_TRUST_ORIGIN_AUTHORITY : JXS_TRUST_ORIGIN_NONE;
  g_autoptr (GError) error = NULL;

  jxs_security_policy_set_authorities (f->initiator.config.policy, authorities);
  jxs_security_policy_set_minimum_trust_opening (f->initiator.config.policy,
                                                 JXS_TRUST_LEVEL_VERIFIED);
  side_use_trust (&f->initiator, trust);
  side_use_identity (&f->responder, jxs_identity_new_from_pem (pem, &error));
  g_assert_no_error (error);
  sides_negotiate (f);
  side_secure (&f->initiator, NULL);
  side_secure (&f->responder, NULL);
  while (trust->request == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (jxs_trust_request_get_origin (trust->request), ==, origin);
  g_assert_cmpint (jxs_trust_request_get_level_wanted (trust->request),
                   ==,
                   JXS_TRUST_LEVEL_VERIFIED);
  jxs_trust_request_respond (trust->request,
                             right ? JXS_TRUST_LEVEL_VERIFIED : JXS_TRUST_LEVEL_FIRST_USE,
                             NULL);
  side_wait (&f->initiator);
  side_wait (&f->responder);
  if (!right)
    {
      side_assert_failed (&f->initiator, JXS_ERROR, JXS_ERROR_UNTRUSTED);
      return;
    }
  side_assert_secure (&f->initiator, &f->responder, JXS_TRUST_LEVEL_VERIFIED);
  g_assert_cmpint (jxs_xtls_security_get_trust_origin (side_get_xtls (&f->initiator)), ==, origin);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func, data)                                                                      \
  g_test_add ("/security/xtls-policy/" name, Fixture, data, sides_set_up, func, sides_tear_down)
  ADD ("minimum", test_minimum, NULL);
  ADD ("later", test_later, NULL);
  ADD ("other-address", test_other_address, NULL);
  ADD ("authority", test_authority, GINT_TO_POINTER (TRUE));
  ADD ("other-authority", test_authority, GINT_TO_POINTER (FALSE));
#undef ADD
  return g_test_run ();
}
