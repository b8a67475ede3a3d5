"""Python: socket.getaddrinfo, and how it names an unknown name."""
import node

node.enter()

import unittest  # noqa: E402  inside from here on

LOOKUP = """\
import socket, sys
try:
    print(*{found[4][0] for found in socket.getaddrinfo(sys.argv[1], 80, type=socket.SOCK_STREAM)}, sep="\\n")
except socket.gaierror as error:
    print(error.errno == socket.EAI_NONAME and "unknown" or error)
"""


class Python(node.Node):
    @classmethod
    def setUpClass(cls):
        node.tried("Python", node.run(node.python(), "--version").out)

    def addresses(self, name):
        return sorted(node.run(node.python(), "-c", LOOKUP, name).out.splitlines())

    def test_names_and_search(self):
        self.resolv(self.RESOLV + "search svc.internal\n")
        self.assertEqual(self.addresses("web"), node.WEB)
        self.assertEqual(self.addresses("nobody.svc.internal"), ["unknown"])

    def test_an_instance_joins_and_leaves(self):
        self.sees_changes(lambda: self.addresses("web.svc.internal"))

    def test_what_it_needs(self):
        """It asks by the C library: with use-vc by TCP."""
        whole, broken = self.behind_proxy("no-tcp", lambda: self.addresses("v4.svc.internal"), "timeout:10 attempts:1 use-vc")
        self.assertEqual(whole, ["10.2.0.1"])
        self.assertNotEqual(broken, ["10.2.0.1"])


if __name__ == "__main__":
    unittest.main()
