#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The laboratory itself: what passes, what does not, and how; the proxies of both servers; nothing is left."""

import contextlib
import hashlib
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import time
import unittest

import bytestream
import ejabberd
import lab
import prosody
import tap
import xmpp

HELD_BYTES = 8192  # more than a proxy holds back
SHORT = 0.3  # what is to fail by silence
RELAYED_BYTES = 3 * 1024 * 1024


class Laboratory(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)

    def lab(self, **options):
        return self.stack.enter_context(lab.Lab(**options))

    def assert_open(self, source, target, address):
        with target.listen(address) as listener, source.connect(address, listener.getsockname()[1]) as connection:
            with listener.accept()[0] as accepted:
                accepted.sendall(b"hello")
                self.assertEqual(bytestream.receive(connection, 5), b"hello")

    def assert_silent(self, source, target, address):
        with target.listen(address) as listener, self.assertRaises(TimeoutError):
            source.connect(address, listener.getsockname()[1], SHORT)

    def test_nat(self):
        world = self.lab()
        for client in (world.a, world.b):
            self.assert_open(client, world.p, world.p.ipv4)
        self.assert_silent(world.a, world.b, world.b.ipv4)
        self.assert_silent(world.b, world.a, world.a.ipv4)
        # Not by the outer address of the router either, from outside or from within.
        with world.b.listen(world.b.ipv4) as listener:
            for source in (world.a, world.b, world.p):
                with self.assertRaises(OSError):
                    source.connect(world.r2.ipv4, listener.getsockname()[1], SHORT)

    def test_ipv6(self):
        for ipv4 in (True, False):
            with self.subTest(ipv4=ipv4), lab.Lab(ipv4=ipv4, ipv6=True) as world:
                self.assert_open(world.a, world.b, world.b.ipv6)
                self.assert_open(world.b, world.a, world.a.ipv6)
                self.assert_open(world.a, world.p, world.p.ipv6)
                self.assertEqual(world.a.ipv4 is not None, ipv4)

    def test_same_address(self):
        world = self.lab(same_lan=True)
        self.assertEqual(world.a.ipv4, world.b.ipv4)
        self.assert_open(world.a, world.p, world.p.ipv4)
        self.assert_open(world.b, world.p, world.p.ipv4)

    def test_refused(self):
        world = self.lab()
        world.refuse_private()
        with world.b.listen(world.b.ipv4) as listener, self.assertRaises(ConnectionRefusedError):
            world.a.connect(world.b.ipv4, listener.getsockname()[1])

    def test_closed(self):
        world = self.lab(ipv6=True)
        with world.p.listen(world.p.ipv4) as server:
            for verdict in (lab.DROP, lab.REJECT):
                world.r1.close_all_but(server.getsockname()[1], verdict)
                world.a.connect(*server.getsockname()).close()
                for source, target, address in ((world.a, world.p, world.p.ipv4), (world.a, world.b, world.b.ipv6),
                                                (world.b, world.a, world.a.ipv6)):
                    with target.listen(address) as listener, self.assertRaises(OSError) as caught:
                        source.connect(address, listener.getsockname()[1], SHORT)
                    self.assertEqual(isinstance(caught.exception, ConnectionRefusedError), verdict == lab.REJECT,
                                     f"{source.name} to {address}: {caught.exception}")
                world.r1.open()
        self.assert_open(world.a, world.b, world.b.ipv6)

    def test_counted(self):
        world = self.lab(ipv6=True)
        world.a.count_to(*world.b.addresses)
        self.assert_open(world.a, world.p, world.p.ipv4)
        self.assertEqual(world.a.counted(), 0)
        self.assert_silent(world.a, world.b, world.b.ipv4)
        counted = world.a.counted()
        self.assertGreater(counted, 0)
        self.assert_open(world.a, world.b, world.b.ipv6)
        self.assertGreater(world.a.counted(), counted)

    def test_no_way_out(self):
        """Nothing but what the laboratory made itself: each device has its other end in here."""
        world = self.lab(ipv6=True)
        self.assertEqual([name for _, name in socket.if_nameindex()], ["lo"])
        for host, names in ((world.a, {"lo", "eth0"}), (world.b, {"lo", "eth0"}), (world.r1, {"lo", "lan", "wan"}),
                            (world.r2, {"lo", "lan", "wan"}), (world.p, {"lo", "bridge", "r1", "r2"})):
            with host.inside():
                self.assertEqual({name for _, name in socket.if_nameindex()}, names)
        for address in ("192.0.2.1", "2606:4700::1111"):
            with self.assertRaises(OSError):
                world.a.connect(address, 80, SHORT)

    def test_again(self):
        for _ in range(3):
            with lab.Lab() as world:
                self.assert_open(world.a, world.p, world.p.ipv4)
            self.assertEqual(os.listdir("/run/netns"), [])


class PortMapping(unittest.TestCase):
    """miniupnpd with one protocol alone, asked by hand."""

    PORT = 40000
    LIFETIME = 600

    @staticmethod
    def ask(host, address, request):
        with host.inside():
            asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with asking:
            asking.settimeout(SHORT)
            asking.sendto(request, address)
            try:
                return asking.recv(2048)
            except TimeoutError:
                return None

    def nat_pmp(self, host, gateway):
        """RFC 6886 §3.3."""
        request = struct.pack("!BBHHHI", 0, 2, 0, self.PORT, self.PORT, self.LIFETIME)
        answer = self.ask(host, (gateway, 5351), request)
        return answer and answer[:4] == b"\0\x82\0\0"

    def pcp(self, host, gateway):
        """RFC 6887 §11.1."""
        mapped = bytes(10) + b"\xff\xff"
        request = (struct.pack("!BBHI", 2, 1, 0, self.LIFETIME) + mapped + socket.inet_aton(host.ipv4) + bytes(range(12))
                   + struct.pack("!B3xHH", 6, self.PORT, self.PORT) + mapped + bytes(4))
        answer = self.ask(host, (gateway, 5351), request)
        return answer and answer[:4] == b"\2\x81\0\0"

    def upnp(self, host, _):
        """Only the search: the answer names the description to be read next."""
        answer = self.ask(host, ("239.255.255.250", 1900), (
            b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\n"
            b"ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n"))
        return answer and b"rootDesc.xml" in answer

    def test_each_alone(self):
        questions = {"upnp": self.upnp, "nat-pmp": self.nat_pmp, "pcp": self.pcp}
        with lab.Lab() as world:
            for protocol in questions:
                with self.subTest(protocol), world.r1.port_mapping(protocol):
                    answers = {name: bool(ask(world.a, "192.168.1.1")) for name, ask in questions.items()}
                    self.assertEqual(answers, {name: name == protocol for name in questions})
                    if protocol == "upnp":
                        continue
                    self.assertEqual(world.r1.mappings(), [self.PORT])
                    with world.a.inside():
                        listener = socket.create_server((world.a.ipv4, self.PORT))
                    with listener, world.b.connect(world.r1.ipv4, self.PORT):
                        listener.accept()[0].close()
                self.assertEqual(world.r1.mappings(), [])


class Proxies(unittest.TestCase):
    """Real bytes through real proxies, between clients that cannot reach each other."""

    def check(self, server):
        with self.world, server:
            with self.world.a.inside(), xmpp.Client(server, "romeo", "orchard") as client:
                ours, theirs = bytestream.open_pair(
                    client, self.world.a, f"juliet@{server.domain}/balcony", self.world.b, server.proxy_jid, "s1")
            with ours, theirs:
                data = random.Random(1).randbytes(RELAYED_BYTES)
                for source, target in ((ours, theirs), (theirs, ours)):
                    child = os.fork()
                    if child == 0:
                        source.sendall(data)
                        os._exit(0)
                    received = bytestream.receive(target, RELAYED_BYTES - HELD_BYTES)
                    os.waitpid(child, 0)
                    received += self.nudged(source, target, HELD_BYTES)
                    self.assertEqual(hashlib.sha256(received).digest(), hashlib.sha256(data).digest())
                    target.settimeout(None)
                self.show_stalls(ours, theirs)
                theirs.settimeout(None)
                ours.shutdown(socket.SHUT_WR)
                self.assertEqual(theirs.recv(1), b"")
                with self.assertRaises(OSError):  # the end of one side is the end of both
                    while True:
                        theirs.sendall(b"x")
                        time.sleep(0.01)

    @staticmethod
    def nudged(source, target, size):
        """On one backend the end of a burst stays in the proxy until more comes: the rest, and that more."""
        received = b""
        target.settimeout(SHORT)
        while True:
            try:
                piece = target.recv(65536)
                if not piece:
                    raise EOFError(f"ended after {len(received)} of {size} bytes")
                received += piece
            except TimeoutError:
                if len(received) >= size:
                    break
                source.sendall(b"x")
        assert received[size:].strip(b"x") == b""
        return received[:size]

    @staticmethod
    def show_stalls(ours, theirs):
        stalled = []
        theirs.settimeout(SHORT)
        for size in (1, 4096, 4097, 5000, 8192, 16384):
            ours.sendall(bytes(size))
            try:
                bytestream.receive(theirs, size)
            except TimeoutError:
                stalled.append(str(size))
                with contextlib.suppress(TimeoutError):
                    ours.sendall(b"x")
                    while theirs.recv(65536):
                        pass
        print(f"# bursts of which the end was held back: {', '.join(stalled) or 'none'}", flush=True)

    def setUp(self):
        self.world = lab.Lab()
        lab.enter()

    def server(self, kind, **options):
        try:
            server = kind(proxy65=True, addresses=["11.0.0.1"], namespace="p", **options)
            self.check(server)
        except prosody.ProsodyMissing as missing:
            self.skipTest(str(missing))

    def test_prosody_epoll(self):
        self.server(prosody.Prosody)

    def test_prosody_event(self):
        self.server(prosody.Prosody, backend="event")

    def test_ejabberd(self):
        self.server(ejabberd.Ejabberd)


class Ends(unittest.TestCase):
    """A test that is killed leaves no server, no folder and no namespace behind."""

    SCRIPT = """
import lab, prosody, sys, time
with lab.Lab() as world, prosody.Prosody(addresses=world.public, namespace="p") as server:
    print(server.pid, server.folder, flush=True)
    time.sleep(60)
"""

    def end(self, number):
        child = subprocess.Popen([sys.executable, "-c", self.SCRIPT], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                 text=True)
        with child:
            pid, folder = child.stdout.readline().split()
            network = os.readlink(f"/proc/{pid}/ns/net")
            child.send_signal(number)
        deadline = time.monotonic() + 10
        while any(self.network_of(process) == network for process in os.listdir("/proc")):
            self.assertLess(time.monotonic(), deadline, "the server goes on")
            time.sleep(0.02)
        return folder

    @staticmethod
    def network_of(process):
        try:
            return os.readlink(f"/proc/{process}/ns/net")
        except OSError:
            return None

    def test_terminated(self):
        lab.enter()
        self.assertFalse(os.path.exists(self.end(signal.SIGTERM)))

    def test_killed(self):
        lab.enter()
        subprocess.run(["rm", "-r", self.end(signal.SIGKILL)], check=True)


if __name__ == "__main__":
    tap.main("/lab")
