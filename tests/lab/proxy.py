# SPDX-License-Identifier: LGPL-2.1-or-later
"""SOCKS5 proxies that fail, each in its own way."""

import contextlib
import socket
import threading

import bytestream

GREETING = 3
REQUEST = 47  # with a name of 40 characters


def _quietly(serve):
    def thread(connection):
        with contextlib.suppress(OSError, EOFError), connection:
            serve(connection)
            while connection.recv(4096):
                pass

    return thread


def silent(_):
    """Takes the connection and says nothing."""


def greets(connection):
    """Silent after the greeting."""
    bytestream.receive(connection, GREETING)
    connection.sendall(b"\5\0")


def hangs_up(connection):
    connection.shutdown(socket.SHUT_RDWR)


def refuses(connection):
    greets(connection)
    bytestream.receive(connection, REQUEST)
    connection.sendall(b"\5\5\0\1\0\0\0\0\0\0")


def babbles(connection):
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def wants_password(connection):
    bytestream.receive(connection, GREETING)
    connection.sendall(b"\5\2")


def connects(connection):
    """Does what it should, but carries nothing."""
    greets(connection)
    request = bytestream.receive(connection, REQUEST)
    connection.sendall(b"\5\0" + request[2:])


class Proxy:
    """Listens on a host, and does the same with every connection."""

    def __init__(self, host, behaviour):
        self.listener = host.listen(host.addresses[0])
        self.address, self.port = self.listener.getsockname()[:2]
        self.behaviour = _quietly(behaviour)
        self.n_connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection = self.listener.accept()[0]
                self.n_connections += 1
                threading.Thread(target=self.behaviour, args=(connection,), daemon=True).start()
