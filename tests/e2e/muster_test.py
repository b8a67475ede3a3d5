"""The command line: every verb against a real server, its exit status, and JSON from every one with --json."""

import json
import signal
import time
import unittest

from harness import ADDRESS, BIN, EndToEnd, run, wait_until
from ports import free_port

DONE, REFUSED, WRONG_USAGE, NOT_FOUND, UNREACHABLE = range(5)


class Verbs(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.start(store="memory")
        self.muster = self.server.muster

    def register(self, service="web", last=11, *words):
        done = self.muster("register", service, f"127.0.0.{last}:18081", *words)
        self.assertEqual(done.status, DONE, done.err)
        return f"127-0-0-{last}-18081"

    def say(self, *words):
        done = self.muster(*words)
        self.assertEqual(done.status, DONE, f"{words}: {done.err}")
        return done.out

    def web(self, kind="A"):
        return self.server.dig("web.svc.internal", kind).data()

    def test_register_with_everything(self):
        self.register("web", 11, "--id", "Blue.1", "--weight", "7", "--priority", "2", "--tag", "az=a", "--tag", "v=2",
                      "--lease", "1m", "--port-name", "http")
        instance = self.server.api("GET", "/api/v1/services/web/instances/Blue.1").json()
        self.assertEqual((instance["weight"], instance["priority"], instance["tags"], instance["lease"]["ttl_ms"]),
                         (7, 2, {"az": "a", "v": "2"}, 60000))
        self.assertGreater(instance["generation"], 1_700_000_000_000, "the command line always sends a generation")
        data = self.server.dig("_http._tcp.web.svc.internal", "SRV").data()
        self.assertEqual(data, [f"2 7 18081 {instance['label']}.web.svc.internal."])

    def test_register_again_renews_with_the_same_id(self):
        self.register()
        self.register()
        self.assertEqual(len(self.server.api("GET", "/api/v1/services/web").json()["instances"]), 1)

    def instance(self, identity, service="web"):
        return self.server.api("GET", f"/api/v1/services/{service}/instances/{identity}").json()

    def test_a_repeat_is_the_same_life(self):
        identity = self.register()
        first = self.instance(identity)
        self.say("drain", "web", identity)
        self.register("web", 11, "--weight", "3")
        again = self.instance(identity)
        self.assertEqual((again["generation"], again["weight"]), (first["generation"], 3))
        self.assertIsNotNone(again["draining"], "a renewal does not end a drain")
        self.assertGreater(again["lease"]["heartbeat_at"], first["lease"]["heartbeat_at"])
        self.say("deregister", "web", identity)
        self.register()
        self.assertGreater(self.instance(identity)["generation"], first["generation"], "a new life")
        self.register("web", 11, "--generation", str(first["generation"] + 10**9))
        self.assertEqual(self.instance(identity)["generation"], first["generation"] + 10**9)
        stale = self.muster("register", "web", "127.0.0.11:18081", "--generation", "5")
        self.assertEqual(stale.status, REFUSED, stale.out)

    def test_the_default_id_is_the_apis(self):
        for address, port in (("10.0.0.4", 0), ("10.0.0.4", 80), ("2001:DB8:0::4", 0), ("2001:db8::4", 80)):
            with self.subTest(f"{address} {port}"):
                body = {"address": address} | ({"port": port} if port else {})
                made = self.server.api("POST", "/api/v1/services/ids/instances", body).json()["id"]
                literal = f"[{address}]" if ":" in address and port else address
                told = self.muster("register", "ids", f"{literal}:{port}" if port else literal, "--json").json()["id"]
                self.assertEqual(told, made)

    def test_addresses(self):
        rows = [
            ("127.0.0.11:80", DONE, "address and port"),
            ("[2001:db8::1]:80", DONE, "IPv6 and port"),
            ("127.0.0.12", DONE, "an address alone"),
            ("2001:db8::2", DONE, "an IPv6 address alone"),
            ("127.0.0.11:0", WRONG_USAGE, "port 0"),
            ("127.0.0.11:99999", WRONG_USAGE, "a port too large"),
            ("127.0.0.11:http", WRONG_USAGE, "a port that is a word"),
            ("0.0.0.0:80", REFUSED, "the unspecified address: the server's word"),
            ("no-address:80", REFUSED, "a name: the server's word"),
        ]
        for address, status, why in rows:
            with self.subTest(why):
                done = self.muster("register", "addresses", address)
                self.assertEqual(done.status, status, done.out + done.err)
                self.assertEqual(done.err.startswith("muster: "), status != DONE, done.err)

    def test_deregister_and_drain(self):
        identity = self.register()
        self.register("web", 12)
        self.assertIn("no resolver holds it after", self.say("drain", "web", identity))
        self.assertEqual(self.web(), ["127.0.0.12"])
        self.say("drain", "web", identity, "--undo")
        self.assertEqual(self.web(), ["127.0.0.11", "127.0.0.12"])
        self.say("deregister", "web", identity)
        self.assertEqual(self.web(), ["127.0.0.12"])
        self.assertEqual(self.muster("deregister", "web", identity).status, NOT_FOUND)

    def test_drain_wait_ends_when_no_cache_can_hold_it(self):
        identity = self.register()
        self.assertEqual(self.web(), ["127.0.0.11"], "handed out, to be kept for 5 s")
        began = time.monotonic()
        told = json.loads(self.say("drain", "web", identity, "--wait", "--json"))
        took = time.monotonic() - began
        self.assertGreaterEqual(took, told["safe_stop_in_ms"] / 1000)
        self.assertGreaterEqual(told["safe_stop_in_ms"], 4000)
        # 5 s of TTL, 20 ms in which a large service is replaced, rounded up to a full second.
        self.assertLessEqual(told["safe_stop_in_ms"], 6020)

    def test_the_operators_hand(self):
        identity = self.register()
        self.register("web", 12)
        self.say("weight", "web", identity, "9")
        self.assertIn(f"0 9 18081 {identity}.web.svc.internal.", self.web("SRV"))
        self.say("down", "web", identity)
        self.assertEqual(self.web(), ["127.0.0.12"])
        self.register()  # a heartbeat does not undo it
        self.assertEqual(self.web(), ["127.0.0.12"])
        self.say("auto", "web", identity)
        self.assertEqual(self.web(), ["127.0.0.11", "127.0.0.12"])
        self.say("up", "web", identity)
        self.assertEqual(self.server.api("GET", f"/api/v1/services/web/instances/{identity}").json()["admin"], "up")

    def test_list_and_show(self):
        self.register("web", 11)
        self.register("web", 12, "--weight", "3")
        self.register("api", 13)
        listed = self.say("list")
        for service in ("web", "api", "muster"):
            self.assertRegex(listed, rf"(?m)^{service} ")
        self.assertNotRegex(self.say("list", "w*"), r"(?m)^api ")
        shown = self.say("show", "web")
        self.assertRegex(shown, r"127-0-0-12-18081 +127\.0\.0\.12 +18081 +3 +\w+ +ok +heartbeat +live +(2\d|30|31) s\n")
        self.say("weight", "web", "127-0-0-12-18081", "9")
        shown = self.say("show", "web")
        self.assertRegex(shown, r"127-0-0-12-18081 +127\.0\.0\.12 +18081 +9 \(registered 3\) ")
        self.assertRegex(shown, r"127-0-0-11-18081 +127\.0\.0\.11 +18081 +1 +\w+ ")
        self.say("weight", "web", "127-0-0-11-18081", "0")
        self.assertRegex(self.say("show", "web"), r"127-0-0-11-18081 +127\.0\.0\.11 +18081 +0 \(registered 1\) ")
        self.assertRegex(self.say("show", "muster"), r" self +- +-\n")

    def test_numbers_for_people_are_plain_decimals(self):
        self.register("web", 11, "--weight", "9")
        self.register("web", 12, "--weight", "2")
        explained = self.say("explain", "web/127-0-0-11-18081") + self.say("explain", "web.svc.internal", "SRV")
        self.assertRegex(explained, r"probability: 0\.818\n")
        for text in (explained, self.say("stats")):
            self.assertNotRegex(text, r"\dE[+-]?\d")

    def test_lookup_and_explain(self):
        self.register()
        looked = self.say("lookup", "web.svc.internal")
        self.assertIn("127.0.0.11", looked)
        self.assertIn("18081", self.say("lookup", "_web._tcp.svc.internal", "SRV"))
        self.assertEqual(self.muster("lookup", "nothing.svc.internal").status, NOT_FOUND)
        foreign = self.muster("lookup", "www.example.test")
        self.assertEqual(foreign.status, REFUSED)
        self.assertIn("REFUSED", foreign.out)
        self.assertEqual(self.muster("lookup", "web.svc.internal", "AAAA").status, DONE, "known, without such an address")
        self.assertIn("127.0.0.11", self.say("explain", "web.svc.internal", "A"))
        self.assertIn("svc.internal.", self.say("explain", "a.b.nothing.svc.internal"))
        self.assertIn("heartbeat", self.say("explain", "web/127-0-0-11-18081"))

    def test_reload_stats_dump(self):
        self.register()
        self.assertIn("needs_restart", self.say("reload"))
        self.assertIn("queries", self.say("stats"))
        dumped = self.say("dump", "svc.internal")
        self.assertRegex(dumped, r"(?m)^web\.svc\.internal\.\s.*\sA\s+127\.0\.0\.11$")
        path = self.write("dumped.zone", dumped)
        self.write("read.toml", f'[zones]\ndomain = "x.test."\n[[zones.file]]\nname = "svc.internal."\nfile = "{path}"\n'
                                f'[dns]\nlisten = ["{ADDRESS}:0"]\n[http]\nlisten = ["{ADDRESS}:0"]\n[store]\nkind = "memory"\n')
        reader = self.begin("--config", self.folder / "read.toml").ready()
        self.assertEqual(reader.dig("web.svc.internal").data(), ["127.0.0.11"], "a dump is a master file")
        self.assertEqual(self.muster("dump", "none.test").status, NOT_FOUND)

    def test_sources(self):
        (self.folder / "musterd.toml").write_text((self.folder / "musterd.toml").read_text() +
            '[[source.static]]\nservice = "db"\ninstances = [{ id = "db1", address = "192.0.2.10", port = 5432 }]\n')
        self.muster("reload")
        head, static = self.muster("source", "list").out.splitlines()
        self.assertEqual(head.split(), "NAME TYPE STATE MODE ENDPOINT ROUTABLE INSTANCES HELD AGE ERROR".split())
        self.assertRegex(static, r"^static +static +live +file +- +1 +1 +0 +[\d.]+ s +-$")
        self.assertIn("type: static\n", self.muster("source", "show", "static").out)
        rows = [
            (("show", "statik"), NOT_FOUND, "no source statik (did you mean static?)"),
            (("resync", "mesos"), NOT_FOUND, "no source mesos (the sources are static)"),
            (("accept", "static"), NOT_FOUND, "`muster reload` reads again"),
            (("show",), WRONG_USAGE, "NAME is required"),
            ((), WRONG_USAGE, "subcommand is required"),
        ]
        for words, status, said in rows:
            with self.subTest(words):
                done = self.muster("source", *words)
                self.assertEqual(done.status, status, done.err)
                self.assertIn(said, done.err)

    def test_json_from_every_verb(self):
        identity = self.register()
        rows = [
            ("register", "web", "127.0.0.11:18081"),
            ("list",), ("show", "web"), ("weight", "web", identity, "4"), ("up", "web", identity), ("down", "web", identity),
            ("auto", "web", identity), ("drain", "web", identity), ("drain", "web", identity, "--undo"),
            ("explain", "web.svc.internal"), ("explain", f"web/{identity}"), ("lookup", "web.svc.internal"),
            ("source", "list"), ("source", "show", "static"), ("reload",), ("stats",), ("dump", "svc.internal"), ("check-config", self.folder / "musterd.toml"),
            ("deregister", "web", identity),
        ]
        for words in rows:
            with self.subTest(" ".join(map(str, words))):
                for order in ([*words, "--json"], ["--json", *words]):
                    done = self.muster(*order)
                    if words[0] == "deregister" and order[0] == "--json":
                        self.assertEqual(done.status, NOT_FOUND)  # it is gone by the first
                        continue
                    self.assertEqual(done.status, DONE, done.err)
                    json.loads(done.out)

    def watch(self, *words):
        watch = self.background("watch" + str(len(words)), [BIN / "muster", *words], env=self.server.environment())
        wait_until("what is there was told", lambda: "synced" in watch.out)
        identity = self.register("web", 12)
        wait_until("the new instance", lambda: identity in watch.out)
        self.register("other", 13)
        self.say("deregister", "web", identity)
        wait_until("its end", lambda: "deregistered" in watch.out)
        watch.signal(signal.SIGTERM)
        watch.wait()
        return watch.out

    def test_watch_prints_changes(self):
        self.register("web", 11)
        lines = self.watch("watch", "web").splitlines()
        self.assertEqual(lines[0], "snapshot web: 1 instance")
        self.assertRegex(lines[2], r"^\d+ put web/127-0-0-12-18081 127\.0\.0\.12:18081 ACTIVE weight 1 ok$")
        self.assertRegex(lines[3], r"^\d+ delete web/127-0-0-12-18081 deregistered$")
        self.assertEqual(len(lines), 4, "another service does not concern it")

    def test_watch_as_json(self):
        self.register("web", 11)
        lines = [json.loads(line) for line in self.watch("watch", "web", "--json").splitlines()]
        self.assertEqual([line["event"] for line in lines], ["snapshot", "synced", "change", "change"])
        self.assertEqual(lines[3]["data"]["cause"], "deregistered")


class Trouble(EndToEnd):
    def test_exit_statuses(self):
        server = self.start(store="memory")
        server.register("web", "i1", {"address": "127.0.0.11", "port": 80})
        rows = [
            ([], WRONG_USAGE, "", "no verb"),
            (["lits"], WRONG_USAGE, "did you mean list?", "an unknown verb suggests the nearest"),
            (["deregsiter", "web", "i1"], WRONG_USAGE, "did you mean deregister?", "another"),
            (["--server", "http://127.0.0.1:1", "--json", "lst"], WRONG_USAGE, "no verb lst (did you mean list?)", "after options"),
            (["--server=http://127.0.0.1:1", "lst"], WRONG_USAGE, "did you mean list?", "after an option of one word"),
            (["quuxify"], WRONG_USAGE, "no verb quuxify (muster --help", "an unknown verb without a near one is named"),
            (["register", "web"], WRONG_USAGE, "ADDRESS:PORT", "a word is missing"),
            (["register", "web", "127.0.0.1:80", "--weight", "70000"], WRONG_USAGE, "weight", "a weight beyond 65535"),
            (["register", "web", "127.0.0.1:80", "--tag", "broken"], WRONG_USAGE, "KEY=VALUE", "a tag without value"),
            (["register", "Web", "127.0.0.1:80"], REFUSED, "", "a service in capitals"),
            (["register", "web", "127.0.0.1:80", "--lease", "soon"], REFUSED, "lease", "a lease that is no duration"),
            (["show", "wbe"], NOT_FOUND, "did you mean web?", "an unknown service suggests the nearest"),
            (["deregister", "web", "i9"], NOT_FOUND, "has no instance i9 (did you mean i1?)", "an unknown instance"),
            (["deregister", "wbe", "i1"], NOT_FOUND, "no service wbe (did you mean web?)", "each verb suggests the nearest"),
            (["drain", "wbe", "i1"], NOT_FOUND, "did you mean web?", "each verb"),
            (["drain", "wbe", "i1", "--undo"], NOT_FOUND, "did you mean web?", "each verb"),
            (["weight", "wbe", "i1", "2"], NOT_FOUND, "did you mean web?", "each verb"),
            (["up", "wbe", "i1"], NOT_FOUND, "did you mean web?", "each verb"),
            (["down", "wbe", "i1"], NOT_FOUND, "did you mean web?", "each verb"),
            (["explain", "wbe/i1"], NOT_FOUND, "did you mean web?", "each verb"),
            (["drain", "nothing-like-it", "i9"], NOT_FOUND, "no service nothing-like-it\n", "none is near"),
            (["weight", "web", "i1", "-1"], WRONG_USAGE, "", "a negative weight"),
            (["lookup", "web.svc.internal", "NONSENSE"], WRONG_USAGE, "NONSENSE", "an unknown type"),
            (["--server", "http://127.0.0.1:1", "list"], UNREACHABLE, "MUSTER_SERVER", "nobody there"),
            (["--token-file", "/nonexistent", "list"], REFUSED, "/nonexistent", "a token file that cannot be read"),
            (["check-config", "/nonexistent"], WRONG_USAGE, "/nonexistent", "a file that is not there"),
        ]
        for words, status, text, why in rows:
            with self.subTest(why):
                done = server.muster(*words)
                self.assertEqual(done.status, status, done.out + done.err)
                self.assertIn(text, done.out + done.err)
                self.assertEqual(done.out, "", "trouble goes to stderr")
                self.assertFalse(words and "subcommand is required" in done.err, done.err)
        self.assertEqual(server.muster("--help").status, DONE)
        self.assertEqual(server.muster("--version").status, DONE)


class Hold(EndToEnd):
    def test_hold_renews_and_leaves_in_order(self):
        server = self.start('[zones]\nttl = "1s"\n', store="memory")
        holder = self.background("hold", [BIN / "muster", "register", "web", "127.0.0.11:80", "--lease", "2s", "--hold"],
                                 env=server.environment())
        wait_until("it is in DNS", lambda: server.dig("web.svc.internal").data() == ["127.0.0.11"])
        end = time.monotonic() + 3
        while time.monotonic() < end:
            self.assertEqual(server.dig("web.svc.internal").data(), ["127.0.0.11"], "renewed beyond its lease")
        holder.signal(signal.SIGTERM)
        wait_until("drained", lambda: server.dig("web.svc.internal").answer == [])
        self.assertEqual(holder.wait(), DONE, holder.err)
        self.assertIn("draining", holder.out)
        self.assertEqual(server.api("GET", "/api/v1/services/web/instances/127-0-0-11-80").status, 404)

    def test_a_lease_shorter_than_the_caches_time_is_renewed_while_draining(self):
        server = self.start('[zones]\nttl = "6s"\nttl_min = "6s"\n', store="memory")
        holder = self.background("hold", [BIN / "muster", "register", "web", "127.0.0.11:80", "--lease", "2s", "--hold"],
                                 env=server.environment())
        path = "/api/v1/services/web/instances/127-0-0-11-80"
        wait_until("it is in DNS", lambda: server.dig("web.svc.internal").data() == ["127.0.0.11"])
        holder.signal(signal.SIGTERM)
        wait_until("drained", lambda: "draining" in holder.out)
        end = time.monotonic() + 4
        while time.monotonic() < end:
            self.assertEqual(server.api("GET", path).status, 200, "twice as long as its lease")
            time.sleep(0.05)
        self.assertEqual(holder.wait(), DONE, holder.err)
        self.assertEqual(holder.err, "", "it was there to be deregistered")
        self.assertEqual(server.api("GET", path).status, 404)

    def test_a_server_that_restarts_meanwhile_is_told_again(self):
        server = self.start('[zones]\nttl = "1s"\n', "--set", f'http.listen=["{ADDRESS}:{free_port(ADDRESS)}"]', store="memory")
        holder = self.background("hold", [BIN / "muster", "register", "web", "127.0.0.11:80", "--lease", "3s", "--hold"],
                                 env=server.environment())
        wait_until("it is in DNS", lambda: server.dig("web.svc.internal").data() == ["127.0.0.11"])
        server.signal(signal.SIGKILL)
        server.wait()
        server = self.again("--set", f'http.listen=["{ADDRESS}:{server.http[1]}"]')
        wait_until("a heartbeat brings it back to a server that forgot everything",
                   lambda: server.dig("web.svc.internal").data() == ["127.0.0.11"])
        holder.signal(signal.SIGINT)
        self.assertEqual(holder.wait(), DONE, holder.err)


class Run(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.start('[zones]\nttl = "1s"\n', store="memory")

    def run_command(self, *words):
        return self.background("run", [BIN / "muster", "run", *words], env=self.server.environment())

    def test_a_web_server_is_in_dns_while_it_runs(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number.name):
                port = free_port("127.0.0.1")
                running = self.run_command("--as", "web", "--port", str(port), "--lease", "3s", "--",
                                           "python3", "-m", "http.server", "--bind", "127.0.0.1", str(port))
                wait_until("it is in DNS", lambda: self.server.dig("web.svc.internal").data() == ["127.0.0.1"])
                srv = self.server.dig("_web._tcp.svc.internal", "SRV").answer[0].data.split()
                self.assertEqual(srv[2], str(port))
                wait_until("it answers where DNS says", lambda: run("curl", "-s", "-o", "/dev/null", f"http://127.0.0.1:{srv[2]}/").status == 0)
                running.signal(number)
                # http.server ends by itself on SIGINT; SIGTERM ends it.
                self.assertEqual(running.wait(), 0 if number == signal.SIGINT else 128 + number)
                self.assertEqual(self.server.dig("web.svc.internal").answer, [])
                self.assertEqual(self.server.api("GET", "/api/v1/services/web").json()["instances"], [])

    def test_exit_status_and_signals_pass_through(self):
        rows = [
            (["true"], 0, "success"),
            (["sh", "-c", "exit 7"], 7, "its status"),
            (["sh", "-c", "kill -9 $$"], 137, "killed by a signal"),
            (["/nonexistent/program"], 127, "no such program"),
            (["/"], 126, "not to be run"),
        ]
        for words, status, why in rows:
            with self.subTest(why):
                done = self.server.muster("run", "--as", "job", "--", *words)
                self.assertEqual(done.status, status, done.err)
                self.assertEqual(self.server.dig("job.svc.internal").answer, [])

    def test_signals_reach_the_command(self):
        script = 'trap "echo one" USR1; trap "echo bye; exit 5" TERM; echo up; while :; do sleep 0.05; done'
        running = self.run_command("--as", "job", "--", "sh", "-c", script)
        wait_until("the command runs", lambda: "up" in running.out)
        running.signal(signal.SIGUSR1)
        wait_until("the signal arrived", lambda: "one" in running.out)
        running.signal(signal.SIGTERM)
        self.assertEqual(running.wait(), 5)
        self.assertIn("bye", running.out)

    def test_a_command_that_takes_its_time_to_end_is_renewed(self):
        script = 'trap "sleep 5; exit 0" TERM; echo up; while :; do sleep 0.05; done'
        running = self.run_command("--as", "job", "--id", "one", "--lease", "2s", "--", "sh", "-c", script)
        wait_until("the command runs", lambda: "up" in running.out)
        path = "/api/v1/services/job/instances/one"
        wait_until("it is registered", lambda: self.server.api("GET", path).status == 200)
        running.signal(signal.SIGTERM)
        wait_until("drained", lambda: self.server.api("GET", path).json().get("draining"))
        end = time.monotonic() + 4
        while time.monotonic() < end and running.child.poll() is None:
            self.assertEqual(self.server.api("GET", path).status, 200, "longer than its lease")
            time.sleep(0.05)
        self.assertEqual(running.wait(), 0, running.err)
        self.assertEqual(self.server.api("GET", path).status, 404)

    def test_a_server_that_is_away_does_no_harm(self):
        port = free_port(ADDRESS)
        done = run(BIN / "muster", "--server", f"http://{ADDRESS}:{port}", "run", "--as", "job", "--", "sh", "-c", "echo ran; exit 3")
        self.assertEqual((done.status, done.out), (3, "ran\n"))
        self.assertIn("no answer", done.err)

    def test_the_output_and_input_are_the_commands(self):
        done = run(BIN / "muster", "run", "--as", "job", "--", "cat", env=self.server.environment(), stdin="through\n")
        self.assertEqual((done.status, done.out), (0, "through\n"))


if __name__ == "__main__":
    unittest.main()
