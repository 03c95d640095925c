# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real XMPP server for tests: Prosody in a temporary folder, on free ports of 127.0.0.1, or of
the addresses of a network namespace.

    with prosody.Prosody() as server:
        ...server.server, server.domain, server.ca_file, server.password...

ProsodyMissing says that the program is not installed: skip then.
"""

import os

from server import Server, ServerMissing, free_port

__all__ = ["Prosody", "ProsodyMissing", "free_port"]

ProsodyMissing = ServerMissing


def _lua(text):
    return '"%s"' % text.replace("\\", "\\\\").replace('"', '\\"')


def _store_name(text):
    """How Prosody names a folder or file after a host or a user."""
    return "".join(c if c.isascii() and c.isalnum() else "%%%02x" % ord(c) for c in text)


class Prosody(Server):
    """limit and burst throttle each client connection, like "10kb/s" and "2s"; extra is more
    configuration, in Lua, for the whole server; backend is "epoll" or "event"."""

    programs = ("prosody", "openssl")
    logs = ("output", "prosody.log")

    def __init__(self, limit=None, burst="2s", tls=True, extra="", backend="epoll", **common):
        super().__init__(**common)
        self.limit = limit
        self.burst = burst
        self.tls = tls
        self.extra = extra
        self.backend = backend

    @property
    def log_file(self):
        return self.path("prosody.log")

    def start(self):
        super().start()
        try:
            self._check_backend()
        except BaseException:
            self.stop()
            raise

    def command(self):
        return ["prosody", "-F", "--config", self.path("prosody.cfg.lua")], {}

    def prepare(self):
        self._write_accounts()
        self._write_config()

    def _write_accounts(self):
        host = self.path("data", _store_name(self.domain))
        for store in ("accounts", "roster"):
            os.makedirs(os.path.join(host, store), exist_ok=True)
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
            "pidfile = " + _lua(self.path("prosody.pid")),
            "data_path = " + _lua(self.path("data")),
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
                "ssl = { certificate = %s; key = %s }" % (_lua(self.path("cert.pem")), _lua(self.path("key.pem"))),
            ]
        else:
            lines.append("c2s_require_encryption = false")
        if self.limit is not None:
            modules.append("limits")
            lines.append("limits = { c2s = { rate = %s; burst = %s } }"
                         % (_lua(self.limit), _lua(self.burst)))
        lines.append("modules_enabled = { %s }" % "; ".join(_lua(name) for name in modules))
        if self.proxy_host is not None:
            lines.append("proxy65_ports = { %d }" % self.proxy_port)
        lines.append(self.extra)
        lines.append("VirtualHost " + _lua(self.domain))
        if self.proxy_host is not None:
            lines.append("Component %s \"proxy65\"" % _lua(self.proxy_jid))
            lines.append("proxy65_address = " + _lua(self.proxy_host))
        with open(self.path("prosody.cfg.lua"), "w", encoding="utf-8") as config:
            config.write("\n".join(lines) + "\n")

    def _check_backend(self):
        """Prosody goes on with another one where the package of this one is missing."""
        shown = "libevent" if self.backend == "event" else self.backend
        with open(self.log_file, encoding="utf-8", errors="replace") as log:
            if f"using the {shown} " not in log.read():
                raise ProsodyMissing(f"Prosody has no backend “{self.backend}” (package lua-event)")
