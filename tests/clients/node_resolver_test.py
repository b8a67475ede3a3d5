"""A node that has nothing but a resolv.conf with musterd in it, at an address like that of a stub: services by their
names, the rest of the world through two local servers, one of which dies."""
import node

node.enter()

import http.server  # noqa: E402  inside from here on
import signal  # noqa: E402
import socket  # noqa: E402
import struct  # noqa: E402
import threading  # noqa: E402
import time  # noqa: E402
import unittest  # noqa: E402

import harness  # noqa: E402

STUB = "127.0.0.53"
STRANGER = "10.53.0.9"
UPSTREAMS = (("127.0.0.61", 5301), ("127.0.0.62", 5302))
UNBOUND = """\
server:
  interface: {address}
  port: {port}
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  access-control: 127.0.0.0/8 allow
  local-zone: "foreign.test." static
"""
NAMES = 40


class Capture:
    """The packets on the loopback interface to or from one of some ports."""

    def __init__(self, ports):
        self.ports, self.seen = set(ports), []
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
        self.socket.bind(("lo", 0))
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            try:
                packet = self.socket.recv(65536)
            except OSError:
                return
            if packet[0] >> 4 == 4 and packet[9] in (6, 17):
                ends = struct.unpack_from(">HH", packet, 4 * (packet[0] & 15))
                if self.ports & set(ends):
                    self.seen.append(packet)

    def close(self):
        self.socket.close()


class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"the site\n")

    def log_message(self, *_):
        pass


class NodesResolver(node.Node):
    CONFIG = node.CONFIG.replace("127.0.0.1:53\"", f"{STUB}:53\"")
    MORE = ('[forward]\nenabled = true\nallow = ["127.0.0.0/8"]\nupstreams = ['
            + ", ".join(f'"{address}:{port}"' for address, port in UPSTREAMS) + "]\n")
    RESOLV = f"nameserver {STUB}\nsearch svc.internal\n"

    def setUp(self):
        self.unbound = node.need("unbound", "unbound", "unbound")
        super().setUp()
        self.upstreams = [self.serve_foreign(*at) for at in UPSTREAMS]
        for at in UPSTREAMS:
            node.wait_until("the upstream answers", lambda at=at: self.asks("n0.foreign.test", at[0], at[1]))

    def serve_foreign(self, address, port):
        data = "".join(f'  local-data: "n{number}.foreign.test. 60 A 192.0.2.{number + 1}"\n' for number in range(NAMES))
        text = UNBOUND.format(address=address, port=port, folder=self.folder) + data
        return self.background(f"unbound{port}", [self.unbound, "-d", "-c", self.write(f"unbound{port}.conf", text)])

    @staticmethod
    def asks(name, server, port=53, *words):
        return node.run("dig", f"@{server}", "-p", port, "+short", "+tries=1", "+time=5", *words, name).out.split()

    @staticmethod
    def getent(name):
        return node.run("getent", "ahostsv4", name).out.split()[:1]

    def answered_by(self, number):
        name = f'muster_forward_queries_total{{upstream="{UPSTREAMS[number][0]}:{UPSTREAMS[number][1]}",result="answered"}}'
        return self.metric(self.musterd, name)

    def test_services_and_the_rest_of_the_world(self):
        site = http.server.ThreadingHTTPServer(("127.0.0.11", 18081), Site)
        threading.Thread(target=site.serve_forever, daemon=True).start()
        self.addCleanup(site.server_close)
        self.addCleanup(site.shutdown)
        self.register("site", "i1", "127.0.0.11", 18081)
        self.assertEqual(node.run("getent", "hosts", "site").out.split(), ["127.0.0.11", "site.svc.internal"])
        self.assertEqual(node.run("curl", "-sS", "--noproxy", "*", "http://site:18081/").out, "the site\n")
        self.assertEqual(node.run("getent", "hosts", "n1.foreign.test").out.split(), ["192.0.2.2", "n1.foreign.test"])
        self.assertEqual(self.getent("none.foreign.test"), [])

    def test_an_upstream_that_dies_or_hangs(self):
        """What was asked is kept; what is new comes from the other one, before any client asks again."""
        for number in range(5):  # how long they take is known
            self.assertEqual(self.getent(f"n{number}.foreign.test"), [f"192.0.2.{number + 1}"])
        for name, stop, numbers in (("hangs", signal.SIGSTOP, range(10, 20)), ("dies", signal.SIGKILL, range(20, 30))):
            with self.subTest(name):
                first = 0 if self.answered_by(0) >= self.answered_by(1) else 1
                self.upstreams[first].signal(stop)
                self.assertEqual(self.getent("n1.foreign.test"), ["192.0.2.2"], "kept")
                spans = []
                for number in numbers:
                    begin = time.monotonic()
                    self.assertEqual(self.getent(f"n{number}.foreign.test"), [f"192.0.2.{number + 1}"])
                    spans.append(time.monotonic() - begin)
                print(f"{name}: a new name takes at first {spans[0] * 1000:.0f} ms, at most {max(spans) * 1000:.0f}", flush=True)
                self.assertLess(max(spans), 2, "musterd's own patience is longer, and glibc's more so")
                if stop == signal.SIGSTOP:
                    self.upstreams[first].signal(signal.SIGCONT)
        for one in self.upstreams:
            one.kill()
        self.assertEqual(self.getent("n25.foreign.test"), ["192.0.2.26"], "nobody answers, and what is kept does")

    def test_from_outside_nothing_goes_upstream(self):
        capture = Capture(port for _, port in UPSTREAMS)
        self.addCleanup(capture.close)
        for words in ([], ["+tcp"], ["+norecurse"]):
            done = node.run("dig", f"@{STUB}", "-b", STRANGER, "+tries=1", "+time=5", *words, "n7.foreign.test")
            answer = harness.read_dig(done.out)
            self.assertEqual((answer.status, "ra" in answer.flags), ("REFUSED", False))
            self.assertIn("EDE: 18", answer.text)
        self.assertEqual(self.metric(self.musterd, 'muster_foreign_queries_total{result="refused"}'), 3)
        self.assertEqual(self.metric(self.musterd, 'muster_foreign_queries_total{result="miss"}'), 0)
        self.assertEqual(capture.seen, [])
        self.assertEqual(self.asks("n7.foreign.test", STUB), ["192.0.2.8"], "who may")
        node.wait_until("the capture sees what goes out", lambda: len(capture.seen) >= 2)


if __name__ == "__main__":
    unittest.main()
