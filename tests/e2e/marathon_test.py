"""A Marathon as a source: its apps and pods as services, its events, its older versions, and what its failures may
cost: nothing."""

import itertools
import os
import time
import unittest

import marathon_server as marathons
import mesos_master as mesos
from harness import EndToEnd, another_address, wait_until


class WithMarathon(EndToEnd):
    def setUp(self):
        super().setUp()
        self.known = marathons.Marathons()
        self.numbers = itertools.count(1)

    def marathon(self, known=None, **options):
        one = marathons.Marathon(known or self.known, another_address(next(self.numbers)), **options)
        self.addCleanup(one.close)
        return one

    def configure(self, *all_of_them, more="", refresh="200ms"):
        urls = ", ".join(f'"{one.url}"' for one in all_of_them)
        text = f'[zones]\nnegative_ttl = "0s"\n[[source.marathon]]\nurls = [{urls}]\nrefresh = "{refresh}"\n{more}\n'
        return self.configuration(text, store="memory")

    def serve(self, *all_of_them, **options):
        return self.begin("--config", self.configure(*all_of_them, **options)).ready()

    def addresses(self, server, name, kind="A"):
        return server.dig(name, kind, "+norec").data()

    def until(self, server, name, expected, kind="A", seconds=10):
        wait_until(f"{name} {kind} {expected}", lambda: self.addresses(server, name, kind) == expected, seconds)

    def sources(self, server):
        return {one["name"]: one for one in server.api("GET", "/api/v1/sources").json()["sources"]}

    def source(self, server):
        return self.sources(server)["marathon"]

    def until_streaming(self, server):
        wait_until("events come", lambda: self.source(server)["mode"] == "stream")


class Services(WithMarathon):
    def setUp(self):
        super().setUp()
        web = self.known.app("/webapp", ports=2, service_port=80, checks=1, labels={"weight": "3"})
        web.add("webapp.1", "10.0.1.10", alive=[True])
        web.add("webapp.2", "10.0.1.11", 31004, alive=[False])
        self.known.app("/prod/shop/cart").add("prod_shop_cart.1", "10.0.1.12", 31200)
        self.known.app("/named", labels={"muster.service": "front", "muster.tags": "zone=b"}).add("named.1", "10.0.1.13")
        self.known.pod("/prod/pod").add("prod_pod.instance-1", "10.0.1.14", 31400)

    def test_of_apps_and_pods(self):
        server = self.serve(self.marathon())
        self.until(server, "webapp.svc.internal", ["10.0.1.10"])
        for name, kind, expected in [
                ("cart-shop-prod.svc.internal", "A", ["10.0.1.12"]),
                ("front.svc.internal", "A", ["10.0.1.13"]),
                ("pod-prod.svc.internal", "A", ["10.0.1.14"]),
                ("_p0._tcp.webapp.svc.internal", "SRV", None)]:
            with self.subTest(name=name):
                found = self.addresses(server, name, kind)
                self.assertEqual(found, expected) if expected else self.assertEqual(len(found), 1)
        weight, port = self.addresses(server, "_webapp._tcp.svc.internal", "SRV")[0].split()[1:3]
        self.assertEqual((weight, port), ("3", "31000"))
        instance = server.api("GET", "/api/v1/services/webapp/instances/webapp.1").json()
        self.assertEqual(instance["tags"]["app"], "/webapp")
        self.assertEqual(instance["ports"][0]["service_port"], 80)
        source = self.source(server)
        self.assertEqual((source["state"], source["instances"]), ("live", {"total": 5, "routable": 4}))
        self.assertEqual(source["excluded"], {"unhealthy": 1})

    def test_waits_for_its_first_answer(self):
        marathon = self.marathon()
        marathon.fault = mesos.status(503)
        server = self.begin("--config", self.configure(marathon)).serving()
        wait_until("an error is told", lambda: self.source(server)["error"])
        self.assertEqual(self.source(server)["error"]["kind"], "http_503")
        ready = server.api("GET", "/readyz")
        self.assertEqual((ready.status, "not synced" in ready.text), (503, True))
        unknown = server.dig("webapp.svc.internal")
        self.assertEqual((unknown.status, "EDE: 14" in unknown.text), ("SERVFAIL", True), "it may come")
        self.assertEqual(server.dig("muster.svc.internal", "TXT").status, "NOERROR", "it is there")
        marathon.fault = None
        self.until(server, "webapp.svc.internal", ["10.0.1.10"], seconds=35)
        wait_until("/readyz 200", lambda: server.api("GET", "/readyz").status == 200)

    def test_an_older_one_tells_its_tasks(self):
        for age in ("pods", "apps", "text"):
            with self.subTest(age=age):
                server = self.serve(self.marathon(age=age, streams=False), more='routable = "running"')
                self.until(server, "cart-shop-prod.svc.internal", ["10.0.1.12"])
                self.assertEqual(self.addresses(server, "webapp.svc.internal"), ["10.0.1.10", "10.0.1.11"])
                self.assertEqual(self.source(server)["error"], None)

    def test_a_file_may_list_where_to_ask(self):
        first, second = self.marathon(streams=False), self.marathon(known=marathons.Marathons(), streams=False)
        second.known.app("/other").add("other.1", "10.0.2.1")
        path = os.path.join(self.folder, "marathons")
        with open(path, "w") as file:
            file.write(f"# one a line\n{second.address}\nno such thing\n")
        server = self.serve(more=f'urls_file = "{path}"')
        self.until(server, "other.svc.internal", ["10.0.2.1"])
        second.close()
        with open(path, "w") as file:
            file.write(first.address + "\n")
        self.until(server, "cart-shop-prod.svc.internal", ["10.0.1.12"], seconds=40)
        self.assertIn("line 3", server.err)

    def test_only_what_the_selector_takes(self):
        self.known.apps["/webapp"].labels["tier"] = "web"
        marathon = self.marathon()
        server = self.serve(marathon, more='label_selector = "tier==web"', refresh="10s")
        self.until(server, "webapp.svc.internal", ["10.0.1.10"])
        self.until_streaming(server)
        marathon.scale_up(self.known.apps["/prod/shop/cart"], "prod_shop_cart.2", "10.0.1.20")
        marathon.scale_up(self.known.apps["/webapp"], "webapp.3", "10.0.1.21", alive=[True])
        self.until(server, "webapp.svc.internal", ["10.0.1.10", "10.0.1.21"])
        self.assertEqual(server.dig("cart-shop-prod.svc.internal").status, "NXDOMAIN")

    def test_who_it_is(self):
        marathon = self.marathon(login="Basic bXVzdGVyOnNlY3JldA==")
        follower = self.marathon(leader=marathon, login=marathon.login)
        server = self.serve(follower, more='username = "muster"\npassword = "secret"')
        self.until(server, "webapp.svc.internal", ["10.0.1.10"])
        self.until_streaming(server)
        self.assertIn("/v2/events", marathon.paths(), "the leader that was announced is told who we are")
        self.assertNotIn("secret", server.err + server.api("GET", "/api/v1/sources").text)
        self.assertGreater(self.metric(server, 'muster_source_events_total{source="marathon",type="event_stream_attached"}'), 0)
        self.assertNotIn("plain http", server.err, "they are here")

    def test_a_login_in_the_clear_is_told(self):
        text = ('[[source.marathon]]\nname = "far"\nurls = ["http://192.0.2.1:8080", "https://192.0.2.2:8443", "http://127.0.0.1:9"]\n'
                'username = "muster"\npassword = "secret"\n[[source.marathon]]\nname = "open"\nurls = ["http://192.0.2.3:8080"]\n')
        server = self.begin("--config", self.configuration(text, store="memory")).serving()
        lines = [line for line in server.err.splitlines() if "plain http" in line]
        self.assertEqual(["192.0.2.1:8080" in line for line in lines], [True], lines)

    def test_hosts_by_their_names(self):
        for task in list(self.known.apps["/named"].tasks.values()):
            task["host"] = "localhost"
            task.pop("ipAddresses", None)
        server = self.begin("--config", self.configure(self.marathon())).serving()
        seen = []
        def answered():
            found = server.dig("front.svc.internal", "A", "+norec")
            seen.append((found.status, found.data()))
            return found.data()
        wait_until("the host's address", answered)
        others = [one for one in seen if one not in (("SERVFAIL", []), ("NOERROR", ["127.0.0.1"]))]
        self.assertEqual(others, [], "no NODATA while it is being looked up")

    def test_a_page_that_is_missing_is_no_age(self):
        broken, good = self.marathon(streams=False), self.marathon(streams=False)
        broken.fault = mesos.status(404)
        server = self.serve(broken, good)
        self.until(server, "front.svc.internal", ["10.0.1.13"])
        self.assertNotIn("/v2/tasks", broken.paths() + good.paths(), "another had /v2/apps")
        broken.fault = None
        for one in (broken, good):
            one.age = "apps"  # /v2/tasks would answer, without labels and checks
        wait_until("an error", lambda: self.source(server)["error"])
        self.assertEqual(self.source(server)["error"]["kind"], "http_404")
        self.assertGreater(self.metric(server, 'muster_source_errors_total{source="marathon",kind="http_404"}'), 0)
        self.assertGreaterEqual(self.metric(server, 'muster_source_fetch_seconds{source="marathon"}'), 0)
        self.assertNotIn("/v2/tasks", broken.paths() + good.paths(), "it has had /v2/apps")
        self.assertEqual(self.addresses(server, "front.svc.internal"), ["10.0.1.13"])
        self.assertEqual(self.addresses(server, "webapp.svc.internal"), ["10.0.1.10"])

    def test_the_stream_follows_the_file(self):
        first, second = self.marathon(), self.marathon(known=marathons.Marathons())
        second.known.app("/other").add("other.1", "10.0.2.1")
        path = os.path.join(self.folder, "marathons")
        def write(text):
            with open(path, "w") as file:
                file.write(text)
        write(first.address + "\n")
        server = self.serve(more=f'urls_file = "{path}"', refresh="300ms")
        self.until_streaming(server)
        write("")
        wait_until("nobody is named", lambda: not first.subscribers or self.source(server)["mode"] == "poll")
        write(second.address + "\n")
        self.until(server, "other.svc.internal", ["10.0.2.1"], seconds=40)
        self.until_streaming(server)
        wait_until("its events are heard", lambda: second.subscribers)

    def test_news_of_pods_from_one_that_has_none(self):
        marathon = self.marathon(age="pods")
        server = self.serve(marathon, refresh="60s")
        self.until_streaming(server)
        asked = marathon.paths().count("/v2/apps")
        marathon.tell("pod_created_event", uri="/v2/pods/pod")
        wait_until("everything is asked for", lambda: marathon.paths().count("/v2/apps") > asked)

    def test_a_stranger_is_not_asked(self):
        stranger = self.marathon(streams=False)
        misled = self.marathon(streams=False)
        misled.fault = mesos.redirect(stranger.url)
        server = self.begin("--config", self.configure(misled, more='username = "muster"\npassword = "secret"')).serving()
        wait_until("it has been asked several times", lambda: self.source(server)["consecutive_errors"] > 2)
        error = self.source(server)["error"]
        self.assertEqual(error["kind"], "redirect")
        self.assertIn(stranger.url, error["message"])
        self.assertEqual(stranger.requests, [])


class Events(WithMarathon):
    def setUp(self):
        super().setUp()
        self.app = self.known.app("/web")
        for number in range(3):
            self.app.add(f"web.{number}", f"10.0.1.{10 + number}")
        self.leader = self.marathon()
        self.followers = [self.marathon(leader=self.leader)]
        self.server = self.serve(*self.followers, refresh="30s")
        self.until(self.server, "web.svc.internal", ["10.0.1.10", "10.0.1.11", "10.0.1.12"])
        self.until_streaming(self.server)

    def test_what_comes_is_asked_for(self):
        time.sleep(0.8)  # what is asked for when the stream begins is over
        asked = len(self.leader.requests)
        self.leader.scale_up(self.app, "web.3", "10.0.1.13")
        self.until(self.server, "web.svc.internal", [f"10.0.1.{n}" for n in range(10, 14)], seconds=5)
        follower_asks = self.source(self.server)["fetches"]
        self.assertEqual(len(self.leader.requests), asked, "the follower is asked, which proxies")
        self.assertGreaterEqual(follower_asks, 2)

    def test_what_goes_goes_at_once(self):
        self.app.tasks["web.0"]["state"] = "TASK_KILLING"
        self.leader.tell("status_update_event", taskId="web.0", taskStatus="TASK_KILLING", appId="/web")
        self.until(self.server, "web.svc.internal", ["10.0.1.11", "10.0.1.12"])
        self.leader.end(self.app, "web.1", "TASK_FAILED")
        self.until(self.server, "web.svc.internal", ["10.0.1.12"])
        with self.known.lock:
            del self.known.apps["/web"]
        self.leader.tell("app_terminated_event", appId="/web")
        self.until(self.server, "web.svc.internal", [])

    def test_a_storm_of_them(self):
        for number in range(40):
            app = self.known.app(f"/storm-{number}")
            app.add(f"storm-{number}.1", f"10.1.0.{number}")
            self.leader.tell("deployment_success", id="x", plan={"steps": [{"actions": [{"app": app.id}]}]})
        self.until(self.server, "storm-39.svc.internal", ["10.1.0.39"], seconds=5)
        self.assertEqual(self.addresses(self.server, "storm-0.svc.internal"), ["10.1.0.0"])

    def test_a_pod_that_comes(self):
        self.known.pod("/pod").add("pod.instance-1", "10.0.1.99", 31000)
        self.leader.tell("pod_created_event", uri="/v2/pods/pod")
        self.until(self.server, "pod.svc.internal", ["10.0.1.99"])

    def test_the_stream_comes_back(self):
        self.leader.drop_streams()
        wait_until("that is noticed", lambda: self.source(self.server)["reconnects"] == 1)
        self.leader.scale_up(self.app, "web.3", "10.0.1.13")  # told to nobody
        self.until_streaming(self.server)
        self.until(self.server, "web.svc.internal", [f"10.0.1.{n}" for n in range(10, 14)])

    def test_an_app_that_is_said_to_be_missing_has_to_be_missing_among_all(self):
        follower = self.followers[0]
        time.sleep(0.8)  # what is asked for when the stream begins is over
        follower.knows_no_app = True
        self.leader.tell("api_post_event", appDefinition={"id": "/web"})
        wait_until("it is asked for", lambda: "/v2/apps/web" in follower.paths())
        wait_until("all are", lambda: "/v2/apps" in follower.paths()[follower.paths().index("/v2/apps/web"):])
        time.sleep(0.3)
        self.assertEqual(self.addresses(self.server, "web.svc.internal"), ["10.0.1.10", "10.0.1.11", "10.0.1.12"])

    def test_garbage_in_the_stream_costs_a_fetch(self):
        with self.known.lock:
            self.app.add("web.3", "10.0.1.13")
        for frames in self.leader.subscribers:
            frames.put(("status_update_event", "no object"))
        self.until(self.server, "web.svc.internal", [f"10.0.1.{n}" for n in range(10, 14)])


class Together(WithMarathon):
    """A task that Mesos and Marathon both tell of is one instance."""

    def test_with_mesos(self):
        app = self.known.app("/web", checks=1)
        app.add("web.1", "10.0.1.10", 31000, alive=[False])
        app.add("web.2", "10.0.1.11", 31001, alive=[True])
        cluster = mesos.Cluster()
        framework = cluster.add_framework("marathon")
        for number, agent in enumerate(list(cluster.agents), 1):
            framework.tasks[f"web.{number}"] = mesos.Task(f"web.{number}", "web", agent, ports=[31000])
        master = mesos.Master(cluster, another_address(next(self.numbers)), streams=False)
        self.addCleanup(master.close)
        server = self.serve(self.marathon(), more=f'[[source.mesos]]\nmasters = ["{master.url}"]\nrefresh = "200ms"')
        self.until(server, "web.marathon.mesos", ["10.0.1.10", "10.0.1.11"])
        self.until(server, "web.svc.internal", ["10.0.1.11"])
        service = server.api("GET", "/api/v1/services/web").json()
        self.assertEqual(len(service["instances"]), 2)
        app.tasks["web.1"]["healthCheckResults"][0]["alive"] = True
        self.until(server, "web.svc.internal", ["10.0.1.10", "10.0.1.11"])

    def test_a_client_that_names_its_task(self):
        app = self.known.app("/web")
        server = self.serve(self.marathon())
        body = {"address": "10.0.1.10", "port": 31000, "task": "web.1", "tags": {"from": "client"}, "lease": "5s"}
        granted = server.api("PUT", "/api/v1/services/own/instances/me", body)
        self.assertEqual((granted.status, "alias_of" in granted.json()), (201, False), "no scheduler lists it yet")
        self.until(server, "own.svc.internal", ["10.0.1.10"])
        app.add("web.1", "10.0.1.10", 31000)
        self.until(server, "web.svc.internal", ["10.0.1.10"])
        self.until(server, "own.svc.internal", [])
        instance = server.api("GET", "/api/v1/services/own/instances/me").json()
        self.assertEqual((instance["service"], instance["id"], instance["alias"]), ("web", "web.1", ["own/me"]))
        self.assertEqual(sorted(instance["sources"]), ["heartbeat", "marathon"])
        self.assertEqual(instance["tags"]["from"], "client")
        self.assertEqual(self.metric(server, "muster_instance_aliases"), 1)
        told = server.muster("register", "own", "10.0.1.10:31000", "--id", "me", "--task", "web.1", "--lease", "5s")
        self.assertEqual(told.out, "registered own/me as web/web.1, lease 5 s\n", told.err)
        renewed = server.api("POST", "/api/v1/services/own/instances/me/heartbeat", {})
        self.assertEqual((renewed.status, renewed.json()["alias_of"]), (200, "web/web.1"))
        del app.tasks["web.1"]
        app.add("web.2", "10.0.1.11", 31001)
        self.until(server, "web.svc.internal", ["10.0.1.11"])
        self.until(server, "own.svc.internal", ["10.0.1.10"])  # its own again
        self.until(server, "own.svc.internal", [], seconds=10)


class Kept(WithMarathon):
    """What the store has of a Marathon serves while there is none."""

    def test_a_start_without_a_marathon(self):
        app = self.known.app("/web", checks=1)
        for number in range(6):
            app.add(f"web.{number}", f"10.0.1.{10 + number}", 31000 + number, alive=[True])
        expected = [f"10.0.1.{10 + number}" for number in range(6)]
        marathon = self.marathon(streams=False)
        text = self.configure(marathon).read_text().replace('kind = "memory"', 'kind = "sqlite"')
        self.write("musterd.toml", text)
        server = self.again()
        self.until(server, "web.svc.internal", expected)
        self.assertFalse(self.source(server)["from_store"])
        wait_until("it is in the store", lambda: self.source(server)["stored"])
        server.kill()
        marathon.fault = mesos.body({"apps": []})
        server = self.again()
        wait_until("an answer came", lambda: self.source(server)["held"] == 6)
        self.assertEqual(self.addresses(server, "web.svc.internal"), expected, "an empty answer passes the guard")
        server.stop()
        marathon.fault = mesos.status(503)
        server = self.again()
        source = self.source(server)
        self.assertEqual((source["from_store"], source["instances"]["routable"]), (True, 6), "what was held is not forgotten")
        self.assertEqual(self.addresses(server, "web.svc.internal"), expected)
        self.assertEqual(server.api("GET", "/readyz").status, 200)
        marathon.fault = None
        wait_until("it is live again", lambda: self.source(server)["state"] == "live", 35)


class Faults(WithMarathon):
    """Every failure at once, each at a Marathon of its own, under a steady load of queries. MUSTER_FAULT_SECONDS says
    for how long."""

    SECONDS = float(os.environ.get("MUSTER_FAULT_SECONDS", "4"))

    def cluster(self, name):
        known = marathons.Marathons()
        app = known.app(f"/{name}", checks=1)
        for number in range(6):
            app.add(f"{name}.{number}", f"10.0.1.{10 + number}", 31000 + number, alive=[True])
        return known

    def without_results(self, marathon):
        def told():
            apps = marathon.apps()
            for task in apps["apps"][0]["tasks"]:
                task = dict(task)
            apps["apps"][0]["tasks"] = [task | {"healthCheckResults": []} for task in apps["apps"][0]["tasks"]]
            return apps
        return told

    def faults(self, marathon):
        return {
            "status-500": mesos.status(500), "status-502": mesos.status(502), "status-401": mesos.status(401),
            "status-404": mesos.status(404), "hang": mesos.hang(self.SECONDS + 20), "drip": mesos.drip, "cut": mesos.cut(marathon.apps, False),
            "cut-whole": mesos.cut(marathon.apps, True), "reset": mesos.reset, "garbage": mesos.garbage,
            "nothing": mesos.status(200, b""), "circle": mesos.redirect(marathon.url),
            "no-apps": mesos.body({"apps": []}), "no-list": mesos.body({"apps": {}}),
            "no-tasks": mesos.body(lambda: {"apps": [app | {"tasks": []} for app in marathon.apps()["apps"]]}),
            "no-results": mesos.body(self.without_results(marathon)),
            "null-tasks": mesos.body(lambda: {"apps": [app | {"tasks": None} for app in marathon.apps()["apps"]]}),
        }

    def test_cost_no_name(self):
        names = list(self.faults(self.marathon()))
        all_of_them = {name: self.marathon(known=self.cluster(name)) for name in names}
        text = "".join(f'[[source.marathon]]\nname = "{name}"\nurls = ["{marathon.url}"]\nrefresh = "200ms"\n'
                       f'timeout = "2s"\nstale_after = "1s"\n' for name, marathon in all_of_them.items())
        server = self.start(text, store="memory")
        expected = [f"10.0.1.{10 + number}" for number in range(6)]
        for name in names:
            self.until(server, f"{name}.svc.internal", expected)
        known = {name: len(marathon.requests) for name, marathon in all_of_them.items()}
        for name, marathon in all_of_them.items():
            marathon.fault = self.faults(marathon)[name]
            marathon.drop_streams()
        for name, marathon in all_of_them.items():
            wait_until(f"a request that fails: {name}", lambda name=name, marathon=marathon: len(marathon.requests) > known[name])
        until = time.monotonic() + self.SECONDS
        while time.monotonic() < until:
            for name in names:
                self.assertEqual(self.addresses(server, f"{name}.svc.internal"), expected, name)
                self.assertEqual(len(self.addresses(server, f"_{name}._tcp.svc.internal", "SRV")), 6, name)
        seen = self.sources(server)
        quiet = {"no-apps", "no-tasks", "no-results", "null-tasks", "hang", "drip"}  # good JSON, or not ended yet
        for name in set(names) - quiet:
            self.assertIsNotNone(seen[name]["error"], f"{name} is told")
        self.assertEqual((seen["no-apps"]["held"], seen["no-tasks"]["held"]), (6, 6), "missing without a reason")
        self.assertEqual(seen["no-results"]["instances"]["routable"], 6, "what was well stays so without results")
        before = {name: one["fetches"] for name, one in seen.items()}
        for marathon in all_of_them.values():
            marathon.fault = None

        def healed():
            now = self.sources(server)
            return all(now[name]["state"] == "live" and now[name]["error"] is None and now[name]["held"] == 0 and
                       now[name]["fetches"] > before[name] for name in names)
        wait_until("every source is live again within one step of the back-off", healed, 40)


if __name__ == "__main__":
    unittest.main()
