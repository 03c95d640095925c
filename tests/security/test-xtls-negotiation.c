/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "xtls-sides.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/security/jxs-memory-trust.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#define OPEN "<security xmlns='" JXS_NS_XTLS "'>"
#define CLOSE "</security>"
#define ZERO "0000000000000000000000000000000000000000"

/* jingle-xtls §4: what is sent is what the text shows, and the choice names one method. */
static void
test_elements (Fixture *f, gconstpointer data)
{
  g_autofree char *sha1 =
      jxs_identity_get_fingerprint (f->initiator.config.identity, G_CHECKSUM_SHA1);
  g_autoptr (JxsElement) offer = jxs_security_build (f->initiator.security);
  g_autoptr (JxsElement) answer = NULL;
  g_autoptr (JxsElement) choice =
      jxs_element_new_from_string ("<security xmlns='" JXS_NS_XTLS "'><method name='x509'/>"
                                   "</security>",
                                   NULL);
  JxsElement *fingerprint = jxs_element_find_child (offer, "fingerprint", JXS_NS_XTLS);
  JxsElement *method = jxs_element_find_child (offer, "method", JXS_NS_XTLS);
  JxsElement *hash = jxs_element_find_child (offer, "hash", JXS_NS_HASHES);
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (jxs_element_get_text (fingerprint), ==, sha1);
  g_assert_cmpstr (jxs_element_get_attribute (method, "name"), ==, "x509");
  g_assert_cmpstr (jxs_element_get_attribute (hash, "algo"), ==, "sha-256");
  g_assert_cmpuint (jxs_element_get_n_children (offer), ==, 3);

  g_assert_true (jxs_security_set_remote (f->responder.security, offer, &error));
  answer = jxs_security_build (f->responder.security);
  g_assert_true (jxs_security_set_remote (f->initiator.security, answer, &error));
  g_assert_true (jxs_element_equal (f->initiator.info, choice));
}

static void
assert_info_refused (Side *side, const char *xml, int code)
{
  g_autoptr (JxsElement) element = jxs_element_new_from_string (xml, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (element);
  g_assert_false (jxs_security_handle_info (side->security, element, &error));
  g_assert_error (error, JXS_STANZA_ERROR, code);
}

static void
test_bad_choice (Fixture *f, gconstpointer data)
{
  assert_info_refused (&f->responder,
                       OPEN "<method name='x509'/>" CLOSE,
                       JXS_STANZA_ERROR_UNEXPECTED_REQUEST);
  sides_negotiate (f);
  assert_info_refused (&f->responder,
                       OPEN "<method name='srp'/>" CLOSE,
                       JXS_STANZA_ERROR_NOT_ACCEPTABLE);
  assert_info_refused (&f->responder, OPEN CLOSE, JXS_STANZA_ERROR_NOT_ACCEPTABLE);
  assert_info_refused (&f->responder, OPEN "<method/>" CLOSE, JXS_STANZA_ERROR_BAD_REQUEST);
  /* Nobody changes the announced fingerprint afterwards. */
  assert_info_refused (&f->responder,
                       OPEN "<fingerprint>" ZERO "</fingerprint><method name='x509'/>" CLOSE,
                       JXS_STANZA_ERROR_NOT_ALLOWED);
  /* And nothing of that did harm. */
  sides_secure_both (f);
  side_assert_secure (&f->responder, &f->initiator, JXS_TRUST_LEVEL_FIRST_USE);
}

static void
assert_remote_refused (Side *side, const char *xml, GQuark domain, int code)
{
  g_autoptr (JxsElement) element = xml != NULL ? jxs_element_new_from_string (xml, NULL) : NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (jxs_security_set_remote (side->security, element, &error));
  g_assert_error (error, domain, code);
  /* What went wrong stays wrong. */
  side_secure (side, NULL);
  side_wait (side);
  side_assert_failed (side, JXS_ERROR, JXS_ERROR_SECURITY);
}

/* Each way of asking for less is refused, never gone along with. */
static void
test_downgrade (Fixture *f, gconstpointer data)
{
  static const char *const less[] = {
    NULL, /* accept without security */
    OPEN CLOSE,
    OPEN "<method name='srp'/>" CLOSE,                                    /* no x509 */
    OPEN "<fingerprint>" ZERO "</fingerprint><method name='srp'/>" CLOSE, /* no x509 */
    OPEN "<method name='x509'/>" CLOSE,                                   /* no fingerprint */
    OPEN "<fingerprint algo='md5'>d41d8cd98f00b204e9800998ecf8427e"
         "</fingerprint><method name='x509'/>" CLOSE, /* none that can be checked */
  };

  for (gsize i = 0; i < G_N_ELEMENTS (less); i++)
    for (guint as_initiator = 0; as_initiator < 2; as_initiator++)
      {
        Fixture fresh = { 0 };
        Side *side;
        g_autoptr (JxsElement) offer = NULL;

        sides_set_up (&fresh, NULL);
        side = as_initiator ? &fresh.initiator : &fresh.responder;
        side_use_methods (side, JXS_SECURITY_METHODS_X509);
        if (as_initiator)
          offer = jxs_security_build (side->security);
        assert_remote_refused (side, less[i], JXS_ERROR, JXS_ERROR_SECURITY);
        sides_tear_down (&fresh, NULL);
      }
}

static void
test_malformed (Fixture *f, gconstpointer data)
{
  assert_remote_refused (&f->responder,
                         OPEN "<fingerprint>RomeoX509CertificateHash</fingerprint>" CLOSE,
                         JXS_STANZA_ERROR,
                         JXS_STANZA_ERROR_BAD_REQUEST);
}

static void
test_out_of_order (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsElement) offer = NULL;

  /* The answer before the offer, and each of them twice. */
  g_assert_false (jxs_security_set_remote (f->initiator.security, NULL, &error));
  g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_UNEXPECTED_REQUEST);
  g_clear_error (&error);
  sides_negotiate (f);
  offer = jxs_element_new_from_string (OPEN "<fingerprint>" ZERO
                                            "</fingerprint><method name='x509'/>" CLOSE,
                                       NULL);
  g_assert_false (jxs_security_set_remote (f->initiator.security, offer, &error));
  g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_UNEXPECTED_REQUEST);
  g_clear_error (&error);
  g_assert_false (jxs_security_set_remote (f->responder.security, offer, &error));
  g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_UNEXPECTED_REQUEST);
  sides_secure_both (f);
  side_assert_secure (&f->initiator, &f->responder, JXS_TRUST_LEVEL_FIRST_USE);
}

/* Without security only where the application said so. */
static void
test_plain (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsElement) offer = NULL;

  jxs_security_policy_set_require_encryption (f->initiator.config.policy, FALSE);
  jxs_security_policy_set_require_encryption (f->responder.config.policy, FALSE);
  side_use_trust (&f->initiator, jxs_memory_trust_new ());
  side_use_trust (&f->responder, jxs_memory_trust_new ());

  offer = jxs_security_build (f->initiator.security);
  g_assert_nonnull (offer);
  g_assert_true (jxs_security_set_remote (f->initiator.security, NULL, &error));
  g_assert_true (jxs_security_set_remote (f->responder.security, NULL, &error));
  g_assert_null (jxs_security_build (f->responder.security));
  g_assert_null (f->initiator.info);
  sides_secure_both (f);
  g_assert_true (f->initiator.stream == f->initiator.base);
  g_assert_true (f->responder.stream == f->responder.base);
  g_assert_cmpint (jxs_xtls_security_get_trust_level (side_get_xtls (&f->initiator)),
                   ==,
                   JXS_TRUST_LEVEL_DISTRUSTED);
  sides_send_text (f->initiator.stream, f->responder.stream, "in the clear");
}

/* jingle-xtls §7.3: a peer that encrypted before is not believed to have forgotten how. */
static void
test_known_peer (Fixture *f, gconstpointer data)
{
  for (guint as_initiator = 0; as_initiator < 2; as_initiator++)
    {
      Side *side = as_initiator ? &f->initiator : &f->responder;
      JxsMemoryTrust *trust = jxs_memory_trust_new ();
      g_autofree char *seen = jxs_identity_get_fingerprint (f->stranger, G_CHECKSUM_SHA256);
      g_autoptr (JxsElement) offer = NULL;
      g_autoptr (GError) error = NULL;

      jxs_memory_trust_pin (trust, as_initiator ? f->juliet : f->romeo, seen, FALSE, &error);
      g_assert_no_error (error);
      jxs_security_policy_set_require_encryption (side->config.policy, FALSE);
      jxs_security_policy_set_methods (side->config.policy, JXS_SECURITY_METHODS_X509);
      side_use_trust (side, trust);
      if (as_initiator)
        offer = jxs_security_build (side->security);
      assert_remote_refused (side, NULL, JXS_ERROR, JXS_ERROR_SECURITY);
    }
}

/* A peer of the first drafts is answered as it asked. */
static void
test_first_drafts (Fixture *f, gconstpointer data)
{
  g_autofree char *sha1 =
      jxs_identity_get_fingerprint (f->initiator.config.identity, G_CHECKSUM_SHA1);
  g_autofree char *xml = g_strdup_printf (OPEN "<offer xmlns='" JXS_NS_TMP_C2CTLS
                                               "'><keyinfo xmlns='" JXS_NS_TMP_PUBKEY
                                               "'><name>%s</name></keyinfo><srp/></offer>" CLOSE,
                                          sha1);
  g_autoptr (JxsElement) theirs = jxs_element_new_from_string (xml, NULL);
  g_autoptr (JxsElement) offer = jxs_security_build (f->initiator.security);
  g_autoptr (JxsElement) answer = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (jxs_security_set_remote (f->responder.security, theirs, &error));
  g_assert_no_error (error);
  answer = jxs_security_build (f->responder.security);
  g_assert_nonnull (jxs_element_find_child (answer, "offer", JXS_NS_TMP_C2CTLS));
  g_assert_cmpuint (jxs_element_get_n_children (answer), ==, 1);

  /* Such an answer to us gets the choice in the form of its time. */
  g_assert_true (jxs_security_set_remote (f->initiator.security, answer, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (jxs_element_get_attribute (f->initiator.info, "method"), ==, "x509");
  g_assert_true (jxs_security_handle_info (f->responder.security, f->initiator.info, &error));
  sides_secure_both (f);
  side_assert_secure (&f->initiator, &f->responder, JXS_TRUST_LEVEL_FIRST_USE);
  side_assert_secure (&f->responder, &f->initiator, JXS_TRUST_LEVEL_FIRST_USE);
}

/* XEP-0247 0.2 §2: we offered none, but the answer has one: it is taken, and our choice answers it.
 * Nothing else may come before an offer of ours. */
static void
test_late_offer (Fixture *f, gconstpointer data)
{
  g_autofree char *sha1 =
      jxs_identity_get_fingerprint (f->responder.config.identity, G_CHECKSUM_SHA1);
  g_autofree char *xml = g_strdup_printf (OPEN "<offer xmlns='" JXS_NS_TMP_C2CTLS
                                               "'><keyinfo xmlns='" JXS_NS_TMP_PUBKEY
                                               "'><name>%s</name></keyinfo></offer>" CLOSE,
                                          sha1);
  g_autoptr (JxsElement) answer = jxs_element_new_from_string (xml, NULL);
  g_autoptr (GError) error = NULL;

  side_announce (&f->responder, f->initiator.config.identity);
  g_assert_false (jxs_security_set_remote (f->initiator.security, NULL, &error));
  g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_UNEXPECTED_REQUEST);
  g_clear_error (&error);

  g_assert_true (jxs_security_set_remote (f->initiator.security, answer, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (jxs_element_get_attribute (f->initiator.info, "method"), ==, "x509");
  sides_secure_both (f);
  side_assert_secure (&f->initiator, &f->responder, JXS_TRUST_LEVEL_FIRST_USE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                                            \
  g_test_add (                                                                                     \
      "/security/xtls-negotiation/" name, Fixture, NULL, sides_set_up, func, sides_tear_down)
  ADD ("elements", test_elements);
  ADD ("bad-choice", test_bad_choice);
  ADD ("downgrade", test_downgrade);
  ADD ("malformed", test_malformed);
  ADD ("out-of-order", test_out_of_order);
  ADD ("plain", test_plain);
  ADD ("late-offer", test_late_offer);
  ADD ("known-peer", test_known_peer);
  ADD ("first-drafts", test_first_drafts);
  return g_test_run ();
}
