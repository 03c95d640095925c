/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/transports/s5b/jxs-s5b-proxies-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#include "s5b-server.h"

G_BEGIN_DECLS

#define ROMEO "romeo@montague.example/orchard"
#define SERVER "montague.example"
#define PROXY "proxy.montague.example"
#define JULIET "juliet@capulet.example/balcony"

#define ITEMS(content) "<query xmlns='" JXS_NS_DISCO_ITEMS "'>" content "</query>"
#define INFO(content) "<query xmlns='" JXS_NS_DISCO_INFO "'>" content "</query>"
#define HOSTS(content) "<query xmlns='" JXS_NS_BYTESTREAMS "'>" content "</query>"
#define ITEM(jid) "<item jid='" jid "'/>"
#define IDENTITY "<identity category='proxy' type='bytestreams' name='Relay'/>"
#define HOST(jid, host, port) "<streamhost jid='" jid "' host='" host "' port='" port "'/>"

#define KNOWN PROXY " 192.0.2.1 7625\n"

typedef struct
{
  Server server;
  JxsS5bProxies *proxies;
  guint n_changed;
} Fixture;

void fixture_init (Fixture *fixture, const char *jid);
void fixture_clear (Fixture *fixture);
/* What is due has happened. */
void search (Fixture *fixture);
/* expected: "jid host port" lines. */
void assert_known (Fixture *fixture, const char *expected);
/* And that is all. */
void assert_found (Fixture *fixture, const char *expected);
/* One proxy: KNOWN. */
void answer_all_well (Fixture *fixture);

G_END_DECLS
