/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "xtls-sides.h"

#include <string.h>

#include <gio/gio.h>
#include <jxs-glib/io/jxs-pipe-private.h>
#include <jxs-glib/io/jxs-tls-private.h>
#include <jxs-glib/security/jxs-memory-trust.h>
#include <jxs-glib/security/jxs-xtls-codec-private.h>

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
  side->config.policy = jxs_security_policy_new ();
  side->config.passwords = jxs_passwords_new ();
  side->config.supports_srp = jxs_tls_supports_srp;
  side->security = jxs_xtls_security_create (local, peer, initiator, NULL, &side->config);
  g_signal_connect (side->security, "send-info", G_CALLBACK (send_info_cb), side);
}

void
sides_set_up (Fixture *f, gconstpointer data)
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
  g_assert_finalize_object (side->config.policy);
  jxs_passwords_unref (side->config.passwords);
}

void
sides_tear_down (Fixture *f, gconstpointer data)
{
  side_tear_down (&f->initiator);
  side_tear_down (&f->responder);
  g_object_unref (f->stranger);
  jxs_jid_unref (f->romeo);
  jxs_jid_unref (f->juliet);
}

void
sides_settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* What is changed in the config counts for sessions that begin afterwards. */
static void
side_begin_anew (Side *side)
{
  JxsJid *local = jxs_security_get_local_jid (side->security);
  JxsJid *peer = jxs_security_get_peer_jid (side->security);
  gboolean initiator = jxs_security_is_initiator (side->security);
  JxsSecurity *security;

  security = jxs_xtls_security_create (local, peer, initiator, NULL, &side->config);
  g_assert_finalize_object (side->security);
  side->security = security;
  g_signal_connect (side->security, "send-info", G_CALLBACK (send_info_cb), side);
}

void
side_use_trust (Side *side, gpointer trust)
{
  g_object_unref (side->config.trust);
  side->config.trust = trust;
  side_begin_anew (side);
}

void
side_use_identity (Side *side, JxsIdentity *identity)
{
  g_object_unref (side->config.identity);
  side->config.identity = identity;
  side_begin_anew (side);
}

void
side_use_methods (Side *side, JxsSecurityMethods methods)
{
  jxs_security_policy_set_methods (side->config.policy, methods);
  side_begin_anew (side);
}

void
sides_negotiate (Fixture *f)
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

static void
side_forget (Side *side)
{
  g_clear_object (&side->stream);
  g_clear_object (&side->result);
  g_clear_error (&side->error);
  g_io_stream_close (side->base, NULL, NULL);
  g_clear_object (&side->base);
}

void
sides_new_pipe (Fixture *f)
{
  g_autoptr (GError) error = NULL;

  side_forget (&f->initiator);
  side_forget (&f->responder);
  jxs_pipe_new (&f->initiator.base, &f->responder.base, &error);
  g_assert_no_error (error);
}

void
side_announce (Side *side, JxsIdentity *identity)
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

void
side_secure (Side *side, GCancellable *cancellable)
{
  jxs_security_secure_async (side->security, side->base, cancellable, secured_cb, side);
}

void
side_wait (Side *side)
{
  while (side->result == NULL)
    g_main_context_iteration (NULL, TRUE);
}

void
sides_secure_both (Fixture *f)
{
  side_secure (&f->initiator, NULL);
  side_secure (&f->responder, NULL);
  side_wait (&f->initiator);
  side_wait (&f->responder);
}

void
side_assert_failed (Side *side, GQuark domain, int code)
{
  g_assert_null (side->stream);
  g_assert_error (side->error, domain, code);
  sides_settle ();
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

gssize
sides_read_some (GIOStream *stream, char *buffer, gsize size, GError **error)
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

void
sides_send_text (GIOStream *from, GIOStream *to, const char *text)
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
      gssize n = sides_read_some (to, buffer + done, sizeof buffer - done, &error);

      g_assert_no_error (error);
      g_assert_cmpint (n, >, 0);
      done += n;
    }
  while (!transfer.done)
    g_main_context_iteration (NULL, TRUE);
  g_assert_no_error (transfer.error);
  g_assert_cmpmem (buffer, done, text, strlen (text));
}

JxsXtlsSecurity *
side_get_xtls (Side *side)
{
  return JXS_XTLS_SECURITY (side->security);
}

void
side_assert_secure (Side *side, Side *other, JxsTrustLevel level)
{
  g_autofree char *fingerprint =
      jxs_identity_get_fingerprint (other->config.identity, G_CHECKSUM_SHA256);

  g_assert_no_error (side->error);
  g_assert_true (G_IS_TLS_CONNECTION (side->stream));
  g_assert_cmpint (jxs_xtls_security_get_trust_level (side_get_xtls (side)), ==, level);
  g_assert_cmpstr (jxs_xtls_security_get_peer_fingerprint (side_get_xtls (side)), ==, fingerprint);
}
