/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "hostile-run.h"

#include <string.h>

#include <glib/gstdio.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/security/jxs-trust-store.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* Mallory runs the server. To Romeo she is Juliet and to Juliet Romeo: each session ends at her,
 * with her own keys, so that every fingerprint fits, and she passes on what is said inside. */

#define AS_JULIET 2 /* who Romeo talks to */
#define AS_ROMEO 3  /* who Juliet talks to */

typedef struct
{
  GIOStream *from;
  GIOStream *to;
  GString *heard; /* (unowned) */
} Pump;

typedef struct
{
  JxsLoopbackChannel *channels[4];
  JxsTrust *trusts[4];
  char *folder;   /* (nullable): of the stores that those of Romeo and Juliet are */
  gboolean alone; /* Mallory answers Romeo, and does not ask Juliet */
  JxsEndpoint *endpoints[4];
  Doorman doorman;
  JxsSession *session;       /* (owned) (nullable): Romeo's with Mallory */
  JxsConnection *mallory[2]; /* (owned) (nullable): with Romeo, with Juliet */
  JxsXmlStream *played;      /* (owned) (nullable): with Romeo alone */
  GString *heard[2];         /* what they said to each other */
  guint n_pumps;
} Fixture;

static const guint played[] = { ROMEO, JULIET, JULIET, ROMEO };

/* Of the address that she plays, but hers. */
static JxsIdentity *
get_forged_identity (guint who)
{
  static JxsIdentity *identities[2];

  if (identities[who] == NULL)
    identities[who] = jxs_identity_generate (hostile_get_jid (who), JXS_KEY_TYPE_ECDSA_P256, NULL);
  return identities[who];
}

static char *
get_fingerprint (guint who)
{
  return jxs_identity_get_fingerprint (who < 2 ? hostile_get_identity (who)
                                               : get_forged_identity (played[who]),
                                       G_CHECKSUM_SHA256);
}

/* ---- Mallory ---- */

static void pump_on (Pump *pump);

static void
pump_free (Pump *pump)
{
  g_object_unref (pump->from);
  g_object_unref (pump->to);
  g_free (pump);
}

static void
pump_closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_output_stream_close_finish (G_OUTPUT_STREAM (source), result, NULL);
  pump_free (user_data);
}

static void
pump_written_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Pump *pump = user_data;

  if (g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL, NULL))
    pump_on (pump);
  else
    pump_free (pump);
}

static void
pump_read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Pump *pump = user_data;
  GOutputStream *output = g_io_stream_get_output_stream (pump->to);
  g_autoptr (GBytes) bytes =
      g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, NULL);
  gsize size;
  const char *data;

  if (bytes == NULL || g_bytes_get_size (bytes) == 0)
    {
      g_output_stream_close_async (output, G_PRIORITY_DEFAULT, NULL, pump_closed_cb, pump);
      return;
    }
  data = g_bytes_get_data (bytes, &size);
  g_string_append_len (pump->heard, data, (gssize) size);
  g_output_stream_write_all_async (output,
                                   pump->heard->str + pump->heard->len - size,
                                   size,
                                   G_PRIORITY_DEFAULT,
                                   NULL,
                                   pump_written_cb,
                                   pump);
}

static void
pump_on (Pump *pump)
{
  g_input_stream_read_bytes_async (g_io_stream_get_input_stream (pump->from),
                                   4096,
                                   G_PRIORITY_DEFAULT,
                                   NULL,
                                   pump_read_cb,
                                   pump);
}

static void
pump (Fixture *f, guint from)
{
  Pump *one = g_new0 (Pump, 1);

  one->from = g_object_ref (G_IO_STREAM (f->mallory[from]));
  one->to = g_object_ref (G_IO_STREAM (f->mallory[!from]));
  one->heard = f->heard[from];
  pump_on (one);
}

static void
give_up (Fixture *f)
{
  g_autoptr (JxsReason) reason = jxs_reason_new (JXS_REASON_GENERAL_ERROR, NULL);

  jxs_session_terminate (f->session, reason);
}

static void
with_romeo_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fixture *f = user_data;

  f->mallory[ROMEO] = jxs_endpoint_connect_session_finish (JXS_ENDPOINT (source), result, NULL);
  /* Juliet's may be gone since. */
  if (f->mallory[ROMEO] == NULL || f->mallory[JULIET] == NULL)
    {
      g_clear_object (&f->mallory[ROMEO]);
      g_clear_object (&f->mallory[JULIET]);
      return;
    }
  pump (f, ROMEO);
  pump (f, JULIET);
}

static void
with_juliet_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fixture *f = user_data;

  f->mallory[JULIET] = jxs_endpoint_connect_session_finish (JXS_ENDPOINT (source), result, NULL);
  if (f->mallory[JULIET] == NULL)
    {
      give_up (f);
      return;
    }
  jxs_endpoint_connect_session_async (
      f->endpoints[AS_JULIET], f->session, NULL, G_PRIORITY_DEFAULT, NULL, with_romeo_cb, f);
}

static void
alone_with_romeo_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fixture *f = user_data;

  /* Without a password she may think that there is one. */
  f->played = jxs_endpoint_accept_stream_finish (JXS_ENDPOINT (source), result, NULL);
}

/* First Juliet, so that Romeo waits for her as he would; if she is asked. */
static void
caught_cb (JxsEndpoint *endpoint, JxsSession *session, gpointer user_data)
{
  Fixture *f = user_data;
  g_autoptr (JxsSession) other = NULL;

  g_set_object (&f->session, session);
  if (f->alone)
    {
      jxs_endpoint_accept_stream_async (
          endpoint, session, G_PRIORITY_DEFAULT, NULL, alone_with_romeo_cb, f);
      return;
    }
  other = jxs_endpoint_create_session (f->endpoints[AS_ROMEO],
                                       hostile_get_jid (JULIET),
                                       jxs_session_get_description (session));
  jxs_endpoint_connect_session_async (
      f->endpoints[AS_ROMEO], other, NULL, G_PRIORITY_DEFAULT, NULL, with_juliet_cb, f);
}

/* ---- the test ---- */

static JxsTrust *
new_trust (Fixture *f, guint who)
{
  g_autofree char *name = g_strdup_printf ("%u.db", who);
  g_autoptr (GFile) file = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  Reply reply = { NULL };
  JxsTrustStore *store;

  if (f->folder == NULL)
    return JXS_TRUST (jxs_memory_trust_new ());
  file = g_file_new_build_filename (f->folder, name, NULL);
  jxs_trust_store_open_async (file, G_PRIORITY_DEFAULT, NULL, reply_cb, &reply);
  result = reply_wait (&reply);
  store = jxs_trust_store_open_finish (result, &error);
  g_assert_no_error (error);
  return JXS_TRUST (store);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  jxs_clock_use_fake (0);
  hurry_start ();
  jxs_loopback_channel_new_pair (hostile_get_jid (ROMEO),
                                 hostile_get_jid (JULIET),
                                 &f->channels[ROMEO],
                                 &f->channels[AS_JULIET]);
  jxs_loopback_channel_new_pair (hostile_get_jid (ROMEO),
                                 hostile_get_jid (JULIET),
                                 &f->channels[AS_ROMEO],
                                 &f->channels[JULIET]);
  for (guint i = 0; i < G_N_ELEMENTS (f->endpoints); i++)
    {
      JxsIdentity *identity = i < 2 ? hostile_get_identity (i) : get_forged_identity (played[i]);

      f->trusts[i] = new_trust (f, i);
      f->endpoints[i] = pair_new_endpoint (JXS_CHANNEL (f->channels[i]), identity, f->trusts[i]);
    }
  for (guint i = 0; i < 2; i++)
    f->heard[i] = g_string_new (NULL);
  g_signal_connect (f->endpoints[AS_JULIET], "incoming", G_CALLBACK (caught_cb), f);
  doorman_init (&f->doorman, f->endpoints[JULIET]);
}

/* It dies, as soon as who works in a thread lets go of it. */
static void
drop (gpointer object)
{
  gpointer alive = object;

  g_object_add_weak_pointer (object, &alive);
  g_object_unref (object);
  wait_until (alive == NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  doorman_clear (&f->doorman);
  g_clear_object (&f->session);
  g_clear_object (&f->played);
  for (guint i = 0; i < 2; i++)
    g_clear_object (&f->mallory[i]);
  for (guint i = 0; i < G_N_ELEMENTS (f->endpoints); i++)
    drop (f->endpoints[i]);
  for (guint i = 0; i < G_N_ELEMENTS (f->channels); i++)
    drop (f->channels[i]);
  for (guint i = 0; i < G_N_ELEMENTS (f->trusts); i++)
    drop (f->trusts[i]);
  for (guint i = 0; i < 2; i++)
    g_string_free (f->heard[i], TRUE);
  hurry_stop ();
  jxs_clock_use_real ();
}

static void
set_up_stores (Fixture *f, gconstpointer data)
{
  f->folder = g_dir_make_tmp ("jxs-middle-XXXXXX", NULL);
  g_assert_nonnull (f->folder);
  set_up (f, data);
}

static void
tear_down_stores (Fixture *f, gconstpointer data)
{
  g_autoptr (GDir) dir = NULL;
  const char *name;

  tear_down (f, data);
  dir = g_dir_open (f->folder, 0, NULL);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (f->folder, name, NULL);

      g_unlink (path);
    }
  g_assert_cmpint (g_rmdir (f->folder), ==, 0);
  g_clear_pointer (&f->folder, g_free);
}

static void
know (Fixture *f, guint who, gboolean verified)
{
  g_autofree char *fingerprint = get_fingerprint (1 - who);
  g_autoptr (GError) error = NULL;

  if (f->folder == NULL)
    jxs_memory_trust_pin (JXS_MEMORY_TRUST (f->trusts[who]),
                          hostile_get_jid (1 - who),
                          fingerprint,
                          verified,
                          &error);
  else
    {
      g_autoptr (GAsyncResult) result = NULL;
      Reply reply = { NULL };

      jxs_trust_store_set_level_async (JXS_TRUST_STORE (f->trusts[who]),
                                       hostile_get_jid (1 - who),
                                       fingerprint,
                                       verified ? JXS_TRUST_LEVEL_VERIFIED : JXS_TRUST_LEVEL_PINNED,
                                       JXS_TRUST_ORIGIN_FINGERPRINT,
                                       G_PRIORITY_DEFAULT,
                                       NULL,
                                       reply_cb,
                                       &reply);
      result = reply_wait (&reply);
      jxs_trust_store_set_level_finish (JXS_TRUST_STORE (f->trusts[who]), result, &error);
    }
  g_assert_no_error (error);
}

static JxsXmlStream *
try_stream (Fixture *f, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  Reply reply = { NULL };

  jxs_endpoint_open_stream_async (
      f->endpoints[ROMEO], hostile_get_jid (JULIET), G_PRIORITY_DEFAULT, NULL, reply_cb, &reply);
  result = reply_wait (&reply);
  return jxs_endpoint_open_stream_finish (f->endpoints[ROMEO], result, error);
}

static void
assert_told (const GError *error, int code, const char *pattern)
{
  g_assert_error (error, JXS_ERROR, code);
  if (!g_pattern_match_simple (pattern, error->message))
    g_error ("“%s” does not match “%s”", error->message, pattern);
}

static void
assert_deceived (JxsConnection *connection, guint by)
{
  g_autofree char *fingerprint = get_fingerprint (by);

  g_assert_cmpstr (jxs_connection_get_peer_fingerprint (connection), ==, fingerprint);
  g_assert_cmpint (jxs_connection_get_trust_level (connection), ==, JXS_TRUST_LEVEL_FIRST_USE);
}

/* Between people who never met nothing stands against her, and they are told no more than that: it
 * is the first use of a key. */
static void
test_first_contact (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsXmlStream) stream = try_stream (f, &error);
  Inbox inbox;

  g_assert_no_error (error);
  wait_until (f->doorman.stream != NULL);
  inbox_init (&inbox, f->doorman.stream);
  assert_deceived (jxs_endpoint_get_stream_connection (f->endpoints[ROMEO], stream), AS_JULIET);
  assert_deceived (jxs_endpoint_get_stream_connection (f->endpoints[JULIET], f->doorman.stream),
                   AS_ROMEO);
  send_body (stream, "But, soft!");
  wait_until (inbox.bodies->len == 1);
  g_assert_nonnull (strstr (f->heard[ROMEO]->str, "But, soft!"));
  close_stream (stream);
  wait_until (inbox.closed);
  inbox_clear (&inbox);
}

/* Whoever of the two knows the other's key finds out, and the other one is left without. */
static void
test_known (Fixture *f, gconstpointer data)
{
  guint who = GPOINTER_TO_UINT (data) % 2;
  gboolean verified = GPOINTER_TO_UINT (data) >= 2;
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsXmlStream) stream = NULL;
  const GError *told;

  know (f, who, verified);
  stream = try_stream (f, &error);
  g_assert_null (stream);
  g_assert_nonnull (error);
  if (who == JULIET)
    wait_until (f->doorman.error != NULL);
  told = who == ROMEO ? error : f->doorman.error;
  assert_told (told, JXS_ERROR_UNTRUSTED, "*has changed*");
  settle ();
  g_assert_null (f->doorman.stream);
  g_assert_cmpuint (f->heard[who]->len, ==, 0);
}

/* Her key was the first one: when she keeps out of it, the right one looks changed to both. */
static void
test_afterwards (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsXmlStream) stream = try_stream (f, &error);
  g_autoptr (JxsXmlStream) again = NULL;

  g_assert_no_error (error);
  wait_until (f->mallory[ROMEO] != NULL);
  g_clear_object (&stream);
  for (guint i = 0; i < 2; i++)
    g_clear_object (&f->mallory[i]);
  for (guint i = AS_JULIET; i <= AS_ROMEO; i++)
    {
      drop (f->endpoints[i]);
      f->endpoints[i] = pair_new_endpoint (JXS_CHANNEL (f->channels[i]),
                                           hostile_get_identity (played[i]),
                                           f->trusts[i]);
    }
  g_signal_connect (f->endpoints[AS_JULIET], "incoming", G_CALLBACK (caught_cb), f);
  doorman_clear (&f->doorman);
  doorman_init (&f->doorman, f->endpoints[JULIET]);
  again = try_stream (f, &error);
  g_assert_null (again);
  wait_until (f->doorman.error != NULL);
  assert_told (f->doorman.error, JXS_ERROR_UNTRUSTED, "*has changed*");
}

static void
set_minimum (Fixture *f, guint who, JxsTrustLevel level)
{
  JxsSecurityPolicy *policy = jxs_endpoint_get_security_policy (f->endpoints[who]);

  jxs_security_policy_set_minimum_trust_opening (policy, level);
  jxs_security_policy_set_minimum_trust_accepting (policy, level);
}

/* Who asks for verified keys gets no other one, hers neither. */
static void
test_minimum (Fixture *f, gconstpointer data)
{
  guint who = GPOINTER_TO_UINT (data);
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsXmlStream) stream = NULL;

  set_minimum (f, who, JXS_TRUST_LEVEL_VERIFIED);
  stream = try_stream (f, &error);
  g_assert_null (stream);
  if (who == JULIET)
    wait_until (f->doorman.error != NULL);
  assert_told (who == ROMEO ? error : f->doorman.error, JXS_ERROR_UNTRUSTED, "*verified*");
  settle ();
  g_assert_null (f->doorman.stream);
}

static void
verification_cb (JxsEndpoint *endpoint, JxsVerification *verification, gpointer user_data)
{
  g_set_object ((JxsVerification **) user_data, verification);
}

/* She can pass on what the two say to compare a string, but it is bound to the keys of each one's
 * connection: nobody is shown a string that could be taken for the other's. */
static void
test_short_string (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsXmlStream) stream = try_stream (f, &error);
  g_autoptr (JxsVerification) ours = NULL;
  g_autoptr (JxsVerification) theirs = NULL;

  g_assert_no_error (error);
  wait_until (f->doorman.stream != NULL);
  g_signal_connect (f->endpoints[JULIET], "verification", G_CALLBACK (verification_cb), &theirs);
  ours = jxs_endpoint_verify_stream (f->endpoints[ROMEO], stream, &error);
  g_assert_no_error (error);
  wait_until (jxs_verification_get_state (ours) == JXS_VERIFICATION_STATE_FAILED &&
              theirs != NULL &&
              jxs_verification_get_state (theirs) == JXS_VERIFICATION_STATE_FAILED);
  assert_told (jxs_verification_get_error (ours), JXS_ERROR_SECURITY, "*may be listening in");
  assert_told (jxs_verification_get_error (theirs), JXS_ERROR_SECURITY, "*may be cheating");
  g_assert_null (jxs_verification_get_digits (theirs));
  g_signal_handlers_disconnect_by_data (f->endpoints[JULIET], &theirs);
}

static void
enter (Fixture *f, guint who, guint whose, const char *password, JxsPasswordKind kind)
{
  g_autoptr (GError) error = NULL;

  jxs_endpoint_set_peer_password (
      f->endpoints[who], hostile_get_jid (whose), password, kind, &error);
  g_assert_no_error (error);
}

/* Each enters the password that they agreed on. She has none, or guesses one; and asks Juliet
 * first, or answers Romeo alone. She may pass on what they prove with theirs, but what they prove
 * holds for their own TLS session alone (RFC 5802 §6). */
typedef struct
{
  const char *name;
  JxsPasswordKind kind;
  gboolean guess;
  gboolean alone;
  const char *told; /* JXS_ERROR_AUTHENTICATION, to the first of the two whom she meets */
} Password;

static const Password passwords[] = {
  { "short", JXS_PASSWORD_SHORT, FALSE, FALSE, "*did not enter the*" },
  { "short-alone", JXS_PASSWORD_SHORT, FALSE, TRUE, "*did not enter the*" },
  { "short-guessed", JXS_PASSWORD_SHORT, TRUE, FALSE, "*another password" },
  { "short-guessed-alone", JXS_PASSWORD_SHORT, TRUE, TRUE, "*another password" },
  { "strong", JXS_PASSWORD_STRONG, FALSE, FALSE, "*does not know the password *" },
  { "strong-alone", JXS_PASSWORD_STRONG, FALSE, TRUE, "*did not enter the*" },
  { "strong-guessed", JXS_PASSWORD_STRONG, TRUE, FALSE, "*another password" },
  { "strong-guessed-alone", JXS_PASSWORD_STRONG, TRUE, TRUE, "*another password" },
};

static void
test_password (Fixture *f, gconstpointer data)
{
  const Password *c = data;
  g_autofree char *password = jxs_password_generate (c->kind);
  g_autofree char *guess = jxs_password_generate (c->kind);
  g_autoptr (JxsXmlStream) stream = NULL;
  g_autoptr (GError) error = NULL;

  f->alone = c->alone;
  for (guint i = 0; i < 2; i++)
    {
      enter (f, i, !i, password, c->kind);
      if (c->guess)
        enter (f, i == ROMEO ? AS_JULIET : AS_ROMEO, i, guess, c->kind);
    }
  stream = try_stream (f, &error);
  g_assert_null (stream);
  if (!c->alone)
    wait_until (f->doorman.error != NULL);
  assert_told (c->alone ? error : f->doorman.error, JXS_ERROR_AUTHENTICATION, c->told);
  settle ();
  g_assert_null (f->doorman.stream);
  for (guint i = 0; i < 2; i++)
    g_assert_null (strstr (f->heard[i]->str, "<message"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, data, func)                                                                      \
  g_test_add ("/endpoint/man-in-the-middle/" name,                                                 \
              Fixture,                                                                             \
              GUINT_TO_POINTER (data),                                                             \
              set_up,                                                                              \
              func,                                                                                \
              tear_down)
  ADD ("first-contact", 0, test_first_contact);
  ADD ("known-to-caller", ROMEO, test_known);
  ADD ("known-to-callee", JULIET, test_known);
  ADD ("verified-by-caller", 2 + ROMEO, test_known);
  ADD ("verified-by-callee", 2 + JULIET, test_known);
  ADD ("afterwards", 0, test_afterwards);
  ADD ("caller-wants-verified", ROMEO, test_minimum);
  ADD ("callee-wants-verified", JULIET, test_minimum);
  ADD ("short-string", 0, test_short_string);
#undef ADD
#define ADD(name, data)                                                                            \
  g_test_add ("/endpoint/man-in-the-middle/stores/" name,                                          \
              Fixture,                                                                             \
              GUINT_TO_POINTER (data),                                                             \
              set_up_stores,                                                                       \
              test_known,                                                                          \
              tear_down_stores)
  ADD ("known-to-caller", ROMEO);
  ADD ("known-to-callee", JULIET);
  ADD ("verified-by-caller", 2 + ROMEO);
  ADD ("verified-by-callee", 2 + JULIET);
#undef ADD
  for (guint i = 0; i < G_N_ELEMENTS (passwords); i++)
    {
      g_autofree char *path =
          g_strdup_printf ("/endpoint/man-in-the-middle/password/%s", passwords[i].name);

      g_test_add (path, Fixture, &passwords[i], set_up, test_password, tear_down);
    }
  return g_test_run ();
}
