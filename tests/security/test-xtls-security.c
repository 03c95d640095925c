/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "xtls-sides.h"

#include <string.h>

#include <gnutls/gnutls.h>
#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/io/jxs-pipe-private.h>
#include <jxs-glib/io/jxs-socket-stream-private.h>
#include <jxs-glib/io/jxs-tls-private.h>
#include <jxs-glib/security/jxs-memory-trust.h>
#include <jxs-glib/security/jxs-xtls-codec-private.h>

static void
test_secure (Fixture *f, gconstpointer data)
{
  g_autofree char *protocol = NULL;
  g_autoptr (GBytes) first = NULL;
  g_autoptr (GBytes) second = NULL;

  sides_negotiate (f);
  g_assert_null (f->responder.info);
  g_assert_null (jxs_xtls_security_get_peer_fingerprint (side_get_xtls (&f->initiator)));
  sides_secure_both (f);
  side_assert_secure (&f->initiator, &f->responder, JXS_TRUST_LEVEL_FIRST_USE);
  side_assert_secure (&f->responder, &f->initiator, JXS_TRUST_LEVEL_FIRST_USE);

  /* The TLS client is the initiator of the session (jingle-xtls §4). */
  g_assert_cmpint (jxs_tls_get_role (G_TLS_CONNECTION (f->initiator.stream)), ==, JXS_TLS_CLIENT);
  g_assert_cmpint (jxs_tls_get_role (G_TLS_CONNECTION (f->responder.stream)), ==, JXS_TLS_SERVER);
  protocol = jxs_tls_get_protocol_name (G_TLS_CONNECTION (f->initiator.stream));
  g_assert_cmpstr (protocol, ==, "TLS 1.3");

  sides_send_text (f->initiator.stream, f->responder.stream, "parting is such sweet sorrow");
  sides_send_text (f->responder.stream, f->initiator.stream, "till it be morrow");
  first = jxs_tls_get_exporter (G_TLS_CONNECTION (f->initiator.stream), NULL);
  second = jxs_tls_get_exporter (G_TLS_CONNECTION (f->responder.stream), NULL);
  g_assert_true (g_bytes_equal (first, second));
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
  sides_secure_both (f);
  side_assert_secure (&f->responder, &f->initiator, JXS_TRUST_LEVEL_FIRST_USE);
  sides_send_text (f->initiator.stream, f->responder.stream, "early");
  g_assert_true (jxs_security_handle_info (f->responder.security, f->initiator.info, &error));
  g_assert_no_error (error);
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
  side_announce (deceived, f->stranger);
  side_announce (honest, deceived->config.identity);
  sides_secure_both (f);
  side_assert_failed (deceived, JXS_ERROR, JXS_ERROR_SECURITY);
  g_assert_null (jxs_xtls_security_get_peer_fingerprint (side_get_xtls (deceived)));
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
  side_announce (&f->initiator, f->responder.config.identity);
  sides_secure_both (f);
  side_assert_failed (&f->responder, JXS_ERROR, JXS_ERROR_SECURITY);
}

/* A key that changed is refused, with both fingerprints named. */
static void
test_changed_key (Fixture *f, gconstpointer data)
{
  g_autofree char *before = jxs_identity_get_fingerprint (f->stranger, G_CHECKSUM_SHA256);
  g_autoptr (GError) error = NULL;

  g_assert_true (jxs_memory_trust_pin (
      JXS_MEMORY_TRUST (f->initiator.config.trust), f->juliet, before, FALSE, &error));
  sides_negotiate (f);
  sides_secure_both (f);
  side_assert_failed (&f->initiator, JXS_ERROR, JXS_ERROR_UNTRUSTED);
}

/* TLS 1.3 lets the client finish first. When the responder then refuses, the initiator's first read
 * tells, as an error: not as an end that looks orderly. */
static void
test_refused_by_responder (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  char buffer[16];

  jxs_memory_trust_set_first_use (JXS_MEMORY_TRUST (f->responder.config.trust), FALSE);
  sides_negotiate (f);
  sides_secure_both (f);
  side_assert_failed (&f->responder, JXS_ERROR, JXS_ERROR_UNTRUSTED);
  g_assert_no_error (f->initiator.error);
  g_assert_cmpint (sides_read_some (f->initiator.stream, buffer, sizeof buffer, &error), ==, -1);
  g_assert_error (error, JXS_ERROR, JXS_ERROR_UNTRUSTED);
}

/* Nothing hurries who has to decide; the connection comes after the answer. */
static void
test_trust_later (Fixture *f, gconstpointer data)
{
  TestTrust *trust = g_object_new (TEST_TYPE_TRUST, NULL);

  side_use_trust (&f->responder, trust);
  sides_negotiate (f);
  side_secure (&f->initiator, NULL);
  side_secure (&f->responder, NULL);
  side_wait (&f->initiator);
  while (trust->request == NULL)
    g_main_context_iteration (NULL, TRUE);
  /* Longer than any limit of the handshake. */
  jxs_clock_advance (9 * G_TIME_SPAN_MINUTE);
  sides_settle ();
  g_assert_null (f->responder.result);
  jxs_trust_request_respond (trust->request, JXS_TRUST_LEVEL_VERIFIED, NULL);
  g_clear_object (&trust->request);
  side_wait (&f->responder);
  side_assert_secure (&f->responder, &f->initiator, JXS_TRUST_LEVEL_VERIFIED);
  sides_send_text (f->responder.stream, f->initiator.stream, "now");
}

static void
test_trust_never (Fixture *f, gconstpointer data)
{
  TestTrust *trust = g_object_new (TEST_TYPE_TRUST, NULL);

  side_use_trust (&f->responder, trust);
  sides_negotiate (f);
  side_secure (&f->initiator, NULL);
  side_secure (&f->responder, NULL);
  while (trust->request == NULL)
    g_main_context_iteration (NULL, TRUE);
  jxs_clock_advance (10 * G_TIME_SPAN_MINUTE);
  side_wait (&f->responder);
  side_assert_failed (&f->responder, JXS_ERROR, JXS_ERROR_UNTRUSTED);
  jxs_trust_request_respond (trust->request, JXS_TRUST_LEVEL_VERIFIED, NULL);
  g_clear_object (&trust->request);
}

static void
test_trust_drops (Fixture *f, gconstpointer data)
{
  TestTrust *trust = g_object_new (TEST_TYPE_TRUST, NULL);

  trust->drop = TRUE;
  side_use_trust (&f->initiator, trust);
  sides_negotiate (f);
  sides_secure_both (f);
  side_assert_failed (&f->initiator, JXS_ERROR, JXS_ERROR_UNTRUSTED);
}

static void
test_trust_cancel (Fixture *f, gconstpointer data)
{
  TestTrust *trust = g_object_new (TEST_TYPE_TRUST, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  side_use_trust (&f->responder, trust);
  sides_negotiate (f);
  side_secure (&f->initiator, NULL);
  side_secure (&f->responder, cancellable);
  side_wait (&f->initiator);
  while (trust->request == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_cancellable_cancel (cancellable);
  side_wait (&f->responder);
  side_assert_failed (&f->responder, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  jxs_trust_request_respond (trust->request, JXS_TRUST_LEVEL_VERIFIED, NULL);
  g_clear_object (&trust->request);
}

static void
test_cancel_before (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_cancellable_cancel (cancellable);
  sides_negotiate (f);
  side_secure (&f->initiator, cancellable);
  g_assert_null (f->initiator.result); /* never from inside the call */
  side_wait (&f->initiator);
  side_assert_failed (&f->initiator, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_cancel_during (Fixture *f, gconstpointer data)
{
  Side *side = data != NULL ? &f->initiator : &f->responder;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  sides_negotiate (f);
  side_secure (side, cancellable);
  for (guint i = 0; i < 5; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_null (side->result);
  g_cancellable_cancel (cancellable);
  side_wait (side);
  side_assert_failed (side, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* What was negotiated stands when the transport is replaced (XEP-0166 §7.2.15), whatever became of
 * TLS on the one before. */
static void
test_replaced (Fixture *f, gconstpointer data)
{
  Side *const sides[] = { &f->initiator, &f->responder };

  sides_negotiate (f);
  for (gsize i = 0; i < G_N_ELEMENTS (sides); i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();

      side_secure (sides[i], NULL);
      jxs_clock_advance (G_TIME_SPAN_MINUTE);
      side_wait (sides[i]);
      side_assert_failed (sides[i], JXS_ERROR, JXS_ERROR_TIMED_OUT);
      sides_new_pipe (f);

      side_secure (sides[i], cancellable);
      g_main_context_iteration (NULL, FALSE);
      g_cancellable_cancel (cancellable);
      side_wait (sides[i]);
      side_assert_failed (sides[i], G_IO_ERROR, G_IO_ERROR_CANCELLED);
      sides_new_pipe (f);

      side_secure (sides[i], cancellable);
      side_wait (sides[i]);
      side_assert_failed (sides[i], G_IO_ERROR, G_IO_ERROR_CANCELLED);
      sides_new_pipe (f);
    }

  sides_secure_both (f);
  side_assert_secure (&f->responder, &f->initiator, JXS_TRUST_LEVEL_FIRST_USE);
  sides_new_pipe (f);
  sides_secure_both (f);
  side_assert_secure (&f->initiator, &f->responder, JXS_TRUST_LEVEL_PINNED);
  side_assert_secure (&f->responder, &f->initiator, JXS_TRUST_LEVEL_PINNED);
  sides_send_text (f->initiator.stream, f->responder.stream, "still here");
}

/* Another transport does not wash a refusal away. */
static void
test_replaced_after_refusal (Fixture *f, gconstpointer data)
{
  side_announce (&f->responder, f->stranger);
  side_announce (&f->initiator, f->responder.config.identity);
  sides_secure_both (f);
  side_assert_failed (&f->responder, JXS_ERROR, JXS_ERROR_SECURITY);
  sides_new_pipe (f);
  side_secure (&f->responder, NULL);
  side_wait (&f->responder);
  side_assert_failed (&f->responder, JXS_ERROR, JXS_ERROR_SECURITY);
}

/* A peer that says nothing is not waited for without end. */
static void
test_stall (Fixture *f, gconstpointer data)
{
  Side *side = data != NULL ? &f->initiator : &f->responder;

  sides_negotiate (f);
  side_secure (side, NULL);
  sides_settle ();
  g_assert_null (side->result);
  jxs_clock_advance (5 * G_TIME_SPAN_MINUTE);
  side_wait (side);
  side_assert_failed (side, JXS_ERROR, JXS_ERROR_TIMED_OUT);
}

static void
test_garbage (Fixture *f, gconstpointer data)
{
  static const char xml[] = "<stream:stream xmlns='jabber:client' to='juliet@capulet.lit'>";
  Side *side = data != NULL ? &f->initiator : &f->responder;
  Side *other = data != NULL ? &f->responder : &f->initiator;
  gssize n;

  sides_negotiate (f);
  side_secure (side, NULL);
  n = g_pollable_output_stream_write_nonblocking (G_POLLABLE_OUTPUT_STREAM (
                                                      g_io_stream_get_output_stream (other->base)),
                                                  xml,
                                                  sizeof xml,
                                                  NULL,
                                                  NULL);
  g_assert_cmpint (n, ==, sizeof xml);
  side_wait (side);
  g_assert_null (side->stream);
  g_assert_true (side->error->domain == G_TLS_ERROR);
  sides_settle ();
  g_assert_true (g_io_stream_is_closed (side->base));
}

static void
test_end_of_file (Fixture *f, gconstpointer data)
{
  Side *side = data != NULL ? &f->initiator : &f->responder;
  Side *other = data != NULL ? &f->responder : &f->initiator;

  sides_negotiate (f);
  side_secure (side, NULL);
  g_io_stream_close (other->base, NULL, NULL);
  side_wait (side);
  g_assert_null (side->stream);
  g_assert_nonnull (side->error);
  sides_settle ();
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
  if (peer->result < 0)
    gnutls_alert_send_appropriate (session, peer->result);
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
  side_secure (side, NULL);
  side_wait (side);
  sides_settle ();
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

  side_announce (&f->responder, f->initiator.config.identity);
  secure_with_raw_peer (&f->responder, &f->initiator, &client);
  side_assert_secure (&f->responder, &f->initiator, JXS_TRUST_LEVEL_FIRST_USE);
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

  side_announce (side, other->config.identity);
  secure_with_raw_peer (side, other, &peer);
  side_assert_failed (side, JXS_ERROR, JXS_ERROR_SECURITY);
}

static void
test_no_client_certificate (Fixture *f, gconstpointer data)
{
  RawPeer client = { .flags = GNUTLS_CLIENT | GNUTLS_NONBLOCK, .priorities = "NORMAL" };

  side_announce (&f->responder, f->initiator.config.identity);
  secure_with_raw_peer (&f->responder, &f->initiator, &client);
  side_assert_failed (&f->responder, JXS_ERROR, JXS_ERROR_SECURITY);
}

/* Peers that stall when we call them do not keep us from calling another one. */
static void
test_own_calls (Fixture *f, gconstpointer data)
{
  Fixture stalled[20] = { 0 };
  RawPeer server = { .flags = GNUTLS_SERVER | GNUTLS_NONBLOCK,
                     .priorities = "NORMAL",
                     .identity = f->responder.config.identity,
                     .ask = TRUE };

  for (gsize i = 0; i < G_N_ELEMENTS (stalled); i++)
    {
      sides_set_up (&stalled[i], NULL);
      sides_negotiate (&stalled[i]);
      side_secure (&stalled[i].initiator, NULL);
    }
  side_announce (&f->initiator, f->responder.config.identity);
  secure_with_raw_peer (&f->initiator, &f->responder, &server);
  side_assert_secure (&f->initiator, &f->responder, JXS_TRUST_LEVEL_FIRST_USE);

  jxs_clock_advance (5 * G_TIME_SPAN_MINUTE);
  for (gsize i = 0; i < G_N_ELEMENTS (stalled); i++)
    {
      side_wait (&stalled[i].initiator);
      side_assert_failed (&stalled[i].initiator, JXS_ERROR, JXS_ERROR_TIMED_OUT);
      sides_tear_down (&stalled[i], NULL);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  jxs_clock_use_fake (G_TIME_SPAN_DAY);
#define ADD(name, func)                                                                            \
  g_test_add ("/security/xtls/" name, Fixture, NULL, sides_set_up, func, sides_tear_down)
#define ADD_BOTH(name, func)                                                                       \
  ADD (name "/responder", func);                                                                   \
  g_test_add (                                                                                     \
      "/security/xtls/" name "/initiator", Fixture, "i", sides_set_up, func, sides_tear_down)
  ADD ("secure", test_secure);
  ADD ("without-choice", test_without_choice);
  ADD_BOTH ("mismatch", test_mismatch);
  ADD ("half-mismatch", test_half_mismatch);
  ADD ("changed-key", test_changed_key);
  ADD ("refused-by-responder", test_refused_by_responder);
  ADD ("trust-later", test_trust_later);
  ADD ("trust-never", test_trust_never);
  ADD ("trust-drops", test_trust_drops);
  ADD ("trust-cancel", test_trust_cancel);
  ADD ("cancel-before", test_cancel_before);
  ADD_BOTH ("cancel-during", test_cancel_during);
  ADD ("replaced", test_replaced);
  ADD ("replaced-after-refusal", test_replaced_after_refusal);
  ADD_BOTH ("stall", test_stall);
  ADD_BOTH ("garbage", test_garbage);
  ADD_BOTH ("end-of-file", test_end_of_file);
  ADD ("raw-peer", test_raw_peer);
  ADD_BOTH ("old-tls", test_old_tls);
  ADD ("no-client-certificate", test_no_client_certificate);
  ADD ("own-calls", test_own_calls);
  return g_test_run ();
}
