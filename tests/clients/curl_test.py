"""curl: fetches from a service by its name, from whichever instance there is."""
import node

node.enter()

import http.server  # noqa: E402  inside from here on
import threading  # noqa: E402
import unittest  # noqa: E402

COULD_NOT_RESOLVE = 6


class Backend(http.server.BaseHTTPRequestHandler):
    """Says on which address it was asked."""

    def do_GET(self):
        text = self.connection.getsockname()[0].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


class Curl(node.Node):
    INSTANCES = {"site": [("127.0.3.1", 8080, 1)]}

    @classmethod
    def setUpClass(cls):
        cls.curl = node.need("curl", "curl", "curl")
        node.tried("curl", node.run(cls.curl, "--version").out)
        server = http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Backend)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cls.addClassCleanup(server.server_close)
        cls.addClassCleanup(server.shutdown)

    def fetch(self, name="site.svc.internal"):
        done = node.run(self.curl, "-sS", "--noproxy", "*", f"http://{name}:8080/")
        return done.out or done.status

    def test_a_site_moves(self):
        self.assertEqual(self.fetch(), "127.0.3.1")
        self.assertEqual(self.fetch("nobody.svc.internal"), COULD_NOT_RESOLVE)
        self.register("site", "i2", "127.0.3.2", 8080)
        node.wait_until("the instance that joined", lambda: self.fetch() == "127.0.3.2")
        self.deregister("site", "i1")
        node.wait_until("only one left", lambda: [self.fetch() for _ in range(8)] == ["127.0.3.2"] * 8)

    def test_what_it_needs(self):
        """It asks by the C library: with use-vc by TCP."""
        self.assertEqual(self.behind_proxy("no-tcp", self.fetch, "timeout:10 attempts:1 use-vc"), ("127.0.3.1", COULD_NOT_RESOLVE))
        self.assertEqual(self.behind_proxy("nodata-is-nxdomain", self.fetch), ("127.0.3.1", "127.0.3.1"))


if __name__ == "__main__":
    unittest.main()
