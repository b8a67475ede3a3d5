"""PHP: dns_get_record and gethostbynamel, which ask the server of resolv.conf at port 53."""
import node

node.enter()

import unittest  # noqa: E402  inside from here on

LOOKUP = """\
[, $call, $name] = $argv;
$found = $call == "hosts" ? gethostbynamel($name) : @dns_get_record($name, constant("DNS_$call"));
if ($found === false) { echo "false\\n"; exit; }
foreach ($found as $one) echo match ($call) {
  "hosts" => $one,
  "A" => "$one[ip] $one[ttl]",
  "AAAA" => $one["ipv6"],
  "SRV" => "$one[pri] $one[weight] $one[port] $one[target]",
}, "\\n";
"""


class Php(node.Node):
    MANY = 60

    @classmethod
    def setUpClass(cls):
        cls.php = node.need("PHP", "php-cli", "php")
        node.tried("PHP", node.run(cls.php, "--version").out)

    def lookup(self, call, name):
        return sorted(node.run(self.php, "-n", "-r", LOOKUP, call, f"{name}.svc.internal").out.splitlines())

    def test_records(self):
        self.assertEqual(self.lookup("A", "web"), [f"{address} 5" for address in node.WEB])
        self.assertEqual(self.lookup("SRV", "_web._tcp"), node.WEB_SRV)
        self.assertEqual((self.lookup("AAAA", "web"), self.lookup("hosts", "nobody")), ([], ["false"]))

    def test_an_instance_joins_and_leaves(self):
        self.sees_changes(lambda: self.lookup("hosts", "web"))

    def test_what_it_needs(self):
        def count():
            return len(self.lookup("SRV", "_many._tcp"))

        for way in ("no-tcp", "no-tc", "no-aa"):
            with self.subTest(way=way):
                whole, broken = self.behind_proxy(way, count)
                self.assertEqual(whole, 60)
                self.assertLess(broken, 60)


if __name__ == "__main__":
    unittest.main()
