"""HAProxy with the name server of resolv.conf: servers by SRV and by A, with weights, joining, draining and leaving."""
import node

node.enter()

import socket  # noqa: E402  inside from here on
import unittest  # noqa: E402

from node import wait_until  # noqa: E402

CONFIG = """\
global
  stats socket {folder}/admin.sock
defaults
  mode tcp
  timeout connect 5s
  timeout client 5s
  timeout server 5s
{resolvers}
listen web
  bind 127.0.0.1:8081
  server-template web 5 _web._tcp.svc.internal resolvers muster resolve-prefer ipv4 init-addr none
listen plain
  bind 127.0.0.1:8082
  server-template plain 5 _plain._tcp.svc.internal resolvers muster resolve-prefer ipv4 init-addr none
listen address
  bind 127.0.0.1:8083
  server-template address 5 web.svc.internal:8080 resolvers muster resolve-prefer ipv4 init-addr none
listen many
  bind 127.0.0.1:8084
  server-template many 80 _many._tcp.svc.internal resolvers {many} resolve-prefer ipv4 init-addr none
"""
BY_TCP = """
resolvers tcp
  nameserver proxy tcp@127.0.0.2:53
  accepted_payload_size 65535
  timeout retry 500ms
  hold obsolete 0s
"""
ADDRESS, STATE, WEIGHT, PORT = 4, 5, 7, 18  # columns of `show servers state`


class Haproxy(node.Node):
    MORE = '[zones]\nttl = "1s"\n[service.web]\nsrv_weight_scale = 256\ndrain_publish = "weight0"\n'
    MANY = 60
    INSTANCES = node.Node.INSTANCES | {"plain": node.Node.INSTANCES["web"]}
    WEB = {"10.1.0.1:8080": 60, "10.1.0.2:8080": 30, "10.1.0.3:8081": 10}

    @classmethod
    def setUpClass(cls):
        cls.program = node.need("HAProxy", "haproxy", "haproxy")
        node.tried("HAProxy", node.version_of("haproxy"))

    def begin_haproxy(self, many="muster", more=""):
        page = node.snippet("haproxy.md", "By DNS")
        resolvers = page.partition("\nlisten")[0].replace("nameserver m1 127.0.0.1:5300", "parse-resolv-conf")
        self.assertIn("parse-resolv-conf", resolvers)
        conf = self.write("haproxy.cfg", CONFIG.format(folder=self.folder, resolvers=resolvers + more, many=many))
        self.background("haproxy", [self.program, "-db", "-f", conf])
        wait_until("its socket listens", lambda: self.state("web"))

    def state(self, section):
        with socket.socket(socket.AF_UNIX) as asking:
            if asking.connect_ex(str(self.folder / "admin.sock")) != 0:
                return None
            asking.sendall(f"show servers state {section}\n".encode())
            return b"".join(iter(lambda: asking.recv(65536), b"")).decode()

    def servers(self, section):
        """Those in use: weight by address."""
        rows = [line.split() for line in self.state(section).splitlines() if line.count(" ") > PORT and not line.startswith("#")]
        return {f"{row[ADDRESS]}:{row[PORT]}": int(row[WEIGHT]) for row in rows if row[STATE] == "2"}

    def test_servers_join_drain_and_leave(self):
        self.begin_haproxy()
        wait_until("the weights", lambda: self.servers("web") == self.WEB)
        wait_until("without the factor all alike", lambda: self.servers("plain") == dict.fromkeys(self.WEB, 1))
        wait_until("by A, at one port", lambda: set(self.servers("address")) == {f"10.1.0.{number}:8080" for number in (1, 2, 3)})
        self.register("web", "i4", "10.1.0.4", 8080, 5)
        wait_until("the fourth joins", lambda: self.servers("web") == self.WEB | {"10.1.0.4:8080": 5})
        wait_until("and by A", lambda: "10.1.0.4:8080" in self.servers("address"))
        self.assertEqual(self.musterd.muster("drain", "web", "i1").status, 0)
        drained = self.WEB | {"10.1.0.1:8080": 0, "10.1.0.4:8080": 5}
        wait_until("the first drains", lambda: self.servers("web") == drained)
        self.deregister("web", "i1")
        del drained["10.1.0.1:8080"]
        wait_until("and leaves", lambda: self.servers("web") == drained)
        wait_until("and by A", lambda: "10.1.0.1:8080" not in self.servers("address"))

    def test_many_servers_need_tcp(self):
        proxy = self.proxy("no-tcp")
        self.begin_haproxy("tcp", BY_TCP)
        wait_until("it has asked in vain", lambda: len(proxy.asked) > 2)
        self.assertEqual(self.servers("many"), {})
        proxy.ways = set()
        wait_until("all are there", lambda: len(self.servers("many")) == 60)


if __name__ == "__main__":
    unittest.main()
