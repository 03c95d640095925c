/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <glib/gstdio.h>
#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/security/jxs-identity-pem-private.h>

#include "identity-file.h"
#include "make-certificate.h"

/* The calendar of these tests begins at 2033-05-18. */
#define NOW G_GINT64_CONSTANT (2000000000)

static JxsIdentity *
ensure_at (IdentityFile *f, gint64 now)
{
  g_autoptr (GError) error = NULL;
  JxsIdentity *identity;

  jxs_clock_set_utc (now);
  identity = identity_file_ensure (f, NULL, NULL, &error);
  jxs_clock_set_utc (0);
  g_assert_no_error (error);
  return identity;
}

static char *
read_file (IdentityFile *f)
{
  g_autoptr (GError) error = NULL;
  char *text = NULL;

  g_assert_true (g_file_get_contents (f->path, &text, NULL, &error));
  g_assert_no_error (error);
  return text;
}

static guint
count_keys (IdentityFile *f)
{
  g_autofree char *text = read_file (f);
  guint n = 0;

  for (const char *p = text; (p = strstr (p, "PRIVATE KEY-----\n")) != NULL; p++)
    n++;
  return n / 2; /* each begins and ends */
}

static void
assert_whole (IdentityFile *f)
{
  struct stat status;

  g_assert_cmpint (g_stat (f->path, &status), ==, 0);
  g_assert_cmphex (status.st_mode & 0777, ==, 0600);
  g_assert_cmpuint (identity_file_count (f), ==, 1);
}

static void
assert_differ (JxsIdentity *a, JxsIdentity *b)
{
  g_autofree char *first = jxs_identity_get_fingerprint (a, G_CHECKSUM_SHA256);
  g_autofree char *second = jxs_identity_get_fingerprint (b, G_CHECKSUM_SHA256);

  g_assert_cmpstr (first, !=, second);
}

static void
test_expiry (IdentityFile *f, gconstpointer data)
{
  g_autoptr (JxsIdentity) identity = ensure_at (f, NOW);

  g_assert_cmpint (jxs_identity_get_expiry (identity), ==, NOW + 3653 * TEST_DAY);
  g_assert_null (jxs_identity_get_successor (identity));
}

static void
test_renew (IdentityFile *f, gconstpointer data)
{
  static const JxsKeyType types[] = { JXS_KEY_TYPE_ECDSA_P256, JXS_KEY_TYPE_ED25519 };

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JxsIdentity) identity = jxs_identity_generate (f->jid, types[i], &error);
      g_autoptr (JxsIdentity) successor = NULL;
      g_autoptr (JxsIdentity) again = NULL;
      g_autoptr (JxsIdentity) loaded = NULL;
      g_autofree char *key = NULL;
      g_autofree char *new_key = NULL;

      g_assert_no_error (error);
      successor = jxs_identity_renew (identity, &error);
      g_assert_no_error (error);
      g_assert_true (jxs_identity_get_successor (identity) == successor);
      g_assert_null (jxs_identity_get_successor (successor));
      assert_differ (identity, successor);
      g_assert_true (
          jxs_jid_equal (jxs_identity_get_jid (identity), jxs_identity_get_jid (successor)));
      g_object_get (jxs_identity_get_certificate (identity), "private-key-pem", &key, NULL);
      g_object_get (jxs_identity_get_certificate (successor), "private-key-pem", &new_key, NULL);
      g_assert_cmpstr (key, !=, new_key);
      g_assert_cmpint (jxs_identity_pem_get_key_type (jxs_identity_get_certificate (successor)),
                       ==,
                       types[i]);

      again = jxs_identity_renew (identity, &error);
      g_assert_no_error (error);
      g_assert_true (again == successor);

      g_assert_true (identity_file_save (f, identity, NULL, NULL, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (count_keys (f), ==, 2);
      loaded = identity_file_load (f, NULL, NULL, &error);
      g_assert_no_error (error);
      assert_same_identity (loaded, identity);
      assert_same_identity (jxs_identity_get_successor (loaded), successor);
    }
}

static void
test_renew_nameless (IdentityFile *f, gconstpointer data)
{
  static const TestSpec spec = { 0 };
  g_autoptr (TestCertificate) certificate = test_certificate_new (&spec, NULL);
  g_autofree char *pem = test_certificate_to_pem (certificate, TRUE);
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsIdentity) identity = jxs_identity_new_from_pem (pem, &error);

  g_assert_no_error (error);
  g_assert_null (jxs_identity_renew (identity, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
  g_assert_null (jxs_identity_get_successor (identity));
}

/* The whole life of a key, as an application that starts every now and then sees it. */
static void
test_life (IdentityFile *f, gconstpointer data)
{
  g_autoptr (JxsIdentity) first = ensure_at (f, NOW);
  gint64 expiry = jxs_identity_get_expiry (first);
  g_autoptr (JxsIdentity) young = ensure_at (f, expiry - 90 * TEST_DAY);
  g_autoptr (JxsIdentity) old = NULL;
  g_autoptr (JxsIdentity) older = NULL;
  g_autoptr (JxsIdentity) next = NULL;
  g_autoptr (JxsIdentity) settled = NULL;
  g_autofree char *text = NULL;
  g_autofree char *text_after = NULL;

  assert_same_identity (young, first);
  g_assert_null (jxs_identity_get_successor (young));
  g_assert_cmpuint (count_keys (f), ==, 1);

  old = ensure_at (f, expiry - 90 * TEST_DAY + 1);
  assert_same_identity (old, first);
  g_assert_nonnull (jxs_identity_get_successor (old));
  assert_differ (jxs_identity_get_successor (old), first);
  g_assert_cmpuint (count_keys (f), ==, 2);
  assert_whole (f);
  text = read_file (f);

  older = ensure_at (f, expiry - 14 * TEST_DAY);
  assert_same_identity (older, first);
  assert_same_identity (jxs_identity_get_successor (older), jxs_identity_get_successor (old));
  text_after = read_file (f);
  g_assert_cmpstr (text, ==, text_after);

  next = ensure_at (f, expiry - 14 * TEST_DAY + 1);
  assert_same_identity (next, jxs_identity_get_successor (old));
  g_assert_null (jxs_identity_get_successor (next));
  g_assert_cmpuint (count_keys (f), ==, 1);
  assert_whole (f);
  settled = ensure_at (f, expiry + TEST_DAY);
  assert_same_identity (settled, next);
}

/* Peers that were not met since the successor exists do not know it: it has to wait. */
static void
test_late (IdentityFile *f, gconstpointer data)
{
  g_autoptr (JxsIdentity) first = ensure_at (f, NOW);
  gint64 expiry = jxs_identity_get_expiry (first);
  g_autoptr (JxsIdentity) late = ensure_at (f, expiry - 10 * TEST_DAY);
  g_autoptr (JxsIdentity) last = ensure_at (f, expiry - 1);
  g_autoptr (JxsIdentity) next = ensure_at (f, expiry);

  assert_same_identity (late, first);
  g_assert_nonnull (jxs_identity_get_successor (late));
  assert_same_identity (last, first);
  assert_same_identity (next, jxs_identity_get_successor (late));
}

/* Not used for years: nobody can vouch for the next one any more. */
static void
test_too_late (IdentityFile *f, gconstpointer data)
{
  g_autoptr (JxsIdentity) first = ensure_at (f, NOW);
  gint64 expiry = jxs_identity_get_expiry (first);
  g_autoptr (JxsIdentity) prepared = ensure_at (f, expiry - TEST_DAY);
  gint64 next_expiry = jxs_identity_get_expiry (jxs_identity_get_successor (prepared));
  g_autoptr (JxsIdentity) third = ensure_at (f, next_expiry + 1000 * TEST_DAY);

  assert_differ (third, first);
  assert_differ (third, jxs_identity_get_successor (prepared));
  g_assert_cmpint (jxs_identity_get_expiry (third), >, next_expiry + 4000 * TEST_DAY);
  g_assert_true (jxs_jid_equal (jxs_identity_get_jid (third), jxs_identity_get_jid (first)));
  g_assert_cmpuint (count_keys (f), ==, 1);
  assert_whole (f);
}

/* What somebody else issued, somebody else renews. */
static void
test_issued (IdentityFile *f, gconstpointer data)
{
  static const TestSpec root_spec = { .authority = TRUE };
  static const TestSpec spec = { .from = NOW - TEST_DAY, .until = NOW + TEST_DAY };
  g_autoptr (TestCertificate) root = test_certificate_new (&root_spec, NULL);
  g_autoptr (TestCertificate) certificate = test_certificate_new (&spec, root);
  g_autofree char *pem = test_certificate_to_pem (certificate, TRUE);
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsIdentity) before = NULL;
  g_autoptr (JxsIdentity) after = NULL;
  g_autofree char *text = NULL;

  g_assert_true (
      g_file_set_contents_full (f->path, pem, -1, G_FILE_SET_CONTENTS_NONE, 0600, &error));
  g_assert_no_error (error);
  before = ensure_at (f, NOW);
  g_assert_null (jxs_identity_get_successor (before));
  after = ensure_at (f, NOW + 2 * TEST_DAY);
  assert_same_identity (before, after);
  text = read_file (f);
  g_assert_cmpstr (text, ==, pem);
}

static void
test_password (IdentityFile *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsIdentity) first = NULL;
  g_autoptr (JxsIdentity) renewed = NULL;
  g_autoptr (JxsIdentity) loaded = NULL;
  g_autofree char *text = NULL;

  jxs_clock_set_utc (NOW);
  first = identity_file_ensure (f, "password", NULL, &error);
  g_assert_no_error (error);
  jxs_clock_set_utc (jxs_identity_get_expiry (first) - TEST_DAY);
  renewed = identity_file_ensure (f, "password", NULL, &error);
  g_assert_no_error (error);
  jxs_clock_set_utc (0);
  text = read_file (f);
  g_assert_null (strstr (text, "BEGIN PRIVATE KEY"));
  g_assert_cmpuint (count_keys (f), ==, 2);
  loaded = identity_file_load (f, "password", NULL, &error);
  g_assert_no_error (error);
  assert_same_identity (jxs_identity_get_successor (loaded), jxs_identity_get_successor (renewed));
}

/* As with a full disk: what is there still serves, and a successor that would be forgotten is not
 * shown to anybody. */
static void
test_not_written (IdentityFile *f, gconstpointer data)
{
  g_autoptr (JxsIdentity) first = ensure_at (f, NOW);
  gint64 expiry = jxs_identity_get_expiry (first);
  struct rlimit limit, none;
  g_autoptr (JxsIdentity) kept = NULL;
  g_autoptr (JxsIdentity) lost = NULL;
  g_autoptr (GError) error = NULL;

  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  none = limit;
  none.rlim_cur = 16;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &none), ==, 0);
  kept = ensure_at (f, expiry - TEST_DAY);
  jxs_clock_set_utc (expiry);
  lost = identity_file_ensure (f, NULL, NULL, &error);
  jxs_clock_set_utc (0);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);

  assert_same_identity (kept, first);
  g_assert_null (jxs_identity_get_successor (kept));
  g_assert_null (lost);
  g_assert_nonnull (error);
  g_assert_cmpint (error->domain, ==, G_IO_ERROR);
  g_assert_cmpuint (count_keys (f), ==, 1);
  assert_whole (f);
}

#define N_RIVALS 8

static void
test_threads (IdentityFile *f, gconstpointer data)
{
  g_autoptr (JxsIdentity) first = ensure_at (f, NOW);
  GAsyncResult *results[N_RIVALS] = { NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsIdentity) loaded = NULL;

  jxs_clock_set_utc (jxs_identity_get_expiry (first) - 30 * TEST_DAY);
  for (gsize i = 0; i < N_RIVALS; i++)
    jxs_identity_load_or_generate_async (
        f->file, f->jid, NULL, G_PRIORITY_DEFAULT, NULL, identity_file_result_cb, &results[i]);
  jxs_clock_set_utc (0);
  for (gsize i = 0; i < N_RIVALS; i++)
    identity_file_wait (&results[i]);
  loaded = identity_file_load (f, NULL, NULL, &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < N_RIVALS; i++)
    {
      g_autoptr (JxsIdentity) identity = jxs_identity_load_or_generate_finish (results[i], &error);

      g_assert_no_error (error);
      assert_same_identity (identity, first);
      assert_same_identity (jxs_identity_get_successor (identity),
                            jxs_identity_get_successor (loaded));
      g_object_unref (results[i]);
    }
  assert_whole (f);
}

static const char *program;

static GSubprocess *
spawn (const char *what, IdentityFile *f, gint64 now)
{
  g_autofree char *seconds = g_strdup_printf ("%" G_GINT64_FORMAT, now);
  g_autoptr (GError) error = NULL;
  GSubprocess *process = g_subprocess_new (
      G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, program, what, f->path, seconds, NULL);

  g_assert_no_error (error);
  return process;
}

static void
test_processes (IdentityFile *f, gconstpointer data)
{
  g_autoptr (JxsIdentity) first = ensure_at (f, NOW);
  gint64 then = jxs_identity_get_expiry (first) - 30 * TEST_DAY;
  GSubprocess *processes[N_RIVALS];
  g_autoptr (JxsIdentity) loaded = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *expected = NULL;

  for (gsize i = 0; i < N_RIVALS; i++)
    processes[i] = spawn ("--ensure", f, then);
  for (gsize i = 0; i < N_RIVALS; i++)
    {
      g_autofree char *shown = NULL;

      g_assert_true (
          g_subprocess_communicate_utf8 (processes[i], NULL, NULL, &shown, NULL, &error));
      g_assert_no_error (error);
      g_assert_true (g_subprocess_get_successful (processes[i]));
      if (loaded == NULL)
        {
          loaded = identity_file_load (f, NULL, NULL, &error);
          g_assert_no_error (error);
          assert_same_identity (loaded, first);
          expected =
              jxs_identity_get_fingerprint (jxs_identity_get_successor (loaded), G_CHECKSUM_SHA256);
        }
      g_assert_cmpstr (shown, ==, expected);
      g_object_unref (processes[i]);
    }
  assert_whole (f);
}

/* A process that does nothing but write the file is killed wherever it happens to be. */
static void
test_killed (IdentityFile *f, gconstpointer data)
{
  g_autoptr (JxsIdentity) first = ensure_at (f, NOW);

  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GSubprocess) process = spawn ("--write", f, NOW);
      g_autoptr (JxsIdentity) loaded = NULL;
      g_autoptr (GDir) dir = NULL;
      const char *name;
      char buffer[16];

      /* A byte for each time the file was written. */
      g_assert_true (g_input_stream_read_all (
          g_subprocess_get_stdout_pipe (process), buffer, i + 1, NULL, NULL, &error));
      g_assert_no_error (error);
      g_subprocess_force_exit (process);
      g_assert_true (g_subprocess_wait (process, NULL, &error));
      g_assert_no_error (error);
      g_assert_true (g_subprocess_get_if_signaled (process));

      loaded = identity_file_load (f, NULL, NULL, &error);
      g_assert_no_error (error);
      assert_same_identity (loaded, first);
      /* What it did not come to rename may lie about. */
      dir = g_dir_open (f->folder, 0, NULL);
      while ((name = g_dir_read_name (dir)) != NULL)
        if (g_str_has_prefix (name, "identity.pem."))
          {
            g_autofree char *left = g_build_filename (f->folder, name, NULL);

            g_assert_cmpint (g_unlink (left), ==, 0);
          }
    }
}

/* What the other processes of the tests do. */
static int
run_rival (const char *what, const char *path, const char *now)
{
  IdentityFile f = { .path = (char *) path };
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (JxsJid) jid = jxs_jid_new ("romeo@montague.lit", NULL);
  g_autoptr (JxsIdentity) identity = NULL;
  g_autofree char *fingerprint = NULL;

  f.file = file;
  f.jid = jid;
  identity = ensure_at (&f, g_ascii_strtoll (now, NULL, 10));
  while (strcmp (what, "--write") == 0)
    {
      g_assert_true (identity_file_save (&f, identity, NULL, NULL, NULL));
      g_print (".");
    }
  fingerprint =
      jxs_identity_get_fingerprint (jxs_identity_get_successor (identity), G_CHECKSUM_SHA256);
  g_print ("%s", fingerprint);
  return 0;
}

int
main (int argc, char **argv)
{
  if (argc == 4)
    return run_rival (argv[1], argv[2], argv[3]);

  program = argv[0];
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                                            \
  g_test_add ("/security/identity-renewal/" name,                                                  \
              IdentityFile,                                                                        \
              NULL,                                                                                \
              identity_file_set_up,                                                                \
              func,                                                                                \
              identity_file_tear_down)
  ADD ("expiry", test_expiry);
  ADD ("renew", test_renew);
  ADD ("renew-nameless", test_renew_nameless);
  ADD ("life", test_life);
  ADD ("late", test_late);
  ADD ("too-late", test_too_late);
  ADD ("issued", test_issued);
  ADD ("password", test_password);
  ADD ("not-written", test_not_written);
  ADD ("threads", test_threads);
  ADD ("processes", test_processes);
  ADD ("killed", test_killed);
  return g_test_run ();
}
