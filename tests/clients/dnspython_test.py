"""dnspython: a resolver of its own with a port, SRV, TCP after a TC, and its exceptions."""
import node

node.enter()

import unittest  # noqa: E402  inside from here on

LOOKUP = """\
import dns.resolver, sys
resolver = dns.resolver.Resolver()
resolver.lifetime = 10
if sys.argv[3:]:  # else that of resolv.conf
    resolver.nameservers, resolver.port = [sys.argv[3]], int(sys.argv[4])
try:
    print(*resolver.resolve(sys.argv[1], sys.argv[2]), sep="\\n")
except dns.exception.DNSException as error:
    print(type(error).__name__)
"""


class Dnspython(node.Node):
    MANY = 60

    @classmethod
    def setUpClass(cls):
        node.need("dnspython", "python3-dnspython", module="dns")
        node.tried("dnspython", node.version_of("python3-dnspython"))

    def lookup(self, name, kind, *server):
        out = node.run(node.python(), "-c", LOOKUP, f"{name}.svc.internal", kind, *server).out
        return sorted(line.rstrip(".") for line in out.splitlines())

    def test_records_and_exceptions(self):
        self.assertEqual(self.lookup("_web._tcp", "SRV", *node.PORT.split(":")), node.WEB_SRV)
        self.assertEqual((self.lookup("web", "AAAA"), self.lookup("nobody", "A")), (["NoAnswer"], ["NXDOMAIN"]))

    def test_an_instance_joins_and_leaves(self):
        self.sees_changes(lambda: self.lookup("web", "A"))

    def test_what_it_needs(self):
        def count():
            found = self.lookup("_many._tcp", "SRV")
            return found[0] if len(found) == 1 else len(found)

        self.assertEqual(self.behind_proxy("no-tcp", count), (60, "NoNameservers"))
        self.assertEqual(self.behind_proxy("no-tc", count), (60, "NoAnswer"))
        self.assertEqual(self.behind_proxy("no-aa", count), (60, 60))
        self.assertEqual(self.behind_proxy("nodata-is-nxdomain", lambda: self.lookup("web", "AAAA")),
                         (["NoAnswer"], ["NXDOMAIN"]))


if __name__ == "__main__":
    unittest.main()
