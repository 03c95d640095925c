#!/usr/bin/gjs -m
// SPDX-License-Identifier: LGPL-2.1-or-later
// Says hello to a contact over an end-to-end stream, prints what comes back, ends when the contact does.
//   PASSWORD=secret ./hello.js romeo@example.org juliet@example.org/jxs
// The optional environment variables SERVER (HOST:PORT) and CA_FILE are for servers of one's own.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Jxs from 'gi://Jxs?version=1.0';
import System from 'system';

Gio._promisify(Jxs.Client.prototype, 'connect_async', 'connect_finish');
Gio._promisify(Jxs.Endpoint.prototype, 'open_stream_async', 'open_stream_finish');

async function hello(jid, peer) {
    const client = Jxs.Client.new(Jxs.Jid.new(jid));
    client.set_password(GLib.getenv('PASSWORD'));
    client.set_server(GLib.getenv('SERVER'));
    client.set_ca_file(GLib.getenv('CA_FILE'));
    await client.connect_async(GLib.PRIORITY_DEFAULT, null);

    // A real application keeps its identity: see Jxs.Identity.load_or_generate_async().
    const identity = Jxs.Identity.generate(client.get_local_jid(), Jxs.KeyType.ECDSA_P256);
    const endpoint = Jxs.Endpoint.new(client, identity, Jxs.MemoryTrust.new());
    const stream = await endpoint.open_stream_async(Jxs.Jid.new(peer), GLib.PRIORITY_DEFAULT, null);

    return new Promise((resolve, reject) => {
        stream.connect('stanza', (_stream, stanza) => {
            const body = stanza.find_child('body', null);
            if (body !== null)
                print(body.get_text());
            return body !== null;
        });
        stream.connect('closed', (_stream, error) => (error ? reject(error) : resolve()));
        stream.send(Jxs.stanza_new_message(null, 'Hello'));
        // Keeps the endpoint alive as long as the stream.
        stream.endpoint = endpoint;
    });
}

if (ARGV.length !== 2) {
    printerr('usage: hello.js JID CONTACT/RESOURCE');
    System.exit(2);
}

const loop = new GLib.MainLoop(null, false);
let status = 0;
hello(...ARGV)
    .catch(error => {
        printerr(error.message);
        status = 1;
    })
    .finally(() => loop.quit());
loop.run();
System.exit(status);
