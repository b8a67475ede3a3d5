"""getdns: getdns_query as a stub with a port; SRV with the addresses of the additional section, TCP after a TC."""
import node

node.enter()

import json  # noqa: E402  inside from here on
import unittest  # noqa: E402

GOOD, NO_NAME = 900, 901  # its own words for it: an answer; none, though asked well


class Getdns(node.Node):
    MANY = 60

    @classmethod
    def setUpClass(cls):
        cls.query = node.need("getdns", "getdns-utils", "getdns_query")
        node.tried("getdns", node.run(cls.query, "-v").out)

    def ask(self, name, kind, server=node.PORT):
        """Its status, the rcode, and the addresses with their ports; without a reply neither of the first two."""
        out = node.run(self.query, "-s", "-j", "-t", "10000", f"@{server}", f"{name}.svc.internal", kind).out
        if "{" not in out:
            return None, None, []
        said = json.loads(out[out.index("{"):out.rindex("}") + 1])
        found = said.get("srv_addresses") or said.get("just_address_answers") or []
        return said["status"], said["replies_tree"][0]["header"]["rcode"], sorted(
            (one["address_data"], one.get("port")) for one in found)

    def test_records_and_rcodes(self):
        self.assertEqual(self.ask("_web._tcp", "SRV"), (GOOD, 0, [
            (address, port) for address, port, _ in self.INSTANCES["web"]]))
        self.assertEqual((self.ask("web", "AAAA"), self.ask("nobody", "A")), ((NO_NAME, 0, []), (NO_NAME, 3, [])))

    def test_an_instance_joins_and_leaves(self):
        self.sees_changes(lambda: [address for address, _ in self.ask("web", "A")[2]])

    def test_what_it_needs(self):
        def count():
            return len(self.ask("_many._tcp", "SRV", f"{node.PROXY}:53")[2])

        for way in ("no-tcp", "no-tc"):
            with self.subTest(way=way):
                self.assertEqual(self.behind_proxy(way, count), (60, 0))
        self.assertEqual(self.behind_proxy("nodata-is-nxdomain", lambda: self.ask("web", "AAAA", f"{node.PROXY}:53")),
                         ((NO_NAME, 0, []), (NO_NAME, 3, [])))


if __name__ == "__main__":
    unittest.main()
