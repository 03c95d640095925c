# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the real XMPP servers of the tests have in common: a temporary folder, free ports, accounts
that know each other, a certificate of their own, and an end."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import netns

START_TIMEOUT = 30
STOP_TIMEOUT = 10


class ServerMissing(Exception):
    """A program the server needs is not installed."""


class ServerFailed(Exception):
    """The server did not come up; the text holds the end of its log."""


def free_port(address="127.0.0.1"):
    """A port nobody listens on now. Somebody may take it before the server does: start() tries again."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


def end_with_parent():
    """In the child: nothing is left behind when the test is killed."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def authority(host, port):
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.PIPE)


def make_certificate(folder, domain):
    """A certificate authority of our own in ca.pem, and a certificate for domain in cert.pem with key.pem."""
    def path(name):
        return os.path.join(folder, name)

    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    _openssl("req", "-x509", *curve, "-keyout", path("ca-key.pem"), "-out", path("ca.pem"),
             "-days", "2", "-subj", "/CN=Test authority")
    _openssl("req", *curve, "-keyout", path("key.pem"), "-out", path("request.pem"),
             "-subj", "/CN=" + domain)
    with open(path("extensions"), "w", encoding="ascii") as extensions:
        extensions.write("subjectAltName=DNS:%s\n" % domain)
    _openssl("x509", "-req", "-in", path("request.pem"), "-CA", path("ca.pem"),
             "-CAkey", path("ca-key.pem"), "-CAcreateserial", "-days", "2",
             "-extfile", path("extensions"), "-out", path("cert.pem"))


class Server:
    """One server. Everybody in accounts has everybody else in the roster.

    It listens on each of the addresses and names the first; proxy65 adds a SOCKS5 proxy,
    proxy.DOMAIN, announced at that address or at proxy_host; namespace is a network namespace to
    run in (see netns).
    """

    programs = ("openssl",)
    logs = ("output",)

    def __init__(self, domain="example.test", accounts=("romeo", "juliet"), password="pencil",
                 addresses=("127.0.0.1",), proxy65=False, proxy_host=None, namespace=None):
        self.domain = domain
        self.accounts = tuple(accounts)
        self.password = password
        self.addresses = tuple(addresses)
        self.host = self.addresses[0]
        self.port = None
        self.proxy_host = (proxy_host or self.host) if proxy65 else None
        self.proxy_port = None
        self.namespace = namespace
        self.process = None
        self.folder = None

    @property
    def server(self):
        return authority(self.host, self.port)

    @property
    def proxy_jid(self):
        return "proxy." + self.domain

    @property
    def ca_file(self):
        return self.path("ca.pem")

    @property
    def pid(self):
        return self.process.pid

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def environment(self):
        """What tests in C read."""
        environment = {
            "JXS_TEST_SERVER": self.server,
            "JXS_TEST_SERVER_PID": str(self.pid),
            "JXS_TEST_DOMAIN": self.domain,
            "JXS_TEST_CA": self.ca_file,
            "JXS_TEST_PASSWORD": self.password,
        }
        if self.proxy_host is not None:
            environment["JXS_TEST_PROXY_JID"] = self.proxy_jid
            environment["JXS_TEST_PROXY"] = authority(self.proxy_host, self.proxy_port)
        return environment

    def start(self):
        for program in self.programs:
            if shutil.which(program) is None:
                raise ServerMissing("%s is not installed" % program)
        self.folder = tempfile.mkdtemp(prefix="jxs-server-")
        try:
            make_certificate(self.folder, self.domain)
            for _ in range(3):
                with netns.inside(self.namespace):
                    self.port = free_port(self.host)
                    if self.proxy_host is not None:
                        self.proxy_port = free_port(self.host)
                self.prepare()
                if self._run():
                    return
                self._end()
            raise ServerFailed("%s did not start:\n%s" % (type(self).__name__, self._log_tail()))
        except BaseException:
            self.stop()
            raise

    def stop(self):
        self._end()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None

    def kill(self):
        """Without a goodbye to the clients."""
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc_info):
        self.stop()

    # What each server does its own way.

    def prepare(self):
        """Writes what the command reads; again when the ports were taken."""
        raise NotImplementedError

    def command(self):
        """Arguments, and variables of the environment."""
        raise NotImplementedError

    def is_ready(self):
        return self._answers()

    def _run(self):
        arguments, environment = self.command()
        with open(self.path("output"), "wb") as output:
            self.process = subprocess.Popen(
                [*netns.command(self.namespace), *arguments], env={**os.environ, **environment},
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=self.folder,
                preexec_fn=end_with_parent)
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline and self.process.poll() is None:
            if self.is_ready():
                return True
            time.sleep(0.02)
        return False

    def _answers(self):
        """The port accepts before the server is ready: only a stream with features counts."""
        header = ("<?xml version='1.0'?><stream:stream xmlns='jabber:client' version='1.0' "
                  "xmlns:stream='http://etherx.jabber.org/streams' to='%s'>" % self.domain)
        try:
            with netns.inside(self.namespace), \
                    socket.create_connection((self.host, self.port), timeout=2) as connection:
                connection.sendall(header.encode())
                answer = b""
                while b"</stream:features>" not in answer:
                    piece = connection.recv(4096)
                    if not piece:
                        return False
                    answer += piece
                connection.sendall(b"</stream:stream>")
                return True
        except OSError:
            return False

    def _end(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _log_tail(self):
        text = ""
        for name in self.logs:
            try:
                with open(self.path(name), errors="replace") as log:
                    text += "".join(log.readlines()[-20:])
            except OSError:
                pass
        return text
