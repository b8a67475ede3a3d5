"""Services at public names: the answers of a service at names of file zones, the apex too, beside what the files say."""

import signal
import subprocess
import unittest

from harness import EndToEnd, wait_until

ZONE = """$TTL 60
@ SOA ns1 host 7 60 60 60 5
@ NS ns1
@ MX 10 mail
ns1 A 192.0.2.1
mail A 192.0.2.25
www TXT "beside"
old A 192.0.2.80
alias CNAME www
lab NS ns.lab
ns.lab A 192.0.2.53
"""
FILE = """[[zones.file]]
name = "example.test."
file = "example.test.zone"
allow_update = ["127.0.0.0/8"]
allow_transfer = ["127.0.0.0/8"]
"""
WEB = """[service.web]
also = ["example.test.", "www.example.test.", "_http._tcp.example.test.", "_web._tcp.example.test."]
"""
REPORTS = """max_suspended_percent = { reports = 100 }
suspend_on_failure = { initial_duration = "5m", maximum_duration = "5m" }
"""


class PublicNames(EndToEnd):
    def serve(self, more=WEB, store="memory"):
        (self.folder / "example.test.zone").write_text(ZONE)
        self.server = self.start(FILE + more, store=store)
        wait_until("the zone is read", lambda: self.server.dig("old.example.test").answer)

    def register(self, number, weight=1, service="web"):
        self.server.register(service, f"i{number}", {
            "address": f"127.9.0.{number}", "weight": weight, "lease": "1h",
            "ports": [{"name": "main", "port": 8000 + number}, {"name": "http", "port": 9000 + number}]})

    def data(self, name, kind="A"):
        return sorted(self.server.dig(name, kind).data())

    def serial(self):
        return int(self.server.dig("example.test", "SOA").answer[0].data.split()[2])

    def report(self, instance):
        said = self.server.api("PUT", f"/api/v1/services/web/instances/{instance}/report", {"result": "hard", "class": "refused", "reporter": "test"})
        self.assertEqual(said.status, 202, said.text)

    def reload(self, more, file=FILE):
        self.configuration(file + more, store="memory")
        return self.server.muster("reload")

    def test_a_service_stands_at_the_apex_beside_what_the_file_says(self):
        self.serve()
        for name in ("example.test", "www.example.test"):
            nothing = self.server.dig(name, "A")
            self.assertEqual((nothing.status, nothing.answer), ("NOERROR", []), "the name is there before the service is")
            self.assertEqual(nothing.authority[0].type, "SOA")
            self.assertEqual(nothing.authority[0].owner.lower(), "example.test.")
        self.register(1)
        self.register(2)
        for name in ("example.test", "www.example.test"):
            self.assertEqual(self.data(name), ["127.9.0.1", "127.9.0.2"])
            self.assertEqual(self.data(name, "SRV"), ["0 1 8001 i1.web.svc.internal.", "0 1 8002 i2.web.svc.internal."])
            self.assertEqual(self.data(name, "AAAA"), [])
        self.assertEqual(self.data("example.test", "MX"), ["10 mail.example.test."])
        self.assertEqual(self.data("www.example.test", "TXT"), ['"beside"'])
        self.assertEqual(self.data("example.test", "NS"), ["ns1.example.test."])
        self.assertEqual(self.data("_http._tcp.example.test", "SRV"), ["0 1 9001 i1.web.svc.internal.", "0 1 9002 i2.web.svc.internal."])
        self.assertEqual(self.data("_web._tcp.example.test", "SRV"), ["0 1 8001 i1.web.svc.internal.", "0 1 8002 i2.web.svc.internal."])
        self.assertEqual(self.data("_web._tcp.example.test", "A"), [])
        self.assertEqual(self.data("alias.example.test"), ["127.9.0.1", "127.9.0.2", "www.example.test."])

    def test_health_weights_and_panic_are_the_services(self):
        self.serve(WEB + 'policy = "weighted-rr"\nwhen_none = "none"\n' + REPORTS)
        self.register(1, weight=3)
        self.register(2, weight=1)
        asked = [self.data("www.example.test")[0] for _ in range(40)]
        self.assertEqual(asked.count("127.9.0.1"), 30, "exact, and the counter is the name's own")
        asked = [self.data("web.svc.internal")[0] for _ in range(4)]
        self.assertEqual(asked.count("127.9.0.1"), 3)
        self.report("i1")
        wait_until("the failed one is out", lambda: self.data("example.test") == ["127.9.0.2"])
        self.assertEqual({self.data("www.example.test")[0] for _ in range(20)}, {"127.9.0.2"})
        self.report("i2")
        wait_until("nobody is left", lambda: not self.data("example.test"))
        self.assertEqual(self.server.dig("example.test").authority[0].type, "SOA")

    def test_explain_tells_whose_the_name_is(self):
        self.serve(WEB + 'policy = "weighted"\n')
        self.register(1, weight=3)
        self.register(2, weight=1)
        told = self.server.api("GET", "/api/v1/explain?name=www.example.test&type=A").json()
        self.assertEqual(told["service"], "web")
        self.assertEqual({one["id"]: (one["probability"], one["policy"]) for one in told["instances"]},
                         {"i1": (0.75, "weighted"), "i2": (0.25, "weighted")})
        of_one = self.server.api("GET", "/api/v1/services/web/instances/i1/explain").json()
        self.assertIn("www.example.test.", of_one["names"])
        self.assertIn({"name": "example.test.", "type": "A", "probability": 0.75, "rule": "weighted"}, of_one["answers"])

    def nsupdate(self, *lines):
        host, port = self.server.dns
        text = "\n".join([f"server {host} {port}", "zone example.test", *lines, "send", ""])
        done = subprocess.run(["nsupdate", "-t", "5", "-v"], input=text, text=True, capture_output=True, timeout=30, check=False)
        return done.stderr.strip()

    def test_update_leaves_the_services_sets_alone(self):
        self.serve()
        self.register(1)
        nsupdate = self.nsupdate
        self.assertIn("REFUSED", nsupdate("update add www.example.test 5 NS ns1.example.test"))
        self.assertIn("REFUSED", nsupdate("update add www.example.test 5 A 192.0.2.7"))
        self.assertIn("REFUSED", nsupdate("update delete example.test AAAA"))
        self.assertIn("YXRRSET", nsupdate("prereq nxrrset www.example.test A", "update add x.example.test 5 A 192.0.2.7"))
        self.assertEqual(nsupdate("prereq yxrrset www.example.test A", "update add www.example.test 5 TXT more", "update delete www.example.test MX"), "")
        self.assertEqual(self.data("www.example.test", "TXT"), ['"beside"', '"more"'])
        self.assertEqual(nsupdate("update delete www.example.test"), "")
        self.assertEqual(self.data("www.example.test", "TXT"), [])
        self.assertEqual(self.data("www.example.test"), ["127.9.0.1"])
        self.assertNotIn("127.9.0.1", self.server.muster("dump", "example.test").out, "a dump is what the file would say")

    def test_what_updates_have_stored_is_never_lost_behind_a_service(self):
        old = '[service.web]\nalso = ["api.example.test."]\n'
        self.serve("", store="sqlite")
        self.assertEqual(self.nsupdate("update add api.example.test 5 A 192.0.2.44"), "")
        self.server.stop()
        self.server = self.begin("--config", self.configuration(FILE + old)).serving()
        said = "api.example.test. (service web): the zone has A there"
        wait_until("the conflict is in the log", lambda: said in self.server.out + self.server.err)
        self.assertEqual(self.server.dig("mail.example.test").status, "SERVFAIL")
        self.configuration(FILE)
        back = self.server.muster("reload")
        self.assertEqual(back.status, 0, back.err)
        self.assertEqual(self.data("api.example.test"), ["192.0.2.44"])
        self.configuration(FILE + old)
        self.assertIn(said, self.server.muster("reload").err)
        (self.folder / "example.test.zone").write_text(ZONE.replace("192.0.2.25", "192.0.2.26"))
        self.assertIn(said, self.server.muster("reload").err, "the file has changed, what is served has not")
        self.assertEqual(self.data("api.example.test"), ["192.0.2.44"])

    def test_a_name_in_an_inner_zone_is_no_matter_of_the_outer_one(self):
        (self.folder / "inner.zone").write_text("$TTL 60\n@ SOA ns1.example.test. host 7 60 60 60 5\n@ NS ns1.example.test.\n")
        (self.folder / "example.test.zone").write_text(ZONE + "inner NS ns1\n")
        self.server = self.start(FILE + '[[zones.file]]\nname = "inner.example.test."\nfile = "inner.zone"\n'
                                 '[service.web]\nalso = ["www.inner.example.test."]\n', store="memory")
        self.register(1)
        wait_until("the zones are read", lambda: self.data("old.example.test") == ["192.0.2.80"])
        self.assertEqual(self.data("www.inner.example.test"), ["127.9.0.1"])

    def test_a_reload_moves_a_name_from_the_file_to_a_service_and_back(self):
        self.serve("")
        self.register(1)
        old = '[service.web]\nalso = ["old.example.test."]\n'
        refused = self.reload(old)
        self.assertEqual(refused.status, 1)
        self.assertRegex(refused.err, r"musterd\.toml:\d+:9: also: old\.example\.test\. \(service web\): the zone has A there, in .*example\.test\.zone")
        self.assertEqual(self.data("old.example.test"), ["192.0.2.80"])
        for owner, why in (("alias", "a CNAME there"), ("x.lab", "it is delegated, at lab.example.test.")):
            refused = self.reload(f'[service.web]\nalso = ["{owner}.example.test."]\n')
            self.assertEqual(refused.status, 1)
            self.assertIn(why, refused.err)
        (self.folder / "example.test.zone").write_text(ZONE.replace("old A 192.0.2.80\n", "").replace("host 7", "host 8"))
        moved = self.reload(old)
        self.assertEqual(moved.status, 0, moved.err)
        self.assertEqual(self.data("old.example.test"), ["127.9.0.1"])
        (self.folder / "example.test.zone").write_text(ZONE.replace("host 7", "host 9"))
        refused = self.reload(old)
        self.assertEqual(refused.status, 1, "the file takes it back, and the service still has it")
        self.assertEqual(self.data("old.example.test"), ["127.9.0.1"])
        back = self.reload("")
        self.assertEqual(back.status, 0, back.err)
        self.assertEqual(self.data("old.example.test"), ["192.0.2.80"])

    def test_the_name_goes_with_its_line_and_comes_with_its_zone(self):
        self.serve(WEB + '[service.nobody]\nalso = ["nobody.example.test."]\n')
        self.register(1)
        wait_until("the serial rises", lambda: self.serial() > 7)
        self.assertEqual(self.server.dig("nobody.example.test").status, "NOERROR")
        self.assertEqual(self.reload("").status, 0)
        self.assertEqual(self.server.dig("nobody.example.test").status, "NXDOMAIN")
        self.assertEqual(self.data("www.example.test"), [])
        self.assertEqual(self.data("www.example.test", "TXT"), ['"beside"'])
        last = self.serial()
        self.assertEqual(self.reload("", file="").status, 0)
        self.assertEqual(self.server.dig("www.example.test").status, "REFUSED")
        self.assertEqual(self.reload(WEB).status, 0)
        wait_until("the zone is read", lambda: self.data("www.example.test") == ["127.9.0.1"])
        self.assertGreaterEqual(self.serial(), last)

    def test_a_serial_is_not_served_twice_over_kill_9(self):
        self.serve(store="sqlite")
        self.register(1)
        first = wait_until("the serial rises", lambda: self.serial() > 7 and self.serial())
        self.register(2)
        second = wait_until("it rises again", lambda: self.serial() > first and self.serial())
        self.server.signal(signal.SIGKILL)
        self.server.wait()
        self.server = self.again()
        wait_until("the zone is read", lambda: self.data("www.example.test") == ["127.9.0.1", "127.9.0.2"])
        self.assertGreater(self.serial(), second)

    def test_a_conflict_at_start_is_said_and_the_zone_is_not_served(self):
        (self.folder / "example.test.zone").write_text(ZONE)
        self.server = self.begin("--config", self.configuration(FILE + '[service.web]\nalso = ["old.example.test."]\n', store="memory"))
        wait_until("the conflict is in the log", lambda: "old.example.test. (service web): the zone has A there" in self.server.out + self.server.err)
        self.server.serving()
        self.assertEqual(self.server.dig("mail.example.test").status, "SERVFAIL")


if __name__ == "__main__":
    unittest.main()
