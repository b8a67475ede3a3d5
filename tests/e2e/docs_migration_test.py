"""Runs the commands of the pages for those who come from elsewhere (Route 53, gdnsd, the rules of a service's server), against
the pages' own example configurations, and compares what each prints with what the page shows.

The examples' addresses (192.0.2.N) and ports are replaced by those of backends that this test runs, and put back into what is
printed. A command that a page gained, lost or changed is a failure until it is described here.
"""

import re
import shutil
import socket
import unittest

import wire
from backend import Backend
from docs_test import FREE_PORTS, Page, commands
from harness import ADDRESS, BIN, PATIENCE, SOURCE, another_address, run, wait_until
from ports import free_port

EXAMPLES = SOURCE / "zones/examples"


def fenced(page, language):
    """The fenced blocks of a page, of one language or of none; a closing fence is no opening one."""
    found, inside, kind = [], None, ""
    for line in (SOURCE / page).read_text().splitlines():
        if inside is None and line.startswith("```"):
            inside, kind = [], line[3:]
        elif line == "```":
            if kind == language:
                found.append(inside)
            inside = None
        elif inside is not None:
            inside.append(line)
    return found


def shown(page):
    """The commands of a page that stand with what they printed: `$ command`, and lines below it."""
    steps = []
    for block in fenced(page, ""):
        for step in re.findall(r"(?ms)^\$ (.*?)(?=^\$ |\Z)", "\n".join(block) + "\n"):
            command, _, output = step.partition("\n")
            steps.append((command, output))
    return steps


class Migration(Page):
    def hosts(self, numbers, *ports):
        """A backend for each 192.0.2.NUMBER and port of the example. The real ports are the same at all addresses."""
        self.real = {f"192.0.2.{number}": another_address(number) for number in numbers}
        self.ports = {port: free_port(another_address(numbers[0])) for port in ports}
        backends = {}
        for number in numbers:
            for port, real in self.ports.items():
                backends[number, port] = Backend(another_address(number), real)
                self.addCleanup(backends[number, port].close)
        return backends

    def example(self, name):
        """A copy of an example and of all zones, with the backends' addresses and ports."""
        text = (EXAMPLES / name).read_text()
        for old, new in self.ports.items():
            text, count = re.subn(rf"\bport = {old}\b", f"port = {new}", text)
            self.assertGreater(count, 0, f"port {old} is not in {name}")
        for zone in EXAMPLES.glob("*.zone"):
            shutil.copy(zone, self.folder)
        return self.write(name, self.moved(text))

    def moved(self, text):
        for old, new in self.ports.items():
            text = text.replace(f'"port":{old}', f'"port":{new}')
        return re.sub(r"192\.0\.2\.\d+", lambda found: self.real.get(found[0], found[0]), text)

    def as_shown(self, text):
        """What is printed with the addresses and ports of the page, and one blank for several."""
        for old, new in self.real.items():
            text = re.sub(rf"(?<![\d.]){re.escape(new)}(?!\d)", old, text)
        for old, new in self.ports.items():
            text = re.sub(rf"\b{new}\b", str(old), text)
        return "\n".join(" ".join(line.split()) for line in text.strip().splitlines())

    def step_through(self, server, page, rows):
        """Runs what the page shows. A row is a command and the pattern of what it prints, None where that is word for word what
        the page shows; or a function to be called between two commands."""
        said = shown(page)
        self.assertEqual([row[0] for row in rows if isinstance(row, tuple)], [command for command, _ in said],
                         "the page's commands have changed: describe them here")
        environment, promises = self.shims(server), iter(said)
        for row in rows:
            if not isinstance(row, tuple):
                row()
                continue
            command, pattern = row
            promised = self.as_shown(next(promises)[1])
            with self.subTest(command):
                done = run("bash", "-c", self.moved(command), env=environment, cwd=self.folder)
                self.assertEqual((done.status, done.err), (0, ""), done.out)
                if pattern is None:
                    self.assertEqual(self.as_shown(done.out), promised)
                else:
                    self.assertRegex(promised, pattern, "what the page shows")
                    self.assertRegex(self.as_shown(done.out), pattern, "what is printed")

    def check_and_start(self, page, name):
        """The page's first two commands as they stand, from the source folder; the server has free ports."""
        check, start = commands(page)[:2]
        self.assertEqual(check, f"musterd --check-config zones/examples/{name}")
        self.assertEqual(start, f"musterd --config zones/examples/{name}")
        done = run("bash", "-c", f"PATH={BIN}:$PATH {check}", cwd=SOURCE)
        self.assertEqual((done.status, done.err), (0, ""))
        return self.begin("--config", self.example(name), *FREE_PORTS).ready()

    def shows_parts_of(self, page, name):
        """Each line of configuration on the page is one of the example's."""
        whole = {line.strip() for line in (EXAMPLES / name).read_text().splitlines()} | {""}
        shown_lines = [line.strip() for block in fenced(page, "toml") for line in block]
        self.assertGreater(len(shown_lines), 3)
        self.assertEqual([line for line in shown_lines if line not in whole], [])

    def until(self, server, service, instance, state):
        wait_until(f"{service}/{instance} is {state}", lambda: re.search(
            rf"(?m)^{instance} .* {state} ", server.muster("show", service).out))


class FromRoute53(Migration):
    PAGE, EXAMPLE = "docs/howto/from-route53.md", "from-route53.toml"

    def test_the_page_shows_the_example(self):
        self.shows_parts_of(self.PAGE, self.EXAMPLE)

    def test_every_command(self):
        hosts = self.hosts((10, 11, 12, 99), 80)
        server = self.check_and_start(self.PAGE, self.EXAMPLE)
        self.assertEqual(len(commands(self.PAGE)), 2)
        for instance in ("lb1", "lb2", "lb3"):
            self.until(server, "public", instance, "ACTIVE")
        self.until(server, "shop", "primary", "ACTIVE")
        self.until(server, "shop", "secondary", "ACTIVE")

        def the_first_is_silent():
            hosts[10, 80].up("hang")
            self.until(server, "public", "lb1", "SUSPENDED")
            self.until(server, "shop", "primary", "SUSPENDED")

        def all_are_silent():
            for number, instance in ((11, "lb2"), (12, "lb3")):
                hosts[number, 80].up("hang")
                self.until(server, "public", instance, "SUSPENDED")

        at = "dig @127.0.0.1 -p 5300"
        self.step_through(server, self.PAGE, [
            ("muster show public", None),
            (f"{at} +noall +answer public.example.test A", r"^public\.example\.test\. 3 IN A 192\.0\.2\.1[012]$"),
            (f"for i in $(seq 200); do {at} +short public.example.test A; done | sort | uniq -c",
             # 50, 50 and 100 are expected; six standard deviations are 37 and 42.
             r"^(1[3-9]|[2-7]\d|8[0-7]) 192\.0\.2\.10\n(1[3-9]|[2-7]\d|8[0-7]) 192\.0\.2\.11\n(5[89]|[6-9]\d|1[0-3]\d|14[0-2]) 192\.0\.2\.12$"),
            (f"{at} +short example.test MX", None),
            the_first_is_silent,
            ("muster show public", None),
            (f"{at} +noall +answer public.example.test A", r"^public\.example\.test\. [12] IN A 192\.0\.2\.1[12]$"),
            (f"{at} +short shop.example.test A", None),
            all_are_silent,
            (f"{at} public.example.test A | grep EDE", None),
            ("muster explain public.example.test A | grep -m 3 -E 'note|policy|ttl_reason'", None),
        ])
        self.assertEqual(server.dig("example.test").answer[0].ttl, 1)


class FromGdnsd(Migration):
    PAGE, EXAMPLE = "docs/howto/from-gdnsd.md", "from-gdnsd.toml"

    def begin_with_backends(self):
        self.backends = self.hosts((10, 11, 12, 20, 21, 30, 31), 80, 5432)
        server = self.check_and_start(self.PAGE, self.EXAMPLE)
        for service, instance in (("www", "lb01"), ("www", "lb02"), ("www", "lb03"), ("db", "primary"), ("db", "secondary"), ("shop", "old"),
                                  ("shop", "new"), ("app", "1"), ("app", "2"), ("app-there", "1"), ("app-there", "2"), ("batch", "1"), ("batch", "2")):
            self.until(server, service, instance, "ACTIVE")
        return server

    def stop(self, server, *gone):
        for number, port, service, instance in gone:
            self.backends[number, port].down()
        for _, _, service, instance in gone:
            self.until(server, service, instance, "SUSPENDED")

    def test_the_page_shows_the_example(self):
        self.shows_parts_of(self.PAGE, self.EXAMPLE)

    def test_every_command(self):
        server = self.begin_with_backends()
        self.assertEqual(len(commands(self.PAGE)), 2)

        def ask(name):
            return f"dig @127.0.0.1 -p 5300 +short {name}.example.test A"

        overlay = "http://127.0.0.1:8053/api/v1/overlay"
        self.step_through(server, self.PAGE, [
            ("muster list", None),
            (ask("www") + " | sort", None),
            (ask("db"), None),
            (ask("app") + " | sort", None),
            lambda: self.stop(server, (12, 80, "www", "lb03"), (20, 5432, "db", "primary")),
            ("muster show www", None),
            (ask("www") + " | sort", None),
            (ask("db"), None),
            lambda: self.stop(server, (10, 80, "www", "lb01"), (11, 80, "www", "lb02"), (10, 80, "app", "1"), (11, 80, "app", "2")),
            (ask("www") + " | sort", None),
            (ask("app") + " | sort", None),
            ("dig @127.0.0.1 -p 5300 app.example.test A | grep EDE", None),
            ("muster down batch 1", None),
            (ask("batch"), None),
            (f"""curl -s {overlay} --json '{{"match":"batch/*","mode":"up","reason":"the look-out is wrong"}}'""", None),
            ("muster show batch", None),
            (f"curl -s -X DELETE '{overlay}?match=batch/*'", None),
            ("muster auto batch 1", None),
        ])

    def gdnsd(self):
        """A gdnsd with the page's configuration and zone: where it answers."""
        config, zone = ("\n".join(block) + "\n" for block in fenced(self.PAGE, "") if not block[0].startswith("$ "))
        address = another_address(200)
        port = free_port(address)
        options = f'listen => [ {address}:{port} ], run_dir => "{self.folder}/run", state_dir => "{self.folder}/state"'
        config, count = re.subn(r"listen => \[ 127\.0\.0\.1:5353 \]", options, config)
        self.assertEqual(count, 1)
        for old, new in self.ports.items():
            config = config.replace(f"port => {old},", f"port => {new},")
        (self.folder / "zones").mkdir()
        self.write("config", self.moved(config))
        self.write("zones/example.test", self.moved(zone))
        checked = run("gdnsd", "-c", self.folder, "checkconf")
        self.assertEqual(checked.status, 0, checked.err)
        self.background("gdnsd", ["gdnsd", "-c", self.folder, "start"])
        return address, port

    def test_gdnsd_answers_the_same(self):
        """The configuration and the zone of the page in gdnsd itself: the same addresses at every name, whoever is up."""
        if shutil.which("gdnsd") is None:
            self.skipTest("gdnsd is not installed")
        server = self.begin_with_backends()
        theirs = self.gdnsd()

        def addresses(at, name):
            """All that it answers in 60 draws: of one in four, none is missed but once in thirty million."""
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
                asking.settimeout(PATIENCE)
                asking.connect(at)
                found = set()
                for _ in range(60):
                    try:
                        asking.send(wire.query(f"{name}.example.test", "A"))
                        records = wire.Reply(asking.recv(4096)).answer
                    except ConnectionRefusedError:  # gdnsd is still looking at everything once
                        return set()
                    found |= {socket.inet_ntoa(rdata) for _, _, _, _, rdata in records}
                return found

        def agree(what, **expected):
            for name, numbers in expected.items():
                wanted = {another_address(number) for number in numbers}
                for program, at in (("gdnsd", theirs), ("musterd", server.dns)):
                    wait_until(f"{what}: {program} answers {wanted} for {name}", lambda: addresses(at, name) == wanted)

        agree("all are up", www=(10, 11, 12), db=(20,), shop=(10, 11), app=(10, 11))
        for name in ("old", "batch"):
            self.assertEqual(addresses(theirs, name), addresses(server.dns, name), name)
        self.stop(server, (12, 80, "www", "lb03"), (20, 5432, "db", "primary"))
        agree("one of three, and the primary", www=(10, 11), db=(21,), shop=(10, 11), app=(10, 11))
        self.stop(server, (11, 80, "www", "lb02"))
        agree("under half of three, half of two", www=(10, 11, 12), shop=(10,), app=(10,))
        self.stop(server, (10, 80, "www", "lb01"), (21, 5432, "db", "secondary"))
        agree("nobody here", www=(10, 11, 12), db=(20,), shop=(10, 11), app=(30, 31))


class ServiceServer(Migration):
    PAGE, EXAMPLE = "docs/howto/service-server.md", "service-server.toml"

    def test_every_command(self):
        check, start = commands(self.PAGE)
        self.assertEqual(check, f"musterd --check-config zones/examples/{self.EXAMPLE}")
        self.assertEqual(start, f"musterd --config zones/examples/{self.EXAMPLE} 2> musterd.log")
        done = run("bash", "-c", f"PATH={BIN}:$PATH {check}", cwd=SOURCE)
        self.assertEqual((done.status, done.err), (0, ""))
        self.hosts((10,), 8080)
        self.real["127.0.0.1"] = ADDRESS
        shutil.copy(EXAMPLES / self.EXAMPLE, self.folder)
        # At one write a second the ninth may be admitted on a busy machine.
        server = self.begin("--config", self.folder / self.EXAMPLE, "--set", "http.throttle.rate=0.05", *FREE_PORTS).ready()
        (self.folder / "musterd.log").symlink_to(server.err_path)

        http, at = "http://127.0.0.1:8053", "dig @127.0.0.1 -p 5300 +short"
        orders, status = f"{http}/api/v1/services/orders", "-o /dev/null -w '%{http_code}\\n'"
        kind = "-o /dev/null -w '%{content_type}\\n'"
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        self.step_through(server, self.PAGE, [
            (f"curl -s -X PUT {orders}/instances/o1 --json "
             """'{"address":"192.0.2.10","generation":1,"lease":"1h","ports":[{"name":"http","port":8080,"attributes":{"sla_ms":200}},"""
             """{"name":"admin","port":8081}],"checks":[{"type":"http","path":"/ping","interval":"2s","timeout":"500ms"}]}'""",
             r'^\{"service":"orders","id":"o1","label":"o1","generation":1,"revision":\d+,"state":"STARTING","heartbeat_in_ms":1200000,"durable":true,'),
            lambda: self.until(server, "orders", "o1", "ACTIVE"),
            (f"{at} _admin._tcp.orders.svc.internal SRV", None),
            (f"{at} _services._dns-sd._udp.svc.internal PTR | sort", None),
            (f"""now=$(curl -s {http}/api/v1/status | grep -o '"revision":[0-9]*'); curl -s -H 'grpc-timeout: 100m' """
             f"""\"{http}/api/v1/changes?after=${{now#*:}}&wait=30s\"""", r'^\{"epoch":"[-0-9a-f]+","from":(\d+),"to":\1,"changes":\[\]\}$'),
            (f"""curl -s {http}/api/v1 | grep -o '"method":"[A-Z]*","path":"/api/v1/services/{{service}}","scope":"[a-z]*"'""", None),
            (f"""curl -s {status} -X PUT '{http}/api/v1/services/burst/instances/i[1-8]' --json '{{"address":"192.0.2.20"}}' | sort | uniq -c""", None),
            (f"curl -s -X DELETE {http}/api/v1/services/burst/instances/i1", r'^\{"error":"rate_limited",.*"retry_after_ms":\d+\}$'),
            (f"""curl -s {status} {orders}/instances/o1/heartbeat --json '{{"status":"passing","load":75}}'""", None),
            (f"""curl -s {orders}/instances/o1 | grep -o '"effective_weight":[0-9.]*'""", None),
            (f"""curl -s {orders}/instances/o1 | grep -o '"attributes":{{"sla_ms":200}}'""", None),
            (f"""curl -s {orders}/instances/o1/health | grep -o '"success_share":[0-9.]*'""", None),
            (f"curl -s {http}/metrics | grep '^muster_service_success_share'", None),
            (f"""curl -s {http}/metrics | grep '^muster_http_request_seconds_count{{route="/api/v1/changes"'""", None),
            (f"""curl -s {http}/api/v1/health | grep -o '"name":"[a-z_]*","status":"[a-z]*"'""", None),
            (f"curl -s {http}/readyz", None),
            (f"curl -s {orders}/health", None),
            (f"{at} _health.orders.svc.internal TXT", None),
            (f"{at} muster.svc.internal A", None),
            (f"muster run --as jobs --id j1 --port 9000 --address 192.0.2.21 -- {at} _jobs._tcp.svc.internal SRV", None),
            (f"{at} jobs.svc.internal A", None),
            (f"curl -s -o /dev/null -H 'traceparent: 00-{trace}-00f067aa0ba902b7-01' {http}/api/v1/services", None),
            ("grep -o 'route=/api/v1/services status=200 .* trace_id=4[0-9a-f]* span_id=[0-9a-f]*' musterd.log",
             rf"trace_id={trace} span_id=(?!00f067aa0ba902b7)[0-9a-f]{{16}}$"),
            (f"curl -s {kind} {http}/api/v1/services", None),
            (f"curl -s {kind} {http}/api/v1/zones/svc.internal.", None),
            (f"curl -s -H 'Accept: application/xml' {http}/api/v1/services", None),
            ("muster register worker 192.0.2.30:9100 --id w1 --tag tier=high --property in=orders-high --property out=results --lease 1h", None),
            ("muster register worker 192.0.2.31:9100 --id w2 --tag tier=low --property in=orders-low --property out=results --lease 1h", None),
            (f"{at} high.tier.by.worker.svc.internal A", None),
            (f"{at} w1.worker.svc.internal TXT", None),
            (f"curl -s '{http}/api/v1/http_sd?service=worker'", None),
            ("muster drain worker w1 --wait", r"^draining worker/w1; no resolver holds it after \S+Z$"),
            (f"{at} worker.svc.internal A", None),
            ("muster deregister worker w1", None),
        ])


if __name__ == "__main__":
    unittest.main()
