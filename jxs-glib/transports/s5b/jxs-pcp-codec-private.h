/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Messages of the Port Control Protocol, RFC 6887: those of the MAP opcode for TCP. */

#define JXS_PCP_PORT 5351
#define JXS_PCP_VERSION 2
#define JXS_PCP_MAX_LENGTH 1100 /* of a message, §7 */
#define JXS_PCP_MAP_LENGTH 60   /* of a MAP message without options, §7.1, §11.1 */
#define JXS_PCP_NONCE_LENGTH 12

typedef enum
{
  JXS_PCP_OPCODE_ANNOUNCE = 0,
  JXS_PCP_OPCODE_MAP = 1,
} JxsPcpOpcode;

/* §7.4; others count as failures, too. */
typedef enum
{
  JXS_PCP_RESULT_SUCCESS = 0,
  JXS_PCP_RESULT_UNSUPP_VERSION = 1,
  JXS_PCP_RESULT_NOT_AUTHORIZED = 2,
  JXS_PCP_RESULT_MALFORMED_REQUEST = 3,
  JXS_PCP_RESULT_UNSUPP_OPCODE = 4,
  JXS_PCP_RESULT_UNSUPP_OPTION = 5,
  JXS_PCP_RESULT_MALFORMED_OPTION = 6,
  JXS_PCP_RESULT_NETWORK_FAILURE = 7,
  JXS_PCP_RESULT_NO_RESOURCES = 8,
  JXS_PCP_RESULT_UNSUPP_PROTOCOL = 9,
  JXS_PCP_RESULT_USER_EX_QUOTA = 10,
  JXS_PCP_RESULT_CANNOT_PROVIDE_EXTERNAL = 11,
  JXS_PCP_RESULT_ADDRESS_MISMATCH = 12,
  JXS_PCP_RESULT_EXCESSIVE_REMOTE_PEERS = 13,
} JxsPcpResult;

/* IPv4 addresses are mapped into IPv6 (§5). */
typedef struct
{
  guint8 bytes[16];
} JxsPcpAddress;

typedef struct
{
  guint8 nonce[JXS_PCP_NONCE_LENGTH];
  guint16 internal_port;
  guint16 external_port;          /* suggested or assigned */
  JxsPcpAddress external_address; /* suggested or assigned */
} JxsPcpMap;

typedef struct
{
  guint32 lifetime; /* seconds; 0: delete */
  JxsPcpAddress client;
  JxsPcpMap map;
} JxsPcpRequest;

typedef struct
{
  guint8 version; /* not 2: the server speaks another one only (§9), nothing else is set */
  guint8 opcode;
  guint8 result;
  guint32 lifetime;
  guint32 epoch;
  gboolean has_map; /* of TCP; always in a successful answer to MAP, maybe in others */
  JxsPcpMap map;
} JxsPcpResponse;

JxsPcpAddress jxs_pcp_address_from_inet (GInetAddress *address);
GInetAddress *jxs_pcp_address_to_inet (const JxsPcpAddress *self);

void jxs_pcp_request_build (const JxsPcpRequest *self, guint8 bytes[JXS_PCP_MAP_LENGTH]);
/* Malformed: JXS_ERROR_PROTOCOL; to be dropped silently (§8.3). */
gboolean
jxs_pcp_response_parse (const guint8 *bytes, gsize length, JxsPcpResponse *parsed, GError **error);

G_END_DECLS
