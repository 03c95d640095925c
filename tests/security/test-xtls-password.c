/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "xtls-sides.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/io/jxs-tls-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#define OPEN "<security xmlns='" JXS_NS_XTLS "'>"
#define CLOSE "</security>"
#define ZERO "0000000000000000000000000000000000000000"
#define X509 "<fingerprint>" ZERO "</fingerprint><method name='x509'/>"
#define STRONG "0000-0000-0000-0000-001Y"

static gboolean
yes (void)
{
  return TRUE;
}

static gboolean
no (void)
{
  return FALSE;
}

static void
side_enter (Side *side, const char *password, JxsPasswordKind kind)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (jxs_passwords_set (
      side->config.passwords, jxs_security_get_peer_jid (side->security), password, kind, &error));
  g_assert_no_error (error);
}

static gboolean
side_has_password (Side *side)
{
  return jxs_passwords_has (side->config.passwords,
                            jxs_security_get_peer_jid (side->security),
                            NULL);
}

/* Whatever this build of GnuTLS can: for what is agreed on before TLS. */
static void
set_up (Fixture *f, gconstpointer data)
{
  sides_set_up (f, data);
  f->initiator.config.supports_srp = f->responder.config.supports_srp = yes;
  side_use_methods (&f->initiator, JXS_SECURITY_METHODS_ALL);
  side_use_methods (&f->responder, JXS_SECURITY_METHODS_ALL);
}

static void
assert_element (JxsElement *element, gboolean fingerprint, gboolean x509, gboolean srp)
{
  gboolean seen_x509 = FALSE;
  gboolean seen_srp = FALSE;

  for (JxsElement *child = jxs_element_get_first_child (element); child != NULL;
       child = jxs_element_get_next_sibling (child))
    {
      const char *name = jxs_element_get_attribute (child, "name");

      seen_x509 |= g_strcmp0 (name, "x509") == 0;
      seen_srp |= g_strcmp0 (name, "srp") == 0;
    }
  g_assert_true (seen_x509 == x509);
  g_assert_true (seen_srp == srp);
  g_assert_true ((jxs_element_find_child (element, "fingerprint", JXS_NS_XTLS) != NULL) ==
                 fingerprint);
}

/* The offer reaches the responder. */
static JxsElement *
offer (Fixture *f)
{
  JxsElement *element = jxs_security_build (f->initiator.security);
  g_autoptr (GError) error = NULL;

  g_assert_true (jxs_security_set_remote (f->responder.security, element, &error));
  g_assert_no_error (error);
  return element;
}

static void
assert_refused (Side *side, GError **error, int code, const char *why)
{
  g_assert_error (*error, JXS_ERROR, code);
  g_assert_nonnull (strstr ((*error)->message, why));
  g_clear_error (error);
  /* What went wrong stays wrong, for the same reason. */
  side_secure (side, NULL);
  side_wait (side);
  g_assert_nonnull (strstr (side->error->message, why));
  side_assert_failed (side, JXS_ERROR, code);
}

static void
assert_answer_refused (Fixture *f, int code, const char *why)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (jxs_xtls_security_check_answer (side_get_xtls (&f->responder), &error));
  g_assert_null (jxs_security_build (f->responder.security));
  assert_refused (&f->responder, &error, code, why);
}

/* jingle-xtls §4: both entered it: srp alone is answered, and chosen. */
static void
test_agreed (Fixture *f, gconstpointer data)
{
  g_autoptr (JxsElement) first = NULL;
  g_autoptr (JxsElement) answer = NULL;
  g_autoptr (GError) error = NULL;

  side_enter (&f->initiator, "407 129 560", JXS_PASSWORD_SHORT);
  /* The responder's person enters it after the offer. */
  first = offer (f);
  assert_element (first, TRUE, TRUE, TRUE);
  g_assert_true (jxs_xtls_security_offers_password (side_get_xtls (&f->responder)));
  side_enter (&f->responder, "407129560", JXS_PASSWORD_SHORT);
  g_assert_true (jxs_xtls_security_check_answer (side_get_xtls (&f->responder), &error));
  answer = jxs_security_build (f->responder.security);
  assert_element (answer, FALSE, FALSE, TRUE);
  g_assert_true (jxs_security_set_remote (f->initiator.security, answer, &error));
  g_assert_no_error (error);
  assert_element (f->initiator.info, FALSE, FALSE, TRUE);
  g_assert_cmpint (jxs_xtls_security_get_method (side_get_xtls (&f->initiator)),
                   ==,
                   JXS_SECURITY_METHODS_SRP);
  g_assert_cmpint (jxs_xtls_security_get_method (side_get_xtls (&f->responder)),
                   ==,
                   JXS_SECURITY_METHODS_SRP);
  g_assert_true (jxs_security_handle_info (f->responder.security, f->initiator.info, &error));
  /* Nothing was tried yet. */
  g_assert_true (side_has_password (&f->initiator));
  g_assert_true (side_has_password (&f->responder));
}

/* A hint that says otherwise than what was agreed on is refused, and changes nothing. */
static void
test_contradiction (Fixture *f, gconstpointer data)
{
  g_autoptr (JxsElement) x509 =
      jxs_element_new_from_string (OPEN "<method name='x509'/>" CLOSE, NULL);
  g_autoptr (JxsElement) first = NULL;
  g_autoptr (JxsElement) answer = NULL;
  g_autoptr (GError) error = NULL;

  side_enter (&f->initiator, "407 129 560", JXS_PASSWORD_SHORT);
  side_enter (&f->responder, "407 129 560", JXS_PASSWORD_SHORT);
  first = offer (f);
  answer = jxs_security_build (f->responder.security);
  g_assert_false (jxs_security_handle_info (f->responder.security, x509, &error));
  g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_NOT_ACCEPTABLE);
  g_assert_cmpint (jxs_xtls_security_get_method (side_get_xtls (&f->responder)),
                   ==,
                   JXS_SECURITY_METHODS_SRP);
}

/* One of the two has no password: the other does not go on without. */
static void
test_only_initiator (Fixture *f, gconstpointer data)
{
  g_autoptr (JxsElement) first = NULL;
  g_autoptr (JxsElement) answer = NULL;
  g_autoptr (GError) error = NULL;

  side_enter (&f->initiator, "407 129 560", JXS_PASSWORD_SHORT);
  first = offer (f);
  answer = jxs_security_build (f->responder.security);
  assert_element (answer, TRUE, TRUE, FALSE);
  g_assert_false (jxs_security_set_remote (f->initiator.security, answer, &error));
  g_assert_null (f->initiator.info);
  assert_refused (&f->initiator, &error, JXS_ERROR_AUTHENTICATION, "did not enter the password");
  g_assert_true (side_has_password (&f->initiator));
}

static void
test_only_responder (Fixture *f, gconstpointer data)
{
  g_autoptr (JxsElement) first = offer (f);

  assert_element (first, TRUE, TRUE, FALSE);
  side_enter (&f->responder, "407 129 560", JXS_PASSWORD_SHORT);
  g_assert_false (jxs_xtls_security_offers_password (side_get_xtls (&f->responder)));
  assert_answer_refused (f, JXS_ERROR_AUTHENTICATION, "did not enter the password");
  g_assert_true (side_has_password (&f->responder));
}

/* Servers that take srp, or all of <security/>, out of the negotiation gain nothing. */
static void
test_removed (Fixture *f, gconstpointer data)
{
  static const char *const left[] = {
    NULL,
    OPEN CLOSE,
    OPEN X509 CLOSE,
    OPEN X509 "<method name='openpgp'/>" CLOSE,
  };

  for (gsize i = 0; i < G_N_ELEMENTS (left); i++)
    for (guint as_initiator = 0; as_initiator < 2; as_initiator++)
      {
        g_autoptr (JxsElement) element =
            left[i] != NULL ? jxs_element_new_from_string (left[i], NULL) : NULL;
        Fixture fresh = { 0 };
        Side *side;
        g_autoptr (JxsElement) ours = NULL;
        g_autoptr (GError) error = NULL;

        set_up (&fresh, NULL);
        side = as_initiator ? &fresh.initiator : &fresh.responder;
        jxs_security_policy_set_require_encryption (side->config.policy, FALSE);
        /* Who calls may go on inside a stream where it is allowed, and prove the password there. */
        side_use_methods (side,
                          as_initiator ? JXS_SECURITY_METHODS_ALL
                                       : JXS_SECURITY_METHODS_X509 | JXS_SECURITY_METHODS_SRP);
        side_enter (side, "407 129 560", JXS_PASSWORD_SHORT);
        if (as_initiator)
          {
            jxs_xtls_security_allow_starttls (side_get_xtls (side));
            ours = jxs_security_build (side->security);
            g_assert_false (jxs_security_set_remote (side->security, element, &error));
          }
        else if (jxs_security_set_remote (side->security, element, &error))
          g_assert_false (jxs_xtls_security_check_answer (side_get_xtls (side), &error));
        /* Nothing at all is offered: no password would help. */
        if (!as_initiator && g_strcmp0 (left[i], OPEN CLOSE) == 0)
          assert_refused (side, &error, JXS_ERROR_SECURITY, "no way of encryption");
        else
          assert_refused (side, &error, JXS_ERROR_AUTHENTICATION, "did not enter the password");
        sides_tear_down (&fresh, NULL);
      }
}

/* Asked for a password that nobody entered here. */
static void
test_none_entered (Fixture *f, gconstpointer data)
{
  g_autoptr (JxsElement) only =
      jxs_element_new_from_string (OPEN "<method name='srp'/>" CLOSE, NULL);
  g_autoptr (JxsElement) ours = jxs_security_build (f->initiator.security);
  g_autoptr (GError) error = NULL;

  g_assert_true (jxs_security_set_remote (f->responder.security, only, &error));
  assert_answer_refused (f, JXS_ERROR_SECURITY, "asks for a password");
  g_assert_false (jxs_security_set_remote (f->initiator.security, only, &error));
  assert_refused (&f->initiator, &error, JXS_ERROR_SECURITY, "asks for a password");
}

/* GnuTLS, or the policy, without SRP: it is not offered, and a password for it is not passed over.
 */
static void
test_unable (Fixture *f, gconstpointer data)
{
  for (guint by_policy = 0; by_policy < 2; by_policy++)
    for (guint as_initiator = 0; as_initiator < 2; as_initiator++)
      {
        g_autoptr (JxsElement) element =
            jxs_element_new_from_string (OPEN X509 "<method name='srp'/>" CLOSE, NULL);
        Fixture fresh = { 0 };
        Side *side;
        g_autoptr (JxsElement) ours = NULL;
        g_autoptr (GError) error = NULL;

        set_up (&fresh, NULL);
        side = as_initiator ? &fresh.initiator : &fresh.responder;
        if (!by_policy)
          side->config.supports_srp = no;
        side_use_methods (side, by_policy ? JXS_SECURITY_METHODS_X509 : JXS_SECURITY_METHODS_ALL);
        side_enter (side, "407 129 560", JXS_PASSWORD_SHORT);
        if (as_initiator)
          {
            ours = jxs_security_build (side->security);
            assert_element (ours, TRUE, TRUE, FALSE);
            g_assert_false (jxs_security_set_remote (side->security, element, &error));
          }
        else
          {
            g_assert_true (jxs_security_set_remote (side->security, element, &error));
            /* A strong one is still of use. */
            g_assert_true (jxs_xtls_security_offers_password (side_get_xtls (side)));
            g_assert_false (jxs_xtls_security_check_answer (side_get_xtls (side), &error));
          }
        assert_refused (side, &error, JXS_ERROR_SECURITY, "does not allow SRP");
        sides_tear_down (&fresh, NULL);
      }
}

/* The policy allows passwords alone: no certificate is announced. */
static void
test_srp_alone (Fixture *f, gconstpointer data)
{
  g_autoptr (JxsElement) first = NULL;
  g_autoptr (JxsElement) answer = NULL;
  g_autoptr (JxsElement) x509 = jxs_element_new_from_string (OPEN X509 CLOSE, NULL);
  g_autoptr (GError) error = NULL;

  side_use_methods (&f->initiator, JXS_SECURITY_METHODS_SRP);
  side_use_methods (&f->responder, JXS_SECURITY_METHODS_SRP);
  side_enter (&f->initiator, "407 129 560", JXS_PASSWORD_SHORT);
  side_enter (&f->responder, "407 129 560", JXS_PASSWORD_SHORT);
  first = offer (f);
  assert_element (first, FALSE, FALSE, TRUE);
  answer = jxs_security_build (f->responder.security);
  g_assert_true (jxs_security_set_remote (f->initiator.security, answer, &error));

  side_use_methods (&f->responder, JXS_SECURITY_METHODS_SRP);
  g_assert_false (jxs_security_set_remote (f->responder.security, x509, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_SECURITY);
}

/* The first drafts: <offer><srp/></offer>, and the choice as an attribute. */
static void
test_first_drafts (Fixture *f, gconstpointer data)
{
  g_autoptr (JxsElement) theirs =
      jxs_element_new_from_string (OPEN "<offer xmlns='" JXS_NS_TMP_C2CTLS
                                        "'><keyinfo xmlns='" JXS_NS_TMP_PUBKEY "'><name>" ZERO
                                        "</name></keyinfo><srp/></offer>" CLOSE,
                                   NULL);
  g_autoptr (JxsElement) ours = NULL;
  g_autoptr (JxsElement) answer = NULL;
  g_autoptr (GError) error = NULL;
  JxsElement *inner;

  side_enter (&f->initiator, "407 129 560", JXS_PASSWORD_SHORT);
  side_enter (&f->responder, "407 129 560", JXS_PASSWORD_SHORT);
  g_assert_true (jxs_security_set_remote (f->responder.security, theirs, &error));
  answer = jxs_security_build (f->responder.security);
  inner = jxs_element_find_child (answer, "offer", JXS_NS_TMP_C2CTLS);
  g_assert_cmpuint (jxs_element_get_n_children (answer), ==, 1);
  g_assert_cmpuint (jxs_element_get_n_children (inner), ==, 1);
  g_assert_nonnull (jxs_element_find_child (inner, "srp", JXS_NS_TMP_C2CTLS));

  ours = jxs_security_build (f->initiator.security);
  g_assert_true (jxs_security_set_remote (f->initiator.security, answer, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (jxs_element_get_attribute (f->initiator.info, "method"), ==, "srp");
  g_assert_true (jxs_security_handle_info (f->responder.security, f->initiator.info, &error));
  g_assert_no_error (error);
}

/* A strong password where the peer has none of SRP: certificates, and nobody is asked about them
 * before the password is proved inside the stream. */
static void
test_strong (Fixture *f, gconstpointer data)
{
  TestTrust *trusts[2];

  trusts[0] = g_object_new (TEST_TYPE_TRUST, NULL);
  trusts[1] = g_object_new (TEST_TYPE_TRUST, NULL);
  f->responder.config.supports_srp = no;
  side_use_trust (&f->initiator, trusts[0]);
  side_use_trust (&f->responder, trusts[1]);
  side_enter (&f->initiator, STRONG, JXS_PASSWORD_STRONG);
  side_enter (&f->responder, STRONG, JXS_PASSWORD_STRONG);
  sides_negotiate (f);
  g_assert_true (jxs_xtls_security_is_password_pending (side_get_xtls (&f->initiator)));
  g_assert_true (jxs_xtls_security_is_password_pending (side_get_xtls (&f->responder)));
  sides_secure_both (f);
  side_assert_secure (&f->initiator, &f->responder, JXS_TRUST_LEVEL_UNKNOWN);
  side_assert_secure (&f->responder, &f->initiator, JXS_TRUST_LEVEL_UNKNOWN);
  g_assert_cmpint (jxs_xtls_security_get_trust_origin (side_get_xtls (&f->responder)),
                   ==,
                   JXS_TRUST_ORIGIN_NONE);
  g_assert_null (trusts[0]->request);
  g_assert_null (trusts[1]->request);
  g_assert_true (side_has_password (&f->initiator));
  g_assert_true (side_has_password (&f->responder));
}

/* Another session uses it up between the check and the answer, which may have to wait for somebody:
 * it is demanded all the same. */
static void
test_used_up (Fixture *f, gconstpointer data)
{
  const JxsPasswordKind kind = GPOINTER_TO_INT (data);
  g_autoptr (JxsElement) first = NULL;
  g_autoptr (JxsElement) answer = NULL;
  g_autoptr (GError) error = NULL;
  JxsXtlsSecurity *responder = side_get_xtls (&f->responder);

  side_use_methods (&f->initiator,
                    kind == JXS_PASSWORD_STRONG ? JXS_SECURITY_METHODS_X509
                                                : JXS_SECURITY_METHODS_ALL);
  side_enter (&f->initiator, STRONG, kind);
  first = offer (f);
  side_enter (&f->responder, STRONG, kind);
  g_assert_true (jxs_xtls_security_check_answer (responder, &error));
  jxs_password_free (jxs_passwords_take (f->responder.config.passwords,
                                         jxs_security_get_peer_jid (f->responder.security),
                                         NULL));
  answer = jxs_security_build (f->responder.security);
  g_assert_nonnull (answer);
  if (kind == JXS_PASSWORD_STRONG)
    {
      g_assert_true (jxs_xtls_security_is_password_pending (responder));
      return;
    }
  side_secure (&f->responder, NULL);
  side_wait (&f->responder);
  g_assert_nonnull (strstr (f->responder.error->message, "used up"));
  side_assert_failed (&f->responder, JXS_ERROR, JXS_ERROR_AUTHENTICATION);
}

/* A password set during a session is for the next one. */
static void
test_too_late (Fixture *f, gconstpointer data)
{
  g_autoptr (JxsElement) first = offer (f);
  g_autoptr (JxsElement) answer = jxs_security_build (f->responder.security);
  g_autoptr (GError) error = NULL;

  side_enter (&f->initiator, "407 129 560", JXS_PASSWORD_SHORT);
  side_enter (&f->responder, "407 129 560", JXS_PASSWORD_SHORT);
  g_assert_true (jxs_security_set_remote (f->initiator.security, answer, &error));
  sides_secure_both (f);
  side_assert_secure (&f->initiator, &f->responder, JXS_TRUST_LEVEL_FIRST_USE);
  side_assert_secure (&f->responder, &f->initiator, JXS_TRUST_LEVEL_FIRST_USE);
  g_assert_true (side_has_password (&f->initiator));
  g_assert_true (side_has_password (&f->responder));
}

/* ---- with TLS ---- */

static gboolean
skip (Fixture *f)
{
  if (jxs_tls_supports_srp ())
    return FALSE;
  g_test_skip ("GnuTLS was built without SRP");
  return TRUE;
}

static void
agree (Fixture *f, const char *initiators, const char *responders)
{
  side_enter (&f->initiator, initiators, JXS_PASSWORD_SHORT);
  side_enter (&f->responder, responders, JXS_PASSWORD_SHORT);
  sides_negotiate (f);
  sides_secure_both (f);
  /* Whatever came of it. */
  g_assert_false (side_has_password (&f->initiator));
  g_assert_false (side_has_password (&f->responder));
}

static void
assert_proved (Side *side)
{
  g_assert_no_error (side->error);
  g_assert_true (G_IS_TLS_CONNECTION (side->stream));
  g_assert_cmpint (jxs_xtls_security_get_trust_level (side_get_xtls (side)),
                   ==,
                   JXS_TRUST_LEVEL_VERIFIED);
  g_assert_cmpint (jxs_xtls_security_get_trust_origin (side_get_xtls (side)),
                   ==,
                   JXS_TRUST_ORIGIN_PASSWORD);
  g_assert_null (jxs_xtls_security_get_peer_fingerprint (side_get_xtls (side)));
  g_assert_false (jxs_xtls_security_is_password_pending (side_get_xtls (side)));
}

static void
test_proved (Fixture *f, gconstpointer data)
{
  if (skip (f))
    return;
  agree (f, "407 129 560", "407-129-560");
  assert_proved (&f->initiator);
  assert_proved (&f->responder);
  sides_send_text (f->initiator.stream, f->responder.stream, "It is the east");
  sides_send_text (f->responder.stream, f->initiator.stream, "Ay me!");
}

/* One wrong digit: both sides learn it, and there is no second guess in this session. */
static void
test_wrong (Fixture *f, gconstpointer data)
{
  if (skip (f))
    return;
  agree (f, "407 129 560", "407 129 561");
  side_assert_failed (&f->initiator, JXS_ERROR, JXS_ERROR_AUTHENTICATION);
  side_assert_failed (&f->responder, JXS_ERROR, JXS_ERROR_AUTHENTICATION);
}

/* The transport breaks while the password is tried: whoever broke it may have tested a guess, so
 * the next transport finds it used up. */
static void
test_broken (Fixture *f, gconstpointer data)
{
  g_autoptr (GIOStream) base = NULL;

  if (skip (f))
    return;
  side_enter (&f->initiator, "407 129 560", JXS_PASSWORD_SHORT);
  side_enter (&f->responder, "407 129 560", JXS_PASSWORD_SHORT);
  sides_negotiate (f);
  side_secure (&f->initiator, NULL);
  g_io_stream_close (f->responder.base, NULL, NULL);
  side_wait (&f->initiator);
  g_assert_null (f->initiator.stream);
  g_assert_false (jxs_security_error_is_refusal (f->initiator.error));

  sides_new_pipe (f);
  side_secure (&f->initiator, NULL);
  side_wait (&f->initiator);
  g_assert_nonnull (strstr (f->initiator.error->message, "used up"));
  side_assert_failed (&f->initiator, JXS_ERROR, JXS_ERROR_AUTHENTICATION);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                                            \
  g_test_add ("/security/xtls-password/" name, Fixture, NULL, set_up, func, sides_tear_down)
  ADD ("agreed", test_agreed);
  ADD ("contradiction", test_contradiction);
  ADD ("only-initiator", test_only_initiator);
  ADD ("only-responder", test_only_responder);
  ADD ("removed", test_removed);
  ADD ("none-entered", test_none_entered);
  ADD ("unable", test_unable);
  ADD ("srp-alone", test_srp_alone);
  ADD ("first-drafts", test_first_drafts);
  ADD ("strong", test_strong);
  ADD ("too-late", test_too_late);
#undef ADD
  for (JxsPasswordKind kind = JXS_PASSWORD_SHORT; kind <= JXS_PASSWORD_STRONG; kind++)
    g_test_add (kind == JXS_PASSWORD_SHORT ? "/security/xtls-password/used-up-short"
                                           : "/security/xtls-password/used-up-strong",
                Fixture,
                GINT_TO_POINTER (kind),
                set_up,
                test_used_up,
                sides_tear_down);
#define ADD(name, func)                                                                            \
  g_test_add ("/security/xtls-password/" name, Fixture, NULL, sides_set_up, func, sides_tear_down)
  ADD ("proved", test_proved);
  ADD ("wrong", test_wrong);
  ADD ("broken", test_broken);
#undef ADD
  return g_test_run ();
}
