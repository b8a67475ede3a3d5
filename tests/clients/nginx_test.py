"""nginx with `resolver` and a variable: A and AAAA, requests that follow an instance, and what it makes of an empty service."""
import node

node.enter()

import re  # noqa: E402  inside from here on
import unittest  # noqa: E402

import web  # noqa: E402
from node import wait_until  # noqa: E402

CONFIG = """\
daemon off;
master_process off;
user root;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ }}
http {{
access_log off;
resolver_timeout 3s;
client_body_temp_path {folder}/body;
proxy_temp_path {folder}/proxy;
fastcgi_temp_path {folder}/fastcgi;
uwsgi_temp_path {folder}/uwsgi;
scgi_temp_path {folder}/scgi;
{snippet}
}}
"""
PORT = 8081
ANY = "set $web web.svc.internal;"  # the page's
BY_HOST = "set $web $host;"


class Nginx(node.Node):
    MORE = '[zones]\nttl = "1s"\n[service.whole]\nudp_fit = "truncate"\n[service.other]\nudp_fit = "truncate"\n'
    MANY = 60
    LOST = [(f"10.3.1.{number}", PORT, 1) for number in range(1, 61)]
    INSTANCES = {"whole": LOST, "other": LOST, "web": [("127.0.1.1", PORT, 1)], "v4": [("127.0.1.1", PORT, 1)], "v6": [("::1", PORT, 1)]}

    @classmethod
    def setUpClass(cls):
        cls.program = node.need("nginx", "nginx", "nginx")
        node.tried("nginx", node.version_of("nginx"))

    def setUp(self):
        super().setUp()
        for address in ("127.0.1.1", "127.0.1.2", "::1"):
            web.serve(self, address, PORT)

    def begin_nginx(self, resolver="127.0.0.1:5300"):
        snippet = node.snippet("clients.md", "nginx")
        self.assertIn(ANY, snippet)
        self.assertIn("resolver 127.0.0.1:5300;", snippet)
        snippet = snippet.replace(ANY, BY_HOST).replace("resolver 127.0.0.1:5300;", f"resolver {resolver};")
        conf = self.write("nginx.conf", CONFIG.format(folder=self.folder, snippet=snippet))
        self.background("nginx", [self.program, "-p", self.folder, "-c", conf])
        wait_until("nginx answers", lambda: self.get("v4") == (200, "127.0.1.1"))

    def get(self, service):
        return web.get("http://127.0.0.1:8080/", f"{service}.svc.internal")

    def log(self):
        return (self.folder / "error.log").read_text()

    def test_requests_follow_the_instance(self):
        self.begin_nginx()
        self.assertEqual(self.get("web"), (200, "127.0.1.1"))
        self.assertEqual(self.get("v6"), (200, "::1"))
        self.register("web", "i2", "127.0.1.2", PORT)
        wait_until("both are asked", lambda: {self.get("web")[1] for _ in range(8)} == {"127.0.1.1", "127.0.1.2"})
        self.deregister("web", "i1")
        wait_until("the first is asked no more", lambda: all(self.get("web")[1] == "127.0.1.2" for _ in range(60)))

    def test_it_keeps_to_the_ttl(self):
        """With an hour it stays where it was while others move."""
        proxy = self.proxy("no-ttl")
        self.begin_nginx(node.PROXY)
        self.assertEqual(self.get("web"), (200, "127.0.1.1"))
        proxy.ways = set()
        self.assertEqual(self.get("v6"), (200, "::1"))
        for service, gone in (("web", "i1"), ("v6", "i1")):
            self.register(service, "i2", "127.0.1.2", PORT)
            self.deregister(service, gone)
        wait_until("the other has moved", lambda: self.get("v6")[1] == "127.0.1.2")
        self.assertEqual(self.get("web"), (200, "127.0.1.1"))

    def test_an_empty_service_is_known_and_comes_back(self):
        """No address is 502 at once, by whichever rcode; nginx does not remember it."""
        self.begin_nginx()
        self.deregister("web", "i1")
        self.assertEqual(self.musterd.dig("web.svc.internal").status, "NOERROR")
        self.assertEqual(self.musterd.dig("nobody.svc.internal").status, "NXDOMAIN")
        for service in ("web", "nobody"):
            self.assertEqual(self.get(service)[0], 502)
            self.assertIn(f"{service}.svc.internal could not be resolved (3: Host not found)", self.log())
        self.register("web", "i2", "127.0.1.2", PORT)
        wait_until("it is back", lambda: self.get("web") == (200, "127.0.1.2"))

    def test_many_addresses_come_as_far_as_they_fit(self):
        """It asks without EDNS: 512 octets of them, and no TCP; all of them where the service is to be truncated."""
        proxy = self.proxy()
        self.begin_nginx(node.PROXY)
        self.assertEqual((self.addresses("many"), "tcp" in proxy.asked), (29, False))
        self.assertEqual((self.addresses("whole"), "tcp" in proxy.asked), (60, True))
        proxy.ways = {"no-tcp"}
        self.assertEqual(self.addresses("other"), 0)

    def addresses(self, service):
        """How many nginx has tried, which lead nowhere."""
        before = len(self.log())
        self.assertEqual(self.get(service)[0], 502)
        return len(set(re.findall(r"connect\(\) to (10\.3\.\d+\.\d+):8081 failed", self.log()[before:])))

    def test_the_missing_family_must_not_be_the_name(self):
        proxy = self.proxy()
        self.begin_nginx(node.PROXY)
        self.assertEqual(self.get("v6"), (200, "::1"))
        proxy.ways = {"nodata-is-nxdomain"}
        self.assertEqual(self.get("web")[0], 502)


if __name__ == "__main__":
    unittest.main()
