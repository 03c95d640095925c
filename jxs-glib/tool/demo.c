/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "network.h"
#include "timeline.h"

#include <string.h>

#include <glib/gi18n.h>

#define SERVICE "org.gnome.Jxs.Demo"
#define DEFAULT_SIZE_MIB 8
#define DEFAULT_DELAY_MS 20
#define MAX_SIZE_MIB 4096
#define MAX_DELAY_MS 5000
#define COLUMN 14

typedef struct
{
  JxsJid *jid;                   /* (owned) */
  JxsChannel *channel;           /* (owned) */
  JxsIdentity *identity;         /* (owned) */
  JxsTrust *trust;               /* (owned) */
  JxsEndpoint *endpoint;         /* (owned) */
  JxsXmlStream *stream;          /* (owned) (nullable) */
  JxsConnection *pipe;           /* (owned) (nullable) */
  JxsVerification *verification; /* (owned) (nullable) */
  GError *error;                 /* (owned) (nullable): of what it accepted */
  guint expected;                /* messages */
  guint received;
} Side;

typedef struct
{
  Side romeo;
  Side juliet;
  ToolTimeline *timeline; /* (owned) */
  ToolNetwork network;
  guint delay_ms;
  guint64 size;
  GFile *original; /* (owned) (nullable) */
  GFile *copy;     /* (owned) (nullable) */
} Demo;

static void
print_heading (const char *text)
{
  g_print ("\n%s%s%s\n", tool_style (TOOL_BOLD), text, tool_end_style ());
}

static void
print_fact (const char *name, const char *value)
{
  g_autofree char *padded = tool_pad (name, COLUMN);

  g_print ("  %s%s%s%s\n", tool_style (TOOL_DIM), padded, tool_end_style (), value);
}

static void
print_good (const char *text)
{
  g_print ("  %s✓%s %s\n", tool_style (TOOL_GREEN), tool_end_style (), text);
}

/* ---- two sides ---- */

static gboolean
side_init (Side *side, const char *jid, JxsKeyType type, GError **error)
{
  side->jid = jxs_jid_new (jid, error);
  if (side->jid == NULL)
    return FALSE;
  side->identity = jxs_identity_generate (side->jid, type, error);
  side->trust = JXS_TRUST (jxs_memory_trust_new ());
  return side->identity != NULL;
}

static void
side_clear (Side *side)
{
  g_clear_object (&side->verification);
  g_clear_object (&side->pipe);
  g_clear_object (&side->stream);
  g_clear_object (&side->endpoint);
  g_clear_object (&side->channel);
  g_clear_object (&side->identity);
  g_clear_object (&side->trust);
  g_clear_pointer (&side->jid, jxs_jid_unref);
  g_clear_error (&side->error);
}

static void
stream_accepted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Side *side = user_data;

  side->stream = jxs_endpoint_accept_stream_finish (JXS_ENDPOINT (source), result, &side->error);
}

static void
pipe_accepted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Side *side = user_data;

  side->pipe = jxs_endpoint_accept_pipe_finish (JXS_ENDPOINT (source), result, &side->error);
}

static void
incoming_cb (JxsEndpoint *endpoint, JxsSession *session, gpointer user_data)
{
  Demo *demo = user_data;

  if (jxs_endpoint_is_stream_session (endpoint, session))
    jxs_endpoint_accept_stream_async (endpoint,
                                      session,
                                      G_PRIORITY_DEFAULT,
                                      tool_get_cancellable (),
                                      stream_accepted_cb,
                                      &demo->juliet);
  else
    jxs_endpoint_accept_pipe_async (endpoint,
                                    session,
                                    G_PRIORITY_DEFAULT,
                                    tool_get_cancellable (),
                                    pipe_accepted_cb,
                                    &demo->juliet);
}

static void
verification_cb (JxsEndpoint *endpoint, JxsVerification *verification, gpointer user_data)
{
  Side *side = user_data;

  g_set_object (&side->verification, verification);
}

/* The steps of TLS pass inside the bytestream, so they are told by who takes them. */
static void
trace_cb (JxsEndpoint *endpoint,
          gint64 time_us,
          const char *layer,
          const char *what,
          const char *detail,
          gpointer user_data)
{
  Demo *demo = user_data;
  JxsChannel *channel = jxs_endpoint_get_channel (endpoint);

  if (!g_str_equal (layer, "security"))
    return;
  if (g_str_equal (what, "handshake"))
    tool_timeline_note (demo->timeline, channel, _ ("TLS handshake begins"), "");
  else if (g_str_equal (what, "certificate-matches"))
    tool_timeline_note (demo->timeline, channel, _ ("certificate is as announced"), "");
  else if (g_str_equal (what, "secured"))
    tool_timeline_note (demo->timeline, channel, _ ("key accepted: secure"), "");
}

/* Both sides are on this machine, so this is all they need of it. */
static gboolean
candidate_cb (JxsEndpoint *endpoint, JxsJid *peer, JxsCandidate *candidate, gpointer user_data)
{
  g_autoptr (GInetAddress) address =
      g_inet_address_new_from_string (jxs_candidate_get_host (candidate));

  return address == NULL || !g_inet_address_get_is_loopback (address);
}

static void
start_side (Demo *demo, Side *side, gboolean trace)
{
  side->endpoint = jxs_endpoint_new (side->channel, side->identity, side->trust);
  jxs_endpoint_set_port_mapping (side->endpoint, FALSE);
  jxs_endpoint_set_discover_proxies (side->endpoint, FALSE);
  tool_network_apply (&demo->network, side->endpoint, NULL); /* it was understood before */
  jxs_endpoint_set_allow_loopback (side->endpoint, TRUE);
  g_signal_connect (side->endpoint, "candidate", G_CALLBACK (candidate_cb), NULL);
  g_signal_connect (side->endpoint, "trace", G_CALLBACK (trace_cb), demo);
  if (trace)
    tool_trace (side->endpoint, jxs_jid_get_local (side->jid));
}

static gboolean
start (Demo *demo, gboolean trace, GError **error)
{
  JxsLoopbackChannel *romeo = NULL;
  JxsLoopbackChannel *juliet = NULL;

  if (!side_init (&demo->romeo, "romeo@montague.example/orchard", JXS_KEY_TYPE_ECDSA_P256, error) ||
      !side_init (&demo->juliet, "juliet@capulet.example/balcony", JXS_KEY_TYPE_ED25519, error))
    return FALSE;
  jxs_loopback_channel_new_pair (demo->romeo.jid, demo->juliet.jid, &romeo, &juliet);
  jxs_loopback_channel_set_delay (romeo, demo->delay_ms);
  jxs_loopback_channel_set_delay (juliet, demo->delay_ms);
  demo->romeo.channel = JXS_CHANNEL (romeo);
  demo->juliet.channel = JXS_CHANNEL (juliet);
  demo->timeline = tool_timeline_new (demo->romeo.channel, demo->juliet.channel);
  start_side (demo, &demo->romeo, trace);
  start_side (demo, &demo->juliet, trace);
  g_signal_connect (demo->juliet.endpoint, "incoming", G_CALLBACK (incoming_cb), demo);
  g_signal_connect (demo->juliet.endpoint,
                    "verification",
                    G_CALLBACK (verification_cb),
                    &demo->juliet);

  g_print (_ ("Two endpoints in this process, %u ms apart:\n  %s%s%s and %s%s%s\n"),
           demo->delay_ms,
           tool_style (TOOL_CYAN),
           jxs_jid_to_string (demo->romeo.jid),
           tool_end_style (),
           tool_style (TOOL_GREEN),
           jxs_jid_to_string (demo->juliet.jid),
           tool_end_style ());
  return TRUE;
}

/* The side that accepts is ready a little later than the one that opened. */
static gboolean
wait_for_juliet (Demo *demo, gpointer *what, GError **error)
{
  while (*what == NULL && demo->juliet.error == NULL &&
         !g_cancellable_is_cancelled (tool_get_cancellable ()))
    g_main_context_iteration (NULL, TRUE);
  if (*what != NULL)
    return TRUE;
  if (demo->juliet.error != NULL)
    g_propagate_error (error, g_steal_pointer (&demo->juliet.error));
  else
    g_cancellable_set_error_if_cancelled (tool_get_cancellable (), error);
  return FALSE;
}

/* ---- the stream ---- */

static gboolean
stanza_cb (JxsXmlStream *stream, JxsElement *stanza, gpointer user_data)
{
  Side *side = user_data;
  JxsElement *body = jxs_element_find_child (stanza, "body", NULL);
  g_autofree char *text = NULL;

  if (body == NULL)
    return FALSE;
  side->received++;
  text = tool_clean (jxs_element_get_text (body), 200);
  g_print ("  %s%-7s%s %s\n",
           tool_style (TOOL_DIM),
           jxs_jid_get_local (jxs_xml_stream_get_peer_jid (stream)),
           tool_end_style (),
           text);
  return TRUE;
}

static void
print_fingerprint (const char *name, const char *hexadecimal)
{
  g_autofree char *label = g_strdup_printf (_ ("%s's key"), name);
  g_autofree char *text = tool_fingerprint (hexadecimal, COLUMN + 2);

  print_fact (label, text);
}

static void
print_trust (JxsConnection *connection)
{
  const char *text = _ ("first use: people should compare these fingerprints");

  if (jxs_connection_get_trust_level (connection) == JXS_TRUST_LEVEL_PINNED)
    text = _ ("pinned: the same keys as before");
  else if (jxs_connection_get_trust_level (connection) == JXS_TRUST_LEVEL_VERIFIED)
    text = _ ("verified: by what both sides compared");
  print_fact (_ ("Trust"), text);
}

static void
print_connection (Demo *demo, JxsConnection *connection, double elapsed_ms)
{
  JxsSession *session = jxs_connection_get_session (connection);
  guint round_trips = jxs_session_get_round_trips (session);
  const char *cipher = jxs_connection_get_cipher_name (connection);
  g_autofree char *path = tool_network_path (session);
  g_autofree char *setup = NULL;
  g_autofree char *encryption = g_strdup_printf ("%s%s%s",
                                                 jxs_connection_get_protocol_name (connection),
                                                 cipher != NULL ? ", " : "",
                                                 cipher != NULL ? cipher : "");

  if (demo->delay_ms > 0)
    setup = g_strdup_printf (_ ("%.0f ms: %.1f round trips of %u ms, %u of them for Jingle"),
                             elapsed_ms,
                             elapsed_ms / (2 * demo->delay_ms),
                             2 * demo->delay_ms,
                             round_trips);
  else
    setup =
        g_strdup_printf (_ ("%.1f ms, with %u round trips for Jingle"), elapsed_ms, round_trips);
  print_fact (_ ("Set up in"), setup);
  print_fact (_ ("Path"), path);
  print_fact (_ ("Encryption"), encryption);
  print_fingerprint ("romeo", jxs_connection_get_local_fingerprint (connection));
  print_fingerprint ("juliet", jxs_connection_get_peer_fingerprint (connection));
  print_trust (connection);
}

/* Both sides must see the same two keys, and those must be the keys they have. */
static gboolean
check_keys (Demo *demo, JxsConnection *mine, JxsConnection *theirs, GError **error)
{
  g_autofree char *romeo = jxs_identity_get_fingerprint (demo->romeo.identity, G_CHECKSUM_SHA256);
  g_autofree char *juliet = jxs_identity_get_fingerprint (demo->juliet.identity, G_CHECKSUM_SHA256);

  if (mine != NULL && theirs != NULL &&
      g_strcmp0 (jxs_connection_get_peer_fingerprint (mine), juliet) == 0 &&
      g_strcmp0 (jxs_connection_get_peer_fingerprint (theirs), romeo) == 0 &&
      g_strcmp0 (jxs_connection_get_protocol_name (mine), "TLS 1.3") == 0)
    return TRUE;
  g_set_error_literal (error,
                       JXS_ERROR,
                       JXS_ERROR_SECURITY,
                       _ ("The connection is not encrypted between the keys of the two sides"));
  return FALSE;
}

static gboolean
open_stream (Demo *demo, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  JxsConnection *connection;
  double elapsed_ms;

  print_heading (_ ("Opening an XML stream"));
  tool_timeline_start (demo->timeline);
  jxs_endpoint_open_stream_async (demo->romeo.endpoint,
                                  demo->juliet.jid,
                                  G_PRIORITY_DEFAULT,
                                  tool_get_cancellable (),
                                  tool_result_cb,
                                  &result);
  demo->romeo.stream =
      jxs_endpoint_open_stream_finish (demo->romeo.endpoint, tool_wait (&result), error);
  elapsed_ms = tool_timeline_get_elapsed_ms (demo->timeline);
  if (demo->romeo.stream == NULL)
    return FALSE;
  tool_timeline_note (demo->timeline, demo->romeo.channel, _ ("stream is open"), "");
  if (!wait_for_juliet (demo, (gpointer *) &demo->juliet.stream, error))
    return FALSE;
  tool_timeline_stop (demo->timeline);

  connection = jxs_endpoint_get_stream_connection (demo->romeo.endpoint, demo->romeo.stream);
  if (!check_keys (demo,
                   connection,
                   jxs_endpoint_get_stream_connection (demo->juliet.endpoint, demo->juliet.stream),
                   error))
    return FALSE;
  g_print ("\n");
  print_connection (demo, connection, elapsed_ms);
  return TRUE;
}

static gboolean
send_message (Side *from, Side *to, const char *text, GError **error)
{
  g_autoptr (JxsElement) message = jxs_stanza_new_message (NULL, text);

  to->expected++;
  return jxs_xml_stream_send (from->stream, message, error);
}

/* Waits for what is under way, and no longer than a minute. */
static gboolean
deadline_cb (gpointer user_data)
{
  gboolean *passed = user_data;

  *passed = TRUE;
  return G_SOURCE_CONTINUE;
}

static gboolean
wait_for_messages (Side *side, GError **error)
{
  gboolean passed = FALSE;
  guint timeout = g_timeout_add_seconds (60, deadline_cb, &passed);

  while (side->received < side->expected && !passed &&
         !g_cancellable_is_cancelled (tool_get_cancellable ()))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (timeout);
  if (g_cancellable_set_error_if_cancelled (tool_get_cancellable (), error))
    return FALSE;
  if (passed)
    g_set_error_literal (error,
                         JXS_ERROR,
                         JXS_ERROR_TIMED_OUT,
                         _ ("A message did not arrive within a minute"));
  return !passed;
}

static gboolean
exchange_messages (Demo *demo, GError **error)
{
  static const char *const lines[] = {
    N_ ("But, soft! What light through yonder window breaks?"),
    N_ ("Who is it that, thus hidden in the night, overhears what I say?"),
    N_ ("Only the two of us: no server can read this."),
    N_ ("Then send me what you promised."),
  };
  g_autofree char *done = NULL;

  print_heading (_ ("Messages"));
  g_signal_connect (demo->romeo.stream, "stanza", G_CALLBACK (stanza_cb), &demo->romeo);
  g_signal_connect (demo->juliet.stream, "stanza", G_CALLBACK (stanza_cb), &demo->juliet);
  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      Side *from = i % 2 == 0 ? &demo->romeo : &demo->juliet;
      Side *to = i % 2 == 0 ? &demo->juliet : &demo->romeo;

      if (!send_message (from, to, _ (lines[i]), error) || !wait_for_messages (to, error))
        return FALSE;
    }
  done = g_strdup_printf (_ ("%u messages one way, %u the other"),
                          demo->juliet.received,
                          demo->romeo.received);
  print_good (done);
  return TRUE;
}

/* ---- comparing ---- */

static gboolean
is_in_state (const Side *side, JxsVerificationState state)
{
  return side->verification != NULL && jxs_verification_get_state (side->verification) == state;
}

/* Until both are, or one of them never will be. */
static gboolean
wait_for_state (Demo *demo, JxsVerificationState state, GError **error)
{
  Side *sides[] = { &demo->romeo, &demo->juliet };

  while (!is_in_state (sides[0], state) || !is_in_state (sides[1], state))
    {
      g_main_context_iteration (NULL, TRUE);
      if (g_cancellable_set_error_if_cancelled (tool_get_cancellable (), error))
        return FALSE;
      for (gsize i = 0; i < G_N_ELEMENTS (sides); i++)
        if (is_in_state (sides[i], JXS_VERIFICATION_STATE_FAILED))
          {
            g_propagate_error (error,
                               g_error_copy (jxs_verification_get_error (sides[i]->verification)));
            return FALSE;
          }
    }
  return TRUE;
}

static void
print_string (const char *name, JxsVerification *verification)
{
  const char *const *emoji = jxs_verification_get_emoji (verification);
  g_autofree char *label = g_strdup_printf (_ ("%s sees"), name);
  g_autofree char *pictures = g_strjoinv (" ", (char **) emoji);
  g_autofree char *text =
      g_strdup_printf ("%s   %s", jxs_verification_get_digits (verification), pictures);

  print_fact (label, text);
}

/* What two persons do by telephone: compare, and say whether it is the same. */
static gboolean
compare_strings (Demo *demo, GError **error)
{
  const char *ours;
  const char *theirs;

  print_heading (_ ("Making sure that nobody is in between"));
  demo->romeo.verification =
      jxs_endpoint_verify_stream (demo->romeo.endpoint, demo->romeo.stream, error);
  if (demo->romeo.verification == NULL ||
      !wait_for_state (demo, JXS_VERIFICATION_STATE_COMPARING, error))
    return FALSE;
  print_string ("romeo", demo->romeo.verification);
  print_string ("juliet", demo->juliet.verification);
  ours = jxs_verification_get_digits (demo->romeo.verification);
  theirs = jxs_verification_get_digits (demo->juliet.verification);
  if (!g_str_equal (ours, theirs))
    {
      g_set_error_literal (error,
                           JXS_ERROR,
                           JXS_ERROR_SECURITY,
                           _ ("The two sides see different numbers"));
      return FALSE;
    }
  jxs_verification_confirm (demo->romeo.verification);
  jxs_verification_confirm (demo->juliet.verification);
  if (!wait_for_state (demo, JXS_VERIFICATION_STATE_VERIFIED, error))
    return FALSE;
  print_good (_ ("the same on both sides: the keys are verified"));
  return TRUE;
}

/* ---- the file ---- */

typedef struct
{
  guint64 total;
  gint64 start;
} Progress;

static void
moved_cb (ToolCopy *copy, gpointer user_data)
{
  const Progress *progress = user_data;

  tool_progress (_ ("juliet has"),
                 tool_copy_get_bytes (copy),
                 progress->total,
                 g_get_monotonic_time () - progress->start);
}

static gboolean
open_pipe (Demo *demo, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  jxs_endpoint_open_pipe_async (demo->romeo.endpoint,
                                demo->juliet.jid,
                                SERVICE,
                                G_PRIORITY_DEFAULT,
                                tool_get_cancellable (),
                                tool_result_cb,
                                &result);
  demo->romeo.pipe =
      jxs_endpoint_open_pipe_finish (demo->romeo.endpoint, tool_wait (&result), error);
  if (demo->romeo.pipe == NULL || !wait_for_juliet (demo, (gpointer *) &demo->juliet.pipe, error) ||
      !check_keys (demo, demo->romeo.pipe, demo->juliet.pipe, error))
    return FALSE;
  print_trust (demo->romeo.pipe);
  return TRUE;
}

static gboolean
close_both (GIOStream *first, GIOStream *second, GError **error)
{
  g_autoptr (GAsyncResult) first_result = NULL;
  g_autoptr (GAsyncResult) second_result = NULL;

  g_io_stream_close_async (first, G_PRIORITY_DEFAULT, NULL, tool_result_cb, &first_result);
  g_io_stream_close_async (second, G_PRIORITY_DEFAULT, NULL, tool_result_cb, &second_result);
  tool_wait (&first_result);
  tool_wait (&second_result);
  return g_io_stream_close_finish (first, first_result, error) &&
         g_io_stream_close_finish (second, second_result, error);
}

/* Romeo sends and closes his direction; Juliet reads to the end. */
static gboolean
transfer (Demo *demo, GInputStream *from, GOutputStream *to, GError **error)
{
  Progress progress = { demo->size, g_get_monotonic_time () };
  g_autoptr (ToolCopy) sent =
      tool_copy_new (from,
                     g_io_stream_get_output_stream (G_IO_STREAM (demo->romeo.pipe)),
                     TOOL_COPY_CLOSE_OUTPUT,
                     tool_get_cancellable (),
                     NULL,
                     NULL);
  g_autoptr (ToolCopy) received =
      tool_copy_new (g_io_stream_get_input_stream (G_IO_STREAM (demo->juliet.pipe)),
                     to,
                     TOOL_COPY_CLOSE_OUTPUT,
                     tool_get_cancellable (),
                     moved_cb,
                     &progress);
  const GError *failure;
  gint64 elapsed;
  g_autofree char *size = tool_size (demo->size);
  g_autofree char *rate = NULL;
  g_autofree char *text = NULL;

  while (!tool_copy_is_done (sent) || !tool_copy_is_done (received))
    g_main_context_iteration (NULL, TRUE);
  elapsed = MAX (g_get_monotonic_time () - progress.start, 1);
  tool_progress_end ();

  failure = tool_copy_get_error (received) != NULL ? tool_copy_get_error (received)
                                                   : tool_copy_get_error (sent);
  if (failure != NULL)
    {
      g_propagate_error (error, g_error_copy (failure));
      return FALSE;
    }
  rate = tool_size (demo->size * G_USEC_PER_SEC / elapsed);
  text = g_strdup_printf (_ ("%s in %.1f s: %s/s"), size, elapsed / 1e6, rate);
  print_fact (_ ("Throughput"), text);
  return TRUE;
}

static gboolean
compare_files (Demo *demo, GError **error)
{
  g_autofree char *sent = NULL;
  g_autofree char *received = NULL;

  if ((sent = tool_hash_file (demo->original, error)) == NULL ||
      (received = tool_hash_file (demo->copy, error)) == NULL)
    return FALSE;
  print_fact (_ ("SHA-256"), sent);
  if (!g_str_equal (sent, received))
    {
      g_set_error (error,
                   JXS_ERROR,
                   JXS_ERROR_FAILED,
                   _ ("The file arrived with another SHA-256: %s"),
                   received);
      return FALSE;
    }
  print_good (_ ("the file arrived as it was sent"));
  return TRUE;
}

static gboolean
move_file (Demo *demo, GError **error)
{
  g_autoptr (GFileIOStream) written = NULL;
  g_autoptr (GFileIOStream) copy = NULL;
  g_autoptr (GFileInputStream) original = NULL;
  g_autofree char *size = tool_size (demo->size);
  g_autofree char *heading = g_strdup_printf (_ ("A file of %s, through a pipe"), size);

  print_heading (heading);
  if ((demo->original = tool_make_file (demo->size, &written, error)) == NULL ||
      (demo->copy = g_file_new_tmp ("jxs-demo-XXXXXX", &copy, error)) == NULL ||
      (original = g_file_read (demo->original, NULL, error)) == NULL)
    return FALSE;
  return open_pipe (demo, error) &&
         transfer (demo,
                   G_INPUT_STREAM (original),
                   g_io_stream_get_output_stream (G_IO_STREAM (copy)),
                   error) &&
         compare_files (demo, error) &&
         close_both (G_IO_STREAM (demo->romeo.pipe), G_IO_STREAM (demo->juliet.pipe), error);
}

/* ---- the end ---- */

static gboolean
close_stream (Demo *demo, GError **error)
{
  JxsConnection *connection =
      jxs_endpoint_get_stream_connection (demo->romeo.endpoint, demo->romeo.stream);
  JxsSession *session = jxs_connection_get_session (connection);
  g_autoptr (GAsyncResult) result = NULL;
  gboolean passed = FALSE;
  guint timeout;

  jxs_xml_stream_close_async (
      demo->romeo.stream, G_PRIORITY_DEFAULT, NULL, tool_result_cb, &result);
  if (!jxs_xml_stream_close_finish (demo->romeo.stream, tool_wait (&result), error))
    return FALSE;

  timeout = g_timeout_add_seconds (15, deadline_cb, &passed);
  while (jxs_session_get_state (session) != JXS_SESSION_STATE_ENDED && !passed)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (timeout);
  if (jxs_session_get_reason (session) == NULL ||
      jxs_reason_get_condition (jxs_session_get_reason (session)) != JXS_REASON_SUCCESS)
    {
      g_set_error_literal (error,
                           JXS_ERROR,
                           JXS_ERROR_FAILED,
                           _ ("The session did not end in order"));
      return FALSE;
    }
  print_good (_ ("the pipe and the stream ended in order"));
  return TRUE;
}

static void
demo_clear (Demo *demo)
{
  side_clear (&demo->romeo);
  side_clear (&demo->juliet);
  g_clear_pointer (&demo->timeline, tool_timeline_free);
  tool_network_clear (&demo->network);
  if (demo->original != NULL)
    g_file_delete (demo->original, NULL, NULL);
  if (demo->copy != NULL)
    g_file_delete (demo->copy, NULL, NULL);
  g_clear_object (&demo->original);
  g_clear_object (&demo->copy);
}

static int
run (Demo *demo, gboolean trace)
{
  g_autoptr (GError) error = NULL;

  if (!start (demo, trace, &error) || !open_stream (demo, &error) ||
      !exchange_messages (demo, &error) || !compare_strings (demo, &error) ||
      !move_file (demo, &error) || !close_stream (demo, &error))
    return tool_fail (_ ("The demo failed"), error);
  g_print ("\n%s%s%s\n", tool_style (TOOL_GREEN), _ ("All verified."), tool_end_style ());
  return TOOL_OK;
}

int
tool_demo (int argc, char **argv)
{
  int size_mib = DEFAULT_SIZE_MIB;
  int delay_ms = DEFAULT_DELAY_MS;
  gboolean trace = FALSE;
  Demo demo = { 0 };
  const GOptionEntry entries[] = {
    { "size", 's', 0, G_OPTION_ARG_INT, &size_mib, N_ ("Size of the file in MiB (8)"), "MIB" },
    { "delay",
      'd',
      0,
      G_OPTION_ARG_INT,
      &delay_ms,
      N_ ("Milliseconds a stanza takes to the other side (20)"),
      "MS" },
    { "transports",
      0,
      0,
      G_OPTION_ARG_STRING,
      &demo.network.transports,
      N_ ("What may carry the bytes, best first (s5b,ibb)"),
      "LIST" },
    { "trace",
      0,
      0,
      G_OPTION_ARG_NONE,
      &trace,
      N_ ("Print every event as a line of JSON on standard error"),
      NULL },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  int status = TOOL_OK;

  g_option_context_set_summary (
      context,
      _ ("Two endpoints in this process open an encrypted XML stream with each other, exchange "
         "messages, make sure that nobody is in between, and move a file through a pipe. Ends with "
         "status 0 only if all was verified."));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (!tool_parse (context, &argc, &argv, &status))
    ;
  else if (argc > 1)
    status = tool_usage (_ ("“%s” is one argument too many"), argv[1]);
  else if (size_mib < 0 || size_mib > MAX_SIZE_MIB)
    status = tool_usage (_ ("The size must be between 0 and %d MiB"), MAX_SIZE_MIB);
  else if (delay_ms < 0 || delay_ms > MAX_DELAY_MS)
    status = tool_usage (_ ("The delay must be between 0 and %d ms"), MAX_DELAY_MS);
  else if (!tool_network_apply (&demo.network, NULL, &error))
    status = tool_usage ("%s", error->message);
  else
    {
      demo.size = (guint64) size_mib * 1024 * 1024;
      demo.delay_ms = delay_ms;
      status = run (&demo, trace);
    }
  demo_clear (&demo);
  return status;
}
