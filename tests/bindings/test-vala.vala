// SPDX-License-Identifier: LGPL-2.1-or-later
// Compiled against the VAPI: a channel written in Vala, a stream, a message, an orderly end.

class Channel : Object, Jxs.Channel {
    private Jxs.Jid jid;
    public weak Channel other;

    public Channel (Jxs.Jid jid) {
        this.jid = jid;
    }

    public unowned Jxs.Jid? get_local_jid () {
        return jid;
    }

    public bool is_secure () {
        return false;
    }

    public bool send (Jxs.Element stanza) throws Error {
        var text = stanza.to_string ();
        Idle.add (() => {
            other.deliver (text, jid.to_string ());
            return Source.REMOVE;
        });
        return true;
    }

    private void deliver (string text, string sender) {
        try {
            var stanza = new Jxs.Element.from_string (text);
            stanza.set_attribute ("from", sender);
            if (!receive (stanza))
                refuse (stanza);
        } catch (Error error) {
            critical ("%s", error.message);
        }
    }
}

int status = 1;

async void run () throws Error {
    var jids = new Jxs.Jid[] { new Jxs.Jid ("romeo@montague.lit/orchard"), new Jxs.Jid ("juliet@capulet.lit/balcony") };
    var channels = new Channel[] { new Channel (jids[0]), new Channel (jids[1]) };
    channels[0].other = channels[1];
    channels[1].other = channels[0];
    var romeo = new Jxs.Endpoint (channels[0], Jxs.Identity.generate (jids[0], Jxs.KeyType.ED25519), null);
    var juliet = new Jxs.Endpoint (channels[1], Jxs.Identity.generate (jids[1], Jxs.KeyType.ED25519), new Jxs.MemoryTrust ());

    foreach (var endpoint in new Jxs.Endpoint[] { romeo, juliet }) {
        endpoint.transports = { "s5b" };
        endpoint.allow_loopback = true;
        endpoint.candidate.connect ((peer, candidate) => !new InetAddress.from_string (candidate.host).is_loopback);
    }
    romeo.address_policy = Jxs.AddressPolicy.ASK;
    romeo.address_request.connect ((peer) => romeo.set_peer_address_policy (peer, Jxs.AddressPolicy.ALL));

    string? heard = null;
    Jxs.XmlStream? other = null;
    juliet.incoming.connect ((session) => {
        juliet.accept_stream_async.begin (session, Priority.DEFAULT, null, (_, result) => {
            try {
                other = juliet.accept_stream_async.end (result);
            } catch (Error error) {
                critical ("%s", error.message);
            }
            other.stanza.connect ((stanza) => {
                heard = stanza.find_child ("body", null).get_text ();
                return true;
            });
        });
    });
    var stream = yield romeo.open_stream_async (jids[1], Priority.DEFAULT, null);
    unowned var session = romeo.get_stream_connection (stream).get_session ();
    if (session.get_candidates ().get_n_items () == 0 || session.get_nominated_candidate ().kind != Jxs.CandidateKind.DIRECT)
        return;
    stream.send (Jxs.stanza_new_message (null, "Good night"));
    yield stream.close_async (Priority.DEFAULT, null);
    if (heard == "Good night")
        status = 0;
}

int main () {
    var loop = new MainLoop ();
    run.begin ((_, result) => {
        try {
            run.end (result);
        } catch (Error error) {
            print ("# %s\n", error.message);
        }
        loop.quit ();
    });
    loop.run ();
    print ("1..1\n%s 1 /bindings/vala/stream\n", status == 0 ? "ok" : "not ok");
    return status;
}
