/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Says hello to a contact over an end-to-end stream, prints what comes back, ends when the contact does.
 *   valac --pkg jxs-glib-1.0 hello.vala
 *   PASSWORD=secret ./hello romeo@example.org juliet@example.org/jxs
 * The optional environment variables SERVER (HOST:PORT) and CA_FILE are for servers of one's own. */

async void hello (string jid, string peer) throws Error {
  var client = new Jxs.Client (new Jxs.Jid (jid));
  client.set_password (Environment.get_variable ("PASSWORD"));
  client.set_server (Environment.get_variable ("SERVER"));
  client.set_ca_file (Environment.get_variable ("CA_FILE"));
  yield client.connect_async (Priority.DEFAULT, null);

  /* A real application keeps its identity: see Jxs.Identity.load_or_generate_async(). */
  var identity = Jxs.Identity.generate (client.get_local_jid (), Jxs.KeyType.ECDSA_P256);
  var endpoint = new Jxs.Endpoint (client, identity, new Jxs.MemoryTrust ());
  var stream = yield endpoint.open_stream_async (new Jxs.Jid (peer), Priority.DEFAULT, null);

  Error? broken = null;
  stream.stanza.connect ((stanza) => {
    var body = stanza.find_child ("body", null);
    if (body != null)
      print ("%s\n", body.get_text ());
    return body != null;
  });
  stream.closed.connect ((error) => {
    broken = error;
    Idle.add (hello.callback);
  });
  stream.send (Jxs.stanza_new_message (null, "Hello"));
  yield;
  if (broken != null)
    throw broken;
}

int main (string[] args) {
  if (args.length != 3) {
    printerr ("usage: hello JID CONTACT/RESOURCE\n");
    return 2;
  }
  var loop = new MainLoop ();
  int status = 0;
  hello.begin (args[1], args[2], (source, result) => {
    try {
      hello.end (result);
    } catch (Error error) {
      printerr ("%s\n", error.message);
      status = 1;
    }
    loop.quit ();
  });
  loop.run ();
  return status;
}
