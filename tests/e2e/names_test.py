"""A registration as DNS clients see it: from before its acknowledgement to the end of its lease."""

import http.client
import time
import unittest

from harness import EndToEnd, exchange, run, wait_until

LATENESS_SECONDS = 0.15  # what is promised (0.1) and one tick of the question
LOADED_SECONDS = 2.0     # a machine that is busy otherwise

WEB = {"address": "127.0.0.11", "ports": [{"name": "http", "port": 18081}], "weight": 3, "tags": {"az": "a"}}


class Names(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.start('[zones]\nreverse = ["127.in-addr.arpa."]\n[service.web]\ntag_views = ["az"]\n', store="memory")

    def test_a_registered_instance_has_all_its_names(self):
        self.server.register("web", "i1", WEB)
        rows = [
            ("web.svc.internal", "A", ["127.0.0.11"], "the service"),
            ("web.svc.internal", "SRV", ["0 3 18081 i1.web.svc.internal."], "the service's default port"),
            ("_web._tcp.svc.internal", "SRV", ["0 3 18081 i1.web.svc.internal."], "SRV by service"),
            ("_http._tcp.web.svc.internal", "SRV", ["0 3 18081 i1.web.svc.internal."], "SRV by port name"),
            ("i1.web.svc.internal", "A", ["127.0.0.11"], "the instance"),
            ("i1.web.svc.internal", "SRV", ["0 3 18081 i1.web.svc.internal."], "an instance alone"),
            ("i1.web.svc.internal", "TXT", ['"az=a"'], "its tags"),
            ("a.az.by.web.svc.internal", "A", ["127.0.0.11"], "the tag view"),
            ("_services._dns-sd._udp.svc.internal", "PTR", ["_http._tcp.svc.internal."], "browsing: the types"),
            ("_http._tcp.svc.internal", "PTR", [r"web\032i1._http._tcp.svc.internal."], "browsing: the instances"),
            (r"web\032i1._http._tcp.svc.internal", "SRV", ["0 3 18081 i1.web.svc.internal."], "an instance browsed to"),
            (r"web\032i1._http._tcp.svc.internal", "TXT", ['"txtvers=1" "az=a"'], "its description"),
            ("b._dns-sd._udp.svc.internal", "PTR", ["svc.internal."], "where to browse"),
            ("11.0.0.127.in-addr.arpa", "PTR", ["i1.web.svc.internal."], "the address backwards"),
        ]
        for name, kind, expected, why in rows:
            with self.subTest(why):
                found = self.server.dig(name, kind)
                self.assertEqual(found.status, "NOERROR")
                self.assertIn("aa", found.flags)
                for data in expected:
                    self.assertIn(data, found.data())

    def test_srv_carries_the_addresses_of_its_targets(self):
        self.server.register("web", "i1", WEB)
        self.server.register("web", "i2", WEB | {"address": "127.0.0.12", "weight": 1})
        found = self.server.dig("_web._tcp.svc.internal", "SRV")
        self.assertEqual({(r.owner, r.type, r.data) for r in found.additional},
                         {("i1.web.svc.internal.", "A", "127.0.0.11"), ("i2.web.svc.internal.", "A", "127.0.0.12")})

    def test_no_record_and_no_name(self):
        self.server.register("web", "i1", WEB)
        rows = [
            ("web.svc.internal", "AAAA", "NOERROR", "a service with IPv4 alone has no AAAA record"),
            ("_tcp.svc.internal", "A", "NOERROR", "a name between others"),
            ("_web._tcp.svc.internal", "A", "NOERROR", "the service has TCP ports"),
            ("_web._udp.svc.internal", "SRV", "NXDOMAIN", "and no UDP port: nobody offers that"),
            ("nothing.svc.internal", "A", "NXDOMAIN", "a service that never was"),
        ]
        for name, kind, status, why in rows:
            with self.subTest(why):
                found = self.server.dig(name, kind)
                self.assertEqual((found.status, found.answer), (status, []))
                self.assertEqual([(r.owner, r.type, r.ttl) for r in found.authority], [("svc.internal.", "SOA", 2)])
        self.assertEqual(self.server.dig("www.example.com").status, "REFUSED")

    def test_udp_and_tcp_and_kdig_agree(self):
        for i in range(1, 61):
            self.server.register("many", f"i{i}", {"address": f"127.0.1.{i}", "port": 80})
        cut = self.server.dig("many.svc.internal", "SRV", "+ignore", "+noedns")
        self.assertEqual(("tc" in cut.flags, cut.answer), (True, []), "half an SRV set would be misused")
        self.assertEqual(len(self.server.dig("many.svc.internal", "SRV", "+noedns").answer), 60, "dig asks again over TCP")
        fitting = self.server.dig("many.svc.internal", "A", "+ignore", "+noedns")
        self.assertEqual(("tc" in fitting.flags, len(fitting.answer)), (False, 29), "addresses: as many as 512 octets hold")
        self.assertEqual(len(self.server.dig("many.svc.internal", "A", "+tcp").answer), 60)
        host, port = self.server.dns
        shown = run("kdig", f"@{host}", "-p", port, "+tcp", "+short", "many.svc.internal", "A")
        self.assertEqual(len(shown.out.split()), 60)

    def test_visible_before_the_acknowledgement(self):
        """Whoever holds a grant finds the name: asked at once after each of many, also when the name was NXDOMAIN."""
        connection = http.client.HTTPConnection(*self.server.http)
        self.addCleanup(connection.close)
        for i in range(200):
            asker = self.server.asker(f"s{i}.svc.internal")
            self.assertEqual(asker.ask(), (3, 0))
            reply = exchange(connection, "PUT", f"/api/v1/services/s{i}/instances/a",
                             {"generation": 1, "address": "127.0.0.20", "port": 1})
            self.assertEqual(reply.status, 201, reply.text)
            self.assertEqual(asker.ask(), (0, 1))
            asker.close()

    def test_a_weight_decides_how_often_one_comes_first(self):
        self.server.register("web", "i1", WEB)
        self.server.register("web", "i2", WEB | {"address": "127.0.0.12", "weight": 0})
        found = self.server.dig("web.svc.internal")
        self.assertEqual(found.data(), ["127.0.0.11"], "weight 0 keeps an instance out while others have more")

    def test_capitals_in_a_question_are_kept_in_the_answer(self):
        self.server.register("web", "i1", WEB)
        self.assertEqual(self.server.dig("WeB.svc.INTERNAL").answer[0].owner, "WeB.svc.INTERNAL.")


class Lease(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.start(store="memory")

    def gone_after(self, service, since):
        """Seconds from `since` until the name has no address any more, by asking all the time."""
        asker = self.server.asker(f"{service}.svc.internal")
        self.addCleanup(asker.close)
        self.assertEqual(asker.ask(), (0, 1))
        wait_until(f"{service} gone", lambda: asker.ask()[1] == 0, seconds=60)
        return time.monotonic() - since

    def test_gone_when_the_lease_is_over_and_not_before(self):
        before = time.monotonic()
        self.server.register("web", "i1", {"address": "127.0.0.11", "port": 1, "lease": "2s"})
        after = time.monotonic()
        gone = self.gone_after("web", before)
        late = gone - (after - before) - 2
        print(f"\nlease of 2 s: gone {late * 1000:.0f} ms after its end (promised: 0 to {LATENESS_SECONDS * 1000:.0f})")
        self.assertGreaterEqual(gone, 2.0, "never early")
        self.assertLess(late, LOADED_SECONDS)
        self.assertEqual(self.server.api("GET", "/api/v1/services/web/instances/i1").status, 404)
        self.assertEqual(self.server.dig("web.svc.internal").status, "NOERROR", "known a while longer: no NXDOMAIN to cache")

    def test_heartbeats_keep_it(self):
        self.server.register("kept", "i1", {"address": "127.0.0.11", "port": 1, "lease": "2s"}, generation=5)
        self.server.register("left", "i1", {"address": "127.0.0.12", "port": 1, "lease": "2s"})
        left = self.server.asker("left.svc.internal")
        kept = self.server.asker("kept.svc.internal")
        self.addCleanup(left.close)
        self.addCleanup(kept.close)
        beats = 0
        end = time.monotonic() + 5
        while time.monotonic() < end:
            reply = self.server.api("POST", "/api/v1/services/kept/instances/i1/heartbeat", {"generation": 5})
            self.assertEqual(reply.status, 200, reply.text)
            self.assertEqual(kept.ask(), (0, 1))
            beats += 1
            time.sleep(reply.json()["heartbeat_in_ms"] / 1000 / 2)
        self.assertGreater(beats, 5)
        self.assertEqual(left.ask()[1], 0, "the one without heartbeats must be gone, or this test shows nothing")

    def test_deregistered_is_gone_at_once_and_a_late_heartbeat_cannot_undo_it(self):
        self.server.register("web", "i1", {"address": "127.0.0.11", "port": 1}, generation=7)
        gone = self.server.api("DELETE", "/api/v1/services/web/instances/i1?generation=7")
        self.assertTrue(gone.json()["existed"])
        self.assertEqual(self.server.dig("web.svc.internal").answer, [])
        late = self.server.api("POST", "/api/v1/services/web/instances/i1/heartbeat",
                               {"generation": 7, "instance": {"address": "127.0.0.11", "port": 1}})
        self.assertEqual((late.status, late.json()["error"]), (410, "deregistered"))
        self.assertEqual(self.server.dig("web.svc.internal").answer, [])

    def test_those_held_by_protection_say_that_they_are_stale(self):
        for i in range(5):
            self.server.register("web", f"i{i}", {"address": f"127.0.0.{20 + i}", "lease": "1s"})
        held = self.stale_answer("web.svc.internal")
        self.assertEqual(len(held.answer), 5)
        self.assertRegex(held.text, r"EDE: 3 \(Stale Answer\): \(heartbeats silent, [1-9]\d* s\)")
        self.stale_answer("i0.web.svc.internal")
        self.assertIn("EDE: 3 ", self.server.dig("web.svc.internal", "A", "+tcp").text)
        self.assertNotIn("EDE", self.server.dig("web.svc.internal", "A", "+noedns").text)
        for i in range(5):
            self.server.api("POST", f"/api/v1/services/web/instances/i{i}/heartbeat", {})
        self.assertNotIn("EDE", self.server.dig("web.svc.internal").text)

    def stale_answer(self, name):
        found = None

        def is_stale():
            nonlocal found
            found = self.server.dig(name)
            return "EDE: 3 " in found.text
        wait_until(f"{name} stale", is_stale)
        return found

    def test_draining_leaves_the_service_but_not_its_own_name(self):
        self.server.register("web", "i1", {"address": "127.0.0.11", "port": 1})
        self.server.register("web", "i2", {"address": "127.0.0.12", "port": 1})
        reply = self.server.api("POST", "/api/v1/services/web/instances/i1/drain", {"reason": "test"})
        self.assertTrue(reply.json()["draining"])
        self.assertEqual(self.server.dig("web.svc.internal").data(), ["127.0.0.12"])
        self.assertEqual(self.server.dig("i1.web.svc.internal").data(), ["127.0.0.11"])


if __name__ == "__main__":
    unittest.main()
