"""The keys of a Mesos source, each set and seen by a client: many sources of one master, a domain each."""

import time
import unittest

import mesos_master as mesos
from harness import another_address, wait_until
from mesos_test import WithMesos


class Keys(WithMesos):
    def serve_all(self, rows, master):
        """Sources by name with the keys of each; the server, once all have their names."""
        text = "".join(f'[[source.mesos]]\nname = "{name}"\nmasters = ["{master.url}"]\ndomain = "{name}."\nrefresh = "200ms"\n'
                       f'stream = false\nlistener = "10.0.0.53"\nservice_name = ""\n{keys}\n' for name, keys in rows.items())
        server = self.start(text, store="memory")
        for name in rows:
            self.until(server, f"ns1.{name}", ["10.0.0.53"])
        return server

    def test_of_names(self):
        self.task("web.aaa", "web", ports=[31000, 31004])
        discovery = {"name": "cart.shop", "visibility": "EXTERNAL", "ports": {"ports": [
            {"number": 8080, "name": "http", "protocol": "tcp"}]}}
        self.task("cart.bbb", "cart", 1, ports=[31005], address="10.9.0.7", discovery=discovery)
        self.task("long.ccc", "1-a-name-of-more-than-24-characters", ports=[31006])
        self.cluster.add_framework("leader", pid="scheduler-1@10.0.0.6:15102")
        self.cluster.add_framework("chronos").tasks["job.eee"] = mesos.Task("job.eee", "job", self.agent(0), ports=[31008])
        master = self.master(streams=False)
        leader = master.address.split(":")[0]
        rows = {  # name: keys, what is asked, what it answers
            "plain": ("", "_web._tcp.marathon", "SRV", ["0 1 31000 web-5quyu-s0.marathon.slave.", "0 1 31004 web-5quyu-s0.marathon.slave."]),
            "numbered": ("numbered_ports = true", "_port1._web._tcp.marathon", "SRV", ["0 1 31004 web-5quyu-s0.marathon.slave."]),
            "not-numbered": ("", "_port1._web._tcp.marathon", "SRV", []),
            "raw": ("", "cart.shop.marathon", "A", ["10.9.0.7"]),
            "not-raw": ("raw_names = false", "cart.shop.marathon", "A", []),
            "weight": ("srv_weight = 5", "_http._cart-shop._tcp.marathon", "SRV", ["0 5 8080 cart-shop-f7a9k-s1.marathon."]),
            "one-port": ("max_ports_per_task = 1", "_web._tcp.marathon", "SRV", ["0 1 31000 web-5quyu-s0.marathon.slave."]),
            "host-ip": ('ip_sources = ["host"]', "cart-shop.marathon", "A", ["10.0.1.11"]),
            "no-chronos": ('frameworks = ["*", "!chr*"]', "job.chronos", "A", []),
            "chronos": ("", "job.chronos", "A", ["10.0.1.10"]),
            "inside": ('visibility = ["FRAMEWORK", "CLUSTER"]', "cart-shop.marathon", "A", []),
            "short": ("rfc952 = true", "a-name-of-more-than-24-c.marathon", "A", ["10.0.1.10"]),
            "merged": ("", "leader", "A", [leader, "10.0.0.6"]),
            "protected": ('reserved = "protect"', "leader", "A", [leader]),
            "both-orders": ("rfc2782_order = true", "_http._tcp.cart-shop.marathon", "SRV", ["0 1 8080 cart-shop-f7a9k-s1.marathon."]),
            "master-srv": ("master_srv = true", "_master._tcp", "SRV", [f"0 1 {master.address.split(':')[1]} master0."]),
            "more-ns": ('extra_ns = ["ns.example.net."]', "", "NS", ["ns.example.net", "ns1."]),
            "improved": ('names = "improved"', "_http._tcp.cart-shop.marathon", "SRV", ["0 1 8080 cart-shop-f7a9k-s1.marathon."]),
        }
        server = self.serve_all({name: row[0] for name, row in rows.items()}, master)
        for name, (_, asked, kind, expected) in rows.items():
            with self.subTest(name=name):
                told = self.addresses(server, f"{asked}.{name}".lstrip("."), kind)
                whole = [data + f"{name}." if data.endswith(".") else data for data in expected]
                whole = [data + "." if data == "ns.example.net" else data for data in whole]
                self.assertEqual(told, sorted(whole))

    def test_of_the_soa(self):
        rows = {"zone": 'hostmaster = "admin.example.net."\nttl = "7s"\nsoa = { refresh = 11, retry = 12, expire = 13 }'}
        self.task("web.aaa", "web", ports=[31000])
        server = self.serve_all(rows, self.master(streams=False))
        [soa] = server.dig("zone", "SOA").answer
        words = soa.data.split()
        self.assertEqual(words[:2] + words[3:6], ["ns1.zone.", "admin.example.net.", "11", "12", "13"])
        self.assertEqual(server.dig("web.marathon.zone").answer[0].ttl, 7)

    def test_of_who_is_served(self):
        self.task("sick.aaa", "sick", healthy=False)
        self.task("sick.bbb", "sick", 1, healthy=True)
        self.task("lone.ccc", "lone", healthy=False)
        self.task("staging.ddd", "staging", state="TASK_STAGING")
        self.marathon.unreachable["lost.eee"] = mesos.Task("lost.eee", "lost", self.agent(0), state="TASK_UNREACHABLE")
        rows = {  # name: keys, and who answers for sick, lone, staging and lost
            "strict": ("", ["10.0.1.11"], ["10.0.1.10"], []),
            "running": ('routable = "running"', ["10.0.1.10", "10.0.1.11"], ["10.0.1.10"], []),
            "any": ('routable = "any-alive"', ["10.0.1.11"], ["10.0.1.10"], []),
            "none": ('when_none = "none"', ["10.0.1.11"], [], []),
            "fail": ('when_none = "servfail"', ["10.0.1.11"], "SERVFAIL", []),
            "early": ('serve_states = ["TASK_RUNNING", "TASK_STAGING"]', ["10.0.1.11"], ["10.0.1.10"], ["10.0.1.10"]),
        }
        server = self.serve_all({name: row[0] for name, row in rows.items()}, self.master(streams=False))
        for name, (_, *expected) in rows.items():
            for task, wanted in zip(("sick", "lone", "staging"), expected):
                with self.subTest(name=name, task=task):
                    reply = server.dig(f"{task}.marathon.{name}", "A", "+norec")
                    self.assertEqual(reply.status if wanted == "SERVFAIL" else sorted(reply.data()), wanted)

    def test_a_domain_inside_other_zones(self):
        self.task("web.aaa", "web", ports=[31000])
        self.write("example.zone", "$ORIGIN example.test.\n$TTL 60\n@ SOA ns hostmaster 1 60 60 600 60\n@ NS ns\nns A 10.0.0.53\n"
                   "*.mesos A 192.0.2.1\nother A 192.0.2.2\n")
        master = self.master(streams=False)
        text = "".join(f'[[source.mesos]]\nname = "{name}"\nmasters = ["{master.url}"]\ndomain = "{domain}"\nrefresh = "200ms"\n'
                       f'stream = false\nlistener = "10.0.0.53"\n'
                       for name, domain in (("filed", "mesos.example.test."), ("native", "mesos.svc.internal.")))
        server = self.start(f'[[zones.file]]\nname = "example.test."\nfile = "example.zone"\n{text}', store="memory")
        for domain in ("mesos.example.test", "mesos.svc.internal"):
            with self.subTest(domain=domain):
                self.until(server, f"web.marathon.{domain}", ["10.0.1.10"])
                nothing = server.dig(f"none.marathon.{domain}")
                self.assertEqual((nothing.status, nothing.authority[0].owner), ("NXDOMAIN", f"{domain}."), "the inner zone's own word")
                self.assertEqual(self.addresses(server, domain, "NS"), [f"ns1.{domain}."])
        self.assertEqual(self.addresses(server, "other.example.test"), ["192.0.2.2"])
        self.assertEqual(self.addresses(server, "web.svc.internal"), ["10.0.1.10"])

    def test_of_answers(self):
        for number in range(60):
            self.task(f"web.{number}", "web", ports=[31000 + number], address=f"10.9.0.{number}")
        rows = {"all": "", "three": "answers = 3", "cut": 'truncate = "cut"'}
        server = self.serve_all(rows, self.master(streams=False))
        ask = lambda name, *words: server.dig(f"web.marathon.{name}", "A", "+norec", "+bufsize=512", *words)
        whole = ask("all", "+tcp").data()
        self.assertEqual(len(whole), 60)
        self.assertEqual((len(ask("all", "+ignore").data()), "tc" in ask("all", "+ignore").flags), (0, True))
        cut = ask("cut", "+ignore")
        self.assertEqual((0 < len(cut.data()) < 60, "tc" in cut.flags), (True, False))
        self.assertLessEqual(set(cut.data()), set(whole))
        drawn = [tuple(ask("three").data()) for _ in range(20)]
        self.assertEqual({len(one) for one in drawn}, {3})
        self.assertGreater(len(set(drawn)), 5, "drawn anew each time")

    def test_of_limits(self):
        for number in range(10):
            self.task(f"web.{number}", "web", ports=[31000 + number])
        master = self.master(streams=False)
        rows = {"many": "max_tasks = 20", "few": "max_tasks = 5\nrequired = false", "small": 'max_body = "1KiB"\nrequired = false'}
        text = "".join(f'[[source.mesos]]\nname = "{name}"\nmasters = ["{master.url}"]\ndomain = "{name}."\nrefresh = "200ms"\n'
                       f'stream = false\n{keys}\n' for name, keys in rows.items())
        server = self.start(text, store="memory")
        wait_until("many", lambda: len(self.addresses(server, "_web._tcp.marathon.many", "SRV")) == 10)
        errors = lambda: {name: one["error"] for name, one in self.sources(server).items()}
        wait_until("both say why", lambda: all(errors()[name] for name in ("few", "small")))
        self.assertIn("max_tasks", errors()["few"]["message"])
        self.assertIn("max_body", errors()["small"]["message"])
        self.assertIsNone(errors()["many"])

    def test_without_the_guard(self):
        for number in range(6):
            self.task(f"web.{number}", "web", ports=[31000 + number])
        server = self.serve_all({"guarded": "", "trusting": "guard = false"}, self.master(streams=False))
        self.marathon.tasks.clear()
        wait_until("gone at once", lambda: server.dig("web.marathon.trusting").status == "NXDOMAIN")
        held = lambda: {name: one["held"] for name, one in self.sources(server).items()}
        wait_until("the other source has looked, too", lambda: held() == {"guarded": 6, "trusting": 0})
        self.assertEqual(self.addresses(server, "web.marathon.guarded"), ["10.0.1.10"])

    def test_without_enumerate_and_without_the_http_api(self):
        self.task("web.aaa", "web", ports=[31000])
        for keys, version, listed in (("", 200, 200), ("enumerate = false", 200, 404), ("http_api = false", 404, 404)):
            with self.subTest(keys=keys):
                server = self.serve(self.master(streams=False), more=keys)
                self.until(server, "web.marathon.mesos", ["10.0.1.10"])
                status = lambda path: server.api("GET", path).status
                self.assertEqual((status("/v1/version"), status("/v1/enumerate"), status("/v1/axfr")), (version, listed, listed))


class Ways(WithMesos):
    """How a master is asked, when it is not as one would wish."""

    def test_a_master_without_a_stream_is_polled(self):
        self.task("web.aaa", "web", ports=[31000])
        statuses = (400, 403, 404, 405, 406, 415, 501)
        masters = {f"s{status}": self.master(streams=False, stream_status=status) for status in statuses}
        text = "".join(f'[[source.mesos]]\nname = "{name}"\nmasters = ["{master.url}"]\ndomain = "{name}."\nrefresh = "200ms"\n'
                       for name, master in masters.items())
        server = self.start(text, store="memory")
        for name, master in masters.items():
            with self.subTest(name=name):
                self.until(server, f"web.marathon.{name}", ["10.0.1.10"])
                polls = lambda master=master: [path for _, path, _, _ in master.requests if path == "/master/state"]
                wait_until("polls go on", lambda: len(polls()) > 2)
                self.assertEqual([method for method, _, _, _ in master.requests].count("POST"), 1, "not asked again at once")
        for name, one in self.sources(server).items():
            self.assertEqual((one["mode"], one["error"]), ("poll", None), name)

    def test_a_master_before_0_25(self):
        self.task("web.aaa", "web", ports=[31000])
        master = self.master(streams=False, paths=("/master/state.json",))
        server = self.serve(master)
        self.until(server, "web.marathon.mesos", ["10.0.1.10"])
        self.assertIsNone(self.source(server)["error"])

    def test_a_stream_that_falls_silent_is_left(self):
        self.task("web.aaa", "web", ports=[31000])
        master = self.master()
        server = self.serve(master)
        self.until(server, "web.marathon.mesos", ["10.0.1.10"])
        streams = lambda: [method for method, _, _, _ in master.requests].count("POST")
        wait_until("a stream", lambda: self.source(server)["mode"] == "stream")
        self.assertEqual(streams(), 1)
        time.sleep(4)
        self.assertEqual(streams(), 1, "heartbeats come")
        master.is_mute = True  # it says that it speaks once a second
        since = time.monotonic()
        wait_until("another stream", lambda: streams() == 2, 20)
        self.assertGreater(time.monotonic() - since, 2)
        self.assertEqual(self.addresses(server, "web.marathon.mesos"), ["10.0.1.10"])

    def test_agents_that_have_not_come_back_yet(self):
        for number in range(6):
            self.task(f"web.{number}", "web", number % 2, ports=[31000 + number])
        master = self.master(streams=False)
        server = self.serve(master, more='guard_grace = "1s"')
        wait_until("all are there", lambda: len(self.addresses(server, "_web._tcp.marathon.mesos", "SRV")) == 6)
        state = lambda: self.cluster.state_json(master.address)
        master.fault = mesos.body(lambda: state() | {
            "slaves": [], "recovered_slaves": [{"id": identity} for identity in self.cluster.agents],
            "frameworks": [one | {"tasks": [], "recovered": True} for one in state()["frameworks"]]})
        wait_until("all wait for their agents", lambda: self.source(server)["held"] == 6)
        until = time.monotonic() + 4  # no grace and no port decides
        while time.monotonic() < until:
            self.assertEqual(len(self.addresses(server, "_web._tcp.marathon.mesos", "SRV")), 6)
            self.assertEqual(self.addresses(server, "web.marathon.mesos"), ["10.0.1.10", "10.0.1.11"])
            self.assertEqual(self.addresses(server, "web.svc.internal"), ["10.0.1.10", "10.0.1.11"])
            time.sleep(0.1)
        one = self.agent(1)
        del self.marathon.tasks["web.1"]  # its agent comes back without it
        master.fault = mesos.body(lambda: state() | {
            "slaves": [agent for agent in state()["slaves"] if agent["id"] == one],
            "recovered_slaves": [{"id": identity} for identity in self.cluster.agents if identity != one],
            "frameworks": [told | {"tasks": [task for task in told["tasks"] if task["slave_id"] == one]}
                           for told in state()["frameworks"]]})
        wait_until("who is not there any more goes", lambda: len(self.addresses(server, "_web._tcp.marathon.mesos", "SRV")) == 5)
        self.assertEqual(self.source(server)["held"], 3)
        master.fault = None
        wait_until("all are back", lambda: self.source(server)["held"] == 0)
        self.assertEqual(len(self.addresses(server, "_web._tcp.marathon.mesos", "SRV")), 5)


if __name__ == "__main__":
    unittest.main()
