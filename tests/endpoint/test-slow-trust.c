/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-pair.h"

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* A person who is asked about a key and takes time. */
#define PERSON_TYPE_TRUST (person_trust_get_type ())
G_DECLARE_FINAL_TYPE (PersonTrust, person_trust, PERSON, TRUST, GObject)

struct _PersonTrust
{
  GObject parent_instance;

  JxsTrustRequest *request; /* (owned) (nullable) */
};

static void
person_trust_decide (JxsTrust *trust, JxsTrustRequest *request)
{
  g_set_object (&PERSON_TRUST (trust)->request, request);
}

static void
person_trust_iface_init (JxsTrustInterface *iface)
{
  iface->decide = person_trust_decide;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (PersonTrust,
                               person_trust,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (JXS_TYPE_TRUST, person_trust_iface_init))

static void
person_trust_class_init (PersonTrustClass *klass)
{
}

static void
person_trust_init (PersonTrust *self)
{
}

static void
trace_cb (JxsEndpoint *endpoint,
          gint64 time_us,
          const char *layer,
          const char *what,
          const char *detail,
          gpointer user_data)
{
  if (g_str_equal (layer, "jingle") && g_str_equal (what, "connected"))
    *(gboolean *) user_data = TRUE;
}

static void
trace_inside_cb (JxsEndpoint *endpoint,
                 gint64 time_us,
                 const char *layer,
                 const char *what,
                 const char *detail,
                 gpointer user_data)
{
  if (g_str_equal (layer, "security") && g_str_equal (what, "secured"))
    *(gboolean *) user_data = TRUE;
}

/* By STARTTLS, inside the stream. */
#define INSIDE 2

/* The peer has nothing to do but wait meanwhile, and does: nine minutes are no time-out. */
static void
test_nine_minutes (gconstpointer data)
{
  guint who = GPOINTER_TO_UINT (data) & 1;
  gboolean inside = (GPOINTER_TO_UINT (data) & INSIDE) != 0;
  Pair pair;
  Doorman doorman;
  Reply reply = { NULL };
  gboolean connected = FALSE;
  g_autoptr (PersonTrust) person = g_object_new (PERSON_TYPE_TRUST, NULL);
  g_autoptr (JxsXmlStream) stream = NULL;
  g_autoptr (GError) error = NULL;

  jxs_clock_use_fake (0);
  pair_init (&pair);
  g_object_unref (pair.endpoints[who]);
  pair.endpoints[who] = pair_new_endpoint (JXS_CHANNEL (pair.channels[who]),
                                           pair.identities[who],
                                           JXS_TRUST (person));
  g_signal_connect (pair.endpoints[1 - who],
                    "trace",
                    inside ? G_CALLBACK (trace_inside_cb) : G_CALLBACK (trace_cb),
                    &connected);
  if (inside)
    jxs_security_policy_set_methods (jxs_endpoint_get_security_policy (pair.endpoints[ROMEO]),
                                     JXS_SECURITY_METHODS_STARTTLS);
  doorman_init (&doorman, pair.endpoints[JULIET]);
  jxs_endpoint_open_stream_async (
      pair.endpoints[ROMEO], pair.jids[JULIET], G_PRIORITY_DEFAULT, NULL, reply_cb, &reply);

  wait_until (person->request != NULL && connected);
  for (guint minute = 0; minute < 9; minute++)
    {
      jxs_clock_advance (60 * G_USEC_PER_SEC);
      settle ();
      g_assert_null (reply.result);
    }
  jxs_trust_request_respond (person->request, JXS_TRUST_LEVEL_VERIFIED, NULL);
  g_clear_object (&person->request);
  wait_until (reply.result != NULL && doorman.stream != NULL);
  stream = jxs_endpoint_open_stream_finish (pair.endpoints[ROMEO], reply.result, &error);
  g_assert_no_error (error);
  g_clear_object (&reply.result);
  close_stream (stream);

  jxs_clock_use_real ();
  g_clear_object (&stream);
  doorman_clear (&doorman);
  pair_clear (&pair);
}

/* What a peer that opens a session does then: nothing. */
typedef enum
{
  SILENT_PLAIN,
  SILENT_PASSWORD,
  SILENT_CERTIFICATE,
} Silence;

static void
set_password (Pair *pair, guint who)
{
  g_autoptr (GError) error = NULL;

  jxs_endpoint_set_peer_password (
      pair->endpoints[who], pair->jids[!who], "123456789", JXS_PASSWORD_SHORT, &error);
  g_assert_no_error (error);
}

/* Ten minutes are for a person who is asked about a key: without a key nobody is. */
static void
test_silence (gconstpointer data)
{
  const Silence silence = GPOINTER_TO_UINT (data);
  const guint limit_s = silence == SILENT_CERTIFICATE ? 660 : 30;
  g_autoptr (JxsElement) description = jxs_element_new ("description", JXS_NS_XMLSTREAM);
  g_autoptr (JxsSession) session = NULL;
  g_autoptr (JxsConnection) connection = NULL;
  g_autoptr (GError) error = NULL;
  Pair pair;
  Doorman doorman;
  Reply reply = { NULL };

  jxs_clock_use_fake (0);
  pair_init (&pair);
  for (guint i = 0; i < 2; i++)
    if (silence == SILENT_PLAIN)
      {
        g_object_unref (pair.endpoints[i]);
        pair.endpoints[i] = pair_new_endpoint (JXS_CHANNEL (pair.channels[i]), NULL, NULL);
        jxs_security_policy_set_require_encryption (jxs_endpoint_get_security_policy (
                                                        pair.endpoints[i]),
                                                    FALSE);
      }
    else if (silence == SILENT_PASSWORD)
      set_password (&pair, i);
  doorman_init (&doorman, pair.endpoints[ROMEO]);
  session = jxs_endpoint_create_session (pair.endpoints[JULIET], pair.jids[ROMEO], description);
  jxs_endpoint_connect_session_async (
      pair.endpoints[JULIET], session, NULL, G_PRIORITY_DEFAULT, NULL, reply_cb, &reply);
  wait_until (reply.result != NULL);
  connection = jxs_endpoint_connect_session_finish (pair.endpoints[JULIET], reply.result, &error);
  g_clear_object (&reply.result);
  g_assert_no_error (error);
  settle ();

  jxs_clock_advance ((limit_s - 1) * G_USEC_PER_SEC);
  settle ();
  g_assert_no_error (doorman.error);
  jxs_clock_advance (2 * G_USEC_PER_SEC);
  hurry_start ();
  wait_until (doorman.error != NULL);
  hurry_stop ();
  /* Saying why, and closing, takes a while. */
  g_assert_cmpint (jxs_clock_now (), <, (limit_s + 30) * G_USEC_PER_SEC);
  g_assert_error (doorman.error, JXS_ERROR, JXS_ERROR_TIMED_OUT);
  g_assert_null (doorman.stream);

  jxs_clock_use_real ();
  g_clear_object (&connection);
  g_clear_object (&session);
  doorman_clear (&doorman);
  pair_clear (&pair);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/endpoint/slow-trust/initiator",
                        GUINT_TO_POINTER (ROMEO),
                        test_nine_minutes);
  g_test_add_data_func ("/endpoint/slow-trust/responder",
                        GUINT_TO_POINTER (JULIET),
                        test_nine_minutes);
  g_test_add_data_func ("/endpoint/slow-trust/initiator-inside",
                        GUINT_TO_POINTER (ROMEO | INSIDE),
                        test_nine_minutes);
  g_test_add_data_func ("/endpoint/slow-trust/responder-inside",
                        GUINT_TO_POINTER (JULIET | INSIDE),
                        test_nine_minutes);
  g_test_add_data_func ("/endpoint/slow-trust/silent-plain",
                        GUINT_TO_POINTER (SILENT_PLAIN),
                        test_silence);
  g_test_add_data_func ("/endpoint/slow-trust/silent-password",
                        GUINT_TO_POINTER (SILENT_PASSWORD),
                        test_silence);
  g_test_add_data_func ("/endpoint/slow-trust/silent-certificate",
                        GUINT_TO_POINTER (SILENT_CERTIFICATE),
                        test_silence);
  return g_test_run ();
}
