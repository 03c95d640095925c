/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "make-certificate.h"
#include "stream-fixture.h"

#include <string.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/channel/jxs-inner-channel-private.h>
#include <jxs-glib/channel/jxs-loopback-channel.h>
#include <jxs-glib/security/jxs-fingerprint-private.h>
#include <jxs-glib/security/jxs-key-exchange-private.h>
#include <jxs-glib/security/jxs-pubkey-codec-private.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* One side of a stream that names keys, against a peer that is driven by hand. */

/* Writes down what it is told to learn. */
#define NOTEBOOK_TYPE_TRUST (notebook_trust_get_type ())
G_DECLARE_FINAL_TYPE (NotebookTrust, notebook_trust, NOTEBOOK, TRUST, GObject)

struct _NotebookTrust
{
  GObject parent_instance;

  GString *notes; /* (owned) */
};

static void
notebook_trust_learn (JxsTrust *trust,
                      JxsJid *peer,
                      GTlsCertificate *certificate,
                      JxsTrustLevel level,
                      JxsTrustOrigin origin,
                      const char *voucher)
{
  g_autofree char *fingerprint = jxs_fingerprint_compute (certificate, G_CHECKSUM_SHA256);

  g_string_append_printf (NOTEBOOK_TRUST (trust)->notes,
                          "%s %.8s %d %d %.8s\n",
                          jxs_jid_to_string (peer),
                          fingerprint,
                          level,
                          origin,
                          voucher != NULL ? voucher : "-");
}

static void
notebook_trust_iface_init (JxsTrustInterface *iface)
{
  iface->learn = notebook_trust_learn;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (NotebookTrust,
                               notebook_trust,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (JXS_TYPE_TRUST, notebook_trust_iface_init))

static void
notebook_trust_finalize (GObject *object)
{
  g_string_free (NOTEBOOK_TRUST (object)->notes, TRUE);

  G_OBJECT_CLASS (notebook_trust_parent_class)->finalize (object);
}

static void
notebook_trust_class_init (NotebookTrustClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = notebook_trust_finalize;
}

static void
notebook_trust_init (NotebookTrust *self)
{
  self->notes = g_string_new (NULL);
}

static const char *const namespaces[] = { JXS_NS_TMP_PUBKEY, NULL };

typedef struct
{
  Side *side;
  Raw *raw;
  JxsInnerChannel *channel;
  JxsRouter *router;
  JxsKeyExchange *keys;
  NotebookTrust *trust;
  JxsIdentity *identity;
  TestCertificate *peer; /* of the stream */
  GString *expected;     /* notes */
} Scene;

typedef enum
{
  WITH_SUCCESSOR = 1 << 0, /* we have one */
  UNSECURED = 1 << 1,
  WITHOUT_CERTIFICATE = 1 << 2,
} SceneFlags;

static void
scene_init (Scene *scene, JxsTrustLevel level, JxsTrustOrigin origin, SceneFlags flags)
{
  const TestSpec spec = { 0 };
  g_autoptr (JxsJid) jid = jxs_jid_new (ROMEO, NULL);
  g_autoptr (GError) error = NULL;
  JxsKeyExchangeParams params = { .level = level, .origin = origin };

  open_with_raw (JXS_XML_STREAM_INITIATOR, &scene->side, &scene->raw);
  scene->channel = jxs_inner_channel_new (scene->side->stream, namespaces);
  scene->router = jxs_router_get (JXS_CHANNEL (scene->channel));
  scene->trust = g_object_new (NOTEBOOK_TYPE_TRUST, NULL);
  scene->identity = jxs_identity_generate (jid, JXS_KEY_TYPE_ECDSA_P256, &error);
  g_assert_no_error (error);
  if ((flags & WITH_SUCCESSOR) != 0)
    g_object_unref (jxs_identity_renew (scene->identity, NULL));
  scene->peer = test_certificate_new (&spec, NULL);
  scene->expected = g_string_new (NULL);
  params.identity = scene->identity;
  params.trust = JXS_TRUST (scene->trust);
  params.peer_certificate = (flags & WITHOUT_CERTIFICATE) != 0 ? NULL : scene->peer->certificate;
  scene->keys = jxs_key_exchange_new (scene->router,
                                      jxs_xml_stream_get_peer_jid (scene->side->stream),
                                      (flags & UNSECURED) != 0 ? NULL : &params);
  jxs_key_exchange_start (scene->keys);
  iterate_all ();
}

static void
scene_clear (Scene *scene)
{
  jxs_inner_channel_detach (scene->channel);
  jxs_key_exchange_close (scene->keys);
  iterate_all ();
  g_assert_finalize_object (scene->keys);
  g_assert_finalize_object (scene->router);
  g_assert_finalize_object (scene->channel);
  g_assert_finalize_object (scene->identity);
  g_assert_finalize_object (scene->trust);
  test_certificate_free (scene->peer);
  g_string_free (scene->expected, TRUE);
  raw_free (scene->raw);
  side_free (scene->side);
}

static JxsElement *
build (TestCertificate *first, TestCertificate *second)
{
  g_autoptr (GPtrArray) certificates = g_ptr_array_new ();

  if (first != NULL)
    g_ptr_array_add (certificates, first->certificate);
  if (second != NULL)
    g_ptr_array_add (certificates, second->certificate);
  return jxs_pubkeys_build (certificates);
}

/* Sends a request of the peer's and expects text in the answer. */
static void
say (Scene *scene, const char *type, const char *payload, const char *text)
{
  g_autofree char *request = g_strdup_printf ("<iq type='%s' id='x'>%s</iq>", type, payload);

  g_string_truncate (scene->raw->received, 0);
  raw_send (scene->raw, request);
  raw_expect (scene->raw, "id='x'");
  raw_expect (scene->raw, text);
}

static void
tell (Scene *scene, TestCertificate *first, TestCertificate *second, const char *text)
{
  g_autoptr (JxsElement) pubkeys = build (first, second);
  g_autofree char *payload = jxs_element_to_string (pubkeys);

  say (scene, "set", payload, text);
}

static void
answer (Scene *scene, JxsElement *payload)
{
  g_autofree char *text = payload != NULL ? jxs_element_to_string (payload) : g_strdup ("");
  g_autofree char *result = NULL;
  g_autofree char *id = NULL;
  const char *start;

  raw_expect (scene->raw, "jxs-inner-");
  raw_expect (scene->raw, "</iq>");
  start = strstr (scene->raw->received->str, "jxs-inner-");
  id = g_strndup (start, strcspn (start, "'\""));
  result = g_strdup_printf ("<iq type='result' id='%s'>%s</iq>", id, text);
  g_string_truncate (scene->raw->received, 0);
  raw_send (scene->raw, result);
}

static void
add_note (Scene *scene,
          TestCertificate *certificate,
          JxsTrustLevel level,
          JxsTrustOrigin origin,
          gboolean vouched)
{
  g_autofree char *fingerprint =
      jxs_fingerprint_compute (certificate->certificate, G_CHECKSUM_SHA256);
  g_autofree char *voucher = jxs_fingerprint_compute (scene->peer->certificate, G_CHECKSUM_SHA256);

  g_string_append_printf (scene->expected,
                          JULIET " %.8s %d %d %.8s\n",
                          fingerprint,
                          level,
                          origin,
                          vouched ? voucher : "-");
}

static void
expect_note (Scene *scene,
             TestCertificate *certificate,
             JxsTrustLevel level,
             JxsTrustOrigin origin,
             gboolean vouched)
{
  add_note (scene, certificate, level, origin, vouched);
  while (scene->trust->notes->len < scene->expected->len)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (scene->trust->notes->str, ==, scene->expected->str);
}

static void
assert_no_note (Scene *scene)
{
  iterate_all ();
  g_assert_cmpstr (scene->trust->notes->str, ==, scene->expected->str);
}

/* ---- what the peer asks ---- */

static void
test_asked (void)
{
  for (SceneFlags flags = 0; flags <= WITH_SUCCESSOR; flags++)
    {
      Scene scene = { 0 };
      g_autoptr (JxsElement) element = NULL;
      g_autoptr (GPtrArray) certificates = NULL;
      g_autoptr (GError) error = NULL;

      scene_init (&scene, JXS_TRUST_LEVEL_FIRST_USE, JXS_TRUST_ORIGIN_NONE, flags);
      say (&scene, "get", "<pubkeys xmlns='urn:xmpp:tmp:pubkey'/>", "</iq>");
      element = jxs_element_new_from_string (scene.raw->received->str, &error);
      g_assert_no_error (error);
      certificates = jxs_pubkeys_parse (jxs_element_get_first_child (element), &error);
      g_assert_no_error (error);
      g_assert_cmpuint (certificates->len, ==, 1 + flags);
      g_assert_true (g_tls_certificate_is_same (g_ptr_array_index (certificates, 0),
                                                jxs_identity_get_certificate (scene.identity)));
      if (flags != 0)
        g_assert_true (g_tls_certificate_is_same (
            g_ptr_array_index (certificates, 1),
            jxs_identity_get_certificate (jxs_identity_get_successor (scene.identity))));
      say (&scene, "get", "<pubkey xmlns='urn:xmpp:tmp:pubkey'/>", "feature-not-implemented");
      say (&scene, "set", "<pubkey xmlns='urn:xmpp:tmp:pubkey'/>", "bad-request");
      assert_no_note (&scene);
      scene_clear (&scene);
    }
}

/* jingle-xtls §5.1: never outside of the encrypted stream. */
static void
test_unsecured (void)
{
  Scene scene = { 0 };

  scene_init (&scene, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_PASSWORD, UNSECURED);
  g_assert_cmpuint (scene.raw->received->len, ==, 0);
  say (&scene, "get", "<pubkeys xmlns='urn:xmpp:tmp:pubkey'/>", "</iq>");
  raw_expect (scene.raw, "<not-acceptable");
  raw_expect (scene.raw, "<security-required xmlns='urn:xmpp:jingle:errors:1'/>");
  tell (&scene, scene.peer, NULL, "<security-required");
  assert_no_note (&scene);
  scene_clear (&scene);
}

static gboolean
collect_cb (JxsChannel *channel, JxsElement *stanza, gpointer user_data)
{
  g_assert_null (*(JxsElement **) user_data);
  *(JxsElement **) user_data = jxs_element_ref (stanza);
  return TRUE;
}

static void
test_signalling (void)
{
  static const char *const types[] = { "get", "set" };
  g_autoptr (JxsJid) romeo = jxs_jid_new (ROMEO, NULL);
  g_autoptr (JxsJid) juliet = jxs_jid_new (JULIET, NULL);
  g_autoptr (JxsLoopbackChannel) first = NULL;
  g_autoptr (JxsLoopbackChannel) second = NULL;
  g_autoptr (JxsRouter) router = NULL;
  guint handler;

  jxs_loopback_channel_new_pair (romeo, juliet, &first, &second);
  router = jxs_router_get (JXS_CHANNEL (second));
  handler = jxs_key_exchange_refuse (router);
  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (JxsElement) pubkeys = jxs_pubkeys_build (NULL);
      g_autoptr (JxsElement) iq = jxs_stanza_new_iq (types[i], JULIET, pubkeys);
      g_autoptr (JxsElement) reply = NULL;
      g_autoptr (GError) error = NULL;
      gulong id = g_signal_connect (first, "stanza", G_CALLBACK (collect_cb), &reply);

      g_assert_true (jxs_channel_send (JXS_CHANNEL (first), iq, &error));
      while (reply == NULL)
        g_main_context_iteration (NULL, TRUE);
      g_assert_false (jxs_stanza_check_error (reply, &error));
      g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_NOT_ACCEPTABLE);
      g_assert_nonnull (jxs_element_find_child (jxs_element_find_child (reply, "error", NULL),
                                                "security-required",
                                                JXS_NS_JINGLE_ERRORS));
      g_signal_handler_disconnect (first, id);
    }
  jxs_router_remove_handler (router, handler);
}

/* ---- what the peer tells ---- */

/* A key gives what it has. */
static void
test_vouched (void)
{
  for (JxsTrustLevel level = JXS_TRUST_LEVEL_FIRST_USE; level <= JXS_TRUST_LEVEL_VERIFIED; level++)
    {
      const TestSpec spec = { .names = { { TEST_NAME_ADDRESS, "juliet@capulet.lit", 0 } } };
      g_autoptr (TestCertificate) next = test_certificate_new (&spec, NULL);
      Scene scene = { 0 };

      scene_init (&scene, level, JXS_TRUST_ORIGIN_NONE, 0);
      /* The key that the stream was opened with is known already. */
      tell (&scene, scene.peer, next, "type='result'");
      expect_note (&scene, next, level, JXS_TRUST_ORIGIN_VOUCHED, TRUE);
      scene_clear (&scene);
    }
}

/* What two persons find out about the one holds for the other. */
static void
test_set_level (void)
{
  const TestSpec spec = { 0 };
  g_autoptr (TestCertificate) next = test_certificate_new (&spec, NULL);
  g_autoptr (TestCertificate) later = test_certificate_new (&spec, NULL);
  Scene scene = { 0 };

  scene_init (&scene, JXS_TRUST_LEVEL_FIRST_USE, JXS_TRUST_ORIGIN_NONE, 0);
  tell (&scene, next, NULL, "type='result'");
  expect_note (&scene, next, JXS_TRUST_LEVEL_FIRST_USE, JXS_TRUST_ORIGIN_VOUCHED, TRUE);
  jxs_key_exchange_set_level (scene.keys, JXS_TRUST_LEVEL_VERIFIED);
  expect_note (&scene, next, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_VOUCHED, TRUE);
  tell (&scene, later, NULL, "type='result'");
  expect_note (&scene, later, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_VOUCHED, TRUE);
  scene_clear (&scene);

  scene = (Scene){ 0 };
  scene_init (&scene, JXS_TRUST_LEVEL_PINNED, JXS_TRUST_ORIGIN_NONE, 0);
  tell (&scene, next, NULL, "type='result'");
  expect_note (&scene, next, JXS_TRUST_LEVEL_PINNED, JXS_TRUST_ORIGIN_VOUCHED, TRUE);
  jxs_key_exchange_set_level (scene.keys, JXS_TRUST_LEVEL_UNKNOWN);
  expect_note (&scene, next, JXS_TRUST_LEVEL_UNKNOWN, JXS_TRUST_ORIGIN_SHORT_STRING, FALSE);
  tell (&scene, later, NULL, "not-allowed");
  assert_no_note (&scene);
  scene_clear (&scene);
}

static void
test_not_taken (void)
{
  const TestSpec good = { 0 };
  const TestSpec other = { .names = { { TEST_NAME_ADDRESS, "mercutio@verona.lit", 0 } } };
  const TestSpec expired = { .from = 1, .until = TEST_DAY };
  const TestSpec weak = { .algorithm = GNUTLS_PK_RSA, .bits = 1024 };
  const TestSpec *const bad[] = { &other, &expired, &weak };
  g_autoptr (TestCertificate) fine = test_certificate_new (&good, NULL);
  Scene scene = { 0 };

  scene_init (&scene, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_FINGERPRINT, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (TestCertificate) certificate = test_certificate_new (bad[i], NULL);

      /* All or none. */
      tell (&scene, fine, certificate, "not-acceptable");
      assert_no_note (&scene);
    }
  say (&scene, "set", "<pubkeys xmlns='urn:xmpp:tmp:pubkey'><keyinfo/></pubkeys>", "bad-request");
  assert_no_note (&scene);
  scene_clear (&scene);

  /* Nobody decided about the key, so it has nothing to give. */
  scene = (Scene){ 0 };
  scene_init (&scene, JXS_TRUST_LEVEL_UNKNOWN, JXS_TRUST_ORIGIN_NONE, 0);
  tell (&scene, fine, NULL, "not-allowed");
  assert_no_note (&scene);
  scene_clear (&scene);
}

static void
test_too_many (void)
{
  const TestSpec spec = { 0 };
  Scene scene = { 0 };

  scene_init (&scene, JXS_TRUST_LEVEL_PINNED, JXS_TRUST_ORIGIN_NONE, 0);
  for (guint i = 0; i < JXS_KEY_EXCHANGE_MAX_LEARNED; i++)
    {
      g_autoptr (TestCertificate) next = test_certificate_new (&spec, NULL);

      tell (&scene, next, NULL, "type='result'");
      expect_note (&scene, next, JXS_TRUST_LEVEL_PINNED, JXS_TRUST_ORIGIN_VOUCHED, TRUE);
    }
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (TestCertificate) next = test_certificate_new (&spec, NULL);

      tell (&scene, next, NULL, "policy-violation");
    }
  assert_no_note (&scene);
  scene_clear (&scene);
}

/* ---- what we ask and tell ---- */

static void
test_told (void)
{
  g_autoptr (JxsElement) pubkeys = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GPtrArray) certificates = g_ptr_array_new ();
  Scene scene = { 0 };

  scene_init (&scene, JXS_TRUST_LEVEL_FIRST_USE, JXS_TRUST_ORIGIN_NONE, WITH_SUCCESSOR);
  raw_expect (scene.raw, "type='set'");
  g_ptr_array_add (certificates,
                   jxs_identity_get_certificate (jxs_identity_get_successor (scene.identity)));
  pubkeys = jxs_pubkeys_build (certificates);
  text = jxs_element_to_string (pubkeys);
  raw_expect (scene.raw, text);
  g_assert_null (strstr (scene.raw->received->str, "type='get'"));
  answer (&scene, NULL);
  assert_no_note (&scene);
  scene_clear (&scene);

  /* Nothing to tell, nothing to ask. */
  scene = (Scene){ 0 };
  scene_init (&scene, JXS_TRUST_LEVEL_FIRST_USE, JXS_TRUST_ORIGIN_NONE, 0);
  g_assert_cmpuint (scene.raw->received->len, ==, 0);
  scene_clear (&scene);
}

static void
test_password (void)
{
  const TestSpec spec = { 0 };
  const TestSpec other = { .names = { { TEST_NAME_ADDRESS, "mercutio@verona.lit", 0 } } };
  g_autoptr (TestCertificate) next = test_certificate_new (&spec, NULL);
  g_autoptr (TestCertificate) wrong = test_certificate_new (&other, NULL);

  {
    g_autoptr (JxsElement) good = NULL;
    Scene scene = { 0 };

    scene_init (&scene, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_PASSWORD, WITHOUT_CERTIFICATE);
    raw_expect (scene.raw, "<pubkeys");
    raw_expect (scene.raw, "type='get'");
    raw_expect (scene.raw, "to='" JULIET "'");
    good = build (scene.peer, next);
    answer (&scene, good);
    add_note (&scene, scene.peer, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_PASSWORD, FALSE);
    expect_note (&scene, next, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_PASSWORD, FALSE);
    scene_clear (&scene);
  }
  {
    Scene scene = { 0 };

    /* A key that a password proved once: what its holder names now rests on that key. */
    scene_init (&scene, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_PASSWORD, 0);
    g_assert_cmpuint (scene.raw->received->len, ==, 0);
    tell (&scene, next, NULL, "type='result'");
    expect_note (&scene, next, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_VOUCHED, TRUE);
    scene_clear (&scene);
  }
  {
    g_autoptr (JxsElement) bad = build (next, wrong);
    g_autoptr (JxsElement) empty = build (NULL, NULL);
    g_autoptr (JxsElement) malformed =
        jxs_element_new_from_string ("<pubkeys xmlns='urn:xmpp:tmp:pubkey'><keyinfo/></pubkeys>",
                                     NULL);
    JxsElement *const answers[] = { NULL, bad, empty, malformed };

    for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
      {
        Scene scene = { 0 };

        scene_init (&scene,
                    JXS_TRUST_LEVEL_VERIFIED,
                    JXS_TRUST_ORIGIN_PASSWORD,
                    WITH_SUCCESSOR | WITHOUT_CERTIFICATE);
        answer (&scene, answers[i]);
        assert_no_note (&scene);
        /* The next key goes with the answer to the peer's question. */
        g_assert_null (strstr (scene.raw->received->str, "type='set'"));
        scene_clear (&scene);
      }
  }
}

/* Nobody answers, or everything ends first. */
static void
test_silence (void)
{
  Scene scene = { 0 };

  jxs_clock_use_fake (0);
  scene_init (&scene, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_PASSWORD, WITHOUT_CERTIFICATE);
  raw_expect (scene.raw, "type='get'");
  jxs_clock_advance (61 * G_USEC_PER_SEC);
  assert_no_note (&scene);
  scene_clear (&scene);
  jxs_clock_use_real ();

  scene = (Scene){ 0 };
  scene_init (&scene, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_PASSWORD, WITH_SUCCESSOR);
  scene_clear (&scene);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/security/key-exchange/asked", test_asked);
  g_test_add_func ("/security/key-exchange/unsecured", test_unsecured);
  g_test_add_func ("/security/key-exchange/signalling", test_signalling);
  g_test_add_func ("/security/key-exchange/vouched", test_vouched);
  g_test_add_func ("/security/key-exchange/set-level", test_set_level);
  g_test_add_func ("/security/key-exchange/not-taken", test_not_taken);
  g_test_add_func ("/security/key-exchange/too-many", test_too_many);
  g_test_add_func ("/security/key-exchange/told", test_told);
  g_test_add_func ("/security/key-exchange/password", test_password);
  g_test_add_func ("/security/key-exchange/silence", test_silence);
  return g_test_run ();
}
