#!/usr/bin/env -S gjs -m
// SPDX-License-Identifier: LGPL-2.1-or-later
// Two endpoints over a channel written in JavaScript: a stream, a message each way, an orderly end.

import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import Gio from 'gi://Gio';
import Jxs from 'gi://Jxs?version=1.0';

Gio._promisify(Jxs.Endpoint.prototype, 'open_stream_async', 'open_stream_finish');
Gio._promisify(Jxs.Endpoint.prototype, 'accept_stream_async', 'accept_stream_finish');
Gio._promisify(Jxs.XmlStream.prototype, 'close_async', 'close_finish');
Gio._promisify(Jxs.TrustStore, 'open_async', 'open_finish');
Gio._promisify(Jxs.TrustStore.prototype, 'set_level_async', 'set_level_finish');
Gio._promisify(Jxs.Identity, 'load_async', 'load_finish');
Gio._promisify(Jxs.Identity.prototype, 'save_async', 'save_finish');

const Channel = GObject.registerClass({
    Implements: [Jxs.Channel],
}, class Channel extends GObject.Object {
    constructor(address) {
        super();
        this.jid = Jxs.Jid.new(address);
    }

    vfunc_get_local_jid() {
        return this.jid;
    }

    vfunc_is_secure() {
        return false;
    }

    vfunc_send(stanza) {
        if (this.failure)
            throw this.failure;
        const text = stanza.to_string();
        GLib.idle_add(GLib.PRIORITY_DEFAULT, () => {
            this.other.deliver(text, this.jid.to_string());
            return GLib.SOURCE_REMOVE;
        });
        return true;
    }

    deliver(text, sender) {
        const stanza = Jxs.Element.new_from_string(text);
        stanza.set_attribute('from', sender);
        if (!this.receive(stanza))
            this.refuse(stanza);
    }
});

function makeEndpoint(channel, trust = null) {
    const identity = Jxs.Identity.generate(channel.jid, Jxs.KeyType.ECDSA_P256);
    const endpoint = Jxs.Endpoint.new(channel, identity, trust);
    endpoint.allow_loopback = true;
    // Only the loopback interface; true is a veto.
    endpoint.connect('candidate', (_endpoint, _peer, candidate) => !['127.0.0.1', '::1'].includes(candidate.host));
    return endpoint;
}

function assert(condition, what) {
    if (!condition)
        throw new Error(what);
}

function makePair() {
    const channels = ['romeo@montague.lit/orchard', 'juliet@capulet.lit/balcony']
        .map(address => new Channel(address));
    channels[0].other = channels[1];
    channels[1].other = channels[0];
    return [channels, channels.map(channel => makeEndpoint(channel))];
}

function nextStanza(stream) {
    return new Promise(resolve => {
        const id = stream.connect('stanza', (_stream, stanza) => {
            stream.disconnect(id);
            resolve(stanza.find_child('body', null).get_text());
            return true;
        });
    });
}

async function testStream() {
    const [channels, [romeo, juliet]] = makePair();
    const accepted = new Promise((resolve, reject) => {
        juliet.connect('incoming', (endpoint, session) => {
            assert(endpoint.is_stream_session(session), 'not a stream');
            endpoint.accept_stream_async(session, GLib.PRIORITY_DEFAULT, null).then(resolve, reject);
        });
    });
    const stream = await romeo.open_stream_async(channels[1].jid, GLib.PRIORITY_DEFAULT, null);
    const other = await accepted;
    const closed = new Promise(resolve => other.connect('closed', (_stream, error) => resolve(error)));
    const heard = [nextStanza(other), nextStanza(stream)];
    stream.send(Jxs.stanza_new_message(null, 'Who’s there?'));
    other.send(Jxs.stanza_new_message(null, 'It is I'));
    assert(await heard[0] === 'Who’s there?', 'the first message');
    assert(await heard[1] === 'It is I', 'the second message');
    const connection = romeo.get_stream_connection(stream);
    assert(connection.get_protocol_name() === 'TLS 1.3', 'TLS 1.3');
    const candidates = [...connection.get_session().get_candidates()];
    assert(candidates.length > 0 && candidates.every(candidate => candidate.kind === Jxs.CandidateKind.DIRECT),
        'candidates');
    assert(connection.get_session().nominated_candidate.state === Jxs.CandidateState.NOMINATED, 'the one in use');
    await stream.close_async(GLib.PRIORITY_DEFAULT, null);
    assert(await closed === null, 'an orderly end');
}

async function testVerification() {
    const [channels, [romeo, juliet]] = makePair();
    juliet.connect('incoming', (endpoint, session) =>
        endpoint.accept_stream_async(session, GLib.PRIORITY_DEFAULT, null)
            .then(stream => (juliet.stream = stream)).catch(logError));
    const compared = verification => new Promise(resolve => {
        verification.connect('notify::state', () => {
            if (verification.state === Jxs.VerificationState.COMPARING)
                resolve(verification);
        });
    });
    const over = verification => new Promise(resolve => {
        verification.connect('notify::state', () => {
            if (verification.state >= Jxs.VerificationState.VERIFIED)
                resolve(verification.state);
        });
    });
    const offered = new Promise(resolve =>
        juliet.connect('verification', (_endpoint, verification) => resolve(compared(verification))));
    const stream = await romeo.open_stream_async(channels[1].jid, GLib.PRIORITY_DEFAULT, null);
    const ours = await compared(romeo.verify_stream(stream));
    const theirs = await offered;
    assert(/^\d{4} \d{4} \d{4}$/.test(ours.digits), 'twelve digits');
    assert(ours.get_digits() === theirs.digits, 'the same digits');
    assert(ours.emoji.length === 7 && ours.emoji.join() === theirs.get_emoji().join(), 'the same pictures');
    assert(ours.emoji_names.join() === theirs.get_emoji_names().join(), 'their names');
    const ends = [over(ours), over(theirs)];
    ours.confirm();
    theirs.confirm();
    assert((await Promise.all(ends)).every(state => state === Jxs.VerificationState.VERIFIED), 'verified');
    const connection = romeo.get_stream_connection(stream);
    assert(connection.trust_level === Jxs.TrustLevel.VERIFIED, 'level');
    assert(connection.trust_origin === Jxs.TrustOrigin.SHORT_STRING, 'origin');

    const again = await compared(romeo.verify_stream(stream));
    const end = over(again);
    again.cancel();
    assert(await end === Jxs.VerificationState.FAILED, 'cancelled');
    assert(again.get_error().matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED), `${again.error}`);
    await stream.close_async(GLib.PRIORITY_DEFAULT, null);
}

async function testAddressRequest() {
    const [channels, [romeo, juliet]] = makePair();
    juliet.connect('incoming', (endpoint, session) =>
        endpoint.accept_stream_async(session, GLib.PRIORITY_DEFAULT, null).catch(logError));
    romeo.address_policy = Jxs.AddressPolicy.ASK;
    romeo.connect('address-request', (endpoint, peer) => {
        GLib.idle_add(GLib.PRIORITY_DEFAULT, () => {
            endpoint.set_peer_address_policy(peer, Jxs.AddressPolicy.RELAY_ONLY);
            return GLib.SOURCE_REMOVE;
        });
    });
    const stream = await romeo.open_stream_async(channels[1].jid, GLib.PRIORITY_DEFAULT, null);
    const session = romeo.get_stream_connection(stream).get_session();
    assert(session.get_transport_namespace() === 'urn:xmpp:jingle:transports:ibb:1', 'in-band');
    assert(![...session.get_candidates()].some(candidate => candidate.is_local()), 'no address of ours');
    await stream.close_async(GLib.PRIORITY_DEFAULT, null);
}

async function testFailure() {
    const [channels, [romeo]] = makePair();
    channels[0].failure = new GLib.Error(Gio.io_error_quark(), Gio.IOErrorEnum.NETWORK_UNREACHABLE, 'No network');
    try {
        await romeo.open_stream_async(channels[1].jid, GLib.PRIORITY_DEFAULT, null);
    } catch (error) {
        assert(error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NETWORK_UNREACHABLE), `${error}`);
        return;
    }
    throw new Error('opened without a network');
}

async function testIdentity() {
    const jid = Jxs.Jid.new('romeo@montague.lit');
    const identity = Jxs.Identity.generate(jid, Jxs.KeyType.ED25519);
    const fingerprint = identity.get_fingerprint(GLib.ChecksumType.SHA256);
    const [found, named, read] = Jxs.fingerprint_from_uri(Jxs.fingerprint_to_uri(jid, fingerprint));
    assert(found && named.equal(jid) && read === fingerprint, 'link');

    const folder = GLib.Dir.make_tmp('jxs-gjs-XXXXXX');
    const file = Gio.File.new_for_path(`${folder}/identity.pem`);
    const successor = identity.renew();
    await identity.save_async(file, 'balcony', GLib.PRIORITY_DEFAULT, null);
    try {
        const loaded = await Jxs.Identity.load_async(file, 'balcony', GLib.PRIORITY_DEFAULT, null);
        assert(loaded.get_successor().certificate.is_same(successor.certificate), 'successor');
        const refused = await Jxs.Identity.load_async(file, null, GLib.PRIORITY_DEFAULT, null).catch(error => error);
        assert(refused.matches?.(Jxs.error_quark(), Jxs.Error.AUTHENTICATION), `${refused}`);
    } finally {
        file.delete(null);
        GLib.rmdir(folder);
    }
}

async function testTrustStore() {
    const folder = GLib.Dir.make_tmp('jxs-trust-XXXXXX');
    const file = Gio.File.new_for_path(`${folder}/trust.db`);
    const store = await Jxs.TrustStore.open_async(file, GLib.PRIORITY_DEFAULT, null);
    const nurse = Jxs.Jid.new('nurse@capulet.lit');
    await store.set_level_async(nurse, 'ab'.repeat(32), Jxs.TrustLevel.DISTRUSTED, Jxs.TrustOrigin.APPLICATION,
        GLib.PRIORITY_DEFAULT, null);
    assert(store.get_n_items() === 1, 'one key');
    assert(store.get_item(0).level === Jxs.TrustLevel.DISTRUSTED, 'its level');

    const asked = [];
    store.connect('contact', (_store, request, kind, known) => {
        asked.push([request.peer_jid.to_string(), kind, known]);
        request.respond(Jxs.TrustLevel.VERIFIED, null);
        return true;
    });
    const channels = ['romeo@montague.lit/orchard', 'juliet@capulet.lit/balcony'].map(address => new Channel(address));
    channels[0].other = channels[1];
    channels[1].other = channels[0];
    const romeo = makeEndpoint(channels[0], store);
    const juliet = makeEndpoint(channels[1]);
    juliet.connect('incoming', (endpoint, session) =>
        endpoint.accept_stream_async(session, GLib.PRIORITY_DEFAULT, null).catch(logError));
    const stream = await romeo.open_stream_async(channels[1].jid, GLib.PRIORITY_DEFAULT, null);
    assert(asked.length === 1 && asked[0][0] === 'juliet@capulet.lit/balcony', 'asked once');
    assert(asked[0][1] === Jxs.TrustContact.FIRST && asked[0][2] === null, 'the first key');
    assert(romeo.get_stream_connection(stream).trust_level === Jxs.TrustLevel.VERIFIED, 'the answer');
    assert(store.is_known(channels[1].jid), 'known now');
    await stream.close_async(GLib.PRIORITY_DEFAULT, null);
    GLib.spawn_command_line_sync(`rm -r ${folder}`);
}

const tests = [
    ['stream', testStream],
    ['verification', testVerification],
    ['address-request', testAddressRequest],
    ['failure', testFailure],
    ['identity', testIdentity],
    ['trust-store', testTrustStore],
];
const loop = new GLib.MainLoop(null, false);
let status = 0;

async function run() {
    print(`1..${tests.length}`);
    for (const [index, [name, test]] of tests.entries()) {
        try {
            await test();
            print(`ok ${index + 1} /bindings/gjs/${name}`);
        } catch (error) {
            status = 1;
            print(`not ok ${index + 1} /bindings/gjs/${name}\n# ${error}`);
        }
    }
    loop.quit();
}

run();
loop.run();
imports.system.exit(status);
