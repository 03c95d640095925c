/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <gio/gunixinputstream.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-mapper-private.h>

/* Asks the real router in front of this machine, for test-mapper.py: `upnp`, `nat-pmp`, `pcp` or
 * `all`. Lines of input: "hold", "release", "drop" (the mapper), "advance MILLISECONDS" (the clock,
 * which stands still otherwise). Lines of output: "mapped HOST PORT PROTOCOL", "none", "settled",
 * and "peer" for each connection that comes in. */

typedef struct
{
  GMainLoop *loop;
  JxsS5bMapper *mapper;
  GSocketService *service;
  GDataInputStream *input;
  guint16 port;
} Live;

static void
say (const char *line)
{
  printf ("%s\n", line);
  fflush (stdout);
}

static void
changed_cb (JxsS5bMapper *mapper, gpointer user_data)
{
  GInetSocketAddress *external = jxs_s5b_mapper_get_external (mapper);
  g_autofree char *host = NULL;
  g_autofree char *line = NULL;

  if (external == NULL)
    {
      say ("none");
      return;
    }
  host = g_inet_address_to_string (g_inet_socket_address_get_address (external));
  line = g_strdup_printf ("mapped %s %u %s",
                          host,
                          g_inet_socket_address_get_port (external),
                          jxs_s5b_mapper_get_protocol (mapper));
  say (line);
}

static void
settled_cb (JxsS5bMapper *mapper, gpointer user_data)
{
  say ("settled");
}

static gboolean
incoming_cb (GSocketService *service,
             GSocketConnection *connection,
             GObject *source,
             gpointer user_data)
{
  say ("peer");
  return TRUE;
}

static void read_command (Live *self);

static void
command_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Live *self = user_data;
  g_autofree char *line = g_data_input_stream_read_line_finish (self->input, result, NULL, NULL);

  if (line == NULL)
    {
      g_main_loop_quit (self->loop);
      return;
    }
  if (strcmp (line, "hold") == 0)
    jxs_s5b_mapper_hold (self->mapper, self->port);
  else if (strcmp (line, "release") == 0)
    jxs_s5b_mapper_release (self->mapper);
  else if (strcmp (line, "drop") == 0)
    g_clear_object (&self->mapper);
  else if (g_str_has_prefix (line, "advance "))
    jxs_clock_advance (g_ascii_strtoll (line + strlen ("advance "), NULL, 10) * 1000);
  read_command (self);
}

static void
read_command (Live *self)
{
  g_data_input_stream_read_line_async (self->input, G_PRIORITY_DEFAULT, NULL, command_cb, self);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    JxsS5bMapperProtocols protocols;
  } names[] = {
    { "upnp", JXS_S5B_MAPPER_UPNP },
    { "nat-pmp", JXS_S5B_MAPPER_NATPMP },
    { "pcp", JXS_S5B_MAPPER_PCP },
    { "all", JXS_S5B_MAPPER_ALL },
  };
  Live self = { 0 };
  g_autoptr (GInputStream) input = g_unix_input_stream_new (0, FALSE);

  jxs_clock_use_fake (0);
  self.loop = g_main_loop_new (NULL, FALSE);
  self.input = g_data_input_stream_new (input);
  self.service = g_socket_service_new ();
  self.port = g_socket_listener_add_any_inet_port (G_SOCKET_LISTENER (self.service), NULL, NULL);
  g_assert_cmpuint (self.port, !=, 0);
  g_signal_connect (self.service, "incoming", G_CALLBACK (incoming_cb), NULL);
  self.mapper = jxs_s5b_mapper_new ();
  g_signal_connect (self.mapper, "changed", G_CALLBACK (changed_cb), NULL);
  g_signal_connect (self.mapper, "settled", G_CALLBACK (settled_cb), NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (argc > 1 && strcmp (argv[1], names[i].name) == 0)
      jxs_s5b_mapper_set_protocols (self.mapper, names[i].protocols);

  read_command (&self);
  g_main_loop_run (self.loop);

  g_clear_object (&self.mapper);
  g_socket_service_stop (self.service);
  g_object_unref (self.service);
  g_object_unref (self.input);
  g_main_loop_unref (self.loop);
  return 0;
}
