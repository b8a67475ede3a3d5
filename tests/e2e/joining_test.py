"""A registration that names a scheduler's task, through every door: whose name it lives under, who may speak of it, and
what a restart keeps."""

import json
import re
import subprocess
import unittest
import urllib.parse

from harness import wait_until
from marathon_test import WithMarathon

TOKENS = """
[[http.token]]
name = "operator"
secret_file = "operator.token"
allow = ["read", "write:*", "admin"]
[[http.token]]
name = "own"
secret_file = "own.token"
allow = ["read", "write:own"]
"""


class Joining(WithMarathon):
    def setUp(self):
        super().setUp()
        self.app = self.known.app("/web")
        self.app.add("web.1", "10.0.1.10", 31000)

    def instance(self, server, service="own", identity="me", **options):
        return server.api("GET", f"/api/v1/services/{service}/instances/{identity}", **options).json()

    def names(self, server, **options):
        """Where own/me lives, and by which names it goes besides."""
        found = self.instance(server, **options)
        return found.get("service"), found.get("alias")


class Doors(Joining):
    def setUp(self):
        super().setUp()
        text = '[zones]\nnegative_ttl = "0s"\nallow_update = ["127.0.0.0/8"]\n[[source.marathon]]\nrefresh = "200ms"\n'
        text += f'urls = ["{self.marathon().url}"]\n'
        self.server = self.begin("--config", self.configuration(text)).ready()
        self.until(self.server, "web.svc.internal", ["10.0.1.10"])

    def join(self):
        self.server.register("own", "me", {"address": "10.0.1.10", "port": 31000, "task": "web.1"})
        self.assertEqual(self.names(self.server), ("web", ["own/me"]))

    def nsupdate(self, *lines):
        host, port = self.server.dns
        text = "\n".join([f"server {host} {port}", "zone svc.internal", *lines, "send", ""])
        done = subprocess.run(["nsupdate", "-t", "5", "-v"], input=text, text=True, capture_output=True, timeout=30, check=False)
        found = re.search(r"update failed: (\w+)", done.stderr)
        return found[1] if found else ("NOERROR" if done.returncode == 0 else done.stderr)

    def explain(self):
        return self.server.api("GET", "/api/v1/services/web/instances/web.1/explain").json()

    def sources(self):
        return sorted(self.instance(self.server)["sources"])

    def test_dns_update(self):
        self.assertEqual(self.nsupdate("update add me.own.svc.internal 5 A 10.0.1.10"), "NOERROR")
        self.join()
        self.until(self.server, "me.own.svc.internal", [])
        self.assertEqual(self.sources(), ["heartbeat", "marathon", "update"])
        claims = self.explain()["claims"]
        self.assertEqual({one["source"]: one.get("alias") for one in claims}, {"marathon": None, "heartbeat": "own/me", "update": "own/me"})
        self.assertEqual(self.nsupdate("update add me.own.svc.internal 5 A 10.0.1.99"), "NOERROR")
        addresses = self.explain()["fields"]["addresses"]
        self.assertEqual(addresses["from"], "marathon")
        told = next(one for one in addresses["lost"] if one["from"] == "update")
        self.assertEqual(told["value"], ["10.0.1.10", "10.0.1.99"], "what it had said is kept")
        self.assertEqual(self.nsupdate("update delete web-1.web.svc.internal"), "NOERROR")
        self.assertEqual(self.sources(), ["heartbeat", "marathon", "update"], "said by another name")
        self.assertEqual(self.nsupdate("update delete me.own.svc.internal"), "NOERROR")
        self.assertEqual(self.sources(), ["heartbeat", "marathon"])

    def test_dns_update_of_ids_that_are_no_labels(self):
        for identity in ("Me.2", "web.1"):
            with self.subTest(identity):
                self.server.register("own", identity, {"address": "10.0.1.10", "port": 31000})
                label = self.instance(self.server, "own", identity)["label"]
                self.assertEqual(self.nsupdate(f"update add {label}.own.svc.internal 5 A 10.0.1.10"), "NOERROR")
                self.server.register("own", identity, {"address": "10.0.1.10", "port": 31000, "task": "web.1"})
                self.assertEqual(self.instance(self.server, "own", identity)["service"], "web")
                self.assertEqual(self.nsupdate(f"update add {label}.own.svc.internal 5 A 10.0.1.99"), "NOERROR")
                self.until(self.server, f"{label}.own.svc.internal", [])
                self.assertEqual(self.nsupdate(f"update delete {label}.own.svc.internal"), "NOERROR")
                self.assertEqual(sorted(self.instance(self.server, "own", identity)["sources"]), ["heartbeat", "marathon"])
                self.assertEqual(self.server.api("DELETE", f"/api/v1/services/own/instances/{identity}").status, 200)

    def test_lyft(self):
        tags = json.dumps({"az": "a", "region": "r", "instance_id": "i"})
        form = urllib.parse.urlencode({"ip": "10.0.1.10", "port": "31000", "revision": "abc", "tags": tags})
        self.assertEqual(self.server.curl("/v1/registration/own", "-d", form)[0], 200)
        identity = json.loads(self.server.curl("/api/v1/services/own")[1])["instances"][0]["id"]
        self.server.register("own", identity, {"address": "10.0.1.10", "port": 31000, "task": "web.1"})

        def hosts(service):
            return len(json.loads(self.server.curl(f"/v1/registration/{service}")[1])["hosts"])

        self.assertEqual((hosts("own"), hosts("web")), (0, 1), "it is the scheduler's service that has it")
        self.assertEqual(self.server.curl("/v1/registration/own", "-d", form)[0], 200, "it reports in by its own name")
        weigh = ("-d", "load_balancing_weight=7")
        self.assertEqual(self.server.curl("/v1/loadbalancing/own/10.0.1.10", *weigh)[0], 204)
        self.assertEqual(self.instance(self.server, "web", "web.1")["effective_weight"], 7)
        self.assertEqual(self.server.curl("/v1/registration/own/10.0.1.10", "-X", "DELETE")[0], 200)
        self.assertEqual(sorted(self.instance(self.server, "web", "web.1")["sources"]), ["heartbeat", "marathon"])

    def test_drains_outlive_a_restart(self):
        self.join()
        self.app.add("web.2", "10.0.1.11", 31001)
        self.until(self.server, "web.svc.internal", ["10.0.1.10", "10.0.1.11"])
        for service, identity in (("own", "me"), ("web", "web.2")):
            self.assertEqual(self.server.muster("drain", service, identity).status, 0)
        self.app.add("web.3", "10.0.1.12", 31002)
        self.until(self.server, "web.svc.internal", ["10.0.1.12"])
        self.server.kill()
        self.server = self.again()
        self.until(self.server, "web.svc.internal", ["10.0.1.12"])
        wait_until("it is joined", lambda: self.names(self.server) == ("web", ["own/me"]))
        self.assertTrue(self.instance(self.server)["draining"])
        self.assertEqual(self.server.muster("drain", "--undo", "web", "web.2").status, 0)
        self.until(self.server, "web.svc.internal", ["10.0.1.11", "10.0.1.12"])


class Rights(Joining):
    def setUp(self):
        super().setUp()
        for name in ("operator", "own"):
            self.write(f"{name}.token", f"secret-of-{name}\n")
        self.server = self.begin("--config", self.configure(self.marathon(), more=TOKENS)).ready()
        self.until(self.server, "web.svc.internal", ["10.0.1.10"])

    def call(self, who, method, path, body=None):
        return self.server.api(method, path, body, {"Authorization": f"Bearer secret-of-{who}"})

    def put(self, who):
        body = {"address": "10.0.1.10", "port": 31000, "task": "web.1"}
        reply = self.call(who, "PUT", "/api/v1/services/own/instances/me", body)
        self.assertIn(reply.status, (200, 201), reply.text)

    def lives_in(self):
        return self.names(self.server, headers={"Authorization": "Bearer secret-of-own"})[0]

    def test_a_task_of_a_service_that_the_token_may_not_write(self):
        self.put("own")
        self.assertEqual(self.lives_in(), "own")
        for method, path, body in (("POST", "/drain", {}), ("PUT", "/admin", {"mode": "down", "weight": 0}),
                                   ("POST", "/heartbeat", {"status": "critical"})):
            self.assertEqual(self.call("own", method, "/api/v1/services/own/instances/me" + path, body).status, 200)
        self.put("operator")
        self.assertEqual(self.lives_in(), "web")
        self.assertEqual(self.addresses(self.server, "web.svc.internal"), ["10.0.1.10"], "what was said without the right stays behind")
        self.assertEqual(self.call("operator", "POST", "/api/v1/services/own/instances/me/drain", {}).status, 200)
        self.until(self.server, "web.svc.internal", [])
        self.assertEqual(self.call("operator", "DELETE", "/api/v1/services/own/instances/me/drain").status, 200)
        self.until(self.server, "web.svc.internal", ["10.0.1.10"])
        for method, path, body in (("POST", "/drain", {}), ("DELETE", "/drain", None), ("PUT", "/admin", {"mode": "down"}),
                                   ("POST", "/heartbeat", {"status": "critical"}), ("DELETE", "", None)):
            with self.subTest(f"{method} {path}"):
                refused = self.call("own", method, "/api/v1/services/own/instances/me" + path, body)
                self.assertEqual((refused.status, refused.json()["error"]), (403, "forbidden"))
                self.assertIn("own/me is part of web/web.1: ", refused.json()["message"])
        self.assertEqual(self.addresses(self.server, "web.svc.internal"), ["10.0.1.10"])
        self.put("own")
        self.assertEqual(self.lives_in(), "own", "its own name is its own")

    def test_lyft_removal_by_the_other_name(self):
        tags = json.dumps({"az": "a", "region": "r", "instance_id": "i"})
        form = urllib.parse.urlencode({"ip": "10.0.1.10", "port": "31000", "revision": "abc", "tags": tags})
        mine = ("-H", "Authorization: Bearer secret-of-operator")
        self.assertEqual(self.server.curl("/v1/registration/own", "-d", form, *mine)[0], 200)
        identity = self.call("operator", "GET", "/api/v1/services/own").json()["instances"][0]["id"]
        body = {"address": "10.0.1.10", "port": 31000, "task": "web.1"}
        self.assertEqual(self.call("operator", "PUT", f"/api/v1/services/own/instances/{identity}", body).status, 200)
        status, text = self.server.curl("/v1/registration/own/10.0.1.10", "-X", "DELETE", "-H", "Authorization: Bearer secret-of-own")[:2]
        self.assertEqual(status, 403)
        self.assertIn("this takes the right to write the service web", text)
        self.assertEqual(self.server.curl("/v1/registration/own/10.0.1.10", "-X", "DELETE", *mine)[0], 200)


if __name__ == "__main__":
    unittest.main()
