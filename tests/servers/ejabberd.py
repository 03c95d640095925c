# SPDX-License-Identifier: LGPL-2.1-or-later
"""The other real XMPP server for tests: ejabberd, straight from the Erlang machine, without a node
name: no epmd, no cookie, nothing but one process with its own children."""

import glob
import json
import os
import shutil

import server


def _binary(text):
    return '<<"%s">>' % text


class Ejabberd(server.Server):
    programs = ("erl", "ejabberdctl", "openssl")
    logs = ("output", "ejabberd.log")

    def command(self):
        libraries = glob.glob("/usr/lib/*/ejabberd-*/ebin")
        if not libraries:
            raise server.ServerMissing("the libraries of ejabberd are not found")
        # The accounts are made from within, once everything is up; then it says so.
        users = "[%s]" % ",".join(map(_binary, self.accounts))
        domain = _binary(self.domain)
        prepare = (
            f"[{{ok, _}} = ejabberd_admin:register(U, {domain}, {_binary(self.password)}) || U <- {users}], "
            f"[ok = mod_admin_extra:add_rosteritem(U, {domain}, V, {domain}, V, <<>>, <<\"both\">>) "
            f"|| U <- {users}, V <- {users}, U =/= V], "
            f"ok = file:write_file({json.dumps(self.path('ready'))}, <<>>)."
        )
        arguments = [
            "erl", "+S", "2:2", "+sbwt", "none", "-noinput", "-start_epmd", "false",
            "-mnesia", "dir", json.dumps(self.path("db")), "-s", "ejabberd", "-eval", prepare,
        ]
        return arguments, {
            "HOME": self.folder,
            "EJABBERD_CONFIG_PATH": self.path("ejabberd.yml"),
            "EJABBERD_LOG_PATH": self.path("ejabberd.log"),
            "ERL_INETRC": self.path("inetrc"),
            "ERL_LIBS": os.path.dirname(os.path.dirname(libraries[0])),
            "ERL_MAX_PORTS": "4096",
            "ERL_CRASH_DUMP": os.devnull,
        }

    def prepare(self):
        shutil.rmtree(self.path("db"), ignore_errors=True)
        with open(self.path("inetrc"), "w", encoding="ascii") as file:
            file.write("{lookup,[file]}.\n")
        listeners = [
            {"port": self.port, "ip": address, "module": "ejabberd_c2s", "starttls_required": True,
             "max_stanza_size": 262144}
            for address in self.addresses
        ]
        modules = {"mod_admin_extra": {}, "mod_disco": {}, "mod_ping": {}, "mod_roster": {}}
        if self.proxy_host is not None:
            modules["mod_proxy65"] = {"host": self.proxy_jid, "ip": self.host, "hostname": self.proxy_host,
                                      "port": self.proxy_port}
        # YAML takes JSON.
        with open(self.path("ejabberd.yml"), "w", encoding="utf-8") as file:
            json.dump({
                "hosts": [self.domain],
                "loglevel": "info",
                "log_rotate_count": 0,
                "certfiles": [self.path("pair.pem")],
                "ca_file": self.ca_file,
                "auth_method": "internal",
                "auth_password_format": "plain",
                "listen": listeners,
                "modules": modules,
            }, file)
        with open(self.path("pair.pem"), "w", encoding="ascii") as pair:
            for name in ("cert.pem", "key.pem"):
                with open(self.path(name), encoding="ascii") as part:
                    pair.write(part.read())

    def is_ready(self):
        return os.path.exists(self.path("ready")) and self._answers()
