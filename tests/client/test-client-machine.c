/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/client/jxs-client-machine-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#define STREAM "xmlns='" JXS_NS_CLIENT "' xmlns:stream='" JXS_NS_STREAMS "'"
#define FEATURES(inner) "<stream:features " STREAM ">" inner "</stream:features>"
#define STARTTLS "<starttls xmlns='" JXS_NS_TLS "'/>"
#define MECHANISMS                                                                                 \
  "<mechanisms xmlns='" JXS_NS_SASL "'><mechanism>SCRAM-SHA-1</mechanism></mechanisms>"
#define BIND "<bind xmlns='" JXS_NS_BIND "'/>"
#define SESSION "<session xmlns='" JXS_NS_SESSION "'/>"
#define SESSION_OPTIONAL "<session xmlns='" JXS_NS_SESSION "'><optional/></session>"
#define BOUND(jid)                                                                                 \
  "<iq " STREAM " type='result' id='jxs-bind'><bind xmlns='" JXS_NS_BIND "'><jid>" jid             \
  "</jid></bind></iq>"
#define REFUSED(id, condition)                                                                     \
  "<iq " STREAM " type='error' id='" id "'><error type='cancel'><" condition                       \
  " xmlns='" JXS_NS_STANZA_ERRORS "'/></error></iq>"

/* One thing that happens and what has to follow. */
typedef struct
{
  JxsClientEvent event;
  const char *element; /* (nullable) */
  JxsClientAction actions;
  JxsClientStep step;
} Move;

#define SEND_AND_READ (JXS_CLIENT_ACTION_SEND | JXS_CLIENT_ACTION_READ)

#define CONNECT                                                                                    \
  {                                                                                                \
    JXS_CLIENT_EVENT_CONNECTED, NULL, JXS_CLIENT_ACTION_OPEN, JXS_CLIENT_STEP_OPENING              \
  }
#define ENCRYPT                                                                                    \
  { JXS_CLIENT_EVENT_FEATURES, FEATURES (STARTTLS), SEND_AND_READ, JXS_CLIENT_STEP_STARTTLS },     \
      { JXS_CLIENT_EVENT_ELEMENT,                                                                  \
        "<proceed xmlns='" JXS_NS_TLS "'/>",                                                       \
        JXS_CLIENT_ACTION_SECURE,                                                                  \
        JXS_CLIENT_STEP_SECURING },                                                                \
  {                                                                                                \
    JXS_CLIENT_EVENT_SECURED, NULL, JXS_CLIENT_ACTION_OPEN, JXS_CLIENT_STEP_OPENING                \
  }
#define AUTHENTICATE                                                                               \
  { JXS_CLIENT_EVENT_FEATURES,                                                                     \
    FEATURES (MECHANISMS),                                                                         \
    JXS_CLIENT_ACTION_SASL_START,                                                                  \
    JXS_CLIENT_STEP_AUTHENTICATING },                                                              \
      { JXS_CLIENT_EVENT_ELEMENT,                                                                  \
        "<challenge xmlns='" JXS_NS_SASL "'>YQ==</challenge>",                                     \
        JXS_CLIENT_ACTION_SASL_STEP,                                                               \
        JXS_CLIENT_STEP_AUTHENTICATING },                                                          \
      { JXS_CLIENT_EVENT_ELEMENT,                                                                  \
        "<success xmlns='" JXS_NS_SASL "'/>",                                                      \
        JXS_CLIENT_ACTION_SASL_FINISH,                                                             \
        JXS_CLIENT_STEP_AUTHENTICATING },                                                          \
  {                                                                                                \
    JXS_CLIENT_EVENT_AUTHENTICATED, NULL, JXS_CLIENT_ACTION_OPEN, JXS_CLIENT_STEP_OPENING          \
  }
#define REQUEST_BIND(inner)                                                                        \
  {                                                                                                \
    JXS_CLIENT_EVENT_FEATURES, FEATURES (inner), SEND_AND_READ, JXS_CLIENT_STEP_BINDING            \
  }
#define READY(event_element)                                                                       \
  {                                                                                                \
    JXS_CLIENT_EVENT_ELEMENT, event_element, JXS_CLIENT_ACTION_READY, JXS_CLIENT_STEP_READY        \
  }
#define FAILS(event, element)                                                                      \
  {                                                                                                \
    event, element, JXS_CLIENT_ACTION_FAIL, JXS_CLIENT_STEP_FAILED                                 \
  }

typedef struct
{
  const char *name;
  const char *jid;
  gboolean optional_tls;
  Move moves[16];
  int error; /* of JXS_ERROR, -1 for none */
  const char *bound_jid;
} Script;

static const Script scripts[] = {
  { "encrypted",
    "romeo@example.test/orchard",
    FALSE,
    { CONNECT,
      ENCRYPT,
      AUTHENTICATE,
      REQUEST_BIND (BIND),
      READY (BOUND ("romeo@example.test/orchard")) },
    -1,
    "romeo@example.test/orchard" },
  { "other-resource",
    "romeo@example.test/orchard",
    FALSE,
    { CONNECT,
      ENCRYPT,
      AUTHENTICATE,
      REQUEST_BIND (BIND SESSION_OPTIONAL),
      READY (BOUND ("romeo@example.test/4db06f06")) },
    -1,
    "romeo@example.test/4db06f06" },
  { "session",
    "romeo@example.test",
    FALSE,
    { CONNECT,
      ENCRYPT,
      AUTHENTICATE,
      REQUEST_BIND (BIND SESSION),
      { JXS_CLIENT_EVENT_ELEMENT,
        BOUND ("romeo@example.test/a"),
        SEND_AND_READ,
        JXS_CLIENT_STEP_SESSION },
      { JXS_CLIENT_EVENT_ELEMENT,
        "<message " STREAM "/>",
        JXS_CLIENT_ACTION_READ,
        JXS_CLIENT_STEP_SESSION },
      READY ("<iq " STREAM " type='result' id='jxs-session'/>") },
    -1,
    "romeo@example.test/a" },
  { "session-refused",
    "romeo@example.test",
    FALSE,
    { CONNECT,
      ENCRYPT,
      AUTHENTICATE,
      REQUEST_BIND (BIND SESSION),
      { JXS_CLIENT_EVENT_ELEMENT,
        BOUND ("romeo@example.test/a"),
        SEND_AND_READ,
        JXS_CLIENT_STEP_SESSION },
      FAILS (JXS_CLIENT_EVENT_ELEMENT, REFUSED ("jxs-session", "internal-server-error")) },
    JXS_ERROR_FAILED,
    NULL },
  { "not-encrypted-by-choice",
    "romeo@example.test",
    TRUE,
    { CONNECT, AUTHENTICATE, REQUEST_BIND (BIND), READY (BOUND ("romeo@example.test/a")) },
    -1,
    "romeo@example.test/a" },
  { "encrypted-if-possible",
    "romeo@example.test",
    TRUE,
    { CONNECT,
      { JXS_CLIENT_EVENT_FEATURES,
        FEATURES (MECHANISMS STARTTLS),
        SEND_AND_READ,
        JXS_CLIENT_STEP_STARTTLS } },
    -1,
    NULL },
  { "no-starttls",
    "romeo@example.test",
    FALSE,
    { CONNECT, FAILS (JXS_CLIENT_EVENT_FEATURES, FEATURES (MECHANISMS)) },
    JXS_ERROR_SECURITY,
    NULL },
  { "starttls-refused",
    "romeo@example.test",
    FALSE,
    { CONNECT,
      { JXS_CLIENT_EVENT_FEATURES, FEATURES (STARTTLS), SEND_AND_READ, JXS_CLIENT_STEP_STARTTLS },
      FAILS (JXS_CLIENT_EVENT_ELEMENT, "<failure xmlns='" JXS_NS_TLS "'/>") },
    JXS_ERROR_SECURITY,
    NULL },
  { "starttls-skipped",
    "romeo@example.test",
    FALSE,
    { CONNECT,
      { JXS_CLIENT_EVENT_FEATURES, FEATURES (STARTTLS), SEND_AND_READ, JXS_CLIENT_STEP_STARTTLS },
      FAILS (JXS_CLIENT_EVENT_ELEMENT, "<success xmlns='" JXS_NS_SASL "'/>") },
    JXS_ERROR_PROTOCOL,
    NULL },
  { "too-old",
    "romeo@example.test",
    FALSE,
    { CONNECT, FAILS (JXS_CLIENT_EVENT_FEATURES, FEATURES ("")) },
    JXS_ERROR_NOT_SUPPORTED,
    NULL },
  { "no-mechanisms",
    "romeo@example.test",
    FALSE,
    { CONNECT, ENCRYPT, FAILS (JXS_CLIENT_EVENT_FEATURES, FEATURES (BIND)) },
    JXS_ERROR_NOT_SUPPORTED,
    NULL },
  { "bound-without-authentication",
    "romeo@example.test",
    FALSE,
    { CONNECT,
      ENCRYPT,
      { JXS_CLIENT_EVENT_FEATURES,
        FEATURES (MECHANISMS BIND),
        JXS_CLIENT_ACTION_SASL_START,
        JXS_CLIENT_STEP_AUTHENTICATING },
      FAILS (JXS_CLIENT_EVENT_ELEMENT, BOUND ("romeo@example.test/a")) },
    JXS_ERROR_PROTOCOL,
    NULL },
  { "not-authorized",
    "romeo@example.test",
    FALSE,
    { CONNECT,
      ENCRYPT,
      { JXS_CLIENT_EVENT_FEATURES,
        FEATURES (MECHANISMS),
        JXS_CLIENT_ACTION_SASL_START,
        JXS_CLIENT_STEP_AUTHENTICATING },
      FAILS (JXS_CLIENT_EVENT_ELEMENT,
             "<failure xmlns='" JXS_NS_SASL "'><not-authorized/></failure>") },
    JXS_ERROR_AUTHENTICATION,
    NULL },
  { "no-bind",
    "romeo@example.test",
    FALSE,
    { CONNECT, ENCRYPT, AUTHENTICATE, FAILS (JXS_CLIENT_EVENT_FEATURES, FEATURES ("")) },
    JXS_ERROR_NOT_SUPPORTED,
    NULL },
  { "resource-conflict",
    "romeo@example.test/orchard",
    FALSE,
    { CONNECT,
      ENCRYPT,
      AUTHENTICATE,
      REQUEST_BIND (BIND),
      FAILS (JXS_CLIENT_EVENT_ELEMENT, REFUSED ("jxs-bind", "conflict")) },
    JXS_ERROR_CONFLICT,
    NULL },
  { "too-many-resources",
    "romeo@example.test/orchard",
    FALSE,
    { CONNECT,
      ENCRYPT,
      AUTHENTICATE,
      REQUEST_BIND (BIND),
      FAILS (JXS_CLIENT_EVENT_ELEMENT, REFUSED ("jxs-bind", "resource-constraint")) },
    JXS_ERROR_LIMIT,
    NULL },
  { "bound-to-a-stranger",
    "romeo@example.test/orchard",
    FALSE,
    { CONNECT,
      ENCRYPT,
      AUTHENTICATE,
      REQUEST_BIND (BIND),
      FAILS (JXS_CLIENT_EVENT_ELEMENT, BOUND ("tybalt@example.test/orchard")) },
    JXS_ERROR_PROTOCOL,
    NULL },
  { "bound-to-a-bare-address",
    "romeo@example.test/orchard",
    FALSE,
    { CONNECT,
      ENCRYPT,
      AUTHENTICATE,
      REQUEST_BIND (BIND),
      FAILS (JXS_CLIENT_EVENT_ELEMENT, BOUND ("romeo@example.test")) },
    JXS_ERROR_PROTOCOL,
    NULL },
  { "bound-to-nothing",
    "romeo@example.test/orchard",
    FALSE,
    { CONNECT,
      ENCRYPT,
      AUTHENTICATE,
      REQUEST_BIND (BIND),
      { JXS_CLIENT_EVENT_ELEMENT,
        "<iq " STREAM " type='result' id='other'/>",
        JXS_CLIENT_ACTION_READ,
        JXS_CLIENT_STEP_BINDING },
      { JXS_CLIENT_EVENT_ELEMENT,
        "<iq " STREAM " type='set' id='jxs-bind'/>",
        JXS_CLIENT_ACTION_READ,
        JXS_CLIENT_STEP_BINDING },
      FAILS (JXS_CLIENT_EVENT_ELEMENT, "<iq " STREAM " type='result' id='jxs-bind'/>") },
    JXS_ERROR_PROTOCOL,
    NULL },
};

static JxsElement *
make_element (const char *xml)
{
  g_autoptr (GError) error = NULL;
  JxsElement *element = jxs_element_new_from_string (xml, &error);

  g_assert_no_error (error);
  return element;
}

static void
test_script (gconstpointer data)
{
  const Script *script = data;
  g_autoptr (JxsJid) jid = jxs_jid_new (script->jid, NULL);
  JxsClientMachine machine;

  jxs_client_machine_init (&machine, jid, !script->optional_tls);
  g_assert_cmpint (machine.step, ==, JXS_CLIENT_STEP_CONNECTING);
  for (gsize i = 0; i < G_N_ELEMENTS (script->moves) && script->moves[i].actions != 0; i++)
    {
      const Move *move = &script->moves[i];
      g_autoptr (JxsElement) element = move->element != NULL ? make_element (move->element) : NULL;
      JxsClientAction actions = jxs_client_machine_handle (&machine, move->event, element, NULL);

      g_test_message ("move %" G_GSIZE_FORMAT ": %s", i, jxs_client_step_to_string (machine.step));
      g_assert_cmpint (actions, ==, move->actions);
      g_assert_cmpint (machine.step, ==, move->step);
      g_assert_true ((machine.out != NULL) == ((actions & JXS_CLIENT_ACTION_SEND) != 0));
      g_assert_true ((machine.error != NULL) == ((actions & JXS_CLIENT_ACTION_FAIL) != 0));
    }
  if (script->error >= 0)
    g_assert_error (machine.error, JXS_ERROR, script->error);
  else
    g_assert_no_error (machine.error);
  if (script->bound_jid != NULL)
    g_assert_cmpstr (jxs_jid_to_string (machine.jid), ==, script->bound_jid);
  jxs_client_machine_clear (&machine);
}

/* The resource that is asked for is in the request, and nothing when none is. */
static void
test_resource (void)
{
  static const char *const jids[] = { "romeo@example.test/a & b", "romeo@example.test" };

  for (gsize i = 0; i < G_N_ELEMENTS (jids); i++)
    {
      g_autoptr (JxsJid) jid = jxs_jid_new (jids[i], NULL);
      g_autoptr (JxsElement) features = make_element (FEATURES (BIND));
      JxsClientMachine machine;
      JxsElement *bind;
      JxsElement *resource;

      jxs_client_machine_init (&machine, jid, TRUE);
      machine.step = JXS_CLIENT_STEP_OPENING;
      machine.encrypted = TRUE;
      machine.authenticated = TRUE;
      jxs_client_machine_handle (&machine, JXS_CLIENT_EVENT_FEATURES, features, NULL);
      bind = jxs_element_get_first_child (machine.out);
      resource = jxs_element_find_child (bind, "resource", JXS_NS_BIND);
      g_assert_true ((resource != NULL) == (i == 0));
      if (resource != NULL)
        g_assert_cmpstr (jxs_element_get_text (resource), ==, "a & b");
      jxs_client_machine_clear (&machine);
    }
}

/* Every event in every step: either it is foreseen, or nothing happens; an end is final. */
static void
test_every_event (void)
{
  static const char *const elements[] = {
    FEATURES (""),
    FEATURES (STARTTLS MECHANISMS BIND SESSION),
    "<proceed xmlns='" JXS_NS_TLS "'/>",
    "<success xmlns='" JXS_NS_SASL "'/>",
    "<challenge xmlns='" JXS_NS_SASL "'/>",
    "<failure xmlns='" JXS_NS_SASL "'/>",
    BOUND ("romeo@example.test/a"),
    BOUND ("@"),
    REFUSED ("jxs-bind", "conflict"),
    "<iq " STREAM " type='error' id='jxs-session'/>",
    "<message " STREAM "/>",
    "<odd xmlns='urn:odd'/>",
  };
  g_autoptr (JxsJid) jid = jxs_jid_new ("romeo@example.test", NULL);

  for (guint round = 0; round < 5000; round++)
    {
      JxsClientMachine machine;
      g_autoptr (GError) error = g_error_new_literal (JXS_ERROR, JXS_ERROR_FAILED, "no");
      gboolean over = FALSE;

      jxs_client_machine_init (&machine, jid, g_test_rand_bit ());
      for (guint i = 0; i < 20; i++)
        {
          JxsClientEvent event = (JxsClientEvent) g_test_rand_int_range (0, JXS_CLIENT_N_EVENTS);
          g_autoptr (JxsElement) element =
              make_element (elements[g_test_rand_int_range (0, G_N_ELEMENTS (elements))]);
          JxsClientStep before = machine.step;
          JxsClientAction actions;

          if (event == JXS_CLIENT_EVENT_FAILED && g_test_rand_int_range (0, 10) > 0)
            continue;
          actions = jxs_client_machine_handle (&machine, event, element, error);
          if (over)
            {
              g_assert_cmpint (actions, ==, JXS_CLIENT_ACTION_NONE);
              g_assert_cmpint (machine.step, ==, before);
            }
          if (actions == JXS_CLIENT_ACTION_NONE)
            g_assert_cmpint (machine.step, ==, before);
          over = over || (actions & (JXS_CLIENT_ACTION_READY | JXS_CLIENT_ACTION_FAIL)) != 0;
          g_assert_true (over == (machine.step >= JXS_CLIENT_STEP_READY));
          /* Never in, nor a secret shown, without what comes before. */
          if (machine.step == JXS_CLIENT_STEP_READY)
            g_assert_true (machine.authenticated);
          if (machine.step == JXS_CLIENT_STEP_AUTHENTICATING)
            g_assert_true (machine.encrypted || !machine.require_tls);
        }
      jxs_client_machine_clear (&machine);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (scripts); i++)
    {
      g_autofree char *path = g_strdup_printf ("/client/client-machine/%s", scripts[i].name);

      g_test_add_data_func (path, &scripts[i], test_script);
    }
  g_test_add_func ("/client/client-machine/resource", test_resource);
  g_test_add_func ("/client/client-machine/every-event", test_every_event);

  return g_test_run ();
}
