"""Policies: who is answered in which order, what is answered when too few are ready, and how everybody can see why."""
import unittest

from harness import EndToEnd, wait_until

ZERO = '[zones]\nnegative_ttl = "0s"\nhash_key = "000102030405060708090a0b0c0d0e0f"\n'
# What is reported once stays out for as long as a test lasts.
REPORTS = """
max_suspended_percent = { reports = 100 }
suspend_on_failure = { initial_duration = "5m", maximum_duration = "5m" }
"""


class Policy(EndToEnd):
    def serve(self, keys, members, *words, more="", service="web"):
        """Instances a, b, c… at 127.9.0.1, .2, .3… and ports 8001…, with these weights."""
        server = self.start(f"{ZERO}[service.{service}]\n{keys}{REPORTS}{more}", *words, store="memory")
        for number, weight in enumerate(members, 1):
            server.register(service, chr(96 + number), {"address": f"127.9.0.{number}", "port": 8000 + number, "weight": weight, "lease": "1h"})
        return server

    def order(self, server, *words, name="web.svc.internal", kind="A"):
        """The members of one answer, as letters in its order."""
        found = []
        for record in server.dig(name, kind, *words).answer:
            number = int(record.data.split()[2]) - 8000 if kind == "SRV" else int(record.data.split(".")[3])
            found.append(chr(96 + number))
        return "".join(found)

    def fail(self, server, *members, service="web"):
        for member in members:
            said = server.api("PUT", f"/api/v1/services/{service}/instances/{member}/report", {"result": "hard", "class": "refused", "reporter": "test"})
            self.assertEqual(said.status, 202, said.text)

    def admin(self, server, member, mode, service="web"):
        self.assertLess(server.api("PUT", f"/api/v1/services/{service}/instances/{member}/admin", {"mode": mode}).status, 300)

    def explained(self, server, *words, name="web.svc.internal"):
        return {one["id"]: one for one in server.api("GET", f"/api/v1/explain?name={name}&{'&'.join(words)}").json()["instances"]}


class Orders(Policy):
    def test_turns_are_taken_over_udp_and_tcp_together(self):
        server = self.serve('policy = "round-robin"\n', [1, 1, 1])
        seen = [self.order(server, *words) for words in ((), ("+tcp",), ()) * 2]
        self.assertEqual("".join(seen), "abcabc")
        self.assertEqual(self.order(server, name="_web._tcp.svc.internal", kind="SRV"), "a")

    def test_failover_turns_to_the_next_and_srv_has_all(self):
        server = self.serve('policy = "failover"\n', [1, 1, 1])
        self.assertEqual(self.order(server), "a")
        self.fail(server, "a")
        self.assertEqual(self.order(server), "b")
        srv = [record.data.split()[:2] for record in server.dig("_web._tcp.svc.internal", "SRV").answer]
        self.assertEqual(srv, [["10", "1"], ["20", "1"]], "places in configured order")
        self.assertEqual(self.explained(server)["a"]["policy"], "suspended:refused")
        self.assertEqual(self.explained(server)["b"]["probability"], 1)

    def test_a_weighted_round_is_exact(self):
        server = self.serve('policy = "weighted-rr"\n', [5, 1, 1])
        self.assertEqual("".join(self.order(server) for _ in range(7)), "aabacaa")

    def test_a_network_has_its_order(self):
        server = self.serve('policy = "hash-failover"\n', [1, 2, 3, 4], "--set", 'dns.ecs_trusted=["127.0.0.0/8"]')
        for prefix, order in (("10.0.0.0/24", "dcba"), ("10.0.1.0/24", "bdca"), ("192.0.2.0/24", "cdab"), ("10.1.0.0/16", "dbca"), ("2001:db8::/56", "cabd")):
            self.assertEqual(self.order(server, f"+subnet={prefix}"), order)
            shown = self.explained(server, f"client={prefix}")
            self.assertEqual({one: found["probability"] for one, found in shown.items()}, {one: float(one == order[0]) for one in "abcd"})
        self.assertIn("CLIENT-SUBNET: 10.0.1.0/24/24", server.dig("web.svc.internal", "A", "+subnet=10.0.1.0/24").text)
        srv = [record.data.split()[:2] for record in server.dig("_web._tcp.svc.internal", "SRV", "+subnet=10.0.1.0/24").answer]
        self.assertEqual(srv, [[str(place), "1"] for place in range(4)])
        told = server.muster("explain", "web.svc.internal", "A", "--client", "10.0.1.0/24")
        self.assertEqual(told.status, 0, told.err)
        for number in range(5, 1030):
            grant = server.api("PUT", f"/api/v1/services/web/instances/more{number}", {"address": "127.9.1.1"})
        self.assertEqual((grant.status, grant.json()["error"]), (429, "too_many_instances"), grant.text)
        self.assertIn('policy hash-failover chooses from 1024 instances at most', grant.text)


class TooFew(Policy):
    def test_each_way_of_when_none(self):
        backup = '[service.backup]\n'
        for keys, status, order in (("", "NOERROR", "ab"), ('when_none = "none"\n', "NOERROR", ""), ('when_none = "servfail"\n', "SERVFAIL", ""),
                                    ('when_none = "fallback"\nfallback = ["127.9.0.7"]\n', "NOERROR", "g"),
                                    ('when_none = "fallback"\nfallback = "backup"\n', "NOERROR", "h")):
            with self.subTest(keys):
                server = self.serve('policy = "all"\n' + keys, [1, 1], more=backup)
                server.register("backup", "h", {"address": "127.9.0.8", "port": 8008, "lease": "1h"})
                self.assertEqual(self.order(server), "ab")
                self.fail(server, "a", "b")
                answer = server.dig("web.svc.internal")
                self.assertEqual((answer.status, self.order(server)), (status, order), answer.text)
                self.assertIn("0 of 2 ready", answer.text)
                self.assertEqual(self.metric(server, 'muster_service_panic{service="web"}'), 1)
                self.assertIn("panic service=web ready=", server.err)
                if "fallback" in keys:
                    [record] = server.api("GET", "/api/v1/explain?name=web.svc.internal&type=A").json()["records"]
                    whose = ("heartbeat", ["backup/h"]) if "backup" in keys else ("fallback", [])
                    self.assertEqual((record["policy"], record["source"], record["instances"]), ("panic:fallback", *whose))
                if "backup" in keys:
                    self.assertEqual(self.order(server, name="_web._tcp.svc.internal", kind="SRV"), "h")
                self.admin(server, "a", "up")
                self.assertEqual(self.order(server), "a")
                self.assertEqual(self.metric(server, 'muster_service_panic{service="web"}'), 0)
                wait_until("the end is told", lambda: "panic_over service=web" in server.err)
                server.kill()

    def test_half_of_it_is_too_few(self):
        server = self.serve('policy = "random-failover"\npanic_threshold = 0.75\n', [1, 1, 1, 1])
        self.fail(server, "a")
        self.assertEqual(sorted(self.order(server)), ["b", "c", "d"])
        self.fail(server, "b")
        answer = server.dig("web.svc.internal")
        self.assertEqual(len(answer.answer), 4, "open: the checks may be wrong")
        self.assertIn("2 of 4 ready", answer.text)
        self.admin(server, "c", "drain")
        self.assertEqual(sorted(self.order(server)), ["a", "b", "d"], "what drains is out, panic or not")
        self.assertEqual(self.explained(server)["d"]["policy"], "panic:all")

    def test_what_drains_stays_in_srv_for_haproxy(self):
        server = self.serve('drain_publish = "weight0"\nsrv_weight_scale = 256\n', [3, 2])
        self.admin(server, "a", "drain")
        self.assertEqual(self.order(server), "b")
        srv = sorted(record.data.split()[1:3] for record in server.dig("_web._tcp.svc.internal", "SRV").answer)
        self.assertEqual(srv, [["0", "8001"], ["512", "8002"]])


class Weights(Policy):
    def test_what_it_weighs_is_shown(self):
        server = self.serve('policy = "response-time"\n', [1, 1, 1])
        for member, latency in (("a", 10), ("b", 20), ("c", 40)):
            said = server.api("PUT", f"/api/v1/services/web/instances/{member}/report", {"result": "ok", "latency_ms": latency, "reporter": "test"})
            self.assertEqual(said.status, 202, said.text)
        shown = {member: server.api("GET", f"/api/v1/services/web/instances/{member}/health").json() for member in "abc"}
        self.assertEqual({member: found["weight"]["response_time"] for member, found in shown.items()}, {"a": 2, "b": 1, "c": 0.5})
        self.assertEqual({member: found["ewma_ms"] for member, found in shown.items()}, {"a": 10, "b": 20, "c": 40})
        chances = {one: round(found["probability"], 4) for one, found in self.explained(server).items()}
        self.assertEqual(chances, {"a": round(4 / 7, 4), "b": round(2 / 7, 4), "c": round(1 / 7, 4)})
        self.assertAlmostEqual(self.metric(server, 'muster_service_ewma_seconds{service="web"}'), 70 / 3000, 5)
        found = server.api("GET", "/api/v1/services/web/health").json()
        self.assertEqual((found["policy"], found["panic"], found["ready"]), ("response-time", False, 3))
        self.assertEqual(server.api("GET", "/api/v1/services/web").json()["policy"], "response-time")

    def test_a_reload_changes_the_policy(self):
        server = self.serve('policy = "failover"\n', [1, 1])
        self.assertEqual(self.order(server), "a")
        self.configuration(f'{ZERO}[service.web]\npolicy = "all"\n')
        self.assertEqual(server.muster("reload").status, 0)
        wait_until("both are answered", lambda: self.order(server) == "ab")


if __name__ == "__main__":
    unittest.main()
