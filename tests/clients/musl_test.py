"""musl: getaddrinfo, which ends at the NXDOMAIN of either family, knows no TCP, and searches by ndots."""
import node

node.enter()

import unittest  # noqa: E402  inside from here on

import getaddrinfo  # noqa: E402


class Musl(node.Node):
    MANY = 60

    @classmethod
    def setUpClass(cls):
        node.need("musl", "musl-tools", "musl-gcc")
        node.tried("musl", node.version_of("musl"))

    def setUp(self):
        super().setUp()
        self.lookup = self.compiled("lookup", getaddrinfo.SOURCE, "musl-gcc")

    def addresses(self, name):
        return sorted(node.run(self.lookup, name).out.split())

    def test_names_and_search(self):
        self.resolv(self.RESOLV + "search svc.internal web.svc.internal\n")
        for name in ("web", "web.svc.internal", "web.svc.internal."):
            self.assertEqual(self.addresses(name), node.WEB)
        self.assertEqual(self.addresses("i2"), ["10.1.0.2"], "the second suffix")
        self.assertEqual(self.addresses("nobody.svc.internal"), ["NONAME"])
        self.assertNotEqual(self.addresses("i2.web"), ["10.1.0.2"], "a dot: not searched")
        self.resolv(self.RESOLV + "search svc.internal\noptions ndots:2\n")
        self.assertEqual(self.addresses("i2.web"), ["10.1.0.2"])

    def test_an_instance_joins_and_leaves(self):
        self.sees_changes(lambda: self.addresses("web.svc.internal"))

    def test_a_long_answer_comes_as_far_as_it_fits(self):
        """What does not fit is left out, for there is no TCP to get it by."""
        self.assertIn(len(self.addresses("many.svc.internal")), (28, 29))
        self.assertEqual(self.behind_proxy("no-tcp", lambda: len(self.addresses("many.svc.internal")) in (28, 29)), (True, True))

    def test_what_it_needs(self):
        def one():
            return self.addresses("v4.svc.internal")

        self.assertEqual(self.behind_proxy("nodata-is-nxdomain", one), (["10.2.0.1"], ["NONAME"]))
        self.assertEqual(self.behind_proxy("no-aa", one), (["10.2.0.1"], ["10.2.0.1"]))


if __name__ == "__main__":
    unittest.main()
