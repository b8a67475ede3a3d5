"""Real secondary name servers behind musterd: told by NOTIFY, fed by AXFR and IXFR, they hold what musterd holds."""

import contextlib
import http.client
import os
import random
import re
import shutil
import time
import unittest

from harness import ADDRESS, EndToEnd, exchange, run, wait_until
from ports import free_port

ZONE = "svc.internal"
CHANGES = 1000
STANDING = 1000
LEASE = "1h"
TRIES = 5

ZONES = '[zones]\nallow_transfer = ["127.0.0.0/8"]\n'


def program(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


def records(server, *words, zone=ZONE):
    """Everything of the zone but TTLs, as a client of AXFR sees it."""
    done = run("dig", f"@{server[0]}", "-p", server[1], "+noall", "+answer", "+onesoa", "+time=10", *words, zone, "AXFR")
    if "Transfer failed" in done.out:
        return set()
    return read_records(done.out)


def read_records(text):
    found = set()
    for line in text.splitlines():
        if line and not line.startswith(";"):
            owner, _, _, kind, data = line.split(None, 4)
            found.add((owner.lower(), kind, data.lower()))
    return found


def serial(server, zone=ZONE):
    done = run("dig", f"@{server[0]}", "-p", server[1], "+short", "+tries=1", "+time=2", zone, "SOA")
    words = done.out.split()
    return int(words[2]) if len(words) == 7 else None


class Knot:
    title, name, version = "Knot as secondary", "knotd", "--version"
    address = ADDRESS

    @staticmethod
    def words(path, folder, port, primary, zone=ZONE):
        (folder / "knot.conf").write_text(f"""server:
    rundir: "{folder}"
    listen: {ADDRESS}@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: info
database:
    storage: "{folder}"
remote:
  - id: primary
    address: {primary[0]}@{primary[1]}
acl:
  - id: told
    address: {primary[0]}
    action: notify
  - id: everybody
    address: 127.0.0.0/8
    action: transfer
zone:
  - domain: {zone}
    storage: "{folder}"
    master: primary
    acl: [told, everybody]
""")
        return [path, "-c", folder / "knot.conf"]


class Nsd:
    title, name, version = "NSD as secondary", "nsd", "-v"
    address = ADDRESS

    @staticmethod
    def words(path, folder, port, primary, zone=ZONE):
        (folder / "nsd.conf").write_text(f"""server:
    ip-address: {ADDRESS}@{port}
    server-count: 1
    username: ""
    chroot: ""
    database: ""
    zonesdir: "{folder}"
    pidfile: "{folder}/nsd.pid"
    xfrdfile: "{folder}/xfrd.state"
    zonelistfile: "{folder}/zone.list"
    xfrdir: "{folder}"
    verbosity: 2
    rrl-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: "{zone}"
    zonefile: "nsd.zone"
    allow-notify: {primary[0]} NOKEY
    request-xfr: {primary[0]}@{primary[1]} NOKEY
    provide-xfr: 127.0.0.0/8 NOKEY
""")
        return [path, "-d", "-c", folder / "nsd.conf"]


class Named:
    title, name, version = "BIND as secondary", "named", "-v"
    address = "127.0.0.1"  # it listens on addresses of interfaces only

    @staticmethod
    def words(path, folder, port, primary, zone=ZONE):
        (folder / "named.conf").write_text(f"""options {{
    directory "{folder}";
    listen-on port {port} {{ {Named.address}; }};
    listen-on-v6 {{ none; }};
    pid-file "{folder}/named.pid";
    session-keyfile "{folder}/session.key";
    managed-keys-directory "{folder}";
    recursion no;
    dnssec-validation no;
    allow-transfer {{ 127.0.0.0/8; }};
    notify no;
}};
controls {{ }};
zone "{zone}" {{
    type secondary;
    file "named.zone";
    primaries port {primary[1]} {{ {primary[0]}; }};
    allow-notify {{ {primary[0]}; }};
    max-records-per-type 0;  // 100 otherwise: a set over a whole domain holds more
}};
""")
        return [path, "-g", "-n", "1", "-c", folder / "named.conf"]


class Secondary(EndToEnd):
    """One musterd and one secondary; the classes below say which."""

    def begin_secondary(self, kind, primary, zone=ZONE):
        path = program(kind.name)
        if path is None:
            self.skipTest(f"{kind.name} is not installed")
        told = run(path, kind.version)
        print(f"client: {kind.title} {re.search(r'[0-9]+([.][0-9]+)+', told.out + told.err)[0]}", flush=True)
        for attempt in range(TRIES):
            port = free_port(kind.address)
            process = self.background(f"{kind.name}{attempt}", kind.words(path, self.folder, port, primary, zone))
            address = (kind.address, port)
            if wait_until(f"{kind.name} serves or ends",
                          lambda: "ended" if process.child.poll() is not None else serial(address, zone)) != "ended":
                return address
        raise AssertionError(f"{kind.name} does not start:\n{process.out}\n{process.err}")

    def metric(self, name, **labels):
        """The sum of a family's samples that have these labels."""
        total = 0.0
        for line in self.server.curl("/metrics")[1].splitlines():
            found = re.fullmatch(rf"{name}\{{(.*)\}} (\S+)", line)
            if found and all(f'{key}="{value}"' in found[1] for key, value in labels.items()):
                total += float(found[2])
        return total

    def change_at_random(self, rng, count):
        """Registrations, changes of them and removals of a few services."""
        known = set()
        connection = http.client.HTTPConnection(*self.server.http, timeout=30)
        with contextlib.closing(connection):
            for number in range(count):
                service, instance = f"s{rng.randrange(12)}", f"i{rng.randrange(8)}"
                path = f"/api/v1/services/{service}/instances/{instance}"
                if (service, instance) in known and rng.random() < 0.45:
                    reply = exchange(connection, "DELETE", path)
                    known.discard((service, instance))
                else:
                    body = {"generation": time.time_ns() // 1_000_000, "lease": LEASE,
                            "address": f"127.{rng.randrange(256)}.{rng.randrange(256)}.{1 + rng.randrange(254)}",
                            "ports": [{"name": rng.choice(["http", "admin"]), "port": 1 + rng.randrange(65535)}],
                            "weight": 1 + rng.randrange(9), "tags": {"n": str(number)}}
                    reply = exchange(connection, "PUT", path, body)
                    known.add((service, instance))
                self.assertLess(reply.status, 300, reply.text)
                time.sleep(0.004)

    def fill(self):
        """So many instances that what changes in a second is less than the zone."""
        connection = http.client.HTTPConnection(*self.server.http, timeout=30)
        with contextlib.closing(connection):
            for number in range(STANDING):
                body = {"lease": LEASE, "address": f"127.9.{number // 250}.{number % 250 + 1}",
                        "generation": time.time_ns() // 1_000_000, "ports": [{"name": "http", "port": 80}]}
                reply = exchange(connection, "PUT", f"/api/v1/services/still{number // 10}/instances/i{number}", body)
                self.assertLess(reply.status, 300, reply.text)

    def follow(self, kind):
        seed = int(os.environ.get("MUSTER_SEED", random.SystemRandom().randrange(1 << 32)))
        print(f"MUSTER_SEED={seed}", flush=True)
        self.server = self.start(ZONES, store="memory")
        self.fill()
        secondary = self.begin_secondary(kind, self.server.dns)
        self.configuration(f'{ZONES}notify = ["{secondary[0]}:{secondary[1]}"]\n', store="memory")
        self.assertEqual(self.server.muster("reload").status, 0)
        self.change_at_random(random.Random(seed), CHANGES)

        def caught_up():
            ours = serial(self.server.dns)
            return ours == serial(secondary) and ours == serial(self.server.dns)

        wait_until(f"{kind.name} has the serial of musterd", caught_up)
        ours = records(self.server.dns)
        self.assertGreater(len(ours), 100)
        self.assertEqual(records(secondary), ours)
        self.assertGreater(self.metric("muster_notify_total", zone=f"{ZONE}.", result="answered"), 2)
        self.assertGreater(self.metric("muster_transfers_total", zone=f"{ZONE}.", kind="ixfr", result="sent"), 2,
                           "it takes differences")
        self.assertEqual(self.metric("muster_transfers_total", result="aborted"), 0)
        self.assertLessEqual(self.metric("muster_transfers_total", zone=f"{ZONE}.", kind="axfr", result="sent"), 2,
                             "and took the whole zone at its beginning only (our own AXFR is one)")


PUBLIC = "example.test"
PUBLIC_ZONE = """$TTL 60
@ SOA ns1 host 7 60 60 600 5
@ NS ns1
@ MX 10 mail
ns1 A 192.0.2.1
mail A 192.0.2.25
www TXT "beside"
"""


class FollowPublicNames(Secondary):
    """Services at names of a file zone: what changes there raises its serial, and goes out as differences."""

    def test_knot(self):
        (self.folder / "public.zone").write_text(PUBLIC_ZONE)
        public = f"""[[zones.file]]
name = "{PUBLIC}."
file = "public.zone"
allow_transfer = ["127.0.0.0/8"]
""" + "".join(f'[service.s{number}]\nalso = ["{names}"]\n' for number, names in
              enumerate((f"{PUBLIC}.", f"www.{PUBLIC}.", f"_http._tcp.{PUBLIC}.", f"deep.below.{PUBLIC}.")))
        self.server = self.start(public, store="memory")
        wait_until("the zone is read", lambda: serial(self.server.dns, PUBLIC))
        secondary = self.begin_secondary(Knot, self.server.dns, PUBLIC)
        self.configuration(public.replace("[[zones.file]]", f'[[zones.file]]\nnotify = ["{secondary[0]}:{secondary[1]}"]'), store="memory")
        self.assertEqual(self.server.muster("reload").status, 0)
        before = serial(self.server.dns, PUBLIC)
        begin = time.monotonic()
        self.change_at_random(random.Random(1), CHANGES)
        compared = []

        def caught_up():
            if serial(self.server.dns, PUBLIC) != serial(secondary, PUBLIC):
                return False
            compared.append(records(self.server.dns, zone=PUBLIC))
            return compared[-1] == records(secondary, zone=PUBLIC)

        wait_until("Knot has what musterd has", caught_up)
        ours = compared[-1]
        self.assertIn((f"{PUBLIC}.", "mx", f"10 mail.{PUBLIC}."), {(owner, kind.lower(), data) for owner, kind, data in ours})
        self.assertGreater(len([1 for owner, kind, _ in ours if owner == f"{PUBLIC}." and kind == "A"]), 2)
        raised = serial(self.server.dns, PUBLIC) - before
        self.assertGreater(raised, 2)
        self.assertLessEqual(raised, time.monotonic() - begin + 1, "once a second at most")
        # What a second of so many changes makes of a small zone may be more than the zone, which is then sent whole.
        self.server.register("s0", "late", {"address": "127.9.9.9", "lease": LEASE})
        wait_until("the one change is in DNS", lambda: serial(self.server.dns, PUBLIC) > before + raised)
        wait_until("Knot has it", caught_up)
        self.assertIn((f"{PUBLIC}.", "A", "127.9.9.9"), compared[-1])
        self.assertGreater(self.metric("muster_transfers_total", zone=f"{PUBLIC}.", kind="ixfr", result="sent"), 0, "it takes differences")
        self.assertLessEqual(self.metric("muster_transfers_total", zone=f"{PUBLIC}.", kind="axfr", result="sent"), len(compared) + 1,
                             "our own, and Knot's first")


class Follow(Secondary):
    def test_knot(self):
        self.follow(Knot)

    def test_nsd(self):
        self.follow(Nsd)

    def test_bind(self):
        self.follow(Named)


class Clients(Secondary):
    """The transfer tools that people try first."""

    def setUp(self):
        super().setUp()
        self.server = self.start(ZONES)
        for number in range(1, 30):
            self.server.register("web", f"i{number}", {"address": f"127.0.0.{number}", "lease": LEASE,
                                                       "ports": [{"name": "http", "port": number}]})

    def test_they_agree(self):
        host, port = self.server.dns
        def whole():
            found = records(self.server.dns)
            return found if found and any(record[0].startswith("i29.") for record in found) else None

        ours = wait_until("the last batch is closed", whole)
        self.assertGreater(len(ours), 100)
        rows = [("dig", "ixfr=1", ["dig", f"@{host}", "-p", port, "+noall", "+answer", "+onesoa", ZONE, "IXFR=1"]),
                ("kdig", "AXFR", ["kdig", f"@{host}", "-p", port, ZONE, "AXFR"]),
                ("kdig", "IXFR", ["kdig", f"@{host}", "-p", port, ZONE, "IXFR=1"]),
                ("drill", "AXFR", ["drill", "-p", port, f"@{host}", "AXFR", ZONE])]
        for tool, kind, words in rows:
            with self.subTest(tool=tool, kind=kind):
                if program(tool) is None:
                    self.skipTest(f"{tool} is not installed")
                self.assertEqual(read_records(run(*words).out), ours)

    def test_after_a_restart_the_journal_is_empty_and_the_serial_goes_on(self):
        before = wait_until("a serial", lambda: serial(self.server.dns))
        self.assertEqual(self.server.stop(), 0)
        self.server = self.again()
        self.assertGreater(serial(self.server.dns), before)
        done = run("dig", f"@{self.server.dns[0]}", "-p", self.server.dns[1], "+noall", "+answer", ZONE, f"IXFR={before}")
        kinds = [line.split(None, 4)[3] for line in done.out.splitlines()]
        self.assertEqual((kinds[0], kinds.count("SOA"), kinds[-1]), ("SOA", 2, "SOA"), "the whole zone")
        self.assertEqual(read_records(done.out), records(self.server.dns))

    def test_strangers_get_nothing(self):
        self.configuration("[zones]\nallow_transfer = [\"192.0.2.0/24\"]\n")
        self.assertEqual(self.server.muster("reload").status, 0)
        for words, status in (((ZONE, "AXFR"), "REFUSED"), (("www.example.com", "AXFR"), "NOTAUTH"),
                              ((ZONE, "IXFR=1", "+notcp"), "REFUSED"), ((ZONE, "AXFR", "+notcp"), "FORMERR")):
            with self.subTest(words=words):
                done = run("dig", f"@{self.server.dns[0]}", "-p", self.server.dns[1], "+noall", "+comments", *words)
                # dig shows no header of a refused transfer over TCP.
                self.assertTrue(f"status: {status}" in done.out or "Transfer failed" in done.out, done.out)
        self.assertGreater(self.metric("muster_transfers_total", zone=f"{ZONE}.", result="refused"), 1)
        self.assertEqual(self.metric("muster_transfers_total", zone="", kind="axfr", result="notauth"), 1)

    def test_a_key_opens_what_an_address_does_not(self):
        key = "hmac-sha256:moved:bXVzdGVyIGtlZXBzIGEgc2VjcmV0IGhlcmUu"
        self.configuration('[zones]\nallow_transfer = ["key:moved"]\n[[key]]\nname = "moved"\n'
                           f'algorithm = "hmac-sha256"\nsecret = "{key.rpartition(":")[2]}"\n')
        self.assertEqual(self.server.muster("reload").status, 0)
        host, port = self.server.dns
        for tool in ("dig", "kdig"):
            for kind in ("AXFR", "IXFR=1"):
                with self.subTest(tool=tool, kind=kind):
                    words = [tool, f"@{host}", "-p", port, ZONE, kind]
                    self.assertGreater(len(read_records(run(*words, "-y", key).out)), 100)
                    self.assertEqual(read_records(run(*words).out), set())
                    self.assertNotIn("SOA", run(*words, "-y", "hmac-sha256:moved:AAAAAAAAAAAAAAAAAAAAAA==").out)

    def test_a_changed_file_is_a_difference(self):
        zone = self.write("z.zone", "$TTL 60\n@ SOA ns1 h 7 60 15 86400 5\n@ NS ns1\nns1 A 192.0.2.1\n"
                          "$GENERATE 1-9 host$ A 192.0.2.$\nold A 192.0.2.2\n")
        part = f'{ZONES}[[zones.file]]\nname = "z.test."\nfile = "{zone}"\nallow_transfer = ["127.0.0.0/8"]\n'
        self.configuration(part)
        self.assertEqual(self.server.muster("reload").status, 0)
        zone.write_text("$TTL 60\n@ SOA ns1 h 7 60 15 86400 5\n@ NS ns1\nns1 A 192.0.2.1\n"
                        "$GENERATE 1-9 host$ A 192.0.2.$\nnew A 192.0.2.3\n")
        self.assertEqual(self.server.muster("reload").status, 0)
        host, port = self.server.dns
        done = run("kdig", f"@{host}", "-p", port, "z.test", "IXFR=7")
        told = [" ".join(line.split()) for line in done.out.splitlines() if line and not line.startswith(";")]
        self.assertEqual([line.replace("z.test. 60 IN SOA ns1.z.test. h.z.test. ", "SOA ") for line in told],
                         ["SOA 8 60 15 86400 5", "SOA 7 60 15 86400 5", "old.z.test. 60 IN A 192.0.2.2",
                          "SOA 8 60 15 86400 5", "new.z.test. 60 IN A 192.0.2.3", "SOA 8 60 15 86400 5"])


if __name__ == "__main__":
    unittest.main()
