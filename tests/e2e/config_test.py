"""musterd's configuration and options as somebody at a terminal meets them."""

import json
import socket
import unittest

from harness import ADDRESS, BIN, SOURCE, EndToEnd, run, wait_until

FAULTY = """\
[dns]
listen = ["127.0.0.1:0"]
udp_thredas = 1
tcp_idle = "10 parsecs"
tcp_connections = "many"
[zones]
domain = "svc..internal."
[[zones.file]]
name = "example.test."
[registry]
lease = 30
[cluster]
enabled = true
[colour]
blue = true
"""


class CheckConfig(EndToEnd):
    def check(self, text):
        return run(BIN / "musterd", "--check-config", self.write("faulty.toml", text))

    def test_all_faults_are_told_with_their_places(self):
        path = self.folder / "faulty.toml"
        told = self.check(FAULTY)
        self.assertEqual(told.status, 2)
        rows = [
            ("3:1", "dns.udp_threads?", "an unknown key and the nearest known one"),
            ("4:12", "tcp_idle", "a bad duration"),
            ("5:19", "tcp_connections", "a wrong type"),
            ("7:10", "domain", "no domain name"),
            ("8:1", "file", "a key that is required"),
            ("11:9", "lease", "a duration must be a string"),
            ("12:1", "the cluster", "a part that is not built is refused by name"),
            ("14:2", "colour", "an unknown section"),
        ]
        for place, word, why in rows:
            with self.subTest(why):
                line = [line for line in told.err.splitlines() if line.startswith(f"{path}:{place}:")]
                self.assertTrue(line and word in line[0], f"{place} {word} not in:\n{told.err}")
        self.assertEqual(len(told.err.splitlines()), len(rows), told.err)
        same = run(BIN / "muster", "check-config", path)
        self.assertEqual((same.status, same.err), (2, told.err), "muster check-config says the same")
        started = run(BIN / "musterd", "--config", path)
        self.assertEqual((started.status, started.err), (2, told.err), "and so does a start")

    def test_a_syntax_error_has_its_place(self):
        told = self.check('[dns]\nlisten = ["127.0.0.1:0"\n[zones]\n')
        self.assertEqual(told.status, 2)
        self.assertRegex(told.err, r"faulty\.toml:[23]:\d+: ")

    def test_the_examples_are_good(self):
        examples = sorted((SOURCE / "zones/examples").glob("*.toml"))
        self.assertGreater(len(examples), 2)
        for example in examples:
            told = run(BIN / "musterd", "--check-config", example)
            self.assertEqual((told.status, told.err), (0, ""), example)

    def test_zones_defined_twice_and_addresses_taken_in_the_file(self):
        told = self.check('[dns]\nlisten = ["127.0.0.1:20100", "127.0.0.1:20100"]\n'
                          '[[zones.file]]\nname = "svc.internal."\nfile = "x"\n[http]\nlisten = ["127.0.0.1:20100"]\n')
        self.assertEqual(told.status, 2)
        places = [line.removeprefix(f"{self.folder}/faulty.toml:").split(": ")[0] for line in told.err.splitlines()]
        self.assertEqual(places, ["2:30", "4:8", "7:11"], told.err)
        self.assertIn("svc.internal. stands twice", told.err)

    def test_what_would_fail_at_the_start_is_told(self):
        text = """\
[server]
user = "no-such-user-here"
[http]
tls_certificate = "none.pem"
tls_key = "none.key"
[[http.token]]
name = "a"
secret = "12345678"
[[http.token]]
name = "a"
secret = "12345678"
[service.web]
tag_views = ["A"]
[zones]
reverse = ["foo.test"]
"""
        told = self.check(text)
        self.assertEqual(told.status, 2)
        places = [line.removeprefix(f"{self.folder}/faulty.toml:").split(": ")[0] for line in told.err.splitlines()]
        self.assertEqual(places, ["2:8", "4:19", "5:11", "10:8", "11:10", "13:14", "15:12"], told.err)
        self.assertNotIn("12345678", told.err)

    def test_the_zones_are_read_too(self):
        text = ('[[zones.file]]\nname = "example.test."\nfile = "example.zone"\n'
                '[[zones.file]]\nname = "none.test."\nfile = "none.zone"\n[service.web]\n'
                'also = ["mail.example.test.",\n  "www.example.test."]\n')
        path, zone = self.folder / "faulty.toml", self.folder / "example.zone"
        head = "$TTL 60\n@ SOA ns1 host 7 60 60 60 5\n@ NS ns1\nns1 A 192.0.2.1\n"
        self.write("none.zone", head)
        self.write("example.zone", head + "www A 192.0.2.2\nnone A 192.0.2.256\n")
        told = self.check(text)
        self.assertEqual((told.status, told.out), (2, ""))
        self.assertRegex(told.err, rf"^{zone}:6:\d+: [^\n]*192\.0\.2\.256[^\n]*\n$")
        self.write("example.zone", head + "www A 192.0.2.2\n")
        told = self.check(text)
        conflict = f"{path}:9:3: also: www.example.test. (service web): the zone has A there, in {zone}\n"
        self.assertEqual((told.status, told.err), (2, conflict))
        same = run(BIN / "muster", "check-config", path)
        self.assertEqual((same.status, same.err), (2, conflict))
        self.write("example.zone", head + "www 60 TXT a\nwww 70 TXT b\n")
        odd = self.check(text)
        self.assertEqual((odd.status, odd.out), (0, f"{path}: good\n"))
        self.assertRegex(odd.err, rf"^{zone}:6:\d+: warning: [^\n]*TTL[^\n]*\n$")
        asked = json.loads(run(BIN / "muster", "--json", "check-config", path).out)
        self.assertEqual((asked["good"], asked["errors"], asked["warnings"]), (True, [], odd.err.splitlines()))
        (self.folder / "none.zone").unlink()
        gone = self.check(text)
        self.assertEqual(gone.status, 2)
        self.assertIn("none.zone", gone.err)

    def test_environment(self):
        text = '[server]\nname = "${MUSTER_TEST_NAME}"\n'
        path = self.write("env.toml", text)
        unset = run(BIN / "musterd", "--check-config", path, env={})
        self.assertEqual(unset.status, 2)
        self.assertIn("MUSTER_TEST_NAME", unset.err)
        self.assertEqual(run(BIN / "musterd", "--check-config", path, env={"MUSTER_TEST_NAME": "a"}).status, 0)

    def test_a_file_that_is_not_there(self):
        told = run(BIN / "musterd", "--check-config", self.folder / "none.toml")
        self.assertEqual(told.status, 2)
        self.assertIn("none.toml", told.err)


class Options(EndToEnd):
    def test_set_overrides_the_file_and_may_repeat(self):
        server = self.start("", "--set", "zones.domain=other.test.", "--set", 'zones.ttl="3s"', store="memory")
        server.register("web", "i1", {"address": "127.0.0.11", "port": 80})
        found = server.dig("web.other.test")
        self.assertEqual([(r.ttl, r.data) for r in found.answer], [(3, "127.0.0.11")])
        self.assertEqual(server.dig("web.svc.internal").status, "REFUSED")

    def test_set_with_a_fault(self):
        rows = [("dns.udp_thredas=1", "udp_threads"), ("dns.udp_threads", "KEY=VALUE"), ("=1", "KEY=VALUE"), ("zones.ttl=soon", "ttl")]
        for override, word in rows:
            with self.subTest(override):
                told = run(BIN / "musterd", "--config", self.configuration(), "--set", override)
                self.assertEqual(told.status, 2, told.err)
                self.assertIn(word, told.err)

    def test_usage(self):
        rows = [
            ([], 2, "--config", "neither a file nor --dev"),
            (["--dev", "--config", "x"], 2, "", "both"),
            (["--nonsense"], 2, "nonsense", "an unknown option"),
            (["--version"], 0, "musterd", "the version"),
            (["--help"], 0, "--check-config", "the help"),
        ]
        for words, status, text, why in rows:
            with self.subTest(why):
                told = run(BIN / "musterd", *words)
                self.assertEqual(told.status, status)
                self.assertIn(text, told.out + told.err)

    def test_dev_prints_the_next_two_commands(self):
        server = self.begin("--dev", "--set", f'dns.listen=["{ADDRESS}:0"]', "--set", f'http.listen=["{ADDRESS}:0"]').ready()
        self.assertIn("muster register web", server.out)
        self.assertIn(f"dig @{ADDRESS} -p {server.dns[1]} web.svc.internal", server.out)
        self.assertEqual(list(self.folder.glob("*.db")), [], "nothing is stored")


# A process of that name that listens on the address.
HOLDER = """\
import ctypes, socket, sys, time
PR_SET_NAME = 15
ctypes.CDLL(None).prctl(PR_SET_NAME, sys.argv[1].encode())
taken = socket.create_server((sys.argv[2], 0))
print(taken.getsockname()[1], flush=True)
time.sleep(600)
"""


class TakenPorts(EndToEnd):
    def setUp(self):
        super().setUp()
        self.first = self.start(store="memory")

    def second(self, *words):
        """Another musterd of the same user, on its own store, that must not start."""
        folder = self.folder / "second"
        folder.mkdir(exist_ok=True)
        config = folder / "musterd.toml"
        config.write_text(f'[dns]\nlisten = ["{ADDRESS}:0"]\n[http]\nlisten = ["{ADDRESS}:0"]\n[store]\nkind = "memory"\n')
        return run(BIN / "musterd", "--config", config, *words)

    def test_the_same_dns_port_is_refused_and_the_first_keeps_its_queries(self):
        ended = self.second("--set", f'dns.listen=["{ADDRESS}:{self.first.dns[1]}"]')
        self.assertEqual(ended.status, 1, ended.err)
        self.assertIn(f"{ADDRESS}:{self.first.dns[1]}", ended.err)
        self.assertIn("musterd runs here", ended.err)
        self.first.register("web", "i1", {"address": "127.0.0.11", "port": 80})
        for _ in range(20):
            self.assertEqual(self.first.dig("web.svc.internal").data(), ["127.0.0.11"])

    def test_the_program_that_holds_the_port_is_named(self):
        for name, word in (("dnsmasq", "listen-address="), ("roll-call", "roll-call runs here: stop it")):
            with self.subTest(name):
                holder = self.background(name, ["python3", "-c", HOLDER, name, ADDRESS])
                port = wait_until("its port", lambda: holder.out.strip())
                ended = self.second("--set", f'dns.listen=["{ADDRESS}:{port}"]')
                self.assertEqual(ended.status, 1, ended.err)
                self.assertIn(f"{name} runs here", ended.err)
                self.assertIn(word, ended.err)

    def test_the_same_http_port_is_refused(self):
        ended = self.second("--set", f'http.listen=["{ADDRESS}:{self.first.http[1]}"]')
        self.assertEqual(ended.status, 1, ended.err)
        self.assertIn(f"{ADDRESS}:{self.first.http[1]}", ended.err)

    def test_an_address_that_is_not_ours(self):
        ended = self.second("--set", 'dns.listen=["192.0.2.1:0"]')
        self.assertEqual(ended.status, 1, ended.err)
        self.assertIn("no interface", ended.err)

    def test_a_udp_port_held_by_another_program(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind((ADDRESS, 0))
            port = other.getsockname()[1]
            ended = self.second("--set", f'dns.listen=["{ADDRESS}:{port}"]')
        self.assertEqual(ended.status, 1, ended.err)
        self.assertIn(f"{ADDRESS}:{port}", ended.err)


if __name__ == "__main__":
    unittest.main()
