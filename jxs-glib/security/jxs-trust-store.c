/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-trust-store-private.h>

#include <glib/gi18n-lib.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/security/jxs-fingerprint-private.h>
#include <jxs-glib/security/jxs-trust-jobs-private.h>
#include <jxs-glib/security/jxs-trust-private.h>
#include <jxs-glib/security/jxs-trust-records-private.h>

#define JXS_TRUST_STORE_WATCH_MS 250 /* between looks at what other processes write */

/**
 * JxsTrustStore:
 *
 * Remembers the keys of peers in a file, by bare address.
 *
 * An account may have several keys, one for each device. The first key of an address is accepted
 * and remembered ([property@TrustStore:first-use]): that protects from later attackers, not from
 * one who was there first. Seen again it counts as %JXS_TRUST_LEVEL_PINNED. Another key at an
 * address that is known is refused with %JXS_ERROR_UNTRUSTED, whose message tells both
 * fingerprints, since when the old key is known and what it rests on, and is remembered as
 * %JXS_TRUST_LEVEL_UNKNOWN, so that a person can look at it and decide, with
 * [method@TrustStore.set_level_async]. An application that wants to ask at once connects to
 * [signal@TrustStore::contact].
 *
 * The store is a [iface@Gio.ListModel] of [class@TrustRecord], in the order in which the keys
 * appeared.
 *
 * ```c
 * static void
 * opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
 * {
 *   g_autoptr (GError) error = NULL;
 *   g_autoptr (JxsTrustStore) store = jxs_trust_store_open_finish (result, &error);
 *
 *   if (store != NULL)
 *     start (jxs_endpoint_new (channel, identity, JXS_TRUST (store)), G_LIST_MODEL (store));
 *   else
 *     show_error (error);
 * }
 *
 * jxs_trust_store_open_async (file, G_PRIORITY_DEFAULT, NULL, opened_cb, NULL);
 * ```
 *
 * ## What holds
 *
 * - Several applications may have the file open at once; it is an SQLite database in WAL mode, on a
 *   local file system. What one of them decides, the others see within a second in the list and in
 *   [method@Trust.is_known]; keys are always judged by what is in the file at that moment. Of two
 *   keys that come to be the first of an address at the same time one wins, and the other is judged
 *   against it.
 * - What was answered from, and what an asynchronous call reported as done, is on disk: neither a
 *   crash nor a power failure takes it back. What was learned ([method@Trust.learn]) is on disk
 *   when the list shows it.
 * - On a full or read-only disk, and while another process locks the file for seconds, keys that
 *   are known go on being accepted, though not when they were seen; a new key is refused, for if it
 *   were forgotten, the next one would be the first. Where the file cannot be read, every key is
 *   refused.
 * - The file has mode 0600, a folder that is made for it 0700. Those that belong to others, or that
 *   others can write to, are refused, and a file that is damaged or newer than this library is
 *   never written to.
 * - Strangers cannot fill the disk: at most 16384 keys are accepted without somebody asking for it,
 *   64 of one address; of keys that were refused and not decided about the last 1024 are kept, and
 *   the last 8 of an address. Certificates over 8 KiB are not kept, only their fingerprints.
 * - A program that ends right after it let go of the store may lose what it had not waited for.
 *
 * ## Export and import
 *
 * The text form is UTF-8. The first line is `jxs-trust 1`; empty lines and lines that begin with
 * `#` say nothing. Each other line is a key, its fields separated by tabs: bare address, SHA-256
 * in hexadecimal, level and origin by the nicks of [enum@TrustLevel] and [enum@TrustOrigin], when
 * it was seen first and last in seconds since 1970 (UTC, 0: never), fingerprint of the key that
 * vouched for it, device, and certificate (DER in Base64). The last three may be empty or missing;
 * more fields are ignored. Keys nobody decided about are not exported.
 *
 * Import adds keys and raises levels. It never changes what a person decided here: what is
 * distrusted, was found different, or rests on anything but sightings, authorities and older keys.
 * Nor does it take an unverified key for an address of which a key is known already, or was found
 * different: that would hide a changed key.
 *
 * Since: 1.0
 */
struct _JxsTrustStore
{
  GObject parent_instance;

  JxsTrustWorker *worker;
  GFileMonitor *monitor; /* (owned) (nullable) */
  gboolean first_use;

  JxsTrustRecords *records; /* (owned) */
};

static void jxs_trust_store_list_model_init (GListModelInterface *iface);
static void jxs_trust_store_trust_init (JxsTrustInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (JxsTrustStore,
                               jxs_trust_store,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL,
                                                      jxs_trust_store_list_model_init)
                                   G_IMPLEMENT_INTERFACE (JXS_TYPE_TRUST,
                                                          jxs_trust_store_trust_init))

G_DEFINE_ENUM_TYPE (JxsTrustContact,
                    jxs_trust_contact,
                    G_DEFINE_ENUM_VALUE (JXS_TRUST_CONTACT_FIRST, "first"),
                    G_DEFINE_ENUM_VALUE (JXS_TRUST_CONTACT_NEW_DEVICE, "new-device"),
                    G_DEFINE_ENUM_VALUE (JXS_TRUST_CONTACT_CHANGED, "changed"),
                    G_DEFINE_ENUM_VALUE (JXS_TRUST_CONTACT_REJECTED, "rejected"))

typedef enum
{
  PROP_FIRST_USE = 1,
  N_PROPS
} Property;

static GParamSpec *properties[N_PROPS];

enum
{
  SIGNAL_CONTACT,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static G_DEFINE_QUARK (jxs - trust - store - asked, asked);

/* The list. */

static GType
jxs_trust_store_get_item_type (GListModel *model)
{
  return JXS_TYPE_TRUST_RECORD;
}

static guint
jxs_trust_store_get_n_items (GListModel *model)
{
  return jxs_trust_records_get_n (JXS_TRUST_STORE (model)->records);
}

static gpointer
jxs_trust_store_get_item (GListModel *model, guint position)
{
  return jxs_trust_records_get (JXS_TRUST_STORE (model)->records, position);
}

static void
jxs_trust_store_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = jxs_trust_store_get_item_type;
  iface->get_n_items = jxs_trust_store_get_n_items;
  iface->get_item = jxs_trust_store_get_item;
}

/* The worker. */

static void
deliver (JxsTrustStore *self, JxsTrustJob *job)
{
  jxs_trust_records_apply (self->records, job->changes);
  if (job->done != NULL)
    job->done (self, job);
}

void
jxs_trust_store_push (JxsTrustStore *self, JxsTrustJob *job)
{
  /* Made without jxs_trust_store_open_async(), or disposed: nobody is trusted. */
  if (self->worker == NULL)
    jxs_trust_job_free (job);
  g_return_if_fail (self->worker != NULL);
  jxs_trust_worker_push (self->worker, job);
}

/* A job that only looks at what others wrote. */
static void
written_cb (JxsTrustStore *self)
{
  jxs_trust_store_push (self, jxs_trust_job_new (self));
}

/* Trust. */

static void ask (JxsTrustStore *self, JxsTrustRequest *request, const JxsTrustVerdict *question);

static void
judged (JxsTrustStore *self, JxsTrustJob *job)
{
  switch (job->verdict.outcome)
    {
    case JXS_TRUST_OUTCOME_ACCEPTED:
      jxs_trust_request_set_origin (job->request, job->verdict.origin);
      jxs_trust_request_complete (job->request, job->verdict.level, NULL);
      break;
    case JXS_TRUST_OUTCOME_ASK:
      if (jxs_trust_request_get_trust (job->request) != NULL)
        ask (self, job->request, &job->verdict);
      break;
    case JXS_TRUST_OUTCOME_REFUSED:
    default:
      jxs_trust_request_complete (job->request, JXS_TRUST_LEVEL_DISTRUSTED, job->text);
    }
}

static JxsTrustJob *
job_new_for_request (JxsTrustStore *self, JxsTrustRequest *request)
{
  JxsTrustJob *job = jxs_trust_job_new (self);

  job->done = judged;
  job->request = g_object_ref (request);
  job->row = jxs_trust_row_new (jxs_trust_request_get_peer_jid (request),
                                jxs_trust_request_get_fingerprint (request));
  jxs_trust_row_set_certificate (job->row, jxs_trust_request_get_certificate (request));
  job->circumstances.origin = jxs_trust_request_get_evidence (request);
  job->circumstances.minimum = jxs_trust_request_get_level_wanted (request);
  job->circumstances.first_use = self->first_use;
  job->circumstances.now = jxs_trust_now ();
  return job;
}

static void
judge (JxsTrustStore *self, JxsTrustRequest *request, gboolean may_ask)
{
  JxsTrustJob *job = job_new_for_request (self, request);

  job->run = jxs_trust_job_decide;
  job->circumstances.ask =
      may_ask && g_signal_has_handler_pending (self, signals[SIGNAL_CONTACT], 0, FALSE);
  jxs_trust_store_push (self, job);
}

/* One answer is enough. */
static void
ignore_answer (JxsTrustRequest *request, JxsTrustLevel level, const char *message)
{
}

/* An answer counts when it is remembered. */
static void
take_answer (JxsTrustRequest *request, JxsTrustLevel level, const char *message)
{
  JxsTrustStore *self = JXS_TRUST_STORE (jxs_trust_request_get_trust (request));
  const JxsTrustVerdict *asked = g_object_get_qdata (G_OBJECT (request), asked_quark ());
  JxsTrustJob *job = job_new_for_request (self, request);

  jxs_trust_request_set_filter (request, ignore_answer);
  job->run = jxs_trust_job_answer;
  job->circumstances.ask = TRUE;
  job->asked.contact = asked->contact;
  job->asked.known = asked->known != NULL ? jxs_trust_row_ref (asked->known) : NULL;
  job->level = level;
  job->row->origin = jxs_trust_request_get_origin (request);
  if (level < JXS_TRUST_LEVEL_FIRST_USE)
    job->text = g_strdup (message);
  jxs_trust_store_push (self, job);
}

static void
question_free (gpointer data)
{
  JxsTrustVerdict *question = data;

  jxs_trust_verdict_clear (question);
  g_free (question);
}

static void
ask (JxsTrustStore *self, JxsTrustRequest *request, const JxsTrustVerdict *verdict)
{
  JxsTrustVerdict *question = g_new0 (JxsTrustVerdict, 1);
  g_autoptr (JxsTrustRecord) known = NULL;
  gboolean handled = FALSE;

  question->contact = verdict->contact;
  if (verdict->known != NULL)
    {
      JxsTrustRecord *record =
          jxs_trust_records_find (self->records, verdict->known->jid, verdict->known->fingerprint);

      question->known = jxs_trust_row_ref (verdict->known);
      known = record != NULL ? g_object_ref (record) : jxs_trust_record_new (verdict->known);
    }
  g_object_set_qdata_full (G_OBJECT (request), asked_quark (), question, question_free);
  jxs_trust_request_set_filter (request, take_answer);

  g_signal_emit (self, signals[SIGNAL_CONTACT], 0, request, verdict->contact, known, &handled);
  if (!handled && jxs_trust_request_get_filter (request) == take_answer)
    {
      jxs_trust_request_set_filter (request, NULL);
      judge (self, request, FALSE);
    }
}

static void
jxs_trust_store_decide (JxsTrust *trust, JxsTrustRequest *request)
{
  judge (JXS_TRUST_STORE (trust), request, TRUE);
}

static gboolean
jxs_trust_store_is_known (JxsTrust *trust, JxsJid *peer)
{
  g_autoptr (JxsJid) bare = jxs_jid_to_bare (peer);

  return jxs_trust_records_has_peer (JXS_TRUST_STORE (trust)->records, jxs_jid_to_string (bare));
}

static void
jxs_trust_store_learn (JxsTrust *trust,
                       JxsJid *peer,
                       GTlsCertificate *certificate,
                       JxsTrustLevel level,
                       JxsTrustOrigin origin,
                       const char *voucher)
{
  JxsTrustStore *self = JXS_TRUST_STORE (trust);
  g_autofree char *fingerprint = jxs_fingerprint_compute (certificate, G_CHECKSUM_SHA256);
  JxsTrustJob *job = jxs_trust_job_new (self);

  job->run = jxs_trust_job_learn;
  job->row = jxs_trust_row_new (peer, fingerprint);
  jxs_trust_row_set_certificate (job->row, certificate);
  job->row->level = level;
  job->row->origin = origin;
  job->row->voucher = g_strdup (voucher);
  /* A key that is vouched for was heard of, not seen. */
  if (origin != JXS_TRUST_ORIGIN_VOUCHED)
    job->row->first_seen = job->row->last_seen = jxs_trust_now ();
  jxs_trust_store_push (self, job);
}

static void
jxs_trust_store_trust_init (JxsTrustInterface *iface)
{
  iface->decide = jxs_trust_store_decide;
  iface->is_known = jxs_trust_store_is_known;
  iface->learn = jxs_trust_store_learn;
}

/* The object. */

static void
jxs_trust_store_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  JxsTrustStore *self = JXS_TRUST_STORE (object);

  switch ((Property) id)
    {
    case PROP_FIRST_USE:
      g_value_set_boolean (value, self->first_use);
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
jxs_trust_store_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  JxsTrustStore *self = JXS_TRUST_STORE (object);

  switch ((Property) id)
    {
    case PROP_FIRST_USE:
      jxs_trust_store_set_first_use (self, g_value_get_boolean (value));
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
jxs_trust_store_dispose (GObject *object)
{
  JxsTrustStore *self = JXS_TRUST_STORE (object);

  if (self->monitor != NULL)
    g_file_monitor_cancel (self->monitor);
  g_clear_object (&self->monitor);
  g_clear_pointer (&self->worker, jxs_trust_worker_shut_down);

  G_OBJECT_CLASS (jxs_trust_store_parent_class)->dispose (object);
}

static void
jxs_trust_store_finalize (GObject *object)
{
  JxsTrustStore *self = JXS_TRUST_STORE (object);

  g_clear_pointer (&self->records, jxs_trust_records_free);

  G_OBJECT_CLASS (jxs_trust_store_parent_class)->finalize (object);
}

static void
jxs_trust_store_class_init (JxsTrustStoreClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = jxs_trust_store_get_property;
  object_class->set_property = jxs_trust_store_set_property;
  object_class->dispose = jxs_trust_store_dispose;
  object_class->finalize = jxs_trust_store_finalize;

  /**
   * JxsTrustStore:first-use: (getter get_first_use) (setter set_first_use)
   *
   * Whether the first key of an address is accepted and remembered; otherwise only keys are that
   * somebody or something verified.
   *
   * Since: 1.0
   */
  properties[PROP_FIRST_USE] =
      g_param_spec_boolean ("first-use",
                            NULL,
                            NULL,
                            TRUE,
                            G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * JxsTrustStore::contact:
   * @self: the store
   * @request: the question
   * @kind: how the key relates to what is known of the address
   * @known: (nullable): the key that speaks against this one, which may be itself if it was
   *   rejected, or %NULL for the first
   *
   * Emitted when a key is shown that is neither trusted nor distrusted and that no authority
   * certified. Who returns %TRUE answers @request, now or later; the answer is remembered before it
   * counts: a level from %JXS_TRUST_LEVEL_FIRST_USE on lets this key in, now and later, besides
   * those that are known; %JXS_TRUST_LEVEL_DISTRUSTED keeps it out for good;
   * %JXS_TRUST_LEVEL_UNKNOWN refuses it this time. [property@TrustRequest:origin] is remembered if
   * a handler sets it, otherwise %JXS_TRUST_ORIGIN_APPLICATION. If another key became known
   * meanwhile, it is asked again, unless the answer was %JXS_TRUST_LEVEL_VERIFIED.
   *
   * Without a handler that returns %TRUE the first key of an address is accepted if
   * [property@TrustStore:first-use] is set and the policy wants no more, and any other is refused.
   *
   * Returns: %TRUE if the handler answers the request
   *
   * Since: 1.0
   */
  signals[SIGNAL_CONTACT] = g_signal_new ("contact",
                                          JXS_TYPE_TRUST_STORE,
                                          G_SIGNAL_RUN_LAST,
                                          0,
                                          g_signal_accumulator_true_handled,
                                          NULL,
                                          NULL,
                                          G_TYPE_BOOLEAN,
                                          3,
                                          JXS_TYPE_TRUST_REQUEST,
                                          JXS_TYPE_TRUST_CONTACT,
                                          JXS_TYPE_TRUST_RECORD);
}

static void
jxs_trust_store_init (JxsTrustStore *self)
{
  self->first_use = TRUE;
  self->records = jxs_trust_records_new (G_LIST_MODEL (self));
}

typedef struct
{
  char *path;                 /* (owned) */
  JxsTrustDatabase *database; /* (owned) (nullable) */
  GPtrArray *changes;         /* (owned) (nullable) (element-type JxsTrustChange) */
} Opening;

static void
opening_free (gpointer data)
{
  Opening *opening = data;

  g_free (opening->path);
  g_clear_pointer (&opening->database, jxs_trust_database_close);
  g_clear_pointer (&opening->changes, g_ptr_array_unref);
  g_free (opening);
}

static void
open_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Opening *opening = task_data;
  g_autoptr (GError) error = NULL;

  opening->database = jxs_trust_database_open (opening->path, cancellable, &error);
  if (opening->database == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  opening->changes = jxs_trust_database_take_changes (opening->database);
  g_task_return_boolean (task, TRUE);
}

/* SQLite writes to this file first, whoever does it. */
static void
watch (JxsTrustStore *self, const char *path)
{
  g_autofree char *name = g_strconcat (path, "-wal", NULL);
  g_autoptr (GFile) log = g_file_new_for_path (name);
  g_autoptr (GError) error = NULL;

  self->monitor = g_file_monitor_file (log, G_FILE_MONITOR_NONE, NULL, &error);
  if (self->monitor == NULL)
    {
      jxs_log_info (self, "Other processes that change keys are noticed late: %s", error->message);
      return;
    }
  g_file_monitor_set_rate_limit (self->monitor, JXS_TRUST_STORE_WATCH_MS);
  g_signal_connect_object (
      self->monitor, "changed", G_CALLBACK (written_cb), self, G_CONNECT_SWAPPED);
}

/**
 * jxs_trust_store_open_async:
 * @file: a local file
 * @io_priority: the I/O priority of the request
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Opens the store in @file; makes it, and folders on the way to it, if there is none.
 *
 * Fails with %JXS_ERROR_SECURITY if the file or its folder belongs to another user or others can
 * write to it, %G_IO_ERROR_INVALID_DATA if it is damaged or no trust store,
 * %G_IO_ERROR_NOT_SUPPORTED if a newer version of this library made it,
 * %JXS_ERROR_INVALID_ARGUMENT if it is not local, and with other errors of %G_IO_ERROR. A file that
 * cannot be used is never changed.
 *
 * Since: 1.0
 */
void
jxs_trust_store_open_async (GFile *file,
                            int io_priority,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  Opening *opening;

  g_return_if_fail (G_IS_FILE (file));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, jxs_trust_store_open_async);
  g_task_set_priority (task, io_priority);
  opening = g_new0 (Opening, 1);
  g_task_set_task_data (task, opening, opening_free);
  opening->path = g_file_get_path (file);
  if (opening->path == NULL)
    {
      g_autofree char *uri = g_file_get_uri (file);

      g_task_return_new_error (
          task,
          JXS_ERROR,
          JXS_ERROR_INVALID_ARGUMENT,
          _ ("“%s” is not a local file, and trusted keys are kept in local files only"),
          uri);
      return;
    }
  g_task_run_in_thread (task, open_in_thread);
}

/**
 * jxs_trust_store_open_finish:
 * @result: the result given to the callback
 * @error: return location for an error
 *
 * Completes [func@TrustStore.open_async]. Call it in the thread and main context that the store is
 * for.
 *
 * Returns: (transfer full): the store, or %NULL on error
 *
 * Since: 1.0
 */
JxsTrustStore *
jxs_trust_store_open_finish (GAsyncResult *result, GError **error)
{
  g_autoptr (GMainContext) context = NULL;
  g_autoptr (JxsTrustStore) self = NULL;
  Opening *opening;

  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_trust_store_open_async), NULL);

  if (!g_task_propagate_boolean (G_TASK (result), error))
    return NULL;
  opening = g_task_get_task_data (G_TASK (result));
  context = g_main_context_ref_thread_default ();
  self = g_object_new (JXS_TYPE_TRUST_STORE, NULL);
  self->worker = jxs_trust_worker_new (g_steal_pointer (&opening->database), context, deliver);
  jxs_trust_records_apply (self->records, opening->changes);
  watch (self, opening->path);
  return g_steal_pointer (&self);
}

/**
 * jxs_trust_store_set_first_use: (set-property first-use)
 * @self: a store
 * @first_use: whether the first key of an address is accepted
 *
 * Sets whether the first key of an address is accepted and remembered.
 *
 * Since: 1.0
 */
void
jxs_trust_store_set_first_use (JxsTrustStore *self, gboolean first_use)
{
  g_return_if_fail (JXS_IS_TRUST_STORE (self));

  first_use = first_use != FALSE;
  if (self->first_use == first_use)
    return;
  self->first_use = first_use;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FIRST_USE]);
}

/**
 * jxs_trust_store_get_first_use: (get-property first-use)
 * @self: a store
 *
 * Gets whether the first key of an address is accepted and remembered.
 *
 * Returns: whether it is
 *
 * Since: 1.0
 */
gboolean
jxs_trust_store_get_first_use (JxsTrustStore *self)
{
  g_return_val_if_fail (JXS_IS_TRUST_STORE (self), FALSE);

  return self->first_use;
}

/**
 * jxs_trust_store_lookup:
 * @self: a store
 * @peer: the address of the peer; a resource is left out
 * @fingerprint: the SHA-256 of the certificate in hexadecimal, with or without colons and spaces
 *
 * Gets what is known of a key.
 *
 * Returns: (transfer full) (nullable): the record, or %NULL if nothing is
 *
 * Since: 1.0
 */
JxsTrustRecord *
jxs_trust_store_lookup (JxsTrustStore *self, JxsJid *peer, const char *fingerprint)
{
  g_autoptr (JxsJid) bare = NULL;
  g_autofree char *normalized = NULL;
  JxsTrustRecord *record = NULL;
  GChecksumType type;

  g_return_val_if_fail (JXS_IS_TRUST_STORE (self), NULL);
  g_return_val_if_fail (peer != NULL, NULL);
  g_return_val_if_fail (fingerprint != NULL, NULL);

  bare = jxs_jid_to_bare (peer);
  normalized = jxs_fingerprint_parse (fingerprint, "sha-256", &type, NULL);
  if (normalized != NULL)
    record = jxs_trust_records_find (self->records, jxs_jid_to_string (bare), normalized);
  return record != NULL ? g_object_ref (record) : NULL;
}
