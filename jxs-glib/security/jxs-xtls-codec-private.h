/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include <jxs-glib/xml/jxs-element.h>

G_BEGIN_DECLS

/* The <security/> element of XTLS (jingle-xtls §4) and the forms that went before it. */

typedef enum
{
  JXS_XTLS_METHOD_X509 = 1 << 0,
  JXS_XTLS_METHOD_SRP = 1 << 1,
  JXS_XTLS_METHOD_OPENPGP = 1 << 2,
} JxsXtlsMethods;

typedef enum
{
  JXS_XTLS_FORM_CURRENT,   /* <fingerprint/> and <method name=''/> */
  JXS_XTLS_FORM_OFFER,     /* first drafts: <offer xmlns='urn:xmpp:tmp:c2ctls'/> */
  JXS_XTLS_FORM_ATTRIBUTE, /* first drafts, in security-info: <security method=''/> */
} JxsXtlsForm;

#define JXS_XTLS_N_DIGESTS (G_CHECKSUM_SHA384 + 1)

typedef struct
{
  JxsXtlsForm form;
  JxsXtlsMethods methods;                 /* those without a name here are left out */
  char *fingerprints[JXS_XTLS_N_DIGESTS]; /* (owned) (nullable): normalized, by GChecksumType */
} JxsXtls;

#define JXS_XTLS_MAX_CHILDREN                                                                      \
  32 /* children of <security/> looked at; stops work chosen by the peer */

/* Errors are JXS_STANZA_ERROR (bad-request). */
gboolean jxs_xtls_parse (JxsElement *security, JxsXtls *xtls, GError **error);
/* Of the fingerprints, SHA-1 is written as <fingerprint/>, the one form all peers know, the others
 * as <hash/> (XEP-0300) beside it. (transfer full) */
JxsElement *jxs_xtls_build (const JxsXtls *xtls);
gboolean jxs_xtls_has_fingerprint (const JxsXtls *xtls);
void jxs_xtls_clear (JxsXtls *xtls);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (JxsXtls, jxs_xtls_clear)

G_END_DECLS
