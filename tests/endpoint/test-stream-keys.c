/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "two-persons.h"

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/io/jxs-tls-private.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* The keys that two endpoints name to each other inside their streams (jingle-xtls §5.1). */

static gboolean
watch_cb (JxsChannel *channel, JxsElement *stanza, gpointer user_data)
{
  g_autofree char *text = jxs_element_to_string (stanza);

  g_assert_null (strstr (text, JXS_NS_TMP_PUBKEY));
  return FALSE;
}

/* Nothing about keys goes through the servers. */
static void
watch_signalling (Scene *scene)
{
  for (guint i = 0; i < 2; i++)
    g_signal_connect (scene->pair.channels[i], "stanza", G_CALLBACK (watch_cb), NULL);
}

static JxsIdentity *
make_identity (gboolean with_successor)
{
  g_autoptr (JxsJid) jid = jxs_jid_new ("romeo@montague.lit/orchard", NULL);
  g_autoptr (GError) error = NULL;
  JxsIdentity *identity = jxs_identity_generate (jid, JXS_KEY_TYPE_ECDSA_P256, &error);

  g_assert_no_error (error);
  if (with_successor)
    g_object_unref (jxs_identity_renew (identity, &error));
  g_assert_no_error (error);
  return identity;
}

static char *
note (JxsIdentity *identity, const char *level, const char *origin, JxsIdentity *voucher)
{
  g_autofree char *fingerprint = jxs_identity_get_fingerprint (identity, G_CHECKSUM_SHA256);
  g_autofree char *older =
      voucher != NULL ? jxs_identity_get_fingerprint (voucher, G_CHECKSUM_SHA256) : g_strdup ("-");

  return g_strdup_printf (
      "romeo@montague.lit/orchard %.8s %s %s %.8s\n", fingerprint, level, origin, older);
}

/* A key that is about to be replaced names the next one, which is trusted as much as itself, and
 * more when it is. */
static void
test_successor (void)
{
  g_autoptr (JxsIdentity) identity = make_identity (TRUE);
  JxsIdentity *successor = jxs_identity_get_successor (identity);
  g_autofree char *first = note (successor, "first-use", "vouched", identity);
  g_autofree char *own = note (identity, "verified", "short-string", NULL);
  g_autofree char *second = note (successor, "verified", "vouched", identity);
  g_autofree char *all = g_strconcat (first, own, second, NULL);
  Scene scene = { .prepare = watch_signalling };

  scene_init_with (&scene, identity);
  wait_until (scene.books[JULIET]->notes->len > 0);
  g_assert_cmpstr (scene.books[JULIET]->notes->str, ==, first);
  begin (&scene, ROMEO);
  wait_both (&scene, JXS_VERIFICATION_STATE_COMPARING);
  jxs_verification_confirm (scene.verifications[ROMEO]);
  jxs_verification_confirm (scene.verifications[JULIET]);
  wait_both (&scene, JXS_VERIFICATION_STATE_VERIFIED);
  g_assert_cmpstr (scene.books[JULIET]->notes->str, ==, all);
  g_assert_cmpuint (scene.inboxes[JULIET].stanzas->len, ==, 0);
  assert_open (&scene);
  scene_clear (&scene);
}

/* And less when it turns out to be somebody else's. */
static void
test_successor_rejected (void)
{
  g_autoptr (JxsIdentity) identity = make_identity (TRUE);
  JxsIdentity *successor = jxs_identity_get_successor (identity);
  g_autofree char *first = note (successor, "first-use", "vouched", identity);
  g_autofree char *own = note (identity, "unknown", "short-string", NULL);
  g_autofree char *second = note (successor, "unknown", "short-string", NULL);
  g_autofree char *all = g_strconcat (first, own, second, NULL);
  Scene scene = { 0 };

  scene_init_with (&scene, identity);
  wait_until (scene.books[JULIET]->notes->len > 0);
  begin (&scene, ROMEO);
  wait_both (&scene, JXS_VERIFICATION_STATE_COMPARING);
  jxs_verification_reject (scene.verifications[JULIET]);
  wait_both (&scene, JXS_VERIFICATION_STATE_FAILED);
  g_assert_cmpstr (scene.books[JULIET]->notes->str, ==, all);
  scene_clear (&scene);
}

/* The next session with the new key is no surprise. */
static void
test_continuity (void)
{
  g_autoptr (JxsIdentity) identity = make_identity (TRUE);
  JxsIdentity *const keys[] = { identity, jxs_identity_get_successor (identity) };
  Doorman doorman;
  Pair pair;

  pair_init (&pair);
  doorman_init (&doorman, pair.endpoints[JULIET]);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (JxsXmlStream) stream = NULL;
      JxsConnection *connection;

      g_clear_object (&pair.endpoints[ROMEO]);
      settle ();
      pair.endpoints[ROMEO] = pair_new_endpoint (JXS_CHANNEL (pair.channels[ROMEO]),
                                                 keys[i],
                                                 JXS_TRUST (pair.trusts[ROMEO]));
      stream = open_stream (&pair, &doorman);
      connection = jxs_endpoint_get_stream_connection (pair.endpoints[JULIET], doorman.stream);
      g_assert_cmpint (jxs_connection_get_trust_level (connection),
                       ==,
                       i == 0 ? JXS_TRUST_LEVEL_FIRST_USE : JXS_TRUST_LEVEL_PINNED);
      if (i == 0)
        {
          Inbox inbox;

          /* Behind the key on its way. */
          inbox_init (&inbox, doorman.stream);
          send_body (stream, "That is my key");
          wait_until (inbox.bodies->len == 1);
          inbox_clear (&inbox);
        }
      close_stream (stream);
      g_clear_object (&doorman.stream);
    }
  doorman_clear (&doorman);
  pair_clear (&pair);
}

static JxsElement *
ask (Scene *scene, const char *namespace_uri)
{
  g_autoptr (JxsElement) payload = jxs_element_new ("pubkeys", namespace_uri);
  g_autoptr (JxsElement) iq = jxs_stanza_new_iq ("get", NULL, payload);
  g_autoptr (GError) error = NULL;

  g_ptr_array_set_size (scene->inboxes[ROMEO].stanzas, 0);
  g_assert_true (jxs_xml_stream_send (scene->streams[ROMEO], iq, &error));
  wait_until (scene->inboxes[ROMEO].stanzas->len == 1);
  return jxs_element_ref (g_ptr_array_index (scene->inboxes[ROMEO].stanzas, 0));
}

/* Any application on the other side may ask inside the stream, and gets nothing else that way. */
static void
test_asked (void)
{
  g_autoptr (JxsElement) reply = NULL;
  g_autoptr (GError) error = NULL;
  JxsElement *pubkeys, *keyinfo;
  g_autofree char *name = NULL;
  Scene scene = { .prepare = watch_signalling };

  scene_init (&scene);
  reply = ask (&scene, JXS_NS_TMP_PUBKEY);
  g_assert_true (jxs_stanza_check_error (reply, &error));
  pubkeys = jxs_element_find_child (reply, "pubkeys", JXS_NS_TMP_PUBKEY);
  keyinfo = jxs_element_find_child (pubkeys, "keyinfo", NULL);
  name = jxs_identity_get_fingerprint (scene.pair.identities[JULIET], G_CHECKSUM_SHA1);
  g_assert_cmpstr (jxs_element_get_text (jxs_element_find_child (keyinfo, "name", NULL)), ==, name);
  g_assert_cmpuint (scene.inboxes[JULIET].stanzas->len, ==, 0);
  scene_clear (&scene);
}

static gboolean
keep_cb (JxsChannel *channel, JxsElement *stanza, gpointer user_data)
{
  if (g_strcmp0 (jxs_element_get_attribute (stanza, "id"), "keys") != 0)
    return FALSE;
  *(JxsElement **) user_data = jxs_element_ref (stanza);
  return TRUE;
}

/* Through the servers nobody gets any, whoever else asks there. */
static void
test_signalling (void)
{
  g_autoptr (JxsElement) payload = jxs_element_new ("pubkeys", JXS_NS_TMP_PUBKEY);
  g_autoptr (JxsElement) iq = jxs_stanza_new_iq ("get", "juliet@capulet.lit/balcony", payload);
  g_autoptr (JxsElement) reply = NULL;
  g_autoptr (GError) error = NULL;
  JxsElement *element;
  Pair pair;

  pair_init (&pair);
  jxs_element_set_attribute (iq, "id", "keys");
  g_signal_connect (pair.channels[ROMEO], "stanza", G_CALLBACK (keep_cb), &reply);
  g_assert_true (jxs_channel_send (JXS_CHANNEL (pair.channels[ROMEO]), iq, &error));
  wait_until (reply != NULL);
  g_assert_false (jxs_stanza_check_error (reply, &error));
  g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_NOT_ACCEPTABLE);
  element = jxs_element_find_child (reply, "error", NULL);
  g_assert_nonnull (jxs_element_find_child (element, "security-required", JXS_NS_JINGLE_ERRORS));
  pair_clear (&pair);
}

static void
set_passwords (Scene *scene, JxsSecurityMethods methods, JxsPasswordKind kind)
{
  g_autofree char *password = jxs_password_generate (kind);
  g_autoptr (GError) error = NULL;

  watch_signalling (scene);
  for (guint i = 0; i < 2; i++)
    {
      jxs_security_policy_set_methods (jxs_endpoint_get_security_policy (scene->pair.endpoints[i]),
                                       methods);
      jxs_endpoint_set_peer_password (
          scene->pair.endpoints[i], scene->pair.jids[!i], password, kind, &error);
      g_assert_no_error (error);
    }
}

static void
use_strong_password (Scene *scene)
{
  set_passwords (scene, JXS_SECURITY_METHODS_X509, JXS_PASSWORD_STRONG);
}

static void
use_srp (Scene *scene)
{
  set_passwords (scene, JXS_SECURITY_METHODS_X509 | JXS_SECURITY_METHODS_SRP, JXS_PASSWORD_SHORT);
}

/* After a password both know each other's certificates, for all time to come. */
static void
test_password (gconstpointer data)
{
  Scene scene = { .prepare = data != NULL ? use_srp : use_strong_password };

  if (data != NULL && !jxs_tls_supports_srp ())
    {
      g_test_skip ("GnuTLS is built without SRP");
      return;
    }
  scene_init (&scene);
  g_assert_cmpstr (jxs_connection_get_security_method (scene.connections[ROMEO]),
                   ==,
                   data != NULL ? "srp" : "x509");
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *fingerprint =
          jxs_identity_get_fingerprint (scene.pair.identities[!i], G_CHECKSUM_SHA256);
      g_autofree char *expected = g_strdup_printf ("%s %.8s verified password -\n",
                                                   jxs_jid_to_string (scene.pair.jids[!i]),
                                                   fingerprint);

      g_assert_cmpint (jxs_connection_get_trust_origin (scene.connections[i]),
                       ==,
                       JXS_TRUST_ORIGIN_PASSWORD);
      wait_until (g_str_has_suffix (scene.books[i]->notes->str, expected));
    }
  if (data != NULL)
    {
      g_autoptr (GError) error = NULL;

      /* There is nothing left to compare. */
      g_assert_null (
          jxs_endpoint_verify_stream (scene.pair.endpoints[ROMEO], scene.streams[ROMEO], &error));
      g_assert_error (error, JXS_ERROR, JXS_ERROR_NOT_SUPPORTED);
    }
  assert_open (&scene);
  scene_clear (&scene);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/endpoint/stream-keys/successor", test_successor);
  g_test_add_func ("/endpoint/stream-keys/successor-rejected", test_successor_rejected);
  g_test_add_func ("/endpoint/stream-keys/continuity", test_continuity);
  g_test_add_func ("/endpoint/stream-keys/asked", test_asked);
  g_test_add_func ("/endpoint/stream-keys/signalling", test_signalling);
  g_test_add_data_func ("/endpoint/stream-keys/strong-password", NULL, test_password);
  g_test_add_data_func ("/endpoint/stream-keys/srp", "srp", test_password);
  return g_test_run ();
}
