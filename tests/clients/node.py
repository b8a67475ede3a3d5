"""A node whose resolv.conf names musterd: each test program moves into namespaces of its own, with nothing but a loopback
interface, and with a resolv.conf, hosts and nsswitch.conf of the test's. Port 53 is free there, whoever has it outside,
and whatever asks for names asks musterd.

A test program calls enter() before anything else. One client a program; what is not installed is told on a line
`left out: …` (ctest then counts the program as skipped), what was tried on a line `client: NAME VERSION`.
"""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

import harness  # noqa: E402  the path comes first
from harness import run, wait_until  # noqa: E402, F401  for the tests
from broken_proxy import BrokenProxy  # noqa: E402

INSIDE = "MUSTER_TEST_NODE"
HOSTS = "127.0.0.1 localhost\n::1 localhost\n"
NSSWITCH = "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n"
CONFIG = """\
[server]
name = "node"
[dns]
listen = ["127.0.0.1:53", "127.0.0.1:5300"]
udp_threads = 1
[http]
listen = ["127.0.0.1:8053"]
[store]
kind = "memory"
"""
PORT = "127.0.0.1:5300"  # for who can be told a port
PROXY = "127.0.0.2"  # where a BrokenProxy stands
WEB = ["10.1.0.1", "10.1.0.2", "10.1.0.3"]
WEB_SRV = ["0 10 8081 i3.web.svc.internal", "0 30 8080 i2.web.svc.internal", "0 60 8080 i1.web.svc.internal"]
HOWTO = HERE.parents[1] / "docs/howto"


def enter():
    """Goes on inside; tells that it is left out and ends when there is no right to."""
    if os.environ.get(INSIDE):
        for words in (["ip", "link", "set", "lo", "up"], ["ip", "address", "add", "10.53.0.9/32", "dev", "lo"]):
            subprocess.run(words, check=True)
        return
    words = ["--user", "--map-root-user"] if os.getuid() else []
    apart = ["unshare", *words, "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if subprocess.run([*apart, "true"], capture_output=True, check=False).returncode != 0:
        print("left out: every client: no right to make namespaces (root, or user namespaces)")
        raise SystemExit(0)
    os.execvpe(apart[0], [*apart, sys.executable, "-B", *sys.argv], os.environ | {INSIDE: "1"})


def leave_out(client, why):
    print(f"left out: {client}: {why}", flush=True)
    raise unittest.SkipTest(f"{client}: {why}")


def need(client, package, program=None, module=None, file=None):
    """The path of `program`; leaves the client out when it, or a Python module, or a file, is not there."""
    if file:
        return file if os.path.exists(file) else leave_out(client, f"not installed (Debian package {package})")
    if module:
        if run(python(), "-c", f"import {module}").status != 0:
            leave_out(client, f"not installed (Debian package {package})")
        return None
    found = shutil.which(program, path="/usr/local/sbin:/usr/sbin:/sbin:" + os.environ["PATH"])
    return found or leave_out(client, f"not installed (Debian package {package})")


def python():
    """Debian's own, which knows Debian's modules."""
    return "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable


def tried(client, version):
    """What the table of clients is made of."""
    number = re.search(r"\d+(?:\.\d+)+", version)
    print(f"client: {client} {number[0] if number else version.strip()}", flush=True)


def version_of(package):
    return run("dpkg-query", "--show", "--showformat", "${Version}", package).out


def snippet(page, program):
    """The configuration that a page shows for a program: the first fenced block after its heading."""
    text = (HOWTO / page).read_text()
    return re.search(rf"(?ms)^(?:#+ |\*\*){re.escape(program)}\b.*?^```\w*\n(.*?)^```", text)[1]


class Node(harness.EndToEnd):
    """musterd on 127.0.0.1, ports 53 and 5300 (which the pages name), and a resolv.conf that names it. `web` has three
    instances on 10.1.0.0/24 with weights 60, 30 and 10; `v4` one; `many` as many as make its answers too long for UDP."""

    CONFIG = CONFIG
    MORE = ""  # of the configuration
    RESOLV = "nameserver 127.0.0.1\n"
    INSTANCES = {"web": [("10.1.0.1", 8080, 60), ("10.1.0.2", 8080, 30), ("10.1.0.3", 8081, 10)],
                 "v4": [("10.2.0.1", 80, 1)]}
    MANY = 0  # instances of `many`, at 10.3.0.N:9000+N

    def setUp(self):
        super().setUp()
        self.put("/etc/hosts", HOSTS)
        self.put("/etc/nsswitch.conf", NSSWITCH)
        self.resolv(self.RESOLV)
        self.musterd = self.begin("--config", self.write("musterd.toml", self.CONFIG + self.MORE)).ready()
        for service, instances in self.INSTANCES.items():
            for number, (address, port, weight) in enumerate(instances):
                self.register(service, f"i{number + 1}", address, port, weight)
        for number in range(1, self.MANY + 1):
            self.register("many", f"i{number}", f"10.3.0.{number}", 9000 + number)

    def register(self, service, instance, address, port, weight=1, **more):
        self.musterd.register(service, instance, {"address": address, "port": port, "weight": weight, "lease": "600s", **more})

    def deregister(self, service, instance):
        self.musterd.api("DELETE", f"/api/v1/services/{service}/instances/{instance}")

    def put(self, path, text):
        """Other words for a file of the system's, inside only: this file is mounted over it."""
        mine = pathlib.Path(tempfile.mkdtemp(dir=self.folder)) / "file"
        mine.write_text(text)
        subprocess.run(["mount", "--bind", mine, path], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", path], check=False)

    def resolv(self, text):
        self.put("/etc/resolv.conf", text)

    def proxy(self, *ways):
        """Stands in front of musterd at PROXY:53 and breaks a rule for each of the ways."""
        proxy = BrokenProxy((PROXY, 53), self.musterd.dns, ways)
        self.addCleanup(proxy.close)
        return proxy

    def behind_proxy(self, way, ask, options="timeout:10 attempts:1"):
        """What `ask()` gives behind a proxy that breaks nothing, and what behind one that breaks this rule."""
        self.resolv(f"nameserver {PROXY}\noptions {options}\n")
        with contextlib.closing(self.proxy()) as proxy:
            whole = ask()
            proxy.ways = {way}
            broken = ask()
        self.resolv(self.RESOLV)
        return whole, broken

    def sees_changes(self, ask):
        """`ask()`, the addresses of `web` in their order, follows an instance that joins and leaves."""
        self.assertEqual(ask(), WEB)
        self.register("web", "i4", "10.1.0.4", 8080)
        wait_until("the instance that joined", lambda: ask() == [*WEB, "10.1.0.4"])
        self.deregister("web", "i4")
        wait_until("the instances without the one that left", lambda: ask() == WEB)

    @classmethod
    def kept_folder(cls):
        """A folder for what all tests of a class use."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="muster-clients-"))
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def compiled(self, name, source, *words):
        """The path of a program made from C."""
        path = self.folder / name
        done = run(words[0] if words else "cc", "-O1", "-o", path, self.write(f"{name}.c", source), *words[1:])
        self.assertEqual(done.status, 0, done.err)
        return path
