"""Runs the commands of the README, of the tutorial and of the reference pages as they stand there, and looks at what they print.

The commands name the ports 5300, 8053 and 18081. Programs of the same names come first in PATH and put the ports of this
test's own server in their place; nothing else of a command is changed. A command that the page gained is a failure
until its output is described here.
"""

import json
import os
import re
import shutil
import signal
import unittest

import mesos_master as mesos
from harness import ADDRESS, BIN, SOURCE, EndToEnd, another_address, run, wait_until
from ports import free_port

FREE_PORTS = ["--set", f'dns.listen=["{ADDRESS}:0"]', "--set", f'http.listen=["{ADDRESS}:0"]']


def blocks(page, language="sh"):
    """The fenced blocks of a page, each as its lines."""
    text = (SOURCE / page).read_text()
    return [block.strip().splitlines() for block in re.findall(rf"(?ms)^```{language}\n(.*?)^```", text)]


def commands(page):
    return [line for block in blocks(page) for line in block]


class Page(EndToEnd):
    def shims(self, server):
        """dig, its kin and curl that ask this server, and muster in PATH."""
        folder = self.folder / "shims"
        folder.mkdir()
        host, port = server.dns
        self.script(folder / "dig", f'words=("${{@/#@127.0.0.1/@{host}}}")\nexec /usr/bin/dig -p {port} "${{words[@]/#5300/{port}}}"')
        for tool in ("kdig", "drill", "delv"):
            self.script(folder / tool, f'words=("${{@/#@127.0.0.1/@{host}}}")\nexec /usr/bin/{tool} "${{words[@]/#5300/{port}}}"')
        self.script(folder / "curl", f'exec /usr/bin/curl --noproxy "*" -sS "${{@/127.0.0.1:8053/{server.http[0]}:{server.http[1]}}}"')
        (folder / "muster").symlink_to(BIN / "muster")
        return server.environment({"PATH": f"{folder}:{os.environ['PATH']}"})

    def script(self, path, text):
        path.write_text("#!/bin/bash\n" + text + "\n")
        path.chmod(0o755)

    def walk(self, server, rows, said):
        """Runs each command and compares its output; the page must hold these commands and no others."""
        self.assertEqual([command for command, _ in rows], said, "the page's commands have changed: describe them here")
        environment = self.shims(server)
        for command, expected in rows:
            with self.subTest(command):
                done = run("bash", "-c", command, env=environment, cwd=self.folder)
                self.assertEqual(done.status, 0, done.err)
                self.assertRegex(done.out, expected)
        return environment


class HaproxyPage(Page):
    def test_an_instance_is_in_the_export(self):
        server = self.start(store="memory")
        put, export = said = commands("docs/howto/haproxy.md")
        section = re.search(r"(?m)^listen web-8081\n(  .*\n)+", (SOURCE / "docs/howto/haproxy.md").read_text())
        self.walk(server, [(put, r'"lease"'), (export, re.escape(section[0]))], said)


class UltraesbPage(Page):
    def test_the_endpoints_come_over(self):
        page = "docs/howto/from-ultraesb.md"
        imported, checked, uri, txt, report = commands(page)
        shutil.copytree(SOURCE / "zones/examples", self.folder / "zones/examples")
        told = run("bash", "-c", imported, env={"PATH": f"{BIN}:{os.environ['PATH']}"}, cwd=self.folder)
        self.assertEqual(told.status, 0, told.err)
        self.assertIn("\n" + told.err, (SOURCE / page).read_text(), "the warnings are those of the page")
        self.assertEqual(run("bash", "-c", checked, env={"PATH": f"{BIN}:{os.environ['PATH']}"}, cwd=self.folder).status, 0)
        server = self.start((self.folder / "services.toml").read_text(), store="memory")
        printed = (SOURCE / page).read_text()
        shims = self.shims(server)
        answers = [line for command in (uri, txt) for line in sorted(run("bash", "-c", command, env=shims).out.splitlines())]
        self.assertEqual(len(answers), 3)
        self.assertIn("\n" + "\n".join(answers) + "\n", printed)
        self.assertEqual(run("bash", "-c", report, env=shims).status, 0)
        wait_until("the report counts", lambda: len(server.dig("echo.svc.internal", "URI").data()) == 1)


class Readme(Page):
    def test_the_first_answer(self):
        said = commands("README.md")
        begin, path, register, dig, srv, live, *work = said
        self.assertEqual(begin, "./tools/run")
        self.assertEqual([line.split()[0] for line in work], ["./tools/build", "./tools/package", "./tools/test", "./tools/clients", "./tools/coverage", "./tools/bench"])
        server = self.tools_run()

        rows = [
            (register, r"^registered web/127-0-0-11-18081, lease 30 s$"),
            (dig, r"^127\.0\.0\.11$"),
            (srv, r"^0 1 18081 127-0-0-11-18081\.web\.svc\.internal\.$"),
        ]
        self.assertEqual(path, "export PATH=$PWD/build/release/bin:$PATH")
        environment = self.walk(server, rows, [register, dig, srv])

        server.muster("deregister", "web", "127-0-0-11-18081")
        self.assertEqual(live, "muster run --as web --port 18081 -- python3 -m http.server 18081")
        port = free_port("127.0.0.1")
        running = self.background("run", ["bash", "-c", "exec " + live.replace("18081", str(port))], env=environment)
        wait_until("the web server is in DNS", lambda: server.dig("_web._tcp.svc.internal", "SRV").answer)
        self.assertEqual(server.dig("_web._tcp.svc.internal", "SRV").answer[0].data.split()[2], str(port))
        wait_until("it answers", lambda: run("curl", "-sf", "-o", self.folder / "page", f"http://127.0.0.1:{port}/").status == 0)
        running.signal(signal.SIGINT)
        running.wait()
        self.assertEqual(server.dig("web.svc.internal").answer, [])

    def tools_run(self):
        """What tools/run starts once everything is built, in a folder that looks like the clone."""
        last = (SOURCE / "tools/run").read_text().strip().splitlines()[-1]
        self.assertTrue(last.startswith("exec build/release/bin/musterd --config zones/examples/musterd.toml"), last)
        (self.folder / "build/release").mkdir(parents=True)
        (self.folder / "build/release/bin").symlink_to(BIN)
        (self.folder / "build/run").mkdir()
        (self.folder / "zones").symlink_to(SOURCE / "zones")
        words = last.removeprefix("exec build/release/bin/musterd ").replace('"$@"', "").replace("$PWD", str(self.folder))
        server = self.begin(*words.replace('"', "").split(), *FREE_PORTS).ready()
        self.assertTrue((self.folder / "build/run/muster.db").exists())
        self.assertEqual(server.dig("www.example.test").status, "NOERROR")
        self.assertEqual(server.dig("db.svc.internal").data(), ["192.0.2.10"])
        return server

    def test_the_hints_of_tools_run(self):
        hints = re.findall(r"(?m)^  (\S.*?)(?:\s+#.*)?$", re.search(r"(?s)<<EOF\n(.*?)\nEOF", (SOURCE / "tools/run").read_text())[1])
        server = self.begin("--config", SOURCE / "zones/examples/musterd.toml", "--set", f"store.path={self.folder}/muster.db",
                            *FREE_PORTS).ready()
        path, register, dig, srv, curl, live = hints
        self.assertIn("PATH", path)
        self.assertIn("muster run", live)
        self.walk(server, [(register, "registered web"), (dig, r"ANSWER: 1,"), (srv, r"ADDITIONAL: 2"), (curl, '"ready":|"serving":true')],
                  [register, dig, srv, curl])


class Tutorial(Page):
    def test_every_command(self):
        start, *said = commands("docs/tutorial/first-service.md")
        self.assertEqual(start, "musterd --dev")
        server = self.begin("--dev", *FREE_PORTS).ready()
        web = r"(?s)127\.0\.0\.1[12].*127\.0\.0\.1[12]"
        expected = [
            ("muster register web 127.0.0.11:18081 --port-name http --tag az=a --lease 10s", "lease 10 s"),
            ("muster register web 127.0.0.12:18081 --port-name http --tag az=b --lease 10s --weight 3", "lease 10 s"),
            ("dig @127.0.0.1 -p 5300 web.svc.internal A +short", r"(?s)^127\.0\.0\.1[12]\n127\.0\.0\.1[12]\n$"),
            ("dig @127.0.0.1 -p 5300 _http._tcp.web.svc.internal SRV +short", "0 3 18081 127-0-0-12-18081.web.svc.internal."),
            ("muster list", r"(?m)^web +2 +2 "),
            ("muster show web", web),
            ("muster lookup web.svc.internal", web),
            ("muster explain web.svc.internal A", web),
            ("muster drain web 127-0-0-11-18081", "no resolver holds it after"),
            ("muster deregister web 127-0-0-11-18081", "deregistered web/127-0-0-11-18081"),
            ("dig @127.0.0.1 -p 5300 web.svc.internal A +short", r"^(127\.0\.0\.12\n)?$"),
        ]
        self.walk(server, expected, said)
        self.assertRegex(server.dig("web.svc.internal").status, "NOERROR")


class Ask(Page):
    def test_every_command(self):
        server = self.begin("--dev", *FREE_PORTS, "--set", "server.name=ns1.example.test").ready()
        at = "@127.0.0.1 -p 5300"
        only, record = r"^127\.0\.0\.11$", r"(?m)^web\.svc\.internal\.\s+\d+\s+IN\s+A\s+127\.0\.0\.11$"
        srv = (r"(?ms)^_web\._tcp\.svc\.internal\.\s+\d+\s+IN\s+SRV\s+0 1 18081 127-0-0-11-18081\.web\.svc\.internal\.$"
               r".*^127-0-0-11-18081\.web\.svc\.internal\.\s+\d+\s+IN\s+A\s+127\.0\.0\.11$")
        soa = r"IN\s+SOA\s+ns1\.svc\.internal\."
        rows = [
            ("muster register web 127.0.0.11:18081 --lease 10m", "registered web/127-0-0-11-18081"),
            (f"dig {at} web.svc.internal A +short", only),
            (f"kdig {at} web.svc.internal A +short", only),
            ("drill -p 5300 web.svc.internal @127.0.0.1 A", record),
            (f"delv {at} -i +short web.svc.internal A", only),
            (f"kdig {at} _web._tcp.svc.internal SRV", srv),
            ("drill -p 5300 _web._tcp.svc.internal @127.0.0.1 SRV", srv),
            (f"dig {at} +norec nothing.svc.internal A", rf"(?s)NXDOMAIN.*flags: qr aa;.*\s2\s+{soa}"),
            (f"dig {at} +norec web.svc.internal MX", rf"(?s)NOERROR.*flags: qr aa; QUERY: 1, ANSWER: 0,.*\s2\s+{soa}"),
            (f"dig {at} +norec www.example.org A", r"(?s)REFUSED.*flags: qr; .*EDE: 20 \(Not Authoritative\)"),
            (f"delv {at} -i nothing.svc.internal A", "ncache nxdomain|NXDOMAIN"),
            (f"dig {at} web.svc.internal A +tcp +keepalive", r"(?s)TCP KEEPALIVE: 10\.0 secs.*127\.0\.0\.11.*\(TCP\)"),
            (f"kdig {at} web.svc.internal A +tcp +short", only),
            ("drill -t -p 5300 web.svc.internal @127.0.0.1 A", record),
            (f"dig {at} svc.internal SOA +nsid", r'(?s)NSID: .*"ns1\.example\.test"'),
            (f"kdig {at} -c CH -t TXT id.server +short", r'^"ns1\.example\.test"$'),
            (f"dig {at} web.svc.internal ANY +notcp +noall +answer", r"^web\.svc\.internal\.\s+\d+\s+IN\s+A\s+127\.0\.0\.11\n$"),
            (f"kdig {at} web.svc.internal ANY +tcp", r"(?s)ANSWER: [2-9];.*SRV"),
        ]
        self.walk(server, rows, commands("docs/howto/ask.md"))


class HttpReference(Page):
    def test_every_example_in_its_order(self):
        server = self.start('[[source.mesos]]\nmasters = ["http://127.0.0.1:1"]\nrequired = false\n'
                            '[forward]\nenabled = true\nupstreams = ["127.0.0.1:1"]\n', store="memory")
        environment = self.shims(server)
        said = commands("docs/reference/http-api.md")
        self.assertGreater(len(said), 25)
        for command in said:
            with self.subTest(command):
                done = run("bash", "-c", "timeout 2 " + command if "/watch" in command else command, env=environment)
                self.assertEqual(done.err, "")
                self.assertNotIn('{"error":', done.out[:10])
                if not any(path in command for path in ("/zones/", "/watch", "/healthz")):
                    json.loads(done.out)


# What the page says of the service `rest`.
ADVISING = """[service.rest]
timeout = "1s"
action = "report"
properties = { switchLocationHeadersTo = "http://localhost:8280/vpath" }
debug_txt = true
"""


class NamesReference(Page):
    def cluster(self):
        """One with the task that the page shows, as a source of addresses' names alone."""
        cluster = mesos.Cluster()
        cluster.add_framework("marathon").tasks["cart.bbb"] = mesos.Task("cart.bbb", "cart", list(cluster.agents)[1], address="10.9.0.7")
        master = mesos.Master(cluster, another_address(1), streams=False)
        self.addCleanup(master.close)
        return f'[[source.mesos]]\nmasters = ["{master.url}"]\nservice_name = ""\nptr = true\n'

    def test_what_the_page_shows_is_what_dig_prints(self):
        server = self.start('[zones]\nreverse = ["10.in-addr.arpa."]\n[service.web]\ntag_views = ["az"]\n' + ADVISING + self.cluster(), store="memory")
        environment = self.shims(server)
        register, *shown = blocks("docs/reference/names.md", "")
        done = run("bash", "-c", "\n".join(register), env=environment)
        self.assertEqual((done.err, done.out.count('"error"')), ("", 0), done.out)
        checked = 0
        for block in shown:
            for step in re.findall(r"(?ms)^\$ (.*?)(?=^\$ |\Z)", "\n".join(block) + "\n"):
                command, _, output = step.partition("\n")
                command = command.split("  #")[0]
                with self.subTest(command):
                    done = run("bash", "-c", command.replace("dig ", f"dig @{server.dns[0]} "), env=environment)
                    lines = [line for line in sorted(done.out.splitlines()) if "muster" not in line and "_dns." not in line]
                    if output.strip():
                        self.assertEqual(lines, sorted(output.strip().splitlines()))
                    self.assertTrue(done.out.strip())
                    checked += 1
        self.assertEqual(checked, len(re.findall(r"(?m)^\$ ", (SOURCE / "docs/reference/names.md").read_text())))


class ClientTable(unittest.TestCase):
    def test_each_line_has_its_test_and_each_test_its_line(self):
        rows = re.findall(r"(?m)^\| .* \[\w+\]\((tests/[^)]+)\) \|$", (SOURCE / "README.md").read_text())
        tests = {str(path.relative_to(SOURCE)) for path in (SOURCE / "tests/clients").glob("*_test.py")}
        self.assertEqual({row for row in rows if row.startswith("tests/clients/")}, tests)
        self.assertEqual(len(rows), len(set(rows)))
        for row in rows:
            self.assertTrue((SOURCE / row).exists(), row)


if __name__ == "__main__":
    unittest.main()
