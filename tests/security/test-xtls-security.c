/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <gio/gio.h>
#include <gnutls/gnutls.h>
#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/io/jxs-pipe-private.h>
#include <jxs-glib/io/jxs-socket-stream-private.h>
#include <jxs-glib/io/jxs-tls-private.h>
#include <jxs-glib/security/jxs-memory-trust.h>
#include <jxs-glib/security/jxs-xtls-codec-private.h>
#include <jxs-glib/security/jxs-xtls-security-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* A trust object that keeps requests until it is told the answer. */
#define TEST_TYPE_TRUST (test_trust_get_type ())
G_DECLARE_FINAL_TYPE (TestTrust, test_trust, TEST, TRUST, GObject)

struct _TestTrust
{
  GObject parent_instance;
  JxsTrustRequest *request; /* (owned) (nullable) */
  gboolean drop;
};

static void
test_trust_decide (JxsTrust *trust, JxsTrustRequest *request)
{
  TestTrust *self = TEST_TRUST (trust);

  if (!self->drop)
    g_set_object (&self->request, request);
}

static void
test_trust_iface_init (JxsTrustInterface *iface)
{
  iface->decide = test_trust_decide;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (TestTrust,
                               test_trust,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (JXS_TYPE_TRUST, test_trust_iface_init))

static void
test_trust_finalize (GObject *object)
{
  g_clear_object (&TEST_TRUST (object)->request);
  G_OBJECT_CLASS (test_trust_parent_class)->finalize (object);
}

static void
test_trust_class_init (TestTrustClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = test_trust_finalize;
}

static void
test_trust_init (TestTrust *self)
{
}

typedef struct
{
  JxsXtlsConfig config;
  JxsSecurity *security;
  JxsElement *info; /* the security-info it sent */
  GIOStream *base;
  GAsyncResult *result;
  GIOStream *stream;
  GError *error;
} Side;

typedef struct
{
  JxsJid *romeo;
  JxsJid *juliet;
  JxsIdentity *stranger;
  Side initiator;
  Side responder;
} Fixture;

static void
send_info_cb (JxsSecurity *security, JxsElement *element, gpointer user_data)
{
  Side *side = user_data;

  g_assert_null (side->info);
  side->info = jxs_element_ref (element);
}

static void
side_set_up (Side *side, JxsJid *local, JxsJid *peer, gboolean initiator, JxsKeyType type)
{
  g_autoptr (GError) error = NULL;

  side->config.identity = jxs_identity_generate (local, type, &error);
  g_assert_no_error (error);
  side->config.trust = JXS_TRUST (jxs_memory_trust_new ());
  side->config.required = TRUE;
  side->security = jxs_xtls_security_create (local, peer, initiator, NULL, &side->config);
  g_signal_connect (side->security, "send-info", G_CALLBACK (send_info_cb), side);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->romeo = jxs_jid_new ("romeo@montague.lit/orchard", NULL);
  f->juliet = jxs_jid_new ("juliet@capulet.lit/balcony", NULL);
  f->stranger = jxs_identity_generate (f->romeo, JXS_KEY_TYPE_ECDSA_P256, &error);
  g_assert_no_error (error);
  side_set_up (&f->initiator, f->romeo, f->juliet, TRUE, JXS_KEY_TYPE_ECDSA_P256);
  side_set_up (&f->responder, f->juliet, f->romeo, FALSE, JXS_KEY_TYPE_ED25519);
  jxs_pipe_new (&f->initiator.base, &f->responder.base, &error);
  g_assert_no_error (error);
}

static void
side_tear_down (Side *side)
{
  g_clear_object (&side->stream);
  g_clear_object (&side->result);
  g_clear_error (&side->error);
  g_clear_object (&side->base);
  g_clear_pointer (&side->info, jxs_element_unref);
  if (side->security != NULL)
    g_assert_finalize_object (side->security);
  g_assert_finalize_object (side->config.identity);
  g_assert_finalize_object (side->config.trust);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  side_tear_down (&f->initiator);
  side_tear_down (&f->responder);
  g_object_unref (f->stranger);
  jxs_jid_unref (f->romeo);
  jxs_jid_unref (f->juliet);
}

static void
settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
use_trust (Side *side, gpointer trust)
{
  JxsJid *local = jxs_security_get_local_jid (side->security);
  JxsJid *peer = jxs_security_get_peer_jid (side->security);
  gboolean initiator = jxs_security_is_initiator (side->security);
  JxsSecurity *security;

  g_object_unref (side->config.trust);
  side->config.trust = trust;
  security = jxs_xtls_security_create (local, peer, initiator, NULL, &side->config);
  g_assert_finalize_object (side->security);
  side->security = security;
  g_signal_connect (side->security, "send-info", G_CALLBACK (send_info_cb), side);
}

/* session-initiate, session-accept, security-info */
static void
negotiate (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsElement) offer = jxs_security_build (f->initiator.security);
  g_autoptr (JxsElement) answer = NULL;

  g_assert_true (jxs_security_set_remote (f->responder.security, offer, &error));
  g_assert_no_error (error);
  answer = jxs_security_build (f->responder.security);
  g_assert_true (jxs_security_set_remote (f->initiator.security, answer, &error));
  g_assert_no_error (error);
  g_assert_nonnull (f->initiator.info);
  g_assert_true (jxs_security_handle_info (f->responder.security, f->initiator.info, &error));
  g_assert_no_error (error);
}

/* As if the peer had announced this identity. */
static void
announce (Side *side, JxsIdentity *identity)
{
  JxsXtls xtls = { .methods = JXS_XTLS_METHOD_X509 };
  g_autofree char *sha1 = jxs_identity_get_fingerprint (identity, G_CHECKSUM_SHA1);
  g_autofree char *sha256 = jxs_identity_get_fingerprint (identity, G_CHECKSUM_SHA256);
  g_autoptr (JxsElement) element = NULL;
  g_autoptr (JxsElement) built = NULL;
  g_autoptr (GError) error = NULL;
  gboolean initiator = jxs_security_is_initiator (side->security);

  xtls.fingerprints[G_CHECKSUM_SHA1] = sha1;
  xtls.fingerprints[G_CHECKSUM_SHA256] = sha256;
  element = jxs_xtls_build (&xtls);
  if (initiator)
    built = jxs_security_build (side->security);
  g_assert_true (jxs_security_set_remote (side->security, element, &error));
  g_assert_no_error (error);
  if (!initiator)
    built = jxs_security_build (side->security);
  g_assert_nonnull (built);
}

static void
secured_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Side *side = user_data;

  g_assert_null (side->result);
  side->result = g_object_ref (result);
  side->stream = jxs_security_secure_finish (JXS_SECURITY (source), result, &side->error);
  g_assert_true ((side->stream == NULL) == (side->error != NULL));
}

static void
secure (Side *side, GCancellable *cancellable)
{
  jxs_security_secure_async (side->security, side->base, cancellable, secured_cb, side);
}

static void
wait_for (Side *side)
{
  while (side->result == NULL)
    g_main_context_iteration (NULL, TRUE);
}

static void
secure_both (Fixture *f)
{
  secure (&f->initiator, NULL);
  secure (&f->responder, NULL);
  wait_for (&f->initiator);
  wait_for (&f->responder);
}

static void
assert_failed (Side *side, GQuark domain, int code)
{
  g_assert_null (side->stream);
  g_assert_error (side->error, domain, code);
  settle ();
  g_assert_true (g_io_stream_is_closed (side->base));
}

typedef struct
{
  gssize n;
  GError *error;
  gboolean done;
} Transfer;

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Transfer *transfer = user_data;

  transfer->n = g_input_stream_read_finish (G_INPUT_STREAM (source), result, &transfer->error);
  transfer->done = TRUE;
}

static gssize
read_some (GIOStream *stream, char *buffer, gsize size, GError **error)
{
  Transfer transfer = { 0 };

  g_input_stream_read_async (g_io_stream_get_input_stream (stream),
                             buffer,
                             size,
                             G_PRIORITY_DEFAULT,
                             NULL,
                             read_cb,
                             &transfer);
  while (!transfer.done)
    g_main_context_iteration (NULL, TRUE);
  if (transfer.error != NULL)
    g_propagate_error (error, transfer.error);
  return transfer.n;
}

static void
write_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Transfer *transfer = user_data;
  gsize written = 0;

  g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, &written, &transfer->error);
  transfer->n = written;
  transfer->done = TRUE;
}

static void
send_text (GIOStream *from, GIOStream *to, const char *text)
{
  Transfer transfer = { 0 };
  g_autoptr (GError) error = NULL;
  char buffer[64];
  gsize done = 0;

  g_output_stream_write_all_async (g_io_stream_get_output_stream (from),
                                   text,
                                   strlen (text),
                                   G_PRIORITY_DEFAULT,
                                   NULL,
                                   write_cb,
                                   &transfer);
  while (done < strlen (text))
    {
      gssize n = read_some (to, buffer + done, sizeof buffer - done, &error);

      g_assert_no_error (error);
      g_assert_cmpint (n, >, 0);
      done += n;
    }
  while (!transfer.done)
    g_main_context_iteration (NULL, TRUE);
  g_assert_no_error (transfer.error);
  g_assert_cmpmem (buffer, done, text, strlen (text));
}

static JxsXtlsSecurity *
xtls (Side *side)
{
  return JXS_XTLS_SECURITY (side->security);
}

static void
assert_secure (Side *side, Side *other, JxsTrustLevel level)
{
  g_autofree char *fingerprint =
      jxs_identity_get_fingerprint (other->config.identity, G_CHECKSUM_SHA256);

  g_assert_no_error (side->error);
  g_assert_true (G_IS_TLS_CONNECTION (side->stream));
  g_assert_cmpint (jxs_xtls_security_get_trust_level (xtls (side)), ==, level);
  g_assert_cmpstr (jxs_xtls_security_get_peer_fingerprint (xtls (side)), ==, fingerprint);
}

static void
test_secure (Fixture *f, gconstpointer data)
{
  g_autofree char *protocol = NULL;
  g_autoptr (GBytes) first = NULL;
  g_autoptr (GBytes) second = NULL;

  negotiate (f);
  g_assert_null (f->responder.info);
  g_assert_null (jxs_xtls_security_get_peer_fingerprint (xtls (&f->initiator)));
  secure_both (f);
  assert_secure (&f->initiator, &f->responder, JXS_TRUST_LEVEL_FIRST_USE);
  assert_secure (&f->responder, &f->initiator, JXS_TRUST_LEVEL_FIRST_USE);

  /* The TLS client is the initiator of the session (jingle-xtls §4). */
  g_assert_true (G_IS_TLS_CLIENT_CONNECTION (f->initiator.stream));
  g_assert_true (G_IS_TLS_SERVER_CONNECTION (f->responder.stream));
  protocol = jxs_tls_get_protocol_name (G_TLS_CONNECTION (f->initiator.stream));
  g_assert_cmpstr (protocol, ==, "TLS 1.3");

  send_text (f->initiator.stream, f->responder.stream, "parting is such sweet sorrow");
  send_text (f->responder.stream, f->initiator.stream, "till it be morrow");
  first = jxs_tls_get_exporter (G_TLS_CONNECTION (f->initiator.stream), NULL);
  second = jxs_tls_get_exporter (G_TLS_CONNECTION (f->responder.stream), NULL);
  g_assert_true (g_bytes_equal (first, second));
}

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

/* security-info is a hint: it may never come, or come late. */
static void
test_without_choice (Fixture *f, gconstpointer data)
{
  g_autoptr (JxsElement) offer = jxs_security_build (f->initiator.security);
  g_autoptr (JxsElement) answer = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (jxs_security_set_remote (f->responder.security, offer, &error));
  answer = jxs_security_build (f->responder.security);
  g_assert_true (jxs_security_set_remote (f->initiator.security, answer, &error));
  secure_both (f);
  assert_secure (&f->responder, &f->initiator, JXS_TRUST_LEVEL_FIRST_USE);
  send_text (f->initiator.stream, f->responder.stream, "early");
  g_assert_true (jxs_security_handle_info (f->responder.security, f->initiator.info, &error));
  g_assert_no_error (error);
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

#define OPEN "<security xmlns='" JXS_NS_XTLS "'>"
#define CLOSE "</security>"
#define ZERO "0000000000000000000000000000000000000000"

static void
test_bad_choice (Fixture *f, gconstpointer data)
{
  assert_info_refused (&f->responder,
                       OPEN "<method name='x509'/>" CLOSE,
                       JXS_STANZA_ERROR_UNEXPECTED_REQUEST);
  negotiate (f);
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
  secure_both (f);
  assert_secure (&f->responder, &f->initiator, JXS_TRUST_LEVEL_FIRST_USE);
}

static void
assert_remote_refused (Side *side, const char *xml, GQuark domain, int code)
{
  g_autoptr (JxsElement) element = xml != NULL ? jxs_element_new_from_string (xml, NULL) : NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (jxs_security_set_remote (side->security, element, &error));
  g_assert_error (error, domain, code);
  /* What went wrong stays wrong. */
  secure (side, NULL);
  wait_for (side);
  assert_failed (side, JXS_ERROR, JXS_ERROR_SECURITY);
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

        set_up (&fresh, NULL);
        side = as_initiator ? &fresh.initiator : &fresh.responder;
        if (as_initiator)
          offer = jxs_security_build (side->security);
        assert_remote_refused (side, less[i], JXS_ERROR, JXS_ERROR_SECURITY);
        tear_down (&fresh, NULL);
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
  negotiate (f);
  offer = jxs_element_new_from_string (OPEN "<fingerprint>" ZERO
                                            "</fingerprint><method name='x509'/>" CLOSE,
                                       NULL);
  g_assert_false (jxs_security_set_remote (f->initiator.security, offer, &error));
  g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_UNEXPECTED_REQUEST);
  g_clear_error (&error);
  g_assert_false (jxs_security_set_remote (f->responder.security, offer, &error));
  g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_UNEXPECTED_REQUEST);
  secure_both (f);
  assert_secure (&f->initiator, &f->responder, JXS_TRUST_LEVEL_FIRST_USE);
}

/* Without security only where the application said so. */
static void
test_plain (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsElement) offer = NULL;

  f->initiator.config.required = FALSE;
  f->responder.config.required = FALSE;
  use_trust (&f->initiator, jxs_memory_trust_new ());
  use_trust (&f->responder, jxs_memory_trust_new ());

  offer = jxs_security_build (f->initiator.security);
  g_assert_nonnull (offer);
  g_assert_true (jxs_security_set_remote (f->initiator.security, NULL, &error));
  g_assert_true (jxs_security_set_remote (f->responder.security, NULL, &error));
  g_assert_null (jxs_security_build (f->responder.security));
  g_assert_null (f->initiator.info);
  secure_both (f);
  g_assert_true (f->initiator.stream == f->initiator.base);
  g_assert_true (f->responder.stream == f->responder.base);
  g_assert_cmpint (jxs_xtls_security_get_trust_level (xtls (&f->initiator)),
                   ==,
                   JXS_TRUST_LEVEL_REFUSED);
  send_text (f->initiator.stream, f->responder.stream, "in the clear");
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
  secure_both (f);
  assert_secure (&f->initiator, &f->responder, JXS_TRUST_LEVEL_FIRST_USE);
  assert_secure (&f->responder, &f->initiator, JXS_TRUST_LEVEL_FIRST_USE);
}

/* Announced one certificate, showed another: refused even where the other is trusted. */
static void
test_mismatch (Fixture *f, gconstpointer data)
{
  Side *deceived = data != NULL ? &f->initiator : &f->responder;
  Side *honest = data != NULL ? &f->responder : &f->initiator;
  g_autofree char *shown =
      jxs_identity_get_fingerprint (honest->config.identity, G_CHECKSUM_SHA256);
  g_autoptr (GError) error = NULL;

  g_assert_true (jxs_memory_trust_pin (JXS_MEMORY_TRUST (deceived->config.trust),
                                       jxs_security_get_peer_jid (deceived->security),
                                       shown,
                                       TRUE,
                                       &error));
  announce (deceived, f->stranger);
  announce (honest, deceived->config.identity);
  secure_both (f);
  assert_failed (deceived, JXS_ERROR, JXS_ERROR_SECURITY);
  g_assert_null (jxs_xtls_security_get_peer_fingerprint (xtls (deceived)));
}

/* All announced digests must match, not just one. */
static void
test_half_mismatch (Fixture *f, gconstpointer data)
{
  JxsXtls half = { .methods = JXS_XTLS_METHOD_X509 };
  g_autofree char *sha1 =
      jxs_identity_get_fingerprint (f->initiator.config.identity, G_CHECKSUM_SHA1);
  g_autofree char *sha256 = jxs_identity_get_fingerprint (f->stranger, G_CHECKSUM_SHA256);
  g_autoptr (JxsElement) element = NULL;
  g_autoptr (JxsElement) answer = NULL;
  g_autoptr (GError) error = NULL;

  half.fingerprints[G_CHECKSUM_SHA1] = sha1;
  half.fingerprints[G_CHECKSUM_SHA256] = sha256;
  element = jxs_xtls_build (&half);
  g_assert_true (jxs_security_set_remote (f->responder.security, element, &error));
  answer = jxs_security_build (f->responder.security);
  announce (&f->initiator, f->responder.config.identity);
  secure_both (f);
  assert_failed (&f->responder, JXS_ERROR, JXS_ERROR_SECURITY);
}

/* A key that changed is refused, with both fingerprints named. */
static void
test_changed_key (Fixture *f, gconstpointer data)
{
  g_autofree char *before = jxs_identity_get_fingerprint (f->stranger, G_CHECKSUM_SHA256);
  g_autoptr (GError) error = NULL;

  g_assert_true (jxs_memory_trust_pin (
      JXS_MEMORY_TRUST (f->initiator.config.trust), f->juliet, before, FALSE, &error));
  negotiate (f);
  secure_both (f);
  assert_failed (&f->initiator, JXS_ERROR, JXS_ERROR_UNTRUSTED);
}

/* TLS 1.3 lets the client finish first. When the responder then refuses, the initiator's first read
 * tells, as an error: not as an end that looks orderly. */
static void
test_refused_by_responder (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  char buffer[16];

  jxs_memory_trust_set_first_use (JXS_MEMORY_TRUST (f->responder.config.trust), FALSE);
  negotiate (f);
  secure_both (f);
  assert_failed (&f->responder, JXS_ERROR, JXS_ERROR_UNTRUSTED);
  g_assert_no_error (f->initiator.error);
  g_assert_cmpint (read_some (f->initiator.stream, buffer, sizeof buffer, &error), ==, -1);
  g_assert_error (error, G_TLS_ERROR, G_TLS_ERROR_EOF);
}

/* Nothing hurries who has to decide; the connection comes after the answer. */
static void
test_trust_later (Fixture *f, gconstpointer data)
{
  TestTrust *trust = g_object_new (TEST_TYPE_TRUST, NULL);

  use_trust (&f->responder, trust);
  negotiate (f);
  secure (&f->initiator, NULL);
  secure (&f->responder, NULL);
  wait_for (&f->initiator);
  while (trust->request == NULL)
    g_main_context_iteration (NULL, TRUE);
  /* Longer than any limit of the handshake. */
  jxs_clock_advance (G_TIME_SPAN_HOUR);
  settle ();
  g_assert_null (f->responder.result);
  jxs_trust_request_respond (trust->request, JXS_TRUST_LEVEL_VERIFIED, NULL);
  g_clear_object (&trust->request);
  wait_for (&f->responder);
  assert_secure (&f->responder, &f->initiator, JXS_TRUST_LEVEL_VERIFIED);
  send_text (f->responder.stream, f->initiator.stream, "now");
}

static void
test_trust_drops (Fixture *f, gconstpointer data)
{
  TestTrust *trust = g_object_new (TEST_TYPE_TRUST, NULL);

  trust->drop = TRUE;
  use_trust (&f->initiator, trust);
  negotiate (f);
  secure_both (f);
  assert_failed (&f->initiator, JXS_ERROR, JXS_ERROR_UNTRUSTED);
}

static void
test_trust_cancel (Fixture *f, gconstpointer data)
{
  TestTrust *trust = g_object_new (TEST_TYPE_TRUST, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  use_trust (&f->responder, trust);
  negotiate (f);
  secure (&f->initiator, NULL);
  secure (&f->responder, cancellable);
  wait_for (&f->initiator);
  while (trust->request == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_cancellable_cancel (cancellable);
  wait_for (&f->responder);
  assert_failed (&f->responder, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  jxs_trust_request_respond (trust->request, JXS_TRUST_LEVEL_VERIFIED, NULL);
  g_clear_object (&trust->request);
}

static void
test_cancel_before (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_cancellable_cancel (cancellable);
  negotiate (f);
  secure (&f->initiator, cancellable);
  g_assert_null (f->initiator.result); /* never from inside the call */
  wait_for (&f->initiator);
  assert_failed (&f->initiator, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_cancel_during (Fixture *f, gconstpointer data)
{
  Side *side = data != NULL ? &f->initiator : &f->responder;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  negotiate (f);
  secure (side, cancellable);
  for (guint i = 0; i < 5; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_null (side->result);
  g_cancellable_cancel (cancellable);
  wait_for (side);
  assert_failed (side, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* A peer that says nothing is not waited for without end. */
static void
test_stall (Fixture *f, gconstpointer data)
{
  Side *side = data != NULL ? &f->initiator : &f->responder;

  negotiate (f);
  secure (side, NULL);
  settle ();
  g_assert_null (side->result);
  jxs_clock_advance (5 * G_TIME_SPAN_MINUTE);
  wait_for (side);
  assert_failed (side, JXS_ERROR, JXS_ERROR_TIMED_OUT);
}

static void
test_garbage (Fixture *f, gconstpointer data)
{
  static const char xml[] = "<stream:stream xmlns='jabber:client' to='juliet@capulet.lit'>";
  Side *side = data != NULL ? &f->initiator : &f->responder;
  Side *other = data != NULL ? &f->responder : &f->initiator;
  gssize n;

  negotiate (f);
  secure (side, NULL);
  n = g_pollable_output_stream_write_nonblocking (G_POLLABLE_OUTPUT_STREAM (
                                                      g_io_stream_get_output_stream (other->base)),
                                                  xml,
                                                  sizeof xml,
                                                  NULL,
                                                  NULL);
  g_assert_cmpint (n, ==, sizeof xml);
  wait_for (side);
  g_assert_null (side->stream);
  g_assert_true (side->error->domain == G_TLS_ERROR);
  settle ();
  g_assert_true (g_io_stream_is_closed (side->base));
}

static void
test_end_of_file (Fixture *f, gconstpointer data)
{
  Side *side = data != NULL ? &f->initiator : &f->responder;
  Side *other = data != NULL ? &f->responder : &f->initiator;

  negotiate (f);
  secure (side, NULL);
  g_io_stream_close (other->base, NULL, NULL);
  wait_for (side);
  g_assert_null (side->stream);
  g_assert_nonnull (side->error);
  settle ();
  g_assert_true (g_io_stream_is_closed (side->base));
}

/* A peer on GnuTLS itself, in a thread: it does what our own code would not. */
typedef struct
{
  int fd;
  unsigned int flags; /* GNUTLS_CLIENT or GNUTLS_SERVER */
  const char *priorities;
  JxsIdentity *identity; /* (nullable): shows no certificate */
  gboolean ask;          /* for the client's certificate */
  int result;
} RawPeer;

static gpointer
raw_peer_run (gpointer data)
{
  RawPeer *peer = data;
  gnutls_session_t session;
  gnutls_certificate_credentials_t credentials;
  char byte;

  gnutls_init (&session, peer->flags);
  gnutls_certificate_allocate_credentials (&credentials);
  if (peer->identity != NULL)
    {
      g_autofree char *certificate = NULL;
      g_autofree char *key = NULL;

      g_object_get (jxs_identity_get_certificate (peer->identity),
                    "certificate-pem",
                    &certificate,
                    "private-key-pem",
                    &key,
                    NULL);
      gnutls_certificate_set_x509_key_mem (credentials,
                                           &(gnutls_datum_t){ (unsigned char *) certificate,
                                                              strlen (certificate) },
                                           &(gnutls_datum_t){ (unsigned char *) key, strlen (key) },
                                           GNUTLS_X509_FMT_PEM);
    }
  gnutls_priority_set_direct (session, peer->priorities, NULL);
  gnutls_credentials_set (session, GNUTLS_CRD_CERTIFICATE, credentials);
  if (peer->ask)
    gnutls_certificate_server_set_request (session, GNUTLS_CERT_REQUIRE);
  gnutls_transport_set_int (session, peer->fd);
  do
    {
      GPollFD poll_fd = { peer->fd, G_IO_IN, 0 };

      peer->result = gnutls_handshake (session);
      if (peer->result == GNUTLS_E_AGAIN)
        g_poll (&poll_fd, 1, -1);
    }
  while (peer->result < 0 && !gnutls_error_is_fatal (peer->result));
  /* Until the other side is done with it. */
  while (peer->result == 0 && gnutls_record_recv (session, &byte, 1) == GNUTLS_E_AGAIN)
    {
      GPollFD poll_fd = { peer->fd, G_IO_IN, 0 };

      g_poll (&poll_fd, 1, -1);
    }
  gnutls_deinit (session);
  gnutls_certificate_free_credentials (credentials);
  return NULL;
}

static void
secure_with_raw_peer (Side *side, Side *other, RawPeer *peer)
{
  GThread *thread;

  peer->fd = g_socket_get_fd (jxs_socket_stream_get_socket (JXS_SOCKET_STREAM (other->base)));
  thread = g_thread_new ("peer", raw_peer_run, peer);
  secure (side, NULL);
  wait_for (side);
  settle ();
  if (side->stream != NULL)
    g_io_stream_close (side->base, NULL, NULL);
  g_thread_join (thread);
}

static void
test_raw_peer (Fixture *f, gconstpointer data)
{
  RawPeer client = { .flags = GNUTLS_CLIENT | GNUTLS_NONBLOCK,
                     .priorities = "NORMAL",
                     .identity = f->initiator.config.identity };

  announce (&f->responder, f->initiator.config.identity);
  secure_with_raw_peer (&f->responder, &f->initiator, &client);
  assert_secure (&f->responder, &f->initiator, JXS_TRUST_LEVEL_FIRST_USE);
  g_assert_cmpint (client.result, ==, 0);
}

/* What is older than TLS 1.3 is refused in both roles. */
static void
test_old_tls (Fixture *f, gconstpointer data)
{
  gboolean initiator = data != NULL;
  Side *side = initiator ? &f->initiator : &f->responder;
  Side *other = initiator ? &f->responder : &f->initiator;
  RawPeer peer = { .flags = (initiator ? GNUTLS_SERVER : GNUTLS_CLIENT) | GNUTLS_NONBLOCK,
                   .priorities = "NORMAL:-VERS-ALL:+VERS-TLS1.2",
                   .identity = other->config.identity,
                   .ask = initiator };

  announce (side, other->config.identity);
  secure_with_raw_peer (side, other, &peer);
  assert_failed (side, JXS_ERROR, JXS_ERROR_SECURITY);
}

static void
test_no_client_certificate (Fixture *f, gconstpointer data)
{
  RawPeer client = { .flags = GNUTLS_CLIENT | GNUTLS_NONBLOCK, .priorities = "NORMAL" };

  announce (&f->responder, f->initiator.config.identity);
  secure_with_raw_peer (&f->responder, &f->initiator, &client);
  assert_failed (&f->responder, JXS_ERROR, JXS_ERROR_SECURITY);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  jxs_clock_use_fake (G_TIME_SPAN_DAY);
#define ADD(name, func) g_test_add ("/security/xtls/" name, Fixture, NULL, set_up, func, tear_down)
#define ADD_BOTH(name, func)                                                                       \
  ADD (name "/responder", func);                                                                   \
  g_test_add ("/security/xtls/" name "/initiator", Fixture, "i", set_up, func, tear_down)
  ADD ("secure", test_secure);
  ADD ("elements", test_elements);
  ADD ("without-choice", test_without_choice);
  ADD ("bad-choice", test_bad_choice);
  ADD ("downgrade", test_downgrade);
  ADD ("malformed", test_malformed);
  ADD ("out-of-order", test_out_of_order);
  ADD ("plain", test_plain);
  ADD ("first-drafts", test_first_drafts);
  ADD_BOTH ("mismatch", test_mismatch);
  ADD ("half-mismatch", test_half_mismatch);
  ADD ("changed-key", test_changed_key);
  ADD ("refused-by-responder", test_refused_by_responder);
  ADD ("trust-later", test_trust_later);
  ADD ("trust-drops", test_trust_drops);
  ADD ("trust-cancel", test_trust_cancel);
  ADD ("cancel-before", test_cancel_before);
  ADD_BOTH ("cancel-during", test_cancel_during);
  ADD_BOTH ("stall", test_stall);
  ADD_BOTH ("garbage", test_garbage);
  ADD_BOTH ("end-of-file", test_end_of_file);
  ADD ("raw-peer", test_raw_peer);
  ADD_BOTH ("old-tls", test_old_tls);
  ADD ("no-client-certificate", test_no_client_certificate);
  return g_test_run ();
}
