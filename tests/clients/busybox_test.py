"""busybox nslookup: both families of a name in one go, SRV, a server with a port."""
import node

node.enter()

import re  # noqa: E402  inside from here on
import unittest  # noqa: E402


class Busybox(node.Node):
    @classmethod
    def setUpClass(cls):
        cls.busybox = node.need("busybox nslookup", "busybox", "busybox")
        node.tried("busybox nslookup", node.version_of("busybox"))

    def nslookup(self, *words):
        return node.run(self.busybox, "nslookup", *words)

    def addresses(self, name, *server):
        done = self.nslookup(name, *server)
        return sorted(re.findall(r"^Address: (10\.\S+)", done.out, re.M)) if done.status == 0 else done.status

    def test_addresses_and_srv(self):
        self.assertEqual(self.addresses("web.svc.internal"), node.WEB)
        self.assertEqual(self.addresses("web.svc.internal", node.PORT), node.WEB)
        srv = self.nslookup("-type=srv", "_web._tcp.svc.internal").out
        self.assertEqual(sorted(re.findall(r"service = (.*)", srv)), node.WEB_SRV)
        self.assertIn("NXDOMAIN", self.nslookup("nobody.svc.internal").out)

    def test_an_instance_joins_and_leaves(self):
        self.sees_changes(lambda: self.addresses("web.svc.internal"))

    def test_what_it_needs(self):
        self.assertEqual(self.behind_proxy("nodata-is-nxdomain", lambda: self.addresses("v4.svc.internal")), (["10.2.0.1"], 1))


if __name__ == "__main__":
    unittest.main()
