# SPDX-License-Identifier: LGPL-2.1-or-later
"""A laboratory of network namespaces: two clients, each behind a router of its own, and a public side.

    a ── r1 ──┐
              p   (a bridge; the servers run here)
    b ── r2 ──┘

IPv4 behind NAT: a router lets out what its client begins and lets in the answers. IPv6 without NAT:
routers pass everything on. What is sent to an address that nobody has disappears, as on the Internet.

The public addresses look ordinary, because miniupnpd does not map ports to private or reserved ones.
They exist only in here: no device leads out of the laboratory (see netns).
"""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import netns
from server import end_with_parent

READY_TIMEOUT = 10
LAN = "192.168.0.0/16"
PUBLIC4 = "11.0.0"
PUBLIC6 = "2001:db8:"

RULES = """
table inet lab {
  chain closed { }
  chain input {
    type filter hook input priority 0; policy drop;
    ct state established,related accept
    iifname { "lan", "lo" } accept
    meta l4proto ipv6-icmp accept
  }
  chain forward {
    type filter hook forward priority 0; policy drop;
    jump closed
    ct state established,related accept
    meta nfproto ipv6 accept
    iifname "lan" oifname "wan" accept
    jump mapped
  }
  chain mapped { }
  chain prerouting {
    type nat hook prerouting priority -100; policy accept;
    iifname "wan" jump mapped_in
  }
  chain mapped_in { }
  chain postrouting {
    type nat hook postrouting priority 100; policy accept;
    jump mapped_out
    meta nfproto ipv4 oifname "wan" masquerade
  }
  chain mapped_out { }
}
"""

# What each protocol of port mapping says first: the version of NAT-PMP is 0, that of PCP is 2.
ONLY = {
    "upnp": ("udp dport 5351 drop",),
    "nat-pmp": ("udp dport 5351 @th,64,8 != 0 drop", "udp dport 1900 drop"),
    "pcp": ("udp dport 5351 @th,64,8 != 2 drop", "udp dport 1900 drop"),
    "all": (),
}


# Not by ICMP: where everything is one machine, that reaches a socket while it still sends, and is lost.
REJECT = "reject with tcp reset"
DROP = "drop"


class LabMissing(unittest.SkipTest):
    """There can be no laboratory on this machine, or not for this user."""


def _run(*arguments, text=None):
    result = subprocess.run(arguments, input=text, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)}: {result.stderr.strip()}\n{text or ''}")
    return result.stdout


def _interrupted(*_):
    # unittest takes SystemExit for an error of the test and goes on with the next.
    raise KeyboardInterrupt


_is_private = False


def enter():
    """Takes this process to a place of its own, once. To be called before threads are started."""
    global _is_private
    if _is_private:
        return
    for program in ("ip", "nft", "openssl"):
        if shutil.which(program) is None:
            raise LabMissing(f"{program} is not installed")
    try:
        netns.private()
    except netns.NetnsMissing as missing:
        raise LabMissing(str(missing)) from None
    _is_private = True
    signal.signal(signal.SIGTERM, _interrupted)


class Host:
    """One namespace."""

    def __init__(self, name):
        self.name = name
        self.ipv4 = self.ipv6 = None

    @property
    def addresses(self):
        return [address for address in (self.ipv4, self.ipv6) if address]

    def inside(self):
        return netns.inside(self.name)

    def listen(self, address):
        with self.inside():
            return socket.create_server((address, 0), family=socket.AF_INET6 if ":" in address else socket.AF_INET)

    def connect(self, address, port, timeout=10):
        with self.inside():
            return socket.create_connection((address, port), timeout=timeout)

    def run(self, *arguments, text=None):
        return _run(*netns.command(self.name), *arguments, text=text)

    def nft(self, text):
        return self.run("nft", "-f", "-", text=text)

    def set(self, **values):
        for name, value in values.items():
            self.run("sysctl", "-qw", f"net.{name.replace('__', '.')}={value}")

    def connected(self):
        """Where the TCP connections of this host lead, each as ADDRESS:PORT."""
        return [line.split()[3] for line in self.run("ss", "-Htn", "state", "established").splitlines()]

    # ---- what goes to somebody

    def count_to(self, *addresses):
        """From now on count what this host sends to the addresses."""
        self.nft("add table inet count\ndelete table inet count\nadd table inet count\n"
                 "add chain inet count output { type filter hook output priority 0; }\n"
                 + "".join(f"add rule inet count output {'ip6' if ':' in address else 'ip'} daddr {address} counter\n"
                           for address in addresses))

    def counted(self):
        return sum(map(int, re.findall(r"counter packets (\d+)", self.run("nft", "list", "table", "inet", "count"))))


class Router(Host):
    """close() and open() change what it lets through while the laboratory runs."""

    def close(self, *rules):
        """Each rule as nft writes it, with its verdict; more than before."""
        self.nft("".join(f"add rule inet lab closed {rule}\n" for rule in rules))

    def open(self):
        self.nft("flush chain inet lab closed\n")

    def close_all_but(self, port, verdict=DROP):
        """Of what is begun, only that to this TCP port of somebody passes. What is open already stays."""
        self.close(f"ct state new tcp dport != {port} {verdict}", "ct state new meta l4proto { udp, icmp } drop")

    @contextlib.contextmanager
    def port_mapping(self, protocol):
        """Meanwhile its client may have ports mapped: by "upnp", "nat-pmp" or "pcp" alone, or by "all"."""
        if shutil.which("miniupnpd") is None:
            raise LabMissing("miniupnpd is not installed")
        with tempfile.TemporaryDirectory(prefix="jxs-lab-") as folder:
            config = os.path.join(folder, "conf")
            with open(config, "w", encoding="ascii") as file:
                file.write(
                    "ext_ifname=wan\nlistening_ip=lan\nhttp_port=5000\nipv6_disable=yes\nsecure_mode=yes\n"
                    f"enable_upnp={'yes' if protocol in ('upnp', 'all') else 'no'}\n"
                    f"enable_natpmp={'no' if protocol == 'upnp' else 'yes'}\n"
                    "upnp_table_name=lab\nupnp_nat_table_name=lab\nupnp_forward_chain=mapped\n"
                    "upnp_nat_chain=mapped_in\nupnp_nat_postrouting_chain=mapped_out\n"
                    "uuid=00000000-0000-4000-8000-000000000001\n"
                    "allow 1024-65535 192.168.0.0/16 1024-65535\ndeny 0-65535 0.0.0.0/0 0-65535\n"
                )
            self.nft("add table inet only\nadd chain inet only input { type filter hook input priority -1; }\n"
                     + "".join(f"add rule inet only input {rule}\n" for rule in ONLY[protocol]))
            with open(os.path.join(folder, "log"), "w+", encoding="utf-8") as log:
                daemon = subprocess.Popen(
                    [*netns.command(self.name), "miniupnpd", "-d", "-f", config, "-P", os.path.join(folder, "pid")],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=end_with_parent)
                try:
                    self._wait_for_daemon(daemon, log, 1900 if protocol == "upnp" else 5351)
                    yield
                finally:
                    # A signal between its look for one and its sleep is noticed half a minute later.
                    while daemon.poll() is None:
                        daemon.terminate()
                        with contextlib.suppress(subprocess.TimeoutExpired):
                            daemon.wait(0.1)
                    self.nft("delete table inet only\nflush chain inet lab mapped\n"
                             "flush chain inet lab mapped_in\nflush chain inet lab mapped_out\n")

    def _wait_for_daemon(self, daemon, log, port):
        deadline = time.monotonic() + READY_TIMEOUT
        while f":{port} " not in self.run("ss", "-Huln"):
            if daemon.poll() is not None or time.monotonic() > deadline:
                log.seek(0)
                raise RuntimeError(f"miniupnpd does not run: {log.read()}")
            time.sleep(0.01)

    def mappings(self):
        """The ports that are mapped to the client now."""
        return [int(port) for port in re.findall(r"dport (\d+) dnat", self.run(
            "nft", "list", "chain", "inet", "lab", "mapped_in"))]


class Lab:
    """ipv4 and ipv6: what there is; same_lan: both clients have the same private address."""

    def __init__(self, ipv4=True, ipv6=False, same_lan=False):
        self.ipv4 = ipv4
        self.ipv6 = ipv6
        self.same_lan = same_lan
        self.a, self.b, self.p = Host("a"), Host("b"), Host("p")
        self.r1, self.r2 = Router("r1"), Router("r2")
        self.hosts = (self.a, self.b, self.p, self.r1, self.r2)

    def __enter__(self):
        enter()
        try:
            self._make()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, *exc_info):
        self._remove()

    def _remove(self):
        for host in self.hosts:
            subprocess.run(["ip", "netns", "delete", host.name], stderr=subprocess.DEVNULL, check=False)

    def _make(self):
        for host in self.hosts:
            _run("ip", "netns", "add", host.name)
            # Addresses are usable at once, and those of the laboratory are all there are.
            host.set(ipv6__conf__all__accept_dad=0, ipv6__conf__default__accept_dad=0,
                     ipv6__conf__all__disable_ipv6=int(not self.ipv6),
                     ipv6__conf__default__disable_ipv6=int(not self.ipv6))
        lines = {host: ["link set lo up"] for host in self.hosts}
        lines[self.p] += ["link add bridge type bridge", "link set bridge up"]
        if self.ipv4:
            self.p.ipv4 = f"{PUBLIC4}.1"
            lines[self.p] += [f"address add {self.p.ipv4}/24 dev bridge"]
        if self.ipv6:
            self.p.ipv6 = f"{PUBLIC6}:1"
            lines[self.p] += [f"address add {self.p.ipv6}/64 dev bridge"]
        for number, (client, router) in enumerate(((self.a, self.r1), (self.b, self.r2)), 1):
            self._connect(number, client, router, lines)
        for host in self.hosts:
            _run("ip", "-netns", host.name, "-batch", "-", text="\n".join(lines[host]) + "\n")
        for router in (self.r1, self.r2):
            if self.ipv4:
                router.set(ipv4__ip_forward=1)
            if self.ipv6:
                router.set(ipv6__conf__all__forwarding=1)
            router.nft(RULES)
        if self.ipv6:
            self.p.set(ipv6__conf__all__forwarding=1)

    def _connect(self, number, client, router, lines):
        """A cable from the client to the router, and one from there to the bridge; addresses and routes."""
        _run("ip", "link", "add", "lan", "netns", router.name, "type", "veth", "peer", "eth0", "netns", client.name)
        _run("ip", "link", "add", "wan", "netns", router.name, "type", "veth",
             "peer", router.name, "netns", self.p.name)
        lines[self.p] += [f"link set {router.name} up master bridge"]
        lines[router] += ["link set lan up", "link set wan up"]
        lines[client] += ["link set eth0 up"]
        if self.ipv4:
            net = f"192.168.{1 if self.same_lan else number}"
            client.ipv4, router.ipv4 = f"{net}.2", f"{PUBLIC4}.{10 + number}"
            lines[client] += [f"address add {client.ipv4}/24 dev eth0", f"route add default via {net}.1"]
            lines[router] += [f"address add {net}.1/24 dev lan", f"address add {router.ipv4}/24 dev wan",
                              f"route add default via {self.p.ipv4}"]
        if self.ipv6:
            net = f"2001:db8:{number}:"
            client.ipv6, router.ipv6 = f"{net}:2", f"{PUBLIC6}:{10 + number}"
            lines[client] += [f"address add {client.ipv6}/64 dev eth0", f"route add default via {net}:1"]
            lines[router] += [f"address add {net}:1/64 dev lan", f"address add {router.ipv6}/64 dev wan",
                              f"route add default via {self.p.ipv6}"]
            lines[self.p] += [f"route add {net}:/64 via {router.ipv6}"]

    def refuse_private(self):
        """What is sent to a private address outside is refused at once from now on, not swallowed."""
        for router in (self.r1, self.r2):
            router.close(f'oifname "wan" ip daddr {LAN} meta l4proto tcp {REJECT}')

    @property
    def public(self):
        """Where servers listen."""
        return self.p.addresses
