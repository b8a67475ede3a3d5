"""Instances that are given by URLs: URI, SRV, A and TXT as dig sees them, hosts that DNS has to be asked for, refusals,
and what is left after a restart."""

import json
import unittest

from harness import EndToEnd, another_address, run, BIN, wait_until
from name_server import NameServer

REST = "http://10.0.3.4:9000/rest-services"
SENTENCES = {
    "default": 'address type "default" names no address: the destination comes with each message, nothing to publish in DNS',
    "response": 'address type "response" names no address: replies use the caller\'s own connection, nothing to publish in DNS',
}
STATIC = f"""
[service.web]
timeout = "1s"
action = "report"
properties = {{ switchLocationHeadersTo = "http://localhost:8280/vpath" }}
debug_txt = true
[[source.static]]
service = "web"
instances = [{{ id = "port-9000", address_type = "prefix", url = "{REST}", weight = 10, properties = {{ zone = "a" }} }}]
[[source.static]]
service = "queue"
instances = [{{ id = "q", url = "jms:/Q.x" }}]
"""


def uri(server, name):
    return server.dig(name, "URI").data()


class Literal(EndToEnd):
    def test_a_prefix_in_the_file_is_uri_srv_address_and_text(self):
        server = self.start(STATIC)
        record = f'0 10 "{REST}"'
        for name in ("web.svc.internal", "_http._tcp.web.svc.internal", "_web._tcp.svc.internal"):
            self.assertEqual(uri(server, name), [record], name)
            self.assertEqual(server.dig(name, "SRV").data(), ["0 10 9000 port-9000.web.svc.internal."], name)
        self.assertEqual(server.dig("web.svc.internal").data(), ["10.0.3.4"])
        text = '"type=prefix" "timeout=1000" "action=report" "switchLocationHeadersTo=http://localhost:8280/vpath" "zone=a"'
        for name in ("port-9000.web.svc.internal", "web.svc.internal"):
            self.assertEqual(server.dig(name, "TXT").data(), [text], name)
        service = server.api("GET", "/api/v1/services/web").json()
        self.assertEqual(service["properties"], {"switchLocationHeadersTo": "http://localhost:8280/vpath"})
        self.assertNotIn("properties", server.api("GET", "/api/v1/services/queue").json())
        browsed = server.dig("web\\032port-9000._http._tcp.svc.internal", "TXT").data()
        self.assertEqual(browsed, ['"txtvers=1" "path=/rest-services" ' + text])
        self.assertEqual(server.dig("_health.web.svc.internal", "TXT").data(), ['"ready=1/1" "port-9000=ACTIVE"'])

    def test_the_rdata_octet_by_octet(self):
        server = self.start()
        server.register("web", "i1", {"url": REST})
        unknown = server.dig("web.svc.internal", "TYPE256", "+unknownformat").data()
        self.assertEqual(unknown, ["\\# 38 " + self.hex_of(b"\0\0\0\1" + REST.encode())])

    def hex_of(self, octets):
        """As dig prints it: blanks after 28 octets."""
        digits = octets.hex().upper()
        return " ".join(digits[at:at + 56] for at in range(0, len(digits), 56))

    def test_a_url_without_host_is_text_alone(self):
        server = self.start(STATIC)
        self.assertEqual(uri(server, "queue.svc.internal"), ['0 1 "jms:/Q.x"'])
        self.assertEqual(server.dig("queue.svc.internal", "TXT").data(), ['"type=url"'])
        for kind in ("A", "AAAA", "SRV"):
            nothing = server.dig("queue.svc.internal", kind)
            self.assertEqual((nothing.status, nothing.data()), ("NOERROR", []), kind)
        self.assertTrue(server.api("GET", "/api/v1/services/queue/instances/q").json()["serving"])

    def test_the_api_shows_and_refuses(self):
        server = self.start()
        server.register("web", "i1", {"url": REST, "address_type": "prefix", "properties": {"b": "2", "a": "1"}})
        shown = server.api("GET", "/api/v1/services/web/instances/i1").json()
        self.assertEqual((shown["url"], shown["address_type"], shown["properties"]), (REST, "prefix", {"a": "1", "b": "2"}))
        self.assertEqual((shown["addresses"], shown["ports"]), (["10.0.3.4"], [{"name": "http", "port": 9000, "proto": "tcp"}]))
        for kind, sentence in SENTENCES.items():
            reply = server.api("PUT", "/api/v1/services/web/instances/i2", {"address_type": kind})
            self.assertEqual((reply.status, reply.json()["error"], reply.json()["message"]), (400, "address_type_not_publishable", sentence))
        for url in ("http://me:x@10.0.0.1/", "http://10.0.0.1/#x", "x-y://10.0.0.1/", "http://ü/", "http://h/" + "x" * 2048):
            reply = server.api("PUT", "/api/v1/services/web/instances/i2", {"url": url})
            self.assertEqual((reply.status, reply.json()["field"]), (400, "/url"), url)

    def test_the_file_is_refused_with_its_place(self):
        for kind, sentence in SENTENCES.items():
            path = self.configuration('[[source.static]]\nservice = "web"\ninstances = [{ id = "a", address_type = "%s" }]\n' % kind)
            line = next(number for number, text in enumerate(path.read_text().splitlines(), 1) if kind in text)
            checked = run(BIN / "musterd", "--check-config", path)
            self.assertNotEqual(checked.status, 0)
            self.assertIn(f"musterd.toml:{line}:41: {sentence}", checked.out + checked.err)

    def test_the_command_line_registers_urls(self):
        server = self.start()
        done = server.muster("register", "web", REST, "--prefix", "--property", "a=1", "--weight", "3")
        self.assertEqual(done.status, 0, done.err)
        shown = server.api("GET", "/api/v1/services/web/instances/10-0-3-4-9000").json()
        self.assertEqual((shown["url"], shown["address_type"], shown["properties"], shown["weight"]), (REST, "prefix", {"a": "1"}, 3))
        self.assertEqual(server.muster("register", "queue", "mailto:a@b", "--id", "m").status, 0)
        self.assertEqual(uri(server, "queue.svc.internal"), ['0 1 "mailto:a@b"'])
        self.assertIn("mailto:a@b", server.muster("show", "queue").out)
        without = server.muster("register", "queue", "jms:/Q.x")
        self.assertEqual(without.status, 2)
        self.assertIn("--id", without.err)

    def test_who_is_not_ready_is_in_no_uri_set_and_a_transfer_has_all_that_are(self):
        server = self.start('[zones]\nallow_transfer = ["127.0.0.0/8"]\n[service.web]\npolicy = "round-robin"\n')
        for number in (1, 2, 3):
            server.register("web", f"i{number}", {"url": f"http://10.0.0.{number}/"})
        # Each set has its own turns: asked by turns, both go round.
        rounds = [(uri(server, "web.svc.internal"), server.dig("web.svc.internal", "SRV").data()) for _ in range(6)]
        for answers in zip(*rounds):
            self.assertEqual({len(records) for records in answers}, {1})
            self.assertEqual(answers[:3], answers[3:])
            self.assertEqual(len({records[0] for records in answers}), 3)
        server.muster("down", "web", "i2")
        whole = run("dig", f"@{server.dns[0]}", "-p", server.dns[1], "svc.internal", "AXFR").out
        sets = [line.split() for line in whole.splitlines() if line.startswith("web.svc.internal.") and "URI" in line]
        self.assertEqual(sorted(words[-1] for words in sets), ['"http://10.0.0.1/"', '"http://10.0.0.3/"'])

    def test_explain_says_who_the_record_is(self):
        server = self.start()
        server.register("web", "i1", {"url": REST})
        server.register("web", "i2", {"address": "10.0.0.2", "port": 80})
        found = server.api("GET", "/api/v1/explain?name=web.svc.internal&type=URI").json()
        self.assertEqual([(one["type"], one["instances"], one["probability"]) for one in found["records"]], [("URI", ["i1"], 1)])
        self.assertEqual({one["id"]: one["policy"] for one in found["instances"]}, {"i1": "weighted-failover", "i2": "no_url"})
        told = server.api("GET", "/api/v1/explain?name=web.svc.internal&type=TXT").json()
        self.assertEqual([(one["instances"], one["policy"]) for one in told["records"]], [(["i1"], "fixed")])
        self.assertEqual({one["id"]: (one["serving"], one["policy"]) for one in told["instances"]}, {"i1": (True, "fixed"), "i2": (False, "no_url")})
        named = {(one["name"], one["type"]) for one in server.api("GET", "/api/v1/services/web/instances/i1/explain").json()["answers"]}
        for name in ("web.svc.internal.", "_http._tcp.web.svc.internal.", "_web._tcp.svc.internal."):
            self.assertIn((name, "URI"), named)


class ByName(EndToEnd):
    def setUp(self):
        super().setUp()
        self.names = NameServer(another_address(1))
        self.addCleanup(self.names.close)
        self.more = '[registry]\nresolvers = ["%s:%d"]\n' % self.names.address

    def reason(self, server):
        return server.api("GET", "/api/v1/services/web/instances/i1").json()["reason"]

    def served(self, server):
        return server.dig("web.svc.internal").data()

    def test_unresolved_then_resolved_then_elsewhere_then_silent_and_over_a_restart(self):
        server = self.start(self.more)
        server.register("web", "i1", {"url": "http://db.example.test:81/", "lease": "1h"})
        wait_until("a failed look-up", lambda: self.metric(server, 'muster_url_host_lookups_total{result="failed"}'))
        shown = server.api("GET", "/api/v1/services/web/instances/i1").json()
        self.assertEqual((shown["state"], shown["reason"], shown["addresses"]), ("STARTING", "unresolved", []))
        self.assertEqual(server.dig("web.svc.internal").status, "NOERROR")
        for kind in ("A", "SRV", "URI"):
            self.assertEqual(server.dig("web.svc.internal", kind).data(), [], kind)
        named = server.api("GET", "/api/v1/explain?name=web.svc.internal&type=A").json()["instances"]
        self.assertEqual([one["reason"] for one in named], ["unresolved"])
        self.assertEqual(self.metric(server, "muster_url_hosts_unresolved"), 1)

        self.names.set("db.example.test", "10.0.0.7", "10.0.0.8")
        wait_until("resolved", lambda: self.served(server) == ["10.0.0.7", "10.0.0.8"])
        self.assertEqual(self.reason(server), "ok")
        self.assertEqual(uri(server, "web.svc.internal"), ['0 1 "http://db.example.test:81/"'])
        self.assertEqual(server.dig("web.svc.internal", "SRV").data(), ["0 1 81 i1.web.svc.internal."])
        self.assertEqual(server.dig("i1.web.svc.internal").data(), ["10.0.0.7", "10.0.0.8"])

        self.names.set("db.example.test", "10.0.0.9")
        wait_until("moved", lambda: self.served(server) == ["10.0.0.9"])

        self.names.silent = True
        asked = self.names.count("db.example.test")
        wait_until("asked again", lambda: self.names.count("db.example.test") > asked)
        failed = self.metric(server, 'muster_url_host_lookups_total{result="failed"}')
        wait_until("failed", lambda: self.metric(server, 'muster_url_host_lookups_total{result="failed"}') > failed)
        self.assertEqual(self.served(server), ["10.0.0.9"])

        self.assertEqual(server.stop(), 0)
        server = self.again()
        self.assertEqual(self.served(server), ["10.0.0.9"], "DNS is silent still")
        shown = server.api("GET", "/api/v1/services/web/instances/i1").json()
        self.assertEqual((shown["url"], shown["address_type"]), ("http://db.example.test:81/", "url"))

    def test_names_of_this_server_are_not_looked_up(self):
        self.write("zone", "$TTL 5\n@ SOA ns hostmaster 1 60 60 60 5\n@ NS ns\nns A 10.0.0.1\n")
        file = '[[zones.file]]\nname = "example.test."\nfile = "zone"\n'
        server = self.start(self.more + file + '[service.web]\nalso = ["www.example.test."]\n')
        own = ("web.svc.internal", "Web.SVC.Internal.", "svc.internal", "a.b.svc.internal", "www.example.test", "WWW.example.test.")
        for number, host in enumerate(own):
            self.names.set(host.lower().rstrip("."), "10.0.0.7")
            server.register("web", f"own{number}", {"url": f"http://{host}/", "lease": "1h"})
        self.names.set("xsvc.internal", "10.0.0.8")
        server.register("web", "other", {"url": "http://xsvc.internal/", "lease": "1h"})
        wait_until("another's name", lambda: self.served(server) == ["10.0.0.8"])
        failed = 'muster_url_host_lookups_total{result="failed"}'
        wait_until("all failed", lambda: self.metric(server, failed) >= len(own))
        self.assertEqual([self.names.count(host.lower().rstrip(".")) for host in own], [0] * len(own))
        for number in range(len(own)):
            shown = server.api("GET", f"/api/v1/services/web/instances/own{number}").json()
            self.assertEqual((shown["reason"], shown["addresses"]), ("unresolved", []), own[number])
        self.assertIn("it is one of this server's own names", server.err)

    def test_a_registration_does_not_wait_for_dns(self):
        self.names.silent = True
        server = self.start(self.more)
        for number in range(100):
            server.register("web", f"i{number}", {"url": f"http://h{number}.example.test/"})
        self.assertEqual(self.metric(server, "muster_url_hosts"), 100)
        self.assertLessEqual(self.metric(server, "muster_url_host_lookups_inflight"), 64)
        self.assertEqual(json.loads(server.muster("show", "web", "--json").out)["instances"][0]["reason"], "unresolved")


if __name__ == "__main__":
    unittest.main()
