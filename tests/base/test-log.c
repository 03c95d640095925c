/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <math.h>
#include <string.h>

#include <jxs-glib/base/jxs-jid.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/base/jxs-trace-private.h>

/* An object as sessions are: with an id and a peer. */
#define TEST_TYPE_SUBJECT (test_subject_get_type ())
G_DECLARE_FINAL_TYPE (TestSubject, test_subject, TEST, SUBJECT, GObject)

struct _TestSubject
{
  GObject parent_instance;
};

G_DEFINE_FINAL_TYPE (TestSubject, test_subject, G_TYPE_OBJECT)

static int lookups;

static void
test_subject_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  lookups++;
  if (id == 1)
    g_value_set_string (value, "sid\n1");
  else
    g_value_take_boxed (value, jxs_jid_new ("juliet@example.com/r", NULL));
}

static void
test_subject_finalize (GObject *object)
{
  jxs_log_debug (object, "gone");
  G_OBJECT_CLASS (test_subject_parent_class)->finalize (object);
}

static void
test_subject_class_init (TestSubjectClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = test_subject_get_property;
  object_class->finalize = test_subject_finalize;
  g_object_class_install_property (object_class,
                                   1,
                                   g_param_spec_string ("sid", NULL, NULL, NULL, G_PARAM_READABLE));
  g_object_class_install_property (
      object_class, 2, g_param_spec_boxed ("peer-jid", NULL, NULL, JXS_TYPE_JID, G_PARAM_READABLE));
}

static void
test_subject_init (TestSubject *self)
{
}

static GString *captured;

static GLogWriterOutput
capture (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  for (gsize i = 0; i < n_fields; i++)
    g_string_append_printf (captured, "%s=%s;", fields[i].key, (const char *) fields[i].value);
  return G_LOG_WRITER_HANDLED;
}

static void
log_fields_subprocess (void)
{
  TestSubject *subject;

  g_setenv ("G_MESSAGES_DEBUG", "jxs-test", TRUE);
  captured = g_string_new (NULL);
  g_log_set_writer_func (capture, NULL, NULL);

  jxs_log_debug (NULL, "%d", 1);
  g_assert_cmpstr (captured->str,
                   ==,
                   "PRIORITY=7;GLIB_DOMAIN=jxs-test;CODE_FUNC=log_fields_subprocess;MESSAGE=1;");

  g_string_truncate (captured, 0);
  subject = g_object_new (TEST_TYPE_SUBJECT, NULL);
  jxs_log_info (subject, "two");
  g_assert_cmpstr (captured->str,
                   ==,
                   "PRIORITY=6;GLIB_DOMAIN=jxs-test;CODE_FUNC=log_fields_subprocess;MESSAGE=two;"
                   "JXS_SID=sid\xef\xbf\xbd"
                   "1;JXS_PEER=juliet@example.com/r;");

  /* Nothing is asked of an object that is being finalized. */
  g_string_truncate (captured, 0);
  lookups = 0;
  g_object_unref (subject);
  g_assert_nonnull (strstr (captured->str, "MESSAGE=gone;"));
  g_assert_cmpint (lookups, ==, 0);
}

static void
test_fields (void)
{
  if (g_test_subprocess ())
    {
      log_fields_subprocess ();
      return;
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
}

static void
test_dropped (void)
{
  TestSubject *subject;

  if (g_test_subprocess ())
    {
      g_unsetenv ("G_MESSAGES_DEBUG");
      subject = g_object_new (TEST_TYPE_SUBJECT, NULL);
      jxs_log_debug (subject, "nobody reads this");
      g_assert_cmpint (lookups, ==, 0);
      g_object_unref (subject);
      return;
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stdout_unmatched ("*nobody*");
  g_test_trap_assert_stderr_unmatched ("*nobody*");
}

static void
test_sanitize (void)
{
  static const struct
  {
    const char *text;
    gsize max;
    const char *out;
  } cases[] = {
    { NULL, 10, "" },
    { "", 10, "" },
    { "abc", 0, "" },
    { "abc", 3, "abc" },
    { "abcd", 3, "ab…" },
    { "abcd", 1, "…" },
    { "äöü", 3, "äöü" },
    { "äöüß", 3, "äö…" },
    { "a\nb\tc\033[0m\177", 20, "a�b�c�[0m�" },
    { "a\xff"
      "b",
      10,
      "a�b" },
    { "\xe2\x80\xae"
      "gpj.exe",
      10,
      "�gpj.exe" }, /* right-to-left override */
    { "a\xe2\x80\xa8"
      "b",
      10,
      "a�b" }, /* line separator */
    { "a\xc2\x85"
      "b",
      10,
      "a�b" }, /* next line */
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *out = jxs_log_sanitize (cases[i].text, cases[i].max);

      g_assert_cmpstr (out, ==, cases[i].out);
    }
}

static void
test_sanitize_random (void)
{
  for (int i = 0; i < 2000; i++)
    {
      char text[40];
      gsize max = g_test_rand_int_range (0, 45);
      g_autofree char *out = NULL;

      for (gsize j = 0; j < sizeof text - 1; j++)
        text[j] = g_test_rand_int_range (0, 256);
      text[sizeof text - 1] = '\0';
      out = jxs_log_sanitize (text, max);
      g_assert_true (g_utf8_validate (out, -1, NULL));
      g_assert_cmpuint (g_utf8_strlen (out, -1), <=, max);
    }
}

static void
store_event (
    gint64 time_us, const char *layer, const char *what, const char *detail, gpointer user_data)
{
  g_string_append_printf (user_data, "%s %s %s\n", layer, what, detail);
}

static void
test_trace (void)
{
  g_autoptr (GString) events = g_string_new (NULL);
  JxsTrace *trace = jxs_trace_new (store_event, events);

  jxs_trace_emit (NULL, "io", "nothing", "s:a", "b", NULL);
  jxs_trace_emit (trace, "io", "empty", NULL);
  jxs_trace_emit (trace,
                  "io",
                  "types",
                  "s:text",
                  "x",
                  "s:none",
                  NULL,
                  "i:min",
                  G_MININT64,
                  "b:yes",
                  TRUE,
                  "b:no",
                  FALSE,
                  "d:half",
                  0.5,
                  "d:nan",
                  (double) NAN,
                  NULL);
  jxs_trace_emit (
      trace, "io", "escapes", "s:k\"", "\"\\/\b\n\r\t\001\177\xc2\x85\xe2\x80\xa8ü😀\xff", NULL);
  g_assert_cmpstr (events->str,
                   ==,
                   "io empty {}\n"
                   "io types {\"text\":\"x\",\"none\":null,\"min\":-9223372036854775808,"
                   "\"yes\":true,\"no\":false,\"half\":0.5,\"nan\":null}\n"
                   "io escapes {\"k\\\"\":\"\\\"\\\\/\\u0008\\n\\r\\t\\u0001\\u007f\\u0085\\u2028"
                   "ü😀�\"}\n");

  jxs_trace_disconnect (trace);
  g_string_truncate (events, 0);
  jxs_trace_emit (trace, "io", "late", NULL);
  g_assert_cmpstr (events->str, ==, "");
  jxs_trace_unref (trace);
  jxs_trace_unref (jxs_trace_ref (NULL));
  jxs_trace_disconnect (NULL);
}

static JxsTrace *only_reference;

static void
drop_trace (
    gint64 time_us, const char *layer, const char *what, const char *detail, gpointer user_data)
{
  g_clear_pointer (&only_reference, jxs_trace_unref);
}

/* The listener may drop the last reference while it is told. */
static void
test_trace_dropped (void)
{
  only_reference = jxs_trace_new (drop_trace, NULL);
  jxs_trace_emit (only_reference, "io", "last", NULL);
  g_assert_null (only_reference);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/log/fields", test_fields);
  g_test_add_func ("/base/log/dropped", test_dropped);
  g_test_add_func ("/base/log/sanitize", test_sanitize);
  g_test_add_func ("/base/log/sanitize-random", test_sanitize_random);
  g_test_add_func ("/base/trace/detail", test_trace);
  g_test_add_func ("/base/trace/dropped", test_trace_dropped);
  return g_test_run ();
}
