# SPDX-License-Identifier: LGPL-2.1-or-later
"""A SOCKS5 bytestream through the proxy of a server (XEP-0065 §6.3), made by hand: what the proxies
themselves do, without the library under test."""

import hashlib
import re

BYTESTREAMS = "http://jabber.org/protocol/bytestreams"


def receive(connection, size):
    data = b""
    while len(data) < size:
        piece = connection.recv(min(size - len(data), 65536))
        if not piece:
            raise EOFError(f"ended after {len(data)} of {size} bytes")
        data += piece
    return data


def streamhost(client, proxy_jid):
    """JID, host and port, as the proxy itself says."""
    answer = client.request("get", proxy_jid, f"<query xmlns='{BYTESTREAMS}'/>")
    return tuple(re.search(rf"<streamhost[^>]* {name}='([^']*)'", answer).group(1) for name in ("jid", "host", "port"))


def join(host, address, port, name):
    """One socket at the proxy: each message in one write, and then its answer (RFC 1928)."""
    connection = host.connect(address, port)
    connection.sendall(b"\5\1\0")
    assert receive(connection, 2) == b"\5\0"
    request = b"\5\1\0\3" + bytes([len(name)]) + name + b"\0\0"
    connection.sendall(request)
    answer = receive(connection, len(request))
    assert answer[:4] == b"\5\0\0\3", answer
    return connection


def open_pair(client, host, peer_jid, peer_host, proxy_jid, sid):
    """The sockets of both sides, activated."""
    jid, address, port = streamhost(client, proxy_jid)
    name = hashlib.sha1(f"{sid}{client.jid}{peer_jid}".encode()).hexdigest().encode()
    theirs = join(peer_host, address, int(port), name)
    ours = join(host, address, int(port), name)
    answer = client.request(
        "set", jid, f"<query xmlns='{BYTESTREAMS}' sid='{sid}'><activate>{peer_jid}</activate></query>")
    assert "error" not in answer, answer
    return ours, theirs
