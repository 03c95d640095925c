#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Says hello to a contact over an end-to-end stream, prints what comes back, ends when the contact does.

    PASSWORD=secret ./hello.py romeo@example.org juliet@example.org/jxs

The optional environment variables SERVER (HOST:PORT) and CA_FILE are for servers of one's own.
"""

import os
import sys

import gi

gi.require_version("Jxs", "1.0")
from gi.repository import GLib, Jxs  # noqa: E402


class Hello:
    def __init__(self, jid, peer):
        self.loop = GLib.MainLoop()
        self.status = 0
        self.peer = Jxs.Jid.new(peer)
        self.client = Jxs.Client.new(Jxs.Jid.new(jid))
        self.client.set_password(os.environ.get("PASSWORD"))
        self.client.set_server(os.environ.get("SERVER"))
        self.client.set_ca_file(os.environ.get("CA_FILE"))

    def run(self):
        self.client.connect_async(GLib.PRIORITY_DEFAULT, None, self.on_connected)
        self.loop.run()
        return self.status

    def fail(self, what, error):
        print(f"{what}: {error.message}", file=sys.stderr)
        self.status = 1
        self.loop.quit()

    def on_connected(self, client, result):
        try:
            client.connect_finish(result)
            # A real application keeps its identity: see Jxs.Identity.load_or_generate_async().
            identity = Jxs.Identity.generate(client.get_local_jid(), Jxs.KeyType.ECDSA_P256)
        except GLib.Error as error:
            return self.fail("No connection", error)
        self.endpoint = Jxs.Endpoint.new(client, identity, Jxs.MemoryTrust.new())
        self.endpoint.open_stream_async(self.peer, GLib.PRIORITY_DEFAULT, None, self.on_opened)

    def on_opened(self, endpoint, result):
        try:
            self.stream = endpoint.open_stream_finish(result)
            self.stream.connect("stanza", self.on_stanza)
            self.stream.connect("closed", self.on_closed)
            self.stream.send(Jxs.stanza_new_message(None, "Hello"))
        except GLib.Error as error:
            self.fail("No stream", error)

    def on_stanza(self, _stream, stanza):
        body = stanza.find_child("body", None)
        if body is None:
            return False
        print(body.get_text(), flush=True)
        return True

    def on_closed(self, _stream, error):
        if error is not None:
            self.fail("The stream broke", error)
        self.loop.quit()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: hello.py JID CONTACT/RESOURCE")
    try:
        sys.exit(Hello(*sys.argv[1:]).run())
    except GLib.Error as error:
        sys.exit(error.message)
