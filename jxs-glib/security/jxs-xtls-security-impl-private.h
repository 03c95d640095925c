/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/security/jxs-xtls-codec-private.h>
#include <jxs-glib/security/jxs-xtls-machine-private.h>
#include <jxs-glib/security/jxs-xtls-security-private.h>

G_BEGIN_DECLS

/* What the files of JxsXtlsSecurity share. */

struct _JxsXtlsSecurity
{
  JxsSecurity parent_instance;

  JxsIdentity *identity;     /* (owned) */
  JxsTrust *trust;           /* (owned) */
  JxsSecurityPolicy *policy; /* (owned): of when the session began */
  JxsPasswords *passwords;   /* (owned) */
  gboolean (*supports_srp) (void);
  gboolean allows_starttls; /* where XTLS is not spoken */

  JxsXtlsMachine machine;
  JxsXtls remote;          /* what the peer announced */
  JxsXtlsMethods offered;  /* what we did, as the initiator */
  JxsXtlsMethods method;   /* the one agreed on, 0 before */
  gboolean tried_password; /* it is used up */
  gboolean has_password;   /* when we offered or answered */
  JxsPasswordKind password_kind;
  GError *refusal; /* (owned) (nullable): why the negotiation failed */

  JxsTrustLevel level;
  JxsTrustOrigin origin;
  char *peer_fingerprint; /* (owned) (nullable) */
};

JxsXtlsAction jxs_xtls_security_handle (JxsXtlsSecurity *self, JxsXtlsEvent event);
JxsJid *jxs_xtls_security_get_peer (JxsXtlsSecurity *self);
const char *jxs_xtls_security_get_peer_name (JxsXtlsSecurity *self);

/* jxs-xtls-negotiation.c: the vfuncs of JxsSecurity before the transport is there */
JxsElement *jxs_xtls_security_build (JxsSecurity *security);
gboolean jxs_xtls_security_set_remote (JxsSecurity *security, JxsElement *element, GError **error);
gboolean jxs_xtls_security_handle_info (JxsSecurity *security, JxsElement *element, GError **error);

G_END_DECLS
