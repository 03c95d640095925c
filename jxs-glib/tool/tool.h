/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/jxs-glib.h>

G_BEGIN_DECLS

#define TOOL_HELP_WIDTH 79
#define TOOL_INDENT 5 /* of what follows below “jxs: ” */

/* What the commands of `jxs` share. The tool is an application like any other: it uses nothing of
 * the library but its public header. */

typedef enum
{
  TOOL_OK = 0,
  TOOL_FAILED = 1,
  TOOL_USAGE = 2,
  TOOL_SERVER = 3,   /* no connection to the server, or it refuses us */
  TOOL_PEER = 4,     /* the peer refuses, or is not there */
  TOOL_SECURITY = 5, /* encryption failed, or a key is not trusted */
  TOOL_INTERRUPTED = 130,
} ToolStatus;

/* A command: arguments without the program's name and without its own. */
typedef int (*ToolCommand) (int argc, char **argv);

int tool_demo (int argc, char **argv);
int tool_identity (int argc, char **argv);
int tool_trust (int argc, char **argv);
#ifdef JXS_HAS_CLIENT
int tool_chat (int argc, char **argv);
int tool_listen (int argc, char **argv);
int tool_pipe (int argc, char **argv);
int tool_probe (int argc, char **argv);
int tool_verify (int argc, char **argv);
#endif

/* tool.c: errors, waiting, interruption */

/* Prints why something failed in one line, and what may help in another; returns the status. */
int tool_fail (const char *what, const GError *error);
/* The same when the failure is the peer's, or the server's. */
int tool_fail_peer (const char *what, const GError *error);
int tool_fail_server (const char *what, const GError *error);
/* How the command was called is wrong. */
int tool_usage (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* Parses options, and shows their help; FALSE: status says how to end. */
gboolean tool_parse (GOptionContext *context, int *argc, char ***argv, int *status);
/* Cancelled by the first Ctrl-C; the second ends the program at once. */
GCancellable *tool_get_cancellable (void);
void tool_catch_interrupts (void);
/* For calls awaited in the flow of a command:
 *   something_async (..., tool_result_cb, &result);
 *   something_finish (..., tool_wait (&result), error); */
void tool_result_cb (GObject *source, GAsyncResult *result, gpointer user_data);
GAsyncResult *tool_wait (GAsyncResult **result);

/* terminal.c */

typedef enum
{
  TOOL_PLAIN,
  TOOL_BOLD,
  TOOL_DIM,
  TOOL_GREEN,
  TOOL_YELLOW,
  TOOL_CYAN,
} ToolStyle;

gboolean tool_is_terminal (int fd);
/* Starts and ends a style; both "" unless both outputs are a terminal with colours. */
const char *tool_style (ToolStyle style);
const char *tool_end_style (void);
/* Text of others, fit for a terminal: one line without control characters. (transfer full) */
char *tool_clean (const char *text, gsize max_chars);
/* text and as many spaces as make it width columns. (transfer full) */
char *tool_pad (const char *text, gsize width);
/* Breaks lines between words. Further lines begin below the last part of a line that has several,
 * as option and description, but not before the column indent. (transfer full) */
char *tool_wrap (const char *text, gsize width, gsize indent);
/* A line on standard error; on a terminal it is wrapped, and further lines indented. */
void tool_say (gsize indent, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* A question on standard error; the answer is typed behind it. */
void tool_prompt (const char *text);
/* From now on what cannot be printed cancels tool_get_cancellable(). */
void tool_catch_output_errors (void);
/* 0 while all was printed */
int tool_get_output_errno (void);
/* A fingerprint in groups of four digits, in lines of eight, the second indented. (transfer full)
 */
char *tool_fingerprint (const char *hexadecimal, guint indent);
char *tool_size (guint64 bytes);
/* One line that is drawn over and over; nothing when standard output is no terminal. */
void tool_progress (const char *what, guint64 done, guint64 total, gint64 elapsed_us);
void tool_progress_end (void);

/* password.c: all of them are to be given to tool_wipe() */

void tool_wipe (char *text);
/* The first line of a file. NULL with an error. (transfer full) */
char *tool_read_password_file (const char *path, GError **error);
/* Asks on the terminal without echo; otherwise: what to use where there is none. NULL with an
 * error. (transfer full) */
char *tool_ask_password (const char *prompt, const char *otherwise, GError **error);

/* files.c: what the demo moves */

/* A temporary file of random bytes, also open for reading and writing. (transfer full) */
GFile *tool_make_file (guint64 size, GFileIOStream **stream, GError **error);
/* SHA-256, in hexadecimal. (transfer full) */
char *tool_hash_file (GFile *file, GError **error);

/* trace.c: the events of an endpoint as JSON lines on standard error */

void tool_trace (JxsEndpoint *endpoint, const char *name);

/* copy.c */

/* From one stream to another until the end of file, as fast as the slower one takes it. */
typedef struct _ToolCopy ToolCopy;
typedef void (*ToolCopyFunc) (ToolCopy *copy, gpointer user_data);

typedef enum
{
  TOOL_COPY_NONE = 0,
  TOOL_COPY_CLOSE_OUTPUT = 1 << 0, /* at the end of file, so that the other side sees it */
  TOOL_COPY_HASH = 1 << 1,
  TOOL_COPY_TO_PIPE = 1 << 2, /* which blocks when it is given more than it has room for */
} ToolCopyFlags;

/* moved (nullable) is called after each piece and at the end. */
ToolCopy *tool_copy_new (GInputStream *input,
                         GOutputStream *output,
                         ToolCopyFlags flags,
                         GCancellable *cancellable,
                         ToolCopyFunc moved,
                         gpointer user_data);
gboolean tool_copy_is_done (ToolCopy *self);
guint64 tool_copy_get_bytes (ToolCopy *self);
/* NULL while it went well */
const GError *tool_copy_get_error (ToolCopy *self);
/* SHA-256, once done */
const char *tool_copy_get_hash (ToolCopy *self);
/* Only when done. */
void tool_copy_free (ToolCopy *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolCopy, tool_copy_free)

G_END_DECLS
