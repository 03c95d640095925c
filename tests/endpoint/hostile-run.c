/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "hostile-run.h"

#include <string.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>

/* Real milliseconds, one after the other, in which nothing happens before the clock takes large
 * steps. */
#define QUIET 3
#define SMALL_STEP_US (20 * 1000)
#define LARGE_STEP_US (10 * G_USEC_PER_SEC)
/* Nothing tells who waits for a word that none will come: the application does, some day. */
#define PATIENCE_US (600 * (gint64) G_USEC_PER_SEC)
#define HOUR_US (3600 * (gint64) G_USEC_PER_SEC)

const HostileWay hostile_ways[] = {
  { "ibb", { "ibb", NULL }, FALSE },
  { "s5b", { "s5b", NULL }, TRUE },
  { "replaced", { "s5b", "ibb", NULL }, FALSE },
};
const guint hostile_n_ways = G_N_ELEMENTS (hostile_ways);

static const char *const addresses[] = { "romeo@montague.lit/orchard",
                                         "juliet@capulet.lit/balcony",
                                         "mallory@evil.lit/cell" };

JxsJid *
hostile_get_jid (guint who)
{
  static JxsJid *jids[G_N_ELEMENTS (addresses)];

  if (jids[who] == NULL)
    jids[who] = jxs_jid_new (addresses[who], NULL);
  return jids[who];
}

JxsIdentity *
hostile_get_identity (guint who)
{
  static JxsIdentity *identities[G_N_ELEMENTS (addresses)];

  if (identities[who] == NULL)
    identities[who] = jxs_identity_generate (hostile_get_jid (who), JXS_KEY_TYPE_ECDSA_P256, NULL);
  return identities[who];
}

static gboolean
candidate_cb (JxsEndpoint *endpoint, JxsJid *peer, JxsCandidate *candidate, gpointer user_data)
{
  HostileRun *run = user_data;
  g_autoptr (GInetAddress) address =
      g_inet_address_new_from_string (jxs_candidate_get_host (candidate));

  return !run->way->reachable || address == NULL || !g_inet_address_get_is_loopback (address);
}

static void
attack_cb (HostileChannel *from, guint n, JxsElement *stanza, gpointer user_data)
{
  HostileRun *run = user_data;

  if (run->over)
    hostile_channel_pass (hostile_channel_get_other (from), stanza);
  else
    run->attack (run, from == run->channels[ROMEO] ? ROMEO : JULIET, n, stanza);
}

static void
take (HostileRun *run, guint who, JxsXmlStream *stream, GError *error)
{
  HostileSide *side = &run->sides[who];
  JxsConnection *connection;

  g_assert_false (side->ended || side->opened);
  g_assert_true ((stream != NULL) != (error != NULL));
  side->error = error;
  if (stream == NULL)
    {
      side->ended = TRUE;
      return;
    }
  side->stream = stream;
  side->opened = TRUE;
  inbox_init (&side->inbox, stream);
  connection = jxs_endpoint_get_stream_connection (run->endpoints[who], stream);
  side->encrypted = jxs_connection_get_tls_connection (connection) != NULL;
  side->level = jxs_connection_get_trust_level (connection);
  if (side->encrypted)
    {
      g_autofree char *right =
          jxs_identity_get_fingerprint (hostile_get_identity (!who), G_CHECKSUM_SHA256);

      g_assert_cmpstr (jxs_connection_get_peer_fingerprint (connection), ==, right);
      g_assert_cmpint (side->level, ==, run->policy->known);
      g_assert_cmpint (side->level, >=, run->policy->minimum);
    }
  else
    {
      g_assert_true (run->policy->optional);
      g_assert_cmpint (run->policy->known, ==, JXS_TRUST_LEVEL_FIRST_USE);
    }
  for (guint i = 0; i < N_WORDS; i++)
    {
      g_autofree char *word = g_strdup_printf ("%s %u", addresses[who], i);

      send_body (stream, word);
    }
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  JxsXmlStream *stream = jxs_endpoint_open_stream_finish (JXS_ENDPOINT (source), result, &error);

  take (user_data, ROMEO, stream, error);
}

static void
accepted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  JxsXmlStream *stream = jxs_endpoint_accept_stream_finish (JXS_ENDPOINT (source), result, &error);

  take (user_data, JULIET, stream, error);
}

static void
incoming_cb (JxsEndpoint *endpoint, JxsSession *session, gpointer user_data)
{
  HostileRun *run = user_data;

  /* One is enough; a forged one must not take its place. */
  if (run->sides[JULIET].called || endpoint != run->endpoints[JULIET] ||
      !jxs_endpoint_is_stream_session (endpoint, session))
    {
      jxs_session_terminate (session, NULL);
      return;
    }
  run->sides[JULIET].called = TRUE;
  jxs_endpoint_accept_stream_async (endpoint, session, G_PRIORITY_DEFAULT, NULL, accepted_cb, run);
}

static void
set_up (HostileRun *run)
{
  hostile_channel_new_pair (hostile_get_jid (ROMEO),
                            hostile_get_jid (JULIET),
                            attack_cb,
                            run,
                            &run->channels[ROMEO],
                            &run->channels[JULIET]);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (JxsMemoryTrust) trust = jxs_memory_trust_new ();
      JxsEndpoint *endpoint = jxs_endpoint_new (JXS_CHANNEL (run->channels[i]),
                                                hostile_get_identity (i),
                                                JXS_TRUST (trust));
      g_autofree char *right =
          jxs_identity_get_fingerprint (hostile_get_identity (!i), G_CHECKSUM_SHA256);
      JxsSecurityPolicy *policy;

      run->endpoints[i] = endpoint;
      if (run->policy->known > JXS_TRUST_LEVEL_FIRST_USE)
        jxs_memory_trust_pin (trust,
                              hostile_get_jid (!i),
                              right,
                              run->policy->known == JXS_TRUST_LEVEL_VERIFIED,
                              NULL);
      policy = jxs_endpoint_get_security_policy (endpoint);
      jxs_security_policy_set_require_encryption (policy, !run->policy->optional);
      jxs_security_policy_set_minimum_trust_opening (policy, run->policy->minimum);
      jxs_security_policy_set_minimum_trust_accepting (policy, run->policy->minimum);
      jxs_endpoint_set_transports (endpoint, run->way->transports);
      jxs_endpoint_set_allow_loopback (endpoint, TRUE);
      jxs_endpoint_set_discover_proxies (endpoint, FALSE);
      g_signal_connect (endpoint, "candidate", G_CALLBACK (candidate_cb), run);
      g_signal_connect (endpoint, "incoming", G_CALLBACK (incoming_cb), run);
    }
}

/* What was received is a beginning of what was sent, and all of it if nothing was wrong. */
static void
check_words (HostileRun *run, guint who)
{
  HostileSide *side = &run->sides[who];

  g_assert_cmpuint (side->inbox.bodies->len, <=, N_WORDS);
  for (guint i = 0; i < side->inbox.bodies->len; i++)
    {
      g_autofree char *word = g_strdup_printf ("%s %u", addresses[!who], i);

      g_assert_cmpstr (g_ptr_array_index (side->inbox.bodies, i), ==, word);
    }
  if (side->inbox.closed && side->inbox.error == NULL)
    g_assert_cmpuint (side->inbox.bodies->len, ==, N_WORDS);
}

static void
closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  jxs_xml_stream_close_finish (JXS_XML_STREAM (source), result, NULL);
}

static void
go_on (HostileRun *run)
{
  if (run->over)
    return;
  for (guint who = 0; who < 2; who++)
    {
      HostileSide *side = &run->sides[who];

      if (side->ended || !side->opened || !side->inbox.closed)
        continue;
      check_words (run, who);
      side->error = g_steal_pointer (&side->inbox.error);
      side->ended = TRUE;
    }
  for (guint who = 0; who < 2; who++)
    {
      HostileSide *side = &run->sides[who];

      if (side->opened && !side->ended &&
          jxs_xml_stream_get_state (side->stream) == JXS_XML_STREAM_STATE_OPEN &&
          (jxs_clock_now () - run->began > PATIENCE_US ||
           (who == ROMEO && side->inbox.bodies->len == N_WORDS)))
        jxs_xml_stream_close_async (side->stream, G_PRIORITY_DEFAULT, NULL, closed_cb, NULL);
    }
}

static gboolean
moment_cb (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
  return G_SOURCE_REMOVE;
}

/* For what is in the hands of the kernel. */
static void
wait_moment (void)
{
  gboolean over = FALSE;

  g_timeout_add (1, moment_cb, &over);
  wait_until (over);
}

/* Until both have ended; or, once Romeo has, nothing more comes to Juliet. */
static gboolean
is_over (HostileRun *run)
{
  return run->sides[ROMEO].ended && (run->sides[JULIET].ended || !run->sides[JULIET].called);
}

/* Lets the clock go on as fast as nothing happens. */
static void
pass_time (HostileRun *run, gboolean (*is_enough) (HostileRun *run))
{
  const gint64 began = jxs_clock_now ();
  guint quiet = 0;

  while (!is_enough (run))
    {
      if (g_main_context_iteration (NULL, FALSE))
        quiet = 0;
      else if (quiet++ < QUIET)
        {
          if (run->way->reachable)
            wait_moment ();
          jxs_clock_advance (SMALL_STEP_US);
        }
      else
        jxs_clock_advance (LARGE_STEP_US);
      go_on (run);
      g_assert_cmpint (jxs_clock_now () - began, <, HOUR_US);
    }
}

void
hostile_run (HostileRun *run)
{
  jxs_clock_use_fake (0);
  run->began = jxs_clock_now ();
  set_up (run);
  run->sides[ROMEO].called = TRUE;
  jxs_endpoint_open_stream_async (
      run->endpoints[ROMEO], hostile_get_jid (JULIET), G_PRIORITY_DEFAULT, NULL, opened_cb, run);
  pass_time (run, is_over);
}

static void
gone_cb (gpointer data, GObject *object)
{
  ((HostileRun *) data)->n_alive--;
}

static gboolean
is_gone (HostileRun *run)
{
  return run->n_alive == 0;
}

void
hostile_run_clear (HostileRun *run)
{
  run->over = TRUE;
  for (guint i = 0; i < 2; i++)
    {
      HostileSide *side = &run->sides[i];

      if (side->opened)
        inbox_clear (&side->inbox);
      g_clear_object (&side->stream);
      g_clear_error (&side->error);
    }
  for (guint i = 0; i < 2; i++)
    {
      GObject *objects[] = { G_OBJECT (run->endpoints[i]), G_OBJECT (run->channels[i]) };

      g_signal_handlers_disconnect_by_data (run->endpoints[i], run);
      for (guint j = 0; j < G_N_ELEMENTS (objects); j++)
        g_object_weak_ref (objects[j], gone_cb, run);
      run->n_alive += 2;
      g_clear_object (&run->endpoints[i]);
    }
  for (guint i = 0; i < 2; i++)
    g_clear_object (&run->channels[i]);
  pass_time (run, is_gone);
  settle ();
  jxs_clock_use_real ();
}

/* In this order. */
static const struct
{
  HostileOutcome outcome;
  GQuark (*domain) (void);
  int code;
  const char *pattern;
} reasons[] = {
  { HOSTILE_OTHER_KEY,
    jxs_error_quark,
    JXS_ERROR_SECURITY,
    "*another certificate than it announced*" },
  { HOSTILE_REFUSED, jxs_error_quark, JXS_ERROR_SECURITY, "The peer refused the encrypt*" },
  { HOSTILE_REFUSED, jxs_error_quark, JXS_ERROR_UNTRUSTED, "The peer does not trust our key*" },
  { HOSTILE_NO_KEY, jxs_error_quark, JXS_ERROR_SECURITY, "*announced no fingerprint*" },
  { HOSTILE_NO_METHOD, jxs_error_quark, JXS_ERROR_SECURITY, "*no way of encryption*" },
  { HOSTILE_IN_CLEAR, jxs_error_quark, JXS_ERROR_SECURITY, "*does not encrypt, *" },
  { HOSTILE_NO_STREAM,
    jxs_error_quark,
    JXS_ERROR_SECURITY,
    "*somebody on the way has hidden that" },
  { HOSTILE_PASSWORD, jxs_error_quark, JXS_ERROR_SECURITY, "*password*" },
  { HOSTILE_IN_CLEAR,
    jxs_error_quark,
    JXS_ERROR_NOT_SUPPORTED,
    "*does not support encrypted sessions*" },
  { HOSTILE_UNTRUSTED, jxs_error_quark, JXS_ERROR_UNTRUSTED, "*" },

  { HOSTILE_NO_TLS, g_tls_error_quark, -1, "*TLS*" },
  { HOSTILE_FORGED, g_tls_error_quark, -1, "*was damaged or changed on the way" },
  { HOSTILE_FORGED, g_tls_error_quark, -1, "The encrypted connection has broken before" },
  { HOSTILE_FORGED, g_tls_error_quark, -1, "The peer ended the encrypted connection: *" },
  { HOSTILE_MALFORMED, jxs_error_quark, JXS_ERROR_PROTOCOL, "The peer refused the session: *" },
  { HOSTILE_MALFORMED,
    jxs_error_quark,
    JXS_ERROR_PROTOCOL,
    "The peer did not take our acceptance: *" },
  { HOSTILE_MALFORMED, jxs_error_quark, JXS_ERROR_PROTOCOL, "The peer accepted *" },
  { HOSTILE_MALFORMED, jxs_error_quark, JXS_ERROR_PROTOCOL, "The peer wants to send *" },
  { HOSTILE_MALFORMED, jxs_error_quark, JXS_ERROR_PROTOCOL, "The answer *" },
  { HOSTILE_MALFORMED, jxs_error_quark, JXS_ERROR_PROTOCOL, "*fingerprint*" },
  { HOSTILE_MALFORMED, jxs_error_quark, JXS_ERROR_PROTOCOL, "A hash *" },
  { HOSTILE_MALFORMED, jxs_error_quark, JXS_ERROR_PROTOCOL, "A security method *" },
  { HOSTILE_MALFORMED, jxs_error_quark, JXS_ERROR_FAILED, "The session failed on the peer*" },
  { HOSTILE_MALFORMED, jxs_error_quark, JXS_ERROR_NOT_SUPPORTED, "*does not support *" },
  { HOSTILE_MALFORMED,
    jxs_error_quark,
    JXS_ERROR_NOT_SUPPORTED,
    "The peer supports none of the transports *" },
  { HOSTILE_LOST, jxs_error_quark, JXS_ERROR_CONNECTIVITY, "No connection to * could be made: *" },
  { HOSTILE_LOST,
    jxs_error_quark,
    JXS_ERROR_CONNECTIVITY,
    "The peer could not establish a connection*" },
  { HOSTILE_BROKEN, jxs_error_quark, JXS_ERROR_CONNECTIVITY, "The connection broke on the peer*" },
  { HOSTILE_LOST, jxs_error_quark, JXS_ERROR_CONNECTIVITY, "The in-band bytestream broke, *" },
  { HOSTILE_LOST, jxs_error_quark, JXS_ERROR_TIMED_OUT, "No answer came in time" },
  { HOSTILE_LOST, jxs_error_quark, JXS_ERROR_TIMED_OUT, "The peer did not * in time" },
  { HOSTILE_LOST,
    jxs_error_quark,
    JXS_ERROR_TIMED_OUT,
    "The peer of the in-band bytestream does not answer*" },
  { HOSTILE_LOST, jxs_error_quark, JXS_ERROR_TIMED_OUT, "The session timed out *" },
  { HOSTILE_LOST, jxs_error_quark, JXS_ERROR_TRUNCATED, "The * ended without *" },
  { HOSTILE_LOST, jxs_error_quark, JXS_ERROR_PEER_UNAVAILABLE, "*cannot be reached, *" },
  { HOSTILE_LOST, jxs_error_quark, JXS_ERROR_PEER_UNAVAILABLE, "*is not online *" },
  { HOSTILE_ENDED,
    jxs_error_quark,
    JXS_ERROR_CLOSED,
    "The peer knows nothing of the session any more" },
  { HOSTILE_ENDED, jxs_error_quark, JXS_ERROR_CLOSED, "The peer ended the session" },
  { HOSTILE_ENDED,
    jxs_error_quark,
    JXS_ERROR_CLOSED,
    "The peer removed the content of the session" },
  { HOSTILE_ENDED, jxs_error_quark, JXS_ERROR_DECLINED, "The peer declined*" },
  { HOSTILE_ENDED, jxs_error_quark, JXS_ERROR_CONFLICT, "*the same session at the same time" },
};

HostileOutcome
hostile_get_outcome (HostileRun *run, guint who)
{
  const HostileSide *side = &run->sides[who];
  const GError *error = side->error;

  if (!side->called)
    return HOSTILE_NOTHING;
  if (error == NULL)
    return side->encrypted ? HOSTILE_DONE : HOSTILE_PLAIN;
  /* Nobody reads of what is open that it could not be established. */
  if (side->opened && strstr (error->message, "could not establish") != NULL)
    return HOSTILE_UNCLEAR;
  for (guint i = 0; i < G_N_ELEMENTS (reasons); i++)
    if (error->domain == reasons[i].domain () &&
        (reasons[i].code < 0 || error->code == reasons[i].code) &&
        g_pattern_match_simple (reasons[i].pattern, error->message))
      return reasons[i].outcome;
  return HOSTILE_UNCLEAR;
}

char *
hostile_describe (HostileRun *run, guint who)
{
  HostileSide *side = &run->sides[who];

  if (!side->called)
    return g_strdup ("nothing");
  if (side->error == NULL)
    return g_strdup (side->encrypted ? "done" : "plain");
  return g_strdup_printf ("%s%s %d: %s",
                          side->opened ? "broke: " : "",
                          g_quark_to_string (side->error->domain),
                          side->error->code,
                          side->error->message);
}
