/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <glib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* bench-delay-relay PORT DELAY_US: a relay in front of 127.0.0.1:PORT that holds every byte back
 * for DELAY_US in each direction, without loss and without a limit of its own on the rate. It
 * prints the port it listens on and runs until it is killed. */

#define MAX_CONNECTIONS 16
#define READ_SIZE (64 * 1024)
#define MAX_HELD (16 * 1024 * 1024) /* bytes per direction: far above rate times delay */

typedef struct
{
  gint64 due_us;
  gsize size;
  gsize written;
  guint8 data[];
} Chunk;

typedef struct
{
  int from, to;
  GQueue held; /* (element-type Chunk) */
  gsize n_held;
  gboolean ended; /* nothing more comes in */
  gboolean shut;  /* and that was passed on */
} Direction;

typedef struct
{
  int fds[2];
  Direction directions[2];
} Connection;

static GPtrArray *connections;
static gint64 delay_us;

static void
fail (const char *what)
{
  perror (what);
  exit (1);
}

static void
set_options (int fd)
{
  int one = 1;

  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static void
take_connection (int listener, guint16 port)
{
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl (INADDR_LOOPBACK),
                                 .sin_port = htons (port) };
  Connection *connection = g_new0 (Connection, 1);
  int client = accept4 (listener, NULL, NULL, SOCK_CLOEXEC);
  int server = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (client < 0 || server < 0)
    fail ("accept");
  if (connect (server, (struct sockaddr *) &address, sizeof address) < 0)
    fail ("connect");
  set_options (client);
  set_options (server);

  connection->fds[0] = client;
  connection->fds[1] = server;
  for (guint i = 0; i < 2; i++)
    {
      connection->directions[i].from = connection->fds[i];
      connection->directions[i].to = connection->fds[1 - i];
      g_queue_init (&connection->directions[i].held);
    }
  g_ptr_array_add (connections, connection);
}

static gboolean
can_read (Direction *self)
{
  return !self->ended && self->n_held < MAX_HELD;
}

static void
read_some (Direction *self)
{
  while (can_read (self))
    {
      Chunk *chunk = g_malloc (sizeof (Chunk) + READ_SIZE);
      gssize n = recv (self->from, chunk->data, READ_SIZE, MSG_DONTWAIT);

      if (n <= 0)
        {
          g_free (chunk);
          self->ended = n == 0 || (errno != EAGAIN && errno != EINTR);
          return;
        }
      chunk = g_realloc (chunk, sizeof (Chunk) + n);
      chunk->due_us = g_get_monotonic_time () + delay_us;
      chunk->size = n;
      chunk->written = 0;
      self->n_held += n;
      g_queue_push_tail (&self->held, chunk);
    }
}

static gboolean
is_due (Direction *self, gint64 now_us)
{
  Chunk *chunk = g_queue_peek_head (&self->held);

  return chunk != NULL && chunk->due_us <= now_us;
}

static void
write_due (Direction *self)
{
  while (is_due (self, g_get_monotonic_time ()))
    {
      Chunk *chunk = g_queue_peek_head (&self->held);
      gssize n = send (self->to,
                       chunk->data + chunk->written,
                       chunk->size - chunk->written,
                       MSG_DONTWAIT | MSG_NOSIGNAL);

      if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
      if (n < 0) /* gone: drop what is left */
        n = chunk->size - chunk->written;
      self->n_held -= n;
      chunk->written += n;
      if (chunk->written == chunk->size)
        g_free (g_queue_pop_head (&self->held));
    }
  if (self->ended && !self->shut && g_queue_is_empty (&self->held))
    {
      shutdown (self->to, SHUT_WR);
      self->shut = TRUE;
    }
}

static void
turn (int listener, guint16 port)
{
  struct pollfd polls[1 + 2 * MAX_CONNECTIONS];
  gint64 now_us = g_get_monotonic_time ();
  gint64 next_us = G_MAXINT64;
  struct timespec timeout = { 0 };

  polls[0] =
      (struct pollfd){ .fd = connections->len < MAX_CONNECTIONS ? listener : -1, .events = POLLIN };
  for (guint i = 0; i < connections->len; i++)
    {
      Connection *connection = g_ptr_array_index (connections, i);

      for (guint j = 0; j < 2; j++)
        {
          Direction *in = &connection->directions[j];
          Direction *out = &connection->directions[1 - j];
          Chunk *first = g_queue_peek_head (&out->held);
          short events = (can_read (in) ? POLLIN : 0) | (is_due (out, now_us) ? POLLOUT : 0);

          polls[1 + 2 * i + j] =
              (struct pollfd){ .fd = events != 0 ? connection->fds[j] : -1, .events = events };
          if (first != NULL && first->due_us > now_us)
            next_us = MIN (next_us, first->due_us);
        }
    }

  if (next_us != G_MAXINT64)
    {
      timeout.tv_sec = (next_us - now_us) / G_USEC_PER_SEC;
      timeout.tv_nsec = (next_us - now_us) % G_USEC_PER_SEC * 1000;
    }
  if (ppoll (polls, 1 + 2 * connections->len, next_us != G_MAXINT64 ? &timeout : NULL, NULL) < 0 &&
      errno != EINTR)
    fail ("ppoll");

  for (guint i = 0; i < connections->len; i++)
    {
      Connection *connection = g_ptr_array_index (connections, i);

      for (guint j = 0; j < 2; j++)
        {
          if (polls[1 + 2 * i + j].revents & (POLLIN | POLLHUP | POLLERR))
            read_some (&connection->directions[j]);
          write_due (&connection->directions[j]);
        }
    }
  if (polls[0].revents & POLLIN)
    take_connection (listener, port);
}

int
main (int argc, char *argv[])
{
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t size = sizeof address;
  int listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (argc != 3)
    {
      fprintf (stderr, "usage: %s PORT DELAY_US\n", argv[0]);
      return 2;
    }
  prctl (PR_SET_PDEATHSIG, SIGTERM);
  prctl (PR_SET_TIMERSLACK, 1000, 0, 0, 0);
  delay_us = g_ascii_strtoll (argv[2], NULL, 10);
  connections = g_ptr_array_new ();

  if (bind (listener, (struct sockaddr *) &address, size) < 0 || listen (listener, 16) < 0 ||
      getsockname (listener, (struct sockaddr *) &address, &size) < 0)
    fail ("listen");
  printf ("%u\n", ntohs (address.sin_port));
  fflush (stdout);

  for (;;)
    turn (listener, g_ascii_strtoull (argv[1], NULL, 10));
}
