/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/security/jxs-sas-string-private.h>
#include <jxs-glib/xml/jxs-element.h>

G_BEGIN_DECLS

/* What two endpoints tell each other inside a stream to verify it:
 *
 *   A: <iq type='set'><commit xmlns='urn:jxs-glib:verification:0' id='v1'>HASH</commit></iq>
 *   B: <iq type='result'><nonce xmlns='…' id='v1'>NONCE</nonce></iq>
 *   A: <iq type='set'><reveal xmlns='…' id='v1'>NONCE</reveal></iq>
 *   B: <iq type='result'/>
 *
 * Both show the string now, and each sends, when its person has compared,
 *
 *   <iq type='set'><confirm xmlns='…' id='v1'/></iq>, or <reject/>, or <cancel reason='timeout'/>
 *
 * at any time. HASH and NONCE are base64 of 32 bytes. The id, chosen by A, tells what is late. */

#define JXS_SAS_MAX_ID 64 /* bytes; stops absurd ids from being kept and echoed */

typedef enum
{
  JXS_SAS_NOTHING,
  JXS_SAS_COMMIT,
  JXS_SAS_NONCE,
  JXS_SAS_REVEAL,
  JXS_SAS_CONFIRM,
  JXS_SAS_REJECT,
  JXS_SAS_CANCEL,
  JXS_SAS_N_KINDS,
} JxsSasKind;

typedef struct
{
  JxsSasKind kind;
  char *id;                   /* (owned) */
  guint8 bytes[JXS_SAS_SIZE]; /* of the first three */
  gboolean timed_out;         /* why it was cancelled: nobody answered in time */
} JxsSasMessage;

/* JXS_STANZA_ERROR_BAD_REQUEST. message is written on success only. */
gboolean jxs_sas_parse (JxsElement *element, JxsSasMessage *message, GError **error);
JxsElement *jxs_sas_build (const JxsSasMessage *message);
void jxs_sas_message_clear (JxsSasMessage *message);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (JxsSasMessage, jxs_sas_message_clear)

G_END_DECLS
