#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `jxs demo` does, in Python through introspection: two endpoints whose channels and trust are Python objects."""

import hashlib
import os
import random
import sys
import tempfile
import unittest

import gi

gi.require_version("Jxs", "1.0")
from gi.repository import Gio, GLib, GObject, Jxs  # noqa: E402

import tap  # noqa: E402

PRIORITY = GLib.PRIORITY_DEFAULT
ADDRESSES = ("romeo@montague.lit/orchard", "juliet@capulet.lit/balcony")


class Channel(GObject.Object, Jxs.Channel):
    """One end of a pair; stanzas travel as text from the main loop of one to that of the other."""

    def __init__(self, address):
        super().__init__()
        self.jid = Jxs.Jid.new(address)
        self.other = None
        self.failure = None
        self.sent = 0

    def do_get_local_jid(self):
        return self.jid

    def do_is_secure(self):
        return False

    def do_send(self, stanza):
        if self.failure is not None:
            raise self.failure
        self.sent += 1
        GLib.idle_add(self.other.deliver, stanza.to_string(), self.jid.to_string())
        return True

    def deliver(self, text, sender):
        stanza = Jxs.Element.new_from_string(text)
        stanza.set_attribute("from", sender)
        if not self.receive(stanza):
            self.refuse(stanza)
        return GLib.SOURCE_REMOVE


class Trust(GObject.Object, Jxs.Trust):
    """Decides later, as a person would."""

    def __init__(self, level):
        super().__init__()
        self.level = level
        self.asked = []
        self.learned = []

    def do_decide(self, request):
        self.asked.append((request.get_peer_jid().to_string(), request.get_fingerprint()))
        GLib.timeout_add(1, self.answer, request)

    def answer(self, request):
        request.respond(self.level, None)
        return GLib.SOURCE_REMOVE

    def do_learn(self, peer, certificate, level, origin, voucher):
        self.learned.append((peer.to_string(), certificate, level, origin, voucher))


class Memory(GObject.Object, Jxs.Trust):
    """Has seen Romeo before."""

    def do_is_known(self, peer):
        return peer.get_local() == "romeo"


class Waiter:
    """The answer of an asynchronous call: `Waiter(object.foo_async, …).finish(object.foo_finish)`."""

    def __init__(self, begin, *arguments):
        self.result = None
        begin(*arguments, self.done)

    def done(self, _source, result):
        self.result = result

    def finish(self, finish):
        wait(lambda: self.result is not None)
        return finish(self.result)


def wait(condition):
    while not condition():
        GLib.MainContext.default().iteration(True)


class Side:
    def __init__(self, address, level, trust=None):
        self.channel = Channel(address)
        self.identity = Jxs.Identity.generate(self.channel.jid, Jxs.KeyType.ECDSA_P256)
        self.trust = trust if trust is not None else Trust(level)
        self.endpoint = Jxs.Endpoint.new(self.channel, self.identity, self.trust)
        self.endpoint.connect("incoming", self.on_incoming)
        self.endpoint.props.allow_loopback = True
        self.endpoint.connect("candidate", self.on_candidate)
        self.peers = []
        self.session = None
        self.accepting = None
        self.stanzas = []
        self.closed = []

    def on_candidate(self, _endpoint, peer, candidate):
        """Only the loopback interface; TRUE is a veto."""
        self.peers.append(peer.to_string())
        candidate.set_priority(candidate.get_priority() - 2)
        return candidate.get_host() not in ("127.0.0.1", "::1")

    def on_incoming(self, endpoint, session):
        self.session = session
        if endpoint.is_stream_session(session):
            accept, self.finish = endpoint.accept_stream_async, endpoint.accept_stream_finish
        else:
            accept, self.finish = endpoint.accept_pipe_async, endpoint.accept_pipe_finish
        self.accepting = Waiter(accept, session, PRIORITY, None)

    def accepted(self):
        wait(lambda: self.accepting is not None)
        return self.accepting.finish(self.finish)

    def listen(self, stream):
        stream.connect("stanza", self.on_stanza)
        stream.connect("closed", lambda _stream, error: self.closed.append(error))

    def on_stanza(self, _stream, stanza):
        self.stanzas.append(stanza)
        return True


class Endpoints(unittest.TestCase):
    def setUp(self):
        self.pair(Jxs.TrustLevel.FIRST_USE, Jxs.TrustLevel.VERIFIED)

    def pair(self, *levels):
        self.romeo, self.juliet = (Side(*side) for side in zip(ADDRESSES, levels))
        self.romeo.channel.other = self.juliet.channel
        self.juliet.channel.other = self.romeo.channel

    def open_stream(self):
        endpoint = self.romeo.endpoint
        return Waiter(endpoint.open_stream_async, self.juliet.channel.jid, PRIORITY, None).finish(
            endpoint.open_stream_finish)

    def open_pipe(self):
        endpoint = self.romeo.endpoint
        return Waiter(endpoint.open_pipe_async, self.juliet.channel.jid, "org.example.File", PRIORITY, None).finish(
            endpoint.open_pipe_finish)

    def test_stream(self):
        stream = self.open_stream()
        self.romeo.listen(stream)
        other = self.juliet.accepted()
        self.juliet.listen(other)
        stream.send(Jxs.stanza_new_message(None, "Art thou not Romeo?"))
        other.send(Jxs.stanza_new_message(None, "Neither, fair maid"))
        wait(lambda: self.romeo.stanzas and self.juliet.stanzas)
        heard = self.juliet.stanzas[0]
        self.assertEqual(heard.find_child("body", None).get_text(), "Art thou not Romeo?")
        self.assertEqual(heard.get_attribute("from"), ADDRESSES[0])
        self.assertEqual(self.romeo.stanzas[0].find_child("body", None).get_text(), "Neither, fair maid")

        connection = self.romeo.endpoint.get_stream_connection(stream)
        self.assertEqual(connection.get_protocol_name(), "TLS 1.3")
        self.assertEqual(connection.get_peer_fingerprint(),
                         self.juliet.identity.get_fingerprint(GLib.ChecksumType.SHA256))
        self.assertEqual(self.romeo.trust.asked, [(ADDRESSES[1], connection.get_peer_fingerprint())])
        self.assertEqual(connection.get_trust_level(), Jxs.TrustLevel.FIRST_USE)
        self.assertEqual(self.juliet.endpoint.get_stream_connection(other).props.trust_level, Jxs.TrustLevel.VERIFIED)

        self.assertTrue(Waiter(stream.close_async, PRIORITY, None).finish(stream.close_finish))
        wait(lambda: self.romeo.closed and self.juliet.closed)
        self.assertEqual(self.romeo.closed + self.juliet.closed, [None, None])
        wait(lambda: self.juliet.session.get_state() == Jxs.SessionState.ENDED)
        self.assertEqual(self.juliet.session.get_reason().get_condition(), Jxs.ReasonCondition.SUCCESS)

    def compare(self):
        """A stream, and both sides of its verification."""
        self.pair(Jxs.TrustLevel.FIRST_USE, Jxs.TrustLevel.FIRST_USE)
        offered = []
        self.juliet.endpoint.connect("verification", lambda _endpoint, verification: offered.append(verification))
        stream = self.open_stream()
        self.romeo.listen(stream)
        other = self.juliet.accepted()
        self.juliet.listen(other)
        ours = self.romeo.endpoint.verify_stream(stream)
        self.assertIsNone(ours.get_digits())
        self.assertEqual(ours.get_stream(), stream)
        wait(lambda: offered)
        sides = (ours, offered[0])
        wait(lambda: all(side.props.state == Jxs.VerificationState.COMPARING for side in sides))
        return (stream, other), sides

    def test_verification(self):
        streams, sides = self.compare()
        self.assertRegex(sides[0].get_digits(), r"^\d{4} \d{4} \d{4}$")
        self.assertEqual(sides[0].props.digits, sides[1].props.digits)
        self.assertEqual(len(sides[0].get_emoji()), 7)
        self.assertEqual(sides[0].get_emoji(), sides[1].props.emoji)
        self.assertEqual(sides[0].get_emoji_names(), sides[1].props.emoji_names)
        self.assertEqual(sides[1].get_peer_jid().to_string(), ADDRESSES[0])
        states = []
        sides[0].connect("notify::state", lambda side, _property: states.append(side.get_state()))
        for side in sides:
            side.confirm()
        wait(lambda: all(side.get_state() == Jxs.VerificationState.VERIFIED for side in sides))
        self.assertEqual(states, [Jxs.VerificationState.CONFIRMED, Jxs.VerificationState.VERIFIED])
        self.assertIsNone(sides[0].get_error())
        peer, certificate, level, origin, voucher = self.romeo.trust.learned[0]
        self.assertEqual((peer, level, origin, voucher),
                         (ADDRESSES[1], Jxs.TrustLevel.VERIFIED, Jxs.TrustOrigin.SHORT_STRING, None))
        self.assertTrue(certificate.is_same(self.juliet.identity.get_certificate()))
        connection = self.romeo.endpoint.get_stream_connection(streams[0])
        self.assertEqual(connection.props.trust_level, Jxs.TrustLevel.VERIFIED)

    def test_verification_rejected(self):
        _streams, sides = self.compare()
        sides[1].reject()
        wait(lambda: self.romeo.closed and self.juliet.closed)
        for side, person in zip(sides, (self.romeo, self.juliet)):
            self.assertEqual(side.get_state(), Jxs.VerificationState.FAILED)
            for error in (side.get_error(), side.props.error, person.closed[0]):
                self.assertTrue(error.matches(Jxs.error_quark(), Jxs.Error.UNTRUSTED), error)
            self.assertEqual(person.trust.learned[0][2], Jxs.TrustLevel.UNKNOWN)

    def test_file(self):
        content = random.Random(1).randbytes(1 << 20)
        pipe = self.open_pipe()
        other = self.juliet.accepted()
        self.assertEqual(self.juliet.endpoint.get_session_service(self.juliet.session), "org.example.File")

        output = pipe.get_output_stream()
        writing = Waiter(output.write_all_async, content, PRIORITY, None)
        received = hashlib.sha256()
        count = 0
        while count < len(content):
            data = Waiter(other.get_input_stream().read_bytes_async, 65536, PRIORITY, None).finish(
                other.get_input_stream().read_bytes_finish).get_data()
            self.assertTrue(data)
            received.update(data)
            count += len(data)
        writing.finish(output.write_all_finish)
        self.assertEqual(received.digest(), hashlib.sha256(content).digest())

        closing = Waiter(pipe.close_async, PRIORITY, None)
        end = Waiter(other.get_input_stream().read_bytes_async, 1, PRIORITY, None).finish(
            other.get_input_stream().read_bytes_finish)
        self.assertEqual(end.get_size(), 0)
        Waiter(other.close_async, PRIORITY, None).finish(other.close_finish)
        self.assertTrue(closing.finish(pipe.close_finish))

    def test_candidates(self):
        pipe = self.open_pipe()
        self.juliet.accepted()
        session = pipe.get_session()
        candidates = list(session.get_candidates())
        self.assertIsInstance(session.get_candidates(), Gio.ListModel)
        self.assertTrue(candidates)
        for candidate in candidates:
            self.assertIsInstance(candidate, Jxs.Candidate)
            self.assertEqual(candidate.get_kind(), Jxs.CandidateKind.DIRECT)
            self.assertIn(candidate.props.host, ("127.0.0.1", "::1"))
            self.assertEqual(candidate.get_jid().to_string(), ADDRESSES[0 if candidate.is_local() else 1])
        nominated = session.props.nominated_candidate
        self.assertIn(nominated, candidates)
        self.assertEqual(nominated.get_state(), Jxs.CandidateState.NOMINATED)
        self.assertIsNone(nominated.get_error())
        self.assertEqual(set(self.romeo.peers), {ADDRESSES[1]})
        self.assertEqual(session.get_transport_namespace(), "urn:xmpp:jingle:transports:s5b:1")

    def test_transports(self):
        self.assertEqual(self.romeo.endpoint.get_transports(), ["s5b", "ibb"])
        self.romeo.endpoint.set_transports(["ibb"])
        self.assertEqual(self.romeo.endpoint.props.transports, ["ibb"])
        pipe = self.open_pipe()
        session = pipe.get_session()
        self.juliet.accepted()
        self.assertEqual(session.get_transport_namespace(), "urn:xmpp:jingle:transports:ibb:1")
        self.assertEqual(len(session.get_candidates()), 0)
        self.assertIsNone(session.get_nominated_candidate())

    def test_address_request(self):
        """Asked, the application answers later: here with no, so in-band is what is left."""
        endpoint, peer = self.romeo.endpoint, self.juliet.channel.jid
        asked = []
        endpoint.connect("address-request", lambda _endpoint, who: asked.append(who.to_string()))
        endpoint.props.address_policy = Jxs.AddressPolicy.ASK
        self.assertEqual(endpoint.get_peer_address_policy(peer), Jxs.AddressPolicy.ASK)
        opening = Waiter(endpoint.open_pipe_async, peer, "org.example.File", PRIORITY, None)
        wait(lambda: asked)
        self.assertEqual(asked, [ADDRESSES[1]])
        self.assertIsNone(opening.result)
        endpoint.set_peer_address_policy(peer, Jxs.AddressPolicy.RELAY_ONLY)
        pipe = opening.finish(endpoint.open_pipe_finish)
        session = pipe.get_session()
        self.juliet.accepted()
        self.assertEqual(session.get_transport_namespace(), "urn:xmpp:jingle:transports:ibb:1")
        self.assertFalse([candidate for candidate in session.get_candidates() if candidate.is_local()])
        endpoint.unset_peer_address_policy(peer)
        self.assertEqual(endpoint.get_peer_address_policy(peer), Jxs.AddressPolicy.ASK)

    def test_network_settings(self):
        endpoint = self.romeo.endpoint
        endpoint.add_proxy(Jxs.Jid.new("proxy.example.org"), None, 0)
        endpoint.add_proxy(Jxs.Jid.new("proxy.example.net"), "192.0.2.9", 7777)
        endpoint.add_external_address("192.0.2.7", 0)
        for name, value in {"port-mapping": True, "enable-proxy": True, "discover-proxies": False,
                            "connect-timeout": 5000, "listen-port": 4711}.items():
            endpoint.set_property(name, value)
            self.assertEqual(endpoint.get_property(name), value)

    def test_untrusted(self):
        self.pair(Jxs.TrustLevel.DISTRUSTED, Jxs.TrustLevel.FIRST_USE)
        with self.assertRaises(GLib.Error) as caught:
            self.open_stream()
        self.assertTrue(caught.exception.matches(Jxs.error_quark(), Jxs.Error.UNTRUSTED), caught.exception)

    def test_known(self):
        romeo, juliet = (Jxs.Jid.new(address) for address in ADDRESSES)
        self.assertTrue(Memory().is_known(romeo))
        self.assertFalse(Memory().is_known(juliet))
        self.assertFalse(Trust(Jxs.TrustLevel.PINNED).is_known(romeo))

    def test_channel_fails(self):
        self.romeo.channel.failure = GLib.Error.new_literal(Gio.io_error_quark(), "No network", Gio.IOErrorEnum.NETWORK_UNREACHABLE)
        with self.assertRaises(GLib.Error) as caught:
            self.open_stream()
        self.assertTrue(caught.exception.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NETWORK_UNREACHABLE),
                        caught.exception)

    def test_channel_is_wrong(self):
        """Any other exception leaves no GError behind: it must neither crash nor hang."""
        self.romeo.channel.failure = KeyError("a mistake")
        hook, sys.excepthook = sys.excepthook, lambda *_: None
        try:
            with self.assertRaises(GLib.Error) as caught:
                self.open_stream()
        finally:
            sys.excepthook = hook
        self.assertTrue(caught.exception.matches(Jxs.error_quark(), Jxs.Error.FAILED), caught.exception)

    def test_own_application(self):
        namespace = "urn:example:game:1"
        self.juliet.endpoint.register(namespace)
        self.juliet.endpoint.disconnect_by_func(self.juliet.on_incoming)
        offers = []
        self.juliet.endpoint.connect("incoming", lambda _endpoint, session: offers.append(session))

        offer = Jxs.Element.new("description", namespace)
        offer.set_attribute("board", "19")
        session = self.romeo.endpoint.create_session(self.juliet.channel.jid, offer)
        connecting = Waiter(self.romeo.endpoint.connect_session_async, session, None, PRIORITY, None)
        wait(lambda: offers)
        self.assertEqual(offers[0].get_description().get_attribute("board"), "19")
        answer = Jxs.Element.new("description", namespace)
        answer.set_attribute("board", "13")
        accepting = Waiter(self.juliet.endpoint.connect_session_async, offers[0], answer, PRIORITY, None)
        connection = connecting.finish(self.romeo.endpoint.connect_session_finish)
        other = accepting.finish(self.juliet.endpoint.connect_session_finish)
        self.assertEqual(session.get_description().get_attribute("board"), "13")

        infos = []
        offers[0].connect("info", lambda _session, payload: infos.append(payload.get_name()) or True)
        Waiter(session.send_info_async, Jxs.Element.new("pass", namespace), PRIORITY, None).finish(
            session.send_info_finish)
        self.assertEqual(infos, ["pass"])
        connection.close()
        wait(lambda: session.get_state() == Jxs.SessionState.ENDED)
        other.close()


class Store(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="jxs-trust-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.juliet = Jxs.Jid.new("juliet@capulet.lit")
        self.fingerprint = hashlib.sha256(b"key").hexdigest()
        self.store = self.open("trust.db")

    def open(self, name):
        file = Gio.File.new_for_path(os.path.join(self.folder, name))
        waiter = Waiter(Jxs.TrustStore.open_async, file, PRIORITY, None)
        return waiter.finish(Jxs.TrustStore.open_finish)

    def set_level(self, level):
        store = self.store
        waiter = Waiter(store.set_level_async, self.juliet, self.fingerprint, level, Jxs.TrustOrigin.FINGERPRINT,
                        PRIORITY, None)
        self.assertTrue(waiter.finish(store.set_level_finish))

    def test_list(self):
        store, changes = self.store, []
        store.connect("items-changed", lambda _store, *change: changes.append(change))
        self.set_level(Jxs.TrustLevel.VERIFIED)
        self.assertEqual(changes, [(0, 0, 1)])
        (record,) = store
        self.assertEqual(record.get_jid().to_string(), "juliet@capulet.lit")
        self.assertEqual(record.props.fingerprint, self.fingerprint)
        self.assertEqual((record.props.level, record.props.origin),
                         (Jxs.TrustLevel.VERIFIED, Jxs.TrustOrigin.FINGERPRINT))
        self.assertIsNone(record.get_certificate())
        self.assertIs(store.lookup(self.juliet, self.fingerprint), record)
        levels = []
        record.connect("notify::level", lambda *_: levels.append(record.props.level))
        self.set_level(Jxs.TrustLevel.DISTRUSTED)
        self.assertEqual(levels, [Jxs.TrustLevel.DISTRUSTED])

        file = Gio.File.new_for_path(os.path.join(self.folder, "keys.txt"))
        self.assertTrue(Waiter(store.export_async, file, PRIORITY, None).finish(store.export_finish))
        waiter = Waiter(store.remove_async, self.juliet, None, PRIORITY, None)
        self.assertEqual(waiter.finish(store.remove_finish), (True, 1))
        self.assertEqual(len(store), 0)
        waiter = Waiter(store.import_async, file, PRIORITY, None)
        self.assertEqual(waiter.finish(store.import_finish), (True, 1, 0, 0))
        self.assertEqual(store[0].props.level, Jxs.TrustLevel.DISTRUSTED)

    def test_contact(self):
        """Asked who that is, a person answers later; then two endpoints meet with one store each."""
        asked = []

        def on_contact(_store, request, kind, known):
            asked.append((request.get_peer_jid().to_string(), kind, known))
            GLib.idle_add(request.respond, Jxs.TrustLevel.VERIFIED, None)
            return True

        self.store.connect("contact", on_contact)
        romeo = Side(ADDRESSES[0], Jxs.TrustLevel.FIRST_USE, self.store)
        juliet = Side(ADDRESSES[1], Jxs.TrustLevel.FIRST_USE, self.open("other.db"))
        romeo.channel.other, juliet.channel.other = juliet.channel, romeo.channel
        endpoint = romeo.endpoint
        waiter = Waiter(endpoint.open_pipe_async, juliet.channel.jid, "org.example.File", PRIORITY, None)
        pipe = waiter.finish(endpoint.open_pipe_finish)
        self.assertEqual(asked, [(ADDRESSES[1], Jxs.TrustContact.FIRST, None)])
        self.assertEqual(pipe.get_trust_level(), Jxs.TrustLevel.VERIFIED)
        self.assertEqual(juliet.accepted().get_trust_level(), Jxs.TrustLevel.FIRST_USE)
        self.assertTrue(self.store.is_known(juliet.channel.jid))

    def test_refused(self):
        with open(os.path.join(self.folder, "junk.db"), "wb") as file:
            file.write(b"junk" * 1000)
        with self.assertRaises(GLib.Error) as caught:
            self.open("junk.db")
        self.assertTrue(caught.exception.matches(Gio.io_error_quark(), Gio.IOErrorEnum.INVALID_DATA), caught.exception)


class Elements(unittest.TestCase):
    def test_tree(self):
        element = Jxs.Element.new_from_string("<a xmlns='urn:x'><b c='d'>e</b><b/></a>")
        self.assertEqual(element.get_namespace(), "urn:x")
        child = element.find_child("b", None)
        self.assertEqual((child.get_attribute("c"), child.get_text()), ("d", "e"))
        self.assertIsNotNone(child.get_next_sibling())
        del element
        self.assertEqual(child.get_text(), "e")

    def test_refused(self):
        with self.assertRaises(GLib.Error):
            Jxs.Element.new_from_string("<a><!DOCTYPE x></a>")
        with self.assertRaises(GLib.Error) as caught:
            Jxs.Jid.new("@@")
        self.assertTrue(caught.exception.matches(Jxs.error_quark(), Jxs.Error.INVALID_JID))


class Keys(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.file = Gio.File.new_for_path(os.path.join(self.folder.name, "identity.pem"))
        self.jid = Jxs.Jid.new("romeo@montague.lit/orchard")

    def load(self, password):
        waiter = Waiter(Jxs.Identity.load_async, self.file, password, PRIORITY, None)
        return waiter.finish(Jxs.Identity.load_finish)

    def test_fingerprint(self):
        identity = Jxs.Identity.generate(self.jid, Jxs.KeyType.ED25519)
        fingerprint = identity.get_fingerprint(GLib.ChecksumType.SHA256)
        text = Jxs.fingerprint_to_text(fingerprint)
        self.assertEqual(text.split(), [fingerprint[i : i + 4].upper() for i in range(0, 64, 4)])
        self.assertEqual(Jxs.fingerprint_from_text(text), fingerprint)

        uri = Jxs.fingerprint_to_uri(self.jid, fingerprint)
        self.assertEqual(uri, f"xmpp:romeo@montague.lit?trust;sha-256={fingerprint}")
        found, jid, read = Jxs.fingerprint_from_uri(uri)
        self.assertTrue(found)
        self.assertEqual((jid.to_string(), read), ("romeo@montague.lit", fingerprint))
        for call, wrong in ((Jxs.fingerprint_from_uri, uri[:-1]), (Jxs.fingerprint_from_text, "love")):
            with self.assertRaises(GLib.Error) as caught:
                call(wrong)
            self.assertTrue(caught.exception.matches(Jxs.error_quark(), Jxs.Error.INVALID_ARGUMENT))

    def test_password(self):
        waiter = Waiter(Jxs.Identity.load_or_generate_async, self.file, self.jid, "balcony", PRIORITY, None)
        identity = waiter.finish(Jxs.Identity.load_or_generate_finish)
        self.assertTrue(self.load("balcony").props.certificate.is_same(identity.props.certificate))
        for password in (None, "orchard"):
            with self.assertRaises(GLib.Error) as caught:
                self.load(password)
            self.assertTrue(caught.exception.matches(Jxs.error_quark(), Jxs.Error.AUTHENTICATION))

    def test_renew(self):
        identity = Jxs.Identity.generate(self.jid, Jxs.KeyType.ECDSA_P256)
        self.assertGreater(identity.get_expiry(), GLib.get_real_time() / 1000000 + 9 * 365 * 86400)
        self.assertIsNone(identity.get_successor())
        successor = identity.renew()
        self.assertEqual(identity.get_successor(), successor)
        self.assertEqual(successor.get_jid().to_string(), "romeo@montague.lit")
        Waiter(identity.save_async, self.file, None, PRIORITY, None).finish(identity.save_finish)
        loaded = self.load(None)
        self.assertTrue(loaded.get_successor().get_certificate().is_same(successor.get_certificate()))

    def test_token(self):
        with self.assertRaises(GLib.Error) as caught:
            Jxs.Identity.new_from_pkcs11("pkcs11:token=nowhere;object=nothing", None)
        self.assertTrue(caught.exception.matches(Jxs.error_quark(), Jxs.Error.INVALID_ARGUMENT))


if __name__ == "__main__":
    tap.main("/bindings/python")
