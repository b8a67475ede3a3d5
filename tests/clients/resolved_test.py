"""systemd-resolved: musterd for one domain, its stub at 127.0.0.53 for the node.

Its package takes the place of resolv.conf, so it is not installed where nobody wants that: tools/clients unpacks it.
"""
import node

node.enter()

import os  # noqa: E402  inside from here on
import pathlib  # noqa: E402
import re  # noqa: E402
import shutil  # noqa: E402
import subprocess  # noqa: E402
import unittest  # noqa: E402

import resolver  # noqa: E402
from node import run  # noqa: E402

UNPACKED = pathlib.Path(os.environ.get("MUSTER_RESOLVED_DIR", node.harness.SOURCE / "build/clients/systemd-resolved"))
PROGRAM = "lib/systemd/systemd-resolved"
USER = "systemd-resolve"  # to whom it changes
# It answers nothing while there is only the loopback.
LINK = ("link add name out type veth peer name away", "address add 192.0.2.9/24 dev out", "link set away up", "link set out up")


class Resolved(resolver.Resolver):
    CLIENT = "systemd-resolved"
    AT = "127.0.0.53"
    RESOLV = f"nameserver {AT}\n"

    @classmethod
    def setUpClass(cls):
        root = next((root for root in (pathlib.Path("/"), UNPACKED) if (root / PROGRAM).exists()), None)
        if not root:
            node.leave_out(cls.CLIENT, "neither installed nor unpacked by tools/clients (Debian package systemd-resolved)")
        cls.program = root / PROGRAM
        if pathlib.Path("/proc/self/uid_map").read_text().split()[2] == "1":
            node.leave_out(cls.CLIENT, "it changes to a user of its own: for root only")
        libraries = ":".join(map(str, UNPACKED.glob("usr/lib/*/systemd")))
        cls.environment = os.environ | {"LD_LIBRARY_PATH": libraries} if root == UNPACKED else None
        node.tried(cls.CLIENT, re.search(r"\((.*)\)", run(cls.program, "--version", env=cls.environment).out)[1])
        for words in LINK:
            subprocess.run(["ip", *words.split()], check=True)

    def setUp(self):
        super().setUp()
        for path, line in (("/etc/passwd", f"{USER}:x:993:993::/:/usr/sbin/nologin\n"), ("/etc/group", f"{USER}:x:993:\n")):
            text = pathlib.Path(path).read_text()
            self.put(path, text if f"\n{USER}:" in text else text + line)
        for folder in ("/run", "/etc/systemd"):
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], check=True)
            self.addCleanup(subprocess.run, ["umount", "--lazy", folder], check=False)

    test_it_keeps_to_the_ttl = None  # it keeps nothing that a server of the same machine said

    def begin_program(self, address, port):
        conf = pathlib.Path("/etc/systemd/resolved.conf.d")
        conf.mkdir()
        (conf / "muster.conf").write_text(self.snippet("systemd-resolved", address, port))
        state = pathlib.Path("/run/systemd/resolve")
        state.mkdir(parents=True)
        shutil.chown(state, USER, USER)
        return self.background("resolved", [self.program], self.environment)

    def test_dnssec_ok_comes_back(self):
        """Else it takes the server for one from before EDNS."""
        self.assertRegex(self.musterd.dig("web.svc.internal", "A", "+dnssec").text, "EDNS: version: 0, flags: do;")


if __name__ == "__main__":
    unittest.main()
