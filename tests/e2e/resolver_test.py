"""install-resolver: a node's resolver is sent to musterd and back, of every kind, below a root folder of the test's own.

What it writes for unbound and dnsmasq is judged by these programs, and they resolve a name of ours with it. For the
others, whose programs want a machine of their own, the file is read by the rules of its format.
"""

import configparser
import http.server
import json
import os
import re
import shutil
import socket
import threading
import unittest

from harness import BIN, SOURCE, EndToEnd, another_address, run, wait_until
from ports import free_port

PLACES = "/usr/sbin:/usr/local/sbin"
RESOLV_CONF = "search example.com\nnameserver 10.0.0.2\noptions edns0\n"
ZONES = '[zones]\nreverse = ["127.in-addr.arpa."]\n'


def installed(program):
    return shutil.which(program) or shutil.which(program, path=PLACES)


class Node(EndToEnd):
    """A root folder with what a node has, and the verb for it."""

    def setUp(self):
        super().setUp()
        self.root = self.folder / "root"
        self.put("etc/resolv.conf", RESOLV_CONF)
        for folder in ("unbound/unbound.conf.d", "dnsmasq.d", "systemd", "NetworkManager", "resolvconf/resolv.conf.d"):
            (self.root / "etc" / folder).mkdir(parents=True)
        self.put("etc/resolvconf/resolv.conf.d/head", "# of Debian\n")
        self.put("etc/coredns/Corefile", ". {\n    forward . 10.0.0.2\n}\n")

    def put(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def install(self, *words, env=None):
        return run(BIN / "muster", "install-resolver", "--root", self.root, *words, env=env)

    def good(self, *words, env=None):
        done = self.install(*words, env=env)
        self.assertEqual((done.status, done.err), (0, ""))
        return done.out

    def tree(self):
        """Every file's text and mode."""
        return {str(path.relative_to(self.root)): (path.read_text(), path.stat().st_mode)
                for path in self.root.rglob("*") if path.is_file()}


class Kinds(Node):
    ROWS = [
        ("resolv.conf", "127.0.0.1", "etc/resolv.conf", r"(?m)^search example.com\n(#.*\n)+nameserver 127.0.0.1\noptions edns0$"),
        ("systemd-resolved", "127.0.0.1:5300", "etc/systemd/resolved.conf.d/muster.conf", r"DNS=127.0.0.1:5300\nDomains=~svc.internal\n"),
        ("networkmanager", "127.0.0.1", "etc/NetworkManager/conf.d/muster.conf", r"\[global-dns-domain-\*\]\nservers=127.0.0.1\n"),
        ("resolvconf", "127.0.0.1:53", "etc/resolvconf/resolv.conf.d/head", r"^# of Debian\n#.*\nnameserver 127.0.0.1\n"),
        ("unbound", "127.0.0.1:5300", "etc/unbound/unbound.conf.d/muster.conf", r"stub-addr: 127.0.0.1@5300\n"),
        ("dnsmasq", "[2001:db8::53]:5300", "etc/dnsmasq.d/muster.conf", r"server=/svc.internal/2001:db8::53#5300\n"),
        ("coredns", "127.0.0.1:5300", "etc/coredns/Corefile", r"^\. \{\n.*\n\}\n\n#.*\nsvc.internal \{\n"),
    ]

    def test_each_is_shown_made_and_undone(self):
        for kind, address, file, text in self.ROWS:
            with self.subTest(kind):
                before = self.tree()
                words = ["--kind", kind, "--address", address, "--domain", "svc.internal"]
                if kind == "coredns":
                    words += ["--file", "/etc/coredns/Corefile"]
                shown = self.good(*words)
                self.assertIn(f"+++ {self.root / file}\n", shown)
                self.assertIn("Nothing has been changed", shown)
                self.assertEqual(self.tree(), before)

                made = self.good(*words, "--apply")
                self.assertIn(f"{self.root / file} is written", made)
                self.assertRegex((self.root / file).read_text(), text)
                after = self.tree()
                self.assertEqual(len(after), len(before) + 1, "the file, or the backup of one that was there")
                if file in before:
                    self.assertEqual(after[file + ".muster-backup"], before[file])
                    self.assertEqual(after[file][1], before[file][1])

                self.assertIn("nothing to do", self.good(*words, "--apply"), "the second time")
                self.assertEqual(self.tree(), after)

                undo = re.search(r"(?m)^undo: muster install-resolver (.*)$", made)[1].split()
                self.assertEqual(run(BIN / "muster", "install-resolver", *undo).status, 0, "as it said")
                self.assertEqual(self.tree(), before)
                self.assertEqual(run(BIN / "muster", "install-resolver", *undo).status, 0, "the second time")

    def test_undo_finds_what_was_made(self):
        before = self.tree()
        for kind, address in [("unbound", "127.0.0.1:5300"), ("resolv.conf", "127.0.0.1")]:
            self.good("--kind", kind, "--address", address, "--domain", "svc.internal", "--apply")
        self.assertEqual({each["kind"] for each in json.loads(self.good("--undo", "--json"))["undone"]}, {"unbound", "resolv.conf"})
        self.assertEqual(self.tree(), before)
        self.assertIn("nothing to undo", self.good("--undo"))

    def test_what_dnsmasq_had_before_is_not_read_beside_it(self):
        mine = self.put("etc/dnsmasq.d/muster.conf", "server=/svc.internal/10.9.9.9\n")
        self.good("--kind", "dnsmasq", "--address", "127.0.0.1:5300", "--domain", "svc.internal", "--apply")
        self.assertEqual([path.name for path in mine.parent.iterdir() if not path.name.startswith(".")], ["muster.conf"])
        self.good("--undo")
        self.assertEqual(mine.read_text(), "server=/svc.internal/10.9.9.9\n")

    def test_openresolv(self):
        shutil.rmtree(self.root / "etc/resolvconf")
        conf = self.put("etc/resolvconf.conf", "resolv_conf=/etc/resolv.conf")
        self.good("--kind", "resolvconf", "--address", "127.0.0.1", "--apply")
        sourced = run("sh", "-c", f'. {conf}; echo "$resolv_conf $name_servers"')
        self.assertEqual(sourced.out, "/etc/resolv.conf 127.0.0.1\n", "it is sourced by a shell")

    def test_networkmanager_with_a_dnsmasq_of_its_own(self):
        self.put("etc/NetworkManager/NetworkManager.conf", "[main]\ndns=dnsmasq\n")
        out = self.good("--kind", "networkmanager", "--address", "127.0.0.1:5300", "--domain", "svc.internal", "--apply")
        self.assertIn("not run: nmcli general reload dns-full\n", out)
        text = (self.root / "etc/NetworkManager/dnsmasq.d/muster.conf").read_text()
        self.assertIn("\nserver=/svc.internal/127.0.0.1#5300\n", text)

    def test_files_of_sections_are_well_formed(self):
        """As far as their programs' rules are those of every such file: systemd's and GLib's key files."""
        self.good("--kind", "systemd-resolved", "--address", "[::1]:5300", "--domain", "svc.internal", "--domain", "a.example", "--apply")
        self.good("--kind", "networkmanager", "--address", "::1", "--apply")
        read = configparser.ConfigParser(delimiters="=", comment_prefixes="#", interpolation=None)
        read.optionxform = str
        read.read(self.root / "etc/systemd/resolved.conf.d/muster.conf")
        self.assertEqual(dict(read["Resolve"]), {"DNS": "[::1]:5300", "Domains": "~svc.internal ~a.example"})
        read.read(self.root / "etc/NetworkManager/conf.d/muster.conf")
        self.assertEqual(dict(read["global-dns-domain-*"]), {"servers": "::1"})
        self.assertEqual(dict(read["global-dns"]), {"searches": "example.com", "options": "edns0"})


    def test_the_page_shows_what_is_written(self):
        page = (SOURCE / "docs/howto/point-a-node.md").read_text()
        for kind in ("unbound", "dnsmasq", "systemd-resolved", "coredns"):
            with self.subTest(kind):
                done = self.good("--kind", kind, "--address", "127.0.0.1:5300", "--domain", "svc.internal", "--json")
                written = [line for line in json.loads(done)["text"].splitlines() if not line.startswith("#")]
                self.assertIn("```\n" + "\n".join(written) + "\n```", page)
        for kind, _, file, _ in self.ROWS:
            self.assertRegex(page, rf"\| `{kind}` \| " + ("what `--file` names" if kind == "coredns" else f"`/{file}`"))


class Finding(Node):
    def kind(self):
        return json.loads(self.good("--json", "--address", "127.0.0.1", "--domain", "svc.internal"))["kind"]

    def test_the_kind_is_found(self):
        self.assertEqual(self.kind(), "resolv.conf")
        path = self.root / "etc/resolv.conf"
        rows = [
            ("../run/systemd/resolve/stub-resolv.conf", "systemd-resolved"),
            ("/run/NetworkManager/resolv.conf", "networkmanager"),
            ("/etc/resolvconf/run/resolv.conf", "resolvconf"),
        ]
        for target, kind in rows:
            with self.subTest(target):
                path.unlink()
                path.symlink_to(target)
                self.assertEqual(self.kind(), kind)
                refused = self.install("--kind", "resolv.conf", "--address", "127.0.0.1", "--apply")
                self.assertEqual(refused.status, 1)
                self.assertIn(f"--kind {kind}", refused.err)
                self.assertTrue(path.is_symlink())

    def test_who_cannot_be_told_apart_must_be_said(self):
        self.put("etc/resolv.conf", "nameserver 127.0.0.1\n")
        refused = self.install("--address", "127.0.0.1:5300", "--domain", "svc.internal")
        self.assertEqual(refused.status, 1)
        self.assertIn("--kind unbound or --kind dnsmasq", refused.err)

    def test_a_link_that_stays_is_kept(self):
        path = self.root / "etc/resolv.conf"
        path.rename(self.root / "etc/resolv.conf.here")
        path.symlink_to("resolv.conf.here")
        before = self.tree()
        self.good("--address", "127.0.0.1", "--apply")
        self.assertTrue(path.is_symlink())
        self.assertIn("nameserver 127.0.0.1", (self.root / "etc/resolv.conf.here").read_text())
        self.good("--undo")
        self.assertEqual(self.tree(), before)


class Refusals(Node):
    def test_wrong_words(self):
        rows = [
            (["--kind", "bind"], "is none of resolv.conf"),
            (["--address", "ns.example.com"], "--address is not"),
            (["--address", "0.0.0.0:53"], "--address is not"),
            (["--domain", "a\nserver=/b/1.2.3.4", "--address", "127.0.0.1"], "is not a domain name"),
            (["--kind", "coredns", "--address", "127.0.0.1", "--domain", "a.b", "--apply"], "needs --file"),
            (["--kind", "coredns", "--undo"], "needs --file"),
            (["--undo", "--file", "/etc/resolv.conf"], "needs --kind"),
            (["--apply", "--undo"], "excludes"),
        ]
        for words, said in rows:
            with self.subTest(words):
                done = self.install(*words)
                self.assertEqual(done.status, 2)
                self.assertIn(said, done.err)
        self.assertEqual(run(BIN / "muster", "install-resolver", "--root", self.folder / "none").status, 2)

    def test_a_file_without_ports(self):
        done = self.install("--kind", "resolv.conf", "--address", "127.0.0.1:5300")
        self.assertEqual(done.status, 1)
        self.assertIn('[dns] listen = ["127.0.0.1:5300", "127.0.0.1:53"]', done.err)

    def test_somebodys_change_is_kept(self):
        words = ["--kind", "resolv.conf", "--address", "127.0.0.1", "--apply"]
        self.good(*words)
        path = self.root / "etc/resolv.conf"
        path.write_text(path.read_text() + "nameserver 10.0.0.9\n")
        changed = self.tree()
        for attempt in (["--undo"], words):
            done = self.install(*attempt)
            self.assertEqual(done.status, 1)
            self.assertIn("--undo --force", done.err)
            self.assertEqual(self.tree(), changed)
        self.good("--undo", "--force")
        self.assertEqual(path.read_text(), RESOLV_CONF)

    def test_an_older_backup_is_kept(self):
        self.put("etc/resolv.conf.muster-backup", "nameserver 10.7.7.7\n")
        words = ["--kind", "resolv.conf", "--address", "127.0.0.1", "--apply"]
        done = self.install(*words)
        self.assertEqual(done.status, 1)
        self.assertIn("there is a backup", done.err)
        self.good(*words, "--force")
        self.assertEqual((self.root / "etc/resolv.conf.muster-backup").read_text(), "nameserver 10.7.7.7\n")

    def test_who_is_not_installed(self):
        shutil.rmtree(self.root / "etc/unbound")
        done = self.install("--kind", "unbound", "--address", "127.0.0.1", "--domain", "svc.internal")
        self.assertEqual(done.status, 1)
        self.assertIn("is what reads it installed?", done.err)


class Telling(Node):
    """--root alone runs nothing of this machine; a command that was said is run."""

    WORDS = ["--kind", "unbound", "--address", "127.0.0.1:5300", "--domain", "svc.internal", "--apply"]

    def test_the_command_runs_after_a_change_alone(self):
        reload = f"touch {self.folder}/told"
        self.good(*self.WORDS, "--reload", reload, "--no-reload")
        self.assertFalse((self.folder / "told").exists())
        self.good("--undo", "--reload", reload)
        self.assertTrue((self.folder / "told").exists())
        (self.folder / "told").unlink()
        self.good(*self.WORDS, "--reload", reload)
        self.assertTrue((self.folder / "told").exists())
        (self.folder / "told").unlink()
        self.good(*self.WORDS, "--reload", reload)
        self.assertFalse((self.folder / "told").exists(), "nothing was changed")

    def test_a_command_that_fails_is_told_with_the_way_back(self):
        done = self.install(*self.WORDS, "--reload", "false")
        self.assertEqual(done.status, 1)
        self.assertIn("false ended with status 1", done.err)
        undo = re.search(r"to undo it: muster install-resolver (.*)", done.err)[1].split()
        self.assertTrue((self.root / "etc/unbound/unbound.conf.d/muster.conf").exists())
        self.assertEqual(run(BIN / "muster", "install-resolver", *undo).status, 0)
        self.assertFalse((self.root / "etc/unbound/unbound.conf.d/muster.conf").exists())


class Asking(Node):
    """What musterd says of itself."""

    def test_domains_and_listener_come_from_musterd(self):
        server = self.start(ZONES, store="memory")
        host, port = server.dns
        seen = json.loads(self.good("--kind", "dnsmasq", "--json", env=server.environment()))
        self.assertEqual((seen["kind"], seen["changes"], seen["applied"], seen["before"]), ("dnsmasq", True, False, None))
        self.assertEqual(seen["reload"], ["systemctl", "restart", "dnsmasq"])
        for domain in ("svc.internal", "127.in-addr.arpa"):
            self.assertIn(f"\nserver=/{domain}/{host}#{port}\n", seen["text"])
        refused = self.install("--kind", "resolv.conf", env=server.environment())
        self.assertEqual(refused.status, 1)
        self.assertIn(f'listen = ["{host}:{port}", "{host}:53"]', refused.err)

    def test_what_is_no_plain_name_stays_out_of_the_file(self):
        """Whoever answers in musterd's place writes no line of root's files."""
        zones = ["svc.internal.", "evil.example.\nserver=/bank.example/10.6.6.6", "a b.example.", "0/25.2.0.192.in-addr.arpa.", "\x1b[2J.example.", "."]
        status = json.dumps({"zones": zones, "dns": ["none", "127.0.0.1:0", "127.0.0.1:5300"]}).encode()

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(status)

            def log_message(self, *_):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        environment = os.environ | {"MUSTER_SERVER": f"http://127.0.0.1:{server.server_port}"}
        out = self.good("--kind", "dnsmasq", "--apply", env=environment)
        self.assertNotIn("\x1b", out)
        self.assertEqual(len(re.findall("(?m)^note: musterd's zone .* is left out", out)), len(zones) - 1)
        written = (self.root / "etc/dnsmasq.d/muster.conf").read_text().splitlines()
        self.assertEqual([line for line in written if not line.startswith("#")],
                         ["server=/svc.internal/127.0.0.1#5300", "rebind-domain-ok=/svc.internal/"])

    def test_without_musterd(self):
        nobody = os.environ | {"MUSTER_SERVER": "http://127.0.0.1:1"}
        done = self.install("--kind", "dnsmasq", env=nobody)
        self.assertEqual(done.status, 4)
        self.assertIn("--address and --domain", done.err)
        self.good("--kind", "resolv.conf", "--address", "127.0.0.1", env=nobody)

    def machine(self, *words):
        """On the machine itself, but for the file."""
        return run(BIN / "muster", "install-resolver", "--kind", "resolv.conf", "--file", self.root / "etc/resolv.conf", *words)

    def test_nobody_is_sent_where_nobody_answers(self):
        address = another_address(7)
        shown = self.machine("--address", address)
        self.assertEqual(shown.status, 0)
        self.assertIn(f"note: nobody answers at {address}:53", shown.out)
        self.assertEqual(self.machine("--address", address, "--apply").status, 1)
        self.assertEqual((self.root / "etc/resolv.conf").read_text(), RESOLV_CONF)
        self.assertEqual(self.machine("--address", address, "--apply", "--force").status, 0)
        self.assertEqual(self.machine("--undo").status, 0)

    def test_all_names_go_only_to_who_forwards(self):
        address = another_address(8)
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(server.close)
        try:
            server.bind((address, 53))
        except PermissionError:
            self.skipTest("port 53 is for root")
        flags = [0x80]

        def answer():
            while True:
                try:
                    query, client = server.recvfrom(512)
                except OSError:
                    return
                server.sendto(query[:2] + bytes([0x81, flags[0]]) + query[4:], client)

        threading.Thread(target=answer, daemon=True).start()
        flags[0] = 0x05
        refused = self.machine("--address", address, "--apply")
        self.assertEqual(refused.status, 1)
        self.assertIn("does not forward", refused.err)
        flags[0] = 0x80
        done = self.machine("--address", address, "--apply")
        self.assertEqual((done.status, done.err), (0, ""))
        self.assertIn(f"nameserver {address}\n", (self.root / "etc/resolv.conf").read_text())


class Resolving(Node):
    """The real programs in front of a real musterd."""

    def setUp(self):
        super().setUp()
        self.server = self.start(ZONES, store="memory")
        self.server.register("web", "i1", {"address": "127.0.0.11", "port": 80})
        self.resolver = another_address(3)
        self.port = free_port(self.resolver)

    def ask(self, *words):
        return run("dig", f"@{self.resolver}", "-p", self.port, "+short", "+tries=1", "+time=2", *words).out.split()

    def resolves(self):
        wait_until("the name through it", lambda: self.ask("web.svc.internal") == ["127.0.0.11"])
        self.assertEqual(self.ask("_web._tcp.svc.internal", "SRV"), "0 1 80 i1.web.svc.internal.".split())
        self.assertEqual(self.ask("-x", "127.0.0.11"), ["i1.web.svc.internal."], "and the addresses backwards")

    @unittest.skipUnless(installed("unbound"), "unbound is not installed")
    def test_unbound(self):
        self.good("--kind", "unbound", "--apply", env=self.server.environment())
        made = self.root / "etc/unbound/unbound.conf.d/muster.conf"
        conf = self.write("unbound.conf", f"""\
server:
  interface: {self.resolver}
  port: {self.port}
  access-control: 127.0.0.0/8 allow
  username: ""
  chroot: ""
  directory: "{self.folder}"
  pidfile: ""
  use-syslog: no
  do-daemonize: no
  private-address: 127.0.0.0/8
  module-config: "validator iterator"
  trust-anchor: "internal. DS 1 13 2 {"ab" * 32}"
  num-threads: 1
remote-control:
  control-enable: no
include-toplevel: "{made.parent}/*.conf"
""")
        checked = run(installed("unbound-checkconf"), conf)
        self.assertEqual(checked.status, 0, checked.out + checked.err)
        self.background("unbound", [installed("unbound"), "-d", "-c", conf])
        self.resolves()

    @unittest.skipUnless(installed("dnsmasq"), "dnsmasq is not installed")
    def test_dnsmasq(self):
        self.good("--kind", "dnsmasq", "--apply", env=self.server.environment())
        words = [installed("dnsmasq"), "--conf-file=/dev/null", f"--conf-dir={self.root}/etc/dnsmasq.d"]
        checked = run(*words, "--test")
        self.assertEqual(checked.status, 0, checked.err)
        self.background("dnsmasq", words + [
            "--keep-in-foreground", f"--listen-address={self.resolver}", "--bind-interfaces", f"--port={self.port}", "--no-resolv",
            "--no-hosts", "--user=", "--group=", "--pid-file=", "--stop-dns-rebind", "--bogus-priv"])
        self.resolves()


if __name__ == "__main__":
    unittest.main()
