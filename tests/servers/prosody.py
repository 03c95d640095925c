# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real XMPP server for tests: Prosody in a temporary folder, on free ports of 127.0.0.1, or of
the addresses of a network namespace.

    with prosody.Prosody() as server:
        ...server.server, server.domain, server.ca_file, server.password...

ProsodyMissing says that the program is not installed: skip then.
"""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import netns

START_TIMEOUT = 20
STOP_TIMEOUT = 10


class ProsodyMissing(Exception):
    """A program the server needs is not installed."""


class ProsodyFailed(Exception):
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


def authority(host, port):
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _lua(text):
    return '"%s"' % text.replace("\\", "\\\\").replace('"', '\\"')


def _store_name(text):
    """How Prosody names a folder or file after a host or a user."""
    return "".join(c if c.isascii() and c.isalnum() else "%%%02x" % ord(c) for c in text)


class Prosody:
    """One server. Everybody in accounts has everybody else in the roster.

    limit and burst throttle each client connection, like "10kb/s" and "2s"; extra is more
    configuration, in Lua, for the whole server. It listens on each of the addresses and names the
    first; proxy65 adds a SOCKS5 proxy, proxy.DOMAIN, announced at that address or at proxy_host;
    backend is "epoll" or "event"; namespace is a network namespace to run in (see netns).
    """

    def __init__(self, domain="example.test", accounts=("romeo", "juliet"), password="pencil",
                 limit=None, burst="2s", tls=True, extra="", addresses=("127.0.0.1",),
                 proxy65=False, proxy_host=None, backend="epoll", namespace=None):
        self.domain = domain
        self.accounts = tuple(accounts)
        self.password = password
        self.limit = limit
        self.burst = burst
        self.tls = tls
        self.extra = extra
        self.addresses = tuple(addresses)
        self.host = self.addresses[0]
        self.port = None
        self.proxy_host = (proxy_host or self.host) if proxy65 else None
        self.proxy_port = None
        self.backend = backend
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
        return os.path.join(self.folder, "ca.pem")

    @property
    def log_file(self):
        return os.path.join(self.folder, "prosody.log")

    @property
    def pid(self):
        return self.process.pid

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
        for program in ("prosody", "openssl"):
            if shutil.which(program) is None:
                raise ProsodyMissing("%s is not installed" % program)
        self.folder = tempfile.mkdtemp(prefix="jxs-prosody-")
        try:
            make_certificate(self.folder, self.domain)
            self._write_accounts()
            for attempt in range(3):
                with netns.inside(self.namespace):
                    self.port = free_port(self.host)
                    if self.proxy_host is not None:
                        self.proxy_port = free_port(self.host)
                self._write_config()
                if self._run():
                    self._check_backend()
                    return
                self._end()
            raise ProsodyFailed("Prosody did not start:\n" + self._log_tail())
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

    def _write_accounts(self):
        host = os.path.join(self.folder, "data", _store_name(self.domain))
        for store in ("accounts", "roster"):
            os.makedirs(os.path.join(host, store))
        for user in self.accounts:
            name = _store_name(user) + ".dat"
            with open(os.path.join(host, "accounts", name), "w", encoding="utf-8") as account:
                account.write("return { password = %s };\n" % _lua(self.password))
            with open(os.path.join(host, "roster", name), "w", encoding="utf-8") as roster:
                roster.write("return {\n  [false] = { version = 1; pending = {} };\n")
                for friend in self.accounts:
                    if friend != user:
                        roster.write("  [%s] = { subscription = \"both\"; groups = {} };\n"
                                     % _lua("%s@%s" % (friend, self.domain)))
                roster.write("};\n")

    def _write_config(self):
        modules = ["roster", "saslauth", "disco", "ping"]
        lines = [
            "run_as_root = true",
            "pidfile = " + _lua(os.path.join(self.folder, "prosody.pid")),
            "data_path = " + _lua(os.path.join(self.folder, "data")),
            "log = { info = %s }" % _lua(self.log_file),
            "interfaces = { %s }" % "; ".join(_lua(address) for address in self.addresses),
            "network_backend = " + _lua(self.backend),
            "c2s_ports = { %d }" % self.port,
            "s2s_ports = {}",
            "modules_disabled = { \"s2s\" }",
            "authentication = \"internal_plain\"",
            "allow_unencrypted_plain_auth = true",
        ]
        if self.tls:
            modules.append("tls")
            lines += [
                "c2s_require_encryption = true",
                "ssl = { certificate = %s; key = %s }" % (
                    _lua(os.path.join(self.folder, "cert.pem")),
                    _lua(os.path.join(self.folder, "key.pem"))),
            ]
        else:
            lines.append("c2s_require_encryption = false")
        if self.limit is not None:
            modules.append("limits")
            lines.append("limits = { c2s = { rate = %s; burst = %s } }"
                         % (_lua(self.limit), _lua(self.burst)))
        lines.append("modules_enabled = { %s }" % "; ".join(_lua(name) for name in modules))
        lines.append(self.extra)
        if self.proxy_host is not None:
            lines.append("proxy65_ports = { %d }" % self.proxy_port)
        lines.append("VirtualHost " + _lua(self.domain))
        if self.proxy_host is not None:
            lines.append("Component %s \"proxy65\"" % _lua(self.proxy_jid))
            lines.append("proxy65_address = " + _lua(self.proxy_host))
        with open(os.path.join(self.folder, "prosody.cfg.lua"), "w", encoding="utf-8") as config:
            config.write("\n".join(lines) + "\n")

    def _run(self):
        with open(os.path.join(self.folder, "output"), "ab") as output:
            self.process = subprocess.Popen(
                [*netns.command(self.namespace), "prosody", "-F", "--config", os.path.join(self.folder, "prosody.cfg.lua")],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=self.folder,
                preexec_fn=end_with_parent)
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline and self.process.poll() is None:
            if self._answers():
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

    def _check_backend(self):
        """Prosody goes on with another one where the package of this one is missing."""
        shown = "libevent" if self.backend == "event" else self.backend
        with open(self.log_file, encoding="utf-8", errors="replace") as log:
            if f"using the {shown} " not in log.read():
                raise ProsodyMissing(f"Prosody has no backend “{self.backend}” (package lua-event)")

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
        for name in ("output", "prosody.log"):
            try:
                with open(os.path.join(self.folder, name), errors="replace") as log:
                    text += "".join(log.readlines()[-20:])
            except OSError:
                pass
        return text
