"""SIGHUP and POST /reload: what is good is taken over, what is faulty changes nothing, what must wait is named."""

import signal
import unittest

from harness import EndToEnd, wait_until

ZONE = """\
$TTL 300
@    SOA ns1 hostmaster {serial} 3600 600 86400 60
     NS  ns1
ns1  A   127.0.0.53
www  A   {address}
"""
FILE_ZONE = '[[zones.file]]\nname = "example.test."\nfile = "example.test.zone"\n'


class Reload(EndToEnd):
    def setUp(self):
        super().setUp()
        self.zone(1, "192.0.2.1")
        self.server = self.start(FILE_ZONE, store="memory")
        self.server.register("web", "i1", {"address": "127.0.0.11", "port": 80})

    def zone(self, serial, address):
        self.write("example.test.zone", ZONE.format(serial=serial, address=address))

    def hang_up(self, event):
        """SIGHUP; what was logged until that event."""
        before = len(self.server.err)
        self.server.signal(signal.SIGHUP)
        return wait_until(f"the log line {event}", lambda: event in self.server.err[before:] and self.server.err[before:])

    def answers(self, address):
        self.assertEqual(self.server.dig("www.example.test").data(), [address])
        self.assertEqual(self.server.dig("web.svc.internal").data(), ["127.0.0.11"], "services are not concerned")

    def test_a_changed_zone_file_is_taken_over(self):
        self.answers("192.0.2.1")
        self.zone(2, "192.0.2.2")
        self.hang_up("reloaded")
        self.answers("192.0.2.2")
        self.assertEqual(self.server.dig("example.test", "SOA").answer[0].data.split()[2], "2")

    def test_a_faulty_zone_file_leaves_the_old_zone_served(self):
        self.write("example.test.zone", ZONE.format(serial=2, address="192.0.2.2") + "bad A 300.1.2.3\n")
        log = self.hang_up("reloaded")
        self.assertRegex(log, r"error.*example\.test\.zone:6:\d+")
        self.answers("192.0.2.1")
        self.assertEqual(self.server.api("GET", "/healthz").status, 200)
        self.zone(3, "192.0.2.3")
        self.hang_up("reloaded")
        self.answers("192.0.2.3")

    def test_a_faulty_configuration_is_refused_as_a_whole(self):
        self.zone(2, "192.0.2.2")
        self.configuration(FILE_ZONE + '[zones]\nttl = "9s"\n[log]\nlevle = "debug"\n', store="memory")
        log = self.hang_up("reload_refused")
        self.assertIn("log.level?", log)
        self.answers("192.0.2.1")
        self.assertEqual(self.server.dig("web.svc.internal").answer[0].ttl, 5, "not even its good keys are taken")

    def test_what_can_change_changes_and_what_needs_a_restart_is_named(self):
        changed = FILE_ZONE + '[zones]\nttl = "9s"\n'
        text = self.configuration(changed, store="memory").read_text()
        self.write("musterd.toml", text.replace("udp_threads = 1", 'udp_threads = 1\ntcp_connections = 7').replace('"e2e"', '"other"'))
        log = self.hang_up("reloaded")
        self.assertIn("needs_restart key=dns.tcp_connections", log)
        self.assertIn("needs_restart key=server.name", log)
        self.assertNotIn("needs_restart key=zones.ttl", log)
        wait_until("the new TTL", lambda: self.server.dig("web.svc.internal").answer[0].ttl == 9)
        reply = self.server.api("POST", "/api/v1/reload", {})
        self.assertEqual(reply.status, 200, reply.text)
        self.assertEqual(sorted(reply.json()["needs_restart"]), ["dns.tcp_connections", "server.name"])

    def test_what_needs_a_restart_is_named_at_every_reload_until_then(self):
        more = FILE_ZONE + '[log]\nformat = "json"\n[metrics]\nenabled = false\n[registry]\nfeed_length = 100\n'
        text = self.configuration(more, store="memory").read_text()
        self.write("musterd.toml", text.replace("[http]", "[http]\nmax_body = 4096"))
        expected = ["http.max_body", "log.format", "metrics.enabled", "registry.feed_length"]
        for time in ("first", "second"):
            with self.subTest(time):
                self.assertEqual(sorted(self.server.api("POST", "/api/v1/reload", {}).json()["needs_restart"]), expected)

    def reload(self, body=None):
        reply = self.server.api("POST", "/api/v1/reload", body or {})
        self.assertEqual(reply.status, 200, reply.text)
        return reply.json()

    def test_every_key_that_was_taken_over_is_named(self):
        text = self.configuration(FILE_ZONE, store="memory").read_text()
        self.write("musterd.toml", text.replace("udp_threads = 1", "udp_threads = 1\ncookies = false") + """\
allow_transfer = ["127.0.0.1"]
[zones]
ttl = "9s"
domain = "other.test"
[registry]
lease = "20s"
[service.web]
answers = 1
[[source.static]]
service = "db"
instances = [{ id = "db1", address = "192.0.2.10" }]
""")
        told = self.reload()
        self.assertEqual(sorted(told["changed"]), ["dns.cookies", "registry.lease", "service.web", "source.static", "zones.file",
                                                   "zones.ttl"])
        self.assertEqual(told["needs_restart"], ["zones.domain"], "nobody touched zones.ns and zones.hostmaster")
        wait_until("the key in the log", lambda: "key_changed key=zones.ttl" in self.server.err)
        again = self.reload()
        self.assertEqual((again["changed"], again["needs_restart"]), ([], ["zones.domain"]))
        self.configuration(FILE_ZONE, store="memory")
        self.assertIn("zones.ttl", self.server.muster("reload").out)

    def test_updates_of_an_unknown_zone_cannot_be_discarded(self):
        self.zone(2, "192.0.2.2")
        for name in ("nozone.test", "svc.internal", "no..zone"):
            with self.subTest(name):
                reply = self.server.api("POST", "/api/v1/reload", {"discard": ["example.test", name]})
                self.assertEqual(reply.status, 400, reply.text)
                self.assertEqual(reply.json()["error"], "invalid_field")
                self.assertIn(name, reply.json()["message"])
        self.answers("192.0.2.1")
        done = self.server.muster("reload", "--discard", "nozone.test")
        self.assertEqual(done.status, 1)
        self.assertIn("nozone.test", done.err)
        self.assertEqual(len(self.reload({"discard": ["example.test"]})["changed"]), 1)
        self.answers("192.0.2.2")

    def test_post_reload_tells_which_zones_changed(self):
        self.zone(2, "192.0.2.2")
        reply = self.server.api("POST", "/api/v1/reload", {})
        self.assertEqual(reply.status, 200, reply.text)
        self.assertEqual(len(reply.json()["changed"]), 1)
        self.assertIn("example.test.", reply.json()["changed"][0])
        self.answers("192.0.2.2")
        self.assertEqual(self.server.api("POST", "/api/v1/reload", {}).json()["changed"], [])

    def test_a_zone_that_comes_and_goes_with_the_configuration(self):
        self.write("second.test.zone", ZONE.format(serial=1, address="192.0.2.9"))
        self.configuration(FILE_ZONE + '[[zones.file]]\nname = "second.test."\nfile = "second.test.zone"\n', store="memory")
        self.hang_up("reloaded")
        self.assertEqual(self.server.dig("www.second.test").data(), ["192.0.2.9"])
        self.configuration(FILE_ZONE, store="memory")
        self.hang_up("reloaded")
        self.assertEqual(self.server.dig("www.second.test").status, "REFUSED")
        self.answers("192.0.2.1")

    def test_static_services_come_and_go(self):
        static = '[[source.static]]\nservice = "db"\ninstances = [{ id = "db1", address = "192.0.2.10", port = 5432 }]\n'
        self.configuration(FILE_ZONE + static, store="memory")
        self.hang_up("reloaded")
        self.assertEqual(self.server.dig("db.svc.internal").data(), ["192.0.2.10"])
        self.configuration(FILE_ZONE, store="memory")
        self.hang_up("reloaded")
        self.assertEqual(self.server.dig("db.svc.internal").answer, [])

    def test_static_instances_without_room_are_named(self):
        three = ", ".join(f'{{ id = "s{i}", address = "127.0.0.6{i}", port = 1 }}' for i in range(3))
        self.configuration(FILE_ZONE + "[registry]\nmax_instances_per_service = 2\n"
                           f'[[source.static]]\nservice = "fixed"\ninstances = [{three}]\n', store="memory")
        reply = self.server.api("POST", "/api/v1/reload")
        self.assertEqual(reply.status, 400)
        self.assertIn("in force, but for this", reply.json()["message"])
        self.assertIn("source.static: fixed/s2: ", reply.json()["message"])
        self.assertNotIn("fixed/s1", reply.json()["message"])
        wait_until("the refusal in the log", lambda: "static_refused" in self.server.err)
        self.assertEqual(sorted(self.server.dig("fixed.svc.internal").data()), ["127.0.0.60", "127.0.0.61"])

    def test_many_at_once_do_no_harm(self):
        for serial in range(2, 40):
            self.zone(serial, f"192.0.2.{serial}")
            self.server.signal(signal.SIGHUP)
        wait_until("the last one", lambda: self.server.dig("www.example.test").data() == ["192.0.2.39"])


class FaultyAtStart(EndToEnd):
    def test_a_zone_that_cannot_be_read_holds_up_readiness_and_nothing_else(self):
        self.write("example.test.zone", "www A nonsense\n")
        server = self.begin("--config", self.configuration(FILE_ZONE, store="memory")).serving()
        server.register("web", "i1", {"address": "127.0.0.11", "port": 80})
        self.assertEqual(server.dig("web.svc.internal").data(), ["127.0.0.11"])
        wait_until("the zone's errors in the log", lambda: "example.test.zone:1:" in server.err)
        self.assertEqual(server.dig("www.example.test").status, "SERVFAIL", "not loaded is not the same as not there")
        ready = server.api("GET", "/readyz")
        self.assertEqual(ready.status, 503)
        self.assertEqual([(item["what"], item["name"]) for item in ready.json()], [("zone", "example.test.")])
        self.assertEqual(server.api("GET", "/healthz").status, 200)


if __name__ == "__main__":
    unittest.main()
