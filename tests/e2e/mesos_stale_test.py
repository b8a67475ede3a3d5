"""Masters that stay away: what is served says how old it is, and ends if it is to."""

import time
import unittest

import mesos_master as mesos
from harness import wait_until
from mesos_test import WithMesos

STALE = r"EDE: 3 \(Stale Answer\): \(mesos silent, \d+ s\)"


class Stale(WithMesos):
    def serve_and_lose(self, more):
        master = self.master(streams=False)
        self.task("web.aaa", "web", ports=[31000])
        server = self.serve(master, more='stale_after = "500ms"\n' + more)
        self.until(server, "web.marathon.mesos", ["10.0.1.10"])
        self.lost_at = time.monotonic()
        master.fault = mesos.status(503)
        self.back = lambda: setattr(master, "fault", None)
        return server

    def test_what_is_stale_says_so(self):
        server = self.serve_and_lose("")
        wait_until("stale", lambda: self.source(server)["state"] == "stale")
        for name, kind, status in [("web.marathon.mesos", "A", "NOERROR"), ("_web._tcp.marathon.mesos", "SRV", "NOERROR"),
                                   ("none.marathon.mesos", "A", "NXDOMAIN"), ("web.marathon.mesos", "TXT", "NOERROR")]:
            with self.subTest(name=name, kind=kind):
                wait_until("EDE 3", lambda name=name, kind=kind: "EDE: 3" in server.dig(name, kind).text)
                told = server.dig(name, kind)
                self.assertRegex(told.text, STALE)
                self.assertEqual(told.status, status)
                self.assertNotIn("EDE", server.dig(name, kind, "+noedns").text)
        wait_until("the native name says so, too", lambda: "EDE: 3" in server.dig("web.svc.internal").text)
        self.assertRegex(server.dig("web.svc.internal").text, STALE)
        self.assertEqual(self.addresses(server, "web.svc.internal"), ["10.0.1.10"])
        self.assertNotIn("EDE", server.dig("muster.svc.internal").text, "what others say is not stale")
        self.assertEqual(server.api("GET", "/readyz").status, 200)
        self.back()
        wait_until("live", lambda: self.source(server)["state"] == "live", 60)
        for name in ("web.marathon.mesos", "web.svc.internal", "none.marathon.mesos"):
            wait_until(f"{name} is fresh", lambda name=name: "EDE" not in server.dig(name).text)

    def test_what_is_too_old_is_dropped(self):
        server = self.serve_and_lose('max_stale = "1s"')
        wait_until("its names are gone", lambda: server.dig("web.marathon.mesos").status == "NXDOMAIN")
        self.assertGreater(time.monotonic() - self.lost_at, 1.0)
        wait_until("the native one, too", lambda: server.dig("web.svc.internal").data() == [])
        self.assertEqual(self.addresses(server, "mesos", "NS"), ["ns1.mesos."])
        self.back()
        self.until(server, "web.marathon.mesos", ["10.0.1.10"])

    def test_what_is_too_old_is_servfail(self):
        server = self.serve_and_lose('max_stale = "1s"\nstale_action = "servfail"')
        seen = set()

        def is_over():
            seen.add(server.dig("web.marathon.mesos").status)
            return "SERVFAIL" in seen
        wait_until("its names are SERVFAIL", is_over)
        self.assertEqual(seen, {"NOERROR", "SERVFAIL"}, "nobody is told that they do not exist")
        for name in ("web.marathon.mesos", "_web._tcp.marathon.mesos", "none.mesos", "leader.mesos"):
            wait_until(f"{name} SERVFAIL", lambda name=name: server.dig(name).status == "SERVFAIL")
            self.assertRegex(server.dig(name).text, r"EDE: 14 \(Not Ready\)")
        self.assertEqual(self.addresses(server, "mesos", "NS"), ["ns1.mesos."])
        self.assertEqual(server.api("GET", "/readyz").status, 503)
        self.back()
        self.until(server, "web.marathon.mesos", ["10.0.1.10"])
        self.assertEqual(server.dig("none.mesos").status, "NXDOMAIN")


class Start(WithMesos):
    def test_the_grace_of_a_start_ends(self):
        master = self.master(streams=False)
        address = master.url
        master.close()
        text = f'[[source.mesos]]\nmasters = ["{address}"]\nstart_grace = "2s"\n'
        server = self.begin("--config", self.configuration(text, "memory")).serving()
        first = server.dig("web.marathon.mesos")
        self.assertEqual(first.status, "SERVFAIL")
        self.assertRegex(first.text, r"EDE: 14 \(Not Ready\)")
        self.assertEqual(server.api("GET", "/readyz").status, 503)
        wait_until("it is over", lambda: server.dig("web.marathon.mesos").status == "NXDOMAIN")
        self.assertEqual(server.api("GET", "/readyz").status, 200)

    def test_who_is_not_required_holds_nobody_up(self):
        master = self.master(streams=False)
        address = master.url
        master.close()
        server = self.start(f'[[source.mesos]]\nmasters = ["{address}"]\nrequired = false\n', store="memory")
        self.assertEqual(server.dig("web.marathon.mesos").status, "NXDOMAIN")


if __name__ == "__main__":
    unittest.main()
