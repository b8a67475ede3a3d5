"""The routes of Lyft's discovery service, walked through by curl with good and bad input."""

import datetime
import http.client
import json
import os
import pickle
import threading
import time
import unittest
import urllib.parse

from harness import SOURCE, EndToEnd, exchange, run, wait_until

TAGS = {"az": "a", "region": "r", "instance_id": "i"}
GOOD = {"ip": "10.0.0.1", "port": "80", "revision": "abc", "tags": json.dumps(TAGS)}
MISSING = {"error": "Required parameter 'weight' is missing."}
INVALID = {"error": "Invalid load_balancing_weight. Supply an integer between 1 and 100."}
BAD_TAGS = {"error": "Invalid json supplied in tags"}


def form(changes=None, without=()):
    fields = {key: value for key, value in (GOOD | (changes or {})).items() if key not in without}
    return urllib.parse.urlencode(fields)


class Lyft(EndToEnd):
    lyft = ""

    def setUp(self):
        super().setUp()
        self.server = self.start(self.lyft, store="memory")

    def call(self, method, path, body=None, *words):
        """curl's status and the JSON it got, or the text where it is none."""
        sending = [] if body is None else ["--data-binary", body]
        how = ["-I"] if method == "HEAD" else ["-X", method]
        status, text = self.server.curl(path, *how, *sending, *words)
        try:
            return status, json.loads(text)
        except ValueError:
            return status, text

    def post(self, service, changes=None, without=()):
        return self.call("POST", f"/v1/registration/{service}", form(changes, without))

    def hosts(self, service):
        status, found = self.call("GET", f"/v1/registration/{service}")
        self.assertEqual(status, 200)
        return found["hosts"]

    def tags(self, service):
        return self.hosts(service)[0]["tags"]


class Reading(Lyft):
    def test_healthcheck(self):
        reply = self.server.api("GET", "/healthcheck")
        self.assertEqual((reply.status, reply.text, reply.headers["Content-Type"]), (200, "OK", "text/html; charset=utf-8"))
        self.assertEqual(self.call("POST", "/healthcheck", "")[0], 405)

    def test_a_host_has_exactly_its_seven_members(self):
        self.assertEqual(self.post("web"), (200, {}))
        status, found = self.call("GET", "/v1/registration/web")
        self.assertEqual((status, list(found), found["service"], found["env"]), (200, ["service", "env", "hosts"], "web", "development"))
        host = found["hosts"][0]
        checked_in = datetime.datetime.strptime(host.pop("last_check_in"), "%Y-%m-%d %H:%M:%S.%f")
        now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        self.assertLess(abs(now - checked_in), datetime.timedelta(minutes=1))
        self.assertEqual(host, {"ip_address": "10.0.0.1", "port": 80, "revision": "abc", "service": "web", "service_repo_name": "", "tags": TAGS})
        self.assertEqual(self.server.api("GET", "/v1/registration/web").headers["Content-Type"], "application/json")

    def test_unknown_services_and_repos_are_empty_never_404(self):
        self.assertEqual(self.call("GET", "/v1/registration/none"), (200, {"service": "none", "env": "development", "hosts": []}))
        self.assertEqual(self.call("GET", "/v1/registration/repo/none"),
                         (200, {"service_repo_name": "none", "env": "development", "hosts": []}))

    def test_by_repo_over_all_services(self):
        self.post("web", {"service_repo_name": "shop"})
        self.post("api", {"service_repo_name": "shop", "ip": "10.0.0.2"})
        self.post("other", {"service_repo_name": "else"})
        status, found = self.call("GET", "/v1/registration/repo/shop")
        self.assertEqual((status, found["service_repo_name"]), (200, "shop"))
        self.assertEqual([(h["service"], h["ip_address"]) for h in found["hosts"]], [("web", "10.0.0.1"), ("api", "10.0.0.2")])

    def test_repo_is_an_ordinary_service_too(self):
        self.assertEqual(self.post("repo"), (200, {}))
        self.assertEqual(len(self.hosts("repo")), 1)
        self.assertEqual(self.call("DELETE", "/v1/registration/repo/10.0.0.1"), (200, {}))

    def test_paths(self):
        self.post("a%20b")
        rows = [
            ("GET", "/v1/registration/a%20b", 200, "percent-decoded"),
            ("GET", "/v1/registration/", 404, "an empty part"),
            ("GET", "/v1/registration/web/", 404, "a trailing slash"),
            ("GET", "/v1", 404, "too short"),
            ("GET", "/v1/registration", 404, "too short"),
            ("GET", "/v1/registration/a/b/c", 404, "too long"),
            ("GET", "/v1/registration/repo/a%2Fb", 404, "%2F separates"),
            ("GET", "/v2/registration/web", 404, "another version"),
            ("GET", "/", 404, "nothing"),
        ]
        for method, path, status, why in rows:
            with self.subTest(why):
                self.assertEqual(self.call(method, path)[0], status)
        self.assertEqual(len(self.hosts("a%20b")), 1)
        self.assertEqual(self.hosts("A%20b"), [], "compared exactly")

    def test_methods(self):
        self.post("web")
        rows = [
            ("GET", "/v1/registration/web/10.0.0.1"), ("POST", "/v1/registration/web/10.0.0.1"), ("DELETE", "/v1/registration/web"),
            ("PUT", "/v1/registration/web"), ("GET", "/v1/loadbalancing/web"), ("DELETE", "/v1/loadbalancing/web/10.0.0.1"),
        ]
        for method, path in rows:
            with self.subTest(f"{method} {path}"):
                reply = self.server.api(method, path, form() if method in ("POST", "PUT") else None,
                                        {"Content-Type": "application/x-www-form-urlencoded"})
                self.assertEqual((reply.status, reply.json()), (405, {"message": "The method is not allowed for the requested URL."}))
                self.assertNotIn(method, reply.headers["Allow"].replace(" ", "").split(","))
        for path in ("/v1/registration/web", "/v1/loadbalancing/web"):
            options = self.server.api("OPTIONS", path)
            self.assertEqual((options.status, bool(options.headers["Allow"])), (200, True))
        head = self.server.api("HEAD", "/v1/registration/web")
        self.assertEqual((head.status, head.text), (200, ""))


class Registering(Lyft):
    """Each check alone, and in pairs for their order; nothing of a refused request is stored."""

    # (what is wrong, changes, left out, the reply), in the order of the checks.
    CHECKS = [
        ("a port that is no integer", {"port": "eighty"}, (), (400, {})),
        ("tags that are no JSON", {"tags": "{az"}, (), (400, BAD_TAGS)),
        ("tags that are no object", {"tags": "[1]"}, (), (400, {})),
        ("no ip", {}, ("ip",), (400, {})),
        ("an ip that is none", {"ip": "10.0.0.256"}, (), (400, {})),
        ("a tag is missing", {"tags": '{"az":"a"}'}, (), (400, {})),
    ]

    def test_each_check_alone(self):
        more = [
            ("empty tags", {"tags": ""}, (), (400, BAD_TAGS)),
            ("tags absent", {}, ("tags",), (400, {})),
            ("tags a string", {"tags": '"a"'}, (), (400, {})),
            ("an empty ip", {"ip": ""}, (), (400, {})),
            ("no port", {}, ("port",), (400, {})),
            ("port 0", {"port": "0"}, (), (400, {})),
            ("port 65536", {"port": "65536"}, (), (400, {})),
            ("a negative port", {"port": "-1"}, (), (400, {})),
            ("port 99999999999999999999", {"port": "99999999999999999999"}, (), (400, {})),
            ("no revision", {}, ("revision",), (400, {})),
            ("an empty revision", {"revision": ""}, (), (400, {})),
            ("a leading zero", {"ip": "10.0.0.01"}, (), (400, {})),
            ("a blank in the ip", {"ip": " 10.0.0.1"}, (), (400, {})),
            ("a name", {"ip": "localhost"}, (), (400, {})),
            ("IPv6", {"ip": "::1"}, (), (400, {})),
            ("three octets", {"ip": "10.0.1"}, (), (400, {})),
        ]
        for why, changes, without, expected in [*self.CHECKS, *more]:
            with self.subTest(why):
                self.assertEqual(self.post("bad", changes, without), expected)
        self.assertEqual(self.hosts("bad"), [])
        self.assertEqual(self.server.dig("bad.svc.internal").status, "NXDOMAIN")

    def test_the_first_failing_check_answers(self):
        for i, (first, changes, without, expected) in enumerate(self.CHECKS):
            for second, more, beyond, _ in self.CHECKS[i + 1:]:
                with self.subTest(f"{first}, {second}"):
                    self.assertEqual(self.post("bad", more | changes, (*without, *beyond)), expected)
        self.assertEqual(self.hosts("bad"), [])

    def test_integers(self):
        for text, port in ((" 7 ", 7), ("+80", 80), ("007", 7)):
            with self.subTest(text):
                self.assertEqual(self.post("web", {"port": text}), (200, {}))
                self.assertEqual(self.hosts("web")[0]["port"], port)
        for text in ("", "80.5", "1e1", "0x50", "1_000", "٨٠", "8 0"):
            with self.subTest(text):
                self.assertEqual(self.post("web", {"port": text}), (400, {}))

    def test_parameters_come_from_the_body_only(self):
        query = f"/v1/registration/web?{form()}"
        self.assertEqual(self.call("POST", query, ""), (400, {}))
        self.assertEqual(self.call("POST", query), (400, {}))
        as_json = json.dumps(GOOD)
        self.assertEqual(self.call("POST", "/v1/registration/web", as_json, "-H", "Content-Type: application/json"), (400, {}))
        self.assertEqual(self.call("POST", "/v1/registration/web", form(), "-H", "Content-Type: text/plain"), (400, {}))
        self.assertEqual(self.hosts("web"), [])
        charset = ["-H", "Content-Type: application/x-www-form-urlencoded; charset=utf-8"]
        self.assertEqual(self.call("POST", "/v1/registration/web", form(), *charset), (200, {}))

    def test_multipart(self):
        parts = [word for key, value in GOOD.items() for word in ("-F", f"{key}={value}")]
        self.assertEqual(self.call("POST", "/v1/registration/web", None, *parts), (200, {}))
        self.assertEqual(self.tags("web"), TAGS)
        upload = self.write("upload", "10.0.0.9")
        parts[1] = f"ip=@{upload}"
        self.assertEqual(self.call("POST", "/v1/registration/file", None, *parts), (400, {}), "a part with a file name is no field")

    def test_the_first_of_equal_names_wins_and_unknown_ones_are_ignored(self):
        body = "ip=10.0.0.5&" + form({"unknown": "x"}) + "&port=81"
        self.assertEqual(self.call("POST", "/v1/registration/web", body), (200, {}))
        self.assertEqual([(h["ip_address"], h["port"]) for h in self.hosts("web")], [("10.0.0.5", 80)])
        self.post("plus", {"revision": "a b"})
        self.assertEqual(self.hosts("plus")[0]["revision"], "a b", "`+` is a space")

    def test_again_replaces_and_merges_tags(self):
        self.post("web", {"service_repo_name": "shop", "tags": json.dumps(TAGS | {"extra": {"deep": [1, None]}})})
        self.post("web", {"port": "81", "revision": "def", "tags": json.dumps(TAGS | {"az": "b"})})
        hosts = self.hosts("web")
        self.assertEqual(len(hosts), 1, "the key is service and ip")
        self.assertEqual((hosts[0]["port"], hosts[0]["revision"], hosts[0]["service_repo_name"]), (81, "def", ""))
        self.assertEqual(hosts[0]["tags"], TAGS | {"az": "b", "extra": {"deep": [1, None]}})

    def test_it_is_in_dns_under_its_names(self):
        self.post("web", {"tags": json.dumps(TAGS | {"load_balancing_weight": 7})})
        self.assertEqual(self.server.dig("web.svc.internal").data(), ["10.0.0.1"])
        self.assertEqual(self.server.dig("10-0-0-1.web.svc.internal").data(), ["10.0.0.1"])
        self.assertEqual(self.server.dig("_web._tcp.svc.internal", "SRV").data(), ["0 7 80 10-0-0-1.web.svc.internal."])
        instance = self.server.api("GET", "/api/v1/services/web/instances/10-0-0-1").json()
        self.assertEqual((instance["sources"], instance["version"], instance["lease"]["ttl_ms"]), (["lyft"], "abc", 600_000))

    def test_hosts_of_other_doors_are_listed_and_cannot_be_touched(self):
        self.server.register("web", "n1", {"address": "10.0.0.9", "port": 99, "weight": 300, "version": "v2", "tags": {"az": "z"}})
        host = self.hosts("web")[0]
        self.assertEqual((host["ip_address"], host["port"], host["revision"], host["service_repo_name"]), ("10.0.0.9", 99, "v2", ""))
        self.assertEqual((host["tags"]["az"], host["tags"]["region"], host["tags"]["instance_id"], host["tags"]["load_balancing_weight"]),
                         ("z", "", "n1", 100))
        self.assertEqual(self.call("DELETE", "/v1/registration/web/10.0.0.9"), (400, {}))
        self.assertEqual(self.call("POST", "/v1/loadbalancing/web/10.0.0.9", "load_balancing_weight=5")[0], 404)


class Removing(Lyft):
    def test_delete(self):
        self.post("web")
        self.assertEqual(self.call("DELETE", "/v1/registration/web/10.0.0.1"), (200, {}))
        self.assertEqual(self.hosts("web"), [])
        self.assertEqual(self.server.dig("web.svc.internal").answer, [])
        for path, why in (("web/10.0.0.1", "not any more"), ("web/10.0.0.01", "no address"), ("web/::1", "IPv6"), ("none/10.0.0.1", "no service")):
            with self.subTest(why):
                self.assertEqual(self.call("DELETE", f"/v1/registration/{path}"), (400, {}))
        self.post("web", {"tags": json.dumps(TAGS | {"new": 1})})
        self.assertEqual(self.tags("web"), TAGS | {"new": 1}, "a POST afterwards registers anew, with its own tags only")

    def test_of_concurrent_deletes_exactly_one_succeeds(self):
        for _ in range(20):
            self.post("web")
            replies = []
            gate = threading.Barrier(8)

            def delete():
                gate.wait()
                replies.append(self.server.api("DELETE", "/v1/registration/web/10.0.0.1").status)

            threads = [threading.Thread(target=delete) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(sorted(replies), [200] + [400] * 7)


class Weights(Lyft):
    def weigh(self, path, body):
        return self.call("POST", f"/v1/loadbalancing/{path}", body)

    def test_good_and_bad(self):
        self.post("web")
        self.post("web", {"ip": "10.0.0.2"})
        rows = [
            ("web/10.0.0.1", "load_balancing_weight=50", (204, ""), "one host"),
            ("web/10.0.0.1", "", (400, MISSING), "no parameter"),
            ("web/10.0.0.1", "load_balancing_weight=", (400, MISSING), "an empty one"),
            ("web/10.0.0.1", "weight=5", (400, MISSING), "another name"),
            ("web/10.0.0.1", "load_balancing_weight=0", (400, INVALID), "too small"),
            ("web/10.0.0.1", "load_balancing_weight=101", (400, INVALID), "too large"),
            ("web/10.0.0.1", "load_balancing_weight=5.5", (400, INVALID), "no integer"),
            ("web/10.0.0.1", "load_balancing_weight=many", (400, INVALID), "a word"),
            ("web/10.0.0.9", "load_balancing_weight=5", (404, {"error": "Host not found"}), "an unknown host"),
            ("web/nonsense", "load_balancing_weight=5", (404, {"error": "Host not found"}), "a malformed ip"),
            ("none/10.0.0.1", "load_balancing_weight=5", (404, {"error": "Host not found"}), "an unknown service"),
            ("none/10.0.0.1", "load_balancing_weight=0", (400, INVALID), "the weight is looked at before the host"),
            ("none", "load_balancing_weight=5", (204, ""), "all hosts of an unknown service"),
            ("none", "", (400, MISSING), "no parameter"),
            ("web", "load_balancing_weight=-5", (400, INVALID), "negative"),
        ]
        for path, body, expected, why in rows:
            with self.subTest(why):
                self.assertEqual(self.weigh(path, body), expected)
        self.assertEqual([h["tags"].get("load_balancing_weight") for h in self.hosts("web")], [50, None])
        self.assertEqual(self.weigh("web", "load_balancing_weight= +07 "), (204, ""))
        self.assertEqual([h["tags"].get("load_balancing_weight") for h in self.hosts("web")], [7, 7])
        self.assertEqual({r.data.split()[1] for r in self.server.dig("_web._tcp.svc.internal", "SRV").answer}, {"7"})

    def test_a_weight_survives_heartbeats_unless_they_carry_one_and_time_stays(self):
        self.post("web")
        before = self.hosts("web")[0]["last_check_in"]
        self.weigh("web/10.0.0.1", "load_balancing_weight=50")
        self.assertEqual(self.hosts("web")[0]["last_check_in"], before)
        self.post("web")
        self.assertEqual(self.tags("web")["load_balancing_weight"], 50)
        self.assertNotEqual(self.hosts("web")[0]["last_check_in"], before)
        self.post("web", {"tags": json.dumps(TAGS | {"load_balancing_weight": 3})})
        self.assertEqual(self.tags("web")["load_balancing_weight"], 3)
        self.post("web", {"ip": "10.0.0.2"})
        self.assertNotIn("load_balancing_weight", self.hosts("web")[1]["tags"], "later hosts are not concerned")


class Expiry(Lyft):
    lyft = '[registry.lyft]\nhost_ttl = "3s"\nenv = "staging"\n'

    def test_gone_after_host_ttl_from_both_queries(self):
        self.post("web", {"service_repo_name": "shop"})
        posted = time.monotonic()
        self.assertEqual(self.call("GET", "/v1/registration/web")[1]["env"], "staging")
        wait_until("gone", lambda: not json.loads(self.server.api("GET", "/v1/registration/web").text)["hosts"])
        self.assertGreaterEqual(time.monotonic() - posted, 2.9)
        self.assertEqual(self.call("GET", "/v1/registration/repo/shop")[1]["hosts"], [])
        self.assertEqual(self.server.dig("web.svc.internal").answer, [])
        self.assertEqual(self.call("DELETE", "/v1/registration/web/10.0.0.1"), (400, {}))
        self.assertEqual(self.call("POST", "/v1/loadbalancing/web/10.0.0.1", "load_balancing_weight=5")[0], 404)
        self.assertEqual(self.post("web"), (200, {}))
        self.assertEqual(len(self.hosts("web")), 1)


class AutoIp(Lyft):
    lyft = '[registry.lyft]\nauto_ip = ["127.0.0.0/8"]\n'

    def test_the_peers_address(self):
        self.assertEqual(self.post("web", {"auto_ip": "1"}, ("ip",)), (200, {}))
        self.assertEqual(self.hosts("web")[0]["ip_address"], "127.0.0.1")
        self.assertEqual(self.post("none", {"auto_ip": ""}, ("ip",)), (400, {}), "an empty one is none")
        self.post("both", {"auto_ip": "1"})
        self.assertEqual(self.hosts("both")[0]["ip_address"], "10.0.0.1", "only without ip")


class AutoIpElsewhere(Lyft):
    def test_a_peer_outside_the_default_networks(self):
        self.assertEqual(self.post("web", {"auto_ip": "1"}, ("ip",)), (400, {}))


TOKENS = """\
[[http.token]]
name = "web"
secret = "web-secret"
allow = ["read", "write:web"]
"""


class Refused(Lyft):
    """What the server says by itself, in the words of these routes: {"error": …} and nothing else."""

    lyft = TOKENS + '[http.throttle]\nstrategy = "token-bucket"\nrate = 0.001\nburst = 2\n'

    def setUp(self):
        super().setUp()
        text = (self.folder / "musterd.toml").read_text()
        self.server.stop()
        self.write("musterd.toml", text.replace("[http]\n", '[http]\nmax_body = "1KiB"\n'))
        self.server = self.again()

    def refused(self, reply):
        status, body = reply
        self.assertEqual(list(body), ["error"])
        self.assertTrue(body["error"])
        return status

    def test_in_the_form_of_these_routes(self):
        web, none = ["-H", "Authorization: Bearer web-secret"], []
        wrong = ["-H", "Authorization: Bearer another"]
        register, path = form(), "/v1/registration/web"
        self.assertEqual(self.refused(self.call("POST", path, register, *none)), 401, "no token")
        self.assertEqual(self.refused(self.call("POST", path, register, *wrong)), 401, "a wrong one")
        self.assertEqual(self.refused(self.call("GET", path)), 401, "reading needs one too")
        self.assertEqual(self.refused(self.call("POST", "/v1/registration/api", register, *web)), 403, "another service")
        self.assertEqual(self.refused(self.call("POST", path, register + "&more=" + "x" * 2000, *web)), 413, "a body beyond http.max_body")
        self.assertEqual(self.call("GET", "/healthcheck")[0], 200, "the probe is open")
        self.assertEqual(self.call("GET", path, None, *web)[1]["hosts"], [], "nothing was stored")
        for _ in range(2):
            self.assertEqual(self.call("POST", path, register, *web), (200, {}))
        self.assertEqual(self.refused(self.call("DELETE", path + "/10.0.0.1", None, *web)), 429, "the throttle is empty")
        self.assertEqual(len(self.call("GET", path, None, *web)[1]["hosts"]), 1, "and nothing was removed; reading is free")


class AutoIpBehindAProxy(Lyft):
    """127.0.0.0/8 is a proxy that is believed: the last address it tells counts."""

    lyft = '[[http.token]]\nname = "anonymous"\nallow = ["read", "write:*"]\n'

    def setUp(self):
        super().setUp()
        text = (self.folder / "musterd.toml").read_text()
        self.server.stop()
        self.write("musterd.toml", text.replace("[http]\n", '[http]\ntrusted_proxies = ["127.0.0.0/8"]\n'))
        self.server = self.again()

    def test_the_last_forwarded_address(self):
        rows = [
            ("192.168.7.7", "192.168.7.7", "one address"),
            ("192.168.0.0,192.168.216.186", "192.168.216.186", "the last of several"),
            ("10.9.9.9, 192.168.1.2", "192.168.1.2", "what stands before it is anybody's word"),
            ("192.168.1.2, 10.9.9.9", None, "the last one is outside auto_ip"),
            ("192.169.216.186", None, "outside auto_ip"),
            ("192.168.256.186", None, "no address"),
            ("192.168.x.1", None, "no address"),
            ("fe80::1", None, "IPv6"),
            (None, None, "no header: the proxy itself, which is outside auto_ip"),
        ]
        body = form({"auto_ip": "1"}, ("ip",))
        for number, (forwarded, expected, why) in enumerate(rows):
            with self.subTest(why):
                words = [] if forwarded is None else ["-H", f"X-Forwarded-For: {forwarded}"]
                reply = self.call("POST", f"/v1/registration/s{number}", body, *words)
                self.assertEqual(reply, (200 if expected else 400, {}))
                self.assertEqual([host["ip_address"] for host in self.hosts(f"s{number}")], [expected] if expected else [])


class Together(Lyft):
    HOSTS, WRITERS = 400, 16

    def test_many_writers_and_readers_that_never_see_a_torn_host(self):
        """Each POST changes port, revision and a tag together; a reader must always find them agreeing."""
        stop = threading.Event()
        torn, refused = [], []

        def write(number):
            connection = http.client.HTTPConnection(*self.server.http)
            for i in range(number, self.HOSTS * 2, self.WRITERS):
                host, value = i % self.HOSTS, 1000 + i
                body = form({"ip": f"10.0.{host // 200}.{host % 200}", "port": str(value), "revision": str(value),
                             "tags": json.dumps(TAGS | {"v": value})})
                reply = exchange(connection, "POST", "/v1/registration/many", body, {"Content-Type": "application/x-www-form-urlencoded"})
                if reply.status != 200:
                    refused.append(reply)
            connection.close()

        def read():
            connection = http.client.HTTPConnection(*self.server.http)
            while not stop.is_set():
                for host in exchange(connection, "GET", "/v1/registration/many").json()["hosts"]:
                    if not str(host["port"]) == host["revision"] == str(host["tags"]["v"]):
                        torn.append(host)
            connection.close()

        readers = [threading.Thread(target=read) for _ in range(2)]
        writers = [threading.Thread(target=write, args=(number,)) for number in range(self.WRITERS)]
        for thread in readers + writers:
            thread.start()
        for thread in writers:
            thread.join()
        stop.set()
        for thread in readers:
            thread.join()
        self.assertEqual((torn[:1], refused[:1]), ([], []))
        self.assertEqual(len(self.hosts("many")), self.HOSTS)


class OtherPickle:
    """What an attacker's file does when it is simply unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.system, (f"touch {self.path}",))


class FileStore(Lyft):
    """tools/import-lyft-store, with the file as the service writes it: a pickle of protocol 0."""

    def store(self, services):
        path = self.folder / "hosts"
        path.write_bytes(pickle.dumps(services, protocol=0))
        return path

    def bring(self, *words):
        return run(SOURCE / "tools/import-lyft-store", *words, env=self.server.environment())

    def test_hosts_come_with_all_they_had_and_the_old_ones_do_not(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        tags = {"az": "a", "region": "r", "instance_id": "i-1", "canary": False, "load_balancing_weight": 30}
        host = {"port": 8080, "revision": "abc", "service_repo_name": "web-repo", "last_check_in": now, "tags": tags}
        old = host | {"last_check_in": now - datetime.timedelta(seconds=700)}
        path = self.store({"web": {"10.0.0.1": host, "10.0.0.2": old}, "db": {"10.0.0.3": host | {"tags": {}, "port": 99999}}})
        dry = self.bring(path, "--dry-run")
        self.assertEqual(dry.status, 0, dry.err)
        self.assertIn("web 10.0.0.1:8080: would be registered\n", dry.out)
        self.assertEqual(self.hosts("web"), [])
        done = self.bring(path)
        self.assertEqual(done.status, 1, done.err)
        self.assertIn("web 10.0.0.2: last seen 70", done.out)
        self.assertIn("db 10.0.0.3:99999: 400 ", done.out)
        self.assertTrue(done.out.endswith("1 registered, 1 too old, 1 refused\n"), done.out)
        (one,) = self.hosts("web")
        self.assertEqual((one["ip_address"], one["port"], one["revision"], one["service_repo_name"], one["tags"]),
                         ("10.0.0.1", 8080, "abc", "web-repo", tags))
        self.assertEqual(self.bring(path, "--host-ttl", "1000").out.count("10.0.0.2:8080: registered"), 1)

    def test_nothing_in_the_file_is_run(self):
        touched = self.folder / "touched"
        for services, why in (({"web": OtherPickle(touched)}, "a call"), (["web"], "no services"), ({"web": 1}, "no hosts")):
            with self.subTest(why):
                done = self.bring(self.store(services))
                self.assertEqual(done.status, 2, done.out)
                self.assertIn("not the store of a discovery service", done.err)
        (self.folder / "hosts").write_bytes(b"nonsense")
        self.assertEqual(self.bring(self.folder / "hosts").status, 2)
        self.assertFalse(touched.exists())


if __name__ == "__main__":
    unittest.main()
