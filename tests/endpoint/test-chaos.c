/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-pair.h"

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/stream/jxs-stanza.h>

/* Two applications that do anything at any time, over a channel that delivers when it likes, calls
 * back while it is called, and dies. Whatever happens: each call completes once, each session ends
 * on both sides, each object is finalized. `--seed` repeats a run, as far as threads allow. */

#define N_WALKS 1000
#define SECONDS 5 /* at most, but for slow tests */
#define N_STEPS 150
#define MAX_OPERATIONS 12 /* that open something, per walk: each may cost a TLS handshake */

/* ---- the channel ---- */

#define CHAOS_TYPE_CHANNEL (chaos_channel_get_type ())
G_DECLARE_FINAL_TYPE (ChaosChannel, chaos_channel, CHAOS, CHANNEL, GObject)

struct _ChaosChannel
{
  GObject parent_instance;

  ChaosChannel *other; /* unowned (nullable): NULL when dead */
  JxsJid *jid;
  GQueue incoming; /* (element-type JxsElement) */
  guint depth;     /* deliveries under way */
};

static JxsJid *
chaos_channel_get_local_jid (JxsChannel *channel)
{
  return CHAOS_CHANNEL (channel)->jid;
}

static void
chaos_channel_deliver (ChaosChannel *self, guint n)
{
  g_object_ref (self);
  self->depth++;
  for (; n > 0 && self->other != NULL && !g_queue_is_empty (&self->incoming); n--)
    {
      g_autoptr (JxsElement) stanza = g_queue_pop_head (&self->incoming);

      if (!jxs_channel_receive (JXS_CHANNEL (self), stanza))
        jxs_channel_refuse (JXS_CHANNEL (self), stanza);
    }
  self->depth--;
  g_object_unref (self);
}

static gboolean
chaos_channel_send (JxsChannel *channel, JxsElement *stanza, GError **error)
{
  ChaosChannel *self = CHAOS_CHANNEL (channel);
  JxsElement *copy;

  if (self->other == NULL)
    {
      g_set_error_literal (error, JXS_ERROR, JXS_ERROR_CLOSED, "Dead");
      return FALSE;
    }
  copy = jxs_element_copy (stanza);
  jxs_element_set_attribute (copy, "from", jxs_jid_to_string (self->jid));
  g_queue_push_tail (&self->other->incoming, copy);
  /* Now and then the other side has it before this returns, and its answer may be here too. */
  if (self->other->depth < 3 && g_test_rand_int_range (0, 4) == 0)
    chaos_channel_deliver (self->other, 1);
  return TRUE;
}

static gboolean
chaos_channel_is_secure (JxsChannel *channel)
{
  return TRUE;
}

static void
chaos_channel_iface_init (JxsChannelInterface *iface)
{
  iface->get_local_jid = chaos_channel_get_local_jid;
  iface->send = chaos_channel_send;
  iface->is_secure = chaos_channel_is_secure;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (ChaosChannel,
                               chaos_channel,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (JXS_TYPE_CHANNEL, chaos_channel_iface_init))

static void
chaos_channel_finalize (GObject *object)
{
  ChaosChannel *self = CHAOS_CHANNEL (object);

  if (self->other != NULL)
    self->other->other = NULL;
  g_queue_clear_full (&self->incoming, (GDestroyNotify) jxs_element_unref);
  jxs_jid_unref (self->jid);
  G_OBJECT_CLASS (chaos_channel_parent_class)->finalize (object);
}

static void
chaos_channel_class_init (ChaosChannelClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chaos_channel_finalize;
}

static void
chaos_channel_init (ChaosChannel *self)
{
  g_queue_init (&self->incoming);
}

static void
chaos_channel_die (ChaosChannel *self)
{
  ChaosChannel *other = self->other;

  if (other == NULL)
    return;
  self->other = other->other = NULL;
  g_object_ref (other);
  jxs_channel_report_closed (JXS_CHANNEL (self), NULL);
  jxs_channel_report_closed (JXS_CHANNEL (other), NULL);
  g_object_unref (other);
}

/* ---- the walk ---- */

typedef struct
{
  ChaosChannel *channels[2]; /* (owned) */
  JxsEndpoint *endpoints[2]; /* (owned) (nullable) */
  JxsJid *jids[2];           /* (owned) */
  GPtrArray *operations;     /* (element-type Operation) */
  GPtrArray *things;         /* (element-type GObject): streams and connections that are open */
  GPtrArray *offers;         /* (element-type JxsSession): not answered */
  GHashTable *sessions;      /* (element-type JxsSession uint): unowned; how often it ended */
  GHashTable *alive;         /* (element-type GObject): unowned; seen, and not finalized */
  guint n_opened;
  gboolean over; /* nothing new is begun */
} Walk;

typedef struct
{
  Walk *walk;
  const char *name;
  GCancellable *cancellable; /* (owned) (nullable) */
  void (*finish) (Walk *walk, GObject *source, GAsyncResult *result);
  gboolean done;
} Operation;

/* Sums over all walks, to see that enough happens. */
static guint n_connected, n_refused, n_closed, n_stanzas;

static void
operation_free (gpointer data)
{
  Operation *operation = data;

  g_clear_object (&operation->cancellable);
  g_free (operation);
}

static gboolean
chance (guint one_in)
{
  return g_test_rand_int_range (0, (int) one_in) == 0;
}

static gpointer
pick (GPtrArray *array)
{
  if (array->len == 0)
    return NULL;
  return g_ptr_array_index (array, (guint) g_test_rand_int_range (0, (int) array->len));
}

static void
finalized_cb (gpointer data, GObject *object)
{
  Walk *walk = data;

  g_hash_table_remove (walk->alive, object);
  g_hash_table_steal (walk->sessions, object);
}

static void
watch (Walk *walk, gpointer object)
{
  if (!g_hash_table_add (walk->alive, object))
    return;
  g_object_weak_ref (object, finalized_cb, walk);
}

static void
operation_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Operation *operation = user_data;

  g_assert_false (operation->done);
  operation->done = TRUE;
  operation->finish (operation->walk, source, result);
}

#define operation_new(walk, finish) operation_new_named (walk, finish, #finish)

static Operation *
operation_new_named (Walk *walk,
                     void (*finish) (Walk *walk, GObject *source, GAsyncResult *result),
                     const char *name)
{
  Operation *operation = g_new0 (Operation, 1);

  operation->walk = walk;
  operation->finish = finish;
  operation->name = name;
  if (!chance (3))
    operation->cancellable = g_cancellable_new ();
  /* In the end each end is closed by somebody. */
  if (operation->cancellable != NULL && !walk->over && chance (20))
    g_cancellable_cancel (operation->cancellable);
  g_ptr_array_add (walk->operations, operation);
  return operation;
}

/* ---- sessions ---- */

static void
ended_cb (JxsSession *session, JxsReason *reason, const GError *error, gpointer user_data)
{
  Walk *walk = user_data;
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (walk->sessions, session));

  g_assert_cmpuint (n, ==, 0);
  g_assert_nonnull (reason);
  g_assert_cmpint (jxs_session_get_state (session), ==, JXS_SESSION_STATE_ENDED);
  g_hash_table_insert (walk->sessions, session, GUINT_TO_POINTER (n + 1));
  if (chance (3))
    g_ptr_array_remove (walk->offers, session);
}

static void
watch_session (Walk *walk, JxsSession *session)
{
  if (g_hash_table_contains (walk->sessions, session))
    return;
  g_hash_table_insert (walk->sessions,
                       session,
                       GUINT_TO_POINTER (jxs_session_get_state (session) ==
                                         JXS_SESSION_STATE_ENDED));
  watch (walk, session);
  g_signal_connect (session, "ended", G_CALLBACK (ended_cb), walk);
}

static void
terminate (JxsSession *session)
{
  g_autoptr (JxsReason) reason = NULL;

  if (chance (2))
    reason = jxs_reason_new (JXS_REASON_DECLINE, "no");
  jxs_session_terminate (session, reason);
}

/* ---- what is open ---- */

static void
close_finished (Walk *walk, GObject *source, GAsyncResult *result)
{
  g_autoptr (GError) error = NULL;

  if (JXS_IS_XML_STREAM (source))
    jxs_xml_stream_close_finish (JXS_XML_STREAM (source), result, &error);
  else
    g_io_stream_close_finish (G_IO_STREAM (source), result, &error);
  n_closed += error == NULL;
}

static void
close_thing (Walk *walk, gpointer thing)
{
  Operation *operation = operation_new (walk, close_finished);

  if (JXS_IS_XML_STREAM (thing))
    jxs_xml_stream_close_async (
        thing, G_PRIORITY_DEFAULT, operation->cancellable, operation_cb, operation);
  else
    g_io_stream_close_async (
        thing, G_PRIORITY_DEFAULT, operation->cancellable, operation_cb, operation);
}

static void
send_finished (Walk *walk, GObject *source, GAsyncResult *result)
{
  jxs_xml_stream_send_finish (JXS_XML_STREAM (source), result, NULL);
}

static void
read_finished (Walk *walk, GObject *source, GAsyncResult *result)
{
  g_autoptr (GBytes) bytes =
      g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, NULL);
}

static void
write_finished (Walk *walk, GObject *source, GAsyncResult *result)
{
  g_output_stream_write_bytes_finish (G_OUTPUT_STREAM (source), result, NULL);
}

static void
half_close_finished (Walk *walk, GObject *source, GAsyncResult *result)
{
  g_output_stream_close_finish (G_OUTPUT_STREAM (source), result, NULL);
}

static void
use_stream (Walk *walk, JxsXmlStream *stream)
{
  g_autofree char *body = g_strnfill (chance (10) ? 100000 : 10, 'x');
  g_autoptr (JxsElement) message = jxs_stanza_new_message (NULL, body);
  Operation *operation;

  if (chance (2))
    {
      jxs_xml_stream_send (stream, message, NULL);
      return;
    }
  operation = operation_new (walk, send_finished);
  jxs_xml_stream_send_async (
      stream, message, G_PRIORITY_DEFAULT, operation->cancellable, operation_cb, operation);
}

static void
use_connection (Walk *walk, GIOStream *connection)
{
  GInputStream *input = g_io_stream_get_input_stream (connection);
  GOutputStream *output = g_io_stream_get_output_stream (connection);
  g_autoptr (GBytes) bytes = NULL;
  Operation *operation;

  switch (g_test_rand_int_range (0, 5))
    {
    case 0:
    case 1:
      operation = operation_new (walk, read_finished);
      g_input_stream_read_bytes_async (
          input, 4096, G_PRIORITY_DEFAULT, operation->cancellable, operation_cb, operation);
      break;
    case 2:
    case 3:
      bytes = g_bytes_new_take (g_malloc0 (100000), chance (3) ? 100000 : 100);
      operation = operation_new (walk, write_finished);
      g_output_stream_write_bytes_async (
          output, bytes, G_PRIORITY_DEFAULT, operation->cancellable, operation_cb, operation);
      break;
    default:
      operation = operation_new (walk, half_close_finished);
      g_output_stream_close_async (
          output, G_PRIORITY_DEFAULT, operation->cancellable, operation_cb, operation);
      break;
    }
}

/* From inside a callback of the thing itself. */
static void
do_something_to (Walk *walk, gpointer thing)
{
  switch (g_test_rand_int_range (0, 8))
    {
    case 0:
      g_ptr_array_remove (walk->things, thing);
      break;
    case 1:
      close_thing (walk, thing);
      break;
    case 2:
      if (JXS_IS_XML_STREAM (thing))
        use_stream (walk, thing);
      break;
    default:
      break;
    }
}

static gboolean
stanza_cb (JxsXmlStream *stream, JxsElement *stanza, gpointer user_data)
{
  n_stanzas++;
  do_something_to (user_data, stream);
  return chance (2);
}

static void
closed_cb (JxsXmlStream *stream, const GError *error, gpointer user_data)
{
  g_assert_null (g_object_get_data (G_OBJECT (stream), "closed"));
  g_object_set_data (G_OBJECT (stream), "closed", (gpointer) "closed");
  do_something_to (user_data, stream);
}

/* thing: (transfer full) */
static void
take (Walk *walk, JxsEndpoint *endpoint, gpointer thing)
{
  JxsConnection *connection;

  n_connected++;
  watch (walk, thing);
  if (JXS_IS_XML_STREAM (thing))
    {
      connection = jxs_endpoint_get_stream_connection (endpoint, thing);
      g_signal_connect (thing, "stanza", G_CALLBACK (stanza_cb), walk);
      g_signal_connect (thing, "closed", G_CALLBACK (closed_cb), walk);
      watch (walk, connection);
    }
  else
    connection = thing;
  watch_session (walk, jxs_connection_get_session (connection));
  if (walk->over || chance (8))
    g_object_unref (thing);
  else
    g_ptr_array_add (walk->things, thing);
}

#define DEFINE_FINISH(what)                                                                        \
  static void what##_finished (Walk *walk, GObject *source, GAsyncResult *result)                  \
  {                                                                                                \
    g_autoptr (GError) error = NULL;                                                               \
    gpointer thing = jxs_endpoint_##what##_finish (JXS_ENDPOINT (source), result, &error);         \
                                                                                                   \
    g_assert_true ((thing != NULL) != (error != NULL));                                            \
    if (thing != NULL)                                                                             \
      take (walk, JXS_ENDPOINT (source), thing);                                                   \
    else                                                                                           \
      n_refused++;                                                                                 \
  }
DEFINE_FINISH (open_stream)
DEFINE_FINISH (open_pipe)
DEFINE_FINISH (accept_stream)
DEFINE_FINISH (accept_pipe)
#undef DEFINE_FINISH

static void
accept_offer (Walk *walk, JxsEndpoint *endpoint, JxsSession *session)
{
  gboolean is_stream = jxs_endpoint_is_stream_session (endpoint, session);
  Operation *operation =
      operation_new (walk, is_stream ? accept_stream_finished : accept_pipe_finished);

  if (is_stream)
    jxs_endpoint_accept_stream_async (
        endpoint, session, G_PRIORITY_DEFAULT, operation->cancellable, operation_cb, operation);
  else
    jxs_endpoint_accept_pipe_async (
        endpoint, session, G_PRIORITY_DEFAULT, operation->cancellable, operation_cb, operation);
}

static void
incoming_cb (JxsEndpoint *endpoint, JxsSession *session, gpointer user_data)
{
  Walk *walk = user_data;

  watch_session (walk, session);
  switch (g_test_rand_int_range (0, 8))
    {
    case 0:
      terminate (session);
      break;
    case 1:
      break; /* forgotten */
    case 2:
    case 3:
      if (!walk->over)
        g_ptr_array_add (walk->offers, g_object_ref (session));
      break;
    default:
      accept_offer (walk, endpoint, session);
      break;
    }
}

static void
open_something (Walk *walk, guint who)
{
  gboolean is_stream = chance (2);
  Operation *operation;

  if (walk->endpoints[who] == NULL || walk->n_opened++ >= MAX_OPERATIONS)
    return;
  operation = operation_new (walk, is_stream ? open_stream_finished : open_pipe_finished);
  if (is_stream)
    jxs_endpoint_open_stream_async (walk->endpoints[who],
                                    walk->jids[!who],
                                    G_PRIORITY_DEFAULT,
                                    operation->cancellable,
                                    operation_cb,
                                    operation);
  else
    jxs_endpoint_open_pipe_async (walk->endpoints[who],
                                  walk->jids[!who],
                                  "org.example.Chaos",
                                  G_PRIORITY_DEFAULT,
                                  operation->cancellable,
                                  operation_cb,
                                  operation);
}

static void
step (Walk *walk)
{
  guint who = (guint) g_test_rand_int_range (0, 2);
  Operation *operation = pick (walk->operations);
  g_autoptr (GObject) thing = pick (walk->things);
  g_autoptr (JxsSession) offer = pick (walk->offers);

  if (thing != NULL)
    g_object_ref (thing);
  if (offer != NULL)
    g_object_ref (offer);
  switch (g_test_rand_int_range (0, 40))
    {
    case 0:
    case 1:
    case 2:
    case 3:
      open_something (walk, who);
      break;
    case 4:
      if (operation != NULL && operation->cancellable != NULL)
        g_cancellable_cancel (operation->cancellable);
      break;
    case 5:
    case 6:
      if (offer != NULL && walk->endpoints[who] != NULL)
        accept_offer (walk, walk->endpoints[who], offer);
      break;
    case 7:
      if (offer != NULL)
        terminate (offer);
      break;
    case 8:
      if (thing != NULL)
        close_thing (walk, thing);
      break;
    case 9:
      if (thing != NULL && chance (2))
        g_ptr_array_remove (walk->things, thing);
      break;
    case 10:
      if (JXS_IS_CONNECTION (thing) && chance (2))
        terminate (jxs_connection_get_session (JXS_CONNECTION (thing)));
      break;
    case 11:
      if (chance (20))
        chaos_channel_die (walk->channels[who]);
      break;
    case 12:
      if (chance (30))
        g_clear_object (&walk->endpoints[who]);
      else if (walk->endpoints[who] != NULL && chance (20))
        g_object_run_dispose (G_OBJECT (walk->endpoints[who]));
      break;
    case 13:
      jxs_clock_advance (g_test_rand_int_range (0, 1000) * 1000);
      break;
    case 14:
    case 15:
    case 16:
    case 17:
    case 18:
    case 19:
    case 20:
    case 21:
      if (JXS_IS_XML_STREAM (thing))
        use_stream (walk, JXS_XML_STREAM (thing));
      else if (thing != NULL)
        use_connection (walk, G_IO_STREAM (thing));
      break;
    default:
      chaos_channel_deliver (walk->channels[who], (guint) g_test_rand_int_range (1, 8));
      for (int i = g_test_rand_int_range (0, 10); i > 0; i--)
        g_main_context_iteration (NULL, chance (6));
      break;
    }
}

static void
walk_init (Walk *walk)
{
  static JxsIdentity *identities[2];
  static const char *const addresses[] = { "romeo@montague.lit/orchard",
                                           "juliet@capulet.lit/balcony" };

  *walk = (Walk){ 0 };
  walk->operations = g_ptr_array_new_with_free_func (operation_free);
  walk->things = g_ptr_array_new_with_free_func (g_object_unref);
  walk->offers = g_ptr_array_new_with_free_func (g_object_unref);
  walk->sessions = g_hash_table_new (NULL, NULL);
  walk->alive = g_hash_table_new (NULL, NULL);
  for (guint i = 0; i < 2; i++)
    {
      walk->jids[i] = jxs_jid_new (addresses[i], NULL);
      if (identities[i] == NULL)
        identities[i] = jxs_identity_generate (walk->jids[i], JXS_KEY_TYPE_ECDSA_P256, NULL);
      walk->channels[i] = g_object_new (CHAOS_TYPE_CHANNEL, NULL);
      walk->channels[i]->jid = jxs_jid_ref (walk->jids[i]);
    }
  for (guint i = 0; i < 2; i++)
    {
      walk->channels[i]->other = walk->channels[!i];
      walk->endpoints[i] = pair_new_endpoint (JXS_CHANNEL (walk->channels[i]), identities[i], NULL);
      watch (walk, walk->channels[i]);
      watch (walk, walk->endpoints[i]);
      g_signal_connect (walk->endpoints[i], "incoming", G_CALLBACK (incoming_cb), walk);
    }
}

static gboolean
tick_cb (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

static gboolean
is_over (Walk *walk)
{
  GHashTableIter iter;
  gpointer n_ended;

  for (guint i = 0; i < walk->operations->len; i++)
    if (!((Operation *) g_ptr_array_index (walk->operations, i))->done)
      return FALSE;
  g_hash_table_iter_init (&iter, walk->sessions);
  while (g_hash_table_iter_next (&iter, NULL, &n_ended))
    if (GPOINTER_TO_UINT (n_ended) != 1)
      return FALSE;
  return TRUE;
}

static gboolean
is_gone (Walk *walk)
{
  return g_hash_table_size (walk->alive) == 0;
}

static void
tell_what_is_left (Walk *walk)
{
  GHashTableIter iter;
  gpointer object;
  gpointer n;

  for (guint i = 0; i < walk->operations->len; i++)
    {
      const Operation *operation = g_ptr_array_index (walk->operations, i);

      if (!operation->done)
        g_test_message ("not done: %s%s",
                        operation->name,
                        g_cancellable_is_cancelled (operation->cancellable) ? ", cancelled" : "");
    }
  g_hash_table_iter_init (&iter, walk->sessions);
  while (g_hash_table_iter_next (&iter, &object, &n))
    g_test_message ("session %s %s: state %d, ended %u times",
                    jxs_session_get_sid (object),
                    jxs_session_is_initiator (object) ? "ours" : "theirs",
                    jxs_session_get_state (object),
                    GPOINTER_TO_UINT (n));
  g_hash_table_iter_init (&iter, walk->alive);
  while (g_hash_table_iter_next (&iter, &object, NULL))
    g_test_message ("%s %p: %u references",
                    G_OBJECT_TYPE_NAME (object),
                    object,
                    G_OBJECT (object)->ref_count);
}

/* All that can happen happens; when nothing does, time passes. */
static void
wait_for (Walk *walk, gboolean (*condition) (Walk *walk))
{
  for (guint n_rounds = 0; !condition (walk); n_rounds++)
    {
      if (n_rounds == 999)
        tell_what_is_left (walk);
      /* More than any deadline there is. */
      g_assert_cmpuint (n_rounds, <, 1000);
      for (guint i = 0; i < 2; i++)
        if (walk->channels[i] != NULL)
          chaos_channel_deliver (walk->channels[i], G_MAXUINT);
      /* What the threads of TLS do takes real time. */
      for (guint i = 0; i < 3; i++)
        g_main_context_iteration (NULL, TRUE);
      settle ();
      if (n_rounds > 5)
        jxs_clock_advance (n_rounds * 2 * G_USEC_PER_SEC);
    }
}

/* TRUE: the applications let go of everything; FALSE: they first wait for how it ends. */
static void
walk_end (Walk *walk, gboolean let_go)
{
  walk->over = TRUE;
  if (!let_go)
    for (guint i = 0; i < walk->things->len; i++)
      close_thing (walk, g_ptr_array_index (walk->things, i));
  else
    {
      g_autoptr (GPtrArray) things = g_steal_pointer (&walk->things);

      walk->things = g_ptr_array_new_with_free_func (g_object_unref);
    }
  g_ptr_array_set_size (walk->offers, 0);
  wait_for (walk, is_over);
  g_ptr_array_set_size (walk->things, 0);
  for (guint i = 0; i < 2; i++)
    g_clear_object (&walk->endpoints[i]);
  wait_for (walk, is_over);
  for (guint i = 0; i < 2; i++)
    g_clear_object (&walk->channels[i]);
  wait_for (walk, is_gone);
  settle ();
  g_ptr_array_unref (walk->operations);
  g_ptr_array_unref (walk->things);
  g_ptr_array_unref (walk->offers);
  g_hash_table_unref (walk->sessions);
  g_hash_table_unref (walk->alive);
  for (guint i = 0; i < 2; i++)
    jxs_jid_unref (walk->jids[i]);
}

static void
test_walks (void)
{
  guint tick = g_timeout_add_full (G_PRIORITY_LOW, 1, tick_cb, NULL, NULL);
  gint64 deadline = g_get_monotonic_time () + (g_test_slow () ? 60 : SECONDS) * G_USEC_PER_SEC;
  guint n = 0;

  jxs_clock_use_fake (0);
  for (; n < N_WALKS && (n < 20 || g_get_monotonic_time () < deadline); n++)
    {
      Walk walk;

      walk_init (&walk);
      for (guint i = 0; i < N_STEPS; i++)
        step (&walk);
      walk_end (&walk, chance (2));
    }
  jxs_clock_use_real ();
  g_source_remove (tick);
  g_test_message ("%u walks: %u ends connected, %u not, %u closed in order, %u stanzas",
                  n,
                  n_connected,
                  n_refused,
                  n_closed,
                  n_stanzas);
  g_assert_cmpuint (n_connected, >, n / 2);
  g_assert_cmpuint (n_stanzas, >, n / 4);
  g_assert_cmpuint (n_closed, >, n / 4);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/endpoint/chaos/walks", test_walks);
  return g_test_run ();
}
