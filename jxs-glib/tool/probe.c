/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "probe.h"

#include <string.h>

#include <glib/gi18n.h>

#include "network.h"

#define PING_BYTES 16
#define N_PINGS 5
#define ANSWER_MAX_BYTES (64 * PING_BYTES) /* stops who takes us for a relay */
#define ANSWER_SECONDS 30                  /* stops who stays */

/* Columns of the table; all together, with the longest state, 79. What is longer, as IPv6 addresses
 * can be, breaks its line. */
#define WHO_WIDTH 7
#define KIND_WIDTH 10
#define ADDRESS_WIDTH 26
#define DETAIL_INDENT 9

/* ---- answering ---- */

typedef struct
{
  JxsConnection *connection; /* (owned) */
  GCancellable *cancellable; /* (owned) */
  ToolCopy *echo;            /* (owned) */
  GSourceOnceFunc ended;
  gpointer user_data;
  guint timeout;
} Answer;

static void
answer_closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Answer *answer = user_data;

  g_io_stream_close_finish (G_IO_STREAM (source), result, NULL);
  g_source_remove (answer->timeout);
  tool_copy_free (answer->echo);
  g_object_unref (answer->connection);
  g_object_unref (answer->cancellable);
  answer->ended (answer->user_data);
  g_free (answer);
}

static void
echoed_cb (ToolCopy *echo, gpointer user_data)
{
  Answer *answer = user_data;

  if (tool_copy_is_done (echo))
    g_io_stream_close_async (G_IO_STREAM (answer->connection),
                             G_PRIORITY_DEFAULT,
                             answer->cancellable,
                             answer_closed_cb,
                             answer);
  else if (tool_copy_get_bytes (echo) > ANSWER_MAX_BYTES)
    g_cancellable_cancel (answer->cancellable);
}

static gboolean
answer_timeout_cb (gpointer user_data)
{
  Answer *answer = user_data;

  g_cancellable_cancel (answer->cancellable);
  return G_SOURCE_CONTINUE;
}

static void
interrupted_cb (GCancellable *interrupted, GCancellable *cancellable)
{
  g_cancellable_cancel (cancellable);
}

void
tool_probe_answer (JxsConnection *connection, GSourceOnceFunc ended, gpointer user_data)
{
  Answer *answer = g_new0 (Answer, 1);
  GIOStream *stream = G_IO_STREAM (connection);

  answer->connection = connection;
  answer->ended = ended;
  answer->user_data = user_data;
  answer->cancellable = g_cancellable_new ();
  g_signal_connect_object (
      tool_get_cancellable (), "cancelled", G_CALLBACK (interrupted_cb), answer->cancellable, 0);
  if (g_cancellable_is_cancelled (tool_get_cancellable ()))
    g_cancellable_cancel (answer->cancellable);
  answer->timeout = g_timeout_add_seconds (ANSWER_SECONDS, answer_timeout_cb, answer);
  answer->echo = tool_copy_new (g_io_stream_get_input_stream (stream),
                                g_io_stream_get_output_stream (stream),
                                TOOL_COPY_CLOSE_OUTPUT,
                                answer->cancellable,
                                echoed_cb,
                                answer);
}

/* ---- the table ---- */

static const char *
describe_kind (JxsCandidate *candidate)
{
  switch (jxs_candidate_get_kind (candidate))
    {
    case JXS_CANDIDATE_KIND_ASSISTED:
      return _ ("router");
    case JXS_CANDIDATE_KIND_TUNNEL:
      return _ ("tunnel");
    case JXS_CANDIDATE_KIND_PROXY:
      return _ ("relay");
    case JXS_CANDIDATE_KIND_DIRECT:
    default:
      return _ ("direct");
    }
}

/* At most eleven columns. */
static const char *
describe_state (JxsEndpoint *endpoint, JxsSession *session, JxsCandidate *candidate)
{
  /* Of ours the peer tells nothing but that none is of use. */
  const char *untouched =
      jxs_session_get_nominated_candidate (session) != NULL ? _ ("not used") : _ ("not reached");

  switch (jxs_candidate_get_state (candidate))
    {
    case JXS_CANDIDATE_STATE_CONNECTING:
      return _ ("trying");
    case JXS_CANDIDATE_STATE_CONNECTED:
      return _ ("works");
    case JXS_CANDIDATE_STATE_FAILED:
      return _ ("failed");
    case JXS_CANDIDATE_STATE_NOMINATED:
      return _ ("in use");
    case JXS_CANDIDATE_STATE_SKIPPED:
      if (jxs_candidate_is_local (candidate))
        return untouched;
      return jxs_endpoint_get_address_policy (endpoint) == JXS_ADDRESS_POLICY_RELAY_ONLY
                 ? _ ("not allowed")
                 : _ ("not needed");
    case JXS_CANDIDATE_STATE_WAITING:
    default:
      return jxs_candidate_is_local (candidate) ? untouched : _ ("not tried");
    }
}

static ToolStyle
style_of (JxsCandidate *candidate)
{
  switch (jxs_candidate_get_state (candidate))
    {
    case JXS_CANDIDATE_STATE_NOMINATED:
    case JXS_CANDIDATE_STATE_CONNECTED:
      return TOOL_GREEN;
    case JXS_CANDIDATE_STATE_FAILED:
      return TOOL_YELLOW;
    case JXS_CANDIDATE_STATE_WAITING:
    case JXS_CANDIDATE_STATE_CONNECTING:
    case JXS_CANDIDATE_STATE_SKIPPED:
    default:
      return TOOL_DIM;
    }
}

static char *
describe_time (gint64 us)
{
  return us < 1000 ? g_strdup_printf (_ ("%.2f ms"), us / 1000.0)
                   : g_strdup_printf (_ ("%.1f ms"), us / 1000.0);
}

static void
print_row (const char *who,
           const char *kind,
           const char *priority,
           const char *address,
           const char *round_trip,
           const char *state,
           ToolStyle style)
{
  g_autofree char *padded_who = tool_pad (who, WHO_WIDTH);
  g_autofree char *padded_kind = tool_pad (kind, KIND_WIDTH);
  g_autofree char *padded_address = tool_pad (address, ADDRESS_WIDTH);
  gboolean breaks = g_utf8_strlen (address, -1) >= ADDRESS_WIDTH;

  g_print ("  %s%s%10s  %s", padded_who, padded_kind, priority, padded_address);
  if (breaks)
    g_print ("\n%*s", 2 + WHO_WIDTH + KIND_WIDTH + 12 + ADDRESS_WIDTH, "");
  g_print ("%9s  %s%s%s\n", round_trip, tool_style (style), state, tool_end_style ());
}

static void
print_candidate (JxsEndpoint *endpoint, JxsSession *session, JxsCandidate *candidate)
{
  g_autofree char *address = tool_network_address (candidate);
  g_autofree char *priority = g_strdup_printf ("%u", jxs_candidate_get_priority (candidate));
  const GError *error = jxs_candidate_get_error (candidate);
  gint64 round_trip_us = jxs_candidate_get_round_trip (candidate);
  g_autofree char *round_trip = round_trip_us > 0 ? describe_time (round_trip_us) : g_strdup ("");

  print_row (jxs_candidate_is_local (candidate) ? _ ("here") : _ ("there"),
             describe_kind (candidate),
             priority,
             address,
             round_trip,
             describe_state (endpoint, session, candidate),
             style_of (candidate));
  if (error != NULL)
    {
      g_autofree char *why = tool_clean (error->message, 500);
      g_autofree char *line = g_strdup_printf ("%*s%s", DETAIL_INDENT, "", why);
      g_autofree char *wrapped = tool_wrap (line, TOOL_HELP_WIDTH, DETAIL_INDENT);

      g_print ("%s%s%s\n", tool_style (TOOL_DIM), wrapped, tool_end_style ());
    }
}

/* What became of one of our transports. */
static const char *
judge_transport (JxsSession *session, const char *name, gboolean connected)
{
  gboolean in_band = g_str_equal (name, "ibb");
  GListModel *candidates = jxs_session_get_candidates (session);

  if (connected && in_band == tool_network_is_in_band (session))
    return _ ("in use");
  if (in_band)
    return connected ? _ ("not needed") : _ ("not possible, or not tried");
  if (g_list_model_get_n_items (candidates) == 0)
    return _ ("not tried: nothing to try, or not supported there");
  return _ ("no way worked");
}

static void
print_table (JxsEndpoint *endpoint, JxsSession *session, gboolean connected)
{
  GListModel *candidates = jxs_session_get_candidates (session);
  guint n = g_list_model_get_n_items (candidates);
  const char *const *transports = jxs_endpoint_get_transports (endpoint);

  g_print ("%s%s%s\n", tool_style (TOOL_BOLD), _ ("Ways between us"), tool_end_style ());
  if (n == 0)
    g_print ("  %s\n", _ ("none was offered"));
  else
    print_row (
        _ ("at"), _ ("kind"), _ ("priority"), _ ("address"), _ ("answer"), _ ("state"), TOOL_PLAIN);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (JxsCandidate) candidate = g_list_model_get_item (candidates, i);

      print_candidate (endpoint, session, candidate);
    }

  g_print ("\n%s%s%s\n", tool_style (TOOL_BOLD), _ ("Transports"), tool_end_style ());
  for (gsize i = 0; transports[i] != NULL; i++)
    g_print ("  %s   %s\n", transports[i], judge_transport (session, transports[i], connected));
}

/* What the peer says of encryption, which passes the servers and is only good to know. */
static void
print_security (ToolAccount *account, JxsJid *peer)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *fingerprint = NULL;
  JxsSecurityMethods methods;

  jxs_endpoint_query_security_async (
      account->endpoint, peer, tool_get_cancellable (), tool_result_cb, &result);
  methods = jxs_endpoint_query_security_finish (account->endpoint,
                                                tool_wait (&result),
                                                &fingerprint,
                                                &error);
  g_print ("\n%s%s%s\n", tool_style (TOOL_BOLD), _ ("Encryption they offer"), tool_end_style ());
  if (error != NULL)
    {
      g_autofree char *why = tool_clean (error->message, 500);

      g_print ("  %s\n", why);
      return;
    }
  if (methods == JXS_SECURITY_METHODS_NONE)
    g_print ("  %s\n", _ ("none"));
  if ((methods & JXS_SECURITY_METHODS_X509) != 0)
    g_print ("  x509       %s\n", _ ("keys, under the whole session"));
  if ((methods & JXS_SECURITY_METHODS_SRP) != 0)
    g_print ("  srp        %s\n", _ ("a password that both know, “jxs verify --password”"));
  if ((methods & JXS_SECURITY_METHODS_STARTTLS) != 0)
    g_print ("  starttls   %s\n", _ ("keys, begun inside an XML stream"));
  if (fingerprint != NULL)
    {
      g_autofree char *text = tool_fingerprint (fingerprint, 13);

      g_print ("  %s%s\n", _ ("their key  "), text);
    }
}

/* Why bytes do not go directly, or not through a relay. */
static char *
explain_kind (JxsEndpoint *endpoint, JxsSession *session, gboolean relays)
{
  GListModel *candidates = jxs_session_get_candidates (session);
  const char *why = _ ("nothing was offered");

  for (guint i = 0; i < g_list_model_get_n_items (candidates); i++)
    {
      g_autoptr (JxsCandidate) candidate = g_list_model_get_item (candidates, i);
      const GError *error = jxs_candidate_get_error (candidate);

      if (relays != (jxs_candidate_get_kind (candidate) == JXS_CANDIDATE_KIND_PROXY))
        continue;
      if (error != NULL)
        return tool_clean (error->message, 200);
      why = describe_state (endpoint, session, candidate);
    }
  return g_strdup (why);
}

static void
explain_in_band (JxsEndpoint *endpoint, JxsSession *session)
{
  g_autofree char *direct = explain_kind (endpoint, session, FALSE);
  g_autofree char *relay = explain_kind (endpoint, session, TRUE);
  g_autofree char *line =
      g_strdup_printf (_ ("  Nothing faster: direct: %s; relay: %s."), direct, relay);
  g_autofree char *wrapped = tool_wrap (line, TOOL_HELP_WIDTH, 4);

  g_print ("%s\n", wrapped);
}

/* ---- asking ---- */

static gboolean
ping (JxsConnection *connection, gint64 *round_trip_us, GError **error)
{
  GIOStream *stream = G_IO_STREAM (connection);
  g_autoptr (GAsyncResult) written = NULL;
  g_autoptr (GAsyncResult) read = NULL;
  guint8 out[PING_BYTES] = "jxs probe";
  guint8 in[PING_BYTES];
  gint64 start = g_get_monotonic_time ();
  gsize n = 0;

  g_output_stream_write_all_async (g_io_stream_get_output_stream (stream),
                                   out,
                                   sizeof out,
                                   G_PRIORITY_DEFAULT,
                                   tool_get_cancellable (),
                                   tool_result_cb,
                                   &written);
  if (!g_output_stream_write_all_finish (
          g_io_stream_get_output_stream (stream), tool_wait (&written), NULL, error))
    return FALSE;
  g_input_stream_read_all_async (g_io_stream_get_input_stream (stream),
                                 in,
                                 sizeof in,
                                 G_PRIORITY_DEFAULT,
                                 tool_get_cancellable (),
                                 tool_result_cb,
                                 &read);
  if (!g_input_stream_read_all_finish (
          g_io_stream_get_input_stream (stream), tool_wait (&read), &n, error))
    return FALSE;
  *round_trip_us = g_get_monotonic_time () - start;
  if (n == sizeof in && memcmp (in, out, n) == 0)
    return TRUE;
  g_set_error_literal (error,
                       JXS_ERROR,
                       JXS_ERROR_FAILED,
                       _ ("The other side did not send back what was sent"));
  return FALSE;
}

/* The first one also waits for the other side to be ready. */
static gboolean
measure (JxsConnection *connection, GError **error)
{
  g_autofree char *time = NULL;
  gint64 best = G_MAXINT64;

  for (guint i = 0; i < N_PINGS; i++)
    {
      gint64 round_trip_us;

      if (!ping (connection, &round_trip_us, error))
        return FALSE;
      best = MIN (best, round_trip_us);
    }
  time = describe_time (best);
  g_print (_ ("  There and back, encrypted, takes %s.\n"), time);
  return TRUE;
}

static int
finish (ToolAccount *account, JxsConnection *connection)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  int status = TOOL_OK;

  if (!measure (connection, &error))
    status = tool_account_fail (account,
                                _ ("The connection broke"),
                                jxs_connection_get_peer_jid (connection),
                                error);
  g_io_stream_close_async (
      G_IO_STREAM (connection), G_PRIORITY_DEFAULT, NULL, tool_result_cb, &result);
  g_io_stream_close_finish (G_IO_STREAM (connection), tool_wait (&result), NULL);
  tool_wait_for_end (connection);
  return status;
}

static int
probe (ToolAccount *account, JxsJid *peer)
{
  g_autoptr (JxsElement) description =
      jxs_element_new ("description", "urn:jxs-glib:jingle:apps:pipe:0");
  g_autoptr (JxsSession) session = NULL;
  g_autoptr (JxsConnection) connection = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  gint64 start = g_get_monotonic_time ();
  double elapsed_ms;
  guint n_round_trips;

  g_printerr (_ ("Calling %s\n"), jxs_jid_to_string (peer));
  jxs_element_set_attribute (description, "service", TOOL_PROBE_SERVICE);
  session = jxs_endpoint_create_session (account->endpoint, peer, description);
  jxs_endpoint_connect_session_async (account->endpoint,
                                      session,
                                      NULL,
                                      G_PRIORITY_DEFAULT,
                                      tool_get_cancellable (),
                                      tool_result_cb,
                                      &result);
  connection = jxs_endpoint_connect_session_finish (account->endpoint, tool_wait (&result), &error);
  if (connection == NULL)
    {
      /* Before anybody tried a way there is nothing to show. */
      if (jxs_session_get_round_trips (session) > 0)
        print_table (account->endpoint, session, FALSE);
      return tool_account_fail (account, NULL, peer, error);
    }
  elapsed_ms = (g_get_monotonic_time () - start) / 1000.0;
  tool_account_print_connection (account, connection);
  print_table (account->endpoint, session, TRUE);
  print_security (account, peer);
  path = tool_network_path (session);
  g_print ("\n%s%s%s\n", tool_style (TOOL_BOLD), _ ("The connection"), tool_end_style ());
  g_print ("  %s\n", path);
  if (tool_network_is_in_band (session) &&
      g_list_model_get_n_items (jxs_session_get_candidates (session)) > 0)
    explain_in_band (account->endpoint, session);
  n_round_trips = jxs_session_get_round_trips (session);
  g_print (ngettext ("  Set up in %.0f ms, with %u round trip through the servers.\n",
                     "  Set up in %.0f ms, with %u round trips through the servers.\n",
                     n_round_trips),
           elapsed_ms,
           n_round_trips);
  return finish (account, connection);
}

int
tool_probe (int argc, char **argv)
{
  return tool_account_call (
      argc,
      argv,
      _ ("Connects with “jxs listen” at JID and shows which ways there are between the two "
         "computers, which of them works, and why the others do not. Ends with status 0 if there "
         "is a connection, whatever it goes through."),
      NULL,
      probe);
}
