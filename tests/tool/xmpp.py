# SPDX-License-Identifier: LGPL-2.1-or-later
"""A small XMPP client of the tests' own, to look at the server from the side: log in, ping."""

import base64
import re
import socket
import ssl


class Client:
    def __init__(self, server, user, resource):
        self.ids = 0
        self.domain = server.domain
        self.jid = f"{user}@{server.domain}/{resource}"
        self.socket = socket.create_connection((server.host, server.port), timeout=30)
        self.received = b""
        self._open()
        self._send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
        self._until(rb"<proceed")
        self.socket = ssl.create_default_context(cafile=server.ca_file).wrap_socket(
            self.socket, server_hostname=server.domain)
        self._open()
        token = base64.b64encode(f"\0{user}\0{server.password}".encode()).decode()
        self._send(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{token}</auth>")
        self._until(rb"<success")
        self._open()
        self._send("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
                   f"<resource>{resource}</resource></bind></iq>")
        self._until(rb"id='bind'[^>]*>.*</iq>|<jid>")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def _send(self, text):
        self.socket.sendall(text.encode())

    def _until(self, pattern):
        while not (match := re.search(pattern, self.received, re.DOTALL)):
            piece = self.socket.recv(65536)
            if not piece:
                raise AssertionError(f"the server closed the connection; it said {self.received!r}")
            self.received += piece
        self.received = self.received[match.end():]
        return match

    def _open(self):
        self.received = b""
        self._send("<?xml version='1.0'?><stream:stream xmlns='jabber:client' version='1.0' "
                   f"xmlns:stream='http://etherx.jabber.org/streams' to='{self.domain}'>")
        self._until(rb"</stream:features>")

    def request(self, kind, jid, payload):
        """Sends an iq; returns the answer from its id on."""
        self.ids += 1
        self._send(f"<iq type='{kind}' id='q{self.ids}' to='{jid}'>{payload}</iq>")
        return self._until(rb"(?:type='(?:result|error)' )?id='q%d'[^>]*?(?:/>|>.*?</iq>)" % self.ids).group().decode()

    def ping(self, jid):
        """Waits for the answer of jid, whatever it says."""
        self.request("get", jid, "<ping xmlns='urn:xmpp:ping'/>")
