/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-sockets.h"
#include "tls-torture.h"

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/io/jxs-pipe-private.h>

/* Peers that connect and then say nothing, or half a hello: they take nothing from the others, and
 * when their time is over everything they had comes back. */

#define STALLED 200
#define TIMEOUT_US (30 * G_TIME_SPAN_SECOND)

static const JxsTlsRole roles[] = { JXS_TLS_CLIENT, JXS_TLS_SERVER };

#define ROLE(data) (*(const JxsTlsRole *) (data))

typedef struct
{
  GIOStream *base;
  GIOStream *peer;
  GAsyncResult *result;
} Stalled;

static void
stall (Stalled *self, TlsTorture *t, guint i, GCancellable *cancellable)
{
  static const guint8 start[] = { 22, 3, 1, 0, 240, 1, 0, 0, 236, 3, 3, 1, 2, 3, 4, 5, 6 };
  g_autofree char *name = g_strdup_printf ("stranger%u@example.com", i);
  g_autoptr (GError) error = NULL;
  JxsTlsParams params = t->params;

  jxs_pipe_new (&self->base, &self->peer, &error);
  g_assert_no_error (error);
  if (i % 2 == 1)
    g_output_stream_write_all (g_io_stream_get_output_stream (self->peer),
                               start,
                               t->role == JXS_TLS_SERVER ? sizeof start : 3,
                               NULL,
                               NULL,
                               &error);
  g_assert_no_error (error);
  params.stranger = name;
  jxs_tls_handshake_async (
      self->base, &params, G_PRIORITY_DEFAULT, cancellable, jxs_test_keep_result, &self->result);
}

static void
end (Stalled *self, GQuark domain, int code)
{
  g_autoptr (GError) error = NULL;

  jxs_test_wait_for (self->result != NULL);
  g_assert_null (jxs_tls_handshake_finish (self->result, &error));
  g_assert_error (error, domain, code);
  g_assert_true (g_io_stream_is_closed (self->base));
  g_clear_object (&self->result);
  g_clear_object (&self->base);
  g_clear_object (&self->peer);
}

static void
iterate (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* All of them at once, one good one, and the end of them. cancel: by their callers, not by time */
static void
run (JxsTlsRole role, gboolean cancel)
{
  g_autofree Stalled *stalled = g_new0 (Stalled, STALLED);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  guint timeouts;
  TlsTorture t;

  tls_torture_init (&t, role);
  tls_torture_set_peer (&t, TLS_1_3, t.certificates[1]);
  t.params.stranger = "juliet@example.com";
  for (guint i = 0; i < STALLED; i++)
    stall (&stalled[i], &t, i, cancellable);
  iterate ();
  timeouts = jxs_clock_count_timeouts ();
  g_assert_cmpuint (timeouts, >=, STALLED);

  tls_torture_handshake (&t);
  tls_peer_send (&t, "good", 4);
  tls_torture_read (&t, 4);
  g_assert_cmpmem (t.received->data, t.received->len, "good", 4);

  if (!cancel)
    jxs_clock_advance (TIMEOUT_US - 1000);
  iterate ();
  for (guint i = 0; i < STALLED; i++)
    g_assert_null (stalled[i].result);
  if (cancel)
    g_cancellable_cancel (cancellable);
  else
    jxs_clock_advance (1000);
  for (guint i = 0; i < STALLED; i++)
    end (&stalled[i],
         cancel ? G_IO_ERROR : JXS_ERROR,
         cancel ? (int) G_IO_ERROR_CANCELLED : (int) JXS_ERROR_TIMED_OUT);
  iterate ();
  g_assert_cmpuint (jxs_clock_count_timeouts (), <=, timeouts - STALLED);
  tls_torture_clear (&t);
}

static void
test_stalled (gconstpointer role)
{
  guint descriptors;
  gsize memory;

  run (ROLE (role), FALSE); /* what is made once is made now */
  descriptors = tls_torture_count_descriptors ();
  memory = tls_torture_count_memory ();
  for (int i = 0; i < 4; i++)
    run (ROLE (role), i % 2 == 0);
  g_assert_cmpuint (tls_torture_count_descriptors (), ==, descriptors);
  /* less than a kilobyte of each of them would be more */
  g_assert_cmpuint (tls_torture_count_memory (), <, memory + 4 * STALLED * 512);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/io/tls-stalled/client", &roles[0], test_stalled);
  g_test_add_data_func ("/io/tls-stalled/server", &roles[1], test_stalled);
  return g_test_run ();
}
