/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-peer-verdict-private.h>

#include <glib/gi18n-lib.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/security/jxs-certificate-private.h>
#include <jxs-glib/security/jxs-fingerprint-private.h>

/* One verdict, the data of its task. */
typedef struct
{
  JxsJid *peer;                 /* (owned) */
  GTlsCertificate *certificate; /* (owned) */
  JxsTrust *trust;              /* (owned) */
  JxsTrustLevel minimum;
  JxsTrustOrigin origin;
} Verdict;

static void
verdict_free (gpointer data)
{
  Verdict *self = data;

  jxs_jid_unref (self->peer);
  g_object_unref (self->certificate);
  g_object_unref (self->trust);
  g_free (self);
}

gboolean
jxs_peer_verdict_check_announced (GTlsCertificate *certificate,
                                  const JxsXtls *announced,
                                  GError **error)
{
  if (certificate == NULL)
    {
      g_set_error_literal (error,
                           JXS_ERROR,
                           JXS_ERROR_SECURITY,
                           _ ("The peer showed no certificate"));
      return FALSE;
    }
  for (gsize type = 0; type < JXS_XTLS_N_DIGESTS; type++)
    if (announced->fingerprints[type] != NULL &&
        !jxs_fingerprint_matches (announced->fingerprints[type], type, certificate))
      {
        g_autofree char *actual = jxs_fingerprint_compute (certificate, type);
        g_autofree char *shown = jxs_fingerprint_to_text (actual);
        g_autofree char *promised = jxs_fingerprint_to_text (announced->fingerprints[type]);

        g_set_error (error,
                     JXS_ERROR,
                     JXS_ERROR_SECURITY,
                     _ ("The peer showed another certificate than it announced: %s instead of %s; "
                        "somebody may be listening in"),
                     shown,
                     promised);
        return FALSE;
      }
  return TRUE;
}

gboolean
jxs_peer_verdict_check_not_ours (GTlsCertificate *certificate,
                                 JxsIdentity *identity,
                                 JxsJid *local,
                                 JxsJid *peer,
                                 GError **error)
{
  if (!g_tls_certificate_is_same (certificate, jxs_identity_get_certificate (identity)) ||
      (local != NULL && jxs_jid_equal_bare (local, peer)))
    return TRUE;
  g_set_error (error,
               JXS_ERROR,
               JXS_ERROR_SECURITY,
               _ ("“%s” showed our own key: somebody sends back to us what we say"),
               jxs_jid_to_string (peer));
  return FALSE;
}

static void
decided_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Verdict *self = g_task_get_task_data (task);
  GError *error = NULL;
  JxsTrustLevel level = jxs_trust_decide_finish (self->trust, result, &self->origin, &error);

  if (error != NULL)
    g_task_return_error (task, error);
  else if (level < self->minimum || level < JXS_TRUST_LEVEL_FIRST_USE)
    g_task_return_new_error (task,
                             JXS_ERROR,
                             JXS_ERROR_UNTRUSTED,
                             self->minimum >= JXS_TRUST_LEVEL_VERIFIED
                                 ? _ ("The key of “%s” is not verified, as it has to be here")
                                 : _ ("The key of “%s” is not one that is known, as it has to be "
                                      "here"),
                             jxs_jid_to_string (self->peer));
  else
    g_task_return_int (task, level);
}

static void
ask_trust (GTask *task)
{
  Verdict *self = g_task_get_task_data (task);

  jxs_trust_decide_async (self->trust,
                          self->peer,
                          self->certificate,
                          self->origin,
                          self->minimum,
                          g_task_get_cancellable (task),
                          decided_cb,
                          g_object_ref (task));
}

static void
authority_checked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Verdict *self = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (g_task_return_error_if_cancelled (task))
    return;
  if (jxs_certificate_check_authority_finish (result, &error))
    self->origin = JXS_TRUST_ORIGIN_AUTHORITY;
  else
    jxs_log_debug (NULL, "no authority vouches for the peer: %s", error->message);
  ask_trust (task);
}

void
jxs_peer_verdict_async (JxsJid *peer,
                        GTlsCertificate *certificate,
                        JxsTrust *trust,
                        GTlsDatabase *authorities,
                        JxsTrustLevel minimum,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Verdict *self = g_new0 (Verdict, 1);
  GError *error = NULL;

  g_task_set_source_tag (task, jxs_peer_verdict_async);
  self->peer = jxs_jid_ref (peer);
  self->certificate = g_object_ref (certificate);
  self->trust = g_object_ref (trust);
  self->minimum = minimum;
  g_task_set_task_data (task, self, verdict_free);
  if (!jxs_certificate_check (certificate, peer, &error))
    g_task_return_error (task, error);
  else if (authorities != NULL)
    jxs_certificate_check_authority_async (
        certificate, peer, authorities, cancellable, authority_checked_cb, g_object_ref (task));
  else
    ask_trust (task);
}

JxsTrustLevel
jxs_peer_verdict_finish (GAsyncResult *result, JxsTrustOrigin *origin, GError **error)
{
  Verdict *self;
  gssize level;

  g_return_val_if_fail (g_task_is_valid (result, NULL), JXS_TRUST_LEVEL_DISTRUSTED);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_peer_verdict_async),
                        JXS_TRUST_LEVEL_DISTRUSTED);

  self = g_task_get_task_data (G_TASK (result));
  if (origin != NULL)
    *origin = self->origin;
  level = g_task_propagate_int (G_TASK (result), error);
  return level < 0 ? JXS_TRUST_LEVEL_DISTRUSTED : (JxsTrustLevel) level;
}
