"""A Mesos cluster as a source: the names of Mesos-DNS, the native ones, its HTTP API, and what a master's failures
may cost: nothing."""

import itertools
import json
import os
import time
import unittest

import mesos_master as mesos
from harness import BIN, EndToEnd, another_address, run, wait_until


class WithMesos(EndToEnd):
    def setUp(self):
        super().setUp()
        self.cluster = mesos.Cluster()
        self.marathon = self.cluster.add_framework("marathon")
        self.numbers = itertools.count(1)

    def master(self, **options):
        master = mesos.Master(self.cluster, another_address(next(self.numbers)), **options)
        self.addCleanup(master.close)
        return master

    def agent(self, number):
        return list(self.cluster.agents)[number]

    def task(self, identity, name, agent=0, **more):
        task = mesos.Task(identity, name, self.agent(agent), **more)
        self.marathon.tasks[identity] = task
        return task

    def serve(self, *masters, more="", zones=""):
        urls = ", ".join(f'"{master.url}"' for master in masters)
        text = f'[zones]\nnegative_ttl = "0s"\n{zones}\n[[source.mesos]]\nmasters = [{urls}]\nrefresh = "200ms"\nlistener = "10.0.0.53"\n{more}\n'
        return self.start(text, store="memory")

    def addresses(self, server, name, kind="A"):
        return server.dig(name, kind, "+norec").data()

    def until(self, server, name, expected, kind="A"):
        wait_until(f"{name} {kind} {expected}", lambda: self.addresses(server, name, kind) == expected)

    def sources(self, server):
        return {one["name"]: one for one in server.api("GET", "/api/v1/sources").json()["sources"] if one["type"] == "mesos"}

    def source(self, server):
        return next(iter(self.sources(server).values()))


class Names(WithMesos):
    """The worked example of the names, as clients see it."""

    def setUp(self):
        super().setUp()
        self.task("web.aaa", "web", ports=[31000, 31004])
        discovery = {"name": "cart.shop.prod", "visibility": "FRAMEWORK", "ports": {"ports": [
            {"number": 8080, "name": "http", "protocol": "tcp"}, {"number": 5353, "protocol": "tcp,udp"}]}}
        self.task("cart.bbb", "cart", 1, ports=[31005], address="10.9.0.7", discovery=discovery)

    def check(self, **options):
        leader = self.master(**options)
        server = self.serve(leader)
        host, port = leader.address.split(":")
        self.until(server, "leader.mesos", [host])
        rows = [
            ("master.mesos", "A", [host]), ("master0.mesos", "A", [host]), ("ns1.mesos", "A", ["10.0.0.53"]),
            ("slave.mesos", "A", ["10.0.1.10", "10.0.1.11"]), ("marathon.mesos", "A", ["10.0.0.5"]),
            ("web.marathon.mesos", "A", ["10.0.1.10"]), ("web-5quyu-s0.marathon.mesos", "A", ["10.0.1.10"]),
            ("WEB.Marathon.slave.mesos", "A", ["10.0.1.10"]),
            ("cart-shop-prod.marathon.mesos", "A", ["10.9.0.7"]), ("cart.shop.prod.marathon.mesos", "A", ["10.9.0.7"]),
            ("cart-shop-prod-f7a9k-s1.marathon.slave.mesos", "A", ["10.0.1.11"]),
            ("_leader._tcp.mesos", "SRV", [f"0 1 {port} leader.mesos."]),
            ("_slave._tcp.mesos", "SRV", ["0 1 5051 slave.mesos."]),
            ("_framework._tcp.marathon.mesos", "SRV", ["0 1 15101 marathon.mesos."]),
            ("_web._tcp.marathon.mesos", "SRV", ["0 1 31000 web-5quyu-s0.marathon.slave.mesos.",
                                                  "0 1 31004 web-5quyu-s0.marathon.slave.mesos."]),
            ("_http._cart-shop-prod._tcp.marathon.mesos", "SRV",
             ["0 1 8080 cart-shop-prod-f7a9k-s1.marathon.mesos."]),
            ("_cart-shop-prod._tcpudp.marathon.mesos", "SRV", ["0 1 5353 cart-shop-prod-f7a9k-s1.marathon.mesos."]),
            ("_cart.shop.prod._udp.marathon.slave.mesos", "SRV",
             ["0 1 31005 cart.shop.prod-f7a9k-s1.marathon.slave.mesos."]),
        ]
        for name, kind, expected in rows:
            with self.subTest(name=name, kind=kind):
                self.assertEqual(self.addresses(server, name, kind), expected)
        soa = server.dig("mesos", "SOA").answer[0].data.split()
        self.assertEqual(soa[:2] + soa[3:], ["ns1.mesos.", "root.ns1.mesos.", "60", "600", "86400", "60"])
        self.assertEqual(self.addresses(server, "mesos", "NS"), ["ns1.mesos."])
        nothing = server.dig("none.marathon.mesos")
        self.assertEqual((nothing.status, nothing.authority[0].owner), ("NXDOMAIN", "mesos."))
        self.assertEqual(server.dig("_tcp.marathon.mesos").status, "NOERROR", "an empty non-terminal is there")
        self.assertEqual(self.addresses(server, "web.svc.internal"), ["10.0.1.10"], "the native name")
        return server

    def test_by_polling(self):
        server = self.check(streams=False)
        self.assertEqual(self.source(server)["mode"], "poll")

    def test_by_the_stream(self):
        server = self.check()
        self.assertEqual(self.source(server)["mode"], "stream")

    def test_the_http_api_of_mesos_dns(self):
        server = self.check(streams=False)
        self.assertEqual(server.api("GET", "/v1/version").json()["Service"], "Mesos-DNS")
        self.assertEqual(server.api("GET", "/v1/hosts/slave.mesos").json(),
                         [{"host": "slave.mesos.", "ip": "10.0.1.10"}, {"host": "slave.mesos.", "ip": "10.0.1.11"}])
        services = server.api("GET", "/v1/services/_http._cart-shop-prod._tcp.marathon.mesos").json()
        self.assertEqual(services, [{"service": "_http._cart-shop-prod._tcp.marathon.mesos", "ip": "10.9.0.7",
                                     "host": "cart-shop-prod-f7a9k-s1.marathon.mesos.", "port": "8080"}])
        zone = server.api("GET", "/v1/axfr").json()
        self.assertEqual(zone["Records"]["As"]["web.marathon.mesos."], ["10.0.1.10"])
        self.assertEqual(sorted(zone["Records"]["SRVs"]["_web._tcp.marathon.mesos."]),
                         ["web-5quyu-s0.marathon.slave.mesos.:31000", "web-5quyu-s0.marathon.slave.mesos.:31004"])
        tasks = server.api("GET", "/v1/enumerate").json()["frameworks"][0]["tasks"]
        self.assertEqual([task["id"] for task in tasks], ["web.aaa", "cart.bbb"])
        self.assertIn({"name": "web.marathon.mesos.", "host": "10.0.1.10", "rtype": "A"}, tasks[0]["records"])
        self.assertEqual(server.api("GET", "/v1/config").json()["Domain"], "mesos")
        refused = server.api("POST", "/v1/version")
        self.assertEqual((refused.status, refused.text), (405, "405: Method Not Allowed\n"))
        unknown = server.api("GET", "/v1/nothing")
        self.assertEqual((unknown.status, unknown.text), (404, "404: Page Not Found\n"))
        self.task("web.bbb", "web", ports=[31010])
        told = lambda: [(task["id"], record["name"], record["host"]) for framework in server.api("GET", "/v1/enumerate").json()["frameworks"]
                        for task in framework["tasks"] for record in task["records"]]
        wait_until("the new one is told", lambda: any(task == "web.bbb" for task, _, _ in told()))
        rows = [row[1:] for row in told()]
        self.assertEqual(len(rows), len(set(rows)), "what both have stands under the first")
        self.assertIn(("web.aaa", "web.marathon.mesos.", "10.0.1.10"), told())


class Leaders(WithMesos):
    def test_a_follower_leads_to_the_leader_and_a_new_one_is_followed(self):
        one, two = self.master(streams=False), self.master(streams=False)
        one.leader = two.leader = two.address
        self.task("web.aaa", "web")
        server = self.serve(one, two)
        self.until(server, "leader.mesos", [two.address.split(":")[0]])
        self.assertEqual(self.addresses(server, "master.mesos"), sorted(m.address.split(":")[0] for m in (one, two)))
        one.leader = two.leader = one.address
        self.until(server, "leader.mesos", [one.address.split(":")[0]])
        self.assertEqual(self.addresses(server, "web.marathon.mesos"), ["10.0.1.10"])

    def test_the_leader_behind_an_address_that_is_not_its_own(self):
        for streams in (False, True):
            with self.subTest(streams=streams):
                elsewhere = f"{another_address(next(self.numbers))}:5050"  # where nobody listens, for us
                balancer = self.master(streams=streams, leader=elsewhere, pid=elsewhere)
                self.task("web.aaa", "web")
                server = self.serve(balancer)
                self.until(server, "leader.mesos", [elsewhere.split(":")[0]])
                self.assertEqual(self.addresses(server, "web.marathon.mesos"), ["10.0.1.10"])
                seen = self.source(server)
                self.assertEqual((seen["endpoint"], seen["leader"], seen["error"]), (balancer.address, elsewhere, None))
                server.kill()

    def test_an_old_state_of_a_follower_is_not_taken(self):
        leader = self.master(streams=False)
        self.task("web.aaa", "web")
        stale = mesos.Cluster()
        follower = mesos.Master(stale, another_address(next(self.numbers)), streams=False, leader=leader.address, pid="10.0.0.9:5050")
        self.addCleanup(follower.close)
        server = self.serve(follower)
        self.until(server, "web.marathon.mesos", ["10.0.1.10"])
        self.assertEqual(self.source(server)["endpoint"], leader.address)

    def test_who_we_are_is_told(self):
        master = self.master(login="me:hidden")
        self.task("web.aaa", "web")
        server = self.serve(master, more='username = "me"\npassword = "hidden"')
        self.until(server, "web.marathon.mesos", ["10.0.1.10"])
        shown = json.dumps(server.api("GET", "/api/v1/sources").json()) + server.api("GET", "/v1/config").text + server.err
        self.assertNotIn("hidden", shown)

    def secret(self, text, mode=0o600):
        """The file that holds it, in the old one's place."""
        path = self.folder / "secret"
        new = self.folder / "secret.new"
        new.write_text(text + "\n")
        new.chmod(mode)
        new.rename(path)
        return path

    def test_agents_by_the_names_of_their_hosts(self):
        self.cluster.agents[self.agent(0)] = "localhost"
        self.task("web.aaa", "web", ports=[31000])
        master = self.master(streams=False)
        urls = f'[[source.mesos]]\nmasters = ["{master.url}"]\nrefresh = "200ms"\n'
        server = self.begin("--config", self.configuration(urls, store="memory")).serving()
        for name in ("web.marathon.mesos", "web.svc.internal"):
            seen = []
            def answered():
                found = server.dig(name, "A", "+norec")
                seen.append((found.status, found.data()))
                return found.data()
            wait_until("the agent's address", answered)
            others = [one for one in seen if one not in (("SERVFAIL", []), ("NOERROR", ["127.0.0.1"]))]
            self.assertEqual(others, [], f"{name}: neither NXDOMAIN nor NODATA while it is being looked up")

    def test_what_there_was_no_room_for_comes_when_there_is(self):
        for number in range(3):
            self.task(f"web.{number}", "web", number % 2, ports=[31000 + number])
        master = self.master(streams=False)
        urls = f'[[source.mesos]]\nmasters = ["{master.url}"]\nrefresh = "200ms"\n[registry]\nmax_instances_per_service = 2\n'
        server = self.start(urls, store="memory")
        listed = lambda: {one["id"] for one in server.api("GET", "/api/v1/services/web").json()["instances"]}
        wait_until("two of them", lambda: len(listed()) == 2)
        out = {f"web.{number}" for number in range(3)} - listed()
        wait_until("it is said", lambda: "source_refused" in server.err)
        self.assertGreater(self.metric(server, 'muster_source_rejected_total{source="mesos",reason="too_many_instances"}'), 0)
        gone = sorted(listed())[0]
        del self.marathon.tasks[gone]
        wait_until("the third", lambda: out <= listed() and gone not in listed(), 20)

    def test_what_the_labels_of_a_task_hide(self):
        hidden = self.task("web.aaa", "web", ports=[31000])
        hidden.labels = {"muster.enabled": "false"}
        self.task("web.bbb", "web", 1, ports=[31000])
        for more, expected in (("", ["10.0.1.10", "10.0.1.11"]), ('names = "improved"', ["10.0.1.11"])):
            with self.subTest(more=more):
                server = self.serve(self.master(streams=False), more=more)
                self.until(server, "web.marathon.mesos", expected)
                self.assertEqual(self.addresses(server, "web.svc.internal"), ["10.0.1.11"])

    def test_names_of_the_infrastructure_that_tasks_take_are_told(self):
        self.cluster.add_framework("leader")
        server = self.serve(self.master(streams=False))
        wait_until("it is counted", lambda: self.metric(server, 'muster_mesos_collisions_total{source="mesos"}') >= 1)
        self.assertIn("leader.mesos", server.err)
        self.task("bad", "!", ports=[31000])
        wait_until("names are left out", lambda: self.metric(
            server, 'muster_mesos_names_left_out{source="mesos",reason="name_empty"}') >= 1)

    def test_a_stranger_is_never_told_who_it_is(self):
        for streams in (False, True):
            with self.subTest(streams=streams):
                stranger = self.master(streams=streams)
                misled = self.master(streams=streams)
                misled.fault = mesos.redirect(stranger.url)
                server = self.serve(misled, more='username = "muster"\npassword = "secret"')
                wait_until("it is believed", lambda: server.api("GET", "/readyz").status == 200)
                wait_until("a second question", lambda: len(misled.requests) + len(stranger.requests) > 2)
                self.assertIn("Authorization", misled.requests[0][2])
                self.assertEqual([path for _, path, headers, _ in stranger.requests if "Authorization" in headers], [])

    def rotate(self, old, new, keys, header_of):
        master = self.master(streams=False, login=[header_of(old), header_of(new)])
        path = self.secret(old)
        server = self.serve(master, more=keys(path))
        self.task("web.aaa", "web")
        self.until(server, "web.marathon.mesos", ["10.0.1.10"])
        said = lambda: master.requests[-1][2].get("Authorization")
        self.assertEqual(said(), mesos.accepted(header_of(old))[0])
        self.secret(new)
        wait_until("the new secret", lambda: said() == mesos.accepted(header_of(new))[0])
        master.login = header_of(new)
        path.unlink()
        wait_until("a warning", lambda: "No such file" in server.err)
        asked = len(master.requests)
        wait_until("more requests", lambda: len(master.requests) > asked + 2)
        self.assertIsNone(self.source(server)["error"], "the secret of before goes on")
        self.secret("third", 0o644)
        for hidden in (old, new):
            self.assertNotIn(hidden.split(":")[-1], server.err + server.api("GET", "/api/v1/sources").text + server.api("GET", "/v1/config").text)
        return server

    def test_a_token_that_is_rotated_counts_from_the_next_request_on(self):
        self.rotate("tok-one", "tok-two", lambda path: f'token_file = "{path}"\ntoken_scheme = "token"', lambda text: f"token={text}")

    def test_a_password_that_is_replaced(self):
        self.rotate("pass-one", "pass-two", lambda path: f'username = "me"\npassword_file = "{path}"', lambda text: f"me:{text}")

    def test_credentials_that_are_replaced(self):
        server = self.rotate("me:pass-one", "you:pass-two", lambda path: f'credentials_file = "{path}"', lambda text: text)
        wait_until("a warning", lambda: "user:password is wanted" in server.err)

    def test_a_secret_that_everybody_may_read_is_told(self):
        master = self.master(login="Bearer T")
        server = self.serve(master, more=f'token_file = "{self.secret("T", 0o644)}"')
        self.until(server, "leader.mesos", [master.address.split(":")[0]])
        self.assertIn("everybody may read this secret", server.err)

    def test_a_wrong_password_is_said(self):
        server = self.begin("--config", self.configuration(
            f'[[source.mesos]]\nmasters = ["{self.master(login="me:hidden").url}"]\nusername = "me"\npassword = "x"\n',
            "memory")).serving()
        wait_until("the error", lambda: (self.source(server)["error"] or {}).get("kind") == "auth")
        self.assertEqual(server.dig("web.marathon.mesos").status, "SERVFAIL", "nothing is known yet")
        self.assertEqual(server.api("GET", "/readyz").status, 503)


class Operator(WithMesos):
    """What an operator asks of the source: `muster source`."""

    def source_verb(self, server, *words, env=None):
        return run(BIN / "muster", "source", *words, env=server.environment(env))

    def test_resync_asks_at_once(self):
        self.task("web.0", "web", ports=[31000])
        master = self.master()
        server = self.start(f'[[source.mesos]]\nmasters = ["{master.url}"]\nrefresh = "1h"\nstream = false\n', store="memory")
        self.until(server, "web.marathon.mesos", ["10.0.1.10"])
        asked = len(master.requests)
        self.task("api.0", "api", ports=[31001])
        done = self.source_verb(server, "resync", "mesos")
        self.assertEqual((done.status, done.err), (0, ""))
        self.assertRegex(done.out, r"^mesos: asks for everything now \(held: 0\)")
        self.until(server, "api.marathon.mesos", ["10.0.1.10"])
        self.assertEqual(len(master.requests), asked + 1)
        self.assertEqual(self.source_verb(server, "resync", "messo").err, "muster: no source messo (did you mean mesos?)\n")

    def test_accept_ends_a_hold(self):
        for number in range(3):
            self.task(f"web.{number}", "web", ports=[31000 + number])
        master = self.master()
        server = self.serve(master, more="stream = false\nguard_grace = \"10m\"")
        self.until(server, "web.marathon.mesos", ["10.0.1.10"])
        self.assertEqual(len(server.dig("_web._tcp.marathon.mesos", "SRV").data()), 3)
        self.marathon.tasks.clear()
        wait_until("held", lambda: self.source(server)["held"] == 3)
        self.assertEqual(self.addresses(server, "web.marathon.mesos"), ["10.0.1.10"], "held")
        for web in server.api("GET", "/api/v1/services/web").json()["instances"]:
            self.assertEqual((web["serving"], web["state"], web["reason"]), (True, "TIMEDOUT", "held"))
        self.assertRegex(self.source_verb(server, "list").out, r"(?m)^mesos +mesos +live +poll +\S+ +3 +3 +3 ")
        done = self.source_verb(server, "accept", "mesos", "--json")
        self.assertEqual(json.loads(done.out), {"source": "mesos", "held": 3})
        self.until(server, "web.marathon.mesos", [])
        self.until(server, "web.svc.internal", [])
        self.assertEqual(self.source(server)["held"], 0)

    def test_what_the_scheduler_says_of_the_app_is_shown_and_not_taken(self):
        self.task("web.0", "web", ports=[31000], labels={"HAPROXY_GROUP": "external", "a": "ü"})
        server = self.serve(self.master())
        self.until(server, "web.svc.internal", ["10.0.1.10"])
        path = "/api/v1/services/web/instances/web.0"
        scheduler = {"source": "mesos", "app": "web", "task": "web.0", "labels": {"HAPROXY_GROUP": "external", "a": "ü"}}
        self.assertEqual(server.api("GET", path).json()["scheduler"], scheduler)
        listed = server.api("GET", "/api/v1/services/web").json()["instances"]
        self.assertEqual([one["scheduler"] for one in listed], [scheduler])
        refused = server.api("PUT", "/api/v1/services/other/instances/i1", {"address": "127.0.0.11", "scheduler": scheduler})
        self.assertEqual((refused.status, refused.json()["error"]), (400, "unknown_field"))
        self.assertIn("read-only", refused.json()["message"])

    def test_only_who_may_administer_asks(self):
        for name in ("admin", "reader"):
            (self.folder / name).write_text(name * 4 + "\n")
        tokens = "".join(f'[[http.token]]\nname = "{name}"\nsecret_file = "{name}"\nallow = ["{scope}", "read"]\n'
                         for name, scope in (("admin", "admin"), ("reader", "write:*")))
        server = self.start(f'{tokens}[[source.mesos]]\nmasters = ["{self.master().url}"]\nrequired = false\n', store="memory")
        for verb in ("resync", "accept"):
            for name, status in (("admin", 0), ("reader", 1)):
                with self.subTest(f"{verb} by {name}"):
                    done = self.source_verb(server, verb, "mesos", env={"MUSTER_TOKEN_FILE": str(self.folder / name)})
                    self.assertEqual(done.status, status, done.err)


class Changes(WithMesos):
    def check(self, streams):
        master = self.master(streams=streams)
        web = self.task("web.aaa", "web")
        server = self.serve(master)
        self.until(server, "web.marathon.mesos", ["10.0.1.10"])
        again = mesos.Task("web.bbb", "web", self.agent(1))
        master.add_task(self.marathon, again)
        self.until(server, "web.marathon.mesos", ["10.0.1.10", "10.0.1.11"])
        self.assertEqual(self.addresses(server, "web.svc.internal"), ["10.0.1.10", "10.0.1.11"])
        master.update_task(self.marathon, again, healthy=False)
        self.until(server, "web.marathon.mesos", ["10.0.1.10"])
        master.update_task(self.marathon, again, healthy=True)
        self.until(server, "web.marathon.mesos", ["10.0.1.10", "10.0.1.11"])
        master.update_task(self.marathon, web, state="TASK_FAILED")
        self.until(server, "web.marathon.mesos", ["10.0.1.11"])
        master.update_task(self.marathon, again, healthy=False)
        wait_until("all of them, for none is well", lambda: self.source(server)["instances"]["routable"] == 0)
        self.assertEqual(self.addresses(server, "web.marathon.mesos"), ["10.0.1.11"], "when_none")
        master.update_task(self.marathon, again, state="TASK_KILLED")
        wait_until("nobody", lambda: server.dig("web.marathon.mesos").status == "NXDOMAIN")
        self.assertEqual(server.dig("web.svc.internal").data(), [])

    def test_by_polling(self):
        self.check(False)

    def test_by_the_stream(self):
        self.check(True)

    def test_what_does_not_change_changes_no_serial(self):
        self.task("web.aaa", "web")
        server = self.serve(self.master(streams=False))
        self.until(server, "web.marathon.mesos", ["10.0.1.10"])
        serial = lambda: server.dig("mesos", "SOA").answer[0].data.split()[2]
        before, fetches = serial(), self.source(server)["fetches"]
        wait_until("five more polls", lambda: self.source(server)["fetches"] >= fetches + 5)
        self.assertEqual(serial(), before)


class Faults(WithMesos):
    """No name is lost while a master fails, and the source is live again soon after. Each failure has a source of its own,
    so that all are seen side by side."""

    SECONDS = float(os.environ.get("MUSTER_FAULT_SECONDS", "4"))

    def faults(self, master):
        state = lambda: self.cluster.state_json(master.address)
        return {
            "status-500": mesos.status(500), "status-503": mesos.status(503), "status-404": mesos.status(404),
            "hang": mesos.hang(self.SECONDS + 20), "drip": mesos.drip, "cut": mesos.cut(state, False),
            "cut-whole": mesos.cut(state, True), "reset": mesos.reset, "garbage": mesos.garbage,
            "nothing": mesos.status(200, b""), "status-401": mesos.status(401),
            "too-large": mesos.body(lambda: state() | {"padding": "x" * 1_100_000}), "circle": mesos.redirect(master.url),
            "no-frameworks": mesos.body(lambda: state() | {"frameworks": []}),
            "no-leader": mesos.body(lambda: state() | {"leader": ""}),
            "no-list": mesos.body(lambda: state() | {"frameworks": {}}),
        }

    def check(self, streams):
        for number in range(6):
            self.task(f"web.{number}", "web", number % 2, ports=[31000 + number])
        masters = {name: self.master(streams=streams) for name in self.faults(self.master())}
        if streams:
            del masters["status-401"]  # who is refused rests for half a minute: once is enough
        text = "".join(f'[[source.mesos]]\nname = "{name}"\nmasters = ["{master.url}"]\ndomain = "{name}."\nrefresh = "200ms"\n'
                       f'timeout = "2s"\nmax_body = "1MiB"\nstale_after = "1s"\nservice_name = "{{name}}-{{source}}"\n'
                       for name, master in masters.items())
        server = self.start(text, store="memory")
        for name in masters:
            self.until(server, f"web.marathon.{name}", ["10.0.1.10", "10.0.1.11"])
        known = {name: len(master.requests) for name, master in masters.items()}
        for name, master in masters.items():
            master.fault = self.faults(master)[name]
            master.drop_streams()
        for name, master in masters.items():
            wait_until(f"a request that fails: {name}", lambda name=name, master=master: len(master.requests) > known[name])
        until = time.monotonic() + self.SECONDS
        while time.monotonic() < until:
            for name in masters:
                self.assertEqual(self.addresses(server, f"web.marathon.{name}"), ["10.0.1.10", "10.0.1.11"], name)
                self.assertEqual(len(self.addresses(server, f"_web._tcp.marathon.{name}", "SRV")), 6, name)
                self.assertEqual(len(self.addresses(server, f"web-{name}.svc.internal")), 2, name)
        seen = {one["name"]: one for one in server.api("GET", "/api/v1/sources").json()["sources"]}
        quiet = {"no-frameworks", "no-list", "hang", "drip"}  # answers that are good JSON, or have not ended yet
        for name in masters.keys() - quiet:
            self.assertIsNotNone(seen[name]["error"], f"{name} is told")
        self.assertEqual(seen["no-frameworks"]["held"], 6, "what is missing without a reason is held")
        before = {name: one["fetches"] for name, one in seen.items()}
        for master in masters.values():
            master.fault = None

        def healed():
            now = {one["name"]: one for one in server.api("GET", "/api/v1/sources").json()["sources"]}
            return all(now[name]["state"] == "live" and now[name]["error"] is None and now[name]["held"] == 0 and
                       now[name]["fetches"] > before[name] for name in masters)
        wait_until("every source is live again within one step of the back-off", healed, 40)
        self.assertEqual(server.api("GET", "/readyz").status, 200, "a scheduler's outage is not musterd's")

    def test_of_polls(self):
        self.check(False)

    def test_of_the_stream(self):
        self.check(True)

    def test_one_bad_element_costs_only_itself(self):
        master = self.master(streams=False)
        self.task("web.aaa", "web", ports=[31000])
        bad = [{"id": 7}, {"id": "x.1", "name": "x", "slave_id": 5, "state": "TASK_RUNNING"}, "text", None,
               {"id": "y.1", "name": "y", "slave_id": "nowhere", "state": "TASK_RUNNING"}]
        state = lambda: self.cluster.state_json(master.address)

        def spoilt():
            told = state()
            told["frameworks"][0]["tasks"] += bad
            told["slaves"] += [None, {"id": "b", "pid": None, "hostname": 3}]
            return told
        master.fault = mesos.body(spoilt)
        server = self.serve(master)
        self.until(server, "web.marathon.mesos", ["10.0.1.10"])
        self.assertTrue(self.source(server)["excluded"])


if __name__ == "__main__":
    unittest.main()
