"""pycares: c-ares from Python, with servers and a port, SRV, TCP after a TC, and its error codes."""
import node

node.enter()

import unittest  # noqa: E402  inside from here on

LOOKUP = """\
import pycares, select, sys
port = int(sys.argv[4])
channel = pycares.Channel(servers=[sys.argv[3]], udp_port=port, tcp_port=port, timeout=10, tries=1)

def show(found, error):
    if error:
        print(pycares.errno.errorcode[error])
    for one in found or []:
        print(f"{one.priority} {one.weight} {one.port} {one.host}" if sys.argv[2] == "SRV" else one.host)

channel.query(sys.argv[1], getattr(pycares, "QUERY_TYPE_" + sys.argv[2]), show)
while any(waiting := channel.getsock()):
    reading, writing, _ = select.select(*waiting, [], channel.timeout())
    for one in reading:
        channel.process_fd(one, pycares.ARES_SOCKET_BAD)
    for one in writing:
        channel.process_fd(pycares.ARES_SOCKET_BAD, one)
    if not reading and not writing:
        channel.process_fd(pycares.ARES_SOCKET_BAD, pycares.ARES_SOCKET_BAD)
"""


class Pycares(node.Node):
    MANY = 60

    @classmethod
    def setUpClass(cls):
        node.need("pycares", "python3-pycares", module="pycares")
        node.tried("pycares", node.version_of("python3-pycares"))

    def lookup(self, name, kind, server="127.0.0.1", port="5300"):
        return sorted(node.run(node.python(), "-c", LOOKUP, f"{name}.svc.internal", kind, server, port).out.splitlines())

    def test_records_and_errors(self):
        self.assertEqual(self.lookup("_web._tcp", "SRV"), node.WEB_SRV)
        self.assertEqual((self.lookup("web", "AAAA"), self.lookup("nobody", "A")), (["ARES_ENODATA"], ["ARES_ENOTFOUND"]))

    def test_an_instance_joins_and_leaves(self):
        self.sees_changes(lambda: self.lookup("web", "A"))

    def test_what_it_needs(self):
        def count():
            found = self.lookup("_many._tcp", "SRV", node.PROXY, "53")
            return found[0] if len(found) == 1 else len(found)

        self.assertEqual(self.behind_proxy("no-tcp", count), (60, "ARES_ECONNREFUSED"))
        self.assertEqual(self.behind_proxy("no-tc", count), (60, "ARES_ENODATA"))
        self.assertEqual(self.behind_proxy("nodata-is-nxdomain", lambda: self.lookup("web", "AAAA", node.PROXY, "53")),
                         (["ARES_ENODATA"], ["ARES_ENOTFOUND"]))


if __name__ == "__main__":
    unittest.main()
