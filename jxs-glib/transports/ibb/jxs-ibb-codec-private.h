/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/xml/jxs-element.h>

G_BEGIN_DECLS

/* The elements of XEP-0047 and XEP-0261 and their base64. Errors are of JXS_STANZA_ERROR: what the
 * peer is to be answered. */

#define JXS_IBB_MAX_BLOCK_SIZE 65535 /* XEP-0047 §2.1: what a peer may say */
#define JXS_IBB_OFFER_BLOCK_LIMIT                                                                  \
  32767                     /* the schema of XEP-0261 says xs:short: what we may say               \
                             */
#define JXS_IBB_MAX_SID 256 /* bytes; every live stream keeps its sid: stops memory exhaustion */

typedef enum
{
  JXS_IBB_CARRIER_IQ,
  JXS_IBB_CARRIER_MESSAGE,
} JxsIbbCarrier;

/* <transport/> of XEP-0261 and <open/> of XEP-0047 say the same things. */
typedef struct
{
  char *namespace_uri; /* (owned) */
  guint block_size;    /* bytes before base64, 1 to JXS_IBB_MAX_BLOCK_SIZE */
  char *sid;           /* (owned): an NMTOKEN */
  JxsIbbCarrier carrier;
} JxsIbbParams;

void jxs_ibb_params_clear (JxsIbbParams *params);
/* name: "transport" or "open". */
gboolean
jxs_ibb_params_parse (JxsElement *element, const char *name, JxsIbbParams *params, GError **error);
JxsElement *jxs_ibb_params_build (const JxsIbbParams *params, const char *name);

/* The sid of <open/>, <data/> or <close/>: borrowed from the element; NULL with bad-request if it
 * is missing or no NMTOKEN. */
const char *jxs_ibb_parse_sid (JxsElement *element, GError **error);

gboolean jxs_ibb_data_parse_seq (JxsElement *data, guint16 *seq, GError **error);
/* The bytes inside <data/>. At most block_size of them, bad-request otherwise. */
GBytes *jxs_ibb_data_parse_bytes (JxsElement *data, guint block_size, GError **error);
JxsElement *jxs_ibb_data_build (const char *sid, guint16 seq, GBytes *bytes);

JxsElement *jxs_ibb_close_build (const char *sid);

/* RFC 4648 §4, one complete block: no character outside the alphabet but XML white space (the
 * examples of XEP-0047 are indented), padding only and always at the end, unused bits zero. The
 * empty block is valid. Error: bad-request. */
GBytes *jxs_ibb_base64_decode (const char *text, gsize max_size, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (JxsIbbParams, jxs_ibb_params_clear)

G_END_DECLS
