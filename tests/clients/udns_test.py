"""udns: dnsget with a port; it knows no TCP, so that long SRV sets need the setting `answers`."""
import node

node.enter()

import unittest  # noqa: E402  inside from here on


class Udns(node.Node):
    MORE = "[service.few]\nanswers = 8\n"

    @classmethod
    def setUpClass(cls):
        cls.dnsget = node.need("udns", "udns-utils", "dnsget")
        node.tried("udns", node.version_of("udns-utils"))

    def lookup(self, name, kind="a", server="127.0.0.1", port="5300"):
        done = node.run(self.dnsget, "-q", "-o", f"port:{port},timeout:10,attempts:1", "-n", server, "-t", kind,
                        f"{name}.svc.internal")
        return sorted(line.rstrip(".") for line in done.out.splitlines()) or done.err.rpartition(": ")[2].strip()

    def test_records_and_errors(self):
        self.assertEqual(self.lookup("_web._tcp", "srv"), node.WEB_SRV)
        self.assertEqual(self.lookup("web", "aaaa"), "valid domain but no data of requested type")
        self.assertEqual(self.lookup("nobody"), "domain name does not exist")

    def test_an_instance_joins_and_leaves(self):
        self.sees_changes(lambda: self.lookup("web"))

    def test_a_long_set_is_cut_by_the_setting_only(self):
        for number in range(60):
            for service in ("many", "few"):
                self.register(service, f"i{number}", f"10.3.0.{number}", 80)
        self.assertEqual(self.lookup("_many._tcp", "srv"), "temporary failure in name resolution")
        self.assertEqual(len(self.lookup("_few._tcp", "srv")), 8)

    def test_what_it_needs(self):
        self.assertEqual(self.behind_proxy("nodata-is-nxdomain", lambda: self.lookup("web", "aaaa", node.PROXY, "53")),
                         ("valid domain but no data of requested type", "domain name does not exist"))


if __name__ == "__main__":
    unittest.main()
