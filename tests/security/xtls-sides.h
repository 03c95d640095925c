/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/security/jxs-xtls-security-private.h>

G_BEGIN_DECLS

/* Two sides of XTLS, joined by a pipe. */

/* A trust object that keeps requests until it is told the answer. */
#define TEST_TYPE_TRUST (test_trust_get_type ())
G_DECLARE_FINAL_TYPE (TestTrust, test_trust, TEST, TRUST, GObject)

struct _TestTrust
{
  GObject parent_instance;
  JxsTrustRequest *request; /* (owned) (nullable) */
  gboolean drop;
};

typedef struct
{
  JxsXtlsConfig config;
  JxsSecurity *security;
  JxsElement *info; /* the security-info it sent */
  GIOStream *base;
  GAsyncResult *result;
  GIOStream *stream;
  GError *error;
} Side;

typedef struct
{
  JxsJid *romeo;
  JxsJid *juliet;
  JxsIdentity *stranger;
  Side initiator;
  Side responder;
} Fixture;

void sides_set_up (Fixture *f, gconstpointer data);
void sides_tear_down (Fixture *f, gconstpointer data);
void sides_settle (void);
/* Before anything else; takes trust. */
void side_use_trust (Side *side, gpointer trust);
/* Likewise; takes identity. */
void side_use_identity (Side *side, JxsIdentity *identity);
/* Before anything else: the policy allows these ways only. */
void side_use_methods (Side *side, JxsSecurityMethods methods);
/* session-initiate, session-accept, security-info */
void sides_negotiate (Fixture *f);
/* As if the transport were replaced: new base streams, and no results yet. */
void sides_new_pipe (Fixture *f);
/* As if the peer had announced this identity. */
void side_announce (Side *side, JxsIdentity *identity);
void side_secure (Side *side, GCancellable *cancellable);
void side_wait (Side *side);
void sides_secure_both (Fixture *f);
/* With this error, and the base stream closed. */
void side_assert_failed (Side *side, GQuark domain, int code);
gssize sides_read_some (GIOStream *stream, char *buffer, gsize size, GError **error);
void sides_send_text (GIOStream *from, GIOStream *to, const char *text);
JxsXtlsSecurity *side_get_xtls (Side *side);
void side_assert_secure (Side *side, Side *other, JxsTrustLevel level);

G_END_DECLS
