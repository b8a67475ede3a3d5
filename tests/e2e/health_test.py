"""Health checks: who fails leaves the answers, who is well again comes back, and everybody can see why."""
import os
import stat
import unittest

from backend import Backend
from harness import EndToEnd, another_address, wait_until

QUICK = """
[zones]
ttl_min = "1s"
negative_ttl = "0s"
[service.web]
when_none = "none"
mark_as_timedout = { retries_before_suspend = 1, retry_delay = "100ms" }
suspend_on_failure = { initial_duration = "300ms", maximum_duration = "300ms" }
check = [{ type = "http", path = "/ping", interval = "300ms", timeout = "150ms" }]
"""


class Health(EndToEnd):
    def backend(self, number):
        backend = Backend(another_address(number))
        self.addCleanup(backend.close)
        return backend

    def register(self, server, backend, service="web"):
        server.register(service, backend.address.replace(".", "-"), {"address": backend.address, "port": backend.port, "lease": "1h"})

    def served(self, server, name="web.svc.internal"):
        return server.dig(name).data()

    def until(self, server, *addresses, name="web.svc.internal"):
        wait_until(f"{name} is {addresses}", lambda: self.served(server, name) == sorted(addresses))

    def health(self, server, backend, service="web"):
        return server.api("GET", f"/api/v1/services/{service}/instances/{backend.address.replace('.', '-')}/health").json()

    def store_all(self, server):
        """A change is acknowledged once it is on disk, and with it all that came before."""
        self.assertTrue(server.register("marker", "m", {"address": "127.0.0.1"})["durable"])

    def begin_two(self, text=QUICK):
        server = self.start(text)
        one, two = self.backend(1), self.backend(2)
        for backend in (one, two):
            self.register(server, backend)
        self.until(server, one.address, two.address)
        return server, one, two


class Failing(Health):
    def test_each_way_to_fail_takes_it_out_and_each_recovery_brings_it_back(self):
        server, one, two = self.begin_two()
        visible = self.metric(server, "muster_change_visible_seconds_count")
        ways = {"503": "http:503", "reset": "reset", "close": "close", "garbage": "garbage", "hang": "timeout", "drip": "timeout"}
        for mode, failure in ways.items():
            with self.subTest(mode):
                two.up(mode)
                self.until(server, one.address)
                found = self.health(server, two)
                self.assertEqual((found["state"], found["reason"]), ("SUSPENDED", f"suspended:{failure}"))
                self.assertEqual(found["checks"][0]["last"]["class"], failure)
                two.up()
                self.until(server, one.address, two.address)
        two.down()
        self.until(server, one.address)
        self.assertEqual(self.health(server, two)["reason"], "suspended:refused")
        identity = two.address.replace(".", "-")
        self.assertIn("suspended:refused", server.muster("explain", f"web/{identity}").out)
        named = server.api("GET", "/api/v1/explain?name=web.svc.internal&type=A").json()["instances"]
        self.assertEqual({found["id"]: found["check"] for found in named}, {one.address.replace(".", "-"): None, identity: "http"})
        two.up()
        self.until(server, one.address, two.address)
        self.assertTrue(any(head.startswith("GET /ping HTTP/1.1\r\n") for head in two.asked))
        self.assertGreater(self.metric(server, 'muster_health_probes_total{type="http",result="ok"}'), 0)
        self.assertGreater(self.metric(server, 'muster_health_probes_total{type="http",result="hard"}'), 0)
        self.assertGreater(self.metric(server, 'muster_health_transitions_total{from="SUSPENDED",to="ACTIVE"}'), 6)
        visible = self.metric(server, "muster_change_visible_seconds_count") - visible
        self.assertGreaterEqual(visible, 14, "verdicts are timed until they are visible")

    def test_all_down(self):
        server, one, two = self.begin_two()
        one.down()
        two.down()
        self.until(server)
        answer = server.dig("web.svc.internal")
        self.assertEqual(answer.status, "NOERROR")
        self.assertEqual([record.type for record in answer.authority], ["SOA"])
        found = server.api("GET", "/api/v1/services/web/health").json()
        self.assertEqual((found["panic"], found["ready"], found["candidates"]), (True, 0, 2))
        self.assertEqual(found["by_state"]["SUSPENDED"], 2)
        self.assertEqual(self.metric(server, 'muster_service_panic{service="web"}'), 1)
        one.up()
        self.until(server, one.address)

    def test_an_instance_is_not_served_before_it_was_found_well(self):
        server = self.start(QUICK)
        one = self.backend(1)
        one.up("503")
        self.register(server, one)
        wait_until("it was looked at", lambda: one.asked)
        wait_until("it is suspended", lambda: self.health(server, one)["state"] == "SUSPENDED")
        self.assertEqual(self.served(server), [])
        one.up()
        self.until(server, one.address)

    def test_a_restart_knows_who_failed(self):
        server, one, two = self.begin_two()
        two.down()
        self.until(server, one.address)
        self.store_all(server)
        server.kill()
        server = self.again()
        self.assertEqual(self.served(server), [one.address], "the first answer")
        two.up()
        self.until(server, one.address, two.address)

    def test_answers_that_come_late_are_counted(self):
        server, one, two = self.begin_two(QUICK.replace('interval = "300ms"', 'action = "report", interval = "400ms"'))
        two.up("late")
        self.until(server, one.address)
        found = wait_until("an answer came late", lambda: (lambda check: check["counts"]["late"] and check)(self.health(server, two)["checks"][0]))
        self.assertEqual((found["last"]["class"], found["counts"]["hard"]), ("timeout", 0))
        wait_until("it is counted", lambda: self.metric(server, "muster_health_late_seconds_count"))
        self.assertRegex(server.err, rf"health +target=http://{two.address}:{two.port}/ping late=.answered after \d+ ms")

    def test_the_log_tells_each_step(self):
        server, one, two = self.begin_two()
        two.down()
        self.until(server, one.address)
        identity = two.address.replace(".", "-")
        self.assertRegex(server.err, rf"state_changed service=web id={identity} state=SUSPENDED from=(ACTIVE|TIMEDOUT) reason=suspended:refused")


class Others(Health):
    def test_reports(self):
        server = self.start('[zones]\nnegative_ttl = "0s"\n')
        one, two = self.backend(1), self.backend(2)
        for backend in (one, two):
            self.register(server, backend)
        path = f"/api/v1/services/web/instances/{two.address.replace('.', '-')}/report"
        said = server.api("PUT", path, {"result": "hard", "class": "refused", "reporter": "lb1"})
        self.assertEqual(said.status, 202, said.text)
        self.until(server, one.address)
        found = self.health(server, two)
        self.assertEqual((found["reason"], found["reports"]["state"]), ("suspended:refused", "SUSPENDED"))
        self.until(server, one.address, two.address)
        for body, field in (({"result": "bad"}, "/result"), ({}, "/result"), ({"result": "soft", "class": "x"}, "/class"),
                            ({"result": "ok", "class": "timeout"}, "/class"), ({"result": "ok", "x": 1}, "/x")):
            with self.subTest(body):
                refused = server.api("POST", path, body)
                self.assertEqual((refused.status, refused.json().get("field")), (400, field), refused.text)
        self.assertEqual(server.api("PUT", path.replace("web", "none"), {"result": "ok"}).status, 404)
        statuses = [server.api("PUT", path, {"result": "ok", "reporter": "lb2"}).status for _ in range(12)]
        self.assertIn(429, statuses)

    def test_programs(self):
        script = self.write("check.sh", '#!/bin/sh\ntest ! -e "$(dirname "$0")/broken-$MUSTER_INSTANCE"\n')
        os.chmod(script, stat.S_IRWXU)
        text = QUICK.replace('type = "http", path = "/ping", interval = "300ms", timeout = "150ms"',
                             f'type = "exec", argv = ["{script}"], interval = "500ms", timeout = "400ms"')
        refused = self.begin("--check-config", self.configuration(text))
        self.assertNotEqual(refused.wait(), 0)
        self.assertIn('allow it with exec = true in [health]', refused.err)
        server, one, two = self.begin_two(text + "[health]\nexec = true\n")
        self.write(f"broken-{two.address.replace('.', '-')}", "")
        self.until(server, one.address)
        self.assertEqual(self.health(server, two)["reason"], "suspended:exec")

    def test_instances_bring_checks_of_their_own(self):
        server = self.start('[zones]\nnegative_ttl = "0s"\n[service.web]\nwhen_none = "none"\n')
        one, two = self.backend(1), self.backend(2)
        said = {"type": "http", "path": "/own", "interval": "300ms", "timeout": "150ms", "headers": {"X-Key": "a"},
                "mark_as_timedout": {"retries_before_suspend": 0},
                "suspend_on_failure": {"initial_duration": "300ms", "maximum_duration": "300ms"}}
        for backend in (one, two):
            server.register("web", backend.address.replace(".", "-"),
                            {"address": backend.address, "port": backend.port, "lease": "1h", "checks": [said]})
        self.until(server, one.address, two.address)
        two.up("503")
        self.until(server, one.address)
        self.assertEqual(self.health(server, two)["reason"], "suspended:http:503")
        self.assertTrue(any(head.startswith("GET /own ") and "X-Key: a" in head for head in two.asked))
        path = f"/api/v1/services/web/instances/{two.address.replace('.', '-')}"
        self.assertEqual(server.api("GET", path).json()["checks"], [{"type": "http", "id": "http"} | said])
        self.store_all(server)
        server.kill()
        server = self.again()
        self.assertEqual(self.served(server), [one.address], "the first answer")
        self.assertEqual(server.api("GET", path).json()["checks"], [{"type": "http", "id": "http"} | said])
        two.up()
        self.until(server, one.address, two.address)
        refused = server.api("PUT", path, {"address": two.address, "port": two.port,
                                           "checks": [{"type": "exec", "argv": ["/bin/true"]}]})
        self.assertEqual((refused.status, refused.json()["field"]), (400, "/checks/0/type"), refused.text)
        self.assertIn("exec checks come from the configuration only", refused.text)

    def test_heartbeats_are_the_looks_of_a_ttl_check(self):
        server = self.start('[zones]\nnegative_ttl = "0s"\n[service.web]\nwhen_none = "none"\n')
        body = {"address": "127.0.0.1", "port": 9, "lease": "1h", "checks": [
            {"type": "ttl", "interval": "1s", "mark_as_timedout": {"retries_before_suspend": 0}}]}
        server.register("web", "a", body)
        beat = "/api/v1/services/web/instances/a/heartbeat"
        self.assertEqual(self.served(server), [], "nobody has heard of it yet")
        for status in ("warning", "passing"):
            self.assertEqual(server.api("POST", beat, {"status": status}).status, 200)
            self.until(server, "127.0.0.1")
        self.until(server)
        self.assertEqual(server.api("GET", "/api/v1/services/web/instances/a").json()["reason"], "suspended:silence")

    def test_a_reload_adds_and_takes_checks(self):
        server = self.start('[zones]\nnegative_ttl = "0s"\n[service.web]\nwhen_none = "none"\n')
        one, two = self.backend(1), self.backend(2)
        two.up("503")
        for backend in (one, two):
            self.register(server, backend)
        self.until(server, one.address, two.address)
        self.configuration(QUICK)
        self.assertEqual(server.muster("reload").status, 0)
        self.until(server, one.address)
        self.configuration('[zones]\nnegative_ttl = "0s"\n[service.web]\nwhen_none = "none"\n')
        self.assertEqual(server.muster("reload").status, 0)
        self.until(server, one.address, two.address)
        self.assertEqual(self.metric(server, "muster_health_checks"), 0)


if __name__ == "__main__":
    unittest.main()
